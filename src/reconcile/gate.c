/* gate: one account's window, pause and condition. One slow or broken account never slows another, because everything that waits
 * waits at its own gate.
 *
 * One refused credential is not a broken account: it is confirmed by the cheap list, and only that list asks again while the
 * account is ill. */
#include "state.h"

#include <stdlib.h>

#define NUDGE_MS 100                /* how long a place in a window may stay unused while somebody waits */

const struct settings settings_default = {
    .request_timeout_ms = 30000, .send_window_ms = 2000, .quiet_twilio_ms = 30000, .quiet_livekit_ms = 120000,
    .list_lag_ms = 10000, .retry_min_ms = 500, .retry_max_ms = 300000, .recheck_ms = 900000,
    .corrupted_after_ms = 900000, .corrupted_attempts = 10, .credential_grace_ms = 60000, .scan_ms = 300000, .poll_ms = 5000, .lease_ms = 15000,
    .breaker_failures = 5, .probe_min_ms = 1000, .probe_max_ms = 300000,
};

bool gate_only_reports(const struct gate *gate)
{
    const struct account *account = gate_account(gate);
    return account && text_equal(account->drift, "report");
}

bool gate_healthy(const struct gate *gate) { return !*gate->condition && !gate->braked && !gate->probing; }

/* ---- conditions ------------------------------------------------------------------------------------------------------------------ */

/* Everybody who has something there says how it stands. */
static void tell_users(struct core *core, struct gate *gate)
{
    struct map *const owners[] = { &core->numbers, &core->trunks };
    void *value;

    for (size_t m = 0; m < ARRAY_SIZE(owners); m++)
        for (size_t i = 0; map_next(owners[m], &i, &value);) {
            struct owner *owner = value;
            bool uses = owner->number && (text_equal(owner->number->twilio_account, gate->name)
                                          || text_equal(owner->number->livekit_project, gate->name));
            for (size_t r = 0; r < owner->rows_count && !uses; r++)
                uses = owner->rows[r]->gate == gate;
            if (uses)
                owner_queue(core, owner);
        }
}

void gate_condition(struct core *core, struct gate *gate, const char *condition, const char *message)
{
    bool same = text_equal(gate->condition, condition);

    if (same && text_equal(text_or(gate->message, ""), text_or(message, "")))
        return;
    if (!*condition)
        gate->ill_ms = 0;
    else if (!gate->ill_ms)
        gate->ill_ms = core->now_ms;
    if (*condition)
        gate->ill_last_ms = core->now_ms;
    text_copy(gate->condition, sizeof(gate->condition), condition);
    free(gate->message);
    gate->message = must_strdup(text_or(message, ""));
    gate->status_unsaved = true;
    if (same)
        return;
    if (*condition)
        core_log(core, MESSAGE_ACCOUNT_ILL, gate->name, "%s: %s", condition, gate->message);
    else
        core_log(core, MESSAGE_ACCOUNT_FINE, gate->name, "fine again");
    tell_users(core, gate);
}

void gate_tell(struct core *core, struct gate *gate)
{
    gate->status_unsaved = true;
    tell_users(core, gate);
}

static void start_probing(struct core *core, struct gate *gate)
{
    if (gate->probing)
        return;
    gate->probing = true;
    gate->probe_delay_ms = core->settings->probe_min_ms;
    gate->probe_ms = core->now_ms;
}

/* At a start: an account that was ill is probed at once, and is still ill since then. */
void gate_resume(struct core *core, struct gate *gate, int64_t ill_since_ms)
{
    if (!*gate->condition)
        return;
    gate->ill_ms = ill_since_ms ? ill_since_ms : core->now_ms;
    if (!gate->braked)
        start_probing(core, gate);
}

static void probe_later(struct core *core, struct gate *gate)
{
    gate->probe_ms = core->now_ms + gate->probe_delay_ms / 2 + (int64_t)(core_random(core) % (uint64_t)(gate->probe_delay_ms / 2 + 1));
    gate->probe_delay_ms *= 2;
    if (gate->probe_delay_ms > core->settings->probe_max_ms)
        gate->probe_delay_ms = core->settings->probe_max_ms;
    gate->status_unsaved = true;
}

/* ---- may it? ----------------------------------------------------------------------------------------------------------------------- */

