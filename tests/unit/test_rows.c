/* Desired rows: from what PostgreSQL sends to structs, and what is refused on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/json.h>
#include <trunkd/model.h>

static struct arena arena;

static int forget(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static const struct json *parse(const char *text)
{
    const struct json *tree = NULL;
    struct err err = { 0 };

    if (!json_parse(&arena, text, strlen(text), &tree, &err))
        fail_msg("%s: %s", text, err.text);
    return tree;
}

static void test_a_number_with_everything(void **state)
{
    struct number *row = NULL;

    (void)state;
    assert_true(number_decode(parse("{\"phone_number\":\"+14155551234\",\"label\":\"Support line\",\"supports_inbound\":true,\"supports_outbound\":true,"
        "\"provider\":\"twilio\",\"twilio_account\":\"main\",\"livekit_project\":\"lk\",\"trunk\":\"big\",\"agent\":\"support\",\"takeover\":true,"
        "\"inbound_trunk\":{},\"outbound_trunk\":{},\"twilio_trunk\":{\"secure\": true, \"n\": [1, null]},\"labels\":{\"a\":\"b\"},\"generation\":7,"
        "\"created_at\":\"2026-01-01\",\"a_column_of_tomorrow\":[[]]}"), &row, NULL));
    assert_string_equal(row->phone_number, "+14155551234");
    assert_string_equal(row->label, "Support line");
    assert_true(row->supports_inbound && row->supports_outbound && row->takeover);
    assert_false(row->is_sip);
    assert_string_equal(row->twilio_account, "main");
    assert_string_equal(row->livekit_project, "lk");
    assert_string_equal(row->trunk, "big");
    assert_string_equal(row->agent, "support");
    assert_string_equal(row->twilio_trunk, "{\"secure\":true,\"n\":[1,null]}");
    assert_int_equal(row->generation, 7);
    number_free(row);
    number_free(NULL);
}

static void test_a_number_with_little(void **state)
{
    struct number *row = NULL;

    (void)state;
    assert_true(number_decode(parse("{\"phone_number\":\"+14155551234\",\"label\":null,\"provider\":\"sip\",\"agent\":\"\",\"twilio_trunk\":{}}"), &row, NULL));
    assert_string_equal(row->label, "");
    assert_true(row->is_sip);
    assert_false(row->supports_inbound || row->supports_outbound || row->takeover);
    assert_null(row->agent);
    assert_null(row->twilio_trunk);
    assert_int_equal(row->generation, 0);
    number_free(row);
    assert_true(number_decode(parse("{\"phone_number\":\"+14155551234\"}"), &row, NULL));
    assert_false(row->is_sip);
    number_free(row);
}

static void test_a_number_that_cannot_be(void **state)
{
    static const char *const rows[] = {
        "[]", "{}", "{\"phone_number\":null}", "{\"phone_number\":\"\"}", "{\"phone_number\":14155551234}", "{\"phone_number\":\"14155551234\"}",
        "{\"phone_number\":\"+14155551234\",\"provider\":\"acme\"}", "{\"phone_number\":\"+14155551234\",\"label\":{}}",
        "{\"phone_number\":\"+14155551234\",\"takeover\":\"yes\"}", "{\"phone_number\":\"+14155551234\",\"generation\":-1}",
        "{\"phone_number\":\"+14155551234\",\"generation\":\"7\"}", "{\"phone_number\":\"+14155551234\",\"generation\":1.5}",
    };
    struct number *row = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = { 0 };

        if (number_decode(parse(rows[i]), &row, &err))
            fail_msg("taken: %s", rows[i]);
        assert_int_equal(err.class, ERR_REJECTED);
        assert_null(row);
    }
    assert_false(number_decode(NULL, &row, NULL));
}

/* {"phone_number":"+14155551234", "<column>": <open> x… <close>} */
static const struct json *long_row(const char *column, const char *open, size_t bytes, const char *close)
{
    char *text = arena_alloc(&arena, bytes + 1);

    memset(text, 'x', bytes);
    return parse(arena_printf(&arena, "{\"phone_number\":\"+14155551234\",\"%s\":%s%s%s}", column, open, text, close));
}

static void test_texts_have_a_limit(void **state)
{
    static const size_t max = (size_t)256 << 10;
    struct number *row = NULL;
    struct err err = { 0 };

    (void)state;
    assert_true(number_decode(long_row("label", "\"", max, "\""), &row, NULL));
    number_free(row);
    assert_false(number_decode(long_row("label", "\"", max + 1, "\""), &row, &err));
    assert_int_equal(err.class, ERR_LIMIT);
    assert_true(number_decode(long_row("twilio_trunk", "[\"", max - 4, "\"]"), &row, NULL));
    number_free(row);
    assert_false(number_decode(long_row("twilio_trunk", "[\"", max - 3, "\"]"), &row, &err));
    assert_int_equal(err.class, ERR_LIMIT);
}

static void test_an_agent(void **state)
{
    struct agent *row = NULL;
    struct err err = { 0 };

    (void)state;
    assert_true(agent_decode(parse("{\"name\":\"support\",\"dispatch_name\":\"front-desk\",\"metadata\":\"{}\",\"room_prefix\":\"call\",\"generation\":3}"), &row, NULL));
    assert_string_equal(row->name, "support");
    assert_string_equal(row->dispatch_name, "front-desk");
    assert_string_equal(row->metadata, "{}");
    assert_string_equal(row->room_prefix, "call");
    assert_int_equal(row->generation, 3);
    agent_free(row);
    assert_true(agent_decode(parse("{\"name\":\"support\",\"dispatch_name\":\"front-desk\"}"), &row, NULL));
    assert_string_equal(row->metadata, "");
    assert_string_equal(row->room_prefix, "");
    agent_free(row);
    assert_false(agent_decode(parse("{\"name\":\"support\"}"), &row, &err));
    assert_string_equal(err.text, "agent support: column dispatch_name is missing");
    agent_free(NULL);
}

static void test_a_trunk(void **state)
{
    struct trunk *row = NULL;
    struct err err = { 0 };

    (void)state;
    assert_true(trunk_decode(parse("{\"id\":\"6a3f5c9e-0000-4000-8000-000000000001\",\"name\":\"big\",\"twilio_account\":\"main\",\"livekit_project\":\"lk\","
                                   "\"twilio_trunk\":{},\"numbers_max\":100,\"generation\":9}"), &row, NULL));
    assert_string_equal(row->id, "6a3f5c9e-0000-4000-8000-000000000001");
    assert_string_equal(row->name, "big");
    assert_string_equal(row->twilio_account, "main");
    assert_string_equal(row->livekit_project, "lk");
    assert_string_equal(row->twilio_trunk, "{}");
    assert_int_equal(row->numbers_max, 100);
    assert_int_equal(row->generation, 9);
    trunk_free(row);
    assert_true(trunk_decode(parse("{\"id\":\"x\",\"name\":\"big\",\"twilio_account\":\"main\",\"twilio_trunk\":null,\"numbers_max\":null}"), &row, NULL));
    assert_string_equal(row->twilio_trunk, "{}");
    assert_int_equal(row->numbers_max, 0);
    trunk_free(row);
    assert_false(trunk_decode(parse("{\"id\":\"x\",\"name\":\"big\"}"), &row, &err));
    assert_string_equal(err.text, "trunk big: column twilio_account is missing");
    trunk_free(NULL);
}

static void test_a_twilio_account(void **state)
{
    struct account *row = NULL;

    (void)state;
    assert_true(account_decode(parse("{\"name\":\"main\",\"account_sid\":\"AC1\",\"api_key_sid\":\"SK1\",\"secret\":\"file:account/main\",\"region\":\"au1\",\"edge\":\"sydney\","
        "\"base_url\":\"http://127.0.0.1:8080/twilio//\",\"livekit_project\":\"lk\",\"numbers_per_trunk\":20,\"max_in_flight\":2,\"drift\":\"report\",\"requests_per_minute\":70,"
        "\"termination_address\":\"sip.example.com\",\"generation\":4}"), &row, NULL));
    assert_int_equal(row->family, FAMILY_TWILIO);
    assert_string_equal(row->name, "main");
    assert_string_equal(row->account_sid, "AC1");
    assert_string_equal(row->user, "SK1");
    assert_string_equal(row->secret, "file:account/main");
    assert_string_equal(row->region, "au1");
    assert_string_equal(row->edge, "sydney");
    assert_string_equal(row->base_url, "http://127.0.0.1:8080/twilio");
    assert_string_equal(row->livekit_project, "lk");
    assert_string_equal(row->termination_address, "sip.example.com");
    assert_int_equal(row->numbers_per_trunk, 20);
    assert_int_equal(row->max_in_flight, 2);
    assert_string_equal(row->drift, "report");
    assert_int_equal(row->requests_per_minute, 70);
    assert_int_equal(row->generation, 4);
    account_free(row);
    assert_true(account_decode(parse("{\"name\":\"main\",\"account_sid\":\"AC1\",\"api_key_sid\":null,\"secret\":\"file:account/main\",\"base_url\":null}"), &row, NULL));
    assert_string_equal(row->user, "AC1");
    assert_null(row->base_url);
    assert_int_equal(row->numbers_per_trunk, 500);
    assert_int_equal(row->max_in_flight, 4);
    account_free(row);
    account_free(NULL);
}

static void test_a_livekit_project(void **state)
{
    static const struct { const char *url, *is; } urls[] = {
        { "wss://x.livekit.cloud/", "https://x.livekit.cloud" }, { "ws://127.0.0.1:7880", "http://127.0.0.1:7880" },
        { "https://lk.example.com/base/", "https://lk.example.com/base" }, { "http://[::1]:7880", "http://[::1]:7880" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
        struct account *row = NULL;

        assert_true(account_decode(parse(arena_printf(&arena, "{\"name\":\"lk\",\"url\":\"%s\",\"api_key\":\"key\",\"secret\":\"env:TRUNKD_ACCOUNT_LK\","
                                         "\"sip_host\":\"x.sip.livekit.cloud\",\"max_in_flight\":null,\"generation\":1}", urls[i].url)), &row, NULL));
        assert_int_equal(row->family, FAMILY_LIVEKIT);
        assert_string_equal(row->url, urls[i].is);
        assert_string_equal(row->user, "key");
        assert_string_equal(row->sip_host, "x.sip.livekit.cloud");
        assert_int_equal(row->max_in_flight, 5);
        account_free(row);
    }
}

static void test_an_account_that_cannot_be(void **state)
{
    static const struct { const char *row, *words; } rows[] = {
        { "{\"name\":\"main\",\"account_sid\":\"AC1\"}", "account main: column secret is missing" },
        { "{\"name\":\"lk\",\"url\":\"http://x\",\"secret\":\"s\"}", "project lk: column api_key is missing" },
        { "{\"account_sid\":\"AC1\"}", "account ?: column name is missing" },
        { "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"s\",\"region\":\"x@evil.example/\"}", "account main: region and edge are lower-case letters, digits and dashes" },
        { "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"s\",\"edge\":\"a.b\"}", "account main: region and edge are lower-case letters, digits and dashes" },
        { "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"s\",\"region\":\"abcdefghijklmnopqrstuvwxyz0123456\"}", "account main: region and edge are lower-case letters, digits and dashes" },
        { "{\"name\":\"main\",\"account_sid\":\"AC1/../x\",\"secret\":\"s\"}", "account main: the account SID is at most 64 letters and digits" },
        { "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"s\",\"base_url\":\"ftp://x\"}", "account main: its URL begins with neither https:// nor http://" },
        { "{\"name\":\"lk\",\"url\":\"x.livekit.cloud\",\"api_key\":\"k\",\"secret\":\"s\"}", "account lk: its URL begins with neither https:// nor http://" },
    };
    struct account *row = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct err err = { 0 };

        assert_false(account_decode(parse(rows[i].row), &row, &err));
        assert_string_equal(err.text, rows[i].words);
    }
    assert_null(row);
}

static void test_texts_of_an_account_have_a_limit(void **state)
{
    char text[4098] = "";
    struct account *row = NULL;
    struct err err = { 0 };

    (void)state;
    memset(text, 's', 4096);
    assert_true(account_decode(parse(arena_printf(&arena, "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"%s\"}", text)), &row, NULL));
    account_free(row);
    memset(text, 's', 4097);
    assert_false(account_decode(parse(arena_printf(&arena, "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"%s\"}", text)), &row, &err));
    assert_int_equal(err.class, ERR_LIMIT);
    memset(text, 'A', 65);
    text[65] = '\0';
    assert_false(account_decode(parse(arena_printf(&arena, "{\"name\":\"main\",\"account_sid\":\"%s\",\"secret\":\"s\"}", text)), &row, &err));
    text[64] = '\0';
    assert_true(account_decode(parse(arena_printf(&arena, "{\"name\":\"main\",\"account_sid\":\"%s\",\"secret\":\"s\"}", text)), &row, &err));
    account_free(row);
}

static void test_a_name_of_an_account_has_a_limit(void **state)
{
    char name[KEY_BYTES_MAX + 1] = "";
    struct account *row = NULL;
    struct err err = { 0 };

    (void)state;
    memset(name, 'n', KEY_BYTES_MAX - 1);
    assert_true(account_decode(parse(arena_printf(&arena, "{\"name\":\"%s\",\"account_sid\":\"AC1\",\"secret\":\"s\"}", name)), &row, NULL));
    account_free(row);
    memset(name, 'n', KEY_BYTES_MAX);
    assert_false(account_decode(parse(arena_printf(&arena, "{\"name\":\"%s\",\"account_sid\":\"AC1\",\"secret\":\"s\"}", name)), &row, &err));
    assert_int_equal(err.class, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_number_with_everything, forget),
        cmocka_unit_test_teardown(test_a_number_with_little, forget),
        cmocka_unit_test_teardown(test_a_number_that_cannot_be, forget),
        cmocka_unit_test_teardown(test_texts_have_a_limit, forget),
        cmocka_unit_test_teardown(test_an_agent, forget),
        cmocka_unit_test_teardown(test_a_trunk, forget),
        cmocka_unit_test_teardown(test_a_twilio_account, forget),
        cmocka_unit_test_teardown(test_a_livekit_project, forget),
        cmocka_unit_test_teardown(test_an_account_that_cannot_be, forget),
        cmocka_unit_test_teardown(test_texts_of_an_account_have_a_limit, forget),
        cmocka_unit_test_teardown(test_a_name_of_an_account_has_a_limit, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
