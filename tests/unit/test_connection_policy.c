/* twilio.connection_policy and twilio.connection_policy_target against the documented examples. */
#include "kind_case.h"

#define POLICY kinds[KIND_CONNECTION_POLICY]
#define TARGET kinds[KIND_CONNECTION_POLICY_TARGET]
#define NY "NYaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NE "NEaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BASE "https://voice.twilio.com/v1/ConnectionPolicies"
#define TARGETS BASE "/" NY "/Targets"
#define SIP "sip:x.sip.livekit.cloud;transport=tcp"
#define ASKS "{\"connection_policy\":true}"
#define NAMES "{\"connection_policy\":true,\"connection_policy_targets\":[" \
    "{\"target\":\"SIP:Backup.Example.com;transport=udp\",\"priority\":0,\"weight\":5}," \
    "{\"target\":\"" SIP "\"},{\"target\":\"sip:Desk@Two.example\"}]}"
#define POLICY_OBJECT(name) "{\"account_sid\":\"" AC "\",\"sid\":\"" NY "\",\"friendly_name\":\"" name "\"," \
    "\"date_created\":\"2020-03-18T23:31:36Z\",\"date_updated\":\"2020-03-18T23:31:36Z\",\"url\":\"" BASE "/" NY "\"," \
    "\"links\":{\"targets\":\"" TARGETS "\"}}"
#define TARGET_OBJECT(name, uri, more) "{\"account_sid\":\"" AC "\",\"connection_policy_sid\":\"" NY "\",\"sid\":\"" NE "\"," \
    "\"friendly_name\":\"" name "\",\"target\":\"" uri "\"," more ",\"date_created\":\"2020-03-18T23:31:36Z\"," \
    "\"date_updated\":\"2020-03-18T23:31:36Z\",\"url\":\"" TARGETS "/" NE "\"}"
#define STANDARD "\"priority\":10,\"weight\":10,\"enabled\":true"
#define GONE "{\"code\":20404,\"message\":\"not found\",\"status\":404}"

static struct scene asking(const struct resource *const *rows, size_t count)
{
    struct scene scene = trunk_scene(rows, count);

    scene.twilio_trunk = ASKS;
    return scene;
}

static void test_one_is_wanted_where_it_is_asked_for(void **state)
{
    static const char *const not_asking[] = { NULL, "{}", "{\"connection_policy\":false}", "{\"cnam_lookup_enabled\":true}" };
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);
    const struct resource *rows[] = { &trunk };
    struct scene scene = asking(rows, 1);
    struct wanted wanted = wanted_in(POLICY, &scene);

    (void)state;
    assert_string_equal(wanted.slot, "");
    assert_string_equal(wanted.account, "main");
    assert_true(wanted.spare);
    assert_null(wanted.after);
    assert_string_equal(value(POLICY, &wanted.spec, "friendly_name"), TAG);
    assert_int_equal(POLICY->want(&scene, &arena, &wanted, 0), 0);
    for (size_t i = 0; i < ARRAY_SIZE(not_asking); i++) {
        scene.twilio_trunk = not_asking[i];
        assert_false(is_wanted(POLICY, &scene) || is_wanted(TARGET, &scene));
    }
    scene = asking(rows, 1);
    scene.on_trunk.inbound = 0;             /* whatever the numbers are for */
    assert_true(is_wanted(POLICY, &scene) && is_wanted(TARGET, &scene));
    trunk.known = KNOWN_MAYBE;              /* it is made after its trunk, and outlives it */
    wanted = wanted_in(POLICY, &scene);
    assert_string_equal(wanted.after, "twilio.trunk");
    assert_true(is_wanted(TARGET, &scene));
    scene.trunk_wanted = false;
    assert_false(is_wanted(POLICY, &scene) || is_wanted(TARGET, &scene));
    scene = number_scene(rows, 1);
    scene.twilio_trunk = ASKS;
    assert_false(is_wanted(POLICY, &scene) || is_wanted(TARGET, &scene));
}

static void test_the_requests_of_a_policy(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), row = live(POLICY, "", NY, NULL);
    const struct resource *rows[] = { &trunk };
    struct scene scene = asking(rows, 1);
    struct wanted wanted = wanted_in(POLICY, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);
    struct request request;

    (void)state;
    POLICY->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE, "FriendlyName=" TAG);
    POLICY->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/" NY, "FriendlyName=" TAG);
    POLICY->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, BASE "/" NY, NULL);
    POLICY->get(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/" NY, NULL);
    POLICY->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "?PageSize=1000", NULL);
}

