/* livekit.outbound_trunk against the documented examples. */
#include "kind_case.h"

#define KIND kinds[KIND_OUTBOUND_TRUNK]
#define BASE "https://x.livekit.cloud/twirp/livekit.SIP/"
#define ST "ST_ou9Kd3TyRm5B"
#define NAME "Support line [" TAG "]"
#define DOMAIN TAG ".pstn.twilio.com"
#define USERNAME "abcdefghabcdefghijklm22334455"
#define FINGERPRINT "fp:0123456789abcdef"
#define OBJECT(password) "{\"sip_trunk_id\":\"" ST "\",\"name\":\"" NAME "\",\"metadata\":\"\",\"address\":\"" DOMAIN "\",\"destination_country\":\"\"," \
    "\"transport\":\"SIP_TRANSPORT_AUTO\",\"numbers\":[\"" NUMBER "\"],\"auth_username\":\"" USERNAME "\",\"auth_password\":" password ",\"headers\":{}," \
    "\"headers_to_attributes\":{},\"attributes_to_headers\":{},\"include_headers\":\"SIP_NO_HEADERS\",\"media_encryption\":\"SIP_MEDIA_ENCRYPT_DISABLE\"," \
    "\"media\":null,\"from_host\":\"\",\"created_at\":null,\"updated_at\":null}"

static struct resource trunk, first, second;
static const struct resource *const rows[] = { &trunk, &first, &second };

static struct resource credential(const char *slot, const char *username, const char *version)
{
    struct resource row = live(kinds[KIND_CREDENTIAL], slot, CR, CL);

    row.secret = "sealed:01234567:AAAA";
    row.secret_version = version;
    row.applied.value[1] = username;
    row.applied.value[2] = version;
    return row;
}

/* A trunk with two versions of its credential, of which the second is not there yet. */
static struct scene standing(void)
{
    trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);
    trunk.applied.value[1] = DOMAIN;
    first = credential("1", USERNAME, FINGERPRINT);
    second = credential("2", "second", "fp:2222222222222222");
    second.known = KNOWN_NONE;
    return number_scene(rows, ARRAY_SIZE(rows));
}

static void test_it_is_wanted_while_calls_go_out(void **state)
{
    struct scene scene = standing();
    struct number other = number;
    struct wanted wanted = wanted_in(KIND, &scene);

    (void)state;
    assert_string_equal(wanted.account, "lk");
    assert_string_equal(value(KIND, &wanted.spec, "address"), DOMAIN);
    assert_string_equal(value(KIND, &wanted.spec, "auth_username"), USERNAME);
    assert_string_equal(value(KIND, &wanted.spec, "auth_password"), FINGERPRINT);
    assert_string_equal(wanted.spec.secret, "sealed:01234567:AAAA");
    assert_string_equal(wanted.spec.secret_place, "sip/" TRUNK "/twilio.credential/1/main");
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    other.supports_outbound = false;
    scene.number = &other;
    assert_false(is_wanted(KIND, &scene));
    scene = standing();
    scene.account = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = trunk_scene(rows, ARRAY_SIZE(rows));
    assert_false(is_wanted(KIND, &scene));
}

static void test_it_calls_with_the_newest_live_credential(void **state)
{
    struct scene scene = standing();
    struct wanted wanted;

    (void)state;
    second.known = KNOWN_LIVE;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "auth_username"), "second");
    first.slot = "10";
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "auth_username"), USERNAME);
    first.slot = "x";
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "auth_username"), "second");
}

/* It is there, and its password is not: Twilio would refuse ours. */
static void test_it_calls_with_the_one_before_until_the_new_password_is_in_force(void **state)
{
    struct scene scene = standing();
    struct wanted wanted;

    (void)state;
    second.known = KNOWN_LIVE;
    second.applied.value[2] = NULL;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "auth_username"), USERNAME);
    assert_string_equal(value(KIND, &wanted.spec, "auth_password"), FINGERPRINT);
}

