/* Completion of trunkctl for bash and zsh. What a verb is about, and the words an option takes, are read from its line of usage, where
 * NUMBER, TRUNK, AGENT, ACCOUNT and PROJECT are names from the database, words in capitals are free, and the others are meant as they stand. */
#include "doc.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <trunkd/text.h>

#include "listing.h"
#include "target.h"
#include "verb.h"

#define VALUE_BYTES_MAX 128

/* ---- what the tables say */

/* "KIND/NAME… | +NUMBER… [--for settled|active|gone]": the part before the first option. */
static size_t operands_length(const char *usage)
{
    for (const char *c = usage; *c; c++)
        if (c[0] == '-' && (c == usage || c[-1] == ' ' || c[-1] == '['))
            return (size_t)(c - usage);
    return strlen(usage);
}

static bool operand_is(const struct verb *verb, const char *word)
{
    size_t length = operands_length(verb->usage), n = strlen(word);

    for (size_t i = 0; i + n <= length; i++)
        if (strncmp(verb->usage + i, word, n) == 0 && !isupper((unsigned char)verb->usage[i + n])
            && (i == 0 || !isupper((unsigned char)verb->usage[i - 1])))
            return true;
    return false;
}

/* Listings of trunkctl get whose names may stand here, separated by spaces. */
static void write_listings(struct buf *to, const struct verb *verb)
{
    static const struct { const char *word, *listing; } sources[] = {
        { "NUMBER", "numbers" }, { "[NAME", "numbers" }, { "TRUNK", "trunks" }, { "AGENT", "agents" }, { "ACCOUNT", "accounts" },
        { "PROJECT", "projects" } };
    const char *between = "";

    for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
        if (operand_is(verb, sources[i].word)) {
            buf_printf(to, "%s%s", between, sources[i].listing);
            between = " ";
        }
}

static void write_prefixes(struct buf *to, const struct verb *verb)
{
    for (size_t i = 0; operand_is(verb, "KIND/NAME") && i < TARGET_MAX_; i++)
        buf_printf(to, "%s%s/", i == 0 ? "" : " ", target_table[i].words[0]);
}

/* Words for the first operand only. */
static void write_first(struct buf *to, const struct verb *verb)
{
    for (size_t i = 0; operand_is(verb, "[KIND]") && i < listing_count; i++)
        buf_printf(to, "%s%s", i == 0 ? "" : " ", listings[i].words[0]);
    for (size_t i = 0; operand_is(verb, "[VERB]") && i < verb_count; i++)
        buf_printf(to, "%s%s", i == 0 ? "" : " ", verbs[i].name);
}

static bool takes_value(const struct verb *verb, size_t option)
{
    return (verb->options & TAKES(option)) && option_table[option].argument == required_argument;
}

/* How the value of an option is called: as the verb's usage does, else as the table of options does. */
static void value_name(const struct verb *verb, size_t option, char name[static VALUE_BYTES_MAX])
{
    char mark[VALUE_BYTES_MAX];
    const char *found;

    snprintf(mark, sizeof mark, "--%s ", option_table[option].name);
    found = strstr(verb->usage, mark);
    found = found ? found + strlen(mark) : option_table[option].argument_name;
    snprintf(name, VALUE_BYTES_MAX, "%.*s", (int)strcspn(found, " ]"), found);
}

/* Of "settled|active|gone" each word; of "account/NAME|sip/NAME" what stands before the name. */
static void write_values(struct buf *to, const struct verb *verb, size_t option, const char *name)
{
    const char *between = "";

    for (size_t i = output_first(verb); option == OPTION_OUTPUT && i < OUTPUT_MAX_; i++)
        buf_printf(to, "%s%s", i == (size_t)output_first(verb) ? "" : " ", output_formats[i]);
    for (const char *word = name; *word; word += *word == '|') {
        size_t length = strcspn(word, "|"), fixed = 0;

        while (fixed < length && !isupper((unsigned char)word[fixed]))
            fixed++;
        if (fixed == length || (fixed > 0 && word[fixed - 1] == '/')) {
            buf_printf(to, "%s%.*s", between, (int)fixed, word);
            between = " ";
        }
        word += length;
    }
}

static bool is_file(const char *name)
{
    return strstr(name, "FILE") != NULL;
}

/* ---- bash */

