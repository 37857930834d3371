"""Responses: what an operation returns, how it is written, and what the contract declares.

Without an example in the contract, values are generated from the schema. They are random, and the same for the same
seed. The generators of Hypothesis are made to find errors: Schemathesis takes 50 times as long for a value, which is no
example that a person wants to see, and would be one more dependency.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from connexion.http_facts import METHODS
from rstr import Rstr
from starlette.types import Send

from contract import Schema
from contract.pointer import to_pointer
from contract.schemas import folded
from mock_server.auth import CHALLENGE
from mock_server.display import to_json
from mock_server.http.bodies import is_json
from mock_server.http.headers import SET_BY_SERVER, problem_of_header
from mock_server.http.routing import allowed_methods

JSON = "application/json"

VARY = (b"vary", b"Prefer")
"""Tells caches that responses depend on the preferences of the client (RFC 7240, section 2)."""

_WITHOUT_CONTENT = (204, 304)
_RANGE = re.compile("([1-5])XX")


@dataclass(slots=True)
class Response:
    """What an operation returns."""

    status: int
    content: Any = None
    """Written as JSON by `to_json`; None is a response without a body."""
    media_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Headers in addition to those of every response."""


async def write(response: Response, send: Send) -> None:
    """Send a response."""
    content = b""
    headers = [VARY, *response.headers]
    if response.content is not None and response.status not in _WITHOUT_CONTENT:
        content = to_json(response.content)
        headers.append((b"content-type", response.media_type.encode()))
    if response.status not in _WITHOUT_CONTENT:
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@dataclass(frozen=True, slots=True)
class DeclaredResponse:
    """One declared response."""

    code: str
    """A status, a class of statuses such as `4XX`, or `DEFAULT`."""
    headers: Mapping[str, str]
    """A value for each declared header, and for those that HTTP requires with that status."""
    required_headers: tuple[str, ...] = ()
    """The names of the required headers."""
    media_type: str = JSON
    schema: Schema | None = None
    """The schema of the JSON body; None if no JSON body is declared."""
    examples: Mapping[str, Any] = field(default_factory=dict)
    """The example bodies of the contract, by name."""
    unnamed: Any = None
    """The example body without a name (`example`)."""
    other_media_types: tuple[str, ...] = ()
    """The media types of the body if none is JSON. The mock sends no such body."""

    @property
    def status(self) -> int:
        """The status, or one that the code stands for."""
        return 500 if self.code == "DEFAULT" else int(self.code.replace("X", "0"))


class DeclaredResponses:
    """The declared responses of one operation.

    `operation` is the node of the contract at `pointer`, `allow` are the methods of its path.
    """

    def __init__(self, operation: Mapping[str, Any], pointer: str, allow: str) -> None:
        self.pointer = f"{pointer}/responses"
        by_http = {"401": {"WWW-Authenticate": CHALLENGE}, "405": {"Allow": allow}}
        nodes = {str(code).upper(): node for code, node in operation["responses"].items()}
        self._by_code = {code: _response(code, node, by_http.get(code, {})) for code, node in nodes.items()}

    def __iter__(self) -> Iterator[DeclaredResponse]:
        return iter(self._by_code.values())

    @property
    def codes(self) -> list[str]:
        """The declared statuses, in words."""
        return ["any other" if code == "DEFAULT" else _RANGE.sub(r"\g<1>00 to \g<1>99", code) for code in self._by_code]

    def find(self, status: str) -> DeclaredResponse | None:
        """Return the response of that status, else that of its class, else the `default` response, or None."""
        if not (len(status) == 3 and status.isdecimal() and "2" <= status[0] <= "5"):
            return None
        codes = (status, f"{status[0]}XX", "DEFAULT")
        return next((self._by_code[code] for code in codes if code in self._by_code), None)

    @property
    def success(self) -> DeclaredResponse:
        """The success with the lowest status, else `default` as a 200, else the response with the lowest status."""
        if "DEFAULT" in self._by_code and not any(code.startswith("2") for code in self._by_code):
            return replace(self._by_code["DEFAULT"], code="200")
        return min(self, key=lambda it: (not it.code.startswith("2"), it.code))


def declared_responses(document: Mapping[str, Any]) -> dict[str, DeclaredResponses]:
    """Return the responses of each operation of an OpenAPI document without references, by operationId."""
    return {
        item[method]["operationId"]: DeclaredResponses(
            item[method], to_pointer(["paths", path, method]), allowed_methods(item)
        )
        for path, item in document["paths"].items()
        for method in METHODS & item.keys()
    }


