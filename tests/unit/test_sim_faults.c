/* From arrival to answer: latency, limits, every fault, what a client that hangs up changes, and that it all can be replayed. */
#include "sim_fixture.h"

#include <trunkd/cleanup.h>

#define TRUNKS "POST /v1/Trunks"
#define OUTBOUND "{\"trunk\":{\"name\":\"o\",\"address\":\"a.test\",\"numbers\":[\"+1\"]}}"
#define INBOUND "{\"trunk\":{\"name\":\"i\",\"numbers\":[\"+15550100001\"]}}"

static void configure(struct world *w, const char *settings) { assert_int_equal(world_control(w, "POST config", settings), 200); }
static void spoil(struct world *w, const char *rule) { assert_int_equal(world_control(w, "POST faults", rule), 201); }

static int64_t fired(struct world *w, const char *id)
{
    char request[64];
    (void)snprintf(request, sizeof(request), "GET faults/%s", id);
    assert_int_equal(world_control(w, request, NULL), 200);
    return world_int(w, "fired");
}

static void test_a_request_is_in_service_for_its_latency(void **state)
{
    struct world *w = *state;
    configure(w, "{\"twilio_latency_ms\":50}");
    uint64_t ticket = world_send_twilio(w, TRUNKS, "");
    assert_false(world_take(w, ticket));
    assert_int_equal(sim_next_ms(w->sim), START_MS + 50);
    world_at(w, 49);
    assert_false(world_take(w, ticket));
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 0);
    world_at(w, 50);
    assert_true(world_take(w, ticket));
    assert_int_equal(w->answer.status, 201);
    assert_int_equal(sim_next_ms(w->sim), -1);
}

static void test_more_than_the_limit_at_once_is_429(void **state)
{
    struct world *w = *state;
    configure(w, "{\"twilio_latency_ms\":50,\"twilio_concurrency\":2,\"twilio_retry_after_s\":3}");
    uint64_t one = world_send_twilio(w, TRUNKS, ""), two = world_send_twilio(w, TRUNKS, ""), three = world_send_twilio(w, TRUNKS, "");
    assert_true(world_take(w, three));
    assert_int_equal(w->answer.status, 429);
    assert_int_equal(world_int(w, "code"), 20429);
    assert_string_equal(w->answer.headers[0].name, "Retry-After");
    world_at(w, 50);
    assert_true(world_take(w, one));
    assert_int_equal(w->answer.status, 201);
    assert_true(world_take(w, two));
    assert_int_equal(world_control(w, "GET tenants", NULL), 200);
    assert_int_equal(world_int(w, "tenants.0.in_flight"), 0);
    assert_int_equal(world_int(w, "tenants.0.in_flight_peak"), 2);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 2);
}

static void test_livekit_can_be_limited_too(void **state)
{
    struct world *w = *state;
    configure(w, "{\"livekit_rate_per_minute\":2}");
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", "{}"), 200);
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", "{}"), 200);
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", "{}"), 429);
    assert_string_equal(world_text(w, "code"), "resource_exhausted");
    assert_null(world_json(w, "meta"));
    world_at(w, 60000);
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", "{}"), 200);
}

static void test_an_error_before_anything_is_done(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"status\",\"status\":503,\"provider\":\"twilio\"}");
    spoil(w, "{\"id\":\"b\",\"action\":\"status\",\"provider\":\"livekit\",\"status\":400,\"code\":\"failed_precondition\",\"message\":\"<no>\"}");
    spoil(w, "{\"id\":\"c\",\"action\":\"status\",\"provider\":\"twilio\",\"status\":502,\"body\":\"<html>bad gateway</html>\"}");
    assert_int_equal(world_twilio(w, TRUNKS, ""), 503);
    assert_int_equal(world_int(w, "code"), 20503);
    assert_int_equal(world_twilio(w, TRUNKS, ""), 201);     /* c counts the first request too, and its window is over */
    assert_int_equal(fired(w, "c"), 0);
    assert_int_equal(world_livekit(w, "CreateSIPOutboundTrunk", OUTBOUND), 400);
    assert_true(world_says(w, "\\u003cno\\u003e"));
    assert_string_equal(world_text(w, "code"), "failed_precondition");
    assert_int_equal(fired(w, "a"), 1);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 1);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 0);
    spoil(w, "{\"action\":\"status\",\"provider\":\"twilio\",\"status\":500}");
    assert_int_equal(world_twilio(w, TRUNKS, ""), 500);
    assert_int_equal(world_int(w, "code"), 20500);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 1);
}

