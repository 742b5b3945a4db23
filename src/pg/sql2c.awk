# Makes C tables of SQL files: awk -f sql2c.awk sql/queries/*.sql sql/schema/*.sql > statements.c (see include/trunkd/statements.h).
# POSIX awk. A query needs a header "-- name:" that is its file's name; its parameters are counted from "-- param:" lines, which must be
# numbered 1, 2, 3. Comments do not reach the program, except in migrations, whose text is recorded by its checksum.

function fail(sentence) {
    print FILENAME ": " sentence | "cat 1>&2"
    failed = 1
    exit 1
}

# Every `from` becomes `to`; plain text on both sides, which gsub() does not have.
function replaced(s, from, to,    done, at) {
    while ((at = index(s, from)) > 0) {
        done = done substr(s, 1, at - 1) to
        s = substr(s, at + length(from))
    }
    return done s
}

# One line of SQL as a C string literal.
function literal(line) {
    line = replaced(line, "\\", "\\\\")
    line = replaced(line, "\"", "\\\"")
    line = replaced(line, "?", "\\?")    # no trigraphs
    line = replaced(line, "\t", "\\t")
    return "        \"" line "\\n\""
}

function finish_file() {
    if (file == "")
        return
    if (is_query) {
        if (name != base)
            fail("the header says name: " name ", the file is called " base)
        query[++queries] = "    { \"" base "\", " params ",\n" text " },"
    } else {
        number = substr(base, 1, 4) + 0
        if (number != ++migrations)
            fail("migration " migrations " is missing, or the files are not in order")
        migration[migrations] = "    { " number ", \"" base "\",\n" text " },"
    }
}

FNR == 1 {
    finish_file()
    file = FILENAME
    is_query = file ~ /queries\/[^\/]*$/
    base = file
    sub(/.*\//, "", base)
    sub(/\.sql$/, "", base)
    name = ""
    params = 0
    text = ""
    if (!is_query && base !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+$/)
        fail("a migration is called NNNN_name.sql")
}

is_query && /^-- name: / { name = $3 }
is_query && /^-- param: / { if ($3 != ++params) fail("parameter " $3 " where " params " is due") }
is_query && /^--/ { next }

{ text = text (text == "" ? "" : "\n") literal($0) }

END {
    if (failed)
        exit 1
    finish_file()
    print "/* Made by src/pg/sql2c.awk from the files in sql. */"
    print "#include <string.h>"
    print "#include <trunkd/statements.h>\n"
    print "const struct sql_statement sql_statements[] = {"
    for (i = 1; i <= queries; i++)
        print query[i]
    print "};"
    print "const size_t sql_statements_count = sizeof(sql_statements) / sizeof(sql_statements[0]);\n"
    print "const struct sql_migration sql_migrations[] = {"
    for (i = 1; i <= migrations; i++)
        print migration[i]
    print "};"
    print "const size_t sql_migrations_count = sizeof(sql_migrations) / sizeof(sql_migrations[0]);\n"
    print "const struct sql_statement *sql_statement_find(const char *name)"
    print "{"
    print "    for (size_t i = 0; i < sql_statements_count; i++) {"
    print "        if (strcmp(sql_statements[i].name, name) == 0)"
    print "            return &sql_statements[i];"
    print "    }"
    print "    return NULL;"
    print "}"
}
