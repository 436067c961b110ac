"""Modules of one lab: what one sends the other gets, while the program passes it on."""

import hashlib
import random
import socket
import time

import pytest

import program
from host import Data
from labs import PASSWORD, SOFT_AP, SSID, UPLINK, connect_pair, open_soft_ap, pieces, serve, transfer
from peers import LOOPBACK, accept, in_background, listener, port_of, receive_exactly


class Observer:
    """The host of a module that pings the gateway and broadcasts datagrams, again and again."""

    def __init__(self, host):
        self.host = host
        self.host.join(SSID, PASSWORD)
        self.host.open_link("UDP", "255.255.255.255", 5000)
        self.rounds = 0
        self.should_stop = False

    def run(self):
        while not self.should_stop:
            answer = self.host.command(f'AT+PING="{SOFT_AP}"', timeout=30)
            assert answer[-1] == "OK" and answer[0][1:].isdigit(), f"the ping was answered {answer}"
            self.host.send(b"round %d" % self.rounds, timeout=30)
            self.rounds += 1


def test_a_megabyte_goes_from_module_to_module_and_on_to_the_host_while_a_third_pings_and_broadcasts(start, connect):
    content = random.Random(1).randbytes(1 << 20)
    names = ("sensor", "gateway", "observer")
    # Pseudo-terminals are opened with pyserial.
    modules = [program.lab_module(name, serial=f"pty:./{name}.tty") for name in names]
    vesp = start(lab=program.lab_of(*modules, access_points=[UPLINK]))
    sensor, gateway, observer = (connect(vesp, name) for name in names)

    open_soft_ap(gateway, mode=3)
    gateway.ok('AT+CWJAP="Uplink","uplink12"')
    serve(gateway, 80)
    gateway.open_link("UDP", "192.168.4.255", 9, 5000, 0, link=1)
    gateway.datagram_links.add(1)
    sensor.join(SSID, PASSWORD)
    watch = Observer(observer)

    def send():
        sensor.open_link("TCP", SOFT_AP, 80)
        for piece in pieces(content):
            sensor.send(piece, timeout=30)

    begin = time.monotonic()
    with listener() as server:
        gateway.open_link("TCP", "10.77.1.1", port_of(server), link=0)
        received = []
        with (
            accept(server) as peer,
            in_background(lambda: received.append(receive_exactly(peer, len(content)))),
            in_background(watch.run),
            in_background(send),
        ):
            gateway.line("2,CONNECT")
            broadcasts = forward(gateway, len(content), source=2, target=0)
            watch.should_stop = True
    elapsed = time.monotonic() - begin
    assert hashlib.sha256(received[0]).hexdigest() == hashlib.sha256(content).hexdigest()
    assert watch.rounds > 3 and broadcasts, "the observer came to nothing"
    assert all(each.startswith(b"round ") for each in broadcasts)
    assert elapsed < 60
    vesp.stop()
    assert not [name for name in names if (vesp.directory / f"{name}.tty").is_symlink()]


def forward(gateway, size: int, *, source: int, target: int) -> list[bytes]:
    """What a gateway's program does: passes `size` bytes of one link on to another; returns the datagrams between."""
    datagrams, waiting, passed = [], bytearray(), 0
    while passed < size:
        data = gateway.payload(timeout=30)
        if data.link != source:
            datagrams.append(data.payload)
            continue
        waiting += data.payload
        while len(waiting) >= 2048 or waiting and passed + len(waiting) == size:
            piece = bytes(waiting[:2048])
            gateway.send(piece, link=target, timeout=30)
            del waiting[:2048]
            passed += len(piece)
    return datagrams


