"""Twilio's termination as a SIP server: whoever calls is asked for digest authentication (401), and the simulated Twilio says at that moment
whether a credential of the trunk's list fits and the caller id may be shown. Calls are answered without media; whoever hangs up ends them.

    with Carrier(sim, domain) as carrier:       # at carrier.address, UDP
        ...
    carrier.calls                               # [{"user", "from", "accepted", "why"}], one for each INVITE with an Authorization
"""
import re
import socket
import threading
import uuid

REALM = "sip.twilio.com"
SDP = "v=0\r\no=twilio 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n" \
      "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"


def headers_of(message):
    """{name in small letters: [values]}; compact forms as they are."""
    headers = {}
    for line in message.split("\r\n\r\n")[0].split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return headers


class Carrier:
    def __init__(self, sim, domain=None):
        self.sim, self.domain, self.calls = sim, domain, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)     # where nobody listens to what is said
        self.media.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.answered, self.done = {}, threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.socket.close()
        self.media.close()

    def serve(self):
        while not self.done.is_set():
            try:
                data, peer = self.socket.recvfrom(65535)
            except socket.timeout:
                continue
            message = data.decode()
            method = message.split(" ", 1)[0]
            if method != "ACK":
                self.socket.sendto(self.answer(method, message).encode(), peer)

    def answer(self, method, message):
        headers = headers_of(message)
        known = self.answered.get((headers["call-id"][0], headers["cseq"][0]))      # sent again: the same answer
        if known is None:
            known = self.invited(message, headers) if method == "INVITE" else self.reply(headers, "200 OK")
            self.answered[headers["call-id"][0], headers["cseq"][0]] = known
        return known

    def reply(self, headers, status, *more, body=""):
        to = headers["to"][0] + ("" if ";tag=" in headers["to"][0] else ";tag=" + uuid.uuid4().hex)
        lines = ["SIP/2.0 " + status, *("Via: " + via for via in headers["via"]), *("Record-Route: " + r for r in headers.get("record-route", [])),
                 "From: " + headers["from"][0], "To: " + to, "Call-ID: " + headers["call-id"][0], "CSeq: " + headers["cseq"][0],
                 *more, "Content-Length: %d" % len(body)]
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def invited(self, message, headers):
        given = headers.get("authorization") or headers.get("proxy-authorization")
        if not given:
            return self.reply(headers, "401 Unauthorized", f'WWW-Authenticate: Digest realm="{REALM}", nonce="{uuid.uuid4().hex}", algorithm=MD5')
        digest = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', given[0])}
        caller = re.search(r"<sips?:([^@>]+)@", headers["from"][0]).group(1)
        known = {name: digest[name] for name in ("username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce") if name in digest}
        said = self.sim.digest(domain=self.domain, method="INVITE", **{"from": caller}, **known)
        self.calls.append({"user": digest["username"], "from": caller, "accepted": said["accepted"], "why": said.get("why")})
        if not said["accepted"]:
            return self.reply(headers, "403 Forbidden")
        return self.reply(headers, "200 OK", f"Contact: <sip:{self.address};transport=udp>", "Content-Type: application/sdp",
                          body=SDP.format(port=self.media.getsockname()[1]))
