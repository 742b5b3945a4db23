"""What the daemon writes with: trunkd.commit(), the lease, the snapshots."""
import json
import threading
import time

import psycopg2
import pytest

from pglib import base_rows, named, one, q

NUMBER = "+14155550001"
KEY = {"owner_type": "number", "owner": NUMBER, "kind": "livekit.inbound_trunk", "slot": "", "account": "lk"}


@pytest.fixture
def daemon(db):
    """A session of the daemon's that holds the lease at epoch 1."""
    c = db.connect(role="trunkd_daemon")
    assert named(c, "lease_take", "one", 60000) == [(1, "one", 60000)]
    return c


def commit(c, *units, epoch=1):
    """Outcomes by unit number."""
    units = [{"unit": n, **u} for n, u in enumerate(units)]
    rows = named(c, "commit", epoch, units)
    assert [r[0] for r in rows] == list(range(len(units)))
    return rows


def put(rev, **columns):
    return {"put": "resource", "rev": rev, "row": {**KEY, **columns}}


def test_a_resource_goes_through_its_life(db, daemon):
    [(_, outcome, revs, message)] = commit(daemon, {"items": [
        put(0, open="create", nonce="aaaaaaaa", sent={"name": "x"}, send_by_in_ms=2000, doubt_in_ms=None)]})
    assert (outcome, revs, message) == ("done", [1], None)
    known, opened, sent, ahead, epoch, attempts = db.one(
        "select known, open, sent, extract(epoch from send_by_at - clock_timestamp())::float8, epoch, attempts from trunkd.resource")
    assert (known, opened, sent, epoch, attempts) == ("none", "create", {"name": "x"}, 1, 0)
    assert 1 < ahead <= 2

    assert commit(daemon, {"items": [put(1, known="live", open="", external_id="ST_1", applied={"name": "x"}, sent=None,
                                         send_by_in_ms=None, written_in_ms=0)]})[0][1:3] == ("done", [2])
    rows = named(daemon, "snapshot_owners", [{"type": "number", "key": NUMBER}])
    ledger = [json.loads(r[2]) for r in rows if r[0] == "resource"][0]
    assert ledger["applied"] == {"name": "x"} and ledger["rev"] == 2 and ledger["send_by_in_ms"] is None
    assert -1000 < ledger["written_in_ms"] <= 0
    assert [(r[0], r[2]) for r in rows if r[0] == "number"] == [("number", None)]

    assert commit(daemon, {"items": [{"end": "resource", "rev": 2, "row": KEY, "tombstone": True}]})[0][1:3] == ("done", [None])
    assert db.q("select nonce, external_id from trunkd.tombstone") == [("aaaaaaaa", "ST_1")]
    assert db.one("select count(*) from trunkd.resource") == 0


def test_a_nonce_that_is_replaced_is_buried(db, daemon):
    commit(daemon, {"items": [put(0, open="create", nonce="aaaaaaaa")]}, {"items": [put(1, nonce="bbbbbbbb")]})
    assert db.q("select nonce, kind, account from trunkd.tombstone") == [("aaaaaaaa", KEY["kind"], "lk")]
    commit(daemon, {"items": [{"end": "resource", "rev": 2, "row": KEY, "tombstone": False}]})
    assert db.one("select count(*) from trunkd.tombstone") == 1


@pytest.mark.parametrize("rev", [0, 2, 7])
def test_a_unit_at_another_revision_writes_nothing(db, daemon, rev):
    commit(daemon, {"items": [put(0, open="create", nonce="aaaaaaaa")]})
    other = {**KEY, "slot": "other"}
    rows = commit(daemon,
                  {"items": [{"put": "resource", "rev": 0, "row": other}, put(rev, known="live")]},
                  {"items": [{"event": {"object_type": "number", "object": NUMBER, "reason": "Created"}}]})
    assert [r[1] for r in rows] == ["changed", "done"]
    assert rows[0][3] == f"ledger row {NUMBER} livekit.inbound_trunk  is not at revision {rev}"
    assert db.q("select slot, known from trunkd.resource") == [("", "none")]
    assert db.q("select reason, message from trunkd.event") == [("Created", "")]


