/* The rule is sql/schema/0008_put.sql, 0009_commit.sql and 0010_read.sql; the code follows them function by function. */
#include "db.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

/* Columns with their defaults. A null default: the column may be null; "!": it must be given. */
static const struct table { const char *name, *keys[6], *columns; } tables[] = {
    { "number", { "phone_number" }, "{'phone_number':'!','label':'','supports_inbound':true,'supports_outbound':false,'provider':'twilio',"
      "'twilio_account':null,'livekit_project':'!','trunk':null,'agent':null,'takeover':false,'inbound_trunk':{},'outbound_trunk':{},"
      "'twilio_trunk':null,'generation':0}" },
    { "agent", { "name" }, "{'name':'!','dispatch_name':'!','metadata':'','room_prefix':'call','dispatch_rule':{},'generation':0}" },
    { "trunk", { "id" }, "{'id':'!','name':'!','twilio_account':'!','livekit_project':'!','twilio_trunk':{},'numbers_max':null,'generation':0}" },
    { "twilio_account", { "name" }, "{'name':'!','account_sid':'!','api_key_sid':null,'secret':'!','region':'us1','edge':null,'base_url':null,"
      "'livekit_project':null,'numbers_per_trunk':500,'max_in_flight':4,'termination_address':null,'drift':'repair','requests_per_minute':null,'generation':0}" },
    { "livekit_project", { "name" }, "{'name':'!','url':'!','api_key':'!','secret':'!','sip_host':'!','max_in_flight':5,'drift':'repair','requests_per_minute':null,'generation':0}" },
    { "resource", { "owner_type", "owner", "kind", "slot", "account" }, "{'owner_type':'!','owner':'!','kind':'!','slot':'','account':'!',"
      "'rev':0,'known':'none','open':'','nonce':null,'external_id':null,'parent_id':null,'applied':null,'sent':null,'secret':null,"
      "'secret_version':null,'note':null,'lost':false,'epoch':0,'send_by_at':null,'doubt_at':null,'attempts':0,'failing_at':null,"
      "'next_at':null,'written_at':null,'refusal':null,'message':null}" },
    { "number_status", { "phone_number" }, "{'phone_number':'!','status':'!','reason':'!','message':'','trunk':null,"
      "'observed_generation':null,'settled':false,'since_at':0,'next_at':null,'ever_active':false,'failed_inputs':null,'leftovers':[],"
      "'refusals':null}" },
    { "trunk_status", { "trunk" }, "{'trunk':'!','name':null,'automatic':'!','twilio_account':'!','livekit_project':'!','ordinal':null,"
      "'dedicated_to':null,'status':'!','reason':'!','message':'','settled':false,'observed_generation':null,'last_number':null,"
      "'refused_inputs':null,'attempts':0,'next_at':null,'leftovers':[],'since_at':0}" },
    { "account_copy", { "name" }, "{'name':'!','provider':'!','identity':'!','row':'!','retiring':false}" },
    { "account_status", { "name" }, "{'name':'!','condition':'','message':'','since_at':0,'next_at':null,'attempts':0,'braked':false,"
      "'release_ver':0,'last_scan_at':null,'detail':null}" },
    { "provider_number", { "phone_number", "account" }, "{'phone_number':'!','account':'!','sid':'!','trunk_sid':null,'routing':null}" },
    { "tombstone", { "nonce" }, "{'nonce':'!','owner_type':'!','owner':'!','kind':'!','slot':'!','account':'!','external_id':null}" },
    { "orphan", { "id" }, "{'id':0,'owner_type':'!','owner':'!','kind':'!','slot':'','account':'!','external_id':null,'tag':null,'nonce':null,"
      "'why':null}" },
    { "stray", { "account", "kind", "external_id" }, "{'account':'!','kind':'!','external_id':'!','tag':null,'seen_at':0}" },
    { "request", { "id" }, "{'id':0,'name':'!','verb':'!','why':'','object_type':'!','object':'!','requested_by':'somebody'}" },
    { "dirty", { "object_type", "key" }, "{'object_type':'!','key':'!','ver':0}" },
    { "installation", { "id" }, "{'id':1,'tag':'!','system_identifier':'7','database_name':'app','timeline':1,'system_identifier_now':'7',"
      "'database_name_now':'app','timeline_now':1}" },
};

