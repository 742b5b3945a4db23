/* The control API's view of objects: all of them at once, and changes behind the providers' backs (drift, foreign objects). */
#include "control.h"

#include "form.h"
#include "json.h"
#include "livekit.h"
#include "twilio.h"

#define NUMBERS_AT_ONCE_MAX 100000

/* ---- the whole state */

static struct json_object *object_json(const struct sim *sim, const struct object *o)
{
    if (kinds_info[o->kind].port == SIM_LIVEKIT)
        return livekit_show(sim, o, true);
    struct json_object *shown = twilio_show(sim, o, "sim");
    if (o->kind == KIND_CREDENTIAL)
        put_json(shown, "password", mask_secret(text_or(o->secret, "")));
    return shown;
}

static struct json_object *tenant_state(const struct sim *sim, const struct tenant *t)
{
    struct json_object *state = json_object_new_object();
    for (int kind = 0; kind < KIND_MAX_; kind++) {
        struct json_object *list = json_object_new_array();
        if (kinds_info[kind].port != t->port) {
            json_object_put(list);
            continue;
        }
        for (const struct object *o = t->lists[kind].head; o; o = o->next)
            json_object_array_add(list, object_json(sim, o));
        put_json(state, kinds_info[kind].name, list);
    }
    return state;
}

void control_state(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    struct form query;
    form_parse(&call->arena, call->query, strlen(call->query), &query);
    const char *only = form_get(&query, "account");
    struct json_object *o = json_object_new_object(), *sides[SIM_PORT_MAX_] = { json_object_new_object(), json_object_new_object() };
    for (const struct tenant *t = sim->tenants; t; t = t->next)
        if (!only || text_equal(only, t->id))
            put_json(sides[t->port], t->id, tenant_state(sim, t));
    put_json(o, "twilio", sides[SIM_TWILIO]);
    put_json(o, "livekit", sides[SIM_LIVEKIT]);
    answer_json(call, 200, o);
}

/* ---- numbers */

static void merge(struct json_object *into, struct json_object *from)
{
    json_object_object_foreach(from, key, value) {
        if (json_object_object_get_ex(into, key, NULL))
            put_json(into, key, json_copy(value));
    }
}

/* "+15550100000" and 3: ...00, ...01, ...02. */
static void nth_number(const char *first, int64_t n, char *ret_number, size_t bytes)
{
    text_copy(ret_number, bytes, first);
    for (size_t i = strlen(ret_number); n > 0 && i > 1; i--) {
        int64_t sum = ret_number[i - 1] - '0' + n;
        ret_number[i - 1] = (char)('0' + sum % 10);
        n = sum / 10;
    }
}

bool control_numbers_add(struct sim *sim, struct call *call, struct json_object *body, struct json_object *made)
{
    const char *first = get_text(body, "phone_number"), *account = get_text(body, "account_sid");
    int64_t count = get_int(body, "count", 1);
    struct tenant *t = sim->tenants;
    while (t && (t->port != SIM_TWILIO || (account && !text_equal(account, t->id))))
        t = t->next;
    if (!t || !first || !text_is_e164(first) || count < 1 || count > NUMBERS_AT_ONCE_MAX) {
        control_error(call, 400, "numbers need a known account_sid, an E.164 phone_number and a count in range");
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        char number[32];
        nth_number(first, i, number, sizeof(number));
        struct json_object *fields = twilio_number_defaults(number), *line = json_object_new_object();
        merge(fields, body);
        put_text(fields, "phone_number", number);
        const struct object *o = object_add(sim, t, KIND_PHONE_NUMBER, count == 1 ? get_text(body, "sid") : NULL, NULL, fields);
        put_text(line, "sid", o->id);
        put_text(line, "phone_number", number);
        json_object_array_add(made, line);
    }
    return true;
}

/* ---- single objects */

static struct json_object *defaults_of(enum sim_kind kind, struct json_object *body)
{
    if (kind == KIND_TRUNK)
        return twilio_trunk_defaults();
    if (kind == KIND_RECORDING)
        return twilio_recording_defaults();
    if (kind == KIND_ORIGINATION_URL)
        return twilio_url_defaults();
    if (kind == KIND_PHONE_NUMBER)
        return twilio_number_defaults(text_or(get_text(body, "phone_number"), ""));
    if (kind == KIND_ADDRESS)
        return twilio_address_defaults();
    if (kind == KIND_CONNECTION_POLICY)
        return twilio_policy_defaults();
    if (kind == KIND_POLICY_TARGET)
        return twilio_target_defaults();
    if (kind == KIND_BYOC_TRUNK)
        return twilio_byoc_defaults();
    return json_object_new_object();
}

