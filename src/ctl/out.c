/* Tables whose columns are as wide as their widest cell, and other small things for people. */
#include "out.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>
#include <trunkd/yaml.h>
#include <unistd.h>

#define YAML_BYTES_MAX (256u << 20)
#define COLUMNS_UNKNOWN 80          /* of a terminal that does not tell */
#define MESSAGE_WIDTH_MIN 20        /* less says nothing */
#define CUT "…"

void table_init(struct table *table, const char *const *headers, size_t columns)
{
    assert(columns > 0 && columns <= COLUMNS_MAX);
    *table = (struct table){ .headers = headers, .columns = columns };
}

const char *printable(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);

    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = *c == '\n' || *c == '\t' ? ' ' : '?';
    return copy;
}

void table_add(struct table *table, const char *const *cells)
{
    const char **row;

    if (table->rows == table->rows_max) {
        table->rows_max = table->rows_max ? table->rows_max * 2 : 64;
        table->cells = must_realloc(table->cells, table->rows_max * table->columns * sizeof *table->cells);
    }
    row = table->cells + table->rows++ * table->columns;
    for (size_t i = 0; i < table->columns; i++)
        row[i] = text_is_empty(cells[i]) ? "-" : printable(&table->arena, cells[i]);
}

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80)
            width++;
    return width;
}

size_t text_bytes(const char *text, size_t width)
{
    size_t bytes = 0;

    for (; text[bytes]; bytes++)
        if (((unsigned char)text[bytes] & 0xc0) != 0x80 && width-- == 0)
            break;
    return bytes;
}

size_t terminal_columns(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_UNKNOWN;
}

const char *tint(enum tint which)
{
    static const char *const codes[] = { "\033[0m", "\033[32m", "\033[33m", "\033[31m" };
    const char *terminal = text_or(getenv("TERM"), "dumb");
    bool on = isatty(STDOUT_FILENO) && text_is_empty(getenv("NO_COLOR")) && !text_equal(terminal, "dumb");

    return on ? codes[which] : "";
}

enum tint tint_of_status(const char *status)
{
    if (text_equal(status, "active"))
        return TINT_GOOD;
    return text_equal(status, "failed") || text_equal(status, "corrupted") ? TINT_BAD : TINT_WAITS;
}

static void row_print(const struct table *table, const char *const *cells, const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        bool tinted = i + 1 == table->status_column && cells != table->headers;

        size_t width = text_width(cells[i]);

        if (width > widths[i])
            printf("%.*s" CUT, (int)text_bytes(cells[i], widths[i] - 1), cells[i]);
        else
            printf("%s%s%s", tinted ? tint(tint_of_status(cells[i])) : "", cells[i], tinted ? tint(TINT_NONE) : "");
        if (i + 1 < table->columns)
            printf("%*s", (int)(width < widths[i] ? widths[i] - width : 0) + 2, "");
    }
    putchar('\n');
}

/* Takes from the messages what a row has too much for the terminal. */
static void fit_message(const struct table *table, size_t *widths)
{
    size_t columns = terminal_columns(), row = 2 * (table->columns - 1);

    if (table->message_column == 0 || columns == 0)
        return;
    size_t *message = &widths[table->message_column - 1];
    for (size_t i = 0; i < table->columns; i++)
        row += widths[i];
    if (row > columns && *message > MESSAGE_WIDTH_MIN)
        *message = *message > row - columns + MESSAGE_WIDTH_MIN ? *message - (row - columns) : MESSAGE_WIDTH_MIN;
}

void table_print(const struct table *table, size_t *ret_widths)
{
    size_t own[COLUMNS_MAX] = { 0 }, *widths = ret_widths ? ret_widths : own;

    for (size_t i = 0; i < table->columns; i++) {
        if (table->headers && text_width(table->headers[i]) > widths[i])
            widths[i] = text_width(table->headers[i]);
        for (size_t row = 0; row < table->rows; row++) {
            size_t width = text_width(table->cells[row * table->columns + i]);

            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    fit_message(table, widths);
    if (table->headers)
        row_print(table, table->headers, widths);
    for (size_t row = 0; row < table->rows; row++)
        row_print(table, table->cells + row * table->columns, widths);
}

void table_release(struct table *table)
{
    free(table->cells);
    arena_release(&table->arena);
    *table = (struct table){ .rows = 0 };
}

void age_text(int64_t seconds, char ret[static AGE_BYTES])
{
    const int64_t minute = 60, hour = 60 * minute, day = 24 * hour;

    if (seconds < 0)
        text_copy(ret, AGE_BYTES, "-");
    else if (seconds < 2 * minute)
        snprintf(ret, AGE_BYTES, "%" PRId64 "s", seconds);
    else if (seconds < 2 * hour)
        snprintf(ret, AGE_BYTES, "%" PRId64 "m", seconds / minute);
    else if (seconds < 2 * day)
        snprintf(ret, AGE_BYTES, "%" PRId64 "h%" PRId64 "m", seconds / hour, seconds % hour / minute);
    else
        snprintf(ret, AGE_BYTES, "%" PRId64 "d", seconds / day);
}

bool agrees(const char *question)
{
    char answer[8] = "";

    printf("%s Type yes: ", question);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) && text_equal(answer, "yes\n");
}

bool yaml_print(const char *json, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(buf_release) struct buf yaml;
    const struct json *value;

    buf_init(&yaml, YAML_BYTES_MAX);
    if (!json_parse(&arena, json, strlen(json), &value, err))
        return false;
    if (!yaml_write(&yaml, value))
        return err_set(err, ERR_LIMIT, "it is too long to be written as YAML");
    fputs(yaml.data, stdout);
    return true;
}

bool documents_print(const char *json, bool as_yaml, struct err *err)
{
    if (as_yaml)
        return yaml_print(json, err);
    puts(json);
    return true;
}
