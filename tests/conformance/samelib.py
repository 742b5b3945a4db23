"""One sequence of LiveKit requests, played against any server, and its answers in a form that can be compared.

    play(base_url) -> [(name, status, content type, body, in order)]    ids stand as <name of the step that made them>

Ids are random, and with them what is first in a list, and of two trunks that clash which is named first and whose numbers are shown:
none of it counts, nor do times and the order of members. That a list is in the order of its ids does. Of a page it counts how long it is.
"""
import fnmatch
import json
import pathlib
import re

from simlib import http_call, livekit_token

HERE = pathlib.Path(__file__).resolve().parent
INBOUND = {"name": "desk [t]", "numbers": ["+15550100042"], "ringing_timeout": "45s", "krisp_enabled": True,
           "media_encryption": "SIP_MEDIA_ENCRYPT_ALLOW", "headers": {"X-A": "b"}}
OUTBOUND = {"name": "out [t]", "address": "td-one.pstn.twilio.com", "transport": "SIP_TRANSPORT_TLS", "numbers": ["+15550100042"],
            "auth_username": "u", "auth_password": "p", "destination_country": "us"}
RULE = {"rule": {"dispatch_rule_individual": {"room_prefix": "desk"}}, "trunk_ids": ["<in>"], "name": "rule [t]", "attributes": {"k": "v"},
        "room_config": {"agents": [{"agent_name": "front-desk", "metadata": "{}"}]}}
IN, OUT, DR = "SIPInboundTrunk", "SIPOutboundTrunk", "SIPDispatchRule"


def update(kind, id, **action):
    return "Update" + kind, {"sip_dispatch_rule_id" if kind == DR else "sip_trunk_id": id, **action}


