/* Twilio's front: credentials, routes, errors, form parameters, pages.
 *
 *   1. Basic credentials choose the account: account SID and token, or API key. Anything else is 401 20003.
 *   2. A path of 2010-04-01 names the account; a foreign one is 401 too. Without .json the answer is XML.
 *   3. Parameters are checked before anything is looked up. Unknown ones are refused unless the setting allows them. */
#include "twilio.h"

#include "hash.h"
#include "json.h"

#include <inttypes.h>

#define PAGE_SIZE_MAX 1000
#define PAGE_SIZE_STANDARD 50
#define TRUNKING_CODES 21       /* thousand: no document has their HTTP status */
enum { EMPTY_URL_IGNORED, EMPTY_URL_CLEARS, EMPTY_URL_REFUSED };      /* the setting twilio_empty_url */

void twilio_error(struct sim *sim, struct call *call, int status, int64_t code, const char *message)
{
    char info[96];
    struct json_object *o = json_object_new_object();
    if (status == 400 && code / 1000 == TRUNKING_CODES)
        status = (int)sim->set.twilio_refusal_status;
    (void)snprintf(info, sizeof(info), "https://www.twilio.com/docs/errors/%lld", (long long)code);
    put_int(o, "code", code);
    put_int(o, "status", status);
    if (sim->set.twilio_problem_json) {
        put_text(o, "type", info);
        put_text(o, "title", message);
        put_text(o, "detail", message);
    } else {
        put_text(o, "message", message);
        put_text(o, "more_info", info);
    }
    answer_json(call, status, o);
    if (sim->set.twilio_problem_json)
        text_copy(call->answer.content_type, sizeof(call->answer.content_type), "application/problem+json");
}

void twilio_missing(struct sim *sim, struct call *call)
{
    twilio_error(sim, call, 404, 20404, arena_printf(&call->arena, "The requested resource %s was not found", call->path));
}

/* ---- credentials */

static bool secret_fits(const struct tenant *t, const char *user, const char *password)
{
    if (text_equal(t->id, user))
        return text_equal(t->secret, password);
    for (const struct api_key *key = t->keys; key; key = key->next)
        if (text_equal(key->sid, user))
            return text_equal(key->secret, password);
    return false;
}

static struct tenant *authenticate(struct sim *sim, struct call *call)
{
    if (!call->authorization || strncasecmp(call->authorization, "Basic ", 6) != 0)
        return NULL;
    const char *encoded = call->authorization + 6;
    size_t length = strlen(encoded), n = 0;
    char *user = arena_alloc(&call->arena, length + 4);
    if (!base64_decode(encoded, length, (uint8_t *)user, &n))
        return NULL;
    char *colon = strchr(user, ':');
    if (!colon)
        return NULL;
    *colon = '\0';
    for (struct tenant *t = sim->tenants; t; t = t->next)
        if (t->port == SIM_TWILIO && !t->revoked && secret_fits(t, user, colon + 1))
            return t;
    return NULL;
}

/* ---- routes */

static bool route_matches(const struct twilio_route *r, const struct call *call)
{
    size_t i = 0;
    for (; i < ARRAY_SIZE(r->pattern) && r->pattern[i]; i++)
        if (i >= call->segments_count || (!text_equal(r->pattern[i], "*") && !text_equal(r->pattern[i], call->segments[i])))
            return false;
    return i == call->segments_count;
}

static const struct twilio_route *find_route(const struct call *call, bool *ret_path_known)
{
    const struct twilio_route *const tables[] = { twilio_trunk_routes, twilio_account_routes, twilio_access_routes, twilio_voice_routes };
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const struct twilio_route *r = tables[i]; r->run; r++) {
            if (!route_matches(r, call))
                continue;
            *ret_path_known = true;
            if (text_equal(r->method, call->method))
                return r;
        }
    }
    return NULL;
}

static void run_xml(struct sim *sim, struct call *call)
{
    const struct twilio_route *r = call->route;
    r->run(sim, call);
    if (call->answer.status != 204)
        answer_text(call, call->answer.status, "application/xml", "<?xml version='1.0' encoding='UTF-8'?>\n<TwilioResponse/>\n");
}

static void run_wrong_method(struct sim *sim, struct call *call) { twilio_error(sim, call, 405, 20004, "Method not allowed"); }

/* Takes ".json" off the last segment; false when it was not there. */
static bool strip_suffix(struct call *call)
{
    size_t last = call->segments_count - 1, length = strlen(call->segments[last]);
    if (length <= 5 || !text_equal(call->segments[last] + length - 5, ".json"))
        return false;
    call->segments[last] = arena_strndup(&call->arena, call->segments[last], length - 5);
    return true;
}

