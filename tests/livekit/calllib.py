"""Real calls: sipp as Twilio, workers of livekit-agents as agents.

    phone = Phone(folder)
    assert phone.call("sip:127.0.0.1:5060;transport=tcp", "+15550000001")      # answered
    worker = Worker(python, folder, stack, "support-agent"); worker.wait_ready()
"""
import fcntl
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from serverlib import Process, free_port

HERE = pathlib.Path(__file__).resolve().parent
CALLER, CALLEE = "+15557650000", "+15557654321"


# Now and then livekit-sip 1.8.0 ends a call by itself between the 401 and its second INVITE (corrections, 7).
LOST_BY_LIVEKIT = "(0 intermediate responses)"


class Missing(Exception):
    """What cannot be had on this machine."""


def environment_of_agents():
    """The Python that has livekit-agents, in a virtual environment made once."""
    place = pathlib.Path(os.environ.get("TRUNKD_AGENTS") or HERE.parents[1] / "build" / "livekit-agents")
    wanted, mark = (HERE / "requirements.txt").read_text(), place / "installed.txt"
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            install_agents(place)
            mark.write_text(wanted)
    return place / "bin" / "python"


def install_agents(place):
    print("getting livekit-agents from PyPI, once", file=sys.stderr)
    for command in (["/usr/bin/python3", "-m", "venv", str(place)],
                    [str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "-r", str(HERE / "requirements.txt")]):
        done = subprocess.run(["nice", *command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise Missing("livekit-agents cannot be installed: " + (done.stdout + done.stderr).strip().split("\n")[-1])


def need_sipp():
    if not shutil.which("sipp"):
        raise Missing("sipp is not here (Debian: sip-tester)")


class Worker:
    def __init__(self, python, folder, stack, agent):
        self.agent, self.calls_path = agent, folder / f"{agent}-{stack.number}.calls"
        self.environment = {"AGENT_NAME": agent, "AGENT_LOG": str(self.calls_path), "LIVEKIT_URL": f"ws://127.0.0.1:{stack.port}",
                            "LIVEKIT_API_KEY": stack.key, "LIVEKIT_API_SECRET": stack.secret}
        self.process = Process(agent, [str(python), str(HERE / "agent.py"), "start"], folder / f"{agent}-{stack.number}.log", lambda: True,
                               environment=self.environment)

    def wait_ready(self, timeout=60):
        end = time.monotonic() + timeout
        while "registered worker" not in self.process.log():
            assert time.monotonic() < end and self.process.process.poll() is None, self.process.tail()
            time.sleep(0.1)

    def calls(self):
        return [json.loads(line) for line in self.calls_path.read_text().splitlines()] if self.calls_path.exists() else []

    def stop(self):
        self.process.stop(2)


class Phone:
    """One that rings or is rung, one call at a time; in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.count, self.trace = folder, 0, None

    def sipp(self, arguments, seconds):
        self.count += 1
        self.trace = self.folder / f"sipp-{self.count}"
        log = open(f"{self.trace}.out", "wb")
        command = ["sipp", *arguments, "-m", "1", "-nostdin", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-mp", str(free_port(even=True)),
                   "-timeout", f"{seconds}s", "-timeout_error", "-trace_msg", "-message_file", f"{self.trace}.messages",
                   "-trace_logs", "-log_file", f"{self.trace}.log"]
        with log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)

    def call(self, url, number, seconds=10, talk_ms=500, headers="", login=None, digits=None):
        """What Twilio does with a call for a number: an INVITE to the origination URL. True when it was answered with 200, and lasted. With a
        login, a user name and a password, it expects to be asked for them; digits are typed when it has been answered."""
        name, more = ("login", login) if login else ("type", [digits]) if digits else ("ring", [])
        scenario = self.scenario(name, [CALLER, headers and "\n    " + headers, *more])
        host, port, transport = re.fullmatch(r"sip:([0-9.]+):(\d+);transport=(tcp|udp)", url).groups()
        process = self.sipp([f"{host}:{port}", "-sf", str(scenario), "-s", number, "-p", str(free_port()),
                             "-t", {"tcp": "t1", "udp": "u1"}[transport], "-d", str(talk_ms)], seconds)
        return process.wait(seconds + 20) == 0

    def messages(self):
        """What the last call sent and got."""
        return pathlib.Path(f"{self.trace}.messages").read_text(errors="replace")

    def answer(self, port, username, password, seconds=90):
        """A server that answers one call of whoever has that credential; the process ends with it."""
        process = self.sipp(["-sf", str(self.scenario("answer", [username, password])), "-p", str(port), "-t", "u1"], seconds)
        time.sleep(0.3)
        return process

    def refuse(self, port, status):
        """A server that answers one call with "486 Busy Here"; the process ends with it."""
        process = self.sipp(["-sf", str(self.scenario("refuse", [status])), "-p", str(port), "-t", "u1"], 60)
        time.sleep(0.3)
        return process

    def scenario(self, name, fields):
        """A file of its own with the words in place of [field0], [field1] ...: a secret is not in the arguments."""
        path = self.folder / f"{name}-{self.count + 1}.xml"
        text = (HERE / "sipp" / f"{name}.xml").read_text()
        for n, field in enumerate(fields):
            text = text.replace(f"[field{n}]", field)
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def call_out(self, client, trunk, room, password=None):
        """An application calls somebody through an outbound trunk, to a server at the trunk's address that wants the trunk's credential, or
        that user with another password. The answer of CreateSIPParticipant, whether the callee was content, and all that it was sent."""
        for _ in range(3):
            result = self.call_out_once(client, trunk, room, password)
            if LOST_BY_LIVEKIT not in result[0].text:
                break
        return result

    def call_out_once(self, client, trunk, room, password):
        callee = self.answer(int(trunk["address"].split(":")[1]), trunk["auth_username"], password or trunk["auth_password"])
        try:
            answer = dial(client, trunk["sip_trunk_id"], room)
            if answer.status == 200:
                client.call("RoomService/DeleteRoom", {"room": room})       # which hangs up
                callee.wait(30)
        finally:
            callee.poll() is None and callee.kill()
            callee.wait()
        return answer, callee.returncode == 0, self.messages()


def dial(client, trunk_id, room, timeout=60):
    """The answer comes with the callee's. A busy machine refuses before it sends anything: that is asked again."""
    body = {"sip_trunk_id": trunk_id, "sip_call_to": CALLEE, "room_name": room, "participant_identity": "callee", "wait_until_answered": True}
    end = time.monotonic() + timeout
    while "cpu exhausted" in (answer := client.call("SIP/CreateSIPParticipant", body, timeout=40)).text and time.monotonic() < end:
        time.sleep(0.2)
    return answer
