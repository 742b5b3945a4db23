/* The vault as a whole: start, end, versions, passwords of our own, hardening. */
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include <unistd.h>
#include "files.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL
#define PASSWORD_BYTES 32

static bool sodium_ready(struct err *err)
{
    return sodium_init() >= 0 || err_set(err, ERR_BUG, "libsodium does not start: no source of random bytes");
}

bool vault_new(const struct vault_options *options, struct vault **ret_vault, struct err *err)
{
    struct vault *v = must_calloc(1, sizeof *v);

    if (!sodium_ready(err))
        goto fail;
    if (!environment_take(v, err) || !keyring_load(options, &v->ring, err))
        goto fail;
    v->secrets_directory = options->secrets_directory ? must_strdup(options->secrets_directory) : NULL;
    v->credentials_directory = options->credentials_directory ? must_strdup(options->credentials_directory) : NULL;
    *ret_vault = v;
    return true;

fail:
    vault_free(v);
    return false;
}

void vault_free(struct vault *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->variables_count; i++) {
        free(v->variables[i].name);
        secret_release(&v->variables[i].value);
    }
    keyring_release(&v->ring);
    free(v->secrets_directory);
    free(v->credentials_directory);
    free(v);
}

static void version_of(const struct vault *v, const void *secret, size_t length, char ret_version[VAULT_VERSION_BYTES])
{
    struct fingerprint f;

    fingerprint_begin(&f, v->ring.fingerprint_key.bytes);
    fingerprint_add(&f, secret, length);
    fingerprint_end(&f, ret_version);
}

bool vault_version(const struct vault *v, const char *reference, const char *place,
                   char ret_version[VAULT_VERSION_BYTES], struct err *err)
{
    CLEANUP(secret_release) struct secret s = { 0 };

    if (!reference_resolve(v, reference, place, &s, err))
        return false;
    version_of(v, s.bytes, s.length, ret_version);
    return true;
}

/* At least one character of each class, wherever it lands: providers refuse passwords without. */
static void password_make(struct secret *ret)
{
    static const char digits[] = "0123456789", upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", lower[] = "abcdefghijklmnopqrstuvwxyz";
    static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const struct { const char *of; uint32_t count; } first[] = {
        { digits, sizeof digits - 1 }, { upper, sizeof upper - 1 }, { lower, sizeof lower - 1 },
    };

    secret_init(ret, PASSWORD_BYTES);
    for (size_t i = 0; i < PASSWORD_BYTES; i++) {
        bool fixed = i < ARRAY_SIZE(first);
        uint32_t pick = randombytes_uniform(fixed ? first[i].count : sizeof all - 1);

        secret_add(ret, (fixed ? first[i].of : all) + pick, 1);
    }
    for (uint32_t i = PASSWORD_BYTES - 1; i > 0; i--) {
        uint32_t k = randombytes_uniform(i + 1);
        unsigned char c = ret->bytes[i];

        ret->bytes[i] = ret->bytes[k];
        ret->bytes[k] = c;
    }
}

bool vault_generate(const struct vault *v, const char *place, char **ret_sealed,
                    char ret_version[VAULT_VERSION_BYTES], struct err *err)
{
    CLEANUP(secret_release) struct secret password = { 0 };

    if (!text_starts(place, "sip/"))
        return err_set(err, ERR_BUG, "passwords are made for sip/ only, not for %s", place);
    password_make(&password);
    if (!seal(v->ring.keys[v->ring.count - 1].public, place, password.bytes, password.length, ret_sealed, err))
        return false;
    version_of(v, password.bytes, password.length, ret_version);
    return true;
}

bool vault_seal_with(const char *public_key, const char *place, const char *secret, size_t secret_bytes,
                     char **ret_sealed, struct err *err)
{
    CLEANUP(secret_release) struct secret checked = { 0 };
    unsigned char key[crypto_box_PUBLICKEYBYTES];
    size_t bytes;

    if (!sodium_ready(err))
        return false;
    if (sodium_base642bin(key, sizeof key, public_key, strlen(public_key), NULL, &bytes, NULL, BASE64) != 0 || bytes != sizeof key)
        return err_set(err, ERR_REJECTED, "the public key is not %zu bytes in base64", sizeof key);
    if (!text_starts(place, "account/") && !text_starts(place, "sip/"))
        return err_set(err, ERR_REJECTED, "a place begins with account/ or sip/");
    if (secret_bytes > VAULT_SECRET_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a secret has at most %d bytes", VAULT_SECRET_BYTES_MAX);
    secret_init(&checked, VAULT_SECRET_BYTES_MAX);
    secret_add(&checked, secret, secret_bytes);
    if (!secret_check_text(&checked, err))
        return err_prefix(err, "this secret cannot be used: ");
    return seal(key, place, secret, secret_bytes, ret_sealed, err);
}

size_t vault_public_keys(const struct vault *v, struct vault_public_key ret_keys[VAULT_KEYS_MAX])
{
    for (size_t i = 0; i < v->ring.count; i++) {
        text_copy(ret_keys[i].id, sizeof ret_keys[i].id, v->ring.keys[i].id);
        ret_keys[i].written_s = v->ring.keys[i].written_s;
        sodium_bin2base64(ret_keys[i].key, sizeof ret_keys[i].key, v->ring.keys[i].public, sizeof v->ring.keys[i].public, BASE64);
    }
    return v->ring.count;
}

void vault_random(void *ret_bytes, size_t n)
{
    if (!sodium_ready(NULL))
        abort();
    randombytes_buf(ret_bytes, n);
}

bool vault_harden(struct err *err)
{
    const struct rlimit none = { 0, 0 };

    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        return err_set(err, ERR_CONFIG, "cannot switch core dumps off: %s", strerror(errno));
    return true;
}
