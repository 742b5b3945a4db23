/* state: the status page and its JSON. */
#include "state.h"

#include <trunkd/text.h>

#define MESSAGE_CHARACTERS_MAX 1000     /* of a number's message: the page of a hundred of them stays small */

void lines_add(struct lines *lines, const struct effect *effect, int64_t wall_s)
{
    struct line *line = &lines->list[lines->count % LINES_MAX];

    if (messages[effect->log.message].level > LOG_LEVEL_INFO)
        return;
    lines->count++;
    line->at_s = wall_s;
    line->message = effect->log.message;
    text_copy(line->object, sizeof line->object, text_or(effect->log.object, ""));
    text_copy(line->text, sizeof line->text, effect->log.text);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------------- */

static void write_objects(struct buf *b, const struct number_view *number)
{
    json_key(b, "objects");
    json_open(b, '[');
    for (size_t i = 0; i < number->objects_count; i++) {
        const struct object_view *object = &number->objects[i];
        json_open(b, '{');
        json_key_text(b, "kind", object->kind);
        json_key_text(b, "slot", object->slot);
        json_key_text(b, "account", object->account);
        json_key_text(b, "id", object->id);
        json_key_text(b, "known", object->known);
        json_key_text(b, "open", object->open);
        json_close(b, '}');
    }
    json_close(b, ']');
}

struct numbers { struct buf *to; char last[64]; };

static void write_number(void *userdata, const struct number_view *number)
{
    struct numbers *numbers = userdata;
    struct buf *b = numbers->to;

    text_copy(numbers->last, sizeof numbers->last, number->number);
    json_open(b, '{');
    json_key_text(b, "number", number->number);
    json_key_text(b, "status", number->status);
    json_key_text(b, "reason", number->reason);
    json_key(b, "message");
    json_text_n(b, number->message, strnlen(number->message, MESSAGE_CHARACTERS_MAX));
    json_key_text(b, "agent", number->agent);
    json_key_text(b, "account", number->account);
    json_key_text(b, "project", number->project);
    json_key_bool(b, "wanted", number->wanted);
    json_key_bool(b, "settled", number->settled);
    write_objects(b, number);
    json_close(b, '}');
}

static void write_account(void *userdata, const struct account_figures *account)
{
    struct buf *b = userdata;

    json_open(b, '{');
    json_key_text(b, "account", account->name);
    json_key_text(b, "provider", account->family);
    json_key_text(b, "condition", account->condition);
    json_key_int(b, "window", account->window);
    json_key_int(b, "in_flight", account->in_flight);
    json_key_int(b, "waiting", account->waiting);
    json_key_int(b, "waits_ms", account->waits_ms);
    json_key_int(b, "pause_ms", account->pause_ms);
    json_key_bool(b, "probing", account->probing);
    json_key_bool(b, "braked", account->braked);
    json_key_bool(b, "held", account->held);
    json_close(b, '}');
}

static void write_lines(struct buf *b, const struct lines *lines)
{
    static const char *const levels[] = { [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
                                          [LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug" };

    json_key(b, "events");
    json_open(b, '[');
    for (size_t i = 0; i < lines->count && i < LINES_MAX; i++) {        /* the last one first */
        const struct line *line = &lines->list[(lines->count - 1 - i) % LINES_MAX];
        json_open(b, '{');
        json_key_int(b, "at", line->at_s);
        json_key_text(b, "level", levels[messages[line->message].level]);
        json_key_text(b, "event", messages[line->message].name);
        json_key_text(b, "object", line->object);
        json_key_text(b, "text", line->text);
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void write_state(const struct core *core, const char *summary, const struct lines *lines, int64_t now_ms, const char *after,
                        struct buf *b)
{
    const struct figures_sink sink = { .userdata = b, .account = write_account };
    struct numbers numbers = { .to = b };
    struct core_figures figures;

    json_open(b, '{');
    json_key_text(b, "version", PACKAGE_VERSION);
    json_key_text(b, "summary", summary);
    json_key(b, "accounts");
    json_open(b, '[');
    core_figures(core, now_ms, &sink, &figures);
    json_close(b, ']');
    json_key_bool(b, "lease", figures.epoch > 0);
    json_key(b, "numbers");
    json_open(b, '[');
    bool more = core_numbers(core, after, write_number, &numbers);
    json_close(b, ']');
    json_key_text(b, "next", more ? numbers.last : NULL);
    write_lines(b, lines);
    json_close(b, '}');
}

/* ---- pages --------------------------------------------------------------------------------------------------------------------- */

static const struct { const char *path, *content_type, *text; } files[] = {
    { "/", "text/html; charset=utf-8", page_html },
    { "/page.css", "text/css; charset=utf-8", page_css },
    { "/page.js", "text/javascript; charset=utf-8", page_js },
};

bool state_page(const struct core *core, const char *summary, const struct lines *lines, int64_t now_ms, const char *path,
                struct page *page)
{
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        if (text_equal(path, files[i].path)) {
            page->status = 200;
            page->content_type = files[i].content_type;
            buf_adds(&page->body, files[i].text);
            return true;
        }
    if (!text_equal(path, "/state") && !text_starts(path, "/state/"))
        return false;
    if (!page->by_address) {
        page->status = 403;
        buf_adds(&page->body, "ask by address (127.0.0.1) or as localhost: phone numbers are not shown to a name that may be anybody's\n");
        return true;
    }
    page->status = 200;
    page->content_type = "application/json";
    write_state(core, summary, lines, now_ms, path[strlen("/state")] ? path + strlen("/state/") : "", &page->body);
    return true;
}
