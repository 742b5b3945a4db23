/* What documents say about each other. An agent's phoneNumbers is the whole list: a number that says otherwise contradicts it. */
#include <stdlib.h>
#include <trunkd/text.h>

#include "manifest.h"

/* The first object that was written under this name keeps it. */
static void check_twice(struct manifest *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct object *object = m->objects[i];
        const char *key = arena_printf(&m->arena, "%s/%s", manifest_tables[object->kind].kind, object->name);
        const struct object *first = map_get(&m->by_name, key);

        if (first)
            manifest_error(m, &object->at, "%s is written twice; the first is at %s:%zu:%zu", key, first->at.file, first->at.line, first->at.column);
        else
            map_put(&m->by_name, key, object);
    }
}

static struct object *number_find(const struct manifest *m, const char *name, struct arena *arena)
{
    return map_get(&m->by_name, arena_printf(arena, "%s/%s", manifest_tables[MANIFEST_NUMBER].kind, name));
}

/* Each number of an agent's list: in no other list, and its own document says the same or nothing. */
static void check_list(struct manifest *m, const struct object *agent, struct map *listed)
{
    const size_t field = field_index(&manifest_tables[MANIFEST_NUMBER], "agent");

    for (size_t i = 0; i < agent->number_count; i++) {
        const struct place *at = &agent->number_places[i];
        const char *name = agent->numbers[i];
        const struct place *first = map_get(listed, name);
        struct object *number = number_find(m, name, &m->arena);

        if (first) {
            manifest_error(m, at, "%s is already in the phoneNumbers at %s:%zu:%zu", name, first->file, first->line, first->column);
            continue;
        }
        map_put(listed, name, &agent->number_places[i]);
        if (!number)
            continue;
        if (number->values[field] && !text_equal(number->values[field], agent->name)) {
            const struct place *other = &number->places[field];

            manifest_error(m, at, "Agent/%s takes %s, but PhoneNumber/%s names agent %s at %s:%zu:%zu: one of the two must go",
                           agent->name, name, name, number->values[field], other->file, other->line, other->column);
        } else if (!number->values[field]) {
            number->values[field] = agent->name;
            number->places[field] = *at;
        }
    }
}

/* A number that names an agent must be in that agent's list, if there is one. A number in another's list has its error already. */
static void check_named(struct manifest *m, const struct object *number, const struct map *listed)
{
    const size_t field = field_index(&manifest_tables[MANIFEST_NUMBER], "agent");
    const size_t list = field_index(&manifest_tables[MANIFEST_AGENT], "phoneNumbers");
    const struct place *place = map_get(listed, number->name);
    const struct object *agent;

    if (!number->values[field])
        return;
    agent = map_get(&m->by_name, arena_printf(&m->arena, "Agent/%s", number->values[field]));
    if (agent && agent->has_numbers && !place)
        manifest_error(m, &number->places[field], "PhoneNumber/%s names agent %s, but the phoneNumbers of Agent/%s at %s:%zu:%zu leave it out: "
                       "add it there, or name no agent here", number->name, agent->name, agent->name, agent->places[list].file,
                       agent->places[list].line, agent->places[list].column);
}

static int by_kind(const void *a, const void *b)
{
    const struct object *const *left = a, *const *right = b;

    if ((*left)->kind != (*right)->kind)
        return (*left)->kind < (*right)->kind ? -1 : 1;
    return (*left)->order < (*right)->order ? -1 : 1;
}

void manifest_check(struct manifest *m)
{
    struct map listed = { 0 };

    check_twice(m);
    for (size_t i = 0; i < m->count; i++)
        if (m->objects[i]->kind == MANIFEST_AGENT)
            check_list(m, m->objects[i], &listed);
    for (size_t i = 0; i < m->count; i++)
        if (m->objects[i]->kind == MANIFEST_NUMBER)
            check_named(m, m->objects[i], &listed);
    map_release(&listed);
    if (m->count > 1)
        qsort(m->objects, m->count, sizeof(struct object *), by_kind);
}
