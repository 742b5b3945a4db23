/* Specs: canonical values, documents, differences; and bodies drawn from a table with every type of field. */
#include "kind_case.h"

#include "../../src/kinds/decode.h"
#include "../../src/kinds/encode.h"
#include "../../src/kinds/kinds.h"
#include "../../src/kinds/value.h"

static const char *const transports[] = { "AUTO", "UDP", "TCP", NULL };

enum { TEXT, FLAG, COUNT, WAIT, TRANSPORT, NAMES, HEADERS, SECRET, PARENT, HIDDEN, SHOWN };

static const struct field fields[] = {
    [TEXT]      = { "text",      "text",            NULL,        FIELD_TEXT,     FIELD_REF, NULL },
    [FLAG]      = { "flag",      "a.flag",          NULL,        FIELD_BOOL,     0, NULL },
    [COUNT]     = { "count",     "a.b.count",       NULL,        FIELD_INT,      0, NULL },
    [WAIT]      = { "wait",      "a.b.wait",        NULL,        FIELD_DURATION, 0, NULL },
    [TRANSPORT] = { "transport", "a.transport",     NULL,        FIELD_ENUM,     0, transports },
    [NAMES]     = { "names",     "list[].in.names", NULL,        FIELD_SET,      0, NULL },
    [HEADERS]   = { "headers",   "list[].headers",  NULL,        FIELD_MAP,      0, NULL },
    [SECRET]    = { "secret",    "secret",          NULL,        FIELD_SECRET,   0, NULL },
    [PARENT]    = { "parent",    NULL,              "parent_id", FIELD_TEXT,     FIELD_REF | FIELD_IN_PATH, NULL },
    [HIDDEN]    = { "hidden",    "hidden",          NULL,        FIELD_TEXT,     FIELD_WRITE_ONLY, NULL },
    [SHOWN]     = { "shown",     NULL,              "shown",     FIELD_BOOL,     FIELD_SHOWN, NULL },
};

static const struct kind kind = { .name = "test.kind", .fields = fields, .fields_count = ARRAY_SIZE(fields) };

static const struct spec full = {
    .value = { "a \"b\"", "true", "7", "1.5s", "TCP", "[\"x\",\"y\"]", "{\"A\":\"1\",\"B\":\"2\"}", "fp:0", "P1", "h" },
    .secret = "sealed:0:0", .secret_place = "sip/x",
};

static const struct json *parse(const char *text)
{
    const struct json *tree = NULL;
    struct err err = { .text = "" };

    if (!json_parse(&arena, text, strlen(text), &tree, &err))
        fail_msg("%s: %s", text, err.text);
    return tree;
}

