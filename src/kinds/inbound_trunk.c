/* livekit.inbound_trunk: which called number LiveKit accepts. One per number, never shared, and never without its number: a trunk
 * without numbers accepts all of them.
 *
 * Whoever calls may have to give a user name and a password: those that people gave. LiveKit asks only where both are set.
 *
 * LiveKit refuses a second trunk of the same number, but two creates at once both pass: a create in doubt waits. */
#include "livekit.h"

#include <trunkd/text.h>

#include "secure.h"
#include "setting.h"
#include "value.h"

enum {
    NAME, NUMBERS, ALLOWED_ADDRESSES, ALLOWED_NUMBERS, HEADERS, HEADERS_TO_ATTRIBUTES, ATTRIBUTES_TO_HEADERS, INCLUDE_HEADERS,
    RINGING_TIMEOUT, MAX_CALL_DURATION, KRISP_ENABLED, MEDIA_ENCRYPTION, AUTH_USERNAME, AUTH_PASSWORD
};

static const struct field fields[] = {
    [NAME]                  = { "name",                  "name",                  NULL, FIELD_TEXT,     0, NULL },
    [NUMBERS]               = { "numbers",               "numbers",               NULL, FIELD_SET,      0, NULL },
    [ALLOWED_ADDRESSES]     = { "allowed_addresses",     "allowed_addresses",     NULL, FIELD_SET,      0, NULL },
    [ALLOWED_NUMBERS]       = { "allowed_numbers",       "allowed_numbers",       NULL, FIELD_SET,      0, NULL },
    [HEADERS]               = { "headers",               "headers",               NULL, FIELD_MAP,      0, NULL },
    [HEADERS_TO_ATTRIBUTES] = { "headers_to_attributes", "headers_to_attributes", NULL, FIELD_MAP,      0, NULL },
    [ATTRIBUTES_TO_HEADERS] = { "attributes_to_headers", "attributes_to_headers", NULL, FIELD_MAP,      0, NULL },
    [INCLUDE_HEADERS]       = { "include_headers",       "include_headers",       NULL, FIELD_ENUM,     0, include_names },
    [RINGING_TIMEOUT]       = { "ringing_timeout",       "ringing_timeout",       NULL, FIELD_DURATION, 0, NULL },
    [MAX_CALL_DURATION]     = { "max_call_duration",     "max_call_duration",     NULL, FIELD_DURATION, 0, NULL },
    [KRISP_ENABLED]         = { "krisp_enabled",         "krisp_enabled",         NULL, FIELD_BOOL,     0, NULL },
    [MEDIA_ENCRYPTION]      = { "media_encryption",      "media_encryption",      encryption_read, FIELD_ENUM,     0, encryption_names },
    [AUTH_USERNAME]         = { "auth_username",         "auth_username",         NULL, FIELD_TEXT,     0, NULL },
    [AUTH_PASSWORD]         = { "auth_password",         "auth_password",         NULL, FIELD_SECRET,   0, NULL },
};

static const struct setting settings[] = {
    { "allowed_addresses", ALLOWED_ADDRESSES, NULL }, { "allowed_numbers", ALLOWED_NUMBERS, NULL }, { "headers", HEADERS, NULL },
    { "headers_to_attributes", HEADERS_TO_ATTRIBUTES, NULL }, { "attributes_to_headers", ATTRIBUTES_TO_HEADERS, NULL },
    { "include_headers", INCLUDE_HEADERS, include_words }, { "ringing_timeout_seconds", RINGING_TIMEOUT, NULL },
    { "max_call_duration_seconds", MAX_CALL_DURATION, NULL }, { "krisp_enabled", KRISP_ENABLED, NULL },
    { "media_encryption", MEDIA_ENCRYPTION, encryption_words }, { "auth_username", AUTH_USERNAME, NULL },
};

const char *inbound_encryption(const struct scene *scene, struct arena *arena)
{
    struct spec own = { .secret = NULL };

    settings_take(&kind_INBOUND_TRUNK, settings, ARRAY_SIZE(settings), scene->number->inbound_trunk, arena, &own);
    return scene->number->is_sip ? own.value[MEDIA_ENCRYPTION] : secure_inbound(scene, own.value[MEDIA_ENCRYPTION], arena);
}

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct spec *spec;

    if (max == 0 || !scene_is_number(scene) || !scene->number->supports_inbound)
        return 0;
    spec = want_one(&kind_INBOUND_TRUNK, scene, "", number_label(scene->number), ret);
    spec->value[NUMBERS] = value_set_of(scene->number->phone_number, arena);
    settings_take(&kind_INBOUND_TRUNK, settings, ARRAY_SIZE(settings), scene->number->inbound_trunk, arena, spec);
    settings_password(scene, scene->number->inbound_trunk, AUTH_PASSWORD, arena, ret);
    spec->value[MEDIA_ENCRYPTION] = inbound_encryption(scene, arena);
    return 1;
}

static unsigned refuses(const struct resource *row)
{
    return secure_refuses(row, MEDIA_ENCRYPTION);
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    spec->value[NAME] = name_with_tag(label, text, arena);
}

static const struct livekit_shape shape = {
    .kind = &kind_INBOUND_TRUNK,
    .create = "CreateSIPInboundTrunk", .update = "UpdateSIPInboundTrunk", .remove = "DeleteSIPTrunk", .list = "ListSIPInboundTrunk",
    .wrapper = "trunk", .id = "sip_trunk_id", .ids = "trunk_ids",
};

static void create(const struct call *call, struct request *ret) { livekit_create(&shape, call, ret); }
static void update(const struct call *call, struct request *ret) { livekit_update(&shape, call, ret); }
static void remove_trunk(const struct call *call, struct request *ret) { livekit_remove(&shape, call, ret); }
static void get(const struct call *call, struct request *ret) { livekit_get(&shape, call, ret); }
static void list(const struct call *call, struct request *ret) { livekit_list(&shape, call, ret); }

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return livekit_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_INBOUND_TRUNK = {
    .id = KIND_INBOUND_TRUNK, .name = "livekit.inbound_trunk", .owner = OWNER_NUMBER, .family = FAMILY_LIVEKIT,
    .catches_all_without = { "numbers", "allowed_addresses", "allowed_numbers", "auth_username" },
    .recognised = BY_TAG, .scope = LIST_PER_ACCOUNT, .repeat = REPEAT_MUST_WAIT, .region_bound = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields),
    .want = want, .refuses = refuses, .tag = tag, .create = create, .update = update, .remove = remove_trunk, .get = get, .list = list,
    .decode = decode, .judge = livekit_judge,
};
