/* What the files of the vault share. */
#ifndef TRUNKD_VAULT_ROOM_H
#define TRUNKD_VAULT_ROOM_H

#include <trunkd/vault.h>
#include "keyring.h"
#include "secret.h"

#define VAULT_VARIABLES_MAX 256     /* of the environment */

struct variable {
    char *name;
    struct secret value;
};

struct vault {
    struct keyring ring;
    char *secrets_directory, *credentials_directory;    /* NULL: none */
    struct variable variables[VAULT_VARIABLES_MAX];
    size_t variables_count;
};

/* Moves TRUNKD_ACCOUNT_* and TRUNKD_SIP_* from the environment into the vault; nothing of them stays in the process's
 * environment block either. False when there are more than VAULT_VARIABLES_MAX, or one is too long; they are gone all the same. */
MUST_CHECK bool environment_take(struct vault *, struct err *err);

/* The secret behind a reference, checked to be text. *ret_secret is initialised on success only. */
MUST_CHECK bool reference_resolve(const struct vault *, const char *reference, const char *place,
                                  struct secret *ret_secret, struct err *err);

#endif