/* ---- JSON, shortly -------------------------------------------------------------------------------------------------------------- */

static struct json_object *get(struct json_object *o, const char *key)
{
    struct json_object *value = NULL;
    return o && json_object_object_get_ex(o, key, &value) ? value : NULL;
}

const char *db_text(struct json_object *row, const char *column)
{
    struct json_object *value = get(row, column);
    return value ? json_object_get_string(value) : "";
}

int64_t db_int(struct json_object *row, const char *column) { return json_object_get_int64(get(row, column)); }
bool db_bool(struct json_object *row, const char *column) { return json_object_get_boolean(get(row, column)); }

static void put(struct json_object *o, const char *key, struct json_object *value) { json_object_object_add(o, key, value); }

static struct json_object *copy(struct json_object *o)
{
    struct json_object *made = NULL;
    json_object_deep_copy(o, &made, NULL);
    return made;
}

/* A row of the same values, which nobody changes. */
static struct json_object *shallow_copy(struct json_object *o)
{
    struct json_object *made = json_object_new_object();

    json_object_object_foreach(o, key, value) {
        put(made, key, json_object_get(value));
    }
    return made;
}

static struct json_object *parse_quoted(const char *text)
{
    char *plain = must_strdup(text);
    for (char *p = plain; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    struct json_object *o = json_tokener_parse(plain);
    free(plain);
    assert(o);
    return o;
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------------- */

static const struct table *table_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        if (text_equal(tables[i].name, name))
            return &tables[i];
    return NULL;
}

struct json_object *db_table(const struct db *db, const char *table) { return get(db->tables, table); }
struct json_object *db_row(const struct db *db, const char *table, const char *key) { return get(db_table(db, table), key); }

static void key_of(const struct table *table, struct json_object *row, char *ret_key, size_t bytes)
{
    ret_key[0] = '\0';
    for (size_t i = 0; table->keys[i]; i++) {
        size_t at = strlen(ret_key);
        snprintf(ret_key + at, bytes - at, "%s%s", i ? "|" : "", db_text(row, table->keys[i]));
    }
}

static void undo_push(struct db *db, const char *table, const char *key)
{
    if (db->undo_count == db->undo_capacity) {
        db->undo_capacity = db->undo_capacity ? 2 * db->undo_capacity : 16;
        db->undo = must_realloc(db->undo, db->undo_capacity * sizeof(*db->undo));
    }
    db->undo[db->undo_count++] = (struct db_old){ must_strdup(table), must_strdup(key), json_object_get(db_row(db, table, key)) };
}

/* row NULL: none from now on. */
static void store(struct db *db, const char *table, const char *key, struct json_object *row)
{
    undo_push(db, table, key);
    if (row)
        put(db_table(db, table), key, row);
    else
        json_object_object_del(db_table(db, table), key);
}

static void undo_end(struct db *db, bool take_back)
{
    while (db->undo_count > 0) {
        struct db_old old = db->undo[--db->undo_count];
        if (take_back && old.row)
            put(db_table(db, old.table), old.key, json_object_get(old.row));
        else if (take_back)
            json_object_object_del(db_table(db, old.table), old.key);
        json_object_put(old.row);
        free(old.table);
        free(old.key);
    }
}

void db_lose(struct db *db, const char *table, const char *key)
{
    store(db, table, key, NULL);
    undo_end(db, false);
}

void db_init(struct db *db)
{
    *db = (struct db){ .now_ms = INT64_C(777000000), .tables = json_object_new_object(), .defaults = json_object_new_object(),
                       .events = json_object_new_array() };
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        put(db->tables, tables[i].name, json_object_new_object());
        put(db->defaults, tables[i].name, parse_quoted(tables[i].columns));
    }
    struct json_object *installation = copy(get(db->defaults, "installation"));
    put(installation, "tag", json_object_new_string("simtest2"));
    store(db, "installation", "1", installation);
    undo_end(db, false);
}

void db_release(struct db *db)
{
    undo_end(db, false);
    free(db->undo);
    json_object_put(db->tables);
    json_object_put(db->defaults);
    json_object_put(db->events);
    *db = (struct db){ 0 };
}

/* ---- times: X_in_ms becomes X_at, and back ----------------------------------------------------------------------------------------- */

static bool ends(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && text_equal(text + n - m, end);
}

