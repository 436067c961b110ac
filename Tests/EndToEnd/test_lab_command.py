"""`vesp lab`, and several labs in one process."""

import json
import signal

import pytest

import program
from peers import free_port

GOOD = "modules: [{name: esp, serial: \"tcp:0\", timing: fast}]\n"
BAD = "modules:\n  - name: esp\n    timing: slow\n    colour: red\n"


def write(directory, name, text):
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return name


def test_check_tells_all_that_is_wrong_with_all_files(tmp_path):
    files = [write(tmp_path, "good.yaml", GOOD), write(tmp_path, "bad.yaml", BAD), "none.yaml"]
    ended = program.run("lab", "check", *files, directory=tmp_path)
    assert ended.returncode == 78
    assert ended.stdout == b"good.yaml: ok\n"
    lines = ended.stderr.decode().splitlines()
    assert [line.split(" ")[0] for line in lines] == ["bad.yaml:3:", "bad.yaml:4:", "none.yaml:"]
    assert program.run("lab", "check", "good.yaml", directory=tmp_path).returncode == 0
    assert program.run("lab", "check", "good.yaml", "none.yaml", directory=tmp_path).returncode == 69


def test_show_tells_who_hears_whom(tmp_path):
    text = "air: {accessPoints: [{ssid: Home, rssi: -48}]}\nmodules: [{name: \"s{n}\", count: 2, serial: pty}]\n"
    write(tmp_path, "lab.yaml", text)
    shown = program.run("lab", "show", "lab.yaml", directory=tmp_path)
    assert shown.returncode == 0
    assert "Home        -48 dBm: every module" in shown.stdout.decode()
    networks = json.loads(program.run("lab", "show", "--json", "lab.yaml", directory=tmp_path).stdout)["networks"]
    assert networks[0]["heardBy"] == [{"dBm": -48, "modules": ["s0", "s1"]}]
    assert [network.get("softAPOf") for network in networks] == [None, "s0", "s1"]
    refused = program.run("lab", "show", write(tmp_path, "bad.yaml", BAD), directory=tmp_path)
    assert refused.returncode == 78
    program.check_refusal(refused, "bad.yaml:3", "timing")


def test_show_has_the_settings_of_the_flash(tmp_path, start, connect):
    lab = program.lab(module={"flash": str(tmp_path / "a.flash")})
    vesp = start(lab=lab)
    host = connect(vesp)
    host.ok('AT+CWSAP="Cellar","12345678",11,3')
    (tmp_path / "lab.yaml").write_text(json.dumps(lab))
    while_it_runs = program.run("lab", "show", "--json", "lab.yaml", directory=tmp_path)
    assert json.loads(while_it_runs.stdout)["networks"][1]["settingsFrom"] == "unreadable"
    vesp.stop()
    soft_ap = json.loads(program.run("lab", "show", "--json", "lab.yaml", directory=tmp_path).stdout)["networks"][1]
    assert (soft_ap["ssid"], soft_ap["channel"], soft_ap["settingsFrom"]) == ("Cellar", 11, "flash")


def test_the_schema_is_json(tmp_path):
    schema = json.loads(program.run("lab", "schema", directory=tmp_path).stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["modules"]


@pytest.mark.parametrize("arguments", [[], ["lab"], ["flash"]], ids=["vesp", "lab", "flash"])
def test_saying_nothing_to_do_is_a_usage_error_with_the_help(tmp_path, arguments):
    ended = program.run(*arguments, directory=tmp_path)
    assert ended.returncode == 64
    assert ended.stdout == b""
    assert "SUBCOMMANDS" in ended.stderr.decode()
    asked = program.run(*arguments, "--help", directory=tmp_path)
    assert asked.returncode == 0
    assert "SUBCOMMANDS" in asked.stdout.decode()


def test_the_latency_of_one_module_is_an_option(tmp_path, start, connect):
    host = connect(start("--serial", "tcp:0", "--timing", "fast", "--latency", "1.5ms"))
    host.ok("AT")
    ended = program.run("run", "--latency", "61s", directory=tmp_path)
    assert ended.returncode == 64
    program.check_refusal(ended, "--latency", "61s")
    ended = program.run("run", "--latency", "1s", write(tmp_path, "lab.yaml", GOOD), directory=tmp_path)
    assert ended.returncode == 64
    program.check_refusal(ended, "--latency", "lab.yaml")


def test_several_labs_run_side_by_side(tmp_path, start):
    vesp = start(write(tmp_path, "one.yaml", GOOD), write(tmp_path, "sub/two.yaml", GOOD), "--seed", "7")
    events = [vesp.event("ready") for _ in range(2)]
    assert sorted(event["lab"] for event in events) == ["one", "two"]
    assert all(list(event) == ["event", "lab", "module", "serial"] for event in events)
    hosts = []
    for event in events:
        vesp._ready = event
        hosts.append(vesp.connect())
    for number, host in enumerate(hosts):
        host.ok(f"AT+CIPMUX={number}")
    for number, host in enumerate(hosts):
        assert f"+CIPMUX:{number}" in "".join(host.ok("AT+CIPMUX?"))
        host.close()
    vesp.stop()
    assert vesp.errors.count("seed 7") == 2
    assert "lab=one" in vesp.errors and "lab=two" in vesp.errors


def test_several_labs_name_themselves_in_text(tmp_path, start):
    vesp = start(write(tmp_path, "one.yaml", GOOD), write(tmp_path, "two.yaml", GOOD), as_json=False)
    lines = {vesp.event(": serial tcp").split(": ")[0] for _ in range(2)}
    assert lines == {"one/esp", "two/esp"}
    vesp.stop(signal.SIGINT)


def test_labs_that_cannot_run_together_are_refused(tmp_path):
    port = free_port()
    for name in ("one", "two"):
        write(tmp_path, f"{name}.yaml", GOOD.replace("tcp:0", f"tcp:{port}"))
    ended = program.run("run", "one.yaml", "two.yaml", directory=tmp_path)
    assert ended.returncode == 78
    program.check_refusal(ended, "one.yaml", "two.yaml", str(port))
    ended = program.run("run", "one.yaml", write(tmp_path, "sub/one.yml", GOOD), directory=tmp_path)
    assert ended.returncode == 64
    program.check_refusal(ended, "one.yaml", "sub/one.yml")
    ended = program.run("run", "one.yaml", "two.yaml", "--serial", "pty", directory=tmp_path)
    assert ended.returncode == 64
    program.check_refusal(ended, "--serial")


def test_if_one_lab_cannot_start_all_end(tmp_path):
    write(tmp_path, "one.yaml", "modules: [{name: esp, serial: \"pty:./esp.tty\"}]\n")
    write(tmp_path, "two.yaml", "modules: [{name: esp, serial: \"tcp:203.0.113.1:7000\"}]\n")
    ended = program.run("run", "one.yaml", "two.yaml", directory=tmp_path)
    assert ended.returncode == 69
    assert "two/esp: " in ended.stderr.decode()
    assert not (tmp_path / "esp.tty").is_symlink()
