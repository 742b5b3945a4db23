/* Twilio's rules, each as a request and its answer. */
#include "sim_fixture.h"

#include <trunkd/cleanup.h>

#define ACCOUNT "/2010-04-01/Accounts/" SID
#define LISTS ACCOUNT "/SIP/CredentialLists"
#define GOOD_URL "Weight=1&Priority=2&Enabled=true&FriendlyName=u&SipUrl=sip%3Aa.test%3Btransport%3Dtcp"
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
    assert_int_equal(world_twilio(w, request, form), 201);
    world_keep(w, "sid", ret_sid);
}

static void add_number(struct world *w, const char *body, char ret_sid[128])
{
    assert_int_equal(world_control(w, "POST numbers", body), 201);
    world_keep(w, "phone_numbers.0.sid", ret_sid);
}

static void refused(struct world *w, const char *request, const char *form, int status, int code)
{
    int got = world_twilio(w, request, form);
    if (got != status || world_int(w, "code") != code)
        fail_msg("%s %s: %d %s, not %d %d", request, form ? form : "", got, w->answer.body, status, code);
    assert_int_equal(world_int(w, "status"), status);
    assert_non_null(world_text(w, "message"));
    assert_non_null(world_text(w, "more_info"));
}

static void test_credentials_are_checked(void **state)
{
    static const char *const bad[] = { NULL, "Basic", "Basic !!!", "Bearer x", "Basic QUMx", "Basic QUMxOnQ=" };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(world_twilio_as(w, bad[i], "GET /v1/Trunks", NULL), 401);
        assert_int_equal(world_int(w, "code"), 20003);
    }
    refused(w, "GET /2010-04-01/Accounts/" OTHER_SID ".json", NULL, 401, 20003);
    assert_int_equal(world_control(w, "POST accounts/" SID, "{\"revoked\":true}"), 200);
    refused(w, "GET /v1/Trunks", NULL, 401, 20003);
}

static void test_an_api_key_is_as_good_as_the_token(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST accounts", "{\"sid\":\"" SID "\",\"keys\":[{\"sid\":\"SK1\",\"secret\":\"s\"}]}"), 200);
    assert_int_equal(world_twilio_as(w, "Basic U0sxOnM=", "GET /v1/Trunks", NULL), 200);
    assert_int_equal(world_twilio_as(w, "Basic U0sxOng=", "GET /v1/Trunks", NULL), 401);
}

static void test_unknown_things_are_404_20404(void **state)
{
    struct world *w = *state;
    refused(w, "GET /v1/Trunks/TK00000000000000000000000000000000", NULL, 404, 20404);
    refused(w, "DELETE /v1/Trunks/TK00000000000000000000000000000000", NULL, 404, 20404);
    refused(w, "GET /v1/Nonsense", NULL, 404, 20404);
    refused(w, "GET /v1/Trunks/TK0/OriginationUrls", NULL, 404, 20404);
    refused(w, "GET " LISTS "/CL0.json", NULL, 404, 20404);
    refused(w, "GET " ACCOUNT "/IncomingPhoneNumbers/PN0.json", NULL, 404, 20404);
    refused(w, "DELETE /v1/Trunks", NULL, 405, 20004);
    refused(w, "POST " ACCOUNT "/IncomingPhoneNumbers.json", "PhoneNumber=%2B1", 405, 20004);
}

static void test_v2010_without_json_answers_xml(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_twilio(w, "GET " LISTS, NULL), 200);
    assert_string_equal(w->answer.content_type, "application/xml");
}

