/* What a phone call would do in this world, so that a test can prove routing without any SIP.
 *
 * digest  does Twilio accept these credentials on this trunk or list (RFC 2617 MD5, with or without qop), and this caller id?
 * call    PSTN number -> Twilio trunk -> origination URL -> LiveKit project -> inbound trunk -> rule -> agent. Says where it ends.
 *         LiveKit's order: number-specific before wildcard, two matches are 503; the trunk's rules before wildcard ones, then
 *         rules with numbers before rules without. A 503 fails over to the next origination URL, silence does not. */
#include "control.h"

#include "hash.h"
#include "json.h"
#include "livekit.h"
#include "twilio.h"

/* ---- digest */

static const char *md5(struct arena *a, const char *text)
{
    char hex[33];
    md5_hex(text, strlen(text), hex);
    return arena_strdup(a, hex);
}

static bool response_fits(struct arena *a, struct json_object *d, const char *password)
{
    const char *plain = get_text(d, "password"), *qop = get_text(d, "qop");
    if (plain)
        return text_equal(plain, password);
    const char *nonce = text_or(get_text(d, "nonce"), "");
    const char *first = md5(a, arena_printf(a, "%s:%s:%s", text_or(get_text(d, "username"), ""), text_or(get_text(d, "realm"), ""), password));
    const char *second = md5(a, arena_printf(a, "%s:%s", text_or(get_text(d, "method"), "INVITE"), text_or(get_text(d, "uri"), "")));
    const char *middle = text_is_empty(qop) ? nonce : arena_printf(a, "%s:%s:%s:%s", nonce, text_or(get_text(d, "nc"), ""),
                                                                   text_or(get_text(d, "cnonce"), ""), qop);
    return text_equal(get_text(d, "response"), md5(a, arena_printf(a, "%s:%s:%s", first, middle, second)));
}

static bool list_accepts(struct arena *a, struct tenant *t, const char *list, struct json_object *d)
{
    for (struct object *o = t->lists[KIND_CREDENTIAL].head; o; o = o->next)
        if (text_equal(o->parent, list) && text_equal(get_text(o->body, "username"), get_text(d, "username")) && o->secret
            && response_fits(a, d, o->secret))
            return true;
    return false;
}

static struct object *number_of(struct tenant *t, const char *phone_number)
{
    for (struct object *o = t->lists[KIND_PHONE_NUMBER].head; o; o = o->next)
        if (text_equal(get_text(o->body, "phone_number"), phone_number))
            return o;
    return NULL;
}

static const char *caller_refused(const struct sim *sim, struct tenant *t, const struct object *trunk, const char *from)
{
    const struct object *number = from ? number_of(t, from) : NULL;
    if (!from)
        return NULL;
    if (!number)
        return "caller id is not a number of this account";
    if (sim->set.twilio_unattached_caller_id || text_equal(get_text(number->body, "trunk_sid"), trunk->id))
        return NULL;
    return "caller id is not attached to this trunk";
}

static bool ipv4(const char *text, uint32_t *ret_address)
{
    unsigned a = 0, b = 0, c = 0, d = 0;
    bool ok = sscanf(text_or(text, ""), "%u.%u.%u.%u", &a, &b, &c, &d) == 4 && a < 256 && b < 256 && c < 256 && d < 256;
    *ret_address = a << 24 | b << 16 | c << 8 | d;
    return ok;
}

static bool list_has_address(const struct tenant *t, const char *list, const char *source)
{
    uint32_t from = 0, network = 0;
    if (!ipv4(source, &from))
        return false;
    for (const struct object *o = t->lists[KIND_ADDRESS].head; o; o = o->next) {
        int64_t bits = get_int(o->body, "cidr_prefix_length", 32);
        uint32_t mask = bits <= 0 ? 0 : UINT32_MAX << (32 - (bits < 32 ? bits : 32));
        if (text_equal(o->parent, list) && ipv4(get_text(o->body, "ip_address"), &network) && ((from ^ network) & mask) == 0)
            return true;
    }
    return false;
}

