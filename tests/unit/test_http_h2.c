/* The http room before a server with TLS that offers HTTP/2 and closes, or refuses, after it has read the request: a POST is sent once.
 *
 * A POST opens a connection for HTTP/1.1, whatever is offered, but libcurl (7.88 at least) puts it on one that a GET has opened for
 * HTTP/2. So the safeguard has to hold there too; the test word "http1" lets every POST take HTTP/2. */
#include "http_fixture.h"
#include "tls_fixture.h"

#include <fcntl.h>

static pid_t h2_server;
static int h2_port, h2_output;
static char seen[16384];                /* what the server has said since the test began */
static size_t seen_bytes;

static int serve(const char *protocol, const char *second)
{
    char path[512];
    const char *source = getenv("TRUNKD_SRCDIR");

    snprintf(path, sizeof path, "%s/tests/unit/h2_server.py", source ? source : ".");
    const char *const command[] = { "/usr/bin/python3", path, certificate, key, protocol, second, NULL };
    h2_server = spawn(command, &h2_output);
    h2_port = read_port(h2_output);
    return h2_port > 0 ? fcntl(h2_output, F_SETFL, O_NONBLOCK) : -1;
}

static void stop(void)
{
    kill(h2_server, SIGKILL);
    waitpid(h2_server, NULL, 0);
    close(h2_output);
}

static int start_server(void **state)
{
    (void)state;
    return make_certificate() < 0 ? -1 : serve("h2", "http/1.1");
}

static int stop_server(void **state)
{
    (void)state;
    stop();
    return remove_certificate();
}

static void read_seen(void)
{
    for (ssize_t got; (got = read(h2_output, seen + seen_bytes, sizeof seen - 1 - seen_bytes)) > 0; seen_bytes += (size_t)got)
        ;
    seen[seen_bytes] = '\0';
}

/* How often the server has read this request: "h2 POST /ok". */
static size_t times(const char *request)
{
    size_t n = 0, length = strlen(request);

    read_seen();
    for (const char *at = seen; (at = strstr(at, request)); at += length)
        n++;
    return n;
}

static struct http_transfer h2_transfer(enum http_method method, const char *path)
{
    static char url[64];
    struct http_transfer t = transfer_to(1, method, "/");

    snprintf(url, sizeof url, "https://127.0.0.1:%d%s", h2_port, path);
    t.url = url;
    t.one_shot = method == HTTP_POST;
    return t;
}

static const struct http_result *ask(enum http_method method, const char *path)
{
    struct http_transfer t = h2_transfer(method, path);

    return result_of(&t);
}

/* With what is switched off for this test; forgets what was seen. */
static void begin(const char *off)
{
    setenv("TRUNKD_TEST_OFF", off, 1);
    again_with((struct http_options){ .ca_file = certificate });
    unsetenv("TRUNKD_TEST_OFF");
    read_seen();
    seen_bytes = 0;
}

static void test_lists_are_read_over_http2(void **state)
{
    (void)state;
    begin("");
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(HTTP_GET, "/ok")->status, 200);
    assert_int_equal(times("h2 GET /ok 0"), 3);
    assert_int_equal(times("1.1 GET"), 0);
}

static void test_a_post_opens_its_connection_for_http1(void **state)
{
    (void)state;
    begin("");
    assert_int_equal(ask(HTTP_POST, "/ok")->status, 200);
    assert_int_equal(ask(HTTP_DELETE, "/ok")->status, 200);
    assert_int_equal(times("1.1 POST /ok 2"), 1);
    assert_int_equal(times("1.1 DELETE /ok 0"), 1);
    assert_int_equal(times("h2"), 0);
}

/* Whichever connection it takes then, it comes once, whole, and is answered. */
static void test_a_post_beside_lists_over_http2(void **state)
{
    (void)state;
    begin("");
    assert_int_equal(ask(HTTP_GET, "/ok")->status, 200);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(ask(HTTP_POST, "/ok")->status, 200);
        assert_int_equal(times("POST /ok 2"), i);
    }
    assert_int_equal(times("h2 GET /ok 0"), 1);
}

