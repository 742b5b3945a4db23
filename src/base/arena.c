/* Bump allocation out of chunks that double in size, and the malloc family that cannot fail. */
#include <trunkd/arena.h>

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer the rest of a chunk, and a gap behind each allocation, may not be touched. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GAP_BYTES alignof(max_align_t)
#else
#define ASAN_POISON_MEMORY_REGION(p, bytes) ((void)(p), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(p, bytes) ((void)(p), (void)(bytes))
#define GAP_BYTES ((size_t)0)
#endif

#define CHUNK_BYTES_DEFAULT ((size_t)8 * 1024)
#define CHUNK_BYTES_MAX ((size_t)1024 * 1024)       /* where doubling ends; a single allocation may be larger */

struct arena_chunk {
    struct arena_chunk *older;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

/* Goes on only in a debugger. Nothing is freed and nothing is written but one line: memory is what we do not have. */
static _Noreturn void die(const char *why)
{
    fputs(why, stderr);
    abort();
}

void *must_malloc(size_t bytes)
{
    void *p = malloc(bytes ? bytes : 1);

    if (!p)
        die("trunkd: out of memory\n");
    return p;
}

void *must_calloc(size_t n, size_t bytes)
{
    void *p = calloc(n ? n : 1, bytes ? bytes : 1);

    if (!p)
        die("trunkd: out of memory\n");
    return p;
}

void *must_realloc(void *old, size_t bytes)
{
    void *p = realloc(old, bytes ? bytes : 1);

    if (!p)
        die("trunkd: out of memory\n");
    return p;
}

char *must_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;

    return memcpy(must_malloc(bytes), text, bytes);
}

static void chunk_add(struct arena *arena, size_t bytes_wanted)
{
    size_t size = arena->next_bytes ? arena->next_bytes : CHUNK_BYTES_DEFAULT;
    struct arena_chunk *chunk;

    if (size < bytes_wanted)
        size = bytes_wanted;
    else
        arena->next_bytes = size * 2 < CHUNK_BYTES_MAX ? size * 2 : CHUNK_BYTES_MAX;
    if (size > SIZE_MAX - sizeof *chunk)
        die("trunkd: an allocation larger than the address space\n");
    chunk = must_calloc(1, sizeof *chunk + size);
    chunk->size = size;
    chunk->older = arena->chunk;
    arena->chunk = chunk;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, size);
}

/* The next free byte on that boundary. */
static void *take(struct arena *arena, size_t bytes, size_t align)
{
    size_t skip, room;
    char *p;

    if (bytes > SIZE_MAX - 2 * alignof(max_align_t) - GAP_BYTES)
        die("trunkd: an allocation larger than the address space\n");
    skip = arena->chunk ? -arena->chunk->used % align : 0;
    room = skip + bytes + GAP_BYTES;
    if (!arena->chunk || arena->chunk->size - arena->chunk->used < room) {
        skip = 0;
        room = bytes + GAP_BYTES;
        chunk_add(arena, room);
    }
    p = arena->chunk->bytes + arena->chunk->used + skip;
    arena->chunk->used += room;
    assert(arena->chunk->used <= arena->chunk->size);
    ASAN_UNPOISON_MEMORY_REGION(p, bytes);
    return p;
}

void *arena_alloc(struct arena *arena, size_t bytes) { return take(arena, bytes, alignof(max_align_t)); }

void *arena_array(struct arena *arena, size_t item_bytes, size_t n)
{
    size_t bytes;

    if (__builtin_mul_overflow(item_bytes, n, &bytes))
        die("trunkd: an allocation larger than the address space\n");
    return arena_alloc(arena, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = take(arena, length + 1, 1);        /* texts stand close together: there are many */

    if (length > 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    int length;
    char *text;

    va_start(args, fmt);
    length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    assert(length >= 0);
    text = take(arena, (size_t)length + 1, 1);
    va_start(args, fmt);
    vsnprintf(text, (size_t)length + 1, fmt, args);
    va_end(args);
    return text;
}

void arena_release(struct arena *arena)
{
    if (!arena)
        return;
    for (struct arena_chunk *chunk = arena->chunk, *older; chunk; chunk = older) {
        older = chunk->older;
        free(chunk);
    }
    *arena = (struct arena){ 0 };
}
