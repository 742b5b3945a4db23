/* Every pair of places that a number can be in: it goes from each to each, is whole at the end, and leaves nothing behind. Where both
 * places take calls and the carrier stays the same, a call is answered at every moment in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/text.h>
#include "story.h"

#define MOMENT_MS 10
#define BIG "99999999-0000-4000-8000-000000000009"
#define MAIN_SID "AC11111111111111111111111111111111"
#define SECOND_SID "AC22222222222222222222222222222222"

/* answers: calls from the carrier's side end with an agent. */
static const struct place {
    const char *name, *wish, *account_sid;
    bool answers;
} places[] = {
#define TWILIO "'provider':'twilio','twilio_account':'main','supports_inbound':true,'supports_outbound':true,'agent':'support'"
    { "shared", "{" TWILIO ",'livekit_project':'voice','trunk':null,'twilio_trunk':null}", MAIN_SID, true },
    { "dedicated", "{" TWILIO ",'livekit_project':'voice','trunk':null,'twilio_trunk':{'secure':true}}", MAIN_SID, true },
    { "named", "{" TWILIO ",'livekit_project':'voice','trunk':'big','twilio_trunk':null}", MAIN_SID, true },
    { "other project", "{" TWILIO ",'livekit_project':'other','trunk':null,'twilio_trunk':null}", MAIN_SID, true },
    { "other project, dedicated", "{" TWILIO ",'livekit_project':'other','trunk':null,'twilio_trunk':{'secure':true}}", MAIN_SID, true },
    { "inbound only", "{'provider':'twilio','twilio_account':'main','livekit_project':'voice','trunk':null,'twilio_trunk':null,"
      "'supports_inbound':true,'supports_outbound':false,'agent':'sales'}", MAIN_SID, true },
    { "outbound only", "{'provider':'twilio','twilio_account':'main','livekit_project':'voice','trunk':null,'twilio_trunk':null,"
      "'supports_inbound':false,'supports_outbound':true,'agent':null}", MAIN_SID, false },
    { "without agent", "{'provider':'twilio','twilio_account':'main','livekit_project':'voice','trunk':null,'twilio_trunk':null,"
      "'supports_inbound':true,'supports_outbound':true,'agent':null}", MAIN_SID, false },
    { "other account", "{'provider':'twilio','twilio_account':'second','livekit_project':'voice','trunk':null,'twilio_trunk':null,"
      "'supports_inbound':true,'supports_outbound':true,'agent':'support'}", SECOND_SID, true },
    { "another carrier", "{'provider':'sip','twilio_account':null,'livekit_project':'voice','trunk':null,'twilio_trunk':null,"
      "'supports_inbound':true,'supports_outbound':false,'agent':'support'}", NULL, false },
    { "nowhere", NULL, NULL, false },
};
static const size_t places_count = sizeof(places) / sizeof(*places);

static void beside(struct world *w)
{
    world_wish(w, "trunk", BIG, "{'name':'big','twilio_account':'main','livekit_project':'voice'}");
    world_add_number(w, B, "both");
    world_add_number(w, "+15550100002", "both");
    world_wish(w, "number", "+15550100002", "{'trunk':'big'}");
}

/* A number is in one Twilio account, and somebody at Twilio moves it. */
static void port(struct world *w, const char *from, const char *to)
{
    char text[300];

    if (!to || !from || strcmp(from, to) == 0)
        return;
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL), *twilio, *account, *numbers;
    json_object_object_get_ex(state, "twilio", &twilio);
    json_object_object_get_ex(twilio, from, &account);
    json_object_object_get_ex(account, "phone_numbers", &numbers);
    for (size_t i = 0; i < json_object_array_length(numbers); i++) {
        struct json_object *number = json_object_array_get_idx(numbers, i);
        if (strcmp(db_text(number, "phone_number"), A) != 0)
            continue;
        snprintf(text, sizeof(text), "/_sim/objects/%s/phone_numbers/%s", from, db_text(number, "sid"));
        world_sim_set(w, "DELETE", text, NULL);
        snprintf(text, sizeof(text), "{'account_sid':'%s','phone_number':'" A "','voice_url':'https://old.example/voice','voice_method':'POST'}", to);
        world_sim_set(w, "POST", "/_sim/numbers", text);
    }
    json_object_put(state);
}

static bool is_answered(struct world *w)
{
    struct json_object *answer = world_sim(w, "POST", "/_sim/call", "{'to':'" A "','from':'+15559999999'}"), *ends = NULL;
    bool answered = json_object_object_get_ex(answer, "ends", &ends) && strcmp(json_object_get_string(ends), "room") == 0;

    json_object_put(answer);
    return answered;
}

static void look(struct world *w, const char *when, bool answered)
{
    if (answered && !is_answered(w))
        world_break(w, "a call is not answered");
    if (*w->broken)
        fail_msg("%s: %s", when, w->broken);
}

/* From one to the other; `after_ms` after the wish the daemon dies, if that is not negative. */
static void go(struct world *w, const struct place *from, const struct place *to, const char *in_account, int64_t after_ms)
{
    bool stays = from->answers && to->answers && text_equal(from->account_sid, to->account_sid);
    char when[160];

    snprintf(when, sizeof(when), "from %s to %s, crash %lld", from->name, to->name, (long long)after_ms);
    world_wish(w, "number", A, to->wish);
    port(w, in_account, to->account_sid);
    for (int64_t ms = 0; ms < 4 * SECONDS; ms += MOMENT_MS) {
        if (ms == after_ms)
            world_crash(w, 0);
        world_run(w, MOMENT_MS);
        look(w, when, stays);
    }
    if (!world_rest(w, 30 * MINUTES) || *w->broken) {
        world_print_unrest(w);
        fail_msg("%s: %s", when, *w->broken ? w->broken : "it does not come to rest");
    }
    check_converged(w);
    look(w, when, to->answers);
    assert_string_equal(world_status(w, A), !to->wish ? "gone" : strcmp(to->name, "without agent") == 0 ? "pending/NoAgent" : "active/UpToDate");
}

