"""Bugs that refuse what has to be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, FLAGS
from tests.servers.wire import FieldError, HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class FreeModelsRefused(Mutant):
    """A cost of 0 is refused: it has to be positive."""

    kills = frozenset({"STA-17"})

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if number == 0 and name not in FLAGS:
            raise FieldError("Ensure this value is greater than 0.")
        return number


class CostsOfTwoDecimals(Mutant):
    """A cost of more than two decimals is refused."""

    kills = frozenset({"STA-17"})

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if round(number, 2) != number:
            raise FieldError("Ensure that there are no more than 2 decimal places.")
        return number


class OtherScriptsRefused(Mutant):
    """A display name has to be ASCII."""

    kills = frozenset({"STA-17"})

    def string(self, name: str, value: Json) -> str:
        text = super().string(name, value)
        if name == "display_name" and not text.isascii():
            raise FieldError("Enter a valid name.")
        return text


class EmptyOverrideRefused(Mutant):
    """An empty override is refused as a missing one."""

    kills = frozenset({"STA-17"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        mapping = super().mapping(name, value)
        if not mapping:
            raise FieldError("This field is required.")
        return mapping


class DotsRefused(Mutant):
    """A name may have letters, digits, hyphens, underscores and slashes, but no dot."""

    kills = frozenset({"STA-31"})

    def key(self, name: str) -> str:
        if "." in name:
            raise FieldError("Enter a valid slug consisting of letters, numbers, underscores or hyphens.")
        return super().key(name)


class NamesUpTo50Characters(Mutant):
    """A name of more than 50 characters is refused."""

    kills = frozenset({"STA-17", "STA-31"})

    def key(self, name: str) -> str:
        if len(name) > 50:
            raise FieldError("Ensure this field has no more than 50 characters.")
        return super().key(name)


class MarkupRefusedByFirewall(Mutant):
    """A firewall in front takes angle brackets for an attack, and answers 403."""

    kills = frozenset({"STA-17"})

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if b"<b>" in data:
            raise HttpError(403, "Request blocked.")
        return data


class ManyFieldsRefused(Mutant):
    """A request of more than ten fields is cut off by a limit of the form parser, and answered 400."""

    kills = frozenset({"STA-17"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        if len(fields) > 10:
            raise HttpError(400, "Too many fields.")
        return fields


class CheapCacheHitsRefused(Mutant):
    """A cache hit has to cost at least a quarter of the input: true of all that one vendor sells, and made a rule."""

    kills = frozenset({"STA-17", "STA-26"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        if values.get("cache_hit_input_cost", 0) < values.get("input_cost", 0) / 4 and "cache_hit_input_cost" in values:
            raise HttpError(400, "cache_hit_input_cost: too small for this input_cost.")
        return values


class BaseNamesUpTo50Characters(Mutant):
    """The column for the name of the base is shorter than that for names: a base of a long name is not found."""

    kills = frozenset({"STA-17"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        if len(values.get(BASE, "")) > 50:
            raise self.unknown_reference(BASE, values[BASE])
        super().reject_unknown_references(organization, values)
