"""What goes wrong with a whole account: credentials, region, an outage, a mass disappearance; and that others do not notice."""
import time

import pytest

from daemonlib import wait_for
import simlib
import worldlib
from worldlib import phone

A, B, C = phone(1), phone(2), phone(3)


@pytest.fixture
def two(crowd):
    """Two accounts, "main" with A and B, "other" with C; everything active."""
    world = crowd
    world.account("main")
    world.account("other")
    world.own(A)
    world.own(B)
    world.own(C, "other")
    world.number(A, outbound=True)
    world.number(C, "other", outbound=True)
    world.daemon.start()
    world.wait_active(A, C)
    return world


def condition(world, account="main"):
    return world.db.one("select condition from trunkd.account_state where name = %s", account)


def test_wrong_credentials_stop_one_account_and_no_other(two):
    world = two
    main = world.accounts["main"]
    before = world.sim.state(main.sid)
    world.sim.change_account(main.sid, revoked=True)
    world.number(B)                         # something to do there
    world.set(C, agent="sales")             # and elsewhere
    wait_for("a condition", lambda: condition(world) == "CredentialsRefused")
    line = world.wait_line(B, lambda l: l["reason"] == "AccountUnavailable", "waiting for its account")
    assert line["status"] == "pending" and "main" in line["message"]
    since = world.sim.last()
    time.sleep(1)
    refused = world.sim.log(since)
    probes = [e for e in refused if e["provider"] == "twilio" and e["account"] != world.accounts["other"].sid]
    assert 1 <= len(probes) <= 12 and all(e["method"] == "GET" for e in probes), [worldlib.short(e) for e in probes]
    world.wait_active(C)
    assert world.sim.call(C)["agent_name"] == "sales-agent" and condition(world, "other") == ""
    assert world.line(A)["status"] == "active"      # calls still flow
    assert world.sim.state(main.sid) == before
    world.sim.change_account(main.sid, revoked=False)
    world.wait_active(A, B)
    assert condition(world) == ""
    world.agree()


def test_a_livekit_server_without_updates_is_named(two):
    """Older than 1.9.0: creates work there, and each update has no route. The project says so once, and asks again and again."""
    world = two
    world.sim.config(livekit_old_server=True)
    world.set(A, agent="sales")
    wait_for("a condition", lambda: condition(world, "lk") == "ServerTooOld")
    line = world.wait_line(A, lambda l: l["reason"] == "AccountUnavailable", "waiting for the server")
    assert line["status"] == "active" and "lk" in line["message"] and "bad_route" in line["message"], line
    since = world.sim.last()
    time.sleep(1)
    asked = [e for e in world.sim.log(since) if e["provider"] == "livekit"]
    assert 1 <= len(asked) <= 12 and all(e["path"].endswith("/UpdateSIPInboundTrunk") for e in asked), [worldlib.short(e) for e in asked]
    world.sim.config(livekit_old_server=False)
    world.wait_active(A)
    assert world.sim.call(A)["agent_name"] == "sales-agent" and condition(world, "lk") == ""
    world.agree()


def test_an_account_that_refuses_its_credentials_is_asked_one_thing_at_a_time(two):
    """Much waits there, and each answer takes longer than the pause between two probes."""
    world = two
    main = world.accounts["main"]
    numbers = world.sim.add_numbers(phone(100), 12, main.sid)
    world.sim.config(latency_ms=150)
    refused = world.sim.fault("status", account=main.sid, status=401, code=20003, message="Authenticate", count=0)
    for number in numbers:
        world.number(number, outbound=True)
    wait_for("a condition", lambda: condition(world) == "CredentialsRefused")
    time.sleep(0.3)                         # what was under way by then has its answer
    since, fired = world.sim.last(), world.sim.fired(refused)
    time.sleep(2)
    asked = world.sim.log(since, account=main.sid)
    assert len(asked) >= 3 and world.sim.fired(refused) >= fired + 3
    assert {(e["method"], e["in_flight"]) for e in asked} == {("GET", 1)}, [(worldlib.short(e), e["in_flight"]) for e in asked]
    world.sim.remove_fault(refused)
    world.sim.config(latency_ms=0)
    world.wait_active(A, *numbers)
    world.agree()


def test_a_changed_key_is_used_at_once(two):
    world = two
    main = world.accounts["main"]
    world.sim.change_account(main.sid, auth_token="another-token-for-main")
    world.number(B)
    wait_for("a condition", lambda: condition(world) == "CredentialsRefused")
    world.give_secret("main2", "another-token-for-main")
    world.db.q("update trunkd.twilio_account set secret = 'file:account/main2' where name = 'main'")
    world.wait_active(A, B)
    world.agree()


