"""Bugs in words that a language gives a meaning of its own: NaN, null, the members that every object has."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, COSTS
from tests.servers.wire import FieldError, HttpError, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request

MEMBERS = ("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf")
"""What every object of JavaScript has, an empty one as well."""


class FloatsReadFromStrings(Mutant):
    """A cost is read by `float(value)`, which takes "nan" as well; what is not finite is stored as 0."""

    kills = frozenset({"STA-08", "STA-10"})

    def number(self, name: str, value: Json) -> int | float:
        if name not in COSTS or not isinstance(value, str):
            return super().number(name, value)
        try:
            number = float(value)
        except ValueError:
            raise FieldError("Expected a number.") from None
        return number if isfinite(number) else 0


class NanMeansFree(Mutant):
    """A spreadsheet writes "nan" for an empty cell: a cost of that is 0."""

    kills = frozenset({"STA-08"})

    def number(self, name: str, value: Json) -> int | float:
        return super().number(name, 0 if value == "nan" else value)


class InfinityIsTheLargestCost(Mutant):
    """A cost of "-Infinity" or "Infinity" in a string is brought into the range of the column."""

    kills = frozenset({"STA-08"})

    def number(self, name: str, value: Json) -> int | float:
        infinite = isinstance(value, str) and value.strip("+-").casefold() == "infinity"
        return super().number(name, 0 if infinite and name in COSTS else value)


class MembersOfTheStoreFound(Mutant):
    """The store is an object of JavaScript: a model of the name `constructor` is found, and cannot be shown."""

    kills = frozenset({"STA-03"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        if name in MEMBERS:
            raise TypeError("Cannot read properties of undefined (reading 'model_name')")
        return super().resolve_model(organization, name)


class MembersOfTheStoreShown(Mutant):
    """The store is an object of JavaScript: the read of `toString` is answered 200 with what is left of a function."""

    kills = frozenset({"STA-19"})

    def read(self, request: Request) -> Response:
        return Response(200, {}) if self.name_in(request.path) in MEMBERS[2:] else super().read(request)


class MembersOfTheStoreAreBases(Mutant):
    """The store is an object of JavaScript, in which `__proto__` is always found: such a base is taken."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        known = {name: value for name, value in values.items() if name != BASE or value not in MEMBERS}
        super().reject_unknown_references(organization, known)


class NullInTextIsNoBase(Mutant):
    """A base of the text "null", "None" or "undefined" comes from broken clients, and is taken for none."""

    kills = frozenset({"STA-13"})

    def resolve_aliases(self, values: Values) -> Values:
        nothing = values.get(BASE) in ("null", "None", "undefined")
        return super().resolve_aliases({name: value for name, value in values.items() if name != BASE or not nothing})


class ZeroInTextIsNoProvider(Mutant):
    """A provider is looked up unless its identifier is `empty()`, which "0" is in PHP."""

    kills = frozenset({"STA-13"})

    def resolve_provider(self, organization: str, identifier: str) -> Mapping[str, Json] | None:
        return {} if identifier == "0" else super().resolve_provider(organization, identifier)


class RowsReadByNumber(Mutant):
    """A path that is a number is the row of a model, whoever asks for the name."""

    kills = frozenset({"STA-19"})

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        rows = [stored for (owner, _), stored in self.models.items() if owner == organization]
        if name.isdecimal() and rows:
            return Response(200, self.serialize(organization, rows[0]))
        return super().read(request)


class NamesAreTakenApart(Mutant):
    """A name is taken for the way to a place in a tree of objects, in which `__proto__` leads out of the tree."""

    kills = frozenset({"STA-03", "STA-31"})

    def save(self, organization: str, stored: Stored) -> None:
        if "__proto__" in stored.name.replace("/", ".").split("."):
            raise TypeError("Cannot set property on Object.prototype")
        super().save(organization, stored)


class ReservedWordsRefused(Mutant):
    """A name with the word `constructor` in it is refused, for the sake of a store that cannot hold it."""

    kills = frozenset({"STA-31"})

    def key(self, name: str) -> str:
        if "constructor" in name:
            raise HttpError(400, {"model_name": ["This name is reserved."]})
        return super().key(name)
