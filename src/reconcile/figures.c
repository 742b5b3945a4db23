/* figures: what there is to measure, in counts. It changes nothing. */
#include "state.h"

#define STANDINGS_MAX 64            /* pairs of status and reason; reasons.def has fewer */

static const char *const operation_names[OP_MAX_] = {
    [OP_CREATE] = "create", [OP_UPDATE] = "update", [OP_DELETE] = "delete", [OP_GET] = "get", [OP_LIST] = "list", [OP_CHECK] = "check",
    [OP_PROBE] = "probe",
};
static const char *const outcome_names[VERDICT_MAX_] = {
    [VERDICT_UNKNOWN] = "unknown", [VERDICT_DONE] = "done", [VERDICT_GONE] = "gone", [VERDICT_TAKEN] = "taken",
    [VERDICT_REFUSED] = "refused",
    [VERDICT_LATER] = "later", [VERDICT_FULL] = "full", [VERDICT_ACCOUNT] = "account", [VERDICT_NOT_SENT] = "not_sent",
};

void figures_count(struct core *core, const struct flight *flight, enum verdict verdict)
{
    const struct kind *kind = flight->row ? flight->row->r.kind : flight->scan ? flight->scan->kind : NULL;

    core->answers[kind ? kind->id : KIND_MAX_][flight->operation][verdict]++;
}

/* ---- numbers ------------------------------------------------------------------------------------------------------------------- */

struct standing_count { enum status_code code; const char *reason; size_t count; };

static size_t count_numbers(const struct core *core, struct standing_count counts[static STANDINGS_MAX])
{
    size_t used = 0, at;
    void *value;

    for (size_t i = 0; map_next(&core->numbers, &i, &value);) {
        const struct owner *owner = value;
        if (!owner->counted || !owner->status.reason)
            continue;
        for (at = 0; at < used; at++)
            if (counts[at].code == owner->status.code && text_equal(counts[at].reason, owner->status.reason))
                break;
        if (at == STANDINGS_MAX)
            continue;
        if (at == used)
            counts[used++] = (struct standing_count){ owner->status.code, owner->status.reason, 0 };
        counts[at].count++;
    }
    return used;
}

/* A status that no number has is told as none, so that a graph of it falls instead of ending. */
static void tell_numbers(const struct core *core, const struct figures_sink *sink)
{
    struct standing_count counts[STANDINGS_MAX];
    size_t used = count_numbers(core, counts);

    for (int code = 0; code < STATUS_CODE_MAX_; code++) {
        size_t told = 0;
        for (size_t i = 0; i < used; i++)
            if (counts[i].code == (enum status_code)code) {
                sink->numbers(sink->userdata, status_names[code], counts[i].reason, counts[i].count);
                told++;
            }
        if (told == 0)
            sink->numbers(sink->userdata, status_names[code], "", 0);
    }
}

/* ---- answers and accounts -------------------------------------------------------------------------------------------------------- */

static void tell_answers(const struct core *core, const struct figures_sink *sink)
{
    for (int kind = 0; kind <= KIND_MAX_; kind++)
        for (int operation = 0; operation < OP_MAX_; operation++)
            for (int outcome = 0; outcome < VERDICT_MAX_; outcome++)
                if (core->answers[kind][operation][outcome] > 0)
                    sink->answers(sink->userdata, kind < KIND_MAX_ ? kinds[kind]->name : "", operation_names[operation],
                                  outcome_names[outcome], core->answers[kind][operation][outcome]);
}

static void tell_account(const struct gate *gate, const struct account *account, int64_t now_ms, const struct figures_sink *sink)
{
    struct account_figures figures = {
        .name = gate->name, .family = account->family == FAMILY_TWILIO ? "twilio" : "livekit", .condition = gate->condition,
        .window = account->max_in_flight, .in_flight = gate->in_flight, .waiting = (int64_t)gate->line_count,
        .pause_ms = gate->pause_ms > now_ms ? gate->pause_ms - now_ms : 0,
        .scanned_ms = gate->scanned == SCAN_DONE ? now_ms - gate->scan_began_ms : -1,
        .probing = gate->probing, .braked = gate->braked, .held = gate->held != NULL,
    };

    for (size_t i = 0; i < gate->line_count; i++)
        if (now_ms - gate->line[i].since_ms > figures.waits_ms)
            figures.waits_ms = now_ms - gate->line[i].since_ms;
    sink->account(sink->userdata, &figures);
}

void core_figures(const struct core *core, int64_t now_ms, const struct figures_sink *sink, struct core_figures *ret)
{
    void *value;

    if (sink->numbers)
        tell_numbers(core, sink);
    if (sink->answers)
        tell_answers(core, sink);
    for (size_t i = 0; sink->account && map_next(&core->gates, &i, &value);) {
        const struct account *account = gate_account(value);
        if (account)
            tell_account(value, account, now_ms, sink);
    }
    *ret = (struct core_figures){
        .database_up = core->database_up, .is_copy = core->is_copy, .epoch = core->epoch, .lease_left_ms = core->lease_until_ms - now_ms,
        .turns_waiting = core->queue_count, .units_open = core->units.count,
    };
}
