/* Many numbers at once: how their records are looked up, who goes first, and that nobody stands in another's way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "story.h"

#define LIST_OF_NUMBERS "main list twilio.trunk_phone_number"

static void name(char number[static 20], int n) { snprintf(number, 20, "+155501000%02u", (unsigned)n % 100); }

static void add(struct world *w, int first, int count)
{
    char number[20];

    for (int n = first; n < first + count; n++) {
        name(number, n);
        world_add_number(w, number, "inbound");
    }
}

/* Where in all that was sent this stands first; the end: nowhere. */
static size_t sent_at(const struct world *w, int n, const char *what)
{
    char number[20];
    size_t i = 0;

    name(number, n);
    while (i < w->sent_count && !(strstr(w->sent[i], number) && strstr(w->sent[i], what)))
        i++;
    return i;
}

static void test_a_few_are_looked_up_one_by_one_and_more_by_the_list(void **state)
{
    (void)state;
    for (int count = 5; count <= 6; count++) {
        STANDING("inbound");
        world_forget_sent(w);
        add(w, 1, count);
        converged(w);
        assert_int_equal(world_sent(w, "look up"), count <= 5 ? count : 0);
        assert_int_equal(world_sent(w, LIST_OF_NUMBERS), count <= 5 ? 0 : 1);
        assert_int_equal(w->writes, 3 * count);
    }
}

static void test_who_is_not_in_the_list_is_not_in_the_account(void **state)
{
    (void)state;
    STANDING("inbound");
    add(w, 1, 8);
    world_add_number(w, "+15550200000", "inbound");
    rest(w);
    assert_string_equal(world_status(w, "+15550200000"), "failed/NotInAccount");
    assert_string_equal(world_status(w, "+15550100008"), "active/UpToDate");
    assert_int_equal(world_sent(w, "look up"), 0);
}

static void test_a_list_that_fails_is_read_again_for_all_who_wait_for_it(void **state)
{
    (void)state;
    STANDING("inbound");
    world_fault(w, "{'id':'f','provider':'twilio','method':'GET','path':'*/IncomingPhoneNumbers.json','action':'status','status':503,'count':2}");
    add(w, 1, 8);
    converged(w);
    assert_int_equal(world_fault_fired(w, "f"), 2);
    assert_string_equal(world_status(w, "+15550100008"), "active/UpToDate");
}

/* The wish moves to another account while its record is waited for: the answer of the first says nothing. */
static void test_a_number_may_change_its_account_while_it_is_looked_up(void **state)
{
    (void)state;
    STANDING("inbound");
    add(w, 1, 8);
    world_add_number(w, "+15550200000", "inbound");
    world_run(w, 20);
    world_wish(w, "number", "+15550200000", "{'twilio_account':'second'}");
    converged(w);
    assert_string_equal(world_status(w, "+15550200000"), "active/UpToDate");
}

/* A page of 600 numbers is read, and judged, in many steps of the core. */
static void test_a_long_list_says_all_it_has_to_say(void **state)
{
    char number[20];

    (void)state;
    STANDING("inbound");
    world_sim_set(w, "POST", "/_sim/numbers", "{'account_sid':'AC11111111111111111111111111111111','phone_number':'+15550300000','count':600}");
    world_forget_sent(w);
    for (int n = 0; n < 600; n += 60) {
        snprintf(number, sizeof(number), "+155503%05d", n + 59);
        world_add_number(w, number, "inbound");
    }
    world_add_number(w, "+15550200000", "inbound");
    rest(w);
    assert_int_equal(world_sent(w, "look up"), 0);
    assert_int_equal(world_sent(w, LIST_OF_NUMBERS), 2);        /* that one is not there is believed after a complete scan */
    assert_string_equal(world_status(w, "+15550200000"), "failed/NotInAccount");
    for (int n = 0; n < 600; n += 60) {
        snprintf(number, sizeof(number), "+155503%05d", n + 59);
        assert_string_equal(world_status(w, number), "active/UpToDate");
    }
    struct json_object *row = db_row(&w->db, "resource", "number|+15550300599|twilio.trunk_phone_number||main");
    char path[200];
    snprintf(path, sizeof(path), "/_sim/objects/AC11111111111111111111111111111111/phone_numbers/%s", db_text(row, "external_id"));
    json_object_put(world_sim(w, "POST", path, "{'trunk_sid':null}"));
    world_run(w, 6 * MINUTES);
    rest(w);
    assert_int_equal(world_events(w, "Drifted"), 1);
    world_wish(w, "number", "+15550200000", NULL);
    converged(w);
}

