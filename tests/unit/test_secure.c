/* secure: what each side of a trunk is to be, by what the other side showed last or may show. */
#include "kind_case.h"

#include "../../src/kinds/secure.h"
#include "../../src/kinds/setting.h"

#define ALLOW "SIP_MEDIA_ENCRYPT_ALLOW"
#define REQUIRE "SIP_MEDIA_ENCRYPT_REQUIRE"
#define URL(transport) "sip:x.sip.livekit.cloud;transport=" transport

static size_t index_of(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->fields_count; i++)
        if (strcmp(kind->fields[i].name, name) == 0)
            return i;
    fail_msg("%s has no field %s", kind->name, name);
    return 0;
}

static void set(struct resource *row, const char *name, const char *applied, const char *sent)
{
    size_t i = index_of(row->kind, name);

    row->applied.value[i] = applied;
    row->sent.value[i] = sent;
}

/* Twilio's trunk: on or off as it was shown and sent, with an update open or its answer lost. */
struct at_twilio { const char *shown, *sent; bool open, in_doubt; };

static struct resource trunk_row(const struct at_twilio *t)
{
    struct resource row = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);

    set(&row, "secure", t->shown, t->sent);
    row.open = t->open ? OPEN_UPDATE : OPEN_NOTHING;
    row.in_doubt = t->in_doubt;
    return row;
}

static const struct at_twilio off = { NULL, NULL, false, false }, on = { "true", "true", false, false }, going_on = { NULL, "true", true, false },
    going_off = { "true", NULL, true, false }, on_doubtful = { "true", "true", false, true }, off_doubtful = { NULL, NULL, false, true },
    maybe_on = { NULL, "true", false, true }, maybe_off = { "true", NULL, false, true };