static void renamed(const char *key, size_t cut, const char *end, char ret[static 64])
{
    snprintf(ret, 64, "%.*s%s", (int)(strlen(key) - cut), key, end);
}

static struct json_object *times(const struct db *db, struct json_object *row, const char *from, const char *to, int64_t add)
{
    struct json_object *made = json_object_new_object();

    (void)db;
    json_object_object_foreach(row, key, value) {
        char name[64];
        if (!ends(key, from)) {
            put(made, key, json_object_get(value));
            continue;
        }
        renamed(key, strlen(from), to, name);
        put(made, name, value ? json_object_new_int64(json_object_get_int64(value) + add) : NULL);
    }
    return made;
}

/* ---- one unit ------------------------------------------------------------------------------------------------------------------------- */

enum { UNIT_DONE, UNIT_CHANGED, UNIT_FAILED };

static int wrong(struct db *db, int how, const char *what, const char *which)
{
    snprintf(db->message, sizeof(db->message), "%s: %s", what, which);
    return how;
}

static bool is_uuid(const char *text)
{
    return strlen(text) == 36 && strspn(text, "0123456789abcdef-") == 36 && text[8] == '-' && text[23] == '-';
}

/* The columns of `given` over the row as it is (NULL: a new one). */
static int merge(struct db *db, const struct table *table, struct json_object *old, struct json_object *given, struct json_object **ret)
{
    struct json_object *defaults = get(db->defaults, table->name), *row = shallow_copy(old ? old : defaults);
    int result = UNIT_DONE;

    json_object_object_foreach(given, key, value) {
        struct json_object *standard = NULL;
        if (!json_object_object_get_ex(defaults, key, &standard))
            result = wrong(db, UNIT_FAILED, "no such column", key);
        else if (!value && standard)
            result = wrong(db, UNIT_FAILED, "null in a column that is not null", key);
        else if (text_equal(key, "trunk") && value && !text_equal(table->name, "number") && !is_uuid(json_object_get_string(value)))
            result = wrong(db, UNIT_FAILED, "no uuid", json_object_get_string(value));
        put(row, key, json_object_get(value));
    }
    json_object_object_foreach(row, column, is) {
        if (is && text_equal(json_object_get_string(is), "!"))
            result = wrong(db, UNIT_FAILED, "no value for a column that is not null", column);
    }
    *ret = row;
    return result;
}

