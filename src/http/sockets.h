/* Which of libcurl's sockets the loop watches: our own table, by file descriptor.
 *
 * libcurl's word is not enough: the same number may be a new socket, and a removal may come late, twice or never. So a change of
 * interest always makes a new event source, and closing a socket drops its source first. */
#ifndef TRUNKD_HTTP_SOCKETS_H
#define TRUNKD_HTTP_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include <trunkd/cleanup.h>

struct sockets {
    sd_event_source **by_fd;        /* NULL: not watched */
    size_t capacity;
    uint64_t unknown_removed;       /* how often libcurl forgot a socket we did not know */
};

/* events: EPOLLIN, EPOLLOUT or both. False: the loop refuses. */
MUST_CHECK bool sockets_watch(struct sockets *, sd_event *, int fd, uint32_t events, sd_event_io_handler_t, void *userdata);
bool sockets_drop(struct sockets *, int fd);       /* false: was not watched */
size_t sockets_watched(const struct sockets *);
void sockets_release(struct sockets *);

#endif
