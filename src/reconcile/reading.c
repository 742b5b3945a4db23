/* reading: a read as a whole. It comes in pieces, and nobody takes a turn on one that is half known. */
#include "rows.h"

#include <stdlib.h>

static void find_leaving(struct core *core)
{
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);)
        owner_find_leaving(core, value);
}

/* Before anybody takes a turn on what was read. */
static void judge_removals(struct taking *t, bool all)
{
    if (all)
        brake_look_at_all(t->core);
    else
        brake_look(t->core, t->numbers, t->numbers_count);
    brake_judge(t->core);
}

static void taking_begin(struct core *core, bool all)
{
    struct taking *t = core->taking = must_calloc(1, sizeof(*t));

    *t = (struct taking){ .core = core, .all = all, .reload = all && core->loaded };
    core->half_read = true;
    core->reads++;
    if (t->reload)
        reload_begin(t);
}

static void taking_free(struct core *core)
{
    if (!core->taking)
        return;
    arena_release(&core->taking->arena);
    free(core->taking->numbers);
    free(STEAL(core->taking));
}

static void taking_end(struct core *core)
{
    struct taking *t = core->taking;

    core->reading = core->half_read = false;
    if (t->reload)
        reload_end(t);
    if (t->foreign) {
        core_log(core, MESSAGE_LEDGER_WRITTEN, "ledger", "somebody else has written to the ledger: everything is read anew");
        core_forget(core);
        core_read(core, READ_ALL);
        return;
    }
    if (t->all && !core->loaded)
        find_leaving(core);
    if (!core->plan_only)
        judge_removals(t, t->all);
    core->loaded = core->loaded || t->all;
    taking_free(core);
}

/* The rest of a read does not come. A first one has to begin anew; of another one, what is in memory is not judged before the next has ended. */
void rows_drop(struct core *core)
{
    taking_free(core);
    if (core->half_read && !core->loaded)
        core_forget(core);
}

/* All was forgotten, the read that is under way included. */
void rows_forget(struct core *core)
{
    taking_free(core);
    core->half_read = false;
}

void rows_take(struct core *core, const struct event *event)
{
    if (event->rows.continued && !core->taking) {
        core->reading = event->rows.more;       /* of a read whose beginning was forgotten: the next one tells everything */
        return;
    }
    if (!core->taking)
        taking_begin(core, event->rows.all);
    struct taking *t = core->taking;
    for (size_t i = 0; i < event->rows.count; i++) {
        const struct row_text *text = &event->rows.rows[i];
        const struct json *json = NULL;
        struct err err = { 0 };
        if (text->json && !json_parse(&t->arena, text->json, strlen(text->json), &json, &err)) {
            core_log(core, MESSAGE_ROW_UNREADABLE, text->key, "a row of %s cannot be read: %s", text->what, err.text);
            t->unreadable = true;
            continue;
        }
        if (!take_row(t, text, json, &err)) {
            core_log(core, MESSAGE_ROW_UNREADABLE, text->key, "%s", err.text);
            t->unreadable = true;
        }
        arena_release(&t->arena);
    }
    if (!event->rows.more)
        taking_end(core);
}
