/* JSON for the simulator: a strict reader that builds json-c trees, and short forms to read and write them.
 *
 * The reader refuses what the real servers refuse and json-c lets pass: duplicate members, bad UTF-8, lone surrogates, a byte
 * order mark, NaN, single quotes, leading zeros. What follows the first value is ignored, as livekit-server does. */
#ifndef TRUNKD_SIM_JSON_H
#define TRUNKD_SIM_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: not JSON, or the first value is not an object. The caller puts it. */
struct json_object *json_read_object(const char *text, size_t bytes);

void put_text(struct json_object *, const char *key, const char *value);    /* NULL writes null */
void put_int(struct json_object *, const char *key, int64_t value);
void put_bool(struct json_object *, const char *key, bool value);
void put_json(struct json_object *, const char *key, struct json_object *value);    /* takes the value; NULL writes null */

/* Borrowed. NULL or the default when the member is absent, null or of another type. */
const char *get_text(struct json_object *, const char *key);
int64_t get_int(struct json_object *, const char *key, int64_t standard);
bool get_bool(struct json_object *, const char *key);
struct json_object *get_json(struct json_object *, const char *key);
struct json_object *get_array(struct json_object *, const char *key);       /* NULL: none or no array */
size_t array_length(struct json_object *array);                             /* 0 for NULL */
const char *array_text(struct json_object *array, size_t i);               /* NULL: none there, or no text */
struct json_object *json_copy(struct json_object *);                        /* deep; NULL gives NULL */
static inline void json_put_cleanup(struct json_object **o) { json_object_put(*o); }

#endif
