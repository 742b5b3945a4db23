/* Connection policies: made where a trunk asks for one, changed in place, looked at where there is one, and no burden on anybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <trunkd/text.h>
#include "story.h"

#define MAIN_SID "AC11111111111111111111111111111111"
#define C "+15550100002"
#define POLICY "{'twilio_trunk':{'cnam_lookup_enabled':true,'connection_policy':true}}"
#define NONE "{'twilio_trunk':{'cnam_lookup_enabled':true}}"
#define ONE_SCAN (6 * MINUTES)
#define LIST "main list twilio.connection_policy"

static void ask_for(struct world *w, const char *number, const char *settings)
{
    world_add_number(w, number, "both");
    world_wish(w, "number", number, settings);
}

/* What Twilio holds of a kind, as text: {"sid":"NY..."...}. The caller puts the state. */
static struct json_object *held(struct world *w, const char *kind, struct json_object **ret_state)
{
    struct json_object *at = *ret_state = world_sim(w, "GET", "/_sim/state", NULL);

    if (!json_object_object_get_ex(at, "twilio", &at) || !json_object_object_get_ex(at, MAIN_SID, &at)
        || !json_object_object_get_ex(at, kind, &at))
        fail_msg("nothing is known of %s", kind);
    return at;
}

static size_t count(struct world *w, const char *kind)
{
    struct json_object *state;
    size_t count = json_object_array_length(held(w, kind, &state));

    json_object_put(state);
    return count;
}

/* A text of the first object of a kind. */
static const char *first(struct world *w, const char *kind, const char *member, char to[static 256])
{
    struct json_object *state, *list = held(w, kind, &state);

    assert_true(json_object_array_length(list) > 0);
    snprintf(to, 256, "%s", db_text(json_object_array_get_idx(list, 0), member));
    json_object_put(state);
    return to;
}

static void make(struct world *w, const char *kind, const char *parent, const char *body)
{
    char object[600];

    snprintf(object, sizeof(object), "{'account':'" MAIN_SID "','kind':'%s','parent':'%s','body':%s}", kind, parent, body);
    world_sim_set(w, "POST", "/_sim/objects", object);
}

static void deny(struct world *w)
{
    world_fault(w, "{'id':'no','provider':'twilio','path':'/v1/ConnectionPolicies*','count':0,'action':'status','status':403,'code':20003,"
                   "'message':'not with this key'}");
}

/* ---- who has one --------------------------------------------------------------------------------------------------------------------- */

static void test_who_has_none_is_never_asked_for_any(void **state)
{
    (void)state;
    WORLD(1);
    deny(w);
    world_add_number(w, A, "both");
    ask_for(w, B, "{'twilio_trunk':{'cnam_lookup_enabled':true}}");
    world_start(w);
    converged(w);
    world_crash(w, 0);
    world_run(w, 3 * ONE_SCAN);
    gone(w, A);
    gone(w, B);
    assert_int_equal(world_fault_fired(w, "no"), 0);
    check_untouched(w);
    assert_whole(w);
}

/* One list shows those of all trunks, foreign ones too, which stay as they are. */
static void test_one_list_a_scan_shows_all(void **state)
{
    (void)state;
    WORLD(1);
    make(w, "connection_policies", "", "{'friendly_name':'theirs'}");
    ask_for(w, A, POLICY);
    ask_for(w, B, POLICY);
    ask_for(w, C, POLICY);
    world_start(w);
    rest(w);
    assert_int_equal(count(w, "connection_policies"), 4);
    world_run(w, 1 * MINUTES);
    world_forget_sent(w);
    world_run(w, ONE_SCAN);
    assert_int_equal(world_sent(w, LIST " "), 0);
    assert_int_equal(world_sent(w, LIST "_target"), 3);
    assert_int_equal(world_sent(w, LIST) - world_sent(w, LIST "_target"), 1);
    assert_int_equal(w->writes, 0);
    gone(w, A);
    gone(w, B);
    gone(w, C);
    char name[256];
    assert_string_equal(first(w, "connection_policies", "friendly_name", name), "theirs");
    assert_int_equal(count(w, "connection_policies"), 1);
    assert_whole(w);
}

/* ---- on a live trunk ----------------------------------------------------------------------------------------------------------------- */

