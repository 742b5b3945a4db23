/* SQLSTATEs by class. */
#include "sqlstate.h"

#include <stddef.h>
#include <string.h>
#include <trunkd/cleanup.h>
#include <trunkd/text.h>

static const struct { const char *begins; enum sqlstate_class class; } classes[] = {
    { "08", SQLSTATE_LOST },        /* connection exceptions */
    { "57P01", SQLSTATE_LOST },     /* the server goes down, or somebody ended the session */
    { "57P02", SQLSTATE_LOST },     /* the server crashed */
    { "57P03", SQLSTATE_LOST },     /* the server is starting */
    { "57P05", SQLSTATE_LOST },     /* idle for too long */
    { "25P03", SQLSTATE_LOST },     /* idle in a transaction for too long */
    { "40", SQLSTATE_TRANSIENT },   /* deadlocks and the like */
    { "53", SQLSTATE_TRANSIENT },   /* memory, disk, connections */
    { "55P03", SQLSTATE_TRANSIENT },/* lock_timeout */
    { "57014", SQLSTATE_TRANSIENT },/* statement_timeout, or cancelled by a person */
    { "58", SQLSTATE_TRANSIENT },   /* the server's machine */
    { "25006", SQLSTATE_TRANSIENT },/* a standby, or a server that became one */
    { "22", SQLSTATE_REFUSED }, { "23", SQLSTATE_REFUSED }, { "P0", SQLSTATE_REFUSED }, { "TD", SQLSTATE_REFUSED },
    { "28", SQLSTATE_SCHEMA },      /* who may log in */
    { "3D", SQLSTATE_SCHEMA },      /* no such database */
    { "3F", SQLSTATE_SCHEMA }, { "42P01", SQLSTATE_SCHEMA }, { "42883", SQLSTATE_SCHEMA }, { "42703", SQLSTATE_SCHEMA },
    { "42501", SQLSTATE_SCHEMA },
};

enum sqlstate_class sqlstate_class(const char *sqlstate)
{
    if (text_is_empty(sqlstate))
        return SQLSTATE_LOST;
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        if (text_starts(sqlstate, classes[i].begins))
            return classes[i].class;
    return SQLSTATE_BUG;
}
