/* libcurl's multi interface on sd-event.
 *
 * The rules, each paid for by somebody:
 *  1. libcurl's callbacks record; none calls libcurl or the owner. The timer callback may come from inside curl_multi_add_handle.
 *  2. Ends are collected in one deferred source, a bounded number a turn, and told from there.
 *  3. A socket without interest has no event source: hang-ups would be reported all the same.
 *  4. When libcurl fails as a whole, the state of every transfer is unknown: all end so, and a new multi takes over.
 *  5. Destroying goes from the transfers to the multi to the event sources; a loop that has ended is no reason to fail. */
#include <trunkd/http.h>

#include <assert.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include <unistd.h>
#include "sockets.h"
#include "transfer.h"
#include "url.h"
#include "wiping.h"

#define CONNECT_TIMEOUT_MS 10000
#define STALL_SECONDS 30
#define CONNECTIONS_MAX 256

TAILQ_HEAD(transfers, transfer);

struct http {
    sd_event *event;
    sd_event_source *timer, *deferred;
    CURLM *multi;
    struct sockets sockets;
    struct transfer_settings settings;
    unsigned connections_max;
    http_done done;
    void *userdata;
    struct transfers all, ready;
    size_t count;
    bool broken, completing, breaking_for_test;
};

static bool loop_runs(const struct http *h)
{
    return sd_event_get_state(h->event) != SD_EVENT_FINISHED;
}

/* Lets the deferred source run. A loop that refuses has ended. */
static void wake(struct http *h)
{
    if (loop_runs(h))
        (void)sd_event_source_set_enabled(h->deferred, SD_EVENT_ONESHOT);
}

/* ---- libcurl's wishes ------------------------------------------------------------------------------------------------- */

static void act(struct http *h, curl_socket_t fd, int what)
{
    int running;

    if (!h->multi || h->broken)
        return;
    h->broken = curl_multi_socket_action(h->multi, fd, what, &running) != CURLM_OK || h->breaking_for_test;
    wake(h);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    int what = (revents & EPOLLIN ? CURL_CSELECT_IN : 0) | (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0)
        | (revents & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

    (void)source;
    act(userdata, fd, what);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source, (void)usec;
    act(userdata, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

static int on_socket_wish(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_userdata)
{
    struct http *h = userdata;
    uint32_t events = (what == CURL_POLL_IN || what == CURL_POLL_INOUT ? (uint32_t)EPOLLIN : 0)
        | (what == CURL_POLL_OUT || what == CURL_POLL_INOUT ? (uint32_t)EPOLLOUT : 0);

    (void)easy, (void)socket_userdata;
    if (events == 0) {
        h->sockets.unknown_removed += !sockets_drop(&h->sockets, fd) && what == CURL_POLL_REMOVE;
        return 0;
    }
    if (loop_runs(h) && !sockets_watch(&h->sockets, h->event, fd, events, on_io, h)) {
        h->broken = true;           /* the transfer would hang */
        wake(h);
    }
    return 0;
}

/* Rounded up: libcurl does nothing when it is woken too early, and does not ask again. */
static int on_timer_wish(CURLM *multi, long timeout_ms, void *userdata)
{
    struct http *h = userdata;
    uint64_t when = timeout_ms == 0 ? 0 : (uint64_t)(boottime_ms() + timeout_ms + 1) * 1000;

    (void)multi;
    if (!h->timer || !loop_runs(h))
        return 0;
    if (timeout_ms >= 0)
        (void)sd_event_source_set_time(h->timer, when);
    (void)sd_event_source_set_enabled(h->timer, timeout_ms < 0 ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    return 0;
}

/* The number is free for anybody as soon as the socket is closed; no source of ours may still carry it then. */
static int on_socket_close(void *userdata, curl_socket_t fd)
{
    struct http *h = userdata;

    sockets_drop(&h->sockets, fd);
    return close(fd);
}

/* ---- the multi -------------------------------------------------------------------------------------------------------- */

static bool multi_open(struct http *h, struct err *err)
{
    h->multi = curl_multi_init();
    if (!h->multi)
        return err_set(err, ERR_TRANSIENT, "libcurl does not start");
    if (curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish) != CURLM_OK
        || curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) != CURLM_OK
        || curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish) != CURLM_OK
        || curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) != CURLM_OK
        || curl_multi_setopt(h->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)h->connections_max) != CURLM_OK
        || curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)h->connections_max) != CURLM_OK) {
        curl_multi_cleanup(h->multi);
        h->multi = NULL;
        return err_set(err, ERR_BUG, "libcurl refuses an option");
    }
    h->broken = false;
    return true;
}

