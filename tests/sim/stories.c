#include "stories.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>
#include "story.h"

#define SECOND "+15550100002"

static void add_sip(struct world *w) { world_add_sip_both(w, SIP); }
static void relink_sip(struct world *w) { world_wish(w, "number", SIP, "{'agent':'sales'}"); }
static void readdress_sip(struct world *w) { world_wish(w, "number", SIP, "{'outbound_trunk':{'address':'203.0.113.7:5080'}}"); }
static void delete_sip(struct world *w) { world_wish(w, "number", SIP, NULL); }

static void add_both(struct world *w) { world_add_number(w, A, "both"); }
static void add_neighbour(struct world *w) { world_add_number(w, B, "both"); }
static void add_two(struct world *w) { add_both(w); add_neighbour(w); }
static void relink(struct world *w) { world_wish(w, "number", A, "{'agent':'sales'}"); }
static void direct(struct world *w) { world_wish(w, "agent", "support", "{'dispatch_rule':{'type':'direct','room_name':'lobby','more_agents':{'writer':''}}}"); }
static void unlink_agent(struct world *w) { world_wish(w, "number", A, "{'agent':null}"); }
static void delete_a(struct world *w) { world_wish(w, "number", A, NULL); }
static void move(struct world *w) { world_wish(w, "number", A, "{'livekit_project':'other'}"); }
static void add_dedicated(struct world *w) { add_both(w); world_wish(w, "number", A, "{'twilio_trunk':{'cnam_lookup_enabled':true}}"); }
static void add_all(struct world *w) { add_both(w); world_wish(w, "number", A, ON_REQUEST); }
static void ask_for_all(struct world *w) { world_wish(w, "number", A, ON_REQUEST); }
static void ask_for_nothing(struct world *w) { world_wish(w, "number", A, "{'twilio_trunk':{'cnam_lookup_enabled':true}}"); }
static void rename_a(struct world *w) { world_wish(w, "number", A, "{'label':'Another label'}"); }

/* Beside a neighbour of the other direction: what the trunk has for one direction comes with A, and goes with it. */
static void add_inbound(struct world *w) { world_add_number(w, A, "inbound"); }
static void add_outbound(struct world *w) { world_add_number(w, A, "outbound"); }
static void add_inbound_neighbour(struct world *w) { world_add_number(w, B, "inbound"); }
static void add_outbound_neighbour(struct world *w) { world_add_number(w, B, "outbound"); }
static void add_inbound_beside(struct world *w) { add_inbound(w); add_outbound_neighbour(w); }
static void add_outbound_beside(struct world *w) { add_outbound(w); add_inbound_neighbour(w); }

static void replace(struct world *w)
{
    world_wish(w, "number", A, NULL);
    world_add_number(w, SECOND, "both");
}

/* Everybody on the trunk gets another password: there is no neighbour whom it does not touch. */
static void add_pair(struct world *w) { add_both(w); world_add_number(w, SECOND, "outbound"); }
static void rotate(struct world *w) { world_ask(w, "rotate", "trunk", db_text(db_row(&w->db, "number_status", A), "trunk")); }

const struct story stories[] = {
    { "create, sip", NULL, add_sip, false },
    { "relink, sip", add_sip, relink_sip, false },
    { "another address, and no password, sip", add_sip, readdress_sip, false },
    { "delete, sip", add_sip, delete_sip, true },
    { "create, the first of an account", NULL, add_both, false },
    { "create, on a standing trunk", add_neighbour, add_both, false },
    { "create, the first inbound of a trunk", add_outbound_neighbour, add_inbound, false },
    { "create, the first outbound of a trunk", add_inbound_neighbour, add_outbound, false },
    { "relink", add_two, relink, false },
    { "another type of rule", add_both, direct, false },
    { "rename", add_two, rename_a, false },
    { "unlink", add_two, unlink_agent, false },
    { "move to another project", add_two, move, false },
    { "move the only number to another project", add_both, move, false },
    { "delete, one of two", add_two, delete_a, false },
    { "delete, the last inbound of a trunk", add_inbound_beside, delete_a, false },
    { "delete, the last outbound of a trunk", add_outbound_beside, delete_a, false },
    { "delete, the last", add_both, delete_a, true },
    { "rotate", add_pair, rotate, false },
    { "a trunk gets all that is had on request", add_dedicated, ask_for_all, false },
    { "a trunk loses all that is had on request", add_all, ask_for_nothing, false },
    { "delete, with all that is had on request", add_all, delete_a, true },
    { "delete one, create another", add_both, replace, false },
};
const size_t stories_count = ARRAY_SIZE(stories);

bool story_is_told(const struct story *story) { return strstr(story->name, text_or(getenv("TRUNKD_TEST_STORY"), "")) != NULL; }

/* ---- the neighbour ------------------------------------------------------------------------------------------------------------------ */

