/* yaml_write: JSON as YAML that every reader takes for the same, whatever YAML 1.1 makes of a word. */
#include <limits.h>
#include <string.h>
#include <trunkd/buf.h>
#include <trunkd/json.h>
#include <trunkd/yaml.h>
#include <yaml.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A word that begins with a letter and means nothing to YAML. Any other text stands in quotes, as numbers of telephones do. */
static bool is_plain(const char *text)
{
    const struct yaml node = { .type = YAML_TEXT, .text = text };

    return strspn(text, LETTERS) > 0 && !text[strspn(text, LETTERS "0123456789-_./")] && yaml_plain(&node) == YAML_MEANS_TEXT;
}

static bool emit_text(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;

    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, 1, style)
           && yaml_emitter_emit(emitter, &event);
}

static bool emit_string(yaml_emitter_t *emitter, const char *text)
{
    return emit_text(emitter, text, is_plain(text) ? YAML_PLAIN_SCALAR_STYLE
                                    : strchr(text, '\n') ? YAML_LITERAL_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static bool emit(yaml_emitter_t *emitter, const struct json *value);

static bool emit_children(yaml_emitter_t *emitter, const struct json *value)
{
    for (const struct json *child = value->child; child; child = child->next)
        if ((child->key && !emit_string(emitter, child->key)) || !emit(emitter, child))
            return false;
    return true;
}

static bool emit(yaml_emitter_t *emitter, const struct json *value)
{
    yaml_event_t start, end;

    switch (value->type) {
    case JSON_NULL:
        return emit_text(emitter, "null", YAML_PLAIN_SCALAR_STYLE);
    case JSON_BOOL:
    case JSON_NUMBER:
        return emit_text(emitter, value->text, YAML_PLAIN_SCALAR_STYLE);
    case JSON_STRING:
        return emit_string(emitter, value->text);
    case JSON_ARRAY:
        return yaml_sequence_start_event_initialize(&start, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) && yaml_emitter_emit(emitter, &start)
               && emit_children(emitter, value) && yaml_sequence_end_event_initialize(&end) && yaml_emitter_emit(emitter, &end);
    case JSON_OBJECT:
        return yaml_mapping_start_event_initialize(&start, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) && yaml_emitter_emit(emitter, &start)
               && emit_children(emitter, value) && yaml_mapping_end_event_initialize(&end) && yaml_emitter_emit(emitter, &end);
    }
    return false;
}

static int write_bytes(void *userdata, unsigned char *bytes, size_t count)
{
    buf_add(userdata, bytes, count);
    return 1;
}

bool yaml_write(struct buf *to, const struct json *value)
{
    yaml_emitter_t emitter;
    yaml_event_t begin, start, end, finish;
    bool ok;

    if (!yaml_emitter_initialize(&emitter))
        return false;
    yaml_emitter_set_output(&emitter, write_bytes, to);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, INT_MAX);
    ok = yaml_stream_start_event_initialize(&begin, YAML_UTF8_ENCODING) && yaml_emitter_emit(&emitter, &begin)
         && yaml_document_start_event_initialize(&start, NULL, NULL, NULL, 1) && yaml_emitter_emit(&emitter, &start)
         && emit(&emitter, value)
         && yaml_document_end_event_initialize(&end, 1) && yaml_emitter_emit(&emitter, &end)
         && yaml_stream_end_event_initialize(&finish) && yaml_emitter_emit(&emitter, &finish);
    yaml_emitter_delete(&emitter);
    return ok && buf_ok(to);
}
