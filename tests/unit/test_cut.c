/* A list cut into pieces: what they hold together is the whole, in its order, and each is JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <trunkd/cut.h>
#include <trunkd/json.h>

#define PIECE_MAX 100000

/* The pieces' items, written one after another; how many pieces there were. */
static size_t pieces(const char *text, size_t piece_bytes, const char *list, struct buf *ret)
{
    struct cut cut;
    struct buf piece;
    size_t count = 0;

    buf_init(ret, PIECE_MAX);
    cut_begin(&cut, text, strlen(text));
    for (;; count++) {
        struct arena arena = { 0 };
        const struct json *json = NULL;
        buf_init(&piece, PIECE_MAX);
        if (!cut_next(&cut, piece_bytes, &piece))
            break;
        assert_true(json_parse(&arena, piece.data, piece.length, &json, NULL));
        for (const struct json *item = json_get(json, list) ? json_get(json, list)->child : NULL; item; item = item->next) {
            struct buf one;
            buf_init(&one, PIECE_MAX);
            json_write(&one, item);
            buf_adds(ret, one.data);
            buf_addc(ret, ';');
            buf_release(&one);
        }
        arena_release(&arena);
        buf_release(&piece);
    }
    buf_release(&piece);
    return count;
}

static void check(const char *text, size_t piece_bytes, const char *list, size_t count, const char *items)
{
    struct buf all;

    assert_int_equal(pieces(text, piece_bytes, list, &all), count);
    assert_string_equal(all.data, items);
    buf_release(&all);
}

static void test_every_item_is_in_one_piece(void **state)
{
    static const char text[] = "{\"meta\":{\"page\":[1]}, \"items\": [ {\"a\":\"]},{\\\"\"} , {\"b\":[{},{}]},{\"c\":\"\\\\\"}\n], \"next\":null}";
    static const char items[] = "{\"a\":\"]},{\\\"\"};{\"b\":[{},{}]};{\"c\":\"\\\\\"};";

    (void)state;
    check(text, 1, "items", 3, items);
    check(text, 20, "items", 2, items);
    check(text, 1000, "items", 1, items);
}

static void test_what_stands_behind_the_items_is_in_the_last_piece(void **state)
{
    static const char text[] = "{\"page\":1,\"items\":[{\"a\":1},{\"b\":2}],\"next\":\"x\"}";
    struct cut cut;
    struct buf piece;

    (void)state;
    cut_begin(&cut, text, strlen(text));
    for (int i = 0; i < 2; i++) {
        buf_init(&piece, PIECE_MAX);
        assert_true(cut_next(&cut, 1, &piece));
        assert_string_equal(piece.data, i == 0 ? "{\"page\":1,\"items\":[{\"a\":1}]}" : "{\"page\":1,\"items\":[{\"b\":2}],\"next\":\"x\"}");
        buf_release(&piece);
    }
    buf_init(&piece, PIECE_MAX);
    assert_false(cut_next(&cut, 1, &piece));
    buf_release(&piece);
}

static void test_what_has_no_such_list_is_one_piece(void **state)
{
    (void)state;
    check("{\"items\":[]}", 1, "items", 1, "");
    check("{\"items\":[1,2,3]}", 1, "items", 1, "1;2;3;");
    check("{\"items\":null}", 1, "items", 1, "");
    check("{}", 1, "items", 1, "");
    check("[{\"a\":1},{\"b\":1}]", 1, "items", 1, "");
    check("{\"first\":[\"x\",[]],\"items\":[{\"a\":1},{\"b\":1}]}", 1, "items", 2, "{\"a\":1};{\"b\":1};");
}

/* Whoever decodes the pieces comes to one that cannot be read. */
static void test_what_is_not_whole_ends_with_a_piece_that_is_not_json(void **state)
{
    static const struct { const char *text, *last; } cases[] = {
        { "", "" },
        { "{", "{" },
        { "{\"items\":[{\"a\":1},{", "{\"items\":[{" },
        { "{\"items\":[{\"a\":\"1},{}]}", "{\"items\":[{\"a\":\"1},{}]}" },
        { "{\"items\":[{\"a\":\"\\", "{\"items\":[{\"a\":\"\\" },
        { "{\"items\":[{\"a\":1}", "{\"items\":[{\"a\":1}" },
        { "{\"items\":[{\"a\":1},", "{\"items\":[" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct cut cut;
        struct buf piece;
        cut_begin(&cut, cases[i].text, strlen(cases[i].text));
        for (buf_init(&piece, PIECE_MAX); cut_next(&cut, 1, &piece); buf_reset(&piece))
            if (cut.ended)
                assert_string_equal(piece.data, cases[i].last);
        assert_true(cut.ended);
        buf_release(&piece);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_item_is_in_one_piece),
        cmocka_unit_test(test_what_stands_behind_the_items_is_in_the_last_piece),
        cmocka_unit_test(test_what_has_no_such_list_is_one_piece),
        cmocka_unit_test(test_what_is_not_whole_ends_with_a_piece_that_is_not_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
