"""Parses requests: invalid ones are rejected, unusual ones are rejected or accepted, depending on the habits."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.servers.odd_server.habits import Habits

DEEPEST = 60


class Rejected(Exception):
    """The request is rejected, for a reason or for reasons by field."""

    def __init__(self, status: int, reasons: str | Mapping[str, str]) -> None:
        super().__init__(status, reasons)
        self.status = status
        self.reasons = reasons


class InvalidValue(Exception):
    """A value is invalid, for a reason."""


class Reader:
    """Reads bodies."""

    def __init__(self, habits: Habits) -> None:
        self.rejects = habits.rejects
        costs = ("input_cost", "output_cost", "cache_hit_input_cost", "cache_creation_input_cost")
        flags = ("streaming_support", "function_call", "image_support")
        texts = ("model_name", "base_model_name", "display_name", "custom_provider_id", "provider_id")
        self.readers: dict[str, Callable[[Any], Any]] = {
            **dict.fromkeys(texts, self.text),
            **dict.fromkeys(costs, self.cost),
            "max_context_window": self.integer,
            **dict.fromkeys(flags, self.flag),
            "supported_params_override": self.mapping,
            "model_name": self.name,
            "display_name": self.display_name,
        }

    def fields(self, body: bytes) -> dict[str, Any]:
        """Return the fields of a request, the provider under its main name."""
        members = self.members(body)
        reasons = {} if "model_name" in members else {"model_name": "required"}
        fields = {}
        for name, value in members.items():
            try:
                if name in self.readers:
                    fields[name] = self.readers[name](value)
                elif "unknown fields" in self.rejects:
                    reasons[name] = "unknown"
            except InvalidValue as error:
                reasons[name] = str(error)
        provider = fields.pop("provider_id", None)
        if provider is not None and fields.setdefault("custom_provider_id", provider) != provider:
            reasons["provider_id"] = "differs from custom_provider_id"
        if reasons:
            raise Rejected(400, reasons)
        return fields

    def members(self, body: bytes) -> dict[str, Any]:
        """Return the members of the object in a body."""
        try:
            text = body.decode("utf-8" if "byte order marks" in self.rejects else "utf-8-sig")
            members = json.loads(text, object_pairs_hook=self.unique_members, parse_constant=self.no_constant)
            self.storable(members)
        except (InvalidValue, ValueError, RecursionError) as error:
            raise Rejected(400, f"no JSON: {error}") from error
        if not isinstance(members, dict):
            raise Rejected(400, "no JSON object")
        return members

    def unique_members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object; the last value of a duplicate member wins."""
        members = dict(pairs)
        if len(members) < len(pairs) and "duplicate names" in self.rejects:
            raise InvalidValue("a name twice")
        return members

    def no_constant(self, word: str) -> float:
        """Reject NaN and the infinities."""
        raise InvalidValue(word)

    def storable(self, value: Any, depth: int = 0) -> None:
        """Reject what cannot be returned exactly."""
        if depth > DEEPEST:
            raise InvalidValue("too deep")
        if isinstance(value, float):
            self.storable_float(value)
        if isinstance(value, int) and value.bit_length() > 63:
            raise InvalidValue("more than 64 bits")
        if isinstance(value, str):
            value.encode()
        for part in parts_of(value):
            self.storable(part, depth + 1)

    def storable_float(self, value: float) -> None:
        """Reject infinity and, if this server does, the negative zero."""
        if not math.isfinite(value):
            raise InvalidValue("infinite")
        if value == 0 and math.copysign(1, value) < 0 and "negative zeros" in self.rejects:
            raise InvalidValue("negative zero")

    def text(self, value: Any) -> str:
        """Return a string."""
        if not isinstance(value, str):
            raise InvalidValue("no string")
        if "control characters" in self.rejects and any(character < " " or character == "\x7f" for character in value):
            raise InvalidValue("control characters")
        if "surrounding space" in self.rejects and value != value.strip():
            raise InvalidValue("surrounding space")
        return value

    def name(self, value: Any) -> str:
        """Return the name of a model."""
        name = self.text(value)
        if not name or (len(name) > 255 and "long names" in self.rejects):
            raise InvalidValue("no name, or too long a one")
        return name

    def display_name(self, value: Any) -> str:
        """Return a display name."""
        name = self.text(value)
        if not name and "empty display names" in self.rejects:
            raise InvalidValue("empty")
        return name

    def number(self, value: Any) -> float:
        """Return a number: an integer if it is written as one."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidValue("no number")
        return value

    def cost(self, value: Any) -> float:
        """Return a cost."""
        cost = self.number(value)
        if cost < 0 and "negative costs" in self.rejects:
            raise InvalidValue("negative")
        return cost

    def integer(self, value: Any) -> int:
        """Return a 64-bit integer."""
        number = self.number(value)
        if isinstance(number, float) and ("whole floats" in self.rejects or not number.is_integer()):
            raise InvalidValue("no integer")
        if int(number).bit_length() > (31 if "integers beyond 32 bits" in self.rejects else 63):
            raise InvalidValue("too large")
        return int(number)

    def flag(self, value: Any) -> int:
        """Return 0 or 1."""
        flag = self.integer(value)
        if flag not in (0, 1):
            raise InvalidValue("neither 0 nor 1")
        return flag

    def mapping(self, value: Any) -> dict[str, Any]:
        """Return an object."""
        if not isinstance(value, dict):
            raise InvalidValue("no object")
        return value


def parts_of(value: Any) -> Iterable[Any]:
    """Return the parts of an array or object, member names included."""
    match value:
        case dict():
            return (*value, *value.values())
        case list():
            return value
        case _:
            return ()