static void bury(struct db *db, struct json_object *r)
{
    struct json_object *grave = shallow_copy(get(db->defaults, "tombstone"));
    static const char *const columns[] = { "nonce", "owner_type", "owner", "kind", "slot", "account", "external_id" };

    if (!*db_text(r, "nonce")) {
        json_object_put(grave);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        put(grave, columns[i], json_object_get(get(r, columns[i])));
    store(db, "tombstone", db_text(r, "nonce"), grave);
}

static bool resource_is_sound(struct json_object *row)
{
    static const char known[] = "none maybe live", open[] = "create update delete";
    return strstr(known, db_text(row, "known")) && strstr(open, db_text(row, "open"))
           && (text_equal(db_text(row, "owner_type"), "number") || text_equal(db_text(row, "owner_type"), "trunk"));
}

static int put_resource(struct db *db, struct json_object *given, int64_t expected, int64_t epoch)
{
    const struct table *table = table_named("resource");
    struct json_object *row = NULL;
    char key[512];

    if (get(given, "rev") || get(given, "epoch"))
        return wrong(db, UNIT_FAILED, "a ledger row has no such column", "rev, epoch");
    key_of(table, given, key, sizeof(key));
    struct json_object *old = db_row(db, "resource", key);
    if ((expected == 0) != !old || (old && db_int(old, "rev") != expected))
        return wrong(db, UNIT_CHANGED, "ledger row is not at that revision", key);
    int result = merge(db, table, old, given, &row);
    put(row, "rev", json_object_new_int64(expected + 1));
    put(row, "epoch", json_object_new_int64(epoch));
    if (result == UNIT_DONE && !resource_is_sound(row))
        result = wrong(db, UNIT_FAILED, "a check constraint", key);
    if (result == UNIT_DONE && old && !text_equal(db_text(old, "nonce"), db_text(row, "nonce")))
        bury(db, old);
    if (result == UNIT_DONE)
        store(db, "resource", key, json_object_get(row));
    json_object_put(row);
    return result;
}

static int end_resource(struct db *db, struct json_object *given, int64_t expected, bool tombstone)
{
    char key[512];

    key_of(table_named("resource"), given, key, sizeof(key));
    struct json_object *old = db_row(db, "resource", key);
    if (!old || db_int(old, "rev") != expected)
        return wrong(db, UNIT_CHANGED, "ledger row is not at that revision", key);
    if (tombstone)
        bury(db, old);
    store(db, "resource", key, NULL);
    return UNIT_DONE;
}

static void keep_since(struct db *db, struct json_object *old, struct json_object *row, const char *a, const char *b)
{
    bool same = old && text_equal(db_text(old, a), db_text(row, a)) && text_equal(db_text(old, b), db_text(row, b));
    put(row, "since_at", json_object_new_int64(same ? db_int(old, "since_at") : db->now_ms));
}

/* What an earlier scan of the account had found, and this one had not; at its end all. */
static void forget_strays(struct db *db, const char *account, int64_t seen_before_ms)
{
    char *gone[64];
    size_t count = 0;

    json_object_object_foreach(db_table(db, "stray"), key, row)
        if (text_equal(db_text(row, "account"), account) && db_int(row, "seen_at") < seen_before_ms && count < 64)
            gone[count++] = strdup(key);
    for (size_t i = 0; i < count; free(gone[i++]))
        store(db, "stray", gone[i], NULL);
}

static int put_row(struct db *db, const char *name, struct json_object *given)
{
    static const char writable[] = "number_status trunk_status account_copy account_status provider_number tombstone stray orphan installation";
    const struct table *table = table_named(name);
    struct json_object *row = NULL;
    char key[512];

    if (!table || !strstr(writable, name))
        return wrong(db, UNIT_FAILED, "a unit cannot write the table", name);
    key_of(table, given, key, sizeof(key));
    if (text_equal(name, "orphan"))
        snprintf(key, sizeof(key), "%" PRId64, ++db->sequence);
    struct json_object *old = db_row(db, name, key);
    int result = merge(db, table, old, given, &row);
    if (text_equal(name, "number_status") || text_equal(name, "trunk_status"))
        keep_since(db, old, row, "status", "reason");
    if (text_equal(name, "account_status"))
        keep_since(db, old, row, "condition", "braked");
    if (text_equal(name, "account_status"))
        forget_strays(db, db_text(row, "name"), db_int(row, "last_scan_at") - 100);
    if (text_equal(name, "stray"))
        put(row, "seen_at", json_object_new_int64(db->now_ms));
    if (result == UNIT_DONE)
        store(db, name, key, json_object_get(row));
    json_object_put(row);
    return result;
}

static int apply_item(struct db *db, struct json_object *item, int64_t epoch)
{
    struct json_object *given = get(item, "row");
    char key[512];

    if (get(item, "put")) {
        const char *name = db_text(item, "put");
        struct json_object *row = times(db, given, "_in_ms", "_at", db->now_ms);
        int result = text_equal(name, "resource") ? put_resource(db, row, db_int(item, "rev"), epoch) : put_row(db, name, row);
        json_object_put(row);
        return result;
    }
    if (get(item, "end")) {
        const char *name = db_text(item, "end");
        const struct table *table = table_named(name);
        if (text_equal(name, "resource"))
            return end_resource(db, given, db_int(item, "rev"), !get(item, "tombstone") || db_bool(item, "tombstone"));
        if (!table)
            return wrong(db, UNIT_FAILED, "a unit cannot write the table", name);
        key_of(table, given, key, sizeof(key));
        store(db, name, key, NULL);
        if (text_equal(name, "account_status"))
            forget_strays(db, db_text(given, "name"), INT64_MAX);
        return UNIT_DONE;
    }
    if (get(item, "event")) {
        json_object_array_add(db->events, copy(get(item, "event")));
        return UNIT_DONE;
    }
    return get(item, "ack") || get(item, "done") ? UNIT_DONE : wrong(db, UNIT_FAILED, "an item that nobody knows", json_object_to_json_string(item));
}

static int64_t generation_of(const struct db *db, const char *type, const char *key)
{
    struct json_object *row = db_row(db, type, key);

    if (text_equal(type, "account"))
        row = db_row(db, "twilio_account", key) ? db_row(db, "twilio_account", key) : db_row(db, "livekit_project", key);
    return row ? db_int(row, "generation") : -1;
}

static int apply_unit(struct db *db, struct json_object *unit, int64_t epoch)
{
    struct json_object *wanted = get(unit, "wanted"), *items = get(unit, "items");

    for (size_t i = 0; i < json_object_array_length(wanted); i++) {
        struct json_object *w = json_object_array_get_idx(wanted, i);
        int64_t generation = get(w, "generation") ? db_int(w, "generation") : -1;
        if (generation_of(db, db_text(w, "type"), db_text(w, "key")) != generation)
            return wrong(db, UNIT_CHANGED, "not at that generation", db_text(w, "key"));
    }
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        int result = apply_item(db, json_object_array_get_idx(items, i), epoch);
        if (result != UNIT_DONE)
            return result;
    }
    return UNIT_DONE;
}

