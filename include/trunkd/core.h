/* The core: one event in, effects out. It decides everything and does nothing.
 *
 * core_step() consumes one event and appends effects; it never calls out, never blocks, keeps no clock. What differs between
 * PostgreSQL, libcurl and a model of them in a test is on the other side of this header: a shell translates effects into
 * statements and requests, and their completions back into events. A recorded list of events replays a bug.
 *
 *   effect              answered by          means
 *   READ                ROWS                 one snapshot; dirty versions are not later than the rows. Of the news, what the last
 *                                            ROWS have shown may be left out. A long one comes in pieces, and no COMMITTED between
 *   COMMIT unit         COMMITTED            all of a unit or none of it, fenced by the lease: results, the openings that follow
 *                                            from them, status, events, acknowledgements. Durable before the answer.
 *   SEND op             ANSWER               one request. A write only after the unit that opened it was committed, and before
 *                                            send_by_ms (the shell looks again when the request leaves, and answers NOT_SENT)
 *   SEAL place          SEALED               make a password, or look behind a reference; give back its sealed text, or the
 *                                            reference, and its fingerprint
 *   LEASE               LEASE                take, renew or give back the lease
 *   TIMER at            TIMER                the last one asked for replaces the earlier
 *   LOG                 -                    one line for people
 */
#ifndef TRUNKD_CORE_H
#define TRUNKD_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/arena.h>
#include <trunkd/request.h>

#define EFFECTS_MAX 512         /* a step that would emit more does less and answers true: call again */

/* All times in milliseconds. The configuration file can change each; proportions that must hold are checked there. */
struct settings {
    int64_t request_timeout_ms;     /* whole exchange; Twilio gives up after about 26 s, so not below 30 s in production */
    int64_t send_window_ms;         /* from opening to the last moment the request may leave */
    int64_t quiet_twilio_ms, quiet_livekit_ms;  /* after a lost answer: how long it may still be executed */
    int64_t list_lag_ms;            /* a list may miss what was written less than this ago */
    int64_t retry_min_ms, retry_max_ms;
    int64_t recheck_ms;             /* how often a refused removal is tried again */
    int64_t corrupted_after_ms;     /* with corrupted_attempts: failing this long and that often is "cannot finish" */
    int64_t corrupted_attempts;
    int64_t credential_grace_ms;    /* how long a password that nobody calls with any more stays: a call that is being set up has read it */
    int64_t scan_ms;                /* between complete lists of an account */
    int64_t poll_ms;                /* looks into the inbox without a hint */
    int64_t lease_ms;               /* how long a lease lasts unrenewed */
    int64_t breaker_failures;       /* transport failures in a row that stop an account */
    int64_t probe_min_ms, probe_max_ms;
    const char *const *origins;     /* allowed origins other than the providers' own, NULL-terminated */
};
extern const struct settings settings_default;

enum event_type {
    EVENT_CONFIG, EVENT_LEASE, EVENT_ROWS, EVENT_COMMITTED, EVENT_ANSWER, EVENT_SEALED,
    EVENT_HINT,                     /* the inbox may have something (NOTIFY) */
    EVENT_TIMER, EVENT_DB_DOWN, EVENT_DB_UP, EVENT_STOP, EVENT_MAX_
};

enum commit_outcome {
    COMMIT_DONE,
    COMMIT_CHANGED,                 /* nothing written: a desired row or a ledger row is not what the unit rests on */
    COMMIT_FENCED,                  /* nothing written: the lease is another's */
    COMMIT_FAILED,                  /* nothing written: the database refused it; text says why */
    COMMIT_UNKNOWN,                 /* the connection went while it was under way */
};

/* One row as it came: `what` names the table, `json` is the row as a JSON object (keys are column names; of X_at columns that
 * the daemon reasons about, X_in_ms by the database's clock). An absent desired row of a dirty key has json NULL and a key. */
struct row_text { const char *what, *key, *json; };

struct event {
    enum event_type type;
    int64_t now_ms;                 /* monotonic, counts suspend (CLOCK_BOOTTIME) */
    uint64_t random;                /* fresh random bits */
    union {
        const struct settings *config;                                              /* EVENT_CONFIG; lives as long as the core */
        struct { int64_t epoch, valid_until_ms; const char *text; } lease;          /* epoch 0: not ours; text: who has it, or why not */
        struct { const struct row_text *rows; size_t count; bool all, continued, more; } rows;     /* all: of READ_ALL. continued: not
                                                                                     * the first piece; more: not the last */
        struct { uint64_t unit; enum commit_outcome outcome; const char *text; } committed;
        struct { uint64_t id; const struct reply *reply; } answer;
        struct { uint64_t id; const char *sealed, *version, *text; } sealed;        /* sealed NULL: could not; text says why */
    };
};

enum effect_type {
    EFFECT_READ, EFFECT_COMMIT, EFFECT_SEND, EFFECT_SEAL, EFFECT_LEASE, EFFECT_TIMER, EFFECT_LOG, EFFECT_MAX_
};
enum read_what { READ_NOTHING, READ_NEWS, READ_INBOX, READ_ALL };
enum lease_action { LEASE_TAKE, LEASE_RENEW, LEASE_RELEASE };
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* What a line of the log says: its name, which level it has, what it is about, and the id that the journal finds it by. */
enum message {
#define MESSAGE(name, level, about, id) MESSAGE_##name,
#include <trunkd/messages.def>
#undef MESSAGE
    MESSAGE_MAX_
};
enum message_about { ABOUT_DAEMON, ABOUT_OWNER, ABOUT_ACCOUNT };       /* owner: a number, whose key begins with +, or a trunk */
struct message_row { const char *name; enum log_level level; enum message_about about; const char *id; };
extern const struct message_row messages[MESSAGE_MAX_];

