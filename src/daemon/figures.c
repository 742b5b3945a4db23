/* figures: counts while things happen, and writes the pages. */
#include "figures.h"
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#define CODES_MAX 64                /* distinct outcomes of one account's requests; what comes on top is counted as "other" */

enum statement { STATEMENT_READ, STATEMENT_COMMIT, STATEMENT_LEASE, STATEMENT_MAX_ };
static const char *const statement_names[STATEMENT_MAX_] = { "read", "commit", "lease" };

struct code_count { char code[12]; uint64_t count; };

/* One account's requests. They stay when the account goes: a counter that vanishes reads as a restart. */
struct account {
    char *name;
    struct histogram times;
    struct code_count codes[CODES_MAX];
    size_t codes_count;
    int64_t certificate_ends_s;     /* 0: none has been seen */
    int64_t answered_us;            /* when the last request to it ended */
};

#define CERTIFICATE_KNOWN_US INT64_C(3600000000)    /* whom nobody asks any more (it has ended, or another daemon works) may have another one */

/* A request under way. */
struct flight { char id[24]; struct account *account; int64_t began_us; };

struct figures {
    int64_t started_s;
    struct histogram turns, statements[STATEMENT_MAX_];
    int64_t longest_turn_us;
    int64_t began_us[STATEMENT_MAX_];           /* 0: none is under way */
    struct map accounts, flights;
    struct lines lines;
};

struct figures *figures_new(void)
{
    struct figures *f = must_calloc(1, sizeof(*f));

    f->started_s = (int64_t)time(NULL);
    return f;
}

void figures_free(struct figures *f)
{
    void *value;

    if (!f)
        return;
    for (size_t i = 0; map_next(&f->flights, &i, &value);)
        free(value);
    map_release(&f->flights);
    for (size_t i = 0; map_next(&f->accounts, &i, &value);) {
        free(((struct account *)value)->name);
        free(value);
    }
    map_release(&f->accounts);
    free(f);
}

/* ---- counting ------------------------------------------------------------------------------------------------------------------ */

static double seconds(int64_t us) { return (double)us / 1e6; }

static void statement_begins(struct figures *f, enum statement which, int64_t now_us) { f->began_us[which] = now_us; }

static void statement_ends(struct figures *f, enum statement which, int64_t now_us)
{
    if (f->began_us[which])
        histogram_add(&f->statements[which], seconds(now_us - f->began_us[which]));
    f->began_us[which] = 0;
}

static struct account *account_get(struct figures *f, const char *name)
{
    struct account *account = map_get(&f->accounts, name);

    if (account)
        return account;
    account = must_calloc(1, sizeof(*account));
    account->name = must_strdup(name);
    (void)map_put(&f->accounts, account->name, account);
    return account;
}

static void request_begins(struct figures *f, uint64_t id, const char *account, int64_t now_us)
{
    struct flight *flight = must_calloc(1, sizeof(*flight));

    snprintf(flight->id, sizeof flight->id, "%" PRIu64, id);
    flight->account = account_get(f, account);
    flight->began_us = now_us;
    free(map_put(&f->flights, flight->id, flight));
}

static void count_code(struct account *account, const char *code)
{
    size_t i = 0;

    while (i < account->codes_count && !text_equal(account->codes[i].code, code))
        i++;
    if (i == account->codes_count) {
        if (i == CODES_MAX - 1)
            code = "other";
        if (i < CODES_MAX)
            account->codes_count++;
        else
            i--;
        text_copy(account->codes[i].code, sizeof account->codes[i].code, code);
    }
    account->codes[i].count++;
}

static void request_ends(struct figures *f, uint64_t id, const struct reply *reply, int64_t now_us)
{
    char key[24], code[12];

    snprintf(key, sizeof key, "%" PRIu64, id);
    struct flight *flight = map_remove(&f->flights, key);
    if (!flight)
        return;
    snprintf(code, sizeof code, "%d", reply->status);
    count_code(flight->account, reply->transport == REPLY_ANSWERED ? code : reply->transport == REPLY_NOT_SENT ? "not_sent" : "unknown");
    if (reply->transport != REPLY_NOT_SENT)
        histogram_add(&flight->account->times, seconds(now_us - flight->began_us));
    flight->account->answered_us = now_us;
    free(flight);
}

