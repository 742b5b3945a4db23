/* trunkctl diff: what manifests would change in the database, field by field. The documents go in, the rows of before and after are
 * compared as the manifests that they make, and everything is taken back. */
#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include "apply_rows.h"
#include "db.h"
#include "document.h"
#include "out.h"
#include "plan.h"
#include "verb.h"

#define VALUE_SHOWN_MAX 100

struct side {
    struct rows *rows;
    struct map by_name;             /* "4/+1…" to the row's index + 1 */
    struct arena arena;
};

struct counts { size_t created, changed; };

MUST_CHECK static bool side_read(struct db *db, struct side *side, struct err *err)
{
    if (!db_statement(db, "export", (const char *const[]){ NULL, "{}" }, &side->rows, err))
        return false;
    for (size_t i = 0; i < rows_count(side->rows); i++)
        map_put(&side->by_name, arena_printf(&side->arena, "%s/%s", rows_cell(side->rows, i, 0), rows_cell(side->rows, i, 1)), (void *)(uintptr_t)(i + 1));
    return true;
}

static void side_release(struct side *side)
{
    rows_free_at(&side->rows);
    map_release(&side->by_name);
    arena_release(&side->arena);
}

/* The document of a row as a tree; NULL: too long. */
static const struct json *document_of(struct arena *arena, const struct rows *rows, size_t row)
{
    CLEANUP(buf_release) struct buf text = { 0 };
    const char *cell = rows_cell(rows, row, 2);
    const struct json *json, *document = NULL;

    buf_init(&text, DOCUMENT_BYTES_MAX);
    if (!json_parse(arena, cell, strlen(cell), &json, NULL))
        return NULL;
    document_write(&text, &manifest_tables[rows_int(rows, row, 0)], json);
    return buf_ok(&text) && json_parse(arena, text.data, text.length, &document, NULL) ? document : NULL;
}

/* As it would stand in a manifest, in one line; NULL: not written. */
static const char *value_text(struct arena *arena, const struct json *value)
{
    CLEANUP(buf_release) struct buf text = { 0 };

    if (!value)
        return NULL;
    buf_init(&text, DOCUMENT_BYTES_MAX);
    json_write(&text, value);
    return arena_strdup(arena, text.data);
}

static void print_value(const char *text)
{
    size_t cut = text ? text_utf8_cut(text, VALUE_SHOWN_MAX) : 0;

    printf("%.*s%s", (int)cut, text_or(text, ""), text && text[cut] ? "…" : "");
    if (!text)
        fputs("default", stdout);
}

static void print_change(struct arena *arena, const char *where, const char *key, const struct json *before, const struct json *after)
{
    const char *was = value_text(arena, before), *is = value_text(arena, after);

    if (text_equal(was, is))
        return;
    printf("    %s%s: %s", where, key, tint(TINT_BAD));
    print_value(was);
    printf("%s -> %s", tint(TINT_NONE), tint(TINT_GOOD));
    print_value(is);
    puts(tint(TINT_NONE));
}

/* The members of two maps, level by level where both are maps. */
static void print_changes(struct arena *arena, const char *where, const struct json *before, const struct json *after)
{
    for (const struct json *old = before ? before->child : NULL; old; old = old->next) {
        const struct json *new = json_get(after, old->key);

        if (new && old->type == JSON_OBJECT && new->type == JSON_OBJECT)
            print_changes(arena, arena_printf(arena, "%s%s.", where, old->key), old, new);
        else
            print_change(arena, where, old->key, old, new);
    }
    for (const struct json *new = after ? after->child : NULL; new; new = new->next)
        if (!json_get(before, new->key))
            print_change(arena, where, new->key, NULL, new);
}

static void compare(const struct side *before, const struct side *after, struct counts *ret)
{
    for (size_t i = 0; i < rows_count(after->rows); i++) {
        CLEANUP(arena_release) struct arena arena = { 0 };
        const char *name = rows_cell(after->rows, i, 1), *kind = manifest_tables[rows_int(after->rows, i, 0)].kind;
        size_t at = (uintptr_t)map_get(&before->by_name, arena_printf(&arena, "%s/%s", rows_cell(after->rows, i, 0), name));
        const struct json *new = document_of(&arena, after->rows, i), *old = at > 0 ? document_of(&arena, before->rows, at - 1) : NULL;

        if (old && text_equal(value_text(&arena, old), value_text(&arena, new)))
            continue;
        printf("%s/%s %s\n", kind, name, old ? "would be changed" : "would be created");
        print_changes(&arena, "labels.", json_get(json_get(old, "metadata"), "labels"), json_get(json_get(new, "metadata"), "labels"));
        print_changes(&arena, "", json_get(old, "spec"), json_get(new, "spec"));
        ret->changed += old != NULL;
        ret->created += old == NULL;
    }
}

/* What would be due then: what is due already is part of it. */
static void print_cost(const struct rows *snapshot)
{
    struct cost cost = { .count = 0 };

    plan_each(snapshot, cost_add, &cost);
    if (cost.total == 0) {
        puts("At the providers nothing would be done.");
    } else {
        fputs("At the providers it takes ", stdout);
        cost_print(&cost);
        puts("; trunkctl plan -f says for what.");
    }
    cost_release(&cost);
}

static enum exit_code diff(const struct options *options, struct manifest *m, struct side *before, struct side *after)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    CLEANUP(rows_free_at) struct rows *snapshot = NULL;
    struct applied applied = { .changes = NULL };
    struct counts counts = { 0 };
    struct err err;

    if (!db_open(options, &db, &err) || !db_script(db, "begin", &err) || !side_read(db, before, &err))
        return fail(&err);
    bool ok = apply_rows(db, m, &applied, &err);
    applied_release(&applied);
    if (!ok && m->error_count > 0) {
        fputs(manifest_errors(m), stderr);
        return EXIT_REFUSED;
    }
    if (!ok || !db_script(db, "set constraints all immediate", &err) || !side_read(db, after, &err)
        || !db_statement(db, "snapshot_all", NULL, &snapshot, &err) || !db_script(db, "rollback", &err))
        return fail(&err);
    compare(before, after, &counts);
    if (counts.created + counts.changed == 0) {
        puts("no difference");
        return EXIT_DONE;
    }
    printf("\n%zu would be created, %zu changed.\n", counts.created, counts.changed);
    print_cost(snapshot);
    return EXIT_PENDING;
}

enum exit_code run_diff(const struct options *options)
{
    struct side before = { .rows = NULL }, after = { .rows = NULL };
    enum exit_code code = EXIT_ERROR;
    struct manifest m;

    if (options->file_count == 0)
        return fail_text("diff needs -f FILE, -f FOLDER or -f - for standard input");
    if (manifest_load(options->files, options->file_count, &m))
        code = diff(options, &m, &before, &after);
    else
        fputs(manifest_errors(&m), stderr);
    side_release(&before);
    side_release(&after);
    manifest_release(&m);
    return code;
}
