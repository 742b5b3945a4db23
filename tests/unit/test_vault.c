/* The vault: references, name spaces, sealing, headers, passwords. */
#include "vault_fixture.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <trunkd/text.h>

#define NOW 1700000000

static struct request basic_request(const char *reference, const char *place)
{
    return (struct request){ .method = HTTP_GET, .url = "https://x/", .auth = { AUTH_BASIC, "AC1", reference, place } };
}

/* The secret behind a reference, seen through the Basic header; "" and the reason in *err when there is none. */
static const char *secret_of(const struct vault *v, const char *reference, const char *place, struct err *err)
{
    static char text[2 * VAULT_SECRET_BYTES_MAX];
    struct request r = basic_request(reference, place);
    struct buf body, authorization;
    size_t length;

    text[0] = '\0';
    *err = (struct err){ 0 };
    if (!vault_fill(v, &r, NOW, &body, &authorization, err)) {
        assert_int_not_equal(err->class, ERR_NONE);
        return text;
    }
    assert_true(text_starts(authorization.data, "Basic "));
    assert_int_equal(sodium_base642bin((unsigned char *)text, sizeof text, authorization.data + 6, authorization.length - 6, NULL,
                                       &length, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
    text[length] = '\0';
    buf_wipe(&body);
    buf_wipe(&authorization);
    assert_true(text_starts(text, "AC1:"));
    return text + 4;
}

static void assert_refused(const struct vault *v, const char *reference, const char *place, const char *because)
{
    struct err err;

    assert_string_equal(secret_of(v, reference, place, &err), "");
    assert_int_equal(err.class, because[0] == '!' ? ERR_BUG : ERR_CONFIG);
    if (!strstr(err.text, because + (because[0] == '!')))
        fail_msg("\"%s\" does not say \"%s\"", err.text, because);
}

static void test_file_is_read_and_its_newline_taken_off(void **state)
{
    struct vault *v = one_key_vault();
    struct err err;

    (void)state;
    write_file("secrets/account/main", "s3cret\n", 0600);
    write_file("secrets/sip/one", "two  words", 0640);
    assert_string_equal(secret_of(v, "file:account/main", "account/main", &err), "s3cret");
    assert_string_equal(secret_of(v, "file:sip/one", "sip/+1415", &err), "two  words");
    vault_free(v);
}

static void test_credentials_directory_comes_first(void **state)
{
    struct vault *v = one_key_vault();
    struct err err;

    (void)state;
    write_file("secrets/account/main", "old", 0600);
    write_file("credentials/account.main", "new", 0400);
    assert_string_equal(secret_of(v, "file:account/main", "account/main", &err), "new");
    assert_refused(v, "file:account/other", "account/main", "neither a credential account.other nor a file account/other");
    vault_free(v);
}

static void test_unsafe_files_are_refused(void **state)
{
    struct vault *v = one_key_vault();

    (void)state;
    write_file("secrets/account/shared", "x", 0620);
    write_file("secrets/account/open", "x", 0602);
    assert_refused(v, "file:account/shared", "account/a", "others may write it");
    assert_refused(v, "file:account/open", "account/a", "others may write it");
    write_file("secrets/target", "x", 0600);
    assert_int_equal(symlink("../target", path_of("secrets/account/link")), 0);
    assert_refused(v, "file:account/link", "account/a", "symbolic links");
    assert_int_equal(mkdir(path_of("secrets/account/directory"), 0700), 0);
    assert_refused(v, "file:account/directory", "account/a", "not a regular file");
    assert_int_equal(mkfifo(path_of("secrets/account/pipe"), 0600), 0);
    assert_refused(v, "file:account/pipe", "account/a", "not a regular file");
    vault_free(v);
}

static void test_file_at_the_limit_and_one_past_it(void **state)
{
    struct vault *v = one_key_vault();
    char text[VAULT_SECRET_BYTES_MAX + 2] = "";
    struct request r = basic_request("file:account/long", "account/a");
    struct buf body, authorization;
    struct err err = { 0 };

    (void)state;
    memset(text, 'x', VAULT_SECRET_BYTES_MAX);
    write_file("secrets/account/long", text, 0600);
    assert_string_equal(secret_of(v, "file:account/long", "account/a", &err), text);
    text[VAULT_SECRET_BYTES_MAX] = 'x';
    write_file("secrets/account/long", text, 0600);
    assert_false(vault_fill(v, &r, NOW, &body, &authorization, &err));
    assert_int_equal(err.class, ERR_LIMIT);
    vault_free(v);
}

static void test_name_spaces_do_not_mix(void **state)
{
    struct vault *v = one_key_vault();

    (void)state;
    write_file("secrets/account/main", "token", 0600);
    write_file("secrets/sip/one", "password", 0600);
    assert_refused(v, "file:account/main", "sip/one", "not a reference allowed here: file:sip/NAME");
    assert_refused(v, "file:sip/one", "account/main", "not a reference allowed here: file:account/NAME");
    assert_refused(v, "env:TRUNKD_ACCOUNT_A", "sip/one", "not a reference allowed here");
    assert_refused(v, "env:TRUNKD_SIP_A", "account/main", "not a reference allowed here");
    assert_refused(v, "env:PATH", "account/main", "not a reference allowed here");
    assert_refused(v, "file:account/../sip/one", "account/main", "the name after");
    assert_refused(v, "file:account/", "account/main", "the name after");
    assert_refused(v, "file:account/.hidden", "account/main", "the name after");
    assert_refused(v, "file:/etc/passwd", "account/main", "not a reference allowed here");
    assert_refused(v, NULL, "account/main", "not a reference allowed here");
    assert_refused(v, "file:account/main", "main", "!a place begins with");
    assert_refused(v, "file:account/main", "account/", "!a place begins with");
    vault_free(v);
}

static void test_plain_password_in_the_wrong_column_is_not_repeated(void **state)
{
    static const char *const mistakes[] = { "hunter2", "file:account/hunter2 ", "env:TRUNKD_ACCOUNT_hunter2", "sealed:hunter2", "sealed:01234567:hunter2!" };
    struct vault *v = one_key_vault();
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
        assert_string_equal(secret_of(v, mistakes[i], "account/main", &err), "");
        assert_null(strstr(err.text, "hunter2"));
        assert_non_null(strstr(err.text, "account/main"));
    }
    vault_free(v);
}

static void test_secret_must_be_text(void **state)
{
    static const struct { const char *text, *because; } bad[] = {
        { "", "it is empty" }, { "\n", "it is empty" }, { "a\nb", "control character" }, { "a\tb", "control character" },
        { "a\x7f", "control character" }, { "\xc3", "not UTF-8" }, { "\xc0\x80", "not UTF-8" }, { "\xed\xa0\x80", "not UTF-8" },
        { "\xf4\x90\x80\x80", "not UTF-8" }, { "\xe2\x82(", "not UTF-8" }, { "\xff", "not UTF-8" },
    };
    struct vault *v = one_key_vault();
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        write_file("secrets/account/bad", bad[i].text, 0600);
        assert_refused(v, "file:account/bad", "account/a", bad[i].because);
    }
    write_file("secrets/account/good", "Zürich €😀", 0600);
    assert_string_equal(secret_of(v, "file:account/good", "account/a", &err), "Zürich €😀");
    vault_free(v);
}

