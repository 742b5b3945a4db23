/* The table of kinds is well-formed; and what can be asked about a scene or an account. */
#include "kind_case.h"

#include "../../src/kinds/encode.h"
#include "../../src/kinds/kinds.h"
#include "../../src/kinds/twilio.h"
#include "../../src/kinds/url.h"

static const struct { const char *name; enum owner_type owner; enum family family; } defined[] = {
#define KIND(id, name, owner, family) { name, OWNER_##owner, FAMILY_##family },
#include <trunkd/kinds.def>
#undef KIND
};

static void test_each_kind_is_what_the_definition_says(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_SIZE(defined), KIND_MAX_);
    for (size_t i = 0; i < KIND_MAX_; i++) {
        assert_non_null(kinds[i]);
        assert_int_equal(kinds[i]->id, i);
        assert_string_equal(kinds[i]->name, defined[i].name);
        assert_int_equal(kinds[i]->owner, defined[i].owner);
        assert_int_equal(kinds[i]->family, defined[i].family);
        assert_ptr_equal(kind_by_name(defined[i].name), kinds[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(kinds[i]->name, kinds[k]->name);
    }
    assert_null(kind_by_name("twilio.fax"));
    assert_null(kind_by_name(NULL));
}

static void test_each_kind_can_do_what_the_machine_asks_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_MAX_; i++) {
        const struct kind *kind = kinds[i];

        assert_true(kind->want && kind->tag && kind->create && kind->remove && kind->get && kind->list && kind->decode && kind->judge);
        assert_true(!kind->check == !kind->check_empty);
        assert_true(kind->recognised != BY_TAG || kind->update);
        assert_true(kind->fields_count > 0 && kind->fields_count <= SPEC_FIELDS_MAX);
    }
}

static void test_what_is_needed_stands_before(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_MAX_; i++)
        for (size_t k = 0; k < kinds[i]->needs_count; k++)
            assert_true(kinds[i]->needs[k] < kinds[i]->id);
}

static void test_each_field_is_well_formed(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_MAX_; i++) {
        size_t secrets = 0, parents = 0;

        for (size_t f = 0; f < kinds[i]->fields_count; f++) {
            const struct field *field = &kinds[i]->fields[f];

            assert_non_null(field->name);
            assert_true((field->type == FIELD_ENUM || field->type == FIELD_VARIANT || field->type == FIELD_PAIRS) == (field->names != NULL));
            assert_true(field->wire || (field->flags & (FIELD_IN_PATH | FIELD_SHOWN)));
            assert_true(field->wire || field->read);
            assert_true(!(field->flags & FIELD_WRITE_ONLY) || !field->read);
            assert_true(!(field->flags & FIELD_IN_PATH) || (field->flags & FIELD_REF));
            assert_true(!(field->flags & FIELD_SHOWN) || (!field->wire && field->flags == FIELD_SHOWN));
            secrets += field->type == FIELD_SECRET;
            parents += (field->flags & FIELD_IN_PATH) != 0;
            for (size_t k = 0; k < f; k++)
                assert_string_not_equal(field->name, kinds[i]->fields[k].name);
        }
        assert_true(secrets <= 1);
        assert_int_equal(parents, kinds[i]->scope == LIST_PER_PARENT);
        assert_true(kinds[i]->scope != LIST_ASIDE || kinds[i]->owner == OWNER_TRUNK);
    }
}

/* The encoder opens an object once: after another path it cannot come back to it. */
static void test_fields_that_share_an_object_stand_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_MAX_; i++) {
        const char *seen[4 * SPEC_FIELDS_MAX] = { NULL }, *open = "";
        size_t count = 0;

        for (size_t f = 0; f < kinds[i]->fields_count; f++) {
            const char *wire = kinds[i]->fields[f].wire;

            for (const char *dot = wire ? strchr(wire, '.') : NULL; dot; dot = strchr(dot + 1, '.')) {
                const char *prefix = arena_strndup(&arena, wire, (size_t)(dot - wire) + 1);

                if (strncmp(open, prefix, strlen(prefix)) == 0)
                    continue;
                for (size_t k = 0; k < count; k++)
                    assert_string_not_equal(seen[k], prefix);
                assert_true(count < ARRAY_SIZE(seen));
                seen[count++] = prefix;
            }
            if (wire)
                open = wire;
        }
    }
}

