/* trunkctl doctor: whether all is well, one line for each thing, with the remedy where it is not. What the daemon knows it has written to
 * the database; besides that only this machine is looked at, and no provider is asked. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <trunkd/buf.h>
#include <trunkd/config.h>
#include <trunkd/statements.h>
#include <trunkd/text.h>
#include <unistd.h>

#include "db.h"
#include "out.h"
#include "verb.h"

#define CLOCK_APART_MAX_S 5         /* leases and times of events are the database's; people compare them with their own clock */
#define UNIT "trunkd.service"

#define REPORT_BYTES_MAX (64u << 20)

/* For people each line is printed as it is found, for programs all at the end. */
struct tally { size_t errors, warnings; bool for_programs; struct buf documents; };

static void report(struct tally *tally, const char *level, const char *what, const char *words, const char *remedy)
{
    tally->errors += text_equal(level, "error");
    tally->warnings += text_equal(level, "warning");
    if (tally->for_programs) {
        json_open(&tally->documents, '{');
        json_key_text(&tally->documents, "level", level);
        json_key_text(&tally->documents, "what", what);
        json_key_text(&tally->documents, "words", words);
        json_key_text(&tally->documents, "remedy", remedy);
        json_close(&tally->documents, '}');
        return;
    }
    enum tint colour = text_equal(level, "ok") ? TINT_GOOD : text_equal(level, "error") ? TINT_BAD : TINT_WAITS;
    printf("%s%-8s%s %s: %s\n", tint(colour), level, tint(TINT_NONE), what, words);
    for (size_t length; !text_is_empty(remedy); remedy += length + (remedy[length] == '\n')) {
        length = strcspn(remedy, "\n");
        printf("%-8s   %.*s\n", "", (int)length, remedy);
    }
}

/* ---- this machine ------------------------------------------------------------------------------------------------------------- */

static void check_configuration(struct tally *tally)
{
    const char *path = text_or(getenv("TRUNKD_CONFIG"), "/etc/trunkd/trunkd.yaml");
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(buf_release) struct buf complaints;
    struct config config = { 0 };

    buf_init(&complaints, CONFIG_COMPLAINTS_BYTES_MAX);
    if (access(path, R_OK) != 0) {
        bool there = errno != ENOENT;
        report(tally, "unknown", "configuration", path, there ? "it cannot be read by this user: run doctor as root" : "it is not on this machine; TRUNKD_CONFIG may name another file");
    } else if (config_read(path, &config, &complaints)) {
        report(tally, "ok", "configuration", path, NULL);
        config_release(&config);
    } else {
        report(tally, "error", "configuration", path, arena_printf(&arena, "mend what is wrong with it:\n%s", complaints.data));
    }
}

/* What `systemctl is-active` says; false: nothing. */
static bool unit_state(char *ret, size_t size)
{
    char program[] = "systemctl", verb[] = "is-active", unit[] = UNIT, *const arguments[] = { program, verb, unit, NULL };
    posix_spawn_file_actions_t actions;
    size_t length = 0;
    int ends[2];
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool ok = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    for (ssize_t n; ok && length < size - 1 && (n = read(ends[0], ret + length, size - 1 - length)) > 0;)
        length += (size_t)n;
    close(ends[0]);
    ret[length] = '\0';
    ret[strcspn(ret, "\n")] = '\0';
    if (ok)
        waitpid(child, NULL, 0);
    return ok && *ret;
}

static void check_unit(struct tally *tally)
{
    char state[32];

    if (!unit_state(state, sizeof state))
        report(tally, "unknown", "unit " UNIT, "systemd does not answer on this machine", NULL);
    else if (text_equal(state, "active") || text_equal(state, "reloading") || text_equal(state, "activating"))
        report(tally, "ok", "unit " UNIT, state, NULL);
    else if (text_equal(state, "failed"))
        report(tally, "error", "unit " UNIT, state, "journalctl -u trunkd says why; then systemctl reset-failed trunkd, and start it");
    else
        report(tally, "unknown", "unit " UNIT, state, "if the daemon should run on this machine: systemctl enable --now trunkd");
}

