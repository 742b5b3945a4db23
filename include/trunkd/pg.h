/* The daemon's side of PostgreSQL: the core's effects as statements, their results as the core's events.
 *
 * Three connections, so that nothing waits for anything it need not wait for: lease (heartbeats), listen (hints), work (reads and
 * commits, pipelined, each statement with its own sync). A connection that is lost is opened again for ever, with growing
 * pauses. The store is up while lease and work are: if one goes, both are opened anew.
 *
 * Only one commit statement is under way at a time. Units that come meanwhile, and those of one turn of the loop, go together in
 * the next one. A unit is done when the server said so *after* its transaction ended. */
#ifndef TRUNKD_PG_H
#define TRUNKD_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/cleanup.h>
#include <trunkd/core.h>
#include <trunkd/err.h>

struct store;
struct sd_event;

#define STORE_BATCH_UNITS_MAX 32         /* who is read next waits for one statement at most */
#define STORE_BATCH_BYTES_MAX (4u << 20)        /* of a statement; a single larger unit goes alone */

enum store_boundary { STORE_COMMIT_SENT, STORE_COMMIT_ANSWERED };

struct store_options {
    const char *database;                       /* conninfo; "": libpq's defaults */
    const char *holder;                         /* of the lease: unlike any other process's */
    /* One core event; now_ms and random are the receiver's to fill in. Pointers live during the call. Never called from inside a
     * store_ function; it may call all of them but store_free. */
    void (*event)(void *userdata, struct event *);
    /* One line for people about a connection. */
    void (*log)(void *userdata, enum log_level, const char *text);
    uint64_t (*random)(void);
    void *userdata;
    /* May be NULL. Right before a commit statement is handed to libpq, and right after its answer came, before anybody is told. */
    void (*boundary)(void *userdata, enum store_boundary, size_t units);
    /* Test builds: commits carry whatever epoch the lease has. */
    bool fence_off;
};

/* Strings are copied. The event is referenced. Connections are begun at once; the first thing heard is EVENT_DB_UP. */
MUST_CHECK bool store_new(struct sd_event *, const struct store_options *, struct store **ret_store, struct err *err);
void store_free(struct store *);                /* NULL is fine. Nothing more is heard */

/* Effects of the core. Given while the store is down: a unit is answered COMMIT_UNKNOWN, the others by the EVENT_DB_DOWN that
 * has been or is about to be heard. */
void store_read(struct store *, enum read_what);
void store_commit(struct store *, uint64_t unit, const char *json);    /* copied; unit > 0 */
void store_lease(struct store *, enum lease_action, int64_t lease_ms, int64_t epoch);

/* What the next lease taken here makes known: public keys to seal with. Copied. */
void store_publish_key(struct store *, const char *key_id, const char *public_key);

/* Nothing that was asked for is unanswered. */
bool store_is_idle(const struct store *);
/* Why it is not up, for STATUS=; NULL: it is up. Lives until the next turn of the loop. */
const char *store_trouble(const struct store *);

/* The text can be read as a conninfo. It names nothing of it that may be a password. */
MUST_CHECK bool conninfo_check(const char *conninfo, struct err *err);

#endif
