"""The benches. Each is one function that measures once; the runner repeats it and prints the table."""
import json
import os
import re
import signal
import subprocess
import time

import benchlib
import ctllib
import nodelib
import simlib
import worldlib
from benchlib import HERE, WINDOWS, fleet, percentile

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
def rotation(run):
    """All numbers of one trunk that people wrote get another password: one request each, and the daemon's CPU time for it."""
    with standing(run, 2000, directions="outbound") as f:
        f.db.q("insert into trunkd.trunk (name, twilio_account) values ('big', 'main')")
        f.insert_numbers()
        f.db.q("update trunkd.phone_number set trunk = 'big'")
        f.start()
        f.wait_settled()
        since, cpu = f.sim.last(), f.process.cpu_s()
        f.db.q("select trunkd.rotate('big', 'bench')")
        f.wait("numbers with the new password", "select count(*) from trunkd.resource o join trunkd.resource c on c.kind = 'twilio.credential' and "
               "c.slot = '2' and c.applied ->> 'username' = o.applied ->> 'auth_username' where o.kind = 'livekit.outbound_trunk'", f.count)
        updates = sum(e["path"].endswith("UpdateSIPOutboundTrunk") for e in f.sim.log(since))
        run.figure(f"{f.count}: updates / numbers", updates / f.count, "", 1.02)
        run.figure(f"{f.count}: CPU for a number", 1000 * (f.process.cpu_s() - cpu) / f.count, "ms")


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


# ---- how soon -----------------------------------------------------------------------------------------------------------------

def first_bytes(f, first, every, going_on):
    """Inserts numbers one by one while that goes on; milliseconds from each commit until the provider hears of it."""
    committed, heard = {}, {}
    since = f.sim.last()
    while going_on(len(committed)):
        n = first + len(committed)
        f.insert_numbers(n, 1)
        committed[worldlib.phone(n)] = time.time() * 1000
        time.sleep(every)

    def all_heard():
        for entry in f.sim.log(since):
            for number in re.findall(r"1555\d{7}", entry["query"] + entry["body"]):
                if "+" + number in committed:
                    heard.setdefault("+" + number, entry["time_ms"])
        return len(heard) == len(committed)
    benchlib.wait_for("the providers to hear of all numbers", all_heard, f.patience, step=2)
    return [max(0, heard[n] - committed[n]) for n in committed]


@bench
def latency(run):
    """From the commit of a row to the first byte at the provider: idle, and from the first moment of a bulk load until it has converged."""
    crowd = run.options.numbers or 10000
    samples, spare = min(200, crowd), crowd // 2 + 200
    with fleet(run, crowd + 1 + samples + spare) as f:
        f.start()
        f.insert_numbers(crowd + 1, 1)          # the first of an account waits for its lists
        f.wait_settled(1)
        idle = first_bytes(f, crowd + 2, 0.1, lambda n: n < samples)
        f.insert_numbers(1, crowd)
        left = f"select exists (select from trunkd.number where phone_number <= '{worldlib.phone(crowd)}' and status <> 'active')"
        busy = first_bytes(f, crowd + samples + 2, 0.25, lambda n: n < spare and (n % 20 < 19 or f.db.one(left)))
        for name, values in (("idle", idle), (f"while {crowd} converge", busy)):
            run.figure(f"{name}: p50", percentile(values, 0.5), "ms", 20)
            run.figure(f"{name}: p99", percentile(values, 0.99), "ms", 20)


# ---- at rest ------------------------------------------------------------------------------------------------------------------

def longest_turn_ms(f):
    """Of the daemon's loop since it was asked last."""
    before = f.daemon.log().count("turns of the loop")
    f.daemon.signal(signal.SIGUSR1)
    f.daemon.wait_log("turns of the loop", before + 1)
    line = [line for line in f.daemon.log().splitlines() if "turns of the loop" in line][-1]
    return float(line.split()[-2])


def scans_began(f, since, count):
    """Waits for so many first pages of the list of numbers; the log, and where in it they are."""
    found = []

    def look():
        found[:] = f.sim.log(since), []
        found[1] = [i for i, e in enumerate(found[0]) if e["path"].endswith("/IncomingPhoneNumbers.json") and "Page=" not in e["query"]]
        return len(found[1]) >= count
    benchlib.wait_for("complete scans", look, f.patience, step=1)
    return found


