/* manager: translates. An effect becomes a statement, a request, a timer; their completions become events.
 *
 * core_step() is never entered twice: what is answered at once (a request that could not be sent, a sealed password) waits in
 * `answers` until the effects of the running step are carried out. */
#include "manager.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <trunkd/core.h>
#include <trunkd/http.h>
#include <trunkd/metrics.h>
#include <trunkd/pg.h>
#include <trunkd/text.h>
#include <trunkd/vault.h>
#include <unistd.h>

#include "arrivals.h"
#include "figures.h"
#include "hooks.h"
#include "log.h"

#define STOP_MS_MAX 9000                /* what is under way gets this long at SIGTERM; the whole end takes 10 s at most */
#define STATUS_MS_MIN 1000              /* STATUS= at most this often */
#define TIMER_ACCURACY_US 1000
#define STEPS_PER_TURN_MAX 16           /* of the core, before the loop looks at its sockets again */
#define MORE_PRIORITY 20                /* what the core has to do by itself goes after what comes from outside, and after commits */

struct answer {
    struct answer *next;
    uint64_t id;
    bool sealed;                        /* of a SEAL, else of a SEND that was not sent */
    bool secret_missing;
    char *secret, version[VAULT_VERSION_BYTES], text[ERR_TEXT_BYTES];
};

struct manager {
    sd_event *event;
    struct config *config, *started;    /* as read last; and first, of which some counts until the end */
    char *path;
    struct core *core;
    struct effects effects;
    struct store *store;
    struct http *http;
    struct arrivals *arrivals;
    struct vault *vault;
    struct figures *figures;
    struct metrics_server *metrics;     /* NULL: not asked for, or could not listen */
    sd_event_source *timer, *more, *status_timer, *stop_timer, *signals[4];
    struct answer *answers, **answers_end;
    int64_t status_ms;
    char status[256];
    int64_t turns, longest_us;          /* of the loop, since it was asked last */
    bool stopping;
};

/* ---- clocks and random ------------------------------------------------------------------------------------------------------------ */

