"""What is not known about the providers is a switch of the simulator: numbers live the same under every setting.

The settings are rows of SWITCHES (tests/integration/switches.py). Each of them alone has a life here; `contrib/run-tests switches` runs the
whole end to end suite under profiles of them; tests/sim/test_seeds.c throws dice."""
import collections
import pathlib
import re
import time

import pytest

import switches
import worldlib
from daemonlib import wait_for
from worldlib import phone

A, B = phone(1), phone(2)
HERE = pathlib.Path(__file__).resolve().parent
SEEDS = HERE.parent / "sim" / "test_seeds.c"
# Settings that are no question: how fast, how many, what a fault does. What a documented number is, or a state of the world.
KNOWN = {
    "twilio_latency_ms", "livekit_latency_ms", "twilio_concurrency", "livekit_concurrency", "livekit_rate_per_minute",
    "twilio_cap_trunks", "twilio_cap_credential_lists", "twilio_cap_credentials", "twilio_cap_origination_urls", "twilio_cap_address_lists",
    "twilio_cap_addresses", "twilio_cap_connection_policies", "twilio_cap_policy_targets", "twilio_tombstone_ms",
    "livekit_old_server", "livekit_everything_gone",
}


def settings_of(*many):
    return {item for one in many for item in one.items()}


def test_every_setting_of_the_simulator_is_a_switch_or_known(sim):
    switched = {name for name, _ in settings_of(*switches.SWITCHES)}
    standard = sim.config()
    assert set(standard) - switched == KNOWN
    assert not settings_of(*switches.SWITCHES) & settings_of(standard), "a row that changes nothing"
    assert len(settings_of(*switches.SWITCHES)) == len(switches.SWITCHES)


def test_every_switch_is_in_a_profile_and_every_profile_is_run():
    profiles = settings_of(*switches.PROFILES.values())
    assert settings_of(*switches.SWITCHES) <= profiles
    assert {name for name, _ in profiles - settings_of(*switches.SWITCHES)} <= KNOWN
    assert all(why and setting in {None, *(name for name, _ in profiles)} for _, setting, why in switches.LEFT_OUT)


def test_every_switch_is_among_the_dice_of_the_simulation():
    thrown = set(re.findall(r"\b((?:twilio|livekit)_\w+)':", SEEDS.read_text()))
    assert {name for name, _ in settings_of(*switches.SWITCHES)} <= thrown


def test_every_question_of_the_notes_names_its_switches(sim):
    """unknowns: question | settings, faults and tests; what is no question of the simulator says why."""
    lines = [line for line in (HERE / "unknowns").read_text().splitlines() if line and not line.startswith("#")]
    rows = [[part.strip() for part in line.split("|")] for line in lines]
    assert all(len(row) == 3 and re.fullmatch(r"(twilio|livekit) \S+", row[0]) and row[1] and row[2] for row in rows), rows
    switched, named = {name for name, _ in settings_of(*switches.SWITCHES)}, set()
    tests = "\n".join(path.read_text() for pattern in ("unit/test_*.c", "sim/test_*.c", "integration/test_*.py", "conformance/test_*.py")
                      for path in HERE.parent.glob(pattern))
    for _, question, answers in rows:
        if answers.startswith("not a switch: "):
            continue
        for word in answers.split():
            assert word in switched or re.search(rf"\b(void|def) {word}\(", tests), f"{question}: {word}"
            named.add(word)
    assert switched - named == set(), "switches that no question asks for"
    print(f"{len(rows)} questions, {len(switched)} switches")


@pytest.mark.parametrize("setting, words", [(0, "another disaster_recovery_url"), (2, "DisasterRecoveryUrl")],
                         ids=["ignored", "refused"])
def test_a_url_that_cannot_be_cleared_is_said(plain, setting, words):
    """It is asked again now and then; meanwhile the trunk works and is at rest, and a number on it is active."""
    world = plain
    world.own(A)
    world.insert("trunk", {"name": "big", "twilio_account": "main", "livekit_project": worldlib.PROJECT,
                           "twilio_trunk": {"disaster_recovery_url": "https://recover.test/"}})
    world.number(A, trunk="big")
    world.daemon.start()
    world.wait_active(A)
    world.sim.config(twilio_empty_url=setting)
    since = world.sim.last()
    world.db.q("update trunkd.trunk set twilio_trunk = '{}'")
    row = wait_for(lambda: "words\n" + world.story(A), lambda: [row for row in world.rows(
        "select status, reason, message, settled from trunkd.trunk_state where name = 'big'")
        if row["reason"] == "UpdateRefused" and row["settled"] and words in row["message"]])
    print(row)
    assert world.line(A)["status"] == "active" and world.sim.call(A)["ends"] == "room"
    asked = len(world.writes(since))
    time.sleep(1)
    assert len(world.writes(since)) - asked <= 9        # with retry_min 50 ms and retry_max 300 ms: after 25, 50, 100, then 150 ms at the earliest
    world.sim.config(twilio_empty_url=1)
    world.db.q("select trunkd.retry('big')")
    world.wait_trunk("big")
    world.wait_active(A)
    assert not world.sim.objects("trunks")[0]["disaster_recovery_url"]


@pytest.fixture(params=switches.SWITCHES, ids=["%s=%s" % i for s in switches.SWITCHES for i in s.items()])
def world(request, db, tmp_path):
    """That of the integration suite, under a setting."""
    w = worldlib.World(db, tmp_path)
    try:
        w.account("main")
        # Who says when to come again turns somebody away.
        w.sim.config(**request.param, **({"twilio_concurrency": 1} if "twilio_retry_after_s" in request.param else {}))
        yield w
    finally:
        w.close()


def test_a_life(world):
    for number in (A, B):
        world.own(number)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    world.number(B)
    world.wait_active(B)
    world.agree()
    world.exactly_one(A, outbound=True)
    world.exactly_one(B)
    for _ in range(2):          # complete lists, and what lies below: nothing in them is a change
        world.daemon.stop()
        since = world.sim.last()
        world.daemon.start()
        wait_for("its lists", lambda: world.sim.log(since, path="/v1/Trunks/*/OriginationUrls"))
        world.wait_quiet()
        assert world.writes(since) == []
    ids = world.line(A)["livekit_dispatch_rule_id"]
    world.set(A, agent="sales")
    world.wait_line(A, lambda line: line["settled"] and world.sim.call(A).get("agent_name") == "sales-agent", "with the new agent")
    assert world.line(A)["livekit_dispatch_rule_id"] == ids
    world.set(A, agent=None)
    world.wait_status(A, "pending", "NoAgent")
    world.delete(B)
    world.wait_gone(B)
    world.delete(A)
    world.wait_gone(A)
    assert world.held() == {}
    assert world.sim.number(A)["voice_url"] == "https://old.example.com/" + A[1:]
    assert again(world.sim) == {}


def again(sim):
    """What was written more than once in the same words: a difference that is none is written for ever."""
    written = collections.Counter((e["method"], e["path"], e["body"]) for e in sim.log() if e["committed"])
    return {what: count for what, count in written.items() if count > 1}