static void test_a_trunk_as_it_is_shown(void **state)
{
    static const char *const members[] = {
        "account_sid", "domain_name", "disaster_recovery_method", "disaster_recovery_url", "friendly_name", "secure", "recording",
        "transfer_mode", "transfer_caller_id", "cnam_lookup_enabled", "auth_type", "symmetric_rtp_enabled", "auth_type_set",
        "date_created", "date_updated", "sid", "url", "links",
    };
    struct world *w = *state;
    char sid[128];
    make(w, "POST /v1/Trunks", "FriendlyName=a%20b+c&DomainName=TD-One.pstn.twilio.com&Secure=True", sid);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        assert_true(json_object_object_get_ex(w->body, members[i], NULL));
    assert_int_equal(strlen(sid), 34);
    assert_memory_equal(sid, "TK", 2);
    assert_string_equal(world_text(w, "friendly_name"), "a b c");
    assert_string_equal(world_text(w, "domain_name"), "td-one.pstn.twilio.com");
    assert_string_equal(world_text(w, "recording.mode"), "do-not-record");
    assert_string_equal(world_text(w, "auth_type"), "");
    assert_string_equal(world_text(w, "date_created"), "2026-11-22T09:00:00Z");
    assert_true(world_says(w, "\"secure\":true"));
    assert_string_equal(world_text(w, "links.phone_numbers"), line("http://sim.test:99/v1/Trunks/%s/PhoneNumbers", sid));
}

static void test_trunk_parameters_are_checked(void **state)
{
    static const struct { const char *form; int code; } rows[] = {
        { "Surprise=1", 20001 }, { "TransferMode=sometimes", 21245 }, { "Secure=yes", 21245 }, { "DisasterRecoveryMethod=PUT", 21245 },
        { "FriendlyName=12345678901234567890123456789012345678901234567890123456789012345", 21245 },
        { "DomainName=a.sip.twilio.com", 21245 }, { "DomainName=.pstn.twilio.com", 21245 }, { "DomainName=a_b.pstn.twilio.com", 21245 },
        { "DomainName=a.b.pstn.twilio.com", 21247 }, { "DomainName=a1234567890123456789012345678901234567890123456789012345678901234.pstn.twilio.com", 21245 },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refused(w, "POST /v1/Trunks", rows[i].form, 400, rows[i].code);
    assert_int_equal(TWILIO_COUNT(w, "trunks"), 0);
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", DOMAIN("b")), 201);
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", DOMAIN("a.b")), 201);
}

static void test_a_json_body_is_no_form(void **state)
{
    struct world *w = *state;
    const struct sim_header headers[] = {
        { "Content-Type", "application/json" },
        { "Authorization", "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjphdXRoLXRva2VuLW9mLXRoZS1hY2NvdW50" },
    };
    static const char body[] = "{\"FriendlyName\":\"x\"}";
    assert_int_equal(world_raw(w, &(struct sim_request){ SIM_TWILIO, "POST", LISTS ".json", NULL, headers, 2, body, sizeof(body) - 1 }), 400);
    assert_int_equal(world_int(w, "code"), 20001);
}

static void test_a_domain_name_is_taken_everywhere_and_for_30_days(void **state)
{
    struct world *w = *state;
    char sid[128];
    make(w, "POST /v1/Trunks", DOMAIN("one"), sid);
    refused(w, "POST /v1/Trunks", DOMAIN("ONE"), 400, 21248);
    assert_int_equal(world_control(w, "POST accounts", "{\"sid\":\"AC1\",\"auth_token\":\"t\"}"), 200);
    assert_int_equal(world_twilio_as(w, "Basic QUMxOnQ=", "POST /v1/Trunks", DOMAIN("one")), 400);
    assert_int_equal(world_int(w, "code"), 21248);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", sid), NULL), 204);
    assert_int_equal(w->answer.body_bytes, 0);
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 400, 21248);
    world_at(w, INT64_C(2591999999));
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 400, 21248);
    world_at(w, INT64_C(2592000001));
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", DOMAIN("one")), 201);
}

