/* Twilio's address lists, connection policies and BYOC trunks, and the switches for what is not known: requests and answers. */
#include "sim_fixture.h"

#include <trunkd/cleanup.h>

#define ACCOUNT "/2010-04-01/Accounts/" SID
#define CREDENTIALS ACCOUNT "/SIP/CredentialLists"
#define ADDRESSES ACCOUNT "/SIP/IpAccessControlLists"
#define URL(name, uri) "Weight=1&Priority=2&Enabled=true&FriendlyName=" name "&SipUrl=" uri
#define DOMAIN(label) "DomainName=" label ".pstn.twilio.com"

static const char *line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *line(const char *fmt, ...)
{
    static char text[64][400];
    static size_t next;
    char *into = text[next++ % 64];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(into, sizeof(text[0]), fmt, args);
    va_end(args);
    return into;
}

static void make(struct world *w, const char *request, const char *form, char ret_sid[128])
{
    if (world_twilio(w, request, form) != 201)
        fail_msg("%s %s: %s", request, form, w->answer.body);
    world_keep(w, "sid", ret_sid);
}

static void refused(struct world *w, const char *request, const char *form, int status, int code)
{
    int got = world_twilio(w, request, form);
    if (got != status || world_int(w, "code") != code)
        fail_msg("%s %s: %d %s, not %d %d", request, form ? form : "", got, w->answer.body, status, code);
}

static void set(struct world *w, const char *settings) { assert_int_equal(world_control(w, "POST config", settings), 200); }

/* ---- address lists */

static void test_address_lists_and_their_addresses(void **state)
{
    static const struct { const char *form; int code; } rows[] = {
        { "FriendlyName=b", 20001 }, { "IpAddress=192.0.2.2", 20001 }, { "FriendlyName=b&IpAddress=2001:db8::1", 21235 },
        { "FriendlyName=b&IpAddress=192.0.2.256", 21235 }, { "FriendlyName=b&IpAddress=192.0.2", 21235 },
        { "FriendlyName=b&IpAddress=192.0.2.2&CidrPrefixLength=33", 21235 }, { "FriendlyName=a&IpAddress=192.0.2.2", 21235 },
        { "FriendlyName=b&IpAddress=192.0.2.1", 21235 },
    };
    struct world *w = *state;
    char list[128], address[128];
    make(w, "POST " ADDRESSES ".json", "FriendlyName=office", list);
    assert_memory_equal(list, "AL", 2);
    assert_string_equal(world_text(w, "date_created"), "Sun, 22 Nov 2026 09:00:00 +0000");
    assert_string_equal(world_text(w, "subresource_uris.ip_addresses"), line(ADDRESSES "/%s/IpAddresses.json", list));
    refused(w, "POST " ADDRESSES ".json", "FriendlyName=office", 400, 21235);
    const char *below = line("POST " ADDRESSES "/%s/IpAddresses.json", list);
    make(w, below, "FriendlyName=a&IpAddress=192.0.2.1", address);
    assert_int_equal(world_int(w, "cidr_prefix_length"), 32);
    assert_string_equal(world_text(w, "ip_access_control_list_sid"), list);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refused(w, below, rows[i].form, 400, rows[i].code);
    const char *one = line(ADDRESSES "/%s/IpAddresses/%s.json", list, address);
    assert_int_equal(world_twilio(w, line("POST %s", one), "IpAddress=192.0.2.0&CidrPrefixLength=24"), 200);
    assert_int_equal(world_int(w, "cidr_prefix_length"), 24);
    assert_int_equal(world_twilio(w, line("GET " ADDRESSES "/%s/IpAddresses.json", list), NULL), 200);
    assert_string_equal(world_text(w, "ip_addresses.0.sid"), address);
    assert_int_equal(world_twilio(w, line("DELETE %s", one), NULL), 204);
    refused(w, line("GET %s", one), NULL, 404, 20404);
    assert_int_equal(world_twilio(w, line("POST " ADDRESSES "/%s.json", list), "FriendlyName=home"), 200);
    assert_string_equal(world_text(w, "friendly_name"), "home");
}

