"""The wire as clients see it: LiveKit's answers member by member, its errors, Twilio's answers with every documented field."""

import re
import time

import pytest

from simlib import ACCOUNT_SID, API_KEY, SIP_HOST, Sim, http_call, livekit_token

DISABLE = "SIP_MEDIA_ENCRYPT_DISABLE"


@pytest.fixture
def sim():
    with Sim() as s:
        s.add_account()
        s.add_project()
        yield s


def ok(answer, status=200):
    assert answer.status == status, answer
    return answer.json()


# ---- LiveKit: requests and the whole answer

INBOUND = {"name": "desk [tag]", "numbers": ["+15550100042"], "ringing_timeout": "45s", "krisp_enabled": True,
           "media_encryption": "SIP_MEDIA_ENCRYPT_ALLOW"}
INBOUND_ANSWER = dict(INBOUND, metadata="", allowed_addresses=[], allowed_numbers=[], auth_username="", auth_password="", auth_realm="",
                      headers={}, headers_to_attributes={}, attributes_to_headers={}, include_headers="SIP_NO_HEADERS",
                      max_call_duration=None, media=None, created_at=None, updated_at=None)
OUTBOUND = {"name": "desk out [tag]", "address": "td-one.pstn.twilio.com", "transport": "SIP_TRANSPORT_TLS", "numbers": ["+15550100042"],
            "auth_username": "u", "auth_password": "not-a-secret", "media_encryption": "SIP_MEDIA_ENCRYPT_REQUIRE", "destination_country": "US"}
OUTBOUND_ANSWER = dict(OUTBOUND, metadata="", headers={}, headers_to_attributes={}, attributes_to_headers={},
                       include_headers="SIP_NO_HEADERS", media=None, from_host="", created_at=None, updated_at=None)


def rule_info(trunk, agent="front-desk"):
    return {"rule": {"dispatch_rule_individual": {"room_prefix": "desk"}}, "trunk_ids": [trunk], "name": "desk rule [tag]",
            "attributes": {"key": "desk"}, "room_config": {"agents": [{"agent_name": agent, "metadata": '{"line":42}'}]}}


def rule_answer(trunk, agent="front-desk", media={"only_listed_codecs": False, "codecs": []}):
    agents = [{"agent_name": agent, "metadata": '{"line":42}', "restart_policy": "JRP_ON_FAILURE", "deployment": "", "attributes": {}}]
    return {"rule": {"dispatch_rule_individual": {"room_prefix": "desk", "pin": "", "no_randomness": False}}, "trunk_ids": [trunk],
            "hide_phone_number": False, "inbound_numbers": [], "numbers": [], "name": "desk rule [tag]", "metadata": "",
            "attributes": {"key": "desk"}, "room_preset": "", "media": media, "krisp_enabled": False, "media_encryption": DISABLE,
            "created_at": None, "updated_at": None,
            "room_config": {"name": "", "empty_timeout": 0, "departure_timeout": 0, "max_participants": 0, "metadata": "", "egress": None,
                            "min_playout_delay": 0, "max_playout_delay": 0, "sync_streams": False, "agents": agents, "tags": {}}}