static void multi_close(struct http *h)
{
    if (h->multi)
        curl_multi_cleanup(h->multi);
    h->multi = NULL;
    sockets_release(&h->sockets);
}

static void set_ready(struct http *h, struct transfer *t, CURLcode code)
{
    assert(!t->is_ready);
    t->is_ready = true;
    t->code = code;
    TAILQ_INSERT_TAIL(&h->ready, t, ready);
}

static void start_afresh(struct http *h)
{
    struct transfer *t;

    TAILQ_FOREACH(t, &h->all, all) {
        if (t->is_ready)
            continue;
        curl_multi_remove_handle(h->multi, t->easy);
        t->is_lost = true;
        set_ready(h, t, CURLE_OK);
    }
    multi_close(h);
    (void)sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
    h->breaking_for_test = false;
    (void)multi_open(h, NULL);      /* http_send tries again */
}

/* ---- ends ------------------------------------------------------------------------------------------------------------- */

/* The next transfer whose end is known, out of libcurl's hands; or NULL. */
static struct transfer *next_ready(struct http *h)
{
    CURLMsg *message;
    int left;

    if (!TAILQ_EMPTY(&h->ready))
        return TAILQ_FIRST(&h->ready);
    while (h->multi && (message = curl_multi_info_read(h->multi, &left))) {
        struct transfer *t = NULL;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;   /* the message dies with the removal */

        if (message->msg != CURLMSG_DONE || curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t) != CURLE_OK || !t)
            continue;
        curl_multi_remove_handle(h->multi, easy);
        set_ready(h, t, code);
        return t;
    }
    return NULL;
}

static void forget(struct http *h, struct transfer *t)
{
    if (t->is_ready)
        TAILQ_REMOVE(&h->ready, t, ready);
    TAILQ_REMOVE(&h->all, t, all);
    h->count--;
}

static int on_deferred(sd_event_source *source, void *userdata)
{
    struct http *h = userdata;

    (void)source;
    if (h->broken)
        start_afresh(h);
    for (int n = 0; n < HTTP_DONE_PER_TURN_MAX; n++) {
        struct transfer *t = next_ready(h);
        struct http_result result;
        uint64_t id;

        if (!t)
            return 0;
        forget(h, t);
        id = t->id;
        transfer_result(t, &result);
        transfer_free(t);
        h->completing = true;
        h->done(h->userdata, id, &result);
        h->completing = false;
        buf_wipe(&result.body);
    }
    wake(h);
    return 0;
}

/* ---- for the owner ---------------------------------------------------------------------------------------------------- */

#ifdef TRUNKD_TEST_HOOKS
/* TRUNKD_TEST_OFF is a list of words with spaces between. */
static bool switched_off(const char *word)
{
    const char *list = text_or(getenv("TRUNKD_TEST_OFF"), "");

    for (size_t n; *list; list += n + (list[n] == ' ')) {
        n = strcspn(list, " ");
        if (n == strlen(word) && memcmp(list, word, n) == 0)
            return true;
    }
    return false;
}
#endif

