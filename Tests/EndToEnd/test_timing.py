"""Real timing: output at the pace of the line, input that is faster than the line is not lost."""

import time

import pytest

import program
from peers import in_background


def bits(count: int) -> float:
    """Seconds that a number of bytes takes at 115200 8N1."""
    return count * 10 / 115200


def test_output_is_paced_by_the_line_and_input_that_is_faster_waits(start, connect, port):
    host = connect(start(lab=program.lab(serial=port, timing="real")))
    answer = b"AT version:0.21.0.0\r\nSDK version:0.9.5\r\n\r\nOK\r\n"
    count = 300
    begin = time.monotonic()
    with in_background(host.write, b"AT+GMR\r\n" * count):
        assert host.take(len(answer) * count, timeout=30) == answer * count
    elapsed = time.monotonic() - begin
    ideal = bits(len(answer) * count)
    assert 0.8 * ideal < elapsed < 5 * ideal


def test_at_uart_changes_the_pace(start, connect):
    host = connect(start(lab=program.lab(timing="real")))
    host.ok("AT+UART=9600,8,1,0,0")
    begin = time.monotonic()
    for _ in range(10):
        assert host.ok("AT+GMR")
    slow = time.monotonic() - begin
    host.ok("AT+UART=921600,8,1,0,0")
    begin = time.monotonic()
    for _ in range(10):
        assert host.ok("AT+GMR")
    fast = time.monotonic() - begin
    # 47 bytes out and 8 in, ten times, at 9600 baud take half a second.
    assert slow > 0.4 and fast < slow


@pytest.mark.parametrize(("timing", "least", "most"), [("fast", 0.0, 2.5), ("real", 2.9, 10.0)])
def test_a_join_is_looked_at_after_three_seconds_in_real_timing_only(start, connect, timing, least, most):
    host = connect(start(lab=program.lab(timing=timing)))
    host.ok("AT+CWMODE=1")
    begin = time.monotonic()
    host.ok('AT+CWJAP="vesp","vespvesp"')
    assert least < time.monotonic() - begin < most


def test_a_line_sent_while_the_module_is_busy_is_answered_busy(start, connect):
    host = connect(start(lab=program.lab(timing="real")))
    host.ok("AT+CWMODE=1")
    host.write(b'AT+CWJAP="vesp","vespvesp"\r\n')
    host.exchange(b"AT\r\n", b"\r\nbusy p...\r\n")
    host.line("OK")


@pytest.mark.parametrize("timing", ["fast", "real"])
def test_a_restart_says_ready_and_forgets_the_echo(start, connect, timing):
    host = connect(start(lab=program.lab(timing=timing)))
    host.exchange(b"AT+RST\r\n", b"\r\nOK\r\n")
    host.exchange(b"", b"\r\nready\r\n", timeout=3)
    host.exchange(b"AT\r\n", b"AT\r\r\n\r\nOK\r\n")
