/* Requests to a simulated world, and what came back. */
#include "sim_fixture.h"

#include "../../src/sim/hash.h"
#include "../../src/sim/json.h"

#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>

#define BASIC_OF_ACCOUNT "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjphdXRoLXRva2VuLW9mLXRoZS1hY2NvdW50"

static void add_base64url(struct buf *b, const void *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < length; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < length ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < length ? p[i + 2] : 0);
        for (size_t k = 0; k < 4 && i * 8 + k * 6 < length * 8; k++)
            buf_addc(b, digits[v >> (18 - 6 * k) & 63]);
    }
}

char *world_token(const char *header, const char *claims, const char *secret)
{
    struct buf b;
    uint8_t digest[32];
    buf_init(&b, 65536);
    add_base64url(&b, header, strlen(header));
    buf_addc(&b, '.');
    add_base64url(&b, claims, strlen(claims));
    hmac_sha256(secret, strlen(secret), b.data, b.length, digest);
    buf_addc(&b, '.');
    add_base64url(&b, digest, sizeof(digest));
    char *token = must_strdup(b.data);
    buf_release(&b);
    return token;
}

char *world_bearer(const char *claims)
{
    struct buf b;
    char *token = world_token("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims, SECRET);
    buf_init(&b, 65536);
    buf_printf(&b, "Bearer %s", token);
    free(token);
    char *bearer = must_strdup(b.data);
    buf_release(&b);
    return bearer;
}

/* ---- the world */

int world_setup(void **state)
{
    struct world *w = must_calloc(1, sizeof(*w));
    w->now_ms = START_MS;
    w->sim = sim_new(7, w->now_ms);
    *state = w;
    assert_int_equal(world_control(w, "POST accounts", "{\"sid\":\"" SID "\",\"auth_token\":\"" TOKEN "\"}"), 200);
    assert_int_equal(world_control(w, "POST projects", "{\"api_key\":\"" KEY "\",\"api_secret\":\"" SECRET "\",\"sip_host\":\"" SIP_HOST "\"}"), 200);
    return 0;
}

static void forget_answer(struct world *w)
{
    sim_answer_release(&w->answer);
    json_object_put(w->body);
    w->body = NULL;
}

int world_teardown(void **state)
{
    struct world *w = *state;
    forget_answer(w);
    sim_free(w->sim);
    free(w);
    return 0;
}

void world_at(struct world *w, int64_t after_start_ms)
{
    w->now_ms = START_MS + after_start_ms;
    sim_advance(w->sim, w->now_ms);
}

bool world_take(struct world *w, uint64_t ticket)
{
    struct sim_answer answer;
    while (sim_take(w->sim, &answer)) {
        if (answer.ticket != ticket) {
            sim_answer_release(&answer);
            continue;
        }
        forget_answer(w);
        w->answer = answer;
        w->body = answer.body ? json_read_object(answer.body, answer.body_bytes) : NULL;
        return true;
    }
    return false;
}

static int status_of(const struct world *w) { return w->answer.fate == SIM_FATE_CLOSE ? 0 : w->answer.status; }

static int wait_for(struct world *w, uint64_t ticket)
{
    while (!world_take(w, ticket)) {
        int64_t next = sim_next_ms(w->sim);
        assert_true(next >= w->now_ms);     /* a request that is never answered is not waited for */
        w->now_ms = next;
        sim_advance(w->sim, next);
    }
    return status_of(w);
}

int world_raw(struct world *w, const struct sim_request *request) { return wait_for(w, sim_arrive(w->sim, w->now_ms, request)); }

/* "POST /path?query" split; the pieces live in the arena. */
static uint64_t send(struct world *w, enum sim_port port, const char *authorization, const char *content_type, const char *line, const char *body)
{
    struct arena scratch = { 0 };
    const char *space = strchr(line, ' ');
    char *method = arena_strndup(&scratch, line, (size_t)(space - line)), *path = arena_strdup(&scratch, space + 1), *mark = strchr(path, '?');
    struct sim_header headers[] = { { "Host", "sim.test:99" }, { "content-type", content_type }, { "Authorization", authorization } };
    if (mark)
        *mark = '\0';
    struct sim_request request = {
        .port = port, .method = method, .path = path, .query = mark ? mark + 1 : NULL, .headers = headers,
        .headers_count = authorization ? 3 : 2, .body = body, .body_bytes = body ? strlen(body) : 0,
    };
    uint64_t ticket = sim_arrive(w->sim, w->now_ms, &request);
    arena_release(&scratch);
    return ticket;
}

int world_twilio_as(struct world *w, const char *authorization, const char *request, const char *form)
{
    return wait_for(w, send(w, SIM_TWILIO, authorization, "application/x-www-form-urlencoded", request, form));
}

uint64_t world_send_twilio(struct world *w, const char *request, const char *form)
{
    return send(w, SIM_TWILIO, BASIC_OF_ACCOUNT, "application/x-www-form-urlencoded", request, form);
}

int world_twilio(struct world *w, const char *request, const char *form) { return wait_for(w, world_send_twilio(w, request, form)); }

static uint64_t send_livekit(struct world *w, const char *authorization, const char *method, const char *body)
{
    struct arena scratch = { 0 };
    uint64_t ticket = send(w, SIM_LIVEKIT, authorization, "application/json", arena_printf(&scratch, "POST /twirp/livekit.SIP/%s", method), body);
    arena_release(&scratch);
    return ticket;
}

int world_livekit_as(struct world *w, const char *authorization, const char *method, const char *body)
{
    return wait_for(w, send_livekit(w, authorization, method, body));
}

uint64_t world_send_livekit(struct world *w, const char *method, const char *body)
{
    char *bearer = world_bearer("{\"iss\":\"" KEY "\",\"sip\":{\"admin\":true,\"call\":true}}");
    uint64_t ticket = send_livekit(w, bearer, method, body);
    free(bearer);
    return ticket;
}

int world_livekit(struct world *w, const char *method, const char *body) { return wait_for(w, world_send_livekit(w, method, body)); }

int world_control(struct world *w, const char *request, const char *body)
{
    struct arena scratch = { 0 };
    const char *space = strchr(request, ' ');
    const char *line = arena_printf(&scratch, "%.*s /_sim/%s", (int)(space - request), request, space + 1);
    int status = wait_for(w, send(w, SIM_TWILIO, NULL, "application/json", line, body));
    arena_release(&scratch);
    return status;
}

/* ---- what came back */

struct json_object *world_json(struct world *w, const char *path)
{
    struct json_object *at = w->body;
    while (*path) {
        char name[64];
        size_t length = strcspn(path, ".");
        int64_t index = 0;
        text_copy(name, length + 1 < sizeof(name) ? length + 1 : sizeof(name), path);
        if (json_object_is_type(at, json_type_array) && text_to_int(name, 0, 1000000, &index))
            at = (size_t)index < json_object_array_length(at) ? json_object_array_get_idx(at, (size_t)index) : NULL;
        else
            at = get_json(at, name);
        path += length + (path[length] == '.');
    }
    return at;
}

const char *world_text(struct world *w, const char *path)
{
    struct json_object *o = world_json(w, path);
    if (!json_object_is_type(o, json_type_string))
        return NULL;
    text_copy(w->text, sizeof(w->text), json_object_get_string(o));
    return w->text;
}

int64_t world_int(struct world *w, const char *path)
{
    struct json_object *o = world_json(w, path);
    return json_object_is_type(o, json_type_int) ? json_object_get_int64(o) : -1;
}

bool world_says(const struct world *w, const char *part) { return w->answer.body && strstr(w->answer.body, part); }

void world_keep(struct world *w, const char *path, char ret_text[128])
{
    const char *text = world_text(w, path);
    assert_non_null(text);
    text_copy(ret_text, 128, text);
}

size_t world_count(struct world *w, const char *side, const char *tenant, const char *kind)
{
    char path[160];
    assert_int_equal(world_control(w, "GET state", NULL), 200);
    (void)snprintf(path, sizeof(path), "%s.%s.%s", side, tenant, kind);
    return array_length(world_json(w, path));
}
