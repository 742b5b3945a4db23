"""An HTTP proxy between trunkd and one LiveKit server: it keeps a log and obeys fault rules, both as trunkd-sim's (src/simd/README).

    proxy = Proxy("127.0.0.1", 7880, account="APIkey")
    fault = proxy.add({"path": "*/CreateSIPInboundTrunk", "action": "drop_after"})
    ... proxy.url ...
    assert proxy.rules[fault].fired == 1

Actions: status, status_after, drop_before, drop_after, garbage, late_commit, hang, hold_before, hold_after, delay, delay_after.
"""
import fnmatch
import http.client
import http.server
import json
import select
import socket
import threading
import time

from clientlib import masked_text

CONDITIONS = {"provider", "account", "method", "path", "body_contains", "from", "count", "action", "status", "code", "message", "ms",
              "body", "content_type"}
ACTIONS = {"status", "status_after", "drop_before", "drop_after", "garbage", "late_commit", "hang", "hold_before", "hold_after",
           "delay", "delay_after"}
WORDS = {400: "invalid_argument", 401: "unauthenticated", 403: "permission_denied", 404: "not_found", 429: "resource_exhausted",
         500: "internal", 503: "unavailable"}


class Rule:
    def __init__(self, id, fields):
        assert set(fields) <= CONDITIONS and fields["action"] in ACTIONS, fields
        self.id, self.fields, self.matched, self.fired, self.held = id, fields, 0, 0, 0
        self.released = threading.Event()

    def matches(self, account, method, path, body):
        f = self.fields
        return (f.get("provider", "livekit") == "livekit" and f.get("account", account) == account and f.get("method", method) == method
                and fnmatch.fnmatchcase(path, f.get("path", "*")) and f.get("body_contains", "") in body)

    def take(self):
        """Counts a match; true when it is one to spoil."""
        self.matched += 1
        first, count = self.fields.get("from", 1), self.fields.get("count", 1)
        if self.matched < first or (count and self.matched >= first + count):
            return False
        self.fired += 1
        return True

    def error(self):
        status = self.fields.get("status", 500)
        text = self.fields.get("body")
        if text is None:
            text = json.dumps({"code": self.fields.get("code") or WORDS.get(status, "unknown"), "msg": self.fields.get("message", "made to fail")})
        return status, [("Content-Type", self.fields.get("content_type", "application/json"))], text.encode()


class Proxy:
    def __init__(self, host, port, account):
        self.upstream, self.account = (host, port), account
        self.lock = threading.Lock()
        self.rules, self.entries, self.seq, self.in_flight = {}, [], 0, 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except (ConnectionError, TimeoutError):
                    self.close_connection = True

            def do_POST(self):
                proxy.serve(self)

            do_GET = do_DELETE = do_PUT = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass            # the client went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.reset()
        self.server.shutdown()
        self.server.server_close()

    def reset(self):
        with self.lock:
            for rule in self.rules.values():
                rule.released.set()
            self.rules, self.entries = {}, []

    # ---- rules

    def add(self, fields):
        with self.lock:
            self.seq += 1
            rule = Rule("livekit-%d" % self.seq, fields)
            self.rules[rule.id] = rule
            return rule.id

    def remove(self, id):
        with self.lock:
            self.rules.pop(id).released.set()

    def release(self, id):
        with self.lock:
            rule = self.rules[id]
            rule.released.set()
            rule.released = threading.Event()
            return rule.held

    # ---- a request

    def serve(self, client):
        body = client.rfile.read(int(client.headers.get("Content-Length") or 0))
        with self.lock:
            spoiler = None
            for rule in self.rules.values():
                if rule.matches(self.account, client.command, client.path, body.decode("utf-8", "replace")) and not spoiler and rule.take():
                    spoiler = rule
            self.seq += 1
            self.in_flight += 1
            entry = {"seq": self.seq, "time_ms": int(time.time() * 1000), "answered_ms": None, "provider": "livekit", "account": self.account,
                     "method": client.command, "path": client.path, "query": "", "body": masked_text(body.decode("utf-8", "replace")), "status": None,
                     "closed": False, "committed": False, "fault": spoiler.id if spoiler else None, "in_flight": self.in_flight}
            self.entries.append(entry)
        try:
            answer = self.spoil(spoiler, client, body, entry) if spoiler else self.forward(client, body, entry)
            if answer:
                self.answer(client, answer, entry)
            else:
                self.hang_up(client, entry)
        finally:
            with self.lock:
                self.in_flight -= 1

    def spoil(self, rule, client, body, entry):
        """The answer, or None for none."""
        action, seconds = rule.fields["action"], rule.fields.get("ms", 1000) / 1000
        if action == "status":
            return rule.error()
        if action == "drop_before":
            return None
        if action == "hang":
            self.wait(rule, client)
            return None
        if action == "late_commit":
            if "status" in rule.fields:
                self.answer(client, rule.error(), entry)
            self.hang_up(client, entry)
            time.sleep(seconds)
            self.forward(client, body, entry)
            return None
        if action == "hold_before":
            self.wait(rule)
        if action == "delay":
            time.sleep(seconds)
        answer = self.forward(client, body, entry)
        if action == "hold_after":
            self.wait(rule)
        if action == "delay_after":
            time.sleep(seconds)
        if action == "status_after":
            return rule.error()
        if action == "garbage":
            return 200, [("Content-Type", "application/json")], b'{"garbage'
        return None if action == "drop_after" else answer

    def wait(self, rule, client=None):
        """Until it is released, or the client goes."""
        released = rule.released
        rule.held += 1
        while not released.wait(0.02):
            if client and select.select([client.connection], [], [], 0)[0] and not client.connection.recv(1, socket.MSG_PEEK):
                break
        rule.held -= 1

    def forward(self, client, body, entry):
        upstream = http.client.HTTPConnection(*self.upstream, timeout=30)
        try:
            headers = {k: v for k, v in client.headers.items() if k.lower() not in ("connection", "expect", "content-length")}
            upstream.request(client.command, client.path, body=body, headers=headers)
            response = upstream.getresponse()
            text = response.read()
            entry["committed"] = response.status == 200 and "/List" not in client.path
            return response.status, [(k, v) for k, v in response.getheaders() if k.lower() == "content-type"], text
        except OSError:
            return None         # the server is not there
        finally:
            upstream.close()

    def answer(self, client, answer, entry):
        status, headers, text = answer
        entry["status"], entry["answered_ms"] = status, int(time.time() * 1000)
        client.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(text)))]:
            client.send_header(name, value)
        client.end_headers()
        client.wfile.write(text)

    def hang_up(self, client, entry):
        entry["closed"] = entry["status"] is None
        client.close_connection = True
        try:
            client.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
