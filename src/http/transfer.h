/* One exchange: its libcurl handle, what it sends, what has come back. Knows nothing of the event loop.
 *
 * libcurl's callbacks only record: bytes, headers, what was asked for. */
#ifndef TRUNKD_HTTP_TRANSFER_H
#define TRUNKD_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <trunkd/http.h>
#include "classify.h"
#include "headers.h"

struct transfer {
    TAILQ_ENTRY(transfer) all;          /* every transfer that has not completed */
    TAILQ_ENTRY(transfer) ready;        /* those whose end is known */
    bool is_ready, is_lost;             /* lost: libcurl failed as a whole; nothing is known */
    CURLcode code;                      /* once ready */

    uint64_t id;
    CURL *easy;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];

    char *body;                         /* wiped at the end */
    size_t body_bytes, body_given;      /* given: in this attempt */
    bool one_shot, may_begin_again;
    int64_t send_by_ms, begun_ms;       /* begun: when it was asked for */
    enum sent sent;
    const char *refused;                /* why we would not go on; NULL: we did not refuse */

    struct headers noted;
    size_t header_bytes;
    struct buf reply;
    bool reply_over;
};

/* What is the same for all transfers of a room. */
struct transfer_settings {
    char *user_agent, *ca_file;
    int64_t connect_timeout_ms, stall_seconds;
    bool ignore_one_shot;               /* test builds: shows that the safeguard is needed, */
    bool ignore_second_begin;           /* or that one half of it holds without the other, */
    bool post_by_http2;                 /* or that it holds over HTTP/2 as well */
    curl_closesocket_callback close_socket;
    void *close_userdata;
};

int64_t boottime_ms(void);

MUST_CHECK bool transfer_new(const struct http_transfer *, const struct transfer_settings *, struct transfer **ret, struct err *err);
void transfer_free(struct transfer *);      /* not while its handle is in a multi */

/* What the owner is told. Moves the body out of the transfer. */
void transfer_result(struct transfer *, struct http_result *ret_result);

#endif
