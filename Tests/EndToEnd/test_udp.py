"""UDP links: socat and plain sockets, both ways, in the three modes."""

import re
import socket
import subprocess

import pytest

import program
from host import Host
from peers import LOOPBACK, datagram_socket, free_port, port_of, udp_port_is_bound, wait_until


def receive(host, *, link=None) -> bytes:
    """One datagram, and the OK that follows it (reference 3.5)."""
    data = host.payload()
    assert data.link == link
    host.line("OK")
    return data.payload


@pytest.mark.parametrize("timing", ["fast", "real"])
def test_socat_echoes_what_the_module_sends(start, connect, port, timing):
    host = connect(start(lab=program.lab(serial=port, timing=timing)))
    host.join()
    number = free_port(socket.SOCK_DGRAM)
    echo = subprocess.Popen(["socat", f"UDP4-RECVFROM:{number},bind={LOOPBACK},fork", "EXEC:cat"])
    try:
        wait_until(lambda: udp_port_is_bound(number), "socat listens")
        host.open_link("UDP", LOOPBACK, number)
        for payload in (b"hello", b"x", bytes(range(256)) * 5):
            host.send(payload)
            assert receive(host) == payload
    finally:
        echo.kill()
        echo.wait()


def test_socat_sends_to_the_local_port_of_the_module(station):
    local = free_port(socket.SOCK_DGRAM)
    with datagram_socket() as peer:
        station.open_link("UDP", LOOPBACK, port_of(peer), local, 2)
        command = ["socat", "-u", "-", f"UDP4-SENDTO:{LOOPBACK}:{local}"]
        subprocess.run(command, input=b"from socat", check=True, timeout=15)
        assert receive(station) == b"from socat"


@pytest.fixture
def peers():
    with datagram_socket() as first, datagram_socket() as second, datagram_socket() as third:
        yield first, second, third


def answer_goes_to(host, peer) -> bool:
    """Sends from the module and looks whether the peer gets it."""
    host.send(b"answer")
    return peer.recvfrom(100)[0] == b"answer"


def open_for(host, peer, mode: int) -> tuple[str, int]:
    """A UDP link to a peer; returns the address at which the module receives."""
    local = free_port(socket.SOCK_DGRAM)
    host.open_link("UDP", LOOPBACK, port_of(peer), local, mode)
    return LOOPBACK, local


def test_mode_0_keeps_its_target(station, peers):
    first, second, _ = peers
    module = open_for(station, first, 0)
    for sender in (first, second):
        sender.sendto(b"hi", module)
        assert receive(station) == b"hi"
        assert answer_goes_to(station, first)


def test_mode_1_takes_the_first_sender_as_its_target_and_keeps_it(station, peers):
    first, second, third = peers
    module = open_for(station, first, 1)
    for sender in (second, third):
        sender.sendto(b"hi", module)
        assert receive(station) == b"hi"
        assert answer_goes_to(station, second)


def test_mode_2_answers_whoever_sent_last(station, peers):
    module = open_for(station, peers[0], 2)
    for sender in (*peers[1:], peers[0]):
        sender.sendto(b"hi", module)
        assert receive(station) == b"hi"
        assert answer_goes_to(station, sender)


def test_datagrams_keep_their_bounds(station):
    with datagram_socket() as peer:
        module = open_for(station, peer, 0)
        sizes = [1, 2, 1471, 1472, 100]
        for size in sizes:
            peer.sendto(bytes([size % 256]) * size, module)
        assert [len(receive(station)) for _ in sizes] == sizes


def test_a_local_port_that_is_taken_is_replaced_and_told(start, connect):
    vesp = start(lab=program.lab())
    host = connect(vesp)
    host.join()
    with datagram_socket() as taken, datagram_socket() as peer:
        host.open_link("UDP", LOOPBACK, port_of(peer), port_of(taken))
        event = vesp.event("udp")
        assert (event["port"], event["host"]) == (port_of(taken), LOOPBACK)
        assert event["hostPort"] != port_of(taken)
        host.send(b"hello")
        payload, sender = peer.recvfrom(100)
        assert (payload, sender) == (b"hello", (LOOPBACK, event["hostPort"]))


def test_the_text_line_of_a_udp_port_is_as_contracted(start, connect, tmp_path):
    vesp = start(lab=program.lab(serial="pty:./esp.tty"), as_json=False)
    assert vesp.event("serial")
    with Host.open(str(tmp_path / "esp.tty")) as host, datagram_socket() as taken:
        host.join()
        host.open_link("UDP", LOOPBACK, 9, port_of(taken))
        assert re.fullmatch(rf"esp: udp port {port_of(taken)} is 127\.0\.0\.1:\d+", vesp.event("udp"))


def test_udp_and_tcp_share_the_ids(station, peers):
    first, _, _ = peers
    station.ok("AT+CIPMUX=1")
    local = free_port(socket.SOCK_DGRAM)
    station.open_link("UDP", LOOPBACK, port_of(first), local, 2, link=3)
    assert station.command(f'AT+CIPSTART=3,"TCP","127.0.0.1",{port_of(first)}') == ["ALREADY CONNECTED", "ERROR"]
    first.sendto(b"hi", (LOOPBACK, local))
    assert receive(station, link=3) == b"hi"
    assert station.ok("AT+CIPCLOSE=3") == ["3,CLOSED"]
