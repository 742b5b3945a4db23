"""Real calls through what trunkd wired: sipp rings, real agents answer. Trunks and rules come from rows and from nowhere else."""
from concurrent.futures import ThreadPoolExecutor
import json
import threading
import time

import pytest

import calllib
import serverlib
import simlib
import worldlib
from daemonlib import wait_for
from worldlib import phone

A, B, OTHERS, OUT, UNLISTED = (phone(n) for n in range(1, 6))
C = phone(6)             # of another carrier, whose side sipp plays too
METADATA = '{"queue":"support"}'
CALLERS = 3             # ring all the time while a number is moved


class Telephony:
    def __init__(self, world, servers, workers, phone, terminations):
        self.world, self.servers, self.workers, self.phone, self.terminations = world, servers, workers, phone, terminations[:2]
        self.carrier = terminations[2]                      # where another carrier takes calls
        self.sip = f"sip:127.0.0.1:{servers[0].sip_port};transport=tcp"     # and where it brings them

    def url(self, number):
        """The origination URL of the trunk that the number is on, as the account at Twilio has it now; None: on no trunk."""
        trunk = self.world.sim.number(number)["trunk_sid"]
        urls = [o["sip_url"] for o in self.world.sim.objects("origination_urls") if o["trunk_sid"] == trunk]
        assert len(urls) == (1 if trunk else 0), urls
        return urls[0] if urls else None

    def calls(self, name):
        return self.workers[name].calls()

    def counts(self):
        return {name: len(worker.calls()) for name, worker in self.workers.items()}

    def rings_through(self, number, url=None, **options):
        """One call, answered; gives what the agent that took it wrote."""
        before = self.counts()
        assert self.phone.call(url or self.url(number), number, **options), f"{number} was not answered, see {self.phone.trace}*"
        wait_for("a worker that had it", lambda: self.counts() != before)
        took = [name for name, count in self.counts().items() if count > before[name]]
        assert len(took) == 1, took
        return took[0], self.calls(took[0])[-1]

    def does_not_ring(self, number, url):
        before = self.counts()
        assert not self.phone.call(url, number, seconds=3)
        assert self.counts() == before


@pytest.fixture(scope="module")
def telephony(cluster, servers, tmp_path_factory):
    try:
        calllib.need_sipp()
        python = calllib.environment_of_agents()
    except calllib.Missing as reason:
        pytest.skip(str(reason))
    folder = tmp_path_factory.mktemp("calls")
    (folder / "phone").mkdir()
    workers = {"support": calllib.Worker(python, folder, servers[0], "support-agent"), "sales": calllib.Worker(python, folder, servers[0], "sales-agent"),
               "second": calllib.Worker(python, folder, servers[1], "support-agent")}
    db = cluster.database()
    world = worldlib.World(db, folder)
    try:
        db.q("update trunkd.livekit_project set sip_host = %s", f"127.0.0.1:{servers[0].sip_port}")
        second = servers[1]
        terminations = [f"127.0.0.1:{serverlib.free_port()}" for _ in range(3)]
        world.urls += [second.proxy.url, *terminations]
        world.give_secret("second", second.secret)
        world.insert("livekit_project", {"name": "second", "url": second.proxy.url, "api_key": second.key, "secret": "file:account/second",
                                         "sip_host": f"127.0.0.1:{second.sip_port}"})
        world.account("main")
        for number in (A, B, OTHERS):
            world.own(number)
        world.daemon.configure(world.urls)
        world.daemon.start()
        world.number(A)
        world.number(OTHERS, livekit_project="second")
        world.wait_active(A, OTHERS)
        for worker in workers.values():
            worker.wait_ready()
        yield Telephony(world, servers, workers, calllib.Phone(folder / "phone"), terminations)
    finally:
        world.close()
        db.drop()
        for worker in workers.values():
            worker.stop()


def test_a_call_reaches_the_agent_of_the_row(telephony):
    name, told = telephony.rings_through(A)
    line = telephony.world.line(A)
    rule, = [o for o in telephony.world.sim.listed(telephony.servers[0], "dispatch_rules") if o["trunk_ids"] == [line["livekit_inbound_trunk_id"]]]
    assert name == "support" and told["metadata"] == METADATA and told["room"].startswith("call_")
    attributes = told["attributes"]
    assert attributes["sip.trunkID"] == line["livekit_inbound_trunk_id"] and attributes["sip.ruleID"] == line["livekit_dispatch_rule_id"]
    assert (attributes["sip.trunkPhoneNumber"], attributes["sip.phoneNumber"]) == (A, calllib.CALLER)
    # What callers and agents see beside LiveKit's own is what the rule was given for them, and the tag is not among it.
    assert {k: v for k, v in attributes.items() if not k.startswith("sip.")} == rule["attributes"]
    assert "td-" in rule["name"] and "td-" not in json.dumps(told)
    assert told["kind"] == 3                            # PARTICIPANT_KIND_SIP


