/* trunkctl export: rows as the manifests that apply finds unchanged. */
#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

#include "db.h"
#include "manifest.h"
#include "out.h"
#include "settings.h"
#include "target.h"
#include "verb.h"

#define DOCUMENT_BYTES_MAX (2u << 20)

/* ---- one row as a document ---------------------------------------------------------------------------------------------------- */

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

static void write_document(struct buf *to, const struct manifest_table *table, const struct json *row)
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

MUST_CHECK static bool print_document(const struct rows *rows, size_t n, enum output output, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(buf_release) struct buf document;
    const char *text = rows_cell(rows, n, 2);
    const struct json *row;

    buf_init(&document, DOCUMENT_BYTES_MAX);
    if (!json_parse(&arena, text, strlen(text), &row, err))
        return false;
    write_document(&document, &manifest_tables[rows_int(rows, n, 0)], row);
    if (!buf_ok(&document))
        return err_set(err, ERR_LIMIT, "%s is too long to be written", rows_cell(rows, n, 1));
    if (output == OUTPUT_JSON) {
        printf("  %s%s\n", document.data, n + 1 < rows_count(rows) ? "," : "");
        return true;
    }
    if (n > 0)
        puts("---");
    return yaml_print(document.data, err);
}

/* ---- which ----------------------------------------------------------------------------------------------------------------------- */

/* What was asked for as JSON; NULL for all. */
MUST_CHECK static bool read_wish(const struct options *options, struct arena *arena, const char **ret, struct err *err)
{
    static const char *const types[TARGET_MAX_] = {
        [TARGET_NUMBER] = "number", [TARGET_TRUNK] = "trunk", [TARGET_AGENT] = "agent", [TARGET_ACCOUNT] = "account", [TARGET_PROJECT] = "project",
    };
    CLEANUP(buf_release) struct buf json = { 0 };

    *ret = NULL;
    if (options->name_count == 0)
        return true;
    buf_init(&json, DOCUMENT_BYTES_MAX);
    json_open(&json, '[');
    for (size_t i = 0; i < options->name_count; i++) {
        struct target target;

        if (!target_read(options->names[i], &target, err))
            return false;
        json_open(&json, '{');
        json_key_text(&json, "type", types[target.kind]);
        json_key_text(&json, "name", target.name);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    if (!buf_ok(&json))
        return err_set(err, ERR_LIMIT, "these are too many names");
    *ret = arena_strdup(arena, json.data);
    return true;
}

static enum exit_code report_missing(const struct options *options, const struct rows *rows)
{
    enum exit_code code = EXIT_DONE;

    for (size_t i = 0; i < options->name_count; i++) {
        struct target target;
        struct err err;
        bool found = false;

        if (!target_read(options->names[i], &target, &err))
            return fail_text("%s", err.text);
        for (size_t n = 0; n < rows_count(rows) && !found; n++)
            found = text_equal(rows_cell(rows, n, 1), target.name) && text_equal(manifest_tables[rows_int(rows, n, 0)].kind, target_table[target.kind].kind);
        if (!found)
            code = fail_text("there is no %s %s", target_table[target.kind].noun, target.name);
    }
    return code;
}

enum exit_code run_export(const struct options *options)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(db_close_at) struct db *db = NULL;
    const char *wish;
    struct err err;

    if (!read_wish(options, &arena, &wish, &err))
        return fail_text("%s", err.text);
    if (!db_open(options, &db, &err) || !db_statement(db, "export", (const char *const[]){ wish, labels_json(&arena, options) }, &rows, &err))
        return fail(&err);
    if (options->output == OUTPUT_JSON)
        puts("[");
    for (size_t n = 0; n < rows_count(rows); n++)
        if (!print_document(rows, n, options->output, &err))
            return fail(&err);
    if (options->output == OUTPUT_JSON)
        puts("]");
    return report_missing(options, rows);
}
