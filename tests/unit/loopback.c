/* The server of the tests of the http room. */
#include "loopback.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <trunkd/text.h>
#include <unistd.h>

#define BYTES_MAX (8u << 20)

static void hang_up(struct loopback_connection *c)
{
    sd_event_source_disable_unref(c->source);
    close(c->fd);
    buf_release(&c->in);
    buf_release(&c->out);
    *c = (struct loopback_connection){ .server = c->server, .fd = -1 };
}

/* With a reset instead of a farewell. */
static void reset(struct loopback_connection *c)
{
    const struct linger now = { .l_onoff = 1 };

    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up(c);
}

static void answer(struct loopback_connection *c, int status, const char *headers, const char *body, size_t body_bytes)
{
    buf_printf(&c->out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n", status, body_bytes, headers);
    buf_add(&c->out, body, body_bytes);
}

static void answer_filled(struct loopback_connection *c, size_t header_bytes, size_t body_bytes)
{
    struct buf headers, body;

    buf_init(&headers, BYTES_MAX);
    buf_init(&body, BYTES_MAX);
    while (headers.length < header_bytes)
        buf_printf(&headers, "X-Filler: %0900d\r\n", 1);
    for (size_t i = 0; i < body_bytes; i++)
        buf_addc(&body, 'x');
    answer(c, 200, headers.data, body.data, body.length);
    buf_release(&headers);
    buf_release(&body);
}

static size_t number_after(const char *path, const char *prefix)
{
    return strtoul(path + strlen(prefix), NULL, 10);
}

/* False: the connection is gone. */
static bool act(struct loopback_connection *c, const char *path, const char *body, size_t body_bytes)
{
    char headers[256];

    if (text_starts(path, "/close ")) {
        hang_up(c);
        return false;
    }
    if (text_starts(path, "/stall ")) {
        /* nothing */
    } else if (text_starts(path, "/echo ")) {
        answer(c, 200, "Content-Type: Text/Plain; charset=x\r\nX-Request-Id: abc\r\n", body, body_bytes);
    } else if (text_starts(path, "/big/")) {
        answer_filled(c, 0, number_after(path, "/big/"));
    } else if (text_starts(path, "/headers/")) {
        answer_filled(c, number_after(path, "/headers/"), 2);
    } else if (text_starts(path, "/retry/")) {
        snprintf(headers, sizeof headers, "Retry-After: %.*s\r\nTwilio-Request-Id: RQ1\r\nX-Request-Id: abc\r\n",
                 (int)strcspn(path + 7, " "), path + 7);
        answer(c, 429, headers, "{}", 2);
    } else if (text_starts(path, "/redirect ")) {
        answer(c, 302, "Location: /ok\r\n", "", 0);
    } else if (text_starts(path, "/short ")) {
        buf_adds(&c->out, "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nshort");
        c->close_after = true;
    } else if (text_starts(path, "/garbage ")) {
        buf_adds(&c->out, "SSH-2.0-x\r\n\r\n");
        c->close_after = true;
    } else {
        answer(c, 200, "Content-Type: application/json\r\n", "{\"ok\":true}", 11);
        c->close_after = text_starts(path, "/last ");
    }
    return true;
}

/* One whole request at the front of c->in. False: there is none, or the connection is gone. */
static bool serve_one(struct loopback_connection *c)
{
    struct loopback *l = c->server;
    const char *end = strstr(c->in.data, "\r\n\r\n"), *length, *path;
    size_t head_bytes, body_bytes = 0, left;

    if (!end)
        return false;
    head_bytes = (size_t)(end - c->in.data) + 4;
    length = strcasestr(c->in.data, "\r\nContent-Length:");
    if (length && length < end)
        body_bytes = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    if (l->refuse_body && body_bytes > 0) {
        l->requests++;
        reset(c);
        return false;
    }
    if (c->in.length < head_bytes + body_bytes)
        return false;

    l->requests++;
    buf_reset(&l->last);
    buf_add(&l->last, c->in.data, head_bytes + body_bytes);
    path = strchr(l->last.data, ' ') + 1;
    buf_add(&l->log, l->last.data, (size_t)(path - l->last.data) + strcspn(path, " "));
    buf_addc(&l->log, '\n');
    left = c->in.length - head_bytes - body_bytes;
    memmove(c->in.data, c->in.data + head_bytes + body_bytes, left + 1);
    c->in.length = left;
    return act(c, path, l->last.data + head_bytes, body_bytes);
}

static void write_some(struct loopback_connection *c)
{
    ssize_t n = send(c->fd, c->out.data + c->out_done, c->out.length - c->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
    bool all;

    if (n < 0 && errno != EAGAIN) {
        hang_up(c);
        return;
    }
    c->out_done += n < 0 ? 0 : (size_t)n;
    all = c->out_done == c->out.length;
    if (all && c->close_after)
        hang_up(c);
    else
        sd_event_source_set_io_events(c->source, all ? EPOLLIN : EPOLLIN | EPOLLOUT);
    if (all && c->fd >= 0) {
        buf_reset(&c->out);
        c->out_done = 0;
    }
}

static int on_connection(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    struct loopback_connection *c = userdata;
    char bytes[65536];
    ssize_t n;

    (void)s;
    if (revents & EPOLLIN) {
        n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n <= 0) {
            if (n == 0 || errno != EAGAIN)
                hang_up(c);
            return 0;
        }
        buf_add(&c->in, bytes, (size_t)n);
        while (c->fd >= 0 && serve_one(c))
            ;
    } else if (revents & (EPOLLHUP | EPOLLERR)) {
        hang_up(c);
    }
    if (c->fd >= 0 && c->out.length > c->out_done)
        write_some(c);
    return 0;
}

static int on_listener(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
    struct loopback *l = userdata;
    int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)s, (void)revents;
    assert(accepted >= 0);
    l->connections++;
    for (size_t i = 0; i < LOOPBACK_CONNECTIONS_MAX; i++) {
        struct loopback_connection *c = &l->open[i];

        if (c->fd >= 0)
            continue;
        c->fd = accepted;
        c->server = l;
        buf_init(&c->in, BYTES_MAX);
        buf_init(&c->out, BYTES_MAX);
        assert(sd_event_add_io(l->event, &c->source, accepted, EPOLLIN, on_connection, c) >= 0);
        return 0;
    }
    close(accepted);
    return 0;
}

