"""The table of what each tool did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from benchmarks.detection.contenders import READINGS, Run, versions

LAWFUL = "lawful"
"""The group of the servers that nothing is wrong with."""
HEADS = ("tool", "broken servers caught", "lawful servers accused", "requests a run", "seconds a run", "gave up")
READING = """\
A broken server is caught, and a lawful one accused, when the exit code says that it is wrong. Requests and seconds
are means over all servers. A lawful server differs from the others in one thing that the contract leaves open or only
assumes; a strict run is meant to say so of those that differ from what is assumed."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of all tools on one server."""

    group: str
    runs: Mapping[str, Run]
    """By how the tool was read; one that gave up is missing."""


def table(tried: Sequence[Tried]) -> str:
    """Caught, accused, requests and seconds by tool, then what was caught by kind of fault."""
    totals = [_total(reading, tried) for reading in READINGS]
    groups = list(dict.fromkeys(each.group for each in tried if each.group != LAWFUL))
    kinds = [_kind(group, [each for each in tried if each.group == group]) for group in groups]
    parts = [_rows(HEADS, totals), READING, _rows(("broken in", *READINGS), kinds), f"{versions()}."]
    return "\n\n".join(parts) + "\n"


def _total(reading: str, tried: Sequence[Tried]) -> tuple[str, ...]:
    broken = [each for each in tried if each.group != LAWFUL]
    lawful = [each for each in tried if each.group == LAWFUL]
    runs = [each.runs[reading] for each in tried if reading in each.runs]
    requests, seconds = mean(run.requests for run in runs), mean(run.seconds for run in runs)
    gave_up = str(len(tried) - len(runs))
    return reading, _accused(reading, broken), _accused(reading, lawful), f"{requests:,.0f}", f"{seconds:.1f}", gave_up


def _kind(group: str, tried: Sequence[Tried]) -> tuple[str, ...]:
    return group, *(_accused(reading, tried) for reading in READINGS)


def _accused(reading: str, tried: Sequence[Tried]) -> str:
    return f"{sum(reading in each.runs and each.runs[reading].accused for each in tried)} of {len(tried)}"


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))
