/* status: one owner's state in words, as a function of its plan. */
#ifndef TRUNKD_STATUS_H
#define TRUNKD_STATUS_H

#include "plan.h"

enum status_code { STATUS_PENDING, STATUS_ACTIVE, STATUS_FAILED, STATUS_DELETING, STATUS_CORRUPTED, STATUS_CODE_MAX_ };
extern const char *const status_names[STATUS_CODE_MAX_];

struct status {
    enum status_code code;
    const char *reason;         /* a name of reasons.def */
    const char *message;        /* one sentence for people; "" when the reason says it all */
    bool settled;               /* nothing is left to do without somebody's change */
};

/* Whether a reason alone says "nothing left to do" (reasons.def). False for an unknown name. */
bool reason_settled(const char *reason);
const char *reason_remedy(const char *reason);      /* "" for an unknown name */

/* What the plan does not know. */
struct standing {
    bool wanted;                    /* the desired row is there */
    bool active;                    /* it was until now */
    bool full;                      /* no trunk can take it: the account is at its limit */
    const char *failed_reason, *failed_words;       /* NULL: its set-up was not refused */
    const char *preflight_reason, *preflight_words; /* what the number's record says against it; NULL: nothing, or not read yet */
    const char *trunk_refused;      /* its trunk waits for a change too: the provider's words; NULL: it does not */
    const char *trunk_drifted;      /* the kind of what somebody removed from its trunk, or changed there; NULL: nothing */
    const char *trunk_left;         /* of what somebody changed or removed there and nobody puts back: the words; NULL: nothing */
    bool trunk_left_missing;        /* and no call can use it */
    const char *account_reason, *account_words, *account;   /* condition of an account the plan waits for; NULL: none */
    bool braked;                    /* that condition is a brake */
    const bool *stuck;              /* by index into the plan: this removal cannot finish by itself */
    const struct planned *trunk_plan;               /* of the automatic trunk it left last, or of the one it has for itself */
    size_t trunk_count;
    const bool *trunk_stuck;
    bool looking;                   /* the answer to a write of what stands was lost: one more look is due when it can come to nothing more */
    bool no_agent;                  /* inbound is wanted, and nobody is there to answer */
};

void plan_status(const struct planned *, size_t count, const struct standing *, struct arena *, struct status *ret);

#endif
