/* Small pure text helpers: comparing, copying, numbers, hashing, base32, the nearest name. */
#include <trunkd/text.h>

#include <assert.h>
#include <string.h>

#define NAME_BYTES_MAX ((size_t)64)     /* longer names have no nearest one */

bool text_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_is_empty(const char *text)
{
    return !text || !*text;
}

const char *text_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

void text_copy(char *to, size_t size, const char *from)
{
    size_t length;

    assert(size > 0);
    length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

size_t text_utf8_length(const char *text, size_t left)
{
    const unsigned char *p = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xBF;
    size_t length;

    if (left == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    length = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    if (p[0] == 0xE0)
        low = 0xA0;     /* overlong */
    else if (p[0] == 0xED)
        high = 0x9F;    /* surrogates */
    else if (p[0] == 0xF0)
        low = 0x90;     /* overlong */
    else if (p[0] == 0xF4)
        high = 0x8F;    /* beyond U+10FFFF */
    if (left < length || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
    return length;
}

size_t text_utf8_cut(const char *text, size_t bytes_max)
{
    size_t length = strnlen(text, bytes_max + 1);

    if (length <= bytes_max)
        return length;
    length = bytes_max;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
        length--;
    return length;
}

bool text_is_e164(const char *text)
{
    size_t digits;

    if (!text || text[0] != '+' || text[1] < '1' || text[1] > '9')
        return false;
    digits = strspn(text + 1, "0123456789");
    return digits >= 2 && digits <= 15 && text[1 + digits] == '\0';
}

bool text_to_int(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    bool negative;

    if (text_is_empty(text))
        return false;
    negative = *text == '-';
    if (negative && !*++text)
        return false;
    for (; *text; text++) {
        int digit = *text - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    if (value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

/* The finisher of splitmix64; 0 stays 0. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ mix(seed);

    for (size_t i = 0; i < length; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return mix(h);
}

uint64_t hash_text(const char *text, uint64_t seed)
{
    if (!text)
        return hash_bytes("", 0, seed ^ UINT64_C(0x9e3779b97f4a7c15));
    return hash_bytes(text, strlen(text), seed);
}

void base32_u64(uint64_t value, size_t characters, char *ret_text)
{
    assert(characters <= 13);
    for (size_t i = characters; i > 0; i--, value >>= 5)
        ret_text[i - 1] = "abcdefghijklmnopqrstuvwxyz234567"[value & 31];
    ret_text[characters] = '\0';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; the case of a letter does not count.
 * One row per character of a; a swap looks two rows back. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][NAME_BYTES_MAX + 1];

    assert(a_length <= NAME_BYTES_MAX);
    assert(b_length <= NAME_BYTES_MAX);
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        char x = lower(a[i - 1]);

        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            char y = lower(b[j - 1]);

            row[j] = smaller(smaller(row[j - 1], above[j]) + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                row[j] = smaller(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

const char *text_nearest(const char *name, const char *const *names)
{
    const char *nearest = NULL;
    size_t length = strnlen(name, NAME_BYTES_MAX + 1), best = SIZE_MAX;

    if (length > NAME_BYTES_MAX)
        return NULL;
    for (; *names; names++) {
        size_t other = strnlen(*names, NAME_BYTES_MAX + 1), distance;

        if (other > NAME_BYTES_MAX)
            continue;
        distance = edit_distance(name, length, *names, other);
        if (distance * 3 <= (length > other ? length : other) && distance < best) {
            best = distance;
            nearest = *names;
        }
    }
    return nearest;
}
