/* Pauses between attempts to connect: decorrelated jitter, so that daemons which lost one server do not come back in step. */
#ifndef TRUNKD_PG_BACKOFF_H
#define TRUNKD_PG_BACKOFF_H

#include <stdint.h>

#define BACKOFF_MIN_MS 5
#define BACKOFF_MAX_MS 2000

/* From the pause before (0: there was none) and random bits: anywhere between the least pause and three times the one before. */
int64_t backoff_next_ms(int64_t before_ms, uint64_t random);

#endif