static void test_how_long_a_domain_name_is_held_is_a_setting(void **state)
{
    struct world *w = *state;
    char sid[128];
    assert_int_equal(world_control(w, "POST config", "{\"twilio_tombstone_ms\":1000}"), 200);
    make(w, "POST /v1/Trunks", DOMAIN("one"), sid);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", sid), NULL), 204);
    world_at(w, 999);
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 400, 21248);
    world_at(w, 1001);
    make(w, "POST /v1/Trunks", DOMAIN("one"), sid);
}

static void test_domain_switches(void **state)
{
    struct world *w = *state;
    char sid[128];
    assert_int_equal(world_control(w, "POST config", "{\"twilio_tombstone_own\":0,\"twilio_domain_taken_code\":21245}"), 200);
    make(w, "POST /v1/Trunks", DOMAIN("one"), sid);
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 400, 21245);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", sid), NULL), 204);
    make(w, "POST /v1/Trunks", DOMAIN("one"), sid);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s", sid), DOMAIN("two")), 200);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s", sid), DOMAIN("two")), 200);
    assert_int_equal(world_control(w, "POST config", "{\"twilio_tombstone_own\":1}"), 200);
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 400, 21245);
    assert_int_equal(world_control(w, "POST config", "{\"twilio_refusal_status\":409}"), 200);
    refused(w, "POST /v1/Trunks", DOMAIN("one"), 409, 21245);
    refused(w, "POST /v1/Trunks", "FriendlyName=a&Colour=b", 400, 20001);
}

static void test_caps(void **state)
{
    struct world *w = *state;
    char trunk[128], list[128];
    assert_int_equal(world_control(w, "POST config", "{\"twilio_cap_trunks\":1,\"twilio_cap_credential_lists\":1,"
                                                     "\"twilio_cap_credentials\":1,\"twilio_cap_origination_urls\":1}"), 200);
    make(w, "POST /v1/Trunks", "", trunk);
    refused(w, "POST /v1/Trunks", "", 400, 21244);
    make(w, line("POST /v1/Trunks/%s/OriginationUrls", trunk), GOOD_URL, list);
    refused(w, line("POST /v1/Trunks/%s/OriginationUrls", trunk), GOOD_URL, 400, 21249);
    make(w, "POST " LISTS ".json", "FriendlyName=l", list);
    refused(w, "POST " LISTS ".json", "FriendlyName=m", 400, 21239);
    assert_int_equal(world_twilio(w, line("POST " LISTS "/%s/Credentials.json", list), "Username=u&Password=Abcdefghijk1"), 201);
    refused(w, line("POST " LISTS "/%s/Credentials.json", list), "Username=v&Password=Abcdefghijk1", 400, 21242);
}

/* Twilio's own figures, without a setting. */
static void test_the_caps_are_twilio_s(void **state)
{
    struct world *w = *state;
    char first[128], sid[128], list[128];
    make(w, "POST /v1/Trunks", "", first);
    for (int i = 1; i < 100; i++)
        make(w, "POST /v1/Trunks", "", sid);
    refused(w, "POST /v1/Trunks", "", 400, 21244);
    for (int i = 0; i < 10; i++)
        make(w, line("POST /v1/Trunks/%s/OriginationUrls", first), line("%s%d", GOOD_URL, i), sid);
    refused(w, line("POST /v1/Trunks/%s/OriginationUrls", first), GOOD_URL, 400, 21249);
    for (int i = 0; i < 100; i++)
        make(w, "POST " LISTS ".json", line("FriendlyName=l%d", i), list);
    refused(w, "POST " LISTS ".json", "FriendlyName=l", 400, 21239);
    for (int i = 0; i < 1000; i++)
        make(w, line("POST " LISTS "/%s/Credentials.json", list), line("Username=u%d&Password=Abcdefghijk1", i), sid);
    refused(w, line("POST " LISTS "/%s/Credentials.json", list), "Username=u&Password=Abcdefghijk1", 400, 21242);
}

