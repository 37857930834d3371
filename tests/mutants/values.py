"""Bugs in storing numbers and entries of overrides."""

from __future__ import annotations

import struct
from math import isfinite
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import COSTS
from tests.servers.wire import INT64

if TYPE_CHECKING:
    from tests.servers.wire import Json


class _Cost(Mutant):
    """A cost is changed before it is stored."""

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        return self.stored_cost(number) if name in COSTS else number

    def stored_cost(self, number: float) -> float:
        """Return the cost to store."""
        raise NotImplementedError


class _Window(Mutant):
    """A context window is changed before it is stored."""

    def integer(self, name: str, value: Json) -> int:
        number = super().integer(name, value)
        return self.stored_window(number) if name == "max_context_window" else number

    def stored_window(self, number: int) -> int:
        """Return the context window to store."""
        raise NotImplementedError


class CostsInSinglePrecision(_Cost):
    """Costs are stored as 32-bit floats: 0.1 comes back as 0.10000000149011612."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        try:
            single: float = struct.unpack("f", struct.pack("f", number))[0]
        except OverflowError:
            return number
        return single if isfinite(single) else number


class CostsRoundedToCents(_Cost):
    """Costs are rounded to cents."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        return round(number, 2)


class CostsRoundedToSixDecimals(_Cost):
    """Costs are rounded to six decimals: a smaller one is silently 0."""

    kills = frozenset({"IDM-09"})

    def stored_cost(self, number: float) -> float:
        return round(number, 6)


class CostsPerToken(_Cost):
    """Costs are stored per token and multiplied by a million: 0.97 comes back as 0.9700000000000001."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09", "STA-03"})

    def stored_cost(self, number: float) -> float:
        return number / 1_000_000 * 1_000_000


class CostsWithFifteenDigits(_Cost):
    """Costs are written with fifteen digits, too few for a double."""

    kills = frozenset({"IDM-09", "STA-03"})

    def stored_cost(self, number: float) -> float:
        return float(f"{number:.15g}")


class CostsTruncated(_Cost):
    """The fraction of a cost is truncated."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-06", "IDM-08", "IDM-09", "SEM-01", "SEM-02", "SEM-03"})

    def stored_cost(self, number: float) -> float:
        return int(number)


class NegativeCostStoredAsZero(_Cost):
    """A negative cost is silently stored as 0."""

    kills = frozenset({"IDM-09"})

    def stored_cost(self, number: float) -> float:
        return max(0, number)


class CostsCappedAt500(_Cost):
    """A cost above 500 is silently stored as 500."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        return min(number, 500)


class WindowsOf32Bits(_Window):
    """Context windows overflow at 32 bits and wrap around."""

    kills = frozenset({"IDM-09"})

    def stored_window(self, number: int) -> int:
        return (number + 2**31) % 2**32 - 2**31


class WindowsWrapAt64Bits(Mutant):
    """A context window beyond 64 bits is accepted and wraps around."""

    kills = frozenset({"STA-30"})

    def parse(self, data: bytes) -> Json:
        body = super().parse(data)
        window = body.get("max_context_window") if isinstance(body, dict) else None
        if type(window) is int:
            return {**body, "max_context_window": (window - INT64[0]) % 2**64 + INT64[0]}
        return body


class WindowsOf16Bits(_Window):
    """Context windows overflow at 16 bits and wrap around."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09", "STA-29"})

    def stored_window(self, number: int) -> int:
        return number % 2**16


class _Override(Mutant):
    """An override is changed before it is stored."""

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {name: self.stored_entry(entry) for name, entry in super().mapping(name, value).items()}

    def stored_entry(self, entry: Json) -> Json:
        """Return the entry to store."""
        raise NotImplementedError


class FalsyEntryMembersDropped(_Override):
    """Members of an entry that are false, 0 or "" are dropped."""

    kills = frozenset({"IDM-17", "IDM-18", "IDM-21", "IDM-24", "SEM-05", "SEM-06", "SEM-13", "SEM-20"})

    def stored_entry(self, entry: Json) -> Json:
        return {name: value for name, value in entry.items() if value} if isinstance(entry, dict) else entry


class EntryMembersAsStrings(_Override):
    """The members of an entry are stored as strings, as in a table of keys and values."""

    kills = frozenset(
        {"IDM-17", "IDM-18", "IDM-21", "IDM-24", "IDM-28", "SEM-05", "SEM-06", "SEM-07", "SEM-13", "SEM-14"}
        | {"SEM-19", "SEM-20"}
    )

    def stored_entry(self, entry: Json) -> Json:
        return {name: str(value) for name, value in entry.items()} if isinstance(entry, dict) else entry


class UnknownParametersDropped(Mutant):
    """Parameters of an override that the server does not know are dropped."""

    kills = frozenset({"IDM-17", "IDM-18", "SEM-05", "SEM-07", "SEM-14", "SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        known = ("temperature", "top_p", "max_tokens", "stop")
        return {entry: content for entry, content in super().mapping(name, value).items() if entry in known}


class EntryStringsConverted(_Override):
    """Strings in an override that look like a number or "true" are converted."""

    kills = frozenset({"IDM-18", "SEM-05"})

    def stored_entry(self, entry: Json) -> Json:
        known = {"true": True, "1.10": 1.1}
        return (
            {n: known.get(v, v) if isinstance(v, str) else v for n, v in entry.items()}
            if isinstance(entry, dict)
            else entry
        )


class CostsPer1000Tokens(_Cost):
    """Costs are stored per 1,000 tokens: some come back with another last digit."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        return number / 1000 * 1000
