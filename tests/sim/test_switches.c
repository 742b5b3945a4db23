/* What is not known about the providers, where it asks something of the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <trunkd/text.h>
#include "story.h"

#define BIG "99999999-0000-4000-8000-000000000009"

static void set(struct world *w, const char *settings) { world_sim_set(w, "POST", "/_sim/config", settings); }

/* LiveKit Cloud keeps trunks and rules in a cache. What was removed is shown for a while; it is not removed again and again. */
static void test_what_a_cache_still_shows_is_removed_once(void **state)
{
    (void)state;
    STANDING_BESIDE("both", "both");
    world_run(w, 1 * MINUTES);
    set(w, "{'livekit_read_lag_ms':9000}");
    world_forget_sent(w);
    gone(w, A);
    assert_int_equal(world_sent(w, A " delete livekit."), 3);
    assert_true(world_sent(w, A " read livekit.") <= 3 * 8);
    converged(w);
}

/* What is wanted again stands again, whatever a cache says of the one before. */
static void test_what_a_cache_still_shows_is_made_again(void **state)
{
    (void)state;
    STANDING_BESIDE("both", "both");
    world_run(w, 1 * MINUTES);
    set(w, "{'livekit_read_lag_ms':9000}");
    world_wish(w, "number", A, "{'supports_outbound':false}");
    world_run(w, 1 * SECONDS);
    world_wish(w, "number", A, "{'supports_outbound':true}");
    rest(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_int_equal(world_sent(w, A " delete livekit.outbound_trunk"), 1);
    converged(w);
    world_wish(w, "number", A, NULL);
    world_run(w, 300);
    world_add_number(w, A, "both");
    converged(w);
}

/* A read that a refused change asks for may not show yet what was made a moment ago: that is not gone. */
static void test_what_a_cache_does_not_show_yet_is_there(void **state)
{
    (void)state;
    WORLD(1);
    set(w, "{'livekit_read_lag_ms':9000}");
    world_fault(w, "{'id':'no','path':'*/UpdateSIPDispatchRule','action':'status','status':400,'code':'invalid_argument','message':'in use'}");
    world_add_number(w, A, "inbound");
    world_start(w);
    for (int i = 0; i < 100 && !text_equal(world_status(w, A), "active/UpToDate"); i++)
        world_run(w, 20);
    world_wish(w, "number", A, "{'agent':'sales'}");
    world_run(w, 1 * MINUTES);
    assert_int_equal(world_fault_fired(w, "no"), 1);
    assert_int_equal(world_sent(w, A " create livekit.dispatch_rule"), 1);
    assert_int_equal(world_events(w, "Drifted"), 0);
    assert_whole(w);
}

/* A create that came true at the last moment is in no list yet when the next one meets it: that name is not another's. */
static void test_what_a_cache_does_not_show_yet_is_not_anothers(void **state)
{
    static const int lags[] = { 80, 700, 3000, 9000 };
    size_t met = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(lags); i++)
        for (int ms = 142000; ms < 152000; ms += 490) {
            WORLD(1);
            char fault[120], lag[60];
            snprintf(lag, sizeof(lag), "{'livekit_read_lag_ms':%d}", lags[i]);
            snprintf(fault, sizeof(fault), "{'id':'late','path':'*/CreateSIPInboundTrunk','action':'late_commit','ms':%d}", ms);
            set(w, lag);
            world_fault(w, fault);
            world_add_number(w, A, "inbound");
            world_start(w);
            world_run(w, 4 * MINUTES);
            converged(w);
            assert_int_equal(world_fault_fired(w, "late"), 1);
            assert_string_equal(world_status(w, A), "active/UpToDate");
            met += world_events(w, "DuplicateRemoved");
        }
    printf("%zu met the one before\n", met);
    assert_true(met > 0);
}

/* A create whose answer was lost is sent again at once where the name is the provider's to guard. If it does not guard it against two at
 * the same time, one of the twins goes. */
static void test_twins_of_one_name_become_one(void **state)
{
    static const char *const paths[] = { "/v1/Trunks", "*/SIP/CredentialLists.json" };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        WORLD(1);
        char fault[200];
        set(w, "{'twilio_racy_names':1}");
        snprintf(fault, sizeof(fault), "{'id':'late','method':'POST','path':'%s','action':'late_commit','ms':14000}", paths[i]);
        world_fault(w, fault);
        world_add_number(w, A, "both");
        world_start(w);
        rest(w);
        world_run(w, 1 * MINUTES);
        converged(w);
        assert_int_equal(world_fault_fired(w, "late"), 1);
        assert_int_equal(world_sent(w, i ? " delete twilio.credential_list" : " delete twilio.trunk"), 1);
        assert_string_equal(world_status(w, A), "active/UpToDate");
        gone(w, A);
        check_untouched(w);
        assert_whole(w);
    }
}

/* What the database forgot is found by its tag, and what the list left out of it is no change. */
static void test_a_trunk_without_its_name_is_found_again(void **state)
{
    (void)state;
    STANDING("both");
    char *keys[64];
    size_t count = 0;

    set(w, "{'twilio_list_omits_domain':1}");
    world_crash(w, 0);
    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        (void)row;
        if (text_starts(key, "trunk|") && count < ARRAY_SIZE(keys))
            keys[count++] = strdup(key);
    }
    for (size_t i = 0; i < count; i++) {
        db_lose(&w->db, "resource", keys[i]);
        free(keys[i]);
    }
    world_run(w, 1 * MINUTES);
    converged(w);
    assert_true(count >= 5 && world_events(w, "LedgerLost") > 0);
    assert_int_equal(world_events(w, "Drifted"), 0);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* Twilio says nothing and keeps the URL. That is asked a few times, and then now and then: until it is another answer, all is at rest. */
static void test_a_url_that_is_kept_without_a_word_is_a_refusal(void **state)
{
    (void)state;
    WORLD(1);
    world_wish(w, "trunk", BIG, "{'name':'big','twilio_account':'main','livekit_project':'voice',"
               "'twilio_trunk':{'disaster_recovery_url':'https://recover.example/'}}");
    world_add_number(w, A, "inbound");
    world_wish(w, "number", A, "{'trunk':'big'}");
    world_start(w);
    converged(w);
    set(w, "{'twilio_empty_url':0}");
    world_forget_sent(w);
    world_wish(w, "trunk", BIG, "{'twilio_trunk':{}}");
    world_run(w, 2 * MINUTES);
    struct json_object *status = db_row(&w->db, "trunk_status", BIG);
    assert_string_equal(db_text(status, "reason"), "UpdateRefused");
    assert_true(db_bool(status, "settled"));
    assert_string_equal(db_text(status, "message"), "it was written, but what came back has another disaster_recovery_url than was sent");
    assert_int_equal(world_sent(w, "update twilio.trunk"), 5);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    set(w, "{'twilio_empty_url':1}");
    world_run(w, w->settings.recheck_ms + 1 * MINUTES);
    converged(w);
    assert_string_equal(db_text(db_row(&w->db, "trunk_status", BIG), "reason"), "UpToDate");
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_cache_still_shows_is_removed_once),
        cmocka_unit_test(test_what_a_cache_still_shows_is_made_again),
        cmocka_unit_test(test_what_a_cache_does_not_show_yet_is_there),
        cmocka_unit_test(test_what_a_cache_does_not_show_yet_is_not_anothers),
        cmocka_unit_test(test_twins_of_one_name_become_one),
        cmocka_unit_test(test_a_trunk_without_its_name_is_found_again),
        cmocka_unit_test(test_a_url_that_is_kept_without_a_word_is_a_refusal),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
