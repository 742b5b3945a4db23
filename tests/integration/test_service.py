"""trunkd under systemd: the unit file, the watchdog, a reload in the middle of work, and an end within 10 s whatever hangs."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

import ctllib
from daemonlib import wait_for
import worldlib
from worldlib import phone

SOURCES = pathlib.Path(os.environ.get("TRUNKD_SRCDIR") or pathlib.Path(__file__).resolve().parents[2])
UNIT = SOURCES / "contrib/systemd/trunkd.service"
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
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
                          capture_output=True, text=True, check=True)
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


@pytest.mark.parametrize("key, old, new", [
    ("metrics", "secrets_directory:", "metrics: 127.0.0.1:9\nsecrets_directory:"), ("database", " user=", " connect_timeout=7 user="),
    ("secrets_directory", "secrets_directory: secrets", "secrets_directory: others"), ("keys", "keys: [keys]", "keys: [keys/1]"),
], ids=lambda v: v if v.isidentifier() else "")
def test_a_reload_says_what_needs_a_restart(world, key, old, new):
    world.daemon.start()
    world.daemon.wait_log("took it, epoch")
    (world.daemon.folder / "others").mkdir(mode=0o700)
    path = world.daemon.folder / "trunkd.yaml"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    for times in 1, 2:                      # as long as it is so
        world.daemon.signal(signal.SIGHUP)
        world.daemon.wait_log(key + ": another value is in the configuration; it counts from the next start", times)
    path.write_text(text)
    world.daemon.signal(signal.SIGHUP)
    world.daemon.wait_log("configuration read again", 3)
    assert world.daemon.log().count("another value is in the configuration") == 2


def test_a_reload_refuses_what_a_start_would_refuse(world):
    world.daemon.start()
    path = world.daemon.folder / "trunkd.yaml"
    text = path.read_text()
    for right, wrong, sentence in ((" user=", " usr=", 'invalid connection option "usr"'), ("secrets_directory:", "metrics: here\nsecrets_directory:", '"here" is neither')):
        path.write_text(text.replace(right, wrong))
        world.daemon.signal(signal.SIGHUP)
        world.daemon.wait_log("the configuration is wrong, the old one stays in force")
        world.daemon.wait_log(sentence)
    assert "another value is in the configuration" not in world.daemon.log()
    path.write_text(text.replace("host=", "postgresql://trunkd:s3%zzcret@db/x host="))
    world.daemon.signal(signal.SIGHUP)
    world.daemon.wait_log("database is not a connection string of PostgreSQL\n")
    assert "s3%zz" not in world.daemon.log()


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


# ---- the journal

MESSAGES = {name: (level, id) for name, level, id in
            re.findall(r'^MESSAGE\((\w+), (\w+), \w+, "([0-9a-f]{32})"\)$', (SOURCES / "include/trunkd/messages.def").read_text(),
                       re.MULTILINE)}
CATALOG = SOURCES / "contrib/systemd/trunkd.catalog"
# Warnings that ask for nothing: somebody learns of them all the same.
NOTHING_TO_DO = {"TURNED_UP_LATE"}


def test_every_message_has_an_id_of_its_own_and_each_to_act_on_is_in_the_catalog():
    assert len({id for _, id in MESSAGES.values()}) == len(MESSAGES) > 20
    explained = re.findall(r"^-- ([0-9a-f]{32})$", CATALOG.read_text(), re.MULTILINE)
    assert sorted(explained) == sorted(id for name, (level, id) in MESSAGES.items()
                                       if level in ("ERROR", "WARNING") and name not in NOTHING_TO_DO)


@pytest.mark.skipif(not shutil.which("journalctl"), reason="needs journalctl (package systemd)")
def test_the_catalog_compiles(tmp_path):
    folder = tmp_path / "usr/lib/systemd/catalog"
    folder.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    shutil.copy(CATALOG, folder)
    done = subprocess.run(["journalctl", f"--root={tmp_path}", "--update-catalog"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "var/lib/systemd/catalog/database").stat().st_size > 1000


def entries(datagram):
    """One entry of the journal's native protocol: lines NAME=value, or NAME, a length and the bytes."""
    fields = {}
    while datagram:
        line, datagram = datagram.split(b"\n", 1)
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8:8 + length], datagram[9 + length:]
        fields[name.decode()] = value.decode()
    return fields


# In a name space of its own the socket of the journal is the test's: it hands every datagram on to the path that it is given.
JOURNAL = """
import os, socket, subprocess, sys
os.makedirs("/run/systemd/journal", exist_ok=True)
journal, to = (socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
journal.bind("/run/systemd/journal/socket")
subprocess.Popen(sys.argv[2:])
while True:
    to.sendto(journal.recv(1 << 16), sys.argv[1])
"""


def has_name_spaces():
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/run"]
    return shutil.which("unshare") and subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.skipif(not has_name_spaces(), reason="needs unshare -m, as root")
def test_the_journal_gets_fields(world, tmp_path):
    world.number(A)                             # which is not in the account
    world.db.q("insert into trunkd.twilio_account (name, account_sid, secret) values ('ill', %s, 'file:account/nothing')", "AC" + "1" * 32)
    world.number(phone(2), account="ill")
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "heard"))
    heard.settimeout(20)
    world.daemon.log_path.touch()
    stat = world.daemon.log_path.stat()
    with open(world.daemon.log_path, "ab") as stream:
        process = subprocess.Popen(["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh",
                                    sys.executable, "-c", JOURNAL, str(tmp_path / "heard"),
                                    str(ctllib.BUILD / "trunkd"), "-c", str(world.daemon.folder / "trunkd.yaml")],
                                   stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
                                   env={**os.environ, "JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})
    found = {}
    try:
        while not {"RUNS", "ACCOUNT_ILL", "SETUP_REFUSED"} <= set(found):
            fields = entries(heard.recv(1 << 16))
            found[fields["TRUNKD_MESSAGE"]] = fields
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        heard.close()
    assert all(fields["MESSAGE_ID"] == MESSAGES[name][1] for name, fields in found.items())
    assert found["ACCOUNT_ILL"]["TRUNKD_ACCOUNT"] == "ill" and found["ACCOUNT_ILL"]["MESSAGE"].startswith("ill: SecretMissing")
    assert found["SETUP_REFUSED"]["TRUNKD_NUMBER"] == A and found["SETUP_REFUSED"]["PRIORITY"] == "4"
    assert "TRUNKD_NUMBER" not in found["RUNS"] and found["RUNS"]["PRIORITY"] == "5"