static void test_an_html_body(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"c\",\"action\":\"status\",\"status\":502,\"body\":\"<html>bad gateway</html>\"}");
    assert_int_equal(world_twilio(w, TRUNKS, ""), 502);
    assert_string_equal(w->answer.content_type, "text/html");
    assert_null(w->body);
}

static void test_which_matches_are_spoilt(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"drop_before\",\"method\":\"POST\",\"path\":\"/v1/*\",\"body_contains\":\"Name=+b\",\"from\":2,\"count\":2}");
    assert_int_equal(world_twilio(w, TRUNKS, "FriendlyName=a"), 201);
    assert_int_equal(world_twilio(w, TRUNKS, "FriendlyName=%2Bb"), 201);
    assert_int_equal(world_twilio(w, TRUNKS, "FriendlyName=%2Bb"), 0);
    assert_int_equal(world_twilio(w, TRUNKS, "FriendlyName=%2Bb"), 0);
    assert_int_equal(world_twilio(w, TRUNKS, "FriendlyName=%2Bb"), 201);
    assert_int_equal(fired(w, "a"), 2);
    assert_int_equal(world_int(w, "matched"), 4);
}

static void test_a_rule_for_ever_and_for_one_account(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"drop_before\",\"account\":\"" KEY "\",\"count\":0}");
    for (int i = 0; i < 3; i++)
        assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", "{}"), 0);
    assert_int_equal(world_twilio(w, TRUNKS, ""), 201);
    assert_int_equal(world_control(w, "DELETE faults/a", NULL), 200);
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", "{}"), 200);
    assert_int_equal(world_control(w, "GET faults/a", NULL), 404);
}

static void test_done_but_the_answer_is_lost(void **state)
{
    static const struct { const char *rule; int status; } rows[] = {
        { "{\"action\":\"drop_after\"}", 0 },
        { "{\"action\":\"status_after\",\"status\":500,\"message\":\"late\"}", 500 },
        { "{\"action\":\"garbage\"}", 200 },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        spoil(w, rows[i].rule);
        assert_int_equal(world_twilio(w, TRUNKS, ""), rows[i].status);
        assert_int_equal(TWILIO_COUNT(w, "trunks"), i + 1);
    }
    spoil(w, "{\"action\":\"garbage\"}");
    assert_int_equal(world_livekit(w, "CreateSIPOutboundTrunk", OUTBOUND), 200);
    assert_null(w->body);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 1);
}

static void test_a_late_commit(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"late_commit\",\"ms\":14000}");
    spoil(w, "{\"id\":\"b\",\"action\":\"late_commit\",\"ms\":14000,\"status\":500,\"message\":\"i/o timeout\",\"from\":2}");
    assert_int_equal(world_livekit(w, "CreateSIPOutboundTrunk", OUTBOUND), 0);
    assert_int_equal(world_livekit(w, "CreateSIPOutboundTrunk", OUTBOUND), 500);
    assert_string_equal(world_text(w, "code"), "unknown");
    assert_string_equal(world_text(w, "msg"), "i/o timeout");
    assert_int_equal(world_livekit(w, "ListSIPOutboundTrunk", "{}"), 200);
    assert_null(world_json(w, "items.0"));
    world_at(w, 13999);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 0);
    world_at(w, 14000);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 2);
    assert_int_equal(world_control(w, "GET log", NULL), 200);
    assert_true(world_says(w, "\"committed_ms\":1795338014000"));
    assert_true(world_says(w, "\"fault\":\"b\""));
}

static void test_a_late_commit_at_twilio(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"action\":\"late_commit\",\"ms\":26000}");
    assert_int_equal(world_twilio(w, TRUNKS, "FriendlyName=late"), 0);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_null(world_json(w, "trunks.0"));
    world_at(w, 25999);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 0);
    world_at(w, 26000);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_string_equal(world_text(w, "trunks.0.friendly_name"), "late");
}

