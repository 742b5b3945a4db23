/* voice v1: connection policies, their targets, BYOC trunks.
 *
 * Rules: no name is unique; 10000 policies, 10 targets in one (21253, 21254); a target is a sip: address, never sips:; a policy with
 * targets, or one that a BYOC trunk uses, cannot be deleted (409 20409) unless the setting lets it take its targets along; a BYOC
 * trunk names a policy that exists, and can be deleted unless the setting wants that name cleared first. A policy routes only
 * through a BYOC trunk. */
#include "twilio.h"

#include "json.h"

#define VOICE_INVALID 20422
#define PRIORITY_STANDARD 10
#define WEIGHT_STANDARD 10

/* ---- connection policies */

static const struct param policy_params[] = { { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 255 }, { 0 } };

struct json_object *twilio_policy_defaults(void)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "friendly_name", NULL);
    return o;
}

static bool policy_usable(struct sim *sim, struct call *call, const struct form *form, const struct object *above, const struct object *self)
{
    (void)form;
    (void)above;
    if (self || (int64_t)call->tenant->lists[KIND_CONNECTION_POLICY].count < sim->set.twilio_cap_connection_policies)
        return true;
    twilio_error(sim, call, 400, 21253, "Maximum number of connection policies reached");
    return false;
}

static bool uses(const struct object *byoc, const struct object *policy)
{
    return text_equal(get_text(byoc->body, "connection_policy_sid"), policy->id);
}

static bool policy_removable(struct sim *sim, struct call *call, struct object *policy)
{
    struct object_list *trunks = &call->tenant->lists[KIND_BYOC_TRUNK];
    bool used = twilio_count_below(call->tenant, KIND_POLICY_TARGET, policy->id) > 0;
    for (const struct object *o = trunks->head; o; o = o->next)
        used = used || uses(o, policy);
    if (used && !sim->set.twilio_policy_delete) {
        twilio_error(sim, call, 409, 20409, "Connection policy has targets or is in use");
        return false;
    }
    for (struct object *o = trunks->head; o; o = o->next)
        if (uses(o, policy))
            put_text(o->body, "connection_policy_sid", NULL);
    twilio_remove_below(policy, KIND_POLICY_TARGET);
    return true;
}

static const struct twilio_collection policies = {
    KIND_CONNECTION_POLICY, KIND_MAX_, 0, 2, "connection_policies", twilio_policy_defaults, policy_usable, policy_removable,
};

/* ---- targets of a policy */

static const struct param target_params[] = {
    { "Target", "target", PARAM_SIP_URL, .required = true },
    { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 255 },
    { "Priority", "priority", PARAM_INT, 0, 65535, NULL, false },
    { "Weight", "weight", PARAM_INT, 1, 65535, NULL, false },
    { "Enabled", "enabled", PARAM_BOOL, .min = 0 },
    { 0 },
};

struct json_object *twilio_target_defaults(void)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "friendly_name", NULL);
    put_text(o, "target", NULL);
    put_int(o, "priority", PRIORITY_STANDARD);
    put_int(o, "weight", WEIGHT_STANDARD);
    put_bool(o, "enabled", true);
    return o;
}

static bool target_usable(struct sim *sim, struct call *call, const struct form *form, const struct object *policy, const struct object *self)
{
    const char *target = form_get(form, "Target");
    if (target && !twilio_is_sip_url(target, /* sips_too= */ false)) {
        twilio_error(sim, call, 400, VOICE_INVALID, "Target must begin with sip:");
        return false;
    }
    if (self || (int64_t)twilio_count_below(call->tenant, KIND_POLICY_TARGET, policy->id) < sim->set.twilio_cap_policy_targets)
        return true;
    twilio_error(sim, call, 400, 21254, "Maximum number of targets in this connection policy reached");
    return false;
}

static const struct twilio_collection targets = {
    KIND_POLICY_TARGET, KIND_CONNECTION_POLICY, 2, 4, "targets", twilio_target_defaults, target_usable, NULL,
};

/* ---- BYOC trunks */

