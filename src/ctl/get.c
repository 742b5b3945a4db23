/* trunkctl get: lists of what there is. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <trunkd/buf.h>
#include <trunkd/map.h>
#include <trunkd/text.h>

#include "follow.h"
#include "listing.h"
#include "target.h"

static const struct column wide_numbers[] = {
    { "ACCOUNT", "twilio_account" }, { "PROJECT", "livekit_project" }, { "INBOUND-TRUNK", "livekit_inbound_trunk_id" },
    { "OUTBOUND-TRUNK", "livekit_outbound_trunk_id" }, { "RULE", "livekit_dispatch_rule_id" }, { "MESSAGE", "message" }, { NULL, NULL },
};
const struct listing listings[] = {
    { { "numbers", "number", "phonenumbers", "phonenumber", "num" }, "phone number", "get_numbers", true,
      { { "NAME", "phone_number" }, { "LABEL", "label" }, { "STATUS", "status" }, { "REASON", "reason" }, { "AGENT", "agent" }, { "TRUNK", "trunk" },
        { "AGE", AGE } }, wide_numbers, false },
    { { "agents", "agent" }, "agent", "get_agents", true,
      { { "NAME", "name" }, { "DISPATCH-NAME", "dispatch_name" }, { "NUMBERS", "numbers" }, { "ACTIVE", "numbers_active" }, { "SETTLED", "settled" },
        { "AGE", AGE } }, NULL, false },
    { { "trunks", "trunk" }, "trunk", "get_trunks", true,
      { { "NAME", "name" }, { "STATUS", "status" }, { "REASON", "reason" }, { "AUTOMATIC", "automatic" }, { "ACCOUNT", "twilio_account" },
        { "PROJECT", "livekit_project" }, { "NUMBERS", "numbers" }, { "SID", "twilio_trunk_sid" }, { "AGE", AGE } }, NULL, false },
    { { "accounts", "account", "twilioaccounts", "twilioaccount" }, "Twilio account", "get_accounts", false,
      { { "NAME", "name" }, { "ACCOUNT", "identity" }, { "CONDITION", "condition" }, { "MESSAGE", "message" }, { "NUMBERS", "numbers" },
        { "OBJECTS", "objects" }, { "BRAKED", "braked" } }, NULL, false },
    { { "projects", "project", "livekitprojects", "livekitproject" }, "LiveKit project", "get_projects", false,
      { { "NAME", "name" }, { "URL", "identity" }, { "CONDITION", "condition" }, { "MESSAGE", "message" }, { "NUMBERS", "numbers" },
        { "OBJECTS", "objects" }, { "BRAKED", "braked" } }, NULL, false },
    { { "resources", "resource" }, "owner of resources", "get_resources", false,
      { { "OWNER", "owner" }, { "KIND", "kind" }, { "SLOT", "slot" }, { "ACCOUNT", "account" }, { "KNOWN", "known" }, { "OPEN", "open" },
        { "EXTERNAL-ID", "external_id" }, { "REFUSAL", "refusal" } }, NULL, false },
    { { "orphans", "orphan" }, "owner of orphans", "get_orphans", false,
      { { "OWNER", "owner" }, { "KIND", "kind" }, { "ACCOUNT", "account" }, { "EXTERNAL-ID", "external_id" }, { "TAG", "tag" }, { "WHY", "why" },
        { "AGE", AGE } }, NULL, false },
    { { "strays", "stray" }, "account with strays", "get_strays", false,
      { { "ACCOUNT", "account" }, { "KIND", "kind" }, { "EXTERNAL-ID", "external_id" }, { "TAG", "tag" }, { "AGE", AGE } }, NULL, false },
};
const size_t listing_count = ARRAY_SIZE(listings);

static const struct listing *listing_find(const char *word, size_t length)
{
    for (size_t i = 0; i < listing_count; i++)
        for (const char *const *known = listings[i].words; *known; known++)
            if (strlen(*known) == length && strncasecmp(*known, word, length) == 0)
                return &listings[i];
    return NULL;
}

struct wish {
    const struct listing *listing;
    const char **names;
    size_t count;
};

/* `get`, `get KIND NAME…`, `get KIND/NAME…`, `get +NUMBER…`: all of one kind. */
MUST_CHECK static bool read_wish(const struct options *options, struct arena *arena, struct wish *ret, struct err *err)
{
    size_t first = 0;

    *ret = (struct wish){ .names = ARENA_ARRAY(arena, const char *, options->name_count + 1) };
    if (options->name_count > 0 && options->names[0][0] != '+' && !strchr(options->names[0], '/')) {
        ret->listing = listing_find(options->names[0], strlen(options->names[0]));
        if (!ret->listing)
            return err_set(err, ERR_CONFIG, "there is no kind \"%s\": get knows numbers, agents, trunks, accounts, projects, resources, orphans and strays",
                           options->names[0]);
        first = 1;
    }
    for (size_t i = first; i < options->name_count; i++) {
        const char *slash = strchr(options->names[i], '/');
        const struct listing *listing = slash ? listing_find(options->names[i], (size_t)(slash - options->names[i]))
                                        : ret->listing ? ret->listing : &listings[0];

        if (!listing)
            return err_set(err, ERR_CONFIG, "\"%s\" is not KIND/NAME of a kind that get knows", options->names[i]);
        if (ret->listing && ret->listing != listing)
            return err_set(err, ERR_CONFIG, "get lists one kind at a time: %s is no %s", options->names[i], ret->listing->noun);
        ret->listing = listing;
        ret->names[ret->count] = slash ? slash + 1 : options->names[i];
        if (listing == &listings[0] && !number_check(ret->names[ret->count], err))
            return false;
        ret->count++;
    }
    if (!ret->listing)
        ret->listing = &listings[0];
    if (options->label_count > 0 && !ret->listing->has_labels)
        return err_set(err, ERR_CONFIG, "-l does not go with %s: they carry no labels", ret->listing->words[0]);
    return true;
}

