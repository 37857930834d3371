"""Bugs in which a rejected request has side effects."""

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
    """Part of a request is stored before the request is rejected."""

    def stored_early(self, organization: str, parse: Callable[[], Values]) -> None:
        """Store what a request asks for, if that can be determined."""
        with suppress(HttpError):
            values = parse()
            self.write(organization, values[KEY], values)


class ValidFieldsStored(_Early):
    """The valid fields of a request with an invalid field are stored."""

    kills = frozenset({"IDM-12", "IDM-13", "IDM-30"})

    def validate_fields(self, fields: Values) -> Values:
        try:
            return super().validate_fields(fields)
        except HttpError as error:
            wrong = error.problem
            right = {name: value for name, value in fields.items() if name not in wrong}
            self.stored_early(
                "acme", lambda: self.resolve_aliases(super(ValidFieldsStored, self).validate_fields(right))
            )
            raise


class StoredDespiteUnknownBase(_Early):
    """A request with an unknown base model returns 404 but is stored."""

    kills = frozenset({"IDM-12", "IDM-13", "IDM-30"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.stored_early(organization, lambda: {name: value for name, value in values.items() if name != BASE})
            raise


class CreatedDespiteUnknownBase(_Early):
    """A create with an unknown base model returns 404 but leaves an empty model."""

    kills = frozenset({"IDM-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            self.stored_early(organization, lambda: {KEY: values[KEY]})
            raise


class StoredWithoutCredentials(_Early):
    """A request without credentials returns 401 but is stored."""

    kills = frozenset({"IDM-12", "IDM-13"})

    def authenticate(self, request: Request) -> Caller:
        try:
            return super().authenticate(request)
        except HttpError:
            if request.method == "POST":
                self.stored_early("acme", lambda: self.requested_values(self.json_body(request)))
            raise


class StoredWithReadOnlyKey(_Early):
    """A write with a read-only key returns 403 but is stored."""

    kills = frozenset({"IDM-12", "IDM-13"})

    def admit(self, request: Request) -> tuple[Caller, Values]:
        caller, values = super().admit(request)
        if not caller.may_write:
            self.stored_early(caller.organization, lambda: values)
        return caller, values


class StoredDespiteMediaType(_Early):
    """A body of another media type returns 415 but is stored."""

    kills = frozenset({"IDM-12", "IDM-13"})

    def json_body(self, request: Request) -> Json:
        media_type = request.header("Content-Type")
        try:
            self.reject_media_type(media_type)
        except HttpError:
            request.environ["CONTENT_TYPE"] = "application/json"
            self.stored_early(
                "acme", lambda: self.requested_values(super(StoredDespiteMediaType, self).json_body(request))
            )
            raise
        return super().json_body(request)


class RejectionCached(Mutant):
    """A name that was rejected once is rejected again the next time, from a cache of errors."""

    kills = frozenset({"IDM-19", "STA-17"})
    flaky = frozenset({"STA-13", "STA-17"})

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.rejected_names: set[str] = set()

    def requested_values(self, body: Json) -> Values:
        name = str(body.get(KEY)) if isinstance(body, dict) else ""
        try:
            values = super().requested_values(body)
        except HttpError:
            self.rejected_names.add(name)
            raise
        if name in self.rejected_names:
            self.rejected_names.remove(name)
            raise HttpError(400, {KEY: ["Invalid."]})
        return values


class RejectedValuesUsedByNextRequest(Mutant):
    """The values of a rejected request are still in the shared handler for the next one."""

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


class RejectionChangesUpdatedAt(Mutant):
    """A request with an unknown reference changes `updated_at`."""

    kills = frozenset({"IDM-12"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        stored = self.find(organization, values[KEY])
        if stored is not None:
            self.save(organization, replace(stored, updated=self.now()))
        super().reject_unknown_references(organization, values)


class UnknownProviderDetaches(Mutant):
    """An update with an unknown provider returns 404 but detaches the old provider."""

    kills = frozenset({"IDM-12"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        stored = self.find(organization, values[KEY])
        if stored is not None and PROVIDER in values:
            kept = {name: value for name, value in stored.values.items() if name != PROVIDER}
            self.save(organization, replace(stored, values=kept))
        super().reject_unknown_references(organization, values)


class RejectedCycleStored(Mutant):
    """A base model that closes a cycle returns 400 but is stored."""

    kills = frozenset({"SEM-04"})

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        status, stored = super().write(organization, name, values)
        farthest = list(self.lineage(organization, stored))[-1]
        if BASE in values and self.base_of(organization, farthest) is not None:
            raise HttpError(400, {BASE: ["The bases go round in a circle."]})
        return status, stored


class OverrideOfRejectedRequestStored(_Early):
    """The override of a request with an invalid field is stored."""

    kills = frozenset({"IDM-12", "IDM-13", "IDM-30"})

    def validate_fields(self, fields: Values) -> Values:
        try:
            return super().validate_fields(fields)
        except HttpError:
            early = {name: value for name, value in fields.items() if name in (KEY, OVERRIDE)}
            if OVERRIDE in fields:
                self.stored_early("acme", lambda: super(OverrideOfRejectedRequestStored, self).validate_fields(early))
            raise


class UnknownBaseCreated(Mutant):
    """A request with an unknown base model returns 404 but creates that model."""

    kills = frozenset({"STA-13"})

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        try:
            super().reject_unknown_references(organization, values)
        except HttpError:
            if BASE in values and self.resolve_model(organization, values[BASE]) is None:
                self.write(organization, values[BASE], {KEY: values[BASE]})
            raise
