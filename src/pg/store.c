/* The core's effects as statements, their results as the core's events. It decides nothing: what fails is reported. */
#include <trunkd/pg.h>

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/statements.h>
#include <trunkd/text.h>

#include "batch.h"
#include "connection.h"
#include "rows.h"
#include "sqlstate.h"

#define LEASE_TIMEOUT_MS 5000
#define WORK_TIMEOUT_MS 60000           /* a snapshot of a large database */
#define LOCK_TIMEOUT_MS 2000
#define LEASE_PRIORITY (-10)            /* before everything else of the loop: a heartbeat is not late because there is work */
#define SEND_PRIORITY 10                /* after what comes from outside: what one turn asks for goes together */
#define TELL_PRIORITY 20                /* a deferred source goes before all of its own priority, as often as it wants to */
#define PRUNE_EVERY_MS 3600000
#define ROWS_PER_TURN 250               /* of a read, told to the core in one turn of the loop */
#define TOMBSTONE_DAYS "60"
#define EVENT_DAYS "90"

struct published_key { char *id, *key; };

struct store {
    struct store_options options;
    char *holder;
    sd_event *event;
    sd_event_source *send;              /* enabled while units wait and may go */
    sd_event_source *tell;              /* enabled while rows are there that the core has not heard of */
    struct connection *lease, *listen, *work;
    bool up;                            /* as the core was told */
    bool schema_fits;                   /* asked on this work connection */
    int64_t epoch;                      /* the core's: of the last lease it heard of; 0: none */
    struct unit_queue waiting;
    struct batch batch;                 /* under way */
    bool committing, reading, read_all;
    struct rows rows;                   /* that were read, and are told piece by piece */
    char *shown;                        /* the snapshot of the last rows the core was told; NULL: none */
    bool read_again;                    /* what is being read was asked for before the lease was taken */
    enum lease_action lease_action;
    bool lease_asked;
    int64_t lease_sent_ms, lease_ms;
    int64_t prune_at_ms;
    struct published_key *keys;
    size_t keys_count;
    char trouble[500];
};

static void hear(struct store *s, struct event event)
{
    s->options.event(s->options.userdata, &event);
}

static int64_t now_ms(const struct store *s)
{
    uint64_t usec = 0;

    (void)sd_event_now(s->event, CLOCK_BOOTTIME, &usec);
    return (int64_t)(usec / 1000);
}

static void log_line(struct store *s, enum log_level level, const char *text) { s->options.log(s->options.userdata, level, text); }

/* When the server goes, three connections have the same to say; the one that works speaks for them. */
static void log_work(void *userdata, enum log_level level, const char *text) { log_line(userdata, level, text); }

static void log_others(void *userdata, enum log_level level, const char *text)
{
    (void)level;
    log_line(userdata, LOG_LEVEL_DEBUG, text);
}

/* ---- up and down ---------------------------------------------------------------------------------------------------------------- */

static void come_up(struct store *s)
{
    if (s->up || !s->schema_fits || !connection_is_ready(s->lease) || !connection_is_ready(s->work))
        return;
    s->up = true;
    hear(s, (struct event){ .type = EVENT_DB_UP });
}

static void unit_answer(struct store *s, uint64_t unit, int64_t epoch, enum commit_outcome outcome, const char *text)
{
    if (unit == 0 || (s->epoch != 0 && epoch != s->epoch))
        return;                 /* our own; or of a lease that is over, which the core has forgotten with all its units */
    if (outcome == COMMIT_FENCED)
        s->epoch = 0;
    hear(s, (struct event){ .type = EVENT_COMMITTED, .committed = { .unit = unit, .outcome = outcome, .text = text } });
}

static void batch_answer_rest(struct store *s, enum commit_outcome outcome, const char *text)
{
    struct batch *batch = &s->batch;

    for (size_t i = 0; i < batch->count; i++)
        if (!batch->answered[i]) {
            batch->answered[i] = true;
            unit_answer(s, batch->ids[i], batch->epoch, outcome, text);
        }
    batch->count = 0;
}

/* What waits was never sent, but it is read again with the rest when the database is back. */
static void waiting_answer(struct store *s, const char *text)
{
    struct unit_queue gone = s->waiting;

    s->waiting = (struct unit_queue){ .count = 0 };
    for (size_t i = 0; i < gone.count; i++)
        unit_answer(s, gone.units[gone.first + i].id, gone.units[gone.first + i].epoch, COMMIT_UNKNOWN, text);
    units_release(&gone);
}