/* A name that was asked for and is not there is an error, after what is there was shown. */
static enum exit_code report_missing(const struct wish *wish, const struct rows *rows)
{
    enum exit_code code = EXIT_DONE;
    struct map there = { 0 };

    for (size_t row = 0; row < rows_count(rows); row++)
        map_put(&there, rows_cell(rows, row, 0), &there);
    for (size_t i = 0; i < wish->count; i++)
        if (!map_get(&there, wish->names[i]))
            code = fail_text("there is no %s %s", wish->listing->noun, wish->names[i]);
    map_release(&there);
    return code;
}

enum exit_code run_get(const struct options *options)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    CLEANUP(rows_free_at) struct rows *rows = NULL;
    CLEANUP(db_close_at) struct db *db = NULL;
    struct wish wish;
    enum exit_code code;
    struct err err;

    if (!read_wish(options, &arena, &wish, &err))
        return fail_text("%s", err.text);
    const char *const parameters[] = { wish.count > 0 ? json_names(&arena, wish.names, wish.count) : NULL, labels_json(&arena, options) };
    if (!db_open(options, &db, &err))
        return fail(&err);
    if (!db_statement(db, wish.listing->statement, parameters, &rows, &err))
        return fail(&err);
    if (options->watch) {
        (void)report_missing(&wish, rows);          /* it may come yet */
        return follow(db, wish.listing, parameters, SIZE_MAX, FOLLOW_OBJECTS, options);
    }
    if (rows_count(rows) == 0 && options->output < OUTPUT_JSON && !options->quiet && wish.count == 0) {
        fprintf(stderr, "no %s\n", wish.listing->words[0]);
        return EXIT_DONE;
    }
    code = listing_print(wish.listing, rows, /* chosen= */ NULL, /* widths= */ NULL, options);
    return code == EXIT_DONE ? report_missing(&wish, rows) : code;
}
