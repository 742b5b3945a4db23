/* A row of the statement export as the document of a manifest. */
#include "document.h"

#include <trunkd/text.h>

#include "settings.h"

static const struct setting *setting_of(const char *document, const char *key)
{
    for (size_t i = 0; i < setting_count; i++)
        if (text_equal(settings[i].document, document) && text_equal(settings[i].key, key))
            return &settings[i];
    return NULL;
}

/* A document of settings with the keys that a manifest has for them. */
static void write_settings(struct buf *to, const char *document, const struct json *value)
{
    json_open(to, '{');
    for (const struct json *member = value->child; member; member = member->next) {
        const struct setting *setting = setting_of(document, member->key);

        json_key(to, setting ? setting->manifest : member->key);
        if (!setting || setting->type != SETTING_DOCUMENTS) {
            json_write(to, member);
            continue;
        }
        json_open(to, '[');
        for (const struct json *each = member->child; each; each = each->next)
            write_settings(to, setting->words, each);
        json_close(to, ']');
    }
    json_close(to, '}');
}

static void write_spec(struct buf *to, const struct manifest_table *table, const struct json *row)
{
    json_open(to, '{');
    for (size_t i = 0; i < table->field_count; i++) {
        const struct manifest_field *field = &table->fields[i];
        const struct json *value = field->column ? json_get(row, field->column) : NULL;

        if (!value || value->type == JSON_NULL)
            continue;
        json_key(to, field->key);
        if (field->type == FIELD_DOCUMENT)
            write_settings(to, field->column, value);
        else
            json_write(to, value);
    }
    json_close(to, '}');
}

void document_write(struct buf *to, const struct manifest_table *table, const struct json *row)
{
    const struct json *labels = json_get(row, "labels");

    json_open(to, '{');
    json_key_text(to, "apiVersion", "trunkd/v1");
    json_key_text(to, "kind", table->kind);
    json_key(to, "metadata");
    json_open(to, '{');
    json_key_text(to, "name", json_member(row, table->key_column));
    if (labels && labels->child) {
        json_key(to, "labels");
        json_write(to, labels);
    }
    json_close(to, '}');
    json_key(to, "spec");
    write_spec(to, table, row);
    json_close(to, '}');
}
