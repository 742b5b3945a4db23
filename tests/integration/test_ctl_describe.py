"""trunkctl describe and plan."""
import json
import re
from unittest.mock import ANY

import pytest
import yaml

import pglib
import ctllib
from ctllib import ACCOUNTS, agent, apply, document, number, settle, trunkctl

LIVEKIT = {"url": "https://lk.livekit.cloud", "apiKey": "APIkey", "secret": "file:account/lk", "sipHost": "lk.sip.livekit.cloud"}
TWILIO = {"accountSid": "AC00000000000000000000000000000001", "secret": "file:account/main", "livekitProject": "lk"}
ONE, TWO, SIP = "+14155550100", "+14155550101", "+442079460100"
POLICY = ["beside it: a connection policy, which routes nothing by itself; a BYOC trunk at Twilio has to name it",
          "connection policy | NY1 | live, in main", "target | NE1 | live, in main", "sip:lk;transport=tcp", "NE2 | live, in main", "sip:desk.example"]
SYMMETRIC = "symmetric RTP is on (only Twilio's console can change it)"


@pytest.fixture
def fleet(db):
    done = apply(db, ACCOUNTS, agent("support"), document("Trunk", "big", {"twilioAccount": "main"}),
                 document("PhoneNumber", ONE, {"twilioAccount": "main", "agent": "support", "label": "Line", "trunk": "big", "supportsOutbound": True},
                          {"team": "support"}),
                 number(TWO), document("PhoneNumber", SIP, {"provider": "sip", "livekitProject": "lk", "agent": "support"}))
    assert done.code == 0, done
    ctllib.daemon_works(db)
    return db


def resource(db, kind, external_id, owner=ONE, known="live", account="main", **columns):
    row = {"owner_type": "number" if owner.startswith("+") else "trunk", "owner": owner, "kind": kind, "account": account, "rev": 1, "known": known,
           "external_id": external_id, "epoch": 1, **columns}
    db.q(f"insert into trunkd.resource ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})", *row.values())


def made(db):
    trunk = db.one("select id::text from trunkd.trunk where name = 'big'")
    resource(db, "twilio.trunk", "TK1", trunk, applied='{"symmetric_rtp_enabled": true}')
    for kind, external_id in (("recording", "TK1"), ("origination_url", "OU1"), ("credential_list", "CL1"), ("credential", "CR1"), ("trunk_credential_list", "CL1")):
        resource(db, "twilio." + kind, external_id, trunk, slot="sip:lk" if kind == "origination_url" else "")
    resource(db, "twilio.connection_policy", "NY1", trunk)
    resource(db, "twilio.connection_policy_target", "NE1", trunk, applied='{"target": "sip:lk;transport=tcp"}')
    resource(db, "twilio.connection_policy_target", "NE2", trunk, slot="sip:desk.example", applied='{"target": "sip:desk.example"}')
    resource(db, "livekit.inbound_trunk", "ST_in", account="lk")
    resource(db, "livekit.outbound_trunk", "ST_out", account="lk", open="update")
    resource(db, "livekit.dispatch_rule", "SDR_1", account="lk", known="maybe")
    resource(db, "twilio.trunk_phone_number", "PN1", refusal="Refused", message="Twilio says no")
    db.q("insert into trunkd.trunk_status (trunk, automatic, twilio_account, livekit_project, status, reason, settled) "
         "values (%s, false, 'main', 'lk', 'active', 'UpToDate', true)", trunk)
    settle(db, ONE, "active", "UpToDate", "fine")
    db.q("update trunkd.number_status set trunk = %s where phone_number = %s", trunk, ONE)
    return trunk


def words(text):
    """Lines without the arrows of the path, columns divided by a bar."""
    return [re.sub(r"  +", " | ", line.strip().lstrip("→ ").removeprefix("+ ")) if line.startswith("    ") else re.sub(r"  +", " | ", line.strip())
            for line in text.splitlines() if line.strip()]


