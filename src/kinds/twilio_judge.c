/* What Twilio's answers mean.
 *
 * The rule: Twilio's error dictionary. Public code disagrees on which number says "taken", so none is believed: after any refusal of a
 * create that is not a plain validation, the machine looks whether the object stands. */
#include "twilio.h"

#include <string.h>

#include <trunkd/text.h>

static const struct judge_rule rules[] = {
    /* the account, whatever was asked of it */
    { ON_ANY,    0,   "20003", VERDICT_ACCOUNT, "CredentialsRefused" },
    { ON_ANY,    0,   "20006", VERDICT_ACCOUNT, "CredentialsRefused" },
    { ON_ANY,    0,   "20005", VERDICT_ACCOUNT, "AccountInactive" },
    { ON_ANY,    0,   "20010", VERDICT_ACCOUNT, "AccountInactive" },
    { ON_ANY,    0,   "10001", VERDICT_ACCOUNT, "AccountInactive" },
    { ON_ANY,    401, NULL,    VERDICT_ACCOUNT, "CredentialsRefused" },
    { ON_ANY,    403, "*",     VERDICT_ACCOUNT, "CredentialsRefused" },
    { ON_ANY,    403, "",      VERDICT_ACCOUNT, "WrongServer" },
    { ON_ANY,    404, "",      VERDICT_ACCOUNT, "WrongServer" },
    /* never processed, always safe to repeat */
    { ON_ANY,    429, NULL,    VERDICT_LATER,   NULL },
    { ON_ANY,    0,   "20429", VERDICT_LATER,   NULL },
    /* the object is not there; of a list in the account itself nothing can be missing */
    { ON_GET | ON_UPDATE | ON_DELETE | ON_CHECK, 404, "20404", VERDICT_GONE, NULL },
    { ON_CREATE | ON_LIST, 404, "20404", VERDICT_ACCOUNT, "WrongServer" },
    /* the account's limits: 100 trunks, 100 credential lists */
    { ON_CREATE, 0,   "21244", VERDICT_FULL,    "AccountFull" },
    { ON_CREATE, 0,   "21239", VERDICT_FULL,    "AccountFull" },
    /* plain validation: nothing of ours can be behind it */
    { ON_WRITE,  0,   "10002", VERDICT_REFUSED, "Refused" },        /* trial account */
    { ON_WRITE,  0,   "20001", VERDICT_REFUSED, "Refused" },
    { ON_WRITE,  0,   "20002", VERDICT_REFUSED, "Refused" },
    { ON_WRITE,  0,   "20422", VERDICT_REFUSED, "Refused" },
    { ON_WRITE,  0,   "20423", VERDICT_REFUSED, "Refused" },
    { ON_WRITE,  0,   "21243", VERDICT_REFUSED, "Refused" },        /* credential parameter */
    { ON_WRITE,  0,   "21252", VERDICT_REFUSED, "Refused" },        /* region */
    { ON_WRITE,  0,   "21473", VERDICT_REFUSED, "Refused" },        /* number moves between unrelated accounts */
    { ON_WRITE,  0,   "21474", VERDICT_REFUSED, "Refused" },
    { ON_WRITE,  0,   "21634", VERDICT_REFUSED, "Refused" },        /* emergency calling */
    /* something still needs it */
    { ON_DELETE, 0,   "21236", VERDICT_TAKEN,   NULL },
    { ON_DELETE, 0,   "21241", VERDICT_TAKEN,   NULL },
    { ON_DELETE, 0,   "21247", VERDICT_TAKEN,   NULL },
    /* whatever the status: no document has it for these codes */
    { ON_CREATE, 409, "21*",   VERDICT_TAKEN,   NULL },
    { ON_UPDATE | ON_DELETE, 409, "21*", VERDICT_REFUSED, "Refused" },
    /* a state that passes */
    { ON_ANY,    409, "*",     VERDICT_LATER,   NULL },
    { ON_ANY,    0,   "20409", VERDICT_LATER,   NULL },
    /* everything else that Twilio says no to */
    { ON_CREATE, 0,   "*",     VERDICT_TAKEN,   NULL },
    { ON_UPDATE | ON_DELETE, 0, "*", VERDICT_REFUSED, "Refused" },
};

/* Below a parent, 404 speaks of the parent: a list says that all is gone with it, a create has to wait until it
 * stands again, or has room. */
static const struct judge_rule rules_below[] = {
    { ON_LIST,   404, "20404", VERDICT_GONE,    NULL },
    { ON_CREATE, 404, "20404", VERDICT_LATER,   NULL },
    /* ten origination URLs, ten targets: until one of the old ones is gone */
    { ON_CREATE, 0,   "21249", VERDICT_LATER,   NULL },
    { ON_CREATE, 0,   "21254", VERDICT_LATER,   NULL },
};

/* {"code":21248,"message":"…"}, or RFC 9457 with title and detail; code and message may be missing. */
static struct complaint read_complaint(const struct reply *reply, struct arena *arena)
{
    static const char *const messages[] = { "message", "detail", "title" };
    struct complaint complaint = { .code = NULL };
    const struct json *body;

    if (reply->transport != REPLY_ANSWERED || reply->status < 300)
        return complaint;
    if (!json_parse(arena, reply->body, reply->body_bytes, &body, NULL))
        return complaint;
    for (size_t i = 0; i < ARRAY_SIZE(messages) && !complaint.message; i++)
        complaint.message = json_member(body, messages[i]);
    complaint.code = json_member(body, "code");
    if (!complaint.code && complaint.message)
        complaint.code = CODE_UNKNOWN;
    return complaint;
}

struct judgement twilio_judge_with(const struct judge_rule *first, size_t count, enum operation operation, const struct reply *reply,
                                   struct arena *arena)
{
    struct complaint complaint = read_complaint(reply, arena);
    struct judge_rule *all = ARENA_ARRAY(arena, struct judge_rule, count + ARRAY_SIZE(rules));

    if (count > 0)
        memcpy(all, first, count * sizeof *all);
    memcpy(all + count, rules, sizeof rules);
    return judge(operation, reply, "Twilio", &complaint, all, count + ARRAY_SIZE(rules), arena);
}

struct judgement twilio_judge(enum operation operation, const struct reply *reply, struct arena *arena)
{
    return twilio_judge_with(NULL, 0, operation, reply, arena);
}

struct judgement twilio_judge_below(enum operation operation, const struct reply *reply, struct arena *arena)
{
    return twilio_judge_with(rules_below, ARRAY_SIZE(rules_below), operation, reply, arena);
}
