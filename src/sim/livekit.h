/* What the LiveKit files share: messages and their JSON, tokens, validation, conflicts, methods. */
#ifndef TRUNKD_SIM_LIVEKIT_H
#define TRUNKD_SIM_LIVEKIT_H

#include "world.h"

enum lk_type { LK_TEXT, LK_BOOL, LK_INT, LK_ENUM, LK_DURATION, LK_TIMESTAMP, LK_MAP, LK_OPAQUE, LK_MESSAGE };

struct lk_message;
struct lk_field {
    const char *name;                   /* snake_case; camelCase is derived */
    enum lk_type type;
    bool repeated, explicit_presence, oneof;
    const char *const *names;           /* LK_ENUM: by number, NULL ends */
    const struct lk_message *message;   /* LK_MESSAGE */
};
struct lk_message { const char *name; const struct lk_field *fields; };     /* a NULL name ends the fields */

extern const struct lk_message lk_codec, lk_media, lk_agent, lk_room, lk_rule_direct, lk_rule_individual, lk_rule_callee, lk_rule,
    lk_list_update, lk_pagination, lk_inbound, lk_inbound_update, lk_outbound, lk_outbound_update, lk_rule_info, lk_rule_update,
    lk_old_trunk, lk_create_inbound, lk_update_inbound, lk_create_outbound, lk_update_outbound, lk_trunk_id, lk_list_trunks,
    lk_create_rule, lk_update_rule, lk_rule_id, lk_list_rules, lk_participant;

/* JSON as a client may send it to the fields that are set, snake_case; NULL: malformed. */
struct json_object *lk_decode(const struct lk_message *, struct json_object *in);
/* The set fields to what the server emits: every field in snake_case, or camelCase without defaults. */
struct json_object *lk_encode(const struct lk_message *, struct json_object *set, bool camel);

/* ---- tokens */

enum lk_token_fault { TOKEN_OK, TOKEN_NO_JWT, TOKEN_BAD_KEY, TOKEN_REFUSED };
/* Verifies signature and times; on TOKEN_REFUSED or TOKEN_BAD_KEY *ret_why says why. The claims are put by the caller. */
enum lk_token_fault lk_token_check(struct sim *, struct arena *, const char *token, struct tenant **ret_tenant,
                                   struct json_object **ret_claims, const char **ret_why);

/* ---- errors */
void twirp_error_meta(struct call *, const char *code, const char *message, const char *meta_key, const char *meta_value);

/* ---- validation and conflicts (livekit_rules.c): NULL or the sentence that refuses */
const char *lk_inbound_invalid(struct arena *, struct json_object *set);
const char *lk_outbound_invalid(struct arena *, struct json_object *set);
const char *lk_rule_invalid(struct arena *, struct json_object *set);
char *lk_normal_number(struct arena *, const char *number);
/* `self` is the object under update, NULL in a create; `all`: check every rule of the project, not only those that share. */
const char *lk_inbound_conflict(struct sim *, struct call *, struct json_object *set, const struct object *self);
const char *lk_rule_conflict(struct sim *, struct call *, struct json_object *set, const struct object *self, bool all);

/* ---- methods */
struct lk_method {
    const char *name;
    const struct lk_message *request;
    call_step load, run;                /* load may be NULL */
    enum sim_kind kind;
    bool new_server_only;               /* Get and Update: absent on an old server */
    bool call_grant;                    /* needs sip.call instead of sip.admin */
};
extern const struct lk_method lk_methods[];

void lk_create_load(struct sim *, struct call *);
void lk_create_run(struct sim *, struct call *);
void lk_update_load(struct sim *, struct call *);
void lk_update_run(struct sim *, struct call *);
void lk_get(struct sim *, struct call *);
void lk_delete_trunk(struct sim *, struct call *);
void lk_delete_rule(struct sim *, struct call *);
void lk_list(struct sim *, struct call *);
void lk_list_old_trunks(struct sim *, struct call *);
void lk_dial(struct sim *, struct call *);

/* What a read shows (livekit_past.c). */
const struct object *lk_seen(const struct sim *, struct tenant *, enum sim_kind, const char *id);
const struct object **lk_seen_by_id(const struct sim *, struct tenant *, enum sim_kind, size_t *ret_count);  /* the caller frees */

const struct lk_message *lk_message_of(enum sim_kind);
struct json_object *lk_effective_encryption(struct json_object *set);       /* borrowed; NULL: off */
void lk_answer(struct sim *, struct call *, const struct lk_message *, struct json_object *set);    /* takes set */
const struct lk_field *lk_field_named(const struct lk_message *, const char *snake_name);

/* Partial updates (livekit_update.c). NULL or the sentence that refuses; *object is changed in place. */
const char *lk_list_updates_wrong(const struct lk_message *update_message, struct json_object *update);
void lk_apply_update(const struct lk_message *update_message, struct json_object *update, struct json_object *object);

#endif
