/* twilio.origination_url: where Twilio sends the calls of a trunk, the SIP host of the LiveKit project, and what people name besides.
 * There while a number that takes calls is on the trunk. The slot is the SIP URI, so a project's other host is another object and stands
 * before this one goes.
 *
 * The rule (Twilio): ten on a trunk. Ours: people may name eight, which leaves room for the project's own and its successor. The project's
 * own comes first, the others when it stands; while theirs are replaced a create may have to wait until one of the old ones is gone.
 *
 * Twilio knows no rule against two of the same URL: a create in doubt waits. It goes with its trunk. */
#include "twilio.h"

#include <string.h>

#include <trunkd/text.h>

#include "secure.h"
#include "setting.h"
#include "url.h"

#define STANDARD "10"

enum { TRUNK_SID, FRIENDLY_NAME, SIP_URL, PRIORITY, WEIGHT, ENABLED };

static const struct field fields[] = {
    [TRUNK_SID]     = { "trunk_sid",     NULL,           "trunk_sid",     FIELD_TEXT, FIELD_REF | FIELD_IN_PATH, NULL },
    [FRIENDLY_NAME] = { "friendly_name", "FriendlyName", "friendly_name", FIELD_TEXT, 0, NULL },
    [SIP_URL]       = { "sip_url",       "SipUrl",       "sip_url",       FIELD_TEXT, 0, NULL },
    [PRIORITY]      = { "priority",      "Priority",     "priority",      FIELD_INT,  FIELD_ALWAYS, NULL },
    [WEIGHT]        = { "weight",        "Weight",       "weight",        FIELD_INT,  0, NULL },
    [ENABLED]       = { "enabled",       "Enabled",      "enabled",       FIELD_BOOL, 0, NULL },
};

static const enum kind_id needs[] = { KIND_TWILIO_TRUNK };

static void want_url(const struct scene *scene, const char *uri, const char *priority, const char *weight, struct wanted *ret)
{
    struct spec *spec = want_one(&kind_ORIGINATION_URL, scene, uri, "", ret);

    spec->value[TRUNK_SID] = scene_id(scene, KIND_TWILIO_TRUNK, "");
    spec->value[SIP_URL] = uri;
    spec->value[PRIORITY] = priority;
    spec->value[WEIGHT] = weight;
    spec->value[ENABLED] = "true";
}

/* What people named, when the project's own stands; should that be among them, it is there already. On a trunk that encrypts only those by
 * TLS are of use. */
static size_t want_named(const struct scene *scene, const char *own, struct arena *arena, struct wanted *ret, size_t max)
{
    const struct json *items = setting_documents(scene->twilio_trunk, "origination_urls", arena);
    bool by_tls = secure_by_tls(scene, arena);
    size_t count = 0;

    for (const struct json *item = items; item && count < max; item = item->next) {
        const char *uri = twilio_sip_uri(text_or(json_member(item, "url"), ""), arena);

        if (text_equal(uri, own) || (by_tls && !url_sip_by_tls(uri)))
            continue;
        want_url(scene, uri, setting_int(item, &fields[PRIORITY], STANDARD, arena), setting_int(item, &fields[WEIGHT], STANDARD, arena), &ret[count]);
        ret[count].after = scene_id(scene, KIND_ORIGINATION_URL, own) ? NULL : own;
        ret[count++].spare = true;
    }
    return count;
}

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    const char *own;

    if (max == 0 || !scene_is_trunk(scene) || scene->on_trunk.inbound == 0)
        return 0;
    own = secure_own_uri(scene, arena);
    if (!own)
        return 0;
    want_url(scene, own, STANDARD, STANDARD, ret);
    return 1 + want_named(scene, own, arena, ret + 1, max - 1);
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)label;
    spec->value[FRIENDLY_NAME] = arena_strdup(arena, text);
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_TRUNKING, &kind_ORIGINATION_URL, ret, "/v1/Trunks/", call->spec->value[TRUNK_SID],
                "/OriginationUrls", NULL);
}

static void update(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_UPDATE, TWILIO_TRUNKING, &kind_ORIGINATION_URL, ret, "/v1/Trunks/", call->resource->parent_id,
                "/OriginationUrls/", call->resource->external_id, NULL);
}

static void remove_url(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/OriginationUrls/",
                  call->resource->external_id, NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/OriginationUrls/",
               call->resource->external_id, NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/OriginationUrls?PageSize=1000", NULL);
}

static void finish(const struct call *call, const struct json *item, struct found *found)
{
    const char *uri = found->spec.value[SIP_URL];

    (void)item;
    if (uri)
        found->spec.value[SIP_URL] = twilio_sip_uri(uri, call->arena);
    if (!tag_parse(found->spec.value[FRIENDLY_NAME], &found->tag))
        found->tag = (struct tag){ .nonce = "" };
}

static const struct twilio_shape shape = {
    .kind = &kind_ORIGINATION_URL, .product = TWILIO_TRUNKING, .items = "origination_urls", .finish = finish,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_ORIGINATION_URL = {
    .id = KIND_ORIGINATION_URL, .name = "twilio.origination_url", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_TAG, .scope = LIST_PER_PARENT, .repeat = REPEAT_MUST_WAIT, .goes_with_parent = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_url, .get = get, .list = list,
    .decode = decode, .judge = twilio_judge_below,
};