/* With `secure` TLS and encryption are asked for; without, media are plain, and whether a mere offer of encryption is taken is a setting. */
static bool media_agree(const struct sim *sim, bool secure, struct json_object *d)
{
    const char *encryption = get_text(d, "media_encryption");
    bool offers = text_equal(encryption, "SIP_MEDIA_ENCRYPT_ALLOW"), demands = text_equal(encryption, "SIP_MEDIA_ENCRYPT_REQUIRE");
    if (secure)
        return (offers || demands) && text_equal(get_text(d, "transport"), "SIP_TRANSPORT_TLS");
    return !demands && (!offers || sim->set.twilio_offers_without_secure);
}

/* A trunk with lists of both sorts asks for both; one without any takes no call. */
static const char *domain_refuses(struct sim *sim, struct call *call, const char *domain, struct json_object *d)
{
    struct object *trunk = twilio_domain_holder(sim, domain);
    bool by_credential = false, by_address = false, credential_fits = false, address_fits = false;
    if (!trunk)
        return "no trunk has this domain";
    struct tenant *t = trunk->tenant;
    for (struct object *o = t->lists[KIND_TRUNK_CREDENTIAL_LIST].head; o; o = o->next) {
        by_credential = by_credential || text_equal(o->parent, trunk->id);
        credential_fits = credential_fits || (text_equal(o->parent, trunk->id) && list_accepts(&call->arena, t, o->id, d));
    }
    for (struct object *o = t->lists[KIND_TRUNK_ADDRESS_LIST].head; o; o = o->next) {
        by_address = by_address || text_equal(o->parent, trunk->id);
        address_fits = address_fits || (text_equal(o->parent, trunk->id) && list_has_address(t, o->id, get_text(d, "source")));
    }
    if (!by_credential && !by_address)
        return "the trunk has no credential list";
    if (by_credential && !credential_fits)
        return "no credential of the trunk's lists fits";
    if (by_address && !address_fits)
        return "the source is in none of the trunk's access control lists";
    if (get_text(d, "media_encryption") && !media_agree(sim, get_bool(trunk->body, "secure"), d))
        return get_bool(trunk->body, "secure") ? "the trunk takes encrypted calls only" : "the trunk takes no encrypted calls";
    return caller_refused(sim, t, trunk, get_text(d, "from"));
}

void phone_digest(struct sim *sim, struct call *call, struct json_object *body)
{
    const char *domain = get_text(body, "domain"), *list = get_text(body, "credential_list_sid"), *refused = NULL;
    struct json_object *o = json_object_new_object();
    if (domain) {
        refused = domain_refuses(sim, call, domain, body);
    } else {
        struct tenant *t = tenant_find(sim, SIM_TWILIO, get_text(body, "account_sid"));
        refused = t && list && list_accepts(&call->arena, t, list, body) ? NULL : "no credential of the list fits";
    }
    put_bool(o, "accepted", refused == NULL);
    put_text(o, "why", refused);
    answer_json(call, 200, o);
}

/* ---- call: the Twilio side */

static int compare_urls(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;
    int64_t by_priority = get_int((*x)->body, "priority", 10) - get_int((*y)->body, "priority", 10);
    int64_t by_weight = get_int((*y)->body, "weight", 10) - get_int((*x)->body, "weight", 10);
    return by_priority ? (by_priority < 0 ? -1 : 1) : by_weight ? (by_weight < 0 ? -1 : 1) : 0;
}

static struct object_set enabled_urls(struct call *call, const struct object *trunk)
{
    struct object_list *list = &trunk->tenant->lists[KIND_ORIGINATION_URL];
    struct object_set set = twilio_set(call, list->count);
    for (struct object *o = list->head; o; o = o->next)
        if (text_equal(o->parent, trunk->id) && get_bool(o->body, "enabled"))
            set.items[set.count++] = o;
    if (set.count > 0)
        qsort(set.items, set.count, sizeof(set.items[0]), compare_urls);
    return set;
}

/* "sip:[user@]host[:port][;...]" -> host, lower case. */
static const char *host_of(struct arena *a, const char *url)
{
    const char *at = strchr(url, ':'), *user_end = strchr(url, '@');
    at = user_end ? user_end + 1 : at ? at + 1 : url;
    at += strspn(at, "/");
    char *host = arena_strndup(a, at, strcspn(at, ":;?"));
    for (char *p = host; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 32);
    return host;
}

static struct tenant *project_at(struct sim *sim, const char *host)
{
    for (struct tenant *t = sim->tenants; t; t = t->next)
        if (t->port == SIM_LIVEKIT && t->sip_host && strcasecmp(t->sip_host, host) == 0)
            return t;
    return NULL;
}

/* ---- call: the LiveKit side */

static bool has_number(struct arena *a, struct json_object *array, const char *number, bool normal)
{
    for (size_t i = 0; i < array_length(array); i++) {
        const char *item = text_or(array_text(array, i), "");
        if (normal ? text_equal(lk_normal_number(a, item), lk_normal_number(a, number)) : text_equal(item, number))
            return true;
    }
    return false;
}

static bool empty_or_has(struct arena *a, struct json_object *array, const char *number, bool normal)
{
    return array_length(array) == 0 || has_number(a, array, number, normal);
}

struct ask { struct arena *arena; const char *to, *from, *source; };

/* Nobody is allowed but the listed ones; entries with a space or comma are ignored, and if all are, everybody is. */
static bool address_allowed(const struct ask *ask, struct json_object *addresses)
{
    size_t usable = 0;
    for (size_t i = 0; i < array_length(addresses); i++) {
        const char *item = text_or(array_text(addresses, i), "");
        if (text_equal(item, ask->source))
            return true;
        usable += item[strcspn(item, " ,")] == '\0';
    }
    return usable == 0;
}

/* Number-specific beats wildcard; *ret_matches counts those of the winning sort. */
static struct object *match_trunk(const struct ask *ask, struct tenant *project, size_t *ret_matches)
{
    struct object *best = NULL;
    bool best_specific = false;
    *ret_matches = 0;
    for (struct object *o = project->lists[KIND_INBOUND_TRUNK].head; o; o = o->next) {
        struct json_object *numbers = get_array(o->body, "numbers");
        bool specific = array_length(numbers) > 0;
        if (!empty_or_has(ask->arena, numbers, ask->to, true) || !empty_or_has(ask->arena, get_array(o->body, "allowed_numbers"), ask->from, true)
            || !address_allowed(ask, get_array(o->body, "allowed_addresses")))
            continue;
        if (best && best_specific && !specific)
            continue;
        *ret_matches = best && best_specific == specific ? *ret_matches + 1 : 1;
        best = o;
        best_specific = specific;
    }
    return best;
}

/* What a matching rule is to this call. Two rules of the same sort cannot both have it. */
struct fit { bool matches; int sort, rank; const char *room; };

static struct fit rule_fit(const struct ask *ask, const struct object *rule, const struct object *trunk)
{
    struct json_object *trunks = get_array(rule->body, "trunk_ids"), *callers = get_array(rule->body, "inbound_numbers");
    struct json_object *called = get_array(rule->body, "numbers"), *variant = get_json(rule->body, "rule");
    bool wildcard = array_length(trunks) == 0, by_caller = array_length(callers) > 0, by_called = array_length(called) > 0;
    struct fit fit = { .rank = (wildcard ? 0 : 100) + 10 * by_caller + 10 * by_called, .room = "" };
    fit.matches = (wildcard || (trunk && has_number(ask->arena, trunks, trunk->id, false)))
        && empty_or_has(ask->arena, callers, ask->from, false) && empty_or_has(ask->arena, called, ask->to, false);
    json_object_object_foreach(variant, name, inside) {
        bool pin = !text_is_empty(get_text(inside, "pin"));
        fit.sort = wildcard + 2 * by_caller + 4 * by_called + 8 * pin;
        fit.rank += 4 * pin + (text_equal(name, "dispatch_rule_direct") ? 3 : text_equal(name, "dispatch_rule_individual") ? 2 : 1);
        fit.room = text_or(get_text(inside, "room_name"), text_or(get_text(inside, "room_prefix"), ""));
    }
    return fit;
}

static struct object *match_rule(const struct ask *ask, struct tenant *project, const struct object *trunk, size_t *ret_matches)
{
    struct object *best = NULL;
    struct fit best_fit = { 0 };
    for (struct object *o = project->lists[KIND_DISPATCH_RULE].head; o; o = o->next) {
        struct fit fit = rule_fit(ask, o, trunk);
        if (!fit.matches || (best && (fit.rank < best_fit.rank || (fit.rank == best_fit.rank && strcmp(fit.room, best_fit.room) > 0))))
            continue;
        best = o;
        best_fit = fit;
    }
    *ret_matches = 0;
    for (const struct object *o = best ? project->lists[KIND_DISPATCH_RULE].head : NULL; o; o = o->next) {
        struct fit fit = rule_fit(ask, o, trunk);
        *ret_matches += fit.matches && fit.sort == best_fit.sort;
    }
    return best;
}

