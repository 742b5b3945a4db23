/* Objects go in kind by kind, many in one statement. What is refused is tried again one by one, so that each error has its place. */
#include "apply_rows.h"

#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/text.h>
#include <trunkd/yaml.h>

#include "settings.h"
#include "target.h"

#define SETTING_CHARACTERS "abcdefghijklmnopqrstuvwxyz_"
#define OBJECTS_AT_ONCE 2000
#define OBJECTS_BYTES_MAX (256u << 20)

static const char *const apply_statements[MANIFEST_MAX_] = {
    [MANIFEST_PROJECT] = "apply_project", [MANIFEST_ACCOUNT] = "apply_account", [MANIFEST_AGENT] = "apply_agent",
    [MANIFEST_TRUNK] = "apply_trunk",     [MANIFEST_NUMBER] = "apply_number",
};

/* Values are written as texts: PostgreSQL reads them as the type of their column. */
static void object_json(struct buf *json, const struct object *object)
{
    const struct manifest_table *table = &manifest_tables[object->kind];

    json_open(json, '{');
    json_key_text(json, table->key_column, object->name);
    json_key_raw(json, "labels", object->labels);
    for (size_t i = 0; i < table->field_count; i++)
        if (object->values[i] && table->fields[i].type == FIELD_DOCUMENT)
            json_key_raw(json, table->fields[i].column, object->values[i]);
        else if (object->values[i] && table->fields[i].column)
            json_key_text(json, table->fields[i].column, object->values[i]);
    json_close(json, '}');
}

/* Writes `count` objects of one kind in one statement and notes what became of each. */
MUST_CHECK static bool write_objects(struct db *db, const struct manifest *m, size_t first, size_t count, struct applied *applied, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    enum manifest_kind kind = m->objects[first]->kind;
    struct map written = { 0 };
    struct buf json;
    bool ok;

    buf_init(&json, OBJECTS_BYTES_MAX);
    json_open(&json, '[');
    for (size_t i = first; i < first + count; i++)
        object_json(&json, m->objects[i]);
    json_close(&json, ']');
    ok = db_statement(db, apply_statements[kind], (const char *const[]){ json.data }, &rows, err);
    buf_wipe(&json);
    if (!ok)
        return false;
    for (size_t i = first; i < first + count; i++)
        map_put(&written, m->objects[i]->name, &applied->changes[i]);
    for (size_t row = 0; row < rows_count(rows); row++) {
        enum change *change = map_get(&written, rows_cell(rows, row, 0));

        if (change)
            *change = rows_true(rows, row, 1) ? CHANGE_CREATED : CHANGE_CHANGED;
    }
    map_release(&written);
    return true;
}

/* Sentences name a setting as it is in its column: "inbound_trunk.headers". NULL: it names none, or one that was not written. */
static const struct yaml *setting_named(const struct object *object, const struct manifest_field *field, const char *sentence)
{
    const struct yaml *document = yaml_get(object->spec, field->key);
    size_t bytes = strlen(field->column);

    for (const char *at = strstr(sentence, field->column); at; at = strstr(at + bytes, field->column))
        for (size_t i = 0; at[bytes] == '.' && i < setting_count; i++) {
            size_t length = strlen(settings[i].key);
            if (text_equal(settings[i].document, field->column) && strspn(at + bytes + 1, SETTING_CHARACTERS) == length
                && strncmp(at + bytes + 1, settings[i].key, length) == 0)
                return yaml_get(document, settings[i].manifest);
        }
    return NULL;
}

/* The column that was refused has its own place, if it was written, and so have the name, the labels and a setting in a column. */
static void refuse_object(struct manifest *m, const struct object *object, const char *column, const char *sentence)
{
    const struct manifest_table *table = &manifest_tables[object->kind];
    struct place at = text_equal(column, table->key_column) ? object->name_at : text_equal(column, "labels") ? object->labels_at : object->at;

    for (size_t i = 0; i < table->field_count; i++)
        if (object->values[i] && text_equal(table->fields[i].column, column)) {
            const struct yaml *setting = table->fields[i].type == FIELD_DOCUMENT ? setting_named(object, &table->fields[i], sentence) : NULL;
            at = object->places[i];
            if (setting)
                at = (struct place){ .file = at.file, .line = setting->line, .column = setting->column };
        }
    manifest_error(m, &at, "%s", sentence);
}

