/* What was read, handed out in pieces. */
#include "rows.h"

#include <stdlib.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

const char *value_of(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

size_t rows_take_next(struct rows *rows, struct row_text *to, size_t max, char **shown)
{
    size_t count = 0;

    for (; count < max && rows_are_left(rows); rows->next++) {
        to[count] = (struct row_text){ .what = value_of(rows->result, rows->next, 0), .key = value_of(rows->result, rows->next, 1),
                                       .json = value_of(rows->result, rows->next, 2) };
        if (!text_equal(to[count].what, "snapshot")) {
            count++;
            continue;
        }
        free(*shown);
        *shown = must_strdup(to[count].key);
    }
    return count;
}

bool rows_are_left(const struct rows *rows)
{
    return rows->result && rows->next < PQntuples(rows->result);
}

void rows_release(struct rows *rows)
{
    PQclear(rows->result);
    *rows = (struct rows){ 0 };
}
