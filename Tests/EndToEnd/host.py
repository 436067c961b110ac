"""The host: what a microcontroller's driver does at the other end of the serial line, over pyserial."""

from __future__ import annotations

import re
import select
import socket
import time
from collections import deque
from dataclasses import dataclass

import serial

#: How long an answer may take that the firmware itself does not delay, in seconds.
ANSWER = 15.0

FINAL_LINES = frozenset({"OK", "ERROR", "FAIL", "SEND OK", "SEND FAIL"})

#: What follows each +IPD of UDP (reference 3.5).
AFTER_DATAGRAM = b"\r\nOK\r\n"

HEADER = re.compile(rb"(?:\r\n)?\+IPD,(?:(\d),)?(\d+):")


@dataclass(frozen=True)
class Data:
    """The payload of one +IPD; `link` is None in single mode."""

    link: int | None
    payload: bytes


class Prompt:
    """The `> ` that asks for a payload."""


class SocketPort:
    """A plain socket with the few members of a pyserial port that `Host` uses; for what pyserial has no URL for."""

    def __init__(self, connection: socket.socket):
        self.connection = connection

    def fileno(self) -> int:
        return self.connection.fileno()

    def read(self, size: int) -> bytes:
        return self.connection.recv(size)

    def write(self, data: bytes):
        self.connection.sendall(data)

    def close(self):
        self.connection.close()