static void test_a_trunk_with_address_lists(void **state)
{
    struct world *w = *state;
    char trunk[128], list[128], credentials[128], sid[128];
    make(w, "POST /v1/Trunks", DOMAIN("one"), trunk);
    make(w, "POST " ADDRESSES ".json", "FriendlyName=office", list);
    make(w, line("POST " ADDRESSES "/%s/IpAddresses.json", list), "FriendlyName=a&IpAddress=192.0.2.0&CidrPrefixLength=24", sid);
    const char *links = line("POST /v1/Trunks/%s/IpAccessControlLists", trunk), *form = line("IpAccessControlListSid=%s", list);
    refused(w, links, "IpAccessControlListSid=AL0", 404, 20404);
    make(w, links, form, sid);
    assert_string_equal(sid, list);
    assert_string_equal(world_text(w, "friendly_name"), "office");
    refused(w, links, form, 400, 21245);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s", trunk), NULL), 200);
    assert_string_equal(world_text(w, "auth_type"), "IP_ACL");
    make(w, "POST " CREDENTIALS ".json", "FriendlyName=l", credentials);
    make(w, line("POST " CREDENTIALS "/%s/Credentials.json", credentials), "Username=u&Password=Abcdefghijk1", sid);
    make(w, line("POST /v1/Trunks/%s/CredentialLists", trunk), line("CredentialListSid=%s", credentials), sid);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s", trunk), NULL), 200);
    assert_string_equal(world_text(w, "auth_type"), "IP_ACL,CREDENTIAL_LIST");
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s/IpAccessControlLists", trunk), NULL), 200);
    assert_string_equal(world_text(w, "ip_access_control_lists.0.sid"), list);
    refused(w, line("DELETE " ADDRESSES "/%s.json", list), NULL, 400, 21236);
    set(w, "{\"twilio_mapped_list_delete\":1,\"twilio_full_list_delete\":0}");
    refused(w, line("DELETE " ADDRESSES "/%s.json", list), NULL, 400, 21236);
    refused(w, line("DELETE " CREDENTIALS "/%s.json", credentials), NULL, 400, 21241);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", trunk), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "trunk_ip_access_control_lists"), 0);
    set(w, "{\"twilio_mapped_list_delete\":0,\"twilio_full_list_delete\":1}");
    assert_int_equal(world_twilio(w, line("DELETE " ADDRESSES "/%s.json", list), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "ip_addresses"), 0);
}

static const char *refuses(struct world *w, const char *more)
{
    assert_int_equal(world_control(w, "POST digest", line("{\"domain\":\"one.pstn.twilio.com\"%s}", more)), 200);
    return world_text(w, "why");
}

static void test_a_trunk_with_both_sorts_of_lists_asks_for_both(void **state)
{
    static const char by_credential[] = ",\"username\":\"u\",\"password\":\"Abcdefghijk1\"", near[] = ",\"source\":\"192.0.2.77\"";
    struct world *w = *state;
    char trunk[128], list[128], credentials[128], sid[128];
    make(w, "POST /v1/Trunks", DOMAIN("one"), trunk);
    assert_string_equal(refuses(w, near), "the trunk has no credential list");
    make(w, "POST " ADDRESSES ".json", "FriendlyName=office", list);
    make(w, line("POST " ADDRESSES "/%s/IpAddresses.json", list), "FriendlyName=a&IpAddress=192.0.2.0&CidrPrefixLength=24", sid);
    make(w, line("POST /v1/Trunks/%s/IpAccessControlLists", trunk), line("IpAccessControlListSid=%s", list), sid);
    assert_null(refuses(w, near));
    assert_non_null(strstr(refuses(w, ",\"source\":\"192.0.3.77\""), "access control lists"));
    make(w, "POST " CREDENTIALS ".json", "FriendlyName=l", credentials);
    make(w, line("POST " CREDENTIALS "/%s/Credentials.json", credentials), "Username=u&Password=Abcdefghijk1", sid);
    make(w, line("POST /v1/Trunks/%s/CredentialLists", trunk), line("CredentialListSid=%s", credentials), sid);
    assert_non_null(strstr(refuses(w, near), "no credential"));
    assert_non_null(strstr(refuses(w, by_credential), "access control lists"));
    assert_null(refuses(w, line("%s%s", by_credential, near)));
}

/* ---- connection policies and BYOC trunks */

