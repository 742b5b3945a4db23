/* Checks a URL with libcurl's own parser, so that the checker and the sender read the same thing. */
#include "url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <strings.h>
#include <trunkd/text.h>

static void url_free(CURLU **u)
{
    curl_url_cleanup(*u);
}

static void part_free(char **part)
{
    curl_free(*part);
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;

    if (strcasecmp(host, "localhost") == 0 || text_equal(host, "[::1]"))
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool has_part(CURLU *u, CURLUPart what)
{
    CLEANUP(part_free) char *part = NULL;

    return curl_url_get(u, what, &part, 0) == CURLUE_OK;
}

bool url_check(const char *url, struct err *err)
{
    CLEANUP(url_free) CURLU *u = curl_url();
    CLEANUP(part_free) char *scheme = NULL;
    CLEANUP(part_free) char *host = NULL;

    if (!u || curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK
        || curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK || curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return err_set(err, ERR_CONFIG, "not a usable URL");
    if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD) || has_part(u, CURLUPART_FRAGMENT))
        return err_set(err, ERR_CONFIG, "a URL for %s may not hold a user, a password or a fragment", host);
    if (text_equal(scheme, "https"))
        return true;
    if (!text_equal(scheme, "http"))
        return err_set(err, ERR_CONFIG, "%s:// is not spoken here: use https://", scheme);
    return is_loopback(host) || err_set(err, ERR_CONFIG, "http:// is for loopback only: use https://%s", host);
}
