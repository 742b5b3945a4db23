"""Every safeguard is needed: its scenario ends right with it, and is seen to end wrong when a test build switches it off.

A scenario returns what went wrong, as words; nothing with the safeguard on, something with it off."""
from concurrent.futures import ThreadPoolExecutor
import signal
import time

import pytest

from daemonlib import LATE_MS, wait_for
import worldlib
from worldlib import phone, short

A, B = phone(1), phone(2)
QUICK = {"request_timeout": "300ms", "quiet_twilio": "300ms", "quiet_livekit": "300ms", "send_window": "200ms", "lease": "700ms", "scan": "60s"}


def both(scenario, make, off, **options):
    """With the safeguard nothing is wrong, without it something is. Both at once, in two worlds."""
    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(lambda: scenario(make("on", **options), {}))
        fell = pool.submit(lambda: scenario(make("off", **options), {"TRUNKD_TEST_OFF": off}))
    assert not held.result(), held.result()
    assert fell.result(), f"switching {off} off changes nothing"
    print(f"without {off}: {fell.result()}")


@pytest.fixture
def make(cluster, tmp_path):
    """Worlds with the account "main", A and B in it; on a standing trunk B is active in both directions and the daemon is stopped again."""
    made = []

    cluster.database().drop()           # the template exists before threads ask for it

    def one(name, timing=None, standing=True):
        db = cluster.database()
        folder = tmp_path / name
        folder.mkdir()
        world = worldlib.World(db, folder, timing={**QUICK, **(timing or {})})
        made.append(world)
        world.account("main")
        for number in (A, B):
            world.own(number)
        if standing:
            world.number(B, outbound=True)
            world.daemon.start()
            world.wait_active(B)
            world.wait_quiet()
            world.daemon.stop()
        world.neighbour = world.of_number(B)
        return world

    yield one
    for world in made:
        try:
            world.close()
        finally:
            world.db.drop()


