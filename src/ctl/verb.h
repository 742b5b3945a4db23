/* A verb is one file with one row in the table of verbs.c. It does what was asked and answers an exit code. */
#ifndef TRUNKD_CTL_VERB_H
#define TRUNKD_CTL_VERB_H

#include <stddef.h>
#include <stdint.h>
#include <trunkd/err.h>

#include "options.h"

enum exit_code {
    EXIT_DONE,          /* done */
    EXIT_ERROR,         /* wrong input, no connection: nothing was done */
    EXIT_PENDING,       /* plan: there is something to do */
    EXIT_REFUSED,       /* the database refused it, or a number failed */
    EXIT_TIMED_OUT,     /* waited long enough */
    EXIT_MAX_
};
extern const char *const exit_code_texts[EXIT_MAX_];

#define NAMES_MAX SIZE_MAX

struct verb {
    const char *name;
    const char *summary;        /* one line for the list of verbs */
    const char *usage;          /* what follows the verb */
    const char *details;        /* paragraphs for --help; may be NULL */
    unsigned options;           /* TAKES() of each option it knows */
    size_t names_min, names_max;
    enum exit_code (*run)(const struct options *);
};

extern const struct verb verbs[];
extern const size_t verb_count;
const struct verb *verb_find(const char *name);     /* NULL: there is none */
void verb_help(const struct verb *);
void general_help(void);
enum exit_code verb_unknown(const char *name);     /* says what it might have been */

enum exit_code run_agents(const struct options *);
enum exit_code run_apply(const struct options *);
enum exit_code run_delete(const struct options *);
enum exit_code run_describe(const struct options *);
enum exit_code run_diff(const struct options *);
enum exit_code run_doctor(const struct options *);
enum exit_code run_events(const struct options *);
enum exit_code run_export(const struct options *);
enum exit_code run_force_delete(const struct options *);
enum exit_code run_get(const struct options *);
enum exit_code run_help(const struct options *);
enum exit_code run_link(const struct options *);
enum exit_code run_migrate(const struct options *);
enum exit_code run_plan(const struct options *);
enum exit_code run_retry(const struct options *);
enum exit_code run_rotate(const struct options *);
enum exit_code run_scan(const struct options *);
enum exit_code run_release(const struct options *);
enum exit_code run_sweep(const struct options *);
enum exit_code run_seal(const struct options *);
enum exit_code run_unlink(const struct options *);
enum exit_code run_version(const struct options *);
enum exit_code run_wait(const struct options *);

/* Prints "trunkctl: …" to stderr. The code is EXIT_REFUSED for ERR_REJECTED of the database, EXIT_ERROR for all else. */
enum exit_code fail(const struct err *);
enum exit_code fail_text(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
