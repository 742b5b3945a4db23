/* Finds the files of a manifest, reads them whole, and says what is wrong where. */
#include "manifest.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <trunkd/text.h>

#define ERROR_BYTES_MAX 8192
#define LINE_SHOWN_MAX 160
#define FOLDER_FILES_MAX 10000

/* ---- errors */

static const char *line_find(const struct source *source, size_t line, size_t *ret_length)
{
    const char *at = source->text, *end = source->text + source->bytes;
    const char *newline;

    for (; line > 1; line--) {
        newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return NULL;
        at = newline + 1;
    }
    newline = memchr(at, '\n', (size_t)(end - at));
    *ret_length = (size_t)((newline ? newline : end) - at);
    return at;
}

/* Where the first word that may announce a secret ends in a line, or SIZE_MAX: what follows is never shown. */
static size_t secret_end(const char *line, size_t length)
{
    static const char *const words[] = { "secret", "token", "password" };

    for (size_t i = 0; i < length; i++)
        for (size_t word = 0; word < ARRAY_SIZE(words); word++) {
            size_t n = strlen(words[word]);

            if (i + n <= length && strncasecmp(line + i, words[word], n) == 0)
                return i + n;
        }
    return SIZE_MAX;
}

/* "  key:" and whatever follows: the line begins something new, so nothing that began before goes on in it. */
static bool begins_with_key(const char *line, size_t length)
{
    size_t i = 0, begin;

    while (i < length && (line[i] == ' ' || line[i] == '-'))
        i++;
    begin = i;
    while (i < length && ((line[i] >= 'a' && line[i] <= 'z') || (line[i] >= 'A' && line[i] <= 'Z')))
        i++;
    return i > begin && i < length && line[i] == ':' && (i + 1 == length || line[i + 1] == ' ');
}

