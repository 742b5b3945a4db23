"""The official LiveKit server SDK for Node as a client of the simulator, and every answer read strictly by @livekit/protocol.

A new kind is one row of KINDS.
"""
from dataclasses import dataclass

import pytest

from nodelib import SdkError, as_message, settings_of

ENCRYPTED = as_message("SIPMediaConfig", {"encryption": "SIP_MEDIA_ENCRYPT_ALLOW", "onlyListedCodecs": True, "codecs": [{"name": "PCMU", "rate": 8000}]})
AGENTS = [{"agentName": "front-desk", "metadata": "{}"}, {"agentName": "scribe"}]
ROOM = as_message("RoomConfiguration", {"agents": AGENTS, "emptyTimeout": 30})


@dataclass
class Kind:
    name: str           # the SDK's createX, updateX, updateXFields
    key: str
    message: str        # of @livekit/protocol
    create: list        # arguments; {n} is a number of its own
    shows: dict         # what the create must show
    replace: dict       # the message that takes its place; it has what the SDK's create does not
    fields: dict        # of the partial update
    fields_show: dict
    filters: dict       # list options that show exactly it; {id} is its own
    delete: str
    list: str = None


KINDS = [
    Kind("SipInboundTrunk", "sipTrunkId", "SIPInboundTrunkInfo",
         ["in {n}", ["+1555010000{n}"], {"allowedNumbers": ["+15550199999"], "authUsername": "u", "authPassword": "p", "krispEnabled": True,
                                         "headers": {"X-A": "b"}, "headersToAttributes": {"X-B": "c"}, "includeHeaders": 1, "media": ENCRYPTED,
                                         "metadata": "m", "ringingTimeout": 45}],
         {"name": "in {n}", "numbers": ["+1555010000{n}"], "allowedNumbers": ["+15550199999"], "authUsername": "u", "authPassword": "p",
          "krispEnabled": True, "headers": {"X-A": "b"}, "headersToAttributes": {"X-B": "c"}, "includeHeaders": "SIP_X_HEADERS",
          "metadata": "m", "ringingTimeout": "45s",
          "media": {"encryption": "SIP_MEDIA_ENCRYPT_ALLOW", "onlyListedCodecs": True, "codecs": [{"name": "PCMU", "rate": 8000}]}},
         {"name": "again", "numbers": ["+15550100090"], "maxCallDuration": "3600s", "allowedAddresses": ["192.0.2.0/24"],
          "attributesToHeaders": {"a": "X-C"}, "mediaEncryption": "SIP_MEDIA_ENCRYPT_REQUIRE"},
         {"numbers": as_message("ListUpdate", {"add": ["+15550100091"]}), "name": "changed", "metadata": ""},
         {"numbers": ["+15550100090", "+15550100091"], "name": "changed", "maxCallDuration": "3600s"},
         {"trunkIds": ["{id}"]}, "deleteSipTrunk"),
    Kind("SipOutboundTrunk", "sipTrunkId", "SIPOutboundTrunkInfo",
         ["out {n}", "td-{n}.pstn.twilio.com", ["+1555010000{n}"], {"transport": 3, "authUsername": "u", "authPassword": "p", "headers": {"X-A": "b"},
                                                                   "headersToAttributes": {"X-B": "c"}, "includeHeaders": 2,
                                                                   "destinationCountry": "us", "mediaEncryption": 2, "metadata": "m"}],
         {"name": "out {n}", "address": "td-{n}.pstn.twilio.com", "numbers": ["+1555010000{n}"], "transport": "SIP_TRANSPORT_TLS", "authUsername": "u",
          "authPassword": "p", "headers": {"X-A": "b"}, "headersToAttributes": {"X-B": "c"}, "includeHeaders": "SIP_ALL_HEADERS",
          "destinationCountry": "us", "mediaEncryption": "SIP_MEDIA_ENCRYPT_REQUIRE"},
         {"name": "again", "numbers": ["+15550100090"], "address": "other.pstn.twilio.com", "fromHost": "from.test",
          "attributesToHeaders": {"a": "X-C"}},
         {"numbers": as_message("ListUpdate", {"set": ["+15550100091"]}), "destinationCountry": "de", "authUsername": "v"},
         {"numbers": ["+15550100091"], "destinationCountry": "de", "authUsername": "v", "address": "other.pstn.twilio.com"},
         {"trunkIds": ["{id}"]}, "deleteSipTrunk"),
    Kind("SipDispatchRule", "sipDispatchRuleId", "SIPDispatchRuleInfo",
         [{"type": "individual", "roomPrefix": "call", "pin": "{n}"}, {"name": "rule {n}", "trunkIds": ["ST_{n}"], "attributes": {"a": "b"},
                                                                     "hidePhoneNumber": True, "roomConfig": ROOM, "metadata": "m"}],
         {"name": "rule {n}", "trunkIds": ["ST_{n}"], "attributes": {"a": "b"}, "hidePhoneNumber": True, "metadata": "m",
          "rule": {"dispatchRuleIndividual": {"roomPrefix": "call", "pin": "{n}"}}, "roomConfig": {"agents": AGENTS, "emptyTimeout": 30}},
         {"name": "again", "trunkIds": ["ST_a"], "rule": {"dispatchRuleIndividual": {"roomPrefix": "r", "noRandomness": True}},
          "numbers": ["+15550100090"], "mediaEncryption": "SIP_MEDIA_ENCRYPT_ALLOW"},
         {"trunkIds": as_message("ListUpdate", {"remove": ["ST_a"], "add": ["ST_b"]}), "attributes": {"c": "d"},
          "rule": as_message("SIPDispatchRule", {"dispatchRuleCallee": {"roomPrefix": "c", "randomize": True}})},
         {"trunkIds": ["ST_b"], "attributes": {"c": "d"}, "numbers": ["+15550100090"],
          "rule": {"dispatchRuleCallee": {"roomPrefix": "c", "randomize": True}}},
         {"dispatchRuleIds": ["{id}"]}, "deleteSipDispatchRule"),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[k.name for k in KINDS])


