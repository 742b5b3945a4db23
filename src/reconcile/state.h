/* reconcile: what the machine remembers between two events. Private to this room.
 *
 * An *owner* (a number or a trunk) is a sequential story: it has at most one unit of changes on its way to the database, and takes
 * its next turn when that is answered. Its *rows* are the ledger in memory; a row that differs from the database is `unsaved`.
 * A *gate* is one account: its window, its condition, its lists. Everything refers to owners and rows by pointer only while
 * they cannot go: a row with a request under way, or an owner with a unit or a request under way, is never freed. */
#ifndef TRUNKD_RECONCILE_STATE_H
#define TRUNKD_RECONCILE_STATE_H

#include <assert.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/core.h>
#include <trunkd/cut.h>
#include <trunkd/json.h>
#include <trunkd/kind.h>
#include <trunkd/map.h>
#include <trunkd/text.h>
#include "../plan/plan.h"
#include "../plan/status.h"
#include "transition.h"

#define NEVER_MS INT64_MAX
#define LEAVING_MAX 4           /* trunks that one number is leaving at a time: it moved on before it had arrived */
#define VERSIONS_MAX 4          /* of a trunk's password at a time */
#define VERSIONS_COUNTED 8      /* of which is known who uses them: there are more only where an account was changed in a rotation */

struct owner;
struct gate;

struct row {
    struct resource r;              /* first: the plan's pointers are cast back */
    struct owner *owner;
    struct gate *gate;
    int64_t rev;                    /* in the database; 0: not there */
    bool unsaved, committing;       /* committing: the unit under way holds this image */
    bool seen, landed;              /* at a second complete read: there; one revision further, by the unit of unknown fate */
    bool ended;                     /* to be removed from the database, then freed */
    bool flying;                    /* a request of this row is under way */
    bool opened;                    /* its operation waits for its unit: SEND follows COMMITTED */
    bool lost;                      /* adopted without memory of it: what lies below must be looked for first */
    bool read;                      /* came from the database, which may have forgotten what was made below it last */
    uint32_t looked_below;          /* bit by kind: and has been; of what lies aside: of its own kind */
    uint32_t below_due;             /* bit by kind: what lies below, or aside, is to be looked at for drift */
    bool taken_is_old;              /* since it was said to be taken somebody wants it tried again */
    bool may_repeat;                /* a SAFE create in doubt was looked for and not seen: send it again */
    bool wanted, spare;             /* by the last plan; and calls flow without it */
    const char *orphan_why;         /* given up by force_delete, in its words; NULL: not */
    bool shown;                     /* in the list that is being judged */
    bool adopted, told;             /* found again: no stray any more; the unit under way says so */
    bool vanished;                  /* a complete list missed it; judged when all lists of the account have ended */
    bool checked;                   /* OP_CHECK read empty in this pass */
    bool sealing;
    bool secret_told;               /* that there is nothing behind its reference any more */
    int64_t secret_ms;              /* when what is behind its reference is looked at again; 0: now */
    int64_t send_by_ms, doubt_ms;   /* 0: none */
    int64_t failing_ms;             /* since when it fails; 0: it does not */
    int64_t next_ms;                /* back-off: no write before; 0: none */
    int64_t read_ms;                /* when the next read is due; NEVER_MS: none */
    int64_t read_since_ms;          /* a list serves only if it began at or after this */
    int64_t taken_ms;               /* when the name was said to be taken; 0: it was not. A read that may know who has it decides */
    int64_t denied_ms;              /* when it was answered 403 first; 0: not by the last answer */
    int64_t written_ms;             /* last accepted write; 0: not since the ledger was read */
    int64_t used_ms;                /* a password's row: when somebody called with it last, as far as known; 0: nobody has looked yet */
    uint32_t attempts, reads;
    struct arena arena;             /* every text of r */
};

/* The number's record at Twilio, as last read. */
struct record {
    const char *account, *sid, *trunk_sid, *routing;    /* sid NULL: the number is not in the account */
    int64_t read_ms;                                    /* 0: never read in this life */
    bool unsaved;
    struct arena arena;
};

