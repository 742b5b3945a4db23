/* One YAML document becomes one object, led by the table of its kind. Whatever is wrong is said; nothing is guessed. */
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>
#include <trunkd/yaml.h>

#include "manifest.h"

#define NAMES_KNOWN_MAX 32

static struct place place_of(const char *file, const struct yaml *node)
{
    return (struct place){ .file = file, .line = node->line, .column = node->column };
}

#define ERROR_AT(node, ...) manifest_error(m, &(struct place){ .file = file, .line = (node)->line, .column = (node)->column }, __VA_ARGS__)

static void refuse_key(struct manifest *m, const char *file, const struct yaml *key, const char *where, const char *const *known)
{
    const char *near = text_nearest(key->text, known);

    if (near)
        ERROR_AT(key, "%s has no key \"%s\"; did you mean \"%s\"?", where, key->text, near);
    else
        ERROR_AT(key, "%s has no key \"%s\"", where, key->text);
}

void manifest_refuse_unknown(struct manifest *m, const char *file, const struct yaml *map, const char *where, const char *const *known)
{
    for (const struct yaml *child = map->child; child; child = child->next) {
        size_t i = 0;

        while (known[i] && strcmp(known[i], child->key->text) != 0)
            i++;
        if (!known[i])
            refuse_key(m, file, child->key, where, known);
    }
}

/* ---- values */

static bool is_absent(const struct yaml *node)
{
    return !node || yaml_plain(node) == YAML_MEANS_NULL;
}

const char *manifest_text(struct manifest *m, const char *file, const struct yaml *node, const char *key)
{
    const char *text = NULL, *fault = yaml_text(&m->arena, node, key, &text);

    if (fault)
        ERROR_AT(node, "%s", fault);
    return text;
}

static const char *read_number(struct manifest *m, const char *file, const struct yaml *node, const char *key)
{
    const char *text = node->text;

    if (node->type != YAML_TEXT) {
        ERROR_AT(node, "%s is a phone number such as \"+14155551234\", not a %s", key, node->type == YAML_LIST ? "list" : "map");
        return NULL;
    }
    if (!text_is_e164(text)) {
        ERROR_AT(node, "%s is a phone number in E.164 (\"+\", country code and number, digits only, such as \"+14155551234\"), not \"%s\"", key, text);
        return NULL;
    }
    if (!node->quoted) {
        ERROR_AT(node, "a phone number stands in quotes, because YAML reads %s as an integer: write \"%s\"", text, text);
        return NULL;
    }
    return text;
}

static const char *read_name(struct manifest *m, const char *file, const struct yaml *node, const char *key)
{
    const char *text = manifest_text(m, file, node, key);

    if (text && !*text) {
        ERROR_AT(node, "%s is empty: give it a value; a key that is not needed can be left out", key);
        return NULL;
    }
    return text;
}

const char *manifest_bool(struct manifest *m, const char *file, const struct yaml *node, const char *key)
{
    if (node->type == YAML_TEXT && !node->quoted && (text_equal(node->text, "true") || text_equal(node->text, "false")))
        return node->text;
    if (node->type == YAML_TEXT)
        ERROR_AT(node, node->quoted ? "%s is true or false, and \"%s\" in quotes is a text: write it without" : "%s is true or false, not %s", key, node->text);
    else
        ERROR_AT(node, "%s is true or false, not a %s", key, node->type == YAML_LIST ? "list" : "map");
    return NULL;
}

const char *manifest_int(struct manifest *m, const char *file, const struct yaml *node, const struct manifest_field *field)
{
    int64_t value;

    /* Digits only: YAML reads 010 as eight and 1_0 as ten, people differ. */
    if (node->type == YAML_TEXT && !node->quoted && text_to_int(node->text, field->min, field->max, &value) &&
        node->text[strspn(node->text, "0123456789")] == '\0' && (node->text[0] != '0' || node->text[1] == '\0'))
        return node->text;
    ERROR_AT(node, "%s is a number from %lld to %lld%s", field->key, (long long)field->min, (long long)field->max,
             node->type == YAML_TEXT && node->quoted ? ", without quotes" : "");
    return NULL;
}

const char *manifest_word(struct manifest *m, const char *file, const struct yaml *node, const struct manifest_field *field)
{
    const char *text = manifest_text(m, file, node, field->key);
    char words[128] = "";
    size_t used = 0;

    if (!text)
        return NULL;
    for (size_t i = 0; field->words[i]; i++) {
        if (text_equal(field->words[i], text))
            return text;
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i == 0 ? "" : " or ", field->words[i]);
        if (used >= sizeof words)
            break;
    }
    ERROR_AT(node, "%s is %s, not \"%s\"", field->key, words, text);
    return NULL;
}

