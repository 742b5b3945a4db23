/* Removals that come in a mass are held: nothing is removed, everything else goes on, and a release or the rows themselves end it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>
#include "story.h"

#define FLEET 40
#define BULK 30
#define NEW "+15550300900"

static const char *nth(int i)
{
    static char number[20];

    snprintf(number, sizeof(number), "+155503%05d", i);
    return number;
}

static void wish_each(struct world *w, int count, const char *columns)
{
    for (int i = 0; i < count; i++)
        world_wish(w, "number", nth(i), columns);
}

static void insert_each(struct world *w, int count)
{
    for (int i = 0; i < count; i++)
        world_add_number(w, nth(i), "both");
}

static void fleet(struct world *w, int count)
{
    char body[160];

    snprintf(body, sizeof(body), "{'account_sid':'AC11111111111111111111111111111111','phone_number':'+15550300000','count':%d,"
             "'voice_url':'https://old.example/voice'}", FLEET * 5);
    world_sim_set(w, "POST", "/_sim/numbers", body);
    world_sim_set(w, "POST", "/_sim/numbers", "{'account_sid':'AC11111111111111111111111111111111','phone_number':'" NEW "','count':1}");
    insert_each(w, count);
    world_start(w);
    rest(w);
    world_forget_sent(w);
}

static size_t removals(const struct world *w) { return world_sent(w, " delete "); }

static bool is_held(struct world *w, const char *account)
{
    struct json_object *detail = NULL;

    return json_object_object_get_ex(db_row(&w->db, "account_status", account), "detail", &detail) && detail
           && *db_text(detail, "held");
}

#define held(w) do { \
        rest(w); \
        assert_int_equal(removals(w), 0); \
        assert_true(is_held(w, "main") && is_held(w, "voice")); \
        assert_non_null(strstr(world_message(w, nth(0)), "MassRemoval")); \
        assert_non_null(strstr(world_message(w, nth(0)), "trunkd.release('")); \
    } while (0)

#define released(w) do { \
        world_ask(w, "release", "account", "main"); \
        world_ask(w, "release", "account", "voice"); \
        rest(w); \
        assert_true(removals(w) >= BULK); \
        assert_false(is_held(w, "main") || is_held(w, "voice")); \
        check_converged(w); \
        assert_whole(w); \
        assert_true(world_events(w, "MassRemoval") >= 2 && world_events(w, "Released") >= 2); \
    } while (0)

static void test_a_bulk_delete_is_held_until_it_is_released(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w, FLEET);
    wish_each(w, BULK, NULL);
    held(w);
    assert_string_equal(world_status(w, nth(0)), "deleting/AccountBraked");
    assert_string_equal(world_status(w, nth(FLEET - 1)), "active/UpToDate");
    world_crash(w, 0);                      /* and a new daemon holds it too */
    world_run(w, 20 * MINUTES);
    held(w);
    world_wish(w, "number", nth(FLEET - 1), "{'agent':'sales'}");
    world_add_number(w, NEW, "both");
    rest(w);                                /* all else goes on */
    assert_string_equal(world_status(w, NEW), "active/UpToDate");
    assert_string_equal(world_status(w, nth(FLEET - 1)), "active/UpToDate");
    world_wish(w, "number", NEW, NULL);
    held(w);                                /* what is removed now is held with the others */
    released(w);
    assert_string_equal(world_status(w, nth(0)), "gone");
}

/* Runs until so many milliseconds after a read has come in part; false: it had ended by then. */
static bool in_a_read(struct world *w, int after_ms)
{
    for (int i = 0; i < 60 * SECONDS && !w->daemons[0].telling; i++)
        world_run(w, 1);
    assert_true(w->daemons[0].telling);
    world_run(w, after_ms);
    return w->daemons[0].telling;
}

/* What has been heard of a bulk delete when the connection goes is judged with the rest of it, not by itself. */
static void test_a_bulk_delete_that_is_heard_in_part_is_held_too(void **state)
{
    (void)state;
    for (int after_ms = 0;; after_ms++) {
        WORLD(1);
        fleet(w, FLEET);
        wish_each(w, BULK, NULL);
        world_hint(w);
        if (!in_a_read(w, after_ms)) {
            assert_true(after_ms > 2);
            return;
        }
        world_lose_database(w, 0);
        held(w);
        released(w);
    }
}

/* A ledger of which one half is known is no ledger. */
static void test_a_first_read_that_breaks_off_is_begun_anew(void **state)
{
    (void)state;
    for (int after_ms = 0;; after_ms += 3) {
        WORLD(1);
        fleet(w, FLEET);
        world_crash(w, 0);
        if (!in_a_read(w, after_ms)) {
            assert_true(after_ms > 10);
            return;
        }
        world_lose_database(w, 0);
        converged(w);
        gone(w, nth(0));
        assert_int_equal(removals(w), 4);           /* each of its rows is known once */
        assert_int_equal(world_sent(w, " create "), 0);
    }
}

