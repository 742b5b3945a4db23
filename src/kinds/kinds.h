/* What the files of this room share: the kinds themselves, and what their want() functions have in common. */
#ifndef TRUNKD_KINDS_KINDS_H
#define TRUNKD_KINDS_KINDS_H

#include <trunkd/kind.h>

#define KIND(id, name, owner, family) extern const struct kind kind_##id;
#include <trunkd/kinds.def>
#undef KIND

/* The value of a field by its name; the kind has one of that name. */
const char *spec_value(const struct kind *, const struct spec *, const char *name);

/* A wanted object of the kind in the scene's account. The spec is empty. */
struct spec *want_one(const struct kind *, const struct scene *, const char *slot, const char *label, struct wanted *ret);

/* Whether the scene is a trunk that is wanted, with the account it is wanted in. */
bool scene_is_trunk(const struct scene *);

/* Whether the scene is a number that is wanted, with the project it is wanted in. */
bool scene_is_number(const struct scene *);

/* "<label> [<tag>]": a name that people read at LiveKit. */
const char *name_with_tag(const char *label, const char *tag, struct arena *);

/* Whether a field of a row shows this value (NULL: none), or may yet: as it was last shown, as it was last sent, or anything in doubt. */
bool may_show(const struct resource *, size_t field, const char *value);

/* What stands before a number's tags: its label, else the number itself. */
const char *number_label(const struct number *);

#endif
