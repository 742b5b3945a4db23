/* A string that grows up to its limit, and the two ways of writing an URL-encoded form. */
#include <trunkd/buf.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/arena.h>

#define CAPACITY_MIN ((size_t)64)

void buf_init(struct buf *buf, size_t bytes_max)
{
    assert(bytes_max < SIZE_MAX / 2);
    *buf = (struct buf){ .bytes_max = bytes_max };
    buf->capacity = bytes_max + 1 < CAPACITY_MIN ? bytes_max + 1 : CAPACITY_MIN;
    buf->data = must_malloc(buf->capacity);
    buf->data[0] = '\0';
}

void buf_release(struct buf *buf)
{
    if (!buf)
        return;
    free(buf->data);
    *buf = (struct buf){ 0 };
}

void buf_wipe(struct buf *buf)
{
    if (buf && buf->data)
        explicit_bzero(buf->data, buf->capacity);
    buf_release(buf);
}

void buf_reset(struct buf *buf)
{
    assert(buf->data);
    buf->length = 0;
    buf->data[0] = '\0';
    buf->failed = false;
}

bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

/* Makes room for `more` bytes and the final NUL. What is left behind is overwritten: a buffer may carry a secret, and buf_wipe
 * sees only its last home. */
static bool buf_grow(struct buf *buf, size_t more)
{
    size_t capacity;
    char *data;

    assert(buf->data);
    assert(buf->length <= buf->bytes_max);
    if (buf->failed)
        return false;
    if (more > buf->bytes_max - buf->length) {
        buf->failed = true;
        return false;
    }
    if (buf->length + more < buf->capacity)
        return true;
    capacity = buf->capacity;
    while (capacity <= buf->length + more)
        capacity *= 2;
    if (capacity > buf->bytes_max + 1)
        capacity = buf->bytes_max + 1;
    data = must_malloc(capacity);
    memcpy(data, buf->data, buf->length + 1);
    explicit_bzero(buf->data, buf->capacity);
    free(buf->data);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
    if (!buf_grow(buf, length) || length == 0)
        return;
    memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void buf_adds(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_addc(struct buf *buf, char c)
{
    buf_add(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    int length;

    va_start(args, fmt);
    length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(length >= 0);
    if (!buf_grow(buf, (size_t)length))
        return;
    va_start(args, fmt);
    vsnprintf(buf->data + buf->length, (size_t)length + 1, fmt, args);
    va_end(args);
    buf->length += (size_t)length;
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void url_escape(struct buf *buf, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (is_unreserved(*p))
            buf_addc(buf, (char)*p);
        else
            buf_add(buf, (char[]){ '%', hex[*p >> 4], hex[*p & 15] }, 3);
    }
}

void form_pair(struct buf *buf, const char *key, const char *value)
{
    if (buf->length > 0)
        buf_addc(buf, '&');
    url_escape(buf, key);
    buf_addc(buf, '=');
    url_escape(buf, value);
}
