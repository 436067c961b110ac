"""The command line and the lab file: what is wrong is said in one sentence, with its place, and the exit status."""

import json
from pathlib import Path

import pytest

import program
from peers import listener, port_of

TRANSCRIPT = Path(__file__).resolve().parent / "../../Transcripts/line/at.txt"

USAGE = [
    (["run", "--nonsense"], "nonsense"),
    (["nonsense"], "nonsense"),
    (["run", "--timing", "slow"], "slow"),
    (["run", "--firmware", "9.9"], "9.9"),
    (["run", "--mac", "18:fe:34"], "18:fe:34"),
    (["run", "--mac", "ff:ff:ff:ff:ff:ff"], "ff:ff:ff:ff:ff:ff"),
    (["run", "--ap", "x" * 33], "32"),
    (["run", "--ap", ""], "ap"),
    (["run", "--serial", "carrier-pigeon:1"], "carrier-pigeon"),
    (["run", "--serial", "tcp:99999"], "99999"),
    (["run", "--serial", "unix:"], "unix"),
    (["run", "--forward", "80"], "80"),
    (["run", "--forward", "80:0"], "0"),
    (["run", "--seed", "many"], "many"),
    (["run", "--log-level", "loud"], "loud"),
    (["run", "--strict-bugs", "--firmware", "0.21-manual"], "strict-bugs"),
    (["run", "--serial"], "serial"),
    (["play"], "file"),
    (["play", "--port", "tcp:99999", str(TRANSCRIPT)], "99999"),
]


@pytest.mark.parametrize(("arguments", "name"), USAGE, ids=[" ".join(arguments)[:40] for arguments, _ in USAGE])
def test_a_usage_error_exits_64_and_names_what_is_wrong(tmp_path, arguments, name):
    ended = program.run(*arguments, directory=tmp_path)
    assert ended.returncode == 64, ended.stderr
    program.check_refusal(ended)
    assert name.lower() in ended.stderr.decode().lower()


@pytest.mark.parametrize(
    "option",
    [
        ["--serial", "tcp:0"],
        ["--firmware", "0.21"],
        ["--flash", "x.flash"],
        ["--mac", "18:fe:34:00:00:01"],
        ["--forward", "0:80"],
        ["--strict-bugs"],
    ],
    ids=lambda option: option[0],
)
def test_an_option_of_one_module_together_with_a_lab_is_a_usage_error(tmp_path, option):
    (tmp_path / "lab.yaml").write_text(json.dumps(program.lab()))
    ended = program.run("run", "lab.yaml", *option, directory=tmp_path)
    assert ended.returncode == 64, ended.stderr
    program.check_refusal(ended, option[0])


LABS = [
    ("modules: []\n", ["lab.yaml", "modules"]),
    ("modules:\n  - name: esp\n    colour: red\n", ["lab.yaml:3", "colour"]),
    ("modules:\n  - name: esp\n    serail: pty\n", ["lab.yaml:3", "serail", "serial"]),
    ("modules:\n  - name: esp\n    mac: 42\n", ["lab.yaml:3", "mac"]),
    ("modules:\n  - name: esp\n    timing: slow\n", ["lab.yaml:3", "timing", "fast"]),
    ("modules:\n  - name: esp\n    strictBugs: maybe\n", ["lab.yaml:3", "strictBugs"]),
    ("modules:\n  - name: esp\n    forward: [\"80\"]\n", ["lab.yaml:3", "forward"]),
    ("air:\n  accessPoints:\n    - ssid: Home\n      channel: 99\nmodules: [{name: esp}]\n", ["lab.yaml:4", "channel"]),
    ("air:\n  accessPoints:\n    - ssid: H\n      password: abc\nmodules: [{name: esp}]\n", ["lab.yaml:4", "password"]),
    ("air:\n  accessPoints:\n    - channel: 6\nmodules: [{name: esp}]\n", ["lab.yaml:3", "ssid"]),
    ("network:\n  allow: [everything]\nmodules: [{name: esp}]\n", ["lab.yaml:2", "allow"]),
    ("network:\n  hosts: {a.example: 1.2.3}\nmodules: [{name: esp}]\n", ["lab.yaml:2", "hosts"]),
    ("seed: many\nmodules: [{name: esp}]\n", ["lab.yaml:1", "seed"]),
    ("modules:\n  - name: esp\n   serial: pty\n", ["lab.yaml:3"]),
    ("just text\n", ["lab.yaml"]),
    ("", ["lab.yaml"]),
    ("modules: [{name: one, serial: \"tcp:7001\"}, {name: two, serial: \"tcp:7001\"}]\n", ["lab.yaml", "7001"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"), LABS, ids=[names[-1] + str(number) for number, (_, names) in enumerate(LABS)]
)
def test_a_mistake_in_a_lab_exits_78_and_names_file_line_and_key(tmp_path, text, names):
    (tmp_path / "lab.yaml").write_text(text)
    ended = program.run("run", "lab.yaml", directory=tmp_path)
    assert ended.returncode == 78, ended.stderr
    program.check_refusal(ended, *names)


def test_a_lab_that_is_not_there_is_refused(tmp_path):
    ended = program.run("run", "nowhere.yaml", directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "nowhere.yaml")


def test_a_forward_to_a_port_in_use_is_refused(tmp_path):
    with listener() as taken:
        ended = program.run("run", "--serial", "tcp:0", "--forward", f"{port_of(taken)}:80", directory=tmp_path)
        assert ended.returncode == 69
        program.check_refusal(ended, str(port_of(taken)))


def test_an_address_that_is_not_ours_is_refused(tmp_path):
    ended = program.run("run", "--serial", "tcp:203.0.113.1:7000", directory=tmp_path)
    assert ended.returncode == 69
    program.check_refusal(ended, "203.0.113.1")


def test_help_is_no_error(tmp_path):
    for arguments in (["--help"], ["run", "--help"], ["play", "--help"], ["commands", "--help"]):
        ended = program.run(*arguments, directory=tmp_path)
        assert ended.returncode == 0 and b"USAGE" in ended.stdout.upper()
