"""vesp flash: what a file holds, and the exchange with esptool; vesp and the file stay unharmed by what is no flash."""

import json
import os
import random
import subprocess
import time

import program

import pytest

IMAGE = 524_288
TRAILER = 1_064


def arguments() -> list[str]:
    return ["--serial", "tcp:0", "--timing", "fast", "--flash", "esp.flash"]


def flash(*arguments, directory):
    """Runs a `vesp flash` that must succeed and returns what it prints."""
    ended = program.run("flash", *arguments, directory=directory)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == b""
    return ended.stdout.decode()


def info(path, directory) -> dict:
    return json.loads(flash("info", "--json", path, directory=directory))


@pytest.fixture
def used(start, connect, tmp_path) -> str:
    """The flash file of a module that has been set up and stopped."""
    vesp = start(*arguments())
    host = connect(vesp)
    host.ok("AT+CWMODE=3")
    host.ok('AT+CWSAP="garden","secret-12",6,3')
    host.ok('AT+CWJAP="vesp","vespvesp"')
    host.ok('AT+CIPSTAMAC="18:fe:34:aa:bb:cc"')
    host.ok('AT+CIPAP="192.168.8.1"')
    host.ok('AT+CIPAP="192.168.9.1"')
    vesp.stop()
    return "esp.flash"


def test_info_shows_the_settings_in_both_copies_and_which_count(used, tmp_path):
    report = info(used, tmp_path)
    assert (report["size"], report["trailer"], report["runs"]) == (IMAGE + TRAILER, "whole", "user1.bin")
    assert "problem" not in report
    current = report["user"]["current"]
    copies = report["user"]["copies"]
    assert copies[current]["settings"]["softAPAddress"] == "192.168.9.1"
    assert copies[1 - current]["settings"]["softAPAddress"] == "192.168.8.1"
    assert copies[current]["settings"]["stationMAC"] == "18:fe:34:aa:bb:cc"
    system = report["system"]["copies"][report["system"]["current"]]["settings"]
    assert (system["mode"], system["ssid"], system["password"]) == (3, "vesp", "vespvesp")
    assert system["softAP"] == {"ssid": "garden", "password": "secret-12", "channel": 6, "security": "wpa2"}
    # Three changes of the user record: each erases a copy and the flag (reference 6).
    wear = report["wear"]["sectors"]
    assert (wear[0x3D] + wear[0x3E], wear[0x3F]) == (3, 3)
    assert report["wear"]["total"] == sum(wear)
    assert sum(region["erases"] for region in report["layout"]) == sum(wear)
    text = flash("info", used, directory=tmp_path)
    assert f"User parameters, copy {current} (0x{copies[current]['address']:05X}, current)" in text
    assert '"garden", password "secret-12", channel 6, wpa2' in text


def test_an_erased_module_starts_as_from_the_factory_and_keeps_its_wear(used, start, connect, tmp_path):
    before = info(used, tmp_path)["wear"]["sectors"]
    assert flash("erase", used, directory=tmp_path) == ""
    report = info(used, tmp_path)
    assert report["wear"]["sectors"] == [count + 1 for count in before]
    assert {region["content"] for region in report["layout"]} == {"blank"}
    host = connect(start(*arguments()))
    assert host.ok("AT+CWMODE?") == ["+CWMODE:2"]


def test_what_is_dumped_and_imported_is_the_same_module(used, start, connect, tmp_path):
    flash("dump", used, "module.bin", directory=tmp_path)
    image = (tmp_path / "module.bin").read_bytes()
    assert image == (tmp_path / used).read_bytes()[:IMAGE]
    flash("erase", used, directory=tmp_path)
    flash("import", used, "module.bin", directory=tmp_path)
    flash("import", "second.flash", "module.bin", directory=tmp_path)
    assert (tmp_path / "second.flash").read_bytes()[:IMAGE] == image
    assert info("second.flash", tmp_path)["wear"]["total"] == 0
    host = connect(start(*arguments()))
    assert host.ok("AT+CIPAP?") == ['+CIPAP:"192.168.9.1"']
    assert host.ok("AT+CWSAP?") == ['+CWSAP:"garden","secret-12",6,3']


def test_an_image_of_a_real_module_has_a_foreign_record(start, connect, tmp_path):
    image = bytearray(b"\xff" * IMAGE)
    image[0x7D000:0x7D370] = random.Random(7).randbytes(0x370)
    image[0x7F000] = 0
    (tmp_path / "module.bin").write_bytes(image)
    flash("import", "esp.flash", "module.bin", directory=tmp_path)
    system = info("esp.flash", tmp_path)["system"]
    assert [copy["content"] for copy in system["copies"]] == ["foreign", "blank"]
    assert system["current"] == 0
    assert "foreign: not a record of vesp" in flash("info", "esp.flash", directory=tmp_path)
    assert connect(start(*arguments())).ok("AT+CWMODE?") == ["+CWMODE:2"]


