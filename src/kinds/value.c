/* Canonical values: two specs are equal when their texts are. */
#include "value.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <trunkd/text.h>

#define VALUE_BYTES_MAX ((size_t)4 << 20)       /* longer than any column we take, escaped */

struct entry { const char *key, *value; };      /* value NULL: an item of a set */

/* What was written, for ever. Half of it would be no JSON text, and the ledger could not keep it. */
static const char *finished(struct buf *text, struct arena *arena)
{
    const char *copy = buf_ok(text) ? arena_strndup(arena, text->data, text->length)
                                    : arena_printf(arena, "(longer than %zu bytes)", VALUE_BYTES_MAX);

    buf_release(text);
    return copy;
}

static int entry_compare(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static const char *raw_text(const struct json *value, struct arena *arena)
{
    struct buf text;

    buf_init(&text, VALUE_BYTES_MAX);
    json_write(&text, value);
    return finished(&text, arena);
}

static const char *entries_text(struct entry *entries, size_t count, bool is_map, struct arena *arena)
{
    struct buf text;

    if (count == 0)
        return NULL;
    qsort(entries, count, sizeof *entries, entry_compare);
    buf_init(&text, VALUE_BYTES_MAX);
    json_open(&text, is_map ? '{' : '[');
    for (size_t i = 0; i < count; i++) {
        if (is_map)
            json_key_text(&text, entries[i].key, entries[i].value);
        else if (i == 0 || strcmp(entries[i - 1].key, entries[i].key) != 0)
            json_text(&text, entries[i].key);
    }
    json_close(&text, is_map ? '}' : ']');
    return finished(&text, arena);
}

static const char *canonical_collection(const struct json *value, enum json_value_type type, struct arena *arena)
{
    struct entry *entries;
    size_t count = 0;

    if (value->type != type)
        return raw_text(value, arena);
    for (const struct json *item = value->child; item; item = item->next)
        count++;
    entries = ARENA_ARRAY(arena, struct entry, count + 1);
    count = 0;
    for (const struct json *item = value->child; item; item = item->next) {
        if (item->type == JSON_NULL)
            continue;
        if (!item->text)
            return raw_text(value, arena);
        entries[count++] = type == JSON_OBJECT ? (struct entry){ item->key, item->text } : (struct entry){ item->text, NULL };
    }
    return entries_text(entries, count, type == JSON_OBJECT, arena);
}

static const char *canonical_int(const char *text, struct arena *arena)
{
    int64_t value;

    if (!text_to_int(text, INT64_MIN, INT64_MAX, &value))
        return text;
    return value == 0 ? NULL : arena_printf(arena, "%" PRId64, value);
}

/* "45s", "45.000s", "0.5s"; anything else stays as it is. */
static const char *canonical_duration(const char *text, struct arena *arena)
{
    const char *digits = text + (*text == '-'), *point, *fraction = "";
    size_t whole = strspn(digits, "0123456789"), places = 0;

    point = digits + whole;
    if (*point == '.') {
        fraction = point + 1;
        places = strspn(fraction, "0123456789");
        point = fraction + places;
    }
    if (whole == 0 || strcmp(point, "s") != 0)
        return text;
    while (whole > 1 && *digits == '0') {
        digits++;
        whole--;
    }
    while (places > 0 && fraction[places - 1] == '0')
        places--;
    if (whole == 1 && *digits == '0' && places == 0)
        return NULL;
    return arena_printf(arena, "%s%.*s%s%.*ss", *text == '-' ? "-" : "", (int)whole, digits, places > 0 ? "." : "", (int)places, fraction);
}

/* Numbers stand for names; a number without a name, and a name we do not know, stay as they are. */
static const char *canonical_enum(const struct field *field, const char *text)
{
    size_t count = 0;
    int64_t number;

    assert(field->names);
    while (field->names[count])
        count++;
    if (text_to_int(text, 0, (int64_t)count - 1, &number))
        text = field->names[number];
    return strcmp(text, field->names[0]) == 0 ? NULL : text;
}

static const char *canonical_bool(const char *text)
{
    return strcmp(text, "false") == 0 || strcmp(text, "0") == 0 ? NULL : text;
}

const char *value_text(const char *text)
{
    return text_is_empty(text) ? NULL : text;
}

const char *value_canonical(const struct field *field, const struct json *value, struct arena *arena)
{
    if (!value || value->type == JSON_NULL || (!value->text && !value->child) || (value->text && !*value->text))
        return NULL;
    switch (field->type) {
    case FIELD_SET:
        return canonical_collection(value, JSON_ARRAY, arena);
    case FIELD_MAP:
    case FIELD_PAIRS:
        return canonical_collection(value, JSON_OBJECT, arena);
    case FIELD_TEXT:
    case FIELD_SECRET:
        return value->text ? value->text : raw_text(value, arena);
    case FIELD_BOOL:
        return value->text ? canonical_bool(value->text) : raw_text(value, arena);
    case FIELD_INT:
        return value->text ? canonical_int(value->text, arena) : raw_text(value, arena);
    case FIELD_DURATION:
        return value->text ? canonical_duration(value->text, arena) : raw_text(value, arena);
    case FIELD_ENUM:
    case FIELD_VARIANT:
        return value->text ? canonical_enum(field, value->text) : raw_text(value, arena);
    }
    assert(!"a field type without a canonical form");
    return NULL;
}

const char *value_set_of(const char *text, struct arena *arena)
{
    return text_is_empty(text) ? NULL : entries_text(&(struct entry){ text, NULL }, 1, /* is_map= */ false, arena);
}

const char *value_map_with(const char *map, const char *key, const char *text, struct arena *arena)
{
    const struct json *parsed = NULL;
    struct json object = { .type = JSON_OBJECT }, entry = { .type = JSON_STRING, .key = key, .text = text_or(text, "") };

    if (map && json_parse(arena, map, strlen(map), &parsed, NULL))
        entry.next = parsed->child;
    object.child = &entry;
    return canonical_collection(&object, JSON_OBJECT, arena);
}
