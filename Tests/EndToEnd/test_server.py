"""The module as a server: reached by curl and by Python, by the default port rule and by --forward."""

import re
import socket
import subprocess
import urllib.request

import pytest

import program
from host import Data, Host
from peers import DEADLINE, LOOPBACK, free_port, in_background, listener, port_of

PAGE = b"<h1>hello from the module</h1>" * 100


def serve_one_page(host, page: bytes):
    """What an Arduino sketch does for one visitor: wait for the request, answer, close."""
    link, connect = host.line().split(",")
    assert connect == "CONNECT"
    request = b""
    while b"\r\n\r\n" not in request:
        data = host.payload()
        assert data.link == int(link)
        request += data.payload
    assert request.startswith(b"GET / HTTP/1.1\r\n")
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(page) + page
    for start in range(0, len(answer), 2048):
        host.send(answer[start : start + 2048], link=int(link))
    # The visitor may close first.
    lines = host.command(f"AT+CIPCLOSE={link}")
    assert lines[0] == f"{link},CLOSED"


def fetch_with_curl(url: str) -> bytes:
    command = ["curl", "--silent", "--show-error", "--fail", "--max-time", str(DEADLINE), url]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=2 * DEADLINE).stdout


def fetch_with_python(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=DEADLINE) as response:
        return response.read()


@pytest.mark.parametrize("fetch", [fetch_with_curl, fetch_with_python])
def test_a_page_of_the_module_is_fetched_by_the_default_port_rule(start, connect, port, fetch):
    vesp = start(lab=program.lab(serial=port))
    host = connect(vesp)
    host.ok("AT+CIPMUX=1")
    number = free_port()
    host.ok(f"AT+CIPSERVER=1,{number}")
    assert vesp.event("server") == {
        "event": "server", "module": "esp", "port": number, "host": LOOPBACK, "hostPort": number,
    }  # fmt: skip
    got = []
    for _ in range(2):
        with in_background(lambda: got.append(fetch(f"http://127.0.0.1:{number}/"))):
            serve_one_page(host, PAGE)
    assert got == [PAGE, PAGE]
    host.ok("AT+CIPSERVER=0")
    assert vesp.event("server-closed") == {"event": "server-closed", "module": "esp", "port": number}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, number), timeout=DEADLINE)


def test_a_forwarded_server_is_fetched_in_real_timing(start, connect):
    vesp = start("--serial", "tcp:0", "--timing", "real", "--forward", "0:80")
    host = connect(vesp)
    host.ok("AT+CIPMUX=1")
    host.ok("AT+CIPSERVER=1,80")
    event = vesp.event("server")
    assert (event["port"], event["host"]) == (80, LOOPBACK) and event["hostPort"] not in (0, 80)
    got = []
    with in_background(lambda: got.append(fetch_with_curl(f"http://127.0.0.1:{event['hostPort']}/"))):
        serve_one_page(host, PAGE)
    assert got == [PAGE]


def test_a_port_of_the_host_that_is_taken_is_replaced_by_a_free_one(start, connect):
    with listener() as taken:
        vesp = start("--serial", "tcp:0", "--timing", "fast", as_json=False)
        host_port = re.fullmatch(r"esp: serial tcp 127\.0\.0\.1:(\d+)", vesp.event("serial"))[1]
        with socket.create_connection((LOOPBACK, int(host_port)), timeout=DEADLINE) as serial:
            host = Host.on_socket(serial, echo=False)
            host.ok("AT+CIPMUX=1")
            host.ok(f"AT+CIPSERVER=1,{port_of(taken)}")
            line = vesp.event("server")
            match = re.fullmatch(rf"esp: server port {port_of(taken)} is 127\.0\.0\.1:(\d+)", line)
            assert match and int(match[1]) != port_of(taken)
            with socket.create_connection((LOOPBACK, int(match[1])), timeout=DEADLINE):
                host.line("0,CONNECT")


def test_visitors_get_the_lowest_free_ids_and_a_sixth_is_turned_away(start, connect):
    vesp = start(lab=program.lab())
    host = connect(vesp)
    host.ok("AT+CIPMUX=1")
    host.ok(f"AT+CIPSERVER=1,{free_port()}")
    address = (LOOPBACK, vesp.event("server")["hostPort"])
    visitors = []
    for link in range(5):
        visitors.append(socket.create_connection(address, timeout=DEADLINE))
        host.line(f"{link},CONNECT")
    with socket.create_connection(address, timeout=DEADLINE) as sixth:
        try:
            assert sixth.recv(1) == b""
        except ConnectionResetError:
            pass
    visitors[2].close()
    host.line("2,CLOSED")
    visitors[2] = socket.create_connection(address, timeout=DEADLINE)
    host.line("2,CONNECT")
    for link, visitor in enumerate(visitors):
        visitor.sendall(b"hello %d" % link)
        assert host.payload() == Data(link, b"hello %d" % link)
    host.write(b"AT+CIPSERVER=0\r\n")
    # OK at once, then the clients, each with a FIN.
    host.line("OK")
    for visitor in visitors:
        assert visitor.recv(1) == b""
        visitor.close()
    assert sorted(host.line() for _ in range(5)) == [f"{link},CLOSED" for link in range(5)]
    assert host.is_alive()


def test_an_idle_visitor_is_closed_after_cipsto(start, connect):
    vesp = start(lab=program.lab())
    host = connect(vesp)
    host.ok("AT+CIPMUX=1")
    host.ok(f"AT+CIPSERVER=1,{free_port()}")
    host.ok("AT+CIPSTO=1")
    with socket.create_connection((LOOPBACK, vesp.event("server")["hostPort"]), timeout=DEADLINE) as visitor:
        host.line("0,CONNECT")
        assert visitor.recv(1) == b""
        visitor.close()
        host.line("0,CLOSED")
