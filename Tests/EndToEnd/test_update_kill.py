"""A power cut in the middle of AT+CIUPDATE: the flash file opens, settings are whole, and the half that runs starts."""

import contextlib
import http.server
import json
import random
import threading
import time

import program
from peers import DEADLINE, LOOPBACK

import pytest

SECTOR = 4_096
#: Where the two halves begin.
HALVES = {"user1.bin": 0x01000, "user2.bin": 0x41000}
#: Six sectors and a piece.
LENGTH = 6 * SECTOR + 1_234
SETTINGS = {"softAPAddress": "192.168.9.1", "stationMAC": "18:fe:34:aa:bb:cc"}


class UpdateServer:
    """The far end of AT+CIUPDATE at port 80, which sends an image in pieces with a pause after each."""

    def __init__(self):
        self.image = b""
        self.pause = 0.0
        #: Set when the first piece of an image is about to be sent.
        self.began = threading.Event()

    def pages(outer):
        class Pages(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                is_image = "action=download_rom" in self.path
                body = outer.image if is_image else b'{"rom_version": "v9.9b"}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if is_image:
                    outer.began.set()
                # The module dies while it is sent to.
                with contextlib.suppress(OSError):
                    for start in range(0, len(body), 1_000):
                        self.wfile.write(body[start : start + 1_000])
                        time.sleep(outer.pause)

            def log_message(self, *_):
                """Says nothing."""

        return Pages


@pytest.fixture
def update():
    server = UpdateServer()
    try:
        listener = http.server.ThreadingHTTPServer((LOOPBACK, 80), server.pages())
    except OSError as error:
        pytest.skip(f"port 80, the only one that the firmware asks, is not to be had: {error}")
    with listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        listener.shutdown()
        thread.join(DEADLINE)


def check_file(directory) -> dict:
    """What `vesp flash info` reports of a file that must be whole."""
    ended = program.run("flash", "info", "--json", "esp.flash", directory=directory)
    assert (ended.returncode, ended.stderr) == (0, b"")
    report = json.loads(ended.stdout)
    assert "problem" not in report
    user = report["user"]["copies"][report["user"]["current"]]["settings"]
    assert SETTINGS.items() <= user.items()
    system = report["system"]["copies"][report["system"]["current"]]["settings"]
    assert (system["mode"], system["ssid"], system["password"]) == (1, "vesp", "vespvesp")
    return report


def wait_for_address(host):
    """The stored access point is joined by itself."""
    end = time.monotonic() + DEADLINE
    while host.ok("AT+CWJAP?") != ['+CWJAP:"vesp"']:
        assert time.monotonic() < end, "the stored access point was not joined"


def written(content: bytes, half: str, image: bytes) -> int:
    """How many bytes of an image stand in a half, in whole sectors from its beginning."""
    place = content[HALVES[half] :][:LENGTH]
    sectors = [place[start : start + SECTOR] == image[start : start + SECTOR] for start in range(0, LENGTH, SECTOR)]
    return min(LENGTH, SECTOR * (sectors.index(False) if False in sectors else len(sectors)))


def test_a_power_cut_at_any_moment_of_an_update_leaves_a_module_that_starts(start, connect, tmp_path, update):
    """Thirty cuts: two thirds while the image trickles in, one third in the few milliseconds of a fast one."""
    moments = random.Random(39)
    network = {"hosts": {"iot.espressif.cn": LOOPBACK}}
    lab = program.lab(module={"flash": "esp.flash"}, network=network)
    vesp = start(lab=lab)
    host = connect(vesp)
    host.join()
    host.ok(f'AT+CIPAP="{SETTINGS["softAPAddress"]}"')
    host.ok(f'AT+CIPSTAMAC="{SETTINGS["stationMAC"]}"')
    vesp.stop()
    runs = "user1.bin"
    outcomes = []
    for cut in range(30):
        # That it starts, and with the settings, is also the check of the cut before.
        vesp = start(lab=lab)
        host = connect(vesp)
        assert host.ok("AT+CIPSTAMAC?") == [f'+CIPSTAMAC:"{SETTINGS["stationMAC"]}"']
        wait_for_address(host)
        update.image = moments.randbytes(LENGTH)
        update.pause, latest = (0.004, 0.14) if cut % 3 else (0.0, 0.012)
        update.began.clear()
        host.write(b"AT+CIUPDATE\r\n")
        assert update.began.wait(DEADLINE), "the image was not asked for"
        time.sleep(moments.uniform(0.0, latest))
        vesp.kill()
        host.close()
        ran, runs = runs, check_file(tmp_path)["runs"]
        other = "user2.bin" if ran == "user1.bin" else "user1.bin"
        count = written((tmp_path / "esp.flash").read_bytes(), other, update.image)
        # The other half is chosen only when it is whole.
        assert runs == ran or count == LENGTH
        outcomes.append("done" if runs == other else "none" if count == 0 else "part")
    # Else the moments were badly chosen, and nothing was shown.
    assert outcomes.count("part") >= 8, outcomes
    assert connect(start(lab=lab)).is_alive()
