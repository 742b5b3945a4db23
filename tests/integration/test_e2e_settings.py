"""Every setting of a number's LiveKit trunks and of its agent's rules: made, changed in place on a live number, and undone. The table is settings.def."""
import hashlib
import json
import pathlib
import re

import pytest

from ctllib import trunkctl
from daemonlib import wait_for
from pglib import SOURCES
from simlib import SIP_HOST
import worldlib

A, B = worldlib.phone(1), worldlib.phone(2)
ROWS = re.findall(r"^SETTING\((\w+), (\w+), (\w+), (\w+), (-?\d+), (-?\d+), \"(.*?)\", ",
                  (pathlib.Path(SOURCES) / "include/trunkd/settings.def").read_text(), re.M)
PAIR = {"auth_username": "auth_password", "auth_password": "auth_username"}     # they go together
# What a setting of a rule goes with; the two types of rule that are not the default have settings of their own.
GOES_WITH = {"type": {"room_name": "lobby"}, "room_name": {"type": "direct"}, "randomize": {"type": "callee"}}
NOT_FIRST, NOT_SECOND = ("type", "room_name", "randomize"), ("room_name", "no_randomness")
OTHER_CARRIERS = {("outbound_trunk", key) for key in ("address", "transport", *PAIR)} | {("inbound_trunk", key) for key in PAIR}
CARRIERS = ["sip.one.example", "127.0.0.1:5099", "sip.plain.example"]
PASSWORDS = {"file:sip/one": "first sip password", "file:sip/two": 'second "sip" \\ password'}
ENUMS = {"media_encryption": "SIP_MEDIA_ENCRYPT_%s", "include_headers": {"none": "SIP_NO_HEADERS", "x": "SIP_X_HEADERS", "all": "SIP_ALL_HEADERS"},
         "transport": "SIP_TRANSPORT_%s", "type": "dispatch_rule_%s"}
LISTS = {"inbound_trunk": "inbound_trunks", "outbound_trunk": "outbound_trunks", "dispatch_rule": "dispatch_rules"}
NUMBERS_OWN = {
    "sip": [row for row in ROWS if row[0] in LISTS],
    "twilio": [row for row in ROWS if row[0] in LISTS and (row[0], row[1]) not in OTHER_CARRIERS],
}
IDS = {"inbound_trunk": "sip_trunk_id", "outbound_trunk": "sip_trunk_id", "dispatch_rule": "sip_dispatch_rule_id"}
EXAMPLES = {
    "allowed_addresses": (["203.0.113.7", "2001:db8::/32"], ["198.51.100.0/24"]), "destination_country": ("de", "fr"), "pin": ("1234", "777"),
    "more_agents": ({"writer": "", "übersetzer": "{\"to\":\n\"de\"}"}, {"writer": "w"}),
    "address": tuple(CARRIERS[:2]), "auth_username": ("desk", "night"), "auth_password": tuple(PASSWORDS),
}


def examples(key, kind, words, provider="sip"):
    """Two values that are not the default. On a number of Twilio's `require` is the trunk's to say."""
    if (provider, key) == ("twilio", "media_encryption"):
        return "allow", "disable"
    if words:
        return words.split()[1:3]
    return EXAMPLES.get(key) or {
        "TEXT": ("one.example", "two.example"), "BOOL": (True, False), "INT": (20, 30), "LIST": (["+4930111", "+4930222"], ["+4930333"]),
        "MAP": ({"X-One": "one"}, {"X-Two": "two", "X-One": "three"})}[kind]


def expected(key, value):
    """As LiveKit shows it; a password as the simulator does."""
    if key == "auth_password":
        return "masked:" + hashlib.sha256(PASSWORDS[value].encode()).hexdigest()[:8]
    if key in ENUMS:
        return ENUMS[key][value] if isinstance(ENUMS[key], dict) else ENUMS[key] % (value if key == "type" else value.upper())
    return f"{value}s" if key.endswith("_seconds") else sorted(value) if isinstance(value, list) else value


