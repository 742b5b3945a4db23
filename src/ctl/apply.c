/* trunkctl apply: manifests become rows, all of them in one transaction or none. */
#include <stdio.h>
#include <trunkd/text.h>

#include "apply_rows.h"
#include "db.h"
#include "prune.h"
#include "target.h"
#include "verb.h"
#include "watch.h"

static void add_number(struct target *targets, size_t *count, struct map *seen, const char *name)
{
    if (map_get(seen, name))
        return;
    targets[*count] = (struct target){ .kind = TARGET_NUMBER, .name = name };
    map_put(seen, name, &targets[(*count)++]);
}

/* The numbers to wait for: those that stand in the manifests, in documents of their own or in the list of an agent, and those of the agents
 * that were changed. What else an unchanged agent answers was not touched. */
MUST_CHECK static bool numbers_touched(struct db *db, const struct manifest *m, const struct applied *applied, struct arena *arena,
                                       struct target **ret_targets, size_t *ret_count, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    struct map seen = { 0 };
    const char **agents = ARENA_ARRAY(arena, const char *, m->count + 1);
    struct target *targets;
    size_t agent_count = 0, count = 0, count_max = m->count + 1;

    for (size_t i = 0; i < m->count; i++) {
        count_max += m->objects[i]->number_count;
        if (m->objects[i]->kind == MANIFEST_AGENT && applied->changes[i] == CHANGE_CHANGED)
            agents[agent_count++] = m->objects[i]->name;
    }
    if (!db_statement(db, "agents_numbers", (const char *const[]){ json_names(arena, agents, agent_count) }, &rows, err))
        return false;
    targets = ARENA_ARRAY(arena, struct target, count_max + rows_count(rows));
    for (size_t i = 0; i < m->count; i++) {
        const struct object *object = m->objects[i];

        if (object->kind == MANIFEST_NUMBER)
            add_number(targets, &count, &seen, object->name);
        for (size_t n = 0; n < object->number_count; n++)
            add_number(targets, &count, &seen, object->numbers[n]);
    }
    for (size_t i = 0; i < rows_count(rows); i++)
        add_number(targets, &count, &seen, arena_strdup(arena, rows_cell(rows, i, 0)));
    map_release(&seen);
    *ret_targets = targets;
    *ret_count = count;
    return true;
}

static enum exit_code refused(struct manifest *m, const struct err *err)
{
    if (m->error_count == 0)
        return fail(err);
    fputs(manifest_errors(m), stderr);
    return EXIT_REFUSED;
}

static enum exit_code apply(const struct options *options, struct manifest *m, struct applied *applied, struct pruned *pruned)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(db_close_at) struct db *db = NULL;
    struct target *targets;
    size_t count;
    struct err err;

    if (!db_open(options, &db, &err))
        return fail(&err);
    if (!db_script(db, "begin", &err))
        return fail(&err);
    if (!apply_rows(db, m, applied, &err))
        return refused(m, &err);
    if (options->prune && !prune(db, options, m, pruned, &err))
        return fail(&err);
    if (options->dry_run) {
        if (!db_script(db, "set constraints all immediate", &err) || !db_script(db, "rollback", &err))
            return fail(&err);
        applied_print(m, applied, " (dry run)");
        prune_print(pruned, " (dry run)");
        return EXIT_DONE;
    }
    if (!prune_is_agreed(options, pruned, &err) || !db_script(db, "commit", &err))
        return fail(&err);
    applied_print(m, applied, "");
    prune_print(pruned, "");
    fflush(stdout);
    if (!options->wait)
        return EXIT_DONE;
    if (!numbers_touched(db, m, applied, &arena, &targets, &count, &err))
        return fail(&err);
    return watch(db, targets, count, WATCH_APPLIED, options->wait_ms);
}

enum exit_code run_apply(const struct options *options)
{
    struct applied applied = { .changes = NULL };
    struct pruned pruned = { .count = 0 };
    struct manifest m;
    enum exit_code code;

    if (options->file_count == 0)
        return fail_text("apply needs -f FILE, -f FOLDER or -f - for standard input");
    if (options->wait && options->dry_run)
        return fail_text("--wait and --dry-run do not go together: nothing is left to wait for");
    if (!options->prune && (options->label_count > 0 || options->yes || options->force))
        return fail_text("-l, --yes and --force of apply go with --prune");
    if (manifest_load(options->files, options->file_count, &m)) {
        code = apply(options, &m, &applied, &pruned);
    } else {
        fputs(manifest_errors(&m), stderr);
        code = EXIT_ERROR;
    }
    applied_release(&applied);
    prune_release(&pruned);
    manifest_release(&m);
    return code;
}
