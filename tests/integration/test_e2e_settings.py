"""Every setting of a number's LiveKit trunks and of its agent's rules: made, changed in place on a live number, and undone. The table is settings.def."""
import json
import pathlib
import re

from ctllib import trunkctl
from pglib import SOURCES
from simlib import SIP_HOST
import worldlib

A, B = worldlib.phone(1), worldlib.phone(2)
ROWS = re.findall(r"^SETTING\((\w+), (\w+), (\w+), (\w+), (-?\d+), (-?\d+), \"(.*?)\", ",
                  (pathlib.Path(SOURCES) / "include/trunkd/settings.def").read_text(), re.M)
ENUMS = {"media_encryption": "SIP_MEDIA_ENCRYPT_%s", "include_headers": {"none": "SIP_NO_HEADERS", "x": "SIP_X_HEADERS", "all": "SIP_ALL_HEADERS"}}
LISTS = {"inbound_trunk": "inbound_trunks", "outbound_trunk": "outbound_trunks", "dispatch_rule": "dispatch_rules"}
NUMBERS_OWN = [row for row in ROWS if row[0] in LISTS]
IDS = {"inbound_trunk": "sip_trunk_id", "outbound_trunk": "sip_trunk_id", "dispatch_rule": "sip_dispatch_rule_id"}


def examples(key, kind, words):
    """Two values that are not the default."""
    if words:
        return words.split()[1:3]
    if key == "allowed_addresses":
        return ["203.0.113.7", "2001:db8::/32"], ["198.51.100.0/24"]
    if key in ("destination_country", "pin"):
        return {"pin": ("1234", "777")}.get(key, ("de", "fr"))
    return {"TEXT": ("one.example", "two.example"), "BOOL": (True, False), "INT": (20, 30), "LIST": (["+4930111", "+4930222"], ["+4930333"]),
            "MAP": ({"X-One": "one"}, {"X-Two": "two", "X-One": "three"})}[kind]


def expected(key, value):
    """As LiveKit shows it."""
    if key == "media_encryption":
        return ENUMS[key] % value.upper()
    if key == "include_headers":
        return ENUMS[key][value]
    return f"{value}s" if key.endswith("_seconds") else sorted(value) if isinstance(value, list) else value


def shown(world, document, number):
    inbound, = [o["sip_trunk_id"] for o in world.sim.objects("inbound_trunks") if o["numbers"] == [number]]
    o, = [o for o in world.sim.objects(LISTS[document]) if o["numbers"] == [number] or o.get("trunk_ids") == [inbound]]
    o = {**o, **o.get("rule", {}).get("dispatch_rule_individual", {})}
    return {k: sorted(v) if isinstance(v, list) else v for k, v in o.items() if k not in ("media", "updated_at", "created_at")}


OWN = ("sip_trunk_id", "sip_dispatch_rule_id", "name", "numbers", "trunk_ids", "rule", "room_config", "room_prefix")


def wire(key):
    return key.removesuffix("_seconds")


def both(values):
    return {d: {key: value for (document, key), value in values.items() if document == d} for d in LISTS}


def write(world, values):
    docs = both(values)
    world.db.q("""with agent as (update trunkd.agent set dispatch_rule = %s where name = 'support')
                  update trunkd.phone_number set inbound_trunk = %s, outbound_trunk = %s where phone_number = %s""",
               json.dumps(docs["dispatch_rule"]), json.dumps(docs["inbound_trunk"]), json.dumps(docs["outbound_trunk"]), A)
    world.wait_active(A, B)


def check(world, values, ids, what):
    for (document, key), value in values.items():
        assert shown(world, document, A)[wire(key)] == expected(key, value), (what, document, key)
    assert {d: shown(world, d, A)[IDS[d]] for d in LISTS} == ids, what


def test_every_setting_is_made_changed_in_place_and_undone(world):
    for number in (A, B):
        world.own(number)
    first = {(d, key): examples(key, kind, words)[0] for d, key, _, kind, _, _, words in NUMBERS_OWN}
    second = {(d, key): examples(key, kind, words)[1] for d, key, _, kind, _, _, words in NUMBERS_OWN}
    docs = both(first)
    world.db.q("update trunkd.agent set dispatch_rule = %s where name = 'support'", json.dumps(docs.pop("dispatch_rule")))
    world.number(A, outbound=True, **docs)
    world.number(B, outbound=True, agent="sales")
    world.daemon.start()
    world.wait_active(A, B)
    ids = {d: shown(world, d, A)[IDS[d]] for d in LISTS}
    plain = {d: shown(world, d, B) for d in LISTS}
    check(world, first, ids, "made")
    since = world.sim.last()
    write(world, second)                                    # all at once: one replace of each object
    check(world, second, ids, "changed")
    assert sorted(map(worldlib.short, world.writes(since))) == [
        "POST UpdateSIPDispatchRule", "POST UpdateSIPInboundTrunk", "POST UpdateSIPOutboundTrunk"]
    write(world, {})
    for document in LISTS:
        now = shown(world, document, A)
        assert {k: v for k, v in now.items() if k not in OWN} \
            == {k: v for k, v in plain[document].items() if k not in OWN}, document
    visited = 0
    for row in NUMBERS_OWN:                                        # and each alone
        at = row[0], row[1]
        since = world.sim.last()
        write(world, {at: first[at]})
        check(world, {at: first[at]}, ids, "alone")
        assert len(world.writes(since)) == 1, list(map(worldlib.short, world.writes(since)))
        write(world, {})
        visited += 1
    assert world.sim.call(A)["ends"] == "room"
    assert {d: shown(world, d, B) for d in LISTS} == plain   # the neighbour
    world.agree()
    print(f"visited {visited} settings")
    assert visited == len(NUMBERS_OWN) >= 21