static const char *const ends[] = { "/close", "/goaway", "/late", "/refuse", "/reset" };

/* On a connection of its own, then on one that has served before; each is counted at the server. */
static void sent_once_whatever_becomes_of_it(const char *off, const char *version)
{
    static const struct { const char *name; enum http_method method; bool any; } before[] = {
        { "cold", HTTP_GET, false }, { "after a POST", HTTP_POST, true }, { "after a GET", HTTP_GET, true },
    };
    char request[64];

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        for (size_t b = 0; b < ARRAY_SIZE(before); b++) {
            begin(off);
            if (before[b].any)
                assert_int_equal(ask(before[b].method, "/ok")->status, 200);
            const struct http_result *r = ask(HTTP_POST, ends[i]);
            if (r->transport != REPLY_UNKNOWN)
                fail_msg("%s, %s: transport %d, \"%s\"", ends[i], before[b].name, (int)r->transport, r->text);
            run_ms(50);         /* a second one would come now */
            snprintf(request, sizeof request, "POST %s 2", ends[i]);
            if (times(request) != 1)
                fail_msg("%s, %s: sent %zu times\n%s", ends[i], before[b].name, times(request), seen);
            snprintf(request, sizeof request, "%s POST %s 2", version, ends[i]);
            assert_true(before[b].any || times(request) == 1);
        }
    }
}

static void test_a_post_is_sent_once_over_tls(void **state)
{
    (void)state;
    sent_once_whatever_becomes_of_it("", "1.1");
}

static void test_a_post_is_sent_once_over_http2_too(void **state)
{
#ifndef TRUNKD_TEST_HOOKS
    skip();
#endif
    (void)state;
    sent_once_whatever_becomes_of_it("http1", "h2");
}

static void test_each_half_of_the_safeguard_is_enough_over_http2(void **state)
{
#ifndef TRUNKD_TEST_HOOKS
    skip();
#endif
    (void)state;
    sent_once_whatever_becomes_of_it("http1 second-begin", "h2");
}

static void test_without_the_safeguard_http2_sends_twice(void **state)
{
    size_t twice = 0;
#ifndef TRUNKD_TEST_HOOKS
    skip();
#endif
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        struct http_transfer t;

        begin("http1 one-shot second-begin");
        assert_int_equal(ask(HTTP_POST, "/ok")->status, 200);
        t = h2_transfer(HTTP_POST, ends[i]);
        t.timeout_ms = 500;
        (void)result_of(&t);
        run_ms(50);
        twice += times(ends[i]) > 1;
    }
    print_message("%zu of %zu ends are sent again without the safeguard\n", twice, ARRAY_SIZE(ends));
    assert_true(twice > 0);
}

static void test_a_server_of_http1_only_is_read_and_written(void **state)
{
    (void)state;
    stop();
    assert_int_equal(serve("http/1.1", NULL), 0);
    begin("");
    assert_int_equal(ask(HTTP_GET, "/ok")->status, 200);
    assert_int_equal(ask(HTTP_POST, "/ok")->status, 200);
    assert_int_equal(ask(HTTP_POST, "/close")->transport, REPLY_UNKNOWN);
    run_ms(50);
    assert_int_equal(times("1.1 GET /ok 0"), 1);
    assert_int_equal(times("1.1 POST /close 2"), 1);
    assert_int_equal(times("h2"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_lists_are_read_over_http2),
        T(test_a_post_opens_its_connection_for_http1),
        T(test_a_post_beside_lists_over_http2),
        T(test_a_post_is_sent_once_over_tls),
        T(test_a_post_is_sent_once_over_http2_too),
        T(test_each_half_of_the_safeguard_is_enough_over_http2),
        T(test_without_the_safeguard_http2_sends_twice),
        T(test_a_server_of_http1_only_is_read_and_written),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
