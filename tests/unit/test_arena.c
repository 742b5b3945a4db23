/* The arena: zeroed, aligned, apart from each other, given back at once. */
#include <setjmp.h>
#include <stdalign.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <trunkd/arena.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static void test_memory_is_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 0, 1, 7, 15, 16, 17, 100, 4096, 8191, 8192, 8193, 100000, 3 };
    struct arena arena = { 0 };
    unsigned char *p[ARRAY_SIZE(sizes) * 4];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
        size_t bytes = sizes[i % ARRAY_SIZE(sizes)];

        p[i] = arena_alloc(&arena, bytes);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < bytes; j++)
            assert_int_equal(p[i][j], 0);
        memset(p[i], (int)(i + 1), bytes);
    }
    for (size_t i = 0; i < ARRAY_SIZE(p); i++)
        for (size_t j = 0; j < sizes[i % ARRAY_SIZE(sizes)]; j++)
            assert_int_equal(p[i][j], i + 1);
    arena_release(&arena);
    assert_null(arena.chunk);
}

static void test_a_released_arena_can_be_used_again(void **state)
{
    struct arena arena = { 0 };

    (void)state;
    arena_release(&arena);
    arena_release(NULL);
    assert_string_equal(arena_strdup(&arena, "one"), "one");
    arena_release(&arena);
    assert_string_equal(arena_strdup(&arena, "two"), "two");
    arena_release(&arena);
}

static void test_text_is_copied(void **state)
{
    struct arena arena = { 0 };
    char from[] = "hello";
    char *copy = arena_strdup(&arena, from);

    (void)state;
    from[0] = 'j';
    assert_string_equal(copy, "hello");
    assert_null(arena_strdup(&arena, NULL));
    assert_string_equal(arena_strndup(&arena, "hello", 4), "hell");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(arena_printf(&arena, "%s-%03d", "td", 7), "td-007");
    assert_string_equal(arena_printf(&arena, "%s", ""), "");
    arena_release(&arena);
}

struct pair { int64_t a, b; };

static void test_arrays_have_room_for_every_item(void **state)
{
    struct arena arena = { 0 };
    struct pair *pairs = ARENA_ARRAY(&arena, struct pair, 1000);
    struct pair *one = ARENA_NEW(&arena, struct pair);

    (void)state;
    for (int i = 0; i < 1000; i++)
        pairs[i] = (struct pair){ i, -i };
    assert_int_equal(one->a, 0);
    assert_int_equal(pairs[999].b, -999);
    arena_release(&arena);
}

static void test_an_overrun_is_seen_by_the_sanitizer(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    struct arena arena = { 0 };
    char *first = arena_alloc(&arena, 16);
    char *second = arena_alloc(&arena, 5);

    assert_true(__asan_address_is_poisoned(first + 16));
    assert_true(__asan_address_is_poisoned(second + 5));
    assert_false(__asan_address_is_poisoned(second + 4));
    arena_release(&arena);
    assert_true(__asan_address_is_poisoned(first));
#else
    skip();
#endif
}

static void test_the_malloc_family_takes_zero(void **state)
{
    char *p = must_malloc(0);
    char *q = must_calloc(0, 8);
    char *r = must_strdup("abc");

    (void)state;
    assert_non_null(p);
    assert_non_null(q);
    r = must_realloc(r, 100);
    assert_string_equal(r, "abc");
    free(p);
    free(q);
    free(r);
}

static void overflow_product(struct arena *arena)
{
    arena_array(arena, 2, SIZE_MAX / 2 + 1);
}

static void overflow_rounding(struct arena *arena)
{
    arena_alloc(arena, SIZE_MAX);
}

/* Runs f in a child and says whether it aborted. */
static bool aborts(void (*f)(struct arena *))
{
    struct arena arena = { 0 };
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        close(STDERR_FILENO);
        f(&arena);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void test_sizes_that_overflow_abort(void **state)
{
    (void)state;
    assert_true(aborts(overflow_product));
    assert_true(aborts(overflow_rounding));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_a_released_arena_can_be_used_again),
        cmocka_unit_test(test_text_is_copied),
        cmocka_unit_test(test_arrays_have_room_for_every_item),
        cmocka_unit_test(test_an_overrun_is_seen_by_the_sanitizer),
        cmocka_unit_test(test_the_malloc_family_takes_zero),
        cmocka_unit_test(test_sizes_that_overflow_abort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
