/* core: the one door. An event comes in, is taken to where it belongs, and the owners it touched take their turns. */
#include "state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TURN_EFFECTS_MAX 64         /* what one turn may emit at most; a step stops while there is still room for one */
#define RENEWALS_PER_LEASE 3
#define SUMMARY_BYTES_MAX 4096
#define TICK_MS 2                   /* no timer is nearer than this */
#define TURNS_MAX 100               /* of owners in one step: what comes from outside is heard in between */

/* ---- effects ----------------------------------------------------------------------------------------------------------------------- */

void effects_reset(struct effects *effects)
{
    effects->count = 0;
    arena_release(&effects->arena);
}

bool core_has_room(const struct core *core) { return core->effects->count + TURN_EFFECTS_MAX < EFFECTS_MAX; }

struct effect *core_effect(struct core *core, enum effect_type type)
{
    assert(core->effects->count < EFFECTS_MAX);
    struct effect *effect = &core->effects->list[core->effects->count++];
    *effect = (struct effect){ .type = type };
    return effect;
}

void core_log(struct core *core, enum message message, const char *object, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    if (core->effects->count >= EFFECTS_MAX - TURN_EFFECTS_MAX / 2)
        return;                     /* never at the price of an effect that matters */
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    struct effect *effect = core_effect(core, EFFECT_LOG);
    effect->log.message = message;
    effect->log.object = arena_strdup(&core->effects->arena, object);
    effect->log.text = arena_strdup(&core->effects->arena, text);
}

uint64_t core_random(struct core *core)
{
    uint64_t z = core->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- reading -------------------------------------------------------------------------------------------------------------------------- */

void core_read(struct core *core, enum read_what what)
{
    if (core->read_wanted < what)
        core->read_wanted = what;
}

static void read_now(struct core *core)
{
    if (!core->read_wanted || core->reading || !core->database_up || (core->epoch == 0 && !core->plan_only))
        return;
    core_effect(core, EFFECT_READ)->read.what = core->loaded ? core->read_wanted : READ_ALL;
    core->reading = true;
    if (core->read_wanted != READ_NEWS)
        core->poll_next_ms = core->now_ms + core->settings->poll_ms;
    core->read_wanted = READ_NOTHING;
}

static void gates_wake(struct core *core)
{
    void *value;

    for (size_t i = 0; map_next(&core->gates, &i, &value);)
        line_call(core, value);
}

/* An origin may be allowed now, a secret be another, an account be put right: all is asked at once. */
static void gates_recheck(struct core *core)
{
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);)
        owner_look_at_secrets(core, value);
    for (size_t i = 0; map_next(&core->gates, &i, &value);) {
        gate_recheck(core, value);
        gate_probe_now(core, value);
    }
    gates_wake(core);
}

/* ---- the lease -------------------------------------------------------------------------------------------------------------------------- */

static void lease_ask(struct core *core, enum lease_action action)
{
    struct effect *effect = core_effect(core, EFFECT_LEASE);

    effect->lease.action = action;
    effect->lease.lease_ms = core->settings->lease_ms;
    effect->lease.epoch = core->epoch;
    core->lease_asked = true;
    core->lease_asked_ms = core->now_ms;
}

static void lease_lost(struct core *core, const char *text)
{
    if (core->epoch == 0)
        return;
    core_log(core, MESSAGE_LEASE_LOST, "lease", "lost it (%s): standing by", text_or(text, ""));
    core->epoch = 0;
    core_forget(core);
}

static void lease_take(struct core *core, const struct event *event)
{
    core->lease_asked = false;
    core->lease_next_ms = core->now_ms + (core->stopping ? 0 : core->settings->lease_ms / RENEWALS_PER_LEASE);
    free(core->lease_text);
    core->lease_text = must_strdup(text_or(event->lease.text, ""));
    if (event->lease.epoch == 0) {
        lease_lost(core, event->lease.text);
        return;
    }
    if (core->epoch != event->lease.epoch) {
        core_forget(core);
        core_log(core, MESSAGE_LEASE_TAKEN, "lease", "took it, epoch %" PRId64, event->lease.epoch);
        core_read(core, READ_ALL);
    }
    bool lapsed = core->now_ms >= core->lease_until_ms;
    core->epoch = event->lease.epoch;
    core->lease_until_ms = event->lease.valid_until_ms;
    if (lapsed)
        gates_wake(core);
}

