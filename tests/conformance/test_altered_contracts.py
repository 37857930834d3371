"""Mock and suite follow an altered contract with no change in Python, and one that does not follow is found."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.command import KEYS, KNOWN, Ran, conformance
from tests.contract.altered import Edit, both, put, write_altered
from tests.mock_server.process import started

OPERATION = "#/paths/~1api~1models~1/post"
REQUEST = "#/components/schemas/ModelUpsert/properties"
RESPONSE = "#/components/schemas/Model/properties"

ALTERATIONS: dict[str, tuple[Edit, set[str]]] = {
    "one more field": (
        both(
            put(f"{REQUEST}/priority", {"type": "integer", "minimum": 0, "maximum": 9_000_000, "description": "Rank."}),
            put(
                f"{RESPONSE}/priority",
                {"type": "integer", "description": "Rank.", "x-source": {"inherit": "base_model_name"}},
            ),
        ),
        {"IDM-01", "IDM-02", "SEM-01", "STA-08"},
    ),
    "created moved to 200": (put(f"{OPERATION}/x-upsert/created", 200), {"STA-01"}),
    "an enum changed": (put("#/components/schemas/Flag/enum", [0, 1, 2]), {"STA-17"}),
    "omitted fields are reset": (put(f"{OPERATION}/x-upsert/omitted", "reset"), {"IDM-06", "IDM-21", "IDM-22"}),
}
"""Each with requirements that a server unmet which does not follow it."""


@contextlib.contextmanager
def _mock(*arguments: str) -> Iterator[str]:
    with started("--quiet", *arguments) as mock:
        yield mock.url


def _judge(url: str, contract: Path, report: Path, *more: str) -> Ran:
    return conformance(url, *KNOWN, *more, "--strict", "--contract", str(contract), report=report, environment=KEYS)


@pytest.mark.parametrize(("edit", "unmet"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_mock_and_suite_follow(edit: Edit, unmet: set[str], tmp_path: Path) -> None:
    contract = write_altered(tmp_path, edit)
    with _mock("--contract", str(contract)) as url:
        ran = _judge(url, contract, tmp_path / "report.json")
    assert ran.code == 0, ran.stdout
    assert ran.with_verdict("fail", "deviates", "unstable", "error") == set()


@pytest.mark.parametrize(("edit", "unmet"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_a_server_that_does_not_follow_is_found(edit: Edit, unmet: set[str], tmp_path: Path) -> None:
    contract = write_altered(tmp_path, edit)
    with _mock() as url:
        ran = _judge(url, contract, tmp_path / "report.json", "--only", ",".join(unmet))
    assert ran.code == 1, ran.stdout
    assert unmet == ran.with_verdict("fail")
