/* Just enough of URLs: where a request goes, and whether a link of a provider stays there. */
#ifndef TRUNKD_KINDS_URL_H
#define TRUNKD_KINDS_URL_H

#include <stdarg.h>
#include <trunkd/arena.h>
#include <stdbool.h>

#define URL_BYTES_MAX 2048

/* "https://host:port" of "https://host:port/path?query". */
const char *url_origin(const char *url, struct arena *);

/* Whether the URL's origin is https, has a plain host name that ends in `suffix` (".example.com"), and nothing else. */
bool url_is_below(const char *url, const char *suffix, struct arena *);

/* Path and query of a link that stays at the origin: "/v1/x?Page=1" itself, or what follows exactly this origin. NULL: it leads
 * elsewhere, is too long, or holds what no URL holds. */
const char *url_path_at(const char *origin, const char *link);

/* Whether a SIP URI comes by TLS: its parameter transport says so. Parameters have no case, and end where the URI's headers begin. */
bool url_sip_by_tls(const char *uri);

/* "/v1/Trunks/", "TK1", "/OriginationUrls", NULL: literals and ids in turn, ids escaped. */
const char *url_path(struct arena *, const char *literal, ...) __attribute__((sentinel));
const char *url_path_v(struct arena *, const char *literal, va_list);

#endif