void figures_certificate(struct figures *f, uint64_t id, int64_t ends_s)
{
    char key[24];

    snprintf(key, sizeof key, "%" PRIu64, id);
    struct flight *flight = ends_s ? map_get(&f->flights, key) : NULL;
    if (flight)
        flight->account->certificate_ends_s = ends_s;
}

void figures_effect(struct figures *f, const struct effect *effect, int64_t now_us)
{
    if (effect->type == EFFECT_SEND)
        request_begins(f, effect->send.id, effect->send.account, now_us);
    else if (effect->type == EFFECT_READ)
        statement_begins(f, STATEMENT_READ, now_us);
    else if (effect->type == EFFECT_LEASE)
        statement_begins(f, STATEMENT_LEASE, now_us);
    else if (effect->type == EFFECT_LOG)
        lines_add(&f->lines, effect, (int64_t)time(NULL));
}

void figures_event(struct figures *f, const struct event *event, int64_t now_us)
{
    if (event->type == EVENT_ANSWER)
        request_ends(f, event->answer.id, event->answer.reply, now_us);
    else if (event->type == EVENT_ROWS)
        statement_ends(f, STATEMENT_READ, now_us);
    else if (event->type == EVENT_LEASE)
        statement_ends(f, STATEMENT_LEASE, now_us);
    else if (event->type == EVENT_DB_DOWN)
        for (int i = 0; i < STATEMENT_MAX_; i++)
            f->began_us[i] = 0;
}

void figures_boundary(struct figures *f, enum store_boundary boundary, int64_t now_us)
{
    if (boundary == STORE_COMMIT_SENT)
        statement_begins(f, STATEMENT_COMMIT, now_us);
    else
        statement_ends(f, STATEMENT_COMMIT, now_us);
}

void figures_turn(struct figures *f, int64_t took_us)
{
    histogram_add(&f->turns, seconds(took_us));
    if (took_us > f->longest_turn_us)
        f->longest_turn_us = took_us;
}

/* ---- what the core says ----------------------------------------------------------------------------------------------------------- */

/* Each name's values stand together, so the accounts are kept and told name by name. */
struct view { struct buf numbers, answers; struct account_figures *accounts; size_t count, capacity; };

static void take_numbers(void *userdata, const char *status, const char *reason, size_t count)
{
    metric(&((struct view *)userdata)->numbers, "trunkd_numbers", (double)count, "status", status, "reason", reason, NULL);
}

static void take_answers(void *userdata, const char *kind, const char *operation, const char *outcome, uint64_t count)
{
    metric(&((struct view *)userdata)->answers, "trunkd_operations_total", (double)count, "kind", kind, "operation", operation,
           "outcome", outcome, NULL);
}

static void take_account(void *userdata, const struct account_figures *account)
{
    struct view *view = userdata;

    if (view->count == view->capacity) {
        view->capacity = view->capacity ? 2 * view->capacity : 16;
        view->accounts = must_realloc(view->accounts, view->capacity * sizeof(*view->accounts));
    }
    view->accounts[view->count++] = *account;
}

static double window(const struct account_figures *a) { return (double)a->window; }
static double in_flight(const struct account_figures *a) { return (double)a->in_flight; }
static double waiting(const struct account_figures *a) { return (double)a->waiting; }
static double waits(const struct account_figures *a) { return (double)a->waits_ms / 1000; }
static double pause_left(const struct account_figures *a) { return (double)a->pause_ms / 1000; }
static double scan_age(const struct account_figures *a) { return a->scanned_ms < 0 ? -1 : (double)a->scanned_ms / 1000; }
static double probing(const struct account_figures *a) { return a->probing; }
static double braked(const struct account_figures *a) { return a->braked; }
static double held(const struct account_figures *a) { return a->held; }

