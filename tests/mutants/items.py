"""Bugs in the read and the delete of a model at its path."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, KEY, OVERRIDE, PROVIDER
from tests.servers.wire import HttpError, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.servers.fixtures import Fixtures
    from tests.servers.plain import Address, Stored
    from tests.servers.plain_fields import Values
    from tests.servers.plain_http import Handler
    from tests.servers.wire import Request


class AbsentModelIsNull(Mutant):
    """A read of a model that does not exist is answered 200 with null."""

    kills = frozenset({"STA-19", "STA-20", "SCH-03"})

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError as error:
            return Response(200, None) if error.status == 404 else self.error_response(error)

    def body_bytes(self, request: Request, response: Response) -> bytes:
        return super().body_bytes(request, response) or (b"null" if response.status == 200 else b"")


class ReadCreates(Mutant):
    """A read of a model that does not exist creates it: `get_or_create`."""

    kills = frozenset({"STA-19", "STA-20"})

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        if self.resolve_model(organization, name) is None:
            self.write(organization, name, {KEY: name})
        return super().read(request)


class DeleteAnswers200(Mutant):
    """A delete is answered 200 with a word of success."""

    kills = frozenset({"STA-04", "STA-20"})

    def delete(self, request: Request) -> Response:
        super().delete(request)
        return Response(200, {"detail": "Deleted."})


class DeleteOfNothingSucceeds(Mutant):
    """A delete of a model that does not exist is answered 204."""

    kills = frozenset({"STA-20"})

    def remove(self, organization: str, name: str) -> bool:
        return super().remove(organization, name) or True


class DeleteDoesNothing(Mutant):
    """A delete is answered 204, and nothing is deleted: nobody commits."""

    kills = frozenset({"STA-20", "STA-21"})

    def remove(self, organization: str, name: str) -> bool:
        return self.find(organization, name) is not None


class DeletedIsStillRead(Mutant):
    """A deleted model is marked, and the read forgets to look at the mark."""

    kills = frozenset({"STA-20"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.marked: dict[Address, Stored] = {}

    def remove(self, organization: str, name: str) -> bool:
        address = self.address(organization, name)
        self.marked.update({address: self.models[address]} if address in self.models else {})
        return super().remove(organization, name)

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError:
            organization = self.authenticate(request).organization
            marked = self.marked.get(self.address(organization, self.name_in(request.path)))
            if marked is None:
                raise
            return Response(200, self.serialize(organization, marked))


class _Undead(Mutant):
    """A deleted model is kept aside, and comes back with the next upsert of its name."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.buried: dict[Address, Values] = {}

    def remove(self, organization: str, name: str) -> bool:
        stored = self.find(organization, name)
        if stored is not None:
            self.buried[self.address(organization, name)] = dict(stored.values)
        return super().remove(organization, name)

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        buried = self.buried.pop(self.address(organization, name), {})
        return super().write(organization, name, {**self.remains(buried), **values})

    def remains(self, buried: Values) -> Values:
        """What comes back of a deleted model."""
        return buried


class DeletedComesBack(_Undead):
    """The upsert of a deleted name takes away the mark of deletion, and all old values are back."""

    kills = frozenset({"STA-21"})


class DeletedOverrideComesBack(_Undead):
    """The override lies in a table of its own, from which nothing is deleted."""

    kills = frozenset({"STA-21"})

    def remains(self, buried: Values) -> Values:
        return {OVERRIDE: buried[OVERRIDE]} if OVERRIDE in buried else {}


class DeletedReferencesComeBack(_Undead):
    """Base and provider of a model lie in tables of relations, from which nothing is deleted."""

    kills = frozenset({"STA-21"})

    def remains(self, buried: Values) -> Values:
        return {name: buried[name] for name in (BASE, PROVIDER) if name in buried}


class BasedModelsAreNotDeleted(Mutant):
    """A model that refers to another is marked as deleted only, and nobody looks at the mark."""

    kills = frozenset({"STA-21"})

    def remove(self, organization: str, name: str) -> bool:
        stored = self.find(organization, name)
        return stored is not None and (BASE in stored.values or super().remove(organization, name))


