"""Starts trunkd-sim and speaks its control API and both providers' APIs, with nothing but the standard library.

    with Sim() as sim:
        sim.add_account(); sim.add_project(); sim.add_number("+15550100042")
        fault = sim.fault(provider="livekit", path="*/CreateSIPInboundTrunk", action="drop_after")
        ...
        assert sim.fired(fault) == 1
        assert sim.objects("inbound_trunks") == []

The program is looked for in TRUNKD_BUILDDIR (or TRUNKD_BUILD).
"""

import atexit
import base64
import hashlib
import hmac
import http.client
import json
import os
import subprocess
import time
import urllib.parse

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "sim-auth-token-0001"
API_KEY = "simkey"
API_SECRET = "sim-secret-sim-secret-sim-secret-01"
SIP_HOST = "demo.sip.sim.test"

KINDS = ("trunks", "origination_urls", "credential_lists", "credentials", "trunk_credential_lists", "phone_numbers",
         "ip_access_control_lists", "ip_addresses", "trunk_ip_access_control_lists", "connection_policies",
         "connection_policy_targets", "byoc_trunks", "recordings", "inbound_trunks", "outbound_trunks", "dispatch_rules")


def program():
    build = os.environ.get("TRUNKD_BUILDDIR") or os.environ.get("TRUNKD_BUILD") or "."
    return os.path.join(build, "trunkd-sim")


