#include "stories.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/text.h>
#include "story.h"

#define SECOND "+15550100002"

static void add_sip(struct world *w) { world_add_sip(w, SIP); }
static void relink_sip(struct world *w) { world_wish(w, "number", SIP, "{'agent':'sales'}"); }
static void delete_sip(struct world *w) { world_wish(w, "number", SIP, NULL); }

static void add_both(struct world *w) { world_add_number(w, A, "both"); }
static void add_neighbour(struct world *w) { world_add_number(w, B, "both"); }
static void add_two(struct world *w) { add_both(w); add_neighbour(w); }
static void relink(struct world *w) { world_wish(w, "number", A, "{'agent':'sales'}"); }
static void unlink_agent(struct world *w) { world_wish(w, "number", A, "{'agent':null}"); }
static void delete_a(struct world *w) { world_wish(w, "number", A, NULL); }
static void move(struct world *w) { world_wish(w, "number", A, "{'livekit_project':'other'}"); }
static void rename_a(struct world *w) { world_wish(w, "number", A, "{'label':'Another label'}"); }

static void replace(struct world *w)
{
    world_wish(w, "number", A, NULL);
    world_add_number(w, SECOND, "both");
}

const struct story stories[] = {
    { "create, sip", NULL, add_sip, false },
    { "relink, sip", add_sip, relink_sip, false },
    { "delete, sip", add_sip, delete_sip, true },
    { "create, the first of an account", NULL, add_both, false },
    { "create, on a standing trunk", add_neighbour, add_both, false },
    { "relink", add_two, relink, false },
    { "rename", add_two, rename_a, false },
    { "unlink", add_two, unlink_agent, false },
    { "move to another project", add_two, move, false },
    { "move the only number to another project", add_both, move, false },
    { "delete, one of two", add_two, delete_a, false },
    { "delete, the last", add_both, delete_a, true },
    { "delete one, create another", add_both, replace, false },
};
const size_t stories_count = ARRAY_SIZE(stories);

static bool well(struct world *w, const struct story *story, const char *when, const char *what)
{
    if (!*what)
        return true;
    fprintf(stderr, "%s, %s: %s\n", story->name, when, what);
    world_print_unrest(w);
    return false;
}

struct world *story_begin(const struct story *story, uint64_t seed)
{
    struct world *w = world_new(seed);
    bool stands = true;

    if (story->before)
        story->before(w);
    world_start(w);
    stands = world_rest(w, 20 * MINUTES) && check_converged(w);
    if (well(w, story, "in the beginning", stands ? w->broken : text_or(w->broken, "no rest")))
        return w;
    world_free(w);
    return NULL;
}

bool story_ends_well(const struct story *story, struct world *w, const char *when)
{
    if (!world_rest(w, 30 * MINUTES))
        return well(w, story, when, *w->broken ? w->broken : "it does not come to rest");
    check_converged(w);
    world_forget_sent(w);
    world_run(w, 6 * MINUTES);           /* one complete scan */
    if (w->writes > 0) {
        world_print_sent(w);
        world_break(w, "something was written after the end");
    }
    check_converged(w);
    if (story->ends_untouched)
        check_untouched(w);
    return well(w, story, when, w->broken);
}
