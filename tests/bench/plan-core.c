/* What the core has to do for a plan, without PostgreSQL: rows come on stdin (what, key and JSON between tabs, a row a line), and the
 * milliseconds of CPU go to stdout that taking them into memory and planning took, and how many lines the plan has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <trunkd/buf.h>
#include <trunkd/core.h>
#include <trunkd/text.h>

static size_t lines;

static void count_line(void *userdata, const struct plan_line *line)
{
    (void)userdata;
    (void)line;
    lines++;
}

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static struct row_text row_of(char *line)
{
    char *what = strsep(&line, "\t"), *key = strsep(&line, "\t");

    return (struct row_text){ .what = what, .key = key, .json = text_is_empty(line) ? NULL : line };
}

static void read_all(struct buf *text)
{
    char piece[65536];

    buf_init(text, SIZE_MAX / 4);
    for (size_t n; (n = fread(piece, 1, sizeof piece, stdin)) > 0;)
        buf_add(text, piece, n);
}

int main(void)
{
    struct effects *effects = must_calloc(1, sizeof *effects);
    struct core *core = core_new(/* plan_only= */ true);
    struct row_text *rows = NULL;
    struct buf text;
    size_t count = 0;

    read_all(&text);
    for (char *rest = text.data, *line; (line = strsep(&rest, "\n")) && *line;) {
        rows = must_realloc(rows, (count + 1) * sizeof *rows);
        rows[count++] = row_of(line);
    }
    core_step(core, &(struct event){ .type = EVENT_CONFIG, .now_ms = 1, .config = &settings_default }, effects);
    core_step(core, &(struct event){ .type = EVENT_DB_UP, .now_ms = 1 }, effects);
    double began = cpu_ms();
    core_step(core, &(struct event){ .type = EVENT_ROWS, .now_ms = 1, .rows = { .rows = rows, .count = count, .all = true } }, effects);
    double taken = cpu_ms();
    core_plan(core, 1, count_line, NULL);
    printf("%.2f %.2f %zu\n", taken - began, cpu_ms() - taken, lines);
    core_free(core);
    effects_reset(effects);
    free(effects);
    free(rows);
    buf_release(&text);
    return 0;
}
