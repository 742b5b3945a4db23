/* Lines for people: to the journal when stderr is connected to it, else to stderr. */
#ifndef TRUNKD_DAEMON_LOG_H
#define TRUNKD_DAEMON_LOG_H

#include <trunkd/cleanup.h>
#include <trunkd/core.h>

/* Once, before the first line. Lines above `max` are dropped. */
void log_open(enum log_level max);
void log_set_max(enum log_level max);

/* object: what the line is about ("+14155551234", an account's name, "database"); NULL: the daemon itself. */
void log_line(enum log_level, const char *object, const char *text);
void log_printf(enum log_level, const char *object, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
