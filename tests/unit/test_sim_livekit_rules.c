/* LiveKit's objects: what is refused, what conflicts, what an update changes, what a list shows. As measured on the real server. */
#include "sim_fixture.h"

#include <trunkd/cleanup.h>

#define IN(fields) "{\"trunk\":{" fields "}}"
#define RULE(fields) "{\"dispatch_rule\":{\"rule\":{\"dispatch_rule_individual\":{\"room_prefix\":\"p\"}}" fields "}}"
#define FLAT(fields) "{\"rule\":{\"dispatch_rule_individual\":{\"room_prefix\":\"p\"}}" fields "}"

static char *line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *line(const char *fmt, ...)
{
    static char text[32][900];
    static size_t next;
    char *into = text[next++ % 32];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(into, sizeof(text[0]), fmt, args);
    va_end(args);
    return into;
}

static void made(struct world *w, const char *method, const char *body, char ret_id[128])
{
    int status = world_livekit(w, method, body);
    if (status != 200)
        fail_msg("%s %s: %d %s", method, body, status, w->answer.body);
    world_keep(w, strstr(method, "Rule") ? "sip_dispatch_rule_id" : "sip_trunk_id", ret_id);
}

static void refused(struct world *w, const char *method, const char *body, int status, const char *code, const char *msg)
{
    int got = world_livekit(w, method, body);
    char got_code[128];
    if (!w->body)
        fail_msg("%s %s: %d %s", method, body, got, w->answer.body);
    world_keep(w, "code", got_code);
    const char *text = world_text(w, "msg");
    if (got != status || strcmp(got_code, code) != 0 || (msg && strcmp(text, msg) != 0))
        fail_msg("%s %s:\n  got  %d %s\n  want %d %s %s", method, body, got, w->answer.body, status, code, msg ? msg : "");
}

static void invalid(struct world *w, const char *method, const char *body, const char *msg) { refused(w, method, body, 400, "invalid_argument", msg); }

#define UNPROTECTED "for security, one of the fields must be set: AuthUsername+AuthPassword, AllowedAddresses or Numbers"
#define NOT_A_URI "trunk address should be a hostname or IP, not SIP URI"

