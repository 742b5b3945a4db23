/* setup: what stands against a number before anything is made for it, where it is placed, and what a refused set-up means.
 *
 * The number's record at Twilio is read before anything is created for it, so a number that is not in the account, or sits on a trunk
 * that is not ours, costs no object. */
#include "turn.h"

#include <stdlib.h>

/* ---- what stands against a number before anything is made for it ------------------------------------------------------------------ */

static struct row *attach_row(const struct owner *owner, const char *account)
{
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i]->r.kind->id == KIND_TRUNK_PHONE_NUMBER && text_equal(owner->rows[i]->r.account, account)
            && !owner->rows[i]->ended)
            return owner->rows[i];
    return NULL;
}

/* A trunk SID is ours when the ledger holds it, or when the last complete list showed our tag on it. */
bool trunk_sid_is_ours(struct core *core, const char *account, const char *sid)
{
    const struct gate *gate = gate_get(core, account, false);

    return (gate && map_get(&gate->tagged, sid)) || ledger_holds_trunk(core, sid);
}

static bool everything_stands(const struct turn *t)
{
    for (size_t i = 0; i < t->plan_count; i++)
        if (t->plan[i].wanted && (t->plan[i].step == STEP_CREATE || t->plan[i].step == STEP_READ))
            return false;
    return true;
}

/* A record that speaks against a number is believed after a complete list of the account that began later: it shows which trunks are
 * ours although the ledger has forgotten them, and whether this is the right region at all. */
static bool lists_agree(struct turn *t)
{
    struct gate *gate = gate_get(t->core, t->owner->number->twilio_account, true);

    if (gate->scanned == SCAN_DONE && gate->scan_began_ms >= t->owner->record.read_ms)
        return true;
    if (gate->scanned == SCAN_DONE)
        gate->scan_next_ms = t->core->now_ms;
    gate_wait(t->core, gate, t->owner);
    return false;
}

static bool leaves_account(const struct owner *owner)
{
    return owner->placed && !owner->number->is_sip && !text_equal(owner->placed->account, owner->number->twilio_account);
}

static void preflight(struct turn *t)
{
    struct owner *owner = t->owner;
    const struct number *number = owner->number;
    const struct row *attach = attach_row(owner, number->twilio_account);
    const struct record *record = &owner->record;
    const struct gate *gate = number->is_sip ? NULL : gate_get(t->core, number->twilio_account, false);

    t->may_make = true;
    if (gate && gate->braked) {
        owner->preflight_due_ms = t->core->now_ms + 1;     /* what an account says that shows nothing is read again */
        t->may_make = false;
        return;
    }
    if (number->is_sip || (attach && (attach->r.known == KNOWN_LIVE || attach->r.open != OPEN_NOTHING))
        || (everything_stands(t) && !leaves_account(owner)))
        return;
    int64_t again_ms = record->read_ms + t->core->settings->scan_ms;
    if (record->read_ms == 0 || record->read_ms < owner->preflight_due_ms || !text_equal(record->account, number->twilio_account)
        || (owner->ever_active && again_ms <= t->core->now_ms)) {
        t->preflight_pending = true;
        t->may_make = false;
        return;
    }
    if (!record->sid) {
        t->preflight_reason = "NotInAccount";
        t->preflight_words = arena_printf(&t->core->turn, "%s is not a number of Twilio account %s", owner->key, number->twilio_account);
    } else if (number->supports_inbound && record->trunk_sid && !number->takeover
               && !trunk_sid_is_ours(t->core, number->twilio_account, record->trunk_sid)) {
        t->preflight_reason = "HeldByForeign";
        t->preflight_words = arena_printf(&t->core->turn, "%s is on trunk %s, which trunkd did not make", owner->key, record->trunk_sid);
    }
    if (t->preflight_reason && !lists_agree(t)) {
        t->preflight_reason = NULL;
        t->may_make = false;
        return;
    }
    t->may_make = !t->preflight_reason;
    if (t->preflight_reason)
        turn_wake_by(t, again_ms);      /* it may be released there */
}

static void send_preflight(struct turn *t)
{
    struct gate *gate = gate_get(t->core, t->owner->number->twilio_account, true);

    if (t->owner->flying > 0)
        return;
    if (t->owner->lookup_next_ms > t->core->now_ms) {
        turn_wake_by(t, t->owner->lookup_next_ms);
        return;
    }
    lookup_ask(t->core, gate, t->owner);
}

/* ---- failing, and trying again ------------------------------------------------------------------------------------------------------ */

static void fail(struct turn *t, const char *reason, const char *words)
{
    struct owner *owner = t->owner;

    free(owner->failed_reason);
    free(owner->failed_words);
    owner->failed_reason = must_strdup(reason);
    owner->failed_words = must_strdup(text_or(words, ""));
    inputs_hash(t->core, owner, owner->failed_inputs);
    owner->status_unsaved = true;
    core_log(t->core, MESSAGE_SETUP_REFUSED, owner->key, "set-up was refused for good, and is rolled back: %s: %s", reason,
             owner->failed_words);
}

