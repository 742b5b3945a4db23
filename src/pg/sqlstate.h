/* What an SQLSTATE says about a statement of the daemon. */
#ifndef TRUNKD_PG_SQLSTATE_H
#define TRUNKD_PG_SQLSTATE_H

enum sqlstate_class {
    SQLSTATE_LOST,          /* the session is over: whether a transaction under way was committed is unknown */
    SQLSTATE_TRANSIENT,     /* the same statement may go through later */
    SQLSTATE_REFUSED,       /* the data is in the way */
    SQLSTATE_SCHEMA,        /* the schema is not ours, or not of this version, or without rights: a person must act */
    SQLSTATE_BUG,           /* anything else: ours */
};

/* NULL or "": libpq made the error itself, which it does when the connection is gone. */
enum sqlstate_class sqlstate_class(const char *sqlstate);

#endif