def stopped(daemon):
    with open(f"/proc/{daemon.process.pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0] in "Tt"


def stop_at(world, n, off):
    """The daemon stopped at its n-th boundary, or at work with nothing left to do; gives the boundary's words, "" for none."""
    trace = world.folder / f"trace-{n}"
    world.daemon.start(TRUNKD_TEST_EFFECT=f"{n}:stop", TRUNKD_TEST_TRACE=str(trace), wait=False, **off)
    wait_for("stopped, or done", lambda: stopped(world.daemon) or world.line(A)["settled"])
    return trace.read_text().splitlines()[-1].split(" ", 1)[1] if stopped(world.daemon) else ""


def go_on(world):
    """The boundary may also be one of what comes later."""
    world.daemon.signal(signal.SIGCONT)
    return True


def created(world, method, since=0):
    """Creates of LiveKit objects of A that were carried out."""
    return [e for e in world.sim.log(since, path="*/Create" + method) if e["committed"] and A in str(e["body"])]


# ---- one-shot: a request is never sent twice by the transport

@pytest.mark.parametrize("standing", [False, True])
def test_a_request_is_not_sent_again_by_the_transport(make, standing):
    def scenario(world, off):
        fault = world.sim.fault("drop_after", method="POST", path="*/CreateSIPInboundTrunk", body_contains=A)
        world.daemon.start(**off)
        world.number(A)
        world.wait_active(A)
        assert world.sim.fired(fault) == 1
        sent = world.sim.log(path="*/CreateSIPInboundTrunk")
        sent = [e for e in sent if A in str(e["body"])]
        world.wait_quiet()
        assert world.of_number(B) == world.neighbour
        return [short(e) for e in sent[1:]]

    both(scenario, make, "one-shot", standing=standing)


# ---- wanted: nothing is opened for a number that is not wanted any more

@pytest.mark.parametrize("standing", [False, True])
def test_nothing_is_made_for_a_number_that_was_deleted_before_its_intent_was_committed(make, standing):
    def scenario(world, off):
        """Stopped before a commit, the number deleted meanwhile, continued: at every commit."""
        wrong, commits = [], 0
        for n in range(1, 60):
            world.number(A)
            at = stop_at(world, n, off)
            world.delete(A)
            since = world.sim.last()
            wait_for(lambda: f"gone\n{world.story(A)}", lambda: go_on(world) and world.gone(A))
            world.daemon.stop()
            if at == "commit":
                commits += 1
                wrong += [short(e) for e in created(world, "SIP*", since)]
            if not at or wrong:
                break
        assert commits >= 3 or wrong
        world.agree()
        assert world.of_number(B) == world.neighbour
        return wrong

    both(scenario, make, "wanted", standing=standing)


# ---- intent: nothing is made before the intent to make it is committed

@pytest.mark.parametrize("standing", [False, True])
def test_nothing_is_made_whose_intent_is_not_committed(make, standing):
    def scenario(world, off):
        """The commit is held up, the daemon is killed, the number is deleted: nobody would ever find what was made."""
        world.daemon.start(**off)
        world.daemon.wait_log("took it, epoch", 1 + standing)
        time.sleep(0.2)
        since = world.sim.last()
        # Held is the last answer before the first create: the number's record, or the first list of a project.
        look = world.sim.fault("hold_after", path="*/IncomingPhoneNumbers.json" if standing else "*/ListSIPInboundTrunk")
        world.number(A)
        world.sim.wait_fired(look)
        wait_for("the first status", lambda: not world.rows("select from trunkd.dirty"))
        time.sleep(0.2)
        held = world.db.connect()
        held.autocommit = False
        held.cursor().execute("select * from trunkd.lease for update")
        locked = world.sim.last()
        world.sim.release(look)
        time.sleep(0.2)
        world.daemon.kill()
        held.rollback()
        world.delete(A)
        made = [short(e) for e in world.writes(locked)]
        world.daemon.start()
        world.wait_gone(A)
        world.wait_quiet()
        return made + [k[0] for k in world.held() if k[3] not in {r["external_id"] for r in world.ledger()}]

    both(scenario, make, "intent", standing=standing)


# ---- fence: a daemon that has lost the lease records nothing

@pytest.mark.parametrize("standing", [False, True])
def test_a_holder_that_lost_the_lease_records_nothing_it_knew_before(make, standing):
    def scenario(world, off):
        """It is stopped before the commit which says that the number is not in the account. That changes, and the next one sets it up."""
        wrong, commits = [], 0
        first = world.new_daemon("first", user="postgres")
        for n in range(1, 40):
            number = phone(100 + n)
            world.number(number)
            trace = world.folder / f"trace-{n}"
            first.start(TRUNKD_TEST_EFFECT=f"{n}:stop", TRUNKD_TEST_TRACE=str(trace), wait=False, **off)
            wait_for("stopped, or done", lambda: stopped(first) or world.line(number)["status"] == "failed")
            if not stopped(first):
                first.kill()
                break
            at_commit = trace.read_text().splitlines()[-1].endswith(" commit")
            if at_commit:
                commits += 1
                world.own(number)
                world.daemon.start()
                world.daemon.wait_log("took it, epoch", commits + standing)
                world.wait_active(number)
                world.wait_quiet()
                before = world.line(number), world.ledger()
                first.signal(signal.SIGCONT)
                first.wait_log("lost it", commits)
                time.sleep(0.1)
                after = world.line(number), world.ledger()
                if after != before:
                    wrong.append(f"{after[0]['status']} {after[0]['message']}")
                world.daemon.stop()
            first.kill()
            if wrong:
                break
        assert commits >= 2 or wrong
        assert world.of_number(B) == world.neighbour
        return wrong

    both(scenario, make, "fence", standing=standing)


# ---- doubt: absence is not concluded while a lost request may still be carried out

@pytest.mark.parametrize("standing", [False, True])
def test_a_create_that_may_still_be_carried_out_is_not_made_again(make, standing):
    def scenario(world, off):
        fault = world.sim.fault("late_commit", method="POST", path="*/CreateSIPOutboundTrunk", body_contains=A, ms=LATE_MS)
        world.daemon.start(**off)
        world.number(A, outbound=True)
        world.wait_active(A)
        assert world.sim.fired(fault) == 1
        time.sleep(LATE_MS / 1000)
        world.wait_quiet()
        assert world.of_number(B) == world.neighbour
        return [short(e) for e in created(world, "SIPOutboundTrunk")][1:]

    both(scenario, make, "doubt", standing=standing, timing={"quiet_livekit": "1200ms"})


# ---- marks: a list says nothing about what is younger than itself

@pytest.mark.parametrize("standing", [False, True])
def test_a_list_says_nothing_about_what_is_younger_than_itself(make, standing):
    def scenario(world, off):
        """LiveKit shows a new object late; a complete scan runs before."""
        world.sim.config(livekit_list_lag_ms=800)
        world.daemon.start(**off)
        world.number(A, outbound=True)
        world.wait_active(A)
        since, seen = world.sim.last(), set()
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            seen |= {r["condition"] for r in world.rows("select condition from trunkd.account_state")}
            time.sleep(0.05)
        assert len(world.sim.log(since, path="*/ListSIPInboundTrunk")) >= 2
        wrong = sorted(seen - {""}) + [short(e) for e in world.writes(since)]
        if not wrong:
            world.wait_active(A)
            world.exactly_one(A, outbound=True)
        return wrong

    both(scenario, make, "marks", standing=standing, timing={"scan": "200ms", "list_lag": "2s"})


# ---- brake: a mass disappearance is a fault, not a wish

@pytest.mark.parametrize("standing", [False, True])
def test_a_mass_disappearance_makes_nothing_again(make, standing):
    def scenario(world, off):
        world.daemon.start(**off)
        world.number(A, outbound=True)
        world.wait_active(A)
        time.sleep(0.4)
        before = world.held()
        since = world.sim.last()
        world.sim.config(livekit_everything_gone=1)
        if off:
            wait_for("a write", lambda: world.writes(since), timeout=10)
        else:
            wait_for(lambda: f"the brake\n{world.story(A)}\n{world.rows('select * from trunkd.account_state')}", timeout=5, condition=lambda: world.line(A)["reason"] == "AccountBraked")
            time.sleep(0.5)
        wrong = [short(e) for e in world.writes(since)]
        world.sim.config(livekit_everything_gone=0)
        if not off:
            world.wait_active(A)
            assert world.held() == before
        return wrong

    both(scenario, make, "brake", standing=standing, timing={"scan": "200ms"})
