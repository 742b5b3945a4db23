"""The official Twilio SDK for Node as a client of the simulator: every kind created, fetched, listed in pages, updated, removed.

A new kind is one row of KINDS.
"""
from dataclasses import dataclass, field

import pytest

from nodelib import SdkError, settings_of
from simlib import ACCOUNT_SID, SIP_HOST

ACCOUNT = f"api.v2010.accounts({ACCOUNT_SID})"
TRUNK = "trunking.v1.trunks({trunk})"
STRONG = "Abcdefghijk1"


@dataclass
class Kind:
    name: str
    at: str                             # where the SDK keeps the collection; {kind} is the sid of a parent made for it
    create: dict                        # {n} is a number of its own, {kind} as above
    change: dict = field(default_factory=dict)      # empty: it has no update
    hidden: tuple = ()                  # arguments that no answer repeats


KINDS = [
    Kind("trunk", "trunking.v1.trunks", {"domainName": "td-{n}.pstn.twilio.com", "friendlyName": "trunk {n}", "secure": False},
         {"friendlyName": "renamed", "secure": True, "transferMode": "enable-all", "cnamLookupEnabled": True,
          "transferCallerId": "from-transferor", "disasterRecoveryUrl": "https://recover.test/", "disasterRecoveryMethod": "GET"}),
    Kind("origination_url", TRUNK + ".originationUrls",
         {"weight": 10, "priority": 10, "enabled": True, "friendlyName": "LiveKit {n}", "sipUrl": f"sip:{SIP_HOST};transport=tcp"},
         {"priority": 20, "weight": 5, "enabled": False, "sipUrl": "sip:other.sip.sim.test"}),
    Kind("trunk_credential_list", TRUNK + ".credentialsLists", {"credentialListSid": "{credential_list n}"}, hidden=("credentialListSid",)),
    Kind("trunk_phone_number", TRUNK + ".phoneNumbers", {"phoneNumberSid": "{number n}"}, hidden=("phoneNumberSid",)),
    Kind("credential_list", ACCOUNT + ".sip.credentialLists", {"friendlyName": "list {n}"}, {"friendlyName": "renamed"}),
    Kind("credential", ACCOUNT + ".sip.credentialLists({credential_list}).credentials", {"username": "user{n}", "password": STRONG},
         {"password": STRONG + "2"}, hidden=("password",)),
    Kind("address_list", ACCOUNT + ".sip.ipAccessControlLists", {"friendlyName": "addresses {n}"}, {"friendlyName": "renamed"}),
    Kind("address", ACCOUNT + ".sip.ipAccessControlLists({address_list}).ipAddresses",
         {"friendlyName": "address {n}", "ipAddress": "192.0.2.{n}", "cidrPrefixLength": 32},
         {"friendlyName": "renamed", "ipAddress": "198.51.100.0", "cidrPrefixLength": 24}),
    Kind("trunk_address_list", TRUNK + ".ipAccessControlLists", {"ipAccessControlListSid": "{address_list n}"},
         hidden=("ipAccessControlListSid",)),
    Kind("connection_policy", "voice.v1.connectionPolicies", {"friendlyName": "policy {n}"}, {"friendlyName": "renamed"}),
    Kind("policy_target", "voice.v1.connectionPolicies({connection_policy}).targets",
         {"friendlyName": "target {n}", "target": f"sip:{SIP_HOST};transport=tcp", "priority": 1, "weight": 20, "enabled": True},
         {"friendlyName": "renamed", "target": "sip:other.sip.sim.test", "priority": 2, "weight": 1, "enabled": False}),
    Kind("byoc_trunk", "voice.v1.byocTrunks",
         {"friendlyName": "byoc {n}", "voiceUrl": "https://voice.test/", "voiceMethod": "GET", "cnamLookupEnabled": False,
          "connectionPolicySid": "{connection_policy}"},
         {"friendlyName": "renamed", "voiceUrl": "https://other.test/", "voiceMethod": "POST", "voiceFallbackUrl": "https://fall.test/",
          "statusCallbackUrl": "https://status.test/", "statusCallbackMethod": "GET", "cnamLookupEnabled": True}),
]
BY_NAME = {k.name: k for k in KINDS}
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[k.name for k in KINDS])
each_with_update = pytest.mark.parametrize("kind", [k for k in KINDS if k.change], ids=[k.name for k in KINDS if k.change])


