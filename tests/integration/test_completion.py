"""Completion of trunkctl as a person has it: in a real bash, and in a real zsh on a terminal where there is one."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

import ctllib

SCRIPTS = ctllib.BUILD / "contrib" / "doc" / "completion"


def words_of(*line, db=None, programs=ctllib.BUILD):
    """What bash offers for the last word."""
    script = f"""
        source {SCRIPTS}/trunkctl
        PATH={programs}:$PATH COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _trunkctl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = ctllib.environment(db) if db else {**os.environ, "PGHOST": "/nowhere"}
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
                          timeout=60)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.split()


def verbs():
    text = subprocess.run([str(ctllib.BUILD / "trunkctl"), "help"], check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
    return re.findall(r"^  ([a-z-]+) +[a-z]", text.split("exit codes:")[0], re.M)


def test_bash_has_a_completion_for_trunkctl():
    done = subprocess.run(["bash", "--norc", "-c", f"source {SCRIPTS}/trunkctl && complete -p trunkctl"], stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.stdout == "complete -F _trunkctl trunkctl\n"


def test_bash_offers_every_verb_and_those_that_begin_so():
    assert words_of("trunkctl", "") == [*verbs(), "--help", "--version"]
    assert words_of("trunkctl", "mig") == ["migrate"]
    assert words_of("trunkctl", "nothing") == []


@pytest.mark.parametrize("verb", verbs())
def test_bash_offers_the_options_of_a_verb(verb):
    text = subprocess.run([str(ctllib.BUILD / "trunkctl"), verb, "--help"], check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout
    known = re.findall(r"^  (?:-\w,|   ) (--[a-z-]+)", text.split("\noptions:\n")[1], re.M)
    assert known and sorted(words_of("trunkctl", verb, "--")) == sorted(known)


def test_bash_offers_the_words_that_an_option_takes():
    assert words_of("trunkctl", "wait", "+14155550100", "--for", "") == ["settled", "active", "gone"]
    assert words_of("trunkctl", "seal", "--for", "s") == ["sip/"]
    assert words_of("trunkctl", "get", "numbers", "-o", "j") == ["json"]
    assert words_of("trunkctl", "get", "-o", "") == ["table", "wide", "json", "yaml"] and words_of("trunkctl", "export", "-o", "") == ["json", "yaml"]
    assert words_of("trunkctl", "rotate", "--why", "") == []


def test_bash_offers_files_where_a_file_is_read(tmp_path):
    (tmp_path / "numbers.yaml").touch()
    assert words_of("trunkctl", "apply", "-f", f"{tmp_path}/n") == [f"{tmp_path}/numbers.yaml"]


def test_bash_offers_kinds_and_verbs():
    assert words_of("trunkctl", "get", "t") == ["trunks"]
    assert words_of("trunkctl", "describe", "a") == ["agent/", "account/"]
    assert words_of("trunkctl", "help", "force") == ["force-delete"]


def test_bash_offers_names_from_the_database(db):
    ctllib.apply(db, ctllib.ACCOUNTS, ctllib.agent("support"), ctllib.agent("sales"), ctllib.number("+14155550100"), ctllib.number("+14155550101"))
    assert words_of("trunkctl", "describe", "+1", db=db) == ["+14155550100", "+14155550101"]
    assert words_of("trunkctl", "wait", "agent/s", db=db) == ["agent/sales", "agent/support"]
    assert words_of("trunkctl", "get", "agents", "sa", db=db) == ["sales"]
    assert sorted(words_of("trunkctl", "scan", "", db=db)) == ["lk", "main"]


def test_bash_carries_out_no_name(tmp_path):
    program = tmp_path / "trunkctl"
    program.write_text(f"#!/bin/sh\necho '$(touch${{IFS}}{tmp_path}/out)'\necho 'a`touch${{IFS}}{tmp_path}/out`*'\n")
    program.chmod(0o755)
    assert len(words_of("trunkctl", "get", "agents", "", programs=tmp_path)) == 2
    assert not (tmp_path / "out").exists()


# ---- zsh

class Zsh:
    """An interactive zsh. What a line becomes after TAB is shown by a key of our own."""

    def __init__(self, db=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {**(ctllib.environment(db) if db else {**os.environ, "PGHOST": "/nowhere"}), "TERM": "dumb"}
            environment["PATH"] = f"{ctllib.BUILD}:{environment['PATH']}"
            os.execvpe("zsh", ["zsh", "-f", "-i"], environment)
        self.send(f"PS1=; fpath=({SCRIPTS} $fpath); autoload -Uz compinit; compinit -u -D; unsetopt ALWAYS_TO_END\n"
                  "show() { print -r -- \"<<$BUFFER>>\"; BUFFER= }; zle -N show; bindkey '^X' show; bindkey '^I' complete-word\n"
                  "print rea''dy\n")
        self.wait_for(r"^ready")

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, pattern, seconds=30):
        seen, until = "", time.monotonic() + seconds
        while time.monotonic() < until:
            if select.select([self.fd], [], [], 0.1)[0]:
                seen += os.read(self.fd, 4096).decode(errors="replace")
                found = re.search(pattern, seen, re.M)
                if found:
                    return found
        raise AssertionError(seen)

    def completed(self, line):
        self.send(line + "\t\x18")
        return self.wait_for(r"<<(.*)>>").group(1)

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture
def zsh():
    if not shutil.which("zsh"):
        pytest.skip("there is no zsh")
    shells = []

    def start(db=None):
        shells.append(Zsh(db))
        return shells[-1]
    yield start
    for shell in shells:
        shell.close()


def test_zsh_completes_verbs_options_and_words(zsh):
    shell = zsh()
    assert shell.completed("trunkctl mig") == "trunkctl migrate "
    assert shell.completed("trunkctl apply --dry") == "trunkctl apply --dry-run "
    assert shell.completed("trunkctl wait +14155550100 --for act") == "trunkctl wait +14155550100 --for active "
    assert shell.completed("trunkctl get -o js") == "trunkctl get -o json "
    assert shell.completed("trunkctl get str") == "trunkctl get strays "
    assert shell.completed("trunkctl describe agen") == "trunkctl describe agent/"
    assert shell.completed("trunkctl help force") == "trunkctl help force-delete "


@pytest.mark.parametrize("verb", verbs())
def test_zsh_knows_every_verb(zsh, verb):
    assert zsh().completed(f"trunkctl {verb} --hel") == f"trunkctl {verb} --help "


def test_zsh_completes_names_from_the_database(zsh, db):
    ctllib.apply(db, ctllib.ACCOUNTS, ctllib.agent("support"), ctllib.number("+14155550100"))
    shell = zsh(db)
    assert shell.completed("trunkctl describe +1") == "trunkctl describe +14155550100 "
    assert shell.completed("trunkctl wait agent/s") == "trunkctl wait agent/support "