static const struct planned *refused_in(const struct planned *plan, size_t count, bool spare_counts)
{
    for (size_t i = 0; i < count; i++)
        if (plan[i].block == BLOCK_REFUSED && !text_equal(plan[i].row->refusal, "AccountFull")
            && !text_equal(plan[i].row->refusal, "DriftLeft") && (spare_counts || !plan[i].wanted->spare))
            return &plan[i];
    return NULL;
}

/* A first set-up that was refused for good is rolled back. What its trunk was refused is its own fate, in the same words; of a trunk that
 * it has not for itself, only what calls need. */
static bool first_setup_refused(struct turn *t)
{
    struct owner *owner = t->owner;

    if (owner->type != OWNER_NUMBER || !t->scene.number || owner->ever_active)
        return false;
    if (t->preflight_reason) {
        fail(t, t->preflight_reason, t->preflight_words);
        return true;
    }
    const struct planned *refused = refused_in(t->plan, t->plan_count, true);
    if (!refused && owner->placed) {
        struct scene scene;
        size_t count;
        const struct planned *plan = turn_plan(t->core, owner->placed, &scene, &count);
        refused = refused_in(plan, count, text_equal(owner->placed->dedicated_to, owner->key));
    }
    if (refused)
        fail(t, refused->row->refusal, refused->row->message);
    return refused != NULL;
}

static void forget_failure(struct turn *t)
{
    char inputs[OWNER_CHARACTERS + 1];
    struct owner *owner = t->owner;

    if (!owner->failed_reason)
        return;
    inputs_hash(t->core, owner, inputs);
    if (owner->number && text_equal(inputs, owner->failed_inputs))
        return;
    free(owner->failed_reason);
    free(owner->failed_words);
    owner->failed_reason = owner->failed_words = NULL;
    owner->failed_inputs[0] = '\0';
    owner->preflight_due_ms = t->core->now_ms;
    owner->status_unsaved = true;
}

/* Whether the account that the row named before still carries its calls. */
static bool stands_elsewhere(const struct turn *t)
{
    const struct owner *owner = t->owner;

    if (!owner->number || !leaves_account(owner))
        return false;
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i]->r.kind->id == KIND_TRUNK_PHONE_NUMBER && owner->rows[i]->r.known == KNOWN_LIVE && !owner->rows[i]->ended)
            return true;
    return !owner->number->supports_inbound;
}

/* ---- the place -------------------------------------------------------------------------------------------------------- */

/* What wants no trunk any more keeps its place until nothing of it leads there; what wants nothing, until nothing of it is left. */
static bool may_leave(const struct owner *owner)
{
    return owner->placed && (owner->number && !owner->failed_reason ? !number_leads_to(owner, owner->placed) : owner->rows_count == 0);
}

static void find_place(struct turn *t)
{
    struct owner *owner = t->owner;

    if (owner->number && !owner->failed_reason && !owner->number->is_sip) {
        if (t->may_make || (owner->placed && !leaves_account(owner)))   /* it stays until the new account is seen to have it */
            t->full = !place_number(t->core, owner);
    } else if (may_leave(owner)) {
        if (owner->placed->automatic && owner->placed->members_count == 1) {
            owner->left_last = owner->placed;
            free(owner->placed->last_number);
            owner->placed->last_number = must_strdup(owner->key);
            owner->placed->status_unsaved = true;
        }
        owner_place(t->core, owner, NULL);
    }
    owner_recount(t->core, owner);
}

void setup_turn(struct turn *t)
{
    forget_failure(t);
    turn_replan(t);
    if (t->scene.number)
        preflight(t);
    find_place(t);
    t->elsewhere = stands_elsewhere(t);
    turn_replan(t);
    if (first_setup_refused(t)) {
        t->may_make = false;
        t->preflight_reason = NULL;
        owner_recount(t->core, t->owner);
        turn_replan(t);
    }
    if (t->preflight_pending)
        send_preflight(t);
    if (t->full)
        t->may_make = false;
}

/* A number has left a trunk when nothing of it leads there any more. */
void setup_finish_move(struct turn *t)
{
    struct owner *owner = t->owner;

    for (size_t i = owner->leaving_count; i-- > 0;) {
        struct owner *old = owner->leaving[i];
        if (number_leads_to(owner, old))
            continue;
        if (old->automatic && old->members_count == 1) {
            free(old->last_number);
            old->last_number = must_strdup(owner->key);
            owner->left_last = old;
            old->status_unsaved = true;
        }
        owner_left(t->core, owner, i);
        owner_queue(t->core, owner);        /* another wish may have waited for that */
    }
}

/* Where the next turn would place it, without the look at its record that comes first. */
void setup_place_for_show(struct core *core, struct owner *owner)
{
    struct turn turn = { .core = core, .owner = owner };

    forget_failure(&turn);
    if (owner->number && !owner->failed_reason && !owner->number->is_sip)
        place_number(core, owner);
    owner_recount(core, owner);
}
