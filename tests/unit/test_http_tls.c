/* The http room and TLS: who is trusted, and that nothing leaves before somebody is. The server is `openssl s_server`. */
#include "http_fixture.h"
#include "tls_fixture.h"

static pid_t tls_server;
static int tls_port;

static int start_server(void **state)
{
    const char *const serve[] = { "openssl", "s_server", "-accept", "0", "-www", "-cert", certificate, "-key", key, NULL };
    int output;

    (void)state;
    if (make_certificate() < 0)
        return -1;
    tls_server = spawn(serve, &output);
    tls_port = read_port(output);
    return tls_port > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    kill(tls_server, SIGKILL);
    waitpid(tls_server, NULL, 0);
    return remove_certificate();
}

static const struct http_result *get_tls(const char *host)
{
    struct http_transfer t = transfer_to(1, HTTP_GET, "/");
    char url[64];

    snprintf(url, sizeof url, "https://%s:%d/", host, tls_port);
    t.url = url;
    return result_of(&t);
}

static void test_trusted_server_answers(void **state)
{
    (void)state;
    again_with((struct http_options){ .ca_file = certificate });
    assert_int_equal(get_tls("127.0.0.1")->transport, REPLY_ANSWERED);
    assert_int_equal(done[0].result.status, 200);
    assert_string_equal(done[0].result.content_type, "text/html");
}

/* That of the fixture ends in two days. */
static void test_who_opens_a_connection_tells_when_the_certificate_ends(void **state)
{
    int64_t ends_s, now_s = time(NULL);

    (void)state;
    again_with((struct http_options){ .ca_file = certificate });
    ends_s = get_tls("127.0.0.1")->certificate_ends_s;
    assert_true(ends_s > now_s + 47 * 3600 && ends_s < now_s + 49 * 3600);
}

static void test_unknown_certificate_gets_nothing(void **state)
{
    (void)state;
    assert_ended(get_tls("127.0.0.1"), REPLY_NOT_SENT, "certificate is not valid");
}

static void test_certificate_of_another_host_gets_nothing(void **state)
{
    (void)state;
    again_with((struct http_options){ .ca_file = certificate });
    assert_ended(get_tls("localhost"), REPLY_NOT_SENT, "certificate is not valid");
}

static void test_unreadable_ca_file_sends_nothing(void **state)
{
    (void)state;
    again_with((struct http_options){ .ca_file = "/nowhere/ca" });
    assert_ended(get_tls("127.0.0.1"), REPLY_NOT_SENT, "file of trusted certificates");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_trusted_server_answers),
        T(test_who_opens_a_connection_tells_when_the_certificate_ends),
        T(test_unknown_certificate_gets_nothing),
        T(test_certificate_of_another_host_gets_nothing),
        T(test_unreadable_ca_file_sends_nothing),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
