/* scan: lists, and what they prove.
 *
 * A list has two marks. What it *finds* is judged against the ledger as it is when the list has ended. What it *misses* is judged only
 * against rows that were live, with nothing open and no doubt, from before the list began until it ended, and whose last accepted
 * write is older than the provider's list lag.
 */
#include "state.h"

#include <stdlib.h>

#define SCAN_OBJECTS_MAX 200000
#define BRAKE_SHARE 5                   /* more than a fifth of what was live ... */
#define BRAKE_COUNT 3                   /* ... and more than this many, gone at once */

/* ---- starting one ------------------------------------------------------------------------------------------------------------------- */

static void scan_page(struct core *core, struct scan *scan)
{
    const struct resource place = { .kind = scan->kind, .slot = "", .account = scan->gate->name, .parent_id = scan->parent };
    struct call call = { .account = gate_account(scan->gate), .resource = &place, .cursor = scan->cursor, .arena = &core->effects->arena };
    struct request request = { 0 };

    scan->kind->list(&call, &request);
    scan->due = false;
    if (!scan->cursor)
        scan->began_ms = core->now_ms;
    send_get(core, (struct flight){ .type = FLIGHT_SCAN, .operation = OP_LIST, .scan = scan, .gate = scan->gate }, &request,
             arena_printf(&core->turn, "list %s", scan->kind->name), scan->gate->name);
}

struct scan *scan_start(struct gate *gate, const struct kind *kind, const char *parent)
{
    struct scan *scan = must_calloc(1, sizeof(*scan));

    scan->gate = gate;
    scan->kind = kind;
    scan->parent = parent ? must_strdup(parent) : NULL;
    scan->due = true;
    scan->next = gate->scans;
    gate->scans = scan;
    return scan;
}

static void below_next(struct core *core, struct gate *gate);

/* Pages go out as the account's window has room. */
void scans_send(struct core *core, struct gate *gate)
{
    if (gate->below_due && gate_may_read(core, gate))
        below_next(core, gate);
    for (struct scan *scan = gate->scans; scan; scan = scan->next)
        if (scan->due && gate_may_read(core, gate))
            scan_page(core, scan);
}

static void scan_free(struct scan *scan)
{
    arena_release(&scan->arena);
    free(scan->found);
    free(scan->parent);
    free(scan->cursor);
    free(scan);
}

static void scan_unlink(struct scan *scan)
{
    struct scan **at = &scan->gate->scans;

    while (*at != scan)
        at = &(*at)->next;
    *at = scan->next;
}

/* Lists go on without whoever had asked for them. */
void scans_forget_owner(struct gate *gate, const struct owner *owner)
{
    for (struct scan *scan = gate->scans; scan; scan = scan->next)
        if (scan->owner == owner)
            scan->owner = NULL;
}

void scans_forget_row(struct gate *gate, const struct row *row)
{
    for (struct scan *scan = gate->scans; scan; scan = scan->next)
        if (scan->parent_row == row)
            scan->parent_row = NULL;
}

void scans_forget(struct gate *gate)
{
    while (gate->scans) {
        struct scan *scan = gate->scans;
        gate->scans = scan->next;
        scan_free(scan);
    }
    unclaimed_forget(gate);
}

/* The kinds whose lists, together, show everything of ours that an account holds at its top level. What lies below is looked at
 * afterwards, one list at a time, so that it never keeps writes from the account's window. */
bool in_complete_scan(const struct kind *kind, const struct gate *gate)
{
    return kind->family == gate->family && kind->scope == LIST_PER_ACCOUNT;
}

void scan_account(struct core *core, struct gate *gate)
{
    assert(gate->scanned != SCAN_RUNNING);
    gate->scanned = SCAN_RUNNING;
    gate->scan_began_ms = core->now_ms;
    gate->judged = gate->visible = 0;
    for (size_t i = 0; i < KIND_MAX_; i++)
        if (in_complete_scan(kinds[i], gate)) {
            gate->scans_open++;
            scan_start(gate, kinds[i], NULL)->complete_account = true;
        }
    unclaimed_forget_listed(gate);
}

void scan_row(struct row *row)
{
    const char *parent = row->r.kind->scope == LIST_PER_PARENT ? text_or(row->r.parent_id, "") : NULL;

    for (struct scan *scan = row->gate->scans; scan; scan = scan->next)
        if (scan->kind == row->r.kind && text_equal(scan->parent, parent)) {
            scan->again = scan->again || (scan->began_ms && scan->began_ms < row->read_since_ms);
            return;
        }
    scan_start(row->gate, row->r.kind, parent)->owner = row->owner;
}

