"""Judges values by a schema, compiled once, and says of each violation what was expected and what was there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from mock_server.json_schema import as_json_schema
from mock_server.wording import a_type, alternatives, described, quoted

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
        {'n': ['Expected a number, got the string "free".'], 'm': ['This field is required.']}
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
            inside = f"At /{'/'.join(path[1:])}: " if len(path) > 1 else ""
            yield path[0] if path else WHOLE, inside + _message(error)


def _message(error: jsonschema_rs.ValidationError) -> str:
    details, got = error.kind.as_dict(), f"got {described(error.instance)}."
    match error.kind.name:
        case "required":
            return "This field is required."
        case "type":
            return f"Expected {alternatives(a_type(name) for name in details['types'])}, {got}"
        case "enum":
            return f"Expected {alternatives(described(option) for option in details['options'])}, {got}"
        case "minLength" | "maxLength" as bound:
            least = "at least" if bound == "minLength" else "at most"
            return f"Expected {least} {details['limit']} characters, {got}"
        case "minimum" | "maximum" as bound:
            least = "at least" if bound == "minimum" else "at most"
            return f"Expected {least} {details['limit']}, {got}"
        case "pattern":
            return f"Expected a string that matches {quoted(str(details['pattern']))}, {got}"
        case "format":
            return f"Expected a string of the format {details['format']}, {got}"
        case "additionalProperties":
            return f"Unexpected: {alternatives((quoted(name) for name in details['unexpected']), 'and')}."
    return error.message[0].upper() + error.message[1:] + "."
