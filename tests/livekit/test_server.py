"""What only the real server can show: its own words, its own checks, its own slowness."""
import json
import os
import signal
import time

import pytest

from daemonlib import wait_for
import simlib
import worldlib
from worldlib import phone

A, B = phone(1), phone(2)
KEY = simlib.API_KEY


def both_ways(world, number=A):
    world.own(number)
    world.number(number, outbound=True, label="both ways")
    world.daemon.start()
    return world.wait_active(number)


def test_the_server_holds_what_was_sent_field_by_field(world, servers):
    """Nothing of what trunkd sends is dropped: an unknown field or name is, without a word."""
    line = both_ways(world)
    listed = {kind: world.sim.listed(servers[0], kind) for kind in ("inbound_trunks", "outbound_trunks", "dispatch_rules")}
    inbound, = listed["inbound_trunks"]
    outbound, = listed["outbound_trunks"]
    rule, = listed["dispatch_rules"]
    assert (inbound["sip_trunk_id"], inbound["numbers"]) == (line["livekit_inbound_trunk_id"], [A])
    assert (outbound["sip_trunk_id"], outbound["numbers"]) == (line["livekit_outbound_trunk_id"], [A])
    assert (rule["sip_dispatch_rule_id"], rule["trunk_ids"]) == (line["livekit_dispatch_rule_id"], [inbound["sip_trunk_id"]])
    assert all(o["name"].startswith("both ways [td-") for o in (inbound, outbound, rule))
    assert inbound["metadata"] == outbound["metadata"] == rule["metadata"] == ""
    assert rule["rule"] == {"dispatch_rule_individual": {"room_prefix": "call", "pin": "", "no_randomness": False}}
    assert [(a["agent_name"], a["metadata"]) for a in rule["room_config"]["agents"]] == [("support-agent", '{"queue":"support"}')]
    trunk, = world.sim.objects("trunks")
    credential, = world.sim.objects("credentials")
    assert (outbound["address"], outbound["auth_username"]) == (trunk["domain_name"], credential["username"])
    assert world.sim.digest(domain=trunk["domain_name"], username=outbound["auth_username"], password=outbound["auth_password"])["accepted"]
    # And the echo of every write was taken as it is: no write is repeated, nothing drifts.
    assert world.events("Drifted") == []
    assert sorted(worldlib.short(e) for e in world.writes() if e["provider"] == "livekit") == [
        "POST CreateSIPDispatchRule", "POST CreateSIPInboundTrunk", "POST CreateSIPOutboundTrunk"]


def test_a_variant_with_nothing_in_it_is_a_rule_of_that_type(world, servers):
    """The object of the variant is written empty; the server must not drop it."""
    both_ways(world)
    for settings, variant in (({}, "individual"), ({"type": "callee"}, "callee")):
        world.db.q("update trunkd.agent set room_prefix = '', dispatch_rule = %s where name = 'support'", json.dumps(settings))
        world.wait_active(A)
        rule, = world.sim.listed(servers[0], "dispatch_rules")
        assert list(rule["rule"]) == ["dispatch_rule_" + variant] and rule["rule"]["dispatch_rule_" + variant]["room_prefix"] == "", rule
    world.agree()


@pytest.mark.parametrize("body", [{"numbers": [A]}, {"numbers": [A, "+15559999999"], "name": "theirs"}], ids=["alone", "among others"])
def test_a_number_that_a_foreign_trunk_holds_fails_with_words_and_works_once_it_is_free(world, servers, body):
    foreign = world.sim.add_object(KEY, "inbound_trunks", body)["sip_trunk_id"]
    world.own(A)
    world.number(A, outbound=True)
    world.daemon.start()
    line = world.wait_status(A, "failed")
    assert "Conflicting inbound SIP Trunks" in line["message"] and foreign in line["message"] and A in line["message"], line
    kept = [o["sip_trunk_id"] for kind in ("inbound_trunks", "outbound_trunks") for o in world.sim.objects(kind)]
    assert kept == [foreign] and world.sim.objects("dispatch_rules") == []          # ours are taken back, theirs is not touched
    assert world.sim.number(A)["trunk_sid"] is None
    world.sim.remove_object(KEY, "inbound_trunks", foreign)
    world.db.q("select trunkd.retry(%s)", A)
    world.wait_active(A)
    world.exactly_one(A, outbound=True)
    world.agree()


