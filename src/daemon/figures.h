/* figures: what the daemon measures of itself, and the pages at the address `metrics` of the configuration.
 *
 * Counted from events and effects as they pass; the rest is asked of the core when somebody looks. Labels are accounts, kinds, statuses and
 * reasons: never a phone number, so that the series do not grow with the numbers, and never a secret. */
#ifndef TRUNKD_DAEMON_FIGURES_H
#define TRUNKD_DAEMON_FIGURES_H

#include <trunkd/core.h>
#include <trunkd/metrics.h>
#include <trunkd/pg.h>
#include <trunkd/vault.h>

struct figures;

struct figures *figures_new(void);
void figures_free(struct figures *);

/* Times are microseconds of CLOCK_BOOTTIME. */
void figures_effect(struct figures *, const struct effect *, int64_t now_us);
void figures_event(struct figures *, const struct event *, int64_t now_us);
/* When the certificate ends that was shown to the request, in seconds since 1970: told before its answer. 0: none was. */
void figures_certificate(struct figures *, uint64_t id, int64_t ends_s);
void figures_boundary(struct figures *, enum store_boundary, int64_t now_us);
void figures_turn(struct figures *, int64_t took_us);           /* of the loop */

/* What the pages are made of. trouble: why the database cannot be used; NULL: it can. */
struct figures_source { const struct core *core; const struct vault *vault; const char *trouble, *summary; int64_t now_us; };
void figures_page(struct figures *, const struct figures_source *, const char *path, struct page *);

#endif
