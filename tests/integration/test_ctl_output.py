"""What trunkctl shows: lists that go on, colour, lines that change on a terminal, and what a plan costs."""
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time

import pytest

import ctllib
import worldlib
from ctllib import agent, apply, number, trunkctl

ONE, TWO = "+14155550101", "+14155550102"
ESCAPE = "\x1b["


@pytest.fixture
def fleet(db):
    done = apply(db, ctllib.ACCOUNTS, agent("support"), agent("sales"), number(ONE, agent="support"), number(TWO, agent="support"))
    assert done.code == 0, done
    ctllib.settle(db, ONE)
    ctllib.settle(db, TWO, "failed", "Refused", "no such thing")
    return db


class Lines:
    """What a process that goes on writes, line by line."""

    def __init__(self, db, *arguments):
        self.process = ctllib.start(db, *arguments)
        self.lines = []
        self.thread = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.thread.start()

    def wait(self, count):
        end = time.monotonic() + 20
        while len(self.lines) < count and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.lines) == count, self.lines
        return [line.rstrip("\n") for line in self.lines]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.errors = self.process.stderr.read()
        self.process.wait()
        self.thread.join()


def words(line):
    return line.split()[:4]


# ---- -w

def test_get_goes_on_and_shows_what_changes(fleet):
    with Lines(fleet, "get", "numbers", "-w") as shown:
        assert words(shown.wait(3)[0]) == ["NAME", "LABEL", "STATUS", "REASON"]
        ctllib.settle(fleet, TWO)
        assert words(shown.wait(4)[3]) == [TWO, "-", "active", "UpToDate"]
        fleet.q("delete from trunkd.phone_number where phone_number = %s", ONE)
        assert words(shown.wait(5)[4])[:3] == [ONE, "-", "deleting"]
        fleet.q("delete from trunkd.dirty")
        fleet.q("delete from trunkd.number_status where phone_number = %s", ONE)
        assert shown.wait(6)[5] == f"{ONE}  gone"


def test_what_shares_a_name_goes_by_itself(fleet):
    for owner, id in ((ONE, "ST_1"), (TWO, "ST_2"), (ONE, "ST_3")):
        fleet.q("insert into trunkd.orphan (owner_type, owner, kind, account, external_id, why) "
                "values ('number', %s, 'livekit.inbound_trunk', 'lk', %s, 'w')", owner, id)
    with Lines(fleet, "get", "orphans", "-w", "--no-headers") as shown:
        shown.wait(3)
        time.sleep(1)
        assert len(shown.lines) == 3, shown.lines
        fleet.q("delete from trunkd.orphan where external_id = 'ST_3'")
        assert shown.wait(4)[3].startswith(f"{ONE} livekit.inbound_trunk ST_3 ") and shown.lines[3].endswith("  gone\n"), shown.lines


def test_a_change_that_is_not_shown_is_none(fleet):
    fleet.q("insert into trunkd.stray (account, kind, external_id) values ('lk', 'livekit.inbound_trunk', 'ST_1'), ('lk', 'livekit.inbound_trunk', 'ST_2')")
    with Lines(fleet, "get", "strays", "-w", "--no-headers") as shown:
        shown.wait(2)
        fleet.q("update trunkd.stray set seen_at = clock_timestamp() + interval '1 s'")
        time.sleep(1)
        assert len(shown.lines) == 2, shown.lines
        fleet.q("delete from trunkd.stray where external_id = 'ST_1'")
        assert shown.wait(3)[2] == "lk livekit.inbound_trunk ST_1  gone"


def test_what_is_not_there_yet_is_told_and_waited_for(fleet):
    with Lines(fleet, "get", "+14155557777", "-w", "--no-headers") as shown:
        time.sleep(1)
        assert ctllib.apply(fleet, ctllib.number("+14155557777", agent="sales")).code == 0
        assert shown.wait(1)[0].startswith("+14155557777")
    assert "there is no phone number +14155557777" in shown.errors


def test_names_that_go_on_are_names_only(fleet):
    with Lines(fleet, "get", "-q", "-w") as shown:
        assert shown.wait(2) == [ONE, TWO]
        fleet.q("delete from trunkd.phone_number where phone_number = %s", ONE)
        assert shown.wait(3)[2] == ONE
        fleet.q("delete from trunkd.dirty; delete from trunkd.number_status where phone_number = %s", ONE)
        assert shown.wait(4)[3] == ONE


@pytest.mark.parametrize("form, read", [("json", json.loads), ("yaml", None)])
def test_a_list_that_goes_on_is_a_document_a_row(fleet, form, read):
    with Lines(fleet, "get", ONE, "-w", "-o", form) as shown:
        if form == "json":
            assert json.loads(shown.wait(1)[0])["phone_number"] == ONE
            ctllib.settle(fleet, ONE, "active", "Leftovers")
            assert json.loads(shown.wait(2)[1])["reason"] == "Leftovers"
            fleet.q("delete from trunkd.number_status where phone_number = %s", ONE)
            assert json.loads(shown.wait(3)[2])["status"] == "pending"
        else:
            deadline = time.monotonic() + 20
            while not any(line.startswith("phone_number:") for line in shown.lines) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert shown.lines[0] == "---\n" and f'phone_number: "{ONE}"\n' in shown.lines