def shown(world, document, number):
    inbound, = [o["sip_trunk_id"] for o in world.sim.objects("inbound_trunks") if o["numbers"] == [number]]
    o, = [o for o in world.sim.objects(LISTS[document]) if o["numbers"] == [number] or o.get("trunk_ids") == [inbound]]
    for variant, fields in o.get("rule", {}).items():
        agents = {agent["agent_name"]: agent["metadata"] for agent in o["room_config"]["agents"]}
        main = "support-agent" if number == A else "sales-agent"
        assert agents.pop(main) == ('{"queue":"support"}' if number == A else ""), agents
        o = {**o, **fields, "type": variant, "more_agents": agents}
    if o.get("auth_password") in PASSWORDS.values():            # the real server shows it
        o["auth_password"] = "masked:" + hashlib.sha256(o["auth_password"].encode()).hexdigest()[:8]
    return {k: sorted(v) if isinstance(v, list) else v for k, v in o.items() if k not in ("media", "updated_at", "created_at")}


OWN = ("sip_trunk_id", "sip_dispatch_rule_id", "name", "numbers", "trunk_ids", "rule", "room_config", "room_prefix")


def wire(key):
    return key.removesuffix("_seconds")


def documents(values, provider):
    """Another carrier's number has an address, whatever else it has."""
    docs = {d: {key: value for (document, key), value in values.items() if document == d} for d in LISTS}
    if provider == "sip":
        docs["outbound_trunk"].setdefault("address", CARRIERS[2])
    return docs


def write(world, values, provider):
    docs = documents(values, provider)
    world.db.q("""with agent as (update trunkd.agent set dispatch_rule = %s where name = 'support')
                  update trunkd.phone_number set inbound_trunk = %s, outbound_trunk = %s where phone_number = %s""",
               json.dumps(docs["dispatch_rule"]), json.dumps(docs["inbound_trunk"]), json.dumps(docs["outbound_trunk"]), A)
    world.wait_active(A, B)


def check(world, values, ids, what):
    for (document, key), value in values.items():
        assert shown(world, document, A)[wire(key)] == expected(key, value), (what, document, key)
    assert {d: shown(world, d, A)[IDS[d]] for d in LISTS} == ids, what


def insert(world, provider, number, agent, docs):
    if provider == "sip":
        world.carrier(number, agent, inbound_trunk=docs["inbound_trunk"], outbound_trunk=docs["outbound_trunk"])
    else:
        world.own(number)
        world.number(number, outbound=True, agent=agent, inbound_trunk=docs["inbound_trunk"], outbound_trunk=docs["outbound_trunk"])


def know_carriers(world):
    for name, password in PASSWORDS.items():
        world.give_secret(name.removeprefix("file:sip/"), password, "sip")
    world.daemon.configure(world.urls + CARRIERS)


@pytest.mark.parametrize("provider", NUMBERS_OWN)
def test_every_setting_is_made_changed_in_place_and_undone(world, provider):
    rows = NUMBERS_OWN[provider]
    values = {(d, key): examples(key, kind, words, provider) for d, key, _, kind, _, _, words in rows}
    first = {(d, key): value[0] for (d, key), value in values.items() if key not in NOT_FIRST}
    second = {(d, key): value[1] if key != "randomize" else True for (d, key), value in values.items() if key not in NOT_SECOND}
    docs = documents(first, provider)
    world.db.q("update trunkd.agent set dispatch_rule = %s where name = 'support'", json.dumps(docs["dispatch_rule"]))
    insert(world, provider, A, "support", docs)
    insert(world, provider, B, "sales", documents({}, provider))
    know_carriers(world)
    world.daemon.start()
    world.wait_active(A, B)
    ids = {d: shown(world, d, A)[IDS[d]] for d in LISTS}
    plain = {d: shown(world, d, B) for d in LISTS}
    check(world, first, ids, "made")
    since = world.sim.last()
    write(world, second, provider)                          # all at once: one replace of each object
    check(world, second, ids, "changed")
    assert sorted(map(worldlib.short, world.writes(since))) == [
        "POST UpdateSIPDispatchRule", "POST UpdateSIPInboundTrunk", "POST UpdateSIPOutboundTrunk"]
    write(world, {}, provider)
    for document in LISTS:
        now = shown(world, document, A)
        assert {k: v for k, v in now.items() if k not in OWN} \
            == {k: v for k, v in plain[document].items() if k not in OWN}, document
    visited = 0
    for document, key, *_ in rows:                          # and each alone
        alone = {(document, k): values[document, k][0] for k in (key, PAIR.get(key)) if k}
        alone.update({(document, k): value for k, value in GOES_WITH.get(key, {}).items()})
        since = world.sim.last()
        write(world, alone, provider)
        check(world, alone, ids, "alone")
        assert len(world.writes(since)) == 1, list(map(worldlib.short, world.writes(since)))
        write(world, {}, provider)
        visited += 1
    assert provider == "sip" or world.sim.call(A)["ends"] == "room"
    assert {d: shown(world, d, B) for d in LISTS} == plain   # the neighbour
    world.agree()
    print(f"visited {visited} settings")
    assert visited == len(rows) >= 21


