/* Who calls with which password of a trunk is counted, and never walked through again: the counts agree with a walk over everything,
 * whatever happens in rotations. The one test that looks into a core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <trunkd/map.h>
#include <trunkd/text.h>
#include "../../src/reconcile/state.h"
#include "../../src/kinds/kinds.h"
#include "story.h"

#define MOMENT_MS 20
#define BIG "99999999-0000-4000-8000-000000000009"

static const char *const numbers[] = { A, B, "+15550100002", "+15550100003" };

static bool is_version(const struct row *row) { return row->r.kind->id == KIND_CREDENTIAL && !row->ended && resource_version(&row->r) > 0; }

static bool names(const struct spec *spec, const struct kind *kind, const struct row *version)
{
    const char *user = spec_value(version->r.kind, &version->r.applied, "username"), *password = spec_value(version->r.kind, &version->r.applied, "password");

    return (user && text_equal(spec_value(kind, spec, "auth_username"), user))
           || (password && text_equal(spec_value(kind, spec, "auth_password"), password));
}

/* The walk: all objects of one number. */
static bool may_use(const struct owner *number, const struct row *version)
{
    bool uses = false;

    for (size_t i = 0; i < number->rows_count; i++) {
        const struct row *row = number->rows[i];
        bool is_there = !row->ended && (row->r.known != KNOWN_NONE || row->r.open != OPEN_NOTHING);
        bool on_trunk = row->r.kind->id == KIND_OUTBOUND_TRUNK || row->r.kind->id == KIND_TRUNK_PHONE_NUMBER;
        bool may_change = row->r.open != OPEN_NOTHING || row->r.known == KNOWN_MAYBE || row->doubt_ms;
        uses = uses || (on_trunk && !row->ended && row->doubt_ms);
        if (is_there && row->r.kind->id == KIND_OUTBOUND_TRUNK)
            uses = uses || names(&row->r.applied, row->r.kind, version) || (may_change && names(&row->r.sent, row->r.kind, version));
    }
    return uses;
}

/* Whoever is about to take a turn brings his part up to date in it. */
static bool is_quiet(const struct owner *owner) { return !owner->queued && !owner->committing; }

static bool all_quiet(const struct owner *trunk)
{
    for (size_t i = 0; i < trunk->members_count; i++)
        if (!is_quiet(trunk->members[i]))
            return false;
    return is_quiet(trunk);
}

static size_t agree(struct world *w, const char *when)
{
    struct core *core = w->daemons[0].core;
    size_t compared = 0;
    void *value;

    for (size_t t = 0; core && map_next(&core->trunks, &t, &value);) {
        const struct owner *trunk = value;
        size_t version = 0;
        for (size_t r = 0; trunk->versions_shown && all_quiet(trunk) && r < trunk->rows_count; r++) {
            size_t users = 0;
            if (!is_version(trunk->rows[r]))
                continue;
            for (size_t i = 0; i < trunk->members_count; i++)
                users += may_use(trunk->members[i], trunk->rows[r]);
            if (users != trunk->uses[version])
                fail_msg("%s, at %lld: %zu numbers use password %s of %s, not %u", when, (long long)w->now_ms, users, trunk->rows[r]->r.slot,
                         trunk->key, trunk->uses[version]);
            version++;
            compared++;
        }
    }
    return compared;
}

static void happen(struct world *w)
{
    static const char *const faults[] = {
        "{'path':'*/Credentials*','action':'drop_after','count':1}", "{'path':'*/UpdateSIPOutboundTrunk','action':'drop_after','count':1}",
        "{'path':'*/UpdateSIPOutboundTrunk','action':'late_commit','ms':14000,'count':1}", "{'path':'*/Credentials*','action':'status','status':503,'count':2}",
        "{'path':'*/UpdateSIPOutboundTrunk','action':'hang','count':1}", "{'path':'*/CreateSIPOutboundTrunk','action':'drop_after','count':1}",
    };
    static const char *const wishes[] = { "{'trunk':'big'}", "{'trunk':null}", "{'supports_outbound':true}", "{'supports_outbound':false}" };
    const char *number = numbers[world_random(w) % ARRAY_SIZE(numbers)];

    switch (world_random(w) % 6) {
    case 0: world_crash(w, 0); break;
    case 1: world_ask(w, "rotate", "trunk", BIG); break;
    case 2: world_ask(w, "rotate", "number", number); break;
    case 3: world_wish(w, "number", number, wishes[world_random(w) % ARRAY_SIZE(wishes)]); break;
    default: world_fault(w, faults[world_random(w) % ARRAY_SIZE(faults)]);
    }
}

static void test_the_counts_agree_with_a_walk_over_everything(void **state)
{
    size_t compared = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        WORLD(seed);
        char when[40];
        snprintf(when, sizeof(when), "seed %d", (int)seed);
        world_wish(w, "trunk", BIG, "{'name':'big','twilio_account':'main','livekit_project':'voice'}");
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
            world_add_number(w, numbers[i], "both");
            world_wish(w, "number", numbers[i], "{'trunk':'big'}");
        }
        world_start(w);
        converged(w);
        for (int i = 0; i < 40; i++) {
            happen(w);
            for (int moments = (int)(world_random(w) % 100); moments > 0; moments--) {
                world_run(w, MOMENT_MS);
                assert_whole(w);
                compared += agree(w, when);
            }
        }
        world_run(w, 10 * MINUTES);
        converged(w);
    }
    print_message("%zu passwords compared\n", compared);
    assert_true(compared > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_counts_agree_with_a_walk_over_everything) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
