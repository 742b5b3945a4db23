/* twilio.trunk_phone_number: the attach, by which a number's calls go to its trunk. Nothing is created and nothing deleted at Twilio:
 * it is the field trunk_sid of a number that the account owns. So the number itself is the identity, its record is the authority, and
 * each write is one POST to it whose answer shows the result; the same POST twice does no harm.
 *
 * The rule (Twilio): a number has one trunk. While it has one, voice URLs and application are ignored. Setting a trunk deletes the
 * application and setting an application deletes the trunk; voice URLs are not erased by either.
 *
 * What is sent, therefore:
 *   create, update   TrunkSid=TK…
 *   remove           gives back the routing that was noted before the first attach, and only as much as undoes the attach:
 *     it had a trunk           TrunkSid=TK…             (the rest was ignored then, and is as it was)
 *     it had an application    VoiceApplicationSid=AP…  (takes the number off our trunk by itself; URLs were ignored then)
 *     neither                  TrunkSid=                and of VoiceUrl, VoiceMethod, VoiceFallbackUrl, VoiceFallbackMethod those that
 *                                                       were noted, for a URL that Twilio did erase would leave the number mute
 * A refused remove has the reason RoutingNotRestored: what was noted may be gone meanwhile. Without a note only TrunkSid= is sent. A 404
 * may speak of the number or of the trunk it is sent to, so it proves nothing: only a read of the number does. */
#include "twilio.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#include "encode.h"
#include "secure.h"
#include "url.h"

#define NUMBERS "/IncomingPhoneNumbers"

enum { TRUNK_SID };

static const struct field fields[] = {
    [TRUNK_SID] = { "trunk_sid", "TrunkSid", "trunk_sid", FIELD_TEXT, FIELD_REF, NULL },
};

/* Last of all: from here on calls come in, so everything behind it has to stand. */
static const enum kind_id needs[] = { KIND_TWILIO_TRUNK, KIND_ORIGINATION_URL, KIND_INBOUND_TRUNK, KIND_DISPATCH_RULE };

/* The parts of a number's routing, as the record names them and as a POST does. */
static const struct { const char *read, *wire; } routing[] = {
    { "trunk_sid", "TrunkSid" }, { "voice_application_sid", "VoiceApplicationSid" }, { "voice_url", "VoiceUrl" }, { "voice_method", "VoiceMethod" },
    { "voice_fallback_url", "VoiceFallbackUrl" }, { "voice_fallback_method", "VoiceFallbackMethod" },
};
enum { ROUTING_TRUNK, ROUTING_APPLICATION, ROUTING_URLS };

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    struct spec *spec;

    if (max == 0 || !scene_is_number(scene) || scene->number->is_sip || !scene->account || !scene->number->supports_inbound || !scene->agent)
        return 0;
    spec = want_one(&kind_TRUNK_PHONE_NUMBER, scene, "", "", ret);
    spec->value[TRUNK_SID] = secure_may_attach(scene, arena) ? scene_id(scene, KIND_TWILIO_TRUNK, "") : NULL;
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    (void)text;
    (void)label;
    (void)arena;
    (void)spec;
}

static void post(const struct call *call, struct buf *form, struct request *ret)
{
    twilio_post_form(call, url_path(call->arena, NUMBERS "/", call->resource->external_id, ".json", NULL), form, ret);
}

static void attach(const struct call *call, struct request *ret)
{
    struct buf form;

    buf_init(&form, BODY_BYTES_MAX);
    encode_form(&kind_TRUNK_PHONE_NUMBER, call->spec, &call->resource->applied, &form, ret);
    post(call, &form, ret);
}

static void give_back(const struct call *call, struct request *ret)
{
    const char *note = text_or(call->resource->note, "{}");
    const struct json *noted = NULL;
    bool is_json = json_parse(call->arena, note, strlen(note), &noted, NULL);
    struct buf form;

    assert(is_json);        /* decode() wrote it */
    (void)is_json;
    buf_init(&form, BODY_BYTES_MAX);
    if (!text_is_empty(json_member(noted, routing[ROUTING_TRUNK].read))) {
        form_pair(&form, routing[ROUTING_TRUNK].wire, json_member(noted, routing[ROUTING_TRUNK].read));
    } else if (!text_is_empty(json_member(noted, routing[ROUTING_APPLICATION].read))) {
        form_pair(&form, routing[ROUTING_APPLICATION].wire, json_member(noted, routing[ROUTING_APPLICATION].read));
    } else {
        form_pair(&form, routing[ROUTING_TRUNK].wire, "");
        for (size_t i = ROUTING_URLS; i < ARRAY_SIZE(routing); i++)
            if (!text_is_empty(json_member(noted, routing[i].read)))
                form_pair(&form, routing[i].wire, json_member(noted, routing[i].read));
    }
    post(call, &form, ret);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_API, ret, NUMBERS "/", call->resource->external_id, ".json", NULL);
}

static const char *number_asked_for(const struct call *call)
{
    return call->resource ? call->resource->owner : NULL;
}

static void list(const struct call *call, struct request *ret)
{
    if (number_asked_for(call))
        twilio_list(call, TWILIO_API, ret, NUMBERS ".json?PhoneNumber=", number_asked_for(call), "&PageSize=50", NULL);
    else
        twilio_list(call, TWILIO_API, ret, NUMBERS ".json?PageSize=1000", NULL);
}

/* Twilio's filter finds every number that contains what is asked for. */
static bool is_asked_for(const struct call *call, const struct json *item)
{
    const char *number = number_asked_for(call);

    return !number || text_equal(json_member(item, "phone_number"), number);
}

static void finish(const struct call *call, const struct json *item, struct found *found)
{
    struct buf note;

    /* No part is longer than a URL can be, so the note fits, and later the form made of it. */
    buf_init(&note, BODY_BYTES_MAX);
    json_open(&note, '{');
    for (size_t i = 0; i < ARRAY_SIZE(routing); i++) {
        const char *part = json_member(item, routing[i].read);

        if (!text_is_empty(part) && strlen(part) <= URL_BYTES_MAX)
            json_key_text(&note, routing[i].read, part);
    }
    json_close(&note, '}');
    found->note = arena_strdup(call->arena, note.data);
    buf_release(&note);
    found->name = json_member(item, "phone_number");
}

static const struct twilio_shape shape = {
    .kind = &kind_TRUNK_PHONE_NUMBER, .product = TWILIO_API, .items = "incoming_phone_numbers",
    .finish = finish, .is_asked_for = is_asked_for,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

static struct judgement judge_attach(enum operation operation, const struct reply *reply, struct arena *arena)
{
    static const struct judge_rule rules[] = {
        { ON_CREATE | ON_UPDATE, 404, "20404", VERDICT_LATER, NULL },
        { ON_DELETE, 404, "20404", VERDICT_UNKNOWN, NULL },
    };
    struct judgement judgement = twilio_judge_with(rules, ARRAY_SIZE(rules), operation, reply, arena);

    if (operation == OP_DELETE && judgement.verdict == VERDICT_REFUSED)
        judgement.reason = "RoutingNotRestored";
    return judgement;
}

const struct kind kind_TRUNK_PHONE_NUMBER = {
    .id = KIND_TRUNK_PHONE_NUMBER, .name = "twilio.trunk_phone_number", .owner = OWNER_NUMBER, .family = FAMILY_TWILIO,
    .recognised = BY_KEY, .scope = LIST_PER_ACCOUNT, .repeat = REPEAT_SAFE, .region_bound = true, .remove_answer_proves = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = attach, .update = attach, .remove = give_back, .get = get, .list = list,
    .decode = decode, .judge = judge_attach,
};
