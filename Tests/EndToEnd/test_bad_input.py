"""Bad input: after all of it the module is alive, answers AT, and has lost nothing that was acknowledged."""

import random
import socket
import time

import pytest

import program
from peers import LOOPBACK, accept, in_background, listener, port_of, receive_exactly, reset, wait_until


@pytest.fixture
def host(start, connect, port):
    return connect(start(lab=program.lab(serial=port)))


def recover(host):
    """Whatever state the line is in: an empty line costs one answer, then the module is asked a thing it must know."""
    host.write(b"\r\nAT+RESTORE\r\n")
    host.expect(rb"ready\r\n(?s:.*)\Z")
    wait_until(lambda: not host.receive(0.1), "the module falls silent")
    host.buffer.clear()
    host.turn_echo_off()
    assert host.is_alive()


def test_every_byte_value_outside_a_line_is_skipped(host):
    for value in range(256):
        if value != 0x0A:
            host.exchange(bytes([value]) * 3 + b"AT\r\n", b"\r\nOK\r\n")
    host.exchange(b"\n", b"\r\nERROR\r\n")


def test_every_byte_value_inside_a_line_costs_one_error(host):
    for value in range(256):
        if value not in (0x0A, 0x0D):
            host.exchange(b"AT+" + bytes([value]) + b"\r\n", b"\r\nERROR\r\n")
    assert host.is_alive()


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_are_survived(host, seed):
    source = random.Random(seed)
    data = source.randbytes(100_000)
    with in_background(host.write, data):
        count = data.count(b"\n") // 2
        for _ in range(count):
            host.expect(rb"\r\n(OK|ERROR)\r\n")
    recover(host)


@pytest.mark.parametrize("seed", range(3))
def test_random_commands_are_survived(host, seed):
    """Fragments of real commands in random order reach further than random bytes do."""
    names = "CWMODE CWSAP CIPMUX CIPSTATUS CIPSTA CIPAP CWDHCP CIPMODE CIPSERVER GMR CIPSTO".split()
    pieces = '= ? =? 0 1 2 " "x" , - 99999999999 \\ "1.2.3.4" \r \x00 \xe9'.split(" ")
    source = random.Random(seed)
    sent = ""
    for _ in range(500):
        sent += "AT+" + source.choice(names) + "".join(source.choices(pieces, k=source.randrange(6))) + "\r\n"
    with in_background(host.write, sent.encode("latin-1")):
        for _ in range(500):
            host.expect(rb"\r\n(OK|ERROR)\r\n")
    recover(host)


def test_a_line_without_an_end_is_dropped_and_costs_one_error(host):
    host.write(b"AT" + b"x" * 200_000)
    assert host.stays_silent(0.1)
    host.exchange(b"\r\n", b"\r\nERROR\r\n")
    assert host.is_alive()


def test_the_longest_line_is_taken_and_one_byte_more_is_not(host):
    # 126 bytes after the head, CR, LF (reference 1.4): an escaped SSID makes a valid line of any length.
    host.exchange(b'AT+CWSAP="' + b"\\a" * 32 + b'","' + b"\\b" * 20 + b"b" * 4 + b'",1,3\r\n', b"\r\nOK\r\n")
    host.exchange(b"AT+" + b"X" * 200 + b"\r\n", b"\r\nERROR\r\n")
    assert host.is_alive()


def test_a_hundred_commands_in_one_write_get_a_hundred_answers(host):
    host.exchange(b"AT+CIPMUX?\r\n" * 100, b"+CIPMUX:0\r\n\r\nOK\r\n" * 100)


def test_a_client_that_stops_reading_gets_everything_later(host):
    """The answers fill the port, the module waits, the writer waits; then all of it is read."""
    count = 10_000
    with in_background(host.write, b"AT+GMR\r\n" * count):
        time.sleep(0.3)
        answer = b"AT version:0.21.0.0\r\nSDK version:0.9.5\r\n\r\nOK\r\n"
        assert host.take(len(answer) * count, timeout=30) == answer * count


# Peers


@pytest.fixture
def server():
    with listener() as server:
        yield server


