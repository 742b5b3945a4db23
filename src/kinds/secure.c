/* Secure trunking: one switch, the trunk's setting `secure`, and both sides follow without a dropped call.
 *
 * The rule (Twilio): a trunk with `secure` encrypts every call and takes no other, in both directions, and comes by TLS: its origination
 * URI says transport=tls. Without, media are plain. The rule (LiveKit): a trunk disables, allows or requires encryption.
 *
 * Ours: what allows both agrees with either, so both sides pass through it. Nothing rests on a remembered phase, only on what the other
 * side showed last or may show by now:
 *
 *   LiveKit demands encryption    while secure is wanted and Twilio surely has it, and nothing leads to another trunk
 *           allows both           while it is wanted, or Twilio may have it, or a number comes from a trunk where it was otherwise
 *           does as it is set     else
 *   Twilio  gets secure           when no number on the trunk may refuse encrypted calls, and every URI there is says TLS
 *           loses it              when no number on the trunk may refuse plain ones
 *           keeps what was sent   while the answer to a change is missing: another one would not say which of them came true
 *           has a URI with TLS    while secure is wanted, or it may be on: plain calls come over TLS too
 *   a number is attached          when its inbound trunk is as it is to be
 *
 * Whether Twilio without secure takes a call that offers encryption is not documented. If it does not, outbound calls fail until the
 * switch is through: there is no order in which they would not. */
#include "secure.h"

#include <string.h>

#include <trunkd/json.h>
#include <trunkd/text.h>

#include "kinds.h"
#include "setting.h"
#include "url.h"

#define ALLOW encryption_names[1]
#define REQUIRE encryption_names[2]

static size_t field_of(const struct kind *kind, const char *name)
{
    size_t i = 0;

    while (strcmp(kind->fields[i].name, name) != 0)
        i++;
    return i;
}

static bool is_unsure(const struct resource *row) { return row->in_doubt || row->known == KNOWN_MAYBE; }

/* Of the writes whose fate is unknown every one says the same (secure_of_trunk), so the last one speaks for all. */
static bool trunk_may_show(const struct resource *row, size_t field, const char *value)
{
    return (row->known == KNOWN_LIVE && text_equal(row->applied.value[field], value))
           || ((row->open != OPEN_NOTHING || is_unsure(row)) && text_equal(row->sent.value[field], value));
}

struct secure secure_of(const struct scene *scene, struct arena *arena)
{
    const struct resource *row = scene_find(scene, KIND_TWILIO_TRUNK, "");
    size_t field = field_of(&kind_TWILIO_TRUNK, "secure");

    return (struct secure){
        .wanted = setting_is_on(scene->twilio_trunk, "secure", arena),
        .may_be_on = row && trunk_may_show(row, field, "true"),
        .may_be_off = !row || trunk_may_show(row, field, NULL),
    };
}

bool secure_by_tls(const struct scene *scene, struct arena *arena)
{
    struct secure secure = secure_of(scene, arena);

    return secure.wanted || secure.may_be_on;
}

const char *secure_own_uri(const struct scene *scene, struct arena *arena)
{
    if (!scene->project || !scene->project->sip_host)
        return NULL;
    return arena_printf(arena, "sip:%s;transport=%s", scene->project->sip_host, secure_by_tls(scene, arena) ? "tls" : "tcp");
}

/* ---- the trunk at Twilio -------------------------------------------------------------------------------------------------- */

static bool all_by_tls(const struct scene *scene)
{
    const struct resource *row;

    for (size_t i = 0; (row = scene_next(scene, KIND_ORIGINATION_URL, &i));)
        if ((row->known != KNOWN_NONE || row->open != OPEN_NOTHING) && !url_sip_by_tls(row->slot))
            return false;
    return true;
}