enum verb { VERB_RETRY, VERB_FORCE_DELETE, VERB_ROTATE, VERB_UNKNOWN };
struct request_row { uint64_t id; enum verb verb; char *why; bool taken, told; };   /* taken: done; told: the unit under way says so */
/* What happened, to be told in the next unit. */
struct happening { char *account, *reason, *message; };
#define HAPPENINGS_MAX 16           /* of one owner between two units; what comes on top is only logged */
#define REQUESTS_MAX 4              /* of one owner at a time; for more of them it is read again */

struct owner {
    enum owner_type type;
    char *key;
    char hash[OWNER_CHARACTERS + 1];
    /* desired */
    struct number *number;          /* NULL: no row (a number) */
    struct trunk *trunk;            /* NULL: no row (a trunk): automatic, or deleted */
    bool listed;                    /* the row was in the complete read that is being taken */
    bool loses;                     /* a number's: it has objects of a kind that it wants none of any more */
    /* a trunk's place */
    bool automatic;
    char *account, *project, *dedicated_to;
    char *name;                     /* that people gave it; remembered when its row is gone, for they still call it so */
    int64_t ordinal;
    struct owner **members;         /* numbers placed here or leaving */
    size_t members_count, members_capacity;
    struct trunk_counts counts;
    uint64_t versions_shown;        /* what its passwords show by which `uses` was counted; 0: there is one at most, and nobody is counted */
    uint32_t uses[VERSIONS_COUNTED];        /* members that show, or may show, each of them, in the order of its rows */
    char *last_number;              /* the number that left last and takes the removal with it */
    bool trunk_saved;               /* trunk_status has a row */
    /* a number's place */
    struct owner *placed, *leaving[LEAVING_MAX];
    size_t leaving_count;
    struct owner *left_last;        /* the automatic trunk it left last, until that is gone too */
    struct { bool inbound, outbound, refuse_plain, refuse_encrypted; uint8_t uses, held[KIND_MAX_]; } share[1 + LEAVING_MAX];    /* what it counts for on placed and on each it is leaving */
    struct record record;
    int64_t preflight_due_ms;       /* the record must be read at or after this before anything is made */
    int64_t lookup_next_ms;         /* back-off of look-ups that failed */
    uint32_t lookups;               /* that failed in a row */
    struct gate *lookup_at;         /* where it waits to be looked up; NULL: nowhere */
    uint64_t lookup_sequence;       /* since when */
    size_t lookup_index;
    /* ledger */
    struct row **rows;
    size_t rows_count, rows_capacity;
    /* status */
    struct status status;           /* as last decided; texts in status_arena */
    struct arena status_arena;
    bool status_unsaved, status_exists;
    bool counted;                   /* in the core's numbers by status, as counted_as */
    enum status_code counted_as;
    bool ending;                    /* the unit under way ends the status */
    bool ever_active;
    char failed_inputs[OWNER_CHARACTERS + 1];           /* "": not failed */
    char *failed_reason, *failed_words;
    char *leftovers;                /* JSON array */
    int64_t observed_generation;
    bool account_full;
    /* turn taking */
    size_t crowd;                   /* how many stood in the queue before it when it was queued last */
    bool called;                    /* a place in a window is free, and this turn is for it */
    bool queued, committing, again, unknown;    /* unknown: the unit's fate is read when the database is back */
    bool turned;                    /* has had a turn since the ledger was read: how it stands, and where, is of this life */
    bool undone;                    /* its last unit was not written, and the next one is not yet */
    uint32_t changed;               /* units in a row that rested on something that had changed */
    uint64_t unit, sequence;
    struct owner *next_queued;
    int64_t wake_ms;                /* NEVER_MS: asleep */
    size_t heap_index;              /* 0: not in the heap */
    bool waits_for_trunk, waits_for_gate;
    uint64_t shown;                 /* a trunk's: what of it its numbers have been planned with */
    unsigned flying;                /* requests under way that name this owner and no row (preflight) */
    int64_t dirty_ver, ack_ver;     /* to be acknowledged; acknowledged by the unit under way; 0: none */
    struct happening *happenings;
    size_t happenings_count, telling;                   /* telling: so many are in the unit under way */
    struct request_row *requests;
    size_t requests_count;
    uint64_t requests_left;         /* the read in which there were more of them than are taken at a time; 0: none yet */
};

enum gate_scan { SCAN_NEEDED, SCAN_RUNNING, SCAN_DONE };

