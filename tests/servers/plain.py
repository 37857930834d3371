"""A correct server of the endpoint in plain Python: a WSGI application with one small method for each decision.

A request passes through `plain_http` (HTTP, credentials, JSON), `plain_fields` (validation of fields) and this module
(references, the store, the response). A subclass overrides one decision; everything else stays correct.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeAlias

from tests.servers.plain_fields import BASE, INHERITED, KEY, OVERRIDE, PROVIDER, FieldRules, Values
from tests.servers.plain_http import Handler, HttpFront
from tests.servers.wire import HttpError, Json, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from tests.servers.fixtures import Caller, Fixtures

COLLECTION = "/api/models/"

Address: TypeAlias = tuple[str, str]
"""Where a model is stored: organization and name."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A model as it is stored, never changed in place. `values` has the request fields, with aliases resolved."""

    name: str
    values: Mapping[str, Json]
    created: datetime | None = None
    updated: datetime | None = None
    built_in: bool = False


class Models(dict[Address, Stored]):
    """All models. Cannot be iterated over: another request may change them meanwhile, which Python makes an error."""

    def __iter__(self) -> NoReturn:
        """Raise an error that names the way."""
        raise TypeError("iterate over self.snapshot()")

    def values(self) -> NoReturn:
        """Raise the error."""
        iter(self)

    def items(self) -> NoReturn:
        """Raise the error."""
        iter(self)


