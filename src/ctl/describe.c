/* trunkctl describe: the answer to "why does it not ring?", or what there is to know about an agent, a trunk, an account. */
#include "describe.h"

#include <stdio.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>

#include "out.h"
#include "target.h"
#include "watch.h"

#define DOCUMENTS_BYTES_MAX (64u << 20)

void field_print(const char *name, const char *value)
{
    CLEANUP(arena_release) struct arena arena = { 0 };

    if (!text_is_empty(value))
        printf("  %-20s %s\n", name, printable(&arena, value));
}

MUST_CHECK static bool parse_cell(struct arena *arena, const struct rows *rows, size_t column, const struct json **ret, struct err *err)
{
    const char *text = rows_cell(rows, 0, column);

    *ret = NULL;
    return !text || json_parse(arena, text, strlen(text), ret, err);
}

/* ---- parts of a number */

static void status_print(const struct json *number, const struct rows *rows)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const char *label = json_member(number, "label"), *next = rows_cell(rows, 0, DESCRIBED_NEXT_IN);
    bool rests = json_member_bool(number, "settled") && !text_equal(json_member(number, "status"), "corrupted");
    const char *generation = json_member(number, "generation"), *observed = json_member(number, "observed_generation");
    char age[AGE_BYTES], in[AGE_BYTES];

    printf("%s%s%s\n\n", json_member(number, "phone_number"), text_is_empty(label) ? "" : "  ", printable(&arena, text_or(label, "")));
    age_text(rows_int(rows, 0, DESCRIBED_AGE), age);
    printf("  %-20s %s%s%s (%s) for %s\n", "status", tint(tint_of_status(json_member(number, "status"))), json_member(number, "status"),
           tint(TINT_NONE), json_member(number, "reason"), age);
    field_print("message", json_member(number, "message"));
    field_print("what to do", rows_cell(rows, 0, DESCRIBED_REMEDY));
    if (next && rows_int(rows, 0, DESCRIBED_NEXT_IN) > 0) {
        age_text(rows_int(rows, 0, DESCRIBED_NEXT_IN), in);
        printf("  %-20s in %s\n", rests ? "looked at again" : "next attempt", in);
    }
    if (json_member_bool(number, "settled"))
        field_print("settled", "yes: nothing is left to do without somebody's change");
    else if (!text_equal(generation, observed))
        field_print("settled", generation ? "no: the daemon has not finished with the last change" : "no: it is being removed");
    else if (text_equal(json_member(number, "reason"), "UpToDate") && rows_cell(rows, 0, DESCRIBED_TRUNK_WORDS))
        field_print("settled", arena_printf(&arena, "no: its trunk: %s", rows_cell(rows, 0, DESCRIBED_TRUNK_WORDS)));
    else
        field_print("settled", "no: the daemon is working on it, or will when it can");
    field_print("Twilio account", json_member(number, "twilio_account"));
    field_print("LiveKit project", json_member(number, "livekit_project"));
    field_print("accounts say", json_member(number, "account_condition"));
    field_print("trunk", json_member(number, "trunk"));
    if (json_member_bool(number, "takeover"))
        field_print("takeover", "true");
    if (!json_member(number, "provider"))
        field_print("row", "deleted; this is what is left of it");
}

static void labels_print(const struct json *object)
{
    const struct json *labels = json_get(object, "labels");

    if (!labels || labels->type != JSON_OBJECT || !labels->child)
        return;
    printf("  %-20s", "labels");
    for (const struct json *label = labels->child; label; label = label->next)
        printf(" %s=%s", label->key, text_or(label->text, ""));
    putchar('\n');
}

static void leftovers_print(const struct json *number)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const struct json *leftovers = json_get(number, "leftovers");

    if (!leftovers || leftovers->type != JSON_ARRAY || !leftovers->child)
        return;
    puts("\n  what is left and cannot be removed");
    for (const struct json *item = leftovers->child; item; item = item->next) {
        printf("    %s %s in %s%s%s\n", text_or(json_member(item, "kind"), "object"),
               text_or(json_member(item, "external_id"), text_or(json_member(item, "tag"), "-")), text_or(json_member(item, "account"), "?"),
               text_is_empty(json_member(item, "message")) ? "" : ": ", printable(&arena, text_or(json_member(item, "message"), "")));
        if (!text_is_empty(json_member(item, "remedy")))
            printf("        %s\n", printable(&arena, json_member(item, "remedy")));
    }
    printf("    or give them up: trunkctl force-delete %s --why TEXT\n", json_member(number, "phone_number"));
}

MUST_CHECK static bool events_print(struct db *db, const char *name, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;

    if (!db_statement(db, "get_events", (const char *const[]){ json_names(&arena, &name, 1), DESCRIBE_EVENTS, "0" }, &rows, err))
        return false;
    if (rows_count(rows) > 0)
        puts("\n  last events");
    for (size_t row = 0; row < rows_count(rows); row++) {
        const struct json *event;
        char age[AGE_BYTES];

        if (!json_parse(&arena, rows_cell(rows, row, 1), strlen(rows_cell(rows, row, 1)), &event, err))
            return false;
        age_text(rows_int(rows, row, 2), age);
        printf("    %6s ago  %s%s%s\n", age, json_member(event, "reason"), text_is_empty(json_member(event, "message")) ? "" : ": ",
               printable(&arena, text_or(json_member(event, "message"), "")));
    }
    return true;
}

