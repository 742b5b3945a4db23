/* turn: one owner's turn. Plan, do what the plan lets through, say how it stands, and put all of it into one unit. */
#include "turn.h"

/* ---- the scene ------------------------------------------------------------------------------------------------------------------ */

static const struct account *account_named(struct core *core, const char *name)
{
    struct gate *gate = name ? gate_get(core, name, false) : NULL;
    return gate ? gate_account(gate) : NULL;
}

bool trunk_is_wanted(const struct owner *trunk)
{
    return trunk->trunk || trunk->counts.inbound + trunk->counts.outbound > 0;
}

static void add_rows(const struct resource **to, size_t *count, const struct owner *owner)
{
    for (size_t i = 0; owner && i < owner->rows_count; i++)
        if (!owner->rows[i]->ended) {
            owner->rows[i]->r.in_doubt = owner->rows[i]->doubt_ms != 0;
            to[(*count)++] = &owner->rows[i]->r;
        }
}

/* Of its own row, or of the number that has it for itself. */
static const char *trunk_settings(struct core *core, const struct owner *trunk)
{
    const struct owner *number = trunk->dedicated_to ? owner_get(core, OWNER_NUMBER, trunk->dedicated_to, false) : NULL;

    if (trunk->trunk)
        return trunk->trunk->twilio_trunk;
    return number && number->number ? number->number->twilio_trunk : NULL;
}

void owner_scene(struct core *core, struct owner *owner, struct scene *ret)
{
    struct owner *trunk = owner->type == OWNER_NUMBER ? owner->placed : owner;
    size_t max = owner->rows_count + (trunk ? trunk->rows_count : 0);
    const struct resource **rows = ARENA_ARRAY(&core->turn, const struct resource *, max + 1);

    *ret = (struct scene){ .owner_type = owner->type, .owner = owner->key, .trunk = trunk ? trunk->key : NULL, .rows = rows,
                           .origins = core->settings->origins, .any_origin = core->plan_only };
    add_rows(rows, &ret->rows_count, owner);
    ret->twilio_trunk = trunk ? trunk_settings(core, trunk) : NULL;
    if (owner->type == OWNER_TRUNK) {
        ret->trunk_wanted = trunk_is_wanted(owner);
        ret->account = account_named(core, owner->account);
        ret->project = account_named(core, owner->project);
        ret->on_trunk = owner->counts;
        return;
    }
    add_rows(rows, &ret->rows_count, trunk);
    if (!owner->number || owner->failed_reason)
        return;
    ret->number = owner->number;
    ret->account = account_named(core, owner->number->twilio_account);
    ret->project = account_named(core, owner->number->livekit_project);
    const struct agent_slot *slot = owner->number->agent ? map_get(&core->agents, owner->number->agent) : NULL;
    ret->agent = slot ? slot->agent : NULL;
}

struct planned *turn_plan(struct core *core, struct owner *owner, struct scene *scene, size_t *ret_count)
{
    struct wanted *wants = ARENA_ARRAY(&core->turn, struct wanted, WANTED_MAX);
    size_t own = 0;

    owner_scene(core, owner, scene);
    while (own < scene->rows_count && text_equal(scene->rows[own]->owner, owner->key))
        own++;
    size_t wanted = plan_wants(scene, &core->turn, wants, WANTED_MAX);
    struct planned *plan = ARENA_ARRAY(&core->turn, struct planned, own + wanted + 1);
    *ret_count = plan_owner(scene, scene->rows, own, wants, wanted, &core->turn, plan, own + wanted);
    return plan;
}

struct row *row_of(const struct planned *p)
{
    union { const struct resource *from; struct row *to; } cast = { .from = p->row };
    return cast.to;                 /* r is the first member of struct row, and rows are ours */
}

/* ---- carrying the plan out ------------------------------------------------------------------------------------------------------------ */

void turn_wake_by(struct turn *t, int64_t at_ms)
{
    if (at_ms > t->core->now_ms && at_ms < t->wake_ms)
        t->wake_ms = at_ms;
}

static bool gate_lets(struct turn *t, struct gate *gate, bool write)
{
    bool may = write ? gate_may_write(t->core, gate) : gate_may_read(t->core, gate);

    if (!may)
        gate_wait(t->core, gate, t->owner);
    return may;
}

