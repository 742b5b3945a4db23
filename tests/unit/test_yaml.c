/* The YAML tree: what it reads, and the sentence for everything it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/yaml.h>

static void note(void *userdata, size_t line, size_t column, const char *sentence)
{
    buf_printf(userdata, "%zu:%zu: %s\n", line, column, sentence);
}

static void dump(struct buf *to, const struct yaml *node)
{
    if (node->key)
        buf_printf(to, "%s=", node->key->text);
    if (node->type == YAML_TEXT)
        buf_printf(to, node->quoted ? "'%s'" : "%s", node->text);
    else
        buf_adds(to, node->type == YAML_MAP ? "{" : "[");
    for (const struct yaml *child = node->child; child; child = child->next) {
        dump(to, child);
        if (child->next)
            buf_adds(to, " ");
    }
    if (node->type != YAML_TEXT)
        buf_adds(to, node->type == YAML_MAP ? "}" : "]");
}

/* What comes of a text: the tree of each document, or the complaints. */
static void check(const char *text, size_t bytes, size_t documents_max, const char *expected)
{
    struct arena arena = { 0 };
    struct buf seen;

    buf_init(&seen, 65536);
    for (const struct yaml *document = yaml_read(&arena, text, bytes, documents_max, note, &seen); document; document = document->next) {
        dump(&seen, document);
        buf_adds(&seen, "\n");
    }
    assert_string_equal(seen.data, expected);
    buf_release(&seen);
    arena_release(&arena);
}

