/* Strays, and somebody who wants them gone: what was named is removed as everything is, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <trunkd/model.h>
#include <trunkd/text.h>
#include "story.h"

#define ONE_SCAN (6 * MINUTES)
#define ACCOUNT "AC11111111111111111111111111111111"
#define NOBODY "aaaaaaaaaaaaa"          /* hash of an owner that no row of this database knows */

static const struct { const char *account, *kind, *id; } strays[] = {
    { "voice", "livekit.inbound_trunk", "ST_stray" }, { "voice", "livekit.dispatch_rule", "SDR_stray" },
    { "main", "twilio.trunk", "TK0123456789abcdef0123456789abcdef" },
};

static void add(struct world *w, const char *account, const char *kind, const char *id, const char *fields)
{
    char body[600];

    snprintf(body, sizeof(body), "{'account':'%s','kind':'%s','id':'%s','body':%s}", account, kind, id, fields);
    world_sim_set(w, "POST", "/_sim/objects", body);
}

static const char *installation_of(struct world *w)
{
    json_object_object_foreach(db_table(&w->db, "installation"), key, row) {
        (void)key;
        return db_text(row, "tag");
    }
    fail_msg("it is nowhere");
    return "";
}

/* A number that stands, and three objects of one that this database has never heard of. */
static void fleet(struct world *w)
{
    char name[200], installation[16];

    world_add_number(w, A, "both");
    world_start(w);
    rest(w);
    snprintf(installation, sizeof(installation), "%s", installation_of(w));
    snprintf(name, sizeof(name), "{'name':'old [td-%s-" NOBODY "-bbbbbbbb]','numbers':['+15559990000']}", installation);
    add(w, "APIvoice", "inbound_trunks", strays[0].id, name);
    snprintf(name, sizeof(name), "{'name':'old [td-%s-" NOBODY "-cccccccc]','trunk_ids':['ST_stray'],'rule':{'dispatch_rule_individual':{'room_prefix':'x'}}}",
             installation);
    add(w, "APIvoice", "dispatch_rules", strays[1].id, name);
    snprintf(name, sizeof(name), "{'friendly_name':'old','domain_name':'td-%s-" NOBODY "-dddddddd.pstn.twilio.com'}", installation);
    add(w, ACCOUNT, "trunks", strays[2].id, name);
    world_run(w, 2 * ONE_SCAN);
    rest(w);
    world_forget_sent(w);
}

static size_t count_of(struct world *w, const char *table) { return (size_t)json_object_object_length(db_table(&w->db, table)); }

static void sweep(struct world *w, size_t which)
{
    char name[100];

    snprintf(name, sizeof(name), "%s/%s", strays[which].kind, strays[which].id);
    world_sweep(w, strays[which].account, name);
}

static void rename_stray(struct world *w, const char *name)
{
    char body[200];

    snprintf(body, sizeof(body), "{'name':'%s'}", name);
    json_object_put(world_sim(w, "POST", "/_sim/objects/APIvoice/inbound_trunks/ST_stray", body));
}

static bool is_there(struct world *w, const char *id)
{
    char *found = world_objects(w, id);
    bool there = *found != '\0';

    free(found);
    return there;
}

#define swept(w) do { \
        rest(w); \
        for (size_t i_ = 0; i_ < ARRAY_SIZE(strays); i_++) \
            assert_false(is_there(w, strays[i_].id)); \
        assert_int_equal(count_of(w, "stray"), 0); \
        assert_int_equal(count_of(w, "number_status"), 1);      /* whoever held them has ended with them */ \
        assert_string_equal(world_status(w, A), "active/UpToDate"); \
        check_converged(w); \
        assert_whole(w); \
    } while (0)

static void test_a_stray_stays_until_somebody_names_it(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w);
    assert_int_equal(count_of(w, "stray"), 3);
    size_t rows = count_of(w, "resource");
    sweep(w, 0);
    rest(w);
    assert_int_equal(world_sent(w, "delete livekit.inbound_trunk"), 1);
    assert_int_equal(world_sent(w, " delete "), 1);
    assert_true(is_there(w, strays[1].id) && is_there(w, strays[2].id));
    assert_int_equal(count_of(w, "stray"), 2);
    sweep(w, 1);
    sweep(w, 2);
    swept(w);
    assert_int_equal(world_sent(w, " delete "), 3);
    assert_int_equal(world_events(w, "Swept"), 3);
    assert_int_equal(count_of(w, "resource"), rows);
}

static void test_a_sweep_survives_a_crash_at_any_moment(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        WORLD(1);
        fleet(w);
        w->crash_at = w->effects_done + n;
        for (size_t i = 0; i < ARRAY_SIZE(strays); i++)
            sweep(w, i);
        rest(w);
        bool crashed = w->effects_done >= w->crash_at;
        world_run(w, ONE_SCAN);
        swept(w);
        if (!crashed) {
            assert_true(n > 10);
            return;
        }
    }
}

