/* Routes of the control API: state, log, faults, settings, accounts, projects, numbers. The table in src/simd/README is its page
 * for people. */
#include "control.h"

#include "form.h"
#include "json.h"

void control_error(struct call *call, int status, const char *message)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "error", message);
    answer_json(call, status, o);
}

void control_done(struct call *call)
{
    struct json_object *o = json_object_new_object();
    put_bool(o, "ok", true);
    answer_json(call, 200, o);
}

static struct tenant *any_tenant(struct sim *sim, const char *id)
{
    struct tenant *t = tenant_find(sim, SIM_TWILIO, id);
    return t ? t : tenant_find(sim, SIM_LIVEKIT, id);
}

struct tenant *control_tenant(struct sim *sim, struct call *call, const char *id)
{
    struct tenant *t = any_tenant(sim, id);
    if (!t)
        control_error(call, 404, arena_printf(&call->arena, "no account or project \"%s\"", text_or(id, "")));
    return t;
}

/* ---- log, faults, settings */

static void get_log(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    struct form query;
    int64_t since = 0;
    form_parse(&call->arena, call->query, strlen(call->query), &query);
    const char *text = form_get(&query, "since");
    if (text && !text_to_int(text, 0, INT64_MAX, &since))
        control_error(call, 400, "since is not a number");
    else
        answer_json(call, 200, log_json(sim, (uint64_t)since));
}

static void delete_log(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    log_clear(sim);
    control_done(call);
}

static void get_faults(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();
    for (const struct fault *f = sim->faults; f; f = f->next)
        if (!f->removed)
            json_object_array_add(list, fault_json(f));
    put_json(o, "faults", list);
    answer_json(call, 200, o);
}

static void post_fault(struct sim *sim, struct call *call, struct json_object *body)
{
    char wrong[160];
    const struct fault *f = fault_add(sim, body, wrong, sizeof(wrong));
    if (f)
        answer_json(call, 201, fault_json(f));
    else
        control_error(call, 400, wrong);
}

static void delete_faults(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    for (struct fault *f = sim->faults; f; f = f->next)
        if (!f->removed)
            fault_remove(sim, f);
    control_done(call);
}

static struct fault *path_fault(struct sim *sim, struct call *call)
{
    struct fault *f = fault_find(sim, call->segments[2]);
    if (!f)
        control_error(call, 404, arena_printf(&call->arena, "no fault \"%s\"", call->segments[2]));
    return f;
}

static void get_fault(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    const struct fault *f = path_fault(sim, call);
    if (f)
        answer_json(call, 200, fault_json(f));
}

static void delete_fault(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    struct fault *f = path_fault(sim, call);
    if (!f)
        return;
    fault_remove(sim, f);
    control_done(call);
}

static void post_release(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    if (!path_fault(sim, call))
        return;
    struct json_object *o = json_object_new_object();
    put_int(o, "released", call_release(sim, call->segments[2]));
    answer_json(call, 200, o);
}

static void get_config(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    answer_json(call, 200, settings_json(&sim->set));
}

static void post_config(struct sim *sim, struct call *call, struct json_object *body)
{
    char wrong[160];
    if (settings_apply(&sim->set, body, wrong, sizeof(wrong)))
        get_config(sim, call, body);
    else
        control_error(call, 400, wrong);
}

/* ---- accounts and projects */

static void replace_text(char **text, const char *with)
{
    if (!with)
        return;
    free(*text);
    *text = must_strdup(with);
}

static void tenant_change(struct tenant *t, struct json_object *body)
{
    const char *region = get_text(body, "region");
    struct json_object *keys = get_array(body, "keys");
    replace_text(&t->name, get_text(body, "name"));
    replace_text(&t->sip_host, get_text(body, "sip_host"));
    replace_text(&t->secret, get_text(body, t->port == SIM_TWILIO ? "auth_token" : "api_secret"));
    if (get_json(body, "revoked"))
        t->revoked = get_bool(body, "revoked");
    if (region)
        t->wrong_region = text_equal(region, "wrong");
    for (size_t i = 0; i < array_length(keys); i++) {
        struct json_object *key = json_object_array_get_idx(keys, i);
        tenant_add_key(t, text_or(get_text(key, "sid"), ""), text_or(get_text(key, "secret"), ""));
    }
}

static struct json_object *tenant_json(const struct tenant *t)
{
    struct json_object *o = json_object_new_object();
    put_text(o, t->port == SIM_TWILIO ? "sid" : "api_key", t->id);
    put_text(o, "provider", t->port == SIM_TWILIO ? "twilio" : "livekit");
    put_text(o, "name", t->name);
    put_bool(o, "revoked", t->revoked);
    put_text(o, "region", t->wrong_region ? "wrong" : "right");
    if (t->port == SIM_LIVEKIT)
        put_text(o, "sip_host", t->sip_host);
    put_int(o, "in_flight", t->in_flight);
    put_int(o, "in_flight_peak", t->in_flight_peak);
    return o;
}

/* One that exists is changed. False: the body lacks its id or secret. */
static struct tenant *tenant_put(struct sim *sim, enum sim_port port, struct json_object *body)
{
    const char *id = get_text(body, port == SIM_TWILIO ? "sid" : "api_key");
    const char *secret = get_text(body, port == SIM_TWILIO ? "auth_token" : "api_secret");
    struct tenant *t = id ? tenant_find(sim, port, id) : NULL;
    if (!t && (text_is_empty(id) || text_is_empty(secret) || strlen(id) >= SIM_ID_BYTES))
        return NULL;
    t = t ? t : tenant_add(sim, port, id, secret);
    tenant_change(t, body);
    return t;
}

