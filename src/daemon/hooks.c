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

#define WRITES_MAX 4096

/* Writes under way; a free place has id 0. */
static struct { uint64_t id; char what[160]; } writes[WRITES_MAX];

void hooks_write_sent(uint64_t id, const char *what)
{
    char text[176];

    snprintf(text, sizeof(text), "send %s", what);
    hooks_boundary(text);
    for (size_t i = 0; i < WRITES_MAX; i++)
        if (writes[i].id == 0) {
            writes[i].id = id;
            text_copy(writes[i].what, sizeof(writes[i].what), what);
            return;
        }
}

void hooks_answered(uint64_t id)
{
    for (size_t i = 0; i < WRITES_MAX; i++)
        if (writes[i].id == id) {
            char text[176];

            writes[i].id = 0;
            snprintf(text, sizeof(text), "answer %s", writes[i].what);
            hooks_boundary(text);
            return;
        }
}

const char *hooks_off(void) { return getenv("TRUNKD_TEST_OFF"); }

#else
extern int hooks_are_empty;
#endif
