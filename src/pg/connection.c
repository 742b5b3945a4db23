/* One connection to PostgreSQL on an sd-event loop.
 *
 * The rules of libpq that shape this file:
 *   PQconnectPoll may close its socket and open another with the same number: the io source goes before each call and is
 *   made anew after it · while something waits to be written, wait for both directions, read, write again · a notification
 *   may come with any input · PQgetResult ends with NULL after a statement and with PGRES_PIPELINE_SYNC after its sync. */
#include "connection.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

#include "backoff.h"
#include "sqlstate.h"

enum state { WAITING, CONNECTING, SETTING_UP, READY };

struct entry {
    struct entry *next;
    answer_done done;
    void *userdata;
    PGresult *result;
    bool refused;
    char sqlstate[6];
    char text[400];
};

struct connection {
    struct connection_options options;
    char *database;
    sd_event *event;
    sd_event_source *io, *timer;
    PGconn *conn;
    enum state state;
    unsigned life;              /* counts connections: tells a callback's caller that its own one is over */
    uint32_t mask;
    struct entry *head, **tail;
    int64_t head_since_ms;      /* when the oldest unanswered statement began to be that */
    int64_t pause_ms;           /* before the latest attempt; 0: none was needed */
    bool failing, held;
    char trouble[400];
    char told[400];             /* the trouble that people have been told about */
};

static void connect_start(struct connection *c);

/* ---- small things -------------------------------------------------------------------------------------------------------------- */

static int64_t now_ms(struct connection *c)
{
    uint64_t usec = 0;

    (void)sd_event_now(c->event, CLOCK_BOOTTIME, &usec);
    return (int64_t)(usec / 1000);
}

static void timer_set(struct connection *c, int64_t in_ms)
{
    (void)sd_event_source_set_time(c->timer, (uint64_t)(now_ms(c) + in_ms) * 1000);
    (void)sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
}

