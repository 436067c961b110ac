"""What the module talks to on loopback: web servers, plain sockets, programs."""

from __future__ import annotations

import contextlib
import http.server
import socket
import struct
import threading
import time

#: How long a socket operation of a peer may take, in seconds.
DEADLINE = 15.0

LOOPBACK = "127.0.0.1"


def listener(*, receive_buffer: int | None = None) -> socket.socket:
    """A listening TCP socket on a free port of loopback."""
    server = socket.socket()
    if receive_buffer is not None:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    server.bind((LOOPBACK, 0))
    server.listen(8)
    server.settimeout(DEADLINE)
    return server


def accept(server: socket.socket) -> socket.socket:
    """The next connection to a listener, with a deadline on everything that is done with it."""
    connection, _ = server.accept()
    connection.settimeout(DEADLINE)
    return connection


def port_of(endpoint: socket.socket) -> int:
    """The local port of a socket."""
    return endpoint.getsockname()[1]


def datagram_socket() -> socket.socket:
    """A UDP socket on a free port of loopback."""
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind((LOOPBACK, 0))
    endpoint.settimeout(DEADLINE)
    return endpoint


def free_port(kind=socket.SOCK_STREAM) -> int:
    """A port that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((LOOPBACK, 0))
        return port_of(probe)


def receive_exactly(connection: socket.socket, count: int) -> bytes:
    """`count` bytes of a stream, or less if it ends before."""
    collected = bytearray()
    while len(collected) < count:
        part = connection.recv(count - len(collected))
        if not part:
            break
        collected += part
    return bytes(collected)


def reset(connection: socket.socket):
    """Closes a connection with an RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def wait_until(condition, what: str, *, timeout=DEADLINE):
    """Polls a condition until it holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.005)


def udp_port_is_bound(port: int) -> bool:
    """Whether a UDP socket of this machine is bound to the port."""
    with open("/proc/net/udp", encoding="ascii") as table:
        return any(line.split()[1].endswith(f":{port:04X}") for line in list(table)[1:])


@contextlib.contextmanager
def in_background(action, *arguments):
    """Runs an action on a thread while the block runs, then waits for it and passes its error on."""
    errors = []

    def body():
        try:
            action(*arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            errors.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    yield thread
    thread.join(DEADLINE)
    assert not thread.is_alive(), "the background action did not end"
    if errors:
        raise errors[0]


@contextlib.contextmanager
def web_server(content: bytes):
    """Python's http.server with one page, on a free port, which is what the block gets."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Says nothing."""

    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(DEADLINE)
