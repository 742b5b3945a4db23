/* Twilio objects as the API shows them, and what belongs to an object that is new. */
#include "twilio.h"

#include "json.h"

static void put_dates(struct json_object *o, const struct object *object, void (*write)(int64_t, char *, size_t))
{
    char text[40];
    write(object->created_ms, text, sizeof(text));
    put_text(o, "date_created", text);
    write(object->updated_ms, text, sizeof(text));
    put_text(o, "date_updated", text);
}

static void put_format(struct json_object *o, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void put_format(struct json_object *o, const char *key, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    put_text(o, key, text);
}

static void put_sids(struct json_object *o, const struct object *object)
{
    put_text(o, "sid", object->id);
    put_text(o, "account_sid", object->tenant->id);
}

static void show_trunk(struct json_object *o, const struct object *trunk, const char *host)
{
    static const struct { const char *key, *path; } links[] = {
        { "origination_urls", "OriginationUrls" }, { "credential_lists", "CredentialLists" },
        { "ip_access_control_lists", "IpAccessControlLists" }, { "phone_numbers", "PhoneNumbers" },
    };
    struct json_object *all = json_object_new_object(), *types = json_object_new_array();
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        put_format(all, links[i].key, "http://%s/v1/Trunks/%s/%s", host, trunk->id, links[i].path);
    bool by_address = twilio_count_below(trunk->tenant, KIND_TRUNK_ADDRESS_LIST, trunk->id) > 0;
    bool by_credential = twilio_count_below(trunk->tenant, KIND_TRUNK_CREDENTIAL_LIST, trunk->id) > 0;
    if (by_address)
        json_object_array_add(types, json_object_new_string("IP_ACL"));
    if (by_credential)
        json_object_array_add(types, json_object_new_string("CREDENTIAL_LIST"));
    put_format(o, "auth_type", "%s%s%s", by_address ? "IP_ACL" : "", by_address && by_credential ? "," : "", by_credential ? "CREDENTIAL_LIST" : "");
    put_json(o, "auth_type_set", types);
    put_json(o, "recording", twilio_recording_of(trunk));
    put_format(o, "url", "http://%s/v1/Trunks/%s", host, trunk->id);
    put_json(o, "links", all);
    put_dates(o, trunk, date_iso);
}

static void show_child(struct json_object *o, const struct object *child, const char *collection, const char *host)
{
    put_text(o, "trunk_sid", child->parent);
    put_format(o, "url", "http://%s/v1/Trunks/%s/%s/%s", host, child->parent, collection, child->id);
    put_dates(o, child, date_iso);
}

static void show_association(struct json_object *o, const struct object *a, const char *host)
{
    bool addresses = a->kind == KIND_TRUNK_ADDRESS_LIST;
    const struct object *list = object_find(a->tenant, addresses ? KIND_ADDRESS_LIST : KIND_CREDENTIAL_LIST, NULL, a->id);
    show_child(o, a, addresses ? "IpAccessControlLists" : "CredentialLists", host);
    put_text(o, "friendly_name", list ? get_text(list->body, "friendly_name") : NULL);
}

static void show_list(struct json_object *o, const struct object *list)
{
    struct json_object *below = json_object_new_object();
    bool addresses = list->kind == KIND_ADDRESS_LIST;
    const char *account = list->tenant->id, *sort = addresses ? "IpAccessControlLists" : "CredentialLists";
    put_format(below, addresses ? "ip_addresses" : "credentials", "/2010-04-01/Accounts/%s/SIP/%s/%s/%s.json", account, sort, list->id,
               addresses ? "IpAddresses" : "Credentials");
    put_json(o, "subresource_uris", below);
    put_format(o, "uri", "/2010-04-01/Accounts/%s/SIP/%s/%s.json", account, sort, list->id);
    put_dates(o, list, date_rfc2822);
}

static void show_address(struct json_object *o, const struct object *a)
{
    put_text(o, "ip_access_control_list_sid", a->parent);
    put_format(o, "uri", "/2010-04-01/Accounts/%s/SIP/IpAccessControlLists/%s/IpAddresses/%s.json", a->tenant->id, a->parent, a->id);
    put_dates(o, a, date_rfc2822);
}

/* Connection policies, their targets, BYOC trunks. */
static void show_voice(struct json_object *o, const struct object *v, const char *host)
{
    put_dates(o, v, date_iso);
    if (v->kind == KIND_POLICY_TARGET) {
        put_text(o, "connection_policy_sid", v->parent);
        put_format(o, "url", "http://%s/v1/ConnectionPolicies/%s/Targets/%s", host, v->parent, v->id);
        return;
    }
    bool policy = v->kind == KIND_CONNECTION_POLICY;
    put_format(o, "url", "http://%s/v1/%s/%s", host, policy ? "ConnectionPolicies" : "ByocTrunks", v->id);
    if (!policy)
        return;
    struct json_object *links = json_object_new_object();
    put_format(links, "targets", "http://%s/v1/ConnectionPolicies/%s/Targets", host, v->id);
    put_json(o, "links", links);
}

static void show_credential(struct json_object *o, const struct object *c)
{
    put_text(o, "credential_list_sid", c->parent);
    put_format(o, "uri", "/2010-04-01/Accounts/%s/SIP/CredentialLists/%s/Credentials/%s.json", c->tenant->id, c->parent, c->id);
    put_dates(o, c, date_rfc2822);
}

struct json_object *twilio_show(const struct sim *sim, const struct object *object, const char *host)
{
    (void)sim;
    struct json_object *o = json_copy(object->body);
    put_sids(o, object);
    switch (object->kind) {
    case KIND_TRUNK: show_trunk(o, object, host); break;
    case KIND_ORIGINATION_URL: show_child(o, object, "OriginationUrls", host); break;
    case KIND_TRUNK_CREDENTIAL_LIST: case KIND_TRUNK_ADDRESS_LIST: show_association(o, object, host); break;
    case KIND_CREDENTIAL_LIST: case KIND_ADDRESS_LIST: show_list(o, object); break;
    case KIND_ADDRESS: show_address(o, object); break;
    case KIND_CONNECTION_POLICY: case KIND_POLICY_TARGET: case KIND_BYOC_TRUNK: show_voice(o, object, host); break;
    case KIND_CREDENTIAL: show_credential(o, object); break;
    case KIND_RECORDING: put_text(o, "trunk_sid", object->parent); break;
    case KIND_PHONE_NUMBER:
        put_format(o, "uri", "/2010-04-01/Accounts/%s/IncomingPhoneNumbers/%s.json", object->tenant->id, object->id);
        put_dates(o, object, date_rfc2822);
        break;
    case KIND_INBOUND_TRUNK: case KIND_OUTBOUND_TRUNK: case KIND_DISPATCH_RULE: case KIND_MAX_: break;
    }
    return o;
}

/* The same number below a trunk: fewer fields, ISO dates, absolute links. */
struct json_object *twilio_show_trunk_number(const struct sim *sim, const struct object *number, const char *host)
{
    static const char *const only_there[] = { "address_sid", "identity_sid", "origin", "voice_receive_mode", "emergency_status",
                                              "emergency_address_sid", "emergency_address_status", "bundle_sid", "status", "type", "uri" };
    struct json_object *o = twilio_show(sim, number, host), *links = json_object_new_object();
    for (size_t i = 0; i < ARRAY_SIZE(only_there); i++)
        json_object_object_del(o, only_there[i]);
    put_format(o, "url", "http://%s/v1/Trunks/%s/PhoneNumbers/%s", host, text_or(get_text(number->body, "trunk_sid"), ""), number->id);
    put_format(links, "phone_number", "http://%s/2010-04-01/Accounts/%s/IncomingPhoneNumbers/%s", host, number->tenant->id, number->id);
    put_json(o, "links", links);
    put_dates(o, number, date_iso);
    return o;
}

/* ---- what a new object is */

struct json_object *twilio_trunk_defaults(void)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "friendly_name", NULL);
    put_text(o, "domain_name", NULL);
    put_text(o, "disaster_recovery_method", NULL);
    put_text(o, "disaster_recovery_url", NULL);
    put_bool(o, "secure", false);
    put_text(o, "transfer_mode", "disable-all");
    put_text(o, "transfer_caller_id", "from-transferee");
    put_bool(o, "cnam_lookup_enabled", false);
    put_bool(o, "symmetric_rtp_enabled", false);
    return o;
}