static void acknowledge(struct db *db, struct json_object *items)
{
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        struct json_object *item = json_object_array_get_idx(items, i), *ack = get(item, "ack");
        char key[512];
        if (ack) {
            key_of(table_named("dirty"), ack, key, sizeof(key));
            if (db_int(db_row(db, "dirty", key), "ver") == db_int(ack, "ver"))
                store(db, "dirty", key, NULL);
        }
        if (get(item, "done"))
            store(db, "request", db_text(get(item, "done"), "request"), NULL);
    }
}

enum commit_outcome db_commit(struct db *db, int64_t epoch, const char *text)
{
    static const enum commit_outcome outcomes[] = { COMMIT_DONE, COMMIT_CHANGED, COMMIT_FAILED };

    db->message[0] = '\0';
    if (db->lease.epoch != epoch || db->lease.expires_at <= db->now_ms)
        return COMMIT_FENCED;
    struct json_object *unit = json_tokener_parse(text);
    if (!unit)
        return COMMIT_FAILED;
    size_t events = json_object_array_length(db->events);
    int result = apply_unit(db, unit, epoch);
    if (result == UNIT_DONE)
        acknowledge(db, get(unit, "items"));
    else if (json_object_array_length(db->events) > events)
        json_object_array_del_idx(db->events, events, json_object_array_length(db->events) - events);
    undo_end(db, result != UNIT_DONE);
    json_object_put(unit);
    return outcomes[result];
}

/* ---- reading ----------------------------------------------------------------------------------------------------------------------------- */

static void show(struct db *db, struct json_object *rows, const char *what, const char *key, struct json_object *row)
{
    struct json_object *line = json_object_new_object();

    put(line, "what", json_object_new_string(what));
    put(line, "key", json_object_new_string(key));
    put(line, "row", NULL);
    if (row) {
        struct json_object *shown = times(db, row, "_at", "_in_ms", -db->now_ms);
        put(line, "row", json_object_new_string(json_object_to_json_string_ext(shown, JSON_C_TO_STRING_PLAIN)));
        json_object_put(shown);
    }
    json_object_array_add(rows, line);
}

static void show_table(struct db *db, struct json_object *rows, const char *what, const char *table, const char *key_column)
{
    json_object_object_foreach(db_table(db, table), key, row) {
        (void)key;
        show(db, rows, what, db_text(row, key_column), row);
    }
}

/* The wishes of a type behind the marks that are later; of the type "dirty" the marks themselves. */
static void show_dirty(struct db *db, struct json_object *rows, const char *type, int64_t since)
{
    bool mark = text_equal(type, "dirty");


    json_object_object_foreach(db_table(db, "dirty"), key, row) {
        (void)key;
        const char *object = db_text(row, "key");
        struct json_object *wish = mark ? row : db_row(db, type, object);
        if ((!mark && !text_equal(db_text(row, "object_type"), type)) || db_int(row, "ver") <= since)
            continue;
        if (text_equal(type, "account"))
            wish = db_row(db, "twilio_account", object) ? db_row(db, "twilio_account", object) : db_row(db, "livekit_project", object);
        show(db, rows, type, object, wish);
    }
}

