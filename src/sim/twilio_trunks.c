/* trunking v1: trunks, origination URLs, numbers, recording. The lists of a trunk are in twilio_access.c.
 *
 * Rules: a DomainName is one label below pstn.twilio.com, unique across all accounts, and stays taken after the trunk is gone
 * (tombstone); caps per account and trunk; a number is on one trunk at most; deleting a trunk takes its URLs and associations
 * along and detaches its numbers, which stay. */
#include "twilio.h"

#include "json.h"

#define DOMAIN_SUFFIX ".pstn.twilio.com"
#define TRUNK_INVALID 21245

/* ---- domain names */

static char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text);
    for (char *p = copy; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 32);
    return copy;
}

static bool domain_well_formed(const char *domain)
{
    size_t length = strlen(domain), suffix = strlen(DOMAIN_SUFFIX);
    if (length <= suffix || !text_equal(domain + length - suffix, DOMAIN_SUFFIX) || length - suffix > 63)
        return false;
    return strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length && domain[0] != '.';
}

struct object *twilio_domain_holder(struct sim *sim, const char *domain)
{
    for (struct tenant *t = sim->tenants; t; t = t->next)
        for (struct object *o = t->lists[KIND_TRUNK].head; o; o = o->next)
            if (strcasecmp(text_or(get_text(o->body, "domain_name"), ""), domain) == 0)
                return o;
    return NULL;
}

/* "ac" and 32 hex digits of an account that is not ours. */
static bool names_another_account(struct sim *sim, const struct tenant *self, const char *domain)
{
    for (const struct tenant *t = sim->tenants; t; t = t->next)
        if (t != self && t->port == SIM_TWILIO && strncasecmp(domain, t->id, strlen(t->id)) == 0)
            return true;
    return false;
}

/* `trunk` is the one that keeps or takes the name, NULL in a create. */
static bool domain_usable(struct sim *sim, struct call *call, const char *domain, const struct object *trunk)
{
    if (!domain_well_formed(domain) || names_another_account(sim, call->tenant, domain)) {
        twilio_error(sim, call, 400, TRUNK_INVALID, "Termination URI is not valid: letters, digits and '-' before .pstn.twilio.com");
        return false;
    }
    const char *dot = strchr(domain, '.');
    if (!text_equal(dot, DOMAIN_SUFFIX) && !twilio_domain_holder(sim, dot + 1)) {
        twilio_error(sim, call, 400, 21247, "The parent of this Termination URI does not exist");
        return false;
    }
    struct object *holder = twilio_domain_holder(sim, domain);
    if ((holder && holder != trunk && twilio_met(sim, call, holder)) || (!holder && tombstone_holds(sim, domain, call->tenant))) {
        twilio_error(sim, call, 400, sim->set.twilio_domain_taken_code, "Termination URI is not available");
        return false;
    }
    return true;
}

/* ---- trunks */

static const struct param trunk_params[] = {
    { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 64 },
    { "DomainName", NULL, PARAM_TEXT, .min = 0 },
    { "DisasterRecoveryUrl", "disaster_recovery_url", PARAM_URL, .min = 0 },
    { "DisasterRecoveryMethod", "disaster_recovery_method", PARAM_ENUM, .values = "GET|POST" },
    { "TransferMode", "transfer_mode", PARAM_ENUM, .values = "disable-all|enable-all|sip-only" },
    { "TransferCallerId", "transfer_caller_id", PARAM_ENUM, .values = "from-transferee|from-transferor" },
    { "Secure", "secure", PARAM_BOOL, .min = 0 },
    { "CnamLookupEnabled", "cnam_lookup_enabled", PARAM_BOOL, .min = 0 },
    { 0 },
};

static void trunk_create(struct sim *sim, struct call *call)
{
    struct form form;
    if (!twilio_form(sim, call, true, &form))
        return;
    const char *given = form_get(&form, "DomainName"), *domain = text_is_empty(given) ? NULL : lower(&call->arena, given);
    if (domain && !domain_usable(sim, call, domain, NULL))
        return;
    if ((int64_t)call->tenant->lists[KIND_TRUNK].count >= sim->set.twilio_cap_trunks) {
        twilio_error(sim, call, 400, 21244, "Maximum number of trunks reached");
        return;
    }
    struct object *o = object_add(sim, call->tenant, KIND_TRUNK, NULL, NULL, twilio_trunk_defaults());
    twilio_apply(sim, call, &form, o->body);
    put_text(o->body, "domain_name", sim->set.twilio_keeps_case ? given : domain);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 201, o);
}