def test_describe_draws_the_path_with_every_id(fleet):
    made(fleet)
    for n in range(12):
        fleet.q("insert into trunkd.event (object_type, object, reason, message) values ('number', %s, 'Created', %s)", ONE, f"m{n}")
    done = trunkctl(fleet, "describe", ONE)
    assert (done.code, done.err) == (0, "")
    assert "    → Twilio trunk            TK1" in done.out and "    + credential              CR1" in done.out
    seen = words(done.out)
    assert seen[0] == f"{ONE} | Line"
    assert re.fullmatch(r"status \| active \(UpToDate\) for \d+s", seen[1])
    assert seen[2:] == [
        "message | fine", "what to do | Nothing to do.", "settled | yes: nothing is left to do without somebody's change",
        "Twilio account | main", "LiveKit project | lk", "trunk | big", "labels | team=support",
        f"the way of a call to {ONE}", "the caller",
        "Twilio number | PN1 | live, in main", "Refused: Twilio says no",
        "Twilio trunk | TK1 | live, in main", SYMMETRIC, "recording | TK1 | live, in main", "origination URL | OU1 | live, in main", "sip:lk",
        "LiveKit inbound trunk | ST_in | live, in lk", "dispatch rule | SDR_1 | in doubt, in lk",
        "agent support, which LiveKit knows as support-agent",
        f"the way of a call from {ONE}", "an agent or a program",
        "LiveKit outbound trunk | ST_out | live, being changed, in lk", "credential | CR1 | live, in main", "credential list | CL1 | live, in main",
        "list on the trunk | CL1 | live, in main", "Twilio trunk | TK1 | live, in main", SYMMETRIC, "recording | TK1 | live, in main", f"the callee, who sees {ONE}",
        *POLICY,
        "last events", *[f"0s ago | Created: m{n}" for n in range(2, 12)]]


def test_describe_shows_the_agent_that_calls_meet(fleet):
    made(fleet)
    fleet.q("update trunkd.resource set known = 'live', applied = %s where kind = 'livekit.dispatch_rule'", '{"agents": {"old-agent": "", "scribe": "x"}}')
    assert "    → agent scribe, old-agent, as LiveKit knows it; to be: support (support-agent)\n" in trunkctl(fleet, "describe", ONE).out
    fleet.q("update trunkd.phone_number set agent = null")
    assert "    → agent scribe, old-agent, as LiveKit knows it; to be: nobody, for the number has no agent\n" in trunkctl(fleet, "describe", ONE).out
    fleet.q("update trunkd.phone_number set agent = 'support'")
    fleet.q("update trunkd.resource set applied = %s where kind = 'livekit.dispatch_rule'", '{"agents": {"support-agent": "", "scribe": "x"}}')
    assert "    → agent support, which LiveKit knows as support-agent\n" in trunkctl(fleet, "describe", ONE).out


def test_describe_says_what_is_left_and_what_to_do(fleet):
    fleet.q("delete from trunkd.phone_number where phone_number = %s", ONE)
    settle(fleet, ONE, "corrupted", "CleanupRefused", "LiveKit says no", leftovers=[
        {"kind": "livekit.inbound_trunk", "account": "lk", "external_id": "ST_1", "message": "permission denied", "remedy": "Give the key its rights back."}])
    fleet.q("update trunkd.number_status set next_at = clock_timestamp() + interval '90 s' where phone_number = %s", ONE)
    seen = words(trunkctl(fleet, "describe", ONE).out)
    assert f"trunkctl force-delete {ONE} --why TEXT" in seen[-1]
    assert seen[seen.index("what is left and cannot be removed") + 1:][:2] == [
        "livekit.inbound_trunk ST_1 in lk: permission denied", "Give the key its rights back."]
    assert "row | deleted; this is what is left of it" in seen
    assert any(re.fullmatch(r"next attempt \| in (89|90)s", line) for line in seen)