void twilio_accept(struct sim *sim, struct call *call)
{
    bool old_api = call->segments_count > 0 && text_equal(call->segments[0], "2010-04-01");
    bool json = !old_api || strip_suffix(call), known = false;
    call->tenant = authenticate(sim, call);
    if (!call->tenant) {
        twilio_error(sim, call, 401, 20003, "Authenticate");
        answer_header(call, "WWW-Authenticate", "Basic realm=\"Twilio API\"");
        return;
    }
    if (old_api && call->segments_count > 2 && !text_equal(call->segments[2], call->tenant->id)) {
        twilio_error(sim, call, 401, 20003, "Authenticate");
        return;
    }
    const struct twilio_route *r = find_route(call, &known);
    call->route = r;
    call->run = r ? (json ? r->run : run_xml) : known ? run_wrong_method : twilio_missing;
}

struct object *twilio_path_object(struct sim *sim, struct call *call, enum sim_kind kind, const char *parent, const char *id)
{
    struct object *o = object_find(call->tenant, kind, parent, id);
    if (o && object_visible(sim, o))
        return o;
    twilio_missing(sim, call);
    return NULL;
}

void twilio_answer(struct sim *sim, struct call *call, int status, const struct object *o)
{
    answer_json(call, status, twilio_show(sim, o, call->host));
}

/* ---- parameters */

static bool is_boolean(const char *value) { return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0; }

static bool in_values(const char *values, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = values; *at;) {
        size_t n = strcspn(at, "|");
        if (n == length && memcmp(at, value, n) == 0)
            return true;
        at += n + (at[n] == '|');
    }
    return false;
}

static bool value_fits(const struct sim *sim, const struct param *p, const char *value)
{
    int64_t number = 0;
    switch (p->type) {
    case PARAM_TEXT: case PARAM_SIP_URL: return p->max == 0 || (int64_t)strlen(value) <= p->max;
    case PARAM_URL: return *value || sim->set.twilio_empty_url != EMPTY_URL_REFUSED;
    case PARAM_ENUM: return in_values(p->values, value);
    case PARAM_BOOL: return is_boolean(value);
    case PARAM_INT: return text_to_int(value, p->min, p->max, &number);
    }
    return false;
}

static const struct param *find_param(const struct param *params, const char *name)
{
    for (const struct param *p = params; p && p->name; p++)
        if (text_equal(p->name, name))
            return p;
    return NULL;
}

bool twilio_form(struct sim *sim, struct call *call, bool create, struct form *ret_form)
{
    const struct twilio_route *r = call->route;
    *ret_form = (struct form){ 0 };
    if (text_starts(call->content_type, "application/x-www-form-urlencoded"))
        form_parse(&call->arena, call->body, call->body_bytes, ret_form);
    for (size_t i = 0; i < ret_form->count; i++) {
        const struct form_pair *pair = &ret_form->pairs[i];
        const struct param *p = find_param(r->params, pair->key);
        if (!p && !sim->set.twilio_unknown_parameters) {
            twilio_error(sim, call, 400, 20001, arena_printf(&call->arena, "Unknown parameter %s", pair->key));
            return false;
        }
        if (p && !value_fits(sim, p, pair->value)) {
            twilio_error(sim, call, 400, r->invalid_code, arena_printf(&call->arena, "Invalid value for parameter %s", pair->key));
            return false;
        }
    }
    for (const struct param *p = r->params; create && p && p->name; p++) {
        if (!p->required || !text_is_empty(form_get(ret_form, p->name)))
            continue;
        twilio_error(sim, call, 400, 20001, arena_printf(&call->arena, "Missing required parameter %s in the post body", p->name));
        return false;
    }
    return true;
}

void twilio_apply(const struct sim *sim, const struct call *call, const struct form *form, struct json_object *body)
{
    const struct twilio_route *r = call->route;
    for (const struct param *p = r->params; p->name; p++) {
        const char *value = form_get(form, p->name);
        int64_t number = 0;
        if (!value || !p->field || (p->type == PARAM_URL && !*value && sim->set.twilio_empty_url == EMPTY_URL_IGNORED))
            continue;
        if (p->type == PARAM_BOOL)
            put_bool(body, p->field, strcasecmp(value, "true") == 0);
        else if (p->type == PARAM_INT && text_to_int(value, p->min, p->max, &number))
            put_int(body, p->field, number);
        else
            put_text(body, p->field, value);
        if (p->type == PARAM_SIP_URL)
            twilio_fold_sip_url(sim, body, p->field);
    }
}

/* ---- pages */

struct object_set twilio_set(struct call *call, size_t most)
{
    return (struct object_set){ .items = ARENA_ARRAY(&call->arena, struct object *, most + 1) };
}

/* What a list shows of a kind, of one parent or of all (NULL). */
struct object_set twilio_listed(const struct sim *sim, struct call *call, enum sim_kind kind, const char *parent)
{
    struct object_list *list = &call->tenant->lists[kind];
    struct object_set set = twilio_set(call, list->count);
    for (struct object *o = list->head; o; o = o->next)
        if (object_listed(sim, o) && (!parent || text_equal(o->parent, parent)))
            set.items[set.count++] = o;
    return set;
}

struct page { int64_t size, number; size_t first, count; const char *filters; };

