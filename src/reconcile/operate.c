/* operate: how an operation is opened and sent, and what an event makes of its row. */
#include "state.h"

#include <stdlib.h>

#define BACKOFF_DOUBLINGS_MAX 20

/* ---- requests under way ------------------------------------------------------------------------------------------------------------ */

/* An id is the place in the table and the generation of its use, so that a late answer of an earlier use is nobody's. */
uint64_t flight_new(struct core *core, struct flight flight)
{
    size_t i = 0;

    while (i < core->flights_count && core->flights[i].type != FLIGHT_FREE)
        i++;
    if (i == core->flights_count) {
        core->flights_count = core->flights_count ? 2 * core->flights_count : 64;
        core->flights = must_realloc(core->flights, core->flights_count * sizeof(struct flight));
        memset(core->flights + i, 0, (core->flights_count - i) * sizeof(struct flight));
    }
    flight.generation = core->flights[i].generation + 1;
    core->flights[i] = flight;
    return (uint64_t)flight.generation << 32 | (uint64_t)i;
}

bool flight_end(struct core *core, uint64_t id, struct flight *ret)
{
    size_t i = (size_t)(id & 0xffffffffu);

    if (i >= core->flights_count || core->flights[i].type == FLIGHT_FREE || core->flights[i].generation != id >> 32)
        return false;
    *ret = core->flights[i];
    core->flights[i].type = FLIGHT_FREE;
    return true;
}

/* A read: it needs no commit, only a place in the account's window. */
void send_get(struct core *core, struct flight flight, const struct request *request, const char *what, const char *object)
{
    struct arena *arena = &core->effects->arena;

    flight.began_ms = core->now_ms;
    gate_take_place(core, flight.gate);
    struct effect *effect = core_effect(core, EFFECT_SEND);
    effect->send.id = flight_new(core, flight);
    effect->send.request = *request;
    effect->send.write = false;
    effect->send.account = arena_strdup(arena, flight.gate->name);
    effect->send.send_by_ms = core->now_ms + core->settings->request_timeout_ms;
    effect->send.timeout_ms = core->settings->request_timeout_ms;
    effect->send.what = arena_printf(arena, "%s %s", object, what);
}

struct call row_call(struct core *core, const struct row *row)
{
    return (struct call){ .account = gate_account(row->gate), .resource = &row->r, .arena = &core->effects->arena };
}

/* ---- opening and sending ------------------------------------------------------------------------------------------------------------ */

static const char *parent_in(const struct kind *kind, const struct spec *spec)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if ((kind->fields[i].flags & FIELD_IN_PATH) && (kind->fields[i].flags & FIELD_REF))
            return spec->value[i];
    return NULL;
}

static void new_nonce(struct core *core, struct row *row)
{
    char nonce[NONCE_CHARACTERS + 1];

    base32_u64(core_random(core), NONCE_CHARACTERS, nonce);
    row_set_nonce(core, row, nonce);
}

void operation_open(struct core *core, struct row *row, enum operation operation, const struct wanted *wanted)
{
    static const enum open opens[] = { [OP_CREATE] = OPEN_CREATE, [OP_UPDATE] = OPEN_UPDATE, [OP_DELETE] = OPEN_DELETE };
    struct resource *r = &row->r;

    assert(r->open == OPEN_NOTHING);
    assert(!row->flying);
    assert(operation == OP_DELETE || wanted);
    if (operation == OP_CREATE && !*r->nonce)
        new_nonce(core, row);
    if (operation != OP_DELETE) {
        struct spec spec = wanted->spec;
        r->kind->tag(r->tag, wanted->label, &core->turn, &spec);
        spec_copy(r->kind, &spec, &row->arena, &r->sent);
        if (operation == OP_CREATE)
            r->parent_id = row_keep(row, parent_in(r->kind, &r->sent));
    }
    r->open = opens[operation];
    if (operation != OP_DELETE && !text_equal(r->refusal, "AccountFull"))
        r->refusal = NULL;          /* that one holds until there is room: placement rests on it; that of a removal until it is answered */
    row->attempts++;
    row->may_repeat = row->checked = false;
    row->send_by_ms = core->now_ms + core->settings->send_window_ms;
    row->opened = true;
    gate_take_place(core, row->gate);
    row_touch(row);
}

/* The unit with the opening was not written: nothing has happened at all. */
void operation_undo(struct core *core, struct row *row)
{
    (void)core;
    assert(row->r.open != OPEN_NOTHING);
    assert(!row->flying);
    row->r.open = OPEN_NOTHING;
    row->attempts -= row->attempts > 0;
    row->send_by_ms = 0;
    row_touch(row);
}

