/* What went wrong, for the caller who must decide and for the person who must read it.
 *
 * The caller owns a struct err; it needs no allocation and is untouched on success. A function that can fail is
 * `MUST_CHECK bool f(..., struct err *err)`; err may be NULL where nobody wants the reason. Nobody logs and returns. */
#ifndef TRUNKD_ERR_H
#define TRUNKD_ERR_H

#include <stdbool.h>
#include <trunkd/cleanup.h>

enum err_class {
    ERR_NONE,
    ERR_TRANSIENT,      /* worth another try later */
    ERR_REJECTED,       /* the input is wrong and stays wrong */
    ERR_AMBIGUOUS,      /* it may have happened: look, do not repeat */
    ERR_CONFIG,         /* a person must change a setting */
    ERR_LIMIT,          /* larger than we accept */
    ERR_BUG,            /* ours */
};

#define ERR_TEXT_BYTES 512

struct err {
    enum err_class class;
    char text[ERR_TEXT_BYTES];      /* one sentence: what, where, how to mend it */
};

/* Fills *err (if any); always returns false, so that `return err_set(...)` ends a function. */
bool err_set(struct err *err, enum err_class class, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Puts context in front of the text, keeping the cause: "contrib/a.yaml: " + text. Always returns false. */
bool err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