static void test_environment_is_taken_and_emptied(void **state)
{
    char value[] = "TRUNKD_SIP_TWO=second";
    struct vault *v;
    struct err err;

    (void)state;
    setenv("TRUNKD_ACCOUNT_ONE", "first", 1);
    putenv(value);
    setenv("TRUNKD_OTHER", "stays", 1);
    v = one_key_vault();
    assert_null(getenv("TRUNKD_ACCOUNT_ONE"));
    assert_null(getenv("TRUNKD_SIP_TWO"));
    assert_string_equal(getenv("TRUNKD_OTHER"), "stays");
    assert_string_equal(value, "TRUNKD_SIP_TWO=");      /* the bytes themselves are gone */
    assert_string_equal(secret_of(v, "env:TRUNKD_ACCOUNT_ONE", "account/a", &err), "first");
    assert_string_equal(secret_of(v, "env:TRUNKD_SIP_TWO", "sip/a", &err), "second");
    assert_refused(v, "env:TRUNKD_ACCOUNT_THREE", "account/a", "was not set when the program started");
    vault_free(v);
}

static void test_sealed_secret_opens_at_its_place_only(void **state)
{
    struct vault *v = one_key_vault();
    struct vault_public_key keys[VAULT_KEYS_MAX];
    char *sealed = NULL, other[2048];
    struct err err = { 0 };

    (void)state;
    assert_int_equal(vault_public_keys(v, keys), 1);
    assert_true(vault_seal_with(keys[0].key, "account/main", "t0ken", 5, &sealed, &err));
    assert_true(text_starts(sealed, "sealed:"));
    assert_memory_equal(sealed + 7, keys[0].id, 8);
    assert_null(strstr(sealed, "t0ken"));
    assert_string_equal(secret_of(v, sealed, "account/main", &err), "t0ken");
    assert_refused(v, sealed, "account/mai", "sealed for another place");
    assert_refused(v, sealed, "account/main2", "sealed for another place");
    assert_refused(v, sealed, "account/maim", "sealed for another place");
    assert_refused(v, sealed, "sip/main", "sealed for another place");
    snprintf(other, sizeof other, "sealed:00000000:%s", sealed + 16);
    assert_refused(v, other, "account/main", "key 00000000, which is not in the key ring");
    text_copy(other, sizeof other, sealed);
    other[30] = other[30] == 'A' ? 'B' : 'A';
    assert_refused(v, other, "account/main", "it is damaged");
    other[20] = '\0';
    assert_refused(v, other, "account/main", "");
    free(sealed);
    vault_free(v);
}

