"""LiveKit's real servers on loopback: for each project a Redis, a livekit-server and a livekit-sip.

    servers = Servers(programs, folder, keys=[("APIone", "secret..."), ("APItwo", "secret...")])
    servers[0].port, servers[0].sip_port, servers[0].proxy.url
    servers.forget()        # every trunk and rule
    servers.stop()
"""
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

from clientlib import Client
from proxylib import Proxy

PATIENCE = 30
PORTS = range(10000, 20000)     # below those that the kernel gives to whoever connects: no port is taken between choice and use
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1

SERVER = """\
port: {port}
bind_addresses: [127.0.0.1]
keys: {{{key}: {secret}}}
redis: {{address: "127.0.0.1:{redis}"}}
rtc: {{tcp_port: 0, udp_port: {rtc_port}, node_ip: 127.0.0.1, use_external_ip: false, enable_loopback_candidate: true, interfaces: {{includes: [lo]}}}}
"""
SIP = """\
api_key: {key}
api_secret: {secret}
ws_url: ws://127.0.0.1:{port}
redis: {{address: "127.0.0.1:{redis}"}}
sip_port: {sip_port}
listen_ip: 127.0.0.1
nat_1_to_1_ip: 127.0.0.1
rtp_port: {rtp_first}-{rtp_last}
use_external_ip: false
max_cpu_utilization: 1.0
logging: {{level: debug}}
"""


def free_port(even=False):
    """A port that is free for TCP and for UDP just now."""
    while True:
        port = random.choice(PORTS[::2] if even else PORTS)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def answers(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def go_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    def __init__(self, name, command, log, ready, executable=None, environment=None):
        self.name, self.log_path = name, pathlib.Path(log)
        with open(self.log_path, "ab") as out:
            kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRUNKD_", "LIVEKIT_"))}
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, executable=executable,
                                            env={**kept, **(environment or {})}, preexec_fn=go_with_parent)
        end = time.monotonic() + PATIENCE
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"{name} did not start:\n{self.tail()}")
            time.sleep(0.05)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def tail(self, lines=30):
        return "\n".join(self.log().splitlines()[-lines:])

    def stop(self, seconds=5):
        """livekit-sip waits for its calls; no test does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Redis(Process):
    def __init__(self, folder):
        self.port = free_port()
        # Debian's redis-server is redis-check-rdb called by another name.
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        folder.mkdir()
        super().__init__("redis-server", ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(folder)],
                         folder / "redis.log", lambda: answers(self.port), executable=program)

    def command(self, *words):
        """A command that answers with one line."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s, s.makefile("rwb") as f:
            f.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words))
            f.flush()
            line = f.readline()
            assert line[:1] in b"+:", line
            return line


class Stack:
    """One project: its server, its SIP server, and the proxy that trunkd is told to be its address in tests."""

    def __init__(self, programs, folder, number, key, secret):
        # Not one Redis for all: the servers talk through its channels, which all of its databases share.
        self.redis, self.number, self.key, self.secret = Redis(folder / f"redis-{number}"), number, key, secret
        self.port, self.sip_port, rtc_port, rtp = free_port(), free_port(), free_port(), 20000 + 200 * ((2 * os.getpid() + number) % 60)
        facts = dict(port=self.port, sip_port=self.sip_port, rtc_port=rtc_port, rtp_first=rtp, rtp_last=rtp + 150, redis=self.redis.port,
                     key=key, secret=secret)
        self.processes = [self.redis]
        for program, text, ready in (("livekit-server", SERVER, lambda p: answers(self.port)),
                                     ("livekit-sip", SIP, lambda p: "service ready" in p.read_text())):
            path, log = folder / f"{program}-{number}.yaml", folder / f"{program}-{number}.log"
            path.write_text(text.format(**facts))
            path.chmod(0o600)
            self.processes.append(Process(program, [str(programs / program), "--config", str(path)], log, lambda r=ready, log=log: r(log)))
        self.url = "http://127.0.0.1:%d" % self.port
        self.client = Client(self.url, key, secret)
        self.proxy = Proxy("127.0.0.1", self.port, key)

    def forget(self):
        """As if nobody had ever made a trunk or a rule."""
        self.redis.command("DEL", "sip_inbound_trunk", "sip_outbound_trunk", "sip_dispatch_rule", "sip_trunk")
        self.proxy.reset()

    def stop(self):
        self.proxy.close()
        for process in reversed(self.processes):
            process.stop()


class Servers:
    def __init__(self, programs, folder, keys):
        self.stacks = []
        try:
            for number, (key, secret) in enumerate(keys):
                self.stacks.append(Stack(programs, folder, number, key, secret))
        except BaseException:
            self.stop()
            raise

    def __getitem__(self, n):
        return self.stacks[n]

    def forget(self):
        for stack in self.stacks:
            stack.forget()

    def stop(self):
        for stack in self.stacks:
            stack.stop()
