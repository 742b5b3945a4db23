/* twilio.connection_policy_target: one SIP address of a connection policy.
 *
 * The rule (Twilio): ten in a policy; sip: only, never sips:. There is none against two of the same address. Whether they go with their
 * policy is not documented.
 *
 * Ours: the project's own address is one object (slot ""), whatever it is: another host, or TLS instead of TCP, is one request, and there
 * is no moment without it. Of those that people name, eight at most, the slot is the address; while theirs are replaced a create may have
 * to wait until one of the old ones is gone. They are removed before their policy. A create in doubt waits. */
#include "connection_policy.h"

#include <trunkd/text.h>

#include "secure.h"
#include "setting.h"
#include "twilio.h"

#define POLICIES "/v1/ConnectionPolicies/"
#define STANDARD "10"

enum { CONNECTION_POLICY_SID, FRIENDLY_NAME, TARGET, PRIORITY, WEIGHT, ENABLED };

static const struct field fields[] = {
    [CONNECTION_POLICY_SID] = { "connection_policy_sid", NULL, "connection_policy_sid", FIELD_TEXT, FIELD_REF | FIELD_IN_PATH, NULL },
    [FRIENDLY_NAME] = { "friendly_name", "FriendlyName", "friendly_name", FIELD_TEXT, 0, NULL },
    [TARGET]        = { "target",        "Target",       "target",        FIELD_TEXT, 0, NULL },
    [PRIORITY]      = { "priority",      "Priority",     "priority",      FIELD_INT,  FIELD_ALWAYS, NULL },
    [WEIGHT]        = { "weight",        "Weight",       "weight",        FIELD_INT,  0, NULL },
    [ENABLED]       = { "enabled",       "Enabled",      "enabled",       FIELD_BOOL, 0, NULL },
};

static const enum kind_id needs[] = { KIND_CONNECTION_POLICY };

static void want_target(const struct scene *scene, const char *slot, const char *uri, const char *priority, const char *weight,
                        struct wanted *ret)
{
    struct spec *spec = want_one(&kind_CONNECTION_POLICY_TARGET, scene, slot, "", ret);

    spec->value[CONNECTION_POLICY_SID] = scene_id(scene, KIND_CONNECTION_POLICY, "");
    spec->value[TARGET] = uri;
    spec->value[PRIORITY] = priority;
    spec->value[WEIGHT] = weight;
    spec->value[ENABLED] = "true";
    ret->spare = true;
}

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    const struct json *items = setting_documents(scene->twilio_trunk, "connection_policy_targets", arena);
    const char *own = secure_own_uri(scene, arena);
    size_t count = 0;

    if (max == 0 || !connection_policy_wanted(scene, arena))
        return 0;
    if (own)
        want_target(scene, "", own, STANDARD, STANDARD, &ret[count++]);
    for (const struct json *item = items; item && count < max; item = item->next) {
        const char *uri = twilio_sip_uri(text_or(json_member(item, "target"), ""), arena);
        const char *priority = setting_int(item, &fields[PRIORITY], STANDARD, arena);
        const char *weight = setting_int(item, &fields[WEIGHT], STANDARD, arena);

        if (!text_equal(uri, own))
            want_target(scene, uri, uri, priority, weight, &ret[count++]);
    }
    return count;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)label;
    spec->value[FRIENDLY_NAME] = arena_strdup(arena, text);
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_VOICE, &kind_CONNECTION_POLICY_TARGET, ret, POLICIES, call->spec->value[CONNECTION_POLICY_SID],
                "/Targets", NULL);
}

static void update(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_UPDATE, TWILIO_VOICE, &kind_CONNECTION_POLICY_TARGET, ret, POLICIES, call->resource->parent_id, "/Targets/",
                call->resource->external_id, NULL);
}

static void remove_target(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_VOICE, ret, POLICIES, call->resource->parent_id, "/Targets/", call->resource->external_id, NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_VOICE, ret, POLICIES, call->resource->parent_id, "/Targets/", call->resource->external_id, NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_VOICE, ret, POLICIES, call->resource->parent_id, "/Targets?PageSize=1000", NULL);
}

static void finish(const struct call *call, const struct json *item, struct found *found)
{
    const char *uri = found->spec.value[TARGET];

    (void)item;
    if (uri)
        found->spec.value[TARGET] = twilio_sip_uri(uri, call->arena);
    if (!tag_parse(found->spec.value[FRIENDLY_NAME], &found->tag))
        found->tag = (struct tag){ .nonce = "" };
}

static const struct twilio_shape shape = {
    .kind = &kind_CONNECTION_POLICY_TARGET, .product = TWILIO_VOICE, .items = "targets", .finish = finish,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_CONNECTION_POLICY_TARGET = {
    .id = KIND_CONNECTION_POLICY_TARGET, .name = "twilio.connection_policy_target", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_TAG, .scope = LIST_PER_PARENT, .repeat = REPEAT_MUST_WAIT, .goes_with_parent = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_target, .get = get, .list = list,
    .decode = decode, .judge = twilio_judge_below,
};
