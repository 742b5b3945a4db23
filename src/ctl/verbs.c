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
    { "apply", "make the database say what the manifests say", "-f FILE|DIR|- [--wait[=TIME]] [--dry-run] [--prune -l LABEL=VALUE]",
      "Everything is applied in one transaction, or nothing. Prints created, changed or unchanged for each object. A key that is not\n"
      "written means its default. With --wait it shows progress until every number that stands in the manifests, and every number of an\n"
      "agent that they changed, is settled, and ends with 3 if one of them is not active then. With --prune what carries the label and stands\n"
      "in none of them is deleted in the same transaction.",
      TAKES_DATABASE | TAKES(OPTION_FILE) | TAKES(OPTION_WAIT) | TAKES(OPTION_TIMEOUT) | TAKES(OPTION_DRY_RUN) | TAKES(OPTION_LABEL) | TAKES(OPTION_PRUNE)
      | TAKES(OPTION_YES) | TAKES(OPTION_FORCE), 0, 0, run_apply },
    { "plan", "show what the daemon would do at the providers", "[-f FILE|DIR|-]",
      "Reads one snapshot of the database and prints every operation that is due, and what each blocked one waits for. With -f the\n"
      "manifests are applied first and taken back afterwards. Ends with 2 if anything is to be done.",
      TAKES_DATABASE | TAKES(OPTION_FILE) | TAKES(OPTION_OUTPUT), 0, 0, run_plan },
    { "diff", "show what manifests would change in the database", "-f FILE|DIR|-",
      "Field by field, as it would stand in a manifest; nothing is kept. Ends with 2 if anything would change. trunkctl plan -f says what\n"
      "that means at the providers.",
      TAKES_DATABASE | TAKES(OPTION_FILE), 0, 0, run_diff },
    { "get", "list numbers, agents, trunks, accounts, projects and more", "[KIND] [NAME…] [-l LABEL=VALUE] [-w]",
      "KIND is numbers (as if nothing is said), agents, trunks, accounts, projects, resources, orphans or strays; KIND/NAME and a\n"
      "bare +number work too. With -w each row is shown again when it changes; -o json then writes one object a line. The keys of json and\n"
      "yaml are the columns of the views. On a terminal long messages are cut to its width; describe tells all of them.",
      TAKES_LIST | TAKES(OPTION_LABEL) | TAKES(OPTION_WATCH), 0, NAMES_MAX, run_get },
    { "describe", "tell everything about one object", "KIND/NAME… | +NUMBER… | -l LABEL=VALUE",
      "Of a number: the path of its calls with every external id, its status and what to do about it, leftovers, the last ten events.\n"
      "With -o json or yaml a list of documents, one for each name: its row of the view, what to do, its objects, its last events.",
      TAKES_DATABASE | TAKES(OPTION_OUTPUT) | TAKES(OPTION_LABEL), 1, NAMES_MAX, run_describe },
    { "wait", "wait until numbers have come to rest", "KIND/NAME… | +NUMBER… | -l LABEL=VALUE [--for settled|active|gone] [--timeout TIME]",
      "settled (as if nothing is said): the daemon has seen the row and has nothing left to do. active: calls can flow.\n"
      "gone: no row and nothing left at the providers. Ends with 3 when it cannot come true by itself, with 4 when time is up.",
      TAKES_DATABASE | TAKES(OPTION_FOR) | TAKES(OPTION_TIMEOUT) | TAKES(OPTION_LABEL), 1, NAMES_MAX, run_wait },
    { "agents", "which agent answers which number", "[NAME…] [-l LABEL=VALUE]",
      "One line for each number, agents without one too; last the numbers that nobody answers. get agents counts instead.",
      (TAKES_LIST | TAKES(OPTION_LABEL)) & ~TAKES(OPTION_QUIET), 0, NAMES_MAX, run_agents },
    { "link", "let an agent answer numbers", "+NUMBER… AGENT [--wait[=TIME]]",
      "The next call of each number goes to that agent; no call is lost meanwhile. All numbers are linked, or none. With --wait it stays\n"
      "until each is active with its new agent.",
      TAKES_DATABASE | TAKES(OPTION_WAIT) | TAKES(OPTION_TIMEOUT), 2, NAMES_MAX, run_link },
    { "unlink", "leave numbers without an agent", "+NUMBER… [--wait[=TIME]]",
      "Each gets back the routing that it had before trunkd, and is pending with the reason NoAgent. Its trunks stay, so that link is quick.",
      TAKES_DATABASE | TAKES(OPTION_WAIT) | TAKES(OPTION_TIMEOUT), 1, NAMES_MAX, run_unlink },
    { "retry", "try again at once what was refused or waits", "+NUMBER… | TRUNK… | -l LABEL=VALUE", NULL,
      TAKES_DATABASE | TAKES(OPTION_LABEL), 1, NAMES_MAX, run_retry },
    { "rotate", "make another password for outbound calls", "+NUMBER… | TRUNK… --why TEXT",
      "Of the trunk, or of that which the number is on: all numbers there get the new password, without a refused call, and the one\n"
      "before is removed when nobody has called with it for a while (credential_grace). trunkctl wait tells when that is done.",
      TAKES_DATABASE | TAKES(OPTION_WHY), 1, NAMES_MAX, run_rotate },
    { "delete", "delete rows; the daemon cleans up behind them", "KIND/NAME… | +NUMBER… | -f FILE [--wait[=TIME]]",
      "With --wait it stays until nothing is left at the providers.",
      TAKES_DATABASE | TAKES(OPTION_FILE) | TAKES(OPTION_WAIT) | TAKES(OPTION_TIMEOUT), 0, NAMES_MAX, run_delete },
    { "force-delete", "give up on leftovers that cannot be removed", "+NUMBER… | TRUNK… --why TEXT",
      "Only for what is corrupted, or works with leftovers. What is left behind is kept on record: trunkctl get orphans.",
      TAKES_DATABASE | TAKES(OPTION_WHY), 1, NAMES_MAX, run_force_delete },
    { "release", "let go what the brake of an account holds", "ACCOUNT… | PROJECT… --why TEXT",
      "When many numbers lose their row, agent or direction at once, or many objects vanish at a provider, trunkd holds still and says\n"
      "so (AccountBraked). If that was meant, release it; else put the rows back, or mend the account, and it ends by itself.",
      TAKES_DATABASE | TAKES(OPTION_WHY), 1, NAMES_MAX, run_release },
    { "scan", "look for drift now", "ACCOUNT… | PROJECT…",
      "Everything that trunkd made there is listed at once instead of in the next few minutes. What somebody has changed or removed is told\n"
      "(trunkctl events) and put back, or left so where the account's drift is report.", TAKES_DATABASE, 1, NAMES_MAX, run_scan },
    { "sweep", "remove what carries trunkd's tag and belongs to nobody", "ACCOUNT… | PROJECT… --why TEXT [--dry-run] [--yes]",
      "Strays (trunkctl get strays) are objects that trunkd made and no row of this database knows: most often the database was restored from\n"
      "a copy. They are listed, and when you agree each of them is looked at once more and removed. Events tell that this began (Swept), or\n"
      "why not (NotSwept); get resources shows each until it is gone, and get numbers who holds it.",
      TAKES_DATABASE | TAKES(OPTION_WHY) | TAKES(OPTION_DRY_RUN) | TAKES(OPTION_YES), 1, NAMES_MAX, run_sweep },
    { "events", "what happened, when and why", "[NAME…] [-n COUNT] [-w]",
      "The newest last: 50 of them, if -n does not say otherwise. With -w each that comes is shown when it happens. -o wide gives\n"
      "date and time (UTC) too, to be laid beside a log.", TAKES_LIST | TAKES(OPTION_LIMIT) | TAKES(OPTION_WATCH), 0, NAMES_MAX, run_events },
    { "export", "write what there is as manifests", "[KIND/NAME… | +NUMBER…] [-l LABEL=VALUE]",
      "Everything, or what is named, in YAML or with -o json; what is the default anyway is left out. trunkctl apply finds it unchanged.",
      TAKES_DATABASE | TAKES(OPTION_OUTPUT) | TAKES(OPTION_LABEL), 0, NAMES_MAX, run_export },
    { "seal", "seal a secret so that only the daemon can read it", "--for account/NAME|sip/NAME [--key-file FILE]",
      "Reads the secret from standard input, never from the command line, and prints sealed:<key id>:<base64>, which can stand in a\n"
      "row or a manifest. It can be used for the named place only. The public key comes from the database, or from a file that\n"
      "holds it.",
      TAKES_DATABASE | TAKES(OPTION_FOR) | TAKES(OPTION_KEY_FILE), 0, 0, run_seal },
    { "doctor", "check that all is well, and say what to do where it is not", "",
      "The configuration file (TRUNKD_CONFIG names another), the unit, the database, its schema and clock, and what the daemon has written\n"
      "there: whether one works, its keys, each account and project, trunks and rules of others there that take everybody's calls, numbers by\n"
      "status, strays and orphans. Ends with 3 if something is wrong. With -o json or yaml a list of {level, what, words, remedy}.",
      TAKES_DATABASE | TAKES(OPTION_OUTPUT), 0, 0, run_doctor },
    { "version", "print the version of this program and of the schema it knows", "", NULL, TAKES(OPTION_HELP), 0, 0, run_version },
    { "help", "this text, or that of a verb", "[VERB]", NULL, TAKES(OPTION_HELP), 0, 1, run_help },
};
const size_t verb_count = ARRAY_SIZE(verbs);

const char *const exit_code_texts[EXIT_MAX_] = {
    [EXIT_DONE] = "done",
    [EXIT_ERROR] = "wrong input or no connection; nothing was done",
    [EXIT_PENDING] = "there is something to do (plan, diff, migrate --status)",
    [EXIT_REFUSED] = "the database refused it, or a number failed",
    [EXIT_TIMED_OUT] = "timed out",
};

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < verb_count; i++)
        if (text_equal(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

enum exit_code verb_unknown(const char *name)
{
    const char *names[64] = { NULL };
    const char *near;

    for (size_t i = 0; i < verb_count && i < ARRAY_SIZE(names) - 1; i++)
        names[i] = verbs[i].name;
    near = text_nearest(name, names);
    if (near)
        return fail_text("there is no verb \"%s\"; did you mean \"%s\"? See trunkctl help", name, near);
    return fail_text("there is no verb \"%s\"; see trunkctl help", name);
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
    puts("\nexit codes:");
    for (size_t i = 0; i < EXIT_MAX_; i++)
        printf("  %zu  %s\n", i, exit_code_texts[i]);
    puts("\n"
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
        return verb_unknown(options->names[0]);
    verb_help(verb);
    return EXIT_DONE;
}
