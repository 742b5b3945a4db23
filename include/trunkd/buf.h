/* A string that grows up to a limit it was born with. Always NUL-terminated (data is never NULL after buf_init), may hold NULs.
 *
 * Exceeding the limit does not abort: the buffer is marked failed, holds what it held, and every later add is ignored. The
 * owner asks buf_ok() once at the end. That keeps writers free of error paths. */
#ifndef TRUNKD_BUF_H
#define TRUNKD_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/cleanup.h>

struct buf {
    char *data;
    size_t length;          /* without the final NUL */
    size_t capacity;
    size_t bytes_max;       /* without the final NUL */
    bool failed;
};

void buf_init(struct buf *, size_t bytes_max);
void buf_release(struct buf *);                 /* also for a zeroed struct; frees */
void buf_wipe(struct buf *);                    /* overwrites, then releases: for bytes with a secret in them */
void buf_reset(struct buf *);                   /* empty again, memory kept, failure forgotten */
bool buf_ok(const struct buf *);

void buf_add(struct buf *, const void *bytes, size_t length);
void buf_adds(struct buf *, const char *text);
void buf_addc(struct buf *, char c);
void buf_printf(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* JSON text, written left to right. The writer adds commas by looking at the last byte written: after `{`, `[`, `:` or `,`
 * none is due. Strings are escaped as RFC 8259 asks; bytes that are not UTF-8 are replaced by U+FFFD. */
void json_open(struct buf *, char bracket);                             /* '{' or '[' */
void json_close(struct buf *, char bracket);                            /* '}' or ']' */
void json_key(struct buf *, const char *key);
void json_text(struct buf *, const char *value);                        /* NULL writes null */
void json_text_n(struct buf *, const char *value, size_t length);
void json_int(struct buf *, int64_t value);
void json_boolean(struct buf *, bool value);
void json_raw(struct buf *, const char *json);                          /* already JSON; NULL writes null */
/* key and value in one call */
void json_key_text(struct buf *, const char *key, const char *value);   /* NULL writes null */
void json_key_int(struct buf *, const char *key, int64_t value);
void json_key_bool(struct buf *, const char *key, bool value);
void json_key_raw(struct buf *, const char *key, const char *json);

/* application/x-www-form-urlencoded: `&` between pairs, space as %20, everything but unreserved characters escaped. */
void form_pair(struct buf *, const char *key, const char *value);
void url_escape(struct buf *, const char *text);

#endif
