/* The http room and TLS: who is trusted, and that nothing leaves before somebody is. The server is `openssl s_server`. */
#include "http_fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static char directory[] = "/tmp/trunkd-test-tls-XXXXXX", certificate[64], key[64];
static pid_t tls_server;
static int tls_port;

/* Runs openssl; its output goes to *ret_output, or nowhere. */
static pid_t openssl(const char *const *arguments, int *ret_output)
{
    int out[2];
    pid_t child;

    assert_int_equal(pipe(out), 0);
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        close(out[0]);
        execvp("openssl", (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(out[1]);
    if (ret_output)
        *ret_output = out[0];
    return child;
}

/* "ACCEPT 0.0.0.0:1234" */
static int read_port(int fd)
{
    char text[4096];
    size_t length = 0;

    for (ssize_t n; length < sizeof text - 1 && (n = read(fd, text + length, sizeof text - 1 - length)) > 0;) {
        const char *line;

        length += (size_t)n;
        text[length] = '\0';
        line = strstr(text, "ACCEPT ");
        if (line && strchr(line, '\n') && strchr(line, ':'))
            return (int)strtol(strrchr(line, ':') + 1, NULL, 10);
    }
    return -1;
}

static int start_server(void **state)
{
    const char *const make[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate, NULL };
    const char *const serve[] = { "openssl", "s_server", "-accept", "0", "-www", "-cert", certificate, "-key", key, NULL };
    int status, output;

    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(certificate, sizeof certificate, "%s/cert", directory);
    snprintf(key, sizeof key, "%s/key", directory);
    if (waitpid(openssl(make, NULL), &status, 0) < 0 || status != 0)
        return -1;
    tls_server = openssl(serve, &output);
    tls_port = read_port(output);
    return tls_port > 0 ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    kill(tls_server, SIGKILL);
    waitpid(tls_server, NULL, 0);
    unlink(certificate);
    unlink(key);
    return rmdir(directory);
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
        T(test_unknown_certificate_gets_nothing),
        T(test_certificate_of_another_host_gets_nothing),
        T(test_unreadable_ca_file_sends_nothing),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