/* Who stops keeps the lease until what is under way is on record, then gives it back. */
static void lease_turn(struct core *core)
{
    if (!core->database_up || core->lease_asked || core->plan_only)
        return;
    if (core->stopping && core->epoch && core_is_idle(core)) {
        lease_ask(core, LEASE_RELEASE);
        core->epoch = 0;
    }
    if (core->lease_asked || (core->stopping && !core->epoch) || core->lease_next_ms > core->now_ms)
        return;
    lease_ask(core, core->epoch ? LEASE_RENEW : LEASE_TAKE);
}

/* ---- one event ------------------------------------------------------------------------------------------------------------------------------ */

static void database_down(struct core *core)
{
    core->database_up = core->lease_asked = false;
    if (core->reading)
        core->read_wanted = READ_ALL;
    core->reading = false;
    rows_drop(core);
    core->down = true;
}

static void database_up(struct core *core)
{
    core->database_up = true;
    core->lease_next_ms = core->now_ms;
    if (core->down && core->epoch)
        core_read(core, READ_ALL);      /* what became of the units under way */
    core->down = false;
}

static void take(struct core *core, const struct event *event)
{
    switch (event->type) {
    case EVENT_CONFIG:
        core->settings = event->config;
        gates_recheck(core);
        break;
    case EVENT_LEASE: lease_take(core, event); break;
    case EVENT_ROWS: rows_take(core, event); break;
    case EVENT_COMMITTED:
        units_committed(core, event);
        if (event->committed.outcome == COMMIT_FENCED)
            lease_lost(core, "another daemon has taken it");
        break;
    case EVENT_ANSWER: answer_take(core, event); break;
    case EVENT_SEALED: seal_take(core, event); break;
    case EVENT_HINT:
        core_read(core, READ_NEWS);
        if (!core->epoch)
            core->lease_next_ms = core->now_ms;     /* it may have been given back */
        break;
    case EVENT_TIMER: break;
    case EVENT_DB_DOWN: database_down(core); break;
    case EVENT_DB_UP: database_up(core); break;
    case EVENT_STOP:
        core->stopping = true;
        core->lease_next_ms = core->now_ms;
        break;
    case EVENT_MAX_: assert(!"unreachable"); break;
    }
}

/* ---- turns ------------------------------------------------------------------------------------------------------------------------------------- */

static struct owner *queue_pop(struct core *core)
{
    struct owner *owner = core->queue_head;

    core->queue_head = owner->next_queued;
    if (!core->queue_head)
        core->queue_tail = NULL;
    core->queue_count--;
    owner->queued = false;
    owner->next_queued = NULL;
    return owner;
}

static bool may_turn(const struct core *core) { return core->epoch > 0 && core->loaded && core->database_up && !core->half_read; }

/* True: every owner that was queued because of this parent has had its turn, and the turn is on record. */
static bool parent_is_served(const struct core *core, struct parent_ack *ack, uint64_t oldest)
{
    for (;;) {
        if (!ack->turned) {
            if (core->queue_head && core->queue_head->sequence <= ack->sequence)
                return false;
            ack->turned = true;
            ack->unit = core->next_unit;
        }
        if (oldest <= ack->unit)
            return false;
        if (ack->again)
            return core->undone == 0;
        ack->again = true;
        ack->turned = false;
        ack->sequence = core->sequence;
    }
}

static void ack_parents(struct core *core)
{
    size_t kept = 0, count = 0;
    struct buf b;

    if (core->acks_count == 0)
        return;
    uint64_t oldest = units_oldest(core), unit = core->next_unit + 1;
    for (size_t i = 0; i < core->acks_count; i++) {
        struct parent_ack *ack = &core->acks[i];
        if (count == ACKS_PER_UNIT || !parent_is_served(core, ack, oldest)) {
            core->acks[kept++] = *ack;
            continue;
        }
        if (count++ == 0) {
            unit_begin(core, &b, unit);
            unit_items(&b);
        }
        unit_ack(&b, ack->type, ack->key, ack->ver);
        free(ack->type);
        free(ack->key);
    }
    core->acks_count = kept;
    if (count == 0)
        return;
    core->next_unit = unit;
    unit_end(core, &b, unit, NULL, NULL);
}

static void gates_turn(struct core *core)
{
    void *value;

    for (size_t i = 0; map_next(&core->gates, &i, &value) && core_has_room(core);)
        gate_turn(core, value);
}

static int64_t next_ms(const struct core *core)
{
    bool leases = core->database_up && !core->plan_only && !core->lease_asked && (core->epoch || !core->stopping);
    int64_t at = may_turn(core) && core->heap_count > 0 ? core->heap[1]->wake_ms : NEVER_MS;
    void *value;

    for (size_t i = 0; may_turn(core) && map_next(&core->gates, &i, &value);) {
        int64_t wake = gate_wake_ms(core, value);
        at = wake < at ? wake : at;
    }
    if (leases && core->lease_next_ms < at)
        at = core->lease_next_ms;
    if (may_turn(core) && core->poll_next_ms < at)
        at = core->poll_next_ms;
    return at < core->now_ms + TICK_MS ? core->now_ms + TICK_MS : at;
}

