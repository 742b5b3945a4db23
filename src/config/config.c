/* The configuration file: one table of keys, one of times, one of proportions. */
#include <trunkd/config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>
#include <trunkd/yaml.h>

struct reading {
    const char *path, *text;
    size_t bytes;
    struct config *config;
    struct buf *complaints;
    bool failed;
};

/* ---- complaints ---------------------------------------------------------------------------------------------------------------- */

static bool may_hold_a_password(const char *line)
{
    return strcasestr(line, "passw") || strcasestr(line, "secret") || strcasestr(line, "token");
}

/* The line as it stands, and a caret below the column, which counts characters. */
static void show_line(struct reading *r, size_t line, size_t column)
{
    char copy[161];
    const char *begin = r->text, *end = r->text + r->bytes;
    size_t length;

    for (size_t i = 1; i < line && begin < end; i++) {
        const char *eol = memchr(begin, '\n', (size_t)(end - begin));
        begin = eol ? eol + 1 : end;
    }
    for (length = 0; begin + length < end && begin[length] != '\n' && begin[length] != '\r'; length++)
        ;
    if (length == 0)
        return;
    if (length >= sizeof copy)
        length = sizeof copy - 1;
    memcpy(copy, begin, length);
    copy[length] = '\0';
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = ' ';
    if (may_hold_a_password(copy))
        return;
    buf_printf(r->complaints, "    %s\n", copy);
    if (column <= length)
        buf_printf(r->complaints, "    %*s^\n", (int)(column - 1), "");
}

static void complain(void *userdata, size_t line, size_t column, const char *sentence)
{
    struct reading *r = userdata;

    r->failed = true;
    buf_printf(r->complaints, "%s:%zu:%zu: %s\n", r->path, line, column, sentence);
    show_line(r, line, column);
}

