/* libpq, used the plain way: this program has nothing else to do while it waits for an answer. */
#include "db.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <trunkd/statements.h>
#include <trunkd/text.h>

struct db {
    PGconn *conn;
    bool lock_was_busy;
    char error_column[64];
};

struct rows { PGresult *result; };

/* Class of the first two characters of an SQLSTATE: what the machine, and the person, may do about it. */
static enum err_class class_of(const char *sqlstate)
{
    /* 02 not there, 0A not supported here (TRUNCATE), 22 bad value, 23 constraint, 2F and P0 raised by a function, 42501 no right,
     * 55000 in a state that does not allow it. */
    static const char *const refusals[] = { "02", "0A", "22", "23", "2F", "P0", "42501", "55000" };

    if (text_equal(sqlstate, "55P03") || text_starts(sqlstate, "40"))
        return ERR_TRANSIENT;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        if (text_starts(sqlstate, refusals[i]))
            return ERR_REJECTED;
    return ERR_CONFIG;
}

/* One line: libpq breaks its own, and indents what follows. */
static void drop_newline(char *text)
{
    char *to = text;

    for (const char *c = text; *c; c++)
        if (*c != '\n' && *c != '\t')
            *to++ = *c;
        else if (*c == '\n' && c[1])
            *to++ = ' ';
    *to = '\0';
}

/* The server's DETAIL is shown for keys only: that of a NOT NULL or CHECK violation prints the row, secrets included. */
static bool error_sentence(struct db *db, const PGresult *result, struct err *err)
{
    const char *sqlstate = text_or(PQresultErrorField(result, PG_DIAG_SQLSTATE), "");
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

    db->lock_was_busy = text_equal(sqlstate, "55P03");
    text_copy(db->error_column, sizeof db->error_column, text_or(PQresultErrorField(result, PG_DIAG_COLUMN_NAME), ""));
    if (text_equal(sqlstate, "3F000") || text_equal(sqlstate, "42P01") || text_equal(sqlstate, "42883") || text_equal(sqlstate, "42703"))
        return err_set(err, ERR_CONFIG, "database %s has no schema trunkd, or not that of this version (%s); run trunkctl migrate",
                       PQdb(db->conn), text_or(message, "no message"));
    if (!message) {
        err_set(err, ERR_TRANSIENT, "the connection to PostgreSQL was lost: %s", PQerrorMessage(db->conn));
        drop_newline(err->text);
        return false;
    }
    if (!text_equal(sqlstate, "23503") && !text_equal(sqlstate, "23505"))
        detail = NULL;
    if (text_equal(sqlstate, "42501") && text_starts(message, "permission denied for ") && !text_starts(message, "permission denied for database"))
        err_set(err, ERR_REJECTED, "%s. PostgreSQL knows you as %s: grant it trunkd_reader to look, trunkd_app to change numbers, agents and trunks, "
                "or trunkd_admin to change accounts and projects too", message, PQuser(db->conn));
    else if (text_equal(sqlstate, "42501"))
        err_set(err, ERR_REJECTED, "%s. PostgreSQL knows you as %s: trunkctl migrate needs who owns the database and may create roles%s%s", message,
                PQuser(db->conn), hint ? ". " : "", text_or(hint, ""));
    else
        err_set(err, class_of(sqlstate), "%s%s%s%s%s", message, detail ? ". " : "", text_or(detail, ""), hint ? ". " : "", text_or(hint, ""));
    drop_newline(err->text);
    return false;
}

/* What PostgreSQL says by the way is for its own log; warnings are for people. */
static void notice(void *userdata, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    (void)userdata;
    if (text_equal(severity, "WARNING"))
        fprintf(stderr, "trunkctl: %s\n", text_or(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), ""));
}

bool db_open(const struct options *options, struct db **ret, struct err *err)
{
    const char *const keys[] = { "fallback_application_name", "client_encoding", options->database ? "dbname" : NULL, NULL };
    const char *const values[] = { "trunkctl", "UTF8", options->database, NULL };
    struct db *db = must_calloc(1, sizeof *db);

    db->conn = PQconnectdbParams(keys, values, /* expand_dbname= */ 1);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        err_set(err, ERR_CONFIG, "cannot connect to PostgreSQL%s: %s",
                PQconnectionNeedsPassword(db->conn) ? " without a password (which stands in ~/.pgpass or PGPASSWORD)" : "",
                db->conn ? PQerrorMessage(db->conn) : "out of memory");
        drop_newline(err->text);
        db_close_at(&db);
        return false;
    }
    PQsetNoticeReceiver(db->conn, notice, NULL);
    *ret = db;
    return true;
}

void db_close_at(struct db **db)
{
    if (!*db)
        return;
    PQfinish((*db)->conn);
    free(*db);
    *db = NULL;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

bool db_statement(struct db *db, const char *name, const char *const *values, struct rows **ret_rows, struct err *err)
{
    const struct sql_statement *statement = sql_statement_find(name);
    PGresult *result;

    assert(statement && statement->n_params <= DB_PARAMETERS_MAX);
    result = PQexecParams(db->conn, statement->text, statement->n_params, NULL, values, NULL, NULL, /* text format */ 0);
    if (!is_good(result)) {
        error_sentence(db, result, err);
        PQclear(result);
        return false;
    }
    db->lock_was_busy = false;
    if (!ret_rows) {
        PQclear(result);
        return true;
    }
    *ret_rows = must_calloc(1, sizeof **ret_rows);
    (*ret_rows)->result = result;
    return true;
}

bool db_script(struct db *db, const char *sql, struct err *err)
{
    PGresult *result = PQexec(db->conn, sql);
    bool ok = is_good(result);

    db->lock_was_busy = false;
    if (!ok)
        error_sentence(db, result, err);
    PQclear(result);
    return ok;
}

bool db_lock_was_busy(const struct db *db)
{
    return db->lock_was_busy;
}

const char *db_error_column(const struct db *db)
{
    return db->error_column;
}

int db_server_version(const struct db *db)
{
    return PQserverVersion(db->conn);
}

const char *db_name(const struct db *db)
{
    return PQdb(db->conn);
}

size_t rows_count(const struct rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

const char *rows_cell(const struct rows *rows, size_t row, size_t column)
{
    if (PQgetisnull(rows->result, (int)row, (int)column))
        return NULL;
    return PQgetvalue(rows->result, (int)row, (int)column);
}

bool rows_true(const struct rows *rows, size_t row, size_t column)
{
    return text_equal(rows_cell(rows, row, column), "t");
}

int64_t rows_int(const struct rows *rows, size_t row, size_t column)
{
    const char *text = rows_cell(rows, row, column);
    int64_t value = 0;

    if (!text || !text_to_int(text, INT64_MIN, INT64_MAX, &value))
        return 0;
    return value;
}

void rows_free_at(struct rows **rows)
{
    if (!*rows)
        return;
    PQclear((*rows)->result);
    free(*rows);
    *rows = NULL;
}
