/* The pure plan against golden files: tests/golden/plan/NAME.golden. A change of wishes on a standing world is shown twice: as the
 * whole plan of its first moment (what is kept, ready, blocked, and by what), and as the order in which it is carried out. */
#include "plan_world.h"

static struct buf seen;

static int begin(void **state)
{
    (void)state;
    buf_init(&seen, GOLDEN_BYTES_MAX);
    return 0;
}

static void done(struct world *w, const char *golden)
{
    world_free(w);
    golden_check(golden, &seen);
}

static void show_and_walk(struct world *w, const char *golden)
{
    world_print(w, "plan", &seen);
    world_walk(w, "steps", &seen);
    done(w, golden);
}

/* ---- set-up from nothing ----------------------------------------------------------------------------------------------------- */

static void test_sip_inbound_needs_nothing_of_twilio(void **state)
{
    (void)state;
    show_and_walk(world_new(SIP_NUMBER), "plan/sip-inbound.golden");
}

static void test_inbound_runs_from_the_sink_to_the_source(void **state)
{
    (void)state;
    show_and_walk(world_new(NUMBER_ROW(INBOUND, WITH_AGENT)), "plan/inbound.golden");
}

static void test_inbound_plan_after_each_step(void **state)
{
    struct world *w = world_new(NUMBER_ROW(INBOUND, WITH_AGENT));

    (void)state;
    do
        world_print(w, "plan", &seen);
    while (buf_adds(&seen, "=> "), world_step(w, &seen));
    buf_adds(&seen, "silent\n");
    done(w, "plan/inbound-after-each-step.golden");
}

static void test_outbound_is_never_attached(void **state)
{
    (void)state;
    show_and_walk(world_new(NUMBER_ROW(OUTBOUND, WITH_AGENT)), "plan/outbound.golden");
}

static void test_both_directions(void **state)
{
    (void)state;
    show_and_walk(world_new(NUMBER_ROW(BOTH, WITH_AGENT)), "plan/both.golden");
}

static void test_without_an_agent_all_but_rule_and_attach_stands(void **state)
{
    (void)state;
    show_and_walk(world_new(NUMBER_ROW(BOTH, HERE)), "plan/no-agent.golden");
}

/* On a standing trunk a number costs what the design counts, and nothing of the trunk is touched. */
static void test_a_number_on_a_standing_trunk(void **state)
{
    static const char *const directions[] = {
        NUMBER_ROW(INBOUND, WITH_AGENT), NUMBER_ROW(OUTBOUND, WITH_AGENT), NUMBER_ROW(BOTH, WITH_AGENT),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
        struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));
        w->places[0].others.inbound = w->places[0].others.outbound = 1;
        world_number(w, NULL);
        struct buf unread;
        buf_init(&unread, GOLDEN_BYTES_MAX);
        while (world_step(w, &unread))
            ;
        buf_release(&unread);
        world_number(w, directions[i]);
        world_walk(w, i == 0 ? "inbound" : i == 1 ? "outbound" : "both", &seen);
        world_free(w);
    }
    golden_check("plan/on-a-standing-trunk.golden", &seen);
}

static void test_a_number_without_a_place_waits_for_its_trunk(void **state)
{
    struct world *w = world_new(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    w->placed = NULL;
    show_and_walk(w, "plan/not-placed.golden");
}

/* ---- changes of what stands ---------------------------------------------------------------------------------------------------- */

static void test_relink_is_one_update_of_the_rule(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_agent(w, "{\"name\":\"desk\",\"dispatch_name\":\"night-desk\",\"metadata\":\"line 9\",\"room_prefix\":\"call\",\"generation\":2}");
    show_and_walk(w, "plan/relink.golden");
}

static void test_another_metadata_is_one_update_of_one_field(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_agent(w, "{\"name\":\"desk\",\"dispatch_name\":\"front-desk\",\"metadata\":\"\",\"room_prefix\":\"call\",\"generation\":2}");
    show_and_walk(w, "plan/metadata.golden");
}

static void test_unlink_gives_the_routing_back_first(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, NUMBER_ROW(BOTH, HERE));
    show_and_walk(w, "plan/unlink.golden");
}

