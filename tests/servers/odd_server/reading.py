"""Reads requests: what is wrong is refused, what is odd is refused or taken, as the server's habits have it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.servers.odd_server.habits import Habits

DEEPEST = 60


class Refused(Exception):
    """The request is refused, for a reason or for reasons by field."""

    def __init__(self, status: int, reasons: str | Mapping[str, str]) -> None:
        super().__init__(status, reasons)
        self.status = status
        self.reasons = reasons


class Unfit(Exception):
    """A value is not fit to be stored, for a reason."""


class Reader:
    """Reads bodies."""

    def __init__(self, habits: Habits) -> None:
        self.refuses = habits.refuses
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
        """The fields of a request, the provider under its main name."""
        members = self.members(body)
        reasons = {} if "model_name" in members else {"model_name": "required"}
        fields = {}
        for name, value in members.items():
            try:
                if name in self.readers:
                    fields[name] = self.readers[name](value)
                elif "unknown fields" in self.refuses:
                    reasons[name] = "unknown"
            except Unfit as error:
                reasons[name] = str(error)
        provider = fields.pop("provider_id", None)
        if provider is not None and fields.setdefault("custom_provider_id", provider) != provider:
            reasons["provider_id"] = "differs from custom_provider_id"
        if reasons:
            raise Refused(400, reasons)
        return fields

    def members(self, body: bytes) -> dict[str, Any]:
        """The members of the object in a body."""
        try:
            text = body.decode("utf-8" if "byte order marks" in self.refuses else "utf-8-sig")
            members = json.loads(text, object_pairs_hook=self.unrepeated, parse_constant=self.no_constant)
            self.storable(members)
        except (Unfit, ValueError, RecursionError) as error:
            raise Refused(400, f"no JSON: {error}") from error
        if not isinstance(members, dict):
            raise Refused(400, "no JSON object")
        return members

    def unrepeated(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object; of a name that stands twice the last value counts."""
        members = dict(pairs)
        if len(members) < len(pairs) and "duplicate names" in self.refuses:
            raise Unfit("a name twice")
        return members

    def no_constant(self, word: str) -> float:
        """NaN and the infinities are no JSON."""
        raise Unfit(word)

    def storable(self, value: Any, depth: int = 0) -> None:
        """Refuses what could not be shown again."""
        if depth > DEEPEST:
            raise Unfit("too deep")
        if isinstance(value, float):
            self.storable_float(value)
        if isinstance(value, int) and value.bit_length() > 63:
            raise Unfit("more than 64 bits")
        if isinstance(value, str):
            value.encode()
        for part in parts_of(value):
            self.storable(part, depth + 1)

    def storable_float(self, value: float) -> None:
        """Refuses infinity, and perhaps the negative zero."""
        if not math.isfinite(value):
            raise Unfit("infinite")
        if value == 0 and math.copysign(1, value) < 0 and "negative zeros" in self.refuses:
            raise Unfit("negative zero")

    def text(self, value: Any) -> str:
        """A string."""
        if not isinstance(value, str):
            raise Unfit("no string")
        if "control characters" in self.refuses and any(character < " " or character == "\x7f" for character in value):
            raise Unfit("control characters")
        if "surrounding space" in self.refuses and value != value.strip():
            raise Unfit("surrounding space")
        return value

    def name(self, value: Any) -> str:
        """The name of a model."""
        name = self.text(value)
        if not name or (len(name) > 255 and "long names" in self.refuses):
            raise Unfit("no name, or too long a one")
        return name

    def display_name(self, value: Any) -> str:
        """A name for people."""
        name = self.text(value)
        if not name and "empty display names" in self.refuses:
            raise Unfit("empty")
        return name

    def number(self, value: Any) -> float:
        """A number, an integer where it is spelled as one."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit("no number")
        return value

    def cost(self, value: Any) -> float:
        """A cost."""
        cost = self.number(value)
        if cost < 0 and "negative costs" in self.refuses:
            raise Unfit("negative")
        return cost

    def integer(self, value: Any) -> int:
        """An integer of 64 bits."""
        number = self.number(value)
        if isinstance(number, float) and ("whole floats" in self.refuses or not number.is_integer()):
            raise Unfit("no integer")
        if int(number).bit_length() > (31 if "integers beyond 32 bits" in self.refuses else 63):
            raise Unfit("too large")
        return int(number)

    def flag(self, value: Any) -> int:
        """0 or 1."""
        flag = self.integer(value)
        if flag not in (0, 1):
            raise Unfit("neither 0 nor 1")
        return flag

    def mapping(self, value: Any) -> dict[str, Any]:
        """An object."""
        if not isinstance(value, dict):
            raise Unfit("no object")
        return value


def parts_of(value: Any) -> Iterable[Any]:
    """What an array or object holds, names included."""
    match value:
        case dict():
            return (*value, *value.values())
        case list():
            return value
        case _:
            return ()
