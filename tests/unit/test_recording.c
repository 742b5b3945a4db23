/* twilio.recording against the documented examples. */
#include "kind_case.h"

#define KIND kinds[KIND_RECORDING]
#define BASE "https://trunking.twilio.com"
#define SHOWN(mode, trim) "{\"mode\":\"" mode "\",\"trim\":\"" trim "\"}"
#define PLAIN SHOWN("do-not-record", "do-not-trim")

static struct scene scene_of(const char *settings)
{
    struct scene scene = trunk_scene(NULL, 0);

    scene.twilio_trunk = settings;
    return scene;
}

static void test_it_is_wanted_while_something_is_recorded(void **state)
{
    struct resource trunk = live(kinds[KIND_TWILIO_TRUNK], "", TK, NULL);
    const struct resource *rows[] = { &trunk };
    struct scene scene = trunk_scene(rows, 1);
    struct wanted wanted;

    (void)state;
    assert_false(is_wanted(KIND, &scene));
    scene.twilio_trunk = "{\"recording_mode\":\"do-not-record\",\"recording_trim\":\"trim-silence\"}";
    assert_false(is_wanted(KIND, &scene));
    scene.twilio_trunk = "{\"recording_mode\":\"record-from-answer-dual\",\"recording_trim\":\"trim-silence\"}";
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(wanted.slot, "");
    assert_string_equal(wanted.account, "main");
    assert_string_equal(value(KIND, &wanted.spec, "trunk_sid"), TK);
    assert_string_equal(value(KIND, &wanted.spec, "mode"), "record-from-answer-dual");
    assert_string_equal(value(KIND, &wanted.spec, "trim"), "trim-silence");
    assert_int_equal(KIND->want(&scene, &arena, &wanted, 0), 0);
    scene.trunk_wanted = false;
    assert_false(is_wanted(KIND, &scene));
    scene = scene_of("{\"recording_mode\":\"record-from-ringing\"}");
    wanted = wanted_in(KIND, &scene);
    assert_string_equal(spec_missing(KIND, &wanted.spec), "trunk_sid");
}

static void test_its_requests(void **state)
{
    struct resource row = live(KIND, "", TK, TK);
    struct scene scene = scene_of("{\"recording_mode\":\"record-from-answer\"}");
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &row, &wanted.spec);
    struct request request;

    (void)state;
    KIND->create(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/v1/Trunks/" TK "/Recording", "Mode=record-from-answer&Trim=do-not-trim");
    KIND->update(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/v1/Trunks/" TK "/Recording", "Mode=record-from-answer&Trim=do-not-trim");
    call.spec = NULL;
    KIND->remove(&call, &request);
    assert_request(&request, HTTP_POST, true, BASE "/v1/Trunks/" TK "/Recording", "Mode=do-not-record&Trim=do-not-trim");
    KIND->get(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/v1/Trunks/" TK "/Recording", NULL);
    KIND->list(&call, &request);
    assert_request(&request, HTTP_GET, false, BASE "/v1/Trunks/" TK "/Recording", NULL);
}

static void test_what_does_not_record_is_not_there(void **state)
{
    static const enum operation reads[] = { OP_GET, OP_LIST };
    struct resource row = live(KIND, "", TK, TK);
    struct scene scene = scene_of("{\"recording_mode\":\"record-from-answer\",\"recording_trim\":\"trim-silence\"}");
    struct wanted wanted = wanted_in(KIND, &scene);
    struct call call = call_of(&twilio, &row, NULL);

    (void)state;
    wanted.spec.value[0] = TK;
    for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
        decode_ok(KIND, reads[i], &call, PLAIN);
        assert_int_equal(found_count, 0);
        decode_ok(KIND, reads[i], &call, SHOWN("do-not-record", "trim-silence"));
        assert_int_equal(found_count, 0);
        decode_ok(KIND, reads[i], &call, SHOWN("record-from-answer", "trim-silence"));
        assert_int_equal(found_count, 1);
        assert_string_equal(found[0].id, TK);
        assert_string_equal(found[0].parent, TK);
        assert_string_equal(found[0].tag.nonce, "");
        assert_silent(KIND, &found[0].spec, &wanted.spec);
        assert_null(cursor);
    }
    decode_ok(KIND, OP_UPDATE, &call, PLAIN);       /* an echo shows what became of it, whatever that is */
    assert_int_equal(found_count, 1);
    assert_int_not_equal(spec_differs(KIND, &found[0].spec, &wanted.spec, 0), KIND->fields_count);
    decode_fails(KIND, OP_GET, &call, "");
    decode_fails(KIND, OP_GET, &call, "{}");
    decode_fails(KIND, OP_GET, &call, "[]");
}

static void test_what_answers_mean(void **state)
{
    (void)state;
    assert_judged(KIND, OP_CREATE, 200, PLAIN, VERDICT_DONE);
    assert_judged(KIND, OP_CREATE, 404, "{\"code\":20404,\"message\":\"not found\"}", VERDICT_LATER);
    assert_judged(KIND, OP_DELETE, 404, "{\"code\":20404,\"message\":\"not found\"}", VERDICT_GONE);
    assert_judged(KIND, OP_GET, 404, "{\"code\":20404,\"message\":\"not found\"}", VERDICT_GONE);
    assert_judged(KIND, OP_LIST, 404, "{\"code\":20404,\"message\":\"not found\"}", VERDICT_GONE);
    assert_judged(KIND, OP_UPDATE, 400, "{\"code\":21245,\"message\":\"no\"}", VERDICT_REFUSED);
    assert_judged(KIND, OP_CREATE, 500, "", VERDICT_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_it_is_wanted_while_something_is_recorded, forget),
        cmocka_unit_test_teardown(test_its_requests, forget),
        cmocka_unit_test_teardown(test_what_does_not_record_is_not_there, forget),
        cmocka_unit_test_teardown(test_what_answers_mean, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
