/* Answers, read by the field table. Whatever a provider sends becomes a canonical value or a difference, never an error: only an
 * object without an id is unusable, and that is for the provider's own file to say. */
#include "decode.h"

#include <assert.h>
#include <string.h>

#include <trunkd/text.h>

#include "encode.h"
#include "value.h"

#define NAME_BYTES_MAX 64

/* room_prefix -> roomPrefix */
static const char *camel_case(const char *name, char ret[static NAME_BYTES_MAX])
{
    size_t length = 0;

    for (; *name; name++) {
        bool upper = *name == '_' && name[1] >= 'a' && name[1] <= 'z';

        if (upper)
            name++;
        assert(length + 1 < NAME_BYTES_MAX);
        ret[length++] = upper ? (char)(*name - 'a' + 'A') : *name;
    }
    ret[length] = '\0';
    return ret;
}

const struct json *decode_member(const struct json *object, const char *name, enum spelling spelling)
{
    const struct json *member = json_get(object, name);
    char camel[NAME_BYTES_MAX];

    if (member || spelling == SPELLING_AS_IS)
        return member;
    return json_get(object, camel_case(name, camel));
}

const char *decode_id(const struct json *object, const char *name, enum spelling spelling)
{
    static const char visible[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    const struct json *member = decode_member(object, name, spelling);
    size_t length = member && member->type == JSON_STRING ? strlen(member->text) : 0;

    if (length == 0 || length > ID_BYTES_MAX || strspn(member->text, visible) != length)
        return NULL;
    return member->text;
}

static const struct json *follow(const struct json *from, const char *path, enum spelling spelling, struct arena *arena);

/* What the rest of the path leads to in a list that should hold one object. More objects than one are more than we ever send: all
 * their values become one, which equals nothing of ours. */
static const struct json *follow_list(const struct json *list, const char *path, enum spelling spelling, struct arena *arena)
{
    struct json *all = ARENA_NEW(arena, struct json), **tail = &all->child;
    size_t count = 0;

    all->type = JSON_ARRAY;
    for (const struct json *item = list && list->type == JSON_ARRAY ? list->child : NULL; item; item = item->next) {
        const struct json *value = follow(item, path, spelling, arena);
        struct json *copy = ARENA_NEW(arena, struct json);

        if (item->type == JSON_NULL)
            continue;
        if (value)
            *copy = *value;
        copy->key = NULL;
        copy->next = NULL;
        *tail = copy;
        tail = &copy->next;
        count++;
    }
    return count <= 1 ? all->child : all;
}

/* The member of a oneof that is there. */
static const struct json *member_there(const struct json *object)
{
    const struct json *member = object->type == JSON_OBJECT ? object->child : NULL;

    while (member && member->type == JSON_NULL)
        member = member->next;
    return member;
}

static const struct json *follow(const struct json *from, const char *path, enum spelling spelling, struct arena *arena)
{
    struct segment segment;

    while (from && path_next(&path, &segment)) {
        if (segment.length == 1 && *segment.name == '*') {
            from = member_there(from);
            continue;
        }
        from = decode_member(from, arena_strndup(arena, segment.name, segment.length), spelling);
        if (segment.is_list)
            return follow_list(from, path, spelling, arena);
    }
    return from;
}

/* Its name as the table has it; one that is not in there as it is, and "none" where there is none: both are another than any of ours. */
static const struct json *variant_name(const struct field *field, const struct json *member, enum spelling spelling, struct arena *arena)
{
    struct json *name = ARENA_NEW(arena, struct json);
    char camel[NAME_BYTES_MAX];

    *name = (struct json){ .type = JSON_STRING, .text = member ? member->key : "none" };
    for (size_t i = 0; member && field->names[i]; i++)
        if (spelling == SPELLING_EITHER && text_equal(member->key, camel_case(field->names[i], camel)))
            name->text = field->names[i];
    return name;
}

/* A list of objects as a map of one text of each to the other; as it is, when it says more or less than such a map. */
static const struct json *pairs_of(const struct field *field, const struct json *list, enum spelling spelling, struct arena *arena)
{
    struct json *map = ARENA_NEW(arena, struct json), **tail = &map->child;

    map->type = JSON_OBJECT;
    for (const struct json *item = list && list->type == JSON_ARRAY ? list->child : NULL; item; item = item->next) {
        const struct json *key = decode_member(item, field->names[0], spelling), *text = decode_member(item, field->names[1], spelling);
        struct json *entry = ARENA_NEW(arena, struct json);

        if (item->type == JSON_NULL)
            continue;
        if (!key || key->type != JSON_STRING || (text && text->type != JSON_STRING && text->type != JSON_NULL) || json_get(map, key->text))
            return list;
        *entry = (struct json){ .type = JSON_STRING, .key = key->text, .text = text && text->type == JSON_STRING ? text->text : "" };
        *tail = entry;
        tail = &entry->next;
    }
    return list && list->type == JSON_ARRAY ? map : list;
}

static const struct json *follow_first(const struct json *object, const char *paths, enum spelling spelling, struct arena *arena)
{
    const struct json *value = NULL;

    while (*paths && (!value || value->type == JSON_NULL)) {
        size_t length = strcspn(paths, "|");

        value = follow(object, arena_strndup(arena, paths, length), spelling, arena);
        paths += length + (paths[length] == '|');
    }
    return value;
}

static const struct json *read_field(const struct field *field, const struct json *object, enum spelling spelling, struct arena *arena)
{
    const struct json *value = follow_first(object, field->read ? field->read : field->wire, spelling, arena);

    if (field->type == FIELD_VARIANT)
        return variant_name(field, value, spelling, arena);
    return field->type == FIELD_PAIRS ? pairs_of(field, value, spelling, arena) : value;
}

void decode_spec(const struct kind *kind, const struct json *object, enum spelling spelling, struct arena *arena, struct spec *ret)
{
    struct spec spec = { .secret = NULL };

    for (size_t i = 0; i < kind->fields_count; i++) {
        const struct field *field = &kind->fields[i];

        if (field->flags & FIELD_WRITE_ONLY)
            continue;
        const struct json *shown = read_field(field, object, spelling, arena);
        spec.value[i] = value_canonical(field, shown, arena);
        spec.left_out |= shown ? 0 : 1u << i;
    }
    *ret = spec;
}

size_t decode_parent_field(const struct kind *kind)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if (kind->fields[i].flags & FIELD_IN_PATH)
            return i;
    return kind->fields_count;
}