def test_the_room_has_the_prefix_of_the_agent_and_the_caller_its_attributes(telephony):
    world = telephony.world
    rule = world.line(A)["livekit_dispatch_rule_id"]
    world.db.q("update trunkd.agent set room_prefix = 'desk', metadata = 'another', dispatch_rule = %s where name = 'support'",
               json.dumps({"attributes": {"team": "night"}}))
    try:
        wait_for("the new prefix", lambda: any(o["rule"]["dispatch_rule_individual"]["room_prefix"] == "desk"
                                               for o in world.sim.listed(telephony.servers[0], "dispatch_rules") if o["sip_dispatch_rule_id"] == rule))
        name, told = telephony.rings_through(A)
        assert name == "support" and told["room"].startswith("desk_") and told["metadata"] == "another"
        assert {k: v for k, v in told["attributes"].items() if not k.startswith("sip.")} == {"team": "night"}
    finally:
        world.db.q("update trunkd.agent set room_prefix = 'call', metadata = %s, dispatch_rule = '{}' where name = 'support'", METADATA)
        world.wait_active(A)


def test_what_the_server_says_about_a_call_comes_later_and_stays_longer(telephony):
    """Whoever looks at a call through LiveKit's API has to ask again. trunkd does not look, and the simulator has no rooms."""
    client, line = telephony.servers[0].client, telephony.world.line(A)

    def rooms():
        return {room["name"]: room for room in client.call("RoomService/ListRooms", {}).json()["rooms"]}

    def participants(name):
        answer = client.call("RoomService/ListParticipants", {"room": name})
        return {p["kind"]: p for p in answer.json()["participants"]} if answer.status == 200 else {}

    before = set(rooms())
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(telephony.phone.call, telephony.url(A), A, talk_ms=4000)
        name = wait_for("its room", lambda: next((name for name in rooms() if name not in before), None))
        caller = wait_for("its caller", lambda: (p := participants(name).get("SIP")) and p["attributes"]["sip.callStatus"] == "active" and p)
        assert (caller["attributes"]["sip.trunkID"], caller["attributes"]["sip.ruleID"]) == (line["livekit_inbound_trunk_id"], line["livekit_dispatch_rule_id"])
        wait_for("its agent", lambda: "AGENT" in participants(name))
        dispatches = client.call("AgentDispatchService/ListDispatch", {"room": name}).json()["agent_dispatches"]
        assert "support-agent" in {d["agent_name"] for d in dispatches}     # its jobs are not always listed
        print(f"with both in it, the list of rooms counts {rooms()[name]['num_participants']}")
        assert call.result()
    assert name in rooms() and "SIP" not in participants(name), "it stays without its caller"
    began = time.monotonic()
    assert client.call("AgentDispatchService/ListDispatch", {"room": "there is none"}).status == 503
    print(f"a room that there is not: {time.monotonic() - began:.1f} s")


class Crowd:
    """Callers who ring a number without a pause, from threads: when each call began, ended, and whether it was answered."""

    def __init__(self, telephony, number):
        self.telephony, self.number, self.calls, self.stopping = telephony, number, [], threading.Event()
        self.threads = [threading.Thread(target=self.ring, args=(n,)) for n in range(CALLERS)]

    def ring(self, n):
        folder = self.telephony.phone.folder / f"caller-{n}"
        folder.mkdir()
        caller = calllib.Phone(folder)
        while not self.stopping.is_set():
            began, answered = time.monotonic(), False
            try:
                answered = caller.call(self.telephony.url(self.number), self.number, seconds=20, talk_ms=100)
            finally:
                self.calls.append((began, time.monotonic(), answered, caller.trace))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def test_a_relink_moves_the_next_call_and_loses_none(telephony):
    """Calls begin before, while and after the rule is changed; the change itself is made to last, at either side of its effect."""
    world, relinks, before = telephony.world, [], telephony.counts()
    with Crowd(telephony, A) as crowd:
        wait_for("a first call", lambda: crowd.calls)
        for agent, action in (("sales", None), ("support", "delay"), ("sales", "delay_after"), ("support", None), ("sales", "delay_after")):
            slow = action and world.sim.fault(action, provider="livekit", path="*/UpdateSIPDispatchRule", ms=300)
            began = time.monotonic()
            world.set(A, agent=agent)
            world.wait_active(A)
            relinks.append((began, time.monotonic()))
            assert not slow or world.sim.fired(slow) == 1
            time.sleep(0.5)
    lost = [str(trace) for _, _, answered, trace in crowd.calls if not answered]
    meanwhile = [sum(began < end and start < ended for began, ended, _, _ in crowd.calls) for start, end in relinks]
    print(f"{len(crowd.calls)} calls; under way while the number was moved: {meanwhile}")
    assert lost == [] and all(meanwhile), (lost, meanwhile)
    # Who was answered spoke to an agent, and to one only.
    wait_for("all calls to be written down", lambda: sum(telephony.counts().values()) - sum(before.values()) == len(crowd.calls))
    now = telephony.counts()
    assert now["support"] > before["support"] and now["sales"] > before["sales"] and now["second"] == before["second"]
    assert telephony.rings_through(A)[0] == "sales"
    world.set(A, agent="support")
    world.wait_active(A)
    assert telephony.rings_through(A)[0] == "support"