static const char bash_begin[] =
    "# Completion of trunkctl for bash, made from the tables of the program.\n"
    "\n"
    "# What there is in the database, of each of these kinds; nothing if it cannot be asked.\n"
    "_trunkctl_names()\n"
    "{\n"
    "    local kind\n"
    "    for kind; do PGCONNECT_TIMEOUT=2 trunkctl get \"$kind\" --quiet 2>/dev/null </dev/null; done\n"
    "}\n"
    "\n"
    "_trunkctl()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}\n"
    "    local words='' options='' names='' prefixes='' first='' prefix='' name IFS=$' \\t\\n'\n"
    "\n"
    "    COMPREPLY=()\n"
    "    if ((COMP_CWORD == 1)); then\n";

/* Names are compared and quoted by themselves: what compgen -W is given it expands, commands included. */
static const char bash_end[] =
    "    esac\n"
    "    if [ -n \"$words\" ]; then\n"
    "        names=''\n"
    "    else\n"
    "        case $current in\n"
    "        -*) words=$options names='' ;;\n"
    "        */*) names=${prefixes:+${current%%/*}} prefix=${current%%/*}/ ;;\n"
    "        *)\n"
    "            words=$prefixes\n"
    "            if ((COMP_CWORD == 2)); then words+=\" $first\"; elif [ -n \"$first\" ]; then names=${COMP_WORDS[2]}; fi ;;\n"
    "        esac\n"
    "    fi\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
    "    while IFS= read -r name; do\n"
    "        [[ $prefix$name != \"$current\"* ]] || COMPREPLY+=(\"$prefix$(printf %q \"$name\")\")\n"
    "    done < <(_trunkctl_names $names)\n"
    "    [[ ${COMPREPLY[*]} != */ ]] || compopt -o nospace 2>/dev/null\n"
    "}\n"
    "complete -F _trunkctl trunkctl\n";

static void bash_option_pattern(struct buf *to, const struct verb *verb, size_t option)
{
    const struct option_row *row = &option_table[option];

    buf_printf(to, "    %s,--%s", verb->name, row->name);
    if (row->letter)
        buf_printf(to, " | %s,-%c", verb->name, row->letter);
    buf_adds(to, ") ");
}

/* What follows an option that takes a value. */
static void bash_values(struct buf *to, const struct verb *verb)
{
    char name[VALUE_BYTES_MAX];
    CLEANUP(buf_release) struct buf values;

    buf_init(&values, DOC_BYTES_MAX);
    for (size_t i = 0; i < OPTION_MAX_; i++) {
        if (!takes_value(verb, i))
            continue;
        value_name(verb, i, name);
        buf_reset(&values);
        write_values(&values, verb, i, name);
        bash_option_pattern(to, verb, i);
        if (is_file(name))
            buf_adds(to, "compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\"); return ;;\n");
        else if (values.length > 0)
            buf_printf(to, "words='%s' ;;\n", values.data);
        else
            buf_adds(to, "return ;;\n");
    }
}

static void bash_verb(struct buf *to, const struct verb *verb)
{
    buf_printf(to, "    %s)\n        options='", verb->name);
    for (size_t i = 0, written = 0; i < OPTION_MAX_; i++)
        if (verb->options & TAKES(i))
            buf_printf(to, "%s--%s", written++ == 0 ? "" : " ", option_table[i].name);
    buf_adds(to, "'\n        names='");
    write_listings(to, verb);
    buf_adds(to, "' prefixes='");
    write_prefixes(to, verb);
    buf_adds(to, "' first='");
    write_first(to, verb);
    buf_adds(to, "' ;;\n");
}

void doc_bash(struct buf *to)
{
    buf_adds(to, bash_begin);
    buf_adds(to, "        mapfile -t COMPREPLY < <(compgen -W '");
    for (size_t i = 0; i < verb_count; i++)
        buf_printf(to, "%s ", verbs[i].name);
    buf_adds(to, "--help --version' -- \"$current\")\n        return\n    fi\n    case $verb,$before in\n");
    for (size_t i = 0; i < verb_count; i++)
        bash_values(to, &verbs[i]);
    buf_adds(to, "    esac\n    case $verb in\n");
    for (size_t i = 0; i < verb_count; i++)
        bash_verb(to, &verbs[i]);
    buf_adds(to, bash_end);
}

/* ---- zsh */

