/* What people read on standard output: aligned tables, ages, one line per thing. */
#ifndef TRUNKD_CTL_OUT_H
#define TRUNKD_CTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/arena.h>
#include <trunkd/err.h>

#define COLUMNS_MAX 16
#define AGE_BYTES 48

struct table {
    const char *const *headers;         /* NULL: no first line */
    size_t columns;                     /* at most COLUMNS_MAX */
    const char **cells;                 /* row after row */
    size_t rows, rows_max;
    size_t status_column;               /* counted from 1, whose cells are tinted; 0: none */
    size_t message_column;              /* as well, whose cells are cut where a row is wider than the terminal */
    struct arena arena;
};

void table_init(struct table *, const char *const *headers, size_t columns);
/* Copies the cells; NULL and "" are shown as "-". */
void table_add(struct table *, const char *const *cells);
/* widths: of the columns of the tables that this one goes on with, COLUMNS_MAX of them, and its own afterwards; NULL: it stands alone. */
void table_print(const struct table *, size_t *widths);
void table_release(struct table *);

/* Colour, where a person looks: on a terminal that knows it, and not where NO_COLOR says no (no-color.org). */
enum tint { TINT_NONE, TINT_GOOD, TINT_WAITS, TINT_BAD };
const char *tint(enum tint);            /* what switches it on on standard output, TINT_NONE: off again; "" where there is none */
enum tint tint_of_status(const char *status);

/* "12s", "5m", "3h10m", "4d"; "-" for a negative number. */
void age_text(int64_t seconds, char ret[static AGE_BYTES]);

/* How many columns of a terminal a UTF-8 text takes, one per character. */
size_t text_width(const char *text);
/* How many bytes the first `width` of them take. */
size_t text_bytes(const char *text, size_t width);
/* Of the terminal that is standard output; 0: it is none. */
size_t terminal_columns(void);

/* Asks whoever sits at the terminal, on standard output; true: "yes" was typed. */
bool agrees(const char *question);

/* JSON text as YAML, or as it is. */
MUST_CHECK bool yaml_print(const char *json, struct err *);
MUST_CHECK bool documents_print(const char *json, bool as_yaml, struct err *);

/* A text with its control characters (a label may hold any) replaced by '?', so that it cannot drive a terminal. */
const char *printable(struct arena *, const char *text);

#endif
