/* What a scrub leaves of an answer. */
#include "vault_fixture.h"

#include <trunkd/text.h>

#define CAP 100000

static struct vault *vault;

/* The fingerprint of a secret, made the official way. */
static const char *fp(const char *secret)
{
    static char versions[4][VAULT_VERSION_BYTES];
    static size_t next;
    char *version = versions[next++ % 4];
    struct err err = { 0 };

    write_file("secrets/sip/x", secret, 0600);
    if (!vault_version(vault, "file:sip/x", "sip/x", version, &err))
        fail_msg("%s", err.text);
    return version;
}

static size_t scrub(struct buf *body, int status, size_t piece)
{
    struct vault_scrub *s = vault_scrub_begin(vault, status, body);
    size_t pieces = 1;

    while (!vault_scrub_more(s, piece))
        pieces++;
    vault_scrub_end(s, body);
    return pieces;
}

/* In one go or in the smallest pieces: it is the same. */
static void assert_scrubbed(const char *body, size_t length, int status, const char *expected)
{
    for (size_t piece = 1; piece <= CAP; piece *= CAP) {
        struct buf b;

        buf_init(&b, CAP);
        buf_add(&b, body, length);
        scrub(&b, status, piece);
        assert_true(buf_ok(&b));
        assert_true(b.bytes_max >= CAP);
        assert_string_equal(b.data, expected);
        assert_int_equal(b.length, strlen(expected));
        buf_wipe(&b);
    }
}

/* `before`, the quoted fingerprint of `secret`, `after`: that is what must be left. */
static void assert_replaced(const char *body, const char *secret, const char *before, const char *after)
{
    char expected[512];

    snprintf(expected, sizeof expected, "%s\"%s\"%s", before, secret[0] ? fp(secret) : "", after);
    assert_scrubbed(body, strlen(body), 200, expected);
}

static void assert_kept(const char *body)
{
    assert_scrubbed(body, strlen(body), 200, body);
}

static void assert_dropped(const char *body)
{
    assert_scrubbed(body, strlen(body), 200, "");
}

static void test_every_password_like_member_is_replaced(void **state)
{
    static const char *const names[] = { "auth_password", "authPassword", "password", "auth_token", "authToken",
        "turn_password", "turnPassword", "inbound_password", "inboundPassword", "outbound_password", "outboundPassword", "secret" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char body[128], before[64];

        snprintf(body, sizeof body, "{\"%s\":\"hunter2\",\"a\":1}", names[i]);
        snprintf(before, sizeof before, "{\"%s\":", names[i]);
        assert_replaced(body, "hunter2", before, ",\"a\":1}");
    }
}

static void test_empty_password_stays_empty(void **state)
{
    (void)state;
    assert_kept("{\"auth_password\":\"\"}");
    assert_kept("{\"auth_password\":null, \"secret\":true}");
}

static void test_depth_and_space_do_not_matter(void **state)
{
    (void)state;
    assert_replaced(" {\"items\": [1, {\"x\": {\"password\"\n :\t\"p\"}}]}\r\n", "p", " {\"items\": [1, {\"x\": {\"password\"\n :\t", "}}]}\r\n");
    assert_replaced("[[[{\"password\":\"p\"}]]]", "p", "[[[{\"password\":", "}]]]");
    assert_replaced("{\"secret\":{\"anything\":\"p\"},\"b\":\"p\"}", "p", "{\"secret\":{\"anything\":", "},\"b\":\"p\"}");
    assert_replaced("{\"secret\":[{\"anything\":\"p\"}],\"b\":\"p\"}", "p", "{\"secret\":[{\"anything\":", "}],\"b\":\"p\"}");
    assert_replaced("{\"secret\":[true,-12.5e3]}", "-12.5e3", "{\"secret\":[true,", "]}");
}

static void test_two_passwords_in_one_body(void **state)
{
    char expected[256];

    (void)state;
    snprintf(expected, sizeof expected, "{\"a\":[{\"auth_password\":\"%s\",\"n\":1},{\"n\":2,\"authPassword\":\"%s\"}]}", fp("one"), fp("a longer one than its fingerprint"));
    {
        const char *body = "{\"a\":[{\"auth_password\":\"one\",\"n\":1},{\"n\":2,\"authPassword\":\"a longer one than its fingerprint\"}]}";

        assert_scrubbed(body, strlen(body), 200, expected);
    }
}

static void test_value_is_unescaped_before_it_is_fingerprinted(void **state)
{
    (void)state;
    assert_replaced("{\"password\":\"a\\\"b\\\\c\\/d\"}", "a\"b\\c/d", "{\"password\":", "}");
    assert_replaced("{\"password\":\"\\u0061\\u00fc\\u20AC\\uD83D\\uDE00\"}", "aü€😀", "{\"password\":", "}");
    assert_replaced("{\"password\":\"aü€😀\"}", "aü€😀", "{\"password\":", "}");
    assert_replaced("{\"password\":\"x\\ud83dy\"}", "x\xef\xbf\xbdy", "{\"password\":", "}");
    assert_replaced("{\"password\":\"x\\ud83d\\u0041\"}", "x\xef\xbf\xbd" "A", "{\"password\":", "}");
    assert_replaced("{\"password\":\"\\udc00\"}", "\xef\xbf\xbd", "{\"password\":", "}");
    assert_replaced("{\"password\":\"a\\\"}\",\"b\":\"c\"}", "a\"}", "{\"password\":", ",\"b\":\"c\"}");
}

static void test_escaped_name_is_recognised(void **state)
{
    (void)state;
    assert_replaced("{\"auth\\u005Fpassword\":\"p\"}", "p", "{\"auth\\u005Fpassword\":", "}");
    assert_replaced("{\"pass\\u0077ord\":\"p\"}", "p", "{\"pass\\u0077ord\":", "}");
}

static void test_names_inside_strings_and_values_mean_nothing(void **state)
{
    (void)state;
    assert_kept("{\"a\":\"{\\\"password\\\":\\\"x\\\"}\"}");
    assert_kept("{\"a\":\"password\",\"b\":\"x\"}");
    assert_kept("[\"password\",\"x\"]");
    assert_kept("{\"password_hint\":\"x\",\"my_password\":\"y\",\"Password\":\"z\",\"passwor\":\"d\"}");
    assert_kept("{\"a_name_that_is_longer_than_every_name_in_the_table_password\":\"x\"}");
    assert_kept("{}");
    assert_kept("[]");
    assert_kept("{\"a\":[],\"b\":{},\"c\":[{}],\"d\":-1.5e+7,\"e\":false,\"f\":null,\"g\":\"\\u0041\\n\"}");
}

static void test_what_is_not_json_to_its_end_is_dropped(void **state)
{
    static const char whole[] = "{\"a\":[1,\"x\\u0041\",{\"password\":\"hunter2\"}],\"b\":true}";
    static const char *const broken[] = {
        "{\"password\":\"x\"}}", "{\"password\":\"x\"} y", "{\"password\":'x'}", "{'password':\"x\"}", "{password:\"x\"}",
        "{\"password\" \"x\"}", "{\"password\":\"x\",}", "{,\"password\":\"x\"}", "[1,]", "[1 2]", "[1}", "{\"a\":1]",
        "{\"a\":\"\\x\"}", "{\"a\":\"\\u00g0\"}", "{\"a\":\"\\ud83d\\u00\"}", "{\"a\":\"line\nbreak\"}", "{\"a\":NaN}", "{\"a\":tru}", "{\"a\":}",
        "/**/{\"password\":\"x\"}", "\xef\xbb\xbf{\"password\":\"x\"}",
    };

    (void)state;
    for (size_t n = 1; n < sizeof whole - 1; n++)
        assert_scrubbed(whole, n, 200, "");
    for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
        assert_dropped(broken[i]);
    assert_scrubbed("{\"a\":\"x\0y\"}", 11, 200, "");
}

static void test_depth_at_the_limit_and_one_past_it(void **state)
{
    char body[200];

    (void)state;
    for (int depth = 64; depth <= 65; depth++) {
        memset(body, '[', (size_t)depth);
        memset(body + depth, ']', (size_t)depth);
        body[2 * depth] = '\0';
        assert_scrubbed(body, strlen(body), 200, depth == 64 ? body : "");
    }
}

static void test_swelling_body_is_dropped(void **state)
{
    struct buf body;

    (void)state;
    buf_init(&body, CAP);
    buf_adds(&body, "{\"secret\":[1");
    for (int i = 0; i < 1000; i++)
        buf_adds(&body, ",1");
    buf_adds(&body, "]}");
    scrub(&body, 200, CAP);
    assert_int_equal(body.length, 0);
    buf_wipe(&body);
}

static void test_a_piece_is_about_as_long_as_is_asked_for(void **state)
{
    struct buf body;

    (void)state;
    buf_init(&body, CAP);
    buf_adds(&body, "[{\"password\":\"x\"}");
    while (body.length < 9000)
        buf_adds(&body, ",{\"name\":\"one of many\"}");
    buf_addc(&body, ']');
    assert_in_range(scrub(&body, 200, 1000), 9, 10);
    buf_wipe(&body);
}

/* Who is stopped in the middle leaves nothing to parse. */
static void test_what_is_not_searched_to_its_end_is_dropped(void **state)
{
    struct vault_scrub *s;
    struct buf body;

    (void)state;
    buf_init(&body, CAP);
    buf_adds(&body, "[{\"password\":\"x\"},{\"password\":\"y\"}]");
    s = vault_scrub_begin(vault, 200, &body);
    assert_null(body.data);
    assert_false(vault_scrub_more(s, 20));
    vault_scrub_end(s, &body);
    assert_string_equal(body.data, "");
    buf_wipe(&body);
}

static void test_long_text_is_dropped(void **state)
{
    struct buf body;

    (void)state;
    buf_init(&body, CAP);
    while (body.length < 65536)
        buf_addc(&body, 'x');
    scrub(&body, 200, CAP);
    assert_int_equal(body.length, 65536);
    buf_addc(&body, 'x');
    scrub(&body, 200, CAP);
    assert_int_equal(body.length, 0);
    buf_wipe(&body);
}

static void test_plain_text_is_kept_unless_it_speaks_of_secrets(void **state)
{
    (void)state;
    assert_kept("");
    assert_kept("OK");
    assert_kept("<html>502 Bad Gateway</html>");
    assert_dropped("invalid token: eyJhbGciOi");
    assert_dropped("Password=hunter2");
    assert_dropped("\"a string with a Secret in it\"");
    assert_scrubbed("a\0Authorization: x", 19, 200, "");
}

static void test_a_401_is_emptied_whatever_it_says(void **state)
{
    (void)state;
    assert_scrubbed("{\"code\":20003}", 14, 401, "");
    assert_scrubbed("{\"code\":20003}", 14, 403, "{\"code\":20003}");
}

static int open_one(void **state)
{
    if (set_up(state) != 0)
        return -1;
    vault = one_key_vault();
    return 0;
}

static int close_one(void **state)
{
    vault_free(vault);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_password_like_member_is_replaced),
        cmocka_unit_test(test_empty_password_stays_empty),
        cmocka_unit_test(test_depth_and_space_do_not_matter),
        cmocka_unit_test(test_two_passwords_in_one_body),
        cmocka_unit_test(test_value_is_unescaped_before_it_is_fingerprinted),
        cmocka_unit_test(test_escaped_name_is_recognised),
        cmocka_unit_test(test_names_inside_strings_and_values_mean_nothing),
        cmocka_unit_test(test_what_is_not_json_to_its_end_is_dropped),
        cmocka_unit_test(test_depth_at_the_limit_and_one_past_it),
        cmocka_unit_test(test_swelling_body_is_dropped),
        cmocka_unit_test(test_a_piece_is_about_as_long_as_is_asked_for),
        cmocka_unit_test(test_what_is_not_searched_to_its_end_is_dropped),
        cmocka_unit_test(test_long_text_is_dropped),
        cmocka_unit_test(test_plain_text_is_kept_unless_it_speaks_of_secrets),
        cmocka_unit_test(test_a_401_is_emptied_whatever_it_says),
    };

    return cmocka_run_group_tests(tests, open_one, close_one);
}
