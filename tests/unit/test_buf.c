/* Buffers: growth, the limit and one past it, forms and URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/buf.h>

static void buf_check(const struct buf *buf)
{
    assert_non_null(buf->data);
    assert_true(buf->length < buf->capacity);
    assert_true(buf->length <= buf->bytes_max);
    assert_true(buf->capacity <= buf->bytes_max + 1);
    assert_int_equal(buf->data[buf->length], '\0');
}

static void test_a_new_buffer_is_the_empty_text(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 0);
    buf_check(&buf);
    assert_string_equal(buf.data, "");
    assert_true(buf_ok(&buf));
    buf_add(&buf, NULL, 0);
    assert_true(buf_ok(&buf));
    buf_addc(&buf, 'x');
    assert_false(buf_ok(&buf));
    buf_check(&buf);
    buf_release(&buf);
    assert_null(buf.data);
}

static void test_it_takes_its_limit_and_not_one_byte_more(void **state)
{
    static const size_t limits[] = { 1, 2, 62, 63, 64, 65, 127, 128, 129, 1000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        struct buf buf;

        buf_init(&buf, limits[i]);
        for (size_t j = 0; j < limits[i]; j++) {
            buf_addc(&buf, 'a');
            buf_check(&buf);
        }
        assert_true(buf_ok(&buf));
        assert_int_equal(buf.length, limits[i]);
        buf_addc(&buf, 'b');
        assert_false(buf_ok(&buf));
        assert_int_equal(buf.length, limits[i]);
        assert_null(strchr(buf.data, 'b'));
        buf_release(&buf);
    }
}

static void test_a_failed_buffer_keeps_what_it_held(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 5);
    buf_adds(&buf, "abc");
    buf_printf(&buf, "%d", 1234);
    assert_false(buf_ok(&buf));
    assert_string_equal(buf.data, "abc");
    buf_addc(&buf, 'd');
    assert_string_equal(buf.data, "abc");
    buf_reset(&buf);
    assert_true(buf_ok(&buf));
    assert_string_equal(buf.data, "");
    buf_printf(&buf, "%s", "12345");
    assert_true(buf_ok(&buf));
    assert_string_equal(buf.data, "12345");
    buf_release(&buf);
}

static void test_it_may_hold_nuls(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 100);
    buf_add(&buf, "a\0b", 3);
    buf_adds(&buf, "c");
    assert_int_equal(buf.length, 4);
    assert_memory_equal(buf.data, "a\0bc", 5);
    buf_release(&buf);
}

static void test_zeroed_and_null_can_be_released(void **state)
{
    struct buf zeroed = { 0 };

    (void)state;
    buf_release(&zeroed);
    buf_wipe(&zeroed);
    buf_release(NULL);
    buf_wipe(NULL);
}

static void test_a_wiped_buffer_holds_nothing(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    for (int i = 0; i < 100; i++)
        buf_adds(&buf, "secret");
    assert_true(buf_ok(&buf));
    buf_wipe(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.length, 0);
}

static void test_forms_escape_all_but_unreserved(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 200);
    form_pair(&buf, "PhoneNumber", "+14155551234");
    form_pair(&buf, "Friendly Name", "a&b=c/ü~-._");
    form_pair(&buf, "Empty", "");
    assert_string_equal(buf.data, "PhoneNumber=%2B14155551234&Friendly%20Name=a%26b%3Dc%2F%C3%BC~-._&Empty=");
    buf_reset(&buf);
    url_escape(&buf, "AZaz09%\x7f");
    assert_string_equal(buf.data, "AZaz09%25%7F");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_buffer_is_the_empty_text),
        cmocka_unit_test(test_it_takes_its_limit_and_not_one_byte_more),
        cmocka_unit_test(test_a_failed_buffer_keeps_what_it_held),
        cmocka_unit_test(test_it_may_hold_nuls),
        cmocka_unit_test(test_zeroed_and_null_can_be_released),
        cmocka_unit_test(test_a_wiped_buffer_holds_nothing),
        cmocka_unit_test(test_forms_escape_all_but_unreserved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
