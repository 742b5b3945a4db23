/* Manifests against golden files: tests/golden/manifest/NAME.yaml gives NAME.golden, the objects or every error with its line.
 * UPDATE_GOLDEN=1 writes them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <dirent.h>
#include <sys/stat.h>
#include <trunkd/text.h>
#include <unistd.h>

#include "../../src/ctl/manifest.h"

static void dump(const struct manifest *m, struct buf *to)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct object *object = m->objects[i];
        const struct manifest_table *table = &manifest_tables[object->kind];

        buf_printf(to, "%s/%s at line %zu, labels %s\n", table->kind, object->name, object->at.line, object->labels);
        for (size_t field = 0; field < table->field_count; field++)
            if (object->values[field])
                buf_printf(to, "    %s = %s\n", table->fields[field].column, object->values[field]);
        for (size_t n = 0; n < object->number_count; n++)
            buf_printf(to, "    number %s\n", object->numbers[n]);
    }
}

static void read_file(const char *path, struct buf *to)
{
    FILE *file = fopen(path, "re");
    int c;

    if (!file)
        fail_msg("there is no %s", path);
    while ((c = fgetc(file)) != EOF)
        buf_addc(to, (char)c);
    fclose(file);
}

static void check(const char *yaml, const char *golden)
{
    struct manifest m;
    struct buf seen, expected;
    bool ok = manifest_load(&yaml, 1, &m);

    buf_init(&seen, 1 << 20);
    buf_init(&expected, 1 << 20);
    if (ok)
        dump(&m, &seen);
    else
        buf_adds(&seen, manifest_errors(&m));
    if (getenv("UPDATE_GOLDEN")) {
        FILE *file = fopen(golden, "we");

        assert_non_null(file);
        fputs(seen.data, file);
        fclose(file);
    }
    read_file(golden, &expected);
    assert_string_equal(seen.data, expected.data);
    buf_release(&seen);
    buf_release(&expected);
    manifest_release(&m);
}

static void test_manifests_read_as_their_golden_files_say(void **state)
{
    struct dirent **entries;
    int count = scandir(".", &entries, NULL, alphasort), visited = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name, *dot = strrchr(name, '.');
        char golden[300];

        if (dot && strcmp(dot, ".yaml") == 0) {
            snprintf(golden, sizeof golden, "%.*s.golden", (int)(dot - name), name);
            check(name, golden);
            visited++;
        }
        free(entries[i]);
    }
    free(entries);
    print_message("%d manifests\n", visited);
    assert_true(visited > 5);
}

static void check_error(const char *path, const char *expected)
{
    struct manifest m;

    assert_false(manifest_load(&path, 1, &m));
    assert_string_equal(manifest_errors(&m), expected);
    manifest_release(&m);
}

static void test_paths_that_cannot_be_read_are_errors(void **state)
{
    (void)state;
    check_error("nowhere.yaml", "nowhere.yaml: No such file or directory\n");
    check_error("empty/", "empty/: there is no *.yaml and no *.yml in this folder\n");
}

static void test_a_file_is_at_most_16_mb(void **state)
{
    const char *path = "large.yaml";
    struct manifest m;
    FILE *file = fopen(path, "we");
    (void)state;

    assert_non_null(file);
    for (size_t i = 0; i < MANIFEST_FILE_BYTES_MAX - 1; i++)
        fputc('#', file);
    fputc('\n', file);
    fclose(file);
    assert_false(manifest_load(&path, 1, &m));
    assert_string_equal(manifest_errors(&m), "large.yaml: there is no document in it\n");
    manifest_release(&m);
    file = fopen(path, "ae");
    assert_non_null(file);
    fputc('\n', file);
    fclose(file);
    check_error(path, "large.yaml: is larger than 16 MB: give a folder of smaller files\n");
    unlink(path);
}

static void test_a_folder_is_read_in_the_order_of_its_names(void **state)
{
    static const char document[] = "apiVersion: trunkd/v1\nkind: Agent\nmetadata: {name: %s}\nspec: {dispatchName: x}\n";
    static const char *const files[] = { "folder/b.yaml", "folder/a.yml", "folder/c.txt", "folder/.d.yaml" };
    const char *path = "folder/";
    struct manifest m;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        FILE *file = fopen(files[i], "we");

        assert_non_null(file);
        fprintf(file, document, (const char *[]){ "bb", "aa", "cc", "dd" }[i]);
        fclose(file);
    }
    assert_true(manifest_load(&path, 1, &m));
    assert_int_equal(m.count, 2);
    assert_string_equal(m.objects[0]->name, "aa");
    assert_string_equal(m.objects[0]->at.file, "folder/a.yml");
    assert_string_equal(m.objects[1]->name, "bb");
    manifest_release(&m);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlink(files[i]);
}

static void test_a_hundred_errors_are_enough(void **state)
{
    const char *path = "many.yaml";
    struct manifest m;
    FILE *file = fopen(path, "we");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < MANIFEST_ERRORS_SHOWN + 7; i++)
        fprintf(file, "--- x%d\n", i);
    fclose(file);
    assert_false(manifest_load(&path, 1, &m));
    assert_int_equal(m.error_count, MANIFEST_ERRORS_SHOWN + 7);
    assert_non_null(strstr(manifest_errors(&m), "many.yaml:100:5: "));
    assert_null(strstr(manifest_errors(&m), "many.yaml:101:5: "));
    assert_non_null(strstr(manifest_errors(&m), "… and 7 more\n"));
    manifest_release(&m);
    unlink(path);
}

static void test_tables_are_well_formed(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < MANIFEST_MAX_; kind++) {
        const struct manifest_table *table = &manifest_tables[kind];

        assert_non_null(table->kind);
        assert_in_range(table->field_count, 1, MANIFEST_FIELDS_MAX);
        for (size_t i = 0; i < table->field_count; i++) {
            const struct manifest_field *field = &table->fields[i];

            assert_int_equal(field_index(table, field->key), i);
            assert_int_equal(field->type == FIELD_NUMBERS, field->column == NULL);
            assert_int_equal(field->type == FIELD_INT, field->max > 0);
            assert_int_equal(field->type == FIELD_WORD, field->words != NULL);
        }
        assert_int_equal(field_index(table, "nothing"), table->field_count);
    }
}

/* Golden files name the manifest as it was given, so the tests run where the manifests are; scratch files go elsewhere. */
static int enter_golden(void **state)
{
    char path[4096];

    (void)state;
    snprintf(path, sizeof path, "%s/tests/golden/manifest", text_or(getenv("TRUNKD_SRCDIR"), "."));
    return chdir(path);
}

static char scratch[] = "/tmp/trunkd-manifest-XXXXXX";

static int enter_scratch(void **state)
{
    (void)state;
    return mkdtemp(scratch) && chdir(scratch) == 0 && mkdir("empty", 0700) == 0 && mkdir("folder", 0700) == 0 ? 0 : -1;
}

static int leave_scratch(void **state)
{
    (void)state;
    return rmdir("empty") | rmdir("folder") | chdir("/") | rmdir(scratch);
}

int main(void)
{
    const struct CMUnitTest golden[] = {
        cmocka_unit_test(test_tables_are_well_formed),
        cmocka_unit_test(test_manifests_read_as_their_golden_files_say),
    };
    const struct CMUnitTest files[] = {
        cmocka_unit_test(test_paths_that_cannot_be_read_are_errors),
        cmocka_unit_test(test_a_file_is_at_most_16_mb),
        cmocka_unit_test(test_a_folder_is_read_in_the_order_of_its_names),
        cmocka_unit_test(test_a_hundred_errors_are_enough),
    };
    int failed = cmocka_run_group_tests(golden, enter_golden, NULL);

    return failed + cmocka_run_group_tests(files, enter_scratch, leave_scratch);
}
