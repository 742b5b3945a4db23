/* livekit.inbound_trunk against the documented examples, in both spellings. */
#include "kind_case.h"

#define KIND kinds[KIND_INBOUND_TRUNK]
#define BASE "https://x.livekit.cloud/twirp/livekit.SIP/"
#define ST "ST_in4Wq7ZpLx2A"
#define NAME "Support line [" TAG "]"
#define OBJECT(name, numbers) "{\"sip_trunk_id\":\"" ST "\",\"name\":\"" name "\",\"metadata\":\"\",\"numbers\":" numbers ",\"allowed_addresses\":[]," \
    "\"allowed_numbers\":[],\"auth_username\":\"\",\"auth_password\":\"\",\"auth_realm\":\"\",\"headers\":{},\"headers_to_attributes\":{}," \
    "\"attributes_to_headers\":{},\"include_headers\":\"SIP_NO_HEADERS\",\"ringing_timeout\":\"45s\",\"max_call_duration\":null,\"krisp_enabled\":true," \
    "\"media_encryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\",\"media\":null,\"created_at\":null,\"updated_at\":null}"
#define CAMEL(encryption) "{\"sipTrunkId\":\"" ST "\",\"name\":\"" NAME "\",\"numbers\":[\"" NUMBER "\"],\"ringingTimeout\":\"45s\",\"krispEnabled\":true," \
    "\"mediaEncryption\":\"" encryption "\"}"
#define FOREIGN "{\"sip_trunk_id\":\"ST_xx1Aa2Bb3Cc4\",\"name\":\"made by hand\",\"numbers\":[],\"allowed_addresses\":[\"192.0.2.0/24\"]}"

static void test_it_is_wanted_while_calls_come_in(void **state)
{
    struct scene scene = number_scene(NULL, 0);
    struct number plain = number;
    struct wanted wanted = wanted_in(KIND, &scene);

    (void)state;
    assert_string_equal(wanted.slot, "");
    assert_string_equal(wanted.account, "lk");
    assert_string_equal(value(KIND, &wanted.spec, "name"), NAME);
    assert_string_equal(value(KIND, &wanted.spec, "numbers"), "[\"" NUMBER "\"]");
    plain.label = "";
    plain.is_sip = true;
    scene.number = &plain;
    scene.account = NULL;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(value(KIND, &wanted.spec, "name"), NUMBER " [" TAG "]");
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    plain.supports_inbound = false;
    assert_false(is_wanted(KIND, &scene));
    scene = number_scene(NULL, 0);
    scene.number = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = number_scene(NULL, 0);
    scene.project = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = trunk_scene(NULL, 0);
    assert_false(is_wanted(KIND, &scene));
}

static void test_a_long_label_is_cut_before_the_tag(void **state)
{
    char label[302] = "";
    struct spec spec = { .secret = NULL };

    (void)state;
    memset(label, 'x', 199);
    for (size_t i = 199; i < 299; i += 2)
        memcpy(label + i, "\xC3\xBC", 2);
    KIND->tag(TAG, label, &arena, &spec);
    assert_int_equal(strlen(spec.value[0]), 199 + strlen(" [" TAG "]"));
    KIND->tag(TAG, "", &arena, &spec);
    assert_string_equal(spec.value[0], "[" TAG "]");
}

static void test_its_requests(void **state)
{
    struct resource row = live(KIND, "", ST, NULL);
    struct scene scene = number_scene(NULL, 0);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, &row, &wanted.spec);
    const char *object = "{\"name\":\"" NAME "\",\"numbers\":[\"" NUMBER "\"]}";
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "CreateSIPInboundTrunk", arena_printf(&arena, "{\"trunk\":%s}", object));
    assert_string_equal(request.content_type, "application/json");
    assert_int_equal(request.auth.kind, AUTH_LIVEKIT);
    assert_string_equal(request.auth.user, "devkey");
    assert_string_equal(request.auth.secret, "file:account/lk");
    assert_string_equal(request.auth.place, "account/lk");
    assert_null(request.slot.secret);
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "UpdateSIPInboundTrunk", arena_printf(&arena, "{\"sip_trunk_id\":\"" ST "\",\"replace\":%s}", object));
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "DeleteSIPTrunk", "{\"sip_trunk_id\":\"" ST "\"}");
    KIND->get(&call, &request);
    assert_request(&request, HTTP_POST, false, BASE "ListSIPInboundTrunk", "{\"trunk_ids\":[\"" ST "\"]}");
    KIND->list(&call, &request);
    assert_request(&request, HTTP_POST, false, BASE "ListSIPInboundTrunk", "{}");
}

