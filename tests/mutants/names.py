"""Bugs in which different names identify one model."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from tests.mutants.mutant import Mutant
from tests.servers.wire import Response

if TYPE_CHECKING:
    from tests.servers.plain import Stored
    from tests.servers.wire import Request


class _OneName(Mutant):
    """Different names identify one model, which is returned under the requested name."""

    def find(self, organization: str, name: str) -> Stored | None:
        stored = super().find(organization, name)
        return stored and replace(stored, name=name)


class NamesCutAt50Characters(_OneName):
    """Names are silently cut after 50 characters."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name[:50]


class NamesComparedTo60Characters(_OneName):
    """Only the first 60 characters of names are compared."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name[:60]


class SlashBecomesHyphen(_OneName):
    """A slash in a name becomes a hyphen, as in a slug."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name.replace("/", "-")


class ConsecutiveHyphensMerged(_OneName):
    """Consecutive hyphens in a name become one, as in a slug."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return re.sub("-+", "-", name)


class DotBecomesUnderscore(_OneName):
    """A dot in a name becomes an underscore, because the database has no dots in keys."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name.replace(".", "_")


class UnderscoreIsWildcard(Mutant):
    """Names are looked up with `LIKE`: an underscore matches any character."""

    kills = frozenset({"IDM-10", "STA-20"})

    def find(self, organization: str, name: str) -> Stored | None:
        if "_" not in name:
            return super().find(organization, name)
        pattern = re.compile(re.escape(name).replace("_", "."), re.DOTALL)
        matches = (key for owner, key in self.snapshot() if owner == organization and pattern.fullmatch(key))
        stored = super().find(organization, next(matches, name))
        return stored and replace(stored, name=name)


class LeadingZerosDropped(_OneName):
    """The last part of a name is converted to a number: its leading zeros are lost."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return re.sub(r"(?<![0-9])0+(?=[0-9]+$)", "", name)


class SegmentOrderIgnored(_OneName):
    """Names with the same segments in another order are one model."""

    kills = frozenset({"IDM-10", "IDM-11"})

    def canonical(self, name: str) -> str:
        return "/".join(sorted(name.split("/")))


class NamePrefixDropped(_OneName):
    """Text before the first slash of a name is taken for an owner and ignored."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name.partition("/")[2] or name


class NamesCaseInsensitive(_OneName):
    """Names are compared case-insensitively."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.casefold()


class NamesLowercased(Mutant):
    """Names are stored in lower case."""

    kills = frozenset({"IDM-11", "SCH-11"})

    def key(self, name: str) -> str:
        return super().key(name).lower()


class TrailingSpaceIgnored(_OneName):
    """Trailing spaces of names are ignored, as in SQL's `CHAR`."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.rstrip(" ")


class NamesComparedAsNfc(_OneName):
    """Names are compared in Unicode normalization form C."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unicodedata.normalize("NFC", name)


class NamesAccentInsensitive(_OneName):
    """Names are compared with a collation that ignores accents."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


class NamesComparedAsNfkc(_OneName):
    """Names are compared in Unicode normalization form KC: a ligature equals its letters."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unicodedata.normalize("NFKC", name)


class NamesPercentDecoded(_OneName):
    """Names are percent-decoded, in bodies as well as in paths."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unquote(name)


class PlusInNameIsSpace(_OneName):
    """Names are decoded like form fields: a plus becomes a space."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unquote_plus(name)


class ConsecutiveSlashesMerged(_OneName):
    """Two slashes in a name become one, as in a file system."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return re.sub("/+", "/", name)


class TrailingSlashIgnored(_OneName):
    """A slash at the end of a name is ignored."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.rstrip("/")


class FoundByDisplayName(Mutant):
    """A model is also found by its display name."""

    kills = frozenset({"SCH-11", "STA-01", "STA-13", "STA-19"})

    def find(self, organization: str, name: str) -> Stored | None:
        own = [stored for (owner, _), stored in self.snapshot().items() if owner == organization]
        displayed = (stored for stored in own if stored.values.get("display_name") == name)
        return super().find(organization, name) or next(displayed, None)


class InheritedMemberReadable(Mutant):
    """Models live in an object that inherits members: reading the name of one returns an empty model."""

    kills = frozenset({"IDM-29", "SCH-03", "STA-19"})

    def read(self, request: Request) -> Response:
        inherited = self.name_in(request.path) in {"__proto__", "constructor"}
        return Response(200, {}) if inherited else super().read(request)


class InheritedMemberAsBaseReturns500(Mutant):
    """Models live in an object that inherits members: the name of one as base model returns 500."""

    kills = frozenset({"STA-03"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        if name in {"__proto__", "constructor"}:
            raise TypeError("Cannot read properties of undefined")
        return super().resolve_model(organization, name)


class SpacesInNamesCollapsed(_OneName):
    """Names that differ in the number of consecutive spaces are one model."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return re.sub(" +", " ", name)
