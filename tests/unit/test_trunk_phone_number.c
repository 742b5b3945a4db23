/* twilio.trunk_phone_number against the documented examples: the attach, the give-back, the look before. */
#include "kind_case.h"

#define KIND kinds[KIND_TRUNK_PHONE_NUMBER]
#define BASE "https://api.twilio.com/2010-04-01/Accounts/" AC "/IncomingPhoneNumbers"
#define RECORD(number, trunk, application, url) "{\"account_sid\":\"" AC "\",\"address_requirements\":\"none\",\"api_version\":\"2010-04-01\"," \
    "\"beta\":false,\"capabilities\":{\"voice\":true,\"sms\":false,\"mms\":true,\"fax\":false},\"date_created\":\"Thu, 30 Jul 2015 23:19:04 +0000\"," \
    "\"friendly_name\":\"(808) 925-5327\",\"phone_number\":\"" number "\",\"sid\":\"" PN "\",\"sms_url\":\"\",\"status_callback\":\"\",\"trunk_sid\":" trunk "," \
    "\"uri\":\"/2010-04-01/x.json\",\"voice_application_sid\":" application ",\"voice_caller_id_lookup\":false,\"voice_fallback_method\":\"POST\"," \
    "\"voice_fallback_url\":null,\"voice_method\":\"POST\",\"voice_url\":" url ",\"voice_receive_mode\":\"voice\",\"status\":\"in-use\",\"type\":\"local\"}"
#define LIST(items, next) "{\"end\":0,\"incoming_phone_numbers\":[" items "],\"next_page_uri\":" next ",\"page\":0,\"page_size\":50,\"start\":0}"

static struct resource trunk;
static const struct resource *const rows[] = { &trunk };

static struct scene standing(void)
{
    trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);
    return number_scene(rows, 1);
}

static void test_it_is_wanted_when_somebody_answers(void **state)
{
    struct scene scene = standing();
    struct number other = number;
    struct wanted wanted = wanted_in(KIND, &scene);

    (void)state;
    assert_string_equal(wanted.account, "main");
    assert_string_equal(value(KIND, &wanted.spec, "trunk_sid"), TK);
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    trunk.known = KNOWN_MAYBE;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "trunk_sid");
    scene.agent = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = standing();
    scene.account = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = standing();
    scene.number = &other;
    other.is_sip = true;
    assert_false(is_wanted(KIND, &scene));
    other = number;
    other.supports_inbound = false;
    assert_false(is_wanted(KIND, &scene));
    scene = trunk_scene(rows, 1);
    assert_false(is_wanted(KIND, &scene));
}

static void test_attaching_is_one_post(void **state)
{
    struct resource row = live(KIND, "", PN, NULL);
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/" PN ".json", "TrunkSid=" TK);
    assert_int_equal(request.auth.kind, AUTH_BASIC);
    assert_null(request.slot.secret);
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/" PN ".json", "TrunkSid=" TK);
    KIND->get(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/" PN ".json", NULL);
    decode_ok(KIND, OP_CREATE, &call, RECORD(NUMBER, "\"" TK "\"", "null", "null"));
    assert_string_equal(found[0].id, PN);
    assert_null(found[0].parent);
    assert_string_equal(found[0].name, NUMBER);
    assert_string_equal(found[0].tag.nonce, "");
    assert_silent(KIND, &found[0].spec, &wanted.spec);
}

static void test_giving_back_undoes_the_attach(void **state)
{
    static const struct { const char *note, *body; } cases[] = {
        { NULL, "TrunkSid=" },
        { "{}", "TrunkSid=" },
        { "{\"trunk_sid\":\"TKold\",\"voice_application_sid\":\"APx\",\"voice_url\":\"https://example.com\"}", "TrunkSid=TKold" },
        { "{\"voice_application_sid\":\"APx\",\"voice_url\":\"https://example.com\"}", "VoiceApplicationSid=APx" },
        { "{\"trunk_sid\":\"\",\"voice_application_sid\":\"\",\"voice_url\":\"https://example.com/a?b=c\",\"voice_method\":\"GET\"}",
          "TrunkSid=&VoiceUrl=https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc&VoiceMethod=GET" },
        { "{\"voice_url\":\"u\",\"voice_method\":\"POST\",\"voice_fallback_url\":\"v\",\"voice_fallback_method\":\"GET\"}",
          "TrunkSid=&VoiceUrl=u&VoiceMethod=POST&VoiceFallbackUrl=v&VoiceFallbackMethod=GET" },
    };
    struct resource row = live(KIND, "", PN, NULL);
    struct call call = call_of(&twilio, &row, NULL);
    struct request request;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        row.note = cases[i].note;
        KIND->remove(&call, &request);
        assert_request(&request, HTTP_POST, true, BASE "/" PN ".json", cases[i].body);
    }
    assert_true(KIND->remove_answer_proves);
    decode_ok(KIND, OP_DELETE, &call, RECORD(NUMBER, "null", "\"\"", "\"https://example.com\""));
    assert_int_equal(found_count, 1);
    assert_null(value(KIND, &found[0].spec, "trunk_sid"));
}