@bench
def drift(run):
    """A scan of everything that stands: requests, time, the longest turn of the loop."""
    with standing(run, 10000, timing={"scan": "8s"}) as f:
        f.start()
        f.converge()
        slow_down(f)
        scans_began(f, f.sim.last(), 2)         # a scan has ended and another one has begun
        longest_turn_ms(f)
        log, starts = scans_began(f, f.sim.last(), 2)
        if [e for e in log if not worldlib.is_read(e)]:
            raise benchlib.Missed("a scan of what nobody has touched wrote something")
        scan = log[starts[0]:starts[1]]
        run.figure(f"{f.count}: requests", len(scan), "")
        run.figure(f"{f.count}: seconds", max(e["answered_ms"] for e in scan) / 1000 - min(e["time_ms"] for e in scan) / 1000, "s")
        run.figure(f"{f.count}: longest turn of the loop", longest_turn_ms(f), "ms", 20)


@bench
def plan(run):
    """trunkctl plan of a fleet with nothing to do: the command, its one statement, and what the core has to do with the rows."""
    with standing(run, 5000) as f:
        f.start()
        f.converge()
        f.wait_quiet()
        times = []
        for _ in range(5):
            began = time.monotonic()
            done = ctllib.trunkctl(f.db, "plan")
            times.append((time.monotonic() - began) * 1000)
            if done.code != 0:
                raise benchlib.Missed(f"trunkctl plan ended with {done.code}: {done.out[-300:]}{done.err[-300:]}")
        run.figure(f"{f.count}: trunkctl plan", sorted(times)[2], "ms")
        began = time.monotonic()
        rows = f.db.q(benchlib.pglib.QUERIES["snapshot_all"])
        run.figure(f"{f.count}: of that, its one statement by another client", (time.monotonic() - began) * 1000, "ms")
        lines = "".join("\t".join(text or "" for text in row) + "\n" for row in rows)
        done = subprocess.run([str(ctllib.BUILD / "tests/bench/plan-core")], input=lines, text=True, capture_output=True, check=True)
        read, planned, found = done.stdout.split()
        if found != "0":
            raise benchlib.Missed(f"the core alone plans {found} steps where there is nothing to do")
        run.figure(f"{f.count}: of that, CPU of the core to read the rows", float(read), "ms")
        run.figure(f"{f.count}: of that, CPU of the core to plan", float(planned), "ms", 50)


@bench
def idle(run):
    """What a fleet with nothing to do costs: CPU and statements."""
    with standing(run, 10000) as f:
        f.start()
        f.converge()
        f.wait_quiet()
        seconds = 10 if run.options.numbers else 60
        transactions = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
        cpu = f.process.cpu_s()
        before, began = f.db.one(transactions), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        run.figure(f"{f.count}: CPU of trunkd", (f.process.cpu_s() - cpu) / took * 100, "% of 1", 0.3)
        run.figure(f"{f.count}: transactions", max(0, f.db.one(transactions) - before - 1) / took, "1/s", 2)


# ---- size ---------------------------------------------------------------------------------------------------------------------

@bench
def size(run):
    """What a number costs in small and in large: CPU to bring it up without latency, and memory at rest, also after a restart."""
    for count in run.sizes(1000, 10000, 100000):
        with fleet(run, count, latency_ms=0, windows={"twilio": 32, "livekit": 32}) as f:
            f.start()
            empty, cpu = f.process.memory_mb(), f.process.cpu_s()
            f.converge()
            goal = 80 if count == 100000 else None
            run.figure(f"{count}: CPU of trunkd for a number", (f.process.cpu_s() - cpu) * 1000 / count, "ms")
            run.figure(f"{count}: memory when all stand", f.process.memory_mb(), "MB", goal)
            run.figure(f"{count}: of that, for a number", (f.process.memory_mb() - empty) * 1024 / count, "kB")
            f.wait_quiet()
            f.daemon.stop()
            since = f.sim.last()
            f.start()
            benchlib.wait_for("the first lists", lambda f=f, since=since: f.sim.last() > since + 5, f.patience)
            time.sleep(2)
            run.figure(f"{count}: memory after a restart", f.process.memory_mb(), "MB", goal)
            run.figure(f"{count}: at most, since then", f.process.memory_mb("VmHWM"), "MB")
