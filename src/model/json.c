/* JSON text to a tree of plain values, through json-c.
 *
 * json-c is lenient where we must not be. So the text is first looked at byte by byte (strings, numbers, words, depth; the
 * grammar between them is json-c's business), and afterwards the members of the tree are counted: fewer than the text has
 * colons means that a key came twice. Numbers are copied from the text, because json-c rounds them. */
#include <trunkd/json.h>

#include <assert.h>
#include <limits.h>
#include <string.h>

#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>

#include <trunkd/buf.h>
#include <trunkd/text.h>

#define JSON_BYTES_MAX ((size_t)64 << 20)      /* twice the largest answer we accept */

static void object_put(json_object **object)
{
    if (*object)
        json_object_put(*object);
}

static void tokener_free(json_tokener **tokener)
{
    if (*tokener)
        json_tokener_free(*tokener);
}

/* ---- the text ---------------------------------------------------------------------------------------------------------- */

/* From an opening quote to the byte after the closing one; NULL: not a string we take. Which escapes exist, json-c knows. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end; ) {
        size_t length;

        if (*at == '"')
            return at + 1;
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at == '\\') {
            if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
                return NULL;
            at += 2;
            continue;
        }
        length = text_utf8_length(at, (size_t)(end - at));
        if (length == 0)
            return NULL;
        at += length;
    }
    return NULL;
}

static bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const char *skip_digits(const char *at, const char *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* To the byte after a number as RFC 8259 writes it; NULL: there is none. */
static const char *skip_number(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    if (!is_digit(at, end))
        return NULL;
    at = *at == '0' ? at + 1 : skip_digits(at, end);
    if (at < end && *at == '.') {
        if (!is_digit(at + 1, end))
            return NULL;
        at = skip_digits(at + 1, end);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!is_digit(at, end))
            return NULL;
        at = skip_digits(at, end);
    }
    return at;
}

static const char *skip_word(const char *at, const char *end)
{
    static const char *const words[] = { "true", "false", "null" };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(end - at) >= length && memcmp(at, words[i], length) == 0)
            return at + length;
    }
    return NULL;
}

/* What may follow a number or a word, so that "12abc" and "truefalse" are not two values. */
static bool is_separator(const char *at, const char *end)
{
    return at == end || strchr(" \t\r\n,]}", *at);
}

/* Everything that json-c would let through. Counts the members of all objects. */
static bool text_check(const char *text, size_t bytes, size_t *ret_members, struct err *err)
{
    const char *at = text, *end = text + bytes;
    size_t depth = 0, members = 0;

    while (at < end) {
        const char *next = at + 1;

        switch (*at) {
        case '"':
            next = skip_string(at, end);
            break;
        case '{':
        case '[':
            if (++depth > JSON_DEPTH_MAX)
                return err_set(err, ERR_LIMIT, "the JSON text is nested more than %d deep", JSON_DEPTH_MAX);
            break;
        case '}':
        case ']':
            depth -= depth > 0;
            break;
        case ':':
            members++;
            break;
        case ',': case ' ': case '\t': case '\r': case '\n':
            break;
        default:
            next = *at == '-' || is_digit(at, end) ? skip_number(at, end) : skip_word(at, end);
            if (next && !is_separator(next, end))
                next = NULL;
        }
        if (!next)
            return err_set(err, ERR_REJECTED, "the text is not JSON at byte %zu", (size_t)(at - text));
        at = next;
    }
    *ret_members = members;
    return true;
}

/* ---- the tree ---------------------------------------------------------------------------------------------------------- */

struct copy {
    struct arena *arena;
    const char *at, *end;       /* in the text: where the next number is looked for */
    size_t members;
};

static const char *next_number(struct copy *copy)
{
    const char *start;

    while (*copy->at != '-' && !is_digit(copy->at, copy->end)) {
        copy->at = *copy->at == '"' ? skip_string(copy->at, copy->end) : copy->at + 1;
        assert(copy->at < copy->end);
    }
    start = copy->at;
    copy->at = skip_number(start, copy->end);
    return arena_strndup(copy->arena, start, (size_t)(copy->at - start));
}

static struct json *copy_value(struct copy *copy, json_object *from);