/* An object that carries our installation's tag, and that no ledger row holds: whoever wants one of its (owner, kind) adopts it
 * instead of making a second one. */
struct unclaimed {
    const struct kind *kind;
    struct tag tag;
    char *id, *parent;
    struct spec spec;
    struct arena arena;
    struct unclaimed *next;
};

/* A stray that somebody wants removed. looked: for it, after the wish was heard. holder: the key of the owner whose late row it became;
 * NULL: it became none. */
struct sweep { uint64_t id; char *kind, *external_id, *why, *holder; bool looked; };

/* The rows that a list may show. Ids and nonces are as they were when the list had ended; row NULL: it is gone since. */
struct scope_entry { struct row *row; const char *id, *nonce; };
struct scope { struct scope_entry *entries; size_t count, capacity; struct map by_id, by_nonce; };

enum scan_work { SCAN_ASKS, SCAN_READS, SCAN_JUDGES };

/* One list of one kind, all pages. */
struct scan {
    struct gate *gate;
    const struct kind *kind;
    char *parent;                   /* NULL: of the account */
    bool complete_account;          /* one of the lists of a complete scan */
    bool drift;                     /* of what lies below, after a complete scan */
    int64_t began_ms;               /* when the first page was asked for; 0: not yet */
    size_t pages;
    bool again;                     /* somebody needs one that begins later: it follows when this one has ended */
    bool due;                       /* a page is to be asked for */
    bool overflows;                 /* there is more than is taken: it proves nothing */
    char *cursor;
    enum scan_work work;            /* asks for a page; reads one, piece by piece; judges all, piece by piece */
    char *body;                     /* of the page that is being read */
    size_t body_bytes;
    struct cut cut;
    struct scope scope;
    uint64_t read_sequence;         /* when judging began; 0: it has not */
    size_t found_judged, rows_judged;
    struct found *found;
    size_t count, capacity;
    struct arena arena;
    struct owner *owner;            /* of a list below a parent: whose rows lie there */
    struct row *parent_row;         /* marked as looked below when the list has ended; NULL: not asked for */
    struct scan *next;
};

/* In the line of those who wait for a place in an account's window: the smallest number goes next. */
struct place { uint64_t number, sequence; struct owner *owner; int64_t since_ms; };

struct gate {
    struct account *desired, *copy; /* of the row; of the ledger (outlives the row) */
    char *name;
    char *row_json;                 /* the row that requests are made from: what the ledger's copy holds */
    bool listed;                    /* the row was in the complete read that is being taken */
    bool status_exists;             /* account_status has a row */
    bool copy_saved, copy_exists;   /* the ledger's copy says the same; there is one at all */
    enum family family;
    uint32_t rows;                  /* ledger rows that lie there */
    uint32_t in_flight;
    /* condition: the account as a whole */
    char condition[40];             /* a name of reasons.def; "": fine */
    char *message;
    int64_t proved_ms;              /* when its own list was last well after something spoke against it */
    int64_t ill_last_ms;            /* when it last had a condition */
    int64_t ill_ms;                 /* since when it has a condition */
    bool probing, probe_flying;
    int64_t probe_ms, probe_delay_ms;
    uint32_t failures;              /* transport failures in a row */
    int64_t nudged_ms;              /* when those first in line were last called without an event */
    int64_t pause_ms;               /* throttled, or at its pace: nothing is sent before */
    int64_t allowance, allowance_ms;        /* what may be sent at once, in 60000ths of a request, and when that was so; 0: nothing was sent yet */
    bool braked, brake_released;
    /* removals that came in a mass */
    char *held;                     /* nothing is removed there, and why; NULL: not held */
    const char *held_news;          /* an event that the next unit tells of it: a name of reasons.def; NULL: none */
    int64_t *losses;                /* when a number lost something there, of the last minute */
    size_t losses_count, losses_capacity;
    bool losing;                    /* one more since it was judged last */
    bool status_unsaved, committing;
    bool ending;                    /* the unit under way ends the account's copy */
    uint64_t unit;
    /* lists */
    enum gate_scan scanned;
    unsigned scans_open;
    bool below_due;                 /* lists of what lies below are to come */
    int64_t scan_began_ms, scan_next_ms;
    uint32_t scan_failures;         /* complete scans in a row that did not come to an end */
    uint32_t judged, visible;       /* by the second mark, region-bound rows of the scan that ends */
    struct scan *scans;
    char *wildcards;                /* what others made there and takes everybody's calls, as JSON of the last complete scan; NULL: nothing */
    struct buf wildcards_found;     /* by the scan that is being judged; zeroed: none yet */
    size_t wildcards_count;
    struct map tagged;              /* ids of Twilio trunks that carried our tag in the last complete list; values are the keys */
    struct arena tagged_arena;
    bool scan_failed, strays;       /* one of the lists failed; unclaimed objects are to be reported */
    struct unclaimed *unclaimed;    /* objects with our tag that no ledger row holds */
    struct place *line;             /* a heap */
    size_t line_count, line_capacity;
    struct map in_line;             /* by the owners' keys */
    uint64_t served;                /* the greatest number that was called */
    uint64_t vain_event;            /* whoever was called in this event could not go */
    struct owner **lookups;         /* numbers whose records are to be read */
    size_t lookups_count, lookups_capacity;
    size_t lookups_fresh;           /* that came since they were looked at last */
    bool lookups_due;               /* perhaps one of them is to be looked up alone, or a list to be read */
    int64_t place_kept_ms;          /* until then writes leave a place to those who are looked up alone */
    size_t number_pages;            /* of the last list of the account's numbers */
    uint64_t release_request;       /* id of a wish to release the brake; 0: none */
    uint64_t scan_request;          /* id of a wish to look at everything now; 0: none */
    int64_t scan_asked_ms;
    struct sweep *sweeps;           /* wishes to have strays removed */
    size_t sweeps_count;
};

