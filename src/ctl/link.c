/* trunkctl link and unlink: who answers a number. A relink is one request at LiveKit, and no call is lost. */
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "db.h"
#include "target.h"
#include "verb.h"
#include "watch.h"

/* All numbers in one transaction, or none. agent NULL: nobody answers any more. */
static enum exit_code link_numbers(const struct options *options, size_t count, const char *agent, enum watch_goal goal)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(db_close_at) struct db *db = NULL;
    struct target *targets = ARENA_ARRAY(&arena, struct target, count);
    const char **names = ARENA_ARRAY(&arena, const char *, count);
    struct err err;

    for (size_t i = 0; i < count; i++) {
        if (!target_read(options->names[i], &targets[i], &err))
            return fail_text("%s", err.text);
        if (targets[i].kind != TARGET_NUMBER)
            return fail_text("\"%s\" is not a phone number", options->names[i]);
        names[i] = targets[i].name;
    }
    if (!db_open(options, &db, &err) || !db_script(db, "begin", &err)
        || !db_statement(db, "link", (const char *const[]){ json_names(&arena, names, count), agent }, &rows, &err))
        return fail(&err);
    for (size_t i = 0; i < count; i++) {
        if (!rows_true(rows, i, 1)) {
            err_set(&err, ERR_REJECTED, "there is no phone number %s; nothing was %s", names[i], agent ? "linked" : "unlinked");
            return fail(&err);
        }
    }
    if (!db_script(db, "commit", &err))
        return fail(&err);
    for (size_t i = 0; i < count; i++) {
        const char *before = rows_cell(rows, i, 2);
        if (text_equal(before, agent))
            printf("%s unchanged\n", names[i]);
        else if (agent)
            printf("%s linked to %s%s%s%s\n", names[i], agent, before ? ", before to " : "", text_or(before, ""),
                   rows_true(rows, i, 3) ? "" : "; the number takes no inbound calls: nothing changes for callers");
        else
            printf("%s unlinked from %s\n", names[i], before);
    }
    fflush(stdout);
    return options->wait ? watch(db, targets, count, goal, options->wait_ms) : EXIT_DONE;
}

enum exit_code run_link(const struct options *options)
{
    size_t last = options->name_count - 1;
    const char *agent = options->names[last];

    if (strchr(agent, '/')) {
        struct target target;
        struct err err;

        if (!target_read(agent, &target, &err))
            return fail_text("%s", err.text);
        if (target.kind != TARGET_AGENT)
            return fail_text("\"%s\" is not an agent", agent);
        agent = target.name;
    }
    if (agent[0] == '+')
        return fail_text("link needs the name of an agent behind the numbers; trunkctl unlink leaves them without one");
    return link_numbers(options, last, agent, WATCH_LINKED);
}

enum exit_code run_unlink(const struct options *options)
{
    return link_numbers(options, options->name_count, NULL, WATCH_SETTLED);
}
