/* JSON of LiveKit messages, as protojson reads and livekit-server writes it.
 *
 * Reading: either spelling of a name but not both; null is "not set"; unknown fields and unknown enum names are dropped; two
 * members of a oneof, null in a list and a wrong type are malformed; Durations are text with an 's'. */
#include "livekit.h"

#include "json.h"

#include <inttypes.h>

#define NAME_BYTES 64

static void camel_name(const char *snake, char ret_camel[NAME_BYTES])
{
    size_t n = 0;
    for (const char *p = snake; *p && n + 1 < NAME_BYTES; p++) {
        if (*p == '_' && p[1]) {
            p++;
            ret_camel[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
        } else {
            ret_camel[n++] = *p;
        }
    }
    ret_camel[n] = '\0';
}

const struct lk_field *lk_field_named(const struct lk_message *m, const char *snake_name)
{
    for (const struct lk_field *f = m->fields; f->name; f++)
        if (text_equal(f->name, snake_name))
            return f;
    return NULL;
}

static const struct lk_field *find_field(const struct lk_message *m, const char *key)
{
    char camel[NAME_BYTES];
    for (const struct lk_field *f = m->fields; f->name; f++) {
        if (text_equal(f->name, key))
            return f;
        camel_name(f->name, camel);
        if (text_equal(camel, key))
            return f;
    }
    return NULL;
}

/* ---- reading */

/* "[-]digits[.digits]s" to the form the server emits: 0, 3, 6 or 9 digits of fraction. */
static struct json_object *read_duration(const char *text)
{
    const char *p = text + (text[0] == '-');
    size_t whole = strspn(p, "0123456789"), fraction = 0;
    const char *rest = p + whole, *nanos = "";
    if (*rest == '.') {
        nanos = rest + 1;
        fraction = strspn(nanos, "0123456789");
        rest = nanos + fraction;
    }
    if ((whole == 0 && fraction == 0) || whole > 12 || fraction > 9 || !text_equal(rest, "s"))
        return NULL;
    char digits[10] = "000000000", out[48];
    memcpy(digits, nanos, fraction);
    size_t keep = 9;
    while (keep > 0 && digits[keep - 1] == '0')
        keep--;
    keep = (keep + 2) / 3 * 3;
    int64_t seconds = 0;
    char head[16];
    (void)snprintf(head, sizeof(head), "%.*s", (int)whole, p);
    if (whole > 0 && !text_to_int(head, 0, INT64_C(315576000000), &seconds))
        return NULL;
    (void)snprintf(out, sizeof(out), "%s%" PRId64 "%s%.*ss", text[0] == '-' ? "-" : "", seconds, keep ? "." : "", (int)keep, digits);
    return json_object_new_string(out);
}

static bool is_timestamp(const char *text)
{
    size_t length = strlen(text);
    return length >= 20 && text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
}

/* Sets *ret to NULL for a name that is dropped. */
static bool read_enum(const struct lk_field *f, struct json_object *in, struct json_object **ret)
{
    *ret = NULL;
    if (json_object_is_type(in, json_type_string)) {
        for (size_t i = 0; f->names[i]; i++)
            if (text_equal(f->names[i], json_object_get_string(in)))
                *ret = json_object_new_string(f->names[i]);
        return true;
    }
    if (!json_object_is_type(in, json_type_int))
        return false;
    int64_t number = json_object_get_int64(in), known = 0;
    while (f->names[known] && known != number)
        known++;
    *ret = f->names[known] ? json_object_new_string(f->names[known]) : json_object_new_int64(number);
    return number >= INT32_MIN && number <= INT32_MAX;
}

static bool read_int(struct json_object *in, struct json_object **ret)
{
    int64_t value = 0;
    if (json_object_is_type(in, json_type_int))
        value = json_object_get_int64(in);
    else if (!json_object_is_type(in, json_type_string) || !text_to_int(json_object_get_string(in), INT32_MIN, UINT32_MAX, &value))
        return false;
    *ret = json_object_new_int64(value);
    return value >= INT32_MIN && value <= UINT32_MAX;
}

static bool read_map(struct json_object *in, struct json_object **ret)
{
    if (!json_object_is_type(in, json_type_object))
        return false;
    json_object_object_foreach(in, key, value) {
        (void)key;
        if (!json_object_is_type(value, json_type_string))
            return false;
    }
    *ret = json_copy(in);
    return true;
}

/* On false *ret may hold an object all the same; the caller puts it. */
static bool read_value(const struct lk_field *f, struct json_object *in, struct json_object **ret)
{
    const char *text = json_object_is_type(in, json_type_string) ? json_object_get_string(in) : NULL;
    switch (f->type) {
    case LK_TEXT:
        *ret = text ? json_object_get(in) : NULL;
        return text != NULL;
    case LK_BOOL:
        *ret = json_object_get(in);
        return json_object_is_type(in, json_type_boolean);
    case LK_INT: return read_int(in, ret);
    case LK_ENUM: return read_enum(f, in, ret);
    case LK_DURATION:
        *ret = text ? read_duration(text) : NULL;
        return *ret != NULL;
    case LK_TIMESTAMP:
        *ret = text && is_timestamp(text) ? json_object_get(in) : NULL;
        return *ret != NULL;
    case LK_MAP: return read_map(in, ret);
    case LK_OPAQUE:
        *ret = json_object_get(in);
        return json_object_is_type(in, json_type_object);
    case LK_MESSAGE:
        *ret = json_object_is_type(in, json_type_object) ? lk_decode(f->message, in) : NULL;
        return *ret != NULL;
    }
    return false;
}

static bool read_list(const struct lk_field *f, struct json_object *in, struct json_object **ret)
{
    if (!json_object_is_type(in, json_type_array))
        return false;
    *ret = json_object_new_array();
    for (size_t i = 0; i < json_object_array_length(in); i++) {
        struct json_object *item = NULL, *from = json_object_array_get_idx(in, i);
        if (!from || !read_value(f, from, &item)) {
            json_object_put(item);
            return false;
        }
        json_object_array_add(*ret, item);
    }
    return true;
}

struct json_object *lk_decode(const struct lk_message *m, struct json_object *in)
{
    struct json_object *out = json_object_new_object();
    bool oneof_seen = false;
    json_object_object_foreach(in, key, value) {
        const struct lk_field *f = find_field(m, key);
        struct json_object *read = NULL;
        if (!f || !value)
            continue;
        bool ok = !json_object_object_get_ex(out, f->name, NULL) && !(f->oneof && oneof_seen);
        ok = ok && (f->repeated ? read_list(f, value, &read) : read_value(f, value, &read));
        oneof_seen = oneof_seen || f->oneof;
        if (!ok) {
            json_object_put(read);
            json_object_put(out);
            return NULL;
        }
        if (read)
            put_json(out, f->name, read);
    }
    return out;
}

/* ---- writing */

static bool is_default(const struct lk_field *f, struct json_object *value)
{
    if (!value)
        return true;
    if (f->repeated)
        return array_length(value) == 0;
    switch (f->type) {
    case LK_TEXT: return json_object_get_string_len(value) == 0;
    case LK_BOOL: return !json_object_get_boolean(value);
    case LK_INT: return json_object_get_int64(value) == 0;
    case LK_ENUM: return json_object_is_type(value, json_type_string) && text_equal(json_object_get_string(value), f->names[0]);
    case LK_MAP: return json_object_object_length(value) == 0;
    case LK_DURATION: case LK_TIMESTAMP: case LK_OPAQUE: case LK_MESSAGE: return false;
    }
    return false;
}

static struct json_object *default_value(const struct lk_field *f)
{
    if (f->repeated)
        return json_object_new_array();
    switch (f->type) {
    case LK_TEXT: return json_object_new_string("");
    case LK_BOOL: return json_object_new_boolean(0);
    case LK_INT: return json_object_new_int(0);
    case LK_ENUM: return json_object_new_string(f->names[0]);
    case LK_MAP: return json_object_new_object();
    case LK_DURATION: case LK_TIMESTAMP: case LK_OPAQUE: case LK_MESSAGE: return NULL;
    }
    return NULL;
}

static struct json_object *write_value(const struct lk_field *f, struct json_object *value, bool camel)
{
    if (f->type != LK_MESSAGE)
        return json_copy(value);
    if (!f->repeated)
        return lk_encode(f->message, value, camel);
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < array_length(value); i++)
        json_object_array_add(list, lk_encode(f->message, json_object_array_get_idx(value, i), camel));
    return list;
}

struct json_object *lk_encode(const struct lk_message *m, struct json_object *set, bool camel)
{
    struct json_object *out = json_object_new_object();
    for (const struct lk_field *f = m->fields; f->name; f++) {
        struct json_object *value = get_json(set, f->name);
        char name[NAME_BYTES];
        text_copy(name, sizeof(name), f->name);
        if (camel)
            camel_name(f->name, name);
        if (value && !(camel && !f->explicit_presence && is_default(f, value)))
            put_json(out, name, write_value(f, value, camel));
        else if (!value && !camel && !f->explicit_presence && !f->oneof)
            put_json(out, name, default_value(f));
    }
    return out;
}
