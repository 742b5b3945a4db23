/* api v2010: the account, its numbers, its SIP credential lists.
 *
 * Rules: a list's FriendlyName is unique in the account (21240); a user name has at most 32 characters, a password at least 12
 * with a digit and both cases (21240); a list that a trunk uses cannot be deleted (21241, a setting); setting a trunk clears the
 * number's application and the other way round. Numbers are neither bought nor released here. */
#include "twilio.h"

#include "json.h"

#define LIST_INVALID 21240
#define USERNAME_CHARACTERS_MAX 32
#define PASSWORD_CHARACTERS_MIN 12

/* ---- accounts */

static struct json_object *account_json(const struct tenant *t, struct arena *arena)
{
    char date[40];
    struct json_object *o = json_object_new_object(), *below = json_object_new_object();
    const char *uri = arena_printf(arena, "/2010-04-01/Accounts/%s", t->id);
    date_rfc2822(t->created_ms, date, sizeof(date));
    put_text(below, "incoming_phone_numbers", arena_printf(arena, "%s/IncomingPhoneNumbers.json", uri));
    put_text(below, "sip", arena_printf(arena, "%s/SIP.json", uri));
    put_text(o, "auth_token", t->secret);
    put_text(o, "date_created", date);
    put_text(o, "date_updated", date);
    put_text(o, "friendly_name", text_or(t->name, t->id));
    put_text(o, "owner_account_sid", t->id);
    put_text(o, "sid", t->id);
    put_text(o, "status", "active");
    put_json(o, "subresource_uris", below);
    put_text(o, "type", "Full");
    put_text(o, "uri", arena_printf(arena, "%s.json", uri));
    return o;
}

static void account_get(struct sim *sim, struct call *call)
{
    (void)sim;
    answer_json(call, 200, account_json(call->tenant, &call->arena));
}

static void account_list(struct sim *sim, struct call *call)
{
    struct object_set none = twilio_set(call, 0);
    twilio_page(sim, call, "accounts", &none, twilio_show);
    struct json_object *o = json_read_object(call->answer.body, call->answer.body_bytes);
    if (call->answer.status == 200)
        json_object_array_add(get_array(o, "accounts"), account_json(call->tenant, &call->arena));
    answer_json(call, call->answer.status, o);
}

/* ---- numbers */

static const struct param number_params[] = {
    { "TrunkSid", NULL, PARAM_TEXT, .min = 0 }, { "VoiceApplicationSid", NULL, PARAM_TEXT, .min = 0 }, { "AccountSid", NULL, PARAM_TEXT, .min = 0 },
    { "VoiceUrl", "voice_url", PARAM_TEXT, .min = 0 }, { "VoiceMethod", "voice_method", PARAM_ENUM, .values = "GET|POST" },
    { "VoiceFallbackUrl", "voice_fallback_url", PARAM_TEXT, .min = 0 },
    { "VoiceFallbackMethod", "voice_fallback_method", PARAM_ENUM, .values = "GET|POST" },
    { "VoiceReceiveMode", "voice_receive_mode", PARAM_ENUM, .values = "voice|fax" },
    { "VoiceCallerIdLookup", "voice_caller_id_lookup", PARAM_BOOL, .min = 0 },
    { "StatusCallback", "status_callback", PARAM_TEXT, .min = 0 },
    { "StatusCallbackMethod", "status_callback_method", PARAM_ENUM, .values = "GET|POST" },
    { "SmsUrl", "sms_url", PARAM_TEXT, .min = 0 }, { "SmsMethod", "sms_method", PARAM_ENUM, .values = "GET|POST" },
    { "SmsFallbackUrl", "sms_fallback_url", PARAM_TEXT, .min = 0 }, { "SmsFallbackMethod", "sms_fallback_method", PARAM_ENUM, .values = "GET|POST" },
    { "SmsApplicationSid", "sms_application_sid", PARAM_TEXT, .min = 0 }, { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 64 },
    { "AddressSid", "address_sid", PARAM_TEXT, .min = 0 }, { "BundleSid", "bundle_sid", PARAM_TEXT, .min = 0 },
    { "IdentitySid", "identity_sid", PARAM_TEXT, .min = 0 }, { "EmergencyStatus", "emergency_status", PARAM_ENUM, .values = "Active|Inactive" },
    { "EmergencyAddressSid", "emergency_address_sid", PARAM_TEXT, .min = 0 },
    { 0 },
};

