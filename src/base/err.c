/* Filling and prefixing a struct err. */
#include <trunkd/err.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_class class, const char *fmt, ...)
{
    va_list args;

    if (!err)
        return false;
    err->class = class;
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    return false;
}

bool err_prefix(struct err *err, const char *fmt, ...)
{
    char cause[ERR_TEXT_BYTES];
    va_list args;
    int length;

    if (!err)
        return false;
    memcpy(cause, err->text, sizeof cause);
    va_start(args, fmt);
    length = vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    if (length >= 0 && (size_t)length < sizeof err->text)
        snprintf(err->text + length, sizeof err->text - (size_t)length, "%s", cause);
    return false;
}
