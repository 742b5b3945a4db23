/* Tenants and their objects: who owns what, by id, in order of creation. Knows no provider's rule. */
#include "world.h"

#include "json.h"

const struct kind_info kinds_info[KIND_MAX_] = {
    [KIND_TRUNK] = { "trunks", "TK", SIM_TWILIO },
    [KIND_ORIGINATION_URL] = { "origination_urls", "OU", SIM_TWILIO },
    [KIND_CREDENTIAL_LIST] = { "credential_lists", "CL", SIM_TWILIO },
    [KIND_CREDENTIAL] = { "credentials", "CR", SIM_TWILIO },
    [KIND_TRUNK_CREDENTIAL_LIST] = { "trunk_credential_lists", "CL", SIM_TWILIO },
    [KIND_PHONE_NUMBER] = { "phone_numbers", "PN", SIM_TWILIO },
    [KIND_ADDRESS_LIST] = { "ip_access_control_lists", "AL", SIM_TWILIO },
    [KIND_ADDRESS] = { "ip_addresses", "IP", SIM_TWILIO },
    [KIND_TRUNK_ADDRESS_LIST] = { "trunk_ip_access_control_lists", "AL", SIM_TWILIO },
    [KIND_CONNECTION_POLICY] = { "connection_policies", "NY", SIM_TWILIO },
    [KIND_POLICY_TARGET] = { "connection_policy_targets", "NE", SIM_TWILIO },
    [KIND_BYOC_TRUNK] = { "byoc_trunks", "BY", SIM_TWILIO },
    [KIND_RECORDING] = { "recordings", "TK", SIM_TWILIO },
    [KIND_INBOUND_TRUNK] = { "inbound_trunks", "ST_", SIM_LIVEKIT },
    [KIND_OUTBOUND_TRUNK] = { "outbound_trunks", "ST_", SIM_LIVEKIT },
    [KIND_DISPATCH_RULE] = { "dispatch_rules", "SDR_", SIM_LIVEKIT },
};

int sim_kind_by_name(const char *name)
{
    for (int kind = 0; kind < KIND_MAX_; kind++)
        if (text_equal(kinds_info[kind].name, name))
            return kind;
    return -1;
}

uint64_t sim_random(struct sim *sim)
{
    uint64_t x = sim->random_state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* Twilio: two letters and 32 hex digits. LiveKit: a prefix and 12 of 57 letters and digits that cannot be mistaken. */
void sim_random_id(struct sim *sim, enum sim_kind kind, char *ret_id)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const struct kind_info *info = &kinds_info[kind];
    size_t at = strlen(info->prefix), digits = info->port == SIM_TWILIO ? 32 : 12;
    memcpy(ret_id, info->prefix, at);
    for (size_t i = 0; i < digits; i++) {
        uint64_t r = sim_random(sim) >> 33;
        ret_id[at++] = info->port == SIM_TWILIO ? hex[r % 16] : letters[r % (sizeof(letters) - 1)];
    }
    ret_id[at] = '\0';
}

struct tenant *tenant_find(struct sim *sim, enum sim_port port, const char *id)
{
    for (struct tenant *t = sim->tenants; t; t = t->next)
        if (t->port == port && text_equal(t->id, id))
            return t;
    return NULL;
}

struct tenant *tenant_add(struct sim *sim, enum sim_port port, const char *id, const char *secret)
{
    struct tenant *t = must_calloc(1, sizeof(*t)), **end = &sim->tenants;
    t->port = port;
    t->created_ms = sim->now_ms;
    text_copy(t->id, sizeof(t->id), id);
    t->secret = must_strdup(secret);
    while (*end)
        end = &(*end)->next;
    *end = t;
    return t;
}

void tenant_add_key(struct tenant *t, const char *sid, const char *secret)
{
    struct api_key *key = must_calloc(1, sizeof(*key));
    text_copy(key->sid, sizeof(key->sid), sid);
    key->secret = must_strdup(secret);
    key->next = t->keys;
    t->keys = key;
}

static void make_key(char *ret_key, size_t bytes, enum sim_kind kind, const char *parent, const char *id)
{
    if (kind == KIND_TRUNK_CREDENTIAL_LIST || kind == KIND_TRUNK_ADDRESS_LIST)
        (void)snprintf(ret_key, bytes, "%s/%s", parent, id);
    else
        text_copy(ret_key, bytes, id);
}

