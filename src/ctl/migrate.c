/* trunkctl migrate: each migration in a transaction of its own, never in the way of applications, as sql/schema/README says. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <trunkd/statements.h>
#include <trunkd/text.h>

#include "db.h"
#include "verb.h"

#define SERVER_VERSION_MIN 130000
#define ATTEMPTS_MAX 10             /* of two seconds each, with a pause between them that lets others work */
#define PAUSE_MS 500

enum step { STEP_APPLIED, STEP_PRESENT, STEP_FAILED, STEP_BUSY };

MUST_CHECK static bool connect_checked(const struct options *options, struct db **ret, struct err *err)
{
    CLEANUP(db_close_at) struct db *db = NULL;

    if (!db_open(options, &db, err))
        return false;
    if (db_server_version(db) < SERVER_VERSION_MIN)
        return err_set(err, ERR_CONFIG, "trunkd needs PostgreSQL 13 or later; the server of database %s is %d.%d", db_name(db),
                       db_server_version(db) / 10000, db_server_version(db) % 10000);
    *ret = STEAL(db);
    return true;
}

MUST_CHECK static bool is_new(struct db *db, bool *ret, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "migrate_is_new", NULL, &rows, err))
        return false;
    *ret = rows_true(rows, 0, 0);
    return true;
}

/* Whether a migration is there already. A database whose migration of that number has another text is not touched. */
MUST_CHECK static bool is_applied(struct db *db, const struct sql_migration *migration, bool *ret, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    char number[16];
    const char *const values[] = { number, migration->text };
    bool new;

    if (!is_new(db, &new, err))
        return false;
    *ret = false;
    if (new)
        return true;
    snprintf(number, sizeof number, "%d", migration->number);
    if (!db_statement(db, "migrate_applied", values, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return true;
    if (!rows_true(rows, 0, 1))
        return err_set(err, ERR_CONFIG, "migration %s of database %s is not the one that this trunkctl has: it comes from another version",
                       rows_cell(rows, 0, 0), db_name(db));
    *ret = true;
    return true;
}

/* A database that somebody's newer trunkctl has migrated is not for this one. */
MUST_CHECK static bool check_not_newer(struct db *db, int64_t *ret_version, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    int known = sql_migrations[sql_migrations_count - 1].number;
    bool new;

    if (!is_new(db, &new, err))
        return false;
    *ret_version = 0;
    if (new)
        return true;
    if (!db_statement(db, "migrate_version", NULL, &rows, err))
        return false;
    *ret_version = rows_int(rows, 0, 0);
    if (*ret_version > known)
        return err_set(err, ERR_CONFIG, "database %s has schema %" PRId64 ", which is newer than this trunkctl (schema %d): use the newer one",
                       db_name(db), *ret_version, known);
    return true;
}

MUST_CHECK static bool apply_text(struct db *db, const struct sql_migration *migration, struct err *err)
{
    char number[16];
    const char *const values[] = { number, migration->name, migration->text };

    snprintf(number, sizeof number, "%d", migration->number);
    if (db_script(db, migration->text, err) && db_statement(db, "migrate_record", values, NULL, err) && db_script(db, "commit", err))
        return true;
    return err_prefix(err, "%s: ", migration->name);
}

static enum step apply_one(struct db *db, const struct sql_migration *migration, struct err *err)
{
    struct err second;
    bool applied, busy;

    if (db_script(db, "begin", err) && db_statement(db, "migrate_lock", NULL, NULL, err) && is_applied(db, migration, &applied, err)) {
        if (applied && db_script(db, "commit", err))
            return STEP_PRESENT;
        if (!applied && apply_text(db, migration, err))
            return STEP_APPLIED;
    }
    busy = db_lock_was_busy(db);
    if (!db_script(db, "rollback", &second))
        return STEP_FAILED;
    return busy ? STEP_BUSY : STEP_FAILED;
}

static void pause_ms(int64_t ms)
{
    struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static enum step apply_patiently(struct db *db, const struct sql_migration *migration, struct err *err)
{
    enum step step = apply_one(db, migration, err);

    for (int attempt = 1; step == STEP_BUSY && attempt < ATTEMPTS_MAX; attempt++) {
        fprintf(stderr, "trunkctl: %s waits for a lock that somebody holds; trying again\n", migration->name);
        pause_ms(PAUSE_MS);
        step = apply_one(db, migration, err);
    }
    if (step == STEP_BUSY)
        err_set(err, ERR_TRANSIENT, "%s could not have its lock in %d attempts: end the transaction that holds it (see pg_locks), then run "
                "trunkctl migrate again; what is applied stays", migration->name, ATTEMPTS_MAX);
    return step;
}

static enum exit_code show_status(struct db *db, int64_t version)
{
    int known = sql_migrations[sql_migrations_count - 1].number;

    if (version == 0)
        printf("database %s has no schema trunkd; this trunkctl brings schema %d\n", db_name(db), known);
    else if (version < known)
        printf("database %s has schema %" PRId64 "; this trunkctl brings schema %d\n", db_name(db), version, known);
    else
        printf("database %s is up to date: schema %" PRId64 "\n", db_name(db), version);
    return version < known ? EXIT_PENDING : EXIT_DONE;
}

enum exit_code run_migrate(const struct options *options)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    size_t applied = 0;
    int64_t version;
    struct err err;

    if (!connect_checked(options, &db, &err) || !check_not_newer(db, &version, &err))
        return fail_text("%s", err.text);
    if (options->status)
        return show_status(db, version);
    for (size_t i = 0; i < sql_migrations_count; i++) {
        enum step step = apply_patiently(db, &sql_migrations[i], &err);

        if (step == STEP_FAILED || step == STEP_BUSY)
            return fail_text("%s", err.text);
        if (step == STEP_APPLIED) {
            printf("applied %s\n", sql_migrations[i].name);
            applied++;
        }
    }
    if (applied == 0)
        printf("database %s is up to date: schema %d\n", db_name(db), sql_migrations[sql_migrations_count - 1].number);
    return EXIT_DONE;
}