static void test_connection_policies_and_targets(void **state)
{
    static const char *const wrong[] = { "Target=sips%3Aa.test", "Target=a.test", "Target=sip%3Aa&Weight=0", "Target=sip%3Aa&Priority=65536",
                                         "Target=sip%3Aa&Enabled=maybe" };
    struct world *w = *state;
    char policy[128], twin[128], target[128];
    make(w, "POST /v1/ConnectionPolicies", "FriendlyName=p", policy);
    assert_memory_equal(policy, "NY", 2);
    assert_string_equal(world_text(w, "date_created"), "2026-11-22T09:00:00Z");
    assert_string_equal(world_text(w, "links.targets"), line("http://sim.test:99/v1/ConnectionPolicies/%s/Targets", policy));
    make(w, "POST /v1/ConnectionPolicies", "FriendlyName=p", twin);
    assert_string_not_equal(policy, twin);
    const char *below = line("POST /v1/ConnectionPolicies/%s/Targets", policy);
    refused(w, below, "FriendlyName=t", 400, 20001);
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        refused(w, below, wrong[i], 400, 20422);
    make(w, below, "Target=sip%3Ademo.sip.test%3Btransport%3Dtcp", target);
    assert_memory_equal(target, "NE", 2);
    assert_string_equal(world_text(w, "target"), "sip:demo.sip.test;transport=tcp");
    assert_string_equal(world_text(w, "connection_policy_sid"), policy);
    assert_int_equal(world_int(w, "priority"), 10);
    assert_int_equal(world_int(w, "weight"), 10);
    assert_true(world_says(w, "\"enabled\":true"));
    const char *one = line("/v1/ConnectionPolicies/%s/Targets/%s", policy, target);
    assert_int_equal(world_twilio(w, line("POST %s", one), "Priority=1&Enabled=false"), 200);
    assert_int_equal(world_int(w, "priority"), 1);
    assert_string_equal(world_text(w, "target"), "sip:demo.sip.test;transport=tcp");
    assert_int_equal(world_twilio(w, line("GET /v1/ConnectionPolicies/%s/Targets", policy), NULL), 200);
    assert_string_equal(world_text(w, "meta.key"), "targets");
    assert_string_equal(world_text(w, "targets.0.sid"), target);
    refused(w, line("GET /v1/ConnectionPolicies/%s/Targets/%s", twin, target), NULL, 404, 20404);
    refused(w, line("DELETE /v1/ConnectionPolicies/%s", policy), NULL, 409, 20409);
    assert_int_equal(world_twilio(w, line("DELETE %s", one), NULL), 204);
    assert_int_equal(world_twilio(w, line("DELETE /v1/ConnectionPolicies/%s", policy), NULL), 204);
    refused(w, line("GET /v1/ConnectionPolicies/%s", policy), NULL, 404, 20404);
}

static void test_byoc_trunks(void **state)
{
    struct world *w = *state;
    char policy[128], target[128], byoc[128];
    make(w, "POST /v1/ConnectionPolicies", "", policy);
    make(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), "Target=sip%3Aa.test", target);
    refused(w, "POST /v1/ByocTrunks", "ConnectionPolicySid=NY0", 400, 20423);
    refused(w, "POST /v1/ByocTrunks", "VoiceMethod=PUT", 400, 20422);
    make(w, "POST /v1/ByocTrunks", line("FriendlyName=b&VoiceUrl=https%%3A%%2F%%2Fv.test&ConnectionPolicySid=%s", policy), byoc);
    assert_memory_equal(byoc, "BY", 2);
    assert_string_equal(world_text(w, "connection_policy_sid"), policy);
    assert_string_equal(world_text(w, "voice_method"), "POST");
    refused(w, line("DELETE /v1/ConnectionPolicies/%s", policy), NULL, 409, 20409);
    assert_int_equal(world_twilio(w, line("DELETE /v1/ConnectionPolicies/%s/Targets/%s", policy, target), NULL), 204);
    refused(w, line("DELETE /v1/ConnectionPolicies/%s", policy), NULL, 409, 20409);
    make(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), "Target=sip%3Aa.test", target);
    set(w, "{\"twilio_policy_delete\":1}");
    assert_int_equal(world_twilio(w, line("DELETE /v1/ConnectionPolicies/%s", policy), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "connection_policy_targets"), 0);
    assert_int_equal(world_twilio(w, "GET /v1/ByocTrunks", NULL), 200);
    assert_true(world_says(w, "\"connection_policy_sid\":null"));
    make(w, "POST /v1/ConnectionPolicies", "", policy);
    assert_int_equal(world_twilio(w, line("POST /v1/ByocTrunks/%s", byoc), line("ConnectionPolicySid=%s", policy)), 200);
    set(w, "{\"twilio_byoc_delete\":0}");
    refused(w, line("DELETE /v1/ByocTrunks/%s", byoc), NULL, 409, 20409);
    set(w, "{\"twilio_byoc_delete\":1}");
    assert_int_equal(world_twilio(w, line("DELETE /v1/ByocTrunks/%s", byoc), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "byoc_trunks"), 0);
}

