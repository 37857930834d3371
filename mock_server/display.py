"""How a model is shown: the response computed from what is stored, on each read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from contract import (
    Constant,
    FromKey,
    FromRequest,
    Inherited,
    LookedUp,
    Overlaid,
    Timestamp,
    Upsert,
)
from mock_server.semantics import Stored


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A model of the gateway's own."""

    values: Mapping[str, Any]
    """What it shows, by response field."""


Model: TypeAlias = Stored | BuiltIn


@dataclass(frozen=True, slots=True)
class World:
    """The things of one organization that a model can lead to. What is not in it does not exist."""

    models: Mapping[str, Model]
    providers: Mapping[str, Mapping[str, Any]]
    """What each provider shows, by its identifier."""


_ABSENT: Any = object()


def show(rules: Upsert, name: str, world: World) -> dict[str, Any]:
    """The response about the model `name` of `world`. A field without a value is null where it may be, else left out.

    >>> from contract import load
    >>> from datetime import datetime, timezone
    >>> born = datetime(2026, 2, 1, tzinfo=timezone.utc)
    >>> base = BuiltIn({"input_cost": 2.5, "supported_params": {"top_p": {"max": 1}, "seed": {}}})
    >>> own = {"model_name": "m", "base_model_name": "b", "supported_params_override": {"seed": None}}
    >>> shown = show(load().upsert, "m", World({"m": Stored(own, born, born), "b": base}, {}))
    >>> shown["input_cost"], shown["supported_params"], shown["created_at"]
    (2.5, {'top_p': {'max': 1}}, '2026-02-01T00:00:00Z')
    """
    model = world.models[name]
    view = _View(rules, name, model, world)
    shown: dict[str, Any] = {}
    for field in rules.response.values():
        if isinstance(model, BuiltIn):
            value = name if isinstance(field.source, FromKey) else model.values.get(field.name, _ABSENT)
        else:
            value = _READERS[type(field.source)](field.source, field.name, view)
        if value is not _ABSENT:
            shown[field.name] = value
        elif field.nullable:
            shown[field.name] = None
    return shown


class _View:
    """One custom model on its way to a response."""

    def __init__(self, rules: Upsert, name: str, model: Model, world: World) -> None:
        self.rules = rules
        self.name = name
        self.model: Any = model
        self.world = world
        self._chains: dict[str, list[Model]] = {}

    def own(self, field: str, model: Stored | None = None) -> Any:
        """The stored value of a request field, which may be another spelling."""
        return (model or self.model).values.get(self.rules.request[field].slot, _ABSENT)

    def chain(self, base: str) -> list[Model]:
        """The model, its base, the base of that, ..., by the request field `base`. A cycle is cut."""
        if base not in self._chains:
            self._chains[base] = self._follow(base)
        return self._chains[base]

    def _follow(self, base: str) -> list[Model]:
        chain: list[Model] = [self.model]
        seen = {self.name}
        model: Model = self.model
        while isinstance(model, Stored):
            name = self.own(base, model)
            if name is _ABSENT or name in seen or name not in self.world.models:
                break
            seen.add(name)
            model = self.world.models[name]
            chain.append(model)
        return chain


def _from_key(_source: FromKey, _shown_as: str, view: _View) -> Any:
    return view.name


def _from_request(source: FromRequest, _shown_as: str, view: _View) -> Any:
    return view.own(source.name)


def _inherited(source: Inherited, shown_as: str, view: _View) -> Any:
    for model in view.chain(source.base):
        if isinstance(model, BuiltIn):
            value = model.values.get(shown_as, _ABSENT)
        else:
            value = view.own(source.name, model) if source.name in view.rules.request else _ABSENT
        if value is not _ABSENT:
            return value
    return source.default if source.has_default else _ABSENT


def _overlaid(source: Overlaid, shown_as: str, view: _View) -> Any:
    """From the farthest base to the model itself: an entry replaces the one before, an entry of null removes it."""
    entries: dict[str, Any] = {}
    for model in reversed(view.chain(source.base)):
        if isinstance(model, BuiltIn):
            entries = dict(model.values.get(shown_as) or {})
        elif (override := view.own(source.override, model)) is not _ABSENT:
            entries = {name: value for name, value in {**entries, **override}.items() if value is not None}
    return entries


def _looked_up(source: LookedUp, _shown_as: str, view: _View) -> Any:
    identifier = view.own(source.by)
    if source.collection == "providers":
        return view.world.providers.get(identifier, _ABSENT)
    others = {name: model for name, model in view.world.models.items() if name != view.name}
    if identifier not in others:
        return _ABSENT
    return show(view.rules, identifier, World(others, view.world.providers))


def _timestamp(source: Timestamp, _shown_as: str, view: _View) -> Any:
    return to_rfc3339(view.model.created if source.of == "created" else view.model.updated)


def _constant(source: Constant, _shown_as: str, _view: _View) -> Any:
    return source.value


def to_rfc3339(moment: datetime) -> str:
    """A time in UTC as RFC 3339 writes it."""
    return moment.isoformat().removesuffix("+00:00") + "Z"


_READERS: dict[type, Callable[[Any, str, _View], Any]] = {
    FromKey: _from_key,
    FromRequest: _from_request,
    Inherited: _inherited,
    Overlaid: _overlaid,
    LookedUp: _looked_up,
    Timestamp: _timestamp,
    Constant: _constant,
}
