/* The table of transition.h. The rule: what was answered is known; what was not answered may have happened; what may have happened
 * ends only by a read. An open operation is closed by its own answer, never by a list that passes by meanwhile. */
#include "transition.h"

#include <assert.h>

#define TO(k, o, actions) { KNOWN_##k, OPEN_##o, DO_VALID | (actions) }
#define IGNORE(k, o) TO(k, o, 0)
#define BUG { KNOWN_NONE, OPEN_NOTHING, DO_VALID | DO_BUG }
/* Without an open operation there is no answer to one. */
#define NO_ANSWER [ROW_DONE] = BUG, [ROW_GONE] = BUG, [ROW_TAKEN] = BUG, [ROW_REFUSED] = BUG, [ROW_LATER] = BUG, \
                  [ROW_NOT_SENT] = BUG, [ROW_UNKNOWN] = BUG

static const struct transition table[ROW_STATE_MAX_][ROW_EVENT_MAX_] = {
    [ROW_NONE] = {
        NO_ANSWER,
        [ROW_FOUND] = TO(LIVE, NOTHING, DO_OBSERVE),
        [ROW_ABSENT] = IGNORE(NONE, NOTHING),
        [ROW_RESTART] = IGNORE(NONE, NOTHING),
    },
    [ROW_CREATING] = {
        [ROW_DONE] = TO(LIVE, NOTHING, DO_OBSERVE | DO_WRITTEN),
        [ROW_GONE] = TO(NONE, NOTHING, DO_BACK_OFF),
        [ROW_TAKEN] = TO(MAYBE, NOTHING, DO_ASK_HOLDER | DO_READ),
        [ROW_REFUSED] = TO(NONE, NOTHING, DO_REFUSE | DO_BACK_OFF),
        [ROW_LATER] = TO(NONE, NOTHING, DO_BACK_OFF),
        [ROW_NOT_SENT] = TO(NONE, NOTHING, DO_BACK_OFF),
        [ROW_UNKNOWN] = TO(MAYBE, NOTHING, DO_DOUBT | DO_READ),
        [ROW_FOUND] = IGNORE(NONE, CREATE),
        [ROW_ABSENT] = IGNORE(NONE, CREATE),
        [ROW_RESTART] = TO(MAYBE, NOTHING, DO_DOUBT | DO_READ),
    },
    [ROW_MAYBE] = {
        NO_ANSWER,
        [ROW_FOUND] = TO(LIVE, NOTHING, DO_OBSERVE),
        [ROW_ABSENT] = TO(NONE, NOTHING, DO_BURY),
        [ROW_RESTART] = TO(MAYBE, NOTHING, DO_READ),
    },
    [ROW_RECREATING] = {
        [ROW_DONE] = TO(LIVE, NOTHING, DO_OBSERVE | DO_WRITTEN),
        [ROW_GONE] = TO(MAYBE, NOTHING, DO_READ | DO_BACK_OFF),
        [ROW_TAKEN] = TO(MAYBE, NOTHING, DO_ASK_HOLDER | DO_READ),
        [ROW_REFUSED] = TO(MAYBE, NOTHING, DO_READ | DO_BACK_OFF),
        [ROW_LATER] = TO(MAYBE, NOTHING, DO_READ | DO_BACK_OFF),
        [ROW_NOT_SENT] = TO(MAYBE, NOTHING, DO_READ | DO_BACK_OFF),
        [ROW_UNKNOWN] = TO(MAYBE, NOTHING, DO_DOUBT | DO_READ),
        [ROW_FOUND] = IGNORE(MAYBE, CREATE),
        [ROW_ABSENT] = IGNORE(MAYBE, CREATE),
        [ROW_RESTART] = TO(MAYBE, NOTHING, DO_DOUBT | DO_READ),
    },
    [ROW_LIVE] = {
        NO_ANSWER,
        [ROW_FOUND] = TO(LIVE, NOTHING, DO_OBSERVE),
        [ROW_ABSENT] = TO(NONE, NOTHING, DO_BURY),
        [ROW_RESTART] = IGNORE(LIVE, NOTHING),
    },
    [ROW_UPDATING] = {
        [ROW_DONE] = TO(LIVE, NOTHING, DO_OBSERVE | DO_WRITTEN),
        [ROW_GONE] = TO(MAYBE, NOTHING, DO_READ),
        [ROW_TAKEN] = TO(LIVE, NOTHING, DO_REFUSE | DO_BACK_OFF | DO_READ),
        [ROW_REFUSED] = TO(LIVE, NOTHING, DO_REFUSE | DO_BACK_OFF),
        [ROW_LATER] = TO(LIVE, NOTHING, DO_BACK_OFF),
        [ROW_NOT_SENT] = TO(LIVE, NOTHING, DO_BACK_OFF),
        [ROW_UNKNOWN] = TO(LIVE, NOTHING, DO_DOUBT | DO_READ | DO_BACK_OFF),
        [ROW_FOUND] = IGNORE(LIVE, UPDATE),
        [ROW_ABSENT] = IGNORE(LIVE, UPDATE),
        [ROW_RESTART] = TO(LIVE, NOTHING, DO_DOUBT | DO_READ),
    },
    [ROW_DELETING] = {
        [ROW_DONE] = TO(MAYBE, NOTHING, DO_READ | DO_LAG),
        [ROW_GONE] = TO(MAYBE, NOTHING, DO_READ | DO_LAG),
        [ROW_TAKEN] = TO(LIVE, NOTHING, DO_BACK_OFF),
        [ROW_REFUSED] = TO(LIVE, NOTHING, DO_REFUSE | DO_BACK_OFF),
        [ROW_LATER] = TO(LIVE, NOTHING, DO_BACK_OFF),
        [ROW_NOT_SENT] = TO(LIVE, NOTHING, DO_BACK_OFF),
        [ROW_UNKNOWN] = TO(MAYBE, NOTHING, DO_DOUBT | DO_READ | DO_BACK_OFF),
        [ROW_FOUND] = IGNORE(LIVE, DELETE),
        [ROW_ABSENT] = IGNORE(LIVE, DELETE),
        [ROW_RESTART] = TO(MAYBE, NOTHING, DO_DOUBT | DO_READ),
    },
};

