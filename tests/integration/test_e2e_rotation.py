"""Rotation through the real daemon: of passwords that trunkd makes, and of what it is given to speak to the providers with.

All the while somebody calls through every outbound trunk: what LiveKit calls with must be what Twilio's list accepts."""
import threading

import psycopg2
import pytest

from ctllib import trunkctl
from daemonlib import LATE_MS, wait_for
import simlib
from worldlib import PROJECT, phone

A, B, C = phone(1), phone(2), phone(3)


class Calls(threading.Thread):
    """Looks at both providers at once, again and again."""

    def __init__(self, sim):
        super().__init__(daemon=True)
        self.sim, self.done, self.refused, self.count = sim, threading.Event(), [], 0

    def run(self):
        while not self.done.is_set():
            self.call()

    def call(self):
        state = self.sim.state()
        accepted = {(c["username"], c["password"]) for t in state["twilio"].values() for c in t["credentials"]}
        for project in state["livekit"].values():
            for trunk in project["outbound_trunks"]:
                self.count += 1
                if (trunk["auth_username"], trunk["auth_password"]) not in accepted:
                    self.refused.append(trunk["name"])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.join()
        assert self.count > 3 and not self.refused, (self.count, self.refused)


@pytest.fixture
def standing(world):
    for number in (A, B, C):
        world.own(number)
    world.number(A, outbound=True)
    world.number(B, outbound=True)
    world.number(C)
    world.daemon.start()
    world.wait_active(A, B, C)
    return world


def user(world):
    credential, = world.sim.objects("credentials")
    return credential["username"]


def rotated(world, before):
    world.wait_active(A, B, C)
    wait_for(lambda: "one credential, another one\n" + world.story(A, B),
             lambda: [c["username"] for c in world.sim.objects("credentials")] not in ([before], []) and len(world.sim.objects("credentials")) == 1)
    world.wait_active(A, B, C)
    world.agree()
    for number in (A, B):
        world.exactly_one(number, outbound=True)
    assert {o["auth_username"] for o in world.sim.objects("outbound_trunks")} == {user(world)}


def test_a_rotation_replaces_the_password_and_refuses_no_call(standing):
    world, before, since = standing, user(standing), standing.sim.last()
    passwords = world.passwords()
    with Calls(world.sim):
        done = trunkctl(world.db, "rotate", A, "--why", "every quarter")
        assert (done.code, done.out) == (0, f"{A} will have another password, and so will all that share its trunk; wait for it to be settled, and the old one is gone\n"), done
        waited = trunkctl(world.db, "wait", A, B)
        assert waited.code == 0, waited
        assert len(world.sim.objects("credentials")) == 1 and user(world) != before      # that is what settled means
        rotated(world, before)
    assert len(world.passwords() - passwords) == 1
    assert len(world.writes(since)) == 4        # a credential, two numbers, the old one
    assert world.events("Rotated") == ["password 2 is being made: every quarter"]


@pytest.mark.parametrize("fault", [
    dict(action="drop_after", path="*/Credentials.json"), dict(action="late_commit", path="*/Credentials.json", ms=LATE_MS),
    dict(action="status_after", status=500, path="*/UpdateSIPOutboundTrunk"), dict(action="late_commit", path="*/UpdateSIPOutboundTrunk", ms=LATE_MS),
    dict(action="drop_before", path="*/UpdateSIPOutboundTrunk"), dict(action="drop_after", path="*/Credentials/*", method="DELETE"),
    dict(action="garbage", path="*/Credentials/*", method="DELETE"),
], ids=lambda f: f"{f['action']} {f['path'][2:]}")
@pytest.mark.parametrize("dies", [False, True], ids=["", "and the daemon dies"])
def test_no_call_is_refused_although_an_answer_is_lost(standing, fault, dies):
    world, before = standing, user(standing)
    lost = world.sim.fault(**{"method": "POST", "count": 1, **fault})
    with Calls(world.sim):
        world.db.q("select trunkd.rotate(%s, 'a test')", B)
        world.sim.wait_fired(lost)
        if dies:
            world.daemon.kill()
            world.daemon.start()
        rotated(world, before)


def test_twice_in_a_row_ends_with_one_password(standing):
    world, before = standing, user(standing)
    trunk = world.line(A)["trunk"]
    with Calls(world.sim):
        for _ in range(6):
            world.db.q("select trunkd.rotate(%s, 'again')", trunk)
        wait_for("all wishes to be taken, a few at a time", lambda: world.db.one("select count(*) from trunkd.request") == 0)
        rotated(world, before)
    assert len(world.events("Rotated")) == 6


@pytest.mark.parametrize("name, why, sentence, hint", [
    (C, "x", f"there is no password of {C} to rotate: nobody calls out over its trunk", "supports_outbound"),
    (A, " ", "rotate needs a reason", "every quarter"),
    ("+15559999999", "x", 'there is no phone number or trunk "+15559999999"', "trunkd.number"),
])
def test_what_cannot_be_rotated_is_refused(world, name, why, sentence, hint):
    world.own(C)
    world.number(C)
    world.daemon.start()
    world.wait_active(C)
    if name == A:
        world.own(A)
        world.number(A, outbound=True)
        world.wait_active(A)
    with pytest.raises(psycopg2.Error) as refused:
        world.db.q("select trunkd.rotate(%s, %s)", name, why)
    assert refused.value.diag.message_primary == sentence and hint in refused.value.diag.message_hint


# ---- what trunkd is given

@pytest.mark.parametrize("how", ["the file", "the reference"])
def test_a_new_token_of_an_account_is_used_without_a_restart(standing, how):
    world, main = standing, standing.accounts["main"]
    pid = world.daemon.process.pid
    if how == "the file":               # both at once, as far as anybody can: a request between them is tried again
        world.give_secret("main", "token-of-tomorrow")
        world.sim.change_account(main.sid, auth_token="token-of-tomorrow")
    else:
        world.give_secret("main-2", "token-of-tomorrow")
        world.sim.change_account(main.sid, auth_token="token-of-tomorrow")
        world.db.q("update trunkd.twilio_account set secret = 'file:account/main-2' where name = 'main'")
    world.set(C, supports_outbound=True)
    world.wait_active(A, B, C)
    assert world.daemon.process.pid == pid
    world.agree()
    world.exactly_one(C, outbound=True)


@pytest.mark.parametrize("how", ["the file", "the reference"])
def test_a_new_key_of_a_project_is_used_without_a_restart(standing, how):
    world = standing
    if how == "the file":
        world.give_secret(PROJECT, "secret-of-tomorrow-secret-of-tomorrow")
        world.sim.change_project(simlib.API_KEY, api_secret="secret-of-tomorrow-secret-of-tomorrow")
    else:
        world.give_secret("lk-2", "secret-of-tomorrow-secret-of-tomorrow")
        world.sim.change_project(simlib.API_KEY, api_secret="secret-of-tomorrow-secret-of-tomorrow")
        world.db.q("update trunkd.livekit_project set secret = 'file:account/lk-2' where name = %s", PROJECT)
    world.set(A, agent="sales")
    world.wait_active(A, B, C)
    wait_for("the other agent", lambda: world.sim.call(A).get("agent_name") == "sales-agent")