static void test_another_label_renames_in_place(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, "{\"phone_number\":\"" NUMBER "\",\"label\":\"Sales\",\"provider\":\"twilio\"," BOTH ",\"generation\":2," WITH_AGENT "}");
    show_and_walk(w, "plan/label.golden");
}

static void test_a_direction_switched_off_is_taken_down(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, NUMBER_ROW(OUTBOUND, WITH_AGENT));
    world_print(w, "inbound off", &seen);
    world_walk(w, "steps", &seen);
    world_number(w, NUMBER_ROW(BOTH, WITH_AGENT));
    world_walk(w, "inbound on again", &seen);
    world_number(w, NUMBER_ROW(INBOUND, WITH_AGENT));
    world_print(w, "outbound off", &seen);
    world_walk(w, "steps", &seen);
    done(w, "plan/direction-off.golden");
}

/* ---- the end of a number ---------------------------------------------------------------------------------------------------------- */

static void test_delete_on_a_shared_trunk_leaves_the_trunk_alone(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    w->places[0].others.inbound = w->places[0].others.outbound = 1;
    world_number(w, NULL);
    show_and_walk(w, "plan/delete-shared.golden");
}

static void test_delete_of_the_last_number_takes_the_trunk_along(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, NULL);
    show_and_walk(w, "plan/delete-last.golden");
}

/* A number that comes back finds its ledger: what still stands is kept, what was being removed is made anew. */
static void test_a_number_that_comes_back_keeps_what_stands(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, NULL);
    assert_true(world_step(w, &seen));
    assert_true(world_step(w, &seen));
    assert_true(world_step(w, &seen));
    world_number(w, NUMBER_ROW(BOTH, WITH_AGENT));
    show_and_walk(w, "plan/comes-back.golden");
}

static void test_a_trunk_waits_for_the_numbers_that_lead_to_it(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, NULL);
    w->places[0].others.held[KIND_TRUNK_PHONE_NUMBER] = 1;
    world_walk(w, "another number is attached", &seen);
    w->places[0].others.held[KIND_TRUNK_PHONE_NUMBER] = 0;
    w->places[0].others.held[KIND_OUTBOUND_TRUNK] = 1;
    world_walk(w, "another number's outbound trunk leads there", &seen);
    w->places[0].others.held[KIND_OUTBOUND_TRUNK] = 0;
    world_walk(w, "nothing leads there", &seen);
    done(w, "plan/trunk-held.golden");
}

/* ---- moves ---------------------------------------------------------------------------------------------------------------------------- */

static void test_a_move_to_another_project(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, NUMBER_ROW(BOTH, "\"twilio_account\":\"main\",\"livekit_project\":\"lk2\",\"agent\":\"desk\""));
    world_move(w, 1);
    show_and_walk(w, "plan/move-project.golden");
}

static void test_a_move_to_another_account(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    w->places[1].account = "other";
    w->places[1].project = "lk";
    world_number(w, NUMBER_ROW(BOTH, "\"twilio_account\":\"other\",\"livekit_project\":\"lk\",\"agent\":\"desk\""));
    world_move(w, 1);
    show_and_walk(w, "plan/move-account.golden");
}

static void test_a_move_to_another_trunk_is_one_change_of_the_trunk_sid(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(INBOUND, WITH_AGENT));

    (void)state;
    w->places[1].project = "lk";
    world_move(w, 1);
    show_and_walk(w, "plan/move-trunk.golden");
}

/* The project's SIP host is another: the trunk gets a second URL, and the old one goes although numbers are attached. */
static void test_a_new_sip_host_replaces_the_url_beneath_attached_numbers(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(INBOUND, WITH_AGENT));

    (void)state;
    w->places[0].others.held[KIND_TRUNK_PHONE_NUMBER] = 1;
    world_project(w, 2, "{\"name\":\"lk\",\"url\":\"https://lk.example\",\"api_key\":\"k\",\"secret\":\"file:account/lk\","
                        "\"sip_host\":\"new.sip.example\",\"generation\":2}");
    show_and_walk(w, "plan/sip-host.golden");
}

