/* Sets up one libcurl handle and records what happens to it. */
#include "transfer.h"

#include <assert.h>
#include <ctype.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

#define AUTHORIZATION_BYTES_MAX (16u << 10)
#define EXPIRES "Expire date:"

int64_t boottime_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- libcurl asks ---------------------------------------------------------------------------------------------------- */

/* libcurl has a connection and is about to begin the request; again for every attempt. */
static int on_begin(void *userdata, char *ip, char *local_ip, int port, int local_port)
{
    struct transfer *t = userdata;

    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (boottime_ms() > t->send_by_ms) {
        t->refused = "too late to send";
        return CURL_PREREQFUNC_ABORT;
    }
    /* Its own safety, beside the body that cannot be rewound: a second attempt after all was handed over is a second request. */
    if (!t->may_begin_again && t->sent == SENT_ALL) {
        t->refused = "the connection broke before the answer; not sent again";
        return CURL_PREREQFUNC_ABORT;
    }
    t->body_given = 0;
    if (t->body_bytes == 0)
        t->sent = SENT_ALL;
    else if (t->sent == SENT_NOTHING)
        t->sent = SENT_HEAD;
    return CURL_PREREQFUNC_OK;
}

static size_t on_body_wanted(char *to, size_t size, size_t count, void *userdata)
{
    struct transfer *t = userdata;
    size_t n = size * count, left = t->body_bytes - t->body_given;

    if (boottime_ms() > t->send_by_ms) {
        t->refused = "too late to send";
        return CURL_READFUNC_ABORT;
    }
    if (n > left)
        n = left;
    memcpy(to, t->body + t->body_given, n);
    t->body_given += n;
    if (t->body_given == t->body_bytes)
        t->sent = SENT_ALL;
    return n;
}

/* Exists for bodies that may be sent again only. */
static int on_seek(void *userdata, curl_off_t offset, int origin)
{
    struct transfer *t = userdata;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->body_bytes)
        return CURL_SEEKFUNC_FAIL;
    t->body_given = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t count, void *userdata)
{
    struct transfer *t = userdata;
    size_t n = size * count;

    t->header_bytes += n;
    if (t->header_bytes > HTTP_HEADER_BYTES_MAX) {
        t->refused = "the answer's headers are too large";
        return 0;
    }
    headers_note(&t->noted, line, n);
    return n;
}

static size_t on_reply(char *bytes, size_t size, size_t count, void *userdata)
{
    struct transfer *t = userdata;
    size_t n = size * count;

    buf_add(&t->reply, bytes, n);
    if (!buf_ok(&t->reply)) {
        t->reply_over = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return n;
}

/* ---- setting up ------------------------------------------------------------------------------------------------------ */

static bool set_ok(CURLcode code, const char *option, struct err *err)
{
    return code == CURLE_OK || err_set(err, ERR_BUG, "libcurl refuses the option %s: %s", option, curl_easy_strerror(code));
}
#define SET(option, value) set_ok(curl_easy_setopt(t->easy, CURLOPT_##option, (value)), #option, err)

/* What the environment, a server or a default could otherwise decide for us. */
static bool set_policy(struct transfer *t, const struct transfer_settings *s, struct err *err)
{
    return SET(PROTOCOLS_STR, "http,https")         /* url_check keeps http on loopback */
        && SET(FOLLOWLOCATION, 0L)
        && SET(PROXY, "")
        && SET(NETRC, (long)CURL_NETRC_IGNORED)
        && SET(DISALLOW_USERNAME_IN_URL, 1L)
        && SET(NOSIGNAL, 1L)
        && SET(QUICK_EXIT, 1L)                      /* giving up on a name does not wait for the resolver's thread */
        && SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2)
        && SET(SSL_VERIFYPEER, 1L)
        && SET(SSL_VERIFYHOST, 2L)
        && SET(CERTINFO, 1L)
        && (!s->ca_file || SET(CAINFO, s->ca_file))
        && SET(USERAGENT, s->user_agent)
        && SET(CLOSESOCKETFUNCTION, s->close_socket)
        && SET(CLOSESOCKETDATA, s->close_userdata)
        && SET(ERRORBUFFER, t->error);
}

