/* Rotation: every outbound trunk gets the new password before the old one goes. At every moment, whatever is lost or dies on the way,
 * what LiveKit calls with is what Twilio's list accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "story.h"

#define MOMENT_MS 20
#define MAIN_SID "AC11111111111111111111111111111111"

static struct json_object *list_of(struct json_object *state, const char *side, const char *tenant, const char *kind)
{
    struct json_object *of = state;
    const char *const way[] = { side, tenant, kind };

    for (size_t i = 0; i < sizeof(way) / sizeof(*way); i++)
        if (!json_object_object_get_ex(of, way[i], &of))
            return NULL;
    return of;
}

/* Whether an object of the list has these two texts. */
static bool has(struct json_object *list, const char *one, const char *one_is, const char *other, const char *other_is)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (strcmp(db_text(o, one), one_is) == 0 && strcmp(db_text(o, other), other_is) == 0)
            return true;
    }
    return false;
}

/* A call through every outbound trunk there is: equal passwords show as equal texts. Returns how many there are. */
static size_t all_accepted(struct world *w, const char *when)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL);
    struct json_object *trunks = list_of(state, "livekit", "APIvoice", "outbound_trunks");
    struct json_object *credentials = list_of(state, "twilio", MAIN_SID, "credentials");
    size_t count = json_object_array_length(trunks);

    for (size_t i = 0; i < count; i++) {
        struct json_object *trunk = json_object_array_get_idx(trunks, i);
        if (!has(credentials, "username", db_text(trunk, "auth_username"), "password", db_text(trunk, "auth_password")))
            fail_msg("%s, at %lld: Twilio refuses a call from %s", when, (long long)w->now_ms, db_text(trunk, "name"));
    }
    json_object_put(state);
    return count;
}

static void calls(struct world *w, int64_t ms, const char *when)
{
    for (int64_t end = w->now_ms + ms; w->now_ms < end;) {
        all_accepted(w, when);
        world_run(w, MOMENT_MS);
        assert_whole(w);
    }
}

static const char *trunk_of(struct world *w) { return db_text(db_row(&w->db, "number_status", A), "trunk"); }

static void rotate(struct world *w) { world_ask(w, "rotate", "trunk", trunk_of(w)); }

/* The credentials that Twilio has, in any order. */
static size_t credentials(struct world *w)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL);
    size_t count = json_object_array_length(list_of(state, "twilio", MAIN_SID, "credentials"));

    json_object_put(state);
    return count;
}

static bool trunk_says(struct world *w, const char *reason)
{
    return strcmp(db_text(db_row(&w->db, "trunk_status", trunk_of(w)), "reason"), reason) == 0;
}

static struct world *standing(void)
{
    struct world *w = world_new(1);

    world_add_number(w, A, "both");
    world_add_number(w, B, "outbound");
    world_start(w);
    if (!world_rest(w, 20 * MINUTES) || !check_converged(w))
        fail_msg("%s", w->broken);
    world_forget_sent(w);
    return w;
}
#define STANDING_PAIR CLEANUP(world_cleanup) struct world *w = standing()

static void test_every_number_gets_the_new_password_and_then_the_old_one_goes(void **state)
{
    (void)state;
    STANDING_PAIR;
    rotate(w);
    calls(w, 5 * SECONDS, "rotation");
    assert_int_equal(all_accepted(w, "after it"), 2);
    assert_int_equal(w->writes, 3);             /* the new credential, and one update each */
    assert_int_equal(credentials(w), 2);
    assert_true(trunk_says(w, "Updating"));
    assert_string_equal(world_status(w, A), "active/UpToDate");
    world_run(w, w->settings.credential_grace_ms);
    all_accepted(w, "after the grace");
    converged(w);
    assert_int_equal(w->writes, 4);
    assert_int_equal(credentials(w), 1);
    assert_true(trunk_says(w, "UpToDate"));
    assert_int_equal(world_events(w, "Rotated"), 1);
}