def _response(code: str, node: Mapping[str, Any], by_http: Mapping[str, str]) -> DeclaredResponse:
    declared = {name: value for name, value in _headers_of(node) if not problem_of_header(name, value)}
    headers = {**by_http, **declared}
    required = tuple(name for name in declared if node["headers"][name].get("required"))
    for media_type, content in node.get("content", {}).items():
        if is_json(media_type):
            named = {name: it["value"] for name, it in content.get("examples", {}).items() if "value" in it}
            schema = content.get("schema", {})
            unnamed = content.get("example", schema.get("example"))
            return DeclaredResponse(code, headers, required, media_type, schema, named, unnamed)
    return DeclaredResponse(code, headers, required, other_media_types=tuple(node.get("content", {})))


def unsendable_headers(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield why each header cannot be sent that a response of the contract declares, except what the server sends."""
    for name, value in _headers_of(node):
        if name.lower() not in SET_BY_SERVER and (problem := problem_of_header(name, value)):
            yield problem[0]


def _headers_of(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the declared headers of a response. OpenAPI ignores a Content-Type among them."""
    for name, header in node.get("headers", {}).items():
        if name.lower() != "content-type":
            yield name, _header(name, header)


def _header(name: str, header: Mapping[str, Any]) -> str:
    schema = header.get("schema", {})
    named = (it["value"] for it in header.get("examples", {}).values() if "value" in it)
    value = next(named, header.get("example", schema.get("example")))
    return _in_simple_style(sample(schema, name) if value is None else value, "=" if header.get("explode") else ",")


def _in_simple_style(value: Any, equals: str) -> str:
    """Return a value as OpenAPI writes it into a header, with `equals` between a name and its value.

    >>> [_in_simple_style(value, "=") for value in (["a", 1], {"a": True, "b": 2}, 1.5)]
    ['a,1', 'a=true,b=2', '1.5']
    """
    match value:
        case str():
            return value
        case list():
            return ",".join(_in_simple_style(each, equals) for each in value)
        case dict():
            return ",".join(f"{name}{equals}{_in_simple_style(each, equals)}" for name, each in value.items())
    return json.dumps(value)


_FIRST, _LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
_LARGEST_NUMBER = 1000
"""Numbers are between 0 and this, if the schema allows it."""
_DECIMALS = 2
_PRESENT, _NULL = 0.85, 0.1
"""The probabilities that an optional property is present, and that a nullable value is null."""
_STRINGS = 20
"""How many strings are generated from a pattern until one has a length that the schema allows."""
_WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "falcon", "garnet", "harbor", "indigo", "juniper", "kestrel", "lagoon",
    "maple", "nimbus", "onyx", "pebble", "quartz", "river", "saffron", "tundra", "umber", "violet", "willow", "zephyr",
)  # fmt: skip


class Unforeseeable(Exception):
    """No value can be generated for the schema, for example because of its pattern."""


def sample(schema: Schema, seed: str, *, typical: bool = False) -> Any:
    """Return a value generated from `schema`, which has no references. Most values are valid; the caller checks.

    A `typical` value has the examples and defaults of the schema, and all of its properties. Raises Unforeseeable, or
    Unfoldable if an `allOf` contradicts itself.

    >>> sample({"type": "array", "items": {"enum": [0, 1]}, "minItems": 3}, seed="7")
    [1, 0, 1, 1]
    """
    return _Sampler(Random(seed), typical).value(folded(schema))  # noqa: S311 - predictable on purpose


