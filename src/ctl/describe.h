/* Between the files of describe. */
#ifndef TRUNKD_CTL_DESCRIBE_H
#define TRUNKD_CTL_DESCRIBE_H

#include <trunkd/buf.h>
#include <trunkd/json.h>

#include "db.h"
#include "target.h"
#include "verb.h"

#define DESCRIBE_EVENTS "10"

/* Columns of the statement describe_number. */
enum { DESCRIBED_ROW, DESCRIBED_REMEDY, DESCRIBED_AGENT, DESCRIBED_NEXT_IN, DESCRIBED_AGE, DESCRIBED_TRUNK_WORDS };

/* describe.c: the row in its view of what is no number, as get has it; one that is not there is an error. */
MUST_CHECK bool described_row(struct db *, const struct target *, struct arena *, struct rows **ret_rows, struct err *);

/* describe_document.c: all of it as one JSON object. */
MUST_CHECK bool document_describe(struct db *, const struct target *, struct buf *, struct err *);

/* The path of a number's calls, from the caller to the agent and back, with every object on it. `resources` is NULL for those who
 * may not read the ledger: then only ids are shown. */
void path_print(const struct json *number, const struct json *agent, const struct rows *resources);

/* A line, if there is a value. */
void field_print(const char *name, const char *value);

/* describe_settings.c: what is set. `shown`: the object's row in its view, whose columns are not repeated. */
MUST_CHECK bool settings_print(struct db *, const struct target *, const struct json *shown, struct err *);

/* The connection policy among them, of a number's trunk or of a trunk; nothing where there is none. */
void policy_print(const struct rows *resources);

#endif
