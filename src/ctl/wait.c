/* trunkctl wait: until objects have come to rest, or are gone. */
#include <trunkd/text.h>

#include "db.h"
#include "target.h"
#include "verb.h"
#include "watch.h"

static const struct { const char *word; enum watch_goal goal; } goals[] = {
    { "settled", WATCH_SETTLED }, { "active", WATCH_ACTIVE }, { "gone", WATCH_GONE },
};

enum exit_code run_wait(const struct options *options)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(db_close_at) struct db *db = NULL;
    struct target *targets = ARENA_ARRAY(&arena, struct target, options->name_count);
    const char *word = text_or(options->for_what, "settled");
    enum watch_goal goal = WATCH_SETTLED;
    struct err err;
    bool known = false;

    for (size_t i = 0; i < ARRAY_SIZE(goals); i++)
        if (text_equal(goals[i].word, word)) {
            goal = goals[i].goal;
            known = true;
        }
    if (!known)
        return fail_text("--for is settled, active or gone, not \"%s\"", word);
    for (size_t i = 0; i < options->name_count; i++)
        if (!target_read(options->names[i], &targets[i], &err))
            return fail_text("%s", err.text);
    if (!db_open(options, &db, &err))
        return fail(&err);
    return watch(db, targets, options->name_count, goal, options->wait_ms);
}