static void test_settings_become_fields(void **state)
{
    struct scene scene = number_scene(NULL, 0);
    struct number with = number;
    struct wanted wanted;
    static const struct { const char *field, *value; } fields[] = {
        { "allowed_addresses", "[\"2001:db8::1\",\"203.0.113.0/24\"]" }, { "allowed_numbers", "[\"+491\",\"+492\"]" }, { "headers", "{\"X-A\":\"1\"}" },
        { "headers_to_attributes", "{\"X-B\":\"b\"}" }, { "attributes_to_headers", "{\"c\":\"X-C\"}" }, { "include_headers", "SIP_X_HEADERS" },
        { "ringing_timeout", "20s" }, { "max_call_duration", "600s" }, { "krisp_enabled", "true" }, { "media_encryption", "SIP_MEDIA_ENCRYPT_REQUIRE" },
    };

    (void)state;
    with.inbound_trunk = "{\"allowed_addresses\":[\"2001:db8::1\",\"203.0.113.0/24\"],\"allowed_numbers\":[\"+492\",\"+491\"],\"headers\":{\"X-A\":\"1\"},"
        "\"headers_to_attributes\":{\"X-B\":\"b\"},\"attributes_to_headers\":{\"c\":\"X-C\"},\"include_headers\":\"x\",\"ringing_timeout_seconds\":20,"
        "\"max_call_duration_seconds\":600,\"krisp_enabled\":true,\"media_encryption\":\"require\"}";
    scene.number = &with;
    wanted = wanted_in(KIND, &scene);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        assert_string_equal(value(KIND, &wanted.spec, fields[i].field), fields[i].value);
    with.inbound_trunk = "{\"include_headers\":\"none\",\"krisp_enabled\":false,\"media_encryption\":\"disable\",\"headers\":{}}";
    wanted = wanted_in(KIND, &scene);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        assert_null(value(KIND, &wanted.spec, fields[i].field));
}

static void test_callers_are_asked_for_what_lies_behind_the_reference(void **state)
{
    struct resource row = live(KIND, "", ST, NULL);
    const struct resource *const rows[] = { &row };
    struct scene scene = number_scene(rows, 1);
    struct number with = number;
    struct wanted wanted;
    struct request request;

    (void)state;
    with.is_sip = true;
    with.inbound_trunk = "{\"auth_username\":\"carrier\",\"auth_password\":\"file:sip/in\"}";
    scene.number = &with;
    wanted = wanted_in(KIND, &scene);
    assert_true(wanted.refers);
    assert_null(value(KIND, &wanted.spec, "auth_password"));
    row.secret = "file:sip/in";
    row.secret_version = "fp:0123456789abcdef";
    wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, &row, &wanted.spec);
    assert_string_equal(value(KIND, &wanted.spec, "auth_password"), "fp:0123456789abcdef");
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"" ST "\",\"replace\":{\"name\":\"" NAME "\",\"numbers\":[\""
                   NUMBER "\"],\"auth_username\":\"carrier\",\"auth_password\":\"\"}}");
    assert_string_equal(request.slot.secret, "file:sip/in");
    assert_string_equal(request.slot.place, "sip/" NUMBER);
    assert_int_equal(request.slot.offset, request.body_bytes - strlen("\"}}"));
}

static void test_echoes_in_both_spellings_are_silent(void **state)
{
    struct resource row = live(KIND, "", ST, NULL);
    struct scene scene = number_scene(NULL, 0);
    struct number with = number;
    with.inbound_trunk = "{\"ringing_timeout_seconds\":45,\"krisp_enabled\":true,\"media_encryption\":\"allow\",\"allowed_numbers\":[]}";
    scene.number = &with;
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, &row, &wanted.spec);

    (void)state;
    decode_ok(KIND, OP_CREATE, &call, OBJECT(NAME, "[\"" NUMBER "\"]"));
    assert_int_equal(found_count, 1);
    assert_string_equal(found[0].id, ST);
    assert_null(found[0].parent);
    assert_string_equal(found[0].name, NAME);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_UPDATE, &call, CAMEL("SIP_MEDIA_ENCRYPT_ALLOW"));
    assert_string_equal(found[0].id, ST);
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_UPDATE, &call, CAMEL("SIP_MEDIA_ENCRYPT_OF_TOMORROW"));
    assert_string_equal(KIND->fields[spec_differs(KIND, &found[0].spec, &wanted.spec, 0)].name, "media_encryption");
    decode_ok(KIND, OP_GET, &call, "{\"items\":[null," OBJECT(NAME, "[\"" NUMBER "\",\"+14158675310\"]") "]}");
    assert_string_equal(KIND->fields[spec_differs(KIND, &found[0].spec, &wanted.spec, 0)].name, "numbers");
}

