"""Bugs in what becomes of one value on its way into the store and back."""

from __future__ import annotations

import html
import re
import struct
import unicodedata
from math import isfinite
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import COSTS, KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class _Cost(Mutant):
    """A cost is stored as something else."""

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        return self.stored_cost(number) if name in COSTS else number

    def stored_cost(self, number: float) -> float:
        """What is left of a cost."""
        raise NotImplementedError


class _Window(Mutant):
    """A context window is stored as something else."""

    def integer(self, name: str, value: Json) -> int:
        number = super().integer(name, value)
        return self.stored_window(number) if name == "max_context_window" else number

    def stored_window(self, number: int) -> int:
        """What is left of a context window."""
        raise NotImplementedError


class _Text(Mutant):
    """A display name is stored as something else."""

    def string(self, name: str, value: Json) -> str:
        text = super().string(name, value)
        return self.stored_text(text) if name == "display_name" else text

    def stored_text(self, text: str) -> str:
        """What is left of a display name."""
        raise NotImplementedError


class CostsInSinglePrecision(_Cost):
    """Costs are stored in a column of 32 bits: 0.1 comes back as 0.10000000149011612."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        try:
            single: float = struct.unpack("f", struct.pack("f", number))[0]
        except OverflowError:
            return number
        return single if isfinite(single) else number


class CostsInCents(_Cost):
    """Costs are rounded to cents."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        return round(number, 2)


class CostsOfSixDecimals(_Cost):
    """Costs are stored in millionths: a smaller one is silently 0."""

    trips = frozenset({"IDM-09"})

    def stored_cost(self, number: float) -> float:
        return round(number, 6)


class CostsPerToken(_Cost):
    """Costs are stored per token, and shown times a million: 0.97 comes back as 0.9700000000000001."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        return number / 1_000_000 * 1_000_000


class CostsOfFifteenDigits(_Cost):
    """Costs are written with fifteen digits, one or two too few for a double."""

    trips = frozenset({"IDM-09"})

    def stored_cost(self, number: float) -> float:
        return float(f"{number:.15g}")


class CostsAreIntegers(_Cost):
    """The fraction of a cost is cut off."""

    trips = frozenset(
        {"IDM-01", "IDM-02", "IDM-04", "IDM-06", "IDM-07", "IDM-08", "IDM-09", "SEM-01", "SEM-02", "SEM-03"}
    )

    def stored_cost(self, number: float) -> float:
        return int(number)


class NegativeCostsAreZero(_Cost):
    """A negative cost is silently stored as 0."""

    trips = frozenset({"IDM-09"})

    def stored_cost(self, number: float) -> float:
        return max(0, number)


class SignOfZeroLost(_Cost):
    """-0.0 comes back as 0."""

    trips = frozenset({"IDM-09"})

    def stored_cost(self, number: float) -> float:
        return number + 0


class CostsCapped(_Cost):
    """A cost above 500 is silently stored as 500."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_cost(self, number: float) -> float:
        return min(number, 500)


class WindowsOf32Bits(_Window):
    """Context windows wrap around beyond 31 bits."""

    trips = frozenset({"IDM-09"})

    def stored_window(self, number: int) -> int:
        return (number + 2**31) % 2**32 - 2**31


class WindowsOf16Bits(_Window):
    """Context windows wrap around beyond 16 bits."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09", "STA-29", "STA-30"})

    def stored_window(self, number: int) -> int:
        return number % 2**16


class NamesTrimmed(_Text):
    """White space around a display name is silently removed."""

    trips = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.strip()


class NamesOf64Characters(_Text):
    """A display name is silently cut after 64 characters."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:64]


class NamesOf255Characters(_Text):
    """A display name is silently cut after 255 characters."""

    trips = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:255]


class NamesNormalized(_Text):
    """A display name is brought into Unicode normalization form C."""

    trips = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class NamesEscaped(_Text):
    """A display name is escaped for HTML before it is stored."""

    trips = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return html.escape(text, quote=False)


class BackslashesDoubled(_Text):
    """A display name is escaped twice: its backslashes are doubled."""

    trips = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return text.replace("\\", "\\\\")


class OtherScriptsAreQuestionMarks(_Text):
    """A display name is stored in Latin-1, with question marks for what it lacks."""

    trips = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.encode("latin-1", errors="replace").decode("latin-1")


class EmojiDropped(_Text):
    """Characters of four octets are silently dropped."""

    trips = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return "".join(character for character in text if character <= "\uffff")


class TextEndsAtNul(_Text):
    """A display name ends at its first NUL character."""

    trips = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.partition("\0")[0]


class ZeroIsNoText(Mutant):
    """The display name "0" counts as empty, as it does in PHP."""

    trips = frozenset({"IDM-01", "IDM-02"})

    def given(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().given(body).items() if value != "0" or name == KEY}


class _Override(Mutant):
    """An override is stored as something else."""

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {name: self.stored_entry(entry) for name, entry in super().mapping(name, value).items()}

    def stored_entry(self, entry: Json) -> Json:
        """What is left of an entry."""
        raise NotImplementedError


class FalseEntriesDropped(_Override):
    """Members of an entry that are false, 0 or "" are dropped."""

    trips = frozenset({"IDM-18", "IDM-21", "IDM-24", "SEM-05", "SEM-06", "SEM-13", "SEM-20"})

    def stored_entry(self, entry: Json) -> Json:
        return {name: value for name, value in entry.items() if value} if isinstance(entry, dict) else entry


class EntriesAreText(_Override):
    """The members of an entry are stored as strings, as in a table of keys and values."""

    trips = frozenset(
        {"IDM-18", "IDM-21", "IDM-24", "SEM-05", "SEM-06", "SEM-07", "SEM-13", "SEM-14", "SEM-19", "SEM-20"}
    )

    def stored_entry(self, entry: Json) -> Json:
        return {name: str(value) for name, value in entry.items()} if isinstance(entry, dict) else entry


class UnknownParametersDropped(Mutant):
    """Only parameters that the server knows are kept of an override."""

    trips = frozenset({"IDM-18", "SEM-05", "SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        known = ("temperature", "top_p", "max_tokens", "stop")
        return {entry: content for entry, content in super().mapping(name, value).items() if entry in known}


class NamesPercentDecodedOnce(_Text):
    """A display name is decoded as if it came from a form."""

    trips = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return unquote_plus(text)


class SpacesCollapsed(_Text):
    """Spaces in a row become one in a display name."""

    trips = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(" +", " ", text)


class NamesOf1000Characters(_Text):
    """A display name is cut at 1,000 characters."""

    trips = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:1000]


class NumbersOutOfDigits(Mutant):
    """A text of digits is read as a number and written again: its leading zeros are lost."""

    trips = frozenset({"IDM-01", "IDM-02"})

    def asked(self, body: Json) -> Values:
        values = super().asked(body)
        text = values.get("display_name")
        return {**values, "display_name": str(int(text))} if isinstance(text, str) and text.isdigit() else values
