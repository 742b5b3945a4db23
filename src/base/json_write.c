/* Writing JSON text into a buffer. Rule: RFC 8259. Our deviation: input that is not UTF-8 is mended instead of refused, byte by
 * byte, because what we write must be readable whatever a provider once sent us. */
#include <trunkd/buf.h>

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include <trunkd/text.h>

static void comma_if_due(struct buf *buf)
{
    char last = buf->length > 0 ? buf->data[buf->length - 1] : '[';

    if (last != '{' && last != '[' && last != ':' && last != ',')
        buf_addc(buf, ',');
}

static void escape_ascii(struct buf *buf, unsigned char c)
{
    static const char from[] = "\b\t\n\f\r\"\\";
    static const char to[] = "btnfr\"\\";
    const char *found = c ? strchr(from, c) : NULL;

    if (found)
        buf_add(buf, (char[]){ '\\', to[found - from] }, 2);
    else
        buf_printf(buf, "\\u%04x", (unsigned int)c);
}

static void quoted(struct buf *buf, const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t clean = 0;       /* where the run of bytes begins that are written as they are */
    size_t i = 0;

    buf_addc(buf, '"');
    while (i < length) {
        size_t n = text_utf8_length(text + i, length - i);

        if (n > 1 || (n == 1 && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')) {
            i += n;
            continue;
        }
        buf_add(buf, p + clean, i - clean);
        if (n == 1)
            escape_ascii(buf, p[i]);
        else
            buf_adds(buf, "\xEF\xBF\xBD");      /* U+FFFD */
        clean = ++i;
    }
    buf_add(buf, p + clean, length - clean);
    buf_addc(buf, '"');
}

void json_open(struct buf *buf, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    comma_if_due(buf);
    buf_addc(buf, bracket);
}

void json_close(struct buf *buf, char bracket)
{
    assert(bracket == '}' || bracket == ']');
    buf_addc(buf, bracket);
}

void json_key(struct buf *buf, const char *key)
{
    comma_if_due(buf);
    quoted(buf, key, strlen(key));
    buf_addc(buf, ':');
}

void json_raw(struct buf *buf, const char *json)
{
    comma_if_due(buf);
    buf_adds(buf, json ? json : "null");
}

void json_text_n(struct buf *buf, const char *value, size_t length)
{
    if (!value) {
        json_raw(buf, NULL);
        return;
    }
    comma_if_due(buf);
    quoted(buf, value, length);
}

void json_text(struct buf *buf, const char *value)
{
    json_text_n(buf, value, value ? strlen(value) : 0);
}

void json_int(struct buf *buf, int64_t value)
{
    comma_if_due(buf);
    buf_printf(buf, "%" PRId64, value);
}

void json_boolean(struct buf *buf, bool value)
{
    json_raw(buf, value ? "true" : "false");
}

void json_key_text(struct buf *buf, const char *key, const char *value)
{
    json_key(buf, key);
    json_text(buf, value);
}

void json_key_int(struct buf *buf, const char *key, int64_t value)
{
    json_key(buf, key);
    json_int(buf, value);
}

void json_key_bool(struct buf *buf, const char *key, bool value)
{
    json_key(buf, key);
    json_boolean(buf, value);
}

void json_key_raw(struct buf *buf, const char *key, const char *json)
{
    json_key(buf, key);
    json_raw(buf, json);
}
