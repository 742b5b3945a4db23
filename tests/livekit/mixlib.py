"""The simulator's Twilio and the real LiveKit as one: what a test asks simlib.Sim is asked of both, so that the same tests run on it.

    sim = Mixed(servers)            # simlib.Sim's words; `servers` as of serverlib
    sim.fault("drop_after", path="*/CreateSIPInboundTrunk")     # at the proxy in front of LiveKit
    sim.objects("dispatch_rules")                               # as the real server lists them
"""
import fnmatch

import simlib
from clientlib import METHODS


class Mixed(simlib.Sim):
    def __init__(self, servers, latency_ms=0, seed=1, **more):
        self.stacks = {stack.key: stack for stack in servers.stacks}
        self.first = servers[0]
        servers.forget()
        super().__init__(latency_ms=latency_ms, seed=seed, **more)

    def start(self):
        super().start()
        self.twilio_only_url, self.livekit_url = self.livekit_url, self.first.proxy.url
        return self

    def stop(self):
        super().stop()
        for stack in self.stacks.values():
            stack.proxy.reset()

    def listed(self, stack, kind):
        """Without the proxy, as somebody else's program reaches it."""
        return stack.client.listed(kind)

    # ---- the words of simlib.Sim

    def state(self, account=None):
        state = super().state(account if account not in self.stacks else None)
        if account is None:
            state["livekit"] = {}
        for key, stack in self.stacks.items():
            if account in (None, key):
                state["livekit"][key] = stack.client.state()
        return state if account not in self.stacks else {"twilio": {}, "livekit": {account: state["livekit"][account]}}

    def last(self):
        return super().last(), {key: stack.proxy.seq for key, stack in self.stacks.items()}

    def log(self, since=0, **match):
        at, marks = since or (0, {})
        wanted = dict(match)
        entries = [] if wanted.get("provider") == "livekit" else super().log(at, **match)
        glob = wanted.pop("path", "*")
        for key, stack in self.stacks.items():
            entries += [dict(e) for e in list(stack.proxy.entries) if e["seq"] > marks.get(key, 0)
                        and fnmatch.fnmatchcase(e["path"], glob) and all(e[k] == v for k, v in wanted.items())]
        return sorted(entries, key=lambda e: e["time_ms"])

    def clear_log(self):
        super().clear_log()
        for stack in self.stacks.values():
            stack.proxy.entries = []

    def fault(self, action, **rule):
        if "twirp" not in rule.get("path", "") and rule.get("provider") != "livekit" and "SIP" not in rule.get("path", "").split("/")[-1]:
            return super().fault(action, **rule)
        if "from_" in rule:
            rule["from"] = rule.pop("from_")
        return self.stacks[rule.get("account", self.first.key)].proxy.add(dict(rule, action=action))

    def spoiler(self, fault):
        return next(((stack.proxy, stack.proxy.rules[fault]) for stack in self.stacks.values() if fault in stack.proxy.rules), (None, None))

    def fired(self, fault):
        rule = self.spoiler(fault)[1]
        return rule.fired if rule else super().fired(fault)

    def remove_fault(self, fault=None):
        for stack in self.stacks.values():
            for id in list(stack.proxy.rules):
                if fault in (None, id):
                    stack.proxy.remove(id)
                    if fault:
                        return
        super().remove_fault(fault)

    def release(self, fault):
        proxy = self.spoiler(fault)[0]
        return proxy.release(fault) if proxy else super().release(fault)

    def config(self, **settings):
        assert not any(name.startswith("livekit_") for name in settings), "the real server has no switches"
        return super().config(**settings)

    def add_object(self, account, kind, body, **more):
        if account not in self.stacks:
            return super().add_object(account, kind, body, **more)
        return self.stacks[account].client.ask(METHODS[kind][1], {METHODS[kind][3]: body})

    def change_object(self, account, kind, id, **fields):
        if account not in self.stacks:
            return super().change_object(account, kind, id, **fields)
        _, _, update, wrapper, _, key = METHODS[kind]
        now = next(o for o in self.listed(self.stacks[account], kind) if o[key] == id)
        return self.stacks[account].client.ask(update, {key: id, "replace": {**now, **fields}})

    def remove_object(self, account, kind, id):
        if account not in self.stacks:
            return super().remove_object(account, kind, id)
        return self.stacks[account].client.ask(METHODS[kind][4], {METHODS[kind][5]: id})

    def call(self, to, **more):
        """The simulator weighs the rules that the real server holds. What the real server makes of them is shown by real calls."""
        for key, stack in self.stacks.items():
            old = super().state(key)["livekit"].get(key, {})
            for kind, how in METHODS.items():
                for o in old.get(kind, []):
                    super().remove_object(key, kind, o[how[5]])
                for o in self.listed(stack, kind):
                    super().add_object(key, kind, o, id=o[how[5]])
        return super().call(to, **more)