def test_two_stations_of_an_access_point_send_to_each_other_at_once(open_lab):
    _, first, second = open_lab(*map(program.lab_module, ("first", "second")), access_points=[UPLINK])
    for host in (first, second):
        host.join("Uplink", "uplink12")
    serve(first, 80)
    second.open_link("TCP", "10.77.1.100", 80)
    first.line("0,CONNECT")
    assert '+CIPSTATUS:0,"TCP","10.77.1.100",80,0' in second.ok("AT+CIPSTATUS")
    shown = first.ok("AT+CIPSTATUS")
    assert shown[0] == "STATUS:3" and shown[1].startswith('+CIPSTATUS:0,"TCP","10.77.1.101",') and shown[1][-1] == "1"
    there, back = random.Random(1).randbytes(200_000), random.Random(2).randbytes(200_000)

    def talk(host, content, link, expected):
        for piece in pieces(content):
            host.send(piece, link=link, timeout=30)
        assert host.payloads(len(expected), link=link, timeout=30) == expected

    with in_background(talk, second, there, None, back):
        talk(first, back, 0, there)
    assert second.ok("AT+CIPCLOSE") == ["CLOSED"]
    first.line("0,CLOSED")


def test_datagrams_of_every_size_keep_their_bounds(open_lab):
    _, first, second = open_lab(*map(program.lab_module, ("first", "second")), access_points=[UPLINK])
    for host in (first, second):
        host.join("Uplink", "uplink12")
    first.open_link("UDP", "10.77.1.101", 7000, 7000, 0)
    second.open_link("UDP", "10.77.1.100", 7000, 7000, 0)
    first.datagram_links = second.datagram_links = {None}
    for size in (1, 2, 1471, 1472):
        for sender, receiver in ((first, second), (second, first)):
            payload = random.Random(size).randbytes(size)
            sender.send(payload)
            assert receiver.payload().payload == payload


def test_a_broadcast_reaches_every_module_of_the_network_but_its_sender(open_lab):
    other = {"ssid": "Other", "password": "other123"}
    names = ("one", "two", "three", "outsider")
    _, *hosts, outsider = open_lab(*map(program.lab_module, names), access_points=[UPLINK, other])
    for host in hosts:
        host.join("Uplink", "uplink12")
    outsider.join("Other", "other123")
    for host in (*hosts, outsider):
        host.open_link("UDP", "255.255.255.255", 7000, 7000, 0)
        host.datagram_links = {None}
    hosts[0].send(b"hello all")
    for host in hosts[1:]:
        assert host.payload().payload == b"hello all"
    # What is asked afterwards is answered afterwards: nothing else had come.
    for host in (hosts[0], outsider):
        assert host.is_alive() and not host.data


def test_transparent_mode_is_a_serial_line_between_two_modules(open_lab):
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    connect_pair(server, client)
    client.ok("AT+CIPMODE=1")
    client.exchange(b"AT+CIPSEND\r\n", b"\r\nOK\r\n\r\n>")
    content = random.Random(3).randbytes(100_000)
    with in_background(client.write, content):
        assert server.payloads(len(content), link=0) == content
    for piece in pieces(content[:20_000]):
        server.send(piece, link=0)
    assert client.take(20_000) == content[:20_000]


def test_soft_aps_are_networks_of_their_own(open_lab):
    """Two gateways with the same address; each station meets its own."""
    _, left, right, one, two = open_lab(*map(program.lab_module, ("left", "right", "one", "two")))
    for gateway, station, ssid in ((left, one, "Left"), (right, two, "Right")):
        open_soft_ap(gateway, ssid=ssid)
        serve(gateway, 80)
        station.join(ssid, PASSWORD)
        assert station.ok("AT+CIPSTA?") == ['+CIPSTA:"192.168.4.2"']
        station.open_link("TCP", SOFT_AP, 80)
        gateway.line("0,CONNECT")
        station.send(ssid.encode())
        assert gateway.payload() == Data(0, ssid.encode())


def test_an_uplink_of_none_reaches_other_modules_and_nothing_else(open_lab):
    isolated = {**UPLINK, "uplink": "none"}
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")), access_points=[isolated])
    for host in (server, client):
        host.join("Uplink", "uplink12")
    serve(server, 80)
    client.open_link("TCP", "10.77.1.100", 80)
    server.line("0,CONNECT")
    transfer(client, server, 10_000)
    client.ok("AT+CIPCLOSE")
    client.ok("AT+CIPMUX=1")
    with listener() as outside:
        # An address does not hold the parser, so all three are tried at once; SYN is given up after some 3.3 s.
        for link, address in enumerate((LOOPBACK, "10.77.1.1", "192.0.2.1")):
            client.write(b'AT+CIPSTART=%d,"TCP","%s",%d\r\n' % (link, address.encode(), port_of(outside)))
        lines = [client.line() for _ in range(6)]
        assert sorted(lines) == ["0,CLOSED", "1,CLOSED", "2,CLOSED", "ERROR", "ERROR", "ERROR"]
        outside.settimeout(0)
        with pytest.raises(BlockingIOError):
            outside.accept()
    assert client.command('AT+PING="10.77.1.1"')[-1] == "OK", "the access point itself answers"
    assert client.command('AT+PING="10.77.1.77"') == ["+timeout", "ERROR"]


