/* Answers, read by the field table. Whatever a provider sends becomes a canonical value or a difference, never an error: only an
 * object without an id is unusable, and that is for the provider's own file to say. */
#include "decode.h"

#include <assert.h>
#include <string.h>

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

static const struct json *follow(const struct json *from, const char *path, enum spelling spelling, struct arena *arena)
{
    struct segment segment;

    while (from && path_next(&path, &segment)) {
        from = decode_member(from, arena_strndup(arena, segment.name, segment.length), spelling);
        if (segment.is_list)
            return follow_list(from, path, spelling, arena);
    }
    return from;
}

void decode_spec(const struct kind *kind, const struct json *object, enum spelling spelling, struct arena *arena, struct spec *ret)
{
    struct spec spec = { .secret = NULL };

    for (size_t i = 0; i < kind->fields_count; i++) {
        const struct field *field = &kind->fields[i];

        if (!(field->flags & FIELD_WRITE_ONLY))
            spec.value[i] = value_canonical(field, follow(object, field->read ? field->read : field->wire, spelling, arena), arena);
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