/* ---- the database ------------------------------------------------------------------------------------------------------------------ */

/* Both schemas have to know the views that the rest asks. */
static bool check_schema(struct tally *tally, struct db *db)
{
    CLEANUP(rows_free_at) struct rows *is_new = NULL;
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    int known = sql_migrations[sql_migrations_count - 1].number;
    char words[80];
    struct err err;

    if (!db_statement(db, "migrate_is_new", NULL, &is_new, &err)
        || (!rows_true(is_new, 0, 0) && !db_statement(db, "migrate_version", NULL, &rows, &err))) {
        report(tally, "error", "schema", err.text, NULL);
        return false;
    }
    int64_t version = rows ? rows_int(rows, 0, 0) : 0;
    snprintf(words, sizeof words, "%" PRId64 ", and this program knows %d", version, known);
    if (version < known)
        report(tally, "error", "schema", words, "trunkctl migrate brings it up to date");
    else
        report(tally, version > known ? "warning" : "ok", "schema", words, version > known ? "install the trunkctl and trunkd that brought it" : NULL);
    return version >= known;
}

static void check_clock(struct tally *tally, int64_t database_s)
{
    int64_t apart = (int64_t)time(NULL) - database_s;
    char words[80];

    snprintf(words, sizeof words, "%" PRId64 " s %s that of the database", apart < 0 ? -apart : apart, apart < 0 ? "behind" : "ahead of");
    if (apart > CLOCK_APART_MAX_S || apart < -CLOCK_APART_MAX_S)
        report(tally, "warning", "clock", words, "let both machines keep the time (systemd-timesyncd, chrony)");
    else
        report(tally, "ok", "clock", "agrees with that of the database", NULL);
}

static void check_database(struct tally *tally, const struct options *options)
{
    CLEANUP(db_close_at) struct db *db = NULL;
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    char version[60];
    struct err err;

    if (!db_open(options, &db, &err)) {
        report(tally, "error", "database", err.text, "say which one: -d, or PGHOST, PGDATABASE and PGUSER as for psql");
        return;
    }
    snprintf(version, sizeof version, "PostgreSQL %d.%d", db_server_version(db) / 10000, db_server_version(db) % 10000);
    report(tally, db_server_version(db) < 130000 ? "error" : "ok", "database", version, db_server_version(db) < 130000 ? "trunkd needs PostgreSQL 13 or later" : NULL);
    if (!check_schema(tally, db))
        return;
    if (!db_statement(db, "doctor", NULL, &rows, &err)) {
        report(tally, "error", "database", err.text, NULL);
        return;
    }
    if (rows_count(rows) > 0)
        check_clock(tally, rows_int(rows, 0, 4));
    for (size_t i = 0; i < rows_count(rows); i++)
        report(tally, rows_cell(rows, i, 1), rows_cell(rows, i, 0), rows_cell(rows, i, 2), rows_cell(rows, i, 3));
}

enum exit_code run_doctor(const struct options *options)
{
    struct tally tally = { .for_programs = options->output >= OUTPUT_JSON };
    struct err err;

    buf_init(&tally.documents, REPORT_BYTES_MAX);
    json_open(&tally.documents, '[');
    check_configuration(&tally);
    check_unit(&tally);
    check_database(&tally, options);
    json_close(&tally.documents, ']');
    bool printed = !tally.for_programs || documents_print(tally.documents.data, options->output == OUTPUT_YAML, &err);
    buf_release(&tally.documents);
    if (!printed)
        return fail(&err);
    if (tally.for_programs)
        return tally.errors > 0 ? EXIT_REFUSED : EXIT_DONE;
    if (tally.errors + tally.warnings == 0) {
        puts("\nall is well, as far as can be seen from here");
        return EXIT_DONE;
    }
    printf("\n%zu error%s, %zu warning%s\n", tally.errors, tally.errors == 1 ? "" : "s", tally.warnings, tally.warnings == 1 ? "" : "s");
    return tally.errors > 0 ? EXIT_REFUSED : EXIT_DONE;
}
