/* Lines for people: to the journal when stderr is connected to it, else to stderr. */
#ifndef TRUNKD_DAEMON_LOG_H
#define TRUNKD_DAEMON_LOG_H

#include <trunkd/cleanup.h>
#include <trunkd/core.h>

/* Once, before the first line. Lines above `max` are dropped. */
void log_open(enum log_level max);
void log_set_max(enum log_level max);

/* object: what the line is about (a number, the id of a trunk, an account's name, "database"); NULL: the daemon itself. In the journal it
 * is a field as well: TRUNKD_NUMBER, TRUNKD_TRUNK or TRUNKD_ACCOUNT, and always TRUNKD_OBJECT. */
void log_line(enum message, const char *object, const char *text);
void log_printf(enum message, const char *object, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
