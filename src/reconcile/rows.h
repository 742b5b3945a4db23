/* One read, while its rows are taken. Private to this room. */
#ifndef TRUNKD_RECONCILE_ROWS_H
#define TRUNKD_RECONCILE_ROWS_H

#include "state.h"

struct taking {
    struct core *core;
    struct arena arena;             /* of one row */
    bool all;                       /* everything, not the news */
    bool reload;                    /* everything is known already, and is compared */
    bool foreign;                   /* somebody else has written */
    struct owner **numbers;         /* whose row was in it */
    size_t numbers_count, numbers_capacity;
    bool unreadable;                /* one of the rows: who is missing may be there */
};

/* rows.c: desired rows; row NULL: there is none */
bool take_number(struct taking *, const char *key, const struct json *row, struct err *);
bool take_agent(struct taking *, const char *key, const struct json *row, struct err *);
bool take_trunk(struct taking *, const char *key, const struct json *row, struct err *);
bool take_account(struct taking *, const char *key, const struct json *row, const char *text, struct err *);

bool take_row(struct taking *, const struct row_text *, const struct json *row, struct err *);

/* reload.c */
void reload_begin(struct taking *);
void reload_compare(struct taking *, struct row *, int64_t rev);    /* row NULL: we know of none */
void reload_end(struct taking *);

#endif
