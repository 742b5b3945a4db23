/* The http room: what is proven when something fails, one-shot requests, send-by, and the rules of the wire. */
#include "http_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* ---- what is proven ---------------------------------------------------------------------------------------------------- */

static void test_refused_connection_is_not_sent(void **state)
{
    struct http_transfer t = transfer_to(1, HTTP_POST, "/ok");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof address;
    char url[64];

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);      /* ours, but nobody listens */
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    t.url = url;
    assert_ended(result_of(&t), REPLY_NOT_SENT, "cannot connect");
    close(fd);
}

static void test_failed_tls_is_not_sent(void **state)
{
    struct http_transfer t = transfer_to(1, HTTP_POST, "/ok");
    char url[64];

    (void)state;
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server.port);
    t.url = url;
    t.timeout_ms = 500;             /* the server waits for the end of what it takes for headers */
    assert_int_equal(result_of(&t)->transport, REPLY_NOT_SENT);
    assert_int_equal(server.requests, 0);
}

static void test_close_without_answer_is_unknown(void **state)
{
    struct http_transfer post = transfer_to(1, HTTP_POST, "/close");

    (void)state;
    assert_ended(result_of(&post), REPLY_UNKNOWN, "without an answer");
    assert_ended(result_of_get("/close"), REPLY_UNKNOWN, "without an answer");
    server.refuse_body = true;
    assert_int_equal(result_of(&post)->transport, REPLY_UNKNOWN);
}

static void test_damaged_answers_are_unknown(void **state)
{
    (void)state;
    assert_ended(result_of_get("/short"), REPLY_UNKNOWN, "cut short");
    assert_ended(result_of_get("/garbage"), REPLY_UNKNOWN, "not HTTP");
}

/* A warm connection, then the server reads the request and closes: libcurl likes to send such a request again. */
static unsigned requests_on_a_dying_connection(bool one_shot, size_t body_bytes)
{
    struct http_transfer t = transfer_to(2, HTTP_POST, "/close");
    unsigned connections;

    assert_int_equal(result_of_get("/ok")->status, 200);
    connections = server.connections;
    t = transfer_to(2, HTTP_POST, "/close");
    t.one_shot = one_shot;
    t.body_bytes = body_bytes;
    assert_int_equal(result_of(&t)->transport, REPLY_UNKNOWN);
    assert_in_range(server.connections, connections, connections + 1);
    return loopback_count(&server, "POST /close");
}

static void test_one_shot_is_sent_once(void **state)
{
    (void)state;
    assert_int_equal(requests_on_a_dying_connection(/* one_shot= */ true, 2), 1);
    assert_non_null(strstr(done[0].result.text, "not sent again"));
}

static void test_body_that_cannot_be_rewound_is_enough(void **state)
{
#ifndef TRUNKD_TEST_HOOKS
    skip();
#endif
    (void)state;
    setenv("TRUNKD_TEST_OFF", "second-begin", 1);
    again_with((struct http_options){ 0 });
    unsetenv("TRUNKD_TEST_OFF");
    assert_int_equal(requests_on_a_dying_connection(/* one_shot= */ true, 2), 1);
    assert_non_null(strstr(done[0].result.text, "rewind"));
}

static void test_one_shot_without_body_is_sent_once(void **state)
{
    (void)state;
    assert_int_equal(requests_on_a_dying_connection(/* one_shot= */ true, 0), 1);
    assert_non_null(strstr(done[0].result.text, "not sent again"));
}

static void test_without_one_shot_libcurl_sends_twice(void **state)
{
    (void)state;
    assert_int_equal(requests_on_a_dying_connection(/* one_shot= */ false, 2), 2);
}

static void test_safeguard_can_be_switched_off_in_a_test_build(void **state)
{
#ifndef TRUNKD_TEST_HOOKS
    skip();
#endif
    (void)state;
    setenv("TRUNKD_TEST_OFF", "fence one-shot brake", 1);
    again_with((struct http_options){ 0 });
    unsetenv("TRUNKD_TEST_OFF");
    assert_int_equal(requests_on_a_dying_connection(/* one_shot= */ true, 2), 2);
}

/* ---- send-by ----------------------------------------------------------------------------------------------------------- */

static void test_send_by_in_the_past_is_not_sent(void **state)
{
    struct http_transfer t = transfer_to(1, HTTP_POST, "/ok");

    (void)state;
    t.send_by_ms = now_ms() - 1;
    assert_ended(result_of(&t), REPLY_NOT_SENT, "too late");
    assert_int_equal(server.connections, 0);
}