static void test_sealing_refuses_what_could_never_be_used(void **state)
{
    struct vault *v = one_key_vault();
    struct vault_public_key keys[VAULT_KEYS_MAX];
    char *sealed = NULL, place[VAULT_PLACE_BYTES_MAX + 2] = "sip/", secret[VAULT_SECRET_BYTES_MAX + 1];
    struct err err = { 0 };

    (void)state;
    assert_int_equal(vault_public_keys(v, keys), 1);
    assert_false(vault_seal_with("AAAA", "account/main", "x", 1, &sealed, &err));
    assert_false(vault_seal_with("not base64", "account/main", "x", 1, &sealed, &err));
    assert_false(vault_seal_with(keys[0].key, "main", "x", 1, &sealed, &err));
    assert_false(vault_seal_with(keys[0].key, "account/a\nb", "x", 1, &sealed, &err));
    assert_false(vault_seal_with(keys[0].key, "account/main", "", 0, &sealed, &err));
    assert_false(vault_seal_with(keys[0].key, "account/main", "a\nb", 3, &sealed, &err));
    memset(secret, 'x', sizeof secret);
    assert_false(vault_seal_with(keys[0].key, "account/main", secret, sizeof secret, &sealed, &err));
    assert_true(vault_seal_with(keys[0].key, "account/main", secret, sizeof secret - 1, &sealed, &err));
    assert_int_equal(strlen(secret_of(v, sealed, "account/main", &err)), VAULT_SECRET_BYTES_MAX);
    free(sealed);
    memset(place + 4, 'p', sizeof place - 5);
    assert_false(vault_seal_with(keys[0].key, place, "x", 1, &sealed, &err));
    place[VAULT_PLACE_BYTES_MAX] = '\0';
    assert_true(vault_seal_with(keys[0].key, place, "x", 1, &sealed, &err));
    assert_string_equal(secret_of(v, sealed, place, &err), "x");
    free(sealed);
    vault_free(v);
}

