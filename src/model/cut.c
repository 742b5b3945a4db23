/* A list is cut where an item of its array ends: at a comma or the closing bracket, outside of strings, one level down. */
#include <trunkd/cut.h>

#include <string.h>

/* From an opening quote to behind the closing one. */
static size_t behind_string(const struct cut *cut, size_t at)
{
    for (at++; at < cut->bytes; at++) {
        const char *quote = memchr(cut->text + at, '"', cut->bytes - at);
        size_t slashes = 0;

        if (!quote)
            return cut->bytes;
        at = (size_t)(quote - cut->text);
        while (cut->text[at - 1 - slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0)
            return at + 1;
    }
    return cut->bytes;
}

/* From the beginning of a value, or anywhere between values, to the first of these brackets or commas on that level. */
static size_t find(const struct cut *cut, size_t at, const char *wanted)
{
    size_t depth = 0;

    while (at < cut->bytes) {
        char c = cut->text[at];

        if (c == '"') {
            at = behind_string(cut, at);
            continue;
        }
        if (depth == 0 && strchr(wanted, c) && c != '\0')
            return at;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        at++;
    }
    return cut->bytes;
}

static size_t behind_space(const struct cut *cut, size_t at)
{
    while (at < cut->bytes && cut->text[at] != '\0' && strchr(" \t\r\n", cut->text[at]))
        at++;
    return at;
}

void cut_begin(struct cut *cut, const char *text, size_t bytes)
{
    *cut = (struct cut){ .text = text, .bytes = bytes };
    size_t at = behind_space(cut, 0);

    if (at == bytes || text[at] != '{')
        return;
    for (at = find(cut, at + 1, "["); at < bytes; at = find(cut, at, "[")) {
        size_t inside = at + 1, first = behind_space(cut, inside);

        if (first < bytes && text[first] == '{') {
            cut->begin = cut->at = inside;
            return;
        }
        at = find(cut, inside, "]") + 1;
    }
}

bool cut_next(struct cut *cut, size_t piece_bytes, struct buf *ret_piece)
{
    const size_t from = cut->at;
    size_t to = cut->begin ? from : cut->bytes;

    if (cut->ended)
        return false;
    while (to < cut->bytes && to - from < piece_bytes && (to == from || cut->text[to] != ']'))
        to = find(cut, to == from ? to : to + 1, ",]");
    cut->ended = to == cut->bytes || cut->text[to] == ']';
    cut->at = to + 1;
    buf_add(ret_piece, cut->text, cut->begin);
    buf_add(ret_piece, cut->text + from, (cut->ended ? cut->bytes : to) - from);
    if (!cut->ended)
        buf_adds(ret_piece, "]}");
    return true;
}
