/* What a cache shows: LiveKit Cloud keeps trunks and rules in one, so a list or a get may show an object as it was a moment ago, leave
 * out one that is new, or show one that is gone. Writes and conflict checks see what is there. */
#include "livekit.h"

void lk_past_free(struct object_list *list, int64_t until_ms)
{
    while (list->past && list->past->until_ms <= until_ms) {
        struct past *first = list->past;
        list->past = first->next;
        json_object_put(first->was.body);
        free(first);
    }
}

void lk_past_keep(struct sim *sim, const struct object *o, bool is_there)
{
    struct object_list *list = &o->tenant->lists[o->kind];
    struct past **end = &list->past;
    if (sim->set.livekit_read_lag_ms == 0)
        return;
    lk_past_free(list, sim->now_ms - sim->set.livekit_read_lag_ms);
    while (*end)
        end = &(*end)->next;
    struct past *past = must_calloc(1, sizeof(*past));
    past->until_ms = sim->now_ms;
    past->was = *o;
    past->was.body = is_there ? json_object_get(o->body) : NULL;
    *end = past;
}

/* Of several changes within the lag the oldest says what was there then. */
static const struct past *past_of(const struct sim *sim, const struct object_list *list, const char *id)
{
    for (const struct past *p = list->past; p; p = p->next)
        if (p->until_ms > sim->now_ms - sim->set.livekit_read_lag_ms && text_equal(p->was.id, id))
            return p;
    return NULL;
}

const struct object *lk_seen(const struct sim *sim, struct tenant *t, enum sim_kind kind, const char *id)
{
    const struct past *past = past_of(sim, &t->lists[kind], id);
    const struct object *o = past ? &past->was : object_find(t, kind, NULL, id);
    return o && o->body && object_visible(sim, o) ? o : NULL;
}

const struct object **lk_seen_by_id(const struct sim *sim, struct tenant *t, enum sim_kind kind, size_t *ret_count)
{
    struct object_list *list = &t->lists[kind];
    size_t most = list->count, n = 0;
    for (const struct past *p = list->past; p; p = p->next)
        most++;
    const struct object **all = must_calloc(most + 1, sizeof(*all));
    for (struct object *o = list->head; o; o = o->next)
        if (!past_of(sim, list, o->id))
            all[n++] = o;
    for (const struct past *p = list->past; p; p = p->next)
        if (p->was.body && past_of(sim, list, p->was.id) == p)
            all[n++] = &p->was;
    qsort(all, n, sizeof(*all), object_compare_ids);
    *ret_count = n;
    return all;
}