/* What is set of its rule is set of its agent. */
MUST_CHECK static bool rule_settings_print(struct db *db, const struct json *agent, struct err *err)
{
    return !agent || settings_print(db, &(struct target){ .kind = TARGET_AGENT, .name = json_member(agent, "name") }, agent, err);
}

MUST_CHECK static bool number_describe(struct db *db, const struct target *target, struct err *err)
{
    const char *name = target->name;
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(rows_free_at) struct rows *resources = NULL;
    const struct json *number, *agent;
    const char *alone, *remedy;

    if (!db_statement(db, "describe_number", &name, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_CONFIG, "there is no phone number %s, and nothing is left of one", name);
    if (!parse_cell(&arena, rows, DESCRIBED_ROW, &number, err) || !parse_cell(&arena, rows, DESCRIBED_AGENT, &agent, err))
        return false;
    /* The ledger is not for everybody who may look; then the ids of the view must do. */
    if (!db_statement(db, "describe_resources", &name, &resources, err) && err->class != ERR_REJECTED)
        return false;
    if (!no_daemon(db, &arena, &alone, &remedy, err))
        return false;
    status_print(number, rows);
    if (alone)
        field_print("daemon", arena_printf(&arena, "%s; %s", alone, remedy));
    if (!settings_print(db, target, number, err) || !rule_settings_print(db, agent, err))
        return false;
    labels_print(number);
    path_print(number, agent, resources);
    policy_print(resources);
    leftovers_print(number);
    return events_print(db, name, err);
}

/* ---- everything else: the columns of its view */

bool described_row(struct db *db, const struct target *target, struct arena *arena, struct rows **ret_rows, struct err *err)
{
    static const char *const statements[TARGET_MAX_] = {
        [TARGET_TRUNK] = "get_trunks", [TARGET_AGENT] = "get_agents", [TARGET_ACCOUNT] = "get_accounts", [TARGET_PROJECT] = "get_projects" };

    if (!db_statement(db, statements[target->kind], (const char *const[]){ json_names(arena, &target->name, 1), "{}" }, ret_rows, err))
        return false;
    return rows_count(*ret_rows) > 0 || err_set(err, ERR_CONFIG, "there is no %s %s", target_table[target->kind].noun, target->name);
}

MUST_CHECK static bool other_describe(struct db *db, const struct target *target, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    const struct json *row;

    if (!described_row(db, target, &arena, &rows, err))
        return false;
    if (!parse_cell(&arena, rows, 1, &row, err))
        return false;
    printf("%s %s\n\n", target_table[target->kind].noun, target->name);
    for (const struct json *member = row->child; member; member = member->next)
        if (member->type == JSON_STRING || member->type == JSON_NUMBER || member->type == JSON_BOOL)
            field_print(member->key, member->text);
    if (!settings_print(db, target, row, err))
        return false;
    labels_print(row);
    if (target->kind == TARGET_TRUNK) {
        CLEANUP(rows_free_at) struct rows *resources = NULL;

        if (!db_statement(db, "describe_resources", &target->name, &resources, err) && err->class != ERR_REJECTED)
            return false;
        policy_print(resources);
    }
    if (target->kind == TARGET_AGENT) {
        CLEANUP(rows_free_at) struct rows *numbers = NULL;

        if (!db_statement(db, "agents_numbers", (const char *const[]){ json_names(&arena, &target->name, 1) }, &numbers, err))
            return err->class == ERR_REJECTED;      /* who may read the views only sees how many there are */
        for (size_t i = 0; i < rows_count(numbers); i++)
            field_print(i == 0 ? "answers" : "", rows_cell(numbers, i, 0));
    }
    return events_print(db, target->name, err);
}

static enum exit_code describe_text(struct db *db, const struct target *targets, size_t count)
{
    enum exit_code code = EXIT_DONE;
    struct err err;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            putchar('\n');
        if (!(targets[i].kind == TARGET_NUMBER ? number_describe(db, &targets[i], &err) : other_describe(db, &targets[i], &err)))
            code = fail(&err);
    }
    return code;
}

/* Those that are there; the others are told as with text. */
static enum exit_code describe_documents(struct db *db, const struct target *targets, size_t count, bool as_yaml)
{
    CLEANUP(buf_release) struct buf all;
    enum exit_code code = EXIT_DONE;
    struct err err;

    buf_init(&all, DOCUMENTS_BYTES_MAX);
    json_open(&all, '[');
    for (size_t i = 0; i < count; i++) {
        CLEANUP(buf_release) struct buf one;

        buf_init(&one, DOCUMENTS_BYTES_MAX);
        if (document_describe(db, &targets[i], &one, &err))
            json_raw(&all, one.data);
        else
            code = fail(&err);
    }
    json_close(&all, ']');
    if (!buf_ok(&all))
        return fail_text("it is too long for one document: describe fewer at a time");
    if (!documents_print(all.data, as_yaml, &err))
        code = fail(&err);
    return code;
}

enum exit_code run_describe(const struct options *options)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(db_close_at) struct db *db = NULL;
    struct target *targets;
    size_t count;
    struct err err;

    if (!targets_open(options, target_read, &arena, &db, &targets, &count, &err))
        return fail(&err);
    if (options->output < OUTPUT_JSON)
        return describe_text(db, targets, count);
    return describe_documents(db, targets, count, options->output == OUTPUT_YAML);
}
