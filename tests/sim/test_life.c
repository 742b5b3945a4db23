/* The plain life of numbers, in a world without faults: set-up, change, removal, and what each costs in requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/kind.h>
#include <trunkd/text.h>
#include "story.h"

/* A further hour sends nothing but scans, and writes nothing but when they were. */
static void silent(struct world *w)
{
    uint64_t commits = w->commits_done;

    world_forget_sent(w);
    world_run(w, 1 * HOURS);
    assert_whole(w);
    if (w->sent_count != world_sent(w, " list "))
        world_print_sent(w);
    assert_int_equal(w->writes, 0);
    assert_int_equal(w->sent_count, world_sent(w, " list "));
    assert_true(w->sent_count > 0);
    assert_int_equal(w->commits_done - commits, world_sent(w, " list livekit.dispatch_rule") + world_sent(w, " list twilio.credential_list"));
}

static void test_a_sip_number_becomes_active_and_goes_again(void **state)
{
    (void)state;
    WORLD(1);
    world_add_sip(w, SIP);
    world_start(w);
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_int_equal(w->writes, 2);
    silent(w);
    world_forget_sent(w);
    gone(w, SIP);
    assert_int_equal(w->writes, 2);
    check_untouched(w);
    assert_whole(w);
}

static void lives(const char *directions, size_t first_writes, size_t further_writes)
{
    STANDING(directions);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_requests(w, first_writes, 0);         /* the lists that come before the first write show its record */
    silent(w);

    char *before = world_objects(w, "");
    world_forget_sent(w);
    world_add_number(w, B, directions);
    converged(w);
    assert_string_equal(world_status(w, B), "active/UpToDate");
    assert_requests(w, further_writes, 1);

    world_forget_sent(w);
    gone(w, B);
    assert_same_objects(w, before, B);
    free(before);
    assert_string_equal(world_status(w, A), "active/UpToDate");

    gone(w, A);
    check_untouched(w);
    assert_whole(w);
}

static void test_an_inbound_number_costs_three_requests_on_a_standing_trunk(void **state)
{
    (void)state;
    lives("inbound", 5, 3);
}

static void test_an_outbound_number_costs_one_request_on_a_standing_trunk(void **state)
{
    (void)state;
    lives("outbound", 5, 1);
}

/* Of every kind there is. */
static void test_a_second_pass_is_silent_for_every_kind(void **state)
{
    size_t visited = 0;
    (void)state;

    STANDING_ON_REQUEST;
    for (int i = 0; i < KIND_MAX_; i++) {
        size_t held = 0;
        json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
            (void)key;
            held += text_equal(db_text(row, "kind"), kinds[i]->name);
        }
        assert_true(held > 0);
        visited++;
    }
    silent(w);
    world_crash(w, 0);
    world_run(w, 1 * MINUTES);
    silent(w);
    printf("%zu kinds\n", visited);
    assert_true(visited > 0);
}

static void test_a_number_of_both_directions_costs_four_requests_on_a_standing_trunk(void **state)
{
    (void)state;
    lives("both", 9, 4);
}

static void test_a_set_up_takes_less_than_a_second_at_50_ms(void **state)
{
    (void)state;
    STANDING("both");
    world_add_number(w, B, "both");
    int64_t from = w->now_ms;
    converged(w);
    assert_true(w->now_ms - from < 500);
    from = w->now_ms;
    gone(w, B);
    assert_true(w->now_ms - from < 500);
}

static void test_a_relink_is_one_update_of_the_rule(void **state)
{
    (void)state;
    STANDING("both");
    char *before = world_objects(w, "TK"), *trunk = world_objects(w, "numbers");
    world_forget_sent(w);
    world_wish(w, "number", A, "{'agent':'sales'}");
    converged(w);
    assert_requests(w, 1, 0);
    assert_int_equal(world_sent(w, A " update livekit.dispatch_rule"), 1);
    assert_same_objects(w, before, NULL);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    free(before);
    free(trunk);

    world_forget_sent(w);
    world_wish(w, "agent", "sales", "{'metadata':'changed'}");
    converged(w);
    assert_requests(w, 1, 0);
}

