/* status: the rule, in the order in which it is applied.
 *
 *  1. Without a desired row a number is `deleting` until nothing is left, or `corrupted` when a removal cannot finish.
 *  2. A refused set-up is rolled back under `pending`/`RollingBack`, then `failed`; a roll-back that cannot finish is `corrupted`.
 *  3. A wanted number whose every wanted object is live is `active`; so is one that is active and is being changed or repaired.
 *     The reason says more. One without an agent, or held by somebody else, is not, and is again when everything stands.
 *  4. Anything else is `pending`, and the reason says what it waits for. */
#include "status.h"

#include <assert.h>
#include <trunkd/text.h>

const char *const status_names[STATUS_CODE_MAX_] = {
    [STATUS_PENDING] = "pending", [STATUS_ACTIVE] = "active", [STATUS_FAILED] = "failed",
    [STATUS_DELETING] = "deleting", [STATUS_CORRUPTED] = "corrupted",
};

struct reason { const char *name; bool settled; const char *remedy; };
static const struct reason reasons[] = {
#define REASON(name, status, settled, remedy) { #name, settled, remedy },
#include <trunkd/reasons.def>
#undef REASON
};

static const struct reason *reason_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
        if (text_equal(reasons[i].name, name))
            return &reasons[i];
    return NULL;
}

bool reason_settled(const char *name)
{
    const struct reason *reason = reason_find(name);
    return reason && reason->settled;
}

const char *reason_remedy(const char *name)
{
    const struct reason *reason = reason_find(name);
    return reason ? reason->remedy : "";
}

static void set(struct status *status, enum status_code code, const char *reason, const char *message)
{
    status->code = code;
    status->reason = reason;
    status->message = text_or(message, "");
    status->settled = reason_settled(reason);
}

#define LOOKING_WORDS "the answer to a change was lost; trunkd looks once more when that request can do nothing any more"

/* What the plan comes to. A row that ends is gone with the unit that carries the status. */
struct tally {
    size_t wanted, live, removing, stuck;
    bool moves;                     /* something goes on by itself */
    const struct planned *refused, *left_out, *lacks, *blocked, *updating, *stuck_first, *working, *missing, *changed, *retiring;
};

static bool is_left(const struct planned *p) { return p->row && text_equal(p->row->refusal, "DriftLeft"); }

/* Somebody has removed it, and it is only told. */
static bool is_left_removed(const struct planned *p) { return p->block == BLOCK_REFUSED && is_left(p) && p->row->known != KNOWN_LIVE; }

static void count(const struct planned *plan, size_t n, const bool *stuck, struct tally *tally)
{
    for (size_t i = 0; i < n; i++) {
        const struct planned *p = &plan[i];
        bool is_stuck = !p->wanted && stuck && stuck[i];
        if (p->step == STEP_END)
            continue;
        if (p->step != STEP_NOTHING && (p->block == BLOCK_NONE || p->block == BLOCK_SEAL) && !is_stuck)
            tally->moves = true;
        if (!p->wanted) {
            tally->removing++;
            tally->stuck += is_stuck;
            if (is_stuck && !tally->stuck_first)
                tally->stuck_first = p;
            continue;
        }
        if (!p->wanted->spare || !is_left_removed(p))
            tally->wanted++;
        if (!p->wanted->spare && is_left_removed(p) && !tally->left_out)
            tally->left_out = p;
        if (p->row && p->row->known == KNOWN_LIVE)
            tally->live++;
        else if (p->row && p->row->missing && !tally->missing)
            tally->missing = p;
        if (p->wanted->retiring)
            tally->retiring = p;
        if (p->step == STEP_NOTHING)
            continue;
        tally->working = tally->working ? tally->working : p;
        if (p->block == BLOCK_REFUSED && (!tally->refused || (is_left(tally->refused) && !is_left(p))))
            tally->refused = p;
        else if (p->block == BLOCK_LACKS && !tally->lacks)
            tally->lacks = p;
        else if (p->row && p->row->known == KNOWN_LIVE && p->row->changed)
            tally->changed = p;
        else if (p->row && p->row->known == KNOWN_LIVE)
            tally->updating = p;
        else if (!tally->blocked)
            tally->blocked = p;
    }
}

