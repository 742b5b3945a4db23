/* The plain life of numbers, in a world without faults: set-up, change, removal, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "world.h"
#include <stdlib.h>
#include <string.h>

#define A "+15550100000"
#define B "+15550100001"
#define SIP "+493012345"

#define WORLD CLEANUP(world_cleanup) struct world *w = world_new(1)
#define assert_whole(w) assert_string_equal((w)->broken, "")

static void rest(struct world *w)
{
    bool rests = world_rest(w, 10 * MINUTES);
    assert_whole(w);
    assert_true(rests);
}

static void converged(struct world *w)
{
    rest(w);
    check_converged(w);
    assert_whole(w);
}

/* A further hour sends nothing but scans. */
static void silent(struct world *w)
{
    uint64_t commits = w->commits_done;
    world_forget_sent(w);
    world_run(w, 1 * HOURS);
    assert_whole(w);
    if (w->sent_count != world_sent(w, " list "))
        world_print_sent(w);
    assert_int_equal(w->writes, 0);
    assert_int_equal(w->sent_count, world_sent(w, " list "));
    assert_true(w->sent_count > 0);
    assert_int_equal(w->commits_done, commits);
}

static void test_a_sip_number_becomes_active_and_goes_again(void **state)
{
    (void)state;
    WORLD;
    world_add_sip(w, SIP);
    world_start(w);
    converged(w);
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_int_equal(w->writes, 2);
    silent(w);
    world_forget_sent(w);
    world_wish(w, "number", SIP, NULL);
    rest(w);
    assert_string_equal(world_status(w, SIP), "gone");
    assert_int_equal(w->writes, 2);
    check_untouched(w);
    assert_whole(w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sip_number_becomes_active_and_goes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
