/* Numbers of other carriers: the password behind a reference, where it may lead, and the way from Twilio and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "story.h"

#define ONE_LOOK (6 * MINUTES)
#define UPDATE "update livekit.outbound_trunk"

static void standing(struct world *w)
{
    world_add_sip_both(w, SIP);
    world_start(w);
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    world_forget_sent(w);
}

static void test_another_password_behind_the_reference_is_noticed(void **state)
{
    (void)state;
    WORLD(1);
    standing(w);
    char *before = world_objects(w, "ST_");
    w->sip_password = "second-password";
    world_run(w, ONE_LOOK);
    converged(w);
    assert_int_equal(w->writes, 1);
    assert_int_equal(world_sent(w, UPDATE), 1);
    assert_int_equal(world_events(w, "Drifted"), 0);
    assert_same_objects(w, before, "sip.carrier.example");
    free(before);
}

static void test_a_reload_looks_at_once(void **state)
{
    (void)state;
    WORLD(1);
    standing(w);
    w->sip_password = "second-password";
    world_configure(w);
    world_run(w, 1 * SECONDS);
    converged(w);
    assert_int_equal(world_sent(w, UPDATE), 1);
}

static void test_a_retry_looks_at_once(void **state)
{
    (void)state;
    WORLD(1);
    standing(w);
    w->sip_password = "second-password";
    world_ask(w, "retry", "number", SIP);
    world_run(w, 1 * SECONDS);
    converged(w);
    assert_int_equal(world_sent(w, UPDATE), 1);
}

static bool is_opened(struct world *w)
{
    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        (void)key;
        if (strcmp(db_text(row, "kind"), "livekit.outbound_trunk") == 0 && strcmp(db_text(row, "open"), "create") == 0)
            return true;
    }
    return false;
}

/* It is another one when the request is filled in than when it was looked at. */
static void test_a_password_that_changes_on_the_way_is_sent_right_in_the_end(void **state)
{
    (void)state;
    WORLD(1);
    world_add_sip_both(w, SIP);
    world_start(w);
    for (int i = 0; i < 10000 && !is_opened(w); i++)
        world_run(w, 1);
    assert_int_equal(world_sent(w, "create livekit.outbound_trunk"), 0);
    w->sip_password = "second-password";
    world_run(w, 1 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_int_equal(world_sent(w, "create livekit.outbound_trunk"), 1);
}

static void test_without_a_secret_everything_else_is_made(void **state)
{
    (void)state;
    WORLD(1);
    w->sip_password = NULL;
    world_add_sip_both(w, SIP);
    world_start(w);
    rest(w);
    assert_string_equal(world_status(w, SIP), "pending/NotConfigured");
    assert_string_equal(world_message(w, SIP), "no such secret");
    assert_int_equal(world_sent(w, "create"), 2);
    w->sip_password = "first-password";
    world_run(w, 10 * SECONDS);
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
}

static void test_a_secret_that_is_taken_away_stays_in_use(void **state)
{
    (void)state;
    WORLD(1);
    standing(w);
    w->sip_password = NULL;
    world_run(w, 3 * ONE_LOOK);
    rest(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_int_equal(w->writes, 0);
    world_crash(w, 0);
    world_run(w, 10 * SECONDS);
    rest(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_int_equal(w->writes, 0);
    world_wish(w, "number", SIP, "{'agent':'sales'}");
    rest(w);
    assert_int_equal(w->writes, 1);
}

static void test_a_password_leads_to_listed_hosts_only(void **state)
{
    static const char *const more[] = { "sip.carrier.example", "sip.unlisted.example:5080", NULL };

    (void)state;
    WORLD(1);
    standing(w);
    world_wish(w, "number", SIP, "{'outbound_trunk':{'address':'sip.unlisted.example:5080','auth_username':'desk','auth_password':'file:sip/carrier'}}");
    world_run(w, 1 * SECONDS);
    rest(w);
    assert_string_equal(world_status(w, SIP), "active/UpdateRefused");
    assert_non_null(strstr(world_message(w, SIP), "sip.unlisted.example:5080 is not in allowed_origins"));
    assert_int_equal(w->writes, 0);
    w->settings.origins = more;
    world_configure(w);
    world_run(w, 1 * SECONDS);
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_int_equal(w->writes, 1);
    world_wish(w, "number", SIP, "{'outbound_trunk':{'address':'sip.third.example'}}");        /* no password, no list */
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
}

static void test_a_number_moves_from_twilio_to_another_carrier_and_back(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_start(w);
    converged(w);
    char *before = world_objects(w, "ST_");
    world_forget_sent(w);
    world_wish(w, "number", A, "{'provider':'sip','twilio_account':null,'outbound_trunk':{'address':'sip.carrier.example','auth_username':'1',"
        "'auth_password':'file:sip/carrier'}}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_int_equal(world_sent(w, "livekit."), world_sent(w, " list livekit.") + 1);
    assert_int_equal(world_sent(w, UPDATE), 1);
    world_wish(w, "number", A, "{'provider':'twilio','twilio_account':'main','outbound_trunk':{}}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_int_equal(world_sent(w, UPDATE), 2);
    assert_same_objects(w, before, "pstn.twilio.com");
    free(before);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_another_password_behind_the_reference_is_noticed),
        cmocka_unit_test(test_a_reload_looks_at_once),
        cmocka_unit_test(test_a_retry_looks_at_once),
        cmocka_unit_test(test_a_password_that_changes_on_the_way_is_sent_right_in_the_end),
        cmocka_unit_test(test_without_a_secret_everything_else_is_made),
        cmocka_unit_test(test_a_secret_that_is_taken_away_stays_in_use),
        cmocka_unit_test(test_a_password_leads_to_listed_hosts_only),
        cmocka_unit_test(test_a_number_moves_from_twilio_to_another_carrier_and_back),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
