/* A model of PostgreSQL with the schema trunkd: the tables, trunkd.commit(), the snapshots and the lease, on one clock of its own.
 *
 * Rows are JSON objects of all their columns; a time column X_at holds milliseconds of the database's clock. A row that is
 * stored is never changed in place: a change stores a new object, so that a unit can be taken back whole. */
#ifndef TRUNKD_TESTS_SIM_DB_H
#define TRUNKD_TESTS_SIM_DB_H

#include <json-c/json.h>
#include <trunkd/core.h>

struct db_old { char *table, *key; struct json_object *row; };

struct db {
    int64_t now_ms;                     /* of its own clock, which no daemon shares */
    struct json_object *tables;         /* table -> key -> row */
    struct json_object *defaults;       /* table -> a row of defaults */
    struct json_object *events;         /* in order of time */
    int64_t sequence;                   /* of generations, versions and ids alike */
    struct { char holder[32]; int64_t epoch, expires_at; } lease;
    struct db_old *undo;                /* of the unit that is being applied */
    size_t undo_count, undo_capacity;
    char message[1024];                 /* of the last unit that was not applied */
};

void db_init(struct db *);
void db_release(struct db *);

/* What applications do. `columns` is merged into the row (a new one when there is none); NULL deletes it. One call is one
 * statement; as nothing happens between two calls, calls in a row are one transaction. */
void db_wish(struct db *, const char *table, const char *key, const char *columns);
void db_ask(struct db *, const char *verb, const char *object_type, const char *object, const char *name);

/* What the daemon does. */
enum commit_outcome db_commit(struct db *, int64_t epoch, const char *unit);
/* [{"what","key","row": text or null}]; the caller puts it. *shown is the moment of the last one: news are what was marked since. */
struct json_object *db_snapshot(struct db *, enum read_what, int64_t *shown);
int64_t db_lease(struct db *, enum lease_action, const char *holder, int64_t epoch, int64_t lease_ms);  /* the epoch, or 0 */

/* What a test looks at. Borrowed; NULL: there is none. */
struct json_object *db_table(const struct db *, const char *table);
struct json_object *db_row(const struct db *, const char *table, const char *key);
const char *db_text(struct json_object *row, const char *column);       /* "" for null and for what is not there */
int64_t db_int(struct json_object *row, const char *column);
bool db_bool(struct json_object *row, const char *column);
/* What happens to a ledger behind the daemon's back: the last seconds of the database are lost. */
void db_lose(struct db *, const char *table, const char *key);

#endif
