/* The path of a call, drawn in text: which object hands it to which, and how each of them is. */
#include <stdio.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/text.h>

#include "describe.h"
#include "out.h"

struct stage {
    const char *title;
    const char *kind;           /* of the ledger */
    const char *key;            /* of the view trunkd.number; NULL: it is not shown there */
    bool twilio;                /* not there when the carrier is somebody else's */
    bool beside;                /* not passed through: what the next one asks for */
    bool on_request;            /* nothing is missing where there is none */
};

static const struct stage inbound[] = {
    { "Twilio number",          "twilio.trunk_phone_number", "twilio_phone_number_sid", true, false, false },
    { "Twilio trunk",           "twilio.trunk",              "twilio_trunk_sid", true, false, false },
    { "recording",              "twilio.recording",          NULL, true, true, true },
    { "origination URL",        "twilio.origination_url",    NULL, true, false, false },
    { "LiveKit inbound trunk",  "livekit.inbound_trunk",     "livekit_inbound_trunk_id", false, false, false },
    { "dispatch rule",          "livekit.dispatch_rule",     "livekit_dispatch_rule_id", false, false, false },
};

static const struct stage outbound[] = {
    { "LiveKit outbound trunk", "livekit.outbound_trunk",       "livekit_outbound_trunk_id", false, false, false },
    { "credential",             "twilio.credential",            NULL, true, true, false },
    { "credential list",        "twilio.credential_list",       "twilio_credential_list_sid", true, true, false },
    { "list on the trunk",      "twilio.trunk_credential_list", NULL, true, true, false },
    { "Twilio trunk",           "twilio.trunk",                 "twilio_trunk_sid", true, false, false },
    { "recording",              "twilio.recording",             NULL, true, true, true },
};

static const struct stage policy[] = {
    { "connection policy",      "twilio.connection_policy",        NULL, true, true, true },
    { "target",                 "twilio.connection_policy_target", NULL, true, true, true },
};

enum { COLUMN_OWNER_TYPE, COLUMN_KIND, COLUMN_SLOT, COLUMN_ACCOUNT, COLUMN_KNOWN, COLUMN_OPEN, COLUMN_ID, COLUMN_REFUSAL, COLUMN_MESSAGE, COLUMN_SYMMETRIC_RTP, COLUMN_AGENTS };

static const char *state_of(const struct rows *rows, size_t row)
{
    const char *known = rows_cell(rows, row, COLUMN_KNOWN), *open = rows_cell(rows, row, COLUMN_OPEN);

    if (text_equal(open, "create"))
        return "being made";
    if (text_equal(open, "delete"))
        return "being removed";
    if (text_equal(known, "maybe"))
        return "in doubt";
    if (text_equal(known, "none"))
        return "not there yet";
    return text_equal(open, "update") ? "live, being changed" : "live";
}

static void object_print(const char *mark, const char *title, const char *id, const char *state, const char *account)
{
    printf("    %s %-24s%-38s %s%s%s\n", mark, title, text_is_empty(id) ? "-" : id, state, text_is_empty(account) ? "" : ", in ", text_or(account, ""));
}

static void resource_print(const char *mark, const char *title, const struct rows *rows, size_t row)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const char *refusal = rows_cell(rows, row, COLUMN_REFUSAL), *message = rows_cell(rows, row, COLUMN_MESSAGE);

    object_print(mark, title, rows_cell(rows, row, COLUMN_ID), state_of(rows, row), rows_cell(rows, row, COLUMN_ACCOUNT));
    if (!text_is_empty(rows_cell(rows, row, COLUMN_SLOT)))
        printf("      %-24s%s\n", "", printable(&arena, rows_cell(rows, row, COLUMN_SLOT)));
    if (rows_cell(rows, row, COLUMN_SYMMETRIC_RTP))
        printf("      %-24ssymmetric RTP is %s (only Twilio's console can change it)\n", "",
               rows_true(rows, row, COLUMN_SYMMETRIC_RTP) ? "on" : "off");
    if (!text_is_empty(refusal) || !text_is_empty(message))
        printf("      %-24s%s%s%s\n", "", text_or(refusal, ""), text_is_empty(refusal) || text_is_empty(message) ? "" : ": ",
               printable(&arena, text_or(message, "")));
}

static void stage_print(const struct stage *stage, const struct json *number, const struct rows *rows)
{
    const char *id = stage->key ? json_member(number, stage->key) : NULL;
    const char *mark = stage->beside ? "+" : "→";
    bool shown = false;

    for (size_t row = 0; rows && row < rows_count(rows); row++)
        if (text_equal(rows_cell(rows, row, COLUMN_KIND), stage->kind)) {
            resource_print(shown ? " " : mark, shown ? "" : stage->title, rows, row);
            shown = true;
        }
    if (!shown && !stage->on_request && (rows || stage->key))
        object_print(mark, stage->title, id, rows ? "not there" : id ? "known" : "not there", NULL);
}

