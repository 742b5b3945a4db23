/* livekit.dispatch_rule against the documented examples, in both spellings. */
#include "kind_case.h"

#define KIND kinds[KIND_DISPATCH_RULE]
#define BASE "https://x.livekit.cloud/twirp/livekit.SIP/"
#define ST "ST_in4Wq7ZpLx2A"
#define SDR "SDR_ru6Hn8VcQe1C"
#define NAME "Support line [" TAG "]"
#define AGENT(name) "{\"agent_name\":\"" name "\",\"metadata\":\"{\\\"line\\\":42}\",\"restart_policy\":\"JRP_ON_FAILURE\",\"deployment\":\"\",\"attributes\":{}}"
#define OBJECT(rule, agents) "{\"sip_dispatch_rule_id\":\"" SDR "\",\"rule\":" rule ",\"trunk_ids\":[\"" ST "\"],\"hide_phone_number\":false," \
    "\"inbound_numbers\":[],\"numbers\":[],\"name\":\"" NAME "\",\"metadata\":\"\",\"attributes\":{},\"room_preset\":\"\",\"room_config\":{\"name\":\"\"," \
    "\"empty_timeout\":0,\"departure_timeout\":0,\"max_participants\":0,\"metadata\":\"\",\"egress\":null,\"sync_streams\":false,\"agents\":" agents "," \
    "\"tags\":{}},\"media\":{\"only_listed_codecs\":false,\"codecs\":[]},\"krisp_enabled\":false,\"media_encryption\":\"SIP_MEDIA_ENCRYPT_DISABLE\"," \
    "\"created_at\":null,\"updated_at\":null}"
#define INDIVIDUAL(prefix) "{\"dispatch_rule_individual\":{\"room_prefix\":\"" prefix "\",\"pin\":\"\",\"no_randomness\":false}}"
#define CAMEL "{\"sipDispatchRuleId\":\"" SDR "\",\"rule\":{\"dispatchRuleIndividual\":{\"roomPrefix\":\"line-42\"}},\"trunkIds\":[\"" ST "\"]," \
    "\"name\":\"" NAME "\",\"roomConfig\":{\"agents\":[null,{\"agentName\":\"front-desk\",\"metadata\":\"{\\\"line\\\":42}\"}]}}"

static struct resource inbound;
static const struct resource *const rows[] = { &inbound };

static struct scene standing(void)
{
    inbound = live(kinds[KIND_INBOUND_TRUNK], "", ST, NULL);
    return number_scene(rows, 1);
}

static void test_it_is_wanted_while_there_is_an_agent(void **state)
{
    struct scene scene = standing();
    struct number outbound = number;
    struct wanted wanted = wanted_in(KIND, &scene);

    (void)state;
    assert_string_equal(wanted.account, "lk");
    assert_string_equal(value(KIND, &wanted.spec, "name"), NAME);
    assert_string_equal(value(KIND, &wanted.spec, "trunk_ids"), "[\"" ST "\"]");
    assert_null(spec_missing(KIND, &wanted.spec));
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    inbound.known = KNOWN_MAYBE;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "trunk_ids");
    scene.agent = NULL;
    assert_false(is_wanted(KIND, &scene));
    scene = standing();
    outbound.supports_inbound = false;
    scene.number = &outbound;
    assert_false(is_wanted(KIND, &scene));
    scene = trunk_scene(rows, 1);
    assert_false(is_wanted(KIND, &scene));
}

