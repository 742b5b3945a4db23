/* HTTP exchanges on an sd-event loop: many at once, each ends in exactly one completion unless it is cancelled.
 *
 * Everything waits in the loop; nothing blocks, except that destroying a struct http may wait for a name that the resolver is
 * still looking up. Redirects, proxies, cookies and netrc do not exist here. HTTPS only, plain HTTP to loopback. */
#ifndef TRUNKD_HTTP_H
#define TRUNKD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/buf.h>
#include <trunkd/cleanup.h>
#include <trunkd/err.h>
#include <trunkd/request.h>

struct http;
struct sd_event;

struct http_result {
    enum reply_transport transport;
    int status;                 /* when ANSWERED, else 0 */
    struct buf body;            /* may hold secrets: scrub before parsing. The callee may take it: move the struct, zero this one.
                                 * Empty (data not NULL) when there is none or when it was larger than reply_bytes_max */
    int64_t retry_after_ms;     /* -1: not given */
    int64_t took_ms;            /* from http_send to the end */
    int64_t certificate_ends_s; /* when the server's certificate ends, in seconds since 1970; 0: no TLS, or it was seen before: only the
                                 * exchange that opens a connection tells */
    char content_type[64];      /* "" if none; without parameters, lower case */
    char request_id[64];        /* Twilio-Request-Id, else X-Request-Id, else "" */
    char text[200];             /* one line for people: of a transport failure, or "larger than N bytes"; else "" */
};

/* Called from a deferred source of the loop, at most HTTP_DONE_PER_TURN_MAX times a turn, never from inside http_send or
 * http_cancel. It may call http_send and http_cancel, never http_free. What it leaves in the result is wiped and released. */
typedef void (*http_done)(void *userdata, uint64_t id, struct http_result *);

#define HTTP_DONE_PER_TURN_MAX 8
#define HTTP_HEADER_BYTES_MAX (64u << 10)       /* all headers of one answer; more ends the transfer as UNKNOWN */

struct http_options {
    const char *user_agent;
    const char *ca_file;            /* NULL: the system's */
    int64_t connect_timeout_ms;     /* 0: 10 s; name, TCP and TLS together */
    int64_t stall_seconds;          /* 0: 30 s; less than a byte a second for so long ends the transfer */
    unsigned connections_max;       /* 0: 256; over all hosts. A transfer above waits for a free one */
    http_done done;
    void *userdata;
};

struct http_transfer {
    uint64_t id;                    /* the caller's; unique among the transfers under way */
    enum http_method method;
    const char *url;
    const char *content_type;       /* NULL: no body */
    const char *authorization;      /* value of the header, NULL: none; copied, the copy is wiped */
    const char *body;               /* copied, the copy is wiped */
    size_t body_bytes;
    bool one_shot;                  /* its body leaves at most once, whatever the connection does */
    int64_t send_by_ms;             /* CLOCK_BOOTTIME; looked at before the request and again before its body: later is NOT_SENT */
    int64_t timeout_ms;             /* for the whole exchange, > 0 */
    size_t reply_bytes_max;
};

/* The event is borrowed for the life of the result: it is referenced. */
MUST_CHECK bool http_new(struct sd_event *, const struct http_options *, struct http **ret_http, struct err *err);

/* Ends all transfers without completion. NULL is fine; so is a loop that has ended. */
void http_free(struct http *);

/* False: nothing was started and no completion comes; the reason is the request's own (URL refused) or ours. Nothing of
 * *transfer is needed afterwards. */
MUST_CHECK bool http_send(struct http *, const struct http_transfer *, struct err *err);

/* No completion comes for id any more. An unknown id, or one that has completed, is no error. */
void http_cancel(struct http *, uint64_t id);

/* Transfers that have neither completed nor been cancelled. */
size_t http_pending(const struct http *);

#ifdef TRUNKD_TEST_HOOKS
/* The next call into libcurl counts as failed: every transfer ends UNKNOWN and the room starts afresh. */
void http_break_for_test(struct http *);
#endif

#endif