static void settle(struct http *h, const struct http_options *o)
{
    h->connections_max = o->connections_max > 0 ? o->connections_max : CONNECTIONS_MAX;
    h->done = o->done;
    h->userdata = o->userdata;
    h->settings = (struct transfer_settings){
        .user_agent = must_strdup(o->user_agent),
        .ca_file = o->ca_file ? must_strdup(o->ca_file) : NULL,
        .connect_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS,
        .stall_seconds = o->stall_seconds > 0 ? o->stall_seconds : STALL_SECONDS,
        .close_socket = on_socket_close,
        .close_userdata = h,
    };
#ifdef TRUNKD_TEST_HOOKS
    h->settings.ignore_one_shot = switched_off("one-shot");
    h->settings.ignore_second_begin = switched_off("second-begin");
    h->settings.post_by_http2 = switched_off("http1");
#endif
}

bool http_new(struct sd_event *event, const struct http_options *options, struct http **ret_http, struct err *err)
{
    struct http *h;

    assert(event && options->user_agent && options->done);
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, wiping_malloc, wiping_free, wiping_realloc, wiping_strdup, wiping_calloc) != CURLE_OK)
        return err_set(err, ERR_BUG, "libcurl does not start");
    unsetenv("SSLKEYLOGFILE");      /* libcurl would write the keys of every connection there */
    h = must_calloc(1, sizeof *h);
    TAILQ_INIT(&h->all);
    TAILQ_INIT(&h->ready);
    h->event = sd_event_ref(event);
    settle(h, options);
    if (sd_event_add_time(event, &h->timer, CLOCK_BOOTTIME, 0, 1, on_timer, h) < 0
        || sd_event_source_set_enabled(h->timer, SD_EVENT_OFF) < 0
        || sd_event_add_defer(event, &h->deferred, on_deferred, h) < 0
        || sd_event_source_set_enabled(h->deferred, SD_EVENT_OFF) < 0) {
        err_set(err, ERR_BUG, "the event loop takes no source");
        goto fail;
    }
    (void)sd_event_source_set_description(h->timer, "http-timer");
    (void)sd_event_source_set_description(h->deferred, "http-done");
    if (!multi_open(h, err))
        goto fail;
    *ret_http = h;
    return true;

fail:
    http_free(h);
    return false;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    assert(!h->completing);
    for (struct transfer *t; (t = TAILQ_FIRST(&h->all));) {
        if (!t->is_ready && h->multi)
            curl_multi_remove_handle(h->multi, t->easy);
        forget(h, t);
        transfer_free(t);
    }
    multi_close(h);
    sd_event_source_disable_unref(h->timer);
    sd_event_source_disable_unref(h->deferred);
    sd_event_unref(h->event);
    free(h->settings.user_agent);
    free(h->settings.ca_file);
    free(h);
    curl_global_cleanup();
}

static struct transfer *find(const struct http *h, uint64_t id)
{
    struct transfer *t;

    TAILQ_FOREACH(t, &h->all, all)
        if (t->id == id)
            return t;
    return NULL;
}

bool http_send(struct http *h, const struct http_transfer *wanted, struct err *err)
{
    struct transfer *t = NULL;

    assert(!find(h, wanted->id));
    if (!url_check(wanted->url, err))
        return false;
    if (!h->multi && !multi_open(h, err))
        return false;
    if (!transfer_new(wanted, &h->settings, &t, err))
        return false;
    if (boottime_ms() > t->send_by_ms) {
        t->refused = "too late to send";
        set_ready(h, t, CURLE_ABORTED_BY_CALLBACK);
        wake(h);
    } else if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
        transfer_free(t);
        return err_set(err, ERR_TRANSIENT, "libcurl takes no transfer");
    }
    TAILQ_INSERT_TAIL(&h->all, t, all);
    h->count++;
    return true;
}

void http_cancel(struct http *h, uint64_t id)
{
    struct transfer *t = find(h, id);

    if (!t)
        return;
    if (!t->is_ready && h->multi)
        curl_multi_remove_handle(h->multi, t->easy);
    forget(h, t);
    transfer_free(t);
}

size_t http_pending(const struct http *h)
{
    return h->count;
}

#ifdef TRUNKD_TEST_HOOKS
void http_break_for_test(struct http *h)
{
    h->breaking_for_test = true;
}
#endif
