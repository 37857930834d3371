"""Reads the parameters of a request as the document of the admin API declares them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Scope

from mock_server.refusing.refusals import Refusal, RefusedError, refused
from mock_server.refusing.validation import Validator
from mock_server.refusing.wording import alternatives, quoted

_WORDS = {"true": True, "false": False}


class Parameters:
    """The parameters of one operation. Unknown ones are refused: they are mistyped ones."""

    def __init__(self, declared: Sequence[Mapping[str, Any]]) -> None:
        self._schemas = {each["name"]: each["schema"] for each in declared}
        self._in_query = [each["name"] for each in declared if each["in"] == "query"]
        self._headers = {each["name"].lower().encode(): each["name"] for each in declared if each["in"] == "header"}
        self._defaults = {name: it["default"] for name, it in self._schemas.items() if "default" in it}
        required = [each["name"] for each in declared if each.get("required")]
        self._validator = Validator({"type": "object", "properties": self._schemas, "required": required})

    def read(self, scope: Scope) -> dict[str, Any]:
        """The values by name. Raises the 400."""
        given = {name: _value(text, self._schemas[name]) for name, text in self._written(scope)}
        if violations := self._validator.violations(given):
            raise RefusedError(Refusal(400, tuple(violations), by_field=True))
        return {**self._defaults, **given}

    def _written(self, scope: Scope) -> Iterator[tuple[str, str]]:
        for name, value in scope["path_params"].items():
            yield name, value.encode(errors="replace").decode()  # no id has octets that are not UTF-8
        for raw_name, raw_value in scope["headers"]:
            if raw_name in self._headers:
                yield self._headers[raw_name], raw_value.decode("latin-1")
        seen: set[str] = set()
        for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
            if name not in self._in_query:
                known = f"only {alternatives(self._in_query, 'and')}" if self._in_query else "none at all"
                raise refused(400, f"There is no parameter {quoted(name)} here, {known}.")
            if name in seen:
                raise refused(400, f"The parameter {quoted(name)} stands twice.")
            seen.add(name)
            yield name, value


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """`text` as a value of the type that the schema has, or as it is where it is none."""
    match schema["type"]:
        case "boolean":
            return _WORDS.get(text, text)
        case "integer":
            return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 18 else text
        case "number":
            return _number(text)
    return text


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