static void test_a_number_stays_active_while_it_is_relinked(void **state)
{
    (void)state;
    WORLD(1);
    world_add_sip(w, SIP);
    world_start(w);
    converged(w);
    world_wish(w, "number", SIP, "{'agent':'sales'}");
    for (int i = 0; i < 400; i++) {
        world_run(w, 1);
        assert_true(strncmp(world_status(w, SIP), "active/", 7) == 0);
    }
}

static void unlinked(struct world *w)
{
    converged(w);
    assert_requests(w, 2, 1);       /* one read proves that the rule is gone */
    assert_string_equal(w->sent[0], A " delete twilio.trunk_phone_number");
    assert_string_equal(world_status(w, A), "pending/NoAgent");
    world_forget_sent(w);
    world_wish(w, "number", A, "{'agent':'sales'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_int_equal(w->writes, 2);
}

static void test_unlinking_gives_the_routing_back_before_the_rule_goes(void **state)
{
    (void)state;
    STANDING("inbound");
    world_forget_sent(w);
    world_wish(w, "number", A, "{'agent':null}");
    unlinked(w);
}

static void test_deleting_an_agent_unlinks_its_numbers(void **state)
{
    (void)state;
    STANDING("inbound");
    world_forget_sent(w);
    world_wish(w, "agent", "support", NULL);
    unlinked(w);
}

static void test_a_number_without_an_agent_keeps_its_routing(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_wish(w, "number", A, "{'agent':null}");
    world_start(w);
    converged(w);
    assert_string_equal(world_status(w, A), "pending/NoAgent");
    silent(w);
    world_wish(w, "number", A, "{'agent':'support'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_previous_routing_to_an_application_comes_back(void **state)
{
    (void)state;
    WORLD(1);
    world_sim_set(w, "POST", "/_sim/numbers", "{'account_sid':'AC11111111111111111111111111111111','phone_number':'+15550100777',"
                  "'voice_application_sid':'AP00000000000000000000000000000001','voice_url':'','sid':'PN00000000000000000000000000000777'}");
    world_add_number(w, "+15550100777", "inbound");
    world_start(w);
    converged(w);
    gone(w, "+15550100777");
    check_untouched(w);
    assert_whole(w);
}

static void test_deleted_and_inserted_in_one_transaction_is_an_update(void **state)
{
    (void)state;
    STANDING("both");
    world_forget_sent(w);
    world_wish(w, "number", A, NULL);
    world_add_number(w, A, "both");
    converged(w);
    assert_requests(w, 0, 0);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* The row comes back at every moment of the removal. */
static void test_a_number_inserted_while_it_is_deleted_ends_active(void **state)
{
    (void)state;
    size_t visited = 0;

    for (int64_t after = 0; after < 1200; after += 37) {
        STANDING("both");
        world_wish(w, "number", A, NULL);
        world_run(w, after);
        world_add_number(w, A, "both");
        converged(w);
        assert_string_equal(world_status(w, A), "active/UpToDate");
        visited++;
    }
    assert_true(visited > 0);
}

/* The row goes at every moment of the set-up. */
static void test_a_number_deleted_while_it_is_set_up_leaves_nothing(void **state)
{
    (void)state;

    for (int64_t after = 0; after < 1200; after += 37) {
        WORLD(1);
        world_add_number(w, A, "both");
        world_start(w);
        world_run(w, after);
        gone(w, A);
        check_untouched(w);
        assert_whole(w);
    }
}

static void test_a_number_moves_to_another_project(void **state)
{
    (void)state;
    STANDING_BESIDE("both", "both");
    world_wish(w, "number", A, "{'livekit_project':'other'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_string_equal(world_status(w, B), "active/UpToDate");
    world_wish(w, "number", A, "{'livekit_project':'voice'}");
    converged(w);
    gone(w, A);
    gone(w, B);
    check_untouched(w);
    assert_whole(w);
}

static void test_directions_are_switched_on_and_off(void **state)
{
    (void)state;
    STANDING_BESIDE("inbound", "inbound");
    world_wish(w, "number", A, "{'supports_outbound':true}");
    converged(w);
    world_wish(w, "number", A, "{'supports_inbound':false,'agent':null}");
    converged(w);
    world_wish(w, "number", A, "{'supports_inbound':true,'supports_outbound':false,'agent':'sales'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    gone(w, A);
    gone(w, B);
    check_untouched(w);
    assert_whole(w);
}

static void test_many_numbers_share_a_trunk(void **state)
{
    (void)state;
    WORLD(1);
    char number[32];

    for (int i = 0; i < 20; i++) {
        snprintf(number, sizeof(number), "+155501000%02d", i);
        world_add_number(w, number, i % 3 == 0 ? "inbound" : i % 3 == 1 ? "outbound" : "both");
    }
    world_start(w);
    converged(w);
    silent(w);
    for (int i = 0; i < 20; i++) {
        snprintf(number, sizeof(number), "+155501000%02d", i);
        world_wish(w, "number", number, NULL);
    }
    rest(w);
    check_untouched(w);
    assert_whole(w);
}

static void test_numbers_per_trunk_is_kept(void **state)
{
    (void)state;
    WORLD(1);
    world_wish(w, "twilio_account", "main", "{'numbers_per_trunk':1}");
    world_add_number(w, A, "both");
    world_add_number(w, B, "both");
    world_start(w);
    converged(w);
    char *trunks = world_objects(w, "trunking_region");
    free(trunks);
    gone(w, A);
    converged(w);
    gone(w, B);
    check_untouched(w);
    assert_whole(w);
}

/* It ends once: not when its own rows have ended, to come back a moment later for the trunk that it left last. */
static void test_the_last_number_of_a_trunk_is_not_gone_before_the_trunk_is(void **state)
{
    (void)state;
    WORLD(1);
    w->db_ms = 20;
    world_add_number(w, A, "both");
    world_start(w);
    converged(w);
    world_wish(w, "number", A, NULL);
    for (int i = 0; i < 5000 && strcmp(world_status(w, A), "gone") != 0; i++)
        world_run(w, 1);
    assert_string_equal(world_status(w, A), "gone");
    check_untouched(w);
    assert_whole(w);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sip_number_becomes_active_and_goes_again),
        cmocka_unit_test(test_an_inbound_number_costs_three_requests_on_a_standing_trunk),
        cmocka_unit_test(test_an_outbound_number_costs_one_request_on_a_standing_trunk),
        cmocka_unit_test(test_a_number_of_both_directions_costs_four_requests_on_a_standing_trunk),
        cmocka_unit_test(test_a_second_pass_is_silent_for_every_kind),
        cmocka_unit_test(test_a_set_up_takes_less_than_a_second_at_50_ms),
        cmocka_unit_test(test_a_relink_is_one_update_of_the_rule),
        cmocka_unit_test(test_a_number_stays_active_while_it_is_relinked),
        cmocka_unit_test(test_unlinking_gives_the_routing_back_before_the_rule_goes),
        cmocka_unit_test(test_deleting_an_agent_unlinks_its_numbers),
        cmocka_unit_test(test_a_number_without_an_agent_keeps_its_routing),
        cmocka_unit_test(test_previous_routing_to_an_application_comes_back),
        cmocka_unit_test(test_deleted_and_inserted_in_one_transaction_is_an_update),
        cmocka_unit_test(test_a_number_inserted_while_it_is_deleted_ends_active),
        cmocka_unit_test(test_a_number_deleted_while_it_is_set_up_leaves_nothing),
        cmocka_unit_test(test_a_number_moves_to_another_project),
        cmocka_unit_test(test_directions_are_switched_on_and_off),
        cmocka_unit_test(test_many_numbers_share_a_trunk),
        cmocka_unit_test(test_numbers_per_trunk_is_kept),
        cmocka_unit_test(test_the_last_number_of_a_trunk_is_not_gone_before_the_trunk_is),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
