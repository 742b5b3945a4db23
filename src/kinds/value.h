/* One value of a spec in its canonical form (include/trunkd/kind.h says which), and the small makers of such values. */
#ifndef TRUNKD_KINDS_VALUE_H
#define TRUNKD_KINDS_VALUE_H

#include <trunkd/json.h>
#include <trunkd/kind.h>

/* NULL for absent, null and every form of zero. What has a shape the field's type does not know stays as its own JSON text:
 * it is equal to nothing of ours, so it shows as a difference instead of vanishing. */
const char *value_canonical(const struct field *, const struct json *, struct arena *);

/* A set of one; NULL for NULL and "". */
const char *value_set_of(const char *text, struct arena *);

/* A map (NULL: none yet) with one more entry, whose key is not in it. */
const char *value_map_with(const char *map, const char *key, const char *text, struct arena *);

/* The text, or NULL when it is empty. */
const char *value_text(const char *text);

#endif