static bool listed(const struct core *core, const char *origin)
{
    return !origin || origin_listed(core->settings->origins, origin);
}

static bool origin_allowed(struct core *core, struct gate *gate)
{
    const char *origin = account_foreign_origin(gate_account(gate), &core->turn);

    if (listed(core, origin))
        origin = account_foreign_termination(gate_account(gate));
    if (listed(core, origin))
        return true;
    gate_condition(core, gate, "BaseUrlNotAllowed",
                   arena_printf(&core->turn, "%s is not a provider's own address and is not in allowed_origins of the configuration file", origin));
    return false;
}

void gate_recheck(struct core *core, struct gate *gate)
{
    if (gate_account(gate) && text_equal(gate->condition, "BaseUrlNotAllowed") && origin_allowed(core, gate))
        gate_condition(core, gate, "", "");
}

static bool lease_holds(const struct core *core) { return core->epoch > 0 && core->now_ms < core->lease_until_ms; }

bool gate_may_read(struct core *core, struct gate *gate)
{
    const struct account *account = gate_account(gate);

    if (!account || core->stopping || !lease_holds(core))
        return false;
    gate_recheck(core, gate);
    if (gate->probing || (*gate->condition && !gate->braked) || !origin_allowed(core, gate))
        return false;
    return core->now_ms >= gate->pause_ms && gate->in_flight < (uint32_t)account->max_in_flight;
}

uint32_t gate_places_to_write(const struct core *core, const struct gate *gate)
{
    const struct account *account = gate_account(gate);
    uint32_t places = account ? (uint32_t)account->max_in_flight : 0;

    return places > 1 && core->now_ms < gate->place_kept_ms ? places - 1 : places;
}

bool gate_may_write(struct core *core, struct gate *gate)
{
    if (core->is_copy || (gate->braked && safeguard(core, SAFEGUARD_BRAKE)) || !gate_may_read(core, gate)
        || gate->in_flight >= gate_places_to_write(core, gate))
        return false;
    if (gate->scanned == SCAN_NEEDED && gate->scan_next_ms <= core->now_ms)
        scan_account(core, gate);
    return gate->scanned == SCAN_DONE;
}

/* So many requests a minute, where the provider has a limit: a tenth of them may go at once, so that no minute has a tenth more. */
static void keep_pace(struct core *core, struct gate *gate)
{
    const int64_t rate = account_requests_per_minute(gate_account(gate), &core->turn), one = 60000;
    const int64_t most = (rate < 10 ? 1 : rate / 10) * one;

    if (rate == 0)
        return;
    gate->allowance = gate->allowance_ms ? gate->allowance + (core->now_ms - gate->allowance_ms) * rate : most;
    gate->allowance_ms = core->now_ms;
    gate->allowance = (gate->allowance < most ? gate->allowance : most) - one;
    int64_t free_ms = core->now_ms + (one - gate->allowance + rate - 1) / rate;
    if (gate->allowance < one && free_ms > gate->pause_ms)
        gate->pause_ms = free_ms;
}

void gate_take_place(struct core *core, struct gate *gate)
{
    gate->in_flight++;
    keep_pace(core, gate);
}

void gate_place_free(struct gate *gate)
{
    assert(gate->in_flight > 0);
    gate->in_flight--;
}

/* ---- what answers say about the account ----------------------------------------------------------------------------------------------- */

void gate_answered(struct core *core, struct gate *gate, const struct judgement *judgement, const struct reply *reply)
{
    if (reply->secret_missing) {
        gate_condition(core, gate, "SecretMissing", reply->text);
        start_probing(core, gate);
        gate->probe_ms = core->now_ms + gate->probe_delay_ms;
        return;
    }
    if (reply->transport != REPLY_ANSWERED || reply->status >= 500) {
        if (++gate->failures >= (uint32_t)core->settings->breaker_failures)
            start_probing(core, gate);
        return;
    }
    gate->failures = 0;
    if (judgement->verdict == VERDICT_ACCOUNT)
        start_probing(core, gate);
    if (reply->status == 429) {
        int64_t pause = judgement->retry_after_ms > 0 ? judgement->retry_after_ms : core->settings->retry_min_ms;
        gate->pause_ms = core->now_ms + pause + (int64_t)(core_random(core) % (uint64_t)(pause / 10 + 1));
    }
}

