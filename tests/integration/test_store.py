"""src/pg against a real PostgreSQL: what each effect is answered with, and what becomes of it when the connection goes."""
import json
import signal
import time

import pglib
from storelib import Drive


def stray(n, tag="t"):
    """An item that is easy to find again."""
    return {"put": "stray", "row": {"account": "main", "kind": "livekit.inbound_trunk", "external_id": f"ST_{n}", "tag": tag}}


def commit(unit, *items):
    return f"commit {unit} " + json.dumps({"unit": unit, "wanted": [], "items": list(items)})


def strays(db):
    return [row[0] for row in db.q("select external_id from trunkd.stray order by length(external_id), external_id")]


def test_reads_one_snapshot(db):
    pglib.base_rows(db)
    with Drive(db) as d:
        d.say("read all")
        count = int(d.wait("rows all").split()[2])
        rows = d.waits("row ", count)
        assert any(r.startswith("row installation ") for r in rows)
        assert any(r.startswith("row agent support {") for r in rows)
        assert any(r.startswith("row dirty support ") for r in rows)
        db.q("delete from trunkd.agent where name = 'sales'")
        d.say("read inbox")
        rows = d.waits("row ", int(d.wait("rows dirty").split()[2]))
        assert "row agent sales null" in rows       # dirty, and not there any more


def test_news_are_what_the_last_rows_have_not_shown(db):
    with Drive(db) as d:
        d.say("read news")
        d.wait("rows dirty 0")
        pglib.base_rows(db)
        d.say("read news")
        assert int(d.wait("rows dirty").split()[2]) > 0
        d.say("read news")
        d.wait("rows dirty 0")
        d.say("read inbox")
        assert int(d.wait("rows dirty").split()[2]) > 0
        d.say("read all")
        d.wait("rows all")
        d.say("read news")
        d.wait("rows dirty 0")


def test_rows_are_never_from_before_the_lease(db):
    with Drive(db) as d, db.connect() as c:
        c.autocommit = False
        pglib.q(c, "lock table trunkd.agent in access exclusive mode")
        d.say("read inbox")
        d.lease()
        c.rollback()
        d.wait("rows all")      # asked for before it was taken: read again, and all of it


def many_agents(db, count):
    db.q(f"insert into trunkd.agent (name, dispatch_name) select 'agent-' || n, 'a' from generate_series(1, {count}) n")


def test_many_rows_come_in_pieces_and_nothing_newer_between(db):
    many_agents(db, 600)
    with Drive(db) as d:
        d.lease()
        d.say("read all", commit(1, stray(1)))
        d.wait("committed 1 done")
        pieces = [line for line in d.seen if line.startswith("rows ")]
        assert pieces[0] == "rows all 250 more" and len(pieces) > 4
        assert all(line == "rows all 250 continued more" for line in pieces[1:-1])
        assert pieces[-1].endswith(" continued")
        agents = [line for line in d.seen if line.startswith("row agent agent-")]
        assert len(agents) == 600 == len(set(agents))
        d.say("idle")
        d.wait("idle yes")


def test_the_rest_of_what_was_read_before_the_lease_is_not_told(db):
    many_agents(db, 20000)
    with Drive(db) as d:
        d.say("read inbox")
        d.wait("rows dirty 250 more")
        d.lease()
        assert d.wait("rows all") == "rows all 250 more"
        told = sum(int(line.split()[2]) for line in d.seen if line.startswith("rows dirty"))
        assert 0 < told < 40000


def test_a_change_is_hinted(db):
    with Drive(db) as d:
        pglib.base_rows(db)
        d.wait("hint")


def test_units_of_one_turn_share_a_statement(db):
    with Drive(db) as d:
        d.lease()
        d.say(*[commit(n, stray(n)) for n in range(1, 76)])
        sizes = [int(line.split()[2]) for line in d.waits("batch sent", 3)]
        assert sizes == [32, 32, 11]
        d.wait("committed 75 done")
        answers = [line for line in d.seen if line.startswith("committed")]
        assert answers == [f"committed {n} done " for n in range(1, 76)]
        assert len(strays(db)) == 75
        d.say("idle")
        d.wait("idle yes")


