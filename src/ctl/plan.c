/* trunkctl plan: one snapshot, the same core as the daemon's, and what it would do. Nothing is written. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trunkd/buf.h>
#include <trunkd/core.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

#include "apply_rows.h"
#include "db.h"
#include "out.h"
#include "plan.h"
#include "verb.h"

#define PLAN_BYTES_MAX (256u << 20)

/* Lines as they came; shown sorted by owner, each owner's own order kept. */
struct line { struct plan_line of; const char *title; size_t order; };

struct plan {
    struct line *lines;
    size_t count, count_max;
    struct arena arena;
};

static void keep_line(void *userdata, const struct plan_line *line)
{
    struct plan *plan = userdata;
    struct arena *arena = &plan->arena;

    if (plan->count == plan->count_max) {
        plan->count_max = plan->count_max ? plan->count_max * 2 : 256;
        plan->lines = must_realloc(plan->lines, plan->count_max * sizeof *plan->lines);
    }
    plan->lines[plan->count] = (struct line){ .order = plan->count, .of = {
        .owner_type = arena_strdup(arena, line->owner_type), .owner = arena_strdup(arena, line->owner), .operation = arena_strdup(arena, line->operation),
        .kind = arena_strdup(arena, line->kind), .slot = arena_strdup(arena, line->slot), .account = arena_strdup(arena, line->account),
        .blocked_by = arena_strdup(arena, line->blocked_by), .changes = arena_strdup(arena, line->changes),
        .external_id = arena_strdup(arena, line->external_id), .provider = line->provider, .requests = line->requests } };
    plan->count++;
}

static int by_owner(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    int order = strcmp(right->of.owner_type, left->of.owner_type);     /* trunks first: numbers wait for them */

    if (order == 0)
        order = strcmp(left->title, right->title);
    if (order == 0)
        order = strcmp(left->of.owner, right->of.owner);
    return order ? order : left->order < right->order ? -1 : 1;
}

/* ---- the core */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void plan_each(const struct rows *rows, void (*each)(void *, const struct plan_line *), void *userdata)
{
    struct row_text *texts = must_calloc(rows_count(rows) + 1, sizeof *texts);
    struct effects *effects = must_calloc(1, sizeof *effects);
    struct core *core = core_new(/* plan_only= */ true);
    int64_t now = now_ms();

    for (size_t row = 0; row < rows_count(rows); row++)
        texts[row] = (struct row_text){ .what = rows_cell(rows, row, 0), .key = rows_cell(rows, row, 1), .json = rows_cell(rows, row, 2) };
    core_step(core, &(struct event){ .type = EVENT_CONFIG, .now_ms = now, .config = &settings_default }, effects);
    core_step(core, &(struct event){ .type = EVENT_DB_UP, .now_ms = now }, effects);
    core_step(core, &(struct event){ .type = EVENT_ROWS, .now_ms = now, .rows = { .rows = texts, .count = rows_count(rows), .all = true } }, effects);
    core_plan(core, now, each, userdata);
    core_free(core);
    effects_reset(effects);
    free(effects);
    free(texts);
}

/* Trunks are known by their names; an automatic one has none that people gave it. */
static const char *title_of(const struct rows *rows, const struct plan_line *line, struct arena *arena)
{
    if (text_equal(line->owner_type, "number"))
        return line->owner;
    for (size_t row = 0; row < rows_count(rows); row++) {
        const struct json *json;

        if (text_equal(rows_cell(rows, row, 0), "trunk") && text_equal(rows_cell(rows, row, 1), line->owner) && rows_cell(rows, row, 2) &&
            json_parse(arena, rows_cell(rows, row, 2), strlen(rows_cell(rows, row, 2)), &json, NULL))
            return arena_printf(arena, "trunk %s", text_or(json_member(json, "name"), line->owner));
    }
    return arena_printf(arena, "automatic trunk %s", line->owner);
}

static void make_plan(const struct rows *rows, struct plan *plan)
{
    plan_each(rows, keep_line, plan);
    for (size_t i = 0; i < plan->count; i++) {
        bool same = i > 0 && text_equal(plan->lines[i].of.owner, plan->lines[i - 1].of.owner);

        plan->lines[i].title = same ? plan->lines[i - 1].title : title_of(rows, &plan->lines[i].of, &plan->arena);
    }
    if (plan->count > 1)
        qsort(plan->lines, plan->count, sizeof *plan->lines, by_owner);
}

/* ---- showing it */

/* What was refused for good waits for a change of the wish: it is shown, but it is not something that would be done. */
static bool is_pending(const struct plan_line *line)
{
    if (text_equal(line->operation, "read") || text_equal(line->operation, "wait"))
        return false;
    return !line->blocked_by || !text_starts(line->blocked_by, "refused");
}

static enum tint tint_of_operation(const char *operation)
{
    return text_equal(operation, "create") ? TINT_GOOD : text_equal(operation, "delete") ? TINT_BAD : TINT_WAITS;
}

static void print_lines(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_line *line = &plan->lines[i].of;

        if (i == 0 || !text_equal(plan->lines[i - 1].of.owner, line->owner))
            printf("%s\n", plan->lines[i].title);
        printf("  %s%-6s%s %s%s%s%s%s%s%s in %s%s%s\n", tint(tint_of_operation(line->operation)), line->operation, tint(TINT_NONE), line->kind, text_is_empty(line->slot) ? "" : " ", text_or(line->slot, ""),
               text_is_empty(line->external_id) ? "" : " ", text_or(line->external_id, ""), line->changes ? ": " : "", text_or(line->changes, ""),
               line->account, line->blocked_by ? ", " : "", text_or(line->blocked_by, ""));
    }
}

