/* Accounts that come, go, fall ill and are mended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "story.h"

static size_t rows(const struct world *w, const char *table) { return (size_t)json_object_object_length(db_table(&w->db, table)); }

static void test_an_account_deleted_with_its_numbers_is_emptied_first(void **state)
{
    (void)state;
    STANDING_BESIDE("both", "inbound");
    world_wish(w, "number", A, NULL);
    world_wish(w, "number", B, NULL);
    world_wish(w, "twilio_account", "main", NULL);
    world_wish(w, "livekit_project", "voice", NULL);
    rest(w);
    assert_string_equal(world_status(w, A), "gone");
    check_untouched(w);
    assert_whole(w);
    assert_int_equal(rows(w, "account_copy"), 0);
    assert_int_equal(rows(w, "account_status"), 0);
}

/* With requests under way at every moment, lists among them. */
static void test_an_account_may_be_deleted_at_any_moment(void **state)
{
    (void)state;

    for (int64_t after = 0; after < 1300; after += 23) {
        WORLD(1);
        world_add_number(w, A, "both");
        world_start(w);
        world_run(w, after);
        world_wish(w, "number", A, NULL);
        world_wish(w, "twilio_account", "main", NULL);
        world_wish(w, "livekit_project", "voice", NULL);
        rest(w);
        check_untouched(w);
        assert_whole(w);
        assert_int_equal(rows(w, "account_copy"), 0);
    }
}

static void test_an_ill_account_is_probed_with_patience_after_a_start_too(void **state)
{
    (void)state;
    STANDING("both");
    world_fault(w, "{'id':'out','provider':'twilio','action':'status','status':401,'code':20003,'count':0}");
    world_wish(w, "number", B, NULL);
    world_add_number(w, B, "inbound");
    world_run(w, 1 * MINUTES);
    assert_string_equal(db_text(db_row(&w->db, "account_status", "main"), "condition"), "CredentialsRefused");
    world_crash(w, 0);
    world_forget_sent(w);
    world_run(w, 30 * MINUTES);
    assert_whole(w);
    assert_true(world_sent(w, "main probe") > 3);
    assert_true(world_sent(w, "main probe") < 40);
    assert_int_equal(w->sent_count, world_sent(w, "probe") + world_sent(w, "voice list"));
}

/* It has been refused for a minute when the daemon starts anew: that is not yet long. */
static void test_how_long_an_account_is_ill_survives_a_start(void **state)
{
    (void)state;
    STANDING("both");
    world_fault(w, "{'id':'out','provider':'twilio','action':'status','status':401,'code':20003,'count':0}");
    world_wish(w, "number", A, NULL);
    world_run(w, 1 * MINUTES);
    assert_string_equal(world_status(w, A), "deleting/AccountUnavailable");
    world_crash(w, 0);
    world_run(w, 1 * MINUTES);
    assert_string_equal(world_status(w, A), "deleting/AccountUnavailable");
    world_run(w, 20 * MINUTES);
    assert_string_equal(world_status(w, A), "corrupted/CredentialsRefused");
    world_sim_set(w, "DELETE", "/_sim/faults/out", NULL);
    world_run(w, 20 * MINUTES);
    assert_string_equal(world_status(w, A), "gone");
    check_untouched(w);
    assert_whole(w);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_account_deleted_with_its_numbers_is_emptied_first),
        cmocka_unit_test(test_an_account_may_be_deleted_at_any_moment),
        cmocka_unit_test(test_an_ill_account_is_probed_with_patience_after_a_start_too),
        cmocka_unit_test(test_how_long_an_account_is_ill_survives_a_start),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
