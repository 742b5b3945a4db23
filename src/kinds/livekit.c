/* LiveKit, service livekit.SIP over Twirp and JSON.
 *
 * The rules: everything is a POST, lists too. Trunk and rule ids are opaque. A partial update cannot set half the fields and says 200
 * all the same, so every update is a full replace. Answers come in snake_case or camelCase, with or without defaults, and lists may
 * hold null. Conflicts are 400 invalid_argument and cannot be told from other refusals except by their words, which differ from
 * server to server: so every such refusal of a create or update means "look first". */
#include "livekit.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#include "decode.h"
#include "encode.h"
#include "judge.h"

static struct request request_to(const struct account *project, const char *method, bool one_shot, struct buf *body, struct arena *arena)
{
    struct request request = {
        .method = HTTP_POST,
        .one_shot = one_shot,
        .url = arena_printf(arena, "%s/twirp/livekit.SIP/%s", project->url, method),
        .auth = { AUTH_LIVEKIT, project->user, project->secret, arena_printf(arena, "account/%s", project->name) },
    };

    encode_body(body, "application/json", arena, &request);
    return request;
}

void livekit_create(const struct livekit_shape *shape, const struct call *call, struct request *ret)
{
    struct request slot = { .slot = { .secret = NULL } };
    struct buf body;

    buf_init(&body, BODY_BYTES_MAX);
    json_open(&body, '{');
    json_key(&body, shape->wrapper);
    encode_json(shape->kind, call->spec, call->arena, &body, &slot);
    json_close(&body, '}');
    *ret = request_to(call->account, shape->create, /* one_shot= */ true, &body, call->arena);
    ret->slot = slot.slot;
}

void livekit_update(const struct livekit_shape *shape, const struct call *call, struct request *ret)
{
    struct request slot = { .slot = { .secret = NULL } };
    struct buf body;

    assert(call->resource->external_id);
    buf_init(&body, BODY_BYTES_MAX);
    json_open(&body, '{');
    json_key_text(&body, shape->id, call->resource->external_id);
    json_key(&body, "replace");
    encode_json(shape->kind, call->spec, call->arena, &body, &slot);
    json_close(&body, '}');
    *ret = request_to(call->account, shape->update, /* one_shot= */ true, &body, call->arena);
    ret->slot = slot.slot;
}

void livekit_remove(const struct livekit_shape *shape, const struct call *call, struct request *ret)
{
    struct buf body;

    assert(call->resource->external_id);
    buf_init(&body, BODY_BYTES_MAX);
    json_open(&body, '{');
    json_key_text(&body, shape->id, call->resource->external_id);
    json_close(&body, '}');
    *ret = request_to(call->account, shape->remove, /* one_shot= */ true, &body, call->arena);
}

static void list_by_id(const struct account *project, const char *method, const char *filter, const char *id, struct arena *arena,
                       struct request *ret)
{
    struct buf body;

    buf_init(&body, BODY_BYTES_MAX);
    json_open(&body, '{');
    json_key(&body, filter);
    json_open(&body, '[');
    json_text(&body, id);
    json_close(&body, ']');
    json_close(&body, '}');
    *ret = request_to(project, method, /* one_shot= */ false, &body, arena);
}

void livekit_get(const struct livekit_shape *shape, const struct call *call, struct request *ret)
{
    assert(call->resource->external_id);
    list_by_id(call->account, shape->list, shape->ids, call->resource->external_id, call->arena, ret);
}

void livekit_list(const struct livekit_shape *shape, const struct call *call, struct request *ret)
{
    struct buf body;

    buf_init(&body, BODY_BYTES_MAX);
    json_open(&body, '{');
    json_close(&body, '}');
    *ret = request_to(call->account, shape->list, /* one_shot= */ false, &body, call->arena);
}

/* An update that names no trunk. It changes nothing, and only a server without updates (before 1.9.0) has no route for it. */
void livekit_probe(const struct account *project, struct arena *arena, struct request *ret)
{
    struct buf body;

    buf_init(&body, BODY_BYTES_MAX);
    json_open(&body, '{');
    json_close(&body, '}');
    *ret = request_to(project, "UpdateSIPInboundTrunk", /* one_shot= */ false, &body, arena);
}

/* ---- answers ----------------------------------------------------------------------------------------------------------- */

static bool decode_one(const struct livekit_shape *shape, const struct call *call, const struct json *item, struct found *ret,
                       struct err *err)
{
    struct found found = { .id = decode_id(item, shape->id, SPELLING_EITHER) };

