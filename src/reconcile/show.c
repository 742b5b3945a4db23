/* show: what would be done now, owner by owner, for people. Nothing is opened and nothing is remembered. */
#include "turn.h"

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
        return NULL;                /* its password is made on the way */
    }
    return NULL;
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

static void show_owner(struct core *core, struct owner *owner, void (*each)(void *, const struct plan_line *), void *userdata)
{
    struct scene scene;
    struct wanted wants[WANTED_MAX];
    struct planned plan[PLANNED_MAX];
    size_t wants_count, count = turn_plan(core, owner, &scene, wants, &wants_count, plan);

    for (size_t i = 0; i < count; i++) {
        const struct planned *p = &plan[i];
        if (!operations[p->step])
            continue;
        const struct plan_line line = {
            .owner_type = owner_type_names[owner->type], .owner = owner->key, .operation = operations[p->step],
            .kind = p->kind->name, .slot = p->slot, .account = p->account,
            .blocked_by = blocked_words(p, owner, &core->turn),
            .changes = changed_fields(p, &core->turn),
            .external_id = p->row ? p->row->external_id : NULL,
        };
        each(userdata, &line);
    }
    arena_release(&core->turn);
}

void core_plan(struct core *core, int64_t now_ms, void (*each)(void *userdata, const struct plan_line *), void *userdata)
{
    void *value;

    core->now_ms = now_ms;
    for (size_t i = 0; map_next(&core->numbers, &i, &value);)
        setup_place_for_show(core, value);
    for (size_t i = 0; map_next(&core->trunks, &i, &value);)
        show_owner(core, value, each, userdata);
    for (size_t i = 0; map_next(&core->numbers, &i, &value);)
        show_owner(core, value, each, userdata);
}
