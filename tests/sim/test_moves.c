/* Moves without a gap: at every moment of a move, whatever dies on the way, a call to the number ends with an agent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "story.h"

#define MOMENT_MS 5

/* Where a call to the number ends: "room" is with an agent. */
static const char *call(struct world *w, const char *number)
{
    static char ends[40];
    char body[100];
    struct json_object *answer, *value;

    snprintf(body, sizeof(body), "{'to':'%s','from':'+15559999999'}", number);
    answer = world_sim(w, "POST", "/_sim/call", body);
    assert_true(json_object_object_get_ex(answer, "ends", &value));
    snprintf(ends, sizeof(ends), "%s", json_object_get_string(value));
    json_object_put(answer);
    return ends;
}

/* Runs so long and calls all the time. */
static void answered(struct world *w, int64_t ms, const char *when)
{
    for (int64_t end = w->now_ms + ms; w->now_ms < end;) {
        const char *ends = call(w, A);
        if (strcmp(ends, "room") != 0)
            fail_msg("%s, %lld ms before the end: a call ends with %s", when, (long long)(end - w->now_ms), ends);
        world_run(w, MOMENT_MS);
        assert_whole(w);
    }
}

static void begin(struct world *w)
{
    world_add_number(w, A, "both");
    world_start(w);
    converged(w);
    assert_string_equal(call(w, A), "room");
}

static void test_a_call_is_answered_at_every_moment_of_a_move(void **state)
{
    (void)state;
    WORLD(1);
    begin(w);
    world_wish(w, "number", A, "{'livekit_project':'other'}");
    answered(w, 5 * SECONDS, "move");
    converged(w);
}

/* The daemon dies so many moments after the wish, comes back, and finishes the move. */
static void test_a_call_is_answered_although_the_daemon_dies_in_a_move(void **state)
{
    int visited = 0;

    (void)state;
    for (int64_t after = 0; after < 1 * SECONDS; after += 4 * MOMENT_MS, visited++) {
        WORLD(1);
        char when[60];
        begin(w);
        snprintf(when, sizeof(when), "a crash %lld ms after the wish", (long long)after);
        world_wish(w, "number", A, "{'livekit_project':'other'}");
        answered(w, after, when);
        world_crash(w, 0);
        answered(w, 4 * SECONDS, when);
        converged(w);
    }
    print_message("%d crashes\n", visited);
    assert_true(visited > 20);
}

/* Another wish comes before the first is fulfilled: it goes on from where it is. */
static void test_a_call_is_answered_although_the_wish_changes_in_a_move(void **state)
{
    static const char *const then[] = { "{'livekit_project':'voice'}", "{'livekit_project':'voice','trunk':'big'}", "{'twilio_trunk':{'secure':true}}" };
    int visited = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(then) / sizeof(*then); i++)
        for (int64_t after = 0; after < 1 * SECONDS; after += 8 * MOMENT_MS, visited++) {
            WORLD(1);
            char when[120];
            begin(w);
            if (strstr(then[i], "big"))
                world_wish(w, "trunk", "99999999-0000-4000-8000-000000000009",
                           "{'name':'big','twilio_account':'main','livekit_project':'voice'}");
            snprintf(when, sizeof(when), "%s %lld ms after the wish", then[i], (long long)after);
            world_wish(w, "number", A, "{'livekit_project':'other'}");
            answered(w, after, when);
            world_wish(w, "number", A, then[i]);
            answered(w, 5 * SECONDS, when);
            converged(w);
        }
    print_message("%d changes\n", visited);
    assert_true(visited > 20);
}

/* Somebody cannot make up his mind, and the daemon dies now and then. Each seed is another story. */
static void test_a_call_is_answered_although_wishes_come_and_go(void **state)
{
    static const char *const wishes[] = {
        "{'livekit_project':'voice','trunk':null,'twilio_trunk':null}", "{'livekit_project':'other','trunk':null,'twilio_trunk':null}",
        "{'livekit_project':'voice','trunk':'big','twilio_trunk':null}", "{'livekit_project':'other','trunk':null,'twilio_trunk':{'secure':true}}",
        "{'livekit_project':'voice','trunk':null,'twilio_trunk':{'secure':true}}", "{'agent':'sales'}", "{'agent':'support'}",
        "{'label':'Another'}", "{'supports_outbound':true}", "{'supports_outbound':false}",
    };

    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed += seed < 12 ? 1 : 18) {       /* 30: a trunk whose removal is in doubt is wanted again */
        WORLD(seed);
        char when[60];
        snprintf(when, sizeof(when), "seed %d", (int)seed);
        world_wish(w, "trunk", "99999999-0000-4000-8000-000000000009", "{'name':'big','twilio_account':'main','livekit_project':'voice'}");
        world_add_number(w, B, "both");
        world_wish(w, "number", B, "{'trunk':'big'}");
        begin(w);
        for (int i = 0; i < 40; i++) {
            if (world_random(w) % 10 == 0)
                world_crash(w, 0);
            else
                world_wish(w, "number", A, wishes[world_random(w) % (sizeof(wishes) / sizeof(*wishes))]);
            answered(w, (int64_t)(world_random(w) % 60) * MOMENT_MS, when);
        }
        answered(w, 5 * SECONDS, when);
        converged(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_call_is_answered_at_every_moment_of_a_move),
        cmocka_unit_test(test_a_call_is_answered_although_the_daemon_dies_in_a_move),
        cmocka_unit_test(test_a_call_is_answered_although_wishes_come_and_go),
        cmocka_unit_test(test_a_call_is_answered_although_the_wish_changes_in_a_move),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
