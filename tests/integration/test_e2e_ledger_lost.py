"""The last seconds of the database are lost: a standby that was behind is promoted, on a new timeline, under the daemon's feet or while
it is down. What was made meanwhile is found again, and nothing is doubled."""
import pytest

from daemonlib import wait_for
import pglib
import worldlib
from worldlib import phone, short


@pytest.fixture
def lossy(tmp_path):
    """A world on a cluster of its own, which can be replaced by a copy of its past."""
    cluster = pglib.Cluster()
    try:
        db = cluster.database()
        world = worldlib.World(db, tmp_path)
        try:
            world.account("main")
            yield world
        finally:
            world.close()
            db.close()
    finally:
        cluster.remove()


def copy(world):
    """A standby as it is now; it gets nothing of what follows."""
    cluster = world.db.cluster
    cluster.standby = cluster.directory + "/standby"
    cluster.run("pg_basebackup", "-h", cluster.directory, "-U", "postgres", "-D", cluster.standby, "-R", "-X", "fetch", "-c", "fast")


def promote(world):
    """The server breaks down, the standby takes its place and address."""
    cluster = world.db.cluster
    for connection in world.db.connections:
        connection.close()
    world.db.connections.clear()
    world.db.main = None
    before = timeline(cluster.data, cluster)
    cluster.stop("immediate")
    cluster.data = cluster.standby
    cluster.start()
    cluster.run("pg_ctl", "-D", cluster.data, "-w", "promote")
    world.db.q("checkpoint")
    assert timeline(cluster.data, cluster) == before + 1


def timeline(data, cluster):
    lines = cluster.run("pg_controldata", "-D", data).splitlines()
    return int(next(line for line in lines if "TimeLineID" in line and "Prev" not in line).rsplit(None, 1)[1])


def creates(world, since):
    """Nothing is made by an update: a number's record, a credential that gets another password."""
    return [short(e) for e in world.writes(since) if e["committed"] and (
        "/Create" in e["path"] or (e["provider"] == "twilio" and e["method"] == "POST" and not e["path"].rsplit("/", 1)[-1].startswith(("PN", "CR"))))]


@pytest.mark.parametrize("running", [True, False])
def test_a_trunk_with_20_numbers_that_only_the_lost_seconds_knew_is_found_again(lossy, running):
    """On an empty account: of all that was made, the database remembers the wishes only."""
    world = lossy
    numbers = world.sim.add_numbers(phone(100), 20, world.accounts["main"].sid)
    for number in numbers:
        world.number(number, outbound=True)
    copy(world)
    world.daemon.start()
    world.wait_active(*numbers)
    world.wait_quiet()
    made, since = world.held(), world.sim.last()
    if not running:
        world.daemon.stop()
    promote(world)
    assert running or world.ledger() == []
    if not running:
        world.daemon.start()
    wait_for(lambda: "the trunk in the ledger\n" + world.story(numbers[0]), lambda: world.ledger(kind="twilio.trunk"))
    world.wait_active(*numbers)
    assert creates(world, since) == []
    assert set(world.held()) == set(made)
    world.agree()
    assert world.events("LedgerLost") and world.db.q("select * from trunkd.stray") == []
    for number in numbers:
        assert world.sim.call(number)["ends"] == "room"
        trunk, = world.of_number(number)["outbound"]
        assert trunk["auth_password"] == world.sim.objects("credentials")[0]["password"]
    world.db.q("delete from trunkd.phone_number")
    world.wait_gone(*numbers)
    assert world.held() == {}
