"""Answers to updates that are lost: dropped, late, an error, or garbage. The object is changed in place and ends as it is wanted last.

What a trunk has on request only is met in tests/sim. What is updated is found out by a recorded run: a number's label, agent and trunk are changed, and the trace says which kinds that
updates. What people change in a console, and a password that was lost with the ledger, are put back by updates too; so every kind is
met but the link, which has nothing to change. One world holds all cases of one fault, on an empty account and on a standing trunk beside
a second number."""
import time

import pytest

from daemonlib import LATE_MS, wait_for
from test_e2e_lost import FAULTS, TIMING
from test_e2e_refused import Case
import worldlib
from worldlib import LISTS, phone

# The request that changes an object of a kind. A link has nothing that could be changed.
UPDATE = {
    "twilio.trunk": "/v1/Trunks/TK????????????????????????????????", "twilio.origination_url": "/v1/Trunks/*/OriginationUrls/*",
    "twilio.credential_list": "*/SIP/CredentialLists/CL????????????????????????????????.json", "twilio.credential": "*/Credentials/*.json",
    "twilio.trunk_phone_number": "*/IncomingPhoneNumbers/*.json", "livekit.inbound_trunk": "*/UpdateSIPInboundTrunk",
    "livekit.outbound_trunk": "*/UpdateSIPOutboundTrunk", "livekit.dispatch_rule": "*/UpdateSIPDispatchRule",
}
# What people change of a number, and what they want when they change it once more.
WISHES = {"label": ("first", "second"), "agent": ("sales", "support"), "trunk": ("own-%s", None)}
IN_A_CONSOLE, FORGOTTEN = "changed in a console", "forgotten"
DATES = ("date_updated", "updated_at")
REWRITTEN = (*DATES, "media")       # LiveKit shows no media after a replace without any, and empty ones after a create


def without(o, *names):
    return {k: v for k, v in o.items() if k not in names}


class Update(Case):
    """One object of one number, updated for one reason; the answer is lost, and meanwhile somebody wants something else."""

    def __init__(self, world, n, kind, why, standing, meanwhile):
        super().__init__(world, n, kind, standing)
        self.why, self.meanwhile = why, meanwhile
        # The second number needs no password where it was lost: its own would have to be changed with it.
        self.directions = {"inbound": True, "outbound": why != FORGOTTEN}
        self.wish = {"label": self.label, "agent": "support", "trunk": None}
        world.insert("trunk", {"name": "own-" + self.label, "twilio_account": self.account.name})

    def __repr__(self):
        return f"{super().__repr__()}: {self.why}, {self.meanwhile}"

    # ---- what it lives on

    def object(self):
        """The one that is updated."""
        name = LISTS[self.kind][0]
        held = self.twilio()[name] if self.kind.startswith("twilio") else self.world.sim.objects(name)
        return next(o for o in held if worldlib.object_id(o) == self.id)

    def below_trunk(self, sid):
        held = self.twilio()
        lists = [o["sid"] for o in held["trunk_credential_lists"] if o["trunk_sid"] == sid]
        found = {"trunks": [o for o in held["trunks"] if o["sid"] == sid], "origination_urls": [o for o in held["origination_urls"] if o["trunk_sid"] == sid],
                 "credential_lists": [o for o in held["credential_lists"] if o["sid"] in lists],
                 "credentials": [o for o in held["credentials"] if o["credential_list_sid"] in lists]}
        return {name: [without(o, *DATES) for o in objects] for name, objects in found.items()}

    def beside(self):
        if not self.standing:
            return None
        of = self.world.of_number(self.neighbour)
        below = self.below_trunk(of["number"][0]["trunk_sid"])
        if not self.directions["outbound"]:
            below = {name: below[name] for name in ("trunks", "origination_urls")}
            below["trunks"] = [without(o, "auth_type", "auth_type_set") for o in below["trunks"]]
        return of, below

    # ---- what happens

    def keep(self):
        super().keep()
        owner = (self.world.ledger(self.number, self.kind) or self.world.ledger(account=self.account.name, kind=self.kind))
        self.id, = {row["external_id"] for row in owner if row["owner"] in (self.number, self.world.line(self.number)["trunk"])}
        self.before = self.before, without(self.object(), *REWRITTEN)

    def check_neighbour(self):
        assert self.beside() == self.before[0], self

    def spoil(self, action, **rule):
        rule.update({"account": self.account.sid} if self.kind.startswith("twilio") else {"body_contains": self.id})
        self.fault = self.world.sim.fault(action, method="POST", path=UPDATE[self.kind], **rule)

    def want(self, turn):
        value = WISHES[self.why][turn]
        self.wish[self.why] = value and value.replace("%s", self.label)
        self.world.set(self.number, **{self.why: self.wish[self.why]})

    def act(self):
        if self.why == IN_A_CONSOLE:
            tenant = self.world.tenant(self.account.name if self.kind.startswith("twilio") else worldlib.PROJECT)
            name = "friendly_name" if self.kind.startswith("twilio") else "name"
            self.world.sim.change_object(tenant, LISTS[self.kind][0], self.id, **{name: "changed in a console " + self.label})
        elif self.why == FORGOTTEN:
            self.world.db.q("delete from trunkd.resource where account = %s and kind = %s", self.account.name, self.kind)
        else:
            self.want(0)

    def act_meanwhile(self):
        if self.meanwhile == "deleted":
            self.world.delete(self.number)
        elif self.meanwhile == "changed again":
            self.want(1)

    # ---- how it ends

    def ended(self):
        return self.is_gone() if self.meanwhile == "deleted" else self.is_as_wanted()

    def is_gone(self):
        of = self.world.of_number(self.number)
        return (self.world.gone(self.number) and (of["inbound"], of["outbound"], of["rules"], of["number"][0]["trunk_sid"]) == ([], [], [], None)
                and of["number"][0]["voice_url"] == "https://old.example.com/" + self.number[1:])

    def is_as_wanted(self):
        line, of = self.world.line(self.number), self.world.of_number(self.number)
        if not line["settled"] or (line["status"], line["reason"]) != ("active", "UpToDate") or [len(found) for found in of.values()] != [1, 1, 1, 1]:
            return False
        (inbound,), (outbound,), (rule,), (number,) = (of[name] for name in ("inbound", "outbound", "rules", "number"))
        below = self.below_trunk(number["trunk_sid"])
        if [len(found) for found in below.values()] != [1, 1, 1, 1]:
            return False
        trunk, credential = below["trunks"][0], below["credentials"][0]
        name = self.world.db.one("select t.name from trunkd.trunk t join trunkd.resource r on r.owner = t.id::text where r.external_id = %s", trunk["sid"])
        return (all(self.wish["label"] in o["name"] for o in (inbound, outbound, rule)) and name == self.wish["trunk"]
                and rule["room_config"]["agents"][0]["agent_name"] == self.wish["agent"] + "-agent" and outbound["address"] == trunk["domain_name"]
                and (outbound["auth_username"], outbound["auth_password"]) == (credential["username"], credential["password"])
                and self.is_put_back())

    def is_put_back(self):
        return self.why != IN_A_CONSOLE or without(self.object(), *REWRITTEN) == self.before[1]

    def check(self):
        wait_for(lambda: f"the end of {self}\n{self.world.story(self.number)}", self.ended)
        self.check_neighbour()
        if self.meanwhile != "deleted":
            assert self.world.id_of(self.number, self.kind) == self.id if self.kind in self.world.kinds(owner="number") else self.object(), self


