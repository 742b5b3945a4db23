/* Drift: whatever somebody changes or removes at a provider is put back, at the latest by the next complete scan; every field of every
 * kind. What happened is told once, and nothing else is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/kind.h>
#include <trunkd/text.h>
#include "story.h"

#define MAIN_SID "AC11111111111111111111111111111111"
#define ONE_SCAN (6 * MINUTES)

/* Where the simulator keeps the objects of a kind. */
static const char *const lists[KIND_MAX_] = {
    [KIND_TWILIO_TRUNK] = "trunks", [KIND_ORIGINATION_URL] = "origination_urls", [KIND_CREDENTIAL_LIST] = "credential_lists",
    [KIND_CREDENTIAL] = "credentials", [KIND_TRUNK_CREDENTIAL_LIST] = "trunk_credential_lists", [KIND_INBOUND_TRUNK] = "inbound_trunks",
    [KIND_OUTBOUND_TRUNK] = "outbound_trunks", [KIND_DISPATCH_RULE] = "dispatch_rules", [KIND_TRUNK_PHONE_NUMBER] = "phone_numbers",
    [KIND_RECORDING] = "recordings", [KIND_CONNECTION_POLICY] = "connection_policies", [KIND_CONNECTION_POLICY_TARGET] = "connection_policy_targets",
};

static struct world *standing_world(void)
{
    struct world *w = world_new(1);

    world_add_number(w, A, "both");
    world_wish(w, "number", A, ON_REQUEST);
    world_add_number(w, B, "both");
    world_start(w);
    if (!world_rest(w, 20 * MINUTES) || !check_converged(w))
        fail_msg("%s", w->broken);
    world_run(w, 1 * MINUTES);              /* older than what a list may miss */
    world_forget_sent(w);
    return w;
}

/* The ledger's row of a kind: the number's own, or its trunk's. */
static struct json_object *row_of(struct world *w, enum kind_id id)
{
    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        (void)key;
        const char *owner = kinds[id]->owner == OWNER_TRUNK ? db_text(db_row(&w->db, "number_status", A), "trunk") : A;
        if (strcmp(db_text(row, "owner"), owner) == 0 && strcmp(db_text(row, "kind"), kinds[id]->name) == 0)
            return row;
    }
    fail_msg("the ledger has no %s", kinds[id]->name);
    return NULL;
}

static const char *account_of(enum kind_id id) { return kinds[id]->family == FAMILY_TWILIO ? MAIN_SID : "APIvoice"; }

static void path_of(struct world *w, enum kind_id id, char *to, size_t bytes)
{
    struct json_object *row = row_of(w, id);
    bool pair = kinds[id]->recognised == BY_PAIR;

    snprintf(to, bytes, "/_sim/objects/%s/%s/%s%s%s", account_of(id), lists[id], pair ? db_text(row, "parent_id") : "", pair ? "/" : "",
             db_text(row, "external_id"));
}

static struct json_object *object_of(struct world *w, struct json_object *state, enum kind_id id)
{
    const char *external_id = db_text(row_of(w, id), "external_id");
    struct json_object *side, *tenant, *list;

    json_object_object_get_ex(state, kinds[id]->family == FAMILY_TWILIO ? "twilio" : "livekit", &side);
    json_object_object_get_ex(side, account_of(id), &tenant);
    json_object_object_get_ex(tenant, lists[id], &list);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (strstr(json_object_to_json_string(o), external_id))
            return o;
    }
    fail_msg("the simulator has no %s %s", lists[id], external_id);
    return NULL;
}

static struct json_object *another_value(const struct field *field, struct json_object *now)
{
    struct json_object *value;

    switch (field->type) {
    case FIELD_BOOL:
        return json_object_new_boolean(!json_object_get_boolean(now));
    case FIELD_INT:
        return json_object_new_int(json_object_get_int(now) + 1);
    case FIELD_DURATION:
        return json_object_new_string("77s");
    case FIELD_ENUM:
        return json_object_new_string(field->names[now && strcmp(json_object_get_string(now), field->names[1]) == 0 ? 0 : 1]);
    case FIELD_SET:
        value = json_object_new_array();
        json_object_array_add(value, json_object_new_string("+15550900900"));
        return value;
    case FIELD_MAP:
        value = json_object_new_object();
        json_object_object_add(value, "Somebody", json_object_new_string("else"));
        return value;
    case FIELD_PAIRS:
        json_object_array_add(value = json_object_new_array(), json_object_new_object());
        json_object_object_add(json_object_array_get_idx(value, 0), field->names[0], json_object_new_string("somebody"));
        return value;
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_VARIANT:
        break;
    }
    return json_object_new_string(strcmp(field->name, "domain_name") == 0 ? "somebody-else.pstn.twilio.com" : "sip:somebody.else.example");
}

