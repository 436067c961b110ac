"""The serial kinds: clients leave and return, output before the first one is kept, links and sockets are tidy."""

import os
import re
import signal
import socket
import stat
import subprocess
import termios

import pytest

import program
from host import Host
from peers import DEADLINE, LOOPBACK, in_background, listener, port_of, wait_until


def unix_host(path) -> Host:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(DEADLINE)
    connection.connect(str(path))
    return Host.on_socket(connection)


class TerminalPort:
    """A PTY opened without pyserial, which would throw away what waits in it."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def fileno(self):
        return self.descriptor

    def read(self, size):
        return os.read(self.descriptor, size)

    def write(self, data):
        while data:
            data = data[os.write(self.descriptor, data) :]

    def close(self):
        os.close(self.descriptor)


def open_port(vesp: program.Vesp) -> Host:
    """The port of the ready event, as a program without pyserial opens it."""
    place = vesp.ready["serial"]
    if place["kind"] == "pty":
        return Host(TerminalPort(place["path"]))
    if place["kind"] == "unix":
        return unix_host(vesp.directory / place["path"])
    return Host.on_socket(socket.create_connection((place["host"], place["port"]), timeout=DEADLINE))


KINDS = pytest.mark.parametrize("spec", ["pty:./esp.tty", "pty", "tcp:0", "tcp:[::1]:0", "unix:./esp.sock"])


@KINDS
def test_output_before_the_first_client_is_kept(start, spec):
    vesp = start("--serial", spec, "--timing", "real")
    with open_port(vesp) as host:
        host.expect(rb"^\r\nready\r\n$")
    vesp.stop()


@KINDS
def test_a_client_that_returns_finds_the_module_as_it_left_it(start, spec):
    vesp = start("--serial", spec, "--timing", "fast")
    with open_port(vesp) as host:
        host.write(b"ATE0\r\nAT+CIPMUX=1\r\n")
        host.expect(rb"\r\nOK\r\n\r\nOK\r\n$")
    for _ in range(5):
        with open_port(vesp) as host:
            host.exchange(b"AT+CIPMUX?\r\n", b"+CIPMUX:1\r\n\r\nOK\r\n")
    vesp.stop()


@KINDS
def test_a_client_that_leaves_in_the_middle_of_a_line_or_a_payload_harms_nobody(start, spec):
    vesp = start("--serial", spec, "--timing", "fast")
    with open_port(vesp) as host:
        host.write(b"ATE0\r\n")
        host.expect(rb"\r\nOK\r\n$")
        host.write(b"AT+CIPM")
    with open_port(vesp) as host:
        host.exchange(b"UX?\r\n", b"+CIPMUX:0\r\n\r\nOK\r\n")
        # Answers that nobody reads are gone with the client.
        host.write(b"AT+GMR\r\n" * 50)
    with open_port(vesp) as host:
        host.write(b"AT+CIPMUX=1\r\n")
        host.expect(rb"\r\nOK\r\n")
        wait_until(lambda: not host.receive(0.05), "the last answer is there")
    vesp.stop()


@pytest.mark.parametrize("spec", ["tcp:0", "unix:./esp.sock"])
def test_a_second_client_is_closed_at_once_and_the_first_undisturbed(start, spec):
    vesp = start("--serial", spec, "--timing", "fast")
    with open_port(vesp) as first:
        first.write(b"ATE0\r\n")
        first.expect(rb"\r\nOK\r\n$")
        with open_port(vesp) as second, pytest.raises((EOFError, ConnectionResetError)):
            second.receive(DEADLINE)
        assert first.is_alive()


@pytest.mark.parametrize("spec", ["tcp:0", "unix:./esp.sock"])
def test_a_client_that_half_closes_still_gets_its_answers(start, spec):
    vesp = start("--serial", spec, "--timing", "real")
    with open_port(vesp) as host:
        host.write(b"ATE0\r\n" + b"AT+GMR\r\n" * 20)
        host.port.connection.shutdown(socket.SHUT_WR)
        for _ in range(20):
            host.expect(rb"SDK version:0\.9\.5\r\n\r\nOK\r\n")


def test_the_ready_event_of_each_kind(start, tmp_path):
    vesp = start("--serial", "pty:./esp.tty")
    place = vesp.ready["serial"]
    assert vesp.ready["module"] == "esp"
    assert place == {"kind": "pty", "path": os.readlink(tmp_path / "esp.tty"), "link": "./esp.tty"}
    assert stat.S_ISCHR(os.stat(place["path"]).st_mode)
    assert set(start("--serial", "pty").ready["serial"]) == {"kind", "path"}
    place = start("--serial", "tcp:0").ready["serial"]
    assert (place["kind"], place["host"]) == ("tcp", LOOPBACK) and 0 < place["port"] < 65536
    assert start("--serial", "unix:esp.sock").ready["serial"] == {"kind": "unix", "path": "esp.sock"}


def test_the_ready_line_of_each_kind(start, tmp_path):
    line = start(as_json=False).event("serial")
    assert line == f"esp: serial {os.readlink(tmp_path / 'vesp.tty')} (./vesp.tty)"
    assert re.fullmatch(r"esp: serial tcp 127\.0\.0\.1:\d+", start("--serial", "tcp:0", as_json=False).event("serial"))
    assert start("--serial", "unix:esp.sock", as_json=False).event("serial") == "esp: serial unix esp.sock"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_links_and_sockets_are_removed_at_the_end(start, tmp_path, number):
    for spec, name in (("pty:./esp.tty", "esp.tty"), ("unix:./esp.sock", "esp.sock")):
        vesp = start("--serial", spec)
        assert vesp.ready
        assert os.path.lexists(tmp_path / name)
        vesp.stop(number)
        assert not os.path.lexists(tmp_path / name)


def test_a_link_that_is_there_is_replaced(start, connect, tmp_path):
    (tmp_path / "esp.tty").symlink_to("/nowhere")
    vesp = start("--serial", "pty:./esp.tty")
    assert vesp.ready["serial"]["path"] == os.readlink(tmp_path / "esp.tty")
    vesp.stop()


def test_a_link_that_is_no_longer_ours_is_left(start, tmp_path):
    vesp = start("--serial", "pty:./esp.tty")
    assert vesp.ready
    (tmp_path / "esp.tty").unlink()
    (tmp_path / "esp.tty").symlink_to("/somebody/else")
    vesp.stop()
    assert os.readlink(tmp_path / "esp.tty") == "/somebody/else"


@pytest.mark.parametrize("spec", ["pty:./esp.tty", "unix:./esp.tty"])
def test_a_file_in_the_place_of_a_link_is_refused_and_kept(tmp_path, spec):
    (tmp_path / "esp.tty").write_text("precious")
    ended = program.run("run", "--serial", spec, directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "esp.tty")
    assert (tmp_path / "esp.tty").read_text() == "precious"


def test_a_stale_socket_file_is_replaced_and_a_live_one_refused(start, tmp_path):
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "esp.sock"))
    vesp = start("--serial", "unix:./esp.sock", "--timing", "fast")
    assert vesp.ready
    ended = program.run("run", "--serial", "unix:./esp.sock", directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "esp.sock")
    with open_port(vesp) as host:
        host.write(b"AT\r\n")
        host.expect(rb"\r\nOK\r\n")


def test_a_tcp_port_in_use_is_refused(tmp_path):
    with listener() as taken:
        ended = program.run("run", "--serial", f"tcp:{port_of(taken)}", directory=tmp_path)
        assert ended.returncode == 69
        program.check_refusal(ended, str(port_of(taken)))


def test_a_device_that_is_not_there_is_refused(tmp_path):
    ended = program.run("run", "--serial", "device:./ttyUSB9", directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "ttyUSB9")


def test_a_device_is_opened_at_the_settings_of_the_module(start, connect):
    """A pseudo-terminal stands for the UART of a USB adapter."""
    ours, theirs = os.openpty()
    try:
        path = os.ttyname(theirs)
        vesp = start("--serial", f"device:{path}", "--timing", "fast")
        assert vesp.ready["serial"] == {"kind": "device", "path": path}
        host = Host(Descriptor(ours))
        host.write(b"ATE0\r\n")
        host.expect(rb"ATE0\r\r\n\r\nOK\r\n")
        assert host.is_alive()
        assert termios.tcgetattr(theirs)[4:6] == [termios.B115200] * 2
        assert not termios.tcgetattr(theirs)[2] & termios.CSTOPB
        # Word length and parity are not to be seen: the kernel refuses to change them on a pseudo-terminal.
        host.ok("AT+UART=57600,8,3,0,0")
        wait_until(lambda: termios.tcgetattr(theirs)[4] == termios.B57600, "the new settings are in force")
        assert termios.tcgetattr(theirs)[2] & termios.CSTOPB
        vesp.stop()
    finally:
        os.close(ours)
        os.close(theirs)


class Descriptor(TerminalPort):
    """A descriptor that somebody else opened and closes."""

    def __init__(self, descriptor):
        self.descriptor = descriptor


# Standard input and output

STDIO = ["run", "--serial", "stdio", "--timing", "fast"]
ANSWER = b"\r\nready\r\nAT\r\r\n\r\nOK\r\n"


def test_a_pipe_is_answered_and_ends_the_program(tmp_path):
    ended = program.run(*STDIO, directory=tmp_path, stdin=b"AT\r\n")
    assert (ended.returncode, ended.stdout) == (0, ANSWER)


def test_files_are_answered_and_end_the_program(tmp_path):
    (tmp_path / "in").write_bytes(b"AT\r\n" * 1000)
    with open(tmp_path / "in", "rb") as source, open(tmp_path / "out", "wb") as target:
        ended = program.run(*STDIO, directory=tmp_path, stdin=source, stdout=target)
    assert ended.returncode == 0
    assert (tmp_path / "out").read_bytes() == b"\r\nready\r\n" + b"AT\r\r\n\r\nOK\r\n" * 1000


def test_dev_null_ends_the_program(tmp_path):
    ended = program.run(*STDIO, directory=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, b"\r\nready\r\n")
    with open(os.devnull, "wb") as null:
        assert program.run(*STDIO, directory=tmp_path, stdin=b"AT\r\n", stdout=null).returncode == 0


def test_the_shell_line_of_the_contract_works(tmp_path):
    line = f"printf 'AT\\r\\n' | '{program.PATH}' run --serial stdio --timing fast"
    ended = subprocess.run(["sh", "-c", line], cwd=tmp_path, stdout=subprocess.PIPE, timeout=DEADLINE, check=True)
    assert ended.stdout == ANSWER


def test_real_timing_answers_a_pipe_too(tmp_path):
    ended = program.run("run", "--serial", "stdio", directory=tmp_path, stdin=b"AT\r\n")
    assert (ended.returncode, ended.stdout) == (0, ANSWER)


def test_what_is_pending_at_the_end_of_input_is_finished(tmp_path):
    commands = b'ATE0\r\nAT+CWMODE=1\r\nAT+CWJAP="vesp","vespvesp"\r\n'
    ended = program.run("run", "--serial", "stdio", directory=tmp_path, stdin=commands)
    assert ended.returncode == 0
    assert ended.stdout.endswith(b"\r\nOK\r\n" * 3)


def test_events_of_a_stdio_module_go_to_standard_error(tmp_path):
    port = 40_333
    commands = f"AT+CIPMUX=1\r\nAT+CIPSERVER=1,{port}\r\n".encode()
    ended = program.run(*STDIO, "--forward", f"0:{port}", "--json", directory=tmp_path, stdin=commands)
    assert ended.returncode == 0
    assert b'"event":"server"' in ended.stderr and b"event" not in ended.stdout


def test_a_reader_of_standard_output_that_leaves_ends_the_program_with_74(tmp_path):
    process = subprocess.Popen(
        [str(program.PATH), *STDIO], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout.read(9) == b"\r\nready\r\n"
        process.stdout.close()
        process.stdin.write(b"AT\r\n")
        process.stdin.flush()
        assert process.wait(DEADLINE) == 74
        assert b"stdio" in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stderr.close()


def test_a_client_that_writes_faster_than_it_is_read_loses_nothing(start, port):
    vesp = start("--serial", port, "--timing", "fast")
    count = 20_000
    with open_port(vesp) as host:
        host.write(b"ATE0\r\n")
        host.expect(rb"\r\nOK\r\n$")
        with in_background(host.write, b"AT\r\n" * count):
            assert host.take(6 * count, timeout=30) == b"\r\nOK\r\n" * count


@pytest.mark.parametrize("spec", ["pty:./esp.tty", "tcp:0", "unix:./esp.sock"])
def test_a_client_that_does_not_read_keeps_nobody_from_stopping(start, spec):
    vesp = start("--serial", spec, "--timing", "fast")
    with open_port(vesp) as host:
        host.write(b"AT+GMR\r\n" * 200)
        host.expect(rb"OK\r\n")
        vesp.stop()