def test_a_number_of_another_project_reaches_only_its_own(telephony):
    assert telephony.url(OTHERS) != telephony.url(A)
    assert telephony.rings_through(OTHERS)[0] == "second"
    telephony.does_not_ring(OTHERS, telephony.url(A))
    telephony.does_not_ring(A, telephony.url(OTHERS))


@pytest.mark.parametrize("how", ["unlinked", "deleted"])
def test_without_an_agent_or_a_row_no_call_gets_through(telephony, how):
    world = telephony.world
    world.number(B)
    world.wait_active(B)
    url = telephony.url(B)
    assert telephony.rings_through(B)[0] == "support"
    if how == "unlinked":
        world.set(B, agent=None)
        world.wait_status(B, "pending", "NoAgent")
        assert telephony.url(B) is None
        telephony.does_not_ring(B, url)
    world.delete(B)
    world.wait_gone(B)
    assert telephony.url(B) is None
    telephony.does_not_ring(B, url)


def test_an_outbound_call_shows_the_number_and_the_credential_that_trunkd_made(telephony):
    """The callee's server asks for digest authentication; the override of the account leads the call there."""
    world, (first, second) = telephony.world, telephony.terminations
    account = world.account("out", termination_address=first)
    world.own(OUT, "out")
    world.number(OUT, "out", inbound=False, outbound=True)
    line = world.wait_active(OUT)
    trunk, = [o for o in world.sim.listed(telephony.servers[0], "outbound_trunks") if o["numbers"] == [OUT]]
    username, password, client = trunk["auth_username"], trunk["auth_password"], telephony.servers[0].client
    assert trunk["address"] == first and trunk["sip_trunk_id"] == line["livekit_outbound_trunk_id"]
    at_twilio, = world.sim.objects("trunks", account.sid)
    assert world.sim.digest(domain=at_twilio["domain_name"], username=username, password=password)["accepted"]

    answer, content, sent = telephony.phone.call_out(client, trunk, "out-good")
    assert answer.status == 200 and answer.json()["sip_call_id"] and content, (answer, sent)
    assert [line for line in sent.splitlines() if line.startswith("From:") and f"<sip:{OUT}@" in line], sent

    # Another password at the same user is refused; the way there is changed in place.
    world.db.q("update trunkd.twilio_account set termination_address = %s where name = 'out'", second)
    world.wait_active(OUT)
    moved, = [o for o in world.sim.listed(telephony.servers[0], "outbound_trunks") if o["numbers"] == [OUT]]
    assert (moved["sip_trunk_id"], moved["address"]) == (trunk["sip_trunk_id"], second)
    assert telephony.phone.call_out(client, moved, "out-bad", "another" + password)[0].status == 403

    # Without the override the way leads to the trunk's own domain.
    world.db.q("update trunkd.twilio_account set termination_address = null where name = 'out'")
    wait_for("Twilio's own address", lambda: [o["address"] for o in world.sim.objects("outbound_trunks") if o["numbers"] == [OUT]]
             == [at_twilio["domain_name"]])
    assert at_twilio["domain_name"].endswith(".pstn.twilio.com")


def test_a_termination_that_the_configuration_does_not_list_is_not_used(telephony):
    world = telephony.world
    world.account("unlisted", termination_address="127.0.0.1:9")
    world.own(UNLISTED, "unlisted")
    world.number(UNLISTED, "unlisted", inbound=False, outbound=True)
    line = world.wait_line(UNLISTED, lambda line: line["status"] == "pending" and "127.0.0.1:9" in line["message"], "waits for its account")
    print(line["reason"], line["message"])
    assert [o for o in world.sim.objects("outbound_trunks") if o["numbers"] == [UNLISTED]] == []