const char *const secret_prefixes[SECRET_MAX_][SECRET_PREFIXES] = {
    [SECRET_ACCOUNT] = { "file:account/", "env:TRUNKD_ACCOUNT_", "sealed:" },
    [SECRET_SIP]     = { "file:sip/",     "env:TRUNKD_SIP_",     "sealed:" },
};

const char *manifest_secret(struct manifest *m, const char *file, const struct yaml *node, const char *key, enum secret_space space)
{
    const char *const *prefix = secret_prefixes[space];

    for (size_t i = 0; i < SECRET_PREFIXES; i++)
        if (node->type == YAML_TEXT && text_starts(node->text, prefix[i]) && node->text[strlen(prefix[i])])
            return node->text;
    ERROR_AT(node, "%s says where the secret is, not the secret itself: %sNAME, %sNAME, or what trunkctl seal prints", key, prefix[0], prefix[1]);
    return NULL;
}

static void read_numbers(struct manifest *m, const char *file, const struct yaml *node, const char *key, struct object *object)
{
    size_t count = 0;

    if (node->type != YAML_LIST) {
        ERROR_AT(node, "%s is a list of phone numbers, such as [\"+14155551234\"]", key);
        return;
    }
    for (const struct yaml *child = node->child; child; child = child->next)
        count++;
    object->has_numbers = true;
    object->numbers = ARENA_ARRAY(&m->arena, const char *, count + 1);
    object->number_places = ARENA_ARRAY(&m->arena, struct place, count + 1);
    for (const struct yaml *child = node->child; child; child = child->next) {
        const char *text = read_number(m, file, child, "an item of phoneNumbers");

        if (!text)
            continue;
        object->number_places[object->number_count] = place_of(file, child);
        object->numbers[object->number_count++] = text;
    }
}

/* ---- parts of a document */

static const char *read_value(struct manifest *m, const char *file, const struct yaml *node, const struct manifest_field *field)
{
    switch (field->type) {
    case FIELD_TEXT:    return manifest_text(m, file, node, field->key);
    case FIELD_NAME:    return read_name(m, file, node, field->key);
    case FIELD_WORD:    return manifest_word(m, file, node, field);
    case FIELD_BOOL:    return manifest_bool(m, file, node, field->key);
    case FIELD_INT:     return manifest_int(m, file, node, field);
    case FIELD_SECRET:  return manifest_secret(m, file, node, field->key, SECRET_ACCOUNT);
    case FIELD_DOCUMENT: return settings_read(m, file, node, field);
    case FIELD_NUMBERS: break;
    }
    return NULL;
}

static void read_spec(struct manifest *m, const char *file, const struct yaml *document, const struct yaml *spec, struct object *object)
{
    const struct manifest_table *table = &manifest_tables[object->kind];
    const char *known[MANIFEST_FIELDS_MAX + 1] = { NULL };
    char where[64];

    snprintf(where, sizeof where, "the spec of %s %s", strchr("AEIOU", table->kind[0]) ? "an" : "a", table->kind);
    for (size_t i = 0; i < table->field_count; i++)
        known[i] = table->fields[i].key;
    if (spec && spec->type != YAML_MAP && !is_absent(spec)) {
        ERROR_AT(spec, "spec is a map of keys and values");
        return;
    }
    object->spec = spec;
    if (spec)
        manifest_refuse_unknown(m, file, spec, where, known);
    for (size_t i = 0; i < table->field_count; i++) {
        const struct manifest_field *field = &table->fields[i];
        const struct yaml *node = yaml_get(spec, field->key);

        object->places[i] = place_of(file, node ? node : document);
        if (is_absent(node)) {
            if (field->required)
                ERROR_AT(node ? node : spec && spec->key ? spec->key : document, "%s needs the key \"%s\"", where, field->key);
        } else if (field->type == FIELD_NUMBERS) {
            read_numbers(m, file, node, field->key, object);
        } else {
            object->values[i] = read_value(m, file, node, field);
        }
    }
}

static const char *read_labels(struct manifest *m, const char *file, const struct yaml *labels)
{
    struct buf json;
    const char *text;

    if (is_absent(labels))
        return "{}";
    if (labels->type != YAML_MAP) {
        ERROR_AT(labels, "labels is a map of texts, such as {team: support}");
        return "{}";
    }
    buf_init(&json, 65536);
    json_open(&json, '{');
    for (const struct yaml *child = labels->child; child; child = child->next)
        if ((text = manifest_text(m, file, child, arena_printf(&m->arena, "the label %s", child->key->text))))
            json_key_text(&json, child->key->text, text);
    json_close(&json, '}');
    if (!buf_ok(&json))
        ERROR_AT(labels, "the labels of one object are larger than 64 kB");
    text = arena_strdup(&m->arena, json.data);
    buf_release(&json);
    return text;
}

