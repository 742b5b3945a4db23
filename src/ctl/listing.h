/* Lists of things: rows that the database gives as JSON, shown as a table or as they are. */
#ifndef TRUNKD_CTL_LISTING_H
#define TRUNKD_CTL_LISTING_H

#include "db.h"
#include "out.h"
#include "verb.h"

#define LISTING_ID 3                    /* column: what the row is, among all of its kind */
#define AGE "(age)"                     /* a column's key: the third column of the statement, in seconds */
#define AT "(at)"                       /* as well: the fifth, of events */

struct listing {
    const char *words[6];               /* what people call it, in lower case; NULL-terminated */
    const char *noun;                   /* "phone number" */
    const char *statement;              /* of sql/queries: name, row as JSON, age in seconds, id */
    bool has_labels;
    struct column { const char *header, *key; } columns[COLUMNS_MAX];   /* keys of the JSON; ends with an empty one */
    const struct column *wide;          /* more of them, for -o wide; NULL: none */
    bool is_log;                        /* is read for its messages: they are not cut to the terminal */
};

/* What trunkctl get knows (get.c). */
extern const struct listing listings[];
extern const size_t listing_count;

/* What the options show of a row, but its age: as long as that is the same, nobody sees a change. */
const char *listing_look(const struct listing *, const struct rows *, size_t row, const struct options *, struct arena *);

/* Prints rows of such a statement as the options say. chosen: which of them, NULL: all. widths: as table_print takes them. With --watch a
 * row is a document of its own in JSON, one a line, and in YAML. */
enum exit_code listing_print(const struct listing *, const struct rows *, const bool *chosen, size_t *widths, const struct options *);

#endif