class Maker:
    """Makes objects and the parents they need: {trunk} is one parent for all, {number n} a new one each time."""

    new_number = {}

    def __init__(self, sdk):
        self.sdk, self.parents, self.count = sdk, {}, 0

    def parent(self, name):
        if name not in self.parents:
            self.parents[name] = self.create(BY_NAME[name])["sid"]
        return self.parents[name]

    def fill(self, text):
        if not isinstance(text, str) or "{" not in text:
            return text
        for name in BY_NAME:
            if "{%s}" % name in text:
                text = text.replace("{%s}" % name, self.parent(name))
            if "{%s n}" % name in text:
                text = text.replace("{%s n}" % name, self.create(BY_NAME[name])["sid"])
        if "{number n}" in text:
            text = self.sdk.sim.add_number("+1555010%04d" % self.count, **self.new_number)
        return text.replace("{n}", str(self.count))

    def at(self, kind):
        return self.fill(kind.at)

    def arguments(self, kind):
        self.count += 1
        return {k: self.fill(v) for k, v in kind.create.items()}

    def create(self, kind):
        return self.sdk.twilio(self.at(kind) + ".create", self.arguments(kind))


@pytest.fixture
def maker(sdk):
    return Maker(sdk)


def refused(code, status, call, *arguments):
    with pytest.raises(SdkError) as e:
        call(*arguments)
    assert (e.value.name, e.value.code, e.value.status) == ("RestException", code, status), e.value


@each_kind
def test_created_fetched_and_listed(sdk, maker, kind):
    at, arguments = maker.at(kind), maker.arguments(kind)
    made = sdk.twilio(at + ".create", arguments)
    for name, value in arguments.items():
        assert name in kind.hidden or made[name] == value, name
    assert not set(made) & set(kind.hidden)
    assert sdk.twilio(f"{at}({made['sid']}).fetch") == made
    assert sdk.twilio(at + ".list") == [made]
    assert made["dateCreated"].endswith("Z") and made["accountSid"] == ACCOUNT_SID


@each_with_update
def test_updated_in_place(sdk, maker, kind):
    at, made = maker.at(kind), maker.create(kind)
    changed = sdk.twilio(f"{at}({made['sid']}).update", kind.change)
    expected = {**made, **{k: v for k, v in kind.change.items() if k not in kind.hidden}, "dateUpdated": changed["dateUpdated"]}
    assert changed == expected
    assert sdk.twilio(f"{at}({made['sid']}).fetch") == changed


def test_every_setting_is_sent():
    """A new setting needs a place in the rows."""
    rows = {"twilio_trunk": "trunk", "origination_url": "origination_url", "connection_policy_target": "policy_target"}
    at_twilio = {"url": "sipUrl"}
    elsewhere = {"recordingMode", "recordingTrim",                                              # test_recording_is_fetched_and_updated
                 "originationUrls", "connectionPolicy", "connectionPolicyTargets"}              # rows of their own
    missing = [(document, name) for document, row in rows.items() for name in settings_of(document)
               if name not in elsewhere and f"'{at_twilio.get(name, name)}'" not in str(BY_NAME[row])]
    assert not missing


@each_kind
def test_pages_are_followed_to_the_end(sdk, maker, kind):
    at = maker.at(kind)
    made = [maker.create(kind)["sid"] for _ in range(7)]
    sdk.sim.clear_log()
    for size in (1, 3, 7, 50):
        assert [o["sid"] for o in sdk.twilio(at + ".list", {"pageSize": size})] == made
    assert len(sdk.sim.log(method="GET")) == 7 + 3 + 1 + 1
    assert [o["sid"] for o in sdk.twilio(at + ".list", {"limit": 5, "pageSize": 2})] == made[:5]
    page = sdk.twilio(at + ".page", {"pageSize": 3})
    assert len(page["instances"]) == 3


@each_kind
def test_removed_once(sdk, maker, kind):
    at, kept, made = maker.at(kind), maker.create(kind), maker.create(kind)
    assert sdk.twilio(f"{at}({made['sid']}).remove") is True
    refused(20404, 404, sdk.twilio, f"{at}({made['sid']}).remove")
    refused(20404, 404, sdk.twilio, f"{at}({made['sid']}).fetch")
    assert [o["sid"] for o in sdk.twilio(at + ".list")] == [kept["sid"]]


