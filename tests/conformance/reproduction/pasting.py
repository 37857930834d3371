"""Runs the suite on a mutant over HTTP, and pastes each reproduction that it prints against a fresh one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from conformance import check
from conformance.reports import WRITERS
from tests.conformance.command import KEYS
from tests.conformance.reproduction.judging import Response, misses
from tests.mutants.mutant import Mutant
from tests.servers.careless import carelessly_served
from tests.servers.fixtures import BUILT_IN_MODELS, OTHER_ORGANIZATION_KEY, PROVIDERS, READ_ONLY_KEY, READ_WRITE_KEY
from tests.servers.serving import served

SECONDS = 60


@dataclass(frozen=True, slots=True)
class Pasted:
    """A finding, and what its reproduction showed."""

    mutant: str
    requirement: str
    finding: dict[str, Any]
    first: bool
    """Whether every report tells it in full."""
    missed: str | None
    """How what was pasted fails to show the failure; None where it shows it, or nothing was printed."""

    @property
    def printed(self) -> bool:
        """Whether there is a reproduction."""
        return bool(self.finding["reproduce"])

    @property
    def requests(self) -> int:
        """The requests that are printed."""
        return "\n".join(self.finding["reproduce"]).count("-sS -i")

    def __str__(self) -> str:
        said = f"expected {self.finding['expected'][:120]}; observed {self.finding['observed'][:120]}"
        return f"{self.mutant} {self.requirement}: {self.missed}\n    {said}"


@contextmanager
def judged(mutant: type[Mutant], *only: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The address of a mutant, and the JSON report of a run on it that has ended."""
    with _served(mutant) as url:
        result = check(
            url,
            api_key=READ_WRITE_KEY,
            other_org_key=OTHER_ORGANIZATION_KEY,
            read_only_key=READ_ONLY_KEY,
            builtin_model=list(BUILT_IN_MODELS),
            provider=PROVIDERS,
            seed=1,
            only=list(only),
            ledger=os.devnull,
        )
        yield url, json.loads(WRITERS["json"](result))


def _served(mutant: type[Mutant]) -> AbstractContextManager[str]:
    return (carelessly_served if mutant.careless else served)(mutant())


def pasted(mutant: type[Mutant], url: str, report: dict[str, Any]) -> Iterator[Pasted]:
    """Every finding of a report; those that are printed, pasted against an instance that nothing was sent to.

    What shows only where requests were sent before is pasted against the instance that was judged.
    """
    for requirement in report["requirements"]:
        for number, finding in enumerate(requirement["findings"]):
            missed = _missed(mutant, url, finding) if finding["reproduce"] else None
            yield Pasted(mutant.__name__, requirement["id"], finding, number == 0, missed)


def paste(script: str, environment: dict[str, str] = KEYS) -> bytes:
    """What a script prints in bash."""
    return subprocess.run(
        ["bash", "-e"],
        input=script.encode(),
        env=os.environ | environment,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    ).stdout


def _missed(mutant: type[Mutant], url: str, finding: dict[str, Any]) -> str | None:
    with _served(mutant) as fresh:
        missed = missed_at(fresh, url, finding)
    return missed and missed_at(url, url, finding)


def missed_at(address: str, url: str, finding: dict[str, Any]) -> str | None:
    """How the reproduction of a run on `url` does not show its finding at `address`; None where it shows it."""
    here, there = (one.removeprefix("http://") for one in (address, url))  # sockets are opened to no URL
    response = Response.last_of(paste("\n".join(finding["reproduce"]).replace(there, here)))
    return "no response" if response is None else misses(finding, response)
