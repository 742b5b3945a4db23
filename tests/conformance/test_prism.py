"""Twilio's own documents between trunkd and the simulator: the integration suite's life of numbers, through Prism."""
import fnmatch
import json
import re
import socket
import urllib.parse

import pytest

import worldlib
from daemonlib import wait_for
from test_e2e_accounts import test_one_missing_object_beside_visible_ones_is_made_again, two  # noqa: F401
from test_e2e_life import *  # noqa: F403
from test_e2e_lost_updates import UPDATE
from worldlib import LISTS


PATIENT = {"request_timeout": "10s", "send_window": "5s", "quiet_twilio": "10s", "quiet_livekit": "10s"}


@pytest.fixture(autouse=True)
def through_prism(prism, monkeypatch):
    with prism.between(worldlib, monkeypatch, PATIENT):
        yield


def test_a_request_that_its_client_cuts_short_is_passed_on_to_nobody(prism, sdk_sim):
    """As a daemon does that was stopped in the middle of one, and has lost its lease when it goes on."""
    front, since = urllib.parse.urlsplit(prism.front(sdk_sim.twilio_url)), sdk_sim.last()
    prism.asked.clear()
    with socket.create_connection((front.hostname, front.port)) as client:
        client.sendall(b"POST /v1/Trunks HTTP/1.1\r\nHost: front\r\nContent-Length: 14\r\n\r\nFriendly")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert prism.asked == [] and sdk_sim.log(since) == []


def test_more_than_a_page_of_trunks(crowd, prism):
    """Links to next pages lead through Prism too, or trunkd would refuse them. Its own trunk is found on the second page."""
    world = crowd
    account = world.account("main").sid
    world.sim.config(twilio_cap_trunks=2000)
    foreign = {world.sim.add_object(account, "trunks", {"friendly_name": "somebody's", "domain_name": "f%d.pstn.twilio.com" % i})["sid"]
               for i in range(1001)}
    world.own(A)
    world.number(A)
    world.daemon.start()
    world.wait_active(A)
    prism.asked.clear()
    wait_for("one more scan", lambda: any("PageToken=" in path for _, path in prism.asked))
    world.agree(foreign)
    world.exactly_one(A)


def test_what_is_changed_in_place(world, prism):
    """Every update that trunkd sends: what somebody changed in a console is put back, a password that the ledger lost is set anew."""
    account = world.accounts["main"].sid
    world.own(A)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    world.wait_quiet()
    updates = {kind: path for kind, path in UPDATE.items() if kind.startswith("twilio.")}
    for kind in updates:
        if kind not in ("twilio.credential", "twilio.trunk_phone_number"):
            made, = world.sim.objects(LISTS[kind][0], account)
            world.sim.change_object(account, LISTS[kind][0], made["sid"], friendly_name="changed in a console")
    world.daemon.stop()
    world.db.q("delete from trunkd.resource where kind = 'twilio.credential'")
    prism.asked.clear()
    world.daemon.start()
    wait_for("every update", lambda: all(any(method == "POST" and fnmatch.fnmatchcase(path, updates[kind]) for method, path in prism.asked)
                                         for kind in updates if kind != "twilio.trunk_phone_number"))
    world.wait_active(A)
    world.agree()
    assert "changed in a console" not in str(world.sim.state(account))


def test_what_a_trunk_has_on_request(world, prism):
    """Every request of it: made, looked at, changed in place, put back, removed."""
    account, policies = world.accounts["main"].sid, "/v1/ConnectionPolicies"
    world.own(A)
    settings = {"recording_mode": "record-from-answer", "connection_policy": True, "connection_policy_targets": [{"target": "sip:desk@two.example"}]}
    world.number(A, twilio_trunk=settings)
    world.daemon.start()
    world.wait_active(A)
    for kind in ("connection_policies", "connection_policy_targets"):
        for made in world.sim.objects(kind, account):
            world.sim.change_object(account, kind, made["sid"], friendly_name="changed in a console")
    wait_for("what was changed", lambda: "changed in a console" not in str(world.sim.state(account)))
    settings["connection_policy_targets"][0].update(priority=0, weight=20)
    world.set(A, twilio_trunk=json.dumps(settings))
    wait_for("another weight", lambda: any(o["weight"] == 20 for o in world.sim.objects("connection_policy_targets")))
    world.wait_active(A)
    world.agree()
    world.delete(A)
    world.wait_gone(A)
    assert world.held() == {}
    seen = {(method, re.sub(r"\b([A-Z]{2})[0-9a-f]{32}\b", r"\1", path.partition("?")[0])) for method, path in prism.asked if policies in path}
    assert seen == {(method, policies + below) for below in ("", "/NY/Targets") for method in ("GET", "POST")} | {
        (method, policies + below) for below in ("/NY", "/NY/Targets/NE") for method in ("GET", "POST", "DELETE")}, seen
