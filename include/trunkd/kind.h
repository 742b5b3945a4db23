/* A kind: one sort of external object. Each is one file that exports one `const struct kind`; nothing else knows its rules.
 *
 * A kind looks at ONE owner's scene and never loops over the fleet. Order is the plan's business, time is reconcile's. */
#ifndef TRUNKD_KIND_H
#define TRUNKD_KIND_H

#include <stddef.h>
#include <trunkd/buf.h>
#include <trunkd/model.h>
#include <trunkd/request.h>

enum kind_id {
#define KIND(id, name, owner, family) KIND_##id,
#include <trunkd/kinds.def>
#undef KIND
    KIND_MAX_
};

/* ---- Specs: what an object is, as one canonical text per field --------------------------------------------------------
 * Absent, null, "", [], {}, 0, false and the zero name of an enum are all NULL, so two specs are equal when their texts are.
 * Sets are sorted JSON arrays without repeats, maps are JSON objects with sorted keys, numbers are decimal, durations are in
 * seconds ("45s", "1.5s"). */
#define SPEC_FIELDS_MAX 16

struct spec {
    const char *value[SPEC_FIELDS_MAX];     /* by index into the kind's field table */
    const char *secret;                     /* reference of the FIELD_SECRET field's value */
    const char *secret_place;               /* what that reference is for: resource_secret_place() of the row that holds it */
    uint32_t left_out;                      /* of an answer: the fields, by bit, that it does not speak of */
};

enum field_type {
    FIELD_TEXT, FIELD_BOOL, FIELD_INT, FIELD_DURATION, FIELD_ENUM, FIELD_SET, FIELD_MAP, FIELD_SECRET,
    FIELD_VARIANT,              /* which one of several members an object holds (a oneof); it is written even when NULL */
    FIELD_PAIRS,                /* a map whose entries the provider writes as objects of two texts */
};

enum {
    FIELD_REF = 1 << 0,         /* an id or name that another object has to have first: an operation without it is blocked */
    FIELD_WRITE_ONLY = 1 << 1,  /* the provider does not show it: what was sent counts as applied */
    FIELD_IN_PATH = 1 << 2,     /* not in the body: the parent's id, or an id the path carries */
    FIELD_ALWAYS = 1 << 3,      /* Twilio: written even when NULL, as its zero */
    FIELD_SPARING = 1 << 4,     /* Twilio: an update does not empty what was shown empty: whether an empty value is taken is not known */
    FIELD_SHOWN = 1 << 5,       /* the provider's own: read and kept for people, never wanted, never sent, never compared */
};

struct field {
    const char *name;               /* in the ledger's applied document, in plans and events */
    const char *wire;               /* in the request: form parameter (Twilio), or path in the object (LiveKit:
                                     * "room_config.agents"); "rule.*.pin" is a member of whichever
                                     * variant the field "rule.*" before it names */
    const char *read;               /* in the answer, a path too, or several with '|' between, of which the first counts that leads to
                                     * something; NULL: same as wire, WRITE_ONLY: nowhere */
    enum field_type type;
    unsigned flags;
    const char *const *names;       /* FIELD_ENUM, FIELD_VARIANT: provider's names, NULL-terminated; the first is zero. FIELD_PAIRS: the two */
};

