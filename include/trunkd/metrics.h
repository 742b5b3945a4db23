/* Figures as Prometheus reads them, and the small server that shows them.
 *
 * The server runs on the daemon's own loop: no thread, no call that waits. It answers GET and HEAD with what its owner writes, and
 * knows nothing of trunkd. Who may connect may read, so it listens where the configuration says: on loopback or at a socket file. */
#ifndef TRUNKD_METRICS_H
#define TRUNKD_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/buf.h>
#include <trunkd/cleanup.h>
#include <trunkd/err.h>

#define PAGE_BYTES_MAX (8u << 20)       /* 10,000 accounts */

/* ---- text ------------------------------------------------------------------------------------------------------------------- */

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* Values of one name follow their head directly. */
void metric_head(struct buf *, const char *name, enum metric_type, const char *help);
/* Labels are pairs of name and value, ended by NULL: metric(b, "trunkd_up", 1, "account", name, NULL). */
void metric(struct buf *, const char *name, double value, ...) __attribute__((sentinel));

/* Times, each counted in the first bound that it does not exceed. Zeroed is empty. */
#define HISTOGRAM_BOUNDS 15
extern const double histogram_bounds[HISTOGRAM_BOUNDS];        /* seconds, from 100 us to a minute */
struct histogram { uint64_t counts[HISTOGRAM_BOUNDS + 1]; double sum; };
void histogram_add(struct histogram *, double seconds);
/* label NULL: none. */
void metric_histogram(struct buf *, const char *name, const struct histogram *, const char *label, const char *value);

/* ---- server ------------------------------------------------------------------------------------------------------------------- */

struct metrics_server;
struct sd_event;

struct page {
    int status;                         /* of HTTP; 404 as it comes */
    const char *content_type;
    bool by_address;                    /* asked for by an address or as localhost, not by a name that somebody may have made point here */
    struct buf body;                    /* initialised by the server */
};
/* Writes the page that stands at this path. Called from the loop; must not wait. */
typedef void (*metrics_page)(void *userdata, const char *path, struct page *);

/* ADDRESS:PORT, with the address in numbers ([::1]:9469), or the path of a socket file: it begins with "/". */
MUST_CHECK bool metrics_address_check(const char *address, struct err *err);
/* A socket file that nobody listens at any more is replaced. The event is referenced. */
MUST_CHECK bool metrics_listen(struct sd_event *, const char *address, metrics_page, void *userdata, struct metrics_server **ret_server,
                               struct err *err);
void metrics_free(struct metrics_server *);     /* NULL is fine */

#endif
