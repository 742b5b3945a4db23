/* A small HTTP/1.1 server on the test's own event loop, which behaves as the path of a request asks:
 *   /ok /echo /big/N      200; the body of the request; N bytes
 *   /close                reads the whole request, closes without an answer
 *   /stall                never answers
 *   /short /garbage       an answer cut short; something that is not HTTP
 *   /headers/N            an answer with N bytes of headers
 *   /retry/TEXT           429 with Retry-After: TEXT and ids
 *   /redirect             302 to /ok
 *   /last                 200, and the connection is closed afterwards */
#ifndef TEST_LOOPBACK_H
#define TEST_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>
#include <trunkd/buf.h>

#define LOOPBACK_CONNECTIONS_MAX 64

struct loopback_connection {
    struct loopback *server;
    int fd;
    sd_event_source *source;
    struct buf in, out;
    size_t out_done;
    bool close_after;
};

struct loopback {
    sd_event *event;
    sd_event_source *source;
    int fd, port;
    unsigned connections, requests;     /* ever */
    struct buf log;                     /* "POST /path\n" for each request */
    struct buf last;                    /* the last request, whole */
    bool refuse_body;                   /* resets the connection when a request's headers are there, its body unread */
    struct loopback_connection open[LOOPBACK_CONNECTIONS_MAX];
};

void loopback_start(struct loopback *, sd_event *);
void loopback_stop(struct loopback *);
void loopback_hang_up(struct loopback *);       /* closes every connection */
unsigned loopback_count(const struct loopback *, const char *request);      /* "POST /close" */

#endif
