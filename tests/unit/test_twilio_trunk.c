/* twilio.trunk against the documented examples. */
#include "kind_case.h"

#define KIND kinds[KIND_TWILIO_TRUNK]
#define BASE "https://trunking.twilio.com"
#define OBJECT(friendly, domain) "{\"sid\":\"" TK "\",\"account_sid\":\"" AC "\",\"domain_name\":" domain ",\"disaster_recovery_method\":\"POST\"," \
    "\"disaster_recovery_url\":\"http://disaster-recovery.com\",\"friendly_name\":" friendly ",\"secure\":false,\"cnam_lookup_enabled\":false," \
    "\"symmetric_rtp_enabled\":false,\"recording\":{\"mode\":\"do-not-record\",\"trim\":\"do-not-trim\"},\"transfer_mode\":\"disable-all\"," \
    "\"transfer_caller_id\":\"from-transferee\",\"auth_type\":\"\",\"auth_type_set\":[],\"date_created\":\"2015-01-02T11:23:45Z\"," \
    "\"date_updated\":\"2015-01-02T11:23:45Z\",\"url\":\"https://trunking.twilio.com/v1/Trunks/" TK "\",\"links\":{}}"
#define LIST(items, next) "{\"meta\":{\"page_size\":50,\"key\":\"trunks\",\"next_page_url\":" next ",\"page\":0,\"previous_page_url\":null},\"trunks\":[" items "]}"
#define OURS OBJECT("\"" TAG "\"", "\"" TAG ".pstn.twilio.com\"")

static void test_it_is_wanted_while_its_trunk_is(void **state)
{
    struct scene scene = trunk_scene(NULL, 0);
    struct wanted wanted = wanted_in(KIND, &scene);

    (void)state;
    assert_string_equal(wanted.slot, "");
    assert_string_equal(wanted.account, "main");
    assert_string_equal(value(KIND, &wanted.spec, "friendly_name"), TAG);
    assert_string_equal(value(KIND, &wanted.spec, "domain_name"), TAG ".pstn.twilio.com");
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    scene.trunk_wanted = false;
    assert_false(is_wanted(KIND, &scene));
    scene = trunk_scene(NULL, 0);
    scene.account = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = number_scene(NULL, 0);
    assert_false(is_wanted(KIND, &scene));
}

static void test_its_requests(void **state)
{
    struct resource row = live(KIND, "", TK, NULL);
    struct scene scene = trunk_scene(NULL, 0);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/v1/Trunks", "FriendlyName=" TAG "&DomainName=" TAG ".pstn.twilio.com");
    assert_string_equal(request.content_type, "application/x-www-form-urlencoded");
    assert_int_equal(request.auth.kind, AUTH_BASIC);
    assert_string_equal(request.auth.user, "SK1");
    assert_string_equal(request.auth.secret, "file:account/main");
    assert_string_equal(request.auth.place, "account/main");
    assert_null(request.slot.secret);
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/v1/Trunks/" TK, "FriendlyName=" TAG "&DomainName=" TAG ".pstn.twilio.com&TransferMode=disable-all&TransferCallerId=from-transferee&CnamLookupEnabled=false&Secure=false");
    row.applied.value[5] = "https://recover.test/";       /* what is there is emptied, and only that */
    KIND->update(&call, &request);
    assert_non_null(strstr(request.body, "&DisasterRecoveryUrl="));
    assert_null(strstr(request.body, "DisasterRecoveryMethod"));
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, BASE "/v1/Trunks/" TK, NULL);
    KIND->get(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/v1/Trunks/" TK, NULL);
    KIND->check(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/v1/Trunks/" TK "/PhoneNumbers?PageSize=1", NULL);
    call.resource = NULL;
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/v1/Trunks?PageSize=1000", NULL);
    call.cursor = "/v1/Trunks?PageSize=1000&Page=1&PageToken=PATK1";
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/v1/Trunks?PageSize=1000&Page=1&PageToken=PATK1", NULL);
}

static void test_the_echo_of_a_create_is_silent(void **state)
{
    struct scene scene = trunk_scene(NULL, 0);
    struct wanted wanted;
    struct call call;

    (void)state;
    scene.twilio_trunk = "{\"disaster_recovery_url\":\"http://disaster-recovery.com\"}";
    wanted = wanted_in(KIND, &scene);
    call = call_of(&twilio, NULL, &wanted.spec);
    decode_ok(KIND, OP_CREATE, &call, OURS);
    assert_int_equal(found_count, 1);
    assert_string_equal(found[0].id, TK);
    assert_null(found[0].parent);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_string_equal(found[0].name, TAG);
    assert_null(cursor);
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_GET, &call, OBJECT("\"" TAG "\"", "\"TD-ABCDEFGH-abcdefghijklm-22334455.pstn.Twilio.com\""));
    assert_silent(KIND, &found[0].spec, &wanted.spec);
}

static void test_whose_it_is(void **state)
{
    struct call call = call_of(&twilio, NULL, NULL);

    (void)state;
    decode_ok(KIND, OP_LIST, &call, LIST(OBJECT("\"friendly_name\"", "\"test.pstn.twilio.com\"") "," OBJECT("\"renamed\"", "\"" TAG ".pstn.twilio.com\"")
              "," OBJECT("\"" TAG "\"", "null") "," OBJECT("\"td-abcdefgh-abcdefghijklm-77777777\"", "\"" TAG ".pstn.twilio.com\""), "null"));
    assert_int_equal(found_count, 4);
    assert_string_equal(found[0].tag.nonce, "");
    assert_string_equal(found[0].name, "friendly_name");
    assert_string_equal(found[1].tag.nonce, "22334455");
    assert_string_equal(found[2].tag.nonce, "22334455");
    assert_null(value(KIND, &found[2].spec, "domain_name"));
    assert_string_equal(found[3].tag.nonce, "22334455");
}

