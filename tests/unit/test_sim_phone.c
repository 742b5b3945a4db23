/* What a call would do, SIP digest, and the control API's changes behind the providers' backs. */
#include "sim_fixture.h"

#include <trunkd/cleanup.h>

#define NUMBER "+15550100001"

struct route { char trunk[128], url[128], number[128], inbound[128], rule[128]; };

static char *line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *line(const char *fmt, ...)
{
    static char text[16][600];
    static size_t next;
    char *into = text[next++ % 16];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(into, sizeof(text[0]), fmt, args);
    va_end(args);
    return into;
}

static void standing_route(struct world *w, struct route *r)
{
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", "DomainName=one.pstn.twilio.com"), 201);
    world_keep(w, "sid", r->trunk);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/OriginationUrls", r->trunk),
                                  "Weight=1&Priority=1&Enabled=true&FriendlyName=u&SipUrl=sip:" SIP_HOST ":5061%3Btransport=tls"), 201);
    world_keep(w, "sid", r->url);
    assert_int_equal(world_control(w, "POST numbers", line("{\"phone_number\":\"" NUMBER "\",\"trunk_sid\":\"%s\"}", r->trunk)), 201);
    world_keep(w, "phone_numbers.0.sid", r->number);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"" NUMBER "\"]}}"), 200);
    world_keep(w, "sip_trunk_id", r->inbound);
    assert_int_equal(world_livekit(w, "CreateSIPDispatchRule",
        line("{\"dispatch_rule\":{\"trunk_ids\":[\"%s\"],\"rule\":{\"dispatch_rule_individual\":{\"room_prefix\":\"p-\"}},"
             "\"room_config\":{\"agents\":[{\"agent_name\":\"front\",\"metadata\":\"m\"}]}}}", r->inbound)), 200);
    world_keep(w, "sip_dispatch_rule_id", r->rule);
}

static void ends(struct world *w, const char *body, const char *where)
{
    assert_int_equal(world_control(w, "POST call", body), 200);
    if (strcmp(world_text(w, "ends"), where) != 0)
        fail_msg("%s: %s, not %s", body, w->answer.body, where);
}

#define CALL "{\"to\":\"" NUMBER "\"}"

static void test_a_call_finds_its_agent(void **state)
{
    struct world *w = *state;
    struct route r;
    standing_route(w, &r);
    ends(w, CALL, "room");
    assert_string_equal(world_text(w, "agent_name"), "front");
    assert_string_equal(world_text(w, "metadata"), "m");
    assert_string_equal(world_text(w, "room_prefix"), "p-");
    assert_string_equal(world_text(w, "trunk_sid"), r.trunk);
    assert_string_equal(world_text(w, "inbound_trunk_id"), r.inbound);
    assert_string_equal(world_text(w, "rule_id"), r.rule);
    assert_string_equal(world_text(w, "project"), KEY);
    ends(w, "{\"to\":\"+15550100002\"}", "unknown_number");
}

static void test_where_a_broken_route_ends(void **state)
{
    struct world *w = *state;
    struct route r;
    standing_route(w, &r);
    const char *inbound = line("POST objects/" KEY "/inbound_trunks/%s", r.inbound), *trunk = line("POST objects/" SID "/trunks/%s", r.trunk);
    assert_int_equal(world_control(w, inbound, "{\"auth_username\":\"u\",\"auth_password\":\"p\"}"), 200);
    ends(w, CALL, "auth_required");
    assert_int_equal(world_control(w, inbound, "{\"auth_username\":\"\",\"media_encryption\":\"SIP_MEDIA_ENCRYPT_REQUIRE\"}"), 200);
    ends(w, CALL, "encryption_required");
    assert_int_equal(world_control(w, trunk, "{\"secure\":true}"), 200);
    ends(w, CALL, "room");
    assert_int_equal(world_control(w, inbound, "{\"media_encryption\":\"SIP_MEDIA_ENCRYPT_DISABLE\"}"), 200);
    ends(w, CALL, "encryption_refused");
    const char *url = line("POST objects/" SID "/origination_urls/%s", r.url);
    assert_int_equal(world_control(w, url, "{\"sip_url\":\"sip:demo.sip.sim.test;transport=tcp\"}"), 200);
    ends(w, CALL, "insecure_url");
    assert_int_equal(world_control(w, trunk, "{\"secure\":false}"), 200);
    assert_int_equal(world_control(w, inbound, "{\"allowed_addresses\":[\"192.0.2.7\"]}"), 200);
    ends(w, CALL, "silence");
    ends(w, "{\"to\":\"" NUMBER "\",\"source\":\"192.0.2.7\"}", "room");
    assert_int_equal(world_control(w, line("DELETE objects/" KEY "/dispatch_rules/%s", r.rule), NULL), 200);
    ends(w, "{\"to\":\"" NUMBER "\",\"source\":\"192.0.2.7\"}", "silence");
    assert_int_equal(world_control(w, "POST projects", "{\"api_key\":\"" KEY "\",\"sip_host\":\"moved.sip.sim.test\"}"), 200);
    ends(w, CALL, "unreachable");
    assert_int_equal(world_control(w, line("POST objects/" SID "/origination_urls/%s", r.url), "{\"enabled\":false}"), 200);
    ends(w, CALL, "no_origination_url");
    assert_int_equal(world_control(w, line("POST objects/" SID "/phone_numbers/%s", r.number), "{\"trunk_sid\":null,\"voice_url\":\"https://v\"}"), 200);
    ends(w, CALL, "webhook");
    assert_string_equal(world_text(w, "voice_url"), "https://v");
}