/* Is the pattern somewhere in the number? '*' stands for one digit. */
static bool number_matches(const char *number, const char *pattern)
{
    size_t length = strlen(pattern);
    for (size_t start = 0; strlen(number) >= start + length; start++) {
        size_t i = 0;
        while (i < length && (pattern[i] == number[start + i] || (pattern[i] == '*' && number[start + i] != '+')))
            i++;
        if (i == length)
            return true;
    }
    return false;
}

static void number_list(struct sim *sim, struct call *call)
{
    struct form query;
    form_parse(&call->arena, call->query, strlen(call->query), &query);
    const char *pattern = form_get(&query, "PhoneNumber"), *name = form_get(&query, "FriendlyName");
    struct object_list *list = &call->tenant->lists[KIND_PHONE_NUMBER];
    struct object_set set = twilio_set(call, list->count);
    for (struct object *o = list->head; o; o = o->next) {
        if (!object_visible(sim, o) || (pattern && !number_matches(text_or(get_text(o->body, "phone_number"), ""), pattern)))
            continue;
        if (!name || text_equal(get_text(o->body, "friendly_name"), name))
            set.items[set.count++] = o;
    }
    twilio_page(sim, call, "incoming_phone_numbers", &set, twilio_show);
}

static struct object *path_number(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, KIND_PHONE_NUMBER, NULL, call->segments[4]);
}

static void number_get(struct sim *sim, struct call *call)
{
    struct object *o = path_number(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

/* May this number's routing become what the form says? Answers the error otherwise. */
static bool routing_allowed(struct sim *sim, struct call *call, const struct object *o, const struct form *form)
{
    const char *trunk = form_get(form, "TrunkSid"), *account = form_get(form, "AccountSid");
    const char *now = text_or(get_text(o->body, "trunk_sid"), "");
    if (account && !text_equal(account, call->tenant->id)) {
        twilio_error(sim, call, 400, 21474, "Phone number cannot be moved to that account");
        return false;
    }
    if (!text_is_empty(trunk)) {
        struct object *target = object_find(call->tenant, KIND_TRUNK, NULL, trunk);
        if (!target || !object_visible(sim, target)) {
            twilio_error(sim, call, 400, 20423, "TrunkSid does not name a trunk of this account");
            return false;
        }
    }
    if (trunk && !text_equal(trunk, now) && text_equal(get_text(o->body, "emergency_status"), "Active")) {
        twilio_error(sim, call, 400, 21634, "Phone number is in use for emergency calling");
        return false;
    }
    return true;
}

static void number_update(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *o = path_number(sim, call);
    if (!o || !twilio_form(sim, call, false, &form) || !routing_allowed(sim, call, o, &form))
        return;
    const char *trunk = form_get(&form, "TrunkSid"), *application = form_get(&form, "VoiceApplicationSid");
    twilio_apply(sim, call, &form, o->body);
    if (application) {
        put_text(o->body, "voice_application_sid", application);
        if (!text_is_empty(application))
            number_set_trunk(sim, o, NULL);
    }
    if (trunk && (!text_is_empty(trunk) || !text_is_empty(get_text(o->body, "trunk_sid"))))
        number_set_trunk(sim, o, trunk);
    object_touch(sim, o);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 200, o);
}

/* ---- credential lists */

static const struct param list_params[] = { { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 64, .required = true }, { 0 } };

static bool list_name_free(struct sim *sim, struct call *call, const char *name, const struct object *self)
{
    for (struct object *o = call->tenant->lists[KIND_CREDENTIAL_LIST].head; o; o = o->next) {
        if (o == self || !object_visible(sim, o) || !twilio_met(sim, call, o) || !text_equal(get_text(o->body, "friendly_name"), name))
            continue;
        twilio_error(sim, call, 400, LIST_INVALID, "A credential list with this FriendlyName already exists");
        return false;
    }
    return true;
}

static void list_create(struct sim *sim, struct call *call)
{
    struct form form;
    if (!twilio_form(sim, call, true, &form) || !list_name_free(sim, call, form_get(&form, "FriendlyName"), NULL))
        return;
    if ((int64_t)call->tenant->lists[KIND_CREDENTIAL_LIST].count >= sim->set.twilio_cap_credential_lists) {
        twilio_error(sim, call, 400, 21239, "Maximum number of credential lists reached");
        return;
    }
    struct object *o = object_add(sim, call->tenant, KIND_CREDENTIAL_LIST, NULL, NULL, json_object_new_object());
    twilio_apply(sim, call, &form, o->body);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 201, o);
}

