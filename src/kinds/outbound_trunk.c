/* livekit.outbound_trunk: how LiveKit places calls from a number: through its Twilio trunk's domain and with its credential, or at the
 * address of another carrier, with the user name and password that people gave, or none.
 *
 * LiveKit checks no conflict here and a repeated create makes a second trunk without a word: a create in doubt waits. It answers whoever
 * challenges it at that address with a digest of the password: so a password leads only to hosts that the configuration lists. */
#include "livekit.h"

#include <trunkd/text.h>

#include "credential.h"
#include "secure.h"
#include "setting.h"
#include "value.h"

enum {
    NAME, ADDRESS, NUMBERS, AUTH_USERNAME, AUTH_PASSWORD, DESTINATION_COUNTRY, HEADERS, HEADERS_TO_ATTRIBUTES, ATTRIBUTES_TO_HEADERS,
    INCLUDE_HEADERS, MEDIA_ENCRYPTION, FROM_HOST, TRANSPORT
};
enum { TRANSPORT_TLS = 3 };

static const char *const transport_names[] = { "SIP_TRANSPORT_AUTO", "SIP_TRANSPORT_UDP", "SIP_TRANSPORT_TCP", "SIP_TRANSPORT_TLS", NULL };
static const char *const transport_words[] = { "auto", "udp", "tcp", "tls", NULL };

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
    [MEDIA_ENCRYPTION]      = { "media_encryption",      "media_encryption",      encryption_read, FIELD_ENUM, 0, encryption_names },
    [FROM_HOST]             = { "from_host",             "from_host",             NULL, FIELD_TEXT, 0, NULL },
    [TRANSPORT]             = { "transport",             "transport",             NULL, FIELD_ENUM, 0, transport_names },
};

static const struct setting settings[] = {
    { "destination_country", DESTINATION_COUNTRY, NULL }, { "headers", HEADERS, NULL },
    { "headers_to_attributes", HEADERS_TO_ATTRIBUTES, NULL }, { "attributes_to_headers", ATTRIBUTES_TO_HEADERS, NULL },
    { "include_headers", INCLUDE_HEADERS, include_words }, { "media_encryption", MEDIA_ENCRYPTION, encryption_words },
    { "from_host", FROM_HOST, NULL }, { "address", ADDRESS, NULL }, { "auth_username", AUTH_USERNAME, NULL },
    { "transport", TRANSPORT, transport_words },
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

static void lead_to_twilio(const struct scene *scene, struct arena *arena, struct spec *spec)
{
    struct login login = credential_login(scene, arena);

    spec->value[ADDRESS] = address_of(scene);
    spec->value[AUTH_USERNAME] = login.username;
    spec->value[AUTH_PASSWORD] = login.password;
    spec->value[MEDIA_ENCRYPTION] = secure_outbound(scene, spec->value[MEDIA_ENCRYPTION], arena);
    if (secure_by_tls(scene, arena))
        spec->value[TRANSPORT] = transport_names[TRANSPORT_TLS];
    spec->secret = login.secret;
    spec->secret_place = login.place;
}

static void lead_to_carrier(const struct scene *scene, struct arena *arena, struct wanted *wanted)
{
    const char *address = wanted->spec.value[ADDRESS];

    wanted->alone = true;
    settings_password(scene, scene->number->outbound_trunk, AUTH_PASSWORD, arena, wanted);
    if (wanted->refers && !scene->any_origin && !origin_listed(scene->origins, address))
        wanted->lacks = arena_printf(arena, "%s is not in allowed_origins of the configuration file, so no password may lead there", address);
}

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct spec *spec;

    if (max == 0 || !scene_is_number(scene) || !scene->number->supports_outbound || (!scene->number->is_sip && !scene->account))
        return 0;
    spec = want_one(&kind_OUTBOUND_TRUNK, scene, "", number_label(scene->number), ret);
    settings_take(&kind_OUTBOUND_TRUNK, settings, ARRAY_SIZE(settings), scene->number->outbound_trunk, arena, spec);
    spec->value[NUMBERS] = value_set_of(scene->number->phone_number, arena);
    if (scene->number->is_sip)
        lead_to_carrier(scene, arena, ret);
    else
        lead_to_twilio(scene, arena, spec);
    return 1;
}

/* Of Twilio's trunks: what does not come by TLS is refused by one that encrypts. */
static unsigned refuses(const struct resource *row)
{
    bool by_other = may_show(row, TRANSPORT, NULL) || may_show(row, TRANSPORT, transport_names[1]) || may_show(row, TRANSPORT, transport_names[2]);

    return secure_refuses(row, MEDIA_ENCRYPTION) | (by_other ? REFUSES_ENCRYPTED : 0u);
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
    .want = want, .refuses = refuses, .tag = tag, .create = create, .update = update, .remove = remove_trunk, .get = get, .list = list,
    .decode = decode, .judge = livekit_judge,
};
