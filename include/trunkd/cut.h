/* A long list in pieces: the text of a JSON object in which an array of objects stands is cut between them. A piece is that object with
 * some of them, so whoever reads the whole reads a piece. The text is JSON; of what is not, the only piece is the whole. */
#ifndef TRUNKD_CUT_H
#define TRUNKD_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/buf.h>

struct cut {
    const char *text;
    size_t bytes, begin, end;       /* of the array's inside; begin 0: there is none */
    size_t at;                      /* up to here it was given */
    bool ended;
};

void cut_begin(struct cut *, const char *text, size_t bytes);   /* the text stays the caller's, and where it is */

/* The next piece, about piece_bytes of items long; false: there is no more. */
bool cut_next(struct cut *, size_t piece_bytes, struct buf *ret_piece);

#endif