static void add(struct world *w, const char *kind, const char *body)
{
    assert_int_equal(world_control(w, "POST objects", line("{\"account\":\"" KEY "\",\"kind\":\"%s\",\"body\":%s}", kind, body)), 201);
}

static void test_two_of_a_kind_conflict_and_wildcards_come_last(void **state)
{
    struct world *w = *state;
    struct route r;
    standing_route(w, &r);
    add(w, "inbound_trunks", "{\"allowed_addresses\":[\"a b\"]}");
    add(w, "dispatch_rules", "{\"rule\":{\"dispatch_rule_direct\":{\"room_name\":\"wild\"}}}");
    ends(w, CALL, "room");
    assert_string_equal(world_text(w, "room_prefix"), "p-");
    add(w, "dispatch_rules", line("{\"trunk_ids\":[\"%s\"],\"numbers\":[\"" NUMBER "\"],\"rule\":{\"dispatch_rule_callee\":{\"room_prefix\":\"n\"}}}", r.inbound));
    ends(w, CALL, "room");
    assert_string_equal(world_text(w, "room_prefix"), "n");
    add(w, "dispatch_rules", line("{\"trunk_ids\":[\"%s\"],\"numbers\":[\"" NUMBER "\"],\"rule\":{\"dispatch_rule_direct\":{\"room_name\":\"x\"}}}", r.inbound));
    ends(w, CALL, "conflict");
    assert_int_equal(world_control(w, line("DELETE objects/" KEY "/inbound_trunks/%s", r.inbound), NULL), 200);
    ends(w, CALL, "room");
    assert_string_equal(world_text(w, "room_name"), "wild");
    add(w, "inbound_trunks", "{\"numbers\":[\"1 (555) 010-0001\"]}");
    add(w, "inbound_trunks", "{\"numbers\":[\"" NUMBER "\"]}");
    ends(w, CALL, "conflict");
}

static void test_digest(void **state)
{
    struct world *w = *state;
    char trunk[128], list[128];
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", "DomainName=one.pstn.twilio.com"), 201);
    world_keep(w, "sid", trunk);
    assert_int_equal(world_twilio(w, "POST /2010-04-01/Accounts/" SID "/SIP/CredentialLists.json", "FriendlyName=l"), 201);
    world_keep(w, "sid", list);
    assert_int_equal(world_twilio(w, line("POST /2010-04-01/Accounts/" SID "/SIP/CredentialLists/%s/Credentials.json", list),
                                  "Username=Mufasa&Password=CircleOfLife1"), 201);
    const char *plain = "{\"domain\":\"one.pstn.twilio.com\",\"username\":\"Mufasa\",\"password\":\"CircleOfLife1\"}";
    assert_int_equal(world_control(w, "POST digest", plain), 200);
    assert_string_equal(world_text(w, "why"), "the trunk has no credential list");
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/CredentialLists", trunk), line("CredentialListSid=%s", list)), 201);
    assert_int_equal(world_control(w, "POST digest", plain), 200);
    assert_true(world_says(w, "\"accepted\":true"));
    /* computed with another implementation */
    assert_int_equal(world_control(w, "POST digest", line("{\"account_sid\":\"" SID "\",\"credential_list_sid\":\"%s\",\"username\":\"Mufasa\","
        "\"realm\":\"sip.twilio.com\",\"nonce\":\"n1\",\"method\":\"INVITE\",\"uri\":\"sip:+1555@one.pstn.twilio.com\","
        "\"response\":\"4b569d24f3deb1bf6aab27c40800fb91\"}", list)), 200);
    assert_true(world_says(w, "\"accepted\":true"));
    assert_int_equal(world_control(w, "POST digest", "{\"domain\":\"one.pstn.twilio.com\",\"username\":\"Mufasa\",\"realm\":\"sip.twilio.com\","
        "\"nonce\":\"n1\",\"method\":\"INVITE\",\"uri\":\"sip:+1555@one.pstn.twilio.com\",\"qop\":\"auth\",\"nc\":\"00000001\",\"cnonce\":\"c1\","
        "\"response\":\"274928b1be63748a3a324c869ca67bdb\"}"), 200);
    assert_true(world_says(w, "\"accepted\":true"));
    assert_int_equal(world_control(w, "POST digest", "{\"domain\":\"one.pstn.twilio.com\",\"username\":\"Mufasa\",\"password\":\"wrong\"}"), 200);
    assert_true(world_says(w, "\"accepted\":false"));
}

