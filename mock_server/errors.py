"""Error responses: one shape, one wording.

A `Rejection` is an error response before it is written: a status and its reasons. A reason is a `ValidationError`: the
part of the request, the rule of the contract that it breaks, what was expected and what was received. Values in
messages are shortened, stay on one line, and contain no characters that a terminal could interpret.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeAlias

from contract.errors import Problem, visible


class RequestPart(StrEnum):
    """A part of a request."""

    METHOD = "method"
    PATH = "path"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class ValidationError:
    """One rule that a request breaks. Values in its texts are shortened; tokens are not repeated."""

    part: RequestPart
    field: str | None
    """The field of the body, the path parameter or the header; None for the whole part."""
    rule: str
    """The keyword of JSON Schema (`type`, `enum`, ...), or another word of the contract."""
    expected: str
    got: str
    message: str
    """What is wrong, in one sentence."""
    pointer: str | None = None
    """JSON pointer (RFC 6901) into the body, empty for the whole body; None if the error is not in the body."""
    contract: str | None = None
    """JSON pointer of the rule in the contract, as a URI fragment; None if the rule is not in the contract."""

    @property
    def in_a_field(self) -> bool:
        """Whether the error is in a field of the body."""
        return self.part is RequestPart.BODY and self.field is not None

    def as_problem(self, describes: str = "") -> Problem:
        """Return the error as a problem of a file. `describes` is the schema to name in the hint."""
        fix = "correct its name, or leave it out" if self.rule == "additionalProperties" else f"give {self.expected}"
        what = self.message.removeprefix(place_in_words(self.pointer or ""))
        return Problem(f"#{self.pointer}", what, f"{fix}; {describes}" if describes else fix)

    @property
    def sentence(self) -> str:
        """The message, after the name of the field if it is one of the body."""
        return f"{self.field}: {self.message}" if self.in_a_field else self.message


def place_in_words(pointer: str) -> str:
    """Return the beginning of a message about a value inside a field."""
    return f"At {plain(pointer)}: "


def expectation(expected: str, got: str) -> str:
    """Return the message of most errors.

    >>> expectation("a number", "null")
    'Expected a number, got null.'
    """
    return f"Expected {expected}, got {got}."


WHOLE = "detail"
"""The member of a response body for what is wrong with the request as a whole."""

_ERROR_BYTES = 512
"""Bytes that an error takes in memory besides its long texts."""

Reasons: TypeAlias = str | tuple[ValidationError, ...]
"""The rules that the request breaks, or one sentence."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """The error response to a request, and its reasons."""

    status: int
    reasons: Reasons
    headers: Mapping[str, str] = field(default_factory=dict)
    by_field: bool = False
    """Whether the response body maps each field of the request body to its messages."""

    @property
    def errors(self) -> tuple[ValidationError, ...]:
        """The rules that the request breaks; empty if the reason is a sentence."""
        return () if isinstance(self.reasons, str) else self.reasons

    @property
    def body(self) -> dict[str, Any]:
        """The body of the response: `{"detail": ...}`, or a map from each field to its messages.

        >>> Rejection(404, "Not found.").body
        {'detail': 'Not found.'}
        """
        if self.by_field and any(each.in_a_field for each in self.errors):
            return self._map
        return {WHOLE: self.line}

    @property
    def bytes(self) -> int:
        """The approximate size in memory."""
        if isinstance(self.reasons, str):
            return len(self.reasons)
        return sum(
            _ERROR_BYTES + len(each.message) + len(each.pointer or "") + len(each.field or "") for each in self.reasons
        )

    @property
    def _map(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for each in self.errors:
            found.setdefault(each.field or WHOLE, []).append(each.message)
        return found

    @property
    def line(self) -> str:
        """The reasons on one line.

        >>> from mock_server.errors import RequestPart
        >>> message = "This field is required."
        >>> Rejection(400, (ValidationError(RequestPart.BODY, "name", "required", "a value", "nothing", message),)).line
        'name: This field is required.'
        """
        return self.reasons if isinstance(self.reasons, str) else " ".join(each.sentence for each in self.reasons)


def without_secrets(rejection: Rejection, hide: Callable[[str], str]) -> Rejection:
    """Return the rejection with `hide` applied to every text that may repeat something of the request."""
    if isinstance(rejection.reasons, str):
        return replace(rejection, reasons=hide(rejection.reasons))
    return replace(rejection, reasons=tuple(_hidden(each, hide) for each in rejection.reasons))


def _hidden(error: ValidationError, hide: Callable[[str], str]) -> ValidationError:
    return replace(
        error,
        field=hide(error.field) if error.field else error.field,
        expected=hide(error.expected),
        got=hide(error.got),
        message=hide(error.message),
        pointer=hide(error.pointer) if error.pointer else error.pointer,
    )


class RejectedError(Exception):
    """Raised to reject a request, from any layer of the app."""

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.line)
        self.rejection = rejection

    @property
    def status(self) -> int:
        """The status, where Connexion looks for it."""
        return self.rejection.status


def rejected(status: int, reason: str | ValidationError, **headers: str) -> RejectedError:
    """Return an error to raise. A keyword is a header: `WWW_Authenticate="..."` is WWW-Authenticate."""
    reasons = reason if isinstance(reason, str) else (reason,)
    return RejectedError(Rejection(status, reasons, {name.replace("_", "-"): value for name, value in headers.items()}))


class UnavailableError(RejectedError):
    """Raised if the store does not respond, or cannot store anything now: a 503. The reason contains no password."""

    def __init__(self, reason: str) -> None:
        super().__init__(Rejection(503, reason, {"Retry-After": "1"}))


class StoreAddressError(ValueError):
    """The address of a store is invalid. The message does not repeat it: it may contain a password."""


class MissingPackageError(Exception):
    """A package is not installed. The message has the command that installs it."""


class WorkersError(Exception):
    """The workers cannot go on. The message says why."""


class DifferentStartError(Exception):
    """Other mocks use the store, and have started from something else. The message says what to do."""


LONGEST_QUOTED = 60
"""The maximum characters of a value in a message."""

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
    r"""Return `text` as a JSON string, shortened, with control characters as escapes.

    >>> print(quoted('a "b"\n'), quoted("\u202e\x9b"))
    "a \"b\"\n" "\u202e\u009b"
    """
    short = text if len(text) <= LONGEST_QUOTED else text[:LONGEST_QUOTED] + "..."
    return visible(json.dumps(short, ensure_ascii=False))


def plain(text: str) -> str:
    r"""Return what `quoted` returns, without the quotes.

    >>> print(plain('a\nb'))
    a\nb
    """
    return quoted(text)[1:-1]


def described(value: Any) -> str:
    """Return a JSON value in words.

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
    """Return `text`; if it is long, its beginning and its length."""
    return text if len(text) <= LONGEST_QUOTED else f"{text[:20]}... ({len(text)} characters)"


def counted(number: int, noun: str) -> str:
    """Return a number of things in words.

    >>> counted(1, "item"), counted(2, "item")
    ('1 item', '2 items')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def a_type(name: str) -> str:
    """Return a type of JSON Schema with its article: `an integer`."""
    return _ARTICLES[name]


def alternatives(words: Iterable[str], joined_by: str = "or") -> str:
    """Return words as a list in a sentence.

    >>> alternatives(["0", "1", "2"])
    '0, 1 or 2'
    """
    *most, last = words
    return f"{', '.join(most)} {joined_by} {last}" if most else last


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of the `known` words that `word` is probably a misspelling of, or None.

    >>> nearest("stats", ["status", "detail"])
    'status'
    """
    by_form = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word[:LONGEST_QUOTED].lower(), list(by_form), n=1)
    return by_form[found[0]] if found else None
