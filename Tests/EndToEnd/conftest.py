"""Fixtures: running programs that are ended whatever happens, and hosts on their ports."""

from __future__ import annotations

import itertools
import json

import pytest

import program
from host import Host


def pytest_sessionstart(session):
    if not program.PATH.exists():
        pytest.exit(f"there is no {program.PATH}: build it with swift build -c release --product vesp", 2)


@pytest.fixture
def start(tmp_path):
    """Starts `vesp run` in the test's directory; what still runs at the end of the test is killed."""
    started = []
    numbers = itertools.count()

    def start(*arguments, lab: dict | None = None, as_json=True) -> program.Vesp:
        if lab is not None:
            path = tmp_path / f"lab{next(numbers)}.yaml"
            path.write_text(json.dumps(lab))
            arguments = (path, *arguments)
        started.append(program.Vesp(*arguments, directory=tmp_path, as_json=as_json))
        return started[-1]

    yield start
    for vesp in started:
        crashed = not vesp.was_killed and (vesp.process.poll() or 0) < 0
        vesp.kill()
        assert not crashed, f"vesp crashed: {vesp.errors}"


@pytest.fixture
def connect(request):
    """Opens a port as a host, with pyserial in tests that try both kinds of port; closed at the end of the test."""
    hosts = []
    with_pyserial = "port" in request.fixturenames

    def connect(vesp: program.Vesp, module: str | None = None, **options) -> Host:
        hosts.append(vesp.connect(module, with_pyserial=with_pyserial, **options))
        return hosts[-1]

    yield connect
    for host in hosts:
        host.close()


@pytest.fixture(params=["pty:./esp.tty", "tcp:127.0.0.1:0"], ids=["pty", "tcp"])
def port(request) -> str:
    """The two serial kinds on which everything is tried."""
    return request.param


@pytest.fixture
def station(start, connect, port):
    """A host whose module is a station of the access point `vesp`, in fast timing, on a PTY and on TCP."""
    host = connect(start(lab=program.lab(serial=port)))
    host.join()
    return host


@pytest.fixture
def open_lab(start, connect):
    """Starts a lab of several modules; gives the program, then a host for each module, in their order."""

    def open_lab(*modules: dict, **settings) -> tuple:
        vesp = start(lab=program.lab_of(*modules, **settings))
        return vesp, *(connect(vesp, module["name"]) for module in modules)

    return open_lab