static void test_rows_are_found_in_the_place_that_is_wanted(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL), elsewhere = trunk, other = trunk, attach = live(kinds[KIND_TRUNK_PHONE_NUMBER], "", PN, NULL);
    struct resource urls[] = { live(kinds[KIND_ORIGINATION_URL], "sip:a", "OU1", TK), live(kinds[KIND_ORIGINATION_URL], "sip:b", "OU2", TK) };
    const struct resource *rows[] = { &elsewhere, &other, &trunk, &urls[0], &urls[1], &attach };
    struct scene scene = number_scene(rows, ARRAY_SIZE(rows));

    (void)state;
    elsewhere.account = "another";
    other.owner = "6a3f5c9e-0000-4000-8000-000000000002";
    assert_ptr_equal(scene_find(&scene, KIND_TWILIO_TRUNK, ""), &trunk);
    assert_ptr_equal(scene_find(&scene, KIND_TWILIO_TRUNK, NULL), &trunk);
    assert_ptr_equal(scene_find(&scene, KIND_ORIGINATION_URL, "sip:b"), &urls[1]);
    assert_ptr_equal(scene_find(&scene, KIND_ORIGINATION_URL, NULL), &urls[0]);
    assert_null(scene_find(&scene, KIND_ORIGINATION_URL, "sip:c"));
    assert_ptr_equal(scene_find(&scene, KIND_TRUNK_PHONE_NUMBER, ""), &attach);
    assert_null(scene_find(&scene, KIND_INBOUND_TRUNK, ""));
    attach.owner = "+14158675310";
    assert_null(scene_find(&scene, KIND_TRUNK_PHONE_NUMBER, ""));
    assert_string_equal(scene_id(&scene, KIND_TWILIO_TRUNK, ""), TK);
    trunk.known = KNOWN_MAYBE;
    assert_null(scene_id(&scene, KIND_TWILIO_TRUNK, ""));
    assert_null(scene_id(&scene, KIND_DISPATCH_RULE, ""));
    trunk.owner_type = OWNER_NUMBER;
    assert_null(scene_find(&scene, KIND_TWILIO_TRUNK, ""));
    scene.account = NULL;
    assert_null(scene_find(&scene, KIND_ORIGINATION_URL, NULL));
    scene = trunk_scene(rows, ARRAY_SIZE(rows));
    assert_ptr_equal(scene_find(&scene, KIND_ORIGINATION_URL, "sip:a"), &urls[0]);
    assert_string_equal(resource_secret_place(&urls[0], &arena), "sip/" TRUNK "/twilio.origination_url/sip:a/main");
}