/* The member of a oneof that is there. */
static const char *variant_there(struct json_object *object)
{
    json_object_object_foreach(object, key, value) {
        if (value)
            return key;
    }
    fail_msg("%s holds nothing", json_object_to_json_string(object));
    return NULL;
}

/* {"rule": {...}} with the field at `path` changed; the rest of that member as it is. */
static struct json_object *changed(struct json_object *object, const struct field *field)
{
    char path_first[128], name[64];
    const char *path = path_first;
    snprintf(path_first, sizeof(path_first), "%s", field->read ? field->read : field->wire);
    path_first[strcspn(path_first, "|")] = '\0';
    size_t length = strcspn(path, ".[");
    struct json_object *body = json_object_new_object(), *member = NULL, *copy = NULL, *at;

    snprintf(name, sizeof(name), "%.*s", (int)length, path);
    json_object_object_get_ex(object, name, &member);
    if (!path[length]) {
        json_object_object_add(body, name, another_value(field, member));
        return body;
    }
    if (!member || json_object_deep_copy(member, &copy, NULL) != 0)
        copy = json_object_new_object();
    json_object_object_add(body, name, copy);
    at = copy;
    for (path += length; *path;) {
        if (strncmp(path, "[]", 2) == 0) {
            path += 2;
            at = json_object_array_get_idx(at, 0);
            assert_non_null(at);
            continue;
        }
        path += *path == '.';
        length = strcspn(path, ".[");
        snprintf(name, sizeof(name), "%.*s", (int)length, path);
        path += length;
        if (strcmp(name, "*") == 0)
            snprintf(name, sizeof(name), "%s", variant_there(at));
        if (field->type == FIELD_VARIANT && !*path) {
            json_object_object_del(at, name);
            json_object_object_add(at, field->names[strcmp(name, field->names[2]) == 0], json_object_new_object());
            break;
        }
        struct json_object *next = NULL;
        json_object_object_get_ex(at, name, &next);
        if (!*path) {
            json_object_object_add(at, name, another_value(field, next));
        } else if (!next) {
            next = json_object_new_object();
            json_object_object_add(at, name, next);
        }
        at = next;
    }
    return body;
}

static void change(struct world *w, enum kind_id id, const struct field *field)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL);
    struct json_object *body = changed(object_of(w, state, id), field);
    char path[200];

    path_of(w, id, path, sizeof(path));
    json_object_put(world_sim(w, "POST", path, json_object_to_json_string(body)));
    json_object_put(body);
    json_object_put(state);
}

/* A member that means what it means when there is none. */
static void drop_if(struct json_object *o, const char *key, const char *standard)
{
    struct json_object *value = NULL;

    if (json_object_object_get_ex(o, key, &value) && (!value || strcmp(json_object_get_string(value), standard) == 0))
        json_object_object_del(o, key);
}

/* The object of a kind without the times of its last changes and what means nothing; the caller frees. */
static char *image(struct world *w, enum kind_id id)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL), *o = object_of(w, state, id);
    static const char *const rest[] = { "date_updated", "updated_at" };
    struct json_object *media = NULL, *encryption = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
        json_object_object_del(o, rest[i]);
    if (json_object_object_get_ex(o, "media", &media) && !json_object_object_get_ex(media, "encryption", &encryption))
        json_object_object_del(o, "media");         /* LiveKit: none and all-default are the same */
    drop_if(o, "disaster_recovery_url", "");
    drop_if(o, "disaster_recovery_method", "POST");
    char *text = strdup(json_object_to_json_string(o));
    json_object_put(state);
    return text;
}

