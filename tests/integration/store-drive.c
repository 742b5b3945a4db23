/* Drives a struct store by lines, for tests: effects come in on standard input, events go out on standard output.
 *
 *   read all|inbox|news · commit UNIT JSON · lease take|renew|release LEASE_MS EPOCH · key ID PUBLIC_KEY · idle
 *   up · down · hint · rows all|dirty COUNT [continued] [more] · row WHAT KEY JSON · committed UNIT OUTCOME TEXT
 *   lease EPOCH VALID_IN_MS TEXT · batch sent|answered UNITS · idle yes|no · log TEXT · trouble TEXT
 *
 * Arguments: conninfo, holder, and "nofence". Lines that come in one write are one turn of the loop. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <trunkd/pg.h>
#include <unistd.h>

struct drive { sd_event *loop; struct store *store; char line[1 << 20]; size_t length; uint64_t random; };

static struct drive drive;

static uint64_t next_random(void) { return drive.random += UINT64_C(0x9e3779b97f4a7c15); }

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void print_rows(const struct event *event)
{
    printf("rows %s %zu%s%s\n", event->rows.all ? "all" : "dirty", event->rows.count, event->rows.continued ? " continued" : "",
           event->rows.more ? " more" : "");
    for (size_t i = 0; i < event->rows.count; i++) {
        const struct row_text *row = &event->rows.rows[i];
        printf("row %s %s %s\n", row->what, row->key ? row->key : "-", row->json ? row->json : "null");
    }
}

static void on_event(void *userdata, struct event *event)
{
    static const char *const outcomes[] = { "done", "changed", "fenced", "failed", "unknown" };

    (void)userdata;
    switch ((int)event->type) {
    case EVENT_DB_UP: puts("up"); break;
    case EVENT_DB_DOWN: puts("down"); break;
    case EVENT_HINT: puts("hint"); break;
    case EVENT_ROWS: print_rows(event); break;
    case EVENT_COMMITTED:
        printf("committed %" PRIu64 " %s %s\n", event->committed.unit, outcomes[event->committed.outcome], event->committed.text);
        break;
    case EVENT_LEASE:
        printf("lease %" PRId64 " %" PRId64 " %s\n", event->lease.epoch, event->lease.epoch ? event->lease.valid_until_ms - now_ms() : 0,
               event->lease.text);
        break;
    default: printf("unexpected %d\n", (int)event->type); break;
    }
    fflush(stdout);
}

static void on_log(void *userdata, enum log_level level, const char *text)
{
    (void)userdata;
    (void)level;
    printf("log %s\n", text);
    fflush(stdout);
}

static void on_boundary(void *userdata, enum store_boundary boundary, size_t units)
{
    (void)userdata;
    printf("batch %s %zu\n", boundary == STORE_COMMIT_SENT ? "sent" : "answered", units);
    fflush(stdout);
}

static void obey(char *line)
{
    char *rest = line, *word = strsep(&rest, " "), *first = strsep(&rest, " ");

    if (strcmp(word, "read") == 0) {
        store_read(drive.store, *first == 'a' ? READ_ALL : *first == 'i' ? READ_INBOX : READ_NEWS);
    } else if (strcmp(word, "commit") == 0) {
        store_commit(drive.store, strtoull(first, NULL, 10), rest);
    } else if (strcmp(word, "key") == 0) {
        store_publish_key(drive.store, first, rest);
    } else if (strcmp(word, "lease") == 0) {
        int64_t lease_ms = strtoll(strsep(&rest, " "), NULL, 10), epoch = strtoll(rest, NULL, 10);
        store_lease(drive.store, *first == 't' ? LEASE_TAKE : strcmp(first, "renew") == 0 ? LEASE_RENEW : LEASE_RELEASE, lease_ms, epoch);
    } else {
        printf("idle %s\n", store_is_idle(drive.store) ? "yes" : "no");
        printf("trouble %s\n", store_trouble(drive.store) ? store_trouble(drive.store) : "-");
        fflush(stdout);
    }
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    ssize_t got = read(fd, drive.line + drive.length, sizeof drive.line - 1 - drive.length);
    char *end;

    (void)source;
    (void)revents;
    (void)userdata;
    if (got <= 0)
        return got == 0 ? sd_event_exit(drive.loop, 0) : 0;
    drive.length += (size_t)got;
    drive.line[drive.length] = '\0';
    while ((end = strchr(drive.line, '\n'))) {
        *end = '\0';
        obey(drive.line);
        drive.length -= (size_t)(end + 1 - drive.line);
        memmove(drive.line, end + 1, drive.length + 1);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct err err;
    struct store_options options = {
        .database = argc > 1 ? argv[1] : "", .holder = argc > 2 ? argv[2] : "drive", .fence_off = argc > 3,
        .event = on_event, .log = on_log, .random = next_random, .boundary = on_boundary,
    };

    drive.random = (uint64_t)now_ms();
    if (sd_event_new(&drive.loop) < 0 || !store_new(drive.loop, &options, &drive.store, &err)
        || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0
        || sd_event_add_io(drive.loop, NULL, STDIN_FILENO, EPOLLIN, on_input, NULL) < 0)
        return 1;
    sd_event_loop(drive.loop);
    store_free(drive.store);
    sd_event_unref(drive.loop);
    return 0;
}
