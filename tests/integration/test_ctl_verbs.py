"""trunkctl get, wait, delete, retry, force-delete, events and seal."""
import json
import re
import subprocess
import threading
import time

import pytest
import yaml

import ctllib
import pglib
from ctllib import ACCOUNTS, agent, apply, document, number, settle, trunkctl

ONE, TWO, THREE = "+14155550100", "+14155550101", "+14155550102"
NOWHERE = "+14155559999"


@pytest.fixture
def fleet(db):
    done = apply(db, ACCOUNTS, agent("support"), agent("sales"), document("Trunk", "big", {"twilioAccount": "main"}),
                 document("PhoneNumber", ONE, {"twilioAccount": "main", "agent": "support", "label": "Täglich ja"}, {"team": "support"}),
                 number(TWO, agent="sales"))
    assert done.code == 0, done
    settle(db, ONE)
    settle(db, TWO, "pending", "SettingUp", "making its trunk", settled=False)
    ctllib.daemon_works(db)
    return db


def table(done):
    assert (done.code, done.err) == (0, ""), done
    return [re.split(r"  +", line) for line in done.out.splitlines()]


def test_get_lists_numbers(fleet):
    rows = table(trunkctl(fleet, "get"))
    assert rows[0] == ["NAME", "LABEL", "STATUS", "REASON", "AGENT", "TRUNK", "AGE"]
    assert rows[1][:6] == [ONE, "Täglich ja", "active", "UpToDate", "support", "-"] and re.fullmatch(r"\d+s", rows[1][6])
    assert rows[2][:6] == [TWO, "-", "pending", "SettingUp", "sales", "-"]
    assert len(rows) == 3
    lines = trunkctl(fleet, "get").out.splitlines()
    assert len({line.index("active" if "active" in line else "pending") for line in lines[1:]} | {lines[0].index("STATUS")}) == 1


@pytest.mark.parametrize("arguments, names", [
    (["numbers"], [ONE, TWO]), (["number", TWO], [TWO]), ([ONE], [ONE]), (["number/" + ONE, TWO], [ONE, TWO]), (["PhoneNumbers"], [ONE, TWO]),
    (["-l", "team=support"], [ONE]), (["-l", "team=support", "-l", "a=b"], []),
    (["agents"], ["sales", "support"]), (["agent/sales"], ["sales"]), (["trunks"], ["big"]), (["accounts"], ["main"]), (["projects"], ["lk"]),
])
def test_get_finds(fleet, arguments, names):
    done = trunkctl(fleet, "get", *arguments, "--no-headers")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == names
    rows = json.loads(trunkctl(fleet, "get", *arguments, "-o", "json").out)
    assert [row.get("phone_number") or row["name"] for row in rows] == names


def test_json_keys_are_the_columns_of_the_views(fleet):
    for kind, view in (("numbers", "number"), ("agents", "agent_state"), ("trunks", "trunk_state"), ("accounts", "account_state")):
        rows = json.loads(trunkctl(fleet, "get", kind, "-o", "json").out)
        columns = [r[0] for r in fleet.q("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 order by attnum", "trunkd." + view)]
        assert [list(row) for row in rows] == [columns] * len(rows) and rows


def test_get_ledger_orphans_and_strays(fleet):
    fleet.q("""insert into trunkd.resource (owner_type, owner, kind, account, rev, known, external_id, epoch, secret)
               values ('number', %s, 'livekit.inbound_trunk', 'lk', 1, 'live', 'ST_1', 1, 'sealed:00000000:secretsecret')""", ONE)
    fleet.q("insert into trunkd.orphan (owner_type, owner, kind, account, external_id, why) values ('number', %s, 'livekit.inbound_trunk', 'lk', 'ST_2', 'closed')", TWO)
    fleet.q("insert into trunkd.stray (account, kind, external_id) values ('lk', 'livekit.dispatch_rule', 'SDR_1')")
    assert table(trunkctl(fleet, "get", "resources"))[1] == [ONE, "livekit.inbound_trunk", "-", "lk", "live", "-", "ST_1", "-"]
    assert "sealed" not in trunkctl(fleet, "get", "resources", "-o", "json").out
    assert table(trunkctl(fleet, "get", "orphans", TWO))[1][:6] == [TWO, "livekit.inbound_trunk", "lk", "ST_2", "-", "closed"]
    assert table(trunkctl(fleet, "get", "strays"))[1][:3] == ["lk", "livekit.dispatch_rule", "SDR_1"]
    assert trunkctl(fleet, "get", "orphans", ONE).code == 1


def test_get_shows_numbers_that_are_leaving(fleet):
    fleet.q("delete from trunkd.phone_number where phone_number = %s", ONE)
    assert [row[:5] for row in table(trunkctl(fleet, "get", ONE))][1] == [ONE, "-", "deleting", "Deleting", "-"]


def test_an_empty_list_says_so(db):
    done = trunkctl(db, "get", "orphans")
    assert (done.code, done.out, done.err) == (0, "", "no orphans\n")
    assert json.loads(trunkctl(db, "get", "orphans", "-o", "json").out) == []


@pytest.mark.parametrize("arguments, sentence", [
    (["gateways"], 'there is no kind "gateways": get knows numbers, agents, trunks, accounts, projects, resources, orphans and strays'),
    (["gateway/x"], '"gateway/x" is not KIND/NAME of a kind that get knows'),
    (["agents", "trunk/x"], "get lists one kind at a time: trunk/x is no agent"),
    (["accounts", "-l", "a=b"], "-l does not go with accounts: they carry no labels"),
    (["-l", "a=b"] * 17, "-l can be given 16 times at most"),
    (["-l", "a"], '-l wants LABEL=VALUE, not "a"'),
    (["-o", "xml"], '-o knows table, wide, json and yaml, not "xml"'),
    ([NOWHERE], f"there is no phone number {NOWHERE}"),
    (["agent/x"], "there is no agent x"),
])
def test_get_refuses(fleet, arguments, sentence):
    done = trunkctl(fleet, "get", *arguments, "--no-headers")
    assert (done.code, done.out, done.err) == (1, "", f"trunkctl: {sentence}\n")


# ---- wait

def test_wait_for_what_is_there_already(fleet):
    done = trunkctl(fleet, "wait", ONE)
    assert (done.code, done.err) == (0, "") and f"{ONE}  active UpToDate" in done.out
    assert trunkctl(fleet, "wait", ONE, "--for", "active").code == 0
    assert trunkctl(fleet, "wait", NOWHERE, "--for", "gone").code == 0
    assert trunkctl(fleet, "wait", "agent/support", "account/main", "project/lk", "--timeout", "1s").code == 0


def test_wait_for_what_does_not_come(fleet):
    done = trunkctl(fleet, "wait", TWO, "--timeout", "300ms")
    assert done.code == 4 and done.err.startswith(f"timed out: {TWO} is pending SettingUp …: making its trunk\n")
    assert trunkctl(fleet, "wait", ONE, "--for", "gone", "--timeout", "300ms").code == 4
    settle(fleet, TWO, "pending", "NoAgent")
    assert trunkctl(fleet, "wait", TWO).code == 0
    assert trunkctl(fleet, "wait", TWO, "--for", "active").code == 3
    done = trunkctl(fleet, "wait", NOWHERE)
    assert (done.code, done.err) == (3, f"{NOWHERE} is not there\n")


def test_a_change_must_be_seen_before_active_counts(fleet):
    fleet.q("update trunkd.phone_number set label = 'x' where phone_number = %s", ONE)
    assert trunkctl(fleet, "wait", ONE, "--for", "active", "--timeout", "300ms").code == 4


def test_a_lost_connection_is_one_sentence(fleet):
    waiting = ctllib.start(fleet, "wait", TWO)
    while not fleet.q("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'trunkctl' and datname = current_database() "
                      "and state = 'idle' and query <> ''"):
        time.sleep(0.05)
    done = ctllib.finish(waiting)
    assert done.code == 1 and done.err.startswith("trunkctl: ") and done.err.count("\n") == 1, done


@pytest.mark.parametrize("arguments, sentence", [
    ([ONE, "--for", "good"], '--for is settled, active or gone, not "good"'),
    (["support"], 'what is "support"? Write +NUMBER, or KIND/NAME such as agent/support'),
    (["gateway/x"], '"gateway/x" is not KIND/NAME: the kinds are number, agent, trunk, account and project'),
    (["agent/"], '"agent/" is not KIND/NAME: the kinds are number, agent, trunk, account and project'),
    (["+0123"], '"+0123" is not a phone number in E.164: "+", country code and number, digits only, such as +14155551234'),
    ([], "wait needs a name; usage: trunkctl wait KIND/NAME… | +NUMBER… | -l LABEL=VALUE [--for settled|active|gone] [--timeout TIME]"),
])
def test_wait_refuses(fleet, arguments, sentence):
    done = trunkctl(fleet, "wait", *arguments)
    assert (done.code, done.out, done.err) == (1, "", f"trunkctl: {sentence}\n")


def test_yaml_says_what_json_says(fleet):
    for what in (["get"], ["get", "agents"], ["get", "accounts"], ["events"], ["plan"]):
        as_json, as_yaml = (trunkctl(fleet, *what, "-o", form) for form in ("json", "yaml"))
        assert as_json.code == as_yaml.code and yaml.safe_load(as_yaml.out) == json.loads(as_json.out), (what, as_yaml)
    assert trunkctl(fleet, "get", "-l", "a=b", "-o", "yaml").out == "[]\n"