static void test_caps_of_these(void **state)
{
    struct world *w = *state;
    char list[128], other[128], policy[128], trunk[128], sid[128];
    set(w, "{\"twilio_cap_address_lists\":2,\"twilio_cap_addresses\":1,\"twilio_cap_connection_policies\":1,\"twilio_cap_policy_targets\":1,"
           "\"twilio_cap_byoc_trunks\":1,\"twilio_cap_lists_of_a_trunk\":1}");
    make(w, "POST " ADDRESSES ".json", "FriendlyName=a", list);
    make(w, "POST " ADDRESSES ".json", "FriendlyName=b", other);
    refused(w, "POST " ADDRESSES ".json", "FriendlyName=c", 400, 21255);
    make(w, line("POST " ADDRESSES "/%s/IpAddresses.json", list), "FriendlyName=a&IpAddress=192.0.2.1", sid);
    refused(w, line("POST " ADDRESSES "/%s/IpAddresses.json", list), "FriendlyName=b&IpAddress=192.0.2.2", 400, 21237);
    make(w, "POST /v1/ConnectionPolicies", "", policy);
    refused(w, "POST /v1/ConnectionPolicies", "", 400, 21253);
    make(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), "Target=sip%3Aa", sid);
    refused(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), "Target=sip%3Ab", 400, 21254);
    make(w, "POST /v1/ByocTrunks", "", sid);
    refused(w, "POST /v1/ByocTrunks", "", 400, 20422);
    make(w, "POST /v1/Trunks", "", trunk);
    make(w, line("POST /v1/Trunks/%s/IpAccessControlLists", trunk), line("IpAccessControlListSid=%s", list), sid);
    refused(w, line("POST /v1/Trunks/%s/IpAccessControlLists", trunk), line("IpAccessControlListSid=%s", other), 400, 21245);
}

static void test_their_caps_are_twilio_s(void **state)
{
    struct world *w = *state;
    char policy[128], sid[128];
    for (int i = 0; i < 10000; i++)
        make(w, "POST /v1/ConnectionPolicies", "", policy);
    refused(w, "POST /v1/ConnectionPolicies", "", 400, 21253);
    for (int i = 0; i < 10; i++)
        make(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), line("Target=sip%%3Aa%d", i), sid);
    refused(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), "Target=sip%3Aa", 400, 21254);
}

static void test_made_and_removed_behind_the_back(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"connection_policies\",\"id\":\"NY1\",\"body\":{}}"), 201);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"connection_policy_targets\",\"parent\":\"NY1\",\"body\":{\"target\":\"sip:a\"}}"), 201);
    assert_int_equal(world_int(w, "weight"), 10);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"ip_access_control_lists\",\"id\":\"AL1\",\"body\":{}}"), 201);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"ip_addresses\",\"parent\":\"AL1\",\"body\":{\"ip_address\":\"192.0.2.1\"}}"), 201);
    assert_int_equal(world_control(w, "POST objects", "{\"account\":\"" SID "\",\"kind\":\"byoc_trunks\",\"body\":{}}"), 201);
    assert_int_equal(world_control(w, "DELETE objects/" SID "/connection_policies/NY1", NULL), 200);
    assert_int_equal(world_control(w, "DELETE objects/" SID "/ip_access_control_lists/AL1", NULL), 200);
    assert_int_equal(TWILIO_COUNT(w, "connection_policy_targets"), 0);
    assert_int_equal(TWILIO_COUNT(w, "ip_addresses"), 0);
    assert_int_equal(TWILIO_COUNT(w, "byoc_trunks"), 1);
}

