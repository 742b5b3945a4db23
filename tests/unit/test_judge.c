/* What answers mean, provider by provider: rows of the error tables of both contracts. */
#include "kind_case.h"

#define T(code) "{\"code\":" #code ",\"message\":\"words\",\"more_info\":\"https://www.twilio.com/docs/errors/" #code "\",\"status\":400}"
#define L(code) "{\"code\":\"" code "\",\"msg\":\"words\"}"

struct row {
    int status;
    const char *body;
    enum verdict create, update, remove, get, list;
};

#define ALL(v) VERDICT_##v, VERDICT_##v, VERDICT_##v, VERDICT_##v, VERDICT_##v
#define WRITES(v) VERDICT_##v, VERDICT_##v, VERDICT_##v, VERDICT_LATER, VERDICT_LATER
#define DEFAULT WRITES(UNKNOWN)

static const struct row twilio_rows[] = {
    { 200, "{}", ALL(DONE) }, { 201, "<", ALL(DONE) }, { 204, "", ALL(DONE) },
    { 100, "", DEFAULT }, { 301, "", DEFAULT }, { 307, T(20404), DEFAULT }, { 408, T(20404), DEFAULT }, { 425, "", DEFAULT },
    { 500, T(20500), DEFAULT }, { 503, T(20503), DEFAULT }, { 502, "<html>bad gateway</html>", DEFAULT }, { 500, T(21244), DEFAULT },
    { 401, "", ALL(ACCOUNT) }, { 401, T(20003), ALL(ACCOUNT) }, { 403, T(20003), ALL(ACCOUNT) }, { 403, T(70051), ALL(ACCOUNT) }, { 403, "<html>", ALL(ACCOUNT) },
    { 400, T(20005), ALL(ACCOUNT) }, { 400, T(20006), ALL(ACCOUNT) }, { 400, T(20010), ALL(ACCOUNT) }, { 400, T(10001), ALL(ACCOUNT) },
    { 404, T(20404), VERDICT_ACCOUNT, VERDICT_GONE, VERDICT_GONE, VERDICT_GONE, VERDICT_ACCOUNT }, { 404, "<html>", ALL(ACCOUNT) }, { 404, "", ALL(ACCOUNT) },
    { 404, T(20001), WRITES(REFUSED) },
    { 429, "", ALL(LATER) }, { 429, T(20429), ALL(LATER) }, { 400, T(20429), ALL(LATER) }, { 409, T(20409), ALL(LATER) }, { 409, T(1), ALL(LATER) },
    { 409, T(21244), VERDICT_FULL, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER }, { 409, T(21634), WRITES(REFUSED) },
    { 409, T(21248), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 409, T(21701), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER }, { 409, T(2), ALL(LATER) },
    { 409, T(21241), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_TAKEN, VERDICT_LATER, VERDICT_LATER },
    { 409, "", DEFAULT }, { 400, "<html>", DEFAULT }, { 400, "", DEFAULT }, { 400, "{}", DEFAULT }, { 413, "too large", DEFAULT },
    { 400, T(21244), VERDICT_FULL, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, T(21239), VERDICT_FULL, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, T(21248), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, T(21240), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, T(21245), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, T(99999), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, "{\"message\":\"no code\"}", VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, T(21241), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_TAKEN, VERDICT_LATER, VERDICT_LATER },
    { 400, T(21247), VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_TAKEN, VERDICT_LATER, VERDICT_LATER },
    { 400, T(20001), WRITES(REFUSED) }, { 400, T(20002), WRITES(REFUSED) }, { 400, T(20422), WRITES(REFUSED) }, { 400, T(20423), WRITES(REFUSED) },
    { 400, T(21243), WRITES(REFUSED) }, { 400, T(21252), WRITES(REFUSED) }, { 400, T(21634), WRITES(REFUSED) }, { 403, T(10002), ALL(ACCOUNT) }, { 400, T(10002), WRITES(REFUSED) },
    { 400, "{\"type\":\"about:blank\",\"title\":\"Bad\",\"status\":400,\"code\":21244,\"detail\":\"words\"}", VERDICT_FULL, VERDICT_REFUSED, VERDICT_REFUSED,
      VERDICT_LATER, VERDICT_LATER },
};