/* Where the provider guards the name, a create in doubt was sent again. When the doubt has passed, its list says whether both came true. */
static bool may_have_a_twin(const struct row *row)
{
    const struct kind *kind = row->r.kind;

    return row->r.known == KNOWN_LIVE && row->doubt_ms && kind->recognised == BY_TAG && kind->repeat == REPEAT_SAFE;
}

static void do_read(struct turn *t, struct row *row)
{
    if (row->flying || row->r.open != OPEN_NOTHING)
        return;
    if (row->read_ms == NEVER_MS)
        row_read_due(t->core, row, t->core->now_ms);
    if (row->read_ms > t->core->now_ms) {
        turn_wake_by(t, row->read_ms);
        return;
    }
    if (!gate_lets(t, row->gate, false))
        return;
    if (row->r.external_id && row->r.kind->get && !may_have_a_twin(row))
        operation_get(t->core, row);
    else
        scan_row(row);
}


static struct row *row_for(struct turn *t, const struct planned *p)
{
    if (p->row)
        return row_of(p);
    struct row *row = row_new(t->owner, p->kind, p->slot, gate_get(t->core, p->account, true));
    if (p->kind->id == KIND_TRUNK_PHONE_NUMBER)
        row->r.external_id = row_keep(row, t->owner->record.sid);
    return row;
}

/* Below a parent that the database had forgotten, children may exist too: a complete list of them comes before the first create. Of a
 * parent that it remembers, only the last may be forgotten: they are looked for where a second one would be made without a word. What lies
 * aside is looked for as if it lay below its trunk, by its own row. */
static bool must_look_before(struct turn *t, const struct planned *p)
{
    bool is_aside = p->kind->scope == LIST_ASIDE;

    if (p->kind->scope == LIST_PER_ACCOUNT)
        return false;
    const struct resource *above = scene_find(&t->scene, is_aside ? KIND_TWILIO_TRUNK : p->kind->needs[0], NULL);
    union { const struct resource *from; struct row *to; } cast = { .from = above };
    if (!above || !(cast.to->lost || (cast.to->read && p->kind->repeat == REPEAT_MUST_WAIT)))
        return false;
    struct row *row = is_aside ? row_for(t, p) : cast.to;
    if (row->looked_below & (1u << p->kind->id))
        return false;
    if (gate_lets(t, row->gate, false))
        scan_below(p->kind, row);
    return true;
}

static void do_seal(struct turn *t, const struct planned *p)
{
    struct row *row = row_for(t, p);

    if (row->sealing || row->r.secret)
        return;
    if (row->next_ms > t->core->now_ms) {
        turn_wake_by(t, row->next_ms);
        return;
    }
    row->sealing = true;
    struct effect *effect = core_effect(t->core, EFFECT_SEAL);
    effect->seal.id = flight_new(t->core, (struct flight){ .type = FLIGHT_SEAL, .row = row, .owner = t->owner });
    effect->seal.place = arena_strdup(&t->core->effects->arena, resource_secret_place(&row->r, &t->core->turn));
}

/* Whoever changes what is behind a reference tells nobody: it is looked at again and again. */
static void look_at_secret(struct turn *t, const struct planned *p)
{
    if (!p->wanted || !p->wanted->refers)
        return;
    struct row *row = row_for(t, p);
    bool same = text_equal(row->r.secret, p->wanted->spec.secret);
    if (row->sealing)
        return;
    if (same && row->secret_ms > t->core->now_ms) {
        turn_wake_by(t, row->secret_ms);
        return;
    }
    if (!same) {
        row->r.secret = row_keep(row, p->wanted->spec.secret);
        row->r.secret_version = row->r.message = NULL;
        row_touch(row);
    }
    row->sealing = true;
    struct effect *effect = core_effect(t->core, EFFECT_SEAL);
    effect->seal.id = flight_new(t->core, (struct flight){ .type = FLIGHT_SEAL, .row = row, .owner = t->owner });
    effect->seal.place = arena_strdup(&t->core->effects->arena, p->wanted->spec.secret_place);
    effect->seal.reference = arena_strdup(&t->core->effects->arena, p->wanted->spec.secret);
}

