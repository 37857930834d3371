"""Bugs that reject valid requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, FLAGS, PROVIDER, PROVIDER_ALIAS
from tests.servers.wire import FieldError, HttpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class ZeroCostRejected(Mutant):
    """A cost of 0 is rejected."""

    kills = frozenset({"STA-17"})

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if number == 0 and name not in FLAGS:
            raise FieldError("Ensure this value is greater than 0.")
        return number


class MoreThanTwoDecimalsRejected(Mutant):
    """A cost with more than two decimals is rejected."""

    kills = frozenset({"STA-17"})

    def number(self, name: str, value: Json) -> int | float:
        number = super().number(name, value)
        if round(number, 2) != number:
            raise FieldError("Ensure that there are no more than 2 decimal places.")
        return number


class NonAsciiDisplayNameRejected(Mutant):
    """A display name that is not ASCII is rejected."""

    kills = frozenset({"STA-17"})

    def string(self, name: str, value: Json) -> str:
        text = super().string(name, value)
        if name == "display_name" and not text.isascii():
            raise FieldError("Enter a valid name.")
        return text


class EmptyOverrideRejected(Mutant):
    """An empty override is rejected as missing."""

    kills = frozenset({"STA-17"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        mapping = super().mapping(name, value)
        if not mapping:
            raise FieldError("This field is required.")
        return mapping


class DotInNameRejected(Mutant):
    """A name with a dot is rejected."""

    kills = frozenset({"STA-31"})

    def key(self, name: str) -> str:
        if "." in name:
            raise FieldError("Enter a valid slug consisting of letters, numbers, underscores or hyphens.")
        return super().key(name)


class NameOver50CharactersRejected(Mutant):
    """A name of more than 50 characters is rejected."""

    kills = frozenset({"STA-17", "STA-31"})

    def key(self, name: str) -> str:
        if len(name) > 50:
            raise FieldError("Ensure this field has no more than 50 characters.")
        return super().key(name)


class AngleBracketsRejectedByFirewall(Mutant):
    """A firewall takes angle brackets for an attack and returns 403."""

    kills = frozenset({"STA-17"})

    def read_body(self, request: Request) -> bytes:
        data = super().read_body(request)
        if b"<b>" in data:
            raise HttpError(403, "Request blocked.")
        return data


class MoreThanTenFieldsRejected(Mutant):
    """A request with more than ten fields returns 400, a limit of the form parser."""

    kills = frozenset({"STA-17"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        if len(fields) > 10:
            raise HttpError(400, "Too many fields.")
        return fields


class CheapCacheHitRejected(Mutant):
    """A cache hit cost below a quarter of the input cost is rejected."""

    kills = frozenset({"STA-17", "STA-26"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        if values.get("cache_hit_input_cost", 0) < values.get("input_cost", 0) / 4 and "cache_hit_input_cost" in values:
            raise HttpError(400, "cache_hit_input_cost: too small for this input_cost.")
        return values


class BaseNameTruncated(Mutant):
    """The column for the base model's name is too short: a long name is not found."""

    kills = frozenset({"STA-17"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        if len(values.get(BASE, "")) > 50:
            raise self.unknown_reference(BASE, values[BASE])
        super().reject_unknown_references(organization, values)


class BaseWithProviderRejected(Mutant):
    """A model cannot have a base model and a provider."""

    kills = frozenset({"STA-17"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        if BASE in values and PROVIDER in values:
            raise HttpError(400, {PROVIDER: ["A derived model has the provider of its base model."]})
        return values


class BothSpellingsRejected(Mutant):
    """A request with both spellings of the provider is rejected, even if they are equal."""

    kills = frozenset({"STA-17"})

    def resolve_aliases(self, values: Values) -> Values:
        if PROVIDER in values and PROVIDER_ALIAS in values:
            raise HttpError(400, {PROVIDER_ALIAS: [f"Send this or {PROVIDER}."]})
        return super().resolve_aliases(values)


class BaseWithDotsRejected(Mutant):
    """Base models are looked up in a path, whose pattern has no dots."""

    kills = frozenset({"STA-17"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, values)
        if "." in values.get(BASE, ""):
            raise self.unknown_reference(BASE, values[BASE])


class NamesEndInLetterOrDigit(Mutant):
    """The pattern of names requires a letter or a digit at the end."""

    kills = frozenset({"STA-31"})

    def key(self, name: str) -> str:
        if not name[-1:].isalnum():
            raise FieldError("Ensure that the name ends in a letter or a digit.")
        return super().key(name)
