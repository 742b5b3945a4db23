/* listed: what a list says when all its pages are read.
 *
 * A list has two marks. What it *finds* is judged against the ledger as it is when the list has ended. What it *misses* is judged only
 * against rows that were live, with nothing open and no doubt, from before the list began until it ended, and whose last accepted
 * write is older than the provider's list lag. Both are judged in pieces, for others have their turns in between. */
#include "state.h"

#include <stdlib.h>

#define BRAKE_SHARE 5                   /* more than a fifth of what was live ... */
#define WILDCARDS_MAX 10                /* enough to see that something is wrong */
#define WILDCARDS_BYTES_MAX (64u << 10)
#define BRAKE_COUNT 3                   /* ... and more than this many, gone at once */

/* ---- the rows a list may show ---------------------------------------------------------------------------------------------------- */

static void scope_add(struct scan *scan, struct owner *owner)
{
    struct scope *scope = &scan->scope;

    for (size_t i = 0; i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        if (row->r.kind != scan->kind || row->gate != scan->gate || row->ended)
            continue;
        if (scan->parent && !text_equal(row->r.parent_id, scan->parent))
            continue;
        if (scope->count == scope->capacity) {
            scope->capacity = scope->capacity ? 2 * scope->capacity : 64;
            scope->entries = must_realloc(scope->entries, scope->capacity * sizeof(*scope->entries));
        }
        row->shown = false;
        struct scope_entry *entry = &scope->entries[scope->count++];
        *entry = (struct scope_entry){ row, arena_strdup(&scan->arena, row->r.external_id), arena_strdup(&scan->arena, row->r.nonce) };
        if (entry->id)
            map_put(&scope->by_id, entry->id, row);
        if (*entry->nonce)
            map_put(&scope->by_nonce, entry->nonce, row);
    }
}

void scope_make(struct core *core, struct scan *scan)
{
    struct map *owners = scan->kind->owner == OWNER_NUMBER ? &core->numbers : &core->trunks;
    void *value;

    if (scan->owner && scan->parent) {
        scope_add(scan, scan->owner);
        return;
    }
    for (size_t i = 0; map_next(owners, &i, &value);)
        scope_add(scan, value);
}

void scope_free(struct scope *scope)
{
    free(scope->entries);
    map_release(&scope->by_id);
    map_release(&scope->by_nonce);
    *scope = (struct scope){ 0 };
}

/* It ends while the list is being judged. */
void scope_forget_row(struct scope *scope, const struct row *row)
{
    for (size_t i = 0; i < scope->count; i++) {
        struct scope_entry *entry = &scope->entries[i];
        if (entry->row != row)
            continue;
        if (entry->id && map_get(&scope->by_id, entry->id) == row)
            map_remove(&scope->by_id, entry->id);
        if (map_get(&scope->by_nonce, entry->nonce) == row)
            map_remove(&scope->by_nonce, entry->nonce);
        entry->row = NULL;
        return;
    }
}

/* ---- judging ------------------------------------------------------------------------------------------------------------------------- */

/* Nothing is to be learnt from what was found: it is live, as we know it, and nobody had asked. */
static bool row_is_as_found(struct core *core, const struct row *row, const struct found *found)
{
    const struct resource *r = &row->r;
    struct spec applied;

    if (r->known != KNOWN_LIVE || r->open != OPEN_NOTHING || row->doubt_ms || row->read_ms != NEVER_MS
        || !text_equal(r->external_id, found->id) || (found->parent && !text_equal(r->parent_id, found->parent)))
        return false;
    spec_observe(r->kind, &found->spec, &r->applied, &core->turn, &applied);
    return spec_equal(r->kind, &applied, &r->applied);
}

/* A pair carries no tag and has no id of its own: it is the row's whose create named both of its ends. */
static struct row *row_of_pair(const struct scope *scope, const struct scan *scan, const struct found *found)
{
    for (size_t i = 0; i < scope->count && scan->kind->recognised == BY_PAIR; i++) {
        struct row *row = scope->entries[i].row;
        if (row && !row->r.external_id && spec_differs(row->r.kind, &row->r.sent, &found->spec, 0) == row->r.kind->fields_count)
            return row;
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

/* For this list to say that it is not there. */
static bool is_too_young(const struct core *core, const struct scan *scan, const struct row *row)
{
    return row->r.known == KNOWN_LIVE && row->r.open == OPEN_NOTHING && !row->flying
           && row->written_ms + core->settings->list_lag_ms >= scan->began_ms;
}

static void look_again(struct core *core, struct row *row, int64_t at_ms)
{
    row_read_due(core, row, at_ms);
    owner_queue(core, row->owner);
}

/* Nobody's business but people's: it is shown (`trunkctl doctor`), never touched. */
static void note_wildcard(struct scan *scan, const struct found *found)
{
    const struct kind *kind = scan->kind;
    struct gate *gate = scan->gate;

    if (!*kind->catches_all_without || !scan->complete_account || gate->wildcards_count == WILDCARDS_MAX)
        return;
    for (size_t i = 0; kind->catches_all_without[i]; i++)
        for (size_t field = 0; field < kind->fields_count; field++)
            if (text_equal(kind->fields[field].name, kind->catches_all_without[i]) && found->spec.value[field])
                return;
    if (gate->wildcards_count++ == 0) {
        buf_init(&gate->wildcards_found, WILDCARDS_BYTES_MAX);
        json_open(&gate->wildcards_found, '[');
    }
    json_open(&gate->wildcards_found, '{');
    json_key_text(&gate->wildcards_found, "kind", kind->name);
    json_key_text(&gate->wildcards_found, "id", found->id);
    json_key_text(&gate->wildcards_found, "name", found->name);
    json_close(&gate->wildcards_found, '}');
}

void wildcards_forget_found(struct gate *gate)
{
    buf_release(&gate->wildcards_found);
    gate->wildcards_count = 0;
}

/* The complete scan has ended well. */
static void take_wildcards(struct gate *gate)
{
    free(gate->wildcards);
    gate->wildcards = NULL;
    if (gate->wildcards_count > 0) {
        json_close(&gate->wildcards_found, ']');
        gate->wildcards = buf_ok(&gate->wildcards_found) ? must_strdup(gate->wildcards_found.data) : NULL;
    }
    wildcards_forget_found(gate);
}

static void judge_found(struct core *core, struct scan *scan, const struct found *found)
{
    struct scope *scope = &scan->scope;
    bool ours = is_ours(core, found);
    struct row *row = map_get(&scope->by_id, found->id);

    if (row && !text_equal(row->r.external_id, found->id))
        return;                         /* it was ours when the list had ended, and the row is another's since */
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
                look_again(core, row, core->now_ms);          /* its own record says what became of it */
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
    if (!ours) {
        note_wildcard(scan, found);
        return;
    }
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
        look_again(core, row, core->now_ms);
    if (gate->scan_request && (scan->complete_account || scan->drift) && !row->shown && is_too_young(core, scan, row))
        look_again(core, row, row->written_ms + core->settings->list_lag_ms + 1);       /* somebody wants to know */
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
            look_again(core, row, core->now_ms);
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
        if (is_ours(core, found)) {
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
void account_list_ended(struct core *core, struct gate *gate)
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
    take_wildcards(gate);
    gate->status_unsaved = true;            /* when it was read whole, which also says that other strays are gone */
    judge_account(core, gate);
    if (!gate->braked)
        mark_below(core, gate);
}

/* Some more of what was found and of what was not; how many it was. 0: all is judged. */
size_t listed_judge(struct core *core, struct scan *scan, size_t most)
{
    size_t judged = 0;

    if (!scan->read_sequence) {
        scan->read_sequence = core->sequence;
        remember_tagged(core, scan);
        scope_make(core, scan);
        return 1;
    }
    for (; judged < most && scan->found_judged < scan->count; judged++) {
        const struct found *found = &scan->found[scan->found_judged++];
        judge_found(core, scan, found);
        if (scan->kind->id == KIND_TRUNK_PHONE_NUMBER)
            lookup_found(core, scan, found);
    }
    for (; judged < most && scan->rows_judged < scan->scope.count; judged++) {
        struct row *row = scan->scope.entries[scan->rows_judged++].row;
        if (row)
            judge_missed(core, scan, row);
    }
    return judged;
}

void listed_end(struct core *core, struct scan *scan)
{
    core->events++;
    lookups_end(core, scan, NULL);
    if (scan->parent_row) {
        scan->parent_row->looked_below |= 1u << scan->kind->id;
        owner_queue(core, scan->parent_row->owner);
    }
    if (scan->complete_account)
        account_list_ended(core, scan->gate);
}
