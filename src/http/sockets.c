/* The table of watched sockets. */
#include "sockets.h"

#include <assert.h>
#include <trunkd/arena.h>

static void make_room(struct sockets *s, int fd)
{
    size_t capacity = s->capacity > 0 ? s->capacity : 64;

    if ((size_t)fd < s->capacity)
        return;
    while (capacity <= (size_t)fd)
        capacity *= 2;              /* bounded by RLIMIT_NOFILE */
    s->by_fd = must_realloc(s->by_fd, capacity * sizeof s->by_fd[0]);
    for (size_t i = s->capacity; i < capacity; i++)
        s->by_fd[i] = NULL;
    s->capacity = capacity;
}

bool sockets_watch(struct sockets *s, sd_event *event, int fd, uint32_t events, sd_event_io_handler_t handler, void *userdata)
{
    sd_event_source *source = NULL;

    assert(fd >= 0);
    sockets_drop(s, fd);            /* before the new one: epoll knows a descriptor once */
    if (sd_event_add_io(event, &source, fd, events, handler, userdata) < 0)
        return false;
    make_room(s, fd);
    s->by_fd[fd] = source;
    return true;
}

bool sockets_drop(struct sockets *s, int fd)
{
    if (fd < 0 || (size_t)fd >= s->capacity || !s->by_fd[fd])
        return false;
    sd_event_source_disable_unref(s->by_fd[fd]);
    s->by_fd[fd] = NULL;
    return true;
}

size_t sockets_watched(const struct sockets *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->capacity; i++)
        n += s->by_fd[i] != NULL;
    return n;
}

void sockets_release(struct sockets *s)
{
    for (size_t i = 0; i < s->capacity; i++)
        sockets_drop(s, (int)i);
    free(s->by_fd);
    *s = (struct sockets){ 0 };
}
