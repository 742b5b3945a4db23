/* The only room that sees secret bytes: references, sealing, tokens, fingerprints, random.
 *
 * A reference says where a secret lies, and its place says what it is for ("account/main", "sip/<ledger key>"). The place's prefix
 * chooses the name space:
 *   account/...   file:account/NAME   env:TRUNKD_ACCOUNT_NAME   sealed:<key id>:<base64>
 *   sip/...       file:sip/NAME       env:TRUNKD_SIP_NAME       sealed:<key id>:<base64>
 * file: is `account.NAME` (`sip.NAME`) below the credentials directory, else account/NAME below the secrets directory; sealed: is a
 * libsodium sealed box of "<place>\n<secret>". A secret is UTF-8 text without control characters.
 * No error text holds a secret, nor a reference that is not well-formed (it may be a password written in the wrong column). */
#ifndef TRUNKD_VAULT_H
#define TRUNKD_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/buf.h>
#include <trunkd/cleanup.h>
#include <trunkd/err.h>
#include <trunkd/request.h>

#define VAULT_SECRET_BYTES_MAX 1024
#define VAULT_PLACE_BYTES_MAX 256
#define VAULT_KEYS_MAX 16
#define VAULT_VERSION_BYTES 20          /* "fp:" + 16 hex digits + NUL */
#define VAULT_KEY_ID_BYTES 9            /* 8 hex digits + NUL */
#define VAULT_PUBLIC_KEY_BYTES 48       /* base64 + NUL */

struct vault;

struct vault_options {
    const char *secrets_directory;          /* NULL: none */
    const char *credentials_directory;      /* $CREDENTIALS_DIRECTORY; NULL: none */
    /* The key ring, oldest key first: each path is a key file, or a directory whose files are taken in the order of their names
     * (dot files skipped). The newest key seals, all unseal, the oldest makes the fingerprints: removing it changes every version. */
    const char *const *key_paths;
    size_t key_paths_count;
};

/* Takes TRUNKD_ACCOUNT_* and TRUNKD_SIP_* out of the process's environment, also when the rest fails: an empty or unreadable key
 * ring is ERR_CONFIG. */
MUST_CHECK bool vault_new(const struct vault_options *, struct vault **ret_vault, struct err *err);
void vault_free(struct vault *);

/* The body with its secret in it and the value of the Authorization header. Both out parameters are initialised here, and
 * hold secrets: the caller wipes them (buf_wipe); on failure there is nothing to wipe. A failure means that a reference cannot be
 * resolved (ERR_CONFIG, or ERR_LIMIT for one that is too long); the text says which. */
MUST_CHECK bool vault_fill(const struct vault *, const struct request *, int64_t wall_seconds,
                           struct buf *ret_body, struct buf *ret_authorization, struct err *err);

/* Before anybody parses an answer: a 401 is emptied; in JSON the string values of password-like members become their
 * fingerprints ("" stays ""); what cannot be read to its end as JSON, and text that is long or speaks of passwords, is emptied.
 * A long answer is searched in pieces. The body is moved into the scrub, which belongs to the caller and borrows the vault. */
struct vault_scrub;
struct vault_scrub *vault_scrub_begin(const struct vault *, int status, struct buf *body);
/* Searches about so many bytes more; true: all is searched. */
MUST_CHECK bool vault_scrub_more(struct vault_scrub *, size_t bytes);
/* Frees it. What is left of the body is the caller's; "" if it was not searched to its end. */
void vault_scrub_end(struct vault_scrub *, struct buf *ret_body);

/* The fingerprint of the secret behind a reference: what a scrub leaves where the provider echoes it. */
MUST_CHECK bool vault_version(const struct vault *, const char *reference, const char *place,
                              char ret_version[VAULT_VERSION_BYTES], struct err *err);

/* Makes a SIP password (32 letters and digits, at least one digit, one upper and one lower case letter), seals it with the newest key
 * and forgets it. *ret_sealed is the reference; the caller frees it. */
MUST_CHECK bool vault_generate(const struct vault *, const char *place, char **ret_sealed,
                               char ret_version[VAULT_VERSION_BYTES], struct err *err);

/* Seals with a public key alone, for `trunkctl seal`; needs no struct vault. *ret_sealed is the reference; the caller frees it. */
MUST_CHECK bool vault_seal_with(const char *public_key, const char *place, const char *secret, size_t secret_bytes,
                                char **ret_sealed, struct err *err);

/* A new key file, mode 0600: "trunkd-key-1 <key id> <base64 secret key>". Refuses to replace a file. */
MUST_CHECK bool vault_key_create(const char *path, struct err *err);

/* What may be published so that people can seal; oldest first, returns how many. */
struct vault_public_key {
    char id[VAULT_KEY_ID_BYTES], key[VAULT_PUBLIC_KEY_BYTES];
    int64_t written_s;                  /* when its file was written last */
};
size_t vault_public_keys(const struct vault *, struct vault_public_key ret_keys[VAULT_KEYS_MAX]);

void vault_random(void *ret_bytes, size_t n);       /* needs no struct vault */

/* No core dump and no debugger of the same user: for the daemon's main, before any secret is read. */
MUST_CHECK bool vault_harden(struct err *err);

#endif