/* Takes the body. An id of NULL is drawn. */
struct object *object_add(struct sim *sim, struct tenant *t, enum sim_kind kind, const char *id, const char *parent,
                          struct json_object *body)
{
    struct object *o = must_calloc(1, sizeof(*o));
    struct object_list *list = &t->lists[kind];
    o->tenant = t;
    o->kind = kind;
    o->seq = ++sim->next_seq;
    o->body = body;
    o->created_ms = o->updated_ms = o->attached_ms = sim->now_ms;
    if (id)
        text_copy(o->id, sizeof(o->id), id);
    else
        sim_random_id(sim, kind, o->id);
    text_copy(o->parent, sizeof(o->parent), text_or(parent, ""));
    make_key(o->key, sizeof(o->key), kind, o->parent, o->id);
    o->prev = list->tail;
    *(list->tail ? &list->tail->next : &list->head) = o;
    list->tail = o;
    list->count++;
    (void)map_put(&list->by_key, o->key, o);
    return o;
}

struct object *object_find(struct tenant *t, enum sim_kind kind, const char *parent, const char *id)
{
    char key[2 * SIM_ID_BYTES];
    if (!id)
        return NULL;
    make_key(key, sizeof(key), kind, text_or(parent, ""), id);
    struct object *o = map_get(&t->lists[kind].by_key, key);
    return o && (!parent || text_equal(o->parent, parent)) ? o : NULL;
}

static void object_free(struct object *o)
{
    json_object_put(o->body);
    free(o->secret);
    free(o->conflict_keys);
    free(o->shared_keys);
    free(o);
}

void object_remove(struct object *o)
{
    struct object_list *list = &o->tenant->lists[o->kind];
    (void)map_remove(&list->by_key, o->key);
    *(o->prev ? &o->prev->next : &list->head) = o->next;
    *(o->next ? &o->next->prev : &list->tail) = o->prev;
    list->count--;
    object_free(o);
}

void object_touch(struct sim *sim, struct object *o) { o->updated_ms = sim->now_ms; }

bool object_visible(const struct sim *sim, const struct object *o)
{
    return !o->tenant->wrong_region && !(o->tenant->port == SIM_LIVEKIT && sim->set.livekit_everything_gone);
}

bool object_listed(const struct sim *sim, const struct object *o)
{
    int64_t lag = o->tenant->port == SIM_TWILIO ? sim->set.twilio_list_lag_ms : sim->set.livekit_list_lag_ms;
    return object_visible(sim, o) && o->created_ms + lag <= sim->now_ms;
}

int object_compare_ids(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

struct object **objects_by_id(struct tenant *t, enum sim_kind kind, size_t *ret_count)
{
    struct object_list *list = &t->lists[kind];
    struct object **all = must_calloc(list->count + 1, sizeof(*all));
    size_t n = 0;
    for (struct object *o = list->head; o; o = o->next)
        all[n++] = o;
    qsort(all, n, sizeof(*all), object_compare_ids);
    *ret_count = n;
    return all;
}

void tombstone_add(struct sim *sim, const char *domain, const struct tenant *t)
{
    if (text_is_empty(domain) || sim->set.twilio_tombstone_ms == 0)
        return;
    struct tombstone *stone = must_calloc(1, sizeof(*stone));
    stone->domain = must_strdup(domain);
    stone->until_ms = sim->now_ms + sim->set.twilio_tombstone_ms;
    text_copy(stone->tenant, sizeof(stone->tenant), t->id);
    stone->next = sim->tombstones;
    sim->tombstones = stone;
}

bool tombstone_holds(const struct sim *sim, const char *domain, const struct tenant *t)
{
    for (const struct tombstone *s = sim->tombstones; s; s = s->next)
        if (strcasecmp(s->domain, domain) == 0 && s->until_ms > sim->now_ms && (sim->set.twilio_tombstone_own || !text_equal(s->tenant, t->id)))
            return true;
    return false;
}

static void tenant_free(struct tenant *t)
{
    for (int kind = 0; kind < KIND_MAX_; kind++) {
        while (t->lists[kind].head)
            object_remove(t->lists[kind].head);
        map_release(&t->lists[kind].by_key);
        lk_past_free(&t->lists[kind], INT64_MAX);
    }
    while (t->keys) {
        struct api_key *key = t->keys;
        t->keys = key->next;
        free(key->secret);
        free(key);
    }
    free(t->name);
    free(t->secret);
    free(t->sip_host);
    free(t);
}

void store_release(struct sim *sim)
{
    while (sim->tenants) {
        struct tenant *t = sim->tenants;
        sim->tenants = t->next;
        tenant_free(t);
    }
    while (sim->tombstones) {
        struct tombstone *s = sim->tombstones;
        sim->tombstones = s->next;
        free(s->domain);
        free(s);
    }
}
