/* One turn of one owner, in memory for as long as it takes. Private to this room. */
#ifndef TRUNKD_RECONCILE_TURN_H
#define TRUNKD_RECONCILE_TURN_H

#include "state.h"

struct turn {
    struct core *core;
    struct owner *owner;
    struct scene scene;
    struct planned *plan;
    bool *stuck;                    /* by index into the plan */
    size_t plan_count;
    struct planned *trunk_plan;
    bool *trunk_stuck;
    size_t trunk_count;
    bool may_make;                  /* nothing in the number's record speaks against it, and it has its place */
    const char *preflight_reason, *preflight_words;
    bool preflight_pending, full;
    bool elsewhere;                 /* its calls still go through the Twilio account that its row named before */
    int64_t wake_ms;
    const struct gate *ill;         /* an account that the plan waits for and that has a condition */
    bool opens;
};

/* turn.c */
struct planned *turn_plan(struct core *, struct owner *, struct scene *ret_scene, size_t *ret_count);    /* in the turn's arena */
void turn_replan(struct turn *);
struct row *row_of(const struct planned *);
bool trunk_is_wanted(const struct owner *trunk);
void turn_wake_by(struct turn *, int64_t at_ms);
void trunk_changed(struct core *, struct owner *trunk);

/* setup.c: before anything is made, and when it was refused */
void setup_turn(struct turn *);
void setup_finish_move(struct turn *);
void setup_place_for_show(struct core *, struct owner *);
bool trunk_sid_is_ours(struct core *, const char *account, const char *sid);

/* standing.c */
void standing_decide(struct turn *);

/* commit.c */
void commit_turn(struct turn *);

#endif