def test_units_that_come_while_one_is_under_way_go_together_next(db):
    with Drive(db) as d, db.connect() as c:
        d.lease()
        c.autocommit = False
        pglib.q(c, "select 1 from trunkd.lease for update")     # the fence waits
        d.say(commit(1, stray(1)))
        d.wait("batch sent 1")
        d.say(commit(2, stray(2)))
        d.say(commit(3, stray(3)))
        d.nothing("batch", 0.3)
        c.rollback()
        d.wait("batch answered 1")
        d.wait("batch sent 2")
        d.wait("committed 3 done")


def test_one_unit_that_fails_leaves_the_others(db):
    with Drive(db) as d:
        d.lease()
        d.say(commit(1, stray(1)), commit(2, {"nonsense": 1}), commit(3, stray(3)))
        assert d.wait("committed 2").startswith("committed 2 failed a unit has an item")
        d.wait("committed 3 done")
        assert strays(db) == ["ST_1", "ST_3"]


def test_a_commit_that_waits_too_long_is_failed_and_nothing_of_it_written(db):
    with Drive(db) as d, db.connect() as c:
        d.lease()
        c.autocommit = False
        pglib.q(c, "select 1 from trunkd.lease for update")
        began = time.monotonic()
        d.say(commit(1, stray(1)))
        line = d.wait("committed 1")
        assert line.startswith("committed 1 failed") and "lock timeout" in line
        assert 1.5 < time.monotonic() - began < 5
        c.rollback()
        assert strays(db) == []
        d.say(commit(2, stray(2)))
        d.wait("committed 2 done")


def test_the_server_dies_with_a_commit_under_way(cluster, db):
    with Drive(db) as d:
        epoch = d.lease()
        blocker = db.connect()
        blocker.autocommit = False
        pglib.q(blocker, "select 1 from trunkd.lease for update")
        d.say(commit(1, stray(1)))
        d.wait("batch sent 1")
        d.say(commit(2, stray(2)), "read all")
        cluster.stop()
        db.main = None
        d.wait("committed 1 unknown")
        d.wait("committed 2 unknown")       # never sent; it is read again with the rest
        d.wait("down")
        assert not [line for line in d.seen if line.startswith("rows")]
        d.say("idle", commit(3, stray(3)))
        d.wait("trouble ")
        assert d.seen[-1] != "trouble -"
        d.wait("committed 3 unknown")
        cluster.start()
        d.wait("up")
        d.say(f"lease renew 20000 {epoch}")
        assert d.wait("lease").split()[1] == str(epoch)
        d.say(commit(4, stray(4)))
        d.wait("committed 4 done")
        assert strays(db) == ["ST_4"]
        if d.seen.count("hint") < 2:    # who begins to listen again may have missed something
            d.wait("hint")