const char *secure_of_trunk(const struct scene *scene, struct arena *arena, const char **ret_waits)
{
    const struct resource *row = scene_find(scene, KIND_TWILIO_TRUNK, "");
    size_t field = field_of(&kind_TWILIO_TRUNK, "secure");
    bool is_on = row && row->known == KNOWN_LIVE && row->applied.value[field];

    *ret_waits = NULL;
    if (row && is_unsure(row)) {
        bool as_wanted = setting_is_on(scene->twilio_trunk, "secure", arena) == (row->sent.value[field] != NULL);
        *ret_waits = as_wanted ? NULL : "the last change, whose answer was lost";
        return row->sent.value[field];
    }
    if (setting_is_on(scene->twilio_trunk, "secure", arena)) {
        if (scene->on_trunk.refuse_encrypted == 0 && all_by_tls(scene))
            return "true";
        *ret_waits = is_on ? NULL : scene->on_trunk.refuse_encrypted ? "numbers that take encrypted calls" : "an origination URL by TLS alone";
    } else if (scene->on_trunk.refuse_plain == 0) {
        return NULL;
    } else {
        *ret_waits = is_on ? "numbers that take plain calls" : NULL;
    }
    return is_on ? "true" : NULL;
}

/* ---- a number at LiveKit ---------------------------------------------------------------------------------------------------- */

/* Whether calls to the number come, or may come yet, from another trunk than that it is on. */
static bool comes_from_elsewhere(const struct scene *scene)
{
    const struct resource *attach = scene_find(scene, KIND_TRUNK_PHONE_NUMBER, ""), *trunk = scene_find(scene, KIND_TWILIO_TRUNK, "");
    const char *here = trunk ? trunk->external_id : NULL, *shown, *sent;

    if (!attach || (attach->known == KNOWN_NONE && attach->open == OPEN_NOTHING))
        return false;
    shown = spec_value(attach->kind, &attach->applied, "trunk_sid");
    sent = attach->open != OPEN_NOTHING || attach->in_doubt || attach->known == KNOWN_MAYBE ? spec_value(attach->kind, &attach->sent, "trunk_sid") : NULL;
    return (shown && !text_equal(shown, here)) || (sent && !text_equal(sent, here));
}

const char *secure_inbound(const struct scene *scene, const char *own, struct arena *arena)
{
    const struct resource *row = scene_find(scene, KIND_INBOUND_TRUNK, "");
    struct secure secure = secure_of(scene, arena);
    bool elsewhere = comes_from_elsewhere(scene);

    if (secure.wanted || secure.may_be_on)
        return secure.wanted && !secure.may_be_off && !elsewhere ? REQUIRE : ALLOW;
    if (elsewhere && row && row->known == KNOWN_LIVE && !text_equal(spec_value(row->kind, &row->applied, "media_encryption"), own))
        return ALLOW;
    return own;
}

const char *secure_outbound(const struct scene *scene, const char *own, struct arena *arena)
{
    struct secure secure = secure_of(scene, arena);

    if (secure.wanted || secure.may_be_on)
        return secure.wanted && !secure.may_be_off ? REQUIRE : ALLOW;
    return own;
}

bool secure_may_attach(const struct scene *scene, struct arena *arena)
{
    const struct resource *row = scene_find(scene, KIND_INBOUND_TRUNK, ""), *attach = scene_find(scene, KIND_TRUNK_PHONE_NUMBER, "");
    const char *wanted;
    size_t field;

    if (!row || (attach && attach->known == KNOWN_LIVE && !comes_from_elsewhere(scene)))
        return true;
    wanted = inbound_encryption(scene, arena);
    field = field_of(row->kind, "media_encryption");
    return text_equal(row->applied.value[field], wanted) && !row->in_doubt
           && (row->open == OPEN_NOTHING || text_equal(row->sent.value[field], wanted));
}

unsigned secure_refuses(const struct resource *row, size_t field)
{
    return (may_show(row, field, REQUIRE) ? REFUSES_PLAIN : 0u) | (may_show(row, field, NULL) ? REFUSES_ENCRYPTED : 0u);
}
