/* The request log: every provider request with its fate, bodies with their secrets masked. */
#include "world.h"

#include "form.h"
#include "hash.h"
#include "json.h"

#define LOG_ENTRIES_MAX ((size_t)500000)

static const char *const secret_names[] = { "Password", "AuthToken", "auth_password", "authPassword", "auth_token", "password",
                                            "access_token", NULL };

static bool is_secret(const char *key)
{
    for (size_t i = 0; secret_names[i]; i++)
        if (text_equal(secret_names[i], key))
            return true;
    return false;
}

struct json_object *mask_secret(const char *secret)
{
    if (text_is_empty(secret))
        return json_object_new_string("");
    uint8_t digest[32];
    char text[32];
    sha256(secret, strlen(secret), digest);
    (void)snprintf(text, sizeof(text), "masked:%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
    return json_object_new_string(text);
}

static void mask_tree(struct json_object *o)
{
    if (json_object_is_type(o, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(o); i++)
            mask_tree(json_object_array_get_idx(o, i));
    } else if (json_object_is_type(o, json_type_object)) {
        json_object_object_foreach(o, key, value) {
            if (is_secret(key) && json_object_is_type(value, json_type_string))
                json_object_object_add_ex(o, key, mask_secret(json_object_get_string(value)), 0);
            else
                mask_tree(value);
        }
    }
}

static char *mask_form(const char *body, size_t bytes)
{
    struct arena scratch = { 0 };
    struct form form;
    struct buf out;
    buf_init(&out, SIM_BODY_BYTES_MAX);
    form_parse(&scratch, body, bytes, &form);
    for (size_t i = 0; i < form.count; i++) {
        struct json_object *mask = is_secret(form.pairs[i].key) ? mask_secret(form.pairs[i].value) : NULL;
        form_pair(&out, form.pairs[i].key, mask ? json_object_get_string(mask) : form.pairs[i].value);
        json_object_put(mask);
    }
    char *text = must_strdup(buf_ok(&out) ? out.data : "");
    buf_release(&out);
    arena_release(&scratch);
    return text;
}

char *log_mask_body(enum sim_port port, const char *content_type, const char *body, size_t bytes)
{
    if (bytes == 0)
        return must_strdup("");
    if (port == SIM_TWILIO && text_starts(content_type, "application/x-www-form-urlencoded"))
        return mask_form(body, bytes);
    struct json_object *o = json_read_object(body, bytes);
    char note[64];
    (void)snprintf(note, sizeof(note), "<%zu bytes that cannot be read>", bytes);
    if (!o)
        return must_strdup(note);
    mask_tree(o);
    char *text = must_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
    return text;
}

void log_entry_free(struct log_entry *e)
{
    free(e->method);
    free(e->path);
    free(e->query);
    free(e->body);
    free(e);
}

static void let_go(struct log_entry *e)
{
    if (e->open)
        e->dropped = true;              /* its request frees it */
    else
        log_entry_free(e);
}

struct log_entry *log_add(struct sim *sim, const struct call *call)
{
    struct sim_log *log = &sim->log;
    if (log->count == LOG_ENTRIES_MAX)
        log_clear(sim);
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? 2 * log->capacity : 256;
        log->entries = must_realloc(log->entries, log->capacity * sizeof(log->entries[0]));
    }
    struct log_entry *e = must_calloc(1, sizeof(*e));
    e->seq = ++log->next_seq;
    e->ticket = call->ticket;
    e->arrived_ms = sim->now_ms;
    e->answered_ms = -1;
    e->open = true;
    e->port = call->port;
    e->method = must_strdup(call->method);
    e->path = must_strdup(call->path);
    e->query = mask_form(call->query, strlen(call->query));
    e->body = log_mask_body(call->port, call->content_type, call->body, call->body_bytes);
    log->entries[log->count++] = e;
    return e;
}

void log_clear(struct sim *sim)
{
    for (size_t i = 0; i < sim->log.count; i++)
        let_go(sim->log.entries[i]);
    sim->log.count = 0;
}

static struct json_object *entry_json(const struct log_entry *e)
{
    struct json_object *o = json_object_new_object();
    put_int(o, "seq", (int64_t)e->seq);
    put_int(o, "time_ms", e->arrived_ms);
    put_json(o, "answered_ms", e->answered_ms < 0 ? NULL : json_object_new_int64(e->answered_ms));
    put_text(o, "provider", e->port == SIM_TWILIO ? "twilio" : "livekit");
    put_text(o, "account", e->account);
    put_text(o, "method", e->method);
    put_text(o, "path", e->path);
    put_text(o, "query", e->query);
    put_text(o, "body", e->body);
    put_json(o, "status", e->status ? json_object_new_int(e->status) : NULL);
    put_bool(o, "closed", e->closed);
    put_bool(o, "client_gone", e->gone);
    put_bool(o, "committed", e->committed);
    put_json(o, "committed_ms", e->committed ? json_object_new_int64(e->committed_ms) : NULL);
    put_text(o, "object", e->object[0] ? e->object : NULL);
    put_text(o, "fault", e->fault[0] ? e->fault : NULL);
    put_int(o, "in_flight", e->in_flight);
    return o;
}

struct json_object *log_json(const struct sim *sim, uint64_t since)
{
    struct json_object *o = json_object_new_object(), *entries = json_object_new_array();
    for (size_t i = 0; i < sim->log.count; i++)
        if (sim->log.entries[i]->seq > since)
            json_object_array_add(entries, entry_json(sim->log.entries[i]));
    put_json(o, "entries", entries);
    put_int(o, "last", (int64_t)sim->log.next_seq);
    return o;
}