def recorded(world):
    number = phone(9999)
    world.account("recorded")
    world.own(number, "recorded")
    world.insert("trunk", {"name": "own-recorded", "twilio_account": "recorded"})
    world.number(number, "recorded", outbound=True)
    trace, found = world.folder / "trace", []
    world.daemon.start(TRUNKD_TEST_TRACE=str(trace))
    world.wait_active(number)
    for column, (value, _) in WISHES.items():
        crossed = len(trace.read_text().splitlines())
        world.set(number, **{column: value.replace("%s", "recorded")})
        world.wait_active(number)
        updates = [line.split(" update ")[1].split()[0] for line in trace.read_text().splitlines()[crossed:] if " send " in line and " update " in line]
        assert updates, column
        found += [(column, kind) for kind in dict.fromkeys(updates)]
    return found


@pytest.fixture(scope="module")
def changes(cluster, tmp_path_factory):
    """[(change, kind)]: what of a number is updated when a column of its row changes. Recorded once, in a world of its own."""
    db = cluster.database()
    world = worldlib.World(db, tmp_path_factory.mktemp("recorded"), timing=TIMING)
    try:
        return recorded(world)
    finally:
        world.close()
        db.drop()


def reasons(world, changes):
    """[(kind, why)], of every kind that can be changed."""
    found = [(kind, change) for change, kind in changes]
    found += [(kind, IN_A_CONSOLE) for kind in world.kinds() if kind in UPDATE and kind not in ("twilio.trunk_phone_number", "twilio.credential")]
    found += [("twilio.credential", FORGOTTEN)]
    assert {kind for kind, _ in found} == set(UPDATE) == set(world.kinds()) - {"twilio.trunk_credential_list", *worldlib.ON_REQUEST}
    return found


@pytest.mark.parametrize("meanwhile", ["nothing else", "deleted", "changed again"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_update_whose_answer_is_lost_ends_with_the_last_wish(db, tmp_path, changes, fault, meanwhile):
    """Deleted while the update is in doubt, nothing comes back from the dead; changed again, the later wish holds."""
    world = worldlib.World(db, tmp_path, timing=TIMING)
    try:
        found = reasons(world, changes)
        if meanwhile == "changed again":
            found = [(kind, why) for kind, why in found if why in WISHES]
        cases = [Update(world, n, kind, why, standing, meanwhile) for n, (kind, why, standing) in enumerate(
            ((kind, why, standing) for kind, why in found for standing in (False, True)), 1)]
        for case in cases:
            case.insert()
            if case.standing:
                case.insert_neighbour()
        world.daemon.start()
        world.wait_active(*[c.number for c in cases], *[c.neighbour for c in cases if c.standing])
        world.wait_quiet()
        world.daemon.stop()
        for case in cases:
            case.keep()
            case.spoil(**FAULTS[fault])
            case.act()
        world.daemon.start()
        for case in cases:
            world.sim.wait_fired(case.fault, timeout=30)
            case.act_meanwhile()
        if meanwhile == "deleted":      # so many at once are held until somebody says that they are meant
            wait_for("the brake", lambda: world.db.one("select braked from trunkd.account_state where name = %s", worldlib.PROJECT))
            world.db.q("select trunkd.release(%s, 'they are meant')", worldlib.PROJECT)
        for case in cases:
            case.check()
        time.sleep(LATE_MS / 1000)
        for case in cases:
            assert case.ended() and case.fired() == 1, case
            case.check_neighbour()
        world.agree()
        print(f"{fault}, {meanwhile}: visited {len(cases)} updates of {len({c.kind for c in cases})} kinds for {len({c.why for c in cases})} reasons")
        assert len(cases) >= 12
    finally:
        world.close()