static void post_tenant(struct sim *sim, struct call *call, enum sim_port port, struct json_object *body)
{
    struct tenant *t = tenant_put(sim, port, body);
    if (t)
        answer_json(call, 200, tenant_json(t));
    else
        control_error(call, 400, port == SIM_TWILIO ? "sid and auth_token are needed" : "api_key and api_secret are needed");
}

static void post_account(struct sim *sim, struct call *call, struct json_object *body) { post_tenant(sim, call, SIM_TWILIO, body); }
static void post_project(struct sim *sim, struct call *call, struct json_object *body) { post_tenant(sim, call, SIM_LIVEKIT, body); }

static void post_tenant_change(struct sim *sim, struct call *call, struct json_object *body)
{
    struct tenant *t = control_tenant(sim, call, call->segments[2]);
    if (!t)
        return;
    tenant_change(t, body);
    answer_json(call, 200, tenant_json(t));
}

static void get_tenants(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();
    for (const struct tenant *t = sim->tenants; t; t = t->next)
        json_object_array_add(list, tenant_json(t));
    put_json(o, "tenants", list);
    answer_json(call, 200, o);
}

static void post_numbers(struct sim *sim, struct call *call, struct json_object *body)
{
    struct json_object *o = json_object_new_object(), *made = json_object_new_array();
    put_json(o, "phone_numbers", made);
    if (control_numbers_add(sim, call, body, made))
        answer_json(call, 201, o);
    else
        json_object_put(o);
}

/* ---- a whole world at once, and none at all */

/* {"config":{..},"accounts":[..],"projects":[..],"numbers":[..]}: what trunkd-sim --config reads. */
static void post_load(struct sim *sim, struct call *call, struct json_object *body)
{
    struct json_object *accounts = get_array(body, "accounts"), *projects = get_array(body, "projects");
    struct json_object *numbers = get_array(body, "numbers"), *config = get_json(body, "config"), *made = json_object_new_array();
    char wrong[160];
    bool ok = true;
    if (json_object_is_type(config, json_type_object) && !settings_apply(&sim->set, config, wrong, sizeof(wrong))) {
        control_error(call, 400, wrong);
        ok = false;
    }
    for (size_t i = 0; ok && i < array_length(accounts) + array_length(projects); i++) {
        bool account = i < array_length(accounts);
        struct json_object *one = json_object_array_get_idx(account ? accounts : projects, account ? i : i - array_length(accounts));
        ok = tenant_put(sim, account ? SIM_TWILIO : SIM_LIVEKIT, one) != NULL;
        if (!ok)
            control_error(call, 400, "an account needs sid and auth_token, a project api_key and api_secret");
    }
    for (size_t i = 0; ok && i < array_length(numbers); i++)
        ok = control_numbers_add(sim, call, json_object_array_get_idx(numbers, i), made);
    json_object_put(made);
    if (ok)
        control_done(call);
}

/* Everything but the clock, the tickets and the source of ids starts again. */
static void post_reset(struct sim *sim, struct call *call, struct json_object *body)
{
    (void)body;
    call_close_all(sim);
    faults_free(sim);
    log_clear(sim);
    store_release(sim);
    settings_init(&sim->set);
    control_done(call);
}

static const struct control_route { const char *method, *name; size_t segments; control_step run; } routes[] = {
    { "GET", "state", 2, control_state },
    { "GET", "log", 2, get_log },
    { "DELETE", "log", 2, delete_log },
    { "GET", "faults", 2, get_faults },
    { "POST", "faults", 2, post_fault },
    { "DELETE", "faults", 2, delete_faults },
    { "GET", "faults", 3, get_fault },
    { "DELETE", "faults", 3, delete_fault },
    { "POST", "release", 3, post_release },
    { "GET", "config", 2, get_config },
    { "POST", "config", 2, post_config },
    { "GET", "tenants", 2, get_tenants },
    { "POST", "accounts", 2, post_account },
    { "POST", "accounts", 3, post_tenant_change },
    { "POST", "projects", 2, post_project },
    { "POST", "projects", 3, post_tenant_change },
    { "POST", "numbers", 2, post_numbers },
    { "POST", "objects", 2, control_object_add },
    { "POST", "objects", 5, control_object_change },
    { "POST", "objects", 6, control_object_change },
    { "DELETE", "objects", 5, control_object_delete },
    { "DELETE", "objects", 6, control_object_delete },
    { "POST", "load", 2, post_load },
    { "POST", "reset", 2, post_reset },
    { "POST", "digest", 2, phone_digest },
    { "POST", "call", 2, phone_call },
};

void control_handle(struct sim *sim, struct call *call)
{
    CLEANUP(json_put_cleanup) struct json_object *body = call->body_bytes ? json_read_object(call->body, call->body_bytes) : json_object_new_object();
    if (!body) {
        control_error(call, 400, "the body is not a JSON object");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        const struct control_route *r = &routes[i];
        if (call->segments_count != r->segments || !text_equal(call->segments[1], r->name) || !text_equal(call->method, r->method))
            continue;
        r->run(sim, call, body);
        return;
    }
    control_error(call, 404, "no such control");
}
