/* twilio.trunk: the SIP trunk that numbers share.
 *
 * DomainName is unique across all of Twilio and stays reserved for 30 days after a delete, so it carries the tag with the nonce of
 * this incarnation: it is what makes a repeated create harmless. Deleting a trunk would detach the numbers on it without a word,
 * therefore a list of them has to read empty first. Whether an empty DisasterRecoveryUrl takes the old one away is not known: it is sent
 * only where there is one, and the echo says what became of it. Symmetric RTP is shown and nothing here can set it: people are told how it is. */
#include "twilio.h"

#include <trunkd/text.h>

#include "secure.h"
#include "setting.h"

enum {
    FRIENDLY_NAME, DOMAIN_NAME, TRANSFER_MODE, TRANSFER_CALLER_ID, CNAM_LOOKUP_ENABLED, DISASTER_RECOVERY_URL, DISASTER_RECOVERY_METHOD,
    SECURE, SYMMETRIC_RTP_ENABLED
};

static const char *const transfer_modes[] = { "disable-all", "enable-all", "sip-only", NULL };
static const char *const transfer_caller_ids[] = { "from-transferee", "from-transferor", NULL };
static const char *const disaster_recovery_methods[] = { "POST", "GET", NULL };

static const struct field fields[] = {
    [FRIENDLY_NAME] = { "friendly_name", "FriendlyName", "friendly_name", FIELD_TEXT, 0, NULL },
    [DOMAIN_NAME]   = { "domain_name",   "DomainName",   "domain_name",   FIELD_TEXT, 0, NULL },
    [TRANSFER_MODE] = { "transfer_mode", "TransferMode", "transfer_mode", FIELD_ENUM, 0, transfer_modes },
    [TRANSFER_CALLER_ID]  = { "transfer_caller_id",  "TransferCallerId",  "transfer_caller_id",  FIELD_ENUM, 0, transfer_caller_ids },
    [CNAM_LOOKUP_ENABLED] = { "cnam_lookup_enabled", "CnamLookupEnabled", "cnam_lookup_enabled", FIELD_BOOL, 0, NULL },
    [DISASTER_RECOVERY_URL] = { "disaster_recovery_url", "DisasterRecoveryUrl", "disaster_recovery_url", FIELD_TEXT, FIELD_SPARING, NULL },
    [DISASTER_RECOVERY_METHOD] = {
        "disaster_recovery_method", "DisasterRecoveryMethod", "disaster_recovery_method", FIELD_ENUM, FIELD_SPARING, disaster_recovery_methods },
    [SECURE] = { "secure", "Secure", "secure", FIELD_BOOL, 0, NULL },
    [SYMMETRIC_RTP_ENABLED] = { "symmetric_rtp_enabled", NULL, "symmetric_rtp_enabled", FIELD_BOOL, FIELD_SHOWN, NULL },
};

static const struct setting settings[] = {
    { "transfer_mode", TRANSFER_MODE, transfer_modes }, { "transfer_caller_id", TRANSFER_CALLER_ID, transfer_caller_ids },
    { "cnam_lookup_enabled", CNAM_LOOKUP_ENABLED, NULL }, { "disaster_recovery_url", DISASTER_RECOVERY_URL, NULL },
    { "disaster_recovery_method", DISASTER_RECOVERY_METHOD, disaster_recovery_methods },
};

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct spec *spec;

    if (max == 0 || !scene_is_trunk(scene))
        return 0;
    spec = want_one(&kind_TWILIO_TRUNK, scene, "", "", ret);
    settings_take(&kind_TWILIO_TRUNK, settings, ARRAY_SIZE(settings), scene->twilio_trunk, arena, spec);
    spec->value[SECURE] = secure_of_trunk(scene, arena, &ret->waits);
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)label;
    spec->value[FRIENDLY_NAME] = arena_strdup(arena, text);
    spec->value[DOMAIN_NAME] = arena_printf(arena, "%s" TWILIO_DOMAIN_SUFFIX, text);
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_TRUNKING, &kind_TWILIO_TRUNK, ret, "/v1/Trunks", NULL);
}

static void update(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_UPDATE, TWILIO_TRUNKING, &kind_TWILIO_TRUNK, ret, "/v1/Trunks/", call->resource->external_id, NULL);
}

static void remove_trunk(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->external_id, NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->external_id, NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_TRUNKING, ret, "/v1/Trunks?PageSize=1000", NULL);
}

static void check(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_TRUNKING, ret, "/v1/Trunks/", call->resource->external_id, "/PhoneNumbers?PageSize=1", NULL);
}

static const char *check_empty(const struct call *call, const struct reply *reply, struct err *err)
{
    const struct json *body, *numbers;

    if (!json_parse(call->arena, reply->body, reply->body_bytes, &body, err))
        return "the list of the numbers on the trunk cannot be read";
    numbers = json_get(body, "phone_numbers");
    if (!numbers || numbers->type != JSON_ARRAY) {
        err_set(err, ERR_AMBIGUOUS, "the answer has no list of phone_numbers");
        return "the list of the numbers on the trunk cannot be read";
    }
    if (!numbers->child)
        return NULL;
    return arena_printf(call->arena, "%.32s is still on the trunk; move it to another trunk or take it off, then trunkd deletes the trunk",
                        text_or(json_member(numbers->child, "phone_number"), "a number"));
}

/* The domain name is the key; a friendly name can be typed by anybody. Domain names have no case. */
static void finish(const struct call *call, const struct json *item, struct found *found)
{
    const char *domain = found->spec.value[DOMAIN_NAME];

    (void)item;
    if (domain) {
        char *lower = arena_strdup(call->arena, domain);

        for (char *at = lower; *at; at++)
            if (*at >= 'A' && *at <= 'Z')
                *at = (char)(*at - 'A' + 'a');
        found->spec.value[DOMAIN_NAME] = lower;
    }
    if (!tag_parse(domain, &found->tag) && !tag_parse(found->spec.value[FRIENDLY_NAME], &found->tag))
        found->tag = (struct tag){ .nonce = "" };
}

static const struct twilio_shape shape = {
    .kind = &kind_TWILIO_TRUNK, .product = TWILIO_TRUNKING, .items = "trunks", .finish = finish,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_TWILIO_TRUNK = {
    .id = KIND_TWILIO_TRUNK, .name = "twilio.trunk", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_TAG, .scope = LIST_PER_ACCOUNT, .repeat = REPEAT_SAFE, .region_bound = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_trunk, .get = get, .list = list,
    .check = check, .check_empty = check_empty, .decode = decode, .judge = twilio_judge,
};