/* A trunk people wrote was given to another account after its numbers had left it; one of them is still attached. */
static void test_a_trunk_that_changes_its_account_keeps_the_old_objects_while_numbers_hold_them(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(INBOUND, WITH_AGENT));

    (void)state;
    w->places[0].account = "other";
    w->places[0].others.inbound = 1;
    w->places[0].others.held[KIND_TRUNK_PHONE_NUMBER] = 1;
    world_print(w, "plan", &seen);
    done(w, "plan/trunk-account.golden");
}

static struct resource *row_of(struct world *w, enum kind_id id, const char *account)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].kind->id == id && (!account || text_equal(w->rows[i].account, account)))
            return &w->rows[i];
    fail_msg("there is no %s", kinds[id]->name);
    return NULL;
}

/* In a move the old one waits for a successor that stands, not for one that may. */
static void test_the_old_one_goes_only_when_its_successor_is_live(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(OUTBOUND, HERE));
    struct resource *next;

    (void)state;
    world_number(w, NUMBER_ROW(OUTBOUND, "\"twilio_account\":\"main\",\"livekit_project\":\"lk2\""));
    while (world_step(w, &seen))
        if ((next = &w->rows[w->count - 1])->kind->id == KIND_OUTBOUND_TRUNK)
            break;
    next = row_of(w, KIND_OUTBOUND_TRUNK, "lk2");
    next->known = KNOWN_NONE;
    next->open = OPEN_CREATE;
    world_print(w, "the successor is being created", &seen);
    next->known = KNOWN_MAYBE;
    next->open = OPEN_NOTHING;
    world_print(w, "it may be there", &seen);
    next->known = KNOWN_LIVE;
    world_print(w, "it stands", &seen);
    done(w, "plan/successor.golden");
}

/* The ledger has another version: it is made, numbers are given it, and the one before goes when nobody calls with it any more. */
static void test_a_rotation_makes_the_new_before_the_old_goes(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(OUTBOUND, HERE));
    struct resource *old = row_of(w, KIND_CREDENTIAL, "main");

    (void)state;
    w->places[0].others.outbound = w->places[0].others.held[KIND_OUTBOUND_TRUNK] = 1;
    old->used = true;
    w->rows[w->count++] = (struct resource){ .kind = old->kind, .owner_type = OWNER_TRUNK, .owner = old->owner, .slot = "2", .account = "main" };
    world_print(w, "plan", &seen);
    world_walk(w, "as long as somebody calls with the old one", &seen);
    old->used = false;
    world_walk(w, "when nobody does any more", &seen);
    done(w, "plan/rotation.golden");
}

/* What is being removed may be gone when the next request arrives: it comes back first. */
static void test_nothing_is_built_on_what_is_being_removed(void **state)
{
    struct world *w = world_standing(SIP_NUMBER);

    (void)state;
    row_of(w, KIND_DISPATCH_RULE, NULL)->known = KNOWN_NONE;
    row_of(w, KIND_INBOUND_TRUNK, NULL)->open = OPEN_DELETE;
    world_print(w, "wanted again while it is being removed", &seen);
    done(w, "plan/being-removed.golden");
}

/* What is left over in a place that is wanted no more goes, whatever becomes of its successors' later changes. */
static void test_leftovers_of_another_project_go_although_an_update_is_refused(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(INBOUND, "\"twilio_account\":\"main\",\"livekit_project\":\"lk2\",\"agent\":\"desk\""));

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        enum kind_id id = i == 0 ? KIND_INBOUND_TRUNK : KIND_DISPATCH_RULE;
        w->rows[w->count] = (struct resource){ .kind = kinds[id], .owner_type = OWNER_NUMBER, .owner = NUMBER, .slot = "", .account = "lk",
                                               .known = KNOWN_LIVE, .external_id = i == 0 ? "ST_old" : "SDR_old" };
        give_nonce(w, &w->rows[w->count++]);
    }
    world_print(w, "leftovers of another project", &seen);
    world_agent(w, "{\"name\":\"desk\",\"dispatch_name\":\"refused\",\"metadata\":\"line 1\",\"room_prefix\":\"call\",\"generation\":2}");
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].kind->id == KIND_DISPATCH_RULE && text_equal(w->rows[i].account, "lk2")) {
            struct drawn *d = world_draw(w, NULL);
            for (size_t k = 0; k < d->count; k++)
                if (d->plan[k].row == &w->rows[i])
                    world_sent(w, &d->plan[k], &w->rows[i]);
            w->rows[i].refusal = "Refused";
            w->rows[i].message = "not that name";
        }
    show_and_walk(w, "plan/leftovers.golden");
}

