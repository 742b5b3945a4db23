/* Every write of every story meets every fault: exactly one object per wanted in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <trunkd/cleanup.h>
#include "stories.h"

#define WRONG_MAX 10

static const struct { const char *name, *rule; } faults[] = {
    { "dropped before", "{'id':'spoil','action':'drop_before'}" },
    { "dropped after", "{'id':'spoil','action':'drop_after'}" },
    { "late", "{'id':'spoil','action':'late_commit','ms':14000}" },
    { "500, then late", "{'id':'spoil','action':'late_commit','status':500,'ms':14000}" },
    { "500 before", "{'id':'spoil','action':'status','status':500}" },
    { "500 after", "{'id':'spoil','action':'status_after','status':500}" },
    { "503 before", "{'id':'spoil','action':'status','status':503}" },
    { "429", "{'id':'spoil','action':'status','status':429}" },
    { "garbage", "{'id':'spoil','action':'garbage'}" },
    { "hangs", "{'id':'spoil','action':'hang'}" },
    { "later than the time-out", "{'id':'spoil','action':'delay','ms':35000}" },
    { "answered after the time-out", "{'id':'spoil','action':'delay_after','ms':35000}" },
};

/* False: the story was over before the so-manieth write. */
static bool told_with_a_fault(const struct story *story, uint64_t nth, size_t fault, size_t *wrong)
{
    struct world *w = story_begin(story, 1);
    char when[200];

    assert_non_null(w);
    w->spoil_at = w->writes_done + nth;
    w->spoil_rule = faults[fault].rule;
    story->act(w);
    snprintf(when, sizeof(when), "write %" PRIu64 " %s", nth, faults[fault].name);
    story_rests(w);
    bool met = w->writes_done >= w->spoil_at;
    if (met)
        assert_int_equal(world_fault_fired(w, "spoil"), 1);
    if (!story_ends_well(story, w, when))
        ++*wrong;
    world_free(w);
    return met;
}

static void test_any_fault_of_any_write_leaves_one_object_per_wanted(void **state)
{
    size_t visited = 0, wrong = 0;
    (void)state;

    for (size_t s = 0; s < stories_count; s++) {
        uint64_t n = 1;
        if (!story_is_told(&stories[s]))
            continue;
        for (bool more = true; more && wrong < WRONG_MAX; n += more)
            for (size_t f = 0; f < ARRAY_SIZE(faults) && more && wrong < WRONG_MAX; f++) {
                more = told_with_a_fault(&stories[s], n, f, &wrong);
                visited += more;
            }
        assert_true(n > 1);
        printf("%s: %" PRIu64 " writes\n", stories[s].name, n - 1);
    }
    printf("%zu faults met\n", visited);
    assert_true(visited > 0);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_fault_of_any_write_leaves_one_object_per_wanted),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