/* ---- switches */

static void test_two_at_once_with_one_name(void **state)
{
    struct world *w = *state;
    set(w, "{\"twilio_latency_ms\":50}");
    (void)world_send_twilio(w, "POST " CREDENTIALS ".json", "FriendlyName=l");
    refused(w, "POST " CREDENTIALS ".json", "FriendlyName=l", 400, 21240);
    set(w, "{\"twilio_racy_names\":1}");
    (void)world_send_twilio(w, "POST " CREDENTIALS ".json", "FriendlyName=m");
    assert_int_equal(world_twilio(w, "POST " CREDENTIALS ".json", "FriendlyName=m"), 201);
    (void)world_send_twilio(w, "POST /v1/Trunks", DOMAIN("one"));
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", DOMAIN("one")), 201);
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 400, 21248);
    refused(w, "POST " CREDENTIALS ".json", "FriendlyName=m", 400, 21240);
}

static void test_names_kept_as_written(void **state)
{
    struct world *w = *state;
    char sid[128];
    set(w, "{\"twilio_keeps_case\":1}");
    make(w, "POST /v1/Trunks", DOMAIN("TD-One"), sid);
    assert_string_equal(world_text(w, "domain_name"), "TD-One.pstn.twilio.com");
    refused(w, "POST /v1/Trunks", DOMAIN("td-one"), 400, 21248);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", sid), NULL), 204);
    refused(w, "POST /v1/Trunks", DOMAIN("td-one"), 400, 21248);
}

static void test_the_case_of_sip_addresses(void **state)
{
    static const struct { int setting; const char *url, *target; } rows[] = {
        { 0, "sip:User@Demo.test;transport=TCP", "SIP:Demo.test" }, { 1, "sip:User@demo.test;transport=TCP", "sip:demo.test" },
        { 2, "SIP:User@DEMO.TEST;transport=TCP", "SIP:DEMO.TEST" },
    };
    struct world *w = *state;
    char trunk[128], policy[128], sid[128];
    make(w, "POST /v1/Trunks", "", trunk);
    make(w, "POST /v1/ConnectionPolicies", "", policy);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        set(w, line("{\"twilio_sip_url_case\":%d}", rows[i].setting));
        make(w, line("POST /v1/Trunks/%s/OriginationUrls", trunk), URL("u", "sip%3AUser%40Demo.test%3Btransport%3DTCP"), sid);
        assert_string_equal(world_text(w, "sip_url"), rows[i].url);
        make(w, line("POST /v1/ConnectionPolicies/%s/Targets", policy), "Target=SIP%3ADemo.test", sid);
        assert_string_equal(world_text(w, "target"), rows[i].target);
    }
}

static void test_an_origination_url_twice(void **state)
{
    struct world *w = *state;
    char trunk[128], sid[128];
    make(w, "POST /v1/Trunks", "", trunk);
    const char *path = line("POST /v1/Trunks/%s/OriginationUrls", trunk);
    make(w, path, URL("u", "sip%3Aa"), sid);
    make(w, path, URL("u", "sip%3Aa"), sid);
    set(w, "{\"twilio_duplicate_url\":0}");
    refused(w, path, URL("u", "sip%3Aa"), 400, 21245);
    make(w, path, URL("v", "sip%3Aa"), sid);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/OriginationUrls/%s", trunk, sid), "FriendlyName=u"), 200);
}

static void test_an_empty_recovery_url(void **state)
{
    struct world *w = *state;
    char trunk[128];
    make(w, "POST /v1/Trunks", "DisasterRecoveryUrl=https%3A%2F%2Fr.test", trunk);
    const char *path = line("POST /v1/Trunks/%s", trunk);
    set(w, "{\"twilio_empty_url\":2}");
    refused(w, path, "DisasterRecoveryUrl=", 400, 21245);
    set(w, "{\"twilio_empty_url\":0}");
    assert_int_equal(world_twilio(w, path, "DisasterRecoveryUrl="), 200);
    assert_string_equal(world_text(w, "disaster_recovery_url"), "https://r.test");
    set(w, "{\"twilio_empty_url\":1}");
    assert_int_equal(world_twilio(w, path, "DisasterRecoveryUrl="), 200);
    assert_string_equal(world_text(w, "disaster_recovery_url"), "");
}

