"""trunkctl agents, link and unlink."""
import json

import pytest

from ctllib import agent, apply, number, settle, trunkctl
from test_ctl_verbs import NOWHERE, ONE, THREE, TWO, fleet, table  # noqa: F401


# ---- agents

def test_agents_says_who_answers_what(fleet):
    trunkctl(fleet, "unlink", TWO)
    assert apply(fleet, number(THREE, agent="support")).code == 0
    rows = [row[:5] for row in table(trunkctl(fleet, "agents"))]
    assert rows == [["AGENT", "DISPATCH-NAME", "NUMBER", "LABEL", "STATUS"], ["sales", "sales-agent", "-", "-", "-"],
                    ["support", "support-agent", ONE, "Täglich ja", "active"], ["support", "support-agent", THREE, "-", "pending"],
                    ["-", "-", TWO, "-", "pending"]], rows
    assert [r["phone_number"] for r in json.loads(trunkctl(fleet, "agents", "agent/support", "-o", "json").out)] == [ONE, THREE]
    done = trunkctl(fleet, "agents", "nobody")
    assert (done.code, done.err) == (1, "trunkctl: there is no agent nobody\n")
    assert trunkctl(fleet, "agents", ONE).err == f'trunkctl: "{ONE}" is not an agent\n'


# ---- link, unlink

def agents(db):
    return dict(db.q("select phone_number, agent from trunkd.phone_number"))


def test_link_lets_another_agent_answer(fleet):
    done = trunkctl(fleet, "link", ONE, "number/" + TWO, "sales")
    assert (done.code, done.out) == (0, f"{ONE} linked to sales, before to support\n{TWO} unchanged\n")
    assert agents(fleet) == {ONE: "sales", TWO: "sales"}
    generation = fleet.one("select generation from trunkd.phone_number where phone_number = %s", ONE)
    assert trunkctl(fleet, "link", ONE, "agent/sales").out == f"{ONE} unchanged\n"
    assert fleet.one("select generation from trunkd.phone_number where phone_number = %s", ONE) == generation


def test_link_says_when_nothing_changes_for_callers(fleet):
    assert apply(fleet, number(ONE, agent="support", supportsInbound=False, supportsOutbound=True)).code == 0
    done = trunkctl(fleet, "link", ONE, TWO, "sales")
    assert (done.code, done.out) == (0, f"{ONE} linked to sales, before to support; the number takes no inbound calls: nothing changes for callers\n"
                                     f"{TWO} unchanged\n")
    assert trunkctl(fleet, "link", TWO, "support").out == f"{TWO} linked to support, before to sales\n"


def test_unlink_leaves_nobody_to_answer(fleet):
    done = trunkctl(fleet, "unlink", ONE, TWO)
    assert (done.code, done.out) == (0, f"{ONE} unlinked from support\n{TWO} unlinked from sales\n")
    assert trunkctl(fleet, "unlink", ONE).out == f"{ONE} unchanged\n"
    assert trunkctl(fleet, "link", ONE, "support").out == f"{ONE} linked to support\n"
    assert agents(fleet) == {ONE: "support", TWO: None}


@pytest.mark.parametrize("arguments, code, sentence", [
    ([ONE, NOWHERE, "sales"], 3, f"there is no phone number {NOWHERE}; nothing was linked"),
    ([ONE, "nobody"], 3, 'there is no agent "nobody"'),
    ([ONE], 1, "trunkctl: link needs more names; usage: trunkctl link +NUMBER… AGENT"),
    ([ONE, TWO], 1, "link needs the name of an agent behind the numbers; trunkctl unlink leaves them without one"),
    ([ONE, "trunk/big"], 1, '"trunk/big" is not an agent'), (["agent/support", "sales"], 1, '"agent/support" is not a phone number'),
])
def test_link_that_is_wrong_links_nothing(fleet, arguments, code, sentence):
    done = trunkctl(fleet, "link", *arguments)
    assert done.code == code and sentence in done.err and done.out == "", done
    assert agents(fleet) == {ONE: "support", TWO: "sales"}


def test_link_waits_for_the_daemon(fleet):
    done = trunkctl(fleet, "link", ONE, "sales", "--wait=300ms")
    assert done.code == 4 and f"{ONE} linked to sales" in done.out, done
    settle(fleet, ONE)
    assert trunkctl(fleet, "link", ONE, "sales", "--wait").code == 0
    settle(fleet, ONE, "pending", "NoAgent", "nobody answers")
    assert trunkctl(fleet, "link", ONE, "sales", "--wait").code == 3
    settle(fleet, ONE)                      # its trunk has something to do yet, such as to end an old password
    trunk = fleet.one("select id::text from trunkd.trunk where name = 'big'")
    fleet.q("insert into trunkd.trunk_status (trunk, automatic, twilio_account, livekit_project, status, reason, message, settled) "
            "values (%s, false, 'main', 'lk', 'active', 'Updating', 'an old password goes', false)", trunk)
    fleet.q("update trunkd.number_status set trunk = %s where phone_number = %s", trunk, ONE)
    assert trunkctl(fleet, "link", ONE, "sales", "--wait").code == 0
    done = trunkctl(fleet, "wait", ONE, "--timeout", "300ms")
    assert done.code == 4 and f"timed out: {ONE} is active UpToDate …: its trunk: an old password goes\n" in done.err, done
    assert "settled              no: its trunk: an old password goes\n" in trunkctl(fleet, "describe", ONE).out
    assert trunkctl(fleet, "unlink", TWO, "--wait=300ms").code == 4
    settle(fleet, TWO, "pending", "NoAgent", "nobody answers")
    assert trunkctl(fleet, "unlink", TWO, "--wait").code == 0
