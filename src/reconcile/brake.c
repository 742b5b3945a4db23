/* brake: removals that come in a mass are held. A bulk delete by mistake, an agent dropped, a direction switched off for the whole
 * fleet: when more numbers of an account than max(20, 20 %) lose something within a minute, nothing is removed or detached there until
 * the rows are back or somebody releases it. Everything else goes on.
 *
 * A number *loses* a kind when the ledger holds objects of it and the number wants none of it anywhere: a move loses nothing. What has
 * been seen before (the status says so) is no new loss, so a restart in the middle of a released removal does not hold it again. */
#include "turn.h"

#include <stdlib.h>

#define LOSSES_WITHIN_MS 60000
#define LOSSES_COUNT 20                 /* more than so many, ... */
#define LOSSES_SHARE 5                  /* ... and more than a fifth of the account's numbers */

static bool may_be_there(const struct row *row) { return !row->ended && (row->r.known != KNOWN_NONE || row->r.open != OPEN_NOTHING); }

static bool loses(struct core *core, struct owner *owner)
{
    struct wanted wants[WANTED_MAX];
    struct scene scene;
    bool wanted[KIND_MAX_] = { false }, lost = false;

    if (owner->number && owner->failed_reason)
        return false;               /* that is a roll-back */
    owner_scene(core, owner, &scene);
    for (size_t i = plan_wants(&scene, &core->turn, wants, WANTED_MAX); i-- > 0;)
        wanted[wants[i].kind->id] = true;
    for (size_t i = 0; i < owner->rows_count && !lost; i++)
        lost = may_be_there(owner->rows[i]) && !wanted[owner->rows[i]->r.kind->id];
    arena_release(&core->turn);
    return lost;
}

static bool is_there(const struct owner *owner, const struct gate *gate)
{
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i]->gate == gate && may_be_there(owner->rows[i]))
            return true;
    return false;
}

/* ---- losses ---------------------------------------------------------------------------------------------------------------------------- */

static void loss_add(struct core *core, struct gate *gate)
{
    size_t old = 0;

    while (old < gate->losses_count && gate->losses[old] <= core->now_ms - LOSSES_WITHIN_MS)
        old++;
    gate->losses_count -= old;
    if (old > 0)
        memmove(gate->losses, gate->losses + old, gate->losses_count * sizeof(*gate->losses));
    if (gate->losses_count == gate->losses_capacity) {
        gate->losses_capacity = gate->losses_capacity ? 2 * gate->losses_capacity : 32;
        gate->losses = must_realloc(gate->losses, gate->losses_capacity * sizeof(*gate->losses));
    }
    gate->losses[gate->losses_count++] = core->now_ms;
    gate->losing = true;
}

/* Once for each account in which something of it lies. */
static void losses_add(struct core *core, const struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        struct gate *gate = owner->rows[i]->gate;
        bool first = may_be_there(owner->rows[i]);
        for (size_t before = 0; before < i && first; before++)
            first = owner->rows[before]->gate != gate || !may_be_there(owner->rows[before]);
        if (first)
            loss_add(core, gate);
    }
}

/* The status in the database was written for this row, or for its absence, and nothing was held then. */
static bool was_seen(const struct owner *owner)
{
    bool same = owner->number ? owner->observed_generation == owner->number->generation
                              : owner->status.code == STATUS_DELETING || owner->status.code == STATUS_CORRUPTED;

    return owner->status_exists && same && !text_equal(owner->status.reason, "AccountBraked");
}

static void look(struct core *core, struct owner *owner)
{
    bool lost = loses(core, owner);

    if (lost && !owner->loses && !was_seen(owner))
        losses_add(core, owner);
    owner->loses = lost;
}

void brake_look(struct core *core, struct owner *const *owners, size_t count)
{
    for (size_t i = 0; i < count; i++)
        look(core, owners[i]);
}

void brake_look_at_all(struct core *core)
{
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);)
        look(core, value);
}

/* ---- judging ---------------------------------------------------------------------------------------------------------------------------- */

struct toll { size_t there, rows, agents, directions; };

static struct toll toll_of(struct core *core, const struct gate *gate)
{
    struct toll toll = { 0 };
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);) {
        const struct owner *owner = value;
        if (!is_there(owner, gate))
            continue;
        toll.there++;
        if (!owner->loses)
            continue;
        if (!owner->number)
            toll.rows++;
        else if (owner->number->supports_inbound && !owner->number->agent)
            toll.agents++;
        else
            toll.directions++;
    }
    return toll;
}

static void hold(struct core *core, struct gate *gate, const struct toll *toll)
{
    const struct account *account = gate_account(gate);

    free(gate->held);
    gate->held = must_strdup(arena_printf(&core->turn,
        "within a minute %zu of its numbers lost their row (%zu), agent (%zu) or direction (%zu): nothing is removed or detached at %s in "
        "account %s; put them back (this ends by itself), or call trunkd.release('%s', 'why')",
        toll->rows + toll->agents + toll->directions, toll->rows, toll->agents, toll->directions,
        account->family == FAMILY_TWILIO ? "Twilio" : account->url, gate->name, gate->name));
    core_log(core, MESSAGE_REMOVALS_HELD, gate->name, "MassRemoval: %s", gate->held);
    gate->held_news = "MassRemoval";
    gate_tell(core, gate);
}

/* Nothing is left to hold, or somebody has released it. */
void brake_end(struct core *core, struct gate *gate)
{
    free(gate->held);
    gate->held = NULL;
    gate->losses_count = 0;
    core_log(core, MESSAGE_REMOVALS_GO_ON, gate->name, "removals go on");
    gate_tell(core, gate);
}

void brake_judge(struct core *core)
{
    void *value;

    for (size_t i = 0; map_next(&core->gates, &i, &value);) {
        struct gate *gate = value;
        bool judge = gate->held || (gate->losing && gate->losses_count > LOSSES_COUNT);
        gate->losing = false;
        if (!judge || !gate_account(gate) || !safeguard(core, SAFEGUARD_BRAKE))
            continue;
        struct toll toll = toll_of(core, gate);
        size_t now = toll.rows + toll.agents + toll.directions;
        size_t numbers = toll.there + (gate->losses_count > now ? gate->losses_count - now : 0);     /* as many as a minute ago */
        if (gate->held && now == 0)
            brake_end(core, gate);
        else if (!gate->held && now > 0 && gate->losses_count * LOSSES_SHARE > numbers)
            hold(core, gate, &toll);
    }
}