static void test_send_by_that_passes_while_waiting_for_a_connection(void **state)
{
    struct http_transfer stalled = transfer_to(1, HTTP_GET, "/stall"), late;

    (void)state;
    again_with((struct http_options){ .connections_max = 1 });
    stalled.timeout_ms = 300;
    send_it(&stalled);
    late = transfer_to(2, HTTP_POST, "/ok");
    late.send_by_ms = now_ms() + 100;
    send_it(&late);
    late = transfer_to(3, HTTP_DELETE, "/ok");      /* no body to stop it */
    late.send_by_ms = now_ms() + 100;
    send_it(&late);
    run_until(3);
    assert_ended(&done[0].result, REPLY_UNKNOWN, "timed out");
    for (size_t i = 1; i < 3; i++)
        assert_ended(&done[i].result, REPLY_NOT_SENT, "too late");
    assert_int_equal(server.requests, 1);
}

/* A server that lets us connect but reads only when told: the body cannot leave as a whole. */
static int deaf_server(char *ret_url, size_t url_bytes)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    snprintf(ret_url, url_bytes, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    return fd;
}

static void test_body_that_did_not_leave_whole_is_not_sent(void **state)
{
    static char body[16 << 20], bytes[1 << 16];
    struct http_transfer t = transfer_to(1, HTTP_POST, "/");
    char url[64];
    int fd = deaf_server(url, sizeof url), accepted;

    (void)state;
    t.url = url;
    t.body = body;
    t.body_bytes = sizeof body;
    t.one_shot = true;
    t.timeout_ms = 300;
    assert_ended(result_of(&t), REPLY_NOT_SENT, "timed out");

    /* Send-by passes while half of the body has been handed over; then the server begins to read. */
    forget_done();
    t.timeout_ms = 10000;
    t.send_by_ms = now_ms() + 200;
    send_it(&t);
    run_ms(300);                        /* a busy machine may still be handing over, and stop by itself */
    close(accept(fd, NULL, NULL));      /* the transfer above */
    accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    while (done_count == 0) {
        if (recv(accepted, bytes, sizeof bytes, MSG_DONTWAIT) == 0)
            break;
        assert_true(sd_event_run(event, 1000) >= 0);
    }
    run_until(1);
    assert_ended(&done[0].result, REPLY_NOT_SENT, "too late");
    close(accepted);
    close(fd);
}

/* ---- answers and rules --------------------------------------------------------------------------------------------------- */

static void test_throttling_says_how_long_and_which_request(void **state)
{
    const struct http_result *r = result_of_get("/retry/7");

    (void)state;
    assert_int_equal(r->status, 429);
    assert_int_equal(r->retry_after_ms, 7000);
    assert_string_equal(r->request_id, "RQ1");
    assert_int_equal(result_of_get("/retry/x")->retry_after_ms, -1);
}

static void test_redirect_is_an_answer_like_any_other(void **state)
{
    (void)state;
    assert_int_equal(result_of_get("/redirect")->status, 302);
    run_ms(30);
    assert_int_equal(server.requests, 1);
}

static void test_environment_names_no_proxy(void **state)
{
    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    again_with((struct http_options){ 0 });
    assert_int_equal(result_of_get("/ok")->status, 200);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void test_what_cannot_be_sent_is_refused_at_once(void **state)
{
    struct http_transfer t = transfer_to(1, HTTP_GET, "/ok");
    struct err err = { 0 };

    (void)state;
    t.url = "http://192.0.2.1/";
    assert_false(http_send(http, &t, &err));
    assert_int_equal(err.class, ERR_CONFIG);
    t = transfer_to(1, HTTP_GET, "/ok");
    t.authorization = "Basic x\r\nX-Evil: y";
    assert_false(http_send(http, &t, &err));
    assert_int_equal(http_pending(http), 0);
    run_ms(30);
    assert_int_equal(done_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_refused_connection_is_not_sent),
        T(test_failed_tls_is_not_sent),
        T(test_close_without_answer_is_unknown),
        T(test_damaged_answers_are_unknown),
        T(test_one_shot_is_sent_once),
        T(test_body_that_cannot_be_rewound_is_enough),
        T(test_one_shot_without_body_is_sent_once),
        T(test_without_one_shot_libcurl_sends_twice),
        T(test_safeguard_can_be_switched_off_in_a_test_build),
        T(test_send_by_in_the_past_is_not_sent),
        T(test_send_by_that_passes_while_waiting_for_a_connection),
        T(test_body_that_did_not_leave_whole_is_not_sent),
        T(test_throttling_says_how_long_and_which_request),
        T(test_redirect_is_an_answer_like_any_other),
        T(test_environment_names_no_proxy),
        T(test_what_cannot_be_sent_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
