"""What the networks of a lab are like: how long the way is, and the programs of this computer that appear in them."""

import socket
import time

import pytest

import program
from host import Data
from labs import PASSWORD, SOFT_AP, SSID, UPLINK, open_soft_ap, pieces, serve
from peers import LOOPBACK, accept, datagram_socket, free_port, listener, port_of, receive_exactly

#: The address at which a program of this computer appears in the softAPs of these tests.
GUEST = "192.168.4.50"


def ping(host, address: str) -> int:
    """The milliseconds of an echo."""
    shown, last = host.command(f'AT+PING="{address}"')
    assert last == "OK"
    return int(shown[1:])


def elapsed(action, *arguments, **options) -> float:
    begin = time.monotonic()
    action(*arguments, **options)
    return time.monotonic() - begin


@pytest.mark.parametrize(
    ("timing", "settings", "of_network"),
    [
        ("fast", {"latency": "150ms"}, {}),
        ("fast", {}, {"latency": "150ms"}),
        ("fast", {"latency": "150ms"}, {"latency": "0ms"}),
        ("real", {}, {"latency": "150ms"}),
    ],
    ids=["module", "network", "module over network", "network in real time"],
)
def test_latency_shows_in_pings_in_connects_and_in_acknowledgements(open_lab, timing, settings, of_network):
    modules = [program.lab_module(name, timing=timing, **settings) for name in ("server", "client")]
    _, server, client = open_lab(*modules, access_points=[{**UPLINK, **of_network}])
    for host in (server, client):
        host.join("Uplink", "uplink12")
    serve(server, 80)
    # From the client up to the access point and down to the server, and the same way back.
    assert 600 <= ping(client, "10.77.1.100") < 3_000
    assert elapsed(client.open_link, "TCP", "10.77.1.100", 80) >= 0.6
    server.line("0,CONNECT")
    assert elapsed(client.send, b"x" * 100) >= 0.6
    assert server.payload() == Data(0, b"x" * 100)
    # The way to this computer is half as long.
    assert 300 <= ping(client, "10.77.1.1") < 600


def test_latency_of_one_station_is_passed_twice_on_the_way_to_a_soft_ap_and_back(open_lab):
    modules = [program.lab_module("gateway"), program.lab_module("far", latency="200ms"), program.lab_module("near")]
    _, gateway, far, near = open_lab(*modules)
    open_soft_ap(gateway)
    for host in (far, near):
        host.join(SSID, PASSWORD)
    assert ping(near, SOFT_AP) < 200
    assert 400 <= ping(far, SOFT_AP) < 2_000


def test_bandwidth_holds_a_transfer_back(open_lab):
    slow = {**UPLINK, "bandwidth": "400kbit"}
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")), access_points=[slow])
    for host in (server, client):
        host.join("Uplink", "uplink12")
    serve(server, 80)
    client.open_link("TCP", "10.77.1.100", 80)
    server.line("0,CONNECT")
    content = bytes(range(256)) * 200
    begin = time.monotonic()
    for piece in pieces(content):
        client.send(piece)
    assert server.payloads(len(content), link=0) == content
    assert time.monotonic() - begin >= 0.9 * len(content) * 8 / 400_000


def test_loss_costs_datagrams_and_no_byte_of_a_stream(open_lab):
    lossy = {**UPLINK, "loss": "5%"}
    _, server, client = open_lab(*map(program.lab_module, ("server", "client")), access_points=[lossy])
    for host in (server, client):
        host.join("Uplink", "uplink12")
    server.ok("AT+CIPMUX=1")
    server.open_link("UDP", "10.77.1.101", 7000, 7000, 0, link=4)
    server.datagram_links = {4}
    client.open_link("UDP", "10.77.1.100", 7000, 7000, 0)
    for number in range(200):
        client.send(b"%d" % number)
    client.ok("AT+CIPCLOSE")
    server.ok("AT+CIPSERVER=1,80")
    client.open_link("TCP", "10.77.1.100", 80)
    # A line comes after all the datagrams that were sent before it.
    server.line("0,CONNECT")
    numbers = [int(data.payload) for data in server.data]
    server.data.clear()
    assert numbers == sorted(set(numbers)), "datagrams came twice or out of their order"
    # On both ways together some 10 % are lost: of 200 never none, and never a third.
    assert 133 < len(numbers) < 200
    content = bytes(range(256)) * 24
    for piece in pieces(content):
        client.send(piece, timeout=60)
    assert server.payloads(len(content), link=0, timeout=60) == content


@pytest.fixture
def guest_lab(start, connect):
    """A lab whose only network is a softAP with a guest; gives the gateway's and the station's hosts."""

    def guest_lab(at: int, **network) -> tuple:
        guests = {GUEST: f"{LOOPBACK}:{at}"}
        modules = map(program.lab_module, ("gateway", "sensor"))
        vesp = start(lab=program.lab_of(*modules, network={"guests": guests, **network}))
        gateway, sensor = connect(vesp, "gateway"), connect(vesp, "sensor")
        open_soft_ap(gateway)
        sensor.join(SSID, PASSWORD)
        return vesp, gateway, sensor

    return guest_lab


