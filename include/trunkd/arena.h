/* Memory that is given back all at once. Holds plain data only: nothing in it has a destructor.
 *
 * A zeroed struct arena is valid and empty. Allocation never fails: running out of memory aborts, so every size that a remote
 * party, a file or a row can influence passes a limit check first. Memory is zeroed and aligned for any type. Under
 * AddressSanitizer released memory is poisoned by free(). */
#ifndef TRUNKD_ARENA_H
#define TRUNKD_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <trunkd/cleanup.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *chunk;      /* newest first */
    size_t next_bytes;              /* size of the next chunk; 0: the default */
};
/* Empty too, for an arena of which there are many: what it holds is little, so its first chunk is. */
#define ARENA_SMALL ((struct arena){ .next_bytes = 128 })

void *arena_alloc(struct arena *, size_t bytes);
char *arena_strdup(struct arena *, const char *text);                       /* NULL gives NULL */
char *arena_strndup(struct arena *, const char *text, size_t length);
char *arena_printf(struct arena *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void arena_release(struct arena *);                                         /* gives everything back; the arena is empty again */

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_array((arena), sizeof(type), (n)))
void *arena_array(struct arena *, size_t item_bytes, size_t n);             /* aborts when the product overflows */

/* malloc family that aborts instead of returning NULL. Sizes have passed a limit check. */
void *must_malloc(size_t bytes);
void *must_calloc(size_t n, size_t bytes);
void *must_realloc(void *p, size_t bytes);
char *must_strdup(const char *text);

#endif
