"""A live number moves: to another trunk, to another project, to another account. The new stands before the old goes, and calls always end
in a room."""
import threading
import time

import pytest

from daemonlib import wait_for
import simlib
import worldlib
from worldlib import phone, short

A, B = phone(1), phone(2)
SECOND = {"api_key": "simkey2", "api_secret": "second-secret-second-secret-second-2", "sip_host": "second.sip.sim.test"}
REFUSED = {"status": 400, "message": "not in this house"}


@pytest.fixture(params=["empty", "standing"])
def ground(request, world):
    """A is active in both directions; on a standing trunk beside B, whose objects must not change. People wrote two trunks."""
    world.daemon.stop()
    world.db.q("insert into trunkd.field (document, key, type) values ('twilio_trunk', 'some_setting', 'text') on conflict do nothing")
    world.own(A)
    world.own(B)
    for name in ("north", "south"):
        world.insert("trunk", {"name": name, "twilio_account": "main"})
    if request.param == "standing":
        world.number(B, outbound=True)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A, *([B] if request.param == "standing" else []))
    world.wait_quiet()
    world.standing = request.param == "standing"
    world.neighbour = world.of_number(B)
    return world


class Caller(threading.Thread):
    """Calls the number all the time, and CALLS times at the least, however fast the rest is over."""
    CALLS = 5

    def __init__(self, world, number):
        super().__init__(daemon=True)
        self.world, self.number, self.ends, self.lines, self.on = world, number, [], set(), True

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.on = False
        self.join()
        assert len(self.ends) >= self.CALLS and set(self.ends) == {"room"}, (len(self.ends), set(self.ends))

    def run(self):
        while self.on or len(self.ends) < self.CALLS:
            self.ends.append(self.world.sim.call(self.number)["ends"])
            time.sleep(0.01)


def trunk_of(world, number):
    return world.sim.number(number)["trunk_sid"]


def trunk_row(world, name):
    """The external id of a trunk that people wrote."""
    return world.db.one("select r.external_id from trunkd.resource r join trunkd.trunk t on t.id::text = r.owner "
                        "where r.kind = 'twilio.trunk' and t.name = %s", name)


def moved(world, before, **where):
    """The number is moved while it is called; gives the SID of its new trunk."""
    with Caller(world, A):
        world.set(A, **where)
        world.wait_line(A, lambda l: l["settled"] and l["reason"] == "UpToDate" and trunk_of(world, A) != before, "moved")
        time.sleep(0.1)
    world.wait_quiet()
    world.exactly_one(A, outbound=True)
    world.agree()
    assert world.of_number(B) == world.neighbour
    return trunk_of(world, A)


def test_a_number_moves_between_shared_named_and_dedicated_trunks_without_a_gap(ground):
    world = ground
    world.sim.config(latency_ms=10)
    rules = world.of_number(A)["rules"], world.of_number(A)["inbound"]
    shared = trunk_of(world, A)
    if world.standing:
        assert trunk_of(world, B) == shared
    north = moved(world, shared, trunk="north")
    assert north == trunk_row(world, "north")
    remaining = {t["sid"] for t in world.sim.objects("trunks")}
    assert (shared in remaining) == world.standing
    south = moved(world, north, trunk="south")
    assert south == trunk_row(world, "south") and north in {t["sid"] for t in world.sim.objects("trunks")}
    dedicated = moved(world, south, trunk=None, twilio_trunk='{"some_setting": "x"}')
    assert dedicated not in (shared, north, south)
    assert world.db.one("select dedicated_to from trunkd.trunk_status where dedicated_to is not null") == A
    again = moved(world, dedicated, twilio_trunk=None)
    assert (again == shared) == world.standing
    assert dedicated not in {t["sid"] for t in world.sim.objects("trunks")}
    # LiveKit's inbound side is the number's own, and was not touched; outbound shows the new address each time.
    assert (world.of_number(A)["rules"], world.of_number(A)["inbound"]) == rules
    domain = next(t["domain_name"] for t in world.sim.objects("trunks") if t["sid"] == again)
    assert world.of_number(A)["outbound"][0]["address"] == domain
    world.delete(A)
    world.wait_gone(A)
    assert world.sim.number(A)["voice_url"] == "https://old.example.com/" + A[1:]
    assert world.of_number(B) == world.neighbour
    world.db.q("delete from trunkd.trunk")
    if world.standing:
        world.delete(B)
        world.wait_gone(B)
    wait_for(lambda: "nothing left\n" + world.story(), lambda: not world.held() and not world.ledger())