/* A number that left the account and came back has another SID. */
static void note_routing(struct turn *t, struct row *row)
{
    const struct record *record = &t->owner->record;

    if (row->r.kind->id != KIND_TRUNK_PHONE_NUMBER)
        return;
    if (record->sid && !text_equal(record->sid, row->r.external_id))
        row->r.external_id = row_keep(row, record->sid);
    if (!record->trunk_sid || !trunk_sid_is_ours(t->core, row->r.account, record->trunk_sid))
        row->r.note = row_keep(row, text_or(record->routing, "{}"));
}

static void do_write(struct turn *t, const struct planned *p, enum operation operation)
{
    if (p->row && (row_of(p)->flying || row_of(p)->sealing))
        return;
    if (p->row && row_of(p)->next_ms > t->core->now_ms) {
        turn_wake_by(t, row_of(p)->next_ms);
        return;
    }
    if (operation == OP_DELETE && row_of(p)->gate->held)
        return;
    if (operation == OP_CREATE && !t->may_make)
        return;
    if (operation == OP_CREATE && must_look_before(t, p))
        return;
    if (!gate_lets(t, gate_get(t->core, p->account, true), true))
        return;
    struct row *row = row_for(t, p);
    if (operation == OP_DELETE && row->r.kind->check && !row->checked) {
        operation_check(t->core, row);
        return;
    }
    if (operation == OP_CREATE) {
        struct unclaimed *u = unclaimed_find(row->gate, t->owner, p->wanted);
        if (u && row->r.known == KNOWN_NONE) {
            unclaimed_adopt(t->core, row->gate, u, row);
            owner_queue(t->core, t->owner);
            return;
        }
        note_routing(t, row);
    }
    operation_open(t->core, row, operation, p->wanted);
    t->opens = true;
}

/* A set-up that was refused for good is not tried again. Room in an account comes back without a word to us, and so may what keeps a
 * live number from being changed: they are tried again now and then. */
static bool may_be_asked_again(const struct turn *t, const struct planned *p)
{
    if (text_equal(p->row->refusal, "DriftLeft"))
        return false;
    return t->owner->ever_active || text_equal(p->row->refusal, "AccountFull");
}

static void do_step(struct turn *t, const struct planned *p)
{
    static const enum operation operations[] = {
        [STEP_CREATE] = OP_CREATE, [STEP_UPDATE] = OP_UPDATE, [STEP_DELETE] = OP_DELETE,
    };

    switch (p->step) {
    case STEP_NOTHING:
        if (row_of(p)->read_ms != NEVER_MS)
            do_read(t, row_of(p));
        return;
    case STEP_WAIT:
        return;
    case STEP_END:
        if (!row_of(p)->flying && !row_of(p)->sealing) {
            row_of(p)->ended = row_of(p)->unsaved = true;
            grave_dig(t->core, row_of(p));
        }
        return;
    case STEP_READ:
        if (p->wanted && row_of(p)->may_repeat && p->kind->repeat == REPEAT_SAFE)
            do_write(t, p, OP_CREATE);
        else
            do_read(t, row_of(p));
        return;
    case STEP_CREATE:
    case STEP_UPDATE:
    case STEP_DELETE:
        if (p->row && p->step != STEP_CREATE && row_of(p)->read_ms <= t->core->now_ms) {
            do_read(t, row_of(p));      /* a write in doubt is looked at before the next one */
            return;
        }
        if (p->block == BLOCK_SEAL && p->kind->makes_secret && t->may_make)
            do_seal(t, p);
        else if (p->block == BLOCK_NONE || (p->block == BLOCK_REFUSED && may_be_asked_again(t, p)))
            do_write(t, p, operations[p->step]);
        if (p->block == BLOCK_NEED && p->by && p->by->owner_type == OWNER_TRUNK)
            t->owner->waits_for_trunk = true;
        if (p->block == BLOCK_NEED && !p->by)
            t->owner->waits_for_trunk = true;
        if (p->block == BLOCK_REF)
            t->owner->waits_for_trunk = true;
        return;
    }
}

/* ---- the turn ------------------------------------------------------------------------------------------------------------------------------ */

