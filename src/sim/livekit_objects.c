/* Create, update, get, delete of trunks and rules, in the order the server works: shape, existence and conflicts when the
 * request arrives (load), the store when it completes (run). Load and store are not atomic, so an update racing a delete brings
 * the object back, and two updates at once lose one of the changes. */
#include "livekit.h"

#include "json.h"

static const struct variant {
    const struct lk_message *message, *update;
    const char *id_field, *no_id, *id_on_create, *id_mismatch, *missing, *info_field, *no_info;
} variants[KIND_MAX_] = {
    [KIND_INBOUND_TRUNK] = { &lk_inbound, &lk_inbound_update, "sip_trunk_id", "trunk id must be set", "trunk id must not be set",
                             "trunk id in the info must be empty or match the id in the update", "requested sip trunk does not exist",
                             "trunk", "missing trunk" },
    [KIND_OUTBOUND_TRUNK] = { &lk_outbound, &lk_outbound_update, "sip_trunk_id", "trunk id must be set", "trunk id must not be set",
                              "trunk id in the info must be empty or match the id in the update", "requested sip trunk does not exist",
                              "trunk", "missing trunk" },
    [KIND_DISPATCH_RULE] = { &lk_rule_info, &lk_rule_update, "sip_dispatch_rule_id", "rule id must be set", "rule id must not be set",
                             "rule id in the info must be empty or match the id in the update",
                             "requested sip dispatch rule does not exist", "dispatch_rule", "missing rule" },
};

static enum sim_kind kind_of(const struct call *call) { return ((const struct lk_method *)call->route)->kind; }

const struct lk_message *lk_message_of(enum sim_kind kind) { return variants[kind].message; }

static const char *invalid(struct call *call, enum sim_kind kind, struct json_object *set)
{
    if (kind == KIND_INBOUND_TRUNK)
        return lk_inbound_invalid(&call->arena, set);
    return kind == KIND_OUTBOUND_TRUNK ? lk_outbound_invalid(&call->arena, set) : lk_rule_invalid(&call->arena, set);
}

/* False after a 400. Called at arrival when checks can be raced, else at completion. */
static bool no_conflict(struct sim *sim, struct call *call, const struct object *self)
{
    enum sim_kind kind = kind_of(call);
    const char *conflict = NULL;
    if (kind == KIND_INBOUND_TRUNK)
        conflict = lk_inbound_conflict(sim, call, call->loaded, self);
    else if (kind == KIND_DISPATCH_RULE)
        conflict = lk_rule_conflict(sim, call, call->loaded, self, get_json(call->request, "dispatch_rule") != NULL);
    if (conflict)
        twirp_error(call, "invalid_argument", conflict);
    return conflict == NULL;
}

/* ---- what is shown */

static struct json_object *shown_set(const struct object *o)
{
    struct json_object *set = json_copy(o->body);
    put_text(set, variants[o->kind].id_field, o->id);
    return set;
}

struct json_object *livekit_show(const struct sim *sim, const struct object *o, bool masked)
{
    struct json_object *set = shown_set(o), *password = get_json(set, "auth_password");
    if (password && masked)
        put_json(set, "auth_password", mask_secret(json_object_get_string(password)));
    else if (password && sim->set.livekit_hides_passwords)
        put_text(set, "auth_password", "");
    struct json_object *shown = lk_encode(variants[o->kind].message, set, !masked && sim->set.livekit_camel);
    json_object_put(set);
    return shown;
}

static void answer_object(struct sim *sim, struct call *call, const struct object *o) { answer_json(call, 200, livekit_show(sim, o, false)); }

/* ---- store */

static void stamp(const struct sim *sim, struct json_object *set, bool created)
{
    char now[40];
    date_iso(sim->now_ms, now, sizeof(now));
    if (!sim->set.livekit_stamps)
        return;
    if (created)
        put_text(set, "created_at", now);
    put_text(set, "updated_at", now);
}

/* Unconditional, like the server's: an object deleted meanwhile is there again. Takes call->loaded. */
static struct object *store(struct sim *sim, struct call *call, const char *id)
{
    enum sim_kind kind = kind_of(call);
    struct json_object *set = STEAL(call->loaded);
    struct object *o = id ? object_find(call->tenant, kind, NULL, id) : NULL;
    json_object_object_del(set, variants[kind].id_field);
    stamp(sim, set, o == NULL);
    if (o) {
        lk_past_keep(sim, o, true);
        json_object_put(o->body);
        o->body = set;
        object_touch(sim, o);
    } else {
        o = object_add(sim, call->tenant, kind, id, NULL, set);
        lk_past_keep(sim, o, false);
    }
    livekit_conflict_keys(o);
    call_committed(sim, call, o->key);
    return o;
}