bool core_step(struct core *core, const struct event *event, struct effects *effects)
{
    bool busy = false;

    assert(core->settings || event->type == EVENT_CONFIG);
    assert(event->now_ms >= core->now_ms);
    core->now_ms = event->now_ms;
    core->random ^= event->random;
    core->effects = effects;
    core->events += event->type != EVENT_TIMER;
    take(core, event);
    if (core->plan_only)
        return false;
    if (may_turn(core)) {
        if (core->poll_next_ms <= core->now_ms) {
            core_read(core, READ_INBOX);        /* also the marks whose acknowledgement found them locked */
            core->poll_next_ms = core->now_ms + core->settings->poll_ms;
        }
        owners_expire(core);
        busy = scans_work(core);
        for (int turns = 0; core->queue_head && core_has_room(core) && turns < TURNS_MAX; turns++) {
            struct owner *owner = queue_pop(core);
            owner_turn(core, owner);
            owner->called = false;
            owner_count(core, owner, true);
            owner_free_if_idle(core, owner);
            arena_release(&core->turn);
        }
        gates_turn(core);
        if (core_has_room(core))
            ack_parents(core);
    }
    lease_turn(core);
    read_now(core);
    arena_release(&core->turn);
    core_effect(core, EFFECT_TIMER)->timer.at_ms = next_ms(core);
    return may_turn(core) && (busy || core->queue_head != NULL);
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------------------------ */

struct core *core_new(bool plan_only)
{
    struct core *core = must_calloc(1, sizeof(*core));

    core->plan_only = plan_only;
    core->settings = &settings_default;
    return core;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    core_forget(core);
    free(core->heap);
    free(core->acks);
    free(core->flights);
    free(core->lease_text);
    arena_release(&core->turn);
    free(core);
}

bool core_is_idle(const struct core *core)
{
    if (core->units.count > 0 || (core->queue_head && core->epoch > 0))
        return false;
    for (size_t i = 0; i < core->flights_count; i++)
        if (core->flights[i].type != FLIGHT_FREE)
            return false;
    return true;
}

/* "; waiting for main (Unreachable)", and how many accounts more. */
static void summarise_waiting(const struct core *core, struct buf *line)
{
    const struct gate *first = NULL;
    size_t ill = 0;
    void *value;

    for (size_t i = 0; map_next(&core->gates, &i, &value);) {
        const struct gate *gate = value;
        if (!*gate->condition && !gate->held)
            continue;
        if (!first || strcmp(gate->name, first->name) < 0)
            first = gate;
        ill++;
    }
    if (!first)
        return;
    buf_printf(line, "; waiting for %s (%s)", first->name, *first->condition ? first->condition : "MassRemoval");
    if (ill > 1)
        buf_printf(line, " and %zu other account%s", ill - 1, ill == 2 ? "" : "s");
}

const char *core_summary(struct core *core)
{
    const size_t *counts = core->standing;
    CLEANUP(buf_release) struct buf line;

    buf_init(&line, SUMMARY_BYTES_MAX);
    if (core->epoch == 0) {
        buf_printf(&line, "%s", !core->database_up ? "waiting for PostgreSQL" : *text_or(core->lease_text, "") ? core->lease_text : "standing by");
    } else {
        buf_printf(&line, "%s%s: %zu active", core->database_up ? "working" : "waiting for PostgreSQL",
                   core->is_copy ? " (reads only: this database is a copy)" : "", counts[STATUS_ACTIVE]);
        for (int i = 0; i < STATUS_CODE_MAX_; i++)
            if (i != STATUS_ACTIVE && counts[i] > 0)
                buf_printf(&line, ", %zu %s", counts[i], status_names[i]);
        summarise_waiting(core, &line);
    }
    text_copy(core->summary, sizeof(core->summary), line.data);
    return core->summary;
}

#ifdef TRUNKD_TEST_HOOKS
void core_safeguards_off(struct core *core, const char *words)
{
    static const struct { const char *word; unsigned bit; } known[] = {
        { "intent", SAFEGUARD_INTENT }, { "doubt", SAFEGUARD_DOUBT }, { "marks", SAFEGUARD_MARKS },
        { "brake", SAFEGUARD_BRAKE }, { "wanted", SAFEGUARD_WANTED },
    };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (words && strstr(words, known[i].word))
            core->off |= known[i].bit;
}
#endif