static void PRINTF_LIKE(3, 4) refuse(struct reading *r, const struct yaml *node, const char *fmt, ...)
{
    char sentence[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    complain(r, node->line, node->column, sentence);
}

/* ---- values -------------------------------------------------------------------------------------------------------------------- */

/* A text that YAML would take for something else (yes, 1e3, 2001-01-01) was probably not meant as one. */
static bool take_text(struct reading *r, const struct yaml *node, const char *name, const char **ret_text)
{
    const char *text, *fault = yaml_text(&r->config->arena, node, name, &text);

    if (fault) {
        refuse(r, node, "%s", fault);
        return false;
    }
    *ret_text = arena_strdup(&r->config->arena, text);
    return true;
}

static bool take_path(struct reading *r, const struct yaml *node, const char *name, const char **ret_path)
{
    const char *text, *slash = strrchr(r->path, '/');

    if (!take_text(r, node, name, &text))
        return false;
    if (!*text) {
        refuse(r, node, "%s is empty: leave the key out, or give it a value", name);
        return false;
    }
    if (*text != '/' && slash)
        text = arena_printf(&r->config->arena, "%.*s/%s", (int)(slash - r->path), r->path, text);
    *ret_path = text;
    return true;
}

/* A list of texts, or one text; NULL-terminated. */
static const char **take_list(struct reading *r, const struct yaml *node, const char *name,
                              bool (*take)(struct reading *, const struct yaml *, const char *, const char **), size_t *ret_count)
{
    const char **list = ARENA_ARRAY(&r->config->arena, const char *, CONFIG_LIST_MAX + 1);
    size_t count = 0;

    if (node->type == YAML_MAP) {
        refuse(r, node, "%s is a list", name);
        return list;
    }
    for (const struct yaml *item = node->type == YAML_LIST ? node->child : node; item; item = node->type == YAML_LIST ? item->next : NULL) {
        if (count == CONFIG_LIST_MAX) {
            refuse(r, item, "%s has more than %d items", name, CONFIG_LIST_MAX);
            break;
        }
        count += take(r, item, name, &list[count]);
    }
    list[count] = NULL;
    if (ret_count)
        *ret_count = count;
    return list;
}

static bool is_this_machine(const char *host)
{
    static const char *const names[] = { "127.0.0.1", "[::1]", "localhost" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (text_starts(host, names[i]) && (host[strlen(names[i])] == ':' || !host[strlen(names[i])]))
            return true;
    return false;
}

/* Credentials go to an origin as it stands here, so it is written in exactly one way. A host alone stands for a termination address. */
static bool take_origin(struct reading *r, const struct yaml *node, const char *name, const char **ret_origin)
{
    const char *text, *scheme, *host;

    if (!take_text(r, node, name, &text))
        return false;
    scheme = strstr(text, "://");
    host = scheme ? scheme + 3 : text;
    if (!*host || host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]")]
        || (scheme && !text_starts(text, "https://") && !(text_starts(text, "http://") && is_this_machine(host)))) {
        refuse(r, node, "an allowed origin is https://host or https://host:port, in lower case and without a path; http:// only to this "
                        "machine; a termination address stands here as it stands in its account");
        return false;
    }
    *ret_origin = text;
    return true;
}

/* ---- keys ---------------------------------------------------------------------------------------------------------------------- */

static void set_database(struct reading *r, const struct yaml *node)
{
    (void)!take_text(r, node, "database", &r->config->database);
    r->config->database_at = (struct config_place){ .line = node->line, .column = node->column };
}

static void set_secrets_directory(struct reading *r, const struct yaml *node)
{
    (void)!take_path(r, node, "secrets_directory", &r->config->secrets_directory);
}

/* An address begins as a number does, and needs no quotes all the same: whether it is one is looked at by who listens there. */
static void set_metrics(struct reading *r, const struct yaml *node)
{
    r->config->metrics_at = (struct config_place){ .line = node->line, .column = node->column };
    if (node->type == YAML_TEXT)
        r->config->metrics = arena_strdup(&r->config->arena, node->text);
    else
        refuse(r, node, "metrics is one address, like `metrics: 127.0.0.1:9469`");
}

static void set_keys(struct reading *r, const struct yaml *node)
{
    r->config->key_paths = take_list(r, node, "keys", take_path, &r->config->key_paths_count);
}

static void set_allowed_origins(struct reading *r, const struct yaml *node)
{
    r->config->settings.origins = take_list(r, node, "allowed_origins", take_origin, NULL);
}

static void set_log_level(struct reading *r, const struct yaml *node)
{
    static const char *const levels[] = { "error", "warning", "notice", "info", "debug" };

    for (size_t i = 0; node->type == YAML_TEXT && i < ARRAY_SIZE(levels); i++)
        if (text_equal(node->text, levels[i])) {
            r->config->log_level = (enum log_level)i;
            return;
        }
    refuse(r, node, "log_level is one of error, warning, notice, info, debug");
}

struct timing {
    const char *name;
    size_t offset;
    int64_t min, max;
    bool is_count;
    const char *what;
};
#define TIME(name, min, max, what) { #name, offsetof(struct settings, name##_ms), min, max, false, what }
#define COUNT(name, min, max, what) { #name, offsetof(struct settings, name), min, max, true, what }
#define DAY_MS 86400000

static const struct timing timings[] = {
    TIME(request_timeout, 10, 600000, "How long an answer of a provider is waited for."),
    TIME(send_window, 10, 600000, "How long after it was written to the ledger a request may still leave."),
    TIME(quiet_twilio, 10, DAY_MS, "How long Twilio may still execute a request whose answer was lost."),
    TIME(quiet_livekit, 10, DAY_MS, "How long LiveKit may still execute a request whose answer was lost."),
    TIME(list_lag, 0, DAY_MS, "How long a list of a provider may miss what is new."),
    TIME(retry_min, 1, DAY_MS, "How soon an operation that failed is tried again; the time doubles with each failure."),
    TIME(retry_max, 1, DAY_MS, "The longest time between two such attempts."),
    TIME(recheck, 10, 30 * INT64_C(86400000), "How often a removal that was refused is tried again."),
    TIME(corrupted_after, 10, 30 * INT64_C(86400000), "How long a removal fails, and corrupted_attempts times, before the number is corrupted."),
    COUNT(corrupted_attempts, 1, 10000, "How often a removal fails, for corrupted_after, before the number is corrupted."),
    TIME(credential_grace, 0, DAY_MS, "How long the password before stays after the last number has a new one."),
    TIME(scan, 10, 30 * INT64_C(86400000), "Time between two complete lists of an account."),
    TIME(poll, 10, DAY_MS, "How often the inbox of the database is looked into without a hint that there is something."),
    TIME(lease, 300, 3600000, "How long after its last sign of life a daemon is replaced by one that stands by."),
    COUNT(breaker_failures, 1, 10000, "After so many requests in a row without an answer an account is only probed."),
    TIME(probe_min, 1, DAY_MS, "How soon such an account, or one whose credentials are refused, is probed; the time doubles each time."),
    TIME(probe_max, 1, DAY_MS, "The longest time between two probes."),
};

static int64_t *timing_place(struct settings *settings, const struct timing *timing)
{
    return (int64_t *)(void *)((char *)settings + timing->offset);
}

static void set_one_timing(struct reading *r, const struct timing *timing, const struct yaml *node)
{
    const char *text = node->type == YAML_TEXT ? node->text : "";
    int64_t value;

    if (timing->is_count ? !text_to_int(text, timing->min, timing->max, &value) : !duration_parse(text, &value)) {
        if (timing->is_count)
            refuse(r, node, "%s is a number from %lld to %lld", timing->name, (long long)timing->min, (long long)timing->max);
        else
            refuse(r, node, "%s is a time with a unit (ms, s, m, h, d): 500ms, 30s, 2m, 1h30m", timing->name);
        return;
    }
    if (value < timing->min || value > timing->max) {
        refuse(r, node, "%s is from %lld ms to %lld s", timing->name, (long long)timing->min, (long long)timing->max / 1000);
        return;
    }
    *timing_place(&r->config->settings, timing) = value;
}

static void refuse_unknown(struct reading *r, const struct yaml *key, const char *const *names)
{
    const char *near = text_nearest(key->text, names);

    refuse(r, key, "the key \"%s\" is unknown%s%s%s", key->text, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void set_timing(struct reading *r, const struct yaml *map)
{
    const char *names[ARRAY_SIZE(timings) + 1] = { NULL };

    for (size_t i = 0; i < ARRAY_SIZE(timings); i++)
        names[i] = timings[i].name;
    if (map->type != YAML_MAP) {
        refuse(r, map, "timing is a map: one line per time, like `lease: 15s`");
        return;
    }
    for (const struct yaml *node = map->child; node; node = node->next) {
        size_t i = 0;
        while (i < ARRAY_SIZE(timings) && !text_equal(timings[i].name, node->key->text))
            i++;
        if (i < ARRAY_SIZE(timings))
            set_one_timing(r, &timings[i], node);
        else
            refuse_unknown(r, node->key, names);
    }
}

static const struct { const char *name; void (*set)(struct reading *, const struct yaml *); const char *what; } keys[] = {
    { "database", set_database, "A connection string of libpq; if not given, libpq's environment variables decide." },
    { "secrets_directory", set_secrets_directory, "Folder of the secrets: file:account/main in a row is the file account/main in it." },
    { "keys", set_keys, "Key files, or folders of them, the oldest first: passwords are sealed with the newest and unsealed with all." },
    { "allowed_origins", set_allowed_origins,
      "Origins, such as https://proxy.example.net, to which credentials go besides Twilio and LiveKit Cloud, and hosts of carriers to which "
      "SIP passwords lead." },
    { "log_level", set_log_level, "What is logged: error, warning, notice, info (if nothing is said) or debug." },
    { "metrics", set_metrics,
      "Where figures for Prometheus, /healthz, /readyz and a page for people are shown: ADDRESS:PORT, with the address in numbers, or the "
      "path of a socket; if nothing is said, nowhere." },
    { "timing", set_timing, "A map of times and counts." },
};

bool config_key(size_t i, struct config_key *ret)
{
    if (i >= ARRAY_SIZE(keys))
        return false;
    *ret = (struct config_key){ .name = keys[i].name, .what = keys[i].what };
    return true;
}

bool config_timing(size_t i, struct config_key *ret)
{
    struct settings settings = settings_default;

    if (i >= ARRAY_SIZE(timings))
        return false;
    *ret = (struct config_key){ .name = timings[i].name, .what = timings[i].what, .is_count = timings[i].is_count, .min = timings[i].min,
                                .max = timings[i].max, .otherwise = *timing_place(&settings, &timings[i]) };
    return true;
}

/* ---- proportions --------------------------------------------------------------------------------------------------------------- */

/* `large` is not below `small`; why says what would go wrong. */
static const struct { size_t large, small; const char *large_name, *small_name, *why; } proportions[] = {
#define NOT_BELOW(a, b, why) { offsetof(struct settings, a##_ms), offsetof(struct settings, b##_ms), #a, #b, why }
    NOT_BELOW(quiet_twilio, request_timeout, "a provider may execute a request after we have stopped waiting for its answer"),
    NOT_BELOW(quiet_livekit, request_timeout, "a provider may execute a request after we have stopped waiting for its answer"),
    NOT_BELOW(retry_max, retry_min, "it is the end of the back-off"),
    NOT_BELOW(probe_max, probe_min, "it is the end of the back-off"),
    NOT_BELOW(corrupted_after, retry_min, "nothing is given up before it was tried twice"),
#undef NOT_BELOW
};

/* At the value that the file gives; where it gives none of the two, the default holds and fits. */
static const struct yaml *blame(const struct yaml *document, const char *large, const char *small)
{
    const struct yaml *timing = yaml_get(document, "timing"), *node = yaml_get(timing, large);

    return node ? node : yaml_get(timing, small);
}

static void check_proportions(struct reading *r, const struct yaml *document)
{
    const char *settings = (const char *)&r->config->settings;

    for (size_t i = 0; i < ARRAY_SIZE(proportions); i++) {
        int64_t large, small;
        const struct yaml *node = blame(document, proportions[i].large_name, proportions[i].small_name);

        memcpy(&large, settings + proportions[i].large, sizeof large);
        memcpy(&small, settings + proportions[i].small, sizeof small);
        if (large < small && node)
            refuse(r, node, "%s (%lld ms) must not be below %s (%lld ms): %s", proportions[i].large_name, (long long)large,
                   proportions[i].small_name, (long long)small, proportions[i].why);
    }
}

/* ---- the file ------------------------------------------------------------------------------------------------------------------ */

static void read_document(struct reading *r, const struct yaml *document)
{
    const char *names[ARRAY_SIZE(keys) + 1] = { NULL };

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        names[i] = keys[i].name;
    if (document->type != YAML_MAP) {
        refuse(r, document, "the configuration is a map: lines like `log_level: info`");
        return;
    }
    for (const struct yaml *node = document->child; node; node = node->next) {
        size_t i = 0;
        while (i < ARRAY_SIZE(keys) && !text_equal(keys[i].name, node->key->text))
            i++;
        if (i < ARRAY_SIZE(keys))
            keys[i].set(r, node);
        else
            refuse_unknown(r, node->key, names);
    }
    check_proportions(r, document);
}

bool config_parse(const char *path, const char *text, size_t bytes, struct config *ret_config, struct buf *complaints)
{
    static const char *const nothing[] = { NULL };
    struct config config = { .database = "", .metrics = "", .log_level = LOG_LEVEL_INFO, .settings = settings_default };
    struct reading r = { .path = path, .text = text, .bytes = bytes, .config = &config, .complaints = complaints };
    struct arena tree = { 0 };
    const struct yaml *document;

    if (!config.settings.origins)
        config.settings.origins = nothing;
    document = yaml_read(&tree, text, bytes, /* documents_max= */ 1, complain, &r);
    if (document)
        read_document(&r, document);
    arena_release(&tree);
    if (r.failed) {
        config_release(&config);
        return false;
    }
    *ret_config = config;
    return true;
}

static void file_close(FILE **file)
{
    if (*file)
        fclose(*file);
}

bool config_read(const char *path, struct config *ret_config, struct buf *complaints)
{
    CLEANUP(file_close) FILE *file = fopen(path, "re");
    CLEANUP(buf_release) struct buf text;
    char chunk[4096];
    size_t got;

    buf_init(&text, CONFIG_BYTES_MAX);
    if (!file) {
        buf_printf(complaints, "%s: %s\n", path, strerror(errno));
        return false;
    }
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0 && buf_ok(&text))
        buf_add(&text, chunk, got);
    if (ferror(file) || !buf_ok(&text)) {
        buf_printf(complaints, "%s: %s\n", path, buf_ok(&text) ? strerror(errno) : "larger than 1 MiB");
        return false;
    }
    return config_parse(path, text.data, text.length, ret_config, complaints);
}

void config_release(struct config *config)
{
    if (!config)
        return;
    arena_release(&config->arena);
    *config = (struct config){ .database = NULL };
}
