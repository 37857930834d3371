"""What a rule is: the conditions, and the one effect."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from mock_server.refusing.wording import alternatives

SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("fault.schema.json").read_text(encoding="utf-8"))
"""What a written rule may be."""


class When(StrEnum):
    """When a fault happens."""

    BEFORE = "before"
    """The request changes nothing."""
    AFTER = "after"
    """The request is done, and then the answer fails."""


@dataclass(frozen=True, slots=True)
class Status:
    """An answer with a status of its own."""

    status: int
    detail: str | None
    headers: Mapping[str, str]
    body: str | None
    """The text of it in place of the error in JSON, such as the page of a gateway."""


@dataclass(frozen=True, slots=True)
class Latency:
    """A wait, of a time between the two. In seconds."""

    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset of the connection."""


@dataclass(frozen=True, slots=True)
class Truncation:
    """An answer that ends in the middle of its body."""

    octets: int


@dataclass(frozen=True, slots=True)
class Malformation:
    """A body that is no JSON."""


@dataclass(frozen=True, slots=True)
class Drip:
    """A body that comes in pieces, with a pause between them. In seconds."""

    octets: int
    pause: float


Effect: TypeAlias = Status | Latency | Reset | Truncation | Malformation | Drip


class RuleError(ValueError):
    """The rule contradicts itself. Its author is at fault; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests fail, how often, and how. What is None matches every request."""

    effect: Effect
    written: Mapping[str, Any]
    """The rule as its author wrote it, without an id."""
    method: str | None = None
    path: str | None = None
    organization: str | None = None
    model: str | None = None
    probability: float = 1
    count: int | None = None
    when: When = When.BEFORE

    @property
    def told(self) -> str:
        """The effect in a word or two, for a log.

        >>> rule({"status": 503, "method": "POST"}).told
        'status 503'
        """
        name = next(name for name in _EFFECTS if name in self.written)
        return f"{name} {self.written[name]}" if name in {"status", "truncate"} else name


def rule(written: Mapping[str, Any]) -> Rule:
    """The rule that is written there, which is valid by SCHEMA. Raises RuleError.

    >>> rule({"status": 503, "reset": True})
    Traceback (most recent call last):
    mock_server.faults.rule.RuleError: give exactly one of status, latency, reset, truncate, malform and drip
    """
    given = [name for name in _EFFECTS if name in written]
    if len(given) != 1:
        raise RuleError(f"give exactly one of {alternatives(_EFFECTS, 'and')}")
    if given != ["status"] and {"detail", "headers", "body"} & written.keys():
        raise RuleError("detail, headers and body belong to a status")
    if {"detail", "body"} <= written.keys():
        raise RuleError("give a body, or the detail of an error in JSON, not both")
    kept = {name: value for name, value in written.items() if name not in {"id", "fired"}}
    conditions = {name: kept[name] for name in _CONDITIONS if name in kept}
    return Rule(_EFFECTS[given[0]](kept), kept, when=When(kept.get("when", When.BEFORE)), **conditions)


def _latency(written: Mapping[str, Any]) -> Latency:
    shortest = written["latency"]["min"]
    longest = written["latency"].get("max", shortest)
    if longest < shortest:
        raise RuleError("the max of latency is at least its min")
    return Latency(shortest / 1000, longest / 1000)


_CONDITIONS = ("method", "path", "organization", "model", "probability", "count")
_EFFECTS: Mapping[str, Callable[[Mapping[str, Any]], Effect]] = {
    "status": lambda it: Status(it["status"], it.get("detail"), it.get("headers", {}), it.get("body")),
    "latency": _latency,
    "reset": lambda _: Reset(),
    "truncate": lambda it: Truncation(it["truncate"]),
    "malform": lambda _: Malformation(),
    "drip": lambda it: Drip(it["drip"]["bytes"], it["drip"]["every"] / 1000),
}
"""How each effect is read from a written rule."""
