/* Servers that speak TLS, run as other programs; and a certificate of their own, for 127.0.0.1. */
#ifndef TEST_TLS_FIXTURE_H
#define TEST_TLS_FIXTURE_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/trunkd-test-tls-XXXXXX", certificate[64], key[64];

/* Runs a program; its output goes to *ret_output, or nowhere. */
static pid_t spawn(const char *const *arguments, int *ret_output)
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
        execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(out[1]);
    if (ret_output)
        *ret_output = out[0];
    else
        close(out[0]);
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

static int make_certificate(void)
{
    const char *const make[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate, NULL };
    int status, output;
    char rest[512];

    if (!mkdtemp(directory))
        return -1;
    snprintf(certificate, sizeof certificate, "%s/cert", directory);
    snprintf(key, sizeof key, "%s/key", directory);
    pid_t child = spawn(make, &output);
    while (read(output, rest, sizeof rest) > 0)
        ;
    close(output);
    return waitpid(child, &status, 0) >= 0 && status == 0 ? 0 : -1;
}

static int remove_certificate(void)
{
    unlink(certificate);
    unlink(key);
    return rmdir(directory);
}

#endif
