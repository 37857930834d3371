"""Where reports go: whole, or not at all, and said before the run where they cannot."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from conformance.output import CannotWrite, check_files, goes_to_stdout, write


def _names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_report_takes_the_place_of_an_older_one_whole(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("an older, longer report")
    write(str(file), "{}\n")
    assert file.read_text() == "{}\n"
    assert _names(tmp_path) == ["report.json"]


def test_a_report_is_a_file_like_any_other(tmp_path: Path) -> None:
    write(str(tmp_path / "report"), "{}")
    (tmp_path / "other").write_text("{}")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(str(tmp_path / "link"), "{}")
    assert (tmp_path / "real").read_text() == "{}"
    assert (tmp_path / "link").is_symlink()


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    check_files({"--json": str(pipe)})
    write(str(pipe), "{}")
    reader.join(10)
    assert read == ["{}"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_half_of_a_surrogate_pair_does_not_stop_a_report(tmp_path: Path) -> None:
    write(str(tmp_path / "report.md"), "\ud800")
    assert (tmp_path / "report.md").read_text() == "\\ud800"


def test_an_older_report_stays_where_the_new_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.json"
    file.write_text("older")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CannotWrite, match=r"report\.json: No space left on device"):
        write(str(file), "newer")
    assert file.read_text() == "older"
    assert _names(tmp_path) == ["report.json"]


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ({"--json": "/no/such/folder/report.json"}, "--json .*: /no/such/folder is not a writable folder"),
        ({"RESPAN_HTML": "/"}, "RESPAN_HTML /: it is a folder; give a file in it"),
        ({"--json": "report", "--html": "./report"}, "--html ./report: --json writes to it too"),
        ({"--json": "-", "--html": "-"}, "--html -: --json writes to it too"),
    ],
)
def test_what_cannot_be_written_is_known_before(places: dict[str, str], says: str) -> None:
    with pytest.raises(CannotWrite, match=says):
        check_files(places)


def test_what_can_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    check_files({"--json": str(tmp_path / "report.json"), "--html": "-", "--markdown": "/dev/null"})
    assert _names(tmp_path) == []


@pytest.mark.parametrize(("place", "does"), [("-", True), ("/dev/stdout", True), ("report.json", False)])
def test_what_goes_to_standard_output_is_known(place: str, does: bool) -> None:
    assert goes_to_stdout([place]) is does
