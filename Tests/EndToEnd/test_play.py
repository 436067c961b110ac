"""`vesp play` on the engine and over real ports, and `vesp commands`."""

import re
from pathlib import Path

import pytest

import program

TRANSCRIPTS = Path(__file__).resolve().parent / "../../Transcripts"

GOOD = """\
# Short enough for a port.
# spec: 4.2.1
# evidence: shipped
> ATE0
< ATE0\\r
<
< OK

== alive
> AT
<
< OK
> AT+CIPMUX?
< +CIPMUX:0
<
< OK

== the addresses of a softAP
> AT+CIFSR
< +CIFSR:APIP,"{ip=192.168.4.1}"
< +CIFSR:APMAC,"{mac}"
<
< OK
"""


@pytest.fixture
def transcript(tmp_path):
    path = tmp_path / "good.txt"
    path.write_text(GOOD)
    return path


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "wrong.txt"
    path.write_text(GOOD.replace("+CIPMUX:0", "+CIPMUX:7"))
    return path


def test_all_transcripts_hold_on_the_engine(tmp_path):
    files = sorted(path for path in TRANSCRIPTS.rglob("*.txt") if path.name != "ciupdate.txt")
    assert files
    ended = program.run("play", *files, directory=tmp_path, timeout=60)
    assert ended.returncode == 0, ended.stdout.decode()


def test_a_difference_is_shown_with_file_and_line_and_exits_1(tmp_path, wrong, transcript):
    ended = program.run("play", transcript, wrong, directory=tmp_path)
    assert ended.returncode == 1
    text = (ended.stdout + ended.stderr).decode()
    assert "wrong.txt:14" in text and "+CIPMUX:7" in text and "+CIPMUX:0" in text
    assert "good.txt:" not in text


@pytest.mark.parametrize("content", [b"nonsense\n", b"# spec: 1\n== x\n! ap without quotes\n", b"\xff\xfe"])
def test_a_file_that_is_no_transcript_exits_78(tmp_path, content):
    (tmp_path / "bad.txt").write_bytes(content)
    ended = program.run("play", "bad.txt", directory=tmp_path)
    assert ended.returncode == 78
    assert b"bad.txt" in ended.stderr + ended.stdout


def test_a_file_that_is_not_there_exits_78(tmp_path):
    ended = program.run("play", "nowhere.txt", directory=tmp_path)
    assert ended.returncode == 78
    assert b"nowhere.txt" in ended.stderr


def port_name(vesp) -> str:
    place = vesp.ready["serial"]
    return f"tcp:{place['host']}:{place['port']}" if place["kind"] == "tcp" else place["link"]


def has_started(vesp):
    """Waits until the module answers, so that nothing of its start is left to be read."""
    vesp.connect().close()


def test_a_transcript_holds_over_a_port(start, port, transcript, wrong, tmp_path):
    vesp = start("--serial", port, "--timing", "fast")
    has_started(vesp)
    ended = program.run("play", transcript, "--port", port_name(vesp), directory=tmp_path)
    assert ended.returncode == 0, ended.stdout.decode() + ended.stderr.decode()
    ended = program.run("play", wrong, "--port", port_name(vesp), directory=tmp_path)
    assert ended.returncode == 1
    assert b"wrong.txt:14" in ended.stdout + ended.stderr


def test_our_transcripts_of_the_line_hold_over_a_port(start, tmp_path):
    """In real timing, since they say how long a restart takes."""
    vesp = start("--serial", "tcp:0")
    has_started(vesp)
    files = [TRANSCRIPTS / "line" / name for name in ("at.txt", "echo.txt", "line-end.txt")]
    ended = program.run("play", *files, "--port", port_name(vesp), directory=tmp_path, timeout=60)
    assert ended.returncode == 0, ended.stdout.decode() + ended.stderr.decode()


def test_a_module_that_is_still_starting_is_waited_for(start, tmp_path):
    vesp = start("--serial", "tcp:0")
    ended = program.run("play", TRANSCRIPTS / "line/at.txt", "--port", port_name(vesp), directory=tmp_path, timeout=60)
    assert ended.returncode == 0, ended.stdout.decode() + ended.stderr.decode()


def test_a_port_that_cannot_be_had_exits_69(tmp_path, transcript):
    for port in ("tcp:127.0.0.1:1", "./nowhere.tty"):
        ended = program.run("play", transcript, "--port", port, directory=tmp_path)
        assert ended.returncode == 69, ended.stderr


def test_the_command_table_is_printed(tmp_path):
    ended = program.run("commands", directory=tmp_path)
    assert ended.returncode == 0
    text = ended.stdout.decode()
    names = (
        "AT+RST AT+GMR AT+GSLP ATE AT+RESTORE AT+UART AT+IPR AT+CWMODE AT+CWJAP AT+CWLAP AT+CWQAP AT+CWSAP AT+CWLIF "
        "AT+CWDHCP AT+CWAUTOCONN AT+CIPSTAMAC AT+CIPAPMAC AT+CIPSTA AT+CIPAP AT+CIPSTATUS AT+CIPSTART AT+CIPSEND "
        "AT+CIPCLOSE AT+CIFSR AT+CIPMUX AT+CIPSERVER AT+CIPMODE AT+CIPSTO AT+PING AT+CIPAPPUP AT+CIUPDATE"
    )
    shown = set(re.findall(r"(?m)^AT[+A-Z]*", text))
    assert shown == {"AT", *names.split()}
