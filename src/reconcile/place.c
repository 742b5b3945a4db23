/* place: which Twilio trunk a number is on, and the wishes people leave for one object.
 *
 * A number stays where it is while its trunk still fits. A trunk of its own only for Twilio settings given inline. An automatic trunk's
 * uuid is derived from what it is for, lowest free ordinal first: lost from the ledger, it has the same name when it is wanted again. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ORDINALS_MAX 1000           /* far above Twilio's 100 trunks an account */
#define UUID_BYTES 37

static void derive_uuid(const struct core *core, const char *account, const char *project, const char *rest, char ret[static UUID_BYTES])
{
    uint64_t half[2];

    for (uint64_t i = 0; i < 2; i++) {
        uint64_t h = hash_text(core->installation, i + 1);
        h = hash_text(account, h);
        h = hash_text(project, h);
        half[i] = hash_text(rest, h);
    }
    half[0] = (half[0] & ~UINT64_C(0xf000)) | UINT64_C(0x8000);                             /* version 8: made by an application */
    half[1] = (half[1] & ~(UINT64_C(3) << 62)) | (UINT64_C(2) << 62);                       /* variant of RFC 9562 */
    snprintf(ret, UUID_BYTES, "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64, half[0] >> 32,
             half[0] >> 16 & 0xffff, half[0] & 0xffff, half[1] >> 48, half[1] & UINT64_C(0xffffffffffff));
}

static struct owner *automatic_trunk(struct core *core, const struct number *number, const char *rest, int64_t ordinal, bool make)
{
    char uuid[UUID_BYTES];

    derive_uuid(core, number->twilio_account, number->livekit_project, rest, uuid);
    struct owner *trunk = owner_get(core, OWNER_TRUNK, uuid, make);
    if (trunk && !trunk->automatic) {
        trunk->automatic = true;
        trunk->ordinal = ordinal;
        free(trunk->account);
        free(trunk->project);
        trunk->account = must_strdup(number->twilio_account);
        trunk->project = must_strdup(text_or(number->livekit_project, ""));
        trunk->status_unsaved = true;
    }
    return trunk;
}

static bool attach_needs(const struct kind *kind)
{
    const struct kind *attach = kinds[KIND_TRUNK_PHONE_NUMBER];

    for (size_t i = 0; i < attach->needs_count; i++)
        if (attach->needs[i] == kind->id)
            return true;
    return false;
}

/* The account has no room for something on the trunk that the number needs. What only outbound calls need hinders no inbound number. */
static bool at_the_wall(const struct owner *trunk, const struct number *number)
{
    for (size_t i = 0; i < trunk->rows_count; i++)
        if (text_equal(trunk->rows[i]->r.refusal, "AccountFull") && (number->supports_outbound || attach_needs(trunk->rows[i]->r.kind)))
            return true;
    return false;
}

static bool fits(const struct owner *trunk, const struct number *number)
{
    return trunk->automatic && !trunk->dedicated_to && text_equal(trunk->account, number->twilio_account)
           && text_equal(trunk->project, number->livekit_project);
}

/* The lowest ordinal with room; at Twilio's limit the emptiest trunk that stands is overfilled before a number waits, and where none
 * stands it waits at the one that met the limit. */
static struct owner *shared_trunk(struct core *core, const struct number *number)
{
    const struct gate *gate = gate_get(core, number->twilio_account, false);
    const struct account *account = gate ? gate_account(gate) : NULL;
    struct owner *emptiest = NULL, *wall = NULL;

    for (int64_t ordinal = 0; ordinal < ORDINALS_MAX; ordinal++) {
        char rest[24];
        snprintf(rest, sizeof(rest), "%" PRId64, ordinal);
        struct owner *trunk = automatic_trunk(core, number, rest, ordinal, false);
        if (!trunk && !wall)
            return automatic_trunk(core, number, rest, ordinal, true);
        if (!trunk)
            break;
        if (at_the_wall(trunk, number)) {
            wall = wall ? wall : trunk;
            continue;
        }
        if (!account || (int64_t)trunk->members_count < account->numbers_per_trunk)
            return trunk;
        if (!emptiest || trunk->members_count < emptiest->members_count)
            emptiest = trunk;
    }
    return emptiest ? emptiest : wall;
}

