/* Asks a few times a second, and compares with what was shown last. */
#include "follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include "watch.h"

/* A row as it was shown last. */
struct seen { char *key, *look; bool there; };

static void seen_free(struct seen *seen)
{
    free(seen->key);
    free(seen->look);
    free(seen);
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

/* Whether the row is new, or looks otherwise than it did. */
static bool note(struct shown *shown, const struct rows *rows, size_t row)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const char *key = rows_cell(rows, row, LISTING_ID), *look = listing_look(shown->listing, rows, row, &shown->options, &arena);
    struct seen *seen = map_get(&shown->all, key);

    if (!seen) {
        seen = must_calloc(1, sizeof *seen);
        seen->key = must_strdup(key);
        map_put(&shown->all, seen->key, seen);
    }
    bool same = seen->look && text_equal(seen->look, look);
    free(seen->look);
    seen->look = must_strdup(look);
    seen->there = true;
    return !same;
}

static void print_gone(const char *id, const struct options *options)
{
    CLEANUP(buf_release) struct buf json;

    buf_init(&json, 4096);
    json_text(&json, id);
    if (options->quiet)
        puts(id);
    else if (options->output == OUTPUT_JSON)
        printf("{\"gone\":%s}\n", json.data);
    else if (options->output == OUTPUT_YAML)
        printf("---\ngone: %s\n", json.data);
    else
        printf("%s  gone\n", id);
}

/* Those that were not there this time; the others have to be there next time. */
static void drop_gone(struct shown *shown)
{
    struct seen **gone = must_calloc(shown->all.count + 1, sizeof *gone);
    size_t count = 0;
    void *value;

    for (size_t i = 0; map_next(&shown->all, &i, &value);) {
        struct seen *seen = value;

        if (!seen->there)
            gone[count++] = seen;
        seen->there = false;
    }
    for (size_t i = 0; i < count; i++) {
        if (shown->what == FOLLOW_OBJECTS)
            print_gone(gone[i]->key, &shown->options);
        map_remove(&shown->all, gone[i]->key);
        seen_free(gone[i]);
    }
    free(gone);
}

static enum exit_code show_changes(struct shown *shown, const struct rows *rows, size_t backlog)
{
    bool *chosen = must_calloc(rows_count(rows) + 1, sizeof *chosen), any = false;
    enum exit_code code = EXIT_DONE;

    for (size_t row = 0; row < rows_count(rows); row++) {
        chosen[row] = note(shown, rows, row) && rows_count(rows) - row <= backlog;
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
    int64_t newest = rows_count(rows) > 0 ? rows_int(rows, rows_count(rows) - 1, LISTING_ID) : 0;

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

    while (code == EXIT_DONE) {
        CLEANUP(rows_free_at) struct rows *rows = NULL;
        int64_t asked_ms = watch_now_ms();

        if (!db_statement(db, listing->statement, asked, &rows, &err)) {
            code = fail(&err);
            break;
        }
        code = show_changes(&shown, rows, backlog);
        backlog = SIZE_MAX;
        if (what == FOLLOW_EVENTS)
            ask_newer(&shown, rows, asked);
        watch_pause(asked_ms);
    }
    for (size_t i = 0; map_next(&shown.all, &i, &value);)
        seen_free(value);
    map_release(&shown.all);
    return code;
}
