/* rows: what was read from the database, taken into memory. */
#include "rows.h"

#include <stdlib.h>

/* ---- helpers ----------------------------------------------------------------------------------------------------------------- */

static int64_t at_ms(const struct taking *t, const struct json *row, const char *key)
{
    int64_t in_ms = json_member_int(row, key, NEVER_MS);
    return in_ms == NEVER_MS ? 0 : t->core->now_ms + in_ms;
}

static char *keep(const char *text) { return text ? must_strdup(text) : NULL; }

static void replace_text(char **to, const char *text)
{
    free(*to);
    *to = keep(text);
}

static const char *sub_json(struct arena *arena, const struct json *row, const char *key)
{
    const struct json *value = json_get(row, key);
    struct buf b;

    if (!value || value->type == JSON_NULL)
        return NULL;
    buf_init(&b, 256u << 10);
    json_write(&b, value);
    const char *text = arena_strndup(arena, b.data, b.length);
    buf_release(&b);
    return text;
}

static void parent_dirty(struct core *core, const char *type, const char *key, int64_t ver)
{
    for (size_t i = 0; i < core->acks_count; i++)
        if (core->acks[i].ver == ver)
            return;             /* versions come from one sequence: this one is waiting already */
    if (core->acks_count == core->acks_capacity) {
        core->acks_capacity = core->acks_capacity ? 2 * core->acks_capacity : 16;
        core->acks = must_realloc(core->acks, core->acks_capacity * sizeof(*core->acks));
    }
    core->acks[core->acks_count++] = (struct parent_ack){
        .type = must_strdup(type), .key = must_strdup(key), .ver = ver, .sequence = core->sequence,
    };
}

/* Every number that `uses` says yes to takes a turn. */
static void queue_users(struct core *core, bool (*uses)(const struct owner *, const char *), const char *name)
{
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);)
        if (uses(value, name))
            owner_queue(core, value);
    for (size_t i = 0; map_next(&core->trunks, &i, &value);)
        if (uses(value, name))
            owner_queue(core, value);
}

static bool uses_agent(const struct owner *owner, const char *name)
{
    return owner->number && text_equal(owner->number->agent, name);
}

static bool uses_account(const struct owner *owner, const char *name)
{
    if (owner->number && (text_equal(owner->number->twilio_account, name) || text_equal(owner->number->livekit_project, name)))
        return true;
    if (text_equal(owner->account, name) || text_equal(owner->project, name))
        return true;
    for (size_t i = 0; i < owner->rows_count; i++)
        if (text_equal(owner->rows[i]->r.account, name))
            return true;
    return false;
}

/* ---- desired rows: json NULL means that there is none ----------------------------------------------------------------------------- */

static void number_read(struct taking *t, struct owner *owner)
{
    if (t->numbers_count == t->numbers_capacity) {
        t->numbers_capacity = t->numbers_capacity ? 2 * t->numbers_capacity : 64;
        t->numbers = must_realloc(t->numbers, t->numbers_capacity * sizeof(*t->numbers));
    }
    t->numbers[t->numbers_count++] = owner;
}

bool take_number(struct taking *t, const char *key, const struct json *row, struct err *err)
{
    struct number *number = NULL;

    if (row && !number_decode(row, &number, err))
        return false;
    struct owner *owner = owner_get(t->core, OWNER_NUMBER, key, number != NULL);
    if (!owner)
        return true;
    if (number && (!owner->number || owner->number->generation != number->generation))
        owner->preflight_due_ms = t->core->now_ms;
    number_free(owner->number);
    owner->number = number;
    owner->listed = number != NULL;
    owner_queue(t->core, owner);
    if (owner->placed && owner->placed->dedicated_to)
        owner_queue(t->core, owner->placed);        /* its settings are that trunk's */
    number_read(t, owner);
    return true;
}

