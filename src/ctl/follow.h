/* -w: a list that goes on. */
#ifndef TRUNKD_CTL_FOLLOW_H
#define TRUNKD_CTL_FOLLOW_H

#include "listing.h"

enum followed {
    FOLLOW_OBJECTS,     /* rows are known by their names: each is shown again when it changes, and said to be gone when it is */
    FOLLOW_EVENTS,      /* each row stays what it is: it is shown once */
};

/* Asks the listing's statement again and again, until somebody ends it or the database does. */
enum exit_code follow(struct db *, const struct listing *, const char *const *parameters, enum followed, const struct options *);

#endif
