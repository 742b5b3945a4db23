"""LiveKit's SIP half as a program beside trunkd sees it.

    client = Client("http://127.0.0.1:7880", "APIkey", "secret")
    client.listed("dispatch_rules")
    client.call("SIP/CreateSIPParticipant", {...}, timeout=40)      # the answer, whatever it is
"""
import hashlib
import json
import re

import simlib

METHODS = {     # the simulator's name: list, create, update, its wrapper, delete and the name of the id there
    "inbound_trunks": ("ListSIPInboundTrunk", "CreateSIPInboundTrunk", "UpdateSIPInboundTrunk", "trunk", "DeleteSIPTrunk", "sip_trunk_id"),
    "outbound_trunks": ("ListSIPOutboundTrunk", "CreateSIPOutboundTrunk", "UpdateSIPOutboundTrunk", "trunk", "DeleteSIPTrunk", "sip_trunk_id"),
    "dispatch_rules": ("ListSIPDispatchRule", "CreateSIPDispatchRule", "UpdateSIPDispatchRule", "dispatch_rule", "DeleteSIPDispatchRule",
                       "sip_dispatch_rule_id"),
}


def mask(secret):
    """As the simulator shows it: by a hash, equal ones by equal hashes."""
    return "masked:" + hashlib.sha256(secret.encode()).hexdigest()[:8]


def masked(o):
    return {**o, "auth_password": mask(o["auth_password"])} if o.get("auth_password") else o


def masked_text(body):
    return re.sub(r'("auth_password"\s*:\s*")([^"]+)"', lambda found: found[1] + mask(found[2]) + '"', body)


class Client:
    def __init__(self, url, key, secret):
        self.url, self.key, self.secret = url, key, secret

    def call(self, method, body, timeout=30):
        token = simlib.livekit_token(self.key, self.secret, sip={"admin": True, "call": True},
                                     video={"roomCreate": True, "roomList": True, "roomAdmin": True, "room": body.get("room", "")})
        return simlib.http_call(self.url, "POST", "/twirp/livekit." + method, json.dumps(body).encode(),
                                {"Content-Type": "application/json", "Authorization": "Bearer " + token}, timeout=timeout)

    def ask(self, method, body):
        """Of the SIP service, which must do it."""
        answer = self.call("SIP/" + method, body)
        assert answer.status == 200, (method, body, answer)
        return answer.json()

    def listed(self, kind):
        return self.ask(METHODS[kind][0], {})["items"]

    def state(self):
        """As the simulator shows a project."""
        return {kind: [masked(o) for o in self.listed(kind)] for kind in METHODS}
