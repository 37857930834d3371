"""Bugs in storing display names."""

from __future__ import annotations

import html
import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class _Text(Mutant):
    """A display name is changed before it is stored."""

    def string(self, name: str, value: Json) -> str:
        text = super().string(name, value)
        return self.stored_text(text) if name == "display_name" else text

    def stored_text(self, text: str) -> str:
        """Return the display name to store."""
        raise NotImplementedError


class DisplayNamesTrimmed(_Text):
    """White space around a display name is silently removed."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.strip()


class BracesRenderedAsTemplate(_Text):
    """A display name is rendered as a template: text in braces disappears."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"\{\w+\}", "", text)


class ShortcodesConvertedToEmoji(_Text):
    """Text between colons in a display name is converted to an emoji."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r":\w+:", "\U0001f600", text)


class DisplayNamesCutAt64Characters(_Text):
    """A display name is silently cut after 64 characters."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:64]


class DisplayNamesCutAt255Characters(_Text):
    """A display name is silently cut after 255 characters."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:255]


class DisplayNamesNormalizedToNfc(_Text):
    """A display name is converted to Unicode normalization form C."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class DisplayNamesHtmlEscaped(_Text):
    """A display name is escaped for HTML before it is stored."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return html.escape(text, quote=False)


class BackslashesDoubled(_Text):
    """The backslashes of a display name are doubled."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return text.replace("\\", "\\\\")


class NonLatin1Replaced(_Text):
    """Characters outside Latin-1 in a display name become question marks."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.encode("latin-1", errors="replace").decode("latin-1")


class TypographicQuotesReplaced(_Text):
    """Typographic quotes and spaces in a display name are replaced by plain ones."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.translate({0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'", 0xA0: " "})


class EmojiDropped(_Text):
    """Characters of four bytes in UTF-8 are silently dropped."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return "".join(character for character in text if character <= "\uffff")


class DisplayNamesCutAtNul(_Text):
    """A display name is cut at its first NUL character."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.partition("\0")[0]


class DisplayNameZeroDropped(Mutant):
    """The display name "0" counts as empty, as in PHP."""

    kills = frozenset({"IDM-01", "IDM-02", "STA-13"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value != "0" or name == KEY}


class DisplayNamesPercentDecoded(_Text):
    """A display name is percent-decoded as if it came from a form."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return unquote_plus(text)


class SpacesCollapsed(_Text):
    """Consecutive spaces in a display name become one."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(" +", " ", text)


class DisplayNamesCutAt1000Characters(_Text):
    """A display name is cut after 1,000 characters."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:1000]


class DigitsReadAsNumber(Mutant):
    """A display name of digits is converted to a number: its leading zeros are lost."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        text = values.get("display_name")
        return {**values, "display_name": str(int(text))} if isinstance(text, str) and text.isdigit() else values


class DollarGroupsExpanded(_Text):
    """A display name is used as a regular expression replacement: `$1` in it is lost."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"\$[0-9]", "", text)


class FormulasPrefixed(_Text):
    """A display name that a spreadsheet would take for a formula gets an apostrophe in front."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


class DateTimesReformatted(Mutant):
    """A display name that looks like a date-time is parsed and comes back in another format."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-18", "SEM-05"})

    def build_object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        return super().build_object([(name, self.rewritten(value)) for name, value in pairs])

    def rewritten(self, value: Json) -> Json:
        """Return a date-time of ISO 8601 in another format; anything else unchanged."""
        if isinstance(value, str) and re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}T", value):
            with suppress(ValueError):
                return f"{datetime.fromisoformat(value):%m/%d/%Y %H:%M:%S}"
        return value


class DisplayNameEqualToNameDropped(Mutant):
    """A display name that equals the model's name is not stored."""

    kills = frozenset({"IDM-08"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        same = values.get("display_name") == values[KEY]
        return {name: value for name, value in values.items() if not (same and name == "display_name")}


class BackslashGroupsExpanded(_Text):
    """A display name is used as a regular expression replacement: a backslash and digit in it is lost."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"\\\d", "", text)


class LinksRemoved(_Text):
    """A filter against spam removes links from a display name."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"https?://\S+", "", text)


class DoubledCharactersUnescaped(_Text):
    """Two quotes or two percent signs in a display name become one, as if they were escaped."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return text.replace("''", "'").replace("%%", "%")


class FinalPeriodRemoved(_Text):
    """A period at the end of a display name is removed."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return text.removesuffix(".")
