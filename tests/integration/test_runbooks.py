"""contrib/runbooks, replayed: what stands there is typed, and what is said to come does come. "…" stands for anything, at the end too; lines that
are not shown may come between those that are. What happens in the world before a section is an act here."""
import os
import pathlib
import re
import subprocess
import time

import pytest

import ctllib
import pglib
import simlib
import worldlib
from daemonlib import wait_for
from worldlib import phone

BOOKS = pglib.SOURCES / "contrib" / "runbooks"
A, B, C = phone(1), phone(2), phone(3)


def sections(book):
    """[(heading, [(command, [line of output])])] of a runbook."""
    found, lines = [("", [])], (BOOKS / book).read_text().splitlines()
    for n, line in enumerate(lines):
        if line.startswith("    $ "):
            found[-1][1].append((line[6:], []))
        elif line.startswith("    ") and found[-1][1]:
            found[-1][1][-1][1].append(line[4:])
        elif n + 1 < len(lines) and re.fullmatch("-+|=+", lines[n + 1]):
            found.append((line, []))
    return found


def type_in(world, command):
    environment = {**ctllib.environment(world.db), "PATH": f"{ctllib.BUILD}:{world.db.cluster.bin}:{os.environ['PATH']}", "SECRETS": str(world.daemon.folder / "secrets"),
                   "DUMP": str(world.folder / "yesterday.dump"), "TRUNKD_CONFIG": str(world.daemon.folder / "trunkd.yaml")}
    done = subprocess.run(["/bin/bash", "-c", command], env=environment, capture_output=True, text=True, timeout=90)
    return done.stdout + done.stderr


def check(command, expected, output):
    lines = iter(output.splitlines())
    for wanted in expected:
        if wanted.strip() == "…":
            continue
        pattern = ".*".join(map(re.escape, wanted.rstrip().split("…")))
        if not any(re.match(pattern, line) for line in lines):
            raise AssertionError(f"$ {command}\n{output}\ndoes not say (any more): {wanted}")


def replay(world, book, acts):
    told, typed = set(), 0
    for heading, commands in sections(book):
        if heading in acts:
            acts[heading]()
            told.add(heading)
        for command, expected in commands:
            check(command, expected, type_in(world, command))
            typed += 1
    assert told == set(acts) and typed > 3, (told, typed)


@pytest.fixture
def world(db, tmp_path):
    w = worldlib.World(db, tmp_path, timing={"probe_min": "60s", "probe_max": "5m"})      # by itself it asks too late for what is typed
    try:
        w.account("main")
        for number in (A, B, C):
            w.own(number)
        yield w
    finally:
        w.close()


def test_a_number_does_not_ring(world):
    def stands():
        world.number(A)
        world.daemon.start()
        world.wait_active(A)
        world.wait_quiet()
        wait_for("lists", lambda: world.db.one("select count(*) from trunkd.account_state where last_scan_at is not null") == 2)

    def somebody_removes_the_rule():
        world.set(A, agent="support")
        world.db.q("update trunkd.livekit_project set drift = 'report'")
        world.wait_active(A)
        rule = world.of_number(A)["rules"][0]
        world.sim.remove_object(simlib.API_KEY, "dispatch_rules", worldlib.object_id(rule))
        world.wait_line(A, lambda line: line["reason"] == "DriftLeft", "DriftLeft")

    def the_token_is_revoked():
        world.sim.change_account(world.accounts["main"].sid, auth_token="another-token-0123456789abcdef", revoked=False)
        wait_for("the account's condition", lambda: world.db.one("select condition from trunkd.account_state where name = 'main'") == "CredentialsRefused")

    replay(world, "does-not-ring", {"A number does not ring": stands, "Nobody is named to answer": lambda: world.set(A, agent=None),
                                    "Somebody changed it at the provider": somebody_removes_the_rule, "The provider refuses us": the_token_is_revoked})


def test_a_key_was_revoked(world):
    sid = world.accounts["main"].sid

    def revoked_and_deleted(number):
        world.sim.change_account(sid, revoked=True)
        world.delete(number)
        world.wait_line(number, lambda line: line["status"] == "corrupted", "corrupted")

    def stands():
        world.number(A)
        world.number(B, outbound=True)
        world.daemon.start()
        world.wait_active(A, B)
        revoked_and_deleted(A)

    replay(world, "revoked-key", {
        "Numbers are corrupted, after a key was revoked": stands,
        "Another key": lambda: world.sim.change_account(sid, auth_token="another-token-0123456789abcdef", revoked=False),
        "There will be no other key": lambda: revoked_and_deleted(B)})


def test_the_database_was_restored(world):
    db = world.db

    def yesterday_and_today():
        world.number(A)
        world.number(B)
        world.daemon.start()
        world.wait_active(A, B)
        world.wait_quiet()
        done = type_in(world, 'pg_dump -Fc -n trunkd -f "$DUMP"')
        assert done == "", done
        world.number(C)
        world.delete(B)
        world.wait_active(C)
        world.wait_gone(B)
        world.wait_quiet()
        world.daemon.stop()
        time.sleep(2)               # the lease of yesterday is over

    def start():
        made.update({n: world.of_number(n) for n in (A, C)})
        world.daemon.start()
        wait_for("lists", lambda: db.one("select count(*) from trunkd.account_state where last_scan_at is not null") == 2)

    made = {}
    replay(world, "restored", {"The database was restored from yesterday": yesterday_and_today, "Start it again": start})
    world.wait_gone(B)
    for number in (A, C):           # nothing was made twice, and nothing anew
        assert {k: [worldlib.object_id(o) for o in v] for k, v in world.of_number(number).items()} \
            == {k: [worldlib.object_id(o) for o in v] for k, v in made[number].items()}
