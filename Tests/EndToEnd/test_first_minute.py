"""The first minute with vesp: a port, AT, the default access point, an address."""

import json
import re
import socket
import subprocess

import pytest

import program
from host import Host


@pytest.mark.parametrize("timing", ["fast", "real"])
def test_the_default_module_joins_the_default_access_point(start, connect, port, timing):
    vesp = start("--serial", port, "--timing", timing)
    host = connect(vesp, echo=True)
    host.write(b"AT\r\n")
    assert host.expect(rb"AT\r\r\n\r\nOK\r\n").endswith(b"AT\r\r\n\r\nOK\r\n")
    host.write(b"ATE0\r\n")
    host.expect(rb"ATE0\r\r\n\r\nOK\r\n")
    assert host.ok("AT+GMR") == ["AT version:0.21.0.0", "SDK version:0.9.5"]
    assert host.ok("AT+CWMODE?") == ["+CWMODE:2"]
    host.join("vesp", "vespvesp")
    address, mac = host.ok("AT+CIFSR")
    assert address == '+CIFSR:STAIP,"10.77.1.100"'
    assert re.fullmatch(r'\+CIFSR:STAMAC,"18:fe:34(:[0-9a-f]{2}){3}"', mac)
    host.close()
    vesp.stop()


def test_a_wrong_password_and_a_missing_access_point_have_their_codes(station):
    assert station.command('AT+CWJAP="vesp","wrong-password"') == ["+CWJAP:2", "FAIL"]
    assert station.command('AT+CWJAP="nobody","12345678"') == ["+CWJAP:3", "FAIL"]


def test_the_access_points_of_the_command_line_replace_the_default_one(start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast", "--ap", "Home:secret12", "--ap", "Café"))
    host.ok("AT+CWMODE=1")
    assert sorted(line.split(",")[:2] for line in host.ok("AT+CWLAP")) == [
        ["+CWLAP:(0", '"Caf\u00c3\u00a9"'],
        ["+CWLAP:(3", '"Home"'],
    ]
    host.ok('AT+CWJAP="Home","secret12"')
    assert host.ok("AT+CWJAP?") == ['+CWJAP:"Home"']


def test_an_access_point_whose_password_fits_no_wpa2_network_is_open(start, connect):
    vesp = start("--serial", "tcp:0", "--timing", "fast", "--ap", "Home:short")
    host = connect(vesp)
    host.ok("AT+CWMODE=1")
    assert [line.split(",")[:2] for line in host.ok("AT+CWLAP")] == [["+CWLAP:(0", '"Home"']]
    assert "warning" in vesp.errors and "Home" in vesp.errors


def test_the_manual_edition_answers_as_printed(start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast", "--firmware", "0.21-manual"))
    assert host.ok("AT+GMR") == ["00210905"]


def test_the_mac_of_the_command_line_is_the_station_s(start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast", "--mac", "18:fe:34:12:34:56"))
    assert host.ok("AT+CIPSTAMAC?") == ['+CIPSTAMAC:"18:fe:34:12:34:56"']
    assert host.ok("AT+CIPAPMAC?") == ['+CIPAPMAC:"1a:fe:34:12:34:56"']


def test_a_lab_has_no_default_access_point_and_options_of_the_lab_can_be_overridden(start, connect):
    lab = program.lab(timing="real", access_points=[])
    host = connect(start("--timing", "fast", "--ap", "Added", lab=lab))
    host.ok("AT+CWMODE=1")
    assert [line.split(",")[1] for line in host.ok("AT+CWLAP", timeout=2)] == ['"Added"']


def test_strict_bugs_hang_the_module_as_the_shipped_one(start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast", "--strict-bugs"))
    host.ok("AT+CWMODE=1")
    host.ok('AT+CWJAP="vesp","vespvesp"')
    host.open_link("UDP", "10.77.1.100", 9)
    host.write(b"AT+CIPSEND=0\r\n")
    host.expect(rb"> ")
    host.write(b"x\r\n")
    host.line("busy s...")


def test_the_same_seed_gives_the_same_bytes_and_is_logged(start, connect):
    def conversation(*options) -> tuple[list[str], str]:
        vesp = start("--serial", "tcp:0", "--timing", "fast", *options)
        host = connect(vesp)
        host.join()
        host.ok("AT+CIPMUX=1")
        for link in range(3):
            host.open_link("UDP", "10.77.1.1", 9, link=link)
        shown = host.ok("AT+CIPSTATUS")
        vesp.stop()
        return shown, vesp.errors

    first, log = conversation("--seed", "7")
    assert "seed 7" in log
    assert conversation("--seed", "7")[0] == first
    assert conversation("--seed", "8")[0] != first


def test_paths_of_a_lab_are_relative_to_it(start, tmp_path):
    module = {"flash": "./esp.flash", "forward": ["0:80"]}
    place = tmp_path / "labs"
    place.mkdir()
    (place / "lab.yaml").write_text(json.dumps(program.lab(serial="pty:./esp.tty", module=module)))
    vesp = start("labs/lab.yaml")
    assert vesp.ready
    assert (place / "esp.tty").is_symlink() and (place / "esp.flash").exists()
    vesp.stop()
    assert not (place / "esp.tty").is_symlink()


def test_a_reader_of_the_events_that_leaves_does_not_disturb_the_module(tmp_path):
    """As in `vesp run --json | head -1`."""
    command = [str(program.PATH), "run", "--serial", "tcp:0", "--timing", "fast", "--forward", "0:80", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            place = json.loads(process.stdout.readline())["serial"]
            process.stdout.close()
            connection = socket.create_connection((place["host"], place["port"]), timeout=program.DEADLINE)
            with Host.on_socket(connection, echo=False) as host:
                host.ok("AT+CIPMUX=1")
                for _ in range(3):
                    host.ok("AT+CIPSERVER=1,80")
                    host.ok("AT+CIPSERVER=0")
                assert host.is_alive()
            process.terminate()
            assert process.wait(program.DEADLINE) == 0
        finally:
            process.kill()


def test_the_modules_of_a_lab_have_ports_of_their_own(start, tmp_path):
    lab = program.lab()
    lab["modules"] = [{"name": name, "serial": f"pty:./{name}.tty", "timing": "fast"} for name in ("one", "two")]
    vesp = start(lab=lab)
    assert [vesp.event("ready")["module"] for _ in range(2)] == ["one", "two"]
    with Host.open(str(tmp_path / "one.tty")) as one, Host.open(str(tmp_path / "two.tty")) as two:
        one.join()
        two.join()
        assert one.ok("AT+CIPSTA?") == ['+CIPSTA:"10.77.1.100"']
        assert two.ok("AT+CIPSTA?") == ['+CIPSTA:"10.77.1.101"']
    vesp.stop()
