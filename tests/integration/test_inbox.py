"""What applications may do with the tables, and how the daemon hears of it without anybody waiting for anybody."""
import io
import json
import threading
import time

import psycopg2
import pytest

from pglib import base_rows, named, one, q

N = "+14155550001"
KEY = {"owner_type": "number", "kind": "livekit.inbound_trunk", "slot": "", "account": "lk"}


@pytest.fixture
def app(db):
    """An application's session; the inbox is empty."""
    base_rows(db)
    db.q("delete from trunkd.dirty")
    return db.connect(role="trunkd_app")


def inbox(db):
    """What changed since the last call."""
    return sorted(tuple(r) for r in db.q("delete from trunkd.dirty returning object_type, key"))


def insert(app, number=N, columns="", values="", more=""):
    return one(app, f"insert into trunkd.phone_number (phone_number, twilio_account{columns}) values ('{number}', 'main'{values}) {more}")


@pytest.fixture
def hints(db):
    """How many notifications came since the last call."""
    listener = db.connect()
    q(listener, "listen trunkd")

    def count():
        q(listener, "select 1")
        payloads = [n.payload for n in listener.notifies]
        listener.notifies.clear()
        assert set(payloads) <= {""}
        return len(payloads)
    return count


def test_every_way_to_write_is_noticed_by_the_row_that_changed(db, app):
    assert insert(app, more="returning phone_number") == N
    assert inbox(db) == [("number", N)]
    q(app, "update trunkd.phone_number set agent = 'sales' where phone_number = %s", N)
    assert inbox(db) == [("number", N)]
    q(app, "update trunkd.agent set metadata = 'x' where name = 'sales'")
    assert inbox(db) == [("agent", "sales")], "not its numbers: the daemon knows them"
    trunk = one(app, "insert into trunkd.trunk (name, twilio_account) values ('hot', 'main') returning id::text")
    assert inbox(db) == [("trunk", trunk)]
    db.q("update trunkd.twilio_account set max_in_flight = 8; update trunkd.livekit_project set max_in_flight = 8")
    assert inbox(db) == [("account", "lk"), ("account", "main")]
    cursor = app.cursor()
    cursor.copy_expert("copy trunkd.phone_number (phone_number, label, twilio_account) from stdin",
                       io.StringIO("+14155550002\ta\tmain\n+14155550003\tb\tmain\n"))
    assert inbox(db) == [("number", "+14155550002"), ("number", "+14155550003")]
    q(app, "delete from trunkd.agent where name = 'sales'")
    assert inbox(db) == [("agent", "sales"), ("number", N)], "the number lost its agent"
    assert one(app, "select agent from trunkd.phone_number where phone_number = %s", N) is None
    q(app, "delete from trunkd.phone_number")
    assert len(inbox(db)) == 3


def test_only_a_real_change_counts(db, app, hints):
    generation = insert(app, columns=", label", values=", 'a'", more="returning generation")
    assert inbox(db) and hints() == 1
    row = "select generation, updated_at from trunkd.phone_number"
    before = one(app, row)
    q(app, "update trunkd.phone_number set label = 'a', supports_inbound = true, generation = 1, created_at = now(), updated_at = now()")
    insert(app, more="on conflict do nothing")
    insert(app, columns=", label", values=", 'a'", more="on conflict (phone_number) do update set label = excluded.label")
    q(app, "update trunkd.phone_number set label = 'b' where false; delete from trunkd.phone_number where false")
    assert one(app, row) == before
    assert inbox(db) == [] and hints() == 0
    q(app, """update trunkd.phone_number set labels = '{"team": "a"}'""")
    assert inbox(db) == [] and hints() == 0
    assert one(app, row)[0] == generation and one(app, row)[1] > before[1]
    q(app, "update trunkd.phone_number set label = 'b'")
    assert inbox(db) == [("number", N)] and hints() == 1
    assert one(app, row)[0] > generation


def test_created_changed_and_unchanged_can_be_told_apart(app):
    apply = """insert into trunkd.phone_number as p (phone_number, twilio_account, label) values (%s, 'main', %s)
               on conflict (phone_number) do update set label = excluded.label where p.label is distinct from excluded.label
               returning xmax = 0"""
    assert [one(app, apply, N, label) for label in ("a", "b", "b")] == [True, False, None]


