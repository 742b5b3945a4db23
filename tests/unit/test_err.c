/* Errors: filling, prefixing, and the edge of the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/err.h>

static void test_set_fills_and_returns_false(void **state)
{
    struct err err = { 0 };

    (void)state;
    assert_false(err_set(&err, ERR_CONFIG, "port %d", 70000));
    assert_int_equal(err.class, ERR_CONFIG);
    assert_string_equal(err.text, "port 70000");
}

static void test_nobody_wants_the_reason(void **state)
{
    (void)state;
    assert_false(err_set(NULL, ERR_BUG, "x"));
    assert_false(err_prefix(NULL, "x"));
}

static void test_prefix_keeps_class_and_cause(void **state)
{
    struct err err = { 0 };

    (void)state;
    err_set(&err, ERR_REJECTED, "no such agent");
    assert_false(err_prefix(&err, "line %d: ", 3));
    assert_int_equal(err.class, ERR_REJECTED);
    assert_string_equal(err.text, "line 3: no such agent");
}

static void test_text_is_cut_at_its_limit(void **state)
{
    struct err err = { 0 };
    char longest[ERR_TEXT_BYTES + 1];

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[ERR_TEXT_BYTES - 1] = '\0';
    err_set(&err, ERR_LIMIT, "%s", longest);
    assert_string_equal(err.text, longest);
    longest[ERR_TEXT_BYTES - 1] = 'x';
    longest[ERR_TEXT_BYTES] = '\0';
    err_set(&err, ERR_LIMIT, "%s", longest);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    err_prefix(&err, "ab: ");
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_memory_equal(err.text, "ab: xxx", 7);
    err_prefix(&err, "%s", longest);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    assert_memory_equal(err.text, "xxxxx", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_fills_and_returns_false),
        cmocka_unit_test(test_nobody_wants_the_reason),
        cmocka_unit_test(test_prefix_keeps_class_and_cause),
        cmocka_unit_test(test_text_is_cut_at_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