def test_a_manifest_can_hold_every_setting(world, tmp_path):
    world.own(A)
    spec = {"twilioAccount": "main", "agent": "support", "supportsOutbound": True, "inboundTrunk": {}, "outboundTrunk": {}}
    agent = {"dispatchName": "support-agent", "dispatchRule": {}}
    maps = {"inbound_trunk": spec["inboundTrunk"], "outbound_trunk": spec["outboundTrunk"], "dispatch_rule": agent["dispatchRule"]}
    wanted = {document: {} for document in LISTS}
    for document, key, manifest, kind, _, _, words in NUMBERS_OWN:
        value = examples(key, kind, words)[0]
        maps[document][manifest] = value
        wanted[document][key] = value
    file = tmp_path / "a.yaml"
    document = {"apiVersion": "trunkd/v1", "kind": "PhoneNumber", "metadata": {"name": A}, "spec": spec}
    file.write_text(json.dumps(document) + "\n---\n" + json.dumps({"apiVersion": "trunkd/v1", "kind": "Agent", "metadata": {"name": "support"}, "spec": agent}))
    done = trunkctl(world.db, "apply", "-f", str(file))
    assert (done.code, done.err) == (0, ""), done
    assert world.db.q("select inbound_trunk, outbound_trunk, dispatch_rule from trunkd.phone_number, trunkd.agent where name = 'support'") \
        == [tuple(wanted.values())]
    assert "unchanged" in trunkctl(world.db, "apply", "-f", str(file)).out
    world.daemon.start()
    world.wait_active(A)
    assert shown(world, "inbound_trunk", A)["ringing_timeout"] == "20s"
    document["spec"]["inboundTrunk"] = {"ringingTimeout": 20, "krispEnabled": "yes", "allowedAddresses": "10.0.0.1", "headers": {"X": 5}}
    file.write_text(json.dumps(document))
    done = trunkctl(world.db, "apply", "-f", str(file))
    assert done.code == 1
    for sentence in ('inboundTrunk has no key "ringingTimeout"; did you mean "ringingTimeoutSeconds"?', "krispEnabled is true or false",
                     "allowedAddresses is a list of texts", 'X is a text, and without quotes YAML reads 5 as a number: write "5"'):
        assert sentence in done.err, (sentence, done.err)
    del document["spec"]["inboundTrunk"], document["spec"]["outboundTrunk"]     # what is not written means its default
    file.write_text(json.dumps(document))
    assert trunkctl(world.db, "apply", "-f", str(file), "--wait").code == 0
    assert shown(world, "inbound_trunk", A)["ringing_timeout"] is None and shown(world, "outbound_trunk", A)["headers"] == {}
    world.agree()


TWILIO = {key: (words.split()[1] if words else "https://recover.test/" if kind == "TEXT" else True)
          for document, key, _, kind, _, _, words in ROWS if document == "twilio_trunk" and kind != "DOCUMENTS"}
DEFAULTS = {"transfer_mode": "disable-all", "transfer_caller_id": "from-transferee", "cnam_lookup_enabled": False,
            "disaster_recovery_url": None, "disaster_recovery_method": "POST", "recording_mode": "do-not-record", "recording_trim": "do-not-trim"}
# A setting that says nothing alone, and what it is written with; and whose object is another than the trunk.
WITH = {"recording_trim": {"recording_mode": "record-from-answer"}}
WRITES = {"recording_mode": "POST /v1/Trunks/TK/Recording", "recording_trim": "POST /v1/Trunks/TK/Recording"}


def trunk_of(world, number):
    """As it works: none and empty are alike, and a method that is not said is POST."""
    o, = [o for o in world.sim.objects("trunks") if o["sid"] == world.sim.number(number)["trunk_sid"]]
    return {**o, "disaster_recovery_url": o["disaster_recovery_url"] or None, "disaster_recovery_method": o["disaster_recovery_method"] or "POST",
            **{"recording_" + name: value for name, value in o["recording"].items()}}


def test_every_setting_of_a_trunk_people_wrote(world):
    world.own(A)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT, "twilio_trunk": TWILIO})
    world.number(A, trunk="big")
    world.daemon.start()
    world.wait_active(A)
    first = trunk_of(world, A)
    assert {key: first[key] for key in TWILIO} == TWILIO and set(TWILIO) == set(DEFAULTS)
    visited = 0

    def want(settings):
        world.db.q("update trunkd.trunk set twilio_trunk = %s", json.dumps(settings))
        world.wait_trunk("big")

    for key in TWILIO:
        want({})
        since, settings = world.sim.last(), {**WITH.get(key, {}), key: TWILIO[key]}
        want(settings)
        now = trunk_of(world, A)
        assert now["sid"] == first["sid"] and {k: now[k] for k in TWILIO} == {**DEFAULTS, **settings}, now
        assert list(map(worldlib.short, world.writes(since))) == [WRITES.get(key, "POST /v1/Trunks/TK")]
        visited += 1
    want({})
    assert {k: trunk_of(world, A)[k] for k in TWILIO} == DEFAULTS
    world.agree()
    print(f"visited {visited} settings")
    assert visited == len(TWILIO) >= 7


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


def urls_of(world, number):
    return {o["sip_url"]: (o["priority"], o["weight"]) for o in world.sim.objects("origination_urls")
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