/* A parent row (agent, account, project) is acknowledged when every turn queued before has been committed: first those of the queue
 * (sequence), then the units that were under way by then (unit); twice, for who was in a unit meanwhile takes its turn after it. */
struct agent_slot { struct agent *agent; char *name; bool listed; };
struct parent_ack { char *type, *key; int64_t ver; uint64_t sequence, unit; bool turned, again; };
#define ACKS_PER_UNIT 500

enum flight_type { FLIGHT_FREE, FLIGHT_WRITE, FLIGHT_GET, FLIGHT_CHECK, FLIGHT_PREFLIGHT, FLIGHT_SCAN, FLIGHT_PROBE, FLIGHT_SEAL };
struct flight {
    enum flight_type type;
    uint32_t generation;
    enum operation operation;
    struct row *row;
    struct owner *owner;
    struct gate *gate;
    struct scan *scan;
    int64_t began_ms;
};

/* A tombstone: a nonce that was sent once. */
struct grave { char nonce[NONCE_CHARACTERS + 1]; bool orphan; int64_t dug_ms; enum owner_type owner_type; char *owner; };

struct core {
    bool plan_only, stopping;
    const struct settings *settings;
    char installation[INSTALLATION_CHARACTERS + 1];
    int64_t now_ms;
    uint64_t random;
    /* lease and database */
    int64_t epoch, lease_until_ms, lease_asked_ms, lease_next_ms;
    uint64_t reads;                 /* that were taken */
    bool lease_asked, database_up, loaded, reading;
    struct taking *taking;          /* a read of which some pieces have come; NULL: none */
    bool half_read;                 /* of what is in memory some is newer than the rest: nobody takes a turn until a read has ended */
    enum read_what read_wanted;
    bool down;                      /* the connection went, and is not back */
    bool is_copy;                   /* the database is a copy of the one that was installed: reads only */
    int64_t poll_next_ms;
    char *lease_text;
    /* objects */
    struct map numbers, trunks, trunk_names, agents, gates, hashes, graves;
    struct owner *queue_head, *queue_tail;
    size_t queue_count;
    uint64_t sequence;
    uint64_t events;                /* that may have changed who may go */
    struct owner **heap;            /* heap[0] unused */
    size_t heap_count, heap_capacity;
    struct parent_ack *acks;
    size_t acks_count, acks_capacity;
    struct flight *flights;
    size_t flights_count, flights_free;
    uint64_t next_unit;
    size_t undone;                  /* owners of that kind */
    size_t standing[STATUS_CODE_MAX_];              /* numbers by status, as in the database */
    uint64_t answers[KIND_MAX_ + 1][OP_MAX_][VERDICT_MAX_];     /* so far; KIND_MAX_: of no kind */
    struct map units;               /* unit number as text -> struct unit_ref */
    struct effects *effects;        /* of the step that runs */
    struct arena turn;              /* plain data of one turn */
    char summary[256];
    unsigned off;                   /* safeguards switched off, in test builds */
};

