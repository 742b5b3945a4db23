/* twilio.credential_list: who may call out over a trunk. There while a number that places calls is on the trunk.
 *
 * Its friendly name is unique in the account, so a repeated create is refused and harmless. */
#include "twilio.h"

#include <trunkd/text.h>

#define LISTS "/SIP/CredentialLists"

enum { FRIENDLY_NAME };

static const struct field fields[] = {
    [FRIENDLY_NAME] = { "friendly_name", "FriendlyName", "friendly_name", FIELD_TEXT, 0, NULL },
};

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    (void)arena;
    if (max == 0 || !scene_is_trunk(scene) || scene->on_trunk.outbound == 0)
        return 0;
    want_one(&kind_CREDENTIAL_LIST, scene, "", "", ret);
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)label;
    spec->value[FRIENDLY_NAME] = arena_strdup(arena, text);
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_API, &kind_CREDENTIAL_LIST, ret, LISTS ".json", NULL);
}

static void update(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_UPDATE, TWILIO_API, &kind_CREDENTIAL_LIST, ret, LISTS "/", call->resource->external_id, ".json", NULL);
}

static void remove_list(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_API, ret, LISTS "/", call->resource->external_id, ".json", NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_API, ret, LISTS "/", call->resource->external_id, ".json", NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_API, ret, LISTS ".json?PageSize=1000", NULL);
}

static void finish(const struct call *call, const struct json *item, struct found *found)
{
    (void)call;
    (void)item;
    if (!tag_parse(found->spec.value[FRIENDLY_NAME], &found->tag))
        found->tag = (struct tag){ .nonce = "" };
}

static const struct twilio_shape shape = {
    .kind = &kind_CREDENTIAL_LIST, .product = TWILIO_API, .items = "credential_lists", .finish = finish,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_CREDENTIAL_LIST = {
    .id = KIND_CREDENTIAL_LIST, .name = "twilio.credential_list", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_TAG, .scope = LIST_PER_ACCOUNT, .repeat = REPEAT_SAFE, .region_bound = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_list, .get = get, .list = list,
    .decode = decode, .judge = twilio_judge,
};
