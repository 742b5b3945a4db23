/* The verbs that every kind of Twilio's has alike: list in pages, create, get, update by POST, delete. A kind's own rules are in its
 * table; the older kinds, which have more rules than that, keep verbs of their own. */
#include "twilio.h"

#include "json.h"

#include <ctype.h>

static const struct twilio_collection *collection_of(const struct call *call)
{
    return ((const struct twilio_route *)call->route)->collection;
}

/* The parent that the path names; true for a kind without one, with *ret_above NULL. Answers the 404 otherwise. */
static bool path_above(struct sim *sim, struct call *call, struct object **ret_above)
{
    const struct twilio_collection *c = collection_of(call);
    *ret_above = NULL;
    if (c->above == KIND_MAX_)
        return true;
    *ret_above = twilio_path_object(sim, call, c->above, NULL, call->segments[c->above_at]);
    return *ret_above != NULL;
}

static struct object *path_object(struct sim *sim, struct call *call)
{
    const struct twilio_collection *c = collection_of(call);
    struct object *above = NULL;
    return path_above(sim, call, &above) ? twilio_path_object(sim, call, c->kind, above ? above->id : NULL, call->segments[c->id_at]) : NULL;
}

void twilio_collection_list(struct sim *sim, struct call *call)
{
    const struct twilio_collection *c = collection_of(call);
    struct object *above = NULL;
    if (!path_above(sim, call, &above))
        return;
    struct object_set set = twilio_listed(sim, call, c->kind, above ? above->id : NULL);
    twilio_page(sim, call, c->key, &set, twilio_show);
}

void twilio_collection_create(struct sim *sim, struct call *call)
{
    const struct twilio_collection *c = collection_of(call);
    struct object *above = NULL;
    struct form form;
    if (!path_above(sim, call, &above) || !twilio_form(sim, call, true, &form) || !c->usable(sim, call, &form, above, NULL))
        return;
    struct object *o = object_add(sim, call->tenant, c->kind, NULL, above ? above->id : NULL, c->fresh());
    twilio_apply(sim, call, &form, o->body);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 201, o);
}

void twilio_collection_get(struct sim *sim, struct call *call)
{
    struct object *o = path_object(sim, call);
    if (o)
        twilio_answer(sim, call, 200, o);
}

void twilio_collection_update(struct sim *sim, struct call *call)
{
    const struct twilio_collection *c = collection_of(call);
    struct object *o = path_object(sim, call), *above = NULL;
    struct form form;
    if (!o || !twilio_form(sim, call, false, &form) || !path_above(sim, call, &above) || !c->usable(sim, call, &form, above, o))
        return;
    twilio_apply(sim, call, &form, o->body);
    object_touch(sim, o);
    call_committed(sim, call, o->key);
    twilio_answer(sim, call, 200, o);
}

void twilio_collection_delete(struct sim *sim, struct call *call)
{
    const struct twilio_collection *c = collection_of(call);
    struct object *o = path_object(sim, call);
    if (!o || (c->removable && !c->removable(sim, call, o)))
        return;
    call_committed(sim, call, o->key);
    object_remove(o);
    answer_empty(call, 204);
}

/* ---- what their rules have in common */

size_t twilio_count_below(const struct tenant *t, enum sim_kind kind, const char *parent)
{
    size_t n = 0;
    for (const struct object *o = t->lists[kind].head; o; o = o->next)
        n += text_equal(o->parent, parent);
    return n;
}

void twilio_remove_below(struct object *parent, enum sim_kind kind)
{
    for (struct object *o = parent->tenant->lists[kind].head, *next = NULL; o; o = next) {
        next = o->next;
        if (text_equal(o->parent, parent->id))
            object_remove(o);
    }
}

bool twilio_met(const struct sim *sim, const struct call *call, const struct object *o)
{
    return !sim->set.twilio_racy_names || o->seq <= call->seq_at_arrival;
}

bool twilio_is_sip_url(const char *url, bool sips_too)
{
    return (strncasecmp(url, "sip:", 4) == 0 && url[4]) || (sips_too && strncasecmp(url, "sips:", 5) == 0 && url[5]);
}

/* Scheme and host as the setting says; a user part, parameters and headers stay as they were sent. */
void twilio_fold_sip_url(const struct sim *sim, struct json_object *body, const char *key)
{
    const char *url = get_text(body, key);
    if (!url || sim->set.twilio_sip_url_case == 0)
        return;
    char *folded = must_strdup(url);
    size_t end = strcspn(folded, ";?");
    const char *at = memchr(folded, '@', end);
    for (size_t i = 0; i < end; i++)
        if (!at || folded + i > at || i < strcspn(folded, ":"))
            folded[i] = (char)(sim->set.twilio_sip_url_case == 1 ? tolower((unsigned char)folded[i]) : toupper((unsigned char)folded[i]));
    put_text(body, key, folded);
    free(folded);
}
