"""TCP links that the module opens: a web page of a megabyte, names, several links, refusals."""

import hashlib
import random
import time

import pytest

import program
from host import Data
from peers import LOOPBACK, accept, free_port, in_background, listener, port_of, receive_exactly, web_server


def get(host, port: int, size: int) -> bytes:
    """Fetches a page through the module, single mode, and returns its body."""
    host.open_link("TCP", LOOPBACK, port)
    request = b"GET /page HTTP/1.0\r\nHost: vesp\r\n\r\n"
    host.send(request)
    received = bytearray()
    while not isinstance(message := host.data.popleft() if host.data else host.message(timeout=30), str):
        assert isinstance(message, Data) and 1 <= len(message.payload) <= 1460
        received += message.payload
    assert message == "CLOSED"
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200") and f"Content-Length: {size}".encode() in head
    return body


@pytest.mark.parametrize(("timing", "size"), [("fast", 1_200_000), ("real", 16_384)])
def test_a_page_arrives_whole_through_ipd(start, connect, port, timing, size):
    content = random.Random(size).randbytes(size)
    host = connect(start(lab=program.lab(serial=port, timing=timing)))
    host.join()
    with web_server(content) as web:
        begin = time.monotonic()
        body = get(host, web, size)
        elapsed = time.monotonic() - begin
    assert hashlib.sha256(body).hexdigest() == hashlib.sha256(content).hexdigest()
    if timing == "real":
        assert elapsed > 0.8 * size * 10 / 115200, "the bytes came faster than 115200 baud carries them"
        assert elapsed < 20 * size * 10 / 115200
    assert host.is_alive()


@pytest.mark.parametrize("pause", [0, 0.005])
@pytest.mark.parametrize("timing", ["fast", "real"])
def test_an_answer_comes_after_send_ok(start, connect, timing, pause):
    # A peer that answers at once acknowledges with the answer; a driver that drains up to SEND OK must not lose it.
    def echo(peer):
        while received := peer.recv(4096):
            time.sleep(pause)
            peer.sendall(received)
        peer.close()

    host = connect(start(lab=program.lab(timing=timing)))
    host.join()
    with listener() as server:
        host.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer, in_background(echo, peer):
            for number in range(40):
                payload = b"%04d" % number
                host.prompt(4)
                host.write(payload)
                assert host.message() == "SEND OK"
                assert host.payload().payload == payload
            assert host.ok("AT+CIPCLOSE") == ["CLOSED"]


def test_the_gateway_is_the_loopback_of_the_host(station):
    with listener() as server:
        station.open_link("TCP", "10.77.1.1", port_of(server))
        with accept(server):
            assert f'+CIPSTATUS:0,"TCP","10.77.1.1",{port_of(server)},0' in station.ok("AT+CIPSTATUS")


def test_names_come_from_the_hosts_of_the_lab(start, connect):
    network = {"hosts": {"api.example.com": LOOPBACK, "gone.example.com": "fails"}}
    host = connect(start(lab=program.lab(network=network)))
    host.join()
    with listener() as server:
        host.open_link("TCP", "API.example.com.", port_of(server))
        accept(server).close()
        host.line("CLOSED")
    assert host.command('AT+CIPSTART="TCP","gone.example.com",80') == ["DNS Fail", "ERROR"]
    assert host.is_alive()


def test_a_refused_connection_is_an_error_and_then_closed(station):
    assert station.command(f'AT+CIPSTART="TCP","127.0.0.1",{free_port()}') == ["ERROR"]
    station.line("CLOSED")
    assert station.is_alive()


def test_what_the_policy_denies_is_refused(start, connect):
    with listener() as server:
        host = connect(start(lab=program.lab(network={"deny": ["127.0.0.1/32"]})))
        host.join()
        for address in (LOOPBACK, "10.77.1.1"):
            assert host.command(f'AT+CIPSTART="TCP","{address}",{port_of(server)}')[-1] == "ERROR"
        assert host.is_alive()


