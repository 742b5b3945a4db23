/* Random stories: wishes, faults, crashes, take-overs and lost connections in any order, one story per seed, and what is not known about
 * the providers this way or that. When the trouble ends, everything wanted stands once, nothing besides, and nothing is written any more.
 *
 *   tests/sim/test_seeds                  the seeds of `make check`
 *   tests/sim/test_seeds --seed 17        that story alone; WORLD_TRACE=1 tells it
 *   tests/sim/test_seeds --seeds 1000     more of them, from --from on */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <trunkd/text.h>
#include "story.h"

#define SEEDS_OF_CHECK 60
#define NUMBERS 6

static uint64_t first_seed = 1, seeds = SEEDS_OF_CHECK;

static uint64_t below(struct world *w, uint64_t n) { return world_random(w) % n; }

/* ---- wishes --------------------------------------------------------------------------------------------------------------------------- */

static void some_number(struct world *w, char ret[static 20], bool *ret_sip)
{
    uint64_t i = below(w, NUMBERS + 2);

    *ret_sip = i >= NUMBERS;
    snprintf(ret, 20, *ret_sip ? "+4930123%02d" : "+155501000%02d", (int)i);
}

static void wish(struct world *w)
{
    static const char *const directions[] = { "inbound", "outbound", "both" };
    static const char *const changes[] = {
        "{'agent':'sales'}", "{'agent':'support'}", "{'agent':null}", "{'label':'One'}", "{'label':'Two'}", "{'livekit_project':'other'}",
        "{'livekit_project':'voice'}",
    };
    static const char *const twilio_changes[] = {
        "{'supports_inbound':true,'supports_outbound':false}", "{'supports_inbound':true,'supports_outbound':true}",
        "{'supports_inbound':false,'supports_outbound':true}",
    };
    char number[20];
    bool sip;

    some_number(w, number, &sip);
    bool there = db_row(&w->db, "number", number);
    uint64_t what = below(w, 10);
    if (!there && sip)
        (number[9] % 2 ? world_add_sip : world_add_sip_both)(w, number);
    else if (!there)
        world_add_number(w, number, directions[below(w, 3)]);
    else if (what < 4)
        world_wish(w, "number", number, NULL);
    else if (what < 6 && !sip)
        world_wish(w, "number", number, twilio_changes[below(w, 3)]);
    else if (what == 9)
        world_wish(w, "agent", below(w, 2) ? "sales" : "support", below(w, 2) ? "{'metadata':'x'}" : "{'metadata':'y'}");
    else
        world_wish(w, "number", number, changes[below(w, ARRAY_SIZE(changes))]);
}

/* ---- trouble -------------------------------------------------------------------------------------------------------------------------- */

static void fault(struct world *w)
{
    static const char *const rules[] = {
        "'action':'drop_before'", "'action':'drop_after'", "'action':'late_commit','ms':9000", "'action':'late_commit','status':500,'ms':14000",
        "'action':'status','status':500", "'action':'status_after','status':500", "'action':'status','status':503", "'action':'status','status':429",
        "'action':'garbage'", "'action':'hang'", "'action':'delay','ms':35000", "'action':'delay_after','ms':35000", "'action':'delay','ms':3000",
    };
    static const char *const providers[] = { "", "'provider':'twilio',", "'provider':'livekit'," };
    char rule[300];

    snprintf(rule, sizeof(rule), "{%s%s,'from':%d,'count':%d}", providers[below(w, 3)], rules[below(w, ARRAY_SIZE(rules))],
             (int)below(w, 6) + 1, (int)below(w, 3) + 1);
    world_fault(w, rule);
}

static void trouble(struct world *w)
{
    int daemon = (int)below(w, (uint64_t)w->daemons_count);

    switch (below(w, 8)) {
    case 0:
        w->crash_at = w->effects_done + 1 + below(w, 30);
        w->crash_after = below(w, 2);
        break;
    case 1:
        world_crash(w, daemon);
        break;
    case 2:
        w->lose_commit_at = w->commits_done + 1 + below(w, 20);
        w->lose_commit_applied = below(w, 2);
        break;
    case 3:
        w->daemons[daemon].frozen = true;
        break;
    case 4:
        w->daemons[daemon].frozen = false;
        break;
    default:
        fault(w);
    }
}

