"""Bugs in reading and deleting a model by its path."""

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


class MissingModelIsNull(Mutant):
    """A read of a missing model returns 200 with null."""

    kills = frozenset({"STA-19", "STA-20", "SCH-03"})

    def read(self, request: Request) -> Response:
        try:
            return super().read(request)
        except HttpError as error:
            return Response(200, None) if error.status == 404 else self.error_response(error)

    def body_bytes(self, request: Request, response: Response) -> bytes:
        return super().body_bytes(request, response) or (b"null" if response.status == 200 else b"")


class ReadCreatesModel(Mutant):
    """A read of a missing model creates it: `get_or_create`."""

    kills = frozenset({"STA-19", "STA-20"})

    def read(self, request: Request) -> Response:
        organization, name = self.authenticate(request).organization, self.name_in(request.path)
        if self.resolve_model(organization, name) is None:
            self.write(organization, name, {KEY: name})
        return super().read(request)


class DeleteReturns200(Mutant):
    """A delete returns 200 with a message."""

    kills = frozenset({"STA-04", "STA-20"})

    def delete(self, request: Request) -> Response:
        super().delete(request)
        return Response(200, {"detail": "Deleted."})


class DeleteOfMissingModelReturns204(Mutant):
    """A delete of a missing model returns 204."""

    kills = frozenset({"STA-20"})

    def remove(self, organization: str, name: str) -> bool:
        return super().remove(organization, name) or True


class DeleteNotCommitted(Mutant):
    """A delete returns 204 and deletes nothing: the transaction is not committed."""

    kills = frozenset({"STA-20", "STA-21"})

    def remove(self, organization: str, name: str) -> bool:
        return self.find(organization, name) is not None


class DeletedModelReadable(Mutant):
    """A read ignores the mark of deleted models."""

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


class _ComesBack(Mutant):
    """A deleted model comes back with the next upsert of its name."""

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
        """Return what comes back of a deleted model."""
        return buried


class DeletedValuesComeBack(_ComesBack):
    """An upsert of a deleted name undeletes the model with all its old values."""

    kills = frozenset({"STA-21"})


class DeletedOverrideComesBack(_ComesBack):
    """A delete keeps the override, and the next model of that name gets it."""

    kills = frozenset({"STA-21"})

    def remains(self, buried: Values) -> Values:
        return {OVERRIDE: buried[OVERRIDE]} if OVERRIDE in buried else {}


class DeletedReferencesComeBack(_ComesBack):
    """A delete keeps base model and provider, and the next model of that name gets them."""

    kills = frozenset({"STA-21"})

    def remains(self, buried: Values) -> Values:
        return {name: buried[name] for name in (BASE, PROVIDER) if name in buried}


class DerivedModelNotDeleted(Mutant):
    """A derived model is only marked as deleted, and nobody checks the mark."""

    kills = frozenset({"STA-21"})

    def remove(self, organization: str, name: str) -> bool:
        stored = self.find(organization, name)
        return stored is not None and (BASE in stored.values or super().remove(organization, name))


class CreateAfterDeleteReturns200(Mutant):
    """An upsert of a deleted name returns 200, because the row still exists."""

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


class CreateAfterDeleteReturns400(Mutant):
    """A deleted name still violates the unique constraint: creating it again returns 400."""

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


class SlashInPathNotFound(Mutant):
    """The path of a model has one segment: a name with a slash is never found."""

    kills = frozenset({"STA-22"})

    def handlers(self, path: str) -> Mapping[str, Handler]:
        return {} if "/" in self.name_in(path) else super().handlers(path)


class DotInPathNotFound(Mutant):
    """A path segment ends at a dot, as by default in Django REST framework: such names are not found."""

    kills = frozenset({"STA-19"})

    def handlers(self, path: str) -> Mapping[str, Handler]:
        return {} if "." in self.name_in(path) else super().handlers(path)


