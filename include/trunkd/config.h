/* The configuration file of trunkd: what a machine needs to know before it can read the database.
 *
 *   database: "host=/run/postgresql dbname=trunkd user=trunkd"    # left out: libpq's environment variables
 *   secrets_directory: secrets                                    # relative paths begin where the file lies
 *   keys: [keys]                                                  # key files or directories, oldest first
 *   allowed_origins: ["https://proxy.example.net"]
 *   metrics: 127.0.0.1:9469                                       # left out: no metrics
 *   log_level: info                                               # error, warning, notice, info, debug
 *   timing:                                                       # every field of struct settings, without _ms
 *     lease: 15s
 *     corrupted_attempts: 10
 *
 * Read in one go; all that is wrong is said at once. */
#ifndef TRUNKD_CONFIG_H
#define TRUNKD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/cleanup.h>
#include <trunkd/core.h>

#define CONFIG_BYTES_MAX (1u << 20)
#define CONFIG_LIST_MAX 64              /* items of a list */
#define CONFIG_COMPLAINTS_BYTES_MAX (64u << 10)

struct config_place { size_t line, column; };       /* from 1 */

struct config {
    struct arena arena;                 /* everything below lies here */
    const char *database;               /* conninfo; "": libpq's defaults */
    const char *secrets_directory;      /* NULL: none */
    const char **key_paths;
    size_t key_paths_count;
    enum log_level log_level;
    const char *metrics;                /* where figures are shown; "": nowhere */
    struct config_place database_at, metrics_at;        /* where they are given, for the rooms that know what they may be */
    struct settings settings;           /* origins included */
};

/* False: *complaints has lines "file:line:column: sentence", each followed by the line of the file (left out where it may hold
 * a password) and a caret. ret_config is untouched then. complaints is initialised by the caller. */
MUST_CHECK bool config_read(const char *path, struct config *ret_config, struct buf *complaints);
MUST_CHECK bool config_parse(const char *path, const char *text, size_t bytes, struct config *ret_config, struct buf *complaints);
void config_release(struct config *);

/* What may stand in the file, for the manual: its keys, and those of the map timing. False: there is no such key. */
struct config_key {
    const char *name, *what;            /* one sentence for people */
    bool is_count;                      /* else min, max and otherwise are in milliseconds */
    int64_t min, max, otherwise;        /* of the map timing; otherwise: what holds if nothing is said */
};
bool config_key(size_t i, struct config_key *ret);
bool config_timing(size_t i, struct config_key *ret);

/* "30s", "500ms", "2m", "1h30m", "7d": whole numbers with a unit, the larger unit first. False: it is none, or over ten years. */
MUST_CHECK bool duration_parse(const char *text, int64_t *ret_ms);

#endif
