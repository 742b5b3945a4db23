/* One connection to PostgreSQL on an sd-event loop, in pipeline mode, opened again for ever.
 *
 * A statement's answer is given when its own sync has been answered, that is after its transaction ended: a row that was seen
 * before that may still be rolled back. */
#ifndef TRUNKD_PG_CONNECTION_H
#define TRUNKD_PG_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <trunkd/cleanup.h>
#include <trunkd/core.h>
#include <trunkd/err.h>
#include <trunkd/statements.h>

struct connection;
struct sd_event;

#define CONNECTION_PARAMETERS_MAX 4
#define CONNECT_TIMEOUT_MS 10000
#define ANSWER_GRACE_MS 5000            /* beyond the statement_timeout: then the server is taken for dead */

struct answer {
    PGresult *result;           /* rows, or a command that ended well; NULL when it did not. The callee may keep it: it leaves NULL */
    bool lost;                  /* the connection went: it may have happened */
    const char *sqlstate;       /* of an error, else "" */
    const char *text;           /* of an error or loss, else "": one line */
};
typedef void (*answer_done)(void *userdata, struct answer *);

struct connection_options {
    const char *name;                   /* "lease": for application_name and the log; lives as long as the connection */
    const char *database;
    int64_t statement_timeout_ms, lock_timeout_ms;
    int64_t priority;                   /* of its event sources */
    void (*ready)(void *userdata);      /* the session is set up: statements may be sent */
    void (*down)(void *userdata);       /* it was ready and is not any more; unanswered statements have been answered */
    void (*notified)(void *userdata);   /* may be NULL. One or more notifications came */
    void (*log)(void *userdata, enum log_level, const char *text);
    uint64_t (*random)(void);
    void *userdata;
};

/* No callback is made from inside these functions. None but connection_free is forbidden inside a callback. */
MUST_CHECK bool connection_new(struct sd_event *, const struct connection_options *, struct connection **ret_connection, struct err *err);
void connection_free(struct connection *);

bool connection_is_ready(const struct connection *);

/* Parameters are copied. Only while ready. `done` is called exactly once, at a later turn of the loop. */
void connection_send(struct connection *, const struct sql_statement *, const char *const *parameters, answer_done done, void *userdata);

/* No answer is given until connection_go_on(), which may give some: it is called from the loop. */
void connection_hold(struct connection *);
void connection_go_on(struct connection *);

/* Takes the connection for lost, at the next turn of the loop. */
void connection_fail(struct connection *, const char *why);

/* It has proven useful: the next loss is followed by the least pause. */
void connection_proven(struct connection *);

/* Why it is not ready; "" when it is. */
const char *connection_trouble(const struct connection *);

#endif
