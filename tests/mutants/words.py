"""Bugs with words that have a meaning in a programming language, such as NaN, null and `__proto__`."""

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


class CostParsedWithFloat(Mutant):
    """A cost is parsed with `float(value)`, which accepts "nan" and "infinity"; those are stored as 0."""

    kills = frozenset({"STA-08", "STA-10"})

    def number(self, name: str, value: Json) -> int | float:
        if name not in COSTS or not isinstance(value, str):
            return super().number(name, value)
        try:
            number = float(value)
        except ValueError:
            raise FieldError("Expected a number.") from None
        return number if isfinite(number) else 0


class NanStringIsZero(Mutant):
    """A cost of "nan", which spreadsheets write for an empty cell, is stored as 0."""

    kills = frozenset({"STA-08"})

    def number(self, name: str, value: Json) -> int | float:
        return super().number(name, 0 if value == "nan" else value)


class InfinityStringClamped(Mutant):
    """A cost of "Infinity" or "-Infinity" is clamped to the range of the column."""

    kills = frozenset({"STA-08"})

    def number(self, name: str, value: Json) -> int | float:
        infinite = isinstance(value, str) and value.strip("+-").casefold() == "infinity"
        return super().number(name, 0 if infinite and name in COSTS else value)


class ObjectMemberNameReturns500(Mutant):
    """Models live in a JavaScript object: looking up the name `constructor` returns 500."""

    kills = frozenset({"STA-03"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        if name in MEMBERS:
            raise TypeError("Cannot read properties of undefined (reading 'model_name')")
        return super().resolve_model(organization, name)


class ObjectMemberNameReadable(Mutant):
    """Models live in a JavaScript object: a read of `toString` returns 200 with an empty model."""

    kills = frozenset({"STA-19"})

    def read(self, request: Request) -> Response:
        return Response(200, {}) if self.name_in(request.path) in MEMBERS[2:] else super().read(request)


class ObjectMemberNameAsBase(Mutant):
    """Models live in a JavaScript object: `__proto__` is accepted as a base model."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        known = {name: value for name, value in values.items() if name != BASE or value not in MEMBERS}
        super().reject_unknown_references(organization, known)


class NullStringBaseIgnored(Mutant):
    """A base model named "null", "None" or "undefined" is ignored."""

    kills = frozenset({"STA-13"})

    def resolve_aliases(self, values: Values) -> Values:
        nothing = values.get(BASE) in ("null", "None", "undefined")
        return super().resolve_aliases({name: value for name, value in values.items() if name != BASE or not nothing})


class ZeroStringProviderIgnored(Mutant):
    """A provider "0" is ignored: it is `empty()` in PHP."""

    kills = frozenset({"STA-13"})

    def resolve_provider(self, organization: str, identifier: str) -> Mapping[str, Json] | None:
        return {} if identifier == "0" else super().resolve_provider(organization, identifier)


class NumericPathIsRowNumber(Mutant):
    """A path that is a number is read as the number of a row."""

    kills = frozenset({"STA-19"})

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        rows = [stored for (owner, _), stored in self.snapshot().items() if owner == organization]
        if name.isdecimal() and rows:
            return Response(200, self.serialize(organization, rows[0]))
        return super().read(request)


class NameSplitIntoObjectPath(Mutant):
    """A name is split into a path of object members: `__proto__` in it returns 500."""

    kills = frozenset({"STA-03", "STA-31"})

    def save(self, organization: str, stored: Stored) -> None:
        if "__proto__" in stored.name.replace("/", ".").split("."):
            raise TypeError("Cannot set property on Object.prototype")
        super().save(organization, stored)


class ReservedWordRejected(Mutant):
    """A name that contains `constructor` is rejected."""

    kills = frozenset({"STA-31"})

    def key(self, name: str) -> str:
        if "constructor" in name:
            raise HttpError(400, {"model_name": ["This name is reserved."]})
        return super().key(name)
