/* livekit.outbound_trunk: how LiveKit places calls from a number, through its Twilio trunk's domain and with its credential.
 *
 * LiveKit checks no conflict here and a repeated create makes a second trunk without a word: a create in doubt waits. */
#include "livekit.h"

#include <trunkd/text.h>

#include "credential.h"
#include "setting.h"
#include "value.h"

enum {
    NAME, ADDRESS, NUMBERS, AUTH_USERNAME, AUTH_PASSWORD, DESTINATION_COUNTRY, HEADERS, HEADERS_TO_ATTRIBUTES, ATTRIBUTES_TO_HEADERS,
    INCLUDE_HEADERS, MEDIA_ENCRYPTION, FROM_HOST
};

static const struct field fields[] = {
    [NAME]          = { "name",          "name",          NULL, FIELD_TEXT,   0, NULL },
    [ADDRESS]       = { "address",       "address",       NULL, FIELD_TEXT,   FIELD_REF, NULL },
    [NUMBERS]       = { "numbers",       "numbers",       NULL, FIELD_SET,    0, NULL },
    [AUTH_USERNAME] = { "auth_username", "auth_username", NULL, FIELD_TEXT,   FIELD_REF, NULL },
    [AUTH_PASSWORD] = { "auth_password", "auth_password", NULL, FIELD_SECRET, FIELD_REF, NULL },
    [DESTINATION_COUNTRY]   = { "destination_country",   "destination_country",   NULL, FIELD_TEXT, 0, NULL },
    [HEADERS]               = { "headers",               "headers",               NULL, FIELD_MAP,  0, NULL },
    [HEADERS_TO_ATTRIBUTES] = { "headers_to_attributes", "headers_to_attributes", NULL, FIELD_MAP,  0, NULL },
    [ATTRIBUTES_TO_HEADERS] = { "attributes_to_headers", "attributes_to_headers", NULL, FIELD_MAP,  0, NULL },
    [INCLUDE_HEADERS]       = { "include_headers",       "include_headers",       NULL, FIELD_ENUM, 0, include_names },
    [MEDIA_ENCRYPTION]      = { "media_encryption",      "media_encryption",      NULL, FIELD_ENUM, 0, encryption_names },
    [FROM_HOST]             = { "from_host",             "from_host",             NULL, FIELD_TEXT, 0, NULL },
};

static const struct setting settings[] = {
    { "destination_country", DESTINATION_COUNTRY, NULL }, { "headers", HEADERS, NULL },
    { "headers_to_attributes", HEADERS_TO_ATTRIBUTES, NULL }, { "attributes_to_headers", ATTRIBUTES_TO_HEADERS, NULL },
    { "include_headers", INCLUDE_HEADERS, include_words }, { "media_encryption", MEDIA_ENCRYPTION, encryption_words },
    { "from_host", FROM_HOST, NULL },
};

static const enum kind_id needs[] = { KIND_TWILIO_TRUNK, KIND_CREDENTIAL, KIND_TRUNK_CREDENTIAL_LIST };

/* The trunk's domain as Twilio showed it last, unless the account says where its calls go out. */
static const char *address_of(const struct scene *scene)
{
    const struct resource *row = scene_find(scene, KIND_TWILIO_TRUNK, "");

    if (scene->account->termination_address)
        return scene->account->termination_address;
    return row && row->known == KNOWN_LIVE ? spec_value(row->kind, &row->applied, "domain_name") : NULL;
}

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct login login;
    struct spec *spec;

    if (max == 0 || !scene_is_number(scene) || !scene->number->supports_outbound || scene->number->is_sip || !scene->account)
        return 0;
    login = credential_login(scene, arena);
    spec = want_one(&kind_OUTBOUND_TRUNK, scene, "", number_label(scene->number), ret);
    spec->value[ADDRESS] = address_of(scene);
    spec->value[NUMBERS] = value_set_of(scene->number->phone_number, arena);
    spec->value[AUTH_USERNAME] = login.username;
    spec->value[AUTH_PASSWORD] = login.password;
    settings_take(&kind_OUTBOUND_TRUNK, settings, ARRAY_SIZE(settings), scene->number->outbound_trunk, arena, spec);
    spec->secret = login.secret;
    spec->secret_place = login.place;
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    spec->value[NAME] = name_with_tag(label, text, arena);
}

static const struct livekit_shape shape = {
    .kind = &kind_OUTBOUND_TRUNK,
    .create = "CreateSIPOutboundTrunk", .update = "UpdateSIPOutboundTrunk", .remove = "DeleteSIPTrunk", .list = "ListSIPOutboundTrunk",
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

const struct kind kind_OUTBOUND_TRUNK = {
    .id = KIND_OUTBOUND_TRUNK, .name = "livekit.outbound_trunk", .owner = OWNER_NUMBER, .family = FAMILY_LIVEKIT,
    .recognised = BY_TAG, .scope = LIST_PER_ACCOUNT, .repeat = REPEAT_MUST_WAIT, .region_bound = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_trunk, .get = get, .list = list,
    .decode = decode, .judge = livekit_judge,
};
