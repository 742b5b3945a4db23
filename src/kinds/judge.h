/* What an answer means, by a table per provider. */
#ifndef TRUNKD_KINDS_JUDGE_H
#define TRUNKD_KINDS_JUDGE_H

#include <trunkd/json.h>
#include <trunkd/kind.h>

enum {
    ON_CREATE = 1 << OP_CREATE, ON_UPDATE = 1 << OP_UPDATE, ON_DELETE = 1 << OP_DELETE,
    ON_GET = 1 << OP_GET, ON_LIST = 1 << OP_LIST, ON_CHECK = 1 << OP_CHECK,
    ON_PROBE = 1 << OP_PROBE,
    ON_WRITE = ON_CREATE | ON_UPDATE | ON_DELETE,
    ON_READ = ON_GET | ON_LIST | ON_CHECK | ON_PROBE,
    ON_ANY = ON_WRITE | ON_READ,
};

/* What the provider said: its code, and its message for people. Code NULL: the body is not the provider's. */
struct complaint { const char *code, *message; };

struct judge_rule {
    unsigned operations;
    int status;                 /* 0: any 4xx that a rule may speak of */
    const char *code;           /* NULL: any body; "": a body that is not the provider's; "*": any of the provider's, "21*": that begins so */
    enum verdict verdict;
    const char *reason;
};

#define CODE_UNKNOWN "?"        /* a complaint without code */

/* The first rule that matches. Without one, and for every status but 2xx and 4xx: a write may have happened, a read comes later. */
struct judgement judge(enum operation, const struct reply *, const char *provider, const struct complaint *,
                       const struct judge_rule *, size_t count, struct arena *);

#endif
