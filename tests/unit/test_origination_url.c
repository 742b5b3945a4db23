/* twilio.origination_url against the documented examples. */
#include "kind_case.h"

#define KIND kinds[KIND_ORIGINATION_URL]
#define BASE "https://trunking.twilio.com/v1/Trunks/" TK "/OriginationUrls"
#define SIP "sip:x.sip.livekit.cloud;transport=tcp"
#define OBJECT(friendly, sip, enabled) "{\"weight\":10,\"date_updated\":\"2018-05-07T20:50:58Z\",\"enabled\":" enabled ",\"friendly_name\":\"" friendly "\"," \
    "\"account_sid\":\"" AC "\",\"priority\":10,\"sip_url\":\"" sip "\",\"sid\":\"" OU "\",\"date_created\":\"2018-05-07T20:50:58Z\"," \
    "\"trunk_sid\":\"" TK "\",\"url\":\"" BASE "/" OU "\"}"

static void test_it_is_wanted_while_calls_come_in(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);
    const struct resource *rows[] = { &trunk };
    struct scene scene = trunk_scene(rows, 1);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct account project = livekit;

    (void)state;
    assert_string_equal(wanted.slot, SIP);
    assert_string_equal(wanted.account, "main");
    assert_string_equal(value(KIND, &wanted.spec, "trunk_sid"), TK);
    assert_string_equal(value(KIND, &wanted.spec, "sip_url"), SIP);
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    trunk.known = KNOWN_MAYBE;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "trunk_sid");
    scene.on_trunk.inbound = 0;
    assert_false(is_wanted(KIND, &scene));
    scene.on_trunk.inbound = 1;
    project.sip_host = NULL;
    scene.project = &project;
    assert_false(is_wanted(KIND, &scene));
    scene.project = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = number_scene(rows, 1);
    assert_false(is_wanted(KIND, &scene));
}

static void test_its_requests(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), row = live(KIND, SIP, OU, TK);
    const struct resource *rows[] = { &trunk };
    struct scene scene = trunk_scene(rows, 1);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);
    const char *body = "FriendlyName=" TAG "&SipUrl=sip%3Ax.sip.livekit.cloud%3Btransport%3Dtcp&Priority=10&Weight=10&Enabled=true";
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE, body);
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/" OU, body);
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, BASE "/" OU, NULL);
    KIND->get(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/" OU, NULL);
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "?PageSize=1000", NULL);
    row.parent_id = "TK/../x y";
    KIND->get(&call, &request);
    assert_string_equal(request.url, "https://trunking.twilio.com/v1/Trunks/TK%2F..%2Fx%20y/OriginationUrls/" OU);
}

static void test_the_echo_of_a_create_is_silent(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), row = live(KIND, SIP, OU, TK);
    const struct resource *rows[] = { &trunk };
    struct scene scene = trunk_scene(rows, 1);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);

    (void)state;
    decode_ok(KIND, OP_CREATE, &call, OBJECT(TAG, SIP, "true"));
    assert_string_equal(found[0].id, OU);
    assert_string_equal(found[0].parent, TK);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_CREATE, &call, OBJECT(TAG, "SIP:X.sip.LiveKit.cloud;transport=tcp", "true"));
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_CREATE, &call, OBJECT(TAG, "sip:x.sip.livekit.cloud;transport=TCP", "true"));
    assert_string_equal(KIND->fields[spec_differs(KIND, &found[0].spec, &wanted.spec, 0)].name, "sip_url");
    decode_ok(KIND, OP_CREATE, &call, OBJECT(TAG, "sip:User@X.sip.LiveKit.cloud;transport=tcp", "true"));
    assert_string_equal(value(KIND, &found[0].spec, "sip_url"), "sip:User@x.sip.livekit.cloud;transport=tcp");
    decode_ok(KIND, OP_LIST, &call, "{\"meta\":{\"next_page_url\":null},\"origination_urls\":[" OBJECT(TAG, SIP, "false") "," OBJECT("by hand", "sip://sip-box.com:1234", "true") "]}");
    assert_int_equal(found_count, 2);
    assert_string_equal(KIND->fields[spec_differs(KIND, &found[0].spec, &wanted.spec, 0)].name, "enabled");
    assert_string_equal(found[1].tag.nonce, "");
}