def test_events_are_shown_when_they_happen_and_once(fleet):
    with Lines(fleet, "events", "-w", "--no-headers", ONE) as shown:
        time.sleep(0.5)
        shown.wait(0)
        for reason in ("Drifted", "Repaired"):
            fleet.q("insert into trunkd.event (object_type, object, reason, message) values ('number', %s, %s, 'words')", ONE, reason)
        assert [line.split()[2] for line in shown.wait(2)] == ["Drifted", "Repaired"]
        time.sleep(0.5)
        shown.wait(2)


def test_what_comes_later_stands_below_the_header(fleet):
    with Lines(fleet, "get", "numbers", "-w") as shown:
        header = shown.wait(3)[0]
        ctllib.settle(fleet, TWO)
        line = shown.wait(4)[3]
        for column in ("LABEL", "STATUS", "REASON", "AGENT", "TRUNK"):
            assert line[header.index(column) - 1] == " " and line[header.index(column)] != " ", (header, line)


def happen(db, *messages):
    db.q("insert into trunkd.event (object_type, object, reason, message) select 'number', %s, 'Drifted', unnest(%s)", ONE, list(messages))


@pytest.mark.parametrize("arguments, backlog", [(["-n", "0"], []), (["-n", "2"], ["b8", "b9"]), ([], [f"b{n}" for n in range(10)])])
def test_only_the_events_of_before_are_counted(fleet, arguments, backlog):
    happen(fleet, *[f"b{n}" for n in range(10)])
    with Lines(fleet, "events", "-w", "--no-headers", *arguments) as shown:
        time.sleep(0.5)
        assert [line.split()[3] for line in shown.wait(len(backlog))] == backlog
        news = [f"n{n}" for n in range(500)]
        happen(fleet, *news)
        assert [line.split()[3] for line in shown.wait(len(backlog) + 500)] == backlog + news
        happen(fleet, "last")
        assert shown.wait(len(backlog) + 501)[-1].endswith("last")


def test_an_event_that_is_committed_late_is_shown(fleet):
    late = fleet.connect()
    late.autocommit = False
    late.cursor().execute("insert into trunkd.event (object_type, object, reason, message) values ('number', %s, 'Drifted', 'late')", (ONE,))
    happen(fleet, *[f"b{n}" for n in range(100)])
    with Lines(fleet, "events", "-w", "-n", "0", "--no-headers") as shown:
        time.sleep(0.5)
        happen(fleet, "early")
        assert shown.wait(1)[0].endswith("early")
        late.commit()
        assert shown.wait(2)[1].endswith("late")
    late.close()


