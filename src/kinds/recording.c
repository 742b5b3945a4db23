/* twilio.recording: whether the calls of a trunk are recorded, and whether silence is cut out of it.
 *
 * The rule (Twilio): a trunk has one recording, which is always there, has no id and carries no tag; by default it does not record. A
 * POST sets both values.
 *
 * Ours: what does not record is not there. So a create is a POST that begins to record, a removal is one that ends it, and a read that
 * shows do-not-record proves its absence. Its identity is its trunk, whose sid stands for it; it goes with the trunk. */
#include "twilio.h"

#include <trunkd/text.h>

#include "decode.h"
#include "setting.h"

enum { TRUNK_SID, MODE, TRIM };

static const char *const modes[] = {
    "do-not-record", "record-from-ringing", "record-from-answer", "record-from-ringing-dual", "record-from-answer-dual", NULL
};
static const char *const trims[] = { "do-not-trim", "trim-silence", NULL };

static const struct field fields[] = {
    [TRUNK_SID] = { "trunk_sid", NULL,   "trunk_sid", FIELD_TEXT, FIELD_REF | FIELD_IN_PATH, NULL },
    [MODE]      = { "mode",      "Mode", "mode",      FIELD_ENUM, 0, modes },
    [TRIM]      = { "trim",      "Trim", "trim",      FIELD_ENUM, 0, trims },
};

static const struct setting settings[] = { { "recording_mode", MODE, modes }, { "recording_trim", TRIM, trims } };

static const enum kind_id needs[] = { KIND_TWILIO_TRUNK };

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct spec *spec;

    if (max == 0 || !scene_is_trunk(scene))
        return 0;
    spec = want_one(&kind_RECORDING, scene, "", "", ret);
    settings_take(&kind_RECORDING, settings, ARRAY_SIZE(settings), scene->twilio_trunk, arena, spec);
    spec->value[TRUNK_SID] = scene_id(scene, KIND_TWILIO_TRUNK, "");
    ret->spare = true;
    return spec->value[MODE] ? 1 : 0;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)text;
    (void)label;
    (void)arena;
    (void)spec;
}

static void set(const struct call *call, const struct spec *spec, struct request *ret)
{
    struct call whole = *call;

    whole.spec = spec;
    twilio_post(&whole, OP_UPDATE, TWILIO_TRUNKING, &kind_RECORDING, ret, "/v1/Trunks/", call->resource->parent_id, "/Recording", NULL);
}

static void begin(const struct call *call, struct request *ret)
{
    set(call, call->spec, ret);
}

static void end(const struct call *call, struct request *ret)
{
    set(call, &(struct spec){ .secret = NULL }, ret);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/Recording", NULL);
}

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    const char *trunk_sid = call->resource->parent_id;
    struct found found = { .id = trunk_sid, .parent = trunk_sid };
    bool is_read = operation == OP_GET || operation == OP_LIST;
    const struct json *body;

    if (!json_parse(call->arena, reply->body, reply->body_bytes, &body, err))
        return err_prefix(err, "%s: ", kind_RECORDING.name);
    if (!json_member(body, fields[MODE].read))
        return err_set(err, ERR_AMBIGUOUS, "%s: the answer has no mode", kind_RECORDING.name);
    decode_spec(&kind_RECORDING, body, SPELLING_AS_IS, call->arena, &found.spec);
    found.spec.value[TRUNK_SID] = trunk_sid;
    if (found.spec.value[MODE] || !is_read)
        each(userdata, &found);
    *ret_cursor = NULL;
    return true;
}

const struct kind kind_RECORDING = {
    .id = KIND_RECORDING, .name = "twilio.recording", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_PAIR, .scope = LIST_PER_PARENT, .repeat = REPEAT_SAFE, .goes_with_parent = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = begin, .update = begin, .remove = end, .get = get, .list = get,
    .decode = decode, .judge = twilio_judge_below,
};
