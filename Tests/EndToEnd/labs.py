"""What the tests of labs do again and again: a module opens its softAP and its server, another one talks to it."""

from __future__ import annotations

import hashlib
import random

from host import Host
from peers import in_background

UPLINK = {"ssid": "Uplink", "password": "uplink12"}

#: The softAP that modules of these tests open, and the address that its module has there.
SSID, PASSWORD, SOFT_AP = "Gateway", "gateway1", "192.168.4.1"

#: How long an answer may take while other modules have much to do, in seconds.
PATIENCE = 30.0


def open_soft_ap(host, *, mode=2, ssid=SSID, password=PASSWORD, channel=6):
    """Makes the module an access point; in mode 3 it may be a station beside."""
    host.ok(f"AT+CWMODE={mode}")
    host.ok(f'AT+CWSAP="{ssid}","{password}",{channel},3')


def serve(host, port: int):
    """Opens the module's server."""
    host.ok("AT+CIPMUX=1")
    host.ok(f"AT+CIPSERVER=1,{port}")


def pieces(content: bytes, size=2048):
    return (content[begin : begin + size] for begin in range(0, len(content), size))


def connect_pair(server: Host, client: Host, port=80):
    """The client joins the softAP of the server's module and opens link 0 of its server."""
    open_soft_ap(server)
    serve(server, port)
    client.join(SSID, PASSWORD)
    client.open_link("TCP", SOFT_AP, port)
    server.line("0,CONNECT")


def transfer(client: Host, server: Host, size: int):
    """Sends bytes over the single link of the client to link 0 of the server, and compares them."""
    content = random.Random(size).randbytes(size)

    def send():
        for piece in pieces(content):
            client.send(piece, timeout=PATIENCE)

    with in_background(send):
        received = server.payloads(size, link=0, timeout=PATIENCE)
    assert hashlib.sha256(received).hexdigest() == hashlib.sha256(content).hexdigest()