void operation_send(struct core *core, struct row *row)
{
    static const enum operation operations[] = {
        [OPEN_CREATE] = OP_CREATE, [OPEN_UPDATE] = OP_UPDATE, [OPEN_DELETE] = OP_DELETE,
    };
    struct call call = row_call(core, row);
    enum operation operation = operations[row->r.open];
    const struct kind *kind = row->r.kind;

    assert(row->r.open != OPEN_NOTHING);
    assert(row->opened && !row->flying);
    row->opened = false;
    if (core->stopping || core->now_ms > row->send_by_ms || core->now_ms >= core->lease_until_ms) {
        gate_place_free(row->gate);
        row_event(core, row, ROW_NOT_SENT, NULL, NULL);
        owner_queue(core, row->owner);
        return;
    }
    call.spec = operation == OP_DELETE ? NULL : &row->r.sent;
    row->flying = true;
    struct effect *effect = core_effect(core, EFFECT_SEND);
    effect->send.id = flight_new(core, (struct flight){
        .type = FLIGHT_WRITE, .operation = operation, .row = row, .gate = row->gate, .began_ms = core->now_ms });
    effect->send.write = true;
    effect->send.account = arena_strdup(&core->effects->arena, row->gate->name);
    effect->send.send_by_ms = row->send_by_ms < core->lease_until_ms ? row->send_by_ms : core->lease_until_ms;
    effect->send.timeout_ms = core->settings->request_timeout_ms;
    effect->send.what = arena_printf(&core->effects->arena, "%s %s %s", row->owner->key, open_names[row->r.open], kind->name);
    (operation == OP_CREATE ? kind->create : operation == OP_UPDATE ? kind->update : kind->remove)(&call, &effect->send.request);
}

/* What its last unit has opened. Where a step has no room for so many requests, the owner's turn goes on with them. */
void operations_send(struct core *core, struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        if (!row->opened || row->flying || row->committing)
            continue;
        if (!core_has_room(core)) {
            owner_queue(core, owner);
            return;
        }
        operation_send(core, row);
    }
}

void operation_get(struct core *core, struct row *row)
{
    struct call call = row_call(core, row);
    struct request request = { 0 };

    row->r.kind->get(&call, &request);
    row->flying = true;
    send_get(core, (struct flight){ .type = FLIGHT_GET, .operation = OP_GET, .row = row, .gate = row->gate }, &request,
             arena_printf(&core->turn, "read %s", row->r.kind->name), row->owner->key);
}

void operation_check(struct core *core, struct row *row)
{
    struct call call = row_call(core, row);
    struct request request = { 0 };

    row->r.kind->check(&call, &request);
    row->flying = true;
    send_get(core, (struct flight){ .type = FLIGHT_CHECK, .operation = OP_CHECK, .row = row, .gate = row->gate }, &request,
             arena_printf(&core->turn, "check %s", row->r.kind->name), row->owner->key);
}

void preflight_send(struct core *core, struct owner *owner, struct gate *gate)
{
    const struct resource probe = { .kind = kinds[KIND_TRUNK_PHONE_NUMBER], .owner_type = OWNER_NUMBER, .owner = owner->key,
                                    .slot = "", .account = gate->name };
    struct call call = { .account = gate_account(gate), .resource = &probe, .arena = &core->effects->arena };
    struct request request = { 0 };

    probe.kind->list(&call, &request);
    owner->flying++;
    send_get(core, (struct flight){ .type = FLIGHT_PREFLIGHT, .operation = OP_LIST, .owner = owner, .gate = gate }, &request,
             "look up", owner->key);
}

/* ---- what an event makes of a row ------------------------------------------------------------------------------------------------------ */

void row_back_off(struct core *core, struct row *row, const struct judgement *judgement)
{
    const struct settings *s = core->settings;
    uint32_t doublings = row->attempts < BACKOFF_DOUBLINGS_MAX ? row->attempts : BACKOFF_DOUBLINGS_MAX;
    int64_t delay = s->retry_min_ms;

    for (uint32_t i = 1; i < doublings && delay < s->retry_max_ms; i++)
        delay *= 2;
    if (delay > s->retry_max_ms)
        delay = s->retry_max_ms;
    delay = delay / 2 + (int64_t)(core_random(core) % (uint64_t)(delay / 2 + 1));
    if (row->r.refusal)
        delay = s->recheck_ms;
    if (judgement && judgement->retry_after_ms > delay)
        delay = judgement->retry_after_ms;
    row->next_ms = core->now_ms + delay;
    if (!row->failing_ms)
        row->failing_ms = core->now_ms;
}

static int64_t quiet_ms(const struct core *core, const struct row *row)
{
    return row->r.kind->family == FAMILY_TWILIO ? core->settings->quiet_twilio_ms : core->settings->quiet_livekit_ms;
}

static void doubt(struct core *core, struct row *row)
{
    int64_t until = row->send_by_ms + core->settings->request_timeout_ms + quiet_ms(core, row);

    if (safeguard(core, SAFEGUARD_DOUBT) && until > row->doubt_ms)
        row->doubt_ms = until;
}

/* A list serves the read only if it begins from now on. */
void row_read_due(struct core *core, struct row *row, int64_t at_ms)
{
    row->read_ms = at_ms;
    row->read_since_ms = at_ms < core->now_ms ? core->now_ms : at_ms;
}

/* While there is doubt the row is looked at now and then, and once more when the doubt has passed. */
void row_read_again(struct core *core, struct row *row)
{
    int64_t delay = core->settings->retry_min_ms;

    for (uint32_t i = 0; i < row->reads && i < BACKOFF_DOUBLINGS_MAX && delay < core->settings->retry_max_ms; i++)
        delay *= 2;
    if (delay > core->settings->retry_max_ms)
        delay = core->settings->retry_max_ms;
    row->reads++;
    int64_t at = core->now_ms + delay;
    if (row->doubt_ms > core->now_ms && row->doubt_ms < at)
        at = row->doubt_ms;
    row_read_due(core, row, at);
}

/* ---- what somebody else has done to it ------------------------------------------------------------------------------------------------- */

#define DRIFT_VALUE_MAX 80

/* What absent, empty and zero are the same as. */
static const char *zero_of(const struct field *field)
{
    switch (field->type) {
    case FIELD_BOOL: return "false";
    case FIELD_INT: return "0";
    case FIELD_DURATION: return "0s";
    case FIELD_ENUM: case FIELD_VARIANT: return field->names[0];
    case FIELD_TEXT: case FIELD_SET: case FIELD_MAP: case FIELD_PAIRS: return "empty";
    case FIELD_SECRET: return "none";
    }
    return "empty";
}

static const char *shown_value(struct core *core, const struct field *field, const char *value)
{
    if (!value)
        return zero_of(field);
    if (field->type == FIELD_SECRET)
        return "another one";
    return arena_printf(&core->turn, "%.*s", (int)text_utf8_cut(value, DRIFT_VALUE_MAX), value);
}

/* Where drift is only reported it counts as refused: it holds as long as the same is wanted, and nobody says to try again. */
static void tell_drift(struct core *core, struct row *row, const char *what, const char *repair)
{
    bool left = gate_only_reports(row->gate);

    owner_tell(row->owner, row->r.account, "Drifted", "%s; %s", what, left ? "it is left so" : repair);
    if (left)
        row_refuse(core, row, "DriftLeft", what);
}

/* What was written last is what it should be, and so is what was seen last: anything else is somebody else's. While an answer is
 * missing it may be our own. */
static void tell_changes(struct core *core, struct row *row, const struct spec *now)
{
    const struct kind *kind = row->r.kind;
    const char *words = NULL;

    if (row->r.known != KNOWN_LIVE || row->r.open != OPEN_NOTHING || row->doubt_ms || !row->wanted)
        return;
    for (size_t i = spec_differs(kind, now, &row->r.applied, 0); i < kind->fields_count; i = spec_differs(kind, now, &row->r.applied, i + 1)) {
        if (text_equal(now->value[i], row->r.sent.value[i]))
            continue;
        words = arena_printf(&core->turn, "%s%s%s is %s, was %s", text_or(words, ""), words ? "; " : "", kind->fields[i].name,
                             shown_value(core, &kind->fields[i], now->value[i]), shown_value(core, &kind->fields[i], row->r.applied.value[i]));
    }
    if (!words)
        return;
    row->r.changed = true;
    tell_drift(core, row, arena_printf(&core->turn, "somebody changed %s %s: %s", kind->name, text_or(row->r.external_id, ""), words),
               "it is put back");
}

static void tell_missing(struct core *core, struct row *row)
{
    if (row->r.known == KNOWN_LIVE && row->r.open == OPEN_NOTHING && row->wanted)
        tell_drift(core, row, arena_printf(&core->turn, "%s %s is not there any more", row->r.kind->name, text_or(row->r.external_id, "")),
                   "it is made again");
}

/* Found again, and never written since: what was sent is forgotten, and the list that showed it may have left something out. */
static bool sent_is_forgotten(const struct row *row)
{
    const struct spec nothing = { .secret = NULL };

    return row->lost && spec_differs(row->r.kind, &row->r.sent, &nothing, 0) == row->r.kind->fields_count;
}

