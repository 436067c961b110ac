"""The module as hardware: reset lines and rates over RFC 2217, boot text, deep sleep."""

import time

import pytest
import serial

import program

READY = b"\r\nready\r\n"
BOOT = b"rst cause:"


@pytest.fixture
def remote():
    """Opens an RFC 2217 port with pyserial, both control lines asserted, as pyserial does."""
    ports = []

    def remote(vesp: program.Vesp, **options) -> serial.SerialBase:
        place = vesp.ready["serial"]
        assert place["kind"] == "rfc2217"
        ports.append(
            serial.serial_for_url(f"rfc2217://{place['host']}:{place['port']}", baudrate=115200, timeout=0.05, **options)
        )
        return ports[-1]

    yield remote
    for port in ports:
        port.close()


def until(port: serial.SerialBase, end: bytes, seconds=program.DEADLINE) -> bytes:
    """What comes, until it ends in `end` or the time is over."""
    heard = b""
    limit = time.monotonic() + seconds
    while not heard.endswith(end) and time.monotonic() < limit:
        heard += port.read(port.in_waiting or 1)
    return heard


def settled(port: serial.SerialBase):
    """A module that has booted and answers."""
    port.write(b"ATE0\r\n")
    assert until(port, b"\r\nOK\r\n").endswith(b"\r\nOK\r\n")


@pytest.mark.parametrize("timing", ["fast", "real"])
def test_rts_alone_holds_the_module_in_reset(start, remote, timing):
    port = remote(start("--serial", "rfc2217:0", "--timing", timing, "--boot-text", "plain"))
    settled(port)
    port.dtr = False
    port.rts = True
    port.write(b"AT\r\n")
    assert until(port, b"OK\r\n", seconds=0.5) == b""
    port.rts = False
    boot = until(port, READY)
    assert BOOT + b"2" in boot and boot.endswith(READY)
    settled(port)


def test_dtr_alone_at_the_end_of_a_reset_is_download_mode(start, remote):
    port = remote(start("--serial", "rfc2217:0", "--timing", "fast", "--boot-text", "plain"))
    settled(port)
    # As esptool does it; GPIO0 is low a little later than reset is let go.
    port.dtr = False
    port.rts = True
    port.dtr = True
    port.rts = False
    assert b"boot mode:(1," in until(port, b"\r\n\r\n")
    port.write(b"AT\r\n")
    assert until(port, b"OK\r\n", seconds=0.5) == b""
    port.dtr = False
    port.rts = True
    port.rts = False
    assert until(port, READY).endswith(READY)


def test_a_strict_uart_makes_garbage_of_a_wrong_rate_until_the_client_follows(start, remote):
    vesp = start("--serial", "rfc2217:0", "--uart", "strict")
    port = remote(vesp)
    settled(port)
    port.write(b"AT+UART=9600,8,1,0,0\r\n")
    assert until(port, b"\r\nOK\r\n") == b"\r\nOK\r\n"
    time.sleep(0.1)
    port.write(b"AT\r\n" * 3)
    assert b"OK" not in until(port, b"OK\r\n", seconds=1)
    port.baudrate = 9600
    time.sleep(0.1)
    port.reset_input_buffer()
    # The garbage may have begun a line; an end of line clears it.
    port.write(b"\r\n")
    until(port, b"ERROR\r\n", seconds=1)
    port.write(b"AT\r\n")
    assert until(port, b"\r\nOK\r\n").endswith(b"\r\nOK\r\n")


def test_without_a_strict_uart_a_wrong_rate_is_one_warning(start, remote):
    vesp = start("--serial", "rfc2217:0", "--timing", "fast")
    port = remote(vesp)
    settled(port)
    port.write(b"AT+UART=9600,8,1,0,0\r\n")
    assert until(port, b"\r\nOK\r\n") == b"\r\nOK\r\n"
    for _ in range(3):
        port.write(b"AT\r\n")
        assert until(port, b"\r\nOK\r\n") == b"\r\nOK\r\n"
    assert vesp.errors.count("9600") == 1


def test_a_host_at_its_own_rate_hears_garbage_and_then_ready(start, remote):
    port = remote(start("--serial", "rfc2217:0", "--uart", "strict"))
    settled(port)
    port.dtr = False
    port.rts = True
    port.rts = False
    heard = until(port, READY)
    assert heard.endswith(READY)
    noise = heard[: -len(READY)]
    assert len(noise) > 200 and b"rst cause" not in noise
    assert sum(byte >= 0x80 for byte in noise) > 20


def test_deep_sleep_ends_by_itself_or_not(start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast"))
    host.ok("AT+CIPMUX=1")
    host.write(b"AT+GSLP=300\r\n")
    host.expect(rb"\r\nOK\r\n.*\r\nready\r\n")
    host.turn_echo_off()
    assert host.ok("AT+CIPMUX?") == ["+CIPMUX:0"]
    host.write(b"AT+GSLP=0\r\n")
    host.expect(rb"\r\nOK\r\n")
    assert host.stays_silent(0.5)


def test_a_module_that_cannot_wake_stays_asleep(start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast", "--wake-wired", "no"))
    host.write(b"AT+GSLP=100\r\n")
    host.expect(rb"\r\nOK\r\n")
    assert host.stays_silent(0.7)


@pytest.mark.parametrize("option", [("--uart", "loose"), ("--boot-text", "loud"), ("--wake-wired", "perhaps")])
def test_a_word_that_is_none_of_the_choices_is_a_usage_error(tmp_path, option):
    ended = program.run("run", *option, directory=tmp_path)
    assert ended.returncode == 64
    program.check_refusal(ended, *option)
