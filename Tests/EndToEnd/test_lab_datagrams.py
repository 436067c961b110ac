"""UDP between the modules of a lab and beside it: broadcasts, links that the host does not carry, a radio that goes."""

import socket
import threading
import time

import pytest

import program
from host import Host
from labs import UPLINK
from peers import datagram_socket, free_port, in_background, port_of

#: Addresses of the first stations of the uplink.
FIRST, SECOND = "10.77.1.100", "10.77.1.101"


def heard(host: Host) -> bytes:
    """One datagram, and the OK that follows it (reference 3.5)."""
    payload = host.payload().payload
    host.line("OK")
    return payload


def leave(host: Host):
    """Leaves the network, which a busy module refuses; then no datagrams come any more."""
    end = time.monotonic() + program.DEADLINE
    while time.monotonic() < end:
        host.write(b"AT+CWQAP\r\n")
        again = time.monotonic() + 1
        while time.monotonic() < again:
            host.buffer.clear()
            if host.stays_silent(0.3):
                return
    raise AssertionError("datagrams come for ever")


@pytest.mark.parametrize("timing", ["fast", "real"])
def test_a_broadcast_is_heard_once_by_the_others_and_not_by_its_sender(open_lab, timing):
    modules = [program.lab_module(name, timing=timing) for name in ("first", "second")]
    _, first, second = open_lab(*modules, access_points=[UPLINK])
    port = free_port(socket.SOCK_DGRAM)
    for host in (first, second):
        host.join("Uplink", "uplink12")
        # The first has this port of the host's loopback too, the second another.
        host.open_link("UDP", "255.255.255.255", port, port, 0)
    for sender, other in ((first, second), (second, first)):
        sender.send(b"who is there")
        assert heard(other) == b"who is there"
        assert sender.stays_silent(0.3) and other.stays_silent(0.1)


def test_a_broadcast_still_reaches_a_program_of_this_computer(open_lab):
    _, first, second = open_lab(*map(program.lab_module, ("first", "second")), access_points=[UPLINK])
    with datagram_socket() as peer:
        for host in (first, second):
            host.join("Uplink", "uplink12")
            host.open_link("UDP", "255.255.255.255", port_of(peer), port_of(peer), 0)
        first.send(b"who is there")
        assert heard(second) == b"who is there"
        assert peer.recvfrom(100)[0] == b"who is there"
        assert first.stays_silent(0.3)


def test_a_link_that_the_policy_forbids_leaves_its_port_to_the_next(open_lab):
    deny = {"deny": ["127.0.0.0/8"]}
    modules = map(program.lab_module, ("first", "second"))
    _, first, second = open_lab(*modules, access_points=[UPLINK], network=deny)
    for host in (first, second):
        host.join("Uplink", "uplink12")
    # More often than a module has sockets in the network of the lab.
    for _ in range(20):
        first.open_link("UDP", "10.77.1.1", 53, 5000, 0)
        assert first.command("AT+CIPCLOSE") == ["CLOSED", "OK"]
    first.open_link("UDP", SECOND, 6000, 5000, 0)
    second.open_link("UDP", FIRST, 5000, 6000, 0)
    for sender, other in ((first, second), (second, first)):
        sender.send(b"hello")
        assert heard(other) == b"hello"


def test_a_module_may_leave_its_network_while_datagrams_come(start, connect):
    host = connect(start(lab=program.lab(timing="real")))
    host.join()
    ended = threading.Event()
    with datagram_socket() as peer:
        host.open_link("UDP", "10.77.1.1", port_of(peer), 5000, 0)
        host.send(b"here I am")
        module = peer.recvfrom(100)[1]

        def talk():
            while not ended.is_set():
                peer.sendto(b"abcd", module)
                time.sleep(0.001)

        with in_background(talk):
            for _ in range(3):
                host.expect(b"abcd")
                leave(host)
                host.write(b'AT+CWJAP="vesp","vespvesp"\r\n')
            ended.set()