static void print_cost(const struct plan *plan)
{
    struct cost cost = { .count = 0 };

    for (size_t i = 0; i < plan->count; i++)
        cost_add(&cost, &plan->lines[i].of);
    if (cost.total > 0) {
        fputs("It takes ", stdout);
        cost_print(&cost);
        puts("; what is looked up first is not counted.");
    }
    cost_release(&cost);
}

static void print_summary(const struct plan *plan)
{
    static const char *const operations[] = { "create", "update", "delete", "read", "wait" };
    static const char *const words[] = { "to create", "to change", "to delete", "to read", "in doubt" };
    size_t blocked = 0;
    bool first = true;

    if (plan->count == 0) {
        puts("nothing to do");
        return;
    }
    for (size_t i = 0; i < plan->count; i++)
        blocked += plan->lines[i].of.blocked_by != NULL;
    for (size_t word = 0; word < ARRAY_SIZE(operations); word++) {
        size_t count = 0;

        for (size_t i = 0; i < plan->count; i++)
            count += text_equal(plan->lines[i].of.operation, operations[word]);
        if (count > 0)
            printf("%s%zu %s", first ? "\n" : ", ", count, words[word]);
        first = first && count == 0;
    }
    printf(blocked > 0 ? "; %zu of them wait for others\n" : "\n", blocked);
    print_cost(plan);
}

static void print_ages(const struct rows *ages)
{
    if (rows_count(ages) == 0)
        return;
    printf("It rests on what the database knows. Accounts were last read whole: ");
    for (size_t row = 0; row < rows_count(ages); row++) {
        char age[AGE_BYTES];

        age_text(rows_int(ages, row, 1), age);
        printf("%s%s %s%s", row > 0 ? ", " : "", rows_cell(ages, row, 0), rows_cell(ages, row, 1) ? age : "never", rows_cell(ages, row, 1) ? " ago" : "");
    }
    puts(".");
}

MUST_CHECK static bool print_json(const struct plan *plan, bool as_yaml, struct err *err)
{
    bool ok = true;
    struct buf json;

    buf_init(&json, PLAN_BYTES_MAX);
    json_open(&json, '[');
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_line *line = &plan->lines[i].of;

        json_open(&json, '{');
        json_key_text(&json, "owner_type", line->owner_type);
        json_key_text(&json, "owner", line->owner);
        json_key_text(&json, "operation", line->operation);
        json_key_text(&json, "kind", line->kind);
        json_key_text(&json, "slot", text_or(line->slot, ""));
        json_key_text(&json, "account", line->account);
        json_key_text(&json, "external_id", line->external_id);
        json_key_text(&json, "changes", line->changes);
        json_key_text(&json, "blocked_by", line->blocked_by);
        json_key_int(&json, "requests", line->requests);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    if (as_yaml)
        ok = yaml_print(json.data, err);
    else
        puts(json.data);
    buf_release(&json);
    return ok;
}

static enum exit_code show(const struct options *options, const struct plan *plan, const struct rows *ages)
{
    enum exit_code code = EXIT_DONE;
    struct err err;

    if (options->output >= OUTPUT_JSON) {
        if (!print_json(plan, options->output == OUTPUT_YAML, &err))
            return fail(&err);
    } else {
        print_lines(plan);
        print_summary(plan);
        print_ages(ages);
    }
    for (size_t i = 0; i < plan->count; i++)
        if (is_pending(&plan->lines[i].of))
            code = EXIT_PENDING;
    return code;
}

/* ---- the verb */

/* The documents go in, the snapshot is read, everything is taken back. */
MUST_CHECK static bool read_snapshot(struct db *db, struct manifest *m, struct rows **ret_rows, struct rows **ret_ages, struct err *err)
{
    struct applied applied = { .changes = NULL };
    bool ok = db_script(db, "begin", err) && (!m || apply_rows(db, m, &applied, err)) && db_script(db, "set constraints all immediate", err) &&
              db_statement(db, "snapshot_all", NULL, ret_rows, err) && db_statement(db, "scan_ages", NULL, ret_ages, err) && db_script(db, "rollback", err);

    applied_release(&applied);
    return ok;
}

static enum exit_code plan_with(const struct options *options, struct manifest *m)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(rows_free_at) struct rows *ages = NULL;
    struct plan plan = { .count = 0 };
    enum exit_code code;
    struct err err;

    if (!db_open(options, &db, &err))
        return fail(&err);
    if (!read_snapshot(db, m, &rows, &ages, &err)) {
        if (!m || m->error_count == 0)
            return fail(&err);
        fputs(manifest_errors(m), stderr);
        return EXIT_REFUSED;
    }
    make_plan(rows, &plan);
    code = show(options, &plan, ages);
    free(plan.lines);
    arena_release(&plan.arena);
    return code;
}

enum exit_code run_plan(const struct options *options)
{
    struct manifest m;
    enum exit_code code;

    if (options->file_count == 0)
        return plan_with(options, NULL);
    if (manifest_load(options->files, options->file_count, &m)) {
        code = plan_with(options, &m);
    } else {
        fputs(manifest_errors(&m), stderr);
        code = EXIT_ERROR;
    }
    manifest_release(&m);
    return code;
}
