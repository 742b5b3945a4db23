"""Strays: objects with trunkd's tag that no row knows, as a restored database leaves them; and their end."""
import pytest

import worldlib
from ctllib import trunkctl
from worldlib import wait_for

OLD, NEW = worldlib.phone(1), worldlib.phone(2)
KINDS = {"livekit.inbound_trunk", "livekit.dispatch_rule", "twilio.trunk"}


@pytest.fixture
def forgetful(db, tmp_path):
    """What a number has at LiveKit, and a database that has never heard of it; another number stands."""
    world = worldlib.World(db, tmp_path, timing={"scan": "3s"})
    try:
        world.account("main")
        world.carrier(OLD, outbound=False)
        world.daemon.start()
        world.wait_active(OLD)
        world.daemon.stop()
        for table in ("phone_number", "resource", "number_status", "tombstone", "dirty", "event"):
            db.q(f"delete from trunkd.{table}")
        tag = f"td-{db.one('select tag from trunkd.installation')}-aaaaaaaaaaaaa-bbbbbbbb"
        world.sim.add_object(world.accounts["main"].sid, "trunks", {"friendly_name": f"old [{tag}]", "domain_name": tag + ".pstn.twilio.com"})
        world.own(NEW)
        world.number(NEW)
        world.daemon.start()
        world.wait_active(NEW)
        wait_for("the strays to be seen", lambda: len(db.q("select * from trunkd.stray")) == 3)
        yield world
    finally:
        world.close()


def test_what_an_older_database_has_forgotten_is_swept(forgetful):
    world = forgetful
    assert {row[0] for row in world.db.q("select kind from trunkd.stray")} == KINDS
    said = trunkctl(world.db, "doctor").out
    assert "3 objects carry our tag and belong to nobody here" in said and "trunkctl sweep ACCOUNT --why TEXT" in said
    since = world.sim.last()
    done = trunkctl(world.db, "sweep", worldlib.PROJECT, "main", "--why", "restored from yesterday", "--yes")
    assert done.code == 0 and done.out.count(" will be removed\n") == 3, done
    wait_for("the strays to be gone", lambda: not world.db.q("select account from trunkd.stray union all select name from trunkd.request"))
    wait_for("nobody to hold them any more", lambda: not world.db.q("select owner from trunkd.resource where slot like 'late-%'"))
    wait_for("nobody to be left", lambda: world.db.q("select phone_number from trunkd.number") == [(NEW,)]
             and world.db.one("select count(*) from trunkd.trunk_state") == 1)
    assert sorted(worldlib.short(e) for e in world.writes(since)) == ["DELETE /v1/Trunks/TK", "POST DeleteSIPDispatchRule", "POST DeleteSIPTrunk"]
    assert len(world.events("Swept")) == 3
    world.agree()


def test_only_what_was_named_is_swept(forgetful):
    world = forgetful
    rule = world.db.one("select external_id from trunkd.stray where kind = 'livekit.dispatch_rule'")
    world.db.q("select trunkd.sweep(%s, 'livekit.dispatch_rule', %s, 'nobody needs it')", worldlib.PROJECT, rule)
    wait_for("the rule to be gone", lambda: not world.db.q("select account from trunkd.stray where external_id = %s union all select name from trunkd.request", rule))
    assert {row[0] for row in world.db.q("select kind from trunkd.stray")} == KINDS - {"livekit.dispatch_rule"}
