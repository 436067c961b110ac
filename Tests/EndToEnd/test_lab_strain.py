"""Labs under strain: a hostile client beside a busy one, an end in the middle of everything, many connections."""

import os
import random
import select
import socket
import threading
import time

import pytest

import program
from labs import PASSWORD, PATIENCE, SOFT_AP, connect_pair, open_soft_ap, serve, transfer
from peers import wait_until

#: What may be left of a descriptor count when something has just been closed.
SLACK = 3


class Flood:
    """A client that writes to a port as fast as it can; it throws away the answers, or does not read them at all."""

    def __init__(self, place: dict, *, reads: bool):
        self.reads = reads
        self.sent = 0
        self.should_stop = threading.Event()
        self.connection = socket.create_connection((place["host"], place["port"]), timeout=program.DEADLINE)
        self.connection.setblocking(False)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.should_stop.set()
        self.thread.join(program.DEADLINE)
        # What is on its way is let through: a new client would have to wait for that.
        while select.select([self.connection], [], [], 1)[0] and self.connection.recv(1 << 20):
            pass
        self.connection.close()

    def _run(self):
        # Garbage that has commands in it, lines without end, and bytes that are no text.
        source = random.Random(1)
        garbage = b"".join(
            source.choice((b"AT\r\n", b"AT+CWLAP\r\n", b"AT" * 300, b"AT+GMR\r\n", source.randbytes(200), b"\n" * 50))
            for _ in range(500)
        )
        while not self.should_stop.is_set():
            readable, writable, _ = select.select([self.connection], [self.connection], [], 0.05)
            if readable and self.reads:
                self.connection.recv(1 << 20)
            if writable:
                self.sent += self.connection.send(garbage)
            elif not self.reads:
                # The port is full, as it should be.
                self.should_stop.wait(0.05)


@pytest.mark.parametrize("reads", [True, False], ids=["reads", "does not read"])
def test_a_flood_on_one_port_leaves_the_other_modules_their_work(start, connect, reads):
    vesp = start(lab=program.lab_of(*map(program.lab_module, ("flooded", "server", "client"))))
    server, client = connect(vesp, "server"), connect(vesp, "client")
    with Flood(vesp.ready_of("flooded")["serial"], reads=reads) as flood:
        wait_until(lambda: flood.sent > 100_000, "the flood has begun")
        connect_pair(server, client)
        for _ in range(4):
            transfer(client, server, 60_000)
        assert flood.thread.is_alive(), "the flood ended before the work did"
    assert server.is_alive() and client.is_alive()
    wait_until(lambda: answers(vesp.ready_of("flooded")["serial"]), "the flooded module answers")
    vesp.stop()


def answers(place: dict) -> bool:
    """Whether a module answers AT on a connection of its own, whatever else it says."""
    with socket.create_connection((place["host"], place["port"]), timeout=program.DEADLINE) as connection:
        connection.settimeout(2)
        collected = b""
        try:
            connection.sendall(b"\r\nAT\r\n")
            while b"AT\r\r\n\r\nOK\r\n" not in collected:
                received = connection.recv(65536)
                if not received:
                    return False
                collected += received
        except (TimeoutError, ConnectionError):
            return False
        return True


def test_sigterm_in_the_middle_of_transfers_ends_it_within_seconds_and_removes_its_links(start, connect):
    names = [f"m{number}" for number in range(6)]
    modules = [program.lab_module(name, serial=f"pty:./{name}.tty") for name in names]
    vesp = start(lab=program.lab_of(*modules))
    hosts = [connect(vesp, name) for name in names]
    sent = [0, 0, 0]
    threads = []
    for number in range(3):
        server, client = hosts[2 * number : 2 * number + 2]
        open_soft_ap(server, ssid=f"Net{number}")
        serve(server, 80)
        client.join(f"Net{number}", PASSWORD)
        client.open_link("TCP", SOFT_AP, 80)
        server.line("0,CONNECT")
        threads += [
            threading.Thread(target=send_until_the_end, args=(client, sent, number), daemon=True),
            threading.Thread(target=read_until_the_end, args=(server,), daemon=True),
        ]
    for thread in threads:
        thread.start()
    wait_until(lambda: min(sent) > 50_000, "all transfers are under way")
    begin = time.monotonic()
    vesp.stop()
    assert time.monotonic() - begin < 5
    assert not [name for name in names if os.path.lexists(vesp.directory / f"{name}.tty")]
    for thread in threads:
        thread.join(program.DEADLINE)
        assert not thread.is_alive(), "a host did not see the end of its port"


