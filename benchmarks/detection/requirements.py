"""`python -m benchmarks.detection.requirements`: what each requirement costs in requests, and what it finds for them.

The requests are those of one run on the correct server. Evidence that several requirements share is counted where it
is made, so that the first of them looks dear and the others cheap. What a requirement finds is what the kill matrix
proves: the broken servers that trip it, and of these the ones that trip nothing else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.api import run_checks
from conformance.requirements.requirement import REGISTRY
from conformance.results.judged import Record
from conformance.results.result import Result
from conformance.settings import Settings, from_python
from tests.mutants.catalogue import MUTANTS
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDERS, READ_ONLY_KEY, READ_WRITE_KEY
from tests.servers.plain import PlainServer

TABLE = Path(__file__).with_name("requirements.md")
OPTIONS: dict[str, Any] = {
    "api_key": READ_WRITE_KEY,
    "other_org_key": OTHER_ORGANIZATION_KEY,
    "read_only_key": READ_ONLY_KEY,
    "builtin_model": list(BUILT_IN_MODELS),
    "provider": PROVIDERS,
    "seed": 1,
}
HEADS = ("requirement", "level", "requests", "broken servers", "that nothing else finds", "requests for each")


class _Counted:
    """Counts the requests of each requirement."""

    def __init__(self) -> None:
        self.requests = Counter[str]()

    @pytest.hookimpl
    def pytest_respan_progress(self, result: Result, record: Record) -> None:
        del result
        self.requests[record["requirement"]] += record["requests"]


@dataclass(frozen=True, slots=True)
class Row:
    """What a requirement costs, and what it finds."""

    id: str
    requests: int
    found: int
    alone: int

    @property
    def price(self) -> float:
        """Requests for each broken server."""
        return self.requests / self.found if self.found else float(self.requests)


def rows() -> list[Row]:
    """The requirements, the dearest for what it finds first."""
    counted = _Counted()
    run_checks(Settings.gather(from_python(OPTIONS)), [counted], app=PlainServer())
    found = Counter(id for mutant in MUTANTS for id in mutant.kills)
    alone = Counter(id for mutant in MUTANTS if len(mutant.kills) == 1 for id in mutant.kills)
    told = (Row(id, counted.requests[id], found[id], alone[id]) for id in REGISTRY)
    return sorted(told, key=lambda row: (-row.price, row.id))


def table() -> str:
    """The requirements as a table of Markdown."""
    lines = [f"| {' | '.join(HEADS)} |", f"|{' --- |' * len(HEADS)}"]
    for row in rows():
        level = REGISTRY[row.id].level.value
        cells = (row.id, level, row.requests, row.found, row.alone, f"{row.price:.1f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(f"Written by `python -m benchmarks.detection.requirements`.\n\n{table()}", encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