# name, method, body (bytes: as they are), token ("" none), headers. What is made is known by the name of its step, the last of a page as
# <page>. A method may have a verb before it, and may be a whole path.
STEPS = [
    ("list-empty-in", "List" + IN, {}), ("list-empty-out", "List" + OUT, {}), ("list-empty-rules", "List" + DR, {}),
    ("in", "Create" + IN, {"trunk": INBOUND}), ("in2", "Create" + IN, {"trunk": {"numbers": ["+15550100050"], "allowedNumbers": ["1 (555) 019-9999"]}}),
    ("in-same", "Create" + IN, {"trunk": INBOUND}), ("in-normal", "Create" + IN, {"trunk": {"numbers": ["1 (555) 010-0042"]}}),
    ("in-caller-apart", "Create" + IN, {"trunk": {"numbers": ["+15550100042"], "allowed_numbers": ["+15550109999"]}}),
    ("in-open", "Create" + IN, {"trunk": {}}), ("in-missing", "Create" + IN, {}), ("in-id", "Create" + IN, {"trunk": {"sip_trunk_id": "ST_x", "numbers": ["+1"]}}),
    ("in-header", "Create" + IN, {"trunk": {"numbers": ["+1"], "headers": {"Via": "x", "Contact": "y"}}}),
    ("in-header-token", "Create" + IN, {"trunk": {"numbers": ["+1"], "headers": {"a b": "x"}}}),
    ("in-get", "Get" + IN, {"sip_trunk_id": "<in>"}), ("in-get-none", "Get" + IN, {"sip_trunk_id": "ST_none"}),
    ("in-get-other-kind", "Get" + OUT, {"sip_trunk_id": "<in>"}),
    ("in-list", "List" + IN, {}), ("in-list-number", "List" + IN, {"numbers": ["15550100050"]}), ("in-list-ids", "List" + IN, {"trunk_ids": ["<in>", "ST_none"]}),
    ("page-in", "List" + IN, {"page": {"limit": 1}}), ("page-in-rest", "List" + IN, {"page": {"after_id": "<page>", "limit": 9}}),
    ("page-in-end", "List" + IN, {"page": {"after_id": "<page>", "limit": 9}}), ("page-in-filter", "List" + IN, {"numbers": ["+15550100050"], "page": {"limit": 9}}),
    ("out", "Create" + OUT, {"trunk": OUTBOUND}), ("out-again", "Create" + OUT, {"trunk": OUTBOUND}),
    ("out-no-number", "Create" + OUT, {"trunk": {"address": "a"}}), ("out-no-address", "Create" + OUT, {"trunk": {"numbers": ["+1"]}}),
    ("out-uri", "Create" + OUT, {"trunk": {"numbers": ["+1"], "address": "sip:a"}}), ("out-param", "Create" + OUT, {"trunk": {"numbers": ["+1"], "address": "a;transport=tcp"}}),
    ("out-from-host", "Create" + OUT, {"trunk": {"numbers": ["+1"], "address": "a", "from_host": "u@a"}}),
    ("out-from-param", "Create" + OUT, {"trunk": {"numbers": ["+1"], "address": "a", "from_host": "sip:a;transport=tcp"}}),
    ("in-header-none", "Create" + IN, {"trunk": {"numbers": ["+1"], "headers": {"": "x"}}}),
    ("in-header-map", "Create" + IN, {"trunk": {"numbers": ["+1"], "attributes_to_headers": {"x": "a(b"}}}),
    ("out-get", "Get" + OUT, {"sip_trunk_id": "<out>"}), ("out-get-none", "Get" + OUT, {"sip_trunk_id": "ST_none"}), ("all-trunks", "ListSIPTrunk", {}),
    ("page-out", "List" + OUT, {"page": {"limit": 1}}), ("page-out-end", "List" + OUT, {"page": {"after_id": "<page>", "limit": 1}}),
    ("out-list", "List" + OUT, {}), ("out-list-number", "List" + OUT, {"numbers": ["15550100042"]}),
    ("rule", "Create" + DR, {"dispatch_rule": RULE}), ("rule-same", "Create" + DR, {"dispatch_rule": {**RULE, "name": "other"}}),
    ("rule-flat", "Create" + DR, {"rule": {"dispatch_rule_direct": {"room_name": "r", "pin": "1"}}, "trunk_ids": ["<in2>"], "numbers": ["+1"]}),
    ("rule-callee", "Create" + DR, {"dispatch_rule": {"rule": {"dispatch_rule_callee": {"room_prefix": "c", "randomize": True}}, "trunk_ids": ["ST_dangling"]}}),
    ("rule-agents", "Create" + DR, {"dispatch_rule": {"rule": {"dispatch_rule_individual": {}}, "trunk_ids": ["ST_agents"], "room_config": {"agents": [
        {"agent_name": "one", "metadata": "1"}, {"agent_name": "two"}]}}}),
    ("in-auth", "Create" + IN, {"trunk": {"numbers": ["+15550100060"], "auth_username": "u", "auth_password": "p"}}),
    ("rule-missing", "Create" + DR, {"dispatch_rule": {}}), ("rule-no-variant", "Create" + DR, {"dispatch_rule": {"rule": {}}}),
    ("rule-self-clash", "Create" + DR, {"dispatch_rule": {"rule": {"dispatch_rule_direct": {"room_name": "r"}}, "trunk_ids": ["ST_q", "ST_q"]}}),
    ("page-rules", "List" + DR, {"page": {"limit": 2}}), ("page-rules-rest", "List" + DR, {"page": {"after_id": "<page>", "limit": 1}}),
    ("rule-list", "List" + DR, {}), ("rule-list-trunk", "List" + DR, {"trunk_ids": ["<in>"]}),
    ("replace-in", *update(IN, "<in>", replace={"name": "now", "numbers": ["+15550100042"]})), ("replace-none", *update(IN, "ST_none", replace=INBOUND)),
    ("update-in", *update(IN, "<in>", update={"numbers": {"add": ["+15550100043"]}, "name": "then", "metadata": ""})),
    ("update-in-clash", *update(IN, "<in2>", update={"numbers": {"add": ["+15550100042"]}, "allowed_numbers": {"clear": True}})),
    ("update-in-empty", *update(IN, "<in>", update={})), ("update-in-both", *update(IN, "<in>", update={"numbers": {"set": ["+1"], "add": ["+2"]}})),
    ("update-in-clear", *update(IN, "<in>", update={"numbers": {"set": ["+1"], "clear": True}})),
    ("update-in-blank", *update(IN, "<in>", update={"numbers": {"add": [""]}})), ("update-no-action", *update(IN, "<in>")), ("update-no-id", "Update" + IN, {}),
    ("update-in-wildcard", *update(IN, "<in-auth>", update={"numbers": {"remove": ["+15550100060"]}})), ("in-list-wildcard", "List" + IN, {"numbers": ["+15550109876"]}),
    ("update-in-last", *update(IN, "<in2>", update={"numbers": {"clear": True}})),
    ("replace-out", *update(OUT, "<out>", replace={**OUTBOUND, "transport": "SIP_TRANSPORT_TCP"})),
    ("update-out", *update(OUT, "<out>", update={"numbers": {"add": ["+15550100044"]}, "destination_country": "de", "auth_password": "q"})),
    ("update-out-invalid", *update(OUT, "<out>", update={"numbers": {"clear": True}})),
    ("replace-rule", *update(DR, "<rule>", replace={**RULE, "name": "again"})), ("update-rule", *update(DR, "<rule>", update={"attributes": {"k": "", "n": "w"}})),
    ("update-rule-media", *update(DR, "<rule>", update={"media": {"encryption": "SIP_MEDIA_ENCRYPT_REQUIRE"}})),
    ("update-rule-wildcard", *update(DR, "<rule>", update={"trunk_ids": {"remove": ["<in>"]}})),
    ("json-cut", "List" + IN, b"{"), ("json-empty", "List" + IN, b""), ("json-list", "List" + IN, b"[]"), ("json-after", "List" + OUT, b"{} x"),
    ("json-twice", "Create" + IN, {"trunk": {"numbers": ["+1"], "auth_username": "a", "authUsername": "b"}}),
    ("json-oneof", "Create" + DR, {"dispatch_rule": {"rule": {"dispatch_rule_direct": {}, "dispatch_rule_callee": {}}}}),
    ("json-null-item", "Create" + IN, {"trunk": {"numbers": [None]}}), ("json-duration", "Create" + IN, {"trunk": {"numbers": ["+1"], "ringing_timeout": 45}}),
    ("json-duration-unit", "Create" + IN, {"trunk": {"numbers": ["+1"], "ringing_timeout": "1m"}}),
    ("json-lenient", "Create" + OUT, {"trunk": {"numbers": ["+1"], "address": "a", "no_such": 1, "transport": "udp", "include_headers": 7, "media": None}}),
    ("token-none", "List" + IN, {}, ""), ("token-bad", "List" + IN, {}, "x"), ("token-key", "List" + IN, {}, livekit_token(key="nokey")),
    ("token-signature", "List" + IN, {}, livekit_token(secret="x")), ("token-old", "List" + IN, {}, livekit_token(lifetime=-100)),
    ("token-grant", "List" + IN, {}, livekit_token(sip={})), ("token-call", "List" + IN, {}, livekit_token(sip={"call": True})),
    ("route-method", "NoSuchMethod", {}), ("route-old", "CreateSIPTrunk", {}), ("route-type", "List" + IN, {}, None, {"Content-Type": "text/plain"}),
    ("route-verb", "GET List" + IN, {}), ("route-service", "/twirp/livekit.Sip/List" + IN, {}), ("route-prefix", "/livekit.SIP/List" + IN, {}),
    ("all-trunks-changed", "ListSIPTrunk", {}), ("route-token", "NoSuchMethod", {}, ""), ("delete-rule", "Delete" + DR, {"sip_dispatch_rule_id": "<rule>"}),
    ("delete-rule-again", "Delete" + DR, {"sip_dispatch_rule_id": "<rule>"}), ("delete-rule-empty", "Delete" + DR, {}),
    ("delete-in", "DeleteSIPTrunk", {"sip_trunk_id": "<in>"}), ("delete-in-again", "DeleteSIPTrunk", {"sip_trunk_id": "<in>"}), ("delete-empty", "DeleteSIPTrunk", {}),
    ("left-in", "List" + IN, {}), ("left-out", "List" + OUT, {}), ("left-rules", "List" + DR, {}),
]


