"""The host's end of an ESP8266 with AT firmware 0.21, over pyserial: commands, payloads, and what comes in between."""

import re
import sys
import time
from collections import deque

import serial

# A join takes 3 s at least and 15 s at most; a port may not be there yet when vesp has only just been started.
ANSWER_SECONDS = 20
PORT_SECONDS = 30

FINAL = rb"\r\n(OK|ERROR|FAIL)\r\n"
# Of a received payload: its link, if there are several, and its length.
HEADER = re.compile(rb"\r\n\+IPD,(?:(\d),)?(\d+):")


class Module:
    """A module at a port; what is said to it is shown after its name."""

    def __init__(self, url, name="esp"):
        """`url` is whatever pyserial opens: ./esp.tty, socket://127.0.0.1:7001, /dev/ttyUSB0."""
        self.name = name
        self.buffer = b""
        # Payloads with their links (None in single mode), taken out of the text as they come.
        self.payloads = deque()
        end = time.monotonic() + PORT_SECONDS
        while True:
            try:
                self.port = serial.serial_for_url(url, baudrate=115200, timeout=ANSWER_SECONDS)
                break
            except serial.SerialException:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        self.port.write(b"ATE0\r\n")
        self.wait_for(rb"OK\r\n")

    def command(self, line):
        """Sends a command, which has to succeed; returns the lines of its answer."""
        final, lines = self.ask(line)
        if final != "OK":
            sys.exit(f"{self.name}: {line} failed")
        return lines

    def ask(self, line):
        """Sends a command; returns its final answer and the lines before that."""
        self.port.write(line.encode() + b"\r\n")
        before, match = self.wait_for(FINAL)
        final, lines = match[1].decode(), [each for each in before.decode(errors="replace").splitlines() if each]
        print(f"{self.name + ':':9}{line:44} {final}  {' | '.join(lines)}", flush=True)
        return final, lines

    def send(self, data, link=None):
        """Sends at most 2048 bytes over a link."""
        self.command(f"AT+CIPSEND={len(data)}" if link is None else f"AT+CIPSEND={link},{len(data)}")
        self.wait_for(rb"> ")
        self.port.write(data)
        self.wait_for(rb"SEND OK\r\n")

    def receive(self):
        """The bytes of the next payload, and the link on which they came."""
        while not self.payloads:
            self.read_more("a payload")
        return self.payloads.popleft()

    def wait_for(self, pattern):
        """The text up to a match, and the match; both are taken away."""
        while not (match := re.search(pattern, self.text)):
            self.read_more(repr(pattern))
        self.buffer = self.buffer[match.end() :]
        return match.string[: match.start()], match

    @property
    def text(self):
        """What has come, up to a payload that is not whole yet."""
        header = HEADER.search(self.buffer)
        return self.buffer[: header.start()] if header else self.buffer

    def read_more(self, what):
        received = self.port.read(self.port.in_waiting or 1)
        if not received:
            sys.exit(f"{self.name} waited in vain for {what}; there is {self.buffer[-200:]!r}")
        self.buffer += received
        while header := HEADER.search(self.buffer):
            link, end = header[1] and int(header[1]), header.end() + int(header[2])
            if len(self.buffer) < end:
                return
            self.payloads.append((self.buffer[header.end() : end], link))
            self.buffer = self.buffer[: header.start()] + self.buffer[end:]