static void test_livekit_follows_twilio(void **state)
{
    static const struct { const struct at_twilio *twilio; bool wanted; const char *own, *inbound, *outbound; bool tls; } cases[] = {
        { &off, false, NULL, NULL, NULL, false }, { &off, false, REQUIRE, REQUIRE, REQUIRE, false },
        { &off, true, NULL, ALLOW, ALLOW, true }, { &off, true, REQUIRE, ALLOW, ALLOW, true },
        { &going_on, true, NULL, ALLOW, ALLOW, true }, { &off_doubtful, true, NULL, ALLOW, ALLOW, true },
        { &on, true, NULL, REQUIRE, REQUIRE, true }, { &on_doubtful, true, NULL, REQUIRE, REQUIRE, true },
        { &on, false, NULL, ALLOW, ALLOW, true }, { &going_off, false, NULL, ALLOW, ALLOW, true },
        { &off_doubtful, false, NULL, NULL, NULL, false }, { &maybe_on, true, NULL, ALLOW, ALLOW, true },
        { &maybe_on, false, NULL, ALLOW, ALLOW, true }, { &maybe_off, true, NULL, ALLOW, ALLOW, true }, { &going_off, true, NULL, ALLOW, ALLOW, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct resource trunk = trunk_row(cases[i].twilio);
        const struct resource *rows[] = { &trunk };
        struct scene scene = number_scene(rows, 1);

        scene.twilio_trunk = cases[i].wanted ? "{\"secure\":true}" : "{\"secure\":false}";
        if (!text_equal(secure_inbound(&scene, cases[i].own, &arena), cases[i].inbound) || secure_by_tls(&scene, &arena) != cases[i].tls
            || !text_equal(secure_outbound(&scene, cases[i].own, &arena), cases[i].outbound))
            fail_msg("case %zu", i);
    }
}

static void test_twilio_waits_for_livekit(void **state)
{
    static const struct { const struct at_twilio *twilio; bool wanted; uint32_t refuse_plain, refuse_encrypted; const char *url; bool is_on, waits; } cases[] = {
        { &off, true, 0, 0, URL("tls"), true, false }, { &off, true, 0, 1, URL("tls"), false, true }, { &off, true, 0, 0, URL("tcp"), false, true },
        { &off, true, 0, 0, URL("TLS;a=b"), true, false }, { &off, true, 0, 0, URL("tlsx"), false, true },
        { &off, true, 0, 0, "sip:x.example?Subject=;transport=tls", false, true },
        { &off, true, 0, 0, NULL, true, false }, { &on, true, 0, 1, URL("tls"), true, false }, { &on, true, 0, 0, URL("tcp"), true, false },
        { &on, false, 0, 0, URL("tls"), false, false }, { &on, false, 1, 0, URL("tls"), true, true }, { &off, false, 1, 0, URL("tcp"), false, false },
        /* as was sent, until it is known what came of it */
        { &off_doubtful, true, 0, 0, URL("tls"), false, true }, { &off_doubtful, false, 0, 0, URL("tcp"), false, false },
        { &maybe_on, false, 0, 0, URL("tls"), true, true }, { &maybe_on, true, 0, 1, URL("tls"), true, false },
        { &maybe_off, true, 0, 0, URL("tls"), false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct resource trunk = trunk_row(cases[i].twilio), url = live(kinds[KIND_ORIGINATION_URL], text_or(cases[i].url, ""), "OU1", TK);
        const struct resource *rows[] = { &trunk, &url };
        struct scene scene = trunk_scene(rows, cases[i].url ? 2 : 1);
        const char *waits;

        scene.twilio_trunk = cases[i].wanted ? "{\"secure\":true}" : "{}";
        scene.on_trunk.refuse_plain = cases[i].refuse_plain;
        scene.on_trunk.refuse_encrypted = cases[i].refuse_encrypted;
        if (!text_equal(secure_of_trunk(&scene, &arena, &waits), cases[i].is_on ? "true" : NULL) || !waits == cases[i].waits)
            fail_msg("case %zu", i);
    }
}

/* A number that comes from another trunk takes both sorts of calls until it is here. */
static void test_a_number_from_elsewhere_is_ready_before_it_is_attached(void **state)
{
    static const struct { const struct at_twilio *twilio; bool wanted, elsewhere; const char *shown, *inbound; bool may_attach; } cases[] = {
        { &on, true, false, REQUIRE, REQUIRE, true }, { &on, true, true, NULL, ALLOW, false }, { &on, true, true, ALLOW, ALLOW, true },
        { &on, true, true, REQUIRE, ALLOW, false }, { &off, false, true, NULL, NULL, true }, { &off, false, true, REQUIRE, ALLOW, false },
        { &off, false, true, ALLOW, ALLOW, true }, { &off, false, false, ALLOW, NULL, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct resource trunk = trunk_row(cases[i].twilio), inbound = live(kinds[KIND_INBOUND_TRUNK], "", "ST_1", NULL);
        struct resource attach = live(kinds[KIND_TRUNK_PHONE_NUMBER], "", PN, NULL);
        const struct resource *rows[] = { &inbound, &attach, &trunk };
        struct scene scene = number_scene(rows, 3);

        scene.twilio_trunk = cases[i].wanted ? "{\"secure\":true}" : NULL;
        set(&inbound, "media_encryption", cases[i].shown, cases[i].shown);
        set(&attach, "trunk_sid", cases[i].elsewhere ? "TKother" : TK, TK);
        if (!text_equal(secure_inbound(&scene, NULL, &arena), cases[i].inbound) || secure_may_attach(&scene, &arena) != cases[i].may_attach)
            fail_msg("case %zu", i);
    }
}

static void test_what_a_row_refuses_or_may(void **state)
{
    struct resource in = live(kinds[KIND_INBOUND_TRUNK], "", "ST_1", NULL), out = live(kinds[KIND_OUTBOUND_TRUNK], "", "ST_2", NULL);

    (void)state;
    assert_int_equal(in.kind->refuses(&in), REFUSES_ENCRYPTED);
    set(&in, "media_encryption", ALLOW, ALLOW);
    assert_int_equal(in.kind->refuses(&in), 0);
    set(&in, "media_encryption", ALLOW, REQUIRE);
    assert_int_equal(in.kind->refuses(&in), 0);
    in.open = OPEN_UPDATE;
    assert_int_equal(in.kind->refuses(&in), REFUSES_PLAIN);
    in.open = OPEN_NOTHING;
    in.in_doubt = true;
    assert_int_equal(in.kind->refuses(&in), REFUSES_PLAIN | REFUSES_ENCRYPTED);
    set(&out, "media_encryption", ALLOW, ALLOW);
    assert_int_equal(out.kind->refuses(&out), REFUSES_ENCRYPTED);
    set(&out, "transport", "SIP_TRANSPORT_TLS", "SIP_TRANSPORT_TLS");
    assert_int_equal(out.kind->refuses(&out), 0);
    set(&out, "media_encryption", REQUIRE, REQUIRE);
    assert_int_equal(out.kind->refuses(&out), REFUSES_PLAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_livekit_follows_twilio, forget),
        cmocka_unit_test_teardown(test_twilio_waits_for_livekit, forget),
        cmocka_unit_test_teardown(test_a_number_from_elsewhere_is_ready_before_it_is_attached, forget),
        cmocka_unit_test_teardown(test_what_a_row_refuses_or_may, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