def test_a_unit_whose_row_has_changed_writes_nothing(db, daemon):
    base_rows(db)
    generation = db.one("insert into trunkd.phone_number (phone_number, twilio_account) values (%s, 'main') returning generation", NUMBER)
    assert db.one("select count(*) from trunkd.dirty where object_type = 'number'") == 1
    ver = db.one("select ver from trunkd.dirty where object_type = 'number'")
    agent = db.one("select generation from trunkd.agent where name = 'sales'")
    ack = {"ack": {"object_type": "number", "key": NUMBER, "ver": ver}}
    bad = [
        [{"type": "number", "key": NUMBER, "generation": generation - 1}],
        [{"type": "number", "key": NUMBER, "generation": None}],
        [{"type": "number", "key": "+14155550002", "generation": 1}],
        [{"type": "agent", "key": "sales", "generation": agent + 1}],
        [{"type": "account", "key": "main", "generation": None}],
        [{"type": "trunk", "key": "11111111-1111-1111-1111-111111111111", "generation": 3}],
    ]
    rows = commit(daemon, *[{"wanted": w, "items": [put(0), ack]} for w in bad])
    assert [r[1] for r in rows] == ["changed"] * len(bad)
    assert db.one("select count(*) from trunkd.resource") == 0
    assert db.one("select count(*) from trunkd.dirty where object_type = 'number'") == 1

    good = [{"type": "number", "key": NUMBER, "generation": generation}, {"type": "agent", "key": "sales", "generation": agent},
            {"type": "agent", "key": "nobody", "generation": None},
            {"type": "trunk", "key": "11111111-1111-1111-1111-111111111111", "generation": None}]
    assert commit(daemon, {"wanted": good, "items": [put(0), ack]})[0][1:3] == ("done", [1, None])
    assert db.one("select count(*) from trunkd.dirty where object_type = 'number'") == 0


def test_only_what_was_read_is_acknowledged(db, daemon):
    base_rows(db)
    ver = db.one("select ver from trunkd.dirty where key = 'support'")
    db.q("update trunkd.agent set metadata = 'new' where name = 'support'")
    newer = db.one("select ver from trunkd.dirty where key = 'support'")
    assert newer > ver
    ack = {"object_type": "agent", "key": "support", "ver": ver}
    assert commit(daemon, {"items": [{"ack": ack}]})[0][1] == "done"
    assert db.one("select ver from trunkd.dirty where key = 'support'") == newer
    commit(daemon, {"items": [{"ack": {**ack, "ver": newer}}]})
    assert db.one("select ver from trunkd.dirty where key = 'support'") is None
    # the same acknowledgement, repeated after its answer was lost, does not hit a newer change
    db.q("update trunkd.agent set metadata = 'newer' where name = 'support'")
    commit(daemon, {"items": [{"ack": {**ack, "ver": newer}}]})
    assert db.one("select count(*) from trunkd.dirty where key = 'support'") == 1


@pytest.mark.parametrize("item, sentence", [
    ({"put": "resource", "rev": 0, "row": {**KEY, "colour": "red"}}, "a ledger row has no such column"),
    ({"put": "number_status", "row": {"phone_number": "+1", "since": "now"}}, "a number's status has no such column"),
    ({"put": "phone_number", "row": {"phone_number": "+1"}}, "a unit cannot write the table phone_number"),
    ({"end": "lease", "row": {"id": 1}}, "a unit cannot write the table lease"),
    ({"put": "stray", "row": {"account": "a", "kind": "k", "external_id": "e", "colour": "red"}}, 'colour'),
    ({"put": "resource", "rev": 0, "row": {**KEY, "known": "perhaps"}}, "violates check constraint"),
    ({"nothing": 1}, "a unit has an item that nobody knows"),
])
def test_a_unit_that_fails_says_why_and_hurts_no_other(db, daemon, item, sentence):
    event = {"event": {"object_type": "number", "object": NUMBER, "reason": "Created"}}
    rows = commit(daemon, {"items": [event, item]}, {"items": [event]})
    assert [r[1] for r in rows] == ["failed", "done"]
    assert sentence in rows[0][3]
    assert db.one("select count(*) from trunkd.event") == 1


