"""Bugs that convert display names to another type or character encoding."""

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
    """A display name is changed before it is stored."""

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        return {name: self.cast(value) if name == "display_name" else value for name, value in values.items()}

    def cast(self, text: str) -> str:
        """Return the display name after conversion."""
        raise NotImplementedError


class _CastInReads(_Cast):
    """A display name is stored as sent and changed in reads."""

    def requested_values(self, body: Json) -> Values:
        return Mutant.requested_values(self, body)

    def read(self, request: Request) -> Response:
        response = super().read(request)
        name = response.body.get("display_name")
        return response if name is None else replace(response, body={**response.body, "display_name": self.cast(name)})


class NumericAffinity(_CastInReads):
    """The column has numeric affinity: reads return a display name that looks like a number in its shortest form."""

    kills = frozenset({"IDM-04"})

    def cast(self, text: str) -> str:
        with suppress(ValueError):
            number = float(text)
            return f"{number:g}" if math.isfinite(number) else text
        return text


class YamlNullBecomesNone(_CastInReads):
    """The store is a YAML file: reads return the display name "null" as "None"."""

    kills = frozenset({"IDM-04"})

    def cast(self, text: str) -> str:
        return "None" if text == "null" else text


class JsonTextReformatted(_Cast):
    """A display name that is JSON is parsed and written again without its spaces."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        with suppress(ValueError):
            parsed = json.loads(text)
            return json.dumps(parsed, separators=(",", ":")) if isinstance(parsed, dict | list) else text
        return text


class ExponentsWrittenOut(_Cast):
    """A display name that looks like a number with an exponent is written out, as in spreadsheets."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        with suppress(ValueError):
            return f"{float(text):.0f}" if "e" in text else text
        return text


class NullStringDropped(_Cast):
    """A display name "null", in any case, counts as missing."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        named = values.get("display_name", "").casefold() != "null"
        return values if named else {n: v for n, v in values.items() if n != "display_name"}

    def cast(self, text: str) -> str:
        return text


class SurrogatePairsLost(_Cast):
    """Text is validated in 16-bit units: a character outside the basic plane becomes two others."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return "".join("\ufffd\ufffd" if character > "\uffff" else character for character in text)


class DisplayNamesCutAtEmoji(_Cast):
    """The column stores three bytes per character: a display name is cut at the first longer one."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return "".join(text.partition(next((c for c in text if c > "\uffff"), "\0"))[:1])


class DisplayNamesNormalizedToNfd(_Cast):
    """A display name is converted to Unicode normalization form D."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        return unicodedata.normalize("NFD", text)


class DisplayNamesNormalizedToNfkc(_Cast):
    """A display name is converted to Unicode normalization form KC: ligatures and wide letters are lost."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return unicodedata.normalize("NFKC", text)


class CombiningMarksStripped(_Cast):
    """Combining marks are removed from a display name."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        return "".join(character for character in text if not unicodedata.combining(character))


class DisplayNamesCutAt99Characters(_Cast):
    """A column of 100 characters needs one for the terminator: the hundredth is lost."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def cast(self, text: str) -> str:
        return text[:99]


class DisplayNamesCutAt200Bytes(_CastInReads):
    """A read cuts a display name after 200 bytes, even in the middle of a character."""

    kills = frozenset({"IDM-04", "IDM-09"})

    def cast(self, text: str) -> str:
        return text.encode()[:200].decode(errors="ignore")


class DisplayNamesLowercasedInReads(_CastInReads):
    """A read returns the display name from a lower-case index."""

    kills = frozenset({"IDM-04", "IDM-07", "IDM-26"})

    def cast(self, text: str) -> str:
        return text.casefold()


class CaseChangeIgnored(Mutant):
    """An update that changes only the case of the display name is ignored."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        before, after = (str(held.get("display_name", "")) for held in (earlier.values, merged))
        return {**merged, "display_name": before} if before.casefold() == after.casefold() and before else merged


class NumericallyEqualChangeIgnored(Mutant):
    """A display name is compared with `==` of a loosely typed language: "0042" equals "42"."""

    kills = frozenset({"IDM-02"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        with suppress(ValueError, KeyError):
            if float(earlier.values["display_name"]) == float(merged["display_name"]):
                return {**merged, "display_name": earlier.values["display_name"]}
        return merged


class YamlBooleansConverted(_Cast):
    """The values are written to YAML and read back: the display name "true" becomes a boolean."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def cast(self, text: str) -> str:
        return "True" if text == "true" else text