static void test_its_requests(void **state)
{
    struct resource row = live(KIND, "", SDR, NULL);
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, &row, &wanted.spec);
    const char *object = "{\"name\":\"" NAME "\",\"trunk_ids\":[\"" ST "\"],\"rule\":{\"dispatch_rule_individual\":{\"room_prefix\":\"line-42\"}},"
                         "\"room_config\":{\"agents\":[{\"agent_name\":\"front-desk\",\"metadata\":\"{\\\"line\\\":42}\"}]}}";
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "CreateSIPDispatchRule", arena_printf(&arena, "{\"dispatch_rule\":%s}", object));
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "UpdateSIPDispatchRule", arena_printf(&arena, "{\"sip_dispatch_rule_id\":\"" SDR "\",\"replace\":%s}", object));
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "DeleteSIPDispatchRule", "{\"sip_dispatch_rule_id\":\"" SDR "\"}");
    KIND->get(&call, &request);
    assert_request(&request, HTTP_POST, false, BASE "ListSIPDispatchRule", "{\"dispatch_rule_ids\":[\"" SDR "\"]}");
    KIND->list(&call, &request);
    assert_request(&request, HTTP_POST, false, BASE "ListSIPDispatchRule", "{}");
}

static void test_the_variant_is_there_without_a_prefix(void **state)
{
    static const struct agent bare = { .name = "support", .dispatch_name = "front-desk", .metadata = "", .room_prefix = "" };
    struct scene scene = standing();
    struct wanted wanted;
    struct call call;
    struct request request;

    (void)state;
    scene.agent = &bare;
    wanted = wanted_in(KIND, &scene);
    call = call_of(&livekit, NULL, &wanted.spec);
    KIND->create(&call, &request);
    assert_string_equal(request.body, "{\"dispatch_rule\":{\"name\":\"" NAME "\",\"trunk_ids\":[\"" ST "\"],\"rule\":{\"dispatch_rule_individual\":{}},"
                        "\"room_config\":{\"agents\":[{\"agent_name\":\"front-desk\"}]}}}");
    decode_ok(KIND, OP_CREATE, &call, OBJECT(INDIVIDUAL(""), "[{\"agent_name\":\"front-desk\",\"metadata\":\"\"}]"));
    assert_silent(KIND, &found[0].spec, &wanted.spec);
}

static void test_echoes_in_both_spellings_are_silent(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, NULL, &wanted.spec);

    (void)state;
    decode_ok(KIND, OP_CREATE, &call, OBJECT(INDIVIDUAL("line-42"), "[" AGENT("front-desk") "]"));
    assert_string_equal(found[0].id, SDR);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    decode_ok(KIND, OP_LIST, &call, "{\"items\":[" CAMEL "]}");
    assert_silent(KIND, &found[0].spec, &wanted.spec);
}

static void assert_drift(const struct spec *wanted, const char *field, const char *shown)
{
    size_t at = spec_differs(KIND, &found[0].spec, wanted, 0);

    assert_string_equal(KIND->fields[at].name, field);
    if (shown)
        assert_string_equal(found[0].spec.value[at], shown);
    else
        assert_null(found[0].spec.value[at]);
}