def test_the_other_tables_are_put_and_ended(db, daemon):
    trunk = "11111111-1111-1111-1111-111111111111"
    rows = {
        "number_status": {"phone_number": NUMBER, "status": "pending", "reason": "SettingUp", "next_in_ms": 500},
        "trunk_status": {"trunk": trunk, "automatic": True, "twilio_account": "main", "livekit_project": "lk", "ordinal": 1,
                         "status": "active", "reason": "UpToDate", "next_in_ms": 500},
        "account_status": {"name": "main", "condition": "Unreachable", "message": "m", "last_scan_in_ms": -50, "next_in_ms": 500},
        "account_copy": {"name": "main", "provider": "twilio", "identity": "AC1/us1", "row": {"name": "main"}},
        "provider_number": {"phone_number": NUMBER, "account": "main", "sid": "PN1", "routing": {"trunk_sid": "TK1"}},
        "stray": {"account": "main", "kind": "twilio.trunk", "external_id": "TK9", "tag": "td-x"},
        "orphan": {"owner_type": "number", "owner": NUMBER, "kind": "twilio.trunk", "account": "main", "external_id": "TK8"},
        "tombstone": {"nonce": "cccccccc", "owner_type": "number", "owner": NUMBER, "kind": "k", "slot": "", "account": "main"},
        "seal_key": {"key_id": "00112233", "public_key": "AAAA"},
    }
    # twice: the second time it is an update, with some columns only
    key_of = {"number_status": ["phone_number"], "trunk_status": ["trunk"], "provider_number": ["phone_number", "account"],
              "stray": ["account", "kind", "external_id"], "tombstone": ["nonce"], "seal_key": ["key_id"]}
    assert commit(daemon, {"items": [{"put": t, "row": r} for t, r in rows.items()]})[0][1:] == ("done", [None] * len(rows), None)
    more = [{"put": "number_status", "row": {"phone_number": NUMBER, "message": "hm"}},
            {"put": "trunk_status", "row": {"trunk": trunk, "attempts": 3}},
            {"put": "account_status", "row": {"name": "main", "condition": ""}}]
    assert commit(daemon, {"items": more})[0][1] == "done"
    assert db.one("select status, message, next_at > clock_timestamp() - interval '5s' from trunkd.number_status") == ("pending", "hm", True)
    assert db.one("select reason, attempts from trunkd.trunk_status") == ("UpToDate", 3)
    assert db.one("select condition, message from trunkd.account_status") == ("", "m")
    rows["orphan"]["id"] = db.one("select id from trunkd.orphan")
    ends = [{"end": t, "row": {k: r[k] for k in key_of.get(t, ["id"] if t == "orphan" else ["name"])}} for t, r in rows.items()]
    assert commit(daemon, {"items": ends})[0][1] == "done"
    for t in rows:
        assert db.one(f"select count(*) from trunkd.{t}") == 0, t


def test_since_moves_only_with_status_and_reason(db, daemon):
    def status(**columns):
        commit(daemon, {"items": [{"put": "number_status", "row": {"phone_number": NUMBER, **columns}}]})
        return db.one("select since from trunkd.number_status")
    first = status(status="pending", reason="SettingUp")
    assert status(status="pending", reason="SettingUp", message="another") == first
    second = status(reason="NoAgent")
    assert second > first
    assert status(status="active") > second
    brake = {"put": "account_status", "row": {"name": "a", "condition": "Unreachable"}}
    commit(daemon, {"items": [brake]})
    since = db.one("select since from trunkd.account_status")
    commit(daemon, {"items": [{"put": "account_status", "row": {"name": "a", "message": "x"}}]})
    assert db.one("select since from trunkd.account_status") == since
    commit(daemon, {"items": [{"put": "account_status", "row": {"name": "a", "braked": True}}]})
    assert db.one("select since from trunkd.account_status") > since


