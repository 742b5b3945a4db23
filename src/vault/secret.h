/* Bytes that nobody may print: memory that is locked, guarded and wiped when released. There is no function that formats one. */
#ifndef TRUNKD_VAULT_SECRET_H
#define TRUNKD_VAULT_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/cleanup.h>
#include <trunkd/err.h>

struct secret {
    unsigned char *bytes;
    size_t length;
    size_t capacity;
};

void secret_init(struct secret *, size_t capacity);         /* aborts when there is no memory */
void secret_release(struct secret *);                       /* also for a zeroed struct; wipes */
void secret_add(struct secret *, const void *bytes, size_t length);     /* the capacity is the caller's promise */
void secret_adds(struct secret *, const char *text);

/* A secret that can travel in a header, a form and JSON alike: not empty, UTF-8, no control characters. */
MUST_CHECK bool secret_check_text(const struct secret *, struct err *err);

#endif
