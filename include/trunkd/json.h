/* JSON as the core sees it: parsed once by json-c, copied into an arena as a tree of plain values, checked on the way.
 *
 * The only file that calls json-c in the core is src/model/json.c. It refuses what json-c lets through: trailing bytes, duplicate
 * keys, NaN, single quotes, invalid UTF-8, strings with an embedded NUL, nesting over JSON_DEPTH_MAX. */
#ifndef TRUNKD_JSON_H
#define TRUNKD_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <trunkd/arena.h>
#include <trunkd/err.h>

#define JSON_DEPTH_MAX 32

enum json_value_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_value_type type;
    const char *key;            /* in an object, else NULL */
    const char *text;           /* of a string its value, of a number its text as written, of a bool "true" or "false" */
    struct json *child, *next;  /* of an array or object; siblings in order */
};

/* The whole text is one JSON value. The tree lives in the arena. */
MUST_CHECK bool json_parse(struct arena *, const char *text, size_t bytes, const struct json **ret, struct err *err);

/* A member of an object; NULL when absent or when `object` is NULL or no object. */
const struct json *json_get(const struct json *object, const char *key);

/* Text of a string, number or bool member; NULL for anything else. */
const char *json_member(const struct json *object, const char *key);
int64_t json_member_int(const struct json *object, const char *key, int64_t otherwise);
bool json_member_bool(const struct json *object, const char *key);      /* absent: false */

/* Writes the value back, members in the order they stand. NULL writes null. */
struct buf;
void json_write(struct buf *, const struct json *);

#endif
