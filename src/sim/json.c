/* The strict JSON reader of the simulator and its short forms. */
#include "json.h"

#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define TEXT_BYTES_MAX ((size_t)128 << 20)

struct reader { const char *at, *end; int depth; bool bad; };

static struct json_object *read_value(struct reader *r);

static struct json_object *fail(struct reader *r)
{
    r->bad = true;
    return NULL;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

static bool take(struct reader *r, char c)
{
    if (r->at >= r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static void add_utf8(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_addc(b, (char)c);
    } else if (c < 0x800) {
        buf_addc(b, (char)(0xC0 | (c >> 6)));
        buf_addc(b, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        buf_addc(b, (char)(0xE0 | (c >> 12)));
        buf_addc(b, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_addc(b, (char)(0x80 | (c & 0x3F)));
    } else {
        buf_addc(b, (char)(0xF0 | (c >> 18)));
        buf_addc(b, (char)(0x80 | ((c >> 12) & 0x3F)));
        buf_addc(b, (char)(0x80 | ((c >> 6) & 0x3F)));
        buf_addc(b, (char)(0x80 | (c & 0x3F)));
    }
}

/* Length of the UTF-8 sequence at the reader, 0 when it is none. */
static size_t utf8_length(const struct reader *r)
{
    size_t left = (size_t)(r->end - r->at);
    unsigned char c = (unsigned char)r->at[0];
    size_t length = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)r->at[i] & 0xC0) != 0x80)
            return 0;
    unsigned char second = length > 1 ? (unsigned char)r->at[1] : 0;
    if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F))
        return 0;
    return length;
}

static bool read_hex4(struct reader *r, uint32_t *ret_code)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        if (r->at >= r->end)
            return false;
        char c = *r->at++;
        if (c >= '0' && c <= '9')
            code = code * 16 + (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            code = code * 16 + (uint32_t)((c | 32) - 'a') + 10;
        else
            return false;
    }
    *ret_code = code;
    return true;
}

static bool read_escape(struct reader *r, struct buf *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (r->at >= r->end)
        return false;
    char c = *r->at++;
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        buf_addc(b, to[known - from]);
        return true;
    }
    uint32_t code = 0, low = 0;
    if (c != 'u' || !read_hex4(r, &code))
        return false;
    if (code >= 0xDC00 && code <= 0xDFFF)
        return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (!take(r, '\\') || !take(r, 'u') || !read_hex4(r, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    add_utf8(b, code);
    return true;
}

static bool read_text(struct reader *r, struct buf *b)
{
    if (!take(r, '"'))
        return false;
    while (r->at < r->end) {
        unsigned char c = (unsigned char)*r->at;
        if (c == '"') {
            r->at++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c == '\\') {
            r->at++;
            if (!read_escape(r, b))
                return false;
            continue;
        }
        size_t length = utf8_length(r);
        if (length == 0)
            return false;
        buf_add(b, r->at, length);
        r->at += length;
    }
    return false;
}

static struct json_object *read_string(struct reader *r)
{
    struct buf b;
    buf_init(&b, TEXT_BYTES_MAX);
    struct json_object *o = NULL;
    if (read_text(r, &b) && buf_ok(&b))
        o = json_object_new_string_len(b.data, (int)b.length);
    buf_release(&b);
    return o ? o : fail(r);
}

static bool digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > start;
}

static struct json_object *read_number(struct reader *r)
{
    const char *start = r->at;
    bool whole = true;
    (void)take(r, '-');
    if (r->at < r->end && *r->at == '0')
        r->at++;
    else if (!digits(r))
        return fail(r);
    if (take(r, '.')) {
        whole = false;
        if (!digits(r))
            return fail(r);
    }
    if (take(r, 'e') || take(r, 'E')) {
        whole = false;
        if (!take(r, '+'))
            (void)take(r, '-');
        if (!digits(r))
            return fail(r);
    }
    char text[64];
    size_t length = (size_t)(r->at - start);
    if (length >= sizeof(text))
        return fail(r);
    memcpy(text, start, length);
    text[length] = '\0';
    int64_t value = 0;
    if (whole && text_to_int(text, INT64_MIN, INT64_MAX, &value))
        return json_object_new_int64(value);
    return json_object_new_double(strtod(text, NULL));
}

