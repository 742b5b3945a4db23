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
    struct target *targets;
    const char *word = text_or(options->for_what, "settled");
    enum watch_goal goal = WATCH_SETTLED;
    size_t count;
    struct err err;
    bool known = false;

    for (size_t i = 0; i < ARRAY_SIZE(goals); i++)
        if (text_equal(goals[i].word, word)) {
            goal = goals[i].goal;
            known = true;
        }
    if (!known)
        return fail_text("--for is settled, active or gone, not \"%s\"", word);
    if (!targets_open(options, target_read, &arena, &db, &targets, &count, &err))
        return fail(&err);
    return watch(db, targets, count, goal, options->wait_ms);
}
