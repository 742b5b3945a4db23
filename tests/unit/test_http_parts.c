/* The pure parts of the http room: what a failure proves, headers, URLs, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <curl/curl.h>
#include "http/classify.h"
#include "http/headers.h"
#include "http/url.h"
#include "http/wiping.h"
#include <trunkd/cleanup.h>

static void test_classification_row_by_row(void **state)
{
    enum { ANSWERED = REPLY_ANSWERED, NOT_SENT = REPLY_NOT_SENT, UNKNOWN = REPLY_UNKNOWN };
    static const struct { CURLcode code; int nothing, head, all; } rows[] = {
        { CURLE_OK,                       ANSWERED, ANSWERED, ANSWERED },
        { CURLE_COULDNT_RESOLVE_HOST,     NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_COULDNT_CONNECT,          NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_SSL_CONNECT_ERROR,        NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_PEER_FAILED_VERIFICATION, NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_SSL_ISSUER_ERROR,         NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_SSL_CACERT_BADFILE,       NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_OPERATION_TIMEDOUT,       NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_ABORTED_BY_CALLBACK,      NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_SEND_ERROR,               NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_RECV_ERROR,               NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_GOT_NOTHING,              NOT_SENT, NOT_SENT, UNKNOWN },
        { CURLE_SEND_FAIL_REWIND,         UNKNOWN,  UNKNOWN,  UNKNOWN },
        { CURLE_PARTIAL_FILE,             UNKNOWN,  UNKNOWN,  UNKNOWN },
        { CURLE_WRITE_ERROR,              UNKNOWN,  UNKNOWN,  UNKNOWN },
        { CURLE_WEIRD_SERVER_REPLY,       UNKNOWN,  UNKNOWN,  UNKNOWN },
        { CURLE_UNSUPPORTED_PROTOCOL,     UNKNOWN,  UNKNOWN,  UNKNOWN },
        { CURLE_HTTP2,                    UNKNOWN,  UNKNOWN,  UNKNOWN },
        { CURLE_HTTP2_STREAM,             UNKNOWN,  UNKNOWN,  UNKNOWN },
    };
    int seen[CURL_LAST] = { 0 };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        seen[rows[i].code] = 1;
        assert_int_equal(http_classify((int)rows[i].code, SENT_NOTHING).transport, rows[i].nothing);
        assert_int_equal(http_classify((int)rows[i].code, SENT_HEAD).transport, rows[i].head);
        assert_int_equal(http_classify((int)rows[i].code, SENT_ALL).transport, rows[i].all);
    }
    /* Everything else, codes of later versions included, proves nothing. */
    for (int code = -1; code <= CURL_LAST + 50; code++) {
        if (code >= 0 && code < CURL_LAST && seen[code])
            continue;
        for (enum sent sent = SENT_NOTHING; sent <= SENT_ALL; sent++) {
            assert_int_equal(http_classify(code, sent).transport, REPLY_UNKNOWN);
            assert_true(http_classify(code, sent).text[0] != '\0');
        }
    }
}

static void note(struct headers *h, const char *line)
{
    headers_note(h, line, strlen(line));
}

static int64_t retry_after(const char *value, const char *date)
{
    struct headers h = { 0 };
    char line[200];

    snprintf(line, sizeof line, "Retry-After: %s\r\n", value);
    note(&h, line);
    snprintf(line, sizeof line, "date:%s\r\n", date);
    note(&h, line);
    return headers_retry_after_ms(&h, /* wall_seconds= */ 1700000000);
}

static void test_retry_after_in_seconds_and_as_a_date(void **state)
{
    (void)state;
    assert_int_equal(retry_after("7", ""), 7000);
    assert_int_equal(retry_after("0", ""), 0);
    assert_int_equal(retry_after("86400", ""), RETRY_AFTER_MS_MAX);
    assert_int_equal(retry_after("86401", ""), RETRY_AFTER_MS_MAX);
    assert_int_equal(retry_after("9223372036854775807", ""), RETRY_AFTER_MS_MAX);
    assert_int_equal(retry_after("Tue, 14 Nov 2023 22:13:25 GMT", ""), 5000);
    assert_int_equal(retry_after("Tue, 14 Nov 2023 22:13:25 GMT", "Tue, 14 Nov 2023 22:13:15 GMT"), 10000);
    assert_int_equal(retry_after("Tue, 14 Nov 2023 22:13:00 GMT", ""), 0);
    assert_int_equal(retry_after("", ""), -1);
    assert_int_equal(retry_after("soon", ""), -1);
}