/* Of the trunk that stands there: whether it takes a call of these media. */
static bool media_taken(struct world *w, const char *encryption, const char *transport)
{
    assert_int_equal(world_control(w, "POST digest", line("{\"domain\":\"one.pstn.twilio.com\",\"username\":\"u\",\"password\":\"p\",\"media_encryption\":"
                                                          "\"SIP_MEDIA_ENCRYPT_%s\",\"transport\":\"SIP_TRANSPORT_%s\"}", encryption, transport)), 200);
    return world_says(w, "\"accepted\":true");
}

static void test_the_caller_id_and_the_media_are_looked_at(void **state)
{
    struct world *w = *state;
    struct route r;
    standing_route(w, &r);
    assert_int_equal(world_control(w, "POST objects", line("{\"account\":\"" SID "\",\"kind\":\"credential_lists\",\"id\":\"CL1\",\"body\":{}}")), 201);
    assert_int_equal(world_control(w, "POST objects", line("{\"account\":\"" SID "\",\"kind\":\"credentials\",\"parent\":\"CL1\",\"password\":\"p\",\"body\":{\"username\":\"u\"}}")), 201);
    assert_int_equal(world_control(w, "POST objects", line("{\"account\":\"" SID "\",\"kind\":\"trunk_credential_lists\",\"id\":\"CL1\",\"parent\":\"%s\",\"body\":{}}", r.trunk)), 201);
    assert_int_equal(world_control(w, "POST digest", line("{\"domain\":\"one.pstn.twilio.com\",\"username\":\"u\",\"password\":\"p\",\"from\":\"" NUMBER "\"}")), 200);
    assert_true(world_says(w, "\"accepted\":true"));
    assert_int_equal(world_control(w, "POST digest", "{\"domain\":\"one.pstn.twilio.com\",\"username\":\"u\",\"password\":\"p\",\"from\":\"+1\"}"), 200);
    assert_true(world_says(w, "\"accepted\":false"));
    assert_true(media_taken(w, "DISABLE", "AUTO") && media_taken(w, "ALLOW", "TLS"));
    assert_false(media_taken(w, "REQUIRE", "TLS"));
    assert_int_equal(world_control(w, "POST config", "{\"twilio_offers_without_secure\":0}"), 200);
    assert_false(media_taken(w, "ALLOW", "TLS"));
    assert_int_equal(world_control(w, line("POST objects/" SID "/trunks/%s", r.trunk), "{\"secure\":true}"), 200);
    assert_true(media_taken(w, "REQUIRE", "TLS") && media_taken(w, "ALLOW", "TLS"));
    assert_false(media_taken(w, "DISABLE", "TLS") || media_taken(w, "REQUIRE", "TCP"));
    assert_int_equal(world_control(w, line("POST objects/" SID "/phone_numbers/%s", r.number), "{\"trunk_sid\":null}"), 200);
    assert_int_equal(world_control(w, "POST config", "{\"twilio_unattached_caller_id\":0}"), 200);
    assert_int_equal(world_control(w, "POST digest", "{\"domain\":\"one.pstn.twilio.com\",\"username\":\"u\",\"password\":\"p\",\"from\":\"" NUMBER "\"}"), 200);
    assert_string_equal(world_text(w, "why"), "caller id is not attached to this trunk");
}

/* A trunk that lost its last number takes every call that its other fields let in; a rule that lost its last trunk serves every trunk. */
static void test_who_lost_the_last_one_takes_all(void **state)
{
    struct world *w = *state;
    struct route r;
    standing_route(w, &r);
    assert_int_equal(world_livekit(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"numbers\":{\"remove\":[\"" NUMBER
        "\"]},\"allowed_addresses\":{\"set\":[\"192.0.2.7\"]}}}", r.inbound)), 200);
    assert_int_equal(world_control(w, "POST numbers", line("{\"phone_number\":\"+15550100002\",\"trunk_sid\":\"%s\"}", r.trunk)), 201);
    ends(w, CALL, "silence");
    ends(w, "{\"to\":\"" NUMBER "\",\"source\":\"192.0.2.7\"}", "room");
    ends(w, "{\"to\":\"+15550100002\",\"source\":\"192.0.2.7\"}", "room");
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+15550100002\"]}}"), 200);
    ends(w, "{\"to\":\"+15550100002\"}", "silence");
    assert_int_equal(world_livekit(w, "UpdateSIPDispatchRule",
        line("{\"sip_dispatch_rule_id\":\"%s\",\"update\":{\"trunk_ids\":{\"remove\":[\"%s\"]}}}", r.rule, r.inbound)), 200);
    ends(w, "{\"to\":\"+15550100002\"}", "room");
}

