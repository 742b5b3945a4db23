/* The table of what an event makes of a ledger row: no hole, no state that does not occur, and the promises it must keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include "../../src/reconcile/transition.h"

static void test_no_cell_of_state_by_event_is_a_hole(void **state)
{
    size_t visited = 0;
    (void)state;

    for (int s = 0; s < ROW_STATE_MAX_; s++)
        for (int e = 0; e < ROW_EVENT_MAX_; e++) {
            const struct transition *to = transition((enum row_state)s, (enum row_event)e);
            assert_true(to->action & DO_VALID);
            if (!(to->action & DO_BUG))
                assert_int_not_equal(row_state(to->known, to->open), ROW_STATE_MAX_);
            visited++;
        }
    printf("%zu cells: %d states, %d events\n", visited, ROW_STATE_MAX_, ROW_EVENT_MAX_);
    assert_true(visited > 0);
}

static void test_names_are_complete(void **state)
{
    (void)state;
    for (int s = 0; s < ROW_STATE_MAX_; s++)
        assert_non_null(row_state_names[s]);
    for (int e = 0; e < ROW_EVENT_MAX_; e++)
        assert_non_null(row_event_names[e]);
}

static bool is_open(enum row_state state)
{
    return state == ROW_CREATING || state == ROW_RECREATING || state == ROW_UPDATING || state == ROW_DELETING;
}

static void test_every_answer_closes_what_is_open(void **state)
{
    (void)state;
    for (int s = 0; s < ROW_STATE_MAX_; s++)
        for (int e = 0; e <= ROW_UNKNOWN; e++) {
            const struct transition *to = transition((enum row_state)s, (enum row_event)e);
            if (is_open((enum row_state)s))
                assert_int_equal(to->open, OPEN_NOTHING);
            else
                assert_true(to->action & DO_BUG);
        }
}

static void test_a_lost_answer_leaves_doubt_and_a_read(void **state)
{
    (void)state;
    for (int s = 0; s < ROW_STATE_MAX_; s++)
        for (int e = 0; e < ROW_EVENT_MAX_; e++) {
            if (!is_open((enum row_state)s) || (e != ROW_UNKNOWN && e != ROW_RESTART))
                continue;
            const struct transition *to = transition((enum row_state)s, (enum row_event)e);
            assert_true(to->action & DO_DOUBT);
            assert_true(to->action & DO_READ);
            assert_int_not_equal(to->known, KNOWN_NONE);
        }
}

static void test_only_a_read_proves_absence_of_what_may_be_there(void **state)
{
    (void)state;
    for (int e = 0; e < ROW_EVENT_MAX_; e++) {
        const enum row_state may_be[] = { ROW_MAYBE, ROW_RECREATING, ROW_LIVE, ROW_UPDATING, ROW_DELETING };
        for (size_t i = 0; i < sizeof(may_be) / sizeof(*may_be); i++) {
            const struct transition *to = transition(may_be[i], (enum row_event)e);
            if (to->known == KNOWN_NONE && !(to->action & DO_BUG))
                assert_int_equal(e, ROW_ABSENT);
        }
    }
}

static void test_a_passing_list_does_not_close_an_open_operation(void **state)
{
    (void)state;
    for (int s = 0; s < ROW_STATE_MAX_; s++)
        for (int e = ROW_FOUND; e <= ROW_ABSENT; e++) {
            const struct transition *to = transition((enum row_state)s, (enum row_event)e);
            if (is_open((enum row_state)s))
                assert_int_equal(row_state(to->known, to->open), s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_cell_of_state_by_event_is_a_hole),
        cmocka_unit_test(test_names_are_complete),
        cmocka_unit_test(test_every_answer_closes_what_is_open),
        cmocka_unit_test(test_a_lost_answer_leaves_doubt_and_a_read),
        cmocka_unit_test(test_only_a_read_proves_absence_of_what_may_be_there),
        cmocka_unit_test(test_a_passing_list_does_not_close_an_open_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
