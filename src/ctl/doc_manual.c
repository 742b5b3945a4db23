/* Tables as mdoc. A line of a page `.\" table NAME` is replaced by that table, so that no page repeats by hand what a program knows. */
#include "doc.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <trunkd/config.h>
#include <trunkd/text.h>

#include "manifest.h"
#include "settings.h"
#include "verb.h"

#define LINE_BYTES_MAX 78

/* ---- text */

/* One character of UTF-8 text as roff takes it; how many bytes it was. */
static size_t write_character(struct buf *to, const char *at)
{
    unsigned char c = (unsigned char)*at;
    unsigned long code;
    size_t bytes;

    switch (c) {
    case '-':  buf_adds(to, "\\-"); return 1;
    case '\\': buf_adds(to, "\\e"); return 1;
    case '~':  buf_adds(to, "\\(ti"); return 1;
    case '^':  buf_adds(to, "\\(ha"); return 1;
    default:   break;
    }
    if (c < 0x80) {
        buf_addc(to, *at);
        return 1;
    }
    bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    code = c & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    buf_printf(to, "\\[u%04lX]", code);
    return bytes;
}

/* A text that stays within its line. */
static void write_line(struct buf *to, const char *text)
{
    if (*text == '.' || *text == '\'')
        buf_adds(to, "\\&");
    while (*text)
        text += write_character(to, text);
    buf_addc(to, '\n');
}

static bool ends_sentence(const char *word, size_t length)
{
    if (length > 1 && word[length - 1] == ')')
        length--;
    return length > 0 && strchr(".?!", word[length - 1]);
}

/* Sentences, each beginning a line of its own; the last ends with a period. */
static void write_text(struct buf *to, const char *text)
{
    const char *word = text + strspn(text, " \n");
    size_t column = 0, length = 0;
    bool ended = true;

    for (; *word; word += length + strspn(word + length, " \n")) {
        length = strcspn(word, " \n");
        if (column > 0 && (ended || column + 1 + length > LINE_BYTES_MAX)) {
            buf_addc(to, '\n');
            column = 0;
        } else if (column > 0) {
            buf_addc(to, ' ');
        }
        if (column == 0 && (*word == '.' || *word == '\''))
            buf_adds(to, "\\&");
        for (size_t i = 0; i < length;)
            i += write_character(to, word + i);
        column += 1 + length;
        ended = ends_sentence(word, length);
    }
    buf_adds(to, ended ? "\n" : ".\n");
}

/* A text of --help, which begins small there. */
static void write_sentence(struct buf *to, const char *text)
{
    size_t from = to->length;

    write_text(to, text);
    if (buf_ok(to))
        to->data[from] = (char)toupper((unsigned char)to->data[from]);
}

static void list_open(struct buf *to) { buf_adds(to, ".Bl -tag -width Ds\n"); }
static void list_close(struct buf *to) { buf_adds(to, ".El\n"); }

static void item(struct buf *to, const char *macro, const char *name)
{
    buf_printf(to, ".It %s ", macro);
    write_line(to, name);
}

/* ---- trunkctl(1) */

static void write_option_name(struct buf *to, const struct option_row *row)
{
    if (row->letter)
        buf_printf(to, " Fl %c ,", row->letter);
    buf_printf(to, " Fl \\-");
    for (const char *c = row->name; *c;)
        c += write_character(to, c);
    if (row->argument_name)
        buf_printf(to, row->argument == optional_argument ? " Ns Ar " : " Ar ");
    for (const char *c = row->argument_name; c && *c;)
        c += write_character(to, c);
    buf_addc(to, '\n');
}

static void write_options(struct buf *to)
{
    list_open(to);
    for (size_t i = 0; i < OPTION_MAX_; i++) {
        buf_adds(to, ".It");
        write_option_name(to, &option_table[i]);
        write_sentence(to, option_table[i].help);
    }
    list_close(to);
}

static void write_verb_options(struct buf *to, const struct verb *verb)
{
    const char *before = ".Pp\nOptions:";

    for (size_t i = 0; i < OPTION_MAX_; i++) {
        if (!(verb->options & TAKES(i)) || i == OPTION_HELP)
            continue;
        buf_printf(to, "%s\n.Fl \\-", before);
        for (const char *c = option_table[i].name; *c;)
            c += write_character(to, c);
        before = " ,";
    }
    if (*before == ' ')
        buf_adds(to, " .\n");
}

static void write_verb(struct buf *to, const struct verb *verb)
{
    item(to, "Ic", verb->name);
    write_sentence(to, verb->summary);
    buf_adds(to, ".Bd -literal\ntrunkctl ");
    for (const char *c = verb->name; *c;)
        c += write_character(to, c);
    buf_adds(to, *verb->usage ? " " : "");
    write_line(to, verb->usage);
    buf_adds(to, ".Ed\n");
    if (verb->details) {
        buf_adds(to, ".Pp\n");
        write_text(to, verb->details);
    }
    write_verb_options(to, verb);
}

