"""Bugs in isolating organizations."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import KEY, OVERRIDE
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Address, Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Request


class _Everywhere(Mutant):
    """Something searches all organizations."""

    def anywhere(self, name: str) -> Stored | None:
        """Return the model of a name in any organization."""
        return next((stored for (_, key), stored in self.snapshot().items() if key == name), None)


class ModelsSharedByOrganizations(Mutant):
    """Models are stored by name alone, without the organization."""

    kills = frozenset({"CON-08", "TEN-01", "TEN-02", "TEN-03", "TEN-04", "TEN-05", "TEN-06"})

    def address(self, organization: str, name: str) -> Address:
        return "", name


class NamesUniqueAcrossOrganizations(_Everywhere):
    """A name that another organization uses returns 400."""

    kills = frozenset({"STA-17", "TEN-01"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, values)
        if self.find(organization, values[KEY]) is None and self.anywhere(values[KEY]):
            raise HttpError(400, {KEY: ["A model with this name exists already."]})


class OtherOrganizationsModelMakesUpdate(_Everywhere):
    """A create of a name that another organization uses returns 200."""

    kills = frozenset({"TEN-01"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        taken = self.anywhere(name) is not None
        status, stored = super().write(organization, name, values)
        return 200 if taken else status, stored


class CreateCopiesOtherOrganization(_Everywhere):
    """A create starts from the values of another organization's model of that name."""

    kills = frozenset({"TEN-03"})

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        other = self.anywhere(name) if earlier is None else None
        return super().upserted(earlier, name, {**other.values, **values} if other else values)


class UpdateWritesToOtherOrganization(Mutant):
    """An update changes the models of that name in all organizations."""

    kills = frozenset({"TEN-02"})

    def save(self, organization: str, stored: Stored) -> None:
        known = self.find(organization, stored.name) is not None
        super().save(organization, stored)
        for owner, name in [address for address in self.snapshot() if known and address[1] == stored.name]:
            self.models[owner, name] = stored


class ReadReturnsOtherOrganizationsModel(_Everywhere):
    """A read returns a model of any organization."""

    kills = frozenset({"TEN-03"})

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError:
            stored = self.anywhere(self.name_in(request.path))
            if stored is None:
                raise
            return Response(200, self.serialize(self.authenticate(request).organization, stored))


class SlashReadReturnsOtherOrganizationsModel(ReadReturnsOtherOrganizationsModel):
    """A read of a name with a slash returns a model of any organization."""

    kills = frozenset({"TEN-03"})

    def anywhere(self, name: str) -> Stored | None:
        return super().anywhere(name) if "/" in name else None


