"""What PostgreSQL and its users do while trunkd works: restarts, open transactions, a ledger that was lost, a copy, a move."""
import threading
import time

from daemonlib import wait_for
import simlib
import worldlib
from worldlib import phone

A, B, C = phone(1), phone(2), phone(3)


def restart(world, mode):
    for connection in world.db.connections:
        connection.close()
    world.db.connections.clear()
    world.db.main = None
    world.db.cluster.stop(mode)
    world.db.cluster.start()


def test_postgresql_restarted_in_mid_flight_is_waited_for_and_nothing_is_doubled(world):
    world.sim.config(latency_ms=30)
    numbers = world.sim.add_numbers(phone(100), 12, world.accounts["main"].sid)
    world.daemon.start()
    for mode in ("immediate", "fast"):
        for number in numbers[:6] if mode == "immediate" else numbers[6:]:
            world.number(number, outbound=True)
        wait_for("requests", lambda: world.writes())
        restart(world, mode)
    world.wait_active(*numbers, timeout=60)
    assert world.daemon.process.poll() is None
    for number in numbers:
        world.exactly_one(number, outbound=True)
    world.agree()
    for number in numbers:
        world.delete(number)
    time.sleep(0.1)
    restart(world, "immediate")
    world.wait_gone(*numbers, timeout=60)
    assert world.held() == {}


def test_a_daemon_that_starts_before_postgresql_waits_for_it(world):
    world.own(A)
    world.number(A)
    for connection in world.db.connections:
        connection.close()
    world.db.connections.clear()
    world.db.main = None
    world.db.cluster.stop("fast")
    try:
        world.daemon.start()
        time.sleep(0.5)
        assert world.daemon.process.poll() is None
    finally:
        world.db.cluster.start()
    world.wait_active(A)


def test_a_transaction_left_open_over_rows_being_converged_makes_nobody_wait(world):
    """A user holds a number, its agent and its account for long; trunkd goes on with what was committed, and with all the others."""
    for number in (A, B, C):
        world.own(number)
    world.number(A, outbound=True)
    world.daemon.start()
    world.wait_active(A)
    user = world.db.connect()
    user.autocommit = False
    cursor = user.cursor()
    opened = time.monotonic()
    cursor.execute("update trunkd.phone_number set agent = 'sales' where phone_number = %s", (A,))
    cursor.execute("update trunkd.agent set metadata = 'held' where name = 'support'")
    cursor.execute("update trunkd.twilio_account set max_in_flight = 5 where name = 'main'")
    cursor.execute("insert into trunkd.phone_number (phone_number, twilio_account, agent) values (%s, 'main', 'support')", (C,))
    began = time.monotonic()
    world.number(B, outbound=True, agent="sales")
    world.wait_active(B)
    print(f"another number active after {(time.monotonic() - began) * 1000:.0f} ms beside the open transaction")
    world.db.q("update trunkd.phone_number set label = 'other' where phone_number = %s", B)
    world.wait_active(B)
    # Something to do for A itself while its row is held: a drift at the provider.
    victim = world.of_number(A)["rules"][0]["sip_dispatch_rule_id"]
    world.sim.change_object(simlib.API_KEY, "dispatch_rules", victim, name="changed in a console")
    wait_for("repaired", lambda: "console" not in world.of_number(A)["rules"][0]["name"])
    assert world.line(C) is None
    # And the user is not held up by the daemon: each statement of his comes back at once, for a minute, and so does everybody else's.
    turns = 0
    while time.monotonic() - opened < 60:
        began = time.monotonic()
        cursor.execute("update trunkd.phone_number set label = label || 'x' where phone_number = %s", (A,))
        assert time.monotonic() - began < 1
        world.db.q("update trunkd.phone_number set label = %s where phone_number = %s", f"turn {turns}", B)
        world.wait_active(B)
        waiting = world.db.one("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'trunkd_test'")
        assert waiting == 0
        turns += 1
        time.sleep(1)
    print(f"{turns} changes beside a transaction that stayed open for {time.monotonic() - opened:.0f} s")
    assert turns > 10
    user.commit()
    world.wait_active(A, B, C)
    assert world.sim.call(A)["agent_name"] == "sales-agent"
    world.agree()


def test_many_writers_at_once_end_with_what_was_written_last(world):
    numbers = world.sim.add_numbers(phone(100), 10, world.accounts["main"].sid)
    world.daemon.start()

    def write(mine):
        connection = world.db.connect()
        cursor = connection.cursor()
        for turn in range(6):
            for number in mine:
                cursor.execute("insert into trunkd.phone_number (phone_number, twilio_account, agent) values (%s, 'main', %s) "
                               "on conflict (phone_number) do update set agent = excluded.agent", (number, "sales" if turn % 2 else "support"))
                if turn == 3:
                    cursor.execute("delete from trunkd.phone_number where phone_number = %s", (number,))
            time.sleep(0.1)

    writers = [threading.Thread(target=write, args=(numbers[i::3],)) for i in range(3)]
    for w in writers:
        w.start()
    for w in writers:
        w.join()
    world.wait_active(*numbers)
    assert {world.sim.call(n)["agent_name"] for n in numbers} == {"sales-agent"}
    world.agree()


def forget(world, statement, *values):
    """The last seconds of the database are lost, as with a standby that is promoted: the daemon is down, rows are missing."""
    world.wait_quiet()
    world.daemon.stop()
    world.db.q(statement, *values)
    time.sleep(0.2)


