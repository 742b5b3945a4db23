/* LiveKit's front: tokens, routes, twirp errors.
 *
 *   1. A token that is there must be good, whatever the path: otherwise 401 as plain text.
 *   2. Wrong service 404 as text; wrong method, verb or content type 404 bad_route. All before grants.
 *   3. Then the body is decoded (400 malformed), then the grant is checked (401 as JSON). */
#include "livekit.h"

#include "form.h"
#include "json.h"

#define TEXT_PLAIN "text/plain; charset=utf-8"
#define SERVICE "livekit.SIP"

static const struct { const char *code; int status; } twirp_codes[] = {
    { "invalid_argument", 400 }, { "malformed", 400 }, { "out_of_range", 400 }, { "unauthenticated", 401 }, { "permission_denied", 403 },
    { "not_found", 404 }, { "bad_route", 404 }, { "canceled", 408 }, { "deadline_exceeded", 408 }, { "already_exists", 409 },
    { "aborted", 409 }, { "failed_precondition", 412 }, { "resource_exhausted", 429 }, { "unknown", 500 }, { "internal", 500 },
    { "data_loss", 500 }, { "unimplemented", 501 }, { "unavailable", 503 },
};

const char *twirp_code_of(int64_t status)
{
    for (size_t i = 0; i < ARRAY_SIZE(twirp_codes); i++)
        if (twirp_codes[i].status == status)
            return twirp_codes[i].code;
    return "unknown";
}

static int status_of(const char *code)
{
    for (size_t i = 0; i < ARRAY_SIZE(twirp_codes); i++)
        if (text_equal(twirp_codes[i].code, code))
            return twirp_codes[i].status;
    return 500;
}

/* Angle brackets and ampersands are escaped in errors, and only there. */
void twirp_error_meta(struct call *call, const char *code, const char *message, const char *meta_key, const char *meta_value)
{
    struct buf plain, out;
    buf_init(&plain, SIM_BODY_BYTES_MAX);
    buf_init(&out, SIM_BODY_BYTES_MAX);
    json_open(&plain, '{');
    json_key_text(&plain, "code", code);
    json_key_text(&plain, "msg", message);
    if (meta_key) {
        json_key(&plain, "meta");
        json_open(&plain, '{');
        json_key_text(&plain, meta_key, meta_value);
        json_close(&plain, '}');
    }
    json_close(&plain, '}');
    for (const char *p = plain.data; *p; p++) {
        if (*p == '<' || *p == '>' || *p == '&')
            buf_printf(&out, "\\u%04x", (unsigned)*p);
        else
            buf_addc(&out, *p);
    }
    answer_text(call, status_of(code), "application/json", out.data);
    buf_release(&plain);
    buf_release(&out);
}

void twirp_error(struct call *call, const char *code, const char *message) { twirp_error_meta(call, code, message, NULL, NULL); }

void lk_answer(struct sim *sim, struct call *call, const struct lk_message *m, struct json_object *set)
{
    answer_json(call, 200, lk_encode(m, set, sim->set.livekit_camel));
    json_object_put(set);
}

/* ---- routes */

const struct lk_method lk_methods[] = {
    { "CreateSIPInboundTrunk", &lk_create_inbound, lk_create_load, lk_create_run, KIND_INBOUND_TRUNK, false, false },
    { "CreateSIPOutboundTrunk", &lk_create_outbound, lk_create_load, lk_create_run, KIND_OUTBOUND_TRUNK, false, false },
    { "CreateSIPDispatchRule", &lk_create_rule, lk_create_load, lk_create_run, KIND_DISPATCH_RULE, false, false },
    { "UpdateSIPInboundTrunk", &lk_update_inbound, lk_update_load, lk_update_run, KIND_INBOUND_TRUNK, true, false },
    { "UpdateSIPOutboundTrunk", &lk_update_outbound, lk_update_load, lk_update_run, KIND_OUTBOUND_TRUNK, true, false },
    { "UpdateSIPDispatchRule", &lk_update_rule, lk_update_load, lk_update_run, KIND_DISPATCH_RULE, true, false },
    { "GetSIPInboundTrunk", &lk_trunk_id, NULL, lk_get, KIND_INBOUND_TRUNK, true, false },
    { "GetSIPOutboundTrunk", &lk_trunk_id, NULL, lk_get, KIND_OUTBOUND_TRUNK, true, false },
    { "ListSIPInboundTrunk", &lk_list_trunks, NULL, lk_list, KIND_INBOUND_TRUNK, false, false },
    { "ListSIPOutboundTrunk", &lk_list_trunks, NULL, lk_list, KIND_OUTBOUND_TRUNK, false, false },
    { "ListSIPDispatchRule", &lk_list_rules, NULL, lk_list, KIND_DISPATCH_RULE, false, false },
    { "ListSIPTrunk", &lk_list_trunks, NULL, lk_list_old_trunks, KIND_INBOUND_TRUNK, false, false },
    { "DeleteSIPTrunk", &lk_trunk_id, NULL, lk_delete_trunk, KIND_INBOUND_TRUNK, false, false },
    { "DeleteSIPDispatchRule", &lk_rule_id, NULL, lk_delete_rule, KIND_DISPATCH_RULE, false, false },
    { "CreateSIPParticipant", &lk_participant, NULL, lk_dial, KIND_OUTBOUND_TRUNK, false, true },
    { .name = NULL },
};