def test_a_manifest_can_hold_every_setting(world, tmp_path):
    world.own(A)
    spec = {"twilioAccount": "main", "agent": "support", "supportsOutbound": True, "inboundTrunk": {}, "outboundTrunk": {}}
    carrier = {"provider": "sip", "livekitProject": worldlib.PROJECT, "supportsOutbound": True, "inboundTrunk": {}, "outboundTrunk": {}}
    agent = {"dispatchName": "support-agent", "dispatchRule": {}}
    wanted = {}
    for provider, number in (("twilio", spec), ("sip", carrier)):
        maps = {"inbound_trunk": number["inboundTrunk"], "outbound_trunk": number["outboundTrunk"], "dispatch_rule": agent["dispatchRule"]}
        wanted[provider] = {document: {} for document in LISTS}
        for document, key, manifest, kind, _, _, words in NUMBERS_OWN[provider]:
            if key in NOT_FIRST:
                continue
            value = examples(key, kind, words, provider)[0]
            maps[document][manifest] = value
            wanted[provider][document][key] = value
    file = tmp_path / "a.yaml"
    document = {"apiVersion": "trunkd/v1", "kind": "PhoneNumber", "metadata": {"name": A}, "spec": spec}
    both = [document, {**document, "metadata": {"name": B}, "spec": carrier},
            {"apiVersion": "trunkd/v1", "kind": "Agent", "metadata": {"name": "support"}, "spec": agent}]
    file.write_text("\n---\n".join(map(json.dumps, both)))
    done = trunkctl(world.db, "apply", "-f", str(file))
    assert (done.code, done.err) == (0, ""), done
    assert world.db.q("select inbound_trunk, outbound_trunk, dispatch_rule from trunkd.phone_number, trunkd.agent where name = 'support' order by phone_number") \
        == [tuple(wanted["twilio"].values()), tuple(wanted["sip"].values())]
    assert "unchanged" in trunkctl(world.db, "apply", "-f", str(file)).out
    know_carriers(world)
    world.daemon.start()
    world.wait_active(A)
    assert shown(world, "inbound_trunk", A)["ringing_timeout"] == "20s"
    document["spec"]["inboundTrunk"] = {"ringingTimeout": 20, "krispEnabled": "yes", "allowedAddresses": "10.0.0.1", "headers": {"X": 5}}
    carrier["outboundTrunk"]["authPassword"] = "5up3r s3cr3t"
    file.write_text("\n---\n".join(map(json.dumps, both)))
    done = trunkctl(world.db, "apply", "-f", str(file))
    assert done.code == 1 and "5up3r" not in done.err.split("\n    ")[0]
    for sentence in ('inboundTrunk has no key "ringingTimeout"; did you mean "ringingTimeoutSeconds"?', "krispEnabled is true or false",
                     "allowedAddresses is a list of texts", 'X is a text, and without quotes YAML reads 5 as a number: write "5"',
                     "authPassword says where the secret is, not the secret itself: file:sip/NAME, env:TRUNKD_SIP_NAME, or what trunkctl seal prints"):
        assert sentence in done.err, (sentence, done.err)
    del document["spec"]["inboundTrunk"], document["spec"]["outboundTrunk"]     # what is not written means its default
    file.write_text(json.dumps(document))
    assert trunkctl(world.db, "apply", "-f", str(file), "--wait").code == 0
    assert shown(world, "inbound_trunk", A)["ringing_timeout"] is None and shown(world, "outbound_trunk", A)["headers"] == {}
    world.agree()