static void test_a_late_delete_passes_a_later_list(void **state)
{
    struct world *w = *state;
    char id[128], body[200];
    assert_int_equal(world_livekit(w, "CreateSIPOutboundTrunk", OUTBOUND), 200);
    world_keep(w, "sip_trunk_id", id);
    (void)snprintf(body, sizeof(body), "{\"sip_trunk_id\":\"%s\"}", id);
    spoil(w, "{\"action\":\"late_commit\",\"ms\":5000,\"path\":\"*/DeleteSIPTrunk\"}");
    assert_int_equal(world_livekit(w, "DeleteSIPTrunk", body), 0);
    assert_int_equal(world_livekit(w, "ListSIPOutboundTrunk", "{}"), 200);
    assert_string_equal(world_text(w, "items.0.sip_trunk_id"), id);
    world_at(w, 5000);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 0);
}

static void test_hang_until_the_client_goes(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"hang\",\"count\":2}");
    uint64_t one = world_send_twilio(w, TRUNKS, ""), two = world_send_twilio(w, TRUNKS, "");
    world_at(w, 600000);
    assert_false(world_take(w, one));
    sim_gone(w->sim, w->now_ms, one);
    assert_true(world_take(w, one));
    assert_int_equal(w->answer.fate, SIM_FATE_CLOSE);
    uint64_t release = world_send_twilio(w, "POST /_sim/release/a", NULL);
    assert_true(world_take(w, two));
    assert_int_equal(w->answer.fate, SIM_FATE_CLOSE);
    assert_true(world_take(w, release));
    assert_int_equal(world_int(w, "released"), 1);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 0);
}

static void test_hold_before_and_after_the_commit(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"before\",\"action\":\"hold_before\"}");
    spoil(w, "{\"id\":\"after\",\"action\":\"hold_after\",\"from\":2}");
    uint64_t one = world_send_twilio(w, TRUNKS, "FriendlyName=one"), two = world_send_twilio(w, TRUNKS, "FriendlyName=two");
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 1);
    uint64_t release = world_send_twilio(w, "POST /_sim/release/before", NULL);
    assert_true(world_take(w, one));
    assert_int_equal(w->answer.status, 201);
    assert_true(world_take(w, release));
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 2);
    assert_false(world_take(w, two));
    release = world_send_twilio(w, "DELETE /_sim/faults", NULL);    /* removing a rule releases too */
    assert_true(world_take(w, two));
    assert_int_equal(w->answer.status, 201);
    assert_true(world_take(w, release));
}

static void test_a_held_request_goes_on_without_its_client(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"hold_before\"}");
    uint64_t ticket = world_send_twilio(w, TRUNKS, "");
    sim_gone(w->sim, w->now_ms, ticket);
    assert_false(world_take(w, ticket));
    assert_int_equal(world_control(w, "POST release/a", NULL), 200);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 1);
}

static void test_delays(void **state)
{
    struct world *w = *state;
    configure(w, "{\"latency_ms\":10}");
    spoil(w, "{\"id\":\"a\",\"action\":\"delay\",\"ms\":100}");
    uint64_t ticket = world_send_twilio(w, TRUNKS, "");
    world_at(w, 109);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 0);
    world_at(w, 110);
    assert_true(world_take(w, ticket));
    spoil(w, "{\"id\":\"b\",\"action\":\"delay_after\",\"ms\":100}");
    ticket = world_send_twilio(w, TRUNKS, "");
    world_at(w, 120);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 2);
    assert_false(world_take(w, ticket));
    world_at(w, 220);
    assert_true(world_take(w, ticket));
    assert_int_equal(w->answer.status, 201);
}

static void test_a_client_that_went_is_noted_and_its_request_executed(void **state)
{
    struct world *w = *state;
    configure(w, "{\"latency_ms\":10}");
    uint64_t ticket = world_send_twilio(w, TRUNKS, "");
    sim_gone(w->sim, w->now_ms, ticket);
    world_at(w, 10);
    assert_true(world_take(w, ticket));
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 1);
    assert_int_equal(world_control(w, "GET log", NULL), 200);
    assert_true(world_says(w, "\"client_gone\":true"));
}