/* ---- create */

/* The flat form has some of the fields of a rule at the top level; the rest cannot be said in it. */
static struct json_object *flat_rule(struct json_object *request)
{
    struct json_object *set = json_object_new_object();
    for (const struct lk_field *f = lk_rule_info.fields; f->name; f++) {
        struct json_object *value = get_json(request, f->name);
        if (value)
            put_json(set, f->name, json_copy(value));
    }
    return set;
}

static struct json_object *rule_with_media(struct json_object *info)
{
    struct json_object *set = json_copy(info), *effective = json_object_get(lk_effective_encryption(set));
    if (!get_json(set, "media")) {
        struct json_object *media = json_object_new_object();
        put_json(set, "media", media);
        if (effective)
            put_json(media, "encryption", json_object_get(effective));
    }
    json_object_put(effective);
    return set;
}

static const char *too_long(const struct sim *sim, struct json_object *set)
{
    size_t most = (size_t)sim->set.livekit_name_max;
    bool name = strlen(text_or(get_text(set, "name"), "")) > most, metadata = strlen(text_or(get_text(set, "metadata"), "")) > most;
    return most > 0 && (name || metadata) ? "name or metadata is too long" : NULL;
}

void lk_create_load(struct sim *sim, struct call *call)
{
    enum sim_kind kind = kind_of(call);
    const struct variant *v = &variants[kind];
    struct json_object *info = get_json(call->request, v->info_field);
    if (kind == KIND_DISPATCH_RULE)
        call->loaded = info ? rule_with_media(info) : flat_rule(call->request);
    else
        call->loaded = json_copy(info);
    const char *wrong = !call->loaded ? v->no_info : !text_is_empty(get_text(call->loaded, v->id_field)) ? v->id_on_create : NULL;
    wrong = wrong ? wrong : invalid(call, kind, call->loaded);
    wrong = wrong ? wrong : too_long(sim, call->loaded);
    if (wrong)
        twirp_error(call, "invalid_argument", wrong);
    else if (sim->set.livekit_racy_conflicts)
        (void)no_conflict(sim, call, NULL);
}

void lk_create_run(struct sim *sim, struct call *call)
{
    if (sim->set.livekit_racy_conflicts || no_conflict(sim, call, NULL))
        answer_object(sim, call, store(sim, call, NULL));
}

/* ---- update */

static const char *request_id(const struct call *call) { return text_or(get_text(call->request, variants[kind_of(call)].id_field), ""); }

static const char *update_shape_wrong(struct call *call)
{
    const struct variant *v = &variants[kind_of(call)];
    struct json_object *replace = get_json(call->request, "replace"), *update = get_json(call->request, "update");
    if (text_is_empty(request_id(call)))
        return v->no_id;
    if (!replace && !update)
        return "missing or unsupported update action";
    if (update)
        return lk_list_updates_wrong(v->update, update);
    const char *inner = get_text(replace, v->id_field);
    if (!text_is_empty(inner) && !text_equal(inner, request_id(call)))
        return v->id_mismatch;
    return invalid(call, kind_of(call), replace);
}

static struct object *visible(struct sim *sim, struct call *call, enum sim_kind kind, const char *id)
{
    struct object *o = object_find(call->tenant, kind, NULL, id);
    return o && object_visible(sim, o) ? o : NULL;
}

/* Applies a partial update to what was loaded; false after an error. */
static bool update_loaded(struct call *call, struct json_object *update)
{
    enum sim_kind kind = kind_of(call);
    lk_apply_update(variants[kind].update, update, call->loaded);
    const char *wrong = invalid(call, kind, call->loaded);
    if (!wrong)
        return true;
    if (kind == KIND_OUTBOUND_TRUNK)
        twirp_error(call, "unknown", wrong);
    else
        twirp_error(call, "invalid_argument", arena_printf(&call->arena, "twirp error unknown: %s", wrong));
    return false;
}

