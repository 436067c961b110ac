#!/usr/bin/env python3
"""A station whose access point goes off the air finds another one of the same name by itself.

    Examples/roaming.py FIRST SECOND WALKER

The three are the ports of modules: two access points `Hall` with one password, and the station. The module does not say
that it roams: its host sees another address, and that the old gateway does not answer any more.
"""

import argparse
import re
import sys
import time

from at_module import Module

ROAMING_SECONDS = 10


def open_hall(module, gateway):
    """An access point of the name that both have, with a network of its own."""
    module.command("AT+CWMODE=2")
    module.command(f'AT+CIPAP="{gateway}"')
    module.command('AT+CWSAP="Hall","secret12",6,3')


def address(walker):
    return re.search(r'STAIP,"(.*)"', walker.command("AT+CIFSR")[0])[1]


def answers(walker, gateway):
    return walker.ask(f'AT+PING="{gateway}"')[0] == "OK"


def main():
    parser = argparse.ArgumentParser()
    for name in ("first", "second", "walker"):
        parser.add_argument(name)
    options = parser.parse_args()
    first, second, walker = (Module(url, name) for name, url in vars(options).items())

    open_hall(first, "192.168.11.1")
    walker.command("AT+CWMODE=1")
    walker.command('AT+CWJAP="Hall","secret12"')
    open_hall(second, "192.168.22.1")
    before = address(walker)
    is_joined = answers(walker, "192.168.11.1")

    first.command("AT+CWMODE=1")
    end = time.monotonic() + ROAMING_SECONDS
    while not (after := address(walker)).startswith("192.168.22."):
        if time.monotonic() > end:
            sys.exit(f"the walker stayed at {after}")
        time.sleep(0.5)
    has_moved = answers(walker, "192.168.22.1") and not answers(walker, "192.168.11.1")
    print(f"The walker went from {before} to {after}, and nobody told it to.")
    sys.exit(0 if is_joined and has_moved else 1)


if __name__ == "__main__":
    main()