static void test_an_answer_without_its_trunk_lies_where_it_was_asked_for(void **state)
{
    static const char body[] = "{\"sid\":\"" OU "\",\"account_sid\":\"" AC "\",\"trunk_sid\":null}";
    struct spec spec = { .value = { TK } };
    struct resource row = live(KIND, SIP, OU, "TK2");
    struct call call = call_of(&twilio, &row, &spec);

    (void)state;
    decode_ok(KIND, OP_CREATE, &call, body);
    assert_string_equal(found[0].parent, TK);
    call.spec = NULL;
    decode_ok(KIND, OP_GET, &call, body);
    assert_string_equal(found[0].parent, "TK2");
    call.resource = NULL;
    decode_ok(KIND, OP_GET, &call, body);
    assert_null(found[0].parent);
}

static void test_a_404_speaks_of_the_trunk(void **state)
{
    static const char gone[] = "{\"code\":20404,\"message\":\"not found\",\"status\":404}";

    (void)state;
    assert_judged(KIND, OP_LIST, 404, gone, VERDICT_GONE);
    assert_judged(KIND, OP_CREATE, 404, gone, VERDICT_LATER);
    assert_judged(KIND, OP_DELETE, 404, gone, VERDICT_GONE);
    assert_judged(KIND, OP_CREATE, 400, "{\"code\":21249,\"message\":\"maximum\"}", VERDICT_LATER);
}

#define NAMED "{\"origination_urls\":[{\"url\":\"SIP:Backup.Example.com;transport=tcp\",\"priority\":0,\"weight\":5},{\"url\":\"sip:x.sip.livekit.cloud;transport=tcp\"}," \
    "{\"url\":\"sip:Desk@Two.example\"}]}"

/* The project's own comes first, and the others after it. */
static void test_what_people_name_comes_when_the_own_one_stands(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), own = live(KIND, SIP, "OU1", TK), old = live(KIND, "sip:Desk@two.example", "OU2", TK);
    const struct resource *rows[] = { &trunk, &old, &own };
    struct scene scene = trunk_scene(rows, 1);
    struct wanted wanted[WANTED_MAX];
    struct request request;
    struct call call;

    (void)state;
    scene.twilio_trunk = NAMED;
    assert_int_equal(KIND->want(&scene, &arena, wanted, WANTED_MAX), 3);
    assert_string_equal(wanted[0].slot, SIP);
    assert_string_equal(wanted[2].slot, "sip:Desk@two.example");
    assert_false(wanted[0].spare);
    assert_null(wanted[0].after);
    assert_string_equal(wanted[1].after, SIP);
    assert_string_equal(wanted[2].after, SIP);
    scene.rows_count = 3;
    assert_int_equal(KIND->want(&scene, &arena, wanted, WANTED_MAX), 3);
    assert_string_equal(wanted[1].slot, "sip:backup.example.com;transport=tcp");
    assert_true(wanted[1].spare && wanted[2].spare);
    assert_true(!wanted[1].after && !wanted[2].after);
    assert_string_equal(value(KIND, &wanted[2].spec, "priority"), "10");
    assert_string_equal(value(KIND, &wanted[2].spec, "weight"), "10");
    assert_null(value(KIND, &wanted[1].spec, "priority"));
    assert_string_equal(value(KIND, &wanted[1].spec, "weight"), "5");
    KIND->tag(TAG, "", &arena, &wanted[1].spec);
    call = call_of(&twilio, &own, &wanted[1].spec);
    KIND->create(&call, &request);
    assert_non_null(strstr(request.body, "&Priority=0&Weight=5"));
    assert_int_equal(KIND->want(&scene, &arena, wanted, 2), 2);
    scene.on_trunk.inbound = 0;
    assert_false(is_wanted(KIND, &scene));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_it_is_wanted_while_calls_come_in, forget),
        cmocka_unit_test_teardown(test_its_requests, forget),
        cmocka_unit_test_teardown(test_the_echo_of_a_create_is_silent, forget),
        cmocka_unit_test_teardown(test_an_answer_without_its_trunk_lies_where_it_was_asked_for, forget),
        cmocka_unit_test_teardown(test_a_404_speaks_of_the_trunk, forget),
        cmocka_unit_test_teardown(test_what_people_name_comes_when_the_own_one_stands, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