def test_a_list_that_goes_on_says_when_the_database_is_away(fleet):
    with Lines(fleet, "get", "numbers", "-w") as shown:
        shown.wait(3)
        fleet.q("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                " and application_name like 'trunkctl%%'")
        assert shown.process.wait(timeout=20) == 1
        assert shown.process.stderr.read().startswith("trunkctl: ")


# ---- colour

def on_terminal(db, *arguments, stdin="", terminal="xterm", **environment):
    """What it writes to a terminal of 100 columns."""
    main, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    kept = {k: v for k, v in ctllib.environment(db).items() if k != "NO_COLOR"}
    process = subprocess.Popen([str(ctllib.BUILD / "trunkctl"), *arguments], env={**kept, "TERM": terminal, **environment}, stdin=subprocess.PIPE,
                               stdout=end, stderr=subprocess.PIPE, text=True)
    os.close(end)
    process.stdin.write(stdin)
    process.stdin.close()
    text = b""
    while select.select([main], [], [], 20)[0]:
        try:
            piece = os.read(main, 65536)
        except OSError:
            break
        if not piece:
            break
        text += piece
    os.close(main)
    return text.decode(), process.wait(timeout=20), process.stderr.read()


def test_colour_is_for_terminals_that_know_it(fleet):
    text, code, _ = on_terminal(fleet, "get", "numbers")
    assert code == 0 and f"{ESCAPE}32mactive{ESCAPE}0m" in text and f"{ESCAPE}31mfailed{ESCAPE}0m" in text
    plain = re.sub(r"\x1b\[\d*m", "", text).replace("\r\n", "\n")
    assert plain == trunkctl(fleet, "get", "numbers").out
    assert ESCAPE not in on_terminal(fleet, "get", "numbers", NO_COLOR="1")[0]
    assert ESCAPE not in on_terminal(fleet, "get", "numbers", terminal="dumb")[0]
    assert ESCAPE in on_terminal(fleet, "get", "numbers", NO_COLOR="")[0]


def test_what_is_right_and_what_is_wrong_have_their_colours(fleet):
    assert f"{ESCAPE}31mfailed{ESCAPE}0m" in on_terminal(fleet, "describe", TWO)[0]
    assert f"{ESCAPE}32mcreate" in on_terminal(fleet, "plan")[0]
    assert f'{ESCAPE}31m"support"{ESCAPE}0m -> {ESCAPE}32m"sales"' in on_terminal(fleet, "diff", "-f", "-", stdin=number(ONE, agent="sales"))[0]
    assert f"{ESCAPE}32mok " in on_terminal(fleet, "doctor")[0]


# ---- the terminal's width

def plain(text):
    return re.sub(r"\x1b\[\d*m", "", text).replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("middle", [True, False])
def test_a_message_is_cut_to_the_terminal(fleet, middle):
    """In the middle of a row (accounts) and at its end (numbers); what goes elsewhere is whole."""
    message = "Größe: " + "a word and another " * 40
    if middle:
        fleet.q("insert into trunkd.account_status (name, condition, message) values ('main', 'AuthFailed', %s)", message)
        arguments, columns = ["get", "accounts"], ("NUMBERS", "OBJECTS", "BRAKED")
    else:
        ctllib.settle(fleet, TWO, "failed", "Refused", message)
        arguments, columns = ["get", "numbers", "-o", "wide"], ("MESSAGE",)
    whole = trunkctl(fleet, *arguments).out
    assert message.strip() in whole and "…" not in whole
    lines = plain(on_terminal(fleet, *arguments)[0])
    cut = next(line for line in lines if "…" in line)
    assert "Größe: a word" in cut and len(lines) == len(whole.splitlines())
    for column in columns:
        assert cut[lines[0].index(column) - 1] == " " and cut[lines[0].index(column)] != " ", lines
    assert len(cut) == 100 if middle else cut.index("…") == lines[0].index("MESSAGE") + 19


def test_the_messages_of_events_are_whole(fleet):
    happen(fleet, "a word and another " * 40)
    assert "…" not in on_terminal(fleet, "events")[0]


# ---- waiting

def test_a_terminal_keeps_a_line_for_each_number(fleet):
    fleet.q("update trunkd.number_status set settled = true")
    text, code, err = on_terminal(fleet, "wait", ONE, TWO, "--for", "active")
    assert code == 3
    assert text.count(f"{ESCAPE}2K") >= 2 and ONE in text and TWO in text
    assert f"{TWO} is failed Refused: no such thing" in err and f"trunkctl describe {TWO} says more" in err and ONE not in err
    assert ESCAPE not in trunkctl(fleet, "wait", ONE, TWO, "--for", "active").out


# ---- what it costs

def cost_of(text):
    """{account: requests} of the sentence."""
    total, accounts = re.search(r"takes (\d+) requests?: (.*); ", text).groups()
    cost = {name: int(count) for count, name in re.findall(r"(\d+) at ([^ ]+) \((?:Twilio|LiveKit)\)", accounts)}
    assert sum(cost.values()) == int(total)
    return cost


def test_a_plan_says_what_it_costs_and_that_is_what_is_sent(world):
    new = worldlib.phone(2)
    lists = ("GET /v1/Trunks", "GET /SIP/CredentialLists.json", "GET /IncomingPhoneNumbers.json", "POST ListSIP")
    world.own(worldlib.phone(1))
    world.own(new)
    world.number(worldlib.phone(1))
    world.daemon.start()
    world.wait_active(worldlib.phone(1))
    document = json.dumps({"apiVersion": "trunkd/v1", "kind": "PhoneNumber", "metadata": {"name": new}, "spec": {"twilioAccount": "main", "agent": "support"}})
    planned = trunkctl(world.db, "plan", "-f", "-", stdin=document)
    assert planned.code == 2
    assert cost_of(planned.out) == cost_of(trunkctl(world.db, "diff", "-f", "-", stdin=document).out) == {"main": 1, "lk": 2}, planned.out
    assert sum(line["requests"] for line in json.loads(trunkctl(world.db, "plan", "-f", "-", "-o", "json", stdin=document).out)) == 3
    since = world.sim.last()
    apply(world.db, document)
    world.wait_active(new)
    sent = [r for r in world.requests(since) if not r.startswith(lists)]
    assert len([r for r in sent if "SIP" in r]) == 2 and len(sent) == 3, sent


def test_a_removal_costs_a_read_more_unless_its_answer_proves_it(world):
    world.own(worldlib.phone(1))
    world.number(worldlib.phone(1))
    world.daemon.start()
    world.wait_active(worldlib.phone(1))
    world.daemon.stop()
    world.db.q("delete from trunkd.phone_number")
    lines = json.loads(trunkctl(world.db, "plan", "-o", "json").out)
    cost = {line["kind"]: line["requests"] for line in lines if line["operation"] == "delete"}
    assert cost["twilio.trunk_phone_number"] == 1 and cost["livekit.inbound_trunk"] == cost["livekit.dispatch_rule"] == 2
    assert "twilio.trunk" not in cost or cost["twilio.trunk"] == 3
