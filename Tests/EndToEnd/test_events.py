"""Who does not read the events, and who does not take what `vesp play` sends, holds nothing up for ever."""

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import termios
import time
import tty

import program
from host import Host
from peers import datagram_socket, free_port, port_of

#: The smallest pipe that the kernel makes: a page, which some forty events fill.
PIPE_SIZE = 4096
CYCLES = 200


def start(directory, write_end, *arguments):
    (directory / "lab.yaml").write_text(json.dumps(program.lab(serial=f"tcp:{free_port()}")))
    command = [str(program.PATH), "run", "lab.yaml", "--json", *arguments]
    errors = open(directory / "stderr.txt", "wb")
    return subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=write_end, stderr=errors)


def read_line(descriptor):
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        assert byte, "the pipe was closed"
        line += byte
    return json.loads(line)


def make_events(host, count):
    """Opens a server and restarts, which closes it, `count` times: two events each."""
    host.ok("AT+CIPMUX=1")
    for _ in range(count):
        host.ok("AT+CIPSERVER=1,80")
        host.write(b"AT+RST\r\n")
        host.expect(rb"ready\r\n")
        host.ok("ATE0")
        host.ok("AT+CIPMUX=1")


def open_pipe():
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    return read_end, write_end


def test_a_lab_goes_on_when_nobody_reads_its_events(tmp_path):
    read_end, write_end = open_pipe()
    process = start(tmp_path, write_end)
    os.close(write_end)
    try:
        ready = read_line(read_end)["serial"]
        with Host.open(f"socket://{ready['host']}:{ready['port']}") as host:
            make_events(host, CYCLES)
            # The reader comes back and finds everything, in order.
            events = [read_line(read_end)["event"] for _ in range(2 * CYCLES)]
            assert events == ["server", "server-closed"] * CYCLES
            make_events(host, CYCLES)
        before = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(program.DEADLINE) == 0
        assert time.monotonic() - before < 5, "the end waits a second for a reader"
        assert "events were not printed" in (tmp_path / "stderr.txt").read_text()
    finally:
        process.kill()
        process.wait()
        os.close(read_end)


def make_datagram_events(host, count):
    """Opens and closes UDP links whose local port is taken, so that each gets another: an event each."""
    host.ok("AT+CIPMUX=1")
    host.join(**program.ACCESS_POINT)
    with contextlib.ExitStack() as stack:
        taken = [port_of(stack.enter_context(datagram_socket())) for _ in range(5)]
        for _ in range(count // len(taken)):
            for link, port in enumerate(taken):
                host.ok(f'AT+CIPSTART={link},"UDP","127.0.0.1",9,{port},0')
            host.ok("AT+CIPCLOSE=5")


def test_of_more_events_than_wait_the_oldest_are_lost_and_counted(tmp_path):
    capacity, excess = 10_000, 200
    read_end, write_end = open_pipe()
    process = start(tmp_path, write_end)
    os.close(write_end)
    try:
        ready = read_line(read_end)["serial"]
        with Host.open(f"socket://{ready['host']}:{ready['port']}") as host:
            make_datagram_events(host, capacity + excess)
        assert (tmp_path / "stderr.txt").read_text().count("nobody reads the events: 10000 wait") == 1
        process.send_signal(signal.SIGTERM)
        with open(read_end, "rb", closefd=False) as pipe:
            events = [json.loads(line) for line in pipe]
        assert process.wait(program.DEADLINE) == 0
        assert {event["event"] for event in events} == {"udp"}
        lost = re.search(r"(\d+) events were lost", (tmp_path / "stderr.txt").read_text())
        assert lost and len(events) + int(lost[1]) == capacity + excess
        assert 0 < int(lost[1]) <= excess
    finally:
        process.kill()
        process.wait()
        os.close(read_end)


def test_a_pipe_whose_reader_has_gone_is_no_trouble(tmp_path):
    read_end, write_end = open_pipe()
    process = start(tmp_path, write_end)
    os.close(write_end)
    try:
        ready = read_line(read_end)["serial"]
        os.close(read_end)
        with Host.open(f"socket://{ready['host']}:{ready['port']}") as host:
            make_events(host, 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(program.DEADLINE) == 0
    finally:
        process.kill()
        process.wait()


def test_play_gives_up_on_a_port_that_takes_nothing(tmp_path):
    (tmp_path / "at.txt").write_text("# x\n# spec: 4.2.1\n# evidence: shipped\n> AT\n<\n< OK\n")
    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        termios.tcflow(slave, termios.TCOOFF)
        before = time.monotonic()
        ended = program.run("play", "--port", os.ttyname(slave), "at.txt", directory=tmp_path, timeout=30)
        assert ended.returncode == 74, ended.stderr
        assert 9 < time.monotonic() - before < 25
        program.check_refusal(ended, "has taken nothing for 10 s")
    finally:
        os.close(master)
        os.close(slave)
