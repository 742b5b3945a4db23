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

/* The list as it has been shown so far. */
struct shown {
    const struct listing *listing;
    enum followed what;
    struct options options;
    struct map all;
    size_t widths[COLUMNS_MAX];
    int64_t newest;             /* event */
    char after[24];
};

/* Those that were not there this time; the others have to be there next time. */
static void drop_gone(struct shown *shown)
{
    void *value;

    for (struct seen *gone; (gone = next_gone(&shown->all));) {
        if (shown->what == FOLLOW_OBJECTS)
            print_gone(gone->name, &shown->options);
        map_remove(&shown->all, gone->key);
        seen_free(gone);
    }
    for (size_t i = 0; map_next(&shown->all, &i, &value);)
        ((struct seen *)value)->there = false;
}

static enum exit_code show_changes(struct shown *shown, const struct rows *rows, size_t backlog)
{
    bool *chosen = must_calloc(rows_count(rows) + 1, sizeof *chosen), any = false;
    enum exit_code code = EXIT_DONE;

    for (size_t row = 0; row < rows_count(rows); row++) {
        chosen[row] = note(&shown->all, rows, row, shown->what) && rows_count(rows) - row <= backlog;
        any = any || chosen[row];
    }
    if (any)
        code = listing_print(shown->listing, rows, chosen, shown->widths, &shown->options);
    shown->options.no_headers = shown->options.no_headers || any;
    drop_gone(shown);
    fflush(stdout);
    free(chosen);
    return code;
}

/* Events after the first look: all, however many, that are new or may have come late. */
static void ask_newer(struct shown *shown, const struct rows *rows, const char **parameters)
{
    int64_t newest = rows_count(rows) > 0 ? rows_int(rows, rows_count(rows) - 1, COLUMN_ID) : 0;

    shown->newest = newest > shown->newest ? newest : shown->newest;
    snprintf(shown->after, sizeof shown->after, "%" PRId64, shown->newest > FOLLOW_LATE ? shown->newest - FOLLOW_LATE : 0);
    parameters[1] = NULL;
    parameters[2] = shown->after;
}

enum exit_code follow(struct db *db, const struct listing *listing, const char *const *parameters, size_t backlog, enum followed what,
                      const struct options *options)
{
    struct shown shown = { .listing = listing, .what = what, .options = *options };
    const char *asked[] = { parameters[0], parameters[1], what == FOLLOW_EVENTS ? parameters[2] : NULL };
    enum exit_code code = EXIT_DONE;
    void *value;
    struct err err;

    for (; code == EXIT_DONE; watch_pause()) {
        CLEANUP(rows_free_at) struct rows *rows = NULL;

        if (!db_statement(db, listing->statement, asked, &rows, &err)) {
            code = fail(&err);
            break;
        }
        code = show_changes(&shown, rows, backlog);
        backlog = SIZE_MAX;
        if (what == FOLLOW_EVENTS)
            ask_newer(&shown, rows, asked);
    }
    for (size_t i = 0; map_next(&shown.all, &i, &value);)
        seen_free(value);
    map_release(&shown.all);
    return code;
}
