/* Rows as JSON become a table, or a JSON array. */
#include "listing.h"

#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

static bool is_chosen(const bool *chosen, size_t row) { return !chosen || chosen[row]; }

static void print_json(const struct rows *rows, const bool *chosen, bool lines)
{
    const char *before = lines ? "" : "[\n  ", *between = lines ? "\n" : ",\n  ", *after = lines ? "\n" : "\n]\n";
    size_t printed = 0;

    for (size_t row = 0; row < rows_count(rows); row++)
        if (is_chosen(chosen, row))
            printf("%s%s", printed++ == 0 ? before : between, rows_cell(rows, row, 1));
    fputs(printed > 0 ? after : lines ? "" : "[\n]\n", stdout);
}

static void print_names(const struct rows *rows, const bool *chosen)
{
    for (size_t row = 0; row < rows_count(rows); row++)
        if (is_chosen(chosen, row))
            puts(rows_cell(rows, row, 0));
}

static enum exit_code print_yaml(const struct rows *rows, const bool *chosen, bool documents)
{
    for (size_t row = 0; row < rows_count(rows); row++) {
        CLEANUP(arena_release) struct arena arena = { 0 };
        struct err err;

        if (!is_chosen(chosen, row))
            continue;
        if (documents)
            puts("---");
        if (!yaml_print(arena_printf(&arena, documents ? "%s" : "[%s]", rows_cell(rows, row, 1)), &err))
            return fail(&err);
    }
    if (rows_count(rows) == 0 && !documents)
        puts("[]");
    return EXIT_DONE;
}

/* true and false are for programs. */
static const char *cell_of(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, key);

    if (member && member->type == JSON_BOOL)
        return text_equal(member->text, "true") ? "yes" : "no";
    return json_member(object, key);
}

static size_t columns_take(const struct column *columns, size_t max, const char **headers, const char **keys)
{
    size_t count = 0;

    for (; count < max && columns[count].header; count++) {
        headers[count] = columns[count].header;
        keys[count] = columns[count].key;
    }
    return count;
}

/* Of a table, with the columns of -o wide where they are asked for. */
static size_t all_columns(const struct listing *listing, const struct options *options, const char **headers, const char **keys)
{
    size_t count = columns_take(listing->columns, COLUMNS_MAX, headers, keys);

    if (listing->wide && options->output == OUTPUT_WIDE)
        count += columns_take(listing->wide, COLUMNS_MAX - count, headers + count, keys + count);
    return count;
}

const char *listing_look(const struct listing *listing, const struct rows *rows, size_t row, const struct options *options, struct arena *arena)
{
    const char *headers[COLUMNS_MAX], *keys[COLUMNS_MAX], *text = rows_cell(rows, row, 1), *look = "";
    size_t columns = all_columns(listing, options, headers, keys);
    const struct json *object;
    struct err err;

    if (options->output >= OUTPUT_JSON || !json_parse(arena, text, strlen(text), &object, &err))
        return text;
    for (size_t i = 0; i < columns; i++)
        if (!text_equal(keys[i], AGE) && !text_equal(keys[i], AT))
            look = arena_printf(arena, "%s\n%s", look, text_or(cell_of(object, keys[i]), ""));
    return look;
}

enum exit_code listing_print(const struct listing *listing, const struct rows *rows, const bool *chosen, size_t *widths,
                             const struct options *options)
{
    const char *headers[COLUMNS_MAX], *keys[COLUMNS_MAX];
    struct table table;
    size_t columns;
    struct err err;
    bool ok = true;

    if (options->quiet) {
        print_names(rows, chosen);
        return EXIT_DONE;
    }
    if (options->output == OUTPUT_JSON) {
        print_json(rows, chosen, options->watch);
        return EXIT_DONE;
    }
    if (options->output == OUTPUT_YAML)
        return print_yaml(rows, chosen, options->watch);
    columns = all_columns(listing, options, headers, keys);
    table_init(&table, options->no_headers || rows_count(rows) == 0 ? NULL : headers, columns);
    for (size_t i = 0; i < columns; i++)
        if (text_equal(keys[i], "status"))
            table.status_column = i + 1;
        else if (text_equal(keys[i], "message") && !listing->is_log)
            table.message_column = i + 1;
    for (size_t row = 0; ok && row < rows_count(rows); row++) {
        CLEANUP(arena_release) struct arena arena = { 0 };
        const char *text = rows_cell(rows, row, 1), *cells[COLUMNS_MAX];
        const struct json *object;
        char age[AGE_BYTES];

        if (!is_chosen(chosen, row))
            continue;
        ok = json_parse(&arena, text, strlen(text), &object, &err);
        age_text(rows_cell(rows, row, 2) ? rows_int(rows, row, 2) : -1, age);
        for (size_t i = 0; ok && i < columns; i++)
            cells[i] = text_equal(keys[i], AGE) ? age : text_equal(keys[i], AT) ? rows_cell(rows, row, 4) : cell_of(object, keys[i]);
        if (ok)
            table_add(&table, cells);
    }
    if (ok)
        table_print(&table, widths);
    table_release(&table);
    return ok ? EXIT_DONE : fail_text("%s", err.text);
}
