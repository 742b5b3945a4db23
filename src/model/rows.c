/* Rows of the desired tables, from JSON objects of their columns to structs. One table of columns per sort of row. */
#include <trunkd/model.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

/* The schema allows less; this keeps a request body below its own limit whatever a row holds. */
#define ROW_TEXT_BYTES_MAX ((size_t)256 << 10)
#define ACCOUNT_TEXT_BYTES_MAX ((size_t)4 << 10)    /* a sealed secret is the longest */
#define ACCOUNT_SID_CHARACTERS_MAX 64
#define HOST_PART_CHARACTERS_MAX 32

const char *const owner_type_names[OWNER_TYPE_MAX_] = { "number", "trunk" };
const char *const known_names[KNOWN_MAX_] = { "none", "maybe", "live" };
const char *const open_names[OPEN_MAX_] = { "", "create", "update", "delete" };

enum column_type {
    COLUMN_TEXT,            /* null and "" are NULL */
    COLUMN_TEXT_KEPT,       /* null is "" */
    COLUMN_BOOL,            /* null is false */
    COLUMN_INT,             /* not negative; null leaves what is there */
    COLUMN_JSON,            /* any value as text; null is NULL */
};

struct column {
    const char *name;
    size_t offset;
    enum column_type type;
    bool required;
};

static bool read_json(const struct json *value, const char **to, struct arena *arena, const char *name, struct err *err)
{
    struct buf text;
    bool fits;

    buf_init(&text, ROW_TEXT_BYTES_MAX);
    json_write(&text, value);
    fits = buf_ok(&text);
    if (fits)
        *to = arena_strdup(arena, text.data);
    buf_release(&text);
    return fits || err_set(err, ERR_LIMIT, "column %s is longer than %zu bytes", name, ROW_TEXT_BYTES_MAX);
}

static bool read_text(const struct json *value, size_t bytes_max, const char **to, struct arena *arena, const char *name,
                      struct err *err)
{
    if (value->type != JSON_STRING)
        return err_set(err, ERR_REJECTED, "column %s is not a text", name);
    if (strlen(value->text) > bytes_max)
        return err_set(err, ERR_LIMIT, "column %s is longer than %zu bytes", name, bytes_max);
    if (*value->text)
        *to = arena_strdup(arena, value->text);
    return true;
}

static bool read_int(const struct json *value, int64_t *to, const char *name, struct err *err)
{
    if (value->type != JSON_NUMBER || !text_to_int(value->text, 0, INT64_MAX, to))
        return err_set(err, ERR_REJECTED, "column %s is not a whole number from 0 on", name);
    return true;
}

static bool read_bool(const struct json *value, bool *to, const char *name, struct err *err)
{
    if (value->type != JSON_BOOL)
        return err_set(err, ERR_REJECTED, "column %s is neither true nor false", name);
    *to = strcmp(value->text, "true") == 0;
    return true;
}

static bool read_column(const struct json *object, const struct column *column, size_t text_bytes_max, char *row, struct arena *arena,
                        struct err *err)
{
    const struct json *value = json_get(object, column->name);
    bool is_null = !value || value->type == JSON_NULL;
    void *to = row + column->offset;

    if (column->required && (is_null || (value->text && !*value->text)))
        return err_set(err, ERR_REJECTED, "column %s is missing", column->name);
    if (column->type == COLUMN_TEXT_KEPT)
        *(const char **)to = "";
    if (is_null)
        return true;
    switch (column->type) {
    case COLUMN_TEXT:
    case COLUMN_TEXT_KEPT:
        return read_text(value, text_bytes_max, to, arena, column->name, err);
    case COLUMN_BOOL:
        return read_bool(value, to, column->name, err);
    case COLUMN_INT:
        return read_int(value, to, column->name, err);
    case COLUMN_JSON:
        return read_json(value, to, arena, column->name, err);
    }
    assert(!"a column type without a reader");
    return false;
}

static bool read_columns(const struct json *object, const struct column *columns, size_t count, size_t text_bytes_max, void *row,
                         struct arena *arena, struct err *err)
{
    if (!object || object->type != JSON_OBJECT)
        return err_set(err, ERR_REJECTED, "the row is not an object");
    for (size_t i = 0; i < count; i++)
        if (!read_column(object, &columns[i], text_bytes_max, row, arena, err))
            return false;
    return true;
}

/* ---- phone number ------------------------------------------------------------------------------------------------------ */

#define COLUMN(row, member, type, required) { #member, offsetof(struct row, member), type, required }

