"""Numbers of other carriers: LiveKit's side of them, the passwords that people give, and where these may lead."""
import hashlib
import signal

import pytest

from ctllib import trunkctl
from daemonlib import wait_for
import worldlib
from worldlib import phone

A, B = phone(1), phone(2)
HOST, LOGIN = "sip.carrier.example", {"address": "sip.carrier.example", "transport": "tcp", "auth_username": "desk", "auth_password": "file:sip/carrier"}


def mask(password):
    return "masked:" + hashlib.sha256(password.encode()).hexdigest()[:8]


def shown(world, number=A):
    trunk, = [o for o in world.sim.objects("outbound_trunks") if o["numbers"] == [number]]
    return {key: trunk[key] for key in ("address", "transport", "auth_username", "auth_password")}


def reload(world, origins=()):
    world.daemon.configure([*world.urls, *origins])
    world.daemon.signal(signal.SIGHUP)


@pytest.fixture
def carrier(world):
    """One of its numbers stands."""
    world.give_secret("carrier", "first password", "sip")
    world.daemon.configure([*world.urls, HOST])
    world.carrier(A, outbound_trunk=LOGIN)
    world.daemon.start()
    world.wait_active(A)
    return world


def test_both_directions_without_twilio(carrier):
    assert shown(carrier) == {"address": HOST, "transport": "SIP_TRANSPORT_TCP", "auth_username": "desk", "auth_password": mask("first password")}
    assert sorted(worldlib.short(e) for e in carrier.writes()) == ["POST CreateSIPDispatchRule", "POST CreateSIPInboundTrunk", "POST CreateSIPOutboundTrunk"]
    carrier.agree()
    plan = trunkctl(carrier.db, "plan")
    assert plan.code == 0 and plan.out.startswith("nothing to do"), plan
    told = trunkctl(carrier.db, "describe", A).out
    assert "your carrier, and the callee" in told and "credential" not in told, told
    carrier.delete(A)
    carrier.wait_gone(A)
    assert carrier.held() == {}


@pytest.mark.parametrize("how", ["by itself", "reload", "retry"])
def test_another_password_in_the_file_reaches_livekit(carrier, how):
    kept, since = carrier.id_of(A, "livekit.outbound_trunk"), carrier.sim.last()
    carrier.give_secret("carrier", "second password", "sip")
    if how == "reload":
        reload(carrier, [HOST])
    elif how == "retry":
        carrier.db.q("select trunkd.retry(%s)", A)
    wait_for("the second password", lambda: shown(carrier)["auth_password"] == mask("second password"))
    carrier.wait_active(A)
    assert carrier.id_of(A, "livekit.outbound_trunk") == kept and len(carrier.writes(since)) == 1 and carrier.events("Drifted") == []
    carrier.agree()


def test_a_password_that_is_not_there_yet(world):
    world.daemon.configure([*world.urls, HOST])
    world.carrier(A, outbound_trunk=LOGIN)
    world.daemon.start()
    line = world.wait_status(A, "pending", "NotConfigured")
    assert "there is neither a credential sip.carrier nor a file sip/carrier in the secrets directory" in line["message"], line
    assert "NotConfigured" in trunkctl(world.db, "describe", A).out
    assert world.sim.objects("outbound_trunks") == [] and len(world.sim.objects("dispatch_rules")) == 1
    world.give_secret("carrier", "first password", "sip")
    world.wait_active(A)
    world.agree()


def test_a_sealed_password_is_good_for_its_number_only(carrier):
    wait_for("a public key", lambda: carrier.db.q("select 1 from trunkd.seal_key"))
    carrier.secrets.add("a sealed password")
    sealed = trunkctl(carrier.db, "seal", "--for", "sip/" + A, stdin="a sealed password").out.strip()
    carrier.carrier(B, outbound_trunk={**LOGIN, "auth_password": sealed})
    line = carrier.wait_status(B, "pending", "NotConfigured")
    assert "sealed" in line["message"], line
    carrier.set(A, outbound_trunk=worldlib.json.dumps({**LOGIN, "auth_password": sealed}))
    wait_for("the sealed password", lambda: shown(carrier)["auth_password"] == mask("a sealed password"))
    carrier.wait_active(A)
    carrier.set(B, outbound_trunk=worldlib.json.dumps({**LOGIN, "auth_password": "file:sip/carrier"}))
    carrier.wait_active(A, B)
    carrier.agree()


def test_a_password_leads_to_hosts_of_the_configuration_only(carrier):
    since = carrier.sim.last()
    carrier.set(A, outbound_trunk=worldlib.json.dumps({**LOGIN, "address": "sip.unlisted.example"}))
    line = carrier.wait_status(A, "active", "UpdateRefused")
    assert line["message"] == "sip.unlisted.example is not in allowed_origins of the configuration file, so no password may lead there"
    assert carrier.writes(since) == [] and shown(carrier)["address"] == HOST
    reload(carrier, [HOST, "sip.unlisted.example"])
    carrier.wait_active(A)
    assert shown(carrier)["address"] == "sip.unlisted.example"
    carrier.carrier(B, outbound_trunk={"address": "203.0.113.9:5080"})          # no password, no list
    carrier.wait_active(B)
    assert shown(carrier, B) == {"address": "203.0.113.9:5080", "transport": "SIP_TRANSPORT_AUTO", "auth_username": "", "auth_password": ""}
    carrier.agree()


def test_from_twilio_to_another_carrier_and_back(carrier):
    carrier.own(B)
    carrier.number(B, outbound=True)
    carrier.wait_active(B)
    ids = {kind: carrier.id_of(B, kind) for kind in carrier.kinds("livekit", "number")}
    carrier.set(B, provider="sip", twilio_account=None, outbound_trunk=worldlib.json.dumps(LOGIN))
    carrier.wait_active(B)
    assert shown(carrier, B)["address"] == HOST and carrier.sim.number(B)["trunk_sid"] is None
    wait_for("nothing at Twilio", lambda: not carrier.sim.objects("trunks"))
    carrier.agree()
    carrier.set(B, provider="twilio", twilio_account="main", outbound_trunk="{}")
    carrier.wait_active(B)
    assert {kind: carrier.id_of(B, kind) for kind in ids} == ids and carrier.sim.number(B)["trunk_sid"]
    carrier.agree()