void lk_update_load(struct sim *sim, struct call *call)
{
    enum sim_kind kind = kind_of(call);
    const char *wrong = update_shape_wrong(call);
    struct object *o = wrong ? NULL : visible(sim, call, kind, request_id(call));
    struct json_object *replace = get_json(call->request, "replace");
    if (wrong) {
        twirp_error(call, "invalid_argument", wrong);
        return;
    }
    if (!o) {
        twirp_error(call, "not_found", variants[kind].missing);
        return;
    }
    call->loaded = json_copy(replace ? replace : o->body);
    if (!replace && !update_loaded(call, get_json(call->request, "update")))
        return;
    if (too_long(sim, call->loaded)) {
        twirp_error(call, "invalid_argument", too_long(sim, call->loaded));
        return;
    }
    if (sim->set.livekit_stamps)
        put_text(call->loaded, "created_at", get_text(o->body, "created_at"));
    if (sim->set.livekit_racy_conflicts)
        (void)no_conflict(sim, call, o);
}

void lk_update_run(struct sim *sim, struct call *call)
{
    const char *id = request_id(call);
    if (sim->set.livekit_racy_conflicts || no_conflict(sim, call, object_find(call->tenant, kind_of(call), NULL, id)))
        answer_object(sim, call, store(sim, call, id));
}

/* ---- get and delete */

void lk_get(struct sim *sim, struct call *call)
{
    const char *id = request_id(call);
    const struct object *o = lk_seen(sim, call->tenant, kind_of(call), id);
    if (text_is_empty(id)) {
        twirp_error(call, "invalid_argument", "trunk ID is required");
        return;
    }
    if (!o) {
        twirp_error(call, "not_found", variants[kind_of(call)].missing);
        return;
    }
    struct json_object *answer = json_object_new_object();
    put_json(answer, "trunk", livekit_show(sim, o, false));
    answer_json(call, 200, answer);
}

static void remove_object(struct sim *sim, struct call *call, struct object *o)
{
    lk_past_keep(sim, o, true);
    call_committed(sim, call, o->key);
    object_remove(o);
}

/* Both kinds of trunk; an unknown id is well too. */
void lk_delete_trunk(struct sim *sim, struct call *call)
{
    const char *id = request_id(call);
    if (text_is_empty(id)) {
        twirp_error(call, "invalid_argument", "trunk ID is required");
        return;
    }
    struct json_object *answer = json_object_new_object();
    struct object *o = visible(sim, call, KIND_INBOUND_TRUNK, id);
    put_text(answer, "sip_trunk_id", id);
    o = o ? o : visible(sim, call, KIND_OUTBOUND_TRUNK, id);
    if (o) {
        remove_object(sim, call, o);
    }
    lk_answer(sim, call, &lk_old_trunk, answer);
}

void lk_delete_rule(struct sim *sim, struct call *call)
{
    const char *id = request_id(call);
    struct object *o = visible(sim, call, KIND_DISPATCH_RULE, id);
    if (text_is_empty(id)) {
        twirp_error(call, "invalid_argument", "dispatch rule ID is required");
        return;
    }
    if (!o) {
        twirp_error(call, "not_found", sim->set.livekit_cloud_words ? "object cannot be found" : variants[KIND_DISPATCH_RULE].missing);
        return;
    }
    answer_object(sim, call, o);
    remove_object(sim, call, o);
}

/* ---- a phone call that nobody can place: there is no livekit-sip here */

static const char *dial_wrong(struct json_object *r)
{
    const char *to = get_text(r, "sip_call_to"), *name = get_text(r, "display_name");
    if (text_is_empty(get_text(r, "sip_trunk_id")) && text_is_empty(get_text(r, "sip_number")))
        return "missing sip trunk id and sip number";
    if (text_is_empty(to))
        return "missing sip callee number";
    if (strchr(to, '@'))
        return "SipCallTo should be a phone number or SIP user, not a full SIP URI";
    if (text_is_empty(get_text(r, "room_name")))
        return "missing room name";
    return name && strlen(name) > 128 ? "DisplayName too long (max 128 characters)" : NULL;
}

void lk_dial(struct sim *sim, struct call *call)
{
    const char *wrong = dial_wrong(call->request), *id = get_text(call->request, "sip_trunk_id");
    if (wrong)
        twirp_error(call, "invalid_argument", wrong);
    else if (!text_is_empty(id) && !visible(sim, call, KIND_OUTBOUND_TRUNK, id))
        twirp_error(call, "not_found", variants[KIND_OUTBOUND_TRUNK].missing);
    else
        twirp_error(call, "unavailable", "twirp error unknown: no response from servers");
}
