/* Short stories that are told again and again with one thing going wrong at a time. */
#ifndef TRUNKD_TESTS_SIM_STORIES_H
#define TRUNKD_TESTS_SIM_STORIES_H

#include "world.h"

struct story {
    const char *name;
    void (*before)(struct world *);         /* wishes that stand when the story begins; NULL: none */
    void (*act)(struct world *);            /* the wishes it is about */
    bool ends_untouched;                    /* nothing may be left of it anywhere */
};
extern const struct story stories[];
extern const size_t stories_count;

/* TRUNKD_TEST_STORY: only the stories with this in their name. */
bool story_is_told(const struct story *);

/* A world in which what was before stands, its daemon at rest. NULL: it did not come to that (and it was said why). */
struct world *story_begin(const struct story *, uint64_t seed);
/* Until nothing is left to do, of trunks either: one may still be giving back what its last number of a direction needed, or wait until
 * nobody calls with a password any more. */
bool story_rests(struct world *);
/* Whether the story ended as it must: at rest, converged, and after a further while still so. Says why not. */
bool story_ends_well(const struct story *, struct world *, const char *what_went_wrong);

/* What B and its trunk are made of at the providers: noted, and later compared bit by bit. What differs breaks the world. */
void neighbour_note(struct world *);
void neighbour_check(struct world *);

#endif
