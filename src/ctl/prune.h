/* apply --prune: what carries the labels of -l and stands in none of the manifests is deleted, in the transaction of apply. */
#ifndef TRUNKD_CTL_PRUNE_H
#define TRUNKD_CTL_PRUNE_H

#include "db.h"
#include "manifest.h"
#include "target.h"

struct pruned {
    struct target *targets;             /* in the order in which they can be deleted */
    size_t count, among;                /* among: all that carry the labels */
    struct arena arena;
};

/* Finds them and deletes them. *ret is initialised here; release it in any case. */
MUST_CHECK bool prune(struct db *, const struct options *, const struct manifest *, struct pruned *ret, struct err *);
/* Whether they may go: not more than a fifth without --force, and not without a yes. Asks whoever sits at a terminal. */
MUST_CHECK bool prune_is_agreed(const struct options *, const struct pruned *, struct err *);
void prune_print(const struct pruned *, const char *after);
void prune_release(struct pruned *);

#endif
