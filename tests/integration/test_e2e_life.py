"""A number's whole life: it comes alive, moves to another agent, loses it, goes, comes back."""
import time

import pytest

import worldlib
from worldlib import phone

A, B = phone(1), phone(2)
TRUNK_INBOUND = ["POST /v1/Trunks", "POST /v1/Trunks/TK/OriginationUrls"]
TRUNK_OUTBOUND = ["POST /SIP/CredentialLists.json", "POST /SIP/CredentialLists/CL/Credentials.json", "POST /v1/Trunks/TK/CredentialLists"]
INBOUND = ["POST CreateSIPInboundTrunk", "POST CreateSIPDispatchRule", "POST /IncomingPhoneNumbers/PN.json"]
OUTBOUND = ["POST CreateSIPOutboundTrunk"]
PREFLIGHT = ["GET /IncomingPhoneNumbers.json"]


@pytest.fixture
def standing(world):
    """A number in both directions, active; the daemon runs, and what came first is not counted."""
    world.own(A)
    world.own(B)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    return world


def scanless(requests):
    """Without the complete lists, which belong to the account and not to a number."""
    lists = {"GET /v1/Trunks", "GET /SIP/CredentialLists.json", "POST ListSIPInboundTrunk", "POST ListSIPOutboundTrunk",
             "POST ListSIPDispatchRule", "GET /IncomingPhoneNumbers.json"}
    return [r for r in requests if r not in lists]


@pytest.mark.parametrize("inbound, outbound", [(True, False), (False, True), (True, True)])
def test_an_insert_becomes_active_with_the_fewest_requests(db, tmp_path, inbound, outbound):
    world = worldlib.World(db, tmp_path, latency_ms=50, timing={"scan": "60s", "request_timeout": "2s", "quiet_twilio": "2s", "quiet_livekit": "2s"})
    try:
        world.account("main")
        world.own(A)
        world.own(B)
        world.daemon.start()
        world.number(A, inbound=inbound, outbound=outbound)
        world.wait_active(A)
        trunk = (TRUNK_INBOUND if inbound else TRUNK_INBOUND[:1]) + (TRUNK_OUTBOUND if outbound else [])
        own = (INBOUND if inbound else []) + (OUTBOUND if outbound else [])
        assert sorted(worldlib.short(e) for e in world.writes()) == sorted(trunk + own)
        # The account's first scan is over: now the floor, and the look at the number's record.
        since = world.sim.last()
        began = time.monotonic()
        world.number(B, inbound=inbound, outbound=outbound)
        world.wait_active(B)
        took = time.monotonic() - began
        time.sleep(0.3)
        assert sorted(world.requests(since)) == sorted(own + PREFLIGHT)
        print(f"insert to active on a standing trunk, inbound {inbound}, outbound {outbound}, 50 ms latency: {took * 1000:.0f} ms")
        world.agree()
        world.exactly_one(A, inbound, outbound)
        world.exactly_one(B, inbound, outbound)
    finally:
        world.close()


def test_every_id_and_setting_is_right(standing):
    world = standing
    line = world.line(A)
    of = world.of_number(A)
    trunk, = world.sim.objects("trunks")
    credentials, = world.sim.objects("credentials")
    assert line["twilio_trunk_sid"] == trunk["sid"]
    assert line["twilio_credential_list_sid"] == credentials["credential_list_sid"] == world.sim.objects("trunk_credential_lists")[0]["sid"]
    assert (line["twilio_phone_number_sid"], of["number"][0]["trunk_sid"]) == (of["number"][0]["sid"], trunk["sid"])
    assert line["livekit_inbound_trunk_id"] == of["inbound"][0]["sip_trunk_id"]
    assert line["livekit_outbound_trunk_id"] == of["outbound"][0]["sip_trunk_id"]
    assert line["livekit_dispatch_rule_id"] == of["rules"][0]["sip_dispatch_rule_id"]
    assert of["inbound"][0]["numbers"] == of["outbound"][0]["numbers"] == [A]
    assert of["rules"][0]["trunk_ids"] == [line["livekit_inbound_trunk_id"]]
    assert of["rules"][0]["room_config"]["agents"][0]["agent_name"] == "support-agent"
    assert of["rules"][0]["room_config"]["agents"][0]["metadata"] == '{"queue":"support"}'
    assert of["outbound"][0]["address"] == trunk["domain_name"]
    assert of["outbound"][0]["auth_username"] == credentials["username"]
    assert of["outbound"][0]["auth_password"] == credentials["password"] != ""
    assert "demo.sip.sim.test" in world.sim.objects("origination_urls")[0]["sip_url"].lower()
    assert world.sim.call(A)["ends"] == "room" and world.sim.call(A)["agent_name"] == "support-agent"