def test_recording_is_fetched_and_updated(sdk, maker):
    at = maker.fill(TRUNK) + ".recordings()"
    assert sdk.ask(client="twilio", calls=calls(at, "fetch"))["mode"] == "do-not-record"
    changed = sdk.ask(client="twilio", calls=calls(at, "update", {"mode": "record-from-answer-dual", "trim": "trim-silence"}))
    assert (changed["mode"], changed["trim"]) == ("record-from-answer-dual", "trim-silence")
    assert sdk.ask(client="twilio", calls=calls(at, "fetch")) == changed


def calls(path, verb, *arguments):
    """A path that ends in a singleton: recordings()."""
    words = path.split(".")
    assert words[-1].endswith("()")
    steps = [[w.partition("(")[0], [w.partition("(")[2].rstrip(")")]] if "(" in w else [w] for w in words[:-1]]
    return steps + [[words[-1][:-2], []], [verb, list(arguments)]]


def test_numbers_are_found_routed_and_given_back(sdk, maker):
    sids = [sdk.sim.add_number("+1555010%04d" % i, voice_url="https://old.test/") for i in range(5)]
    at = ACCOUNT + ".incomingPhoneNumbers"
    assert [n["sid"] for n in sdk.twilio(at + ".list", {"pageSize": 2})] == sids
    found, = sdk.twilio(at + ".list", {"phoneNumber": "+15550100003"})
    assert found["sid"] == sids[3] and found["voiceUrl"] == "https://old.test/" and found["capabilities"]["voice"] is True
    trunk = maker.parent("trunk")
    attached = sdk.twilio(f"{at}({sids[3]}).update", {"trunkSid": trunk})
    assert attached["trunkSid"] == trunk
    assert [n["sid"] for n in sdk.twilio(maker.fill(TRUNK) + ".phoneNumbers.list")] == [sids[3]]
    back = sdk.twilio(f"{at}({sids[3]}).update", {"trunkSid": "", "voiceUrl": "https://old.test/"})
    assert not back["trunkSid"] and back["voiceUrl"] == "https://old.test/"
    assert sdk.twilio(maker.fill(TRUNK) + ".phoneNumbers.list") == []


def test_the_account_is_listed_and_fetched(sdk):
    account, = sdk.twilio("api.v2010.accounts.list")
    assert account["sid"] == ACCOUNT_SID and account["status"] == "active"
    assert sdk.twilio(ACCOUNT + ".fetch") == account


REFUSALS = [    # kind, arguments or what they are changed by, code
    ("trunk", {"domainName": "td-1.example.com"}, 21245), ("trunk", {"domainName": "twice.pstn.twilio.com"}, 21248),
    ("credential_list", {"friendlyName": "twice"}, 21240), ("credential", {"password": "short"}, 21240),
    ("origination_url", {"sipUrl": "http://no"}, 21245), ("address_list", {"friendlyName": "twice"}, 21235),
    ("address", {"ipAddress": "192.0.2.256"}, 21235), ("policy_target", {"target": "sips:no"}, 20422),
    ("byoc_trunk", {"connectionPolicySid": "NY" + 32 * "0"}, 20423),
]


@pytest.mark.parametrize("kind,change,code", REFUSALS, ids=[f"{r[0]}-{r[2]}-{list(r[1].values())[0]}" for r in REFUSALS])
def test_refused_as_the_sdk_expects_it(sdk, maker, kind, change, code):
    kind = BY_NAME[kind]
    at = maker.at(kind)
    if "twice" in str(change):
        sdk.twilio(at + ".create", {**maker.arguments(kind), **change})
    refused(code, 400, sdk.twilio, at + ".create", {**maker.arguments(kind), **change})


def test_problem_documents_are_understood_too(sdk, maker):
    sdk.sim.config(twilio_problem_json=True)
    with pytest.raises(SdkError) as e:
        sdk.twilio("trunking.v1.trunks(TK00000000000000000000000000000000).fetch")
    assert (e.value.name, e.value.code, e.value.status) == ("TwilioServiceException", 20404, 404)
