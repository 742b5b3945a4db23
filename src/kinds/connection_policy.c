/* twilio.connection_policy: SIP addresses by which a BYOC trunk reaches the LiveKit project, where a trunk's setting asks for them.
 *
 * The rule (Twilio): a policy routes nothing by itself. A BYOC trunk names it, which is for people to do; no Elastic SIP Trunk can. Its
 * name is not unique, and a list of policies shows all of the account. Whether one with targets, or one that a BYOC trunk names, can be
 * deleted is not documented.
 *
 * Ours: its trunk is only the owner. It comes when that stands, so that nothing is made for a trunk that cannot be had, and needs it for
 * nothing else: what Twilio does not let go because a BYOC trunk names it holds no trunk back, and it outlives a trunk that somebody
 * removed, for the BYOC trunk knows it by its id. A create in doubt waits. */
#include "connection_policy.h"

#include <trunkd/text.h>

#include "setting.h"
#include "twilio.h"

#define POLICIES "/v1/ConnectionPolicies"

enum { FRIENDLY_NAME };

static const struct field fields[] = {
    [FRIENDLY_NAME] = { "friendly_name", "FriendlyName", "friendly_name", FIELD_TEXT, 0, NULL },
};

bool connection_policy_wanted(const struct scene *scene, struct arena *arena)
{
    return scene_is_trunk(scene) && setting_is_on(scene->twilio_trunk, "connection_policy", arena);
}

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    if (max == 0 || !connection_policy_wanted(scene, arena))
        return 0;
    want_one(&kind_CONNECTION_POLICY, scene, "", "", ret);
    ret->spare = true;
    ret->after = scene_id(scene, KIND_TWILIO_TRUNK, "") ? NULL : kind_TWILIO_TRUNK.name;
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)label;
    spec->value[FRIENDLY_NAME] = arena_strdup(arena, text);
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_VOICE, &kind_CONNECTION_POLICY, ret, POLICIES, NULL);
}

static void update(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_UPDATE, TWILIO_VOICE, &kind_CONNECTION_POLICY, ret, POLICIES "/", call->resource->external_id, NULL);
}

static void remove_policy(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_VOICE, ret, POLICIES "/", call->resource->external_id, NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_VOICE, ret, POLICIES "/", call->resource->external_id, NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_VOICE, ret, POLICIES "?PageSize=1000", NULL);
}

static void finish(const struct call *call, const struct json *item, struct found *found)
{
    (void)call;
    (void)item;
    if (!tag_parse(found->spec.value[FRIENDLY_NAME], &found->tag))
        found->tag = (struct tag){ .nonce = "" };
}

static const struct twilio_shape shape = {
    .kind = &kind_CONNECTION_POLICY, .product = TWILIO_VOICE, .items = "connection_policies", .finish = finish,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_CONNECTION_POLICY = {
    .id = KIND_CONNECTION_POLICY, .name = "twilio.connection_policy", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_TAG, .scope = LIST_ASIDE, .repeat = REPEAT_MUST_WAIT,
    .fields = fields, .fields_count = ARRAY_SIZE(fields),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_policy, .get = get, .list = list,
    .decode = decode, .judge = twilio_judge,
};
