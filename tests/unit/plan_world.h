/* A small world for tests of the plan: one number, its agent, its accounts, the trunk it is on and the one it leaves, and a ledger.
 *
 * Wishes are rows as the database gives them, read by the same decoders. A step is carried out as the provider's answer would have it:
 * the row is live, and its applied spec went through the ledger's document and back. Steps print as one line each. */
#ifndef PLAN_WORLD_H
#define PLAN_WORLD_H

#include "golden.h"

#include <trunkd/json.h>
#include <trunkd/kind.h>

#include "../../src/plan/plan.h"

#define NUMBER "+14155550100"
#define FIRST_TRUNK "11111111-0000-4000-8000-000000000001"
#define SECOND_TRUNK "22222222-0000-4000-8000-000000000002"
#define ROWS_MAX 64
#define ROUNDS_MAX 20

#define NUMBER_ROW(directions, more) \
    "{\"phone_number\":\"" NUMBER "\",\"label\":\"Support\",\"provider\":\"twilio\"," directions ",\"generation\":1," more "}"
#define INBOUND "\"supports_inbound\":true,\"supports_outbound\":false"
#define OUTBOUND "\"supports_inbound\":false,\"supports_outbound\":true"
#define BOTH "\"supports_inbound\":true,\"supports_outbound\":true"
#define HERE "\"twilio_account\":\"main\",\"livekit_project\":\"lk\""
#define WITH_AGENT HERE ",\"agent\":\"desk\""
/* Everything that a Twilio trunk has on request only. */
#define ON_REQUEST "\"twilio_trunk\":{\"recording_mode\":\"record-from-answer\",\"connection_policy\":true}"
#define SIP_NUMBER "{\"phone_number\":\"" NUMBER "\",\"label\":\"Support\",\"provider\":\"sip\"," INBOUND \
    ",\"livekit_project\":\"lk\",\"agent\":\"desk\",\"generation\":1}"
#define CARRIER_NUMBER(document) "{\"phone_number\":\"" NUMBER "\",\"label\":\"Support\",\"provider\":\"sip\"," BOTH \
    ",\"livekit_project\":\"lk\",\"agent\":\"desk\",\"outbound_trunk\":" document ",\"generation\":1}"
#define AGENT_ROW "{\"name\":\"desk\",\"dispatch_name\":\"front-desk\",\"metadata\":\"line 1\",\"room_prefix\":\"call\",\"generation\":1}"

static const char *const account_rows[] = {
    "{\"name\":\"main\",\"account_sid\":\"AC1\",\"secret\":\"file:account/main\",\"region\":\"us1\",\"generation\":1}",
    "{\"name\":\"other\",\"account_sid\":\"AC2\",\"secret\":\"file:account/other\",\"region\":\"us1\",\"generation\":1}",
    "{\"name\":\"lk\",\"url\":\"https://lk.example\",\"api_key\":\"k\",\"secret\":\"file:account/lk\",\"sip_host\":\"lk.sip.example\",\"generation\":1}",
    "{\"name\":\"lk2\",\"url\":\"https://lk2.example\",\"api_key\":\"k\",\"secret\":\"file:account/lk2\",\"sip_host\":\"lk2.sip.example\",\"generation\":1}",
};

static const char *const carriers[] = { "sip.carrier.example", NULL };

struct place { const char *uuid, *account, *project; struct trunk_counts others; };     /* others: what other numbers count for there */

struct world {
    struct arena arena;
    struct account *accounts[ARRAY_SIZE(account_rows)];
    struct number *number;              /* NULL: its row is gone */
    struct agent *agent;
    struct place places[2];
    const struct place *placed, *leaving;
    struct resource rows[ROWS_MAX];
    size_t count, made;
};

static inline const struct json *world_parse(struct world *w, const char *text)
{
    const struct json *tree = NULL;
    struct err err = { .text = "" };

    if (!json_parse(&w->arena, text, strlen(text), &tree, &err))
        fail_msg("%s: %s", text, err.text);
    return tree;
}

static inline const struct account *world_account(const struct world *w, const char *name)
{
    for (size_t i = 0; name && i < ARRAY_SIZE(account_rows); i++)
        if (text_equal(w->accounts[i]->name, name))
            return w->accounts[i];
    return NULL;
}