static void test_newest_key_seals_and_all_unseal(void **state)
{
    static const char *const before[] = { "keys", NULL }, *const only_new[] = { "keys/2026", NULL };
    struct vault *v = NULL;
    struct vault_public_key keys[VAULT_KEYS_MAX];
    char *sealed_old = NULL, *sealed_new = NULL, old_version[VAULT_VERSION_BYTES], version[VAULT_VERSION_BYTES];
    struct err err = { 0 };

    (void)state;
    assert_int_equal(mkdir(path_of("keys"), 0700), 0);
    assert_true(vault_key_create(path_of("keys/2025"), &err));
    assert_true(open_vault(before, &v, &err));
    assert_true(vault_generate(v, "sip/a", &sealed_old, old_version, &err));
    vault_free(v);

    assert_true(vault_key_create(path_of("keys/2026"), &err));
    write_file("keys/.hidden", "not a key", 0600);
    assert_true(open_vault(before, &v, &err));
    assert_int_equal(vault_public_keys(v, keys), 2);
    assert_true(vault_version(v, sealed_old, "sip/a", version, &err));
    assert_string_equal(version, old_version);          /* a new key changes no fingerprint */
    assert_true(vault_generate(v, "sip/b", &sealed_new, version, &err));
    assert_memory_equal(sealed_old + 7, keys[0].id, 8);
    assert_memory_equal(sealed_new + 7, keys[1].id, 8);
    vault_free(v);

    assert_true(open_vault(only_new, &v, &err));
    assert_true(vault_version(v, sealed_new, "sip/b", version, &err));
    assert_false(vault_version(v, sealed_old, "sip/a", version, &err));
    vault_free(v);
    free(sealed_old);
    free(sealed_new);
}

static void test_key_ring_refuses_what_it_cannot_trust(void **state)
{
    static const char *const missing[] = { "nowhere", NULL }, *const none[] = { NULL }, *const bad[] = { "bad", NULL };
    static const struct { const char *text; mode_t mode; const char *because; } files[] = {
        { "", 0600, "there is no key: name a key file" },
        { "# only a comment\n\n", 0600, "there is no key: name a key file" },
        { "trunkd-key-1 00000000 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\n", 0600, "under another key id" },
        { "trunkd-key-1 00000000 AAAA\n", 0600, "line 1: this is not" },
        { "trunkd-key-2 00000000 AAAA\n", 0600, "line 1: this is not" },
        { "trunkd-key-1", 0600, "line 1: this is not" },
        { "# x", 0604, "everybody may read it" },
        { "# x", 0660, "others may write it" },
    };
    struct vault *v = NULL;
    struct err err = { 0 };

    (void)state;
    assert_false(open_vault(missing, &v, &err));
    assert_int_equal(err.class, ERR_CONFIG);
    assert_false(open_vault(none, &v, &err));
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        write_file("bad", files[i].text, files[i].mode);
        assert_false(open_vault(bad, &v, &err));
        if (!strstr(err.text, files[i].because))
            fail_msg("\"%s\" does not say \"%s\"", err.text, files[i].because);
    }
    assert_false(vault_key_create(path_of("bad"), &err));       /* never over a file that is there */
    assert_null(v);
}

