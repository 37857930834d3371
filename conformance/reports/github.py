"""What a run says to GitHub Actions: annotations of a job, and that nothing else in its output is a command.

The runner takes any line of output for a command that looks like one, and a target may send such a line.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from conformance.output import visible
from conformance.reports.document import STOPPED, Document, View
from conformance.results.verdict import WORDS

MOST = 10
"""Annotations of a kind that GitHub shows of one step."""
LONGEST = 2_000
KINDS: Mapping[str, str] = {"fail": "error", "error": "error", "unstable": "warning", "deviates": "warning"}


def is_actions(environment: Mapping[str, str]) -> bool:
    """Whether this is a job of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


@contextmanager
def commands_stopped(stream: IO[str]) -> Iterator[None]:
    """Have nothing that is printed inside taken for a command."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", file=stream, flush=True)
    try:
        yield
    finally:
        print(f"::{token}::", file=stream, flush=True)


def annotating(told: Document) -> list[str]:
    """The commands that annotate a job with what was found, at most as many as are shown."""
    view = View(told)
    found = [_command("error", view.word.text, " ".join(view.sentences))] if told["verdict"] in STOPPED else []
    found += [_annotation(KINDS[verdict], one) for verdict in KINDS for one in view.having(verdict)]
    return [line for kind in ("error", "warning") for line in _as_many_as_shown(kind, found)]


def _as_many_as_shown(kind: str, found: list[str]) -> list[str]:
    of_kind = [line for line in found if line.startswith(f"::{kind} ")]
    if len(of_kind) <= MOST:
        return of_kind
    more = _command(kind, "respan-conformance", f"and {len(of_kind) - MOST + 1} more; see the report")
    return [*of_kind[: MOST - 1], more]


def _annotation(kind: str, requirement: Document) -> str:
    title = f"{requirement['id']} {WORDS[requirement['verdict']].text}: {requirement['text']}"
    if not requirement["findings"]:
        return _command(kind, title, "\n".join(requirement["reasons"]))
    finding = requirement["findings"][0]
    case = f"in {finding['case']}: " if finding["case"] else ""
    return _command(kind, title, f"{case}expected {finding['expected']}\nobserved {finding['observed']}")


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(visible(message[:LONGEST]))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