def test_wide_shows_more_and_quiet_names_only(fleet):
    narrow, wide = table(trunkctl(fleet, "get"))[0], table(trunkctl(fleet, "get", "-o", "wide"))[0]
    assert set(narrow) < set(wide) and "OUTBOUND-TRUNK" in wide
    assert trunkctl(fleet, "get", "-q").out == f"{ONE}\n{TWO}\n"
    assert trunkctl(fleet, "get", "agents", "-q").out == "sales\nsupport\n"
    none = trunkctl(fleet, "get", "-q", "-l", "a=b")
    assert (none.code, none.out, none.err) == (0, "", "")


def test_who_waits_for_no_daemon_is_told(fleet):
    fleet.q("update trunkd.lease set expires_at = '2026-11-27 03:00+00'")
    told = "daemon: none works; the last was one, until 2026-11-27 03:00:00 UTC\n    start trunkd (systemctl start trunkd); trunkd --check says"
    done = trunkctl(fleet, "wait", TWO, "--timeout", "300ms")
    assert done.code == 4 and done.err.startswith(told) and done.err.count("daemon: ") == 1, done
    assert trunkctl(fleet, "link", ONE, "sales", "--wait=300ms").err.startswith(told)
    assert trunkctl(fleet, "wait", TWO, "--for", "gone", "--timeout", "300ms").err.startswith(told)
    assert "daemon               none works; the last was one" in trunkctl(fleet, "describe", ONE).out
    settle(fleet, ONE)
    assert trunkctl(fleet, "wait", ONE).err == ""
    waiting = ctllib.start(fleet, "wait", TWO, "--timeout", "3s")      # dies meanwhile
    ctllib.daemon_works(fleet)
    fleet.q("update trunkd.lease set expires_at = clock_timestamp() + interval '1 s'")
    done = ctllib.finish(waiting)
    assert done.code == 4 and "daemon: none works" in done.err, done


# ---- delete

def test_delete_of_an_agent_names_the_numbers_that_lose_it(fleet):
    done = trunkctl(fleet, "delete", "agent/sales")
    assert (done.code, done.out) == (0, f"Agent/sales deleted\n    1 number has no agent now, and takes no calls: {TWO}\n"), done
    assert apply(fleet, *(number("+1415555%04d" % n, agent="support") for n in range(6))).code == 0
    done = trunkctl(fleet, "delete", "agent/support", ONE)
    assert done.out.endswith(f"    6 numbers have no agent now, and take no calls: +14155550000, +14155550001, +14155550002, +14155550003, +14155550004, …\n"), done
    assert trunkctl(fleet, "delete", TWO).out == f"PhoneNumber/{TWO} deleted\n"


def forget(db, *numbers):
    """What the daemon does when nothing is left."""
    for n in numbers:
        db.q("delete from trunkd.number_status where phone_number = %s", n)
    db.q("delete from trunkd.dirty")


def test_delete_takes_rows_in_the_order_in_which_they_depend(fleet):
    done = trunkctl(fleet, "delete", "project/lk", "account/main", "trunk/big", "agent/support", "agent/sales", ONE, "number/" + TWO)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == ["LiveKitProject/lk deleted", "TwilioAccount/main deleted", "Trunk/big deleted", "Agent/support deleted",
                                     "Agent/sales deleted", f"PhoneNumber/{ONE} deleted", f"PhoneNumber/{TWO} deleted"]
    assert fleet.one("select count(*) from trunkd.livekit_project") == 0


def test_delete_from_a_manifest_passes_over_what_is_not_there(fleet, tmp_path):
    (tmp_path / "x.yaml").write_text(number(ONE) + number(NOWHERE))
    done = trunkctl(fleet, "delete", "-f", tmp_path / "x.yaml")
    assert (done.code, done.out) == (0, f"PhoneNumber/{ONE} deleted\nPhoneNumber/{NOWHERE} is not there\n")
    (tmp_path / "x.yaml").write_text("kind: x\n")
    assert trunkctl(fleet, "delete", "-f", tmp_path / "x.yaml").code == 1


def test_delete_of_a_name_that_is_not_there_deletes_nothing(fleet):
    done = trunkctl(fleet, "delete", ONE, NOWHERE)
    assert (done.code, done.out, done.err) == (3, "", f"trunkctl: there is no phone number {NOWHERE}; nothing was deleted\n")
    assert fleet.one("select count(*) from trunkd.phone_number") == 2


def test_delete_of_what_is_needed_is_refused(fleet):
    done = trunkctl(fleet, "delete", "account/main", ONE)
    assert (done.code, done.out) == (3, "")
    assert done.err == ('trunkctl: Twilio account "main" is still needed by 1 phone number and 1 trunk. '
                        "Delete them or point them elsewhere first, by their column twilio_account.\n")
    assert fleet.one("select count(*) from trunkd.phone_number") == 2


