/* trunkd-doc: prints one of the texts that are made from tables. */
#include "doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <trunkd/text.h>

static const struct { const char *name; void (*write)(struct buf *); } texts[] = {
    { "schema", doc_schema },
};

static int usage(void)
{
    fputs("usage: trunkd-doc TEXT, where TEXT is one of:", stderr);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        fprintf(stderr, " %s", texts[i].name);
    fputc('\n', stderr);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct buf text;
    bool found = false;

    buf_init(&text, DOC_BYTES_MAX);
    for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(texts); i++)
        if (text_equal(texts[i].name, argv[1])) {
            texts[i].write(&text);
            found = true;
        }
    bool ok = found && buf_ok(&text) && fwrite(text.data, 1, text.length, stdout) == text.length && fflush(stdout) == 0;
    buf_release(&text);
    if (!found)
        return usage();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
