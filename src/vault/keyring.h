/* The daemon's sealing keys: newest seals, all unseal, the oldest makes the fingerprints. */
#ifndef TRUNKD_VAULT_KEYRING_H
#define TRUNKD_VAULT_KEYRING_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <trunkd/err.h>
#include <trunkd/vault.h>
#include "fingerprint.h"
#include "secret.h"

struct keyring {
    struct {
        char id[VAULT_KEY_ID_BYTES];
        unsigned char public[crypto_box_PUBLICKEYBYTES];
        int64_t written_s;
    } keys[VAULT_KEYS_MAX];             /* oldest first */
    size_t count;
    struct secret secret_keys;          /* count times crypto_box_SECRETKEYBYTES */
    struct secret fingerprint_key;
};

/* *ret_ring is initialised here; on failure it holds nothing. */
MUST_CHECK bool keyring_load(const struct vault_options *, struct keyring *ret_ring, struct err *err);
void keyring_release(struct keyring *);

/* "sealed:<key id>:<base64>" of "<place>\n<secret>". The caller frees *ret_sealed. */
MUST_CHECK bool seal(const unsigned char public_key[crypto_box_PUBLICKEYBYTES], const char *place,
                     const void *secret, size_t secret_bytes, char **ret_sealed, struct err *err);

/* *ret_secret is initialised on success only. */
MUST_CHECK bool keyring_unseal(const struct keyring *, const char *sealed, const char *place,
                               struct secret *ret_secret, struct err *err);

#endif