bool take_agent(struct taking *t, const char *key, const struct json *row, struct err *err)
{
    struct agent *agent = NULL;

    if (row && !agent_decode(row, &agent, err))
        return false;
    struct agent_slot *slot = map_get(&t->core->agents, key);
    if (slot && slot->agent && agent && slot->agent->generation == agent->generation) {
        slot->listed = true;
        agent_free(agent);
        return true;
    }
    if (!slot) {
        slot = must_calloc(1, sizeof(*slot));
        slot->name = must_strdup(key);
        map_put(&t->core->agents, slot->name, slot);
    }
    agent_free(slot->agent);
    slot->agent = agent;
    slot->listed = agent != NULL;
    queue_users(t->core, uses_agent, key);
    return true;
}

bool take_trunk(struct taking *t, const char *key, const struct json *row, struct err *err)
{
    struct trunk *trunk = NULL;

    if (row && !trunk_decode(row, &trunk, err))
        return false;
    struct owner *owner = owner_get(t->core, OWNER_TRUNK, key, trunk != NULL);
    if (!owner)
        return true;
    if (owner->trunk && map_get(&t->core->trunk_names, owner->trunk->name) == owner)
        map_remove(&t->core->trunk_names, owner->trunk->name);
    trunk_free(owner->trunk);
    owner->trunk = trunk;
    owner->listed = trunk != NULL;
    if (trunk) {
        replace_text(&owner->account, trunk->twilio_account);
        replace_text(&owner->project, trunk->livekit_project);
        replace_text(&owner->name, trunk->name);
        map_put(&t->core->trunk_names, trunk->name, owner);
    }
    owner_queue(t->core, owner);
    for (size_t i = 0; i < owner->members_count; i++)
        owner_queue(t->core, owner->members[i]);
    return true;
}

bool take_account(struct taking *t, const char *key, const struct json *row, const char *text, struct err *err)
{
    struct account *account = NULL;

    if (row && !account_decode(row, &account, err))
        return false;
    struct gate *gate = gate_get(t->core, key, account != NULL);
    if (!gate)
        return true;
    gate->listed = account != NULL;
    if (gate->desired && account && gate->desired->generation == account->generation) {
        account_free(account);
        return true;
    }
    if (gate->desired && !account) {
        account_free(gate->copy);       /* what was made there is removed with what the row said last */
        gate->copy = gate->desired;
    } else {
        account_free(gate->desired);
    }
    gate->desired = account;
    gate->copy_saved = false;
    if (account) {
        gate->family = account->family;
        replace_text(&gate->row_json, text);
        gate->pause_ms = 0;
        if (*gate->condition)
            gate->probe_ms = t->core->now_ms;      /* what was wrong may be mended: ask at once */
        if (gate->braked)
            gate->scan_next_ms = t->core->now_ms;
    }
    gate_recheck(t->core, gate);
    queue_users(t->core, uses_account, key);
    return true;
}

/* ---- the ledger ---------------------------------------------------------------------------------------------------------------- */

static bool take_account_copy(struct taking *t, const char *key, const struct json *row, struct err *err)
{
    struct account *copy = NULL;
    struct gate *gate = gate_get(t->core, key, true);
    const struct json *inner = json_get(row, "row");

    if (t->reload)
        return true;
    if (!account_decode(inner, &copy, err))
        return false;
    account_free(gate->copy);
    gate->copy = copy;
    gate->copy_exists = true;
    if (!gate->desired) {
        gate->family = copy->family;
        replace_text(&gate->row_json, sub_json(&t->arena, row, "row"));
        gate->copy_saved = true;
    } else {
        gate->copy_saved = false;
    }
    return true;
}

static void take_account_status(struct taking *t, const char *key, const struct json *row)
{
    struct gate *gate = gate_get(t->core, key, false);

    if (!gate || t->reload)
        return;
    gate->status_exists = true;
    gate->braked = json_member_bool(row, "braked");
    replace_text(&gate->held, json_member(json_get(row, "detail"), "held"));
    replace_text(&gate->wildcards, sub_json(&t->arena, json_get(row, "detail"), "wildcards"));
    text_copy(gate->condition, sizeof(gate->condition), text_or(json_member(row, "condition"), ""));
    replace_text(&gate->message, json_member(row, "message"));
    gate_resume(t->core, gate, at_ms(t, row, "since_in_ms"));
}

