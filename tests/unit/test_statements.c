/* The compiled-in SQL is what the files say: found by name, parameters counted, migrations without a gap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <trunkd/statements.h>

static void test_a_statement_is_found_by_its_name(void **state)
{
    (void)state;
    assert_true(sql_statements_count > 10);
    for (size_t i = 0; i < sql_statements_count; i++) {
        assert_ptr_equal(sql_statement_find(sql_statements[i].name), &sql_statements[i]);
        assert_true(i == 0 || strcmp(sql_statements[i - 1].name, sql_statements[i].name) < 0);
    }
    assert_null(sql_statement_find("no such statement"));
    assert_null(sql_statement_find(""));
}

static void test_parameters_are_counted_and_comments_left_out(void **state)
{
    (void)state;
    const struct sql_statement *commit = sql_statement_find("commit");
    assert_non_null(commit);
    assert_int_equal(commit->n_params, 2);
    assert_non_null(strstr(commit->text, "trunkd.commit($1, $2)"));
    for (size_t i = 0; i < sql_statements_count; i++) {
        char past[16];
        assert_null(strstr(sql_statements[i].text, "-- name:"));
        snprintf(past, sizeof(past), "$%d", sql_statements[i].n_params + 1);
        assert_null(strstr(sql_statements[i].text, past));
    }
}

static void test_migrations_are_numbered_without_a_gap(void **state)
{
    (void)state;
    assert_true(sql_migrations_count > 0);
    for (size_t i = 0; i < sql_migrations_count; i++) {
        assert_int_equal(sql_migrations[i].number, (int)i + 1);
        assert_non_null(strstr(sql_migrations[i].text, "\n"));
    }
    assert_string_equal(sql_migrations[0].name, "0001_base");
    assert_non_null(strstr(sql_migrations[0].text, "create schema trunkd;\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_statement_is_found_by_its_name),
        cmocka_unit_test(test_parameters_are_counted_and_comments_left_out),
        cmocka_unit_test(test_migrations_are_numbered_without_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