static void test_origination_urls(void **state)
{
    static const struct { const char *form; int code; } rows[] = {
        { "Priority=1&Enabled=true&FriendlyName=u&SipUrl=sip:a", 20001 }, { "Weight=1&Priority=1&Enabled=true&FriendlyName=u", 20001 },
        { "Weight=0&Priority=1&Enabled=true&FriendlyName=u&SipUrl=sip:a", 21245 },
        { "Weight=1&Priority=65536&Enabled=true&FriendlyName=u&SipUrl=sip:a", 21245 },
        { "Weight=1&Priority=1&Enabled=true&FriendlyName=u&SipUrl=http://a", 21245 },
    };
    struct world *w = *state;
    char trunk[128], url[128], path[256];
    make(w, "POST /v1/Trunks", "", trunk);
    (void)snprintf(path, sizeof(path), "POST /v1/Trunks/%s/OriginationUrls", trunk);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refused(w, path, rows[i].form, 400, rows[i].code);
    make(w, path, GOOD_URL, url);
    assert_int_equal(world_int(w, "weight"), 1);
    assert_int_equal(world_int(w, "priority"), 2);
    assert_string_equal(world_text(w, "sip_url"), "sip:a.test;transport=tcp");
    assert_string_equal(world_text(w, "trunk_sid"), trunk);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/OriginationUrls/%s", trunk, url), "Enabled=false"), 200);
    assert_true(world_says(w, "\"enabled\":false"));
    assert_int_equal(world_int(w, "weight"), 1);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s/OriginationUrls", trunk), NULL), 200);
    assert_string_equal(world_text(w, "origination_urls.0.sid"), url);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s/OriginationUrls/%s", trunk, url), NULL), 204);
    refused(w, line("GET /v1/Trunks/%s/OriginationUrls/%s", trunk, url), NULL, 404, 20404);
}

static void test_credential_lists_and_credentials(void **state)
{
    static const char *const weak[] = { "Abcdefghij1", "abcdefghijk1", "ABCDEFGHIJK1", "Abcdefghijkl", "" };
    struct world *w = *state;
    char list[128], credential[128];
    make(w, "POST " LISTS ".json", "FriendlyName=l", list);
    assert_string_equal(world_text(w, "date_created"), "Sun, 22 Nov 2026 09:00:00 +0000");
    refused(w, "POST " LISTS ".json", "FriendlyName=l", 400, 21240);
    refused(w, "POST " LISTS ".json", "", 400, 20001);
    const char *below = line("POST " LISTS "/%s/Credentials.json", list);
    for (size_t i = 0; i < ARRAY_SIZE(weak); i++)
        refused(w, below, line("Username=u&Password=%s", weak[i]), 400, weak[i][0] ? 21240 : 20001);
    refused(w, below, "Username=123456789012345678901234567890123&Password=Abcdefghijk1", 400, 21240);
    make(w, below, "Username=u&Password=Abcdefghijk1", credential);
    assert_false(world_says(w, "Abcdefghijk1"));
    assert_string_equal(world_text(w, "username"), "u");
    refused(w, line("POST " LISTS "/%s/Credentials/%s.json", list, credential), "Password=weak", 400, 21240);
    assert_int_equal(world_twilio(w, line("POST " LISTS "/%s/Credentials/%s.json", list, credential), "Password=Zbcdefghijk2"), 200);
    assert_int_equal(world_twilio(w, line("GET " LISTS "/%s/Credentials.json", list), NULL), 200);
    assert_string_equal(world_text(w, "credentials.0.sid"), credential);
    assert_int_equal(world_twilio(w, line("DELETE " LISTS "/%s.json", list), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "credentials"), 0);
}

static void test_a_user_name_twice_is_a_switch(void **state)
{
    struct world *w = *state;
    char list[128], one[128], two[128];
    make(w, "POST " LISTS ".json", "FriendlyName=l", list);
    const char *below = line("POST " LISTS "/%s/Credentials.json", list);
    make(w, below, "Username=u&Password=Abcdefghijk1", one);
    make(w, below, "Username=u&Password=Abcdefghijk1", two);
    assert_string_not_equal(one, two);
    assert_int_equal(world_control(w, "POST config", "{\"twilio_duplicate_username\":0}"), 200);
    refused(w, below, "Username=u&Password=Abcdefghijk1", 400, 21240);
}

