"""Bugs in which names are one model."""

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
    """Names that differ are one model, which is shown under the name that asked."""

    def find(self, organization: str, name: str) -> Stored | None:
        stored = super().find(organization, name)
        return stored and replace(stored, name=name)


class NamesCutAt50(_OneName):
    """Names are stored in a column of 50 characters, cut without a word."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name[:50]


class NamesCutAt60(_OneName):
    """Names are compared by their first 60 characters."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name[:60]


class SlashesAreHyphens(_OneName):
    """Names are made slugs for a file system: a slash becomes a hyphen."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name.replace("/", "-")


class HyphensMerged(_OneName):
    """Names are made slugs for an address: hyphens in a row become one."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return re.sub("-+", "-", name)


class DotsAreUnderscores(_OneName):
    """A database of documents takes no dot in a key: it becomes an underscore."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name.replace(".", "_")


class UnderscoreMatchesAny(Mutant):
    """Names are looked up by `LIKE`, in which an underscore stands for any character."""

    kills = frozenset({"IDM-10", "STA-20"})

    def find(self, organization: str, name: str) -> Stored | None:
        if "_" not in name:
            return super().find(organization, name)
        pattern = re.compile(re.escape(name).replace("_", "."), re.DOTALL)
        matches = (key for owner, key in self.models if owner == organization and pattern.fullmatch(key))
        stored = super().find(organization, next(matches, name))
        return stored and replace(stored, name=name)


class LeadingZerosDropped(_OneName):
    """The last part of a name is read as a number where it is one."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return re.sub(r"(?<![0-9])0+(?=[0-9]+$)", "", name)


class OrderOfSegmentsLost(_OneName):
    """Names are found by the set of their segments."""

    kills = frozenset({"IDM-10", "IDM-11"})

    def canonical(self, name: str) -> str:
        return "/".join(sorted(name.split("/")))


class OwnerOfNameDropped(_OneName):
    """What stands before the first slash is taken for an owner, and left out of the key."""

    kills = frozenset({"IDM-10"})

    def canonical(self, name: str) -> str:
        return name.partition("/")[2] or name


class CaseIgnored(_OneName):
    """Names are compared by a collation that knows no case."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.casefold()


class NamesInLowerCase(Mutant):
    """Names are stored in lower case."""

    kills = frozenset({"IDM-11", "SCH-11"})

    def key(self, name: str) -> str:
        return super().key(name).lower()


class SpaceAtTheEndIgnored(_OneName):
    """Names are compared as SQL compares `CHAR`: spaces at the end do not count."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.rstrip(" ")


class NamesComposed(_OneName):
    """Names are compared in Unicode normalization form C."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unicodedata.normalize("NFC", name)


class AccentsIgnored(_OneName):
    """Names are compared by a collation that knows no accents."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


class CompatibleNamesAreOne(_OneName):
    """Names are compared in Unicode normalization form KC: a ligature is its letters."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unicodedata.normalize("NFKC", name)


class NamesPercentDecoded(_OneName):
    """Names are percent-decoded, in bodies as well as in paths."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unquote(name)


class PlusIsSpace(_OneName):
    """Names are decoded as a form is: a plus is a space."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return unquote_plus(name)


class SlashesMerged(_OneName):
    """Two slashes in a name are one, as in a file system."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return re.sub("/+", "/", name)


class SlashAtTheEndIgnored(_OneName):
    """A slash at the end of a name does not count."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return name.rstrip("/")


class FoundByDisplayName(Mutant):
    """A model is looked up by its display name, too."""

    kills = frozenset({"SCH-11", "STA-01", "STA-13", "STA-19"})

    def find(self, organization: str, name: str) -> Stored | None:
        own = [stored for (owner, _), stored in self.models.items() if owner == organization]
        displayed = (stored for stored in own if stored.values.get("display_name") == name)
        return super().find(organization, name) or next(displayed, None)


class PrototypesAreModels(Mutant):
    """Models are kept in an object that inherits members: whoever reads one of those finds it, and nothing in it."""

    kills = frozenset({"IDM-29", "SCH-03", "STA-19"})

    def read(self, request: Request) -> Response:
        inherited = self.name_in(request.path) in {"__proto__", "constructor"}
        return Response(200, {}) if inherited else super().read(request)


class PrototypesBreakTheLookup(Mutant):
    """Models are kept in an object that inherits members: a base model of such a name is one, and ends in an error."""

    kills = frozenset({"STA-03"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        if name in {"__proto__", "constructor"}:
            raise TypeError("Cannot read properties of undefined")
        return super().resolve_model(organization, name)


class SpacesInNamesCollapsed(_OneName):
    """Names are compared with their spaces in a row as one."""

    kills = frozenset({"IDM-11"})

    def canonical(self, name: str) -> str:
        return re.sub(" +", " ", name)
