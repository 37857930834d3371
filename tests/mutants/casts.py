"""Bugs that take a text for something else, or its characters for others, on the way into the store or out of it."""

from __future__ import annotations

import json
import math
import unicodedata
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request, Response


class _Cast(Mutant):
    """A display name is stored as something else."""

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        return {name: self.cast(value) if name == "display_name" else value for name, value in values.items()}

    def cast(self, text: str) -> str:
        """What is left of a display name."""
        raise NotImplementedError


class _CastInReads(_Cast):
    """A display name is stored as it was sent, and read as something else."""

    def requested_values(self, body: Json) -> Values:
        return Mutant.requested_values(self, body)

    def read(self, request: Request) -> Response:
        response = super().read(request)
        name = response.body.get("display_name")
        return response if name is None else replace(response, body={**response.body, "display_name": self.cast(name)})


class NumbersOfAffinity(_CastInReads):
    """The column has the affinity of numbers: a read shows what looks like one as it is written shortest."""

    kills = frozenset({"IDM-04"})

    def cast(self, text: str) -> str:
        with suppress(ValueError):
            number = float(text)
            return f"{number:g}" if math.isfinite(number) else text
        return text


class NullInPython(_CastInReads):
    """The store is a file of YAML: a name that is null there is read so, and written as Python does."""

    kills = frozenset({"IDM-04"})

    def cast(self, text: str) -> str:
        return "None" if text == "null" else text


class JsonInText(_Cast):
    """A text that is JSON is parsed and written again, without its spaces."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        with suppress(ValueError):
            parsed = json.loads(text)
            return json.dumps(parsed, separators=(",", ":")) if isinstance(parsed, dict | list) else text
        return text


class ExponentsWrittenOut(_Cast):
    """A text that looks like a number with an exponent is written out, as spreadsheets do."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        with suppress(ValueError):
            return f"{float(text):.0f}" if "e" in text else text
        return text


class NullIsNoName(_Cast):
    """The word null is taken for no name at all, in whatever case."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        named = values.get("display_name", "").casefold() != "null"
        return values if named else {n: v for n, v in values.items() if n != "display_name"}

    def cast(self, text: str) -> str:
        return text


class SurrogatesLost(_Cast):
    """Text is kept in 16-bit units of which each is checked by itself: characters beyond the first plane become two."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return "".join("\ufffd\ufffd" if character > "\uffff" else character for character in text)


class CutAtTheFirstEmoji(_Cast):
    """A column of three bytes a character: a display name ends where the first longer one stands."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return "".join(text.partition(next((c for c in text if c > "\uffff"), "\0"))[:1])


class NamesDecomposed(_Cast):
    """A display name is brought into Unicode normalization form D, as some file systems do."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        return unicodedata.normalize("NFD", text)


class NamesCompatible(_Cast):
    """A display name is brought into Unicode normalization form KC: ligatures and wide letters are lost."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return unicodedata.normalize("NFKC", text)


class MarksStripped(_Cast):
    """Combining marks are taken out of a display name."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        return "".join(character for character in text if not unicodedata.combining(character))


class NamesOf99Characters(_Cast):
    """A column of 100 characters keeps one for the end of the text: the hundredth is lost."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return text[:99]


class NamesOf200Bytes(_CastInReads):
    """A read cuts a display name after 200 bytes, be that the middle of a character."""

    kills = frozenset({"IDM-04", "IDM-09"})

    def cast(self, text: str) -> str:
        return text.encode()[:200].decode(errors="ignore")


class CaseFoldedInIndex(_CastInReads):
    """A read shows the display name from an index, where capitals are small letters."""

    kills = frozenset({"IDM-04", "IDM-07", "IDM-26"})

    def cast(self, text: str) -> str:
        return text.casefold()


class SameButForCaseIsSame(Mutant):
    """An update of a display name that differs from the stored one in case only counts as no change."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        before, after = (str(held.get("display_name", "")) for held in (earlier.values, merged))
        return {**merged, "display_name": before} if before.casefold() == after.casefold() and before else merged


class EqualAsNumbersIsSame(Mutant):
    """An update of a display name is compared by a loose operator: "0042" and "42" are equal."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        with suppress(ValueError, KeyError):
            if float(earlier.values["display_name"]) == float(merged["display_name"]):
                return {**merged, "display_name": earlier.values["display_name"]}
        return merged