static const char *leftover_words(const struct planned *p, struct arena *arena)
{
    const struct resource *row = p->row;
    return arena_printf(arena, "%s %s in %s cannot be removed: %s", p->kind->name,
                        text_or(row->external_id, row->tag), p->account, text_or(row->message, "no answer that proves its absence"));
}

static void unwanted_status(const struct tally *tally, const struct standing *standing, struct arena *arena, struct status *ret)
{
    if (tally->stuck > 0) {
        const char *refused = tally->stuck_first->row->refusal ? "CleanupRefused" : NULL;
        set(ret, STATUS_CORRUPTED, text_or(refused, text_or(standing->account_reason, "CleanupFailing")),
            leftover_words(tally->stuck_first, arena));
        ret->settled = !tally->moves;   /* it re-checks by itself, but nothing ends without somebody's change */
        return;
    }
    enum status_code code = standing->wanted ? STATUS_PENDING : STATUS_DELETING;
    if (standing->account_reason)
        set(ret, code, standing->braked ? "AccountBraked" : "AccountUnavailable", standing->account_words);
    else
        set(ret, code, standing->wanted ? "RollingBack" : "Deleting", standing->wanted ? standing->failed_words : NULL);
}

static const char *full_words(const struct standing *standing, struct arena *arena)
{
    return arena_printf(arena, "account %s has no trunk left for it", text_or(standing->account, ""));
}

/* What the last attempt met, or nothing. */
static const char *working_words(const struct planned *p, struct arena *arena)
{
    return p && p->row && p->row->message ? arena_printf(arena, "%s: %s", p->kind->name, p->row->message) : NULL;
}

static void active_status(const struct tally *tally, const struct standing *standing, struct arena *arena, struct status *ret)
{
    bool waits = tally->working || (tally->removing > 0 && tally->stuck == 0);

    if (standing->account_reason && (waits || standing->braked))
        set(ret, STATUS_ACTIVE, standing->braked ? "AccountBraked" : "AccountUnavailable", standing->account_words);
    else if (tally->refused)
        set(ret, STATUS_ACTIVE, is_left(tally->refused) ? "DriftLeft" : "UpdateRefused", tally->refused->row->message);
    else if (tally->lacks)
        set(ret, STATUS_ACTIVE, "UpdateRefused", tally->lacks->missing);
    else if (tally->working && (standing->full || standing->trunk_refused))
        set(ret, STATUS_ACTIVE, "UpdateRefused", standing->full ? full_words(standing, arena) : standing->trunk_refused);
    else if (tally->missing)
        set(ret, STATUS_ACTIVE, "Drifted", arena_printf(arena, "%s is missing and is being made again", tally->missing->kind->name));
    else if (tally->changed)
        set(ret, STATUS_ACTIVE, "Drifted", arena_printf(arena, "%s was changed at the provider and is being put back", tally->changed->kind->name));
    else if (standing->trunk_left)
        set(ret, STATUS_ACTIVE, "DriftLeft", standing->trunk_left);
    else if (standing->trunk_drifted)
        set(ret, STATUS_ACTIVE, "Drifted", arena_printf(arena, "%s of its trunk is missing or was changed, and is being put right", standing->trunk_drifted));
    else if (tally->working)
        set(ret, STATUS_ACTIVE, "Updating", working_words(tally->working, arena));
    else if (tally->stuck > 0)
        set(ret, STATUS_ACTIVE, "Leftovers", leftover_words(tally->stuck_first, arena));
    else if (standing->looking && tally->removing == 0)
        set(ret, STATUS_ACTIVE, "Updating", LOOKING_WORDS);
    else if (tally->retiring)
        set(ret, STATUS_ACTIVE, "Updating", arena_printf(arena, "%s %s goes when no number has called with it for a while",
                                                         tally->retiring->kind->name, text_or(tally->retiring->row->external_id, "")));
    else
        set(ret, STATUS_ACTIVE, tally->removing > 0 ? "Updating" : "UpToDate", NULL);
    if (tally->refused || tally->lacks || tally->stuck > 0)
        ret->settled = ret->settled && (!tally->moves || standing->braked);
}

