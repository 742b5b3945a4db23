/* YAML as a tree of plain values with the place of each, strict: what could surprise a reader is refused.
 *
 * Refused with line, column and a sentence: what is not YAML, keys written twice, keys that are not text, anchors, aliases, tags,
 * directives, nesting over YAML_DEPTH_MAX, a text with a NUL in it. The first thing that is not YAML ends the reading; of the
 * others all are reported. A scalar keeps the text as written: what it means is the reader's business, see yaml_plain(). */
#ifndef TRUNKD_YAML_H
#define TRUNKD_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/arena.h>

#define YAML_DEPTH_MAX 32

enum yaml_type { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_type type;
    const char *text;               /* of YAML_TEXT */
    bool quoted;                    /* in quotes, or a block: a text whatever it looks like */
    size_t line, column;            /* from 1 */
    const struct yaml *key;         /* in a map */
    struct yaml *child, *next;      /* of a map or list; siblings, or documents, in order */
};

/* What YAML 1.1 makes of a text without quotes. A parser that knows less must not let `no` or +1415… pass as a text. */
enum yaml_meaning { YAML_MEANS_TEXT, YAML_MEANS_NULL, YAML_MEANS_BOOL, YAML_MEANS_NUMBER, YAML_MEANS_DATE };
enum yaml_meaning yaml_plain(const struct yaml *);      /* quoted texts, lists and maps: YAML_MEANS_TEXT */

typedef void yaml_complain(void *userdata, size_t line, size_t column, const char *sentence);

/* Reads all documents of a text; empty ones are left out. NULL when there is none, or when something was complained about. */
struct yaml *yaml_read(struct arena *, const char *text, size_t bytes, size_t documents_max, yaml_complain *, void *userdata);

/* A text as people mean it: NULL, and the text; or, where a list or map stands, or a plain `no`, 123 or +1415…, which are something else to
 * YAML, a sentence about `what`, in the arena. */
MUST_CHECK const char *yaml_text(struct arena *, const struct yaml *, const char *what, const char **ret_text);

/* The value of a key; NULL when it is not there or `map` is no map. */
struct yaml *yaml_get(const struct yaml *map, const char *key);

struct buf;
struct json;
/* Adds JSON as one document, which reads back as the same: a text that YAML could take for something else is in quotes. False: no room. */
MUST_CHECK bool yaml_write(struct buf *, const struct json *);

#endif