/* ---- what lies below --------------------------------------------------------------------------------------------------------------------- */

static bool holds_any(const struct owner *owner, const struct kind *kind, const char *parent)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        const struct resource *r = &owner->rows[i]->r;
        if (r->kind == kind && r->known == KNOWN_LIVE && !owner->rows[i]->ended && text_equal(r->parent_id, parent))
            return true;
    }
    return false;
}

static void mark_below(struct core *core, struct gate *gate)
{
    void *value;

    gate->below_due = false;
    for (size_t i = 0; map_next(&core->trunks, &i, &value);) {
        struct owner *trunk = value;
        for (size_t r = 0; r < trunk->rows_count; r++) {
            struct row *row = trunk->rows[r];
            if (row->gate != gate)
                continue;               /* another account's lists are still to come */
            row->below_due = 0;
            for (size_t k = 0; k < KIND_MAX_ && row->r.known == KNOWN_LIVE && !row->ended; k++)
                if (kinds[k]->scope == LIST_PER_PARENT && kinds[kinds[k]->needs[0]] == row->r.kind
                    && holds_any(trunk, kinds[k], row->r.external_id))
                    row->below_due |= 1u << k;
            gate->below_due = gate->below_due || row->below_due;
        }
    }
}

static bool below_start(struct row *row)
{
    for (size_t k = 0; k < KIND_MAX_; k++) {
        if (!(row->below_due & (1u << k)))
            continue;
        row->below_due &= ~(1u << k);
        if (row->r.known != KNOWN_LIVE || row->ended)
            continue;
        struct scan *scan = scan_start(row->gate, kinds[k], row->r.external_id);
        scan->owner = row->owner;
        scan->drift = true;
        return true;
    }
    return false;
}

/* The next of them, when the last one has ended. */
static void below_next(struct core *core, struct gate *gate)
{
    void *value;

    for (struct scan *scan = gate->scans; scan; scan = scan->next)
        if (scan->drift)
            return;
    for (size_t i = 0; map_next(&core->trunks, &i, &value);) {
        struct owner *trunk = value;
        for (size_t r = 0; r < trunk->rows_count; r++)
            if (trunk->rows[r]->gate == gate && trunk->rows[r]->below_due && below_start(trunk->rows[r]))
                return;
    }
    gate->below_due = false;
}

void scan_below(const struct kind *kind, struct row *parent)
{
    for (struct scan *scan = parent->gate->scans; scan; scan = scan->next)
        if (scan->parent_row == parent && scan->kind == kind)
            return;
    struct scan *scan = scan_start(parent->gate, kind, parent->r.external_id);
    scan->parent_row = parent;
    scan->owner = parent->owner;
}

/* ---- judging ------------------------------------------------------------------------------------------------------------------------------- */

struct scope { struct row **rows; size_t count, capacity; struct map by_id, by_nonce; };

static void scope_add(struct scope *scope, const struct scan *scan, struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        if (row->r.kind != scan->kind || row->gate != scan->gate || row->ended)
            continue;
        if (scan->parent && !text_equal(row->r.parent_id, scan->parent))
            continue;
        if (scope->count == scope->capacity) {
            scope->capacity = scope->capacity ? 2 * scope->capacity : 64;
            scope->rows = must_realloc(scope->rows, scope->capacity * sizeof(struct row *));
        }
        row->shown = false;
        scope->rows[scope->count++] = row;
        if (row->r.external_id)
            map_put(&scope->by_id, row->r.external_id, row);
        if (*row->r.nonce)
            map_put(&scope->by_nonce, row->r.nonce, row);
    }
}

static void scope_make(struct core *core, const struct scan *scan, struct scope *scope)
{
    struct map *owners = scan->kind->owner == OWNER_NUMBER ? &core->numbers : &core->trunks;
    void *value;

    if (scan->owner && scan->parent) {
        scope_add(scope, scan, scan->owner);
        return;
    }
    for (size_t i = 0; map_next(owners, &i, &value);)
        scope_add(scope, scan, value);
}

static void scope_free(struct scope *scope)
{
    free(scope->rows);
    map_release(&scope->by_id);
    map_release(&scope->by_nonce);
}