TWILIO = {key: (words.split()[1] if words else "https://recover.test/" if kind == "TEXT" else True)
          for document, key, _, kind, _, _, words in ROWS if document == "twilio_trunk" and kind != "DOCUMENTS" and key != "secure"}
DEFAULTS = {"transfer_mode": "disable-all", "transfer_caller_id": "from-transferee", "cnam_lookup_enabled": False,
            "disaster_recovery_url": None, "disaster_recovery_method": "POST", "recording_mode": "do-not-record", "recording_trim": "do-not-trim",
            "connection_policy": False}
# A setting that says nothing alone, and what it is written with; and whose objects are others than the trunk.
WITH = {"recording_trim": {"recording_mode": "record-from-answer"}}
WRITES = {"recording_mode": ["POST /v1/Trunks/TK/Recording"], "recording_trim": ["POST /v1/Trunks/TK/Recording"],
          "connection_policy": ["POST /v1/ConnectionPolicies", "POST /v1/ConnectionPolicies/NY/Targets"]}


def trunk_of(world, number):
    """As it works: none and empty are alike, and a method that is not said is POST."""
    o, = [o for o in world.sim.objects("trunks") if o["sid"] == world.sim.number(number)["trunk_sid"]]
    return {**o, "disaster_recovery_url": o["disaster_recovery_url"] or None, "disaster_recovery_method": o["disaster_recovery_method"] or "POST",
            **{"recording_" + name: value for name, value in o["recording"].items()}, "connection_policy": bool(targets_of(world))}


URL = "disaster_recovery_url"          # not every Twilio lets go of it


@pytest.mark.parametrize("settings_of_it", [[key for key in TWILIO if key != URL], [URL]], ids=["all but a URL", "a URL"])
def test_every_setting_of_a_trunk_people_wrote(world, settings_of_it):
    all_of_it = {key: TWILIO[key] for key in settings_of_it}
    world.own(A)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT, "twilio_trunk": all_of_it})
    world.number(A, trunk="big")
    world.daemon.start()
    world.wait_active(A)
    first = trunk_of(world, A)
    assert {key: first[key] for key in TWILIO} == {**DEFAULTS, **all_of_it} and set(TWILIO) == set(DEFAULTS)

    def want(settings):
        world.db.q("update trunkd.trunk set twilio_trunk = %s", json.dumps(settings))
        world.wait_trunk("big")

    for key in settings_of_it:
        want({})
        since, settings = world.sim.last(), {**WITH.get(key, {}), key: TWILIO[key]}
        want(settings)
        now = trunk_of(world, A)
        assert now["sid"] == first["sid"] and {k: now[k] for k in TWILIO} == {**DEFAULTS, **settings}, now
        assert list(map(worldlib.short, world.writes(since))) == WRITES.get(key, ["POST /v1/Trunks/TK"])
    want({})
    assert {k: trunk_of(world, A)[k] for k in TWILIO} == DEFAULTS
    world.agree()


def test_twilio_settings_of_a_number_are_those_of_a_trunk_of_its_own(world):
    for number in (A, B):
        world.own(number)
        world.number(number)
    world.daemon.start()
    world.wait_active(A, B)
    shared = trunk_of(world, B)["sid"]
    world.set(A, twilio_trunk=json.dumps({"transfer_mode": "enable-all"}))
    world.wait_active(A, B)
    own = trunk_of(world, A)
    assert own["sid"] != shared == trunk_of(world, B)["sid"] and own["transfer_mode"] == "enable-all"
    world.set(A, twilio_trunk=json.dumps({"transfer_mode": "sip-only"}))
    world.wait_line(A, lambda line: line["settled"] and trunk_of(world, A)["transfer_mode"] == "sip-only", "sip-only")
    assert trunk_of(world, A)["sid"] == own["sid"]
    world.set(A, twilio_trunk=None)
    world.wait_active(A, B)
    assert trunk_of(world, A)["sid"] == shared
    world.agree()