static void test_what_it_waits_for(void **state)
{
    struct scene scene = standing();
    struct account elsewhere = twilio;
    struct wanted wanted;

    (void)state;
    trunk.known = KNOWN_NONE;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "address");
    scene.rows_count = 0;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "address");
    elsewhere.termination_address = "sip.example.com";
    scene = standing();
    scene.account = &elsewhere;
    first.known = KNOWN_MAYBE;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "address"), "sip.example.com");
    assert_string_equal(spec_missing(KIND, &wanted.spec), "auth_username");
    scene = standing();
    first.applied.value[2] = "fp:another";
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "auth_password");
    assert_null(wanted.spec.secret);
    first.secret_version = NULL;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "auth_password");
    first.secret = NULL;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "auth_password");
}

static void test_its_requests_have_a_slot_for_the_password(void **state)
{
    struct resource row = live(KIND, "", ST, NULL);
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, &row, &wanted.spec);
    const char *object = "{\"name\":\"" NAME "\",\"address\":\"" DOMAIN "\",\"numbers\":[\"" NUMBER "\"],\"auth_username\":\"" USERNAME "\",\"auth_password\":\"\"}";
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "CreateSIPOutboundTrunk", arena_printf(&arena, "{\"trunk\":%s}", object));
    assert_int_equal(request.slot.offset, request.body_bytes - strlen("\"}}"));
    assert_int_equal(request.slot.escape, SECRET_JSON);
    assert_string_equal(request.slot.secret, "sealed:01234567:AAAA");
    assert_string_equal(request.slot.place, "sip/" TRUNK "/twilio.credential/1/main");
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "UpdateSIPOutboundTrunk", arena_printf(&arena, "{\"sip_trunk_id\":\"" ST "\",\"replace\":%s}", object));
    assert_int_equal(request.slot.offset, request.body_bytes - strlen("\"}}"));
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "DeleteSIPTrunk", "{\"sip_trunk_id\":\"" ST "\"}");
    assert_null(request.slot.secret);
    KIND->get(&call, &request);
    assert_request(&request, HTTP_POST, false, BASE "ListSIPOutboundTrunk", "{\"trunk_ids\":[\"" ST "\"]}");
    KIND->list(&call, &request);
    assert_request(&request, HTTP_POST, false, BASE "ListSIPOutboundTrunk", "{}");
}

static void test_a_password_is_compared_where_it_is_shown(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, NULL, &wanted.spec);
    struct spec applied;

    (void)state;
    decode_ok(KIND, OP_CREATE, &call, OBJECT("\"" FINGERPRINT "\""));
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_CREATE, &call, OBJECT("\"\""));
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    spec_observe(KIND, &found[0].spec, NULL, &arena, &applied);
    assert_string_equal(KIND->fields[spec_differs(KIND, &applied, &wanted.spec, 0)].name, "auth_password");
    decode_ok(KIND, OP_LIST, &call, "{\"items\":[" OBJECT("\"fp:ffffffffffffffff\"") "]}");
    spec_observe(KIND, &found[0].spec, &wanted.spec, &arena, &applied);
    assert_string_equal(KIND->fields[spec_differs(KIND, &applied, &wanted.spec, 0)].name, "auth_password");
}

static const char *const carriers[] = { "sip.carrier.example", "203.0.113.7:5080", NULL };
static struct number other;

/* A number of another carrier. */
static struct scene elsewhere(const char *document, const struct resource *const *with, size_t count)
{
    struct scene scene = number_scene(with, count);

    other = number;
    other.is_sip = true;
    other.twilio_account = NULL;
    other.outbound_trunk = document;
    scene.number = &other;
    scene.account = NULL;
    scene.trunk = NULL;
    scene.origins = carriers;
    return scene;
}