static void test_hosts_follow_region_and_edge(void **state)
{
    static const struct { const char *region, *edge, *base_url, *trunking, *api; } cases[] = {
        { NULL, NULL, NULL, "https://trunking.twilio.com", "https://api.twilio.com" },
        { "us1", "ashburn", NULL, "https://trunking.twilio.com", "https://api.twilio.com" },
        { "au1", NULL, NULL, "https://trunking.au1.twilio.com", "https://api.au1.twilio.com" },
        { "au1", "sydney", NULL, "https://trunking.sydney.au1.twilio.com", "https://api.sydney.au1.twilio.com" },
        { "au1", "sydney", "http://127.0.0.1:1/x", "http://127.0.0.1:1/x", "http://127.0.0.1:1/x" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct account account = { .region = cases[i].region, .edge = cases[i].edge, .base_url = cases[i].base_url };

        assert_string_equal(twilio_base(&account, TWILIO_TRUNKING, &arena), cases[i].trunking);
        assert_string_equal(twilio_base(&account, TWILIO_API, &arena), cases[i].api);
    }
    assert_string_equal(twilio_base(&twilio, TWILIO_VOICE, &arena), "https://voice.twilio.com");
}

static void test_accounts_are_probed(void **state)
{
    struct request request;
    struct reply reply = answer(401, "");

    (void)state;
    account_probe(&twilio, &arena, &request);
    assert_request(&request, HTTP_GET, false, "https://trunking.twilio.com/v1/Trunks?PageSize=1", NULL);
    account_probe(&livekit, &arena, &request);
    assert_request(&request, HTTP_POST, false, "https://x.livekit.cloud/twirp/livekit.SIP/UpdateSIPInboundTrunk", "{}");
    assert_int_equal(account_judge(&twilio, OP_PROBE, &reply, &arena).verdict, VERDICT_ACCOUNT);
    assert_int_equal(account_judge(&livekit, OP_PROBE, &reply, &arena).verdict, VERDICT_ACCOUNT);
    reply = answer(400, "{\"code\":\"invalid_argument\",\"msg\":\"trunk id must be set\"}");
    assert_int_equal(account_judge(&livekit, OP_PROBE, &reply, &arena).verdict, VERDICT_DONE);
    reply = answer(404, "{\"code\":\"bad_route\",\"msg\":\"\"}");
    assert_int_equal(account_judge(&livekit, OP_PROBE, &reply, &arena).verdict, VERDICT_ACCOUNT);
    assert_string_equal(account_judge(&livekit, OP_PROBE, &reply, &arena).reason, "ServerTooOld");
}

static void test_how_many_requests_a_minute(void **state)
{
    static const struct { struct account account; int64_t rate; } cases[] = {
        { { .family = FAMILY_TWILIO }, 0 }, { { .family = FAMILY_TWILIO, .requests_per_minute = 70 }, 70 },
        { { .family = FAMILY_LIVEKIT, .url = "https://livekit.example.net" }, 0 },
        { { .family = FAMILY_LIVEKIT, .url = "https://demo.livekit.cloud" }, 900 },
        { { .family = FAMILY_LIVEKIT, .url = "https://demo.livekit.cloud", .requests_per_minute = 5000 }, 5000 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(account_requests_per_minute(&cases[i].account, &arena), cases[i].rate);
}

static void test_foreign_origins_are_named(void **state)
{
    static const struct { const char *url, *origin; } cases[] = {
        { "https://x.livekit.cloud", NULL }, { "https://a.b.livekit.cloud/base?q", NULL }, { "http://x.livekit.cloud", "http://x.livekit.cloud" },
        { "https://livekit.cloud", "https://livekit.cloud" }, { "https://.livekit.cloud", "https://.livekit.cloud" },
        { "https://evil.example/x.livekit.cloud", "https://evil.example" }, { "https://x.livekit.cloud@evil.example", "https://x.livekit.cloud@evil.example" },
        { "https://evil.example#.livekit.cloud", "https://evil.example" }, { "https://evil.example?.livekit.cloud", "https://evil.example" },
        { "https://evil.example\\.livekit.cloud", "https://evil.example\\.livekit.cloud" }, { "https://x.livekit.cloud:8443", "https://x.livekit.cloud:8443" },
        { "http://127.0.0.1:7880/lk", "http://127.0.0.1:7880" }, { "nonsense", "nonsense" },
        { "https://a-longer-name.evil.example", "https://a-longer-name.evil.example" },
    };
    struct account account = livekit;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *origin;

        account.url = cases[i].url;
        origin = account_foreign_origin(&account, &arena);
        if (!text_equal(origin, cases[i].origin))
            fail_msg("%s: %s", cases[i].url, text_or(origin, "(own)"));
    }
    assert_null(account_foreign_origin(&twilio, &arena));
    account = twilio;
    account.base_url = "http://127.0.0.1:8080/twilio";
    assert_string_equal(account_foreign_origin(&account, &arena), "http://127.0.0.1:8080");
}

static void test_foreign_terminations_are_named(void **state)
{
    static const struct { const char *address; bool is_own; } cases[] = {
        { NULL, true }, { "x.pstn.twilio.com", true }, { "x.pstn.ashburn.twilio.com", true }, { "twilio.com", false }, { ".twilio.com", false },
        { "evil.example", false }, { "evil.example/.twilio.com", false }, { "x.twilio.com:5060", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct account account = { .termination_address = cases[i].address };

        assert_true(text_equal(account_foreign_termination(&account), cases[i].is_own ? NULL : cases[i].address));
    }
}

static void test_links_stay_at_the_origin(void **state)
{
    static const struct { const char *link, *path; } cases[] = {
        { "/v1/x?Page=1", "/v1/x?Page=1" }, { "https://h:1/v1/x?a=%2B", "/v1/x?a=%2B" }, { "https://h:1", NULL }, { "https://h:12/v1", NULL },
        { "https://h:1@evil/x", NULL }, { "https://other/v1", NULL }, { "//evil/x", NULL }, { "https://h:1//evil", NULL }, { "", NULL }, { "v1/x", NULL },
        { "/v1 x", NULL }, { "/v1\nx", NULL }, { "/v1\x80", NULL }, { "/v1#x", NULL }, { "/v1\\x", NULL },
    };
    char path[2052] = "/";

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (!text_equal(url_path_at("https://h:1", cases[i].link), cases[i].path))
            fail_msg("%s", cases[i].link);
    memset(path + 1, 'x', 2047);
    assert_string_equal(url_path_at("https://h:1", path), path);
    path[2048] = 'x';
    assert_null(url_path_at("https://h:1", path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_each_kind_is_what_the_definition_says, forget),
        cmocka_unit_test_teardown(test_each_kind_can_do_what_the_machine_asks_for, forget),
        cmocka_unit_test_teardown(test_what_is_needed_stands_before, forget),
        cmocka_unit_test_teardown(test_each_field_is_well_formed, forget),
        cmocka_unit_test_teardown(test_fields_that_share_an_object_stand_together, forget),
        cmocka_unit_test_teardown(test_rows_are_found_in_the_place_that_is_wanted, forget),
        cmocka_unit_test_teardown(test_hosts_follow_region_and_edge, forget),
        cmocka_unit_test_teardown(test_accounts_are_probed, forget),
        cmocka_unit_test_teardown(test_foreign_origins_are_named, forget),
        cmocka_unit_test_teardown(test_how_many_requests_a_minute, forget),
        cmocka_unit_test_teardown(test_foreign_terminations_are_named, forget),
        cmocka_unit_test_teardown(test_links_stay_at_the_origin, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
