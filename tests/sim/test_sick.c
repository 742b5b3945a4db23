/* One slow or broken account never slows another, and none is sent more than it answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "story.h"

#define ACCOUNTS 20
#define SICK 3
#define NUMBERS_EACH 3

/* Account a<i> with a LiveKit project of its own, p<i>, and numbers in both directions. */
static void add_account(struct world *w, int i)
{
    char text[300], name[16];

    snprintf(text, sizeof(text), "{'sid':'AC%032x','auth_token':'secret-a%02d'}", 0xbb00 + i, i);
    world_sim_set(w, "POST", "/_sim/accounts", text);
    snprintf(text, sizeof(text), "{'api_key':'APIp%02d','api_secret':'secret-p%02d','sip_host':'p%02d.sip.livekit.cloud'}", i, i, i);
    world_sim_set(w, "POST", "/_sim/projects", text);
    snprintf(text, sizeof(text), "{'account_sid':'AC%032x','phone_number':'+1556%02d00000','count':%d}", 0xbb00 + i, i, NUMBERS_EACH);
    world_sim_set(w, "POST", "/_sim/numbers", text);
    snprintf(text, sizeof(text), "{'url':'https://p%02d.livekit.cloud','api_key':'APIp%02d','secret':'file:account/p%02d','sip_host':'p%02d.sip.livekit.cloud'}",
             i, i, i, i);
    snprintf(name, sizeof(name), "p%02d", i);
    world_wish(w, "livekit_project", name, text);
    snprintf(text, sizeof(text), "{'account_sid':'AC%032x','secret':'file:account/a%02d','livekit_project':'p%02d'}", 0xbb00 + i, i, i);
    snprintf(name, sizeof(name), "a%02d", i);
    world_wish(w, "twilio_account", name, text);
}

static void number_of(char ret[static 32], int account, int i) { snprintf(ret, 32, "+1556%02d%05d", account, i); }

static void add_numbers(struct world *w, int account)
{
    char text[300], number[32];

    for (int i = 0; i < NUMBERS_EACH; i++) {
        number_of(number, account, i);
        snprintf(text, sizeof(text), "{'label':'Line','provider':'twilio','twilio_account':'a%02d','livekit_project':'p%02d','agent':'support',"
                 "'supports_inbound':true,'supports_outbound':true}", account, account);
        world_wish(w, "number", number, text);
    }
}

/* The first three of them: one never answers, one answers 429 to everything, one refuses the credentials; and one's project fails. */
static void fall_ill(struct world *w)
{
    static const char *const how[SICK] = { "'action':'hang'", "'action':'status','status':429", "'action':'status','status':401,'code':20003" };
    char rule[200];

    for (int i = 0; i < SICK; i++) {
        snprintf(rule, sizeof(rule), "{'id':'sick%d','account':'AC%032x',%s,'count':0}", i, 0xbb00 + i, how[i]);
        world_fault(w, rule);
    }
    world_fault(w, "{'id':'sick3','account':'APIp01','action':'status','status':500,'count':0}");
}

static void recover(struct world *w)
{
    char path[40];

    for (int i = 0; i < SICK + 1; i++) {
        snprintf(path, sizeof(path), "/_sim/faults/sick%d", i);
        world_sim_set(w, "DELETE", path, NULL);
    }
}

static bool all_active(struct world *w, int first)
{
    char number[32];

    for (int account = first; account < ACCOUNTS; account++)
        for (int i = 0; i < NUMBERS_EACH; i++) {
            number_of(number, account, i);
            if (strcmp(world_status(w, number), "active/UpToDate") != 0)
                return false;
        }
    return true;
}

/* How long it takes until every number of the accounts from `first` on is active. */
static int64_t takes(struct world *w, int first)
{
    int64_t began_ms = w->now_ms;

    while (!all_active(w, first)) {
        if (w->now_ms - began_ms > 5 * MINUTES)
            fail_msg("the well accounts are not served");
        world_run(w, 10);
        assert_whole(w);
    }
    return w->now_ms - began_ms;
}

