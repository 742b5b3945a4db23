"""What a provider refuses: set-ups that are rolled back, removals that get stuck, and how both end.

Each case has a Twilio account of its own, so all of them run beside each other in one world; the shared LiveKit project tells them
apart by the label that stands in every name. Each runs on an empty account and on a standing trunk beside a second number."""
import time

import pytest

from ctllib import DONE, REFUSED, trunkctl
from daemonlib import wait_for
from worldlib import CREATE, ON_REQUEST, REMOVE, phone

REFUSAL = {"status": 400, "message": "not in this house"}
# What a trunk has for one direction only, and what the neighbour then is for if a newcomer is to have it made on a standing trunk.
FOR_INBOUND = {"twilio.origination_url": "origination_urls"}
FOR_OUTBOUND = {"twilio.credential_list": "credential_lists", "twilio.credential": "credentials",
                "twilio.trunk_credential_list": "trunk_credential_lists"}
FROM_LINKS = ("auth_type", "auth_type_set")         # Twilio says in these of a trunk whether a list is linked to it


class Case:
    """One kind spoiled for one number; on a standing trunk, with a neighbour whose objects must stay as they are."""

    def __init__(self, world, n, kind, standing):
        self.world, self.kind, self.standing = world, kind, standing
        self.account = world.account("a%d" % n)
        self.number, self.neighbour, self.label = phone(10 * n + 1), phone(10 * n + 2), "case-%03d" % n
        for number in (self.number, self.neighbour):
            world.own(number, self.account.name)
        self.before = None
        # Of both directions, if nothing the trunk has is to be left for the newcomer.
        self.directions = {"inbound": kind not in FOR_INBOUND, "outbound": kind not in FOR_OUTBOUND}

    def __repr__(self):
        return f"{self.kind} {'standing' if self.standing else 'empty'}"

    def spoil_create(self, **rule):
        method, path = CREATE[self.kind]
        if self.kind.startswith("twilio"):
            rule["account"] = self.account.sid
        else:
            rule["body_contains"] = self.label
        self.fault = self.world.sim.fault(rule.pop("action", "status"), method=method, path=path, **rule)

    def spoil_remove(self, **rule):
        method, path = REMOVE[self.kind]
        if self.kind.startswith("twilio"):
            rule["account"] = self.account.sid
        else:
            rule["body_contains"] = self.world.id_of(self.number, self.kind)
        self.fault = self.world.sim.fault(rule.pop("action", "status"), method=method, path=path, **rule)

    def insert(self):
        settings = {"twilio_trunk": ON_REQUEST[self.kind]} if self.kind in ON_REQUEST else {}
        self.world.number(self.number, self.account.name, outbound=True, label=self.label, **settings)

    def insert_neighbour(self):
        self.world.number(self.neighbour, self.account.name, label="beside " + self.label[5:], **self.directions)

    def everything_of(self, number):
        return self.world.of_number(number)

    def twilio(self):
        return {k: v for k, v in self.world.sim.state(self.account.sid)["twilio"][self.account.sid].items()}

    def beside(self):
        """All that the neighbour lives on: its own objects, and of the trunk's what its directions need."""
        if not self.standing:
            return None
        lists = ["trunks", *(FOR_INBOUND.values() if self.directions["inbound"] else ()),
                 *(FOR_OUTBOUND.values() if self.directions["outbound"] else ())]
        held = self.twilio()
        trunks = [{k: v for k, v in o.items() if k not in FROM_LINKS} for o in held["trunks"]]
        return self.everything_of(self.neighbour), {**{name: held[name] for name in lists}, "trunks": trunks}

    def keep(self):
        """What must stay, bit by bit."""
        self.before = self.beside()

    def check_neighbour(self):
        assert self.beside() == self.before, self

    def fired(self):
        return self.world.sim.fired(self.fault)


def without_dates(twilio):
    """What an account holds. A number that was attached and given back carries a new date of change."""
    return {kind: [{k: v for k, v in o.items() if k != "date_updated"} if kind == "phone_numbers" else o for o in objects]
            for kind, objects in twilio.items()}


