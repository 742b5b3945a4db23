/* A whole installation in one process: one or two daemons (each a real core), a model of PostgreSQL, and the real simulator of the
 * providers, under one virtual clock. No I/O, no threads; the same seed gives the same story.
 *
 * What a world is promised is checked while it runs (check.c); the first promise that is broken is written down in `broken`, and
 * the world stands still from then on. */
#ifndef TRUNKD_TESTS_SIM_WORLD_H
#define TRUNKD_TESTS_SIM_WORLD_H

#include <trunkd/cleanup.h>
#include <trunkd/core.h>
#include <trunkd/sim.h>
#include "db.h"

#define DAEMONS_MAX 2
#define SECONDS 1000
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)

/* One thing that will happen. */
enum item_type { ITEM_COMMIT, ITEM_COMMITTED, ITEM_READ, ITEM_ROWS, ITEM_LEASE, ITEM_LEASED, ITEM_SEALED, ITEM_HINT, ITEM_START, ITEM_DB_UP, ITEM_REPLY };
struct item {
    int64_t at_ms;
    uint64_t order;
    enum item_type type;
    int daemon;
    uint64_t life;                  /* of the daemon; what was for an earlier one is nobody's */
    uint64_t id;                    /* unit, seal or request */
    int64_t epoch, asked_ms;
    int number;                     /* outcome, lease action, all */
    size_t given;                   /* of the rows */
    char *text, *place;
    struct reply reply;             /* its body is text */
    struct json_object *rows;
};

struct daemon {
    struct core *core;              /* NULL: does not run */
    uint64_t life;
    int64_t timer_ms;               /* INT64_MAX: none */
    int64_t epoch;                  /* that its shell commits at */
    int64_t shown;                  /* the moment of the last rows that its shell has read, see db_snapshot() */
    bool database_down, frozen;     /* frozen: stopped by SIGSTOP */
    bool telling;                   /* rows were given in part: the answers to commits wait for the rest */
    char holder[16];
    struct effects effects;
};

/* A request under way. */
struct under_way {
    struct under_way *next;
    uint64_t ticket, id, life;
    int daemon;
    bool write;
    int64_t timeout_ms, epoch;
    char account[64], what[160];
};

struct world {
    int64_t now_ms;
    uint64_t random_state;
    struct settings settings;
    struct sim *sim;
    struct db db;
    struct daemon daemons[DAEMONS_MAX];
    int daemons_count;
    struct item *items;
    size_t items_count, items_capacity;
    uint64_t order;
    struct under_way *under_way;
    struct json_object *first_state;    /* what the providers held before the first daemon ran */
    const char *off;                    /* safeguards switched off in every daemon */
    char **sent;                        /* every request that left: "+1415... create livekit.inbound_trunk" */
    size_t sent_count, sent_capacity, writes;
    uint64_t effects_done, commits_done;
    uint64_t crash_at;                  /* 0: never; else at the so-manieth effect */
    bool crash_after;                   /* it is carried out first */
    uint64_t writes_done, spoil_at;     /* the so-manieth write meets this fault; 0: none does */
    const char *spoil_rule;
    uint64_t lose_commit_at;            /* 0: never; the connection goes with the so-manieth commit */
    bool lose_commit_applied;
    const char *sip_password;       /* behind every file:sip/...; NULL: there is none */
    int64_t restart_ms, db_ms, seal_ms;
    bool trace;
    char *must_stay;                /* the objects that a story has to leave as they are, one a line */
    char broken[1000];
};

/* Account main (AC...1) owns +15550100000 to ...09; projects voice and other; agents support and sales; a foreign trunk or two. */
struct world *world_new(uint64_t seed);
void world_free(struct world *);
void world_cleanup(struct world **);

void world_start(struct world *);                   /* one more daemon */
void world_crash(struct world *, int daemon);       /* it comes back after restart_ms */
void world_stop(struct world *, int daemon);        /* SIGTERM */
/* Its connection goes, and comes back in a second: what was under way has an unknown fate, and nothing that was asked is answered. */
void world_lose_database(struct world *, int daemon);
void world_configure(struct world *);               /* SIGHUP: the settings are read again */
void world_run(struct world *, int64_t ms);         /* so long, or until a promise is broken */
bool world_rest(struct world *, int64_t ms_max);    /* until nothing is left to do; false: it does not come to that */
void world_hint(struct world *);                    /* NOTIFY; db_wish() does not call it */
uint64_t world_random(struct world *);
void world_break(struct world *, const char *fmt, ...) PRINTF_LIKE(2, 3);

void world_reply(struct world *, int daemon, uint64_t id, const struct reply *);

/* Wishes, in one transaction until the next run. */
void world_wish(struct world *, const char *table, const char *key, const char *columns);
void world_ask(struct world *, const char *verb, const char *object_type, const char *object);
void world_sweep(struct world *, const char *account, const char *name);     /* "livekit.inbound_trunk/ST_abc" */
void world_add_sip(struct world *, const char *number);             /* inbound */
void world_add_sip_both(struct world *, const char *number);        /* outbound by sip.carrier.example, with the password of the world */
void world_add_number(struct world *, const char *number, const char *directions);      /* "inbound", "outbound" or "both" */

/* What a test looks at. */
const char *world_status(struct world *, const char *number);       /* "active/UpToDate"; "gone"; until the next call */
const char *world_message(struct world *, const char *number);
bool world_settled(const struct world *);           /* every number, and nothing is open or in doubt */
size_t world_sent(const struct world *, const char *part);          /* how many requests said this */
void world_forget_sent(struct world *);
void world_print_sent(const struct world *);
size_t world_events(const struct world *, const char *reason);

/* providers.c: the simulator, reached as the vault and the http room would. */
void providers_send(struct world *, int daemon, const struct effect *);
void providers_advance(struct world *);             /* answers, and requests that took too long */
int64_t providers_next_ms(const struct world *);    /* INT64_MAX: nothing */
void providers_hang_up(struct world *, int daemon, uint64_t life);
char *providers_seal(struct world *, const char *place);            /* the reference; the caller frees */
bool providers_version(const struct world *, const char *reference, const char *place, char ret_version[static 24]);    /* false: nothing there */
/* The simulator's control API. The caller puts what comes back. Body: single quotes for double ones; NULL: none. */
struct json_object *world_sim(struct world *, const char *method, const char *path, const char *body);
void world_sim_set(struct world *, const char *method, const char *path, const char *body);
void world_fault(struct world *, const char *rule);
int64_t world_fault_fired(struct world *, const char *id);

/* check.c: the promises. */
void check_write(struct world *, const struct effect *);            /* before it leaves */
void check_windows(struct world *);
void check_settled(struct world *);                 /* nobody is told that all is done while a lost answer may still come true */
bool check_converged(struct world *);               /* exactly one live object per wanted, none besides, foreign ones untouched */
bool check_untouched(struct world *);               /* everything is as it was before the first daemon ran */
void world_print_unrest(struct world *);            /* why it does not come to rest */
char *world_missing(struct world *, const char *before, const char *except);        /* lines of `before` that are not there now */
char *world_objects(struct world *, const char *part);              /* the objects that hold this text, as text; the caller frees */

#endif
