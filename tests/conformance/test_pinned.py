"""What trunkd must survive of an answer that is not what it should be: no JSON, nothing, a link that leads elsewhere, a field that was
dropped. Every create, every removal and a relink meet each of them; the number ends right, and nothing is there twice."""
import json
import socket
import time

import pytest

import worldlib
from daemonlib import wait_for
from test_e2e_refused import creates, make_cases, removals
from worldlib import phone

A, B = phone(1), phone(2)
TIMING = {"breaker_failures": "1000"}       # these are faults of requests, not of accounts
ANSWERS = {
    "401 in plain text": {"action": "status", "status": 401, "body": "no", "content_type": "text/plain", "count": 2},
    "403 in plain text, once": {"action": "status", "status": 403, "body": "no", "content_type": "text/plain"},
    "404 of a proxy": {"action": "status", "status": 404, "body": "404 page not found\n", "content_type": "text/plain", "count": 2},
    "502 in HTML": {"action": "status", "status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html", "count": 2},
    "502 in HTML, done": {"action": "status_after", "status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html"},
    "503 without sense": {"action": "status", "status": 503, "body": " ", "content_type": "text/plain", "count": 2},
    "empty 200": {"action": "status", "status": 200, "body": "", "content_type": "application/json", "count": 2},
    "empty 200, done": {"action": "status_after", "status": 200, "body": "", "content_type": "application/json"},
    "200 with another document": {"action": "status", "status": 200, "body": "[]", "content_type": "application/json", "count": 2},
}
each_answer = pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))


@pytest.fixture
def many(db, tmp_path):
    w = worldlib.World(db, tmp_path, timing=TIMING)
    try:
        yield w
    finally:
        w.close()


@each_answer
def test_a_create_goes_on_where_it_was(many, answer):
    world, cases = many, make_cases(many, creates)
    for case in cases:
        if case.standing:
            case.insert_neighbour()
    world.daemon.start()
    world.wait_active(*[c.neighbour for c in cases if c.standing])
    for case in cases:
        case.keep()
        case.spoil_create(**answer)
        case.insert()
    for case in cases:
        world.wait_active(case.number)
        assert case.fired() >= 1, case
        world.exactly_one(case.number, outbound=True)
        case.check_neighbour()
        trunks = [len(case.twilio()[k]) for k in ("trunks", "origination_urls", "credential_lists", "credentials", "trunk_credential_lists")]
        assert trunks == [1] * 5, (case, trunks)
    world.agree()
    print(f"visited {len(cases)} creates of {len({c.kind for c in cases})} kinds")
    assert len(cases) >= 17


@each_answer
def test_a_removal_goes_on_where_it_was(many, answer):
    world, cases = many, make_cases(many, removals)
    for case in cases:
        case.insert()
        if case.standing:
            case.insert_neighbour()
    world.daemon.start()
    world.wait_active(*[c.number for c in cases], *[c.neighbour for c in cases if c.standing])
    for case in cases:
        case.keep()
        case.spoil_remove(**answer)
        world.delete(case.number)
    for case in cases:
        world.wait_gone(case.number)
        assert case.fired() >= 1, case
        of = world.of_number(case.number)
        assert (of["inbound"], of["outbound"], of["rules"], of["number"][0]["trunk_sid"]) == ([], [], [], None), case
        case.check_neighbour()
        if not case.standing:
            assert not any(case.twilio()[k] for k in ("trunks", "origination_urls", "credential_lists", "credentials")), case
    world.agree()
    print(f"visited {len(cases)} removals of {len({c.kind for c in cases})} kinds")
    assert len(cases) >= 17


@each_answer
def test_a_relink_goes_on_where_it_was(world, answer):
    world.own(A)
    world.number(A)
    world.daemon.start()
    world.wait_active(A)
    before = world.line(A)["livekit_dispatch_rule_id"]
    fault = world.sim.fault(answer["action"], path="*/UpdateSIPDispatchRule", **{k: v for k, v in answer.items() if k != "action"})
    world.set(A, agent="sales")
    world.sim.wait_fired(fault)
    world.wait_active(A)
    assert world.sim.call(A)["agent_name"] == "sales-agent"
    assert world.line(A)["livekit_dispatch_rule_id"] == before
    world.agree()


# Every list that is read when a daemon starts.
LISTED = [("GET", "/v1/Trunks"), ("GET", "*/SIP/CredentialLists.json"), ("GET", "*/IncomingPhoneNumbers.json"), ("POST", "*/ListSIPInboundTrunk"),
          ("POST", "*/ListSIPOutboundTrunk"), ("POST", "*/ListSIPDispatchRule")]


@each_answer
def test_a_list_that_says_nothing_is_asked_again(many, answer):
    """No number is set up by it, and of what stands nothing is taken for gone."""
    world = many
    world.account("main")
    world.own(A)
    world.own(B)

    def spoil():
        return [world.sim.fault(**{**answer, "count": 3}, method=method, path=path) for method, path in LISTED]

    def unheard(faults):
        for fault in faults:
            world.sim.wait_fired(fault, 3)

    faults = spoil()
    world.number(A, outbound=True)
    world.daemon.start()
    unheard(faults)
    world.wait_active(A)
    world.exactly_one(A, outbound=True)
    world.wait_quiet()
    world.daemon.stop()
    before, since, faults = world.agree(), world.sim.last(), spoil()
    world.daemon.start()
    unheard(faults)
    world.number(B)
    world.wait_active(B)
    assert before < world.agree()
    assert not [e for e in world.writes(since) if e["method"] == "DELETE" or "Delete" in e["path"] or A in str(e["body"])]


