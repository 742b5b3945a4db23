/* How trunkctl says that it could not do what was asked. */
#include <stdarg.h>
#include <stdio.h>

#include "verb.h"

enum exit_code fail(const struct err *err)
{
    fflush(stdout);
    fprintf(stderr, "trunkctl: %s\n", err->text);
    return err->class == ERR_REJECTED ? EXIT_REFUSED : EXIT_ERROR;
}

enum exit_code fail_text(const char *fmt, ...)
{
    va_list args;

    fflush(stdout);
    fputs("trunkctl: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return EXIT_ERROR;
}
