/* The clock, the daemons, and what becomes of their effects. */
#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

#define STEPS_MAX 100000            /* of one daemon at one moment: more is a loop */

uint64_t world_random(struct world *w)
{
    uint64_t z = w->random_state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void world_break(struct world *w, const char *fmt, ...)
{
    va_list args;

    if (*w->broken)
        return;
    va_start(args, fmt);
    vsnprintf(w->broken, sizeof(w->broken), fmt, args);
    va_end(args);
}

#define ROWS_PER_PIECE 10

/* ---- what will happen ------------------------------------------------------------------------------------------------------------ */

static struct item *item_add(struct world *w, int64_t in_ms, enum item_type type, int daemon)
{
    if (w->items_count == w->items_capacity) {
        w->items_capacity = w->items_capacity ? 2 * w->items_capacity : 64;
        w->items = must_realloc(w->items, w->items_capacity * sizeof(*w->items));
    }
    struct item *item = &w->items[w->items_count++];
    *item = (struct item){ .at_ms = w->now_ms + in_ms, .order = ++w->order, .type = type, .daemon = daemon,
                           .life = daemon >= 0 ? w->daemons[daemon].life : 0 };
    return item;
}

static void item_drop(struct item *item)
{
    free(item->text);
    free(item->place);
    json_object_put(item->rows);
}

static bool is_held(const struct world *w, const struct item *item)
{
    return item->type == ITEM_COMMITTED && w->daemons[item->daemon].telling && item->life == w->daemons[item->daemon].life;
}

/* What is next; NULL: nothing. */
static struct item *item_next(const struct world *w)
{
    struct item *first = NULL;

    for (size_t i = 0; i < w->items_count; i++) {
        struct item *item = &w->items[i];
        if (!is_held(w, item) && (!first || item->at_ms < first->at_ms || (item->at_ms == first->at_ms && item->order < first->order)))
            first = item;
    }
    return first;
}

static bool item_take(struct world *w, int64_t until_ms, struct item *ret)
{
    struct item *first = item_next(w);

    if (!first || first->at_ms > until_ms)
        return false;
    *ret = *first;
    *first = w->items[--w->items_count];
    return true;
}

/* What was held may have been due for some time. */
static int64_t items_next_ms(const struct world *w)
{
    const struct item *first = item_next(w);

    if (!first)
        return INT64_MAX;
    return first->at_ms < w->now_ms ? w->now_ms : first->at_ms;
}

void world_hint(struct world *w)
{
    for (int d = 0; d < w->daemons_count; d++)
        item_add(w, w->db_ms, ITEM_HINT, d);
}

/* The reply's texts but its body are constants. */
void world_reply(struct world *w, int d, uint64_t id, const struct reply *reply)
{
    struct item *item = item_add(w, 0, ITEM_REPLY, d);

    item->id = id;
    item->text = must_strdup(text_or(reply->body, ""));
    item->reply = *reply;
    item->reply.body = item->text;
    item->reply.body_bytes = strlen(item->text);
}

static bool is_current(const struct world *w, const struct item *item)
{
    const struct daemon *daemon = &w->daemons[item->daemon];
    return daemon->core && daemon->life == item->life;
}

/* ---- effects ---------------------------------------------------------------------------------------------------------------------- */

static void carry_out(struct world *w, int d, const struct effect *effect)
{
    struct daemon *daemon = &w->daemons[d];
    struct item *item;

    switch (effect->type) {
    case EFFECT_READ:
        item_add(w, w->db_ms, ITEM_READ, d)->number = (int)effect->read.what;
        break;
    case EFFECT_COMMIT:
        item = item_add(w, w->db_ms, ITEM_COMMIT, d);
        item->id = effect->commit.unit;
        item->epoch = daemon->epoch;
        item->text = must_strdup(effect->commit.json);
        break;
    case EFFECT_SEND:
        providers_send(w, d, effect);
        break;
    case EFFECT_SEAL:
        item = item_add(w, w->seal_ms, ITEM_SEALED, d);
        item->id = effect->seal.id;
        item->text = effect->seal.reference ? must_strdup(effect->seal.reference) : providers_seal(w, effect->seal.place);
        item->place = must_strdup(effect->seal.place);
        break;
    case EFFECT_LEASE:
        item = item_add(w, w->db_ms, ITEM_LEASE, d);
        item->number = (int)effect->lease.action;
        item->epoch = effect->lease.epoch;
        item->asked_ms = w->now_ms;
        item->id = (uint64_t)effect->lease.lease_ms;
        break;
    case EFFECT_TIMER:
        daemon->timer_ms = effect->timer.at_ms;
        break;
    case EFFECT_LOG:
        if (strstr(effect->log.text, "somebody else has written"))
            world_break(w, "%s: nobody else has", effect->log.text);
        break;
    case EFFECT_MAX_:
        break;
    }
}

static void trace_effect(const struct world *w, int d, const struct effect *effect)
{
    static const char *const names[EFFECT_MAX_] = { "READ", "COMMIT", "SEND", "SEAL", "LEASE", "TIMER", "LOG" };
    const char *text = effect->type == EFFECT_COMMIT ? effect->commit.json : effect->type == EFFECT_SEND ? effect->send.what
                     : effect->type == EFFECT_SEAL ? effect->seal.place : effect->type == EFFECT_LOG ? effect->log.text : "";

    if (w->trace && effect->type != EFFECT_TIMER && effect->type != EFFECT_LEASE && effect->type != EFFECT_READ)
        fprintf(stderr, "%9" PRId64 " %d %s %s %s\n", w->now_ms, d, names[effect->type],
                effect->type == EFFECT_LOG ? effect->log.object : "", text);
}

/* One after the other; a crash leaves the rest undone. */
static void carry_out_all(struct world *w, int d)
{
    const struct effects *effects = &w->daemons[d].effects;

    for (size_t i = 0; i < effects->count && !*w->broken; i++) {
        const struct effect *effect = &effects->list[i];
        bool counts = effect->type != EFFECT_TIMER && effect->type != EFFECT_LOG && effect->type != EFFECT_LEASE;
        bool crashes = counts && ++w->effects_done == w->crash_at;
        trace_effect(w, d, effect);
        if (crashes && !w->crash_after) {
            world_crash(w, d);
            return;
        }
        carry_out(w, d, effect);
        if (crashes) {
            world_crash(w, d);
            return;
        }
    }
}

static void give(struct world *w, int d, struct event *event)
{
    struct daemon *daemon = &w->daemons[d];
    bool more = true;

    for (int steps = 0; more && daemon->core && !*w->broken; steps++) {
        if (steps == STEPS_MAX)
            world_break(w, "the core asks to be called again without end");
        event->now_ms = w->now_ms;
        event->random = world_random(w);
        effects_reset(&daemon->effects);
        more = core_step(daemon->core, event, &daemon->effects);
        *event = (struct event){ .type = EVENT_TIMER };
        carry_out_all(w, d);
    }
    check_windows(w);
}

/* ---- daemons ------------------------------------------------------------------------------------------------------------------------ */

static void start(struct world *w, int d)
{
    struct daemon *daemon = &w->daemons[d];
    struct event config = { .type = EVENT_CONFIG, .config = &w->settings }, up = { .type = EVENT_DB_UP };

    daemon->core = core_new(false);
    daemon->timer_ms = INT64_MAX;
    daemon->epoch = 0;
    daemon->database_down = daemon->telling = false;
    snprintf(daemon->holder, sizeof(daemon->holder), "d%d.%" PRIu64, d, daemon->life);
#ifdef TRUNKD_TEST_HOOKS
    core_safeguards_off(daemon->core, w->off);
#endif
    give(w, d, &config);
    give(w, d, &up);
}

void world_start(struct world *w)
{
    assert(w->daemons_count < DAEMONS_MAX);
    if (!w->first_state)
        w->first_state = world_sim(w, "GET", "/_sim/state", NULL);
    start(w, w->daemons_count++);
}

void world_crash(struct world *w, int d)
{
    struct daemon *daemon = &w->daemons[d];

    if (!daemon->core)
        return;
    if (w->trace)
        fprintf(stderr, "%9" PRId64 " %d CRASH\n", w->now_ms, d);
    core_free(daemon->core);
    daemon->core = NULL;
    effects_reset(&daemon->effects);
    providers_hang_up(w, d, daemon->life);
    daemon->life++;
    item_add(w, w->restart_ms, ITEM_START, d);
}

void world_configure(struct world *w)
{
    for (int d = 0; d < w->daemons_count; d++) {
        struct event config = { .type = EVENT_CONFIG, .config = &w->settings };
        give(w, d, &config);
    }
}

void world_stop(struct world *w, int d)
{
    struct event stop = { .type = EVENT_STOP };

    give(w, d, &stop);
}

void world_lose_database(struct world *w, int d)
{
    struct event event;
    uint64_t units[256];
    size_t count = 0, kept = 0;

    for (size_t i = 0; i < w->items_count; i++) {
        struct item *item = &w->items[i];
        bool of_database = item->daemon == d && item->type <= ITEM_LEASED;
        if (of_database && item->type <= ITEM_COMMITTED && item->life == w->daemons[d].life && count < ARRAY_SIZE(units))
            units[count++] = item->id;
        if (of_database)
            item_drop(item);
        else
            w->items[kept++] = *item;
    }
    w->items_count = kept;
    w->daemons[d].database_down = true;
    w->daemons[d].telling = false;
    item_add(w, 1 * SECONDS, ITEM_DB_UP, d);
    for (size_t i = 0; i < count; i++) {
        event = (struct event){ .type = EVENT_COMMITTED, .committed = { .unit = units[i], .outcome = COMMIT_UNKNOWN } };
        give(w, d, &event);
    }
    event = (struct event){ .type = EVENT_DB_DOWN };
    give(w, d, &event);
}

/* ---- the database's side ------------------------------------------------------------------------------------------------------------- */

static void database_commits(struct world *w, const struct item *item)
{
    bool lost = ++w->commits_done == w->lose_commit_at;
    bool applied = !lost || w->lose_commit_applied;
    enum commit_outcome outcome = applied ? db_commit(&w->db, item->epoch, item->text) : COMMIT_UNKNOWN;

    if (w->trace && outcome != COMMIT_DONE)
        fprintf(stderr, "%9" PRId64 " database: unit %" PRIu64 " has outcome %d %s\n", w->now_ms, item->id, outcome, w->db.message);
    if (outcome == COMMIT_FAILED)
        world_break(w, "the database refused a unit: %s: %s", w->db.message, item->text);
    if (outcome == COMMIT_DONE)
        check_settled(w);
    if (!is_current(w, item))
        return;
    struct item *answer = item_add(w, w->db_ms, ITEM_COMMITTED, item->daemon);
    answer->id = item->id;
    answer->number = (int)outcome;
    answer->text = must_strdup(w->db.message);
    if (lost)
        world_lose_database(w, item->daemon);
}

static void database_leases(struct world *w, const struct item *item)
{
    int64_t lease_ms = (int64_t)item->id;
    int64_t epoch = db_lease(&w->db, (enum lease_action)item->number, w->daemons[item->daemon].holder, item->epoch, lease_ms);

    if (!is_current(w, item))
        return;
    struct item *answer = item_add(w, w->db_ms, ITEM_LEASED, item->daemon);
    answer->epoch = epoch;
    answer->asked_ms = item->asked_ms + lease_ms;
}

/* ---- the daemon's side ------------------------------------------------------------------------------------------------------------------ */

/* Piece by piece, and other things happen in between. */
static void give_rows(struct world *w, struct item *item)
{
    size_t left = json_object_array_length(item->rows) - item->given, count = left < ROWS_PER_PIECE ? left : ROWS_PER_PIECE;
    struct row_text rows[ROWS_PER_PIECE];
    struct event event = { .type = EVENT_ROWS, .rows = { .rows = rows, .count = count, .all = item->number, .continued = item->given > 0,
                                                         .more = count < left } };

    for (size_t i = 0; i < count; i++) {
        struct json_object *line = json_object_array_get_idx(item->rows, item->given + i);
        struct json_object *row = json_object_object_get(line, "row");
        rows[i] = (struct row_text){ .what = db_text(line, "what"), .key = db_text(line, "key"), .json = row ? json_object_get_string(row) : NULL };
    }
    w->daemons[item->daemon].telling = count < left;
    give(w, item->daemon, &event);
    if (count == left || !is_current(w, item))
        return;
    struct item *rest = item_add(w, 1, ITEM_ROWS, item->daemon);
    rest->number = item->number;
    rest->given = item->given + count;
    rest->rows = STEAL(item->rows);
}

static void give_lease(struct world *w, const struct item *item)
{
    struct event event = { .type = EVENT_LEASE, .lease = { .epoch = item->epoch, .valid_until_ms = item->asked_ms, .text = w->db.lease.holder } };

    w->daemons[item->daemon].epoch = item->epoch;
    give(w, item->daemon, &event);
}

static void give_item(struct world *w, struct item *item)
{
    struct event event = { .type = EVENT_TIMER };
    char version[24] = "";

    switch (item->type) {
    case ITEM_COMMITTED:
        event = (struct event){ .type = EVENT_COMMITTED, .committed = { .unit = item->id, .outcome = (enum commit_outcome)item->number, .text = item->text } };
        break;
    case ITEM_ROWS:
        give_rows(w, item);
        return;
    case ITEM_LEASED:
        give_lease(w, item);
        return;
    case ITEM_SEALED:
        event = (struct event){ .type = EVENT_SEALED, .sealed = { .id = item->id, .version = version, .text = "no such secret" } };
        event.sealed.sealed = providers_version(w, item->text, item->place, version) ? item->text : NULL;
        break;
    case ITEM_HINT:
        event.type = EVENT_HINT;
        break;
    case ITEM_DB_UP:
        w->daemons[item->daemon].database_down = false;
        event.type = EVENT_DB_UP;
        break;
    case ITEM_REPLY:
        event = (struct event){ .type = EVENT_ANSWER, .answer = { .id = item->id, .reply = &item->reply } };
        break;
    case ITEM_COMMIT:
    case ITEM_READ:
    case ITEM_LEASE:
    case ITEM_START:
        assert(!"unreachable");
    }
    give(w, item->daemon, &event);
}

static void happen(struct world *w, struct item *item)
{
    if (item->type == ITEM_START) {
        start(w, item->daemon);
    } else if (item->type == ITEM_COMMIT) {
        database_commits(w, item);
    } else if (!is_current(w, item)) {
        return;
    } else if (item->type == ITEM_LEASE) {
        database_leases(w, item);
    } else if (item->type == ITEM_READ) {
        struct item *answer = item_add(w, w->db_ms, ITEM_ROWS, item->daemon);
        answer->number = item->number == READ_ALL;
        answer->rows = db_snapshot(&w->db, (enum read_what)item->number, &w->daemons[item->daemon].shown);
    } else if (w->daemons[item->daemon].frozen) {
        struct item *later = item_add(w, 100, item->type, item->daemon);
        uint64_t order = later->order;
        int64_t at_ms = later->at_ms;
        *later = *item;
        later->order = order;
        later->at_ms = at_ms;
        item->text = item->place = NULL;
        item->rows = NULL;
    } else {
        give_item(w, item);
    }
}

/* ---- the clock ---------------------------------------------------------------------------------------------------------------------------- */

static void clock_to(struct world *w, int64_t at_ms)
{
    assert(at_ms >= w->now_ms);
    w->db.now_ms += at_ms - w->now_ms;
    w->now_ms = at_ms;
}

static int64_t next_ms(const struct world *w)
{
    int64_t next = items_next_ms(w), providers = providers_next_ms(w);

    next = providers < next ? providers : next;
    for (int d = 0; d < w->daemons_count; d++)
        if (w->daemons[d].core && !w->daemons[d].frozen && w->daemons[d].timer_ms < next)
            next = w->daemons[d].timer_ms;
    return next;
}

static void one_moment(struct world *w)
{
    struct item item;

    providers_advance(w);
    while (!*w->broken && item_take(w, w->now_ms, &item)) {
        happen(w, &item);
        item_drop(&item);
    }
    for (int d = 0; d < w->daemons_count && !*w->broken; d++) {
        struct event event = { .type = EVENT_TIMER };
        if (!w->daemons[d].core || w->daemons[d].frozen || w->daemons[d].timer_ms > w->now_ms)
            continue;
        w->daemons[d].timer_ms = INT64_MAX;
        give(w, d, &event);
    }
}

void world_run(struct world *w, int64_t ms)
{
    int64_t until = w->now_ms + ms;

    while (!*w->broken) {
        int64_t next = next_ms(w);
        if (next > until)
            break;
        clock_to(w, next > w->now_ms ? next : w->now_ms);
        one_moment(w);
    }
    if (!*w->broken)
        clock_to(w, until);
}

/* ---- rest ------------------------------------------------------------------------------------------------------------------------------------ */

static bool is_at_rest(const struct world *w)
{
    if (json_object_object_length(db_table(&w->db, "dirty")) > 0 || json_object_object_length(db_table(&w->db, "request")) > 0 || w->under_way)
        return false;
    for (size_t i = 0; i < w->items_count; i++)
        if (w->items[i].type != ITEM_LEASE && w->items[i].type != ITEM_LEASED && w->items[i].type != ITEM_HINT)
            return false;
    return world_settled(w);
}

bool world_rest(struct world *w, int64_t ms_max)
{
    int64_t until = w->now_ms + ms_max;

    while (!*w->broken && w->now_ms < until) {
        int64_t next = next_ms(w);
        if (next > until)
            break;
        clock_to(w, next > w->now_ms ? next : w->now_ms);
        one_moment(w);
        if (is_at_rest(w))
            return true;
    }
    return !*w->broken && is_at_rest(w);
}

/* ---- a world --------------------------------------------------------------------------------------------------------------------------------- */

static const char *const carriers[] = { "sip.carrier.example", "sip.other.example", NULL };

struct world *world_new(uint64_t seed)
{
    struct world *w = must_calloc(1, sizeof(*w));

    w->now_ms = 1 * HOURS;
    w->random_state = seed;
    w->settings = settings_default;
    w->settings.origins = carriers;
    w->sip_password = "first-password";
    w->db_ms = 2;
    w->seal_ms = 1;
    w->restart_ms = 1 * SECONDS;
    w->trace = getenv("WORLD_TRACE") != NULL;
    w->sim = sim_new(seed, INT64_C(1700000000000) + w->now_ms);
    db_init(&w->db);
    world_sim_set(w, "POST", "/_sim/load",
        "{'config':{'latency_ms':50},'accounts':[{'sid':'AC11111111111111111111111111111111','auth_token':'secret-main'},"
        "{'sid':'AC22222222222222222222222222222222','auth_token':'secret-second'}],"
        "'projects':[{'api_key':'APIvoice','api_secret':'secret-voice','sip_host':'voice.sip.livekit.cloud'},"
        "{'api_key':'APIother','api_secret':'secret-other','sip_host':'other.sip.livekit.cloud'}],"
        "'numbers':[{'account_sid':'AC11111111111111111111111111111111','phone_number':'+15550100000','count':20,"
        "'voice_url':'https://old.example/voice','voice_method':'POST'},"
        "{'account_sid':'AC22222222222222222222222222222222','phone_number':'+15550200000','count':2}]}");
    world_sim_set(w, "POST", "/_sim/objects", "{'account':'AC11111111111111111111111111111111','kind':'trunks','body':{'friendly_name':'theirs',"
        "'domain_name':'theirs.pstn.twilio.com'}}");
    world_sim_set(w, "POST", "/_sim/objects", "{'account':'APIvoice','kind':'inbound_trunks','body':{'name':'theirs','numbers':['+4930999']}}");
    world_wish(w, "livekit_project", "voice", "{'url':'https://voice.livekit.cloud','api_key':'APIvoice','secret':'file:account/voice',"
        "'sip_host':'voice.sip.livekit.cloud'}");
    world_wish(w, "livekit_project", "other", "{'url':'https://other.livekit.cloud','api_key':'APIother','secret':'file:account/other',"
        "'sip_host':'other.sip.livekit.cloud'}");
    world_wish(w, "twilio_account", "main", "{'account_sid':'AC11111111111111111111111111111111','secret':'file:account/main'}");
    world_wish(w, "twilio_account", "second", "{'account_sid':'AC22222222222222222222222222222222','secret':'file:account/second'}");
    world_wish(w, "agent", "support", "{'dispatch_name':'support-agent','metadata':'m1','room_prefix':'call'}");
    world_wish(w, "agent", "sales", "{'dispatch_name':'sales-agent','metadata':'','room_prefix':'sale'}");
    return w;
}

void world_free(struct world *w)
{
    if (!w)
        return;
    for (int d = 0; d < w->daemons_count; d++) {
        core_free(w->daemons[d].core);
        effects_reset(&w->daemons[d].effects);
    }
    for (size_t i = 0; i < w->items_count; i++)
        item_drop(&w->items[i]);
    for (int d = 0; d < w->daemons_count; d++)
        providers_hang_up(w, d, w->daemons[d].life);
    world_forget_sent(w);
    free(w->sent);
    free(w->items);
    free(w->must_stay);
    json_object_put(w->first_state);
    db_release(&w->db);
    sim_free(w->sim);
    free(w);
}

void world_cleanup(struct world **w) { world_free(*w); }