void gate_probed(struct core *core, struct gate *gate, const struct judgement *judgement, const struct reply *reply)
{
    gate->probe_flying = false;
    if (judgement->verdict == VERDICT_DONE) {
        gate->proved_ms = core->now_ms;
        gate->probing = false;
        gate->failures = 0;
        if (!gate->braked)
            gate_condition(core, gate, "", "");
        return;
    }
    if (reply->secret_missing)
        gate_condition(core, gate, "SecretMissing", reply->text);
    else if (judgement->verdict == VERDICT_ACCOUNT)
        gate_condition(core, gate, text_or(judgement->reason, "CredentialsRefused"), judgement->words);
    else if (reply->status != 429)
        gate_condition(core, gate, "Unreachable", text_or(judgement->words, reply->text));
    probe_later(core, gate);
}

static void send_probe(struct core *core, struct gate *gate)
{
    struct request request = { 0 };

    account_probe(gate_account(gate), &core->effects->arena, &request);
    gate->probe_flying = true;
    send_get(core, (struct flight){ .type = FLIGHT_PROBE, .operation = OP_PROBE, .gate = gate }, &request, "probe", gate->name);
}

/* ---- the account's own turn -------------------------------------------------------------------------------------------------------------- */

static bool wants_end(const struct gate *gate)
{
    return (gate->copy_exists || gate->status_exists) && !gate->desired && gate->rows == 0;
}

static void release_brake(struct core *core, struct gate *gate)
{
    if (gate->held)
        brake_end(core, gate);
    if (!gate->braked)
        return;
    gate->braked = false;
    gate->brake_released = true;
    gate->scan_next_ms = core->now_ms;          /* what vanished is looked for, and then made again */
    gate_condition(core, gate, "", "");
    gate->status_unsaved = true;
    tell_users(core, gate);
}

void gate_probe_now(struct core *core, struct gate *gate)
{
    if (gate->probing)
        gate->probe_ms = core->now_ms;
}

/* A wish is kept until the unit that says it is done; the next one is read again when that is on record. */
void gate_wish(struct core *core, struct gate *gate, const char *verb, uint64_t id)
{
    if (text_equal(verb, "release"))
        gate->release_request = id;
    if (!text_equal(verb, "scan") || gate->scan_request)
        return;
    gate->scan_request = id;
    gate->scan_asked_ms = gate->scan_next_ms = core->now_ms;
    gate_probe_now(core, gate);
}

static bool is_used(const struct gate *gate)
{
    return gate->rows > 0 || gate->line_count > 0 || gate->lookups_count > 0 || gate->sweeps_count > 0;
}

/* A complete scan has begun since it was asked for, and ended; or there is nothing to look for, or nobody who answers. */
static bool scan_is_served(const struct gate *gate)
{
    bool looked = gate->scan_began_ms >= gate->scan_asked_ms && gate->scanned == SCAN_DONE;

    return gate->scan_request && (looked || !is_used(gate) || (*gate->condition && !gate->braked));
}

/* Which wishes are done goes into the unit. */
static void take_wishes(struct gate *gate, bool release, bool scan, struct buf *unit)
{
    if (release) {
        unit_event(unit, "account", gate->name, gate->name, "Released", "the brake was released by hand");
        unit_request_done(unit, gate->release_request);
        gate->release_request = 0;
    }
    if (scan) {
        unit_event(unit, "account", gate->name, gate->name, "Scanned", *gate->condition ? gate->condition : "everything was looked at, as somebody asked");
        unit_request_done(unit, gate->scan_request);
        gate->scan_request = 0;
    }
}

