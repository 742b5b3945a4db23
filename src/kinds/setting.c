/* Settings: documents of rows into canonical values of fields. */
#include "setting.h"

#include <string.h>

#include <trunkd/json.h>
#include <trunkd/text.h>

#include "value.h"

const char encryption_read[] = "media.encryption|media_encryption";
const char *const encryption_names[] = { "SIP_MEDIA_ENCRYPT_DISABLE", "SIP_MEDIA_ENCRYPT_ALLOW", "SIP_MEDIA_ENCRYPT_REQUIRE", NULL };
const char *const encryption_words[] = { "disable", "allow", "require", NULL };
const char *const include_names[] = { "SIP_NO_HEADERS", "SIP_X_HEADERS", "SIP_ALL_HEADERS", NULL };
const char *const include_words[] = { "none", "x", "all", NULL };

/* Most documents are empty, and a plan reads them again and again. NULL: there is nothing in it. */
static const struct json *read(const char *document, struct arena *arena)
{
    const struct json *parsed = NULL;

    if (!document || text_equal(document, "{}") || !json_parse(arena, document, strlen(document), &parsed, NULL))
        return NULL;
    return parsed;
}

static const struct json *as_name(const struct field *field, const struct setting *setting, const struct json *value, struct arena *arena)
{
    struct json *name = ARENA_NEW(arena, struct json);

    *name = *value;
    for (size_t i = 0; setting->words[i]; i++)
        if (text_equal(setting->words[i], value->text))
            name->text = field->names[i];
    return name;
}

static const struct json *as_duration(const struct json *value, struct arena *arena)
{
    struct json *duration = ARENA_NEW(arena, struct json);

    *duration = (struct json){ .type = JSON_STRING, .text = arena_printf(arena, "%ss", value->text) };
    return duration;
}

void settings_password(const struct scene *scene, const char *document, size_t field, struct arena *arena, struct wanted *wanted)
{
    const struct resource *row = scene_find(scene, wanted->kind->id, wanted->slot);
    const char *reference = json_member(read(document, arena), "auth_password");

    if (!reference)
        return;
    wanted->refers = true;
    wanted->spec.secret = reference;
    wanted->spec.secret_place = arena_printf(arena, "sip/%s", scene->owner);
    if (!row || !text_equal(row->secret, reference))
        return;
    wanted->spec.value[field] = row->secret_version;
    if (!row->secret_version)
        wanted->lacks = row->message;
}

void settings_take(const struct kind *kind, const struct setting *settings, size_t count, const char *document, struct arena *arena,
                   struct spec *spec)
{
    const struct json *parsed = read(document, arena);

    for (size_t i = 0; parsed && i < count; i++) {
        const struct setting *setting = &settings[i];
        const struct field *field = &kind->fields[setting->field];
        const struct json *value = json_get(parsed, setting->key);

        if (value && value->text && setting->words)
            value = as_name(field, setting, value, arena);
        else if (value && value->text && field->type == FIELD_DURATION)
            value = as_duration(value, arena);
        spec->value[setting->field] = value_canonical(field, value, arena);
    }
}

bool setting_is_on(const char *document, const char *key, struct arena *arena)
{
    const struct json *parsed = NULL;

    return document && json_parse(arena, document, strlen(document), &parsed, NULL) && text_equal(json_member(parsed, key), "true");
}

const struct json *setting_documents(const char *document, const char *key, struct arena *arena)
{
    const struct json *list = json_get(read(document, arena), key);

    return list && list->type == JSON_ARRAY ? list->child : NULL;
}

const char *setting_int(const struct json *document, const struct field *field, const char *standard, struct arena *arena)
{
    const struct json *value = json_get(document, field->name);

    return value ? value_canonical(field, value, arena) : standard;
}