static int64_t now_us(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t now_ms(clockid_t clock) { return now_us(clock) / 1000; }

static uint64_t random_u64(void)
{
    uint64_t bits;

    vault_random(&bits, sizeof(bits));
    return bits;
}

/* ---- effects -------------------------------------------------------------------------------------------------------------------------- */

static struct answer *answer_add(struct manager *m, uint64_t id)
{
    struct answer *answer = must_calloc(1, sizeof(*answer));

    answer->id = id;
    *m->answers_end = answer;
    m->answers_end = &answer->next;
    return answer;
}

static void carry_send(struct manager *m, const struct effect *effect)
{
    const struct request *r = &effect->send.request;
    struct buf body, authorization;
    struct err err = { 0 };

    if (effect->send.write)
        hooks_write_sent(effect->send.id, effect->send.what);
    log_printf(MESSAGE_REQUEST, NULL, "%s", effect->send.what);
    if (!vault_fill(m->vault, r, now_ms(CLOCK_REALTIME) / 1000, &body, &authorization, &err)) {
        struct answer *answer = answer_add(m, effect->send.id);
        answer->secret_missing = true;
        text_copy(answer->text, sizeof(answer->text), err.text);
        return;
    }
    const struct http_transfer transfer = {
        .id = effect->send.id, .method = r->method, .url = r->url, .content_type = r->content_type,
        .authorization = authorization.data, .body = body.data, .body_bytes = body.length, .one_shot = r->one_shot,
        .send_by_ms = effect->send.send_by_ms, .timeout_ms = effect->send.timeout_ms, .reply_bytes_max = REPLY_BODY_BYTES_MAX,
    };
    if (!http_send(m->http, &transfer, &err))
        text_copy(answer_add(m, effect->send.id)->text, ERR_TEXT_BYTES, err.text);
    buf_wipe(&body);
    buf_wipe(&authorization);
}

static void carry_seal(struct manager *m, const struct effect *effect)
{
    struct answer *answer = answer_add(m, effect->seal.id);
    struct err err = { 0 };

    answer->sealed = true;
    bool ok = effect->seal.reference ? vault_version(m->vault, effect->seal.reference, effect->seal.place, answer->version, &err)
                                     : vault_generate(m->vault, effect->seal.place, &answer->secret, answer->version, &err);
    if (!ok)
        text_copy(answer->text, sizeof(answer->text), err.text);
    else if (effect->seal.reference)
        answer->secret = must_strdup(effect->seal.reference);
}

static void carry_out(struct manager *m)
{
    for (size_t i = 0; i < m->effects.count; i++) {
        const struct effect *effect = &m->effects.list[i];
        figures_effect(m->figures, effect, now_us(CLOCK_BOOTTIME));
        switch (effect->type) {
        case EFFECT_READ: store_read(m->store, effect->read.what); break;
        case EFFECT_COMMIT: store_commit(m->store, effect->commit.unit, effect->commit.json); break;
        case EFFECT_SEND: carry_send(m, effect); break;
        case EFFECT_SEAL: carry_seal(m, effect); break;
        case EFFECT_LEASE: store_lease(m->store, effect->lease.action, effect->lease.lease_ms, effect->lease.epoch); break;
        case EFFECT_TIMER:
            sd_event_source_set_time(m->timer, (uint64_t)(effect->timer.at_ms < INT64_MAX / 1000 ? effect->timer.at_ms * 1000 : INT64_MAX));
            sd_event_source_set_enabled(m->timer, SD_EVENT_ONESHOT);
            break;
        case EFFECT_LOG: log_line(effect->log.message, effect->log.object, effect->log.text); break;
        case EFFECT_MAX_: assert(!"unreachable"); break;
        }
    }
}

/* ---- steps -------------------------------------------------------------------------------------------------------------------------------- */

/* At most once in STATUS_MS_MIN; what changes meanwhile is told at the end of that time, not lost. */
static void tell_status(struct manager *m)
{
    int64_t now = now_ms(CLOCK_BOOTTIME);
    const char *trouble = store_trouble(m->store);
    const char *text = trouble ? trouble : core_summary(m->core);

    if (text_equal(text, m->status))
        return;
    if (now - m->status_ms < STATUS_MS_MIN) {
        sd_event_source_set_time(m->status_timer, (uint64_t)(m->status_ms + STATUS_MS_MIN) * 1000);
        sd_event_source_set_enabled(m->status_timer, SD_EVENT_ONESHOT);
        return;
    }
    m->status_ms = now;
    text_copy(m->status, sizeof(m->status), text);
    sd_notifyf(0, "STATUS=%s%s", trouble ? "waiting for PostgreSQL: " : "", m->status);
}

static int on_status_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec;
    tell_status(userdata);
    return 0;
}

static bool step(struct manager *m, struct event *event)
{
    int64_t now = now_us(CLOCK_BOOTTIME);

    figures_event(m->figures, event, now);
    event->now_ms = now / 1000;
    event->random = random_u64();
    effects_reset(&m->effects);
    bool more = core_step(m->core, event, &m->effects);
    carry_out(m);
    return more;
}

static bool step_answer(struct manager *m)
{
    struct answer *answer = m->answers;
    const struct reply reply = { .transport = REPLY_NOT_SENT, .secret_missing = answer->secret_missing, .body = "",
                                 .retry_after_ms = -1, .request_id = "", .text = answer->text };
    struct event event = { .type = answer->sealed ? EVENT_SEALED : EVENT_ANSWER };

    m->answers = answer->next;
    if (!m->answers)
        m->answers_end = &m->answers;
    if (answer->sealed) {
        event.sealed.id = answer->id;
        event.sealed.sealed = answer->secret;
        event.sealed.version = answer->version;
        event.sealed.text = answer->text;
    } else {
        event.answer.id = answer->id;
        event.answer.reply = &reply;
    }
    bool more = step(m, &event);
    free(answer->secret);
    free(answer);
    return more;
}

/* One event, and what follows from it at once; the rest in the next turn of the loop. */
static void take(struct manager *m, struct event *event)
{
    bool more = step(m, event);

    for (int i = 0; i < STEPS_PER_TURN_MAX && m->answers; i++)
        more = step_answer(m) || more;
    if (more || m->answers)
        sd_event_source_set_enabled(m->more, SD_EVENT_ONESHOT);
    tell_status(m);
}