/* The names of what the list shows when its first object goes after the first page; "" where a page has ended. */
static const char *read_in_pages(struct world *w)
{
    char next[512], gone[128] = "";
    const char *all = "";
    bool removed = false;
    (void)snprintf(next, sizeof(next), "GET /v1/Trunks?PageSize=2");
    while (next[0]) {
        assert_int_equal(world_twilio(w, next, NULL), 200);
        for (size_t i = 0; i < json_object_array_length(world_json(w, "trunks")); i++)
            all = line("%s%s", all, world_text(w, line("trunks.%zu.friendly_name", i)));
        if (!gone[0])
            world_keep(w, "trunks.0.sid", gone);
        const char *url = world_text(w, "meta.next_page_url");
        (void)snprintf(next, sizeof(next), url ? "GET %s" : "%.0s", url ? url + strlen("http://sim.test:99") : "");
        if (!removed)
            assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", gone), NULL), 204);
        removed = true;
    }
    return all;
}

static void test_order_and_pages_of_lists(void **state)
{
    static const struct { const char *settings, *seen; } rows[] = {
        { "{}", "abcde" }, { "{\"twilio_newest_first\":1}", "edcba" }, { "{\"twilio_pages_by_position\":1}", "abde" },
        { "{\"twilio_newest_first\":1,\"twilio_pages_by_position\":1}", "edba" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(world_control(w, "POST reset", NULL), 200);
        assert_int_equal(world_control(w, "POST accounts", "{\"sid\":\"" SID "\",\"auth_token\":\"" TOKEN "\"}"), 200);
        set(w, rows[i].settings);
        for (int n = 0; n < 5; n++)
            assert_int_equal(world_twilio(w, "POST /v1/Trunks", line("FriendlyName=%c", 'a' + n)), 201);
        assert_string_equal(read_in_pages(w), rows[i].seen);
    }
}

static void test_the_code_of_a_refused_attachment(void **state)
{
    struct world *w = *state;
    char trunk[128], number[128];
    make(w, "POST /v1/Trunks", "", trunk);
    assert_int_equal(world_control(w, "POST numbers", "{\"phone_number\":\"+15550100001\"}"), 201);
    world_keep(w, "phone_numbers.0.sid", number);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/PhoneNumbers", trunk), line("PhoneNumberSid=%s", number)), 201);
    set(w, "{\"twilio_attach_refused_code\":21245}");
    refused(w, line("POST /v1/Trunks/%s/PhoneNumbers", trunk), line("PhoneNumberSid=%s", number), 400, 21245);
}

static void test_livekit_may_limit_names_and_bodies(void **state)
{
    struct world *w = *state;
    set(w, "{\"livekit_name_max\":3,\"livekit_body_bytes_max\":100}");
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"],\"name\":\"four\"}}"), 400);
    assert_string_equal(world_text(w, "code"), "invalid_argument");
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"],\"metadata\":\"four\"}}"), 400);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"],\"name\":\"abc\"}}"), 200);
    const char *id = line("%s", world_text(w, "sip_trunk_id"));
    assert_int_equal(world_livekit(w, "UpdateSIPInboundTrunk", line("{\"sip_trunk_id\":\"%s\",\"update\":{\"name\":\"four\"}}", id)), 400);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", line("{\"trunk\":{\"numbers\":[\"+2\"],\"auth_username\":\"%0100d\"}}", 0)), 413);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_address_lists_and_their_addresses), TEST(test_a_trunk_with_address_lists),
        TEST(test_a_trunk_with_both_sorts_of_lists_asks_for_both), TEST(test_connection_policies_and_targets), TEST(test_byoc_trunks),
        TEST(test_caps_of_these), TEST(test_their_caps_are_twilio_s), TEST(test_made_and_removed_behind_the_back), TEST(test_two_at_once_with_one_name),
        TEST(test_names_kept_as_written), TEST(test_the_case_of_sip_addresses), TEST(test_an_origination_url_twice),
        TEST(test_an_empty_recovery_url), TEST(test_order_and_pages_of_lists), TEST(test_the_code_of_a_refused_attachment),
        TEST(test_livekit_may_limit_names_and_bodies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