static void put_room(struct json_object *o, const struct object *rule)
{
    struct json_object *variant = get_json(rule->body, "rule"), *agents = get_array(get_json(rule->body, "room_config"), "agents");
    struct json_object *agent = array_length(agents) > 0 ? json_object_array_get_idx(agents, 0) : NULL;
    json_object_object_foreach(variant, name, inside) {
        (void)name;
        put_text(o, "room_prefix", get_text(inside, "room_prefix"));
        put_text(o, "room_name", get_text(inside, "room_name"));
    }
    put_text(o, "rule_id", rule->id);
    put_text(o, "agent_name", agent ? text_or(get_text(agent, "agent_name"), "") : NULL);
    put_text(o, "metadata", agent ? text_or(get_text(agent, "metadata"), "") : NULL);
    put_int(o, "agents", (int64_t)array_length(agents));
}

/* Where the call ends in this project; NULL: 503, the next origination URL is tried. */
static const char *ask_project(const struct ask *ask, struct tenant *project, bool secure, struct json_object *o)
{
    size_t matches = 0;
    struct object *trunk = match_trunk(ask, project, &matches);
    put_text(o, "project", project->id);
    put_text(o, "inbound_trunk_id", trunk ? trunk->id : NULL);
    if (matches > 1)
        return NULL;
    if (trunk && !text_is_empty(get_text(trunk->body, "auth_username")) && !text_is_empty(get_text(trunk->body, "auth_password")))
        return "auth_required";
    struct json_object *encryption = trunk ? lk_effective_encryption(trunk->body) : NULL;
    if (encryption && !secure && text_equal(json_object_get_string(encryption), "SIP_MEDIA_ENCRYPT_REQUIRE"))
        return "encryption_required";
    if (secure && !encryption)
        return "encryption_refused";
    struct object *rule = match_rule(ask, project, trunk, &matches);
    if (matches > 1)
        return NULL;
    if (!rule)
        return "silence";
    put_room(o, rule);
    return text_is_empty(get_text(rule->body, "room_preset")) ? "room" : "busy";
}

static const char *follow(struct sim *sim, const struct ask *ask, struct call *call, const struct object *number, struct json_object *o)
{
    const char *sid = get_text(number->body, "trunk_sid");
    const struct object *trunk = text_is_empty(sid) ? NULL : object_find(number->tenant, KIND_TRUNK, NULL, sid);
    put_text(o, "account", number->tenant->id);
    put_text(o, "phone_number_sid", number->id);
    put_text(o, "trunk_sid", sid);
    if (text_is_empty(sid)) {
        put_text(o, "voice_url", get_text(number->body, "voice_url"));
        put_text(o, "voice_application_sid", get_text(number->body, "voice_application_sid"));
        return "webhook";
    }
    struct object_set urls = trunk ? enabled_urls(call, trunk) : (struct object_set){ 0 };
    const char *end = "no_origination_url";
    for (size_t i = 0; i < urls.count; i++) {
        const char *url = text_or(get_text(urls.items[i]->body, "sip_url"), "");
        struct tenant *project = project_at(sim, host_of(ask->arena, url));
        put_text(o, "sip_url", url);
        if (get_bool(trunk->body, "secure") && !strstr(url, ";transport=tls"))
            end = "insecure_url";
        else
            end = project ? ask_project(ask, project, get_bool(trunk->body, "secure"), o) : "unreachable";
        if (end && !text_equal(end, "unreachable") && !text_equal(end, "insecure_url"))
            return end;
        end = end ? end : "conflict";
    }
    return end;
}

void phone_call(struct sim *sim, struct call *call, struct json_object *body)
{
    struct ask ask = { &call->arena, get_text(body, "to"), text_or(get_text(body, "from"), "+15550109999"),
                       text_or(get_text(body, "source"), "192.0.2.1") };
    struct json_object *o = json_object_new_object();
    const struct object *number = NULL;
    for (struct tenant *t = sim->tenants; t && !number && ask.to; t = t->next)
        if (t->port == SIM_TWILIO)
            number = number_of(t, ask.to);
    put_text(o, "ends", number ? follow(sim, &ask, call, number, o) : "unknown_number");
    answer_json(call, 200, o);
}
