"""Annotations of a job of GitHub Actions, and the guard that keeps everything else in its output from being a command.

The runner executes any line of output that looks like a command, and a target may send such a line.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from conformance.output import visible
from conformance.reports.view import STOPPED, View
from conformance.results.judged import Judged
from conformance.results.result import Result
from conformance.results.verdict import WORDS, Verdict

MOST = 10
"""Annotations of a kind that GitHub shows for one step."""
LONGEST = 2_000
KINDS: Mapping[Verdict, str] = {
    Verdict.FAIL: "error",
    Verdict.ERROR: "error",
    Verdict.UNSTABLE: "warning",
    Verdict.DEVIATES: "warning",
}


def is_actions(environment: Mapping[str, str]) -> bool:
    """Return whether this is a job of GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


@contextmanager
def commands_stopped(stream: IO[str]) -> Iterator[None]:
    """Keep the runner from executing what is printed inside."""
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", file=stream, flush=True)
    try:
        yield
    finally:
        print(f"::{token}::", file=stream, flush=True)


def annotation_commands(result: Result) -> list[str]:
    """Return the commands that annotate a job with the findings, at most as many as GitHub shows."""
    view = View(result)
    stopped = view.ruling.verdict in STOPPED
    found = [_command("error", view.word.text, " ".join(view.sentences))] if stopped else []
    found += [_annotation(verdict, one) for verdict in KINDS for one in view.having(verdict)]
    return [line for kind in ("error", "warning") for line in _as_many_as_shown(kind, found)]


def _as_many_as_shown(kind: str, found: list[str]) -> list[str]:
    of_kind = [line for line in found if line.startswith(f"::{kind} ")]
    if len(of_kind) <= MOST:
        return of_kind
    more = _command(kind, "respan-conformance", f"and {len(of_kind) - MOST + 1} more; see the report")
    return [*of_kind[: MOST - 1], more]


def _annotation(verdict: Verdict, judged: Judged) -> str:
    kind, title = KINDS[verdict], f"{judged.requirement.id} {WORDS[verdict].text}: {judged.requirement.text}"
    if not judged.findings:
        return _command(kind, title, "\n".join(judged.reasons))
    finding = judged.findings[0]
    case = f"in {finding.case}: " if finding.case else ""
    return _command(kind, title, f"{case}expected {finding.expected}\nobserved {finding.observed}")


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(visible(message[:LONGEST]))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