/* A copy of what a number has: the number goes on with its own. */
static void test_a_stray_of_a_number_that_stands_is_swept_beside_it(void **state)
{
    char name[200], hash[OWNER_CHARACTERS + 1];

    (void)state;
    WORLD(1);
    fleet(w);
    owner_hash(OWNER_NUMBER, A, hash);
    snprintf(name, sizeof(name), "{'name':'copy [td-%s-%s-zzzzzzzz]','numbers':['+15559990001']}", installation_of(w), hash);
    add(w, "APIvoice", "inbound_trunks", "ST_copy", name);
    world_run(w, 2 * ONE_SCAN);
    rest(w);
    assert_int_equal(count_of(w, "stray"), 4);
    world_sweep(w, "voice", "livekit.inbound_trunk/ST_copy");
    for (size_t i = 0; i < ARRAY_SIZE(strays); i++)
        sweep(w, i);
    swept(w);
    assert_false(is_there(w, "ST_copy"));
}

/* What it was is not there any more, or never was. */
static void test_who_is_gone_is_not_swept(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w);
    add(w, "APIvoice", "inbound_trunks", "ST_foreign", "{'name':'theirs too','numbers':['+4930123456']}");
    json_object_put(world_sim(w, "DELETE", "/_sim/objects/APIvoice/inbound_trunks/ST_stray", NULL));
    sweep(w, 0);
    world_sweep(w, "voice", "livekit.inbound_trunk/ST_foreign");
    world_sweep(w, "voice", "livekit.inbound_trunk/ST_never");
    world_sweep(w, "voice", "nonsense");
    rest(w);
    assert_int_equal(world_sent(w, " delete "), 0);
    assert_int_equal(count_of(w, "request"), 0);
    assert_true(world_events(w, "NotSwept") >= 2);
    assert_true(is_there(w, strays[1].id) && is_there(w, strays[2].id) && is_there(w, "ST_foreign"));
}

/* Somebody took a stray for theirs after it was listed: its tag is gone, or is another's. */
static void test_who_was_claimed_meanwhile_is_left_alone(void **state)
{
    static const char *const names[] = { "prod", "prod [td-zzzzzzzz-aaaaaaaaaaaaa-bbbbbbbb]" };

    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
        WORLD(1);
        fleet(w);
        size_t rows = count_of(w, "resource");
        rename_stray(w, names[n]);
        sweep(w, 0);
        sweep(w, 1);
        rest(w);
        assert_true(is_there(w, strays[0].id));
        assert_int_equal(world_sent(w, " delete "), 1);
        assert_int_equal(world_events(w, "NotSwept"), 1);
        assert_int_equal(count_of(w, "resource"), rows);
        assert_int_equal(count_of(w, "request"), 0);
        world_run(w, 2 * ONE_SCAN);
        assert_int_equal(count_of(w, "stray"), 1);
        assert_int_equal(count_of(w, "number_status"), 1);
    }
}

/* Nobody has decided what becomes of it since. */
static void test_who_carries_its_tag_again_is_a_stray_again(void **state)
{
    char name[100];

    (void)state;
    WORLD(1);
    fleet(w);
    rename_stray(w, "prod");
    sweep(w, 0);
    rest(w);
    snprintf(name, sizeof(name), "old [td-%s-" NOBODY "-bbbbbbbb]", installation_of(w));
    rename_stray(w, name);
    world_run(w, 2 * ONE_SCAN);
    rest(w);
    assert_int_equal(world_sent(w, " delete "), 0);
    assert_int_equal(count_of(w, "stray"), 3);
    for (size_t i = 0; i < ARRAY_SIZE(strays); i++)
        sweep(w, i);
    swept(w);
}

/* A copy has the tag of its original. */
static void test_two_of_one_tag_are_swept_one_by_one(void **state)
{
    char name[200];

    (void)state;
    WORLD(1);
    fleet(w);
    snprintf(name, sizeof(name), "{'name':'old [td-%s-" NOBODY "-bbbbbbbb]','numbers':['+15559990001']}", installation_of(w));
    add(w, "APIvoice", "inbound_trunks", "ST_copy", name);
    world_run(w, 2 * ONE_SCAN);
    rest(w);
    assert_int_equal(count_of(w, "stray"), 4);
    world_sweep(w, "voice", "livekit.inbound_trunk/ST_copy");
    rest(w);
    world_run(w, 2 * ONE_SCAN);
    rest(w);
    assert_int_equal(count_of(w, "stray"), 3);
    for (size_t i = 0; i < ARRAY_SIZE(strays); i++)
        sweep(w, i);
    swept(w);
    assert_false(is_there(w, "ST_copy"));
    assert_int_equal(world_events(w, "NotSwept"), 0);
}

