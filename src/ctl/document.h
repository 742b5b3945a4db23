/* Rows of the statement export (sql/queries) as documents of a manifest: used by export and diff. */
#ifndef TRUNKD_CTL_DOCUMENT_H
#define TRUNKD_CTL_DOCUMENT_H

#include <trunkd/buf.h>
#include <trunkd/json.h>

#include "manifest.h"

#define DOCUMENT_BYTES_MAX (2u << 20)

/* Adds {"apiVersion":…,"kind":…,"metadata":…,"spec":…} as JSON; columns that are null are left out. */
void document_write(struct buf *, const struct manifest_table *, const struct json *row);

#endif
