/* A safeguard that no test misses may be lost unnoticed: each scenario holds with it, and is seen to be violated without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <trunkd/text.h>
#include "story.h"

/* True: what was promised held. */
typedef bool (*scenario_fn)(struct world *);

static bool holds(scenario_fn scenario, const char *off)
{
    WORLD(1);
    w->off = off;
    return scenario(w) && !*w->broken;
}

static void guarded_by(const char *word, scenario_fn scenario)
{
#ifdef TRUNKD_TEST_HOOKS
    assert_true(holds(scenario, NULL));
    assert_false(holds(scenario, word));
#else
    (void)word;
    (void)scenario;
    (void)holds;
    skip();
#endif
}

/* Nothing is sent before the intent is committed: the world looks at every write that leaves. */
static bool creates_with_an_intent(struct world *w)
{
    world_add_sip(w, SIP);
    world_start(w);
    return world_rest(w, 10 * MINUTES) && w->writes == 2;
}

/* A create whose answer is lost, and which is executed 14 s later, is not repeated meanwhile. */
static bool creates_once_although_it_comes_late(struct world *w)
{
    world_start(w);
    world_run(w, 1 * SECONDS);
    world_fault(w, "{'id':'late','path':'*/CreateSIPOutboundTrunk','action':'late_commit','ms':14000}");
    world_add_number(w, A, "outbound");
    return world_rest(w, 20 * MINUTES) && world_fault_fired(w, "late") == 1 && world_sent(w, " create livekit.outbound_trunk") == 1
           && check_converged(w);
}

/* A list that does not show yet what was just made proves nothing, and is no mass disappearance either. */
static bool believes_no_list_about_what_is_new(struct world *w)
{
    world_sim_set(w, "POST", "/_sim/config", "{'livekit_list_lag_ms':9000}");
    world_add_sip(w, "+493012399");
    world_start(w);
    if (!world_rest(w, 10 * MINUTES))
        return false;
    world_run(w, 5 * MINUTES - 1 * SECONDS);        /* the next complete list begins in a second */
    world_forget_sent(w);
    world_add_sip(w, SIP);
    world_run(w, 30 * SECONDS);
    bool listed = world_sent(w, "voice list livekit.inbound_trunk") > 0;
    return world_rest(w, 10 * MINUTES) && listed && w->writes == 2 && world_sent(w, SIP " read ") == 0
           && !*db_text(db_row(&w->db, "account_status", "voice"), "condition");
}

/* An account that shows nothing of ours is not filled again. */
static bool makes_nothing_where_nothing_is_visible(struct world *w)
{
    world_add_number(w, A, "both");
    world_start(w);
    if (!world_rest(w, 10 * MINUTES))
        return false;
    world_run(w, 1 * MINUTES);
    world_forget_sent(w);
    world_sim_set(w, "POST", "/_sim/accounts/AC11111111111111111111111111111111", "{'region':'wrong'}");
    world_run(w, 1 * HOURS);
    return w->writes == 0 && text_equal(db_text(db_row(&w->db, "account_status", "main"), "condition"), "NothingVisible");
}

/* The row goes while its opening is on the way to the database: nothing is made. */
static bool makes_nothing_for_a_row_that_is_gone(struct world *w)
{
    bool opening = false;

    w->db_ms = 50;
    world_start(w);
    world_run(w, 1 * SECONDS);
    world_add_sip(w, SIP);
    for (int i = 0; i < 2000 && !opening; i++) {
        world_run(w, 1);
        for (size_t k = 0; k < w->items_count; k++)
            opening = opening || (w->items[k].type == ITEM_COMMIT && strstr(w->items[k].text, "\"open\":\"create\""));
    }
    world_wish(w, "number", SIP, NULL);
    return opening && world_rest(w, 10 * MINUTES) && w->writes == 0 && text_equal(world_status(w, SIP), "gone");
}

static void test_the_intent_is_committed_first(void **state)
{
    (void)state;
    guarded_by("intent", creates_with_an_intent);
}

static void test_doubt_keeps_a_create_from_being_repeated(void **state)
{
    (void)state;
    guarded_by("doubt", creates_once_although_it_comes_late);
}

static void test_the_second_mark_keeps_a_list_from_judging_what_is_new(void **state)
{
    (void)state;
    guarded_by("marks", believes_no_list_about_what_is_new);
}

static void test_the_brake_keeps_an_account_from_being_filled_again(void **state)
{
    (void)state;
    guarded_by("brake", makes_nothing_where_nothing_is_visible);
}

static void test_an_opening_holds_for_the_row_it_was_planned_for_only(void **state)
{
    (void)state;
    guarded_by("wanted", makes_nothing_for_a_row_that_is_gone);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_intent_is_committed_first),
        cmocka_unit_test(test_doubt_keeps_a_create_from_being_repeated),
        cmocka_unit_test(test_the_second_mark_keeps_a_list_from_judging_what_is_new),
        cmocka_unit_test(test_the_brake_keeps_an_account_from_being_filled_again),
        cmocka_unit_test(test_an_opening_holds_for_the_row_it_was_planned_for_only),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
