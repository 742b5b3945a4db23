/* unit: changes of one owner or account as the document trunkd.commit() takes. Column names are the keys; a time X_at is given as
 * X_in_ms, from now, by nobody's clock but the database's. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIT_BYTES_MAX (256u << 20)     /* what PostgreSQL takes as one jsonb; people and providers decide how long a text is */
#define STRAYS_MAX 1000                 /* of one scan; enough to see that something is wrong */

struct unit_ref { uint64_t unit; struct owner *owner; struct gate *gate; char key[24]; };

/* ---- the frame ------------------------------------------------------------------------------------------------------------ */

void unit_begin(struct core *core, struct buf *b, uint64_t unit)
{
    (void)core;
    buf_init(b, UNIT_BYTES_MAX);
    json_open(b, '{');
    json_key_int(b, "unit", (int64_t)unit);
    json_key(b, "wanted");
    json_open(b, '[');
}

void unit_want(struct buf *b, const char *type, const char *key, int64_t generation)
{
    json_open(b, '{');
    json_key_text(b, "type", type);
    json_key_text(b, "key", key);
    if (generation < 0)
        json_key_raw(b, "generation", NULL);
    else
        json_key_int(b, "generation", generation);
    json_close(b, '}');
}

void unit_items(struct buf *b)
{
    json_close(b, ']');
    json_key(b, "items");
    json_open(b, '[');
}

void unit_end(struct core *core, struct buf *b, uint64_t unit, struct owner *owner, struct gate *gate)
{
    json_close(b, ']');
    json_close(b, '}');
    assert(buf_ok(b));
    struct unit_ref *ref = must_calloc(1, sizeof(*ref));
    ref->unit = unit;
    ref->owner = owner;
    ref->gate = gate;
    snprintf(ref->key, sizeof(ref->key), "%" PRIu64, unit);
    map_put(&core->units, ref->key, ref);
    struct effect *effect = core_effect(core, EFFECT_COMMIT);
    effect->commit.unit = unit;
    effect->commit.json = arena_strndup(&core->effects->arena, b->data, b->length);
    buf_release(b);
}

uint64_t units_oldest(const struct core *core)
{
    uint64_t oldest = UINT64_MAX;
    void *value;

    for (size_t i = 0; map_next(&core->units, &i, &value);) {
        const struct unit_ref *ref = value;
        oldest = ref->unit < oldest ? ref->unit : oldest;
    }
    return oldest;
}

void units_committed(struct core *core, const struct event *event)
{
    char key[24];

    snprintf(key, sizeof(key), "%" PRIu64, event->committed.unit);
    struct unit_ref *ref = map_remove(&core->units, key);
    if (!ref)
        return;                     /* of a life before the lease was lost */
    struct owner *owner = ref->owner;
    struct gate *gate = ref->gate;
    free(ref);
    if (owner)
        owner_committed(core, owner, event->committed.outcome, event->committed.text);
    else if (gate)
        gate_committed(core, gate, event->committed.outcome);
    if (event->committed.outcome == COMMIT_FAILED)
        core_log(core, gate ? MESSAGE_ACCOUNT_NOT_RECORDED : MESSAGE_NOT_RECORDED, owner ? owner->key : gate ? gate->name : "",
                 "the database refused to record a change: %s", text_or(event->committed.text, ""));
}

/* ---- the ledger ------------------------------------------------------------------------------------------------------------ */

static void key_columns(struct buf *b, const struct row *row)
{
    json_key_text(b, "owner_type", owner_type_names[row->r.owner_type]);
    json_key_text(b, "owner", row->r.owner);
    json_key_text(b, "kind", row->r.kind->name);
    json_key_text(b, "slot", row->r.slot);
    json_key_text(b, "account", row->r.account);
}

static void key_ms(struct core *core, struct buf *b, const char *key, int64_t at_ms)
{
    if (at_ms == 0 || at_ms == NEVER_MS)
        json_key_raw(b, key, NULL);
    else
        json_key_int(b, key, at_ms - core->now_ms);
}

static void key_spec(struct buf *b, const char *key, const struct row *row, const struct spec *spec)
{
    json_key(b, key);
    spec_write(row->r.kind, spec, b);
}