/* The stored form of what a test gives; NULL: not a body of this kind. */
static struct json_object *stored(enum sim_kind kind, struct json_object *body)
{
    if (kinds_info[kind].port == SIM_LIVEKIT)
        return lk_decode(lk_message_of(kind), body);
    struct json_object *o = defaults_of(kind, body);
    json_object_object_foreach(body, key, value)
        put_json(o, key, json_copy(value));
    return o;
}

static void set_password(struct object *o, struct json_object *body)
{
    const char *password = get_text(body, "password");
    if (o->kind != KIND_CREDENTIAL || !password)
        return;
    free(o->secret);
    o->secret = must_strdup(password);
}

void control_object_add(struct sim *sim, struct call *call, struct json_object *body)
{
    struct tenant *t = control_tenant(sim, call, get_text(body, "account"));
    int kind = sim_kind_by_name(get_text(body, "kind"));
    struct json_object *fields = get_json(body, "body");
    if (!t)
        return;
    if (fields && !json_object_is_type(fields, json_type_object)) {
        control_error(call, 400, "body is not an object");
        return;
    }
    if (kind < 0 || kinds_info[kind].port != t->port) {
        control_error(call, 400, "kind is unknown, or not one of this provider");
        return;
    }
    struct json_object *none = json_object_new_object(), *set = stored((enum sim_kind)kind, fields ? fields : none);
    json_object_put(none);
    if (!set) {
        control_error(call, 400, "body is not one of this kind");
        return;
    }
    struct object *o = object_add(sim, t, (enum sim_kind)kind, get_text(body, "id"), get_text(body, "parent"), set);
    set_password(o, body);
    livekit_conflict_keys(o);
    answer_json(call, 201, object_json(sim, o));
}

static struct object *path_object(struct sim *sim, struct call *call)
{
    struct tenant *t = control_tenant(sim, call, call->segments[2]);
    int kind = sim_kind_by_name(call->segments[3]);
    bool nested = call->segments_count == 6;
    if (!t)
        return NULL;
    struct object *o = kind < 0 ? NULL : object_find(t, (enum sim_kind)kind, nested ? call->segments[4] : NULL, call->segments[nested ? 5 : 4]);
    if (!o)
        control_error(call, 404, "no such object");
    return o;
}

void control_object_change(struct sim *sim, struct call *call, struct json_object *body)
{
    struct object *o = path_object(sim, call);
    bool livekit = o && kinds_info[o->kind].port == SIM_LIVEKIT;
    if (!o)
        return;
    struct json_object *fields = livekit ? lk_decode(lk_message_of(o->kind), body) : json_copy(body);
    if (!fields) {
        control_error(call, 400, "body is not one of this kind");
        return;
    }
    set_password(o, body);
    json_object_object_del(fields, "password");
    json_object_object_foreach(fields, key, value)
        put_json(o->body, key, json_copy(value));
    json_object_put(fields);
    livekit_conflict_keys(o);
    object_touch(sim, o);
    answer_json(call, 200, object_json(sim, o));
}

/* What stands below it, and, for a list, what says on which trunks it is. */
static void remove_what_depends(struct object *above)
{
    static const struct { enum sim_kind above, kind; bool by_id; } rows[] = {
        { KIND_CREDENTIAL_LIST, KIND_CREDENTIAL, false }, { KIND_CREDENTIAL_LIST, KIND_TRUNK_CREDENTIAL_LIST, true },
        { KIND_ADDRESS_LIST, KIND_ADDRESS, false }, { KIND_ADDRESS_LIST, KIND_TRUNK_ADDRESS_LIST, true },
        { KIND_CONNECTION_POLICY, KIND_POLICY_TARGET, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (struct object *o = above->tenant->lists[rows[i].kind].head, *next = NULL; o && rows[i].above == above->kind; o = next) {
            next = o->next;
            if (text_equal(rows[i].by_id ? o->id : o->parent, above->id))
                object_remove(o);
        }
    }
}

/* As if somebody had deleted it in the provider's console: what depends on it goes too. */
void control_object_delete(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    struct object *o = path_object(sim, call);
    if (!o)
        return;
    remove_what_depends(o);
    if (o->kind == KIND_TRUNK)
        twilio_trunk_remove(sim, o);
    else
        object_remove(o);
    control_done(call);
}
