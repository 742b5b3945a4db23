/* line: who waits at an account for a place in its window, and in which order.
 *
 * Who comes alone goes next; who comes in a crowd stands behind as many as came before him in it. So a new number does not wait behind
 * a bulk load, two bulk loads share the account, and nobody waits for ever: a place in the line is a number, and what is served only grows.
 * Whoever has begun is alone when an answer lets him go on, so numbers are finished before others are begun. */
#include "state.h"

#include <stdlib.h>

static bool goes_before(const struct place *a, const struct place *b)
{
    return a->number != b->number ? a->number < b->number : a->sequence < b->sequence;
}

static void up(struct gate *gate, size_t i)
{
    struct place place = gate->line[i];

    for (; i > 0 && goes_before(&place, &gate->line[(i - 1) / 2]); i = (i - 1) / 2)
        gate->line[i] = gate->line[(i - 1) / 2];
    gate->line[i] = place;
}

static void down(struct gate *gate, size_t i)
{
    struct place place = gate->line[i];

    for (size_t child; (child = 2 * i + 1) < gate->line_count; i = child) {
        if (child + 1 < gate->line_count && goes_before(&gate->line[child + 1], &gate->line[child]))
            child++;
        if (!goes_before(&gate->line[child], &place))
            break;
        gate->line[i] = gate->line[child];
    }
    gate->line[i] = place;
}

static void take_out(struct gate *gate, size_t i)
{
    assert(i < gate->line_count);
    map_remove(&gate->in_line, gate->line[i].owner->key);
    gate->line[i] = gate->line[--gate->line_count];
    if (i == gate->line_count)
        return;
    up(gate, i);
    down(gate, i);
}

void gate_wait(struct core *core, struct gate *gate, struct owner *owner)
{
    if (owner->called)
        gate->vain_event = core->events;    /* he was called and cannot go: neither can who stands behind him */
    if (map_get(&gate->in_line, owner->key) == owner)
        return;
    map_put(&gate->in_line, owner->key, owner);
    if (gate->line_count == gate->line_capacity) {
        gate->line_capacity = gate->line_capacity ? 2 * gate->line_capacity : 8;
        gate->line = must_realloc(gate->line, gate->line_capacity * sizeof(*gate->line));
    }
    gate->line[gate->line_count] = (struct place){ gate->served + owner->crowd, ++core->sequence, owner, core->now_ms };
    up(gate, gate->line_count++);
}

/* As many take a turn as there are places. Once a turn has been in vain nobody is called before something else has happened. */
void line_call(struct core *core, struct gate *gate)
{
    for (uint32_t at = gate->in_flight; at < gate_places_to_write(core, gate) && gate->line_count > 0; at++) {
        struct place first = gate->line[0];
        if (gate->vain_event == core->events)
            return;
        take_out(gate, 0);
        if (first.number > gate->served)
            gate->served = first.number;
        first.owner->called = true;
        owner_queue(core, first.owner);
    }
}

void line_forget_owner(struct gate *gate, const struct owner *owner)
{
    if (map_get(&gate->in_line, owner->key) != owner)
        return;
    for (size_t i = 0; i < gate->line_count; i++)
        if (gate->line[i].owner == owner) {
            take_out(gate, i);
            return;
        }
}

void line_forget(struct gate *gate)
{
    map_release(&gate->in_line);
    free(gate->line);
}
