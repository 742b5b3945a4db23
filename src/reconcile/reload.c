/* reload: a second complete read, after the connection to the database was lost.
 *
 * While the lease is ours the ledger in memory is the truth, and the database only ever holds what we wrote. So what is read again is
 * compared: a row is at the revision we know, or one further if the unit whose fate was unknown was committed. Anything else means
 * that somebody else has written: then everything is forgotten and read anew. */
#include "rows.h"

void reload_begin(struct taking *t)
{
    struct core *core = t->core;
    struct map *const owners[] = { &core->numbers, &core->trunks };
    void *value;

    for (size_t m = 0; m < ARRAY_SIZE(owners); m++)
        for (size_t i = 0; map_next(owners[m], &i, &value);) {
            struct owner *owner = value;
            owner->listed = false;
            for (size_t r = 0; r < owner->rows_count; r++)
                owner->rows[r]->seen = owner->rows[r]->landed = false;
        }
    for (size_t i = 0; map_next(&core->agents, &i, &value);)
        ((struct agent_slot *)value)->listed = false;
    for (size_t i = 0; map_next(&core->gates, &i, &value);)
        ((struct gate *)value)->listed = false;
}

/* At a second complete read: the row is as we know it, or the unit whose fate was unknown has made it one further. */
void reload_compare(struct taking *t, struct row *row, int64_t rev)
{
    if (!row) {
        t->foreign = true;
        return;
    }
    row->seen = true;
    row->landed = rev == row->rev + 1 && row->committing && row->owner->unknown && !row->ended;
    if (rev != row->rev && !row->landed)
        t->foreign = true;
}

/* The fate of the unit that was under way when the connection went: that of any ledger row in it. A unit without one (a status
 * alone) counts as not committed: it is written again. */
static enum commit_outcome unit_fate(const struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        const struct row *row = owner->rows[i];
        if (row->committing && !(row->ended && row->rev == 0))      /* that one was never there, and says nothing */
            return (row->ended ? !row->seen : row->landed) ? COMMIT_DONE : COMMIT_FAILED;
    }
    return COMMIT_FAILED;
}

static void settle_owner(struct taking *t, struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        const struct row *row = owner->rows[i];
        bool may_be_gone = row->ended && row->committing && owner->unknown;
        if (!row->seen && row->rev > 0 && !may_be_gone)
            t->foreign = true;
    }
    if (!owner->unknown || t->foreign)
        return;
    owner->unknown = false;
    owner_committed(t->core, owner, unit_fate(owner), NULL);
}

/* A complete read has no lines for rows that are not there: who is not listed has lost its row while nobody listened. */
static void take_unlisted(struct taking *t)
{
    struct core *core = t->core;
    struct err err = { 0 };
    bool taken = true;
    void *value;

    for (size_t i = 0; map_next(&core->agents, &i, &value);) {
        const struct agent_slot *slot = value;
        if (slot->agent && !slot->listed)
            taken = take_agent(t, slot->name, NULL, &err) && taken;
    }
    for (size_t i = 0; map_next(&core->gates, &i, &value);) {
        const struct gate *gate = value;
        if (gate->desired && !gate->listed)
            taken = take_account(t, gate->name, NULL, NULL, &err) && taken;
    }
    for (size_t i = 0; map_next(&core->trunks, &i, &value);) {
        const struct owner *owner = value;
        if (owner->trunk && !owner->listed)
            taken = take_trunk(t, owner->key, NULL, &err) && taken;
    }
    for (size_t i = 0; map_next(&core->numbers, &i, &value);) {
        const struct owner *owner = value;
        if (owner->number && !owner->listed)
            taken = take_number(t, owner->key, NULL, &err) && taken;
    }
    assert(taken);
    (void)taken;
}

void reload_end(struct taking *t)
{
    struct core *core = t->core;
    struct map *const owners[] = { &core->numbers, &core->trunks };
    void *value;

    if (!t->unreadable)
        take_unlisted(t);
    for (size_t m = 0; m < ARRAY_SIZE(owners) && !t->foreign; m++)
        for (size_t i = 0; !t->foreign && map_next(owners[m], &i, &value);)
            settle_owner(t, value);
    for (size_t i = 0; map_next(&core->gates, &i, &value);) {
        struct gate *gate = value;
        if (gate->committing)
            gate_committed(core, gate, COMMIT_FAILED);
    }
}