/* Without an agent nothing more can be done once the routing is given back, or cannot be. */
static void agentless_status(const struct tally *tally, struct arena *arena, struct status *ret)
{
    bool ended = tally->removing == 0 || (tally->stuck > 0 && !tally->moves);

    set(ret, STATUS_PENDING, ended ? "NoAgent" : "Updating", tally->stuck > 0 ? leftover_words(tally->stuck_first, arena) : NULL);
}

/* Refusals that are states of their own. */
static const char *kept_word(const char *refusal)
{
    return text_equal(refusal, "AccountFull") || text_equal(refusal, "DriftLeft") ? refusal : "Refused";
}

static void pending_status(const struct tally *tally, const struct standing *standing, struct arena *arena, struct status *ret)
{
    const struct planned *p = tally->blocked ? tally->blocked : tally->working;

    if (standing->account_reason)
        set(ret, STATUS_PENDING, standing->braked ? "AccountBraked" : "AccountUnavailable", standing->account_words);
    else if (standing->full)
        set(ret, STATUS_PENDING, "AccountFull", full_words(standing, arena));
    else if (standing->preflight_reason)
        set(ret, STATUS_PENDING, standing->preflight_reason, standing->preflight_words);
    else if (tally->left_out)
        set(ret, STATUS_PENDING, "DriftLeft", tally->left_out->row->message);
    else if (tally->refused && (!is_left(tally->refused) || !tally->moves))
        set(ret, STATUS_PENDING, kept_word(tally->refused->row->refusal), tally->refused->row->message);
    else if (tally->lacks)
        set(ret, STATUS_PENDING, "NotConfigured", tally->lacks->missing);
    else if (standing->trunk_left_missing)
        set(ret, STATUS_PENDING, "DriftLeft", standing->trunk_left);
    else if (standing->no_agent && !tally->working)
        agentless_status(tally, arena, ret);
    else if (standing->trunk_refused)
        set(ret, STATUS_PENDING, "Refused", standing->trunk_refused);
    else
        set(ret, STATUS_PENDING, "SettingUp", working_words(p, arena));
    if (tally->lacks)
        ret->settled = ret->settled && !tally->moves;
}

void plan_status(const struct planned *plan, size_t n, const struct standing *standing, struct arena *arena, struct status *ret)
{
    struct tally tally = { 0 };

    count(plan, n, standing->stuck, &tally);
    count(standing->trunk_plan, standing->trunk_count, standing->trunk_stuck, &tally);
    assert(tally.live <= tally.wanted);
    bool something_left_out = standing->trunk_left_missing || tally.left_out;
    if (!standing->wanted) {
        unwanted_status(&tally, standing, arena, ret);
    } else if (standing->failed_reason && tally.removing > 0) {
        unwanted_status(&tally, standing, arena, ret);
    } else if (standing->failed_reason) {
        set(ret, STATUS_FAILED, standing->failed_reason, standing->failed_words);
        ret->settled = true;
    } else if ((!standing->no_agent || standing->braked) && !standing->preflight_reason && tally.wanted > 0 && !something_left_out
               && (standing->active || tally.live == tally.wanted)) {
        active_status(&tally, standing, arena, ret);
    } else {
        pending_status(&tally, standing, arena, ret);
    }
    ret->settled = ret->settled && !standing->looking;
}
