/* How many requests a plan takes, and where. */
#include <stdio.h>
#include <stdlib.h>
#include <trunkd/text.h>

#include "plan.h"

void cost_add(void *userdata, const struct plan_line *line)
{
    struct cost *cost = userdata;
    size_t i = 0;

    if (line->requests == 0)
        return;
    while (i < cost->count && !text_equal(cost->accounts[i].account, line->account))
        i++;
    if (i == cost->count) {
        cost->accounts = must_realloc(cost->accounts, (i + 1) * sizeof *cost->accounts);
        cost->accounts[cost->count++] = (struct account_cost){ .account = arena_strdup(&cost->arena, line->account), .provider = line->provider };
    }
    cost->accounts[i].requests += line->requests;
    cost->total += line->requests;
}

void cost_print(const struct cost *cost)
{
    printf("%zu request%s", cost->total, cost->total == 1 ? "" : "s");
    for (size_t i = 0; i < cost->count; i++)
        printf("%s%zu at %s (%s)", i == 0 ? ": " : ", ", cost->accounts[i].requests, cost->accounts[i].account, cost->accounts[i].provider);
}

void cost_release(struct cost *cost)
{
    free(cost->accounts);
    arena_release(&cost->arena);
}