def make_cases(world, kinds_of, standing=(False, True)):
    """One per kind and ground. On a standing trunk: what a number has of its own, and what the trunk has for one direction only."""
    cases = []
    for stands in standing:
        for kind in kinds_of(world, stands):
            cases.append(Case(world, len(cases) + 1, kind, stands))
    return cases


def creates(world, stands):
    """On a trunk that stands no newcomer makes the trunk, or what it has by its own settings."""
    return [kind for kind in world.kinds() if not stands or kind not in {"twilio.trunk", *ON_REQUEST}]


def test_a_setup_refused_for_good_is_rolled_back_whole(crowd):
    world = crowd
    cases = make_cases(world, creates)
    for case in cases:
        if case.standing:
            case.insert_neighbour()
    world.daemon.start()
    world.wait_active(*[c.neighbour for c in cases if c.standing])
    for case in cases:
        case.keep()
        case.clean = case.twilio()
        case.spoil_create(**REFUSAL, count=0)
        case.insert()
    for case in cases:
        line = world.wait_status(case.number, "failed")
        assert "not in this house" in line["message"], (case, line)
        assert case.fired() >= 1, case
        of = world.of_number(case.number)
        assert (of["inbound"], of["outbound"], of["rules"], of["number"][0]["trunk_sid"]) == ([], [], [], None), case
        assert without_dates(case.twilio()) == without_dates(case.clean), case
        case.check_neighbour()
    # Not tried again until something wanted changes.
    since = world.sim.last()
    time.sleep(1.2)
    world.db.q("update trunkd.phone_number set labels = '{\"a\": \"b\"}'")
    time.sleep(0.6)
    assert world.writes(since) == []
    fired = [case.fired() for case in cases]
    for case in cases:
        world.sim.remove_fault(case.fault)
        world.set(case.number, label=case.label + " again")
    for case in cases:
        world.wait_active(case.number)
        world.exactly_one(case.number, outbound=True)
        case.check_neighbour()
    world.agree()
    print(f"visited {len(cases)} refused creates of {len({c.kind for c in cases})} kinds, faults fired {sum(fired)} times")
    assert len(cases) >= 17


def test_retry_tries_a_failed_number_again(world):
    number = phone(1)
    world.own(number)
    fault = world.sim.fault("status", method="POST", path="*/CreateSIPDispatchRule", **REFUSAL)
    world.number(number)
    world.daemon.start()
    world.wait_status(number, "failed", "Refused")
    assert world.sim.fired(fault) == 1
    world.db.q("select trunkd.retry(%s)", number)
    world.wait_active(number)
    world.agree()


def removals(world, stands):
    return creates(world, stands)


def blocking(world, stands):
    """What the number that goes is held up by: on a standing trunk not what the trunk has: that is told of the trunk, see below."""
    return world.kinds(owner="number") if stands else world.kinds()


def stand_and_delete(world, cases):
    for case in cases:
        case.insert()
        if case.standing:
            case.insert_neighbour()
    world.daemon.start()
    world.wait_active(*[c.number for c in cases], *[c.neighbour for c in cases if c.standing])
    for case in cases:
        case.keep()
        row = (world.ledger(case.number, case.kind) or world.ledger(account=case.account.name, kind=case.kind))[0]
        case.stuck = case.kind, row["external_id"]
        case.spoil_remove(**REFUSAL, count=0)
        world.delete(case.number)


def leftovers_of(line):
    """By kind and id: a link has the id of its list."""
    return {(item["kind"], item["external_id"]): item for item in line["leftovers"]}


# What must stay while an object of this kind cannot be removed: what it needs, in the same account.
BEHIND = {
    "livekit.inbound_trunk": set(), "livekit.outbound_trunk": set(), "livekit.dispatch_rule": {"livekit.inbound_trunk"},
    "twilio.trunk": set(), "twilio.recording": {"twilio.trunk"}, "twilio.origination_url": {"twilio.trunk"}, "twilio.credential_list": set(),
    "twilio.credential": {"twilio.credential_list"}, "twilio.trunk_credential_list": {"twilio.trunk", "twilio.credential_list", "twilio.credential"},
    "twilio.connection_policy": set(), "twilio.connection_policy_target": {"twilio.connection_policy"},
    "twilio.trunk_phone_number": {"livekit.inbound_trunk", "livekit.dispatch_rule"},          # calls still come in
}


