"""Reports of a fixed run look as they did, to the letter."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from conformance.reports import WRITERS
from conformance.results.result import Result
from conformance.results.verdict import Verdict
from contract.version import installed_version
from tests.conformance.reports.runs import all_kinds

SHOWN = {"IDM-01", "IDM-02", "SCH-09", "TEN-01"}
"""Requirements that stand for their kind: one that passed, failed, came up elsewhere, was not testable."""


def _run() -> Result:
    """A fixed run with few requirements."""
    result = all_kinds()
    result.judged = {id: judged for id, judged in result.judged.items() if id in SHOWN}
    return result


def _settled(text: str, result: Result) -> str:
    """A report without what changes from release to release."""
    contract = result.contract
    for changing, name in (
        (contract.digest, "DIGEST"),
        (contract.digest[:12], "DIGEST"),
        (contract.version, "VERSION"),
        (installed_version(), "VERSION"),
    ):
        text = text.replace(changing, name)
    return text


class _Outline(HTMLParser):
    """The elements of a page and their texts, a line each, as deep as they stand."""

    VOID: frozenset[str] = frozenset({"meta", "link", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = " ".join(f"{name}={value}" for name, value in attrs if name in ("id", "class", "role", "data-verdict"))
        self._line(f"{tag} {names}".rstrip())
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if text and self._open[-1] not in ("style", "script"):
            self._line(f"| {text}")

    def _line(self, text: str) -> None:
        self.lines.append("  " * len(self._open) + text)


def outline(page: str) -> str:
    """The structure of an HTML page. An element that is not closed, or closed twice, is an AssertionError."""
    parser = _Outline()
    parser.feed(page)
    assert parser._open == []
    return "\n".join(parser.lines) + "\n"


def _json(text: str) -> str:
    report: dict[str, Any] = json.loads(text)
    report["requirements"] = [r for r in report["requirements"] if r["verdict"] != Verdict.NOT_SELECTED]
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


COMPARED: Mapping[str, Callable[[str], str]] = {"json": _json, "markdown": str, "html": outline}
"""What of each report is compared."""


@pytest.mark.parametrize("name", WRITERS)
def test_a_report_looks_as_it_did(name: str, snapshot: SnapshotAssertion) -> None:
    result = _run()
    assert COMPARED[name](_settled(WRITERS[name](result), result)) == snapshot