static void test_canonical_values(void **state)
{
    static const struct { int field; const char *json, *canonical; } cases[] = {
        { TEXT, "null", NULL }, { TEXT, "\"\"", NULL }, { TEXT, "\"x\"", "x" }, { TEXT, "7", "7" }, { TEXT, "[]", NULL }, { TEXT, "{}", NULL },
        { TEXT, "[\"x\"]", "[\"x\"]" }, { TEXT, "{\"a\":null}", "{\"a\":null}" },
        { FLAG, "true", "true" }, { FLAG, "false", NULL }, { FLAG, "\"true\"", "true" }, { FLAG, "\"false\"", NULL }, { FLAG, "0", NULL }, { FLAG, "1", "1" },
        { FLAG, "[true]", "[true]" },
        { COUNT, "0", NULL }, { COUNT, "7", "7" }, { COUNT, "\"7\"", "7" }, { COUNT, "-3", "-3" }, { COUNT, "1.5", "1.5" }, { COUNT, "\"many\"", "many" },
        { COUNT, "99999999999999999999", "99999999999999999999" }, { COUNT, "[1]", "[1]" },
        { WAIT, "\"45s\"", "45s" }, { WAIT, "\"45.000s\"", "45s" }, { WAIT, "\"1.500s\"", "1.5s" }, { WAIT, "\"0s\"", NULL }, { WAIT, "\"0.0s\"", NULL },
        { WAIT, "\"007s\"", "7s" }, { WAIT, "\"0.5s\"", "0.5s" }, { WAIT, "\"-5s\"", "-5s" }, { WAIT, "\"-0.50s\"", "-0.5s" }, { WAIT, "\"45\"", "45" },
        { WAIT, "\"1m\"", "1m" }, { WAIT, "\"s\"", "s" }, { WAIT, "45", "45" }, { WAIT, "{\"s\":1}", "{\"s\":1}" },
        { TRANSPORT, "\"AUTO\"", NULL }, { TRANSPORT, "\"TCP\"", "TCP" }, { TRANSPORT, "0", NULL }, { TRANSPORT, "2", "TCP" }, { TRANSPORT, "3", "3" },
        { TRANSPORT, "\"QUIC\"", "QUIC" }, { TRANSPORT, "[1]", "[1]" },
        { NAMES, "[]", NULL }, { NAMES, "[null]", NULL }, { NAMES, "[\"b\",\"a\",\"b\",\"a\"]", "[\"a\",\"b\"]" }, { NAMES, "[\"b\",null]", "[\"b\"]" },
        { NAMES, "[2,1]", "[\"1\",\"2\"]" }, { NAMES, "[[1]]", "[[1]]" }, { NAMES, "\"x\"", "\"x\"" }, { NAMES, "{\"a\":1}", "{\"a\":1}" }, { NAMES, "{}", NULL },
        { HEADERS, "{}", NULL }, { HEADERS, "{\"B\":\"2\",\"A\":\"1\"}", "{\"A\":\"1\",\"B\":\"2\"}" }, { HEADERS, "{\"A\":null}", NULL },
        { HEADERS, "{\"A\":\"\"}", "{\"A\":\"\"}" }, { HEADERS, "{\"A\":{\"x\":1}}", "{\"A\":{\"x\":1}}" }, { HEADERS, "[\"A\"]", "[\"A\"]" },
        { SECRET, "\"fp:1\"", "fp:1" }, { SECRET, "\"\"", NULL }, { SECRET, "[1]", "[1]" },
    };

    (void)state;
    assert_null(value_canonical(&fields[TEXT], NULL, &arena));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *canonical = value_canonical(&fields[cases[i].field], parse(cases[i].json), &arena);

        if (!text_equal(canonical, cases[i].canonical))
            fail_msg("%s as %s: %s", cases[i].json, fields[cases[i].field].name, text_or(canonical, "(null)"));
    }
}

static void test_small_makers(void **state)
{
    (void)state;
    assert_null(value_text(""));
    assert_null(value_text(NULL));
    assert_string_equal(value_text("x"), "x");
    assert_null(value_set_of("", &arena));
    assert_null(value_set_of(NULL, &arena));
    assert_string_equal(value_set_of("a\"b", &arena), "[\"a\\\"b\"]");
}

static void test_a_value_without_end_is_a_difference_too(void **state)
{
    size_t bytes = (size_t)4 << 20;
    char *text = arena_alloc(&arena, bytes + 1);
    struct spec spec = { .secret = NULL };
    struct buf buf;

    (void)state;
    memset(text, 'x', bytes);
    spec.value[NAMES] = value_canonical(&fields[NAMES], parse(arena_printf(&arena, "[\"%s\"]", text)), &arena);
    spec.value[TEXT] = value_canonical(&fields[TEXT], parse(arena_printf(&arena, "[\"%s\"]", text)), &arena);
    assert_string_equal(spec.value[NAMES], "(longer than 4194304 bytes)");
    buf_init(&buf, 1000);
    spec_write(&kind, &spec, &buf);
    assert_string_equal(buf.data, "{\"text\":\"(longer than 4194304 bytes)\",\"names\":\"(longer than 4194304 bytes)\"}");
    buf_release(&buf);
}

