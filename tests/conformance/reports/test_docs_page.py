"""What docs/reports.md says of the reports is so."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

from conformance.options import OUTPUT, REPORTS
from conformance.reports import as_json
from tests.conformance.reports.runs import all_kinds

PAGE = Path(__file__).parents[3] / "docs" / "reports.md"


def test_its_program_runs() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert (failed, tried > 0) == (0, True)


def test_it_names_each_report() -> None:
    text = PAGE.read_text(encoding="utf-8")
    reports = {option.name for option in REPORTS if option.type is OUTPUT}
    assert set(re.findall(r"^\| `--(\w+) FILE`", text, re.MULTILINE)) == reports


def test_it_names_members_that_the_report_has() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## JSON")[2].partition("## JUnit")[0]
    named = {
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    report = json.loads(as_json(all_kinds()))
    assert named - report.keys() == set()
    assert report.keys() - named <= {
        "schema_version",
        "strict",
        "strict_verdict",
        "stop_reason",
        "blocked_without_finding",
        "sections",
    }
