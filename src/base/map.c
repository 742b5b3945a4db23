/* Open addressing with linear probing. A removed entry leaves a mark, so that what was put behind it is still found; the marks go
 * when the table is built anew. */
#include <trunkd/map.h>

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

#define CAPACITY_MIN ((size_t)16)       /* a power of two, as every capacity */

static const char removed[] = "";       /* its address is the mark */

/* The slot that holds the key, or NULL. There is always a free slot at which the search ends. */
static struct map_slot *slot_find(const struct map *map, const char *key)
{
    size_t mask = map->capacity - 1;

    if (map->count == 0)
        return NULL;
    for (size_t i = (size_t)hash_text(key, 0) & mask; map->slots[i].key; i = (i + 1) & mask)
        if (map->slots[i].key != removed && text_equal(map->slots[i].key, key))
            return &map->slots[i];
    return NULL;
}

/* Only for a key that is not there. */
static void slot_fill(struct map *map, const char *key, void *value)
{
    size_t mask = map->capacity - 1;
    size_t i = (size_t)hash_text(key, 0) & mask;

    while (map->slots[i].key && map->slots[i].key != removed)
        i = (i + 1) & mask;
    if (!map->slots[i].key)
        map->used++;
    map->slots[i] = (struct map_slot){ key, value };
    map->count++;
    assert(map->count <= map->used);
    assert(map->used < map->capacity);
}

/* At most half full afterwards. */
static void rebuild(struct map *map)
{
    struct map old = *map;

    *map = (struct map){ .capacity = CAPACITY_MIN };
    while (map->capacity < (old.count + 1) * 2)
        map->capacity *= 2;
    map->slots = must_calloc(map->capacity, sizeof *map->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i].key && old.slots[i].key != removed)
            slot_fill(map, old.slots[i].key, old.slots[i].value);
    assert(map->count == old.count);
    free(old.slots);
}

void *map_get(const struct map *map, const char *key)
{
    const struct map_slot *slot = slot_find(map, key);

    return slot ? slot->value : NULL;
}

void *map_put(struct map *map, const char *key, void *value)
{
    struct map_slot *slot;

    assert(key);
    assert(value);
    slot = slot_find(map, key);
    if (slot) {
        void *before = slot->value;

        *slot = (struct map_slot){ key, value };
        return before;
    }
    if ((map->used + 1) * 4 > map->capacity * 3)
        rebuild(map);
    slot_fill(map, key, value);
    return NULL;
}

void *map_remove(struct map *map, const char *key)
{
    struct map_slot *slot = slot_find(map, key);
    void *value;

    if (!slot)
        return NULL;
    value = slot->value;
    *slot = (struct map_slot){ removed, NULL };
    map->count--;
    return value;
}

void map_release(struct map *map)
{
    if (!map)
        return;
    free(map->slots);
    *map = (struct map){ 0 };
}

bool map_next(const struct map *map, size_t *position, void **ret_value)
{
    while (*position < map->capacity) {
        const struct map_slot *slot = &map->slots[(*position)++];

        if (slot->key && slot->key != removed) {
            *ret_value = slot->value;
            return true;
        }
    }
    return false;
}
