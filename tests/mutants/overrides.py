"""Bugs in overrides and providers, and in what a request must not set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, OVERRIDE, PROVIDER, PROVIDER_ALIAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json


class OverrideNotShown(Mutant):
    """The override is stored, and has no effect on what is shown."""

    trips = frozenset({"IDM-18", "IDM-21", "IDM-24", "SEM-05", "SEM-06", "SEM-13", "SEM-14"})

    def overlaid(self, params: Values, override: Values) -> Values:
        return {"stream": {"type": "boolean"}}


class OverrideNeedsABase(Mutant):
    """The override of a model without a base is not shown: there is nothing that it overrides."""

    trips = frozenset({"IDM-18", "IDM-21", "IDM-24", "SEM-05"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        return super().supported_params(lineage) if BASE in lineage[0].values else {}


class ParametersNotInherited(Mutant):
    """A model without an override shows no parameters of its base."""

    trips = frozenset({"SEM-13"})

    def supported_params(self, lineage: list[Stored]) -> Values:
        return super().supported_params(lineage if OVERRIDE in lineage[0].values else lineage[:1])


class OverrideReplacesAll(Mutant):
    """The override takes the place of all parameters of the base."""

    trips = frozenset({"SEM-06"})

    def overlaid(self, params: Values, override: Values) -> Values:
        return super().overlaid({} if override else params, override)


class OverrideMixedIn(Mutant):
    """An entry of the override is mixed into the base's parameter of that name, member by member."""

    trips = frozenset({"SEM-14"})

    def overlaid(self, params: Values, override: Values) -> Values:
        both = {
            name: {**params[name], **entry}
            for name, entry in override.items()
            if isinstance(entry, dict) and isinstance(params.get(name), dict)
        }
        return super().overlaid(params, {**override, **both})


class BaseParametersWin(Mutant):
    """A parameter that the base has cannot be overridden."""

    trips = frozenset({"SEM-05", "SEM-07", "SEM-14"})

    def overlaid(self, params: Values, override: Values) -> Values:
        return super().overlaid(override, params)


class OnlyKnownParametersOverridden(Mutant):
    """An override changes the base's parameters, and adds none."""

    trips = frozenset({"SEM-05"})

    def overlaid(self, params: Values, override: Values) -> Values:
        known = {name: entry for name, entry in override.items() if name in params} if params else override
        return super().overlaid(params, known)


class NullEntriesIgnored(Mutant):
    """An entry of null counts as none: a parameter of the base cannot be removed."""

    trips = frozenset({"SEM-07"})

    def overlaid(self, params: Values, override: Values) -> Values:
        return super().overlaid(params, {name: entry for name, entry in override.items() if entry is not None})


class AliasIgnored(Mutant):
    """The second spelling of the provider is taken, and nothing is done with it."""

    trips = frozenset({"SEM-09", "STA-13"})

    def slots(self, values: Values) -> Values:
        slots = super().slots(values)
        return slots if PROVIDER in values else {name: value for name, value in slots.items() if name != PROVIDER}


class BothSpellingsCancel(Mutant):
    """Where both spellings are sent and agree, neither has an effect."""

    trips = frozenset({"SEM-09"})

    def slots(self, values: Values) -> Values:
        slots = super().slots(values)
        both = PROVIDER in values and PROVIDER_ALIAS in values
        return {name: value for name, value in slots.items() if name != PROVIDER} if both else slots


class ProviderOfTheTable(Mutant):
    """The provider that is shown is the first of the table."""

    trips = frozenset({"SEM-08"})

    def provider_shown(self, organization: str, lineage: list[Stored]) -> Values:
        shown = super().provider_shown(organization, lineage)
        first = {"id": "openai", "provider_id": "openai", "provider_name": "OpenAI"}
        return {"provider": first} if shown else {}


class ProviderOnlyAtCreate(Mutant):
    """A provider that is given to a model that exists is not attached."""

    trips = frozenset({"SEM-08"})

    def merged(self, earlier: Stored, values: Values) -> Values:
        return super().merged(earlier, {name: value for name, value in values.items() if name != PROVIDER})


class _Forgeable(Mutant):
    """A field of the answer is taken from the request."""

    field: str

    def given(self, body: Mapping[str, Json]) -> Values:
        given = super().given(body)
        return {**given, self.field: body[self.field]} if self.field in body else given

    def value(self, name: str, value: Json) -> Json:
        return value if name == self.field else super().value(name, value)

    def shown(self, organization: str, stored: Stored) -> Values:
        forged = {self.field: stored.values[self.field]} if self.field in stored.values else {}
        return {**super().shown(organization, stored), **forged}


class SourceForged(_Forgeable):
    """`source` is taken from the request."""

    trips = frozenset({"SEM-10"})
    field = "source"


class CategoryForged(_Forgeable):
    """`affiliation_category` is taken from the request: a custom model passes for a built-in one."""

    trips = frozenset({"SEM-10"})
    field = "affiliation_category"


class CreationForged(_Forgeable):
    """`created_at` is taken from the request."""

    trips = frozenset({"SEM-10"})
    field = "created_at"


class ThroughputForged(_Forgeable):
    """`throughput` is taken from the request: a model passes for a fast one."""

    trips = frozenset({"SEM-10"})
    field = "throughput"


class ParametersForged(_Forgeable):
    """`supported_params` is taken from the request, past the override."""

    trips = frozenset({"SEM-10"})
    field = "supported_params"


class ProviderForged(_Forgeable):
    """`provider` is taken from the request."""

    trips = frozenset({"SEM-10"})
    field = "provider"


class CalledByForged(_Forgeable):
    """`is_called_by_custom_name` is taken from the request."""

    trips = frozenset({"SEM-10"})
    field = "is_called_by_custom_name"


class IdForged(_Forgeable):
    """`id` is taken from the request."""

    trips = frozenset({"SCH-07", "SEM-10"})
    field = "id"