class Answer:
    """status 0: the connection was closed without an answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "<%s %s>" % (self.status, self.text[:300])


def http_call(base, method, path, body=None, headers=None, timeout=30):
    """One request on its own connection."""
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        return Answer(0, {}, b"")
    finally:
        connection.close()


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def livekit_token(key=API_KEY, secret=API_SECRET, sip=None, lifetime=6 * 3600, header=None, **claims):
    """A token as the SDKs make them; any claim can be replaced. It outlives a run of the suite: some are made when the tests are collected."""
    now = int(time.time())
    payload = {"iss": key, "nbf": now - 5, "exp": now + lifetime, "sip": {"admin": True} if sip is None else sip}
    payload.update(claims)
    parts = [_base64url(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode()), _base64url(json.dumps(payload).encode())]
    mac = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join(parts + [_base64url(mac)])


class Sim:
    """One running trunkd-sim. The standard account and project are ACCOUNT_SID and API_KEY."""

    def __init__(self, latency_ms=0, seed=1, config=None, arguments=(), start=True):
        self.arguments = ["--seed", str(seed), "--latency", str(latency_ms), *arguments]
        if config:
            self.arguments += ["--config", str(config)]
        self.process = None
        self.twilio_url = self.livekit_url = None
        if start:
            self.start()

    # ---- the process

    def start(self):
        self.process = subprocess.Popen([program(), *self.arguments], stdout=subprocess.PIPE, text=True)
        atexit.register(self._kill)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("trunkd-sim did not start: exit %s" % self.process.wait())
        ready = json.loads(line)
        self.twilio_url, self.livekit_url = ready["twilio"], ready["livekit"]
        return self

    def _kill(self):
        if self.process is not None:
            self.process.kill()

    def stop(self):
        """Ends the process and checks that it ended well (a sanitizer's complaint is an exit code)."""
        if self.process is None:
            return
        atexit.unregister(self._kill)
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self.process.stdout.close()
        self.process = None
        if code != 0:
            raise RuntimeError("trunkd-sim ended with %s" % code)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # ---- the control API

    def control(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        answer = http_call(self.twilio_url, method, "/_sim/" + path, data, {"Content-Type": "application/json"})
        if answer.status >= 300 or answer.status == 0:
            raise RuntimeError("%s /_sim/%s: %r" % (method, path, answer))
        return answer.json()

    def state(self, account=None):
        return self.control("GET", "state" + ("?account=" + account if account else ""))

    def objects(self, kind, account=None):
        """All objects of a kind, of one account or project or of all."""
        sides = self.state(account)
        return [o for side in sides.values() for tenant in side.values() for o in tenant.get(kind, [])]

    def counts(self):
        """{kind: how many}, phone numbers left out."""
        return {kind: len(self.objects(kind)) for kind in KINDS if kind != "phone_numbers"}

    def number(self, phone_number):
        return next(o for o in self.objects("phone_numbers") if o["phone_number"] == phone_number)

    def log(self, since=0, **match):
        """Entries of the request log; match: provider, method, path (glob), account, fault, committed, status."""
        import fnmatch
        entries = self.control("GET", "log?since=%d" % since)["entries"]
        path = match.pop("path", "*")
        return [e for e in entries if fnmatch.fnmatchcase(e["path"], path) and all(e[k] == v for k, v in match.items())]

    def last(self):
        """The log's newest number: a `since` for what comes."""
        return self.control("GET", "log?since=999999999")["last"]

    def clear_log(self):
        self.control("DELETE", "log")

    def fault(self, action, **rule):
        """provider, account, method, path (glob), body_contains, from_, count (0: for ever), status, code, message, ms, body,
        content_type, id. Returns the rule's id."""
        if "from_" in rule:
            rule["from"] = rule.pop("from_")
        return self.control("POST", "faults", dict(rule, action=action))["id"]

    def fired(self, fault):
        return self.control("GET", "faults/" + fault)["fired"]

    def wait_fired(self, fault, count=1, timeout=20):
        end = time.monotonic() + timeout
        while self.fired(fault) < count:
            if time.monotonic() > end:
                raise TimeoutError("fault %s fired %d times, not %d" % (fault, self.fired(fault), count))
            time.sleep(0.01)

    def remove_fault(self, fault=None):
        self.control("DELETE", "faults" + ("/" + fault if fault else ""))

    def release(self, fault):
        return self.control("POST", "release/" + fault)["released"]

    def config(self, **settings):
        return self.control("POST", "config", settings)

    def reset(self):
        self.control("POST", "reset")

    def load(self, world):
        self.control("POST", "load", world)

    def add_account(self, sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, **more):
        return self.control("POST", "accounts", dict(more, sid=sid, auth_token=auth_token))

    def change_account(self, sid=ACCOUNT_SID, **changes):
        return self.control("POST", "accounts/" + sid, changes)

    def add_project(self, api_key=API_KEY, api_secret=API_SECRET, sip_host=SIP_HOST, **more):
        return self.control("POST", "projects", dict(more, api_key=api_key, api_secret=api_secret, sip_host=sip_host))

    def change_project(self, api_key=API_KEY, **changes):
        return self.control("POST", "projects/" + api_key, changes)

    def add_number(self, phone_number, account_sid=ACCOUNT_SID, **fields):
        return self.control("POST", "numbers", dict(fields, phone_number=phone_number, account_sid=account_sid))["phone_numbers"][0]["sid"]

    def add_numbers(self, first, count, account_sid=ACCOUNT_SID, **fields):
        made = self.control("POST", "numbers", dict(fields, phone_number=first, count=count, account_sid=account_sid))
        return [n["phone_number"] for n in made["phone_numbers"]]

    def add_object(self, account, kind, body, **more):
        """An object nobody asked the provider for: foreign, or a duplicate. more: id, parent, password."""
        return self.control("POST", "objects", dict(more, account=account, kind=kind, body=body))

    def change_object(self, account, kind, id, **fields):
        return self.control("POST", "objects/%s/%s/%s" % (account, kind, id), fields)

    def remove_object(self, account, kind, id):
        self.control("DELETE", "objects/%s/%s/%s" % (account, kind, id))

    def digest(self, **fields):
        return self.control("POST", "digest", fields)

    def call(self, to, **more):
        return self.control("POST", "call", dict(more, to=to))

    # ---- the providers' APIs, as a client would use them

    def twilio(self, method, path, form=None, user=ACCOUNT_SID, password=AUTH_TOKEN, timeout=30):
        basic = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
        headers = {"Authorization": "Basic " + basic}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return http_call(self.twilio_url, method, path, body, headers, timeout)

    def account_path(self, rest, sid=ACCOUNT_SID):
        return "/2010-04-01/Accounts/%s/%s" % (sid, rest)

    def livekit(self, method, body, token=None, timeout=30, **headers):
        headers = dict({"Content-Type": "application/json"}, **{k.replace("_", "-"): v for k, v in headers.items()})
        if token != "":
            headers["Authorization"] = "Bearer " + (token or livekit_token())
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return http_call(self.livekit_url, "POST", "/twirp/livekit.SIP/" + method, data, headers, timeout)
