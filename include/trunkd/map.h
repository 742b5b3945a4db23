/* A hash table from text to pointer. Keys are borrowed: they live as long as their entry (usually inside the value). */
#ifndef TRUNKD_MAP_H
#define TRUNKD_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map_slot { const char *key; void *value; };
struct map { struct map_slot *slots; size_t capacity, count, used; };    /* zeroed: empty */

void *map_get(const struct map *, const char *key);                 /* NULL: not there */
void *map_put(struct map *, const char *key, void *value);          /* replaces key and value; returns the old value or NULL */
void *map_remove(struct map *, const char *key);                    /* returns the value or NULL */
void map_release(struct map *);                                     /* the values are the owner's */

/* Visits every entry in no particular order: for (size_t i = 0; map_next(&m, &i, &value);). The map must not change meanwhile. */
bool map_next(const struct map *, size_t *position, void **ret_value);

#endif