CHANGES = {
    "the agent of a rule": ("dispatch_rules", {"room_config": {"agents": [{"agent_name": "somebody"}]}}),
    "the trunk of a rule": ("dispatch_rules", {"trunk_ids": []}),
    "the prefix of a rule": ("dispatch_rules", {"rule": {"dispatch_rule_individual": {"room_prefix": "other"}}}),
    "the tag of a trunk": ("inbound_trunks", {"name": "renamed in a console"}),
    "the numbers of a trunk": ("inbound_trunks", {"numbers": [A, "+15559999999"]}),
    "the address of a trunk": ("outbound_trunks", {"address": "elsewhere.pstn.twilio.com"}),
    "the encryption of a trunk, where it counts": ("inbound_trunks", {"media": {"encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"}}),
    "the password of a trunk": ("outbound_trunks", {"auth_password": "another password"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_field_changed_behind_our_back_is_put_back(world, servers, change):
    kind, fields = CHANGES[change]
    both_ways(world)
    world.wait_quiet()
    held, (before,) = world.held(), world.sim.objects(kind)
    since = world.sim.last()
    world.sim.change_object(KEY, kind, worldlib.object_id(before), **fields)
    assert world.sim.objects(kind) != [before]
    wait_for(lambda: f"put back as {before}, not {world.sim.objects(kind)}\n" + world.story(A), lambda: [as_kept(o) for o in world.sim.objects(kind)] == [as_kept(before)])
    world.wait_active(A)
    world.agree()
    assert set(world.held()) == set(held)
    assert len(world.writes(since)) == 1        # in place, and nothing besides


def as_kept(o):
    """The server fills in an empty `media` when it makes a rule and leaves it out when it replaces one: the same to it."""
    o = {k: v for k, v in o.items() if k not in ("created_at", "updated_at")}
    return {**o, "media": None} if "media" in o and not any(o["media"].values() if o["media"] else []) else o


def test_a_server_whose_redis_stalls_ends_with_one_of_each(world, servers):
    """It answers 500, or not in time, and executes what it was told when Redis goes on."""
    both_ways(world)
    world.own(B)
    os.kill(servers[0].redis.process.pid, signal.SIGSTOP)
    try:
        since = world.sim.last()
        world.number(B, outbound=True)
        world.set(A, agent="sales")
        wait_for("two writes or more", lambda: len([e for e in world.writes(since) if e["provider"] == "livekit"]) >= 2)
        time.sleep(1)
    finally:
        os.kill(servers[0].redis.process.pid, signal.SIGCONT)
    world.wait_active(A, B)
    time.sleep(1.5)
    for number in (A, B):
        world.wait_active(number)
        world.exactly_one(number, outbound=True)
    world.agree()
    assert world.sim.call(A)["agent_name"] == "sales-agent" and world.sim.call(B)["agent_name"] == "support-agent"


def test_two_projects_do_not_meet(world, servers):
    """Each on a server of its own; the same account at Twilio, so two trunks there."""
    second = servers[1]
    world.urls.append(second.proxy.url)
    world.daemon.configure(world.urls)
    world.give_secret("second", second.secret)
    world.insert("livekit_project", {"name": "second", "url": second.proxy.url, "api_key": second.key, "secret": "file:account/second",
                                     "sip_host": "second.sip.sim.test"})
    world.own(A)
    world.own(B)
    world.number(A, livekit_project="lk")
    world.number(B, livekit_project="second")
    world.daemon.start()
    world.wait_active(A, B)
    numbers = {key: [n for o in world.sim.objects("inbound_trunks", key) for n in o["numbers"]] for key in (KEY, second.key)}
    assert numbers == {KEY: [A], second.key: [B]}
    assert sorted(o["sip_url"] for o in world.sim.objects("origination_urls")) == [
        "sip:demo.sip.sim.test;transport=tcp", "sip:second.sip.sim.test;transport=tcp"]
