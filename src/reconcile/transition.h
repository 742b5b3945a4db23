/* What an answer, a read or a restart does to one ledger row: a table of state by event, without holes.
 *
 * A row says two things: what is known of the object (none, maybe, live) and what is open (nothing, or one create, update or
 * delete). Seven of the twelve pairs occur; they are the states here. */
#ifndef TRUNKD_TRANSITION_H
#define TRUNKD_TRANSITION_H

#include <trunkd/kind.h>

enum row_state {
    ROW_NONE, ROW_CREATING, ROW_MAYBE, ROW_RECREATING, ROW_LIVE, ROW_UPDATING, ROW_DELETING, ROW_STATE_MAX_
};

enum row_event {
    ROW_DONE,           /* accepted */
    ROW_GONE,           /* answered: the object (or what it lies below) is not there */
    ROW_TAKEN,          /* answered: name, number or pair in use; of a delete: still needed */
    ROW_REFUSED,        /* answered: no, for good */
    ROW_LATER,          /* answered: not now */
    ROW_NOT_SENT,       /* proven: never left */
    ROW_UNKNOWN,        /* anything else */
    ROW_FOUND,          /* a read shows it */
    ROW_ABSENT,         /* a read begun after all doubt had passed does not show it */
    ROW_RESTART,        /* what is open was opened by a process that is no more */
    ROW_EVENT_MAX_
};

enum {
    DO_VALID = 1 << 0,      /* the cell is filled; zero is a hole */
    DO_BUG = 1 << 1,        /* cannot happen: the caller is wrong */
    DO_OBSERVE = 1 << 2,    /* id and applied spec come from the answer */
    DO_WRITTEN = 1 << 3,    /* an accepted write: failures are forgotten, lists may lag from now */
    DO_REFUSE = 1 << 4,     /* remember the refusal and the provider's words */
    DO_BACK_OFF = 1 << 5,
    DO_DOUBT = 1 << 6,      /* it may still be executed: send-by + request time-out + quiet period */
    DO_READ = 1 << 7,       /* a read is due at once */
    DO_BURY = 1 << 8,       /* this incarnation is over: its nonce goes to the tombstones */
    DO_ASK_HOLDER = 1 << 9, /* remember that the name was taken, for the read that follows */
    DO_LAG = 1 << 10,       /* the provider says that it is removed: reads may lag from now */
};

struct transition { enum known known; enum open open; unsigned action; };

/* The state of a pair; ROW_STATE_MAX_ for a pair that does not occur. */
enum row_state row_state(enum known, enum open);
const struct transition *transition(enum row_state, enum row_event);
extern const char *const row_state_names[ROW_STATE_MAX_], *const row_event_names[ROW_EVENT_MAX_];

#endif
