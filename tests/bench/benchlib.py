"""What every bench needs: a fleet (a world with production's times and no watcher but the clock), the figures, and the table of them.

    with fleet(run, 1000) as f:
        f.daemon.start()
        wall = f.insert_and_wait()
        run.figure("wall", wall, "s", goal=30)
"""
import contextlib
import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
for room in ("integration", "conformance"):
    sys.path.insert(0, str(HERE.parent / room))

import pglib                                    # noqa: E402
import simlib                                   # noqa: E402
import worldlib                                 # noqa: E402
from daemonlib import wait_for                  # noqa: E402

NUMBERS_PER_TRUNK = 500
WINDOWS = {"twilio": 4, "livekit": 5}
FIRST = 1                                       # of the fleet: worldlib.phone(FIRST)
PAGE = 1000                                     # objects in a page of a list at Twilio
DIRECTIONS = {"inbound": (True, False), "outbound": (False, True), "both": (True, True)}
# design §1: what one number costs on a standing trunk, and what a trunk costs, by provider.
OF_NUMBER = {"inbound": {"livekit": 2, "twilio": 1}, "outbound": {"livekit": 1, "twilio": 0}, "both": {"livekit": 3, "twilio": 1}}
OF_TRUNK = {"inbound": 2, "outbound": 4, "both": 5}
SETTLED = "select count(*) from trunkd.number_status where status = 'active' and settled"


class Missed(Exception):
    """A bench could not come to its end."""


class Run:
    """One run of one bench; what it measured goes into `figures`: name -> (value, unit, goal)."""

    def __init__(self, cluster, options):
        self.cluster, self.options, self.figures = cluster, options, {}

    def figure(self, name, value, unit, goal=None):
        self.figures[name] = (value, unit, goal)

    def sizes(self, *usual):
        return [self.options.numbers] if self.options.numbers else usual


class Process:
    """What the kernel knows of a process: CPU seconds, and memory in MB."""

    def __init__(self, pid):
        self.pid = pid

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self, which="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) / 1024
        raise Missed(f"process {self.pid} has no {which}")


class Fleet(worldlib.World):
    """Account main owns `count` numbers; one project, one agent. Latency and windows are those of the providers."""

    def __init__(self, db, folder, count, directions="inbound", latency_ms=50, windows=None, timing=None):
        super().__init__(db, folder, latency_ms=latency_ms)
        self.daemon.log_level, self.daemon.timing = "notice", timing or {}      # else as when the configuration says nothing
        self.daemon.configure(self.urls)
        windows = windows or WINDOWS
        self.count, self.directions, self.latency_ms, self.windows = count, directions, latency_ms, windows
        db.q("drop trigger seen_sealed on trunkd.resource")             # the watcher of the tests' worlds would be measured too
        db.q("update trunkd.livekit_project set max_in_flight = %s", windows["livekit"])
        self.account("main", max_in_flight=windows["twilio"])
        self.sim.add_numbers(worldlib.phone(FIRST), count, self.accounts["main"].sid)
        self.patience = 120 + count * 10 * max(latency_ms, 10) / 1000

    def close(self):
        for daemon in self.daemons:
            if daemon.process:
                daemon.kill()
        self.sim.stop()
        self.db.drop()

    # ---- the daemon

    def start(self):
        """Returns when it works: its first complete lists are done, so that what follows is not measured with them."""
        self.daemon.start()
        self.daemon.wait_log("took it, epoch")
        self.process = Process(self.daemon.process.pid)
        return self

    # ---- the fleet

    def insert_numbers(self, first=FIRST, count=None):
        inbound, outbound = DIRECTIONS[self.directions]
        self.db.q("insert into trunkd.phone_number (phone_number, twilio_account, agent, supports_inbound, supports_outbound) "
                  "select '+1555' || lpad(n::text, 7, '0'), 'main', 'support', %s, %s from generate_series(%s, %s) n",
                  inbound, outbound, first, first + (count or self.count) - 1)

    def wait(self, what, statement, wanted, step=0.05):
        wait_for(lambda: f"{what}: {self.db.one(statement)} of {wanted}\n{self.daemon.tail(20)}",
                 lambda: self.db.one(statement) == wanted, self.patience, step)

    def wait_settled(self, count=None):
        self.wait("numbers settled", SETTLED, self.count if count is None else count)

    def converge(self):
        """Seconds from the commit of the rows until all of them are active."""
        self.insert_numbers()
        began = time.monotonic()
        self.wait_settled()
        return time.monotonic() - began

    # ---- the floor

    def trunks(self):
        return -(-self.count // NUMBERS_PER_TRUNK)

    def floor(self):
        """Requests by provider that nobody can do without: the objects, and the look at the numbers' records by pages."""
        each = OF_NUMBER[self.directions]
        return {"livekit": self.count * each["livekit"],
                "twilio": self.count * each["twilio"] + self.trunks() * OF_TRUNK[self.directions] + -(-self.count // PAGE)}

    def floor_s(self, requests):
        """The provider whose window is narrower for what it has to do says how long it takes at least."""
        return max(requests[p] * self.latency_ms / 1000 / self.windows[p] for p in requests)

    def counted(self, since):
        """Requests by provider since then."""
        counts = {p: 0 for p in WINDOWS}
        for entry in self.sim.log(since):
            counts[entry["provider"]] += 1
        return counts


@contextlib.contextmanager
def fleet(run, count, **options):
    with tempfile.TemporaryDirectory(prefix="trunkd-bench-") as folder:
        f = Fleet(run.cluster.database(), pathlib.Path(folder), count, **options)
        try:
            yield f
        finally:
            f.close()


# ---- the table --------------------------------------------------------------------------------------------------------------

def shown(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}" if value < 10 else f"{value:.1f}"


def verdict(median, goal):
    return "" if goal is None else f"<= {shown(goal)}  " + ("met" if median <= goal else "MISSED")


def table(name, runs):
    """min, median and max of each figure over the runs of one bench."""
    lines = [f"{name} ({len(runs)} run{'s' if len(runs) > 1 else ''})"]
    for figure in runs[0]:
        values = [run[figure][0] for run in runs]
        _, unit, goal = runs[0][figure]
        median = statistics.median(values)
        lines.append(f"    {figure:<52} {shown(min(values)):>9} {shown(median):>9} {shown(max(values)):>9} {unit:<9} {verdict(median, goal)}")
    return "\n".join(lines)


def percentile(values, share):
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def machine():
    """One line about what else the machine did while we measured."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


assert pglib and simlib                         # both are handed on
