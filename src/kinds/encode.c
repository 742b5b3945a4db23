/* Bodies, by walking the field table in order.
 *
 * In JSON a field's path opens the objects around it; fields that share objects stand next to each other in the table (a test
 * looks), so walking it needs no tree. A variant opens its object, and what follows of it goes in there. The secret is an empty text in the body, and the request says where it is. */
#include "encode.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#define PATH_SEGMENTS_MAX 8

bool path_next(const char **at, struct segment *ret)
{
    size_t length = strcspn(*at, ".");

    if (length == 0)
        return false;
    *ret = (struct segment){ .name = *at, .length = length };
    if (length > 2 && memcmp(*at + length - 2, "[]", 2) == 0) {
        ret->is_list = true;
        ret->length -= 2;
    }
    *at += length + ((*at)[length] == '.');
    return true;
}

static void secret_slot(const struct spec *spec, size_t offset, enum secret_escape escape, struct request *request)
{
    assert(!request->slot.secret);
    request->slot.offset = offset;
    request->slot.escape = escape;
    request->slot.secret = spec->secret;
    request->slot.place = spec->secret_place;
}

/* ---- form -------------------------------------------------------------------------------------------------------------- */

static const char *zero_text(const struct field *field)
{
    switch (field->type) {
    case FIELD_BOOL:
        return "false";
    case FIELD_INT:
        return "0";
    case FIELD_ENUM:
        return field->names[0];
    case FIELD_TEXT:
    case FIELD_DURATION:
    case FIELD_SET:
    case FIELD_MAP:
    case FIELD_SECRET:
    case FIELD_VARIANT:
    case FIELD_PAIRS:
        return "";
    }
    assert(!"a field type without a zero");
    return "";
}

/* Whether nothing has to be said of a field without value. */
static bool goes_unsaid(const struct field *field, size_t i, const struct spec *shown)
{
    return !(field->flags & FIELD_ALWAYS) && (!shown || ((field->flags & FIELD_SPARING) && !shown->value[i]));
}

void encode_form(const struct kind *kind, const struct spec *spec, const struct spec *shown, struct buf *to, struct request *request)
{
    for (size_t i = 0; i < kind->fields_count; i++) {
        const struct field *field = &kind->fields[i];
        const char *value = spec->value[i];

        if (field->flags & (FIELD_IN_PATH | FIELD_SHOWN) || (!value && goes_unsaid(field, i, shown)))
            continue;
        if (field->type == FIELD_SECRET) {
            form_pair(to, field->wire, "");
            secret_slot(spec, to->length, SECRET_FORM, request);
        } else {
            form_pair(to, field->wire, value ? value : zero_text(field));
        }
    }
}

/* ---- JSON -------------------------------------------------------------------------------------------------------------- */

struct path {
    struct segment at[PATH_SEGMENTS_MAX];
    size_t count;
};

static const char *variant_of(const struct kind *kind, const struct spec *spec)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if (kind->fields[i].type == FIELD_VARIANT)
            return text_or(spec->value[i], kind->fields[i].names[0]);
    return NULL;
}

static struct path path_split(const char *text, const char *variant)
{
    struct path path = { .count = 0 };
    struct segment segment;

    while (path_next(&text, &segment)) {
        assert(path.count + 1 < PATH_SEGMENTS_MAX);
        if (segment.length == 1 && *segment.name == '*')
            segment = (struct segment){ .name = variant, .length = strlen(variant) };
        path.at[path.count++] = segment;
    }
    return path;
}

static bool segment_equal(const struct segment *a, const struct segment *b)
{
    return a->length == b->length && memcmp(a->name, b->name, a->length) == 0;
}

static void key_of(struct buf *to, const struct segment *segment, struct arena *arena)
{
    json_key(to, arena_strndup(arena, segment->name, segment->length));
}

/* Closes the objects that the next field does not share, opens those it needs. */
static void move_to(struct buf *to, struct path *open, const struct path *next, struct arena *arena)
{
    size_t shared = 0;

    while (shared < open->count && shared + 1 < next->count && segment_equal(&open->at[shared], &next->at[shared]))
        shared++;
    for (; open->count > shared; open->count--) {
        json_close(to, '}');
        if (open->at[open->count - 1].is_list)
            json_close(to, ']');
    }
    for (; open->count + 1 < next->count; open->count++) {
        const struct segment *segment = &next->at[open->count];

        key_of(to, segment, arena);
        if (segment->is_list)
            json_open(to, '[');
        json_open(to, '{');
        open->at[open->count] = *segment;
    }
}

/* {"a":"1","b":""} as [{"first":"a","second":"1"},{"first":"b"}] */
static void write_pairs(struct buf *to, const struct field *field, const char *value, struct arena *arena)
{
    const struct json *map = NULL;
    bool ok = json_parse(arena, value, strlen(value), &map, NULL);

    assert(ok && map->type == JSON_OBJECT);
    (void)ok;
    json_open(to, '[');
    for (const struct json *entry = map->child; entry; entry = entry->next) {
        json_open(to, '{');
        json_key_text(to, field->names[0], entry->key);
        if (*entry->text)
            json_key_text(to, field->names[1], entry->text);
        json_close(to, '}');
    }
    json_close(to, ']');
}

static void write_value(struct buf *to, const struct field *field, const struct spec *spec, const char *value, struct arena *arena,
                        struct request *request)
{
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_DURATION:
    case FIELD_ENUM:
        json_text(to, value);
        break;
    case FIELD_BOOL:
    case FIELD_INT:
    case FIELD_SET:
    case FIELD_MAP:
        json_raw(to, value);
        break;
    case FIELD_SECRET:
        json_text(to, "");
        secret_slot(spec, to->length - 1, SECRET_JSON, request);
        break;
    case FIELD_PAIRS:
        write_pairs(to, field, value, arena);
        break;
    case FIELD_VARIANT:
        assert(!"a variant is an object and has no value");
        break;
    }
}

void encode_json(const struct kind *kind, const struct spec *spec, struct arena *arena, struct buf *to, struct request *request)
{
    const char *variant = variant_of(kind, spec);
    struct path open = { .count = 0 };

    json_open(to, '{');
    for (size_t i = 0; i < kind->fields_count; i++) {
        const struct field *field = &kind->fields[i];
        bool is_variant = field->type == FIELD_VARIANT;
        struct path path;

        if (field->flags & (FIELD_IN_PATH | FIELD_SHOWN) || (!spec->value[i] && !is_variant))
            continue;
        path = path_split(field->wire, variant);
        assert(path.count > 0);
        path.count += is_variant;
        move_to(to, &open, &path, arena);
        if (is_variant)
            continue;
        key_of(to, &path.at[path.count - 1], arena);
        write_value(to, field, spec, spec->value[i], arena, request);
    }
    move_to(to, &open, &(struct path){ .count = 0 }, arena);
    json_close(to, '}');
}

void encode_body(struct buf *body, const char *content_type, struct arena *arena, struct request *request)
{
    assert(buf_ok(body));
    request->content_type = content_type;
    request->body = arena_strndup(arena, body->data, body->length);
    request->body_bytes = body->length;
    buf_release(body);
}
