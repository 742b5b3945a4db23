/* What stands behind `trunkctl VERB`: one table of options for all verbs, each verb says which of them it takes. */
#ifndef TRUNKD_CTL_OPTIONS_H
#define TRUNKD_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/arena.h>
#include <trunkd/err.h>

#define FILES_MAX 256               /* -f and -l given more often than this are refused */
#define LABELS_MAX 16
#define WAIT_DEFAULT_MS (5 * 60 * 1000)

enum option_id {
    OPTION_DATABASE, OPTION_OUTPUT, OPTION_NO_HEADERS, OPTION_LABEL, OPTION_FILE, OPTION_WAIT, OPTION_TIMEOUT, OPTION_FOR,
    OPTION_DRY_RUN, OPTION_WHY, OPTION_LIMIT, OPTION_KEY_FILE, OPTION_STATUS, OPTION_QUIET,
    OPTION_PRUNE, OPTION_YES, OPTION_FORCE, OPTION_WATCH, OPTION_HELP, OPTION_MAX_
};
#define TAKES(option) (1u << (option))
#define TAKES_DATABASE (TAKES(OPTION_DATABASE) | TAKES(OPTION_HELP))
#define TAKES_LIST (TAKES_DATABASE | TAKES(OPTION_OUTPUT) | TAKES(OPTION_NO_HEADERS) | TAKES(OPTION_QUIET))

enum output { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_YAML, OUTPUT_MAX_ };
extern const char *const output_formats[OUTPUT_MAX_];

struct option_row {
    const char *name;
    char letter;
    int argument;                   /* as getopt_long counts */
    const char *argument_name;      /* for --help */
    const char *help;
};
extern const struct option_row option_table[OPTION_MAX_];

struct label { const char *key, *value; };

struct options {
    const char *database;           /* connection string; NULL: what the environment of libpq says */
    enum output output;
    bool no_headers, quiet, wait, dry_run, status, prune, yes, force, watch, help;
    int64_t wait_ms;                /* of --wait and --timeout */
    const char *for_what, *why, *key_file;
    int64_t limit;                  /* -1: not given */
    const char *files[FILES_MAX];
    size_t file_count;
    struct label labels[LABELS_MAX];
    size_t label_count;
    const char *const *names;       /* what is left: names of objects */
    size_t name_count;
    struct arena arena;
};

struct verb;

/* Of output_formats the first that -o of a verb knows, and it knows those behind it: tables are for lists. */
enum output output_first(const struct verb *);

/* Reads argv (argv[0] is the verb) as far as the verb takes it. On failure the text is one sentence. */
MUST_CHECK bool options_read(const struct verb *, int argc, char **argv, struct options *ret, struct err *);
void options_release(struct options *);

/* The labels of -l as a JSON object. */
const char *labels_json(struct arena *, const struct options *);

/* Prints one line for each option of the mask, for --help. */
void options_help(unsigned mask);

#endif
