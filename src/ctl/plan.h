/* What the daemon would do, and how many requests that takes. */
#ifndef TRUNKD_CTL_PLAN_H
#define TRUNKD_CTL_PLAN_H

#include <trunkd/arena.h>
#include <trunkd/core.h>

#include "db.h"

/* From the rows of the statement snapshot_all. What a line holds lives during the call. */
void plan_each(const struct rows *snapshot, void (*each)(void *userdata, const struct plan_line *), void *userdata);

/* Requests by account, in the order in which accounts were met first. */
struct account_cost { const char *account, *provider; size_t requests; };
struct cost { struct account_cost *accounts; size_t count, total; struct arena arena; };

void cost_add(void *cost, const struct plan_line *);            /* as plan_each() calls it */
/* "3 requests: 1 at main (Twilio), 2 at lk (LiveKit)" */
void cost_print(const struct cost *);
void cost_release(struct cost *);

#endif
