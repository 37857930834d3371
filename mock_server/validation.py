"""Validation by JSON Schema, with an error message that says what was expected and what was received.

A schema of OpenAPI 3.0 is compiled once, as a JSON Schema of draft 7, which is what the validator supports.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

import jsonschema_rs

from contract.pointer import Token, to_pointer
from mock_server.errors import (
    RequestPart,
    ValidationError,
    a_type,
    alternatives,
    counted,
    described,
    expectation,
    nearest,
    place_in_words,
    plain,
    quoted,
)
from mock_server.secrets import SecretNames, declared_secrets

Locate: TypeAlias = Callable[[Sequence[Token]], str]
"""Returns the JSON pointer in the contract for a path in the schema."""


MOST = 100
"""The maximum number of errors reported for one value."""
LARGE = 10_000
"""From this many values inside arrays and objects on, only the first error is looked for."""
_MORE = ValidationError(
    RequestPart.BODY,
    None,
    "x-limits",
    "fewer errors",
    "more",
    "There may be more errors: not all errors of a large value are reported.",
    "",
)


class Validator:
    """Validates values by one schema of OpenAPI 3.0. `locate` returns where in the contract a part of it is.

    `of_request` says whether the values are in requests, which lack properties with `readOnly`; others lack those with
    `writeOnly`.
    """

    def __init__(self, schema: Mapping[str, Any], locate: Locate | None = None, *, of_request: bool = False) -> None:
        self._schema = as_json_schema(schema, "readOnly" if of_request else "writeOnly")
        self._secrets = SecretNames(declared_secrets(schema))
        self._compiled = jsonschema_rs.Draft7Validator(self._schema, validate_formats=True, formats=_FORMATS)
        self._locate = locate

    def is_valid(self, value: Any) -> bool:
        """Return whether the value is valid. This is faster than to look for errors."""
        return self._compiled.is_valid(value)

    def errors(self, value: Any) -> list[ValidationError]:
        """Return all errors of a value. If its type is wrong, nothing else is reported about it.

        >>> schema = {"properties": {"n": {"type": "number"}}, "required": ["m"]}
        >>> for each in Validator(schema).errors({"n": "free"}):
        ...     print(each.pointer, each.rule, each.expected, each.got, sep=", ")
        /m, required, a value, nothing
        /n, type, a number, the string "free"
        """
        if self._compiled.is_valid(value):
            return []
        if is_large(value):
            return [*islice(self._errors(self._first_error(value)), MOST - 1), _MORE]
        raw = list(self._compiled.iter_errors(value))
        mistyped = {tuple(each.instance_path) for each in raw if each.kind.name == "type"}
        kept = (each for each in raw if each.kind.name == "type" or tuple(each.instance_path) not in mistyped)
        found = list(islice((error for each in kept for error in self._errors(each)), MOST))
        return found if len(found) < MOST else [*found[:-1], _MORE]

    def _first_error(self, value: Any) -> jsonschema_rs.ValidationError:
        try:
            self._compiled.validate(value)
        except jsonschema_rs.ValidationError as error:
            return error
        raise AssertionError("the value is valid")

    def _is_secret(self, path: Sequence[Token], value: Any) -> bool:
        """Return whether the value at `path` is a secret, or contains one."""
        if any(isinstance(token, str) and self._secrets.has(token) for token in path):
            return True
        return any(isinstance(each, str) and self._secrets.has(each) for each in _names_in(value))

    def _errors(self, error: jsonschema_rs.ValidationError) -> Iterator[ValidationError]:
        contract = self._locate(error.schema_path) if self._locate else None
        rule, details = error.kind.name, error.kind.as_dict()
        for path, expected, got, message in _readings(error, rule, details, self._known_properties(error)):
            # the message of any other rule quotes the whole value
            whole = None if rule in _EXPECTED or rule in _OF_MEMBERS else error.instance
            if self._is_secret(path, whole):
                got, message = _without_value(expected, got, message)  # noqa: PLW2901
            pointer = to_pointer(path).removeprefix("#")
            inside = place_in_words(pointer) if len(path) > 1 else ""
            field = str(path[0]) if path else None
            yield ValidationError(RequestPart.BODY, field, rule, expected, got, inside + message, pointer, contract)

    def _known_properties(self, error: jsonschema_rs.ValidationError) -> Sequence[str]:
        """Return the names of the properties in the schema, if the error is an unknown or a missing property."""
        if error.kind.name not in _OF_MEMBERS:
            return ()
        schema: Any = self._schema
        for token in error.schema_path[:-1]:
            schema = schema[token]
        return [*schema.get("properties", {})]


def _is_base64(text: str) -> bool:
    try:
        return b64decode(text, validate=True) is not None
    except ValueError:
        return False


_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_FORMATS: dict[str, Callable[[str], bool]] = {
    "byte": _is_base64,
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}
"""Formats that JSON Schema draft 7 does not have: that of OpenAPI for base64, and that of later drafts for UUIDs."""

_NOTHING, _NO_SUCH_FIELD = "nothing", "There is no such field."
_HIDDEN_VALUE = "another value, hidden because it may be a secret"


def _names_in(value: Any) -> Iterator[str]:
    """Yield the names of all members in a value, at any depth."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _without_value(expected: str, got: str, message: str) -> tuple[str, str]:
    if got == _NOTHING:
        return got, message
    return _HIDDEN_VALUE, message if message.startswith(_NO_SUCH_FIELD) else expectation(expected, _HIDDEN_VALUE)


