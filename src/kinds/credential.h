/* What an outbound trunk asks of the credential it calls with. */
#ifndef TRUNKD_KINDS_CREDENTIAL_H
#define TRUNKD_KINDS_CREDENTIAL_H

#include <trunkd/kind.h>

struct login { const char *username, *password, *secret, *place; };

/* User name and password that Twilio is known to accept: of the newest credential of the number's trunk that is in force there.
 * What is not known to be is NULL. */
struct login credential_login(const struct scene *, struct arena *);

#endif
