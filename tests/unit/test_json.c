/* Reading JSON: what json-c would let through is refused, and what stands in the text arrives as it was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/buf.h>
#include <trunkd/json.h>

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

static enum err_class refusal(const char *text, size_t bytes)
{
    const struct json *tree = NULL;
    struct err err = { 0 };

    if (json_parse(&arena, text, bytes, &tree, &err))
        fail_msg("taken: %s", text);
    assert_null(tree);
    assert_true(err.text[0] != '\0');
    return err.class;
}

static void test_texts_come_back_as_they_were_written(void **state)
{
    static const char *const texts[] = {
        "null", "true", "false", "0", "-0", "12", "-1.50e+3", "2e-7", "1E5", "123456789012345678901234567890", "0.10", "\"\"", "[]", "{}",
        "\"\xE2\x82\xAC \xF0\x9F\x93\x9E\"", "[null,[1,[2.0]],\"3\",4]", "{\"b\":1,\"a\":{\"b\":\"7\",\"c\":[{\"x\":-2}]},\"\":false}",
        "\"a\\\\u0000\\\"b\"",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct buf buf;

        buf_init(&buf, 1000);
        json_write(&buf, parse(texts[i]));
        assert_string_equal(buf.data, texts[i]);
        buf_release(&buf);
    }
}

static void test_space_and_escapes_are_understood(void **state)
{
    const struct json *tree = parse(" \t\r\n{ \"a\" : [ 1 , \"\\u00fc\\n\\ud83d\\udcde\" ] }\n");

    (void)state;
    assert_string_equal(json_get(tree, "a")->child->text, "1");
    assert_string_equal(json_get(tree, "a")->child->next->text, "\xC3\xBC\n\xF0\x9F\x93\x9E");
}

static void test_what_is_not_json_is_refused(void **state)
{
    static const char *const texts[] = {
        "", " ", "{", "[1", "]", "}", "{]", "[1,]", "{\"a\":1,}", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "['a']", "[1 2]", "1 2", "{} {}",
        "nul", "NULL", "True", "tru", "nullx", "truefalse", "NaN", "Infinity", "-Infinity", "-", "+1", "01", "1.", ".5", "1.e5", "1e", "1e+",
        "12abc", "0x10", "--1", "\"", "\"a", "\"\\q\"", "\"\\u12\"", "\"\\", "\"\\\"", "\"a\nb\"", "\"\x80\"", "\"\xC3\"", "\"\xED\xA0\x80\"",
        "\"\\u0000\"", "{\"a\\u0000b\":1}", "// x\n1", "/* x */ 1", "\xEF\xBB\xBF{}", "[1,,2]", "{\"a\":1:2}", "[:]", "\f1", "<html></html>",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        assert_int_equal(refusal(texts[i], strlen(texts[i])), ERR_REJECTED);
    assert_int_equal(refusal("\"a\0b\"", 5), ERR_REJECTED);
    assert_int_equal(refusal("1\0", 2), ERR_REJECTED);
    assert_int_equal(refusal("{\"a\":1}", 6), ERR_REJECTED);
}

static void test_a_key_may_come_once(void **state)
{
    (void)state;
    assert_int_equal(refusal("{\"a\":1,\"a\":1}", 13), ERR_REJECTED);
    assert_int_equal(refusal("[{\"a\":{\"b\":1,\"c\":2,\"b\":3}}]", 27), ERR_REJECTED);
    (void)parse("{\"a\":{\"a\":1},\"b\":{\"a\":\":\"}}");
}

static void test_the_depth_has_a_limit(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 3] = "";

    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    (void)parse(text);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    assert_int_equal(refusal(text, strlen(text)), ERR_LIMIT);
}

static void test_the_length_has_a_limit(void **state)
{
    (void)state;
    assert_int_equal(refusal("[]", ((size_t)64 << 20) + 1), ERR_LIMIT);
}

static void test_members_are_found(void **state)
{
    const struct json *tree = parse("{\"s\":\"x\",\"n\":42,\"big\":99999999999999999999,\"t\":true,\"f\":false,\"z\":null,\"o\":{},\"l\":[1]}");

    (void)state;
    assert_string_equal(json_member(tree, "s"), "x");
    assert_string_equal(json_member(tree, "n"), "42");
    assert_string_equal(json_member(tree, "t"), "true");
    assert_null(json_member(tree, "z"));
    assert_null(json_member(tree, "o"));
    assert_null(json_member(tree, "l"));
    assert_null(json_member(tree, "nothing"));
    assert_null(json_get(NULL, "s"));
    assert_null(json_get(json_get(tree, "l"), "s"));
    assert_int_equal(json_member_int(tree, "n", -1), 42);
    assert_int_equal(json_member_int(tree, "big", -1), -1);
    assert_int_equal(json_member_int(tree, "s", -1), -1);
    assert_int_equal(json_member_int(tree, "z", -1), -1);
    assert_true(json_member_bool(tree, "t"));
    assert_false(json_member_bool(tree, "f"));
    assert_false(json_member_bool(tree, "s"));
    assert_false(json_member_bool(tree, "nothing"));
    assert_string_equal(json_get(tree, "s")->key, "s");
    assert_null(json_get(tree, "l")->child->key);
}

static void test_nothing_is_written_as_null(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    json_write(&buf, NULL);
    assert_string_equal(buf.data, "null");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_texts_come_back_as_they_were_written, forget),
        cmocka_unit_test_teardown(test_space_and_escapes_are_understood, forget),
        cmocka_unit_test_teardown(test_what_is_not_json_is_refused, forget),
        cmocka_unit_test_teardown(test_a_key_may_come_once, forget),
        cmocka_unit_test_teardown(test_the_depth_has_a_limit, forget),
        cmocka_unit_test_teardown(test_the_length_has_a_limit, forget),
        cmocka_unit_test_teardown(test_members_are_found, forget),
        cmocka_unit_test_teardown(test_nothing_is_written_as_null, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