def test_delete_waits_until_nothing_is_left(fleet):
    other = pglib.Db(fleet.cluster, fleet.name)
    timer = threading.Timer(1.0, lambda: forget(other, ONE))
    timer.start()
    begin = time.monotonic()
    done = trunkctl(fleet, "delete", ONE, "--wait")
    timer.join()
    assert done.code == 0 and 0.9 < time.monotonic() - begin < 5
    shown = [line.split("s  ", 1)[1] for line in done.out.splitlines() if "s  " in line]
    assert shown == [f"{ONE}  deleting Deleting …", f"{ONE}  gone"]
    assert trunkctl(fleet, "delete", ONE).code == 3


def test_delete_again_waits_for_the_first(fleet):
    trunkctl(fleet, "delete", ONE)
    done = trunkctl(fleet, "delete", ONE, "--wait=300ms")
    assert done.code == 4 and f"PhoneNumber/{ONE} is deleted already" in done.out


def test_delete_ends_with_3_when_it_is_stuck(fleet):
    trunkctl(fleet, "delete", ONE)
    settle(fleet, ONE, "corrupted", "CleanupRefused", "LiveKit says no", leftovers=[{"kind": "livekit.inbound_trunk", "external_id": "ST_1"}])
    done = trunkctl(fleet, "delete", ONE, "--wait")
    assert done.code == 3 and f"{ONE} is corrupted CleanupRefused: LiveKit says no" in done.err


@pytest.mark.parametrize("arguments", [[], [ONE, "-f", "x"]])
def test_delete_needs_names_or_a_file(fleet, arguments):
    done = trunkctl(fleet, "delete", *arguments)
    assert (done.code, done.err) == (1, "trunkctl: delete needs names, or -f FILE, and not both\n")


# ---- retry, force-delete, events

def test_retry_leaves_a_request(fleet):
    done = trunkctl(fleet, "retry", ONE, "big")
    assert (done.code, done.err) == (0, "") and done.out == f"{ONE} will be tried again\nbig will be tried again\n"
    assert fleet.q("select verb, name, object_type from trunkd.request order by id") == [("retry", ONE, "number"), ("retry", "big", "trunk")]
    done = trunkctl(fleet, "retry", ONE, NOWHERE)
    assert done.code == 3
    assert done.err.startswith(f'trunkctl: there is no phone number or trunk "{NOWHERE}". ')
    assert fleet.one("select count(*) from trunkd.request") == 2
    assert trunkctl(fleet, "retry", "agent/support").err == 'trunkctl: "agent/support" is neither a phone number nor a trunk\n'


def test_force_delete_is_for_what_is_stuck(fleet):
    assert trunkctl(fleet, "force-delete", ONE).err == "trunkctl: force-delete needs --why TEXT, for whoever finds the orphans later\n"
    done = trunkctl(fleet, "force-delete", ONE, "--why", "closed")
    assert done.code == 3
    assert done.err == (f"trunkctl: force delete is only allowed for corrupted phone numbers. "
                        f"Nothing of {ONE} is stuck. Delete its row; what was made for it is then removed.\n")
    settle(fleet, ONE, "corrupted", "CleanupRefused", "no")
    done = trunkctl(fleet, "force-delete", ONE, "--why", "closed")
    assert (done.code, done.out) == (0, f"{ONE} will be given up; see trunkctl get orphans\n")
    assert fleet.q("select verb, name, why from trunkd.request") == [("force_delete", ONE, "closed")]


def test_rotate_is_for_passwords_that_trunkd_made(fleet):
    assert trunkctl(fleet, "rotate", ONE).err == "trunkctl: rotate needs --why TEXT, for whoever reads the events later\n"
    done = trunkctl(fleet, "rotate", ONE, "--why", "leaked")
    assert done.code == 3 and f"there is no password of {ONE} to rotate" in done.err, done
    trunk = fleet.one("select id from trunkd.trunk")
    settle(fleet, ONE, "active", "UpToDate", "")
    fleet.q("update trunkd.number_status set trunk = %s where phone_number = %s", trunk, ONE)
    fleet.q("insert into trunkd.resource (owner_type, owner, kind, slot, account, rev, epoch) values ('trunk', %s, 'twilio.credential', '1', 'main', 1, 1)", trunk)
    done = trunkctl(fleet, "rotate", ONE, "trunk/big", "--why", "leaked")
    assert (done.code, done.out) == (0, f"{ONE} will have another password, and so will all that share its trunk; wait for it to be settled, and the old one is gone\n"
                                        "trunk/big will have another password, and so will all that share its trunk; wait for it to be settled, and the old one is gone\n"), done
    assert fleet.q("select verb, name, object_type, object, why from trunkd.request order by id") \
        == [("rotate", ONE, "trunk", str(trunk), "leaked"), ("rotate", "big", "trunk", str(trunk), "leaked")]