static inline void world_number(struct world *w, const char *row)
{
    number_free(w->number);
    w->number = NULL;
    if (row)
        assert_true(number_decode(world_parse(w, row), &w->number, NULL));
}

static inline void world_agent(struct world *w, const char *row)
{
    agent_free(w->agent);
    assert_true(agent_decode(world_parse(w, row), &w->agent, NULL));
}

static inline void world_project(struct world *w, size_t index, const char *row)
{
    account_free(w->accounts[index]);
    assert_true(account_decode(world_parse(w, row), &w->accounts[index], NULL));
}

static inline void world_move(struct world *w, size_t to)
{
    w->leaving = w->placed;
    w->placed = &w->places[to];
}

static inline struct world *world_new(const char *number)
{
    struct world *w = must_calloc(1, sizeof(*w));

    for (size_t i = 0; i < ARRAY_SIZE(account_rows); i++)
        assert_true(account_decode(world_parse(w, account_rows[i]), &w->accounts[i], NULL));
    world_number(w, number);
    world_agent(w, AGENT_ROW);
    w->places[0] = (struct place){ .uuid = FIRST_TRUNK, .account = "main", .project = "lk" };
    w->places[1] = (struct place){ .uuid = SECOND_TRUNK, .account = "main", .project = "lk2" };
    w->placed = w->number && w->number->is_sip ? NULL : &w->places[0];
    return w;
}

static inline void world_free(struct world *w)
{
    for (size_t i = 0; i < ARRAY_SIZE(account_rows); i++)
        account_free(w->accounts[i]);
    number_free(w->number);
    agent_free(w->agent);
    arena_release(&w->arena);
    free(w);
}

/* ---- scenes and plans ---------------------------------------------------------------------------------------------------- */

struct drawn {
    struct scene scene;
    const struct resource *rows[ROWS_MAX];
    size_t own, wants_count, count;
    struct wanted wants[WANTED_MAX];
    struct planned plan[64];
};

static inline size_t world_rows_of(const struct world *w, const char *owner, const struct resource **to, size_t count)
{
    for (size_t i = 0; i < w->count; i++)
        if (text_equal(w->rows[i].owner, owner))
            to[count++] = &w->rows[i];
    return count;
}

static inline bool is_held(const struct resource *row) { return row->known != KNOWN_NONE || row->open != OPEN_NOTHING; }

static inline struct trunk_counts world_counts(const struct world *w, const struct place *place)
{
    struct trunk_counts counts = place->others;

    if (place == w->placed && w->number) {
        counts.inbound += w->number->supports_inbound;
        counts.outbound += w->number->supports_outbound;
    }
    for (size_t i = 0; i < w->count && (place == w->placed || place == w->leaving); i++)
        if (w->rows[i].owner_type == OWNER_NUMBER && is_held(&w->rows[i]))
            counts.held[w->rows[i].kind->id]++;
    return counts;
}

/* place NULL: the number's plan. */
static inline struct drawn *world_draw(struct world *w, const struct place *place)
{
    struct drawn *d = ARENA_NEW(&w->arena, struct drawn);
    struct scene *scene = &d->scene;

    *d = (struct drawn){ .scene = { .rows = d->rows, .origins = carriers } };
    if (place) {
        scene->owner_type = OWNER_TRUNK;
        scene->owner = scene->trunk = place->uuid;
        scene->account = world_account(w, place->account);
        scene->project = world_account(w, place->project);
        scene->on_trunk = world_counts(w, place);
        scene->trunk_wanted = scene->on_trunk.inbound + scene->on_trunk.outbound > 0;
        scene->twilio_trunk = place == w->placed && w->number ? w->number->twilio_trunk : NULL;
        d->own = scene->rows_count = world_rows_of(w, place->uuid, d->rows, 0);
    } else {
        scene->owner_type = OWNER_NUMBER;
        scene->owner = NUMBER;
        scene->trunk = w->placed ? w->placed->uuid : NULL;
        scene->number = w->number;
        scene->account = w->number ? world_account(w, w->number->twilio_account) : NULL;
        scene->project = w->number ? world_account(w, w->number->livekit_project) : NULL;
        scene->agent = w->number && w->number->agent ? w->agent : NULL;
        d->own = world_rows_of(w, NUMBER, d->rows, 0);
        scene->rows_count = w->placed ? world_rows_of(w, w->placed->uuid, d->rows, d->own) : d->own;
    }
    d->wants_count = plan_wants(scene, &w->arena, d->wants, WANTED_MAX);
    d->count = plan_owner(scene, d->rows, d->own, d->wants, d->wants_count, &w->arena, d->plan, 64);
    return d;
}

