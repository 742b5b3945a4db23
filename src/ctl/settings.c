/* Settings in a manifest: a map whose keys are rows of settings.def, as the JSON document that the column takes. What a value may hold
 * beyond its type is for the database to say, which every application meets too. */
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>
#include <trunkd/yaml.h>

#include "manifest.h"
#include "settings.h"

#define DOCUMENT_BYTES_MAX (1u << 20)
#define WORDS_MAX 8

const struct setting settings[] = {
#define SETTING(document, key, manifest, type, least, most, words, what) { #document, #key, #manifest, SETTING_##type, least, most, words, what },
#include <trunkd/settings.def>
#undef SETTING
};
const size_t setting_count = ARRAY_SIZE(settings);

static const struct setting *setting_find(const char *document, const char *manifest)
{
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        if (text_equal(settings[i].document, document) && text_equal(settings[i].manifest, manifest))
            return &settings[i];
    return NULL;
}

static const char *read_one_of(struct manifest *m, const char *file, const struct yaml *node, const struct setting *setting)
{
    char copy[128], *save = NULL;
    const char *words[WORDS_MAX + 1] = { NULL };
    size_t count = 0;

    snprintf(copy, sizeof copy, "%s", setting->words);
    for (char *word = strtok_r(copy, " ", &save); word && count < WORDS_MAX; word = strtok_r(NULL, " ", &save))
        words[count++] = word;
    return manifest_word(m, file, node, &(struct manifest_field){ .key = setting->manifest, .words = words });
}

static void read_texts(struct manifest *m, const char *file, const struct yaml *node, const struct setting *setting, struct buf *to)
{
    bool map = setting->type == SETTING_MAP;
    const char *text;

    if (node->type != (map ? YAML_MAP : YAML_LIST)) {
        manifest_error(m, &(struct place){ .file = file, .line = node->line, .column = node->column },
                       map ? "%s is a map of texts, such as {X-Name: value}" : "%s is a list of texts, such as [\"value\"]", setting->manifest);
        return;
    }
    json_key(to, setting->key);
    json_open(to, map ? '{' : '[');
    for (const struct yaml *child = node->child; child; child = child->next) {
        text = manifest_text(m, file, child, map ? child->key->text : setting->manifest);
        if (text && map)
            json_key_text(to, child->key->text, text);
        else if (text)
            json_text(to, text);
    }
    json_close(to, map ? '}' : ']');
}

static void read_document(struct manifest *m, const char *file, const struct yaml *node, const char *key, const char *document, struct buf *to);

static void read_documents(struct manifest *m, const char *file, const struct yaml *node, const struct setting *setting, struct buf *to)
{
    if (node->type != YAML_LIST) {
        manifest_error(m, &(struct place){ .file = file, .line = node->line, .column = node->column }, "%s is a list of maps", setting->manifest);
        return;
    }
    json_key(to, setting->key);
    json_open(to, '[');
    for (const struct yaml *child = node->child; child; child = child->next)
        read_document(m, file, child, setting->manifest, setting->words, to);
    json_close(to, ']');
}

static void read_setting(struct manifest *m, const char *file, const struct yaml *node, const struct setting *setting, struct buf *to)
{
    const struct manifest_field field = { .key = setting->manifest, .min = setting->least, .max = setting->most };
    const char *value = NULL;

    switch (setting->type) {
    case SETTING_TEXT:
        value = *setting->words ? read_one_of(m, file, node, setting) : manifest_text(m, file, node, setting->manifest);
        if (value)
            json_key_text(to, setting->key, value);
        return;
    case SETTING_BOOL:
        value = manifest_bool(m, file, node, setting->manifest);
        break;
    case SETTING_INT:
        value = manifest_int(m, file, node, &field);
        break;
    case SETTING_SECRET:
        value = manifest_secret(m, file, node, setting->manifest, SECRET_SIP);
        if (value)
            json_key_text(to, setting->key, value);
        return;
    case SETTING_LIST:
    case SETTING_MAP:
        read_texts(m, file, node, setting, to);
        return;
    case SETTING_DOCUMENTS:
        read_documents(m, file, node, setting, to);
        return;
    }
    if (value)
        json_key_raw(to, setting->key, value);
}

static void read_document(struct manifest *m, const char *file, const struct yaml *node, const char *key, const char *document, struct buf *to)
{
    const char *known[ARRAY_SIZE(settings) + 1] = { NULL };
    size_t count = 0;

    if (node->type != YAML_MAP) {
        manifest_error(m, &(struct place){ .file = file, .line = node->line, .column = node->column }, "%s is a map of settings", key);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
        if (text_equal(settings[i].document, document))
            known[count++] = settings[i].manifest;
    manifest_refuse_unknown(m, file, node, key, known);
    json_open(to, '{');
    for (const struct yaml *child = node->child; child; child = child->next) {
        const struct setting *setting = setting_find(document, child->key->text);
        if (setting && yaml_plain(child) != YAML_MEANS_NULL)
            read_setting(m, file, child, setting, to);
    }
    json_close(to, '}');
}

const char *settings_read(struct manifest *m, const char *file, const struct yaml *node, const struct manifest_field *field)
{
    struct buf json;

    buf_init(&json, DOCUMENT_BYTES_MAX);
    read_document(m, file, node, field->key, field->column, &json);
    const char *text = json.length ? arena_strdup(&m->arena, json.data) : NULL;
    buf_release(&json);
    return text;
}