def exact_leftovers(world, case):
    line = world.line(case.number)
    left = leftovers_of(line)
    owner = next((r["owner"] for r in world.ledger(kind=case.kind) if r["external_id"] == case.stuck[1]), None)
    rows = {(r["kind"], r["external_id"]) for r in world.ledger(owner)}
    kinds = {kind for kind, _ in left}
    return line["status"] == "corrupted" and case.stuck in left and set(left) == rows and kinds == BEHIND[case.kind] | {case.kind} and left


def test_a_cleanup_refused_is_corrupted_with_the_exact_leftovers_and_ends_once_mended(crowd):
    world = crowd
    cases = make_cases(world, blocking)
    stand_and_delete(world, cases)
    for case in cases:
        # The one that is refused, and what of the same owner waits until it is gone. Everything else is gone.
        left = wait_for(lambda: f"leftovers of {case}: {list(leftovers_of(world.line(case.number)))}\n{world.story(case.number)}", lambda: exact_leftovers(world, case))
        assert case.fired() >= 1, case
        assert "not in this house" in left[case.stuck]["message"], (case, left)
        assert all(item["remedy"] and item["account"] for item in left.values())
        assert world.wait_status(case.number, "corrupted", "CleanupRefused")["settled"]
        case.check_neighbour()
    for case in cases:
        world.sim.remove_fault(case.fault)
    for case in cases:
        world.wait_gone(case.number)
        case.check_neighbour()
    world.agree()
    print(f"visited {len(cases)} refused removals of {len({c.kind for c in cases})} kinds")
    assert len(cases) >= 13


def trunks(world, case, reason):
    return world.rows("select * from trunkd.trunk_status where twilio_account = %s and reason = %s", case.account.name, reason)


def stuck_on_standing_trunks(world):
    """The last number of a direction goes, its trunk stays for the other one. Each case gets the trunk's uuid and its leftovers."""
    cases = [c for c in make_cases(world, removals, standing=[True]) if c.kind in {*FOR_INBOUND, *FOR_OUTBOUND}]
    stand_and_delete(world, cases)
    for case in cases:
        world.wait_gone(case.number)
        world.sim.wait_fired(case.fault, 2)
        status = wait_for(lambda case=case: f"the trunk's leftovers of {case}\n{world.story(case.neighbour)}",
                          lambda case=case: trunks(world, case, "Leftovers"))[0]
        assert status["status"] == "active" and "not in this house" in status["message"], (case, status)
        case.trunk, case.left = status["trunk"], leftovers_of(status)
        behind = BEHIND[case.kind] - {"twilio.trunk"}           # which is wanted
        assert case.stuck in case.left and {kind for kind, _ in case.left} == behind | {case.kind}, (case, case.left)
        world.wait_active(case.neighbour)
        case.check_neighbour()
    return cases


def test_what_a_standing_trunk_cannot_lose_holds_up_no_number(crowd):
    """The trunk's ledger keeps what is refused until it is gone."""
    world = crowd
    cases = stuck_on_standing_trunks(world)
    fired = [case.fired() for case in cases]
    for case in cases:
        world.sim.remove_fault(case.fault)
    for case in cases:
        wait_for(lambda case=case: f"the end of {case}\n{world.story(case.neighbour)}",
                 lambda case=case: case.stuck not in {(r["kind"], r["external_id"]) for r in world.ledger(account=case.account.name)})
        case.check_neighbour()
    world.agree()
    print(f"visited {len(cases)} refused removals from standing trunks, faults fired {sum(fired)} times")
    assert len(cases) >= 4


def give_up(world, name):
    done = trunkctl(world.db, "force-delete", name, "--why", "the provider will not")
    assert done.code == DONE and name in done.out, done


def orphans_of(world, case):
    rows = world.rows("select * from trunkd.orphan where owner = %s or account = %s", case.number, case.account.name)
    assert all(row["why"] == "the provider will not" for row in rows)
    return {(row["kind"], row["external_id"]): row for row in rows}