static void test_another_carrier_is_led_to_by_its_address(void **state)
{
    struct scene scene = elsewhere("{\"address\":\"sip.any.example\",\"transport\":\"tls\"}", NULL, 0);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, NULL, &wanted.spec);
    struct request request;

    (void)state;
    assert_true(wanted.alone);
    assert_false(wanted.refers);
    assert_null(wanted.lacks);
    KIND->create(&call, &request);
    assert_string_equal(request.body, "{\"trunk\":{\"name\":\"" NAME "\",\"address\":\"sip.any.example\",\"numbers\":[\"" NUMBER "\"],"
                        "\"transport\":\"SIP_TRANSPORT_TLS\"}}");
    assert_null(request.slot.secret);
    scene = elsewhere("{\"address\":\"sip.any.example\",\"transport\":\"auto\"}", NULL, 0);
    wanted = wanted_in(KIND, &scene);
    assert_null(value(KIND, &wanted.spec, "transport"));
}

#define LOGIN(address, reference) "{\"address\":\"" address "\",\"auth_username\":\"desk\",\"auth_password\":\"" reference "\"}"

static void test_a_password_is_what_lies_behind_its_reference(void **state)
{
    struct resource row = live(KIND, "", ST, NULL);
    const struct resource *const own[] = { &row };
    struct scene scene = elsewhere(LOGIN("sip.carrier.example", "file:sip/carrier"), own, 1);
    struct wanted wanted = wanted_in(KIND, &scene);

    (void)state;
    assert_true(wanted.alone && wanted.refers);
    assert_null(wanted.lacks);
    assert_string_equal(wanted.spec.secret, "file:sip/carrier");
    assert_string_equal(wanted.spec.secret_place, "sip/" NUMBER);
    assert_null(value(KIND, &wanted.spec, "auth_password"));        /* nobody has looked */
    row.secret = "file:sip/another";
    row.secret_version = "fp:of another";
    wanted = wanted_in(KIND, &scene);
    assert_null(value(KIND, &wanted.spec, "auth_password"));
    row.secret = "file:sip/carrier";
    row.secret_version = FINGERPRINT;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "auth_password"), FINGERPRINT);
    row.secret_version = NULL;
    row.message = "there is no such file";
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(wanted.lacks, "there is no such file");
}

static void test_a_password_leads_to_hosts_of_the_configuration_only(void **state)
{
    static const struct { const char *document; bool allowed; } cases[] = {
        { LOGIN("sip.carrier.example", "file:sip/a"), true }, { LOGIN("203.0.113.7:5080", "file:sip/a"), true },
        { LOGIN("203.0.113.7", "file:sip/a"), false }, { LOGIN("sip.carrier.example:5060", "file:sip/a"), false },
        { LOGIN("evil.example", "sealed:01234567:AAAA"), false }, { "{\"address\":\"evil.example\"}", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct scene scene = elsewhere(cases[i].document, NULL, 0);
        struct wanted wanted = wanted_in(KIND, &scene);
        if (!wanted.lacks != cases[i].allowed)
            fail_msg("%s: %s", cases[i].document, text_or(wanted.lacks, "allowed"));
        scene.any_origin = true;
        wanted = wanted_in(KIND, &scene);
        assert_null(wanted.lacks);
        scene.any_origin = false;
        scene.origins = NULL;
        wanted = wanted_in(KIND, &scene);
        assert_true(!wanted.lacks == !wanted.refers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_it_is_wanted_while_calls_go_out, forget),
        cmocka_unit_test_teardown(test_it_calls_with_the_newest_live_credential, forget),
        cmocka_unit_test_teardown(test_it_calls_with_the_one_before_until_the_new_password_is_in_force, forget),
        cmocka_unit_test_teardown(test_what_it_waits_for, forget),
        cmocka_unit_test_teardown(test_its_requests_have_a_slot_for_the_password, forget),
        cmocka_unit_test_teardown(test_a_password_is_compared_where_it_is_shown, forget),
        cmocka_unit_test_teardown(test_another_carrier_is_led_to_by_its_address, forget),
        cmocka_unit_test_teardown(test_a_password_is_what_lies_behind_its_reference, forget),
        cmocka_unit_test_teardown(test_a_password_leads_to_hosts_of_the_configuration_only, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
