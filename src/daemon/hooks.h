/* Test builds only: the process ends or stops at the n-th boundary it crosses, so that a test visits every one without sleeping.
 *
 *   TRUNKD_TEST_EFFECT=N:abort|stop|exit    at the N-th boundary: SIGKILL, SIGSTOP, or _exit(9)
 *   TRUNKD_TEST_TRACE=FILE                  one line per boundary: its number and what it was
 *   TRUNKD_TEST_OFF=WORDS                   safeguards switched off (core.h)
 *
 * A boundary is a commit about to be sent, its answer; a write request about to be sent, its answer. */
#ifndef TRUNKD_DAEMON_HOOKS_H
#define TRUNKD_DAEMON_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef TRUNKD_TEST_HOOKS
void hooks_open(void);
void hooks_boundary(const char *what);
void hooks_write_sent(uint64_t id, const char *what);       /* a boundary, before the request is handed to curl */
void hooks_answered(uint64_t id);                           /* one too, if it was a write */
const char *hooks_off(void);                /* NULL: nothing */
#else
static inline void hooks_open(void) {}
static inline void hooks_boundary(const char *what) { (void)what; }
static inline void hooks_write_sent(uint64_t id, const char *what) { (void)id, (void)what; }
static inline void hooks_answered(uint64_t id) { (void)id; }
#endif

#endif
