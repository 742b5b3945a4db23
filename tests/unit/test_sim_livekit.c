/* LiveKit's wire: tokens, routes, the spelling of messages, errors. Objects and their conflicts: test_sim_livekit_rules.c. */
#include "sim_fixture.h"

#include <trunkd/cleanup.h>

#define LIST "ListSIPInboundTrunk"
#define CLAIMS(rest) "{\"iss\":\"" KEY "\"" rest "}"
#define ADMIN ",\"sip\":{\"admin\":true}"

static int with_claims(struct world *w, const char *claims)
{
    char *bearer = world_bearer(claims);
    int status = world_livekit_as(w, bearer, LIST, "{}");
    free(bearer);
    return status;
}

static int with_token(struct world *w, const char *header, const char *secret)
{
    char *token = world_token(header, CLAIMS(ADMIN), secret), bearer[1024];
    (void)snprintf(bearer, sizeof(bearer), "Bearer %s", token);
    free(token);
    return world_livekit_as(w, bearer, LIST, "{}");
}

static void denied_as_json(struct world *w, int status)
{
    assert_int_equal(status, 401);
    assert_string_equal(w->answer.content_type, "application/json");
    assert_string_equal(world_text(w, "code"), "unauthenticated");
    assert_string_equal(world_text(w, "msg"), "permissions denied");
}

static void denied_as_text(struct world *w, int status, const char *ending)
{
    size_t length = strlen(ending);
    assert_int_equal(status, 401);
    assert_string_equal(w->answer.content_type, "text/plain; charset=utf-8");
    assert_true(w->answer.body_bytes >= length);
    assert_string_equal(w->answer.body + w->answer.body_bytes - length, ending);
}

static void test_no_token_or_no_grant_is_json(void **state)
{
    struct world *w = *state;
    denied_as_json(w, world_livekit_as(w, NULL, LIST, "{}"));
    denied_as_json(w, with_claims(w, CLAIMS("")));
    denied_as_json(w, with_claims(w, CLAIMS(",\"sip\":{\"call\":true}")));
    denied_as_json(w, with_claims(w, CLAIMS(",\"sip\":{\"Admin\":true}")));
    denied_as_json(w, with_claims(w, CLAIMS(",\"sip\":{\"admin\":\"true\"}")));
}

static void test_a_bad_token_is_text_with_the_token_in_it(void **state)
{
    struct world *w = *state;
    denied_as_text(w, world_livekit_as(w, "Token x", LIST, "{}"), "invalid authorization header. Must start with Bearer ");
    denied_as_text(w, world_livekit_as(w, "Bearer x.y", LIST, "{}"), "invalid authorization token");
    denied_as_text(w, world_livekit_as(w, "Bearer e30.e30.!!", LIST, "{}"), "invalid API key: ");
    denied_as_text(w, with_claims(w, "{\"iss\":\"nokey\"}"), "invalid API key: nokey");
    denied_as_text(w, with_token(w, "{\"alg\":\"HS256\"}", "another secret"), "error: token signature is invalid: signature is invalid");
    assert_memory_equal(w->answer.body, "invalid token: eyJ", 18);
    denied_as_text(w, with_token(w, "{\"alg\":\"none\"}", SECRET), "signing method none is invalid");
    denied_as_text(w, with_token(w, "{\"alg\":\"HS512\"}", SECRET), "signing method HS512 is invalid");
    assert_int_equal(with_token(w, "{\"alg\":\"HS256\"}", SECRET), 200);
}

static void test_times_have_a_minute_of_leeway(void **state)
{
    struct world *w = *state;       /* now is 1795338000 */
    assert_int_equal(with_claims(w, CLAIMS(ADMIN ",\"exp\":1795337940")), 200);
    denied_as_text(w, with_claims(w, CLAIMS(ADMIN ",\"exp\":1795337939")), "token has invalid claims: token is expired");
    assert_int_equal(with_claims(w, CLAIMS(ADMIN ",\"nbf\":1795338060")), 200);
    denied_as_text(w, with_claims(w, CLAIMS(ADMIN ",\"nbf\":1795338061")), "token is not valid yet");
    assert_int_equal(with_claims(w, CLAIMS(ADMIN ",\"iat\":1895338061")), 200);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_exp_required\":1}"), 200);
    denied_as_text(w, with_claims(w, CLAIMS(ADMIN)), "exp claim is required");
}

