/* Manifests and configurations with random faults in them: nothing crashes, and what is not taken has an error with a place in the text.
 * The seed of a mutant is printed when it is not treated so; TRUNKD_TEST_SEED=N tries that one alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <dirent.h>
#include <string.h>
#include <trunkd/config.h>
#include <trunkd/text.h>

#include "../../src/ctl/manifest.h"

#define SEEDS_MAX 32
#define TEXT_BYTES_MAX (1u << 16)
#define MUTANTS 4000

static struct { char text[TEXT_BYTES_MAX]; size_t bytes; } seeds[SEEDS_MAX];
static size_t seed_count;

static const struct { const char *text; size_t bytes; } pieces[] = {
#define PIECE(text) { text, sizeof text - 1 }
    PIECE("&a "), PIECE("*a"), PIECE("!!str "), PIECE("!x "), PIECE("\t"), PIECE("\0"), PIECE("- "), PIECE(": "), PIECE("{"), PIECE("["), PIECE("]"),
    PIECE("}"), PIECE("\xff"), PIECE("\xef\xbb\xbf"), PIECE("\xc2\x85"), PIECE("\xe2\x80\xa8"), PIECE("---\n"), PIECE("...\n"), PIECE("%YAML 1.1\n"),
    PIECE("<<: *a"), PIECE("~"), PIECE("\r\n"), PIECE("\r"), PIECE("'"), PIECE("\""), PIECE("|\n"), PIECE(">-\n"), PIECE("? "), PIECE("#"), PIECE("+1"),
    PIECE("0x"), PIECE("99999999999999999999"), PIECE("\\u0000"), PIECE("\n"), PIECE(","), PIECE("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
    PIECE("kind: Agent\n"), PIECE("secret: "), PIECE("phoneNumbers: "), PIECE("%s%n"),
#undef PIECE
};

static uint64_t state_of_random;

static size_t below(size_t limit)
{
    state_of_random ^= state_of_random << 13;
    state_of_random ^= state_of_random >> 7;
    state_of_random ^= state_of_random << 17;
    return limit ? (size_t)(state_of_random % limit) : 0;
}

/* Puts `length` bytes in the place of `gone` others. */
static void splice(char *text, size_t *bytes, size_t at, size_t gone, const char *from, size_t length)
{
    if (*bytes - gone + length > TEXT_BYTES_MAX)
        return;
    memmove(text + at + length, text + at + gone, *bytes - at - gone);
    memcpy(text + at, from, length);
    *bytes += length - gone;
}

static void mutate(char *text, size_t *bytes)
{
    size_t at = below(*bytes + 1), other = below(seed_count), piece = below(ARRAY_SIZE(pieces)), from, length;
    char copy[128];

    switch (below(5)) {
    case 0:
        if (at < *bytes)
            text[at] = (char)below(256);
        break;
    case 1:
        length = below(40);
        splice(text, bytes, at, length < *bytes - at ? length : *bytes - at, "", 0);
        break;
    case 2:
        from = below(seeds[other].bytes);
        length = below(sizeof copy);
        length = length < seeds[other].bytes - from ? length : seeds[other].bytes - from;
        memcpy(copy, seeds[other].text + from, length);
        splice(text, bytes, at, 0, copy, length);
        break;
    default:
        splice(text, bytes, at, 0, pieces[piece].text, pieces[piece].bytes);
    }
}

static size_t lines_of(const char *text, size_t bytes)
{
    size_t lines = 1;

    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n' || text[i] == '\r' || text[i] == '\x85' || text[i] == '\xa8' || text[i] == '\xa9';
    return lines;
}

/* "mutant:LINE:COLUMN: sentence", with a place that is in the text or at its end. */
static void check_errors(const char *errors, size_t lines, const char *seed)
{
    unsigned long line = 0, column = 0;
    int end = 0;

    if (sscanf(errors, "mutant:%lu:%lu: %n", &line, &column, &end) != 2 || line == 0 || column == 0 || line > lines + 1 || !errors[end])
        fail_msg("%s: this error has no place: %s", seed, errors);
}

static void read_as_manifest(const char *text, size_t bytes, const char *seed)
{
    struct manifest m = { .count = 0 };
    struct source source = { .file = "mutant", .text = text, .bytes = bytes };

    map_put(&m.sources, "mutant", &source);
    manifest_read(&m, "mutant", text, bytes);
    manifest_check(&m);
    if (m.error_count > 0)
        check_errors(manifest_errors(&m), lines_of(text, bytes), seed);
    for (size_t i = 0; i < m.count; i++)
        assert_non_null(m.objects[i]->name);
    manifest_release(&m);
}

static void read_as_configuration(const char *text, size_t bytes, const char *seed)
{
    struct config config = { .database = NULL };
    struct buf complaints;

    buf_init(&complaints, CONFIG_COMPLAINTS_BYTES_MAX);
    if (!config_parse("mutant", text, bytes, &config, &complaints))
        check_errors(complaints.data, lines_of(text, bytes), seed);
    config_release(&config);
    buf_release(&complaints);
}

static void try_seed(uint64_t seed)
{
    static char text[TEXT_BYTES_MAX];
    size_t which, bytes;
    char name[32], *exact;

    state_of_random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    which = below(seed_count);
    bytes = seeds[which].bytes;
    memcpy(text, seeds[which].text, bytes);
    for (size_t i = below(5) + 1; i > 0; i--)
        mutate(text, &bytes);
    snprintf(name, sizeof name, "seed %llu", (unsigned long long)seed);
    exact = calloc(1, bytes + 1);               /* where the text ends, its memory ends */
    memcpy(exact, text, bytes);
    read_as_manifest(exact, bytes, name);
    read_as_configuration(exact, bytes, name);
    free(exact);
}

static void test_what_is_not_taken_has_an_error_with_its_place(void **state)
{
    const char *only = getenv("TRUNKD_TEST_SEED");

    (void)state;
    if (only) {
        try_seed(strtoull(only, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= MUTANTS; seed++)
        try_seed(seed);
}

static void add_seed(const char *path)
{
    FILE *file = fopen(path, "re");

    if (!file || seed_count == SEEDS_MAX)
        fail_msg("%s cannot be read, or is one too many", path);
    seeds[seed_count].bytes = fread(seeds[seed_count].text, 1, TEXT_BYTES_MAX, file);
    seed_count++;
    fclose(file);
}

static int read_seeds(void **state)
{
    const char *top = text_or(getenv("TRUNKD_SRCDIR"), ".");
    struct dirent **entries;
    char path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/manifest", top);
    int count = scandir(path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, ".yaml")) {
            snprintf(path, sizeof path, "%s/tests/golden/manifest/%s", top, entries[i]->d_name);
            add_seed(path);
        }
        free(entries[i]);
    }
    free(entries);
    snprintf(path, sizeof path, "%s/tests/golden/sentences/configuration.golden", top);
    add_seed(path);
    return seed_count > 5 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_what_is_not_taken_has_an_error_with_its_place) };

    return cmocka_run_group_tests(tests, read_seeds, NULL);
}