static void test_shapes_that_are_refused(void **state)
{
    static const struct { const char *method, *body, *msg; } rows[] = {
        { "CreateSIPInboundTrunk", IN(""), UNPROTECTED },
        { "CreateSIPInboundTrunk", "{}", "missing trunk" },
        { "CreateSIPInboundTrunk", "{\"name\":\"a\",\"numbers\":[\"+1\"]}", "missing trunk" },
        { "CreateSIPInboundTrunk", IN("\"sip_trunk_id\":\"ST_1\",\"numbers\":[\"+1\"]"), "trunk id must not be set" },
        { "CreateSIPOutboundTrunk", IN("\"address\":\"a.test\""), "no trunk numbers specified" },
        { "CreateSIPOutboundTrunk", IN("\"numbers\":[\"+1\"],\"address\":\"sip:a.test\""), NOT_A_URI },
        { "CreateSIPOutboundTrunk", IN("\"numbers\":[\"+1\"],\"address\":\"u@a.test\""), NOT_A_URI },
        { "CreateSIPOutboundTrunk", IN("\"numbers\":[\"+1\"],\"address\":\"a.test\",\"from_host\":\"sips:b\""),
          "from_host should be a hostname or IP, not SIP URI" },
        { "CreateSIPOutboundTrunk", IN("\"numbers\":[\"+1\"],\"address\":\"a.test;transport=tcp\""),
          "trunk address should not contain transport parameter" },
        { "CreateSIPOutboundTrunk", IN("\"numbers\":[\"+1\"]"), NULL },
        { "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"],\"headers\":{\"From\":\"x\"}"), "invalid header name: header name From not supported" },
        { "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"],\"headers\":{\"X A\":\"x\"}"),
          "invalid header name: header name X A contains invalid characters: char 32 not allowed" },
        { "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"],\"headers\":{\"X-A\":\"x\\n\"}"), NULL },
        { "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"],\"headers_to_attributes\":{\"a b\":\"x\"}"), NULL },
        { "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"],\"attributes_to_headers\":{\"x\":\"a b\"}"), NULL },
        { "CreateSIPDispatchRule", "{}", "missing rule" },
        { "CreateSIPDispatchRule", "{\"dispatch_rule\":{\"ruel\":{\"dispatch_rule_direct\":{}}}}", "missing rule" },
        { "CreateSIPDispatchRule", "{\"dispatch_rule\":{\"rule\":{}}}", "twirp error unknown: unsupported SIP Dispatch Rule: <nil>" },
        { "CreateSIPDispatchRule", RULE(",\"sip_dispatch_rule_id\":\"SDR_1\""), NULL },
        { "UpdateSIPInboundTrunk", "{}", "trunk id must be set" },
        { "UpdateSIPDispatchRule", "{\"update\":{}}", "rule id must be set" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\"}", "missing or unsupported update action" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\",\"replace\":{\"sip_trunk_id\":\"ST_2\",\"numbers\":[\"+1\"]}}",
          "trunk id in the info must be empty or match the id in the update" },
        { "UpdateSIPDispatchRule", "{\"sip_dispatch_rule_id\":\"SDR_1\",\"replace\":{\"sip_dispatch_rule_id\":\"SDR_2\"}}",
          "rule id in the info must be empty or match the id in the update" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\",\"update\":{\"numbers\":{}}}", "unsupported list update operation" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\",\"update\":{\"numbers\":{\"set\":[]}}}", "unsupported list update operation" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\",\"update\":{\"numbers\":{\"set\":[\"+1\"],\"clear\":true}}}",
          "cannot clear and change the list at the same time" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\",\"update\":{\"numbers\":{\"set\":[\"+1\"],\"add\":[\"+2\"]}}}",
          "cannot set and change the list at the same time" },
        { "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_1\",\"update\":{\"numbers\":{\"add\":[\"\"]}}}", "empty element in the list" },
        { "GetSIPInboundTrunk", "{}", "trunk ID is required" },
        { "DeleteSIPTrunk", "{}", "trunk ID is required" },
        { "DeleteSIPDispatchRule", "{}", "dispatch rule ID is required" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        invalid(w, rows[i].method, rows[i].body, rows[i].msg);
    assert_int_equal(LIVEKIT_COUNT(w, "inbound_trunks") + LIVEKIT_COUNT(w, "outbound_trunks") + LIVEKIT_COUNT(w, "dispatch_rules"), 0);
}

static void test_a_header_value_has_a_limit(void **state)
{
    struct world *w = *state;
    char body[1300], value[1026] = { 0 };
    memset(value, 'x', 1025);
    (void)snprintf(body, sizeof(body), IN("\"numbers\":[\"+1\"],\"headers\":{\"X-A\":\"%s\"}"), value);
    invalid(w, "CreateSIPInboundTrunk", body, "invalid header value for X-A: header X-A: value too long (max 1024 characters)");
    value[1024] = '\0';
    (void)snprintf(body, sizeof(body), IN("\"numbers\":[\"+1\"],\"headers\":{\"X-A\":\"%s\"}"), value);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", body), 200);
}

static void test_what_is_not_validated(void **state)
{
    static const struct { const char *method, *body; } rows[] = {
        { "CreateSIPInboundTrunk", IN("\"numbers\":[\"nonsense\"]") }, { "CreateSIPInboundTrunk", IN("\"auth_username\":\"u\"") },
        { "CreateSIPOutboundTrunk", IN("\"numbers\":[\"\"],\"address\":\"http://a b\"") },
        { "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_dangling\"]") },
        { "CreateSIPDispatchRule", "{\"dispatch_rule\":{\"trunk_ids\":[\"ST_2\"],\"rule\":{\"dispatch_rule_direct\":{}}}}" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (world_livekit(w, rows[i].method, rows[i].body) != 200)
            fail_msg("%s: %s", rows[i].body, w->answer.body);
}

static void test_an_unknown_id(void **state)
{
    struct world *w = *state;
    char inbound[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), inbound);
    static const char no_trunk[] = "requested sip trunk does not exist", no_rule[] = "requested sip dispatch rule does not exist";
    refused(w, "GetSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_0\"}", 404, "not_found", no_trunk);
    refused(w, "GetSIPOutboundTrunk", line("{\"sip_trunk_id\":\"%s\"}", inbound), 404, "not_found", no_trunk);
    refused(w, "UpdateSIPOutboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{}}", inbound), 404, "not_found", no_trunk);
    refused(w, "UpdateSIPDispatchRule", "{\"sip_dispatch_rule_id\":\"SDR_0\",\"update\":{}}", 404, "not_found", no_rule);
    refused(w, "DeleteSIPDispatchRule", "{\"sip_dispatch_rule_id\":\"SDR_0\"}", 404, "not_found", no_rule);
    assert_int_equal(world_livekit(w, "DeleteSIPTrunk", "{\"sip_trunk_id\":\"ST_0\"}"), 200);
    assert_string_equal(world_text(w, "sip_trunk_id"), "ST_0");
    assert_string_equal(world_text(w, "kind"), "TRUNK_LEGACY");
}

