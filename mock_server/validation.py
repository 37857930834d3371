"""Judges values by a schema, compiled once, and says of each error what was expected and what was there.

Schemas of OpenAPI 3.0 become JSON Schemas of draft 7, for a validator that knows only those.
"""

from __future__ import annotations

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
    described,
    expectation,
    nearest,
    plain,
    quoted,
)
from mock_server.secrets import SecretNames, declared_secrets

Locate: TypeAlias = Callable[[Sequence[Token]], str]
"""The place in the contract of what a path in the schema leads to."""


MOST = 100
"""Violations that are told of one value."""
LARGE = 10_000
"""Values in an array or object, and in those inside of it, from which on only the first error is looked for."""
_MORE = ValidationError(
    RequestPart.BODY,
    None,
    "x-limits",
    "fewer errors",
    "more of them",
    "There may be more that is wrong: of very much only the first is told.",
    "",
)


class Validator:
    """The judge for one schema of OpenAPI 3.0; `locate` tells where in the contract its parts stand."""

    def __init__(self, schema: Mapping[str, Any], locate: Locate | None = None) -> None:
        self._schema = as_json_schema(schema)
        self._secrets = SecretNames(declared_secrets(schema))
        self._compiled = jsonschema_rs.Draft7Validator(self._schema, validate_formats=True)
        self._locate = locate

    def is_valid(self, value: Any) -> bool:
        """Whether there is no error: faster than to look for them."""
        return self._compiled.is_valid(value)

    def errors(self, value: Any) -> list[ValidationError]:
        """Every way in which `value` is not valid. Where the type is wrong, nothing else about that value is told.

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
        """Tell whether the value at `path` is a secret, or has one in it."""
        if any(isinstance(token, str) and self._secrets.has(token) for token in path):
            return True
        return any(isinstance(each, str) and self._secrets.has(each) for each in _names_in(value))

    def _errors(self, error: jsonschema_rs.ValidationError) -> Iterator[ValidationError]:
        contract = self._locate(error.schema_path) if self._locate else None
        rule, told = error.kind.name, error.kind.as_dict()
        for path, expected, got, message in _readings(error, rule, told, self._known(error)):
            whole = None if rule in _EXPECTED or rule in _OF_MEMBERS else error.instance  # the others quote it all
            if self._is_secret(path, whole):
                got, message = _without_value(expected, got, message)  # noqa: PLW2901
            pointer = to_pointer(path).removeprefix("#")
            inside = f"At {plain(pointer)}: " if len(path) > 1 else ""
            field = str(path[0]) if path else None
            yield ValidationError(RequestPart.BODY, field, rule, expected, got, inside + message, pointer, contract)

    def _known(self, error: jsonschema_rs.ValidationError) -> Sequence[str]:
        """The names that the object has a schema for, where one of its names has none."""
        if error.kind.name != "additionalProperties":
            return ()
        schema: Any = self._schema
        for token in error.schema_path[:-1]:
            schema = schema[token]
        return [*schema.get("properties", {})]


_NOTHING, _NO_SUCH_FIELD = "nothing", "There is no such field."
_NOT_SHOWN = "another value, which may be a secret and is not shown"


def _names_in(value: Any) -> Iterator[str]:
    """Yield the names of all members in a value."""
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
    return _NOT_SHOWN, message if message.startswith(_NO_SUCH_FIELD) else expectation(expected, _NOT_SHOWN)


def is_large(value: Any) -> bool:
    """Return whether there is so much in `value` that to look for all errors would take long.

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
    "type": lambda told: alternatives(a_type(name) for name in told["types"]),
    "enum": lambda told: alternatives(described(option) for option in told["options"]),
    "minLength": lambda told: f"a string of at least {told['limit']} characters",
    "maxLength": lambda told: f"a string of at most {told['limit']} characters",
    "minItems": lambda told: f"an array of at least {told['limit']} items",
    "maxItems": lambda told: f"an array of at most {told['limit']} items",
    "minProperties": lambda told: f"an object of at least {told['limit']} members",
    "maxProperties": lambda told: f"an object of at most {told['limit']} members",
    "minimum": lambda told: f"a number of at least {told['limit']}",
    "maximum": lambda told: f"a number of at most {told['limit']}",
    "pattern": lambda told: f"a string that matches {quoted(told['pattern'])}",
    "format": lambda told: f"a string of the format {told['format']}",
}
"""What each keyword expects. Rarer ones keep the words of the validator, unless they repeat a long value."""
_LONGEST_WORDING = 200
_OF_MEMBERS = ("required", "additionalProperties")
"""The keywords that say something about single members."""


def _readings(
    error: jsonschema_rs.ValidationError, rule: str, told: Mapping[str, Any], known: Sequence[str]
) -> Iterator[_Reading]:
    path = list(error.instance_path)
    if rule == "required":
        yield [*path, str(told["property"])], "a value", _NOTHING, "This field is required."
    elif rule == "additionalProperties":
        value: Any = error.instance
        for name in told["unexpected"]:
            near = nearest(name, known)
            hint = f" Did you mean {near}?" if near else ""
            yield [*path, name], "no such field", described(value[name]), _NO_SUCH_FIELD + hint
    elif rule in _EXPECTED:
        expected, got = _EXPECTED[rule](told), described(error.instance)
        yield path, expected, got, expectation(expected, got)
    else:
        told_by_validator = f"{error.message[:1].upper()}{error.message[1:]}."
        is_short = len(told_by_validator) <= _LONGEST_WORDING
        wording = told_by_validator if is_short else f"The value is not valid by {rule}."
        yield path, f"a value that is valid by {rule}", described(error.instance), wording


INT64 = {"minimum": -(2**63), "maximum": 2**63 - 1}
"""The range of an integer whose schema gives none: it fits in 64 bits."""

_DROPPED = {"nullable", "discriminator", "xml", "externalDocs", "example", "deprecated", "readOnly", "writeOnly"}


def as_json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in JSON Schema's words: references are resolved already, extensions are left out.

    >>> as_json_schema({"type": "string", "nullable": True})
    {'type': ['string', 'null']}
    """
    converted = {keyword: _converted(keyword, value) for keyword, value in schema.items() if _means(keyword)}
    if schema.get("type") == "integer":
        converted = {**INT64, **converted}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if converted.pop(exclusive, False) and bound in converted:
            converted[exclusive] = converted.pop(bound)
    return _with_null(converted) if schema.get("nullable") else converted


def _means(keyword: str) -> bool:
    return keyword not in _DROPPED and not keyword.startswith("x-")


def _converted(keyword: str, value: Any) -> Any:
    match keyword, value:
        case "properties", dict():
            return {name: as_json_schema(child) for name, child in value.items()}
        case (("items" | "additionalProperties" | "not"), dict()):
            return as_json_schema(value)
        case (("allOf" | "anyOf" | "oneOf"), list()):
            return [as_json_schema(child) for child in value]
    return value


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    if "type" in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema
