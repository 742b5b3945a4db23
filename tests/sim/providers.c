/* What stands between a core and the simulator: the vault's part (secrets in, fingerprints out) and the http room's (one exchange,
 * one end). Secrets are derived from their references, so that nothing has to be kept. */
#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>
#include "../../src/sim/hash.h"

#define WALL_MS INT64_C(1700000000000)
#define BODY_BYTES_MAX ((size_t)8 << 20)

/* ---- secrets ---------------------------------------------------------------------------------------------------------------------- */

static void fingerprint(const char *secret, char ret_version[static 24])
{
    snprintf(ret_version, 24, "fp:%016" PRIx64, hash_text(secret, 7));
}

/* False: there is none behind it, or it was sealed for another place. */
static bool secret_of(const struct world *w, const char *reference, const char *place, char *ret_secret, size_t bytes)
{
    const char *sealed_for = reference ? strchr(reference, '|') : NULL;

    if (text_starts(text_or(reference, ""), "file:account/") && text_starts(place, "account/")) {
        snprintf(ret_secret, bytes, "secret-%s", reference + strlen("file:account/"));
        return true;
    }
    if (text_starts(text_or(reference, ""), "file:sip/") && text_starts(place, "sip/")) {
        snprintf(ret_secret, bytes, "%s", text_or(w->sip_password, ""));
        return w->sip_password != NULL;
    }
    if (!sealed_for || !text_starts(reference, "sealed:") || !text_equal(sealed_for + 1, place))
        return false;
    snprintf(ret_secret, bytes, "Pw1%016" PRIx64, hash_text(reference, 3));
    return true;
}

char *providers_seal(struct world *w, const char *place)
{
    char reference[300];

    snprintf(reference, sizeof(reference), "sealed:%08" PRIx64 "|%s", world_random(w) & 0xffffffff, place);
    return must_strdup(reference);
}

bool providers_version(const struct world *w, const char *reference, const char *place, char ret_version[static 24])
{
    char secret[64];

    if (!secret_of(w, reference, place, secret, sizeof(secret)))
        return false;
    fingerprint(secret, ret_version);
    return true;
}

static void scrub_tree(struct json_object *o)
{
    static const char *const names[] = { "auth_password", "authPassword", "password", "Password", "auth_token", "secret" };

    for (size_t i = 0; json_object_is_type(o, json_type_array) && i < json_object_array_length(o); i++)
        scrub_tree(json_object_array_get_idx(o, i));
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_foreach(o, key, value) {
        bool secret = false;
        char version[24];
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            secret = secret || text_equal(names[i], key);
        if (secret && json_object_is_type(value, json_type_string) && *json_object_get_string(value)) {
            fingerprint(json_object_get_string(value), version);
            json_object_object_add_ex(o, key, json_object_new_string(version), 0);
        } else {
            scrub_tree(value);
        }
    }
}

/* ---- tokens ------------------------------------------------------------------------------------------------------------------------- */

static void base64(struct buf *b, const void *bytes, size_t length, bool url)
{
    static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const uint8_t *p = bytes;

    for (size_t i = 0; i < length; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < length ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < length ? p[i + 2] : 0);
        for (size_t k = 0; k < 4; k++) {
            uint32_t six = v >> (18 - 6 * k) & 63;
            if (i + k > length)
                buf_adds(b, url ? "" : "=");
            else
                buf_addc(b, six < 62 ? common[six] : "+/-_"[(six - 62) + (url ? 2 : 0)]);
        }
    }
}

