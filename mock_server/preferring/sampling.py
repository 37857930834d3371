"""Makes up values for a schema of OpenAPI 3.0, at random but the same for the same seed."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from rstr import Rstr

from contract import Schema
from contract.schemas import folded

_FIRST, _LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
_LARGEST = 1000
"""Numbers lie between 0 and this, as far as the schema leaves it open."""
_DECIMALS = 2
_PRESENT, _NULL = 0.85, 0.1
"""How often an optional property is there, and a nullable value is null."""
_STRINGS = 20
"""How many strings of a pattern are made, of which one has a length that the schema allows."""
_WORDS = (
    "amber", "birch", "cedar", "delta", "ember", "falcon", "garnet", "harbor", "indigo", "juniper", "kestrel", "lagoon",
    "maple", "nimbus", "onyx", "pebble", "quartz", "river", "saffron", "tundra", "umber", "violet", "willow", "zephyr",
)  # fmt: skip


class Unforeseeable(Exception):
    """The schema asks for something that is not to be had by chance, such as a string of a pattern."""


def sample(schema: Schema, seed: str, *, typical: bool = False) -> Any:
    """A value that is meant to be valid by `schema`, whose references are resolved.

    One that is `typical` has the examples and defaults that stand in the schema, and all of its properties. Raises
    Unforeseeable, or Unfoldable where an `allOf` contradicts itself.

    >>> sample({"type": "array", "items": {"enum": [0, 1]}, "minItems": 3}, seed="7")
    [1, 0, 1, 1]
    """
    return _Sampler(Random(seed), typical).value(folded(schema))  # noqa: S311 - to be foreseen is what they are for


class _Sampler:
    """Draws values; each kind of schema has a method. `allOf` is folded in."""

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
        made = {
            name: self.value(child)
            for name, child in properties.items()
            if name in required or self._typical or self._random.random() < _PRESENT
        }
        for name in required:
            made.setdefault(name, self._anything())
        more = schema.get("additionalProperties", True)
        fewest = schema.get("minProperties", 0)
        if more is not False and (not properties or len(made) < fewest):
            names = self._random.sample(_WORDS, min(max(fewest - len(made), self._random.randint(1, 3)), len(_WORDS)))
            made.update((name, self.value(more) if isinstance(more, Mapping) else self._anything()) for name in names)
        return made

    def _array(self, schema: Schema) -> list[Any]:
        fewest = schema.get("minItems", 0)
        size = self._random.randint(fewest, min(schema.get("maxItems", fewest + 3), fewest + 3))
        made: list[Any] = []
        for _ in range(20 * size):
            if len(made) == size:
                break
            value = self.value(schema.get("items", {}))
            if not (schema.get("uniqueItems") and value in made):
                made.append(value)
        return made

    def _number(self, schema: Schema, grain: float) -> float:
        """A multiple of `multipleOf`, or of `grain`, between the bounds."""
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
        """Return a string of a pattern, as far as Python reads it as JavaScript does."""
        strings = Rstr(self._random)
        try:
            made = [strings.xeger(pattern) for _ in range(_STRINGS)]
            return next((each for each in made if shortest <= len(each) <= longest), made[0])
        except Exception as error:
            raise Unforeseeable from error

    def _sized(self, text: str, shortest: int, longest: int | None) -> str:
        while len(text) < shortest:
            text += "-" + self._words()
        return text if longest is None else text[:longest]

    def _words(self) -> str:
        return "-".join(self._random.sample(_WORDS, 2))

    def _anything(self) -> Any:
        return self._random.choice([self._words(), self._random.randint(0, _LARGEST), self._random.random() < 1 / 2])


def _bounds(schema: Schema) -> tuple[float, float]:
    """The least and the largest number that is drawn: small ones, where the schema allows them."""
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    least = low if low > 0 or high < 0 else 0
    if high < 0:
        least = max(low, high - _LARGEST)
    return least, min(high, least + _LARGEST)


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
"""Strings of the formats that mean something to a reader."""
