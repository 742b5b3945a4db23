/* A request from its arrival to its answer.
 *
 * At arrival: credentials, limits, faults are decided, and what the real server reads first is read (`load`). At completion,
 * one latency later, the request executes (`run`), and what it changes is visible from then on. Two requests in service at
 * once therefore race exactly as they do at LiveKit: the second loads what the first has not stored yet. */
#include "world.h"

#include "form.h"

/* ---- answers */

void answer_text(struct call *call, int status, const char *content_type, const char *text)
{
    free(call->answer.body);
    call->answer.status = status;
    call->answer.fate = SIM_FATE_ANSWER;
    text_copy(call->answer.content_type, sizeof(call->answer.content_type), content_type);
    call->answer.body = must_strdup(text);
    call->answer.body_bytes = strlen(text);
    call->answered = true;
}

void answer_json(struct call *call, int status, struct json_object *body)
{
    answer_text(call, status, "application/json", json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(body);
}

void answer_empty(struct call *call, int status) { answer_text(call, status, "", ""); }

void answer_header(struct call *call, const char *name, const char *value)
{
    if (call->answer.headers_count == SIM_ANSWER_HEADERS_MAX)
        return;
    size_t i = call->answer.headers_count++;
    text_copy(call->answer.headers[i].name, sizeof(call->answer.headers[i].name), name);
    text_copy(call->answer.headers[i].value, sizeof(call->answer.headers[i].value), value);
}

static void answer_close(struct call *call)
{
    free(call->answer.body);
    call->answer = (struct sim_answer){ .fate = SIM_FATE_CLOSE };
    call->answered = true;
}

void sim_answer_release(struct sim_answer *answer)
{
    free(answer->body);
    *answer = (struct sim_answer){ 0 };
}

bool sim_take(struct sim *sim, struct sim_answer *ret_answer)
{
    struct answer_node *node = sim->answers;
    if (!node)
        return false;
    sim->answers = node->next;
    if (!sim->answers)
        sim->answers_tail = NULL;
    *ret_answer = node->answer;
    free(node);
    return true;
}

/* ---- the queue, by time, then by ticket */

static void queue_insert(struct sim *sim, struct call *call)
{
    struct call *after = sim->due_tail;
    while (after && (after->due_ms > call->due_ms || (after->due_ms == call->due_ms && after->ticket > call->ticket)))
        after = after->prev;
    call->prev = after;
    call->next = after ? after->next : sim->due_head;
    *(call->next ? &call->next->prev : &sim->due_tail) = call;
    *(after ? &after->next : &sim->due_head) = call;
}

static void queue_remove(struct sim *sim, struct call *call)
{
    *(call->prev ? &call->prev->next : &sim->due_head) = call->next;
    *(call->next ? &call->next->prev : &sim->due_tail) = call->prev;
    call->prev = call->next = NULL;
}

static void held_insert(struct sim *sim, struct call *call, enum call_state state)
{
    struct call **end = &sim->held;
    while (*end)
        end = &(*end)->next;
    call->state = state;
    call->next = NULL;
    *end = call;
}

static void held_remove(struct sim *sim, struct call *call)
{
    struct call **at = &sim->held;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    call->next = NULL;
}

/* ---- endings */

static void call_free(struct call *call)
{
    if (call->entry) {
        call->entry->open = false;
        if (call->entry->dropped)
            log_entry_free(call->entry);
    }
    json_object_put(call->request);
    json_object_put(call->loaded);
    free(call->answer.body);
    arena_release(&call->arena);
    free(call);
}

void call_committed(struct sim *sim, struct call *call, const char *key)
{
    if (!call->entry)
        return;
    call->entry->committed = true;
    call->entry->committed_ms = sim->now_ms;
    text_copy(call->entry->object, sizeof(call->entry->object), key);
}

/* Hands the answer over. The call itself lives on if it still has something to commit. */
static void deliver(struct sim *sim, struct call *call)
{
    if (call->entry) {
        call->entry->answered_ms = sim->now_ms;
        call->entry->closed = call->answer.fate == SIM_FATE_CLOSE;
        call->entry->status = call->answer.fate == SIM_FATE_ANSWER ? call->answer.status : 0;
        if (call->entry->in_flight > 0)
            call->tenant->in_flight--;
    }
    struct answer_node *node = must_calloc(1, sizeof(*node));
    node->answer = call->answer;
    node->answer.ticket = call->ticket;
    call->answer = (struct sim_answer){ 0 };
    *(sim->answers_tail ? &sim->answers_tail->next : &sim->answers) = node;
    sim->answers_tail = node;
}

static void finish(struct sim *sim, struct call *call)
{
    deliver(sim, call);
    call_free(call);
}

static void execute(struct sim *sim, struct call *call)
{
    if (!call->load_failed)
        call->run(sim, call);
}

/* ---- what a fault makes of a request whose service time is over */

static void garble(struct call *call)
{
    answer_text(call, 200, "application/json", "{\"sid\": \"TK, \"friendly_name\": ");
}

static void requeue(struct sim *sim, struct call *call, enum call_state state, int64_t delay_ms)
{
    call->state = state;
    call->due_ms += delay_ms;
    queue_insert(sim, call);
}

static void serve_late(struct sim *sim, struct call *call)
{
    struct sim_answer made_at_arrival = call->answer;
    bool answered = call->answered;
    call->answer = (struct sim_answer){ 0 };
    if (call->fault->status > 0)
        fault_answer(sim, call, call->fault);
    else
        answer_close(call);
    deliver(sim, call);
    call->answer = made_at_arrival;
    call->answered = answered;
    requeue(sim, call, CALL_LATE, call->fault->delay_ms);
}

static void serve(struct sim *sim, struct call *call)
{
    switch (call->fault ? call->fault->action : FAULT_DELAY) {
    case FAULT_STATUS: fault_answer(sim, call, call->fault); break;
    case FAULT_DROP_BEFORE: answer_close(call); break;
    case FAULT_DROP_AFTER: execute(sim, call); answer_close(call); break;
    case FAULT_STATUS_AFTER: execute(sim, call); fault_answer(sim, call, call->fault); break;
    case FAULT_GARBAGE: execute(sim, call); garble(call); break;
    case FAULT_LATE_COMMIT: serve_late(sim, call); return;
    case FAULT_HANG: held_insert(sim, call, CALL_HUNG); return;
    case FAULT_HOLD_BEFORE: held_insert(sim, call, CALL_HELD_BEFORE); return;
    case FAULT_HOLD_AFTER: execute(sim, call); held_insert(sim, call, CALL_HELD_AFTER); return;
    case FAULT_DELAY_AFTER: execute(sim, call); requeue(sim, call, CALL_ANSWERING, call->fault->delay_ms); return;
    case FAULT_DELAY: case FAULT_ACTION_MAX_: execute(sim, call); break;
    }
    finish(sim, call);
}

void sim_advance(struct sim *sim, int64_t now_ms)
{
    while (sim->due_head && sim->due_head->due_ms <= now_ms) {
        struct call *call = sim->due_head;
        queue_remove(sim, call);
        if (call->due_ms > sim->now_ms)
            sim->now_ms = call->due_ms;
        if (call->state == CALL_SERVING) {
            serve(sim, call);
        } else if (call->state == CALL_ANSWERING) {
            finish(sim, call);
        } else {
            execute(sim, call);
            call_free(call);
        }
    }
    if (now_ms > sim->now_ms)
        sim->now_ms = now_ms;
}

int64_t sim_next_ms(const struct sim *sim) { return sim->due_head ? sim->due_head->due_ms : -1; }

static void release_one(struct sim *sim, struct call *call)
{
    held_remove(sim, call);
    if (call->state == CALL_HUNG)
        answer_close(call);
    else if (call->state == CALL_HELD_BEFORE)
        execute(sim, call);
    finish(sim, call);
}

int64_t call_release(struct sim *sim, const char *fault_id)
{
    int64_t released = 0;
    for (struct call *call = sim->held, *next = NULL; call; call = next) {
        next = call->next;
        if (!text_equal(call->entry->fault, fault_id))
            continue;
        release_one(sim, call);
        released++;
    }
    return released;
}

/* Every open request is closed without an answer and without effect. */
void call_close_all(struct sim *sim)
{
    while (sim->held) {
        struct call *call = sim->held;
        held_remove(sim, call);
        answer_close(call);
        finish(sim, call);
    }
    while (sim->due_head) {
        struct call *call = sim->due_head;
        bool late = call->state == CALL_LATE;
        queue_remove(sim, call);
        answer_close(call);
        if (late)
            call_free(call);
        else
            finish(sim, call);
    }
}

void sim_gone(struct sim *sim, int64_t now_ms, uint64_t ticket)
{
    sim_advance(sim, now_ms);
    for (struct call *call = sim->due_head; call; call = call->next)
        if (call->ticket == ticket && call->entry)
            call->entry->gone = true;
    for (struct call *call = sim->held; call; call = call->next) {
        if (call->ticket != ticket)
            continue;
        call->entry->gone = true;
        if (call->state == CALL_HUNG)
            release_one(sim, call);
        return;
    }
}

/* ---- arrival */

static const char *header(const struct sim_request *request, const char *name)
{
    for (size_t i = 0; i < request->headers_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static void split_path(struct call *call)
{
    const char *at = call->path;
    while (*at == '/' && call->segments_count < ARRAY_SIZE(call->segments)) {
        const char *end = strchr(++at, '/');
        size_t length = end ? (size_t)(end - at) : strlen(at);
        call->segments[call->segments_count++] = url_decode(&call->arena, at, length, false);
        at += length;
    }
    if (*at)
        call->segments_count = 0;       /* deeper than any route */
}

static struct call *call_new(struct sim *sim, const struct sim_request *request)
{
    struct call *call = must_calloc(1, sizeof(*call));
    call->ticket = ++sim->next_ticket;
    call->seq_at_arrival = sim->next_seq;
    call->port = request->port;
    call->method = arena_strdup(&call->arena, request->method);
    call->path = arena_strdup(&call->arena, request->path);
    call->query = arena_strdup(&call->arena, text_or(request->query, ""));
    call->host = arena_strdup(&call->arena, text_or(header(request, "Host"), "localhost"));
    call->content_type = arena_strdup(&call->arena, text_or(header(request, "Content-Type"), ""));
    call->authorization = arena_strdup(&call->arena, header(request, "Authorization"));
    call->body = request->body_bytes ? arena_strndup(&call->arena, request->body, request->body_bytes) : "";
    call->body_bytes = request->body_bytes;
    split_path(call);
    return call;
}

/* Within the tenant's limits? Otherwise the request is answered with 429 and counts for nothing. */
static bool admit(struct sim *sim, struct call *call)
{
    struct tenant *t = call->tenant;
    bool twilio = call->port == SIM_TWILIO;
    int64_t most = twilio ? sim->set.twilio_concurrency : sim->set.livekit_concurrency;
    int64_t rate = twilio ? 0 : sim->set.livekit_rate_per_minute, minute = sim->now_ms / 60000;
    if (t->minute != minute) {
        t->minute = minute;
        t->minute_count = 0;
    }
    t->minute_count++;
    if ((most == 0 || t->in_flight < most) && (rate == 0 || t->minute_count <= rate)) {
        call->entry->in_flight = ++t->in_flight;
        if (t->in_flight > t->in_flight_peak)
            t->in_flight_peak = t->in_flight;
        return true;
    }
    if (!twilio) {
        twirp_error(call, "resource_exhausted", "request rate limit exceeded");
        return false;
    }
    twilio_error(sim, call, 429, 20429, "Too Many Requests");
    char seconds[24];
    (void)snprintf(seconds, sizeof(seconds), "%lld", (long long)sim->set.twilio_retry_after_s);
    if (sim->set.twilio_retry_after_s > 0)
        answer_header(call, "Retry-After", seconds);
    return false;
}

static void provider_headers(struct sim *sim, struct call *call)
{
    if (call->port != SIM_TWILIO)
        return;
    char text[64];
    (void)snprintf(text, sizeof(text), "RQ%016llx%016llx", (unsigned long long)hash_bytes(&call->ticket, sizeof(call->ticket), sim->seed),
                   (unsigned long long)call->ticket);
    answer_header(call, "Twilio-Request-Id", text);
    (void)snprintf(text, sizeof(text), "%lld", (long long)call->tenant->in_flight);
    answer_header(call, "Twilio-Concurrent-Requests", text);
}

static void enter(struct sim *sim, struct call *call)
{
    call->entry = log_add(sim, call);
    if (call->port == SIM_TWILIO)
        twilio_accept(sim, call);
    else
        livekit_accept(sim, call);
    if (call->tenant)
        text_copy(call->entry->account, sizeof(call->entry->account), call->tenant->id);
    if (!call->run || !call->tenant || !admit(sim, call)) {
        finish(sim, call);
        return;
    }
    provider_headers(sim, call);
    call->fault = fault_match(sim, call);
    if (call->fault)
        text_copy(call->entry->fault, sizeof(call->entry->fault), call->fault->id);
    if (call->load)
        call->load(sim, call);
    call->load_failed = call->answered;
    call->due_ms = sim->now_ms + (call->port == SIM_TWILIO ? sim->set.twilio_latency_ms : sim->set.livekit_latency_ms);
    if (call->fault && call->fault->action == FAULT_DELAY)
        call->due_ms += call->fault->delay_ms;
    call->state = CALL_SERVING;
    queue_insert(sim, call);
}

uint64_t sim_arrive(struct sim *sim, int64_t now_ms, const struct sim_request *request)
{
    sim_advance(sim, now_ms);
    struct call *call = call_new(sim, request);
    uint64_t ticket = call->ticket;
    if (text_starts(request->path, "/_sim/")) {
        control_handle(sim, call);
        finish(sim, call);
    } else {
        enter(sim, call);
    }
    sim_advance(sim, now_ms);
    return ticket;
}

struct sim *sim_new(uint64_t seed, int64_t now_ms)
{
    struct sim *sim = must_calloc(1, sizeof(*sim));
    sim->seed = sim->random_state = seed;
    sim->now_ms = now_ms;
    settings_init(&sim->set);
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    call_close_all(sim);
    struct sim_answer answer;
    while (sim_take(sim, &answer))
        sim_answer_release(&answer);
    faults_free(sim);
    log_clear(sim);
    free(sim->log.entries);
    store_release(sim);
    free(sim);
}
