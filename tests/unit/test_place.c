/* Whole snapshots against golden files: rows as PostgreSQL gives them in, the lines of `trunkctl plan` out, through the core's door
 * only. They show where numbers are placed, that automatic trunks keep their names, and each way in which a step can wait. */
#include "golden.h"

#include <trunkd/core.h>
#include <trunkd/model.h>

#define ROWS_MAX 1100
#define INSTALLATION "abcdefgh"
#define MAIN "main", "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"file:account/main\",\"region\":\"us1\",\"generation\":1}"
#define LK "lk", "{\"name\":\"lk\",\"url\":\"https://lk.example\",\"api_key\":\"k\",\"secret\":\"file:account/lk\",\"sip_host\":\"lk.sip.example\"}"
#define LK2 "lk2", "{\"name\":\"lk2\",\"url\":\"https://lk2.example\",\"api_key\":\"k\",\"secret\":\"file:account/lk2\",\"sip_host\":\"lk2.sip.example\"}"
#define DESK "desk", "{\"name\":\"desk\",\"dispatch_name\":\"front-desk\",\"metadata\":\"m\",\"room_prefix\":\"call\",\"generation\":1}"
#define NAMED "99999999-0000-4000-8000-000000000009"
#define ONE "+14155550101"
#define TWO "+14155550102"

static struct arena arena;
static struct row_text rows[ROWS_MAX];
static size_t count;

static void push(const char *what, const char *key, const char *json)
{
    assert_true(count < ROWS_MAX);
    rows[count++] = (struct row_text){ arena_strdup(&arena, what), arena_strdup(&arena, key), arena_strdup(&arena, json) };
}

static void push_number(const char *number, const char *more)
{
    push("number", number, arena_printf(&arena, "{\"phone_number\":\"%s\",\"label\":\"L\",\"generation\":1,%s}", number, more));
}

#define TWILIO_IN(project) "\"provider\":\"twilio\",\"twilio_account\":\"main\",\"livekit_project\":\"" project "\""
#define INBOUND TWILIO_IN("lk") ",\"supports_inbound\":true,\"agent\":\"desk\""
#define OUTBOUND TWILIO_IN("lk") ",\"supports_outbound\":true"

