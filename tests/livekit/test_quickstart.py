"""contrib/quickstart --calls, as a person runs it, but for the folders; and what is said where it cannot be had."""
import json
import os
import pathlib
import re
import subprocess

import pytest

import calllib
import clientlib
import ctllib
from daemonlib import wait_for

TOP = pathlib.Path(os.environ["TRUNKD_SRCDIR"])
LISTENS = "0A"
LOOPBACK = "0100007F"


class Quickstart:
    def __init__(self, place):
        self.place = place
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        self.environment.update(TRUNKD_QUICKSTART=str(place), TRUNKD_BUILDDIR=str(ctllib.BUILD))

    def __call__(self, *verb, **environment):
        return subprocess.run([str(TOP / "contrib" / "quickstart"), *verb], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=900, env={**self.environment, **environment})

    def processes(self):
        """All that it started: they have its folder in their arguments, their environment, or are children of one that has."""
        found, parents = set(), {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if str(self.place).encode() in told and int(entry.name) != os.getpid():
                found.add(int(entry.name))
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def listening(self):
        """{address in hexadecimal} of the TCP sockets on which they listen."""
        inodes = set()
        for pid in self.processes():
            for fd in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
                try:
                    inodes.add(os.readlink(fd))
                except OSError:
                    pass
        sockets = [line.split() for table in ("tcp", "tcp6") if (path := pathlib.Path("/proc/net") / table).exists()
                   for line in path.read_text().splitlines()[1:]]
        return {fields[1].split(":")[0] for fields in sockets if fields[3] == LISTENS and f"socket:[{fields[9]}]" in inodes}


@pytest.fixture
def quickstart(tmp_path):
    place = tmp_path / "place"
    q = Quickstart(place)
    yield q
    q("stop")


def answers(output):
    """[(number, agent, room)] of the calls that it tells of."""
    return re.findall(r"ringing (\+\d+) as Twilio does.*\n  answered by (\S+), .*\n  room (\S+);", output)


def test_a_real_agent_rings_through_what_trunkd_wired(servers, quickstart):
    try:
        calllib.need_sipp()
        calllib.environment_of_agents()
    except calllib.Missing as reason:
        pytest.skip(str(reason))
    runs = []
    for _ in range(2):          # a second run begins anew
        done = quickstart("--calls")
        assert done.returncode == 0, done.stdout
        calls = answers(done.stdout)
        assert [(number, agent) for number, agent, _ in calls] == [("+14155550101", "support-agent"), ("+14155550101", "sales-agent")], done.stdout
        assert calls[0][2].startswith("call_") and calls[1][2].startswith("sales_")
        assert "nobody answers" in done.stdout and "had the right password; the callee was shown +14155550100" in done.stdout
        assert re.search(r"sip\.trunkID = ST_\w+", done.stdout) and re.search(r"sip\.ruleID = SDR_\w+", done.stdout)
        assert re.search(r"\d+ objects at the providers, .*: the same", done.stdout), done.stdout
        runs.append(quickstart.processes())
        assert quickstart.listening() == {LOOPBACK}
    assert runs[0] & runs[1] == set() and len(runs[1]) >= 8
    done = quickstart("check")
    assert done.returncode == 0 and ": the same" in done.stdout, done.stdout
    # A rule that somebody makes at the real server is seen.
    facts = json.loads((quickstart.place / "calls" / "ready").read_text())
    foreign = clientlib.Client(facts["url"], facts["key"], facts["secret"]).ask("CreateSIPInboundTrunk", {"trunk": {"numbers": ["+15559999999"]}})
    done = quickstart("check")
    assert done.returncode == 1 and foreign["sip_trunk_id"] in done.stdout, done.stdout
    done = quickstart("stop")
    assert done.returncode == 0, done.stdout
    wait_for(lambda: f"the end of {quickstart.processes()}", lambda: not quickstart.processes())


def test_without_go_one_line_says_so_and_nothing_is_begun(quickstart, tmp_path):
    done = quickstart("--calls", GO="/bin/false", TRUNKD_LIVEKIT=str(tmp_path / "nothing"))
    assert done.returncode == 77
    assert [line for line in done.stdout.splitlines() if line.startswith("skipped: Go 1.26")], done.stdout
    assert not quickstart.place.exists()


def test_where_the_modules_cannot_be_had_one_line_says_so(servers, tmp_path):
    done = subprocess.run([str(TOP / "tests" / "livekit" / "build")], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300,
                          env={**os.environ, "TRUNKD_LIVEKIT": str(tmp_path / "programs"), "GOPROXY": "off", "GOMODCACHE": str(tmp_path / "modules")})
    assert done.returncode == 77
    line, = done.stdout.splitlines()
    assert line.startswith("skipped: ")


def test_help_names_every_verb(quickstart):
    done = quickstart("--help")
    assert done.returncode == 0 and all(verb in done.stdout for verb in ("--calls", "check", "stop")), done.stdout
    assert quickstart("nonsense").returncode == 2