static void test_inbound_conflicts(void **state)
{
    struct world *w = *state;
    char one[128], two[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+15550100042\"]"), one);
    invalid(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+15550100042\"]"),
            line("Conflicting inbound SIP Trunks: \"<new>\" and \"%s\", using the same number(s) [\"+15550100042\"] without AllowedNumbers set", one));
    invalid(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"1 (555) 010-0042\"],\"auth_username\":\"u\",\"auth_password\":\"p\""), NULL);
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1.555.010.0042\"]"), two);
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+15550100042\"],\"allowed_numbers\":[\"+17\"]"), two);
    invalid(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+15550100042\"],\"allowed_numbers\":[\"17\"]"),
            line("Conflicting inbound SIP Trunks: \"<new>\" and \"%s\", using the same number(s) [\"+15550100042\"] and AllowedNumber \"17\"", two));
    made(w, "CreateSIPInboundTrunk", IN("\"allowed_addresses\":[\"192.0.2.1\"]"), two);
    invalid(w, "CreateSIPInboundTrunk", IN("\"allowed_addresses\":[\"192.0.2.2\"]"), NULL);
    invalid(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"\"]"), NULL);
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+2\",\"2\",\"+2\"]"), two);
}

static void test_outbound_trunks_never_conflict(void **state)
{
    struct world *w = *state;
    char one[128], two[128];
    made(w, "CreateSIPOutboundTrunk", IN("\"name\":\"o\",\"numbers\":[\"+1\"],\"address\":\"a.test\""), one);
    made(w, "CreateSIPOutboundTrunk", IN("\"name\":\"o\",\"numbers\":[\"+1\"],\"address\":\"a.test\""), two);
    assert_string_not_equal(one, two);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 2);
}

#define CLASH "Dispatch rule for the same trunk, inbound number, number, and PIN combination already exists in dispatch rule \"%s\" \"%s\""

static void test_rule_conflicts(void **state)
{
    struct world *w = *state;
    char one[128], id[128];
    made(w, "CreateSIPDispatchRule", RULE(",\"name\":\"mine\",\"trunk_ids\":[\"ST_1\"]"), one);
    invalid(w, "CreateSIPDispatchRule", "{\"dispatch_rule\":{\"name\":\"x\",\"trunk_ids\":[\"ST_1\"],\"rule\":{\"dispatch_rule_direct\":{\"room_name\":\"r\"}}}}",
            line(CLASH, one, "mine"));
    made(w, "CreateSIPDispatchRule", "{\"dispatch_rule\":{\"trunk_ids\":[\"ST_1\"],\"rule\":{\"dispatch_rule_direct\":{\"pin\":\"1\"}}}}", id);
    made(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"],\"inbound_numbers\":[\"+7\"]"), id);
    invalid(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"],\"inbound_numbers\":[\"7\"]"), NULL);
    made(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"],\"numbers\":[\"+7\"]"), id);
    made(w, "CreateSIPDispatchRule", RULE(""), id);
    invalid(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"\"]"), NULL);
    invalid(w, "CreateSIPDispatchRule", RULE(",\"name\":\"self\",\"trunk_ids\":[\"ST_2\",\"ST_2\"]"), line(CLASH, "<new>", "self"));
    invalid(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_2\"],\"numbers\":[\"+1555\",\"1555\"]"), NULL);
}