static void test_a_document_holds_the_whole_spec(void **state)
{
    struct spec back, empty = { .secret = NULL };
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    spec_write(&kind, &full, &buf);
    assert_string_equal(buf.data, "{\"text\":\"a \\\"b\\\"\",\"flag\":true,\"count\":7,\"wait\":\"1.5s\",\"transport\":\"TCP\",\"names\":[\"x\",\"y\"],"
                        "\"headers\":{\"A\":\"1\",\"B\":\"2\"},\"secret\":\"fp:0\",\"parent\":\"P1\",\"hidden\":\"h\"}");
    spec_read(&kind, parse(buf.data), &arena, &back);
    assert_int_equal(spec_differs(&kind, &full, &back, 0), kind.fields_count);
    assert_null(back.secret);
    buf_reset(&buf);
    spec_write(&kind, &empty, &buf);
    assert_string_equal(buf.data, "{}");
    buf_release(&buf);
    spec_read(&kind, parse("{\"names\":[\"y\",\"x\"],\"a_field_of_tomorrow\":[1]}"), &arena, &back);
    assert_string_equal(back.value[NAMES], "[\"x\",\"y\"]");
    assert_null(back.value[TEXT]);
    spec_read(&kind, NULL, &arena, &back);
    assert_int_equal(spec_differs(&kind, &empty, &back, 0), kind.fields_count);
}

static void test_shapes_we_do_not_know_are_kept_as_text(void **state)
{
    static const struct spec odd = { .value = { [FLAG] = "1", [COUNT] = "many", [NAMES] = "{\"a\":1}", [HEADERS] = "[1]" } };
    struct spec back;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    spec_write(&kind, &odd, &buf);
    assert_string_equal(buf.data, "{\"flag\":\"1\",\"count\":\"many\",\"names\":\"{\\\"a\\\":1}\",\"headers\":\"[1]\"}");
    spec_read(&kind, parse(buf.data), &arena, &back);
    assert_string_equal(back.value[COUNT], "many");
    buf_release(&buf);
}

static void test_copies_and_differences(void **state)
{
    struct spec copy;

    (void)state;
    spec_copy(&kind, &full, &arena, &copy);
    assert_int_equal(spec_differs(&kind, &full, &copy, 0), kind.fields_count);
    assert_ptr_not_equal(copy.value[TEXT], full.value[TEXT]);
    assert_string_equal(copy.secret, "sealed:0:0");
    assert_string_equal(copy.secret_place, "sip/x");
    copy.value[COUNT] = "8";
    copy.value[NAMES] = NULL;
    assert_int_equal(spec_differs(&kind, &full, &copy, 0), COUNT);
    assert_int_equal(spec_differs(&kind, &full, &copy, COUNT + 1), NAMES);
    assert_int_equal(spec_differs(&kind, &full, &copy, NAMES + 1), kind.fields_count);
    assert_int_equal(spec_differs(&kind, &full, &copy, kind.fields_count + 1), kind.fields_count);
    spec_copy(&kind, &full, &arena, &copy);
    assert_true(spec_equal(&kind, &full, &copy));
    copy.value[SHOWN] = "true";
    assert_int_equal(spec_differs(&kind, &full, &copy, 0), kind.fields_count);
    assert_false(spec_equal(&kind, &full, &copy));
    assert_null(spec_missing(&kind, &copy));
    copy.value[PARENT] = NULL;
    assert_string_equal(spec_missing(&kind, &copy), "parent");
    assert_string_equal(spec_value(&kind, &full, "count"), "7");
}

