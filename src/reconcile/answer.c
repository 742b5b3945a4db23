/* answer: what was answered, and whom it is for. */
#include "state.h"

#define CHECKS_MAX 3            /* reads of what is in the way before it counts as refused: lists lag, ours leave */

struct first { struct found found; bool any; struct arena *arena; const struct kind *kind; };

static void take_first(void *userdata, const struct found *found)
{
    struct first *first = userdata;

    if (first->any)
        return;
    first->any = true;
    first->found = *found;
    first->found.id = arena_strdup(first->arena, found->id);
    first->found.parent = arena_strdup(first->arena, found->parent);
    first->found.note = arena_strdup(first->arena, found->note);
    first->found.name = arena_strdup(first->arena, found->name);
    spec_copy(first->kind, &found->spec, first->arena, &first->found.spec);
}

static bool decode_one(struct core *core, const struct row *row, enum operation operation, const struct reply *reply,
                       struct first *ret, struct err *err)
{
    struct call call = row_call(core, row);
    const char *cursor = NULL;

    call.arena = &core->turn;
    *ret = (struct first){ .arena = &core->turn, .kind = row->r.kind };
    return row->r.kind->decode(operation, &call, reply, take_first, ret, &cursor, err);
}

static enum row_event event_of(enum verdict verdict)
{
    static const enum row_event events[VERDICT_MAX_] = {
        [VERDICT_UNKNOWN] = ROW_UNKNOWN, [VERDICT_DONE] = ROW_DONE, [VERDICT_GONE] = ROW_GONE, [VERDICT_TAKEN] = ROW_TAKEN,
        [VERDICT_REFUSED] = ROW_REFUSED, [VERDICT_LATER] = ROW_LATER, [VERDICT_FULL] = ROW_REFUSED,
        [VERDICT_ACCOUNT] = ROW_LATER, [VERDICT_NOT_SENT] = ROW_NOT_SENT,
    };
    return events[verdict];
}

static void tell(struct row *row, enum operation operation, enum row_event event, const struct found *found)
{
    static const char *const reasons[OP_MAX_] = { [OP_CREATE] = "Created", [OP_UPDATE] = "Updated", [OP_DELETE] = "Removed" };

    if (event == ROW_DONE)
        owner_tell(row->owner, row->r.account, row->r.kind->remove_answer_proves && operation == OP_DELETE ? "RoutingRestored"
                   : reasons[operation], "%s %s", row->r.kind->name, text_or(found->id, text_or(row->r.external_id, "")));
}

/* The number cannot have its previous routing back: then it is only taken off our trunk, and the event has the old values. */
static enum row_event give_up_routing(struct row *row, struct judgement *judgement)
{
    if (!row->r.note || text_equal(row->r.note, "{}"))
        return ROW_REFUSED;
    owner_tell(row->owner, row->r.account, "RoutingNotRestored", "%s; it was %s", text_or(judgement->words, ""), row->r.note);
    row->r.note = row_keep(row, "{}");
    return ROW_LATER;
}

/* The attach is there when the number's record shows a trunk of the ledger. */
static bool record_shows(struct core *core, const struct row *row, const struct found *found)
{
    const char *sid = found->spec.value[0];

    return row->r.kind->recognised != BY_KEY || (sid && ledger_holds_trunk(core, sid));
}

/* A 403 may speak of the account, or of this one request. It is the request's when the account's own list was well after the first denial,
 * and nothing was wrong with the account in between. A 401 speaks of the account always: it never rolls anything back. */
static void judge_denial(const struct core *core, struct row *row, const struct reply *reply, struct judgement *judgement)
{
    const struct gate *gate = row->gate;

    if (judgement->verdict != VERDICT_ACCOUNT || reply->status != 403) {
        row->denied_ms = 0;
    } else if (row->denied_ms && gate->proved_ms >= row->denied_ms && gate->ill_last_ms < row->denied_ms) {
        judgement->verdict = VERDICT_REFUSED;
        judgement->reason = "Refused";
        row->denied_ms = 0;
    } else {
        row->denied_ms = core->now_ms;
    }
}

