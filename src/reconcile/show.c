/* show: what would be done now, owner by owner in the order of their keys, for people. Nothing is opened and nothing is remembered. */
#include "turn.h"

#include <stdlib.h>

static const char *const operations[] = {
    [STEP_NOTHING] = NULL, [STEP_CREATE] = "create", [STEP_UPDATE] = "update", [STEP_DELETE] = "delete",
    [STEP_READ] = "read", [STEP_END] = NULL, [STEP_WAIT] = "wait",
};

static const char *blocked_words(const struct planned *p, const struct owner *owner, struct arena *arena)
{
    switch (p->block) {
    case BLOCK_NONE:
        return NULL;
    case BLOCK_NEED:
        return arena_printf(arena, "after %s", p->by ? p->by->kind->name : p->missing);
    case BLOCK_REF:
        return arena_printf(arena, "until its %s is known", p->missing);
    case BLOCK_DEPENDENT:
        return arena_printf(arena, "after %s is gone", p->by->kind->name);
    case BLOCK_COUNTERPART:
        return arena_printf(arena, "after its successor stands");
    case BLOCK_HELD:
        return arena_printf(arena, "until no number leads to it (%zu on the trunk)", owner->members_count);
    case BLOCK_REFUSED:
        return arena_printf(arena, "refused: %s", text_or(p->row->message, ""));
    case BLOCK_SEAL:
        return NULL;                /* its password is made, or looked at, on the way */
    case BLOCK_LACKS:
        return arena_printf(arena, "lacking: %s", p->missing);
    }
    return NULL;
}

static const char *held_words(struct core *core, const struct planned *p)
{
    const struct gate *gate = p->step == STEP_DELETE ? gate_get(core, p->account, false) : NULL;

    return gate && gate->held ? arena_printf(&core->turn, "until the brake of %s is released (MassRemoval)", gate->name) : NULL;
}

static const char *changed_fields(const struct planned *p, struct arena *arena)
{
    const char *names = NULL;

    if (p->step != STEP_UPDATE)
        return NULL;
    struct spec spec = p->wanted->spec;
    p->kind->tag(p->row->tag, p->wanted->label, arena, &spec);
    for (size_t i = spec_differs(p->kind, &spec, &p->row->applied, 0); i < p->kind->fields_count;
         i = spec_differs(p->kind, &spec, &p->row->applied, i + 1))
        names = names ? arena_printf(arena, "%s, %s", names, p->kind->fields[i].name) : p->kind->fields[i].name;
    return names;
}

/* A removal is proven by a read, unless its answer proves it; and some things are looked into first. */
static unsigned requests_of(const struct planned *p)
{
    if (p->block == BLOCK_REFUSED)
        return 0;
    if (p->step != STEP_DELETE)
        return 1;
    return 1u + (p->kind->check ? 1u : 0u) + (p->kind->remove_answer_proves ? 0u : 1u);
}

static void show_owner(struct core *core, struct owner *owner, void (*each)(void *, const struct plan_line *), void *userdata)
{
    struct scene scene;
    size_t count;
    const struct planned *plan = turn_plan(core, owner, &scene, &count);

    for (size_t i = 0; i < count; i++) {
        const struct planned *p = &plan[i];
        if (!operations[p->step])
            continue;
        const struct plan_line line = {
            .owner_type = owner_type_names[owner->type], .owner = owner->key, .operation = operations[p->step],
            .kind = p->kind->name, .slot = p->slot, .account = p->account,
            .blocked_by = text_or(held_words(core, p), blocked_words(p, owner, &core->turn)),
            .changes = changed_fields(p, &core->turn),
            .external_id = p->row ? p->row->external_id : NULL,
            .provider = p->kind->family == FAMILY_TWILIO ? "Twilio" : "LiveKit", .requests = requests_of(p),
        };
        each(userdata, &line);
    }
    arena_release(&core->turn);
}

static int by_key(const void *a, const void *b)
{
    struct owner *const *one = a, *const *other = b;
    return strcmp((*one)->key, (*other)->key);
}

/* All owners of a map in the order of their keys; the caller frees the list. */
static struct owner **sorted(const struct map *map, size_t *ret_count)
{
    struct owner **list = must_calloc(map->count + 1, sizeof(*list));
    void *value;

    *ret_count = 0;
    for (size_t i = 0; map_next(map, &i, &value);)
        list[(*ret_count)++] = value;
    assert(*ret_count == map->count);
    qsort(list, *ret_count, sizeof(*list), by_key);
    return list;
}

void core_plan(struct core *core, int64_t now_ms, void (*each)(void *userdata, const struct plan_line *), void *userdata)
{
    size_t numbers_count, trunks_count;
    struct owner **numbers = sorted(&core->numbers, &numbers_count);

    core->now_ms = now_ms;
    for (size_t i = 0; i < numbers_count; i++)
        setup_place_for_show(core, numbers[i]);
    struct owner **trunks = sorted(&core->trunks, &trunks_count);     /* placing has made some */
    for (size_t i = 0; i < trunks_count; i++) {
        leads_mark_used(core, trunks[i]);
        show_owner(core, trunks[i], each, userdata);
    }
    for (size_t i = 0; i < numbers_count; i++)
        show_owner(core, numbers[i], each, userdata);
    free(trunks);
    free(numbers);
}