class DeletedIsUpdated(Mutant):
    """The upsert of a deleted name is answered 200, for the row is still there."""

    kills = frozenset({"STA-21"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.rows: set[Address] = set()

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        row = self.address(organization, name)
        known = row in self.rows
        self.rows.add(row)
        return 200 if known else status, stored


class DeletedNamesAreTaken(Mutant):
    """The name of a deleted model is still unique: creating it anew is answered 400."""

    kills = frozenset({"STA-17", "STA-21"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.deleted: set[Address] = set()

    def remove(self, organization: str, name: str) -> bool:
        self.deleted.add(self.address(organization, name))
        return super().remove(organization, name)

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        super().reject_unknown_references(organization, values)
        if self.address(organization, values[KEY]) in self.deleted:
            raise HttpError(400, {KEY: ["A model with this name exists already."]})


class SlashesEndTheName(Mutant):
    """The path of a model has one segment: a name with a slash in it is never found."""

    kills = frozenset({"STA-22"})

    def handlers(self, path: str) -> Mapping[str, Handler]:
        return {} if "/" in self.name_in(path) else super().handlers(path)


class DotsEndTheName(Mutant):
    """A segment of a path ends at a dot, as it does by default in a router of Django REST framework."""

    kills = frozenset({"STA-19"})

    def handlers(self, path: str) -> Mapping[str, Handler]:
        return {} if "." in self.name_in(path) else super().handlers(path)


class DotsBeginAFormat(Mutant):
    """What follows the last dot of a path is the format that is asked for, and not of the name."""

    kills = frozenset({"STA-19"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).removesuffix(".json")


class SlashesAreReadNotDeleted(Mutant):
    """The route of the delete takes one segment, that of the read takes all."""

    kills = frozenset({"STA-22"})

    def delete(self, request: Request) -> Response:
        if "/" in self.name_in(request.path):
            raise HttpError(404, "Not found.")
        return super().delete(request)


class LastSegmentIsTheName(Mutant):
    """The read takes the last segment of the path for the name."""

    kills = frozenset({"STA-22"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).rpartition("/")[2]


class DeleteCascades(Mutant):
    """The rows of the models on a base are deleted with it: `ON DELETE CASCADE`."""

    kills = frozenset({"SEM-17"})

    def remove(self, organization: str, name: str) -> bool:
        on_it = [each.name for each in self.models.values() if each.values.get(BASE) == name]
        removed = super().remove(organization, name)
        for each in on_it:
            self.remove(organization, each)
        return removed


class ModelsGoWithTheirBase(Mutant):
    """A model whose base was deleted is still stored, and still updated, but no longer read."""

    kills = frozenset({"SEM-17"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        model = super().resolve_model(organization, name)
        base = model.values.get(BASE) if model else None
        return None if base and super().resolve_model(organization, base) is None else model


class SlashesPassTheGuard(Mutant):
    """The guard looks at paths of one segment: a model whose name has a slash is read without credentials."""

    kills = frozenset({"AUT-10"})

    def read(self, request: Request) -> Response:
        name = self.name_in(request.path)
        if "/" not in name or request.header("Authorization"):
            return super().read(request)
        stored = self.find("acme", name)
        return Response(200, self.serialize("acme", stored)) if stored else Response(404, {"detail": "Not found."})


class DotMatchesAnything(Mutant):
    """A read looks the name up as a regular expression, in which a dot stands for any character."""

    kills = frozenset({"SCH-11", "STA-19"})

    def read(self, request: Request) -> Response:
        organization = self.authenticate(request).organization
        pattern = re.compile(re.escape(self.name_in(request.path)).replace(r"\.", "."))
        found = (
            stored for (owner, name), stored in self.models.items() if owner == organization and pattern.fullmatch(name)
        )
        stored = self.resolve_model(organization, self.name_in(request.path)) or next(found, None)
        if stored is None:
            raise HttpError(404, "Not found.")
        return Response(200, self.serialize(organization, stored))


class PlusInThePathIsSpace(Mutant):
    """The path is decoded as a form is: a plus in it is a space."""

    kills = frozenset({"IDM-20"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).replace("+", " ")