def test_force_delete_ends_a_corrupted_number_and_keeps_the_leftovers_as_orphans(crowd):
    """With a number that stays attached the trunk it is on is given up too, unless others are on it."""
    world = crowd
    cases = make_cases(world, blocking)
    stand_and_delete(world, cases)
    for case in cases:
        world.wait_status(case.number, "corrupted")
        case.left = set(wait_for(lambda case=case: f"leftovers of {case}\n{world.story(case.number)}", lambda case=case: exact_leftovers(world, case)))
        if case.kind == "twilio.trunk_phone_number" and not case.standing:
            case.left |= {("twilio.trunk", world.sim.number(case.number)["trunk_sid"])}
        assert case.fired() >= 1, case
        give_up(world, case.number)
    for case in cases:
        world.wait_gone(case.number)
        orphans = orphans_of(world, case)
        assert set(orphans) == case.left, (case, orphans)
        assert orphans[case.stuck]["tag"] and orphans[case.stuck]["nonce"], case
        case.check_neighbour()
    since, fired = world.sim.last(), sum(case.fired() for case in cases)
    for case in cases:
        world.sim.remove_fault(case.fault)
    time.sleep(1.2)
    assert world.writes(since) == []            # what was given up is nobody's duty any more
    world.agree(foreign={i for c in cases for _, i in c.left})
    print(f"visited {len(cases)} force deletes, faults fired {fired} times")
    assert len(cases) >= 13


def test_force_delete_frees_a_standing_trunk_of_what_it_cannot_lose(crowd):
    """By the uuid of the automatic trunk. It works on, takes a number of that direction again, and goes with its last number."""
    world = crowd
    cases = stuck_on_standing_trunks(world)
    for case in cases:
        refused = trunkctl(world.db, "force-delete", case.number, "--why", "the provider will not")
        assert refused.code == REFUSED, refused             # the number itself is gone, and was never stuck
        give_up(world, case.trunk)
    for case in cases:
        wait_for(lambda case=case: f"the trunk of {case} freed\n{world.story(case.neighbour)}", lambda case=case: trunks(world, case, "UpToDate"))
        case.orphans = orphans_of(world, case)
        assert set(case.orphans) == set(case.left), (case, case.orphans)
        world.wait_active(case.neighbour)
        case.check_neighbour()
    foreign, fired = {i for c in cases for _, i in c.left}, sum(case.fired() for case in cases)
    world.agree(foreign=foreign)
    world.daemon.stop()
    world.daemon.start()                        # it looks below the trunks, and takes no orphan for something forgotten
    for case in cases:
        world.sim.remove_fault(case.fault)
        case.insert()
    for case in cases:
        world.wait_active(case.number)
        world.exactly_one(case.number, outbound=True)
        assert not set(case.left) & {(r["kind"], r["external_id"]) for r in world.ledger(account=case.account.name)}, case
        case.check_neighbour()
    world.agree(foreign=foreign)
    for case in cases:
        world.delete(case.number)
        world.delete(case.neighbour)
    for case in cases:
        world.wait_gone(case.number, case.neighbour)
        assert set(orphans_of(world, case)) == set(case.left) and case.twilio()["trunks"] == [], case
    world.agree(foreign=foreign)
    print(f"visited {len(cases)} trunks, faults fired {fired} times")
    assert len(cases) >= 4


def test_force_delete_ends_a_trunk_that_people_wrote(world):
    for name in ("north", "south"):
        world.insert("trunk", {"name": name, "twilio_account": "main"})
    world.daemon.start()
    wait_for("both trunks", lambda: len(world.sim.objects("trunks")) == 2)
    world.wait_quiet()
    sid = world.db.one("select twilio_trunk_sid from trunkd.trunk_state where name = 'north'")
    stays = [o for o in world.sim.objects("trunks") if o["sid"] != sid]
    fault = world.sim.fault("status", method="DELETE", path="/v1/Trunks/" + sid, **REFUSAL, count=0)
    assert trunkctl(world.db, "force-delete", "south", "--why", "because").code == REFUSED
    world.db.q("delete from trunkd.trunk where name = 'north'")
    wait_for(lambda: "corrupted\n" + world.story(), lambda: world.rows("select 1 from trunkd.trunk_state where name = 'north' and status = 'corrupted'"))
    world.daemon.stop()
    world.daemon.start()                        # its name is all that people know of it
    assert world.sim.fired(fault) >= 1
    give_up(world, "north")
    wait_for(lambda: "gone\n" + world.story(), lambda: not world.rows("select 1 from trunkd.trunk_state where name = 'north'"))
    orphan, = world.rows("select * from trunkd.orphan")
    assert (orphan["kind"], orphan["external_id"]) == ("twilio.trunk", sid)
    assert [o for o in world.sim.objects("trunks") if o["sid"] != sid] == stays
    world.agree(foreign={sid})


