/* plan: what stands between what is wanted and what is known, for one owner.
 *
 * Pure: it knows no time, no account limit, no other owner. It is made anew after every answer and never remembered. What it
 * lists but blocks is as important as what it lets through: that list is the status text and `trunkctl plan`. */
#ifndef TRUNKD_PLAN_H
#define TRUNKD_PLAN_H

#include <trunkd/kind.h>

enum step {
    STEP_NOTHING,           /* live, and as wanted */
    STEP_CREATE,
    STEP_UPDATE,
    STEP_DELETE,
    STEP_READ,              /* it may be there: look */
    STEP_END,               /* unwanted and proven absent: close the row */
    STEP_WAIT,              /* an operation on it is open */
};

enum block {
    BLOCK_NONE,
    BLOCK_NEED,             /* `by` is not live yet */
    BLOCK_REF,              /* field `missing` is not known yet */
    BLOCK_DEPENDENT,        /* `by` still leads to it */
    BLOCK_COUNTERPART,      /* `by`, its successor in the new place, is not live yet */
    BLOCK_HELD,             /* numbers of the trunk still lead to it */
    BLOCK_REFUSED,          /* the provider refused exactly this */
    BLOCK_SEAL,             /* its password is not made yet, or nobody has looked behind its reference */
    BLOCK_LACKS,            /* `missing` says what of the configuration is not there */
};

struct planned {
    enum step step;
    enum block block;
    const struct kind *kind;
    const char *slot, *account;
    const struct resource *row;         /* NULL: none in the ledger */
    const struct wanted *wanted;        /* NULL: not wanted */
    const struct resource *by;          /* with BLOCK_NEED, _DEPENDENT, _COUNTERPART: the row in the way; NULL: it has none yet */
    const char *missing;                /* with BLOCK_REF: the field; with BLOCK_NEED and no row: the kind's name, or the slot of its kind;
                                         * with BLOCK_LACKS: words */
};

/* What all kinds of this owner want, in the order of kinds.def. */
size_t plan_wants(const struct scene *, struct arena *, struct wanted *ret, size_t max);

/* own: the owner's ledger rows (a part of scene->rows). Returns how many steps; there is room for one of each row and each want. */
size_t plan_owner(const struct scene *, const struct resource *const *own, size_t own_count,
                  const struct wanted *wants, size_t wants_count, struct arena *, struct planned *ret, size_t max);

/* True when a row is live, nothing is open, and its applied spec is the wanted one. */
bool plan_row_matches(const struct resource *, const struct wanted *, struct arena *);

#endif
