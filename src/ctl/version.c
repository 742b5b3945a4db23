/* trunkctl version: of this program, and of the schema it brings. */
#include <stdio.h>
#include <trunkd/statements.h>

#include "verb.h"

enum exit_code run_version(const struct options *options)
{
    (void)options;
    printf("trunkctl %s, schema %d\n", PACKAGE_VERSION, sql_migrations[sql_migrations_count - 1].number);
    return EXIT_DONE;
}