def targets_of(world):
    """Of the only policy there is."""
    policies = world.sim.objects("connection_policies")
    assert len(policies) <= 1
    return {o["target"].lower(): (o["priority"], o["weight"]) for o in world.sim.objects("connection_policy_targets")
            if o["connection_policy_sid"] == policies[0]["sid"] and o["enabled"]}


def urls_of(world, number):
    """In small letters: Twilio may show a host in others than it was given."""
    return {o["sip_url"].lower(): (o["priority"], o["weight"]) for o in world.sim.objects("origination_urls")
            if o["trunk_sid"] == world.sim.number(number)["trunk_sid"] and o["enabled"]}


def test_more_origination_urls_of_a_live_number(world, tmp_path):
    own = {f"sip:{SIP_HOST};transport=tcp": (10, 10)}
    world.own(A)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT, "twilio_trunk": {}})
    world.number(A, trunk="big")
    world.daemon.start()
    world.wait_active(A)
    file = tmp_path / "trunk.yaml"

    def want(*urls):
        spec = {"twilioAccount": "main", "livekitProject": worldlib.PROJECT, "twilioTrunk": {"originationUrls": list(urls)}}
        file.write_text(json.dumps({"apiVersion": "trunkd/v1", "kind": "Trunk", "metadata": {"name": "big"}, "spec": spec}))
        done = trunkctl(world.db, "apply", "-f", str(file))
        assert (done.code, done.err) == (0, ""), done
        world.wait_trunk("big")
        assert world.sim.call(A)["ends"] == "room"

    want({"url": "sip:Backup.example;transport=tcp", "priority": 20, "weight": 1}, {"url": "sip:desk@two.example"})
    assert urls_of(world, A) == {**own, "sip:backup.example;transport=tcp": (20, 1), "sip:desk@two.example": (10, 10)}
    since = world.sim.last()
    want({"url": "sip:backup.example;transport=tcp", "priority": 0, "weight": 1}, {"url": "sip:desk@two.example"})
    assert urls_of(world, A) == {**own, "sip:backup.example;transport=tcp": (0, 1), "sip:desk@two.example": (10, 10)}
    assert list(map(worldlib.short, world.writes(since))) == ["POST /v1/Trunks/TK/OriginationUrls/OU"]
    many = [{"url": f"sip:h{n}.example", "priority": 20 + n} for n in range(8)]
    want(*many)
    others = [{"url": f"sip:i{n}.example", "priority": 30 + n} for n in range(8)]
    want(*others)                                   # all replaced: eight old, eight new and the own one never fit at once
    assert urls_of(world, A) == {**own, **{u["url"]: (u["priority"], 10) for u in others}}
    world.agree()
    want()
    assert urls_of(world, A) == own
    world.agree()
    file.write_text(file.read_text().replace('"originationUrls": []', '"originationUrls": [{"uri": "sip:x"}, "sip:y"]'))
    done = trunkctl(world.db, "apply", "-f", str(file))
    assert done.code == 1 and 'originationUrls has no key "uri"; did you mean "url"?' in done.err and "originationUrls is a map of settings" in done.err, done.err


