"""The extensions that a contract may use: where each may stand, and its shape.

It is a vocabulary, not a language: what it cannot say stays out of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.known import Known

COLLECTIONS = ("models", "providers")
"""What a reference or a look-up may lead to."""

_STATUS = {"type": "integer", "minimum": 200, "maximum": 499}
_WORD = {"enum": Known.words()}
_NAME = {"type": "string", "minLength": 1}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _known(*members: str) -> dict[str, Any]:
    """A mark for the whole extension, or one for each of its members."""
    return {"oneOf": [_WORD, _object([], **dict.fromkeys(members, _WORD))]}


@dataclass(frozen=True, slots=True)
class Extension:
    """One word of the vocabulary."""

    place: str
    schema: Mapping[str, Any]
    form: str
    """How it is written, for error messages."""


_UPSERT: dict[str, Any] = {
    "key": _NAME,
    "scope": {"enum": ["organization"]},
    "created": _STATUS,
    "updated": _STATUS,
    "omitted": {"enum": ["keep", "reset"]},
    "invalid": _STATUS,
    "reserved": _STATUS,
    "forbidden": _STATUS,
    "read": _NAME,
    "delete": _NAME,
}

VOCABULARY: dict[str, Extension] = {
    "x-known": Extension("anything", _WORD, " | ".join(Known.words())),
    "x-upsert": Extension(
        "the upsert operation",
        _object(
            ["key", "created", "updated", "omitted", "invalid"],
            **_UPSERT,
            **{"x-known": _known(*_UPSERT)},
        ),
        "{key: FIELD, scope: organization, created: 201, updated: 200, omitted: keep | reset, invalid: 400, "
        "reserved: 403, forbidden: 403, read: OPERATION_ID, delete: OPERATION_ID}",
    ),
    "x-clauses": Extension(
        "the upsert operation",
        {"type": "object", "additionalProperties": _object(["text"], text=_NAME, **{"x-known": _WORD})},
        "{NAME: {x-known: MARK, text: SENTENCE}}",
    ),
    "x-limits": Extension(
        "the request body of the upsert operation",
        _object(
            ["bytes", "nesting"],
            bytes={"type": "integer", "minimum": 1},
            nesting={"type": "integer", "minimum": 1, "maximum": 200},
            **{"x-known": _WORD},
        ),
        "{bytes: NUMBER, nesting: NUMBER from 1 to 200}",
    ),
    "x-reference": Extension(
        "a request property",
        _object(["to", "missing"], to={"enum": list(COLLECTIONS)}, missing=_STATUS, **{"x-known": _WORD}),
        "{to: models | providers, missing: 404}",
    ),
    "x-alias": Extension(
        "a request property",
        _object(["of", "differing"], of=_NAME, differing=_STATUS, **{"x-known": _known("of", "differing")}),
        "{of: FIELD, differing: 400}",
    ),
    "x-merge": Extension(
        "a request property",
        _object(["by"], by={"enum": ["entries"]}, **{"x-known": _WORD}),
        "{by: entries}",
    ),
    "x-source": Extension(
        "a response property",
        {
            "oneOf": [
                _object(["key"], key={"enum": [True]}, **{"x-known": _WORD}),
                _object(["inherit"], inherit=_NAME, **{"else": {}, "x-known": _WORD}),
                _object(["overlay"], overlay=_NAME, inherit=_NAME, **{"x-known": _WORD}),
                _object(["lookup", "by"], lookup={"enum": list(COLLECTIONS)}, by=_NAME, **{"x-known": _WORD}),
                _object(["time"], time={"enum": ["created", "updated"]}, **{"x-known": _WORD}),
                _object(["value"], value={}, **{"x-known": _WORD}),
            ]
        },
        "one of {key: true}, {inherit: FIELD, else: VALUE}, {overlay: FIELD, inherit: FIELD}, "
        "{lookup: models | providers, by: FIELD}, {time: created | updated}, {value: VALUE}",
    ),
}