static void tell_no_more(struct store *s)
{
    rows_release(&s->rows);
    (void)sd_event_source_set_enabled(s->tell, SD_EVENT_OFF);
}

/* One of the two is gone: the other is opened anew as well, so that no answer comes to a question from before. */
static void go_down(struct store *s)
{
    tell_no_more(s);
    text_copy(s->trouble, sizeof s->trouble, *connection_trouble(s->work) ? connection_trouble(s->work) : connection_trouble(s->lease));
    s->reading = s->read_again = s->lease_asked = false;
    if (!s->up)
        return;
    s->up = false;
    connection_fail(s->lease, s->trouble);
    connection_fail(s->work, s->trouble);
    batch_answer_rest(s, COMMIT_UNKNOWN, s->trouble);
    s->committing = false;
    waiting_answer(s, s->trouble);
    hear(s, (struct event){ .type = EVENT_DB_DOWN });
}

static void on_lease_ready(void *userdata) { come_up(userdata); }
static void on_lease_down(void *userdata) { go_down(userdata); }

static void on_work_down(void *userdata)
{
    struct store *s = userdata;

    s->schema_fits = false;
    go_down(s);
}

/* An answer that leaves nothing to do but to begin anew. True: it was one. */
static bool failed(struct store *s, struct connection *c, struct answer *answer, const char *what)
{
    char text[500];

    if (answer->lost)
        return true;            /* down is heard next */
    if (answer->result)
        return false;
    snprintf(text, sizeof text, "%s failed: %s%s", what, answer->text,
             sqlstate_class(answer->sqlstate) == SQLSTATE_SCHEMA ? " (run trunkctl migrate, and see that trunkd's role has what trunkd_daemon has)" : "");
    connection_fail(c, text);
    text_copy(s->trouble, sizeof s->trouble, text);
    return true;
}

/* ---- the schema ------------------------------------------------------------------------------------------------------------------- */

static void on_schema(void *userdata, struct answer *answer)
{
    struct store *s = userdata;
    int64_t min = 0, max = 0;
    char text[200];

    if (failed(s, s->work, answer, "reading the version of the schema"))
        return;
    if (PQntuples(answer->result) != 1 || !text_to_int(PQgetvalue(answer->result, 0, 0), 0, INT32_MAX, &min)
        || !text_to_int(PQgetvalue(answer->result, 0, 1), 0, INT32_MAX, &max)) {
        connection_fail(s->work, "the schema does not say which daemons may work on it");
    } else if (DAEMON_SCHEMA_LEVEL < min || DAEMON_SCHEMA_LEVEL > max) {
        snprintf(text, sizeof text, "the schema is for daemons of level %lld to %lld and this one is level %d: %s", (long long)min, (long long)max,
                 DAEMON_SCHEMA_LEVEL, DAEMON_SCHEMA_LEVEL < min ? "install a newer trunkd" : "run trunkctl migrate");
        connection_fail(s->work, text);
    } else {
        s->schema_fits = true;
        come_up(s);
    }
}

static void on_work_ready(void *userdata)
{
    struct store *s = userdata;

    connection_send(s->work, sql_statement_find("schema_range"), NULL, on_schema, s);
}

/* ---- hints -------------------------------------------------------------------------------------------------------------------------- */

static void on_hint(void *userdata) { hear(userdata, (struct event){ .type = EVENT_HINT }); }

static void on_listening(void *userdata, struct answer *answer)
{
    struct store *s = userdata;

    if (failed(s, s->listen, answer, "listening"))
        return;
    connection_proven(s->listen);
    on_hint(s);                 /* what was said while nobody listened */
}

static void on_listen_ready(void *userdata)
{
    struct store *s = userdata;

    connection_send(s->listen, sql_statement_find("listen"), NULL, on_listening, s);
}

static void on_listen_down(void *userdata) { (void)userdata; }     /* the poll goes on without hints */

/* ---- reading ------------------------------------------------------------------------------------------------------------------------ */

static void on_rows(void *userdata, struct answer *answer);