void unit_row(struct core *core, struct buf *b, const struct row *row)
{
    const struct resource *r = &row->r;

    json_open(b, '{');
    json_key_text(b, "put", "resource");
    json_key_int(b, "rev", row->rev);
    json_key(b, "row");
    json_open(b, '{');
    key_columns(b, row);
    json_key_text(b, "known", known_names[r->known]);
    json_key_text(b, "open", open_names[r->open]);
    json_key_text(b, "nonce", *r->nonce ? r->nonce : NULL);
    json_key_text(b, "external_id", r->external_id);
    json_key_text(b, "parent_id", r->parent_id);
    key_spec(b, "applied", row, &r->applied);
    key_spec(b, "sent", row, &r->sent);
    json_key_text(b, "secret", r->secret);
    json_key_text(b, "secret_version", r->secret_version);
    json_key_raw(b, "note", r->note);
    json_key_bool(b, "lost", row->lost);
    key_ms(core, b, "send_by_in_ms", row->send_by_ms);
    key_ms(core, b, "doubt_in_ms", row->doubt_ms);
    json_key_int(b, "attempts", row->attempts);
    key_ms(core, b, "failing_in_ms", row->failing_ms);
    key_ms(core, b, "next_in_ms", row->next_ms);
    key_ms(core, b, "written_in_ms", row->written_ms);
    json_key_text(b, "refusal", r->refusal);
    json_key_text(b, "message", r->message);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_row_end(struct buf *b, const struct row *row)
{
    json_open(b, '{');
    json_key_text(b, "end", "resource");
    json_key_int(b, "rev", row->rev);
    json_key(b, "row");
    json_open(b, '{');
    key_columns(b, row);
    json_close(b, '}');
    json_key_bool(b, "tombstone", *row->r.nonce != '\0');
    json_close(b, '}');
}

void unit_orphan(struct buf *b, const struct row *row, const char *why)
{
    json_open(b, '{');
    json_key_text(b, "put", "orphan");
    json_key(b, "row");
    json_open(b, '{');
    key_columns(b, row);
    json_key_text(b, "nonce", *row->r.nonce ? row->r.nonce : NULL);
    json_key_text(b, "external_id", row->r.external_id);
    json_key_text(b, "tag", *row->r.tag ? row->r.tag : NULL);
    json_key_text(b, "why", why);
    json_close(b, '}');
    json_close(b, '}');
}

/* ---- status ---------------------------------------------------------------------------------------------------------------- */

static void status_columns(struct core *core, struct buf *b, const struct owner *owner)
{
    json_key_text(b, "status", status_names[owner->status.code]);
    json_key_text(b, "reason", owner->status.reason);
    json_key_text(b, "message", text_or(owner->status.message, ""));
    json_key_bool(b, "settled", owner->status.settled);
    json_key_int(b, "observed_generation", owner->observed_generation);
    key_ms(core, b, "next_in_ms", owner->wake_ms);
    json_key_raw(b, "leftovers", text_or(owner->leftovers, "[]"));
}

void unit_number_status(struct core *core, struct buf *b, const struct owner *owner)
{
    json_open(b, '{');
    json_key_text(b, "put", "number_status");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, "phone_number", owner->key);
    status_columns(core, b, owner);
    const struct owner *trunk = owner->placed ? owner->placed : owner->left_last;   /* the trunk's own row may be written later */
    json_key_text(b, "trunk", trunk ? trunk->key : NULL);
    json_key_bool(b, "ever_active", owner->ever_active);
    json_key_text(b, "failed_inputs", *owner->failed_inputs ? owner->failed_inputs : NULL);
    json_key(b, "refusals");
    if (owner->failed_reason) {
        json_open(b, '{');
        json_key_text(b, "reason", owner->failed_reason);
        json_key_text(b, "message", owner->failed_words);
        json_close(b, '}');
    } else {
        json_raw(b, NULL);
    }
    json_close(b, '}');
    json_close(b, '}');
}

