/* What people call things. */
#include "target.h"

#include <string.h>
#include <strings.h>
#include <trunkd/buf.h>
#include <trunkd/text.h>

#define NAMES_BYTES_MAX (64u << 20)
#define STRAYS_OWNER "+stray-"      /* who holds swept strays whose number nobody knows, until they are gone: listed among numbers */

const struct target_row target_table[TARGET_MAX_] = {
    [TARGET_NUMBER]  = { "PhoneNumber", "phone number", { "number", "numbers", "phonenumber", "phonenumbers", "phone_number", "num" },
                         "number", "delete_number" },
    [TARGET_TRUNK]   = { "Trunk", "trunk", { "trunk", "trunks" }, "trunk", "delete_trunk" },
    [TARGET_AGENT]   = { "Agent", "agent", { "agent", "agents" }, "agent", "delete_agent" },
    [TARGET_ACCOUNT] = { "TwilioAccount", "Twilio account", { "account", "accounts", "twilioaccount", "twilioaccounts", "twilio_account" },
                         "account", "delete_account" },
    [TARGET_PROJECT] = { "LiveKitProject", "LiveKit project", { "project", "projects", "livekitproject", "livekitprojects", "livekit_project" },
                         "account", "delete_project" },
};

bool target_kind_find(const char *word, size_t length, enum target_kind *ret)
{
    for (size_t kind = 0; kind < TARGET_MAX_; kind++)
        for (const char *const *known = target_table[kind].words; *known; known++)
            if (strlen(*known) == length && strncasecmp(*known, word, length) == 0) {
                *ret = (enum target_kind)kind;
                return true;
            }
    return false;
}

bool number_check(const char *name, struct err *err)
{
    if (text_is_e164(name) || text_starts(name, STRAYS_OWNER))
        return true;
    return err_set(err, ERR_CONFIG, "\"%s\" is not a phone number in E.164: \"+\", country code and number, digits only, such as +14155551234", name);
}

bool target_read(const char *text, struct target *ret, struct err *err)
{
    const char *slash = strchr(text, '/');

    if (!slash) {
        if (text[0] != '+')
            return err_set(err, ERR_CONFIG, "what is \"%s\"? Write +NUMBER, or KIND/NAME such as agent/%s", text, text);
        *ret = (struct target){ .kind = TARGET_NUMBER, .name = text };
        return number_check(text, err);
    }
    if (!target_kind_find(text, (size_t)(slash - text), &ret->kind) || !slash[1])
        return err_set(err, ERR_CONFIG, "\"%s\" is not KIND/NAME: the kinds are number, agent, trunk, account and project", text);
    ret->name = slash + 1;
    return ret->kind != TARGET_NUMBER || number_check(ret->name, err);
}

bool target_read_owner(const char *text, struct target *ret, struct err *err)
{
    if (!strchr(text, '/') && text[0] != '+') {
        *ret = (struct target){ .kind = TARGET_TRUNK, .name = text };
        return true;
    }
    if (!target_read(text, ret, err))
        return false;
    if (ret->kind != TARGET_NUMBER && ret->kind != TARGET_TRUNK)
        return err_set(err, ERR_CONFIG, "\"%s\" is neither a phone number nor a trunk", text);
    return true;
}

bool target_read_account(const char *text, struct target *ret, struct err *err)
{
    if (!strchr(text, '/') && text[0] != '+') {
        *ret = (struct target){ .kind = TARGET_ACCOUNT, .name = text };
        return true;
    }
    if (!target_read(text, ret, err))
        return false;
    if (ret->kind != TARGET_ACCOUNT && ret->kind != TARGET_PROJECT)
        return err_set(err, ERR_CONFIG, "\"%s\" is neither a Twilio account nor a LiveKit project", text);
    return true;
}

bool targets_open(const struct options *options, bool (*read)(const char *, struct target *, struct err *), struct arena *arena,
                  struct db **ret_db, struct target **ret_targets, size_t *ret_count, struct err *err)
{
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    struct target *targets = ARENA_ARRAY(arena, struct target, options->name_count + 1);

    if (options->label_count > 0 && options->name_count > 0)
        return err_set(err, ERR_CONFIG, "-l picks phone numbers by their labels; %s cannot stand beside it", options->names[0]);
    for (size_t i = 0; i < options->name_count; i++)
        if (!read(options->names[i], &targets[i], err))
            return false;
    if (!db_open(options, ret_db, err))
        return false;
    *ret_targets = targets;
    *ret_count = options->name_count;
    if (options->label_count == 0)
        return true;
    if (!db_statement(*ret_db, "get_numbers", (const char *const[]){ NULL, labels_json(arena, options) }, &rows, err))
        return false;
    if (rows_count(rows) == 0)
        return err_set(err, ERR_CONFIG, "no phone number carries what -l says; trunkctl get -o json shows the labels of each");
    *ret_targets = ARENA_ARRAY(arena, struct target, rows_count(rows));
    *ret_count = rows_count(rows);
    for (size_t i = 0; i < *ret_count; i++)
        (*ret_targets)[i] = (struct target){ .kind = TARGET_NUMBER, .name = arena_strdup(arena, rows_cell(rows, i, 0)) };
    return true;
}

const char *json_names(struct arena *arena, const char *const *names, size_t count)
{
    struct buf json;
    const char *text;

    buf_init(&json, NAMES_BYTES_MAX);
    json_open(&json, '[');
    for (size_t i = 0; i < count; i++)
        json_text(&json, names[i]);
    json_close(&json, ']');
    text = arena_strdup(arena, json.data);
    buf_release(&json);
    return text;
}
