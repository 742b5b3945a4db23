/* -w: a list that goes on. */
#ifndef TRUNKD_CTL_FOLLOW_H
#define TRUNKD_CTL_FOLLOW_H

#include "listing.h"

enum followed {
    FOLLOW_OBJECTS,     /* rows are known by their names: each is shown again when it changes, and said to be gone when it is */
    FOLLOW_EVENTS,      /* each row stays what it is: it is shown once. Its statement is get_events */
};

/* Asks the listing's statement again and again, until somebody ends it or the database does. Of what it answers first no more than the
 * last rows are shown, as many as `backlog`. */
enum exit_code follow(struct db *, const struct listing *, const char *const *parameters, size_t backlog, enum followed, const struct options *);

/* How many of the newest events are looked at once more: a transaction that began early may commit late, with an id among theirs. */
#define FOLLOW_LATE INT64_C(200)

#endif