static void test_reads_documents_in_order(void **state)
{
    static const struct { const char *text, *expected; } cases[] = {
        { "", "" },
        { "# nothing\n", "" },
        { "---\n---\n", "" },
        { "a: 1\n", "{a=1}\n" },
        { "a: 1\n---\nb: [x, 'y', \"z\"]\n---\n---\n- c\n", "{a=1}\n{b=[x 'y' 'z']}\n[c]\n" },
        { "a: {b: {c: d}}\ne: |\n  two\n  lines\n", "{a={b={c=d}} e='two\nlines\n'}\n" },
        { "a:\nb: ~\n", "{a= b=~}\n" },
        { "'+1': x\n", "{+1=x}\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(cases[i].text, strlen(cases[i].text), 10, cases[i].expected);
}

static void test_refuses_with_line_and_column(void **state)
{
    static const struct { const char *text, *expected; } cases[] = {
        { "a: 1\nb: 2\na: 3\nb: 4\n",
          "3:1: the key \"a\" is written twice; the first is in line 1\n4:1: the key \"b\" is written twice; the first is in line 2\n" },
        { "a: &x 1\nb: *x\n", "1:4: anchors (&x) are not used here: write the value out where it is meant\n"
                              "2:4: aliases (*x) are not used here: write the value out where it is meant\n" },
        { "a: !!str 1\n", "1:4: tags (!!str) are not used here: a value is what it looks like, or a text in quotes\n" },
        { "%YAML 1.1\n---\na: 1\n", "1:1: directives (%YAML, %TAG) are not used here: leave the line out\n" },
        { "a:\n\tb: 1\n", "2:1: a tab cannot indent a line in YAML: use spaces\n" },
        { "a: 'x\n", "2:1: this is not YAML: found unexpected end of stream while scanning a quoted scalar that begins in line 1\n" },
        { "a: b: c\n", "1:5: this is not YAML: a key cannot begin here; a text with a colon and a space in it stands in quotes, and the keys of a map "
                        "are indented alike\n" },
        { "? [a]\n: 1\n", "1:3: a key is a text, not a list or a map\n" },
        { "a: \"x\\0y\"\n", "1:4: a text cannot hold the character NUL\n" },
        { "a: 1\nb: \xff\n", "2:4: this is not text in UTF-8 (invalid leading UTF-8 octet): save the file in UTF-8\n" },
        { "a: 1\n---\na: 2\n---\na: 3\n---\na: 4\n", "6:1: at most 3 documents can stand here\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        check(cases[i].text, strlen(cases[i].text), 3, cases[i].expected);
}

static void test_depth_ends_at_its_limit(void **state)
{
    char text[2 * (YAML_DEPTH_MAX + 2) + 1] = "", expected[80];

    (void)state;
    memset(text, '[', YAML_DEPTH_MAX);
    memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
    check(text, strlen(text), 1, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n");
    memset(text, '[', YAML_DEPTH_MAX + 2);
    memset(text + YAML_DEPTH_MAX + 2, ']', YAML_DEPTH_MAX + 2);
    snprintf(expected, sizeof expected, "1:%d: this is nested deeper than %d levels\n", YAML_DEPTH_MAX + 1, YAML_DEPTH_MAX);
    check(text, strlen(text), 1, expected);
}

static void test_a_nul_byte_is_refused(void **state)
{
    (void)state;
    check("a: b\0c\n", 7, 1, "1:5: a text cannot hold the control character U+0000: leave it out\n");
}

static void test_texts_without_quotes_have_meanings(void **state)
{
    static const struct { const char *text; enum yaml_meaning meaning; } cases[] = {
        { "no", YAML_MEANS_BOOL }, { "Yes", YAML_MEANS_BOOL }, { "off", YAML_MEANS_BOOL }, { "y", YAML_MEANS_BOOL }, { "true", YAML_MEANS_BOOL },
        { "~", YAML_MEANS_NULL }, { "Null", YAML_MEANS_NULL }, { "+14155551234", YAML_MEANS_NUMBER }, { "010", YAML_MEANS_NUMBER },
        { "0x1F", YAML_MEANS_NUMBER }, { "1_000", YAML_MEANS_NUMBER }, { "1.5e3", YAML_MEANS_NUMBER }, { "12:30", YAML_MEANS_NUMBER },
        { ".inf", YAML_MEANS_NUMBER }, { "2026-01-31", YAML_MEANS_DATE }, { "us1", YAML_MEANS_TEXT }, { "+1 415", YAML_MEANS_TEXT },
        { "1a", YAML_MEANS_TEXT }, { "-", YAML_MEANS_TEXT }, { "nope", YAML_MEANS_TEXT }, { "0xyz", YAML_MEANS_TEXT }, { ".5", YAML_MEANS_NUMBER },
        { "file:account/x", YAML_MEANS_TEXT },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct yaml node = { .type = YAML_TEXT, .text = cases[i].text };

        assert_int_equal(yaml_plain(&node), cases[i].meaning);
        node.quoted = true;
        assert_int_equal(yaml_plain(&node), YAML_MEANS_TEXT);
    }
}

/* ---- writing */

static void test_writes_for_people(void **state)
{
    static const char text[] = "[{\"phone_number\":\"+14155551234\",\"label\":\"Support line\",\"agent\":\"support\",\"settled\":true,\"n\":3,"
                               "\"trunk\":null,\"labels\":{},\"inbound\":{\"addresses\":[\"10.0.0.0/8\"]},\"note\":\"two\\nlines\\n\"}]";
    struct arena arena = { 0 };
    const struct json *json;
    struct buf seen;
    (void)state;

    buf_init(&seen, 65536);
    assert_true(json_parse(&arena, text, strlen(text), &json, NULL));
    assert_true(yaml_write(&seen, json));
    assert_string_equal(seen.data, "- phone_number: \"+14155551234\"\n  label: \"Support line\"\n  agent: support\n  settled: true\n  \"n\": 3\n"
                                   "  trunk: null\n  labels: {}\n  inbound:\n    addresses:\n    - \"10.0.0.0/8\"\n  note: |\n    two\n    lines\n");
    buf_release(&seen);
    arena_release(&arena);
}

/* Any text reads back as that text, and as nothing else. */
static void test_what_is_written_reads_back(void **state)
{
    static const char *const texts[] = {
        "", " ", "no", "Yes", "null", "~", "+14155551234", "0x1f", "1e3", ".inf", "2026-11-27", "a: b", "a #b", "- a", "#", "&a", "*a", "!a", "%a", "@a",
        "`", "'", "\"", "\\", "{", "[", "a\nb", "a\n\nb\n\n", "\n", "\ta", " a", "a ", "a\n b", " a\nb", "---", "...", "?", "a\r\nb", "\x01", "\x7f",
        "ä", "\xe2\x80\xa8", "\xf0\x9f\x93\x9e", "\xef\xbb\xbf", "sip:demo.example;transport=tcp", "sealed:ab12:AAAA+/==", "y", "N", "on",
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct json value = { .type = JSON_STRING, .text = texts[i] };
        struct json key = { .type = JSON_STRING, .key = texts[i], .text = "x" };
        struct json map = { .type = JSON_OBJECT, .child = &key }, list = { .type = JSON_ARRAY, .child = &value };
        struct arena arena = { 0 };
        struct buf seen;

        buf_init(&seen, 65536);
        value.next = &map;
        assert_true(yaml_write(&seen, &list));
        const struct yaml *read = yaml_read(&arena, seen.data, seen.length, 1, note, &seen);
        if (!read)
            fail_msg("cannot be read: %s", seen.data);
        assert_string_equal(read->child->text, texts[i]);
        assert_int_equal(yaml_plain(read->child), YAML_MEANS_TEXT);
        assert_string_equal(read->child->next->child->key->text, texts[i]);
        buf_release(&seen);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_documents_in_order),
        cmocka_unit_test(test_refuses_with_line_and_column),
        cmocka_unit_test(test_depth_ends_at_its_limit),
        cmocka_unit_test(test_a_nul_byte_is_refused),
        cmocka_unit_test(test_texts_without_quotes_have_meanings),
        cmocka_unit_test(test_writes_for_people),
        cmocka_unit_test(test_what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
