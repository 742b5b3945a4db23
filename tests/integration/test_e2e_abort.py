"""The daemon is killed, or stopped, at every boundary of a number's life: before a commit, after it, before a request, after its answer.

The list of boundaries is that of a recorded run. Whatever the boundary, there is exactly one object in the end."""
from concurrent.futures import ThreadPoolExecutor
import signal
import time

import pytest

from daemonlib import wait_for
import worldlib
from worldlib import phone

A, B = phone(1), phone(2)
PARALLEL = 5
# Nothing is late here: doubts may be short. The lease of the killed daemon must run out before the next one works.
TIMING = {"request_timeout": "300ms", "quiet_twilio": "300ms", "quiet_livekit": "300ms", "send_window": "200ms", "lease": "700ms", "scan": "60s"}
LIVES = [("create", False), ("create", True), ("relink", True), ("delete", False), ("delete", True)]
MORE_THAN_A_RUN_HAS = 10 ** 6


class Life:
    """One world, prepared up to the moment at which the daemon that will be killed is started."""

    def __init__(self, cluster, folder, verb, standing):
        folder.mkdir()
        self.verb, self.standing = verb, standing
        self.db = cluster.database()
        try:
            self.world = worldlib.World(self.db, folder, timing=TIMING)
        except BaseException:
            self.db.drop()
            raise
        self.world.account("main")

    def __enter__(self):
        world = self.world
        for number in (A, B):
            world.own(number)
        self.first = {n: world.sim.number(n) for n in (A, B)}
        before = ([B] if self.standing else []) + ([A] if self.verb != "create" else [])
        for number in before:
            world.number(number, outbound=True)
        if before:
            world.daemon.start()
            world.wait_active(*before)
            world.wait_quiet()
            world.daemon.stop()
        self.neighbour = world.of_number(B)
        return self

    def __exit__(self, *_):
        try:
            self.world.close()
        finally:
            self.db.drop()

    def act(self):
        if self.verb == "create":
            self.world.number(A, outbound=True)
        elif self.verb == "relink":
            self.world.set(A, agent="sales")
        else:
            self.world.delete(A)

    def done(self):
        if self.verb == "delete":
            return self.world.gone(A)
        line = self.world.line(A)
        return line["settled"] and line["status"] == "active"

    def check(self):
        world = self.world
        wait_for(lambda: f"{self.verb}\n{world.story(A)}", self.done)
        world.agree()
        if self.verb == "delete":
            of = world.of_number(A)
            routing = ("trunk_sid", "voice_url", "voice_method")
            assert (of["inbound"], of["outbound"], of["rules"]) == ([], [], [])
            assert {k: of["number"][0][k] for k in routing} == {k: self.first[A][k] for k in routing}
        else:
            world.exactly_one(A, outbound=True)
            assert world.sim.call(A)["agent_name"] == ("sales-agent" if self.verb == "relink" else "support-agent")
        assert world.of_number(B) == self.neighbour
        trunks = 0 if self.verb == "delete" and not self.standing else 1
        assert world.sim.counts()["trunks"] == world.sim.counts()["credential_lists"] == world.sim.counts()["credentials"] == trunks


def record(cluster, folder, verb, standing):
    """What the daemon crosses while it carries out one wish."""
    with Life(cluster, folder, verb, standing) as life:
        trace = folder / "trace"
        life.act()
        life.world.daemon.start(TRUNKD_TEST_TRACE=str(trace))
        life.check()
        return trace.read_text().splitlines()


def abort_at(cluster, folder, verb, standing, n):
    with Life(cluster, folder, verb, standing) as life:
        life.act()
        daemon = life.world.daemon
        daemon.start(TRUNKD_TEST_EFFECT=f"{n}:abort", wait=False)
        wait_for("killed, or done", lambda: daemon.process.poll() is not None or life.done())
        if daemon.process.poll() is None:
            daemon.signal(signal.SIGTERM)       # it may still cross the last ones
        code = daemon.ended()
        assert code in (0, -signal.SIGKILL), daemon.tail()
        fired = code != 0
        daemon.start()
        life.check()
        return fired


@pytest.mark.parametrize("verb, standing", LIVES, ids=lambda v: v if isinstance(v, str) else "standing" if v else "empty")
def test_killed_at_every_boundary_it_ends_with_exactly_one_object(cluster, tmp_path, verb, standing):
    boundaries = record(cluster, tmp_path / "recorded", verb, standing)
    assert boundaries
    cluster.database().drop()           # the template exists before threads ask for it
    with ThreadPoolExecutor(PARALLEL) as pool:
        runs = [pool.submit(abort_at, cluster, tmp_path / str(n), verb, standing, n) for n in range(1, len(boundaries) + 1)]
        fired = [run.result() for run in runs]
    for n, hit in enumerate(fired, 1):      # how much goes into one unit depends on how quickly things come in: once more, alone
        fired[n - 1] = hit or abort_at(cluster, tmp_path / f"{n}-again", verb, standing, n)
    print(f"{verb}, {'standing' if standing else 'empty'}: killed at {sum(fired)} of {len(boundaries)} boundaries")
    assert sum(fired) >= len(boundaries) * 0.8 and sum(fired) > 0


