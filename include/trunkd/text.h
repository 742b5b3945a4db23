/* Small pure text helpers that more than one room needs. */
#ifndef TRUNKD_TEXT_H
#define TRUNKD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trunkd/cleanup.h>

bool text_equal(const char *a, const char *b);          /* NULL equals NULL only */
bool text_starts(const char *text, const char *prefix);
bool text_is_empty(const char *text);                   /* NULL or "" */
const char *text_or(const char *text, const char *otherwise);   /* otherwise when text is NULL */

/* Copies with truncation; always terminates. size > 0. */
void text_copy(char *to, size_t size, const char *from);

/* Bytes of the well-formed UTF-8 character at the start of the text (Unicode, table 3-7); 0: there is none. */
size_t text_utf8_length(const char *text, size_t left);

/* The longest beginning of at most `bytes_max` bytes that does not cut a character; its length in bytes. The text is UTF-8. */
size_t text_utf8_cut(const char *text, size_t bytes_max);

/* E.164: '+', a digit 1-9, then 1 to 14 digits. */
bool text_is_e164(const char *text);

/* The whole text is one decimal integer in range. */
MUST_CHECK bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/* 64-bit hash of bytes (FNV-1a, then the splitmix64 finisher). Stable for ever: tags and derived uuids rest on it. */
uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);
uint64_t hash_text(const char *text, uint64_t seed);    /* NULL hashes as "" with another seed */

/* Lower-case base32 (RFC 4648 alphabet, a-z2-7, no padding): the low `characters` * 5 bits, most significant first. */
void base32_u64(uint64_t value, size_t characters, char *ret_text);     /* writes characters + 1 bytes; at most 13 */

/* Of `names` (NULL-terminated) the one nearest to `name` by edit distance, or NULL when none is near (distance over a third). */
const char *text_nearest(const char *name, const char *const *names);

#endif
