/* The digests both protocols use: SHA-256 and HMAC for tokens, MD5 for SIP digest, base64 in both alphabets. */
#ifndef TRUNKD_SIM_HASH_H
#define TRUNKD_SIM_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void sha256(const void *bytes, size_t length, uint8_t ret_digest[32]);
void hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length, uint8_t ret_digest[32]);
void md5_hex(const void *bytes, size_t length, char ret_hex[33]);

/* Decodes either alphabet, padding optional. ret_bytes has room for length * 3 / 4 + 1; a NUL is added. */
bool base64_decode(const char *text, size_t length, uint8_t *ret_bytes, size_t *ret_length);

#endif