static int begin(void **state)
{
    (void)state;
    count = 0;
    push("installation", INSTALLATION, "{\"tag\":\"" INSTALLATION "\"}");
    push("account", MAIN);
    push("account", LK);
    push("account", LK2);
    push("agent", DESK);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* ---- from rows to lines ------------------------------------------------------------------------------------------------------ */

static void print_line(void *userdata, const struct plan_line *line)
{
    struct buf *to = userdata;

    buf_printf(to, "%s %s: %s %s%s%s in %s", line->owner_type, line->owner, line->operation, line->kind, *line->slot ? " " : "", line->slot,
               line->account);
    if (line->external_id)
        buf_printf(to, " (%s)", line->external_id);
    if (line->changes)
        buf_printf(to, ": %s", line->changes);
    if (line->blocked_by)
        buf_printf(to, ", %s", line->blocked_by);
    buf_adds(to, "\n");
}

static void plan(struct buf *to)
{
    struct core *core = core_new(/* plan_only= */ true);
    struct effects *effects = must_calloc(1, sizeof(*effects));
    const struct event event = { .type = EVENT_ROWS, .now_ms = 1000, .rows = { .rows = rows, .count = count, .all = true } };

    assert_false(core_step(core, &event, effects));
    for (size_t i = 0; i < effects->count; i++) {
        assert_int_equal(effects->list[i].type, EFFECT_LOG);
        buf_printf(to, "log %s: %s\n", effects->list[i].log.object, effects->list[i].log.text);
    }
    effects_reset(effects);
    core_plan(core, 1000, print_line, to);
    assert_int_equal(effects->count, 0);
    free(effects);
    core_free(core);
}

static void titled(struct buf *to, const char *title)
{
    buf_printf(to, "# %s\n", title);
    plan(to);
}

static void plan_is(const char *golden)
{
    struct buf seen;

    buf_init(&seen, GOLDEN_BYTES_MAX);
    plan(&seen);
    golden_check(golden, &seen);
}

/* The owner of the n-th line that creates a twilio.trunk. */
static const char *trunk_in(const char *lines, size_t n)
{
    const char *at = lines;

    for (;; at++) {
        at = strstr(at, ": create twilio.trunk in");
        if (!at)
            return NULL;
        if (n-- == 0)
            return arena_strndup(&arena, at - 36, 36);
    }
}

static const char *automatic_trunk(void)
{
    struct buf lines;

    buf_init(&lines, GOLDEN_BYTES_MAX);
    plan(&lines);
    const char *uuid = trunk_in(lines.data, 0);
    buf_release(&lines);
    assert_non_null(uuid);
    return uuid;
}

/* ---- a ledger -------------------------------------------------------------------------------------------------------------------- */

static const char *tag_of(enum owner_type type, const char *owner)
{
    char hash[OWNER_CHARACTERS + 1], *tag = arena_printf(&arena, "%*s", TAG_BYTES, "");

    owner_hash(type, owner, hash);
    tag_make(INSTALLATION, hash, "22222222", tag);
    return tag;
}

static void push_resource(enum owner_type type, const char *owner, const char *kind, const char *slot, const char *account, const char *more)
{
    push("resource", owner, arena_printf(&arena, "{\"owner_type\":\"%s\",\"owner\":\"%s\",\"kind\":\"%s\",\"slot\":\"%s\",\"account\":\"%s\","
         "\"rev\":1,\"nonce\":\"22222222\",%s}", owner_type_names[type], owner, kind, slot, account, more));
}

static void push_live(enum owner_type type, const char *owner, const char *kind, const char *slot, const char *id, const char *applied)
{
    push_resource(type, owner, kind, slot, text_starts(kind, "twilio") ? "main" : "lk",
                  arena_printf(&arena, "\"known\":\"live\",\"open\":\"\",\"external_id\":\"%s\",\"applied\":%s", id, applied));
}

static void push_trunk_status(const char *uuid, const char *project, int ordinal)
{
    push("trunk_status", uuid, arena_printf(&arena, "{\"trunk\":\"%s\",\"automatic\":true,\"twilio_account\":\"main\",\"livekit_project\":\"%s\","
         "\"ordinal\":%d}", uuid, project, ordinal));
}

static void push_number_status(const char *number, const char *uuid, const char *status, const char *more)
{
    push("number_status", number, arena_printf(&arena, "{\"phone_number\":\"%s\",\"status\":\"%s\",\"reason\":\"UpToDate\",\"settled\":true,"
         "\"trunk\":\"%s\",\"ever_active\":true,\"observed_generation\":1%s}", number, status, uuid, more));
}

static void push_trunk_ledger(const char *uuid, const char *sid)
{
    const char *tag = tag_of(OWNER_TRUNK, uuid);

    push_live(OWNER_TRUNK, uuid, "twilio.trunk", "", sid,
              arena_printf(&arena, "{\"friendly_name\":\"%s\",\"domain_name\":\"%s.pstn.twilio.com\"}", tag, tag));
    push_live(OWNER_TRUNK, uuid, "twilio.origination_url", "sip:lk.sip.example;transport=tcp", "OU1",
              arena_printf(&arena, "{\"trunk_sid\":\"%s\",\"friendly_name\":\"%s\",\"sip_url\":\"sip:lk.sip.example;transport=tcp\",\"priority\":10,"
                           "\"weight\":10,\"enabled\":true}", sid, tag));
}

static void push_number_ledger(const char *number, const char *sid)
{
    const char *tag = tag_of(OWNER_NUMBER, number);

    push_live(OWNER_NUMBER, number, "livekit.inbound_trunk", "", "ST_1", arena_printf(&arena, "{\"name\":\"L [%s]\",\"numbers\":[\"%s\"]}", tag, number));
    push_live(OWNER_NUMBER, number, "livekit.dispatch_rule", "", "SDR_1",
              arena_printf(&arena, "{\"name\":\"L [%s]\",\"trunk_ids\":[\"ST_1\"],\"room_prefix\":\"call\",\"agents\":{\"front-desk\":\"m\"}}", tag));
    push_live(OWNER_NUMBER, number, "twilio.trunk_phone_number", "", "PN1", arena_printf(&arena, "{\"trunk_sid\":\"%s\"}", sid));
}

/* One inbound number, active on its automatic trunk; returns the trunk. The rows of what people want come last. */
static const char *push_standing(const char *wanted)
{
    push_number(ONE, INBOUND);
    const char *uuid = automatic_trunk();
    count--;
    push_trunk_status(uuid, "lk", 0);
    push_number_status(ONE, uuid, "active", "");
    push_trunk_ledger(uuid, "TK1");
    push_number_ledger(ONE, "TK1");
    if (wanted)
        push_number(ONE, wanted);
    return uuid;
}

/* ---- placement -------------------------------------------------------------------------------------------------------------------- */

static void test_numbers_of_one_account_and_project_share_a_trunk(void **state)
{
    (void)state;
    push_number(ONE, INBOUND);
    push_number(TWO, OUTBOUND);
    push_number("+14155550103", TWILIO_IN("lk") ",\"supports_inbound\":true,\"supports_outbound\":true");
    push_number("+14155550104", "\"provider\":\"sip\",\"livekit_project\":\"lk\",\"supports_inbound\":true,\"agent\":\"desk\"");
    push_number("+14155550105", TWILIO_IN("lk2") ",\"supports_inbound\":true,\"agent\":\"desk\"");
    plan_is("plan/core-shared.golden");
}

/* Whatever the order in which rows come, each number and each trunk is the same. */
static void test_the_order_of_rows_changes_nothing(void **state)
{
    struct buf first, second;

    (void)state;
    for (int i = 0; i < 40; i++)
        push_number(arena_printf(&arena, "+1415555%04d", i * 37 % 40), i % 3 ? INBOUND : OUTBOUND);
    rows[1].json = "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"file:account/main\",\"numbers_per_trunk\":7}";
    buf_init(&first, GOLDEN_BYTES_MAX);
    plan(&first);
    for (size_t i = 1; i < count - i; i++) {
        struct row_text swap = rows[i];
        rows[i] = rows[count - i];
        rows[count - i] = swap;
    }
    buf_init(&second, GOLDEN_BYTES_MAX);
    plan(&second);
    assert_string_equal(first.data, second.data);
    assert_non_null(trunk_in(first.data, 5));
    assert_null(trunk_in(first.data, 6));
    buf_release(&first);
    buf_release(&second);
}

static void test_another_installation_names_its_trunks_otherwise(void **state)
{
    (void)state;
    push_number(ONE, INBOUND);
    const char *uuid = automatic_trunk();
    rows[0].json = "{\"tag\":\"hgfedcba\"}";
    assert_string_not_equal(automatic_trunk(), uuid);
}

static void test_twilio_settings_of_its_own_make_a_trunk_of_its_own(void **state)
{
    (void)state;
    push_number(ONE, INBOUND);
    push_number(TWO, INBOUND ",\"twilio_trunk\":{\"secure\":true}");
    push_number("+14155550103", INBOUND ",\"twilio_trunk\":{\"secure\":true}");
    plan_is("plan/core-dedicated.golden");
}

static void test_a_number_goes_on_the_trunk_it_names(void **state)
{
    (void)state;
    push("trunk", NAMED, "{\"id\":\"" NAMED "\",\"name\":\"big\",\"twilio_account\":\"main\",\"livekit_project\":\"lk\","
         "\"twilio_trunk\":{\"origination_urls\":[{\"url\":\"sip:backup.example\"}],\"connection_policy\":true},\"generation\":1}");
    push_number(ONE, INBOUND ",\"trunk\":\"big\"");
    push_number(TWO, INBOUND);
    plan_is("plan/core-named.golden");
}

/* 500 numbers fill a trunk; the next one goes on the next ordinal, whose name the first trunk's does not depend on. */
static void test_the_501st_number_goes_on_the_next_trunk(void **state)
{
    struct buf lines;

    (void)state;
    push_number("+14155559999", INBOUND);
    const char *first = automatic_trunk();
    count--;
    for (int i = 0; i < 500; i++)
        push_number(arena_printf(&arena, "+1415555%04d", i), INBOUND);
    buf_init(&lines, GOLDEN_BYTES_MAX);
    plan(&lines);
    assert_string_equal(trunk_in(lines.data, 0), first);
    assert_null(trunk_in(lines.data, 1));
    buf_release(&lines);
    push_number("+14155559999", INBOUND);
    buf_init(&lines, GOLDEN_BYTES_MAX);
    plan(&lines);
    assert_non_null(strstr(lines.data, arena_printf(&arena, "trunk %s: create twilio.trunk in main", first)));
    assert_non_null(trunk_in(lines.data, 1));
    assert_null(trunk_in(lines.data, 2));
    buf_release(&lines);
}

/* ---- what stands ---------------------------------------------------------------------------------------------------------------------- */

static void test_nothing_is_left_to_do_where_all_stands(void **state)
{
    struct buf lines;

    (void)state;
    push_standing(INBOUND);
    buf_init(&lines, GOLDEN_BYTES_MAX);
    plan(&lines);
    assert_string_equal(lines.data, "");
    buf_release(&lines);
}

static void test_changes_of_what_stands(void **state)
{
    struct buf seen;

    (void)state;
    push_standing(INBOUND);
    buf_init(&seen, GOLDEN_BYTES_MAX);
    const char *desk = rows[4].json;
    rows[4].json = "{\"name\":\"desk\",\"dispatch_name\":\"night-desk\",\"metadata\":\"n\",\"generation\":2}";
    titled(&seen, "relinked");
    rows[4].json = desk;
    count--;
    push_number(ONE, TWILIO_IN("lk") ",\"supports_inbound\":true");
    titled(&seen, "unlinked");
    count--;
    titled(&seen, "deleted");
    push_number(ONE, TWILIO_IN("lk2") ",\"supports_inbound\":true,\"agent\":\"desk\"");
    titled(&seen, "moved to another project");
    count--;
    push_number(ONE, INBOUND ",\"twilio_trunk\":{\"secure\":true}");
    titled(&seen, "moved to a trunk of its own");
    golden_check("plan/core-changes.golden", &seen);
}

static void test_a_trunk_that_other_numbers_are_on_stays(void **state)
{
    struct buf seen;

    (void)state;
    const char *uuid = push_standing(NULL);
    push_number(TWO, INBOUND);
    push_number_status(TWO, uuid, "active", "");
    buf_init(&seen, GOLDEN_BYTES_MAX);
    plan(&seen);
    golden_check("plan/core-delete-one.golden", &seen);
}

/* ---- what stands in the way ----------------------------------------------------------------------------------------------------------- */

/* At the account's limit a standing trunk is overfilled before a number waits. */
static void test_a_full_account_overfills_what_stands(void **state)
{
    struct buf seen;

    (void)state;
    rows[1].json = "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"file:account/main\",\"numbers_per_trunk\":1,\"generation\":1}";
    push_standing(INBOUND);
    push_number(TWO, INBOUND);
    const char *second = automatic_trunk();
    push_trunk_status(second, "lk", 1);
    push_resource(OWNER_TRUNK, second, "twilio.trunk", "", "main", arena_printf(&arena, "\"known\":\"none\",\"open\":\"\",\"refusal\":\"AccountFull\","
                  "\"message\":\"100 trunks\",\"sent\":{\"friendly_name\":\"%1$s\",\"domain_name\":\"%1$s.pstn.twilio.com\"}",
                  tag_of(OWNER_TRUNK, second)));
    buf_init(&seen, GOLDEN_BYTES_MAX);
    titled(&seen, "one trunk stands");
    push_number("+14155550103", TWILIO_IN("lk2") ",\"supports_inbound\":true,\"agent\":\"desk\"");
    titled(&seen, "another project has none yet");
    golden_check("plan/core-full.golden", &seen);
}

static void test_rows_of_operations_under_way(void **state)
{
    struct buf seen;

    (void)state;
    const char *uuid = push_standing(INBOUND);
    buf_init(&seen, GOLDEN_BYTES_MAX);
    push_number(TWO, INBOUND);
    push_number_status(TWO, uuid, "pending", "");
    push_resource(OWNER_NUMBER, TWO, "livekit.inbound_trunk", "", "lk", "\"known\":\"none\",\"open\":\"create\",\"sent\":{}");
    titled(&seen, "an open create, whose process is no more");
    count--;
    push_resource(OWNER_NUMBER, TWO, "livekit.inbound_trunk", "", "lk", arena_printf(&arena, "\"known\":\"none\",\"open\":\"\",\"refusal\":\"Refused\","
                  "\"message\":\"not this number\",\"sent\":{\"name\":\"L [%s]\",\"numbers\":[\"" TWO "\"]}", tag_of(OWNER_NUMBER, TWO)));
    titled(&seen, "a refused create");
    golden_check("plan/core-under-way.golden", &seen);
}

/* The credential's new password is not accepted yet, so an outbound trunk cannot be made with it; the old one stays till its successor
 * stands. */
static void test_outbound_waits_for_the_password_that_is_in_force(void **state)
{
    struct buf seen;

    (void)state;
    push_number(ONE, OUTBOUND);
    const char *uuid = automatic_trunk();
    count--;
    const char *tag = tag_of(OWNER_TRUNK, uuid);
    push_trunk_status(uuid, "lk", 0);
    push_number_status(ONE, uuid, "active", "");
    push_live(OWNER_TRUNK, uuid, "twilio.trunk", "", "TK1",
              arena_printf(&arena, "{\"friendly_name\":\"%s\",\"domain_name\":\"%s.pstn.twilio.com\"}", tag, tag));
    push_live(OWNER_TRUNK, uuid, "twilio.credential_list", "", "CL1", arena_printf(&arena, "{\"friendly_name\":\"%s\"}", tag));
    push_live(OWNER_TRUNK, uuid, "twilio.trunk_credential_list", "", "CL1", "{\"trunk_sid\":\"TK1\",\"credential_list_sid\":\"CL1\"}");
    push_live(OWNER_TRUNK, uuid, "twilio.credential", "1", "CR1",
              "{\"credential_list_sid\":\"CL1\",\"username\":\"u\",\"password\":\"old\"},\"secret\":\"sealed\",\"secret_version\":\"new\"");
    push_live(OWNER_NUMBER, ONE, "livekit.outbound_trunk", "", "ST_2", arena_printf(&arena, "{\"address\":\"%s.pstn.twilio.com\"}", tag));
    buf_init(&seen, GOLDEN_BYTES_MAX);
    push_number(ONE, OUTBOUND);
    titled(&seen, "the password is not accepted yet");
    count--;
    push_number(ONE, TWILIO_IN("lk2") ",\"supports_outbound\":true");
    titled(&seen, "moved to another project");
    golden_check("plan/core-outbound.golden", &seen);
}

/* A failure is remembered for what was wanted then; when something else is wanted, the plan shows the set-up. */
static void test_a_failed_number_is_planned_when_something_else_is_wanted(void **state)
{
    static const char failed[] = "{\"phone_number\":\"" ONE "\",\"status\":\"failed\",\"reason\":\"Refused\",\"failed_inputs\":\"aaaaaaaaaaaaa\","
                                 "\"refusals\":{\"reason\":\"Refused\",\"message\":\"no\"}}";

    (void)state;
    push_number(ONE, INBOUND);
    push("number_status", ONE, failed);
    plan_is("plan/core-failed.golden");
}

/* A ledger row of a kind that is not known is left alone, and said so; a row that cannot be read stops nobody else. */
static void test_what_cannot_be_read_is_left_alone(void **state)
{
    (void)state;
    push_resource(OWNER_NUMBER, TWO, "twilio.of_tomorrow", "", "main", "\"known\":\"live\"");
    push("number", TWO, "{\"phone_number\":7}");
    push("agent", "broken", "{");
    push_number(ONE, INBOUND);
    plan_is("plan/core-unreadable.golden");
}

/* What is left of its words goes, too. */
static void test_a_read_that_is_dropped_leaves_nothing_behind(void **state)
{
    struct core *core = core_new(/* plan_only= */ true);
    struct effects *effects = must_calloc(1, sizeof(*effects));
    const struct event event = { .type = EVENT_ROWS, .now_ms = 1000, .rows = { .rows = rows, .count = 1, .all = true, .more = true } };

    (void)state;
    count = 0;
    push("agent", "broken", "{\"name\":\"broken\",\"name\":\"twice\"}");     /* which is seen when all has been copied */
    assert_false(core_step(core, &event, effects));
    assert_int_equal(effects->count, 1);
    effects_reset(effects);
    free(effects);
    core_free(core);            /* the sanitizer looks at what is not free */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_of_one_account_and_project_share_a_trunk),
        TEST(test_the_order_of_rows_changes_nothing),
        TEST(test_another_installation_names_its_trunks_otherwise),
        TEST(test_twilio_settings_of_its_own_make_a_trunk_of_its_own),
        TEST(test_a_number_goes_on_the_trunk_it_names),
        TEST(test_the_501st_number_goes_on_the_next_trunk),
        TEST(test_nothing_is_left_to_do_where_all_stands),
        TEST(test_changes_of_what_stands),
        TEST(test_a_trunk_that_other_numbers_are_on_stays),
        TEST(test_a_full_account_overfills_what_stands),
        TEST(test_rows_of_operations_under_way),
        TEST(test_outbound_waits_for_the_password_that_is_in_force),
        TEST(test_a_failed_number_is_planned_when_something_else_is_wanted),
        TEST(test_what_cannot_be_read_is_left_alone),
        TEST(test_a_read_that_is_dropped_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
