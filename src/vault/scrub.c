/* Takes secrets out of an answer before anybody parses it.
 *
 * The rules:
 *  1. A 401 is emptied: LiveKit answers one with the whole bearer token in it.
 *  2. An answer that begins like JSON must be JSON to its last byte, else it is emptied: what a lenient parser might still read
 *     is not there to be read.
 *  3. The value of a member named like a password becomes its fingerprint, at any depth and however the name is escaped: a string
 *     (unescaped first, so that it equals the fingerprint of the secret itself), a number, and all of these inside an array or object.
 *     "" stays "", true, false and null stay.
 *  4. Any other text is kept unless it is long or speaks of secrets.
 * The scanner holds no secret: characters go one by one into the hash. Between two values it can stop and go on. */
#include "room.h"

#include <ctype.h>
#include <sodium.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include "fingerprint.h"

#define DEPTH_MAX 64
#define GROWTH_MAX 4                    /* `"secret":1` becomes three times as long; a list of such numbers is nobody's answer */
#define NAME_BYTES_MAX 32               /* longer ones are not in the table */
#define TEXT_BYTES_MAX (64u << 10)      /* of what is not JSON */

static const char *const secret_names[] = {
    "auth_password", "authPassword", "auth_token", "authToken", "inbound_password", "inboundPassword", "outbound_password",
    "outboundPassword", "password", "secret", "turn_password", "turnPassword", NULL,
};

/* Lower case; looked for anywhere in text that is not JSON. */
static const char *const suspicious_words[] = { "password", "token", "secret", "bearer", "authorization", NULL };

struct vault_scrub {
    struct buf body, out;
    const char *p, *end;                /* in the body */
    const char *copied;                 /* up to here it is in the output */
    const unsigned char *key;           /* of the fingerprints */
    struct { char bracket; bool secret; } stack[DEPTH_MAX];     /* secret: what stands in it is */
    size_t depth;                       /* 0: there is nothing more to look at */
    bool inside;                        /* p stands behind an opening bracket */
    bool dropped;
};

/* Where the characters of a string go. */
struct sink {
    char name[NAME_BYTES_MAX + 1];
    size_t length;                      /* of all characters; more than NAME_BYTES_MAX: name is cut */
    struct fingerprint *fingerprint;    /* NULL: into name */
};

static void sink_add(struct sink *to, const char *bytes, size_t n)
{
    if (to->fingerprint) {
        fingerprint_add(to->fingerprint, bytes, n);
        return;
    }
    if (to->length < NAME_BYTES_MAX)
        memcpy(to->name + to->length, bytes, n < NAME_BYTES_MAX - to->length ? n : NAME_BYTES_MAX - to->length);
    to->length += n;
}

