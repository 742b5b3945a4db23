"""Prism as a validating proxy between a client and the simulator, one process for each of Twilio's documents.

    client -> front -> Prism of the document that the path belongs to -> back -> simulator

A simulator's front is the one base URL for all of Twilio's hosts and keeps what Prism found. It says in headers of its own whose request
it is, so that one set of processes serves many simulators at once: the back sends it there, with the front's name in Host, so that links
to next pages lead through here again.
"""
import contextlib
import fnmatch
import http.client
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
# A path belongs to the first document whose prefix it begins with.
DOCUMENTS = (("/2010-04-01/", "twilio_api_v2010"), ("/v1/Trunks", "twilio_trunking_v1"), ("/v1/", "twilio_voice_v1"))
UPSTREAM, FRONT = "X-Upstream", "X-Front"
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "te", "trailers", "upgrade"}


class Gone(Exception):
    """The next one ended without an answer: so does this one."""


class Relay(http.server.ThreadingHTTPServer):
    """forward(method, path, headers, body) gives (status, headers, body), or raises Gone."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, forward):
        super().__init__(("127.0.0.1", 0), Handler)
        self.forward = forward
        self.url = "http://127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass                    # a client that has gone

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def relay(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:              # its client thought better of it
            self.close_connection = True
            return
        try:
            status, headers, reply = self.server.forward(self.command, self.path, dict(self.headers), body)
        except Gone:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        if status != 204:
            self.wfile.write(reply)

    do_GET = do_POST = do_DELETE = do_PUT = relay


def exchange(base, method, path, headers, body, host=None):
    url = urllib.parse.urlsplit(base)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    kept = {k: v for k, v in headers.items() if k.lower() not in HOP}
    if host:
        kept["Host"] = host
    try:
        connection.request(method, path, body=body or None, headers=kept)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    except (http.client.HTTPException, OSError):
        raise Gone from None
    finally:
        connection.close()


def milliseconds(duration):
    number, unit = re.fullmatch(r"(\d+)(ms|s)", duration).groups()
    return int(number) * {"ms": 1, "s": 1000}[unit]


def document_of(path):
    return next((document for prefix, document in DOCUMENTS if path.startswith(prefix)), None)


class Prism:
    def __init__(self, modules, folder):
        self.found, self.asked, self.exceptions = [], [], Exceptions()
        self.back = Relay(self.to_simulator)
        self.processes, self.bases, self.fronts = {}, {}, {}
        for _, document in DOCUMENTS:
            log = folder / f"{document}.log"
            command = ["node", str(modules / "@stoplight/prism-cli/dist/index.js"), "proxy", str(HERE / "openapi" / f"{document}.json"), self.back.url,
                       "--port", "0", "--host", "127.0.0.1"]
            with open(log, "wb") as out:
                self.processes[document] = (subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                                             env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}), log)

    def wait_ready(self, wait_for):
        for document, (process, log) in self.processes.items():
            wait_for(lambda log=log: f"Prism listens: {log.read_text()}",
                     lambda process=process, log=log: process.poll() is not None or "is listening on" in log.read_text(), 60)
            ready = re.search(r"is listening on (http://[0-9.:]+)", log.read_text())
            assert ready, log.read_text()
            self.bases[document] = ready[1]

    def front(self, upstream):
        """Its base URL."""
        if upstream not in self.fronts:
            self.fronts[upstream] = Relay(lambda *request: self.to_prism(upstream, *request))
        return self.fronts[upstream].url

    def to_simulator(self, method, path, headers, body):
        names = {name.lower(): value for name, value in headers.items()}
        return exchange(names[UPSTREAM.lower()], method, path, headers, body, host=names[FRONT.lower()])

    def to_prism(self, upstream, method, path, headers, body):
        document = document_of(path)
        if not document:
            self.found.append(Finding(method, path, 0, {"location": ["request"], "severity": "Error", "message": "in no document"}))
            return exchange(upstream, method, path, headers, body)
        self.asked.append((method, path))
        whose = {UPSTREAM: upstream, FRONT: self.front(upstream).partition("//")[2]}
        status, answer, reply = exchange(self.bases[document], method, path, {**headers, **whose}, body)
        if status == 500 and b'"type":"FetchError"' in reply:
            raise Gone
        names = {name.lower(): value for name, value in answer.items()}
        told = names.get("sl-violations")
        if told and not told.startswith("["):
            self.found.append(Finding(method, path, status, {"location": ["response"], "severity": "Error", "message": told[:200]}))
        elif told:
            self.found += [Finding(method, path, status, violation) for violation in json.loads(told)]
        if names.get("content-type", "").startswith("application/problem+json") and b"stoplight.io/prism" in reply:
            self.found.append(Finding(method, path, status, {"location": ["request"], "severity": "Error", "message": reply.decode()}))
        return status, {k: v for k, v in answer.items() if k.lower() not in ("sl-violations",)}, reply

    @contextlib.contextmanager
    def watched(self):
        """What Prism finds meanwhile must be among the exceptions."""
        self.found.clear()
        self.asked.clear()
        yield
        wrong = sorted({str(f) for f in self.found if not self.exceptions.cover(f)})
        assert not wrong, "\n".join(wrong)

    @contextlib.contextmanager
    def between(prism, worldlib, monkeypatch, patient):
        """Every world that is made meanwhile has its Twilio behind Prism, and longer times, because Prism is slow."""
        class Routed(worldlib.World):
            def __init__(self, db, folder, timing=None, **options):
                timing = {**patient, **(timing or {})}
                timing.update({name: max(timing[name], value, key=milliseconds) for name, value in patient.items()})
                super().__init__(db, folder, timing=timing, **options)

            def new_daemon(self, *arguments, **options):
                front = prism.front(self.sim.twilio_url)
                if front not in self.urls:
                    self.urls.append(front)
                return super().new_daemon(*arguments, **options)

            def account(self, name="main", **columns):
                return super().account(name, **{"base_url": prism.front(self.sim.twilio_url), **columns})

            def close(self):
                try:
                    super().close()
                finally:
                    prism.close_front(self.sim.twilio_url)

        monkeypatch.setattr(worldlib, "World", Routed)
        with prism.watched():
            yield

    def close(self):
        for process, _ in self.processes.values():
            process.terminate()
        for process, _ in self.processes.values():
            process.wait(20)
        for upstream in list(self.fronts):
            self.close_front(upstream)
        self.back.close()

    def close_front(self, upstream):
        relay = self.fronts.pop(upstream, None)
        if relay:
            relay.close()


class Exceptions:
    def __init__(self):
        lines = (HERE / "prism-exceptions").read_text().splitlines()
        self.used = {line: 0 for line in lines if line and not line.startswith("#")}

    def cover(self, finding):
        for pattern in self.used:
            if fnmatch.fnmatchcase(str(finding), pattern):
                self.used[pattern] += 1
                return True
        return False

    def unused(self):
        return [pattern for pattern, count in self.used.items() if not count]


class Finding:
    """What Prism found in one request or answer."""

    def __init__(self, method, path, status, violation):
        self.method, self.path, self.status = method, urllib.parse.urlsplit(path).path, status
        self.side, *where = violation["location"]
        self.where, self.message = "/".join(map(str, where)), violation["message"]

    def __str__(self):
        path = re.sub(r"\b([A-Z]{2})[0-9a-f]{32}\b", r"\1", self.path)
        return f"{self.side} {self.method} {path} {self.status} {self.where}: {self.message}"