    if (!found.id)
        return err_set(err, ERR_AMBIGUOUS, "%s: an object in the answer has no %s", shape->kind->name, shape->id);
    decode_spec(shape->kind, item, SPELLING_EITHER, call->arena, &found.spec);
    found.spec.left_out = 0;                /* what is left out has its default */
    found.name = json_member(item, "name");
    if (!tag_parse(found.name, &found.tag))
        found.tag = (struct tag){ .nonce = "" };
    *ret = found;
    return true;
}

/* A list by id may show other objects too: filters let wildcards through. */
static bool is_asked_for(enum operation operation, const struct call *call, const struct found *found)
{
    return operation != OP_GET || text_equal(found->id, call->resource->external_id);
}

bool livekit_decode(const struct livekit_shape *shape, enum operation operation, const struct call *call, const struct reply *reply,
                    void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    const struct json *body, *items;
    struct found found;

    if (!json_parse(call->arena, reply->body, reply->body_bytes, &body, err))
        return err_prefix(err, "%s: ", shape->kind->name);
    *ret_cursor = NULL;
    if (operation == OP_DELETE)
        return true;
    if (operation == OP_CREATE || operation == OP_UPDATE) {
        if (!decode_one(shape, call, body, &found, err))
            return false;
        each(userdata, &found);
        return true;
    }
    items = json_get(body, "items");
    if (body->type != JSON_OBJECT || (items && items->type != JSON_ARRAY && items->type != JSON_NULL))
        return err_set(err, ERR_AMBIGUOUS, "%s: the answer has no list of items", shape->kind->name);
    for (const struct json *item = items ? items->child : NULL; item; item = item->next) {
        if (item->type == JSON_NULL)
            continue;
        if (!decode_one(shape, call, item, &found, err))
            return false;
        if (is_asked_for(operation, call, &found))
            each(userdata, &found);
    }
    return true;
}

/* ---- what answers mean ------------------------------------------------------------------------------------------------- */

static const struct judge_rule rules[] = {
    { ON_ANY,    401, NULL,             VERDICT_ACCOUNT, "CredentialsRefused" },
    { ON_ANY,    403, "*",              VERDICT_ACCOUNT, "CredentialsRefused" },
    { ON_ANY,    403, "",               VERDICT_ACCOUNT, "WrongServer" },
    { ON_ANY,    429, NULL,             VERDICT_LATER,   NULL },
    /* the probe names no trunk: whoever says so knows updates */
    { ON_PROBE,  400, "invalid_argument", VERDICT_DONE,  NULL },
    /* 404 says "gone" with one code only; a text is a wrong path */
    { ON_UPDATE | ON_DELETE | ON_GET, 404, "not_found", VERDICT_GONE, NULL },
    { ON_ANY,    404, "bad_route",      VERDICT_ACCOUNT, "ServerTooOld" },
    { ON_ANY,    404, NULL,             VERDICT_ACCOUNT, "WrongServer" },
    /* our own mistakes, which no list mends */
    { ON_WRITE,  400, "malformed",      VERDICT_REFUSED, "Refused" },
    { ON_WRITE,  400, "out_of_range",   VERDICT_REFUSED, "Refused" },
    /* perhaps a conflict, perhaps with ourselves */
    { ON_CREATE | ON_UPDATE, 400, "*",  VERDICT_TAKEN,   NULL },
    { ON_CREATE | ON_UPDATE, 409, "already_exists", VERDICT_TAKEN, NULL },
    { ON_WRITE,  409, "*",              VERDICT_LATER,   NULL },
    { ON_WRITE,  0,   "*",              VERDICT_REFUSED, "Refused" },
};

/* {"code":"invalid_argument","msg":"…"} */
static struct complaint read_complaint(const struct reply *reply, struct arena *arena)
{
    struct complaint complaint = { .code = NULL };
    const struct json *body, *code;

    if (reply->transport != REPLY_ANSWERED || reply->status < 300 || !json_parse(arena, reply->body, reply->body_bytes, &body, NULL))
        return complaint;
    code = json_get(body, "code");
    if (code && code->type == JSON_STRING && *code->text)
        complaint = (struct complaint){ code->text, json_member(body, "msg") };
    return complaint;
}

struct judgement livekit_judge(enum operation operation, const struct reply *reply, struct arena *arena)
{
    struct complaint complaint = read_complaint(reply, arena);

    return judge(operation, reply, "LiveKit", &complaint, rules, ARRAY_SIZE(rules), arena);
}
