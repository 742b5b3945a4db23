/* trunkctl: finds the verb, reads its options, runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "verb.h"

int main(int argc, char **argv)
{
    const struct verb *verb;
    struct options options;
    struct err err;
    enum exit_code code;

    /* Somebody's `| head` ends this program quietly. */
    signal(SIGPIPE, SIG_DFL);
    if (argc < 2) {
        general_help();
        return EXIT_ERROR;
    }
    if (text_equal(argv[1], "--help") || text_equal(argv[1], "-h"))
        verb = verb_find("help");
    else if (text_equal(argv[1], "--version") || text_equal(argv[1], "-V"))
        verb = verb_find("version");
    else
        verb = verb_find(argv[1]);
    if (!verb)
        return (int)verb_unknown(argv[1]);
    if (!options_read(verb, argc - 1, argv + 1, &options, &err)) {
        options_release(&options);
        return (int)fail_text("%s", err.text);
    }
    if (options.help) {
        verb_help(verb);
        code = EXIT_DONE;
    } else {
        code = verb->run(&options);
    }
    options_release(&options);
    if (fflush(stdout) != 0 || ferror(stdout))
        return (int)fail_text("cannot write to standard output");
    return (int)code;
}