def test_a_commit_without_the_lease_writes_nothing(db, daemon):
    for epoch in (0, 2):
        assert [r[1:] for r in commit(daemon, {"items": [put(0)]}, {"items": []}, epoch=epoch)] == [("fenced", None, None)] * 2
    db.q("update trunkd.lease set expires_at = clock_timestamp() - interval '1 ms'")
    assert commit(daemon, {"items": [put(0)]})[0][1] == "fenced"
    assert named(daemon, "prune", 1, 0, 0) == [(0,)]
    assert db.one("select count(*) from trunkd.resource") == 0


def test_the_lease_has_one_holder(db, daemon):
    other = db.connect(role="trunkd_daemon")
    [(epoch, holder, rest)] = named(other, "lease_take", "two", 60000)
    assert (epoch, holder) == (0, "one") and 50000 < rest <= 60000
    assert named(other, "lease_renew", "two", 1, 60000)[0][:2] == (0, "one")
    assert named(daemon, "lease_renew", "one", 1, 90000) == [(1, "one", 90000)]
    db.q("update trunkd.lease set expires_at = clock_timestamp()")
    assert named(other, "lease_take", "two", 60000) == [(2, "two", 60000)]
    assert named(daemon, "lease_renew", "one", 1, 60000)[0][:2] == (0, "two")
    assert named(daemon, "lease_release", "one", 1) == [(False,)]
    assert commit(daemon, {"items": [put(0)]})[0][1] == "fenced"
    assert commit(other, {"items": [put(0)]}, epoch=2)[0][1] == "done"
    listener = db.connect()
    q(listener, "listen trunkd")
    assert named(other, "lease_release", "two", 2) == [(True,)]
    listener.poll()
    q(listener, "select 1")
    assert [n.payload for n in listener.notifies] == [""]
    assert named(daemon, "lease_take", "one", 60000) == [(3, "one", 60000)]


def in_background(function):
    """Runs it in a thread; .join_result() gives what it returned and how long it took."""
    box = {}

    def run():
        start = time.monotonic()
        try:
            box["value"] = function()
        except psycopg2.Error as error:
            box["value"] = error
        box["seconds"] = time.monotonic() - start
    thread = threading.Thread(target=run)
    thread.start()

    def join_result():
        thread.join(30)
        return box["value"], box["seconds"]
    thread.join_result = join_result
    return thread


def test_a_commit_that_waited_for_a_take_over_writes_nothing(db, daemon):
    """The measured race: a mere predicate on the epoch would pass, because it was read before the take-over was committed."""
    thief = db.connect()
    thief.autocommit = False
    q(thief, "update trunkd.lease set epoch = 2, holder = 'two'")
    stale = in_background(lambda: commit(daemon, {"items": [put(0)]}))
    time.sleep(0.3)
    assert stale.is_alive(), "it has to wait for the take-over"
    thief.commit()
    rows, seconds = stale.join_result()
    assert rows[0][1] == "fenced" and seconds > 0.2
    assert db.one("select count(*) from trunkd.resource") == 0


def test_a_take_over_waits_for_a_commit_under_way_and_a_renewal_does_not(db, daemon):
    worker = db.connect(role="trunkd_daemon")
    worker.autocommit = False
    assert commit(worker, {"items": [put(0)]})[0][1] == "done"
    (rows, seconds) = in_background(lambda: named(daemon, "lease_renew", "one", 1, 1)).join_result()
    assert rows[0][0] == 1 and seconds < 0.5
    time.sleep(0.01)
    thief = db.connect(role="trunkd_daemon")
    taking = in_background(lambda: named(thief, "lease_take", "two", 60000))
    time.sleep(0.3)
    assert taking.is_alive()
    worker.commit()
    rows, _ = taking.join_result()
    assert rows == [(2, "two", 60000)]
    assert db.one("select rev from trunkd.resource") == 1