static void test_an_update_racing_a_delete_brings_the_object_back(void **state)
{
    struct world *w = *state;
    char id[128], text[400];
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", INBOUND), 200);
    world_keep(w, "sip_trunk_id", id);
    spoil(w, "{\"id\":\"a\",\"action\":\"hold_before\",\"path\":\"*/UpdateSIPInboundTrunk\"}");
    (void)snprintf(text, sizeof(text), "{\"sip_trunk_id\":\"%s\",\"update\":{\"name\":\"back\"}}", id);
    uint64_t update = world_send_livekit(w, "UpdateSIPInboundTrunk", text);
    (void)snprintf(text, sizeof(text), "{\"sip_trunk_id\":\"%s\"}", id);
    assert_int_equal(world_livekit(w, "DeleteSIPTrunk", text), 200);
    assert_int_equal(LIVEKIT_COUNT(w, "inbound_trunks"), 0);
    uint64_t release = world_send_twilio(w, "POST /_sim/release/a", NULL);
    assert_true(world_take(w, update));
    assert_int_equal(w->answer.status, 200);
    assert_true(world_take(w, release));
    assert_int_equal(world_livekit(w, "GetSIPInboundTrunk", text), 200);
    assert_string_equal(world_text(w, "trunk.name"), "back");
    assert_string_equal(world_text(w, "trunk.sip_trunk_id"), id);
}

static void test_updates_at_once_lose_changes(void **state)
{
    struct world *w = *state;
    char id[128], text[400];
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", INBOUND), 200);
    world_keep(w, "sip_trunk_id", id);
    configure(w, "{\"latency_ms\":10}");
    for (int i = 2; i < 5; i++) {
        (void)snprintf(text, sizeof(text), "{\"sip_trunk_id\":\"%s\",\"update\":{\"numbers\":{\"add\":[\"+1555010000%d\"]}}}", id, i);
        (void)world_send_livekit(w, "UpdateSIPInboundTrunk", text);
    }
    world_at(w, 10);
    (void)snprintf(text, sizeof(text), "{\"sip_trunk_id\":\"%s\"}", id);
    assert_int_equal(world_livekit(w, "GetSIPInboundTrunk", text), 200);
    assert_int_equal(json_object_array_length(world_json(w, "trunk.numbers")), 2);
    assert_string_equal(world_text(w, "trunk.numbers.1"), "+15550100004");
}

static size_t created_at_once(struct world *w)
{
    configure(w, "{\"latency_ms\":10}");
    (void)world_send_livekit(w, "CreateSIPInboundTrunk", INBOUND);
    (void)world_send_livekit(w, "CreateSIPInboundTrunk", INBOUND);
    world_at(w, 10);
    return LIVEKIT_COUNT(w, "inbound_trunks");
}

static void test_two_creates_at_once_both_pass(void **state) { assert_int_equal(created_at_once(*state), 2); }

static void test_two_creates_at_once_if_check_and_store_are_one(void **state)
{
    configure(*state, "{\"livekit_racy_conflicts\":0}");
    assert_int_equal(created_at_once(*state), 1);
}

static void test_bad_rules_and_settings_are_refused(void **state)
{
    static const char *const bad[] = { "{}", "{\"action\":\"explode\"}", "{\"action\":\"hang\",\"pth\":\"x\"}",
                                       "{\"action\":\"hang\",\"provider\":\"x\"}", "[]" };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(world_control(w, "POST faults", bad[i]), 400);
    assert_int_equal(world_control(w, "POST config", "{\"latency\":1}"), 400);
    assert_int_equal(world_control(w, "POST config", "{\"latency_ms\":-1}"), 400);
    assert_int_equal(world_control(w, "GET nonsense", NULL), 404);
}

