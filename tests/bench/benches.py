"""The benches. Each is one function that measures once; the runner repeats it and prints the table."""
import json
import os
import signal
import subprocess
import threading
import time

import benchlib
import ctllib
import nodelib
import simlib
import worldlib
from benchlib import HERE, Process, WINDOWS, fleet, percentile
from daemonlib import wait_for

BENCHES = {}


def bench(function):
    BENCHES[function.__name__.replace("_", "-")] = function
    return function


# ---- from empty ---------------------------------------------------------------------------------------------------------------

def by_sdk(f):
    """The same work by a script on the official SDKs, with the same windows, on a simulator of its own; seconds and requests."""
    modules = nodelib.install()
    with simlib.Sim(latency_ms=f.latency_ms) as sim:
        sim.add_account()
        sim.add_project()
        sim.add_numbers(worldlib.phone(benchlib.FIRST), f.count)
        world = {"accountSid": simlib.ACCOUNT_SID, "authToken": simlib.AUTH_TOKEN, "apiKey": simlib.API_KEY, "apiSecret": simlib.API_SECRET,
                 "twilioUrl": sim.twilio_url, "livekitUrl": sim.livekit_url, "sipHost": simlib.SIP_HOST, "count": f.count, "windows": WINDOWS,
                 "directions": f.directions, "numbersPerTrunk": benchlib.NUMBERS_PER_TRUNK}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "LIVEKIT_", "NODE_")) and not k.lower().endswith("_proxy")}
        done = subprocess.run(["node", str(HERE / "sdk.js"), json.dumps(world)], env={**kept, "NODE_PATH": str(modules)}, text=True,
                              capture_output=True, timeout=f.patience)
        if done.returncode != 0:
            raise benchlib.Missed(f"sdk.js: {done.stderr[-1000:]}")
        return json.loads(done.stdout)["seconds"], sim.last()


def converge(run, directions, *sizes):
    for count in run.sizes(*sizes):
        with fleet(run, count, directions=directions) as f:
            f.start()
            since, cpu = f.sim.last(), f.process.cpu_s()
            wall = f.converge()
            requests, floor = f.counted(since), f.floor()
            run.figure(f"{count}: requests / floor ({sum(floor.values())})", sum(requests.values()) / sum(floor.values()), "", 1.02)
            run.figure(f"{count}: seconds", wall, "s")
            run.figure(f"{count}: seconds / (requests x latency / window)", wall / f.floor_s(requests), "", 1.10)
            run.figure(f"{count}: CPU of trunkd for a number", (f.process.cpu_s() - cpu) * 1000 / count, "ms")
            run.figure(f"{count}: memory of trunkd", f.process.memory_mb(), "MB")
            if run.options.sdk:
                try:
                    seconds, sent = by_sdk(f)
                except nodelib.CannotBeHad as why:
                    print(f"skipped: the SDKs: {why}")
                else:
                    run.figure(f"{count}: seconds of the SDKs' script", seconds, "s")
                    run.figure(f"{count}: requests of the SDKs' script / floor", sent / sum(floor.values()), "")
                    run.figure(f"{count}: trunkd / SDKs' script, seconds", wall / seconds, "")


@bench
def inbound(run):
    """From empty, inbound: requests against the floor, time against the window."""
    converge(run, "inbound", 1000, 10000)


@bench
def both(run):
    """From empty, both directions."""
    converge(run, "both", 1000, 10000)


# ---- what changes a standing fleet ----------------------------------------------------------------------------------------------

def standing(run, usual, **options):
    """A fleet that stands, made without latency; then the providers answer as slowly as they do."""
    f = fleet(run, run.options.numbers or usual, latency_ms=0, windows={"twilio": 32, "livekit": 32}, **options)
    return f


def slow_down(f):
    f.sim.config(latency_ms=50)
    f.latency_ms = 50
    f.windows = WINDOWS
    f.db.q("update trunkd.livekit_project set max_in_flight = %s", WINDOWS["livekit"])
    f.db.q("update trunkd.twilio_account set max_in_flight = %s", WINDOWS["twilio"])
    f.wait_quiet()


def measure(run, f, name, act, floor, done):
    """What a change costs from its commit until `done` returns."""
    since = f.sim.last()
    act()
    began = time.monotonic()
    done()
    wall, requests = time.monotonic() - began, f.counted(since)
    run.figure(f"{name}: requests / floor ({sum(floor.values())})", sum(requests.values()) / sum(floor.values()), "", 1.02)
    run.figure(f"{name}: seconds", wall, "s")
    run.figure(f"{name}: seconds / (requests x latency / window)", wall / f.floor_s(requests), "", 1.10)


def all_settled(f, more="true"):
    """Every number is settled, rests on the row as it is, and nothing is dirty."""
    wanted = ("select count(*) from trunkd.phone_number n join trunkd.number_status s using (phone_number) where s.status = 'active' and s.settled "
              f"and s.reason = 'UpToDate' and s.observed_generation = n.generation and not exists (select from trunkd.dirty) and {more}")
    return lambda: f.wait("numbers settled", wanted, f.count)


RULES = ("not exists (select from trunkd.resource r where r.owner = n.phone_number and r.kind = 'livekit.dispatch_rule' "
         "and r.applied ->> %s is distinct from %s)")


@bench
def relink(run):
    """All numbers go to another agent: one request each."""
    with standing(run, 1000) as f:
        f.start()
        f.converge()
        slow_down(f)
        measure(run, f, f"{f.count}", lambda: f.db.q("update trunkd.phone_number set agent = 'sales'"), {"livekit": f.count, "twilio": 0},
                all_settled(f))


@bench
def metadata(run):
    """An agent's metadata change; all numbers are the agent's."""
    with standing(run, 1000) as f:
        f.start()
        f.converge()
        slow_down(f)

        def done():
            all_settled(f)()
            f.wait("an agent that is settled", "select count(*) from trunkd.agent_state where name = 'support' and settled", 1)
        measure(run, f, f"{f.count}", lambda: f.db.q("update trunkd.agent set metadata = 'another' where name = 'support'"),
                {"livekit": f.count, "twilio": 0}, done)


@bench
def delete(run):
    """All rows are deleted: the brake holds them, release lets them go, nothing is left."""
    for count in run.sizes(1000, 10000):
        with fleet(run, count, latency_ms=0, windows={"twilio": 32, "livekit": 32}) as f:
            f.start()
            f.converge()
            slow_down(f)
            since = f.sim.last()
            f.db.q("delete from trunkd.phone_number")
            held = "select count(*) from trunkd.account_state where braked"
            f.wait("accounts that hold a mass removal", held, 2 if count > 20 else 0)
            if [e for e in f.sim.log(since) if not worldlib.is_read(e)]:
                raise benchlib.Missed("something was removed while it was held")

            def release(f=f, held=held):
                f.db.q("select trunkd.release(name, 'meant') from trunkd.account_state where braked")
            # An attach is given back and proven by its answer; a trunk and a rule are deleted and each read once more; so are a
            # Twilio trunk (which is checked first) and its URL.
            floor = {"livekit": count * 4, "twilio": count + f.trunks() * 5}
            measure(run, f, f"{count}", release, floor,
                    lambda f=f: f.wait("numbers left", "select count(*) from trunkd.number", 0))
            if f.sim.objects("inbound_trunks") or f.sim.objects("dispatch_rules") or f.sim.objects("trunks"):
                raise benchlib.Missed("something was left behind")
