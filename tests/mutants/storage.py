"""Bugs in storing values, reading them back and caching them."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import COSTS, FLAGS, INHERITED, KEY, OVERRIDE, PROVIDER
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class UpdateReturnsRequest(Mutant):
    """An update returns the fields of the request instead of the stored model."""

    kills = frozenset({"IDM-06", "IDM-21", "IDM-22"})

    def upsert(self, request: Request) -> Response:
        caller, values = self.admit(request)
        self.reject_read_only(caller)
        self.reject_built_in(values[KEY])
        self.reject_unknown_references(caller.organization, values)
        status, stored = self.write(caller.organization, values[KEY], values)
        return Response(status, self.serialize(caller.organization, replace(stored, values=values)))


class UpdateReturnsOldValues(Mutant):
    """An update returns the model as it was before."""

    kills = frozenset(
        {"IDM-02", "IDM-08", "IDM-18", "SEM-01", "SEM-02", "SEM-07", "SEM-08", "SEM-09", "SEM-20", "SEM-22"}
    )

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        earlier = self.find(organization, name)
        status, stored = super().write(organization, name, values)
        return status, earlier or stored


class CreateReturnsZeroCosts(Mutant):
    """A create returns costs of 0, from the row before its values are set."""

    kills = frozenset({"IDM-01", "IDM-03", "IDM-08", "IDM-09", "IDM-26", "SEM-01", "SEM-02", "SEM-03", "SEM-11"})

    def upsert(self, request: Request) -> Response:
        response = super().upsert(request)
        if response.status == 201:
            response.body.update({name: 0 for name in COSTS if name in response.body})
        return response


class _NotStored(Mutant):
    """A field is returned but not stored."""

    field: str

    def save(self, organization: str, stored: Stored) -> None:
        kept = self.find(organization, stored.name)
        values = {name: value for name, value in stored.values.items() if name != self.field}
        if kept is not None and self.field in kept.values:
            values[self.field] = kept.values[self.field]
        super().save(organization, replace(stored, values=values))


class DisplayNameNotStored(_NotStored):
    """The display name is returned but not stored."""

    kills = frozenset({"IDM-04", "IDM-06", "IDM-07"})
    field = "display_name"


class CostNotStored(_NotStored):
    """The newest cost is returned but not stored."""

    kills = frozenset({"IDM-04", "IDM-06", "IDM-07", "SEM-01", "SEM-03"})
    field = "cache_creation_input_cost"


class OverrideNotStored(_NotStored):
    """The override is applied to the response but not stored."""

    kills = frozenset({"IDM-17", "IDM-21", "IDM-24", "IDM-28", "SEM-06", "SEM-13", "SEM-19", "SEM-21"})
    field = OVERRIDE


class ProviderNotStored(_NotStored):
    """The provider is returned but not stored."""

    kills = frozenset({"IDM-22", "IDM-25", "IDM-28", "SEM-22"})
    field = PROVIDER


class _StoredOnCreateOnly(_NotStored):
    """A field is stored by creates but not by updates."""

    def save(self, organization: str, stored: Stored) -> None:
        if self.find(organization, stored.name) is None:
            self.models[self.address(organization, stored.name)] = stored
        else:
            super().save(organization, stored)


class WindowStoredOnCreateOnly(_StoredOnCreateOnly):
    """`update_fields` lacks the context window: an update returns it but does not store it."""

    kills = frozenset({"IDM-04", "IDM-06", "IDM-07"})
    field = "max_context_window"


class OverrideStoredOnCreateOnly(_StoredOnCreateOnly):
    """`update_fields` lacks the override: an update returns it but does not store it."""

    kills = frozenset({"IDM-24"})
    field = OVERRIDE


class _ReadCache(Mutant):
    """Reads return cached responses."""

    seconds: float

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.cached: dict[object, tuple[float, Response]] = {}

    def entry(self, request: Request) -> object:
        """Return the key of the cache."""
        return request.path, request.header("Authorization")

    def read(self, request: Request) -> Response:
        entry = self.entry(request)
        since, response = self.cached.get(entry, (0.0, None))
        if response is None or monotonic() - since > self.seconds:
            response = super().read(request)
            self.cached[entry] = monotonic(), response
        return response


class ReadsLag(_ReadCache):
    """Reads are stale for a tenth of a second."""

    kills = frozenset({"CON-06", "IDM-05"})
    seconds = 0.1


class ReadCacheNeverCleared(_ReadCache):
    """Updates do not clear the read cache."""

    kills = frozenset({"CON-06", "IDM-04", "IDM-05", "IDM-07", "IDM-24", "STA-20"})
    seconds = 3600.0


class NotFoundCached(Mutant):
    """A cached 404 is returned although the model was created meanwhile."""

    kills = frozenset({"IDM-05"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.absent: dict[object, HttpError] = {}

    def read(self, request: Request) -> Response:
        question = request.path, request.header("Authorization")
        if question in self.absent:
            raise self.absent[question]
        try:
            return super().read(request)
        except HttpError as error:
            if error.status == 404:
                self.absent[question] = error
            raise


class CreatesShareDefaults(Mutant):
    """Every create writes into one dictionary of defaults and starts from it."""

    kills = frozenset({"IDM-23", "TEN-03"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.defaults: Values = {}

    def initial_values(self, values: Values) -> Values:
        self.defaults.update({name: value for name, value in values.items() if name == "display_name"})
        return {**self.defaults, **values}


class FlagsSharedByAllModels(Mutant):
    """All models share one row of flags: its key lacks a column."""

    kills = frozenset({"IDM-04", "IDM-10", "IDM-11", "IDM-17", "IDM-27", "SEM-01", "SEM-02", "SEM-16", "TEN-02"})
    flaky = frozenset({"CON-04", "SEM-11"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.flags: Values = {}

    def save(self, organization: str, stored: Stored) -> None:
        self.flags.update({name: value for name, value in stored.values.items() if name in FLAGS})
        super().save(organization, stored)

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        value = super().nearest_value(name, lineage)
        return value if value is None or name not in FLAGS else self.flags.get(name, value)


class InheritedValuesMissingInReads(Mutant):
    """Reads return no inherited values; upserts do."""

    kills = frozenset({"IDM-26"})

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        stored = self.find(organization, name)
        if stored is None:
            return super().read(request)
        lineage = [stored]
        inherited = {**self.inherited_fields(lineage), "supported_params": self.supported_params(lineage)}
        returned = {
            name: value for name, value in self.serialize(organization, stored).items() if name not in INHERITED
        }
        return Response(200, {**returned, **inherited})


class DeleteByPrefix(Mutant):
    """A delete also deletes models whose names start with the name."""

    kills = frozenset({"STA-20"})
    joint = "-"

    def remove(self, organization: str, name: str) -> bool:
        with self.lock:
            for owner, key in self.snapshot():
                if owner == organization and key.startswith(f"{name}{self.joint}"):
                    super().remove(organization, key)
            return super().remove(organization, name)


class DeleteByFolder(DeleteByPrefix):
    """A delete also deletes models whose names continue with a slash."""

    kills = frozenset({"STA-22"})
    joint = "/"


class CostsStoredWithFourDecimals(Mutant):
    """Costs are stored with four decimals, which reads return; writes return the sent value."""

    kills = frozenset({"IDM-04", "IDM-09"})

    def read(self, request: Request) -> Response:
        response = super().read(request)
        rounded = {name: round(response.body[name], 4) for name in COSTS if name in response.body}
        return Response(response.status, {**response.body, **rounded})


class EqualModelsShareARow(Mutant):
    """Models with equal values share one row: an update of one changes the other."""

    kills = frozenset({"IDM-17"})
    flaky = frozenset({"IDM-04"})  # the second run shares no record with the models of the first

    def save(self, organization: str, stored: Stored) -> None:
        earlier = self.find(organization, stored.name)
        super().save(organization, stored)
        for (owner, _), model in self.snapshot().items():
            if earlier and owner == organization and len(model.values) > 4 and self.alike(model, earlier):
                super().save(owner, replace(model, values={**stored.values, KEY: model.name}))

    def alike(self, one: Stored, other: Stored) -> bool:
        """Return whether two models are equal except for their names."""
        return {**one.values, KEY: ""} == {**other.values, KEY: ""}
