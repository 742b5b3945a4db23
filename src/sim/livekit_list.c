/* Lists: everything in one body, by id. A filter also shows the objects that match everybody; a page together with a filter ends
 * at the first chunk without a match, as livekit-server does. */
#include "livekit.h"

#include "json.h"

#define CHUNK_STANDARD 100

static bool has_id(struct json_object *array, const char *id)
{
    for (size_t i = 0; i < array_length(array); i++)
        if (text_equal(array_text(array, i), id))
            return true;
    return false;
}

/* `normal`: compare numbers as conflicts do. */
static bool intersects(struct arena *a, struct json_object *wanted, struct json_object *have, bool normal)
{
    for (size_t i = 0; i < array_length(wanted); i++) {
        const char *x = text_or(array_text(wanted, i), "");
        for (size_t j = 0; j < array_length(have); j++) {
            const char *y = text_or(array_text(have, j), "");
            if (normal ? text_equal(lk_normal_number(a, x), lk_normal_number(a, y)) : text_equal(x, y))
                return true;
        }
    }
    return false;
}

struct filter { struct json_object *ids, *values; const char *field; bool everybody, normal; };

static struct filter filter_of(const struct call *call, enum sim_kind kind)
{
    bool rule = kind == KIND_DISPATCH_RULE;
    return (struct filter){
        .ids = get_array(call->request, rule ? "dispatch_rule_ids" : "trunk_ids"),
        .values = get_array(call->request, rule ? "trunk_ids" : "numbers"),
        .field = rule ? "trunk_ids" : "numbers",
        .everybody = kind != KIND_OUTBOUND_TRUNK,
        .normal = kind == KIND_INBOUND_TRUNK,
    };
}

static bool passes(struct call *call, const struct filter *f, const struct object *o)
{
    struct json_object *have = get_array(o->body, f->field);
    if (array_length(f->ids) > 0 && !has_id(f->ids, o->id))
        return false;
    if (array_length(f->values) == 0)
        return true;
    return (f->everybody && array_length(have) == 0) || intersects(&call->arena, f->values, have, f->normal);
}

static void add_with_nulls(struct sim *sim, struct call *call, enum sim_kind kind, const struct filter *f, struct json_object *items)
{
    for (size_t i = 0; i < array_length(f->ids); i++) {
        const struct object *o = lk_seen(sim, call->tenant, kind, array_text(f->ids, i));
        json_object_array_add(items, o && object_listed(sim, o) && passes(call, f, o) ? livekit_show(sim, o, false) : NULL);
    }
}

static void add_items(struct sim *sim, struct call *call, enum sim_kind kind, const struct filter *f, struct json_object *items)
{
    struct json_object *page = get_json(call->request, "page");
    const char *after = text_or(get_text(page, "after_id"), "");
    int64_t limit = get_int(page, "limit", 0) > 0 ? get_int(page, "limit", 0) : CHUNK_STANDARD, in_chunk = 0, matched = 0;
    bool filtered = array_length(f->ids) > 0 || array_length(f->values) > 0;
    size_t count = 0;
    const struct object **objects = lk_seen_by_id(sim, call->tenant, kind, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(objects[i]->id, after) <= 0 || !object_listed(sim, objects[i]))
            continue;
        if (page && in_chunk == limit) {
            if ((filtered && matched == 0) || sim->set.livekit_page_cuts)
                break;
            in_chunk = matched = 0;
        }
        in_chunk++;
        if (!passes(call, f, objects[i]))
            continue;
        matched++;
        json_object_array_add(items, livekit_show(sim, objects[i], false));
    }
    free(objects);
}

void lk_list(struct sim *sim, struct call *call)
{
    enum sim_kind kind = ((const struct lk_method *)call->route)->kind;
    struct filter f = filter_of(call, kind);
    struct json_object *answer = json_object_new_object(), *items = json_object_new_array();
    put_json(answer, "items", items);
    if (sim->set.livekit_null_items && array_length(f.ids) > 0)
        add_with_nulls(sim, call, kind, &f, items);
    else
        add_items(sim, call, kind, &f, items);
    if (sim->set.livekit_camel && array_length(items) == 0)
        json_object_object_del(answer, "items");
    answer_json(call, 200, answer);
}

/* Of the numbers it has the first only. */
static struct json_object *as_old_trunk(const struct sim *sim, const struct object *o)
{
    static const struct { enum sim_kind kind; const char *now, *then; } fields[] = {
        { KIND_INBOUND_TRUNK, "allowed_addresses", "inbound_addresses" }, { KIND_INBOUND_TRUNK, "allowed_numbers", "inbound_numbers" },
        { KIND_INBOUND_TRUNK, "auth_username", "inbound_username" }, { KIND_INBOUND_TRUNK, "auth_password", "inbound_password" },
        { KIND_OUTBOUND_TRUNK, "address", "outbound_address" }, { KIND_OUTBOUND_TRUNK, "transport", "transport" },
        { KIND_OUTBOUND_TRUNK, "auth_username", "outbound_username" }, { KIND_OUTBOUND_TRUNK, "auth_password", "outbound_password" },
    };
    struct json_object *set = json_object_new_object();
    put_text(set, "sip_trunk_id", o->id);
    put_text(set, "kind", o->kind == KIND_INBOUND_TRUNK ? "TRUNK_INBOUND" : "TRUNK_OUTBOUND");
    put_text(set, "name", text_or(get_text(o->body, "name"), ""));
    put_text(set, "metadata", text_or(get_text(o->body, "metadata"), ""));
    put_text(set, "outbound_number", text_or(array_text(get_array(o->body, "numbers"), 0), ""));
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        struct json_object *value = get_json(o->body, fields[i].now);
        if (fields[i].kind == o->kind && value && !(sim->set.livekit_hides_passwords && text_equal(fields[i].now, "auth_password")))
            put_json(set, fields[i].then, json_object_get(value));
    }
    return set;
}

/* The deprecated list of both kinds. */
void lk_list_old_trunks(struct sim *sim, struct call *call)
{
    size_t inbound_count = 0, outbound_count = 0;
    const struct object **inbound = lk_seen_by_id(sim, call->tenant, KIND_INBOUND_TRUNK, &inbound_count);
    const struct object **outbound = lk_seen_by_id(sim, call->tenant, KIND_OUTBOUND_TRUNK, &outbound_count);
    size_t count = inbound_count + outbound_count;
    const struct object **both = arena_alloc(&call->arena, (count + 1) * sizeof(*both));
    struct json_object *answer = json_object_new_object(), *items = json_object_new_array();
    for (size_t i = 0; i < count; i++)
        both[i] = i < inbound_count ? inbound[i] : outbound[i - inbound_count];
    qsort(both, count, sizeof(*both), object_compare_ids);
    for (size_t i = 0; i < count; i++) {
        if (object_listed(sim, both[i])) {
            struct json_object *set = as_old_trunk(sim, both[i]);
            json_object_array_add(items, lk_encode(&lk_old_trunk, set, sim->set.livekit_camel));
            json_object_put(set);
        }
    }
    free(inbound);
    free(outbound);
    put_json(answer, "items", items);
    answer_json(call, 200, answer);
}
