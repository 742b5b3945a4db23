/* Rows as JSON become a table, or a JSON array. */
#include "listing.h"

#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

static void print_json(const struct rows *rows)
{
    puts("[");
    for (size_t row = 0; row < rows_count(rows); row++)
        printf("  %s%s\n", rows_cell(rows, row, 1), row + 1 < rows_count(rows) ? "," : "");
    puts("]");
}

/* true and false are for programs. */
static const char *cell_of(const struct json *object, const char *key)
{
    const struct json *member = json_get(object, key);

    if (member && member->type == JSON_BOOL)
        return text_equal(member->text, "true") ? "yes" : "no";
    return json_member(object, key);
}

enum exit_code listing_print(const struct listing *listing, const struct rows *rows, const struct options *options)
{
    const char *headers[COLUMNS_MAX];
    struct table table;
    size_t columns = 0;
    struct err err;
    bool ok = true;

    if (options->json) {
        print_json(rows);
        return EXIT_DONE;
    }
    for (; columns < COLUMNS_MAX && listing->columns[columns].header; columns++)
        headers[columns] = listing->columns[columns].header;
    table_init(&table, options->no_headers ? NULL : headers, columns);
    for (size_t row = 0; ok && row < rows_count(rows); row++) {
        CLEANUP(arena_release) struct arena arena = { 0 };
        const char *text = rows_cell(rows, row, 1), *cells[COLUMNS_MAX];
        const struct json *object;
        char age[AGE_BYTES];

        ok = json_parse(&arena, text, strlen(text), &object, &err);
        age_text(rows_cell(rows, row, 2) ? rows_int(rows, row, 2) : -1, age);
        for (size_t i = 0; ok && i < columns; i++)
            cells[i] = text_equal(listing->columns[i].key, AGE) ? age : cell_of(object, listing->columns[i].key);
        if (ok)
            table_add(&table, cells);
    }
    if (ok)
        table_print(&table);
    table_release(&table);
    return ok ? EXIT_DONE : fail_text("%s", err.text);
}