static inline struct spec wanted_spec(struct world *w, const struct planned *p)
{
    struct spec spec = p->wanted->spec;

    p->kind->tag(p->row->tag, p->wanted->label, &w->arena, &spec);
    return spec;
}

static inline void print_step(struct world *w, const char *owner, const struct planned *p, struct buf *to)
{
    static const char *const steps[] = { "keep", "create", "update", "delete", "read", "end", "wait" };
    static const char *const blocks[] = { "", " | needs ", " | must know ", " | leads here: ", " | successor: ", " | held by numbers",
                                          " | refused", " | seals its password first", " | lacks: " };

    buf_printf(to, "%-7s %-6s %s%s%s in %s", owner, steps[p->step], p->kind->name, *p->slot ? " " : "", p->slot, p->account);
    if (p->step == STEP_UPDATE) {
        struct spec spec = wanted_spec(w, p);
        const char *before = ": ";
        for (size_t i = 0; (i = spec_differs(p->kind, &spec, &p->row->applied, i)) < p->kind->fields_count; i++, before = ", ")
            buf_printf(to, "%s%s", before, p->kind->fields[i].name);
    }
    buf_adds(to, blocks[p->block]);
    if (p->by)
        buf_printf(to, "%s in %s (%s%s%s)", p->by->kind->name, p->by->account, known_names[p->by->known],
                   p->by->open ? ", " : "", open_names[p->by->open]);
    else if (p->block == BLOCK_NEED || p->block == BLOCK_REF || p->block == BLOCK_COUNTERPART || p->block == BLOCK_LACKS)
        buf_printf(to, "%s", p->missing);
    buf_adds(to, "\n");
}

static inline const char *place_word(const struct world *w, const struct place *place)
{
    return !place ? "number" : place == &w->places[0] ? "trunk" : "trunk 2";
}

/* The whole plan of everything that has rows or wants some. */
static inline void world_print(struct world *w, const char *title, struct buf *to)
{
    const struct place *const owners[] = { &w->places[0], &w->places[1], NULL };

    buf_printf(to, "# %s\n", title);
    for (size_t o = 0; o < ARRAY_SIZE(owners); o++) {
        struct drawn *d = world_draw(w, owners[o]);
        for (size_t i = 0; i < d->count; i++)
            print_step(w, place_word(w, owners[o]), &d->plan[i], to);
    }
}

/* ---- carrying out --------------------------------------------------------------------------------------------------------- */

static inline struct resource *world_row(struct world *w, const struct planned *p, const char *owner)
{
    for (size_t i = 0; i < w->count; i++)
        if (&w->rows[i] == p->row)
            return &w->rows[i];
    assert_true(w->count < ROWS_MAX);
    w->rows[w->count] = (struct resource){ .kind = p->kind, .owner_type = p->kind->owner, .owner = owner,
                                           .slot = arena_strdup(&w->arena, p->slot), .account = arena_strdup(&w->arena, p->account) };
    return &w->rows[w->count++];
}

static inline void give_nonce(struct world *w, struct resource *row)
{
    char hash[OWNER_CHARACTERS + 1];

    base32_u64(++w->made, NONCE_CHARACTERS, row->nonce);
    owner_hash(row->owner_type, row->owner, hash);
    tag_make("abcdefgh", hash, row->nonce, row->tag);
}

/* What the provider would show of what was sent, as the ledger keeps it. */
static inline void echo(struct world *w, struct resource *row)
{
    struct buf document;
    struct spec shown;

    buf_init(&document, 1u << 16);
    spec_write(row->kind, &row->sent, &document);
    spec_read(row->kind, world_parse(w, document.data), &w->arena, &shown);
    for (size_t i = 0; i < row->kind->fields_count; i++)
        if (row->kind->fields[i].flags & FIELD_WRITE_ONLY)
            shown.value[i] = NULL;
    spec_observe(row->kind, &shown, &row->sent, &w->arena, &row->applied);
    buf_release(&document);
}

