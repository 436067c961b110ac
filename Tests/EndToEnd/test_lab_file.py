"""Lab files by the built program: twenty modules of one entry, labs side by side, what is refused, what show says."""

import json
import re
from pathlib import Path

import pytest

import program
from labs import PASSWORD, SOFT_AP, SSID, UPLINK, open_soft_ap, serve, transfer

COUNT = 20

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def counted(count=COUNT, **settings) -> dict:
    """An entry that stands for many modules."""
    return program.lab_module("node-{n}", count=count, **settings)


def write(path, lab) -> str:
    path.write_text(json.dumps(lab))
    return path.name


def test_twenty_modules_of_one_entry_answer_join_and_pass_a_datagram_round(start, connect):
    vesp = start(lab=program.lab_of(counted(), access_points=[UPLINK]))
    hosts = [connect(vesp, f"node-{number}") for number in range(COUNT)]
    addresses, macs = [], set()
    for host in hosts:
        assert host.is_alive()
        host.join("Uplink", "uplink12")
        address, mac = (line.split('"')[1] for line in host.ok("AT+CIFSR"))
        addresses.append(address)
        macs.add(mac)
    assert len(macs) == COUNT
    assert addresses == [f"10.77.1.{100 + number}" for number in range(COUNT)]
    for host, following in zip(hosts, addresses[1:] + addresses[:1], strict=True):
        host.open_link("UDP", following, 7000, 7000, 0)
        host.datagram_links = {None}
    for number, host in enumerate(hosts):
        host.send(b"from %d" % number)
        assert hosts[(number + 1) % COUNT].payload().payload == b"from %d" % number
    vesp.stop()


def test_the_number_of_a_module_is_in_its_link_its_flash_and_its_mac(start, connect, tmp_path):
    entry = counted(3, serial="pty:./node-{n}.tty", flash="./node-{n}.flash", mac="18:fe:34:00:01:{n}")
    vesp = start(lab=program.lab_of(entry, access_points=[UPLINK]))
    for number in range(3):
        host = connect(vesp, f"node-{number}")
        assert (tmp_path / f"node-{number}.tty").is_symlink()
        assert host.ok("AT+CIPSTAMAC?") == [f'+CIPSTAMAC:"18:fe:34:00:01:{number:02x}"']
        host.ok(f"AT+CWMODE={number + 1}")
    vesp.stop()
    assert sorted(path.name for path in tmp_path.glob("node-*")) == [f"node-{number}.flash" for number in range(3)]
    again = start(lab=program.lab_of(entry, access_points=[UPLINK]))
    assert [connect(again, f"node-{number}").ok("AT+CWMODE?") for number in range(3)] == [
        [f"+CWMODE:{number}"] for number in (1, 2, 3)
    ]


# Several labs in one process


def test_labs_side_by_side_have_the_same_names_and_nothing_in_common(start, connect, tmp_path):
    modules = list(map(program.lab_module, ("gateway", "sensor")))
    for name in ("left", "right"):
        write(tmp_path / f"{name}.yaml", program.lab_of(*modules))
    vesp = start("left.yaml", "right.yaml")
    pairs = [[connect(vesp, f"{lab}/{name}") for name in ("gateway", "sensor")] for lab in ("left", "right")]
    # The right gateway is heard by its own lab alone.
    open_soft_ap(pairs[1][0], ssid="Right")
    pairs[0][1].ok("AT+CWMODE=1")
    assert "Right" not in " ".join(pairs[0][1].ok("AT+CWLAP"))
    for gateway, sensor in pairs:
        open_soft_ap(gateway)
        serve(gateway, 80)
        sensor.join(SSID, PASSWORD)
        assert sensor.ok("AT+CIPSTA?") == ['+CIPSTA:"192.168.4.2"']
        sensor.open_link("TCP", SOFT_AP, 80)
        gateway.line("0,CONNECT")
        transfer(sensor, gateway, 100_000)
    servers = {vesp.event("server")["lab"] for _ in pairs}
    assert servers == {"left", "right"}
    vesp.stop()


def test_one_lab_has_no_name_in_its_events(start):
    assert "lab" not in start(lab=program.lab_of(program.lab_module("esp"))).ready


# What is refused

ONE = "modules: [{name: esp}]\n"