static void test_associations_and_deletes(void **state)
{
    struct world *w = *state;
    char trunk[128], list[128], number[128];
    make(w, "POST /v1/Trunks", DOMAIN("one"), trunk);
    make(w, "POST " LISTS ".json", "FriendlyName=l", list);
    const char *links = line("POST /v1/Trunks/%s/CredentialLists", trunk), *form = line("CredentialListSid=%s", list);
    refused(w, links, "CredentialListSid=CL0", 404, 20404);
    assert_int_equal(world_twilio(w, links, form), 201);
    assert_string_equal(world_text(w, "sid"), list);
    assert_string_equal(world_text(w, "friendly_name"), "l");
    refused(w, links, form, 400, 21245);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s", trunk), NULL), 200);
    assert_string_equal(world_text(w, "auth_type"), "CREDENTIAL_LIST");
    refused(w, line("DELETE " LISTS "/%s.json", list), NULL, 400, 21241);
    add_number(w, line("{\"phone_number\":\"+15550100001\",\"trunk_sid\":\"%s\"}", trunk), number);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/OriginationUrls", trunk), GOOD_URL), 201);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", trunk), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "trunk_credential_lists"), 0);
    assert_int_equal(TWILIO_COUNT(w, "origination_urls"), 0);
    assert_int_equal(TWILIO_COUNT(w, "credential_lists"), 1);
    assert_int_equal(world_twilio(w, line("GET " ACCOUNT "/IncomingPhoneNumbers/%s.json", number), NULL), 200);
    assert_true(world_says(w, "\"trunk_sid\":null"));
    assert_int_equal(world_twilio(w, line("DELETE " LISTS "/%s.json", list), NULL), 204);
}

static void test_a_mapped_list_can_be_deleted_if_switched(void **state)
{
    struct world *w = *state;
    char trunk[128], list[128];
    assert_int_equal(world_control(w, "POST config", "{\"twilio_mapped_list_delete\":1}"), 200);
    make(w, "POST /v1/Trunks", "", trunk);
    make(w, "POST " LISTS ".json", "FriendlyName=l", list);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/CredentialLists", trunk), line("CredentialListSid=%s", list)), 201);
    assert_int_equal(world_twilio(w, line("DELETE " LISTS "/%s.json", list), NULL), 204);
    assert_int_equal(TWILIO_COUNT(w, "trunk_credential_lists"), 0);
}

static void test_attaching_a_number(void **state)
{
    struct world *w = *state;
    char one[128], two[128], number[128];
    make(w, "POST /v1/Trunks", "", one);
    make(w, "POST /v1/Trunks", "", two);
    add_number(w, "{\"phone_number\":\"+15550100001\",\"voice_url\":\"https://v.test/\",\"voice_application_sid\":\"AP1\"}", number);
    const char *form = line("PhoneNumberSid=%s", number);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/PhoneNumbers", one), form), 201);
    assert_string_equal(world_text(w, "trunk_sid"), one);
    assert_string_equal(world_text(w, "voice_application_sid"), "");
    assert_string_equal(world_text(w, "voice_url"), "https://v.test/");
    assert_null(world_json(w, "voice_receive_mode"));
    refused(w, line("POST /v1/Trunks/%s/PhoneNumbers", one), form, 400, 20001);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/PhoneNumbers", two), form), 201);
    refused(w, line("GET /v1/Trunks/%s/PhoneNumbers/%s", one, number), NULL, 404, 20404);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s/PhoneNumbers/%s", two, number), NULL), 200);
    assert_int_equal(world_control(w, "POST config", "{\"twilio_attach_moves\":0,\"twilio_attach_repeat\":1}"), 200);
    refused(w, line("POST /v1/Trunks/%s/PhoneNumbers", one), form, 400, 20001);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/PhoneNumbers", two), form), 201);
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s/PhoneNumbers/%s", two, number), NULL), 204);
    refused(w, line("DELETE /v1/Trunks/%s/PhoneNumbers/%s", two, number), NULL, 404, 20404);
    assert_int_equal(TWILIO_COUNT(w, "phone_numbers"), 1);
}

