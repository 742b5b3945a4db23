/* Figures as Prometheus's text, and the addresses they can be had at. */
#include <trunkd/metrics.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void assert_text(struct buf *b, const char *expected)
{
    assert_true(buf_ok(b));
    assert_string_equal(b->data, expected);
    buf_release(b);
}

static void test_a_head_names_help_and_type(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    metric_head(&b, "trunkd_x_total", METRIC_COUNTER, "What it counts.");
    assert_text(&b, "# HELP trunkd_x_total What it counts.\n# TYPE trunkd_x_total counter\n");
}

static void test_labels_are_escaped(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    metric(&b, "x", 1, NULL);
    metric(&b, "x", 0.5, "account", "a\"b\\c\nd", "code", "200", NULL);
    metric(&b, "x", 1795000000, "account", "\xc3\xa4", NULL);
    assert_text(&b, "x 1\nx{account=\"a\\\"b\\\\c\\nd\",code=\"200\"} 0.5\nx{account=\"\xc3\xa4\"} 1795000000\n");
}

static void test_buckets_hold_all_that_is_not_above_them(void **state)
{
    struct histogram h = { .sum = 0 };
    struct buf b;

    (void)state;
    histogram_add(&h, 0);
    histogram_add(&h, histogram_bounds[0]);             /* at a bound */
    histogram_add(&h, histogram_bounds[0] * 1.5);
    histogram_add(&h, histogram_bounds[HISTOGRAM_BOUNDS - 1] + 1);
    buf_init(&b, 10000);
    metric_histogram(&b, "x_seconds", &h, "account", "a");
    assert_non_null(strstr(b.data, "x_seconds_bucket{account=\"a\",le=\"0.0001\"} 2\n"));
    assert_non_null(strstr(b.data, "x_seconds_bucket{account=\"a\",le=\"0.0005\"} 3\n"));
    assert_non_null(strstr(b.data, "x_seconds_bucket{account=\"a\",le=\"60\"} 3\n"));
    assert_non_null(strstr(b.data, "x_seconds_bucket{account=\"a\",le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(b.data, "x_seconds_sum{account=\"a\"} 61."));
    assert_non_null(strstr(b.data, "x_seconds_count{account=\"a\"} 4\n"));
    buf_reset(&b);
    metric_histogram(&b, "x_seconds", &h, NULL, NULL);
    assert_non_null(strstr(b.data, "x_seconds_bucket{le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(b.data, "x_seconds_count 4\n"));
    buf_release(&b);
}

static void test_bounds_rise(void **state)
{
    (void)state;
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds[i - 1] < histogram_bounds[i]);
}

static void test_addresses(void **state)
{
    static const char *const good[] = { "127.0.0.1:9469", "[::1]:9469", "0.0.0.0:1", "/run/trunkd/metrics" };
    static const char *const bad[] = { "", ":9469", "localhost:9469", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
                                       "::1:9469", "[::1]", "[::1:9469", "[]:9469", "run/trunkd", "1.2.3:9469",
                                       "1111111111111111111111111111111111111111111111111111111111111111:1" };
    char path[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(metrics_address_check(good[i], NULL));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct err err = { 0 };
        assert_false(metrics_address_check(bad[i], &err));
        assert_int_equal(err.class, ERR_CONFIG);
        assert_non_null(strstr(err.text, "is neither ADDRESS:PORT"));
    }
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[107] = '\0';
    assert_true(metrics_address_check(path, NULL));
    path[107] = 'x';
    path[108] = '\0';
    assert_false(metrics_address_check(path, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_head_names_help_and_type), cmocka_unit_test(test_labels_are_escaped),
        cmocka_unit_test(test_buckets_hold_all_that_is_not_above_them), cmocka_unit_test(test_bounds_rise), cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
