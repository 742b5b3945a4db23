/* What a verb is about: "+14155551234", "agent/support", "trunk/big" … One table for what people call things and which
 * statements belong to them. */
#ifndef TRUNKD_CTL_TARGET_H
#define TRUNKD_CTL_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/arena.h>
#include <trunkd/err.h>

#include "db.h"
#include "options.h"

/* In the order in which they can be deleted. */
enum target_kind { TARGET_NUMBER, TARGET_TRUNK, TARGET_AGENT, TARGET_ACCOUNT, TARGET_PROJECT, TARGET_MAX_ };

struct target_row {
    const char *kind;               /* as in a manifest */
    const char *noun;               /* "phone number" */
    const char *words[8];           /* what people call it, in lower case */
    const char *watch;              /* type in the statement watch */
    const char *remove;             /* the statement that deletes rows */
};
extern const struct target_row target_table[TARGET_MAX_];

struct target { enum target_kind kind; const char *name; };

/* Case does not matter. */
bool target_kind_find(const char *word, size_t length, enum target_kind *ret);

/* The name of a phone number is in E.164. */
MUST_CHECK bool number_check(const char *name, struct err *);
/* Reads "+NUMBER" or "KIND/NAME". */
MUST_CHECK bool target_read(const char *text, struct target *ret, struct err *);
/* As the verbs of SQL take names: "+NUMBER", or the name of a trunk; number/ and trunk/ in front are allowed. */
MUST_CHECK bool target_read_owner(const char *text, struct target *ret, struct err *);

/* The name of an account or a project; account/ and project/ in front are allowed. */
MUST_CHECK bool target_read_account(const char *text, struct target *ret, struct err *);

/* What a verb is asked about: the names of the options, each as `read` takes it, or the phone numbers with the labels of -l. Opens the
 * database once the names are right. Targets and their names live in the arena, or as long as the options. */
MUST_CHECK bool targets_open(const struct options *, bool (*read)(const char *, struct target *, struct err *), struct arena *,
                             struct db **ret_db, struct target **ret_targets, size_t *ret_count, struct err *);

/* A JSON array of texts. */
const char *json_names(struct arena *, const char *const *names, size_t count);

#endif