static void test_key_file_is_for_its_owner_only(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(path_of("key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void assert_filled(const struct vault *v, enum secret_escape escape, const char *before, const char *after, const char *expected)
{
    struct request r = basic_request("file:account/main", "account/main");
    struct buf body, authorization;
    struct err err = { 0 };
    char text[256];

    snprintf(text, sizeof text, "%s%s", before, after);
    r.body = text;
    r.body_bytes = strlen(text);
    r.slot.offset = strlen(before);
    r.slot.escape = escape;
    r.slot.secret = "file:sip/one";
    r.slot.place = "sip/one";
    if (!vault_fill(v, &r, NOW, &body, &authorization, &err))
        fail_msg("%s", err.text);
    assert_string_equal(body.data, expected);
    buf_wipe(&body);
    buf_wipe(&authorization);
}

static void test_body_gets_its_secret_escaped(void **state)
{
    struct vault *v = one_key_vault();
    struct request r = basic_request("file:account/main", "account/main");
    struct buf body, authorization;
    struct err err = { 0 };

    (void)state;
    write_file("secrets/account/main", "t", 0600);
    write_file("secrets/sip/one", "a\"b\\c &=%\xc3\xbc~", 0600);
    assert_filled(v, SECRET_JSON, "{\"p\":\"", "\"}", "{\"p\":\"a\\\"b\\\\c &=%\xc3\xbc~\"}");
    assert_filled(v, SECRET_FORM, "U=x&P=", "", "U=x&P=a%22b%5Cc%20%26%3D%25%C3%BC~");
    assert_filled(v, SECRET_FORM, "", "&Z=1", "a%22b%5Cc%20%26%3D%25%C3%BC~&Z=1");

    r.body = "plain";
    r.body_bytes = 5;
    assert_true(vault_fill(v, &r, NOW, &body, &authorization, &err));
    assert_string_equal(body.data, "plain");
    buf_wipe(&body);
    buf_wipe(&authorization);

    r.slot.secret = "file:sip/missing";
    r.slot.place = "sip/missing";
    assert_false(vault_fill(v, &r, NOW, &body, &authorization, &err));
    assert_non_null(strstr(err.text, "file:sip/missing"));
    vault_free(v);
}

static void decode_part(const char *text, size_t length, char *ret, size_t size)
{
    size_t bytes;

    assert_int_equal(sodium_base642bin((unsigned char *)ret, size - 1, text, length, NULL, &bytes, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING), 0);
    ret[bytes] = '\0';
}

static void test_livekit_token_is_what_the_server_wants(void **state)
{
    struct vault *v = one_key_vault();
    struct request r = basic_request("file:account/lk", "account/lk");
    struct buf body, authorization;
    struct err err = { 0 };
    char part[512];
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state hmac;
    const char *token, *dot, *last;

    (void)state;
    write_file("secrets/account/lk", "not thirty-two bytes\n", 0600);
    r.auth.kind = AUTH_LIVEKIT;
    r.auth.user = "APIkey";
    assert_true(vault_fill(v, &r, NOW, &body, &authorization, &err));
    assert_true(text_starts(authorization.data, "Bearer "));
    token = authorization.data + 7;
    dot = strchr(token, '.');
    last = strrchr(token, '.');
    decode_part(token, (size_t)(dot - token), part, sizeof part);
    assert_string_equal(part, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    decode_part(dot + 1, (size_t)(last - dot - 1), part, sizeof part);
    assert_string_equal(part, "{\"iss\":\"APIkey\",\"sub\":\"trunkd\",\"nbf\":1699999990,\"exp\":1700000600,\"sip\":{\"admin\":true}}");
    crypto_auth_hmacsha256_init(&hmac, (const unsigned char *)"not thirty-two bytes", 20);
    crypto_auth_hmacsha256_update(&hmac, (const unsigned char *)token, (size_t)(last - token));
    crypto_auth_hmacsha256_final(&hmac, mac);
    decode_part(last + 1, strlen(last + 1), part, sizeof part);
    assert_memory_equal(part, mac, sizeof mac);
    buf_wipe(&body);
    buf_wipe(&authorization);
    vault_free(v);
}

static void test_header_cannot_be_split_by_the_user(void **state)
{
    static const char *const users[] = { "", "a:b", "a\r\nX: y", NULL };
    struct vault *v = one_key_vault();
    struct buf body, authorization;
    struct err err = { 0 };

    (void)state;
    write_file("secrets/account/main", "t", 0600);
    for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
        struct request r = basic_request("file:account/main", "account/main");

        r.auth.user = users[i];
        assert_false(vault_fill(v, &r, NOW, &body, &authorization, &err));
    }
    vault_free(v);
}

static void test_generated_password_has_every_class_and_is_sealed(void **state)
{
    struct vault *v = one_key_vault();
    char last[64] = "", version[VAULT_VERSION_BYTES], again[VAULT_VERSION_BYTES], *sealed = NULL;
    struct err err = { 0 };

    (void)state;
    for (int i = 0; i < 50; i++) {
        const char *p;

        assert_true(vault_generate(v, "sip/number", &sealed, version, &err));
        p = secret_of(v, sealed, "sip/number", &err);
        assert_int_equal(strlen(p), 32);
        assert_int_equal(strspn(p, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), 32);
        assert_non_null(strpbrk(p, "0123456789"));
        assert_non_null(strpbrk(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        assert_non_null(strpbrk(p, "abcdefghijklmnopqrstuvwxyz"));
        assert_string_not_equal(p, last);
        text_copy(last, sizeof last, p);
        assert_true(vault_version(v, sealed, "sip/number", again, &err));
        assert_string_equal(again, version);
        free(sealed);
    }
    assert_false(vault_generate(v, "account/main", &sealed, version, &err));
    vault_free(v);
}

static void test_version_follows_the_secret_and_the_key(void **state)
{
    static const char *const other_key[] = { "other", NULL };
    struct vault *v = one_key_vault();
    char a[VAULT_VERSION_BYTES], b[VAULT_VERSION_BYTES];
    struct err err = { 0 };

    (void)state;
    write_file("secrets/sip/one", "first", 0600);
    write_file("secrets/sip/two", "first", 0600);
    assert_true(vault_version(v, "file:sip/one", "sip/one", a, &err));
    assert_int_equal(strlen(a), 19);
    assert_int_equal(strspn(a + 3, "0123456789abcdef"), 16);
    assert_true(vault_version(v, "file:sip/two", "sip/two", b, &err));
    assert_string_equal(a, b);
    write_file("secrets/sip/one", "second", 0600);
    assert_true(vault_version(v, "file:sip/one", "sip/one", b, &err));
    assert_string_not_equal(a, b);
    vault_free(v);

    assert_true(vault_key_create(path_of("other"), &err));
    assert_true(open_vault(other_key, &v, &err));
    assert_true(vault_version(v, "file:sip/two", "sip/two", b, &err));
    assert_string_not_equal(a, b);
    vault_free(v);
}

static void test_random_bytes_differ(void **state)
{
    unsigned char a[16] = { 0 }, b[16] = { 0 };

    (void)state;
    vault_random(a, sizeof a);
    vault_random(b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
}

static void test_hardened_process_dumps_no_core(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (child == 0) {
        struct rlimit limit;
        struct err err;

        _exit(!(vault_harden(&err) && prctl(PR_GET_DUMPABLE) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_file_is_read_and_its_newline_taken_off),
        T(test_credentials_directory_comes_first),
        T(test_unsafe_files_are_refused),
        T(test_file_at_the_limit_and_one_past_it),
        T(test_name_spaces_do_not_mix),
        T(test_plain_password_in_the_wrong_column_is_not_repeated),
        T(test_secret_must_be_text),
        T(test_environment_is_taken_and_emptied),
        T(test_sealed_secret_opens_at_its_place_only),
        T(test_sealing_refuses_what_could_never_be_used),
        T(test_newest_key_seals_and_all_unseal),
        T(test_key_ring_refuses_what_it_cannot_trust),
        T(test_key_file_is_for_its_owner_only),
        T(test_body_gets_its_secret_escaped),
        T(test_livekit_token_is_what_the_server_wants),
        T(test_header_cannot_be_split_by_the_user),
        T(test_generated_password_has_every_class_and_is_sealed),
        T(test_version_follows_the_secret_and_the_key),
        T(test_random_bytes_differ),
        T(test_hardened_process_dumps_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