void unit_trunk_status(struct core *core, struct buf *b, const struct owner *owner)
{
    json_open(b, '{');
    json_key_text(b, "put", "trunk_status");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, "trunk", owner->key);
    json_key_text(b, "name", owner->name);
    json_key_bool(b, "automatic", owner->automatic);
    json_key_text(b, "twilio_account", owner->account);
    json_key_text(b, "livekit_project", owner->project);
    if (owner->automatic && !owner->dedicated_to)
        json_key_int(b, "ordinal", owner->ordinal);
    json_key_text(b, "dedicated_to", owner->dedicated_to);
    json_key_text(b, "last_number", owner->last_number);
    status_columns(core, b, owner);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_status_end(struct buf *b, const struct owner *owner)
{
    bool number = owner->type == OWNER_NUMBER;

    json_open(b, '{');
    json_key_text(b, "end", number ? "number_status" : "trunk_status");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, number ? "phone_number" : "trunk", owner->key);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_record(struct buf *b, const struct owner *owner)
{
    const struct record *record = &owner->record;

    json_open(b, '{');
    json_key_text(b, "put", "provider_number");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, "phone_number", owner->key);
    json_key_text(b, "account", record->account);
    json_key_text(b, "sid", record->sid);
    json_key_text(b, "trunk_sid", record->trunk_sid);
    json_key_raw(b, "routing", record->routing);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_event(struct buf *b, const char *type, const char *object, const char *account, const char *reason, const char *message)
{
    json_open(b, '{');
    json_key(b, "event");
    json_open(b, '{');
    json_key_text(b, "object_type", type);
    json_key_text(b, "object", object);
    json_key_text(b, "account", account);
    json_key_text(b, "reason", reason);
    json_key_text(b, "message", text_or(message, ""));
    json_close(b, '}');
    json_close(b, '}');
}

/* ---- accounts and the inbox --------------------------------------------------------------------------------------------------- */

void unit_account_copy(struct core *core, struct buf *b, const struct gate *gate)
{
    const struct account *a = gate_account(gate);
    bool twilio = a->family == FAMILY_TWILIO;

    json_open(b, '{');
    json_key_text(b, "put", "account_copy");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, "name", gate->name);
    json_key_text(b, "provider", twilio ? "twilio" : "livekit");
    json_key(b, "identity");
    if (twilio)
        json_text(b, arena_printf(&core->turn, "%s/%s", a->account_sid, text_or(a->region, "us1")));
    else
        json_text(b, a->url);
    json_key_bool(b, "retiring", !gate->desired);
    json_key_raw(b, "row", gate->row_json);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_account_status(struct core *core, struct buf *b, const struct gate *gate)
{
    json_open(b, '{');
    json_key_text(b, "put", "account_status");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, "name", gate->name);
    json_key_text(b, "condition", gate->condition);
    json_key_text(b, "message", text_or(gate->message, ""));
    json_key_bool(b, "braked", gate->braked);
    json_key(b, "detail");
    json_open(b, '{');
    if (gate->held)
        json_key_text(b, "held", gate->held);
    if (gate->wildcards)
        json_key_raw(b, "wildcards", gate->wildcards);
    json_close(b, '}');
    key_ms(core, b, "next_in_ms", gate->probe_ms);
    key_ms(core, b, "last_scan_in_ms", gate->scan_began_ms);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_ack(struct buf *b, const char *type, const char *key, int64_t ver)
{
    json_open(b, '{');
    json_key(b, "ack");
    json_open(b, '{');
    json_key_text(b, "object_type", type);
    json_key_text(b, "key", key);
    json_key_int(b, "ver", ver);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_request_done(struct buf *b, uint64_t id)
{
    json_open(b, '{');
    json_key(b, "done");
    json_open(b, '{');
    json_key_int(b, "request", (int64_t)id);
    json_close(b, '}');
    json_close(b, '}');
}

void unit_account_end(struct buf *b, const struct gate *gate)
{
    static const char *const tables[] = { "account_copy", "account_status" };

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        json_open(b, '{');
        json_key_text(b, "end", tables[i]);
        json_key(b, "row");
        json_open(b, '{');
        json_key_text(b, "name", gate->name);
        json_close(b, '}');
        json_close(b, '}');
    }
}

void unit_strays(struct buf *b, const struct gate *gate)
{
    size_t count = 0;

    for (const struct unclaimed *u = gate->strays ? gate->unclaimed : NULL; u && count < STRAYS_MAX; u = u->next, count++) {
        char tag[TAG_BYTES];
        tag_make(u->tag.installation, u->tag.owner, u->tag.nonce, tag);
        json_open(b, '{');
        json_key_text(b, "put", "stray");
        json_key(b, "row");
        json_open(b, '{');
        json_key_text(b, "account", gate->name);
        json_key_text(b, "kind", u->kind->name);
        json_key_text(b, "external_id", u->id);
        json_key_text(b, "tag", tag);
        json_close(b, '}');
        json_close(b, '}');
    }
}

void unit_stray_end(struct buf *b, const struct row *row)
{
    json_open(b, '{');
    json_key_text(b, "end", "stray");
    json_key(b, "row");
    json_open(b, '{');
    json_key_text(b, "account", row->r.account);
    json_key_text(b, "kind", row->r.kind->name);
    json_key_text(b, "external_id", row->r.external_id);
    json_close(b, '}');
    json_close(b, '}');
}