def test_a_second_pass_over_a_converged_world_sends_nothing(standing):
    world = standing
    assert {row["kind"] for row in world.ledger()} == set(world.kinds()) - set(worldlib.ON_REQUEST)     # silent about every kind there is
    since = world.sim.last()
    world.db.q("insert into trunkd.dirty (object_type, key, ver) select 'number', phone_number, nextval('trunkd.dirty_ver_seq') from trunkd.phone_number "
               "on conflict do nothing")
    world.wait_active(A)
    time.sleep(1.5)
    assert world.writes(since) == []
    world.daemon.stop()
    since = world.sim.last()
    world.daemon.start()                 # a new one knows only what is in the ledger
    world.daemon.wait_log("took it, epoch", 2)
    world.db.q("update trunkd.phone_number set label = label")
    time.sleep(1.5)
    world.wait_active(A)
    assert world.writes(since) == []
    below = {"GET /v1/Trunks/TK/OriginationUrls", "GET /v1/Trunks/TK/CredentialLists", "GET /SIP/CredentialLists/CL/Credentials.json"}
    assert [r for r in scanless(world.requests(since)) if r not in below] == []         # complete scans look there too


def test_a_deleted_number_leaves_nothing_behind(world):
    world.own(A)
    before = world.sim.state()
    world.daemon.start()
    world.number(A, outbound=True)
    world.wait_active(A)
    assert world.sim.number(A)["trunk_sid"]
    world.delete(A)
    world.wait_gone(A)
    after = world.sim.state()
    for state in (before, after):
        for tenant in state["twilio"].values():
            for number in tenant["phone_numbers"]:
                number.pop("date_updated")
    assert after == before               # its previous routing included
    assert world.ledger() == [] and world.events("RoutingRestored", A)
    assert world.line(A) is None


def test_deleting_one_number_of_a_shared_trunk_leaves_the_others_as_they_are(standing):
    world = standing
    world.number(B, outbound=True)
    world.wait_active(B)
    world.agree()
    before = {k: o for k, o in world.held().items()}
    of_a = world.of_number(A)
    world.delete(B)
    world.wait_gone(B)
    after = world.held()
    assert {k: before[k] for k in after} == after       # bit by bit
    assert world.of_number(A) == of_a
    gone = sorted(k[0] for k in before if k not in after)
    assert gone == ["livekit.dispatch_rule", "livekit.inbound_trunk", "livekit.outbound_trunk", "twilio.trunk_phone_number"]
    assert world.sim.number(B)["voice_url"] == "https://old.example.com/" + B[1:]
    world.agree()


@pytest.mark.parametrize("routing", [
    {"voice_application_sid": "AP" + "1" * 32, "voice_url": ""}, {"voice_url": "https://old.example.com/x", "voice_fallback_url": "https://old.example.com/f"},
    {"voice_url": ""}], ids=["application", "urls", "nothing"])
def test_the_previous_routing_comes_back(world, routing):
    world.own(A, **routing)
    before = world.sim.number(A)
    world.daemon.start()
    world.number(A)
    world.wait_active(A)
    world.delete(A)
    world.wait_gone(A)
    after = world.sim.number(A)
    keys = ("trunk_sid", "voice_application_sid", "voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method")
    assert {k: after[k] or None for k in keys} == {k: before[k] or None for k in keys}