static void test_the_echo_of_a_policy_is_silent(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), row = live(POLICY, "", NY, NULL);
    const struct resource *rows[] = { &trunk };
    struct scene scene = asking(rows, 1);
    struct wanted wanted = wanted_in(POLICY, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);

    (void)state;
    decode_ok(POLICY, OP_CREATE, &call, POLICY_OBJECT(TAG));
    assert_string_equal(found[0].id, NY);
    assert_null(found[0].parent);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(POLICY, &found[0].spec, &wanted.spec);
    decode_ok(POLICY, OP_LIST, &call, "{\"meta\":{\"next_page_url\":null,\"key\":\"connection_policies\"},\"connection_policies\":["
              POLICY_OBJECT("by hand") "," POLICY_OBJECT(TAG) "]}");
    assert_int_equal(found_count, 2);
    assert_string_equal(found[0].tag.nonce, "");
    assert_string_equal(found[0].name, "by hand");
    assert_string_equal(found[1].tag.nonce, "22334455");
    assert_null(cursor);
    decode_fails(POLICY, OP_LIST, &call, "{\"trunks\":[]}");
}

/* The project's own has its slot to itself, whatever it is. */
static void test_the_targets_that_are_wanted(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), policy = live(POLICY, "", NY, NULL);
    const struct resource *rows[] = { &trunk, &policy };
    struct scene scene = asking(rows, 2);
    struct account project = livekit;
    struct wanted wanted[WANTED_MAX];

    (void)state;
    scene.twilio_trunk = NAMES;
    assert_int_equal(TARGET->want(&scene, &arena, wanted, WANTED_MAX), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(wanted[i].spare);
        assert_string_equal(value(TARGET, &wanted[i].spec, "connection_policy_sid"), NY);
        assert_string_equal(value(TARGET, &wanted[i].spec, "enabled"), "true");
    }
    assert_string_equal(wanted[0].slot, "");
    assert_string_equal(value(TARGET, &wanted[0].spec, "target"), SIP);
    assert_string_equal(value(TARGET, &wanted[0].spec, "priority"), "10");
    assert_string_equal(value(TARGET, &wanted[0].spec, "weight"), "10");
    assert_string_equal(wanted[1].slot, "sip:backup.example.com;transport=udp");
    assert_string_equal(value(TARGET, &wanted[1].spec, "target"), wanted[1].slot);
    assert_null(value(TARGET, &wanted[1].spec, "priority"));
    assert_string_equal(value(TARGET, &wanted[1].spec, "weight"), "5");
    assert_string_equal(wanted[2].slot, "sip:Desk@two.example");
    assert_int_equal(TARGET->want(&scene, &arena, wanted, 2), 2);
    scene.twilio_trunk = "{\"connection_policy\":true,\"secure\":true}";
    assert_int_equal(TARGET->want(&scene, &arena, wanted, WANTED_MAX), 1);
    assert_string_equal(wanted[0].slot, "");
    assert_string_equal(value(TARGET, &wanted[0].spec, "target"), "sip:x.sip.livekit.cloud;transport=tls");
    scene.twilio_trunk = NAMES;
    project.sip_host = NULL;
    scene.project = &project;
    assert_int_equal(TARGET->want(&scene, &arena, wanted, WANTED_MAX), 3);
    assert_string_equal(wanted[0].slot, "sip:backup.example.com;transport=udp");
    scene = asking(rows, 1);
    assert_int_equal(TARGET->want(&scene, &arena, wanted, WANTED_MAX), 1);
    assert_string_equal(spec_missing(TARGET, &wanted[0].spec), "connection_policy_sid");
}

