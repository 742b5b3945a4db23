/* twilio.credential_list, twilio.credential and twilio.trunk_credential_list against the documented examples. */
#include "kind_case.h"

#define LIST_KIND kinds[KIND_CREDENTIAL_LIST]
#define KIND kinds[KIND_CREDENTIAL]
#define LINK kinds[KIND_TRUNK_CREDENTIAL_LIST]
#define LISTS "https://api.twilio.com/2010-04-01/Accounts/" AC "/SIP/CredentialLists"
#define LINKS "https://trunking.twilio.com/v1/Trunks/" TK "/CredentialLists"
#define USERNAME "abcdefghabcdefghijklm22334455"
#define PLACE "sip/" TRUNK "/twilio.credential/1/main"
#define LIST_OBJECT(friendly) "{\"account_sid\":\"" AC "\",\"date_created\":\"Wed, 11 Sep 2013 17:51:38 +0000\",\"date_updated\":\"Wed, 11 Sep 2013 17:51:38 +0000\"," \
    "\"friendly_name\":\"" friendly "\",\"sid\":\"" CL "\",\"subresource_uris\":{\"credentials\":\"/2010-04-01/Credentials.json\"},\"uri\":\"/2010-04-01/x.json\"}"
#define OBJECT(username) "{\"account_sid\":\"" AC "\",\"credential_list_sid\":\"" CL "\",\"date_created\":\"Wed, 19 Aug 2015 19:48:45 +0000\"," \
    "\"date_updated\":\"Wed, 19 Aug 2015 19:48:45 +0000\",\"sid\":\"" CR "\",\"uri\":\"/2010-04-01/x.json\",\"username\":\"" username "\"}"
#define LINK_OBJECT "{\"account_sid\":\"" AC "\",\"trunk_sid\":\"" TK "\",\"date_created\":\"2018-05-02T17:29:30Z\",\"date_updated\":\"2018-05-02T17:29:30Z\"," \
    "\"friendly_name\":\"friendly_name\",\"sid\":\"" CL "\",\"url\":\"" LINKS "/" CL "\"}"

static struct resource trunk, list, credential;
static const struct resource *const rows[] = { &trunk, &list, &credential };

/* The scene of a trunk whose trunk, list and credential stand, the latter with the password that Twilio accepted. */
static struct scene standing(void)
{
    trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);
    list = live(LIST_KIND, "", CL, NULL);
    credential = live(KIND, "1", CR, CL);
    credential.secret = "sealed:01234567:AAAA";
    credential.secret_version = "fp:0123456789abcdef";
    return trunk_scene(rows, ARRAY_SIZE(rows));
}

static void test_a_list_is_wanted_while_calls_go_out(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(LIST_KIND, &scene);

    (void)state;
    assert_string_equal(wanted.slot, "");
    assert_string_equal(value(LIST_KIND, &wanted.spec, "friendly_name"), TAG);
    assert_int_equal(LIST_KIND->want(&scene, &arena, &wanted, 0), 0);
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    assert_int_equal(LINK->want(&scene, &arena, &wanted, 0), 0);
    scene.on_trunk.outbound = 0;
    assert_false(is_wanted(LIST_KIND, &scene) || is_wanted(KIND, &scene) || is_wanted(LINK, &scene));
    scene = number_scene(rows, ARRAY_SIZE(rows));
    assert_false(is_wanted(LIST_KIND, &scene) || is_wanted(KIND, &scene) || is_wanted(LINK, &scene));
}

static void test_a_list_is_made_and_found(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(LIST_KIND, &scene);
    struct call call = call_of(&twilio, &list, &wanted.spec);
    struct request request;

    (void)state;
    LIST_KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, LISTS ".json", "FriendlyName=" TAG);
    LIST_KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, LISTS "/" CL ".json", "FriendlyName=" TAG);
    LIST_KIND->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, LISTS "/" CL ".json", NULL);
    LIST_KIND->get(&call, &request);
    assert_request(&request, HTTP_GET, false, LISTS "/" CL ".json", NULL);
    LIST_KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, LISTS ".json?PageSize=1000", NULL);
    decode_ok(LIST_KIND, OP_CREATE, &call, LIST_OBJECT(TAG));
    assert_string_equal(found[0].id, CL);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(LIST_KIND, &found[0].spec, &wanted.spec);
    decode_ok(LIST_KIND, OP_LIST, &call, "{\"credential_lists\":[" LIST_OBJECT("Low Rises") "],\"next_page_uri\":\"/2010-04-01/Accounts/" AC "/SIP/CredentialLists.json?PageSize=1000&Page=1\"}");
    assert_string_equal(found[0].tag.nonce, "");
    assert_string_equal(cursor, "/2010-04-01/Accounts/" AC "/SIP/CredentialLists.json?PageSize=1000&Page=1");
    call.cursor = cursor;
    LIST_KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, LISTS ".json?PageSize=1000&Page=1", NULL);
}

static void test_a_credential_waits_for_its_password(void **state)
{
    struct scene scene = standing();
    struct wanted wanted;

    (void)state;
    credential.secret = NULL;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(wanted.slot, "1");
    assert_string_equal(spec_missing(KIND, &wanted.spec), "password");
    assert_null(wanted.spec.secret);
    scene.rows_count = 2;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "password");
    scene.rows_count = 1;
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "credential_list_sid");
}

