/* The table of kinds, and what a kind may ask about its owner's scene. */
#include "kinds.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#define LABEL_BYTES_MAX 200     /* of a label in a name at LiveKit, which is kept well below 1 kB */

const struct kind *const kinds[KIND_MAX_] = {
#define KIND(id, name, owner, family) [KIND_##id] = &kind_##id,
#include <trunkd/kinds.def>
#undef KIND
};

const struct kind *kind_by_name(const char *name)
{
    for (size_t i = 0; i < KIND_MAX_; i++)
        if (text_equal(kinds[i]->name, name))
            return kinds[i];
    return NULL;
}

const char *resource_secret_place(const struct resource *row, struct arena *arena)
{
    return arena_printf(arena, "sip/%s/%s/%s/%s", row->owner, row->kind->name, row->slot, row->account);
}

int64_t resource_version(const struct resource *row)
{
    int64_t version;

    return text_to_int(row->slot, 1, INT64_MAX, &version) ? version : 0;
}

bool resource_is_late(const struct resource *row) { return text_starts(row->slot, SLOT_LATE); }

/* ---- the scene --------------------------------------------------------------------------------------------------------- */

static const struct account *scene_account(const struct scene *scene, const struct kind *kind)
{
    return kind->family == FAMILY_TWILIO ? scene->account : scene->project;
}

/* Whether a row is of the kind, of its wanted owner and in the account wanted. */
static bool is_row_of(const struct scene *scene, const struct kind *kind, const struct resource *row)
{
    const struct account *account = scene_account(scene, kind);
    const char *owner = kind->owner == scene->owner_type ? scene->owner : scene->trunk;

    return row->kind == kind && account && row->owner_type == kind->owner && text_equal(row->owner, owner) &&
           text_equal(row->account, account->name);
}

const struct resource *scene_next(const struct scene *scene, enum kind_id id, size_t *position)
{
    assert(id < KIND_MAX_);
    while (*position < scene->rows_count) {
        const struct resource *row = scene->rows[(*position)++];
        if (is_row_of(scene, kinds[id], row))
            return row;
    }
    return NULL;
}

const struct resource *scene_find(const struct scene *scene, enum kind_id id, const char *slot)
{
    const struct resource *row;

    for (size_t i = 0; (row = scene_next(scene, id, &i));)
        if (!slot || strcmp(row->slot, slot) == 0)
            return row;
    return NULL;
}

const char *scene_id(const struct scene *scene, enum kind_id id, const char *slot)
{
    const struct resource *row = scene_find(scene, id, slot);

    return row && row->known == KNOWN_LIVE ? row->external_id : NULL;
}

bool scene_is_trunk(const struct scene *scene)
{
    return scene->owner_type == OWNER_TRUNK && scene->trunk_wanted && scene->account;
}

bool scene_is_number(const struct scene *scene)
{
    return scene->owner_type == OWNER_NUMBER && scene->number && scene->project;
}

struct spec *want_one(const struct kind *kind, const struct scene *scene, const char *slot, const char *label, struct wanted *ret)
{
    const struct account *account = scene_account(scene, kind);

    assert(account);
    *ret = (struct wanted){ .kind = kind, .slot = slot, .account = account->name, .label = label };
    return &ret->spec;
}

bool may_show(const struct resource *row, size_t field, const char *value)
{
    if (row->in_doubt || row->known == KNOWN_MAYBE)
        return true;
    return (row->known == KNOWN_LIVE && text_equal(row->applied.value[field], value)) ||
           (row->open != OPEN_NOTHING && text_equal(row->sent.value[field], value));
}

const char *name_with_tag(const char *label, const char *tag, struct arena *arena)
{
    if (text_is_empty(label))
        return arena_printf(arena, "[%s]", tag);
    return arena_printf(arena, "%.*s [%s]", (int)text_utf8_cut(label, LABEL_BYTES_MAX), label, tag);
}

const char *number_label(const struct number *number)
{
    return text_is_empty(number->label) ? number->phone_number : number->label;
}
