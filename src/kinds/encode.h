/* From a spec to the body of a create or update, by the kind's field table. */
#ifndef TRUNKD_KINDS_ENCODE_H
#define TRUNKD_KINDS_ENCODE_H

#include <trunkd/json.h>
#include <trunkd/kind.h>

#define BODY_BYTES_MAX ((size_t)8 << 20)    /* three of the longest texts a row may hold, every byte escaped */

/* application/x-www-form-urlencoded. `shown`: what the object to update showed last; a field without value is then sent as its zero, so
 * that nothing old stays in force. NULL: there is none yet, and it is left out. */
void encode_form(const struct kind *, const struct spec *, const struct spec *shown, struct buf *, struct request *);

/* The object itself, written where the buffer stands: fields without value are left out, which in a replace resets them. */
void encode_json(const struct kind *, const struct spec *, struct arena *, struct buf *, struct request *);

/* The buffer becomes the request's body, and is released. */
void encode_body(struct buf *, const char *content_type, struct arena *, struct request *);

/* One segment of a path: "agents[]" is a list of one object. */
struct segment {
    const char *name;
    size_t length;
    bool is_list;
};

/* The segment at `*at`, which moves behind it; false: the path has ended. */
bool path_next(const char **at, struct segment *ret);

#endif
