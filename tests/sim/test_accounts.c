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

static const char *wildcards_of(struct world *w, const char *account)
{
    struct json_object *detail = NULL, *wildcards = NULL;

    json_object_object_get_ex(db_row(&w->db, "account_status", account), "detail", &detail);
    return detail && json_object_object_get_ex(detail, "wildcards", &wildcards) ? json_object_to_json_string_ext(wildcards, JSON_C_TO_STRING_PLAIN) : "";
}

/* It is not ours to touch, but people have to know: a call to a number without a trunk of its own goes there. */
static void test_what_takes_everybodys_calls_is_told_while_it_is_there(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, A, "inbound");
    world_start(w);
    rest(w);
    assert_string_equal(wildcards_of(w, "voice"), "");
    world_sim_set(w, "POST", "/_sim/objects", "{'account':'APIvoice','kind':'inbound_trunks','id':'ST_everybody','body':{'name':'everybody'}}");
    world_sim_set(w, "POST", "/_sim/objects", "{'account':'APIvoice','kind':'inbound_trunks','body':{'name':'office','allowed_addresses':['192.0.2.7']}}");
    world_sim_set(w, "POST", "/_sim/objects", "{'account':'APIvoice','kind':'inbound_trunks','body':{'name':'desk','auth_username':'u','auth_password':'p'}}");
    world_sim_set(w, "POST", "/_sim/objects", "{'account':'APIvoice','kind':'dispatch_rules','body':{'name':'all','rule':{'dispatch_rule_individual':{'room_prefix':'x'}}}}");
    world_run(w, 6 * MINUTES);
    rest(w);
    assert_non_null(strstr(wildcards_of(w, "voice"), "\"livekit.inbound_trunk\""));
    assert_non_null(strstr(wildcards_of(w, "voice"), "\"name\":\"everybody\""));
    assert_non_null(strstr(wildcards_of(w, "voice"), "\"livekit.dispatch_rule\""));
    assert_null(strstr(wildcards_of(w, "voice"), "office"));
    assert_null(strstr(wildcards_of(w, "voice"), "desk"));
    assert_string_equal(wildcards_of(w, "other"), "");
    world_crash(w, 0);                      /* it is remembered, until the next scan says otherwise */
    world_run(w, 2 * SECONDS);
    assert_non_null(strstr(wildcards_of(w, "voice"), "everybody"));
    json_object_put(world_sim(w, "DELETE", "/_sim/objects/APIvoice/inbound_trunks/ST_everybody", NULL));
    world_run(w, 6 * MINUTES);
    rest(w);
    assert_null(strstr(wildcards_of(w, "voice"), "livekit.inbound_trunk"));
    assert_non_null(strstr(wildcards_of(w, "voice"), "livekit.dispatch_rule"));
    assert_whole(w);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_account_deleted_with_its_numbers_is_emptied_first),
        cmocka_unit_test(test_an_account_may_be_deleted_at_any_moment),
        cmocka_unit_test(test_an_ill_account_is_probed_with_patience_after_a_start_too),
        cmocka_unit_test(test_how_long_an_account_is_ill_survives_a_start),
        cmocka_unit_test(test_what_takes_everybodys_calls_is_told_while_it_is_there),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
