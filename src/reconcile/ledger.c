/* ledger: its rows in memory, their texts, and the nonces that were given up. */
#include "state.h"

#include <stdlib.h>

const char *row_keep(struct row *row, const char *text) { return arena_strdup(&row->arena, text); }

void row_touch(struct row *row) { row->unsaved = true; }

/* What failed or was refused so far says nothing about what is tried from now on. False: there was nothing to forget. */
bool row_forget_failures(struct row *row)
{
    if (row->ended || (!row->r.refusal && row->attempts == 0 && row->next_ms == 0))
        return false;               /* what ends must not be touched: the unit that takes it from the database may be under way */
    row->r.refusal = row->r.message = NULL;
    row->attempts = 0;
    row->next_ms = row->failing_ms = 0;
    row_touch(row);
    return true;
}

struct row *row_new(struct owner *owner, const struct kind *kind, const char *slot, struct gate *gate)
{
    struct row *row = must_calloc(1, sizeof(*row));

    row->owner = owner;
    row->gate = gate;
    row->arena = ARENA_SMALL;
    row->r.kind = kind;
    row->r.owner_type = owner->type;
    row->r.owner = owner->key;
    row->r.slot = row_keep(row, slot);
    row->r.account = gate->name;
    row->read_ms = NEVER_MS;
    if (owner->rows_count == owner->rows_capacity) {
        owner->rows_capacity = owner->rows_capacity ? 2 * owner->rows_capacity : 4;
        owner->rows = must_realloc(owner->rows, owner->rows_capacity * sizeof(struct row *));
    }
    owner->rows[owner->rows_count++] = row;
    gate->rows++;
    return row;
}

void row_free(struct row *row)
{
    struct owner *owner = row->owner;

    assert(!row->flying && !row->sealing);
    assert(row->gate->rows > 0);
    scans_forget_row(row->gate, row);
    row->gate->rows--;
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i] == row) {
            owner->rows[i] = owner->rows[--owner->rows_count];
            break;
        }
    arena_release(&row->arena);
    free(row);
}

void row_set_nonce(struct core *core, struct row *row, const char *nonce)
{
    text_copy(row->r.nonce, sizeof(row->r.nonce), nonce);
    if (*nonce)
        tag_make(core->installation, row->owner->hash, nonce, row->r.tag);
    else
        row->r.tag[0] = '\0';
}

/* What the row holds, in one piece of just that size: for most of its life nothing happens to it. */
void row_repack(struct row *row)
{
    struct arena old = row->arena;
    struct resource *r = &row->r;
    const char **texts[16 + 2 * SPEC_FIELDS_MAX] = {
        &r->slot, &r->external_id, &r->parent_id, &r->secret, &r->secret_version, &r->note, &r->refusal, &r->message, &row->orphan_why,
        &r->applied.secret, &r->applied.secret_place, &r->sent.secret, &r->sent.secret_place,
    };
    bool same[SPEC_FIELDS_MAX];
    size_t count = 13, bytes = 0;

    for (size_t f = 0; f < r->kind->fields_count; f++) {
        texts[count++] = &r->applied.value[f];
        same[f] = text_equal(r->sent.value[f], r->applied.value[f]);
        if (!same[f])
            texts[count++] = &r->sent.value[f];
    }
    for (size_t i = 0; i < count; i++)
        bytes += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    row->arena = (struct arena){ .next_bytes = bytes };
    for (size_t i = 0; i < count; i++)
        *texts[i] = row_keep(row, *texts[i]);
    for (size_t f = 0; f < r->kind->fields_count; f++)
        if (same[f])
            r->sent.value[f] = r->applied.value[f];
    arena_release(&old);
}

/* The nonce stays findable: what turns up with it later is ours. */
void grave_dig(struct core *core, const struct row *row)
{
    struct grave *grave = map_get(&core->graves, row->r.nonce);

    if (grave)
        grave->dug_ms = core->now_ms;
    if (!*row->r.nonce || grave)
        return;
    grave = must_calloc(1, sizeof(*grave));
    grave->dug_ms = core->now_ms;
    text_copy(grave->nonce, sizeof(grave->nonce), row->r.nonce);
    grave->orphan = row->orphan_why != NULL;
    grave->owner_type = row->owner->type;
    grave->owner = must_strdup(row->owner->key);
    map_put(&core->graves, grave->nonce, grave);
}

/* Whether a Twilio trunk with this SID is in the ledger. */
bool ledger_holds_trunk(const struct core *core, const char *sid)
{
    void *value;

    for (size_t i = 0; map_next(&core->trunks, &i, &value);) {
        const struct owner *trunk = value;
        for (size_t r = 0; r < trunk->rows_count; r++)
            if (trunk->rows[r]->r.kind->id == KIND_TWILIO_TRUNK && text_equal(trunk->rows[r]->r.external_id, sid))
                return true;
    }
    return false;
}
