"""The program trunkd: its options, its signals, what it tells systemd; and PostgreSQL coming and going under it."""
import datetime
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pglib
import pytest

PROGRAM = os.path.join(os.environ.get("TRUNKD_BUILDDIR") or ".", "trunkd")
SOURCES = pathlib.Path(os.environ.get("TRUNKD_SRCDIR") or pathlib.Path(__file__).resolve().parents[2])
PATIENCE = 20


def run(*arguments, **environment):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRUNKD_", "PG", "NOTIFY_"))}
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, env={**kept, **environment}, timeout=PATIENCE)


class Trunkd:
    """The process, a configuration of its own and the socket of sd_notify."""

    def __init__(self, folder, database, timing="lease: 2s, poll: 200ms", **environment):
        self.folder, self.database = pathlib.Path(folder), database
        self.folder.mkdir(exist_ok=True)
        self.messages = []
        self.environment = environment
        self.log_path = self.folder / "log"
        if not (self.folder / "key").exists():
            assert run("--create-key", self.folder / "key").returncode == 0
        self.configure(f"timing: {{{timing}}}\n")
        self.start()

    def configure(self, more=""):
        self.path = self.folder / "trunkd.yaml"
        self.path.write_text(f'database: "{self.database}"\nkeys: [key]\nlog_level: debug\n{more}')

    def start(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.settimeout(0.05)
        address = "\0trunkd-test-" + os.urandom(8).hex()
        self.notify.bind(address)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRUNKD_", "PG", "NOTIFY_"))}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "-c", str(self.path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**kept, "NOTIFY_SOCKET": "@" + address[1:], **self.environment})

    def log(self):
        return self.log_path.read_text()

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"{self.messages}\n{self.log()}"
            time.sleep(0.01)

    def told(self, start):
        """Waits until it has told the service manager something new that begins so; gives that."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                for line in self.notify.recv(4096).decode().split("\n"):
                    self.messages.append((time.monotonic(), line))
                    if line.startswith(start):
                        return line
            except socket.timeout:
                pass
        raise AssertionError(f"never told {start}: {self.messages}\n{self.log()}")

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        assert self.process.wait(timeout=PATIENCE) == 0, self.log()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.notify.close()


def conninfo(db):
    return f"host={db.cluster.directory} dbname={db.name} user=postgres"


def holder(db):
    return db.one("select holder from trunkd.lease where expires_at > clock_timestamp()")


# ---- options

def test_version_and_help():
    assert run("--version").stdout.startswith("trunkd ")
    assert "--check" in run("--help").stdout
    assert run("--nonsense").returncode == 1
    done = run("start")
    assert done.returncode == 1 and '"start" is not an option' in done.stderr


def test_check_says_all_that_is_wrong(tmp_path):
    path = tmp_path / "trunkd.yaml"
    assert run("--create-key", tmp_path / "key").returncode == 0
    path.write_text("keys: [key]\n")
    done = run("--check", "-c", path)
    assert (done.returncode, done.stdout) == (0, "configuration OK\n")
    assert run("--check", TRUNKD_CONFIG=str(path)).returncode == 0
    path.write_text("keys: [key]\nlog_levl: info\ntiming:\n  lease: 5\n")
    done = run("--check", "-c", path)
    assert done.returncode == 1 and done.stdout == ""
    assert f'{path}:2:1: the key "log_levl" is unknown; did you mean "log_level"?' in done.stderr
    assert f"{path}:4:10: lease is a time with a unit" in done.stderr


@pytest.mark.parametrize("text, sentence", [
    ("", "there is no key: name a key file"),
    ("keys: [nothing]\n", "nothing"),
    ("keys: [key]\ndatabase: 'dbname=trunkd nonsense=1'\n", "nonsense"),
])
def test_check_looks_at_what_the_file_names(tmp_path, text, sentence):
    assert run("--create-key", tmp_path / "key").returncode == 0
    (tmp_path / "trunkd.yaml").write_text(text)
    done = run("--check", "-c", tmp_path / "trunkd.yaml")
    assert done.returncode == 1 and sentence in done.stderr
    assert run("-c", tmp_path / "trunkd.yaml").returncode == 1       # and the daemon does not start with it


def test_a_password_in_the_configuration_is_not_shown(tmp_path):
    assert run("--create-key", tmp_path / "key").returncode == 0
    (tmp_path / "trunkd.yaml").write_text("keys: [key]\ndatabase: 'host=x password=a hunter2'\n")
    done = run("--check", "-c", tmp_path / "trunkd.yaml")
    assert done.returncode == 1 and "hunter2" not in done.stderr + done.stdout


def test_the_example_is_right(tmp_path):
    (tmp_path / "trunkd.yaml").write_text((SOURCES / "contrib/systemd/trunkd.yaml").read_text())
    (tmp_path / "keys").mkdir()
    assert run("--create-key", tmp_path / "keys" / "1").returncode == 0
    done = run("--check", "-c", tmp_path / "trunkd.yaml")
    assert done.returncode == 0, done.stderr


# ---- life

def test_it_starts_works_and_gives_the_lease_back(db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db)) as t:
        t.told("READY=1")
        t.told("STATUS=working")
        assert holder(db)
        t.stop()
        t.told("STOPPING=1")
        assert holder(db) is None
        assert db.one("select count(*) from trunkd.seal_key") == 1
        # STATUS= is told, but not all the time
        times = [at for at, line in t.messages if line.startswith("STATUS=")]
        assert all(later - earlier > 0.9 for earlier, later in zip(times, times[1:]))


def test_it_is_ready_without_postgresql_and_says_what_it_waits_for(tmp_path):
    with Trunkd(tmp_path / "a", f"host={tmp_path} dbname=nothing") as t:
        t.told("READY=1")
        assert str(tmp_path) in t.told("STATUS=waiting for PostgreSQL: connection to server")
        time.sleep(1)
        assert t.log().count("warning: database:") == 1     # tried all the time, told once
        t.stop(signal.SIGINT)


def test_postgresql_restarts_under_it(cluster, db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db)) as t:
        t.told("STATUS=working")
        before = holder(db)
        cluster.stop()
        db.main = None
        t.told("STATUS=waiting for PostgreSQL")
        cluster.start()
        t.told("STATUS=working")
        assert holder(db) == before
        assert t.process.poll() is None
        t.stop()


def test_a_second_one_stands_by_and_takes_over(db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db)) as one:
        one.told("STATUS=working")
        with Trunkd(tmp_path / "b", conninfo(db)) as two:
            two.told("READY=1")
            two.told("STATUS=standing by")
            one.stop()
            two.told("STATUS=working")          # long before the lease would have run out by itself
            two.process.kill()
            two.process.wait()
            one.start()
            one.told("STATUS=working")
            one.stop()


def test_a_reload_takes_what_is_good_and_keeps_the_old_otherwise(db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db)) as t:
        t.told("READY=1")
        t.configure("timing: {lease: 5}\n")
        t.process.send_signal(signal.SIGHUP)
        t.told("RELOADING=1")
        t.told("READY=1")
        assert "trunkd.yaml:4:17: lease is a time with a unit" in t.log() and "the old one stays in force" in t.log()
        t.configure("timing: {lease: 60s}\n")
        t.process.send_signal(signal.SIGHUP)
        t.told("READY=1")
        t.wait(lambda: "configuration read again" in t.log())
        t.wait(lambda: db.one("select expires_at > clock_timestamp() + interval '30 s' from trunkd.lease"))
        t.stop()


def test_a_line_on_standard_error_begins_with_its_time(db, tmp_path):
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    with Trunkd(tmp_path / "a", conninfo(db)) as t:
        t.told("STATUS=working")
        t.stop()
        lines = t.log().splitlines()
    at = [re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})Z trunkd: (?:error|warning|notice|info|debug): \S", line) for line in lines]
    assert len(at) > 2 and all(at), lines
    times = [datetime.datetime.fromisoformat(found[1] + "+00:00") for found in at]
    assert times == sorted(times) and before < times[0] and times[-1] <= datetime.datetime.now(datetime.timezone.utc)


def test_it_says_how_long_its_longest_turn_was(db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db)) as t:
        t.told("STATUS=working")
        for times in 1, 2:
            t.process.send_signal(signal.SIGUSR1)
            t.wait(lambda times=times: t.log().count(" turns of the loop since this was asked last, the longest of ") == times)
        turns = [int(n) for n in re.findall(r"(\d+) turns of the loop", t.log())]
        assert turns[1] < turns[0]              # counted anew from there
        t.stop()


def test_no_core_dump_and_no_debugger(db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db)) as t:
        t.told("READY=1")
        limits = pathlib.Path(f"/proc/{t.process.pid}/limits").read_text()
        assert next(line for line in limits.splitlines() if line.startswith("Max core file size")).split()[4] == "0"
        t.stop()


def test_boundaries_are_counted_and_visited(db, tmp_path):
    trace = tmp_path / "trace"
    with Trunkd(tmp_path / "a", conninfo(db), TRUNKD_TEST_TRACE=str(trace)) as t:
        t.told("STATUS=working")
        t.stop()
    lines = trace.read_text().splitlines()
    assert lines[:2] == ["1 commit", "2 committed"]
    for action, code in ("exit", 9), ("abort", -signal.SIGKILL):
        for n in 1, 2:
            db.q("delete from trunkd.seal_key")
            db.q("update trunkd.lease set expires_at = clock_timestamp()")
            with Trunkd(tmp_path / "a", conninfo(db), TRUNKD_TEST_EFFECT=f"{n}:{action}") as t:
                assert t.process.wait(timeout=PATIENCE) == code
            # at the first boundary nothing was sent, at the second it is written
            assert db.one("select count(*) from trunkd.seal_key") == n - 1


def test_a_heartbeat_under_way_does_not_keep_the_lease_from_being_given_back(db, tmp_path):
    with Trunkd(tmp_path / "a", conninfo(db), timing="lease: 3s, poll: 200ms") as t:
        t.told("STATUS=working")
        with db.connect() as c:
            c.autocommit = False
            pglib.q(c, "select 1 from trunkd.lease for update")
            t.wait(lambda: db.one("select count(*) from pg_stat_activity where application_name = 'trunkd lease' and wait_event_type = 'Lock'"))
            t.process.send_signal(signal.SIGTERM)
            t.told("STOPPING=1")
            c.rollback()
        assert t.process.wait(timeout=PATIENCE) == 0
        assert holder(db) is None


def test_a_stop_before_the_lease_is_had_ends_at_once(db, tmp_path):
    """The keys that it publishes with the lease are the last to be written, and no event tells of them."""
    with db.connect() as c:
        c.autocommit = False
        pglib.q(c, "lock table trunkd.lease in exclusive mode")
        with Trunkd(tmp_path / "a", conninfo(db)) as t:
            t.wait(lambda: db.one("select count(*) from pg_stat_activity where application_name = 'trunkd lease' and wait_event_type = 'Lock'"))
            t.process.send_signal(signal.SIGTERM)
            t.told("STOPPING=1")
            c.rollback()
            assert t.process.wait(timeout=PATIENCE) == 0
            assert "took it" in t.log() and "something still hangs" not in t.log()
        assert holder(db) is None
