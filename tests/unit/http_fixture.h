/* The http room and a server on loopback, both on one event loop; what has completed is kept in done[]. */
#ifndef TEST_HTTP_FIXTURE_H
#define TEST_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <systemd/sd-event.h>
#include <trunkd/http.h>
#include <trunkd/text.h>
#include <unistd.h>
#include "loopback.h"

/* Not every test program needs all of this. */
#define FIXTURE __attribute__((unused)) static

#define PATIENCE_MS 20000
#define CAP 100000
#define DONE_MAX 64

static sd_event *event;
static struct loopback server;
static struct http *http;
static struct completion { uint64_t id; struct http_result result; } done[DONE_MAX];
static size_t done_count;
static void (*then)(uint64_t id);       /* called in a completion */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void on_done(void *userdata, uint64_t id, struct http_result *result)
{
    assert_ptr_equal(userdata, &server);
    assert_true(done_count < DONE_MAX);
    assert_non_null(result->body.data);
    done[done_count].id = id;
    done[done_count++].result = *result;
    result->body = (struct buf){ 0 };   /* taken */
    if (then)
        then(id);
}

static void forget_done(void)
{
    while (done_count > 0)
        buf_wipe(&done[--done_count].result.body);
}

static void open_http(struct http_options options)
{
    struct err err = { 0 };

    options.user_agent = "trunkd-test/1";
    options.done = on_done;
    options.userdata = &server;
    if (!http_new(event, &options, &http, &err))
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    (void)state;
    then = NULL;
    if (sd_event_new(&event) < 0)
        return -1;
    loopback_start(&server, event);
    open_http((struct http_options){ 0 });
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    http = NULL;
    forget_done();
    loopback_stop(&server);
    event = sd_event_unref(event);
    return 0;
}

static void again_with(struct http_options options)
{
    http_free(http);
    open_http(options);
}

static void turn(void)
{
    assert_true(sd_event_run(event, 20000) >= 0);
}

FIXTURE void run_ms(int64_t ms)
{
    for (int64_t end = now_ms() + ms; now_ms() < end;)
        turn();
}

static void run_until(size_t count)
{
    for (int64_t end = now_ms() + PATIENCE_MS; done_count < count;) {
        turn();
        if (now_ms() > end)
            fail_msg("%zu of %zu completions", done_count, count);
    }
    assert_int_equal(done_count, count);
}

/* A transfer to the server; the caller may change it before it is sent. */
static struct http_transfer transfer_to(uint64_t id, enum http_method method, const char *path)
{
    static char url[200];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
    return (struct http_transfer){
        .id = id, .method = method, .url = url, .send_by_ms = INT64_MAX, .timeout_ms = 10000, .reply_bytes_max = CAP,
        .content_type = method == HTTP_POST ? "application/json" : NULL,
        .body = method == HTTP_POST ? "{}" : NULL, .body_bytes = method == HTTP_POST ? 2 : 0,
    };
}

static void send_it(const struct http_transfer *t)
{
    struct err err = { 0 };

    if (!http_send(http, t, &err))
        fail_msg("%s", err.text);
}

/* Sends one, waits for its end, forgets the ends before. */
static const struct http_result *result_of(const struct http_transfer *t)
{
    forget_done();
    send_it(t);
    run_until(1);
    assert_int_equal(done[0].id, t->id);
    return &done[0].result;
}

FIXTURE const struct http_result *result_of_get(const char *path)
{
    struct http_transfer t = transfer_to(1, HTTP_GET, path);

    return result_of(&t);
}

FIXTURE void assert_ended(const struct http_result *r, enum reply_transport transport, const char *text)
{
    assert_int_equal(r->transport, transport);
    assert_int_equal(r->status, 0);
    assert_int_equal(r->body.length, 0);
    if (!strstr(r->text, text))
        fail_msg("\"%s\" does not say \"%s\"", r->text, text);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
