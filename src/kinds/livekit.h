/* What all kinds at LiveKit share: requests over Twirp, answers, errors. */
#ifndef TRUNKD_KINDS_LIVEKIT_H
#define TRUNKD_KINDS_LIVEKIT_H

#include <trunkd/kind.h>

#include "kinds.h"

/* The names one kind has in the service livekit.SIP. */
struct livekit_shape {
    const struct kind *kind;
    const char *create, *update, *remove, *list;    /* methods */
    const char *wrapper;                            /* member of the create that holds the object */
    const char *id;                                 /* member that holds the id, in the object and in requests */
    const char *ids;                                /* filter of the list */
};

void livekit_create(const struct livekit_shape *, const struct call *, struct request *ret);
void livekit_update(const struct livekit_shape *, const struct call *, struct request *ret);     /* a full replace */
void livekit_remove(const struct livekit_shape *, const struct call *, struct request *ret);
void livekit_get(const struct livekit_shape *, const struct call *, struct request *ret);        /* a list by id: rules have no Get */
void livekit_list(const struct livekit_shape *, const struct call *, struct request *ret);       /* all, in one answer */
bool livekit_decode(const struct livekit_shape *, enum operation, const struct call *, const struct reply *,
                    void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *);

struct judgement livekit_judge(enum operation, const struct reply *, struct arena *);
void livekit_probe(const struct account *, struct arena *, struct request *ret);

#endif
