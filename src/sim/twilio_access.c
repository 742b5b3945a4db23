/* api v2010: IP access control lists and their addresses; trunking v1: which lists a trunk has, of either sort.
 *
 * Rules: a list's FriendlyName is unique in the account, an address's name and its network in the list (21235); IPv4 only; 1000 lists,
 * 25 addresses in one; a list that a trunk uses cannot be deleted (21236, a setting), nor, by another setting, one with addresses.
 * A trunk has a list once (21245). */
#include "twilio.h"

#include "json.h"

#define ADDRESS_INVALID 21235
#define LINK_INVALID 21245
#define CIDR_WHOLE 32

/* ---- lists of addresses */

static const struct param list_params[] = { { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 255, .required = true }, { 0 } };

static struct json_object *fresh_list(void) { return json_object_new_object(); }

static bool list_usable(struct sim *sim, struct call *call, const struct form *form, const struct object *above, const struct object *self)
{
    const struct object_list *all = &call->tenant->lists[KIND_ADDRESS_LIST];
    const char *name = form_get(form, "FriendlyName");
    (void)above;
    if (text_is_empty(name)) {
        twilio_error(sim, call, 400, 20001, "Missing required parameter FriendlyName in the post body");
        return false;
    }
    for (const struct object *o = all->head; o; o = o->next) {
        if (o == self || !twilio_met(sim, call, o) || !text_equal(get_text(o->body, "friendly_name"), name))
            continue;
        twilio_error(sim, call, 400, ADDRESS_INVALID, "An IP access control list with this FriendlyName already exists");
        return false;
    }
    if (self || (int64_t)all->count < sim->set.twilio_cap_address_lists)
        return true;
    twilio_error(sim, call, 400, 21255, "Maximum number of IP access control lists reached");
    return false;
}

static bool list_removable(struct sim *sim, struct call *call, struct object *list)
{
    struct object_list *links = &call->tenant->lists[KIND_TRUNK_ADDRESS_LIST];
    if (!sim->set.twilio_full_list_delete && twilio_count_below(call->tenant, KIND_ADDRESS, list->id) > 0) {
        twilio_error(sim, call, 400, 21236, "IP access control list still has addresses");
        return false;
    }
    for (struct object *o = links->head, *next = NULL; o; o = next) {
        next = o->next;
        if (!text_equal(o->id, list->id))
            continue;
        if (!sim->set.twilio_mapped_list_delete) {
            twilio_error(sim, call, 400, 21236, "IP access control list is still mapped");
            return false;
        }
        object_remove(o);
    }
    twilio_remove_below(list, KIND_ADDRESS);
    return true;
}

static const struct twilio_collection lists = {
    KIND_ADDRESS_LIST, KIND_MAX_, 0, 5, "ip_access_control_lists", fresh_list, list_usable, list_removable,
};

/* ---- addresses of a list */

static const struct param address_params[] = {
    { "FriendlyName", "friendly_name", PARAM_TEXT, .max = 255, .required = true },
    { "IpAddress", "ip_address", PARAM_TEXT, .required = true },
    { "CidrPrefixLength", "cidr_prefix_length", PARAM_INT, 1, CIDR_WHOLE, NULL, false },
    { 0 },
};

struct json_object *twilio_address_defaults(void)
{
    struct json_object *o = json_object_new_object();
    put_int(o, "cidr_prefix_length", CIDR_WHOLE);
    return o;
}

static bool is_ipv4(const char *text)
{
    int parts = 0;
    for (; parts < 4; parts++) {
        size_t digits = strspn(text, "0123456789");
        int64_t value = 0;
        char part[4] = "";
        if (digits < 1 || digits > 3)
            return false;
        memcpy(part, text, digits);
        if (!text_to_int(part, 0, 255, &value))
            return false;
        text += digits;
        if (*text == '\0' && parts == 3)
            return true;
        if (*text++ != '.')
            return false;
    }
    return false;
}

/* What the address will be: the form's word, else what it is, else the standard. */
static const char *will_be(const struct form *form, const char *name, const struct object *self, const char *key)
{
    const char *given = form_get(form, name);
    return given ? given : self ? get_text(self->body, key) : NULL;
}

static bool address_usable(struct sim *sim, struct call *call, const struct form *form, const struct object *list, const struct object *self)
{
    const char *name = will_be(form, "FriendlyName", self, "friendly_name"), *ip = will_be(form, "IpAddress", self, "ip_address");
    const char *given = form_get(form, "CidrPrefixLength");
    int64_t cidr = self ? get_int(self->body, "cidr_prefix_length", CIDR_WHOLE) : CIDR_WHOLE;
    if (given && !text_to_int(given, 1, CIDR_WHOLE, &cidr))
        return false;       /* does not happen: the form has been checked */
    if (!is_ipv4(text_or(ip, ""))) {
        twilio_error(sim, call, 400, ADDRESS_INVALID, "IpAddress is not an IPv4 address");
        return false;
    }
    for (const struct object *o = call->tenant->lists[KIND_ADDRESS].head; o; o = o->next) {
        bool same = text_equal(get_text(o->body, "ip_address"), ip) && get_int(o->body, "cidr_prefix_length", CIDR_WHOLE) == cidr;
        if (o == self || !text_equal(o->parent, list->id) || !twilio_met(sim, call, o)
            || (!same && !text_equal(get_text(o->body, "friendly_name"), name)))
            continue;
        twilio_error(sim, call, 400, ADDRESS_INVALID, "An address with this FriendlyName or IpAddress already exists in the list");
        return false;
    }
    if (self || (int64_t)twilio_count_below(call->tenant, KIND_ADDRESS, list->id) < sim->set.twilio_cap_addresses)
        return true;
    twilio_error(sim, call, 400, 21237, "Maximum number of addresses in this list reached");
    return false;
}