/* Nothing is to be learnt from what was found: it is live, as we know it, and nobody had asked. */
static bool row_is_as_found(struct core *core, const struct row *row, const struct found *found)
{
    const struct resource *r = &row->r;
    struct spec applied;

    if (r->known != KNOWN_LIVE || r->open != OPEN_NOTHING || row->doubt_ms || row->read_ms != NEVER_MS
        || !text_equal(r->external_id, found->id) || (found->parent && !text_equal(r->parent_id, found->parent)))
        return false;
    spec_observe(r->kind, &found->spec, &r->applied, &core->turn, &applied);
    return spec_differs(r->kind, &applied, &r->applied, 0) == r->kind->fields_count;
}

/* A pair carries no tag and has no id of its own: it is the row's whose create named both of its ends. */
static struct row *row_of_pair(const struct scope *scope, const struct scan *scan, const struct found *found)
{
    for (size_t i = 0; i < scope->count && scan->kind->recognised == BY_PAIR; i++) {
        const struct resource *r = &scope->rows[i]->r;
        if (!r->external_id && spec_differs(r->kind, &r->sent, &found->spec, 0) == r->kind->fields_count)
            return scope->rows[i];
    }
    return NULL;
}

/* The second mark. */
static bool may_judge(const struct core *core, const struct scan *scan, const struct row *row)
{
    if (row->r.known != KNOWN_LIVE)
        return false;
    if (!safeguard(core, SAFEGUARD_MARKS))
        return true;
    return row->r.open == OPEN_NOTHING && row->doubt_ms <= scan->began_ms
           && row->written_ms + core->settings->list_lag_ms < scan->began_ms && !row->flying;
}

static void look_again(struct core *core, struct row *row)
{
    row_read_due(core, row, core->now_ms);
    owner_queue(core, row->owner);
}

static void judge_found(struct core *core, struct scan *scan, struct scope *scope, const struct found *found)
{
    bool ours = *found->tag.nonce && text_equal(found->tag.installation, core->installation);
    struct row *row = map_get(&scope->by_id, found->id);

    if (!row)
        row = row_of_pair(scope, scan, found);
    if (!row && ours)
        row = map_get(&scope->by_nonce, found->tag.nonce);
    if (row && row->r.external_id && !text_equal(row->r.external_id, found->id) && row->r.known == KNOWN_LIVE) {
        if (scan->kind->repeat == REPEAT_SAFE) {
            unclaimed_twin(core, scan, found, row->owner);
            return;
        }
        row = NULL;                     /* same nonce, another id: a copy */
    }
    if (row) {
        row->shown = true;
        if (row_is_as_found(core, row, found))
            return;
        if (scan->kind->recognised == BY_KEY) {
            if (may_judge(core, scan, row))
                look_again(core, row);          /* its own record says what became of it */
            return;
        }
        bool newer = row->written_ms + core->settings->list_lag_ms >= scan->began_ms || row->flying;
        if (row->r.open == OPEN_NOTHING && (row->r.known != KNOWN_LIVE || !newer || !safeguard(core, SAFEGUARD_MARKS))) {
            row_shown(core, row, scan->began_ms, found);
            owner_queue(core, row->owner);
        } else if (row->r.open == OPEN_NOTHING && row->read_ms <= core->now_ms) {
            row_read_again(core, row);          /* whoever waits for it wants to know how it is since then */
            owner_queue(core, row->owner);
        }
        return;
    }
    if (!ours)
        return;
    const struct grave *grave = map_get(&core->graves, found->tag.nonce);
    if (grave && (grave->orphan || scan->began_ms < grave->dug_ms + core->settings->list_lag_ms))
        return;                     /* a list may still show what has just been proven absent */
    if (grave && grave->owner && !gate_only_reports(scan->gate))
        unclaimed_bury(core, scan, found, grave);
    else
        unclaimed_add(core, scan, found);
}

static void judge_missed(struct core *core, struct scan *scan, struct row *row)
{
    struct gate *gate = scan->gate;
    bool waits = row->read_ms <= core->now_ms && row->read_since_ms <= scan->began_ms && row->r.open == OPEN_NOTHING;

    if (scan->complete_account && may_judge(core, scan, row)) {
        if (row->r.kind->region_bound) {
            gate->judged++;
            gate->visible += row->shown;
        }
        row->vanished = !row->shown;
    }
    if (scan->drift && !row->shown && !waits && may_judge(core, scan, row))
        look_again(core, row);
    if (!row->shown && waits && (row->r.known == KNOWN_MAYBE || !row->r.kind->get)) {
        row_absent(core, row, scan->began_ms);
        owner_queue(core, row->owner);
    }
}

