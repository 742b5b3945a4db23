/* URLs as text. Our credentials go where these functions say, so what looks unusual is refused instead of understood. */
#include "url.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include <trunkd/buf.h>
#include <trunkd/text.h>

static const char *authority_of(const char *url)
{
    const char *at = strstr(url, "://");

    return at ? at + 3 : url;
}

const char *url_origin(const char *url, struct arena *arena)
{
    const char *authority = authority_of(url);

    return arena_strndup(arena, url, (size_t)(authority - url) + strcspn(authority, "/?#"));
}

bool url_is_below(const char *url, const char *suffix, struct arena *arena)
{
    const char *origin = url_origin(url, arena), *host = authority_of(origin);
    size_t length = strlen(host), suffix_length = strlen(suffix);

    return text_starts(origin, "https://") && strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-") == length &&
           length > suffix_length && strcmp(host + length - suffix_length, suffix) == 0;
}

const char *url_path_at(const char *origin, const char *link)
{
    const char *path = text_starts(link, origin) ? link + strlen(origin) : link;

    if (path[0] != '/' || path[1] == '/' || strlen(path) > URL_BYTES_MAX)
        return NULL;
    for (const char *at = path; *at; at++)
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f || strchr("\"<>\\^`{|}#", *at))
            return NULL;
    return path;
}

bool url_sip_by_tls(const char *uri)
{
    static const char by_tls[] = ";transport=tls";
    const char *at = uri, *end = uri + strcspn(uri, "?");

    while (at < end && (at = memchr(at, ';', (size_t)(end - at)))) {
        size_t bytes = 1 + strcspn(at + 1, ";?");
        if (bytes == strlen(by_tls) && strncasecmp(at, by_tls, bytes) == 0)
            return true;
        at += bytes;
    }
    return false;
}

const char *url_path_v(struct arena *arena, const char *literal, va_list parts)
{
    const char *part = literal, *last = NULL, *copy;
    bool is_id = false;
    struct buf path;

    buf_init(&path, URL_BYTES_MAX);
    while (part) {
        if (is_id)
            url_escape(&path, part);
        else
            buf_adds(&path, part);
        is_id = !is_id;
        last = part;
        part = va_arg(parts, const char *);
    }
    /* An id that is NULL would end the path early, at the collection instead of the object. */
    assert(!is_id || !strchr("/=", last[strlen(last) - 1]));
    assert(buf_ok(&path));
    copy = arena_strdup(arena, path.data);
    buf_release(&path);
    return copy;
}

const char *url_path(struct arena *arena, const char *literal, ...)
{
    va_list parts;
    const char *path;

    va_start(parts, literal);
    path = url_path_v(arena, literal, parts);
    va_end(parts);
    return path;
}
