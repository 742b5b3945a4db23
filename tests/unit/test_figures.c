/* What the daemon measures of itself, where no test with real processes sees it. */
#include "vault_fixture.h"

#include <daemon/figures.h>
#include <stdlib.h>
#include <string.h>

static struct core *core;
static struct vault *vault;
static struct figures *figures;

static void send_to(uint64_t id, const char *account)
{
    const struct effect effect = { .type = EFFECT_SEND, .send = { .id = id, .account = account } };

    figures_effect(figures, &effect, 1000000);
}

static void answer(uint64_t id)
{
    const struct reply reply = { .transport = REPLY_ANSWERED, .status = 200, .body = "" };
    const struct event event = { .type = EVENT_ANSWER, .answer = { .id = id, .reply = &reply } };

    figures_event(figures, &event, 2000000);
}

static void assert_metrics_at(int64_t now_us, const char *line, bool there)
{
    const struct figures_source source = { .core = core, .vault = vault, .summary = "", .now_us = now_us };
    struct page page = { .status = 0 };

    buf_init(&page.body, PAGE_BYTES_MAX);
    figures_page(figures, &source, "/metrics", &page);
    assert_int_equal(page.status, 200);
    assert_int_equal(strstr(page.body.data, line) != NULL, there);
    buf_release(&page.body);
}

static void assert_metrics(const char *line, bool there) { assert_metrics_at(3000000, line, there); }

/* Told by the exchange that opened the connection; those that follow on it say nothing, and change nothing. */
static void test_when_a_certificate_ends_is_known_by_account(void **state)
{
    (void)state;
    send_to(1, "main");
    send_to(2, "lk");
    figures_certificate(figures, 1, INT64_C(1900000000));
    figures_certificate(figures, 2, 0);
    answer(1);
    send_to(3, "main");
    figures_certificate(figures, 3, 0);
    figures_certificate(figures, 1, INT64_C(1800000000));       /* has been answered: nobody's */
    assert_metrics("\ntrunkd_certificate_expiry_timestamp_seconds{account=\"main\"} 1900000000\n", true);
    assert_metrics("expiry_timestamp_seconds{account=\"lk\"}", false);
}

/* An account that has ended, or a daemon that stands by, would tell of it for ever. */
static void test_the_certificate_of_whom_nobody_asks_is_forgotten(void **state)
{
    (void)state;
    send_to(1, "main");
    figures_certificate(figures, 1, INT64_C(1900000000));
    answer(1);
    assert_metrics_at(INT64_C(3600000000), "expiry_timestamp_seconds{account=\"main\"} 1900000000\n", true);
    assert_metrics_at(INT64_C(3603000000), "expiry_timestamp_seconds{account=\"main\"}", false);
    assert_metrics_at(INT64_C(3603000000), "trunkd_requests_total{account=\"main\",code=\"200\"} 1\n", true);
}

static int begin(void **state)
{
    if (set_up(state) != 0)
        return -1;
    vault = one_key_vault();
    core = core_new(/* plan_only= */ true);
    figures = figures_new();
    return 0;
}

static int end(void **state)
{
    figures_free(figures);
    core_free(core);
    vault_free(vault);
    return tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_certificate_of_whom_nobody_asks_is_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(test_when_a_certificate_ends_is_known_by_account, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