static const struct row *vanished_next(struct core *core, struct gate *gate, enum owner_type type, size_t *position, struct owner **at,
                                       size_t *index)
{
    struct map *owners = type == OWNER_NUMBER ? &core->numbers : &core->trunks;
    void *value;

    for (;;) {
        if (!*at || *index >= (*at)->rows_count) {
            if (!map_next(owners, position, &value))
                return NULL;
            *at = value;
            *index = 0;
            continue;
        }
        struct row *row = (*at)->rows[(*index)++];
        if (row->gate == gate && row->vanished)
            return row;
    }
}

/* One missing object beside visible ones is drift: it is looked at once more, and then made again. */
static void repair_vanished(struct core *core, struct gate *gate, bool repair)
{
    for (int type = 0; type < OWNER_TYPE_MAX_; type++) {
        size_t position = 0, index = 0;
        struct owner *owner = NULL;
        while (vanished_next(core, gate, (enum owner_type)type, &position, &owner, &index)) {
            struct row *row = owner->rows[index - 1];
            row->vanished = false;
            if (!repair)
                continue;
            look_again(core, row);
        }
    }
}

/* A mass disappearance is a fault, not a wish. */
static void judge_account(struct core *core, struct gate *gate)
{
    uint32_t gone = gate->judged - gate->visible;
    const char *host = gate_account(gate)->family == FAMILY_TWILIO ? "Twilio" : gate_account(gate)->url;
    bool none = gate->judged > 0 && gate->visible == 0;
    bool many = gone > BRAKE_COUNT && gone * BRAKE_SHARE > gate->judged;

    if ((none || many) && !gate->brake_released && safeguard(core, SAFEGUARD_BRAKE)) {
        gate->braked = true;
        gate_condition(core, gate, none ? "NothingVisible" : "MassDisappearance",
                       arena_printf(&core->turn, "of %u objects that trunkd made there, %s shows %u in account %s: nothing is written; mend region, "
                                    "edge or URL (this ends by itself when they reappear), or call trunkd.release('%s', 'why')",
                                    gate->judged, host, gate->visible, gate->name, gate->name));
        repair_vanished(core, gate, false);
        return;
    }
    if (gate->braked && !none && !many) {
        gate->braked = false;
        gate_condition(core, gate, "", "");
    }
    if (!none && !many)
        gate->brake_released = false;
    repair_vanished(core, gate, true);
}

static void remember_tagged(struct core *core, struct scan *scan)
{
    if (scan->kind->id != KIND_TWILIO_TRUNK)
        return;
    map_release(&scan->gate->tagged);
    arena_release(&scan->gate->tagged_arena);
    for (size_t i = 0; i < scan->count; i++) {
        const struct found *found = &scan->found[i];
        if (*found->tag.nonce && text_equal(found->tag.installation, core->installation)) {
            char *id = arena_strdup(&scan->gate->tagged_arena, found->id);
            map_put(&scan->gate->tagged, id, id);
        }
    }
}

static int64_t scan_delay_ms(const struct core *core, struct gate *gate)
{
    int64_t delay = core->settings->retry_min_ms;

    for (uint32_t i = 0; i < gate->scan_failures && delay < core->settings->scan_ms; i++)
        delay *= 2;
    gate->scan_failures++;
    return delay < core->settings->scan_ms ? delay : core->settings->scan_ms;
}

/* All lists of a complete scan, or none, say something about the account. */
static void account_list_ended(struct core *core, struct gate *gate)
{
    assert(gate->scans_open > 0);
    if (--gate->scans_open > 0)
        return;
    if (gate->scan_failed) {
        gate->scan_failed = false;
        gate->scanned = SCAN_NEEDED;
        gate->scan_next_ms = core->now_ms + scan_delay_ms(core, gate) + (int64_t)(core_random(core) % 256);
        repair_vanished(core, gate, false);
        return;
    }
    gate->scanned = SCAN_DONE;
    gate->scan_failures = 0;
    gate->scan_next_ms = core->now_ms + core->settings->scan_ms;
    gate->strays = gate->unclaimed != NULL;
    judge_account(core, gate);
    if (!gate->braked)
        mark_below(core, gate);
}

