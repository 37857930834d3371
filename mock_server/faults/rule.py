"""One rule: its conditions, its single effect, and the headers that it may set."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from contract.pointer import Token, to_pointer
from mock_server.errors import alternatives, described, quoted
from mock_server.http.headers import problem_of_header
from mock_server.strict_json import unwritable
from mock_server.validation import Validator

SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("fault.schema.json").read_text(encoding="utf-8"))
"""The JSON Schema of a rule."""


class When(StrEnum):
    """When a fault takes effect."""

    BEFORE = "before"
    """The request changes nothing."""
    AFTER = "after"
    """The request takes effect, and then its response fails."""


@dataclass(frozen=True, slots=True)
class Status:
    """An error response with this status."""

    status: int
    detail: str | None
    headers: Mapping[str, str]
    body: str | None
    """The body as text in place of a JSON error, such as the HTML page of a gateway."""


@dataclass(frozen=True, slots=True)
class Latency:
    """A random delay between the two, in seconds."""

    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset of the connection."""


@dataclass(frozen=True, slots=True)
class Truncation:
    """A response that ends in the middle of its body."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Malformation:
    """A body that is invalid JSON."""


@dataclass(frozen=True, slots=True)
class Drip:
    """A body that is sent in chunks, with a pause in seconds between them."""

    bytes: int
    pause: float


Effect: TypeAlias = Status | Latency | Reset | Truncation | Malformation | Drip


class RuleError(ValueError):
    """A rule is invalid. The message says where, what is wrong and how to fix it."""

    def __init__(self, what: str, hint: str, at: Iterable[Token] = ()) -> None:
        self.what = what
        self.hint = hint
        self.at = tuple(at)
        """The place in the rule, or in the list of rules."""
        place = to_pointer(self.at).removeprefix("#")
        super().__init__(f"{place}: {what}; {hint}" if place else f"{what}; {hint}")

    def within(self, *tokens: Token) -> RuleError:
        """Return the same error for a rule at that place of a larger document."""
        return RuleError(self.what, self.hint, (*tokens, *self.at))


@dataclass(frozen=True, slots=True)
class Rule:
    """Which requests fail, how often, and how. A condition that is None matches every request."""

    effect: Effect
    written: Mapping[str, Any]
    """The rule as JSON, without its id, with integers and methods normalized."""
    method: str | None = None
    path: str | None = None
    organization: str | None = None
    model: str | None = None
    probability: float = 1
    count: int | None = None
    when: When = When.BEFORE

    @property
    def summary(self) -> str:
        """The effect in a word or two, for the log.

        >>> rule({"status": 503, "method": "POST"}).summary
        'status 503'
        """
        name = next(name for name in _EFFECTS if name in self.written)
        return f"{name} {self.written[name]}" if name in {"status", "truncate"} else name


def rule(written: Mapping[str, Any]) -> Rule:
    """Read a rule. Raises RuleError.

    >>> rule({"truncate": 5.0, "method": "post"}).written
    {'truncate': 5, 'method': 'POST'}
    >>> rule({"status": 503, "reset": True})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    mock_server.faults.rule.RuleError: the rule has status and reset; give exactly one of status, latency, ...
    """
    _check_form(written)
    normal = {name: _normalized(name, value) for name, value in written.items() if name not in {"id", "fired"}}
    effect = _check_effect(normal)
    _check_path(normal.get("path"))
    conditions = {name: normal[name] for name in _CONDITIONS if name in normal}
    return Rule(_EFFECTS[effect](normal), normal, when=When(normal.get("when", When.BEFORE)), **conditions)


def _check_form(written: Mapping[str, Any]) -> None:
    if not isinstance(written, Mapping):  # a test in the same process can pass anything
        raise RuleError(f"a rule is an object, not {described(written)}", "give one such as {'status': 503}")
    for place, what, hint in unwritable(dict(written)):
        raise RuleError(what, hint, place)
    for error in _VALIDATOR.errors(written):
        at = (error.pointer or "").split("/")[1:]
        at = [token.replace("~1", "/").replace("~0", "~") for token in at]
        raise RuleError(error.message.rstrip("."), _hint_at(at), at)


def _hint_at(at: list[str]) -> str:
    """Return how to fix the value at that place, from the descriptions of the schema."""
    schema: Mapping[str, Any] = SCHEMA
    for token in at:
        schema = schema.get("properties", {}).get(token, {})
    return f"give {schema['description']}" if "description" in schema else f"remove {at[-1]}, or correct its name"


def _normalized(name: str, value: Any) -> Any:
    """Return integers as int, since JSON also allows 5.0 for 5, and methods in upper case."""
    match name:
        case "status" | "count" | "truncate":
            return int(value)
        case "drip":
            return {**value, "bytes": int(value["bytes"])}
        case "method":
            return value.upper()
    return value


def _check_effect(written: Mapping[str, Any]) -> str:
    """Return the name of the single effect of a rule. Raises RuleError."""
    effects = [name for name in _EFFECTS if name in written]
    if len(effects) != 1:
        has = alternatives(effects, "and") if effects else "no effect"
        raise RuleError(f"the rule has {has}", f"give exactly one of {alternatives(_EFFECTS, 'and')}")
    if effects != ["status"]:
        for name in _OF_STATUS & written.keys():
            raise RuleError(f"{name} is only for rules with status", f"remove {name}, or give a status", [name])
    if {"detail", "body"} <= written.keys():
        raise RuleError("the rule has a body and a detail", "give a body, or the detail of a JSON error, but not both")
    if problem := problem_of_headers(written.get("headers", {})):
        name, what, hint = problem
        raise RuleError(what, hint, ["headers", name])
    return effects[0]


def _check_path(path: str | None) -> None:
    if path is not None and not path.startswith(("/", "*")):
        hint = "begin it with a slash, as in /api/*, or with *, which matches any characters"
        raise RuleError(f"no request has the path {quoted(path)}", hint, ["path"])


def _latency(written: Mapping[str, Any]) -> Latency:
    shortest = written["latency"]["min"]
    longest = written["latency"].get("max", shortest)
    if longest < shortest:
        raise RuleError("the max of latency is less than its min", "give a max of at least min", ["latency", "max"])
    return Latency(shortest / 1000, longest / 1000)


_VALIDATOR = Validator(SCHEMA)
_OF_STATUS = frozenset({"detail", "headers", "body"})
_CONDITIONS = ("method", "path", "organization", "model", "probability", "count")
_EFFECTS: Mapping[str, Callable[[Mapping[str, Any]], Effect]] = {
    "status": lambda it: Status(it["status"], it.get("detail"), it.get("headers", {}), it.get("body")),
    "latency": _latency,
    "reset": lambda _: Reset(),
    "truncate": lambda it: Truncation(it["truncate"]),
    "malform": lambda _: Malformation(),
    "drip": lambda it: Drip(it["drip"]["bytes"], it["drip"]["every"] / 1000),
}
"""How to read each effect from a rule in JSON."""


def problem_of_headers(headers: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return the name of the first header that cannot be sent, what is wrong and the fix, or None.

    >>> problem_of_headers({"Content-Length": "1"})[1]
    'the server itself sets Content-Length'
    """
    seen: dict[str, str] = {}
    for name, value in headers.items():
        if problem := problem_of_header(name, value):
            return (name, *problem)
        if other := seen.get(name.lower()):
            return name, f"{name} is the same header as {other}", "remove one of the two"
        seen[name.lower()] = name
    return None
