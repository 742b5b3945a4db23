/* What was read, handed out in pieces. */
#ifndef TRUNKD_PG_ROWS_H
#define TRUNKD_PG_ROWS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <trunkd/core.h>

struct rows { PGresult *result; int next; };        /* zeroed: none */

/* The column's text; NULL for null. Lives as long as the result. */
const char *value_of(const PGresult *, int row, int column);

/* The next rows, at most `max`; how many. Their texts live as long as the result. The line that names the snapshot is ours, to ask for
 * what comes after it: it goes into *shown, whose old text is freed. */
size_t rows_take_next(struct rows *, struct row_text *to, size_t max, char **shown);
bool rows_are_left(const struct rows *);
void rows_release(struct rows *);

#endif
