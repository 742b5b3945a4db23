/* Plans of LiveKit's settings, as test_plan.c shows plans: numbers of other carriers, and rules of each type. */
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

#define LOGIN(address, user) \
    "{\"address\":\"" address "\",\"transport\":\"tcp\",\"auth_username\":\"" user "\",\"auth_password\":\"file:sip/carrier\"}"

static void test_sip_in_both_directions_looks_behind_the_reference_first(void **state)
{
    (void)state;
    show_and_walk(world_new(CARRIER_NUMBER(LOGIN("sip.carrier.example", "desk"))), "plan/sip-both.golden");
}

static void test_sip_by_address_alone_needs_no_password_and_no_configuration(void **state)
{
    (void)state;
    show_and_walk(world_new(CARRIER_NUMBER("{\"address\":\"203.0.113.7:5080\"}")), "plan/sip-by-address.golden");
}

static void test_a_password_leads_to_no_host_that_is_not_configured(void **state)
{
    struct world *w = world_standing(CARRIER_NUMBER(LOGIN("sip.carrier.example", "desk")));

    (void)state;
    world_number(w, CARRIER_NUMBER(LOGIN("sip.elsewhere.example", "desk")));
    show_and_walk(w, "plan/sip-elsewhere.golden");
}

static void test_each_outbound_setting_of_sip_is_one_change(void **state)
{
    static const char *const changes[] = {
        CARRIER_NUMBER(LOGIN("sip.carrier.example", "other")), CARRIER_NUMBER("{\"address\":\"sip.carrier.example\",\"transport\":\"tcp\"}"),
        CARRIER_NUMBER("{\"address\":\"sip.new.example\",\"transport\":\"tcp\"}"), CARRIER_NUMBER("{\"address\":\"sip.new.example\"}"),
    };
    struct world *w = world_standing(CARRIER_NUMBER(LOGIN("sip.carrier.example", "desk")));

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        world_number(w, changes[i]);
        world_walk(w, changes[i], &seen);
    }
    done(w, "plan/sip-settings.golden");
}

/* The trunk's id stays: its calls go another way from one request on. */
static void test_from_twilio_to_another_carrier_and_back(void **state)
{
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    world_number(w, CARRIER_NUMBER(LOGIN("sip.carrier.example", "desk")));
    w->leaving = w->placed;
    w->placed = NULL;
    world_print(w, "plan", &seen);
    world_walk(w, "to the carrier", &seen);
    world_number(w, NUMBER_ROW(BOTH, WITH_AGENT));
    w->placed = &w->places[0];
    world_walk(w, "back", &seen);
    done(w, "plan/to-carrier-and-back.golden");
}

#define RULE(document) \
    "{\"name\":\"desk\",\"dispatch_name\":\"front-desk\",\"metadata\":\"line 1\",\"room_prefix\":\"call\",\"dispatch_rule\":" document ",\"generation\":2}"

static void test_another_type_of_rule_is_one_update(void **state)
{
    static const char *const changes[] = {
        RULE("{\"type\":\"direct\",\"room_name\":\"lobby\"}"), RULE("{\"type\":\"direct\",\"room_name\":\"hall\",\"pin\":\"1\"}"),
        RULE("{\"type\":\"callee\",\"randomize\":true,\"pin\":\"1\"}"), RULE("{\"more_agents\":{\"writer\":\"\"},\"no_randomness\":true}"), RULE("{}"),
    };
    struct world *w = world_standing(NUMBER_ROW(BOTH, WITH_AGENT));

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        world_agent(w, changes[i]);
        world_walk(w, strstr(changes[i], "dispatch_rule"), &seen);
    }
    done(w, "plan/rule-types.golden");
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sip_in_both_directions_looks_behind_the_reference_first),
        TEST(test_sip_by_address_alone_needs_no_password_and_no_configuration),
        TEST(test_a_password_leads_to_no_host_that_is_not_configured),
        TEST(test_each_outbound_setting_of_sip_is_one_change),
        TEST(test_from_twilio_to_another_carrier_and_back),
        TEST(test_another_type_of_rule_is_one_update),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
