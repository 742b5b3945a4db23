/* Units that wait to be written, and the text of a commit statement that takes as many of them as fit. Plain data, no libpq. */
#ifndef TRUNKD_PG_BATCH_H
#define TRUNKD_PG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/pg.h>

struct unit {
    uint64_t id;                /* 0: the store's own, nobody is told */
    int64_t epoch;              /* of the lease it was made under */
    char *json;
    size_t bytes;
};

/* First in, first out. Zeroed: empty. */
struct unit_queue { struct unit *units; size_t first, count, capacity; };

void units_add(struct unit_queue *, uint64_t id, int64_t epoch, const char *json);
void units_release(struct unit_queue *);

/* One statement's worth: units of one epoch, in order. */
struct batch { uint64_t ids[STORE_BATCH_UNITS_MAX]; bool answered[STORE_BATCH_UNITS_MAX]; size_t count; int64_t epoch; };

/* Takes the first units out of the queue (it is not empty) and gives their JSON array, which the caller frees. */
char *batch_take(struct unit_queue *, struct batch *ret_batch);

/* Where the unit stands in a batch; batch->count: nowhere, or it has been answered before. */
size_t batch_find(const struct batch *, uint64_t id);

#endif