def test_one_hint_for_a_transaction_and_none_for_one_that_rolls_back(db, app, hints):
    app.autocommit = False
    for n in range(5):
        insert(app, f"+1415555000{n}")
    app.rollback()
    assert hints() == 0 and inbox(db) == []
    for n in range(5):
        insert(app, f"+1415555000{n}")
    q(app, "delete from trunkd.phone_number where phone_number = '+14155550004'")
    app.commit()
    assert hints() == 1 and len(inbox(db)) == 5


def test_delete_and_insert_in_one_transaction_is_an_update(db, app):
    db.q("create table public.customer (id int, phone_number text references trunkd.phone_number deferrable initially deferred)")
    first = insert(app, columns=", label", values=", 'a'", more="returning generation")
    db.q("insert into public.customer values (1, %s)", N)
    inbox(db)
    app.autocommit = False
    q(app, "delete from trunkd.phone_number")
    second = insert(app, columns=", label", values=", 'a'", more="returning generation")
    app.commit()
    assert second > first, "a generation never comes back"
    assert inbox(db) == [("number", N)]
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        q(app, "delete from trunkd.phone_number")
        app.commit()
    app.rollback()


def test_a_parent_that_goes_while_a_number_comes_is_the_foreign_keys_business(db, app):
    app.autocommit = False
    insert(app)
    box = {}

    def delete():
        try:
            q(db.connect(role="trunkd_admin"), "delete from trunkd.twilio_account")
        except psycopg2.Error as error:
            box["code"] = error.pgcode
    thread = threading.Thread(target=delete)
    thread.start()
    time.sleep(0.2)
    app.commit()
    thread.join(10)
    assert box["code"] in ("23503", "23001")
    assert db.one("select count(*) from trunkd.phone_number") == 1


def test_the_daemon_does_not_wait_for_a_user_and_makes_none_wait(db, app):
    insert(app)
    ver = db.one("select ver from trunkd.dirty")
    generation = db.one("select generation from trunkd.phone_number")
    daemon = db.connect(role="trunkd_daemon")
    named(daemon, "lease_take", "one", 60000)
    app.autocommit = False
    q(app, "update trunkd.phone_number set label = 'open'")
    q(app, "delete from trunkd.agent where name = 'support'")
    q(app, "insert into trunkd.trunk (name, twilio_account) values ('hot', 'main')")
    started = time.monotonic()
    assert len(named(daemon, "snapshot_all")) > 5
    assert {r[0] for r in named(daemon, "snapshot_dirty", None)} == {"number", "dirty", "snapshot"}
    named(daemon, "snapshot_owners", [{"type": "number", "key": N}])
    units = [{"unit": 1, "wanted": [{"type": "number", "key": N, "generation": generation}],
              "items": [{"put": "resource", "rev": 0, "row": {**KEY, "owner": N}},
                        {"put": "number_status", "row": {"phone_number": N, "status": "pending", "reason": "SettingUp"}},
                        {"ack": {"object_type": "number", "key": N, "ver": ver}}]}]
    assert named(daemon, "commit", 1, units)[0][1] == "done"
    assert time.monotonic() - started < 0.5
    app.commit()
    assert db.one("select ver from trunkd.dirty where key = %s", N) > ver, "the newer change is still to be seen"

    # the other way: the daemon's transaction is open, users go on, also with the number it is writing about
    daemon.autocommit = False
    units[0]["wanted"] = []
    units[0]["items"] = [{"put": "resource", "rev": 1, "row": {**KEY, "owner": N}}, {"put": "account_copy", "row": {
        "name": "main", "provider": "twilio", "identity": "x", "row": {}}}]
    assert named(daemon, "commit", 1, units)[0][1] == "done"
    app.autocommit = True
    q(app, "set lock_timeout = '300ms'")
    q(app, "update trunkd.phone_number set label = 'b'")
    q(app, "delete from trunkd.phone_number")
    q(db.connect(role="trunkd_admin"), "set lock_timeout = '300ms'; update trunkd.twilio_account set max_in_flight = 2")
    daemon.commit()


