/* The few headers of an answer that matter. Pure but for the meaning of a date. */
#ifndef TRUNKD_HTTP_HEADERS_H
#define TRUNKD_HTTP_HEADERS_H

#include <stddef.h>
#include <stdint.h>

#define RETRY_AFTER_MS_MAX (24ll * 3600 * 1000)     /* nobody means more */

struct headers {
    char content_type[64], twilio_request_id[64], request_id[64];
    char retry_after[48], date[48];
};

/* One header line as it came, line end included. A status line forgets what an earlier (interim) answer said. */
void headers_note(struct headers *, const char *line, size_t length);

/* Milliseconds to wait, or -1. A date is compared with the answer's own Date, if it has one: clocks differ. */
int64_t headers_retry_after_ms(const struct headers *, int64_t wall_seconds);

#endif