enum safeguard {
    SAFEGUARD_INTENT = 1, SAFEGUARD_DOUBT = 2, SAFEGUARD_MARKS = 4, SAFEGUARD_BRAKE = 8, SAFEGUARD_WANTED = 16
};
static inline bool safeguard(const struct core *core, enum safeguard which) { return !(core->off & which); }

/* core.c */
uint64_t core_random(struct core *);
void core_log(struct core *, enum message, const char *object, const char *fmt, ...) PRINTF_LIKE(4, 5);
struct effect *core_effect(struct core *, enum effect_type);    /* NULL never: the caller left room */
bool core_has_room(const struct core *);                         /* for all that one turn may emit */
void core_read(struct core *, enum read_what);
void core_forget(struct core *);                                /* back to standby: nothing is known any more */

/* owners.c: objects and their life */
struct owner *owner_get(struct core *, enum owner_type, const char *key, bool make);
void owner_at(struct owner *, const struct gate *);             /* something of it lies there */
void owner_queue(struct core *, struct owner *);
void owner_tell(struct owner *, const char *account, const char *reason, const char *fmt, ...) PRINTF_LIKE(4, 5);
void owner_look_at_secrets(struct core *, struct owner *);     /* behind the references of its rows, in its next turn */
void owner_told(struct owner *);                               /* the unit is committed */
void owner_wake_at(struct core *, struct owner *, int64_t at_ms);
void owner_free_if_idle(struct core *, struct owner *);
void owner_count(struct core *, struct owner *, bool counts);   /* its status among those of all numbers */
void owner_place(struct core *, struct owner *number, struct owner *trunk);
void owner_left(struct core *, struct owner *number, size_t i);
void owner_find_leaving(struct core *, struct owner *number);
void owner_recount(struct core *, struct owner *number);
void owners_expire(struct core *);                              /* due timers go to the queue */
struct gate *gate_get(struct core *, const char *name, bool make);
const struct account *gate_account(const struct gate *);
struct row *row_new(struct owner *, const struct kind *, const char *slot, struct gate *);
void row_free(struct row *);
void row_set_nonce(struct core *, struct row *, const char *nonce);
bool row_forget_failures(struct row *);
void row_touch(struct row *);                                   /* the image changed */
const char *row_keep(struct row *, const char *text);           /* a copy in the row's arena; NULL stays NULL */
void grave_dig(struct core *, const struct row *);              /* before its nonce is given up */
bool ledger_holds_trunk(const struct core *, const char *sid);
void row_repack(struct row *);                                  /* a fresh arena with what is in use */

/* leads.c: which trunk a number's objects lead to */
bool number_leads_to(const struct owner *number, const struct owner *trunk);
bool number_leads_elsewhere(const struct owner *number);       /* than to the trunk it is placed on */
unsigned number_refuses(const struct owner *);                  /* REFUSES_*: which calls an object of it refuses, or may */
uint8_t leads_uses(const struct owner *number, const struct owner *trunk);     /* the trunk's passwords that it shows, or may, by bit */
void leads_count(struct owner *trunk, uint8_t *counted, uint8_t uses);          /* a member uses these now */
int64_t leads_mark_used(const struct core *, struct owner *trunk);     /* until when that holds; NEVER_MS: until something changes */
void leads_changed(struct core *, const struct owner *number);
bool leads_rotate(struct owner *trunk, const char *why);

/* brake.c: removals that come in a mass */
void brake_look(struct core *, struct owner *const *numbers, size_t count);    /* numbers whose row was read */
void brake_look_at_all(struct core *);
void brake_judge(struct core *);                                /* after both: holds, or ends a hold that holds nothing any more */
void brake_end(struct core *, struct gate *);

/* rows.c: what was read */
void rows_take(struct core *, const struct event *);
void rows_drop(struct core *);
void rows_forget(struct core *);

