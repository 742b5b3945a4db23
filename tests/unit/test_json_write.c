/* The JSON writer: commas, escapes, bytes that are not UTF-8, and json-c as second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <json.h>
#include <trunkd/buf.h>

static void test_commas_stand_where_they_are_due(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    json_open(&buf, '{');
    json_key_text(&buf, "a", "x[");
    json_key_int(&buf, "b", INT64_MIN);
    json_key_bool(&buf, "c", true);
    json_key_raw(&buf, "d", "{\"e\":1}");
    json_key_raw(&buf, "f", NULL);
    json_key(&buf, "g");
    json_open(&buf, '[');
    json_int(&buf, INT64_MAX);
    json_text(&buf, NULL);
    json_boolean(&buf, false);
    json_open(&buf, '[');
    json_close(&buf, ']');
    json_open(&buf, '{');
    json_close(&buf, '}');
    json_raw(&buf, "2.5");
    json_close(&buf, ']');
    json_key_text(&buf, "h", NULL);
    json_close(&buf, '}');
    assert_true(buf_ok(&buf));
    assert_string_equal(buf.data,
        "{\"a\":\"x[\",\"b\":-9223372036854775808,\"c\":true,\"d\":{\"e\":1},\"f\":null,"
        "\"g\":[9223372036854775807,null,false,[],{},2.5],\"h\":null}");
    buf_release(&buf);
}

struct escape { const char *text; size_t length; const char *json; };
#define TEXT(s) (s), sizeof(s) - 1
#define BAD "\xEF\xBF\xBD"

static const struct escape escapes[] = {
    { TEXT(""),                     "\"\"" },
    { TEXT("plain / text"),         "\"plain / text\"" },
    { TEXT("\"\\"),                 "\"\\\"\\\\\"" },
    { TEXT("\b\f\n\r\t"),           "\"\\b\\f\\n\\r\\t\"" },
    { TEXT("a\0b\x01\x1f\x7f"),     "\"a\\u0000b\\u0001\\u001f\x7f\"" },
    { TEXT("\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\"" },
    { TEXT("\xF4\x8F\xBF\xBF"),     "\"\xF4\x8F\xBF\xBF\"" },                   /* U+10FFFF, the last */
    { TEXT("\xF4\x90\x80\x80"),     "\"" BAD BAD BAD BAD "\"" },                /* one past it */
    { TEXT("\xED\x9F\xBF"),         "\"\xED\x9F\xBF\"" },                       /* U+D7FF */
    { TEXT("\xED\xA0\x80"),         "\"" BAD BAD BAD "\"" },                    /* a surrogate */
    { TEXT("\xC1\xBF"),             "\"" BAD BAD "\"" },                        /* overlong */
    { TEXT("\xE0\x9F\xBF"),         "\"" BAD BAD BAD "\"" },
    { TEXT("\xF0\x8F\xBF\xBF"),     "\"" BAD BAD BAD BAD "\"" },
    { TEXT("a\xE2\x82" "b"),        "\"a" BAD BAD "b\"" },
    { TEXT("\xE2\x82"),             "\"" BAD BAD "\"" },                        /* cut off at the end */
    { TEXT("\xF0\x9F\x98\""),       "\"" BAD BAD BAD "\\\"\"" },
    { TEXT("\x80\xFF\xFE"),         "\"" BAD BAD BAD "\"" },
};

static void test_strings_are_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
        struct buf buf;

        buf_init(&buf, 1000);
        json_text_n(&buf, escapes[i].text, escapes[i].length);
        assert_string_equal(buf.data, escapes[i].json);
        buf_release(&buf);
    }
}

static void test_json_c_reads_back_every_character(void **state)
{
    struct buf buf;
    char text[256];
    json_object *read;

    (void)state;
    for (size_t i = 0; i < 0x80; i++)
        text[i] = (char)i;
    buf_init(&buf, 2000);
    json_open(&buf, '[');
    json_text_n(&buf, text, 0x80);
    json_close(&buf, ']');
    read = json_tokener_parse(buf.data);
    assert_non_null(read);
    assert_int_equal(json_object_get_string_len(json_object_array_get_idx(read, 0)), 0x80);
    assert_memory_equal(json_object_get_string(json_object_array_get_idx(read, 0)), text, 0x80);
    json_object_put(read);
    buf_release(&buf);
}

static void test_a_limit_fails_the_buffer_anywhere(void **state)
{
    size_t full;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    json_open(&buf, '{');
    json_key_text(&buf, "k\n", "v\xFF");
    json_close(&buf, '}');
    full = buf.length;
    buf_release(&buf);
    for (size_t max = 0; max <= full; max++) {
        buf_init(&buf, max);
        json_open(&buf, '{');
        json_key_text(&buf, "k\n", "v\xFF");
        json_close(&buf, '}');
        assert_int_equal(buf_ok(&buf), max == full);
        buf_release(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas_stand_where_they_are_due),
        cmocka_unit_test(test_strings_are_escaped),
        cmocka_unit_test(test_json_c_reads_back_every_character),
        cmocka_unit_test(test_a_limit_fails_the_buffer_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