static void sink_add_codepoint(struct sink *to, uint32_t c)
{
    char u[4];
    size_t n = 0;

    if (c < 0x80) {
        u[n++] = (char)c;
    } else if (c < 0x800) {
        u[n++] = (char)(0xc0 | c >> 6);
        u[n++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        u[n++] = (char)(0xe0 | c >> 12);
        u[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        u[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        u[n++] = (char)(0xf0 | c >> 18);
        u[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        u[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        u[n++] = (char)(0x80 | (c & 0x3f));
    }
    sink_add(to, u, n);
    sodium_memzero(u, sizeof u);
}

/* Four hex digits at p. */
static bool hex4(struct vault_scrub *s, uint32_t *ret)
{
    uint32_t value = 0;

    if (s->end - s->p < 4)
        return false;
    for (int i = 0; i < 4; i++, s->p++) {
        unsigned char c = (unsigned char)*s->p;

        if (!isxdigit(c))
            return false;
        value = value << 4 | (uint32_t)(isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    *ret = value;
    return true;
}

/* p stands behind "\u". Half a pair becomes U+FFFD. */
static bool unescape_unicode(struct vault_scrub *s, struct sink *to)
{
    uint32_t high, low;

    if (!hex4(s, &high))
        return false;
    if (high < 0xd800 || high > 0xdfff) {
        sink_add_codepoint(to, high);
        return true;
    }
    if (high < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
        const char *back = s->p;

        s->p += 2;
        if (!hex4(s, &low))
            return false;
        if (low >= 0xdc00 && low <= 0xdfff) {
            sink_add_codepoint(to, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            return true;
        }
        s->p = back;
    }
    sink_add_codepoint(to, 0xfffd);
    return true;
}

/* p stands behind the backslash. */
static bool unescape(struct vault_scrub *s, struct sink *to)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;

    if (s->p == s->end || *s->p == '\0')
        return false;
    if (*s->p == 'u') {
        s->p++;
        return unescape_unicode(s, to);
    }
    letter = strchr(letters, *s->p++);
    if (!letter)
        return false;
    sink_add(to, &meanings[letter - letters], 1);
    return true;
}

/* p stands at the opening quote, and afterwards behind the closing one. */
static bool scan_string(struct vault_scrub *s, struct sink *to)
{
    for (s->p++; s->p < s->end;) {
        const char *run = s->p;

        while (s->p < s->end && *s->p != '"' && *s->p != '\\' && (unsigned char)*s->p >= 0x20)
            s->p++;
        sink_add(to, run, (size_t)(s->p - run));
        if (s->p == s->end || (unsigned char)*s->p < 0x20)
            return false;
        if (*s->p++ == '"')
            return true;
        if (!unescape(s, to))
            return false;
    }
    return false;
}

/* Everything up to `start` as it is, then the fingerprint instead of what p stands behind. */
static void replace(struct vault_scrub *s, const char *start, struct fingerprint *f)
{
    char version[VAULT_VERSION_BYTES];

    fingerprint_end(f, version);
    buf_add(&s->out, s->copied, (size_t)(start - s->copied));
    buf_addc(&s->out, '"');
    buf_adds(&s->out, version);
    buf_addc(&s->out, '"');
    s->copied = s->p;
}

/* A string, or a number. */
static bool scan_scalar(struct vault_scrub *s, bool secret)
{
    struct fingerprint f;
    struct sink to = { .fingerprint = secret ? &f : NULL };
    const char *start = s->p;
    bool ok = true;

    if (secret)
        fingerprint_begin(&f, s->key);
    if (*s->p == '"') {
        ok = scan_string(s, &to);
    } else {
        while (s->p < s->end && (isalnum((unsigned char)*s->p) || strchr("+-.", *s->p)) && *s->p != '\0')
            s->p++;
        sink_add(&to, start, (size_t)(s->p - start));
    }
    if (ok && secret)
        replace(s, start, &f);
    sodium_memzero(&f, sizeof f);
    return ok;
}

static void skip_space(struct vault_scrub *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

static bool scan_word(struct vault_scrub *s)
{
    static const char *const words[] = { "true", "false", "null", NULL };

    for (size_t i = 0; words[i]; i++) {
        size_t n = strlen(words[i]);

        if ((size_t)(s->end - s->p) >= n && memcmp(s->p, words[i], n) == 0) {
            s->p += n;
            return true;
        }
    }
    return false;
}

/* The beginning of a value: all of a scalar, the bracket of a container. */
static bool scan_value(struct vault_scrub *s, bool secret)
{
    if (s->p == s->end)
        return false;
    if (*s->p == '{' || *s->p == '[') {
        if (s->depth == DEPTH_MAX)
            return false;
        s->stack[s->depth].bracket = *s->p++;
        s->stack[s->depth++].secret = secret;
        return true;
    }
    if (*s->p == '"' || *s->p == '-' || isdigit((unsigned char)*s->p))
        return scan_scalar(s, secret);
    return scan_word(s);
}

/* `"name" :` and the beginning of its value. */
static bool scan_member(struct vault_scrub *s, bool secret)
{
    struct sink name = { .length = 0 };

    if (s->p == s->end || *s->p != '"' || !scan_string(s, &name))
        return false;
    for (size_t i = 0; secret_names[i] && !secret; i++)
        secret = name.length == strlen(secret_names[i]) && memcmp(name.name, secret_names[i], name.length) == 0;
    skip_space(s);
    if (s->p == s->end || *s->p++ != ':')
        return false;
    skip_space(s);
    return scan_value(s, secret);
}

/* Inside the innermost container, behind its bracket or an item: the next item, or its end. */
static bool scan_next(struct vault_scrub *s)
{
    const char bracket = s->stack[s->depth - 1].bracket;
    const bool secret = s->stack[s->depth - 1].secret;
    const size_t depth = s->depth;

    skip_space(s);
    if (s->p == s->end)
        return false;
    if (*s->p == (bracket == '{' ? '}' : ']')) {
        s->p++;
        s->depth--;
        s->inside = false;
        return true;
    }
    if (!s->inside) {
        if (*s->p++ != ',')
            return false;
        skip_space(s);
    }
    if (!(bracket == '{' ? scan_member(s, secret) : scan_value(s, secret)))
        return false;
    s->inside = s->depth > depth;
    return true;
}

static bool is_harmless_text(const struct buf *body)
{
    if (body->length > TEXT_BYTES_MAX || memchr(body->data, '\0', body->length))
        return false;
    for (size_t i = 0; suspicious_words[i]; i++)
        if (strcasestr(body->data, suspicious_words[i]))
            return false;
    return true;
}

struct vault_scrub *vault_scrub_begin(const struct vault *v, int status, struct buf *body)
{
    struct vault_scrub *s = must_calloc(1, sizeof *s);

    s->body = *body;
    *body = (struct buf){ 0 };
    s->p = s->copied = s->body.data;
    s->end = s->p + s->body.length;
    s->key = v->ring.fingerprint_key.bytes;
    buf_init(&s->out, GROWTH_MAX * s->body.length);
    s->dropped = status == 401 || !buf_ok(&s->body);
    if (s->dropped)
        return s;
    skip_space(s);
    if (s->p == s->end || (*s->p != '{' && *s->p != '['))
        s->dropped = !is_harmless_text(&s->body);
    else
        s->inside = scan_value(s, /* secret= */ false);
    return s;
}

bool vault_scrub_more(struct vault_scrub *s, size_t bytes)
{
    const char *until = (size_t)(s->end - s->p) > bytes ? s->p + bytes : s->end;

    while (s->depth > 0 && (s->p < until || s->p == s->end))
        if (!scan_next(s)) {
            s->dropped = true;
            s->depth = 0;
        } else if (s->depth == 0) {
            skip_space(s);
            s->dropped = s->p != s->end;
        }
    return s->depth == 0;
}

void vault_scrub_end(struct vault_scrub *s, struct buf *ret_body)
{
    const size_t bytes_max = s->body.bytes_max;
    const bool replaced = s->copied != s->body.data;    /* else a long answer is not copied */

    if (replaced)
        buf_add(&s->out, s->copied, (size_t)(s->end - s->copied));
    if (s->dropped || s->depth > 0 || !buf_ok(&s->out)) {
        buf_init(ret_body, bytes_max);
        buf_wipe(&s->out);
        buf_wipe(&s->body);
    } else if (replaced) {
        *ret_body = s->out;
        if (ret_body->bytes_max < bytes_max)
            ret_body->bytes_max = bytes_max;
        buf_wipe(&s->body);
    } else {
        *ret_body = s->body;
        buf_release(&s->out);
    }
    free(s);
}