static void test_a_credential_is_made_with_a_slot_for_its_password(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &credential, &wanted.spec);
    struct request request;

    (void)state;
    assert_string_equal(value(KIND, &wanted.spec, "username"), USERNAME);
    assert_string_equal(value(KIND, &wanted.spec, "password"), "fp:0123456789abcdef");
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, LISTS "/" CL "/Credentials.json", "Username=" USERNAME "&Password=");
    assert_int_equal(request.slot.offset, request.body_bytes);
    assert_int_equal(request.slot.escape, SECRET_FORM);
    assert_string_equal(request.slot.secret, "sealed:01234567:AAAA");
    assert_string_equal(request.slot.place, PLACE);
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, LISTS "/" CL "/Credentials/" CR ".json", "Password=");
    assert_int_equal(request.slot.offset, strlen("Password="));
    assert_string_equal(request.slot.secret, "sealed:01234567:AAAA");
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, LISTS "/" CL "/Credentials/" CR ".json", NULL);
    assert_null(request.slot.secret);
    KIND->get(&call, &request);
    assert_request(&request, HTTP_GET, false, LISTS "/" CL "/Credentials/" CR ".json", NULL);
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, LISTS "/" CL "/Credentials.json?PageSize=1000", NULL);
}

static void test_a_credential_is_found_by_its_user_name(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &credential, &wanted.spec);
    struct spec applied;

    (void)state;
    decode_ok(KIND, OP_CREATE, &call, OBJECT(USERNAME));
    assert_string_equal(found[0].id, CR);
    assert_string_equal(found[0].parent, CL);
    assert_string_equal(found[0].name, USERNAME);
    assert_string_equal(found[0].tag.nonce, "22334455");
    assert_silent(KIND, &found[0].spec, &wanted.spec);
    spec_observe(KIND, &found[0].spec, NULL, &arena, &applied);
    assert_string_equal(KIND->fields[spec_differs(KIND, &applied, &wanted.spec, 0)].name, "password");
    decode_ok(KIND, OP_LIST, &call, "{\"credentials\":[" OBJECT("1440013725.28") "],\"next_page_uri\":null}");
    assert_string_equal(found[0].tag.nonce, "");
    decode_ok(KIND, OP_UPDATE, &call, "{\"sid\":\"" CR "\",\"account_sid\":\"" AC "\"}");
    assert_string_equal(found[0].tag.nonce, "");
}

static void test_the_newest_version_is_wanted_and_those_that_are_used(void **state)
{
    struct scene scene = standing();
    struct resource next = live(KIND, "10", "CR2", CL);
    const struct resource *const two[] = { &trunk, &list, &credential, &next };
    struct wanted wanted[4];

    (void)state;
    next.known = KNOWN_NONE;
    scene.rows = two;
    scene.rows_count = 4;
    assert_int_equal(KIND->want(&scene, &arena, wanted, 4), 1);
    assert_string_equal(wanted[0].slot, "10");
    assert_string_equal(spec_missing(KIND, &wanted[0].spec), "password");
    credential.used = true;
    assert_int_equal(KIND->want(&scene, &arena, wanted, 4), 2);
    assert_string_equal(wanted[1].slot, "1");
    assert_string_equal(value(KIND, &wanted[1].spec, "password"), "fp:0123456789abcdef");
    assert_false(wanted[0].retiring);
    assert_true(wanted[1].retiring);
    assert_int_equal(KIND->want(&scene, &arena, wanted, 1), 1);
    credential.slot = "late-22334455";          /* of an earlier life: it is removed */
    assert_int_equal(KIND->want(&scene, &arena, wanted, 4), 1);
    scene.rows_count = 3;
    assert_string_equal(wanted_in(KIND, &scene).slot, "1");
    scene.rows_count = 4;
    credential.slot = "1";
    credential.known = KNOWN_NONE;              /* somebody has removed it: it is not made again */
    assert_int_equal(KIND->want(&scene, &arena, wanted, 4), 1);
}

static void test_a_link_is_its_pair(void **state)
{
    struct scene scene = standing();
    struct wanted wanted = wanted_in(LINK, &scene);
    struct resource link = live(LINK, "", CL, TK);
    struct call call = call_of(&twilio, &link, &wanted.spec);
    struct request request;

    (void)state;
    assert_int_equal(LINK->recognised, BY_PAIR);
    assert_null(LINK->update);
    LINK->create(&call, &request);
    assert_request(&request, HTTP_POST, true, LINKS, "CredentialListSid=" CL);
    LINK->remove(&call, &request);
    assert_request(&request, HTTP_DELETE, false, LINKS "/" CL, NULL);
    LINK->get(&call, &request);
    assert_request(&request, HTTP_GET, false, LINKS "/" CL, NULL);
    LINK->list(&call, &request);
    assert_request(&request, HTTP_GET, false, LINKS "?PageSize=1000", NULL);
    decode_ok(LINK, OP_CREATE, &call, LINK_OBJECT);
    assert_string_equal(found[0].id, CL);
    assert_string_equal(found[0].parent, TK);
    assert_string_equal(found[0].tag.nonce, "");
    assert_silent(LINK, &found[0].spec, &wanted.spec);
    decode_ok(LINK, OP_LIST, &call, "{\"credential_lists\":[" LINK_OBJECT "],\"meta\":{\"next_page_url\":null}}");
    assert_int_equal(found_count, 1);
    list.known = KNOWN_NONE;
    wanted = wanted_in(LINK, &scene);
    assert_string_equal(spec_missing(LINK, &wanted.spec), "credential_list_sid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_list_is_wanted_while_calls_go_out, forget),
        cmocka_unit_test_teardown(test_a_list_is_made_and_found, forget),
        cmocka_unit_test_teardown(test_a_credential_waits_for_its_password, forget),
        cmocka_unit_test_teardown(test_a_credential_is_made_with_a_slot_for_its_password, forget),
        cmocka_unit_test_teardown(test_a_credential_is_found_by_its_user_name, forget),
        cmocka_unit_test_teardown(test_the_newest_version_is_wanted_and_those_that_are_used, forget),
        cmocka_unit_test_teardown(test_a_link_is_its_pair, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
