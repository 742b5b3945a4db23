"""The figures that trunkd shows: whole, well-formed, without secrets and phone numbers; and the rules and pictures made of them."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest
import yaml

import ctllib
from daemonlib import wait_for
import worldlib
from worldlib import phone

CONTRIB = pathlib.Path(os.environ.get("TRUNKD_SRCDIR") or pathlib.Path(__file__).resolve().parents[2]) / "contrib"
RULES, DASHBOARD = CONTRIB / "prometheus/trunkd.rules.yaml", CONTRIB / "grafana/trunkd.json"
A, B = phone(1), phone(2)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Figures:
    """Where a daemon shows them; address is a port of 127.0.0.1 or the path of a socket."""

    def __init__(self, daemon, address=None):
        self.address = address or free_port()
        path = daemon.folder / "trunkd.yaml"
        shown = self.address if address else f"127.0.0.1:{self.address}"
        path.write_text(path.read_text() + f'metrics: {shown}\n')

    def connect(self):
        if isinstance(self.address, int):
            return socket.create_connection(("127.0.0.1", self.address), timeout=10)
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(self.address)
        return s

    def ask(self, path, method="GET", body=None):
        connection = http.client.HTTPConnection("127.0.0.1", timeout=10)
        connection.sock = self.connect()
        connection.request(method, path, body)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text

    def text(self):
        status, headers, text = self.ask("/metrics")
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return text

    def values(self):
        """{name: {labels: value}}"""
        out = {}
        for name, labels, value in re.findall(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$", self.text(), re.MULTILINE):
            out.setdefault(name, {})[labels] = float(value)
        return out


@pytest.fixture
def figures(world):
    return Figures(world.daemon)


# ---- promtool: out of Debian's package prometheus, without installing it, because that starts a service

def fetch_promtool(path):
    path.parent.mkdir(exist_ok=True)
    folder = path.parent / f"prometheus-{os.getpid()}"
    folder.mkdir()
    try:
        subprocess.run(["apt-get", "-qq", "download", "prometheus"], cwd=folder, capture_output=True, check=True, timeout=120)
        (package,) = folder.glob("*.deb")
        subprocess.run(["dpkg-deb", "--extract", str(package), str(folder / "all")], check=True)
        os.replace(folder / "all/usr/bin/promtool", path)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def promtool():
    path = shutil.which("promtool") or ctllib.BUILD / "tools" / "promtool"
    if not os.path.exists(path):
        try:
            fetch_promtool(path)
        except (OSError, subprocess.SubprocessError, ValueError) as problem:
            pytest.skip(f"needs promtool (Debian's package prometheus): {problem}")

    def run(*arguments, **options):
        return subprocess.run([str(path), *map(str, arguments)], capture_output=True, text=True, **options)
    return run


# ---- what is shown

def test_what_a_life_leaves_in_the_figures(world, figures, promtool):
    for number in (A, B):
        world.own(number)
    world.number(A, outbound=True)
    world.number(B, agent=None)
    world.daemon.start()
    world.wait_active(A)
    world.wait_status(B, "pending", "NoAgent")
    # the figures say what the database says
    wait_for("the numbers", lambda: {k: v for k, v in figures.values()["trunkd_numbers"].items() if v} == {
        'status="active",reason="UpToDate"': 1, 'status="pending",reason="NoAgent"': 1})
    values, text = figures.values(), figures.text()
    assert values["trunkd_lease_held"] == {"": 1} and values["trunkd_database_up"] == {"": 1}
    done = 'kind="livekit.outbound_trunk",operation="create",outcome="done"'
    assert values["trunkd_operations_total"][done] == 1
    # and what the providers say: every request is counted, once
    wait_for("quiet", lambda: figures.values()["trunkd_account_requests_in_flight"]['account="main",provider="twilio"'] == 0)
    codes = {labels: count for labels, count in figures.values()["trunkd_requests_total"].items() if 'account="main"' in labels}
    assert codes['account="main",code="201"'] >= 5
    values = figures.values()
    assert values["trunkd_request_duration_seconds_count"]['account="main"'] == sum(
        count for labels, count in values["trunkd_requests_total"].items() if 'account="main"' in labels)
    for statement in ("read", "commit", "lease"):
        assert values["trunkd_database_duration_seconds_count"][f'statement="{statement}"'] > 0
    assert values["trunkd_loop_turn_duration_seconds_count"][""] > 10
    assert 0 < values["trunkd_loop_turn_longest_seconds"][""] < 10
    assert values["trunkd_account_window"]['account="main",provider="twilio"'] == 4
    assert time.time() - 3600 < list(values["trunkd_key_written_timestamp_seconds"].values())[0] <= time.time()
    # no number and no secret, however it is written
    assert A not in text and A[1:] not in text and B[1:] not in text
    for secret in world.secrets:
        assert not any(form in text for form in worldlib.forms(secret))
    done = promtool("check", "metrics", input=text)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_an_ill_account_is_seen(world, figures):
    world.own(A)
    world.number(A)
    world.daemon.start()
    world.wait_active(A)
    world.sim.change_account(world.accounts["main"].sid, auth_token="another")
    world.db.q("select trunkd.scan('main')")
    ill = {'account="main",condition="CredentialsRefused"': 1}
    wait_for("the condition", lambda: figures.values().get("trunkd_account_condition") == ill)
    assert figures.values()["trunkd_account_breaker_open"]['account="main",provider="twilio"'] == 1
    assert figures.values()["trunkd_requests_total"]['account="main",code="401"'] >= 1


def test_health_and_readiness(world, figures):
    world.daemon.start()
    world.daemon.wait_log("took it, epoch")
    assert figures.ask("/healthz")[0] == 200
    wait_for("readiness", lambda: figures.ask("/readyz")[::2] == (200, "working\n"))
    standby = world.new_daemon("standby")
    others = Figures(standby)
    standby.start()
    wait_for("the other one", lambda: others.ask("/readyz")[::2] == (200, "standing by\n"))
    assert others.values()["trunkd_lease_held"] == {"": 0}
    for connection in world.db.connections:
        connection.close()
    world.db.connections.clear()
    world.db.main = None
    world.db.cluster.stop("fast")
    try:
        wait_for("it to be unready", lambda: others.ask("/readyz")[0] == 503)
        wait_for("both to be unready", lambda: figures.ask("/readyz")[::2] == (503, "waiting for PostgreSQL\n"))
        assert figures.ask("/healthz")[0] == 200 and figures.values()["trunkd_database_up"] == {"": 0}
    finally:
        world.db.cluster.start()
    wait_for("readiness", lambda: figures.ask("/readyz")[0] == others.ask("/readyz")[0] == 200)


# ---- the server

def test_only_questions_are_answered(world, figures):
    world.daemon.start()
    assert figures.ask("/nothing")[0] == 404
    assert figures.ask("/metrics", "DELETE")[0] == 405
    status, headers, text = figures.ask("/metrics", "HEAD")
    assert (status, text) == (200, "") and int(headers["Content-Length"]) > 1000
    with pytest.raises((http.client.HTTPException, OSError)):
        figures.ask("/metrics", "POST", "x" * 100000)
    assert figures.ask("/healthz")[0] == 200


def test_clients_that_say_nothing_hold_up_nobody(world, figures):
    world.own(A)
    world.number(A)
    world.daemon.start()
    silent = [figures.connect() for _ in range(12)]
    half = figures.connect()
    half.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
    world.wait_active(A)
    assert figures.ask("/healthz")[0] == 200
    crowd = [figures.connect() for _ in range(12)]      # more than are taken
    world.delete(A)
    world.wait_gone(A)
    for s in [*silent, half, *crowd]:
        s.close()
    wait_for("an answer", lambda: figures.ask("/healthz")[0] == 200)


def test_an_open_connection_keeps_the_loop_at_rest(world, figures):
    world.daemon.start()
    world.daemon.wait_log("took it, epoch")
    turns = lambda: figures.values()["trunkd_loop_turn_duration_seconds_count"][""]
    with figures.connect() as open_connection, figures.connect() as half:
        open_connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert open_connection.recv(4096).startswith(b"HTTP/1.1 200")
        half.sendall(b"GET /metr")
        before = turns()
        time.sleep(2)
        assert turns() - before < 200


def test_a_socket_file_is_replaced_and_removed(world, tmp_path):
    path = tmp_path / "figures"
    figures = Figures(world.daemon, str(path))
    world.daemon.start()
    assert figures.values()["trunkd_build_info"] and stat.S_ISSOCK(path.stat().st_mode)
    world.daemon.kill()
    assert path.exists()
    world.daemon.start()
    assert figures.ask("/healthz")[0] == 200
    world.daemon.stop()
    assert not path.exists()


def test_an_address_in_use_is_told_and_keeps_no_number_waiting(world, figures):
    world.own(A)
    world.number(A)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", figures.address))
        taken.listen()
        world.daemon.start()
        world.wait_active(A)
        world.daemon.wait_log(f"metrics: cannot listen at 127.0.0.1:{figures.address}: Address already in use")


def test_without_an_address_nothing_listens(world):
    world.daemon.start()
    world.daemon.wait_log("took it, epoch")
    inodes = {os.readlink(fd) for fd in pathlib.Path(f"/proc/{world.daemon.process.pid}/fd").iterdir()}
    listening = [line.split()[9] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"]
    assert not inodes & {f"socket:[{inode}]" for inode in listening}


@pytest.mark.parametrize("address", ["localhost:9469", "9469", "127.0.0.1"])
def test_an_address_that_is_none_is_refused(world, address):
    path = world.daemon.folder / "trunkd.yaml"
    path.write_text(path.read_text() + f'metrics: "{address}"\n')
    done = subprocess.run([str(ctllib.BUILD / "trunkd"), "--check", "-c", str(path)], capture_output=True, text=True)
    assert done.returncode == 1 and f':10: "{address}" is neither ADDRESS:PORT' in done.stderr


# ---- what is made of them

def names(expression):
    return set(re.findall(r"\btrunkd_[a-z_]+", expression))


def test_rules_and_dashboard_name_only_what_there_is(world, figures):
    world.own(A)
    world.number(A)
    world.daemon.start()
    world.wait_active(A)
    shown = set(re.findall(r"^# TYPE (\S+)", figures.text(), re.MULTILINE))
    shown |= {name + "_bucket" for name in shown}
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    used = set().union(*(names(rule["expr"]) for rule in rules), *(names(t["expr"]) for panel in panels for t in panel["targets"]))
    assert len(rules) > 5 and len(panels) > 10 and used <= shown, used - shown
    assert {name for name in shown if name.endswith("_total")} <= used


def test_the_rules_are_right(promtool):
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr
