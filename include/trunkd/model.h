/* The rows as plain structs: what people want, and what the ledger knows.
 *
 * A row is one heap block with its own small arena; every pointer in it is into that arena. Rows come in as the JSON objects
 * that PostgreSQL makes of them (keys are column names) and are replaced whole, never patched. A text column that is null or
 * empty is NULL here, unless said otherwise. */
#ifndef TRUNKD_MODEL_H
#define TRUNKD_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <trunkd/arena.h>
#include <trunkd/err.h>

enum owner_type { OWNER_NUMBER, OWNER_TRUNK, OWNER_TYPE_MAX_ };
extern const char *const owner_type_names[OWNER_TYPE_MAX_];        /* "number", "trunk" */

enum family { FAMILY_TWILIO, FAMILY_LIVEKIT, FAMILY_MAX_ };

#define KEY_BYTES_MAX 128           /* an owner key, an account name */
#define NONCE_CHARACTERS 8          /* of base32: 40 random bits */
#define INSTALLATION_CHARACTERS 8
#define OWNER_CHARACTERS 13         /* of base32: 64 bits of hash */
#define TAG_BYTES (3 + INSTALLATION_CHARACTERS + 1 + OWNER_CHARACTERS + 1 + NONCE_CHARACTERS + 1)   /* with the final NUL */

struct number {
    const char *phone_number, *label;           /* label: "" when there is none */
    bool supports_inbound, supports_outbound, takeover;
    bool is_sip;                                /* provider = sip: the LiveKit side only */
    const char *twilio_account, *livekit_project, *trunk, *agent;
    const char *twilio_trunk;                   /* inline settings as JSON text; NULL: none, so the number shares a trunk */
    const char *inbound_trunk, *outbound_trunk; /* settings of its LiveKit trunks as JSON text; NULL: none */
    int64_t generation;
    struct arena arena;
};

struct agent {
    const char *name, *dispatch_name, *metadata, *room_prefix;      /* the last two: "" when empty */
    const char *dispatch_rule;                  /* settings of its rules as JSON text; NULL: none */
    int64_t generation;
    struct arena arena;
};

/* A trunk people wrote. */
struct trunk {
    const char *id, *name, *twilio_account, *livekit_project;
    const char *twilio_trunk;                   /* settings as JSON text, "{}" when none */
    int64_t numbers_max;                        /* 0: no limit of its own */
    int64_t generation;
    struct arena arena;
};

/* A Twilio account or a LiveKit project: one name space, two families. */
struct account {
    enum family family;
    const char *name;
    const char *secret;                         /* reference, never the secret */
    const char *user;                           /* Twilio: API key SID if given, else the Account SID; LiveKit: the API key */
    const char *account_sid, *region, *edge, *base_url;             /* Twilio */
    const char *termination_address;            /* Twilio: instead of <domain>.pstn.twilio.com in outbound trunks */
    const char *livekit_project;                /* Twilio: default project */
    const char *url, *sip_host;                 /* LiveKit; url begins with http:// or https:// */
    int64_t numbers_per_trunk, max_in_flight;
    int64_t requests_per_minute;                /* 0: what the provider is known for */
    const char *drift;                          /* what somebody changed there: "repair" or "report" */
    int64_t generation;
    struct arena arena;
};

/* What we know of an external object, and what is open. Zero of each: the row that has just been made. */
enum known { KNOWN_NONE, KNOWN_MAYBE, KNOWN_LIVE, KNOWN_MAX_ };
enum open { OPEN_NOTHING, OPEN_CREATE, OPEN_UPDATE, OPEN_DELETE, OPEN_MAX_ };
extern const char *const known_names[KNOWN_MAX_], *const open_names[OPEN_MAX_];

struct json;

/* Each row decoder takes the parsed JSON object of one row and gives a new heap row; the caller frees it with the twin. */
MUST_CHECK bool number_decode(const struct json *, struct number **ret, struct err *);
MUST_CHECK bool agent_decode(const struct json *, struct agent **ret, struct err *);
MUST_CHECK bool trunk_decode(const struct json *, struct trunk **ret, struct err *);
MUST_CHECK bool account_decode(const struct json *, struct account **ret, struct err *);   /* told apart by the key account_sid */
void number_free(struct number *);
void agent_free(struct agent *);
void trunk_free(struct trunk *);
void account_free(struct account *);

/* The tag `td-<installation>-<owner>-<nonce>`: what our objects carry at the providers. One function makes it, one parses it. */
struct tag {
    char installation[INSTALLATION_CHARACTERS + 1];
    char owner[OWNER_CHARACTERS + 1];           /* owner_hash() of the owner it was made for */
    char nonce[NONCE_CHARACTERS + 1];
};
void tag_make(const char *installation, const char *owner_hash, const char *nonce, char ret[static TAG_BYTES]);
/* Finds a tag anywhere in a text ("Support [td-…]", "td-….pstn.twilio.com"); false: there is none. */
bool tag_parse(const char *text, struct tag *ret);
void owner_hash(enum owner_type, const char *key, char ret[static OWNER_CHARACTERS + 1]);

/* A user name without prefix and dashes: installation, owner, nonce (29 characters). */
void tag_username(const char *tag, char ret[static TAG_BYTES]);
bool tag_parse_username(const char *username, struct tag *ret);

#endif