static inline void world_sent(struct world *w, const struct planned *p, struct resource *row)
{
    struct spec spec = wanted_spec(w, p);

    spec_copy(row->kind, &spec, &w->arena, &row->sent);
}

static inline void world_write(struct world *w, const struct planned *p, struct resource *row)
{
    struct planned at = *p;

    if (!*row->nonce)
        give_nonce(w, row);
    if (!row->external_id)
        row->external_id = arena_printf(&w->arena, "id-%zu", ++w->made);
    at.row = row;
    world_sent(w, &at, row);
    row->known = KNOWN_LIVE;
    echo(w, row);
}

static inline void world_apply(struct world *w, const struct planned *p, const char *owner)
{
    struct resource *row = world_row(w, p, owner);

    switch (p->step) {
    case STEP_CREATE:
    case STEP_UPDATE:
        if (p->block == BLOCK_SEAL) {
            row->secret = p->wanted->refers ? p->wanted->spec.secret : "sealed:1:xyz";
            row->secret_version = arena_printf(&w->arena, "fingerprint-%zu", ++w->made);
        } else {
            world_write(w, p, row);
        }
        return;
    case STEP_DELETE:
        row->known = KNOWN_NONE;
        row->nonce[0] = row->tag[0] = '\0';
        row->external_id = NULL;
        row->applied = (struct spec){ .secret = NULL };
        return;
    case STEP_END:
        *row = w->rows[--w->count];
        return;
    case STEP_NOTHING:
    case STEP_READ:
    case STEP_WAIT:
        fail_msg("%s: nothing to carry out", row->kind->name);
    }
}

/* As long as the attach or the outbound trunk is not as wanted, the trunk that the number leaves counts it. */
static inline void world_leave(struct world *w)
{
    struct drawn *d = world_draw(w, NULL);

    for (size_t i = 0; w->leaving && i < d->count; i++)
        if (d->plan[i].step != STEP_NOTHING && (d->plan[i].kind->id == KIND_TRUNK_PHONE_NUMBER || d->plan[i].kind->id == KIND_OUTBOUND_TRUNK))
            return;
    w->leaving = NULL;
}

/* One step that nothing blocks, of the first owner that has one; false: there is none. Deletes and updates of an owner come in the
 * order of its plan, one at a time, as the strictest provider would see them. */
static inline bool world_step(struct world *w, struct buf *to)
{
    const struct place *const owners[] = { &w->places[0], &w->places[1], NULL };

    world_leave(w);
    for (size_t o = 0; o < ARRAY_SIZE(owners); o++) {
        struct drawn *d = world_draw(w, owners[o]);
        for (size_t i = 0; i < d->count; i++) {
            const struct planned *p = &d->plan[i];
            if (p->step == STEP_NOTHING || p->step == STEP_WAIT || p->step == STEP_READ || (p->block != BLOCK_NONE && p->block != BLOCK_SEAL))
                continue;
            print_step(w, place_word(w, owners[o]), p, to);
            world_apply(w, p, owners[o] ? owners[o]->uuid : NUMBER);
            return true;
        }
    }
    return false;
}

/* Until nothing is ready any more; what is left then stands in the last lines. */
static inline void world_walk(struct world *w, const char *title, struct buf *to)
{
    size_t steps = 0;

    buf_printf(to, "# %s\n", title);
    while (world_step(w, to))
        if (++steps > ROWS_MAX)
            fail_msg("%s: it never ends:\n%s", title, to->data);
    buf_printf(to, "# after %zu steps\n", steps);
    const struct place *const owners[] = { &w->places[0], &w->places[1], NULL };
    for (size_t o = 0; o < ARRAY_SIZE(owners); o++) {
        struct drawn *d = world_draw(w, owners[o]);
        for (size_t i = 0; i < d->count; i++)
            if (d->plan[i].step != STEP_NOTHING)
                print_step(w, place_word(w, owners[o]), &d->plan[i], to);
    }
}

/* A world in which all that was wanted stands. */
static inline struct world *world_standing(const char *number)
{
    struct world *w = world_new(number);
    struct buf unread;

    buf_init(&unread, GOLDEN_BYTES_MAX);
    while (world_step(w, &unread))
        ;
    buf_release(&unread);
    return w;
}

#endif
