#!/usr/bin/env python3
"""Gives a new device its network: a phone joins the device's softAP and sends it the name and the password.

    Examples/provisioning.py DEVICE PHONE [--ssid SSID] [--password PASSWORD]

DEVICE and PHONE are the ports of two modules: what the firmware of the device says to the one, and what an app on the
phone would say to the other.
"""

import argparse
import re
import sys

from at_module import Module


def open_setup(device):
    """The device waits at port 80 of its softAP, whose name it has from its MAC."""
    device.command("AT+CWMODE=3")
    device.command("AT+CIPMUX=1")
    device.command("AT+CIPSERVER=1,80")


def find_setup(phone):
    """The phone looks for a softAP of that kind; its name."""
    phone.command("AT+CWMODE=1")
    names = re.findall(r'"(ESP_[0-9A-F]{6})"', " ".join(phone.command("AT+CWLAP")))
    if not names:
        sys.exit("no device is waiting to be set up")
    return names[0]


def tell(phone, setup, ssid, password):
    """The phone joins the device's softAP and sends what the device has to know."""
    phone.command(f'AT+CWJAP="{setup}",""')
    phone.command('AT+CIPSTART="TCP","192.168.4.1",80')
    phone.send(f"{ssid}\n{password}\n".encode())


def join(device):
    """The device reads that, joins, and answers with its address, while its softAP stays on the air."""
    received, link = device.receive()
    ssid, password = received.decode().splitlines()
    device.command(f'AT+CWJAP="{ssid}","{password}"')
    address = re.search(r'"(.*)"', device.command("AT+CIPSTA?")[0])[1]
    device.send(f"I am {address}\n".encode(), link)


def visit(phone, ssid, password):
    """The phone reads the address, goes home too, and knocks there."""
    address = phone.receive()[0].decode().removeprefix("I am ").strip()
    phone.command("AT+CIPCLOSE")
    phone.command(f'AT+CWJAP="{ssid}","{password}"')
    phone.command(f'AT+CIPSTART="TCP","{address}",80')
    phone.send(b"hello from the home network\n")
    return address


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("device")
    parser.add_argument("phone")
    parser.add_argument("--ssid", default="Home")
    parser.add_argument("--password", default="secret12")
    options = parser.parse_args()
    device, phone = Module(options.device, "device"), Module(options.phone, "phone")

    open_setup(device)
    tell(phone, find_setup(phone), options.ssid, options.password)
    join(device)
    address = visit(phone, options.ssid, options.password)
    greeting = device.receive()[0].decode().strip()
    print(f"The device is at {address} and has heard: {greeting}")
    sys.exit(0 if greeting == "hello from the home network" else 1)


if __name__ == "__main__":
    main()
