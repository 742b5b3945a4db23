/* Why a secret cannot be had, in words: tests/golden/sentences/secrets.golden, in the form of its neighbours (integration/sentencelib.py). */
#include "vault_fixture.h"
#include "golden.h"

#define KEY "trunkd-key-1 e1e070b8 qufb6N/YwUzdVN0+GrTshxWV5TggkeA2xZkzUDjeAAY=\n"
#define KEY_ID "e1e070b8"

/* What a person would read in the status of an account or a number. */
static void ask(const struct vault *v, const char *reference, const char *shown, const char *place, struct buf *to)
{
    struct request r = { .method = HTTP_GET, .url = "https://x/", .auth = { AUTH_BASIC, "AC1", reference, place } };
    struct buf body, authorization;
    struct err err = { 0 };

    if (vault_fill(v, &r, 1700000000, &body, &authorization, &err))
        fail_msg("%s is a secret", shown);
    buf_printf(to, "\n%s, for %s\n> %s\n", shown, place, err.text);
}

static const char *sealed_for(const struct vault *v, const char *place, char text[static 512])
{
    struct vault_public_key keys[VAULT_KEYS_MAX];
    char *sealed = NULL;
    struct err err = { 0 };

    assert_int_equal(vault_public_keys(v, keys), 1);
    assert_true(vault_seal_with(keys[0].key, place, "s3cret", 6, &sealed, &err));
    snprintf(text, 512, "%s", sealed);
    free(sealed);
    return text;
}

static void test_why_there_is_no_secret(void **state)
{
    static const char *const wrong[] = {
        "hunter2", "file:sip/one", "file:account/nowhere", "file:account/../key", "file:account/open", "file:account/folder",
        "file:account/empty", "file:account/lines", "file:account/latin", "file:account/long", "env:HOME", "env:TRUNKD_ACCOUNT_NOWHERE",
        "env:TRUNKD_ACCOUNT_lower", "sealed:hunter2", "sealed:00000000:AAAA", "sealed:" KEY_ID ":AAAA" };
    static char long_text[VAULT_SECRET_BYTES_MAX + 2], sealed[512];
    struct vault *v;
    struct buf seen;

    (void)state;
    memset(long_text, 'a', VAULT_SECRET_BYTES_MAX + 1);
    write_file("key", KEY, 0600);
    write_file("secrets/account/open", "s3cret", 0662);
    write_file("secrets/account/empty", "\n", 0600);
    write_file("secrets/account/lines", "two\nlines\n", 0600);
    write_file("secrets/account/latin", "Z\xfcrich\n", 0600);
    write_file("secrets/account/long", long_text, 0600);
    assert_int_equal(mkdir(path_of("secrets/account/folder"), 0700), 0);
    v = one_key_vault();
    buf_init(&seen, GOLDEN_BYTES_MAX);
    buf_adds(&seen, "# Why a secret cannot be had: the reference, and the place it is for. These are the words that the status of an account or a number ends\n"
                    "# with (NotConfigured).\n");
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        ask(v, wrong[i], wrong[i], "account/main", &seen);
    ask(v, sealed_for(v, "account/other", sealed), "sealed:" KEY_ID ":... of account/other", "account/main", &seen);
    ask(v, "file:account/main", "file:account/main", "sip/+14155550001", &seen);
    golden_check("sentences/secrets.golden", &seen);
    vault_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_why_there_is_no_secret, set_up, tear_down) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
