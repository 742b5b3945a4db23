/* Memory functions for libcurl that overwrite what is given back: Authorization headers and passwords pass through its buffers. */
#ifndef TRUNKD_HTTP_WIPING_H
#define TRUNKD_HTTP_WIPING_H

#include <stddef.h>

void *wiping_malloc(size_t bytes);
void *wiping_calloc(size_t n, size_t bytes);
void *wiping_realloc(void *p, size_t bytes);
char *wiping_strdup(const char *text);
void wiping_free(void *p);

#endif
