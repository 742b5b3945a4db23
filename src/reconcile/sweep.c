/* sweep: strays that somebody wants removed, named one by one. Each gets a row of the ledger that nobody wants; from then on it is removed as
 * everything is: read first, then asked for, then proven gone. The wish is done when the row is on record. There may be many wishes, and
 * each event asks whether one is done: nobody looks at all rows for each. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void wish_release(struct sweep *wish)
{
    free(wish->kind);
    free(wish->external_id);
    free(wish->why);
    free(wish->holder);
}

/* "livekit.inbound_trunk/ST_abc" */
void sweep_wish(struct gate *gate, uint64_t id, const char *name, const char *why)
{
    const char *slash = strchr(name, '/');

    for (size_t i = 0; i < gate->sweeps_count; i++)
        if (gate->sweeps[i].id == id)
            return;
    gate->sweeps = must_realloc(gate->sweeps, (gate->sweeps_count + 1) * sizeof(*gate->sweeps));
    struct sweep *wish = &gate->sweeps[gate->sweeps_count++];
    *wish = (struct sweep){ .id = id, .kind = must_strdup(name), .external_id = must_strdup(slash ? slash + 1 : ""), .why = must_strdup(why) };
    wish->kind[slash ? slash - name : 0] = '\0';
}

void sweeps_forget(struct gate *gate)
{
    for (size_t i = 0; i < gate->sweeps_count; i++)
        wish_release(&gate->sweeps[i]);
    free(gate->sweeps);
    gate->sweeps = NULL;
    gate->sweeps_count = 0;
}

/* Whose it was, if anybody knows; else somebody who is there for it alone, the same for all that was made for one owner. */
static struct owner *owner_of(struct core *core, const struct unclaimed *u)
{
    struct owner *owner = map_get(&core->hashes, u->tag.owner);
    char key[64];

    if (owner && owner->type == u->kind->owner)
        return owner;
    if (u->kind->owner == OWNER_NUMBER)
        snprintf(key, sizeof(key), "+stray-%s", u->tag.owner);
    else
        snprintf(key, sizeof(key), "73747261-7900-4000-8000-%012" PRIx64, hash_text(u->tag.owner, 0) & UINT64_C(0xffffffffffff));
    return owner_get(core, u->kind->owner, key, true);
}

static bool is_row_of(const struct row *row, const struct gate *gate, const struct sweep *wish)
{
    return resource_is_late(&row->r) && row->gate == gate && text_equal(row->r.kind->name, wish->kind)
           && (text_equal(row->r.external_id, wish->external_id) || text_equal(row->r.slot + strlen(SLOT_LATE), wish->external_id));
}

/* Of a life before: what no list shows as a stray any more is perhaps in the ledger. One walk serves all wishes. */
static void find_holders(struct core *core, struct gate *gate)
{
    struct map *const owners[] = { &core->numbers, &core->trunks };
    void *value;

    for (size_t m = 0; m < ARRAY_SIZE(owners); m++)
        for (size_t i = 0; map_next(owners[m], &i, &value);) {
            const struct owner *owner = value;
            for (size_t r = 0; r < owner->rows_count; r++)
                for (size_t s = 0; resource_is_late(&owner->rows[r]->r) && s < gate->sweeps_count; s++)
                    if (!gate->sweeps[s].holder && is_row_of(owner->rows[r], gate, &gate->sweeps[s]))
                        gate->sweeps[s].holder = must_strdup(owner->key);
        }
}

static bool is_ended(const struct gate *gate) { return !gate->desired && !gate->copy_exists; }

/* What the last complete scan has found is taken in hand; of an account that has ended nothing is. */
void sweeps_turn(struct core *core, struct gate *gate)
{
    bool missing = false, ended = is_ended(gate);

    for (size_t i = 0; i < gate->sweeps_count && (ended || gate->scanned == SCAN_DONE); i++) {
        struct sweep *wish = &gate->sweeps[i];
        const struct kind *kind = kind_by_name(wish->kind);
        struct unclaimed *u = kind && !ended && !wish->looked ? unclaimed_by_id(gate, kind, wish->external_id) : NULL;
        if (u) {
            struct owner *owner = owner_of(core, u);
            wish->holder = must_strdup(owner->key);
            unclaimed_sweep(core, gate, u, owner, wish->why);
        }
        missing = missing || (!wish->looked && !u);
        wish->looked = true;
    }
    if (missing)
        find_holders(core, gate);
}

/* Its row is on record, or is gone already; or there was none to be found. */
static bool is_done(struct core *core, const struct gate *gate, const struct sweep *wish)
{
    const struct kind *kind = wish->holder ? kind_by_name(wish->kind) : NULL;
    const struct owner *owner = kind ? owner_get(core, kind->owner, wish->holder, false) : NULL;

    for (size_t r = 0; owner && r < owner->rows_count; r++)
        if (owner->rows[r]->rev == 0 && is_row_of(owner->rows[r], gate, wish))
            return false;
    return wish->looked;
}

bool sweeps_are_done(struct core *core, const struct gate *gate)
{
    for (size_t i = 0; i < gate->sweeps_count; i++)
        if (is_done(core, gate, &gate->sweeps[i]))
            return true;
    return false;
}

void sweeps_take(struct core *core, struct gate *gate, struct buf *unit)
{
    size_t kept = 0;

    for (size_t i = 0; i < gate->sweeps_count; i++) {
        struct sweep *wish = &gate->sweeps[i];
        if (!is_done(core, gate, wish)) {
            gate->sweeps[kept++] = *wish;
            continue;
        }
        if (!wish->holder) {
            char text[300];
            snprintf(text, sizeof(text), "%s %s was to be removed: %s", wish->kind, wish->external_id, is_ended(gate)
                     ? "its account is not there any more" : "it is not there any more, or is no stray any more");
            unit_event(unit, "account", gate->name, gate->name, "NotSwept", text);
        }
        unit_request_done(unit, wish->id);
        wish_release(wish);
    }
    gate->sweeps_count = kept;
}
