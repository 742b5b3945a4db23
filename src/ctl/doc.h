/* What is written for people and editors from the tables of trunkctl: the program trunkd-doc, which is run while building and never
 * installed. It prints, so that nothing written about a verb, an option, a field or a setting can be stale. */
#ifndef TRUNKD_CTL_DOC_H
#define TRUNKD_CTL_DOC_H

#include <trunkd/buf.h>

#define DOC_BYTES_MAX (1u << 20)

/* JSON Schema (draft 2020-12) of one document of a manifest. */
void doc_schema(struct buf *);

/* Completion for the shells. */
void doc_bash(struct buf *);
void doc_zsh(struct buf *);

/* The text of a manual page (mdoc), in which lines `.\" table NAME` stand for what a table says. False: it names a table that is not there. */
bool doc_manual(struct buf *, const char *text);

#endif