static void take_number_status(struct taking *t, const char *key, const struct json *row)
{
    struct owner *owner = owner_get(t->core, OWNER_NUMBER, key, true);
    const struct json *refusals = json_get(row, "refusals");
    const char *trunk = json_member(row, "trunk");

    if (t->reload)
        return;
    owner->status_exists = true;
    for (int i = 0; i < STATUS_CODE_MAX_; i++)
        if (text_equal(status_names[i], json_member(row, "status")))
            owner->status.code = (enum status_code)i;
    owner->status.reason = arena_strdup(&owner->status_arena, text_or(json_member(row, "reason"), "SettingUp"));
    owner->status.message = arena_strdup(&owner->status_arena, text_or(json_member(row, "message"), ""));
    owner->status.settled = json_member_bool(row, "settled");
    owner_count(t->core, owner, true);
    owner->observed_generation = json_member_int(row, "observed_generation", 0);
    owner->ever_active = json_member_bool(row, "ever_active");
    text_copy(owner->failed_inputs, sizeof(owner->failed_inputs), text_or(json_member(row, "failed_inputs"), ""));
    replace_text(&owner->failed_reason, json_member(refusals, "reason"));
    replace_text(&owner->failed_words, json_member(refusals, "message"));
    replace_text(&owner->leftovers, sub_json(&t->arena, row, "leftovers"));
    if (trunk && owner_get(t->core, OWNER_TRUNK, trunk, false))
        owner_place(t->core, owner, owner_get(t->core, OWNER_TRUNK, trunk, false));
    owner->status_unsaved = false;
    owner_queue(t->core, owner);
}

static void take_trunk_status(struct taking *t, const char *key, const struct json *row)
{
    struct owner *owner = owner_get(t->core, OWNER_TRUNK, key, true);

    if (t->reload)
        return;
    owner->trunk_saved = true;
    owner->automatic = json_member_bool(row, "automatic");
    owner->ordinal = json_member_int(row, "ordinal", 0);
    if (!owner->trunk) {
        replace_text(&owner->account, json_member(row, "twilio_account"));
        replace_text(&owner->project, json_member(row, "livekit_project"));
        replace_text(&owner->name, json_member(row, "name"));
    }
    replace_text(&owner->dedicated_to, json_member(row, "dedicated_to"));
    replace_text(&owner->last_number, json_member(row, "last_number"));
    replace_text(&owner->leftovers, sub_json(&t->arena, row, "leftovers"));
    owner->observed_generation = json_member_int(row, "observed_generation", 0);
    if (owner->last_number)
        owner_get(t->core, OWNER_NUMBER, owner->last_number, true)->left_last = owner;
    owner_queue(t->core, owner);
}

static void take_provider_number(struct taking *t, const char *key, const struct json *row)
{
    struct owner *owner = owner_get(t->core, OWNER_NUMBER, key, false);

    if (!owner || t->reload)
        return;
    struct record *record = &owner->record;
    arena_release(&record->arena);
    *record = (struct record){ .arena = ARENA_SMALL };
    record->account = arena_strdup(&record->arena, json_member(row, "account"));
    record->sid = arena_strdup(&record->arena, json_member(row, "sid"));
    record->trunk_sid = arena_strdup(&record->arena, json_member(row, "trunk_sid"));
    record->routing = sub_json(&record->arena, row, "routing");
}

static enum known known_named(const char *name)
{
    for (int i = 0; i < KNOWN_MAX_; i++)
        if (text_equal(known_names[i], name))
            return (enum known)i;
    return KNOWN_MAYBE;
}

static enum open open_named(const char *name)
{
    for (int i = 0; i < OPEN_MAX_; i++)
        if (text_equal(open_names[i], name))
            return (enum open)i;
    return OPEN_NOTHING;
}

static struct row *row_find(const struct owner *owner, const struct kind *kind, const char *slot, const char *account)
{
    for (size_t i = 0; owner && i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        if (row->r.kind == kind && text_equal(row->r.slot, slot) && text_equal(row->r.account, account))
            return row;
    }
    return NULL;
}