def test_scan_leaves_a_request(fleet):
    assert trunkctl(fleet, "scan", ONE).err == f'trunkctl: "{ONE}" is neither a Twilio account nor a LiveKit project\n'
    done = trunkctl(fleet, "scan", "nowhere")
    assert done.code == 3 and 'there is no Twilio account or LiveKit project "nowhere"' in done.err, done
    done = trunkctl(fleet, "scan", "main", "project/lk")
    assert (done.code, done.out) == (0, "main will be looked at\nproject/lk will be looked at\n")
    assert fleet.q("select verb, name, object_type from trunkd.request order by id") == [("scan", "main", "account"), ("scan", "lk", "account")]


def test_release_is_for_what_is_held(fleet):
    assert trunkctl(fleet, "release", "main").err == "trunkctl: release needs --why TEXT: say why the removals, or the disappearance, were meant\n"
    assert trunkctl(fleet, "release", ONE, "--why", "x").err == f'trunkctl: "{ONE}" is neither a Twilio account nor a LiveKit project\n'
    done = trunkctl(fleet, "release", "main", "--why", "meant")
    assert done.code == 3 and done.err.startswith('trunkctl: "main" is not braked: there is nothing to release. '), done
    fleet.q("""insert into trunkd.account_status (name, detail) values ('main', '{"held": "30 numbers lost their row"}')
               on conflict (name) do update set detail = excluded.detail""")
    assert fleet.q("select condition, message, braked, settled from trunkd.account_state where name = 'main'") \
        == [("MassRemoval", "30 numbers lost their row", True, True)]
    done = trunkctl(fleet, "release", "account/main", "--why", "meant")
    assert (done.code, done.out) == (0, "account/main will be released: what was held goes on\n")
    assert fleet.q("select verb, name, why from trunkd.request") == [("release", "main", "meant")]


def test_sweep_asks_for_the_strays_that_were_seen(fleet):
    assert (trunkctl(fleet, "sweep", "lk", "--why", "old").out, trunkctl(fleet, "sweep", "lk", "--dry-run").code) == ("there is no stray\n", 0)
    fleet.q("insert into trunkd.stray (account, kind, external_id) values ('lk', 'livekit.dispatch_rule', 'SDR_1'), ('main', 'twilio.trunk', 'TK1')")
    dry = trunkctl(fleet, "sweep", "project/lk", "--dry-run")
    assert (dry.code, dry.out) == (0, "livekit.dispatch_rule SDR_1 in lk would be removed (dry run)\n")
    asked = trunkctl(fleet, "sweep", "lk", "--why", "old")
    assert (asked.code, asked.err) == (3, "trunkctl: sweep would remove 1; nothing was asked for. Where nobody can be asked, --yes agrees to it\n")
    assert trunkctl(fleet, "sweep", "lk").err == "trunkctl: sweep needs --why TEXT: say how you know that nobody needs them\n"
    misspelt = trunkctl(fleet, "sweep", "main", "project/lkk", "--why", "old", "--yes")
    assert (misspelt.code, misspelt.out) == (3, "")
    assert misspelt.err == 'trunkctl: lkk: there is no Twilio account or LiveKit project "lkk". See trunkd.account_state.\n'
    assert fleet.q("select * from trunkd.request") == []
    done = trunkctl(fleet, "sweep", "lk", "main", "--why", "old", "--yes")
    assert (done.code, done.out) == (0, "livekit.dispatch_rule SDR_1 in lk will be removed\ntwilio.trunk TK1 in main will be removed\n")
    assert fleet.q("select verb, name, object_type, object, why from trunkd.request order by id") == [
        ("sweep", "livekit.dispatch_rule/SDR_1", "account", "lk", "old"), ("sweep", "twilio.trunk/TK1", "account", "main", "old")]


def test_strays_end_with_their_account(fleet):
    fleet.q("insert into trunkd.account_status (name) values ('main'), ('closed')")
    fleet.q("insert into trunkd.stray (account, kind, external_id) values ('closed', 'twilio.trunk', 'TK1'), ('main', 'twilio.trunk', 'TK1')")
    fleet.q("delete from trunkd.account_status where name = 'closed'")
    assert fleet.q("select account from trunkd.stray") == [("main",)]


