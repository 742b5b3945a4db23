/* trunkctl agents: which agent answers which number. */
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "listing.h"
#include "target.h"

static const struct listing listing = {
    { "agents" }, "agent", "agents", true,
    { { "AGENT", "agent" }, { "DISPATCH-NAME", "dispatch_name" }, { "NUMBER", "phone_number" }, { "LABEL", "label" }, { "STATUS", "status" },
      { "REASON", "reason" }, { "AGE", AGE } },
    NULL, /* is_log= */ false,
};

MUST_CHECK static bool read_names(const struct options *options, const char **ret, struct err *err)
{
    for (size_t i = 0; i < options->name_count; i++) {
        struct target target = { .kind = TARGET_AGENT, .name = options->names[i] };

        if (strchr(target.name, '/') && !target_read(options->names[i], &target, err))
            return false;
        if (target.kind != TARGET_AGENT || target.name[0] == '+')
            return err_set(err, ERR_CONFIG, "\"%s\" is not an agent", options->names[i]);
        ret[i] = target.name;
    }
    return true;
}

static bool is_among(const struct rows *rows, const char *name)
{
    for (size_t i = 0; i < rows_count(rows); i++)
        if (text_equal(rows_cell(rows, i, 0), name))
            return true;
    return false;
}

enum exit_code run_agents(const struct options *options)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(db_close_at) struct db *db = NULL;
    const char **names = ARENA_ARRAY(&arena, const char *, options->name_count + 1);
    struct err err;

    if (!read_names(options, names, &err))
        return fail_text("%s", err.text);
    if (!db_open(options, &db, &err) ||
        !db_statement(db, "agents", (const char *const[]){ options->name_count > 0 ? json_names(&arena, names, options->name_count) : NULL,
                                                           labels_json(&arena, options) }, &rows, &err))
        return fail(&err);
    if (rows_count(rows) == 0 && options->output < OUTPUT_JSON && options->name_count == 0) {
        fputs("no agents\n", stderr);
        return EXIT_DONE;
    }
    enum exit_code code = listing_print(&listing, rows, /* chosen= */ NULL, /* widths= */ NULL, options);
    for (size_t i = 0; i < options->name_count; i++)
        if (!is_among(rows, names[i]))
            code = fail_text("there is no agent %s", names[i]);
    return code;
}
