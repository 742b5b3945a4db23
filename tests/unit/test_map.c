/* The map against a plain array that does the same, through growth and removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <trunkd/cleanup.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#define KEYS 500

static char keys[KEYS][20];
static char other_keys[KEYS][20];       /* the same text elsewhere */
static int values[KEYS];

static int make_keys(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        snprintf(keys[i], sizeof keys[i], "+1415%04d", i);
        snprintf(other_keys[i], sizeof other_keys[i], "+1415%04d", i);
    }
    return 0;
}

static void map_check(const struct map *map, void *const expected[KEYS])
{
    size_t count = 0, seen = 0, position = 0;
    void *value;

    for (int i = 0; i < KEYS; i++) {
        assert_ptr_equal(map_get(map, other_keys[i]), expected[i]);
        count += expected[i] != NULL;
    }
    while (map_next(map, &position, &value)) {
        assert_non_null(value);
        seen++;
    }
    assert_int_equal(map->count, count);
    assert_int_equal(seen, count);
    assert_true(map->count <= map->used);
    assert_true(map->used < map->capacity || map->capacity == 0);
}

static void test_an_empty_map_holds_nothing(void **state)
{
    struct map map = { 0 };
    size_t position = 0;
    void *value;

    (void)state;
    assert_null(map_get(&map, "a"));
    assert_null(map_remove(&map, "a"));
    assert_false(map_next(&map, &position, &value));
    map_release(&map);
    map_release(NULL);
}

static void test_put_replaces_key_and_value(void **state)
{
    struct map map = { 0 };

    (void)state;
    assert_null(map_put(&map, keys[1], &values[1]));
    assert_ptr_equal(map_put(&map, other_keys[1], &values[2]), &values[1]);
    keys[1][0] = '!';       /* the old key may go */
    assert_ptr_equal(map_get(&map, other_keys[1]), &values[2]);
    keys[1][0] = '+';
    assert_int_equal(map.count, 1);
    assert_ptr_equal(map_remove(&map, keys[1]), &values[2]);
    assert_null(map_get(&map, keys[1]));
    map_release(&map);
    assert_int_equal(map.capacity, 0);
}

static void test_it_agrees_with_an_array(void **state)
{
    struct map map = { 0 };
    void *expected[KEYS] = { 0 };

    (void)state;
    for (uint64_t step = 0; step < 20000; step++) {
        uint64_t dice = hash_bytes(&step, sizeof step, 1);
        size_t i = dice % (step < 10000 ? KEYS : 20);       /* first many, then the same few again and again */

        if (dice >> 32 & 1) {
            assert_ptr_equal(map_put(&map, keys[i], &values[i]), expected[i]);
            expected[i] = &values[i];
        } else {
            assert_ptr_equal(map_remove(&map, other_keys[i]), expected[i]);
            expected[i] = NULL;
        }
        if (step % 500 == 0)
            map_check(&map, expected);
    }
    map_check(&map, expected);
    map_release(&map);
}

static void test_put_and_remove_for_ever_does_not_grow(void **state)
{
    struct map map = { 0 };

    (void)state;
    for (size_t step = 0; step < 10000; step++) {
        map_put(&map, keys[step % KEYS], &values[0]);
        assert_ptr_equal(map_remove(&map, keys[step % KEYS]), &values[0]);
        assert_true(map.capacity <= 16);
    }
    map_release(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_map_holds_nothing),
        cmocka_unit_test(test_put_replaces_key_and_value),
        cmocka_unit_test(test_it_agrees_with_an_array),
        cmocka_unit_test(test_put_and_remove_for_ever_does_not_grow),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
