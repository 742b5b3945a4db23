/* Accounts, databases and daemons in trouble: forgotten ledgers, refused credentials, wrong regions, outages, lost connections,
 * two daemons, and people who change things at the providers by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <trunkd/kind.h>
#include <trunkd/text.h>
#include "stories.h"
#include "story.h"

#define MAIN "AC11111111111111111111111111111111"

/* ---- the database forgot ------------------------------------------------------------------------------------------------------------ */

static void forget(struct world *w, const char *table, const char *owner)
{
    char *keys[200];
    size_t count = 0;

    json_object_object_foreach(db_table(&w->db, table), key, row) {
        (void)row;
        if (!owner || text_starts(key, owner))
            keys[count++] = strdup(key);
    }
    for (size_t i = 0; i < count; i++) {
        db_lose(&w->db, table, keys[i]);
        free(keys[i]);
    }
}

/* The daemon starts on a database that has lost something: everything is found again, and nothing is made or removed. Passwords are lost
 * for good, so they are set anew. */
static void finds_everything_again(struct world *w)
{
    world_forget_sent(w);
    world_run(w, 1 * MINUTES);
    converged(w);
    if (world_sent(w, " create ") > world_sent(w, " create twilio.trunk_credential_list") + world_sent(w, "create twilio.trunk_phone_number"))
        world_print_sent(w);
    assert_int_equal(world_sent(w, " create "), world_sent(w, " create twilio.trunk_credential_list") + world_sent(w, "create twilio.trunk_phone_number"));
    assert_int_equal(world_sent(w, " delete "), 0);
    assert_true(world_events(w, "LedgerLost") > 0);
}

static void test_a_forgotten_number_is_found_again(void **state)
{
    (void)state;
    STANDING_BESIDE("both", "both");
    world_crash(w, 0);
    forget(w, "resource", "number|" A);
    forget(w, "number_status", A);
    finds_everything_again(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    gone(w, A);
    gone(w, B);
    check_untouched(w);
    assert_whole(w);
}

static void test_a_forgotten_trunk_with_twenty_numbers_is_found_again(void **state)
{
    (void)state;
    WORLD(1);
    char number[32];

    for (int i = 0; i < 20; i++) {
        snprintf(number, sizeof(number), "+155501000%02d", i);
        world_add_number(w, number, "both");
    }
    world_start(w);
    converged(w);
    world_crash(w, 0);
    forget(w, "trunk_status", NULL);
    forget(w, "resource", "trunk|");
    finds_everything_again(w);
}

/* Of A, and of the trunk it is on, from some step of its set-up on: what the last seconds held that a database has lost. */
static void forget_from(struct world *w, size_t first, size_t count)
{
    char *keys[4 * KIND_MAX_];
    size_t found = 0;

    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        bool lost = false;
        for (size_t i = first; i < first + count && i < KIND_MAX_; i++)
            lost = lost || text_equal(db_text(row, "kind"), kinds[i]->name);
        if (lost && !text_equal(db_text(row, "owner"), B))
            keys[found++] = strdup(key);        /* a trunk has more than one URL */
    }
    for (size_t i = 0; i < found; i++) {
        db_lose(&w->db, "resource", keys[i]);
        free(keys[i]);
    }
    assert_true(found >= (first + count < KIND_MAX_ ? count : KIND_MAX_ - first));
}

static void test_any_kind_forgotten_is_found_again(void **state)
{
    size_t visited = 0;
    (void)state;

    for (size_t first = 0; first < KIND_MAX_; first++)
        for (int all = 0; all < 2; all++) {
            printf("    forgotten: %s%s\n", kinds[first]->name, all ? " and all that comes after it" : "");
            STANDING_ON_REQUEST;
            world_crash(w, 0);
            forget_from(w, first, all ? KIND_MAX_ : 1);
            world_run(w, 1 * MINUTES);
            converged(w);
            assert_string_equal(world_status(w, A), "active/UpToDate");
            gone(w, A);
            check_untouched(w);
            assert_whole(w);
            visited++;
        }
    printf("%zu ledgers with a hole\n", visited);
    assert_true(visited > 0);
}

