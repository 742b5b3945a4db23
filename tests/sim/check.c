/* The promises, as far as they can be seen from outside: from the model database, the requests, and the simulator's state. None of it
 * looks into a core, and what must exist is worked out from the wishes alone. */
#include "world.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/kind.h>
#include <trunkd/text.h>
#include "../../src/sim/hash.h"

#define OUR_TAG "td-simtest2-"

static struct json_object *get(struct json_object *o, const char *key)
{
    struct json_object *value = NULL;
    return o && json_object_object_get_ex(o, key, &value) ? value : NULL;
}

static const char *words(struct json_object *o) { return json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE); }

/* ---- while it runs ------------------------------------------------------------------------------------------------------------------ */

struct what { char owner[64], operation[16], kind[64]; };

static struct what what_of(const char *text)
{
    struct what what = { .owner = "" };

    if (sscanf(text, "%63s %15s %63s", what.owner, what.operation, what.kind) != 3)
        what = (struct what){ .owner = "?" };
    return what;
}

static size_t open_rows(const struct world *w, const struct what *what, const char **ret_nonce)
{
    size_t count = 0;

    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        (void)key;
        if (!text_equal(db_text(row, "owner"), what->owner) || !text_equal(db_text(row, "kind"), what->kind)
            || !text_equal(db_text(row, "open"), what->operation))
            continue;
        *ret_nonce = db_text(row, "nonce");
        count++;
    }
    return count;
}

/* No write leaves without its committed opening, and never more of them than there are openings. */
void check_write(struct world *w, const struct effect *effect)
{
    struct what what = what_of(effect->send.what);
    const struct request *request = &effect->send.request;
    size_t flying = 0;
    const char *nonce = "";

    if (!effect->send.write)
        return;
    for (const struct under_way *u = w->under_way; u; u = u->next)
        flying += u->write && u->epoch == w->db.lease.epoch && text_equal(u->what, effect->send.what);
    size_t rows = open_rows(w, &what, &nonce);
    if (rows <= flying)
        world_break(w, "%s was sent with %zu openings in the database and %zu requests under way", effect->send.what, rows, flying);
    else if (w->now_ms > effect->send.send_by_ms)
        world_break(w, "%s was sent after its time", effect->send.what);
    else if (text_equal(what.operation, "create") && rows == 1 && request->body && *nonce && !strstr(request->body, nonce)
             && kind_by_name(what.kind)->recognised == BY_TAG && !strstr(request->url, nonce))
        world_break(w, "%s does not carry the tag that was committed: %s", effect->send.what, request->body);
}

/* Of one lease: what was under way when it was lost is nobody's any more. */
void check_windows(struct world *w)
{
    for (const struct under_way *u = w->under_way; u; u = u->next) {
        struct json_object *row = db_row(&w->db, "twilio_account", u->account);
        int64_t window = db_int(row ? row : db_row(&w->db, "livekit_project", u->account), "max_in_flight"), count = 0;
        for (const struct under_way *v = w->under_way; v; v = v->next)
            count += text_equal(u->account, v->account) && u->daemon == v->daemon && u->epoch == v->epoch;
        if (window > 0 && count > window)
            world_break(w, "%" PRId64 " requests under way in %s, whose window is %" PRId64, count, u->account, window);
    }
}

/* ---- at rest ---------------------------------------------------------------------------------------------------------------------------- */

struct look { struct world *w; struct json_object *state; size_t counted, attached; bool good; };

static void miss(struct look *look, const char *number, const char *what)
{
    look->good = false;
    world_break(look->w, "%s (%s): %s", number, world_status(look->w, number), what);
}

static struct json_object *list_of(struct json_object *state, const char *account, const char *kind)
{
    struct json_object *tenant = get(get(state, "twilio"), account);
    return get(tenant ? tenant : get(get(state, "livekit"), account), kind);
}

/* The only object in a list whose member has this text; NULL when there is none or more than one. */
static struct json_object *only(struct json_object *list, const char *member, const char *text, size_t *ret_count)
{
    struct json_object *found = NULL;

    *ret_count = 0;
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        struct json_object *value = get(o, member);
        const char *is = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : value ? words(value) : "";
        if (!text_equal(is, text))
            continue;
        found = o;
        ++*ret_count;
    }
    return *ret_count == 1 ? found : NULL;
}

static struct json_object *the(struct look *look, const char *number, const char *account, const char *kind, const char *member,
                               const char *text)
{
    size_t count;
    struct json_object *o = only(list_of(look->state, account, kind), member, text, &count);
    char what[300];

    snprintf(what, sizeof(what), "%zu %s in %s with %s %s, not one", count, kind, account, member, text);
    if (!o)
        miss(look, number, what);
    else
        look->counted++;
    return o;
}

