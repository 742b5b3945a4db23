/* unclaimed: an object with our tag that no row of the ledger holds. The owner that wants one like it adopts it instead of making a
 * second; one whose nonce is known and over gets a row that nobody wants, and is removed; the rest is shown, and touched by nobody but
 * `trunkctl sweep`. */
#include "state.h"

#include <stdlib.h>

static void unclaimed_free(struct unclaimed *u)
{
    arena_release(&u->arena);
    free(u);
}

static void unclaimed_drop(struct gate *gate, struct unclaimed *u)
{
    struct unclaimed **at = &gate->unclaimed;

    while (*at != u)
        at = &(*at)->next;
    *at = u->next;
    unclaimed_free(u);
}

void unclaimed_forget(struct gate *gate)
{
    while (gate->unclaimed) {
        struct unclaimed *u = gate->unclaimed;
        gate->unclaimed = u->next;
        unclaimed_free(u);
    }
}

/* Before a complete scan finds them anew. */
void unclaimed_forget_listed(struct gate *gate)
{
    struct unclaimed **at = &gate->unclaimed;

    while (*at) {
        struct unclaimed *u = *at;
        if (!in_complete_scan(u->kind, gate)) {
            at = &u->next;
            continue;
        }
        *at = u->next;
        unclaimed_free(u);
    }
}

/* What cannot be changed afterwards, or is what the object is for: its parent, its number, its SIP address. */
static bool identity_agrees(const struct kind *kind, const struct spec *wanted, const struct spec *found)
{
    for (size_t i = 0; i < kind->fields_count; i++) {
        const struct field *field = &kind->fields[i];
        bool address = text_equal(field->name, "sip_url") || text_equal(field->name, "target");
        bool identity = (field->flags & FIELD_IN_PATH) || text_equal(field->name, "numbers") || address;
        if (identity && !text_equal(wanted->value[i], found->value[i]))
            return false;
    }
    return true;
}

struct unclaimed *unclaimed_find(struct gate *gate, const struct owner *owner, const struct wanted *wanted)
{
    for (struct unclaimed *u = gate->unclaimed; u; u = u->next)
        if (u->kind == wanted->kind && text_equal(u->tag.owner, owner->hash) && identity_agrees(u->kind, &wanted->spec, &u->spec))
            return u;
    return NULL;
}

static void adopt(struct core *core, struct row *row, const struct unclaimed *u)
{
    const struct found found = { .id = u->id, .parent = u->parent, .tag = u->tag, .spec = u->spec };

    if (!text_equal(row->r.nonce, u->tag.nonce)) {
        grave_dig(core, row);
        row_set_nonce(core, row, u->tag.nonce);
    }
    row_event(core, row, ROW_FOUND, NULL, &found);
    row_read_due(core, row, core->now_ms);      /* the list that showed it may be old */
    row->lost = true;
    row->adopted = true;
}

void unclaimed_adopt(struct core *core, struct gate *gate, struct unclaimed *u, struct row *row)
{
    adopt(core, row, u);
    owner_tell(row->owner, gate->name, "LedgerLost", "%s %s was found again and adopted", u->kind->name, u->id);
    core_log(core, MESSAGE_FOUND_AGAIN, row->owner->key, "found its %s %s again, which the database had forgotten", u->kind->name, u->id);
    unclaimed_drop(gate, u);
}

void unclaimed_add(struct core *core, struct scan *scan, const struct found *found)
{
    for (const struct unclaimed *known = scan->gate->unclaimed; known && !scan->complete_account; known = known->next)
        if (known->kind == scan->kind && text_equal(known->id, found->id))
            return;                 /* only a complete scan begins by forgetting the last one's */
    struct unclaimed *u = must_calloc(1, sizeof(*u));

    u->kind = scan->kind;
    u->tag = found->tag;
    u->id = arena_strdup(&u->arena, found->id);
    u->parent = arena_strdup(&u->arena, found->parent);
    spec_copy(scan->kind, &found->spec, &u->arena, &u->spec);
    u->next = scan->gate->unclaimed;
    scan->gate->unclaimed = u;
    struct owner *owner = map_get(&core->hashes, u->tag.owner);
    if (owner)
        owner_queue(core, owner);
}

/* It gets a row of its own, which nobody wants; NULL: it has one. */
static struct row *unwanted(struct core *core, struct gate *gate, const struct kind *kind, const struct found *found, struct owner *owner,
                            const char *nonce, const char *which)
{
    struct found shown = *found;
    const char *slot = arena_printf(&core->turn, SLOT_LATE "%s", which);

    owner_at(owner, gate);
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i]->r.kind == kind && text_equal(owner->rows[i]->r.slot, slot))
            return NULL;
    struct row *row = row_new(owner, kind, slot, gate);
    text_copy(shown.tag.nonce, sizeof(shown.tag.nonce), nonce);
    row_set_nonce(core, row, nonce);
    row_event(core, row, ROW_FOUND, NULL, &shown);
    row_is_in_the_way(core, row);
    owner_queue(core, owner);
    return row;
}

static void late(struct core *core, struct scan *scan, const struct found *found, struct owner *owner, const char *nonce)
{
    if (!unwanted(core, scan->gate, scan->kind, found, owner, nonce, found->tag.nonce))
        return;
    owner_tell(owner, scan->gate->name, "DuplicateRemoved", "%s %s turned up late, and is removed", scan->kind->name, found->id);
    core_log(core, MESSAGE_TURNED_UP_LATE, owner->key, "a %s of ours turned up late (%s) and is removed", scan->kind->name, found->id);
}

/* The nonce was ours and its story is over: a late create, or a duplicate. */
void unclaimed_bury(struct core *core, struct scan *scan, const struct found *found, const struct grave *grave)
{
    late(core, scan, found, owner_get(core, grave->owner_type, grave->owner, true), found->tag.nonce);
}

/* A name that the provider lets nobody take twice is there twice: two of our creates met. The nonce stays that of the other one. */
void unclaimed_twin(struct core *core, struct scan *scan, const struct found *found, struct owner *owner)
{
    late(core, scan, found, owner, "");
}

struct unclaimed *unclaimed_by_id(struct gate *gate, const struct kind *kind, const char *id)
{
    for (struct unclaimed *u = gate->unclaimed; u; u = u->next)
        if (u->kind == kind && text_equal(u->id, id))
            return u;
    return NULL;
}

void unclaimed_sweep(struct core *core, struct gate *gate, struct unclaimed *u, struct owner *owner, const char *why)
{
    const struct found found = { .id = u->id, .parent = u->parent, .tag = u->tag, .spec = u->spec };
    struct row *row = unwanted(core, gate, u->kind, &found, owner, "", u->id);      /* a copy has the same nonce, and stays until it is named */

    if (row) {
        row_read_due(core, row, core->now_ms);      /* the list that showed it may be old */
        row->adopted = true;
        owner_tell(owner, gate->name, "Swept", "%s %s is removed, as somebody asked: %s", u->kind->name, u->id, why);
        core_log(core, MESSAGE_SWEPT, owner->key, "a stray of ours, %s %s, is removed: %s", u->kind->name, u->id, why);
    }
    unclaimed_drop(gate, u);
}