static void test_the_log_shows_no_secret(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_twilio(w, "POST /2010-04-01/Accounts/" SID "/SIP/CredentialLists/CL0/Credentials.json", "Username=u&Password=Hush12345678"), 404);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"],\"authUsername\":\"u\",\"authPassword\":\"Hush12345678\"}}"), 200);
    assert_int_equal(world_control(w, "GET log", NULL), 200);
    assert_false(world_says(w, "Hush"));
    assert_true(world_says(w, "masked:"));
    assert_int_equal(world_int(w, "last"), 2);
    assert_int_equal(world_control(w, "GET log?since=1", NULL), 200);
    assert_int_equal(world_int(w, "entries.0.seq"), 2);
    assert_int_equal(world_control(w, "DELETE log", NULL), 200);
    assert_int_equal(world_control(w, "GET log", NULL), 200);
    assert_null(world_json(w, "entries.0"));
    assert_int_equal(world_control(w, "GET state", NULL), 200);
    assert_false(world_says(w, "Hush"));
}

static void test_the_log_can_be_cleared_under_an_open_request(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"id\":\"a\",\"action\":\"hold_before\"}");
    uint64_t ticket = world_send_twilio(w, TRUNKS, "");
    assert_int_equal(world_control(w, "DELETE log", NULL), 200);
    uint64_t release = world_send_twilio(w, "POST /_sim/release/a", NULL);
    assert_true(world_take(w, ticket));
    assert_true(world_take(w, release));
}

static void test_a_reset_closes_what_is_open(void **state)
{
    struct world *w = *state;
    spoil(w, "{\"action\":\"hang\"}");
    spoil(w, "{\"action\":\"late_commit\",\"from\":2}");
    configure(w, "{\"latency_ms\":10}");
    (void)world_send_twilio(w, TRUNKS, "");
    (void)world_send_twilio(w, TRUNKS, "");
    world_at(w, 10);
    uint64_t serving = world_send_twilio(w, TRUNKS, ""), reset = world_send_twilio(w, "POST /_sim/reset", NULL);
    assert_true(world_take(w, serving));
    assert_int_equal(w->answer.fate, SIM_FATE_CLOSE);
    assert_true(world_take(w, reset));
    assert_int_equal(sim_next_ms(w->sim), -1);
    assert_int_equal(world_control(w, "GET state", NULL), 200);
    assert_true(world_says(w, "{\"twilio\":{},\"livekit\":{}}"));
}

/* What a world of the same seed shows after the same requests. */
static void play(char **ret_state)
{
    void *one = NULL;
    (void)world_setup(&one);
    struct world *w = one;
    configure(w, "{\"latency_ms\":5}");
    spoil(w, "{\"action\":\"late_commit\",\"ms\":7,\"from\":2}");
    for (int i = 0; i < 4; i++) {
        (void)world_send_twilio(w, TRUNKS, "FriendlyName=x");
        (void)world_send_livekit(w, "CreateSIPOutboundTrunk", OUTBOUND);
    }
    world_at(w, 100);
    assert_int_equal(world_control(w, "GET state", NULL), 200);
    *ret_state = strdup(w->answer.body);
    (void)world_teardown(&one);
}

static void test_the_same_requests_give_the_same_world(void **state)
{
    char *first = NULL, *second = NULL;
    (void)state;
    play(&first);
    play(&second);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_request_is_in_service_for_its_latency), TEST(test_more_than_the_limit_at_once_is_429),
        TEST(test_livekit_can_be_limited_too), TEST(test_an_error_before_anything_is_done), TEST(test_an_html_body),
        TEST(test_which_matches_are_spoilt), TEST(test_a_rule_for_ever_and_for_one_account), TEST(test_done_but_the_answer_is_lost),
        TEST(test_a_late_commit), TEST(test_a_late_commit_at_twilio), TEST(test_a_late_delete_passes_a_later_list), TEST(test_hang_until_the_client_goes),
        TEST(test_hold_before_and_after_the_commit), TEST(test_a_held_request_goes_on_without_its_client), TEST(test_delays),
        TEST(test_a_client_that_went_is_noted_and_its_request_executed), TEST(test_an_update_racing_a_delete_brings_the_object_back),
        TEST(test_updates_at_once_lose_changes), TEST(test_two_creates_at_once_both_pass),
        TEST(test_two_creates_at_once_if_check_and_store_are_one), TEST(test_bad_rules_and_settings_are_refused),
        TEST(test_the_log_shows_no_secret), TEST(test_the_log_can_be_cleared_under_an_open_request),
        TEST(test_a_reset_closes_what_is_open), cmocka_unit_test(test_the_same_requests_give_the_same_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