const char *const row_state_names[ROW_STATE_MAX_] = {
    [ROW_NONE] = "none", [ROW_CREATING] = "creating", [ROW_MAYBE] = "maybe", [ROW_RECREATING] = "recreating",
    [ROW_LIVE] = "live", [ROW_UPDATING] = "updating", [ROW_DELETING] = "deleting",
};

const char *const row_event_names[ROW_EVENT_MAX_] = {
    [ROW_DONE] = "done", [ROW_GONE] = "gone", [ROW_TAKEN] = "taken", [ROW_REFUSED] = "refused", [ROW_LATER] = "later",
    [ROW_NOT_SENT] = "not sent", [ROW_UNKNOWN] = "unknown", [ROW_FOUND] = "found", [ROW_ABSENT] = "absent",
    [ROW_RESTART] = "restart",
};

enum row_state row_state(enum known known, enum open open)
{
    static const enum row_state states[KNOWN_MAX_][OPEN_MAX_] = {
        [KNOWN_NONE] = { ROW_NONE, ROW_CREATING, ROW_STATE_MAX_, ROW_STATE_MAX_ },
        [KNOWN_MAYBE] = { ROW_MAYBE, ROW_RECREATING, ROW_STATE_MAX_, ROW_STATE_MAX_ },
        [KNOWN_LIVE] = { ROW_LIVE, ROW_STATE_MAX_, ROW_UPDATING, ROW_DELETING },
    };

    assert(known < KNOWN_MAX_ && open < OPEN_MAX_);
    return states[known][open];
}

const struct transition *transition(enum row_state state, enum row_event event)
{
    assert(state < ROW_STATE_MAX_ && event < ROW_EVENT_MAX_);
    return &table[state][event];
}
