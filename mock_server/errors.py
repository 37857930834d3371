"""Errors: what the mock says when it does not do what was asked, in one shape.

A `Violation` is a rule of the contract that a request breaks, as a value: where, which rule, what was expected and what
came. Messages name values shortened, on one line, and without characters that a terminal might obey.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from contract.errors import visible


class Part(StrEnum):
    """A part of a request."""

    METHOD = "method"
    PATH = "path"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a request breaks. The values in its texts are shortened, and none of them is a token."""

    part: Part
    field: str | None
    """The field of the body, the parameter of the path or the header; None where it is the whole part."""
    rule: str
    """The keyword of JSON Schema that is violated (`type`, `enum`, ...), or another word of the contract."""
    expected: str
    got: str
    message: str
    """What is wrong, as a sentence for people."""
    pointer: str | None = None
    """JSON pointer (RFC 6901) into the body, the empty one for the whole of it; None where the body is not the part."""
    contract: str | None = None
    """JSON pointer of the rule in the contract, as a URI fragment; None where the contract has no place for it."""

    @property
    def in_a_field(self) -> bool:
        """Whether a field of the body is wrong."""
        return self.part is Part.BODY and self.field is not None

    @property
    def sentence(self) -> str:
        """The message, after the name of the field where it is one of the body."""
        return f"{self.field}: {self.message}" if self.in_a_field else self.message


def expectation(expected: str, got: str) -> str:
    """The sentence of most violations.

    >>> expectation("a number", "null")
    'Expected a number, got null.'
    """
    return f"Expected {expected}, got {got}."


WHOLE = "detail"
"""The member of the body that says what is wrong with the request as a whole."""

_A_VIOLATION = 512
"""What a violation takes beside its long texts."""

Reasons: TypeAlias = str | tuple[Violation, ...]
"""The rules that the request breaks, or one sentence where there is no more to tell."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is answered with a 4xx, and why."""

    status: int
    reasons: Reasons
    headers: Mapping[str, str] = field(default_factory=dict)
    by_field: bool = False
    """Whether the answer is a map from each field of the body to what is wrong with it."""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The rules that the request breaks, as values."""
        return () if isinstance(self.reasons, str) else self.reasons

    @property
    def body(self) -> dict[str, Any]:
        """The body of the answer: `{"detail": ...}`, or a map from each field to its messages.

        >>> Refusal(404, "Not found.").body
        {'detail': 'Not found.'}
        """
        if self.by_field and any(each.in_a_field for each in self.violations):
            return self._map
        return {WHOLE: self.line}

    @property
    def bytes(self) -> int:
        """What it takes in memory, about."""
        if isinstance(self.reasons, str):
            return len(self.reasons)
        return sum(
            _A_VIOLATION + len(each.message) + len(each.pointer or "") + len(each.field or "") for each in self.reasons
        )

    @property
    def _map(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.violations:
            found.setdefault(each.field or WHOLE, []).append(each.message)
        return found

    @property
    def line(self) -> str:
        """The reasons on one line.

        >>> from mock_server.errors import Part
        >>> message = "This field is required."
        >>> Refusal(400, (Violation(Part.BODY, "name", "required", "a value", "nothing", message),)).line
        'name: This field is required.'
        """
        return self.reasons if isinstance(self.reasons, str) else " ".join(each.sentence for each in self.reasons)


def without_secrets(refusal: Refusal, hide: Callable[[str], str]) -> Refusal:
    """Return the refusal with `hide` applied to every text that may repeat something of the request."""
    if isinstance(refusal.reasons, str):
        return replace(refusal, reasons=hide(refusal.reasons))
    return replace(refusal, reasons=tuple(_hidden(each, hide) for each in refusal.reasons))


def _hidden(violation: Violation, hide: Callable[[str], str]) -> Violation:
    return replace(
        violation,
        field=hide(violation.field) if violation.field else violation.field,
        expected=hide(violation.expected),
        got=hide(violation.got),
        message=hide(violation.message),
        pointer=hide(violation.pointer) if violation.pointer else violation.pointer,
    )


class RefusedError(Exception):
    """Carries a refusal out of whatever part of the app decides it. The client is at fault."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.line)
        self.refusal = refusal

    @property
    def status(self) -> int:
        """The name under which Connexion looks for the status of an error."""
        return self.refusal.status


def refused(status: int, reason: str | Violation, **headers: str) -> RefusedError:
    """A refusal ready to raise; `WWW_Authenticate="..."` is the header WWW-Authenticate."""
    reasons = reason if isinstance(reason, str) else (reason,)
    return RefusedError(Refusal(status, reasons, {name.replace("_", "-"): value for name, value in headers.items()}))


LONGEST_QUOTED = 60
"""Characters of a value that a message repeats."""

_ARTICLES = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def quoted(text: str) -> str:
    r"""Write `text` as a JSON string, shortened; what a terminal might obey stands in it as escapes.

    >>> print(quoted('a "b"\n'), quoted("\u202e\x9b"))
    "a \"b\"\n" "\u202e\u009b"
    """
    shown = text if len(text) <= LONGEST_QUOTED else text[:LONGEST_QUOTED] + "..."
    return visible(json.dumps(shown, ensure_ascii=False))


def plain(text: str) -> str:
    r"""`text` as it stands between the quotes: on one line, shortened.

    >>> print(plain('a\nb'))
    a\nb
    """
    return quoted(text)[1:-1]


def described(value: Any) -> str:
    """A JSON value in words.

    >>> described(True), described(1.5), described([])
    ('true', 'the number 1.5', 'an array')
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return f"the number {shortened(json.dumps(value))}"
    if isinstance(value, str):
        return f"the string {quoted(value)}" if value else "the empty string"
    return "an array" if isinstance(value, list) else "an object"


def shortened(text: str) -> str:
    """`text`, its end cut off where it is long."""
    return text if len(text) <= LONGEST_QUOTED else f"{text[:20]}... ({len(text)} characters)"


def a_type(name: str) -> str:
    """A JSON Schema type with its article: `an integer`."""
    return _ARTICLES[name]


def alternatives(words: Iterable[str], joined_by: str = "or") -> str:
    """Words as a sentence lists them.

    >>> alternatives(["0", "1", "2"])
    '0, 1 or 2'
    """
    *most, last = words
    return f"{', '.join(most)} {joined_by} {last}" if most else last


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of the `known` words that `word` is most likely a mistyped form of, or None.

    >>> nearest("stats", ["status", "detail"])
    'status'
    """
    by_form = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word[:LONGEST_QUOTED].lower(), list(by_form), n=1)
    return by_form[found[0]] if found else None