static void test_routing_by_the_number_itself(void **state)
{
    struct world *w = *state;
    char trunk[128], number[128];
    make(w, "POST /v1/Trunks", "", trunk);
    add_number(w, "{\"phone_number\":\"+15550100001\",\"voice_application_sid\":\"AP1\"}", number);
    const char *path = line("POST " ACCOUNT "/IncomingPhoneNumbers/%s.json", number);
    assert_int_equal(world_twilio(w, path, line("TrunkSid=%s", trunk)), 200);
    assert_string_equal(world_text(w, "trunk_sid"), trunk);
    assert_string_equal(world_text(w, "voice_application_sid"), "");
    assert_int_equal(world_twilio(w, path, line("TrunkSid=%s", trunk)), 200);
    assert_int_equal(world_twilio(w, path, "VoiceApplicationSid=AP2"), 200);
    assert_string_equal(world_text(w, "voice_application_sid"), "AP2");
    assert_null(world_text(w, "trunk_sid"));
    assert_int_equal(world_twilio(w, path, line("TrunkSid=%s&VoiceUrl=https://x.test/&VoiceMethod=GET", trunk)), 200);
    assert_int_equal(world_twilio(w, path, "TrunkSid="), 200);
    assert_null(world_text(w, "trunk_sid"));
    assert_string_equal(world_text(w, "voice_url"), "https://x.test/");
    refused(w, path, "TrunkSid=TK00000000000000000000000000000000", 400, 20423);
    refused(w, path, "AccountSid=" OTHER_SID, 400, 21474);
    refused(w, path, "VoiceMethod=PUT", 400, 20422);
}

static void test_emergency_calling_blocks_the_trunk(void **state)
{
    struct world *w = *state;
    char trunk[128], number[128];
    make(w, "POST /v1/Trunks", "", trunk);
    add_number(w, line("{\"phone_number\":\"+15550100001\",\"trunk_sid\":\"%s\",\"emergency_status\":\"Active\"}", trunk), number);
    refused(w, line("POST " ACCOUNT "/IncomingPhoneNumbers/%s.json", number), "TrunkSid=", 400, 21634);
    refused(w, line("DELETE /v1/Trunks/%s", trunk), NULL, 400, 21634);
}

static void test_recording_is_a_singleton(void **state)
{
    struct world *w = *state;
    char trunk[128];
    make(w, "POST /v1/Trunks", "", trunk);
    assert_int_equal(world_twilio(w, line("POST /v1/Trunks/%s/Recording", trunk), "Mode=record-from-answer"), 200);
    assert_string_equal(world_text(w, "mode"), "record-from-answer");
    assert_string_equal(world_text(w, "trim"), "do-not-trim");
    refused(w, line("POST /v1/Trunks/%s/Recording", trunk), "Mode=loud", 400, 21245);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s", trunk), NULL), 200);
    assert_string_equal(world_text(w, "recording.mode"), "record-from-answer");
}

static size_t found(struct world *w, const char *query)
{
    assert_int_equal(world_twilio(w, line("GET " ACCOUNT "/IncomingPhoneNumbers.json?%s", query), NULL), 200);
    return json_object_array_length(world_json(w, "incoming_phone_numbers"));
}

