/* Tags: made once, found again wherever a provider shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <trunkd/model.h>

#define TAG "td-abcdefgh-abcdefghijklm-22334455"
#define OTHER "td-zzzzzzzz-zzzzzzzzzzzzz-77777777"

static void test_a_tag_is_made_and_parsed(void **state)
{
    char text[TAG_BYTES];
    struct tag tag;

    (void)state;
    tag_make("abcdefgh", "abcdefghijklm", "22334455", text);
    assert_string_equal(text, TAG);
    assert_int_equal(strlen(text), TAG_BYTES - 1);
    assert_true(tag_parse(text, &tag));
    assert_string_equal(tag.installation, "abcdefgh");
    assert_string_equal(tag.owner, "abcdefghijklm");
    assert_string_equal(tag.nonce, "22334455");
}

static void test_a_tag_is_found_in_a_text(void **state)
{
    static const char *const texts[] = {
        "Support line [" TAG "]", TAG ".pstn.twilio.com", "TD-ABCDEFGH-ABCDEFGHIJKLM-22334455.PSTN.twilio.com", " " TAG " ", "[" TAG "",
        "an earlier one [" OTHER "] [" TAG "]", "td-td-" OTHER " " TAG, "\xC3\xBC" TAG "\xC3\xBC",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct tag tag = { .nonce = "" };

        assert_true(tag_parse(texts[i], &tag));
        assert_string_equal(tag.installation, "abcdefgh");
        assert_string_equal(tag.nonce, "22334455");
    }
}

static void test_what_only_looks_like_a_tag_is_none(void **state)
{
    static const char *const texts[] = {
        "", "td-", "td", "t", "td-abcdefg-abcdefghijklm-22334455", "td-abcdefghi-abcdefghijklm-22334455", "td-abcdefgh-abcdefghijkl-22334455",
        "td-abcdefgh-abcdefghijklmn-22334455", "td-abcdefgh-abcdefghijklm-2233445", "td-abcdefgh-abcdefghijklm-223344556",
        "td-abcdefgh-abcdefghijklm-22334458", "td-abcdefgh-abcdefghijklm-223344551", "td-abcdefgh-abcdefghijklm-22334455-x", "xtd-abcdefgh-abcdefghijklm-22334455",
        "9" TAG, "-" TAG, "tx-abcdefgh-abcdefghijklm-22334455", "td_abcdefgh_abcdefghijklm_22334455", "td-abcdefgh.abcdefghijklm.22334455", "td-abcdefgh-abcdefghijklm",
        "td-abcdefg1-abcdefghijklm-22334455", "td-abcdefgh-abcdefghijkl0-22334455", "td-abcdefgh-abcdefghijklm.22334455",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct tag tag;

        if (tag_parse(texts[i], &tag))
            fail_msg("parsed: %s", texts[i]);
    }
    assert_false(tag_parse(NULL, &(struct tag){ 0 }));
}

static void test_a_user_name_holds_the_same_three_parts(void **state)
{
    char username[TAG_BYTES];
    struct tag tag;

    (void)state;
    tag_username(TAG, username);
    assert_string_equal(username, "abcdefghabcdefghijklm22334455");
    assert_true(strlen(username) <= 32);
    assert_true(tag_parse_username(username, &tag));
    assert_string_equal(tag.installation, "abcdefgh");
    assert_string_equal(tag.owner, "abcdefghijklm");
    assert_string_equal(tag.nonce, "22334455");
    assert_false(tag_parse_username(NULL, &tag));
    assert_false(tag_parse_username("lk-line-42", &tag));
    assert_false(tag_parse_username("abcdefghabcdefghijklm2233445", &tag));
    assert_false(tag_parse_username("1bcdefghabcdefghijklm22334455", &tag));
    assert_false(tag_parse_username("abcdefgh1bcdefghijklm22334455", &tag));
    assert_false(tag_parse_username("abcdefghabcdefghijklm2233445-", &tag));
}

static void test_an_owner_hash_never_changes(void **state)
{
    char number[OWNER_CHARACTERS + 1], trunk[OWNER_CHARACTERS + 1];

    (void)state;
    owner_hash(OWNER_NUMBER, "+14155551234", number);
    assert_int_equal(strlen(number), OWNER_CHARACTERS);
    assert_string_equal(number, "ef2w24zrjuvso");
    owner_hash(OWNER_TRUNK, "+14155551234", trunk);
    assert_string_not_equal(number, trunk);
    owner_hash(OWNER_NUMBER, "+14155551235", trunk);
    assert_string_not_equal(number, trunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tag_is_made_and_parsed),
        cmocka_unit_test(test_a_tag_is_found_in_a_text),
        cmocka_unit_test(test_what_only_looks_like_a_tag_is_none),
        cmocka_unit_test(test_a_user_name_holds_the_same_three_parts),
        cmocka_unit_test(test_an_owner_hash_never_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
