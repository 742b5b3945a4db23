/* state: the page for people at the address of the metrics, and what it shows, as JSON at /state. It only shows. */
#ifndef TRUNKD_DAEMON_STATE_H
#define TRUNKD_DAEMON_STATE_H

#include "figures.h"

/* The files of the page, made into text by the build (page.awk). */
extern const char page_html[], page_css[], page_js[];

/* The last lines of the log, for the page. */
#define LINES_MAX 50
struct line { int64_t at_s; enum message message; char object[64], text[400]; };
struct lines { struct line list[LINES_MAX]; size_t count; };    /* count: of all that there were */
void lines_add(struct lines *, const struct effect *, int64_t wall_s);

/* False: no page stands at this path. /state/+1555 shows the numbers after +1555. */
bool state_page(const struct core *, const char *summary, const struct lines *, int64_t now_ms, const char *path, struct page *);

#endif
