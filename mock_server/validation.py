"""Judges values by a schema, compiled once, and says of each violation what was expected and what was there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs

from mock_server.json_schema import as_json_schema
from mock_server.wording import a_type, alternatives, described, plain, quoted

WHOLE = "detail"
"""The entry of the violations that concern the value as a whole."""


class Validator:
    """The judge for one schema of OpenAPI 3.0."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._compiled = jsonschema_rs.Draft7Validator(as_json_schema(schema), validate_formats=True)

    def is_valid(self, value: Any) -> bool:
        """Whether there is no violation: faster than to look for them."""
        return self._compiled.is_valid(value)

    def violations(self, value: Any) -> dict[str, list[str]]:
        """What is wrong with `value`, by field.

        >>> Validator({"properties": {"n": {"type": "number"}}, "required": ["m"]}).violations({"n": "free"})
        {'m': ['This field is required.'], 'n': ['Expected a number, got the string "free".']}
        """
        found: dict[str, list[str]] = {}
        for field, message in _told(list(self._compiled.iter_errors(value))):
            found.setdefault(field, []).append(message)
        return found


def _told(errors: list[jsonschema_rs.ValidationError]) -> Iterator[tuple[str, str]]:
    """Field and message of each error. Where the type is wrong, nothing else about the value is worth a message."""
    mistyped = [error.instance_path for error in errors if error.kind.name == "type"]
    for error in errors:
        if error.kind.name == "type" or error.instance_path not in mistyped:
            path = [str(token) for token in error.instance_path]
            if error.kind.name == "required":
                path.append(str(error.kind.as_dict()["property"]))
            inside = f"At /{plain('/'.join(path[1:]))}: " if len(path) > 1 else ""
            yield path[0] if path else WHOLE, inside + _message(error)


_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "type": lambda told: alternatives(a_type(name) for name in told["types"]),
    "enum": lambda told: alternatives(described(option) for option in told["options"]),
    "minLength": lambda told: f"a string of at least {told['limit']} characters",
    "maxLength": lambda told: f"a string of at most {told['limit']} characters",
    "minimum": lambda told: f"a number of at least {told['limit']}",
    "maximum": lambda told: f"a number of at most {told['limit']}",
    "pattern": lambda told: f"a string that matches {quoted(told['pattern'])}",
    "format": lambda told: f"a string of the format {told['format']}",
}
"""What each keyword expects. Rarer ones keep the words of the validator."""


def _message(error: jsonschema_rs.ValidationError) -> str:
    keyword, told = error.kind.name, error.kind.as_dict()
    if keyword == "required":
        return "This field is required."
    if keyword in _EXPECTED:
        return f"Expected {_EXPECTED[keyword](told)}, got {described(error.instance)}."
    return f"{error.message[:1].upper()}{error.message[1:]}."
