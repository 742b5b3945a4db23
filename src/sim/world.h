/* What the simulator's files share: the world (accounts, objects, settings), a request in service, and the log.
 *
 * Objects are json-c trees plus the few facts the machine needs quickly. A Twilio object's tree holds what the API stores; urls,
 * links and dates are added when it is shown. A LiveKit object's tree is the decoded message: set fields only, snake_case. */
#ifndef TRUNKD_SIM_WORLD_H
#define TRUNKD_SIM_WORLD_H

#include <json-c/json.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/sim.h>
#include <trunkd/text.h>

#define SIM_ID_BYTES 64
#define SIM_BODY_BYTES_MAX ((size_t)128 << 20)

enum sim_kind {
    KIND_TRUNK, KIND_ORIGINATION_URL, KIND_CREDENTIAL_LIST, KIND_CREDENTIAL, KIND_TRUNK_CREDENTIAL_LIST, KIND_PHONE_NUMBER,
    KIND_ADDRESS_LIST, KIND_ADDRESS, KIND_TRUNK_ADDRESS_LIST, KIND_CONNECTION_POLICY, KIND_POLICY_TARGET, KIND_BYOC_TRUNK,
    KIND_RECORDING,
    KIND_INBOUND_TRUNK, KIND_OUTBOUND_TRUNK, KIND_DISPATCH_RULE, KIND_MAX_
};

struct kind_info { const char *name, *prefix; enum sim_port port; };
extern const struct kind_info kinds_info[KIND_MAX_];

struct object {
    struct object *prev, *next;         /* of its kind and tenant, oldest first */
    struct tenant *tenant;
    enum sim_kind kind;
    uint64_t seq;                       /* order of creation; page tokens rest on it */
    char id[SIM_ID_BYTES];
    char parent[SIM_ID_BYTES];          /* trunk, list or policy; "" where there is none */
    char key[2 * SIM_ID_BYTES];         /* unique within kind and tenant: id, or parent/id of an association */
    struct json_object *body;
    char *secret;                       /* password of a credential */
    int64_t created_ms, updated_ms;
    int64_t attached_ms;                /* numbers: since when on the trunk */
    uint64_t *conflict_keys;            /* LiveKit: hashes of the keys that two objects must not share */
    size_t conflict_keys_count;
    uint64_t *shared_keys;              /* LiveKit: hashes of its numbers or trunks; none: it is among everybody's */
    size_t shared_keys_count;
};

/* What an object was until a moment ago; without a body it was not there. */
struct past { struct past *next; int64_t until_ms; struct object was; };

struct object_list { struct object *head, *tail; size_t count; struct map by_key; struct past *past; };

struct api_key { struct api_key *next; char sid[SIM_ID_BYTES]; char *secret; };

struct tenant {                         /* a Twilio account or a LiveKit project */
    struct tenant *next;
    enum sim_port port;
    char id[SIM_ID_BYTES];              /* account SID, API key */
    char *name, *secret, *sip_host;
    struct api_key *keys;
    bool revoked, wrong_region;
    int64_t created_ms;
    int64_t in_flight, in_flight_peak;
    int64_t minute, minute_count;       /* rate window */
    struct object_list lists[KIND_MAX_];
};

struct tombstone { struct tombstone *next; char *domain; int64_t until_ms; char tenant[SIM_ID_BYTES]; };