static void observe(struct core *core, struct row *row, const struct found *found)
{
    struct resource *r = &row->r;
    bool was_sent = r->open == OPEN_CREATE || r->open == OPEN_UPDATE;
    struct spec applied;

    spec_observe(r->kind, &found->spec, was_sent ? &r->sent : &r->applied, &row->arena, &applied);
    if (sent_is_forgotten(row))
        spec_copy(r->kind, &applied, &row->arena, &r->sent);
    else
        tell_changes(core, row, &applied);
    r->applied = applied;
    r->changed = r->changed && spec_differs(r->kind, &r->applied, &r->sent, 0) < r->kind->fields_count;
    if (!r->changed && text_equal(r->refusal, "DriftLeft"))
        r->refusal = r->message = NULL;         /* who changed it has put it back */
    r->external_id = row_keep(row, found->id);
    if (found->parent)
        r->parent_id = row_keep(row, found->parent);
    if (*found->tag.nonce && !*r->nonce && !resource_is_late(r))
        row_set_nonce(core, row, found->tag.nonce);
}

#define ECHOES_MAX 5                /* writes that are tried before what the provider does not keep counts as refused */

/* What was sent and what came back are not the same: the provider has dropped something without a word, as LiveKit does with what it
 * does not know. It is sent again, at the pace of a failure, and the row says what was not kept; who has dropped it so often will not
 * take it, and that is a refusal. */
static bool kept(struct core *core, struct row *row)
{
    const struct kind *kind = row->r.kind;
    size_t i = spec_differs(kind, &row->r.applied, &row->r.sent, 0);

    if (i == kind->fields_count)
        return true;
    const char *words = arena_printf(&core->turn, "it was written, but what came back has another %s than was sent", kind->fields[i].name);
    row->r.refusal = NULL;
    row->r.message = row_keep(row, words);
    if (row->attempts >= ECHOES_MAX)
        row_refuse(core, row, NULL, words);
    if (kind->fields[i].type == FIELD_SECRET)
        row->secret_ms = 0;         /* perhaps another one lies behind its reference by now */
    row_back_off(core, row, NULL);
    return false;
}

static void written(struct core *core, struct row *row)
{
    row->written_ms = core->now_ms;
    row->r.changed = false;
    row->reads = 0;
    row->taken_ms = 0;
    if (!kept(core, row))
        return;
    row->attempts = 0;
    row->failing_ms = row->next_ms = 0;
    row->r.refusal = row->r.message = NULL;
}

static bool is_late_one_of(const struct row *late, const struct row *row)
{
    return resource_is_late(&late->r) && late->r.kind == row->r.kind && late->gate == row->gate;
}

/* The name, number or pair is said to be in use. By what turned up late and is being removed: then it is tried again. */
static void taken(struct core *core, struct row *row)
{
    const struct owner *owner = row->owner;

    row->taken_ms = core->now_ms;
    row->taken_is_old = false;
    for (size_t i = 0; i < owner->rows_count; i++)
        if (is_late_one_of(owner->rows[i], row))
            row_is_in_the_way(core, owner->rows[i]);
}

void row_is_in_the_way(struct core *core, const struct row *late)
{
    for (size_t i = 0; i < late->owner->rows_count; i++) {
        struct row *row = late->owner->rows[i];
        if (!row->taken_ms || !is_late_one_of(late, row))
            continue;
        row->taken_ms = 0;
        row_back_off(core, row, NULL);
    }
}

void row_refuse(struct core *core, struct row *row, const char *reason, const char *words)
{
    (void)core;
    row->r.refusal = row_keep(row, text_or(reason, "Refused"));
    row->r.message = row_keep(row, words);
}

