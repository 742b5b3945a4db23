/* Asks the views a few times a second. On a terminal every target keeps one line that changes; elsewhere each change is a line. */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>
#include <unistd.h>

#include "out.h"

#define INTERVAL_MS 200
#define LIVE_LINES_MAX 20       /* more would not fit on a screen */
#define STATE_BYTES 256
#define LINE_BYTES 1024

enum verdict { VERDICT_UNDER_WAY, VERDICT_REACHED, VERDICT_CANNOT };

struct item {
    const struct target *target;
    enum verdict verdict;
    bool present;
    char state[STATE_BYTES];    /* "active UpToDate", as last seen */
    char message[LINE_BYTES], remedy[LINE_BYTES];
};

struct watch {
    struct item *items;
    size_t count;
    enum watch_goal goal;
    bool live;                  /* lines that change */
    bool drawn;
    bool told;                  /* that no daemon works */
    size_t columns;             /* of the terminal */
    int64_t begin_ms;
};

int64_t watch_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void watch_pause(int64_t asked_ms)
{
    int64_t took = watch_now_ms() - asked_ms, ms = took * 4 > INTERVAL_MS ? took * 4 : INTERVAL_MS;
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&left, NULL);
}

/* ---- what the answer means */

enum { COLUMN_N, COLUMN_PRESENT, COLUMN_STATUS, COLUMN_REASON, COLUMN_MESSAGE, COLUMN_REMEDY, COLUMN_SEEN, COLUMN_SETTLED, COLUMN_GONE };

static enum verdict judge(enum watch_goal goal, const struct rows *rows, size_t row)
{
    const char *status = rows_cell(rows, row, COLUMN_STATUS);
    bool settled = rows_true(rows, row, COLUMN_SETTLED), seen = rows_true(rows, row, COLUMN_SEEN);
    bool active = text_equal(status, "active");

    if (goal == WATCH_GONE) {
        if (rows_true(rows, row, COLUMN_GONE))
            return VERDICT_REACHED;
        return settled && (text_equal(status, "corrupted") || text_equal(status, "deleting")) ? VERDICT_CANNOT : VERDICT_UNDER_WAY;
    }
    if (!rows_true(rows, row, COLUMN_PRESENT))
        return VERDICT_CANNOT;
    switch (goal) {
    case WATCH_SETTLED:
        return settled ? VERDICT_REACHED : VERDICT_UNDER_WAY;
    case WATCH_ACTIVE:
        if (active && seen)
            return VERDICT_REACHED;
        return settled ? VERDICT_CANNOT : VERDICT_UNDER_WAY;
    case WATCH_LINKED:
        if (active && seen && text_equal(rows_cell(rows, row, COLUMN_REASON), "UpToDate"))
            return VERDICT_REACHED;
        return judge(WATCH_APPLIED, rows, row);
    case WATCH_APPLIED:
        if (!settled)
            return VERDICT_UNDER_WAY;
        return active && !text_equal(rows_cell(rows, row, COLUMN_REASON), "UpdateRefused") ? VERDICT_REACHED : VERDICT_CANNOT;
    case WATCH_GONE:
        break;
    }
    return VERDICT_UNDER_WAY;
}

/* Takes what was read; true when something to be shown has changed. */
static bool item_update(struct item *item, enum watch_goal goal, const struct rows *rows, size_t row)
{
    const char *status = rows_cell(rows, row, COLUMN_STATUS), *reason = rows_cell(rows, row, COLUMN_REASON);
    char state[STATE_BYTES], message[LINE_BYTES];
    bool changed;

    item->verdict = judge(goal, rows, row);
    item->present = rows_true(rows, row, COLUMN_PRESENT);
    if (rows_true(rows, row, COLUMN_GONE))
        text_copy(state, sizeof state, goal == WATCH_GONE ? "gone" : "not there");
    else
        snprintf(state, sizeof state, "%s%s%s%s", text_or(status, "?"), text_is_empty(reason) ? "" : " ", text_or(reason, ""),
                 rows_true(rows, row, COLUMN_SETTLED) ? "" : " …");
    text_copy(message, sizeof message, text_or(rows_cell(rows, row, COLUMN_MESSAGE), ""));
    changed = !text_equal(state, item->state) || !text_equal(message, item->message);
    text_copy(item->state, sizeof item->state, state);
    text_copy(item->message, sizeof item->message, message);
    text_copy(item->remedy, sizeof item->remedy, text_or(rows_cell(rows, row, COLUMN_REMEDY), ""));
    return changed;
}

/* ---- showing it */

static void item_print(const struct watch *w, const struct item *item)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    int64_t elapsed = watch_now_ms() - w->begin_ms;
    const char *line = arena_printf(&arena, "%4" PRId64 ".%" PRId64 "s  %s  %s%s%s", elapsed / 1000, elapsed % 1000 / 100, item->target->name,
                                    item->state, *item->message ? ": " : "", printable(&arena, item->message));

    if (!w->live) {
        puts(line);
        return;
    }
    /* A line that wraps would break the counting of lines. */
    printf("\033[2K%.*s\n", (int)text_bytes(line, w->columns), line);
}

static void show(struct watch *w, const bool *changed)
{
    bool any = false;

    for (size_t i = 0; i < w->count; i++)
        any |= changed[i];
    if (!any)
        return;
    if (w->live && w->drawn)
        printf("\033[%zuA", w->count);
    for (size_t i = 0; i < w->count; i++)
        if (w->live || changed[i])
            item_print(w, &w->items[i]);
    w->drawn = true;
    fflush(stdout);
}

/* What did not come, and what to do about it. */
static void print_rest(const struct watch *w, bool timed_out)
{
    CLEANUP(arena_release) struct arena arena = { 0 };

    for (size_t i = 0; i < w->count; i++) {
        const struct item *item = &w->items[i];

        if (item->verdict == VERDICT_REACHED)
            continue;
        fprintf(stderr, "%s%s is %s%s%s\n", timed_out && item->verdict == VERDICT_UNDER_WAY ? "timed out: " : "", item->target->name, item->state,
                *item->message ? ": " : "", printable(&arena, item->message));
        if (*item->remedy)
            fprintf(stderr, "    %s\n", printable(&arena, item->remedy));
        if (item->present)
            fprintf(stderr, "    trunkctl describe %s%s%s says more\n", item->target->kind == TARGET_NUMBER ? "" : target_table[item->target->kind].words[0],
                    item->target->kind == TARGET_NUMBER ? "" : "/", item->target->name);
    }
}

/* ---- the loop */

static const char *targets_json(struct arena *arena, const struct target *targets, size_t count)
{
    struct buf json;
    const char *text;

    buf_init(&json, 64u << 20);
    json_open(&json, '[');
    for (size_t i = 0; i < count; i++) {
        json_open(&json, '{');
        json_key_text(&json, "type", target_table[targets[i].kind].watch);
        json_key_text(&json, "name", targets[i].name);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    text = arena_strdup(arena, json.data);
    buf_release(&json);
    return text;
}

MUST_CHECK static bool look(struct db *db, struct watch *w, const char *json, bool *changed, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "watch", (const char *const[]){ json }, &rows, err))
        return false;
    memset(changed, 0, w->count * sizeof *changed);
    for (size_t row = 0; row < rows_count(rows); row++) {
        size_t i = (size_t)rows_int(rows, row, COLUMN_N) - 1;

        if (i < w->count)
            changed[i] = item_update(&w->items[i], w->goal, rows, row);
    }
    return true;
}

bool no_daemon(struct db *db, struct arena *arena, const char **ret_words, const char **ret_remedy, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    *ret_words = *ret_remedy = NULL;
    if (!db_statement(db, "no_daemon", NULL, &rows, err))
        return false;
    if (rows_count(rows) > 0) {
        *ret_words = arena_strdup(arena, rows_cell(rows, 0, 0));
        *ret_remedy = arena_strdup(arena, rows_cell(rows, 0, 1));
    }
    return true;
}

/* Said as soon as something has to be waited for, and else when time is up. */
MUST_CHECK static bool tell_no_daemon(struct db *db, struct watch *w, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const char *words, *remedy;

    if (w->told)
        return true;
    if (!no_daemon(db, &arena, &words, &remedy, err))
        return false;
    if (words)
        fprintf(stderr, "daemon: %s\n    %s\n", words, remedy);
    w->told = words;
    return true;
}

static enum exit_code outcome(const struct watch *w, bool timed_out)
{
    bool cannot = false, under_way = false;

    for (size_t i = 0; i < w->count; i++) {
        cannot |= w->items[i].verdict == VERDICT_CANNOT;
        under_way |= w->items[i].verdict == VERDICT_UNDER_WAY;
    }
    if (under_way && !timed_out)
        return EXIT_PENDING;
    return under_way ? EXIT_TIMED_OUT : cannot ? EXIT_REFUSED : EXIT_DONE;
}

static enum exit_code watch_loop(struct db *db, struct watch *w, const char *json, int64_t wait_ms)
{
    bool *changed = must_calloc(w->count, sizeof *changed);
    enum exit_code code;
    struct err err;

    for (bool first = true;; first = false) {
        int64_t asked = watch_now_ms();
        bool timed_out;

        if (!look(db, w, json, changed, &err)) {
            code = fail_text("%s", err.text);
            break;
        }
        show(w, changed);
        timed_out = watch_now_ms() - w->begin_ms >= wait_ms;
        code = outcome(w, timed_out);
        if (code != EXIT_PENDING) {
            print_rest(w, timed_out);
            if (code == EXIT_TIMED_OUT && !tell_no_daemon(db, w, &err))
                code = fail_text("%s", err.text);
            break;
        }
        if (first && !tell_no_daemon(db, w, &err)) {
            code = fail_text("%s", err.text);
            break;
        }
        watch_pause(asked);
    }
    free(changed);
    return code;
}

enum exit_code watch(struct db *db, const struct target *targets, size_t count, enum watch_goal goal, int64_t wait_ms)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    struct watch w = { .count = count, .goal = goal, .begin_ms = watch_now_ms(), .columns = terminal_columns() };
    enum exit_code code;

    if (count == 0)
        return EXIT_DONE;
    w.live = w.columns > 0 && count <= LIVE_LINES_MAX && !text_equal(getenv("TERM"), "dumb");
    w.items = must_calloc(count, sizeof *w.items);
    for (size_t i = 0; i < count; i++)
        w.items[i].target = &targets[i];
    code = watch_loop(db, &w, targets_json(&arena, targets, count), wait_ms);
    free(w.items);
    return code;
}