static void test_what_is_not_shown_counts_as_sent(void **state)
{
    struct spec shown = full, seen;

    (void)state;
    shown.value[HIDDEN] = NULL;
    shown.value[SECRET] = NULL;
    shown.value[TEXT] = "changed";
    spec_observe(&kind, &shown, &full, &arena, &seen);
    assert_string_equal(seen.value[HIDDEN], "h");
    assert_string_equal(seen.value[SECRET], "fp:0");
    assert_string_equal(seen.secret, "sealed:0:0");
    assert_int_equal(spec_differs(&kind, &seen, &full, 0), TEXT);
    shown.value[HIDDEN] = "shown all the same";
    shown.value[SECRET] = "fp:1";
    spec_observe(&kind, &shown, &full, &arena, &seen);
    assert_string_equal(seen.value[HIDDEN], "h");
    assert_string_equal(seen.value[SECRET], "fp:1");
    shown.left_out = 1u << TEXT;
    spec_observe(&kind, &shown, &full, &arena, &seen);
    assert_string_equal(seen.value[TEXT], full.value[TEXT]);
    assert_int_equal(seen.left_out, 0);
    shown.left_out = 0;
    spec_observe(&kind, &shown, NULL, &arena, &seen);
    assert_null(seen.value[HIDDEN]);
    assert_null(seen.secret);
    spec_observe(&kind, &seen, &seen, &arena, &seen);
    assert_string_equal(seen.value[TEXT], "changed");
}

/* LiveKit drops a name it does not know, and answers as if nothing had been said. */
static void test_a_dropped_enum_name_is_a_difference(void **state)
{
    struct spec sent = full, echo;

    (void)state;
    sent.value[TRANSPORT] = "QUIC";
    decode_spec(&kind, parse("{\"text\":\"a \\\"b\\\"\",\"a\":{\"flag\":true,\"b\":{\"count\":7,\"wait\":\"1.5s\"},\"transport\":\"AUTO\"},"
                             "\"list\":[{\"in\":{\"names\":[\"x\",\"y\"]},\"headers\":{\"A\":\"1\",\"B\":\"2\"}}],\"parent_id\":\"P1\"}"),
                SPELLING_AS_IS, &arena, &echo);
    spec_observe(&kind, &echo, &sent, &arena, &echo);
    assert_int_equal(spec_differs(&kind, &echo, &sent, 0), TRANSPORT);
    assert_int_equal(spec_differs(&kind, &echo, &sent, TRANSPORT + 1), kind.fields_count);
}

static void test_json_bodies_follow_the_paths(void **state)
{
    static const struct spec some = { .value = { [COUNT] = "7", [HEADERS] = "{\"A\":\"1\"}" } }, none = { .secret = NULL };
    struct request request = { .url = NULL };
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    encode_json(&kind, &full, &arena, &buf, &request);
    assert_string_equal(buf.data, "{\"text\":\"a \\\"b\\\"\",\"a\":{\"flag\":true,\"b\":{\"count\":7,\"wait\":\"1.5s\"},\"transport\":\"TCP\"},"
                        "\"list\":[{\"in\":{\"names\":[\"x\",\"y\"]},\"headers\":{\"A\":\"1\",\"B\":\"2\"}}],\"secret\":\"\",\"hidden\":\"h\"}");
    assert_memory_equal(buf.data + request.slot.offset, "\",\"hidden\"", 10);
    assert_string_equal(request.slot.secret, "sealed:0:0");
    assert_string_equal(request.slot.place, "sip/x");
    buf_reset(&buf);
    encode_json(&kind, &some, &arena, &buf, &request);
    assert_string_equal(buf.data, "{\"a\":{\"b\":{\"count\":7}},\"list\":[{\"headers\":{\"A\":\"1\"}}]}");
    buf_reset(&buf);
    encode_json(&kind, &none, &arena, &buf, &request);
    assert_string_equal(buf.data, "{}");
    buf_reset(&buf);
    buf_release(&buf);
}

static const char *const variants[] = { "is_round", "is_square", NULL };
static const char *const couple[] = { "first_name", "note", NULL };
static const struct field shape_fields[] = {
    { "form", "o.form.*", NULL, FIELD_VARIANT, 0, variants }, { "size", "o.form.*.size", NULL, FIELD_INT, 0, NULL },
    { "edge", "o.form.*.edge", NULL, FIELD_TEXT, 0, NULL }, { "people", "o.people", NULL, FIELD_PAIRS, 0, couple },
};
static const struct kind shape = { .name = "test.shape", .fields = shape_fields, .fields_count = ARRAY_SIZE(shape_fields) };

