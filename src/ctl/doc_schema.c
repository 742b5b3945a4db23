/* The JSON Schema of a manifest's document. It takes what manifest_read.c takes, as far as a schema can say it: a key without a value is
 * a key that is not written, so whatever may be left out may be null. What the database checks besides is not repeated here. */
#include "doc.h"

#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "manifest.h"
#include "settings.h"

#define E164 "^\\+[1-9][0-9]{1,14}$"

/* ---- pieces */

static void key_open(struct buf *to, const char *key)
{
    json_key(to, key);
    json_open(to, '{');
}

static void write_type(struct buf *to, const char *type, bool may_be_null)
{
    if (!may_be_null) {
        json_key_text(to, "type", type);
        return;
    }
    json_key(to, "type");
    json_open(to, '[');
    json_text(to, type);
    json_text(to, "null");
    json_close(to, ']');
}

static void write_reference(struct buf *to, enum secret_space space)
{
    json_key(to, "pattern");
    char pattern[160] = "^(";
    size_t used = strlen(pattern);

    for (size_t i = 0; i < SECRET_PREFIXES; i++)
        used += (size_t)snprintf(pattern + used, sizeof pattern - used, "%s%s", i == 0 ? "" : "|", secret_prefixes[space][i]);
    snprintf(pattern + used, sizeof pattern - used, ").");
    json_text(to, pattern);
}

/* The words of an enumeration, which null may be one of; its type is then said by its values. */
static void enum_open(struct buf *to)
{
    json_key(to, "enum");
    json_open(to, '[');
}

static void enum_close(struct buf *to, bool may_be_null)
{
    if (may_be_null)
        json_raw(to, "null");
    json_close(to, ']');
}

static void write_list(struct buf *to, const char *definition)
{
    key_open(to, "items");
    json_key_text(to, "$ref", definition);
    json_close(to, '}');
}

static void write_texts(struct buf *to, const char *key)
{
    key_open(to, key);
    json_key_text(to, "type", "string");
    json_close(to, '}');
}

static void write_document_reference(struct buf *to, const char *document)
{
    char path[96];

    snprintf(path, sizeof path, "#/$defs/%s", document);
    json_key_text(to, "$ref", path);
}

static void write_range(struct buf *to, const char *least_key, int64_t least, const char *most_key, int64_t most)
{
    if (least >= 0)
        json_key_int(to, least_key, least);
    if (most >= 0)
        json_key_int(to, most_key, most);
}

/* ---- settings */

static void write_words(struct buf *to, const char *words)
{
    enum_open(to);
    for (const char *word = words; *word; word += strspn(word, " ")) {
        json_text_n(to, word, strcspn(word, " "));
        word += strcspn(word, " ");
    }
    enum_close(to, /* may_be_null= */ true);
}

static void write_items(struct buf *to, const struct setting *setting)
{
    char path[96];

    snprintf(path, sizeof path, "#/$defs/%s", setting->words);
    write_type(to, "array", /* may_be_null= */ true);
    write_list(to, path);
    write_range(to, "minItems", setting->least, "maxItems", setting->most);
}

static void write_setting(struct buf *to, const struct setting *setting)
{
    key_open(to, setting->manifest);
    json_key_text(to, "description", setting->what);
    switch (setting->type) {
    case SETTING_TEXT:
        if (*setting->words) {
            write_words(to, setting->words);
        } else {
            write_type(to, "string", true);
            write_range(to, "minLength", setting->least, "maxLength", setting->most);
        }
        break;
    case SETTING_BOOL:
        write_type(to, "boolean", true);
        break;
    case SETTING_INT:
        write_type(to, "integer", true);
        write_range(to, "minimum", setting->least, "maximum", setting->most);
        break;
    case SETTING_LIST:
        write_type(to, "array", true);
        write_texts(to, "items");
        write_range(to, "minItems", setting->least, "maxItems", setting->most);
        break;
    case SETTING_MAP:
        write_type(to, "object", true);
        write_texts(to, "additionalProperties");
        write_range(to, "minProperties", setting->least, "maxProperties", setting->most);
        break;
    case SETTING_DOCUMENTS:
        write_items(to, setting);
        break;
    case SETTING_SECRET:
        write_type(to, "string", true);
        write_reference(to, SECRET_SIP);
        break;
    }
    json_close(to, '}');
}