bool place_number(struct core *core, struct owner *owner)
{
    const struct number *number = owner->number;
    struct owner *trunk;

    assert(owner->type == OWNER_NUMBER && number && !number->is_sip);
    if (number->trunk) {
        trunk = map_get(&core->trunk_names, number->trunk);
    } else if (number->twilio_trunk) {
        trunk = automatic_trunk(core, number, owner->key, 0, true);
        if (!trunk->dedicated_to)
            trunk->dedicated_to = must_strdup(owner->key);
    } else if (owner->placed && fits(owner->placed, number) && !at_the_wall(owner->placed, number)) {
        trunk = owner->placed;
    } else {
        trunk = shared_trunk(core, number);
    }
    owner_place(core, owner, trunk);
    return owner->placed && !at_the_wall(owner->placed, number);
}

/* ---- the hash of what people wanted ------------------------------------------------------------------------------------------------- */

static uint64_t add_text(uint64_t h, const char *text) { return hash_text(text, h); }

static uint64_t add_account(struct core *core, uint64_t h, const char *name)
{
    const struct gate *gate = name ? gate_get(core, name, false) : NULL;
    const struct account *a = gate ? gate_account(gate) : NULL;

    h = add_text(h, name);
    if (!a)
        return h;
    h = add_text(add_text(add_text(h, a->secret), a->user), a->account_sid);
    h = add_text(add_text(add_text(h, a->region), a->edge), a->base_url);
    return add_text(add_text(add_text(h, a->url), a->sip_host), a->termination_address);
}

/* Desired inputs only: never placement, tag, nonce or anything observed, which a roll-back itself changes. */
bool inputs_hash(struct core *core, const struct owner *owner, char ret[static OWNER_CHARACTERS + 1])
{
    const struct number *n = owner->number;
    uint64_t h = 0;

    ret[0] = '\0';
    if (!n)
        return false;
    h = add_text(add_text(add_text(h, n->phone_number), n->label), n->trunk);
    h = add_text(add_text(add_text(add_text(h, n->agent), n->twilio_trunk), n->inbound_trunk), n->outbound_trunk);
    h = h * 2 + n->supports_inbound;
    h = h * 2 + n->supports_outbound;
    h = h * 4 + (n->takeover ? 2u : 0u) + n->is_sip;
    const struct agent_slot *slot = n->agent ? map_get(&core->agents, n->agent) : NULL;
    if (slot && slot->agent)
        h = add_text(add_text(add_text(add_text(h, slot->agent->dispatch_name), slot->agent->metadata), slot->agent->room_prefix),
                     slot->agent->dispatch_rule);
    const struct owner *trunk = n->trunk ? map_get(&core->trunk_names, n->trunk) : NULL;
    if (trunk && trunk->trunk)
        h = add_text(h, trunk->trunk->twilio_trunk);
    h = add_account(core, h, n->twilio_account);
    h = add_account(core, h, n->livekit_project);
    base32_u64(hash_text("", h), OWNER_CHARACTERS, ret);
    return true;
}

/* ---- wishes: retry, force_delete and rotate ----------------------------------------------------------------------------------------------------- */

static void retry_rows(struct core *core, struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        if (!row_forget_failures(row))
            continue;
        row->taken_is_old = row->taken_ms != 0;
        row->checked = false;
        if (row->read_ms != NEVER_MS)
            row_read_due(core, row, core->now_ms);
    }
    owner_queue(core, owner);
}

static void retry(struct core *core, struct owner *owner)
{
    free(owner->failed_reason);
    free(owner->failed_words);
    owner->failed_reason = owner->failed_words = NULL;
    owner->failed_inputs[0] = '\0';
    owner->preflight_due_ms = core->now_ms;
    owner->status_unsaved = true;
    owner_look_at_secrets(core, owner);
    retry_rows(core, owner);
    if (owner->placed)
        retry_rows(core, owner->placed);
    if (owner->left_last)
        retry_rows(core, owner->left_last);
}