/* ---- rows in every state --------------------------------------------------------------------------------------------------------------- */

static void print_states(enum kind_id kind, const char *number, struct buf *to)
{
    static const struct { enum known known; enum open open; } states[] = {
        { KNOWN_NONE, OPEN_NOTHING }, { KNOWN_NONE, OPEN_CREATE }, { KNOWN_MAYBE, OPEN_NOTHING }, { KNOWN_MAYBE, OPEN_CREATE },
        { KNOWN_LIVE, OPEN_NOTHING }, { KNOWN_LIVE, OPEN_UPDATE }, { KNOWN_LIVE, OPEN_DELETE },
    };

    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        struct world *w = world_standing(SIP_NUMBER);
        struct resource *row = row_of(w, kind, NULL);
        world_number(w, number);
        row->known = states[i].known;
        row->open = states[i].open;
        if (row->known == KNOWN_NONE)
            row->external_id = NULL;
        world_print(w, arena_printf(&w->arena, "%s is %s%s%s", kinds[kind]->name, known_names[row->known], row->open ? ", open " : "",
                                    open_names[row->open]), to);
        world_free(w);
    }
}

static void test_a_wanted_row_in_every_state(void **state)
{
    (void)state;
    print_states(KIND_INBOUND_TRUNK, SIP_NUMBER, &seen);
    golden_check("plan/states-wanted.golden", &seen);
}

static void test_an_unwanted_row_in_every_state(void **state)
{
    (void)state;
    print_states(KIND_INBOUND_TRUNK, NULL, &seen);
    golden_check("plan/states-unwanted.golden", &seen);
}

/* What needs the unwanted one keeps it as long as it may be there. */
static void test_what_needs_an_unwanted_row_in_every_state(void **state)
{
    (void)state;
    print_states(KIND_DISPATCH_RULE, NULL, &seen);
    golden_check("plan/states-dependent.golden", &seen);
}

static void refuse(struct resource *row)
{
    row->refusal = "Refused";
    row->message = "the provider's words";
}

/* Refused is refused as long as exactly that is wanted: a create, an update; something else is tried. */
static void test_a_refusal_holds_for_what_was_refused(void **state)
{
    static const char other_label[] = "{\"phone_number\":\"" NUMBER "\",\"label\":\"Sales\",\"provider\":\"sip\"," INBOUND
                                      ",\"livekit_project\":\"lk\",\"agent\":\"desk\",\"generation\":1}";
    struct world *w = world_standing(SIP_NUMBER);
    struct resource *row = row_of(w, KIND_INBOUND_TRUNK, NULL);

    (void)state;
    row->known = KNOWN_NONE;
    refuse(row);
    world_print(w, "the create was refused", &seen);
    world_number(w, other_label);
    world_print(w, "something else is wanted", &seen);
    world_free(w);

    w = world_standing(SIP_NUMBER);
    row = row_of(w, KIND_INBOUND_TRUNK, NULL);
    world_number(w, other_label);
    row->sent.value[0] = arena_printf(&w->arena, "Sales [%s]", row->tag);
    refuse(row);
    world_print(w, "the update was refused", &seen);
    world_number(w, SIP_NUMBER);
    world_print(w, "what is in force is wanted again", &seen);
    world_number(w, "{\"phone_number\":\"" NUMBER "\",\"label\":\"Desk\",\"provider\":\"sip\"," INBOUND ",\"livekit_project\":\"lk\",\"agent\":\"desk\"}");
    world_print(w, "something else is wanted", &seen);
    world_number(w, NULL);
    world_print(w, "nothing is wanted", &seen);
    done(w, "plan/refused.golden");
}