/* ---- The ledger row ---------------------------------------------------------------------------------------------------- */
struct resource {
    /* key */
    const struct kind *kind;
    enum owner_type owner_type;
    const char *owner, *slot, *account;     /* slot: "" where there is one object only */
    /* facts */
    enum known known;
    enum open open;
    bool missing;                           /* was live, and somebody else has removed it; until it is there again */
    bool changed;                           /* is live, and somebody else has changed it; until it is written again */
    bool in_doubt;                          /* a write whose answer was lost may still be carried out: it may become anything that was ever sent */
    bool used;                              /* a password's row: an object of a number shows it, or did until a short while ago */
    char nonce[NONCE_CHARACTERS + 1];       /* of this incarnation; "": none made yet */
    char tag[TAG_BYTES];                    /* made of it; "" while there is no nonce */
    const char *external_id;                /* NULL: not known */
    const char *parent_id;                  /* id of the object it lies below, as applied; NULL: none */
    struct spec applied;                    /* as the provider last showed it (what it does not show: as we last sent it) */
    struct spec sent;                       /* of the open create or update */
    const char *secret;                     /* sealed password made for this object, or the reference that people wrote for it */
    const char *secret_version;             /* its fingerprint; NULL: nobody has looked, or there is none behind the reference */
    const char *note;                       /* twilio.trunk_phone_number: the previous routing, JSON text */
    const char *refusal, *message;          /* reason name and the provider's words; NULL: not refused */
};

/* The place of a password made for a row: "sip/<owner>/<kind>/<slot>/<account>". Sealed for it, and filled in for it only. */
const char *resource_secret_place(const struct resource *, struct arena *);
/* Of a password's row, whose slot is the version: 1 and up; 0: it is none (it turned up late, and is to be removed). */
int64_t resource_version(const struct resource *);
/* Slot of what turned up late, or twice: with its own nonce behind it. Nobody wants it, and nothing leads to it. */
#define SLOT_LATE "late-"
bool resource_is_late(const struct resource *);

/* ---- What want() may look at ------------------------------------------------------------------------------------------- */
struct trunk_counts {
    uint32_t inbound, outbound;             /* numbers on it that want that direction and are not refused */
    uint32_t held[KIND_MAX_];               /* by number-owned kind: rows of its numbers that are, or may be, there */
    uint32_t refuse_plain, refuse_encrypted;        /* numbers on it, or leaving it, whose objects refuse such calls, or may */
};

struct scene {
    enum owner_type owner_type;
    const char *owner;                      /* E.164, or the trunk's uuid */
    const struct number *number;            /* NULL: for a trunk, and for a number whose row is gone or refused */
    const struct agent *agent;              /* of the number; NULL: none */
    const char *trunk;                      /* uuid: a number's trunk, or the trunk itself; NULL: not placed, or provider sip */
    bool trunk_wanted;                      /* for a trunk: its row exists, or a number is placed on it */
    const struct account *account;          /* the Twilio account wanted; NULL: none */
    const struct account *project;          /* the LiveKit project wanted */
    struct trunk_counts on_trunk;           /* for a trunk */
    const char *twilio_trunk;               /* settings of the trunk, for a number of its trunk, as JSON text; NULL: none */
    const struct resource *const *rows;     /* ledger: the owner's own rows, and for a number its trunk's */
    size_t rows_count;
    const char *const *origins;             /* hosts that secrets may lead to (allowed_origins of the configuration), NULL-terminated */
    bool any_origin;                        /* nothing is sent, and the configuration is not known (`trunkctl plan`) */
};

/* The rows of a kind in the account wanted, one by one: *position begins at 0. NULL: no more. */
const struct resource *scene_next(const struct scene *, enum kind_id, size_t *position);
/* That of a slot, or NULL. slot NULL: the only or first one. */
const struct resource *scene_find(const struct scene *, enum kind_id, const char *slot);
/* Its external id, if it is live; else NULL. */
const char *scene_id(const struct scene *, enum kind_id, const char *slot);

struct wanted {
    const struct kind *kind;
    const char *slot, *account;
    const char *label;                      /* goes before the tag where a person reads the name; may be "" */
    bool spare;                             /* calls flow without it: in a move nothing waits for it, and left removed it holds up nobody */
    const char *after;                      /* what has to stand before it is made, and it needs for nothing else: the slot of one of its
                                             * kind, or a kind's name; NULL: nothing */
    const char *waits;                      /* not all that is asked for can be had yet, and this is what it waits for; NULL: it can */
    bool retiring;                          /* only until nothing leads to it any more: another one takes its place */
    struct spec spec;                       /* REF fields are NULL while unknown; fields that carry the tag are filled by tag() */
    bool alone;                             /* it leads to nothing of ours: its REF fields may stay NULL, and what its kind needs is not asked for */
    bool refers;                            /* spec.secret is a reference that people wrote: what is behind it is looked at now and then */
    const char *lacks;                      /* what of the daemon's configuration it cannot be written without, in words; NULL: nothing */
};
#define WANTED_MAX 32