static void write_answered(struct core *core, const struct flight *flight, const struct reply *reply, struct judgement *judgement)
{
    struct row *row = flight->row;
    enum operation operation = flight->operation;
    struct first first = { 0 };
    struct err err = { 0 };
    bool shows = operation != OP_DELETE || row->r.kind->remove_answer_proves;

    if (judgement->verdict == VERDICT_DONE && shows
        && (!decode_one(core, row, operation, reply, &first, &err) || !first.any)) {
        judgement->verdict = VERDICT_UNKNOWN;
        judgement->words = arena_printf(&core->turn, "the answer cannot be read: %s", *err.text ? err.text : "it shows no object");
    }
    judge_denial(core, row, reply, judgement);
    figures_count(core, flight, judgement->verdict);
    enum row_event event = event_of(judgement->verdict);
    bool proves = event == ROW_DONE && operation == OP_DELETE && row->r.kind->remove_answer_proves;
    if (event == ROW_DONE && row->r.kind->recognised == BY_KEY)
        record_take(row->owner, row->gate, &first.found, core->now_ms);
    if (event == ROW_REFUSED && text_equal(judgement->reason, "RoutingNotRestored"))
        event = give_up_routing(row, judgement);
    if (proves && record_shows(core, row, &first.found)) {
        judgement->words = "Twilio took the change, and still shows the number on our trunk";
        event = ROW_LATER;
        proves = false;
    }
    tell(row, operation, event, &first.found);
    row_event(core, row, event, judgement, &first.found);
    if (proves && row->doubt_ms <= core->now_ms)
        row_absent(core, row, core->now_ms);
}

static void get_answered(struct core *core, const struct flight *flight, const struct reply *reply, struct judgement *judgement)
{
    struct row *row = flight->row;
    struct first first = { 0 };
    struct err err = { 0 };

    if (row->r.open != OPEN_NOTHING)
        return;
    if (judgement->verdict == VERDICT_GONE) {
        row_absent(core, row, flight->began_ms);
    } else if (judgement->verdict != VERDICT_DONE) {
        row->r.message = row_keep(row, judgement->words);
        row_touch(row);
        row_read_again(core, row);
    } else if (!decode_one(core, row, OP_GET, reply, &first, &err)) {
        row->r.message = row_keep(row, err.text);
        row_touch(row);
        row_read_again(core, row);
    } else if (first.any && record_shows(core, row, &first.found)) {
        row_shown(core, row, flight->began_ms, &first.found);
    } else {
        row_absent(core, row, flight->began_ms);
    }
    if (first.any && row->r.kind->recognised == BY_KEY)
        record_take(row->owner, row->gate, &first.found, core->now_ms);
}

static void check_answered(struct core *core, const struct flight *flight, const struct reply *reply, struct judgement *judgement)
{
    struct row *row = flight->row;
    struct call call = row_call(core, row);
    struct err err = { 0 };

    call.arena = &core->turn;
    if (judgement->verdict == VERDICT_GONE) {
        row->checked = true;                /* it is gone itself: the delete will say so */
        return;
    }
    const char *words = judgement->verdict == VERDICT_DONE ? row->r.kind->check_empty(&call, reply, &err) : judgement->words;
    if (!words && *err.text)
        words = err.text;
    row->checked = !words;
    if (!words)
        return;
    row->attempts++;
    row->r.message = row_keep(row, words);
    if (judgement->verdict == VERDICT_DONE && !*err.text && row->attempts >= CHECKS_MAX
        && row->failing_ms && core->now_ms - row->failing_ms >= core->settings->list_lag_ms)
        row_refuse(core, row, "HeldByForeign", words);
    row_back_off(core, row, judgement);
    row_touch(row);
}

struct lookup { const struct owner *owner; struct first first; };

static void take_number(void *userdata, const struct found *found)
{
    struct lookup *lookup = userdata;

    if (text_equal(found->name, lookup->owner->key))
        take_first(&lookup->first, found);
}

