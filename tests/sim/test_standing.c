/* How a number stands while its world changes: what its status says on the way, and that it ends by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "story.h"

/* Runs until the status is `last`; every status on the way begins with `way`. Returns whether `seen` was one of them. */
static bool watch(struct world *w, const char *way, const char *last, const char *seen)
{
    bool met = false;

    for (int i = 0; i < 100000 && strcmp(world_status(w, A), last) != 0; i++) {
        const char *now = world_status(w, A);
        if (strncmp(now, way, strlen(way)) != 0)
            fail_msg("%s on the way to %s", now, last);
        met = met || (seen && strcmp(now, seen) == 0);
        world_run(w, 10);
        assert_whole(w);
    }
    assert_string_equal(world_status(w, A), last);
    return met;
}

static void active(struct world *w, const char *directions)
{
    world_add_number(w, A, directions);
    world_start(w);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* It has been active before; until it is attached again no call reaches the new agent. */
static void test_a_number_that_is_linked_again_is_active_when_it_is_attached(void **state)
{
    (void)state;
    WORLD(1);
    active(w, "inbound");
    world_wish(w, "number", A, "{'agent':null}");
    rest(w);
    assert_string_equal(world_status(w, A), "pending/NoAgent");
    world_forget_sent(w);
    world_wish(w, "number", A, "{'agent':'sales'}");
    assert_false(watch(w, "pending/", "active/UpToDate", NULL));
    assert_int_equal(world_sent(w, "create twilio.trunk_phone_number"), 1);
    converged(w);
}

static void test_a_number_stays_active_while_a_direction_is_added(void **state)
{
    (void)state;
    WORLD(1);
    active(w, "inbound");
    world_wish(w, "number", A, "{'supports_outbound':true}");
    world_run(w, 20);
    assert_false(watch(w, "active/", "active/UpToDate", "active/Drifted"));
    converged(w);
}

static void test_what_somebody_else_removed_is_made_again_and_called_drift(void **state)
{
    (void)state;
    WORLD(1);
    active(w, "inbound");
    struct json_object *sim = world_sim(w, "GET", "/_sim/state?account=APIvoice", NULL), *of = sim, *rules, *rule, *id;
    char path[200];
    assert_true(json_object_object_get_ex(of, "livekit", &of) && json_object_object_get_ex(of, "APIvoice", &of)
                && json_object_object_get_ex(of, "dispatch_rules", &rules));
    rule = json_object_array_get_idx(rules, 0);
    assert_true(json_object_object_get_ex(rule, "sip_dispatch_rule_id", &id));
    snprintf(path, sizeof(path), "/_sim/objects/APIvoice/dispatch_rules/%s", json_object_get_string(id));
    world_sim_set(w, "DELETE", path, NULL);
    json_object_put(sim);
    world_forget_sent(w);
    for (int i = 0; i < 100000 && world_sent(w, "create livekit.dispatch_rule") == 0; i++)
        world_run(w, 20);
    assert_string_equal(world_status(w, A), "active/Drifted");
    assert_string_equal(world_message(w, A), "livekit.dispatch_rule is missing and is being made again");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* Trunks get a URL of the new host, and lose that of the old one although numbers are attached to them. */
static void test_a_new_sip_host_leaves_one_url_on_each_trunk(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, B, "inbound");
    active(w, "inbound");
    world_wish(w, "livekit_project", "voice", "{'sip_host':'new.sip.livekit.cloud'}");
    converged(w);
    assert_int_equal(world_sent(w, "create twilio.origination_url"), 2);
    assert_int_equal(world_sent(w, "delete twilio.origination_url"), 1);
}

/* Nobody can tell trunkd that the account has room again, so it asks now and then. */
static void test_a_number_waits_for_a_full_account_and_goes_on_by_itself(void **state)
{
    (void)state;
    WORLD(1);
    world_sim_set(w, "POST", "/_sim/config", "{'twilio_cap_trunks':1}");
    world_add_number(w, A, "inbound");
    world_start(w);
    rest(w);
    assert_string_equal(world_status(w, A), "pending/AccountFull");
    world_sim_set(w, "POST", "/_sim/config", "{'twilio_cap_trunks':2}");
    world_run(w, 2 * w->settings.recheck_ms + 1 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_an_active_number_that_is_to_move_into_a_full_account_says_so(void **state)
{
    (void)state;
    WORLD(1);
    active(w, "inbound");
    world_sim_set(w, "POST", "/_sim/config", "{'twilio_cap_trunks':2}");
    world_wish(w, "number", A, "{'livekit_project':'other'}");
    rest(w);
    assert_string_equal(world_status(w, A), "active/UpdateRefused");
    world_sim_set(w, "POST", "/_sim/config", "{'twilio_cap_trunks':100}");
    world_run(w, 2 * w->settings.recheck_ms + 1 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_a_number_that_moved_away_from_a_revoked_project_works_with_leftovers(void **state)
{
    (void)state;
    WORLD(1);
    active(w, "both");
    world_sim_set(w, "POST", "/_sim/projects/APIvoice", "{'revoked':true}");
    world_wish(w, "number", A, "{'livekit_project':'other'}");
    world_run(w, 30 * SECONDS);
    assert_string_equal(world_status(w, A), "active/AccountUnavailable");
    rest(w);
    assert_string_equal(world_status(w, A), "active/Leftovers");
    world_sim_set(w, "POST", "/_sim/projects/APIvoice", "{'revoked':false}");
    world_run(w, 2 * w->settings.probe_max_ms + w->settings.recheck_ms + 1 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    gone(w, A);
    check_untouched(w);
    assert_whole(w);
}

/* A is active on a trunk that people wrote; the further URL that they named is refused. */
static void active_beside_a_refused_url(struct world *w)
{
    world_fault(w, "{'id':'no','path':'*/OriginationUrls','body_contains':'backup.example','action':'status','status':400,'code':21000,'count':0}");
    world_wish(w, "trunk", "99999999-0000-4000-8000-000000000009", "{'name':'big','twilio_account':'main','livekit_project':'voice',"
               "'twilio_trunk':{'origination_urls':[{'url':'sip:backup.example'}]}}");
    world_add_number(w, A, "inbound");
    world_wish(w, "number", A, "{'trunk':'big'}");
    world_start(w);
    rest(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_true(world_fault_fired(w, "no") > 0);
}

/* B waits for the trunk's password, which the provider does not take for now: that says nothing of the URL. */
static void test_what_calls_do_not_need_refuses_no_number(void **state)
{
    (void)state;
    WORLD(1);
    active_beside_a_refused_url(w);
    world_fault(w, "{'id':'later','path':'*/Credentials.json','method':'POST','action':'status','status':503,'count':0}");
    world_add_number(w, B, "outbound");
    world_wish(w, "number", B, "{'trunk':'big'}");
    world_run(w, 30 * SECONDS);
    assert_string_equal(world_status(w, B), "pending/SettingUp");
    assert_true(world_fault_fired(w, "later") > 0);
    world_sim_set(w, "DELETE", "/_sim/faults/later", NULL);
    world_run(w, 5 * MINUTES);
    rest(w);
    assert_string_equal(world_status(w, B), "active/UpToDate");
}

/* The ledger may be read with the refused URL before the one that stands. */
static void test_what_calls_do_not_need_keeps_no_number_waiting(void **state)
{
    (void)state;
    WORLD(1);
    active_beside_a_refused_url(w);
    world_wish(w, "livekit_project", "voice", "{'sip_host':'new.sip.livekit.cloud'}");
    rest(w);
    world_crash(w, 0);
    world_run(w, 1 * MINUTES);
    world_add_number(w, B, "inbound");
    world_wish(w, "number", B, "{'trunk':'big'}");
    rest(w);
    assert_string_equal(world_status(w, B), "active/UpToDate");
}

/* More wishes of one object than are taken at a time: who waits for it does not come back between two of them. */
static void test_an_object_is_unread_until_its_last_wish_is_taken(void **state)
{
    (void)state;
    WORLD(1);
    active(w, "inbound");
    for (int i = 0; i < 11; i++)
        world_ask(w, "retry", "number", A);
    for (int i = 0; i < 1000 && db_row(&w->db, "dirty", "number|" A); i++)
        world_run(w, 1);
    assert_int_equal(json_object_object_length(db_table(&w->db, "request")), 0);
    assert_true(world_events(w, "Retried") == 11);
    rest(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_number_that_is_linked_again_is_active_when_it_is_attached),
        cmocka_unit_test(test_a_number_stays_active_while_a_direction_is_added),
        cmocka_unit_test(test_what_somebody_else_removed_is_made_again_and_called_drift),
        cmocka_unit_test(test_a_new_sip_host_leaves_one_url_on_each_trunk),
        cmocka_unit_test(test_a_number_waits_for_a_full_account_and_goes_on_by_itself),
        cmocka_unit_test(test_an_active_number_that_is_to_move_into_a_full_account_says_so),
        cmocka_unit_test(test_a_number_that_moved_away_from_a_revoked_project_works_with_leftovers),
        cmocka_unit_test(test_what_calls_do_not_need_refuses_no_number),
        cmocka_unit_test(test_what_calls_do_not_need_keeps_no_number_waiting),
        cmocka_unit_test(test_an_object_is_unread_until_its_last_wish_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