static struct world *crowd(void)
{
    struct world *w = world_new(1);

    for (int i = 0; i < ACCOUNTS; i++)
        add_account(w, i);
    for (int i = 0; i < ACCOUNTS; i++)
        add_numbers(w, i);
    return w;
}

static void test_sick_accounts_do_not_slow_the_others(void **state)
{
    (void)state;
    CLEANUP(world_cleanup) struct world *well = crowd(), *w = crowd();
    world_start(well);
    int64_t alone = takes(well, SICK);
    fall_ill(w);
    world_start(w);
    int64_t beside = takes(w, SICK);
    print_message("%d accounts served in %lld ms; beside %d sick ones in %lld ms\n", ACCOUNTS, (long long)alone, SICK, (long long)beside);
    assert_true(beside <= alone + 20);
    assert_false(all_active(w, 0));

    /* A change is as fast, while the sick stay sick. */
    world_run(w, 10 * MINUTES);
    world_wish(well, "agent", "support", "{'metadata':'another'}");
    world_wish(w, "agent", "support", "{'metadata':'another'}");
    world_run(well, 10);
    world_run(w, 10);
    alone = takes(well, SICK);
    beside = takes(w, SICK);
    print_message("a change: %lld ms, %lld ms\n", (long long)alone, (long long)beside);
    assert_true(beside <= alone + 20);

    recover(w);
    world_run(w, 6 * MINUTES);
    converged(w);
    assert_true(all_active(w, 0));
}

/* Requests of a project between two moments, as the simulator counted them. */
static size_t most_in_a_minute(struct world *w, const char *account, size_t *ret_limited)
{
    struct json_object *log = world_sim(w, "GET", "/_sim/log", NULL), *entries;
    size_t most = 0, first = 0, count = 0, n;

    json_object_object_get_ex(log, "entries", &entries);
    n = json_object_array_length(entries);
    *ret_limited = 0;
    for (size_t i = 0; i < n; i++) {
        struct json_object *e = json_object_array_get_idx(entries, i);
        if (strcmp(db_text(e, "account"), account) != 0)
            continue;
        *ret_limited += db_int(e, "status") == 429;
        count++;
        for (; db_int(e, "time_ms") - db_int(json_object_array_get_idx(entries, first), "time_ms") >= 1 * MINUTES; first++)
            count -= strcmp(db_text(json_object_array_get_idx(entries, first), "account"), account) == 0;
        most = count > most ? count : most;
    }
    json_object_put(log);
    return most;
}

static void test_a_project_is_sent_no_more_requests_a_minute_than_it_may(void **state)
{
    static const struct { const char *columns, *limit; int numbers; size_t least, most; } cases[] = {
        { "{'requests_per_minute':60}", "{'livekit_rate_per_minute':66}", 60, 60, 66 },
        { "{'requests_per_minute':null}", "{'livekit_rate_per_minute':1000}", 550, 900, 990 },      /* what LiveKit Cloud is known for */
    };

    (void)state;
    for (size_t c = 0; c < sizeof(cases) / sizeof(*cases); c++) {
        WORLD(1);
        char number[32];
        size_t limited;
        world_sim_set(w, "POST", "/_sim/numbers", "{'account_sid':'AC11111111111111111111111111111111','phone_number':'+15570000000','count':600}");
        world_sim_set(w, "POST", "/_sim/config", cases[c].limit);
        world_wish(w, "livekit_project", "voice", cases[c].columns);
        for (int i = 0; i < cases[c].numbers; i++) {
            snprintf(number, sizeof(number), "+1557%07d", i);
            world_add_number(w, number, "inbound");
        }
        world_start(w);
        converged(w);
        size_t most = most_in_a_minute(w, "APIvoice", &limited);
        print_message("%s: %zu in a minute\n", cases[c].columns, most);
        assert_true(most <= cases[c].most);
        assert_true(most >= cases[c].least);
        assert_int_equal(limited, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sick_accounts_do_not_slow_the_others),
        cmocka_unit_test(test_a_project_is_sent_no_more_requests_a_minute_than_it_may),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
