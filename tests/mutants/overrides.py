"""Bugs in overrides, in providers, and in fields that a request must not set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, KEY, OVERRIDE, PROVIDER, PROVIDER_ALIAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class OverrideNotApplied(Mutant):
    """The override is stored but not applied."""

    kills = frozenset({
        "IDM-17", "IDM-18", "IDM-21", "IDM-24", "IDM-28",
        "SEM-05", "SEM-06", "SEM-07", "SEM-13", "SEM-14", "SEM-19", "SEM-20",
    })  # fmt: skip

    def apply_override(self, params: Values, override: Values) -> Values:
        return {"stream": {"type": "boolean"}}


class OverrideNeedsABase(Mutant):
    """The override of a model without a base model is not applied."""

    kills = frozenset({"IDM-17", "IDM-18", "IDM-21", "IDM-24", "SEM-05", "SEM-13", "SEM-20", "SEM-21"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        return super().supported_params(lineage) if BASE in lineage[0].values else {}


class ParametersNotInherited(Mutant):
    """A model without an override returns no parameters of its base model."""

    kills = frozenset({"SEM-13", "SEM-19", "SEM-21"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        return super().supported_params(lineage if OVERRIDE in lineage[0].values else lineage[:1])


class OverrideReplacesParameters(Mutant):
    """The override replaces all parameters of the base model."""

    kills = frozenset({"SEM-06", "SEM-19"})

    def apply_override(self, params: Values, override: Values) -> Values:
        return super().apply_override({} if override else params, override)


class OverrideEntriesMerged(Mutant):
    """An entry of the override is merged into the base model's entry, member by member."""

    kills = frozenset({"SEM-14"})

    def apply_override(self, params: Values, override: Values) -> Values:
        both = {
            name: {**params[name], **entry}
            for name, entry in override.items()
            if isinstance(entry, dict) and isinstance(params.get(name), dict)
        }
        return super().apply_override(params, {**override, **both})


class BaseParametersWin(Mutant):
    """A parameter of the base model cannot be overridden."""

    kills = frozenset({"IDM-28", "SEM-05", "SEM-07", "SEM-14", "SEM-19"})

    def apply_override(self, params: Values, override: Values) -> Values:
        return super().apply_override(override, params)


class OverrideAddsNothing(Mutant):
    """An override changes parameters of the base model but adds none."""

    kills = frozenset({"SEM-05", "SEM-07"})

    def apply_override(self, params: Values, override: Values) -> Values:
        known = {name: entry for name, entry in override.items() if name in params} if params else override
        return super().apply_override(params, known)


class NullEntryIgnored(Mutant):
    """A null entry is ignored: a parameter of the base model cannot be removed."""

    kills = frozenset({"SEM-07"})

    def apply_override(self, params: Values, override: Values) -> Values:
        return super().apply_override(params, {name: entry for name, entry in override.items() if entry is not None})