/* ---- Talking to the provider -------------------------------------------------------------------------------------------- */
struct call {
    const struct account *account;
    const struct resource *resource;        /* of a list below a parent: any row that lies there (only parent_id is read) */
    const struct spec *spec;                /* create, update: the whole object */
    const char *cursor;                     /* list: next page as decode() gave it; NULL: first page */
    struct arena *arena;                    /* everything in *ret_request lives here */
};

struct found {
    const char *id, *parent;
    struct tag tag;                         /* tag.nonce "" : carries none */
    struct spec spec;
    const char *note;                       /* twilio.trunk_phone_number: the routing shown, JSON text */
    const char *name;                       /* for people: friendly name, phone number */
};

enum recognised { BY_TAG, BY_PAIR, BY_KEY };            /* PAIR: parent and child id; KEY: the number itself */
/* ASIDE: of the account too, but no part of its complete scan, for most have none of it and their keys may lack the right: it is looked at
 * where the ledger has one, or is about to make one for an owner that it may have forgotten something of. */
enum list_scope { LIST_PER_ACCOUNT, LIST_PER_PARENT, LIST_ASIDE };
enum repeat     { REPEAT_SAFE, REPEAT_MUST_WAIT };      /* of a create in doubt: the provider refuses a second one, or it does not */

enum operation { OP_CREATE, OP_UPDATE, OP_DELETE, OP_GET, OP_LIST, OP_CHECK, OP_PROBE, OP_MAX_ };

enum verdict {
    VERDICT_UNKNOWN,            /* zero, and the default: it may have happened */
    VERDICT_DONE,
    VERDICT_GONE,               /* the object is not there */
    VERDICT_TAKEN,              /* create: the name, number or pair is in use, maybe by ours; delete: something still needs it */
    VERDICT_REFUSED,            /* for good, until something wanted changes */
    VERDICT_LATER,              /* not processed; try again (429, capacity is REFUSED_FULL) */
    VERDICT_FULL,               /* the account's limit: not processed */
    VERDICT_ACCOUNT,            /* says something about the account (401, closed, wrong server): confirm by a cheap list */
    VERDICT_NOT_SENT,
    VERDICT_MAX_
};

struct judgement {
    enum verdict verdict;
    const char *reason;         /* a name of reasons.def for REFUSED, FULL, ACCOUNT; else NULL */
    const char *words;          /* one line for people: HTTP status, provider's code and message; in the arena */
    int64_t retry_after_ms;     /* -1: not given */
};

/* Calls that an object refuses, by whether their media are encrypted. */
enum { REFUSES_PLAIN = 1, REFUSES_ENCRYPTED = 2 };

struct need { enum kind_id kind; };         /* owner follows from the kind; read forwards for create, backwards for delete */