static const struct lk_method *find_method(const struct sim *sim, const char *name)
{
    for (const struct lk_method *m = lk_methods; m->name; m++)
        if (text_equal(m->name, name))
            return m->new_server_only && sim->set.livekit_old_server ? NULL : m;
    return NULL;
}

static void bad_route(struct call *call, const char *message)
{
    twirp_error_meta(call, "bad_route", message, "twirp_invalid_route", arena_printf(&call->arena, "%s %s", call->method, call->path));
}

/* The method the request names, or NULL after the answer. */
static const struct lk_method *route(struct sim *sim, struct call *call)
{
    struct arena *a = &call->arena;
    if (call->segments_count != 3 || !text_equal(call->segments[0], "twirp") || !text_equal(call->segments[1], SERVICE)) {
        answer_text(call, 404, TEXT_PLAIN, "404 page not found\n");
        return NULL;
    }
    if (!text_equal(call->method, "POST")) {
        bad_route(call, arena_printf(a, "unsupported method \"%s\" (only POST is allowed)", call->method));
        return NULL;
    }
    size_t type_length = strcspn(call->content_type, "; ");
    const struct lk_method *m = find_method(sim, call->segments[2]);
    if (!m)
        bad_route(call, arena_printf(a, "no handler for path \"%s\"", call->path));
    else if (type_length != 16 || strncasecmp(call->content_type, "application/json", 16) != 0) {
        bad_route(call, arena_printf(a, "unexpected Content-Type: \"%s\"", call->content_type));
        m = NULL;
    }
    return m;
}

/* ---- tokens */

static const char *token_of(struct call *call, bool *ret_bad_scheme)
{
    struct form query;
    *ret_bad_scheme = false;
    if (call->authorization) {
        *ret_bad_scheme = !text_starts(call->authorization, "Bearer ");
        return *ret_bad_scheme ? NULL : call->authorization + 7;
    }
    form_parse(&call->arena, call->query, strlen(call->query), &query);
    return form_get(&query, "access_token");
}

/* False after a 401. No token at all is well so far. */
static bool identify(struct sim *sim, struct call *call)
{
    bool bad_scheme = false;
    const char *token = token_of(call, &bad_scheme), *why = NULL;
    if (bad_scheme)
        answer_text(call, 401, TEXT_PLAIN, "invalid authorization header. Must start with Bearer ");
    if (!token)
        return !bad_scheme;
    switch (lk_token_check(sim, &call->arena, token, &call->tenant, &call->loaded, &why)) {
    case TOKEN_OK: return true;
    case TOKEN_NO_JWT: answer_text(call, 401, TEXT_PLAIN, "invalid authorization token"); break;
    case TOKEN_BAD_KEY: answer_text(call, 401, TEXT_PLAIN, arena_printf(&call->arena, "invalid API key: %s", why)); break;
    case TOKEN_REFUSED: answer_text(call, 401, TEXT_PLAIN, arena_printf(&call->arena, "invalid token: %s, error: %s", token, why)); break;
    }
    return false;
}

/* ---- decoding and grants: what happens when the request arrives */

static void drop_media(struct json_object *o)
{
    json_object_object_del(o, "media");
    json_object_object_foreach(o, key, value) {
        (void)key;
        if (json_object_is_type(value, json_type_object))
            drop_media(value);
    }
}

static void load(struct sim *sim, struct call *call)
{
    const struct lk_method *m = call->route;
    bool granted = get_bool(get_json(call->loaded, "sip"), m->call_grant ? "call" : "admin");
    CLEANUP(json_put_cleanup) struct json_object *body = json_read_object(call->body, call->body_bytes);
    json_object_put(call->loaded);
    call->loaded = NULL;
    call->request = body ? lk_decode(m->request, body) : NULL;
    if (!call->request) {
        twirp_error(call, "malformed", "the json request could not be decoded");
        return;
    }
    if (!granted) {
        twirp_error(call, "unauthenticated", "permissions denied");
        return;
    }
    if (sim->set.livekit_drops_media)
        drop_media(call->request);
    if (m->load)
        m->load(sim, call);
}

/* Until load() has run, call->loaded holds the claims. */
void livekit_accept(struct sim *sim, struct call *call)
{
    if (text_equal(call->path, "/")) {
        answer_text(call, 200, TEXT_PLAIN, "OK");
        return;
    }
    if (sim->set.livekit_body_bytes_max > 0 && call->body_bytes > (size_t)sim->set.livekit_body_bytes_max) {
        answer_text(call, 413, TEXT_PLAIN, "Request Entity Too Large\n");
        return;
    }
    if (!identify(sim, call))
        return;
    const struct lk_method *m = route(sim, call);
    if (!m)
        return;
    if (!call->tenant) {
        twirp_error(call, "unauthenticated", "permissions denied");
        return;
    }
    call->route = m;
    call->load = load;
    call->run = m->run;
}
