/* view: how numbers stand, page by page. It changes nothing. */
#include "state.h"

#include <stdlib.h>

#define OBJECTS_MAX 200             /* of one number and its trunk; what comes on top is not shown */

/* Those with the smallest keys after `after`, sorted; one more than is shown tells that there are more. */
static size_t first_after(const struct core *core, const char *after, const struct owner *ret[static NUMBERS_VIEW_MAX + 1])
{
    size_t count = 0;
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);) {
        const struct owner *owner = value;
        size_t at = count;
        if (!owner->status.reason || strcmp(owner->key, after) <= 0)
            continue;
        while (at > 0 && strcmp(owner->key, ret[at - 1]->key) < 0)
            at--;
        if (at > NUMBERS_VIEW_MAX)
            continue;
        if (count <= NUMBERS_VIEW_MAX)
            count++;
        memmove(&ret[at + 1], &ret[at], (count - 1 - at) * sizeof(*ret));
        ret[at] = owner;
    }
    return count;
}

static size_t add_objects(const struct owner *owner, struct object_view objects[static OBJECTS_MAX], size_t count)
{
    for (int kind = 0; kind < KIND_MAX_; kind++)
        for (size_t i = 0; i < owner->rows_count && count < OBJECTS_MAX; i++) {
            const struct resource *r = &owner->rows[i]->r;
            if (r->kind->id == (enum kind_id)kind)
                objects[count++] = (struct object_view){ r->kind->name, r->slot, r->account, r->external_id, known_names[r->known],
                                                         r->open == OPEN_NOTHING ? "" : open_names[r->open] };
        }
    return count;
}

bool core_numbers(const struct core *core, const char *after, void (*each)(void *userdata, const struct number_view *), void *userdata)
{
    const struct owner *owners[NUMBERS_VIEW_MAX + 1];
    struct object_view objects[OBJECTS_MAX];
    size_t count = first_after(core, after, owners);

    for (size_t i = 0; i < count && i < NUMBERS_VIEW_MAX; i++) {
        const struct owner *owner = owners[i];
        const struct number *number = owner->number;
        struct number_view view = {
            .number = owner->key, .status = status_names[owner->status.code], .reason = owner->status.reason,
            .message = owner->status.message, .agent = number ? text_or(number->agent, "") : "",
            .account = number ? text_or(number->twilio_account, "") : "",
            .project = number ? text_or(number->livekit_project, "") : "", .wanted = number != NULL, .settled = owner->status.settled,
            .objects = objects, .objects_count = add_objects(owner, objects, 0),
        };
        if (owner->placed)
            view.objects_count = add_objects(owner->placed, objects, view.objects_count);
        each(userdata, &view);
    }
    return count > NUMBERS_VIEW_MAX;
}
