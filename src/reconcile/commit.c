/* commit: what a turn changed, as one unit; and what happens when the unit is answered. */
#include "turn.h"

#include <stdlib.h>

/* ---- the unit ---------------------------------------------------------------------------------------------------------------------------- */

static bool nothing_left(const struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++)
        if (!owner->rows[i]->ended)
            return false;
    if (owner->type == OWNER_NUMBER)
        return !owner->number && !owner->placed && !owner->left_last && owner->flying == 0;
    return !trunk_is_wanted(owner) && owner->members_count == 0;
}

static bool more_wishes(const struct core *core, const struct owner *owner) { return owner->requests_left > 0 && owner->requests_left == core->reads; }

/* As long as a wish has not been taken, whoever waits for the object goes on waiting. */
static bool may_acknowledge(const struct core *core, const struct owner *owner)
{
    for (size_t i = 0; i < owner->requests_count; i++)
        if (!owner->requests[i].taken)
            return false;
    return owner->dirty_ver && !more_wishes(core, owner);
}

static bool anything_to_write(const struct core *core, const struct owner *owner, bool ends)
{
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i]->unsaved)
            return true;
    bool exists = owner->type == OWNER_NUMBER ? owner->status_exists : owner->trunk_saved;
    bool wishes = false;
    for (size_t i = 0; i < owner->requests_count; i++)
        wishes = wishes || owner->requests[i].taken;
    bool status = ends ? exists : owner->status_unsaved;
    return may_acknowledge(core, owner) || wishes || owner->happenings_count > 0 || status || owner->record.unsaved;
}

static void write_rows(struct turn *t, struct buf *b)
{
    struct owner *owner = t->owner;

    for (size_t i = 0; i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        if (!row->unsaved)
            continue;
        if (!row->gate->copy_saved && !row->ended && gate_account(row->gate) && row->gate->row_json) {
            unit_account_copy(t->core, b, row->gate);
            row->gate->copy_saved = row->gate->copy_exists = true;
        }
        if (row->orphan_why)
            unit_orphan(b, row, row->orphan_why);
        if (!row->ended)
            unit_row(t->core, b, row);
        else if (row->rev > 0)
            unit_row_end(b, row);
        if (row->adopted)
            unit_stray_end(b, row);
        row->told = row->adopted;
        row->unsaved = row->adopted = false;
        row->committing = true;
    }
}

static void write_status(struct turn *t, struct buf *b, bool ends)
{
    struct owner *owner = t->owner;
    bool number = owner->type == OWNER_NUMBER;

    if (ends) {
        owner->ending = number ? owner->status_exists : owner->trunk_saved;
        if (owner->ending)
            unit_status_end(b, owner);
        owner->status_exists = owner->trunk_saved = false;
        return;
    }
    if (!owner->status_unsaved)
        return;
    if (number)
        unit_number_status(t->core, b, owner);
    else
        unit_trunk_status(t->core, b, owner);
    owner->status_unsaved = false;
    owner->status_exists = number;
    owner->trunk_saved = !number;
}

void commit_turn(struct turn *t)
{
    struct core *core = t->core;
    struct owner *owner = t->owner;
    bool ends = nothing_left(owner);
    struct buf b;

    if (!anything_to_write(core, owner, ends))
        return;
    uint64_t unit = ++core->next_unit;
    unit_begin(core, &b, unit);
    if (t->opens && safeguard(core, SAFEGUARD_WANTED)) {
        if (owner->type == OWNER_NUMBER)
            unit_want(&b, "number", owner->key, owner->number ? owner->number->generation : -1);
        else if (!owner->automatic)
            unit_want(&b, "trunk", owner->key, owner->trunk ? owner->trunk->generation : -1);
    }
    unit_items(&b);
    verbs_take(owner, &b);
    write_rows(t, &b);
    if (owner->record.unsaved && owner->record.sid && !ends)
        unit_record(&b, owner);
    owner->record.unsaved = false;
    write_status(t, &b, ends);
    for (size_t i = 0; i < owner->happenings_count; i++)
        unit_event(&b, owner_type_names[owner->type], owner->key, owner->happenings[i].account, owner->happenings[i].reason,
                   owner->happenings[i].message);
    owner->telling = owner->happenings_count;
    if (may_acknowledge(core, owner)) {
        unit_ack(&b, owner_type_names[owner->type], owner->key, owner->dirty_ver);
        owner->ack_ver = owner->dirty_ver;
        owner->dirty_ver = 0;
    }
    owner->committing = true;
    unit_end(core, &b, unit, owner, NULL);
    for (size_t i = 0; i < owner->rows_count && !safeguard(core, SAFEGUARD_INTENT); i++)
        if (owner->rows[i]->opened)
            operation_send(core, owner->rows[i]);
}