@pytest.mark.parametrize("size", [0, 5, 0x3E000, IMAGE - 1, IMAGE + 1, 8 * IMAGE])
def test_a_file_of_another_size_is_described_and_otherwise_refused(tmp_path, size):
    path = tmp_path / "other.bin"
    path.write_bytes(random.Random(size).randbytes(size))
    content = path.read_bytes()
    report = info("other.bin", tmp_path)
    assert str(size) in report["problem"] and report["size"] == size
    assert str(size) in flash("info", "other.bin", directory=tmp_path)
    for refused in (["erase", "other.bin"], ["dump", "other.bin", "x"], ["import", "new.flash", "other.bin"]):
        ended = program.run("flash", *refused, directory=tmp_path)
        assert ended.returncode == 78
        program.check_refusal(ended, "other.bin", str(size))
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["other.bin"]


@pytest.mark.parametrize("seed", range(5))
def test_random_content_is_described(tmp_path, seed):
    (tmp_path / "random.bin").write_bytes(random.Random(seed).randbytes(IMAGE))
    assert info("random.bin", tmp_path)["trailer"] == "none"
    # What is in an SSID must not reach the terminal as it is.
    lines = flash("info", "random.bin", directory=tmp_path).split("\n")
    assert all(line.isprintable() and line.isascii() for line in lines)


def test_a_file_that_a_running_vesp_has_is_refused(start, connect, tmp_path):
    host = connect(start(*arguments()))
    (tmp_path / "module.bin").write_bytes(b"\xff" * IMAGE)
    for command in (
        ["info", "esp.flash"],
        ["erase", "esp.flash"],
        ["dump", "esp.flash", "x"],
        ["import", "esp.flash", "module.bin"],
        ["dump", "module.bin", "esp.flash"],
    ):
        ended = program.run("flash", *command, directory=tmp_path)
        assert ended.returncode == 69, command
        program.check_refusal(ended, "esp.flash", "in use")
    assert host.ok("AT+CWMODE=1") == []
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "command", [["info", "none"], ["erase", "none"], ["dump", "none", "x"], ["import", "new.flash", "none"]]
)
def test_a_missing_file_is_refused_and_not_made(tmp_path, command):
    ended = program.run("flash", *command, directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "none")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", [["info", "."], ["erase", "."], ["dump", ".", "x"], ["import", ".", "module.bin"]])
def test_a_directory_is_refused(tmp_path, command):
    (tmp_path / "module.bin").write_bytes(b"\xff" * IMAGE)
    ended = program.run("flash", *command, directory=tmp_path)
    assert ended.returncode == 78
    program.check_refusal(ended, "directory")


@pytest.mark.parametrize(
    "command", [["info"], ["erase"], ["dump", "x"], ["import", "x"], ["burn", "x"], ["info", "x", "--yaml"], ["erase", "x", "y"]]
)
def test_a_usage_error_exits_64(tmp_path, command):
    ended = program.run("flash", *command, directory=tmp_path)
    assert ended.returncode == 64
    assert ended.stdout == b""
    assert os.listdir(tmp_path) == []


def test_a_kill_while_a_file_is_replaced_leaves_the_old_or_the_new_one(tmp_path):
    """Forty kills of an import over an erased flash; what is left is whole and has the old wear or one more."""
    image = random.Random(1).randbytes(IMAGE)
    (tmp_path / "module.bin").write_bytes(image)
    flash("import", "esp.flash", "module.bin", directory=tmp_path)
    flash("erase", "esp.flash", directory=tmp_path)
    began = time.monotonic()
    flash("import", "esp.flash", "module.bin", directory=tmp_path)
    duration = time.monotonic() - began
    moments = random.Random(2)
    outcomes = set()
    for number in range(40):
        # Alternately, so that old and new are told apart.
        command = ["erase", "esp.flash"] if number % 2 else ["import", "esp.flash", "module.bin"]
        total = info("esp.flash", tmp_path)["wear"]["total"]
        content = (tmp_path / "esp.flash").read_bytes()[:IMAGE]
        process = subprocess.Popen([str(program.PATH), "flash", *command], cwd=tmp_path)
        try:
            process.wait(moments.uniform(0, duration * 1.2))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        report = info("esp.flash", tmp_path)
        is_new = report["wear"]["total"] == total + 128
        assert is_new or report["wear"]["total"] == total
        expected = (image if number % 2 == 0 else b"\xff" * IMAGE) if is_new else content
        assert (tmp_path / "esp.flash").read_bytes()[:IMAGE] == expected
        outcomes.add(is_new)
    assert False in outcomes, "no kill came before the end"
