#!/usr/bin/python3
"""LiveKit's servers with real agents, and calls to them, for a script (contrib/quickstart --calls).

    calls.py install                    gets livekit-agents; prints its Python, or "skipped: ..." and exits with 77
    calls.py serve FOLDER PROGRAMS PYTHON AGENT...      one project and its workers, until SIGTERM; the key and the secret come from
                                        $CALLS_KEY and $CALLS_SECRET. FOLDER/ready tells url, sip_host, and callee,
                                        where dial answers, once all of it is there
    calls.py ring FOLDER URL NUMBER     rings the number there, as Twilio does; prints what the agent that answered was told, or
                                        exits with 1 when nobody answered
    calls.py dial FOLDER NUMBER         calls somebody through the number's outbound trunk, to a server at the trunk's address that demands
                                        the trunk's credential; prints who called whom, or exits with 1 when it was not answered
    calls.py state FOLDER               what the project holds, as trunkd-sim shows it
"""
import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
sys.dont_write_bytecode = True

import calllib          # noqa: E402
import clientlib        # noqa: E402
import serverlib        # noqa: E402

SECONDS = 10            # how long a caller waits, and how long an agent may take to write down its call


def install():
    try:
        calllib.need_sipp()
        print(calllib.environment_of_agents())
    except calllib.Missing as reason:
        print("skipped:", reason)
        return 77


def serve(folder, programs, python, *agents):
    folder = pathlib.Path(folder)
    key, secret = os.environ.pop("CALLS_KEY"), os.environ.pop("CALLS_SECRET")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    servers, workers = None, []
    try:
        servers = serverlib.Servers(pathlib.Path(programs), folder, [(key, secret)])
        workers += [calllib.Worker(python, folder, servers[0], agent) for agent in agents]
        for worker in workers:
            worker.wait_ready()
        facts = {"url": servers[0].url, "key": key, "secret": secret, "sip_host": f"127.0.0.1:{servers[0].sip_port}",
                 "callee": f"127.0.0.1:{serverlib.free_port()}",
                 "calls": [str(worker.calls_path) for worker in workers]}
        unfinished = folder / "ready.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(json.dumps(facts))
        unfinished.rename(folder / "ready")
        while True:
            signal.pause()
    finally:
        for worker in workers:
            worker.stop()
        if servers:
            servers.stop()


def facts_of(folder):
    return json.loads((pathlib.Path(folder) / "ready").read_text())


def taken(facts):
    """What the agents wrote down, a line a call."""
    return [line for path in map(pathlib.Path, facts["calls"]) if path.exists() for line in path.read_text().splitlines()]


def ring(folder, url, number, seconds=SECONDS):
    facts, began = facts_of(folder), time.monotonic()
    before = set(taken(facts))
    phone = calllib.Phone(pathlib.Path(tempfile.mkdtemp(prefix="ring-", dir=folder)))
    if not phone.call(url, number, seconds=int(seconds)):
        return 1
    while not (new := set(taken(facts)) - before):      # a room's name is random: no line comes twice
        if time.monotonic() > began + 2 * SECONDS:
            return 1
        time.sleep(0.05)
    print("\n".join(new))


def client_of(facts):
    return clientlib.Client(facts["url"], facts["key"], facts["secret"])


def dial(folder, number):
    client = client_of(facts_of(folder))
    trunk, = [o for o in client.listed("outbound_trunks") if number in o["numbers"]]
    phone = calllib.Phone(pathlib.Path(tempfile.mkdtemp(prefix="dial-", dir=folder)))
    answer, content, sent = phone.call_out(client, trunk, "quickstart-out")
    if answer.status != 200 or not content:
        print(answer, file=sys.stderr)
        return 1
    print(json.dumps({"trunk": trunk["sip_trunk_id"], "user": trunk["auth_username"], "to": answer.json()["participant_identity"],
                      "shown": re.search(r"^From:.*<sip:([^@]*)@", sent, re.MULTILINE)[1]}))


def state(folder):
    facts = facts_of(folder)
    print(json.dumps({facts["key"]: client_of(facts).state()}))


VERBS = {"install": install, "serve": serve, "ring": ring, "dial": dial, "state": state}
if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    sys.exit(VERBS[sys.argv[1]](*sys.argv[2:]))
