/* Pauses between attempts to connect. */
#include "backoff.h"

#include <assert.h>

int64_t backoff_next_ms(int64_t before_ms, uint64_t random)
{
    int64_t top = before_ms * 3, next;

    assert(before_ms >= 0 && before_ms <= BACKOFF_MAX_MS);
    if (top < BACKOFF_MIN_MS * 3)
        top = BACKOFF_MIN_MS * 3;
    next = BACKOFF_MIN_MS + (int64_t)(random % (uint64_t)(top - BACKOFF_MIN_MS + 1));
    return next < BACKOFF_MAX_MS ? next : BACKOFF_MAX_MS;
}