def fill(value, **words):
    if isinstance(value, str):
        for name, text in words.items():
            value = value.replace("{%s}" % name, str(text))
        return value
    if isinstance(value, list):
        return [fill(v, **words) for v in value]
    return {k: fill(v, **words) for k, v in value.items()} if isinstance(value, dict) else value


def create(sdk, kind, n=1):
    return sdk.livekit("create" + kind.name, *fill(kind.create, n=n))


def everything(sdk, kind, options=None):
    return sdk.livekit("list" + kind.name, *([options] if options else []))


def part(whole, shape):
    """What is named in that shape, below it too; the agents of a room one by one."""
    if isinstance(shape, dict) and isinstance(whole, dict):
        return {k: part(whole.get(k), v) for k, v in shape.items()}
    if isinstance(shape, list) and isinstance(whole, list) and len(shape) == len(whole):
        return [part(w, s) for w, s in zip(whole, shape)]
    return whole


@each_kind
def test_created_and_listed(sdk, kind):
    made, other = create(sdk, kind), create(sdk, kind, 2)
    expected = fill(kind.shows, n=1)
    assert part(made, expected) == expected
    assert everything(sdk, kind) == sorted([made, other], key=lambda o: o[kind.key])
    assert everything(sdk, kind, fill(kind.filters, id=other[kind.key])) == [other]


@each_kind
def test_replaced(sdk, kind):
    made = create(sdk, kind)
    now = sdk.livekit("update" + kind.name, made[kind.key], as_message(kind.message, kind.replace))
    assert now[kind.key] == made[kind.key]
    assert part(now, kind.replace) == kind.replace
    assert not now.get("authUsername") and not now.get("headers") and not now.get("metadata")
    assert everything(sdk, kind) == [now]


@pytest.mark.parametrize("type, shown", [
    ({"type": "direct", "roomName": "desk", "pin": "7"}, {"dispatchRuleDirect": {"roomName": "desk", "pin": "7"}}),
    ({"type": "callee", "roomPrefix": "c", "randomize": True}, {"dispatchRuleCallee": {"roomPrefix": "c", "pin": "", "randomize": True}}),
], ids=lambda v: v.get("type"))
def test_the_other_types_of_rules(sdk, type, shown):
    made = sdk.livekit("createSipDispatchRule", type, {"name": "rule", "trunkIds": ["ST_a"]})
    assert part(made, {"rule": shown}) == {"rule": shown}
    assert everything(sdk, KINDS[2]) == [made]


def test_every_setting_is_sent():
    """A new setting needs a place in the rows."""
    rows = {"inbound_trunk": str(KINDS[0]), "outbound_trunk": str(KINDS[1]), "dispatch_rule": str(KINDS[2]) + "'roomName' 'type'"}
    at_livekit = {"ringingTimeoutSeconds": "ringingTimeout", "maxCallDurationSeconds": "maxCallDuration", "moreAgents": "scribe"}
    missing = [(document, name) for document, row in rows.items() for name in settings_of(document) if f"'{at_livekit.get(name, name)}'" not in row]
    assert not missing


