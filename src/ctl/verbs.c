/* The table of verbs, and the help that is made from it. */
#include <stdio.h>
#include <trunkd/text.h>

#include "verb.h"

/* In the order of help: what a newcomer needs first stands first. */
const struct verb verbs[] = {
    { "migrate", "bring the database's schema up to date", "[--status]",
      "Applies what is missing, each numbered file in a transaction of its own. It waits at most a few seconds for a lock and tries\n"
      "again, so that it never holds up applications; two at once do no harm. A second run changes nothing.",
      TAKES_DATABASE | TAKES(OPTION_STATUS), 0, 0, run_migrate },
    { "seal", "seal a secret so that only the daemon can read it", "--for account/NAME|sip/NAME [--key-file FILE]",
      "Reads the secret from standard input, never from the command line, and prints sealed:<key id>:<base64>, which can stand in a\n"
      "row or a manifest. It can be used for the named place only. The public key comes from the database, or from a file that\n"
      "holds it.",
      TAKES_DATABASE | TAKES(OPTION_FOR) | TAKES(OPTION_KEY_FILE), 0, 0, run_seal },
    { "version", "print the version of this program and of the schema it knows", "", NULL, TAKES(OPTION_HELP), 0, 0, run_version },
    { "help", "this text, or that of a verb", "[VERB]", NULL, TAKES(OPTION_HELP), 0, 1, run_help },
};
const size_t verb_count = ARRAY_SIZE(verbs);

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (text_equal(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

void verb_help(const struct verb *verb)
{
    printf("usage: trunkctl %s%s%s\n\n%s.\n", verb->name, *verb->usage ? " " : "", verb->usage, verb->summary);
    if (verb->details)
        printf("\n%s\n", verb->details);
    puts("\noptions:");
    options_help(verb->options);
}

void general_help(void)
{
    puts("usage: trunkctl VERB [options]\n\n"
         "Says to the database what phone numbers you want, and shows what trunkd made of it. It never talks to a provider.\n");
    for (size_t i = 0; i < verb_count; i++)
        printf("  %-13s %s\n", verbs[i].name, verbs[i].summary);
    puts("\nexit codes:\n"
         "  0  done\n"
         "  1  wrong input or no connection; nothing was done\n"
         "  2  there is something to do (plan, migrate --status)\n"
         "  3  the database refused it, or a number failed\n"
         "  4  timed out\n\n"
         "trunkctl VERB --help says more. The database is the one that psql would take: PGHOST, PGDATABASE, PGSERVICE …, or -d.");
}

enum exit_code run_help(const struct options *options)
{
    const struct verb *verb;

    if (options->name_count == 0) {
        general_help();
        return EXIT_DONE;
    }
    verb = verb_find(options->names[0]);
    if (!verb)
        return fail_text("there is no verb \"%s\"; see trunkctl help", options->names[0]);
    verb_help(verb);
    return EXIT_DONE;
}