def test_who_holds_a_swept_stray_can_be_named_like_a_number(fleet):
    holder = "+stray-aaaaaaaaaaaaa"
    fleet.q("insert into trunkd.number_status (phone_number, status, reason, settled) values (%s, 'deleting', 'Deleting', false)", holder)
    assert [row[0] for row in table(trunkctl(fleet, "get", "--no-headers"))] == [ONE, TWO, holder]
    assert [row[0] for row in table(trunkctl(fleet, "get", holder, "--no-headers"))] == [holder]
    described = trunkctl(fleet, "describe", holder)
    assert described.code == 0 and holder in described.out and "deleting" in described.out, described
    assert trunkctl(fleet, "wait", holder, "--for", "gone", "--timeout", "100ms").code == 4
    assert trunkctl(fleet, "retry", holder).out == f"{holder} will be tried again\n"
    refused = trunkctl(fleet, "force-delete", holder, "--why", "closed")
    assert refused.code == 3 and "is being removed, and force delete is for what could not be" in refused.err, refused
    fleet.q("update trunkd.number_status set status = 'corrupted' where phone_number = %s", holder)
    assert trunkctl(fleet, "force-delete", "number/" + holder, "--why", "closed").code == 0
    assert fleet.q("select verb, name from trunkd.request order by id") == [("retry", holder), ("force_delete", holder)]


def test_events_newest_last(fleet):
    assert trunkctl(fleet, "events").err == "no events\n"
    for n in range(60):
        fleet.q("insert into trunkd.event (object_type, object, reason, message) values ('number', %s, 'Created', %s)", ONE if n % 2 else TWO, f"m{n}")
    fleet.q("insert into trunkd.event (object_type, object, reason) select 'trunk', id, 'Updated' from trunkd.trunk")
    rows = table(trunkctl(fleet, "events"))
    assert rows[0] == ["AGE", "OBJECT", "REASON", "MESSAGE"] and len(rows) == 51
    assert rows[-1][1:3] == ["big", "Updated"] and rows[-2][3] == "m59"
    rows = json.loads(trunkctl(fleet, "events", ONE, "-n", "2", "-o", "json").out)
    assert [(r["object"], r["message"]) for r in rows] == [(ONE, "m57"), (ONE, "m59")]
    assert len(table(trunkctl(fleet, "events", "trunk/big", "--no-headers"))) == 1
    wide = table(trunkctl(fleet, "events", "-n", "1", "-o", "wide"))
    at = fleet.one("select to_char(max(at) at time zone 'UTC', 'YYYY-MM-DD') || 'T' || to_char(max(at) at time zone 'UTC', 'HH24:MI:SS') || 'Z' from trunkd.event")
    assert wide[0] == ["AT", "AGE", "OBJECT", "REASON", "MESSAGE"] and (wide[1][0], wide[1][2]) == (at, "big")
    assert trunkctl(fleet, "events", "-n", "x").err == 'trunkctl: -n wants a number from 0 to 1000000, not "x"\n'


# ---- export

def rich(db):
    """One of everything, with all that is not the default."""
    done = apply(
        db, document("LiveKitProject", "lk", {"url": "https://lk.livekit.cloud", "apiKey": "APIkey", "secret": "file:account/lk", "sipHost": "lk.sip.livekit.cloud",
                                              "maxInFlight": 7, "requestsPerMinute": 600, "drift": "report"}, {"stage": "no"}),
        document("TwilioAccount", "main", {"accountSid": "AC" + "1" * 32, "secret": "file:account/main", "region": "ie1", "edge": "dublin", "livekitProject": "lk",
                                           "numbersPerTrunk": 20}),
        document("Agent", "support", {"dispatchName": "support-agent", "metadata": '{"queue": "support"}\nand a second line', "roomPrefix": "sup",
                                      "dispatchRule": {"type": "direct", "roomName": "lobby", "pin": "0012", "moreAgents": {"Sales": "no"}}}),
        document("Agent", "sales", {"dispatchName": "sales"}),
        document("Trunk", "big", {"twilioAccount": "main", "livekitProject": "lk", "numbersMax": 50, "twilioTrunk": {
            "secure": True, "transferMode": "sip-only", "originationUrls": [{"url": "sip:backup.example;transport=tls", "priority": 20, "weight": 1}]}}),
        document("PhoneNumber", ONE, {"twilioAccount": "main", "trunk": "big", "agent": "support", "label": "no", "supportsOutbound": True, "takeover": True,
                                      "inboundTrunk": {"allowedNumbers": [THREE], "headers": {"X-Y": "0x1f"}, "ringingTimeoutSeconds": 30}}, {"team": "a: b"}),
        document("PhoneNumber", TWO, {"twilioAccount": "main", "twilioTrunk": {}, "supportsInbound": False, "supportsOutbound": True}),
        document("PhoneNumber", THREE, {"provider": "sip", "livekitProject": "lk", "supportsOutbound": True, "outboundTrunk": {
            "address": "sip.carrier.example", "transport": "tls", "authUsername": "on", "authPassword": "file:sip/carrier"}}))
    assert done.code == 0, done