static struct json_object *read_array(struct reader *r)
{
    struct json_object *array = json_object_new_array();
    r->at++;
    skip_space(r);
    if (take(r, ']'))
        return array;
    do {
        struct json_object *item = read_value(r);
        if (r->bad) {
            json_object_put(array);
            return NULL;
        }
        json_object_array_add(array, item);
        skip_space(r);
    } while (take(r, ','));
    if (take(r, ']'))
        return array;
    json_object_put(array);
    return fail(r);
}

static bool read_member(struct reader *r, struct json_object *object)
{
    struct buf key;
    buf_init(&key, TEXT_BYTES_MAX);
    skip_space(r);
    bool ok = read_text(r, &key) && buf_ok(&key) && !json_object_object_get_ex(object, key.data, NULL);
    skip_space(r);
    if (ok && take(r, ':')) {
        struct json_object *value = read_value(r);
        ok = !r->bad;
        if (ok)
            json_object_object_add(object, key.data, value);
    } else {
        ok = false;
    }
    buf_release(&key);
    return ok;
}

static struct json_object *read_object(struct reader *r)
{
    struct json_object *object = json_object_new_object();
    r->at++;
    skip_space(r);
    if (take(r, '}'))
        return object;
    do {
        if (!read_member(r, object)) {
            json_object_put(object);
            return fail(r);
        }
        skip_space(r);
    } while (take(r, ','));
    if (take(r, '}'))
        return object;
    json_object_put(object);
    return fail(r);
}

static bool read_word(struct reader *r, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

/* NULL with r->bad unset is JSON's null. */
static struct json_object *read_value(struct reader *r)
{
    skip_space(r);
    if (r->at >= r->end || r->depth >= DEPTH_MAX)
        return fail(r);
    r->depth++;
    struct json_object *o = NULL;
    char c = *r->at;
    if (c == '{')
        o = read_object(r);
    else if (c == '[')
        o = read_array(r);
    else if (c == '"')
        o = read_string(r);
    else if (c == '-' || (c >= '0' && c <= '9'))
        o = read_number(r);
    else if (read_word(r, "true"))
        o = json_object_new_boolean(1);
    else if (read_word(r, "false"))
        o = json_object_new_boolean(0);
    else if (!read_word(r, "null"))
        (void)fail(r);
    r->depth--;
    return o;
}

struct json_object *json_read_object(const char *text, size_t bytes)
{
    struct reader r = { .at = text, .end = text + bytes };
    struct json_object *o = read_value(&r);
    if (!r.bad && json_object_is_type(o, json_type_object))
        return o;
    json_object_put(o);
    return NULL;
}

void put_json(struct json_object *o, const char *key, struct json_object *value) { json_object_object_add(o, key, value); }

void put_text(struct json_object *o, const char *key, const char *value)
{
    put_json(o, key, value ? json_object_new_string(value) : NULL);
}

void put_int(struct json_object *o, const char *key, int64_t value) { put_json(o, key, json_object_new_int64(value)); }

void put_bool(struct json_object *o, const char *key, bool value) { put_json(o, key, json_object_new_boolean(value)); }

struct json_object *get_json(struct json_object *o, const char *key)
{
    struct json_object *value = NULL;
    return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, key, &value) ? value : NULL;
}

const char *get_text(struct json_object *o, const char *key)
{
    struct json_object *value = get_json(o, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t get_int(struct json_object *o, const char *key, int64_t standard)
{
    struct json_object *value = get_json(o, key);
    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : standard;
}

bool get_bool(struct json_object *o, const char *key)
{
    struct json_object *value = get_json(o, key);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

struct json_object *get_array(struct json_object *o, const char *key)
{
    struct json_object *value = get_json(o, key);
    return json_object_is_type(value, json_type_array) ? value : NULL;
}

size_t array_length(struct json_object *array) { return array ? json_object_array_length(array) : 0; }

const char *array_text(struct json_object *array, size_t i)
{
    struct json_object *item = i < array_length(array) ? json_object_array_get_idx(array, i) : NULL;
    return json_object_is_type(item, json_type_string) ? json_object_get_string(item) : NULL;
}

struct json_object *json_copy(struct json_object *o)
{
    struct json_object *copy = NULL;
    return o && json_object_deep_copy(o, &copy, NULL) == 0 ? copy : NULL;
}