REFUSED = {
    "subnets overlap": (
        "air:\n  accessPoints:\n    - {ssid: A, subnet: 10.0.0.0/8}\n    - {ssid: B, subnet: 10.1.0.0/16}\n" + ONE,
        ["lab.yaml:4", "subnet", "line 3"],
    ),
    "a subnet of two names": (
        "air:\n  accessPoints:\n    - {ssid: A, subnet: 10.1.0.0/24}\n    - {ssid: B, subnet: 10.1.0.0/24}\n" + ONE,
        ["lab.yaml:4", "subnet"],
    ),
    "a subnet that one got by itself": (
        "air:\n  accessPoints:\n    - ssid: A\n    - {ssid: B, subnet: 10.77.1.0/24}\n" + ONE,
        ["lab.yaml:4", "subnet", "10.77.1.0/24"],
    ),
    "one MAC twice": (
        'modules:\n  - {name: a, mac: "18:fe:34:00:00:01"}\n  - {name: b, mac: "18:fe:34:00:00:01"}\n',
        ["lab.yaml:3", "mac", "18:fe:34:00:00:01"],
    ),
    "one port twice": (
        "modules:\n  - {name: a, serial: 'pty:./x'}\n  - {name: b, serial: 'pty:./x'}\n",
        ["lab.yaml:3", "serial"],
    ),
    "one flash twice": (
        "modules:\n  - {name: a, flash: x}\n  - {name: b, flash: ./x}\n",
        ["lab.yaml:3", "flash"],
    ),
    "a lease outside its subnet": (
        "air:\n  accessPoints:\n    - ssid: A\n      subnet: 10.1.0.0/24\n      dhcp: 10.2.0.1-10.2.0.9\n" + ONE,
        ["lab.yaml:5", "dhcp"],
    ),
    "a pool of no size": (
        "air:\n  accessPoints:\n    - ssid: A\n      subnet: 10.1.0.0/24\n      dhcp: 10.1.0.9-10.1.0.2\n" + ONE,
        ["lab.yaml:5", "dhcp"],
    ),
    "a pool of the gateway alone": (
        "air:\n  accessPoints:\n    - ssid: A\n      subnet: 10.1.0.0/24\n      dhcp: 10.1.0.1-10.1.0.1\n" + ONE,
        ["lab.yaml:5", "dhcp"],
    ),
    "an unknown key": ("modules:\n  - name: esp\n    latencey: 20ms\n", ["lab.yaml:3", "latencey", "latency"]),
    "a latency without a unit": ("modules:\n  - name: esp\n    latency: 20\n", ["lab.yaml:3", "latency", "ms"]),
    "a latency beyond a minute": ("modules:\n  - name: esp\n    latency: 61s\n", ["lab.yaml:3", "latency"]),
    "a loss above all": ("air:\n  accessPoints:\n    - ssid: A\n      loss: 101%\n" + ONE, ["lab.yaml:4", "loss"]),
    "a bandwidth of nothing": (
        "air:\n  accessPoints:\n    - ssid: A\n      bandwidth: 0kbit\n" + ONE,
        ["lab.yaml:4", "bandwidth"],
    ),
    "a position of one number": (
        "modules:\n  - name: esp\n    position: [1]\n",
        ["lab.yaml:3", "position"],
    ),
    "a count of none": ("modules:\n  - name: 'n{n}'\n    count: 0\n", ["lab.yaml:3", "count"]),
    "a count beyond all": ("modules:\n  - name: 'n{n}'\n    count: 5000\n", ["lab.yaml:3", "count", "4096"]),
    "a count under one name": ("modules:\n  - name: esp\n    count: 2\n", ["lab.yaml:2", "name", "{n}"]),
    "a count with one port": (
        "modules:\n  - name: 'n{n}'\n    count: 2\n    serial: tcp:7001\n",
        ["lab.yaml:4", "serial"],
    ),
    "a number without a count": ("modules:\n  - name: 'n{n}'\n", ["lab.yaml:2", "name", "count"]),
    "a guest in no subnet": (
        ONE + "network:\n  guests: {10.9.9.9: '127.0.0.1:9000'}\n",
        ["lab.yaml:3", "guests", "10.9.9.9"],
    ),
    "a guest at the gateway": (
        ONE + "network:\n  guests: {192.168.4.1: '127.0.0.1:9000'}\n",
        ["lab.yaml:3", "guests", "192.168.4.1"],
    ),
    "a guest without a port": (
        ONE + "network:\n  guests: {192.168.4.50: 127.0.0.1}\n",
        ["lab.yaml:3", "guests"],
    ),
    "a guest where leases go": (
        "air: {accessPoints: [{ssid: A}]}\n" + ONE + "network:\n  guests: {10.77.1.150: '127.0.0.1:9000'}\n",
        ["lab.yaml:4", "guests", "10.77.1.100-10.77.1.199"],
    ),
    "a guest beyond what is allowed": (
        ONE + "network:\n  allow: [127.0.0.0/8]\n  guests: {192.168.4.50: '192.0.2.1:9000'}\n",
        ["lab.yaml:4", "guests", "192.0.2.1", "allow"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", [["run"], ["lab", "check"], ["lab", "show"]], ids=" ".join)
@pytest.mark.parametrize("mistake", REFUSED)
def test_a_mistake_is_refused_by_all_that_read_it(tmp_path, command, mistake):
    text, names = REFUSED[mistake]
    (tmp_path / "lab.yaml").write_text(text)
    ended = program.run(*command, "lab.yaml", directory=tmp_path)
    assert ended.returncode == 78, ended.stderr
    program.check_refusal(ended, *names)


# vesp lab


def house() -> dict:
    """Two networks and three modules of which one is far away."""
    return program.lab_of(
        counted(2, position=[0, 0]),
        program.lab_module("far", position=[500, 0], serial="pty:./far.tty"),
        access_points=[{**UPLINK, "position": [3, 0]}, {"ssid": "Garden", "uplink": "none", "latency": "20ms"}],
        network={"guests": {"192.168.4.50": "127.0.0.1:9000"}},
    )


def test_show_fits_a_screen_and_has_all_parts(tmp_path):
    write(tmp_path / "lab.yaml", house())
    ended = program.run("lab", "show", "lab.yaml", directory=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, b"")
    text = ended.stdout.decode()
    shown = ("3 modules", "2 access points", "Uplink", "10.77.1.0/24", "Garden", "20ms", "node-0", "node-1", "far.tty",
             "192.168.4.50", "127.0.0.1:9000", "dBm")  # fmt: skip
    assert not [each for each in shown if each not in text], text
    assert max(map(len, text.splitlines())) <= 100
    assert not list(tmp_path.glob("*.tty")), "it only looks"


def test_show_as_json_has_the_same_facts(tmp_path):
    write(tmp_path / "lab.yaml", house())
    ended = program.run("lab", "show", "lab.yaml", "--json", directory=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, b"")
    networks = {each["ssid"]: each for each in json.loads(ended.stdout)["networks"]}
    heard = {
        name: {module for level in network["heardBy"] for module in level["modules"]}
        for name, network in networks.items()
    }
    assert heard["Uplink"] == {"node-0", "node-1"}
    assert networks["Uplink"]["subnet"] == "10.77.1.0/24" and networks["Garden"]["uplink"] == "none"
    assert networks["Garden"]["link"]["latency"] == "20ms"


def test_what_show_says_is_what_a_scan_shows(start, connect, tmp_path):
    vesp = start(lab=house())
    for name in ("node-0", "far"):
        host = connect(vesp, name)
        host.ok("AT+CWMODE=1")
        # The others' softAPs are those of the factory.
        scanned = {line.split(",")[1].strip('"'): int(line.split(",")[2]) for line in host.ok("AT+CWLAP")}
        ended = program.run("lab", "show", "lab0.yaml", "--json", directory=tmp_path)
        shown = {
            network["ssid"]: level["dBm"]
            for network in json.loads(ended.stdout)["networks"]
            for level in network["heardBy"]
            if name in level["modules"]
        }
        # A module that was a station before this one has taken its softAP off the air.
        assert scanned.items() <= shown.items()
        assert ("Uplink" in scanned) == (name != "far") and "Garden" in shown


def documented_labs():
    """The lab files of the examples, and those that pages show."""
    yield from ((path.name, path.read_text()) for path in sorted(REPOSITORY.glob("Examples/*.yaml")))
    for page in ("README.md", "Documentation/Lab.md"):
        blocks = re.findall(r"^```yaml\n(.*?)^```", (REPOSITORY / page).read_text(), re.MULTILINE | re.DOTALL)
        labs = (block for block in blocks if re.search(r"^modules:", block, re.MULTILINE))
        yield from ((f"{page} {number}", text) for number, text in enumerate(labs))


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in documented_labs()])
def test_a_lab_that_we_show_is_right(tmp_path, text):
    (tmp_path / "lab.yaml").write_text(text)
    ended = program.run("lab", "check", "lab.yaml", directory=tmp_path)
    assert ended.returncode == 0, ended.stderr
