/* livekit.dispatch_rule: which agents answer the calls of a number, and in which room. There while the number has an agent; another
 * agent, or another type of rule, is a replace.
 *
 * The rule names its trunk, always: a rule without trunks takes every call of the project. The object of its variant has to be there
 * even when nothing is in it. The tag stands in the name, for a rule's metadata and attributes are shown to every caller. */
#include "livekit.h"

#include <trunkd/text.h>

#include "setting.h"
#include "value.h"

enum { NAME, TRUNK_IDS, ATTRIBUTES, HIDE_PHONE_NUMBER, TYPE, ROOM_NAME, ROOM_PREFIX, PIN, NO_RANDOMNESS, RANDOMIZE, AGENTS };

static const char *const type_names[] = { "dispatch_rule_individual", "dispatch_rule_direct", "dispatch_rule_callee", NULL };
static const char *const type_words[] = { "individual", "direct", "callee", NULL };
static const char *const agent_names[] = { "agent_name", "metadata", NULL };

/* What shares an object stands together: the encoder walks this table. */
static const struct field fields[] = {
    [NAME]              = { "name",              "name",                 NULL, FIELD_TEXT,    0, NULL },
    [TRUNK_IDS]         = { "trunk_ids",         "trunk_ids",            NULL, FIELD_SET,     FIELD_REF, NULL },
    [ATTRIBUTES]        = { "attributes",        "attributes",           NULL, FIELD_MAP,     0, NULL },
    [HIDE_PHONE_NUMBER] = { "hide_phone_number", "hide_phone_number",    NULL, FIELD_BOOL,    0, NULL },
    [TYPE]              = { "type",              "rule.*",               NULL, FIELD_VARIANT, 0, type_names },
    [ROOM_NAME]         = { "room_name",         "rule.*.room_name",     NULL, FIELD_TEXT,    0, NULL },
    [ROOM_PREFIX]       = { "room_prefix",       "rule.*.room_prefix",   NULL, FIELD_TEXT,    0, NULL },
    [PIN]               = { "pin",               "rule.*.pin",           NULL, FIELD_TEXT,    0, NULL },
    [NO_RANDOMNESS]     = { "no_randomness",     "rule.*.no_randomness", NULL, FIELD_BOOL,    0, NULL },
    [RANDOMIZE]         = { "randomize",         "rule.*.randomize",     NULL, FIELD_BOOL,    0, NULL },
    [AGENTS]            = { "agents",            "room_config.agents",   NULL, FIELD_PAIRS,   0, agent_names },
};

static const struct setting settings[] = {
    { "attributes", ATTRIBUTES, NULL }, { "hide_phone_number", HIDE_PHONE_NUMBER, NULL }, { "type", TYPE, type_words },
    { "room_name", ROOM_NAME, NULL }, { "pin", PIN, NULL }, { "no_randomness", NO_RANDOMNESS, NULL }, { "randomize", RANDOMIZE, NULL },
    { "more_agents", AGENTS, NULL },
};

static const enum kind_id needs[] = { KIND_INBOUND_TRUNK };

static size_t want(const struct scene *scene, struct arena *arena, struct wanted *ret, size_t max)
{
    const struct agent *agent = scene->agent;
    struct spec *spec;

    if (max == 0 || !scene_is_number(scene) || !scene->number->supports_inbound || !agent)
        return 0;
    spec = want_one(&kind_DISPATCH_RULE, scene, "", number_label(scene->number), ret);
    settings_take(&kind_DISPATCH_RULE, settings, ARRAY_SIZE(settings), agent->dispatch_rule, arena, spec);
    spec->value[TRUNK_IDS] = value_set_of(scene_id(scene, KIND_INBOUND_TRUNK, ""), arena);
    spec->value[ROOM_PREFIX] = spec->value[ROOM_NAME] ? NULL : value_text(agent->room_prefix);
    spec->value[AGENTS] = value_map_with(spec->value[AGENTS], agent->dispatch_name, agent->metadata, arena);
    return 1;
}

static void tag(const char *text, const char *label, struct arena *arena, struct spec *spec)
{
    spec->value[NAME] = name_with_tag(label, text, arena);
}

static const struct livekit_shape shape = {
    .kind = &kind_DISPATCH_RULE,
    .create = "CreateSIPDispatchRule", .update = "UpdateSIPDispatchRule", .remove = "DeleteSIPDispatchRule", .list = "ListSIPDispatchRule",
    .wrapper = "dispatch_rule", .id = "sip_dispatch_rule_id", .ids = "dispatch_rule_ids",
};

static void create(const struct call *call, struct request *ret) { livekit_create(&shape, call, ret); }
static void update(const struct call *call, struct request *ret) { livekit_update(&shape, call, ret); }
static void remove_rule(const struct call *call, struct request *ret) { livekit_remove(&shape, call, ret); }
static void get(const struct call *call, struct request *ret) { livekit_get(&shape, call, ret); }
static void list(const struct call *call, struct request *ret) { livekit_list(&shape, call, ret); }

static bool decode(enum operation operation, const struct call *call, const struct reply *reply,
                   void (*each)(void *userdata, const struct found *), void *userdata, const char **ret_cursor, struct err *err)
{
    return livekit_decode(&shape, operation, call, reply, each, userdata, ret_cursor, err);
}

const struct kind kind_DISPATCH_RULE = {
    .id = KIND_DISPATCH_RULE, .name = "livekit.dispatch_rule", .owner = OWNER_NUMBER, .family = FAMILY_LIVEKIT,
    .catches_all_without = { "trunk_ids" },
    .recognised = BY_TAG, .scope = LIST_PER_ACCOUNT, .repeat = REPEAT_MUST_WAIT, .region_bound = true,
    .fields = fields, .fields_count = ARRAY_SIZE(fields), .needs = needs, .needs_count = ARRAY_SIZE(needs),
    .want = want, .tag = tag, .create = create, .update = update, .remove = remove_rule, .get = get, .list = list,
    .decode = decode, .judge = livekit_judge,
};
