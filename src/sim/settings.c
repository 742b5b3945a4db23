/* The settings of the simulated world: one table, read and changed by name. */
#include "world.h"

#include "json.h"

#include <stddef.h>

static const struct setting { const char *name; size_t offset; int64_t min, max, standard; } table[] = {
#define X(name, min, max, standard) { #name, offsetof(struct settings, name), (min), (max), (standard) },
    SIM_SETTINGS(X)
#undef X
};

/* Names that stand for one setting of each provider. */
static const struct { const char *name, *members[2]; } both[] = {
    { "latency_ms", { "twilio_latency_ms", "livekit_latency_ms" } },
    { "concurrency", { "twilio_concurrency", "livekit_concurrency" } },
    { "list_lag_ms", { "twilio_list_lag_ms", "livekit_list_lag_ms" } },
};

static int64_t *value_of(struct settings *set, const struct setting *s) { return (int64_t *)(void *)((char *)set + s->offset); }

void settings_init(struct settings *set)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        *value_of(set, &table[i]) = table[i].standard;
}

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (text_equal(table[i].name, name))
            return &table[i];
    return NULL;
}

static bool apply_one(struct settings *set, const char *name, struct json_object *value)
{
    const struct setting *s = find(name);
    int64_t v = 0;
    if (json_object_is_type(value, json_type_boolean))
        v = json_object_get_boolean(value);
    else if (json_object_is_type(value, json_type_int))
        v = json_object_get_int64(value);
    else
        return false;
    if (!s || v < s->min || v > s->max)
        return false;
    *value_of(set, s) = v;
    return true;
}

static bool apply_name(struct settings *set, const char *name, struct json_object *value)
{
    for (size_t i = 0; i < ARRAY_SIZE(both); i++)
        if (text_equal(both[i].name, name))
            return apply_one(set, both[i].members[0], value) && apply_one(set, both[i].members[1], value);
    return apply_one(set, name, value);
}

bool settings_apply(struct settings *set, struct json_object *changes, char *ret_wrong, size_t wrong_bytes)
{
    struct settings next = *set;
    json_object_object_foreach(changes, name, value) {
        if (apply_name(&next, name, value))
            continue;
        (void)snprintf(ret_wrong, wrong_bytes, "unknown setting or value out of range: %s", name);
        return false;
    }
    *set = next;
    return true;
}

struct json_object *settings_json(const struct settings *set)
{
    struct settings copy = *set;
    struct json_object *o = json_object_new_object();
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        put_int(o, table[i].name, *value_of(&copy, &table[i]));
    return o;
}
