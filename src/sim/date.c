/* Dates as the two Twilio hosts write them, from milliseconds since 1970, without the C library's calendar. */
#include "world.h"

struct civil { int64_t year; int month, day, weekday, hour, minute, second; };

/* Days since 1970 to a date of the proleptic Gregorian calendar: years counted from March, in eras of 400 years. */
static struct civil civil_of(int64_t ms)
{
    int64_t seconds = ms / 1000, days = seconds / 86400, rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    int64_t shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march = (5 * day_of_year + 2) / 153;
    struct civil c = {
        .day = (int)(day_of_year - (153 * march + 2) / 5 + 1),
        .month = (int)(march < 10 ? march + 3 : march - 9),
        .hour = (int)(rest / 3600), .minute = (int)(rest / 60 % 60), .second = (int)(rest % 60),
        .weekday = (int)(((days % 7) + 11) % 7),
    };
    c.year = year_of_era + era * 400 + (c.month <= 2);
    return c;
}

void date_iso(int64_t ms, char *ret_text, size_t bytes)
{
    struct civil c = civil_of(ms);
    (void)snprintf(ret_text, bytes, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
}

void date_rfc2822(int64_t ms, char *ret_text, size_t bytes)
{
    static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct civil c = civil_of(ms);
    (void)snprintf(ret_text, bytes, "%s, %02d %s %04lld %02d:%02d:%02d +0000", weekdays[c.weekday], c.day, months[c.month - 1],
                   (long long)c.year, c.hour, c.minute, c.second);
}