@pytest.mark.parametrize("late", [{"put": "resource", "rev": 1, "row": {**KEY, "known": "maybe"}}, {"end": "resource", "rev": 1, "row": KEY}])
def test_a_unit_that_is_repeated_while_it_is_under_way_is_applied_once(db, daemon, late):
    """The connection was lost, the daemon asks again on another one, and the first commit is not over yet."""
    commit(daemon, {"items": [put(0, nonce="aaaaaaaa")]})
    lost = db.connect(role="trunkd_daemon")
    lost.autocommit = False
    assert commit(lost, {"items": [put(1, known="live", external_id="ST_1")]})[0][1] == "done"
    again = in_background(lambda: commit(daemon, {"items": [late]}))
    time.sleep(0.2)
    assert again.is_alive()
    lost.commit()
    rows, _ = again.join_result()
    assert rows[0][1] == "changed"
    assert db.q("select rev, known from trunkd.resource") == [(2, "live")]


def test_snapshots_hold_everything(db, daemon):
    base_rows(db)
    db.q("insert into trunkd.trunk (name, twilio_account) values ('hot', 'main')")
    db.q("insert into trunkd.phone_number (phone_number, twilio_account, trunk, agent) values (%s, 'main', 'hot', 'sales')", NUMBER)
    commit(daemon, {"items": [put(0), {"put": "number_status", "row": {"phone_number": NUMBER, "status": "pending", "reason": "SettingUp"}}]})
    whole = named(daemon, "snapshot_all")
    assert {r[0] for r in whole} == {"installation", "account", "agent", "trunk", "number", "resource", "number_status", "dirty", "snapshot"}
    [account] = [json.loads(r[2]) for r in whole if r[0] == "account" and r[1] == "main"]
    assert account["account_sid"].startswith("AC") and account["secret"] == "file:account/main"
    db.q("delete from trunkd.phone_number")
    inbox = named(daemon, "snapshot_dirty", None)
    assert ("number", NUMBER, None) in inbox
    assert {(r[0], r[1]) for r in inbox if r[0] != "dirty" and r[2]} == {
        ("account", "main"), ("account", "lk"), ("agent", "sales"), ("agent", "support"),
        ("trunk", str(db.one("select id from trunkd.trunk")))}
    assert sorted(json.loads(r[2])["ver"] for r in inbox if r[0] == "dirty") == sorted(v for v, in db.q("select ver from trunkd.dirty"))


def test_every_time_of_the_ledger_is_read_as_a_distance(db):
    """A column X_at that the daemon writes is X_in_ms in what it reads."""
    seen = 0
    for table in ("resource", "number_status", "trunk_status", "account_status"):
        times = {c for c, in db.q("""select column_name from information_schema.columns
                 where table_schema = 'trunkd' and table_name = %s and data_type like 'timestamp%%' and column_name <> 'updated_at'""", table)}
        read = {c for c, in db.q("""select column_name from information_schema.columns
                where table_schema = 'trunkd' and table_name = %s""", "read_" + table)}
        for column in times:
            assert (column[:-2] + "in_ms" if column.endswith("_at") else column + "_in_ms") in read, (table, column)
            seen += 1
    assert seen >= 11


def test_a_hundred_units_are_committed_fast(db, daemon):
    def units(rev):
        return [{"unit": n, "wanted": [{"type": "number", "key": f"+1415{n:07}", "generation": None}], "items": [
            {"put": "resource", "rev": rev, "row": {**KEY, "owner": f"+1415{n:07}", "open": "create", "nonce": f"{n:08}",
                                                    "sent": {"name": "x", "numbers": [f"+1415{n:07}"]}, "send_by_in_ms": 2000,
                                                    "doubt_in_ms": 9000}},
            {"put": "number_status", "row": {"phone_number": f"+1415{n:07}", "status": "pending", "reason": "SettingUp"}},
            {"event": {"object_type": "number", "object": f"+1415{n:07}", "reason": "Created", "message": "m"}}]} for n in range(100)]
    took = []
    for rev in range(12):
        text = json.dumps(units(rev))
        start = time.monotonic()
        rows = named(daemon, "commit", 1, text)
        took.append((time.monotonic() - start) * 1000)
        assert {r[1] for r in rows} == {"done"}
    took.sort()
    print(f"100 units of 3 items: median {took[6]:.1f} ms, slowest {took[-1]:.1f} ms")
    assert took[6] < 300, "an order of magnitude above what it takes: something is wrong"
    assert one(db.connect(), "select count(*) from trunkd.resource where rev = 12") == 100
