/* Manifests: YAML documents of five kinds, read and checked whole before the database hears of them.
 *
 * One table per kind (fields.c) drives reading, checking and the columns that are written. Every error of every file is collected,
 * with file, line, column and the line itself; a line that may hold a secret is cut before it. */
#ifndef TRUNKD_CTL_MANIFEST_H
#define TRUNKD_CTL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>

#define API_VERSION "trunkd/v1"
#define MANIFEST_FILE_BYTES_MAX (16u << 20)
#define MANIFEST_DOCUMENTS_MAX 200000
#define MANIFEST_ERRORS_SHOWN 100       /* a file of another program has one in every line */
#define MANIFEST_FIELDS_MAX 16

/* In the order in which they depend on each other. */
enum manifest_kind { MANIFEST_PROJECT, MANIFEST_ACCOUNT, MANIFEST_AGENT, MANIFEST_TRUNK, MANIFEST_NUMBER, MANIFEST_MAX_ };

enum field_type {
    FIELD_TEXT,         /* anything, also nothing */
    FIELD_NAME,         /* of another object: not empty */
    FIELD_WORD,         /* one of some words */
    FIELD_BOOL,
    FIELD_INT,
    FIELD_SECRET,       /* a reference; its text is never shown */
    FIELD_NUMBERS,      /* a list of E.164 numbers; no column */
    FIELD_DOCUMENT,     /* a map of settings (settings.def), in a column of that document's name */
};

struct manifest_field {
    const char *key, *column;
    enum field_type type;
    const char *what;                   /* one sentence for people */
    bool required;
    int64_t min, max;                   /* of FIELD_INT */
    const char *const *words;           /* of FIELD_WORD; NULL-terminated */
};

struct manifest_table {
    const char *kind;                   /* as in a manifest: "PhoneNumber" */
    const char *table, *key_column;
    bool name_is_number;
    const struct manifest_field *fields;
    size_t field_count;
};
extern const struct manifest_table manifest_tables[MANIFEST_MAX_];

struct yaml;
struct place { const char *file; size_t line, column; };     /* line and column count from 1 */

/* One document. Values are texts as PostgreSQL takes them. */
struct object {
    enum manifest_kind kind;
    size_t order;                                       /* as written */
    const char *name;
    const char *labels;                                 /* a JSON object */
    const char *values[MANIFEST_FIELDS_MAX];            /* NULL: not written */
    struct place at, name_at, labels_at, places[MANIFEST_FIELDS_MAX];
    const struct yaml *spec;                            /* as written; NULL: not */
    const char **numbers;                               /* of FIELD_NUMBERS */
    struct place *number_places;
    size_t number_count;
    bool has_numbers;
};

struct source { const char *file, *text; size_t bytes; };
struct complaint { struct place at; size_t file; const char *text; };      /* file: by its first complaint, else in order of being read */

struct manifest {
    struct object **objects;            /* sorted by kind; within a kind as written */
    size_t count, count_max;
    struct map by_name;                 /* "PhoneNumber/+1..." to object */
    struct map sources;                 /* file name to struct source */
    struct complaint complaints[MANIFEST_ERRORS_SHOWN];
    size_t error_count;                 /* more than are kept, perhaps */
    struct arena arena;
};

/* Reads files, folders and "-". The manifest is initialised here; release it in any case. */
MUST_CHECK bool manifest_load(const char *const *paths, size_t count, struct manifest *m);
/* What to print where something is wrong, in the arena: two lines for each error, the second with the line itself, as they stand in the files. */
const char *manifest_errors(struct manifest *);
void manifest_release(struct manifest *);

/* ---- between the files of this part */

/* One more error; shows the line it stands in. */
void manifest_error(struct manifest *, const struct place *, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Reads the documents of one file's text. */
void manifest_read(struct manifest *, const char *file, const char *text, size_t bytes);     /* keeps both pointers */
/* What documents say about each other: the same object twice, agents and their numbers. Sets agents named by lists only. */
void manifest_check(struct manifest *);
size_t field_index(const struct manifest_table *, const char *key);     /* field_count: there is none */

/* manifest_read.c: one value as the text that PostgreSQL takes, or NULL when it is wrong, which was said then. */
const char *manifest_text(struct manifest *, const char *file, const struct yaml *, const char *key);
const char *manifest_bool(struct manifest *, const char *file, const struct yaml *, const char *key);
const char *manifest_int(struct manifest *, const char *file, const struct yaml *, const struct manifest_field *);
enum secret_space { SECRET_ACCOUNT, SECRET_SIP, SECRET_MAX_ };
#define SECRET_PREFIXES 3
extern const char *const secret_prefixes[SECRET_MAX_][SECRET_PREFIXES];      /* how a reference begins; a name follows */
/* A reference. The text is never repeated when it is wrong: it may be the secret itself. */
const char *manifest_secret(struct manifest *, const char *file, const struct yaml *, const char *key, enum secret_space);
const char *manifest_word(struct manifest *, const char *file, const struct yaml *, const struct manifest_field *);
/* Says of each key of a map that is not among `known` (NULL-terminated) what it might have been. */
void manifest_refuse_unknown(struct manifest *, const char *file, const struct yaml *map, const char *where, const char *const *known);

/* settings.c: a document of settings as JSON text */
const char *settings_read(struct manifest *, const char *file, const struct yaml *, const struct manifest_field *);

#endif
