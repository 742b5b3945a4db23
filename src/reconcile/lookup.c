/* lookup: how the records of numbers are read before anything is made for them. A few are looked up one by one; when more want to be
 * looked up than that, and than the account's list of numbers has pages, the list serves them all. So do the lists that are read anyway.
 * After a few that came alone writes leave a place in the account's window to the next, for a while. */
#include "state.h"

#include <stdlib.h>

#define SINGLE_MAX 5
#define PLACE_KEPT_MS 2000              /* within this the next one comes, or nobody is in a hurry any more */

void record_take(struct owner *owner, const struct gate *gate, const struct found *found, int64_t now_ms)
{
    struct record *record = &owner->record;

    arena_release(&record->arena);
    *record = (struct record){ .read_ms = now_ms, .unsaved = true, .arena = ARENA_SMALL };
    record->account = arena_strdup(&record->arena, gate->name);
    if (!found)
        return;
    record->sid = arena_strdup(&record->arena, found->id);
    record->trunk_sid = arena_strdup(&record->arena, found->spec.value[0]);
    record->routing = arena_strdup(&record->arena, found->note);
}

/* ---- who wants to be looked up --------------------------------------------------------------------------------------------------- */

void lookup_forget(struct owner *owner)
{
    struct gate *gate = owner->lookup_at;

    if (!gate)
        return;
    assert(gate->lookups[owner->lookup_index] == owner);
    struct owner *last = gate->lookups[--gate->lookups_count];
    gate->lookups[owner->lookup_index] = last;
    last->lookup_index = owner->lookup_index;
    owner->lookup_at = NULL;
}

void lookup_ask(struct core *core, struct gate *gate, struct owner *owner)
{
    gate->lookups_due = true;
    if (owner->lookup_at == gate)
        return;
    lookup_forget(owner);
    if (gate->lookups_count == gate->lookups_capacity) {
        gate->lookups_capacity = gate->lookups_capacity ? 2 * gate->lookups_capacity : 8;
        gate->lookups = must_realloc(gate->lookups, gate->lookups_capacity * sizeof(*gate->lookups));
    }
    gate->lookups_fresh++;
    owner->lookup_sequence = ++core->sequence;
    owner->lookup_index = gate->lookups_count;
    owner->lookup_at = gate;
    gate->lookups[gate->lookups_count++] = owner;
}

static struct scan *list_of_numbers(const struct gate *gate)
{
    for (struct scan *scan = gate->scans; scan; scan = scan->next)
        if (scan->kind->id == KIND_TRUNK_PHONE_NUMBER)
            return scan;
    return NULL;
}

/* Who asks when the list is judged already comes too late for it. */
static bool serves(const struct scan *list, const struct owner *owner)
{
    return list && (!list->began_ms || list->began_ms >= owner->preflight_due_ms)
           && (!list->read_sequence || owner->lookup_sequence <= list->read_sequence);
}

void lookups_send(struct core *core, struct gate *gate)
{
    const struct scan *list = list_of_numbers(gate);
    size_t others = 0, i = 0;

    if (!gate->lookups_due)
        return;
    if (gate->lookups_fresh > 0 && gate->lookups_fresh <= SINGLE_MAX)
        gate->place_kept_ms = core->now_ms + PLACE_KEPT_MS;
    gate->lookups_fresh = 0;
    if (gate->braked || !gate_may_read(core, gate))
        return;
    for (size_t n = 0; n < gate->lookups_count; n++)
        others += !serves(list, gate->lookups[n]);
    gate->lookups_due = false;
    if (others > SINGLE_MAX && others > gate->number_pages) {
        if (!list)
            scan_start(gate, kinds[KIND_TRUNK_PHONE_NUMBER], NULL);
        return;
    }
    while (others > 0 && gate_may_read(core, gate)) {
        struct owner *owner = gate->lookups[i];
        if (serves(list, owner)) {
            i++;
            continue;
        }
        others--;
        lookup_forget(owner);       /* the last one takes its place */
        preflight_send(core, owner, gate);
    }
    gate->lookups_due = others > 0;
}

/* ---- when they were ----------------------------------------------------------------------------------------------------------------- */

void lookup_done(struct core *core, struct owner *owner, const struct gate *gate, const struct found *found, int64_t began_ms)
{
    record_take(owner, gate, found, began_ms);
    owner->lookups = 0;
    owner->lookup_next_ms = 0;
    owner_queue(core, owner);
}

/* A number's record stood in a list of its account. */
void lookup_found(struct core *core, const struct scan *list, const struct found *found)
{
    struct owner *owner = owner_get(core, OWNER_NUMBER, found->name, false);

    if (!owner || owner->lookup_at != list->gate || !serves(list, owner))
        return;
    lookup_forget(owner);
    lookup_done(core, owner, list->gate, found, list->began_ms);
}

void lookup_failed(struct core *core, struct owner *owner, const char *words)
{
    int64_t delay = core->settings->retry_min_ms;

    for (uint32_t i = 0; i < owner->lookups && delay < core->settings->scan_ms; i++)
        delay *= 2;
    owner->lookups++;
    owner->lookup_next_ms = core->now_ms + delay + (int64_t)(core_random(core) % 256);
    core_log(core, MESSAGE_LOOKUP_FAILED, owner->key, "could not be looked up: %s", text_or(words, ""));
    owner_queue(core, owner);
}

/* The list has ended: whom it should have shown and did not is not in the account. failure NULL: it was read to its end. */
void lookups_end(struct core *core, struct scan *list, const char *failure)
{
    struct gate *gate = list->gate;

    if (list->kind->id != KIND_TRUNK_PHONE_NUMBER)
        return;
    gate->lookups_due = true;
    gate->number_pages = list->overflows ? SIZE_MAX : list->pages;      /* what is never read to its end serves nobody */
    for (size_t i = gate->lookups_count; i-- > 0;) {
        struct owner *owner = gate->lookups[i];
        if (!serves(list, owner))
            continue;
        lookup_forget(owner);
        if (failure)
            lookup_failed(core, owner, failure);
        else
            lookup_done(core, owner, gate, NULL, list->began_ms);
    }
}
