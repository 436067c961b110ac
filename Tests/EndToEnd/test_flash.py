"""The flash file: settings survive SIGTERM and kill -9; what is no flash is refused and left alone."""

import random
import time

import pytest

import program

IMAGE = 524_288


def arguments(timing="fast") -> list[str]:
    return ["--serial", "tcp:0", "--timing", timing, "--flash", "esp.flash"]


@pytest.mark.parametrize("timing", ["fast", "real"])
@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_settings_survive(start, connect, timing, ending):
    vesp = start(*arguments(timing))
    host = connect(vesp)
    host.ok("AT+CWMODE=3")
    host.ok('AT+CWSAP="garden","secret-12",6,3')
    host.ok('AT+CWJAP="vesp","vespvesp"')
    host.ok('AT+CIPAP="192.168.9.1"')
    host.ok('AT+CIPSTAMAC="18:fe:34:aa:bb:cc"')
    host.ok("AT+CWDHCP=0,0")
    host.ok("AT+CWAUTOCONN=0")
    host.ok("AT+UART=57600,8,1,0,0")
    getattr(vesp, ending)()
    assert (vesp.directory / "esp.flash").stat().st_size >= IMAGE
    host = connect(start(*arguments(timing)))
    assert host.ok("AT+CWMODE?") == ["+CWMODE:3"]
    assert host.ok("AT+CWSAP?") == ['+CWSAP:"garden","secret-12",6,3']
    assert host.ok("AT+CIPAP?") == ['+CIPAP:"192.168.9.1"']
    assert host.ok("AT+CIPSTAMAC?") == ['+CIPSTAMAC:"18:fe:34:aa:bb:cc"']
    assert host.command("AT+CWDHCP?") == ["+CWDHCP:2", "OK"]
    assert host.command("AT+CWAUTOCONN?") == ["+CWAUTOCONN:0", "OK"]
    assert host.ok("AT+CWJAP?") == ["No AP"]
    host.ok("AT+RESTORE", timeout=5)
    host.expect(rb"\r\nready\r\n")
    host.turn_echo_off()
    assert host.ok("AT+CWMODE?") == ["+CWMODE:2"]


def test_auto_connect_joins_the_stored_access_point(start, connect):
    vesp = start(*arguments())
    connect(vesp).join()
    vesp.stop()
    host = connect(start(*arguments()))
    end = time.monotonic() + program.DEADLINE
    while host.ok("AT+CWJAP?") != ['+CWJAP:"vesp"']:
        assert time.monotonic() < end, "the stored access point was not joined"


def softap_address(number: int) -> str:
    """A different address for each number."""
    return f"10.{number >> 8}.{number & 255}.1"


def test_what_was_answered_ok_survives_a_kill_at_any_moment(start, connect):
    """Thirty power cuts while settings are written without a pause."""
    moments = random.Random(30)
    confirmed = sent = 0
    for _ in range(30):
        vesp = start(*arguments())
        host = connect(vesp)
        [shown] = host.ok("AT+CIPAP?")
        possible = {f'+CIPAP:"{softap_address(number)}"': number for number in range(confirmed, sent + 1)}
        if sent > 0:
            assert shown in possible, f"{confirmed} was confirmed and {sent} was sent"
        stored = possible.get(shown, 0)
        sent = stored + 60
        commands = (f'AT+CIPAP="{softap_address(number)}"\r\n' for number in range(stored + 1, sent + 1))
        host.write("".join(commands).encode())
        end = time.monotonic() + moments.uniform(0.001, 0.03)
        while b"OK" not in host.buffer or time.monotonic() < end:
            assert host.receive(program.DEADLINE if b"OK" not in host.buffer else end - time.monotonic()) or host.buffer
        vesp.kill()
        # What has left the module before it died counts as confirmed.
        with pytest.raises(EOFError):
            while host.receive(program.DEADLINE):
                pass
        confirmed = stored + host.buffer.count(b"\r\nOK\r\n")
        assert stored < confirmed <= sent and b"ERROR" not in host.buffer
        host.close()


def test_the_image_is_as_esptool_reads_it_and_a_bare_one_is_taken(start, connect, tmp_path):
    vesp = start(*arguments())
    connect(vesp).ok('AT+CIPSTAMAC="18:fe:34:aa:bb:cc"')
    vesp.stop()
    image = (tmp_path / "esp.flash").read_bytes()[:IMAGE]
    # The user record (reference 6): the first byte of 0x3F000 tells which of two copies is in force.
    record = 0x3D000 if image[0x3F000] == 0 else 0x3E000
    assert image[record + 28 : record + 34] == bytes.fromhex("18fe34aabbcc")
    (tmp_path / "esp.flash").write_bytes(image)
    vesp = start(*arguments())
    assert connect(vesp).ok("AT+CIPSTAMAC?") == ['+CIPSTAMAC:"18:fe:34:aa:bb:cc"']
    vesp.stop()


def test_any_content_of_the_right_size_is_read_as_the_firmware_reads_it(start, connect, tmp_path):
    (tmp_path / "esp.flash").write_bytes(random.Random(5).randbytes(IMAGE))
    host = connect(start(*arguments()))
    assert host.is_alive()
    host.ok("AT+RESTORE")
    host.expect(rb"\r\nready\r\n")
    host.turn_echo_off()
    assert host.ok("AT+CWMODE?") == ["+CWMODE:2"]


def flipped(path, *offsets: int) -> bytes:
    """The file with some bytes of its trailer changed."""
    content = bytearray(path.read_bytes())
    assert len(content) > IMAGE, "there is no trailer to damage"
    for offset in offsets:
        content[IMAGE + offset if offset >= 0 else offset] ^= 0xFF
    return bytes(content)


DAMAGES = {
    "its magic": lambda path: path.write_bytes(flipped(path, 3)),
    # Either half alone is what a power cut leaves, and is survived.
    "both halves": lambda path: path.write_bytes(flipped(path, 100, -1)),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "short": lambda path: path.write_bytes(b"short"),
    "empty": lambda path: path.write_bytes(b""),
    "long": lambda path: path.write_bytes(path.read_bytes() + b"x"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_that_is_no_flash_is_refused_and_left_alone(start, tmp_path, damage):
    path = tmp_path / "esp.flash"
    start(*arguments()).stop_when_ready()
    DAMAGES[damage](path)
    content = path.read_bytes()
    ended = program.run("run", *arguments(), directory=tmp_path)
    assert ended.returncode == 78
    program.check_refusal(ended, "esp.flash")
    assert path.read_bytes() == content


def test_a_directory_is_refused(tmp_path):
    (tmp_path / "esp.flash").mkdir()
    ended = program.run("run", *arguments(), directory=tmp_path)
    assert ended.returncode == 78
    program.check_refusal(ended, "esp.flash")
    assert list((tmp_path / "esp.flash").iterdir()) == []


def test_a_file_in_use_is_refused_and_the_user_goes_on(start, connect, tmp_path):
    host = connect(start(*arguments()))
    ended = program.run("run", *arguments(), directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "esp.flash")
    assert host.is_alive()


def test_a_flash_in_a_missing_directory_is_refused(tmp_path):
    ended = program.run("run", "--serial", "tcp:0", "--flash", "missing/esp.flash", directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "missing")