class PlainServer(FieldRules, HttpFront):
    """Meets every requirement; each instance has its own state."""

    deviates: ClassVar[frozenset[str]] = frozenset()
    """Requirements of level SHOULD that a strict run finds unmet, although the server conforms."""

    careless: ClassVar[bool] = False
    """Whether its HTTP server leaves unread bytes of a body on the connection."""

    reads: ClassVar[bool] = True
    """Whether models can be read and deleted by path."""

    def __init__(self, fixtures: Fixtures | None = None) -> None:
        super().__init__(fixtures)
        self.models = Models()
        self.lock = threading.RLock()

    # The operations

    def handlers(self, path: str) -> Mapping[str, Handler]:
        """Return the handlers of a path, by method."""
        if path == COLLECTION:
            return {"POST": self.upsert}
        return {"GET": self.read, "DELETE": self.delete} if self.reads and self.name_in(path) else {}

    def name_in(self, path: str) -> str:
        """Return the name of the model at a path, slashes included; "" if the path is not a model's."""
        is_item = path.startswith(COLLECTION) and path.endswith("/")
        return path[len(COLLECTION) : -1] if is_item else ""

    def upsert(self, request: Request) -> Response:
        """Create or update the model that the body names."""
        caller, values = self.admit(request)
        self.reject_read_only(caller)
        name = values[KEY]
        self.reject_built_in(name)
        self.reject_unknown_references(caller.organization, values)
        status, stored = self.write(caller.organization, name, values)
        return Response(status, self.serialize(caller.organization, stored))

    def admit(self, request: Request) -> tuple[Caller, Values]:
        """Return the caller and the values to store. Credentials are checked before the body is validated."""
        caller = self.authenticate(request)
        return caller, self.requested_values(self.json_body(request))

    def read(self, request: Request) -> Response:
        """Return a model."""
        organization = self.authenticate(request).organization
        stored = self.resolve_model(organization, self.name_in(request.path))
        if stored is None:
            raise HttpError(404, "Not found.")
        return Response(200, self.serialize(organization, stored))

    def delete(self, request: Request) -> Response:
        """Delete a model."""
        caller = self.authenticate(request)
        self.reject_read_only(caller)
        name = self.name_in(request.path)
        self.reject_deleting_built_in(caller.organization, name)
        if not self.remove(caller.organization, name):
            raise HttpError(404, "Not found.")
        return Response(204)

    # References

    def reject_built_in(self, name: str) -> None:
        """Reject writes to built-in models."""
        if name in self.fixtures.built_in_models:
            raise HttpError(403, f"{name} is a built-in model and cannot be changed.")

    def reject_deleting_built_in(self, organization: str, name: str) -> None:
        """Reject deletes of built-in models."""
        self.reject_built_in(name)

    def reject_unknown_references(self, organization: str, values: Values) -> None:
        """Reject a base model or a provider that the organization does not have."""
        if BASE in values and self.resolve_model(organization, values[BASE]) is None:
            raise self.unknown_reference(BASE, values[BASE])
        if PROVIDER in values and self.resolve_provider(organization, values[PROVIDER]) is None:
            raise self.unknown_reference(PROVIDER, values[PROVIDER])

    def unknown_reference(self, field: str, name: str) -> HttpError:
        """Return the error for an unknown reference."""
        return HttpError(404, f'{field}: there is no "{name}".')

    def resolve_model(self, organization: str, name: str) -> Stored | None:
        """Return the model of a name that the organization can use: its own or a built-in one."""
        return self.find(organization, name) or self.built_in_model(name)

    def built_in_model(self, name: str) -> Stored | None:
        """Return the built-in model of a name."""
        model = self.fixtures.built_in_models.get(name)
        if model is None:
            return None
        values = {OVERRIDE if field == "supported_params" else field: value for field, value in model.items()}
        return Stored(name, values, built_in=True)

    def resolve_provider(self, organization: str, identifier: str) -> Mapping[str, Json] | None:
        """Return the organization's provider with an identifier."""
        return self.fixtures.providers.get(organization, {}).get(identifier)

    # The store

    def write(self, organization: str, name: str, values: Values) -> tuple[int, Stored]:
        """Store the values under the name; return the status of the response and the stored model."""
        with self.exclusive(organization, name):
            earlier = self.find(organization, name)
            self.between_find_and_save()
            stored = self.upserted(earlier, name, values)
            self.save(organization, stored)
        return self.status(earlier), stored

    def exclusive(self, organization: str, name: str) -> AbstractContextManager[object]:
        """Return a lock under which no other request writes the model."""
        return self.lock

    def between_find_and_save(self) -> None:
        """Do nothing: mutants widen the window of a race here."""

    def status(self, earlier: Stored | None) -> int:
        """Return the status of an upsert that found `earlier`."""
        return 201 if earlier is None else 200

    def address(self, organization: str, name: str) -> Address:
        """Return where a model is stored."""
        return organization, self.canonical(name)

    def canonical(self, name: str) -> str:
        """Return the form in which names are compared: names are compared code point by code point."""
        return name

    def find(self, organization: str, name: str) -> Stored | None:
        """Return the custom model of a name."""
        return self.models.get(self.address(organization, name))

    def snapshot(self) -> dict[Address, Stored]:
        """Return all models as they are now."""
        return self.models.copy()

    def save(self, organization: str, stored: Stored) -> None:
        """Store a model."""
        self.models[self.address(organization, stored.name)] = stored

    def remove(self, organization: str, name: str) -> bool:
        """Delete a model; return whether it existed."""
        with self.exclusive(organization, name):
            return self.models.pop(self.address(organization, name), None) is not None

    def upserted(self, earlier: Stored | None, name: str, values: Values) -> Stored:
        """Return the model after an upsert that found `earlier`."""
        now = self.now()
        if earlier is None:
            return Stored(name, self.initial_values(values), created=now, updated=now)
        merged = self.merge(earlier, values)
        return Stored(earlier.name, merged, earlier.created, self.updated_time(earlier, merged, now))

    def initial_values(self, values: Values) -> Values:
        """Return the values of a new model."""
        return values

    def merge(self, earlier: Stored, values: Values) -> Values:
        """Return the values of a model after an update: omitted ones are kept."""
        merged = {**self.retained_values(earlier), **values}
        if OVERRIDE in values and OVERRIDE in earlier.values:
            merged[OVERRIDE] = self.merge_override(earlier.values[OVERRIDE], values[OVERRIDE])
        return merged

    def retained_values(self, earlier: Stored) -> Mapping[str, Json]:
        """Return the earlier values that an update keeps unless it sends new ones."""
        return earlier.values

    def merge_override(self, earlier: Values, override: Values) -> Values:
        """Return the override after another one was sent."""
        return {**earlier, **override}

    def now(self) -> datetime:
        """Return the current time."""
        return datetime.now(UTC)

    def updated_time(self, earlier: Stored, merged: Values, now: datetime) -> datetime | None:
        """Return the new `updated_at`: repeating a request does not change it."""
        unchanged = merged == earlier.values
        return earlier.updated if unchanged or earlier.updated is None else max(now, earlier.updated)

    # The response

    def serialize(self, organization: str, stored: Stored) -> Values:
        """Return the model as in a response; missing values are absent."""
        lineage = list(self.lineage(organization, stored))
        return {
            **self.name_fields(stored),
            **self.own_fields(stored),
            **self.constant_fields(stored),
            **self.inherited_fields(lineage),
            "supported_params": self.supported_params(lineage),
            "throughput": self.throughput(stored),
            **self.provider_field(organization, lineage),
            **self.time_fields(stored),
        }

    def name_fields(self, stored: Stored) -> Values:
        """Return the name of the model, twice."""
        return {"id": stored.name, KEY: stored.name}

    def own_fields(self, stored: Stored) -> Values:
        """Return the values that a model never inherits."""
        return {name: stored.values[name] for name in ("display_name", BASE) if name in stored.values}

    def constant_fields(self, stored: Stored) -> Values:
        """Return the fields that depend only on whether the model is built in."""
        return {
            "affiliation_category": "respan" if stored.built_in else "custom",
            "is_called_by_custom_name": not stored.built_in,
            "source": "hardcoded" if stored.built_in else "db",
            "model_type": "chat",
        }

    def lineage(self, organization: str, stored: Stored) -> Iterator[Stored]:
        """Yield the model, its base model, and so on; a cycle is cut where it closes."""
        seen: set[str] = set()
        model: Stored | None = stored
        while model is not None and model.name not in seen:
            yield model
            seen.add(model.name)
            model = self.base_of(organization, model)

    def base_of(self, organization: str, stored: Stored) -> Stored | None:
        """Return the base model of a model, as it is now."""
        base = stored.values.get(BASE)
        return None if base is None else self.resolve_model(organization, base)

    def inherited_fields(self, lineage: list[Stored]) -> Values:
        """Return the values that a model has of its own or inherits."""
        found = ((name, self.nearest_value(name, lineage)) for name in INHERITED)
        return {name: value for name, value in found if value is not None}

    def nearest_value(self, name: str, lineage: list[Stored]) -> Json:
        """Return the value of the nearest model that has one, or None."""
        return next((model.values[name] for model in lineage if name in model.values), None)

    def supported_params(self, lineage: list[Stored]) -> Values:
        """Return the parameters of the farthest base model after each override down to the model's own."""
        params = self.default_params()
        for model in reversed(lineage):
            params = self.apply_override(params, model.values.get(OVERRIDE, {}))
        return params

    def default_params(self) -> Values:
        """Return the parameters of a model before any override."""
        return {}

    def apply_override(self, params: Values, override: Values) -> Values:
        """Return parameters after an override: an entry replaces the parameter, null removes it."""
        return {name: entry for name, entry in {**params, **override}.items() if entry is not None}

    def throughput(self, stored: Stored) -> Json:
        """Return the measured performance: None, because nothing was measured."""
        return None

    def provider_field(self, organization: str, lineage: list[Stored]) -> Values:
        """Return the provider of the model itself, if it has one."""
        identifier = lineage[0].values.get(PROVIDER)
        provider = None if identifier is None else self.resolve_provider(organization, identifier)
        return {} if provider is None else {"provider": {"id": identifier, "provider_id": identifier, **provider}}

    def time_fields(self, stored: Stored) -> Values:
        """Return when the model was created and last updated; null for a built-in one."""
        return {"created_at": self.format_time(stored.created), "updated_at": self.format_time(stored.updated)}

    def format_time(self, moment: datetime | None) -> str | None:
        """Return a date-time of RFC 3339."""
        return None if moment is None else moment.isoformat().replace("+00:00", "Z")