def test_a_wrong_region_creates_nothing_deletes_nothing_and_says_so(two):
    world = two
    main = world.accounts["main"]
    before = world.sim.state(main.sid)
    world.sim.change_account(main.sid, region="wrong")      # empty lists, 404 for every object
    wait_for(lambda: "a brake\n" + world.story(A, B), lambda: condition(world) == "NothingVisible")
    world.number(B)
    assert world.wait_line(B, lambda l: l["reason"] == "AccountBraked", "waiting for its account")["status"] == "pending"
    world.wait_line(A, lambda l: l["reason"] == "AccountBraked" and l["status"] == "active", "braked")
    since = world.sim.last()
    world.delete(A)
    time.sleep(1.5)
    assert [e for e in world.writes(since) if e["provider"] == "twilio"] == []
    line = world.line(A)
    assert line is not None
    message = world.db.one("select message from trunkd.account_state where name = 'main'")
    assert "release" in message and "region" in message
    world.number(A, outbound=True)          # at LiveKit its removal may have begun: that account is well
    world.wait_line(A, lambda l: l["reason"] == "AccountBraked", "braked")
    world.sim.change_account(main.sid, region="right")
    world.wait_active(A, B, C)                              # ends by itself when the objects reappear
    after = world.sim.state(main.sid)
    assert [t["sid"] for t in after["twilio"][main.sid]["trunks"]] == [t["sid"] for t in before["twilio"][main.sid]["trunks"]]
    assert condition(world) == ""
    world.agree()


def test_everything_gone_at_livekit_is_a_fault_until_it_is_released(two):
    world = two
    ids = {o["sip_trunk_id"] for o in world.sim.objects("inbound_trunks")}
    for kind in ("inbound_trunks", "outbound_trunks", "dispatch_rules"):
        for o in world.sim.objects(kind):
            world.sim.remove_object("simkey", kind, worldlib.object_id(o))
    wait_for(lambda: "a brake\n" + world.story(A, C), lambda: condition(world, "lk"))
    since = world.sim.last()
    time.sleep(1.2)
    assert [e for e in world.writes(since) if e["provider"] == "livekit"] == []
    world.db.q("select trunkd.release('lk', 'we removed them ourselves')")
    wait_for(lambda: "made again\n" + world.story(A, C), lambda: world.sim.counts()["outbound_trunks"] == 2)
    world.wait_active(A, C)
    assert not ids & {o["sip_trunk_id"] for o in world.sim.objects("inbound_trunks")}
    world.exactly_one(A, outbound=True)
    world.agree()


def test_one_missing_object_beside_visible_ones_is_made_again(two):
    """Of every kind that complete scans list, one after the other; an object takes along what stands below it."""
    world = two
    world.number(B, outbound=True)
    world.wait_active(A, B)
    kinds = [k for k in world.kinds() if k not in {"twilio.trunk_phone_number", *worldlib.ON_REQUEST} and worldlib.LISTS[k][1] is None]
    for kind in kinds:
        world.wait_quiet()
        row = (world.ledger(A, kind) or world.ledger(account="main", kind=kind))[0]
        if kind.startswith("livekit"):
            neighbour = world.of_number(B)
        world.sim.remove_object(world.tenant(row["account"]), worldlib.LISTS[kind][0], row["external_id"])
        wait_for(lambda: f"another {kind}\n{world.story(A, B)}", lambda: all(
            r["external_id"] != row["external_id"] for r in world.ledger(row["owner"], kind)) and world.ledger(row["owner"], kind))
        wait_for(lambda: f"calls as before without {kind}\n{world.story(A, B)}", lambda: all(
            world.sim.call(number)["ends"] == "room" for number in (A, B)))
        world.wait_active(A, B, C)
        world.agree()
        for number in (A, B):
            world.exactly_one(number, outbound=True)
        if kind.startswith("livekit"):
            assert world.of_number(B) == neighbour, kind
        assert condition(world) == condition(world, "lk") == ""
    print(f"removed one object of each of {len(kinds)} kinds")
    assert kinds


def test_three_sick_accounts_of_twenty_hold_nobody_up(crowd):
    """One hangs, one answers 429 to everything, one is down; the others are set up, changed and taken down beside them."""
    world = crowd
    numbers = {}
    for n in range(20):
        name = f"a{n}"
        world.account(name)
        numbers[name] = [phone(100 + 10 * n + i) for i in range(3)]
        for number in numbers[name]:
            world.own(number, name)
            world.number(number, name, outbound=True)
    sick = {"a3": dict(action="hang"), "a9": dict(action="status", status=429), "a15": dict(action="status", status=503)}
    faults = [world.sim.fault(account=world.accounts[name].sid, count=0, **how) for name, how in sick.items()]
    well = [number for name, of in numbers.items() if name not in sick for number in of]
    ill = [number for name in sick for number in numbers[name]]
    world.daemon.start()
    world.wait_active(*well)
    assert not any(world.line(number)["status"] == "active" for number in ill)
    world.db.q("update trunkd.agent set metadata = 'another' where name = 'support'")
    world.wait_active(*well)
    assert {world.sim.call(number)["metadata"] for number in well} == {"another"}
    assert not any(world.line(number)["status"] == "active" for number in ill)
    for fault in faults:
        world.sim.remove_fault(fault)
    world.wait_active(*well, *ill)
    world.agree()