static struct json_object *show_without_domain(const struct sim *sim, const struct object *o, const char *host)
{
    struct json_object *shown = twilio_show(sim, o, host);
    json_object_object_del(shown, "domain_name");
    return shown;
}

static void trunk_list(struct sim *sim, struct call *call)
{
    struct object_set set = twilio_listed(sim, call, KIND_TRUNK, NULL);
    twilio_page(sim, call, "trunks", &set, sim->set.twilio_list_omits_domain ? show_without_domain : twilio_show);
}

static struct object *path_trunk(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, KIND_TRUNK, NULL, call->segments[2]);
}

static void trunk_get(struct sim *sim, struct call *call)
{
    struct object *o = path_trunk(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

static void trunk_update(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *o = path_trunk(sim, call);
    if (!o || !twilio_form(sim, call, false, &form))
        return;
    const char *given = form_get(&form, "DomainName"), *old = get_text(o->body, "domain_name");
    const char *domain = text_is_empty(given) ? NULL : lower(&call->arena, given);
    if (domain && !domain_usable(sim, call, domain, o))
        return;
    if (domain && strcasecmp(domain, text_or(old, "")) != 0)
        tombstone_add(sim, old, call->tenant);
    if (domain)
        put_text(o->body, "domain_name", sim->set.twilio_keeps_case ? given : domain);
    twilio_apply(sim, call, &form, o->body);
    object_touch(sim, o);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 200, o);
}

void number_set_trunk(struct sim *sim, struct object *number, const char *trunk_sid)
{
    put_text(number->body, "trunk_sid", text_is_empty(trunk_sid) ? NULL : trunk_sid);
    if (!text_is_empty(trunk_sid))
        put_text(number->body, "voice_application_sid", "");
    number->attached_ms = sim->now_ms;
    object_touch(sim, number);
}

static bool is_on(const struct object *number, const struct object *trunk)
{
    return text_equal(get_text(number->body, "trunk_sid"), trunk->id);
}

void twilio_trunk_remove(struct sim *sim, struct object *trunk)
{
    for (struct object *n = trunk->tenant->lists[KIND_PHONE_NUMBER].head; n; n = n->next)
        if (is_on(n, trunk))
            number_set_trunk(sim, n, NULL);
    twilio_remove_below(trunk, KIND_ORIGINATION_URL);
    twilio_remove_below(trunk, KIND_TRUNK_CREDENTIAL_LIST);
    twilio_remove_below(trunk, KIND_TRUNK_ADDRESS_LIST);
    twilio_remove_below(trunk, KIND_RECORDING);
    tombstone_add(sim, get_text(trunk->body, "domain_name"), trunk->tenant);
    object_remove(trunk);
}

static void trunk_delete(struct sim *sim, struct call *call)
{
    struct object *o = path_trunk(sim, call);
    if (!o)
        return;
    for (struct object *n = call->tenant->lists[KIND_PHONE_NUMBER].head; n; n = n->next) {
        if (!is_on(n, o) || !text_equal(get_text(n->body, "emergency_status"), "Active"))
            continue;
        twilio_error(sim, call, 400, 21634, "Trunk is in use for emergency calling");
        return;
    }
    call_committed(sim, call, o->key);
    twilio_trunk_remove(sim, o);
    answer_empty(call, 204);
}

/* ---- origination URLs */

static const struct param url_params[] = {
    { "Weight", "weight", PARAM_INT, 1, 65535, NULL, true },
    { "Priority", "priority", PARAM_INT, 0, 65535, NULL, true },
    { "Enabled", "enabled", PARAM_BOOL, .required = true },
    { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 64, .required = true },
    { "SipUrl", "sip_url", PARAM_SIP_URL, .required = true },
    { 0 },
};

/* What the form says; `self` is the one under update, NULL in a create. */
static bool url_usable(struct sim *sim, struct call *call, const struct form *form, const struct object *trunk, const struct object *self)
{
    const char *url = form_get(form, "SipUrl"), *name = form_get(form, "FriendlyName");
    if (url && !twilio_is_sip_url(url, /* sips_too= */ true)) {
        twilio_error(sim, call, 400, TRUNK_INVALID, "SipUrl must begin with sip:");
        return false;
    }
    for (const struct object *o = call->tenant->lists[KIND_ORIGINATION_URL].head; o && !self && !sim->set.twilio_duplicate_url; o = o->next) {
        if (!text_equal(o->parent, trunk->id) || !text_equal(get_text(o->body, "sip_url"), url)
            || !text_equal(get_text(o->body, "friendly_name"), name))
            continue;
        twilio_error(sim, call, 400, TRUNK_INVALID, "This origination URL exists already");
        return false;
    }
    return true;
}

static void url_create(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *trunk = path_trunk(sim, call);
    if (!trunk || !twilio_form(sim, call, true, &form) || !url_usable(sim, call, &form, trunk, NULL))
        return;
    if ((int64_t)twilio_count_below(call->tenant, KIND_ORIGINATION_URL, trunk->id) >= sim->set.twilio_cap_origination_urls) {
        twilio_error(sim, call, 400, 21249, "Maximum number of origination URLs reached");
        return;
    }
    struct object *o = object_add(sim, call->tenant, KIND_ORIGINATION_URL, NULL, trunk->id, twilio_url_defaults());
    twilio_apply(sim, call, &form, o->body);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 201, o);
}

