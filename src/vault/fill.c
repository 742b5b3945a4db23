/* The last step before the wire: secrets go into a request's body and into its Authorization header.
 *
 * Everything is put together in locked memory and copied out once, into a buffer of the right size: growing would leave copies. */
#include "room.h"

#include <assert.h>
#include <sodium.h>
#include <trunkd/text.h>

#define TOKEN_LIFE_SECONDS 600          /* what LiveKit's own clients use */
#define TOKEN_CLOCK_SKEW_SECONDS 10     /* the server's clock may be behind ours by so much; it allows 60 more */
#define USER_BYTES_MAX 256
#define CLAIMS_BYTES_MAX 1024
#define JWT_BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void secret_copy_out(const struct secret *s, struct buf *ret)
{
    buf_init(ret, s->length);
    buf_add(ret, s->bytes, s->length);
}

/* Control characters never get here: secret_check_text refused them. The quotes are the body's own. */
static void escape_json(const struct secret *s, struct secret *ret)
{
    secret_init(ret, 2 * s->length);
    for (size_t i = 0; i < s->length; i++) {
        if (s->bytes[i] == '"' || s->bytes[i] == '\\')
            secret_adds(ret, "\\");
        secret_add(ret, s->bytes + i, 1);
    }
}

static void escape_form(const struct secret *s, struct secret *ret)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";

    secret_init(ret, 3 * s->length);
    for (size_t i = 0; i < s->length; i++) {
        if (memchr(unreserved, s->bytes[i], sizeof unreserved - 1)) {
            secret_add(ret, s->bytes + i, 1);
        } else {
            const char escaped[3] = { '%', hex[s->bytes[i] >> 4], hex[s->bytes[i] & 15] };

            secret_add(ret, escaped, sizeof escaped);
        }
    }
}

static bool fill_body(const struct vault *v, const struct request *r, struct buf *ret_body, struct err *err)
{
    CLEANUP(secret_release) struct secret s = { 0 }, escaped = { 0 }, whole = { 0 };

    if (!r->slot.secret) {
        buf_init(ret_body, r->body_bytes);
        buf_add(ret_body, text_or(r->body, ""), r->body_bytes);
        return true;
    }
    assert(r->slot.offset <= r->body_bytes);
    if (!reference_resolve(v, r->slot.secret, r->slot.place, &s, err))
        return false;
    switch (r->slot.escape) {
    case SECRET_JSON:
        escape_json(&s, &escaped);
        break;
    case SECRET_FORM:
        escape_form(&s, &escaped);
        break;
    }
    secret_init(&whole, r->body_bytes + escaped.length);
    secret_add(&whole, r->body, r->slot.offset);
    secret_add(&whole, escaped.bytes, escaped.length);
    secret_add(&whole, r->body + r->slot.offset, r->body_bytes - r->slot.offset);
    secret_copy_out(&whole, ret_body);
    return true;
}

static void add_base64(struct secret *to, const void *bytes, size_t length, int variant)
{
    size_t text = sodium_base64_encoded_len(length, variant);

    assert(text <= to->capacity - to->length);
    sodium_bin2base64((char *)to->bytes + to->length, text, bytes, length, variant);
    to->length += text - 1;
}

static void basic_header(const char *user, const struct secret *s, struct buf *ret)
{
    CLEANUP(secret_release) struct secret pair = { 0 }, header = { 0 };

    secret_init(&pair, USER_BYTES_MAX + 1 + VAULT_SECRET_BYTES_MAX);
    secret_adds(&pair, user);
    secret_adds(&pair, ":");
    secret_add(&pair, s->bytes, s->length);
    secret_init(&header, 2 * pair.capacity);
    secret_adds(&header, "Basic ");
    add_base64(&header, pair.bytes, pair.length, sodium_base64_VARIANT_ORIGINAL);
    secret_copy_out(&header, ret);
}

static void livekit_header(const char *user, const struct secret *s, int64_t wall_seconds, struct buf *ret)
{
    static const char jose[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    CLEANUP(secret_release) struct secret header = { 0 };
    CLEANUP(buf_release) struct buf claims = { 0 };
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    const size_t start = sizeof "Bearer " - 1;

    buf_init(&claims, CLAIMS_BYTES_MAX + 6 * USER_BYTES_MAX);
    json_open(&claims, '{');
    json_key_text(&claims, "iss", user);
    json_key_text(&claims, "sub", "trunkd");
    json_key_int(&claims, "nbf", wall_seconds - TOKEN_CLOCK_SKEW_SECONDS);
    json_key_int(&claims, "exp", wall_seconds + TOKEN_LIFE_SECONDS);
    json_key_raw(&claims, "sip", "{\"admin\":true}");
    json_close(&claims, '}');
    assert(buf_ok(&claims));

    secret_init(&header, 2 * claims.bytes_max);
    secret_adds(&header, "Bearer ");
    add_base64(&header, jose, sizeof jose - 1, JWT_BASE64);
    secret_adds(&header, ".");
    add_base64(&header, claims.data, claims.length, JWT_BASE64);
    crypto_auth_hmacsha256_init(&state, s->bytes, s->length);
    crypto_auth_hmacsha256_update(&state, header.bytes + start, header.length - start);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof state);
    secret_adds(&header, ".");
    add_base64(&header, mac, sizeof mac, JWT_BASE64);
    secret_copy_out(&header, ret);
}

static bool fill_authorization(const struct vault *v, const struct request *r, int64_t wall_seconds, struct buf *ret, struct err *err)
{
    CLEANUP(secret_release) struct secret s = { 0 };
    const char *user = text_or(r->auth.user, "");

    if (user[0] == '\0' || strlen(user) > USER_BYTES_MAX || strpbrk(user, ":\r\n"))
        return err_set(err, ERR_CONFIG, "user of %s: 1 to %d bytes, no colon, one line", r->auth.place, USER_BYTES_MAX);
    if (!reference_resolve(v, r->auth.secret, r->auth.place, &s, err))
        return false;
    switch (r->auth.kind) {
    case AUTH_BASIC:
        basic_header(user, &s, ret);
        return true;
    case AUTH_LIVEKIT:
        livekit_header(user, &s, wall_seconds, ret);
        return true;
    }
    return err_set(err, ERR_BUG, "unknown kind of authorization");
}

bool vault_fill(const struct vault *v, const struct request *r, int64_t wall_seconds,
                struct buf *ret_body, struct buf *ret_authorization, struct err *err)
{
    struct buf authorization = { 0 };

    if (!fill_authorization(v, r, wall_seconds, &authorization, err))
        return false;
    if (!fill_body(v, r, ret_body, err)) {
        buf_wipe(&authorization);
        return false;
    }
    *ret_authorization = authorization;
    return true;
}