static void read_send(struct store *s, enum read_what what)
{
    const char *const since[] = { what == READ_NEWS ? s->shown : NULL };

    s->reading = true;
    s->read_again = false;
    s->read_all = what == READ_ALL;
    connection_send(s->work, sql_statement_find(s->read_all ? "snapshot_all" : "snapshot_dirty"), s->read_all ? NULL : since, on_rows, s);
}

/* Another daemon may have written since this was asked for: a lease begins with a snapshot of its own time. */
static void read_anew(struct store *s)
{
    if (connection_is_ready(s->work))
        read_send(s, READ_ALL);
}

/* The last piece leaves the way free for the next read. */
static void tell_piece(struct store *s)
{
    struct row_text rows[ROWS_PER_TURN];
    const bool continued = s->rows.next > 0;
    size_t count = rows_take_next(&s->rows, rows, ROWS_PER_TURN, &s->shown);
    const bool more = rows_are_left(&s->rows);

    s->reading = more;
    if (!more)
        connection_proven(s->work);
    hear(s, (struct event){ .type = EVENT_ROWS,
                            .rows = { .rows = rows, .count = count, .all = s->read_all, .continued = continued, .more = more } });
}

static int on_tell(sd_event_source *source, void *userdata)
{
    struct store *s = userdata;
    const bool again = s->read_again;

    (void)source;
    if (!again)
        tell_piece(s);
    if (!again && rows_are_left(&s->rows))
        return 0;
    tell_no_more(s);
    if (again)
        read_anew(s);
    connection_go_on(s->work);
    return 0;
}

/* A commit's answer would be newer than the rows that are still to be told: it waits for them. */
static void on_rows(void *userdata, struct answer *answer)
{
    struct store *s = userdata;

    if (failed(s, s->work, answer, "reading") || !s->up)
        return;
    if (s->read_again) {
        read_anew(s);
        return;
    }
    s->rows = (struct rows){ .result = STEAL(answer->result) };
    tell_piece(s);
    if (rows_are_left(&s->rows)) {
        connection_hold(s->work);
        (void)sd_event_source_set_enabled(s->tell, SD_EVENT_ON);
    } else {
        tell_no_more(s);
    }
}

