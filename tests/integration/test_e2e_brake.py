"""Removals that come in a mass are held, through the real daemon and trunkctl; a restart changes nothing, release lets them go."""
import json
import time

import pytest

from ctllib import trunkctl
from daemonlib import wait_for
import worldlib
from worldlib import phone

FLEET, BULK = 40, 30
NUMBERS = [phone(i) for i in range(1, FLEET + 1)]


@pytest.fixture
def fleet(world):
    world.sim.add_numbers(NUMBERS[0], FLEET, world.accounts["main"].sid)
    for number in NUMBERS:
        world.number(number, outbound=True)
    world.daemon.start()
    world.wait_active(*NUMBERS)
    return world


def state(world):
    return world.sim.state()


def wait_held(world, *accounts):
    for account in accounts:
        wait_for(lambda: f"{account} held\n" + world.daemon.tail(20), lambda: world.db.one(
            "select condition from trunkd.account_state where name = %s and braked and settled", account) == "MassRemoval")
    return [world.wait_line(n, lambda l: l["reason"] == "AccountBraked" and l["settled"], "held") for n in NUMBERS[:BULK]]


def release(world, *accounts):
    done = trunkctl(world.db, "release", *accounts, "--why", "the campaign is over")
    assert done.code == 0, done


def test_a_bulk_delete_is_held_until_it_is_released(fleet):
    world = fleet
    before = state(world)
    world.db.q("delete from trunkd.phone_number where phone_number = any(%s)", NUMBERS[:BULK])
    lines = wait_held(world, "main", "lk")
    assert {l["status"] for l in lines} == {"deleting"}
    assert all("30 of its numbers lost their row (30)" in l["message"] and "trunkd.release('" in l["message"] for l in lines), lines[0]
    assert world.line(NUMBERS[-1])["reason"] == "UpToDate"
    plan = trunkctl(world.db, "plan")
    assert plan.code == 2 and ", until the brake of main is released (MassRemoval)\n" in plan.out, plan.out
    done = trunkctl(world.db, "wait", NUMBERS[0], "--for", "gone", "--timeout", "20s")
    assert done.code == 3 and "AccountBraked" in done.out + done.err, done
    world.daemon.kill()
    world.daemon.start()
    time.sleep(1)
    wait_held(world, "main", "lk")
    assert state(world) == before
    release(world, "main", "project/lk")
    for number in NUMBERS[:BULK]:
        world.wait_gone(number)
    world.agree()
    assert len(world.sim.objects("inbound_trunks")) == FLEET - BULK
    reasons = [e["reason"] for e in json.loads(trunkctl(world.db, "events", "account/main", "-o", "json").out)]
    assert reasons.count("MassRemoval") == 1 and reasons[-1] == "Released", reasons


@pytest.mark.parametrize("change, after", [("agent = null", ("pending", "NoAgent")), ("supports_outbound = false", ("active", "UpToDate"))])
def test_agents_and_directions_lost_by_many_are_held(fleet, change, after):
    world = fleet
    before = state(world)
    world.db.q(f"update trunkd.phone_number set {change} where phone_number = any(%s)", NUMBERS[:BULK])
    lines = wait_held(world, "lk")
    assert {l["status"] for l in lines} == {"active"}
    assert state(world) == before and world.sim.call(NUMBERS[0])["ends"] == "room"
    release(world, *[name for name, in world.db.q("select name from trunkd.account_state where braked")])
    for number in NUMBERS[:BULK]:
        world.wait_status(number, *after)
    world.agree()


def test_rows_put_back_end_it_by_themselves(fleet):
    world = fleet
    since = world.sim.last()
    world.db.q("create temp table kept as select * from trunkd.phone_number where phone_number = any(%s)", NUMBERS[:BULK])
    world.db.q("delete from trunkd.phone_number where phone_number = any(%s)", NUMBERS[:BULK])
    wait_held(world, "main", "lk")
    world.db.q("insert into trunkd.phone_number select * from kept")
    world.wait_active(*NUMBERS)
    assert [worldlib.short(e) for e in world.sim.log(since) if not worldlib.is_read(e)] == []
    assert world.db.q("select name from trunkd.account_state where braked") == []
    world.agree()