def test_a_lost_number_is_found_again_and_nothing_is_doubled(world):
    for number in (A, B):
        world.own(number)
        world.number(number, outbound=True)
    world.daemon.start()
    world.wait_active(A, B)
    before, since = world.held(), world.sim.last()
    forget(world, "delete from trunkd.resource where owner = %s", B)
    world.db.q("delete from trunkd.number_status where phone_number = %s", B)
    world.db.q("delete from trunkd.provider_number where phone_number = %s", B)
    world.daemon.start()
    world.db.q("update trunkd.phone_number set labels = '{\"seen\": \"again\"}' where phone_number = %s", B)
    world.db.q("select trunkd.retry(%s)", B)
    world.wait_active(A, B)
    assert {k for k in world.held()} == set(before)
    creates = [e for e in world.writes(since) if e["path"].rsplit("/", 1)[-1].startswith("Create")]
    assert creates == []
    assert world.events("LedgerLost", B)
    world.agree()


def test_a_lost_automatic_trunk_with_20_numbers_is_found_again_and_nothing_is_doubled(world):
    numbers = world.sim.add_numbers(phone(100), 20, world.accounts["main"].sid)
    for number in numbers:
        world.number(number, outbound=True)
    world.daemon.start()
    world.wait_active(*numbers)
    before, since = world.held(), world.sim.last()
    forget(world, "delete from trunkd.resource where owner_type = 'trunk'")
    world.db.q("delete from trunkd.trunk_status")
    world.daemon.start()
    wait_for(lambda: "the ledger of the trunk\n" + world.story(*numbers[:2]), lambda: len(world.ledger(account="main", kind="twilio.trunk")) == 1)
    world.wait_active(*numbers)
    assert set(world.held()) == set(before)
    made = [worldlib.short(e) for e in world.writes(since) if e["committed"] and e["path"] in ("/v1/Trunks",) or e["path"].endswith("OriginationUrls")]
    assert made == []
    assert world.events("LedgerLost")
    for number in numbers:
        assert world.sim.call(number)["ends"] == "room"
    world.agree()


def test_everything_lost_but_the_wishes_is_found_again(world):
    for number in (A, B):
        world.own(number)
        world.number(number, outbound=True)
    world.daemon.start()
    world.wait_active(A, B)
    before, since = world.held(), world.sim.last()
    forget(world, "delete from trunkd.resource")
    for table in ("number_status", "trunk_status", "provider_number", "tombstone", "account_copy", "account_status"):
        world.db.q("delete from trunkd." + table)
    world.daemon.start()
    world.db.q("update trunkd.phone_number set labels = '{\"seen\": \"again\"}'")
    world.wait_active(A, B)
    assert set(world.held()) == set(before), world.story(A, B)
    assert [e for e in world.writes(since) if "/Create" in e["path"]] == []
    for number in (A, B):
        assert world.sim.call(number)["ends"] == "room"
    world.agree()
    for number in (A, B):
        world.delete(number)
    world.wait_gone(A, B)
    assert sorted(world.held()) == [], world.story()


def test_a_copy_of_the_database_only_reads(world):
    world.own(A)
    world.number(A)
    world.db.q("update trunkd.installation set database_name = 'where it was installed'")
    world.daemon.start()
    time.sleep(1.5)
    assert world.writes() == [] and world.line(A)["status"] == "pending"
    assert "copy" in world.daemon.log()
    world.db.q("update trunkd.installation set database_name = current_database()")
    world.daemon.stop()
    world.daemon.start()
    world.wait_active(A)


SECOND = {"api_key": "simkey2", "api_secret": "second-secret-second-secret-second-2", "sip_host": "second.sip.sim.test"}


def test_a_number_moved_from_a_project_whose_key_is_revoked_stays_live_and_ends_clean(world):
    """The second project is another origin of the same simulator: told apart by its key."""
    world.sim.add_project(**SECOND)
    url = world.sim.livekit_url.replace("127.0.0.1", "localhost")
    world.urls.append(url)
    world.daemon.configure(world.urls)
    world.give_secret("second", SECOND["api_secret"])
    world.insert("livekit_project", {"name": "second", "url": url, "api_key": SECOND["api_key"], "secret": "file:account/second",
                                     "sip_host": SECOND["sip_host"]})
    for number in (A, B):
        world.own(number)
        world.number(number, outbound=True, livekit_project="lk")
    world.daemon.start()
    world.wait_active(A, B)
    neighbour = world.of_number(B)
    world.sim.change_project(simlib.API_KEY, revoked=True)
    world.set(A, livekit_project="second")
    line = world.wait_line(A, lambda l: l["reason"] in ("Leftovers", "AccountUnavailable") and world.sim.call(A).get("project") == SECOND["api_key"],
                           "live in the new project")
    assert line["status"] == "active"
    line = world.wait_status(A, "active", "Leftovers")
    assert {item["account"] for item in line["leftovers"]} == {"lk"} and len(line["leftovers"]) >= 2, line["leftovers"]
    assert world.sim.call(A)["ends"] == "room"
    world.sim.change_project(simlib.API_KEY, revoked=False)
    world.wait_active(A, B)
    assert world.of_number(B) == neighbour
    state = world.sim.state()["livekit"]
    assert [o["numbers"] for o in state[SECOND["api_key"]]["inbound_trunks"]] == [[A]]
    assert [o["numbers"] for o in state[simlib.API_KEY]["inbound_trunks"]] == [[B]]
    world.wait_quiet()
