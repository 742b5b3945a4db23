/* plan: the rule, then the code in the same order.
 *
 *  1. Wanted and not in the ledger is made; in the ledger and not wanted is removed; the same name in both is compared.
 *  2. What an operation needs comes first: a create or update waits until every kind it needs is live (in the place wanted).
 *  3. A removal runs along the same edges backwards: a row goes when no row that needs it still leads to it. A row that is
 *     wanted, live and as wanted leads to what is wanted, not to what is left over; any other of the same account, or of the
 *     other provider, may still lead here.
 *  4. In a move the new stands before the old goes: an unwanted row waits for its counterpart, the wanted row of its kind,
 *     unless nothing of that kind is wanted any more. What is spare is nobody's counterpart, and what turned up late has none:
 *     it may be what keeps the wanted one from being made.
 *  5. A refusal holds as long as exactly the refused spec is wanted. Drift that is only reported is one: by people, not by the provider. */
#include "plan.h"

#include <assert.h>
#include <trunkd/text.h>

size_t plan_wants(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < KIND_MAX_; i++) {
        const struct kind *kind = kinds[i];
        if (kind->owner != scene->owner_type)
            continue;
        size_t made = kind->want(scene, arena, ret + count, max - count);
        assert(made <= max - count);
        count += made;
    }
    return count;
}

static bool same_place(const struct resource *row, const struct wanted *wanted)
{
    return row->kind == wanted->kind && text_equal(row->slot, wanted->slot) && text_equal(row->account, wanted->account);
}

bool plan_row_matches(const struct resource *row, const struct wanted *wanted, struct arena *arena)
{
    assert(same_place(row, wanted));
    if (row->known != KNOWN_LIVE || row->open != OPEN_NOTHING)
        return false;
    struct spec spec = wanted->spec;
    row->kind->tag(row->tag, wanted->label, arena, &spec);
    return spec_differs(row->kind, &spec, &row->applied, 0) == row->kind->fields_count;
}

static const struct wanted *wanted_for(const struct resource *row, const struct wanted *wants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (same_place(row, &wants[i]))
            return &wants[i];
    return NULL;
}

static bool needs(const struct kind *kind, const struct kind *other)
{
    for (size_t i = 0; i < kind->needs_count; i++)
        if (kind->needs[i] == other->id)
            return true;
    return false;
}

/* What is being removed may be gone before the next request arrives. */
static bool stands(const struct resource *row)
{
    return row && row->known == KNOWN_LIVE && row->open != OPEN_DELETE;
}

/* The password of a reference is missing where nobody has looked behind it; any other reference, where something is to be led to. */
static const char *missing_in(const struct wanted *wanted)
{
    const char *name = wanted->alone ? NULL : spec_missing(wanted->kind, &wanted->spec);

    for (size_t i = 0; !name && wanted->refers && i < wanted->kind->fields_count; i++)
        if (wanted->kind->fields[i].type == FIELD_SECRET && !wanted->spec.value[i])
            name = wanted->kind->fields[i].name;
    return name;
}

/* One that stands, of the rows of a kind; else the first one, or NULL. */
static const struct resource *standing_of(const struct scene *scene, enum kind_id kind)
{
    const struct resource *row;

    for (size_t i = 0; (row = scene_next(scene, kind, &i));)
        if (stands(row))
            return row;
    return scene_find(scene, kind, NULL);
}

/* Rule 2. */
static void block_by_needs(const struct scene *scene, struct planned *p)
{
    for (size_t i = 0; !p->wanted->alone && i < p->kind->needs_count; i++) {
        enum kind_id need = p->kind->needs[i];
        const struct resource *row = standing_of(scene, need);
        if (stands(row))
            continue;
        p->block = BLOCK_NEED;
        p->by = row;
        p->missing = kinds[need]->name;
        return;
    }
    if (p->step == STEP_CREATE && p->wanted->after) {
        p->block = BLOCK_NEED;
        p->missing = p->wanted->after;
        return;
    }
    p->missing = text_or(p->wanted->lacks, missing_in(p->wanted));
    if (p->missing)
        p->block = p->wanted->lacks ? BLOCK_LACKS : p->wanted->refers ? BLOCK_SEAL : BLOCK_REF;
}

/* The objects of one account never lead into another account of that provider. */
static bool cannot_lead_to(const struct resource *row, const struct planned *p)
{
    return row->kind->family == p->kind->family && !text_equal(row->account, p->account);
}

/* A sibling that is wanted beside it takes its place for everybody: what a number leads to by name is wanted itself as long as it does. */
static bool has_sibling(const struct planned *p, const struct wanted *wants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (wants[i].kind == p->kind && text_equal(wants[i].account, p->account))
            return true;
    return false;
}

/* Rule 3. */
static void block_by_dependents(const struct scene *scene, const struct resource *const *own, size_t own_count,
                                const struct wanted *wants, size_t wants_count, struct arena *arena, struct planned *p)
{
    for (size_t i = 0; i < own_count; i++) {
        const struct resource *row = own[i];
        if (row == p->row || !needs(row->kind, p->kind) || cannot_lead_to(row, p))
            continue;
        if (row->known == KNOWN_NONE && row->open == OPEN_NOTHING)
            continue;
        const struct wanted *wanted = wanted_for(row, wants, wants_count);
        if (wanted && plan_row_matches(row, wanted, arena))
            continue;
        p->block = BLOCK_DEPENDENT;
        p->by = row;
        return;
    }
    if (scene->owner_type != OWNER_TRUNK || has_sibling(p, wants, wants_count))
        return;
    for (size_t i = 0; i < KIND_MAX_; i++)
        if (kinds[i]->owner == OWNER_NUMBER && needs(kinds[i], p->kind) && scene->on_trunk.held[i] > 0) {
            p->block = BLOCK_HELD;
            return;
        }
}

