/* trunkctl export: rows as the manifests that apply finds unchanged. */
#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

#include "db.h"
#include "document.h"
#include "out.h"
#include "target.h"
#include "verb.h"

#define NAMES_BYTES_MAX (2u << 20)

MUST_CHECK static bool print_document(const struct rows *rows, size_t n, enum output output, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(buf_release) struct buf document;
    const char *text = rows_cell(rows, n, 2);
    const struct json *row;

    buf_init(&document, DOCUMENT_BYTES_MAX);
    if (!json_parse(&arena, text, strlen(text), &row, err))
        return false;
    document_write(&document, &manifest_tables[rows_int(rows, n, 0)], row);
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
    buf_init(&json, NAMES_BYTES_MAX);
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
