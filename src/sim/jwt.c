/* Access tokens: HS256 with the raw bytes of the API secret, 60 s of leeway. The refusals are worded as livekit-server words them,
 * the whole token included: a client must never log them. */
#include "livekit.h"

#include "hash.h"
#include "json.h"

#define LEEWAY_S 60

struct token_parts { const char *header, *payload, *signature; size_t header_length, payload_length, signature_length; };

static bool split(const char *token, struct token_parts *ret)
{
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    if (!second || strchr(second + 1, '.'))
        return false;
    *ret = (struct token_parts){ token, first + 1, second + 1, (size_t)(first - token), (size_t)(second - first - 1), strlen(second + 1) };
    return true;
}

static struct json_object *read_part(struct arena *arena, const char *text, size_t length)
{
    uint8_t *bytes = arena_alloc(arena, length + 4);
    size_t n = 0;
    return base64_decode(text, length, bytes, &n) ? json_read_object((const char *)bytes, n) : NULL;
}

static bool signature_fits(struct arena *arena, const struct token_parts *p, const char *token, const char *secret)
{
    uint8_t digest[32], *given = arena_alloc(arena, p->signature_length + 4);
    size_t n = 0;
    hmac_sha256(secret, strlen(secret), token, p->header_length + 1 + p->payload_length, digest);
    return base64_decode(p->signature, p->signature_length, given, &n) && n == sizeof(digest) && memcmp(given, digest, n) == 0;
}

static const char *times_wrong(const struct sim *sim, struct json_object *claims)
{
    int64_t now = sim->now_ms / 1000, expires = get_int(claims, "exp", 0), from = get_int(claims, "nbf", 0);
    if (expires == 0 && sim->set.livekit_exp_required)
        return "token has invalid claims: token is missing required claim: exp claim is required";
    if (expires != 0 && now > expires + LEEWAY_S)
        return "token has invalid claims: token is expired";
    return from > now + LEEWAY_S ? "token has invalid claims: token is not valid yet" : NULL;
}

enum lk_token_fault lk_token_check(struct sim *sim, struct arena *arena, const char *token, struct tenant **ret_tenant,
                                   struct json_object **ret_claims, const char **ret_why)
{
    struct token_parts parts;
    if (!split(token, &parts))
        return TOKEN_NO_JWT;
    CLEANUP(json_put_cleanup) struct json_object *header = read_part(arena, parts.header, parts.header_length);
    CLEANUP(json_put_cleanup) struct json_object *claims = read_part(arena, parts.payload, parts.payload_length);
    if (!header || !claims)
        return TOKEN_NO_JWT;
    const char *key = text_or(get_text(claims, "iss"), ""), *algorithm = text_or(get_text(header, "alg"), "");
    struct tenant *t = tenant_find(sim, SIM_LIVEKIT, key);
    *ret_why = arena_strdup(arena, key);
    if (!t || t->revoked)
        return TOKEN_BAD_KEY;
    *ret_why = arena_printf(arena, "token signature is invalid: signing method %s is invalid", algorithm);
    if (!text_equal(algorithm, "HS256"))
        return TOKEN_REFUSED;
    *ret_why = "token signature is invalid: signature is invalid";
    if (!signature_fits(arena, &parts, token, t->secret))
        return TOKEN_REFUSED;
    *ret_why = times_wrong(sim, claims);
    if (*ret_why)
        return TOKEN_REFUSED;
    *ret_tenant = t;
    *ret_claims = STEAL(claims);
    return TOKEN_OK;
}
