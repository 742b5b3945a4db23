/* Answers between http and the core: searched for secrets first, a long one in pieces. */
#include "vault_fixture.h"

#include <daemon/arrivals.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <trunkd/http.h>
#include <trunkd/text.h>

#define LONG_BYTES (1u << 20)
#define TURNS_MAX 100

static struct vault *vault;
static sd_event *loop;
static struct arrivals *arrivals;
static char told[256];                  /* the ids, and whether there was a secret in what they say */

static void note(void *userdata, uint64_t id, const struct reply *reply)
{
    size_t n = strlen(told);

    (void)userdata;
    assert_int_equal(reply->body_bytes, strlen(reply->body));
    snprintf(told + n, sizeof told - n, "%d %d %s;", (int)id, reply->status, strstr(reply->body, "hunter2") ? "secret" : "clean");
}

/* An answer of at least so many bytes, with a secret at its end. */
static void add(uint64_t id, size_t bytes)
{
    struct http_result result = { .transport = REPLY_ANSWERED, .status = 200, .retry_after_ms = -1 };

    buf_init(&result.body, 2 * LONG_BYTES);
    buf_adds(&result.body, "[{}");
    while (result.body.length < bytes)
        buf_adds(&result.body, ",{\"name\":\"one of many\"}");
    buf_adds(&result.body, ",{\"password\":\"hunter2\"}]");
    arrivals_add(arrivals, id, &result);
    assert_null(result.body.data);
}

/* How many turns of the loop there were until nothing waits any more. */
static int run(void)
{
    int turns = 0;

    while (sd_event_run(loop, 0) > 0)
        assert_in_range(++turns, 1, TURNS_MAX);
    return turns;
}

static void test_a_short_answer_is_told_at_once(void **state)
{
    (void)state;
    add(1, 100);
    assert_string_equal(told, "1 200 clean;");
    assert_int_equal(run(), 0);
}

static void test_a_long_one_takes_turns_and_keeps_nobody_waiting(void **state)
{
    (void)state;
    add(1, LONG_BYTES);
    add(2, 100);
    add(3, LONG_BYTES);
    assert_string_equal(told, "2 200 clean;");
    assert_in_range(run(), 6, 10);
    assert_string_equal(told, "2 200 clean;1 200 clean;3 200 clean;");
}

static int on_other(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source, (void)fd, (void)revents, (void)userdata;
    snprintf(told + strlen(told), sizeof told - strlen(told), "other;");
    return 0;
}

/* sd-event runs a deferred source before everything of the same priority that became ready later. */
static void test_the_others_of_the_loop_go_first(void **state)
{
    sd_event_source *other = NULL;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_true(sd_event_add_io(loop, &other, ends[0], EPOLLIN, on_other, NULL) >= 0);
    assert_true(sd_event_source_set_enabled(other, SD_EVENT_ONESHOT) >= 0);
    add(1, LONG_BYTES);
    assert_true(sd_event_run(loop, 0) > 0);
    assert_int_equal(write(ends[1], "", 1), 1);
    run();
    assert_string_equal(told, "other;1 200 clean;");
    sd_event_source_disable_unref(other);
    close(ends[0]);
    close(ends[1]);
}

static void test_what_waits_at_the_end_is_not_told(void **state)
{
    (void)state;
    add(1, LONG_BYTES);
    arrivals_free(arrivals);
    arrivals = NULL;
    assert_int_equal(run(), 0);
    assert_string_equal(told, "");
}

static int begin(void **state)
{
    (void)state;
    told[0] = '\0';
    return arrivals_new(loop, vault, note, NULL, &arrivals, NULL) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arrivals_free(arrivals);
    arrivals = NULL;
    return 0;
}

static int open_all(void **state)
{
    if (set_up(state) != 0 || sd_event_new(&loop) < 0)
        return -1;
    vault = one_key_vault();
    return 0;
}

static int close_all(void **state)
{
    sd_event_unref(loop);
    vault_free(vault);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_short_answer_is_told_at_once, begin, end),
        cmocka_unit_test_setup_teardown(test_a_long_one_takes_turns_and_keeps_nobody_waiting, begin, end),
        cmocka_unit_test_setup_teardown(test_the_others_of_the_loop_go_first, begin, end),
        cmocka_unit_test_setup_teardown(test_what_waits_at_the_end_is_not_told, begin, end),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