static void test_a_revoked_project(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST projects/" KEY, "{\"revoked\":true}"), 200);
    denied_as_text(w, world_livekit(w, LIST, "{}"), "invalid API key: " KEY);
}

static void test_a_token_in_the_query(void **state)
{
    struct world *w = *state;
    char *token = world_token("{\"alg\":\"HS256\"}", CLAIMS(ADMIN), SECRET), query[1024];
    const struct sim_header type = { "Content-Type", "application/json; charset=utf-8" };
    (void)snprintf(query, sizeof(query), "access_token=%s", token);
    assert_int_equal(world_raw(w, &(struct sim_request){ SIM_LIVEKIT, "POST", "/twirp/livekit.SIP/" LIST, query, &type, 1, "{}", 2 }), 200);
    assert_int_equal(world_control(w, "GET log", NULL), 200);
    assert_false(world_says(w, token));
    free(token);
}

static int raw(struct world *w, const char *method, const char *path, const char *type)
{
    char *bearer = world_bearer(CLAIMS(ADMIN));
    const struct sim_header headers[] = { { "Authorization", bearer }, { "Content-Type", type } };
    int status = world_raw(w, &(struct sim_request){ SIM_LIVEKIT, method, path, NULL, headers, 2, "{}", 2 });
    free(bearer);
    return status;
}

static void test_the_three_meanings_of_404(void **state)
{
    struct world *w = *state;
    assert_int_equal(raw(w, "POST", "/twirp/livekit.Nonsense/X", "application/json"), 404);
    assert_string_equal(w->answer.body, "404 page not found\n");
    assert_int_equal(raw(w, "POST", "/prefix/twirp/livekit.SIP/" LIST, "application/json"), 404);
    assert_string_equal(w->answer.content_type, "text/plain; charset=utf-8");
    assert_int_equal(raw(w, "POST", "/twirp/livekit.SIP/NoSuchMethod", "application/json"), 404);
    assert_string_equal(world_text(w, "code"), "bad_route");
    assert_string_equal(world_text(w, "msg"), "no handler for path \"/twirp/livekit.SIP/NoSuchMethod\"");
    assert_string_equal(world_text(w, "meta.twirp_invalid_route"), "POST /twirp/livekit.SIP/NoSuchMethod");
    assert_int_equal(raw(w, "GET", "/twirp/livekit.SIP/" LIST, "application/json"), 404);
    assert_string_equal(world_text(w, "msg"), "unsupported method \"GET\" (only POST is allowed)");
    assert_int_equal(raw(w, "POST", "/twirp/livekit.SIP/" LIST, "text/plain"), 404);
    assert_string_equal(world_text(w, "msg"), "unexpected Content-Type: \"text/plain\"");
    assert_int_equal(world_livekit(w, "GetSIPInboundTrunk", "{\"sip_trunk_id\":\"ST_0\"}"), 404);
    assert_string_equal(world_text(w, "code"), "not_found");
    assert_int_equal(world_livekit_as(w, NULL, "NoSuchMethod", "{}"), 404);
    assert_int_equal(raw(w, "GET", "/", ""), 200);
    assert_string_equal(w->answer.body, "OK");
}

static void test_an_old_server_has_no_update_and_no_get(void **state)
{
    static const char *const gone[] = { "UpdateSIPInboundTrunk", "UpdateSIPOutboundTrunk", "UpdateSIPDispatchRule", "GetSIPInboundTrunk",
                                        "GetSIPOutboundTrunk" };
    struct world *w = *state;
    assert_int_equal(world_livekit(w, "UpdateSIPInboundTrunk", "{}"), 400);
    assert_int_equal(world_control(w, "POST config", "{\"livekit_old_server\":1}"), 200);
    for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
        assert_int_equal(world_livekit(w, gone[i], "{}"), 404);
        assert_string_equal(world_text(w, "code"), "bad_route");
    }
    assert_int_equal(world_livekit(w, "ListSIPDispatchRule", "{}"), 200);
}