static void test_it_comes_and_goes_on_a_live_trunk(void **state)
{
    (void)state;
    WORLD(1);
    ask_for(w, A, NONE);
    world_start(w);
    converged(w);
    world_forget_sent(w);
    world_wish(w, "number", A, POLICY);
    converged(w);
    assert_requests(w, 2, 0);
    world_forget_sent(w);
    world_wish(w, "number", A, NONE);
    converged(w);
    assert_int_equal(w->writes, 2);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* Twilio comes by TLS where the trunk is secure, by one request, and the target is there at every moment. */
static void test_the_own_target_is_changed_in_place(void **state)
{
    char id[256], now[256], uri[256];
    (void)state;
    WORLD(1);
    ask_for(w, A, POLICY);
    world_start(w);
    converged(w);
    first(w, "connection_policy_targets", "sid", id);
    assert_true(text_starts(first(w, "connection_policy_targets", "target", uri), "sip:"));
    assert_non_null(strstr(uri, ";transport=tcp"));
    world_forget_sent(w);
    world_wish(w, "number", A, "{'twilio_trunk':{'connection_policy':true,'secure':true}}");
    for (int i = 0; i < 500; i++) {
        world_run(w, 10);
        assert_string_equal(first(w, "connection_policy_targets", "sid", now), id);
    }
    converged(w);
    assert_non_null(strstr(first(w, "connection_policy_targets", "target", uri), ";transport=tls"));
    assert_int_equal(world_sent(w, "update twilio.connection_policy_target"), 1);
    assert_int_equal(world_sent(w, "create twilio.connection_policy"), 0);
}

/* Ten fit: eight old, eight new and the project's own never do at once. */
static void test_all_targets_are_replaced_at_once(void **state)
{
    static const char *const names[] = { "old", "new" };
    char settings[2][1000];
    (void)state;

    for (int n = 0; n < 2; n++) {
        int at = snprintf(settings[n], sizeof(settings[n]), "{'twilio_trunk':{'connection_policy':true,'connection_policy_targets':[");
        for (int i = 0; i < 8; i++)
            at += snprintf(settings[n] + at, sizeof(settings[n]) - (size_t)at, "%s{'target':'sip:%s-%d.example'}", i ? "," : "",
                           names[n], i);
        snprintf(settings[n] + at, sizeof(settings[n]) - (size_t)at, "]}}");
    }
    WORLD(1);
    ask_for(w, A, settings[0]);
    world_start(w);
    converged(w);
    assert_int_equal(count(w, "connection_policy_targets"), 9);
    world_wish(w, "number", A, settings[1]);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    char *old = world_objects(w, "sip:old");
    assert_string_equal(old, "");
    free(old);
}

/* A BYOC trunk knows it by its id. */
static void test_it_outlives_a_trunk_that_somebody_removed(void **state)
{
    char before[256], now[256], path[300];
    (void)state;
    WORLD(1);
    ask_for(w, A, POLICY);
    world_start(w);
    converged(w);
    first(w, "connection_policies", "sid", before);
    world_run(w, 1 * MINUTES);
    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        (void)key;
        if (text_equal(db_text(row, "kind"), "twilio.trunk"))
            snprintf(path, sizeof(path), "/_sim/objects/" MAIN_SID "/trunks/%s", db_text(row, "external_id"));
    }
    world_wish(w, "number", A, "{'label':'Another'}");
    world_sim_set(w, "DELETE", path, NULL);
    world_run(w, 2 * ONE_SCAN);
    world_ask(w, "release", "account", "main");     /* it was the only trunk */
    world_run(w, 2 * ONE_SCAN);
    converged(w);
    assert_string_equal(first(w, "connection_policies", "sid", now), before);
}

/* ---- when it cannot be had, or not let go -------------------------------------------------------------------------------------------- */

/* A BYOC trunk of theirs names it. Nothing else of the number is held up, and it ends by itself. */
static void test_one_in_use_is_the_only_leftover(void **state)
{
    char policy[256], byoc[256], path[400], body[400];
    (void)state;
    WORLD(1);
    ask_for(w, A, POLICY);
    world_start(w);
    converged(w);
    snprintf(body, sizeof(body), "{'friendly_name':'theirs','connection_policy_sid':'%s'}", first(w, "connection_policies", "sid", policy));
    make(w, "byoc_trunks", "", body);
    first(w, "byoc_trunks", "sid", byoc);
    world_wish(w, "number", A, NULL);
    rest(w);
    world_run(w, 30 * MINUTES);
    assert_string_equal(world_status(w, A), "corrupted/CleanupFailing");
    assert_non_null(strstr(world_message(w, A), "in use"));
    assert_int_equal(json_object_object_length(db_table(&w->db, "resource")), 1);
    assert_non_null(strstr(db_text(db_row(&w->db, "number_status", A), "leftovers"), policy));
    snprintf(path, sizeof(path), "/_sim/objects/" MAIN_SID "/byoc_trunks/%s", byoc);
    world_sim_set(w, "DELETE", path, NULL);
    world_run(w, 20 * MINUTES);
    assert_string_equal(world_status(w, A), "gone");
    check_untouched(w);
    assert_whole(w);
}

/* A daemon that starts anew has to look before it makes one, and may never be let: it says so, at its own pace, and slows nobody. */
static void test_a_key_that_may_not_look_is_told_and_slows_nobody(void **state)
{
    (void)state;
    WORLD(1);
    ask_for(w, A, NONE);
    world_start(w);
    converged(w);
    world_crash(w, 0);
    world_run(w, 1 * MINUTES);
    deny(w);
    world_wish(w, "number", A, POLICY);
    world_run(w, 1 * MINUTES);
    assert_string_equal(world_status(w, A), "active/Updating");
    assert_non_null(strstr(world_message(w, A), "not with this key"));
    world_forget_sent(w);
    world_add_number(w, B, "both");
    world_run(w, 5 * SECONDS);
    assert_string_equal(world_status(w, B), "active/UpToDate");
    world_run(w, 1 * HOURS);
    assert_string_equal(world_status(w, A), "active/Updating");
    assert_in_range(world_sent(w, LIST), 5, 40);
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    world_run(w, 20 * MINUTES);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* Of one whose create is refused for good nothing else is held up either, once the number is active; also where it moves to a trunk of its
 * own for it. */
static void test_a_live_number_works_on_where_none_can_be_had(void **state)
{
    static const char *const before[] = { NONE, "{'twilio_trunk':null}" };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
        WORLD(1);
        ask_for(w, A, before[i]);
        world_start(w);
        converged(w);
        deny(w);
        world_wish(w, "number", A, POLICY);
        rest(w);
        assert_string_equal(world_status(w, A), "active/UpdateRefused");
        assert_non_null(strstr(world_message(w, A), "not with this key"));
        world_wish(w, "number", A, before[i]);
        converged(w);
        assert_string_equal(world_status(w, A), "active/UpToDate");
    }
}

/* ---- found again --------------------------------------------------------------------------------------------------------------------- */

/* A late create of one that is long gone is removed, by the list of those that stand; what is not known to be ours is only shown. */
static void test_a_late_one_is_removed(void **state)
{
    char name[256], body[400];
    (void)state;
    WORLD(1);
    ask_for(w, A, POLICY);
    world_start(w);
    converged(w);
    first(w, "connection_policies", "friendly_name", name);
    gone(w, A);
    ask_for(w, A, POLICY);
    converged(w);
    world_run(w, 1 * MINUTES);
    snprintf(body, sizeof(body), "{'friendly_name':'%s'}", name);
    make(w, "connection_policies", "", body);
    assert_int_equal(count(w, "connection_policies"), 2);
    world_run(w, 2 * ONE_SCAN);
    converged(w);
    assert_int_equal(world_events(w, "DuplicateRemoved"), 1);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_has_none_is_never_asked_for_any),
        cmocka_unit_test(test_one_list_a_scan_shows_all),
        cmocka_unit_test(test_it_comes_and_goes_on_a_live_trunk),
        cmocka_unit_test(test_the_own_target_is_changed_in_place),
        cmocka_unit_test(test_all_targets_are_replaced_at_once),
        cmocka_unit_test(test_it_outlives_a_trunk_that_somebody_removed),
        cmocka_unit_test(test_one_in_use_is_the_only_leftover),
        cmocka_unit_test(test_a_key_that_may_not_look_is_told_and_slows_nobody),
        cmocka_unit_test(test_a_live_number_works_on_where_none_can_be_had),
        cmocka_unit_test(test_a_late_one_is_removed),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