def test_five_links_carry_their_own_data(station):
    station.ok("AT+CIPMUX=1")
    with listener() as server:
        connections = []
        for link in range(5):
            station.open_link("TCP", LOOPBACK, port_of(server), link=link)
            connections.append(accept(server))
        for link, connection in enumerate(connections):
            station.send(b"to %d" % link, link=link)
            assert receive_exactly(connection, 4) == b"to %d" % link
            connection.sendall(b"from %d" % link)
            assert station.payload() == Data(link, b"from %d" % link)
        for link, connection in enumerate(connections):
            connection.close()
            station.line(f"{link},CLOSED")
    assert station.ok("AT+CIPSTATUS") == ["STATUS:4"]


def test_a_payload_may_hold_every_byte_and_2048_of_them(station):
    payload = bytes(range(256)) * 8
    with listener() as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            for _ in range(5):
                station.send(payload)
                assert receive_exactly(peer, len(payload)) == payload
            peer.sendall(payload)
            assert station.payloads(len(payload)) == payload
            # A peer that closes after the module did: the link closes in an orderly way.
            with in_background(lambda: (peer.recv(1), peer.close())):
                assert station.ok("AT+CIPCLOSE") == ["CLOSED"]


def test_data_that_the_host_does_not_read_yet_is_not_lost(station):
    """The port is full, so the link waits, so the peer waits."""
    content = random.Random(7).randbytes(1_000_000)
    with listener() as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer, in_background(peer.sendall, content):
            # Nothing is read here until the sender has been stuck for a while; how long does not matter.
            time.sleep(0.3)
            assert station.payloads(len(content)) == content


def test_an_icmp_echo_on_loopback_is_answered(station):
    first, last = station.command('AT+PING="127.0.0.1"')
    assert (first[0], last) == ("+", "OK") and first[1:].isdigit()


def test_a_restart_and_the_end_of_the_program_end_the_stream_of_the_peer(start, connect):
    vesp = start(lab=program.lab())
    host = connect(vesp)
    with listener() as server:
        host.join()
        host.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            host.exchange(b"AT+RST\r\n", b"\r\nOK\r\n\r\nready\r\n")
            assert peer.recv(1) == b""
        host.turn_echo_off()
        host.ok('AT+CWJAP="vesp","vespvesp"')
        host.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            vesp.stop()
            assert peer.recv(1) == b""


def test_without_an_address_there_is_no_ip(start, connect):
    host = connect(start(lab=program.lab()))
    host.ok("AT+CWMODE=1")
    assert host.command('AT+CIPSTART="TCP","127.0.0.1",80') == ["no ip", "ERROR"]


def test_a_soft_ap_alone_reaches_the_loopback_of_the_host(start, connect):
    host = connect(start(lab=program.lab()))
    with listener() as server:
        host.open_link("TCP", LOOPBACK, port_of(server))
        accept(server).close()


@pytest.mark.parametrize("address", [LOOPBACK, "10.77.1.1", "10.77.1.50"])
def test_an_uplink_of_none_reaches_nothing(start, connect, address):
    isolated = {**program.ACCESS_POINT, "uplink": "none"}
    host = connect(start(lab=program.lab(access_points=[isolated])))
    host.join()
    with listener() as server:
        # SYN is given up after some 3.3 s, in fast timing too (contract, Timing).
        assert host.command(f'AT+CIPSTART="TCP","{address}",{port_of(server)}') == ["ERROR"]
        host.line("CLOSED")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_counted_sends_and_a_flood_of_ipd_do_not_lose_a_byte_of_each_other(station):
    inward, outward = random.Random(1).randbytes(500_000), random.Random(2).randbytes(200_000)
    with listener() as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        received = []
        with (
            accept(server) as peer,
            in_background(lambda: received.append(receive_exactly(peer, len(outward)))),
            in_background(peer.sendall, inward),
        ):
            for begin in range(0, len(outward), 2048):
                station.send(outward[begin : begin + 2048], timeout=30)
            assert station.payloads(len(inward), timeout=30) == inward
        assert received == [outward]
