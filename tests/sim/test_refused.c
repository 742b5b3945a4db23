/* What is refused for good: set-ups are rolled back, removals leave corrupted numbers with their exact leftovers. */
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

/* From some request on the provider says no, in words of its own. One row per step of a number of both directions. */
static const struct step {
    const char *kind, *set_up, *removal;
    bool on_request;                    /* A has to ask for it, and has a trunk for itself then */
} steps[] = {
    { "twilio.trunk", "'provider':'twilio','method':'POST','path':'/v1/Trunks'", "'provider':'twilio','method':'DELETE','path':'/v1/Trunks/TK*'", false },
    { "twilio.recording", "'provider':'twilio','method':'POST','path':'/v1/Trunks/*/Recording'",
      "'provider':'twilio','method':'POST','path':'/v1/Trunks/*/Recording'", true },
    { "twilio.origination_url", "'provider':'twilio','method':'POST','path':'*/OriginationUrls'",
      "'provider':'twilio','method':'DELETE','path':'*/OriginationUrls/*'", false },
    { "twilio.credential_list", "'provider':'twilio','method':'POST','path':'*/SIP/CredentialLists.json'",
      "'provider':'twilio','method':'DELETE','path':'*/SIP/CredentialLists/CL*'", false },
    { "twilio.credential", "'provider':'twilio','method':'POST','path':'*/Credentials.json'", "'provider':'twilio','method':'DELETE','path':'*/Credentials/CR*'", false },
    { "twilio.trunk_credential_list", "'provider':'twilio','method':'POST','path':'/v1/Trunks/*/CredentialLists'",
      "'provider':'twilio','method':'DELETE','path':'/v1/Trunks/*/CredentialLists/*'", false },
    { "twilio.connection_policy", "'provider':'twilio','method':'POST','path':'/v1/ConnectionPolicies'",
      "'provider':'twilio','method':'DELETE','path':'/v1/ConnectionPolicies/NY???????????????????????????????" "?'", true },
    { "twilio.connection_policy_target", "'provider':'twilio','method':'POST','path':'/v1/ConnectionPolicies/*/Targets'",
      "'provider':'twilio','method':'DELETE','path':'/v1/ConnectionPolicies/*/Targets/*'", true },
    { "livekit.inbound_trunk", "'path':'*/CreateSIPInboundTrunk'", "'path':'*/DeleteSIPTrunk'", false },
    { "livekit.outbound_trunk", "'path':'*/CreateSIPOutboundTrunk'", "'path':'*/DeleteSIPTrunk'", false },
    { "livekit.dispatch_rule", "'path':'*/CreateSIPDispatchRule'", "'path':'*/DeleteSIPDispatchRule'", false },
    { "twilio.trunk_phone_number", "'provider':'twilio','method':'POST','path':'*/IncomingPhoneNumbers/*'",
      "'provider':'twilio','method':'POST','path':'*/IncomingPhoneNumbers/*'", false },
};

static void refuse(struct world *w, const char *conditions, bool twilio)
{
    char rule[500];

    snprintf(rule, sizeof(rule), "{'id':'no','count':0,%s,'action':'status','status':%s,'message':'we do not like it'}", conditions,
             twilio ? "400,'code':20001" : "400,'code':'malformed'");
    world_fault(w, rule);
}

/* A step for every kind in the table of kinds. */
static void test_every_kind_is_refused_somewhere(void **state)
{
    (void)state;
    printf("%zu steps of %d kinds\n", ARRAY_SIZE(steps), KIND_MAX_);
    for (int i = 0; i < KIND_MAX_; i++) {
        size_t count = 0;
        for (size_t s = 0; s < ARRAY_SIZE(steps); s++)
            count += text_equal(steps[s].kind, kinds[i]->name);
        assert_int_equal(count, 1);
    }
}

static bool of_twilio(const struct step *step) { return text_starts(step->kind, "twilio."); }
static bool is_attach(const struct step *step) { return text_equal(step->kind, "twilio.trunk_phone_number"); }
static bool of_trunk(const struct step *step) { return of_twilio(step) && !is_attach(step); }

/* What a neighbour goes for whose trunk leaves this step to the newcomer: a trunk has its URL for one direction only, and list,
 * credential and link for the other. NULL: a trunk that stands has it always. */