def test_delete_and_insert_in_one_transaction_changes_nothing_at_the_providers(standing):
    world = standing
    before, since = world.sim.state(), world.sim.last()
    c = world.db.connect()
    c.autocommit = False
    cursor = c.cursor()
    cursor.execute("delete from trunkd.phone_number where phone_number = %s", (A,))
    cursor.execute("insert into trunkd.phone_number (phone_number, twilio_account, agent, supports_outbound) values (%s, 'main', 'support', true)", (A,))
    c.commit()
    world.wait_active(A)
    time.sleep(0.3)
    assert world.writes(since) == []
    assert world.sim.state() == before


def test_a_number_that_comes_back_while_it_is_being_deleted_ends_right(standing):
    world = standing
    held = world.sim.fault("hold_before", provider="twilio", method="POST", path="*/IncomingPhoneNumbers/*.json")
    world.delete(A)
    world.sim.wait_fired(held)
    world.number(A, outbound=True, agent="sales")
    world.sim.release(held)
    world.sim.remove_fault(held)
    world.wait_active(A)
    world.exactly_one(A, outbound=True)
    assert world.sim.call(A)["agent_name"] == "sales-agent"
    world.agree()


def test_a_relink_is_one_request_and_keeps_every_id(standing):
    world = standing
    before, since = world.line(A), world.sim.last()
    world.set(A, agent="sales")
    world.wait_active(A)
    assert [worldlib.short(e) for e in world.writes(since)] == ["POST UpdateSIPDispatchRule"]
    after = world.line(A)
    ids = [c for c in before if c.endswith(("_sid", "_id"))]
    assert len(ids) >= 6 and {c: before[c] for c in ids} == {c: after[c] for c in ids}
    assert world.sim.call(A)["agent_name"] == "sales-agent"
    world.agree()


def test_a_change_of_the_agent_changes_its_numbers_in_place(standing):
    world = standing
    since = world.sim.last()
    world.db.q("update trunkd.agent set dispatch_name = 'new-agent' where name = 'support'")
    world.wait_line(A, lambda line: line["settled"] and world.sim.call(A).get("agent_name") == "new-agent", "with the new agent")
    assert [worldlib.short(e) for e in world.writes(since)] == ["POST UpdateSIPDispatchRule"]


@pytest.mark.parametrize("how", ["unlink", "agent deleted"])
def test_without_an_agent_the_routing_goes_back_first_and_then_the_rule_goes(standing, how):
    world = standing
    since = world.sim.last()
    if how == "unlink":
        world.set(A, agent=None)
    else:
        world.db.q("delete from trunkd.agent where name = 'support'")
    world.wait_status(A, "pending", "NoAgent")
    assert [worldlib.short(e) for e in world.writes(since)] == ["POST /IncomingPhoneNumbers/PN.json", "POST DeleteSIPDispatchRule"]
    number = world.sim.number(A)
    assert (number["trunk_sid"], number["voice_url"]) == (None, "https://old.example.com/" + A[1:])
    of = world.of_number(A)
    assert len(of["inbound"]) == 1 and of["rules"] == []
    world.agree()
    world.set(A, agent="sales")
    world.wait_active(A)
    world.exactly_one(A, outbound=True)
    world.agree()


def test_a_direction_switched_off_takes_only_its_own_objects(standing):
    world = standing
    before = world.of_number(A)
    world.set(A, supports_outbound=False)
    world.wait_line(A, lambda line: line["settled"] and not world.of_number(A)["outbound"], "without its outbound trunk")
    after = world.of_number(A)
    assert {k: after[k] for k in ("inbound", "rules", "number")} == {k: before[k] for k in ("inbound", "rules", "number")}
    world.wait_quiet()
    assert not world.sim.objects("credential_lists") and not world.sim.objects("trunk_credential_lists")
    world.agree()


def test_a_number_of_another_carrier_gets_the_livekit_side_only(world):
    world.daemon.start()
    world.insert("phone_number", {"phone_number": "+442079460100", "provider": "sip", "agent": "sales", "livekit_project": "lk"})
    world.wait_active("+442079460100")
    assert {k for k, *_ in world.held()} == {"livekit.inbound_trunk", "livekit.dispatch_rule"}
    assert [e for e in world.sim.log() if e["provider"] == "twilio" and not worldlib.is_read(e)] == []
    world.agree()
    world.delete("+442079460100")
    world.wait_gone("+442079460100")
    assert world.held() == {}
