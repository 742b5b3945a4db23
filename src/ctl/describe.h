/* Between the files of describe. */
#ifndef TRUNKD_CTL_DESCRIBE_H
#define TRUNKD_CTL_DESCRIBE_H

#include <trunkd/json.h>

#include "db.h"
#include "verb.h"

/* The path of a number's calls, from the caller to the agent and back, with every object on it. `resources` is NULL for those who
 * may not read the ledger: then only ids are shown. */
void path_print(const struct json *number, const struct json *agent, const struct rows *resources);

#endif
