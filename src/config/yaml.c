/* libyaml's events become a tree. */
#include <trunkd/yaml.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <trunkd/map.h>
#include <trunkd/text.h>
#include <yaml.h>

#define YAML_OWN_TAG "tag:yaml.org,2002:"     /* written !! */

struct level {
    struct yaml *node;              /* a map or a list that is open */
    struct yaml **tail;             /* where its next child goes */
    struct yaml *key;               /* of a map: read, its value not yet */
    struct map keys;
};

struct reader {
    struct arena *arena;
    yaml_complain *complain;
    void *userdata;
    size_t documents_max, documents;
    struct level levels[YAML_DEPTH_MAX];
    size_t depth;
    size_t too_deep;                /* open collections beyond the limit, which are skipped */
    struct yaml *first, **tail;     /* documents */
    bool failed;
};

static void PRINTF_LIKE(3, 4) refuse(struct reader *r, const yaml_mark_t *at, const char *fmt, ...)
{
    char sentence[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    r->failed = true;
    r->complain(r->userdata, at->line + 1, at->column + 1, sentence);
}

static void key_remember(struct reader *r, struct level *level, struct yaml *key, const yaml_mark_t *at)
{
    const struct yaml *first;

    if (key->type != YAML_TEXT) {
        refuse(r, at, "a key is a text, not a list or a map");
        key->text = "";
        return;
    }
    first = map_get(&level->keys, key->text);
    if (first)
        refuse(r, at, "the key \"%s\" is written twice; the first is in line %zu", key->text, first->line);
    else
        map_put(&level->keys, key->text, key);
}

/* Hangs a finished or opened node where it belongs: as a document, an item, a key, or the value of the key before it. */
static void attach(struct reader *r, struct yaml *node, const yaml_mark_t *at)
{
    struct level *level;

    if (r->depth == 0) {
        *r->tail = node;
        r->tail = &node->next;
        return;
    }
    level = &r->levels[r->depth - 1];
    if (level->node->type == YAML_MAP && !level->key) {
        key_remember(r, level, node, at);
        level->key = node;
        return;
    }
    node->key = level->key;
    level->key = NULL;
    *level->tail = node;
    level->tail = &node->next;
}

static struct yaml *node_new(struct reader *r, enum yaml_type type, const yaml_mark_t *at)
{
    struct yaml *node = ARENA_NEW(r->arena, struct yaml);

    node->type = type;
    node->line = at->line + 1;
    node->column = at->column + 1;
    return node;
}

static void refuse_extras(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag, const yaml_mark_t *at)
{
    if (anchor)
        refuse(r, at, "anchors (&%s) are not used here: write the value out where it is meant", (const char *)anchor);
    if (tag) {
        bool short_form = text_starts((const char *)tag, YAML_OWN_TAG);
        refuse(r, at, "tags (%s%s) are not used here: a value is what it looks like, or a text in quotes", short_form ? "!!" : "",
               (const char *)tag + (short_form ? strlen(YAML_OWN_TAG) : 0));
    }
}

static void take_scalar(struct reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *at = &event->start_mark;
    struct yaml *node = node_new(r, YAML_TEXT, at);
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    refuse_extras(r, event->data.scalar.anchor, event->data.scalar.tag, at);
    if (memchr(text, '\0', length))
        refuse(r, at, "a text cannot hold the character NUL");
    node->text = arena_strndup(r->arena, text, length);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    attach(r, node, at);
}

static void open_collection(struct reader *r, enum yaml_type type, const yaml_char_t *anchor, const yaml_char_t *tag, const yaml_mark_t *at)
{
    struct yaml *node = node_new(r, type, at);

    refuse_extras(r, anchor, tag, at);
    attach(r, node, at);
    if (r->depth == YAML_DEPTH_MAX) {
        refuse(r, at, "this is nested deeper than %d levels", YAML_DEPTH_MAX);
        r->too_deep++;
        return;
    }
    r->levels[r->depth++] = (struct level){ .node = node, .tail = &node->child };
}

static void close_collection(struct reader *r)
{
    map_release(&r->levels[--r->depth].keys);
}

/* Inside what is too deep only its end is looked for. */
static void skip(struct reader *r, const yaml_event_t *event)
{
    if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT)
        r->too_deep++;
    else if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
        r->too_deep--;
}

