/* A long list in pieces: the text of a JSON object in which an array of objects stands is cut between them. A piece is what stands before
 * the array, and some of the objects; the last one has also what stands behind them. So whoever reads the whole reads a piece, and no
 * more of the text is looked at than was asked for. The text is JSON; what is not shows in a piece that is none. */
#ifndef TRUNKD_CUT_H
#define TRUNKD_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <trunkd/buf.h>

struct cut {
    const char *text;
    size_t bytes;
    size_t begin;                   /* of the array's inside; 0: there is none, and the only piece is the whole */
    size_t at;                      /* up to here it was given */
    bool ended;
};

void cut_begin(struct cut *, const char *text, size_t bytes);   /* the text stays the caller's, and where it is */

/* The next piece, about piece_bytes of items long; false: there is no more. */
bool cut_next(struct cut *, size_t piece_bytes, struct buf *ret_piece);

#endif