class DotInPathIsFormat(Mutant):
    """The text after the last dot of a path is taken for a format suffix."""

    kills = frozenset({"STA-19"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).removesuffix(".json")


class SlashInPathNotDeletable(Mutant):
    """The route for delete matches one segment: names with a slash can be read but not deleted."""

    kills = frozenset({"STA-22"})

    def delete(self, request: Request) -> Response:
        if "/" in self.name_in(request.path):
            raise HttpError(404, "Not found.")
        return super().delete(request)


class LastSegmentReadAsName(Mutant):
    """A read takes only the last path segment for the name."""

    kills = frozenset({"STA-22"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).rpartition("/")[2]


class DeleteCascades(Mutant):
    """Deleting a base model deletes its derived models: `ON DELETE CASCADE`."""

    kills = frozenset({"SEM-17"})

    def remove(self, organization: str, name: str) -> bool:
        on_it = [each.name for each in self.snapshot().values() if each.values.get(BASE) == name]
        removed = super().remove(organization, name)
        for each in on_it:
            self.remove(organization, each)
        return removed


class DerivedModelUnreadableAfterDelete(Mutant):
    """After its base model is deleted, a derived model can be updated but no longer read."""

    kills = frozenset({"SEM-17"})

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        model = super().resolve_model(organization, name)
        base = model.values.get(BASE) if model else None
        return None if base and super().resolve_model(organization, base) is None else model


class SlashInPathSkipsAuthentication(Mutant):
    """A model whose name has a slash can be read without credentials: the guard matches one segment."""

    kills = frozenset({"AUT-10"})

    def read(self, request: Request) -> Response:
        name = self.name_in(request.path)
        if "/" not in name or request.header("Authorization"):
            return super().read(request)
        stored = self.find("acme", name)
        return Response(200, self.serialize("acme", stored)) if stored else Response(404, {"detail": "Not found."})


class NameReadAsRegex(Mutant):
    """A read uses the name as a regular expression, so a dot matches any character."""

    kills = frozenset({"SCH-11", "STA-19"})

    def read(self, request: Request) -> Response:
        organization = self.authenticate(request).organization
        pattern = re.compile(re.escape(self.name_in(request.path)).replace(r"\.", "."))
        found = (
            stored
            for (owner, name), stored in self.snapshot().items()
            if owner == organization and pattern.fullmatch(name)
        )
        stored = self.resolve_model(organization, self.name_in(request.path)) or next(found, None)
        if stored is None:
            raise HttpError(404, "Not found.")
        return Response(200, self.serialize(organization, stored))


class PlusInPathIsSpace(Mutant):
    """A plus in a path is decoded as a space, as in a form."""

    kills = frozenset({"IDM-20"})

    def name_in(self, path: str) -> str:
        return super().name_in(path).replace("+", " ")


class LongNamesNotFound(Mutant):
    """The route of a read matches at most 60 characters."""

    kills = frozenset({"IDM-20", "STA-19"})

    def read(self, request: Request) -> Response:
        if len(self.name_in(request.path)) > 60:
            raise HttpError(404, "Not found.")
        return super().read(request)


class ManySlashesNotFound(Mutant):
    """The router matches at most three segments of a name."""

    kills = frozenset({"STA-22"})

    def name_in(self, path: str) -> str:
        name = super().name_in(path)
        return "" if name.count("/") > 2 else name


class NulInPathReturns500(Mutant):
    """The database rejects a name with a NUL character, and no one catches its error."""

    kills = frozenset({"STA-03"})

    def name_in(self, path: str) -> str:
        if "\0" in path:
            raise ValueError("a string literal cannot contain NUL (0x00) characters")
        return super().name_in(path)


class OptionsReturns500(Mutant):
    """The handler of OPTIONS fails: it expects a header that only browsers send."""

    kills = frozenset({"STA-03"})

    def handler(self, request: Request) -> Handler:
        if request.method == "OPTIONS":
            raise KeyError("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
        return super().handler(request)