static const char *account_id(const struct world *w, const char *name)
{
    struct json_object *row = db_row(&w->db, "twilio_account", name);
    return row ? db_text(row, "account_sid") : db_text(db_row(&w->db, "livekit_project", name), "api_key");
}

static struct json_object *record_of(struct look *look, struct json_object *state, struct json_object *wish)
{
    size_t count;
    return only(list_of(state, account_id(look->w, db_text(wish, "twilio_account")), "phone_numbers"), "phone_number", db_text(wish, "phone_number"), &count);
}

static bool is_ours(struct look *look, const char *account, const char *trunk_sid)
{
    size_t count;
    struct json_object *trunk = only(list_of(look->state, account, "trunks"), "sid", trunk_sid, &count);
    return trunk && strstr(words(trunk), OUR_TAG);
}

static void check_attached(struct look *look, const char *number, struct json_object *wish, bool attached)
{
    static const char *const routing[] = { "trunk_sid", "voice_application_sid", "voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method" };
    struct json_object *record = record_of(look, look->state, wish), *before = record_of(look, look->w->first_state, wish);

    if (!record) {
        if (attached)
            miss(look, number, "is not in its account");
        return;
    }
    if (attached && !is_ours(look, account_id(look->w, db_text(wish, "twilio_account")), db_text(record, "trunk_sid")))
        miss(look, number, "is not attached to a trunk of ours");
    look->attached += attached;
    for (size_t i = 0; i < ARRAY_SIZE(routing) && !attached; i++)
        if (!text_equal(db_text(record, routing[i]), db_text(before, routing[i])))
            miss(look, number, "has not its previous routing");
}

static void check_inbound(struct look *look, const char *number, struct json_object *wish)
{
    const char *project = account_id(look->w, db_text(wish, "livekit_project"));
    struct json_object *agent = db_row(&look->w->db, "agent", db_text(wish, "agent"));
    char list[128];

    snprintf(list, sizeof(list), "[\"%s\"]", number);
    struct json_object *trunk = the(look, number, project, "inbound_trunks", "numbers", list);
    if (!trunk || !agent)
        return;
    snprintf(list, sizeof(list), "[\"%s\"]", db_text(trunk, "sip_trunk_id"));
    struct json_object *rule = the(look, number, project, "dispatch_rules", "trunk_ids", list);
    const char *room = strstr(words(get(agent, "dispatch_rule")), "room_name") ? "" : db_text(agent, "room_prefix");
    if (rule && (!strstr(words(rule), db_text(agent, "dispatch_name")) || !strstr(words(rule), room)))
        miss(look, number, words(rule));
}

static void check_outbound(struct look *look, const char *number, struct json_object *wish)
{
    const char *project = account_id(look->w, db_text(wish, "livekit_project")), *account = account_id(look->w, db_text(wish, "twilio_account"));
    char list[128];
    size_t count;

    snprintf(list, sizeof(list), "[\"%s\"]", number);
    struct json_object *trunk = the(look, number, project, "outbound_trunks", "numbers", list);
    if (!trunk)
        return;
    struct json_object *twilio = only(list_of(look->state, account, "trunks"), "domain_name", db_text(trunk, "address"), &count);
    struct json_object *credential = only(list_of(look->state, account, "credentials"), "username", db_text(trunk, "auth_username"), &count);
    if (!twilio || !is_ours(look, account, db_text(twilio, "sid")))
        miss(look, number, "its outbound trunk leads to no Twilio trunk of ours");
    if (!credential || !text_equal(db_text(credential, "password"), db_text(trunk, "auth_password")))
        miss(look, number, "its outbound trunk has not the password that Twilio has");
}

static size_t items(struct json_object *list) { return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0; }

/* Policies do not lie below a trunk: the first parts of their tags say whose they are. */
static void check_policy(struct look *look, const char *account, struct json_object *trunk, struct json_object *settings)
{
    struct json_object *policies = list_of(look->state, account, "connection_policies");
    size_t wanted = db_bool(settings, "connection_policy"), count = 0, targets = 0, below;

    for (size_t i = 0; i < json_object_array_length(policies); i++) {
        struct json_object *policy = json_object_array_get_idx(policies, i);
        if (strncmp(db_text(policy, "friendly_name"), db_text(trunk, "friendly_name"), strlen(OUR_TAG) + OWNER_CHARACTERS) != 0)
            continue;
        only(list_of(look->state, account, "connection_policy_targets"), "connection_policy_sid", db_text(policy, "sid"), &below);
        count++;
        targets += below;
    }
    if (count != wanted || targets != wanted * (1 + items(get(settings, "connection_policy_targets"))))
        miss(look, db_text(trunk, "sid"), "has not the connection policy it should have");
    look->counted += count + targets;
}