class AliasIgnored(Mutant):
    """The alias of the provider is accepted and ignored."""

    kills = frozenset({"SEM-09", "STA-13"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        return slots if PROVIDER in values else {name: value for name, value in slots.items() if name != PROVIDER}


class AliasIgnoredInUpdates(Mutant):
    """Only creates use the alias of the provider."""

    kills = frozenset({"SEM-09", "STA-13"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        if PROVIDER in values or all(name != values[KEY] for _, name in self.snapshot()):
            return slots
        return {name: value for name, value in slots.items() if name != PROVIDER}


class BothSpellingsIgnored(Mutant):
    """If both spellings of the provider are sent, neither has an effect."""

    kills = frozenset({"SEM-09"})

    def resolve_aliases(self, values: Values) -> Values:
        slots = super().resolve_aliases(values)
        both = PROVIDER in values and PROVIDER_ALIAS in values
        return {name: value for name, value in slots.items() if name != PROVIDER} if both else slots


class FirstProviderReturned(Mutant):
    """The returned provider is always the first of the table."""

    kills = frozenset({"SEM-08", "SEM-22"})

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        returned = super().provider_field(organization, lineage)
        first = {"id": "openai", "provider_id": "openai", "provider_name": "OpenAI"}
        return {"provider": first} if returned else {}


class ProviderOnlyAtCreate(Mutant):
    """A provider that an update sets is not attached."""

    kills = frozenset({"SEM-08", "SEM-09", "SEM-22"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        return super().merge(earlier, {name: value for name, value in values.items() if name != PROVIDER})


class _Forgeable(Mutant):
    """A response-only field is taken from the request."""

    field: str

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields = super().known_fields(body)
        return {**fields, self.field: body[self.field]} if self.field in body else fields

    def validate_field(self, name: str, value: Json) -> Json:
        return value if name == self.field else super().validate_field(name, value)

    def serialize(self, organization: str, stored: Stored) -> Values:
        forged = {self.field: stored.values[self.field]} if self.field in stored.values else {}
        return {**super().serialize(organization, stored), **forged}


class SourceForged(_Forgeable):
    """A request can set `source`."""

    kills = frozenset({"SEM-10"})
    field = "source"


class CategoryForged(_Forgeable):
    """A request can set `affiliation_category`: a custom model passes for a built-in one."""

    kills = frozenset({"SEM-10"})
    field = "affiliation_category"


class CreatedAtForged(_Forgeable):
    """A request can set `created_at`."""

    kills = frozenset({"SEM-10"})
    field = "created_at"


class ThroughputForged(_Forgeable):
    """A request can set `throughput`."""

    kills = frozenset({"SEM-10"})
    field = "throughput"


class ParametersForged(_Forgeable):
    """A request can set `supported_params`."""

    kills = frozenset({"SEM-10"})
    field = "supported_params"


class ProviderForged(_Forgeable):
    """A request can set `provider`."""

    kills = frozenset({"SEM-10"})
    field = "provider"


class CalledByCustomNameForged(_Forgeable):
    """A request can set `is_called_by_custom_name`."""

    kills = frozenset({"SEM-10"})
    field = "is_called_by_custom_name"


class IdForged(_Forgeable):
    """A request can set `id`."""

    kills = frozenset({"SCH-07", "SEM-10"})
    field = "id"


class RemovedParameterStaysRemoved(Mutant):
    """A parameter that an override removed stays removed, whatever a later override says."""

    kills = frozenset({"IDM-18", "SEM-07"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        removed = {name for name, entry in earlier.items() if entry is None}
        return {**earlier, **{name: entry for name, entry in override.items() if name not in removed}}


class ChainAppliedInReverse(Mutant):
    """The overrides of a chain of base models are applied in reverse order."""

    kills = frozenset({"SEM-07", "SEM-19"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        own, *bases = lineage
        params = self.default_params()
        for model in [*bases, own]:
            params = self.apply_override(params, model.values.get(OVERRIDE, {}))
        return params


class NestedNullsDropped(Mutant):
    """Nulls inside the entries of an override are dropped."""

    kills = frozenset({"SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {entry: self.without_null(inner) for entry, inner in super().mapping(name, value).items()}

    def without_null(self, value: Json) -> Json:
        """Return an object without its null members."""
        return {n: v for n, v in value.items() if v is not None} if isinstance(value, dict) else value


class EmptyEntriesDropped(Mutant):
    """An entry that is an empty object is not stored."""

    kills = frozenset({"SEM-05", "SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {entry: inner for entry, inner in super().mapping(name, value).items() if inner != {}}


class FormerBaseParametersKept(Mutant):
    """A model keeps the parameters of its former base model as its own."""

    kills = frozenset({"SEM-21"})

    def merge(self, earlier: Stored, values: Values) -> Values:
        merged = super().merge(earlier, values)
        former = earlier.values.get(BASE)
        if BASE not in values or former in (None, values[BASE]):
            return merged
        theirs = [stored.values.get(OVERRIDE, {}) for stored in self.snapshot().values() if stored.name == former]
        return {**merged, OVERRIDE: {**theirs[0], **merged.get(OVERRIDE, {})}} if theirs else merged


class BuiltInParametersChanged(Mutant):
    """The override of a derived model changes the parameters of the built-in base model."""

    kills = frozenset({"SEM-11"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.overridden: dict[str, Values] = {}

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        self.overridden.setdefault(stored.values.get(BASE, ""), {}).update(stored.values.get(OVERRIDE, {}))

    def built_in_model(self, name: str) -> Stored | None:
        stored = super().built_in_model(name)
        if stored is None or name not in self.overridden:
            return stored
        params = {**stored.values.get(OVERRIDE, {}), **self.overridden[name]}
        return replace(stored, values={**stored.values, OVERRIDE: params})


class NullEntryIgnoredInUpdates(Mutant):
    """An update ignores null entries: a parameter that was set cannot be removed."""

    kills = frozenset({"SEM-07"})

    def merge_override(self, earlier: Values, override: Values) -> Values:
        return super().merge_override(earlier, {name: entry for name, entry in override.items() if entry is not None})


class OverrideCutAtTenEntries(Mutant):
    """An override keeps only its first ten entries."""

    kills = frozenset({"SEM-20"})

    def requested_values(self, body: Json) -> Values:
        values = super().requested_values(body)
        cut = {OVERRIDE: dict(list(values[OVERRIDE].items())[:10])} if OVERRIDE in values else {}
        return {**values, **cut}


class LargeOverrideDropped(Mutant):
    """An override of more than a hundred entries is silently dropped."""

    kills = frozenset({"SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        entries = super().mapping(name, value)
        return entries if len(entries) <= 100 else {}


class LargeIntegersInOverrideRounded(Mutant):
    """Integers beyond 2^53 in an override keep only ten digits."""

    kills = frozenset({"SEM-20"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {entry: self.rounded(inner) for entry, inner in super().mapping(name, value).items()}

    def rounded(self, value: Json) -> Json:
        """Return the value with less exact integers."""
        if isinstance(value, dict):
            return {name: self.rounded(child) for name, child in value.items()}
        return int(float(f"{value:.9e}")) if isinstance(value, int) and abs(value) > 2**53 else value


class EntryMembersRenamed(Mutant):
    """The members of entries are converted to camel case, and not completely back: `_2` becomes `2`."""

    kills = frozenset({"IDM-18", "SEM-05"})

    def mapping(self, name: str, value: Json) -> dict[str, Json]:
        return {
            entry: {member.replace("_2", "2"): child for member, child in inner.items()}
            if isinstance(inner, dict)
            else inner
            for entry, inner in super().mapping(name, value).items()
        }


class IdUsedAsName(Mutant):
    """An `id` in the body that is the name of a model takes precedence over the name."""

    kills = frozenset({"IDM-27", "SCH-11", "SEM-10"})

    def known_fields(self, body: Mapping[str, Json]) -> Values:
        fields, other = super().known_fields(body), body.get("id")
        known = isinstance(other, str) and any(name == other for _, name in self.snapshot())
        return {**fields, KEY: other} if known else fields
