"""Faults of the read side: projections, caches, inheritance and what responses return."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from tests.servers.aiohttp_server import model, views, web_app
from tests.servers.aiohttp_server.commands import Models
from tests.servers.aiohttp_server.fault_kit import around, current, fault, put
from tests.servers.aiohttp_server.log import Event, Stream
from tests.servers.aiohttp_server.model import BASE, OVERRIDE, PROVIDER, Model
from tests.servers.aiohttp_server.reading import PROVIDER_ALIAS
from tests.servers.aiohttp_server.views import Catalogue, Document, Projection


def projecting(change: Any) -> None:
    """Let `change(projection, stream, events, project)` take events in."""
    around(Projection, "project", lambda project: lambda self, stream, events: change(self, stream, events, project))


@fault("SHOULD", "read-back", "The projection skips values of 0, so reads return the earlier ones.")
def projection_skips_zeros() -> None:
    def change(self: Projection, stream: Stream, events: list[Event], project: Any) -> None:
        project(self, stream, [replace(e, data={k: v for k, v in e.data.items() if v != 0}) for e in events])

    projecting(change)


@fault("MUST", "deleted, read-back", "The projection of a model is one append behind, deletes included.")
def projection_behind() -> None:
    late: dict[Stream, list[Event]] = {}

    def lag(self: Projection, stream: Stream, events: list[Event], project: Any) -> None:
        present = self.find(stream) is not None
        project(self, stream, late.pop(stream, []) if present else events)
        if present:
            late[stream] = list(events)

    projecting(lag)


@fault("SHOULD", "read-back", "The projection takes updates in 150 ms after they were confirmed.")
def projection_late() -> None:
    def change(self: Projection, stream: Stream, events: list[Event], project: Any) -> None:
        threading.Timer(0.15, project, (self, stream, events)).start()

    projecting(change)


def keyed(key: Any) -> None:
    """Let `key(stream)` be the key of the projection."""
    put(Projection, "key", lambda self, stream: key(stream))


@fault("SHOULD", "bytewise", "The projection keys names without regard to case.")
def projection_folds_case() -> None:
    keyed(lambda stream: (stream.organization, stream.name.lower()))


@fault("MUST", "isolated", "The projection keys models by name alone, without the organization.")
def projection_without_organization() -> None:
    keyed(lambda stream: stream.name)


@fault("MUST", "unique", "The projection keys names by what follows the last slash.")
def projection_by_last_segment() -> None:
    keyed(lambda stream: (stream.organization, stream.name.rsplit("/", 1)[-1]))


@fault("MUST", "unique", "The projection keys names by their first 48 characters.")
def projection_short_keys() -> None:
    keyed(lambda stream: (stream.organization, stream.name[:48]))


@fault("MUST", "inherited", "Documents share the parameters of base models, so that overrides change the base.")
def params_shared() -> None:
    put(views, "copy", SimpleNamespace(deepcopy=lambda value: value))


@fault("MUST", "inherited", "What a model inherits from its base model is cached on first use and never refreshed.")
def base_cached() -> None:
    known: dict[Stream, Any] = {}

    def inheritable(self: Catalogue, stream: Stream) -> Any:
        if known.get(stream) is None:
            known[stream] = original(self, stream)
        return known[stream] if self.shown(stream) else None

    original = Catalogue.inheritable
    put(Catalogue, "inheritable", inheritable)


@fault("SHOULD", "base-chain", "A model inherits only the own values of its base model.")
def one_generation() -> None:
    def inheritable(self: Catalogue, stream: Stream) -> Any:
        found = self._projection.find(stream)
        if found is None or stream.name in self.built_in:
            return original(self, stream)
        document = self.document(stream, replace(found, inherited={}))
        return {name: document[name] for name in (*views.INHERITED, "supported_params") if name in document}

    original = Catalogue.inheritable
    put(Catalogue, "inheritable", inheritable)


def handing_down(change: Any) -> None:
    """Let `change(catalogue, stream, values)` say what a base model hands down."""

    def inheritable(self: Catalogue, stream: Stream) -> Any:
        values = original(self, stream)
        return None if values is None else change(self, stream, values)

    original = Catalogue.inheritable
    put(Catalogue, "inheritable", inheritable)


@fault("MUST", "inherited", "Only built-in base models hand anything down.")
def built_in_bases_only() -> None:
    handing_down(lambda self, stream, values: values if stream.name in self.built_in else {})


@fault("MUST", "inherited", "The cost of cache creation is not inherited.")
def cache_creation_not_inherited() -> None:
    handing_down(lambda self, stream, values: {k: v for k, v in values.items() if k != "cache_creation_input_cost"})


@fault("MUST", "inherited", "Values of 0 are not inherited.")
def zeros_not_inherited() -> None:
    handing_down(lambda self, stream, values: {k: v for k, v in values.items() if v != 0})


@fault("MUST", "own-wins", "A value of 0 of the model's own loses to the base model's.")
def base_wins_over_zero() -> None:
    put(views, "inherit", lambda found, name: found.own.get(name) or found.inherited.get(name, found.own.get(name)))


@fault("SHOULD", "override-entries", "An entry of an override is merged into the base model's, member by member.")
def override_merges_members() -> None:
    def deep(below: Any, override: Any) -> Document:
        for name, value in override.items():
            if isinstance(value, dict) and isinstance(below.get(name), dict):
                below[name] = deep(below[name], value)
            else:
                original(below, {name: value})
        return below  # type: ignore[no-any-return]

    original = views.overlaid
    put(views, "overlaid", deep)


@fault("MUST", "override", "An empty, false or zero entry of an override removes the parameter, as null does.")
def falsy_entries_removed() -> None:
    original = views.overlaid
    put(views, "overlaid", lambda below, override: original(below, {k: v or None for k, v in override.items()}))


@fault("SHOULD", "override-entries", "A model with an override shows nothing of its base model's parameters.")
def override_hides_base() -> None:
    original = views.supported
    put(views, "supported", lambda found: original(replace(found, inherited={}) if found.own.get(OVERRIDE) else found))


@fault("MUST", "no-server-error", "Cycles are accepted, and whatever names a model of one as its base fails with 500.")
def cycle_fails() -> None:
    def inheritable(self: Catalogue, stream: Stream) -> Any:
        base = self.base_of(stream)
        if base is not None:
            inheritable(self, Stream(stream.organization, base))
        return original(self, stream)

    original = Catalogue.inheritable
    put(Catalogue, "inheritable", inheritable)
    put(Models, "reject_cycle", lambda self, stream, base: None)


@fault("SHOULD", "isolated-references", "A provider of any organization can be referred to.")
def provider_of_anyone() -> None:
    def provider(self: Catalogue, organization: str, key: str) -> Any:
        return original(self, organization, key) or next(
            (found for other in self.providers if (found := original(self, other, key))), None
        )

    original = Catalogue.provider
    put(Catalogue, "provider", provider)


@fault("MUST", "isolated", "A base model of any organization can be referred to.")
def base_of_anyone() -> None:
    def inheritable(self: Catalogue, stream: Stream) -> Any:
        organizations = (stream.organization, *self.providers)
        return next((found for name in organizations if (found := original(self, Stream(name, stream.name)))), None)

    original = Catalogue.inheritable
    put(Catalogue, "inheritable", inheritable)


@fault(
    "SHOULD", "unknown base is 404", "An unknown base model is resolved to the built-in one whose name it starts with."
)
def base_by_prefix() -> None:
    def inheritable(self: Catalogue, stream: Stream) -> Any:
        alike = (name for name in self.built_in if stream.name.startswith(name + "-"))
        return original(self, stream) or original(self, Stream(stream.organization, next(alike, stream.name)))

    original = Catalogue.inheritable
    put(Catalogue, "inheritable", inheritable)


def documented(change: Any) -> None:
    """Let `change(document, model)` alter the document of a custom model in place."""

    def document(self: Catalogue, stream: Stream, found: Model) -> Document:
        shown = original(self, stream, found)
        change(shown, found)
        return shown

    original = Catalogue.document
    put(Catalogue, "document", document)


@fault("MUST", "id is model_name", "The `id` of a name with a slash has hyphens in place of slashes.")
def id_is_slug() -> None:
    documented(lambda shown, found: shown.update(id=shown["id"].replace("/", "-")))


@fault("MUST", "date-time", "`updated_at` has no offset once a model was updated.")
def update_time_without_offset() -> None:
    documented(
        lambda shown, found: found.updated_at > found.created_at and shown.update(updated_at=shown["updated_at"][:-6])
    )


@fault("SHOULD", "times", "A snapshot, taken at every fourth event, has the time of that event as `created_at`.")
def creation_moves() -> None:
    def state(self: Model) -> dict[str, Any]:
        return original(replace(self, created_at=self.updated_at))

    original = Model.state
    put(Model, "state", state)


@fault("MUST", "number_of_requests is an integer", "The count of requests is a string once it is above 0.")
def count_as_string() -> None:
    def counted(found: Model) -> Document:
        measured = original(found)
        return measured | {"number_of_requests": str(measured["number_of_requests"]) if found.version > 1 else 0}

    original = views.throughput
    put(views, "throughput", counted)


@fault("MUST", "provider secrets are never returned", "The provider shows its webhook secret.")
def secret_shown() -> None:
    put(views, "HIDDEN", tuple(name for name in views.HIDDEN if name != "webhook_secret"))


@fault("MUST", "provider_id is another spelling", "An update by provider_id loses to an earlier custom_provider_id.")
def alias_loses() -> None:
    model.FIELDS_OF_EVENTS["HostedElsewhere"] = ("provider_alias",)

    def document(self: Catalogue, stream: Stream, found: Model) -> Document:
        alias = found.own.get("provider_alias")
        return original(self, stream, replace(found, own={PROVIDER: alias, **found.own}) if alias else found)

    def read(body: bytes) -> Any:
        wanted = reading_upsert(body)
        sent = json.loads(body.decode("utf-8-sig"))
        if PROVIDER_ALIAS in sent and PROVIDER not in sent:
            wanted.values["provider_alias"] = wanted.values.pop(PROVIDER)
        return wanted

    original, reading_upsert = Catalogue.document, current(web_app, "read_upsert")
    put(Catalogue, "document", document)
    put(web_app, "read_upsert", read)


@fault("MUST", "returned", "A request that sets the window forgets which base model the model has.")
def base_forgotten() -> None:
    def change(self: Model, event: Event, evolve: Any) -> Any:
        after = evolve(self, event)
        return replace(after, own={k: v for k, v in after.own.items() if k != BASE}) if event.kind == "Sized" else after

    around(Model, "evolve", lambda evolve: lambda self, event: change(self, event, evolve))