/* Of a oneof the object is written even when nothing is in it, and what is read of it is read of whichever is there. */
static void test_variants_and_pairs(void **state)
{
    static const struct { struct spec spec; const char *body, *camel; } cases[] = {
        { { .secret = NULL }, "{\"o\":{\"form\":{\"is_round\":{}}}}", "{\"o\":{\"form\":{\"isRound\":{\"size\":0}},\"people\":[]}}" },
        { { .value = { "is_square", "3", "a" } }, "{\"o\":{\"form\":{\"is_square\":{\"size\":3,\"edge\":\"a\"}}}}",
          "{\"o\":{\"form\":{\"isRound\":null,\"isSquare\":{\"edge\":\"a\",\"size\":3}}}}" },
        { { .value = { NULL, NULL, NULL, "{\"ann\":\"x\",\"bob\":\"\"}" } },
          "{\"o\":{\"form\":{\"is_round\":{}},\"people\":[{\"first_name\":\"ann\",\"note\":\"x\"},{\"first_name\":\"bob\"}]}}",
          "{\"o\":{\"form\":{\"isRound\":{}},\"people\":[null,{\"firstName\":\"bob\",\"note\":null},{\"note\":\"x\",\"firstName\":\"ann\",\"age\":7}]}}" },
    };
    struct request request = { .url = NULL };
    struct buf buf;
    struct spec spec;

    (void)state;
    buf_init(&buf, 1000);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        buf_reset(&buf);
        encode_json(&shape, &cases[i].spec, &arena, &buf, &request);
        assert_string_equal(buf.data, cases[i].body);
        decode_spec(&shape, parse(buf.data), SPELLING_AS_IS, &arena, &spec);
        assert_int_equal(spec_differs(&shape, &spec, &cases[i].spec, 0), shape.fields_count);
        decode_spec(&shape, parse(cases[i].camel), SPELLING_EITHER, &arena, &spec);
        assert_int_equal(spec_differs(&shape, &spec, &cases[i].spec, 0), shape.fields_count);
        buf_reset(&buf);
        spec_write(&shape, &cases[i].spec, &buf);
        spec_read(&shape, parse(buf.data), &arena, &spec);
        assert_int_equal(spec_differs(&shape, &spec, &cases[i].spec, 0), shape.fields_count);
    }
    buf_release(&buf);
}

static void test_what_is_no_variant_and_no_pairs_of_ours_is_a_difference(void **state)
{
    static const struct { const char *body, *form, *people; } cases[] = {
        { "{}", "none", NULL }, { "{\"o\":{\"form\":null}}", "none", NULL }, { "{\"o\":{\"form\":{\"is_flat\":{}}}}", "is_flat", NULL },
        { "{\"o\":{\"form\":{\"is_round\":{}},\"people\":[{\"note\":\"x\"}]}}", NULL, "[{\"note\":\"x\"}]" },
        { "{\"o\":{\"form\":{\"is_round\":{}},\"people\":[{\"first_name\":\"a\"},{\"first_name\":\"a\"}]}}", NULL,
          "[{\"first_name\":\"a\"},{\"first_name\":\"a\"}]" },
        { "{\"o\":{\"form\":{\"is_round\":{}},\"people\":[{\"first_name\":\"a\",\"note\":5}]}}", NULL, "[{\"first_name\":\"a\",\"note\":5}]" },
        { "{\"o\":{\"form\":{\"is_round\":{}},\"people\":{\"first_name\":\"a\"}}}", NULL, "{\"first_name\":\"a\"}" },
        { "{\"o\":{\"form\":{\"is_round\":{}},\"people\":\"a\"}}", NULL, "\"a\"" },
    };
    struct spec spec;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        decode_spec(&shape, parse(cases[i].body), SPELLING_EITHER, &arena, &spec);
        if (!text_equal(spec.value[0], cases[i].form) || !text_equal(spec.value[3], cases[i].people))
            fail_msg("%s: %s, %s", cases[i].body, text_or(spec.value[0], "NULL"), text_or(spec.value[3], "NULL"));
    }
}

