/* Keyed BLAKE2b, cut to 64 bits: enough to tell one password from the next, useless for guessing them without the key. */
#include "fingerprint.h"

#define DIGEST_BYTES crypto_generichash_BYTES_MIN
#define SHOWN_BYTES 8

void fingerprint_begin(struct fingerprint *f, const unsigned char key[FINGERPRINT_KEY_BYTES])
{
    f->bytes = 0;
    crypto_generichash_init(&f->state, key, FINGERPRINT_KEY_BYTES, DIGEST_BYTES);
}

void fingerprint_add(struct fingerprint *f, const void *bytes, size_t length)
{
    f->bytes += length;
    crypto_generichash_update(&f->state, bytes, length);
}

void fingerprint_end(struct fingerprint *f, char ret_version[VAULT_VERSION_BYTES])
{
    unsigned char digest[DIGEST_BYTES];
    size_t bytes = f->bytes;

    crypto_generichash_final(&f->state, digest, sizeof digest);
    sodium_memzero(f, sizeof *f);
    ret_version[0] = '\0';
    if (bytes > 0) {
        memcpy(ret_version, "fp:", 3);
        sodium_bin2hex(ret_version + 3, VAULT_VERSION_BYTES - 3, digest, SHOWN_BYTES);
    }
}