static void test_the_old_password_stays_as_long_as_somebody_calls_with_it(void **state)
{
    (void)state;
    STANDING_PAIR;
    world_fault(w, "{'id':'no','path':'*/UpdateSIPOutboundTrunk','body_contains':'" B "','action':'status','status':400,'code':'invalid_argument',"
                   "'message':'no','count':0}");
    rotate(w);
    calls(w, 10 * SECONDS, "an update is refused");
    world_run(w, 5 * MINUTES);
    all_accepted(w, "an update is refused");
    assert_string_equal(world_status(w, B), "active/UpdateRefused");
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_int_equal(credentials(w), 2);
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    world_ask(w, "retry", "number", B);
    calls(w, 5 * SECONDS, "it is taken");
    world_run(w, 2 * MINUTES);
    converged(w);
    assert_int_equal(credentials(w), 1);
}

/* Twilio has no room for another one: the old one stays in force, and the next wish finds its way. */
static void test_a_refused_password_changes_nothing(void **state)
{
    (void)state;
    STANDING_PAIR;
    world_fault(w, "{'id':'no','path':'*/Credentials.json','method':'POST','action':'status','status':400,'code':21242,'message':'full','count':0}");
    rotate(w);
    calls(w, 10 * SECONDS, "refused");
    assert_false(trunk_says(w, "UpToDate"));
    assert_string_equal(world_status(w, A), "active/UpToDate");
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    rotate(w);
    calls(w, 10 * SECONDS, "again");
    world_run(w, 5 * MINUTES);
    converged(w);
    assert_int_equal(credentials(w), 1);
    assert_true(trunk_says(w, "UpToDate"));
}

/* The daemon dies so long after the wish, and comes back. */
static void test_no_call_is_refused_although_the_daemon_dies_in_a_rotation(void **state)
{
    int visited = 0;

    (void)state;
    for (int64_t after = 0; after < 640; after += 30, visited++) {
        STANDING_PAIR;
        char when[60];
        snprintf(when, sizeof(when), "a crash %lld ms after the wish", (long long)after);
        rotate(w);
        calls(w, after, when);
        world_crash(w, 0);
        calls(w, 3 * SECONDS, when);
        world_run(w, 4 * MINUTES);
        all_accepted(w, when);
        converged(w);
        assert_int_equal(credentials(w), 1);
    }
    print_message("%d crashes\n", visited);
    assert_true(visited >= 20);
}

/* Answers are lost, the daemon dies now and then, somebody rotates again and again, and numbers come and go. */
static void test_no_call_is_refused_whatever_happens_in_rotations(void **state)
{
    static const char *const faults[] = {
        "{'path':'*/Credentials*','action':'drop_after','count':1}", "{'path':'*/UpdateSIPOutboundTrunk','action':'drop_after','count':1}",
        "{'path':'*/UpdateSIPOutboundTrunk','action':'late_commit','ms':14000,'count':1}", "{'path':'*/Credentials*','action':'status','status':503,'count':2}",
        "{'path':'*/Credentials*','action':'late_commit','ms':9000,'count':1}", "{'path':'*/UpdateSIPOutboundTrunk','action':'hang','count':1}",
    };

    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        CLEANUP(world_cleanup) struct world *w = standing();
        char when[60];
        w->random_state = seed;
        snprintf(when, sizeof(when), "seed %d", (int)seed);
        for (int i = 0; i < 30; i++) {
            switch (world_random(w) % 6) {
            case 0: world_crash(w, 0); break;
            case 1: rotate(w); break;
            case 2: world_wish(w, "number", B, world_random(w) % 2 ? "{'supports_outbound':true}" : "{'label':'Another'}"); break;
            default: world_fault(w, faults[world_random(w) % (sizeof(faults) / sizeof(*faults))]);
            }
            calls(w, (int64_t)(world_random(w) % 100) * MOMENT_MS, when);
        }
        calls(w, 5 * SECONDS, when);
        for (int minute = 0; minute < 30; minute++) {
            world_run(w, 1 * MINUTES);
            all_accepted(w, when);
        }
        converged(w);
        assert_int_equal(credentials(w), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_gets_the_new_password_and_then_the_old_one_goes),
        cmocka_unit_test(test_the_old_password_stays_as_long_as_somebody_calls_with_it),
        cmocka_unit_test(test_a_refused_password_changes_nothing),
        cmocka_unit_test(test_no_call_is_refused_although_the_daemon_dies_in_a_rotation),
        cmocka_unit_test(test_no_call_is_refused_whatever_happens_in_rotations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
