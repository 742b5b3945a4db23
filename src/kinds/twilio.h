/* What all kinds at Twilio share: hosts, requests, lists, errors. */
#ifndef TRUNKD_KINDS_TWILIO_H
#define TRUNKD_KINDS_TWILIO_H

#include <trunkd/json.h>
#include <trunkd/kind.h>

#include "judge.h"
#include "kinds.h"

#define TWILIO_DOMAIN_SUFFIX ".pstn.twilio.com"

enum twilio_product { TWILIO_TRUNKING, TWILIO_API, TWILIO_VOICE, TWILIO_PRODUCT_MAX_ };

/* How a kind's objects look in answers. */
struct twilio_shape {
    const struct kind *kind;
    enum twilio_product product;
    const char *items;                          /* name of the array in a list */
    /* Fills what the field table cannot: tag, name, note. NULL: nothing. */
    void (*finish)(const struct call *, const struct json *item, struct found *);
    /* Whether an item of a list is one that was asked for. NULL: all are. */
    bool (*is_asked_for)(const struct call *, const struct json *item);
};

/* Requests. The path is literals and ids in turn, ended by NULL; below the API product it begins behind Accounts/{AC}. */
void twilio_get(const struct call *, enum twilio_product, struct request *ret, const char *literal, ...) __attribute__((sentinel));
void twilio_delete(const struct call *, enum twilio_product, struct request *ret, const char *literal, ...) __attribute__((sentinel));
/* OP_CREATE leaves out what has no value; OP_UPDATE says everything. */
void twilio_post(const struct call *, enum operation, enum twilio_product, const struct kind *, struct request *ret,
                 const char *literal, ...) __attribute__((sentinel));
/* One page; call->cursor is the path of a later one, as twilio_decode() gave it. The path has its query. */
void twilio_list(const struct call *, enum twilio_product, struct request *ret, const char *literal, ...) __attribute__((sentinel));
/* A POST with a body of one's own. */
void twilio_post_form(const struct call *, const char *path, struct buf *form, struct request *ret);

const char *twilio_base(const struct account *, enum twilio_product, struct arena *);

bool twilio_decode(const struct twilio_shape *, enum operation, const struct call *, const struct reply *,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *);

/* For kinds that lie in the account itself, and for kinds below a parent: there a 404 of a list says that the parent is gone. */
struct judgement twilio_judge(enum operation, const struct reply *, struct arena *);
struct judgement twilio_judge_below(enum operation, const struct reply *, struct arena *);
/* With rules of the kind's own before the others. */
struct judgement twilio_judge_with(const struct judge_rule *, size_t count, enum operation, const struct reply *, struct arena *);

/* A SIP URI with what has no case in small letters. */
const char *twilio_sip_uri(const char *uri, struct arena *);

void twilio_probe(const struct account *, struct arena *, struct request *ret);

#endif
