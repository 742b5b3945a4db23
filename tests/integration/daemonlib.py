"""trunkd as a process, with a configuration in a folder of its own and times shortened in proportion.

    daemon = Daemon(db, sim, folder)
    daemon.secret("main", "the token")
    daemon.start()                  # returns when it has said READY=1
    daemon.wait_log("took it, epoch")
    daemon.stop()                   # SIGTERM; a sanitizer's complaint is a failure
"""
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import ctllib

# Production has 30 s, 2 s, 30 s and 120 s, 10 s ...: the same order, about a hundredth of each, never 0.
TIMING = {
    "request_timeout": "400ms", "send_window": "300ms", "quiet_twilio": "1200ms", "quiet_livekit": "1200ms", "list_lag": "100ms",
    "retry_min": "50ms", "retry_max": "300ms", "recheck": "500ms", "corrupted_after": "1500ms", "corrupted_attempts": "4",
    "credential_grace": "300ms",
    "scan": "1000ms", "poll": "500ms", "lease": "1500ms", "breaker_failures": "5", "probe_min": "100ms", "probe_max": "300ms",
}
LATE_MS = 900       # a late commit: after the request's timeout, before the end of the quiet time
PATIENCE = 30


def wait_for(what, condition, timeout=PATIENCE, step=0.02):
    """The first true value of condition(); what is a sentence part, or a function that says how things stand."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(step)


class Daemon:
    log_level, timing = "debug", TIMING

    def __init__(self, db, folder, origins=(), timing=None, user="trunkd_test", environment=None):
        self.db, self.folder = db, pathlib.Path(folder)
        self.environment = dict(environment or {})
        self.process = None
        self.log_path = self.folder / "trunkd.log"
        self.status = ""
        self.watchdogs = 0              # signs of life that systemd would have heard
        self.ready = threading.Event()
        for space in ("account", "sip"):
            (self.folder / "secrets" / space).mkdir(parents=True, exist_ok=True)
        (self.folder / "keys").mkdir(exist_ok=True)
        self.user = user
        self.configure(origins, timing)

    def configure(self, origins, timing=None):
        times = {**self.timing, **(timing or {})}
        lines = [f'database: "host={self.db.cluster.directory} dbname={self.db.name} user={self.user}"', "secrets_directory: secrets",
                 "keys: [keys]", f"log_level: {self.log_level}", "allowed_origins: [" + ", ".join(f'"{o}"' for o in origins) + "]"]
        lines += ["timing:"] * bool(times) + [f"  {name}: {value}" for name, value in times.items()]
        (self.folder / "trunkd.yaml").write_text("\n".join(lines) + "\n")

    def secret(self, name, text, space="account"):
        path = self.folder / "secrets" / space / name
        path.write_text(text)
        path.chmod(0o600)

    def make_key(self):
        subprocess.run([str(ctllib.BUILD / "trunkd"), "--create-key", str(self.folder / "keys" / "1")], check=True)

    # ---- the process

    def start(self, wait=True, **environment):
        assert self.process is None
        self.ready.clear()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        address = "\0trunkd-test-" + os.urandom(8).hex()
        self.notify.bind(address)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "TRUNKD_", "NOTIFY_", "CREDENTIALS_"))}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(ctllib.BUILD / "trunkd"), "--config", str(self.folder / "trunkd.yaml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**kept, "NOTIFY_SOCKET": "@" + address[1:], **self.environment, **environment})
        threading.Thread(target=self.listen, args=(self.notify, self.ready), daemon=True).start()
        if wait and not self.ready.wait(PATIENCE):
            raise AssertionError("trunkd did not become ready:\n" + self.tail())
        return self

    def listen(self, notify, ready):
        while True:
            try:
                message = notify.recv(4096).decode()
            except OSError:
                return
            for line in message.split("\n"):
                if line == "READY=1":
                    ready.set()
                elif line.startswith("STATUS="):
                    self.status = line[7:]
                self.watchdogs += line == "WATCHDOG=1"

    def signal(self, number):
        self.process.send_signal(number)

    def ended(self, timeout=PATIENCE):
        """Waits for its end; gives the exit code (negative: the signal)."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError("trunkd did not end:\n" + self.tail()) from None
        self.process = None
        self.notify.close()
        return code

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.ended()

    def stop(self):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)         # a test may fail while it is stopped
            self.signal(signal.SIGTERM)
        code = self.ended()
        assert code == 0, f"trunkd ended with {code}:\n{self.tail()}"

    # ---- its log

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])

    def wait_log(self, text, count=1, timeout=PATIENCE):
        wait_for(lambda: f'"{text}" in the log:\n{self.tail()}', lambda: self.log().count(text) >= count, timeout)