/* Nothing is removed where nothing is written; it goes on when somebody lets it. */
static void test_a_database_that_is_a_copy_sweeps_nothing(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w);
    json_object_object_foreach(db_table(&w->db, "installation"), key, row) {
        (void)key;
        json_object_object_add(row, "system_identifier_now", json_object_new_string("8"));
    }
    world_crash(w, 0);
    for (size_t i = 0; i < ARRAY_SIZE(strays); i++)
        sweep(w, i);
    world_run(w, 2 * ONE_SCAN);
    assert_whole(w);
    assert_int_equal(world_sent(w, " delete "), 0);
    assert_true(is_there(w, strays[1].id) && is_there(w, strays[2].id));
}

/* The wish is heard before anybody knows what there is. */
static void test_a_sweep_waits_for_the_first_scan(void **state)
{
    (void)state;
    WORLD(1);
    fleet(w);
    world_crash(w, 0);
    for (size_t i = 0; i < ARRAY_SIZE(strays); i++)
        sweep(w, i);
    swept(w);
    assert_int_equal(world_events(w, "NotSwept"), 0);
}

/* Whose tag it carries wants it again, and has taken it over. */
static void test_who_was_adopted_meanwhile_is_not_swept(void **state)
{
    char name[200], hash[OWNER_CHARACTERS + 1];

    (void)state;
    WORLD(1);
    fleet(w);
    owner_hash(OWNER_NUMBER, SIP, hash);
    snprintf(name, sizeof(name), "{'name':'desk [td-%s-%s-zzzzzzzz]','numbers':['" SIP "']}", installation_of(w), hash);
    add(w, "APIvoice", "inbound_trunks", "ST_desk", name);
    world_run(w, 2 * ONE_SCAN);
    assert_int_equal(count_of(w, "stray"), 4);
    world_add_sip(w, SIP);
    rest(w);
    assert_int_equal(world_events(w, "LedgerLost"), 1);
    world_sweep(w, "voice", "livekit.inbound_trunk/ST_desk");
    rest(w);
    assert_int_equal(count_of(w, "request"), 0);
    assert_int_equal(world_events(w, "NotSwept"), 1);
    assert_true(is_there(w, "ST_desk"));
}

/* No scan comes any more that would say that they are gone, and nobody who would serve the wish. */
static void test_strays_and_wishes_end_with_their_account(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        WORLD(1);
        fleet(w);
        gone(w, A);
        world_wish(w, "livekit_project", "voice", NULL);
        rest(w);
        assert_null(db_row(&w->db, "account_status", "voice"));
        assert_int_equal(count_of(w, "stray"), 1);
        if (again)
            world_crash(w, 0);
        sweep(w, 0);
        rest(w);
        assert_int_equal(count_of(w, "request"), 0);
        assert_int_equal(world_events(w, "NotSwept"), 1);
        assert_int_equal(world_sent(w, "delete livekit.inbound_trunk"), 1);     /* that of the number */
    }
}

#define MANY 500
#define MANY_TIMES 5            /* as long as it took to set the numbers up; it was eleven times as long when each wish looked at all rows */

/* Many numbers, and many wishes that wait for lists of a project that does not answer: nobody looks at all for each at each event. */
static void test_wishes_that_wait_cost_nothing(void **state)
{
    char name[60];
    clock_t began = clock();

    (void)state;
    WORLD(1);
    for (unsigned n = 0; n < MANY; n++) {
        snprintf(name, sizeof(name), "+49301%06u", n);
        world_add_sip(w, name);
    }
    world_start(w);
    rest(w);
    clock_t set_up = clock() - began;
    world_crash(w, 0);
    world_fault(w, "{'id':'f','provider':'livekit','path':'*/ListSIPInboundTrunk','action':'status','status':503,'count':1000}");
    for (unsigned n = 0; n < MANY; n++) {
        snprintf(name, sizeof(name), "livekit.inbound_trunk/ST_never%u", n);
        world_sweep(w, "voice", name);
    }
    began = clock();
    world_run(w, 10 * MINUTES);
    assert_true(clock() - began < MANY_TIMES * set_up);
    assert_int_equal(count_of(w, "request"), MANY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stray_stays_until_somebody_names_it),
        cmocka_unit_test(test_a_sweep_survives_a_crash_at_any_moment),
        cmocka_unit_test(test_a_stray_of_a_number_that_stands_is_swept_beside_it),
        cmocka_unit_test(test_who_is_gone_is_not_swept),
        cmocka_unit_test(test_who_was_claimed_meanwhile_is_left_alone),
        cmocka_unit_test(test_who_carries_its_tag_again_is_a_stray_again),
        cmocka_unit_test(test_who_was_adopted_meanwhile_is_not_swept),
        cmocka_unit_test(test_strays_and_wishes_end_with_their_account),
        cmocka_unit_test(test_wishes_that_wait_cost_nothing),
        cmocka_unit_test(test_two_of_one_tag_are_swept_one_by_one),
        cmocka_unit_test(test_a_database_that_is_a_copy_sweeps_nothing),
        cmocka_unit_test(test_a_sweep_waits_for_the_first_scan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