def test_a_program_of_this_computer_is_a_server_in_the_network_of_a_soft_ap(guest_lab):
    with listener() as server:
        _, gateway, sensor = guest_lab(port_of(server))
        for host in (sensor, gateway):
            # Every port of the address is the program's.
            host.open_link("TCP", GUEST, 8080)
            with accept(server) as peer:
                assert f'+CIPSTATUS:0,"TCP","{GUEST}",8080,0' in host.ok("AT+CIPSTATUS")
                host.send(b"measured: 21.5")
                assert receive_exactly(peer, 14) == b"measured: 21.5"
                peer.sendall(b"thanks")
                assert host.payload() == Data(None, b"thanks")
            host.line("CLOSED")
        # A neighbour of it is nobody.
        assert sensor.command('AT+CIPSTART="TCP","192.168.4.51",8080') == ["ERROR"]


def test_a_program_that_is_sent_datagrams_answers_from_where_they_were_sent_to(guest_lab):
    with datagram_socket() as guest:
        _, _, sensor = guest_lab(port_of(guest))
        sensor.open_link("UDP", GUEST, 5000, 7000, 2)
        sensor.datagram_links = {None}
        sensor.send(b"to the guest")
        payload, module = guest.recvfrom(100)
        assert payload == b"to the guest"
        guest.sendto(b"from the guest", module)
        assert sensor.payload() == Data(None, b"from the guest")
        assert f'+CIPSTATUS:0,"UDP","{GUEST}",5000,7000,0' in sensor.ok("AT+CIPSTATUS")


def test_datagrams_of_a_program_that_was_not_asked_come_from_its_address(guest_lab):
    with datagram_socket() as guest:
        _, _, sensor = guest_lab(port_of(guest))
        local = free_port(socket.SOCK_DGRAM)
        sensor.open_link("UDP", SOFT_AP, 5000, local, 2)
        sensor.datagram_links = {None}
        guest.sendto(b"good morning", (LOOPBACK, local))
        assert sensor.payload() == Data(None, b"good morning")
        # The link's mode makes the sender its target.
        assert f'+CIPSTATUS:0,"UDP","{GUEST}",{port_of(guest)},{local},0' in sensor.ok("AT+CIPSTATUS")
        sensor.send(b"and to you")
        assert guest.recvfrom(100)[0] == b"and to you"


def test_a_broadcast_reaches_the_program_and_the_modules(guest_lab):
    with datagram_socket() as guest:
        _, gateway, sensor = guest_lab(port_of(guest))
        gateway.open_link("UDP", "192.168.4.2", 7000, 7000, 0)
        gateway.datagram_links = {None}
        for address in ("192.168.4.255", "255.255.255.255"):
            sensor.open_link("UDP", address, 7000)
            sensor.send(b"is anybody there?")
            assert guest.recvfrom(100)[0] == b"is anybody there?"
            assert gateway.payload().payload == b"is anybody there?"
            sensor.ok("AT+CIPCLOSE")


def test_a_client_of_a_module_is_seen_at_its_address_if_it_is_the_guest(guest_lab):
    with socket.socket() as guest:
        guest.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        guest.bind((LOOPBACK, 0))
        guest.settimeout(program.DEADLINE)
        vesp, gateway, _ = guest_lab(port_of(guest))
        serve(gateway, 80)
        place = vesp.event("server")
        guest.connect((place["host"], place["hostPort"]))
        gateway.line("0,CONNECT")
        assert f'+CIPSTATUS:0,"TCP","{GUEST}",{port_of(guest)},1' in gateway.ok("AT+CIPSTATUS")
        guest.sendall(b"hello")
        assert gateway.payload() == Data(0, b"hello")


def test_a_guest_answers_a_ping_and_is_nobody_outside_its_network(start, connect):
    with listener() as server:
        guests = {GUEST: f"{LOOPBACK}:{port_of(server)}"}
        modules = map(program.lab_module, ("gateway", "sensor"))
        isolated = {**UPLINK, "uplink": "none"}
        vesp = start(lab=program.lab_of(*modules, access_points=[isolated], network={"guests": guests}))
        gateway, sensor = connect(vesp, "gateway"), connect(vesp, "sensor")
        open_soft_ap(gateway)
        sensor.join(SSID, PASSWORD)
        assert ping(sensor, GUEST) < 1_000
        sensor.ok('AT+CWJAP="Uplink","uplink12"')
        assert sensor.command(f'AT+CIPSTART="TCP","{GUEST}",80') == ["ERROR"]
        sensor.line("CLOSED")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