static const struct param byoc_params[] = {
    { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 255 },
    { "VoiceUrl", "voice_url", PARAM_TEXT, .min = 0 }, { "VoiceMethod", "voice_method", PARAM_ENUM, .values = "GET|POST" },
    { "VoiceFallbackUrl", "voice_fallback_url", PARAM_TEXT, .min = 0 },
    { "VoiceFallbackMethod", "voice_fallback_method", PARAM_ENUM, .values = "GET|POST" },
    { "StatusCallbackUrl", "status_callback_url", PARAM_TEXT, .min = 0 },
    { "StatusCallbackMethod", "status_callback_method", PARAM_ENUM, .values = "GET|POST" },
    { "CnamLookupEnabled", "cnam_lookup_enabled", PARAM_BOOL, .min = 0 },
    { "ConnectionPolicySid", "connection_policy_sid", PARAM_TEXT, .min = 0 },
    { "FromDomainSid", "from_domain_sid", PARAM_TEXT, .min = 0 },
    { 0 },
};

struct json_object *twilio_byoc_defaults(void)
{
    static const char *const unset[] = { "friendly_name", "voice_url", "voice_fallback_url", "status_callback_url",
                                         "connection_policy_sid", "from_domain_sid" };
    static const char *const methods[] = { "voice_method", "voice_fallback_method", "status_callback_method" };
    struct json_object *o = json_object_new_object();
    for (size_t i = 0; i < ARRAY_SIZE(unset); i++)
        put_text(o, unset[i], NULL);
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
        put_text(o, methods[i], "POST");
    put_bool(o, "cnam_lookup_enabled", false);
    return o;
}

static bool byoc_usable(struct sim *sim, struct call *call, const struct form *form, const struct object *above, const struct object *self)
{
    const char *policy = form_get(form, "ConnectionPolicySid");
    int64_t most = sim->set.twilio_cap_byoc_trunks;
    (void)above;
    if (!text_is_empty(policy)) {
        const struct object *o = object_find(call->tenant, KIND_CONNECTION_POLICY, NULL, policy);
        if (!o || !object_visible(sim, o)) {
            twilio_error(sim, call, 400, 20423, "ConnectionPolicySid does not name a connection policy of this account");
            return false;
        }
    }
    if (self || most == 0 || (int64_t)call->tenant->lists[KIND_BYOC_TRUNK].count < most)
        return true;
    twilio_error(sim, call, 400, VOICE_INVALID, "Maximum number of BYOC trunks reached");
    return false;
}

static bool byoc_removable(struct sim *sim, struct call *call, struct object *byoc)
{
    if (sim->set.twilio_byoc_delete || text_is_empty(get_text(byoc->body, "connection_policy_sid")))
        return true;
    twilio_error(sim, call, 409, 20409, "BYOC trunk has a connection policy");
    return false;
}

static const struct twilio_collection byoc_trunks = {
    KIND_BYOC_TRUNK, KIND_MAX_, 0, 2, "byoc_trunks", twilio_byoc_defaults, byoc_usable, byoc_removable,
};

#define POLICIES "v1", "ConnectionPolicies"
#define BYOC "v1", "ByocTrunks"

const struct twilio_route twilio_voice_routes[] = {
    { "GET", { POLICIES }, twilio_collection_list, NULL, 0, &policies },
    { "POST", { POLICIES }, twilio_collection_create, policy_params, VOICE_INVALID, &policies },
    { "GET", { POLICIES, "*" }, twilio_collection_get, NULL, 0, &policies },
    { "POST", { POLICIES, "*" }, twilio_collection_update, policy_params, VOICE_INVALID, &policies },
    { "DELETE", { POLICIES, "*" }, twilio_collection_delete, NULL, 0, &policies },
    { "GET", { POLICIES, "*", "Targets" }, twilio_collection_list, NULL, 0, &targets },
    { "POST", { POLICIES, "*", "Targets" }, twilio_collection_create, target_params, VOICE_INVALID, &targets },
    { "GET", { POLICIES, "*", "Targets", "*" }, twilio_collection_get, NULL, 0, &targets },
    { "POST", { POLICIES, "*", "Targets", "*" }, twilio_collection_update, target_params, VOICE_INVALID, &targets },
    { "DELETE", { POLICIES, "*", "Targets", "*" }, twilio_collection_delete, NULL, 0, &targets },
    { "GET", { BYOC }, twilio_collection_list, NULL, 0, &byoc_trunks },
    { "POST", { BYOC }, twilio_collection_create, byoc_params, VOICE_INVALID, &byoc_trunks },
    { "GET", { BYOC, "*" }, twilio_collection_get, NULL, 0, &byoc_trunks },
    { "POST", { BYOC, "*" }, twilio_collection_update, byoc_params, VOICE_INVALID, &byoc_trunks },
    { "DELETE", { BYOC, "*" }, twilio_collection_delete, NULL, 0, &byoc_trunks },
    { 0 },
};