static const char *beside_for(const struct step *step)
{
    if (step->on_request || text_equal(step->kind, "twilio.trunk"))
        return NULL;
    return !of_trunk(step) ? "both" : strstr(step->kind, "origination") ? "outbound" : "inbound";
}

static void add_a(struct world *w, const struct step *step)
{
    world_add_number(w, A, "both");
    if (step->on_request)
        world_wish(w, "number", A, ON_REQUEST);
}

static size_t on_standing_trunks(void)
{
    size_t count = 0;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        count += beside_for(&steps[i]) != NULL;
    return count;
}

/* A number whose set-up is refused at one step: nothing is left, it says the provider's words, and it is not tried again. */
static void set_up_refused(const struct step *step, const char *beside)
{
    WORLD(1);
    if (beside)
        world_add_number(w, B, beside);
    world_start(w);
    rest(w);
    neighbour_note(w);
    char *before = world_objects(w, "");
    refuse(w, step->set_up, of_twilio(step));
    add_a(w, step);
    rest(w);
    assert_true(world_fault_fired(w, "no") > 0);
    assert_string_equal(world_status(w, A), "failed/Refused");
    assert_non_null(strstr(world_message(w, A), "we do not like it"));
    assert_same_objects(w, before, A);
    check_converged(w);
    assert_whole(w);

    world_forget_sent(w);
    world_run(w, 2 * HOURS);
    assert_int_equal(w->writes, 0);
    assert_string_equal(world_status(w, A), "failed/Refused");
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    world_run(w, 2 * HOURS);
    assert_int_equal(w->writes, 0);
    world_ask(w, "retry", "number", A);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    neighbour_check(w);
    assert_whole(w);
    free(before);
}

static void test_a_refused_set_up_is_rolled_back_and_retried_when_asked(void **state)
{
    size_t visited = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        for (int beside = 0; beside < 2; beside++) {
            if (beside && !beside_for(&steps[i]))
                continue;
            printf("    refused: %s%s\n", steps[i].kind, beside ? ", on a standing trunk" : "");
            set_up_refused(&steps[i], beside ? beside_for(&steps[i]) : NULL);
            visited++;
        }
    printf("%zu steps\n", visited);
    assert_int_equal(visited, KIND_MAX_ + on_standing_trunks());
}

/* A 403 may speak of the account; when its own list is well, it speaks of this one request. */
static void test_what_is_denied_beside_a_well_account_is_refused(void **state)
{
    size_t visited = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        char rule[500];
        WORLD(1);
        printf("    denied: %s\n", steps[i].kind);
        world_start(w);
        snprintf(rule, sizeof(rule), "{'id':'no','count':0,%s,'action':'status','status':403,'code':%s,'message':'not with this key'}",
                 steps[i].set_up, of_twilio(&steps[i]) ? "70051" : "'permission_denied'");
        world_fault(w, rule);
        add_a(w, &steps[i]);
        rest(w);
        assert_true(world_fault_fired(w, "no") > 0);
        assert_string_equal(world_status(w, A), "failed/Refused");
        assert_non_null(strstr(world_message(w, A), "not with this key"));
        check_converged(w);
        visited++;
    }
    printf("%zu steps\n", visited);
    assert_true(visited > 0);
}

