"""A whole world for end to end tests: database, simulator, daemon, and the words to ask about all three.

    world.number("+15550100001", agent="support")
    world.wait_active("+15550100001")
    world.agree()                   # the simulator holds exactly what the ledger says, id by id

A world can have many Twilio accounts ("a0", "a1" ...), so that many cases run beside each other; they share one LiveKit project.
"""
import base64
import ctypes
import json
import urllib.parse

import psycopg2.extras

import simlib
import switches
from daemonlib import Daemon, wait_for

PROJECT = "lk"
LISTS = {   # kind: the simulator's list, the field that holds the id of the parent
    "twilio.trunk": ("trunks", None), "twilio.origination_url": ("origination_urls", "trunk_sid"),
    "twilio.credential_list": ("credential_lists", None), "twilio.credential": ("credentials", "credential_list_sid"),
    "twilio.trunk_credential_list": ("trunk_credential_lists", "trunk_sid"), "twilio.trunk_phone_number": ("phone_numbers", None),
    "livekit.inbound_trunk": ("inbound_trunks", None), "livekit.outbound_trunk": ("outbound_trunks", None),
    "livekit.dispatch_rule": ("dispatch_rules", None), "twilio.recording": ("recordings", "trunk_sid"),
    "twilio.connection_policy": ("connection_policies", None),
    "twilio.connection_policy_target": ("connection_policy_targets", "connection_policy_sid"),
}
# The kinds that a trunk has on request only, and a number's settings by which it has a trunk of its own with one.
ON_REQUEST = {"twilio.recording": {"recording_mode": "record-from-answer"}, "twilio.connection_policy": {"connection_policy": True},
              "twilio.connection_policy_target": {"connection_policy": True}}
# The request that makes an object of a kind, and the one that removes it: method and path.
CREATE = {
    "twilio.trunk": ("POST", "/v1/Trunks"), "twilio.origination_url": ("POST", "/v1/Trunks/*/OriginationUrls"),
    "twilio.credential_list": ("POST", "*/SIP/CredentialLists.json"), "twilio.credential": ("POST", "*/Credentials.json"),
    "twilio.trunk_credential_list": ("POST", "/v1/Trunks/*/CredentialLists"),
    "twilio.trunk_phone_number": ("POST", "*/IncomingPhoneNumbers/*.json"),
    "livekit.inbound_trunk": ("POST", "*/CreateSIPInboundTrunk"), "livekit.outbound_trunk": ("POST", "*/CreateSIPOutboundTrunk"),
    "livekit.dispatch_rule": ("POST", "*/CreateSIPDispatchRule"), "twilio.recording": ("POST", "/v1/Trunks/*/Recording"),
    "twilio.connection_policy": ("POST", "/v1/ConnectionPolicies"), "twilio.connection_policy_target": ("POST", "/v1/ConnectionPolicies/*/Targets"),
}
REMOVE = {
    "twilio.trunk": ("DELETE", "/v1/Trunks/TK????????????????????????????????"),
    "twilio.origination_url": ("DELETE", "/v1/Trunks/*/OriginationUrls/*"),
    "twilio.credential_list": ("DELETE", "*/SIP/CredentialLists/CL????????????????????????????????.json"),
    "twilio.credential": ("DELETE", "*/Credentials/*.json"), "twilio.trunk_credential_list": ("DELETE", "/v1/Trunks/*/CredentialLists/*"),
    "twilio.trunk_phone_number": ("POST", "*/IncomingPhoneNumbers/*.json"),
    "livekit.inbound_trunk": ("POST", "*/DeleteSIPTrunk"), "livekit.outbound_trunk": ("POST", "*/DeleteSIPTrunk"),
    "livekit.dispatch_rule": ("POST", "*/DeleteSIPDispatchRule"), "twilio.recording": ("POST", "/v1/Trunks/*/Recording"),
    "twilio.connection_policy": ("DELETE", "/v1/ConnectionPolicies/NY????????????????????????????????"),
    "twilio.connection_policy_target": ("DELETE", "/v1/ConnectionPolicies/*/Targets/*"),
}


def is_read(entry):
    return entry["method"] == "GET" or "/ListSIP" in entry["path"]


def object_id(o):
    return o.get("sid") or o.get("sip_trunk_id") or o.get("sip_dispatch_rule_id")


