/* The search for secrets, between http and the core. */
#include "arrivals.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>
#include <trunkd/arena.h>
#include <trunkd/http.h>
#include <trunkd/vault.h>

#define PIECE_BYTES ((size_t)256 << 10)
#define PRIORITY 15                     /* a deferred source goes before all of its own priority, as often as it wants to */

struct arrival {
    TAILQ_ENTRY(arrival) next;
    uint64_t id;
    struct http_result result;
    struct vault_scrub *scrub;
};

struct arrivals {
    sd_event_source *deferred;
    const struct vault *vault;
    arrivals_told told;
    void *userdata;
    TAILQ_HEAD(, arrival) waiting;      /* those too long for one turn; the first has the next */
};

static void wait_for_turn(struct arrivals *a, struct arrival *arrival)
{
    TAILQ_INSERT_TAIL(&a->waiting, arrival, next);
    sd_event_source_set_enabled(a->deferred, SD_EVENT_ON);
}

static void tell(struct arrivals *a, struct arrival *arrival)
{
    struct http_result *result = &arrival->result;

    vault_scrub_end(arrival->scrub, &result->body);
    const struct reply reply = {
        .transport = result->transport, .status = result->status, .body = result->body.data, .body_bytes = result->body.length,
        .retry_after_ms = result->retry_after_ms, .request_id = result->request_id, .text = result->text,
    };
    a->told(a->userdata, arrival->id, &reply);
    buf_wipe(&result->body);
    free(arrival);
}

static void search(struct arrivals *a, struct arrival *arrival)
{
    if (vault_scrub_more(arrival->scrub, PIECE_BYTES))
        tell(a, arrival);
    else
        wait_for_turn(a, arrival);
}

static int on_turn(sd_event_source *source, void *userdata)
{
    struct arrivals *a = userdata;
    struct arrival *arrival = TAILQ_FIRST(&a->waiting);

    TAILQ_REMOVE(&a->waiting, arrival, next);
    if (TAILQ_EMPTY(&a->waiting))
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    search(a, arrival);
    return 0;
}

void arrivals_add(struct arrivals *a, uint64_t id, struct http_result *result)
{
    struct arrival *arrival = must_calloc(1, sizeof(*arrival));

    arrival->id = id;
    arrival->scrub = vault_scrub_begin(a->vault, result->status, &result->body);
    arrival->result = *result;
    search(a, arrival);
}

bool arrivals_new(struct sd_event *event, const struct vault *vault, arrivals_told told, void *userdata, struct arrivals **ret, struct err *err)
{
    struct arrivals *a = must_calloc(1, sizeof(*a));

    *a = (struct arrivals){ .vault = vault, .told = told, .userdata = userdata };
    TAILQ_INIT(&a->waiting);
    if (sd_event_add_defer(event, &a->deferred, on_turn, a) < 0 || sd_event_source_set_enabled(a->deferred, SD_EVENT_OFF) < 0
        || sd_event_source_set_priority(a->deferred, PRIORITY) < 0) {
        arrivals_free(a);
        return err_set(err, ERR_BUG, "the event loop takes no source");
    }
    (void)sd_event_source_set_description(a->deferred, "arrivals");
    *ret = a;
    return true;
}

void arrivals_free(struct arrivals *a)
{
    if (!a)
        return;
    for (struct arrival *arrival; (arrival = TAILQ_FIRST(&a->waiting)); free(arrival)) {
        TAILQ_REMOVE(&a->waiting, arrival, next);
        vault_scrub_end(arrival->scrub, &arrival->result.body);
        buf_wipe(&arrival->result.body);
    }
    sd_event_source_disable_unref(a->deferred);
    free(a);
}