static void line_show(const struct manifest *m, const struct place *at, struct buf *to)
{
    const struct source *source = map_get(&m->sources, at->file);
    const char *line, *before;
    size_t length, before_length, cut;

    if (!source || at->line == 0)
        return;
    line = line_find(source, at->line, &length);
    if (!line || length == 0)
        return;
    if (line[length - 1] == '\r')
        length--;
    /* A secret that begins in the line before may go on in this one. */
    before = at->line > 1 ? line_find(source, at->line - 1, &before_length) : NULL;
    if (before && secret_end(before, before_length) != SIZE_MAX && !begins_with_key(line, length))
        return;
    cut = secret_end(line, length);
    if (cut == SIZE_MAX)
        cut = text_utf8_cut(line, length < LINE_SHOWN_MAX ? length : LINE_SHOWN_MAX);
    buf_adds(to, "    ");
    for (size_t i = 0; i < cut; i++)
        buf_addc(to, (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? ' ' : line[i]);
    buf_adds(to, cut < length ? " …\n" : "\n");
}

void manifest_error(struct manifest *m, const struct place *at, const char *fmt, ...)
{
    char sentence[1024];
    struct buf text;
    va_list args;
    size_t n = m->error_count++, file = 0;

    if (n >= MANIFEST_ERRORS_SHOWN)
        return;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    buf_init(&text, ERROR_BYTES_MAX);
    if (at->line > 0)
        buf_printf(&text, "%s:%zu:%zu: %s\n", at->file, at->line, at->column, sentence);
    else
        buf_printf(&text, "%s: %s\n", at->file, sentence);
    line_show(m, at, &text);
    while (file < n && strcmp(m->complaints[file].at.file, at->file) != 0)
        file++;
    m->complaints[n] = (struct complaint){ .at = *at, .file = file, .text = arena_strdup(&m->arena, text.data) };
    buf_release(&text);
}

static int by_place(const void *a, const void *b)
{
    const struct complaint *left = a, *right = b;
    const size_t pairs[][2] = { { left->file, right->file }, { left->at.line, right->at.line }, { left->at.column, right->at.column } };

    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
        if (pairs[i][0] != pairs[i][1])
            return pairs[i][0] < pairs[i][1] ? -1 : 1;
    return strcmp(left->text, right->text);
}

const char *manifest_errors(struct manifest *m)
{
    size_t count = m->error_count < MANIFEST_ERRORS_SHOWN ? m->error_count : MANIFEST_ERRORS_SHOWN;
    struct buf all;
    const char *text;

    buf_init(&all, MANIFEST_ERRORS_SHOWN * ERROR_BYTES_MAX);
    qsort(m->complaints, count, sizeof *m->complaints, by_place);
    for (size_t i = 0; i < count; i++)
        buf_adds(&all, m->complaints[i].text);
    if (m->error_count > count)
        buf_printf(&all, "… and %zu more\n", m->error_count - count);
    text = arena_strdup(&m->arena, text_or(all.data, ""));
    buf_release(&all);
    return text;
}

/* ---- files */

#define FILE_ERROR(m, path, sentence) manifest_error((m), &(struct place){ .file = (path) }, "%s", (sentence))

static void stream_read(struct manifest *m, const char *name, FILE *stream)
{
    struct source *source = ARENA_NEW(&m->arena, struct source);
    struct buf text;
    char piece[16384];
    size_t got;

    buf_init(&text, MANIFEST_FILE_BYTES_MAX);
    while ((got = fread(piece, 1, sizeof piece, stream)) > 0 && buf_ok(&text))
        buf_add(&text, piece, got);
    if (ferror(stream))
        FILE_ERROR(m, name, "cannot be read");
    else if (!buf_ok(&text))
        FILE_ERROR(m, name, "is larger than 16 MB: give a folder of smaller files");
    *source = (struct source){ .file = name, .text = arena_strndup(&m->arena, text.data, text.length), .bytes = text.length };
    if (!ferror(stream) && buf_ok(&text)) {
        map_put(&m->sources, name, source);
        manifest_read(m, name, source->text, source->bytes);
    }
    buf_release(&text);
}

static void file_read(struct manifest *m, const char *path)
{
    FILE *stream = fopen(path, "re");

    if (!stream) {
        FILE_ERROR(m, path, strerror(errno));
        return;
    }
    stream_read(m, path, stream);
    fclose(stream);
}

static int is_manifest_name(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    if (entry->d_name[0] == '.')
        return 0;
    return (length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0) || (length > 4 && strcmp(entry->d_name + length - 4, ".yml") == 0);
}

static void folder_read(struct manifest *m, const char *path)
{
    struct dirent **entries = NULL;
    size_t length = strlen(path);
    int count = scandir(path, &entries, is_manifest_name, alphasort);

    if (count < 0) {
        FILE_ERROR(m, path, strerror(errno));
        return;
    }
    if (count == 0)
        FILE_ERROR(m, path, "there is no *.yaml and no *.yml in this folder");
    if (count > FOLDER_FILES_MAX)
        FILE_ERROR(m, path, "there are more than 10000 files in this folder");
    while (length > 1 && path[length - 1] == '/')
        length--;
    for (int i = 0; i < count; i++) {
        if (count <= FOLDER_FILES_MAX)
            file_read(m, arena_printf(&m->arena, "%.*s/%s", (int)length, path, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
}

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static void path_read(struct manifest *m, const char *path)
{
    struct stat info;

    if (strcmp(path, "-") == 0)
        stream_read(m, shown_name(path), stdin);
    else if (stat(path, &info) != 0)
        FILE_ERROR(m, path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        folder_read(m, path);
    else
        file_read(m, path);
}

bool manifest_load(const char *const *paths, size_t count, struct manifest *m)
{
    *m = (struct manifest){ .count = 0 };
    for (size_t i = 0; i < count; i++)
        path_read(m, paths[i]);
    if (m->error_count == 0 && m->count == 0)
        FILE_ERROR(m, shown_name(paths[0]), "there is no document in it");
    manifest_check(m);
    return m->error_count == 0;
}

void manifest_release(struct manifest *m)
{
    map_release(&m->by_name);
    map_release(&m->sources);
    free(m->objects);
    arena_release(&m->arena);
    *m = (struct manifest){ .count = 0 };
}