void loopback_start(struct loopback *l, sd_event *event)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof address;

    *l = (struct loopback){ .event = event };
    for (size_t i = 0; i < LOOPBACK_CONNECTIONS_MAX; i++)
        l->open[i].fd = -1;
    buf_init(&l->log, BYTES_MAX);
    buf_init(&l->last, BYTES_MAX);
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(l->fd >= 0 && bind(l->fd, (struct sockaddr *)&address, bytes) == 0 && listen(l->fd, 64) == 0);
    assert(getsockname(l->fd, (struct sockaddr *)&address, &bytes) == 0);
    l->port = ntohs(address.sin_port);
    assert(sd_event_add_io(event, &l->source, l->fd, EPOLLIN, on_listener, l) >= 0);
}

void loopback_hang_up(struct loopback *l)
{
    for (size_t i = 0; i < LOOPBACK_CONNECTIONS_MAX; i++)
        if (l->open[i].fd >= 0)
            hang_up(&l->open[i]);
}

void loopback_stop(struct loopback *l)
{
    loopback_hang_up(l);
    sd_event_source_disable_unref(l->source);
    close(l->fd);
    buf_release(&l->log);
    buf_release(&l->last);
}

unsigned loopback_count(const struct loopback *l, const char *request)
{
    unsigned n = 0;
    size_t length = strlen(request);

    for (const char *line = l->log.data; *line; line = strchr(line, '\n') + 1)
        n += strncmp(line, request, length) == 0 && line[length] == '\n';
    return n;
}
