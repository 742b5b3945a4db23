/* owners: the objects of the machine, how they are found, when they wake, and when they may go. */
#include "state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- owners ------------------------------------------------------------------------------------------------------------- */

static struct map *owners_of(struct core *core, enum owner_type type)
{
    return type == OWNER_NUMBER ? &core->numbers : &core->trunks;
}

struct owner *owner_get(struct core *core, enum owner_type type, const char *key, bool make)
{
    struct map *map = owners_of(core, type);
    struct owner *owner = map_get(map, key);

    if (owner || !make)
        return owner;
    owner = must_calloc(1, sizeof(*owner));
    owner->type = type;
    owner->key = must_strdup(key);
    owner->wake_ms = NEVER_MS;
    owner->status_arena = owner->record.arena = ARENA_SMALL;
    owner_hash(type, key, owner->hash);
    map_put(map, owner->key, owner);
    map_put(&core->hashes, owner->hash, owner);
    return owner;
}

/* A trunk of which only an object is left has at least the account that this lies in. */
void owner_at(struct owner *owner, const struct gate *gate)
{
    if (owner->type != OWNER_TRUNK || owner->account)
        return;
    owner->account = must_strdup(gate->name);
    owner->project = must_strdup("");
}

void owner_queue(struct core *core, struct owner *owner)
{
    if (owner->queued)
        return;
    owner->queued = true;
    owner->crowd = core->queue_count++;
    owner->sequence = ++core->sequence;
    owner->next_queued = NULL;
    if (core->queue_tail)
        core->queue_tail->next_queued = owner;
    else
        core->queue_head = owner;
    core->queue_tail = owner;
}

void owner_look_at_secrets(struct core *core, struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++)
        owner->rows[i]->secret_ms = 0;
    if (owner->number && owner->number->is_sip)
        owner_queue(core, owner);
}