/* The place it was in before tells in which account it is: one without an account leaves it where it is. */
static void test_every_pair(void **state)
{
    size_t visited = 0;

    (void)state;
    for (size_t from = 0; from < places_count; from++)
        for (size_t to = 0; to < places_count; to++)
            for (int64_t crash = -MOMENT_MS; crash <= 600 && from != to; crash += 20 * MOMENT_MS + MOMENT_MS, visited++) {
                WORLD(1 + from * places_count + to);
                const struct place nowhere = { .name = "the beginning" };
                beside(w);
                world_start(w);
                go(w, &nowhere, &places[from], MAIN_SID, -1);
                go(w, &places[from], &places[to], places[from].account_sid ? places[from].account_sid : MAIN_SID, crash);
            }
    print_message("%zu moves\n", visited);
    assert_true(visited >= places_count * (places_count - 1));
}

/* One number through all places in random order, without waiting for rest. */
static void test_a_tour(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        WORLD(seed);
        beside(w);
        world_start(w);
        for (int i = 0; i < 30; i++) {
            const struct place *to = &places[world_random(w) % places_count];
            if (to->account_sid && strcmp(to->account_sid, SECOND_SID) == 0)
                continue;
            world_wish(w, "number", A, to->wish);
            if (world_random(w) % 8 == 0)
                world_crash(w, 0);
            world_run(w, (int64_t)(world_random(w) % 900));
        }
        if (!world_rest(w, 1 * HOURS) || !check_converged(w)) {
            world_print_unrest(w);
            fail_msg("seed %d: %s", (int)seed, w->broken);
        }
    }
}

/* ---- placement, by property ------------------------------------------------------------------------------------------------------------- */

#define FLEET 16
#define PER_TRUNK 3

struct trunk_load { const char *uuid; bool shared; size_t numbers; };

/* Who is where, as the statuses tell; check_converged() has seen that the providers agree. */
static size_t loads_of(struct world *w, struct trunk_load *ret)
{
    size_t count = 0;

    json_object_object_foreach(db_table(&w->db, "trunk_status"), uuid, trunk) {
        ret[count] = (struct trunk_load){ .uuid = uuid, .shared = !db_row(&w->db, "trunk", uuid) && !*db_text(trunk, "dedicated_to") };
        json_object_object_foreach(db_table(&w->db, "number_status"), number, status) {
            (void)number;
            ret[count].numbers += text_equal(db_text(status, "trunk"), uuid);
        }
        count++;
    }
    return count;
}

static void check_loads(struct world *w, int cap)
{
    struct trunk_load loads[FLEET + 2];
    size_t count = loads_of(w, loads), placed = 0, wanted = 0;

    for (size_t i = 0; i < count; i++) {
        placed += loads[i].numbers;
        if (loads[i].numbers == 0)
            world_break(w, "the automatic trunk %s is empty", loads[i].uuid);
        if (loads[i].shared && loads[i].numbers > PER_TRUNK && count + 1 < (size_t)cap)     /* one is theirs */
            world_break(w, "%zu numbers are on trunk %s, and the account could have more trunks than %zu", loads[i].numbers, loads[i].uuid, count);
    }
    json_object_object_foreach(db_table(&w->db, "number"), number, wish) {
        (void)number;
        wanted += !text_equal(db_text(wish, "provider"), "sip");
    }
    if (placed != wanted)
        world_break(w, "%zu numbers are placed, and %zu are wanted", placed, wanted);
}

/* Numbers come, go and move; trunks take three each, and in every other walk Twilio allows so few trunks that they must take more. */
static void test_placement(void **state)
{
    static const char *const moves[] = { "{'twilio_trunk':null,'livekit_project':'voice'}", "{'twilio_trunk':null,'livekit_project':'other'}",
                                         "{'twilio_trunk':{'secure':true}}", "{'supports_outbound':false}", "{'supports_outbound':true}" };
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        WORLD(seed);
        int cap = seed % 2 ? 100 : 6;
        char number[20], config[80];
        snprintf(config, sizeof(config), "{'twilio_cap_trunks':%d}", cap);
        world_sim_set(w, "POST", "/_sim/config", config);
        world_wish(w, "twilio_account", "main", "{'numbers_per_trunk':3}");
        world_start(w);
        for (int step = 0; step < 25; step++) {
            for (uint64_t n = 1 + world_random(w) % 5; n > 0; n--) {
                snprintf(number, sizeof(number), "+155501000%02d", (int)(world_random(w) % FLEET));
                if (!db_row(&w->db, "number", number))
                    world_add_number(w, number, world_random(w) % 2 ? "both" : "inbound");
                else if (world_random(w) % 2)
                    world_wish(w, "number", number, NULL);
                else
                    world_wish(w, "number", number, moves[world_random(w) % (cap < 100 ? 1 : sizeof(moves) / sizeof(*moves))]);
            }
            if (world_random(w) % 3)
                continue;
            if (!world_rest(w, 1 * HOURS) || !check_converged(w))
                world_print_unrest(w);
            else
                check_loads(w, cap);
            if (*w->broken)
                fail_msg("seed %d, step %d: %s", (int)seed, step, w->broken);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair),
        cmocka_unit_test(test_a_tour),
        cmocka_unit_test(test_placement),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