def is_large(value: Any) -> bool:
    """Return whether `value` is so large that to look for all errors would take long.

    >>> is_large([[0] * 5000] * 2), is_large({"a": [[], {}]})
    (True, False)
    """
    left, waiting = LARGE, [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, (dict, list)):
            left -= len(each)
            if left <= 0:
                return True
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return False


_Reading: TypeAlias = tuple[list[Token], str, str, str]
"""Path, expected, got and message."""

_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "type": lambda details: alternatives(a_type(name) for name in details["types"]),
    "enum": lambda details: alternatives(described(option) for option in details["options"]),
    "minLength": lambda details: f"a string of at least {counted(details['limit'], 'character')}",
    "maxLength": lambda details: f"a string of at most {counted(details['limit'], 'character')}",
    "minItems": lambda details: f"an array of at least {counted(details['limit'], 'item')}",
    "maxItems": lambda details: f"an array of at most {counted(details['limit'], 'item')}",
    "minProperties": lambda details: f"an object of at least {counted(details['limit'], 'member')}",
    "maxProperties": lambda details: f"an object of at most {counted(details['limit'], 'member')}",
    "minimum": lambda details: f"a number of at least {details['limit']}",
    "maximum": lambda details: f"a number of at most {details['limit']}",
    "pattern": lambda details: f"a string that matches {quoted(details['pattern'])}",
    "format": lambda details: f"a string of the format {details['format']}",
}
"""What each keyword expects. Rarer keywords have the message of the validator, unless it repeats a long value."""
_PARTS = {"minItems": "item", "maxItems": "item", "minProperties": "member", "maxProperties": "member"}
"""What each keyword counts, if the value does not show how many there are."""
_LONGEST_WORDING = 200
_MOST_COMPARED = 20
"""The maximum number of unknown names that are compared with a missing one."""
_OF_MEMBERS = ("required", "additionalProperties")
"""The keywords that are about single members of an object."""


def _readings(
    error: jsonschema_rs.ValidationError, rule: str, details: Mapping[str, Any], known: Sequence[str]
) -> Iterator[_Reading]:
    path = list(error.instance_path)
    value: Any = error.instance
    if rule == "required":
        name = str(details["property"])
        unknown = (each for each in value if known and each not in known)
        near = nearest(name, islice(unknown, _MOST_COMPARED))
        hint = f" Is {plain(near)} a misspelling of it?" if near else ""
        yield [*path, name], "a value", _NOTHING, f"This field is required.{hint}"
    elif rule == "additionalProperties":
        for name in details["unexpected"]:
            near = nearest(name, known)
            hint = f" Did you mean {near}?" if near else ""
            yield [*path, name], "no such field", described(value[name]), _NO_SUCH_FIELD + hint
    elif rule in _EXPECTED:
        expected, got = _EXPECTED[rule](details), described(value)
        if rule in _PARTS:
            got += f" of {counted(len(value), _PARTS[rule])}"
        yield path, expected, got, expectation(expected, got)
    else:
        message = f"{error.message[:1].upper()}{error.message[1:]}."
        is_short = len(message) <= _LONGEST_WORDING
        wording = message if is_short else f"The value is not valid by {rule}."
        yield path, f"a value that is valid by {rule}", described(value), wording


INT32 = {"minimum": -(2**31), "maximum": 2**31 - 1}
INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
"""The range of an integer whose schema has no bounds: 64 bits, or 32 if the format says so."""

_DROPPED = {"nullable", "discriminator", "xml", "externalDocs", "example", "deprecated", "readOnly", "writeOnly"}


def as_json_schema(schema: Mapping[str, Any], unsent: str = "writeOnly") -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0, which has no references, as a JSON Schema without extensions.

    A property with the keyword `unsent` need not be there, although it is required.

    >>> as_json_schema({"type": "string", "nullable": True})
    {'type': ['string', 'null']}
    """
    converted = {keyword: _converted(keyword, value, unsent) for keyword, value in schema.items() if _means(keyword)}
    if "required" in converted:
        properties = schema.get("properties", {})
        converted["required"] = [each for each in schema["required"] if not properties.get(each, {}).get(unsent)]
    if schema.get("type") == "integer":
        converted = {**(INT32 if schema.get("format") == "int32" else INT64), **converted}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if converted.pop(exclusive, False) and bound in converted:
            converted[exclusive] = converted.pop(bound)
    return _with_null(converted) if schema.get("nullable") else converted


def _means(keyword: str) -> bool:
    return keyword not in _DROPPED and not keyword.startswith("x-")


def _converted(keyword: str, value: Any, unsent: str) -> Any:
    match keyword, value:
        case "properties", dict():
            return {name: as_json_schema(child, unsent) for name, child in value.items()}
        case (("items" | "additionalProperties" | "not"), dict()):
            return as_json_schema(value, unsent)
        case (("allOf" | "anyOf" | "oneOf"), list()):
            return [as_json_schema(child, unsent) for child in value]
    return value


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if None not in schema.get("enum", [None]):
        schema = {**schema, "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema
