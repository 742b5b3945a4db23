/* Digests, base64, dates, forms, globs and the strict JSON reader of the simulator. */
#include "sim_fixture.h"

#include "../../src/sim/form.h"
#include "../../src/sim/hash.h"
#include "../../src/sim/json.h"
#include "../../src/sim/world.h"

static void hex_of(const uint8_t *bytes, size_t n, char *ret_hex)
{
    for (size_t i = 0; i < n; i++)
        (void)snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

static void test_sha256_of_the_standard_s_examples(void **state)
{
    static const struct { const char *text, *hex; } rows[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t digest[32];
        char hex[65];
        sha256(rows[i].text, strlen(rows[i].text), digest);
        hex_of(digest, 32, hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void test_hmac_of_rfc_4231(void **state)
{
    uint8_t digest[32], long_key[131];
    char hex[65];
    (void)state;
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    hex_of(digest, 32, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof(long_key));
    hmac_sha256(long_key, sizeof(long_key), "Test Using Larger Than Block-Size Key - Hash Key First", 54, digest);
    hex_of(digest, 32, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_md5_of_rfc_1321(void **state)
{
    static const struct { const char *text, *hex; } rows[] = {
        { "", "d41d8cd98f00b204e9800998ecf8427e" },
        { "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
        { "12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a" },
    };
    char hex[33];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        md5_hex(rows[i].text, strlen(rows[i].text), hex);
        assert_string_equal(hex, rows[i].hex);
    }
}

static void test_base64_in_both_alphabets(void **state)
{
    uint8_t bytes[16];
    size_t n = 0;
    (void)state;
    assert_true(base64_decode("+/+/AA==", 8, bytes, &n));
    assert_int_equal(n, 4);
    assert_memory_equal(bytes, "\xfb\xff\xbf\x00", 4);
    assert_true(base64_decode("-_-_AA", 6, bytes, &n));
    assert_int_equal(n, 4);
    assert_false(base64_decode("a", 1, bytes, &n));
    assert_false(base64_decode("a?b=", 4, bytes, &n));
}

static void test_dates_of_both_hosts(void **state)
{
    static const struct { int64_t ms; const char *iso, *rfc; } rows[] = {
        { 0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000" },
        { INT64_C(1438298344000), "2015-07-30T23:19:04Z", "Thu, 30 Jul 2015 23:19:04 +0000" },
        { INT64_C(1709251199999), "2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 +0000" },
        { INT64_C(1795338000000), "2026-11-22T09:00:00Z", "Sun, 22 Nov 2026 09:00:00 +0000" },
    };
    char text[64];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        date_iso(rows[i].ms, text, sizeof(text));
        assert_string_equal(text, rows[i].iso);
        date_rfc2822(rows[i].ms, text, sizeof(text));
        assert_string_equal(text, rows[i].rfc);
    }
}

static void test_a_plus_is_a_space_in_forms_and_a_plus_in_paths(void **state)
{
    struct arena a = { 0 };
    struct form form;
    static const char text[] = "A=%2B1555&B=+1555&&C&A=last&D=%zz";
    (void)state;
    form_parse(&a, text, strlen(text), &form);
    assert_int_equal(form.count, 5);
    assert_string_equal(form.pairs[0].value, "+1555");
    assert_string_equal(form_get(&form, "A"), "last");
    assert_string_equal(form_get(&form, "B"), " 1555");
    assert_string_equal(form_get(&form, "C"), "");
    assert_string_equal(form_get(&form, "D"), "%zz");
    assert_null(form_get(&form, "E"));
    assert_string_equal(url_decode(&a, "a+b%20c", 7, false), "a+b c");
    arena_release(&a);
}

static void test_globs(void **state)
{
    (void)state;
    assert_true(glob_match("*/CreateSIP*Trunk", "/twirp/livekit.SIP/CreateSIPInboundTrunk"));
    assert_true(glob_match("/v1/Trunks/TK?/x", "/v1/Trunks/TK1/x"));
    assert_true(glob_match("*", ""));
    assert_false(glob_match("/v1/Trunks", "/v1/Trunks/TK1"));
    assert_false(glob_match("*a", "ab"));
}

static bool reads(const char *text)
{
    struct json_object *o = json_read_object(text, strlen(text));
    json_object_put(o);
    return o != NULL;
}

static void test_json_that_is_read(void **state)
{
    static const char *const good[] = {
        "{}", " {\"a\":[1,-2.5e3,true,false,null,\"x\"]}", "{\"a\":{}} what follows is ignored", "{\"\\ud83d\\ude00\":\"\xf0\x9f\x98\x80\"}",
        "{\"a\":\"\\u0000\\n\\/\"}", "{\"a\":9223372036854775807,\"b\":0}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(reads(good[i]));
}

static void test_json_that_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "[]", "null", "1", "{", "{\"a\":1,}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":NaN}", "{'a':1}", "{\"a\":1,\"a\":2}",
        "{\"a\":\"\\ud83d\"}", "{\"a\":\"\\ude00\"}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
        "\xef\xbb\xbf{}", "{\"a\":\"\n\"}", "{\"a\":\"\\x\"}", "{\"a\" 1}", "{a:1}", "{\"a\":[1 2]}", "{\"a\":tru}", "{\"a\":\"\\u12\"}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (reads(bad[i]))
            fail_msg("read: %s", bad[i]);
}

static void test_json_nested_too_deep_is_refused(void **state)
{
    char text[512] = "{\"a\":";
    (void)state;
    memset(text + 5, '[', 70);
    memset(text + 75, ']', 70);
    text[145] = '}';
    assert_false(reads(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_of_the_standard_s_examples),
        cmocka_unit_test(test_hmac_of_rfc_4231),
        cmocka_unit_test(test_md5_of_rfc_1321),
        cmocka_unit_test(test_base64_in_both_alphabets),
        cmocka_unit_test(test_dates_of_both_hosts),
        cmocka_unit_test(test_a_plus_is_a_space_in_forms_and_a_plus_in_paths),
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_json_that_is_read),
        cmocka_unit_test(test_json_that_is_refused),
        cmocka_unit_test(test_json_nested_too_deep_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