@pytest.mark.parametrize("status, reason, settled, words", [
    ("failed", "NotInAccount", True, "looked at again"), ("active", "UpToDate", True, "looked at again"), ("pending", "SettingUp", False, "next attempt")])
def test_what_rests_is_looked_at_and_not_attempted(fleet, status, reason, settled, words):
    settle(fleet, ONE, status, reason, settled=settled)
    fleet.q("update trunkd.number_status set next_at = clock_timestamp() + interval '90 s' where phone_number = %s", ONE)
    seen = trunkctl(fleet, "describe", ONE).out
    assert words + " " in seen and ("next attempt" in seen) == (words == "next attempt"), seen


def test_describe_shows_only_what_a_number_is_for(fleet):
    seen = words(trunkctl(fleet, "describe", SIP).out)
    assert "your carrier" in seen and not any(line.startswith(("Twilio", "origination")) for line in seen)
    assert not any(line.startswith("the way of a call from") for line in seen)
    assert "settled | no: the daemon has not finished with the last change" in seen
    seen = words(trunkctl(fleet, "describe", TWO).out)
    assert "nobody: the number has no agent" in seen and "Twilio number | - | not there" in seen


def test_describe_of_several_and_of_other_kinds(fleet):
    made(fleet)
    done = trunkctl(fleet, "describe", "agent/support", "trunk/big", "account/main", "project/lk")
    assert (done.code, done.err) == (0, "")
    seen = words(done.out)
    for line in ("agent support", "dispatch_name | support-agent", f"answers | {ONE}", SIP, "trunk big", "twilio_trunk_sid | TK1", *POLICY, "Twilio account main",
                 "identity | AC00000000000000000000000000000001/us1", "LiveKit project lk"):
        assert line in seen, line


def test_describe_shows_what_is_set_in_the_words_of_a_manifest(fleet):
    recovery = {"disasterRecoveryUrl": "https://recover.test/", "originationUrls": [{"url": "sip:backup.example"}]}
    done = apply(fleet, document("LiveKitProject", "lk", {**LIVEKIT, "drift": "report", "maxInFlight": 5}),
                 document("TwilioAccount", "main", {**TWILIO, "requestsPerMinute": 600, "numbersPerTrunk": 20, "drift": "repair"}),
                 document("Trunk", "big", {"twilioAccount": "main", "numbersMax": 40, "twilioTrunk": recovery}),
                 document("Agent", "support", {"dispatchName": "support-agent", "dispatchRule": {"type": "direct", "roomName": "lobby",
                                                                                              "moreAgents": {"clerk": "x"}}}),
                 document("PhoneNumber", ONE, {"twilioAccount": "main", "trunk": "big", "agent": "support", "takeover": True,
                                               "inboundTrunk": {"ringingTimeoutSeconds": 30, "allowedNumbers": ["+1555"]}}),
                 document("PhoneNumber", SIP, {"provider": "sip", "livekitProject": "lk", "supportsOutbound": True, "outboundTrunk": {
                     "address": "sip.carrier.example", "authUsername": "desk", "authPassword": "file:sip/carrier"}}))
    assert done.code == 0, done
    seen = words(trunkctl(fleet, "describe", ONE).out)
    at = seen.index("takeover | true")
    assert seen[at + 1:at + 6] == ['inboundTrunk | allowedNumbers: ["+1555"]', "ringingTimeoutSeconds: 30", "dispatchRule | type: direct",
                                   "roomName: lobby", 'moreAgents: {"clerk":"x"}']
    seen = words(trunkctl(fleet, "describe", SIP).out)
    at = seen.index("outboundTrunk | address: sip.carrier.example")
    assert seen[at + 1:at + 3] == ["authUsername: desk", "authPassword: file:sip/carrier"] and "takeover | true" not in seen
    seen = words(trunkctl(fleet, "describe", "trunk/big").out)
    at = seen.index("numbersMax | 40")
    assert seen[at + 1:at + 3] == ["twilioTrunk | disasterRecoveryUrl: https://recover.test/", 'originationUrls: [{"url":"sip:backup.example"}]']
    seen = words(trunkctl(fleet, "describe", "agent/support").out)
    at = seen.index("dispatchRule | type: direct")
    assert seen[at + 1:at + 3] == ["roomName: lobby", 'moreAgents: {"clerk":"x"}']
    seen = trunkctl(fleet, "describe", "account/main").out
    assert "requestsPerMinute    600" in seen and "numbersPerTrunk      20" in seen
    assert not any(key in seen for key in ("drift", "maxInFlight", "region", "file:account")), seen
    seen = trunkctl(fleet, "describe", "project/lk").out
    assert "drift                report" in seen and "maxInFlight" not in seen