struct json_object *db_snapshot(struct db *db, enum read_what what, int64_t *shown)
{
    static const char *const whole[][3] = {
        { "installation", "installation", "tag" }, { "account", "twilio_account", "name" }, { "account", "livekit_project", "name" },
        { "account_copy", "account_copy", "name" }, { "account_status", "account_status", "name" }, { "agent", "agent", "name" },
        { "trunk", "trunk", "id" }, { "number", "number", "phone_number" }, { "trunk_status", "trunk_status", "trunk" },
        { "number_status", "number_status", "phone_number" }, { "resource", "resource", "owner" },
        { "provider_number", "provider_number", "phone_number" }, { "tombstone", "tombstone", "nonce" }, { "orphan", "orphan", "id" },
        { "stray", "stray", "external_id" },
    };
    static const char *const inbox[] = { "agent", "account", "trunk", "number" };
    struct json_object *rows = json_object_new_array();
    bool all = what == READ_ALL;
    int64_t since = what == READ_NEWS ? *shown : 0;

    for (size_t i = 0; all && i < ARRAY_SIZE(whole); i++)
        show_table(db, rows, whole[i][0], whole[i][1], whole[i][2]);
    for (size_t i = 0; !all && i < ARRAY_SIZE(inbox); i++)
        show_dirty(db, rows, inbox[i], since);
    show_table(db, rows, "request", "request", "id");
    show_dirty(db, rows, "dirty", since);
    *shown = db->sequence;
    return rows;
}

int64_t db_lease(struct db *db, enum lease_action action, const char *holder, int64_t epoch, int64_t lease_ms)
{
    bool ours = text_equal(db->lease.holder, holder) && db->lease.epoch == epoch && epoch > 0;

    if (action == LEASE_TAKE && db->lease.expires_at <= db->now_ms) {
        text_copy(db->lease.holder, sizeof(db->lease.holder), holder);
        db->lease.epoch++;
        db->lease.expires_at = db->now_ms + lease_ms;
        return db->lease.epoch;
    }
    if (action == LEASE_RENEW && ours)
        db->lease.expires_at = db->now_ms + lease_ms;
    if (action == LEASE_RELEASE && ours)
        db->lease.expires_at = db->now_ms;
    return action == LEASE_RENEW && ours ? epoch : 0;
}

/* ---- wishes ----------------------------------------------------------------------------------------------------------------------------------- */

static void mark(struct db *db, const char *type, const char *key)
{
    char at[256];
    struct json_object *row = json_object_new_object();

    put(row, "object_type", json_object_new_string(type));
    put(row, "key", json_object_new_string(key));
    put(row, "ver", json_object_new_int64(++db->sequence));
    snprintf(at, sizeof(at), "%s|%s", type, key);
    store(db, "dirty", at, row);
}

static void clear_agent(struct db *db, const char *name)
{
    struct json_object *numbers = copy(db_table(db, "number"));

    json_object_object_foreach(numbers, key, row) {
        if (text_equal(db_text(row, "agent"), name))
            db_wish(db, "number", key, "{\"agent\":null}");
    }
    json_object_put(numbers);
}

void db_wish(struct db *db, const char *table, const char *key, const char *columns)
{
    bool account = text_equal(table, "twilio_account") || text_equal(table, "livekit_project");
    const struct table *t = table_named(table);
    struct json_object *row = NULL, *old = db_row(db, table, key);

    if (!columns && text_equal(table, "agent"))
        clear_agent(db, key);
    if (columns) {
        struct json_object *given = parse_quoted(columns);
        put(given, t->keys[0], json_object_new_string(key));
        int result = merge(db, t, old, given, &row);
        assert(result == UNIT_DONE);
        (void)result;
        json_object_put(given);
        if (old && json_object_equal(old, row)) {
            json_object_put(row);
            return;
        }
        put(row, "generation", json_object_new_int64(++db->sequence));
    }
    store(db, table, key, row);
    mark(db, account ? "account" : table, key);
    undo_end(db, false);
}

void db_ask(struct db *db, const char *verb, const char *object_type, const char *object, const char *name)
{
    struct json_object *row = shallow_copy(get(db->defaults, "request"));
    char id[24];

    snprintf(id, sizeof(id), "%" PRId64, ++db->sequence);
    put(row, "id", json_object_new_int64(db->sequence));
    put(row, "name", json_object_new_string(name));
    put(row, "verb", json_object_new_string(verb));
    put(row, "why", json_object_new_string("a test"));
    put(row, "object_type", json_object_new_string(object_type));
    put(row, "object", json_object_new_string(object));
    store(db, "request", id, row);
    mark(db, object_type, object);
    undo_end(db, false);
}