/* unit.c: what is written */
void unit_begin(struct core *, struct buf *, uint64_t unit);
void unit_end(struct core *, struct buf *, uint64_t unit, struct owner *, struct gate *);
void unit_want(struct buf *, const char *type, const char *key, int64_t generation);     /* generation < 0: absent */
void unit_items(struct buf *);
void unit_row(struct core *, struct buf *, const struct row *);
void unit_row_end(struct buf *, const struct row *);
void unit_orphan(struct buf *, const struct row *, const char *why);
void unit_event(struct buf *, const char *type, const char *object, const char *account, const char *reason, const char *message);
void unit_number_status(struct core *, struct buf *, const struct owner *);
void unit_trunk_status(struct core *, struct buf *, const struct owner *);
void unit_status_end(struct buf *, const struct owner *);
void unit_record(struct buf *, const struct owner *);
void unit_account_copy(struct core *, struct buf *, const struct gate *);
void unit_account_status(struct core *, struct buf *, const struct gate *);
void unit_account_end(struct buf *, const struct gate *);
void unit_strays(struct buf *, const struct gate *);
void unit_stray_end(struct buf *, const struct row *);
void unit_ack(struct buf *, const char *type, const char *key, int64_t ver);
void unit_request_done(struct buf *, uint64_t id);
void units_committed(struct core *, const struct event *);
uint64_t units_oldest(const struct core *);                    /* of those under way; UINT64_MAX: none is */

/* turn.c: one owner's turn */
void owner_turn(struct core *, struct owner *);
void owner_committed(struct core *, struct owner *, enum commit_outcome, const char *text);
void owner_scene(struct core *, struct owner *, struct scene *ret);

/* operate.c: openings, requests, what an event makes of a row */
void operation_open(struct core *, struct row *, enum operation, const struct wanted *);
void operation_send(struct core *, struct row *);
void operations_send(struct core *, struct owner *);
void operation_get(struct core *, struct row *);
void operation_check(struct core *, struct row *);
void operation_undo(struct core *, struct row *);                /* it was never sent */
void preflight_send(struct core *, struct owner *, struct gate *);
void row_event(struct core *, struct row *, enum row_event, const struct judgement *, const struct found *);
void row_read_due(struct core *, struct row *, int64_t at_ms);
void row_read_again(struct core *, struct row *);               /* a little later each time */
bool is_ours(const struct core *, const struct found *);       /* by its tag */
void row_shown(struct core *, struct row *, int64_t read_began_ms, const struct found *);
void row_absent(struct core *, struct row *, int64_t read_began_ms);
uint64_t flight_new(struct core *, struct flight);
bool flight_end(struct core *, uint64_t id, struct flight *ret);   /* false: of a life before the lease was lost */
struct call row_call(struct core *, const struct row *);
void row_back_off(struct core *, struct row *, const struct judgement *);
void row_refuse(struct core *, struct row *, const char *reason, const char *words);
/* What turned up late had the name, number or pair that others of its owner were refused for: they are tried again. */
void row_is_in_the_way(struct core *, const struct row *late);

/* answer.c */
void answer_take(struct core *, const struct event *);
void seal_take(struct core *, const struct event *);

/* gate.c: one account's window and condition */
bool gate_may_write(struct core *, struct gate *);
bool gate_may_read(struct core *, struct gate *);
bool gate_only_reports(const struct gate *);                   /* what somebody changed there is left so */
void gate_wish(struct core *, struct gate *, const char *verb, uint64_t id);

/* sweep.c */
void sweep_wish(struct gate *, uint64_t id, const char *name, const char *why);
void sweeps_turn(struct core *, struct gate *);
bool sweeps_are_done(struct core *, const struct gate *);                   /* at least one of them */
void sweeps_take(struct core *, struct gate *, struct buf *unit);           /* those go into the unit */
void sweeps_forget(struct gate *);
void gate_probe_now(struct core *, struct gate *);              /* if it is ill: somebody may have put it right */
void gate_recheck(struct core *, struct gate *);                /* the row or the configuration is another: may it be asked? */
void gate_resume(struct core *, struct gate *, int64_t ill_since_ms);   /* its condition was read from the database */
uint32_t gate_places_to_write(const struct core *, const struct gate *);
void gate_take_place(struct core *, struct gate *);            /* for a request that is about to be sent, or opened */
void gate_place_free(struct gate *);
void gate_tell(struct core *, struct gate *);                 /* it says anew how it stands, and so does who has something there */
void gate_condition(struct core *, struct gate *, const char *condition, const char *message);   /* "": fine */
void gate_answered(struct core *, struct gate *, const struct judgement *, const struct reply *);
void gate_probed(struct core *, struct gate *, const struct judgement *, const struct reply *);
void gate_turn(struct core *, struct gate *);
void gate_committed(struct core *, struct gate *, enum commit_outcome);
bool gate_healthy(const struct gate *);
int64_t gate_wake_ms(const struct core *, const struct gate *);