/* ---- when the unit is answered ------------------------------------------------------------------------------------------------------------ */

static void unit_done(struct core *core, struct owner *owner)
{
    bool fewer = false;

    owner->changed = 0;
    owner->ack_ver = 0;
    owner->ending = false;
    owner_told(owner);
    core->undone -= owner->undone;
    owner->undone = false;
    verbs_told(owner, true);
    if (more_wishes(core, owner))
        core_read(core, READ_NEWS);
    for (size_t i = owner->rows_count; i-- > 0;) {
        struct row *row = owner->rows[i];
        if (!row->committing)
            continue;
        row->committing = row->adopted = false;
        row->rev++;
        if (row->ended && !row->unsaved) {
            grave_dig(core, row);
            row_free(row);
            fewer = true;
            continue;
        }
        row_repack(row);
    }
    operations_send(core, owner);
    if (owner->type == OWNER_TRUNK)
        trunk_changed(core, owner);
    if (fewer || owner->rows_count == 0 || !owner->number)
        owner_queue(core, owner);       /* what is left over has become less: it stands otherwise now */
}

/* Nothing of the unit is in the database: all that it said is to be said again. */
static void unit_undone(struct core *core, struct owner *owner)
{
    for (size_t i = 0; i < owner->rows_count; i++) {
        struct row *row = owner->rows[i];
        row->unsaved = row->unsaved || row->committing;
        row->adopted = row->adopted || (row->committing && row->told);
        row->gate->copy_saved = row->gate->copy_saved && !row->committing;
        row->ended = row->ended && row->orphan_why;         /* it may be wanted again meanwhile: the plan decides anew */
        row->committing = row->told = false;
        if (row->opened && !row->flying) {
            row->opened = false;
            gate_place_free(row->gate);
            operation_undo(core, row);
        }
    }
    core->undone += !owner->undone;
    owner->undone = owner->status_unsaved = true;
    if (owner->ending)
        *(owner->type == OWNER_NUMBER ? &owner->status_exists : &owner->trunk_saved) = true;
    owner->ending = false;
    owner->telling = 0;
    verbs_told(owner, false);
    owner->record.unsaved = owner->record.sid != NULL;
    if (!owner->dirty_ver)
        owner->dirty_ver = owner->ack_ver;
    owner->ack_ver = 0;
}

void owner_committed(struct core *core, struct owner *owner, enum commit_outcome outcome, const char *text)
{
    owner->committing = false;
    switch (outcome) {
    case COMMIT_DONE:
        unit_done(core, owner);
        break;
    case COMMIT_CHANGED:
        unit_undone(core, owner);
        owner_wake_at(core, owner, core->now_ms + core->settings->retry_min_ms);
        core_read(core, ++owner->changed >= 3 ? READ_ALL : READ_INBOX);
        core_log(core, MESSAGE_PLANNED_ANEW, owner->key, "planned anew: %s", text_or(text, ""));
        return;
    case COMMIT_FAILED:
        unit_undone(core, owner);
        owner_wake_at(core, owner, core->now_ms + core->settings->retry_min_ms);
        return;
    case COMMIT_UNKNOWN:
        owner->committing = owner->unknown = true;
        return;
    case COMMIT_FENCED:
        unit_undone(core, owner);
        return;                     /* the core gives the lease up */
    }
    if (owner->again) {
        owner->again = false;
        owner_queue(core, owner);
    }
    for (size_t i = 0; i < owner->rows_count; i++)
        if (owner->rows[i]->unsaved)
            owner_queue(core, owner);
    owner_free_if_idle(core, owner);
}