TABLES = {"livekit_project": "name", "twilio_account": "name", "agent": "name", "trunk": "name", "phone_number": "phone_number"}


def written(db):
    """All rows, without what the database adds."""
    return {table: db.q(f"select to_jsonb(t) - array['generation', 'created_at', 'updated_at', 'id'] from trunkd.{table} t order by {key}")
            for table, key in TABLES.items()}


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_exported_is_found_unchanged_and_brings_all_of_it_back(db, form):
    rich(db)
    before, text = written(db), trunkctl(db, "export", "-o", form).out
    documents = json.loads(text) if form == "json" else list(yaml.safe_load_all(text))
    assert [d["kind"] for d in documents] == ["LiveKitProject", "TwilioAccount", "Agent", "Agent", "Trunk", "PhoneNumber", "PhoneNumber", "PhoneNumber"]
    manifest = text if form == "yaml" else "\n---\n".join(map(json.dumps, documents))
    done = trunkctl(db, "apply", "-f", "-", stdin=manifest)
    assert done.code == 0 and done.out.count(" unchanged\n") == 8, done
    assert trunkctl(db, "delete", "-f", "-", stdin=manifest).code == 0 and not any(written(db).values())
    done = trunkctl(db, "apply", "-f", "-", stdin=manifest)
    assert done.code == 0 and written(db) == before, done


def test_export_leaves_out_what_is_the_default_and_what_was_not_asked_for(fleet):
    done = trunkctl(fleet, "export", TWO, "agent/sales")
    assert (done.code, done.err) == (0, "")
    agent, number = yaml.safe_load_all(done.out)
    assert agent == {"apiVersion": "trunkd/v1", "kind": "Agent", "metadata": {"name": "sales"}, "spec": {"dispatchName": "sales-agent"}}
    assert number["metadata"] == {"name": TWO} and set(number["spec"]) == {"supportsInbound", "supportsOutbound", "provider", "twilioAccount",
                                                                           "livekitProject", "agent"}
    assert [d["metadata"]["name"] for d in yaml.safe_load_all(trunkctl(fleet, "export", "-l", "team=support").out)] == [ONE]
    done = trunkctl(fleet, "export", NOWHERE, ONE)
    assert done.code == 1 and done.err == f"trunkctl: there is no phone number {NOWHERE}\n" and ONE in done.out, done


# ---- diff

def test_diff_says_field_by_field_what_would_change_and_changes_nothing(fleet):
    before = written(fleet)
    done = trunkctl(fleet, "diff", "-f", "-", stdin=agent("support", dispatchRule={"attributes": {"tier": "gold"}}) + document(
        "PhoneNumber", ONE, {"twilioAccount": "main", "agent": "sales", "label": "Täglich ja", "inboundTrunk": {"headers": {"X-A": "1"}}},
        {"team": "sales"}) + number(THREE, agent="sales"))
    assert (done.code, done.err) == (2, "") and written(fleet) == before, done
    assert done.out.splitlines() == [
        "Agent/support would be changed", '    dispatchRule: default -> {"attributes":{"tier":"gold"}}',
        f"PhoneNumber/{ONE} would be changed", '    labels.team: "support" -> "sales"', '    agent: "support" -> "sales"',
        '    inboundTrunk: default -> {"headers":{"X-A":"1"}}',
        f"PhoneNumber/{THREE} would be created", "    supportsInbound: default -> true", "    supportsOutbound: default -> false",
        '    provider: default -> "twilio"', '    twilioAccount: default -> "main"', '    livekitProject: default -> "lk"', '    agent: default -> "sales"',
        "", "1 would be created, 2 changed.", done.out.splitlines()[-1]], done.out
    assert re.fullmatch(r"At the providers it takes \d+ requests: .*; trunkctl plan -f says for what\.", done.out.splitlines()[-1])


def test_diff_of_what_is_so_already_is_none(fleet):
    done = trunkctl(fleet, "diff", "-f", "-", stdin=trunkctl(fleet, "export").out)
    assert (done.code, done.out, done.err) == (0, "no difference\n", "")
    assert trunkctl(fleet, "diff").err == "trunkctl: diff needs -f FILE, -f FOLDER or -f - for standard input\n"
    done = trunkctl(fleet, "diff", "-f", "-", stdin=number(THREE, agent="nobody"))
    assert done.code == 3 and 'there is no agent "nobody"' in done.err, done


def test_diff_follows_settings_into_their_map(fleet):
    wish = number(TWO, agent="sales", outboundTrunk={"headers": {"X-A": "1", "X-B": "2"}}, supportsOutbound=True)
    assert apply(fleet, wish).code == 0
    done = trunkctl(fleet, "diff", "-f", "-", stdin=wish.replace('"X-A": "1"', '"X-A": "' + "9" * 200 + '"').replace(', "X-B": "2"', ""))
    assert done.out.splitlines()[:3] == [f"PhoneNumber/{TWO} would be changed", '    outboundTrunk.headers.X-A: "1" -> "' + "9" * 99 + "…",
                                         '    outboundTrunk.headers.X-B: "2" -> default'], done.out


