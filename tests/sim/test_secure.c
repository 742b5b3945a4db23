/* Secure trunking switched on a live trunk: at every moment, whatever is lost or dies on the way, calls to its numbers are answered, and what
 * LiveKit would send out is what Twilio takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "story.h"

#define BIG "99999999-0000-4000-8000-000000000009"
#define MAIN_SID "AC11111111111111111111111111111111"

static struct json_object *list_of(struct json_object *state, const char *side, const char *tenant, const char *list)
{
    struct json_object *at = state;

    if (!json_object_object_get_ex(at, side, &at) || !json_object_object_get_ex(at, tenant, &at) || !json_object_object_get_ex(at, list, &at))
        fail_msg("the simulator has no %s", list);
    return at;
}

static struct json_object *member(struct json_object *list, const char *key, const char *text)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (strcmp(db_text(o, key), text) == 0)
            return o;
    }
    return NULL;
}

/* With `secure` Twilio asks for TLS and encryption; without, media are plain, and a mere offer is taken. */
static bool agree(struct json_object *twilio, struct json_object *livekit)
{
    const char *encryption = db_text(livekit, "media_encryption");
    bool demands = strcmp(encryption, "SIP_MEDIA_ENCRYPT_REQUIRE") == 0, offers = strcmp(encryption, "SIP_MEDIA_ENCRYPT_ALLOW") == 0;

    if (!db_bool(twilio, "secure"))
        return !demands;
    return (demands || offers) && strcmp(db_text(livekit, "transport"), "SIP_TRANSPORT_TLS") == 0;
}

static void call_out(struct world *w, const char *when)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL), *out = list_of(state, "livekit", "APIvoice", "outbound_trunks");
    struct json_object *trunks = list_of(state, "twilio", MAIN_SID, "trunks");

    for (size_t i = 0; i < json_object_array_length(out); i++) {
        struct json_object *o = json_object_array_get_idx(out, i), *trunk = member(trunks, "domain_name", db_text(o, "address"));
        if (!trunk || !agree(trunk, o))
            fail_msg("%s, at %lld: Twilio (secure %d) refuses a call from %s", when, (long long)w->now_ms, trunk ? db_bool(trunk, "secure") : -1,
                     json_object_to_json_string(o));
    }
    json_object_put(state);
}

static void call_in(struct world *w, const char *number, const char *when)
{
    char body[100];
    struct json_object *answer;

    snprintf(body, sizeof(body), "{'to':'%s','from':'+15559999999'}", number);
    answer = world_sim(w, "POST", "/_sim/call", body);
    if (strcmp(db_text(answer, "ends"), "room") != 0)
        fail_msg("%s, at %lld: a call ends with %s", when, (long long)w->now_ms, json_object_to_json_string(answer));
    json_object_put(answer);
}

static void calls(struct world *w, int64_t ms, int64_t moment_ms, const char *when)
{
    for (int64_t end = w->now_ms + ms; w->now_ms < end;) {
        call_in(w, A, when);
        call_in(w, B, when);
        call_out(w, when);
        world_run(w, moment_ms);
        assert_whole(w);
    }
}

static void want(struct world *w, bool secure)
{
    world_wish(w, "trunk", BIG, secure ? "{'twilio_trunk':{'secure':true}}" : "{'twilio_trunk':{}}");
}

/* All of it, at both ends. */
static void assert_secure(struct world *w, bool secure, const char *when)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL);
    static const char *const lists[] = { "inbound_trunks", "outbound_trunks" };
    struct json_object *trunk = member(list_of(state, "twilio", MAIN_SID, "trunks"), "secure", secure ? "true" : "false");

    for (size_t l = 0; l < ARRAY_SIZE(lists); l++) {
        struct json_object *list = list_of(state, "livekit", "APIvoice", lists[l]);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            struct json_object *o = json_object_array_get_idx(list, i);
            bool demands = strcmp(db_text(o, "media_encryption"), "SIP_MEDIA_ENCRYPT_REQUIRE") == 0;
            if (strstr(db_text(o, "name"), "td-simtest2") && demands != secure)
                fail_msg("%s: %s", when, json_object_to_json_string(o));
        }
    }
    if (secure && !trunk)
        fail_msg("%s: Twilio has no secure trunk", when);
    json_object_put(state);
}

