/* log: one line per event, beginning with the object it is about. */
#include "log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

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

void log_line(enum log_level level, const char *object, const char *text)
{
    if (level > level_max)
        return;
    if (to_journal) {
        sd_journal_send("MESSAGE=%s%s%s", object ? object : "", object ? ": " : "", text, "PRIORITY=%d", levels[level].priority,
                        "TRUNKD_OBJECT=%s", object ? object : "", NULL);
        return;
    }
    fprintf(stderr, "trunkd: %s: %s%s%s\n", levels[level].word, object ? object : "", object ? ": " : "", text);
}

void log_printf(enum log_level level, const char *object, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    log_line(level, object, text);
}
