"""Real outbound calls while the password they are placed with is rotated: none is refused, and after it only the new one is accepted."""
import itertools
import threading

import pytest

import calllib
import worldlib
from carrierlib import Carrier
from daemonlib import wait_for
from worldlib import phone

OUT, BESIDE = phone(1), phone(2)


class Caller:
    """A program that calls out through a number's trunk without a pause. One at a time. What livekit-sip ends by itself
    before it has called with anything is no call (corrections, 7)."""

    def __init__(self, client, trunk_id):
        self.client, self.trunk_id, self.answers, self.stopping, self.rooms = client, trunk_id, [], threading.Event(), itertools.count()
        self.thread = threading.Thread(target=self.call)

    def call(self):
        while not self.stopping.is_set():
            room = f"rotation-{next(self.rooms)}"
            self.answers.append(calllib.dial(self.client, self.trunk_id, room))
            self.client.call("RoomService/DeleteRoom", {"room": room})      # which hangs up

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


@pytest.fixture
def calling(db, tmp_path, servers):
    """A number that calls out to a carrier which asks Twilio's list."""
    world = worldlib.World(db, tmp_path)
    try:
        with Carrier(world.sim) as carrier:
            world.account("main", termination_address=carrier.address)
            world.urls.append(carrier.address)
            world.daemon.configure(world.urls)
            for number in (OUT, BESIDE):
                world.own(number)
                world.number(number, inbound=False, outbound=True)
            world.daemon.start()
            world.wait_active(OUT, BESIDE)
            carrier.domain = world.sim.objects("trunks")[0]["domain_name"]
            yield world, carrier, servers[0].client
    finally:
        world.close()


def test_no_call_is_refused_while_the_password_is_rotated(calling):
    world, carrier, client = calling
    with Caller(client, world.line(OUT)["livekit_outbound_trunk_id"]) as caller:
        for n in range(3):
            before = len(carrier.calls)
            wait_for("calls before", lambda: len(carrier.calls) >= before + 2, timeout=90)
            old = world.sim.objects("credentials")[0]["username"]
            world.db.q("select trunkd.rotate(%s, 'a test')", OUT)
            wait_for("another password alone", lambda: [c["username"] for c in world.sim.objects("credentials")] not in ([old], [])
                     and len(world.sim.objects("credentials")) == 1)
            world.wait_active(OUT, BESIDE)
        before = len(carrier.calls)
        wait_for("calls after", lambda: len(carrier.calls) >= before + 2, timeout=90)
    users = {call["user"] for call in carrier.calls}
    print(f"{len(carrier.calls)} calls with {len(users)} passwords")
    assert [a for a in caller.answers if a.status != 200 and calllib.LOST_BY_LIVEKIT not in a.text] == [] and [c for c in carrier.calls if not c["accepted"]] == []
    assert len(users) == 4 and {c["from"] for c in carrier.calls} == {OUT}
    assert carrier.calls[-1]["user"] == world.sim.objects("credentials")[0]["username"]


def test_a_password_that_is_gone_is_refused(calling):
    """That the calls above could have failed: LiveKit is given the old one back behind trunkd's back, and the call is not accepted."""
    world, carrier, client = calling
    trunk, = [o for o in client.listed("outbound_trunks") if o["numbers"] == [OUT]]
    world.db.q("select trunkd.rotate(%s, 'a test')", OUT)
    wait_for("the old one to be gone", lambda: [c["username"] for c in world.sim.objects("credentials")] != [trunk["auth_username"]]
             and len(world.sim.objects("credentials")) == 1)
    world.daemon.stop()
    client.ask("UpdateSIPOutboundTrunk", {"sip_trunk_id": trunk["sip_trunk_id"], "replace": trunk})
    answer = calllib.dial(client, trunk["sip_trunk_id"], "refused")
    assert answer.status != 200 and not carrier.calls[-1]["accepted"], (answer, carrier.calls)
    assert carrier.calls[-1]["why"] == "no credential of the trunk's lists fits"
