"""Node.js and the packages of package-lock.json, installed below the build folder; and the official SDKs through bridge.js."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import simlib

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("TRUNKD_BUILDDIR") or ".").resolve()
HOST = BUILD / "conformance"
NODE_MAJOR_MIN = 18


class CannotBeHad(Exception):
    """The lane is skipped; the text says why, in one line."""


def node_version():
    if not shutil.which("node") or not shutil.which("npm"):
        raise CannotBeHad("node and npm are not installed (Debian: nodejs npm)")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < NODE_MAJOR_MIN:
        raise CannotBeHad(f"node is {version}, {NODE_MAJOR_MIN} is needed")


def install():
    """`npm ci`, once for every state of the lock file."""
    node_version()
    lock = (HERE / "package-lock.json").read_bytes()
    wanted, stamp = hashlib.sha256(lock).hexdigest(), HOST / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return HOST / "node_modules"
    HOST.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, HOST / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=HOST, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        raise CannotBeHad("npm did not end within 180 s") from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if " error " in line or "ERR!" in line]
        raise CannotBeHad("npm ci: " + (said[0] if said else f"exit status {done.returncode}"))
    stamp.write_text(wanted)
    return HOST / "node_modules"


class SdkError(Exception):
    def __init__(self, fields):
        super().__init__(str(fields))
        self.name, self.status, self.code, self.text = (fields.get(k) for k in ("name", "status", "code", "message"))


class Sdks:
    """The two official clients, pointed at a simulator. ids in a path stand in brackets: "trunking.v1.trunks(TK1).remove"."""

    def __init__(self, modules, sim, twilio_url=None):
        world = {"accountSid": simlib.ACCOUNT_SID, "authToken": simlib.AUTH_TOKEN, "apiKey": simlib.API_KEY,
                 "apiSecret": simlib.API_SECRET, "twilioUrl": twilio_url or sim.twilio_url, "livekitUrl": sim.livekit_url}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "LIVEKIT_", "NODE_")) and not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen(["node", str(HERE / "bridge.js"), json.dumps(world)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=dict(kept, NODE_PATH=str(modules)))

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the bridge to the SDKs ended: {self.process.wait()}")
        reply = json.loads(line)
        if "error" in reply:
            raise SdkError(reply["error"])
        return reply["value"]

    def twilio(self, path, *arguments):
        calls = []
        for word in path.split("."):
            name, _, argument = word.partition("(")
            calls.append([name, [argument.rstrip(")")]] if argument else [name])
        calls[-1] = [calls[-1][0], list(arguments)]
        return self.ask(client="twilio", calls=calls)

    def livekit(self, method, *arguments):
        return self.ask(client="livekit", calls=[[method, list(arguments)]])

    def parse(self, message, document):
        return self.ask(parse=message, json=document)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def as_message(name, document):
    """An argument that the bridge makes a message of @livekit/protocol."""
    return {"$": name, "json": document}


def settings_of(document):
    """The names in manifests of what that document of a row may hold."""
    table = (HERE.parents[1] / "include" / "trunkd" / "settings.def").read_text()
    return re.findall(rf"^SETTING\({document}, \w+, (\w+),", table, re.M)