static bool is_object(struct json_object *o, const char *id)
{
    return text_equal(db_text(o, "sid"), id) || text_equal(db_text(o, "sip_trunk_id"), id) || text_equal(db_text(o, "sip_dispatch_rule_id"), id);
}

/* What a trunk has for one direction is the neighbour's only if it goes that way. */
static bool needs(struct json_object *neighbour, const char *kind)
{
    if (text_starts(kind, "twilio.origination"))
        return db_bool(neighbour, "supports_inbound");
    return !strstr(kind, "credential") || db_bool(neighbour, "supports_outbound");
}

/* Whether the ledger says that the neighbour, or the trunk it is on, has this object. */
static bool is_of_neighbour(struct world *w, struct json_object *o)
{
    const char *trunk = db_text(db_row(&w->db, "number_status", B), "trunk");
    struct json_object *wish = db_row(&w->db, "number", B);

    json_object_object_foreach(db_table(&w->db, "resource"), key, row) {
        const char *owner = db_text(row, "owner");
        bool is_its = text_equal(owner, B) || (*trunk && text_equal(owner, trunk) && needs(wish, db_text(row, "kind")));
        (void)key;
        if (is_its && is_object(o, db_text(row, "external_id")))
            return true;
    }
    return false;
}

/* Of a trunk Twilio shows whether a list is linked to it, which is the link's matter. */
static void add_of_neighbour(struct world *w, struct json_object *list, struct buf *b)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (!is_of_neighbour(w, o))
            continue;
        json_object_object_del(o, "auth_type");
        json_object_object_del(o, "auth_type_set");
        buf_adds(b, json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        buf_addc(b, '\n');
    }
}

/* Every object that the neighbour lives on, one a line; nothing where there is none. */
static char *objects_of_neighbour(struct world *w)
{
    struct json_object *state = world_sim(w, "GET", "/_sim/state", NULL);
    struct buf b;

    buf_init(&b, (size_t)1 << 20);
    json_object_object_foreach(state, side, tenants) {
        (void)side;
        json_object_object_foreach(tenants, tenant, kinds) {
            (void)tenant;
            json_object_object_foreach(kinds, kind, list) {
                (void)kind;
                add_of_neighbour(w, list, &b);
            }
        }
    }
    json_object_put(state);
    char *text = must_strdup(text_or(b.data, ""));
    buf_release(&b);
    return text;
}

void neighbour_note(struct world *w)
{
    w->must_stay = objects_of_neighbour(w);
    if (db_row(&w->db, "number", B) && !*w->must_stay)
        world_break(w, "the neighbour has nothing");
}

/* Each object is there as it was; there may be more of its trunk, for a direction of somebody else. */
void neighbour_check(struct world *w)
{
    char *now = objects_of_neighbour(w);

    for (const char *line = w->must_stay; *line;) {
        size_t length = strcspn(line, "\n") + 1;
        char *one = strndup(line, length);
        if (!strstr(now, one))
            world_break(w, "the neighbour had %s and has %s", one, now);
        free(one);
        line += length;
    }
    free(now);
}

/* ---- telling ---------------------------------------------------------------------------------------------------------------------------- */

static bool well(struct world *w, const struct story *story, const char *when, const char *what)
{
    if (!*what)
        return true;
    fprintf(stderr, "%s, %s: %s\n", story->name, when, what);
    world_print_unrest(w);
    return false;
}

struct world *story_begin(const struct story *story, uint64_t seed)
{
    struct world *w = world_new(seed);
    bool stands = true;

    if (story->before)
        story->before(w);
    world_start(w);
    stands = world_rest(w, 20 * MINUTES) && check_converged(w);
    neighbour_note(w);
    if (well(w, story, "in the beginning", stands ? w->broken : text_or(w->broken, "no rest")))
        return w;
    world_free(w);
    return NULL;
}

static bool trunks_settled(const struct world *w)
{
    json_object_object_foreach(db_table(&w->db, "trunk_status"), key, row) {
        (void)key;
        if (!db_bool(row, "settled"))
            return false;
    }
    return true;
}

bool story_rests(struct world *w)
{
    bool rests = world_rest(w, 30 * MINUTES);

    for (int minute = 0; minute < 10 && rests && !trunks_settled(w); minute++) {
        world_run(w, 1 * MINUTES);
        rests = world_rest(w, 30 * MINUTES);
    }
    return rests && trunks_settled(w);
}

bool story_ends_well(const struct story *story, struct world *w, const char *when)
{
    if (!story_rests(w))
        return well(w, story, when, *w->broken ? w->broken : "it does not come to rest");
    check_converged(w);
    world_forget_sent(w);
    world_run(w, 6 * MINUTES);           /* one complete scan */
    if (w->writes > 0) {
        world_print_sent(w);
        world_break(w, "something was written after the end");
    }
    check_converged(w);
    neighbour_check(w);
    if (story->ends_untouched)
        check_untouched(w);
    return well(w, story, when, w->broken);
}