/* A document is a run of rows in the table of settings. */
static void write_documents(struct buf *to)
{
    for (size_t i = 0; i < setting_count;) {
        const char *document = settings[i].document;

        key_open(to, document);
        write_type(to, "object", /* may_be_null= */ true);
        json_key_bool(to, "additionalProperties", false);
        key_open(to, "properties");
        for (; i < setting_count && text_equal(settings[i].document, document); i++)
            write_setting(to, &settings[i]);
        json_close(to, '}');
        json_close(to, '}');
    }
}

/* ---- fields */

static void write_field(struct buf *to, const struct manifest_field *field)
{
    bool may_be_null = !field->required;

    key_open(to, field->key);
    json_key_text(to, "description", field->what);
    switch (field->type) {
    case FIELD_TEXT:
        write_type(to, "string", may_be_null);
        break;
    case FIELD_NAME:
        write_type(to, "string", may_be_null);
        json_key_int(to, "minLength", 1);
        break;
    case FIELD_WORD:
        enum_open(to);
        for (size_t i = 0; field->words[i]; i++)
            json_text(to, field->words[i]);
        enum_close(to, may_be_null);
        break;
    case FIELD_BOOL:
        write_type(to, "boolean", may_be_null);
        break;
    case FIELD_INT:
        write_type(to, "integer", may_be_null);
        write_range(to, "minimum", field->min, "maximum", field->max);
        break;
    case FIELD_SECRET:
        write_type(to, "string", may_be_null);
        write_reference(to, SECRET_ACCOUNT);
        break;
    case FIELD_NUMBERS:
        write_type(to, "array", may_be_null);
        write_list(to, "#/$defs/number");
        break;
    case FIELD_DOCUMENT:
        write_document_reference(to, field->column);
        break;
    }
    json_close(to, '}');
}

static bool has_required(const struct manifest_table *table)
{
    for (size_t i = 0; i < table->field_count; i++)
        if (table->fields[i].required)
            return true;
    return false;
}

/* The spec of one kind. */
static void write_spec(struct buf *to, const struct manifest_table *table)
{
    key_open(to, table->kind);
    write_type(to, "object", /* may_be_null= */ !has_required(table));
    json_key_bool(to, "additionalProperties", false);
    json_key(to, "required");
    json_open(to, '[');
    for (size_t i = 0; i < table->field_count; i++)
        if (table->fields[i].required)
            json_text(to, table->fields[i].key);
    json_close(to, ']');
    key_open(to, "properties");
    for (size_t i = 0; i < table->field_count; i++)
        write_field(to, &table->fields[i]);
    json_close(to, '}');
    json_close(to, '}');
}

static void write_number(struct buf *to)
{
    key_open(to, "number");
    json_key_text(to, "description", "A phone number in E.164, in quotes: \"+\", country code and number, digits only.");
    json_key_text(to, "type", "string");
    json_key_text(to, "pattern", E164);
    json_close(to, '}');
}

/* ---- the document */

/* What follows from the kind: the spec, and how the object is named. */
static void write_kind(struct buf *to, const struct manifest_table *table)
{
    json_open(to, '{');
    key_open(to, "if");
    json_key_raw(to, "required", "[\"kind\"]");
    key_open(to, "properties");
    key_open(to, "kind");
    json_key_text(to, "const", table->kind);
    json_close(to, '}');
    json_close(to, '}');
    json_close(to, '}');
    key_open(to, "then");
    key_open(to, "properties");
    key_open(to, "spec");
    write_document_reference(to, table->kind);
    json_close(to, '}');
    if (table->name_is_number)
        json_key_raw(to, "metadata", "{\"properties\":{\"name\":{\"$ref\":\"#/$defs/number\"}}}");
    json_close(to, '}');
    if (has_required(table))
        json_key_raw(to, "required", "[\"spec\"]");
    json_close(to, '}');
    json_close(to, '}');
}