# ---- what settings of a number, and of its agent's rules, do to a call; with a number of another carrier

@pytest.fixture
def number(telephony):
    """Stands for one test, with other settings each time: `number(inbound_trunk={...})`; gives the line of the view."""
    world = telephony.world

    def settle(rule=None, **columns):
        world.db.q("update trunkd.agent set dispatch_rule = %s where name = 'support'", json.dumps(rule or {}))
        if columns and world.line(C):
            world.set(C, **{name: json.dumps(value) for name, value in columns.items()})
        elif not world.line(C):
            world.carrier(C, outbound="outbound_trunk" in columns, **columns)
        return world.wait_active(C)

    yield settle
    world.db.q("update trunkd.agent set dispatch_rule = '{}' where name = 'support'")
    world.delete(C)
    world.wait_gone(C)
    world.wait_active(A)


def test_headers_of_a_call_become_attributes(telephony, number):
    number(inbound_trunk={"headers_to_attributes": {"X-Order": "order"}, "include_headers": "x"})
    _, told = telephony.rings_through(C, telephony.sip, headers="X-Order: 4711\n    X-Queue: blue")
    attributes = told["attributes"]
    assert attributes["order"] == "4711" and "blue" in attributes.values(), attributes
    number(inbound_trunk={})
    _, told = telephony.rings_through(C, telephony.sip, headers="X-Order: 4711\n    X-Queue: blue")
    assert "order" not in told["attributes"] and "blue" not in told["attributes"].values(), told


@pytest.mark.parametrize("allowed, others", [
    ({"allowed_numbers": [calllib.CALLER, "+15557650001"]}, {"allowed_numbers": ["+15557650001"]}),
    ({"allowed_addresses": ["127.0.0.0/8"]}, {"allowed_addresses": ["203.0.113.0/24", "127.0.0.9"]}),
], ids=["numbers", "addresses"])
def test_only_callers_that_are_allowed_get_through(telephony, number, allowed, others):
    number(inbound_trunk=allowed)
    assert telephony.rings_through(C, telephony.sip)[0] == "support"
    number(inbound_trunk=others)
    telephony.does_not_ring(C, telephony.sip)
    number(inbound_trunk={})
    assert telephony.rings_through(C, telephony.sip)[0] == "support"


def test_callers_are_asked_for_user_and_password(telephony, number):
    telephony.world.give_secret("in", "inbound-password", "sip")
    number(inbound_trunk={"auth_username": "carrier", "auth_password": "file:sip/in"})
    assert telephony.rings_through(C, telephony.sip, login=("carrier", "inbound-password"))[0] == "support"
    telephony.does_not_ring(C, telephony.sip)
    before = telephony.counts()
    assert not telephony.phone.call(telephony.sip, C, login=("carrier", "another-password")) and telephony.counts() == before


def test_a_call_that_nobody_answers_is_given_up_in_time(telephony, number):
    world = telephony.world
    world.db.q("insert into trunkd.agent (name, dispatch_name) values ('nobody', 'nobody-at-all') on conflict do nothing")
    number(inbound_trunk={"ringing_timeout_seconds": 2})
    world.set(C, agent="nobody")
    world.wait_active(C)
    began = time.monotonic()
    assert not telephony.phone.call(telephony.sip, C, seconds=20)
    took, seen = time.monotonic() - began, telephony.phone.messages()
    assert "SIP/2.0 486" in seen and 1.5 < took < 15, (took, seen[-2000:])


def test_a_call_ends_when_it_has_lasted_long_enough(telephony, number):
    number(inbound_trunk={"max_call_duration_seconds": 3})
    began = time.monotonic()
    assert not telephony.phone.call(telephony.sip, C, seconds=25, talk_ms=20000)
    took, seen = time.monotonic() - began, telephony.phone.messages()
    assert "SIP/2.0 200" in seen and "\nBYE sip:" in seen and 2.5 < took < 15, (took, seen[-2000:])


def test_rooms_are_named_by_the_type_of_the_rule(telephony, number):
    number({"type": "direct", "room_name": "lobby-1"})
    assert telephony.rings_through(C, telephony.sip)[1]["room"] == "lobby-1"
    number({"type": "callee"})
    assert telephony.rings_through(C, telephony.sip)[1]["room"] == "call_" + C
    number({"type": "callee", "randomize": True})
    assert telephony.rings_through(C, telephony.sip)[1]["room"].startswith(f"call_{C}_")
    number({"no_randomness": True})
    assert telephony.rings_through(C, telephony.sip)[1]["room"] == "call_" + calllib.CALLER