/* Two foreign rules that clash block every create in the long form, and in the flat form only where they are looked at. */
static void test_an_old_clash_of_others_blocks_the_long_form(void **state)
{
    struct world *w = *state;
    char id[128];
    for (int i = 0; i < 2; i++)
        assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" KEY "\",\"kind\":\"dispatch_rules\",\"body\":"
                                                          "{\"trunk_ids\":[\"ST_9\"],\"rule\":{\"dispatch_rule_direct\":{}}}}"), 201);
    invalid(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"]"), NULL);
    made(w, "CreateSIPDispatchRule", FLAT(",\"trunk_ids\":[\"ST_1\"]"), id);
    invalid(w, "CreateSIPDispatchRule", FLAT(",\"trunk_ids\":[\"ST_9\"],\"inbound_numbers\":[\"+1\"]"), NULL);
}

static void test_the_flat_form_drops_what_it_does_not_know(void **state)
{
    struct world *w = *state;
    char id[128];
    made(w, "CreateSIPDispatchRule", FLAT(",\"trunk_ids\":[\"ST_1\"],\"numbers\":[\"+1\"],\"krisp_enabled\":true,\"media\":{\"encryption\":1},"
                                          "\"name\":\"n\",\"hidePhoneNumber\":true"), id);
    assert_true(world_says(w, "\"numbers\":[]"));
    assert_true(world_says(w, "\"krisp_enabled\":false"));
    assert_true(world_says(w, "\"media\":null"));
    assert_true(world_says(w, "\"hide_phone_number\":true"));
    assert_string_equal(world_text(w, "name"), "n");
}

static void test_a_move_to_a_held_number_passes_an_addition_does_not(void **state)
{
    struct world *w = *state;
    char one[128], two[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1100\"]"), one);
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1200\"]"), two);
    invalid(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"numbers\":{\"add\":[\"+1200\"]}}}", one), NULL);
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"replace\":{\"numbers\":[\"+1200\"]}}", one), one);
    invalid(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"name\":\"n\"}}", two), NULL);
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"replace\":{\"numbers\":[\"+1300\"]}}", one), one);
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"name\":\"n\"}}", two), two);
}

static void test_replace_resets_what_is_left_out(void **state)
{
    struct world *w = *state;
    char id[128];
    made(w, "CreateSIPInboundTrunk", IN("\"name\":\"n\",\"metadata\":\"m\",\"numbers\":[\"+1\"],\"auth_username\":\"u\",\"auth_password\":\"p\","
                                        "\"ringing_timeout\":\"45s\",\"krisp_enabled\":true"), id);
    made(w, "UpdateSIPInboundTrunk", line("{\"sipTrunkId\":\"%s\",\"replace\":{\"sip_trunk_id\":\"%s\",\"numbers\":[\"+2\"]}}", id, id), id);
    assert_true(world_says(w, "\"ringing_timeout\":null"));
    assert_string_equal(world_text(w, "name"), "");
    assert_string_equal(world_text(w, "auth_password"), "");
    assert_string_equal(world_text(w, "numbers.0"), "+2");
}

static void test_update_changes_what_it_can_and_ignores_the_rest(void **state)
{
    struct world *w = *state;
    char id[128];
    made(w, "CreateSIPInboundTrunk", IN("\"name\":\"n\",\"metadata\":\"m\",\"numbers\":[\"+1\",\"+2\"],\"ringing_timeout\":\"45s\""), id);
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"name\":\"\",\"ringing_timeout\":\"9s\",\"krisp_enabled\":true,"
                                          "\"numbers\":{\"add\":[\"+1\",\"1\",\"+3\"],\"remove\":[\"+2\",\"3\"]}}}", id), id);
    assert_string_equal(world_text(w, "name"), "");
    assert_string_equal(world_text(w, "metadata"), "m");
    assert_string_equal(world_text(w, "ringing_timeout"), "45s");
    assert_true(world_says(w, "\"numbers\":[\"+1\",\"1\",\"+3\"]"));
    assert_true(world_says(w, "\"krisp_enabled\":false"));
}

