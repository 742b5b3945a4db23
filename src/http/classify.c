/* The rule: NOT_SENT needs a proof, and the proof is what libcurl asked us for, not how it failed. It asks before it begins a request
 * and again for every piece of the body; a code alone proves nothing, because libcurl may have tried twice: a request lost
 * on a reused connection and then "could not connect" is UNKNOWN. A body of which a part is missing is no request: servers wait
 * for its announced length. A code that is not in the table proves nothing at all. */
#include "classify.h"

#include <curl/curl.h>
#include <trunkd/cleanup.h>

static const struct row {
    CURLcode code;
    enum reply_transport nothing, head, all;
    const char *text;
} rows[] = {
    { CURLE_OK,                      REPLY_ANSWERED, REPLY_ANSWERED, REPLY_ANSWERED, "" },
    { CURLE_COULDNT_RESOLVE_HOST,    REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the host's name cannot be resolved" },
    { CURLE_COULDNT_CONNECT,         REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "cannot connect" },
    { CURLE_SSL_CONNECT_ERROR,       REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the TLS handshake failed" },
    { CURLE_PEER_FAILED_VERIFICATION, REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN, "the server's certificate is not valid for it" },
    { CURLE_SSL_ISSUER_ERROR,        REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the server's certificate has the wrong issuer" },
    { CURLE_SSL_CACERT_BADFILE,      REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the file of trusted certificates cannot be read" },
    { CURLE_OPERATION_TIMEDOUT,      REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "timed out" },
    { CURLE_ABORTED_BY_CALLBACK,     REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "too late to send" },
    { CURLE_SEND_ERROR,              REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the connection broke while sending" },
    { CURLE_RECV_ERROR,              REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the connection broke before the answer" },
    { CURLE_GOT_NOTHING,             REPLY_NOT_SENT, REPLY_NOT_SENT, REPLY_UNKNOWN,  "the server closed the connection without an answer" },
    { CURLE_SEND_FAIL_REWIND,        REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "the connection broke before the answer; not sent again" },
    { CURLE_PARTIAL_FILE,            REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "the answer is cut short" },
    { CURLE_WRITE_ERROR,             REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "the answer was not accepted" },
    { CURLE_WEIRD_SERVER_REPLY,      REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "the answer is not HTTP" },
    { CURLE_UNSUPPORTED_PROTOCOL,    REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "the answer is not HTTP/1 or HTTP/2" },
    { CURLE_HTTP2,                   REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "HTTP/2 failed" },
    { CURLE_HTTP2_STREAM,            REPLY_UNKNOWN,  REPLY_UNKNOWN,  REPLY_UNKNOWN,  "the HTTP/2 stream failed" },
};

struct classified http_classify(int code, enum sent sent)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *r = &rows[i];

        if ((int)r->code != code)
            continue;
        switch (sent) {
        case SENT_NOTHING:
            return (struct classified){ r->nothing, r->text };
        case SENT_HEAD:
            return (struct classified){ r->head, r->text };
        case SENT_ALL:
            return (struct classified){ r->all, r->text };
        }
    }
    return (struct classified){ REPLY_UNKNOWN, "the transfer failed" };
}