struct json_object *twilio_recording_defaults(void)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "mode", "do-not-record");
    put_text(o, "trim", "do-not-trim");
    return o;
}

struct json_object *twilio_url_defaults(void)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "friendly_name", NULL);
    put_text(o, "sip_url", NULL);
    put_int(o, "weight", 10);
    put_int(o, "priority", 10);
    put_bool(o, "enabled", true);
    return o;
}

/* Unset is "" in some fields and null in others, as in the published examples. */
struct json_object *twilio_number_defaults(const char *phone_number)
{
    static const struct { const char *key, *value; } texts[] = {
        { "address_sid", NULL }, { "address_requirements", "none" }, { "api_version", "2010-04-01" }, { "identity_sid", NULL },
        { "origin", "twilio" }, { "sms_application_sid", "" }, { "sms_fallback_method", "POST" }, { "sms_fallback_url", "" },
        { "sms_method", "POST" }, { "sms_url", "" }, { "status_callback", "" }, { "status_callback_method", "POST" },
        { "trunk_sid", NULL }, { "voice_receive_mode", "voice" }, { "voice_application_sid", "" }, { "voice_fallback_method", "POST" },
        { "voice_fallback_url", NULL }, { "voice_method", "POST" }, { "voice_url", NULL }, { "emergency_status", "Inactive" },
        { "emergency_address_sid", NULL }, { "emergency_address_status", "unregistered" }, { "bundle_sid", NULL },
        { "status", "in-use" }, { "type", "local" },
    };
    struct json_object *o = json_object_new_object(), *can = json_object_new_object();
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        put_text(o, texts[i].key, texts[i].value);
    put_bool(can, "voice", true);
    put_bool(can, "sms", true);
    put_bool(can, "mms", true);
    put_bool(can, "fax", false);
    put_json(o, "capabilities", can);
    put_bool(o, "beta", false);
    put_bool(o, "voice_caller_id_lookup", false);
    put_text(o, "phone_number", phone_number);
    put_text(o, "friendly_name", phone_number);
    return o;
}
