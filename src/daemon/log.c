/* log: one line per event, beginning with the object it is about. */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <trunkd/text.h>

static enum log_level level_max = LOG_LEVEL_INFO;
static bool to_journal;

static const struct { const char *word; int priority; } levels[] = {
    [LOG_LEVEL_ERROR] = { "error", LOG_ERR }, [LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
    [LOG_LEVEL_NOTICE] = { "notice", LOG_NOTICE }, [LOG_LEVEL_INFO] = { "info", LOG_INFO },
    [LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

/* systemd says which stream is the journal's by device and inode. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    uintmax_t device, inode;

    if (!stream || sscanf(stream, "%" SCNuMAX ":%" SCNuMAX, &device, &inode) != 2 || fstat(fileno(stderr), &st) != 0)
        return false;
    return (uintmax_t)st.st_dev == device && (uintmax_t)st.st_ino == inode;
}

void log_open(enum log_level max)
{
    level_max = max;
    to_journal = stderr_is_journal();
}

void log_set_max(enum log_level max) { level_max = max; }

/* NULL: none besides TRUNKD_OBJECT. */
static const char *field_of(enum message message, const char *object)
{
    switch (messages[message].about) {
    case ABOUT_OWNER: return *object == '+' ? "TRUNKD_NUMBER" : "TRUNKD_TRUNK";
    case ABOUT_ACCOUNT: return "TRUNKD_ACCOUNT";
    case ABOUT_DAEMON: break;
    }
    return NULL;
}

static void send_to_journal(enum message message, const char *object, const char *text)
{
    const struct message_row *row = &messages[message];
    const char *field = field_of(message, object);

    sd_journal_send("MESSAGE=%s%s%s", object, *object ? ": " : "", text, "MESSAGE_ID=%s", row->id,
                    "PRIORITY=%d", levels[row->level].priority, "TRUNKD_MESSAGE=%s", row->name, "TRUNKD_OBJECT=%s", object,
                    field ? "%s=%s" : NULL, field, object, NULL);
}

/* The journal knows when a line came; nobody else does. */
static void send_to_stderr(enum log_level level, const char *object, const char *text)
{
    char at[sizeof("2026-01-01T00:00:00")];
    struct timespec now;
    struct tm day;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &day);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", &day);
    fprintf(stderr, "%s.%03ldZ trunkd: %s: %s%s%s\n", at, now.tv_nsec / 1000000, levels[level].word, object, *object ? ": " : "", text);
}

void log_line(enum message message, const char *object, const char *text)
{
    enum log_level level = messages[message].level;

    object = text_or(object, "");
    if (level > level_max)
        return;
    if (to_journal)
        send_to_journal(message, object, text);
    else
        send_to_stderr(level, object, text);
}

void log_printf(enum message message, const char *object, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    log_line(message, object, text);
}