static void one_at_a_time(struct world *w)
{
    world_wish(w, "twilio_account", "main", "{'max_in_flight':1}");
    world_wish(w, "livekit_project", "voice", "{'max_in_flight':1}");
    converged(w);
    world_forget_sent(w);
}

static void test_numbers_are_finished_before_others_are_begun(void **state)
{
    (void)state;
    STANDING("inbound");
    one_at_a_time(w);
    add(w, 1, 10);
    converged(w);
    for (int n = 1; n <= 8; n++) {
        size_t rule = sent_at(w, n, "create livekit.dispatch_rule"), begun = 0;
        for (int other = 1; other <= 10; other++)
            begun += sent_at(w, other, "create livekit.inbound_trunk") < rule;
        assert_true(begun <= 10);
        size_t done = 0;
        for (int other = 1; other <= 10; other++)
            done += sent_at(w, other, "create livekit.dispatch_rule") < rule;
        assert_true(begun - done <= 2);         /* itself, and at most one more */
    }
}

static void test_who_comes_alone_does_not_wait_behind_a_crowd(void **state)
{
    (void)state;
    STANDING("inbound");
    one_at_a_time(w);
    add(w, 1, 14);
    world_run(w, 300);
    add(w, 15, 1);
    size_t before = w->sent_count;
    converged(w);
    assert_true(sent_at(w, 15, "look up") - before <= 2);
    assert_true(sent_at(w, 15, "create livekit.inbound_trunk") - before <= 6);
    assert_true(sent_at(w, 15, "create twilio.trunk_phone_number") < sent_at(w, 9, "create livekit.inbound_trunk"));
}

/* Writes leave a place in the window to the next who comes alone, for a while. */
static void test_who_comes_alone_finds_a_place(void **state)
{
    (void)state;
    STANDING("inbound");
    world_wish(w, "twilio_account", "main", "{'max_in_flight':2}");
    world_wish(w, "livekit_project", "voice", "{'max_in_flight':32}");
    converged(w);
    add(w, 1, 13);
    while (world_sent(w, "create twilio.trunk_phone_number") == 0)
        world_run(w, 1);
    add(w, 14, 1);
    world_run(w, 70);
    for (int n = 15; n <= 17; n++) {
        add(w, n, 1);
        world_run(w, 10);
        assert_true(sent_at(w, n, "look up") < w->sent_count);
        world_run(w, 50);
    }
    assert_string_equal(world_status(w, "+15550100013"), "pending/SettingUp");
    converged(w);
}

/* Whoever holds a mark's row keeps it from being acknowledged: the mark stays, and was shown already. */
static void test_a_mark_that_could_not_be_acknowledged_is_seen_again(void **state)
{
    (void)state;
    STANDING("inbound");
    add(w, 1, 1);
    converged(w);
    json_object_object_add(db_table(&w->db, "dirty"), "number|+15550100001",
                           json_tokener_parse("{\"object_type\":\"number\",\"key\":\"+15550100001\",\"ver\":1}"));
    converged(w);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_are_looked_up_one_by_one_and_more_by_the_list),
        cmocka_unit_test(test_who_is_not_in_the_list_is_not_in_the_account),
        cmocka_unit_test(test_a_list_that_fails_is_read_again_for_all_who_wait_for_it),
        cmocka_unit_test(test_a_number_may_change_its_account_while_it_is_looked_up),
        cmocka_unit_test(test_a_long_list_says_all_it_has_to_say),
        cmocka_unit_test(test_numbers_are_finished_before_others_are_begun),
        cmocka_unit_test(test_who_comes_alone_does_not_wait_behind_a_crowd),
        cmocka_unit_test(test_who_comes_alone_finds_a_place),
        cmocka_unit_test(test_a_mark_that_could_not_be_acknowledged_is_seen_again),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