static const struct row livekit_rows[] = {
    { 200, "{}", ALL(DONE) },
    { 301, "", DEFAULT }, { 408, L("canceled"), DEFAULT }, { 408, L("deadline_exceeded"), DEFAULT }, { 500, L("unknown"), DEFAULT }, { 500, L("internal"), DEFAULT },
    { 503, L("unavailable"), DEFAULT }, { 502, "<html>", DEFAULT }, { 501, L("unimplemented"), DEFAULT },
    { 401, "", ALL(ACCOUNT) }, { 401, L("unauthenticated"), ALL(ACCOUNT) }, { 403, L("permission_denied"), ALL(ACCOUNT) }, { 403, "<html>", ALL(ACCOUNT) },
    { 404, L("not_found"), VERDICT_ACCOUNT, VERDICT_GONE, VERDICT_GONE, VERDICT_GONE, VERDICT_ACCOUNT }, { 404, L("bad_route"), ALL(ACCOUNT) },
    { 404, "404 page not found\n", ALL(ACCOUNT) }, { 404, "", ALL(ACCOUNT) },
    { 429, L("resource_exhausted"), ALL(LATER) }, { 429, "", ALL(LATER) },
    { 400, L("invalid_argument"), VERDICT_TAKEN, VERDICT_TAKEN, VERDICT_REFUSED, VERDICT_LATER, VERDICT_LATER },
    { 400, L("malformed"), WRITES(REFUSED) }, { 400, L("out_of_range"), WRITES(REFUSED) },
    { 400, "<html>", DEFAULT }, { 400, "{\"code\":7}", DEFAULT }, { 400, "{}", DEFAULT }, { 400, "{\"code\":\"\"}", DEFAULT }, { 413, "<text>", DEFAULT },
    { 409, L("already_exists"), VERDICT_TAKEN, VERDICT_TAKEN, VERDICT_LATER, VERDICT_LATER, VERDICT_LATER }, { 409, L("aborted"), ALL(LATER) },
    { 412, L("failed_precondition"), WRITES(REFUSED) }, { 413, L("out_of_range"), WRITES(REFUSED) },
};

static void judge_rows(enum kind_id kind, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_judged(kinds[kind], OP_CREATE, rows[i].status, rows[i].body, rows[i].create);
        assert_judged(kinds[kind], OP_UPDATE, rows[i].status, rows[i].body, rows[i].update);
        assert_judged(kinds[kind], OP_DELETE, rows[i].status, rows[i].body, rows[i].remove);
        assert_judged(kinds[kind], OP_GET, rows[i].status, rows[i].body, rows[i].get);
        assert_judged(kinds[kind], OP_LIST, rows[i].status, rows[i].body, rows[i].list);
    }
}

static void test_twilio(void **state)
{
    (void)state;
    judge_rows(KIND_TWILIO_TRUNK, twilio_rows, ARRAY_SIZE(twilio_rows));
    assert_judged(kinds[KIND_TWILIO_TRUNK], OP_CHECK, 404, T(20404), VERDICT_GONE);
    assert_judged(kinds[KIND_TWILIO_TRUNK], OP_CHECK, 500, T(20500), VERDICT_LATER);
}

static void test_livekit(void **state)
{
    (void)state;
    judge_rows(KIND_INBOUND_TRUNK, livekit_rows, ARRAY_SIZE(livekit_rows));
}