def test_livekit_objects_from_create_to_delete(sim):
    inbound = ok(sim.livekit("CreateSIPInboundTrunk", {"trunk": INBOUND}))
    trunk = inbound["sip_trunk_id"]
    assert re.fullmatch("ST_[2-9A-HJ-NP-Za-km-z]{12}", trunk)
    assert inbound == dict(INBOUND_ANSWER, sip_trunk_id=trunk)
    assert ok(sim.livekit("GetSIPInboundTrunk", {"sip_trunk_id": trunk})) == {"trunk": inbound}
    assert ok(sim.livekit("ListSIPInboundTrunk", {"numbers": ["+15550100042"]})) == {"items": [inbound]}

    outbound = ok(sim.livekit("CreateSIPOutboundTrunk", {"trunk": OUTBOUND}))
    assert outbound == dict(OUTBOUND_ANSWER, sip_trunk_id=outbound["sip_trunk_id"])
    assert ok(sim.livekit("ListSIPOutboundTrunk", {})) == {"items": [outbound]}

    rule = ok(sim.livekit("CreateSIPDispatchRule", {"dispatch_rule": rule_info(trunk)}))
    rule_id = rule["sip_dispatch_rule_id"]
    assert re.fullmatch("SDR_[2-9A-HJ-NP-Za-km-z]{12}", rule_id)
    assert rule == dict(rule_answer(trunk), sip_dispatch_rule_id=rule_id)
    assert ok(sim.livekit("ListSIPDispatchRule", {"trunk_ids": [trunk]})) == {"items": [rule]}

    relinked = ok(sim.livekit("UpdateSIPDispatchRule", {"sip_dispatch_rule_id": rule_id, "replace": rule_info(trunk, "night-desk")}))
    assert relinked == dict(rule_answer(trunk, "night-desk", media=None), sip_dispatch_rule_id=rule_id)

    two = dict(INBOUND, numbers=["+15550100042", "+15550100043"])
    assert ok(sim.livekit("UpdateSIPInboundTrunk", {"sip_trunk_id": trunk, "replace": two}))["numbers"] == two["numbers"]
    assert ok(sim.livekit("DeleteSIPDispatchRule", {"sip_dispatch_rule_id": rule_id})) == relinked
    assert ok(sim.livekit("DeleteSIPTrunk", {"sip_trunk_id": trunk})) == {
        "sip_trunk_id": trunk, "kind": "TRUNK_LEGACY", "inbound_addresses": [], "outbound_address": "", "outbound_number": "",
        "transport": "SIP_TRANSPORT_AUTO", "inbound_numbers_regex": [], "inbound_numbers": [], "inbound_username": "",
        "inbound_password": "", "outbound_username": "", "outbound_password": "", "name": "", "metadata": ""}
    assert sim.counts()["outbound_trunks"] == 1


def test_the_camel_case_answer(sim):
    trunk = ok(sim.livekit("CreateSIPInboundTrunk", {"trunk": INBOUND}))["sip_trunk_id"]
    sim.config(livekit_camel=True)
    assert ok(sim.livekit("ListSIPInboundTrunk", {})) == {"items": [{
        "sipTrunkId": trunk, "name": "desk [tag]", "numbers": ["+15550100042"], "ringingTimeout": "45s", "krispEnabled": True,
        "mediaEncryption": "SIP_MEDIA_ENCRYPT_ALLOW"}]}


# ---- LiveKit: errors. (name, method, body, token, headers) -> status, code (None: text), a piece of the text

GOOD, NO_TOKEN = None, ""
CALL = {"sip_number": "+1", "sip_call_to": "+2", "room_name": "r"}
ERRORS = [
    ("no_token", "ListSIPInboundTrunk", {}, NO_TOKEN, {}, 401, "unauthenticated", "permissions denied"),
    ("missing_grant", "ListSIPInboundTrunk", {}, livekit_token(sip={}), {}, 401, "unauthenticated", "permissions denied"),
    ("bad_token", "ListSIPInboundTrunk", {}, "x", {}, 401, None, "invalid authorization token"),
    ("bad_key", "ListSIPInboundTrunk", {}, livekit_token(key="nokey"), {}, 401, None, "invalid API key: nokey"),
    ("bad_signature", "ListSIPInboundTrunk", {}, livekit_token(secret="x"), {}, 401, None, "signature is invalid"),
    ("expired", "ListSIPInboundTrunk", {}, livekit_token(lifetime=-100), {}, 401, None, "token is expired"),
    ("unknown_method", "NoSuchMethod", {}, GOOD, {}, 404, "bad_route", 'no handler for path "/twirp/livekit.SIP/NoSuchMethod"'),
    ("wrong_content_type", "ListSIPInboundTrunk", {}, GOOD, {"Content_Type": "text/plain"}, 404, "bad_route", 'unexpected Content-Type: "text/plain"'),
    ("undecodable_body", "ListSIPInboundTrunk", b"{", GOOD, {}, 400, "malformed", "the json request could not be decoded"),
    ("empty_body", "ListSIPInboundTrunk", b"", GOOD, {}, 400, "malformed", "the json request could not be decoded"),
    ("inbound_unprotected", "CreateSIPInboundTrunk", {"trunk": {}}, GOOD, {}, 400, "invalid_argument", "for security"),
    ("id_set_on_create", "CreateSIPInboundTrunk", {"trunk": {"sip_trunk_id": "ST_1"}}, GOOD, {}, 400, "invalid_argument", "trunk id must not be set"),
    ("outbound_no_numbers", "CreateSIPOutboundTrunk", {"trunk": {"address": "a"}}, GOOD, {}, 400, "invalid_argument", "no trunk numbers specified"),
    ("rule_missing", "CreateSIPDispatchRule", {"dispatch_rule": {}}, GOOD, {}, 400, "invalid_argument", "missing rule"),
    ("trunk_not_found", "GetSIPInboundTrunk", {"sip_trunk_id": "ST_0"}, GOOD, {}, 404, "not_found", "requested sip trunk does not exist"),
    ("rule_not_found", "DeleteSIPDispatchRule", {"sip_dispatch_rule_id": "SDR_0"}, GOOD, {}, 404, "not_found", "requested sip dispatch rule does not exist"),
    ("no_sip_worker", "CreateSIPParticipant", CALL, livekit_token(sip={"call": True}), {}, 503, "unavailable", "no response from servers"),
]