/* ---- what the shells say --------------------------------------------------------------------------------------------------------------------- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec;
    take(userdata, &(struct event){ .type = EVENT_TIMER });
    return 0;
}

static int on_more(sd_event_source *source, void *userdata)
{
    (void)source;
    take(userdata, &(struct event){ .type = EVENT_TIMER });
    return 0;
}

static void on_store(void *userdata, struct event *event)
{
    take(userdata, event);
}

static void on_store_log(void *userdata, enum log_level level, const char *text)
{
    log_line(level <= LOG_LEVEL_WARNING ? MESSAGE_DATABASE_TROUBLE : level == LOG_LEVEL_NOTICE ? MESSAGE_DATABASE_BACK
             : MESSAGE_DATABASE_DETAIL, "database", text);
    tell_status(userdata);
}

static void on_store_boundary(void *userdata, enum store_boundary boundary, size_t units)
{
    (void)units;
    figures_boundary(((struct manager *)userdata)->figures, boundary, now_us(CLOCK_BOOTTIME));
    hooks_boundary(boundary == STORE_COMMIT_SENT ? "commit" : "committed");
}

static void on_http(void *userdata, uint64_t id, struct http_result *result)
{
    struct manager *m = userdata;

    hooks_answered(id);
    figures_certificate(m->figures, id, result->certificate_ends_s);
    arrivals_add(m->arrivals, id, result);
}

static void on_arrival(void *userdata, uint64_t id, const struct reply *reply)
{
    take(userdata, &(struct event){ .type = EVENT_ANSWER, .answer = { .id = id, .reply = reply } });
}

static void on_page(void *userdata, const char *path, struct page *page)
{
    struct manager *m = userdata;
    const struct figures_source source = { m->core, m->vault, store_trouble(m->store), m->status, now_us(CLOCK_BOOTTIME) };

    figures_page(m->figures, &source, path, page);
}

/* ---- signals ------------------------------------------------------------------------------------------------------------------------------------ */

/* At once: to tidy up may wait for a name that the resolver is still looking up. */
static int on_stop_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec, (void)userdata;
    log_line(MESSAGE_STILL_HANGS, NULL, "something still hangs: ending; the next start looks for what it became of");
    _exit(EXIT_SUCCESS);
}

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct manager *m = userdata;

    (void)source, (void)info;
    if (m->stopping)
        return 0;
    m->stopping = true;
    sd_notify(0, "STOPPING=1");
    log_line(MESSAGE_STOPPING, NULL, "stopping: what is under way is answered and recorded first");
    sd_event_add_time_relative(m->event, &m->stop_timer, CLOCK_MONOTONIC, (uint64_t)STOP_MS_MAX * 1000, TIMER_ACCURACY_US,
                               on_stop_timeout, m);
    take(m, &(struct event){ .type = EVENT_STOP });
    return 0;
}

/* No work is so long that the others notice: every turn of the loop is timed. */
static int on_figures(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct manager *m = userdata;

    (void)source, (void)info;
    log_printf(MESSAGE_FIGURES, NULL, "%" PRId64 " turns of the loop since this was asked last, the longest of %" PRId64 ".%03d ms", m->turns,
               m->longest_us / 1000, (int)(m->longest_us % 1000));
    m->turns = m->longest_us = 0;
    return 0;
}

static void config_free(struct config *config)
{
    config_release(config);
    free(config);
}

static bool same_keys(const struct config *a, const struct config *b)
{
    bool same = a->key_paths_count == b->key_paths_count;

    for (size_t i = 0; same && i < a->key_paths_count; i++)
        same = text_equal(a->key_paths[i], b->key_paths[i]);
    return same;
}

/* What only a start reads. */
static void tell_restart(const struct config *old, const struct config *new)
{
    const struct { const char *key; bool same; } keys[] = {
        { "database", text_equal(old->database, new->database) }, { "metrics", text_equal(old->metrics, new->metrics) },
        { "secrets_directory", text_equal(old->secrets_directory, new->secrets_directory) }, { "keys", same_keys(old, new) },
    };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (!keys[i].same)
            log_printf(MESSAGE_NEEDS_RESTART, keys[i].key, "another value is in the configuration; it counts from the next start: systemctl restart trunkd");
}