static void test_the_number_filter_is_a_piece_of_the_number(void **state)
{
    struct world *w = *state;
    char sid[128];
    assert_int_equal(world_control(w, "POST numbers", "{\"phone_number\":\"+15550100098\",\"count\":4}"), 201);
    add_number(w, "{\"phone_number\":\"+442071234567\",\"friendly_name\":\"London\"}", sid);
    assert_int_equal(found(w, "PhoneNumber=%2B15550100099"), 1);
    assert_int_equal(found(w, "PhoneNumber=0100"), 4);
    assert_int_equal(found(w, "PhoneNumber=%2B1555010010*"), 2);
    assert_int_equal(found(w, "PhoneNumber=+15550100099"), 0);
    assert_int_equal(found(w, "PhoneNumber=%252B15550100099"), 0);
    assert_int_equal(found(w, "FriendlyName=London"), 1);
    assert_int_equal(found(w, ""), 5);
}

static void test_trunk_pages(void **state)
{
    struct world *w = *state;
    char first[128], next[512];
    for (int i = 0; i < 5; i++)
        assert_int_equal(world_twilio(w, "POST /v1/Trunks", line("FriendlyName=t%d", i)), 201);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks?PageSize=2", NULL), 200);
    assert_string_equal(world_text(w, "meta.key"), "trunks");
    assert_int_equal(world_int(w, "meta.page_size"), 2);
    world_keep(w, "trunks.0.sid", first);
    assert_string_equal(world_text(w, "trunks.1.friendly_name"), "t1");
    assert_non_null(strstr(world_text(w, "meta.next_page_url"), "http://sim.test:99/v1/Trunks?PageSize=2&Page=1&PageToken=PT"));
    (void)snprintf(next, sizeof(next), "GET %s", world_text(w, "meta.next_page_url") + strlen("http://sim.test:99"));
    assert_int_equal(world_twilio(w, line("DELETE /v1/Trunks/%s", first), NULL), 204);
    assert_int_equal(world_twilio(w, next, NULL), 200);
    assert_string_equal(world_text(w, "trunks.0.friendly_name"), "t2");
    (void)snprintf(next, sizeof(next), "GET %s", world_text(w, "meta.next_page_url") + strlen("http://sim.test:99"));
    assert_int_equal(world_twilio(w, next, NULL), 200);
    assert_string_equal(world_text(w, "trunks.0.friendly_name"), "t4");
    assert_true(world_says(w, "\"next_page_url\":null"));
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_int_equal(world_int(w, "meta.page_size"), 50);
}

static void test_old_pages_are_relative_and_keep_the_filter(void **state)
{
    struct world *w = *state;
    char next[512];
    assert_int_equal(world_control(w, "POST numbers", "{\"phone_number\":\"+15550100000\",\"count\":3}"), 201);
    assert_int_equal(world_twilio(w, "GET " ACCOUNT "/IncomingPhoneNumbers.json?PhoneNumber=%2B1555&PageSize=2", NULL), 200);
    assert_int_equal(world_int(w, "end"), 1);
    (void)snprintf(next, sizeof(next), "GET %s", world_text(w, "next_page_uri"));
    assert_non_null(strstr(next, "GET /2010-04-01/Accounts/" SID "/IncomingPhoneNumbers.json?PhoneNumber=%2B1555&PageSize=2&Page=1&PageToken="));
    assert_int_equal(world_twilio(w, next, NULL), 200);
    assert_string_equal(world_text(w, "incoming_phone_numbers.0.phone_number"), "+15550100002");
    assert_true(world_says(w, "\"next_page_uri\":null"));
}

static void test_page_parameters_are_checked(void **state)
{
    static const struct { const char *query; int code; } rows[] = {
        { "PageSize=1001", 20007 }, { "PageSize=0", 20007 }, { "PageSize=x", 20007 },
        { "PageToken=PT00000000000000010000000000000000", 21481 }, { "Page=1&PageToken=abc", 21481 },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refused(w, line("GET /v1/Trunks?%s", rows[i].query), NULL, 400, rows[i].code);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks?PageSize=1000", NULL), 200);
}

static void test_accounts_show_the_token(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_twilio(w, "GET " ACCOUNT ".json", NULL), 200);
    assert_string_equal(world_text(w, "auth_token"), TOKEN);
    assert_int_equal(world_twilio(w, "GET /2010-04-01/Accounts.json", NULL), 200);
    assert_string_equal(world_text(w, "accounts.0.sid"), SID);
}