def phone(n):
    return "+1555%07d" % n


def forms(secret):
    """How a secret may look when somebody lets it slip."""
    raw = secret.encode()
    return {secret, urllib.parse.quote(secret, safe=""), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("="),
            raw.hex()}


# Every password that trunkd makes is sealed into the ledger before it is used, and its row may be gone when the world ends.
SEEN = """
create schema if not exists seen;
create table if not exists seen.sealed (secret text primary key);
create or replace function seen.keep() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into seen.sealed (secret) values (new.secret) on conflict do nothing;
    return null;
end $$;
drop trigger if exists seen_sealed on trunkd.resource;
create trigger seen_sealed after insert or update on trunkd.resource for each row when (new.secret like 'sealed:%') execute function seen.keep();
"""


def unsealed(folder, sealed):
    """A password, opened with a daemon's key ring: it is nowhere else in plain text."""
    sodium = ctypes.CDLL("libsodium.so.23")
    sodium.sodium_init()
    _, wanted, box = sealed.split(":")
    version, key_id, secret = (folder / "keys" / "1").read_text().split()
    assert (version, key_id) == ("trunkd-key-1", wanted)
    private, data = from_base64(secret), from_base64(box)
    public, opened = ctypes.create_string_buffer(32), ctypes.create_string_buffer(len(data))
    sodium.crypto_scalarmult_base(public, private)
    assert sodium.crypto_box_seal_open(opened, data, len(data), public, private) == 0
    return opened.raw[:len(data) - 48].split(b"\n", 1)[1].decode()


