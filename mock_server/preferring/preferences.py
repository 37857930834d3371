"""Reads the Prefer field of a request (RFC 7240)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mock_server.http.grammar import QUOTED_STRING, WHITE_SPACE, WORD, as_word, unquoted
from mock_server.refusing.refusals import Refusal, RefusedError, refused
from mock_server.refusing.violations import Part, Violation

_FIELD = "Prefer"
_PAIR = rf"({WORD})(?:{WHITE_SPACE}={WHITE_SPACE}({WORD}|{QUOTED_STRING}))?+"
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))++', re.DOTALL)
"""Up to the next comma outside of quotation marks; a mark that is never closed reaches to the end."""
_NAMED = re.compile(_PAIR, re.DOTALL)
_PARAMETER = re.compile(rf"{WHITE_SPACE};{WHITE_SPACE}(?:{_PAIR})?+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preference:
    """One thing that a client would like."""

    name: str
    """In lower case."""
    value: str
    """The empty string where none is given: the two mean the same."""
    parameters: Mapping[str, str]
    """By name in lower case."""

    def __str__(self) -> str:
        """The preference as Preference-Applied repeats it: without its parameters."""
        return f"{self.name}={as_word(self.value)}" if self.value else self.name


def read_preferences(fields: Iterable[str]) -> dict[str, Preference]:
    """The preferences in the values of all Prefer fields, by name. Of several of one name the first counts.

    What is malformed is left out, for a preference never makes a request wrong.

    >>> found = read_preferences(['code=404, Example="no such"; seed=7; x', "CODE=500, wait = 1.5,, respond-async"])
    >>> [str(each) for each in found.values()]
    ['code=404', 'example="no such"', 'wait=1.5', 'respond-async']
    >>> found["example"].parameters
    {'seed': '7', 'x': ''}
    """
    found: dict[str, Preference] = {}
    for field in fields:
        for element in _ELEMENT.findall(field):
            if preference := _preference(element.strip()):
                found.setdefault(preference.name, preference)
    return found


def _preference(element: str) -> Preference | None:
    named = _NAMED.match(element)
    if not named:
        return None
    parameters: dict[str, str] = {}
    place = named.end()
    while place < len(element):
        parameter = _PARAMETER.match(element, place)
        if not parameter:
            return None
        if parameter[1]:
            parameters.setdefault(parameter[1].lower(), unquoted(parameter[2] or ""))
        place = parameter.end()
    return Preference(named[1].lower(), unquoted(named[2] or ""), parameters)


def listed(preferences: Iterable[Preference]) -> str:
    """The value of Preference-Applied."""
    return ", ".join(map(str, preferences))


def unmet(expected: str, got: str, message: str, contract: str | None = None) -> RefusedError:
    """The 400 for a preference that the mock knows and cannot follow; `contract` leads to what it could."""
    return refused(400, Violation(Part.HEADER, _FIELD, "responses", expected, got, message, contract=contract))


def is_about_preferences(refusal: Refusal) -> bool:
    """Whether it says that a preference cannot be followed."""
    return any(each.part is Part.HEADER and each.field == _FIELD for each in refusal.violations)
