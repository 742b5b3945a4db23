/* Specs as a whole: written to and read from the ledger, copied, compared. Everything is drawn from the field table. */
#include <trunkd/kind.h>

#include <assert.h>
#include <string.h>

#include <trunkd/json.h>
#include <trunkd/text.h>

#include "kinds.h"
#include "value.h"

/* Whether a canonical text can stand in a JSON document as it is. What a provider sent in an unknown shape may not. */
static bool is_bare(const struct field *field, const char *value)
{
    int64_t number;

    switch (field->type) {
    case FIELD_BOOL:
        return strcmp(value, "true") == 0;
    case FIELD_INT:
        return text_to_int(value, INT64_MIN, INT64_MAX, &number);
    case FIELD_SET:
        return *value == '[';
    case FIELD_MAP:
    case FIELD_PAIRS:
        return *value == '{';
    case FIELD_TEXT:
    case FIELD_DURATION:
    case FIELD_ENUM:
    case FIELD_SECRET:
    case FIELD_VARIANT:
        return false;
    }
    assert(!"a field type that is written nowhere");
    return false;
}

void spec_write(const struct kind *kind, const struct spec *spec, struct buf *to)
{
    json_open(to, '{');
    for (size_t i = 0; i < kind->fields_count; i++) {
        const char *value = spec->value[i];

        if (!value)
            continue;
        if (is_bare(&kind->fields[i], value))
            json_key_raw(to, kind->fields[i].name, value);
        else
            json_key_text(to, kind->fields[i].name, value);
    }
    json_close(to, '}');
}

void spec_read(const struct kind *kind, const struct json *document, struct arena *arena, struct spec *ret)
{
    struct spec spec = { .secret = NULL };

    for (size_t i = 0; i < kind->fields_count; i++)
        spec.value[i] = arena_strdup(arena, value_canonical(&kind->fields[i], json_get(document, kind->fields[i].name), arena));
    *ret = spec;
}

void spec_copy(const struct kind *kind, const struct spec *from, struct arena *arena, struct spec *ret)
{
    struct spec spec = { .secret = arena_strdup(arena, from->secret), .secret_place = arena_strdup(arena, from->secret_place),
                         .left_out = from->left_out };

    for (size_t i = 0; i < kind->fields_count; i++)
        spec.value[i] = arena_strdup(arena, from->value[i]);
    *ret = spec;
}

size_t spec_differs(const struct kind *kind, const struct spec *a, const struct spec *b, size_t from)
{
    while (from < kind->fields_count && ((kind->fields[from].flags & FIELD_SHOWN) || text_equal(a->value[from], b->value[from])))
        from++;
    return from < kind->fields_count ? from : kind->fields_count;
}

bool spec_equal(const struct kind *kind, const struct spec *a, const struct spec *b)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if (!text_equal(a->value[i], b->value[i]))
            return false;
    return true;
}

const char *spec_missing(const struct kind *kind, const struct spec *spec)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if ((kind->fields[i].flags & FIELD_REF) && !spec->value[i])
            return kind->fields[i].name;
    return NULL;
}

/* A provider may or may not show a password: LiveKit's server does, its cloud is not known to. What is not shown is not a change. */
static bool is_shown(const struct kind *kind, size_t i, const struct spec *found)
{
    if ((kind->fields[i].flags & FIELD_WRITE_ONLY) || (found->left_out & (1u << i)))
        return false;
    return kind->fields[i].type != FIELD_SECRET || found->value[i];
}

void spec_observe(const struct kind *kind, const struct spec *found, const struct spec *sent, struct arena *arena, struct spec *ret)
{
    struct spec spec = *found;

    spec.left_out = 0;
    spec.secret = sent ? sent->secret : NULL;
    spec.secret_place = sent ? sent->secret_place : NULL;
    for (size_t i = 0; i < kind->fields_count; i++)
        if (!is_shown(kind, i, found))
            spec.value[i] = sent ? sent->value[i] : NULL;
    spec_copy(kind, &spec, arena, ret);
}

const char *spec_value(const struct kind *kind, const struct spec *spec, const char *name)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if (strcmp(kind->fields[i].name, name) == 0)
            return spec->value[i];
    assert(!"a kind asks another for a field that it does not have");
    return NULL;
}
