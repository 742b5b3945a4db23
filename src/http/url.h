/* Which URLs may be asked at all. */
#ifndef TRUNKD_HTTP_URL_H
#define TRUNKD_HTTP_URL_H

#include <stdbool.h>
#include <trunkd/cleanup.h>
#include <trunkd/err.h>

/* https anywhere; http to loopback (127.0.0.0/8, ::1, localhost); no user or password in it, no fragment. */
MUST_CHECK bool url_check(const char *url, struct err *err);

#endif