struct kind {
    enum kind_id id;
    const char *name;                       /* "twilio.trunk" */
    enum owner_type owner;
    enum family family;
    enum recognised recognised;
    enum list_scope scope;
    enum repeat repeat;
    bool region_bound;                      /* a list that shows none of ours means the wrong place (brake) */
    bool makes_secret;                      /* its FIELD_SECRET is a password that trunkd makes and keeps in the row */
    bool goes_with_parent;                  /* the parent's end is its end */
    const char *catches_all_without[5];     /* fields of which none is there when the object takes everybody's calls; NULL first: no object does */
    bool remove_answer_proves;              /* the answer to the delete is itself the observation (give-back) */
    const struct field *fields;
    size_t fields_count;
    const enum kind_id *needs;              /* of a kind that is listed below a parent, that one comes first */
    size_t needs_count;
    /* Which objects of this kind the owner wants; returns how many (at most max). */
    size_t (*want)(const struct scene *, struct arena *, struct wanted *ret, size_t max);
    /* Which calls the object refuses, or may refuse yet; NULL: none. */
    unsigned (*refuses)(const struct resource *);
    /* Writes the tag (and the label) into the fields that carry it. */
    void (*tag)(const char *tag, const char *label, struct arena *, struct spec *);
    void (*create)(const struct call *, struct request *ret);
    void (*update)(const struct call *, struct request *ret);      /* a full replace; NULL: there is none */
    void (*remove)(const struct call *, struct request *ret);
    void (*get)(const struct call *, struct request *ret);         /* by external id: NULL: there is none, use list */
    void (*list)(const struct call *, struct request *ret);
    /* What must read empty before remove is sent (the numbers on a Twilio trunk); NULL: nothing. decode of its answer: check_empty */
    void (*check)(const struct call *, struct request *ret);
    /* Of OP_CHECK: NULL: empty, else one sentence about what is in the way. */
    const char *(*check_empty)(const struct call *, const struct reply *, struct err *);
    /* Objects in a 2xx answer: one for create, update and get (get of a list by ids: none when it is not there), many for a list.
     * Items are passed one by one. *ret_cursor: the next page or NULL. False: the body is not what it should be. */
    bool (*decode)(enum operation, const struct call *, const struct reply *,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *);
    struct judgement (*judge)(enum operation, const struct reply *, struct arena *);
};

extern const struct kind *const kinds[KIND_MAX_];
const struct kind *kind_by_name(const char *name);          /* NULL: unknown */

/* The cheap request that proves credentials, host and version of an account and changes nothing (OP_PROBE), and its judgement. */
void account_probe(const struct account *, struct arena *, struct request *ret);
struct judgement account_judge(const struct account *, enum operation, const struct reply *, struct arena *);
/* Origin ("https://host:port") that requests to this account go to when it is not the provider's own; NULL: the provider's own. */
const char *account_foreign_origin(const struct account *, struct arena *);

/* How many requests a minute it may be sent; 0: as many as its window lets through. */
int64_t account_requests_per_minute(const struct account *, struct arena *);
/* The termination address of an account when it is not below twilio.com; NULL: none given, or Twilio's own. */
const char *account_foreign_termination(const struct account *);

/* Whether that origin, or host, is one of a NULL-terminated list. */
bool origin_listed(const char *const *origins, const char *origin);

/* A number of a Twilio account looked up by its E.164 text (the preflight); decode as KIND_TRUNK_PHONE_NUMBER with OP_LIST. */

/* ---- Specs as documents, drawn from the field table ---------------------------------------------------------------------- */
struct json;
void spec_write(const struct kind *, const struct spec *, struct buf *);                    /* JSON object, NULL fields left out */
void spec_read(const struct kind *, const struct json *, struct arena *, struct spec *ret); /* unknown members are ignored */
void spec_copy(const struct kind *, const struct spec *from, struct arena *, struct spec *ret);
/* Index of the first field that differs, from `from` on, of those that are not FIELD_SHOWN; fields_count: none. */
size_t spec_differs(const struct kind *, const struct spec *, const struct spec *, size_t from);
/* Whether all of it is the same, what is only FIELD_SHOWN too. */
bool spec_equal(const struct kind *, const struct spec *, const struct spec *);
/* Name of the first REF field that is NULL; NULL: none is missing. */
const char *spec_missing(const struct kind *, const struct spec *);
/* applied := what was found; fields the provider does not show are taken from `sent` (NULL: stay unknown). */
void spec_observe(const struct kind *, const struct spec *found, const struct spec *sent, struct arena *, struct spec *ret);

#endif
