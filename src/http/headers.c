/* Picking headers out of an answer. */
#include "headers.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdbool.h>
#include <strings.h>
#include <trunkd/cleanup.h>
#include <trunkd/text.h>

static const struct { const char *name; size_t offset, bytes; } wanted[] = {
    { "content-type",      offsetof(struct headers, content_type),      sizeof ((struct headers *)0)->content_type },
    { "twilio-request-id", offsetof(struct headers, twilio_request_id), sizeof ((struct headers *)0)->twilio_request_id },
    { "x-request-id",      offsetof(struct headers, request_id),        sizeof ((struct headers *)0)->request_id },
    { "retry-after",       offsetof(struct headers, retry_after),       sizeof ((struct headers *)0)->retry_after },
    { "date",              offsetof(struct headers, date),              sizeof ((struct headers *)0)->date },
};

/* The value without space around it; only printable characters, cut to what fits. */
static void copy_value(char *to, size_t bytes, const char *value, size_t length)
{
    size_t n = 0;

    while (length > 0 && isspace((unsigned char)*value))
        value++, length--;
    while (length > 0 && isspace((unsigned char)value[length - 1]))
        length--;
    for (size_t i = 0; i < length && n < bytes - 1; i++)
        if (isprint((unsigned char)value[i]))
            to[n++] = value[i];
    to[n] = '\0';
}

static void lower_without_parameters(char *text)
{
    for (; *text && *text != ';' && *text != ' '; text++)
        *text = (char)tolower((unsigned char)*text);
    *text = '\0';
}

void headers_note(struct headers *h, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);

    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        *h = (struct headers){ 0 };
        return;
    }
    for (size_t i = 0; colon && i < ARRAY_SIZE(wanted); i++) {
        if (strlen(wanted[i].name) != (size_t)(colon - line) || strncasecmp(line, wanted[i].name, (size_t)(colon - line)) != 0)
            continue;
        copy_value((char *)h + wanted[i].offset, wanted[i].bytes, colon + 1, length - (size_t)(colon + 1 - line));
        if (wanted[i].offset == offsetof(struct headers, content_type))
            lower_without_parameters(h->content_type);
    }
}

int64_t headers_retry_after_ms(const struct headers *h, int64_t wall_seconds)
{
    int64_t seconds;

    if (!text_to_int(h->retry_after, 0, INT64_MAX, &seconds)) {
        time_t then = curl_getdate(h->retry_after, NULL), now = curl_getdate(h->date, NULL);

        if (then < 0)
            return -1;
        seconds = then - (now < 0 ? wall_seconds : now);
    }
    if (seconds < 0)
        return 0;
    return seconds > RETRY_AFTER_MS_MAX / 1000 ? RETRY_AFTER_MS_MAX : seconds * 1000;
}
