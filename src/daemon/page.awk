# Turns the files of the status page into C: one array of bytes as text for each, named after its file (page.html: page_html).
FNR == 1 {
    if (NR > 1) print ";"
    name = FILENAME; sub(/.*\//, "", name); gsub(/[^A-Za-z0-9]/, "_", name)
    if (NR == 1) print "#include \"state.h\"\n"
    printf "const char %s[] =\n", name
}
{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "    \"%s\\n\"\n", $0 }
END { print ";" }
