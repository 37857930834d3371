"""What the processes of a run tell the one that reports: the record of each test, why the run stops, how it ends.

pytest-xdist carries plain data between processes. `to_json` and `from_json` are the only place where these become text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from conformance.judge.outcome import Obstacle
from conformance.results.coverage import Counts
from conformance.results.finding import Finding
from conformance.results.verdict import RunVerdict, Verdict
from conformance.target.budget import Disruption

Test = tuple[str, str]
"""The requirement and the case of a test."""


@dataclass(frozen=True, slots=True)
class Record:
    """The result of one test of a requirement."""

    requirement: str
    case: str
    verdict: Verdict
    reason: str = ""
    """Why it could not be judged."""
    obstacle: Obstacle | None = None
    blocked_by: str | None = None
    """The requirement that reports the fault that was in the way."""
    observed: tuple[str, ...] = ()
    """What the target does where the contract leaves it open."""
    requests: int = 0
    coverage: Counts = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    """Of this requirement, and of others that the same exchanges show."""
    void: tuple[Test, ...] = ()
    """Earlier tests that say nothing, because the surroundings of the target had changed."""
    seconds: float = 0.0
    exchanges: tuple[str, ...] = ()
    """A line for each exchange, in a verbose run."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why no more tests are run."""

    verdict: RunVerdict
    reason: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What a process that ran tests says at its end."""

    target: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    requests: int
    """Requests that no record counts."""
    void: tuple[Test, ...]
    disruptions: tuple[Disruption, ...]
    tests: tuple[str, ...] = ()
    """The requirement of each test that was collected."""


Message = Record | Stop | Closing
_KINDS: Mapping[str, type[Message]] = {kind.__name__: kind for kind in (Record, Stop, Closing)}


def to_json(message: Message) -> str:
    """Return the message as JSON text, with its kind."""
    return json.dumps([type(message).__name__, asdict(message)])


def from_json(text: str) -> Message:
    """Return the message that `to_json` made the text of."""
    kind, members = json.loads(text)
    message: Message = _built(_KINDS[kind], members)
    return message


_hints = cache(get_type_hints)


def _built(kind: Any, value: Any) -> Any:
    """Return the value of an annotated type that was written as JSON."""
    arguments = [argument for argument in get_args(kind) if argument not in (type(None), ...)]
    if value is None:
        return None
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _built(_hints(kind)[name], member) for name, member in value.items()})
    if get_origin(kind) is tuple:
        kinds = arguments * len(value) if len(arguments) == 1 else arguments
        return tuple(_built(one, member) for one, member in zip(kinds, value, strict=True))
    if get_origin(kind) is not dict and arguments:  # T | None
        return _built(arguments[0], value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, StrEnum) else value