void store_read(struct store *s, enum read_what what)
{
    assert(!s->reading || !s->up);
    if (s->up && connection_is_ready(s->work))
        read_send(s, what);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------------ */

static enum commit_outcome outcome_of(const char *word)
{
    static const struct { const char *word; enum commit_outcome outcome; } words[] = {
        { "done", COMMIT_DONE }, { "changed", COMMIT_CHANGED }, { "fenced", COMMIT_FENCED }, { "failed", COMMIT_FAILED },
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (text_equal(word, words[i].word))
            return words[i].outcome;
    return COMMIT_UNKNOWN;
}

static void send_later(struct store *s)
{
    (void)sd_event_source_set_enabled(s->send, SD_EVENT_ONESHOT);
}

static void on_committed(void *userdata, struct answer *answer)
{
    struct store *s = userdata;

    if (answer->lost)
        return;                 /* go_down() tells it to every unit */
    if (s->options.boundary)
        s->options.boundary(s->options.userdata, STORE_COMMIT_ANSWERED, s->batch.count);
    s->committing = false;
    for (int row = 0; answer->result && row < PQntuples(answer->result); row++) {
        const char *text = value_of(answer->result, row, 3);
        int64_t id;
        size_t at;

        if (!text_to_int(text_or(value_of(answer->result, row, 0), ""), 0, INT64_MAX, &id) || (at = batch_find(&s->batch, (uint64_t)id)) == s->batch.count)
            continue;
        s->batch.answered[at] = true;
        unit_answer(s, (uint64_t)id, s->batch.epoch, outcome_of(value_of(answer->result, row, 1)), text ? text : "");
    }
    if (!answer->result)        /* the server said no to the statement: nothing of it is written */
        batch_answer_rest(s, COMMIT_FAILED, answer->text);
    for (size_t i = 0; i < s->batch.count; i++)
        if (!s->batch.answered[i]) {
            connection_fail(s->work, "a commit was answered without all its units");
            return;
        }
    s->batch.count = 0;
    if (s->waiting.count > 0)
        send_later(s);
}

static void commit_send(struct store *s)
{
    char epoch[24], *units = batch_take(&s->waiting, &s->batch);
    const char *const parameters[] = { epoch, units }, *statement = "commit";
    const char *const *first = parameters;

    snprintf(epoch, sizeof epoch, "%lld", (long long)s->batch.epoch);
    if (s->options.fence_off) {
        statement = "commit_unfenced";
        first++;
    }
    s->committing = true;
    if (s->options.boundary)
        s->options.boundary(s->options.userdata, STORE_COMMIT_SENT, s->batch.count);
    connection_send(s->work, sql_statement_find(statement), first, on_committed, s);
    free(units);
}

static int on_send(sd_event_source *source, void *userdata)
{
    struct store *s = userdata;

    (void)source;
    if (!s->up || !connection_is_ready(s->work))
        waiting_answer(s, s->trouble);
    else if (!s->committing && s->waiting.count > 0)
        commit_send(s);
    return 0;
}

void store_commit(struct store *s, uint64_t unit, const char *json)
{
    assert(unit > 0);
    units_add(&s->waiting, unit, s->epoch, json);
    send_later(s);
}

/* ---- the lease ------------------------------------------------------------------------------------------------------------------------ */

/* The public keys, once for each lease; in a unit of our own, so that it is fenced like everything else. */
static void publish(struct store *s)
{
    struct buf unit;

    if (s->keys_count == 0)
        return;
    buf_init(&unit, 65536);
    json_open(&unit, '{');
    json_key_int(&unit, "unit", 0);
    json_key(&unit, "wanted");
    json_raw(&unit, "[]");
    json_key(&unit, "items");
    json_open(&unit, '[');
    for (size_t i = 0; i < s->keys_count; i++) {
        json_open(&unit, '{');
        json_key_text(&unit, "put", "seal_key");
        json_key(&unit, "row");
        json_open(&unit, '{');
        json_key_text(&unit, "key_id", s->keys[i].id);
        json_key_text(&unit, "public_key", s->keys[i].key);
        json_close(&unit, '}');
        json_close(&unit, '}');
    }
    json_close(&unit, ']');
    json_close(&unit, '}');
    assert(buf_ok(&unit));
    units_add(&s->waiting, 0, s->epoch, unit.data);
    buf_release(&unit);
    send_later(s);
}

static void on_pruned(void *userdata, struct answer *answer)
{
    struct store *s = userdata;
    char text[500];

    if (answer->lost || answer->result)
        return;
    snprintf(text, sizeof text, "old events and tombstones could not be removed: %s", answer->text);
    log_line(s, LOG_LEVEL_WARNING, text);
}

static void prune(struct store *s)
{
    char epoch[24];
    const char *const parameters[] = { epoch, TOMBSTONE_DAYS, EVENT_DAYS };

    if (s->epoch == 0 || now_ms(s) < s->prune_at_ms || !connection_is_ready(s->work))
        return;
    snprintf(epoch, sizeof epoch, "%lld", (long long)s->epoch);
    s->prune_at_ms = now_ms(s) + PRUNE_EVERY_MS;
    connection_send(s->work, sql_statement_find("prune"), parameters, on_pruned, s);
}

static void lease_tell(struct store *s, int64_t epoch, const char *text)
{
    bool taken = epoch != 0 && epoch != s->epoch;

    s->epoch = epoch;
    s->read_again = s->read_again || (taken && s->reading);
    hear(s, (struct event){ .type = EVENT_LEASE, .lease = { .epoch = epoch, .valid_until_ms = epoch ? s->lease_sent_ms + s->lease_ms : 0, .text = text } });
    if (taken)
        publish(s);
    prune(s);
}

static void on_lease(void *userdata, struct answer *answer)
{
    struct store *s = userdata;
    char text[300] = "";
    int64_t epoch = 0;

    if (failed(s, s->lease, answer, "asking for the lease") || !s->up)
        return;
    s->lease_asked = false;
    connection_proven(s->lease);
    if (s->lease_action == LEASE_RELEASE) {
        lease_tell(s, 0, "given back");
        return;
    }
    if (PQntuples(answer->result) != 1 || !text_to_int(text_or(value_of(answer->result, 0, 0), ""), 0, INT64_MAX, &epoch)) {
        connection_fail(s->lease, "there is no lease in this database: run trunkctl migrate");
        return;
    }
    if (epoch == 0)
        snprintf(text, sizeof text, "standing by, %s holds the lease", text_or(value_of(answer->result, 0, 1), "nobody"));
    lease_tell(s, epoch, text);
}

void store_lease(struct store *s, enum lease_action action, int64_t lease_ms, int64_t epoch)
{
    static const char *const names[] = { [LEASE_TAKE] = "lease_take", [LEASE_RENEW] = "lease_renew", [LEASE_RELEASE] = "lease_release" };
    char lease_text[24], epoch_text[24];
    const char *const take[] = { s->holder, lease_text }, *const keep[] = { s->holder, epoch_text, lease_text };

    if (!s->up || !connection_is_ready(s->lease))
        return;
    snprintf(lease_text, sizeof lease_text, "%lld", (long long)lease_ms);
    snprintf(epoch_text, sizeof epoch_text, "%lld", (long long)epoch);
    s->lease_action = action;
    s->lease_asked = true;
    s->lease_ms = lease_ms;
    s->lease_sent_ms = now_ms(s);
    connection_send(s->lease, sql_statement_find(names[action]), action == LEASE_TAKE ? take : keep, on_lease, s);
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------------ */

MUST_CHECK static bool connections_new(struct store *s, struct err *err)
{
    const struct connection_options base = {
        .database = s->options.database, .lock_timeout_ms = LOCK_TIMEOUT_MS, .statement_timeout_ms = LEASE_TIMEOUT_MS,
        .log = log_others, .random = s->options.random, .userdata = s,
    };
    struct connection_options lease = base, listen = base, work = base;

    lease.name = "lease";
    lease.priority = LEASE_PRIORITY;
    lease.ready = on_lease_ready;
    lease.down = on_lease_down;
    listen.name = "listen";
    listen.ready = on_listen_ready;
    listen.down = on_listen_down;
    listen.notified = on_hint;
    work.name = "work";
    work.log = log_work;
    work.statement_timeout_ms = WORK_TIMEOUT_MS;
    work.ready = on_work_ready;
    work.down = on_work_down;
    return connection_new(s->event, &lease, &s->lease, err) && connection_new(s->event, &listen, &s->listen, err)
        && connection_new(s->event, &work, &s->work, err);
}

bool store_new(struct sd_event *event, const struct store_options *options, struct store **ret_store, struct err *err)
{
    struct store *s = must_calloc(1, sizeof *s);
    int r;

    s->options = *options;
    s->holder = must_strdup(options->holder);
    s->event = sd_event_ref(event);
    text_copy(s->trouble, sizeof s->trouble, "connecting");
    r = sd_event_add_defer(event, &s->send, on_send, s);
    if (r >= 0)
        r = sd_event_source_set_priority(s->send, SEND_PRIORITY);
    if (r >= 0)
        r = sd_event_source_set_enabled(s->send, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_defer(event, &s->tell, on_tell, s);
    if (r >= 0)
        r = sd_event_source_set_priority(s->tell, TELL_PRIORITY);
    if (r >= 0)
        r = sd_event_source_set_enabled(s->tell, SD_EVENT_OFF);
    if (r < 0 || !connections_new(s, err)) {
        store_free(s);
        return r < 0 ? err_set(err, ERR_BUG, "no event source for the store: %s", strerror(-r)) : false;
    }
    *ret_store = s;
    return true;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    connection_free(s->lease);
    connection_free(s->listen);
    connection_free(s->work);
    rows_release(&s->rows);
    sd_event_source_disable_unref(s->tell);
    sd_event_source_disable_unref(s->send);
    units_release(&s->waiting);
    for (size_t i = 0; i < s->keys_count; i++) {
        free(s->keys[i].id);
        free(s->keys[i].key);
    }
    free(s->keys);
    free(s->shown);
    sd_event_unref(s->event);
    free(s->holder);
    free(s);
}

void store_publish_key(struct store *s, const char *key_id, const char *public_key)
{
    s->keys = must_realloc(s->keys, (s->keys_count + 1) * sizeof *s->keys);
    s->keys[s->keys_count++] = (struct published_key){ .id = must_strdup(key_id), .key = must_strdup(public_key) };
}

bool store_is_idle(const struct store *s)
{
    return s->waiting.count == 0 && !s->committing && !s->reading && !s->lease_asked;
}

const char *store_trouble(const struct store *s)
{
    const char *trouble;

    if (s->up)
        return NULL;
    trouble = *connection_trouble(s->work) ? connection_trouble(s->work) : connection_trouble(s->lease);
    return *trouble ? trouble : s->trouble;
}
