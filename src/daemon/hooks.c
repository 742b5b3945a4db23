/* hooks: see hooks.h. An empty file in a build for use. */
#include "hooks.h"

#ifdef TRUNKD_TEST_HOOKS

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trunkd/text.h>
#include <unistd.h>

static struct { unsigned long count, at; char action[8]; int trace; } hooks = { .trace = -1 };

void hooks_open(void)
{
    const char *effect = getenv("TRUNKD_TEST_EFFECT"), *trace = getenv("TRUNKD_TEST_TRACE");
    const char *colon = effect ? strchr(effect, ':') : NULL;

    if (colon) {
        hooks.at = strtoul(effect, NULL, 10);
        text_copy(hooks.action, sizeof(hooks.action), colon + 1);
    }
    if (trace)
        hooks.trace = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void hooks_boundary(const char *what)
{
    hooks.count++;
    if (hooks.trace >= 0)
        dprintf(hooks.trace, "%lu %s\n", hooks.count, what);
    if (hooks.count != hooks.at)
        return;
    if (text_equal(hooks.action, "abort"))
        raise(SIGKILL);
    else if (text_equal(hooks.action, "stop"))
        raise(SIGSTOP);
    else
        _exit(9);
}

const char *hooks_off(void) { return getenv("TRUNKD_TEST_OFF"); }

#else
extern int hooks_are_empty;
#endif
