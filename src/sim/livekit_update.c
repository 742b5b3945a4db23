/* Partial updates: what the `update` action of an UpdateSIP* request changes, in place.
 *
 *   1. A ListUpdate is one of set, add and/or remove, clear. add skips and remove finds exact duplicates only.
 *   2. Given scalars are set, also to "". Given attributes are merged; an empty value deletes the key.
 *   3. media is taken whole. Any partial update fills media and makes media.encryption and media_encryption equal, and then
 *      media_encryption has no effect once an encryption is set. */
#include "livekit.h"

#include "json.h"

static bool has_empty(struct json_object *array)
{
    for (size_t i = 0; i < array_length(array); i++)
        if (text_is_empty(array_text(array, i)))
            return true;
    return false;
}

static const char *list_update_wrong(struct json_object *u)
{
    struct json_object *set = get_array(u, "set"), *add = get_array(u, "add"), *gone = get_array(u, "remove");
    bool sets = array_length(set) > 0, changes = array_length(add) > 0 || array_length(gone) > 0, clears = get_bool(u, "clear");
    if (clears && (sets || changes))
        return "cannot clear and change the list at the same time";
    if (sets && changes)
        return "cannot set and change the list at the same time";
    if (!sets && !changes && !clears)
        return "unsupported list update operation";
    return has_empty(set) || has_empty(add) || has_empty(gone) ? "empty element in the list" : NULL;
}

const char *lk_list_updates_wrong(const struct lk_message *update_message, struct json_object *update)
{
    for (const struct lk_field *f = update_message->fields; f->name; f++) {
        struct json_object *u = f->message == &lk_list_update ? get_json(update, f->name) : NULL;
        const char *wrong = u ? list_update_wrong(u) : NULL;
        if (wrong)
            return wrong;
    }
    return NULL;
}

static bool array_has(struct json_object *array, const char *text)
{
    for (size_t i = 0; i < array_length(array); i++)
        if (text_equal(array_text(array, i), text))
            return true;
    return false;
}

static struct json_object *list_updated(struct json_object *now, struct json_object *u)
{
    struct json_object *set = get_array(u, "set"), *add = get_array(u, "add"), *gone = get_array(u, "remove");
    struct json_object *out = json_object_new_array();
    if (array_length(set) > 0) {
        json_object_put(out);
        return json_copy(set);
    }
    for (size_t i = 0; !get_bool(u, "clear") && i < array_length(now); i++)
        if (!array_has(gone, array_text(now, i)))
            json_object_array_add(out, json_object_new_string(array_text(now, i)));
    for (size_t i = 0; i < array_length(add); i++)
        if (!array_has(out, array_text(add, i)))
            json_object_array_add(out, json_object_new_string(array_text(add, i)));
    return out;
}

static void merge_map(struct json_object *object, const char *name, struct json_object *changes)
{
    struct json_object *map = get_json(object, name);
    if (!map)
        put_json(object, name, map = json_object_new_object());
    json_object_object_foreach(changes, key, value) {
        if (json_object_get_string_len(value) == 0)
            json_object_object_del(map, key);
        else
            put_json(map, key, json_object_get(value));
    }
}

static bool encryption_is_set(struct json_object *media_encryption)
{
    return media_encryption && !text_equal(json_object_get_string(media_encryption), "SIP_MEDIA_ENCRYPT_DISABLE");
}

struct json_object *lk_effective_encryption(struct json_object *set)
{
    struct json_object *explicit = get_json(get_json(set, "media"), "encryption"), *old = get_json(set, "media_encryption");
    return explicit ? explicit : encryption_is_set(old) ? old : NULL;
}

static void fill_media(struct json_object *object)
{
    struct json_object *media = get_json(object, "media"), *effective = json_object_get(lk_effective_encryption(object));
    if (!media)
        put_json(object, "media", media = json_object_new_object());
    if (!effective)
        return;
    put_json(media, "encryption", effective);
    put_json(object, "media_encryption", json_object_get(effective));
}

void lk_apply_update(const struct lk_message *update_message, struct json_object *update, struct json_object *object)
{
    fill_media(object);
    for (const struct lk_field *f = update_message->fields; f->name; f++) {
        struct json_object *given = get_json(update, f->name);
        if (!given || text_equal(f->name, "media_encryption"))
            continue;
        if (f->message == &lk_list_update)
            put_json(object, f->name, list_updated(get_array(object, f->name), given));
        else if (f->type == LK_MAP)
            merge_map(object, f->name, given);
        else
            put_json(object, f->name, json_copy(given));
    }
    struct json_object *old_style = get_json(update, "media_encryption");
    if (old_style && !get_json(get_json(object, "media"), "encryption") && !encryption_is_set(get_json(object, "media_encryption")))
        put_json(object, "media_encryption", json_object_get(old_style));
    fill_media(object);
}