class _Sampler:
    """Generates values, with a method for each type of schema. Schemas with `allOf` are folded first."""

    def __init__(self, random: Random, typical: bool) -> None:
        self._random = random
        self._typical = typical

    def value(self, schema: Schema) -> Any:
        chance = self._random
        if self._typical:
            for keyword in ("example", "default"):
                if keyword in schema:
                    return schema[keyword]
        elif schema.get("nullable") and chance.random() < _NULL:
            return None
        if "enum" in schema:
            return chance.choice([value for value in schema["enum"] if value is not None])
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                rest = {name: value for name, value in schema.items() if name != keyword}
                return self.value(folded({"allOf": [rest, chance.choice(schema[keyword])]}))
        return self._of_type(schema)

    def _of_type(self, schema: Schema) -> Any:
        make: dict[str, Callable[[Schema], Any]] = {
            "object": self._object,
            "array": self._array,
            "integer": lambda schema: self._number(schema, 1),
            "number": lambda schema: self._number(schema, 10**-_DECIMALS),
            "string": self._string,
            "boolean": lambda _: self._random.random() < 1 / 2,
        }
        kind = schema.get("type", "object" if "properties" in schema else None)
        return make[kind](schema) if kind else self._anything()

    def _object(self, schema: Schema) -> dict[str, Any]:
        required = schema.get("required", ())
        properties: Mapping[str, Schema] = schema.get("properties", {})
        built = {
            name: self.value(child)
            for name, child in properties.items()
            if name in required or self._typical or self._random.random() < _PRESENT
        }
        for name in required:
            built.setdefault(name, self._anything())
        more = schema.get("additionalProperties", True)
        fewest = schema.get("minProperties", 0)
        if more is not False and (not properties or len(built) < fewest):
            names = self._random.sample(_WORDS, min(max(fewest - len(built), self._random.randint(1, 3)), len(_WORDS)))
            built.update((name, self.value(more) if isinstance(more, Mapping) else self._anything()) for name in names)
        return built

    def _array(self, schema: Schema) -> list[Any]:
        fewest = schema.get("minItems", 0)
        size = self._random.randint(fewest, min(schema.get("maxItems", fewest + 3), fewest + 3))
        built: list[Any] = []
        for _ in range(20 * size):
            if len(built) == size:
                break
            value = self.value(schema.get("items", {}))
            if not (schema.get("uniqueItems") and value in built):
                built.append(value)
        return built

    def _number(self, schema: Schema, grain: float) -> float:
        """Return a multiple of `multipleOf`, or of `grain`, within the bounds."""
        step: float = schema.get("multipleOf", grain)
        low, high = _bounds(schema)
        first, last = math.ceil(low / step), math.floor(high / step)
        first += bool(schema.get("exclusiveMinimum")) and first * step <= low
        last -= bool(schema.get("exclusiveMaximum")) and last * step >= high
        if first > last:
            raise Unforeseeable
        drawn = self._random.randint(first, last) * step
        return drawn if isinstance(step, int) else round(drawn, 10)

    def _string(self, schema: Schema) -> str:
        if "pattern" in schema:
            return self._matching(schema["pattern"], schema.get("minLength", 0), schema.get("maxLength", math.inf))
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]](self._random)
        return self._sized(self._words(), schema.get("minLength", 0), schema.get("maxLength"))

    def _matching(self, pattern: str, shortest: int, longest: float) -> str:
        """Return a string that matches a pattern, if Python understands it as JavaScript does."""
        strings = Rstr(self._random)
        try:
            built = (strings.xeger(pattern) for _ in range(_STRINGS))
            return next((each for each in built if shortest <= len(each) <= longest), "")
        except Exception as error:
            raise Unforeseeable from error

    def _sized(self, text: str, shortest: int, longest: int | None) -> str:
        while len(text) < shortest:
            text += "-" + self._words()
        return text if longest is None else text[:longest]

    def _words(self) -> str:
        return "-".join(self._random.sample(_WORDS, 2))

    def _anything(self) -> Any:
        return self._random.choice(
            [self._words(), self._random.randint(0, _LARGEST_NUMBER), self._random.random() < 1 / 2]
        )


def _bounds(schema: Schema) -> tuple[float, float]:
    """Return the smallest and the largest number to generate: near 0, if the schema allows it."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    least = low if low > 0 or high < 0 else 0
    if high < 0:
        least = max(low, high - _LARGEST_NUMBER)
    return least, min(high, least + _LARGEST_NUMBER)


def _moment(random: Random) -> datetime:
    return _FIRST + timedelta(seconds=random.randrange(int((_LAST - _FIRST).total_seconds())))


_FORMATS: Mapping[str, Callable[[Random], str]] = {
    "date-time": lambda random: _moment(random).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "date": lambda random: _moment(random).strftime("%Y-%m-%d"),
    "uuid": lambda random: str(uuid.UUID(int=random.getrandbits(128), version=4)),
    "email": lambda random: f"{random.choice(_WORDS)}@{random.choice(_WORDS)}.example",
    "hostname": lambda random: f"{random.choice(_WORDS)}.example",
    "uri": lambda random: f"https://{random.choice(_WORDS)}.example/{random.choice(_WORDS)}",
    "ipv4": lambda random: f"192.0.2.{random.randrange(256)}",
    "ipv6": lambda random: f"2001:db8::{random.randrange(1, 65536):x}",
    "byte": lambda random: "AAAA" * random.randint(1, 3),
}
"""A generator for each format."""
