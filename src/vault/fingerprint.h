/* The keyed fingerprint that stands for a secret wherever people or tables can see it. */
#ifndef TRUNKD_VAULT_FINGERPRINT_H
#define TRUNKD_VAULT_FINGERPRINT_H

#include <sodium.h>
#include <stddef.h>
#include <trunkd/vault.h>

#define FINGERPRINT_KEY_BYTES crypto_generichash_KEYBYTES

/* Takes the secret in pieces, so that nobody has to put it together. */
struct fingerprint {
    crypto_generichash_state state;
    size_t bytes;
};

void fingerprint_begin(struct fingerprint *, const unsigned char key[FINGERPRINT_KEY_BYTES]);
void fingerprint_add(struct fingerprint *, const void *bytes, size_t length);
void fingerprint_end(struct fingerprint *, char ret_version[VAULT_VERSION_BYTES]);     /* wipes the state; nothing added: "" */

#endif