class Host:
    """One end of the serial line, with a buffer of what was received and not yet looked at."""

    def __init__(self, port):
        self.port = port
        self.buffer = bytearray()
        #: Payloads that came while something else was waited for.
        self.data: deque[Data] = deque()
        #: Ids of UDP links, None for that of single mode: the OK after each of their datagrams is no answer.
        self.datagram_links: set[int] = set()

    @classmethod
    def open(cls, url: str, *, echo=False, timeout=ANSWER, **options) -> Host:
        """Opens a port with pyserial and, unless `echo`, turns the echo off, which also tells that the module lives."""
        host = cls(serial.serial_for_url(url, baudrate=115200, timeout=0, write_timeout=timeout, **options))
        if not echo:
            host.turn_echo_off()
        return host

    @classmethod
    def on_socket(cls, connection: socket.socket, *, echo=True) -> Host:
        """A host on a connected socket."""
        host = cls(SocketPort(connection))
        if not echo:
            host.turn_echo_off()
        return host

    def turn_echo_off(self):
        """ATE0, whatever was said before."""
        self.write(b"ATE0\r\n")
        self.expect(rb"\r\nOK\r\n")

    def close(self):
        self.port.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Bytes

    def write(self, data: bytes):
        self.port.write(data)

    def receive(self, timeout: float) -> bool:
        """Waits for more bytes and puts them into the buffer; false when none came in time."""
        readable, _, _ = select.select([self.port.fileno()], [], [], max(0.0, timeout))
        if not readable:
            return False
        try:
            data = self.port.read(65536)
        except serial.SerialException:
            # What pyserial makes of the end of a stream.
            data = b""
        if not data:
            raise EOFError(f"the port was closed; unread: {bytes(self.buffer[-200:])!r}")
        self.buffer += data
        return True

    def _receive_until(self, end: float, what: str):
        if not self.receive(end - time.monotonic()) and time.monotonic() >= end:
            raise AssertionError(f"waited in vain for {what}; the buffer ends {bytes(self.buffer[-200:])!r}")

    def take(self, count: int, *, timeout=ANSWER) -> bytes:
        """Exactly `count` bytes."""
        end = time.monotonic() + timeout
        while len(self.buffer) < count:
            self._receive_until(end, f"{count} bytes, of which {len(self.buffer)} came,")
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def expect(self, pattern: bytes, *, timeout=ANSWER) -> bytes:
        """Everything up to and including the first match of a regular expression."""
        end = time.monotonic() + timeout
        compiled = re.compile(pattern)
        while not (match := compiled.search(self.buffer)):
            self._receive_until(end, repr(pattern))
        taken = bytes(self.buffer[: match.end()])
        del self.buffer[: match.end()]
        return taken

    def exchange(self, sent: bytes, expected: bytes, *, timeout=ANSWER):
        """Sends bytes and checks the answer to the byte."""
        self.write(sent)
        assert self.take(len(expected), timeout=timeout) == expected

    def stays_silent(self, seconds: float) -> bool:
        """Whether nothing comes for that long."""
        return not self.buffer and not self.receive(seconds)

    # Messages: lines, prompts and +IPD (echo off)

    def message(self, *, timeout=ANSWER) -> str | Data | Prompt:
        """The next thing that the module says; empty lines are skipped."""
        end = time.monotonic() + timeout
        while (found := self._parse()) is None:
            self._receive_until(end, "a line")
        return found

    def _parse(self):
        buffer = self.buffer
        if match := HEADER.match(buffer):
            link = int(match[1]) if match[1] else None
            total = match.end() + int(match[2])
            end = total + len(AFTER_DATAGRAM) * (link in self.datagram_links)
            if len(buffer) < end:
                return None
            payload = bytes(buffer[match.end() : total])
            assert bytes(buffer[total:end]) in (b"", AFTER_DATAGRAM)
            del buffer[:end]
            return Data(link, payload)
        if buffer.startswith(b"\r\n"):
            del buffer[:2]
            return self._parse()
        if buffer.startswith(b"> "):
            del buffer[:2]
            return Prompt()
        line, newline, _ = buffer.partition(b"\n")
        if not newline:
            return None
        del buffer[: len(line) + 1]
        return line.decode("latin-1").rstrip("\r")

    def line(self, expected: str | None = None, *, timeout=ANSWER) -> str:
        """The next line; payloads that come before it are kept in `data`."""
        while True:
            message = self.message(timeout=timeout)
            if isinstance(message, Data):
                self.data.append(message)
                continue
            assert isinstance(message, str), "a prompt where a line was expected"
            assert expected is None or message == expected, f"{message!r} where {expected!r} was expected"
            return message

    def payload(self, *, timeout=ANSWER) -> Data:
        """The next +IPD; a line in its place is an error."""
        if self.data:
            return self.data.popleft()
        message = self.message(timeout=timeout)
        assert isinstance(message, Data), f"{message!r} where +IPD was expected"
        return message

    def payloads(self, count: int, *, link: int | None = None, timeout=ANSWER) -> bytes:
        """`count` bytes of a link's data, however many +IPD they come in."""
        collected = bytearray()
        while len(collected) < count:
            data = self.payload(timeout=timeout)
            assert data.link == link
            collected += data.payload
        assert len(collected) == count
        return bytes(collected)

    def command(self, text: str, *, timeout=ANSWER) -> list[str]:
        """Sends a command; returns its lines, of which the last is the final one (OK, ERROR, FAIL)."""
        self.write(text.encode("latin-1") + b"\r\n")
        lines = [self.line(timeout=timeout)]
        while lines[-1] not in FINAL_LINES:
            lines.append(self.line(timeout=timeout))
        return lines

    def ok(self, text: str, *, timeout=ANSWER) -> list[str]:
        """Sends a command that must succeed; returns its lines without the OK."""
        lines = self.command(text, timeout=timeout)
        assert lines[-1] == "OK", f"{text} was answered {lines}"
        return lines[:-1]

    # Conversations

    def join(self, ssid="vesp", password="vespvesp", *, timeout=ANSWER):
        """Makes the module a station of an access point."""
        self.ok("AT+CWMODE=1")
        assert self.ok(f'AT+CWJAP="{ssid}","{password}"', timeout=timeout) == []

    def open_link(self, kind: str, host: str, port: int, *rest, link: int | None = None, timeout=ANSWER):
        """CIPSTART; checks the CONNECT line."""
        parts = [*([] if link is None else [str(link)]), f'"{kind}"', f'"{host}"', str(port), *map(str, rest)]
        opened = self.ok("AT+CIPSTART=" + ",".join(parts), timeout=timeout)
        # UDP shows the id in single mode too (reference 2.21).
        shown = (0 if kind == "UDP" else None) if link is None else link
        assert opened == ["CONNECT" if shown is None else f"{shown},CONNECT"]

    def prompt(self, count: int, *, link: int | None = None):
        """CIPSEND up to the prompt."""
        self.ok(f"AT+CIPSEND={count}" if link is None else f"AT+CIPSEND={link},{count}")
        while not isinstance(message := self.message(), Prompt):
            assert isinstance(message, Data), f"{message!r} where the prompt was expected"
            self.data.append(message)

    def send(self, payload: bytes, *, link: int | None = None, timeout=ANSWER):
        """Sends one counted payload, at most 2048 bytes."""
        self.prompt(len(payload), link=link)
        self.write(payload)
        self.line("SEND OK", timeout=timeout)

    def is_alive(self) -> bool:
        """Whether the module answers AT with OK."""
        return self.command("AT") == ["OK"]
