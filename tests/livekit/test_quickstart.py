"""contrib/quickstart --calls, as a person runs it, but for the folders; and what is said where it cannot be had."""
import json
import os
import pathlib
import re
import subprocess

import pytest

import calllib
import clientlib
from daemonlib import wait_for
from quicklib import LOOPBACK, Quickstart

TOP = pathlib.Path(os.environ["TRUNKD_SRCDIR"])


@pytest.fixture
def quickstart(tmp_path):
    q = Quickstart(tmp_path / "place")
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
