/* trunkctl events: what happened, the newest last. */
#include <inttypes.h>
#include <stdio.h>
#include <trunkd/text.h>

#include "follow.h"
#include "listing.h"
#include "target.h"

#define EVENTS_SHOWN INT64_C(50)

static const struct listing narrow = {
    { "events" }, "event", "get_events", false,
    { { "AGE", AGE }, { "OBJECT", "object" }, { "REASON", "reason" }, { "MESSAGE", "message" } },
    NULL, /* is_log= */ true,
};
static const struct listing wide = {
    { "events" }, "event", "get_events", false,
    { { "AT", AT }, { "AGE", AGE }, { "OBJECT", "object" }, { "REASON", "reason" }, { "MESSAGE", "message" } },
    NULL, /* is_log= */ true,
};

enum exit_code run_events(const struct options *options)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(db_close_at) struct db *db = NULL;
    const char **names = ARENA_ARRAY(&arena, const char *, options->name_count + 1);
    int64_t shown = options->limit >= 0 ? options->limit : EVENTS_SHOWN, read = options->watch && shown < FOLLOW_LATE ? FOLLOW_LATE : shown;
    const struct listing *listing = options->output == OUTPUT_WIDE ? &wide : &narrow;
    char limit[32];
    struct err err;

    for (size_t i = 0; i < options->name_count; i++) {
        const char *slash = strchr(options->names[i], '/');

        names[i] = slash ? slash + 1 : options->names[i];
    }
    snprintf(limit, sizeof limit, "%" PRId64, read);
    const char *const parameters[] = { options->name_count > 0 ? json_names(&arena, names, options->name_count) : NULL, limit, "0" };
    if (!db_open(options, &db, &err))
        return fail(&err);
    if (options->watch)
        return follow(db, listing, parameters, (size_t)shown, FOLLOW_EVENTS, options);
    if (!db_statement(db, "get_events", parameters, &rows, &err))
        return fail(&err);
    if (rows_count(rows) == 0 && options->output < OUTPUT_JSON) {
        fputs("no events", stderr);
        for (size_t i = 0; i < options->name_count; i++)
            fprintf(stderr, "%s %s", i == 0 ? " of" : ",", options->names[i]);
        fputc('\n', stderr);
        return EXIT_DONE;
    }
    return listing_print(listing, rows, /* chosen= */ NULL, /* widths= */ NULL, options);
}