/* A field that only rules of one type have. */
static void prepare(struct world *w, const struct field *field)
{
    static const struct { const char *field, *settings; } cases[] = {
        { "room_name", "{'dispatch_rule':{'type':'direct','room_name':'lobby'}}" },
        { "randomize", "{'dispatch_rule':{'type':'callee','more_agents':{'writer':'w'}}}" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (strcmp(field->name, cases[i].field) == 0) {
            world_wish(w, "agent", "support", cases[i].settings);
            converged(w);
            world_run(w, 1 * MINUTES);
            world_forget_sent(w);
        }
}

/* What the numbers' objects at LiveKit follow, so that no call is lost: where calls go out, and whether they are encrypted. */
static bool is_followed(const struct field *field)
{
    return strcmp(field->name, "domain_name") == 0 || strcmp(field->name, "secure") == 0;
}

static void check_put_back(enum kind_id id, const struct field *field)
{
    CLEANUP(world_cleanup) struct world *w = standing_world();
    prepare(w, field);
    char *before = image(w, id);
    change(w, id, field);
    char *spoilt = image(w, id);
    world_run(w, ONE_SCAN);
    rest(w);
    char *after = image(w, id);

    if (strcmp(before, spoilt) == 0)
        fail_msg("%s %s: nothing was changed", kinds[id]->name, field->name);
    if (strcmp(before, after) != 0 || strcmp(world_status(w, A), "active/UpToDate") != 0 || !check_converged(w))
        fail_msg("%s %s: was not put back: it was %s; it is %s; %s", kinds[id]->name, field->name, before, after, w->broken);
    bool followed = is_followed(field);         /* there and back */
    if ((w->writes != 1 && !followed) || world_events(w, "Drifted") != 1) {
        world_print_sent(w);
        fail_msg("%s %s: %zu writes and %zu events, not one of each", kinds[id]->name, field->name, (size_t)w->writes, world_events(w, "Drifted"));
    }
    free(before);
    free(spoilt);
    free(after);
}

/* Both accounts only report. field NULL: no field in particular. */
static struct world *reporting_world(const struct field *field)
{
    struct world *w = standing_world();

    if (field)
        prepare(w, field);
    world_wish(w, "twilio_account", "main", "{'drift':'report'}");
    world_wish(w, "livekit_project", "voice", "{'drift':'report'}");
    world_run(w, 10 * SECONDS);
    assert_int_equal(w->writes, 0);
    return w;
}

/* It stays so, also for a daemon that starts anew, until somebody says to try again. */
static void check_left(enum kind_id id, const struct field *field)
{
    CLEANUP(world_cleanup) struct world *w = reporting_world(field);
    bool followed = is_followed(field);         /* that is a wish */
    char *before = image(w, id);
    change(w, id, field);
    char *spoilt = image(w, id);
    for (int life = 0; life < 2; life++) {
        world_run(w, ONE_SCAN);
        rest(w);
        char *after = image(w, id);
        if (strcmp(spoilt, after) != 0 || (w->writes > 0 && !followed) || world_events(w, "Drifted") != 1)
            fail_msg("%s %s, life %d: %zu writes, %zu events; it is %s", kinds[id]->name, field->name, life, (size_t)w->writes,
                     world_events(w, "Drifted"), after);
        free(after);
        if (strcmp(world_status(w, A), "active/DriftLeft") != 0 || !db_bool(db_row(&w->db, "number_status", A), "settled"))
            fail_msg("%s %s, life %d: %s: %s", kinds[id]->name, field->name, life, world_status(w, A), world_message(w, A));
        world_crash(w, 0);
    }
    world_run(w, 1 * MINUTES);
    world_ask(w, "retry", "number", A);
    world_run(w, 1 * MINUTES);
    rest(w);
    char *after = image(w, id);
    if (strcmp(before, after) != 0 || !check_converged(w) || strcmp(world_status(w, A), "active/UpToDate") != 0)
        fail_msg("%s %s: was not put back: %s, %s; it is %s; %s", kinds[id]->name, field->name, world_status(w, A), world_message(w, A), after, w->broken);
    free(before);
    free(spoilt);
    free(after);
}

static void each_field(void (*check)(enum kind_id, const struct field *))
{
    size_t visited = 0;

    for (size_t k = 0; k < KIND_MAX_; k++)
        for (size_t f = 0; f < kinds[k]->fields_count; f++) {
            const struct field *field = &kinds[k]->fields[f];
            if (k == KIND_CREDENTIAL && strcmp(field->name, "username") == 0)
                continue;               /* nobody can change that at Twilio */
            if ((field->flags & (FIELD_IN_PATH | FIELD_WRITE_ONLY | FIELD_SHOWN)) || field->type == FIELD_SECRET || !kinds[k]->update
                || k == KIND_TRUNK_PHONE_NUMBER)
                continue;
            check((enum kind_id)k, field);
            visited++;
        }
    print_message("%zu fields\n", visited);
    assert_true(visited > 8);
}

static void test_every_field_of_every_kind_is_put_back(void **state)
{
    (void)state;
    each_field(check_put_back);
}

static void test_every_field_of_every_kind_is_left_where_drift_is_only_reported(void **state)
{
    (void)state;
    each_field(check_left);
}

static void remove_by_hand(struct world *w, enum kind_id id)
{
    char path[200];

    path_of(w, id, path, sizeof(path));
    if (id == KIND_TRUNK_PHONE_NUMBER)
        json_object_put(world_sim(w, "POST", path, "{'trunk_sid':null}"));
    else
        json_object_put(world_sim(w, "DELETE", path, NULL));
}

static void test_every_kind_is_left_removed_where_drift_is_only_reported(void **state)
{
    size_t visited = 0;

    (void)state;
    for (size_t k = 0; k < KIND_MAX_; k++, visited++) {
        CLEANUP(world_cleanup) struct world *w = reporting_world(NULL);
        bool flows = k == KIND_RECORDING || k == KIND_CONNECTION_POLICY || k == KIND_CONNECTION_POLICY_TARGET;
        const char *left = flows ? "active/DriftLeft" : "pending/DriftLeft";
        remove_by_hand(w, (enum kind_id)k);
        for (int life = 0; life < 2; life++) {
            world_run(w, 2 * ONE_SCAN);
            rest(w);
            const char *status = world_status(w, A);
            if (w->writes > 0 || !db_bool(db_row(&w->db, "number_status", A), "settled") || strcmp(status, left) != 0) {
                world_print_sent(w);
                fail_msg("%s, life %d: %zu writes, %s: %s", kinds[k]->name, life, (size_t)w->writes, status, world_message(w, A));
            }
            world_crash(w, 0);
        }
        assert_true(world_events(w, "Drifted") > 0);
        world_run(w, 1 * MINUTES);
        world_wish(w, "twilio_account", "main", "{'drift':'repair'}");
        world_wish(w, "livekit_project", "voice", "{'drift':'repair'}");
        world_run(w, 1 * MINUTES);
        rest(w);
        if (!check_converged(w) || strcmp(world_status(w, A), "active/UpToDate") != 0)
            fail_msg("%s: %s: %s; %s", kinds[k]->name, world_status(w, A), world_message(w, A), w->broken);
    }
    assert_int_equal(visited, KIND_MAX_);
}

/* It is somebody's wish again: what is wanted anew is written, and takes the drift with it. */
static void test_a_wish_overrides_what_was_only_reported(void **state)
{
    (void)state;
    CLEANUP(world_cleanup) struct world *w = reporting_world(NULL);
    remove_by_hand(w, KIND_DISPATCH_RULE);
    world_run(w, ONE_SCAN);
    rest(w);
    assert_string_equal(world_status(w, A), "pending/DriftLeft");
    assert_int_equal(w->writes, 0);
    world_wish(w, "number", A, "{'agent':'sales'}");
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
}

static void test_every_kind_is_made_again(void **state)
{
    size_t visited = 0;

    (void)state;
    for (size_t k = 0; k < KIND_MAX_; k++, visited++) {
        CLEANUP(world_cleanup) struct world *w = standing_world();
        remove_by_hand(w, (enum kind_id)k);
        bool drifted = false;
        for (int64_t end = w->now_ms + ONE_SCAN; w->now_ms < end;) {
            world_run(w, 20);
            drifted = drifted || strcmp(world_status(w, A), "active/Drifted") == 0;
        }
        rest(w);
        if (!check_converged(w) || strcmp(world_status(w, A), "active/UpToDate") != 0)
            fail_msg("%s: %s", kinds[k]->name, w->broken);
        if (!drifted || world_events(w, "Drifted") == 0)
            fail_msg("%s: nobody was told", kinds[k]->name);
        print_message("    removed by hand: %s, %zu writes\n", kinds[k]->name, (size_t)w->writes);
    }
    assert_int_equal(visited, KIND_MAX_);
}

/* A late create of an object that is long gone: ours by its nonce, and one too many. */
static void test_a_late_one_is_removed_unless_drift_is_only_reported(void **state)
{
    (void)state;
    for (int only_reports = 0; only_reports < 2; only_reports++) {
        CLEANUP(world_cleanup) struct world *w = only_reports ? reporting_world(NULL) : standing_world();
        char body[300], tag[60], *held, *all;
        snprintf(tag, sizeof(tag), "%s", strstr(db_text(json_object_object_get(row_of(w, KIND_INBOUND_TRUNK), "applied"), "name"), "td-"));
        snprintf(body, sizeof(body), "{'account':'APIvoice','kind':'inbound_trunks','body':{'name':'late [%s','numbers':['" A "']}}", tag);
        gone(w, A);
        world_run(w, 1 * MINUTES);              /* older than what a list may show of what has gone */
        world_forget_sent(w);
        json_object_put(world_sim(w, "POST", "/_sim/objects", body));
        assert_true(*(held = world_objects(w, "late [")));
        world_run(w, 2 * ONE_SCAN);
        all = world_objects(w, "late [");
        assert_int_equal(*all != '\0', only_reports);
        assert_int_equal(w->writes, !only_reports);
        assert_int_equal(world_events(w, "DuplicateRemoved"), !only_reports);
        assert_int_equal(json_object_object_length(db_table(&w->db, "stray")), only_reports);
        snprintf(body, sizeof(body), "/_sim/objects/APIvoice/inbound_trunks/%.15s", strstr(held, "ST_"));
        world_sim_set(w, "DELETE", body, NULL);
        world_run(w, 2 * ONE_SCAN);
        assert_int_equal(json_object_object_length(db_table(&w->db, "stray")), 0);      /* removed by hand, and gone */
        free(held);
        free(all);
    }
}

/* Somebody takes the number to another trunk: that is theirs until they let it go. */
static void test_a_number_that_somebody_takes_comes_back_when_it_is_released(void **state)
{
    (void)state;
    CLEANUP(world_cleanup) struct world *w = standing_world();
    struct json_object *sim = world_sim(w, "GET", "/_sim/state", NULL), *twilio, *tenant, *trunks;
    char path[200], body[100];

    json_object_object_get_ex(sim, "twilio", &twilio);
    json_object_object_get_ex(twilio, MAIN_SID, &tenant);
    json_object_object_get_ex(tenant, "trunks", &trunks);
    snprintf(body, sizeof(body), "{'trunk_sid':'%s'}", db_text(json_object_array_get_idx(trunks, 0), "sid"));      /* theirs */
    path_of(w, KIND_TRUNK_PHONE_NUMBER, path, sizeof(path));
    json_object_put(world_sim(w, "POST", path, body));
    world_run(w, ONE_SCAN);
    rest(w);
    assert_string_equal(world_status(w, A), "pending/HeldByForeign");
    assert_int_equal(w->writes, 0);
    json_object_put(world_sim(w, "POST", path, "{'trunk_sid':null}"));
    world_run(w, 2 * ONE_SCAN);
    converged(w);
    assert_string_equal(world_status(w, A), "active/UpToDate");
    assert_int_equal(w->writes, 1);
    json_object_put(sim);
}

/* What lies below a trunk and is not ours stays as it is. */
static void test_foreign_objects_are_untouched(void **state)
{
    (void)state;
    CLEANUP(world_cleanup) struct world *w = standing_world();
    char body[300];
    snprintf(body, sizeof(body), "{'account':'" MAIN_SID "','kind':'origination_urls','parent':'%s','body':{'friendly_name':'theirs',"
             "'sip_url':'sip:theirs.example','priority':9,'weight':9,'enabled':true}}", db_text(row_of(w, KIND_TWILIO_TRUNK), "external_id"));
    json_object_put(world_sim(w, "POST", "/_sim/objects", body));
    char *before = world_objects(w, "theirs");
    world_run(w, 3 * ONE_SCAN);
    rest(w);
    assert_int_equal(w->writes, 0);
    assert_int_equal(world_events(w, "Drifted"), 0);
    assert_same_objects(w, before, "td-nothing");
    free(before);
}

/* What the provider shows and nobody can write is taken down as it is. It is no drift. */
static void test_what_is_only_shown_is_kept_for_people(void **state)
{
    static const char *const ways[] = { "true", "false" };
    CLEANUP(world_cleanup) struct world *w = standing_world();
    char path[200], body[100];

    (void)state;
    path_of(w, KIND_TWILIO_TRUNK, path, sizeof(path));
    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        snprintf(body, sizeof(body), "{'symmetric_rtp_enabled':%s}", ways[i]);
        json_object_put(world_sim(w, "POST", path, body));
        world_run(w, ONE_SCAN);
        rest(w);
        struct json_object *applied = json_object_object_get(row_of(w, KIND_TWILIO_TRUNK), "applied");
        assert_int_equal(json_object_object_get_ex(applied, "symmetric_rtp_enabled", NULL), i == 0);
        assert_int_equal(w->writes, 0);
        world_wish(w, "number", A, i == 0 ? "{'twilio_trunk':{'transfer_mode':'sip-only'}}" : "{'twilio_trunk':{'transfer_mode':'enable-all'}}");
        world_run(w, 1 * MINUTES);
        converged(w);
        assert_string_equal(world_status(w, A), "active/UpToDate");
        world_forget_sent(w);
    }
    assert_int_equal(world_events(w, "Drifted"), 0);
}

static void change_by(struct world *w, enum kind_id id, const char *body)
{
    char path[200];

    path_of(w, id, path, sizeof(path));
    json_object_put(world_sim(w, "POST", path, body));
}

static bool is_told(struct world *w, const char *words)
{
    for (size_t i = 0; i < json_object_array_length(w->db.events); i++)
        if (strstr(db_text(json_object_array_get_idx(w->db.events, i), "message"), words))
            return true;
    return false;
}

/* What is the same as nothing has a name. */
static void test_a_zero_value_is_told_by_its_name(void **state)
{
    CLEANUP(world_cleanup) struct world *w = standing_world();

    (void)state;
    world_wish(w, "number", A, "{'twilio_trunk':{'transfer_mode':'enable-all'},'inbound_trunk':{'ringing_timeout_seconds':30}}");
    world_wish(w, "agent", "support", "{'dispatch_rule':{'type':'callee'}}");
    world_run(w, 1 * MINUTES);
    rest(w);
    change_by(w, KIND_TWILIO_TRUNK, "{'transfer_mode':'disable-all','cnam_lookup_enabled':true}");
    change_by(w, KIND_INBOUND_TRUNK, "{'ringing_timeout':'0s'}");
    change_by(w, KIND_DISPATCH_RULE, "{'rule':{'dispatch_rule_individual':{'room_prefix':'call'}}}");
    world_run(w, ONE_SCAN);
    converged(w);
    assert_true(is_told(w, "transfer_mode is disable-all, was enable-all; cnam_lookup_enabled is true, was false"));
    assert_true(is_told(w, "ringing_timeout is 0s, was 30s"));
    assert_true(is_told(w, "type is dispatch_rule_individual, was dispatch_rule_callee"));
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_of_every_kind_is_put_back),
        cmocka_unit_test(test_every_field_of_every_kind_is_left_where_drift_is_only_reported),
        cmocka_unit_test(test_every_kind_is_made_again),
        cmocka_unit_test(test_every_kind_is_left_removed_where_drift_is_only_reported),
        cmocka_unit_test(test_a_wish_overrides_what_was_only_reported),
        cmocka_unit_test(test_a_late_one_is_removed_unless_drift_is_only_reported),
        cmocka_unit_test(test_a_number_that_somebody_takes_comes_back_when_it_is_released),
        cmocka_unit_test(test_foreign_objects_are_untouched),
        cmocka_unit_test(test_what_is_only_shown_is_kept_for_people),
        cmocka_unit_test(test_a_zero_value_is_told_by_its_name),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