static const struct column number_columns[] = {
    COLUMN(number, phone_number,      COLUMN_TEXT,      true),
    COLUMN(number, label,             COLUMN_TEXT_KEPT, false),
    COLUMN(number, supports_inbound,  COLUMN_BOOL,      false),
    COLUMN(number, supports_outbound, COLUMN_BOOL,      false),
    COLUMN(number, takeover,          COLUMN_BOOL,      false),
    COLUMN(number, twilio_account,    COLUMN_TEXT,      false),
    COLUMN(number, livekit_project,   COLUMN_TEXT,      false),
    COLUMN(number, trunk,             COLUMN_TEXT,      false),
    COLUMN(number, agent,             COLUMN_TEXT,      false),
    COLUMN(number, twilio_trunk,      COLUMN_JSON,      false),
    COLUMN(number, inbound_trunk,     COLUMN_JSON,      false),
    COLUMN(number, outbound_trunk,    COLUMN_JSON,      false),
    COLUMN(number, generation,        COLUMN_INT,       false),
};

void number_free(struct number *row)
{
    if (row)
        arena_release(&row->arena);
    free(row);
}

static void number_drop(struct number **row) { number_free(*row); }

bool number_decode(const struct json *object, struct number **ret, struct err *err)
{
    CLEANUP(number_drop) struct number *row = must_calloc(1, sizeof *row);
    const char *provider = json_member(object, "provider");

    row->arena = ARENA_SMALL;
    if (!read_columns(object, number_columns, ARRAY_SIZE(number_columns), ROW_TEXT_BYTES_MAX, row, &row->arena, err))
        return err_prefix(err, "phone number %s: ", text_or(json_member(object, "phone_number"), "?"));
    if (!text_is_e164(row->phone_number))
        return err_set(err, ERR_REJECTED, "phone number %s: it is not in E.164 form", row->phone_number);
    if (provider && strcmp(provider, "twilio") != 0 && strcmp(provider, "sip") != 0)
        return err_set(err, ERR_REJECTED, "phone number %s: provider %s is unknown", row->phone_number, provider);
    row->is_sip = provider && strcmp(provider, "sip") == 0;
    /* A document without a setting sets nothing, so it makes no trunk dedicated. */
    if (text_equal(row->twilio_trunk, "{}"))
        row->twilio_trunk = NULL;
    *ret = STEAL(row);
    return true;
}

/* ---- agent ------------------------------------------------------------------------------------------------------------- */

static const struct column agent_columns[] = {
    COLUMN(agent, name,          COLUMN_TEXT,      true),
    COLUMN(agent, dispatch_name, COLUMN_TEXT,      true),
    COLUMN(agent, metadata,      COLUMN_TEXT_KEPT, false),
    COLUMN(agent, room_prefix,   COLUMN_TEXT_KEPT, false),
    COLUMN(agent, dispatch_rule, COLUMN_JSON,      false),
    COLUMN(agent, generation,    COLUMN_INT,       false),
};

void agent_free(struct agent *row)
{
    if (row)
        arena_release(&row->arena);
    free(row);
}

static void agent_drop(struct agent **row) { agent_free(*row); }

bool agent_decode(const struct json *object, struct agent **ret, struct err *err)
{
    CLEANUP(agent_drop) struct agent *row = must_calloc(1, sizeof *row);

    if (!read_columns(object, agent_columns, ARRAY_SIZE(agent_columns), ROW_TEXT_BYTES_MAX, row, &row->arena, err))
        return err_prefix(err, "agent %s: ", text_or(json_member(object, "name"), "?"));
    *ret = STEAL(row);
    return true;
}

/* ---- trunk ------------------------------------------------------------------------------------------------------------- */

static const struct column trunk_columns[] = {
    COLUMN(trunk, id,              COLUMN_TEXT, true),
    COLUMN(trunk, name,            COLUMN_TEXT, true),
    COLUMN(trunk, twilio_account,  COLUMN_TEXT, true),
    COLUMN(trunk, livekit_project, COLUMN_TEXT, false),
    COLUMN(trunk, twilio_trunk,    COLUMN_JSON, false),
    COLUMN(trunk, numbers_max,     COLUMN_INT,  false),
    COLUMN(trunk, generation,      COLUMN_INT,  false),
};

void trunk_free(struct trunk *row)
{
    if (row)
        arena_release(&row->arena);
    free(row);
}

static void trunk_drop(struct trunk **row) { trunk_free(*row); }

bool trunk_decode(const struct json *object, struct trunk **ret, struct err *err)
{
    CLEANUP(trunk_drop) struct trunk *row = must_calloc(1, sizeof *row);

    if (!read_columns(object, trunk_columns, ARRAY_SIZE(trunk_columns), ROW_TEXT_BYTES_MAX, row, &row->arena, err))
        return err_prefix(err, "trunk %s: ", text_or(json_member(object, "name"), "?"));
    row->twilio_trunk = text_or(row->twilio_trunk, "{}");
    *ret = STEAL(row);
    return true;
}

/* ---- account and project ----------------------------------------------------------------------------------------------- */

#define COLUMN_AS(row, name, member, type, required) { name, offsetof(struct row, member), type, required }

