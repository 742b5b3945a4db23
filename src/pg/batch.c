/* Units that wait to be written. */
#include "batch.h"

#include <assert.h>
#include <string.h>
#include <trunkd/arena.h>
#include <trunkd/buf.h>

void units_add(struct unit_queue *q, uint64_t id, int64_t epoch, const char *json)
{
    if (q->first > 0 && q->first + q->count == q->capacity) {
        memmove(q->units, q->units + q->first, q->count * sizeof *q->units);
        q->first = 0;
    }
    if (q->count == q->capacity) {
        q->capacity = q->capacity ? q->capacity * 2 : 64;
        q->units = must_realloc(q->units, q->capacity * sizeof *q->units);
    }
    q->units[q->first + q->count++] = (struct unit){ .id = id, .epoch = epoch, .json = must_strdup(json), .bytes = strlen(json) };
}

void units_release(struct unit_queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        free(q->units[q->first + i].json);
    free(q->units);
    *q = (struct unit_queue){ .count = 0 };
}

char *batch_take(struct unit_queue *q, struct batch *ret_batch)
{
    struct buf text;

    assert(q->count > 0);
    ret_batch->count = 0;
    ret_batch->epoch = q->units[q->first].epoch;
    buf_init(&text, SIZE_MAX / 4);      /* what a unit may hold is limited by whoever wrote it */
    buf_addc(&text, '[');
    while (q->count > 0 && ret_batch->count < STORE_BATCH_UNITS_MAX) {
        struct unit *unit = &q->units[q->first];

        if (unit->epoch != ret_batch->epoch || (ret_batch->count > 0 && text.length + unit->bytes > STORE_BATCH_BYTES_MAX))
            break;
        if (ret_batch->count > 0)
            buf_addc(&text, ',');
        buf_add(&text, unit->json, unit->bytes);
        free(unit->json);
        ret_batch->answered[ret_batch->count] = false;
        ret_batch->ids[ret_batch->count++] = unit->id;
        q->first++;
        q->count--;
    }
    if (q->count == 0)
        q->first = 0;
    buf_addc(&text, ']');
    assert(buf_ok(&text) && ret_batch->count > 0);
    return text.data;
}

size_t batch_find(const struct batch *batch, uint64_t id)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->ids[i] == id && !batch->answered[i])
            return i;
    return batch->count;
}