/* For the table of events; it goes out with the owner's next unit. */
void owner_tell(struct owner *owner, const char *account, const char *reason, const char *fmt, ...)
{
    char message[1024];
    va_list args;

    if (owner->happenings_count == HAPPENINGS_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    owner->happenings = must_realloc(owner->happenings, (owner->happenings_count + 1) * sizeof(struct happening));
    owner->happenings[owner->happenings_count++] = (struct happening){
        .account = account ? must_strdup(account) : NULL, .reason = must_strdup(reason), .message = must_strdup(message),
    };
}

/* The unit that tells the first `telling` of them is committed. */
void owner_told(struct owner *owner)
{
    for (size_t i = 0; i < owner->telling; i++) {
        free(owner->happenings[i].account);
        free(owner->happenings[i].reason);
        free(owner->happenings[i].message);
    }
    owner->happenings_count -= owner->telling;
    if (owner->happenings_count > 0) {
        memmove(owner->happenings, owner->happenings + owner->telling, owner->happenings_count * sizeof(struct happening));
    } else {
        free(owner->happenings);
        owner->happenings = NULL;
    }
    owner->telling = 0;
}

/* ---- the heap of sleepers: heap[1] wakes first --------------------------------------------------------------------------- */

static void heap_set(struct core *core, size_t i, struct owner *owner)
{
    core->heap[i] = owner;
    owner->heap_index = i;
}

static void heap_up(struct core *core, size_t i)
{
    struct owner *owner = core->heap[i];

    while (i > 1 && core->heap[i / 2]->wake_ms > owner->wake_ms) {
        heap_set(core, i, core->heap[i / 2]);
        i /= 2;
    }
    heap_set(core, i, owner);
}

static void heap_down(struct core *core, size_t i)
{
    struct owner *owner = core->heap[i];

    for (;;) {
        size_t child = 2 * i;
        if (child > core->heap_count)
            break;
        if (child < core->heap_count && core->heap[child + 1]->wake_ms < core->heap[child]->wake_ms)
            child++;
        if (core->heap[child]->wake_ms >= owner->wake_ms)
            break;
        heap_set(core, i, core->heap[child]);
        i = child;
    }
    heap_set(core, i, owner);
}

static void heap_remove(struct core *core, struct owner *owner)
{
    size_t i = owner->heap_index;

    if (i == 0)
        return;
    assert(core->heap[i] == owner);
    struct owner *last = core->heap[core->heap_count--];
    owner->heap_index = 0;
    if (last == owner)
        return;
    heap_set(core, i, last);
    heap_up(core, i);
    heap_down(core, last->heap_index);
}

void owner_wake_at(struct core *core, struct owner *owner, int64_t at_ms)
{
    heap_remove(core, owner);
    owner->wake_ms = at_ms;
    if (at_ms == NEVER_MS)
        return;
    if (core->heap_count + 2 > core->heap_capacity) {
        core->heap_capacity = core->heap_capacity ? 2 * core->heap_capacity : 64;
        core->heap = must_realloc(core->heap, core->heap_capacity * sizeof(*core->heap));
    }
    core->heap[++core->heap_count] = owner;
    heap_set(core, core->heap_count, owner);
    heap_up(core, core->heap_count);
}

void owners_expire(struct core *core)
{
    while (core->heap_count > 0 && core->heap[1]->wake_ms <= core->now_ms) {
        struct owner *owner = core->heap[1];
        owner_wake_at(core, owner, NEVER_MS);
        owner_queue(core, owner);
    }
}

/* ---- placement and counting ---------------------------------------------------------------------------------------------- */

static void member_remove(struct owner *trunk, const struct owner *number)
{
    for (size_t i = 0; i < trunk->members_count; i++)
        if (trunk->members[i] == number) {
            trunk->members[i] = trunk->members[--trunk->members_count];
            return;
        }
}

static void member_add(struct owner *trunk, struct owner *number)
{
    if (trunk->members_count == trunk->members_capacity) {
        trunk->members_capacity = trunk->members_capacity ? 2 * trunk->members_capacity : 8;
        trunk->members = must_realloc(trunk->members, trunk->members_capacity * sizeof(struct owner *));
    }
    trunk->members[trunk->members_count++] = number;
}

/* Counts the number's share on one of its two trunks anew; the trunk takes a turn when that may change what it wants. */
static void share_set(struct core *core, struct owner *number, size_t which, struct owner *trunk, bool inbound, bool outbound,
                      bool holds)
{
    struct trunk_counts before = trunk->counts;
    unsigned refuses = holds ? number_refuses(number) : 0;
    bool plain = refuses & REFUSES_PLAIN, encrypted = refuses & REFUSES_ENCRYPTED;

    trunk->counts.refuse_plain += (uint32_t)plain - (uint32_t)number->share[which].refuse_plain;
    trunk->counts.refuse_encrypted += (uint32_t)encrypted - (uint32_t)number->share[which].refuse_encrypted;
    number->share[which].refuse_plain = plain;
    number->share[which].refuse_encrypted = encrypted;
    trunk->counts.inbound += (uint32_t)inbound - (uint32_t)number->share[which].inbound;
    trunk->counts.outbound += (uint32_t)outbound - (uint32_t)number->share[which].outbound;
    number->share[which].inbound = inbound;
    number->share[which].outbound = outbound;
    leads_count(trunk, &number->share[which].uses, holds ? leads_uses(number, trunk) : 0);
    for (size_t k = 0; k < KIND_MAX_; k++) {
        uint8_t held = 0;
        for (size_t i = 0; holds && i < number->rows_count; i++) {
            const struct resource *r = &number->rows[i]->r;
            if ((size_t)r->kind->id == k && (r->known != KNOWN_NONE || r->open != OPEN_NOTHING))
                held++;
        }
        trunk->counts.held[k] += (uint32_t)held - (uint32_t)number->share[which].held[k];
        number->share[which].held[k] = held;
    }
    if (memcmp(&before, &trunk->counts, sizeof(before)) != 0)
        owner_queue(core, trunk);
}

void owner_recount(struct core *core, struct owner *owner)
{
    bool counts = owner->number && !owner->failed_reason;

    assert(owner->type == OWNER_NUMBER);
    if (owner->placed)
        share_set(core, owner, 0, owner->placed, counts && owner->number->supports_inbound,
                  counts && owner->number->supports_outbound, true);
    for (size_t i = 0; i < owner->leaving_count; i++)
        share_set(core, owner, 1 + i, owner->leaving[i], false, false, true);
}

/* Nothing leads to the i-th trunk it is leaving any more. */
void owner_left(struct core *core, struct owner *number, size_t i)
{
    struct owner *old = number->leaving[i];

    assert(i < number->leaving_count);
    share_set(core, number, 1 + i, old, false, false, false);
    number->leaving[i] = number->leaving[--number->leaving_count];
    number->share[1 + i] = number->share[1 + number->leaving_count];
    memset(&number->share[1 + number->leaving_count], 0, sizeof(number->share[0]));
    if (number->placed != old)
        member_remove(old, number);
    owner_queue(core, old);
}

static void left_all_but_led_to(struct core *core, struct owner *number)
{
    for (size_t i = number->leaving_count; i-- > 0;)
        if (!number_leads_to(number, number->leaving[i]))
            owner_left(core, number, i);
}

/* `old` is the place it was to be on until now. It stays a member there while anything of it may lead there. */
static void owner_leave(struct core *core, struct owner *number, struct owner *old)
{
    assert(number->leaving_count < LEAVING_MAX);
    share_set(core, number, 0, old, false, false, false);
    number->placed = NULL;
    if (number_leads_to(number, old)) {
        number->leaving[number->leaving_count++] = old;
    } else {
        member_remove(old, number);
        owner_queue(core, old);
    }
}

/* After a complete read: the ledger does not say which trunks a number is leaving, but its objects do; and what it counts for is what they
 * show. */
void owner_find_leaving(struct core *core, struct owner *number)
{
    void *value;

    for (size_t i = 0; number_leads_elsewhere(number) && map_next(&core->trunks, &i, &value) && number->leaving_count < LEAVING_MAX;) {
        struct owner *trunk = value;
        if (trunk == number->placed || !number_leads_to(number, trunk))
            continue;
        number->leaving[number->leaving_count++] = trunk;
        member_add(trunk, number);
    }
    owner_recount(core, number);
}

/* Somebody is placed there again: who left it last goes without it. */
static void keep_trunk(struct core *core, struct owner *trunk)
{
    struct owner *last = trunk->last_number ? owner_get(core, OWNER_NUMBER, trunk->last_number, false) : NULL;

    if (!trunk->last_number)
        return;
    if (last && last->left_last == trunk) {
        last->left_last = NULL;
        owner_queue(core, last);
    }
    free(trunk->last_number);
    trunk->last_number = NULL;
    trunk->status_unsaved = true;
}

/* Wanted on `trunk` from now on (NULL: on none). What it leaves is counted until nothing leads there any more. Who changes his mind
 * so often that a number leads to more trunks than it can leave waits until it has left one. */
void owner_place(struct core *core, struct owner *number, struct owner *trunk)
{
    assert(number->type == OWNER_NUMBER);
    if (number->placed == trunk && trunk)
        return;
    left_all_but_led_to(core, number);
    if (number->leaving_count == LEAVING_MAX || (!number->placed && !trunk))
        return;
    for (size_t i = number->leaving_count; i-- > 0;)
        if (number->leaving[i] == trunk)
            owner_left(core, number, i);
    if (trunk) {
        keep_trunk(core, trunk);
        member_add(trunk, number);
    }
    if (number->placed)
        owner_leave(core, number, number->placed);
    number->placed = trunk;
    number->status_unsaved = true;
    if (trunk)
        owner_queue(core, trunk);
    owner_recount(core, number);
}

/* ---- accounts ------------------------------------------------------------------------------------------------------------- */

struct gate *gate_get(struct core *core, const char *name, bool make)
{
    struct gate *gate = map_get(&core->gates, name);

    if (gate || !make)
        return gate;
    gate = must_calloc(1, sizeof(*gate));
    gate->name = must_strdup(name);
    map_put(&core->gates, gate->name, gate);
    return gate;
}

const struct account *gate_account(const struct gate *gate) { return gate->desired ? gate->desired : gate->copy; }

/* ---- the end of an owner ---------------------------------------------------------------------------------------------------- */

void owner_count(struct core *core, struct owner *owner, bool counts)
{
    core->standing[owner->counted_as] -= owner->counted;
    owner->counted = counts && owner->type == OWNER_NUMBER && owner->status_exists;
    owner->counted_as = owner->status.code;
    core->standing[owner->counted_as] += owner->counted;
}

static void owner_free(struct core *core, struct owner *owner)
{
    owner_count(core, owner, false);
    heap_remove(core, owner);
    lookup_forget(owner);
    void *value;
    for (size_t g = 0; map_next(&core->gates, &g, &value);) {
        struct gate *gate = value;
        line_forget_owner(gate, owner);
        scans_forget_owner(gate, owner);
    }
    map_remove(owners_of(core, owner->type), owner->key);
    if (map_get(&core->hashes, owner->hash) == owner)
        map_remove(&core->hashes, owner->hash);
    number_free(owner->number);
    trunk_free(owner->trunk);
    for (size_t i = 0; i < owner->requests_count; i++)
        free(owner->requests[i].why);
    free(owner->requests);
    owner->telling = owner->happenings_count;
    owner_told(owner);
    core->undone -= owner->undone;
    arena_release(&owner->record.arena);
    arena_release(&owner->status_arena);
    free(owner->rows);
    free(owner->members);
    free(owner->key);
    free(owner->account);
    free(owner->project);
    free(owner->dedicated_to);
    free(owner->name);
    free(owner->last_number);
    free(owner->failed_reason);
    free(owner->failed_words);
    free(owner->leftovers);
    free(owner);
}

void owner_free_if_idle(struct core *core, struct owner *owner)
{
    if (owner->number || owner->trunk || owner->rows_count > 0 || owner->members_count > 0 || owner->committing
        || owner->queued || owner->flying > 0 || owner->status_exists || owner->trunk_saved || owner->dirty_ver != 0
        || owner->requests_count > 0 || owner->placed || owner->leaving_count > 0 || owner->left_last)
        return;
    struct owner *last = owner->last_number ? owner_get(core, OWNER_NUMBER, owner->last_number, false) : NULL;
    if (last && last->left_last == owner) {
        last->left_last = NULL;
        owner_queue(core, last);
    }
    owner_free(core, owner);
}

static void gate_free(struct gate *gate)
{
    scans_forget(gate);
    account_free(gate->desired);
    account_free(gate->copy);
    map_release(&gate->tagged);
    arena_release(&gate->tagged_arena);
    wildcards_forget_found(gate);
    free(gate->wildcards);
    sweeps_forget(gate);
    free(gate->row_json);
    free(gate->held);
    free(gate->losses);
    line_forget(gate);
    free(gate->lookups);
    free(gate->message);
    free(gate->name);
    free(gate);
}

static void agent_slot_free(struct agent_slot *slot)
{
    agent_free(slot->agent);
    free(slot->name);
    free(slot);
}

/* Everything that was read goes; the lease and the database's state stay. */
void core_forget(struct core *core)
{
    void *value;
    struct map *const owners[] = { &core->numbers, &core->trunks };

    for (size_t m = 0; m < ARRAY_SIZE(owners); m++)
        for (size_t i = 0; map_next(owners[m], &i, &value);) {
            struct owner *owner = value;
            for (size_t r = 0; r < owner->rows_count; r++) {
                arena_release(&owner->rows[r]->arena);
                free(owner->rows[r]);
            }
            owner->rows_count = 0;
            owner->heap_index = 0;
            owner->lookup_at = NULL;
        }
    core->heap_count = 0;
    for (size_t i = 0; map_next(&core->gates, &i, &value);)
        gate_free(value);
    map_release(&core->gates);
    for (size_t m = 0; m < ARRAY_SIZE(owners); m++) {
        struct map emptied = *owners[m];
        *owners[m] = (struct map){ 0 };
        for (size_t i = 0; map_next(&emptied, &i, &value);)
            owner_free(core, value);
        map_release(&emptied);
    }
    for (size_t i = 0; map_next(&core->agents, &i, &value);)
        agent_slot_free(value);
    map_release(&core->agents);
    for (size_t i = 0; map_next(&core->graves, &i, &value);) {
        free(((struct grave *)value)->owner);
        free(value);
    }
    map_release(&core->graves);
    map_release(&core->hashes);
    map_release(&core->trunk_names);
    for (size_t i = 0; i < core->acks_count; i++) {
        free(core->acks[i].type);
        free(core->acks[i].key);
    }
    core->acks_count = 0;
    for (size_t i = 0; map_next(&core->units, &i, &value);)
        free(value);
    map_release(&core->units);
    for (size_t i = 0; i < core->flights_count; i++) {
        core->flights[i].type = FLIGHT_FREE;
        core->flights[i].generation++;
    }
    core->queue_head = core->queue_tail = NULL;
    core->queue_count = 0;
    core->loaded = false;
    rows_forget(core);
}
