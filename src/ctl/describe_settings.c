/* What people have set of an object, in the keys of a manifest: neither what holds if nothing is said, nor what describe shows anyway. */
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "describe.h"
#include "manifest.h"
#include "out.h"
#include "settings.h"

#define VALUE_BYTES_MAX (1u << 20)

static const struct manifest_table *table_of(const struct target *target)
{
    size_t i = 0;

    while (!text_equal(manifest_tables[i].kind, target_table[target->kind].kind))
        i++;
    return &manifest_tables[i];
}

/* Lists and maps as JSON; of a sealed password only that it is sealed, for it says nothing to people. */
static const char *value_words(struct arena *arena, const struct setting *setting, const struct json *value)
{
    struct buf text;
    const char *words;

    if (setting->type == SETTING_SECRET && text_starts(text_or(value->text, ""), "sealed:"))
        return "sealed";
    if (value->text)
        return value->text;
    buf_init(&text, VALUE_BYTES_MAX);
    json_write(&text, value);
    words = arena_strdup(arena, text.data);
    buf_release(&text);
    return words;
}

static void document_print(struct arena *arena, const struct manifest_field *field, const struct json *document)
{
    const char *title = field->key;

    for (size_t i = 0; i < setting_count; i++) {
        const struct json *value = text_equal(settings[i].document, field->column) ? json_get(document, settings[i].key) : NULL;

        if (!value)
            continue;
        field_print(title, arena_printf(arena, "%s: %s", settings[i].manifest, value_words(arena, &settings[i], value)));
        title = "";
    }
}

/* The sentence about a field ends with what holds if nothing is said, in parentheses. */
static bool is_standard(struct arena *arena, const struct manifest_field *field, const char *value)
{
    const char *end = arena_printf(arena, "(%s).", value);
    size_t bytes = strlen(end), all = strlen(field->what);

    return bytes <= all && strcmp(field->what + all - bytes, end) == 0;
}

static void column_print(struct arena *arena, const struct manifest_field *field, const struct json *row, const struct json *shown)
{
    const char *value = field->column ? json_member(row, field->column) : NULL;

    if (field->type == FIELD_DOCUMENT)
        document_print(arena, field, json_get(row, field->column));
    else if (value && field->type != FIELD_SECRET && !json_get(shown, field->column) && !is_standard(arena, field, value))
        field_print(field->key, value);
}

bool settings_print(struct db *db, const struct target *target, const struct json *shown, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    const struct manifest_table *table = table_of(target);
    const struct json *row;

    if (!db_statement(db, "describe_settings", (const char *const[]){ table->table, target->name }, &rows, err))
        return err->class == ERR_REJECTED;      /* who may read the views only does without */
    if (rows_count(rows) == 0)
        return true;
    if (!json_parse(&arena, rows_cell(rows, 0, 0), strlen(rows_cell(rows, 0, 0)), &row, err))
        return false;
    for (size_t i = 0; i < table->field_count; i++)
        column_print(&arena, &table->fields[i], row, shown);
    return true;
}
