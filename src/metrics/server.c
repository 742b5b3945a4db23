/* server: libmicrohttpd on sd-event. Its epoll descriptor is one source of the loop, its next time-out another; every request is answered
 * in the turn in which it has arrived. */
#include <trunkd/metrics.h>

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include <unistd.h>

#define CONNECTIONS_MAX 16u             /* whoever scrapes needs one */
#define CONNECTION_BYTES ((size_t)16 << 10)
#define CONNECTION_SECONDS 10u          /* and then a client that says nothing makes room */
#define BACKLOG 16
#define TIMER_ACCURACY_US 100000

struct metrics_server {
    struct MHD_Daemon *daemon;
    sd_event *event;
    sd_event_source *io, *timer;
    metrics_page page;
    void *userdata;
    char *socket_path;                  /* removed at the end; NULL: none */
};

/* ---- addresses ---------------------------------------------------------------------------------------------------------------- */

union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; struct sockaddr_un un; };

static bool address_parse(const char *text, union address *ret, socklen_t *ret_length, struct err *err)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    char host[INET6_ADDRSTRLEN] = "";
    int64_t port;

    memset(ret, 0, sizeof *ret);
    if (*text == '/') {
        if (strlen(text) >= sizeof ret->un.sun_path)
            return err_set(err, ERR_CONFIG, "the path of a socket has at most %zu characters", sizeof ret->un.sun_path - 1);
        ret->un.sun_family = AF_UNIX;
        text_copy(ret->un.sun_path, sizeof ret->un.sun_path, text);
        *ret_length = sizeof ret->un;
        return true;
    }
    bool v6 = length > 2 && *text == '[' && text[length - 1] == ']';
    if (colon && length - (v6 ? 2 : 0) < sizeof host && text_to_int(colon + 1, 1, 65535, &port)) {
        memcpy(host, text + v6, length - (v6 ? 2 : 0));
        *ret_length = v6 ? sizeof ret->v6 : sizeof ret->v4;
        ret->any.sa_family = v6 ? AF_INET6 : AF_INET;
        *(v6 ? &ret->v6.sin6_port : &ret->v4.sin_port) = htons((uint16_t)port);
        if (inet_pton(ret->any.sa_family, host, v6 ? (void *)&ret->v6.sin6_addr : (void *)&ret->v4.sin_addr) == 1)
            return true;
    }
    return err_set(err, ERR_CONFIG, "\"%s\" is neither ADDRESS:PORT, with the address in numbers (127.0.0.1:9469, [::1]:9469), nor the path "
                   "of a socket", text);
}

bool metrics_address_check(const char *text, struct err *err)
{
    union address address;
    socklen_t length;

    return address_parse(text, &address, &length, err);
}

/* A socket file stays when its daemon was killed; one at which somebody answers is another's. */
static void remove_stale(const union address *address, socklen_t length)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    if (connect(fd, &address->any, length) != 0 && errno == ECONNREFUSED)
        (void)unlink(address->un.sun_path);
    (void)close(fd);
}

