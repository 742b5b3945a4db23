/* libmicrohttpd without threads: each daemon is an epoll fd that the one loop polls.
 *
 * A request whose answer is not ready is suspended; its socket is watched meanwhile, so that a client that hangs up is noticed.
 * The request itself goes on in the simulator: what has arrived is executed. To close a connection without an answer, the
 * handler says MHD_NO. */
#include "server.h"

#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define BODY_BYTES_MAX ((size_t)96 << 20)
#define HEADERS_MAX 64
#define CONNECTIONS_MAX 60000
#define CONNECTION_BYTES ((size_t)64 << 10)

struct request {
    struct port *port;
    struct MHD_Connection *connection;
    char *target;
    struct buf body;
    struct sim_answer answer;
    char ticket[24];
    uint64_t number;
    bool headers_seen, arrived, answered, suspended, gone;
};

struct port { struct server *server; struct MHD_Daemon *daemon; enum sim_port which; uint16_t number; };

struct server {
    struct sim *sim;
    struct port ports[SIM_PORT_MAX_];
    struct map waiting;             /* ticket -> request */
    int watch_fd;                   /* epoll over the sockets of suspended requests */
    bool resumed;                   /* somebody was resumed since the daemons ran */
    int64_t start_wall_ms, start_steady_ms;
};

/* ---- time */

static int64_t clock_ms(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t server_now_ms(const struct server *s) { return s->start_wall_ms + clock_ms(CLOCK_MONOTONIC) - s->start_steady_ms; }

/* ---- answers */

static int socket_of(const struct request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

static void resume(struct server *s, struct request *r)
{
    if (!r->suspended)
        return;
    (void)epoll_ctl(s->watch_fd, EPOLL_CTL_DEL, socket_of(r), NULL);
    r->suspended = false;
    s->resumed = true;
    MHD_resume_connection(r->connection);
}

/* Gives finished answers to the requests that wait for them. Nobody waits for the answers of clients that have gone. */
static void hand_out(struct server *s)
{
    struct sim_answer answer;
    while (sim_take(s->sim, &answer)) {
        char ticket[24];
        (void)snprintf(ticket, sizeof(ticket), "%" PRIu64, answer.ticket);
        struct request *r = map_remove(&s->waiting, ticket);
        if (!r) {
            sim_answer_release(&answer);
            continue;
        }
        r->answer = answer;
        r->answered = true;
        resume(s, r);
    }
}

static enum MHD_Result send_answer(struct request *r)
{
    if (r->gone || r->answer.fate == SIM_FATE_CLOSE)
        return MHD_NO;
    struct MHD_Response *response = MHD_create_response_from_buffer(r->answer.body_bytes, STEAL(r->answer.body), MHD_RESPMEM_MUST_FREE);
    if (!response)
        return MHD_NO;
    if (r->answer.content_type[0])
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->answer.content_type);
    for (size_t i = 0; i < r->answer.headers_count; i++)
        (void)MHD_add_response_header(response, r->answer.headers[i].name, r->answer.headers[i].value);
    enum MHD_Result ok = MHD_queue_response(r->connection, (unsigned)r->answer.status, response);
    MHD_destroy_response(response);
    return ok;
}

/* ---- requests */

struct header_list { struct sim_header items[HEADERS_MAX]; size_t count; };

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct header_list *list = cls;
    (void)kind;
    if (list->count < HEADERS_MAX && value)
        list->items[list->count++] = (struct sim_header){ name, value };
    return MHD_YES;
}

/* The first that is heard of a request: its target as it was sent. What is returned stays with the connection. */
static void *request_new(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct request *r = must_calloc(1, sizeof(*r));
    r->port = cls;
    r->connection = connection;
    r->target = must_strdup(target);
    buf_init(&r->body, BODY_BYTES_MAX);
    return r;
}

static void arrive(struct request *r, const char *method)
{
    struct server *s = r->port->server;
    struct header_list headers = { .count = 0 };
    char *mark = strchr(r->target, '?');
    if (mark)
        *mark = '\0';
    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, take_header, &headers);
    struct sim_request request = {
        .port = r->port->which, .method = method, .path = r->target, .query = mark ? mark + 1 : NULL,
        .headers = headers.items, .headers_count = headers.count, .body = r->body.data, .body_bytes = r->body.length,
    };
    r->arrived = true;
    r->number = sim_arrive(s->sim, server_now_ms(s), &request);
    (void)snprintf(r->ticket, sizeof(r->ticket), "%" PRIu64, r->number);
    (void)map_put(&s->waiting, r->ticket, r);
    hand_out(s);
}

static void suspend(struct request *r)
{
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = r };
    r->suspended = true;
    MHD_suspend_connection(r->connection);
    (void)epoll_ctl(r->port->server->watch_fd, EPOLL_CTL_ADD, socket_of(r), &event);
}