/* What a trunk has because its settings ask for it. */
static void check_on_request(struct look *look, const char *account, struct json_object *trunk, struct json_object *settings)
{
    const char *mode = db_text(settings, "recording_mode"), *sid = db_text(trunk, "sid");
    size_t recordings;

    only(list_of(look->state, account, "recordings"), "trunk_sid", sid, &recordings);
    if (recordings != (*mode && !text_equal(mode, "do-not-record")))
        miss(look, sid, "is not recorded as it should be");
    look->counted += recordings;
    check_policy(look, account, trunk, settings);
}

/* How the simulator shows a password. */
static bool is_mask_of(const char *shown, const char *password)
{
    uint8_t digest[32];
    char text[32];

    if (!password)
        return !*shown;
    sha256(password, strlen(password), digest);
    snprintf(text, sizeof(text), "masked:%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
    return text_equal(shown, text);
}

/* Of another carrier: what its row says. */
static void check_carrier(struct look *look, const char *number, struct json_object *wish)
{
    static const char *const plain[] = { "address", "auth_username" };
    struct json_object *settings = NULL;
    char list[128];

    snprintf(list, sizeof(list), "[\"%s\"]", number);
    struct json_object *trunk = the(look, number, account_id(look->w, db_text(wish, "livekit_project")), "outbound_trunks", "numbers", list);
    json_object_object_get_ex(wish, "outbound_trunk", &settings);
    for (size_t i = 0; trunk && i < ARRAY_SIZE(plain); i++)
        if (!text_equal(db_text(trunk, plain[i]), db_text(settings, plain[i])))
            miss(look, number, "its outbound trunk does not lead to its carrier");
    if (trunk && !is_mask_of(db_text(trunk, "auth_password"), *db_text(settings, "auth_password") ? look->w->sip_password : NULL))
        miss(look, number, "its outbound trunk has not the password that lies behind its reference");
}

/* What stands on one of our Twilio trunks, for the numbers that are on it. */
static void check_trunk(struct look *look, const char *account, struct json_object *trunk, const char *name)
{
    const char *sid = db_text(trunk, "sid");
    struct json_object *state = look->state, *settings = NULL;
    size_t inbound = 0, outbound = 0, count, urls;

    json_object_object_foreach(db_table(&look->w->db, "number"), number, wish) {
        struct json_object *status = db_row(&look->w->db, "number_status", number);
        bool here = text_equal(db_text(wish, "twilio_account"), name) && !text_equal(db_text(status, "status"), "failed");
        struct json_object *row = NULL;
        json_object_object_foreach(db_table(&look->w->db, "resource"), key, r) {
            (void)key;
            if (text_equal(db_text(r, "external_id"), sid))
                row = r;
        }
        here = here && row && text_equal(db_text(row, "owner"), db_text(status, "trunk"));
        inbound += here && db_bool(wish, "supports_inbound");
        outbound += here && db_bool(wish, "supports_outbound");
        if (here)
            settings = get(*db_text(wish, "trunk") ? db_row(&look->w->db, "trunk", db_text(status, "trunk")) : wish, "twilio_trunk");
    }
    only(list_of(state, account, "origination_urls"), "trunk_sid", sid, &urls);
    if (inbound + outbound == 0)
        miss(look, sid, "is a trunk of ours without a number");
    if (urls != (inbound > 0 ? 1 + items(get(settings, "origination_urls")) : 0))
        miss(look, sid, "has not the origination URL it should have");
    only(list_of(state, account, "trunk_credential_lists"), "trunk_sid", sid, &count);
    if (count != (outbound > 0))
        miss(look, sid, "has not the credential list it should have");
    look->counted += 1 + urls + (outbound > 0 ? 3 : 0);     /* list, credential, association */
    check_on_request(look, account, trunk, settings);
}

static void check_trunks(struct look *look)
{
    json_object_object_foreach(db_table(&look->w->db, "twilio_account"), name, account) {
        const char *sid = db_text(account, "account_sid");
        struct json_object *trunks = list_of(look->state, sid, "trunks");
        for (size_t i = 0; trunks && i < json_object_array_length(trunks); i++)
            if (strstr(words(json_object_array_get_idx(trunks, i)), OUR_TAG))
                check_trunk(look, sid, json_object_array_get_idx(trunks, i), name);
    }
}

/* What the providers hold and the ledger does not. */
static const char *unknown_objects(struct look *look, char *text, size_t bytes)
{
    const char *ledger = words(db_table(&look->w->db, "resource"));
    char *all = world_objects(look->w, OUR_TAG), *save = NULL;
    size_t at = 0;

    text[0] = '\0';
    for (char *line = strtok_r(all, "\n", &save); line && at < bytes; line = strtok_r(NULL, "\n", &save)) {
        const char *id = strstr(line, "id\":\"");
        char only_id[64] = "";
        if (id)
            snprintf(only_id, sizeof(only_id), "%.*s", (int)strcspn(id + 5, "\""), id + 5);
        if (!*only_id || !strstr(ledger, only_id))
            at += (size_t)snprintf(text + at, bytes - at, "%.120s; ", line);
    }
    free(all);
    return text;
}

/* Every object counted: ours are as many as were worked out, the others are as they were. */
static void check_rest(struct look *look)
{
    static const char *const sides[] = { "twilio", "livekit" };
    size_t ours = 0;
    char text[700];

    for (size_t s = 0; s < ARRAY_SIZE(sides); s++) {
        json_object_object_foreach(get(look->state, sides[s]), tenant, lists) {
            json_object_object_foreach(lists, kind, list) {
                struct json_object *before = list_of(look->w->first_state, tenant, kind);
                for (size_t i = 0; !text_equal(kind, "phone_numbers") && i < json_object_array_length(list); i++) {
                    struct json_object *o = json_object_array_get_idx(list, i);
                    bool is_theirs = i < json_object_array_length(before) && json_object_equal(o, json_object_array_get_idx(before, i));
                    ours += !is_theirs;
                }
                if (!text_equal(kind, "phone_numbers") && json_object_array_length(list) < json_object_array_length(before))
                    world_break(look->w, "a foreign object in %s %s is gone", tenant, kind);
            }
        }
    }
    if (ours != look->counted)
        world_break(look->w, "the providers hold %zu objects of ours, not %zu; not in the ledger: %s", ours, look->counted,
                    unknown_objects(look, text, sizeof(text)));
}

static void check_ledger(struct look *look)
{
    const char *everything = words(look->state);
    size_t rows = 0;

    json_object_object_foreach(db_table(&look->w->db, "resource"), key, row) {
        const char *id = db_text(row, "external_id");
        rows++;
        if (*db_text(row, "open") || !text_equal(db_text(row, "known"), "live") || !*id || !strstr(everything, id))
            world_break(look->w, "the ledger says %s: %s", key, words(row));
    }
    if (rows != look->counted + look->attached)
        world_break(look->w, "the ledger has %zu rows for %zu objects and %zu attached numbers", rows, look->counted, look->attached);
}

void check_settled(struct world *w)
{
    json_object_object_foreach(db_table(&w->db, "resource"), key, r) {
        struct json_object *status = db_row(&w->db, "number_status", db_text(r, "owner"));
        if (*db_text(r, "doubt_at") && db_bool(status, "settled") && text_equal(db_text(status, "reason"), "UpToDate"))
            world_break(w, "%s is said to be up to date while %s is in doubt", db_text(r, "owner"), key);
    }
}

bool check_converged(struct world *w)
{
    struct look look = { .w = w, .state = world_sim(w, "GET", "/_sim/state", NULL), .good = true };

    json_object_object_foreach(db_table(&w->db, "number"), number, wish) {
        bool failed = text_equal(db_text(db_row(&w->db, "number_status", number), "status"), "failed");
        bool inbound = db_bool(wish, "supports_inbound") && !failed, twilio = !text_equal(db_text(wish, "provider"), "sip");
        if (inbound)
            check_inbound(&look, number, wish);
        if (db_bool(wish, "supports_outbound") && !failed)
            (twilio ? check_outbound : check_carrier)(&look, number, wish);
        if (twilio)
            check_attached(&look, number, wish, inbound && *db_text(wish, "agent"));
    }
    check_trunks(&look);
    check_rest(&look);
    check_ledger(&look);
    json_object_put(look.state);
    return !*w->broken;
}

/* ---- as it was ---------------------------------------------------------------------------------------------------------------------------- */

static void forget_dates(struct json_object *o)
{
    if (json_object_is_type(o, json_type_array))
        for (size_t i = 0; i < json_object_array_length(o); i++)
            forget_dates(json_object_array_get_idx(o, i));
    if (!json_object_is_type(o, json_type_object))
        return;
    json_object_object_del(o, "date_updated");
    json_object_object_foreach(o, key, value) {
        (void)key;
        forget_dates(value);
    }
}

bool check_untouched(struct world *w)
{
    struct json_object *now = world_sim(w, "GET", "/_sim/state", NULL), *before = NULL;

    json_object_deep_copy(w->first_state, &before, NULL);
    forget_dates(now);
    forget_dates(before);
    if (!json_object_equal(now, before))
        world_break(w, "the providers do not hold what they held before: %s", words(now));
    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        world_break(w, "the ledger still says %s: %s", key, words(row));
    }
    json_object_put(now);
    json_object_put(before);
    return !*w->broken;
}