static void test_what_somebody_changed_is_seen(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&livekit, NULL, &wanted.spec);

    (void)state;
    decode_ok(KIND, OP_UPDATE, &call, OBJECT("{\"dispatch_rule_direct\":{\"room_name\":\"x\",\"pin\":\"\"}}", "[" AGENT("front-desk") "]"));
    assert_drift(&wanted.spec, "type", "dispatch_rule_direct");
    decode_ok(KIND, OP_UPDATE, &call, OBJECT(INDIVIDUAL("other"), "[" AGENT("front-desk") "]"));
    assert_drift(&wanted.spec, "room_prefix", "other");
    decode_ok(KIND, OP_UPDATE, &call, OBJECT(INDIVIDUAL("line-42"), "[" AGENT("night-desk") "]"));
    assert_drift(&wanted.spec, "agents", "{\"night-desk\":\"{\\\"line\\\":42}\"}");
    decode_ok(KIND, OP_UPDATE, &call, OBJECT(INDIVIDUAL("line-42"), "[]"));
    assert_drift(&wanted.spec, "agents", NULL);
    decode_ok(KIND, OP_UPDATE, &call, OBJECT(INDIVIDUAL("line-42"), "{}"));
    assert_drift(&wanted.spec, "agents", NULL);
    decode_ok(KIND, OP_UPDATE, &call, OBJECT(INDIVIDUAL("line-42"), "[" AGENT("front-desk") ",{}," AGENT("b") "]"));
    assert_non_null(strstr(found[0].spec.value[spec_differs(KIND, &found[0].spec, &wanted.spec, 0)], ",{},"));
    decode_ok(KIND, OP_UPDATE, &call, OBJECT(INDIVIDUAL("line-42"), "[" AGENT("front-desk") "," AGENT("b") "]"));
    assert_drift(&wanted.spec, "agents", "{\"b\":\"{\\\"line\\\":42}\",\"front-desk\":\"{\\\"line\\\":42}\"}");
    decode_ok(KIND, OP_UPDATE, &call, "{\"sip_dispatch_rule_id\":\"" SDR "\",\"name\":\"" NAME "\",\"trunk_ids\":[\"" ST "\"],\"rule\":" INDIVIDUAL("line-42") ",\"room_config\":{}}");
    assert_drift(&wanted.spec, "agents", NULL);
    decode_ok(KIND, OP_UPDATE, &call, "{\"sip_dispatch_rule_id\":\"" SDR "\",\"name\":\"" NAME "\",\"trunk_ids\":[]}");
    assert_drift(&wanted.spec, "trunk_ids", NULL);
}

static void test_rules_of_each_type(void **state)
{
    static const struct { const char *document, *rule, *agents; } cases[] = {
        { "{\"type\":\"individual\",\"no_randomness\":true,\"pin\":\"12\"}",
          "{\"dispatch_rule_individual\":{\"room_prefix\":\"line-42\",\"pin\":\"12\",\"no_randomness\":true}}", "" },
        { "{\"type\":\"direct\",\"room_name\":\"lobby\",\"pin\":\"12\"}", "{\"dispatch_rule_direct\":{\"room_name\":\"lobby\",\"pin\":\"12\"}}", "" },
        { "{\"type\":\"callee\",\"randomize\":true}", "{\"dispatch_rule_callee\":{\"room_prefix\":\"line-42\",\"randomize\":true}}", "" },
        { "{\"more_agents\":{\"writer\":\"\",\"boss\":\"b\"}}", "{\"dispatch_rule_individual\":{\"room_prefix\":\"line-42\"}}", ",{\"agent_name\":\"writer\"}" },
    };
    struct scene scene = standing();
    struct agent with = agent;

    (void)state;
    scene.agent = &with;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        with.dispatch_rule = cases[i].document;
        struct wanted wanted = wanted_in(KIND, &scene);
        struct call call = call_of(&livekit, NULL, &wanted.spec);
        struct request request;
        KIND->create(&call, &request);
        assert_string_equal(request.body, arena_printf(&arena, "{\"dispatch_rule\":{\"name\":\"" NAME "\",\"trunk_ids\":[\"" ST "\"],\"rule\":%s,"
            "\"room_config\":{\"agents\":[%s{\"agent_name\":\"front-desk\",\"metadata\":\"{\\\"line\\\":42}\"}%s]}}}", cases[i].rule,
            *cases[i].agents ? "{\"agent_name\":\"boss\",\"metadata\":\"b\"}," : "", cases[i].agents));
        assert_null(spec_missing(KIND, &wanted.spec));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_it_is_wanted_while_there_is_an_agent, forget),
        cmocka_unit_test_teardown(test_its_requests, forget),
        cmocka_unit_test_teardown(test_the_variant_is_there_without_a_prefix, forget),
        cmocka_unit_test_teardown(test_echoes_in_both_spellings_are_silent, forget),
        cmocka_unit_test_teardown(test_what_somebody_changed_is_seen, forget),
        cmocka_unit_test_teardown(test_rules_of_each_type, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
