/* From an object in an answer to a spec, by the kind's field table. */
#ifndef TRUNKD_KINDS_DECODE_H
#define TRUNKD_KINDS_DECODE_H

#include <trunkd/json.h>
#include <trunkd/kind.h>

#define ID_BYTES_MAX 64

enum spelling {
    SPELLING_AS_IS,
    SPELLING_EITHER,        /* snake_case as the table has it, or camelCase: LiveKit's servers differ */
};

/* A member under its name in one of the spellings; NULL: absent. */
const struct json *decode_member(const struct json *object, const char *name, enum spelling);

/* An id: a text of 1 to ID_BYTES_MAX visible ASCII characters without quotes, slashes and the like; NULL: it is none. */
const char *decode_id(const struct json *object, const char *name, enum spelling);

void decode_spec(const struct kind *, const struct json *object, enum spelling, struct arena *, struct spec *ret);

/* Index of the field that names the parent (FIELD_IN_PATH); fields_count: there is none. */
size_t decode_parent_field(const struct kind *);

#endif
