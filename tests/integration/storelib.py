"""Talks with tests/integration/store-drive: the daemon's store on its own, effects in, events out."""
import os
import queue
import subprocess
import threading
import time


class Drive:
    def __init__(self, db, holder="one", *arguments):
        path = os.path.join(os.environ.get("TRUNKD_BUILDDIR") or ".", "tests/integration/store-drive")
        conninfo = f"host={db.cluster.directory} dbname={db.name} user=postgres"
        self.process = subprocess.Popen([path, conninfo, holder, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode().rstrip("\n"))

    def say(self, *lines):
        """All in one write: one turn of the loop."""
        self.process.stdin.write(("\n".join(lines) + "\n").encode())
        self.process.stdin.flush()

    def wait(self, start, timeout=20):
        """The next line that begins so; what comes before it is kept in self.seen."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line {start!r}; since the start: {self.seen[-40:]}") from None
            self.seen.append(line)
            if line.startswith(start):
                return line

    def waits(self, start, count):
        return [self.wait(start) for _ in range(count)]

    def waits_any(self, *starts):
        """One line of each, in any order."""
        missing = set(starts)
        while missing:
            line = self.wait("")
            missing -= {start for start in missing if line.startswith(start)}

    def nothing(self, start, seconds):
        """Nothing that begins so comes for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return
            self.seen.append(line)
            assert not line.startswith(start), line

    def lease(self, ms=20000):
        """Takes it and gives the epoch."""
        self.say(f"lease take {ms} 0")
        return int(self.wait("lease ").split()[1])

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0       # a sanitizer's complaint is an exit code

    def __enter__(self):
        """Up, and listening: the hint that follows from the beginning itself is behind us."""
        self.waits_any("up", "hint")
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
            self.process.wait()
        else:
            self.close()