static void write_verbs(struct buf *to)
{
    list_open(to);
    for (size_t i = 0; i < verb_count; i++)
        write_verb(to, &verbs[i]);
    list_close(to);
}

static void write_exit_codes(struct buf *to)
{
    list_open(to);
    for (size_t i = 0; i < EXIT_MAX_; i++) {
        buf_printf(to, ".It %zu\n", i);
        write_sentence(to, exit_code_texts[i]);
    }
    list_close(to);
}

/* ---- trunkd-manifest(5) and trunkd-sql(7) */

static void write_words(struct buf *to, const char *words, struct buf *list)
{
    buf_reset(list);
    buf_adds(list, "One of ");
    for (; *words; words++)
        if (*words == ' ')
            buf_adds(list, strchr(words + 1, ' ') ? ", " : " or ");
        else
            buf_addc(list, *words);
    write_text(to, list->data);
}

static void write_number_range(struct buf *to, int64_t min, int64_t max)
{
    buf_printf(to, "A number from %" PRId64 " to %" PRId64 ".\n", min, max);
}

static void write_field_type(struct buf *to, const struct manifest_field *field)
{
    CLEANUP(buf_release) struct buf words, sentence;

    buf_init(&words, DOC_BYTES_MAX);
    buf_init(&sentence, DOC_BYTES_MAX);
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_NAME:     buf_adds(to, "A text.\n"); break;
    case FIELD_BOOL:     buf_adds(to, "True or false.\n"); break;
    case FIELD_INT:      write_number_range(to, field->min, field->max); break;
    case FIELD_SECRET:   buf_adds(to, "A reference to a secret.\n"); break;
    case FIELD_NUMBERS:  buf_adds(to, "A list of phone numbers.\n"); break;
    case FIELD_DOCUMENT: buf_adds(to, "A map of settings, see below.\n"); break;
    case FIELD_WORD:
        for (size_t i = 0; field->words[i]; i++)
            buf_printf(&words, "%s%s", i == 0 ? "" : " ", field->words[i]);
        write_words(to, words.data, &sentence);
        break;
    }
    if (field->required)
        buf_adds(to, "It must be given.\n");
}

static void write_kinds(struct buf *to)
{
    for (size_t kind = 0; kind < MANIFEST_MAX_; kind++) {
        const struct manifest_table *table = &manifest_tables[kind];

        buf_printf(to, ".Ss %s\n", table->kind);
        list_open(to);
        for (size_t i = 0; i < table->field_count; i++) {
            item(to, "Va", table->fields[i].key);
            write_text(to, table->fields[i].what);
            write_field_type(to, &table->fields[i]);
        }
        list_close(to);
    }
}

static void write_tables(struct buf *to)
{
    for (size_t kind = 0; kind < MANIFEST_MAX_; kind++) {
        const struct manifest_table *table = &manifest_tables[kind];

        buf_printf(to, ".Ss trunkd.%s\n", table->table);
        list_open(to);
        item(to, "Va", table->key_column);
        write_text(to, table->name_is_number ? "The number in E.164: \"+\", country code and number, digits only." : "Its name.");
        for (size_t i = 0; i < table->field_count; i++)
            if (table->fields[i].column) {
                item(to, "Va", table->fields[i].column);
                write_text(to, table->fields[i].what);
            }
        list_close(to);
    }
}

/* The key of a manifest under which a document of settings stands. */
static const char *document_key(const char *document)
{
    for (size_t kind = 0; kind < MANIFEST_MAX_; kind++)
        for (size_t i = 0; i < manifest_tables[kind].field_count; i++)
            if (manifest_tables[kind].fields[i].type == FIELD_DOCUMENT && text_equal(manifest_tables[kind].fields[i].column, document))
                return manifest_tables[kind].fields[i].key;
    for (size_t i = 0; i < setting_count; i++)
        if (settings[i].type == SETTING_DOCUMENTS && text_equal(settings[i].words, document))
            return settings[i].manifest;
    return document;
}

