/* sweep: strays that somebody wants removed, named one by one. Each gets a row of the ledger that nobody wants; from then on it is removed as
 * everything is: read first, then asked for, then proven gone. The wish is done when the row is on record. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void wish_release(struct sweep *wish)
{
    free(wish->kind);
    free(wish->external_id);
    free(wish->why);
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

static const struct row *row_of(const struct core *core, const struct gate *gate, const struct kind *kind, const char *external_id)
{
    const struct map *owners = kind->owner == OWNER_NUMBER ? &core->numbers : &core->trunks;
    void *value;

    for (size_t i = 0; map_next(owners, &i, &value);) {
        const struct owner *owner = value;
        for (size_t r = 0; r < owner->rows_count; r++) {
            const struct row *row = owner->rows[r];
            if (row->gate == gate && row->r.kind == kind && text_equal(row->r.external_id, external_id))
                return row;
        }
    }
    return NULL;
}

/* What the last complete scan has found is taken in hand. */
void sweeps_turn(struct core *core, struct gate *gate)
{
    for (size_t i = 0; i < gate->sweeps_count && gate->scanned == SCAN_DONE; i++) {
        struct sweep *wish = &gate->sweeps[i];
        const struct kind *kind = kind_by_name(wish->kind);
        struct unclaimed *u = kind ? unclaimed_by_id(gate, kind, wish->external_id) : NULL;
        if (u)
            unclaimed_sweep(core, gate, u, owner_of(core, u), wish->why);
        wish->looked = true;
    }
}

static bool is_done(const struct core *core, const struct gate *gate, const struct sweep *wish, const char **ret_words)
{
    const struct kind *kind = kind_by_name(wish->kind);
    const struct row *row = kind ? row_of(core, gate, kind, wish->external_id) : NULL;

    *ret_words = row ? NULL : "it is not there any more, or is no stray any more";
    return wish->looked && (!row || row->rev > 0);
}

bool sweeps_are_done(const struct core *core, const struct gate *gate)
{
    const char *words;

    for (size_t i = 0; i < gate->sweeps_count; i++)
        if (is_done(core, gate, &gate->sweeps[i], &words))
            return true;
    return false;
}

void sweeps_take(const struct core *core, struct gate *gate, struct buf *unit)
{
    size_t kept = 0;

    for (size_t i = 0; i < gate->sweeps_count; i++) {
        struct sweep *wish = &gate->sweeps[i];
        const char *words;
        if (!is_done(core, gate, wish, &words)) {
            gate->sweeps[kept++] = *wish;
            continue;
        }
        if (words) {
            char text[300];
            snprintf(text, sizeof(text), "%s %s was to be removed: %s", wish->kind, wish->external_id, words);
            unit_event(unit, "account", gate->name, gate->name, "NotSwept", text);
        }
        unit_request_done(unit, wish->id);
        wish_release(wish);
    }
    gate->sweeps_count = kept;
}
