/* describe -o json and yaml: what the text says, as one document an object. */
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/text.h>

#include "describe.h"

/* Columns of describe_resources, in their order. */
static void objects_write(struct buf *to, const struct rows *resources)
{
    static const char *const columns[] = { "owner_type", "kind", "slot", "account", "known", "open", "external_id", "refusal", "message" };

    json_key(to, "objects");
    json_open(to, '[');
    for (size_t row = 0; row < rows_count(resources); row++) {
        json_open(to, '{');
        for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
            json_key_text(to, columns[i], rows_cell(resources, row, i));
        json_close(to, '}');
    }
    json_close(to, ']');
}

MUST_CHECK static bool objects_describe(struct db *db, const char *name, struct buf *to, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *resources = NULL;

    /* The ledger is not for everybody who may look. */
    if (!db_statement(db, "describe_resources", &name, &resources, err))
        return err->class == ERR_REJECTED;
    objects_write(to, resources);
    return true;
}

MUST_CHECK static bool events_describe(struct db *db, const char *name, struct buf *to, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "get_events", (const char *const[]){ json_names(&arena, &name, 1), DESCRIBE_EVENTS, "0" }, &rows, err))
        return false;
    json_key(to, "events");
    json_open(to, '[');
    for (size_t row = 0; row < rows_count(rows); row++)
        json_raw(to, rows_cell(rows, row, 1));
    json_close(to, ']');
    return true;
}

MUST_CHECK static bool number_write(struct db *db, const char *name, struct buf *to, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "describe_number", &name, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_CONFIG, "there is no phone number %s, and nothing is left of one", name);
    json_key_raw(to, "state", rows_cell(rows, 0, DESCRIBED_ROW));
    json_key_text(to, "what_to_do", rows_cell(rows, 0, DESCRIBED_REMEDY));
    json_key_raw(to, "agent", rows_cell(rows, 0, DESCRIBED_AGENT));
    json_key_raw(to, "next_attempt_in_seconds", rows_cell(rows, 0, DESCRIBED_NEXT_IN));
    json_key_raw(to, "so_for_seconds", rows_cell(rows, 0, DESCRIBED_AGE));
    return true;
}

MUST_CHECK static bool other_write(struct db *db, const struct target *target, struct buf *to, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!described_row(db, target, &arena, &rows, err))
        return false;
    json_key_raw(to, "state", rows_cell(rows, 0, 1));
    return true;
}

bool document_describe(struct db *db, const struct target *target, struct buf *to, struct err *err)
{
    bool has_objects = target->kind == TARGET_NUMBER || target->kind == TARGET_TRUNK;

    json_open(to, '{');
    json_key_text(to, "kind", target_table[target->kind].kind);
    json_key_text(to, "name", target->name);
    if (!(target->kind == TARGET_NUMBER ? number_write(db, target->name, to, err) : other_write(db, target, to, err))
        || (has_objects && !objects_describe(db, target->name, to, err)) || !events_describe(db, target->name, to, err))
        return false;
    json_close(to, '}');
    return true;
}