static struct world *standing(bool secure)
{
    struct world *w = world_new(1);

    world_wish(w, "trunk", BIG, "{'name':'big','twilio_account':'main','livekit_project':'voice'}");
    want(w, secure);
    world_add_number(w, A, "both");
    world_add_number(w, B, "both");
    world_wish(w, "number", A, "{'trunk':'big'}");
    world_wish(w, "number", B, "{'trunk':'big'}");
    world_start(w);
    converged(w);
    assert_secure(w, secure, "in the beginning");
    return w;
}

static void ends(struct world *w, bool secure, const char *when)
{
    converged(w);
    assert_secure(w, secure, when);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_string_equal(world_status(w, B), "active/UpToDate");
    calls(w, 1, 1, when);
}

static void test_no_call_is_lost_while_it_is_switched(void **state)
{
    (void)state;
    for (int on = 0; on < 2; on++) {
        CLEANUP(world_cleanup) struct world *w = standing(!on);
        want(w, on);
        calls(w, 3 * SECONDS, 2, on ? "switched on" : "switched off");
        ends(w, on, on ? "switched on" : "switched off");
        world_forget_sent(w);
        world_run(w, 6 * MINUTES);
        assert_int_equal(w->writes, 0);
    }
}

/* Every write of it meets every fault. */
static void test_no_call_is_lost_whatever_answer_is(void **state)
{
    static const char *const faults[] = { "{'id':'spoil','action':'drop_after'}", "{'id':'spoil','action':'late_commit','ms':14000}",
                                          "{'id':'spoil','action':'status','status':503}" };
    size_t visited = 0;
    char when[100];

    (void)state;
    for (int on = 0; on < 2; on++)
        for (size_t f = 0; f < ARRAY_SIZE(faults); f++) {
            bool met = true;
            for (uint64_t nth = 1; met; nth++, visited += met) {
                CLEANUP(world_cleanup) struct world *w = standing(!on);
                snprintf(when, sizeof(when), "switched %s, write %d meets %s", on ? "on" : "off", (int)nth, faults[f]);
                w->spoil_at = w->writes_done + nth;
                w->spoil_rule = faults[f];
                want(w, on);
                calls(w, 1 * SECONDS, 20, when);
                calls(w, 90 * SECONDS, 1500, when);
                ends(w, on, when);
                met = w->writes_done >= w->spoil_at;
            }
        }
    print_message("%zu faults met\n", visited);
    assert_true(visited > 40);
}

static void test_no_call_is_lost_although_the_daemon_dies(void **state)
{
    char when[100];

    (void)state;
    for (int on = 0; on < 2; on++)
        for (int64_t at = 2; at < 120; at += 13) {
            CLEANUP(world_cleanup) struct world *w = standing(!on);
            snprintf(when, sizeof(when), "switched %s, dead after %lld ms", on ? "on" : "off", (long long)at);
            want(w, on);
            calls(w, at, 2, when);
            world_crash(w, 0);
            calls(w, 2 * SECONDS, 50, when);
            calls(w, 90 * SECONDS, 1500, when);
            ends(w, on, when);
        }
}

/* Who changes his mind in the middle has what he wanted last. */
static void test_no_call_is_lost_when_it_is_switched_back(void **state)
{
    char when[100];

    (void)state;
    for (int on = 0; on < 2; on++)
        for (int64_t at = 2; at < 120; at += 13) {
            CLEANUP(world_cleanup) struct world *w = standing(!on);
            snprintf(when, sizeof(when), "switched %s, and back after %lld ms", on ? "on" : "off", (long long)at);
            want(w, on);
            calls(w, at, 2, when);
            want(w, !on);
            calls(w, 3 * SECONDS, 10, when);
            ends(w, !on, when);
        }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_call_is_lost_while_it_is_switched),
        cmocka_unit_test(test_no_call_is_lost_whatever_answer_is),
        cmocka_unit_test(test_no_call_is_lost_although_the_daemon_dies),
        cmocka_unit_test(test_no_call_is_lost_when_it_is_switched_back),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
