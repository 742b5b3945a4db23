/* What an outbound trunk asks of the credential it calls with. */
#ifndef TRUNKD_KINDS_CREDENTIAL_H
#define TRUNKD_KINDS_CREDENTIAL_H

#include <trunkd/kind.h>

struct login { const char *username, *password, *secret, *place; };

/* User name and password that Twilio is known to accept: of the newest live credential of the number's trunk. What is not known to
 * be in force there is NULL. */
struct login credential_login(const struct scene *, struct arena *);

#endif