class ReadCacheSharedByOrganizations(Mutant):
    """The read cache is keyed by path, without the organization."""

    kills = frozenset({"CON-08", "TEN-02", "TEN-03", "TEN-04"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.cached: dict[str, Response] = {}

    def read(self, request: Request) -> Response:
        self.authenticate(request)
        name = self.name_in(request.path)
        if name not in self.cached:
            self.cached[name] = super().read(request)
        return self.cached[name]

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        self.cached.pop(stored.name, None)

    def remove(self, organization: str, name: str) -> bool:
        self.cached.pop(name, None)
        return super().remove(organization, name)


class DeleteRemovesOtherOrganizationsModel(_Everywhere):
    """A delete removes another organization's model if there is no own one."""

    kills = frozenset({"TEN-04"})

    def remove(self, organization: str, name: str) -> bool:
        owners = [owner for owner, key in self.snapshot() if key == name]
        return super().remove(organization if organization in owners or not owners else owners[0], name)


class DeleteRemovesAllOrganizationsModels(Mutant):
    """A delete removes the models of that name in all organizations."""

    kills = frozenset({"TEN-04"})

    def remove(self, organization: str, name: str) -> bool:
        found = super().remove(organization, name)
        for address in [address for address in self.snapshot() if found and address[1] == name]:
            del self.models[address]
        return found


class OtherOrganizationsBaseInherited(_Everywhere):
    """A model can inherit from a model of another organization."""

    kills = frozenset({"TEN-05", "TEN-06"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        return super().resolve_model(organization, name) or self.anywhere(name)

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        if self.find(organization, name) is None and self.built_in_model(name) is None:
            raise HttpError(404, "Not found.")
        return super().read(request)


class OtherOrganizationsBaseAccepted(_Everywhere):
    """A base model of another organization is accepted, which reveals that it exists."""

    kills = frozenset({"TEN-06"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        if not self.anywhere(values.get("base_model_name", "")):
            super().reject_unknown_references(organization, values)


class DisplayNameLostInOtherOrganization(Mutant):
    """Updates of the display name are lost in all organizations but the first."""

    kills = frozenset({"TEN-01"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        lost = organization != "acme" and self.find(organization, name) is not None
        kept = {field: value for field, value in values.items() if not (lost and field == "display_name")}
        return super().write(organization, name, kept)


class ResponsesCachedByBody(Mutant):
    """An upsert with the same body as another organization's previous one returns its response and is not stored."""

    kills = frozenset({"TEN-01"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.latest: tuple[str, Values, Response] | None = None

    def upsert(self, request: Request) -> Response:
        caller, values = self.admit(request)
        if self.latest and self.latest[0] != caller.organization and self.latest[1] == values and caller.may_write:
            return self.latest[2]
        data = json.dumps(values).encode()
        request.environ["wsgi.input"], request.environ["CONTENT_LENGTH"] = BytesIO(data), str(len(data))
        response = super().upsert(request)
        self.latest = caller.organization, values, response
        return response


class WriteClearsOnlyOwnReadCache(Mutant):
    """Reads are cached by path, and a write clears the entry only if the same organization read it last."""

    kills = frozenset({"CON-08", "TEN-02", "TEN-03", "TEN-04"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.cached: dict[str, tuple[str, Response]] = {}

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        if name not in self.cached:
            self.cached[name] = organization, super().read(request)
        return self.cached[name][1]

    def drop(self, organization: str, name: str) -> None:
        """Drop the cached read of a model if it is the organization's."""
        if self.cached.get(name, ("", None))[0] == organization:
            del self.cached[name]

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        self.drop(organization, stored.name)

    def remove(self, organization: str, name: str) -> bool:
        self.drop(organization, name)
        return super().remove(organization, name)


class ReadFallsBackToOtherOrganization(_Everywhere):
    """After a delete, a read returns the model of another organization."""

    kills = frozenset({"TEN-04"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.deleted: set[Address] = set()

    def remove(self, organization: str, name: str) -> bool:
        found = super().remove(organization, name)
        self.deleted |= {self.address(organization, name)} if found else set()
        return found

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError:
            organization, name = self.authenticate(request).organization, self.name_in(request.path)
            stored = self.anywhere(name) if self.address(organization, name) in self.deleted else None
            if stored is None:
                raise
            return Response(200, self.serialize(organization, stored))


class ErrorLeaksOtherOrganization(_Everywhere):
    """The 404 of a read suggests the display name of another organization's model."""

    kills = frozenset({"TEN-03"})

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError as error:
            other = self.anywhere(self.name_in(request.path))
            name = "" if other is None else other.values.get("display_name", "")
            hint = f" Did you mean {name}?" if name else ""
            raise HttpError(error.status, f"{error.problem}{hint}", error.headers) from None


class BaseJoinedByNameOnly(_Everywhere):
    """A base model is checked in the organization but joined by name: the first one wins."""

    kills = frozenset({"TEN-05"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        return None if base is None else self.anywhere(base.name) or base


class ParametersSharedByOrganizations(Mutant):
    """Parameters are stored by model name alone, without the organization."""

    kills = frozenset({"TEN-02"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.parameters: dict[str, Values] = {}

    def save(self, organization: str, stored: Stored) -> None:
        super().save(organization, stored)
        if OVERRIDE in stored.values:
            self.parameters[stored.name] = stored.values[OVERRIDE]

    def remove(self, organization: str, name: str) -> bool:
        self.parameters.pop(name, None)
        return super().remove(organization, name)

    def supported_params(self, lineage: list[Stored]) -> Values:
        params = self.default_params()
        for model in reversed(lineage):
            own = {} if model.built_in else self.parameters.get(model.name, {})
            params = self.apply_override(params, own or model.values.get(OVERRIDE, {}))
        return params


class NewestBaseOfAnyOrganization(_Everywhere):
    """Values are inherited from the newest model of the base model's name, in any organization."""

    kills = frozenset({"TEN-05"})

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        base = super().base_of(organization, stored)
        if base is None or base.built_in:
            return base
        *_, newest = (stored for (_, key), stored in self.snapshot().items() if key == base.name)
        return newest
