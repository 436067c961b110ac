#!/usr/bin/env python3
"""Fetches a page over a virtual ESP8266: joins the network, opens a TCP link, sends a request, collects +IPD.

    Examples/http_get.py PORT [--ssid SSID] [--password PASSWORD] [--host HOST]

PORT is whatever pyserial opens: ./esp.tty, socket://127.0.0.1:7001, /dev/ttyUSB0. The page comes from a web server that
the script starts on 127.0.0.1; HOST is what the module calls that address (127.0.0.1 unless told otherwise).
"""

import argparse
import http.server
import os
import re
import sys
import threading
import time

import serial

# A join takes 3 s at least and 15 s at most; a port may not be there yet when vesp has only just been started.
ANSWER_SECONDS = 20
PORT_SECONDS = 30

# 100,000 bytes that no other page has.
PAGE = os.urandom(100_000)
FINAL = re.compile(rb"\r\n(OK|ERROR|FAIL)\r\n")


class Module:
    """The host's end of the serial line: bytes in a buffer, and what is waited for in it."""

    def __init__(self, url):
        end = time.monotonic() + PORT_SECONDS
        while True:
            try:
                self.port = serial.serial_for_url(url, baudrate=115200, timeout=0.05)
                break
            except serial.SerialException:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.buffer = b""

    def wait_for(self, pattern):
        """Everything up to a match, which is removed with it; the match."""
        end = time.monotonic() + ANSWER_SECONDS
        while not (match := re.search(pattern, self.buffer)):
            self.read_more(end, repr(pattern))
        before = self.buffer[: match.start()]
        self.buffer = self.buffer[match.end() :]
        return before, match

    def take(self, count):
        """The next `count` bytes."""
        end = time.monotonic() + ANSWER_SECONDS
        while len(self.buffer) < count:
            self.read_more(end, f"{count} bytes")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_more(self, end, what):
        if time.monotonic() > end:
            sys.exit(f"waited in vain for {what}; there is {self.buffer[-200:]!r}")
        self.buffer += self.port.read(self.port.in_waiting or 1)

    def command(self, line):
        """Sends a line and waits for its final answer, which has to be OK."""
        self.port.write(line.encode() + b"\r\n")
        before, match = self.wait_for(FINAL)
        text = before.decode(errors="replace").strip()
        print(f"{line:40} {match[1].decode()}  {' | '.join(text.splitlines())}")
        if match[1] != b"OK":
            sys.exit(f"{line} failed")

    def send(self, data):
        """Sends one payload of at most 2048 bytes."""
        self.command(f"AT+CIPSEND={len(data)}")
        self.wait_for(rb"> ")
        self.port.write(data)
        self.wait_for(rb"\r\nSEND OK\r\n")

    def receive_until_closed(self):
        """The data of all +IPD until the far end closes."""
        data = b""
        while True:
            _, match = self.wait_for(rb"\r\n\+IPD,(\d+):|CLOSED\r\n")
            if match[1] is None:
                return data
            data += self.take(int(match[1]))


class Page(http.server.BaseHTTPRequestHandler):
    """The web server's only page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def fetch(module, host, port):
    module.command(f'AT+CIPSTART="TCP","{host}",{port}')
    module.send(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    header, _, body = module.receive_until_closed().partition(b"\r\n\r\n")
    return header.splitlines()[0].decode(), body


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--ssid", default="vesp")
    parser.add_argument("--password", default="vespvesp")
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    module = Module(options.port)
    module.command("ATE0")
    module.command("AT+CWMODE=1")
    module.command(f'AT+CWJAP="{options.ssid}","{options.password}"')
    module.command("AT+CIFSR")
    status, body = fetch(module, options.host, server.server_port)
    print(f"{status}: {len(body)} bytes, {'as sent' if body == PAGE else 'NOT as sent'}")
    sys.exit(0 if body == PAGE else 1)


if __name__ == "__main__":
    main()
