/* twilio.trunk_credential_list: the link that lets the users of a credential list call out over the trunk.
 *
 * The pair is the identity: the link has no id of its own (its sid is the list's), no tag and nothing to change. Twilio refuses a
 * second one of the same pair. It goes with the trunk. */
#include "twilio.h"

#include <trunkd/text.h>

enum { TRUNK_SID, CREDENTIAL_LIST_SID };

static const struct field fields[] = {
    [TRUNK_SID]           = { "trunk_sid",           NULL,                "trunk_sid", FIELD_TEXT, FIELD_REF | FIELD_IN_PATH, NULL },
    [CREDENTIAL_LIST_SID] = { "credential_list_sid", "CredentialListSid", "sid",       FIELD_TEXT, FIELD_REF, NULL },
};

/* The credential too: before the link stands, nobody can try to call with a user that is not there yet. */
static const enum kind_id needs[] = { KIND_TWILIO_TRUNK, KIND_CREDENTIAL_LIST, KIND_CREDENTIAL };

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct spec *spec;

    (void)arena;
    if (max == 0 || !scene_is_trunk(scene) || scene->on_trunk.outbound == 0)
        return 0;
    spec = want_one(&kind_TRUNK_CREDENTIAL_LIST, scene, "", "", ret);
    spec->value[TRUNK_SID] = scene_id(scene, KIND_TWILIO_TRUNK, "");
    spec->value[CREDENTIAL_LIST_SID] = scene_id(scene, KIND_CREDENTIAL_LIST, "");
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)text;
    (void)label;
    (void)arena;
    (void)spec;
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_TRUNKING, &kind_TRUNK_CREDENTIAL_LIST, ret, "/v1/Trunks/", call->spec->value[TRUNK_SID],
                "/CredentialLists", NULL);
}

static void remove_link(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/CredentialLists/",
                  call->resource->external_id, NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/CredentialLists/",
               call->resource->external_id, NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->parent_id, "/CredentialLists?PageSize=1000", NULL);
}

static const struct twilio_shape shape = {
    .kind = &kind_TRUNK_CREDENTIAL_LIST, .product = TWILIO_TRUNKING, .items = "credential_lists",
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_TRUNK_CREDENTIAL_LIST = {
    .id = KIND_TRUNK_CREDENTIAL_LIST, .name = "twilio.trunk_credential_list", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_PAIR, .scope = LIST_PER_PARENT, .repeat = REPEAT_SAFE, .goes_with_parent = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = create, .remove = remove_link, .get = get, .list = list,
    .decode = decode, .judge = twilio_judge_below,
};