/* libpq's texts have lines; people get the first. */
static void one_line(char *to, size_t size, const char *from)
{
    text_copy(to, size, from);
    to[strcspn(to, "\n")] = '\0';
    for (char *c = to; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = ' ';
}

static void io_drop(struct connection *c)
{
    c->io = sd_event_source_disable_unref(c->io);
}

static void entry_free(struct entry *entry)
{
    PQclear(entry->result);
    free(entry);
}

/* ---- the end of a connection ----------------------------------------------------------------------------------------------------- */

static void say_trouble(struct connection *c)
{
    char text[500];

    if (text_equal(c->trouble, c->told))
        return;                 /* the hundredth attempt fails as the first did */
    text_copy(c->told, sizeof c->told, c->trouble);
    snprintf(text, sizeof text, "PostgreSQL (%s): %s", c->options.name, c->trouble);
    c->options.log(c->options.userdata, LOG_LEVEL_WARNING, text);
}

static void lost(struct connection *c, const char *why)
{
    struct entry *entries = c->head;
    bool was_ready = c->state == READY;

    one_line(c->trouble, sizeof c->trouble, why);
    io_drop(c);
    PQfinish(STEAL(c->conn));
    c->state = WAITING;
    c->life++;
    c->failing = c->held = false;
    c->head = NULL;
    c->tail = &c->head;
    c->pause_ms = backoff_next_ms(c->pause_ms, c->options.random());
    timer_set(c, c->pause_ms);
    say_trouble(c);
    while (entries) {
        struct entry *entry = entries;

        entries = entry->next;
        if (entry->done)
            entry->done(entry->userdata, &(struct answer){ .lost = true, .sqlstate = "", .text = c->trouble });
        entry_free(entry);
    }
    if (was_ready)
        c->options.down(c->options.userdata);
}

void connection_fail(struct connection *c, const char *why)
{
    if (c->state == WAITING || c->failing)
        return;
    c->failing = true;
    one_line(c->trouble, sizeof c->trouble, why);
    timer_set(c, 0);
}

/* ---- answers ---------------------------------------------------------------------------------------------------------------------- */

static void deadline_set(struct connection *c)
{
    if (c->failing)
        return;
    c->head_since_ms = now_ms(c);
    if (c->head)
        timer_set(c, c->options.statement_timeout_ms + ANSWER_GRACE_MS);
    else
        (void)sd_event_source_set_enabled(c->timer, SD_EVENT_OFF);
}

/* Its sync has been answered: nothing more comes for it. */
static void head_finish(struct connection *c)
{
    struct entry *entry = c->head;
    struct answer answer = { .result = entry->refused ? NULL : entry->result, .sqlstate = entry->sqlstate, .text = entry->text };

    c->head = entry->next;
    if (!c->head)
        c->tail = &c->head;
    deadline_set(c);
    if (!entry->refused && !entry->result) {
        answer.text = "the server answered nothing";
        answer.sqlstate = "XX000";
    }
    answer.lost = entry->refused && sqlstate_class(entry->sqlstate) == SQLSTATE_LOST;
    PGresult *const given = answer.result;
    if (entry->done)
        entry->done(entry->userdata, &answer);
    if (given && !answer.result)
        entry->result = NULL;
    entry_free(entry);
}

static void head_refuse(struct entry *entry, const PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (entry->refused)
        return;                 /* what follows the first error is only its consequence */
    entry->refused = true;
    text_copy(entry->sqlstate, sizeof entry->sqlstate, text_or(PQresultErrorField(result, PG_DIAG_SQLSTATE), ""));
    one_line(entry->text, sizeof entry->text, message ? message : PQresultErrorMessage(result));
}

static void answers_take(struct connection *c)
{
    const unsigned life = c->life;
    int nothing = 0;

    while (c->life == life && !c->held && c->head && nothing < 2 && !PQisBusy(c->conn)) {
        PGresult *result = PQgetResult(c->conn);

        if (!result) {
            nothing++;          /* one ends a statement; two in a row: there is nothing */
            continue;
        }
        nothing = 0;
        switch ((int)PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC:
            PQclear(result);
            head_finish(c);
            break;
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            PQclear(c->head->result);
            c->head->result = result;
            break;
        default:
            head_refuse(c->head, result);
            PQclear(result);
            break;
        }
    }
}

/* ---- traffic ---------------------------------------------------------------------------------------------------------------------- */

static void flush(struct connection *c)
{
    int left = PQflush(c->conn);
    uint32_t mask = left == 0 ? EPOLLIN : EPOLLIN | EPOLLOUT;

    if (left < 0)
        connection_fail(c, PQerrorMessage(c->conn));
    else if (mask != c->mask && c->io && sd_event_source_set_io_events(c->io, mask) >= 0)
        c->mask = mask;
}

static bool notifications_take(struct connection *c)
{
    bool any = false;

    for (PGnotify *notify; (notify = PQnotifies(c->conn)); PQfreemem(notify))
        any = true;
    return any;
}

static void traffic(struct connection *c)
{
    const unsigned life = c->life;
    bool alive = PQconsumeInput(c->conn) != 0, notified;
    char why[400];

    one_line(why, sizeof why, alive ? "" : PQerrorMessage(c->conn));
    answers_take(c);            /* also what came before the end */
    if (c->life != life)
        return;
    notified = notifications_take(c);
    if (!alive || PQstatus(c->conn) == CONNECTION_BAD)
        lost(c, *why ? why : PQerrorMessage(c->conn));
    else
        flush(c);
    if (notified && c->life == life && c->options.notified)
        c->options.notified(c->options.userdata);
}

void connection_send(struct connection *c, const struct sql_statement *statement, const char *const *parameters, answer_done done, void *userdata)
{
    struct entry *entry = must_calloc(1, sizeof *entry);

    assert(c->state == READY || c->state == SETTING_UP);
    assert(statement && statement->n_params <= CONNECTION_PARAMETERS_MAX);
    entry->done = done;
    entry->userdata = userdata;
    *c->tail = entry;
    c->tail = &entry->next;
    if (c->head == entry)
        deadline_set(c);
    if (c->failing)
        return;                 /* answered as lost, like all others */
    if (!PQsendQueryParams(c->conn, statement->text, statement->n_params, NULL, parameters, NULL, NULL, 0) || !PQpipelineSync(c->conn))
        connection_fail(c, PQerrorMessage(c->conn));
    else
        flush(c);
}

void connection_hold(struct connection *c) { c->held = true; }

void connection_go_on(struct connection *c)
{
    c->held = false;
    deadline_set(c);            /* what waited did not wait for the server */
    if (c->conn)
        answers_take(c);
}

/* ---- the beginning of a connection --------------------------------------------------------------------------------------------------- */

static void drop_notice(void *userdata, const PGresult *result)
{
    (void)userdata;
    (void)result;
}

static void on_session(void *userdata, struct answer *answer)
{
    struct connection *c = userdata;

    if (answer->lost)
        return;
    if (!answer->result) {
        connection_fail(c, answer->text);
        return;
    }
    c->state = READY;
    *c->trouble = '\0';
    c->options.ready(c->options.userdata);
}

static void session_begin(struct connection *c)
{
    char statement_timeout[24], lock_timeout[24];
    const char *const parameters[] = { statement_timeout, lock_timeout };

    c->state = SETTING_UP;
    snprintf(statement_timeout, sizeof statement_timeout, "%lld", (long long)c->options.statement_timeout_ms);
    snprintf(lock_timeout, sizeof lock_timeout, "%lld", (long long)c->options.lock_timeout_ms);
    if (PQsetnonblocking(c->conn, 1) != 0 || !PQenterPipelineMode(c->conn))
        lost(c, "cannot switch the connection to pipeline mode");
    else
        connection_send(c, sql_statement_find("session"), parameters, on_session, c);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata);

static void io_add(struct connection *c, uint32_t mask)
{
    int r = sd_event_add_io(c->event, &c->io, PQsocket(c->conn), mask, on_io, c);

    c->mask = mask;
    if (r >= 0)
        (void)sd_event_source_set_priority(c->io, c->options.priority);
    else
        connection_fail(c, strerror(-r));
}

static void connect_poll(struct connection *c)
{
    PostgresPollingStatusType next;

    io_drop(c);
    next = PQconnectPoll(c->conn);
    switch (next) {
    case PGRES_POLLING_READING:
    case PGRES_POLLING_WRITING:
        io_add(c, next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT);
        break;
    case PGRES_POLLING_OK:
        io_add(c, EPOLLIN);
        session_begin(c);
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        lost(c, PQerrorMessage(c->conn));
        break;
    }
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct connection *c = userdata;

    (void)source;
    (void)fd;
    (void)revents;
    if (c->state == CONNECTING)
        connect_poll(c);
    else
        traffic(c);
    return 0;
}

static void connect_start(struct connection *c)
{
    char name[64];
    /* What stands before dbname can be changed by the conninfo, what stands behind it cannot. */
    const char *const keys[] = { "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
                                 "dbname", "application_name", NULL };
    const char *const values[] = { "1", "10", "5", "3", "20000", c->database, name, NULL };

    snprintf(name, sizeof name, "trunkd %s", c->options.name);
    c->state = CONNECTING;
    timer_set(c, CONNECT_TIMEOUT_MS);
    c->conn = PQconnectStartParams(keys, values, /* expand_dbname= */ 1);
    if (c->conn)
        PQsetNoticeReceiver(c->conn, drop_notice, NULL);        /* libpq's own writes to standard error, from the first message on */
    if (!c->conn)
        lost(c, "out of memory");
    else if (PQstatus(c->conn) == CONNECTION_BAD)
        lost(c, PQerrorMessage(c->conn));
    else
        io_add(c, EPOLLOUT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct connection *c = userdata;
    char why[400];

    (void)source;
    (void)usec;
    text_copy(why, sizeof why, c->trouble);
    if (c->failing)
        lost(c, why);
    else if (c->state == WAITING)
        connect_start(c);
    else if (c->state == CONNECTING)
        lost(c, "no connection within 10 s");
    else if (c->head && now_ms(c) - c->head_since_ms >= c->options.statement_timeout_ms + ANSWER_GRACE_MS)
        lost(c, "the server does not answer");
    return 0;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------------------- */

bool connection_new(struct sd_event *event, const struct connection_options *options, struct connection **ret_connection, struct err *err)
{
    struct connection *c = must_calloc(1, sizeof *c);
    int r;

    c->options = *options;
    c->database = must_strdup(options->database);
    c->event = sd_event_ref(event);
    c->tail = &c->head;
    r = sd_event_add_time_relative(event, &c->timer, CLOCK_BOOTTIME, 0, 1000, on_timer, c);
    if (r >= 0)     /* after the io source: an answer that has come is not overdue, however long this process was stopped */
        r = sd_event_source_set_priority(c->timer, options->priority + 1);
    if (r < 0) {
        connection_free(c);
        return err_set(err, ERR_BUG, "no timer for a database connection: %s", strerror(-r));
    }
    text_copy(c->trouble, sizeof c->trouble, "connecting");
    *ret_connection = c;
    return true;
}

void connection_free(struct connection *c)
{
    if (!c)
        return;
    io_drop(c);
    sd_event_source_disable_unref(c->timer);
    PQfinish(c->conn);
    while (c->head) {
        struct entry *entry = c->head;

        c->head = entry->next;
        entry_free(entry);
    }
    sd_event_unref(c->event);
    free(c->database);
    free(c);
}

bool connection_is_ready(const struct connection *c) { return c->state == READY && !c->failing; }

void connection_proven(struct connection *c)
{
    c->pause_ms = 0;
    if (*c->told) {
        char text[64];

        *c->told = '\0';
        snprintf(text, sizeof text, "PostgreSQL (%s): connected again", c->options.name);
        c->options.log(c->options.userdata, LOG_LEVEL_NOTICE, text);
    }
}

const char *connection_trouble(const struct connection *c) { return c->trouble; }