@pytest.mark.parametrize("refused", ["/v1/Trunks", "*/OriginationUrls", "*/CredentialLists", "*/IncomingPhoneNumbers/*.json"])
def test_a_move_that_is_refused_leaves_the_number_where_it_is(ground, refused):
    """Dedicated is asked for, and Twilio refuses a part of it; mended, the number moves by itself."""
    world = ground
    before, shared = world.of_number(A), trunk_of(world, A)
    fault = world.sim.fault("status", method="POST", path=refused, **REFUSED, count=0)
    world.set(A, twilio_trunk='{"some_setting": "x"}')
    line = world.wait_status(A, "active", "UpdateRefused")
    assert world.sim.fired(fault) >= 1 and "not in this house" in line["message"]
    assert world.sim.call(A)["ends"] == "room"
    after = world.of_number(A)
    stays = ("outbound",) if refused == "*/CredentialLists" else ("number",)       # each direction moves by itself
    assert {k: after[k] for k in ("inbound", "rules", *stays)} == {k: before[k] for k in ("inbound", "rules", *stays)}
    assert len(after["outbound"]) == 1 and world.of_number(B) == world.neighbour
    world.sim.remove_fault(fault)
    world.db.q("select trunkd.retry(%s)", A)
    world.wait_line(A, lambda l: l["settled"] and l["reason"] == "UpToDate" and trunk_of(world, A) != shared, "moved")
    world.exactly_one(A, outbound=True)
    world.agree()
    assert world.of_number(B) == world.neighbour


def second_project(world):
    world.sim.add_project(**SECOND)
    url = world.sim.livekit_url.replace("127.0.0.1", "localhost")
    world.urls.append(url)
    world.daemon.stop()
    world.daemon.configure(world.urls)
    world.give_secret("second", SECOND["api_secret"])
    world.insert("livekit_project", {"name": "second", "url": url, "api_key": SECOND["api_key"], "secret": "file:account/second",
                                     "sip_host": SECOND["sip_host"]})
    world.daemon.start()


def at_project(world, key):
    return {n for o in world.sim.state()["livekit"][key]["inbound_trunks"] + world.sim.state()["livekit"][key]["outbound_trunks"]
            for n in o["numbers"]}


def test_a_number_moves_to_another_project_and_back_without_a_gap(ground):
    world = ground
    second_project(world)
    world.sim.config(latency_ms=10)
    for project, here, there in (("second", SECOND["api_key"], simlib.API_KEY), ("lk", simlib.API_KEY, SECOND["api_key"])):
        with Caller(world, A):
            world.set(A, livekit_project=project)
            world.wait_line(A, lambda l: l["settled"] and l["reason"] == "UpToDate" and world.sim.call(A).get("project") == here, "moved")
            wait_for("the old place empty", lambda: A not in at_project(world, there))
        world.wait_quiet()
        assert A in at_project(world, here)
        world.exactly_one(A, outbound=True)
        assert world.of_number(B) == world.neighbour


@pytest.mark.parametrize("refused", ["CreateSIPInboundTrunk", "CreateSIPDispatchRule", "CreateSIPOutboundTrunk"])
def test_a_project_that_refuses_leaves_the_number_in_the_old_one(ground, refused):
    world = ground
    second_project(world)
    before = world.of_number(A)
    fault = world.sim.fault("status", method="POST", account=SECOND["api_key"], path="*/" + refused, **REFUSED, count=0)
    with Caller(world, A):
        world.set(A, livekit_project="second")
        line = world.wait_status(A, "active", "UpdateRefused")
        assert world.sim.fired(fault) >= 1 and "not in this house" in line["message"]
    if refused != "CreateSIPOutboundTrunk":         # the inbound side may have moved by itself
        assert world.sim.call(A)["project"] == simlib.API_KEY
        assert [o for o in world.of_number(A)["inbound"] if o in before["inbound"]] == before["inbound"]
    world.sim.remove_fault(fault)
    world.db.q("select trunkd.retry(%s)", A)
    world.wait_line(A, lambda l: l["settled"] and l["reason"] == "UpToDate" and A not in at_project(world, simlib.API_KEY), "moved")
    world.exactly_one(A, outbound=True)
    assert world.sim.call(A)["project"] == SECOND["api_key"] and world.of_number(B) == world.neighbour
    world.wait_quiet()


@pytest.mark.parametrize("inbound", [True, False])
def test_a_number_follows_to_another_twilio_account_when_somebody_has_moved_it(ground, inbound):
    """Until the new account has it nothing is made there, and the old one goes on carrying its calls."""
    world = ground
    world.account("other")
    old, new = world.accounts["main"].sid, world.accounts["other"].sid
    if not inbound:
        world.set(A, supports_inbound=False)
        world.wait_active(A)
    before, since = world.of_number(A), world.sim.last()
    world.set(A, twilio_account="other")
    line = world.wait_status(A, "active", "UpdateRefused")
    assert "not a number of Twilio account other" in line["message"]
    time.sleep(0.3)
    assert world.of_number(A) == before and world.writes(since) == []
    world.sim.remove_object(old, "phone_numbers", world.sim.number(A)["sid"])
    world.own(A, "other")
    world.db.q("select trunkd.retry(%s)", A)
    world.wait_line(A, lambda l: l["settled"] and l["reason"] == "UpToDate" and world.ledger(account="other"), "moved")
    world.exactly_one(A, inbound=inbound, outbound=True)
    world.agree()
    if inbound:
        assert world.sim.call(A)["ends"] == "room"
    assert world.of_number(B) == world.neighbour
    trunk, = world.sim.state(new)["twilio"][new]["trunks"]
    assert world.of_number(A)["outbound"][0]["address"] == trunk["domain_name"]
    left = {t["sid"] for t in world.sim.state(old)["twilio"][old]["trunks"]} - {trunk_row(world, "north"), trunk_row(world, "south")}
    assert len(left) == world.standing, left
