/* Secure trunking: whether the media of a trunk's calls are encrypted, at Twilio and at LiveKit. The rule and the order: secure.c. */
#ifndef TRUNKD_KINDS_SECURE_H
#define TRUNKD_KINDS_SECURE_H

#include <trunkd/kind.h>

struct secure {
    bool wanted;                    /* by the trunk's settings */
    bool may_be_on, may_be_off;     /* at Twilio, as its trunk was last shown or may be by now */
};

/* Of the trunk in the scene, or of the number's trunk. */
struct secure secure_of(const struct scene *, struct arena *);
/* What the trunk's own `secure` is to be now; NULL: off. *ret_waits: what it waits for when it is not yet what is wanted, else NULL. */
const char *secure_of_trunk(const struct scene *, struct arena *, const char **ret_waits);
/* Whether Twilio is to come to LiveKit by TLS. */
bool secure_by_tls(const struct scene *, struct arena *);
/* The SIP URI by which Twilio is to come to the project; NULL: it has none. */
const char *secure_own_uri(const struct scene *, struct arena *);
/* The encryption of a number's objects at LiveKit; `own`: as its settings say. */
const char *secure_inbound(const struct scene *, const char *own, struct arena *);
const char *secure_outbound(const struct scene *, const char *own, struct arena *);
/* Whether the number's inbound trunk is as it is to be for the calls of the trunk that it is about to be attached to. */
bool secure_may_attach(const struct scene *, struct arena *);
/* That encryption; inbound_trunk.c. */
const char *inbound_encryption(const struct scene *, struct arena *);
/* Of a row: what its field of encryption_names refuses. */
unsigned secure_refuses(const struct resource *, size_t field);

#endif
