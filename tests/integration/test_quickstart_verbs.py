"""contrib/quickstart: its verbs. Its real calls are in tests/livekit."""
import os
import signal
import time

import pytest

from daemonlib import wait_for
from quicklib import Quickstart


@pytest.fixture
def quickstart(tmp_path):
    q = Quickstart(tmp_path / "place")
    yield q
    q("stop")


def pid_of(quickstart, program):
    return int((quickstart.place / "run" / f"{program}.pid").read_text().split()[0])


def test_restart_is_of_trunkd_alone_and_the_dead_are_told(quickstart):
    assert quickstart("stop").stdout.endswith("nothing runs here\n")
    done = quickstart("restart")
    assert done.returncode == 1 and "nothing runs here" in done.stdout
    assert quickstart().returncode == 0
    trunkd, others = pid_of(quickstart, "trunkd"), {program: pid_of(quickstart, program) for program in ("trunkd-sim",)}
    done = quickstart("restart")
    assert done.returncode == 0 and "it was not running" not in done.stdout, done.stdout
    assert pid_of(quickstart, "trunkd") != trunkd and not os.path.exists(f"/proc/{trunkd}/exe")
    assert {program: pid_of(quickstart, program) for program in others} == others
    done = quickstart("check")
    assert done.returncode == 0 and ": the same" in done.stdout and "does not run" not in done.stdout, done.stdout

    def kill():
        pid = pid_of(quickstart, "trunkd")
        os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/exe"))

    kill()
    assert "trunkd does not run any more" in quickstart("check").stdout
    began = time.monotonic()
    done = quickstart("restart")
    assert done.returncode == 0 and "it was not running any more" in done.stdout, done.stdout
    assert time.monotonic() - began < 40
    kill()
    done = quickstart("stop")
    assert done.returncode == 0 and "trunkd was not running any more" in done.stdout, done.stdout
    wait_for(lambda: f"the end of {quickstart.processes()}", lambda: not quickstart.processes())
    assert quickstart("stop").stdout.endswith("nothing runs here\n")


def test_help_names_every_verb(quickstart):
    done = quickstart("--help")
    assert done.returncode == 0 and all(verb in done.stdout for verb in ("--calls", "check", "restart", "stop")), done.stdout
    assert quickstart("nonsense").returncode == 2