def test_each_connection_that_is_ended_comes_back(db):
    with Drive(db) as d:
        for name in "lease", "work":
            assert db.one("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                          "and application_name = %s", "trunkd " + name)
            d.wait("down")
            d.wait("up")
        assert db.one("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                      "and application_name = 'trunkd listen'")
        d.wait("hint")
        assert d.seen.count("down") == 2        # hints are only hints
        d.lease()


def test_the_lease_passes_from_one_to_the_other(db):
    with Drive(db, "one") as one, Drive(db, "two") as two:
        one.say("lease take 20000 0")
        _, epoch, valid, *_ = one.wait("lease").split()
        assert 15000 < int(valid) <= 20000
        two.say("lease take 20000 0")
        assert two.wait("lease") == "lease 0 0 standing by, one holds the lease"
        one.say(f"lease renew 20000 {epoch}")
        assert one.wait("lease").split()[1] == epoch
        while not two.lines.empty():
            two.seen.append(two.lines.get())
        one.say(f"lease release 20000 {epoch}")
        one.wait("lease 0 0 given back")
        two.wait("hint")        # told at once
        assert two.lease() == int(epoch) + 1


def test_valid_until_counts_from_before_the_statement(db):
    with Drive(db) as d, db.connect() as c:
        epoch = d.lease()
        c.autocommit = False
        pglib.q(c, "select 1 from trunkd.lease for update")
        d.say(f"lease renew 10000 {epoch}")
        d.nothing("lease", 1)
        c.rollback()
        left = int(d.wait("lease").split()[2])
        assert left <= 9000 + 5, "a second went by, but for the rounding of three clocks; counted from the answer it would be 10000"


def overtaken(db, *arguments):
    """A daemon that was stopped while it held the lease, and a second one that took it. The first then writes."""
    with Drive(db, "one", *arguments) as one, Drive(db, "two") as two:
        one.lease(300)
        one.process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + 10
        while two.lease() == 0:
            assert time.monotonic() < end
            time.sleep(0.05)
        one.process.send_signal(signal.SIGCONT)
        one.say(commit(1, stray(1)))
        outcome = one.wait("committed 1").split()[2]
        two.say(commit(1, stray(2)))
        two.wait("committed 1 done")
        return outcome


def test_who_was_overtaken_writes_nothing(db):
    assert overtaken(db) == "fenced"
    assert strays(db) == ["ST_2"]


def test_without_the_fence_it_would(db):
    assert overtaken(db, "nofence") == "done"
    assert strays(db) == ["ST_1", "ST_2"]


def test_units_of_an_earlier_lease_are_not_written_under_a_later_one(db):
    with Drive(db) as d, db.connect() as c:
        d.lease(300)
        c.autocommit = False
        pglib.q(c, "select 1 from trunkd.lease for update")
        d.say(commit(1, stray(1)))
        d.wait("batch sent 1")
        d.say(commit(2, stray(2)))
        pglib.q(c, "update trunkd.lease set expires_at = now() - interval '1 s'")
        time.sleep(0.4)                 # it has run out for those, too, who do not see our change yet
        d.say("lease take 20000 0")     # both wait for us; whichever comes first
        c.commit()
        d.wait("lease")
        d.say("idle")
        d.wait("idle")
        d.say(commit(3, stray(3)))
        d.wait("committed 3 done")
        assert strays(db) == ["ST_3"]


def test_the_keys_are_published_with_the_lease(db):
    with Drive(db) as d:
        d.say("key 0a1b2c3d cHVibGljIGtleSBvZiBhIHRlc3QsIDMyIGJ5dGVzISE=")
        d.lease()
        d.say(commit(1, stray(1)))
        d.wait("committed 1 done")
        assert not [line for line in d.seen if line.startswith("committed 0")]
        assert db.q("select key_id, public_key from trunkd.seal_key") == [("0a1b2c3d", "cHVibGljIGtleSBvZiBhIHRlc3QsIDMyIGJ5dGVzISE=")]


def test_a_database_without_schema_is_waited_for(cluster, db):
    db.q("alter schema trunkd rename to hidden")
    d = Drive(db)
    line = d.wait("log PostgreSQL (work)")
    assert "run trunkctl migrate" in line
    d.nothing("log PostgreSQL (work)", 1)       # the same trouble is told once
    db.q("alter schema hidden rename to trunkd")
    d.wait("up")
    d.lease()
    d.close()


def test_a_schema_for_other_daemons_is_not_touched(db):
    db.q("alter table trunkd.schema disable trigger user")
    db.q("update trunkd.schema set daemon_min = 99, daemon_max = 99")
    d = Drive(db)
    d.wait("log PostgreSQL (work): the schema is for daemons of level 99 to 99 and this one is level 1: install a newer trunkd")
    d.nothing("up", 0.5)
    db.q("update trunkd.schema set daemon_min = 1, daemon_max = 99")
    d.wait("up")
    d.close()


def test_a_wrong_address_is_told_once_and_tried_for_ever(db):
    class Nowhere:
        directory = db.cluster.directory + "/nowhere"

    class Wrong:
        cluster, name = Nowhere, "nothing"

    d = Drive(Wrong)
    d.wait("log PostgreSQL (work)")
    d.nothing("log PostgreSQL (work)", 1)
    d.say("idle")
    assert "nowhere" in d.wait("trouble")
    d.close()
