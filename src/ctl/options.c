/* Reads the options of a verb with getopt_long, from the one table of options. */
#include "options.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <trunkd/buf.h>
#include <trunkd/config.h>
#include <trunkd/text.h>

#include "verb.h"

const struct option_row option_table[OPTION_MAX_] = {
    [OPTION_FILE]       = { "filename",   'f', required_argument, "FILE|DIR|-", "a manifest, a folder of *.yaml and *.yml, or standard input; repeatable" },
    [OPTION_WAIT]       = { "wait",       0,   optional_argument, "[=TIME]",    "wait until it is done, at most TIME (90s, 5m, 1h30m; else 5m)" },
    [OPTION_FOR]        = { "for",        0,   required_argument, "WHAT",       "what for; see above" },
    [OPTION_TIMEOUT]    = { "timeout",    0,   required_argument, "TIME",       "wait, at most this long (90s, 5m, 1h30m; else 5m)" },
    [OPTION_DRY_RUN]    = { "dry-run",    0,   no_argument,       NULL,         "say what would be done; nothing is changed" },
    [OPTION_WHY]        = { "why",        0,   required_argument, "TEXT",       "the reason, kept with the event" },
    [OPTION_LIMIT]      = { "limit",      'n', required_argument, "COUNT",      "how many of the newest; with -w, of those that were there before" },
    [OPTION_KEY_FILE]   = { "key-file",   0,   required_argument, "FILE",       "read the public key from a file instead of the database" },
    [OPTION_STATUS]     = { "status",     0,   no_argument,       NULL,         "say what is there, change nothing" },
    [OPTION_LABEL]      = { "selector",   'l', required_argument, "LABEL=VALUE", "only what carries this label; repeatable" },
    [OPTION_OUTPUT]     = { "output",     'o', required_argument, "FORMAT",     "json or yaml, for programs; lists know table and wide too" },
    [OPTION_NO_HEADERS] = { "no-headers", 0,   no_argument,       NULL,         "a table without its first line" },
    [OPTION_DATABASE]   = { "database",   'd', required_argument, "CONNINFO",   "a name or connection string; else PGHOST, PGDATABASE, PGSERVICE …" },
    [OPTION_PRUNE]      = { "prune",      0,   no_argument,       NULL,         "delete what carries the labels of -l and stands in no manifest" },
    [OPTION_YES]        = { "yes",        0,   no_argument,       NULL,         "agree to what --prune deletes or sweep removes, instead of being asked" },
    [OPTION_FORCE]      = { "force",      0,   no_argument,       NULL,         "let --prune delete more than a fifth of what carries the labels" },
    [OPTION_WATCH]      = { "watch",      'w', no_argument,       NULL,         "go on, and show what changes, until Ctrl-C" },
    [OPTION_QUIET]      = { "quiet",      'q', no_argument,       NULL,         "the names only, one a line; with -w, of what changes or goes" },
    [OPTION_HELP]       = { "help",       'h', no_argument,       NULL,         "this text" },
};

void options_help(unsigned mask)
{
    for (size_t i = 0; i < OPTION_MAX_; i++) {
        const struct option_row *row = &option_table[i];
        char left[64];

        if (!(mask & TAKES(i)))
            continue;
        snprintf(left, sizeof left, "%c%c%s --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ', row->letter ? "," : " ",
                 row->name, row->argument == required_argument ? " " : "", row->argument_name ? row->argument_name : "");
        printf("  %-30s  %s\n", left, row->help);
    }
}

static bool label_add(struct options *options, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');

    if (!equals || equals == text)
        return err_set(err, ERR_REJECTED, "-l wants LABEL=VALUE, not \"%s\"", text);
    if (equals[-1] == '!')
        return err_set(err, ERR_REJECTED, "-l wants LABEL=VALUE and picks what carries it; \"%s\" cannot be asked", text);
    if (options->label_count == LABELS_MAX)
        return err_set(err, ERR_LIMIT, "-l can be given %d times at most", LABELS_MAX);
    options->labels[options->label_count++] = (struct label){
        .key = arena_strndup(&options->arena, text, (size_t)(equals - text)), .value = equals + 1 };
    return true;
}

const char *const output_formats[OUTPUT_MAX_] = { "table", "wide", "json", "yaml" };

enum output output_first(const struct verb *verb) { return verb->options & TAKES(OPTION_NO_HEADERS) ? OUTPUT_TABLE : OUTPUT_JSON; }

static bool output_set(struct options *options, const struct verb *verb, const char *text, struct err *err)
{
    for (size_t i = output_first(verb); i < OUTPUT_MAX_; i++)
        if (text_equal(text, output_formats[i])) {
            options->output = (enum output)i;
            return true;
        }
    if (output_first(verb) == OUTPUT_JSON)
        return err_set(err, ERR_REJECTED, "-o of %s knows json and yaml, not \"%s\"", verb->name, text);
    return err_set(err, ERR_REJECTED, "-o knows table, wide, json and yaml, not \"%s\"", text);
}

