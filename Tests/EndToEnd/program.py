"""The built vesp as a process: started in a directory of its own, watched, and always ended."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from pathlib import Path

from host import Host

PATH = Path(os.environ.get("VESP", Path(__file__).parent / "../../.build/release/vesp")).resolve()

#: How long anything that is not timed by the firmware may take on a loaded machine, in seconds.
DEADLINE = 15.0

ACCESS_POINT = {"ssid": "vesp", "password": "vespvesp"}


def lab(*, serial="tcp:127.0.0.1:0", timing="fast", module=None, network=None, access_points=None) -> dict:
    """A lab of one module that can reach nothing but loopback; written as JSON, which is YAML."""
    only = lab_module("esp", serial=serial, timing=timing, **(module or {}))
    return lab_of(only, access_points=[ACCESS_POINT] if access_points is None else access_points, network=network)


def lab_of(*modules: dict, access_points=(), network=None) -> dict:
    """A lab of several modules that can reach nothing but loopback."""
    return {
        "seed": 42,
        "air": {"accessPoints": list(access_points)},
        "modules": list(modules),
        "network": {"allow": ["127.0.0.0/8"], **(network or {})},
    }


def lab_module(name: str, **settings) -> dict:
    """A module of a lab, on a TCP port and in fast timing unless told otherwise."""
    return {"name": name, "serial": "tcp:127.0.0.1:0", "timing": "fast", **settings}


def run(*arguments, directory: Path, stdin=subprocess.DEVNULL, timeout=DEADLINE, **options):
    """Runs vesp to its end and returns the completed process, its output as bytes."""
    if isinstance(stdin, bytes):
        options["input"] = stdin
    else:
        options["stdin"] = stdin
    options.setdefault("stdout", subprocess.PIPE)
    command = [str(PATH), *map(str, arguments)]
    return subprocess.run(command, cwd=directory, stderr=subprocess.PIPE, timeout=timeout, check=False, **options)


def check_refusal(ended, *names: str):
    """Checks that a refusal says what is meant by name, in few words, and did not come from a crash."""
    text = ended.stderr.decode()
    for name in names:
        assert name in text, f"{name!r} is not in {text!r}"
    assert "Fatal error" not in text and "Error(" not in text
    assert 20 < len(text.splitlines()[0]) < 400, text
    assert ended.stdout == b""


class Vesp:
    """A running `vesp run`; its standard output is read line by line into events."""

    def __init__(self, *arguments, directory: Path, as_json=True):
        self.directory = directory
        self.as_json = as_json
        self.was_killed = False
        self._events: queue.Queue = queue.Queue()
        self._seen: deque = deque()
        self._ports: dict[str, dict] = {}
        self._errors = open(directory / "stderr.txt", "ab")
        command = [str(PATH), "run", *map(str, arguments), *(["--json"] if as_json else [])]
        self.process = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors
        )
        self._reader = threading.Thread(target=self._read_events, daemon=True)
        self._reader.start()

    def _read_events(self):
        for line in self.process.stdout:
            text = line.decode().rstrip("\n")
            self._events.put(json.loads(text) if self.as_json else text)
        self._events.put(None)

    @property
    def errors(self) -> str:
        """What the program has written to standard error so far."""
        return (self.directory / "stderr.txt").read_text(errors="replace")

    def event(self, kind: str, *, timeout=DEADLINE):
        """The next event of a kind (in text mode: the next line that contains it); others stay for later calls."""
        for event in list(self._seen):
            if self._matches(event, kind):
                self._seen.remove(event)
                return event
        end = time.monotonic() + timeout
        while True:
            try:
                event = self._events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no event {kind!r} within {timeout} s; had {list(self._seen)}") from None
            if event is None:
                status = self.process.wait(DEADLINE)
                raise AssertionError(f"vesp ended with {status} before the event {kind!r}: {self.errors}")
            if self._matches(event, kind):
                return event
            self._seen.append(event)

    def _matches(self, event, kind: str) -> bool:
        return event.get("event") == kind if self.as_json else kind in event

    def connect(self, module: str | None = None, *, echo=False, timeout=DEADLINE, with_pyserial=False) -> Host:
        """Opens the port of a module, the first one if none is named; its echo is off afterwards, unless `echo`.

        A TCP port is opened as a plain socket unless `with_pyserial`, which sleeps 0.3 s when it closes one.
        """
        place = (self.ready if module is None else self.ready_of(module))["serial"]
        if place["kind"] == "pty":
            return Host.open(place["path"], echo=echo, timeout=timeout)
        if with_pyserial:
            return Host.open(f"socket://{place['host']}:{place['port']}", echo=echo, timeout=timeout)
        connection = socket.create_connection((place["host"], place["port"]), timeout=timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Host.on_socket(connection, echo=echo)

    @property
    def ready(self) -> dict:
        """The ready event."""
        if not hasattr(self, "_ready"):
            self._ready = self.event("ready")
        return self._ready

    def ready_of(self, module: str) -> dict:
        """The ready event of a module; of one of several labs if it is called LAB/MODULE."""
        while module not in self._ports:
            event = self.event("ready")
            name = event["module"]
            self._ports[f"{event['lab']}/{name}" if "lab" in event else name] = event
        return self._ports[module]

    def kill(self):
        """Ends the program as a power cut would."""
        if self.process.poll() is None:
            self.was_killed = True
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE)
        self._close()

    def stop(self, number=signal.SIGTERM):
        """Ends the program as contracted, and checks that it says so: exit 0 and nothing but its log."""
        assert self.process.poll() is None, f"vesp ended by itself with {self.process.returncode}: {self.errors}"
        self.process.send_signal(number)
        status = self.process.wait(DEADLINE)
        self._close()
        assert status == 0, f"exit {status}: {self.errors}"

    def stop_when_ready(self):
        """Waits for the port and ends the program."""
        assert self.ready
        self.stop()

    def _close(self):
        self._reader.join(DEADLINE)
        self.process.stdout.close()
        self._errors.close()