bool manager_read_config(const char *path, struct config *ret_config, struct buf *complaints)
{
    if (!config_read(path, ret_config, complaints))
        return false;
    const struct { const char *text; struct config_place at; bool (*check)(const char *, struct err *); } values[] = {
        { ret_config->database, ret_config->database_at, conninfo_check }, { ret_config->metrics, ret_config->metrics_at, metrics_address_check } };
    bool ok = true;

    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        struct err err = { 0 };

        if (!*values[i].text || values[i].check(values[i].text, &err))
            continue;
        buf_printf(complaints, "%s:%zu:%zu: %s\n", path, values[i].at.line, values[i].at.column, err.text);
        ok = false;
    }
    if (!ok)
        config_release(ret_config);
    return ok;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct manager *m = userdata;
    struct config *config = must_calloc(1, sizeof(*config)), *old = m->config;
    struct buf complaints;

    (void)source, (void)info;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, (uint64_t)now_ms(CLOCK_MONOTONIC) * 1000);
    buf_init(&complaints, CONFIG_COMPLAINTS_BYTES_MAX);
    if (manager_read_config(m->path, config, &complaints)) {
        tell_restart(m->started, config);
        m->config = config;
        log_set_max(config->log_level);
        take(m, &(struct event){ .type = EVENT_CONFIG, .config = &config->settings });
        if (old != m->started)
            config_free(old);
        log_line(MESSAGE_CONFIGURATION_READ, NULL, "configuration read again (allowed_origins, timing, log_level)");
    } else {
        log_printf(MESSAGE_CONFIGURATION_WRONG, NULL, "the configuration is wrong, the old one stays in force:\n%s", complaints.data);
        free(config);
    }
    buf_release(&complaints);
    sd_notify(0, "READY=1");
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------------------------ */

static bool wire_loop(struct manager *m, struct err *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);           /* whoever reads our lines may go away */
    if (sd_event_default(&m->event) < 0
        || sd_event_add_time(m->event, &m->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US, on_timer, m) < 0
        || sd_event_add_time(m->event, &m->status_timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US, on_status_timer, m) < 0
        || sd_event_add_defer(m->event, &m->more, on_more, m) < 0
        || sd_event_source_set_priority(m->more, MORE_PRIORITY) < 0
        || sd_event_add_signal(m->event, &m->signals[0], SIGTERM, on_stop, m) < 0
        || sd_event_add_signal(m->event, &m->signals[1], SIGINT, on_stop, m) < 0
        || sd_event_add_signal(m->event, &m->signals[2], SIGHUP, on_reload, m) < 0
        || sd_event_add_signal(m->event, &m->signals[3], SIGUSR1, on_figures, m) < 0
        || sd_event_set_watchdog(m->event, true) < 0)
        return err_set(err, ERR_TRANSIENT, "the event loop could not be set up: %s", strerror(errno));
    sd_event_source_set_enabled(m->more, SD_EVENT_OFF);
    return true;
}

static bool wire_store(struct manager *m, struct err *err)
{
    char holder[128], host[64] = "";
    struct vault_public_key keys[VAULT_KEYS_MAX];

    gethostname(host, sizeof(host) - 1);
    snprintf(holder, sizeof(holder), "%s:%ld:%08" PRIx32, host, (long)getpid(), (uint32_t)random_u64());
    struct store_options options = {
        .database = m->config->database, .holder = holder, .event = on_store, .log = on_store_log, .random = random_u64,
        .userdata = m, .boundary = on_store_boundary,
    };
#ifdef TRUNKD_TEST_HOOKS
    options.fence_off = hooks_off() && strstr(hooks_off(), "fence");
    core_safeguards_off(m->core, hooks_off());
#endif
    if (!store_new(m->event, &options, &m->store, err))
        return false;
    size_t count = vault_public_keys(m->vault, keys);
    for (size_t i = 0; i < count; i++)
        store_publish_key(m->store, keys[i].id, keys[i].key);
    return true;
}