static void test_everything_forgotten_is_found_again(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_add_number(w, B, "inbound");
    world_add_sip(w, SIP);
    world_start(w);
    converged(w);
    world_crash(w, 0);
    static const char *const tables[] = { "resource", "trunk_status", "number_status", "account_copy", "account_status", "provider_number", "tombstone" };
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        forget(w, tables[i], NULL);
    finds_everything_again(w);
    gone(w, A);
    gone(w, B);
    gone(w, SIP);
    rest(w);
}

/* ---- accounts --------------------------------------------------------------------------------------------------------------------------- */

static const char *condition(struct world *w, const char *account) { return db_text(db_row(&w->db, "account_status", account), "condition"); }

static void wrong_credentials(struct world *w) { world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'auth_token':'another'}"); }
static void right_credentials(struct world *w) { world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'auth_token':'secret-main'}"); }

static void test_refused_credentials_are_a_condition_of_the_account(void **state)
{
    (void)state;
    WORLD(1);
    wrong_credentials(w);
    world_add_number(w, A, "both");
    world_add_sip(w, SIP);
    world_start(w);
    world_run(w, 1 * MINUTES);
    assert_whole(w);
    assert_string_equal(condition(w, "main"), "CredentialsRefused");
    assert_string_equal(world_status(w, SIP), "active/UpToDate");
    assert_string_equal(world_status(w, A), "pending/AccountUnavailable");
    world_run(w, 1 * HOURS);
    assert_string_equal(world_status(w, A), "pending/AccountUnavailable");
    world_forget_sent(w);
    world_run(w, 1 * HOURS);
    assert_int_equal(world_sent(w, "main "), world_sent(w, "main probe"));
    assert_true(world_sent(w, "main probe") > 5 && world_sent(w, "main probe") < 40);
    right_credentials(w);
    world_run(w, 10 * MINUTES);
    converged(w);
    assert_string_equal(condition(w, "main"), "");
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_a_new_secret_is_tried_at_once(void **state)
{
    (void)state;
    WORLD(1);
    world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'auth_token':'secret-renewed'}");
    world_add_number(w, A, "both");
    world_start(w);
    world_run(w, 1 * HOURS);
    assert_string_equal(condition(w, "main"), "CredentialsRefused");
    world_wish(w, "twilio_account", "main", "{'secret':'file:account/renewed'}");
    world_run(w, 5 * SECONDS);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* Whoever has put it right at the provider need not wait for the next probe. */
static void test_an_ill_account_is_probed_at_once_when_told_to(void **state)
{
    (void)state;
    WORLD(1);
    wrong_credentials(w);
    world_add_number(w, A, "both");
    world_start(w);
    world_run(w, 1 * HOURS);
    world_forget_sent(w);
    world_run(w, 10 * SECONDS);
    assert_int_equal(world_sent(w, "main probe"), 0);
    right_credentials(w);
    world_configure(w);
    world_run(w, 2 * SECONDS);
    assert_string_equal(condition(w, "main"), "");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_credentials_refused_for_long_mark_what_is_left_over(void **state)
{
    (void)state;
    STANDING("both");
    wrong_credentials(w);
    world_wish(w, "number", A, NULL);
    world_run(w, 5 * MINUTES);
    assert_whole(w);
    assert_string_equal(world_status(w, A), "deleting/AccountUnavailable");
    world_run(w, 30 * MINUTES);
    assert_true(text_starts(world_status(w, A), "corrupted/"));
    right_credentials(w);
    world_run(w, 10 * MINUTES);
    rest(w);
    assert_string_equal(world_status(w, A), "gone");
    check_untouched(w);
    assert_whole(w);
}

static void test_a_wrong_region_stops_the_account(void **state)
{
    (void)state;
    STANDING("both");
    world_run(w, 1 * MINUTES);
    world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'region':'wrong'}");
    world_forget_sent(w);
    world_add_number(w, "+15550100002", "both");        /* before anybody has noticed */
    world_run(w, 6 * MINUTES);
    world_add_number(w, B, "both");
    world_run(w, 1 * HOURS);
    assert_whole(w);
    assert_int_equal(world_sent(w, " create twilio.trunk"), 0);
    assert_int_equal(world_sent(w, " delete "), 0);
    assert_string_equal(condition(w, "main"), "NothingVisible");
    assert_string_equal(world_status(w, A), "active/AccountBraked");
    world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'region':'right'}");
    world_run(w, 20 * MINUTES);
    converged(w);
    assert_string_equal(condition(w, "main"), "");
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_string_equal(world_status(w, B), "active/UpToDate");
}