/* What every document has; spec is for the kind to say. */
static void write_envelope(struct buf *to)
{
    key_open(to, "properties");
    json_key_raw(to, "apiVersion", "{\"description\":\"Always " API_VERSION ".\",\"const\":\"" API_VERSION "\"}");
    key_open(to, "kind");
    json_key_text(to, "description", "What the document is about.");
    enum_open(to);
    for (size_t i = 0; i < MANIFEST_MAX_; i++)
        json_text(to, manifest_tables[i].kind);
    enum_close(to, /* may_be_null= */ false);
    json_close(to, '}');
    json_key_raw(to, "metadata", "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],\"properties\":{"
                 "\"name\":{\"description\":\"The object's name; of a PhoneNumber the number itself.\",\"type\":\"string\",\"minLength\":1},"
                 "\"labels\":{\"description\":\"Texts to select objects by, such as {team: support}.\",\"type\":[\"object\",\"null\"],"
                 "\"additionalProperties\":{\"type\":\"string\"}}}}");
    json_key_raw(to, "spec", "{\"description\":\"What is wanted. A key that is not written means its default.\"}");
    json_close(to, '}');
}

static void write_document(struct buf *to)
{
    json_open(to, '{');
    json_key_text(to, "$schema", "https://json-schema.org/draft/2020-12/schema");
    json_key_text(to, "title", "A document of a manifest of trunkd");
    json_key_text(to, "type", "object");
    json_key_bool(to, "additionalProperties", false);
    json_key_raw(to, "required", "[\"apiVersion\",\"kind\",\"metadata\"]");
    write_envelope(to);
    json_key(to, "allOf");
    json_open(to, '[');
    for (size_t i = 0; i < MANIFEST_MAX_; i++)
        write_kind(to, &manifest_tables[i]);
    json_close(to, ']');
    key_open(to, "$defs");
    write_number(to);
    for (size_t i = 0; i < MANIFEST_MAX_; i++)
        write_spec(to, &manifest_tables[i]);
    write_documents(to);
    json_close(to, '}');
    json_close(to, '}');
}

static void new_line(struct buf *to, size_t depth)
{
    buf_printf(to, "\n%*s", (int)depth * 2, "");
}

/* The same text as people read it: a line for each member, lists in one line as long as they hold no maps. */
static void lay_out(struct buf *to, const char *json)
{
    bool in_text = false;
    size_t depth = 0, inline_depth = 0;

    for (const char *c = json; *c; c++) {
        bool opens = !in_text && (*c == '{' || *c == '['), closes = !in_text && (*c == '}' || *c == ']');

        if (closes && inline_depth == 0)
            new_line(to, --depth);
        buf_addc(to, *c);
        if (in_text && *c == '\\')
            buf_addc(to, *++c);
        else if (*c == '"')
            in_text = !in_text;
        if (in_text)
            continue;
        if (closes && inline_depth > 0)
            inline_depth--;
        if (opens && (inline_depth > 0 || (*c == '[' && c[1] != '{') || c[1] == ']'))
            inline_depth++;
        else if (opens || (*c == ',' && inline_depth == 0))
            new_line(to, opens ? ++depth : depth);
        else if (*c == ':' || *c == ',')
            buf_addc(to, ' ');
    }
    buf_addc(to, '\n');
}

void doc_schema(struct buf *to)
{
    struct buf json;

    buf_init(&json, DOC_BYTES_MAX);
    write_document(&json);
    if (buf_ok(&json))
        lay_out(to, json.data);
    buf_release(&json);
}
