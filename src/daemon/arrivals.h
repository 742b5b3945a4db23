/* arrivals: answers on their way from http to the core. Each is searched for secrets first; a long one in pieces, one in a turn of
 * the loop, so it may be told after one that came later. */
#ifndef TRUNKD_DAEMON_ARRIVALS_H
#define TRUNKD_DAEMON_ARRIVALS_H

#include <stdint.h>
#include <trunkd/err.h>
#include <trunkd/request.h>

struct arrivals;
struct http_result;
struct sd_event;
struct vault;

/* Called from arrivals_add() or from the loop. The reply ends with the call. */
typedef void (*arrivals_told)(void *userdata, uint64_t id, const struct reply *);

/* The event is referenced, the vault borrowed. */
MUST_CHECK bool arrivals_new(struct sd_event *, const struct vault *, arrivals_told, void *userdata, struct arrivals **ret, struct err *err);
void arrivals_free(struct arrivals *);          /* what has not been told is not told any more; NULL is fine */

/* Takes the body. */
void arrivals_add(struct arrivals *, uint64_t id, struct http_result *);

#endif
