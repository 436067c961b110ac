#!/usr/bin/env python3
"""Fetches a page over a virtual ESP8266: joins the network, opens a TCP link, sends a request, collects +IPD.

    Examples/http_get.py PORT [--ssid SSID] [--password PASSWORD] [--host HOST]

PORT is whatever pyserial opens: ./esp.tty, socket://127.0.0.1:7001, /dev/ttyUSB0. The page comes from a web server that
the script starts on 127.0.0.1; HOST is what the module calls that address (127.0.0.1 unless told otherwise).
"""

import argparse
import http.server
import os
import sys
import threading

from at_module import Module

# 100,000 bytes that no other page has.
PAGE = os.urandom(100_000)


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
    # The server closes when all is sent; the payloads that came before it are there then.
    module.wait_for(rb"CLOSED\r\n")
    header, _, body = b"".join(data for data, _ in module.payloads).partition(b"\r\n\r\n")
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
    module.command("AT+CWMODE=1")
    module.command(f'AT+CWJAP="{options.ssid}","{options.password}"')
    module.command("AT+CIFSR")
    status, body = fetch(module, options.host, server.server_port)
    print(f"{status}: {len(body)} bytes, {'as sent' if body == PAGE else 'NOT as sent'}")
    sys.exit(0 if body == PAGE else 1)


if __name__ == "__main__":
    main()