static void test_a_wrong_region_is_noticed_by_a_daemon_that_starts(void **state)
{
    (void)state;
    STANDING("both");
    world_run(w, 1 * MINUTES);
    world_crash(w, 0);
    world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'region':'wrong'}");
    world_wish(w, "number", A, "{'label':'changed'}");
    world_add_number(w, B, "both");
    world_forget_sent(w);
    world_run(w, 1 * HOURS);
    assert_whole(w);
    assert_int_equal(world_sent(w, " create twilio"), 0);
    assert_string_equal(condition(w, "main"), "NothingVisible");
    world_sim_set(w, "POST", "/_sim/accounts/" MAIN, "{'region':'right'}");
    world_run(w, 20 * MINUTES);
    converged(w);
}

static void delete_object(struct world *w, const char *path) { world_sim_set(w, "DELETE", path, NULL); }

static void id_in(struct world *w, const char *part, const char *member, char *ret, size_t bytes)
{
    char *objects = world_objects(w, part), key[40];

    snprintf(key, sizeof(key), "\"%s\":\"", member);
    const char *at = strstr(objects, key);
    assert_non_null(at);
    at += strlen(key);
    snprintf(ret, bytes, "%.*s", (int)strcspn(at, "\""), at);
    free(objects);
}

static void test_one_object_that_disappeared_is_made_again(void **state)
{
    (void)state;
    WORLD(1);
    char id[64], path[200];

    world_add_number(w, A, "both");
    world_add_number(w, B, "both");
    world_start(w);
    converged(w);
    world_run(w, 1 * MINUTES);
    id_in(w, "[\"" A "\"]", "sip_trunk_id", id, sizeof(id));
    snprintf(path, sizeof(path), "/_sim/objects/APIvoice/inbound_trunks/%s", id);
    delete_object(w, path);
    world_run(w, 6 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* With the object goes what lies below it; all of it is made again, and the daemon lives. */
static void test_any_object_deleted_by_hand_is_made_again(void **state)
{
    static const struct { const char *account, *kind, *member; } objects[] = {
        { MAIN, "credential_lists", "sid" }, { "APIvoice", "inbound_trunks", "sip_trunk_id" },
        { "APIvoice", "outbound_trunks", "sip_trunk_id" }, { "APIvoice", "dispatch_rules", "sip_dispatch_rule_id" },
    };
    size_t visited = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        STANDING_BESIDE("both", "both");
        world_run(w, 1 * MINUTES);
        struct json_object *all = world_sim(w, "GET", "/_sim/state", NULL), *tenant = NULL;
        json_object_object_foreach(all, side, tenants) {
            (void)side;
            tenant = tenant ? tenant : json_object_object_get(tenants, objects[i].account);
        }
        struct json_object *list = json_object_object_get(tenant, objects[i].kind);
        struct json_object *last = json_object_array_get_idx(list, json_object_array_length(list) - 1);
        char path[300];
        snprintf(path, sizeof(path), "/_sim/objects/%s/%s/%s", objects[i].account, objects[i].kind, db_text(last, objects[i].member));
        json_object_put(all);
        delete_object(w, path);
        printf("    deleted by hand: %s\n", objects[i].kind);
        world_run(w, 6 * MINUTES);
        converged(w);
        visited++;
    }
    assert_true(visited > 0);
}

static void test_what_people_change_by_hand_is_put_back(void **state)
{
    (void)state;
    WORLD(1);
    char id[64], path[200];

    world_add_number(w, A, "both");
    world_start(w);
    converged(w);
    world_run(w, 1 * MINUTES);
    id_in(w, "SDR_", "sip_dispatch_rule_id", id, sizeof(id));
    snprintf(path, sizeof(path), "/_sim/objects/APIvoice/dispatch_rules/%s", id);
    world_sim_set(w, "POST", path, "{'room_config':{'agents':[{'agent_name':'somebody'}]}}");
    world_run(w, 6 * MINUTES);
    converged(w);
}

/* ---- outages ------------------------------------------------------------------------------------------------------------------------------ */

/* How many requests met it. */
static int64_t outage(const char *rule, void (*before)(struct world *), void (*act)(struct world *), int64_t after)
{
    WORLD(1);
    if (before)
        before(w);
    world_start(w);
    converged(w);
    act(w);
    world_run(w, after);
    world_fault(w, rule);
    for (int minute = 0; minute < 20; minute++) {
        world_run(w, 1 * MINUTES);
        assert_whole(w);
        if (text_starts(world_status(w, A), "failed") || text_starts(world_status(w, A), "corrupted")) {
            fprintf(stderr, "%s after %d ms\n", rule, (int)after);
            world_print_unrest(w);
        }
        assert_false(text_starts(world_status(w, A), "failed") || text_starts(world_status(w, A), "corrupted"));
        assert_true(text_equal(world_status(w, A), "gone") || !strstr(world_status(w, A), "RollingBack"));
    }
    int64_t fired = world_fault_fired(w, "out");
    world_sim_set(w, "DELETE", "/_sim/faults/out", NULL);
    world_run(w, 10 * MINUTES);
    converged(w);
    return fired;
}

static void add_a(struct world *w) { world_add_number(w, A, "both"); }
static void delete_a(struct world *w) { world_wish(w, "number", A, NULL); }

static void test_an_outage_of_twenty_minutes_rolls_nothing_back(void **state)
{
    static const char *const rules[] = {
        "{'id':'out','count':0,'action':'drop_before'}", "{'id':'out','count':0,'action':'status','status':503}",
        "{'id':'out','count':0,'action':'hang'}", "{'id':'out','count':0,'action':'status','status':429}",
        "{'id':'out','count':0,'action':'drop_before','provider':'twilio'}", "{'id':'out','count':0,'action':'status','status':500,'provider':'livekit'}",
        "{'id':'out','count':0,'action':'status_after','status':500}", "{'id':'out','count':0,'action':'drop_after'}",
    };
    size_t visited = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        for (int64_t after = 0; after < 500; after += 97) {
            int64_t met = outage(rules[i], NULL, add_a, after), met_removal = outage(rules[i], add_a, delete_a, after);
            if (after == 0) {           /* nothing has been sent yet */
                assert_true(met > 3);
                assert_true(met_removal > 3);
            }
            visited += (size_t)(met > 0) + (size_t)(met_removal > 0);
        }
    printf("%zu outages\n", visited);
    assert_true(visited > 2 * ARRAY_SIZE(rules));
}

/* ---- the database and the daemons ------------------------------------------------------------------------------------------------------------ */

static void test_a_commit_of_unknown_fate_is_found_out(void **state)
{
    size_t visited = 0, wrong = 0;
    (void)state;

    for (size_t s = 0; s < stories_count && wrong < 5; s++)
        for (int applied = 0; applied < 2; applied++)
            for (uint64_t n = 1;; n++) {
                struct world *w = story_begin(&stories[s], 1);
                char when[100];
                assert_non_null(w);
                w->lose_commit_at = w->commits_done + n;
                w->lose_commit_applied = applied;
                stories[s].act(w);
                world_rest(w, 20 * MINUTES);
                bool lost = w->commits_done >= w->lose_commit_at;
                snprintf(when, sizeof(when), "connection lost at commit %" PRIu64 ", which was %sapplied", n, applied ? "" : "not ");
                wrong += !story_ends_well(&stories[s], w, when);
                world_free(w);
                if (!lost || wrong >= 5)
                    break;
                visited++;
            }
    printf("%zu connections lost\n", visited);
    assert_true(visited > 0);
    assert_int_equal(wrong, 0);
}

/* A row that ends in a unit that is refused may be wanted again in the next one. */
static void test_a_number_comes_back_while_the_connection_goes(void **state)
{
    size_t visited = 0;
    (void)state;

    for (int64_t after = 60; after < 260; after += 2)
        for (uint64_t n = 1; n < 4; n++) {
            WORLD(1);
            world_add_sip(w, SIP);
            world_start(w);
            converged(w);
            world_wish(w, "number", SIP, NULL);
            world_run(w, after);
            w->lose_commit_at = w->commits_done + n;
            w->lose_commit_applied = true;
            world_add_sip(w, SIP);
            converged(w);
            visited++;
        }
    printf("%zu moments\n", visited);
}

static void test_doubt_that_passes_while_nobody_runs_is_resolved_afterwards(void **state)
{
    (void)state;
    STANDING("inbound");
    world_fault(w, "{'id':'late','provider':'twilio','method':'POST','action':'delay','ms':35000}");
    world_wish(w, "number", A, "{'agent':null}");
    world_run(w, 31 * SECONDS);             /* the give-back has timed out, and a read has shown that it is not done */
    assert_int_equal(world_fault_fired(w, "late"), 1);
    world_wish(w, "number", A, "{'agent':'support'}");
    world_run(w, 2 * SECONDS);
    w->restart_ms = 2 * MINUTES;
    world_crash(w, 0);                      /* now it is done */
    world_run(w, 3 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_another_daemon_takes_over_and_the_first_writes_nothing_more(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_start(w);
    world_start(w);
    converged(w);
    for (int64_t after = 0; after < 1000; after += 83) {
        int holder = w->db.lease.holder[1] - '0';
        world_wish(w, "number", A, "{'agent':'sales'}");
        world_run(w, 3);
        world_wish(w, "number", A, NULL);
        world_run(w, after);
        w->daemons[holder].frozen = true;
        world_run(w, 1 * MINUTES);
        assert_int_equal(w->db.lease.holder[1] - '0', 1 - holder);
        w->daemons[holder].frozen = false;
        world_add_number(w, A, "both");
        converged(w);
        assert_int_equal(w->db.lease.holder[1] - '0', 1 - holder);
    }
}

static void test_a_stopped_daemon_hands_over_at_once(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "both");
    world_start(w);
    world_start(w);
    world_run(w, 100);
    int holder = w->db.lease.holder[1] - '0';
    world_stop(w, holder);
    world_run(w, 10 * SECONDS);
    assert_int_equal(w->db.lease.holder[1] - '0', 1 - holder);
    converged(w);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_forgotten_number_is_found_again),
        cmocka_unit_test(test_a_forgotten_trunk_with_twenty_numbers_is_found_again),
        cmocka_unit_test(test_any_kind_forgotten_is_found_again),
        cmocka_unit_test(test_everything_forgotten_is_found_again),
        cmocka_unit_test(test_refused_credentials_are_a_condition_of_the_account),
        cmocka_unit_test(test_a_new_secret_is_tried_at_once),
        cmocka_unit_test(test_an_ill_account_is_probed_at_once_when_told_to),
        cmocka_unit_test(test_credentials_refused_for_long_mark_what_is_left_over),
        cmocka_unit_test(test_a_wrong_region_stops_the_account),
        cmocka_unit_test(test_a_wrong_region_is_noticed_by_a_daemon_that_starts),
        cmocka_unit_test(test_one_object_that_disappeared_is_made_again),
        cmocka_unit_test(test_any_object_deleted_by_hand_is_made_again),
        cmocka_unit_test(test_what_people_change_by_hand_is_put_back),
        cmocka_unit_test(test_an_outage_of_twenty_minutes_rolls_nothing_back),
        cmocka_unit_test(test_a_commit_of_unknown_fate_is_found_out),
        cmocka_unit_test(test_a_number_comes_back_while_the_connection_goes),
        cmocka_unit_test(test_doubt_that_passes_while_nobody_runs_is_resolved_afterwards),
        cmocka_unit_test(test_another_daemon_takes_over_and_the_first_writes_nothing_more),
        cmocka_unit_test(test_a_stopped_daemon_hands_over_at_once),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