static bool set_limits(struct transfer *t, const struct transfer_settings *s, const struct http_transfer *wanted, struct err *err)
{
    return SET(CONNECTTIMEOUT_MS, (long)s->connect_timeout_ms)
        && SET(TIMEOUT_MS, (long)wanted->timeout_ms)
        && SET(LOW_SPEED_LIMIT, 1L)
        && SET(LOW_SPEED_TIME, (long)s->stall_seconds);
}

static bool set_callbacks(struct transfer *t, struct err *err)
{
    return SET(PRIVATE, (void *)t)
        && SET(PREREQFUNCTION, on_begin)
        && SET(PREREQDATA, (void *)t)
        && SET(HEADERFUNCTION, on_header)
        && SET(HEADERDATA, (void *)t)
        && SET(WRITEFUNCTION, on_reply)
        && SET(WRITEDATA, (void *)t);
}

static bool set_post(struct transfer *t, struct err *err)
{
    return SET(POST, 1L)
        && SET(POSTFIELDSIZE_LARGE, (curl_off_t)t->body_bytes)
        && SET(READFUNCTION, on_body_wanted)
        && SET(READDATA, (void *)t)
        && (t->one_shot || (SET(SEEKFUNCTION, on_seek) && SET(SEEKDATA, (void *)t)));
}

/* Only GET opens connections for HTTP/2: where many lists come from one host it saves connections. Others may still be put on such a
 * connection by libcurl, so their safety never rests on the version: whatever is spoken, on_begin is asked before every attempt. */
static bool set_request(struct transfer *t, const struct transfer_settings *s, const struct http_transfer *wanted, struct err *err)
{
    bool two = wanted->method == HTTP_GET || s->post_by_http2;
    long version = two ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;

    if (!SET(URL, wanted->url) || !SET(HTTP_VERSION, version) || !SET(HTTPHEADER, t->headers))
        return false;
    switch (wanted->method) {
    case HTTP_GET:
        return SET(HTTPGET, 1L);
    case HTTP_DELETE:
        return SET(HTTPGET, 1L) && SET(CUSTOMREQUEST, "DELETE");
    case HTTP_POST:
        return set_post(t, err);
    }
    return err_set(err, ERR_BUG, "unknown method");
}

static bool add_header(struct transfer *t, const char *name, const char *value, struct err *err)
{
    struct curl_slist *longer;
    struct buf line;

    buf_init(&line, AUTHORIZATION_BYTES_MAX);
    buf_printf(&line, "%s:%s%s", name, value[0] ? " " : "", value);
    longer = buf_ok(&line) && !strpbrk(value, "\r\n") ? curl_slist_append(t->headers, line.data) : NULL;
    buf_wipe(&line);
    if (!longer)
        return err_set(err, ERR_LIMIT, "the header %s is too long, or not one line", name);
    t->headers = longer;
    return true;
}

static bool add_headers(struct transfer *t, const struct http_transfer *wanted, struct err *err)
{
    return add_header(t, "Accept", "application/json", err)
        && add_header(t, "Expect", "", err)         /* its answer would be one round trip more */
        && (!wanted->content_type || add_header(t, "Content-Type", wanted->content_type, err))
        && (!wanted->authorization || add_header(t, "Authorization", wanted->authorization, err));
}

