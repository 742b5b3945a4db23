/* The SQL that is compiled in: sql/queries (one statement each) and sql/schema (migrations). src/pg/sql2c.awk makes the tables.
 * How migrations are applied is written in sql/schema/README. */
#ifndef TRUNKD_STATEMENTS_H
#define TRUNKD_STATEMENTS_H

#include <stddef.h>

/* The level of this daemon: it works on a schema whose range (statement schema_range) holds it. */
#define DAEMON_SCHEMA_LEVEL 1

struct sql_statement {
    const char *name;           /* of the file, without .sql */
    int n_params;
    const char *text;
};
extern const struct sql_statement sql_statements[];     /* sorted by name */
extern const size_t sql_statements_count;

/* NULL: there is none. */
const struct sql_statement *sql_statement_find(const char *name);

struct sql_migration {
    int number;
    const char *name;           /* of the file, without .sql: "0001_base" */
    const char *text;           /* many statements, for one simple query */
};
extern const struct sql_migration sql_migrations[];     /* sorted by number, which begins at 1 and leaves none out */
extern const size_t sql_migrations_count;

#endif