def written_before(world, epoch):
    """What an earlier holder wrote last, and how. Nothing may join it."""
    return {(r["owner"], r["kind"], r["slot"], r["rev"], r["known"], r["open"]) for r in world.ledger() if r["epoch"] != epoch}


def interesting(boundaries):
    """One request of each life: opened and not sent, sent and not answered."""
    return [n for n, line in enumerate(boundaries, 1) if " create " in line or " update " in line or " delete " in line]


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_a_stopped_holder_loses_the_lease_and_writes_nothing_when_it_goes_on(cluster, tmp_path, verb):
    """Stopped between opened and sent. The other takes over; the first, continued, does not send what it had opened."""
    boundaries = record(cluster, tmp_path / "recorded", verb, True)
    places = interesting(boundaries)
    assert places

    def run(n):
        with Life(cluster, tmp_path / f"stopped-{n}", verb, True) as life:
            world = life.world
            first, second = world.daemon, world.new_daemon("second")
            life.act()
            first.start(TRUNKD_TEST_EFFECT=f"{n}:stop", wait=False)
            wait_for("stopped, or done", lambda: stopped(first) or life.done())
            fired = stopped(first)
            second.start()
            if fired:
                second.wait_log("took it, epoch")
                life.check()
                epoch = world.db.one("select epoch from trunkd.lease")
                ledger, since = written_before(world, epoch), world.sim.last()
                first.signal(signal.SIGCONT)
                first.wait_log("lost it")
                time.sleep(0.5)
                assert world.writes(since) == []
                assert world.db.one("select epoch from trunkd.lease") == epoch and written_before(world, epoch) <= ledger
            life.check()
            return fired

    with ThreadPoolExecutor(PARALLEL) as pool:
        fired = list(pool.map(run, places))
    print(f"{verb}: stopped at {sum(fired)} of {len(places)} requests")
    assert sum(fired) >= len(places) * 0.8 and sum(fired) > 0


def stopped(daemon):
    try:
        with open(f"/proc/{daemon.process.pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "Tt"
    except FileNotFoundError:
        return False


def test_a_holder_stopped_while_its_request_is_under_way_is_followed_by_one_object(cluster, tmp_path):
    """Stopped between sent and answered: what it created is found by its nonce and adopted."""
    with Life(cluster, tmp_path / "w", "create", False) as life:
        world = life.world
        held = world.sim.fault("hold_before", method="POST", path="*/CreateSIPInboundTrunk")
        first, second = world.daemon, world.new_daemon("second")
        first.start()
        life.act()
        world.sim.wait_fired(held)
        first.signal(signal.SIGSTOP)
        second.start()
        second.wait_log("took it, epoch")
        world.sim.release(held)
        world.sim.remove_fault(held)
        life.check()
        epoch = world.db.one("select epoch from trunkd.lease")
        since, ledger = world.sim.last(), written_before(world, epoch)
        first.signal(signal.SIGCONT)
        first.wait_log("lost it")
        time.sleep(0.5)
        assert world.writes(since) == [] and written_before(world, epoch) <= ledger
        life.check()


def test_the_holder_that_ends_well_hands_over_at_once(world):
    world.own(A)
    second = world.new_daemon("second")
    world.daemon.start()
    world.daemon.wait_log("took it, epoch")
    second.start()
    began = time.monotonic()
    world.daemon.stop()
    second.wait_log("took it, epoch")
    print(f"handed over in {(time.monotonic() - began) * 1000:.0f} ms")
    world.number(A)
    world.wait_active(A)
    world.agree()


def test_a_stop_in_the_middle_loses_no_operation(cluster, tmp_path):
    """SIGTERM while a create is under way: its answer is recorded before the process ends, and nobody needs to look for it."""
    with Life(cluster, tmp_path / "w", "create", False) as life:
        world = life.world
        slow = world.sim.fault("delay", method="POST", path="*/CreateSIPInboundTrunk", ms=200)
        world.daemon.start()
        life.act()
        world.sim.wait_fired(slow)
        world.daemon.stop()
        rows = world.ledger(A, "livekit.inbound_trunk")
        assert [(r["known"], r["open"]) for r in rows] == [("live", "")] and rows[0]["external_id"]
        world.daemon.start()
        life.check()
        assert len(world.sim.log(path="*/CreateSIPInboundTrunk")) == 1
