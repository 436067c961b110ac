"""vesp update-server: the server of AT+CIUPDATE, asked by Python's client and by raw sockets."""

import contextlib
import errno
import http.client
import http.server
import json
import random
import re
import signal
import socket
import subprocess
import threading

import program
from peers import DEADLINE, LOOPBACK, listener, port_of

import pytest

VERSION = "/v1/device/rom/?is_format_simple=true"
DOWNLOAD = "/v1/device/rom/?action=download_rom&version={}&filename={}"
#: What a half of the flash can hold.
LIMIT = 0x3B000


class Server:
    """A running `vesp update-server`."""

    def __init__(self, directory, *arguments):
        command = [str(program.PATH), "update-server", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.line = self.process.stdout.readline().decode()
        match = re.fullmatch(r"update-server: 127\.0\.0\.1:(\d+)\n", self.line)
        if match is None:
            self.process.kill()
            _, errors = self.process.communicate()
            raise AssertionError(f"printed {self.line!r}: {errors!r}")
        self.port = int(match[1])

    def connect(self) -> socket.socket:
        return socket.create_connection((LOOPBACK, self.port), timeout=DEADLINE)

    def get(self, target: str, method="GET"):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=DEADLINE)
        connection.request(method, target)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def exchange(self, request: bytes) -> bytes:
        """All that comes back until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_to_end(connection)

    def stop(self, number) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=DEADLINE)
        return self.process.returncode


def read_to_end(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture
def image(tmp_path) -> bytes:
    content = random.Random(3).randbytes(LIMIT)
    (tmp_path / "user.bin").write_bytes(content)
    return content


@pytest.fixture
def serve(tmp_path, image):
    started = []

    def serve(*arguments) -> Server:
        started.append(Server(tmp_path, "--image", "user.bin", *arguments))
        return started[-1]

    yield serve
    for server in started:
        status = server.process.poll()
        if status is None:
            server.process.kill()
            server.process.communicate()
        assert status is None or status >= 0, f"the server crashed with {status}"


def test_the_version_is_told_and_the_server_closes(serve):
    answer = serve().exchange(f"GET {VERSION} HTTP/1.0\r\nHost: 127.0.0.1:80\r\nConnection: keep-alive\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.")
    assert answer.split(b'rom_version": "')[1][:5] == b"v0.22"


@pytest.mark.parametrize("name", ["user1.bin", "user2.bin"])
def test_the_image_comes_whole_with_its_length(serve, image, name):
    server = serve("--version", "v1.0a")
    assert b'rom_version": "v1.0a"' in server.get(VERSION)[2]
    status, headers, body = server.get(DOWNLOAD.format("v1.0a", name))
    assert (status, headers["Content-Length"], body) == (200, str(LIMIT), image)


@pytest.mark.parametrize(
    "target",
    ["/", "/v1/device/rom/", VERSION + "&x=1", DOWNLOAD.format("v0.21", "user1.bin"), DOWNLOAD.format("v0.22", "boot.bin")],
)
def test_anything_else_is_not_found(serve, target):
    server = serve()
    assert server.get(target)[0] == 404
    assert server.get(VERSION, method="POST")[0] == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_status_0_whoever_is_connected(serve, number):
    server = serve()
    with server.connect() as connection:
        connection.sendall(b"GET /v1/dev")
        assert server.stop(number) == 0
        try:
            assert read_to_end(connection) == b""
        except ConnectionResetError:
            pass


def test_nonsense_and_endless_requests_are_ended_and_the_server_goes_on(serve):
    server = serve()
    noise = random.Random(4)
    requests = [noise.randbytes(3000) for _ in range(20)]
    requests += [b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000, b"GET /" + b"x" * 1_000_000, b"\r\n" * 100_000]
    requests += [b"POST / HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 1_000_000]
    for request in requests:
        with server.connect() as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                read_to_end(connection)
            except OSError as error:
                # The server is done with this client, at whichever step the client notices.
                assert error.errno in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN)
    assert server.get(VERSION)[0] == 200


def test_a_client_that_stops_reading_or_resets_disturbs_nobody(serve, image):
    server = serve()
    request = f"GET {DOWNLOAD.format('v0.22', 'user1.bin')} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with server.connect() as lazy, server.connect() as rude:
        lazy.sendall(request)
        rude.sendall(request)
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        rude.close()
        assert server.get(DOWNLOAD.format("v0.22", "user2.bin"))[2] == image
        assert read_to_end(lazy).endswith(image)


def test_many_clients_are_bounded_and_the_server_goes_on(serve):
    server = serve()
    clients = [server.connect() for _ in range(40)]
    try:
        # The last one is closed at once: it is one of too many.
        try:
            assert clients[-1].recv(1) == b""
        except ConnectionResetError:
            pass
        clients[0].sendall(f"GET {VERSION} HTTP/1.0\r\n\r\n".encode())
        assert b"v0.22" in read_to_end(clients[0])
    finally:
        for client in clients:
            client.close()


USAGE = [
    ["--image", "user.bin", "--version", "v0.222"],
    ["--image", "user.bin", "--version", 'v0"22'],
    ["--image", "user.bin", "--listen", "nowhere"],
    ["--image", "user.bin", "--listen", "127.0.0.1:99999"],
    ["--image", "user.bin", "--listen", "127.0.0.1:"],
    [],
    ["--image", "user.bin", "--nonsense"],
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_a_usage_error_exits_64(tmp_path, image, arguments):
    ended = program.run("update-server", *arguments, directory=tmp_path)
    assert ended.returncode == 64, ended.stderr
    program.check_refusal(ended)


def test_an_image_that_no_half_can_hold_exits_78(tmp_path):
    (tmp_path / "large.bin").write_bytes(b"x" * (LIMIT + 1))
    (tmp_path / "empty.bin").write_bytes(b"")
    for name in ("large.bin", "empty.bin", "missing.bin", "."):
        ended = program.run("update-server", "--image", name, directory=tmp_path)
        assert ended.returncode == 78
        program.check_refusal(ended, name)


def test_a_port_that_is_taken_or_not_ours_exits_69(tmp_path, image):
    with listener() as taken:
        for place in (f"{LOOPBACK}:{port_of(taken)}", "203.0.113.1:0"):
            ended = program.run("update-server", "--image", "user.bin", "--listen", place, directory=tmp_path)
            assert ended.returncode == 69
            program.check_refusal(ended, place)


def test_the_port_may_be_given_alone_and_the_host_by_name(serve):
    assert serve("--listen", "0").port > 0
    assert serve("--listen", "localhost:0").port > 0


def test_a_module_upgrades_itself_into_the_other_half(serve, start, connect, image, tmp_path):
    # The firmware asks at port 80 and nowhere else.
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, 80))
    except OSError as error:
        pytest.skip(f"port 80 of loopback is not to be had: {error}")
    serve("--listen", f"{LOOPBACK}:80")
    lab = program.lab(
        module={"flash": "esp.flash"}, network={"hosts": {"iot.espressif.cn": LOOPBACK}}
    )
    vesp = start(lab=lab)
    host = connect(vesp)
    host.join()
    host.write(b"AT+CIUPDATE\r\n")
    host.expect(
        rb"\+CIPUPDATE:1\r\n\+CIPUPDATE:2\r\n\+CIPUPDATE:3\r\n\+CIPUPDATE:4\r\n\r\nOK\r\n(?s:.)*ready\r\n", timeout=60
    )
    vesp.stop()
    content = (tmp_path / "esp.flash").read_bytes()
    assert content[0x41000 : 0x41000 + len(image)] == image
    ended = program.run("flash", "info", "--json", "esp.flash", directory=tmp_path)
    report = json.loads(ended.stdout)
    assert report["runs"] == "user2.bin"
    assert all(count == 1 for count in report["wear"]["sectors"][0x41:0x7C])


@contextlib.contextmanager
def python_server(image: bytes, *, length: int | None = None):
    """Python's http.server on port 80 with the two pages of an update; `length` is what it says of the image."""

    class Update(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = image if "action=download_rom" in self.path else b'{"rom_version": "v9.9b"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) if body is not image or length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    try:
        server = http.server.ThreadingHTTPServer((LOOPBACK, 80), Update)
    except OSError:
        pytest.skip("port 80, the only one that the firmware asks, is not to be had")
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("missing", [0, 1], ids=["whole", "one byte short"])
def test_an_update_from_another_server_is_whole_or_is_not(start, connect, tmp_path, missing):
    image = random.Random(7).randbytes(50_000)
    vesp = start(
        lab=program.lab(module={"flash": "esp.flash"}, network={"hosts": {"iot.espressif.cn": LOOPBACK}})
    )
    host = connect(vesp)
    host.join()
    with python_server(image, length=len(image) + missing):
        host.write(b"AT+CIUPDATE\r\n")
        steps = rb"\+CIPUPDATE:1\r\n\+CIPUPDATE:2\r\n(\+CIPUPDATE:3\r\n)+\+CIPUPDATE:4\r\n"
        host.expect(steps + (rb"\r\nERROR\r\n" if missing else rb"\r\nOK\r\n(?s:.)*ready\r\n"), timeout=60)
    if missing:
        assert host.ok("AT+CWMODE?") == ["+CWMODE:1"]
    vesp.stop()
    ended = program.run("flash", "info", "--json", "esp.flash", directory=tmp_path)
    assert json.loads(ended.stdout)["runs"] == ("user1.bin" if missing else "user2.bin")
    if not missing:
        assert (tmp_path / "esp.flash").read_bytes()[0x41000:][: len(image)] == image