struct effect {
    enum effect_type type;
    union {
        struct { enum read_what what; } read;               /* news: what was marked since the last ROWS; inbox: whatever is marked */
        struct { uint64_t unit; const char *json; } commit; /* json: one unit as trunkd.commit() takes it */
        struct {
            uint64_t id;
            struct request request;
            bool write;
            int64_t send_by_ms;                             /* of the monotonic clock */
            int64_t timeout_ms;
            const char *account;                            /* where it goes */
            const char *what;                               /* for the log: "+14155551234 create livekit.inbound_trunk" */
        } send;
        struct { uint64_t id; const char *place, *reference; } seal;   /* reference NULL: make a password */
        struct { enum lease_action action; int64_t lease_ms, epoch; } lease;
        struct { int64_t at_ms; } timer;
        struct { enum message message; const char *object, *text; } log;
    };
};

/* Effects and every pointer in them live until effects_reset(). Zeroed is empty. */
struct effects {
    struct effect list[EFFECTS_MAX];
    size_t count;
    struct arena arena;
};
void effects_reset(struct effects *);

struct core;

/* plan_only: never asks for the lease and never opens anything; for `trunkctl plan`. */
struct core *core_new(bool plan_only);
void core_free(struct core *);

/* True: there is more to do, call again with an EVENT_TIMER of the same moment (after carrying out what is in effects). */
bool core_step(struct core *, const struct event *, struct effects *);

/* One line for systemd's STATUS=: "working: 11 active, 1 pending; waiting for main (Unreachable)". Lives until the next call. */
const char *core_summary(struct core *);
/* After EVENT_STOP: nothing is open or unsaved any more. */
bool core_is_idle(const struct core *);

/* What there is to measure. Nothing of it grows with the numbers that there are: each comes as a count, the accounts one by one. */
struct core_figures {
    bool database_up, is_copy;
    int64_t epoch;                  /* 0: the lease is not ours */
    int64_t lease_left_ms;          /* as it was granted last; <= 0: it ran out */
    size_t turns_waiting;           /* owners whose turn is due */
    size_t units_open;              /* changes on their way to the database */
};
struct account_figures {
    const char *name, *family, *condition;      /* condition "": fine */
    int64_t window, in_flight, waiting;         /* requests that may be and are under way; owners that wait for a place */
    int64_t waits_ms;                           /* how long the longest of them has waited */
    int64_t pause_ms;                           /* nothing is sent for so long: throttled, or at its pace */
    int64_t scanned_ms;                         /* since its last complete scan began; -1: none yet */
    bool probing, braked, held;                 /* held: its removals */
};
struct figures_sink {
    void *userdata;
    void (*numbers)(void *userdata, const char *status, const char *reason, size_t count);
    /* Answers so far, by what they came to; kind "": no object's (a probe, a look-up). */
    void (*answers)(void *userdata, const char *kind, const char *operation, const char *outcome, uint64_t count);
    void (*account)(void *userdata, const struct account_figures *);
};
/* What the sink has no function for is not counted. */
void core_figures(const struct core *, int64_t now_ms, const struct figures_sink *, struct core_figures *ret);

/* How numbers stand, for a page that shows them: at most `max` of those whose key comes after this one, in order. True: there are more.
 * Pointers live during the call. */
struct object_view { const char *kind, *slot, *account, *id, *known, *open; };          /* id NULL: not known; open "": nothing */
struct number_view {
    const char *number, *status, *reason, *message, *agent, *account, *project;         /* of no row: "" */
    bool wanted, settled;
    const struct object_view *objects;              /* its own, then those of its trunk, each in the order of kinds.def */
    size_t objects_count;
};
#define NUMBERS_VIEW_MAX 100
bool core_numbers(const struct core *, const char *after, void (*each)(void *userdata, const struct number_view *), void *userdata);

/* What would be done now, owner by owner, for people. `each` is called with lines of one owner together. */
struct plan_line {
    const char *owner_type, *owner, *operation, *kind, *slot, *account;
    const char *blocked_by;         /* what it waits for, as a sentence part; NULL: nothing */
    const char *changes;            /* of an update: "name, numbers"; NULL otherwise */
    const char *external_id;
    const char *provider;           /* "Twilio", "LiveKit" */
    unsigned requests;              /* that it takes, when all goes well; 0: it is refused, and nothing is sent */
};
void core_plan(struct core *, int64_t now_ms, void (*each)(void *userdata, const struct plan_line *), void *userdata);

#ifdef TRUNKD_TEST_HOOKS
/* Safeguards that a test switches off to see that another test notices: a space separated list in TRUNKD_TEST_OFF. The core itself
 * reads no environment; the shell passes the words in. Known words: intent fence doubt one-shot marks brake wanted. */
void core_safeguards_off(struct core *, const char *words);
#endif

#endif