def test_a_next_page_elsewhere_is_not_asked(world):
    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        elsewhere.listen()
        elsewhere.settimeout(1)
        link = "http://127.0.0.1:%d/v1/Trunks?PageSize=1000&Page=1" % elsewhere.getsockname()[1]
        fault = world.sim.fault("status", method="GET", path="/v1/Trunks", count=0, status=200, content_type="application/json",
                                body=json.dumps({"trunks": [], "meta": {"key": "trunks", "next_page_url": link}}))
        world.own(A)
        world.number(A)
        world.daemon.start()
        world.daemon.wait_log("the list of twilio.trunk failed: twilio.trunk: the list's next page lies elsewhere than at " + world.sim.twilio_url)
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    assert world.line(A)["status"] == "pending" and world.sim.counts()["trunks"] == 0, "half a list is no list"
    world.sim.remove_fault(fault)
    world.wait_active(A)
    world.agree()


# What a number wants anew, and the answer of a server that keeps the rest and drops what it does not know, as LiveKit does with unknown fields
# and with enum names, of which it makes the first.
CARRIER = {"address": "203.0.113.9:5080", "transport": "udp"}
DROPS = {
    "a field": ("dispatch_rule", {"agent": "sales"}, lambda o: {k: v for k, v in o.items() if k != "room_config"}),
    "an enum name": ("outbound_trunk", {"outbound_trunk": json.dumps({**CARRIER, "transport": "tls"})}, lambda o: {**o, "transport": "SIP_TRANSPORT_AUTO"}),
    "an enum name of the media": ("inbound_trunk", {"inbound_trunk": json.dumps({"media_encryption": "require"})},
                                  lambda o: {**o, "media_encryption": "SIP_MEDIA_ENCRYPT_DISABLE"}),
}


@pytest.mark.parametrize("kind, change, dropped", DROPS.values(), ids=list(DROPS))
def test_what_livekit_drops_is_noticed_by_its_echo(world, kind, change, dropped):
    world.carrier(A, outbound_trunk=CARRIER)
    world.daemon.start()
    world.wait_active(A)
    method = {"dispatch_rule": "SIPDispatchRule", "inbound_trunk": "SIPInboundTrunk", "outbound_trunk": "SIPOutboundTrunk"}[kind]
    echo = dropped(world.sim.objects(kind + "s")[0])
    fault = world.sim.fault("status", path="*/Update" + method, count=0, status=200, content_type="application/json", body=json.dumps(echo))
    world.set(A, **change)
    world.sim.wait_fired(fault, 3)              # written again: what came back is not what was sent
    line = world.line(A)
    assert not line["settled"] and (line["status"], line["reason"]) == ("active", "Updating"), line
    assert f"livekit.{kind}: it was written, but what came back has another" in line["message"], line
    wait_for("the end of its patience", lambda: world.line(A)["reason"] == "UpdateRefused" and world.line(A)["settled"])
    fired = world.sim.fired(fault)
    time.sleep(1.5)
    assert world.sim.fired(fault) - fired <= 8, "written again without a pause"
    before = world.sim.objects(kind + "s")
    world.sim.remove_fault(fault)
    wait_for("what was wanted", lambda: world.sim.objects(kind + "s") != before)
    world.wait_active(A)
    world.agree()


@pytest.mark.parametrize("empty_url", ["ignored", "clears", "refused"])
def test_a_url_that_twilio_does_not_let_go_is_noticed_by_its_echo(world, empty_url):
    world.sim.config(twilio_empty_url=["ignored", "clears", "refused"].index(empty_url))
    world.own(A)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT, "twilio_trunk": {}})
    world.number(A, trunk="big")
    world.daemon.start()
    world.wait_active(A)

    def want(**settings):
        world.db.q("update trunkd.trunk set twilio_trunk = %s", json.dumps(settings))

    def trunk():
        return world.sim.objects("trunks")[0]

    want(cnam_lookup_enabled=True)              # an update that says nothing of a URL that there is not
    world.wait_trunk("big")
    assert trunk()["cnam_lookup_enabled"] and not trunk()["disaster_recovery_url"]
    want(disaster_recovery_url="https://recover.test/")
    world.wait_trunk("big")
    assert trunk()["disaster_recovery_url"] == "https://recover.test/"
    want()
    if empty_url == "clears":
        world.wait_trunk("big")
        assert not trunk()["disaster_recovery_url"]
    else:
        words = {"ignored": "it was written, but what came back has another disaster_recovery_url than was sent",
                 "refused": "Invalid value for parameter DisasterRecoveryUrl"}[empty_url]
        message = "select coalesce(message, '') from trunkd.resource where kind = 'twilio.trunk'"
        wait_for(lambda: "the words about it\n" + world.story(A), lambda: words in world.db.one(message))
        since = world.sim.last()
        time.sleep(1.5)
        assert len(world.writes(since)) <= 8, "written again without a pause"
        want(disaster_recovery_url="https://other.test/")
        world.wait_trunk("big")
        assert trunk()["disaster_recovery_url"] == "https://other.test/"
    assert world.line(A)["status"] == "active" and world.sim.call(A)["ends"] == "room"
    world.agree()