static void test_a_failed_number_is_tried_again_after_a_change(void **state)
{
    (void)state;
    WORLD(1);
    refuse(w, "'path':'*/CreateSIPDispatchRule'", false);
    world_add_number(w, A, "both");
    world_start(w);
    rest(w);
    assert_string_equal(world_status(w, A), "failed/Refused");
    world_wish(w, "number", A, "{'label':'Another'}");
    rest(w);
    assert_string_equal(world_status(w, A), "failed/Refused");
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    world_wish(w, "agent", "support", "{'metadata':'other'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* LiveKit says no in words that may mean that somebody has the number: until a list may know who, it is asked. Who mends what was wrong
 * meanwhile, or says to try again, is heard. */
static void test_who_is_heard_while_it_is_asked_what_was_in_the_way(void **state)
{
    static const char *const what[] = { "'path':'*/CreateSIPInboundTrunk'", "'path':'*/CreateSIPOutboundTrunk'", "'path':'*/CreateSIPDispatchRule'" };
    enum { RETRY, CHANGE, IN_VAIN, HOWS };
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(what); i++)
        for (int how = 0; how < HOWS; how++) {
            if (how == CHANGE && i < 2)
                continue;
            char rule[500];
            printf("    %s, %s\n", what[i], how == RETRY ? "retry" : how == CHANGE ? "change" : "retry in vain");
            WORLD(1);
            snprintf(rule, sizeof(rule), "{'id':'no','count':0,%s,'action':'status','status':400,'code':'invalid_argument','message':'we do not like it'}", what[i]);
            world_fault(w, rule);
            world_add_number(w, A, "both");
            world_start(w);
            for (int tries = 0; world_fault_fired(w, "no") == 0 && tries < 600; tries++)
                world_run(w, 100);
            world_run(w, 2000);
            assert_int_equal(world_fault_fired(w, "no"), 1);
            assert_string_equal(world_status(w, A), "pending/SettingUp");
            if (how != IN_VAIN)
                world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
            if (how == CHANGE)
                world_wish(w, "agent", "support", "{'metadata':'other'}");
            else
                world_ask(w, "retry", "number", A);
            if (how == IN_VAIN) {
                rest(w);
                assert_int_equal(world_fault_fired(w, "no"), 2);
                assert_string_equal(world_status(w, A), "failed/Refused");
                assert_non_null(strstr(world_message(w, A), "we do not like it"));
            } else {
                converged(w);
                assert_string_equal(world_status(w, A), "active/UpToDate");
            }
            assert_whole(w);
        }
}

static void test_a_failed_number_that_is_deleted_is_gone(void **state)
{
    (void)state;
    WORLD(1);
    refuse(w, "'path':'*/CreateSIPDispatchRule'", false);
    world_add_number(w, A, "both");
    world_start(w);
    rest(w);
    gone(w, A);
    check_untouched(w);
    assert_whole(w);
}

static void test_an_active_number_is_never_rolled_back(void **state)
{
    (void)state;
    STANDING("both");
    refuse(w, "'path':'*/UpdateSIPDispatchRule'", false);
    world_wish(w, "number", A, "{'agent':'sales'}");
    rest(w);
    assert_string_equal(world_status(w, A), "active/UpdateRefused");
    assert_non_null(strstr(world_message(w, A), "we do not like it"));
    world_wish(w, "number", A, "{'agent':'support'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

/* ---- preflight -------------------------------------------------------------------------------------------------------------------------- */

static void test_a_number_that_is_not_in_the_account_costs_no_object(void **state)
{
    (void)state;
    WORLD(1);
    world_add_number(w, "+19990001111", "both");
    world_start(w);
    rest(w);
    assert_string_equal(world_status(w, "+19990001111"), "failed/NotInAccount");
    assert_int_equal(w->writes, 0);
    gone(w, "+19990001111");
}

static void test_a_number_on_a_foreign_trunk_is_left_there(void **state)
{
    (void)state;
    WORLD(1);
    char *theirs = world_objects(w, "theirs.pstn");
    char sid[35] = "";
    assert_non_null(strstr(theirs, "\"sid\":\"TK"));
    snprintf(sid, sizeof(sid), "%s", strstr(theirs, "\"sid\":\"TK") + 7);
    free(theirs);
    char body[200];
    snprintf(body, sizeof(body), "{'account_sid':'AC11111111111111111111111111111111','phone_number':'+15550100888','trunk_sid':'%s'}", sid);
    world_sim_set(w, "POST", "/_sim/numbers", body);
    world_add_number(w, "+15550100888", "both");
    world_start(w);
    rest(w);
    assert_string_equal(world_status(w, "+15550100888"), "failed/HeldByForeign");
    assert_int_equal(w->writes, 0);
    world_wish(w, "number", "+15550100888", "{'takeover':true}");
    converged(w);
    assert_string_equal(world_status(w, "+15550100888"), "active/UpToDate");
    gone(w, "+15550100888");
    check_untouched(w);
    assert_whole(w);
}

/* ---- removal ------------------------------------------------------------------------------------------------------------------------------ */

static size_t leftovers(struct world *w, const char *table, const char *key, const char *kind)
{
    struct json_object *list = json_tokener_parse(db_text(db_row(&w->db, table, key), "leftovers"));
    size_t count = 0;

    for (size_t i = 0; i < json_object_array_length(list); i++)
        count += text_equal(db_text(json_object_array_get_idx(list, i), "kind"), kind);
    json_object_put(list);
    return count;
}

/* How many objects of a kind A has, or its trunk. */
static size_t held(struct world *w, const char *kind)
{
    const char *trunk = db_text(db_row(&w->db, "number_status", A), "trunk");
    size_t count = 0;

    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        const char *owner = db_text(row, "owner");
        (void)key;
        count += text_equal(db_text(row, "kind"), kind) && (text_equal(owner, A) || text_equal(owner, trunk));
    }
    return count;
}

static size_t refused;                  /* objects whose removal is refused, in the world that was begun last */

static void begin_refused_removal(struct world *w, const struct step *step, const char *beside)
{
    add_a(w, step);
    if (beside)
        world_add_number(w, B, beside);
    world_start(w);
    converged(w);
    neighbour_note(w);
    refused = held(w, step->kind);
    assert_true(refused > 0);
    refuse(w, step->removal, of_twilio(step));
    world_wish(w, "number", A, NULL);
    rest(w);
    assert_true(world_fault_fired(w, "no") > 0);
}

static void is_corrupted(struct world *w, const struct step *step)
{
    assert_string_equal(world_status(w, A), "corrupted/CleanupRefused");
    assert_int_equal(leftovers(w, "number_status", A, step->kind), refused);
    assert_non_null(strstr(world_message(w, A), "we do not like it"));
}

/* The number is gone: its trunk stays for the neighbour, and is the one that is told. */
static const char *has_left_a_stuck_trunk(struct world *w, const struct step *step)
{
    const char *trunk = db_text(db_row(&w->db, "number_status", B), "trunk");
    struct json_object *status = db_row(&w->db, "trunk_status", trunk);

    assert_string_equal(world_status(w, A), "gone");
    assert_string_equal(world_status(w, B), "active/UpToDate");
    assert_string_equal(db_text(status, "reason"), "Leftovers");
    assert_non_null(strstr(db_text(status, "message"), "we do not like it"));
    assert_int_equal(leftovers(w, "trunk_status", trunk, step->kind), refused);
    return trunk;
}

/* Whom a step's refused removal holds up: the number that goes, or the trunk that stays. */
static const char *stuck(struct world *w, const struct step *step, const char *beside)
{
    if (beside && of_trunk(step))
        return has_left_a_stuck_trunk(w, step);
    is_corrupted(w, step);
    return A;
}

static void mended(struct world *w, const struct step *step, const char *beside)
{
    world_run(w, 2 * HOURS);
    stuck(w, step, beside);
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    world_run(w, 20 * MINUTES);
    rest(w);
    assert_string_equal(world_status(w, A), "gone");
    if (beside)
        converged(w);
    else
        check_untouched(w);
    assert_whole(w);
}

/* What was given up is on record, and nobody's duty any more. */
static void give_up(struct world *w, const struct step *step, const char *beside, bool crash)
{
    const char *object = stuck(w, step, beside);
    size_t orphans = 0;

    if (crash)
        world_crash(w, 0);
    world_ask(w, "force_delete", *object == '+' ? "number" : "trunk", object);
    rest(w);
    assert_string_equal(world_status(w, A), "gone");
    json_object_object_foreach(db_table(&w->db, "orphan"), key, row) {
        (void)key;
        orphans++;
        assert_true(*db_text(row, "external_id"));
    }
    assert_true(orphans > 0);
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    world_forget_sent(w);
    world_run(w, 1 * HOURS);
    assert_whole(w);
    assert_int_equal(w->writes, 0);
    if (!beside)
        return;
    assert_string_equal(world_status(w, B), "active/UpToDate");
    assert_string_equal(db_text(db_row(&w->db, "trunk_status", db_text(db_row(&w->db, "number_status", B), "trunk")), "reason"), "UpToDate");
}

static void given_up(struct world *w, const struct step *step, const char *beside) { give_up(w, step, beside, /* crash= */ false); }
static void given_up_at_a_start(struct world *w, const struct step *step, const char *beside) { give_up(w, step, beside, /* crash= */ true); }

/* Of every step, on an empty account and on a standing trunk. */
static void every_refused_removal(const char *what, void (*ends)(struct world *, const struct step *, const char *beside))
{
    size_t visited = 0;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        for (int standing = 0; standing < 2; standing++) {
            const char *beside = standing ? beside_for(&steps[i]) : NULL;
            if (standing && !beside)
                continue;
            printf("    %s: %s%s\n", what, steps[i].kind, beside ? ", on a standing trunk" : "");
            WORLD(1);
            begin_refused_removal(w, &steps[i], beside);
            ends(w, &steps[i], beside);
            neighbour_check(w);
            assert_whole(w);
            visited++;
        }
    printf("%s: %zu removals\n", what, visited);
    assert_int_equal(visited, KIND_MAX_ + on_standing_trunks());
}

static void test_a_refused_removal_is_corrupted_and_ends_by_itself_when_mended(void **state)
{
    (void)state;
    every_refused_removal("removal refused", mended);
}

static void test_a_forced_deletion_leaves_orphans(void **state)
{
    (void)state;
    every_refused_removal("given up", given_up);
}

/* The wish is among the first that the next daemon reads. */
static void test_a_forced_deletion_is_heard_at_a_start(void **state)
{
    (void)state;
    every_refused_removal("given up at a start", given_up_at_a_start);
}

static void comes_back(struct world *w, const struct step *step, const char *beside)
{
    stuck(w, step, beside);
    world_sim_set(w, "DELETE", "/_sim/faults/no", NULL);
    add_a(w, step);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_a_corrupted_number_inserted_again_is_active(void **state)
{
    (void)state;
    every_refused_removal("comes back", comes_back);
}

/* It is stuck until the answer is another one, and a wish to give it up is not lost, whenever it comes. */
static void test_a_corrupted_number_stays_so_while_its_removal_is_tried_again(void **state)
{
    size_t visited = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        WORLD(1);
        begin_refused_removal(w, &steps[i], NULL);
        for (int64_t until = world_fault_fired(w, "no") + 1; world_fault_fired(w, "no") < until || !w->under_way;) {
            world_run(w, 40);               /* a request takes 50 */
            is_corrupted(w, &steps[i]);
            assert_whole(w);
        }
        world_ask(w, "force_delete", "number", A);
        rest(w);
        assert_string_equal(world_status(w, A), "gone");
        visited++;
    }
    printf("%zu removals tried again\n", visited);
    assert_true(visited > 0);
}

/* Nothing of it can go, and its trunk is nobody else's: one wish gives up all of it. */
static void test_the_last_number_of_a_revoked_account_is_given_up_at_once(void **state)
{
    (void)state;
    STANDING("both");
    world_sim_set(w, "POST", "/_sim/accounts/AC11111111111111111111111111111111", "{'revoked':true}");
    world_wish(w, "number", A, NULL);
    world_run(w, 1 * HOURS);
    assert_string_equal(world_status(w, A), "corrupted/CredentialsRefused");
    world_ask(w, "force_delete", "number", A);
    world_run(w, 1 * HOURS);
    assert_string_equal(world_status(w, A), "gone");
    assert_int_equal(json_object_object_length(db_table(&w->db, "resource")), 0);
    assert_int_equal(json_object_object_length(db_table(&w->db, "orphan")), 8);
    assert_whole(w);
}

static void test_force_delete_does_nothing_where_nothing_is_stuck(void **state)
{
    (void)state;
    STANDING("both");
    world_forget_sent(w);
    world_ask(w, "force_delete", "number", A);
    converged(w);
    assert_int_equal(w->writes, 0);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_is_refused_somewhere),
        cmocka_unit_test(test_a_refused_set_up_is_rolled_back_and_retried_when_asked),
        cmocka_unit_test(test_what_is_denied_beside_a_well_account_is_refused),
        cmocka_unit_test(test_a_failed_number_is_tried_again_after_a_change),
        cmocka_unit_test(test_who_is_heard_while_it_is_asked_what_was_in_the_way),
        cmocka_unit_test(test_a_failed_number_that_is_deleted_is_gone),
        cmocka_unit_test(test_an_active_number_is_never_rolled_back),
        cmocka_unit_test(test_a_number_that_is_not_in_the_account_costs_no_object),
        cmocka_unit_test(test_a_number_on_a_foreign_trunk_is_left_there),
        cmocka_unit_test(test_a_refused_removal_is_corrupted_and_ends_by_itself_when_mended),
        cmocka_unit_test(test_a_forced_deletion_leaves_orphans),
        cmocka_unit_test(test_a_forced_deletion_is_heard_at_a_start),
        cmocka_unit_test(test_a_corrupted_number_stays_so_while_its_removal_is_tried_again),
        cmocka_unit_test(test_the_last_number_of_a_revoked_account_is_given_up_at_once),
        cmocka_unit_test(test_force_delete_does_nothing_where_nothing_is_stuck),
        cmocka_unit_test(test_a_corrupted_number_inserted_again_is_active),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