static void fill_resource(struct taking *t, struct row *row, const struct json *json)
{
    struct resource *r = &row->r;

    row->rev = json_member_int(json, "rev", 0);
    r->known = known_named(json_member(json, "known"));
    r->open = open_named(text_or(json_member(json, "open"), ""));
    row_set_nonce(t->core, row, text_or(json_member(json, "nonce"), ""));
    r->external_id = row_keep(row, json_member(json, "external_id"));
    r->parent_id = row_keep(row, json_member(json, "parent_id"));
    r->secret = row_keep(row, json_member(json, "secret"));
    r->secret_version = row_keep(row, json_member(json, "secret_version"));
    r->refusal = row_keep(row, json_member(json, "refusal"));
    r->message = row_keep(row, json_member(json, "message"));
    r->note = sub_json(&row->arena, json, "note");
    spec_read(r->kind, json_get(json, "applied"), &row->arena, &r->applied);
    spec_read(r->kind, json_get(json, "sent"), &row->arena, &r->sent);
    row->lost = json_member_bool(json, "lost");
    row->read = true;
    row->send_by_ms = at_ms(t, json, "send_by_in_ms");
    row->doubt_ms = at_ms(t, json, "doubt_in_ms");
    row->failing_ms = at_ms(t, json, "failing_in_ms");
    row->next_ms = at_ms(t, json, "next_in_ms");
    row->written_ms = at_ms(t, json, "written_in_ms");
    row->attempts = (uint32_t)json_member_int(json, "attempts", 0);
    if (r->open != OPEN_NOTHING)
        row_event(t->core, row, ROW_RESTART, NULL, NULL);
    else if (r->known == KNOWN_MAYBE || row->doubt_ms)       /* doubt that has passed meanwhile owes one more read */
        row_read_due(t->core, row, t->core->now_ms);
}

static bool take_resource(struct taking *t, const char *key, const struct json *json, struct err *err)
{
    const struct kind *kind = kind_by_name(text_or(json_member(json, "kind"), ""));
    bool is_number = text_equal(json_member(json, "owner_type"), "number");
    const char *account = json_member(json, "account");

    if (!kind || !account)
        return err_set(err, ERR_CONFIG, "a ledger row of %s is of kind \"%s\", which this trunkd does not know: it is left alone", key,
                       text_or(json_member(json, "kind"), ""));
    struct owner *owner = owner_get(t->core, is_number ? OWNER_NUMBER : OWNER_TRUNK, key, !t->reload);
    const char *slot = text_or(json_member(json, "slot"), "");
    if (t->reload) {
        reload_compare(t, row_find(owner, kind, slot, account), json_member_int(json, "rev", 0));
        return true;
    }
    struct gate *gate = gate_get(t->core, account, true);
    if (!gate_account(gate))
        gate->family = kind->family;
    owner_at(owner, gate);
    struct row *resource = row_new(owner, kind, slot, gate);
    fill_resource(t, resource, json);
    row_repack(resource);
    owner_queue(t->core, owner);
    return true;
}

/* ---- wishes and the inbox ---------------------------------------------------------------------------------------------------------- */

static void take_request(struct taking *t, const struct json *row)
{
    const char *verb = json_member(row, "verb"), *type = json_member(row, "object_type"), *object = json_member(row, "object");
    uint64_t id = (uint64_t)json_member_int(row, "id", 0);
    struct request_row request = { .id = id, .verb = VERB_UNKNOWN };

    if (text_equal(verb, "retry"))
        request.verb = VERB_RETRY;
    else if (text_equal(verb, "force_delete"))
        request.verb = VERB_FORCE_DELETE;
    else if (text_equal(verb, "rotate"))
        request.verb = VERB_ROTATE;
    if (text_equal(type, "account")) {
        struct gate *gate = gate_get(t->core, text_or(object, ""), true);
        if (text_equal(verb, "sweep"))
            sweep_wish(gate, id, text_or(json_member(row, "name"), ""),
                       arena_printf(&t->arena, "%s (%s)", text_or(json_member(row, "why"), ""), text_or(json_member(row, "requested_by"), "")));
        else
            gate_wish(t->core, gate, verb, id);
        return;
    }
    struct owner *owner = owner_get(t->core, text_equal(type, "number") ? OWNER_NUMBER : OWNER_TRUNK, text_or(object, ""), true);
    for (size_t i = 0; i < owner->requests_count; i++)
        if (owner->requests[i].id == id)
            return;
    if (owner->requests_count < REQUESTS_MAX) {
        request.why = must_strdup(text_or(json_member(row, "why"), ""));
        owner->requests = must_realloc(owner->requests, (owner->requests_count + 1) * sizeof(request));
        owner->requests[owner->requests_count++] = request;
    } else {
        owner->requests_left = t->core->reads;
    }
    owner_queue(t->core, owner);
}