/* Rule 4. */
static void block_by_counterpart(const struct resource *const *own, size_t own_count,
                                 const struct wanted *wants, size_t wants_count, struct planned *p)
{
    for (size_t i = 0; i < wants_count; i++) {
        if (wants[i].kind != p->kind || wants[i].spare)
            continue;
        const struct resource *next = NULL;
        for (size_t j = 0; j < own_count; j++)
            if (same_place(own[j], &wants[i]))
                next = own[j];
        if (stands(next))
            continue;
        p->block = BLOCK_COUNTERPART;
        p->by = next;
        p->missing = p->kind->name;
        return;
    }
}

#define NO_TAG "td-aaaaaaaa-aaaaaaaaaaaaa-aaaaaaaa"

/* An object that is gone has no tag any more: what carried it says nothing. */
static bool refused_as_wanted(const struct planned *p, struct arena *arena)
{
    struct spec spec = p->wanted->spec;
    const struct resource *row = p->row;

    p->kind->tag(*row->tag ? row->tag : NO_TAG, p->wanted->label, arena, &spec);
    for (size_t i = 0; i < p->kind->fields_count; i++) {
        bool carries_tag = !*row->tag && !text_equal(spec.value[i], p->wanted->spec.value[i]);
        bool is_shown = p->kind->fields[i].flags & FIELD_SHOWN;
        if (!carries_tag && !is_shown && !text_equal(spec.value[i], row->sent.value[i]))
            return false;
    }
    return true;
}

/* What stands below another parent (the one it had is gone), or has nothing that could be changed, is removed and made anew. */
static bool cannot_be_changed(const struct resource *row, const struct wanted *wanted)
{
    if (!row->kind->update)
        return true;
    for (size_t i = 0; i < row->kind->fields_count; i++)
        if ((row->kind->fields[i].flags & FIELD_IN_PATH) && !text_equal(row->applied.value[i], wanted->spec.value[i]))
            return true;
    return false;
}

static void plan_wanted(const struct scene *scene, struct arena *arena, struct planned *p)
{
    const struct resource *row = p->row;

    if (!row || (row->known == KNOWN_NONE && row->open == OPEN_NOTHING)) {
        p->step = STEP_CREATE;
    } else if (row->open != OPEN_NOTHING) {
        p->step = STEP_WAIT;
        return;
    } else if (row->known == KNOWN_MAYBE) {
        p->step = STEP_READ;
        return;
    } else {
        p->step = plan_row_matches(row, p->wanted, arena) ? STEP_NOTHING : STEP_UPDATE;
        if (p->step == STEP_NOTHING && p->wanted->waits) {
            p->step = STEP_UPDATE;
            p->block = BLOCK_NEED;
            p->missing = p->wanted->waits;
            return;
        }
        if (p->step == STEP_NOTHING)
            return;
    }
    block_by_needs(scene, p);
    if (p->step == STEP_UPDATE && p->block == BLOCK_NONE && cannot_be_changed(row, p->wanted)) {
        p->step = STEP_DELETE;
        return;
    }
    if (p->block == BLOCK_REF && p->kind->makes_secret && !(row && row->secret))
        p->block = BLOCK_SEAL;
    if (p->block == BLOCK_NONE && row && row->refusal && refused_as_wanted(p, arena))
        p->block = BLOCK_REFUSED;
}

static void plan_unwanted(struct planned *p)
{
    if (p->row->open != OPEN_NOTHING)
        p->step = STEP_WAIT;
    else if (p->row->known == KNOWN_NONE)
        p->step = STEP_END;
    else if (p->row->known == KNOWN_MAYBE)
        p->step = STEP_READ;
    else
        p->step = STEP_DELETE;
}

size_t plan_owner(const struct scene *scene, const struct resource *const *own, size_t own_count,
                  const struct wanted *wants, size_t wants_count, struct arena *arena, struct planned *ret, size_t max)
{
    size_t count = 0;

    assert(own_count + wants_count <= max);
    for (size_t i = 0; i < wants_count; i++) {
        struct planned p = { .kind = wants[i].kind, .slot = wants[i].slot, .account = wants[i].account, .wanted = &wants[i] };
        for (size_t j = 0; j < own_count; j++)
            if (same_place(own[j], &wants[i]))
                p.row = own[j];
        plan_wanted(scene, arena, &p);
        ret[count++] = p;
    }
    for (size_t i = 0; i < own_count; i++) {
        if (wanted_for(own[i], wants, wants_count))
            continue;
        struct planned p = { .kind = own[i]->kind, .slot = own[i]->slot, .account = own[i]->account, .row = own[i] };
        plan_unwanted(&p);
        if (p.step == STEP_DELETE)
            block_by_dependents(scene, own, own_count, wants, wants_count, arena, &p);
        if (p.step == STEP_DELETE && p.block == BLOCK_NONE && !resource_is_late(own[i]))
            block_by_counterpart(own, own_count, wants, wants_count, &p);
        ret[count++] = p;
    }
    return count;
}
