"""trunkd under systemd: the unit file, the watchdog, a reload in the middle of work, and an end within 10 s whatever hangs."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from daemonlib import wait_for
import worldlib
from worldlib import phone

UNIT = pathlib.Path(os.environ.get("TRUNKD_SRCDIR") or pathlib.Path(__file__).resolve().parents[2]) / "contrib/systemd/trunkd.service"
EXPOSURE_MAX = 1.5
STOP_SECONDS_MAX = 10
PATIENT = {"request_timeout": "60s", "quiet_twilio": "60s", "quiet_livekit": "60s"}
A = phone(1)


@pytest.fixture
def patient(db, tmp_path):
    """A world in which a request that hangs is not given up before the test is over."""
    world = worldlib.World(db, tmp_path, timing=PATIENT)
    try:
        world.account("main")
        yield world
    finally:
        world.close()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze (package systemd)")
def test_the_unit_is_valid_and_its_exposure_is_small():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)], capture_output=True, text=True, check=True)
    assert float(re.search(r"Overall exposure level for trunkd.service: ([0-9.]+)", done.stdout).group(1)) <= EXPOSURE_MAX
    verified = subprocess.run(["systemd-analyze", "verify", "--recursive-errors=no", str(UNIT)], capture_output=True, text=True)
    complaints = [line for line in verified.stderr.splitlines() if "trunkd.service" in line and "is not executable" not in line]
    assert complaints == []


def test_a_stopped_loop_gives_no_sign_of_life(world):
    """Systemd ends it then; a daemon that idles or works gives one every half of WatchdogSec."""
    world.daemon.start(WATCHDOG_USEC="400000")
    wait_for("signs of life", lambda: world.daemon.watchdogs >= 3)
    world.daemon.signal(signal.SIGSTOP)
    time.sleep(0.3)             # what was under way has been heard
    before = world.daemon.watchdogs
    time.sleep(1)
    assert world.daemon.watchdogs == before
    world.daemon.signal(signal.SIGCONT)
    wait_for("signs of life", lambda: world.daemon.watchdogs > before)


def test_a_reload_in_the_middle_of_a_request_loses_nothing(patient):
    world = patient
    world.own(A)
    fault = world.sim.fault("hold_after", method="POST", path="/v1/Trunks", count=1)
    world.number(A)
    world.daemon.start()
    world.sim.wait_fired(fault)
    for _ in range(3):
        before = world.daemon.log().count("configuration read again")
        world.daemon.signal(signal.SIGHUP)
        world.daemon.wait_log("configuration read again", before + 1)
    world.sim.release(fault)
    world.wait_active(A)
    world.exactly_one(A)
    world.agree()


def test_the_log_level_is_changed_by_a_reload(world):
    world.daemon.start()
    world.daemon.wait_log("took it, epoch")
    path = world.daemon.folder / "trunkd.yaml"
    path.write_text(path.read_text().replace("log_level: debug", "log_level: error"))
    world.daemon.signal(signal.SIGHUP)
    world.own(A)
    world.number(A)
    world.wait_active(A)
    assert "create livekit.inbound_trunk" not in world.daemon.log()
    path.write_text(path.read_text().replace("log_level: error", "log_level: debug"))
    world.daemon.signal(signal.SIGHUP)
    world.delete(A)
    world.daemon.wait_log("delete livekit.inbound_trunk")


def test_the_status_line_counts_and_says_what_is_waited_for(world):
    world.own(A)
    world.number(A)
    world.daemon.start()
    world.wait_active(A)
    wait_for(lambda: world.daemon.status, lambda: world.daemon.status == "working: 1 active")
    world.sim.change_account(world.accounts["main"].sid, auth_token="another")
    world.db.q("select trunkd.scan('main')")
    wait_for(lambda: world.daemon.status,
             lambda: world.daemon.status == "working: 1 active; waiting for main (CredentialsRefused)")


# ---- an end, whatever hangs

@contextlib.contextmanager
def backends_hang(db):
    """PostgreSQL's processes behind the daemon's connections are stopped: alive, and deaf."""
    pids = [pid for (pid,) in db.q("select pid from pg_stat_activity where application_name in ('trunkd work', 'trunkd lease')")]
    assert len(pids) >= 2
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def ends_in_time(daemon):
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.ended(timeout=STOP_SECONDS_MAX) == 0
    return time.monotonic() - began


def begin_and_hang(world):
    world.own(A)
    fault = world.sim.fault("hold_after", method="POST", path="/v1/Trunks", count=1)
    world.number(A)
    world.daemon.start()
    world.sim.wait_fired(fault)
    return fault


def finish(world, fault):
    """What hung is released; the next daemon brings it to its end with one object of each."""
    world.sim.release(fault)
    world.daemon.configure(world.urls, {"request_timeout": "1s"})
    world.daemon.start()
    world.wait_active(A)
    world.exactly_one(A)
    world.agree()


def test_a_provider_that_hangs_does_not_keep_it(patient):
    fault = begin_and_hang(patient)
    assert ends_in_time(patient.daemon) > 5             # it waited for the answer first
    patient.daemon.wait_log("something still hangs")
    finish(patient, fault)


def test_a_database_that_hangs_does_not_keep_it(patient):
    patient.own(A)
    patient.daemon.start()
    patient.daemon.wait_log("took it, epoch")
    with backends_hang(patient.db):
        ends_in_time(patient.daemon)


def test_both_hanging_do_not_keep_it(patient):
    fault = begin_and_hang(patient)
    with backends_hang(patient.db):
        ends_in_time(patient.daemon)
    finish(patient, fault)
