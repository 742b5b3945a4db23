"""A server with TLS that offers HTTP/2 and HTTP/1.1, and what goes wrong there: h2_server.py CERTIFICATE KEY PROTOCOL...

Prints "ACCEPT 127.0.0.1:PORT", then a line per request it has read to its end: "h2 POST /goaway 2". PROTOCOL: what it offers.
The path says what becomes of the request; over HTTP/1.1 everything but /ok is a connection that closes.

    /ok       200               /close    the connection closes without an answer
    /goaway   GOAWAY that says the request was not looked at, then closes     /refuse   RST_STREAM that says the same
    /late     GOAWAY that says it was looked at, then closes                  /reset    RST_STREAM: internal error
"""
import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events

OK = b"{}"


def say(*words):
    print(*words, flush=True)


def serve_h1(connection):
    stream = connection.makefile("rb")
    while line := stream.readline().decode():
        method, path, _ = line.split()
        length = 0
        while (header := stream.readline().decode().strip()):
            name, _, value = header.partition(":")
            length = int(value) if name.lower() == "content-length" else length
        say("1.1", method, path, len(stream.read(length)))
        if path != "/ok":
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n" + OK)


def fate(http2, stream, path):
    """What is sent for it; False: the connection ends."""
    if path == "/ok":
        http2.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        http2.send_data(stream, OK, end_stream=True)
    elif path == "/goaway":
        http2.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=stream - 1)
    elif path == "/late":
        http2.close_connection(h2.errors.ErrorCodes.NO_ERROR, last_stream_id=stream)
    elif path == "/refuse":
        http2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
    elif path == "/reset":
        http2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
    return path in ("/ok", "/refuse", "/reset")


def serve_h2(connection):
    http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    http2.initiate_connection()
    connection.sendall(http2.data_to_send())
    open_streams = {}
    while data := connection.recv(65536):
        goes_on = True
        for event in http2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = {k.decode() if isinstance(k, bytes) else k: v.decode() if isinstance(v, bytes) else v for k, v in event.headers}
                open_streams[event.stream_id] = [headers[":method"], headers[":path"], 0]
            elif isinstance(event, h2.events.DataReceived):
                open_streams[event.stream_id][2] += len(event.data)
                http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                method, path, length = open_streams.pop(event.stream_id)
                say("h2", method, path, length)
                goes_on = fate(http2, event.stream_id, path) and goes_on
        connection.sendall(http2.data_to_send())
        if not goes_on:
            return


def serve(raw, context):
    try:
        with context.wrap_socket(raw, server_side=True) as connection:
            (serve_h2 if connection.selected_alpn_protocol() == "h2" else serve_h1)(connection)
    except OSError:
        pass                    # the client has gone, or refused us


def main(certificate, key, *protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(list(protocols))
    listener = socket.create_server(("127.0.0.1", 0))
    say("ACCEPT 127.0.0.1:%d" % listener.getsockname()[1])
    while True:
        raw, _ = listener.accept()
        threading.Thread(target=serve, args=(raw, context), daemon=True).start()


main(*sys.argv[1:])