static bool abandon(struct row *row, const char *why)
{
    if (row->ended || row->wanted || row->flying || row->sealing || row->r.open != OPEN_NOTHING)
        return false;
    row->ended = row->unsaved = true;
    if (row->r.known != KNOWN_NONE)
        row->orphan_why = row_keep(row, why);
    return true;
}

/* The Twilio trunk that a given up number stays attached to can never be removed: it is given up with it. The rest of it goes, if the
 * account lets anything go. */
static void abandon_trunk(struct core *core, struct owner *trunk, const char *why)
{
    for (size_t i = 0; i < trunk->rows_count; i++)
        if (trunk->rows[i]->r.kind->id == KIND_TWILIO_TRUNK || *trunk->rows[i]->gate->condition)
            abandon(trunk->rows[i], why);
    owner_queue(core, trunk);
}

/* What nobody wants and cannot be removed is given up: its row ends, and it is put on record as an orphan. */
static void abandon_rows(struct core *core, struct owner *owner, const char *why)
{
    struct owner *trunk = owner->placed;
    bool last = trunk && trunk->automatic && trunk->members_count == 1 && trunk->counts.inbound + trunk->counts.outbound == 0;

    for (size_t i = 0; i < owner->rows_count; i++)
        if (abandon(owner->rows[i], why) && owner->rows[i]->r.kind->recognised == BY_KEY && last)
            abandon_trunk(core, trunk, why);
    owner_queue(core, owner);
}

static bool stuck_status(const struct owner *owner)
{
    return owner->status.code == STATUS_CORRUPTED || text_equal(owner->status.reason, "Leftovers");
}

static bool between_operations(const struct owner *owner)
{
    for (size_t i = 0; owner && i < owner->rows_count; i++)
        if (owner->rows[i]->flying || owner->rows[i]->r.open != OPEN_NOTHING)
            return false;
    return true;
}

static void force_delete(struct core *core, struct owner *owner, const char *why)
{
    if (!stuck_status(owner))
        return;                     /* it has ended by itself since the wish was accepted */
    abandon_rows(core, owner, why);
    if (owner->left_last)
        abandon_rows(core, owner->left_last, why);
    owner_tell(owner, NULL, "ForceDeleted", "%s", why);
}

/* Wishes are taken between two operations: what is under way is answered first. And not in the first turn of a life: they rest on how the
 * owner stands. */
void verbs_apply(struct core *core, struct owner *owner)
{
    if (!owner->turned)
        return;
    for (size_t i = 0; i < owner->requests_count; i++) {
        struct request_row *request = &owner->requests[i];
        if (request->taken)
            continue;
        if (!between_operations(owner) || !between_operations(owner->left_last))
            return;
        switch (request->verb) {
        case VERB_RETRY:
            retry(core, owner);
            owner_tell(owner, NULL, "Retried", "%s", request->why);
            break;
        case VERB_FORCE_DELETE:
            force_delete(core, owner, request->why);
            break;
        case VERB_ROTATE:
            if (!leads_rotate(owner, request->why))
                return;
            break;
        case VERB_UNKNOWN:
            break;
        }
        request->taken = true;
    }
}

void verbs_take(struct owner *owner, struct buf *unit)
{
    for (size_t i = 0; i < owner->requests_count; i++) {
        if (!owner->requests[i].taken)
            continue;
        unit_request_done(unit, owner->requests[i].id);
        owner->requests[i].told = true;
    }
}

/* What is on record goes; until then a wish is remembered, so that one which is read again is not taken twice. */
void verbs_told(struct owner *owner, bool on_record)
{
    size_t kept = 0;

    for (size_t i = 0; i < owner->requests_count; i++) {
        struct request_row *request = &owner->requests[i];
        if (request->told && on_record) {
            free(request->why);
            continue;
        }
        request->told = false;
        owner->requests[kept++] = *request;
    }
    owner->requests_count = kept;
}