def send_until_the_end(client, sent: list[int], number: int):
    try:
        while True:
            client.send(bytes(2048), timeout=PATIENCE)
            sent[number] += 2048
    except (AssertionError, EOFError, OSError):
        # The end of the port, or of the link before it.
        pass


def read_until_the_end(server):
    try:
        while True:
            server.payload(timeout=PATIENCE)
    except (AssertionError, EOFError, OSError):
        # The end of the port, or of the link before it.
        pass


def descriptors(vesp) -> int:
    """How many descriptors the program has open."""
    return len(os.listdir(f"/proc/{vesp.process.pid}/fd"))


def test_many_connections_between_modules_leave_no_descriptor_behind(open_lab):
    vesp, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    connect_pair(server, client)
    before = descriptors(vesp)
    for number in range(50):
        client.send(b"%d" % number)
        assert server.payload().payload == b"%d" % number
        if number % 2:
            assert client.ok("AT+CIPCLOSE") == ["CLOSED"]
            server.line("0,CLOSED")
        else:
            server.ok("AT+CIPCLOSE=0")
            client.line("CLOSED")
        client.open_link("TCP", SOFT_AP, 80)
        server.line("0,CONNECT")
    # Streams between modules need no descriptor at all.
    assert descriptors(vesp) <= before + SLACK
    transfer(client, server, 10_000)


def test_clients_that_come_and_go_leave_no_descriptor_behind(start):
    vesp = start(lab=program.lab_of(*map(program.lab_module, ("one", "two"))))
    places = [vesp.ready_of(name)["serial"] for name in ("one", "two")]
    before = descriptors(vesp)
    for _ in range(50):
        for place in places:
            socket.create_connection((place["host"], place["port"]), timeout=program.DEADLINE).close()
    wait_until(lambda: descriptors(vesp) <= before + SLACK, "the descriptors are closed")
    for name in ("one", "two"):
        wait_until(lambda name=name: answers(vesp.ready_of(name)["serial"]), f"{name} answers")


def test_a_module_that_nobody_reads_holds_up_its_sender_and_nobody_else(open_lab):
    # A pseudo-terminal holds some kilobytes, a connection holds megabytes.
    stuck = [program.lab_module(name, serial=f"pty:./{name}.tty") for name in ("server", "client")]
    _, server, client, other, last = open_lab(*stuck, *map(program.lab_module, ("other", "last")))
    connect_pair(server, client)
    client.ok("AT+CIPMODE=1")
    client.exchange(b"AT+CIPSEND\r\n", b"\r\nOK\r\n\r\n>")
    content = random.Random(9).randbytes(500_000)
    sender = threading.Thread(target=client.write, args=(content,), daemon=True)
    sender.start()
    # The server's host does not read: its port, then the link, then the client's port fill up.
    open_soft_ap(other, ssid="Other")
    serve(other, 80)
    last.join("Other", PASSWORD)
    last.open_link("TCP", SOFT_AP, 80)
    other.line("0,CONNECT")
    transfer(last, other, 100_000)
    assert sender.is_alive(), "all of it went where nobody reads"
    assert server.payloads(len(content), link=0, timeout=PATIENCE) == content
    sender.join(program.DEADLINE)
