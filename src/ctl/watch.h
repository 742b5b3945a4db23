/* Waiting for the daemon, with progress: used by wait, apply --wait and delete --wait. */
#ifndef TRUNKD_CTL_WATCH_H
#define TRUNKD_CTL_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <trunkd/err.h>

#include "db.h"
#include "target.h"
#include "verb.h"

enum watch_goal {
    WATCH_SETTLED,      /* seen, and nothing left to do */
    WATCH_ACTIVE,       /* seen, and calls can flow */
    WATCH_APPLIED,      /* settled, active, and with the settings that were wanted */
    WATCH_LINKED,       /* active, with all that its row wants; its trunk may have something to do yet, such as to end an old password */
    WATCH_GONE,         /* no row and nothing left */
};

/* Looks again and again until each target has reached the goal, cannot reach it by itself, or time is up; says what changes
 * meanwhile and in the end what to do about those that did not come. EXIT_DONE, EXIT_REFUSED or EXIT_TIMED_OUT; EXIT_ERROR when
 * the database could not be asked. */
enum exit_code watch(struct db *, const struct target *, size_t count, enum watch_goal, int64_t wait_ms);

/* Where no daemon works on this database, and so nothing will come: since when, and what to do. NULL: one does. Both live in the arena. */
MUST_CHECK bool no_daemon(struct db *, struct arena *, const char **ret_words, const char **ret_remedy, struct err *);

/* The pause after a look that began then: a fleet whose state takes long to read is asked less often. */
void watch_pause(int64_t asked_ms);
int64_t watch_now_ms(void);

#endif