@pytest.mark.parametrize("method,body,token,headers,status,code,text", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_livekit_error(sim, method, body, token, headers, status, code, text):
    answer = sim.livekit(method, body, token=token, **headers)
    assert answer.status == status, answer
    if code is None:
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert text in answer.text
    else:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json()["code"] == code
        assert text in answer.json()["msg"]


def test_livekit_wrong_verb_and_service(sim):
    headers = {"Authorization": "Bearer " + livekit_token()}
    answer = http_call(sim.livekit_url, "GET", "/twirp/livekit.SIP/ListSIPInboundTrunk", headers=headers)
    assert answer.json() == {"code": "bad_route", "msg": 'unsupported method "GET" (only POST is allowed)',
                             "meta": {"twirp_invalid_route": "GET /twirp/livekit.SIP/ListSIPInboundTrunk"}}
    answer = http_call(sim.livekit_url, "POST", "/twirp/livekit.Sip/ListSIPInboundTrunk", b"{}", headers)
    assert (answer.status, answer.text) == (404, "404 page not found\n")


# What the outside world does to livekit-server is a fault rule here: (rule) -> status, code, text, objects afterwards
WORLD = [
    ("redis_down", {"action": "status", "status": 500, "message": "dial tcp 127.0.0.1:6379: connect: connection refused"}, 500, "unknown", 0),
    ("redis_stalled", {"action": "late_commit", "ms": 50, "status": 500, "message": "i/o timeout"}, 500, "unknown", 1),
    ("no_redis", {"action": "status", "status": 500, "code": "internal", "message": "sip not connected (redis required)"}, 500, "internal", 0),
    ("rate_limited", {"action": "status", "status": 429}, 429, "resource_exhausted", 0),
    ("deadline", {"action": "status", "status": 408, "code": "deadline_exceeded"}, 408, "deadline_exceeded", 0),
    ("gone_after", {"action": "status_after", "status": 503}, 503, "unavailable", 1),
    ("broken_after", {"action": "status_after", "status": 500, "message": "i/o timeout"}, 500, "unknown", 1),
    ("proxy", {"action": "status_after", "status": 502, "body": "<html>no</html>"}, 502, None, 1),
]


@pytest.mark.parametrize("rule,status,code,after", [e[1:] for e in WORLD], ids=[e[0] for e in WORLD])
def test_livekit_in_a_bad_world(sim, rule, status, code, after):
    fault = sim.fault(path="*/CreateSIPOutboundTrunk", **rule)
    answer = sim.livekit("CreateSIPOutboundTrunk", {"trunk": OUTBOUND})
    assert answer.status == status
    assert code is None or answer.json()["code"] == code
    assert sim.fired(fault) == 1
    end = time.monotonic() + 10
    while len(sim.objects("outbound_trunks")) != after and time.monotonic() < end:
        time.sleep(0.01)
    entry = sim.log(fault=fault)[0]
    assert entry["committed"] == bool(after)
    assert len(sim.objects("outbound_trunks")) == after


# ---- Twilio: every documented field is there

FIELDS = {
    "trunk": "account_sid domain_name disaster_recovery_method disaster_recovery_url friendly_name secure recording transfer_mode "
             "transfer_caller_id cnam_lookup_enabled auth_type symmetric_rtp_enabled auth_type_set date_created date_updated sid url links",
    "origination_url": "account_sid sid trunk_sid weight enabled sip_url friendly_name priority date_created date_updated url",
    "association": "account_sid sid trunk_sid friendly_name date_created date_updated url",
    "trunk_number": "account_sid address_requirements api_version beta capabilities date_created date_updated friendly_name links "
                    "phone_number sid sms_application_sid sms_fallback_method sms_fallback_url sms_method sms_url status_callback "
                    "status_callback_method trunk_sid url voice_application_sid voice_caller_id_lookup voice_fallback_method "
                    "voice_fallback_url voice_method voice_url",
    "recording": "mode trim",
    "list": "account_sid date_created date_updated friendly_name sid subresource_uris uri",
    "credential": "sid account_sid credential_list_sid username date_created date_updated uri",
    "number": "account_sid address_sid address_requirements api_version beta capabilities date_created date_updated friendly_name "
              "identity_sid phone_number origin sid sms_application_sid sms_fallback_method sms_fallback_url sms_method sms_url "
              "status_callback status_callback_method trunk_sid uri voice_receive_mode voice_application_sid voice_caller_id_lookup "
              "voice_fallback_method voice_fallback_url voice_method voice_url emergency_status emergency_address_sid "
              "emergency_address_status bundle_sid status type",
    "address_list": "account_sid date_created date_updated friendly_name sid subresource_uris uri",
    "address": "account_sid cidr_prefix_length date_created date_updated friendly_name ip_access_control_list_sid ip_address sid uri",
    "policy": "account_sid sid friendly_name date_created date_updated url links",
    "target": "account_sid connection_policy_sid sid friendly_name target priority weight enabled date_created date_updated url",
    "byoc_trunk": "account_sid sid friendly_name voice_url voice_method voice_fallback_url voice_fallback_method status_callback_url "
                  "status_callback_method cnam_lookup_enabled connection_policy_sid from_domain_sid date_created date_updated url",
    "account": "auth_token date_created date_updated friendly_name owner_account_sid sid status subresource_uris type uri",
}


def shows(kind, answer, status):
    body = ok(answer, status)
    assert set(body) == set(FIELDS[kind].split())
    return body


def test_twilio_objects_from_create_to_delete(sim):
    number = sim.add_number("+15550100042", voice_url="https://old.test/")
    trunk = shows("trunk", sim.twilio("POST", "/v1/Trunks", {"DomainName": "td-one.pstn.twilio.com"}), 201)
    at = "/v1/Trunks/" + trunk["sid"]
    assert trunk["url"] == sim.twilio_url + at
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", trunk["date_created"])
    url = shows("origination_url", sim.twilio("POST", at + "/OriginationUrls", {
        "Weight": 1, "Priority": 1, "Enabled": "true", "FriendlyName": "LiveKit", "SipUrl": "sip:%s;transport=tcp" % SIP_HOST}), 201)
    lists = sim.account_path("SIP/CredentialLists")
    clist = shows("list", sim.twilio("POST", lists + ".json", {"FriendlyName": "td"}), 201)
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", clist["date_created"])
    below = "%s/%s" % (lists, clist["sid"])
    credential = shows("credential", sim.twilio("POST", below + "/Credentials.json", {"Username": "u", "Password": "Abcdefghijk1"}), 201)
    shows("association", sim.twilio("POST", at + "/CredentialLists", {"CredentialListSid": clist["sid"]}), 201)
    shows("trunk_number", sim.twilio("POST", at + "/PhoneNumbers", {"PhoneNumberSid": number}), 201)
    shows("number", sim.twilio("GET", sim.account_path("IncomingPhoneNumbers/%s.json" % number)), 200)
    shows("recording", sim.twilio("POST", at + "/Recording", {"Mode": "record-from-answer"}), 200)
    shows("account", sim.twilio("GET", "/2010-04-01/Accounts/%s.json" % ACCOUNT_SID), 200)
    for path, key in (("/v1/Trunks", "trunks"), (at + "/OriginationUrls", "origination_urls"), (at + "/CredentialLists", "credential_lists"),
                      (at + "/PhoneNumbers", "phone_numbers")):
        page = ok(sim.twilio("GET", path + "?PageSize=10"))
        assert len(page[key]) == 1 and page["meta"]["key"] == key and page["meta"]["next_page_url"] is None
    for path, key in ((lists + ".json", "credential_lists"), (below + "/Credentials.json", "credentials"),
                      (sim.account_path("IncomingPhoneNumbers.json"), "incoming_phone_numbers")):
        page = ok(sim.twilio("GET", path))
        assert len(page[key]) == 1 and page["next_page_uri"] is None and page["page_size"] == 50
    for path in (at + "/PhoneNumbers/" + number, at + "/CredentialLists/" + clist["sid"], at + "/OriginationUrls/" + url["sid"], at,
                 below + "/Credentials/%s.json" % credential["sid"], below + ".json"):
        answer = sim.twilio("DELETE", path)
        assert (answer.status, answer.body) == (204, b""), path
        assert sim.twilio("DELETE", path).json()["code"] == 20404
    assert set(sim.counts().values()) == {0}
    assert sim.number("+15550100042")["voice_url"] == "https://old.test/"


def test_twilio_address_lists_and_connection_policies(sim):
    lists = sim.account_path("SIP/IpAccessControlLists")
    alist = shows("address_list", sim.twilio("POST", lists + ".json", {"FriendlyName": "office"}), 201)
    below = "%s/%s" % (lists, alist["sid"])
    address = shows("address", sim.twilio("POST", below + "/IpAddresses.json", {"FriendlyName": "a", "IpAddress": "192.0.2.1"}), 201)
    trunk = ok(sim.twilio("POST", "/v1/Trunks", {}), 201)
    link = "/v1/Trunks/%s/IpAccessControlLists" % trunk["sid"]
    shows("association", sim.twilio("POST", link, {"IpAccessControlListSid": alist["sid"]}), 201)
    policy = shows("policy", sim.twilio("POST", "/v1/ConnectionPolicies", {"FriendlyName": "p"}), 201)
    targets = "/v1/ConnectionPolicies/%s/Targets" % policy["sid"]
    assert policy["links"] == {"targets": sim.twilio_url + targets}
    target = shows("target", sim.twilio("POST", targets, {"Target": "sip:" + SIP_HOST}), 201)
    byoc = shows("byoc_trunk", sim.twilio("POST", "/v1/ByocTrunks", {"ConnectionPolicySid": policy["sid"]}), 201)
    for path, key in ((link, "ip_access_control_lists"), ("/v1/ConnectionPolicies", "connection_policies"), (targets, "targets"),
                      ("/v1/ByocTrunks", "byoc_trunks")):
        page = ok(sim.twilio("GET", path + "?PageSize=10"))
        assert len(page[key]) == 1 and page["meta"]["key"] == key and page["meta"]["next_page_url"] is None
    for path, key in ((lists + ".json", "ip_access_control_lists"), (below + "/IpAddresses.json", "ip_addresses")):
        page = ok(sim.twilio("GET", path))
        assert len(page[key]) == 1 and page["next_page_uri"] is None
    for path in (link + "/" + alist["sid"], below + "/IpAddresses/%s.json" % address["sid"], below + ".json", "/v1/ByocTrunks/" + byoc["sid"],
                 targets + "/" + target["sid"], "/v1/ConnectionPolicies/" + policy["sid"], "/v1/Trunks/" + trunk["sid"]):
        answer = sim.twilio("DELETE", path)
        assert (answer.status, answer.body) == (204, b""), path
        assert sim.twilio("DELETE", path).json()["code"] == 20404
    assert set(sim.counts().values()) == {0}


def test_twilio_pages_are_followed_to_the_end(sim):
    sim.add_numbers("+15550100000", 120)
    path, seen = sim.account_path("IncomingPhoneNumbers.json?PageSize=50"), []
    while path:
        page = ok(sim.twilio("GET", path))
        seen += [n["phone_number"] for n in page["incoming_phone_numbers"]]
        path = page["next_page_uri"]
    assert seen == ["+1555010%04d" % i for i in range(120)]


def test_a_standing_route_carries_a_call(sim):
    number = sim.add_number("+15550100042")
    trunk = ok(sim.twilio("POST", "/v1/Trunks", {"DomainName": "td-one.pstn.twilio.com"}), 201)["sid"]
    ok(sim.twilio("POST", "/v1/Trunks/%s/OriginationUrls" % trunk, {
        "Weight": 1, "Priority": 1, "Enabled": "true", "FriendlyName": "LiveKit", "SipUrl": "sip:" + SIP_HOST}), 201)
    inbound = ok(sim.livekit("CreateSIPInboundTrunk", {"trunk": {"numbers": ["+15550100042"]}}))["sip_trunk_id"]
    ok(sim.livekit("CreateSIPDispatchRule", {"dispatch_rule": rule_info(inbound)}))
    assert sim.call("+15550100042")["ends"] == "webhook"
    ok(sim.twilio("POST", sim.account_path("IncomingPhoneNumbers/%s.json" % number), {"TrunkSid": trunk}))
    call = sim.call("+15550100042")
    assert (call["ends"], call["agent_name"], call["project"], call["room_prefix"]) == ("room", "front-desk", API_KEY, "desk")