static const struct column twilio_account_columns[] = {
    COLUMN(account, name,                  COLUMN_TEXT, true),
    COLUMN(account, secret,                COLUMN_TEXT, true),
    COLUMN(account, account_sid,           COLUMN_TEXT, true),
    COLUMN_AS(account, "api_key_sid", user, COLUMN_TEXT, false),
    COLUMN(account, region,                COLUMN_TEXT, false),
    COLUMN(account, edge,                  COLUMN_TEXT, false),
    COLUMN(account, base_url,              COLUMN_TEXT, false),
    COLUMN(account, termination_address,   COLUMN_TEXT, false),
    COLUMN(account, livekit_project,       COLUMN_TEXT, false),
    COLUMN(account, numbers_per_trunk,     COLUMN_INT,  false),
    COLUMN(account, max_in_flight,         COLUMN_INT,  false),
    COLUMN(account, requests_per_minute,   COLUMN_INT,  false),
    COLUMN(account, drift,                 COLUMN_TEXT, false),
    COLUMN(account, generation,            COLUMN_INT,  false),
};

static const struct column livekit_project_columns[] = {
    COLUMN(account, name,                  COLUMN_TEXT, true),
    COLUMN(account, secret,                COLUMN_TEXT, true),
    COLUMN_AS(account, "api_key", user,    COLUMN_TEXT, true),
    COLUMN(account, url,                   COLUMN_TEXT, true),
    COLUMN(account, sip_host,              COLUMN_TEXT, false),
    COLUMN(account, max_in_flight,         COLUMN_INT,  false),
    COLUMN(account, requests_per_minute,   COLUMN_INT,  false),
    COLUMN(account, drift,                 COLUMN_TEXT, false),
    COLUMN(account, generation,            COLUMN_INT,  false),
};

void account_free(struct account *row)
{
    if (row)
        arena_release(&row->arena);
    free(row);
}

static void account_drop(struct account **row) { account_free(*row); }

/* Region and edge become part of a host name that our credentials are sent to: nothing else may hide in them. */
static bool is_host_part(const char *text)
{
    size_t length = text ? strlen(text) : 0;

    return !text || (length <= HOST_PART_CHARACTERS_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length);
}

/* The SID becomes part of a path. */
static bool is_sid(const char *text)
{
    size_t length = text ? strlen(text) : 0;

    return !text || (length <= ACCOUNT_SID_CHARACTERS_MAX &&
                     strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == length);
}

/* Without slashes at the end, so that a path can be put behind it; ws:// is how LiveKit writes http://. */
static const char *url_tidy(const char *url, struct arena *arena)
{
    static const struct { const char *from, *to; } schemes[] = { { "ws://", "http://" }, { "wss://", "https://" } };
    const char *scheme = "";
    size_t length;

    if (!url)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        if (!text_starts(url, schemes[i].from))
            continue;
        scheme = schemes[i].to;
        url += strlen(schemes[i].from);
        break;
    }
    length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    return arena_printf(arena, "%s%.*s", scheme, (int)length, url);
}

static bool is_http(const char *url)
{
    return !url || text_starts(url, "http://") || text_starts(url, "https://");
}

bool account_decode(const struct json *object, struct account **ret, struct err *err)
{
    CLEANUP(account_drop) struct account *row = must_calloc(1, sizeof *row);
    bool is_twilio = json_get(object, "account_sid") != NULL;
    const struct column *columns = is_twilio ? twilio_account_columns : livekit_project_columns;
    size_t count = is_twilio ? ARRAY_SIZE(twilio_account_columns) : ARRAY_SIZE(livekit_project_columns);

    row->family = is_twilio ? FAMILY_TWILIO : FAMILY_LIVEKIT;
    row->max_in_flight = is_twilio ? 4 : 5;
    row->numbers_per_trunk = is_twilio ? 500 : 0;
    if (!read_columns(object, columns, count, ACCOUNT_TEXT_BYTES_MAX, row, &row->arena, err))
        return err_prefix(err, "%s %s: ", is_twilio ? "account" : "project", text_or(json_member(object, "name"), "?"));
    if (strlen(row->name) >= KEY_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "account %.32s…: its name is longer than %d bytes", row->name, KEY_BYTES_MAX - 1);
    if (!is_host_part(row->region) || !is_host_part(row->edge))
        return err_set(err, ERR_REJECTED, "account %s: region and edge are lower-case letters, digits and dashes", row->name);
    if (!is_sid(row->account_sid))
        return err_set(err, ERR_REJECTED, "account %s: the account SID is at most %d letters and digits", row->name, ACCOUNT_SID_CHARACTERS_MAX);
    row->user = text_or(row->user, row->account_sid);
    row->base_url = url_tidy(row->base_url, &row->arena);
    row->url = url_tidy(row->url, &row->arena);
    if (!is_http(row->base_url) || !is_http(row->url))
        return err_set(err, ERR_REJECTED, "account %s: its URL begins with neither https:// nor http://", row->name);
    *ret = STEAL(row);
    return true;
}
