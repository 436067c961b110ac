"""Transparent mode: a megabyte of random bytes each way, `+++`, a link that is restored at power-on."""

import random
import time

import pytest

import program
from peers import LOOPBACK, accept, in_background, listener, port_of, receive_exactly, reset

#: The silence that makes `+++` a packet of its own is 20 ms (reference 3.8); the rest is for a loaded machine.
GUARD = 0.3

SIZES = [("fast", 1_000_000), ("real", 16_384)]


def enter(host):
    """From an open link into transparent mode."""
    host.ok("AT+CIPMODE=1")
    host.exchange(b"AT+CIPSEND\r\n", b"\r\nOK\r\n\r\n>")


def leave(host):
    """Out of transparent mode: silence, `+++`, silence."""
    time.sleep(GUARD)
    host.write(b"+++")
    time.sleep(GUARD)


@pytest.mark.parametrize(("timing", "size"), SIZES)
def test_random_bytes_go_both_ways_whole(start, connect, port, timing, size):
    host = connect(start(lab=program.lab(serial=port, timing=timing)), timeout=60)
    host.join()
    source = random.Random(size)
    outward, inward = source.randbytes(size), source.randbytes(size)
    with listener() as server:
        host.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            enter(host)
            with in_background(host.write, outward):
                assert receive_exactly(peer, size) == outward
            with in_background(peer.sendall, inward):
                assert host.take(size, timeout=60) == inward
            leave(host)
            assert host.is_alive()
            # Still raw, since CIPMODE is 1 (reference 3.5), and back in.
            peer.sendall(b"raw")
            assert host.take(3) == b"raw"
            host.exchange(b"AT+CIPSEND\r\n", b"\r\nOK\r\n\r\n>")
            host.write(b"again")
            assert receive_exactly(peer, 5) == b"again"
            leave(host)
            assert host.ok("AT+CIPMODE=0") == []
            peer.sendall(b"framed")
            assert host.payload().payload == b"framed"


def test_both_directions_at_once(station):
    outward, inward = random.Random(1).randbytes(300_000), random.Random(2).randbytes(300_000)
    with listener() as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            enter(station)
            received = []
            with (
                in_background(station.write, outward),
                in_background(peer.sendall, inward),
                in_background(lambda: received.append(receive_exactly(peer, len(outward)))),
            ):
                assert station.take(len(inward), timeout=60) == inward
            assert received == [outward]


def test_plus_signs_with_anything_beside_them_are_data(station):
    with listener() as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            enter(station)
            for text in (b"+++\r\n", b"++", b"++++", b"a+++"):
                station.write(text)
                assert receive_exactly(peer, len(text)) == text
            leave(station)
            assert station.is_alive()


def test_an_orderly_close_is_told_in_the_stream_and_a_reset_reconnects_silently(station):
    with listener() as server:
        station.open_link("TCP", LOOPBACK, port_of(server))
        peer = accept(server)
        enter(station)
        station.write(b"one")
        assert receive_exactly(peer, 3) == b"one"
        reset(peer)
        with accept(server) as again:
            again.sendall(b"back")
            assert station.take(4) == b"back"
            station.write(b"two")
            assert receive_exactly(again, 3) == b"two"
        assert station.take(8) == b"CLOSED\r\n"
        leave(station)
        assert station.is_alive()


def test_a_stored_link_is_restored_at_power_on(start, connect, tmp_path):
    lab = program.lab(module={"flash": "./esp.flash"})
    with listener() as server:
        vesp = start(lab=lab)
        host = connect(vesp)
        host.join()
        host.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server):
            host.ok("AT+CIPMODE=1")
            host.close()
            vesp.stop()
        vesp = start(lab=lab)
        host = connect(vesp, echo=True)
        # Auto-connect brings the station up; the module looks every 500 ms and then dials, silently.
        with accept(server) as peer:
            assert host.take(12) == b"\r\n>\r\nready\r\n"
            peer.sendall(b"hello")
            host.expect(rb"hello")
            host.write(b"out")
            assert receive_exactly(peer, 3) == b"out"
        vesp.stop()


@pytest.mark.parametrize("latency", ["0ms", "5ms"])
def test_what_nobody_reads_does_not_hold_up_what_is_sent(start, connect, latency):
    host = connect(start(lab=program.lab(serial="pty:./esp.tty", module={"latency": latency})))
    host.join()
    with listener() as server:
        host.open_link("TCP", LOOPBACK, port_of(server))
        with accept(server) as peer:
            enter(host)
            peer.setblocking(False)
            # Far more than the port, the line and the module hold.
            assert peer.send(bytes(60_000)) > 30_000
            peer.setblocking(True)
            time.sleep(GUARD)
            peer.settimeout(program.DEADLINE)
            with in_background(host.write, bytes(20_000)):
                assert receive_exactly(peer, 20_000) == bytes(20_000)
