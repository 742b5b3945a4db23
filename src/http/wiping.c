/* malloc that overwrites on free. The size is kept in front of the block. */
#include "wiping.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* As large as the strictest alignment, so that what follows it is aligned too. */
union head {
    size_t bytes;
    max_align_t align;
};

void *wiping_malloc(size_t bytes)
{
    union head *h = bytes > SIZE_MAX - sizeof *h ? NULL : malloc(sizeof *h + bytes);

    if (!h)
        return NULL;
    h->bytes = bytes;
    return h + 1;
}

void *wiping_calloc(size_t n, size_t bytes)
{
    void *p;

    if (bytes > 0 && n > SIZE_MAX / bytes)
        return NULL;
    p = wiping_malloc(n * bytes);
    if (p)
        memset(p, 0, n * bytes);
    return p;
}

void *wiping_realloc(void *p, size_t bytes)
{
    void *fresh = wiping_malloc(bytes);

    if (fresh && p) {
        const union head *h = (const union head *)p - 1;

        memcpy(fresh, p, h->bytes < bytes ? h->bytes : bytes);
        wiping_free(p);
    }
    return fresh;
}

char *wiping_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = wiping_malloc(bytes);

    return copy ? memcpy(copy, text, bytes) : NULL;
}

void wiping_free(void *p)
{
    union head *h;

    if (!p)
        return;
    h = (union head *)p - 1;
    explicit_bzero(p, h->bytes);
    free(h);
}