def test_news_are_what_was_committed_since_whoever_began_first(db, app):
    daemon, slow = db.connect(role="trunkd_daemon"), db.connect(role="trunkd_app")

    def news(since):
        rows = named(daemon, "snapshot_dirty", since)
        assert {r[1] for r in rows if r[0] == "number"} == {r[1] for r in rows if r[0] == "dirty"}
        return {r[1] for r in rows if r[0] == "number"}, next(r[1] for r in rows if r[0] == "snapshot")
    slow.autocommit = False
    insert(slow)                                        # takes the earlier version, and is committed later
    insert(app, number="+14155550002")
    seen, since = news(None)
    assert seen == {"+14155550002"}
    slow.commit()
    seen, since = news(since)
    assert seen == {N}
    assert news(since)[0] == set()
    slow.autocommit = True
    cursor = slow.cursor()
    cursor.execute("begin; savepoint s; update trunkd.phone_number set label = 'x' where phone_number = '+14155550002'; release savepoint s")
    assert news(since)[0] == set()
    cursor.execute("commit")
    seen, since = news(since)
    assert seen == {"+14155550002"}, "a mark that was left before is left again"
    assert news(None)[0] == {N, "+14155550002"}, "and all that is marked can be asked for"


def test_nobody_deadlocks_over_the_inbox(db, app):
    """Users who write many rows in opposite orders of insertion, and a daemon that acknowledges them all the time."""
    daemon = db.connect(role="trunkd_daemon")
    named(daemon, "lease_take", "one", 60000)
    failures, done = [], []

    def user(offset, direction):
        c = db.connect(role="trunkd_app")
        numbers = [f"+1415{offset}0000{n:02}" for n in range(20)][::direction]
        agents = ["support", "sales"][::direction]
        try:
            for round_ in range(15):
                q(c, "insert into trunkd.phone_number (phone_number, twilio_account, agent, label) select n, 'main', %s, %s from unnest(%s) n "
                     "on conflict (phone_number) do update set label = excluded.label, agent = excluded.agent",
                  agents[round_ % 2], str(round_), numbers)
            done.append(offset)
        except psycopg2.Error as error:
            failures.append(error)
    users = [threading.Thread(target=user, args=(o, d)) for o, d in ((1, 1), (2, -1), (3, 1))]
    for u in users:
        u.start()
    rounds = 0
    while any(u.is_alive() for u in users):
        seen = [json.loads(r[2]) for r in named(daemon, "snapshot_dirty", None) if r[0] == "dirty"]
        rows = named(daemon, "commit", 1, [{"unit": 1, "items": [{"ack": d} for d in seen[::-1]]}])
        assert rows[0][1] == "done"
        rounds += 1
    assert not failures and sorted(done) == [1, 2, 3] and rounds > 3
    seen = [json.loads(r[2]) for r in named(daemon, "snapshot_dirty", None) if r[0] == "dirty"]
    named(daemon, "commit", 1, [{"unit": 1, "items": [{"ack": d} for d in seen]}])
    assert db.one("select count(*) from trunkd.dirty") == 0


def test_ten_thousand_numbers_come_in_at_once(db, app):
    started = time.monotonic()
    q(app, "insert into trunkd.phone_number (phone_number, twilio_account) select '+1415' || to_char(i, 'fm0000000'), 'main' "
           "from generate_series(1, 10000) i")
    seconds = time.monotonic() - started
    print(f"10,000 numbers in one INSERT: {seconds:.2f} s")
    assert seconds < 10 and db.one("select count(*) from trunkd.dirty") == 10000


def test_accounts_and_projects_race_for_one_name(db):
    """Two sessions take the same name for two different things: the second one sees the first."""
    first = db.connect(role="trunkd_admin")
    first.autocommit = False
    q(first, "insert into trunkd.livekit_project (name, url, api_key, secret, sip_host) "
             "values ('x', 'https://x.example', 'k', 'file:account/x', 'x.example')")
    box = {}

    def second():
        try:
            q(db.connect(role="trunkd_admin"),
              "insert into trunkd.twilio_account (name, account_sid, secret) values ('x', 'AC' || repeat('0', 32), 'file:account/x')")
        except psycopg2.Error as error:
            box["text"] = error.diag.message_primary
    thread = threading.Thread(target=second)
    thread.start()
    time.sleep(0.2)
    assert thread.is_alive()
    first.commit()
    thread.join(10)
    assert "a LiveKit project has that name already" in box["text"]