def test_a_peer_that_stops_reading_makes_the_send_wait_and_loses_nothing(station):
    payload = random.Random(3).randbytes(2048)
    with listener(receive_buffer=2048) as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            sent = 0
            while True:
                station.prompt(len(payload))
                station.write(payload)
                sent += 1
                if station.buffer or station.receive(0.5):
                    station.line("SEND OK")
                    continue
                break
            # Waiting for the acknowledgement: each line is answered busy (reference 1.6).
            station.exchange(b"AT\r\n", b"busy s...\r\n")
            assert receive_exactly(peer, sent * len(payload)) == payload * sent
            station.line("SEND OK")
            assert station.is_alive()


def test_a_peer_that_resets_when_it_has_accepted(station, server):
    station.open_link("TCP", LOOPBACK, port_of(server))
    reset(accept(server))
    station.line("0,CLOSED")
    assert station.command("AT+CIPSTATUS") == ["STATUS:4", "OK"]


def test_a_peer_that_resets_while_a_payload_is_collected(station, server):
    station.open_link("TCP", LOOPBACK, port_of(server))
    peer = accept(server)
    station.prompt(10)
    station.write(b"12345")
    reset(peer)
    station.line("0,CLOSED")
    station.write(b"67890")
    station.line("SEND FAIL")
    assert station.is_alive()


def test_a_peer_that_closes_while_a_payload_is_collected(station, server):
    station.open_link("TCP", LOOPBACK, port_of(server))
    peer = accept(server)
    station.prompt(10)
    peer.close()
    station.line("CLOSED")
    station.write(b"1234567890")
    station.line("SEND FAIL")
    assert station.is_alive()


def test_a_peer_that_resets_while_an_acknowledgement_is_awaited(station):
    payload = b"x" * 2048
    with listener(receive_buffer=2048) as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        peer = accept(server)
        while True:
            station.prompt(len(payload))
            station.write(payload)
            if station.buffer or station.receive(0.5):
                station.line("SEND OK")
                continue
            break
        reset(peer)
        station.line("0,CLOSED")
        station.line("SEND FAIL")
    assert station.is_alive()


def test_a_peer_that_resets_in_the_middle_of_its_answer(station, server):
    station.open_link("TCP", LOOPBACK, port_of(server))
    peer = accept(server)
    station.send(b"GET")
    peer.sendall(b"z" * 100_000)
    reset(peer)
    received = 0
    while not isinstance(message := station.message(), str):
        received += len(message.payload)
    assert message == "0,CLOSED" and received <= 100_000
    assert station.is_alive()


def test_a_peer_that_resets_while_the_module_closes(station, server):
    station.open_link("TCP", LOOPBACK, port_of(server))
    peer = accept(server)
    with in_background(lambda: (peer.recv(1), reset(peer))):
        assert station.command("AT+CIPCLOSE")[-2:] in (["CLOSED", "OK"], ["0,CLOSED", "OK"])
    assert station.is_alive()


def test_a_peer_that_resets_in_transparent_mode_again_and_again(station, server):
    station.open_link("TCP", LOOPBACK, port_of(server))
    station.ok("AT+CIPMODE=1")
    station.exchange(b"AT+CIPSEND\r\n", b"\r\nOK\r\n\r\n>")
    for _ in range(20):
        reset(accept(server))
    with accept(server) as peer:
        peer.sendall(b"here")
        assert station.take(4) == b"here"
        time.sleep(0.3)
        station.write(b"+++")
        time.sleep(0.3)
        assert station.is_alive()


def test_a_visitor_of_the_server_that_resets(start, connect):
    vesp = start(lab=program.lab())
    host = connect(vesp)
    host.ok("AT+CIPMUX=1")
    host.ok("AT+CIPSERVER=1,8333")
    address = (LOOPBACK, vesp.event("server")["hostPort"])
    for _ in range(20):
        visitor = socket.create_connection(address, timeout=15)
        host.line("0,CONNECT")
        visitor.sendall(b"hi")
        assert host.payload().payload == b"hi"
        reset(visitor)
        host.line("0,CONNECT FAIL")
    assert host.is_alive()
