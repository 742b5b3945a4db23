/* trunkctl sweep: what carries our tag and belongs to nobody is removed, when somebody has seen the list and agrees. */
#include <stdio.h>
#include <string.h>
#include <trunkd/json.h>
#include <trunkd/text.h>
#include <unistd.h>

#include "db.h"
#include "out.h"
#include "target.h"
#include "verb.h"

struct stray { const char *account, *kind, *id; bool asked; };
struct strays { struct stray *list; size_t count; struct arena arena; };

/* Whoever misspells one is not told that all is well there. */
MUST_CHECK static bool check_accounts(struct db *db, const char *names, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "unknown_accounts", (const char *const[]){ names }, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return true;
    const char *name = rows_cell(rows, 0, 0);
    return err_set(err, ERR_REJECTED, "%s: there is no Twilio account or LiveKit project \"%s\". See trunkd.account_state.", name, name);
}

MUST_CHECK static bool strays_read(struct db *db, const struct options *options, struct strays *ret, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    const char **names = ARENA_ARRAY(&ret->arena, const char *, options->name_count + 1);

    for (size_t i = 0; i < options->name_count; i++) {
        struct target target;
        if (!target_read_account(options->names[i], &target, err))
            return false;
        names[i] = target.name;
    }
    const char *all = json_names(&ret->arena, names, options->name_count);
    if (!check_accounts(db, all, err) || !db_statement(db, "get_strays", (const char *const[]){ all, "{}" }, &rows, err))
        return false;
    ret->list = ARENA_ARRAY(&ret->arena, struct stray, rows_count(rows) + 1);
    for (size_t row = 0; row < rows_count(rows); row++) {
        const struct json *json;
        if (!json_parse(&ret->arena, rows_cell(rows, row, 1), strlen(rows_cell(rows, row, 1)), &json, err))
            return false;
        ret->list[ret->count++] = (struct stray){ .account = arena_strdup(&ret->arena, json_member(json, "account")),
                                                  .kind = arena_strdup(&ret->arena, json_member(json, "kind")),
                                                  .id = arena_strdup(&ret->arena, json_member(json, "external_id")) };
    }
    return true;
}

static void stray_print(const struct stray *stray, const char *after)
{
    printf("%s %s in %s%s\n", stray->kind, stray->id, stray->account, after);
}

static void strays_print(const struct strays *strays, const char *after)
{
    for (size_t i = 0; i < strays->count; i++)
        stray_print(&strays->list[i], after);
}

MUST_CHECK static bool is_agreed(const struct options *options, const struct strays *strays, struct err *err)
{
    char question[80];

    if (options->yes)
        return true;
    if (!isatty(STDIN_FILENO))
        return err_set(err, ERR_REJECTED, "sweep would remove %zu; nothing was asked for. Where nobody can be asked, --yes agrees to it", strays->count);
    strays_print(strays, "");
    snprintf(question, sizeof question, "remove these %zu at the providers?", strays->count);
    return agrees(question) || err_set(err, ERR_REJECTED, "nothing was asked for");
}

/* All of them that are strays still, or none. */
MUST_CHECK static bool ask(struct db *db, struct strays *strays, const char *why, struct err *err)
{
    if (!db_script(db, "begin", err))
        return false;
    for (size_t i = 0; i < strays->count; i++) {
        CLEANUP(rows_free_at) struct rows *rows = NULL;
        struct stray *s = &strays->list[i];
        if (!db_statement(db, "sweep", (const char *const[]){ s->account, s->kind, s->id, why }, &rows, err))
            return false;
        s->asked = rows_count(rows) > 0;
    }
    return db_script(db, "commit", err);
}

static enum exit_code sweep(const struct options *options, struct strays *strays)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    struct err err;

    if (!db_open(options, &db, &err) || !strays_read(db, options, strays, &err))
        return fail(&err);
    if (strays->count == 0) {
        puts("there is no stray");
        return EXIT_DONE;
    }
    if (options->dry_run) {
        strays_print(strays, " would be removed (dry run)");
        return EXIT_DONE;
    }
    if (!is_agreed(options, strays, &err) || !ask(db, strays, options->why, &err))
        return fail(&err);
    for (size_t i = 0; i < strays->count; i++)
        stray_print(&strays->list[i], strays->list[i].asked ? " will be removed" : " is no stray any more");
    return EXIT_DONE;
}

enum exit_code run_sweep(const struct options *options)
{
    struct strays strays = { .count = 0 };

    if (text_is_empty(options->why) && !options->dry_run)
        return fail_text("sweep needs --why TEXT: say how you know that nobody needs them");
    enum exit_code code = sweep(options, &strays);
    arena_release(&strays.arena);
    return code;
}
