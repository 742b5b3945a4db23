/* Durations as people write them. */
#include <trunkd/config.h>

#include <string.h>
#include <trunkd/text.h>

#define DURATION_MS_MAX (3650 * INT64_C(86400000))

static const struct { const char *name; int64_t ms; } units[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

bool duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t total = 0;
    size_t from = 0;        /* units before this one have been used or passed */

    if (!*text)
        return false;
    while (*text) {
        char number[16];
        int64_t value;
        size_t digits = strspn(text, "0123456789"), letters = strspn(text + digits, "dhms"), unit;

        if (digits == 0 || digits >= sizeof number)
            return false;
        text_copy(number, digits + 1, text);
        for (unit = from; unit < ARRAY_SIZE(units); unit++)
            if (strlen(units[unit].name) == letters && strncmp(units[unit].name, text + digits, letters) == 0)
                break;
        if (unit == ARRAY_SIZE(units) || !text_to_int(number, 0, DURATION_MS_MAX / units[unit].ms, &value))
            return false;
        total += value * units[unit].ms;
        from = unit + 1;
        text += digits + letters;
    }
    if (total > DURATION_MS_MAX)
        return false;
    *ret_ms = total;
    return true;
}
