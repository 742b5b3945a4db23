/* Secrets that came by the environment: taken once, at start. */
#include "room.h"

#include <sodium.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>
#include <unistd.h>

/* The first variable of ours in the environment, or NULL. */
static char *next_variable(void)
{
    for (char **v = environ; v && *v; v++)
        if ((text_starts(*v, "TRUNKD_ACCOUNT_") || text_starts(*v, "TRUNKD_SIP_")) && strchr(*v, '='))
            return *v;
    return NULL;
}

bool environment_take(struct vault *v, struct err *err)
{
    bool ok = true;

    for (char *text; (text = next_variable());) {
        char *value = strchr(text, '=') + 1;
        size_t length = strlen(value);
        char *name = must_malloc((size_t)(value - text));

        memcpy(name, text, (size_t)(value - text));
        name[value - text - 1] = '\0';
        if (v->variables_count == VAULT_VARIABLES_MAX) {
            ok = err_set(err, ERR_LIMIT, "more than %d variables TRUNKD_ACCOUNT_* and TRUNKD_SIP_*", VAULT_VARIABLES_MAX);
        } else if (length > VAULT_SECRET_BYTES_MAX) {
            ok = err_set(err, ERR_LIMIT, "%s: a secret has at most %d bytes", name, VAULT_SECRET_BYTES_MAX);
        } else {
            struct variable *taken = &v->variables[v->variables_count++];

            taken->name = must_strdup(name);
            secret_init(&taken->value, VAULT_SECRET_BYTES_MAX);
            secret_add(&taken->value, value, length);
        }
        sodium_memzero(value, length);      /* in place: /proc/PID/environ shows this memory */
        unsetenv(name);
        free(name);
    }
    return ok;
}
