"""The registry as it is listed: as text, as JSON, and as the page that stands in `docs`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.requirements.level import SECTIONS
from conformance.requirements.registry import as_json, as_markdown, as_text
from conformance.requirements.requirement import Requirement
from contract import Contract

PAGE = Path(__file__).parents[3] / "docs" / "requirements.md"


@pytest.fixture(autouse=True)
def _no_settings(no_settings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_text_names_each_chosen_one_with_its_level(registry: Mapping[str, Requirement], contract: Contract) -> None:
    text = as_text(contract, {"IDM-01", "AUT-03"})
    assert [line.split()[:3] for line in text.splitlines() if line.startswith("  ")] == [
        ["IDM-01", "MUST", "stated"],
        ["AUT-03", "SHOULD", "assumed"],
    ]
    assert len(as_text(contract, registry).splitlines()) == len(registry) + len(SECTIONS)


def test_the_json_has_everything_about_a_requirement(registry: Mapping[str, Requirement], contract: Contract) -> None:
    listed = json.loads(as_json(contract, registry))
    assert {requirement["id"] for requirement in listed["requirements"]} == set(registry)
    assert {section["id"]: section["title"] for section in listed["sections"]} == SECTIONS
    told = {requirement["id"]: requirement for requirement in listed["requirements"]}
    assert told["SEM-08"] == {
        "id": "SEM-08",
        "section": "SEM",
        "level": "MUST",
        "provenance": "stated",
        "text": registry["SEM-08"].text,
        "clause": {
            "name": "x-clauses/returned",
            "pointer": "#/paths/~1api~1models~1/post/x-clauses/returned",
            "text": contract.clauses["x-clauses/returned"].text,
        },
        "every_exchange": False,
        "needs": ["--provider"],
    }
    assert told["AUT-04"]["every_exchange"] is True


def test_no_cell_of_the_page_breaks_its_table(registry: Mapping[str, Requirement], contract: Contract) -> None:
    rows = [line for line in as_markdown(contract, registry).splitlines() if line.startswith("| ")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {7}
    assert len(rows) == len(registry) + len(SECTIONS)


def test_the_page_is_as_the_command_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "markdown"]) == 0
    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8"), (
        "stale; run: python -m conformance --list markdown > docs/requirements.md"
    )


@pytest.mark.parametrize("arguments", [["--list"], ["--list", "text"], ["--list=json"]])
def test_the_command_lists_what_is_chosen(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--only", "idm", "--skip", "IDM-01"]) == 0
    listed = capsys.readouterr().out
    assert "IDM-02" in listed
    assert "IDM-01" not in listed
    assert "AUT-01" not in listed


def test_there_is_no_other_way_to_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "xml"]) == 2
    assert "'xml' is not one of 'text', 'json', 'markdown'" in capsys.readouterr().err
