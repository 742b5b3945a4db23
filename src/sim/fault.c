/* Fault rules: which requests they match, which of the matches they spoil, and the errors they answer with.
 *
 * Every rule counts every request it matches, also when an earlier rule spoils it. The first rule in the order of insertion
 * whose window (from, count) contains the match wins. */
#include "world.h"

#include "form.h"
#include "json.h"

static const char *const action_names[FAULT_ACTION_MAX_] = {
    [FAULT_STATUS] = "status", [FAULT_DROP_BEFORE] = "drop_before", [FAULT_DROP_AFTER] = "drop_after",
    [FAULT_STATUS_AFTER] = "status_after", [FAULT_GARBAGE] = "garbage", [FAULT_LATE_COMMIT] = "late_commit",
    [FAULT_HANG] = "hang", [FAULT_HOLD_BEFORE] = "hold_before", [FAULT_HOLD_AFTER] = "hold_after",
    [FAULT_DELAY] = "delay", [FAULT_DELAY_AFTER] = "delay_after",
};

static const char *const members[] = { "id", "provider", "account", "method", "path", "body_contains", "from", "count", "action",
                                       "status", "code", "message", "ms", "body", "content_type", NULL };

/* '*' stands for any text, '?' for one character. */
bool glob_match(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = text;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool contains(const char *text, size_t bytes, const char *part) { return memmem(text, bytes, part, strlen(part)) != NULL; }

static bool body_contains(const struct call *call, const char *part)
{
    if (contains(call->body, call->body_bytes, part))
        return true;
    struct arena scratch = { 0 };
    const char *decoded = url_decode(&scratch, call->body, call->body_bytes, true);
    bool found = contains(decoded, strlen(decoded), part);
    arena_release(&scratch);
    return found;
}

static bool matches(const struct fault *f, const struct call *call)
{
    return (f->port < 0 || f->port == (int)call->port) && (!f->account || text_equal(f->account, call->tenant->id))
        && (!f->method || text_equal(f->method, call->method)) && (!f->path || glob_match(f->path, call->path))
        && (!f->body_part || body_contains(call, f->body_part));
}

struct fault *fault_match(struct sim *sim, const struct call *call)
{
    struct fault *winner = NULL;
    for (struct fault *f = sim->faults; f; f = f->next) {
        if (f->removed || !matches(f, call))
            continue;
        f->matched++;
        if (winner || f->matched < f->from || (f->count > 0 && f->matched >= f->from + f->count))
            continue;
        f->fired++;
        winner = f;
    }
    return winner;
}

static int64_t twilio_code(int64_t status)
{
    switch (status) {
    case 400: return 20001;
    case 401: return 20003;
    case 403: return 20006;
    default: return 20000 + status;
    }
}

void fault_answer(struct sim *sim, struct call *call, const struct fault *f)
{
    int status = f->status > 0 ? (int)f->status : 500;
    const char *words = text_or(f->message, "made to fail");
    if (f->text) {
        answer_text(call, status, text_or(f->content_type, f->text[0] == '<' ? "text/html" : "application/json"), f->text);
    } else if (call->port == SIM_TWILIO) {
        twilio_error(sim, call, status, f->code > 0 ? f->code : twilio_code(status), words);
    } else {
        twirp_error(call, text_or(f->twirp, twirp_code_of(status)), words);
        call->answer.status = status;
    }
}

static char *copy_of(struct json_object *rule, const char *key)
{
    const char *text = get_text(rule, key);
    return text ? must_strdup(text) : NULL;
}

static int action_by_name(const char *name)
{
    for (int i = 0; i < FAULT_ACTION_MAX_; i++)
        if (text_equal(action_names[i], name))
            return i;
    return -1;
}

static const char *what_is_wrong(struct sim *sim, struct json_object *rule)
{
    json_object_object_foreach(rule, key, value) {
        (void)value;
        bool known = false;
        for (size_t i = 0; members[i]; i++)
            known = known || text_equal(members[i], key);
        if (!known)
            return key;
    }
    const char *provider = get_text(rule, "provider");
    if (provider && !text_equal(provider, "twilio") && !text_equal(provider, "livekit"))
        return "provider";
    if (action_by_name(get_text(rule, "action")) < 0)
        return "action";
    const char *id = get_text(rule, "id");
    return id && fault_find(sim, id) ? "id" : NULL;
}

static void fill(struct fault *f, struct json_object *rule)
{
    const char *provider = get_text(rule, "provider");
    f->port = !provider ? -1 : text_equal(provider, "twilio") ? SIM_TWILIO : SIM_LIVEKIT;
    f->account = copy_of(rule, "account");
    f->method = copy_of(rule, "method");
    f->path = copy_of(rule, "path");
    f->body_part = copy_of(rule, "body_contains");
    f->from = get_int(rule, "from", 1);
    f->count = get_int(rule, "count", 1);
    f->action = (enum fault_action)action_by_name(get_text(rule, "action"));
    f->status = get_int(rule, "status", 0);
    f->code = get_int(rule, "code", 0);
    f->message = copy_of(rule, "message");
    f->delay_ms = get_int(rule, "ms", 1000);
    f->text = copy_of(rule, "body");
    f->content_type = copy_of(rule, "content_type");
    f->twirp = copy_of(rule, "code");
}

struct fault *fault_add(struct sim *sim, struct json_object *rule, char *ret_wrong, size_t wrong_bytes)
{
    const char *wrong = what_is_wrong(sim, rule);
    if (wrong) {
        (void)snprintf(ret_wrong, wrong_bytes, "fault rule: \"%s\" is unknown, missing or taken", wrong);
        return NULL;
    }
    struct fault *f = must_calloc(1, sizeof(*f)), **end = &sim->faults;
    char id[32];
    (void)snprintf(id, sizeof(id), "f%llu", (unsigned long long)++sim->next_fault);
    text_copy(f->id, sizeof(f->id), text_or(get_text(rule, "id"), id));
    fill(f, rule);
    while (*end)
        end = &(*end)->next;
    *end = f;
    return f;
}

struct fault *fault_find(struct sim *sim, const char *id)
{
    for (struct fault *f = sim->faults; f; f = f->next)
        if (!f->removed && text_equal(f->id, id))
            return f;
    return NULL;
}

void fault_remove(struct sim *sim, struct fault *f)
{
    f->removed = true;
    (void)call_release(sim, f->id);
}

void faults_free(struct sim *sim)
{
    while (sim->faults) {
        struct fault *f = sim->faults;
        sim->faults = f->next;
        free(f->account);
        free(f->method);
        free(f->path);
        free(f->body_part);
        free(f->text);
        free(f->content_type);
        free(f->message);
        free(f->twirp);
        free(f);
    }
}

struct json_object *fault_json(const struct fault *f)
{
    struct json_object *o = json_object_new_object();
    put_text(o, "id", f->id);
    put_text(o, "provider", f->port < 0 ? NULL : f->port == SIM_TWILIO ? "twilio" : "livekit");
    put_text(o, "account", f->account);
    put_text(o, "method", f->method);
    put_text(o, "path", f->path);
    put_text(o, "body_contains", f->body_part);
    put_int(o, "from", f->from);
    put_int(o, "count", f->count);
    put_text(o, "action", action_names[f->action]);
    put_int(o, "status", f->status);
    put_int(o, "ms", f->delay_ms);
    put_int(o, "matched", f->matched);
    put_int(o, "fired", f->fired);
    return o;
}
