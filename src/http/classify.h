/* What a finished transfer proves about the request: one table. Pure. */
#ifndef TRUNKD_HTTP_CLASSIFY_H
#define TRUNKD_HTTP_CLASSIFY_H

#include <trunkd/request.h>

/* How much of the request may have left us, over all attempts libcurl made. */
enum sent {
    SENT_NOTHING,       /* libcurl never came so far as to begin the request */
    SENT_HEAD,          /* begun, but not all of its body was handed over */
    SENT_ALL,           /* all of it was handed over, or it has no body */
};

struct classified {
    enum reply_transport transport;
    const char *text;           /* for people; never NULL */
};

/* code: a CURLcode. Default: UNKNOWN. */
struct classified http_classify(int code, enum sent sent);

#endif
