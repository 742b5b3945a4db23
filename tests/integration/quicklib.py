"""contrib/quickstart, as a person runs it, but for the folders."""
import os
import pathlib
import subprocess

import ctllib
import pglib

LISTENS = "0A"
LOOPBACK = "0100007F"


class Quickstart:
    def __init__(self, place):
        self.place = place
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        self.environment.update(TRUNKD_QUICKSTART=str(place), TRUNKD_BUILDDIR=str(ctllib.BUILD))

    def __call__(self, *verb, **environment):
        return subprocess.run([str(pglib.SOURCES / "contrib" / "quickstart"), *verb], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=900, env={**self.environment, **environment})

    def processes(self):
        """All that it started: they have its folder in their arguments, their environment, or are children of one that has."""
        found, parents = set(), {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if str(self.place).encode() in told and int(entry.name) != os.getpid():
                found.add(int(entry.name))
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def listening(self):
        """{address in hexadecimal} of the TCP sockets on which they listen."""
        inodes = set()
        for pid in self.processes():
            for fd in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
                try:
                    inodes.add(os.readlink(fd))
                except OSError:
                    pass
        sockets = [line.split() for table in ("tcp", "tcp6") if (path := pathlib.Path("/proc/net") / table).exists()
                   for line in path.read_text().splitlines()[1:]]
        return {fields[1].split(":")[0] for fields in sockets if fields[3] == LISTENS and f"socket:[{fields[9]}]" in inodes}
