/* Queries and form bodies: application/x-www-form-urlencoded, decoded once. */
#ifndef TRUNKD_SIM_FORM_H
#define TRUNKD_SIM_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/arena.h>

struct form_pair { const char *key, *value; };
struct form { struct form_pair *pairs; size_t count; };

void form_parse(struct arena *, const char *text, size_t bytes, struct form *ret_form);
const char *form_get(const struct form *, const char *key);     /* the last one; NULL: not there */

/* Bad escapes stay as they are. In a path '+' is a plus, in a form it is a space. */
char *url_decode(struct arena *, const char *text, size_t bytes, bool plus_is_space);

#endif
