/* Text helpers. The hashes here are for ever: tags and derived uuids of running installations rest on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/text.h>

static void test_comparing_knows_null(void **state)
{
    (void)state;
    assert_true(text_equal("a", "a"));
    assert_false(text_equal("a", "b"));
    assert_false(text_equal("", NULL));
    assert_false(text_equal(NULL, ""));
    assert_true(text_equal(NULL, NULL));
    assert_true(text_starts("file:sip/x", "file:"));
    assert_true(text_starts("a", ""));
    assert_false(text_starts("fil", "file:"));
    assert_false(text_starts(NULL, "file:"));
    assert_true(text_is_empty(NULL));
    assert_true(text_is_empty(""));
    assert_false(text_is_empty(" "));
    assert_string_equal(text_or(NULL, "x"), "x");
    assert_string_equal(text_or("", "x"), "");
}

static void test_copying_cuts_and_terminates(void **state)
{
    char to[4];

    (void)state;
    text_copy(to, sizeof to, "abc");
    assert_string_equal(to, "abc");
    text_copy(to, sizeof to, "abcd");
    assert_string_equal(to, "abc");
    text_copy(to, sizeof to, "");
    assert_string_equal(to, "");
    text_copy(to, 1, "abc");
    assert_string_equal(to, "");
}

static void test_utf8_characters_are_measured(void **state)
{
    static const char *const bad[] = { "\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                                       "\xF5\x80\x80\x80", "\xC3", "\xC3(", "\xE2\x82", "\xE2\x82(", "\xE2(\x82" };

    (void)state;
    assert_int_equal(text_utf8_length("", 0), 0);
    assert_int_equal(text_utf8_length("a", 1), 1);
    assert_int_equal(text_utf8_length("\xC3\xBC", 2), 2);
    assert_int_equal(text_utf8_length("\xE2\x82\xAC", 3), 3);
    assert_int_equal(text_utf8_length("\xF0\x9F\x93\x9E", 4), 4);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(text_utf8_length(bad[i], strlen(bad[i])), 0);
}

static void test_a_text_is_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(text_utf8_cut("abc", 3), 3);
    assert_int_equal(text_utf8_cut("abc", 2), 2);
    assert_int_equal(text_utf8_cut("a\xE2\x82\xAC", 4), 4);
    assert_int_equal(text_utf8_cut("a\xE2\x82\xAC", 3), 1);
    assert_int_equal(text_utf8_cut("\xE2\x82\xAC", 2), 0);
}

static void test_e164(void **state)
{
    static const char *const good[] = { "+10", "+14155551234", "+999999999999999" };
    static const char *const bad[] = { "", "+", "+1", "+01", "14155551234", "+1415555123x", "+1 415", "+9999999999999999", "++1", "+12\n" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(text_is_e164(good[i]));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(text_is_e164(bad[i]));
    assert_false(text_is_e164(NULL));
}

struct number { const char *text; int64_t min, max; bool ok; int64_t value; };

static const struct number numbers[] = {
    { "0",                      0, 0,                   true,  0 },
    { "-0",                     0, 0,                   true,  0 },
    { "007",                    0, 9,                   true,  7 },
    { "65535",                  1, 65535,               true,  65535 },
    { "65536",                  1, 65535,               false, 0 },
    { "0",                      1, 65535,               false, 0 },
    { "-5",                     -5, 5,                  true,  -5 },
    { "-6",                     -5, 5,                  false, 0 },
    { "9223372036854775807",    INT64_MIN, INT64_MAX,   true,  INT64_MAX },
    { "9223372036854775808",    INT64_MIN, INT64_MAX,   false, 0 },
    { "-9223372036854775808",   INT64_MIN, INT64_MAX,   true,  INT64_MIN },
    { "-9223372036854775809",   INT64_MIN, INT64_MAX,   false, 0 },
    { "99999999999999999999",   INT64_MIN, INT64_MAX,   false, 0 },
    { "",                       0, 9,                   false, 0 },
    { "-",                      -9, 9,                  false, 0 },
    { "+1",                     0, 9,                   false, 0 },
    { " 1",                     0, 9,                   false, 0 },
    { "1 ",                     0, 9,                   false, 0 },
    { "1x",                     0, 9,                   false, 0 },
    { "0x1",                    0, 9,                   false, 0 },
    { NULL,                     0, 9,                   false, 0 },
};

static void test_numbers_are_whole_and_in_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        const struct number *n = &numbers[i];
        int64_t value = 4711;

        assert_int_equal(text_to_int(n->text, n->min, n->max, &value), n->ok);
        assert_int_equal(value, n->ok ? n->value : 4711);
    }
}

static void test_hashes_are_for_ever(void **state)
{
    (void)state;
    assert_true(hash_text("", 0) == UINT64_C(0xf52a15e9a9b5e89b));
    assert_true(hash_text("trunkd", 0) == UINT64_C(0x11b67b027195aad4));
    assert_true(hash_text("trunkd", 1) == UINT64_C(0x4d2e64c87bc1e545));
    assert_true(hash_text(NULL, 0) == UINT64_C(0xaebe53f85cdc3c4c));
    assert_true(hash_bytes("a\0b", 3, 0) == UINT64_C(0xeb38c838c62d597e));
    assert_true(hash_bytes(NULL, 0, 7) == hash_text("", 7));
}

static void test_base32_writes_the_low_bits(void **state)
{
    char text[14];

    (void)state;
    base32_u64(0, 8, text);
    assert_string_equal(text, "aaaaaaaa");
    base32_u64(UINT64_MAX, 13, text);
    assert_string_equal(text, "p777777777777");
    base32_u64(UINT64_C(1) << 40 | 31 << 5 | 26, 8, text);
    assert_string_equal(text, "aaaaaa72");
    base32_u64(1, 0, text);
    assert_string_equal(text, "");
}

static void test_the_nearest_name(void **state)
{
    static const char *const keys[] = { "label", "supportsInbound", "supportsOutbound", "provider", "twilioAccount", "agent", NULL };
    static const char *const none[] = { NULL };
    char long_name[66];

    (void)state;
    assert_string_equal(text_nearest("lable", keys), "label");
    assert_string_equal(text_nearest("supports_inbound", keys), "supportsInbound");
    assert_string_equal(text_nearest("SUPPORTSOUTBOUND", keys), "supportsOutbound");
    assert_string_equal(text_nearest("agents", keys), "agent");
    assert_string_equal(text_nearest("agent", keys), "agent");
    assert_null(text_nearest("frobnicate", keys));
    assert_null(text_nearest("", keys));
    assert_null(text_nearest("label", none));
    memset(long_name, 'x', sizeof long_name);
    long_name[64] = '\0';
    assert_string_equal(text_nearest(long_name, (const char *const[]){ long_name, NULL }), long_name);
    long_name[64] = 'x';
    long_name[65] = '\0';
    assert_null(text_nearest(long_name, (const char *const[]){ long_name, NULL }));
}

static void test_near_means_a_third_and_swaps_count_once(void **state)
{
    static const char *const names[] = { "abcdef", NULL };

    (void)state;
    assert_string_equal(text_nearest("abcdXY", names), "abcdef");
    assert_null(text_nearest("abcXYZ", names));
    assert_string_equal(text_nearest("bacdfe", names), "abcdef");       /* two swaps */
    assert_null(text_nearest("badcfe", names));                         /* three */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparing_knows_null),
        cmocka_unit_test(test_copying_cuts_and_terminates),
        cmocka_unit_test(test_utf8_characters_are_measured),
        cmocka_unit_test(test_a_text_is_cut_between_characters),
        cmocka_unit_test(test_e164),
        cmocka_unit_test(test_numbers_are_whole_and_in_range),
        cmocka_unit_test(test_hashes_are_for_ever),
        cmocka_unit_test(test_base32_writes_the_low_bits),
        cmocka_unit_test(test_the_nearest_name),
        cmocka_unit_test(test_near_means_a_third_and_swaps_count_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
