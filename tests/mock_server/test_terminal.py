"""What the commands print and log: no character in it drives a terminal, and any terminal can take it."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.command import printable
from contract.errors import visible
from mock_server.errors import described, plain, quoted
from mock_server.run import PlainFormatter
from tests.mock_server.process import ROOT, run, started
from tests.mock_server.wire import KEY, MODELS, exchange, request, upsert

HOSTILE = "\x1b[2J\u009b\u202e\u2028\u2029\u2066\u200e\u200f\u061c\x7f\r\n\udc80\ud800"
ASCII = {"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C", "PYTHONUTF8": "0"}


@settings(deadline=None, database=None, derandomize=True)
@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "L", "So"])))
def test_nothing_that_hides_is_left(text: str) -> None:
    for told in (visible(text), quoted(text), plain(text), described(text)):
        assert all(each.isprintable() or each in "\u200c\u200d" for each in told)
        told.encode()
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
def test_any_stream_can_take_it(encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    stream.write(printable(f"société 🧪 {HOSTILE}", stream))
    stream.flush()
    assert "\\u202e" in printable(HOSTILE, stream)


def test_a_message_of_the_log_is_one_line_and_a_traceback_is_indented() -> None:
    try:
        int(f"{HOSTILE}12:00:00 forged")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, "", 0, "failed at %s", (f"\n12:00:00 {HOSTILE}",), sys.exc_info()
        )
    first, *others = PlainFormatter(lambda text: text).format(record).split("\n")
    assert "\\u202e" in first
    assert others[0].strip().startswith("Traceback")
    assert all(line.startswith("  ") for line in others)
    assert all(line.isprintable() for line in (first, *others))


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    """Fixtures with an organization that ASCII cannot write."""
    text = (ROOT / "mock_server" / "fixtures.yaml").read_text(encoding="utf-8")
    file = tmp_path / "f.yaml"
    file.write_text(text.replace("acme", "société").replace("demo-société", "demo-acme"), encoding="utf-8")
    return file


def test_an_ascii_terminal_gets_escapes(fixtures: Path) -> None:
    with started("--fixtures", str(fixtures), **ASCII) as mock:
        assert "the models of soci\\xe9t\\xe9" in mock.printed
        assert exchange(mock.address, upsert('{"model_name": 5, "é\u202e": 1}'.encode())).status == 400
        absent = request("GET", f"{MODELS}%C2%9B%E2%80%AE%0A/", {"Authorization": f"Bearer {KEY}"})
        assert exchange(mock.address, absent).status == 404
        log = mock.stderr
    assert "Traceback" not in log
    assert log.isascii()
    assert "404" in log


WRONG_USE = {
    "an organization": ["token", "--organization", "\u202e\x1b[2J"],
    "a time": ["token", "--expires-in", "\u202e\x1b[2J"],
    "an option": ["--x\u202e\x1b[2J"],
    "a port": ["--port", "\u202e\x1b[2J"],
    "a file": ["--contract", "\u202e\x1b[2J"],
    "an undecodable argument": ["--port", "\udcff"],
}


@pytest.mark.parametrize("options", WRONG_USE.values(), ids=WRONG_USE)
@pytest.mark.parametrize("environment", [ASCII, {"PYTHONIOENCODING": "utf-8"}], ids=["ascii", "utf-8"])
def test_usage_errors_are_printed_escaped(options: list[str], environment: dict[str, str], fixtures: Path) -> None:
    ended = run(*options, "--fixtures", str(fixtures), **environment)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert all(each.isprintable() or each == "\n" for each in ended.stderr)


def test_the_token_command_repeats_no_key(fixtures: Path) -> None:
    ended = run("token", "--fixtures", str(fixtures), "--organization", "demo-acme")
    assert (ended.returncode, "demo-acme" in ended.stderr) == (2, False)