static void bearer(const struct world *w, const char *key, const char *secret, struct buf *b)
{
    char claims[256];
    uint8_t digest[32];
    int64_t now = (WALL_MS + w->now_ms) / 1000;

    buf_adds(b, "Bearer ");
    size_t from = b->length;
    base64(b, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", 27, true);
    buf_addc(b, '.');
    int n = snprintf(claims, sizeof(claims), "{\"iss\":\"%s\",\"nbf\":%" PRId64 ",\"exp\":%" PRId64 ",\"sip\":{\"admin\":true}}", key, now - 5, now + 60);
    base64(b, claims, (size_t)n, true);
    hmac_sha256(secret, strlen(secret), b->data + from, b->length - from, digest);
    buf_addc(b, '.');
    base64(b, digest, sizeof(digest), true);
}

static void authorization(const struct world *w, const struct request *request, const char *secret, struct buf *b)
{
    char pair[300];

    if (request->auth.kind == AUTH_LIVEKIT) {
        bearer(w, request->auth.user, secret, b);
        return;
    }
    int n = snprintf(pair, sizeof(pair), "%s:%s", request->auth.user, secret);
    buf_adds(b, "Basic ");
    base64(b, pair, (size_t)n, false);
}

/* ---- sending ---------------------------------------------------------------------------------------------------------------------------- */

static void sent_add(struct world *w, const struct effect *effect)
{
    if (w->sent_count == w->sent_capacity) {
        w->sent_capacity = w->sent_capacity ? 2 * w->sent_capacity : 256;
        w->sent = must_realloc(w->sent, w->sent_capacity * sizeof(*w->sent));
    }
    w->sent[w->sent_count++] = must_strdup(effect->send.what);
    w->writes += effect->send.write;
}

void world_forget_sent(struct world *w)
{
    for (size_t i = 0; i < w->sent_count; i++)
        free(w->sent[i]);
    w->sent_count = w->writes = 0;
}

static uint64_t arrive(struct world *w, const struct request *request, const struct buf *body, const char *authorized)
{
    static const char *const methods[] = { [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_DELETE] = "DELETE" };
    const char *host = strstr(request->url, "://"), *path = host ? strchr(host + 3, '/') : NULL, *query = path ? strchr(path, '?') : NULL;
    char hostname[128], whole[2048];

    assert(path && strlen(path) < sizeof(whole));
    snprintf(hostname, sizeof(hostname), "%.*s", (int)(path - host - 3), host + 3);
    snprintf(whole, sizeof(whole), "%.*s", (int)(query ? query - path : (int64_t)strlen(path)), path);
    const struct sim_header headers[] = {
        { "Host", hostname }, { "Authorization", authorized }, { "Content-Type", text_or(request->content_type, "") },
    };
    const struct sim_request out = {
        .port = request->auth.kind == AUTH_BASIC ? SIM_TWILIO : SIM_LIVEKIT, .method = methods[request->method], .path = whole,
        .query = query ? query + 1 : NULL, .headers = headers, .headers_count = request->content_type ? 3 : 2,
        .body = body->data, .body_bytes = body->length,
    };
    return sim_arrive(w->sim, WALL_MS + w->now_ms, &out);
}

static bool fill_body(const struct request *request, const char *secret, struct buf *body)
{
    size_t offset = request->slot.secret ? request->slot.offset : request->body_bytes;

    assert(offset <= request->body_bytes);
    buf_add(body, request->body, offset);
    if (request->slot.secret)
        buf_adds(body, secret);             /* letters and digits: nothing to escape */
    buf_add(body, request->body ? request->body + offset : "", request->body_bytes - offset);
    return buf_ok(body);
}

static void not_sent(struct world *w, int d, uint64_t id, const char *text)
{
    const struct reply reply = { .transport = REPLY_NOT_SENT, .secret_missing = true, .retry_after_ms = -1, .request_id = "", .text = text };

    world_reply(w, d, id, &reply);
}

static void take_answers(struct world *w);

void providers_send(struct world *w, int d, const struct effect *effect)
{
    const struct request *request = &effect->send.request;
    char account_secret[128], slot_secret[128] = "";
    struct buf body, authorized;

    check_write(w, effect);
    if (!secret_of(w, request->auth.secret, request->auth.place, account_secret, sizeof(account_secret))) {
        not_sent(w, d, effect->send.id, "there is no secret behind the account's reference");
        return;
    }
    if (request->slot.secret && !secret_of(w, request->slot.secret, request->slot.place, slot_secret, sizeof(slot_secret))) {
        world_break(w, "the secret %s was not sealed for %s", request->slot.secret, request->slot.place);
        return;
    }
    sent_add(w, effect);
    if (effect->send.write && ++w->writes_done == w->spoil_at)
        world_fault(w, w->spoil_rule);      /* it meets the next request that arrives, which is this one */
    buf_init(&body, BODY_BYTES_MAX);
    buf_init(&authorized, BODY_BYTES_MAX);
    authorization(w, request, account_secret, &authorized);
    fill_body(request, slot_secret, &body);
    struct under_way *u = must_calloc(1, sizeof(*u));
    u->ticket = arrive(w, request, &body, authorized.data);
    u->id = effect->send.id;
    u->daemon = d;
    u->life = w->daemons[d].life;
    u->write = effect->send.write;
    u->epoch = w->daemons[d].epoch;
    u->timeout_ms = w->now_ms + effect->send.timeout_ms;
    text_copy(u->account, sizeof(u->account), request->auth.place + strlen("account/"));
    text_copy(u->what, sizeof(u->what), effect->send.what);
    u->next = w->under_way;
    w->under_way = u;
    buf_release(&body);
    buf_release(&authorized);
    take_answers(w);                        /* some are refused at the door */
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------------------ */

static struct under_way *unlink_ticket(struct world *w, uint64_t ticket)
{
    for (struct under_way **at = &w->under_way; *at; at = &(*at)->next)
        if ((*at)->ticket == ticket) {
            struct under_way *u = *at;
            *at = u->next;
            return u;
        }
    return NULL;
}

static void take_answer(struct world *w, const struct sim_answer *answer)
{
    struct under_way *u = unlink_ticket(w, answer->ticket);
    struct json_object *tree = answer->body ? json_tokener_parse(answer->body) : NULL;
    struct reply reply = { .transport = REPLY_UNKNOWN, .body = "", .retry_after_ms = -1, .request_id = "", .text = "the connection was closed" };

    if (u && answer->fate == SIM_FATE_ANSWER) {
        reply = (struct reply){ .transport = REPLY_ANSWERED, .status = answer->status, .body = text_or(answer->body, ""),
                                .retry_after_ms = -1, .request_id = "", .text = "" };
        if (tree) {
            scrub_tree(tree);
            reply.body = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
        }
        reply.body = answer->status == 401 ? "" : reply.body;
        for (size_t i = 0; i < answer->headers_count; i++)
            if (text_equal(answer->headers[i].name, "Retry-After"))
                reply.retry_after_ms = strtoll(answer->headers[i].value, NULL, 10) * SECONDS;
        reply.body_bytes = strlen(reply.body);
    }
    if (u)
        world_reply(w, u->daemon, u->id, &reply);
    json_object_put(tree);
    free(u);
}

static void take_answers(struct world *w)
{
    struct sim_answer answer;

    while (!*w->broken && sim_take(w->sim, &answer)) {
        take_answer(w, &answer);
        sim_answer_release(&answer);
    }
}

static void take_timeouts(struct world *w)
{
    static const struct reply timed_out = { .transport = REPLY_UNKNOWN, .body = "", .retry_after_ms = -1, .request_id = "", .text = "timed out" };

    for (struct under_way *u = w->under_way, *next = NULL; u && !*w->broken; u = next) {
        next = u->next;
        if (u->timeout_ms > w->now_ms)
            continue;
        sim_gone(w->sim, WALL_MS + w->now_ms, u->ticket);
        unlink_ticket(w, u->ticket);
        world_reply(w, u->daemon, u->id, &timed_out);
        free(u);
    }
}

void providers_advance(struct world *w)
{
    sim_advance(w->sim, WALL_MS + w->now_ms);
    take_answers(w);
    take_timeouts(w);
}

int64_t providers_next_ms(const struct world *w)
{
    int64_t sim = sim_next_ms(w->sim), next = sim < 0 ? INT64_MAX : sim - WALL_MS;

    for (const struct under_way *u = w->under_way; u; u = u->next)
        next = u->timeout_ms < next ? u->timeout_ms : next;
    return next;
}

/* The process is gone: so are its connections. What has arrived is executed all the same. */
void providers_hang_up(struct world *w, int d, uint64_t life)
{
    for (struct under_way **at = &w->under_way; *at;) {
        struct under_way *u = *at;
        if (u->daemon != d || u->life != life) {
            at = &u->next;
            continue;
        }
        *at = u->next;
        sim_gone(w->sim, WALL_MS + w->now_ms, u->ticket);
        free(u);
    }
}

/* ---- the control API ------------------------------------------------------------------------------------------------------------------------ */

struct json_object *world_sim(struct world *w, const char *method, const char *path, const char *body)
{
    const char *query = strchr(path, '?');
    char *plain = must_strdup(text_or(body, "")), *only = must_strdup(path);
    struct sim_answer answer;
    struct json_object *tree = NULL;

    only[strcspn(only, "?")] = '\0';
    for (char *p = plain; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    const struct sim_request request = { .port = SIM_TWILIO, .method = method, .path = only, .query = query ? query + 1 : NULL,
                                         .body = plain, .body_bytes = strlen(plain) };
    uint64_t ticket = sim_arrive(w->sim, WALL_MS + w->now_ms, &request);
    while (sim_take(w->sim, &answer)) {
        if (answer.ticket != ticket) {
            take_answer(w, &answer);
        } else {
            tree = json_tokener_parse(text_or(answer.body, "null"));
            if (answer.status >= 300)
                world_break(w, "%s %s %s: %d %s", method, path, plain, answer.status, text_or(answer.body, ""));
        }
        sim_answer_release(&answer);
    }
    free(plain);
    free(only);
    return tree;
}

void world_sim_set(struct world *w, const char *method, const char *path, const char *body)
{
    json_object_put(world_sim(w, method, path, body));
}

void world_fault(struct world *w, const char *rule) { world_sim_set(w, "POST", "/_sim/faults", rule); }

int64_t world_fault_fired(struct world *w, const char *id)
{
    char path[128];

    snprintf(path, sizeof(path), "/_sim/faults/%s", id);
    struct json_object *rule = world_sim(w, "GET", path, NULL);
    int64_t fired = db_int(rule, "fired");
    json_object_put(rule);
    return fired;
}
