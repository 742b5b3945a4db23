/* A simulated world for the unit tests: one account, one project, and requests in one line. */
#ifndef TRUNKD_TESTS_SIM_FIXTURE_H
#define TRUNKD_TESTS_SIM_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <trunkd/sim.h>

#define SID "AC0123456789abcdef0123456789abcdef"
#define OTHER_SID "ACffffffffffffffffffffffffffffffff"
#define TOKEN "auth-token-of-the-account"
#define KEY "projectkey"
#define SECRET "secret-of-the-project-0123456789abcdef"
#define SIP_HOST "demo.sip.sim.test"
#define START_MS INT64_C(1795338000000)     /* 2026-11-22T09:00:00Z */

struct world {
    struct sim *sim;
    int64_t now_ms;
    struct sim_answer answer;               /* of the last request that was waited for */
    struct json_object *body;               /* the same, as JSON; NULL: none, or unreadable */
    char text[256];                         /* what world_text() returns */
};

int world_setup(void **state);              /* cmocka: *state is a struct world */
int world_teardown(void **state);

/* One request each, waited for; returns the status, 0 when the connection was closed. "POST /v1/Trunks", form or NULL. */
int world_twilio(struct world *, const char *request, const char *form);
int world_twilio_as(struct world *, const char *authorization, const char *request, const char *form);
int world_livekit(struct world *, const char *method, const char *body);
int world_livekit_as(struct world *, const char *authorization, const char *method, const char *body);
int world_control(struct world *, const char *request, const char *body);
int world_raw(struct world *, const struct sim_request *);

/* The same in two steps. */
uint64_t world_send_twilio(struct world *, const char *request, const char *form);
uint64_t world_send_livekit(struct world *, const char *method, const char *body);
bool world_take(struct world *, uint64_t ticket);           /* the answer is there now */
void world_at(struct world *, int64_t after_start_ms);      /* time passes */

/* A member of the last body: "meta.page", "items.0.name". NULL: not there, or not text. */
const char *world_text(struct world *, const char *path);
int64_t world_int(struct world *, const char *path);        /* -1: not there, or no number */
struct json_object *world_json(struct world *, const char *path);
bool world_says(const struct world *, const char *part);    /* somewhere in the last body */
void world_keep(struct world *, const char *path, char ret_text[128]);  /* a copy that outlives the next request */

char *world_token(const char *header, const char *claims, const char *secret);  /* the caller frees */
char *world_bearer(const char *claims);                     /* "Bearer ..." with our secret; the caller frees */
size_t world_count(struct world *, const char *side, const char *tenant, const char *kind);

#define TWILIO_COUNT(w, kind) world_count((w), "twilio", SID, (kind))
#define LIVEKIT_COUNT(w, kind) world_count((w), "livekit", KEY, (kind))

#endif