def test_force_delete_is_refused_where_nothing_is_stuck(world):
    number = phone(1)
    world.own(number)
    world.number(number)
    world.daemon.start()
    world.wait_active(number)
    with pytest.raises(Exception, match="force delete is only allowed for corrupted phone numbers"):
        world.db.q("select trunkd.force_delete(%s, 'because')", number)
    world.wait_active(number)


def test_a_routing_that_cannot_be_given_back_is_told_and_the_number_detached(world):
    number = phone(1)
    app = "AP" + "1" * 32
    world.own(number, voice_application_sid=app, voice_url="")
    world.number(number)
    world.daemon.start()
    world.wait_active(number)
    fault = world.sim.fault("status", method="POST", path="*/IncomingPhoneNumbers/*.json", body_contains=app, status=400, code=21701,
                            message="the application is gone", count=0)
    world.delete(number)
    world.wait_gone(number)
    assert world.sim.fired(fault) >= 1
    assert world.sim.number(number)["trunk_sid"] is None
    told, = world.events("RoutingNotRestored", number)
    assert app in told or app in str(world.rows("select detail from trunkd.event where reason = 'RoutingNotRestored'")), told


def test_a_number_that_comes_back_over_a_corrupted_one_ends_right(crowd):
    world = crowd
    cases = make_cases(world, blocking)
    stand_and_delete(world, cases)
    for case in cases:
        world.wait_status(case.number, "corrupted")
        assert case.fired() >= 1, case
        case.insert()
    fired = [case.fired() for case in cases]
    for case in cases:
        world.sim.remove_fault(case.fault)
    for case in cases:
        world.wait_active(case.number)
        world.exactly_one(case.number, outbound=True)
        case.check_neighbour()
    world.agree()
    print(f"visited {len(cases)} numbers that came back, faults fired {sum(fired)} times")
    assert len(cases) >= 13


def test_a_refused_change_of_a_live_number_leaves_the_old_settings_in_force(world):
    number = phone(1)
    world.own(number)
    world.number(number)
    world.daemon.start()
    world.wait_active(number)
    fault = world.sim.fault("status", method="POST", path="*/UpdateSIPDispatchRule", **REFUSAL, count=0)
    world.set(number, agent="sales")
    line = world.wait_status(number, "active", "UpdateRefused")
    assert "not in this house" in line["message"] and world.sim.fired(fault) >= 1
    assert world.sim.call(number)["agent_name"] == "support-agent"
    world.sim.remove_fault(fault)
    world.wait_active(number)
    wait_for("the new agent", lambda: world.sim.call(number)["agent_name"] == "sales-agent")
    world.agree()


@pytest.mark.parametrize("takeover", [False, True])
def test_a_number_on_somebody_elses_trunk_is_taken_only_on_request(world, takeover):
    number = phone(1)
    foreign = world.sim.add_object(world.accounts["main"].sid, "trunks", {"friendly_name": "theirs"})
    trunk = world.sim.objects("trunks")[0]["sid"]
    assert foreign
    world.own(number, trunk_sid=trunk, voice_url="")
    world.number(number, takeover=takeover)
    world.daemon.start()
    if not takeover:
        line = world.wait_status(number, "failed", "HeldByForeign")
        assert trunk in line["message"] and world.writes() == []
        world.set(number, takeover=True)
    world.wait_active(number)
    world.agree(foreign={trunk})
    world.delete(number)
    world.wait_gone(number)
    assert world.sim.number(number)["trunk_sid"] == trunk


def test_a_number_that_is_not_in_the_account_costs_no_object(world):
    world.number(phone(1))
    world.daemon.start()
    world.wait_status(phone(1), "failed", "NotInAccount")
    assert world.writes() == []
    world.own(phone(1))
    world.db.q("select trunkd.retry(%s)", phone(1))
    world.wait_active(phone(1))
