"""Twilio's own documents between trunkd and the simulator: the integration suite's life of numbers, through Prism."""
import pytest

import worldlib
from daemonlib import wait_for
from test_e2e_accounts import test_one_missing_object_beside_visible_ones_is_made_again, two  # noqa: F401
from test_e2e_life import *  # noqa: F403


PATIENT = {"request_timeout": "10s", "send_window": "5s", "quiet_twilio": "10s", "quiet_livekit": "10s"}


@pytest.fixture(autouse=True)
def through_prism(prism, monkeypatch):
    with prism.between(worldlib, monkeypatch, PATIENT):
        yield


def test_more_than_a_page_of_trunks(crowd, prism):
    """Links to next pages lead through Prism too, or trunkd would refuse them. Its own trunk is found on the second page."""
    world = crowd
    account = world.account("main").sid
    world.sim.config(twilio_cap_trunks=2000)
    foreign = {world.sim.add_object(account, "trunks", {"friendly_name": "somebody's", "domain_name": "f%d.pstn.twilio.com" % i})["sid"]
               for i in range(1001)}
    world.own(A)
    world.number(A)
    world.daemon.start()
    world.wait_active(A)
    prism.asked.clear()
    wait_for("one more scan", lambda: any("PageToken=" in path for _, path in prism.asked))
    world.agree(foreign)
    world.exactly_one(A)


def test_zz_every_exception_is_needed(prism, request):
    if request.config.option.keyword or any("::" in a for a in request.config.args):
        pytest.skip("only some tests were run")
    assert prism.exceptions.unused() == []