/* Of a number whose row is gone the provider is known by what is left of it. */
static bool is_twilios(const struct json *number, const struct rows *rows)
{
    if (json_member(number, "provider"))
        return !text_equal(json_member(number, "provider"), "sip");
    for (size_t row = 0; rows && row < rows_count(rows); row++)
        if (text_starts(text_or(rows_cell(rows, row, COLUMN_KIND), ""), "twilio."))
            return true;
    return json_member(number, "trunk") || json_member(number, "twilio_phone_number_sid");
}

static void stages_print(const struct stage *stages, size_t count, const struct json *number, const struct rows *rows)
{
    bool twilio = is_twilios(number, rows);

    for (size_t i = 0; i < count; i++)
        if (twilio || !stages[i].twilio)
            stage_print(&stages[i], number, rows);
}

/* Whom the rule leads to as it was seen last, by the names that LiveKit knows; NULL: it is not there, or that is not known. */
static const struct json *agents_of_rule(struct arena *arena, const struct rows *rows)
{
    const struct json *agents;
    struct err err;

    for (size_t row = 0; rows && row < rows_count(rows); row++) {
        const char *text = rows_cell(rows, row, COLUMN_AGENTS);

        if (text && json_parse(arena, text, strlen(text), &agents, &err) && agents->type == JSON_OBJECT && agents->child)
            return agents;
    }
    return NULL;
}

/* What calls meet now; and what is wanted, where the daemon has not come to it yet. */
static void agent_print(const struct json *number, const struct json *agent, const struct rows *rows)
{
    CLEANUP(arena_release) struct arena arena = { 0 };
    const char *name = json_member(number, "agent"), *known_as = text_or(json_member(agent, "dispatch_name"), "?");
    const struct json *now = agents_of_rule(&arena, rows);

    if (now && (!name || !json_get(now, known_as))) {
        printf("    → agent ");
        for (const struct json *one = now->child; one; one = one->next)
            printf("%s%s", printable(&arena, one->key), one->next ? ", " : "");
        printf(", as LiveKit knows it; to be: %s\n", name ? arena_printf(&arena, "%s (%s)", name, known_as) : "nobody, for the number has no agent");
    } else if (name) {
        printf("    → agent %s, which LiveKit knows as %s\n", name, known_as);
    } else {
        puts("    → nobody: the number has no agent");
    }
}

/* The number's own, not what it shares with others of its trunk. */
static bool is_left(const struct stage *stages, size_t count, const struct json *number, const struct rows *rows)
{
    for (size_t i = 0; i < count; i++) {
        if (stages[i].key && !stages[i].twilio && json_member(number, stages[i].key))
            return true;
        for (size_t row = 0; rows && row < rows_count(rows); row++)
            if (text_equal(rows_cell(rows, row, COLUMN_KIND), stages[i].kind) && text_equal(rows_cell(rows, row, COLUMN_OWNER_TYPE), "number"))
                return true;
    }
    return false;
}

void path_print(const struct json *number, const struct json *agent, const struct rows *resources)
{
    /* Of a number whose row is gone the view does not know what it was for: what is left of it tells. */
    bool retired = !json_member(number, "provider"), twilio = is_twilios(number, resources);
    bool comes = retired ? is_left(inbound, ARRAY_SIZE(inbound), number, resources) : json_member_bool(number, "supports_inbound");
    bool goes = retired ? is_left(outbound, ARRAY_SIZE(outbound), number, resources) : json_member_bool(number, "supports_outbound");

    if (comes) {
        printf("\n  the way of a call to %s\n", json_member(number, "phone_number"));
        puts(twilio ? "    the caller" : "    your carrier");
        stages_print(inbound, ARRAY_SIZE(inbound), number, resources);
        agent_print(number, agent, resources);
    }
    if (goes) {
        printf("\n  the way of a call from %s\n", json_member(number, "phone_number"));
        puts("    an agent or a program");
        stages_print(outbound, ARRAY_SIZE(outbound), number, resources);
        printf("    → %sthe callee, who sees %s\n", twilio ? "" : "your carrier, and ", json_member(number, "phone_number"));
    }
}

void policy_print(const struct rows *resources)
{
    bool any = false;

    for (size_t row = 0; resources && row < rows_count(resources); row++)
        any = any || text_equal(rows_cell(resources, row, COLUMN_KIND), policy[0].kind);
    if (!any)
        return;
    puts("\n  beside it: a connection policy, which routes nothing by itself; a BYOC trunk at Twilio has to name it");
    stages_print(policy, ARRAY_SIZE(policy), NULL, resources);
}
