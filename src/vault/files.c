/* Small files of secrets. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int file_open(int directory, const char *path)
{
    return openat(directory, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

int directory_open(int directory, const char *path)
{
    return openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool check_mode(int fd, enum file_trust trust, size_t bytes_max, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_set(err, ERR_CONFIG, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_CONFIG, "it is not a regular file");
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(err, ERR_CONFIG, "others may write it: chmod go-w");
    if (trust == FILE_OURS_ONLY && (st.st_mode & S_IRWXO))
        return err_set(err, ERR_CONFIG, "everybody may read it: chmod 600");
    if (st.st_size < 0 || (size_t)st.st_size > bytes_max)
        return err_set(err, ERR_LIMIT, "it is larger than %zu bytes", bytes_max);
    return true;
}

bool file_read(int fd, enum file_trust trust, size_t bytes_max, struct secret *ret_secret, struct err *err)
{
    CLEANUP(secret_release) struct secret s = { 0 };

    if (!check_mode(fd, trust, bytes_max, err))
        return false;
    secret_init(&s, bytes_max + 1);         /* one more, to see that it grew meanwhile */
    for (ssize_t n; s.length < s.capacity; s.length += (size_t)n) {
        n = read(fd, s.bytes + s.length, s.capacity - s.length);
        if (n == 0)
            break;
        if (n < 0 && errno == EINTR)
            n = 0;
        if (n < 0)
            return err_set(err, ERR_CONFIG, "%s", strerror(errno));
    }
    if (s.length > bytes_max)
        return err_set(err, ERR_LIMIT, "it is larger than %zu bytes", bytes_max);
    if (s.length > 0 && s.bytes[s.length - 1] == '\n')
        s.length--;
    *ret_secret = s;
    s = (struct secret){ 0 };
    return true;
}