static void list_list(struct sim *sim, struct call *call)
{
    struct object_set set = twilio_listed(sim, call, KIND_CREDENTIAL_LIST, NULL);
    twilio_page(sim, call, "credential_lists", &set, twilio_show);
}

static struct object *path_list(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, KIND_CREDENTIAL_LIST, NULL, call->segments[5]);
}

static void list_get(struct sim *sim, struct call *call)
{
    struct object *o = path_list(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

static void list_update(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *o = path_list(sim, call);
    if (!o || !twilio_form(sim, call, true, &form) || !list_name_free(sim, call, form_get(&form, "FriendlyName"), o))
        return;
    twilio_apply(sim, call, &form, o->body);
    object_touch(sim, o);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 200, o);
}

/* Removes the members of a kind that hang on the list: its credentials by parent, its associations by id. */
static size_t members_of(struct object *list, enum sim_kind kind, bool remove)
{
    size_t n = 0;
    for (struct object *o = list->tenant->lists[kind].head, *next = NULL; o; o = next) {
        next = o->next;
        if (!text_equal(kind == KIND_CREDENTIAL ? o->parent : o->id, list->id))
            continue;
        n++;
        if (remove)
            object_remove(o);
    }
    return n;
}

static void list_delete(struct sim *sim, struct call *call)
{
    struct object *o = path_list(sim, call);
    if (!o)
        return;
    if (!sim->set.twilio_full_list_delete && members_of(o, KIND_CREDENTIAL, false) > 0) {
        twilio_error(sim, call, 400, 21241, "Credential list still has credentials");
        return;
    }
    if (members_of(o, KIND_TRUNK_CREDENTIAL_LIST, sim->set.twilio_mapped_list_delete) > 0 && !sim->set.twilio_mapped_list_delete) {
        twilio_error(sim, call, 400, 21241, "Credential list is still mapped");
        return;
    }
    (void)members_of(o, KIND_CREDENTIAL, true);
    call_committed(sim, call, o->key);
    object_remove(o);
    answer_empty(call, 204);
}

/* ---- credentials */

static const struct param credential_params[] = {
    { "Username", "username", PARAM_TEXT, .max = USERNAME_CHARACTERS_MAX, .required = true },
    { "Password", NULL, PARAM_TEXT, .required = true },
    { 0 },
};
static const struct param password_params[] = { { "Password", NULL, PARAM_TEXT, .required = true }, { 0 } };

static bool password_strong(struct sim *sim, struct call *call, const char *password)
{
    bool digit = false, upper = false, small = false;
    for (const char *p = password; *p; p++) {
        digit = digit || (*p >= '0' && *p <= '9');
        upper = upper || (*p >= 'A' && *p <= 'Z');
        small = small || (*p >= 'a' && *p <= 'z');
    }
    if (strlen(password) >= PASSWORD_CHARACTERS_MIN && digit && upper && small)
        return true;
    twilio_error(sim, call, 400, LIST_INVALID, "Password must have at least 12 characters, mixed case and a digit");
    return false;
}

static bool username_free(struct sim *sim, struct call *call, const char *list, const char *username)
{
    for (struct object *o = call->tenant->lists[KIND_CREDENTIAL].head; o; o = o->next) {
        if (sim->set.twilio_duplicate_username || !text_equal(o->parent, list) || !text_equal(get_text(o->body, "username"), username))
            continue;
        twilio_error(sim, call, 400, LIST_INVALID, "Username already exists in this credential list");
        return false;
    }
    return true;
}

static void set_password(struct object *o, const char *password)
{
    free(o->secret);
    o->secret = must_strdup(password);
}

static void credential_create(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *list = path_list(sim, call);
    if (!list || !twilio_form(sim, call, true, &form) || !password_strong(sim, call, form_get(&form, "Password"))
        || !username_free(sim, call, list->id, form_get(&form, "Username")))
        return;
    size_t n = members_of(list, KIND_CREDENTIAL, false);
    if ((int64_t)n >= sim->set.twilio_cap_credentials) {
        twilio_error(sim, call, 400, 21242, "Maximum number of credentials in this list reached");
        return;
    }
    struct object *o = object_add(sim, call->tenant, KIND_CREDENTIAL, NULL, list->id, json_object_new_object());
    twilio_apply(sim, call, &form, o->body);
    set_password(o, form_get(&form, "Password"));
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 201, o);
}

