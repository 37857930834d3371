"""Bugs that a refused request leaves behind."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.mutants.mutant import Mutant
from tests.servers.plain_fields import BASE, KEY, OVERRIDE, PROVIDER
from tests.servers.wire import HttpError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.fixtures import Caller, Fixtures
    from tests.servers.plain import Stored
    from tests.servers.plain_fields import Values
    from tests.servers.wire import Json, Request


class _Early(Mutant):
    """Something of a request is stored, and the request refused after that."""

    def stored_early(self, organization: str, asked: Callable[[], Values]) -> None:
        """Store what a request asks for, where that can be told."""
        with suppress(HttpError):
            values = asked()
            self.write(organization, values[KEY], values)


class RightFieldsStored(_Early):
    """Each field is stored as soon as it was found right: a wrong one is refused, and the others are there."""

    kills = frozenset({"IDM-12", "IDM-13", "IDM-30"})

    def validate_fields(self, fields: Values) -> Values:
        try:
            return super().validate_fields(fields)
        except HttpError as error:
            wrong = error.problem
            right = {name: value for name, value in fields.items() if name not in wrong}
            self.stored_early(
                "acme", lambda: self.resolve_aliases(super(RightFieldsStored, self).validate_fields(right))
            )
            raise


class StoredBeforeReferences(_Early):
    """A model is stored before its base is looked up: an unknown base is answered 404, and the rest is there."""

    kills = frozenset({"IDM-12", "IDM-13", "IDM-30"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.stored_early(organization, lambda: {name: value for name, value in values.items() if name != BASE})
            raise


class CreatedBeforeReferences(_Early):
    """A row with the name alone is made before the base is looked up, and stays when that is unknown."""

    kills = frozenset({"IDM-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.stored_early(organization, lambda: {KEY: values[KEY]})
            raise


class StoredBeforeCredentials(_Early):
    """The model is stored by a hook that runs before the credentials are looked at."""

    kills = frozenset({"IDM-12", "IDM-13"})

    def authenticate(self, request: Request) -> Caller:
        try:
            return super().authenticate(request)
        except HttpError:
            if request.method == "POST":
                self.stored_early("acme", lambda: self.requested_values(self.json_body(request)))
            raise


class StoredBeforePermission(_Early):
    """A write with a key that may only read is answered 403, after it was done."""

    kills = frozenset({"IDM-12", "IDM-13"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        caller, values = super().admit(request)
        if not caller.may_write:
            self.stored_early(caller.organization, lambda: values)
        return caller, values


class StoredBeforeMediaType(_Early):
    """A body of another media type is answered 415, after it was stored."""

    kills = frozenset({"IDM-12", "IDM-13"})

    def json_body(self, request: Request) -> Json:
        media_type = request.header("Content-Type")
        try:
            self.reject_media_type(media_type)
        except HttpError:
            request.environ["CONTENT_TYPE"] = "application/json"
            self.stored_early(
                "acme", lambda: self.requested_values(super(StoredBeforeMediaType, self).json_body(request))
            )
            raise
        return super().json_body(request)


class RefusedNamesRemembered(Mutant):
    """A name that was refused once is refused the next time as well, by a cache of errors."""

    kills = frozenset({"IDM-19", "STA-17"})
    flaky = frozenset({"STA-13", "STA-17"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.refused_names: set[str] = set()

    def requested_values(self, body: Json) -> Values:
        name = str(body.get(KEY)) if isinstance(body, dict) else ""
        try:
            values = super().requested_values(body)
        except HttpError:
            self.refused_names.add(name)
            raise
        if name in self.refused_names:
            self.refused_names.remove(name)
            raise HttpError(400, {KEY: ["Invalid."]})
        return values


class RefusedValuesRemembered(Mutant):
    """The handler is shared: values of a refused request are still in it when the next one is served."""

    kills = frozenset({"IDM-19", "IDM-30"})
    flaky = frozenset({"IDM-17"})

    left: Values

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.left = {"display_name": "left over"}
            raise
        values.update(vars(self).pop("left", {}))


class RefusalsTouch(Mutant):
    """The time of the update is set before the references are looked up."""

    kills = frozenset({"IDM-12"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        stored = self.find(organization, values[KEY])
        if stored is not None:
            self.save(organization, replace(stored, updated=self.now()))
        super().reject_unknown_references(organization, values)


class UnknownProviderDetaches(Mutant):
    """The old provider is detached before the new one is looked up."""

    kills = frozenset({"IDM-12"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        stored = self.find(organization, values[KEY])
        if stored is not None and PROVIDER in values:
            kept = {name: value for name, value in stored.values.items() if name != PROVIDER}
            self.save(organization, replace(stored, values=kept))
        super().reject_unknown_references(organization, values)


class CyclesRefusedTooLate(Mutant):
    """A base that closes a cycle is refused with 400, when it is written already."""

    kills = frozenset({"SEM-04"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        farthest = list(self.lineage(organization, stored))[-1]
        if BASE in values and self.base_of(organization, farthest) is not None:
            raise HttpError(400, {BASE: ["The bases go round in a circle."]})
        return status, stored


class OverrideStoredFirst(_Early):
    """The override has a table of its own, which is written before the other fields are judged."""

    kills = frozenset({"IDM-12", "IDM-13", "IDM-30"})

    def validate_fields(self, fields: Values) -> Values:
        try:
            return super().validate_fields(fields)
        except HttpError:
            early = {name: value for name, value in fields.items() if name in (KEY, OVERRIDE)}
            if OVERRIDE in fields:
                self.stored_early("acme", lambda: super(OverrideStoredFirst, self).validate_fields(early))
            raise


class UnknownBaseCreated(Mutant):
    """An unknown base is created by the request that is refused for it: sent again, that is taken."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            if BASE in values and self.resolve_model(organization, values[BASE]) is None:
                self.write(organization, values[BASE], {KEY: values[BASE]})
            raise
