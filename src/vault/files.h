/* Reading a small file of secrets, with distrust. */
#ifndef TRUNKD_VAULT_FILES_H
#define TRUNKD_VAULT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/err.h>
#include "secret.h"

enum file_trust {
    FILE_NOT_WRITABLE,      /* others may not write it */
    FILE_OURS_ONLY,         /* nor may they read it, the group excepted */
};

/* Opens for reading, follows no symbolic link in the last component, blocks on nothing. -1 with errno. Directory as for openat. */
int file_open(int directory, const char *path);

/* A regular file of at most bytes_max bytes; one newline at its end is taken off. *ret_secret is initialised on success only. */
MUST_CHECK bool file_read(int fd, enum file_trust, size_t bytes_max, struct secret *ret_secret, struct err *err);

/* An open directory below another (AT_FDCWD), or -1 with errno. */
int directory_open(int directory, const char *path);
void fd_close(int *fd);

#endif
