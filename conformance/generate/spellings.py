"""Different spellings of one JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from conformance.wire.exchange import Json

Spelling = Callable[[Mapping[str, Json]], bytes]


BEYOND_TWO_BYTES = "\U0001f680"
"""A character that takes two escapes."""


def _spaced(body: Mapping[str, Json]) -> bytes:
    return b" \r\n\t" * 1000 + json.dumps(body, indent="\t", separators=(" ,", " : ")).encode() + b"\r\n"


def _escaped(body: Mapping[str, Json]) -> bytes:
    return _members(body, lambda value: _escapes(value) if isinstance(value, str) else json.dumps(value), _escapes)


def _briefly_escaped(body: Mapping[str, Json]) -> bytes:
    return _members(body, lambda value: json.dumps(value).replace("/", "\\/"))


def _with_exponents(body: Mapping[str, Json]) -> bytes:
    return _members(body, lambda value: f"{value:.6E}" if isinstance(value, float) else json.dumps(value))


def _members(
    body: Mapping[str, Json], spelled: Callable[[Json], str], named: Callable[[str], str] = json.dumps
) -> bytes:
    return ("{" + ",".join(f"{named(name)}:{spelled(value)}" for name, value in body.items()) + "}").encode()


def _escapes(text: str) -> str:
    """Return JSON text with every character escaped, in upper and lower case hexadecimal digits by turns."""
    units = text.encode("utf-16-be").hex(" ", 2).split()
    return '"' + "".join(f"\\u{unit.upper() if turn % 2 else unit}" for turn, unit in enumerate(units)) + '"'


SPELLINGS: Mapping[str, Spelling] = {
    "white space": _spaced,
    "escapes": _escaped,
    "brief escapes": _briefly_escaped,
    "exponents": _with_exponents,
}