static void preflight_answered(struct core *core, const struct flight *flight, const struct reply *reply, struct judgement *judgement)
{
    struct owner *owner = flight->owner;
    const struct kind *kind = kinds[KIND_TRUNK_PHONE_NUMBER];
    const struct resource probe = { .kind = kind, .owner_type = OWNER_NUMBER, .owner = owner->key, .slot = "",
                                    .account = flight->gate->name };
    struct call call = { .account = gate_account(flight->gate), .resource = &probe, .arena = &core->turn };
    struct lookup lookup = { .owner = owner, .first = { .arena = &core->turn, .kind = kind } };
    const char *cursor = NULL;
    struct err err = { 0 };

    if (judgement->verdict == VERDICT_DONE && kind->decode(OP_LIST, &call, reply, take_number, &lookup, &cursor, &err))
        lookup_done(core, owner, flight->gate, lookup.first.any ? &lookup.first.found : NULL, flight->began_ms);
    else
        lookup_failed(core, owner, *err.text ? err.text : judgement->words);
}

void answer_take(struct core *core, const struct event *event)
{
    const struct reply *reply = event->answer.reply;
    struct flight flight;

    if (!flight_end(core, event->answer.id, &flight))
        return;                             /* of a life before the lease was lost */
    struct gate *gate = flight.gate;
    const struct account *account = gate_account(gate);
    assert(gate->in_flight > 0);
    gate_place_free(gate);
    struct judgement judgement = flight.row ? flight.row->r.kind->judge(flight.operation, reply, &core->turn)
                                            : account_judge(account, flight.operation, reply, &core->turn);
    if (flight.type == FLIGHT_PROBE) {
        figures_count(core, &flight, judgement.verdict);
        gate_probed(core, gate, &judgement, reply);
        return;
    }
    gate_answered(core, gate, &judgement, reply);
    if (flight.type != FLIGHT_WRITE)        /* which is judged once more */
        figures_count(core, &flight, judgement.verdict);
    if (flight.row) {
        flight.row->flying = false;
        owner_queue(core, flight.row->owner);
    }
    if (flight.owner) {
        flight.owner->flying--;
        if (judgement.verdict == VERDICT_DONE)
            owner_queue(core, flight.owner);
    }
    switch (flight.type) {
    case FLIGHT_WRITE: write_answered(core, &flight, reply, &judgement); break;
    case FLIGHT_GET: get_answered(core, &flight, reply, &judgement); break;
    case FLIGHT_CHECK: check_answered(core, &flight, reply, &judgement); break;
    case FLIGHT_PREFLIGHT: preflight_answered(core, &flight, reply, &judgement); break;
    case FLIGHT_SCAN: scan_answer(core, &flight, reply, &judgement); break;
    case FLIGHT_PROBE:
    case FLIGHT_SEAL:
    case FLIGHT_FREE: assert(!"unreachable"); break;
    }
    if (flight.row && reply->status == 429)
        flight.row->failing_ms = 0;         /* throttling says nothing about the object */
}

/* What is behind a reference that people wrote. What was there last stays in use while nothing is. */
static void reference_seen(struct core *core, struct row *row, const struct event *event)
{
    const char *version = event->sealed.sealed ? event->sealed.version : row->r.secret_version;
    const char *words = version ? NULL : event->sealed.text;

    row->secret_ms = core->now_ms + (event->sealed.sealed ? core->settings->scan_ms : core->settings->poll_ms);
    if (!event->sealed.sealed && version && !row->secret_told)
        core_log(core, MESSAGE_SECRET_GONE, row->owner->key, "%s; what was there last stays in use", text_or(event->sealed.text, ""));
    row->secret_told = !event->sealed.sealed;
    owner_queue(core, row->owner);
    if (text_equal(version, row->r.secret_version) && (version || text_equal(words, row->r.message)))
        return;
    row->r.secret_version = row_keep(row, version);
    row->r.message = row_keep(row, words);
    row_touch(row);
}

void seal_take(struct core *core, const struct event *event)
{
    struct flight flight;

    if (!flight_end(core, event->sealed.id, &flight))
        return;
    struct row *row = flight.row;
    row->sealing = false;
    if (row->r.secret) {
        reference_seen(core, row, event);
        return;
    }
    if (event->sealed.sealed) {
        row->r.secret = row_keep(row, event->sealed.sealed);
        row->r.secret_version = row_keep(row, event->sealed.version);
    } else {
        row->r.message = row_keep(row, event->sealed.text);
        row_back_off(core, row, NULL);
        core_log(core, MESSAGE_NO_PASSWORD_MADE, row->owner->key, "no password could be made: %s", text_or(event->sealed.text, ""));
    }
    row_touch(row);
    owner_queue(core, row->owner);
}