static void write_setting_type(struct buf *to, const struct setting *setting)
{
    CLEANUP(buf_release) struct buf sentence;

    buf_init(&sentence, DOC_BYTES_MAX);
    switch (setting->type) {
    case SETTING_TEXT:
        if (*setting->words)
            write_words(to, setting->words, &sentence);
        else if (setting->most >= 0)
            buf_printf(to, "A text of at most %" PRId64 " characters.\n", setting->most);
        else
            buf_adds(to, "A text.\n");
        break;
    case SETTING_BOOL:      buf_adds(to, "True or false.\n"); break;
    case SETTING_INT:       write_number_range(to, setting->least, setting->most); break;
    case SETTING_LIST:      buf_printf(to, "A list of at most %" PRId64 " texts.\n", setting->most); break;
    case SETTING_MAP:       buf_printf(to, "A map of at most %" PRId64 " texts.\n", setting->most); break;
    case SETTING_DOCUMENTS: buf_printf(to, "A list of at most %" PRId64 " maps, see below.\n", setting->most); break;
    case SETTING_SECRET:    buf_adds(to, "A reference to a secret.\n"); break;
    }
}

static void write_settings(struct buf *to)
{
    for (size_t i = 0; i < setting_count;) {
        const char *document = settings[i].document;

        buf_printf(to, ".Ss %s\n", document_key(document));
        list_open(to);
        for (; i < setting_count && text_equal(settings[i].document, document); i++) {
            item(to, "Va", settings[i].manifest);
            write_text(to, settings[i].what);
            write_setting_type(to, &settings[i]);
        }
        list_close(to);
    }
}

static const struct { const char *name, *status; bool settled; const char *remedy; } reasons[] = {
#define REASON(name, status, settled, remedy) { #name, #status, settled, remedy },
#include <trunkd/reasons.def>
#undef REASON
};

static void write_reasons(struct buf *to)
{
    static const struct { const char *status, *title; } parts[] = {
        { "PENDING", "pending" }, { "ACTIVE", "active" }, { "FAILED", "failed" }, { "DELETING", "deleting" }, { "CORRUPTED", "corrupted" },
        { "ANY", "Of several statuses" }, { "ACCOUNT", "Conditions of an account" }, { "EVENT", "Of events only" },
    };

    for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
        buf_printf(to, ".Ss %s\n", parts[part].title);
        list_open(to);
        for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
            if (!text_equal(reasons[i].status, parts[part].status))
                continue;
            item(to, "Sy", reasons[i].name);
            write_text(to, reasons[i].remedy);
            if (reasons[i].settled && !text_equal(parts[part].status, "EVENT"))
                buf_adds(to, "Settled.\n");
        }
        list_close(to);
    }
}

/* ---- trunkd.conf(5) */

static void write_config_keys(struct buf *to)
{
    struct config_key key;

    list_open(to);
    for (size_t i = 0; config_key(i, &key); i++) {
        item(to, "Va", key.name);
        write_text(to, key.what);
    }
    list_close(to);
}

static const char *time_text(int64_t ms, char text[static 32])
{
    static const struct { const char *name; int64_t ms; } units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 } };

    for (size_t i = 0; ms > 0 && i < ARRAY_SIZE(units); i++)
        if (ms % units[i].ms == 0) {
            snprintf(text, 32, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
            return text;
        }
    snprintf(text, 32, "%" PRId64 "ms", ms);
    return text;
}

static void write_config_timing(struct buf *to)
{
    struct config_key key;
    char min[32], max[32], otherwise[32];

    list_open(to);
    for (size_t i = 0; config_timing(i, &key); i++) {
        item(to, "Va", key.name);
        write_text(to, key.what);
        if (key.is_count)
            buf_printf(to, "From %" PRId64 " to %" PRId64 "; %" PRId64 " if nothing is said.\n", key.min, key.max, key.otherwise);
        else
            buf_printf(to, "From %s to %s; %s if nothing is said.\n", time_text(key.min, min), time_text(key.max, max),
                       time_text(key.otherwise, otherwise));
    }
    list_close(to);
}

/* ---- pages */

static const struct { const char *name; void (*write)(struct buf *); } tables[] = {
    { "verbs", write_verbs },     { "options", write_options },         { "exit-codes", write_exit_codes },
    { "kinds", write_kinds },     { "settings", write_settings },       { "tables", write_tables },
    { "reasons", write_reasons }, { "config-keys", write_config_keys }, { "config-timing", write_config_timing },
};

static bool write_table(struct buf *to, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
        if (strlen(tables[i].name) == length && strncmp(tables[i].name, name, length) == 0) {
            tables[i].write(to);
            return true;
        }
    fprintf(stderr, "trunkd-doc: there is no table \"%.*s\"\n", (int)length, name);
    return false;
}

bool doc_manual(struct buf *to, const char *text)
{
    static const char mark[] = ".\\\" table ";

    while (*text) {
        size_t length = strcspn(text, "\n");

        if (!text_starts(text, mark))
            buf_add(to, text, length + (text[length] == '\n'));
        else if (!write_table(to, text + strlen(mark), length - strlen(mark)))
            return false;
        text += length + (text[length] == '\n');
    }
    return true;
}