static void read_metadata(struct manifest *m, const char *file, const struct yaml *document, struct object *object)
{
    static const char *const known[] = { "name", "labels", NULL };
    const struct yaml *metadata = yaml_get(document, "metadata");
    const struct yaml *name = yaml_get(metadata, "name"), *labels = yaml_get(metadata, "labels");

    object->labels = "{}";
    object->name_at = object->labels_at = object->at;
    if (metadata && metadata->type != YAML_MAP) {
        ERROR_AT(metadata, "metadata is a map with name and labels");
        return;
    }
    if (metadata)
        manifest_refuse_unknown(m, file, metadata, "metadata", known);
    if (is_absent(name))
        ERROR_AT(metadata ? metadata->key : document, "metadata needs the key \"name\"");
    else if (manifest_tables[object->kind].name_is_number)
        object->name = read_number(m, file, name, "the name of a PhoneNumber");
    else
        object->name = read_name(m, file, name, "name");
    object->labels = read_labels(m, file, labels);
    if (name)
        object->name_at = place_of(file, name);
    if (labels)
        object->labels_at = place_of(file, labels->key);
}

static bool read_kind(struct manifest *m, const char *file, const struct yaml *document, enum manifest_kind *ret)
{
    const char *known[MANIFEST_MAX_ + 1] = { NULL };
    const struct yaml *kind = yaml_get(document, "kind");
    const char *near;

    for (size_t i = 0; i < MANIFEST_MAX_; i++)
        known[i] = manifest_tables[i].kind;
    if (is_absent(kind) || kind->type != YAML_TEXT) {
        ERROR_AT(kind ? kind : document, "a document needs the key \"kind\": Agent, PhoneNumber, Trunk, TwilioAccount or LiveKitProject");
        return false;
    }
    for (size_t i = 0; i < MANIFEST_MAX_; i++)
        if (text_equal(known[i], kind->text)) {
            *ret = (enum manifest_kind)i;
            return true;
        }
    near = text_nearest(kind->text, known);
    if (near)
        ERROR_AT(kind, "there is no kind \"%s\"; did you mean \"%s\"?", kind->text, near);
    else
        ERROR_AT(kind, "there is no kind \"%s\": it is Agent, PhoneNumber, Trunk, TwilioAccount or LiveKitProject", kind->text);
    return false;
}

static void read_version(struct manifest *m, const char *file, const struct yaml *document)
{
    const struct yaml *version = yaml_get(document, "apiVersion");

    if (is_absent(version) || version->type != YAML_TEXT)
        ERROR_AT(version ? version : document, "a document needs the line \"apiVersion: " API_VERSION "\"");
    else if (!text_equal(version->text, API_VERSION))
        ERROR_AT(version, "this trunkctl knows apiVersion " API_VERSION ", not \"%s\"", version->text);
}

static void object_add(struct manifest *m, struct object *object)
{
    if (m->count == m->count_max) {
        m->count_max = m->count_max ? m->count_max * 2 : 64;
        m->objects = must_realloc(m->objects, m->count_max * sizeof(struct object *));
    }
    object->order = m->count;
    m->objects[m->count++] = object;
}

static void read_document(struct manifest *m, const char *file, const struct yaml *document)
{
    static const char *const known[] = { "apiVersion", "kind", "metadata", "spec", NULL };
    struct object *object = ARENA_NEW(&m->arena, struct object);

    if (document->type != YAML_MAP) {
        ERROR_AT(document, "a document is a map with apiVersion, kind, metadata and spec");
        return;
    }
    manifest_refuse_unknown(m, file, document, "a document", known);
    read_version(m, file, document);
    if (!read_kind(m, file, document, &object->kind))
        return;
    object->at = place_of(file, document);
    read_metadata(m, file, document, object);
    read_spec(m, file, document, yaml_get(document, "spec"), object);
    if (object->name)
        object_add(m, object);
}

struct origin { struct manifest *manifest; const char *file; };

static void complain(void *userdata, size_t line, size_t column, const char *sentence)
{
    const struct origin *c = userdata;

    manifest_error(c->manifest, &(struct place){ .file = c->file, .line = line, .column = column }, "%s", sentence);
}

void manifest_read(struct manifest *m, const char *file, const char *text, size_t bytes)
{
    struct origin c = { .manifest = m, .file = file };

    for (const struct yaml *document = yaml_read(&m->arena, text, bytes, MANIFEST_DOCUMENTS_MAX, complain, &c); document; document = document->next)
        read_document(m, file, document);
}
