/* The daemon dies before and after every effect of every story, and another one goes on: exactly one object per wanted in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include "stories.h"

/* False: the story was over before the so-manieth effect. */
static bool told_with_a_crash(const struct story *story, uint64_t nth, bool after, size_t *wrong)
{
    struct world *w = story_begin(story, 1);
    char when[100];

    assert_non_null(w);
    w->crash_at = w->effects_done + nth;
    w->crash_after = after;
    story->act(w);
    snprintf(when, sizeof(when), "killed %s effect %" PRIu64, after ? "after" : "before", nth);
    world_rest(w, 20 * MINUTES);
    bool crashed = w->effects_done >= w->crash_at;
    if (!story_ends_well(story, w, when))
        ++*wrong;
    world_free(w);
    return crashed;
}

static void test_a_crash_at_any_effect_leaves_one_object_per_wanted(void **state)
{
    size_t visited = 0, wrong = 0;
    (void)state;

    for (size_t s = 0; s < stories_count; s++) {
        uint64_t n = 1;
        if (!story_is_told(&stories[s]))
            continue;
        while (told_with_a_crash(&stories[s], n, false, &wrong) && wrong < 10) {
            visited += 2;
            told_with_a_crash(&stories[s], n++, true, &wrong);
        }
        assert_true(n > 3);
        printf("%s: %" PRIu64 " effects\n", stories[s].name, n - 1);
    }
    printf("%zu crashes\n", visited);
    assert_true(visited > 0);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_crash_at_any_effect_leaves_one_object_per_wanted),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