/* Names that only look like ours, and a second object of the very same name: an account holds both. */
static void test_look_alikes_and_duplicates_behind_the_back(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", "FriendlyName=td-1-abc-xyz"), 201);
    for (const char *const *name = (const char *const[]){ "td-1-abc-xyz", "TD-1-abc-xyz", "td-1-abc-xyz ", "td-1-abc", NULL }; *name; name++)
        assert_int_equal(world_control(w, "POST objects", line("{\"account\":\"" SID "\",\"kind\":\"trunks\",\"body\":{\"friendly_name\":\"%s\"}}", *name)), 201);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_string_equal(world_text(w, "trunks.1.friendly_name"), "td-1-abc-xyz");
    assert_string_equal(world_text(w, "trunks.4.friendly_name"), "td-1-abc");
    assert_int_equal(world_livekit(w, "CreateSIPOutboundTrunk", "{\"trunk\":{\"name\":\"n [td-1]\",\"address\":\"a.test\",\"numbers\":[\"+1\"]}}"), 200);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" KEY "\",\"kind\":\"outbound_trunks\",\"body\":{\"name\":\"n [td-1]\"}}"), 201);
    assert_int_equal(LIVEKIT_COUNT(w, "outbound_trunks"), 2);
}

static void test_foreign_objects_and_deletes_behind_the_back(void **state)
{
    struct world *w = *state;
    struct route r;
    standing_route(w, &r);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"trunks\",\"body\":{\"domain_name\":\"one.pstn.twilio.com\"}}"), 201);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 2);
    assert_int_equal(world_control(w, line("DELETE objects/" SID "/trunks/%s", r.trunk), NULL), 200);
    assert_int_equal(TWILIO_COUNT(w, "origination_urls"), 0);
    assert_int_equal(world_control(w, "GET state", NULL), 200);
    assert_null(world_text(w, "twilio." SID ".phone_numbers.0.trunk_sid"));
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"inbound_trunks\",\"body\":{}}"), 400);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"nobody\",\"kind\":\"trunks\",\"body\":{}}"), 404);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" KEY "\",\"kind\":\"inbound_trunks\",\"body\":{\"numbers\":1}}"), 400);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" KEY "\",\"kind\":\"inbound_trunks\",\"body\":[]}"), 400);
    assert_int_equal(world_control(w, "DELETE objects/" SID "/trunks/TK0", NULL), 404);
}

static void test_numbers_are_counted_upwards(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST numbers", "{\"phone_number\":\"+15550100998\",\"count\":3}"), 201);
    assert_string_equal(world_text(w, "phone_numbers.2.phone_number"), "+15550101000");
    assert_int_equal(world_control(w, "POST numbers", "{\"phone_number\":\"5550100\"}"), 400);
    assert_int_equal(world_control(w, "POST numbers", "{\"phone_number\":\"+15550100000\",\"account_sid\":\"AC0\"}"), 400);
}

static void test_a_world_is_loaded_at_once(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST reset", NULL), 200);
    assert_int_equal(world_control(w, "POST load",
        "{\"config\":{\"latency_ms\":3},\"accounts\":[{\"sid\":\"" SID "\",\"auth_token\":\"" TOKEN "\"}],"
        "\"projects\":[{\"api_key\":\"k\",\"api_secret\":\"s\",\"sip_host\":\"h\"}],\"numbers\":[{\"phone_number\":\"+15550100000\",\"count\":2}]}"), 200);
    assert_int_equal(TWILIO_COUNT(w, "phone_numbers"), 2);
    assert_int_equal(world_control(w, "GET config", NULL), 200);
    assert_int_equal(world_int(w, "livekit_latency_ms"), 3);
    assert_int_equal(world_control(w, "POST load", "{\"accounts\":[{\"sid\":\"AC2\"}]}"), 400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_call_finds_its_agent), TEST(test_where_a_broken_route_ends), TEST(test_two_of_a_kind_conflict_and_wildcards_come_last),
        TEST(test_digest), TEST(test_the_caller_id_and_the_media_are_looked_at), TEST(test_foreign_objects_and_deletes_behind_the_back),
        TEST(test_who_lost_the_last_one_takes_all), TEST(test_look_alikes_and_duplicates_behind_the_back), TEST(test_numbers_are_counted_upwards), TEST(test_a_world_is_loaded_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