static void url_list(struct sim *sim, struct call *call)
{
    struct object *trunk = path_trunk(sim, call);
    if (!trunk)
        return;
    struct object_set set = twilio_listed(sim, call, KIND_ORIGINATION_URL, trunk->id);
    twilio_page(sim, call, "origination_urls", &set, twilio_show);
}

static struct object *path_url(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, KIND_ORIGINATION_URL, call->segments[2], call->segments[4]);
}

static void url_get(struct sim *sim, struct call *call)
{
    struct object *o = path_url(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

static void url_update(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *o = path_url(sim, call);
    if (!o || !twilio_form(sim, call, false, &form) || !url_usable(sim, call, &form, NULL, o))
        return;
    twilio_apply(sim, call, &form, o->body);
    object_touch(sim, o);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 200, o);
}

static void remove_answered(struct sim *sim, struct call *call, struct object *o)
{
    if (!o)
        return;
    call_committed(sim, call, o->key);
    object_remove(o);
    answer_empty(call, 204);
}

static void url_delete(struct sim *sim, struct call *call) { remove_answered(sim, call, path_url(sim, call)); }

/* ---- numbers of a trunk */

static const struct param attach_params[] = { { "PhoneNumberSid", NULL, PARAM_TEXT, .required = true }, { 0 } };

static void attach_create(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *trunk = path_trunk(sim, call);
    if (!trunk || !twilio_form(sim, call, true, &form))
        return;
    struct object *number = twilio_path_object(sim, call, KIND_PHONE_NUMBER, NULL, form_get(&form, "PhoneNumberSid"));
    if (!number)
        return;
    bool attached = !text_is_empty(get_text(number->body, "trunk_sid")), here = attached && is_on(number, trunk);
    if ((here && !sim->set.twilio_attach_repeat) || (attached && !here && !sim->set.twilio_attach_moves)) {
        twilio_error(sim, call, 400, sim->set.twilio_attach_refused_code, "Phone number is already associated with a trunk");
        return;
    }
    if (!here)
        number_set_trunk(sim, number, trunk->id);
    call_committed(sim, call, number->key);
    answer_json(call, 201, twilio_show_trunk_number(sim, number, call->host));
}

static void attach_list(struct sim *sim, struct call *call)
{
    struct object *trunk = path_trunk(sim, call);
    if (!trunk)
        return;
    struct object_list *list = &call->tenant->lists[KIND_PHONE_NUMBER];
    struct object_set set = twilio_set(call, list->count);
    for (struct object *n = list->head; n; n = n->next)
        if (object_visible(sim, n) && is_on(n, trunk) && n->attached_ms + sim->set.twilio_list_lag_ms <= sim->now_ms)
            set.items[set.count++] = n;
    twilio_page(sim, call, "phone_numbers", &set, twilio_show_trunk_number);
}

static struct object *path_attached(struct sim *sim, struct call *call)
{
    struct object *trunk = path_trunk(sim, call);
    if (!trunk)
        return NULL;
    struct object *number = twilio_path_object(sim, call, KIND_PHONE_NUMBER, NULL, call->segments[4]);
    if (number && is_on(number, trunk))
        return number;
    twilio_missing(sim, call);
    return NULL;
}

static void attach_get(struct sim *sim, struct call *call)
{
    struct object *number = path_attached(sim, call);
    if (number)
        answer_json(call, 200, twilio_show_trunk_number(sim, number, call->host));
}

static void attach_delete(struct sim *sim, struct call *call)
{
    struct object *number = path_attached(sim, call);
    if (!number)
        return;
    number_set_trunk(sim, number, NULL);
    call_committed(sim, call, number->key);
    answer_empty(call, 204);
}

/* ---- recording */

static const struct param recording_params[] = {
    { "Mode", "mode", PARAM_ENUM, .values = "do-not-record|record-from-ringing|record-from-answer|record-from-ringing-dual|record-from-answer-dual" },
    { "Trim", "trim", PARAM_ENUM, .values = "do-not-trim|trim-silence" },
    { 0 },
};

/* A trunk's recording is an object of its own, of the trunk's sid, while it is another than every trunk has. */
struct json_object *twilio_recording_of(const struct object *trunk)
{
    const struct object *o = object_find(trunk->tenant, KIND_RECORDING, trunk->id, trunk->id);
    return o ? json_copy(o->body) : twilio_recording_defaults();
}

static void recording_get(struct sim *sim, struct call *call)
{
    struct object *trunk = path_trunk(sim, call);
    if (trunk)
        answer_json(call, 200, twilio_recording_of(trunk));
}

static void recording_update(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *trunk = path_trunk(sim, call);
    if (!trunk || !twilio_form(sim, call, false, &form))
        return;
    struct json_object *body = twilio_recording_of(trunk), *standard = twilio_recording_defaults();
    struct object *o = object_find(call->tenant, KIND_RECORDING, trunk->id, trunk->id);
    twilio_apply(sim, call, &form, body);
    if (o)
        object_remove(o);
    if (!json_object_equal(body, standard))
        object_add(sim, call->tenant, KIND_RECORDING, trunk->id, trunk->id, json_copy(body));
    json_object_put(standard);
    object_touch(sim, trunk);
    call_committed(sim, call, trunk->key);
    answer_json(call, 200, body);
}

const struct twilio_route twilio_trunk_routes[] = {
    { "GET", { "v1", "Trunks" }, trunk_list, NULL, 0, NULL },
    { "POST", { "v1", "Trunks" }, trunk_create, trunk_params, TRUNK_INVALID, NULL },
    { "GET", { "v1", "Trunks", "*" }, trunk_get, NULL, 0, NULL },
    { "POST", { "v1", "Trunks", "*" }, trunk_update, trunk_params, TRUNK_INVALID, NULL },
    { "DELETE", { "v1", "Trunks", "*" }, trunk_delete, NULL, 0, NULL },
    { "GET", { "v1", "Trunks", "*", "OriginationUrls" }, url_list, NULL, 0, NULL },
    { "POST", { "v1", "Trunks", "*", "OriginationUrls" }, url_create, url_params, TRUNK_INVALID, NULL },
    { "GET", { "v1", "Trunks", "*", "OriginationUrls", "*" }, url_get, NULL, 0, NULL },
    { "POST", { "v1", "Trunks", "*", "OriginationUrls", "*" }, url_update, url_params, TRUNK_INVALID, NULL },
    { "DELETE", { "v1", "Trunks", "*", "OriginationUrls", "*" }, url_delete, NULL, 0, NULL },
    { "GET", { "v1", "Trunks", "*", "PhoneNumbers" }, attach_list, NULL, 0, NULL },
    { "POST", { "v1", "Trunks", "*", "PhoneNumbers" }, attach_create, attach_params, TRUNK_INVALID, NULL },
    { "GET", { "v1", "Trunks", "*", "PhoneNumbers", "*" }, attach_get, NULL, 0, NULL },
    { "DELETE", { "v1", "Trunks", "*", "PhoneNumbers", "*" }, attach_delete, NULL, 0, NULL },
    { "GET", { "v1", "Trunks", "*", "Recording" }, recording_get, NULL, 0, NULL },
    { "POST", { "v1", "Trunks", "*", "Recording" }, recording_update, recording_params, TRUNK_INVALID, NULL },
    { 0 },
};
