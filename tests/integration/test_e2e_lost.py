"""Answers that are lost: for every create and delete the answer is dropped, late, an error, or garbage. One object in the end.

One world holds all cases of one fault: each kind on an empty account of its own, and on a standing trunk beside a second number."""
import time

import pytest

from daemonlib import LATE_MS
from test_e2e_refused import creates, make_cases, removals
import worldlib

FAULTS = {
    "dropped after commit": {"action": "drop_after"},
    "late commit": {"action": "late_commit", "ms": LATE_MS},
    "500 after commit": {"action": "status_after", "status": 500},
    "garbage 200": {"action": "garbage"},
    "no answer at all": {"action": "hang"},
    "dropped before commit": {"action": "drop_before"},
}
TIMING = {"breaker_failures": "1000"}       # these are faults of requests, not of accounts


@pytest.fixture
def many(db, tmp_path):
    w = worldlib.World(db, tmp_path, timing=TIMING)
    try:
        yield w
    finally:
        w.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_create_whose_answer_is_lost_ends_with_one_object(many, fault):
    world = many
    cases = make_cases(world, creates)
    for case in cases:
        if case.standing:
            case.insert_neighbour()
    world.daemon.start()
    world.wait_active(*[c.neighbour for c in cases if c.standing])
    for case in cases:
        case.keep()
        case.spoil_create(**FAULTS[fault])
        case.insert()
    for case in cases:
        world.wait_active(case.number)
        assert case.fired() == 1, case
        world.exactly_one(case.number, outbound=True)
        case.check_neighbour()
        trunks = [len(case.twilio()[k]) for k in ("trunks", "origination_urls", "credential_lists", "credentials", "trunk_credential_lists")]
        assert trunks == [1] * 5, (case, trunks)
    time.sleep(LATE_MS / 1000)
    world.agree()
    # The neighbours were not written to; the others are there once, and work.
    assert all(world.sim.call(case.number)["ends"] == "room" for case in cases)
    print(f"{fault}: visited {len(cases)} creates of {len({c.kind for c in cases})} kinds")
    assert len(cases) >= 17


@pytest.mark.parametrize("fault", FAULTS)
def test_a_removal_whose_answer_is_lost_ends_with_nothing_left(many, fault):
    world = many
    cases = make_cases(world, removals)
    for case in cases:
        case.insert()
        if case.standing:
            case.insert_neighbour()
    world.daemon.start()
    world.wait_active(*[c.number for c in cases], *[c.neighbour for c in cases if c.standing])
    for case in cases:
        case.keep()
        case.spoil_remove(**FAULTS[fault])
        world.delete(case.number)
    for case in cases:
        world.wait_gone(case.number)
        assert case.fired() == 1, case
        of = world.of_number(case.number)
        assert (of["inbound"], of["outbound"], of["rules"], of["number"][0]["trunk_sid"]) == ([], [], [], None), case
        assert of["number"][0]["voice_url"] == "https://old.example.com/" + case.number[1:], case
        case.check_neighbour()
        if not case.standing:
            assert not any(case.twilio()[k] for k in ("trunks", "origination_urls", "credential_lists", "credentials")), case
    time.sleep(LATE_MS / 1000)
    world.agree()
    print(f"{fault}: visited {len(cases)} removals of {len({c.kind for c in cases})} kinds")
    assert len(cases) >= 17
