"""The table of what each tool did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import TypeAlias

from benchmarks.detection.contenders import READINGS, Run, versions
from tests.servers.plain import PlainServer

Faults: TypeAlias = frozenset[str]
CONFORMING = "lawful"
"""The group of the servers that nothing is wrong with."""
HEADS = (
    "tool", "broken servers caught", "lawful servers accused", "broken servers accused", "requests a run",
    "seconds a run", "gave up",
)  # fmt: skip
READING = """\
A server is accused when the tool finds anything wrong with it, so that its exit code is 1. A broken one is caught when
that is more than what the tool finds wrong with the correct server too, which has no bug. A lawful server differs from
the correct one in one thing that the contract leaves open or only assumes; a strict run is meant to say so of those
that differ from what is assumed. Requests and seconds are means over all servers."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server to try the tools on."""

    group: str
    """What is wrong with it: the section of the catalogue, or `LAWFUL`."""
    make: type[PlainServer]

    @property
    def name(self) -> str:
        return f"{self.make.__module__}.{self.make.__name__}"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of all tools on one server."""

    server: Server
    runs: Mapping[str, Run]
    """By how the tool was read; one that gave up is missing."""


def table(tried: Sequence[Tried]) -> str:
    """Caught, accused, requests and seconds by tool, then what was caught by kind of fault."""
    correct = next((each for each in tried if each.server.make is PlainServer), None)
    common = {reading: run.faults for reading, run in correct.runs.items()} if correct else {}
    totals = [_total(reading, tried, common.get(reading, frozenset())) for reading in READINGS]
    groups = list(dict.fromkeys(each.server.group for each in tried if each.server.group != CONFORMING))
    kinds = [_kind(group, [each for each in tried if each.server.group == group], common) for group in groups]
    parts = [_rows(HEADS, totals), READING, _rows(("broken in", *READINGS), kinds), f"{versions()}."]
    return "\n\n".join(parts) + "\n"


def _total(reading: str, tried: Sequence[Tried], common: Faults) -> tuple[str, ...]:
    broken = [each for each in tried if each.server.group != CONFORMING]
    lawful = [each for each in tried if each.server.group == CONFORMING]
    runs = [each.runs[reading] for each in tried if reading in each.runs]
    requests, seconds = mean(run.requests for run in runs), mean(run.seconds for run in runs)
    told = (_told(reading, broken, common), _told(reading, lawful), _told(reading, broken))
    return reading, *told, f"{requests:,.0f}", f"{seconds:.1f}", str(len(tried) - len(runs))


def _kind(group: str, tried: Sequence[Tried], common: Mapping[str, Faults]) -> tuple[str, ...]:
    return group, *(_told(reading, tried, common.get(reading, frozenset())) for reading in READINGS)


def _told(reading: str, tried: Sequence[Tried], common: Faults = frozenset()) -> str:
    """Of how many servers the tool tells a fault that is not `common`."""
    told = sum(reading in each.runs and not each.runs[reading].faults <= common for each in tried)
    return f"{told} of {len(tried)}"


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))