static void live(struct world *w)
{
    for (uint64_t i = 20 + below(w, 40); i > 0 && !*w->broken; i--) {
        if (below(w, 2))
            wish(w);
        else
            trouble(w);
        world_run(w, below(w, 4) ? (int64_t)below(w, 600) : (int64_t)below(w, 60 * SECONDS));
    }
}

/* A third of the switches is not as usual. */
static void switches(struct world *w)
{
    static const char *const settings[] = {
        "twilio_tombstone_own':0", "twilio_domain_taken_code':21245", "twilio_refusal_status':409", "twilio_mapped_list_delete':1",
        "twilio_full_list_delete':0", "twilio_policy_delete':1", "twilio_byoc_delete':0", "twilio_racy_names':1", "twilio_keeps_case':1",
        "twilio_sip_url_case':1", "twilio_sip_url_case':2", "twilio_duplicate_url':0", "twilio_empty_url':0", "twilio_empty_url':2",
        "twilio_newest_first':1", "twilio_pages_by_position':1", "twilio_duplicate_username':0", "twilio_attach_repeat':1",
        "twilio_attach_moves':0", "twilio_attach_refused_code':21245", "twilio_unattached_caller_id':0", "twilio_offers_without_secure':0", "twilio_unknown_parameters':1",
        "twilio_list_omits_domain':1", "twilio_problem_json':1", "twilio_cap_lists_of_a_trunk':1", "twilio_cap_byoc_trunks':1",
        "twilio_retry_after_s':1", "livekit_camel':1", "livekit_null_items':1", "livekit_racy_conflicts':0", "livekit_page_cuts':1",
        "livekit_stamps':1", "livekit_hides_passwords':1", "livekit_exp_required':1", "livekit_cloud_words':1", "livekit_drops_media':1",
        "livekit_name_max':255", "livekit_body_bytes_max':10485760",
    };
    char config[64];

    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        snprintf(config, sizeof(config), "{'%s}", settings[i]);
        if (below(w, 3) == 0)
            world_sim_set(w, "POST", "/_sim/config", config);
    }
}

static struct world *begin(uint64_t seed)
{
    struct world *w = world_new(seed);
    char config[300];

    snprintf(config, sizeof(config), "{'twilio_latency_ms':%d,'livekit_latency_ms':%d,'twilio_list_lag_ms':%d,'livekit_list_lag_ms':%d,"
             "'livekit_read_lag_ms':%d,'twilio_concurrency':%d}", (int)below(w, 200), (int)below(w, 200), (int)below(w, 2) * (int)below(w, 9000),
             (int)below(w, 2) * (int)below(w, 9000), (int)below(w, 2) * (int)below(w, 9000), below(w, 3) ? 100 : 2);
    world_sim_set(w, "POST", "/_sim/config", config);
    switches(w);
    w->db_ms = 1 + (int64_t)below(w, 20);
    world_start(w);
    if (below(w, 2))
        world_start(w);
    return w;
}

static bool told(uint64_t seed)
{
    struct world *w = begin(seed);
    bool good;

    live(w);
    world_sim_set(w, "DELETE", "/_sim/faults", NULL);
    w->crash_at = w->lose_commit_at = 0;
    for (int d = 0; d < w->daemons_count; d++)
        w->daemons[d].frozen = false;
    world_run(w, 1 * MINUTES);
    if (!*w->broken && !world_rest(w, 60 * MINUTES))
        world_break(w, "it does not come to rest");
    if (!*w->broken && check_converged(w)) {
        world_forget_sent(w);
        world_run(w, 11 * MINUTES);
        if (w->writes > 0)
            world_print_sent(w);
        if (w->writes > 0)
            world_break(w, "something was written after the end");
        check_converged(w);
    }
    good = !*w->broken;
    if (!good) {
        fprintf(stderr, "seed %" PRIu64 ": %s\n", seed, w->broken);
        world_print_unrest(w);
    }
    world_free(w);
    return good;
}

static void test_every_story_ends_well(void **state)
{
    size_t wrong = 0;
    (void)state;

    printf("seeds %" PRIu64 " to %" PRIu64 "\n", first_seed, first_seed + seeds - 1);
    for (uint64_t seed = first_seed; seed < first_seed + seeds && wrong < 5; seed++)
        wrong += !told(seed);
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_story_ends_well),
    };

    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (text_equal(argv[i], "--seed") || text_equal(argv[i], "--from"))
            first_seed = value;
        if (!text_equal(argv[i], "--from"))
            seeds = text_equal(argv[i], "--seeds") ? value : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