def from_base64(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_" if "-" in text or "_" in text else None)


class Account:
    def __init__(self, name, n):
        self.name, self.sid, self.token = name, "AC%032x" % (0xa000 + n), "token-of-%s-%08x" % (name, n * 7919 + 1)


class World:
    def __init__(self, db, folder, latency_ms=0, timing=None, seed=1, origins=True):
        self.db, self.folder = db, folder
        self.sim = simlib.Sim(latency_ms=latency_ms, seed=seed)
        if switches.profile():
            self.sim.config(**switches.profile())
        self.urls = [self.sim.twilio_url, self.sim.livekit_url] if origins else []
        self.accounts, self.daemons = {}, []
        self.secrets = {simlib.API_SECRET}
        db.q("do $$ begin create role trunkd_test login in role trunkd_daemon; exception when duplicate_object then null; end $$")
        db.q(SEEN)
        self.timing = timing
        self.daemon = self.new_daemon("d")
        self.sim.add_project()
        self.give_secret(PROJECT, simlib.API_SECRET)
        db.q("insert into trunkd.livekit_project (name, url, api_key, secret, sip_host, max_in_flight) values (%s, %s, %s, %s, %s, 32)",
             PROJECT, self.sim.livekit_url, simlib.API_KEY, "file:account/" + PROJECT, simlib.SIP_HOST)
        db.q("insert into trunkd.agent (name, dispatch_name, metadata) values ('support', 'support-agent', '{\"queue\":\"support\"}'), "
             "('sales', 'sales-agent', '')")

    def new_daemon(self, name, **options):
        folder = self.folder / name
        folder.mkdir()
        daemon = Daemon(self.db, folder, self.urls, options.pop("timing", self.timing), **options)
        if self.daemons:            # they share one key ring and the same secrets
            for what in ("keys", "secrets/account", "secrets/sip"):
                for path in (self.daemons[0].folder / what).iterdir():
                    copy = folder / what / path.name
                    copy.write_bytes(path.read_bytes())
                    copy.chmod(0o600)
        else:
            daemon.make_key()
        self.daemons.append(daemon)
        return daemon

    def give_secret(self, name, text, space="account"):
        self.secrets.add(text)
        for daemon in self.daemons:
            daemon.secret(name, text, space)

    def close(self):
        try:
            for daemon in self.daemons:
                daemon.stop()
        finally:
            for daemon in self.daemons:
                if daemon.process:
                    daemon.kill()
            try:
                self.tell_no_secret()
            finally:
                self.sim.stop()

    def passwords(self):
        """All that trunkd has made in this world."""
        connection = self.db.connect()
        cursor = connection.cursor()
        cursor.execute("select secret from seen.sealed")
        found = {unsealed(self.daemons[0].folder, sealed) for sealed, in cursor.fetchall()}
        connection.close()
        return found

    def tell_no_secret(self):
        """Of every world, whatever was tried in it: no secret it was given or made stands in a log, a request, or the database."""
        places = {"the log of " + daemon.folder.name: daemon.log() for daemon in self.daemons}
        if self.sim.process:
            places["the simulator's log"] = json.dumps(self.sim.log())
        connection = self.db.connect()
        cursor = connection.cursor()
        cursor.execute("select schema_to_xml('trunkd', true, false, '')::text")
        places["the database"], = cursor.fetchone()
        connection.close()
        secrets = set().union(*map(forms, self.secrets | self.passwords()))
        found = {place for place, text in places.items() if any(secret in text for secret in secrets)}
        assert not found, f"a secret is in {' and '.join(sorted(found))}"

    # ---- what people want

    def account(self, name="main", **columns):
        account = Account(name, len(self.accounts))
        self.accounts[name] = account
        self.sim.add_account(account.sid, account.token)
        self.give_secret(name, account.token)
        columns = {"name": name, "account_sid": account.sid, "secret": "file:account/" + name, "base_url": self.sim.twilio_url,
                   "livekit_project": PROJECT, **columns}
        self.insert("twilio_account", columns)
        return account

    def insert(self, table, columns):
        values = [json.dumps(v) if isinstance(v, dict) else v for v in columns.values()]
        self.db.q(f"insert into trunkd.{table} ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})", *values)

    def own(self, number, account="main", **fields):
        """The account at Twilio has that number; with a routing that is to come back."""
        fields = {"voice_url": "https://old.example.com/" + number[1:], "voice_method": "GET", **fields}
        return self.sim.add_number(number, self.accounts[account].sid, **fields)

    def number(self, number, account="main", agent="support", inbound=True, outbound=False, **columns):
        self.insert("phone_number", {"phone_number": number, "twilio_account": account, "agent": agent, "supports_inbound": inbound,
                                     "supports_outbound": outbound, **columns})

    def carrier(self, number, agent="support", inbound=True, outbound=True, **columns):
        """A number of another carrier than Twilio."""
        self.insert("phone_number", {"phone_number": number, "provider": "sip", "livekit_project": PROJECT, "agent": agent, "supports_inbound": inbound,
                                     "supports_outbound": outbound, **columns})

    def set(self, number, **columns):
        self.db.q("update trunkd.phone_number set " + ", ".join(f"{c} = %s" for c in columns) + " where phone_number = %s",
                  *columns.values(), number)

    def delete(self, number):
        self.db.q("delete from trunkd.phone_number where phone_number = %s", number)

    def release_all(self):
        """What was removed in a mass, and is therefore held, was meant."""
        wait_for("a mass removal to be held", lambda: self.db.one("select count(*) from trunkd.account_state where braked") >= 2)
        self.db.q("select trunkd.release(name, 'meant') from trunkd.account_state where braked")

    # ---- how it stands

    def rows(self, statement, *values):
        if self.db.main is None or self.db.main.closed:
            self.db.main = self.db.connect()
        cursor = self.db.main.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
        cursor.execute(statement, values or None)
        return [dict(r) for r in cursor.fetchall()]

    def line(self, number):
        rows = self.rows("select * from trunkd.number where phone_number = %s", number)
        return rows[0] if rows else None

    def story(self, *numbers):
        """For a failure's message."""
        lines = [str({k: (self.line(n) or {}).get(k) for k in ("phone_number", "status", "reason", "message", "settled")}) for n in numbers]
        rows = self.rows("select owner, kind, slot, account, known, open, external_id, attempts, refusal, message from trunkd.resource "
                         "where owner = any(%s) or known <> 'live' or open <> '' or attempts > 0", list(numbers))
        inbox = ["inbox: " + str(self.db.q("select object_type, key, ver from trunkd.dirty"))]
        return "\n".join(lines + inbox + [str(list(r.values())) for r in rows] + [self.daemon.tail(25)])

    def wait_line(self, number, condition, what, timeout=30):
        found = wait_for(lambda: f"{number} {what}\n{self.story(number)}",
                         lambda: (line := self.line(number)) and condition(line) and line, timeout)
        return found

    def wait_status(self, number, status, reason=None, timeout=30):
        return self.wait_line(number, lambda line: line["settled"] and line["status"] == status and reason in (None, line["reason"]),
                              f"{status} {reason or ''}", timeout)

    def wait_active(self, *numbers, timeout=30):
        return [self.wait_status(n, "active", "UpToDate", timeout) for n in numbers][-1]

    def wait_trunk(self, name):
        wait_for(lambda: f"trunk {name}\n{self.story()}", lambda: self.db.one("select settled from trunkd.trunk_state where name = %s", name))

    def gone(self, number):
        return self.db.one("select trunkd.gone(%s)", number)

    def wait_gone(self, *numbers, timeout=30):
        for n in numbers:
            wait_for(lambda n=n: f"{n} gone\n{self.story(n)}", lambda n=n: self.gone(n), timeout)

    def wait_quiet(self):
        """Nothing in the inbox, nothing open, everything recorded."""
        wait_for(lambda: "nothing to do\n" + self.story(), lambda: self.db.one(
            "select not exists (select from trunkd.dirty) and not exists (select from trunkd.resource where open <> '' or known <> 'live')"))

    def events(self, reason, object=None):
        return [r["message"] for r in self.rows("select message from trunkd.event where reason = %s and (%s::text is null or object = %s) "
                                                "order by id", reason, object, object)]

    def kinds(self, family="", owner=""):
        """The names in the kinds table, in the order of a set-up."""
        found = [k for k, in self.db.q("select name from trunkd.kind where name like %s and owner_type like %s order by set_up_order",
                                       family + "%", owner + "%")]
        assert found and all(k in LISTS for k in found)
        return found

    def ledger(self, owner=None, kind=None, account=None):
        return self.rows("select * from trunkd.resource where coalesce(%s, owner) = owner and coalesce(%s, kind) = kind "
                         "and coalesce(%s, account) = account order by owner, kind, slot", owner, kind, account)

    def id_of(self, number, kind):
        return self.ledger(number, kind)[0]["external_id"]

    # ---- what the providers hold

    def tenant(self, account):
        return simlib.API_KEY if account == PROJECT else self.accounts[account].sid

    def held(self):
        """{(kind, tenant, parent, id): object}; a phone number counts when it is on a trunk."""
        state, held = self.sim.state(), {}
        for kind, (name, parent) in LISTS.items():
            for tenant, lists in state[kind.split(".")[0]].items():
                for o in lists.get(name, []):
                    if name != "phone_numbers" or o["trunk_sid"]:
                        held[kind, tenant, parent and o[parent], object_id(o)] = o
        return held

    def agree(self, foreign=()):
        """The simulator holds what the ledger says, id by id, and nothing else but what is named by id."""
        self.wait_quiet()
        known = {(r["kind"], self.tenant(r["account"]), LISTS[r["kind"]][1] and r["parent_id"], r["external_id"]) for r in self.ledger()}
        held = {key for key in self.held() if key[3] not in foreign}
        assert held == known, f"only there: {held - known}; only in the ledger: {known - held}\n{self.story()}"
        return known

    def of_number(self, number):
        """Everything at LiveKit that is for one number, and the number at Twilio."""
        inbound = [o for o in self.sim.objects("inbound_trunks") if number in o["numbers"]]
        ids = {o["sip_trunk_id"] for o in inbound}
        return {"inbound": inbound, "outbound": [o for o in self.sim.objects("outbound_trunks") if number in o["numbers"]],
                "rules": [o for o in self.sim.objects("dispatch_rules") if ids & set(o["trunk_ids"])],
                "number": [o for o in self.sim.objects("phone_numbers") if o["phone_number"] == number]}

    def exactly_one(self, number, inbound=True, outbound=False):
        of = self.of_number(number)
        counts = {k: len(v) for k, v in of.items()}
        assert counts == {"inbound": int(inbound), "rules": int(inbound), "outbound": int(outbound), "number": 1}, (number, counts)

    def writes(self, since=0):
        return [e for e in self.sim.log(since) if not is_read(e)]

    def requests(self, since=0):
        """"POST /v1/Trunks", ids replaced by their prefix."""
        return [short(e) for e in self.sim.log(since)]


def short(entry):
    import re
    path = re.sub(r"\b([A-Z]{2})[0-9a-f]{32}\b", r"\1", entry["path"]).replace("/2010-04-01/Accounts/AC", "").replace("/twirp/livekit.SIP/", "")
    return f"{entry['method']} {path}"
