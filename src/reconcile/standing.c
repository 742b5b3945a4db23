/* standing: how an owner stands, after its turn: what is stuck, which account is ill, and the words for it. */
#include "turn.h"

#include <stdlib.h>

/* A removal that cannot finish by itself: refused for good, or failing often and long while the account was well. */
static bool *find_stuck(struct turn *t, const struct planned *plan, size_t count)
{
    bool *stuck = ARENA_ARRAY(&t->core->turn, bool, count + 1);
    const struct settings *s = t->core->settings;

    for (size_t i = 0; i < count; i++) {
        const struct row *row = plan[i].row ? row_of(&plan[i]) : NULL;
        stuck[i] = false;
        if (plan[i].wanted || !row || plan[i].step == STEP_END)
            continue;
        bool refuses = text_equal(row->gate->condition, "CredentialsRefused") || text_equal(row->gate->condition, "AccountInactive");
        bool long_ill = refuses && t->core->now_ms - row->gate->ill_ms >= s->corrupted_after_ms;
        bool failing = row->failing_ms && t->core->now_ms - row->failing_ms >= s->corrupted_after_ms
                       && row->attempts >= s->corrupted_attempts && gate_healthy(row->gate);
        stuck[i] = (row->r.refusal && row->r.known != KNOWN_NONE) || failing || long_ill;
        if (row->failing_ms)
            turn_wake_by(t, row->failing_ms + s->corrupted_after_ms);
        if (refuses)
            turn_wake_by(t, row->gate->ill_ms + s->corrupted_after_ms);
    }
    return stuck;
}

static void find_ill(struct turn *t, const struct planned *plan, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct gate *gate = gate_get(t->core, plan[i].account, false);
        if (gate && !t->ill && plan[i].step != STEP_NOTHING && (*gate->condition || gate->braked))
            t->ill = gate;
        if (gate && gate->braked && plan[i].wanted)
            t->ill = gate;
        if (gate && gate->held && plan[i].step == STEP_DELETE && !t->ill)
            t->ill = gate;
    }
    if (!t->ill && t->preflight_pending) {
        const struct gate *gate = gate_get(t->core, t->owner->number->twilio_account, false);
        if (gate && *gate->condition)
            t->ill = gate;
    }
}

static char *leftovers_json(struct turn *t)
{
    struct buf b;

    buf_init(&b, 64u << 10);
    json_open(&b, '[');
    for (int pass = 0; pass < 2; pass++) {
        const struct planned *plan = pass ? t->trunk_plan : t->plan;
        const bool *stuck = pass ? t->trunk_stuck : t->stuck;
        size_t count = pass ? t->trunk_count : t->plan_count;
        for (size_t i = 0; i < count; i++) {
            const struct resource *r = plan[i].row;
            bool blocked_by_stuck = plan[i].block == BLOCK_DEPENDENT || plan[i].block == BLOCK_HELD;
            if (plan[i].wanted || !r || plan[i].step == STEP_END || (!stuck[i] && !blocked_by_stuck))
                continue;
            const char *reason = r->refusal ? "CleanupRefused" : stuck[i] ? "CleanupFailing" : "Deleting";
            json_open(&b, '{');
            json_key_text(&b, "kind", r->kind->name);
            json_key_text(&b, "account", r->account);
            json_key_text(&b, "external_id", r->external_id);
            json_key_text(&b, "tag", r->tag);
            json_key_text(&b, "reason", reason);
            json_key_text(&b, "message", text_or(r->message, stuck[i] ? "" : "waits until what depends on it is gone"));
            json_key_text(&b, "remedy", reason_remedy(reason));
            json_close(&b, '}');
        }
    }
    json_close(&b, ']');
    char *text = must_strdup(b.data);
    buf_release(&b);
    return text;
}

static bool any_stuck(const struct turn *t)
{
    for (size_t i = 0; i < t->plan_count; i++)
        if (t->stuck[i])
            return true;
    for (size_t i = 0; i < t->trunk_count; i++)
        if (t->trunk_stuck[i])
            return true;
    return false;
}

static void plan_trunk_of(struct turn *t, struct owner *trunk)
{
    struct scene scene;

    t->trunk_plan = turn_plan(t->core, trunk, &scene, &t->trunk_count);
    t->trunk_stuck = find_stuck(t, t->trunk_plan, t->trunk_count);
}

/* The automatic trunk that this number left last is not gone until its ledger is empty, and neither is the number. The one that it has for
 * itself is made of its own settings: it is as far as that is. */
static void plan_its_trunk(struct turn *t)
{
    struct owner *owner = t->owner, *left = owner->left_last;

    if (left && (trunk_is_wanted(left) || !text_equal(left->last_number, owner->key)))
        left = owner->left_last = NULL;
    if (left)
        plan_trunk_of(t, left);
    if (left && t->trunk_count == 0)
        left = owner->left_last = NULL;
    if (!left && t->scene.number && owner->placed && text_equal(owner->placed->dedicated_to, owner->key))
        plan_trunk_of(t, owner->placed);
}

/* Somebody changed or removed it, and the account says that it is only reported. */
static bool is_left(const struct row *row) { return text_equal(row->r.refusal, "DriftLeft"); }

/* Why its trunk, or what calls need below it, cannot be made for a number that waits for it. */
static const char *trunk_refused(const struct turn *t)
{
    const struct owner *trunk = t->owner->type == OWNER_NUMBER ? t->owner->placed : NULL;

    for (size_t i = 0; trunk && t->owner->waits_for_trunk && i < trunk->rows_count; i++) {
        const struct row *row = trunk->rows[i];
        if (!row->ended && row->wanted && !row->spare && row->r.refusal && row->r.known != KNOWN_LIVE && !is_left(row))
            return text_or(row->r.message, row->r.refusal);
    }
    return NULL;
}