static void test_lists(void **state)
{
    struct resource row = live(KIND, "", ST, NULL);
    struct call call = call_of(&livekit, &row, NULL);

    (void)state;
    decode_ok(KIND, OP_LIST, &call, "{\"items\":[null," CAMEL("SIP_MEDIA_ENCRYPT_ALLOW") "," FOREIGN ",null]}");
    assert_int_equal(found_count, 2);
    assert_null(cursor);
    assert_string_equal(found[1].tag.nonce, "");
    assert_null(value(KIND, &found[1].spec, "numbers"));
    decode_ok(KIND, OP_GET, &call, "{\"items\":[" FOREIGN "," CAMEL("SIP_MEDIA_ENCRYPT_ALLOW") "]}");
    assert_int_equal(found_count, 1);
    assert_string_equal(found[0].id, ST);
    decode_ok(KIND, OP_GET, &call, "{\"items\":[]}");
    assert_int_equal(found_count, 0);
    decode_ok(KIND, OP_LIST, &call, "{}");
    assert_int_equal(found_count, 0);
    decode_ok(KIND, OP_LIST, &call, "{\"items\":null}");
    assert_int_equal(found_count, 0);
    decode_ok(KIND, OP_DELETE, &call, "{\"sip_trunk_id\":\"" ST "\",\"kind\":\"TRUNK_LEGACY\"}");
    assert_int_equal(found_count, 0);
}

static void test_answers_that_cannot_be_used(void **state)
{
    static const char *const bodies[] = { "", "OK", "[]", "{}", "{\"trunk\":{}}", "{\"sip_trunk_id\":\"\"}", "{\"sip_trunk_id\":null}", "{\"sip_trunk_id\":[\"x\"]}" };
    struct call call = call_of(&livekit, NULL, NULL);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
        decode_fails(KIND, OP_CREATE, &call, bodies[i]);
    decode_fails(KIND, OP_LIST, &call, "");
    decode_fails(KIND, OP_LIST, &call, "<html>");
    decode_fails(KIND, OP_LIST, &call, "[]");
    decode_fails(KIND, OP_LIST, &call, "{\"items\":{}}");
    decode_fails(KIND, OP_LIST, &call, "{\"items\":[{}]}");
}

/* LiveKit obeys `media` where it names an encryption, whatever the older field says. */
static void test_the_encryption_in_force_is_compared(void **state)
{
    static const struct { const char *shown, *value; } cases[] = {
        { "\"media_encryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\"", "SIP_MEDIA_ENCRYPT_ALLOW" },
        { "\"media_encryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\",\"media\":null", "SIP_MEDIA_ENCRYPT_ALLOW" },
        { "\"media_encryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\",\"media\":{\"only_listed_codecs\":false,\"codecs\":[]}", "SIP_MEDIA_ENCRYPT_ALLOW" },
        { "\"media_encryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\",\"media\":{\"encryption\":\"SIP_MEDIA_ENCRYPT_REQUIRE\"}", "SIP_MEDIA_ENCRYPT_REQUIRE" },
        { "\"mediaEncryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\",\"media\":{\"encryption\":\"SIP_MEDIA_ENCRYPT_DISABLE\"}", NULL },
    };
    struct scene scene = number_scene(NULL, 0);
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, NULL, &wanted.spec);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        decode_ok(KIND, OP_CREATE, &call, arena_printf(&arena, "{\"sip_trunk_id\":\"" ST "\",%s}", cases[i].shown));
        if (!text_equal(value(KIND, &found[0].spec, "media_encryption"), cases[i].value))
            fail_msg("%s", cases[i].shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_the_encryption_in_force_is_compared, forget),
        cmocka_unit_test_teardown(test_callers_are_asked_for_what_lies_behind_the_reference, forget),
        cmocka_unit_test_teardown(test_it_is_wanted_while_calls_come_in, forget),
        cmocka_unit_test_teardown(test_a_long_label_is_cut_before_the_tag, forget),
        cmocka_unit_test_teardown(test_its_requests, forget),
        cmocka_unit_test_teardown(test_settings_become_fields, forget),
        cmocka_unit_test_teardown(test_echoes_in_both_spellings_are_silent, forget),
        cmocka_unit_test_teardown(test_lists, forget),
        cmocka_unit_test_teardown(test_answers_that_cannot_be_used, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