static const struct twilio_collection addresses = {
    KIND_ADDRESS, KIND_ADDRESS_LIST, 5, 7, "ip_addresses", twilio_address_defaults, address_usable, NULL,
};

/* ---- the lists of a trunk */

static const struct link_sort { const char *path, *param, *key; enum sim_kind link, list; } link_sorts[] = {
    { "CredentialLists", "CredentialListSid", "credential_lists", KIND_TRUNK_CREDENTIAL_LIST, KIND_CREDENTIAL_LIST },
    { "IpAccessControlLists", "IpAccessControlListSid", "ip_access_control_lists", KIND_TRUNK_ADDRESS_LIST, KIND_ADDRESS_LIST },
};
static const struct param credential_link_params[] = { { "CredentialListSid", NULL, PARAM_TEXT, .required = true }, { 0 } };
static const struct param address_link_params[] = { { "IpAccessControlListSid", NULL, PARAM_TEXT, .required = true }, { 0 } };

static const struct link_sort *sort_of(const struct call *call)
{
    return &link_sorts[text_equal(call->segments[3], link_sorts[0].path) ? 0 : 1];
}

static struct object *path_trunk(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, KIND_TRUNK, NULL, call->segments[2]);
}

static void link_create(struct sim *sim, struct call *call)
{
    const struct link_sort *sort = sort_of(call);
    struct object *trunk = path_trunk(sim, call);
    int64_t most = sim->set.twilio_cap_lists_of_a_trunk;
    struct form form;
    if (!trunk || !twilio_form(sim, call, true, &form))
        return;
    const char *sid = form_get(&form, sort->param);
    if (!twilio_path_object(sim, call, sort->list, NULL, sid))
        return;
    if (object_find(call->tenant, sort->link, trunk->id, sid)) {
        twilio_error(sim, call, 400, LINK_INVALID, "The list is already associated with this trunk");
        return;
    }
    if (most > 0 && (int64_t)twilio_count_below(call->tenant, sort->link, trunk->id) >= most) {
        twilio_error(sim, call, 400, LINK_INVALID, "Maximum number of lists of this trunk reached");
        return;
    }
    struct object *o = object_add(sim, call->tenant, sort->link, sid, trunk->id, json_object_new_object());
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 201, o);
}

static void link_list(struct sim *sim, struct call *call)
{
    struct object *trunk = path_trunk(sim, call);
    if (!trunk)
        return;
    struct object_set set = twilio_listed(sim, call, sort_of(call)->link, trunk->id);
    twilio_page(sim, call, sort_of(call)->key, &set, twilio_show);
}

static struct object *path_link(struct sim *sim, struct call *call)
{
    return twilio_path_object(sim, call, sort_of(call)->link, call->segments[2], call->segments[4]);
}

static void link_get(struct sim *sim, struct call *call)
{
    struct object *o = path_link(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

static void link_delete(struct sim *sim, struct call *call)
{
    struct object *o = path_link(sim, call);
    if (!o)
        return;
    call_committed(sim, call, o->key);
    object_remove(o);
    answer_empty(call, 204);
}

#define LISTS "2010-04-01", "Accounts", "*", "SIP", "IpAccessControlLists"
#define TRUNK "v1", "Trunks", "*"

const struct twilio_route twilio_access_routes[] = {
    { "GET", { LISTS }, twilio_collection_list, NULL, 0, &lists },
    { "POST", { LISTS }, twilio_collection_create, list_params, ADDRESS_INVALID, &lists },
    { "GET", { LISTS, "*" }, twilio_collection_get, NULL, 0, &lists },
    { "POST", { LISTS, "*" }, twilio_collection_update, list_params, ADDRESS_INVALID, &lists },
    { "DELETE", { LISTS, "*" }, twilio_collection_delete, NULL, 0, &lists },
    { "GET", { LISTS, "*", "IpAddresses" }, twilio_collection_list, NULL, 0, &addresses },
    { "POST", { LISTS, "*", "IpAddresses" }, twilio_collection_create, address_params, ADDRESS_INVALID, &addresses },
    { "GET", { LISTS, "*", "IpAddresses", "*" }, twilio_collection_get, NULL, 0, &addresses },
    { "POST", { LISTS, "*", "IpAddresses", "*" }, twilio_collection_update, address_params, ADDRESS_INVALID, &addresses },
    { "DELETE", { LISTS, "*", "IpAddresses", "*" }, twilio_collection_delete, NULL, 0, &addresses },
    { "GET", { TRUNK, "CredentialLists" }, link_list, NULL, 0, NULL },
    { "POST", { TRUNK, "CredentialLists" }, link_create, credential_link_params, LINK_INVALID, NULL },
    { "GET", { TRUNK, "CredentialLists", "*" }, link_get, NULL, 0, NULL },
    { "DELETE", { TRUNK, "CredentialLists", "*" }, link_delete, NULL, 0, NULL },
    { "GET", { TRUNK, "IpAccessControlLists" }, link_list, NULL, 0, NULL },
    { "POST", { TRUNK, "IpAccessControlLists" }, link_create, address_link_params, LINK_INVALID, NULL },
    { "GET", { TRUNK, "IpAccessControlLists", "*" }, link_get, NULL, 0, NULL },
    { "DELETE", { TRUNK, "IpAccessControlLists", "*" }, link_delete, NULL, 0, NULL },
    { 0 },
};
