/* The text that says which database, before anybody connects. */
#include <trunkd/pg.h>

#include <libpq-fe.h>
#include <string.h>
#include <trunkd/text.h>

bool conninfo_check(const char *conninfo, struct err *err)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &why);
    bool ok = options != NULL;

    PQconninfoFree(options);
    /* libpq's words quote from the text: from a password with a space in it, and from the middle of a URI. */
    bool secret = strcasestr(conninfo, "passw") || strstr(conninfo, "://");
    if (!ok)
        err_set(err, ERR_CONFIG, "database is not a connection string of PostgreSQL%s%s", secret ? "" : ": ", secret ? "" : text_or(why, ""));
    PQfreemem(why);
    return ok;
}
