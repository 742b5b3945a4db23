/* Decodes queries, form bodies and path segments. */
#include "form.h"

#include <trunkd/text.h>

#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char *url_decode(struct arena *arena, const char *text, size_t bytes, bool plus_is_space)
{
    char *out = arena_alloc(arena, bytes + 1);
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '%' && i + 2 < bytes && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out[n++] = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out[n++] = plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    out[n] = '\0';
    return out;
}

void form_parse(struct arena *arena, const char *text, size_t bytes, struct form *ret_form)
{
    size_t most = 1;
    for (size_t i = 0; i < bytes; i++)
        most += text[i] == '&';
    struct form form = { .pairs = ARENA_ARRAY(arena, struct form_pair, most) };
    for (size_t start = 0; start < bytes;) {
        const char *end = memchr(text + start, '&', bytes - start);
        size_t stop = end ? (size_t)(end - text) : bytes;
        const char *equals = memchr(text + start, '=', stop - start);
        size_t middle = equals ? (size_t)(equals - text) : stop;
        if (stop > start) {
            struct form_pair *pair = &form.pairs[form.count++];
            pair->key = url_decode(arena, text + start, middle - start, true);
            pair->value = equals ? url_decode(arena, equals + 1, stop - middle - 1, true) : "";
        }
        start = stop + 1;
    }
    *ret_form = form;
}

const char *form_get(const struct form *form, const char *key)
{
    for (size_t i = form->count; i > 0; i--)
        if (text_equal(form->pairs[i - 1].key, key))
            return form->pairs[i - 1].value;
    return NULL;
}