def test_a_retired_number_of_another_carrier_has_no_way_through_twilio(fleet):
    for kind, external_id in (("livekit.inbound_trunk", "ST_in"), ("livekit.outbound_trunk", "ST_out")):
        resource(fleet, kind, external_id, owner=SIP, account="lk")
    fleet.q("delete from trunkd.phone_number where phone_number in (%s, %s)", SIP, TWO)
    resource(fleet, "livekit.inbound_trunk", "ST_two", owner=TWO, account="lk")
    resource(fleet, "twilio.trunk_phone_number", "PN2", owner=TWO)
    seen = words(trunkctl(fleet, "describe", SIP).out)
    assert "LiveKit inbound trunk | ST_in | live, in lk" in seen and "LiveKit outbound trunk | ST_out | live, in lk" in seen
    assert not any("Twilio" in line or "origination" in line or "credential" in line for line in seen), seen
    seen = words(trunkctl(fleet, "describe", TWO).out)
    assert "Twilio number | PN2 | live, in main" in seen
    assert not any(line.startswith("the way of a call from") for line in seen)     # nothing of it is left, if there ever was one


def test_describe_as_a_document_says_what_the_text_says(fleet):
    made(fleet)
    fleet.q("insert into trunkd.event (object_type, object, reason, message) values ('number', %s, 'Drifted', 'words')", ONE)
    done = trunkctl(fleet, "describe", ONE, "agent/support", "-o", "json")
    number, support = json.loads(done.out)
    assert done.code == 0 and list(number) == ["kind", "name", "state", "what_to_do", "agent", "next_attempt_in_seconds", "so_for_seconds", "objects", "events"]
    assert (number["kind"], number["name"]) == ("PhoneNumber", ONE) and number["agent"]["name"] == "support"
    text = trunkctl(fleet, "describe", ONE).out
    for value in (number["state"]["status"], number["state"]["reason"], *(o["external_id"] for o in number["objects"] if o["external_id"])):
        assert value in text
    assert number["objects"] and number["events"][-1]["reason"] == "Drifted"
    assert support["kind"] == "Agent" and support["state"]["name"] == "support" and "objects" not in support
    assert yaml.safe_load(trunkctl(fleet, "describe", ONE, "agent/support", "-o", "yaml").out) == [
        {**number, "so_for_seconds": ANY}, support]
    missing = trunkctl(fleet, "describe", "+14155559999", ONE, "-o", "json")
    assert missing.code == 1 and len(json.loads(missing.out)) == 1 and "there is no phone number +14155559999" in missing.err


def test_describe_of_what_is_not_there(fleet):
    done = trunkctl(fleet, "describe", "+14155559999", "agent/x", TWO)
    assert done.code == 1 and TWO in done.out
    assert done.err == "trunkctl: there is no phone number +14155559999, and nothing is left of one\ntrunkctl: there is no agent x\n"


def test_a_reader_sees_ids_without_the_ledger(fleet):
    made(fleet)
    fleet.q("do $$ begin if to_regrole('ctl_reader') is null then create role ctl_reader login; end if; end $$")
    fleet.q("grant trunkd_reader to ctl_reader")
    done = trunkctl(fleet, "describe", ONE, "agent/support", user="ctl_reader")
    assert (done.code, done.err) == (0, "")
    seen = words(done.out)
    assert "LiveKit inbound trunk | ST_in | known" in seen and "Twilio trunk | TK1 | known" in seen