def test_labels_stand_for_numbers(fleet):
    by_label = ["-l", "team=support"]
    assert trunkctl(fleet, "describe", *by_label).out.startswith(ONE) and TWO not in trunkctl(fleet, "describe", *by_label).out
    assert [d["name"] for d in json.loads(trunkctl(fleet, "describe", *by_label, "-o", "json").out)] == [ONE]
    assert trunkctl(fleet, "wait", *by_label, "--for", "active", "--timeout", "10s").code == 0
    done = trunkctl(fleet, "retry", *by_label)
    assert (done.code, done.out) == (0, f"{ONE} will be tried again\n"), done
    assert fleet.q("select name from trunkd.request") == [(ONE,)]


# ---- seal

def test_seal_reads_standard_input_and_prints_a_reference(fleet, tmp_path):
    assert trunkctl(fleet, "seal", "--for", "account/main", stdin="s3cret\n").err.startswith("trunkctl: there is no public key in trunkd.seal_key")
    key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    fleet.q("insert into trunkd.seal_key (key_id, public_key) values ('00000000', %s)", key)
    (tmp_path / "key").write_text(key + "\n")
    for arguments in ([], ["--key-file", str(tmp_path / "key")]):
        done = trunkctl(fleet, "seal", "--for", "account/main", *arguments, stdin="s3cret\n")
        assert (done.code, done.err) == (0, "")
        assert re.fullmatch(r"sealed:[0-9a-f]{8}:[A-Za-z0-9+/_=-]+\n", done.out) and "s3cret" not in done.out
    longest = trunkctl(fleet, "seal", "--for", "sip/x", stdin="x" * 1024)
    assert longest.code == 0, longest
    assert trunkctl(fleet, "seal", "--for", "sip/x", stdin="x" * 1030).err == "trunkctl: the secret is longer than 1024 bytes\n"


@pytest.mark.parametrize("arguments, stdin, sentence", [
    ([], "x", "seal needs --for account/NAME or --for sip/NAME: a sealed secret can be used in one place only"),
    (["--for", "main"], "x", '--for is account/NAME or sip/NAME, not "main"'),
    (["--for", "account/"], "x", '--for is account/NAME or sip/NAME, not "account/"'),
    (["--for", "account/x", "--key-file", "/nonexistent"], "x", "cannot open the key file /nonexistent: No such file or directory"),
    (["--for", "account/x", "--key-file", "/etc/passwd"], "x", "/etc/passwd does not hold a public key: one line, as in trunkd.seal_key"),
])
def test_seal_refuses(fleet, arguments, stdin, sentence):
    done = trunkctl(fleet, "seal", *arguments, stdin=stdin)
    assert (done.code, done.out, done.err) == (1, "", f"trunkctl: {sentence}\n")


def test_seal_of_nothing_is_refused(fleet):
    fleet.q("insert into trunkd.seal_key (key_id, public_key) values ('00000000', 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=')")
    assert trunkctl(fleet, "seal", "--for", "account/x", stdin="\n").err == "trunkctl: there is no secret on standard input\n"


def test_a_reader_can_look_and_not_touch(fleet):
    fleet.q("do $$ begin if to_regrole('ctl_reader') is null then create role ctl_reader login; end if; end $$")
    fleet.q("grant trunkd_reader to ctl_reader")
    for arguments in (["get"], ["get", "agents"], ["get", "trunks"], ["get", "accounts"], ["get", "projects"], ["get", "orphans"], ["get", "strays"],
                      ["events"], ["wait", ONE], ["wait", NOWHERE, "--for", "gone"]):
        assert trunkctl(fleet, *arguments, user="ctl_reader").code == 0, arguments
    for arguments in (["delete", ONE], ["retry", ONE]):
        done = trunkctl(fleet, *arguments, user="ctl_reader")
        assert done.code == 3 and "permission denied" in done.err, arguments


def test_a_closed_pipe_ends_it_quietly(fleet):
    done = subprocess.run(f"{ctllib.BUILD}/trunkctl help | head -1", shell=True, env=ctllib.environment(fleet), capture_output=True, text=True)
    assert done.stderr == "" and done.stdout.startswith("usage:")
    with open("/dev/full", "w") as full:
        full_disk = subprocess.run([str(ctllib.BUILD / "trunkctl"), "get"], env=ctllib.environment(fleet), stdout=full, stderr=subprocess.PIPE, text=True)
    assert (full_disk.returncode, full_disk.stderr) == (1, "trunkctl: cannot write to standard output\n")