bool transfer_new(const struct http_transfer *wanted, const struct transfer_settings *settings, struct transfer **ret, struct err *err)
{
    struct transfer *t = must_calloc(1, sizeof *t);

    assert(wanted->timeout_ms > 0);
    assert(wanted->method == HTTP_POST || wanted->body_bytes == 0);
    t->id = wanted->id;
    t->send_by_ms = wanted->send_by_ms;
    t->begun_ms = boottime_ms();
    t->one_shot = wanted->one_shot && !settings->ignore_one_shot;
    t->may_begin_again = !t->one_shot || settings->ignore_second_begin;
    t->body_bytes = wanted->body_bytes;
    t->body = must_malloc(wanted->body_bytes + 1);
    if (wanted->body_bytes > 0)
        memcpy(t->body, wanted->body, wanted->body_bytes);
    buf_init(&t->reply, wanted->reply_bytes_max);
    t->easy = curl_easy_init();
    if (!t->easy) {
        err_set(err, ERR_TRANSIENT, "libcurl makes no handle");
        goto fail;
    }
    if (!add_headers(t, wanted, err) || !set_policy(t, settings, err) || !set_limits(t, settings, wanted, err)
        || !set_callbacks(t, err) || !set_request(t, settings, wanted, err))
        goto fail;
    *ret = t;
    return true;

fail:
    transfer_free(t);
    return false;
}

void transfer_free(struct transfer *t)
{
    if (!t)
        return;
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    if (t->body)
        explicit_bzero(t->body, t->body_bytes);
    free(t->body);
    buf_wipe(&t->reply);
    free(t);
}

/* ---- the end --------------------------------------------------------------------------------------------------------- */

/* One line: libcurl's words may hold what the server said. */
static void say(struct http_result *r, const char *what, const char *details)
{
    if (details[0] != '\0')
        snprintf(r->text, sizeof r->text, "%.70s (%.120s)", what, details);
    else
        text_copy(r->text, sizeof r->text, what);
    for (char *p = r->text; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
}

/* Of the server's own; those that vouch for it follow. */
static int64_t certificate_ends_s(const struct transfer *t)
{
    struct curl_certinfo *chain = NULL;

    if (curl_easy_getinfo(t->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain || chain->num_of_certs < 1)
        return 0;
    for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next) {
        if (text_starts(line->data, EXPIRES)) {
            time_t ends = curl_getdate(line->data + strlen(EXPIRES), NULL);
            return ends > 0 ? ends : 0;
        }
    }
    return 0;
}

static void answered(struct transfer *t, struct http_result *r, long status)
{
    r->certificate_ends_s = certificate_ends_s(t);
    r->transport = REPLY_ANSWERED;
    r->status = (int)status;
    r->retry_after_ms = headers_retry_after_ms(&t->noted, time(NULL));
    text_copy(r->content_type, sizeof r->content_type, t->noted.content_type);
    text_copy(r->request_id, sizeof r->request_id, t->noted.twilio_request_id[0] ? t->noted.twilio_request_id : t->noted.request_id);
    if (t->reply_over) {
        snprintf(r->text, sizeof r->text, "the answer is larger than %zu bytes", t->reply.bytes_max);
        buf_wipe(&t->reply);
        buf_init(&t->reply, 0);
    }
    r->body = t->reply;
    t->reply = (struct buf){ 0 };
}

void transfer_result(struct transfer *t, struct http_result *ret_result)
{
    struct http_result r = { .transport = REPLY_UNKNOWN, .retry_after_ms = -1, .took_ms = boottime_ms() - t->begun_ms };
    struct classified c = { REPLY_UNKNOWN, "libcurl failed and was started afresh" };
    long status = 0;

    if (!t->is_lost) {
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
        c = http_classify(t->code, t->sent);
    }
    if (c.transport == REPLY_ANSWERED && status == 0)
        c = (struct classified){ REPLY_UNKNOWN, "the answer has no status" };
    if (c.transport == REPLY_ANSWERED || (t->reply_over && status > 0)) {
        answered(t, &r, status);
    } else {
        r.transport = c.transport;
        say(&r, t->refused ? t->refused : c.text, t->refused ? "" : t->error);
        buf_init(&r.body, 0);
    }
    *ret_result = r;
}