static void test_headers_are_found_whatever_their_case(void **state)
{
    struct headers h = { 0 };

    (void)state;
    note(&h, "HTTP/1.1 200 OK\r\n");
    note(&h, "CONTENT-TYPE:  Application/JSON; charset=utf-8 \r\n");
    note(&h, "twilio-request-id: RQ\x01\x7f" "1\r\n");
    note(&h, "X-Request-Id:y\r\n");
    note(&h, "X-Request-Id-Other: z\r\n");
    note(&h, "Content-Typ: wrong\r\n");
    note(&h, "no colon\r\n");
    note(&h, "\r\n");
    assert_string_equal(h.content_type, "application/json");
    assert_string_equal(h.twilio_request_id, "RQ1");
    assert_string_equal(h.request_id, "y");
}

static void test_an_interim_answer_is_forgotten(void **state)
{
    struct headers h = { 0 };

    (void)state;
    note(&h, "HTTP/1.1 103 Early Hints\r\n");
    note(&h, "Retry-After: 9\r\n");
    note(&h, "HTTP/1.1 200 OK\r\n");
    assert_int_equal(headers_retry_after_ms(&h, 0), -1);
}

static void test_long_header_is_cut(void **state)
{
    struct headers h = { 0 };
    char line[300] = "X-Request-Id: ";

    (void)state;
    memset(line + 14, 'a', 200);
    note(&h, line);
    assert_int_equal(strlen(h.request_id), sizeof h.request_id - 1);
}

static void test_which_urls_may_be_asked(void **state)
{
    static const char *const good[] = {
        "https://api.twilio.com/x?y=z", "https://x:8443", "http://127.0.0.1:8080/", "http://127.255.0.9/", "http://[::1]:1/", "http://localhost/", "HTTP://LOCALHOST/",
    };
    static const char *const bad[] = {
        "http://api.twilio.com/", "http://128.0.0.1/", "http://localhost.example.com/", "http://127.0.0.1.example.com/", "http://[::2]/",
        "ftp://127.0.0.1/", "file:///etc/passwd", "https://user@x/", "https://user:pw@x/", "http://127.0.0.1@example.com/", "https://x/#a", "x", "", "https://", "https://a b/",
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        if (!url_check(good[i], &err))
            fail_msg("%s: %s", good[i], err.text);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (url_check(bad[i], &err))
            fail_msg("%s is accepted", bad[i]);
}

static void test_memory_keeps_its_content_when_it_moves(void **state)
{
    char *p = wiping_strdup("text"), *q;

    (void)state;
    p = wiping_realloc(p, 5000);
    assert_string_equal(p, "text");
    p = wiping_realloc(p, 3);
    assert_memory_equal(p, "tex", 3);
    wiping_free(p);
    wiping_free(NULL);
    q = wiping_calloc(3, 5);
    for (int i = 0; i < 15; i++)
        assert_int_equal(q[i], 0);
    wiping_free(q);
    assert_null(wiping_calloc(SIZE_MAX, 2));
    assert_null(wiping_malloc(SIZE_MAX));
    q = wiping_realloc(NULL, 1);
    assert_non_null(q);
    wiping_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classification_row_by_row),
        cmocka_unit_test(test_retry_after_in_seconds_and_as_a_date),
        cmocka_unit_test(test_headers_are_found_whatever_their_case),
        cmocka_unit_test(test_an_interim_answer_is_forgotten),
        cmocka_unit_test(test_long_header_is_cut),
        cmocka_unit_test(test_which_urls_may_be_asked),
        cmocka_unit_test(test_memory_keeps_its_content_when_it_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
