/* The tag that our objects carry at the providers: made here, parsed here, nowhere else.
 *
 * `td-<installation>-<owner>-<nonce>` is a legal DNS label, so it can be (the first part of) a domain name. A label that a
 * person chose may stand before it and may look like a tag itself: the last tag of a text is the one that counts. */
#include <trunkd/model.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <trunkd/text.h>

#define PREFIX "td-"
#define TAG_CHARACTERS (TAG_BYTES - 1)
#define USERNAME_CHARACTERS (INSTALLATION_CHARACTERS + OWNER_CHARACTERS + NONCE_CHARACTERS)

/* Domain names come back in any case. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_base32(char c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
}

static bool is_name_character(char c)
{
    c = lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Copies `characters` of base32 in lower case; false: these are none. Never reads past the final NUL. */
static bool take(const char *from, size_t characters, char *to)
{
    for (size_t i = 0; i < characters; i++) {
        if (!is_base32(from[i]))
            return false;
        to[i] = lower(from[i]);
    }
    to[characters] = '\0';
    return true;
}

void tag_make(const char *installation, const char *owner_hash_text, const char *nonce, char ret[static TAG_BYTES])
{
    assert(strlen(installation) == INSTALLATION_CHARACTERS);
    assert(strlen(owner_hash_text) == OWNER_CHARACTERS);
    assert(strlen(nonce) == NONCE_CHARACTERS);
    snprintf(ret, TAG_BYTES, PREFIX "%s-%s-%s", installation, owner_hash_text, nonce);
}

static bool tag_at(const char *at, struct tag *ret)
{
    struct tag tag;

    if (lower(at[0]) != 't' || lower(at[1]) != 'd' || at[2] != '-')
        return false;
    at += strlen(PREFIX);
    if (!take(at, INSTALLATION_CHARACTERS, tag.installation) || at[INSTALLATION_CHARACTERS] != '-')
        return false;
    at += INSTALLATION_CHARACTERS + 1;
    if (!take(at, OWNER_CHARACTERS, tag.owner) || at[OWNER_CHARACTERS] != '-')
        return false;
    at += OWNER_CHARACTERS + 1;
    if (!take(at, NONCE_CHARACTERS, tag.nonce) || is_name_character(at[NONCE_CHARACTERS]) || at[NONCE_CHARACTERS] == '-')
        return false;
    *ret = tag;
    return true;
}

bool tag_parse(const char *text, struct tag *ret)
{
    bool found = false;

    if (!text)
        return false;
    for (const char *at = text; *at; at++) {
        bool inside = at > text && (is_name_character(at[-1]) || at[-1] == '-');

        if (!inside && tag_at(at, ret))
            found = true;
    }
    return found;
}

void owner_hash(enum owner_type type, const char *key, char ret[static OWNER_CHARACTERS + 1])
{
    assert(type < OWNER_TYPE_MAX_);
    base32_u64(hash_text(key, hash_text(owner_type_names[type], 0)), OWNER_CHARACTERS, ret);
}

void tag_username(const char *text, char ret[static TAG_BYTES])
{
    struct tag tag;
    bool is_tag = tag_parse(text, &tag);

    assert(is_tag);
    (void)is_tag;
    snprintf(ret, TAG_BYTES, "%s%s%s", tag.installation, tag.owner, tag.nonce);
}

bool tag_parse_username(const char *username, struct tag *ret)
{
    struct tag tag;

    if (!username || strlen(username) != USERNAME_CHARACTERS)
        return false;
    if (!take(username, INSTALLATION_CHARACTERS, tag.installation) ||
        !take(username + INSTALLATION_CHARACTERS, OWNER_CHARACTERS, tag.owner) ||
        !take(username + INSTALLATION_CHARACTERS + OWNER_CHARACTERS, NONCE_CHARACTERS, tag.nonce))
        return false;
    *ret = tag;
    return true;
}
