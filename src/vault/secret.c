/* Locked memory for secrets. */
#include "secret.h"

#include <assert.h>
#include <sodium.h>

void secret_init(struct secret *s, size_t capacity)
{
    assert(capacity > 0);
    *s = (struct secret){ .bytes = sodium_malloc(capacity), .capacity = capacity };
    if (!s->bytes)
        abort();
}

void secret_release(struct secret *s)
{
    if (s->bytes)
        sodium_free(s->bytes);      /* wipes */
    *s = (struct secret){ 0 };
}

void secret_add(struct secret *s, const void *bytes, size_t length)
{
    assert(length <= s->capacity - s->length);
    if (length > 0)
        memcpy(s->bytes + s->length, bytes, length);
    s->length += length;
}

void secret_adds(struct secret *s, const char *text)
{
    secret_add(s, text, strlen(text));
}

/* Bytes of the UTF-8 character at p, 0 if it is none (RFC 3629: shortest form, no surrogates, at most U+10FFFF). */
static size_t utf8_character(const unsigned char *p, size_t left)
{
    static const struct { unsigned char first_min, first_max, second_min, second_max; size_t bytes; } forms[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if (p[0] < forms[i].first_min || p[0] > forms[i].first_max)
            continue;
        if (forms[i].bytes > left)
            return 0;
        if (forms[i].bytes > 1 && (p[1] < forms[i].second_min || p[1] > forms[i].second_max))
            return 0;
        for (size_t k = 2; k < forms[i].bytes; k++)
            if (p[k] < 0x80 || p[k] > 0xbf)
                return 0;
        return forms[i].bytes;
    }
    return 0;
}

bool secret_check_text(const struct secret *s, struct err *err)
{
    if (s->length == 0)
        return err_set(err, ERR_CONFIG, "it is empty");
    for (size_t i = 0, n; i < s->length; i += n) {
        n = utf8_character(s->bytes + i, s->length - i);
        if (n == 0)
            return err_set(err, ERR_CONFIG, "it is not UTF-8 text");
        if (n == 1 && (s->bytes[i] < 0x20 || s->bytes[i] == 0x7f))
            return err_set(err, ERR_CONFIG, "it holds a control character (more than one line, perhaps)");
    }
    return true;
}