/* One row per setting: name, smallest, largest, default. The README of src/simd says what each does. */
#define SIM_SETTINGS(X) \
    X(twilio_latency_ms, 0, 600000, 0) \
    X(livekit_latency_ms, 0, 600000, 0) \
    X(twilio_concurrency, 0, 100000, 100) \
    X(livekit_concurrency, 0, 100000, 0) \
    X(livekit_rate_per_minute, 0, 1000000, 0) \
    X(twilio_retry_after_s, 0, 3600, 0) \
    X(twilio_list_lag_ms, 0, 600000, 0) \
    X(livekit_list_lag_ms, 0, 600000, 0) \
    X(livekit_read_lag_ms, 0, 600000, 0) \
    X(twilio_cap_trunks, 0, 1000000, 100) \
    X(twilio_cap_credential_lists, 0, 1000000, 100) \
    X(twilio_cap_credentials, 0, 1000000, 1000) \
    X(twilio_cap_origination_urls, 0, 1000000, 10) \
    X(twilio_cap_address_lists, 0, 1000000, 1000) \
    X(twilio_cap_addresses, 0, 1000000, 25) \
    X(twilio_cap_connection_policies, 0, 1000000, 10000) \
    X(twilio_cap_policy_targets, 0, 1000000, 10) \
    X(twilio_cap_byoc_trunks, 0, 1000000, 0) \
    X(twilio_cap_lists_of_a_trunk, 0, 1000000, 0) \
    X(twilio_tombstone_ms, 0, INT64_C(31536000000), INT64_C(2592000000)) \
    X(twilio_tombstone_own, 0, 1, 1) \
    X(twilio_domain_taken_code, 20000, 29999, 21248) \
    X(twilio_refusal_status, 400, 499, 400) \
    X(twilio_mapped_list_delete, 0, 1, 0) \
    X(twilio_full_list_delete, 0, 1, 1) \
    X(twilio_policy_delete, 0, 1, 0) \
    X(twilio_byoc_delete, 0, 1, 1) \
    X(twilio_racy_names, 0, 1, 0) \
    X(twilio_keeps_case, 0, 1, 0) \
    X(twilio_sip_url_case, 0, 2, 0) \
    X(twilio_duplicate_url, 0, 1, 1) \
    X(twilio_empty_url, 0, 2, 1) \
    X(twilio_newest_first, 0, 1, 0) \
    X(twilio_pages_by_position, 0, 1, 0) \
    X(twilio_duplicate_username, 0, 1, 1) \
    X(twilio_attach_repeat, 0, 1, 0) \
    X(twilio_attach_moves, 0, 1, 1) \
    X(twilio_attach_refused_code, 20000, 29999, 20001) \
    X(twilio_unattached_caller_id, 0, 1, 1) \
    X(twilio_offers_without_secure, 0, 1, 1) \
    X(twilio_unknown_parameters, 0, 1, 0) \
    X(twilio_list_omits_domain, 0, 1, 0) \
    X(twilio_problem_json, 0, 1, 0) \
    X(livekit_camel, 0, 1, 0) \
    X(livekit_null_items, 0, 1, 0) \
    X(livekit_racy_conflicts, 0, 1, 1) \
    X(livekit_old_server, 0, 1, 0) \
    X(livekit_drops_media, 0, 1, 0) \
    X(livekit_everything_gone, 0, 1, 0) \
    X(livekit_page_cuts, 0, 1, 0) \
    X(livekit_stamps, 0, 1, 0) \
    X(livekit_hides_passwords, 0, 1, 0) \
    X(livekit_exp_required, 0, 1, 0) \
    X(livekit_name_max, 0, 1000000, 0) \
    X(livekit_body_bytes_max, 0, INT64_C(1000000000), 0) \
    X(livekit_cloud_words, 0, 1, 0)

struct settings {
#define X(name, min, max, standard) int64_t name;
    SIM_SETTINGS(X)
#undef X
};

enum fault_action {
    FAULT_STATUS,           /* an error, nothing done */
    FAULT_DROP_BEFORE,      /* closed, nothing done */
    FAULT_DROP_AFTER,       /* done, closed */
    FAULT_STATUS_AFTER,     /* done, an error */
    FAULT_GARBAGE,          /* done, 200 with a body nobody can read */
    FAULT_LATE_COMMIT,      /* closed or an error now, done later */
    FAULT_HANG,             /* nothing done, no answer; release closes */
    FAULT_HOLD_BEFORE,      /* loaded, not done, waits for release */
    FAULT_HOLD_AFTER,       /* done, the answer waits for release */
    FAULT_DELAY,            /* longer in service */
    FAULT_DELAY_AFTER,      /* done in time, answered late */
    FAULT_ACTION_MAX_
};

struct fault {
    struct fault *next;
    char id[SIM_ID_BYTES];
    int port;                           /* enum sim_port, or -1: both */
    char *account, *method, *path, *body_part;      /* NULL: any */
    int64_t from, count;                /* of the matches, the from-th to the (from+count-1)-th; count 0: for ever */
    enum fault_action action;
    int64_t status, code, delay_ms;
    char *text, *content_type, *message, *twirp;    /* NULL: the provider's own */
    int64_t matched, fired;
    bool removed;                       /* requests in service may still point here; freed with the world */
};

struct log_entry {
    uint64_t seq, ticket;
    int64_t arrived_ms, answered_ms;    /* answered_ms -1: not yet */
    enum sim_port port;
    char account[SIM_ID_BYTES];
    char *method, *path, *query, *body;
    int status;                         /* 0: none (open, or closed without an answer) */
    char fault[SIM_ID_BYTES];
    char object[2 * SIM_ID_BYTES];      /* key of the object that was written */
    bool committed, closed, gone;
    int64_t committed_ms, in_flight;
    bool open, dropped;                 /* its request still writes to it; cleared from the log meanwhile */
};

struct sim_log { struct log_entry **entries; size_t count, capacity; uint64_t next_seq; };

enum call_state { CALL_SERVING, CALL_ANSWERING, CALL_LATE, CALL_HELD_BEFORE, CALL_HELD_AFTER, CALL_HUNG };

struct call;
typedef void (*call_step)(struct sim *, struct call *);

struct call {
    struct call *prev, *next;
    struct arena arena;                 /* the request's texts and all scratch of its handlers */
    uint64_t ticket;
    int64_t due_ms;
    enum call_state state;
    enum sim_port port;
    const char *method, *path, *query, *host, *content_type, *authorization;
    const char *body;
    size_t body_bytes;
    struct tenant *tenant;
    call_step run;                      /* executes at completion and fills the answer */
    call_step load;                     /* what the server reads when the request arrives; NULL: nothing */
    const void *route;                  /* of the provider's table */
    uint64_t seq_at_arrival;            /* objects made later have a greater one */
    const char *segments[8];            /* of the path, unescaped */
    size_t segments_count;
    struct json_object *request;        /* LiveKit: decoded message */
    struct json_object *loaded;         /* LiveKit: the object as read at arrival */
    bool load_failed;                   /* the answer was made at arrival */
    struct fault *fault;
    struct log_entry *entry;
    bool answered, gone;
    struct sim_answer answer;
};