static void test_the_requests_of_a_target(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), policy = live(POLICY, "", NY, NULL);
    struct resource row = live(TARGET, "", NE, NY);
    const struct resource *rows[] = { &trunk, &policy };
    struct scene scene = asking(rows, 2);
    struct wanted wanted = wanted_in(TARGET, &scene), named[WANTED_MAX];
    struct call call = call_of(&twilio, &row, &wanted.spec);
    const char *body = "FriendlyName=" TAG "&Target=sip%3Ax.sip.livekit.cloud%3Btransport%3Dtcp&Priority=10&Weight=10&Enabled=true";
    struct request request;

    (void)state;
    TARGET->create(&call, &request);
    assert_request(&request, HTTP_POST, true, TARGETS, body);
    TARGET->update(&call, &request);
    assert_request(&request, HTTP_POST, true, TARGETS "/" NE, body);
    TARGET->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, TARGETS "/" NE, NULL);
    TARGET->get(&call, &request);
    assert_request(&request, HTTP_GET, false, TARGETS "/" NE, NULL);
    TARGET->list(&call, &request);
    assert_request(&request, HTTP_GET, false, TARGETS "?PageSize=1000", NULL);
    scene.twilio_trunk = NAMES;
    assert_int_equal(TARGET->want(&scene, &arena, named, WANTED_MAX), 3);
    call.spec = &named[1].spec;
    TARGET->create(&call, &request);
    assert_non_null(strstr(request.body, "&Priority=0&Weight=5"));
}

static void test_the_echo_of_a_target_is_silent(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), policy = live(POLICY, "", NY, NULL);
    struct resource row = live(TARGET, "", NE, NY);
    const struct resource *rows[] = { &trunk, &policy };
    struct scene scene = asking(rows, 2);
    struct wanted wanted = wanted_in(TARGET, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);

    (void)state;
    decode_ok(TARGET, OP_CREATE, &call, TARGET_OBJECT(TAG, "SIP:X.sip.LiveKit.cloud;transport=tcp", STANDARD));
    assert_string_equal(found[0].id, NE);
    assert_string_equal(found[0].parent, NY);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(TARGET, &found[0].spec, &wanted.spec);
    decode_ok(TARGET, OP_LIST, &call, "{\"meta\":{\"next_page_url\":null},\"targets\":["
              TARGET_OBJECT(TAG, SIP, "\"priority\":10,\"weight\":10,\"enabled\":false") ","
              TARGET_OBJECT("by hand", "sip:sip-box.com:1234", STANDARD) "]}");
    assert_int_equal(found_count, 2);
    assert_string_equal(TARGET->fields[spec_differs(TARGET, &found[0].spec, &wanted.spec, 0)].name, "enabled");
    assert_string_equal(found[1].tag.nonce, "");
}

/* A list of the account's policies cannot be missing; below one that is gone there is nothing. */
static void test_what_answers_mean(void **state)
{
    (void)state;
    assert_judged(POLICY, OP_GET, 404, GONE, VERDICT_GONE);
    assert_judged(POLICY, OP_DELETE, 404, GONE, VERDICT_GONE);
    assert_judged(POLICY, OP_LIST, 404, GONE, VERDICT_ACCOUNT);
    assert_judged(POLICY, OP_LIST, 403, "{\"code\":20003,\"message\":\"not with this key\"}", VERDICT_ACCOUNT);
    assert_judged(POLICY, OP_CREATE, 400, "{\"code\":21253,\"message\":\"10000 of them\"}", VERDICT_TAKEN);
    assert_judged(POLICY, OP_DELETE, 409, "{\"code\":20409,\"message\":\"in use\"}", VERDICT_LATER);
    assert_judged(TARGET, OP_LIST, 404, GONE, VERDICT_GONE);
    assert_judged(TARGET, OP_CREATE, 404, GONE, VERDICT_LATER);
    assert_judged(TARGET, OP_DELETE, 404, GONE, VERDICT_GONE);
    assert_judged(TARGET, OP_CREATE, 400, "{\"code\":21254,\"message\":\"10 of them\"}", VERDICT_LATER);
    assert_judged(TARGET, OP_CREATE, 400, "{\"code\":20422,\"message\":\"not an address\"}", VERDICT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one_is_wanted_where_it_is_asked_for, forget),
        cmocka_unit_test_teardown(test_the_requests_of_a_policy, forget),
        cmocka_unit_test_teardown(test_the_echo_of_a_policy_is_silent, forget),
        cmocka_unit_test_teardown(test_the_targets_that_are_wanted, forget),
        cmocka_unit_test_teardown(test_the_requests_of_a_target, forget),
        cmocka_unit_test_teardown(test_the_echo_of_a_target_is_silent, forget),
        cmocka_unit_test_teardown(test_what_answers_mean, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