static void test_update_of_a_rule_merges_attributes(void **state)
{
    struct world *w = *state;
    char id[128];
    made(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"],\"attributes\":{\"a\":\"1\",\"b\":\"2\"},\"numbers\":[\"+1\"]"), id);
    made(w, "UpdateSIPDispatchRule", line("{\"sip_dispatch_rule_id\":\"%s\",\"update\":{\"attributes\":{\"b\":\"\",\"c\":\"3\"},"
                                          "\"numbers\":[\"+9\"],\"rule\":{\"dispatch_rule_direct\":{\"room_name\":\"r\"}}}}", id), id);
    assert_true(world_says(w, "\"attributes\":{\"a\":\"1\",\"c\":\"3\"}"));
    assert_true(world_says(w, "\"numbers\":[\"+1\"]"));
    assert_string_equal(world_text(w, "rule.dispatch_rule_direct.room_name"), "r");
    assert_null(world_json(w, "rule.dispatch_rule_individual"));
    made(w, "UpdateSIPDispatchRule", line("{\"sip_dispatch_rule_id\":\"%s\",\"update\":{\"trunk_ids\":{\"remove\":[\"ST_1\"]}}}", id), id);
    assert_true(world_says(w, "\"trunk_ids\":[]"));     /* and now it is everybody's */
}

static void test_an_update_that_makes_it_invalid(void **state)
{
    struct world *w = *state;
    char inbound[128], outbound[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), inbound);
    made(w, "CreateSIPOutboundTrunk", IN("\"numbers\":[\"+1\"],\"address\":\"a.test\""), outbound);
    invalid(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"numbers\":{\"clear\":true}}}", inbound),
            "twirp error unknown: " UNPROTECTED);
    refused(w, "UpdateSIPOutboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"numbers\":{\"clear\":true}}}", outbound), 500, "unknown",
            "no trunk numbers specified");
    refused(w, "UpdateSIPOutboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"address\":\"sip:x\"}}", outbound), 500, "unknown", NOT_A_URI);
    invalid(w, "UpdateSIPOutboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"replace\":{\"address\":\"a.test\"}}", outbound), "no trunk numbers specified");
}

static void test_how_media_is_echoed(void **state)
{
    struct world *w = *state;
    char trunk[128], rule[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"],\"media_encryption\":\"SIP_MEDIA_ENCRYPT_ALLOW\""), trunk);
    assert_true(world_says(w, "\"media\":null"));
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{}}", trunk), trunk);
    assert_string_equal(world_text(w, "media.encryption"), "SIP_MEDIA_ENCRYPT_ALLOW");
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"media_encryption\":2}}", trunk), trunk);
    assert_string_equal(world_text(w, "media_encryption"), "SIP_MEDIA_ENCRYPT_ALLOW");
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"media\":{\"encryption\":2}}}", trunk), trunk);
    assert_string_equal(world_text(w, "media_encryption"), "SIP_MEDIA_ENCRYPT_REQUIRE");
    made(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"replace\":{\"numbers\":[\"+1\"],\"media\":{\"encryption\":1}}}", trunk), trunk);
    assert_string_equal(world_text(w, "media_encryption"), "SIP_MEDIA_ENCRYPT_DISABLE");
    assert_string_equal(world_text(w, "media.encryption"), "SIP_MEDIA_ENCRYPT_ALLOW");
    made(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"]"), rule);
    assert_true(world_says(w, "\"media\":{\"only_listed_codecs\":false,\"codecs\":[]}"));
    made(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_2\"],\"media_encryption\":1"), rule);
    assert_string_equal(world_text(w, "media.encryption"), "SIP_MEDIA_ENCRYPT_ALLOW");
}

static size_t listed(struct world *w, const char *method, const char *body)
{
    assert_int_equal(world_livekit(w, method, body), 200);
    return json_object_array_length(world_json(w, "items"));
}