/* What was heard under one lease is nothing under the next. */
static void test_a_lease_lost_in_the_middle_of_a_read_begins_it_anew(void **state)
{
    (void)state;
    for (int after_ms = 0;; after_ms += 3) {
        WORLD(1);
        fleet(w, FLEET);
        w->settings.lease_ms = 15;
        world_crash(w, 0);
        if (!in_a_read(w, after_ms)) {
            assert_true(after_ms > 10);
            return;
        }
        w->db.lease.epoch++;                /* another daemon has taken it, and is gone again */
        w->db.lease.expires_at = 0;
        converged(w);
        gone(w, nth(0));
        assert_int_equal(removals(w), 4);
    }
}

static void test_rows_put_back_end_it(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w, FLEET);
    wish_each(w, BULK, NULL);
    held(w);
    insert_each(w, BULK);
    converged(w);
    assert_int_equal(w->writes, 0);
    assert_false(is_held(w, "main") || is_held(w, "voice"));
}

static void test_an_agent_lost_by_many_is_held(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w, FLEET);
    wish_each(w, BULK, "{'agent':null}");
    held(w);
    assert_string_equal(world_status(w, nth(0)), "active/AccountBraked");       /* calls flow */
    released(w);
    assert_string_equal(world_status(w, nth(0)), "pending/NoAgent");
}

static void test_a_direction_lost_by_many_is_held(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w, FLEET);
    wish_each(w, BULK, "{'supports_outbound':false}");
    rest(w);
    assert_int_equal(removals(w), 0);
    assert_true(is_held(w, "voice") && !is_held(w, "second"));
    assert_string_equal(world_status(w, nth(0)), "active/AccountBraked");
    world_ask(w, "release", "account", "voice");
    converged(w);
    assert_string_equal(world_status(w, nth(0)), "active/UpToDate");
}

static void test_a_tenth_of_many_is_no_mass(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w, FLEET * 5);
    wish_each(w, 2 * FLEET / 4, NULL);      /* 20 */
    converged(w);
    wish_each(w, FLEET, NULL);              /* 20 more: 40 within the minute, and that is no more than a fifth */
    converged(w);
    assert_false(is_held(w, "main") || is_held(w, "voice"));
}

static void test_what_came_while_no_daemon_ran_is_held(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w, FLEET);
    w->restart_ms = 1 * MINUTES;
    world_crash(w, 0);
    wish_each(w, BULK, NULL);
    world_run(w, 2 * MINUTES);
    held(w);
    released(w);
}

/* One after the other: the first are gone when it is seen to be many, within a minute. Slowly it is no mass. */
static void test_removals_are_counted_within_a_minute(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        WORLD(1);
        fleet(w, FLEET);
        for (int i = 0; i < BULK; i++) {
            world_wish(w, "number", nth(i), NULL);
            world_run(w, slow ? 4 * SECONDS : 1 * SECONDS);
        }
        rest(w);
        assert_int_equal(is_held(w, "main"), !slow);
        assert_string_equal(world_status(w, nth(0)), "gone");
        assert_string_equal(world_status(w, nth(BULK - 1)), slow ? "gone" : "deleting/AccountBraked");
    }
}

/* A daemon that dies in the middle of a released removal finishes it. */
static void test_a_release_outlives_the_daemon(void **state)
{
    int visited = 0;

    (void)state;
    for (int64_t after = 300; after < 2500; after += 400, visited++) {
        WORLD(1);
        fleet(w, FLEET);
        wish_each(w, BULK, NULL);
        held(w);
        world_ask(w, "release", "account", "main");
        world_ask(w, "release", "account", "voice");
        world_run(w, after);
        world_crash(w, 0);
        converged(w);
        assert_string_equal(world_status(w, nth(0)), "gone");
    }
    print_message("%d crashes\n", visited);
    assert_true(visited > 3);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bulk_delete_is_held_until_it_is_released),
        cmocka_unit_test(test_a_bulk_delete_that_is_heard_in_part_is_held_too),
        cmocka_unit_test(test_a_first_read_that_breaks_off_is_begun_anew),
        cmocka_unit_test(test_a_lease_lost_in_the_middle_of_a_read_begins_it_anew),
        cmocka_unit_test(test_rows_put_back_end_it),
        cmocka_unit_test(test_an_agent_lost_by_many_is_held),
        cmocka_unit_test(test_a_direction_lost_by_many_is_held),
        cmocka_unit_test(test_a_tenth_of_many_is_no_mass),
        cmocka_unit_test(test_what_came_while_no_daemon_ran_is_held),
        cmocka_unit_test(test_removals_are_counted_within_a_minute),
        cmocka_unit_test(test_a_release_outlives_the_daemon),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
