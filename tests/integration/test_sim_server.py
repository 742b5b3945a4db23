"""trunkd-sim as a process: start, stop, connections, and what reaches the world when clients misbehave."""

import base64
import concurrent.futures
import http.client
import json
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

from simlib import ACCOUNT_SID, AUTH_TOKEN, Sim, livekit_token, program

FORM = "application/x-www-form-urlencoded"
BASIC = "Basic " + base64.b64encode(("%s:%s" % (ACCOUNT_SID, AUTH_TOKEN)).encode()).decode()


@pytest.fixture
def sim():
    with Sim() as s:
        s.add_account()
        s.add_project()
        yield s


def until(condition, timeout=10):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def raw_request(sim, body, length=None):
    """Headers and body of a trunk create on a fresh socket."""
    url = urllib.parse.urlsplit(sim.twilio_url)
    s = socket.create_connection((url.hostname, url.port))
    head = "POST /v1/Trunks HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
    s.sendall((head % (BASIC, FORM, len(body) if length is None else length)).encode() + body)
    return s


def test_connections_are_kept_and_reused(sim):
    url = urllib.parse.urlsplit(sim.twilio_url)
    connection = http.client.HTTPConnection(url.hostname, url.port)
    for _ in range(3):
        connection.request("GET", "/v1/Trunks", headers={"Authorization": BASIC})
        first = connection.sock
        assert connection.getresponse().read()
        assert connection.sock is first is not None
    connection.close()


@pytest.mark.parametrize("action,objects", [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_is_closed_without_a_byte(sim, action, objects):
    fault = sim.fault(action, path="/v1/Trunks")
    s = raw_request(sim, b"FriendlyName=a")
    assert s.recv(1) == b""
    s.close()
    assert sim.fired(fault) == 1
    assert len(sim.objects("trunks")) == objects
    entry = sim.log()[0]
    assert (entry["closed"], entry["status"], entry["committed"]) == (True, None, bool(objects))


def test_a_body_cut_short_never_commits(sim):
    raw_request(sim, b"FriendlyName=cut", length=30).close()
    raw_request(sim, b"FriendlyName=whole").close()
    until(lambda: len(sim.objects("trunks")) == 1)
    assert sim.objects("trunks")[0]["friendly_name"] == "whole"
    assert len(sim.log(method="POST")) == 1


def test_a_create_commits_though_its_client_is_gone(sim):
    sim.config(latency_ms=100)
    raw_request(sim, b"FriendlyName=a").close()
    until(lambda: len(sim.objects("trunks")) == 1)
    assert sim.log(method="POST")[0]["client_gone"]


def test_a_hang_ends_when_the_client_goes(sim):
    fault = sim.fault("hang", path="/v1/Trunks")
    s = raw_request(sim, b"FriendlyName=a")
    sim.wait_fired(fault)
    assert [t["in_flight"] for t in sim.control("GET", "tenants")["tenants"]] == [1, 0]
    s.close()
    until(lambda: sim.control("GET", "tenants")["tenants"][0]["in_flight"] == 0)
    assert sim.objects("trunks") == []


def test_held_requests_wait_without_threads_and_are_released_together(sim):
    sim.config(twilio_concurrency=0)
    fault = sim.fault("hold_before", path="/v1/Trunks", method="POST", count=0)
    sockets = [raw_request(sim, b"FriendlyName=%d" % i) for i in range(300)]
    sim.wait_fired(fault, 300)
    threads = open("/proc/%d/status" % sim.process.pid).read().split("Threads:")[1].split()[0]
    assert threads == "1"
    assert sim.objects("trunks") == []
    sim.config(twilio_cap_trunks=1000)
    assert sim.release(fault) == 300
    for s in sockets:
        assert s.recv(12) == b"HTTP/1.1 201"
        s.close()
    assert len(sim.objects("trunks")) == 300


def test_latency_and_the_limit_at_once(sim):
    sim.config(latency_ms=200, twilio_concurrency=4)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda _: sim.twilio("GET", "/v1/Trunks"), range(6)))
        took = time.monotonic() - began
    assert sorted(a.status for a in answers) == [200] * 4 + [429] * 2
    assert 0.2 <= took < 5
    assert answers[0].headers.get("Twilio-Request-Id")


def test_two_creates_in_service_at_once_both_pass(sim):
    sim.config(livekit_latency_ms=200)
    body = {"trunk": {"numbers": ["+15550100042"]}}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: sim.livekit("CreateSIPInboundTrunk", body).status, range(2)))
    assert answers == [200, 200]
    assert sim.livekit("CreateSIPInboundTrunk", body).status == 400


