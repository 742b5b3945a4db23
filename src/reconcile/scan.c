/* scan: lists: when they begin, their pages, and their end. A page is read in pieces, so that nobody waits for a long one. */
#include "state.h"

#include <stdlib.h>

#define SCAN_OBJECTS_MAX 200000
#define PIECE_BYTES ((size_t)64 << 10)  /* of a page, decoded at once */
#define OBJECTS_PER_STEP 100            /* decoded or judged in one step of the core */

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
    scope_free(&scan->scope);
    free(scan->body);
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
    for (struct scan *scan = gate->scans; scan; scan = scan->next) {
        if (scan->parent_row == row)
            scan->parent_row = NULL;
        scope_forget_row(&scan->scope, row);
    }
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

/* The kinds whose lists, together, show everything of ours that an account holds at its top level. What lies below, or aside, is looked at
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
    wildcards_forget_found(gate);
}

void scan_row(struct row *row)
{
    const char *parent = row->r.kind->scope == LIST_PER_PARENT ? text_or(row->r.parent_id, "") : NULL;

    for (struct scan *scan = row->gate->scans; scan; scan = scan->next)
        if (scan->kind == row->r.kind && text_equal(scan->parent, parent)) {
            scan->again = scan->again || scan->work > SCAN_READS || (scan->began_ms && scan->began_ms < row->read_since_ms);
            return;
        }
    scan_start(row->gate, row->r.kind, parent)->owner = row->owner;
}

/* ---- what lies below, and aside --------------------------------------------------------------------------------------------------------- */

static bool holds_any(const struct owner *owner, const struct kind *kind, const char *parent)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        const struct resource *r = &owner->rows[i]->r;
        if (r->kind == kind && r->known == KNOWN_LIVE && !owner->rows[i]->ended && text_equal(r->parent_id, parent))
            return true;
    }
    return false;
}

/* Whether there is a list of that kind to look at for what lies below this row; or, of what lies aside, for the row and its like. */
static bool has_list(const struct owner *trunk, const struct row *row, const struct kind *kind)
{
    if (kind->scope == LIST_ASIDE)
        return kind == row->r.kind;
    return kind->scope == LIST_PER_PARENT && kinds[kind->needs[0]] == row->r.kind && holds_any(trunk, kind, row->r.external_id);
}

/* Of what lies aside one list shows all: one row has it done. */
void mark_below(struct core *core, struct gate *gate)
{
    uint32_t aside = 0;
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
                if (has_list(trunk, row, kinds[k]))
                    row->below_due |= 1u << k & ~aside;
            aside |= row->r.kind->scope == LIST_ASIDE ? row->below_due & 1u << row->r.kind->id : 0;
            gate->below_due = gate->below_due || row->below_due;
        }
    }
}

static const char *list_parent(const struct row *row, const struct kind *kind)
{
    return kind->scope == LIST_PER_PARENT ? row->r.external_id : NULL;
}