void row_event(struct core *core, struct row *row, enum row_event event, const struct judgement *judgement, const struct found *found)
{
    struct resource *r = &row->r;
    enum row_state state = row_state(r->known, r->open);
    assert(state < ROW_STATE_MAX_);
    const struct transition *to = transition(state, event);

    assert(to->action & DO_VALID);
    if (r->open == OPEN_DELETE && event <= ROW_UNKNOWN && event != ROW_REFUSED)
        r->refusal = NULL;          /* what became of it last is something else */
    assert(!(to->action & DO_BUG));
    if (judgement && judgement->words && event != ROW_DONE)
        r->message = row_keep(row, judgement->words);
    if (to->action & DO_OBSERVE)
        observe(core, row, found);
    if (to->action & DO_DOUBT)
        doubt(core, row);
    if (to->action & DO_WRITTEN)
        written(core, row);
    if (to->action & DO_LAG)
        row->written_ms = core->now_ms;
    if (to->action & DO_REFUSE)
        row_refuse(core, row, judgement ? judgement->reason : NULL, judgement ? judgement->words : NULL);
    if (to->action & DO_ASK_HOLDER)
        taken(core, row);
    if (to->action & DO_BACK_OFF)
        row_back_off(core, row, judgement);
    if (to->action & DO_BURY) {
        tell_missing(core, row);
        r->changed = false;
        grave_dig(core, row);
        row_set_nonce(core, row, "");
        if (r->kind->recognised != BY_KEY)
            r->external_id = NULL;
        r->applied = (struct spec){ 0 };
        row->reads = 0;
        row->written_ms = 0;
        row->looked_below = 0;
    }
    r->missing = to->known != KNOWN_LIVE && (r->known == KNOWN_LIVE ? r->open != OPEN_DELETE : r->missing);
    if (r->known == KNOWN_NONE && to->known != KNOWN_NONE)
        r->refusal = NULL;
    r->known = to->known;
    r->open = to->open;
    if (to->action & DO_READ)
        row_read_due(core, row, core->now_ms);
    else if (event == ROW_FOUND || event == ROW_ABSENT || (to->action & DO_WRITTEN))
        row_read_due(core, row, row->doubt_ms > core->now_ms ? row->doubt_ms : NEVER_MS);
    if (row->doubt_ms && row->doubt_ms <= core->now_ms && event != ROW_UNKNOWN)
        row->doubt_ms = 0;
    row_touch(row);
}

/* What happened a moment ago is not in every read yet: one that began at `began_ms` may show how it was before. */
static bool read_may_lag(const struct core *core, int64_t happened_ms, int64_t began_ms)
{
    return safeguard(core, SAFEGUARD_MARKS) && happened_ms && happened_ms + core->settings->list_lag_ms >= began_ms;
}

bool is_ours(const struct core *core, const struct found *found)
{
    return *found->tag.nonce && text_equal(found->tag.installation, core->installation);
}

/* What turned up late, or was swept, was taken for ours by its tag alone. */
static bool is_claimed(const struct core *core, const struct row *row, const struct found *found)
{
    return resource_is_late(&row->r) && row->r.kind->recognised == BY_TAG
           && (!is_ours(core, found) || (*row->r.nonce && !text_equal(found->tag.nonce, row->r.nonce)));
}

/* Nor is its nonce buried: should the tag come back, people decide anew. */
static void let_go(struct core *core, struct row *row)
{
    owner_tell(row->owner, row->r.account, "NotSwept", "%s %s was to be removed, and stays: the tag it had is not there any more",
               row->r.kind->name, text_or(row->r.external_id, ""));
    row_set_nonce(core, row, "");
    row_event(core, row, ROW_ABSENT, NULL, NULL);
}

/* A read that began at `began_ms` shows it. That the provider has removed it holds, until that can no longer be the past. */
void row_shown(struct core *core, struct row *row, int64_t began_ms, const struct found *found)
{
    if (row->r.known == KNOWN_MAYBE && read_may_lag(core, row->written_ms, began_ms))
        row_read_again(core, row);
    else if (is_claimed(core, row, found))
        let_go(core, row);
    else
        row_event(core, row, ROW_FOUND, NULL, found);
}

/* A read that began at `began_ms` does not show it. Within doubt that proves nothing, nor of what was made or was in the way a moment ago. */
void row_absent(struct core *core, struct row *row, int64_t began_ms)
{
    struct resource *r = &row->r;

    if (began_ms < row->doubt_ms || (r->known == KNOWN_LIVE && read_may_lag(core, row->written_ms, began_ms))
        || read_may_lag(core, row->taken_ms, began_ms)) {
        row->may_repeat = r->known == KNOWN_MAYBE && r->kind->repeat == REPEAT_SAFE && !row->taken_ms;
        row_read_again(core, row);
        return;
    }
    if (row->taken_ms && !row->taken_is_old && r->kind->repeat == REPEAT_MUST_WAIT && r->known == KNOWN_MAYBE) {
        /* The name, number or pair is another's: what the provider said to the create holds. */
        row->taken_ms = 0;
        r->known = KNOWN_NONE;
        row_refuse(core, row, "Refused", r->message);
        row_back_off(core, row, NULL);
        row_read_due(core, row, NEVER_MS);
        row_touch(row);
        return;
    }
    if (row->taken_ms)
        row_back_off(core, row, NULL);          /* that name is burned: the next nonce, a little later */
    row->taken_ms = 0;
    row_event(core, row, ROW_ABSENT, NULL, NULL);
}