static void test_the_reasons(void **state)
{
    static const struct { enum kind_id kind; int status; const char *body, *reason; } cases[] = {
        { KIND_TWILIO_TRUNK, 401, "", "CredentialsRefused" }, { KIND_TWILIO_TRUNK, 400, T(20005), "AccountInactive" },
        { KIND_TWILIO_TRUNK, 404, "<html>", "WrongServer" }, { KIND_TWILIO_TRUNK, 400, T(21244), "AccountFull" }, { KIND_TWILIO_TRUNK, 400, T(20001), "Refused" },
        { KIND_INBOUND_TRUNK, 401, "", "CredentialsRefused" }, { KIND_INBOUND_TRUNK, 404, L("bad_route"), "ServerTooOld" },
        { KIND_INBOUND_TRUNK, 400, L("malformed"), "Refused" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct reply reply = answer(cases[i].status, cases[i].body);

        assert_string_equal(kinds[cases[i].kind]->judge(OP_CREATE, &reply, &arena).reason, cases[i].reason);
    }
}

static void test_a_request_that_got_no_answer(void **state)
{
    static const enum kind_id each[] = { KIND_TWILIO_TRUNK, KIND_CREDENTIAL, KIND_TRUNK_PHONE_NUMBER, KIND_INBOUND_TRUNK };
    struct reply reply = { .transport = REPLY_NOT_SENT, .body = "", .retry_after_ms = -1, .text = "connection refused" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
        struct judgement judgement;

        reply.transport = REPLY_NOT_SENT;
        judgement = kinds[each[i]]->judge(OP_CREATE, &reply, &arena);
        assert_int_equal(judgement.verdict, VERDICT_NOT_SENT);
        assert_string_equal(judgement.words, "connection refused");
        assert_int_equal(kinds[each[i]]->judge(OP_GET, &reply, &arena).verdict, VERDICT_NOT_SENT);
        reply.transport = REPLY_UNKNOWN;
        assert_int_equal(kinds[each[i]]->judge(OP_CREATE, &reply, &arena).verdict, VERDICT_UNKNOWN);
        assert_int_equal(kinds[each[i]]->judge(OP_DELETE, &reply, &arena).verdict, VERDICT_UNKNOWN);
        assert_int_equal(kinds[each[i]]->judge(OP_LIST, &reply, &arena).verdict, VERDICT_LATER);
    }
}

static void test_the_words_are_one_line_for_people(void **state)
{
    static const struct { enum kind_id kind; int status; const char *body, *words; } cases[] = {
        { KIND_TWILIO_TRUNK, 400, T(21248), "HTTP 400, Twilio 21248: words" },
        { KIND_TWILIO_TRUNK, 400, "{\"title\":\"Title\",\"detail\":\"Detail\",\"code\":1}", "HTTP 400, Twilio 1: Detail" },
        { KIND_TWILIO_TRUNK, 400, "{\"title\":\"Title\"}", "HTTP 400, Twilio ?: Title" },
        { KIND_TWILIO_TRUNK, 400, "{\"code\":1}", "HTTP 400, Twilio 1: " },
        { KIND_TWILIO_TRUNK, 401, "", "HTTP 401" },
        { KIND_TWILIO_TRUNK, 201, "{\"code\":1}", "HTTP 201" },
        { KIND_TWILIO_TRUNK, 502, "<html>", "HTTP 502, and the answer is not Twilio's" },
        { KIND_TWILIO_TRUNK, 302, "", "HTTP 302, and the answer is not Twilio's" },
        { KIND_INBOUND_TRUNK, 400, L("invalid_argument"), "HTTP 400, LiveKit invalid_argument: words" },
        { KIND_INBOUND_TRUNK, 400, "{\"code\":\"x\"}", "HTTP 400, LiveKit x: " },
        { KIND_INBOUND_TRUNK, 400, "{\"code\":\"x\",\"msg\":\"two\\nlines\\u007f\"}", "HTTP 400, LiveKit x: two lines " },
        { KIND_INBOUND_TRUNK, 404, "404 page not found\n", "HTTP 404, and the answer is not LiveKit's" },
    };
    char text[300] = "";
    struct judgement judgement;
    struct reply reply;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        reply = answer(cases[i].status, cases[i].body);
        assert_string_equal(kinds[cases[i].kind]->judge(OP_CREATE, &reply, &arena).words, cases[i].words);
    }
    memset(text, 'x', 250);
    reply = answer(400, arena_printf(&arena, "{\"code\":1,\"message\":\"%s\"}", text));
    reply.retry_after_ms = 1500;
    judgement = kinds[KIND_TWILIO_TRUNK]->judge(OP_CREATE, &reply, &arena);
    assert_int_equal(strlen(judgement.words), 200);
    assert_int_equal(judgement.retry_after_ms, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_twilio, forget),
        cmocka_unit_test_teardown(test_livekit, forget),
        cmocka_unit_test_teardown(test_the_reasons, forget),
        cmocka_unit_test_teardown(test_a_request_that_got_no_answer, forget),
        cmocka_unit_test_teardown(test_the_words_are_one_line_for_people, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