static void credential_list(struct sim *sim, struct call *call)
{
    struct object *list = path_list(sim, call);
    if (!list)
        return;
    struct object_set set = twilio_listed(sim, call, KIND_CREDENTIAL, list->id);
    twilio_page(sim, call, "credentials", &set, twilio_show);
}

static struct object *path_credential(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, KIND_CREDENTIAL, call->segments[5], call->segments[7]);
}

static void credential_get(struct sim *sim, struct call *call)
{
    struct object *o = path_credential(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

static void credential_update(struct sim *sim, struct call *call)
{
    struct form form;
    struct object *o = path_credential(sim, call);
    if (!o || !twilio_form(sim, call, true, &form) || !password_strong(sim, call, form_get(&form, "Password")))
        return;
    set_password(o, form_get(&form, "Password"));
    object_touch(sim, o);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 200, o);
}

static void credential_delete(struct sim *sim, struct call *call)
{
    struct object *o = path_credential(sim, call);
    if (!o)
        return;
    call_committed(sim, call, o->key);
    object_remove(o);
    answer_empty(call, 204);
}

#define ACCOUNT "2010-04-01", "Accounts", "*"
#define LISTS ACCOUNT, "SIP", "CredentialLists"

const struct twilio_route twilio_account_routes[] = {
    { "GET", { "2010-04-01", "Accounts" }, account_list, NULL, 0, NULL },
    { "GET", { ACCOUNT }, account_get, NULL, 0, NULL },
    { "GET", { ACCOUNT, "IncomingPhoneNumbers" }, number_list, NULL, 0, NULL },
    { "GET", { ACCOUNT, "IncomingPhoneNumbers", "*" }, number_get, NULL, 0, NULL },
    { "POST", { ACCOUNT, "IncomingPhoneNumbers", "*" }, number_update, number_params, 20422, NULL },
    { "GET", { LISTS }, list_list, NULL, 0, NULL },
    { "POST", { LISTS }, list_create, list_params, LIST_INVALID, NULL },
    { "GET", { LISTS, "*" }, list_get, NULL, 0, NULL },
    { "POST", { LISTS, "*" }, list_update, list_params, LIST_INVALID, NULL },
    { "DELETE", { LISTS, "*" }, list_delete, NULL, 0, NULL },
    { "GET", { LISTS, "*", "Credentials" }, credential_list, NULL, 0, NULL },
    { "POST", { LISTS, "*", "Credentials" }, credential_create, credential_params, LIST_INVALID, NULL },
    { "GET", { LISTS, "*", "Credentials", "*" }, credential_get, NULL, 0, NULL },
    { "POST", { LISTS, "*", "Credentials", "*" }, credential_update, password_params, LIST_INVALID, NULL },
    { "DELETE", { LISTS, "*", "Credentials", "*" }, credential_delete, NULL, 0, NULL },
    { 0 },
};
