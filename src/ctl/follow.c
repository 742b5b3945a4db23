/* Asks a few times a second, and compares with what was shown last. */
#include "follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include "watch.h"

enum { COLUMN_ID = 3 };     /* of get_events */

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
        return rows_cell(rows, row, COLUMN_ID);
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
    if (options->quiet)
        puts(name);
    else if (options->output == OUTPUT_JSON)
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

static enum exit_code show_changes(const struct listing *listing, const struct rows *rows, struct map *all, size_t backlog, enum followed what,
                                   struct options *options)
{
    bool *chosen = must_calloc(rows_count(rows) + 1, sizeof *chosen), any = false;
    enum exit_code code = EXIT_DONE;

    for (size_t row = 0; row < rows_count(rows); row++) {
        chosen[row] = note(all, rows, row, what) && rows_count(rows) - row <= backlog;
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

/* Events after the first look: all, however many, that are new or may have come late. */
static void ask_newer(const struct rows *rows, const char **parameters, char *after, size_t size)
{
    size_t count = rows_count(rows);
    int64_t newest = count > 0 ? rows_int(rows, count - 1, COLUMN_ID) : 0;

    if (newest > FOLLOW_LATE)
        snprintf(after, size, "%" PRId64, newest - FOLLOW_LATE);
    parameters[1] = NULL;
    parameters[2] = after;
}

enum exit_code follow(struct db *db, const struct listing *listing, const char *const *parameters, size_t backlog, enum followed what,
                      const struct options *options)
{
    struct options shown = *options;
    struct map all = { 0 };
    const char *asked[] = { parameters[0], parameters[1], what == FOLLOW_EVENTS ? parameters[2] : NULL };
    char after[24] = "0";
    enum exit_code code = EXIT_DONE;
    void *value;
    struct err err;

    for (; code == EXIT_DONE; watch_pause()) {
        CLEANUP(rows_free_at) struct rows *rows = NULL;

        if (!db_statement(db, listing->statement, asked, &rows, &err)) {
            code = fail(&err);
            break;
        }
        code = show_changes(listing, rows, &all, backlog, what, &shown);
        backlog = SIZE_MAX;
        if (what == FOLLOW_EVENTS)
            ask_newer(rows, asked, after, sizeof after);
    }
    for (size_t i = 0; map_next(&all, &i, &value);)
        seen_free(value);
    map_release(&all);
    return code;
}