void turn_replan(struct turn *t)
{
    t->plan = turn_plan(t->core, t->owner, &t->scene, &t->plan_count);
    for (size_t i = 0; i < t->plan_count; i++) {
        struct row *row = t->plan[i].row ? row_of(&t->plan[i]) : NULL;
        if (!row)
            continue;
        if (row->wanted && !t->plan[i].wanted)
            row_forget_failures(row);       /* a refused change says nothing about the removal */
        if (text_equal(row->r.refusal, "DriftLeft") && !gate_only_reports(row->gate))
            row_forget_failures(row);
        row->wanted = t->plan[i].wanted != NULL;
        row->spare = row->wanted && t->plan[i].wanted->spare;
    }
}

static void trunk_turn(struct turn *t)
{
    turn_wake_by(t, leads_mark_used(t->core, t->owner));
    turn_replan(t);
}

/* What the plan of a number may rest on: its trunk's settings, and what stands there or was sent there. */
static uint64_t shown_to_numbers(struct core *core, const struct owner *trunk)
{
    uint64_t all = hash_text(trunk_settings(core, trunk), 0);

    for (size_t i = 0; i < trunk->rows_count; i++) {
        const struct resource *r = &trunk->rows[i]->r;
        uint64_t state = (trunk->rows[i]->doubt_ms ? 1u : 0u) + (r->missing ? 2u : 0u) + (r->changed ? 4u : 0u);
        if (r->known != KNOWN_LIVE && !state)
            continue;
        uint64_t one = hash_text(r->external_id, hash_text(r->secret, hash_text(r->kind->name, state)));
        for (size_t f = 0; f < r->kind->fields_count; f++)
            one = hash_text(r->open == OPEN_NOTHING ? NULL : r->sent.value[f], hash_text(r->applied.value[f], one));
        all ^= one;
    }
    return all;
}

void owner_turn(struct core *core, struct owner *owner)
{
    struct turn *t = ARENA_NEW(&core->turn, struct turn);
    bool changed = false;

    assert(core->epoch > 0 && !core->plan_only);
    if (owner->committing) {
        owner->again = true;
        return;
    }
    t->core = core;
    t->owner = owner;
    t->wake_ms = NEVER_MS;
    t->may_make = true;
    owner->waits_for_trunk = false;
    operations_send(core, owner);
    verbs_apply(core, owner);
    if (owner->type == OWNER_NUMBER)
        setup_turn(t);
    else
        trunk_turn(t);
    if (!core->stopping)
        for (size_t i = 0; i < t->plan_count; i++) {
            look_at_secret(t, &t->plan[i]);
            do_step(t, &t->plan[i]);
        }
    if (owner->type == OWNER_NUMBER && owner->leaving_count > 0)
        setup_finish_move(t);
    for (size_t i = 0; i < owner->rows_count; i++)
        changed = changed || owner->rows[i]->unsaved;
    if (owner->type == OWNER_TRUNK && (changed || t->plan_count == 0 || owner->shown != shown_to_numbers(core, owner)))
        trunk_changed(core, owner);
    if (owner->type == OWNER_NUMBER)
        owner_recount(core, owner);
    if (owner->type == OWNER_NUMBER && changed)
        leads_changed(core, owner);
    standing_decide(t);
    owner_wake_at(core, owner, t->wake_ms);
    commit_turn(t);
    if (!owner->turned && owner->requests_count > 0)
        owner_queue(core, owner);
    owner->turned = true;
}

/* Wakes the numbers whose last plan waited for their trunk, all of them when it is another one than they were planned with, the one that
 * has it for itself, and the one that takes its removal with it. */
void trunk_changed(struct core *core, struct owner *trunk)
{
    uint64_t shown = shown_to_numbers(core, trunk);

    for (size_t i = 0; i < trunk->members_count; i++)
        if (trunk->members[i]->waits_for_trunk || trunk->shown != shown || text_equal(trunk->dedicated_to, trunk->members[i]->key))
            owner_queue(core, trunk->members[i]);
    trunk->shown = shown;
    struct owner *last = trunk->last_number ? owner_get(core, OWNER_NUMBER, trunk->last_number, false) : NULL;
    if (last && last->left_last == trunk)
        owner_queue(core, last);
}