static uint64_t token_check(const struct sim *sim, const struct call *call, uint64_t seq)
{
    return hash_text(call->path, sim->seed ^ hash_bytes(&seq, sizeof(seq), sim->seed));
}

/* The first object after the one the token names; false for a token that was never given out. */
static bool token_position(const struct sim *sim, const struct call *call, const char *token, const struct object_set *set,
                           size_t *ret_first)
{
    uint64_t seq = 0, check = 0;
    size_t first = 0;
    if (strlen(token) != 34 || sscanf(token, "PT%16" SCNx64 "%16" SCNx64, &seq, &check) != 2 || check != token_check(sim, call, seq))
        return false;
    while (first < set->count && (sim->set.twilio_newest_first ? set->items[first]->seq >= seq : set->items[first]->seq <= seq))
        first++;
    *ret_first = first;
    return true;
}

static bool page_of(struct sim *sim, struct call *call, const struct object_set *set, struct page *ret_page)
{
    struct form query;
    struct page page = { .size = PAGE_SIZE_STANDARD };
    form_parse(&call->arena, call->query, strlen(call->query), &query);
    const char *size = form_get(&query, "PageSize"), *number = form_get(&query, "Page"), *token = form_get(&query, "PageToken");
    if (size && !text_to_int(size, 1, PAGE_SIZE_MAX, &page.size)) {
        twilio_error(sim, call, 400, 20007, "Page size must be greater than 0 and at most 1000");
        return false;
    }
    if (number && !text_to_int(number, 0, 1000000, &page.number)) {
        twilio_error(sim, call, 400, 20006, "Invalid page number");
        return false;
    }
    page.first = (size_t)(page.number * page.size);
    if (token && !token_position(sim, call, token, set, &page.first)) {
        twilio_error(sim, call, 400, 21481, "Invalid PageToken");
        return false;
    }
    if (sim->set.twilio_pages_by_position)
        page.first = (size_t)(page.number * page.size);
    if (page.first > set->count)
        page.first = set->count;
    page.count = set->count - page.first < (size_t)page.size ? set->count - page.first : (size_t)page.size;
    struct buf filters;
    buf_init(&filters, 4096);
    for (size_t i = 0; i < query.count; i++)
        if (!in_values("PageSize|Page|PageToken", query.pairs[i].key))
            form_pair(&filters, query.pairs[i].key, query.pairs[i].value);
    page.filters = arena_printf(&call->arena, "%s%s", filters.data, filters.length ? "&" : "");
    buf_release(&filters);
    *ret_page = page;
    return true;
}

static struct json_object *link_to(const struct sim *sim, struct call *call, const struct page *page, int64_t number,
                                   const struct object *after)
{
    const char *token = "", *base = "";
    if (after)
        token = arena_printf(&call->arena, "&PageToken=PT%016" PRIx64 "%016" PRIx64, after->seq, token_check(sim, call, after->seq));
    if (text_equal(call->segments[0], "v1"))
        base = arena_printf(&call->arena, "http://%s", call->host);
    return json_object_new_string(arena_printf(&call->arena, "%s%s?%sPageSize=%lld&Page=%lld%s", base, call->path, page->filters,
                                               (long long)page->size, (long long)number, token));
}

void twilio_page(struct sim *sim, struct call *call, const char *key, const struct object_set *set, twilio_show_fn show)
{
    struct page page;
    for (size_t i = 0; sim->set.twilio_newest_first && i < set->count / 2; i++) {
        struct object *o = set->items[i];
        set->items[i] = set->items[set->count - 1 - i];
        set->items[set->count - 1 - i] = o;
    }
    if (!page_of(sim, call, set, &page))
        return;
    struct json_object *o = json_object_new_object(), *items = json_object_new_array(), *meta = o;
    for (size_t i = 0; i < page.count; i++)
        json_object_array_add(items, show(sim, set->items[page.first + i], call->host));
    bool more = page.first + page.count < set->count, new_api = text_equal(call->segments[0], "v1");
    const char *suffix = new_api ? "url" : "uri";
    put_json(o, key, items);
    if (new_api) {
        meta = json_object_new_object();
        put_json(o, "meta", meta);
        put_text(meta, "key", key);
    } else {
        put_int(meta, "start", page.number * page.size);
        put_int(meta, "end", page.number * page.size + (page.count ? (int64_t)page.count - 1 : 0));
    }
    put_int(meta, "page", page.number);
    put_int(meta, "page_size", page.size);
    put_json(meta, suffix, link_to(sim, call, &page, page.number, NULL));
    put_json(meta, arena_printf(&call->arena, "first_page_%s", suffix), link_to(sim, call, &page, 0, NULL));
    put_json(meta, arena_printf(&call->arena, "previous_page_%s", suffix),
             page.number > 0 ? link_to(sim, call, &page, page.number - 1, NULL) : NULL);
    put_json(meta, arena_printf(&call->arena, "next_page_%s", suffix),
             more ? link_to(sim, call, &page, page.number + 1, set->items[page.first + page.count - 1]) : NULL);
    answer_json(call, 200, o);
}