/* line.c: who waits for a place in a window */
void gate_wait(struct core *, struct gate *, struct owner *);
void line_call(struct core *, struct gate *);                   /* those who are first, as many as there are places */
void line_forget_owner(struct gate *, const struct owner *);
void line_forget(struct gate *);

/* figures.c: what there is to measure */
void figures_count(struct core *, const struct flight *, enum verdict);        /* of an answer, as it was judged in the end */

/* lookup.c: the records of numbers */
void record_take(struct owner *, const struct gate *, const struct found *, int64_t now_ms);    /* found NULL: not in the account */
void lookup_ask(struct core *, struct gate *, struct owner *);
void lookup_forget(struct owner *);
void lookups_send(struct core *, struct gate *);
void lookup_found(struct core *, const struct scan *list, const struct found *);
void lookup_done(struct core *, struct owner *, const struct gate *, const struct found *, int64_t began_ms);
void lookup_failed(struct core *, struct owner *, const char *words);
void lookups_end(struct core *, struct scan *list, const char *failure);

/* scan.c: lists */
struct scan *scan_start(struct gate *, const struct kind *, const char *parent);
void scan_account(struct core *, struct gate *);                /* a complete one */
void scan_row(struct row *);                     /* the list in which this row would show */
void scan_below(const struct kind *, struct row *parent);
void scans_send(struct core *, struct gate *);
void scan_answer(struct core *, const struct flight *, const struct reply *, const struct judgement *);
void scans_forget_owner(struct gate *, const struct owner *);
void scans_forget_row(struct gate *, const struct row *);
void scans_forget(struct gate *);
bool in_complete_scan(const struct kind *, const struct gate *);
bool scans_work(struct core *);                                 /* true: there is more to do at once */
void mark_below(struct core *, struct gate *);                  /* what lies below is to be looked at */

/* listed.c: what they say */
size_t listed_judge(struct core *, struct scan *, size_t most);
void listed_end(struct core *, struct scan *);
void account_list_ended(struct core *, struct gate *);
void scope_make(struct core *, struct scan *);
void scope_free(struct scope *);
void scope_forget_row(struct scope *, const struct row *);

/* unclaimed.c: objects with our tag that no row holds */
struct unclaimed *unclaimed_find(struct gate *, const struct owner *, const struct wanted *);
void unclaimed_adopt(struct core *, struct gate *, struct unclaimed *, struct row *);
void unclaimed_add(struct core *, struct scan *, const struct found *);
void unclaimed_bury(struct core *, struct scan *, const struct found *, const struct grave *);
void unclaimed_twin(struct core *, struct scan *, const struct found *, struct owner *);
void unclaimed_forget(struct gate *);
void wildcards_forget_found(struct gate *);                     /* likewise */
struct unclaimed *unclaimed_by_id(struct gate *, const struct kind *, const char *id);
/* It gets a row that nobody wants; *unclaimed is gone then. */
void unclaimed_sweep(struct core *, struct gate *, struct unclaimed *, struct owner *, const char *why);
void unclaimed_forget_listed(struct gate *);                    /* before a complete scan finds them anew */
void send_get(struct core *, struct flight, const struct request *, const char *what, const char *object);

/* place.c */
bool place_number(struct core *, struct owner *);               /* false: the account is full */
void verbs_apply(struct core *, struct owner *);                 /* at the beginning of a turn */
void verbs_take(struct owner *, struct buf *unit);               /* that they are done, into the unit */
void verbs_told(struct owner *, bool on_record);                 /* the unit was answered */
bool inputs_hash(struct core *, const struct owner *, char ret[static OWNER_CHARACTERS + 1]);

#endif