static bool open_socket(const char *text, int *ret_fd, struct err *err)
{
    union address address;
    socklen_t length;
    const int on = 1;

    if (!address_parse(text, &address, &length, err))
        return false;
    if (address.any.sa_family == AF_UNIX)
        remove_stale(&address, length);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && address.any.sa_family != AF_UNIX)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, &address.any, length) != 0 || listen(fd, BACKLOG) != 0) {
        err_set(err, ERR_CONFIG, "cannot listen at %s: %s", text, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* ---- requests ------------------------------------------------------------------------------------------------------------------- */

static enum MHD_Result answer(struct MHD_Connection *connection, int status, const char *content_type, struct buf *body)
{
    size_t length = body->length;
    struct MHD_Response *response = MHD_create_response_from_buffer(length, STEAL(body->data), MHD_RESPMEM_MUST_FREE);

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    (void)MHD_add_response_header(response, "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "
                                  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    (void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    enum MHD_Result ok = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return ok;
}

/* A page of somebody else's, whose name was made to point here, must not read as one of ours: such a name is in the Host header. */
static bool is_by_address(struct MHD_Connection *connection)
{
    const char *host = text_or(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST), "localhost");
    size_t length = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    char name[64];
    struct in6_addr address;

    if (*host == '[' && host[length - 1] == ']')
        return true;
    if (length >= sizeof name)
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    return text_equal(name, "localhost") || inet_pton(AF_INET, name, &address) == 1;
}

/* Called with the headers first: *seen tells that time from the next one, in which the request is whole. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *upload, size_t *upload_bytes, void **seen)
{
    struct metrics_server *s = userdata;
    struct page page = { .status = 404, .content_type = "text/plain; charset=utf-8" };

    (void)version, (void)upload;
    if (!*seen) {
        *seen = s;
        return MHD_YES;
    }
    if (*upload_bytes > 0)
        return MHD_NO;                  /* nobody has anything to tell us */
    buf_init(&page.body, PAGE_BYTES_MAX);
    page.by_address = is_by_address(connection);
    if (text_equal(method, MHD_HTTP_METHOD_GET) || text_equal(method, MHD_HTTP_METHOD_HEAD))
        s->page(s->userdata, path, &page);
    else
        page.status = 405;
    if (!buf_ok(&page.body)) {
        buf_release(&page.body);
        buf_init(&page.body, PAGE_BYTES_MAX);
        page.status = 500;
    }
    if (page.body.length == 0)
        buf_printf(&page.body, "%d\n", page.status);
    enum MHD_Result ok = answer(connection, page.status, page.content_type, &page.body);
    buf_release(&page.body);
    return ok;
}

/* ---- the loop --------------------------------------------------------------------------------------------------------------------- */

static unsigned connections(struct metrics_server *s)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info ? info->num_connections : 0;
}

/* Where there was no place for one more, libmicrohttpd listens again when it runs next after one has gone, and nothing would wake it. */
static void run(struct metrics_server *s)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms = 0;
    uint64_t now = 0;
    unsigned before;

    do {
        before = connections(s);
        (void)MHD_run(s->daemon);
    } while (connections(s) < before);
    if (MHD_get_timeout(s->daemon, &timeout_ms) != MHD_YES) {
        (void)sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
        return;
    }
    (void)sd_event_now(s->event, CLOCK_BOOTTIME, &now);
    (void)sd_event_source_set_time(s->timer, now + (uint64_t)timeout_ms * 1000);
    (void)sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)source, (void)fd, (void)revents;
    run(userdata);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec;
    run(userdata);
    return 0;
}

static bool wire(struct metrics_server *s, int fd, struct err *err)
{
    s->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, s,
                                 MHD_OPTION_LISTEN_SOCKET, fd,
                                 MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
                                 MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_SECONDS,
                                 MHD_OPTION_END);
    if (!s->daemon) {
        (void)close(fd);
        return err_set(err, ERR_TRANSIENT, "libmicrohttpd does not start");
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info || sd_event_add_io(s->event, &s->io, info->epoll_fd, EPOLLIN, on_io, s) < 0
        || sd_event_add_time(s->event, &s->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_US, on_timer, s) < 0)
        return err_set(err, ERR_TRANSIENT, "the loop does not take the metrics");
    return true;
}

bool metrics_listen(sd_event *event, const char *address, metrics_page page, void *userdata, struct metrics_server **ret_server,
                    struct err *err)
{
    int fd;

    if (!open_socket(address, &fd, err))
        return false;
    struct metrics_server *s = must_calloc(1, sizeof(*s));
    s->event = sd_event_ref(event);
    s->page = page;
    s->userdata = userdata;
    s->socket_path = *address == '/' ? must_strdup(address) : NULL;
    if (!wire(s, fd, err)) {
        metrics_free(s);
        return false;
    }
    *ret_server = s;
    return true;
}

void metrics_free(struct metrics_server *s)
{
    if (!s)
        return;
    sd_event_source_disable_unref(s->io);
    sd_event_source_disable_unref(s->timer);
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    if (s->socket_path)
        (void)unlink(s->socket_path);
    sd_event_unref(s->event);
    free(s->socket_path);
    free(s);
}
