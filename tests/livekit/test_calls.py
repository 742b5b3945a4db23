"""Real calls through what trunkd wired: sipp rings, real agents answer. Trunks and rules come from rows and from nowhere else."""
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
METADATA = '{"queue":"support"}'
CALLERS = 3             # ring all the time while a number is moved


class Telephony:
    def __init__(self, world, servers, workers, phone, terminations):
        self.world, self.servers, self.workers, self.phone, self.terminations = world, servers, workers, phone, terminations

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
        terminations = [f"127.0.0.1:{serverlib.free_port()}" for _ in range(2)]
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


def test_the_room_has_the_prefix_of_the_agent(telephony):
    world = telephony.world
    rule = world.line(A)["livekit_dispatch_rule_id"]
    world.db.q("update trunkd.agent set room_prefix = 'desk', metadata = 'another' where name = 'support'")
    try:
        wait_for("the new prefix", lambda: any(o["rule"]["dispatch_rule_individual"]["room_prefix"] == "desk"
                                               for o in world.sim.listed(telephony.servers[0], "dispatch_rules") if o["sip_dispatch_rule_id"] == rule))
        name, told = telephony.rings_through(A)
        assert name == "support" and told["room"].startswith("desk_") and told["metadata"] == "another"
    finally:
        world.db.q("update trunkd.agent set room_prefix = 'call', metadata = %s where name = 'support'", METADATA)
        world.wait_active(A)


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