static void take(struct reader *r, const yaml_event_t *event)
{
    const yaml_mark_t *at = &event->start_mark;

    if (r->too_deep > 0) {
        skip(r, event);
        return;
    }
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (event->data.document_start.version_directive || event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end)
            refuse(r, at, "directives (%%YAML, %%TAG) are not used here: leave the line out");
        if (++r->documents == r->documents_max + 1)
            refuse(r, at, "at most %zu document%s can stand here", r->documents_max, r->documents_max == 1 ? "" : "s");
        break;
    case YAML_ALIAS_EVENT:
        refuse(r, at, "aliases (*%s) are not used here: write the value out where it is meant", (const char *)event->data.alias.anchor);
        attach(r, node_new(r, YAML_LIST, at), at);
        break;
    case YAML_SCALAR_EVENT:
        take_scalar(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_collection(r, YAML_LIST, event->data.sequence_start.anchor, event->data.sequence_start.tag, at);
        break;
    case YAML_MAPPING_START_EVENT:
        open_collection(r, YAML_MAP, event->data.mapping_start.anchor, event->data.mapping_start.tag, at);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_collection(r);
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

/* A tab in the indentation is the commonest reason why something that looks right is not YAML, and libyaml does not name it. */
static bool line_begins_with_tab(const char *text, size_t bytes, size_t line)
{
    const char *end = text + bytes;

    for (; line > 0 && text < end; text++)
        if (*text == '\n')
            line--;
    while (text < end && *text == ' ')
        text++;
    return text < end && *text == '\t';
}

/* Lines and columns of an offset, as libyaml counts them: columns in characters. */
static yaml_mark_t mark_of(const char *text, size_t offset)
{
    yaml_mark_t mark = { .line = 0 };

    for (size_t i = 0; i < offset; i++) {
        bool newline = text[i] == '\n', inside = ((unsigned char)text[i] & 0xC0) == 0x80;
        mark.column = newline ? 0 : mark.column + !inside;
        mark.line += newline;
    }
    return mark;
}

/* What libyaml could not take as characters: a byte that is no UTF-8, or a character that YAML does not have. */
static void refuse_character(struct reader *r, const yaml_parser_t *parser, const char *text, size_t bytes)
{
    const yaml_mark_t at = mark_of(text, parser->problem_offset < bytes ? parser->problem_offset : bytes);

    if (text_equal(parser->problem, "control characters are not allowed"))
        refuse(r, &at, "a text cannot hold the control character U+%04X: leave it out", (unsigned)parser->problem_value);
    else
        refuse(r, &at, "this is not text in UTF-8 (%s): save the file in UTF-8", text_or(parser->problem, "unreadable"));
}

/* libyaml's words, behind ours where it does not say what people did. */
static void refuse_syntax(struct reader *r, const yaml_parser_t *parser, const char *text, size_t bytes)
{
    const yaml_mark_t *at = &parser->problem_mark;
    const char *problem = text_or(parser->problem, "unreadable");

    if (parser->error == YAML_READER_ERROR)
        refuse_character(r, parser, text, bytes);
    else if (line_begins_with_tab(text, bytes, at->line))
        refuse(r, at, "a tab cannot indent a line in YAML: use spaces");
    else if (text_equal(problem, "mapping values are not allowed in this context"))
        refuse(r, at, "this is not YAML: a key cannot begin here; a text with a colon and a space in it stands in quotes, and the keys of a map "
                      "are indented alike");
    else if (parser->context && parser->context_mark.line < at->line)
        refuse(r, at, "this is not YAML: %s %s that begins in line %zu", problem, parser->context, parser->context_mark.line + 1);
    else
        refuse(r, at, "this is not YAML: %s%s%s", problem, parser->context ? " " : "", text_or(parser->context, ""));
}

/* `---` with nothing behind it, or a file of comments, says nothing. */
static struct yaml *without_empty(struct yaml *documents)
{
    struct yaml *first = NULL, **tail = &first;

    for (struct yaml *document = documents; document; document = document->next)
        if (yaml_plain(document) != YAML_MEANS_NULL) {
            *tail = document;
            tail = &document->next;
        }
    *tail = NULL;
    return first;
}

struct yaml *yaml_read(struct arena *arena, const char *text, size_t bytes, size_t documents_max, yaml_complain *complain, void *userdata)
{
    struct reader r = { .arena = arena, .complain = complain, .userdata = userdata, .documents_max = documents_max };
    yaml_parser_t parser;
    bool more = true;

    r.tail = &r.first;
    if (!yaml_parser_initialize(&parser)) {
        refuse(&r, &(yaml_mark_t){ .line = 0 }, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
    while (more) {
        yaml_event_t event;

        if (!yaml_parser_parse(&parser, &event)) {
            refuse_syntax(&r, &parser, text, bytes);
            break;
        }
        take(&r, &event);
        more = event.type != YAML_STREAM_END_EVENT && r.documents <= documents_max;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    while (r.depth > 0)
        close_collection(&r);
    return r.failed ? NULL : without_empty(r.first);
}

struct yaml *yaml_get(const struct yaml *map, const char *key)
{
    if (!map || map->type != YAML_MAP)
        return NULL;
    for (struct yaml *child = map->child; child; child = child->next)
        if (strcmp(child->key->text, key) == 0)
            return child;
    return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

/* Integers (decimal, 0x, 0o, 0b, with _ and :) and floats of YAML 1.1: after a sign it begins with a digit, or a point and a digit,
 * and holds nothing but what numbers hold. Wider than the rule by a few texts, which then want quotes. */
static bool looks_like_number(const char *text)
{
    if (*text == '+' || *text == '-')
        text++;
    if (text[0] == '.' && (text[1] < '0' || text[1] > '9'))
        return false;
    if (text[0] != '.' && (text[0] < '0' || text[0] > '9'))
        return false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b'))
        return text[2 + strspn(text + 2, "0123456789abcdefABCDEF_")] == '\0';
    return text[strspn(text, "0123456789_.:eE+-")] == '\0';
}

enum yaml_meaning yaml_plain(const struct yaml *node)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const bools[] = {
        "y", "Y", "n", "N", "yes", "Yes", "YES", "no", "No", "NO", "true", "True", "TRUE", "false", "False", "FALSE",
        "on", "On", "ON", "off", "Off", "OFF", NULL };
    static const char *const floats[] = { ".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan", ".NaN", ".NAN", NULL };
    const char *text = node->text;

    if (node->type != YAML_TEXT || node->quoted)
        return YAML_MEANS_TEXT;
    if (is_one_of(text, nulls))
        return YAML_MEANS_NULL;
    if (is_one_of(text, bools))
        return YAML_MEANS_BOOL;
    if (strspn(text, "0123456789") == 4 && text[4] == '-' && strspn(text + 5, "0123456789") > 0)
        return YAML_MEANS_DATE;
    if (is_one_of(text, floats) || looks_like_number(text))
        return YAML_MEANS_NUMBER;
    return YAML_MEANS_TEXT;
}

const char *yaml_text(struct arena *arena, const struct yaml *node, const char *what, const char **ret_text)
{
    static const char *const meanings[] = {
        [YAML_MEANS_TEXT] = "a text", [YAML_MEANS_NULL] = "nothing", [YAML_MEANS_BOOL] = "true or false",
        [YAML_MEANS_NUMBER] = "a number", [YAML_MEANS_DATE] = "a date" };
    enum yaml_meaning meaning = yaml_plain(node);

    if (node->type != YAML_TEXT)
        return arena_printf(arena, "%s is a text, not a %s", what, node->type == YAML_LIST ? "list" : "map");
    if (meaning != YAML_MEANS_TEXT && !*node->text)
        return arena_printf(arena, "%s is a text, and nothing is written: write \"\" if it is to be empty", what);
    if (meaning != YAML_MEANS_TEXT)
        return arena_printf(arena, "%s is a text, and without quotes YAML reads %s as %s: write \"%s\"", what, node->text, meanings[meaning],
                            node->text);
    *ret_text = node->text;
    return NULL;
}