static void take_dirty(struct taking *t, const char *key, const struct json *row)
{
    const char *type = json_member(row, "object_type");
    int64_t ver = json_member_int(row, "ver", 0);

    if (text_equal(type, "number") || text_equal(type, "trunk")) {
        struct owner *owner = owner_get(t->core, text_equal(type, "number") ? OWNER_NUMBER : OWNER_TRUNK, key, true);
        owner->dirty_ver = ver;
        owner_queue(t->core, owner);
    } else {
        parent_dirty(t->core, text_or(type, ""), key, ver);
    }
}

static void take_installation(struct taking *t, const struct json *row)
{
    struct core *core = t->core;

    text_copy(core->installation, sizeof(core->installation), text_or(json_member(row, "tag"), ""));
    core->is_copy = !text_equal(json_member(row, "system_identifier"), json_member(row, "system_identifier_now"))
                    || !text_equal(json_member(row, "database_name"), json_member(row, "database_name_now"));
    if (core->is_copy)
        core_log(core, MESSAGE_DATABASE_IS_COPY, "installation", "this database is a copy of the one trunkd was installed in (system identifier or "
                 "database name differ): nothing is written at any provider until trunkd.installation says what it is");
}

static void take_tombstone(struct taking *t, const char *key, const struct json *row, bool orphan)
{
    struct grave *grave = map_get(&t->core->graves, key);

    if (grave)
        grave->orphan = grave->orphan || orphan;       /* an orphan's nonce is in both tables */
    if (strlen(key) != NONCE_CHARACTERS || grave)
        return;
    grave = must_calloc(1, sizeof(*grave));
    text_copy(grave->nonce, sizeof(grave->nonce), key);
    grave->orphan = orphan;
    grave->owner_type = text_equal(json_member(row, "owner_type"), "number") ? OWNER_NUMBER : OWNER_TRUNK;
    grave->owner = keep(json_member(row, "owner"));
    map_put(&t->core->graves, grave->nonce, grave);
}

/* ---- which row it is ----------------------------------------------------------------------------------------------------------------- */

bool take_row(struct taking *t, const struct row_text *text, const struct json *json, struct err *err)
{
    const char *what = text->what, *key = text->key;

    if (text_equal(what, "number"))
        return take_number(t, key, json, err);
    if (text_equal(what, "agent"))
        return take_agent(t, key, json, err);
    if (text_equal(what, "trunk"))
        return take_trunk(t, key, json, err);
    if (text_equal(what, "account"))
        return take_account(t, key, json, text->json, err);
    if (!json)
        return true;
    if (text_equal(what, "resource"))
        return take_resource(t, key, json, err);
    if (text_equal(what, "account_copy"))
        return take_account_copy(t, key, json, err);
    if (text_equal(what, "account_status"))
        take_account_status(t, key, json);
    else if (text_equal(what, "number_status"))
        take_number_status(t, key, json);
    else if (text_equal(what, "trunk_status"))
        take_trunk_status(t, key, json);
    else if (text_equal(what, "provider_number"))
        take_provider_number(t, key, json);
    else if (text_equal(what, "request"))
        take_request(t, json);
    else if (text_equal(what, "dirty"))
        take_dirty(t, key, json);
    else if (text_equal(what, "installation"))
        take_installation(t, json);
    else if (text_equal(what, "tombstone"))
        take_tombstone(t, key, json, false);
    else if (text_equal(what, "orphan") && json_member(json, "nonce"))
        take_tombstone(t, json_member(json, "nonce"), json, true);
    return true;
}