static void test_lists_lag_but_direct_reads_do_not(void **state)
{
    struct world *w = *state;
    char trunk[128];
    assert_int_equal(world_control(w, "POST config", "{\"twilio_list_lag_ms\":5000}"), 200);
    make(w, "POST /v1/Trunks", "", trunk);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s", trunk), NULL), 200);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_null(world_text(w, "trunks.0.sid"));
    world_at(w, 5000);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_string_equal(world_text(w, "trunks.0.sid"), trunk);
}

static void test_a_wrong_region_looks_like_an_empty_account(void **state)
{
    struct world *w = *state;
    char trunk[128], number[128];
    make(w, "POST /v1/Trunks", "", trunk);
    add_number(w, "{\"phone_number\":\"+15550100001\"}", number);
    assert_int_equal(world_control(w, "POST accounts/" SID, "{\"region\":\"wrong\"}"), 200);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_null(world_text(w, "trunks.0.sid"));
    refused(w, line("GET /v1/Trunks/%s", trunk), NULL, 404, 20404);
    refused(w, line("DELETE /v1/Trunks/%s", trunk), NULL, 404, 20404);
    assert_int_equal(found(w, ""), 0);
    assert_int_equal(world_control(w, "POST accounts/" SID, "{\"region\":\"right\"}"), 200);
    assert_int_equal(world_twilio(w, line("GET /v1/Trunks/%s", trunk), NULL), 200);
}

static void test_errors_can_be_problem_documents(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST config", "{\"twilio_problem_json\":1,\"twilio_list_omits_domain\":1}"), 200);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks/TK0", NULL), 404);
    assert_string_equal(w->answer.content_type, "application/problem+json");
    assert_int_equal(world_int(w, "code"), 20404);
    assert_non_null(world_text(w, "detail"));
    assert_int_equal(world_twilio(w, "POST /v1/Trunks", DOMAIN("one")), 201);
    assert_int_equal(world_twilio(w, "GET /v1/Trunks", NULL), 200);
    assert_false(world_says(w, "domain_name"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_credentials_are_checked), TEST(test_an_api_key_is_as_good_as_the_token), TEST(test_unknown_things_are_404_20404),
        TEST(test_v2010_without_json_answers_xml), TEST(test_a_trunk_as_it_is_shown), TEST(test_trunk_parameters_are_checked),
        TEST(test_a_json_body_is_no_form), TEST(test_a_domain_name_is_taken_everywhere_and_for_30_days), TEST(test_how_long_a_domain_name_is_held_is_a_setting), TEST(test_domain_switches),
        TEST(test_caps), TEST(test_the_caps_are_twilio_s), TEST(test_origination_urls), TEST(test_credential_lists_and_credentials), TEST(test_a_user_name_twice_is_a_switch),
        TEST(test_associations_and_deletes), TEST(test_a_mapped_list_can_be_deleted_if_switched), TEST(test_attaching_a_number),
        TEST(test_routing_by_the_number_itself), TEST(test_emergency_calling_blocks_the_trunk), TEST(test_recording_is_a_singleton),
        TEST(test_the_number_filter_is_a_piece_of_the_number), TEST(test_trunk_pages), TEST(test_old_pages_are_relative_and_keep_the_filter),
        TEST(test_page_parameters_are_checked), TEST(test_accounts_show_the_token), TEST(test_lists_lag_but_direct_reads_do_not),
        TEST(test_a_wrong_region_looks_like_an_empty_account), TEST(test_errors_can_be_problem_documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
