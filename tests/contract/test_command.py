"""What the commands share: errors on one line, and the end of an interrupted command."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import click
import pytest

from contract.command import CommandOption, invoke, number


def test_ctrl_c_stays_ctrl_c() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invoke(click.Command("anything", callback=interrupted), [])


def test_output_that_cannot_be_written_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    assert invoke(click.Command("anything", callback=full), []) == 2
    assert capsys.readouterr().err == "anything: No space left on device\n"


def test_an_error_that_cannot_be_written_is_still_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert invoke(click.Command("anything"), ["--bad"]) == 2
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # what is left of it


@pytest.mark.parametrize("text", ["0", "9", "1.5", "nan", "x", ""])
def test_a_number_out_of_its_range_is_rejected(text: str) -> None:
    assert number("a size", 1, 8)("8") == 8
    with pytest.raises(ValueError, match=f"'{text}' is not a size from 1 to 8"):
        number("a size", 1, 8)(text)


def test_an_unknown_option_without_a_similar_one_points_to_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(click.Command("anything"), ["--\x1b[2J"]) == 2
    assert capsys.readouterr().err == "anything: No such option '--\\x1b[2J'. See --help.\n"


@pytest.mark.parametrize("arguments", [["--file", "--quiet"], ["--file", "--quiet=x"], ["--file", "a", "--file", "-h"]])
def test_an_option_is_no_value_of_the_option_before_it(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options: list[click.Parameter] = [
        CommandOption(["--file"], metavar="FILE", multiple=True),
        CommandOption(["--quiet"], is_flag=True),
    ]
    command = click.Command("anything", params=options, context_settings={"help_option_names": ["-h", "--help"]})
    assert invoke(command, arguments) == 2
    assert capsys.readouterr().err == f"anything: --file: {arguments[-1]} is an option; give FILE\n"


def test_a_value_may_begin_with_a_hyphen() -> None:
    command = click.Command("anything", params=[CommandOption(["--time"])], callback=lambda time: time)
    assert invoke(command, ["--time", "-1m"]) == "-1m"
    assert invoke(command, ["--time=--tim"]) == "--tim"