static const char zsh_begin[] =
    "#compdef trunkctl\n"
    "# Completion of trunkctl for zsh, made from the tables of the program.\n"
    "\n"
    "# What there is in the database, of each of these kinds; nothing if it cannot be asked.\n"
    "_trunkctl_names()\n"
    "{\n"
    "    local kind\n"
    "    local -a found\n"
    "    for kind; do found+=(${(f)\"$(PGCONNECT_TIMEOUT=2 trunkctl get $kind --quiet 2>/dev/null </dev/null)\"}); done\n"
    "    compadd -a found\n"
    "}\n"
    "\n"
    "# LISTING KIND/...: a name of the listing, or of a kind behind its name.\n"
    "_trunkctl_objects()\n"
    "{\n"
    "    if compset -P 1 '*/'; then\n"
    "        _trunkctl_names ${IPREFIX%/}\n"
    "    else\n"
    "        compadd -S '' -- ${@[2,-1]}\n"
    "        _trunkctl_names $1\n"
    "    fi\n"
    "}\n"
    "\n"
    "_trunkctl()\n"
    "{\n"
    "    local -a verbs=(\n";

/* Within single quotes, and within the brackets and colons of _arguments and _describe. */
static void zsh_text(struct buf *to, const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c == '\'')
            buf_adds(to, "'\\''");
        else if (strchr("[]:\\", *c))
            buf_printf(to, "\\%c", *c);
        else
            buf_addc(to, *c);
}

static void zsh_value(struct buf *to, const struct verb *verb, size_t option)
{
    char name[VALUE_BYTES_MAX];
    CLEANUP(buf_release) struct buf values;

    buf_init(&values, DOC_BYTES_MAX);
    if (option_table[option].argument == no_argument)
        return;
    value_name(verb, option, name);
    write_values(&values, verb, option, name);
    buf_adds(to, option_table[option].argument == optional_argument ? "::" : ":");
    zsh_text(to, name[0] == '[' ? name + 2 : name);
    if (is_file(name))
        buf_adds(to, ":_files");
    else if (values.length > 0)
        buf_printf(to, ":(%s)", values.data);
    else
        buf_adds(to, ": ");
}

static void zsh_option(struct buf *to, const struct verb *verb, size_t option)
{
    const struct option_row *row = &option_table[option];
    const char *sign = row->argument == no_argument ? "" : row->argument == required_argument ? "=" : "=-";

    buf_adds(to, " \\\n            '*'");
    if (row->letter)
        buf_printf(to, "{-%c,--%s%s}'[", row->letter, row->name, sign);
    else
        buf_printf(to, "'--%s%s[", row->name, sign);
    zsh_text(to, row->help);
    buf_addc(to, ']');
    zsh_value(to, verb, option);
    buf_addc(to, '\'');
}

static void zsh_operands(struct buf *to, const struct verb *verb)
{
    CLEANUP(buf_release) struct buf names, prefixes, first;

    buf_init(&names, DOC_BYTES_MAX);
    buf_init(&prefixes, DOC_BYTES_MAX);
    buf_init(&first, DOC_BYTES_MAX);
    write_listings(&names, verb);
    write_prefixes(&prefixes, verb);
    write_first(&first, verb);
    if (first.length > 0)
        buf_printf(to, " \\\n            '1: :(%s)'", first.data);
    if (prefixes.length > 0)
        buf_printf(to, " \\\n            '*: :{_trunkctl_objects %s %s}'", names.data, prefixes.data);
    else if (operand_is(verb, "[KIND]"))
        buf_adds(to, " \\\n            '*: :{_trunkctl_names $words[2]}'");
    else if (names.length > 0)
        buf_printf(to, " \\\n            '*: :{_trunkctl_names %s}'", names.data);
}

static void zsh_verb(struct buf *to, const struct verb *verb)
{
    buf_printf(to, "    %s)\n        _arguments -S", verb->name);
    for (size_t option = 0; option < OPTION_MAX_; option++)
        if (verb->options & TAKES(option))
            zsh_option(to, verb, option);
    zsh_operands(to, verb);
    buf_adds(to, " ;;\n");
}

void doc_zsh(struct buf *to)
{
    buf_adds(to, zsh_begin);
    for (size_t i = 0; i < verb_count; i++) {
        buf_printf(to, "        '%s:", verbs[i].name);
        zsh_text(to, verbs[i].summary);
        buf_adds(to, "'\n");
    }
    buf_adds(to, "    )\n    if ((CURRENT == 2)); then\n        _describe -t verbs verb verbs\n        return\n    fi\n"
                 "    shift words\n    ((CURRENT--))\n    case $words[1] in\n");
    for (size_t i = 0; i < verb_count; i++)
        zsh_verb(to, &verbs[i]);
    buf_adds(to, "    esac\n}\n\n_trunkctl \"$@\"\n");
}