/* Each alone, to find those that are refused. */
MUST_CHECK static bool write_one_by_one(struct db *db, struct manifest *m, size_t first, size_t count, struct applied *applied, struct err *err)
{
    for (size_t i = first; i < first + count; i++) {
        struct err refusal;

        if (!db_script(db, "savepoint object", err))
            return false;
        if (write_objects(db, m, i, 1, applied, &refusal)) {
            if (!db_script(db, "release savepoint object", err))
                return false;
            continue;
        }
        if (refusal.class != ERR_REJECTED) {
            *err = refusal;
            return false;
        }
        refuse_object(m, m->objects[i], db_error_column(db), refusal.text);
        if (m->error_count >= MANIFEST_ERRORS_SHOWN)
            break;
        if (!db_script(db, "rollback to savepoint object", err))
            return false;
    }
    return true;
}

MUST_CHECK static bool write_some(struct db *db, struct manifest *m, size_t first, size_t count, struct applied *applied, struct err *err)
{
    if (!db_script(db, "savepoint objects", err))
        return false;
    if (write_objects(db, m, first, count, applied, err))
        return true;
    if (err->class != ERR_REJECTED || !db_script(db, "rollback to savepoint objects", err))
        return false;
    return write_one_by_one(db, m, first, count, applied, err);
}

/* ---- agents with a list of numbers */

static void note_relinked(struct applied *applied, const char *number, const char *agent)
{
    if (applied->relinked_count == applied->relinked_max) {
        applied->relinked_max = applied->relinked_max ? applied->relinked_max * 2 : 64;
        applied->relinked = must_realloc(applied->relinked, applied->relinked_max * sizeof *applied->relinked);
    }
    applied->relinked[applied->relinked_count++] = (struct relinked){
        .number = arena_strdup(&applied->arena, number), .agent = arena_strdup(&applied->arena, agent) };
}

MUST_CHECK static bool check_numbers_exist(struct db *db, struct manifest *m, const struct object *agent, const char *names, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "unknown_numbers", (const char *const[]){ names }, &rows, err))
        return false;
    for (size_t row = 0; row < rows_count(rows); row++)
        for (size_t i = 0; i < agent->number_count; i++)
            if (text_equal(agent->numbers[i], rows_cell(rows, row, 0)))
                manifest_error(m, &agent->number_places[i], "there is no phone number %s, neither in the database nor in what is applied", agent->numbers[i]);
    return true;
}

MUST_CHECK static bool link_numbers(struct db *db, struct manifest *m, const struct object *agent, struct applied *applied, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    const char *names = json_names(&applied->arena, agent->numbers, agent->number_count);

    if (!check_numbers_exist(db, m, agent, names, err))
        return false;
    if (!db_statement(db, "apply_agent_numbers", (const char *const[]){ agent->name, names }, &rows, err)) {
        if (err->class == ERR_REJECTED)
            refuse_object(m, agent, "", err->text);
        return false;
    }
    for (size_t row = 0; row < rows_count(rows); row++)
        note_relinked(applied, rows_cell(rows, row, 0), rows_cell(rows, row, 1));
    return true;
}

/* ---- all of it */

bool apply_rows(struct db *db, struct manifest *m, struct applied *ret, struct err *err)
{
    size_t end;

    *ret = (struct applied){ .changes = must_calloc(m->count, sizeof *ret->changes) };
    for (size_t first = 0; first < m->count; first = end) {
        end = first;
        while (end < m->count && end < first + OBJECTS_AT_ONCE && m->objects[end]->kind == m->objects[first]->kind)
            end++;
        if (!write_some(db, m, first, end - first, ret, err))
            return false;
        /* What refers to something that was refused would only say so again. */
        if (m->error_count > 0 && (end == m->count || m->objects[end]->kind != m->objects[first]->kind))
            return false;
    }
    for (size_t i = 0; i < m->count; i++)
        if (m->objects[i]->has_numbers && !link_numbers(db, m, m->objects[i], ret, err))
            return false;
    return m->error_count == 0;
}

void applied_release(struct applied *applied)
{
    free(applied->changes);
    free(applied->relinked);
    arena_release(&applied->arena);
    *applied = (struct applied){ .changes = NULL };
}

void applied_print(const struct manifest *m, const struct applied *applied, const char *after)
{
    static const char *const words[] = { [CHANGE_NONE] = "unchanged", [CHANGE_CREATED] = "created", [CHANGE_CHANGED] = "changed" };

    for (size_t i = 0; i < m->count; i++)
        printf("%s/%s %s%s\n", manifest_tables[m->objects[i]->kind].kind, m->objects[i]->name, words[applied->changes[i]], after);
    for (size_t i = 0; i < applied->relinked_count; i++) {
        const struct relinked *r = &applied->relinked[i];

        if (r->agent)
            printf("PhoneNumber/%s changed (agent %s)%s\n", r->number, r->agent, after);
        else
            printf("PhoneNumber/%s changed (no agent)%s\n", r->number, after);
    }
}