def test_attributes_of_the_rule_are_the_callers_and_its_number_can_be_hidden(telephony, number):
    number({"attributes": {"tier": "gold"}, "hide_phone_number": True})
    _, told = telephony.rings_through(C, telephony.sip)
    assert told["attributes"]["tier"] == "gold" and calllib.CALLER not in json.dumps(told), told


def test_more_agents_come_to_the_room_with_metadata_of_their_own(telephony, number):
    number({"more_agents": {"sales-agent": "the second"}})
    before = telephony.counts()
    assert telephony.phone.call(telephony.sip, C, talk_ms=3000)
    wait_for("both", lambda: all(telephony.counts()[name] > before[name] for name in ("support", "sales")))
    first, second = telephony.calls("support")[-1], telephony.calls("sales")[-1]
    assert first["room"] == second["room"] and (first["metadata"], second["metadata"]) == (METADATA, "the second")


def test_a_pin_comes_before_the_agent(telephony, number):
    """The call is answered at once, to hear the PIN, which ends with #; who types none, or another, reaches nobody."""
    number({"pin": "1234"})
    before = telephony.counts()
    assert telephony.phone.call(telephony.sip, C)
    telephony.phone.call(telephony.sip, C, digits="4321#", talk_ms=4000)
    assert telephony.counts() == before
    assert telephony.rings_through(C, telephony.sip, digits="1234#", talk_ms=6000)[0] == "support"
    number({})
    assert telephony.rings_through(C, telephony.sip)[0] == "support"


def test_an_outbound_call_by_another_carrier(telephony, number):
    """With the password that people gave, as it lies behind its reference when the call is made."""
    world, client = telephony.world, telephony.servers[0].client
    world.give_secret("out", "first outbound password", "sip")
    login = {"address": telephony.carrier, "transport": "udp", "auth_username": "desk", "auth_password": "file:sip/out",
             "headers": {"X-Tenant": "seven"}, "from_host": "calls.example.com"}
    kept = number(outbound_trunk=login)["livekit_outbound_trunk_id"]

    def trunk():
        return next(o for o in world.sim.listed(telephony.servers[0], "outbound_trunks") if o["numbers"] == [C])

    assert (trunk()["address"], trunk()["auth_password"]) == (telephony.carrier, "first outbound password")
    answer, content, sent = telephony.phone.call_out(client, trunk(), "carrier-1")
    assert answer.status == 200 and content, (answer, sent)
    assert "X-Tenant: seven" in sent and f"<sip:{C}@calls.example.com" in sent, sent
    assert telephony.phone.call_out(client, trunk(), "carrier-2", "another password")[0].status == 403
    world.give_secret("out", "second outbound password", "sip")
    wait_for("the second password", lambda: trunk()["auth_password"] == "second outbound password")
    world.wait_active(C)
    answer, content, sent = telephony.phone.call_out(client, trunk(), "carrier-3", "second outbound password")
    assert answer.status == 200 and content and trunk()["sip_trunk_id"] == kept, (answer, sent)


@pytest.mark.parametrize("says, status, code", [("486 Busy Here", 429, "resource_exhausted"), ("404 Not Found", 404, "not_found")])
def test_who_is_called_answers_through_the_api(telephony, number, says, status, code):
    """A busy callee looks like a limit of LiveKit's, an unknown one like a trunk that is gone; `meta` tells them apart."""
    client = telephony.servers[0].client
    number(outbound_trunk={"address": telephony.carrier, "transport": "udp"})
    trunk, = [o for o in telephony.world.sim.listed(telephony.servers[0], "outbound_trunks") if o["numbers"] == [C]]
    callee = telephony.phone.refuse(int(telephony.carrier.split(":")[1]), says)
    try:
        answer = calllib.dial(client, trunk["sip_trunk_id"], "refused-" + says[:3])
    finally:
        callee.poll() is None and callee.kill()
        callee.wait()
    assert (answer.status, answer.json()["code"], answer.json()["meta"]["sip_status_code"]) == (status, code, says[:3]), answer
    gone = client.call("SIP/CreateSIPParticipant", {"sip_trunk_id": "ST_none", "sip_call_to": "+1", "room_name": "r"})
    assert gone.status == 404 and "sip_status_code" not in gone.json().get("meta", {})
