"""The status page: what stands at /state, and the page that shows it in a browser. It only shows, and to nobody's name but an address."""
import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest

from daemonlib import wait_for
from test_metrics import Figures, figures              # noqa: F401  a fixture
from worldlib import phone

A, B = phone(1), phone(2)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def state(figures, after=None):
    status, headers, text = figures.ask("/state" + (f"/{after}" if after else ""))
    assert (status, headers["Content-Type"]) == (200, "application/json")
    return json.loads(text)


def standing(figures, number):
    return next((n for n in state(figures)["numbers"] if n["number"] == number), None)


def test_the_state_is_that_of_the_database(world, figures):
    for number in (A, B):
        world.own(number)
    world.number(A, outbound=True)
    world.number(B, agent=None)
    world.daemon.start()
    world.wait_active(A)
    world.wait_status(B, "pending", "NoAgent")
    wait_for("both", lambda: [n["status"] for n in state(figures)["numbers"]] == ["active", "pending"])
    shown = state(figures)
    a, b = shown["numbers"]
    assert (a["number"], a["reason"], a["agent"], a["account"], a["project"]) == (A, "UpToDate", "support", "main", "lk")
    assert (b["number"], b["reason"], b["agent"]) == (B, "NoAgent", "")
    line = world.line(A)
    ids = {o["kind"]: o["id"] for o in a["objects"]}
    assert ids["livekit.outbound_trunk"] == line["livekit_outbound_trunk_id"] and ids["twilio.trunk"].startswith("TK")
    assert {o["known"] for o in a["objects"]} == {"live"} and {o["open"] for o in a["objects"]} == {""}
    main = next(account for account in shown["accounts"] if account["account"] == "main")
    assert (main["provider"], main["window"], main["condition"]) == ("twilio", 4, "")
    assert shown["lease"] is True and shown["next"] is None
    assert any(event["event"] == "LEASE_TAKEN" and event["object"] == "lease" for event in shown["events"])
    world.delete(A)
    world.wait_gone(A)
    wait_for("its end", lambda: standing(figures, A) is None)


def test_many_numbers_are_shown_page_by_page(world, figures):
    numbers = [phone(1000 + n) for n in range(230)]
    world.db.q("insert into trunkd.phone_number (phone_number, provider, livekit_project, supports_inbound) "
               "select '+1555' || lpad((1000 + n)::text, 7, '0'), 'sip', 'lk', true from generate_series(0, 229) n")
    world.daemon.start()
    wait_for("all of them", lambda: sum(figures.values()["trunkd_numbers"].values()) == len(numbers), timeout=60)
    seen, after = [], None
    while True:
        page = state(figures, after)
        assert 0 < len(page["numbers"]) <= 100
        seen += [n["number"] for n in page["numbers"]]
        if page["next"] is None:
            break
        assert page["next"] == seen[-1]
        after = page["next"]
    assert seen == numbers
    assert state(figures, "+9")["numbers"] == []


def test_it_is_shown_by_address_only_and_takes_no_script_from_elsewhere(world, figures):
    world.daemon.start()
    for host, expected in [("127.0.0.1:9469", 200), ("localhost:1", 200), ("[::1]:9469", 200),
                           ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("x" * 300, 403), ("", 403)]:
        with figures.connect() as s:
            s.sendall(f"GET /state HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            assert s.recv(100).split()[1] == str(expected).encode(), host
    for path, kind in [("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript")]:
        status, headers, text = figures.ask(path)
        policy = headers["Content-Security-Policy"]
        assert status == 200 and headers["Content-Type"].startswith(kind)
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';") and "unsafe" not in policy
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) and "innerHTML" not in text and " style=" not in text


class Counting(http.server.BaseHTTPRequestHandler):
    """Hands the browser's questions on to the daemon, and keeps their paths."""

    def do_GET(self):
        self.server.paths.append(self.path)
        status, headers, text = self.server.figures.ask(self.path)
        self.send_response(status)
        for name in ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options"):
            self.send_header(name, headers[name])
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
def test_a_browser_draws_it_and_asks_again(world, figures, tmp_path):
    for number in (A, B):
        world.own(number)
        world.number(number, outbound=number == A)
    world.daemon.start()
    world.wait_active(A, B)
    wait_for("the state", lambda: [n["status"] for n in state(figures)["numbers"]] == ["active", "active"])
    wait_for("its own words", lambda: "working: 2 active" in str(state(figures)))      # told once a second
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    server.figures, server.paths = figures, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                               f"--user-data-dir={tmp_path}/browser", "--enable-logging=stderr", "--virtual-time-budget=12000",
                               "--dump-dom", f"http://127.0.0.1:{server.server_port}/"],
                              capture_output=True, text=True, timeout=120)
    finally:
        server.shutdown()
        server.server_close()
    page = done.stdout
    assert "CONSOLE" not in done.stderr, [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert A in page and 'class="active"' in page and "working: 2 active" in page
    boxes = re.findall(r"<text[^>]*>([^<]+)</text>", page)
    assert boxes[:7] == ["main", "trunk phone number", "trunk", "origination url", "inbound trunk", "dispatch rule", "support"]
    assert boxes[7:10] == ["support", "outbound trunk", "credential"] and boxes[12:14] == ["trunk", "main"]
    assert boxes[14:] == boxes[:7]              # the other number has no outbound calls
    assert page.count('<rect ') == len(boxes) and '<rect x="142" y="2" width="128" height="22" rx="4" class="live"' in page
    assert 'id="stale" hidden' in page and "took it, epoch" in page
    assert server.paths.count("/state") >= 2, server.paths
    assert set(server.paths) <= {"/", "/page.css", "/page.js", "/state", "/favicon.ico"}
