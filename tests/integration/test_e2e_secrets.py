"""No secret can be read anywhere: searched for by value in every table, the log, the request log and what trunkctl prints."""
import base64
import os
import subprocess

import pytest

from ctllib import trunkctl
import pglib
import worldlib
from worldlib import forms, phone

A, B = phone(1), phone(2)


def basic(user, secret):
    return base64.b64encode(f"{user}:{secret}".encode()).decode()


def dump(world):
    program = os.path.join(pglib.bindir(), "pg_dump")
    return subprocess.run([program, "-h", world.db.cluster.directory, "-U", "postgres", world.db.name], capture_output=True, text=True, check=True).stdout


def test_no_secret_is_in_any_table_log_event_plan_or_request_log(world):
    main = world.accounts["main"]
    for number in (A, B):
        world.own(number)
        world.number(number, outbound=True)
    # Answers that speak of secrets: errors that repeat the request, a 401 with the bearer token.
    world.sim.fault("status", method="POST", path="*/CreateSIPOutboundTrunk", status=500)
    world.sim.fault("garbage", method="POST", path="*/Credentials.json")
    world.daemon.start()
    world.wait_active(A, B)
    passwords = world.passwords()
    assert [len(password) for password in passwords] == [32]
    world.sim.change_project(revoked=True)
    world.set(A, agent="sales")
    world.wait_line(A, lambda l: not l["settled"] and l["account_condition"], "waiting for the project")
    plan = trunkctl(world.db, "plan").out
    assert "livekit.dispatch_rule" in plan
    world.sim.change_project(revoked=False)
    world.wait_active(A, B)
    world.delete(B)
    world.wait_gone(B)
    places = {
        "tables": dump(world), "log": world.daemon.log(), "request log": str(world.sim.log()),
        "trunkctl describe": trunkctl(world.db, "describe", A).out, "trunkctl get": trunkctl(world.db, "get", "numbers", "-o", "json").out,
        "trunkctl plan": plan,
        "trunkctl resources": trunkctl(world.db, "get", "resources", "-o", "json").out, "trunkctl events": trunkctl(world.db, "events", "-o", "json").out,
        "environment and command line": open(f"/proc/{world.daemon.process.pid}/cmdline").read(),
    }
    secrets = set().union(*[forms(s) for s in world.secrets | passwords]) | {basic(main.sid, main.token)}
    for place, text in places.items():
        assert len(text) > 20 or place.startswith("trunkctl"), place
        for secret in secrets:
            assert secret not in text, f"a secret is in {place}"
        assert "eyJhbGciOi" not in text, f"a token is in {place}"         # how every JSON web token begins
    print(f"searched {len(places)} places for {len(secrets)} forms of {len(world.secrets) + len(passwords)} secrets")
    # And the search finds what is there: the same account's SID, the user name of the credential.
    assert main.sid in places["tables"] and world.sim.objects("credentials")[0]["username"] in places["tables"]


def test_the_password_that_was_made_is_the_one_the_provider_takes(world):
    world.own(A)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    trunk, = world.sim.objects("trunks")
    credential, = world.sim.objects("credentials")
    password, = world.passwords()
    good = {"domain": trunk["domain_name"], "username": credential["username"], "from": A}
    assert world.sim.digest(**good, password=password)["accepted"]
    assert not world.sim.digest(**good, password=password + "x")["accepted"]


def test_a_secret_named_for_one_place_is_of_no_use_in_another(world):
    """Sealed for another account: the reference resolves to nothing, and nothing is sent with it."""
    done = trunkctl(world.db, "seal", "--for", "account/somebody-else", stdin=world.accounts["main"].token)
    if done.code != 0:                          # the daemon publishes its key when it has started
        world.daemon.start()
        from daemonlib import wait_for
        wait_for("a public key", lambda: world.db.q("select 1 from trunkd.seal_key"))
        done = trunkctl(world.db, "seal", "--for", "account/somebody-else", stdin=world.accounts["main"].token)
    assert done.code == 0, done.err
    world.own(A)
    world.db.q("update trunkd.twilio_account set secret = %s where name = 'main'", done.out.strip())
    world.number(A)
    if world.daemon.process is None:
        world.daemon.start()
    world.wait_line(A, lambda l: "SecretMissing" in (l["account_condition"] or ""), "without its secret")
    assert [e for e in world.sim.log() if e["provider"] == "twilio" and e["status"] == 200] == []
    right = trunkctl(world.db, "seal", "--for", "account/main", stdin=world.accounts["main"].token)
    world.db.q("update trunkd.twilio_account set secret = %s where name = 'main'", right.out.strip())
    world.wait_active(A)


def test_a_world_that_lets_a_secret_slip_says_where(db, tmp_path):
    """Every world is searched when it ends; this one holds secrets in three places."""
    world = worldlib.World(db, tmp_path)
    main = world.account("main")
    db.q("update trunkd.agent set metadata = %s where name = 'sales'", worldlib.simlib.API_SECRET)
    world.daemon.log_path.write_text("Authorization: " + base64.b64encode(main.token.encode()).decode())
    worldlib.simlib.http_call(world.sim.twilio_url, "GET", "/v1/" + main.token)
    with pytest.raises(AssertionError, match="a secret is in the database and the log of d and the simulator's log"):
        world.close()


def test_a_world_that_lets_a_password_slip_says_so_although_its_row_is_gone(db, tmp_path):
    world = worldlib.World(db, tmp_path)
    world.account("main")
    world.own(A)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    world.delete(A)
    world.wait_gone(A)
    password, = world.passwords()
    assert not world.ledger()
    db.q("update trunkd.agent set metadata = %s where name = 'sales'", "ask for " + password)
    with pytest.raises(AssertionError, match="a secret is in the database"):
        world.close()