@each_kind
def test_changed_in_part(sdk, kind):
    made = create(sdk, kind)
    sdk.livekit("update" + kind.name, made[kind.key], as_message(kind.message, kind.replace))
    now = sdk.livekit(f"update{kind.name}Fields", made[kind.key], kind.fields)
    assert part(now, kind.fields_show) == kind.fields_show
    assert everything(sdk, kind) == [now]


@each_kind
@pytest.mark.parametrize("cuts", [False, True], ids=["whole", "cut"])
def test_pages(sdk, kind, cuts):
    """The loop that is right for both: ask until nothing comes."""
    sdk.sim.config(livekit_page_cuts=cuts)
    made = sorted(create(sdk, kind, n)[kind.key] for n in range(5))
    seen, answers = [], 0
    while True:
        page = everything(sdk, kind, {"page": as_message("Pagination", {"afterId": seen[-1] if seen else "", "limit": 2})})
        answers += 1
        if not page:
            break
        seen += [o[kind.key] for o in page]
    assert (seen, answers) == (made, 4 if cuts else 2)


@each_kind
def test_deleted(sdk, kind):
    made, kept = create(sdk, kind), create(sdk, kind, 2)
    assert sdk.livekit(kind.delete, made[kind.key])[kind.key] == made[kind.key]
    assert everything(sdk, kind) == [kept]
    if kind.delete == "deleteSipTrunk":
        assert sdk.livekit(kind.delete, made[kind.key])[kind.key] == made[kind.key]
    else:
        refused("not_found", 404, sdk, kind.delete, made[kind.key])


@each_kind
def test_the_answer_in_camel_case(sdk, kind):
    made = create(sdk, kind)
    sdk.sim.config(livekit_camel=True)
    assert everything(sdk, kind) == [made]


def refused(code, status, sdk, method, *arguments):
    with pytest.raises(SdkError) as e:
        sdk.livekit(method, *arguments)
    assert (e.value.code, e.value.status) == (code, status), e.value


def test_refusals(sdk):
    create(sdk, KINDS[0])
    refused("invalid_argument", 400, sdk, "createSipInboundTrunk", *fill(KINDS[0].create, n=1))
    refused("invalid_argument", 400, sdk, "createSipInboundTrunk", "open", [])
    refused("invalid_argument", 400, sdk, "createSipOutboundTrunk", "o", "sip:host", ["+1"])
    refused("not_found", 404, sdk, "updateSipInboundTrunkFields", "ST_none", {"name": "x"})
    refused("bad_route", 404, sdk, "createSipTrunk", "+1")
    sdk.sim.config(livekit_old_server=True)
    refused("bad_route", 404, sdk, "updateSipInboundTrunkFields", "ST_none", {"name": "x"})


def test_all_kinds_in_the_old_list(sdk):
    inbound, outbound = create(sdk, KINDS[0]), create(sdk, KINDS[1])
    assert {(t["sipTrunkId"], t["kind"]) for t in sdk.livekit("listSipTrunk")} == {
        (inbound["sipTrunkId"], "TRUNK_INBOUND"), (outbound["sipTrunkId"], "TRUNK_OUTBOUND")}


@each_kind
@pytest.mark.parametrize("camel", [False, True], ids=["snake", "camel"])
def test_every_answer_has_known_fields_only(sdk, kind, camel):
    """As it came over the wire, unknown fields forbidden."""
    made = create(sdk, kind)
    sdk.sim.config(livekit_camel=camel, livekit_stamps=True)
    service = kind.name.replace("Sip", "SIP")
    listed = sdk.sim.livekit("List" + service, {}).json()
    assert sdk.parse(f"List{service}Response", listed)["items"][0][kind.key] == made[kind.key]
    if "Trunk" in service:
        got = sdk.sim.livekit("Get" + service, {"sip_trunk_id": made[kind.key]}).json()
        assert sdk.parse(f"Get{service}Response", got)["trunk"][kind.key] == made[kind.key]
        sdk.parse("SIPTrunkInfo", sdk.sim.livekit("DeleteSIPTrunk", {"sip_trunk_id": made[kind.key]}).json())
    else:
        sdk.parse(kind.message, sdk.sim.livekit("DeleteSIPDispatchRule", {"sip_dispatch_rule_id": made[kind.key]}).json())