static void write_status(struct core *core, struct gate *gate)
{
    bool release = gate->release_request != 0, scan = scan_is_served(gate);
    bool exists = gate->desired || gate->copy_exists;
    struct buf b;

    if (gate->committing || (!(gate->status_unsaved && exists) && !wants_end(gate) && !release && !scan && !gate->strays
                             && !sweeps_are_done(core, gate)))
        return;
    if (release)
        release_brake(core, gate);
    uint64_t unit = ++core->next_unit;
    unit_begin(core, &b, unit);
    unit_items(&b);
    gate->ending = wants_end(gate);
    if (gate->ending) {
        unit_account_end(&b, gate);
        gate->copy_exists = gate->copy_saved = gate->status_exists = false;
    } else if (exists) {
        unit_account_status(core, &b, gate);
        gate->status_exists = true;
    }
    if (!gate->ending)
        unit_strays(&b, gate);
    if (gate->held_news)
        unit_event(&b, "account", gate->name, gate->name, gate->held_news, text_or(gate->held, ""));
    gate->held_news = NULL;
    take_wishes(gate, release, scan, &b);
    sweeps_take(core, gate, &b);
    gate->status_unsaved = false;
    gate->strays = false;
    gate->committing = true;
    gate->unit = unit;
    unit_end(core, &b, unit, NULL, gate);
}

/* Whoever waits is called when a place is free, after every event. What no event brings about: the end of a pause, the time of a scan; and
 * now and then they are called anyway. */
static int64_t gate_nudge_ms(const struct core *core, const struct gate *gate)
{
    if (gate->pause_ms > core->now_ms)
        return gate->pause_ms;
    if (gate->probing || gate->braked || *gate->condition || gate->scanned == SCAN_RUNNING
        || gate->in_flight >= (uint32_t)gate_account(gate)->max_in_flight)
        return NEVER_MS;
    if (gate->scanned == SCAN_NEEDED && gate->scan_next_ms > core->now_ms)
        return gate->scan_next_ms;
    return gate->pause_ms ? gate->pause_ms : gate->nudged_ms + NUDGE_MS;
}

static void probe_turn(struct core *core, struct gate *gate)
{
    if (!gate->probing || gate->probe_flying || gate->probe_ms > core->now_ms || core->stopping || !lease_holds(core))
        return;
    if (origin_allowed(core, gate))
        send_probe(core, gate);
    else
        gate->probing = false;          /* that condition says it all, and is looked at when the configuration is */
}

void gate_turn(struct core *core, struct gate *gate)
{
    if (!gate_account(gate)) {
        sweeps_turn(core, gate);
        write_status(core, gate);
        return;
    }
    probe_turn(core, gate);
    if (gate->line_count > 0 && gate_nudge_ms(core, gate) <= core->now_ms && gate_may_read(core, gate)) {
        gate->pause_ms = 0;
        gate->nudged_ms = core->now_ms;
        core->events++;
    }
    if (is_used(gate) && gate->scanned != SCAN_RUNNING && gate->scan_next_ms <= core->now_ms && gate_may_read(core, gate))
        scan_account(core, gate);
    lookups_send(core, gate);
    scans_send(core, gate);
    if (!core->queue_head && gate_may_read(core, gate))
        line_call(core, gate);
    sweeps_turn(core, gate);
    write_status(core, gate);
}

void gate_committed(struct core *core, struct gate *gate, enum commit_outcome outcome)
{
    (void)core;
    gate->committing = outcome == COMMIT_UNKNOWN;
    if (outcome == COMMIT_DONE || outcome == COMMIT_UNKNOWN)
        return;
    gate->status_unsaved = true;
    gate->copy_exists = gate->copy_exists || gate->ending;
    gate->status_exists = true;
}

/* When something is to be done here that no answer and no event brings about. */
int64_t gate_wake_ms(const struct core *core, const struct gate *gate)
{
    const struct account *account = gate_account(gate);
    int64_t wake = NEVER_MS;

    if (!account || core->stopping || !lease_holds(core))
        return NEVER_MS;
    if (gate->probing)
        return gate->probe_flying ? NEVER_MS : gate->probe_ms;
    if ((*gate->condition && !gate->braked) || gate->in_flight >= (uint32_t)account->max_in_flight)
        return NEVER_MS;
    if (gate->line_count > 0)
        wake = gate_nudge_ms(core, gate);
    if (is_used(gate) && gate->scanned != SCAN_RUNNING && gate->scan_next_ms < wake)
        wake = gate->scan_next_ms;
    for (const struct scan *scan = gate->scans; scan; scan = scan->next)
        if (scan->due)
            wake = core->now_ms;        /* a page that waits for the end of a pause */
    if (gate->lookups_count > 0 && !gate->scans && !gate->braked)
        wake = core->now_ms;
    return wake > gate->pause_ms ? wake : gate->pause_ms;
}
