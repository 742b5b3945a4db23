/* Golden files: what a test prints is compared with tests/golden/NAME. UPDATE_GOLDEN=1 writes them anew; read the difference
 * before it is committed. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/buf.h>
#include <trunkd/text.h>

#define GOLDEN_BYTES_MAX (1u << 20)

static inline void golden_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void golden_read(const char *path, struct buf *to)
{
    FILE *file = fopen(path, "re");
    int c;

    if (!file)
        fail_msg("there is no %s: UPDATE_GOLDEN=1 makes it", path);
    while ((c = fgetc(file)) != EOF)
        buf_addc(to, (char)c);
    fclose(file);
}

/* Compares and releases what was seen. */
static inline void golden_check(const char *name, struct buf *seen)
{
    char path[4096];
    struct buf expected;

    snprintf(path, sizeof(path), "%s/tests/golden/%s", text_or(getenv("TRUNKD_SRCDIR"), "."), name);
    if (getenv("UPDATE_GOLDEN"))
        golden_write(path, seen->data);
    buf_init(&expected, GOLDEN_BYTES_MAX);
    golden_read(path, &expected);
    assert_string_equal(seen->data, expected.data);
    buf_release(&expected);
    buf_release(seen);
}

#endif
