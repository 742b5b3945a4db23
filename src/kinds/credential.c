/* twilio.credential: user name and password in a trunk's credential list. The slot is the version: a rotation adds a row of the next one
 * to the ledger, which is then wanted; the one before stays until no outbound trunk calls with it any more.
 *
 * The password is made and sealed before the create, for Twilio keeps only a digest of it. While the ledger row has none, the field
 * is missing and the operation is blocked by it. The user name carries the tag and can never be changed; an update sets the password,
 * so a credential that was found again gets the password that we know. Whether Twilio refuses a second one of the same name is not
 * documented: a create in doubt waits. */
#include "credential.h"

#include <trunkd/text.h>

#include "encode.h"
#include "twilio.h"

#define LISTS "/SIP/CredentialLists/"
#define FIRST_VERSION "1"

enum { CREDENTIAL_LIST_SID, USERNAME, PASSWORD };

static const struct field fields[] = {
    [CREDENTIAL_LIST_SID] = { "credential_list_sid", NULL, "credential_list_sid", FIELD_TEXT, FIELD_REF | FIELD_IN_PATH, NULL },
    [USERNAME] = { "username", "Username", "username", FIELD_TEXT,   0, NULL },
    [PASSWORD] = { "password", "Password", NULL,       FIELD_SECRET, FIELD_REF | FIELD_WRITE_ONLY, NULL },
};

static const enum kind_id needs[] = { KIND_CREDENTIAL_LIST };

/* What turned up late is no version: it has another slot, and nobody wants it. */
static const struct resource *newest_of(const struct scene *scene)
{
    const struct resource *row, *newest = NULL;

    for (size_t i = 0; (row = scene_next(scene, KIND_CREDENTIAL, &i));)
        if (resource_version(row) > (newest ? resource_version(newest) : 0))
            newest = row;
    return newest;
}

static void want_version(const struct scene *scene, const char *slot, const struct resource *row, struct arena *arena, struct wanted *ret)
{
    struct spec *spec = want_one(&kind_CREDENTIAL, scene, slot, "", ret);

    spec->value[CREDENTIAL_LIST_SID] = scene_id(scene, KIND_CREDENTIAL_LIST, "");
    if (row && row->secret) {
        spec->value[PASSWORD] = row->secret_version;
        spec->secret = row->secret;
        spec->secret_place = resource_secret_place(row, arena);
    }
}

/* The newest version that the ledger has, and those before it as long as somebody still calls with them. */
static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    const struct resource *row, *newest;
    size_t count = 0;

    if (max == 0 || !scene_is_trunk(scene) || scene->on_trunk.outbound == 0)
        return 0;
    newest = newest_of(scene);
    want_version(scene, newest ? newest->slot : FIRST_VERSION, newest, arena, &ret[count++]);
    for (size_t i = 0; count < max && (row = scene_next(scene, KIND_CREDENTIAL, &i));)
        if (row != newest && row->used && row->known == KNOWN_LIVE && resource_version(row) > 0) {
            want_version(scene, row->slot, row, arena, &ret[count]);
            ret[count++].retiring = true;
        }
    return count;
}

/* The password that was made last is the one that Twilio has accepted. While another one waits to be set, ours would be refused. */
static bool is_accepted(const struct resource *row)
{
    return row->secret && row->secret_version && text_equal(row->applied.value[PASSWORD], row->secret_version);
}

struct login credential_login(const struct scene *scene, struct arena *arena)
{
    const struct resource *row, *best = NULL;
    struct login login = { .username = NULL };

    for (size_t i = 0; (row = scene_next(scene, KIND_CREDENTIAL, &i));) {
        if (row->known != KNOWN_LIVE || (best && is_accepted(best) > is_accepted(row)))
            continue;
        if (!best || is_accepted(row) > is_accepted(best) || resource_version(row) > resource_version(best))
            best = row;
    }
    if (!best)
        return login;
    login.username = best->applied.value[USERNAME];
    if (is_accepted(best)) {
        login.password = best->secret_version;
        login.secret = best->secret;
        login.place = resource_secret_place(best, arena);
    }
    return login;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    char username[TAG_BYTES];

    (void)label;
    tag_username(text, username);
    spec->value[USERNAME] = arena_strdup(arena, username);
}

static void create(const struct call *call, struct request *ret)
{
    twilio_post(call, OP_CREATE, TWILIO_API, &kind_CREDENTIAL, ret, LISTS, call->spec->value[CREDENTIAL_LIST_SID], "/Credentials.json",
                NULL);
}

/* The user name is not a parameter here. */
static void update(const struct call *call, struct request *ret)
{
    struct spec password = { .secret = call->spec->secret, .secret_place = call->spec->secret_place };
    struct call changed = *call;

    password.value[PASSWORD] = call->spec->value[PASSWORD];
    changed.spec = &password;
    twilio_post(&changed, OP_CREATE, TWILIO_API, &kind_CREDENTIAL, ret, LISTS, call->resource->parent_id, "/Credentials/",
                call->resource->external_id, ".json", NULL);
}

static void remove_credential(const struct call *call, struct request *ret)
{
    twilio_delete(call, TWILIO_API, ret, LISTS, call->resource->parent_id, "/Credentials/", call->resource->external_id, ".json", NULL);
}

static void get(const struct call *call, struct request *ret)
{
    twilio_get(call, TWILIO_API, ret, LISTS, call->resource->parent_id, "/Credentials/", call->resource->external_id, ".json", NULL);
}

static void list(const struct call *call, struct request *ret)
{
    twilio_list(call, TWILIO_API, ret, LISTS, call->resource->parent_id, "/Credentials.json?PageSize=1000", NULL);
}

static void finish(const struct call *call, const struct json *item, struct found *found)
{
    (void)call;
    (void)item;
    found->name = found->spec.value[USERNAME];
    if (!tag_parse_username(found->name, &found->tag))
        found->tag = (struct tag){ .nonce = "" };
}

static const struct twilio_shape shape = {
    .kind = &kind_CREDENTIAL, .product = TWILIO_API, .items = "credentials", .finish = finish,
};

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return twilio_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_CREDENTIAL = {
    .id = KIND_CREDENTIAL, .name = "twilio.credential", .owner = OWNER_TRUNK, .family = FAMILY_TWILIO,
    .recognised = BY_TAG, .scope = LIST_PER_PARENT, .repeat = REPEAT_MUST_WAIT, .makes_secret = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_credential, .get = get, .list = list,
    .decode = decode, .judge = twilio_judge_below,
};
