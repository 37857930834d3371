"""Bugs in what becomes of a text on its way into the store and back."""

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
    """A display name is stored as something else."""

    def string(self, name: str, value: Json) -> str:
        text = super().string(name, value)
        return self.stored_text(text) if name == "display_name" else text

    def stored_text(self, text: str) -> str:
        """What is left of a display name."""
        raise NotImplementedError


class NamesTrimmed(_Text):
    """White space around a display name is silently removed."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.strip()


class BracesAreTemplates(_Text):
    """A display name goes through a template engine: what stands in braces is replaced by nothing."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"\{\w+\}", "", text)


class ShortcodesAreEmoji(_Text):
    """What stands between colons becomes an emoji, as in a chat."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r":\w+:", "\U0001f600", text)


class NamesOf64Characters(_Text):
    """A display name is silently cut after 64 characters."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:64]


class NamesOf255Characters(_Text):
    """A display name is silently cut after 255 characters."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:255]


class NamesNormalized(_Text):
    """A display name is brought into Unicode normalization form C."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


class NamesEscaped(_Text):
    """A display name is escaped for HTML before it is stored."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return html.escape(text, quote=False)


class BackslashesDoubled(_Text):
    """A display name is escaped twice: its backslashes are doubled."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return text.replace("\\", "\\\\")


class OtherScriptsAreQuestionMarks(_Text):
    """A display name is stored in Latin-1, with question marks for what it lacks."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.encode("latin-1", errors="replace").decode("latin-1")


class TypographyStraightened(_Text):
    """A display name passes a filter for typographic quotes and spaces, which makes plain ones of them."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.translate({0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'", 0xA0: " "})


class EmojiDropped(_Text):
    """Characters of four octets are silently dropped."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return "".join(character for character in text if character <= "\uffff")


class TextEndsAtNul(_Text):
    """A display name ends at its first NUL character."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text.partition("\0")[0]


class ZeroIsNoText(Mutant):
    """The display name "0" counts as empty, as it does in PHP."""

    kills = frozenset({"IDM-01", "IDM-02", "STA-13"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        return {name: value for name, value in super().known_fields(body).items() if value != "0" or name == KEY}


class NamesPercentDecodedOnce(_Text):
    """A display name is decoded as if it came from a form."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-09"})

    def stored_text(self, text: str) -> str:
        return unquote_plus(text)


class SpacesCollapsed(_Text):
    """Spaces in a row become one in a display name."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(" +", " ", text)


class NamesOf1000Characters(_Text):
    """A display name is cut at 1,000 characters."""

    kills = frozenset({"IDM-09"})

    def stored_text(self, text: str) -> str:
        return text[:1000]


class NumbersOutOfDigits(Mutant):
    """A text of digits is read as a number and written again: its leading zeros are lost."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        text = values.get("display_name")
        return {**values, "display_name": str(int(text))} if isinstance(text, str) and text.isdigit() else values


class GroupsExpanded(_Text):
    """A display name is put in place by a regular expression, which takes `$1` in it for a group: it is lost."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"\$[0-9]", "", text)


class FormulasDefused(_Text):
    """A display name that a spreadsheet would take for a formula gets an apostrophe in front."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


class DatesRewritten(Mutant):
    """The JSON library takes a text that looks like a date-time for one: it comes back in another format."""

    kills = frozenset({"IDM-01", "IDM-02", "IDM-18", "SEM-05"})

    def build_object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        return super().build_object([(name, self.rewritten(value)) for name, value in pairs])

    def rewritten(self, value: Json) -> Json:
        """A date-time of ISO 8601 in another spelling; anything else as it is."""
        if isinstance(value, str) and re.match("[0-9]{4}-[0-9]{2}-[0-9]{2}T", value):
            with suppress(ValueError):
                return f"{datetime.fromisoformat(value):%m/%d/%Y %H:%M:%S}"
        return value


class SameNameIsNone(Mutant):
    """A display name equal to the model's name counts as none, and is not stored."""

    kills = frozenset({"IDM-08"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        same = values.get("display_name") == values[KEY]
        return {name: value for name, value in values.items() if not (same and name == "display_name")}


class BackslashesAreGroups(_Text):
    """A display name is put in place by a regular expression, which takes a backslash and a digit in it for a group."""

    kills = frozenset({"IDM-01", "IDM-02"})

    def stored_text(self, text: str) -> str:
        return re.sub(r"\\\d", "", text)