def test_a_port_that_no_module_serves_is_refused_at_once(open_lab):
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    open_soft_ap(server)
    client.join(SSID, PASSWORD)
    begin = time.monotonic()
    assert client.command(f'AT+CIPSTART="TCP","{SOFT_AP}",80') == ["ERROR"]
    assert time.monotonic() - begin < 2.5, "that was no refusal but the end of patience"
    client.line("CLOSED")


def test_a_server_that_restarts_under_a_transfer_makes_the_send_fail(open_lab):
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    connect_pair(server, client)
    transfer(client, server, 50_000)
    client.prompt(2048)
    server.exchange(b"AT+RST\r\n", b"\r\nOK\r\n\r\nready\r\n")
    # An error of a link that a command waits for (reference 3.10).
    client.exchange(bytes(2048), b"0,CLOSED\r\nSEND FAIL\r\n")
    assert client.ok("AT+CIPSTATUS") == ["STATUS:4"]
    # The softAP is in flash and its server is not; the client has joined it again by itself.
    server.turn_echo_off()
    serve(server, 80)
    client.open_link("TCP", SOFT_AP, 80)
    server.line("0,CONNECT")
    transfer(client, server, 50_000)


def test_a_client_that_restarts_is_missed_when_the_server_sends(open_lab):
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    connect_pair(server, client)
    client.exchange(b"AT+RST\r\n", b"\r\nOK\r\n\r\nready\r\n")
    server.prompt(5, link=0)
    server.write(b"hello")
    # Of a server's link the error has other words, and no SEND FAIL after them (reference 3.6, 3.7).
    server.line("0,CONNECT FAIL")
    assert server.ok("AT+CIPSTATUS") == ["STATUS:4"]


def test_a_server_that_sleeps_is_missed_when_the_client_sends(open_lab):
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    connect_pair(server, client)
    server.exchange(b"AT+GSLP=200\r\n", b"\r\nOK\r\n")
    client.prompt(5)
    server.expect(rb"\r\nready\r\n")
    client.exchange(b"hello", b"0,CLOSED\r\nSEND FAIL\r\n")


def test_a_station_that_leaves_is_no_longer_on_the_list_of_the_soft_ap(open_lab):
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")))
    open_soft_ap(server)
    client.join(SSID, PASSWORD)
    mac = client.ok("AT+CIPSTAMAC?")[0].split('"')[1]
    assert server.ok("AT+CWLIF") == [f"192.168.4.2,{mac}"]
    client.ok("AT+CWQAP")
    assert server.ok("AT+CWLIF") == []


def test_modules_and_the_host_are_clients_of_one_server(start, connect):
    modules = [program.lab_module("server", forward=["0:80"]), program.lab_module("client")]
    vesp = start(lab=program.lab_of(*modules, access_points=[UPLINK]))
    server, client = connect(vesp, "server"), connect(vesp, "client")
    for host in (server, client):
        host.join("Uplink", "uplink12")
    serve(server, 80)
    client.open_link("TCP", "10.77.1.100", 80)
    server.line("0,CONNECT")
    place = vesp.event("server")
    with socket.create_connection((place["host"], place["hostPort"]), timeout=program.DEADLINE) as peer:
        server.line("1,CONNECT")
        peer.sendall(b"from the host")
        assert server.payload() == Data(1, b"from the host")
        client.send(b"from the module")
        assert server.payload() == Data(0, b"from the module")
        server.send(b"to the host", link=1)
        assert receive_exactly(peer, 11) == b"to the host"
        server.send(b"to the module", link=0)
        assert client.payload() == Data(None, b"to the module")
    server.line("1,CLOSED")