CLASH = re.compile(r'(?<=Conflicting inbound SIP Trunks: )(\\"[^"]*\\") and (\\"[^"]*\\"), using the same number\(s\) \[[^]]*\]')


def order(value):
    """Lists of objects in an order that does not hang on random ids."""
    if isinstance(value, dict):
        return {k: order(v) for k, v in value.items()}
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        return sorted((order(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def play(base):
    ids, answers = {}, []
    for name, method, body, *more in STEPS:
        token = more[0] if more and more[0] is not None else livekit_token()
        headers = {"Content-Type": "application/json", **(more[1] if len(more) > 1 else {})}
        if token:
            headers["Authorization"] = "Bearer " + token
        text = body if isinstance(body, bytes) else re.sub(r"<([a-z0-9-]+)>", lambda m: ids.get(m[1], m[0]), json.dumps(body)).encode()
        verb, _, path = method.rpartition(" ")
        answer = http_call(base, verb or "POST", path if path.startswith("/") else "/twirp/livekit.SIP/" + path, text, headers)
        said = answer.text.replace(token, "<token>") if len(token) > 1 else answer.text
        made = json.loads(said) if method.startswith("Create") and answer.status == 200 else {}
        for id in (made.get("sip_trunk_id"), made.get("sip_dispatch_rule_id")):
            if id:
                ids[name] = id
        kind, in_order = answer.headers.get("Content-Type", ""), True
        if answer.status == 200 and path.startswith("List"):
            listed = [o.get("sip_trunk_id") or o["sip_dispatch_rule_id"] for o in json.loads(said)["items"]]
            in_order = listed == sorted(listed)
            if name.startswith("page-"):
                ids["page"] = listed[-1] if listed else ids["page"]
                said = json.dumps(len(listed))
        for known, id in ids.items():
            said = said.replace(id, f"<{known}>") if known != "page" else said
        said = CLASH.sub(lambda m: " and ".join(sorted(m.group(1, 2))), said)
        answers.append((name, answer.status, kind, order(json.loads(said)) if kind == "application/json" else said, in_order))
    return answers


def differences(one, other):
    """["name: how they differ"], but for what same-exceptions lists."""
    lines = (HERE / "same-exceptions").read_text().splitlines()
    known = [line for line in lines if line and not line.startswith("#")]
    found = [f"{a[0]}: {a[1:]} and {b[1:]}" for a, b in zip(one, other) if a != b]
    return [f for f in found if not any(fnmatch.fnmatchcase(f, pattern) for pattern in known)]
