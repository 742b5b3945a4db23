/* Both providers as one deterministic machine: Twilio and LiveKit, their accounts and objects, their latency, limits and faults.
 *
 * Pure: no I/O, no clock, no hidden randomness. The same seed and the same calls at the same times give the same answers, byte
 * for byte. Time is milliseconds since 1970 and never runs backwards.
 *
 *   sim_arrive()   a whole request has arrived; returns a ticket. A request whose body was cut short never arrives.
 *   sim_next_ms()  when sim_advance() has something to do next
 *   sim_advance()  the time has come: requests in service commit and are answered, late commits happen
 *   sim_take()     the next finished answer, by ticket; ask until it says no, after sim_arrive() and after sim_advance()
 *   sim_gone()     the client hung up. What has arrived is still executed, as the real servers do
 *
 * Paths below /_sim/ are the control API (src/simd/README); it is answered at once and is in no log. */
#ifndef TRUNKD_SIM_H
#define TRUNKD_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_port { SIM_TWILIO, SIM_LIVEKIT, SIM_PORT_MAX_ };

struct sim_header { const char *name, *value; };

struct sim_request {
    enum sim_port port;
    const char *method, *path, *query;          /* path still escaped, without query; query NULL or without '?' */
    const struct sim_header *headers;
    size_t headers_count;
    const void *body;
    size_t body_bytes;
};

enum sim_fate {
    SIM_FATE_ANSWER,    /* status, headers and body are sent */
    SIM_FATE_CLOSE,     /* the connection is closed without a byte */
};

#define SIM_ANSWER_HEADERS_MAX 4

struct sim_answer {
    uint64_t ticket;
    enum sim_fate fate;
    int status;
    char content_type[64];
    struct { char name[40], value[64]; } headers[SIM_ANSWER_HEADERS_MAX];
    size_t headers_count;
    char *body;                                 /* NULL or body_bytes bytes and a NUL */
    size_t body_bytes;
};

struct sim;

struct sim *sim_new(uint64_t seed, int64_t now_ms);
void sim_free(struct sim *);                    /* also NULL */

uint64_t sim_arrive(struct sim *, int64_t now_ms, const struct sim_request *);
int64_t sim_next_ms(const struct sim *);        /* -1: nothing is due, ever, without another call */
void sim_advance(struct sim *, int64_t now_ms);
bool sim_take(struct sim *, struct sim_answer *ret_answer);     /* the caller releases it */
void sim_gone(struct sim *, int64_t now_ms, uint64_t ticket);   /* unknown tickets are ignored */

void sim_answer_release(struct sim_answer *);   /* also zeroed */

#endif