static void scan_finish(struct core *core, struct scan *scan)
{
    struct scope scope = { 0 };
    struct gate *gate = scan->gate;

    remember_tagged(core, scan);
    scope_make(core, scan, &scope);
    for (size_t i = 0; i < scan->count; i++) {
        judge_found(core, scan, &scope, &scan->found[i]);
        if (scan->kind->id == KIND_TRUNK_PHONE_NUMBER)
            lookup_found(core, scan, &scan->found[i]);
    }
    for (size_t i = 0; i < scope.count; i++)
        judge_missed(core, scan, scope.rows[i]);
    scope_free(&scope);
    lookups_end(core, scan, NULL);
    if (scan->parent_row) {
        scan->parent_row->looked_below |= 1u << scan->kind->id;
        owner_queue(core, scan->parent_row->owner);
    }
    if (scan->complete_account)
        account_list_ended(core, gate);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------------------------ */

struct page { struct scan *scan; };

static void take_item(void *userdata, const struct found *found)
{
    struct scan *scan = ((struct page *)userdata)->scan;

    scan->overflows = scan->count == SCAN_OBJECTS_MAX;
    if (scan->overflows)
        return;
    if (scan->count == scan->capacity) {
        scan->capacity = scan->capacity ? 2 * scan->capacity : 64;
        scan->found = must_realloc(scan->found, scan->capacity * sizeof(*scan->found));
    }
    struct found *to = &scan->found[scan->count++];
    *to = *found;
    to->id = arena_strdup(&scan->arena, found->id);
    to->parent = arena_strdup(&scan->arena, found->parent);
    to->note = arena_strdup(&scan->arena, found->note);
    to->name = arena_strdup(&scan->arena, found->name);
    spec_copy(scan->kind, &found->spec, &scan->arena, &to->spec);
}

static void scan_failed(struct core *core, struct scan *scan, const char *words)
{
    struct gate *gate = scan->gate;

    core_log(core, LOG_LEVEL_INFO, gate->name, "the list of %s failed: %s", scan->kind->name, text_or(words, ""));
    lookups_end(core, scan, text_or(words, ""));
    if (scan->complete_account) {
        gate->scan_failed = true;
        account_list_ended(core, gate);
    }
    struct scope scope = { 0 };
    scope_make(core, scan, &scope);
    for (size_t i = 0; i < scope.count; i++) {
        if (scope.rows[i]->read_ms > core->now_ms)
            continue;
        row_read_again(core, scope.rows[i]);        /* all that waited for it, not only who had asked first */
        owner_queue(core, scope.rows[i]->owner);
    }
    scope_free(&scope);
    if (scan->parent_row)
        owner_wake_at(core, scan->parent_row->owner, core->now_ms + core->settings->retry_min_ms + (int64_t)(core_random(core) % 256));
}

void scan_answer(struct core *core, const struct flight *flight, const struct reply *reply, const struct judgement *judgement)
{
    struct scan *scan = flight->scan;
    const struct resource place = { .kind = scan->kind, .slot = "", .account = scan->gate->name, .parent_id = scan->parent };
    struct call call = { .account = gate_account(scan->gate), .resource = &place, .arena = &core->turn };
    struct page page = { .scan = scan };
    const char *cursor = NULL;
    struct err err = { 0 };
    bool parent_gone = judgement->verdict == VERDICT_GONE && scan->parent;

    if (reply->transport == REPLY_ANSWERED && reply->status == 429) {
        scan->due = true;               /* too much at once: that page is asked for again, after the account's pause */
        return;
    }

    scan->pages++;
    if (judgement->verdict == VERDICT_DONE && scan->kind->decode(OP_LIST, &call, reply, take_item, &page, &cursor, &err) && cursor
        && !scan->overflows) {
        free(scan->cursor);
        scan->cursor = must_strdup(cursor);
        scan->due = true;
        return;
    }
    scan_unlink(scan);
    if (scan->overflows)
        err_set(&err, ERR_CONFIG, "it has more than %d objects", SCAN_OBJECTS_MAX);
    if ((judgement->verdict == VERDICT_DONE && !*err.text) || parent_gone)
        scan_finish(core, scan);        /* below a parent that is gone there is nothing */
    else
        scan_failed(core, scan, *err.text ? err.text : judgement->words);
    if (scan->again)
        scan_start(scan->gate, scan->kind, scan->parent)->owner = scan->owner;
    scan_free(scan);
}