def test_a_connection_policy_of_a_live_number(world, tmp_path):
    own = {f"sip:{SIP_HOST};transport=tcp": (10, 10)}
    world.own(A)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT, "twilio_trunk": {}})
    world.number(A, trunk="big")
    world.daemon.start()
    world.wait_active(A)
    file = tmp_path / "trunk.yaml"

    def want(**settings):
        spec = {"twilioAccount": "main", "livekitProject": worldlib.PROJECT, "twilioTrunk": settings}
        file.write_text(json.dumps({"apiVersion": "trunkd/v1", "kind": "Trunk", "metadata": {"name": "big"}, "spec": spec}))
        done = trunkctl(world.db, "apply", "-f", str(file))
        assert (done.code, done.err) == (0, ""), done
        world.wait_trunk("big")
        assert world.sim.call(A)["ends"] == "room"

    want(connectionPolicy=True)
    assert targets_of(world) == own
    sid = world.sim.objects("connection_policies")[0]["sid"]
    for name in ("trunk/big", A):
        done = trunkctl(world.db, "describe", name)
        assert sid in done.out and f"sip:{SIP_HOST};transport=tcp" in done.out and "a BYOC trunk at Twilio has to name it" in done.out, done
    since = world.sim.last()
    want(connectionPolicy=True, connectionPolicyTargets=[{"target": "sip:desk@Two.example", "priority": 0, "weight": 65535}])
    assert targets_of(world) == {**own, "sip:desk@two.example": (0, 65535)}
    want(connectionPolicy=True, connectionPolicyTargets=[{"target": "sip:desk@two.example"}])
    assert targets_of(world) == {**own, "sip:desk@two.example": (10, 10)}
    assert list(map(worldlib.short, world.writes(since))) == ["POST /v1/ConnectionPolicies/NY/Targets", "POST /v1/ConnectionPolicies/NY/Targets/NE"]
    many = [[{"target": f"sip:{name}{n}.example", "priority": n} for n in range(8)] for name in "hi"]
    for targets in many:                            # all replaced: eight old, eight new and the own one never fit at once
        want(connectionPolicy=True, connectionPolicyTargets=targets)
    assert targets_of(world) == {**own, **{t["target"]: (t["priority"], 10) for t in many[1]}}
    assert world.sim.objects("connection_policies")[0]["sid"] == sid
    world.agree()
    want()
    assert world.sim.objects("connection_policies") == world.sim.objects("connection_policy_targets") == []
    world.agree()


def ends_of(world, number):
    """What Twilio and LiveKit say of the encryption of its calls."""
    of = world.of_number(number)
    return (trunk_of(world, number)["secure"], of["inbound"][0]["media_encryption"], of["outbound"][0]["media_encryption"], of["outbound"][0]["transport"],
            list(urls_of(world, number)))


def test_secure_trunking_is_one_switch(world):
    for number in (A, B):
        world.own(number)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT, "twilio_trunk": {"secure": True}})
    world.number(A, trunk="big", outbound=True)
    world.daemon.start()
    world.wait_active(A)
    demanded = (True, "SIP_MEDIA_ENCRYPT_REQUIRE", "SIP_MEDIA_ENCRYPT_REQUIRE", "SIP_TRANSPORT_TLS", [f"sip:{SIP_HOST};transport=tls"])
    plain = (False, "SIP_MEDIA_ENCRYPT_DISABLE", "SIP_MEDIA_ENCRYPT_DISABLE", "SIP_TRANSPORT_AUTO", [f"sip:{SIP_HOST};transport=tcp"])
    assert ends_of(world, A) == demanded
    ids = {kind: world.id_of(A, kind) for kind in world.kinds(owner="number")}
    world.number(B, outbound=True)                                      # another trunk, which is as it was
    world.wait_active(B)
    for secure in (False, True, False):
        world.db.q("update trunkd.trunk set twilio_trunk = %s", json.dumps({"secure": secure}))
        wait_for(lambda s=secure: f"secure {s}: {ends_of(world, A)}\n{world.story(A)}", lambda s=secure: ends_of(world, A) == (demanded if s else plain))
        world.wait_trunk("big")
        world.wait_active(A)
        assert world.sim.call(A)["ends"] == "room" and ends_of(world, B) == plain
        assert {kind: world.id_of(A, kind) for kind in ids} == ids
    world.set(A, inbound_trunk=json.dumps({"media_encryption": "allow"}))       # its own word counts where the trunk says nothing
    world.wait_active(A)
    assert ends_of(world, A)[1] == "SIP_MEDIA_ENCRYPT_ALLOW"
    world.agree()
