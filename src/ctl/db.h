/* The database as the verbs see it: one connection, one statement after the other, every failure as one sentence.
 *
 * What the database's rules refuse (a constraint, a trigger, a right) has class ERR_REJECTED; the server's hint follows its
 * message. All else (no connection, no schema, a lock that was not had in time) has another class. */
#ifndef TRUNKD_CTL_DB_H
#define TRUNKD_CTL_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/cleanup.h>
#include <trunkd/err.h>

#include "options.h"

#define DB_PARAMETERS_MAX 8

struct db;
struct rows;

MUST_CHECK bool db_open(const struct options *, struct db **ret, struct err *);
void db_close_at(struct db **);                 /* for CLEANUP; takes back what was not committed */

/* A statement of sql/queries with its parameters as text (NULL is null), one for each `-- param:` of its header. ret_rows may be NULL. */
MUST_CHECK bool db_statement(struct db *, const char *name, const char *const *values, struct rows **ret_rows, struct err *);
/* Many statements at once, no parameters: a migration, `begin`, `commit`. */
MUST_CHECK bool db_script(struct db *, const char *sql, struct err *);

bool db_lock_was_busy(const struct db *);       /* the last call failed because a lock was not had in time */
const char *db_error_column(const struct db *); /* the column that the last call was refused for; "" when it names none */
int db_server_version(const struct db *);       /* 150020 */
const char *db_name(const struct db *);

size_t rows_count(const struct rows *);
const char *rows_cell(const struct rows *, size_t row, size_t column);  /* NULL is null; lives as long as the rows */
bool rows_true(const struct rows *, size_t row, size_t column);         /* a boolean cell is true */
int64_t rows_int(const struct rows *, size_t row, size_t column);       /* 0 where there is no integer */
void rows_free_at(struct rows **);

#endif