static void test_a_json_body_reads_back(void **state)
{
    struct request request = { .url = NULL };
    struct spec back;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    encode_json(&kind, &full, &arena, &buf, &request);
    decode_spec(&kind, parse(buf.data), SPELLING_AS_IS, &arena, &back);
    buf_release(&buf);
    assert_int_equal(spec_differs(&kind, &full, &back, 0), SECRET);
    assert_null(back.value[SECRET]);
    assert_null(back.value[HIDDEN]);
}

static void test_a_form_says_everything_or_only_what_has_a_value(void **state)
{
    static const struct spec none = { .secret = NULL };
    struct request request = { .url = NULL };
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    encode_form(&kind, &full, NULL, &buf, &request);
    assert_string_equal(buf.data, "text=a%20%22b%22&a.flag=true&a.b.count=7&a.b.wait=1.5s&a.transport=TCP&list%5B%5D.in.names=%5B%22x%22%2C%22y%22%5D&"
                        "list%5B%5D.headers=%7B%22A%22%3A%221%22%2C%22B%22%3A%222%22%7D&secret=&hidden=h");
    assert_memory_equal(buf.data + request.slot.offset, "&hidden=h", 9);
    assert_int_equal(request.slot.escape, SECRET_FORM);
    buf_reset(&buf);
    encode_form(&kind, &none, NULL, &buf, &request);
    assert_string_equal(buf.data, "");
    request.slot.secret = NULL;
    encode_form(&kind, &none, &full, &buf, &request);
    assert_string_equal(buf.data, "text=&a.flag=false&a.b.count=0&a.b.wait=&a.transport=AUTO&list%5B%5D.in.names=&list%5B%5D.headers=&secret=&hidden=");
    buf_release(&buf);
}

static void test_members_in_either_spelling(void **state)
{
    const struct json *object = parse("{\"roomPrefix\":\"a\",\"auth_username\":\"b\",\"x_\":\"c\",\"a_9\":\"d\"}");

    (void)state;
    assert_string_equal(decode_member(object, "room_prefix", SPELLING_EITHER)->text, "a");
    assert_null(decode_member(object, "room_prefix", SPELLING_AS_IS));
    assert_string_equal(decode_member(object, "auth_username", SPELLING_EITHER)->text, "b");
    assert_string_equal(decode_member(object, "x_", SPELLING_EITHER)->text, "c");
    assert_string_equal(decode_member(object, "a_9", SPELLING_EITHER)->text, "d");
    assert_null(decode_member(object, "no_such", SPELLING_EITHER));
    assert_null(decode_member(object, "a_8", SPELLING_EITHER));
    assert_int_equal(decode_parent_field(&kind), PARENT);
    assert_int_equal(decode_parent_field(&kind_TWILIO_TRUNK), kind_TWILIO_TRUNK.fields_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_canonical_values, forget),
        cmocka_unit_test_teardown(test_small_makers, forget),
        cmocka_unit_test_teardown(test_a_value_without_end_is_a_difference_too, forget),
        cmocka_unit_test_teardown(test_a_document_holds_the_whole_spec, forget),
        cmocka_unit_test_teardown(test_shapes_we_do_not_know_are_kept_as_text, forget),
        cmocka_unit_test_teardown(test_copies_and_differences, forget),
        cmocka_unit_test_teardown(test_what_is_not_shown_counts_as_sent, forget),
        cmocka_unit_test_teardown(test_a_dropped_enum_name_is_a_difference, forget),
        cmocka_unit_test_teardown(test_json_bodies_follow_the_paths, forget),
        cmocka_unit_test_teardown(test_variants_and_pairs, forget),
        cmocka_unit_test_teardown(test_what_is_no_variant_and_no_pairs_of_ours_is_a_difference, forget),
        cmocka_unit_test_teardown(test_a_json_body_reads_back, forget),
        cmocka_unit_test_teardown(test_a_form_says_everything_or_only_what_has_a_value, forget),
        cmocka_unit_test_teardown(test_members_in_either_spelling, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