static void test_lists_are_sorted_and_filters_show_everybody_s(void **state)
{
    struct world *w = *state;
    char id[128], first[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), first);
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+2\"]"), id);
    made(w, "CreateSIPInboundTrunk", IN("\"allowed_addresses\":[\"192.0.2.1\"]"), id);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{}"), 3);
    assert_true(strcmp(json_object_get_string(world_json(w, "items.0.sip_trunk_id")), json_object_get_string(world_json(w, "items.1.sip_trunk_id"))) < 0);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{\"numbers\":[\"1\"]}"), 2);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", line("{\"trunk_ids\":[\"%s\",\"ST_gone\"]}", first)), 1);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", line("{\"trunk_ids\":[\"%s\"],\"numbers\":[\"+2\"]}", first)), 0);
    made(w, "CreateSIPOutboundTrunk", IN("\"numbers\":[\"*\"],\"address\":\"a.test\""), id);
    assert_int_equal(listed(w, "ListSIPOutboundTrunk", "{\"numbers\":[\"+1\"]}"), 0);
    assert_int_equal(listed(w, "ListSIPOutboundTrunk", "{\"numbers\":[\"*\"]}"), 1);
    made(w, "CreateSIPDispatchRule", RULE(",\"trunk_ids\":[\"ST_1\"]"), id);
    made(w, "CreateSIPDispatchRule", RULE(""), id);
    assert_int_equal(listed(w, "ListSIPDispatchRule", "{\"trunk_ids\":[\"ST_1\"]}"), 2);
    assert_int_equal(listed(w, "ListSIPDispatchRule", "{\"trunk_ids\":[\"ST_2\"]}"), 1);
    assert_int_equal(listed(w, "ListSIPDispatchRule", line("{\"dispatch_rule_ids\":[\"%s\"]}", id)), 1);
    assert_int_equal(listed(w, "ListSIPTrunk", "{}"), 4);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_null_items\":1}"), 200);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", line("{\"trunk_ids\":[\"ST_gone\",\"%s\"]}", first)), 2);
    assert_null(world_json(w, "items.0"));
    assert_string_equal(world_text(w, "items.1.sip_trunk_id"), first);
}

static void test_pages(void **state)
{
    struct world *w = *state;
    char ids[4][128], after[128], last[128];
    for (int i = 0; i < 4; i++)
        made(w, "CreateSIPInboundTrunk", line(IN("\"numbers\":[\"+%d\"]"), 10 + i), ids[i]);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{\"page\":{\"limit\":2}}"), 4);
    world_keep(w, "items.1.sip_trunk_id", after);
    world_keep(w, "items.3.numbers.0", last);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", line("{\"page\":{\"after_id\":\"%s\",\"limit\":1}}", after)), 2);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{\"page\":{\"after_id\":\"ST_zzzz\"}}"), 0);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", line("{\"numbers\":[\"%s\"]}", last)), 1);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", line("{\"numbers\":[\"%s\"],\"page\":{\"limit\":2}}", last)), 0);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_page_cuts\":1}"), 200);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{\"page\":{\"limit\":3}}"), 3);
}

static void test_deletes(void **state)
{
    struct world *w = *state;
    char trunk[128], rule[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), trunk);
    made(w, "CreateSIPDispatchRule", line(RULE(",\"name\":\"r\",\"trunk_ids\":[\"%s\"]"), trunk), rule);
    for (int i = 0; i < 2; i++)
        assert_int_equal(world_livekit(w, "DeleteSIPTrunk", line("{\"sip_trunk_id\":\"%s\"}", trunk)), 200);
    assert_int_equal(listed(w, "ListSIPDispatchRule", "{}"), 1);
    assert_string_equal(world_text(w, "items.0.trunk_ids.0"), trunk);
    assert_int_equal(world_livekit(w, "DeleteSIPDispatchRule", line("{\"sip_dispatch_rule_id\":\"%s\"}", rule)), 200);
    assert_string_equal(world_text(w, "name"), "r");
    refused(w, "DeleteSIPDispatchRule", line("{\"sip_dispatch_rule_id\":\"%s\"}", rule), 404, "not_found", NULL);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_cloud_words\":1}"), 200);
    refused(w, "DeleteSIPDispatchRule", line("{\"sip_dispatch_rule_id\":\"%s\"}", rule), 404, "not_found", "object cannot be found");
}

static void test_everything_gone_and_back(void **state)
{
    struct world *w = *state;
    char trunk[128], id[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), trunk);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_everything_gone\":1}"), 200);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{}"), 0);
    refused(w, "GetSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\"}", trunk), 404, "not_found", NULL);
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), id);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_everything_gone\":0,\"livekit_list_lag_ms\":1000}"), 200);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{}"), 0);
    world_at(w, 1000);
    assert_int_equal(listed(w, "ListSIPInboundTrunk", "{}"), 2);
}