static bool option_set(struct options *options, const struct verb *verb, enum option_id id, const char *text, struct err *err)
{
    switch (id) {
    case OPTION_DATABASE:   options->database = text; return true;
    case OPTION_OUTPUT:     return output_set(options, verb, text, err);
    case OPTION_NO_HEADERS: options->no_headers = true; return true;
    case OPTION_LABEL:      return label_add(options, text, err);
    case OPTION_FILE:
        if (options->file_count == FILES_MAX)
            return err_set(err, ERR_LIMIT, "-f can be given %d times at most", FILES_MAX);
        options->files[options->file_count++] = text;
        return true;
    case OPTION_WAIT:
    case OPTION_TIMEOUT:
        options->wait = true;
        if (text && !duration_parse(text, &options->wait_ms))
            return err_set(err, ERR_REJECTED, "--%s wants a time such as 500ms, 90s, 5m or 1h30m, not \"%s\"",
                           option_table[id].name, text);
        return true;
    case OPTION_FOR:        options->for_what = text; return true;
    case OPTION_DRY_RUN:    options->dry_run = true; return true;
    case OPTION_WHY:        options->why = text; return true;
    case OPTION_LIMIT:
        if (!text_to_int(text, 0, 1000000, &options->limit))
            return err_set(err, ERR_REJECTED, "-n wants a number from 0 to 1000000, not \"%s\"", text);
        return true;
    case OPTION_KEY_FILE:   options->key_file = text; return true;
    case OPTION_PRUNE:      options->prune = true; return true;
    case OPTION_YES:        options->yes = true; return true;
    case OPTION_FORCE:      options->force = true; return true;
    case OPTION_WATCH:      options->watch = true; return true;
    case OPTION_QUIET:      options->quiet = true; return true;
    case OPTION_STATUS:     options->status = true; return true;
    case OPTION_HELP:       options->help = true; return true;
    case OPTION_MAX_:       break;
    }
    abort();
}

/* getopt_long's own messages are off, so that every refusal is one sentence of ours. */
static bool refuse_option(const struct verb *verb, int found, char **argv, struct err *err)
{
    const char *word = argv[optind - 1];

    if (found == ':')
        return err_set(err, ERR_REJECTED, "option %s needs a value; see trunkctl %s --help", word, verb->name);
    if (optopt > 0 && optopt < 128 && isprint(optopt))
        return err_set(err, ERR_REJECTED, "%s has no option -%c; see trunkctl %s --help", verb->name, optopt, verb->name);
    return err_set(err, ERR_REJECTED, "%s has no option %s; see trunkctl %s --help", verb->name, word, verb->name);
}

static bool names_check(const struct verb *verb, const struct options *options, struct err *err)
{
    if (options->help)
        return true;
    if (options->name_count < verb->names_min && options->label_count == 0)
        return err_set(err, ERR_REJECTED, "%s needs %s; usage: trunkctl %s %s", verb->name,
                       verb->names_min == 1 ? "a name" : "more names", verb->name, verb->usage);
    if (options->name_count > verb->names_max && verb->names_max == 0 && (verb->options & TAKES(OPTION_FILE)))
        return err_set(err, ERR_REJECTED, "%s reads manifests with -f: write -f %s", verb->name, options->names[0]);
    if (options->name_count > verb->names_max)
        return err_set(err, ERR_REJECTED, "%s cannot use \"%s\"; usage: trunkctl %s %s", verb->name,
                       options->names[verb->names_max], verb->name, verb->usage);
    return true;
}

bool options_read(const struct verb *verb, int argc, char **argv, struct options *ret, struct err *err)
{
    struct option known[OPTION_MAX_ + 1] = { 0 };
    char letters[2 + OPTION_MAX_ * 2 + 1] = ":";
    size_t count = 0, used = 1;
    int found;

    *ret = (struct options){ .wait_ms = WAIT_DEFAULT_MS, .limit = -1 };
    for (size_t i = 0; i < OPTION_MAX_; i++) {
        const struct option_row *row = &option_table[i];

        if (!(verb->options & TAKES(i)))
            continue;
        known[count++] = (struct option){ .name = row->name, .has_arg = row->argument, .val = (int)(256 + i) };
        if (row->letter) {
            letters[used++] = row->letter;
            if (row->argument == required_argument)
                letters[used++] = ':';
        }
    }
    letters[used] = '\0';
    opterr = 0;
    optind = 1;
    while ((found = getopt_long(argc, argv, letters, known, NULL)) != -1) {
        enum option_id id = OPTION_MAX_;

        if (found == '?' || found == ':')
            return refuse_option(verb, found, argv, err);
        for (size_t i = 0; i < OPTION_MAX_; i++)
            if (found == (int)(256 + i) || (option_table[i].letter && found == option_table[i].letter))
                id = (enum option_id)i;
        if (!option_set(ret, verb, id, optarg, err))
            return false;
        if (id == OPTION_WAIT && !optarg && optind < argc && duration_parse(argv[optind], &ret->wait_ms))
            return err_set(err, ERR_REJECTED, "--wait has its time behind \"=\": write --wait=%s", argv[optind]);
    }
    ret->names = (const char *const *)(argv + optind);
    ret->name_count = (size_t)(argc - optind);
    if (ret->quiet && ret->output != OUTPUT_TABLE)
        return err_set(err, ERR_REJECTED, "-q prints names only, so that -o %s does not go with it", output_formats[ret->output]);
    return names_check(verb, ret, err);
}

const char *labels_json(struct arena *arena, const struct options *options)
{
    struct buf json;
    const char *text;

    buf_init(&json, 65536);
    json_open(&json, '{');
    for (size_t i = 0; i < options->label_count; i++)
        json_key_text(&json, options->labels[i].key, options->labels[i].value);
    json_close(&json, '}');
    text = arena_strdup(arena, json.data);
    buf_release(&json);
    return text;
}

void options_release(struct options *options)
{
    arena_release(&options->arena);
}
