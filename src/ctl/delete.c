/* trunkctl delete: rows go; the daemon removes what was made for them. */
#include <stdio.h>
#include <string.h>
#include <trunkd/json.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include "db.h"
#include "manifest.h"
#include "target.h"
#include "verb.h"
#include "watch.h"

#define BEREFT_SHOWN 5

struct doomed {
    struct target *targets;
    bool *gone_already;             /* had no row */
    size_t count;
    bool named;                     /* on the command line, where a name without a row is a mistake */
    const char *bereft;             /* numbers that lose their agent, the first few of them; NULL: none */
    size_t bereft_count;
    struct arena arena;
};

static const enum target_kind target_kinds[MANIFEST_MAX_] = {
    [MANIFEST_PROJECT] = TARGET_PROJECT, [MANIFEST_ACCOUNT] = TARGET_ACCOUNT, [MANIFEST_AGENT] = TARGET_AGENT,
    [MANIFEST_TRUNK] = TARGET_TRUNK,     [MANIFEST_NUMBER] = TARGET_NUMBER,
};

static enum exit_code read_doomed(const struct options *options, struct doomed *ret)
{
    struct manifest m = { .count = 0 };
    struct err err;

    if (options->file_count > 0 && !manifest_load(options->files, options->file_count, &m)) {
        fputs(manifest_errors(&m), stderr);
        manifest_release(&m);
        return EXIT_ERROR;
    }
    *ret = (struct doomed){ .named = options->file_count == 0 };
    ret->targets = ARENA_ARRAY(&ret->arena, struct target, options->name_count + m.count + 1);
    ret->gone_already = ARENA_ARRAY(&ret->arena, bool, options->name_count + m.count + 1);
    for (size_t i = 0; i < m.count; i++)
        ret->targets[ret->count++] = (struct target){
            .kind = target_kinds[m.objects[i]->kind], .name = arena_strdup(&ret->arena, m.objects[i]->name) };
    manifest_release(&m);
    for (size_t i = 0; i < options->name_count; i++)
        if (!target_read(options->names[i], &ret->targets[ret->count++], &err))
            return fail_text("%s", err.text);
    return EXIT_DONE;
}

/* As JSON; NULL: there is none of that kind. */
static const char *names_of(struct doomed *doomed, enum target_kind kind)
{
    const char **names = ARENA_ARRAY(&doomed->arena, const char *, doomed->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < doomed->count; i++)
        if (doomed->targets[i].kind == kind)
            names[count++] = doomed->targets[i].name;
    return count > 0 ? json_names(&doomed->arena, names, count) : NULL;
}

/* All of one kind in one statement, so that what depends on each other goes together. */
MUST_CHECK static bool delete_kind(struct db *db, struct doomed *doomed, enum target_kind kind, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    const char *names = names_of(doomed, kind);
    struct map deleted = { 0 };

    if (!names)
        return true;
    if (!db_statement(db, target_table[kind].remove, (const char *const[]){ names }, &rows, err))
        return false;
    for (size_t row = 0; row < rows_count(rows); row++)
        map_put(&deleted, rows_cell(rows, row, 0), doomed);
    for (size_t i = 0; i < doomed->count; i++)
        if (doomed->targets[i].kind == kind)
            doomed->gone_already[i] = !map_get(&deleted, doomed->targets[i].name);
    map_release(&deleted);
    return true;
}

/* A name that has no row: something of it may still be under removal. */
MUST_CHECK static bool check_there(struct db *db, const struct doomed *doomed, struct err *err)
{
    for (size_t i = 0; i < doomed->count && doomed->named; i++) {
        CLEANUP(rows_free_at) struct rows *rows = NULL;
        const struct target_row *row = &target_table[doomed->targets[i].kind];
        struct buf json;
        bool ok;

        if (!doomed->gone_already[i])
            continue;
        buf_init(&json, 4096);
        json_open(&json, '[');
        json_open(&json, '{');
        json_key_text(&json, "type", row->watch);
        json_key_text(&json, "name", doomed->targets[i].name);
        json_close(&json, '}');
        json_close(&json, ']');
        ok = db_statement(db, "watch", (const char *const[]){ json.data }, &rows, err);
        buf_release(&json);
        if (!ok)
            return false;
        if (!rows_true(rows, 0, 1))
            return err_set(err, ERR_REJECTED, "there is no %s %s; nothing was deleted", row->noun, doomed->targets[i].name);
    }
    return true;
}

/* Numbers go on without an agent that is deleted, and take no calls: whoever deletes it must read that. */
MUST_CHECK static bool find_bereft(struct db *db, struct doomed *doomed, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    const char *names = names_of(doomed, TARGET_AGENT);

    if (!names)
        return true;
    if (!db_statement(db, "agents", (const char *const[]){ names, "{}" }, &rows, err))
        return false;
    for (size_t row = 0; row < rows_count(rows); row++) {
        const struct json *line;

        if (!json_parse(&doomed->arena, rows_cell(rows, row, 1), strlen(rows_cell(rows, row, 1)), &line, err))
            return false;
        const char *number = json_member(line, "phone_number");
        if (number && doomed->bereft_count++ < BEREFT_SHOWN)
            doomed->bereft = arena_printf(&doomed->arena, "%s%s%s", text_or(doomed->bereft, ""), doomed->bereft ? ", " : "", number);
    }
    return true;
}

static enum exit_code delete(const struct options *options, struct doomed *doomed)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    struct err err;

    if (!db_open(options, &db, &err) || !db_script(db, "begin", &err))
        return fail(&err);
    for (size_t kind = 0; kind < TARGET_MAX_; kind++)
        if ((kind == TARGET_AGENT && !find_bereft(db, doomed, &err)) || !delete_kind(db, doomed, (enum target_kind)kind, &err))
            return fail(&err);
    if (!check_there(db, doomed, &err) || !db_script(db, "commit", &err))
        return fail(&err);
    for (size_t i = 0; i < doomed->count; i++)
        printf("%s/%s %s\n", target_table[doomed->targets[i].kind].kind, doomed->targets[i].name,
               !doomed->gone_already[i] ? "deleted" : doomed->named ? "is deleted already" : "is not there");
    if (doomed->bereft)
        printf("    %zu number%s no agent now, and take%s no calls: %s%s\n", doomed->bereft_count, doomed->bereft_count == 1 ? " has" : "s have",
               doomed->bereft_count == 1 ? "s" : "", doomed->bereft, doomed->bereft_count > BEREFT_SHOWN ? ", …" : "");
    fflush(stdout);
    return options->wait ? watch(db, doomed->targets, doomed->count, WATCH_GONE, options->wait_ms) : EXIT_DONE;
}

enum exit_code run_delete(const struct options *options)
{
    struct doomed doomed = { .count = 0 };
    enum exit_code code;

    if ((options->file_count == 0) == (options->name_count == 0))
        return fail_text("delete needs names, or -f FILE, and not both");
    code = read_doomed(options, &doomed);
    if (code == EXIT_DONE)
        code = delete(options, &doomed);
    arena_release(&doomed.arena);
    return code;
}