static void test_the_routing_is_noted(void **state)
{
    char url[2060] = "";
    struct call call = call_of(&twilio, NULL, NULL);

    (void)state;
    decode_ok(KIND, OP_GET, &call, RECORD(NUMBER, "null", "\"\"", "null"));
    assert_string_equal(found[0].note, "{\"voice_method\":\"POST\",\"voice_fallback_method\":\"POST\"}");
    decode_ok(KIND, OP_GET, &call, RECORD(NUMBER, "\"TKother\"", "\"APx\"", "\"https://example.com/\\\"x\""));
    assert_string_equal(found[0].note, "{\"trunk_sid\":\"TKother\",\"voice_application_sid\":\"APx\",\"voice_url\":\"https://example.com/\\\"x\","
                        "\"voice_method\":\"POST\",\"voice_fallback_method\":\"POST\"}");
    memset(url, 'u', 2048);
    decode_ok(KIND, OP_GET, &call, arena_printf(&arena, "{\"sid\":\"" PN "\",\"account_sid\":\"" AC "\",\"voice_url\":\"%s\"}", url));
    assert_int_equal(strlen(found[0].note), 2048 + strlen("{\"voice_url\":\"\"}"));
    memset(url, 'u', 2049);
    decode_ok(KIND, OP_GET, &call, arena_printf(&arena, "{\"sid\":\"" PN "\",\"account_sid\":\"" AC "\",\"voice_url\":\"%s\"}", url));
    assert_string_equal(found[0].note, "{}");
}

static void test_one_number_or_all_can_be_looked_up(void **state)
{
    struct resource row = live(KIND, "", NULL, NULL);
    struct call call = call_of(&twilio, &row, NULL);
    struct request request;

    (void)state;
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE ".json?PhoneNumber=%2B14158675309&PageSize=50", NULL);
    decode_ok(KIND, OP_LIST, &call, LIST(RECORD("+141586753090", "null", "null", "null") "," RECORD(NUMBER, "null", "null", "null"), "null"));
    assert_int_equal(found_count, 1);
    assert_string_equal(found[0].name, NUMBER);
    row.owner = NULL;
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE ".json?PageSize=1000", NULL);
    call.resource = NULL;
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE ".json?PageSize=1000", NULL);
    decode_ok(KIND, OP_LIST, &call, LIST(RECORD("+141586753090", "null", "null", "null") "," RECORD(NUMBER, "\"" TK "\"", "null", "null"), "\"/2010-04-01/p?Page=1\""));
    assert_int_equal(found_count, 2);
    assert_string_equal(value(KIND, &found[1].spec, "trunk_sid"), TK);
    assert_string_equal(cursor, "/2010-04-01/p?Page=1");
    decode_ok(KIND, OP_LIST, &call, LIST("", "null"));
    assert_int_equal(found_count, 0);
    decode_fails(KIND, OP_LIST, &call, LIST("", "\"//evil.example/x\""));
}

static void test_what_refusals_mean_here(void **state)
{
    static const char gone[] = "{\"code\":20404,\"message\":\"not found\",\"status\":404}";
    struct reply reply = answer(400, "{\"code\":20423,\"message\":\"no such trunk\"}");

    (void)state;
    assert_judged(KIND, OP_GET, 404, gone, VERDICT_GONE);
    assert_judged(KIND, OP_CREATE, 404, gone, VERDICT_LATER);
    assert_judged(KIND, OP_UPDATE, 404, gone, VERDICT_LATER);
    assert_judged(KIND, OP_DELETE, 404, gone, VERDICT_UNKNOWN);
    assert_judged(KIND, OP_DELETE, 429, "{\"code\":20429}", VERDICT_LATER);
    assert_string_equal(KIND->judge(OP_DELETE, &reply, &arena).reason, "RoutingNotRestored");
    assert_string_equal(KIND->judge(OP_CREATE, &reply, &arena).reason, "Refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_it_is_wanted_when_somebody_answers, forget),
        cmocka_unit_test_teardown(test_attaching_is_one_post, forget),
        cmocka_unit_test_teardown(test_giving_back_undoes_the_attach, forget),
        cmocka_unit_test_teardown(test_the_routing_is_noted, forget),
        cmocka_unit_test_teardown(test_one_number_or_all_can_be_looked_up, forget),
        cmocka_unit_test_teardown(test_what_refusals_mean_here, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