/* ---- rules that hold for every kind ------------------------------------------------------------------------------------------------------ */

static void test_a_kind_stands_after_everything_it_needs(void **state)
{
    size_t visited = 0;

    (void)state;
    for (size_t i = 0; i < KIND_MAX_; i++)
        for (size_t n = 0; n < kinds[i]->needs_count; n++, visited++) {
            assert_int_equal(kinds[i]->id, i);
            if (kinds[i]->needs[n] >= kinds[i]->id)
                fail_msg("%s stands before %s, which it needs", kinds[i]->name, kinds[kinds[i]->needs[n]]->name);
            if (kinds[i]->owner == OWNER_TRUNK)
                assert_int_equal(kinds[kinds[i]->needs[n]]->owner, OWNER_TRUNK);
        }
    print_message("%zu needs of %d kinds\n", visited, KIND_MAX_);
    assert_true(visited > 0);
}

static void test_a_second_pass_over_a_converged_world_is_silent_for_every_kind(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT "," ON_REQUEST));
    const struct place *const owners[] = { w->placed, NULL };
    bool met[KIND_MAX_] = { false };
    int visited = 0;

    (void)state;
    for (size_t o = 0; o < ARRAY_SIZE(owners); o++) {
        struct drawn *d = world_draw(w, owners[o]);
        for (size_t i = 0; i < d->count; i++) {
            assert_int_equal(d->plan[i].step, STEP_NOTHING);
            assert_int_equal(d->plan[i].block, BLOCK_NONE);
            assert_non_null(d->plan[i].row);
            assert_non_null(d->plan[i].wanted);
            visited += !met[d->plan[i].kind->id];
            met[d->plan[i].kind->id] = true;
        }
    }
    world_free(w);
    buf_release(&seen);
    print_message("%d of %d kinds\n", visited, KIND_MAX_);
    assert_int_equal(visited, KIND_MAX_);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sip_inbound_needs_nothing_of_twilio),
        TEST(test_inbound_runs_from_the_sink_to_the_source),
        TEST(test_inbound_plan_after_each_step),
        TEST(test_outbound_is_never_attached),
        TEST(test_both_directions),
        TEST(test_without_an_agent_all_but_rule_and_attach_stands),
        TEST(test_a_number_on_a_standing_trunk),
        TEST(test_a_number_without_a_place_waits_for_its_trunk),
        TEST(test_relink_is_one_update_of_the_rule),
        TEST(test_another_metadata_is_one_update_of_one_field),
        TEST(test_unlink_gives_the_routing_back_first),
        TEST(test_another_label_renames_in_place),
        TEST(test_a_direction_switched_off_is_taken_down),
        TEST(test_delete_on_a_shared_trunk_leaves_the_trunk_alone),
        TEST(test_delete_of_the_last_number_takes_the_trunk_along),
        TEST(test_a_number_that_comes_back_keeps_what_stands),
        TEST(test_a_trunk_waits_for_the_numbers_that_lead_to_it),
        TEST(test_a_move_to_another_project),
        TEST(test_a_move_to_another_account),
        TEST(test_a_move_to_another_trunk_is_one_change_of_the_trunk_sid),
        TEST(test_a_new_sip_host_replaces_the_url_beneath_attached_numbers),
        TEST(test_a_trunk_that_changes_its_account_keeps_the_old_objects_while_numbers_hold_them),
        TEST(test_the_old_one_goes_only_when_its_successor_is_live),
        TEST(test_a_rotation_makes_the_new_before_the_old_goes),
        TEST(test_nothing_is_built_on_what_is_being_removed),
        TEST(test_leftovers_of_another_project_go_although_an_update_is_refused),
        TEST(test_a_wanted_row_in_every_state),
        TEST(test_an_unwanted_row_in_every_state),
        TEST(test_what_needs_an_unwanted_row_in_every_state),
        TEST(test_a_refusal_holds_for_what_was_refused),
        cmocka_unit_test(test_a_kind_stands_after_everything_it_needs),
        TEST(test_a_second_pass_over_a_converged_world_is_silent_for_every_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
