/* Walks: whatever people wish, whatever the providers answer, whatever dies, and in whatever order: the world comes to rest, as wished. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <trunkd/text.h>
#include "story.h"

#define NUMBERS 5
#define WALKS 60
#define STEPS 14

static const char *const faults[] = {
    "{'action':'drop_before','method':'POST'}", "{'action':'drop_after','method':'POST'}", "{'action':'late_commit','method':'POST','ms':14000}",
    "{'action':'late_commit','method':'DELETE','ms':14000}", "{'action':'drop_after','method':'DELETE'}",
    "{'action':'late_commit','method':'POST','status':500,'ms':20000}", "{'action':'status','status':500,'count':3}",
    "{'action':'status_after','status':500}", "{'action':'status','status':429,'count':5}", "{'action':'garbage'}", "{'action':'hang'}",
    "{'action':'delay_after','ms':35000}", "{'action':'status','status':401,'count':2}", "{'action':'status','status':503,'count':20}",
    "{'action':'drop_before','method':'GET'}", "{'action':'garbage','method':'GET','count':2}",
};

static uint64_t upto(struct world *w, uint64_t n) { return world_random(w) % n; }

static const char *number(struct world *w)
{
    static const char *const numbers[NUMBERS] = { "+15550100000", "+15550100001", "+15550100002", "+15550100003", "+493012345" };
    return numbers[upto(w, NUMBERS)];
}

static void wish(struct world *w)
{
    static const char *const changes[] = {
        "{'agent':'sales'}", "{'agent':'support'}", "{'agent':null}", "{'label':'Other'}", "{'livekit_project':'other'}", "{'livekit_project':'voice'}",
        "{'supports_outbound':true}", "{'supports_outbound':false,'supports_inbound':true}", "{'supports_inbound':false,'supports_outbound':true}",
        "{'twilio_trunk':'{}'}", "{'twilio_trunk':null}", "{'supports_inbound':true}", "{'twilio_trunk':{'connection_policy':true}}",
        "{'twilio_trunk':{'connection_policy':true,'connection_policy_targets':[{'target':'sip:desk.example'}]}}",
    };
    const char *n = number(w), *change = changes[upto(w, ARRAY_SIZE(changes))];
    bool exists = db_row(&w->db, "number", n), sip = text_equal(n, "+493012345");

    bool goes = exists && upto(w, 3) == 0;
    if (w->trace)
        fprintf(stderr, "%9" PRId64 " wish %s %s\n", w->now_ms, n, goes ? "goes" : exists ? change : "insert");
    if (goes)
        world_wish(w, "number", n, NULL);
    else if (exists && !sip)
        world_wish(w, "number", n, change);
    else if (exists)
        world_wish(w, "number", n, changes[upto(w, 6)]);
    else if (sip)
        world_add_sip(w, n);
    else
        world_add_number(w, n, upto(w, 3) == 0 ? "inbound" : upto(w, 2) ? "both" : "outbound");
    if (upto(w, 12) == 0)
        world_wish(w, "agent", "sales", upto(w, 2) ? "{'metadata':'one'}" : "{'metadata':'two'}");
    if (upto(w, 12) == 0)
        world_wish(w, "twilio_account", "main", upto(w, 2) ? "{'numbers_per_trunk':1}" : "{'numbers_per_trunk':500}");
}

static void ask(struct world *w)
{
    const char *n = number(w), *trunk = db_text(db_row(&w->db, "number_status", n), "trunk");
    uint64_t what = upto(w, 4);

    if (w->trace)
        fprintf(stderr, "%9" PRId64 " ask %d of %s\n", w->now_ms, (int)what, n);
    if (what < 2 && *trunk)
        world_ask(w, "rotate", "trunk", trunk);
    else if (what == 2)
        world_ask(w, "scan", "account", upto(w, 2) ? "main" : "voice");
    else
        world_ask(w, "retry", "number", n);
}

static void trouble(struct world *w)
{
    const char *fault = faults[upto(w, ARRAY_SIZE(faults))];

    switch (upto(w, 8)) {
    case 0:
        world_crash(w, 0);
        break;
    case 1:
        w->lose_commit_at = w->commits_done + 1 + upto(w, 4);
        w->lose_commit_applied = upto(w, 2);
        break;
    case 2:
        ask(w);
        break;
    case 3:
        w->crash_at = w->effects_done + 1 + upto(w, 30);
        w->crash_after = upto(w, 2);
        break;
    default:
        if (w->trace)
            fprintf(stderr, "%9" PRId64 " fault %s\n", w->now_ms, fault);
        world_fault(w, fault);
    }
}

static bool walk(uint64_t seed)
{
    WORLD(seed);

    world_start(w);
    for (int step = 0; step < STEPS && !*w->broken; step++) {
        for (uint64_t n = 1 + upto(w, 3); n > 0; n--)
            wish(w);
        if (upto(w, 2))
            trouble(w);
        world_run(w, (int64_t)upto(w, 4) == 0 ? (int64_t)upto(w, 60000) : (int64_t)upto(w, 1500));
    }
    for (int i = 0; i < 40 && !*w->broken; i++)
        world_run(w, 1 * MINUTES);
    bool rests = world_rest(w, 3 * HOURS);
    if (rests)
        check_converged(w);
    if (rests && !*w->broken)
        return true;
    fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, *w->broken ? w->broken : "it does not come to rest");
    world_print_unrest(w);
    return false;
}

static void test_any_walk_ends_as_wished(void **state)
{
    const char *one = getenv("WALK"), *count = getenv("WALKS"), *from = getenv("WALK_FROM");
    uint64_t first = from ? strtoull(from, NULL, 10) : 1;
    size_t wrong = 0;
    (void)state;

    if (one) {
        assert_true(walk(strtoull(one, NULL, 10)));
        return;
    }
    for (uint64_t seed = first; seed < first + (count ? strtoull(count, NULL, 10) : WALKS) && wrong < 5; seed++)
        wrong += !walk(seed);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_walk_ends_as_wished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
