/* trunkctl retry, rotate, force-delete, release and scan: wishes that the daemon takes between two operations. */
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "db.h"
#include "target.h"
#include "verb.h"

/* As it was typed; what a label stands for, by its name. */
static const char *written(const struct options *options, const struct target *targets, size_t i)
{
    return options->name_count > 0 ? options->names[i] : targets[i].name;
}

/* All names in one transaction: a name that is refused leaves no half of the wish behind. */
static enum exit_code ask(const struct options *options, bool (*read)(const char *, struct target *, struct err *), const char *statement,
                          const char *why, const char *said)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(db_close_at) struct db *db = NULL;
    struct target *targets;
    size_t count;
    struct err err;

    if (!targets_open(options, read, &arena, &db, &targets, &count, &err) || !db_script(db, "begin", &err))
        return fail(&err);
    for (size_t i = 0; i < count; i++) {
        if (!db_statement(db, statement, (const char *const[]){ targets[i].name, why }, NULL, &err)) {
            if (!strstr(err.text, targets[i].name))
                err_prefix(&err, "%s: ", written(options, targets, i));
            return fail(&err);
        }
    }
    if (!db_script(db, "commit", &err))
        return fail(&err);
    for (size_t i = 0; i < count; i++)
        printf("%s %s\n", written(options, targets, i), said);
    return EXIT_DONE;
}

enum exit_code run_retry(const struct options *options)
{
    return ask(options, target_read_owner, "retry", NULL, "will be tried again");
}

enum exit_code run_scan(const struct options *options)
{
    return ask(options, target_read_account, "scan", NULL, "will be looked at");
}

enum exit_code run_rotate(const struct options *options)
{
    if (text_is_empty(options->why))
        return fail_text("rotate needs --why TEXT, for whoever reads the events later");
    return ask(options, target_read_owner, "rotate", options->why, "will have another password, and so will all that share its trunk; wait for it to be settled, and the old one is gone");
}

enum exit_code run_force_delete(const struct options *options)
{
    if (text_is_empty(options->why))
        return fail_text("force-delete needs --why TEXT, for whoever finds the orphans later");
    return ask(options, target_read_owner, "force_delete", options->why, "will be given up; see trunkctl get orphans");
}

enum exit_code run_release(const struct options *options)
{
    if (text_is_empty(options->why))
        return fail_text("release needs --why TEXT: say why the removals, or the disappearance, were meant");
    return ask(options, target_read_account, "release", options->why, "will be released: what was held goes on");
}