struct answer_node { struct answer_node *next; struct sim_answer answer; };

struct sim {
    struct settings set;
    uint64_t seed, random_state;
    int64_t now_ms;
    uint64_t next_ticket, next_seq, next_fault;
    struct tenant *tenants;
    struct tombstone *tombstones;
    struct fault *faults;
    struct call *due_head, *due_tail;   /* by due_ms, then ticket */
    struct call *held;
    struct answer_node *answers, *answers_tail;
    struct sim_log log;
};

/* store.c */
uint64_t sim_random(struct sim *);
void sim_random_id(struct sim *, enum sim_kind, char *ret_id);
struct tenant *tenant_find(struct sim *, enum sim_port, const char *id);
struct tenant *tenant_add(struct sim *, enum sim_port, const char *id, const char *secret);
void tenant_add_key(struct tenant *, const char *sid, const char *secret);
struct object *object_add(struct sim *, struct tenant *, enum sim_kind, const char *id, const char *parent, struct json_object *body);
struct object *object_find(struct tenant *, enum sim_kind, const char *parent, const char *id);
void object_remove(struct object *);
void object_touch(struct sim *, struct object *);
bool object_visible(const struct sim *, const struct object *);     /* region, mode and tenant; not the lag */
bool object_listed(const struct sim *, const struct object *);      /* object_visible and past the list lag */
struct object **objects_by_id(struct tenant *, enum sim_kind, size_t *ret_count);   /* the caller frees */
int object_compare_ids(const void *, const void *);                     /* two pointers to objects, for qsort() */
void store_release(struct sim *);
void tombstone_add(struct sim *, const char *domain, const struct tenant *);
bool tombstone_holds(const struct sim *, const char *domain, const struct tenant *);
int sim_kind_by_name(const char *name);                                 /* -1: none */

/* settings.c */
void settings_init(struct settings *);
bool settings_apply(struct settings *, struct json_object *changes, char *ret_wrong, size_t wrong_bytes);
struct json_object *settings_json(const struct settings *);

/* call.c */
void answer_text(struct call *, int status, const char *content_type, const char *text);
void answer_json(struct call *, int status, struct json_object *body);      /* takes the object */
void answer_empty(struct call *, int status);
void answer_header(struct call *, const char *name, const char *value);
void call_committed(struct sim *, struct call *, const char *key);
int64_t call_release(struct sim *, const char *fault_id);            /* returns how many were held */
void call_close_all(struct sim *);

/* fault.c */
struct fault *fault_match(struct sim *, const struct call *);
struct fault *fault_add(struct sim *, struct json_object *rule, char *ret_wrong, size_t wrong_bytes);
struct fault *fault_find(struct sim *, const char *id);
void fault_remove(struct sim *, struct fault *);         /* releases what it holds */
void faults_free(struct sim *);
void fault_answer(struct sim *, struct call *, const struct fault *);
struct json_object *fault_json(const struct fault *);
bool glob_match(const char *pattern, const char *text);

/* log.c */
struct log_entry *log_add(struct sim *, const struct call *);
void log_clear(struct sim *);
struct json_object *log_json(const struct sim *, uint64_t since);
char *log_mask_body(enum sim_port, const char *content_type, const char *body, size_t bytes);
void log_entry_free(struct log_entry *);
struct json_object *mask_secret(const char *secret);    /* same secret, same mask; "" stays "" */

/* date.c */
void date_iso(int64_t ms, char *ret_text, size_t bytes);        /* 2015-01-02T11:23:45Z */
void date_rfc2822(int64_t ms, char *ret_text, size_t bytes);    /* Thu, 30 Jul 2015 23:19:04 +0000 */

/* twilio.c, livekit.c: set up call->tenant, ->run and ->load, or answer at once (then run stays NULL) */
void twilio_accept(struct sim *, struct call *);
void livekit_accept(struct sim *, struct call *);
void twilio_error(struct sim *, struct call *, int status, int64_t code, const char *message);
void twirp_error(struct call *, const char *code, const char *message);
const char *twirp_code_of(int64_t status);

/* twilio_show.c */
struct json_object *twilio_show(const struct sim *, const struct object *, const char *host);
void twilio_trunk_remove(struct sim *, struct object *trunk);
struct object *twilio_domain_holder(struct sim *, const char *domain);
void number_set_trunk(struct sim *, struct object *number, const char *trunk_sid);

/* livekit_past.c: the caller of lk_past_keep() changes the object next */
void lk_past_keep(struct sim *, const struct object *, bool is_there);
void lk_past_free(struct object_list *, int64_t until_ms);

/* livekit_rules.c */
struct json_object *livekit_show(const struct sim *, const struct object *, bool masked);
void livekit_conflict_keys(struct object *);

/* control.c */
void control_handle(struct sim *, struct call *);

#endif