static bool below_start(struct row *row)
{
    for (size_t k = 0; k < KIND_MAX_; k++) {
        if (!(row->below_due & (1u << k)))
            continue;
        row->below_due &= ~(1u << k);
        if (row->r.known != KNOWN_LIVE || row->ended)
            continue;
        struct scan *scan = scan_start(row->gate, kinds[k], list_parent(row, kinds[k]));
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
    struct scan *scan = scan_start(parent->gate, kind, list_parent(parent, kind));
    scan->parent_row = parent;
    scan->owner = parent->owner;
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------------------------ */

static void take_item(void *userdata, const struct found *found)
{
    struct scan *scan = userdata;

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

/* A row that waits for a list of what lies aside has it asked for again at its own pace, and says why: it may never be answered. */
static void ask_again(struct core *core, struct scan *scan, const char *words)
{
    struct row *row = scan->parent_row;

    if (scan->kind->scope != LIST_ASIDE) {
        owner_wake_at(core, row->owner, core->now_ms + core->settings->retry_min_ms + (int64_t)(core_random(core) % 256));
        return;
    }
    row->attempts++;
    row->r.message = row_keep(row, words);
    row_back_off(core, row, NULL);
    row_touch(row);
    owner_queue(core, row->owner);
}

static void scan_failed(struct core *core, struct scan *scan, const char *words)
{
    struct gate *gate = scan->gate;

    core_log(core, MESSAGE_LIST_FAILED, gate->name, "the list of %s failed: %s", scan->kind->name, text_or(words, ""));
    lookups_end(core, scan, text_or(words, ""));
    if (scan->complete_account) {
        gate->scan_failed = true;
        account_list_ended(core, gate);
    }
    scope_free(&scan->scope);
    scope_make(core, scan);
    for (size_t i = 0; i < scan->scope.count; i++) {
        struct row *row = scan->scope.entries[i].row;
        if (row->read_ms > core->now_ms)
            continue;
        row_read_again(core, row);      /* all that waited for it, not only who had asked first */
        owner_queue(core, row->owner);
    }
    if (scan->parent_row)
        ask_again(core, scan, words);
}

/* The list is over, well or not. */
static void scan_end(struct core *core, struct scan *scan, const char *failure)
{
    scan_unlink(scan);
    if (failure)
        scan_failed(core, scan, failure);
    else
        listed_end(core, scan);
    if (scan->again)
        scan_start(scan->gate, scan->kind, scan->parent)->owner = scan->owner;
    scan_free(scan);
}

static void page_end(struct core *core, struct scan *scan, const char *cursor)
{
    free(scan->body);
    scan->body = NULL;
    scan->work = SCAN_ASKS;
    if (scan->overflows) {
        scan_end(core, scan, arena_printf(&core->turn, "it has more than %d objects", SCAN_OBJECTS_MAX));
    } else if (cursor) {
        free(scan->cursor);
        scan->cursor = must_strdup(cursor);
        scan->due = true;
    } else {
        scan->work = SCAN_JUDGES;
    }
}

/* A piece of the page. The last one shows the cursor. */
static void read_piece(struct core *core, struct scan *scan)
{
    const struct resource place = { .kind = scan->kind, .slot = "", .account = scan->gate->name, .parent_id = scan->parent };
    struct call call = { .account = gate_account(scan->gate), .resource = &place, .arena = &core->turn };
    const char *cursor = NULL;
    struct err err = { 0 };
    struct buf piece;

    if (!call.account) {
        scan_end(core, scan, "the account is gone");
        return;
    }
    buf_init(&piece, REPLY_BODY_BYTES_MAX + 1);
    if (!scan->cut.text)
        cut_begin(&scan->cut, scan->body, scan->body_bytes);
    bool any = cut_next(&scan->cut, PIECE_BYTES, &piece);
    assert(any);
    (void)any;
    const struct reply reply = { .transport = REPLY_ANSWERED, .status = 200, .body = piece.data, .body_bytes = piece.length };
    bool ok = scan->kind->decode(OP_LIST, &call, &reply, take_item, scan, &cursor, &err);
    buf_release(&piece);
    if (!ok)
        scan_end(core, scan, *err.text ? err.text : "it cannot be read");
    else if (scan->cut.ended || scan->overflows)
        page_end(core, scan, cursor);
}

/* The next piece of work at one of the account's lists; how much it was, in objects. 0: there is none. */
static size_t scan_piece(struct core *core, struct gate *gate)
{
    struct scan *scan = gate->scans;

    while (scan && scan->work == SCAN_ASKS)
        scan = scan->next;
    if (!scan)
        return 0;
    if (scan->work == SCAN_READS) {
        size_t before = scan->count;
        const struct scan *same = scan;
        read_piece(core, scan);
        for (scan = gate->scans; scan && scan != same;)
            scan = scan->next;
        return scan ? 1 + scan->count - before : 1;
    }
    size_t judged = listed_judge(core, scan, OBJECTS_PER_STEP);
    if (judged == 0)
        scan_end(core, scan, NULL);
    return judged + 1;
}

bool scans_work(struct core *core)
{
    size_t objects = 0;
    void *value;

    for (size_t i = 0; map_next(&core->gates, &i, &value);)
        for (size_t more = 1; more > 0; objects += more) {
            if (objects >= OBJECTS_PER_STEP || !core_has_room(core))
                return true;
            more = scan_piece(core, value);
        }
    return false;
}

void scan_answer(struct core *core, const struct flight *flight, const struct reply *reply, const struct judgement *judgement)
{
    struct scan *scan = flight->scan;

    if (reply->transport == REPLY_ANSWERED && reply->status == 429) {
        scan->due = true;               /* too much at once: that page is asked for again, after the account's pause */
        return;
    }
    scan->pages++;
    if (judgement->verdict == VERDICT_DONE) {
        scan->body = must_malloc(reply->body_bytes + 1);
        memcpy(scan->body, reply->body, reply->body_bytes);
        scan->body_bytes = reply->body_bytes;
        scan->cut = (struct cut){ 0 };
        scan->work = SCAN_READS;
    } else if (judgement->verdict == VERDICT_GONE && scan->parent) {
        scan->work = SCAN_JUDGES;       /* below a parent that is gone there is nothing */
    } else {
        scan_end(core, scan, text_or(judgement->words, ""));
    }
}
