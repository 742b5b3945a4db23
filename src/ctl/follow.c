/* Asks a few times a second, and compares with what was shown last. */
#include "follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include "watch.h"

/* A row as it was shown last. Rows of one name have each by itself, in their order. */
struct seen { char *key, *name, *text; bool there; };

static void seen_free(struct seen *seen)
{
    free(seen->key);
    free(seen->name);
    free(seen->text);
    free(seen);
}

static const char *key_of(const struct rows *rows, size_t row, enum followed what, struct arena *arena)
{
    size_t same = 0;

    if (what == FOLLOW_EVENTS)
        return rows_cell(rows, row, 1);
    while (same < row && text_equal(rows_cell(rows, row - same - 1, 0), rows_cell(rows, row, 0)))
        same++;
    return arena_printf(arena, "%s %zu", rows_cell(rows, row, 0), same);
}

/* Whether the row is new, or another than it was. */
static bool note(struct map *all, const struct rows *rows, size_t row, enum followed what)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const char *key = key_of(rows, row, what, &arena), *text = rows_cell(rows, row, 1);
    struct seen *seen = map_get(all, key);

    if (!seen) {
        seen = must_calloc(1, sizeof *seen);
        seen->key = must_strdup(key);
        seen->name = must_strdup(rows_cell(rows, row, 0));
        map_put(all, seen->key, seen);
    }
    bool same = seen->text && text_equal(seen->text, text);
    free(seen->text);
    seen->text = must_strdup(text);
    seen->there = true;
    return !same;
}

static void print_gone(const char *name, const struct options *options)
{
    CLEANUP(buf_release) struct buf json;

    buf_init(&json, 4096);
    json_text(&json, name);
    if (options->output == OUTPUT_JSON)
        printf("{\"gone\":%s}\n", json.data);
    else if (options->output == OUTPUT_YAML)
        printf("---\ngone: %s\n", json.data);
    else
        printf("%s  gone\n", name);
}

static struct seen *next_gone(const struct map *all)
{
    void *value;

    for (size_t i = 0; map_next(all, &i, &value);)
        if (!((struct seen *)value)->there)
            return value;
    return NULL;
}

/* Those that were not there this time; the others have to be there next time. */
static void drop_gone(struct map *all, enum followed what, const struct options *options)
{
    void *value;

    for (struct seen *gone; (gone = next_gone(all));) {
        if (what == FOLLOW_OBJECTS)
            print_gone(gone->name, options);
        map_remove(all, gone->key);
        seen_free(gone);
    }
    for (size_t i = 0; map_next(all, &i, &value);)
        ((struct seen *)value)->there = false;
}

static enum exit_code show_changes(const struct listing *listing, const struct rows *rows, struct map *all, enum followed what, struct options *options)
{
    bool *chosen = must_calloc(rows_count(rows) + 1, sizeof *chosen), any = false;
    enum exit_code code = EXIT_DONE;

    for (size_t row = 0; row < rows_count(rows); row++) {
        chosen[row] = note(all, rows, row, what);
        any = any || chosen[row];
    }
    if (any)
        code = listing_print(listing, rows, chosen, options);
    options->no_headers = options->no_headers || any;
    drop_gone(all, what, options);
    fflush(stdout);
    free(chosen);
    return code;
}

enum exit_code follow(struct db *db, const struct listing *listing, const char *const *parameters, enum followed what, const struct options *options)
{
    struct options shown = *options;
    struct map all = { 0 };
    enum exit_code code = EXIT_DONE;
    void *value;
    struct err err;

    for (; code == EXIT_DONE; watch_pause()) {
        CLEANUP(rows_free_at) struct rows *rows = NULL;

        code = db_statement(db, listing->statement, parameters, &rows, &err) ? show_changes(listing, rows, &all, what, &shown) : fail(&err);
    }
    for (size_t i = 0; map_next(&all, &i, &value);)
        seen_free(value);
    map_release(&all);
    return code;
}
