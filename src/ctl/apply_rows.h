/* A manifest becomes rows, inside a transaction that the caller has begun and ends. */
#ifndef TRUNKD_CTL_APPLY_ROWS_H
#define TRUNKD_CTL_APPLY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/arena.h>
#include <trunkd/err.h>

#include "db.h"
#include "manifest.h"

enum change { CHANGE_NONE, CHANGE_CREATED, CHANGE_CHANGED };

/* A number without a document of its own whose agent was changed by an agent's list. */
struct relinked { const char *number, *agent; };    /* agent NULL: cleared */

struct applied {
    enum change *changes;               /* of each object of the manifest */
    struct relinked *relinked;
    size_t relinked_count, relinked_max;
    struct arena arena;
};

/* False, and manifest_errors() says what the database refused, object by object with its place; or err says why it could not go on at all
 * (class other than ERR_REJECTED). Nothing of it is to be committed then. *ret is initialised here. */
MUST_CHECK bool apply_rows(struct db *, struct manifest *m, struct applied *ret, struct err *);
void applied_release(struct applied *);

/* What was done, one line per object. */
void applied_print(const struct manifest *, const struct applied *, const char *after);

#endif
