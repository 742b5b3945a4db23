/* What the tests of the kinds share: accounts, ledger rows, answers, and a place where found objects are kept. */
#ifndef KIND_CASE_H
#define KIND_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/json.h>
#include <trunkd/kind.h>
#include <trunkd/text.h>

#define AC "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TK "TKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OU "OUaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CL "CLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CR "CRaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PN "PNaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NUMBER "+14158675309"
#define TRUNK "6a3f5c9e-0000-4000-8000-000000000001"
#define TAG "td-abcdefgh-abcdefghijklm-22334455"
#define FOUND_MAX 8

static struct arena arena;
static struct found found[FOUND_MAX];
static size_t found_count;
static const char *cursor;

static const struct account twilio = {
    .family = FAMILY_TWILIO, .name = "main", .secret = "file:account/main", .user = "SK1", .account_sid = AC, .numbers_per_trunk = 500,
};
static const struct account livekit = {
    .family = FAMILY_LIVEKIT, .name = "lk", .secret = "file:account/lk", .user = "devkey", .url = "https://x.livekit.cloud",
    .sip_host = "x.sip.livekit.cloud",
};
static const struct number number = {
    .phone_number = NUMBER, .label = "Support line", .supports_inbound = true, .supports_outbound = true, .twilio_account = "main",
    .livekit_project = "lk", .agent = "support",
};
static const struct agent agent = { .name = "support", .dispatch_name = "front-desk", .metadata = "{\"line\":42}", .room_prefix = "line-42" };

static int forget(void **state)
{
    (void)state;
    arena_release(&arena);
    found_count = 0;
    cursor = NULL;
    return 0;
}

static inline void keep(void *userdata, const struct found *one)
{
    assert_ptr_equal(userdata, found);
    assert_true(found_count < FOUND_MAX);
    found[found_count++] = *one;
}

static inline struct reply answer(int status, const char *body)
{
    return (struct reply){ .transport = REPLY_ANSWERED, .status = status, .body = body, .body_bytes = strlen(body), .retry_after_ms = -1,
                           .request_id = "", .text = "" };
}

static inline struct call call_of(const struct account *account, const struct resource *resource, const struct spec *spec)
{
    return (struct call){ .account = account, .resource = resource, .spec = spec, .arena = &arena };
}

/* Decodes and expects that it works; what was found is in found[]. */
static inline void decode_ok(const struct kind *kind, enum operation operation, const struct call *call, const char *body)
{
    struct reply reply = answer(200, body);
    struct err err = { .text = "" };

    found_count = 0;
    cursor = "unset";
    if (!kind->decode(operation, call, &reply, keep, found, &cursor, &err))
        fail_msg("%s: %s", kind->name, err.text);
}

static inline void decode_fails(const struct kind *kind, enum operation operation, const struct call *call, const char *body)
{
    struct reply reply = answer(200, body);
    struct err err = { .text = "" };

    if (kind->decode(operation, call, &reply, keep, found, &cursor, &err))
        fail_msg("%s: taken: %s", kind->name, body);
    assert_true(err.text[0] != '\0');
    assert_true(err.class == ERR_AMBIGUOUS || err.class == ERR_REJECTED);
}

/* A live row in the ledger, as after an accepted create. */
static inline struct resource live(const struct kind *kind, const char *slot, const char *id, const char *parent)
{
    return (struct resource){
        .kind = kind, .owner_type = kind->owner, .owner = kind->owner == OWNER_TRUNK ? TRUNK : NUMBER, .slot = slot,
        .account = kind->family == FAMILY_TWILIO ? "main" : "lk", .known = KNOWN_LIVE, .external_id = id, .parent_id = parent,
    };
}

static inline struct scene trunk_scene(const struct resource *const *rows, size_t count)
{
    return (struct scene){ .owner_type = OWNER_TRUNK, .owner = TRUNK, .trunk = TRUNK, .trunk_wanted = true, .account = &twilio,
                           .project = &livekit, .on_trunk = { .inbound = 1, .outbound = 1 }, .rows = rows, .rows_count = count };
}

static inline struct scene number_scene(const struct resource *const *rows, size_t count)
{
    return (struct scene){ .owner_type = OWNER_NUMBER, .owner = NUMBER, .number = &number, .agent = &agent, .trunk = TRUNK,
                           .account = &twilio, .project = &livekit, .rows = rows, .rows_count = count };
}

/* What is wanted, with the tag in it; fails when nothing is. */
static inline struct wanted wanted_in(const struct kind *kind, const struct scene *scene)
{
    struct wanted wanted[WANTED_MAX];

    assert_int_equal(kind->want(scene, &arena, wanted, WANTED_MAX), 1);
    assert_ptr_equal(wanted[0].kind, kind);
    kind->tag(TAG, wanted[0].label, &arena, &wanted[0].spec);
    return wanted[0];
}

static inline bool is_wanted(const struct kind *kind, const struct scene *scene)
{
    struct wanted wanted[WANTED_MAX];

    return kind->want(scene, &arena, wanted, WANTED_MAX) > 0;
}

static inline const char *value(const struct kind *kind, const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if (strcmp(kind->fields[i].name, name) == 0)
            return spec->value[i];
    fail_msg("%s has no field %s", kind->name, name);
    return NULL;
}

/* An echo that shows what was wanted leaves nothing to do. */
static inline void assert_silent(const struct kind *kind, const struct spec *shown, const struct spec *wanted)
{
    struct spec applied;

    spec_observe(kind, shown, wanted, &arena, &applied);
    assert_int_equal(spec_differs(kind, &applied, wanted, 0), kind->fields_count);
    assert_null(spec_missing(kind, wanted));
}

static inline void assert_request(const struct request *request, enum http_method method, bool one_shot, const char *url, const char *body)
{
    assert_int_equal(request->method, method);
    assert_true(request->one_shot == one_shot);
    assert_string_equal(request->url, url);
    if (!body) {
        assert_null(request->content_type);
        assert_null(request->body);
        assert_int_equal(request->body_bytes, 0);
        return;
    }
    assert_string_equal(request->body, body);
    assert_int_equal(request->body_bytes, strlen(body));
}

static inline void assert_judged(const struct kind *kind, enum operation operation, int status, const char *body, enum verdict verdict)
{
    struct reply reply = answer(status, body);
    struct judgement judgement = kind->judge(operation, &reply, &arena);

    if (judgement.verdict != verdict)
        fail_msg("%s, operation %d, %s: verdict %d instead of %d", kind->name, (int)operation, judgement.words, (int)judgement.verdict, (int)verdict);
    if (verdict == VERDICT_REFUSED || verdict == VERDICT_FULL || verdict == VERDICT_ACCOUNT)
        assert_non_null(judgement.reason);
    else
        assert_null(judgement.reason);
}

#endif
