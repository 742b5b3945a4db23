/* What is pruned, and who agrees to it. */
#include "prune.h"
#include "out.h"

#include <stdio.h>
#include <trunkd/text.h>
#include <unistd.h>

#define SHARE_MAX 5                     /* more than one in so many is rather a mistake: a wrong folder, half a checkout */

static const enum target_kind target_kinds[MANIFEST_MAX_] = {
    [MANIFEST_PROJECT] = TARGET_PROJECT, [MANIFEST_ACCOUNT] = TARGET_ACCOUNT, [MANIFEST_AGENT] = TARGET_AGENT,
    [MANIFEST_TRUNK] = TARGET_TRUNK,     [MANIFEST_NUMBER] = TARGET_NUMBER,
};

static bool is_in(const struct manifest *m, enum manifest_kind kind, const char *name, struct arena *arena)
{
    return map_get(&m->by_name, arena_printf(arena, "%s/%s", manifest_tables[kind].kind, name)) != NULL;
}

MUST_CHECK static bool delete_kind(struct db *db, struct pruned *pruned, enum target_kind kind, struct err *err)
{
    const char **names = ARENA_ARRAY(&pruned->arena, const char *, pruned->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < pruned->count; i++)
        if (pruned->targets[i].kind == kind)
            names[count++] = pruned->targets[i].name;
    return count == 0 || db_statement(db, target_table[kind].remove, (const char *const[]){ json_names(&pruned->arena, names, count) }, NULL, err);
}

bool prune(struct db *db, const struct options *options, const struct manifest *m, struct pruned *ret, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    *ret = (struct pruned){ .count = 0 };
    if (options->label_count == 0)
        return err_set(err, ERR_CONFIG, "--prune needs -l LABEL=VALUE: only what carries that label, and stands in no manifest, is deleted");
    if (!db_statement(db, "prune_list", (const char *const[]){ labels_json(&ret->arena, options) }, &rows, err))
        return false;
    ret->among = rows_count(rows);
    ret->targets = ARENA_ARRAY(&ret->arena, struct target, ret->among + 1);
    for (size_t kind = 0; kind < TARGET_MAX_; kind++)
        for (size_t i = 0; i < rows_count(rows); i++) {
            enum manifest_kind of = (enum manifest_kind)rows_int(rows, i, 0);
            if (target_kinds[of] == kind && !is_in(m, of, rows_cell(rows, i, 1), &ret->arena))
                ret->targets[ret->count++] = (struct target){ .kind = target_kinds[of], .name = arena_strdup(&ret->arena, rows_cell(rows, i, 1)) };
        }
    for (size_t kind = 0; kind < TARGET_MAX_; kind++)
        if (!delete_kind(db, ret, (enum target_kind)kind, err))
            return false;
    return true;
}

static bool person_agrees(const struct pruned *pruned)
{
    char question[100];

    prune_print(pruned, " (if you agree)");
    snprintf(question, sizeof question, "delete %zu of the %zu that carry the label?", pruned->count, pruned->among);
    return agrees(question);
}

bool prune_is_agreed(const struct options *options, const struct pruned *pruned, struct err *err)
{
    if (pruned->count == 0)
        return true;
    if (pruned->count * SHARE_MAX > pruned->among && !options->force)
        return err_set(err, ERR_REJECTED, "--prune would delete %zu of the %zu that carry the label, more than a fifth; nothing was changed. See which with --dry-run; if it is meant, add --force",
                       pruned->count, pruned->among);
    if (options->yes)
        return true;
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_REJECTED, "--prune would delete %zu; nothing was changed. Where nobody can be asked, --yes agrees to it", pruned->count);
    return person_agrees(pruned) || err_set(err, ERR_REJECTED, "nothing was changed");
}

void prune_print(const struct pruned *pruned, const char *after)
{
    for (size_t i = 0; i < pruned->count; i++)
        printf("%s/%s deleted%s\n", target_table[pruned->targets[i].kind].kind, pruned->targets[i].name, after);
}

void prune_release(struct pruned *pruned)
{
    arena_release(&pruned->arena);
}