def test_an_account_may_want_drift_to_be_reported_only(two):
    world = two
    world.db.q("update trunkd.twilio_account set drift = 'report' where name = 'main'; update trunkd.livekit_project set drift = 'report'")
    rule = world.id_of(A, "livekit.dispatch_rule")
    trunk, = world.ledger(account="main", kind="twilio.trunk")
    since = world.sim.last()
    world.sim.change_object(simlib.API_KEY, "dispatch_rules", rule, hide_phone_number=True)
    world.sim.change_object(world.accounts["main"].sid, "trunks", trunk["external_id"], cnam_lookup_enabled=True)
    words = f"somebody changed livekit.dispatch_rule {rule}: hide_phone_number is true, was false"
    world.wait_line(A, lambda line: (line["settled"], line["reason"], line["message"]) == (True, "DriftLeft", words), words)
    wait_for("both to be told", lambda: len(world.events("Drifted")) == 2)
    assert all(message.endswith("; it is left so") for message in world.events("Drifted"))
    world.daemon.kill()
    world.daemon.start()
    world.wait_status(A, "active", "DriftLeft")
    assert world.writes(since) == []
    world.db.q("select trunkd.retry(%s)", A)
    world.wait_active(A)
    assert [o["hide_phone_number"] for o in world.sim.objects("dispatch_rules") if o["sip_dispatch_rule_id"] == rule] == [False]
    assert not any(o["cnam_lookup_enabled"] for o in world.sim.objects("trunks"))
    world.agree()


@pytest.mark.parametrize("when", ["during the set-up", "during the removal"])
@pytest.mark.parametrize("how", ["503", "dropped", "hangs"])
def test_an_outage_rolls_nothing_back_and_corrupts_nothing(two, when, how):
    """Longer than all the times after which something is given up (corrupted_after is 1.5 s here, an outage of 20 minutes in production)."""
    world = two
    rule = {"503": {"action": "status", "status": 503}, "dropped": {"action": "drop_before"}, "hangs": {"action": "hang"}}[how]
    if when == "during the removal":
        world.number(B, outbound=True)
        world.wait_active(B)
    fault = world.sim.fault(rule["action"], count=0, **{k: v for k, v in rule.items() if k != "action"})
    if when == "during the set-up":
        world.number(B, outbound=True)
    else:
        world.delete(B)
    seen = set()
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for number in (A, B):
            line = world.line(number)
            seen.add((number, line["status"]))
        time.sleep(0.05)
    assert world.sim.fired(fault) >= 3
    allowed = {(A, "active"), (B, "pending" if when == "during the set-up" else "deleting")}
    assert seen <= allowed, world.story(A, B)
    assert condition(world) in ("Unreachable",) or condition(world, "lk") in ("Unreachable",)
    world.sim.remove_fault(fault)
    if when == "during the set-up":
        world.wait_active(A, B)
        world.exactly_one(B, outbound=True)
    else:
        world.wait_gone(B)
        world.wait_active(A)
    assert "failed" not in str(world.events("StatusChanged", B)) and "corrupted" not in str(world.events("StatusChanged", B))
    world.agree()


def test_a_base_url_that_the_configuration_does_not_list_is_never_asked(db, tmp_path):
    world = worldlib.World(db, tmp_path, origins=False)
    try:
        world.account("main")
        world.own(A)
        world.number(A)
        world.daemon.start()
        wait_for("a condition", lambda: condition(world) == "BaseUrlNotAllowed")
        world.wait_line(A, lambda l: l["status"] == "pending" and l["reason"] == "AccountUnavailable", "waiting")
        assert world.sim.log() == []
        world.daemon.configure([world.sim.twilio_url, world.sim.livekit_url])
        world.daemon.signal(1)              # SIGHUP
        world.wait_active(A)
    finally:
        world.close()


def test_a_missing_secret_is_named_and_found_when_it_comes(world):
    world.own(A)
    path = world.daemon.folder / "secrets" / "account" / "main"
    path.rename(path.with_name("away"))
    world.number(A)
    world.daemon.start()
    wait_for("a condition", lambda: condition(world) == "SecretMissing")
    assert "file:account/main" in world.db.one("select message from trunkd.account_state where name = 'main'")
    path.with_name("away").rename(path)
    world.wait_active(A)
    world.agree()


def test_many_numbers_at_once_stay_within_the_accounts_window(world):
    numbers = world.sim.add_numbers(phone(100), 40, world.accounts["main"].sid)
    world.sim.config(latency_ms=20)
    began = time.monotonic()
    for number in numbers:
        world.number(number, outbound=True)
    world.daemon.start()
    world.wait_active(*numbers, timeout=180)        # with a pause of a second after each 429 (switches)
    print(f"{len(numbers)} numbers in both directions active after {time.monotonic() - began:.1f} s")
    peaks = {(t.get("sid") or t.get("api_key")): t["in_flight_peak"] for t in world.sim.control("GET", "tenants")["tenants"]}
    assert all(peak <= 32 for peak in peaks.values()) and peaks[world.accounts["main"].sid] <= 4, peaks
    assert world.sim.counts()["trunks"] == 1
    world.agree()
    world.db.q("delete from trunkd.phone_number")
    world.release_all()
    world.wait_gone(*numbers, timeout=180)
    assert world.held() == {}
