/* The parts of the pg room that need no server: pauses, SQLSTATEs, units on their way into one statement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/arena.h>

#include "src/pg/backoff.h"
#include "src/pg/batch.h"
#include "src/pg/sqlstate.h"

static void test_pauses_grow_and_stay_in_bounds(void **state)
{
    int64_t pause = 0, top = 0;

    (void)state;
    for (int i = 0; i < 30; i++) {
        pause = backoff_next_ms(pause, UINT64_MAX);
        assert_in_range(pause, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
    }
    for (uint64_t r = 0; r < 20000; r++) {
        pause = backoff_next_ms(pause, r * UINT64_C(0x9e3779b97f4a7c15));
        assert_in_range(pause, BACKOFF_MIN_MS, BACKOFF_MAX_MS);
        top = pause > top ? pause : top;
    }
    assert_int_equal(top, BACKOFF_MAX_MS);
    assert_int_equal(backoff_next_ms(0, 0), BACKOFF_MIN_MS);
}

static void test_sqlstates_have_a_class(void **state)
{
    static const struct { const char *sqlstate; enum sqlstate_class class; } cases[] = {
        { NULL, SQLSTATE_LOST }, { "", SQLSTATE_LOST }, { "08006", SQLSTATE_LOST }, { "57P01", SQLSTATE_LOST }, { "57P02", SQLSTATE_LOST },
        { "57P03", SQLSTATE_LOST }, { "57P05", SQLSTATE_LOST }, { "25P03", SQLSTATE_LOST }, { "40001", SQLSTATE_TRANSIENT },
        { "40P01", SQLSTATE_TRANSIENT }, { "53300", SQLSTATE_TRANSIENT }, { "55P03", SQLSTATE_TRANSIENT }, { "57014", SQLSTATE_TRANSIENT },
        { "58030", SQLSTATE_TRANSIENT }, { "25006", SQLSTATE_TRANSIENT }, { "22P02", SQLSTATE_REFUSED }, { "23505", SQLSTATE_REFUSED },
        { "P0001", SQLSTATE_REFUSED }, { "TD001", SQLSTATE_REFUSED }, { "28P01", SQLSTATE_SCHEMA }, { "3D000", SQLSTATE_SCHEMA },
        { "3F000", SQLSTATE_SCHEMA }, { "42P01", SQLSTATE_SCHEMA }, { "42883", SQLSTATE_SCHEMA }, { "42703", SQLSTATE_SCHEMA },
        { "42501", SQLSTATE_SCHEMA }, { "42601", SQLSTATE_BUG }, { "XX000", SQLSTATE_BUG }, { "57000", SQLSTATE_BUG },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(sqlstate_class(cases[i].sqlstate), cases[i].class);
}

static void test_a_batch_takes_units_in_order(void **state)
{
    struct unit_queue q = { .count = 0 };
    struct batch batch;
    char *text;

    (void)state;
    units_add(&q, 1, 5, "{\"a\":1}");
    units_add(&q, 2, 5, "{}");
    text = batch_take(&q, &batch);
    assert_string_equal(text, "[{\"a\":1},{}]");
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.epoch, 5);
    assert_int_equal(batch_find(&batch, 2), 1);
    assert_int_equal(batch_find(&batch, 3), batch.count);
    batch.answered[1] = true;
    assert_int_equal(batch_find(&batch, 2), batch.count);
    assert_int_equal(q.count, 0);
    free(text);
    units_release(&q);
}

static void test_a_batch_ends_where_the_epoch_changes(void **state)
{
    struct unit_queue q = { .count = 0 };
    struct batch batch;

    (void)state;
    units_add(&q, 1, 5, "{}");
    units_add(&q, 2, 6, "{}");
    free(batch_take(&q, &batch));
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.epoch, 5);
    free(batch_take(&q, &batch));
    assert_int_equal(batch.ids[0], 2);
    assert_int_equal(batch.epoch, 6);
    units_release(&q);
}

static void test_a_batch_has_at_most_so_many_units(void **state)
{
    struct unit_queue q = { .count = 0 };
    struct batch batch;

    (void)state;
    for (uint64_t i = 1; i <= STORE_BATCH_UNITS_MAX + 1; i++)
        units_add(&q, i, 1, "{}");
    free(batch_take(&q, &batch));
    assert_int_equal(batch.count, STORE_BATCH_UNITS_MAX);
    units_add(&q, 1000, 1, "{}");
    free(batch_take(&q, &batch));
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.ids[0], STORE_BATCH_UNITS_MAX + 1);
    assert_int_equal(batch.ids[1], 1000);
    units_release(&q);
}

static void test_a_batch_has_at_most_so_many_bytes_but_one_unit(void **state)
{
    struct unit_queue q = { .count = 0 };
    struct batch batch;
    char *large = must_malloc(STORE_BATCH_BYTES_MAX + 2);

    (void)state;
    memset(large, ' ', STORE_BATCH_BYTES_MAX + 1);
    large[STORE_BATCH_BYTES_MAX + 1] = '\0';
    units_add(&q, 1, 1, "{}");
    units_add(&q, 2, 1, large);
    units_add(&q, 3, 1, "{}");
    for (uint64_t i = 1; i <= 3; i++) {
        free(batch_take(&q, &batch));
        assert_int_equal(batch.count, 1);
        assert_int_equal(batch.ids[0], i);
    }
    free(large);
    units_release(&q);
}

static void test_a_queue_in_use_does_not_grow_for_ever(void **state)
{
    struct unit_queue q = { .count = 0 };
    struct batch batch;

    (void)state;
    units_add(&q, 1, 1, "{}");
    for (uint64_t i = 2; i < 10000; i++) {      /* alternating epochs: never empty, one out for one in */
        units_add(&q, i, (int64_t)(i % 2), "{}");
        free(batch_take(&q, &batch));
    }
    assert_in_range(q.capacity, 1, 128);
    units_release(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_grow_and_stay_in_bounds),
        cmocka_unit_test(test_sqlstates_have_a_class),
        cmocka_unit_test(test_a_batch_takes_units_in_order),
        cmocka_unit_test(test_a_batch_ends_where_the_epoch_changes),
        cmocka_unit_test(test_a_batch_has_at_most_so_many_units),
        cmocka_unit_test(test_a_batch_has_at_most_so_many_bytes_but_one_unit),
        cmocka_unit_test(test_a_queue_in_use_does_not_grow_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