def test_a_late_commit_comes_by_itself(sim):
    fault = sim.fault("late_commit", ms=300, path="*/CreateSIPOutboundTrunk")
    assert sim.livekit("CreateSIPOutboundTrunk", {"trunk": {"address": "a.test", "numbers": ["+1"]}}).status == 0
    assert sim.objects("outbound_trunks") == []
    until(lambda: len(sim.objects("outbound_trunks")) == 1)
    entry = sim.log(fault=fault)[0]
    assert entry["committed_ms"] - entry["answered_ms"] >= 300


def test_it_stops_while_requests_wait():
    with Sim() as s:
        s.add_account()
        s.fault("hang", path="*", count=0)
        waiting = [raw_request(s, b"FriendlyName=a") for _ in range(3)]
        until(lambda: len(s.log()) == 3)
        s.stop()
        for one in waiting:
            assert one.recv(1) == b""
            one.close()


def test_many_requests_on_many_connections(sim):
    token = livekit_token()

    def create(i):
        return sim.livekit("CreateSIPOutboundTrunk", {"trunk": {"name": "t%d" % i, "address": "a.test", "numbers": ["+1"]}}, token=token).status

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, range(200))) == {200}
    assert len({t["name"] for t in sim.objects("outbound_trunks")}) == 200


def test_a_world_from_a_file(tmp_path):
    world = {"config": {"latency_ms": 1},
             "accounts": [{"sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "keys": [{"sid": "SK1", "secret": "s"}]}],
             "projects": [{"api_key": "k", "api_secret": "s", "sip_host": "demo.sip.sim.test"}],
             "numbers": [{"phone_number": "+15550100000", "count": 200, "voice_url": "https://old.test/"}]}
    file = tmp_path / "world.json"
    file.write_text(json.dumps(world))
    with Sim(config=file) as s:
        assert len(s.objects("phone_numbers")) == 200
        assert s.twilio("GET", "/v1/Trunks", user="SK1", password="s").status == 200
        assert s.config()["twilio_latency_ms"] == 1


@pytest.mark.parametrize("arguments,words", [
    (["--twilio", "0.0.0.0:0"], "loopback"), (["--livekit", "192.0.2.1:0"], "loopback"), (["--twilio", "127.0.0.1"], "ADDRESS:PORT"),
    (["--config", "/nowhere.json"], "/nowhere.json"), (["--latency", "x"], "--latency"), (["extra"], "extra"),
])
def test_bad_options_end_it_with_a_sentence(arguments, words):
    done = subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and done.stdout == "" and words in done.stderr


def test_a_bad_world_file_is_named(tmp_path):
    file = tmp_path / "world.json"
    file.write_text('{"config": {"latency": 1}}')
    done = subprocess.run([program(), "--config", file], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and str(file) in done.stderr and "latency" in done.stderr


def test_help_and_version():
    assert "--latency" in subprocess.run([program(), "--help"], capture_output=True, text=True, check=True).stdout
    assert subprocess.run([program(), "--version"], capture_output=True, text=True, check=True).stdout.startswith("trunkd-sim ")


def test_a_second_process_cannot_take_the_port(sim):
    address = urllib.parse.urlsplit(sim.twilio_url).netloc
    done = subprocess.run([program(), "--twilio", address], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "cannot listen" in done.stderr


def test_the_same_seed_makes_the_same_ids():
    def ids():
        with Sim(seed=42) as s:
            s.add_account()
            return s.add_number("+15550100000"), s.twilio("POST", "/v1/Trunks", {}).json()["sid"]
    assert ids() == ids()


def test_an_update_held_over_a_delete_brings_the_rule_back(sim):
    rule = {"rule": {"dispatch_rule_direct": {"room_name": "r"}}, "trunk_ids": ["ST_1"]}
    rule_id = sim.livekit("CreateSIPDispatchRule", {"dispatch_rule": rule}).json()["sip_dispatch_rule_id"]
    fault = sim.fault("hold_before", path="*/UpdateSIPDispatchRule")
    answers = []
    update = threading.Thread(target=lambda: answers.append(
        sim.livekit("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": rule_id, "replace": rule}).status))
    update.start()
    sim.wait_fired(fault)
    assert sim.livekit("DeleteSIPDispatchRule", {"sip_dispatch_rule_id": rule_id}).status == 200
    assert sim.objects("dispatch_rules") == []
    sim.release(fault)
    update.join()
    assert answers == [200]
    assert [r["sip_dispatch_rule_id"] for r in sim.objects("dispatch_rules")] == [rule_id]