static const struct { const char *name, *help; double (*value)(const struct account_figures *); } account_metrics[] = {
    { "trunkd_account_window", "Requests that may be under way at once.", window },
    { "trunkd_account_requests_in_flight", "Requests that are under way, or on record to be sent.", in_flight },
    { "trunkd_account_waiting", "Numbers and trunks that wait for a place in the window.", waiting },
    { "trunkd_account_waiting_oldest_seconds", "How long the longest of them has waited.", waits },
    { "trunkd_account_pause_seconds", "How long nothing is sent: throttled, or at its pace.", pause_left },
    { "trunkd_account_scan_age_seconds", "Since the last complete scan began; -1: there was none yet.", scan_age },
    { "trunkd_account_breaker_open", "Whether it is only probed.", probing },
    { "trunkd_account_braked", "Whether nothing is written there until somebody releases it.", braked },
    { "trunkd_account_removals_held", "Whether nothing is removed there, for too many numbers went at once.", held },
};

static void write_accounts(struct buf *b, const struct view *view)
{
    for (size_t m = 0; m < ARRAY_SIZE(account_metrics); m++) {
        metric_head(b, account_metrics[m].name, METRIC_GAUGE, account_metrics[m].help);
        for (size_t i = 0; i < view->count; i++)
            metric(b, account_metrics[m].name, account_metrics[m].value(&view->accounts[i]), "account", view->accounts[i].name,
                   "provider", view->accounts[i].family, NULL);
    }
    metric_head(b, "trunkd_account_condition", METRIC_GAUGE, "1 for the condition that an account has; none for one that is fine.");
    for (size_t i = 0; i < view->count; i++)
        if (*view->accounts[i].condition)
            metric(b, "trunkd_account_condition", 1, "account", view->accounts[i].name, "condition", view->accounts[i].condition, NULL);
}

static void write_core(struct buf *b, const struct core_figures *core)
{
    const struct { const char *name, *help; double value; } gauges[] = {
        { "trunkd_lease_held", "Whether this daemon works; one of those on a database does.", core->epoch > 0 },
        { "trunkd_lease_epoch", "Which lease of the database it is; 0: not ours.", (double)core->epoch },
        { "trunkd_database_up", "Whether PostgreSQL can be used.", core->database_up },
        { "trunkd_database_is_copy", "Whether nothing is written at providers, for the database is a copy.", core->is_copy },
        { "trunkd_turns_waiting", "Numbers and trunks whose turn is due.", (double)core->turns_waiting },
        { "trunkd_units_open", "Changes on their way to the database.", (double)core->units_open },
    };

    for (size_t i = 0; i < ARRAY_SIZE(gauges); i++) {
        metric_head(b, gauges[i].name, METRIC_GAUGE, gauges[i].help);
        metric(b, gauges[i].name, gauges[i].value, NULL);
    }
}

static void write_view(struct buf *b, const struct figures_source *source)
{
    struct view view = { .accounts = NULL };
    const struct figures_sink sink = { &view, take_numbers, take_answers, take_account };
    struct core_figures core;

    buf_init(&view.numbers, PAGE_BYTES_MAX);
    buf_init(&view.answers, PAGE_BYTES_MAX);
    core_figures(source->core, source->now_us / 1000, &sink, &core);
    write_core(b, &core);
    metric_head(b, "trunkd_numbers", METRIC_GAUGE, "Phone numbers, by status and reason.");
    buf_add(b, view.numbers.data, view.numbers.length);
    metric_head(b, "trunkd_operations_total", METRIC_COUNTER, "Answers of providers, by what was asked of which kind and what it came to.");
    buf_add(b, view.answers.data, view.answers.length);
    write_accounts(b, &view);
    buf_release(&view.numbers);
    buf_release(&view.answers);
    free(view.accounts);
}

/* ---- what was counted here -------------------------------------------------------------------------------------------------------- */

static void write_requests(struct figures *f, int64_t now_us, struct buf *b)
{
    void *value;

    metric_head(b, "trunkd_requests_total", METRIC_COUNTER, "Requests by the code of their answer; not_sent, unknown: none came.");
    for (size_t i = 0; map_next(&f->accounts, &i, &value);) {
        const struct account *account = value;
        for (size_t c = 0; c < account->codes_count; c++)
            metric(b, "trunkd_requests_total", (double)account->codes[c].count, "account", account->name, "code", account->codes[c].code,
                   NULL);
    }
    metric_head(b, "trunkd_request_duration_seconds", METRIC_HISTOGRAM, "From asking for a request to its answer, or to giving it up.");
    for (size_t i = 0; map_next(&f->accounts, &i, &value);) {
        const struct account *account = value;
        metric_histogram(b, "trunkd_request_duration_seconds", &account->times, "account", account->name);
    }
    metric_head(b, "trunkd_certificate_expiry_timestamp_seconds", METRIC_GAUGE,
                "When the certificate ends that the account's server showed when a connection was opened last, in seconds since 1970.");
    for (size_t i = 0; map_next(&f->accounts, &i, &value);) {
        const struct account *account = value;
        if (account->certificate_ends_s && now_us - account->answered_us < CERTIFICATE_KNOWN_US)
            metric(b, "trunkd_certificate_expiry_timestamp_seconds", (double)account->certificate_ends_s, "account", account->name, NULL);
    }
}

static void write_own(struct figures *f, const struct vault *vault, struct buf *b)
{
    struct vault_public_key keys[VAULT_KEYS_MAX];
    size_t count = vault_public_keys(vault, keys);

    metric_head(b, "trunkd_build_info", METRIC_GAUGE, "Always 1.");
    metric(b, "trunkd_build_info", 1, "version", PACKAGE_VERSION, NULL);
    metric_head(b, "trunkd_start_time_seconds", METRIC_GAUGE, "When it started, in seconds since 1970.");
    metric(b, "trunkd_start_time_seconds", (double)f->started_s, NULL);
    metric_head(b, "trunkd_loop_turn_duration_seconds", METRIC_HISTOGRAM, "Processor time of each turn of the loop.");
    metric_histogram(b, "trunkd_loop_turn_duration_seconds", &f->turns, NULL, NULL);
    metric_head(b, "trunkd_loop_turn_longest_seconds", METRIC_GAUGE, "The longest turn since the start.");
    metric(b, "trunkd_loop_turn_longest_seconds", seconds(f->longest_turn_us), NULL);
    metric_head(b, "trunkd_database_duration_seconds", METRIC_HISTOGRAM, "From a statement to its answer.");
    for (int i = 0; i < STATEMENT_MAX_; i++)
        metric_histogram(b, "trunkd_database_duration_seconds", &f->statements[i], "statement", statement_names[i]);
    metric_head(b, "trunkd_key_written_timestamp_seconds", METRIC_GAUGE,
                "When the file of a sealing key was written, in seconds since 1970.");
    for (size_t i = 0; i < count; i++)
        metric(b, "trunkd_key_written_timestamp_seconds", (double)keys[i].written_s, "key", keys[i].id, NULL);
}

/* ---- pages --------------------------------------------------------------------------------------------------------------------- */

/* Ready: it works, or would as soon as the other one ends. */
static void write_ready(const struct figures_source *source, struct page *page)
{
    const struct figures_sink nobody = { .userdata = NULL };
    struct core_figures core;

    core_figures(source->core, source->now_us / 1000, &nobody, &core);
    bool works = core.epoch > 0 && core.lease_left_ms > 0;
    page->status = works || (core.database_up && !source->trouble) ? 200 : 503;
    if (page->status == 503)
        buf_printf(&page->body, "waiting for PostgreSQL\n");
    else
        buf_printf(&page->body, "%s\n", works ? "working" : "standing by");
}

static void write_metrics(struct figures *f, const struct figures_source *source, struct page *page)
{
    page->status = 200;
    page->content_type = "text/plain; version=0.0.4; charset=utf-8";
    write_view(&page->body, source);
    write_requests(f, source->now_us, &page->body);
    write_own(f, source->vault, &page->body);
}

void figures_page(struct figures *f, const struct figures_source *source, const char *path, struct page *page)
{
    if (text_equal(path, "/metrics")) {
        write_metrics(f, source, page);
    } else if (text_equal(path, "/healthz")) {
        page->status = 200;             /* whoever answers turns */
        buf_adds(&page->body, "the loop turns\n");
    } else if (text_equal(path, "/readyz")) {
        write_ready(source, page);
    } else {
        (void)state_page(source->core, source->summary, &f->lines, source->now_us / 1000, path, page);
    }
}
