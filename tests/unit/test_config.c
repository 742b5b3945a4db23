/* The configuration file: what it may say, and the sentence for everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/config.h>

/* In place of the core's, so that the sentences below do not depend on what a good default is. */
const struct settings settings_default = {
    .request_timeout_ms = 30000, .send_window_ms = 2000, .quiet_twilio_ms = 30000, .quiet_livekit_ms = 120000,
    .retry_min_ms = 500, .retry_max_ms = 300000, .corrupted_after_ms = 900000, .lease_ms = 15000, .probe_min_ms = 1000, .probe_max_ms = 300000,
};

static void test_durations(void **state)
{
    static const struct { const char *text; int64_t ms; } good[] = {
        { "0s", 0 }, { "500ms", 500 }, { "30s", 30000 }, { "2m", 120000 }, { "1h30m", 5400000 }, { "7d", 604800000 },
        { "1d1h1m1s1ms", 90061001 }, { "3650d", INT64_C(315360000000) },
    };
    static const char *const bad[] = {
        "", "30", "s", "-1s", "+1s", "1.5s", "1 s", "1S", "1m1h", "1s1s", "1w", "1msm", "3651d", "3650d1ms", "99999999999999999999s", "30s ",
    };
    int64_t value;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        assert_true(duration_parse(good[i].text, &value));
        assert_int_equal(value, good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        if (duration_parse(bad[i], &value))
            fail_msg("\"%s\" passed as %lld ms", bad[i], (long long)value);
}

static bool parse(const char *text, struct config *ret, struct buf *complaints)
{
    buf_init(complaints, CONFIG_COMPLAINTS_BYTES_MAX);
    return config_parse("etc/trunkd.yaml", text, strlen(text), ret, complaints);
}

static void test_an_empty_file_gives_the_defaults(void **state)
{
    struct config config;
    struct buf complaints;

    (void)state;
    assert_true(parse("# nothing\n", &config, &complaints));
    assert_string_equal(config.database, "");
    assert_string_equal(config.metrics, "");
    assert_null(config.secrets_directory);
    assert_int_equal(config.key_paths_count, 0);
    assert_null(config.settings.origins[0]);
    assert_int_equal(config.log_level, LOG_LEVEL_INFO);
    assert_int_equal(config.settings.lease_ms, settings_default.lease_ms);
    config_release(&config);
    buf_release(&complaints);
}

static void test_every_key_is_read(void **state)
{
    struct config config;
    struct buf complaints;
    static const char text[] =
        "database: host=/run/postgresql dbname=trunkd\n"
        "secrets_directory: secrets\n"
        "keys: [keys/old, /etc/trunkd/new]\n"
        "allowed_origins:\n  - https://proxy.example.net:8443\n  - http://127.0.0.1:8080\n  - \"http://[::1]:1\"\n  - sip.example.net\n"
        "metrics: 127.0.0.1:9469\n"
        "log_level: debug\n"
        "timing:\n  request_timeout: 1s\n  send_window: 2s\n  quiet_twilio: 3s\n  quiet_livekit: 4s\n  list_lag: 5s\n  retry_min: 6ms\n"
        "  retry_max: 7s\n  recheck: 8s\n  corrupted_after: 9s\n  corrupted_attempts: 11\n  credential_grace: 18s\n  scan: 12s\n  poll: 13s\n  lease: 14s\n"
        "  breaker_failures: 15\n  probe_min: 16ms\n  probe_max: 17s\n";

    (void)state;
    if (!parse(text, &config, &complaints))
        fail_msg("%s", complaints.data);
    assert_string_equal(config.database, "host=/run/postgresql dbname=trunkd");
    assert_string_equal(config.secrets_directory, "etc/secrets");
    assert_int_equal(config.key_paths_count, 2);
    assert_string_equal(config.key_paths[0], "etc/keys/old");
    assert_string_equal(config.key_paths[1], "/etc/trunkd/new");
    assert_string_equal(config.settings.origins[0], "https://proxy.example.net:8443");
    assert_string_equal(config.settings.origins[3], "sip.example.net");
    assert_null(config.settings.origins[4]);
    assert_string_equal(config.metrics, "127.0.0.1:9469");
    assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
    const struct settings *s = &config.settings;
    const int64_t seen[] = { s->request_timeout_ms, s->send_window_ms, s->quiet_twilio_ms, s->quiet_livekit_ms, s->list_lag_ms, s->retry_min_ms,
        s->retry_max_ms, s->recheck_ms, s->corrupted_after_ms, s->corrupted_attempts, s->credential_grace_ms, s->scan_ms, s->poll_ms, s->lease_ms, s->breaker_failures,
        s->probe_min_ms, s->probe_max_ms };
    const int64_t expected[] = { 1000, 2000, 3000, 4000, 5000, 6, 7000, 8000, 9000, 11, 18000, 12000, 13000, 14000, 15, 16, 17000 };
    assert_memory_equal(seen, expected, sizeof seen);
    /* A field of struct settings without a row in the table would be missing here. */
    assert_int_equal(sizeof(struct settings), ARRAY_SIZE(expected) * sizeof(int64_t) + sizeof(const char *const *));
    config_release(&config);
    buf_release(&complaints);
}

static void test_every_complaint_has_its_place(void **state)
{
    static const struct { const char *text, *complaints; } cases[] = {
        { "- a\n", "etc/trunkd.yaml:1:1: the configuration is a map: lines like `log_level: info`\n    - a\n    ^\n" },
        { "log_levl: info\n", "etc/trunkd.yaml:1:1: the key \"log_levl\" is unknown; did you mean \"log_level\"?\n    log_levl: info\n    ^\n" },
        { "metrics: [a]\n", "etc/trunkd.yaml:1:10: metrics is one address, like `metrics: 127.0.0.1:9469`\n    metrics: [a]\n             ^\n" },
        { "log_level: loud\n", "etc/trunkd.yaml:1:12: log_level is one of error, warning, notice, info, debug\n    log_level: loud\n               ^\n" },
        { "database: 5\n", "etc/trunkd.yaml:1:11: database is a text, and without quotes YAML reads 5 as a number: write \"5\"\n    database: 5\n              ^\n" },
        { "keys: {a: b}\n", "etc/trunkd.yaml:1:7: keys is a list\n    keys: {a: b}\n          ^\n" },
        { "keys: ['']\n", "etc/trunkd.yaml:1:8: keys is empty: leave the key out, or give it a value\n    keys: ['']\n           ^\n" },
        { "timing: 5s\n", "etc/trunkd.yaml:1:9: timing is a map: one line per time, like `lease: 15s`\n    timing: 5s\n            ^\n" },
        { "timing:\n  lease: 15\n", "etc/trunkd.yaml:2:10: lease is a time with a unit (ms, s, m, h, d): 500ms, 30s, 2m, 1h30m\n      lease: 15\n             ^\n" },
        { "timing:\n  lease: 299ms\n", "etc/trunkd.yaml:2:10: lease is from 300 ms to 3600 s\n      lease: 299ms\n             ^\n" },
        { "timing:\n  breaker_failures: 0\n", "etc/trunkd.yaml:2:21: breaker_failures is a number from 1 to 10000\n      breaker_failures: 0\n                        ^\n" },
        { "timing:\n  quiet_livekt: 15s\n", "etc/trunkd.yaml:2:3: the key \"quiet_livekt\" is unknown; did you mean \"quiet_livekit\"?\n      quiet_livekt: 15s\n      ^\n" },
        { "timing:\n  quiet_livekit: 29s\n",
          "etc/trunkd.yaml:2:18: quiet_livekit (29000 ms) must not be below request_timeout (30000 ms): a provider may execute a request after "
          "we have stopped waiting for its answer\n      quiet_livekit: 29s\n                     ^\n" },
        /* All at once, and never the line that may hold a password. */
        { "database: [host=db password=hunter2]\nlog_level: 1\n",
          "etc/trunkd.yaml:1:11: database is a text, not a list\n"
          "etc/trunkd.yaml:2:12: log_level is one of error, warning, notice, info, debug\n    log_level: 1\n               ^\n" },
        { "a: 1\n---\nb: 1\n", "etc/trunkd.yaml:2:1: at most 1 document can stand here\n    ---\n    ^\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct config config;
        struct buf complaints;

        assert_false(parse(cases[i].text, &config, &complaints));
        assert_string_equal(complaints.data, cases[i].complaints);
        buf_release(&complaints);
    }
}

static void test_origins_are_written_in_one_way(void **state)
{
    static const char *const bad[] = {
        "https://", "HTTPS://a.example", "https://A.example", "https://a.example/", "https://a.example/path", "https://u@a.example", "https://a.example?x",
        "http://a.example", "http://127.0.0.1.example", "http://localhost.example:1", "ftp://a.example", "a b", "https://a.example#f",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char text[128];
        struct config config;
        struct buf complaints;

        snprintf(text, sizeof text, "allowed_origins: '%s'\n", bad[i]);
        if (parse(text, &config, &complaints))
            fail_msg("%s passed", bad[i]);
        assert_non_null(strstr(complaints.data, "an allowed origin is"));
        buf_release(&complaints);
    }
}

static void test_lists_have_an_end(void **state)
{
    for (int items = CONFIG_LIST_MAX; items <= CONFIG_LIST_MAX + 1; items++) {
        struct config config;
        struct buf text, complaints;

        buf_init(&text, 65536);
        buf_adds(&text, "keys:\n");
        for (int i = 0; i < items; i++)
            buf_printf(&text, "  - key%d\n", i);
        assert_int_equal(parse(text.data, &config, &complaints), items == CONFIG_LIST_MAX);
        if (items == CONFIG_LIST_MAX)
            config_release(&config);
        buf_release(&text);
        buf_release(&complaints);
    }
    (void)state;
}

static void test_a_file_that_is_not_there_is_named(void **state)
{
    struct config config;
    struct buf complaints;

    (void)state;
    buf_init(&complaints, CONFIG_COMPLAINTS_BYTES_MAX);
    assert_false(config_read("no/such/file.yaml", &config, &complaints));
    assert_string_equal(complaints.data, "no/such/file.yaml: No such file or directory\n");
    buf_release(&complaints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_an_empty_file_gives_the_defaults),
        cmocka_unit_test(test_every_key_is_read),
        cmocka_unit_test(test_every_complaint_has_its_place),
        cmocka_unit_test(test_origins_are_written_in_one_way),
        cmocka_unit_test(test_lists_have_an_end),
        cmocka_unit_test(test_a_file_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