static void copy_members(struct copy *copy, json_object *from, struct json **tail)
{
    struct json_object_iterator at = json_object_iter_begin(from), end = json_object_iter_end(from);

    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        *tail = copy_value(copy, json_object_iter_peek_value(&at));
        (*tail)->key = arena_strdup(copy->arena, json_object_iter_peek_name(&at));
        tail = &(*tail)->next;
        copy->members++;
    }
}

static void copy_items(struct copy *copy, json_object *from, struct json **tail)
{
    for (size_t i = 0, n = json_object_array_length(from); i < n; i++) {
        *tail = copy_value(copy, json_object_array_get_idx(from, i));
        tail = &(*tail)->next;
    }
}

static struct json *copy_value(struct copy *copy, json_object *from)
{
    struct json *to = ARENA_NEW(copy->arena, struct json);

    switch (json_object_get_type(from)) {
    case json_type_null:
        to->type = JSON_NULL;
        break;
    case json_type_boolean:
        to->type = JSON_BOOL;
        to->text = json_object_get_boolean(from) ? "true" : "false";
        break;
    case json_type_int:
    case json_type_double:
        to->type = JSON_NUMBER;
        to->text = next_number(copy);
        break;
    case json_type_string:
        to->type = JSON_STRING;
        to->text = arena_strndup(copy->arena, json_object_get_string(from), (size_t)json_object_get_string_len(from));
        break;
    case json_type_array:
        to->type = JSON_ARRAY;
        copy_items(copy, from, &to->child);
        break;
    case json_type_object:
        to->type = JSON_OBJECT;
        copy_members(copy, from, &to->child);
        break;
    }
    return to;
}

bool json_parse(struct arena *arena, const char *text, size_t bytes, const struct json **ret, struct err *err)
{
    CLEANUP(tokener_free) json_tokener *tokener = NULL;
    CLEANUP(object_put) json_object *object = NULL;
    struct copy copy = { .arena = arena, .at = text, .end = text + (bytes <= JSON_BYTES_MAX ? bytes : 0) };
    const struct json *tree;
    size_t members = 0;

    if (bytes > JSON_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the JSON text is longer than %zu bytes", JSON_BYTES_MAX);
    if (!text_check(text, bytes, &members, err))
        return false;
    tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (!tokener)
        return err_set(err, ERR_TRANSIENT, "no memory to read JSON");
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    object = json_tokener_parse_ex(tokener, text, (int)bytes);
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        object = json_tokener_parse_ex(tokener, "", 1);     /* the NUL ends a number that stands alone */
    if (json_tokener_get_error(tokener) != json_tokener_success)
        return err_set(err, ERR_REJECTED, "the text is not JSON: %s", json_tokener_error_desc(json_tokener_get_error(tokener)));
    tree = copy_value(&copy, object);
    if (copy.members != members)
        return err_set(err, ERR_REJECTED, "the JSON text names a key twice in one object");
    *ret = tree;
    return true;
}

/* ---- reading it -------------------------------------------------------------------------------------------------------- */

const struct json *json_get(const struct json *object, const char *key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json *at = object->child; at; at = at->next)
        if (strcmp(at->key, key) == 0)
            return at;
    return NULL;
}

const char *json_member(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, key);

    return member ? member->text : NULL;
}

int64_t json_member_int(const struct json *object, const char *key, int64_t otherwise)
{
    const char *text = json_member(object, key);
    int64_t value;

    return text && text_to_int(text, INT64_MIN, INT64_MAX, &value) ? value : otherwise;
}

bool json_member_bool(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, key);

    return member && member->type == JSON_BOOL && strcmp(member->text, "true") == 0;
}

void json_write(struct buf *to, const struct json *value)
{
    enum json_value_type type = value ? value->type : JSON_NULL;

    switch (type) {
    case JSON_NULL:
        json_raw(to, NULL);
        break;
    case JSON_BOOL:
    case JSON_NUMBER:
        json_raw(to, value->text);
        break;
    case JSON_STRING:
        json_text(to, value->text);
        break;
    case JSON_ARRAY:
        json_open(to, '[');
        for (const struct json *item = value->child; item; item = item->next)
            json_write(to, item);
        json_close(to, ']');
        break;
    case JSON_OBJECT:
        json_open(to, '{');
        for (const struct json *member = value->child; member; member = member->next) {
            json_key(to, member->key);
            json_write(to, member);
        }
        json_close(to, '}');
        break;
    }
}