static void test_malformed_bodies(void **state)
{
    static const char *const bodies[] = {
        "", "[]", "x", "{\"trunk\":[]}", "{\"trunk\":{\"numbers\":\"+1\"}}", "{\"trunk\":{\"numbers\":[null]}}", "{\"trunk\":{\"numbers\":[1]}}",
        "{\"trunk\":{\"name\":1}}", "{\"trunk\":{\"name\":\"a\",\"name\":\"b\"}}", "{\"trunk\":{\"allowedNumbers\":[],\"allowed_numbers\":[]}}",
        "{\"trunk\":{\"ringing_timeout\":45}}", "{\"trunk\":{\"ringing_timeout\":\"45\"}}", "{\"trunk\":{\"ringing_timeout\":\"1m\"}}",
        "{\"trunk\":{\"krisp_enabled\":\"true\"}}", "{\"trunk\":{\"headers\":{\"X-A\":1}}}", "{\"trunk\":{\"created_at\":\"yesterday\"}}",
        "{\"trunk\":{\"include_headers\":[]}}", "{\"trunk\":{\"media\":{\"codecs\":[{\"rate\":\"many\"}]}}}", "{\"trunk\":{\"name\":\"\xff\"}}",
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        int status = world_livekit(w, "CreateSIPInboundTrunk", bodies[i]);
        if (status != 400 || strcmp(world_text(w, "code"), "malformed") != 0)
            fail_msg("%s: %d %s", bodies[i], status, w->answer.body);
        assert_string_equal(world_text(w, "msg"), "the json request could not be decoded");
    }
    assert_int_equal(world_livekit(w, "CreateSIPDispatchRule",
                                   "{\"dispatch_rule\":{\"rule\":{\"dispatch_rule_direct\":{},\"dispatchRuleCallee\":{}}}}"), 400);
    assert_string_equal(world_text(w, "code"), "malformed");
    assert_int_equal(world_livekit(w, "UpdateSIPInboundTrunk", "{\"sip_trunk_id\":\"x\",\"replace\":{},\"update\":{}}"), 400);
    assert_string_equal(world_text(w, "code"), "malformed");
    assert_int_equal(LIVEKIT_COUNT(w, "inbound_trunks"), 0);
}

static void test_what_is_accepted_and_how_it_comes_back(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk",
        "{\"trunk\":{\"name\":null,\"unknown\":1,\"numbers\":[\"+1\"],\"ringingTimeout\":\"1.5s\",\"max_call_duration\":\"-5s\","
        "\"includeHeaders\":1,\"mediaEncryption\":\"sip_media_encrypt_allow\",\"media\":{\"encryption\":7,\"codecs\":[{\"name\":\"PCMU\","
        "\"rate\":\"8000\"}],\"mediaTimeout\":\"30.000s\"},\"created_at\":\"2026-01-01T00:00:00Z\"}} and the rest"), 200);
    assert_string_equal(world_text(w, "ringing_timeout"), "1.500s");
    assert_string_equal(world_text(w, "max_call_duration"), "-5s");
    assert_string_equal(world_text(w, "include_headers"), "SIP_X_HEADERS");
    assert_string_equal(world_text(w, "media_encryption"), "SIP_MEDIA_ENCRYPT_DISABLE");
    assert_int_equal(world_int(w, "media.encryption"), 7);
    assert_int_equal(world_int(w, "media.codecs.0.rate"), 8000);
    assert_string_equal(world_text(w, "media.media_timeout"), "30s");
    assert_string_equal(world_text(w, "created_at"), "2026-01-01T00:00:00Z");
    assert_true(world_says(w, "\"updated_at\":null"));
    assert_false(world_says(w, "unknown"));
}

static void test_defaults_come_out(void **state)
{
    static const char *const members[] = {
        "\"metadata\":\"\"", "\"allowed_addresses\":[]", "\"headers\":{}", "\"include_headers\":\"SIP_NO_HEADERS\"", "\"ringing_timeout\":null",
        "\"krisp_enabled\":false", "\"media\":null", "\"created_at\":null", "\"auth_realm\":\"\"",
    };
    struct world *w = *state;
    char id[128];
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"]}}"), 200);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        assert_true(world_says(w, members[i]));
    world_keep(w, "sip_trunk_id", id);
    assert_int_equal(strlen(id), 15);
    assert_memory_equal(id, "ST_", 3);
    assert_int_equal(strspn(id + 3, "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"), 12);
}

static void test_camel_case_without_defaults_is_a_switch(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST config", "{\"livekit_camel\":1}"), 200);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"],\"ringing_timeout\":\"45s\",\"media\":{}}}"), 200);
    assert_non_null(world_text(w, "sipTrunkId"));
    assert_string_equal(world_text(w, "ringingTimeout"), "45s");
    assert_int_equal(json_object_object_length(world_json(w, "media")), 0);
    assert_int_equal(json_object_object_length(w->body), 4);
    assert_int_equal(world_livekit(w, "ListSIPOutboundTrunk", "{}"), 200);
    assert_string_equal(w->answer.body, "{}");
}

static void test_more_switches(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_control(w, "POST config", "{\"livekit_stamps\":1,\"livekit_hides_passwords\":1,\"livekit_drops_media\":1}"), 200);
    assert_int_equal(world_livekit(w, "CreateSIPInboundTrunk", "{\"trunk\":{\"numbers\":[\"+1\"],\"auth_password\":\"p\",\"media\":{\"encryption\":1}}}"), 200);
    assert_string_equal(world_text(w, "created_at"), "2026-11-22T09:00:00Z");
    assert_string_equal(world_text(w, "auth_password"), "");
    assert_true(world_says(w, "\"media\":null"));
}

static void test_a_call_cannot_be_placed_here(void **state)
{
    static const struct { const char *body; int status; const char *msg; } rows[] = {
        { "{}", 400, "missing sip trunk id and sip number" },
        { "{\"sip_trunk_id\":\"ST_0\"}", 400, "missing sip callee number" },
        { "{\"sip_trunk_id\":\"ST_0\",\"sip_call_to\":\"+1@x\"}", 400, "SipCallTo should be a phone number or SIP user, not a full SIP URI" },
        { "{\"sip_trunk_id\":\"ST_0\",\"sip_call_to\":\"+1\"}", 400, "missing room name" },
        { "{\"sip_trunk_id\":\"ST_0\",\"sip_call_to\":\"+1\",\"room_name\":\"r\"}", 404, "requested sip trunk does not exist" },
        { "{\"sip_number\":\"+2\",\"sip_call_to\":\"+1\",\"room_name\":\"r\"}", 503, "twirp error unknown: no response from servers" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(world_livekit(w, "CreateSIPParticipant", rows[i].body), rows[i].status);
        assert_string_equal(world_text(w, "msg"), rows[i].msg);
    }
    denied_as_json(w, with_claims(w, CLAIMS(",\"sip\":{\"call\":true}")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_token_or_no_grant_is_json), TEST(test_a_bad_token_is_text_with_the_token_in_it), TEST(test_times_have_a_minute_of_leeway),
        TEST(test_a_revoked_project), TEST(test_a_token_in_the_query), TEST(test_the_three_meanings_of_404),
        TEST(test_an_old_server_has_no_update_and_no_get), TEST(test_malformed_bodies), TEST(test_what_is_accepted_and_how_it_comes_back),
        TEST(test_defaults_come_out), TEST(test_camel_case_without_defaults_is_a_switch), TEST(test_more_switches),
        TEST(test_a_call_cannot_be_placed_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