static void test_projects_do_not_see_each_other(void **state)
{
    struct world *w = *state;
    char id[128];
    made(w, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]"), id);
    assert_int_equal(world_control(w, "POST projects", "{\"api_key\":\"other\",\"api_secret\":\"" SECRET "\"}"), 200);
    char *bearer = world_bearer("{\"iss\":\"other\",\"sip\":{\"admin\":true}}");
    assert_int_equal(world_livekit_as(w, bearer, "ListSIPInboundTrunk", "{}"), 200);
    assert_string_equal(w->answer.body, "{\"items\":[]}");
    assert_int_equal(world_livekit_as(w, bearer, "CreateSIPInboundTrunk", IN("\"numbers\":[\"+1\"]")), 200);
    free(bearer);
}

static void trunk_is_shown(struct world *w, const char *id, const char *name)
{
    const char *by_id = line("{\"trunk_ids\":[\"%s\"]}", id), *all = "{}";
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", all), 200);
    assert_int_equal(json_object_array_length(world_json(w, "items")), name != NULL);
    assert_int_equal(world_livekit(w, "ListSIPInboundTrunk", by_id), 200);
    assert_int_equal(json_object_array_length(world_json(w, "items")), name != NULL);
    if (name)
        assert_string_equal(world_text(w, "items.0.name"), name);
    assert_int_equal(world_livekit(w, "GetSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\"}", id)), name ? 200 : 404);
    if (name)
        assert_string_equal(world_text(w, "trunk.name"), name);
}

static void test_reads_come_from_a_cache_if_switched(void **state)
{
    struct world *w = *state;
    char id[128], other[128];
    assert_int_equal(world_control(w, "POST config", "{\"livekit_read_lag_ms\":5000}"), 200);
    made(w, "CreateSIPInboundTrunk", IN("\"name\":\"one\",\"numbers\":[\"+1\"]"), id);
    trunk_is_shown(w, id, NULL);
    world_at(w, 3000);
    assert_int_equal(world_livekit(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"replace\":{\"name\":\"two\",\"numbers\":[\"+1\"]}}", id)), 200);
    assert_string_equal(world_text(w, "name"), "two");
    trunk_is_shown(w, id, NULL);
    world_at(w, 5000);
    trunk_is_shown(w, id, "one");
    assert_int_equal(world_livekit(w, "DeleteSIPTrunk", line("{\"sip_trunk_id\":\"%s\"}", id)), 200);
    trunk_is_shown(w, id, "one");
    world_at(w, 8000);
    trunk_is_shown(w, id, "two");
    made(w, "CreateSIPInboundTrunk", IN("\"name\":\"other\",\"numbers\":[\"+1\"]"), other);    /* conflicts are of what is there */
    trunk_is_shown(w, id, "two");
    world_at(w, 10000);
    trunk_is_shown(w, id, NULL);
    world_at(w, 13000);
    trunk_is_shown(w, other, "other");
    assert_int_equal(LIVEKIT_COUNT(w, "inbound_trunks"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shapes_that_are_refused), TEST(test_a_header_value_has_a_limit), TEST(test_what_is_not_validated), TEST(test_an_unknown_id),
        TEST(test_inbound_conflicts), TEST(test_outbound_trunks_never_conflict), TEST(test_rule_conflicts),
        TEST(test_an_old_clash_of_others_blocks_the_long_form), TEST(test_the_flat_form_drops_what_it_does_not_know),
        TEST(test_a_move_to_a_held_number_passes_an_addition_does_not), TEST(test_replace_resets_what_is_left_out),
        TEST(test_update_changes_what_it_can_and_ignores_the_rest), TEST(test_update_of_a_rule_merges_attributes),
        TEST(test_an_update_that_makes_it_invalid), TEST(test_how_media_is_echoed), TEST(test_lists_are_sorted_and_filters_show_everybody_s),
        TEST(test_pages), TEST(test_reads_come_from_a_cache_if_switched), TEST(test_deletes), TEST(test_everything_gone_and_back), TEST(test_projects_do_not_see_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