/* What stands and is wanted is as it should be, as far as it was seen: a write of it whose answer was lost may still be carried out. */
static bool in_doubt(const struct owner *owner)
{
    for (size_t i = 0; owner && i < owner->rows_count; i++) {
        const struct row *row = owner->rows[i];
        if (row->wanted && !row->ended && row->r.known == KNOWN_LIVE && row->doubt_ms)
            return true;
    }
    return false;
}

/* Somebody else has touched the trunk that its calls go through. */
static const char *trunk_drifted(const struct owner *trunk)
{
    for (size_t i = 0; trunk && i < trunk->rows_count; i++) {
        const struct row *row = trunk->rows[i];
        if (row->wanted && !row->ended && (row->r.missing || row->r.changed) && !is_left(row))
            return row->r.kind->name;
    }
    return NULL;
}

static void find_left(const struct owner *trunk, struct standing *standing)
{
    for (size_t i = 0; trunk && i < trunk->rows_count; i++) {
        const struct row *row = trunk->rows[i];
        if (!row->wanted || row->ended || !is_left(row))
            continue;
        bool missing = row->r.known != KNOWN_LIVE && !row->spare;
        if (missing || !standing->trunk_left_missing)
            standing->trunk_left = row->r.message;
        standing->trunk_left_missing = standing->trunk_left_missing || missing;
    }
}

static void decide(struct turn *t)
{
    struct owner *owner = t->owner;
    bool number = owner->type == OWNER_NUMBER;
    struct standing standing = {
        .wanted = number ? owner->number != NULL : trunk_is_wanted(owner),
        .active = owner->status.reason && owner->status.code == STATUS_ACTIVE,
        .full = t->full,
        .failed_reason = owner->failed_reason, .failed_words = owner->failed_words,
        .preflight_reason = t->preflight_reason, .preflight_words = t->preflight_words,
        .trunk_refused = trunk_refused(t),
        .trunk_drifted = number ? trunk_drifted(owner->placed) : NULL,
        .stuck = t->stuck,
        .looking = in_doubt(owner) || (number && in_doubt(owner->placed)),
        .trunk_plan = t->trunk_plan, .trunk_count = t->trunk_count, .trunk_stuck = t->trunk_stuck,
        .no_agent = number && t->scene.number && t->scene.number->supports_inbound && !t->scene.agent,
        .account = number ? (owner->number ? owner->number->twilio_account : NULL) : owner->account,
    };
    struct status status;

    if (number)
        find_left(owner->placed, &standing);
    if (t->ill) {
        bool held = t->ill->held && !*t->ill->condition && !t->ill->braked;
        standing.braked = t->ill->braked || held;
        standing.account_reason = held ? "MassRemoval" : *t->ill->condition ? t->ill->condition : "NothingVisible";
        standing.account_words = arena_printf(&t->core->turn, "account %s: %s: %s", t->ill->name, standing.account_reason,
                                              text_or(held ? t->ill->held : t->ill->message, ""));
    }
    if (t->elsewhere && standing.preflight_reason && standing.active) {
        standing.trunk_refused = standing.preflight_words;
        standing.preflight_reason = NULL;
    }
    plan_status(t->plan, t->plan_count, &standing, &t->core->turn, &status);
    if (status.code == STATUS_ACTIVE && !owner->ever_active)
        owner->ever_active = owner->status_unsaved = true;
    char *leftovers = any_stuck(t) ? leftovers_json(t) : NULL;
    if (!text_equal(leftovers, owner->leftovers) && !(!leftovers && text_equal(owner->leftovers, "[]")))
        owner->status_unsaved = true;
    free(owner->leftovers);
    owner->leftovers = leftovers;
    int64_t generation = number && owner->number ? owner->number->generation : owner->trunk ? owner->trunk->generation : 0;
    if (owner->status.reason && status.code == owner->status.code && text_equal(status.reason, owner->status.reason)
        && text_equal(status.message, owner->status.message) && status.settled == owner->status.settled
        && generation == owner->observed_generation && (number ? owner->status_exists : owner->trunk_saved))
        return;
    owner->observed_generation = generation;
    owner->status_unsaved = true;
    bool announced = owner->status.reason && status.code == owner->status.code && text_equal(status.reason, owner->status.reason);
    struct arena old = owner->status_arena;
    owner->status_arena = ARENA_SMALL;
    owner->status = status;
    owner->status.reason = arena_strdup(&owner->status_arena, status.reason);
    owner->status.message = arena_strdup(&owner->status_arena, status.message);
    arena_release(&old);
    if (announced)
        return;
    owner_tell(owner, NULL, "StatusChanged", "%s/%s%s%s", status_names[status.code], status.reason,
               *status.message ? ": " : "", status.message);
    if (status.code == STATUS_CORRUPTED && !t->core->plan_only)
        core_log(t->core, MESSAGE_CORRUPTED, owner->key, "a removal cannot finish: %s: %s", status.reason, status.message);
}

void standing_decide(struct turn *t)
{
    struct owner *owner = t->owner;

    t->stuck = find_stuck(t, t->plan, t->plan_count);
    if (owner->type == OWNER_NUMBER)
        plan_its_trunk(t);
    find_ill(t, t->plan, t->plan_count);
    find_ill(t, t->trunk_plan, t->trunk_count);
    decide(t);
}
