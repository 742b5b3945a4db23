/* trunkd-doc: prints one of the texts that are made from tables. */
#include "doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <trunkd/cleanup.h>
#include <trunkd/text.h>

static const struct { const char *name; void (*write)(struct buf *); } texts[] = {
    { "schema", doc_schema },
    { "bash", doc_bash },
    { "zsh", doc_zsh },
};

static int usage(void)
{
    fputs("usage: trunkd-doc manual <FILE, or trunkd-doc TEXT, where TEXT is one of:", stderr);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        fprintf(stderr, " %s", texts[i].name);
    fputc('\n', stderr);
    return EXIT_FAILURE;
}

static bool write_manual(struct buf *to)
{
    CLEANUP(buf_release) struct buf page;
    int c;

    buf_init(&page, DOC_BYTES_MAX);
    while ((c = getchar()) != EOF)
        buf_addc(&page, (char)c);
    return buf_ok(&page) && doc_manual(to, page.data);
}

static bool write_text(const char *name, struct buf *to)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (text_equal(texts[i].name, name)) {
            texts[i].write(to);
            return true;
        }
    return false;
}

int main(int argc, char **argv)
{
    CLEANUP(buf_release) struct buf to;

    buf_init(&to, DOC_BYTES_MAX);
    if (argc != 2 || !(text_equal(argv[1], "manual") ? write_manual(&to) : write_text(argv[1], &to)))
        return usage();
    return buf_ok(&to) && fwrite(to.data, 1, to.length, stdout) == to.length && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
