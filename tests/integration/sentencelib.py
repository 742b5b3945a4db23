r"""What is said to bad input, in files that a person reads: tests/golden/sentences/NAME.golden.

Behind the head, which ends with the first empty line, stand cases: the input as somebody would write it, then, behind "> ", what it
is answered with. An empty line ends a case. In an input \xHH is that byte, \u{HEX*COUNT} that many of a character and \{WORD} what the test puts
there, so that a tab, a NUL or a long line can be seen.

    check("config", answer)         # answer(input) -> lines; UPDATE_GOLDEN=1 writes the answers anew
"""
import difflib
import os
import re

import pglib

FOLDER = pglib.SOURCES / "tests" / "golden" / "sentences"


def cases(name):
    """The head, and pairs of an input and its answer."""
    head, found, given, said = [], [], [], []
    lines = (FOLDER / f"{name}.golden").read_text().split("\n")
    end = lines.index("")
    head, rest = lines[:end], lines[end + 1:]
    for line in rest + [""]:
        if line.startswith(">"):
            said.append(line[2:])
        elif line or given and not said:
            given.append(line)
        if not line and said:
            found.append(("\n".join(given), said))
            given, said = [], []
    if any(given):
        found.append(("\n".join(given).rstrip("\n"), []))
    return head, found


def text_of(head, found):
    block = "\n".join
    return block([block(head), *[block(["", given, *[("> " + line).rstrip(" ") for line in said]]) for given, said in found], ""])


def plain(given, **words):
    """The input as bytes: \\xHH, \\u{61*100} and \\{word} are resolved."""
    given = re.sub(r"\\\{(\w+)\}", lambda m: words[m[1]], given)
    given = re.sub(r"\\u\{([0-9a-f]+)\*(\d+)\}", lambda m: chr(int(m[1], 16)) * int(m[2]), given)
    parts = re.split(r"\\x([0-9a-f]{2})", given)
    return b"".join(bytes([int(part, 16)]) if n % 2 else part.encode() for n, part in enumerate(parts))


def check(name, answer):
    head, found = cases(name)
    seen = text_of(head, [(given, answer(given)) for given, _ in found])
    path = FOLDER / f"{name}.golden"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(seen)
    written = path.read_text()
    assert seen == written, "\n".join(difflib.unified_diff(written.split("\n"), seen.split("\n"), "golden", "seen", lineterm="", n=6))


def answers():
    """Everything that is said in any of the files."""
    return {name: [said for _, said in cases(name)[1]] for name in sorted(path.stem for path in FOLDER.glob("*.golden"))}


# ---- what the sources can say

C_FILES = ["src/ctl/[!d]*.c", "src/ctl/d[!o]*.c", "src/ctl/doctor.c", "src/config/*.c", "src/daemon/main.c", "src/simd/*.c", "src/metrics/server.c",
           "src/vault/*.c", "src/pg/store.c"]
SPEAKERS = re.compile(r"\b(err_set|fail_text|manifest_error|ERROR_AT|FILE_ERROR|refuse|complain|arena_printf|fprintf|fputs|NOT_BELOW)\(")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[A-Z][A-Z_0-9]{2,}|[A-Za-z_]\w*|\S')
PRINTF = re.compile(r"%[-+ 0#]*[0-9*]*(?:\.[0-9*]+)?(?:hh|h|ll|l|z)?[a-zA-Z]")


def is_sentence(text):
    return len(re.findall(r"[A-Za-z]{2,}", PRINTF.sub("", text))) >= 2 and " " in text.strip()


def arguments(text, at):
    depth = 1
    for token in TOKEN.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return text[at:token.start()]
    return ""


def literals(text):
    """Texts in C, those that stand side by side joined; a macro among them is anything."""
    group = []
    for token in [m[0] for m in TOKEN.finditer(text)] + [","]:
        if token[0] == '"':
            group.append(token[1:-1].encode().decode("unicode_escape").encode("latin-1").decode())
        elif group and re.fullmatch(r"[A-Z][A-Z_0-9]{2,}|PRI\w+", token):
            group.append("" if token.startswith("PRI") else "%s")
        elif group:
            yield "".join(group)
            group = []


def said_in_c():
    """Pairs of a file and a format. What is said to be our own fault (ERR_BUG), and what goes to a buffer, is not what somebody did."""
    for pattern in C_FILES:
        for path in sorted(pglib.SOURCES.glob(pattern)):
            text = re.sub(r"/\*.*?\*/|^\s*#.*?(?<!\\)$", "", path.read_text(), flags=re.S | re.M)
            for speaker in SPEAKERS.finditer(text):
                given = arguments(text, speaker.end())
                if "ERR_BUG" in given or speaker[1].startswith("fp") and "stderr" not in given or speaker[1] == "arena_printf" and path.parent.name != "config":
                    continue
                for literal in literals(given):
                    if is_sentence(literal):
                        yield str(path.relative_to(pglib.SOURCES)), literal.strip()


def said_in_sql(db):
    """Pairs of a function and a format, of the functions that refuse something or name what is wrong."""
    for name, body in db.q(r"""select proname, prosrc from pg_proc where pronamespace = 'trunkd'::regnamespace
                              and (prosrc ~ 'trunkd\.fail\(|raise exception' or proname ~ '_fault$') order by 1"""):
        for literal in re.findall(r"'((?:[^']|'')*)'", re.sub(r"--.*", "", body)):
            if is_sentence(literal):
                yield name, literal.replace("''", "'").strip()


def pattern_of(form):
    """Matches what is printed for a format of C or of SQL."""
    return ".*".join(re.escape(part) for part in re.split(PRINTF.pattern + r"|%[0-9]+\$s|%(?!%)", form)).replace("%%", "%")