/* Called with the headers, with each part of the body, with its end, and again after a resume. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                              const char *upload, size_t *upload_bytes, void **con_cls)
{
    struct request *r = *con_cls;
    (void)cls, (void)connection, (void)url, (void)version;
    if (!r->headers_seen) {
        r->headers_seen = true;
        return MHD_YES;
    }
    if (*upload_bytes > 0) {
        buf_add(&r->body, upload, *upload_bytes);
        *upload_bytes = 0;
        return MHD_YES;
    }
    if (!r->arrived && !buf_ok(&r->body))
        return MHD_NO;
    if (!r->arrived)
        arrive(r, method);
    if (r->answered || r->gone)
        return send_answer(r);
    suspend(r);
    return MHD_YES;
}

static void request_over(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode code)
{
    struct request *r = *con_cls;
    (void)cls, (void)connection, (void)code;
    if (!r)
        return;
    if (r->arrived && !r->answered && !r->gone)
        (void)map_remove(&r->port->server->waiting, r->ticket);
    sim_answer_release(&r->answer);
    buf_release(&r->body);
    free(r->target);
    free(r);
    *con_cls = NULL;
}

/* Clients that hung up while their request waited. */
static void notice_gone(struct server *s)
{
    struct epoll_event events[64];
    int n = epoll_wait(s->watch_fd, events, (int)ARRAY_SIZE(events), 0);
    for (int i = 0; i < n; i++) {
        struct request *r = events[i].data.ptr;
        (void)map_remove(&s->waiting, r->ticket);
        r->gone = true;
        resume(s, r);
        sim_gone(s->sim, server_now_ms(s), r->number);
    }
}

/* ---- the loop */

static int wait_ms(const struct server *s)
{
    int64_t next = sim_next_ms(s->sim), wait = next < 0 ? -1 : next - server_now_ms(s);
    if (s->resumed || (next >= 0 && wait < 0))
        return 0;
    for (size_t i = 0; i < SIM_PORT_MAX_; i++) {
        MHD_UNSIGNED_LONG_LONG timeout = 0;
        if (MHD_get_timeout(s->ports[i].daemon, &timeout) == MHD_YES && (wait < 0 || (int64_t)timeout < wait))
            wait = (int64_t)timeout;
    }
    return wait > 60000 ? 60000 : (int)wait;
}

static int epoll_of(const struct port *p)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(p->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

bool server_run(struct server *s, int stop_fd, struct err *err)
{
    struct pollfd fds[] = {
        { .fd = stop_fd, .events = POLLIN }, { .fd = s->watch_fd, .events = POLLIN },
        { .fd = epoll_of(&s->ports[SIM_TWILIO]), .events = POLLIN }, { .fd = epoll_of(&s->ports[SIM_LIVEKIT]), .events = POLLIN },
    };
    for (;;) {
        if (poll(fds, ARRAY_SIZE(fds), wait_ms(s)) < 0 && errno != EINTR)
            return err_set(err, ERR_BUG, "poll: %s", strerror(errno));
        if (fds[0].revents)
            return true;
        notice_gone(s);
        sim_advance(s->sim, server_now_ms(s));
        hand_out(s);
        s->resumed = false;
        for (size_t i = 0; i < SIM_PORT_MAX_; i++)
            (void)MHD_run(s->ports[i].daemon);
    }
}

/* ---- beginning and end */

/* As many sockets as the system lets us have: a held request costs one. */
static unsigned raise_limits(void)
{
    struct rlimit limit = { 0 };
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1000;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t half = limit.rlim_cur / 2;
    return half > CONNECTIONS_MAX ? CONNECTIONS_MAX : (unsigned)half;
}

static bool port_start(struct server *s, enum sim_port which, const struct sockaddr_in *address, unsigned connections, struct err *err)
{
    struct port *p = &s->ports[which];
    struct sockaddr_in bound = *address;
    socklen_t length = sizeof(bound);
    p->server = s;
    p->which = which;
    p->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, p,
                                 MHD_OPTION_SOCK_ADDR, &bound,
                                 MHD_OPTION_CONNECTION_LIMIT, connections,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
                                 MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u,
                                 MHD_OPTION_URI_LOG_CALLBACK, request_new, p,
                                 MHD_OPTION_NOTIFY_COMPLETED, request_over, p,
                                 MHD_OPTION_END);
    const union MHD_DaemonInfo *info = p->daemon ? MHD_get_daemon_info(p->daemon, MHD_DAEMON_INFO_LISTEN_FD) : NULL;
    if (!info || getsockname(info->listen_fd, (struct sockaddr *)(void *)&bound, &length) != 0)
        return err_set(err, ERR_CONFIG, "cannot listen on port %u of the loopback address: %s", ntohs(address->sin_port), strerror(errno));
    p->number = ntohs(bound.sin_port);
    return true;
}

bool server_start(struct sim *sim, const struct sockaddr_in addresses[SIM_PORT_MAX_], struct server **ret_server, struct err *err)
{
    struct server *s = must_calloc(1, sizeof(*s));
    unsigned connections = raise_limits();
    bool ok = true;
    s->sim = sim;
    s->start_wall_ms = clock_ms(CLOCK_REALTIME);
    s->start_steady_ms = clock_ms(CLOCK_MONOTONIC);
    s->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; ok && i < SIM_PORT_MAX_; i++)
        ok = port_start(s, (enum sim_port)i, &addresses[i], connections, err);
    if (!ok) {
        server_free(s);
        return false;
    }
    *ret_server = s;
    return true;
}

uint16_t server_port(const struct server *s, enum sim_port which) { return s->ports[which].number; }

void server_free(struct server *s)
{
    if (!s)
        return;
    void *value = NULL;
    for (size_t i = 0; map_next(&s->waiting, &i, &value);) {
        struct request *r = value;
        r->gone = true;
        resume(s, r);
    }
    for (size_t i = 0; i < SIM_PORT_MAX_; i++)
        if (s->ports[i].daemon)
            MHD_stop_daemon(s->ports[i].daemon);
    map_release(&s->waiting);
    (void)close(s->watch_fd);
    free(s);
}