/* Some say that a list leaves domain names out. What it does not speak of holds; what it shows as empty does not. */
static void test_a_list_without_domain_names_is_silent(void **state)
{
    static const char *const rows[] = { "{\"sid\":\"" TK "\",\"account_sid\":\"" AC "\",\"friendly_name\":\"" TAG "\",\"transfer_mode\":\"disable-all\","
                                        "\"transfer_caller_id\":\"from-transferee\",\"cnam_lookup_enabled\":false}", OBJECT("\"" TAG "\"", "null") };
    struct scene scene = trunk_scene(NULL, 0);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, NULL, NULL);
    char body[2000];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct spec seen;

        snprintf(body, sizeof(body), LIST("%s", "null"), rows[i]);
        decode_ok(KIND, OP_LIST, &call, body);
        spec_observe(KIND, &found[0].spec, &wanted.spec, &arena, &seen);
        assert_int_equal(spec_differs(KIND, &seen, &wanted.spec, 0) == KIND->fields_count, i == 0);
    }
}

static void test_pages(void **state)
{
    struct account near = twilio;
    struct call call = call_of(&twilio, NULL, NULL);

    (void)state;
    decode_ok(KIND, OP_LIST, &call, LIST("", "null"));
    assert_int_equal(found_count, 0);
    assert_null(cursor);
    decode_ok(KIND, OP_LIST, &call, LIST(OURS, "\"https://trunking.twilio.com/v1/Trunks?PageSize=1000&Page=1&PageToken=PATK1\""));
    assert_string_equal(cursor, "/v1/Trunks?PageSize=1000&Page=1&PageToken=PATK1");
    decode_fails(KIND, OP_LIST, &call, LIST("", "\"https://evil.example/v1/Trunks?Page=1\""));
    decode_fails(KIND, OP_LIST, &call, LIST("", "\"https://trunking.twilio.com.evil.example/v1/Trunks?Page=1\""));
    decode_fails(KIND, OP_LIST, &call, LIST("", "\"http://trunking.twilio.com/v1/Trunks?Page=1\""));
    decode_fails(KIND, OP_LIST, &call, LIST("", "\"//evil.example/\""));
    near.base_url = "http://127.0.0.1:8080/twilio";
    call.account = &near;
    decode_ok(KIND, OP_LIST, &call, LIST("", "\"http://127.0.0.1:8080/v1/Trunks?Page=1\""));
    assert_string_equal(cursor, "/v1/Trunks?Page=1");
}

static void test_answers_that_cannot_be_used(void **state)
{
    static const char *const bodies[] = {
        "", "<html>", "[]", "{}", "{\"sid\":\"" TK "\"}", "{\"sid\":\"" TK "\",\"account_sid\":\"ACbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}",
        "{\"sid\":\"\",\"account_sid\":\"" AC "\"}", "{\"sid\":7,\"account_sid\":\"" AC "\"}", "{\"sid\":\"../x\",\"account_sid\":\"" AC "\"}",
        "{\"sid\":\"TKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"account_sid\":\"" AC "\"}",
    };
    struct call call = call_of(&twilio, NULL, NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
        decode_fails(KIND, OP_CREATE, &call, bodies[i]);
    decode_fails(KIND, OP_LIST, &call, "");
    decode_fails(KIND, OP_LIST, &call, "<html>");
    decode_fails(KIND, OP_LIST, &call, "{\"trunks\":{}}");
    decode_fails(KIND, OP_LIST, &call, "{\"meta\":{}}");
    decode_fails(KIND, OP_LIST, &call, LIST("{}", "null"));
    decode_ok(KIND, OP_DELETE, &call, "");
    assert_int_equal(found_count, 0);
    assert_null(cursor);
}

static void test_numbers_in_the_way_are_named(void **state)
{
    struct call call = call_of(&twilio, NULL, NULL);
    struct reply reply = answer(200, "{\"meta\":{\"next_page_url\":null},\"phone_numbers\":[]}");
    struct err err = { .class = ERR_NONE };

    (void)state;
    assert_null(KIND->check_empty(&call, &reply, &err));
    reply = answer(200, "{\"phone_numbers\":[{\"sid\":\"" PN "\",\"phone_number\":\"" NUMBER "\"}]}");
    assert_string_equal(KIND->check_empty(&call, &reply, &err),
                        NUMBER " is still on the trunk; move it to another trunk or take it off, then trunkd deletes the trunk");
    reply = answer(200, "{\"phone_numbers\":[{}]}");
    assert_non_null(KIND->check_empty(&call, &reply, &err));
    assert_int_equal(err.class, ERR_NONE);
    reply = answer(200, "{\"phone_numbers\":null}");
    assert_non_null(KIND->check_empty(&call, &reply, &err));
    assert_int_equal(err.class, ERR_AMBIGUOUS);
    reply = answer(200, "{}");
    assert_non_null(KIND->check_empty(&call, &reply, &err));
    reply = answer(200, "<html>");
    assert_non_null(KIND->check_empty(&call, &reply, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_it_is_wanted_while_its_trunk_is, forget),
        cmocka_unit_test_teardown(test_its_requests, forget),
        cmocka_unit_test_teardown(test_the_echo_of_a_create_is_silent, forget),
        cmocka_unit_test_teardown(test_whose_it_is, forget),
        cmocka_unit_test_teardown(test_a_list_without_domain_names_is_silent, forget),
        cmocka_unit_test_teardown(test_pages, forget),
        cmocka_unit_test_teardown(test_answers_that_cannot_be_used, forget),
        cmocka_unit_test_teardown(test_numbers_in_the_way_are_named, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
