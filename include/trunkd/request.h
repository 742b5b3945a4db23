/* One HTTP exchange as data: what a kind asks for, what the http room sends, what the core is told.
 *
 * Nothing in here is a secret byte. A request names its secrets by reference; the vault fills them in on the way to the wire
 * and takes them out of the answer before anybody parses it. */
#ifndef TRUNKD_REQUEST_H
#define TRUNKD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_method { HTTP_GET, HTTP_POST, HTTP_DELETE };

enum auth_kind {
    AUTH_BASIC,         /* user = Account SID or API key SID, secret = its token (Twilio) */
    AUTH_LIVEKIT,       /* user = API key, secret = API secret; a short-lived HS256 token with the grant sip.admin */
};

/* The place in the body where a SIP password goes. */
enum secret_escape { SECRET_JSON, SECRET_FORM };

struct request {
    enum http_method method;
    bool one_shot;              /* the transport must never send it twice (every POST that creates) */
    const char *url;            /* whole, already escaped */
    const char *content_type;   /* NULL: no body */
    const char *body;
    size_t body_bytes;
    struct {
        enum auth_kind kind;
        const char *user;
        const char *secret;     /* reference: file:account/NAME, env:TRUNKD_ACCOUNT_X, sealed:... */
        const char *place;      /* what a sealed secret must say it is for: "account/<name>" */
    } auth;
    struct {
        size_t offset;          /* in body: the escaped secret is inserted here, in JSON between quotes that are there already */
        enum secret_escape escape;
        const char *secret;     /* reference; NULL: no secret in the body */
        const char *place;      /* "sip/<ledger key>" */
    } slot;
};

enum reply_transport {
    REPLY_ANSWERED,             /* a whole HTTP answer came */
    REPLY_NOT_SENT,             /* proven: no byte of the request left, or not its whole body */
    REPLY_UNKNOWN,              /* anything else: it may have happened */
};

struct reply {
    enum reply_transport transport;
    bool secret_missing;        /* with NOT_SENT: a reference could not be resolved; text says which */
    int status;                 /* HTTP status when ANSWERED, else 0 */
    const char *body;           /* scrubbed; "" when there is none, when it was over the limit, or when status is 401 */
    size_t body_bytes;
    int64_t retry_after_ms;     /* -1: not given */
    const char *request_id;     /* the provider's own id of the exchange, "" if none */
    const char *text;           /* of a transport failure: one line for people; else "" */
};

#define REPLY_BODY_BYTES_MAX (32u << 20)    /* a list of 50,000 LiveKit trunks (606 bytes each) */

#endif