# ---- plan

def operations(done):
    return [(line["owner_type"], line["owner"], line["operation"], line["kind"]) for line in json.loads(done.out)]


def test_plan_says_what_would_be_done(fleet):
    done = trunkctl(fleet, "plan")
    assert (done.code, done.err) == (2, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("automatic trunk ") and lines[1] == "  create twilio.trunk in main"
    assert lines[lines.index("trunk big") + 1] == "  create twilio.trunk in main"
    at = lines.index(SIP)
    assert lines[at + 1:at + 3] == ["  create livekit.inbound_trunk in lk", "  create livekit.dispatch_rule in lk, after livekit.inbound_trunk"]
    assert lines.index(ONE) < lines.index(TWO) < at
    assert lines[-1] == "It rests on what the database knows. Accounts were last read whole: lk never, main never."
    assert re.fullmatch(r"It takes \d+ requests: \d+ at main \(Twilio\), \d+ at lk \(LiveKit\); what is looked up first is not counted.", lines[-2])
    assert re.fullmatch(r"\d+ to create; \d+ of them wait for others", lines[-3])
    rows = json.loads(trunkctl(fleet, "plan", "-o", "json").out)
    assert list(rows[0]) == ["owner_type", "owner", "operation", "kind", "slot", "account", "external_id", "changes", "blocked_by", "requests"]
    assert len(rows) == int(lines[-3].split()[0])


def test_plan_changes_nothing(fleet):
    before = fleet.q("select object_type, key, ver from trunkd.dirty order by 1, 2")
    trunkctl(fleet, "plan")
    trunkctl(fleet, "plan", "-f", "-", stdin=number(TWO, agent="support"))
    assert fleet.q("select object_type, key, ver from trunkd.dirty order by 1, 2") == before
    assert fleet.q("select * from trunkd.resource") == fleet.q("select * from trunkd.number_status") == []
    assert fleet.one("select agent from trunkd.phone_number where phone_number = %s", TWO) is None


def test_plan_of_documents(fleet):
    rule = ("number", TWO, "create", "livekit.dispatch_rule")
    assert rule not in operations(trunkctl(fleet, "plan", "-o", "json"))
    done = trunkctl(fleet, "plan", "-o", "json", "-f", "-", stdin=number(TWO, agent="support"))
    assert done.code == 2 and rule in operations(done)


def test_plan_of_nothing(db):
    done = trunkctl(db, "plan")
    assert (done.code, done.out, done.err) == (0, "nothing to do\n", "")
    assert trunkctl(db, "plan", "-o", "json").out == "[]\n"
    apply(db, ACCOUNTS)
    done = trunkctl(db, "plan")
    assert (done.code, done.out.splitlines()[0]) == (0, "nothing to do")


def test_plan_of_the_examples(db):
    done = trunkctl(db, "plan", "-f", pglib.SOURCES / "contrib" / "examples")
    assert done.code == 2 and "19 to create" in done.out and db.one("select count(*) from trunkd.phone_number") == 0


def test_plan_of_bad_documents(fleet):
    done = trunkctl(fleet, "plan", "-f", "-", stdin=number(TWO, agnet="x"))
    assert (done.code, done.out) == (1, "") and 'did you mean "agent"?' in done.err
    done = trunkctl(fleet, "plan", "-f", "-", stdin=number(TWO, agent="x"))
    assert (done.code, done.out) == (3, "") and 'there is no agent "x"' in done.err


def test_ages_of_accounts(fleet):
    fleet.q("insert into trunkd.account_status (name, last_scan_at) values ('main', clock_timestamp() - interval '300 s')")
    assert "lk never, main 5m ago." in trunkctl(fleet, "plan").out