bool manager_open_vault(const struct config *config, struct vault **ret_vault, struct err *err)
{
    const struct vault_options options = {
        .secrets_directory = config->secrets_directory, .credentials_directory = getenv("CREDENTIALS_DIRECTORY"),
        .key_paths = (const char *const *)config->key_paths, .key_paths_count = config->key_paths_count,
    };

    return vault_new(&options, ret_vault, err);
}

static bool wire(struct manager *m, struct err *err)
{
    const struct http_options http = { .user_agent = "trunkd/" PACKAGE_VERSION, .done = on_http, .userdata = m };

    return manager_open_vault(m->config, &m->vault, err) && wire_loop(m, err)
        && arrivals_new(m->event, m->vault, on_arrival, m, &m->arrivals, err) && http_new(m->event, &http, &m->http, err)
        && wire_store(m, err);
}

/* Without it the numbers are served all the same. */
static void show_figures(struct manager *m)
{
    struct err err = { 0 };

    if (*m->config->metrics && !metrics_listen(m->event, m->config->metrics, on_page, m, &m->metrics, &err))
        log_line(MESSAGE_METRICS_OFF, "metrics", err.text);
}

bool manager_new(struct config *config, const char *path, struct manager **ret_manager, struct err *err)
{
    struct manager *m = must_calloc(1, sizeof(*m));

    m->config = m->started = config;
    m->path = must_strdup(path);
    m->answers_end = &m->answers;
    m->figures = figures_new();
    m->core = core_new(/* plan_only= */ false);
    if (!wire(m, err)) {
        manager_free(m);
        return false;
    }
    show_figures(m);
    *ret_manager = m;
    return true;
}

void manager_free(struct manager *m)
{
    if (!m)
        return;
    metrics_free(m->metrics);
    store_free(m->store);
    http_free(m->http);
    arrivals_free(m->arrivals);
    vault_free(m->vault);
    core_free(m->core);
    figures_free(m->figures);
    effects_reset(&m->effects);
    while (m->answers) {
        struct answer *answer = m->answers;
        m->answers = answer->next;
        free(answer->secret);
        free(answer);
    }
    sd_event_source_disable_unref(m->timer);
    sd_event_source_disable_unref(m->status_timer);
    sd_event_source_disable_unref(m->more);
    sd_event_source_disable_unref(m->stop_timer);
    for (size_t i = 0; i < ARRAY_SIZE(m->signals); i++)
        sd_event_source_disable_unref(m->signals[i]);
    sd_event_unref(m->event);
    if (m->config != m->started)
        config_free(m->config);
    config_free(m->started);
    free(m->path);
    free(m);
}

/* The shells have work of their own besides the core's events: it is looked at after each turn. */
static void stop_when_idle(struct manager *m)
{
    if (m->stopping && core_is_idle(m->core) && (store_is_idle(m->store) || store_trouble(m->store)))
        sd_event_exit(m->event, EXIT_SUCCESS);
}

/* As sd_event_loop() does, with a look at the clock around each turn: our own time, for what else the machine does is not our work. */
static int loop(struct manager *m)
{
    while (sd_event_get_state(m->event) != SD_EVENT_FINISHED) {
        int r = sd_event_prepare(m->event);
        if (r == 0)
            r = sd_event_wait(m->event, UINT64_MAX);
        int64_t began_us = now_us(CLOCK_THREAD_CPUTIME_ID);
        if (r > 0)
            r = sd_event_dispatch(m->event);
        if (r < 0)
            return r;
        int64_t took_us = now_us(CLOCK_THREAD_CPUTIME_ID) - began_us;
        figures_turn(m->figures, took_us);
        m->turns++;
        if (took_us > m->longest_us)
            m->longest_us = took_us;
        stop_when_idle(m);
    }
    int code = EXIT_FAILURE;
    sd_event_get_exit_code(m->event, &code);
    return code;
}

int manager_run(struct manager *m)
{
    take(m, &(struct event){ .type = EVENT_CONFIG, .config = &m->config->settings });
    sd_notify(0, "READY=1");
    log_line(MESSAGE_RUNS, NULL, "trunkd " PACKAGE_VERSION " runs");
    int r = loop(m);
    log_line(MESSAGE_ENDED, NULL, "ended");
    return r < 0 ? EXIT_FAILURE : r;
}
