"""How a model is shown: the response computed from what is stored, on each read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from contract import Constant, FromKey, FromRequest, Inherited, LookedUp, Overlaid, Source, Timestamp, Upsert
from mock_server.core.upsert import Stored


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
    depth: int = 0
    """Models inside of which the model is shown."""


_ABSENT: Any = object()
_DEEPEST = 5
"""Models that are shown inside of one another, where the contract looks models up: each may lead on to several."""


class Display:
    """The rules for showing, compiled: one reader for each response field.

    >>> from contract import load
    >>> from datetime import datetime, timezone
    >>> born = datetime(2026, 2, 1, tzinfo=timezone.utc)
    >>> base = BuiltIn({"input_cost": 2.5, "supported_params": {"top_p": {"max": 1}, "seed": {}}})
    >>> own = {"model_name": "m", "base_model_name": "b", "supported_params_override": {"seed": None}}
    >>> shown = Display(load().upsert).show("m", World({"m": Stored(own, born, born), "b": base}, {}))
    >>> shown["input_cost"], shown["supported_params"], shown["created_at"]
    (2.5, {'top_p': {'max': 1}}, '2026-02-01T00:00:00Z')
    """

    def __init__(self, rules: Upsert) -> None:
        self._rules = rules
        self._readers = [(name, self._reader(name, field.source)) for name, field in rules.response.items()]
        self._absent = {name: None for name, field in rules.response.items() if field.nullable}

    def show(self, name: str, world: World) -> dict[str, Any]:
        """The response about the model `name`. A field without a value is null where it may be, else left out."""
        model = world.models[name]
        if isinstance(model, BuiltIn):
            values = {**self._absent, **model.values}
            return {field: values[field] for field in self._rules.response if field in values}
        view = _View(name, model, world, self)
        shown: dict[str, Any] = {}
        for field, read in self._readers:
            value = read(view)
            if value is not _ABSENT:
                shown[field] = value
            elif field in self._absent:
                shown[field] = None
        return shown

    def givers(self, name: str, world: World) -> dict[str, str]:
        """Which model gives each response field its value: the model `name` itself, or one that it is based on.

        A field is left out whose value comes from no model. Of several that lie over one another the nearest counts.
        """
        model = world.models[name]
        if isinstance(model, BuiltIn):
            return {}
        view = _View(name, model, world, self)
        found = {field: view.giver(field, its.source) for field, its in self._rules.response.items()}
        return {field: giver for field, giver in found.items() if giver is not None}

    def slot(self, field: str) -> str:
        """The slot of a request field. A response field that no request sets has its own name for one."""
        return self._rules.request[field].slot if field in self._rules.request else field

    def _reader(self, field: str, source: Source) -> _Reader:
        match source:
            case FromKey():
                return lambda view: view.name
            case Timestamp("created"):
                return lambda view: to_rfc3339(view.model.created)
            case Timestamp():
                return lambda view: to_rfc3339(view.model.updated)
            case Constant(value):
                return lambda _: value
        return self._reader_of_values(field, source)

    def _reader_of_values(self, field: str, source: FromRequest | Inherited | Overlaid | LookedUp) -> _Reader:
        match source:
            case FromRequest(name):
                slot = self.slot(name)
                return lambda view: view.model.values.get(slot, _ABSENT)
            case Inherited(name, base, default, has_default):
                slot, base = self.slot(name), self.slot(base)
                fallback = default if has_default else _ABSENT
                return lambda view: _nearest(view.chain(base), slot, field, fallback)
            case Overlaid(override, base):
                slot, below = self.slot(override), self.slot(base) if base is not None else None
                return lambda view: _overlaid(view.chain(below), slot, field)
            case LookedUp(collection, by):
                by = self.slot(by)
                return lambda view: view.looked_up(collection, by)


class _View:
    """One custom model on its way to a response."""

    def __init__(self, name: str, model: Stored, world: World, display: Display) -> None:
        self.name = name
        self.model = model
        self._world = world
        self._display = display
        self._chains: dict[str, list[Model]] = {}

    def chain(self, base: str | None) -> list[Model]:
        """The model, its base, the base of that, ..., by the slot `base`. A cycle is cut. Without one, the model."""
        if base is None:
            return [self.model]
        if base not in self._chains:
            self._chains[base] = list(self._follow(base).values())
        return self._chains[base]

    def _follow(self, base: str) -> dict[str, Model]:
        found: dict[str, Model] = {self.name: self.model}
        model: Model | None = self.model
        while isinstance(model, Stored) and base in model.values:
            name = model.values[base]
            model = None if name in found else self._world.models.get(name)
            if model:
                found[name] = model
        return found

    def giver(self, field: str, source: Source) -> str | None:
        """The name of the nearest model that has a value for a response field, as far as models decide it."""
        match source:
            case FromRequest(name):
                return self.name if self._display.slot(name) in self.model.values else None
            case Overlaid(own, None):
                return self.name if self._display.slot(own) in self.model.values else None
            case Inherited(own, str(base)) | Overlaid(own, str(base)):
                slot, followed = self._display.slot(own), self._follow(self._display.slot(base)).items()
                has = (name for name, it in followed if (slot if isinstance(it, Stored) else field) in it.values)
                return next(has, None)
        return None

    def looked_up(self, collection: str, by: str) -> Any:
        """What the thing shows that the slot `by` names."""
        identifier = self.model.values.get(by, _ABSENT)
        if collection == "providers":
            return self._world.providers.get(identifier, _ABSENT)
        others = {name: model for name, model in self._world.models.items() if name != self.name}
        if identifier not in others or self._world.depth >= _DEEPEST:
            return _ABSENT
        return self._display.show(identifier, World(others, self._world.providers, self._world.depth + 1))


_Reader: TypeAlias = Callable[[_View], Any]


def _nearest(chain: list[Model], slot: str, shown_as: str, fallback: Any) -> Any:
    """The value of the first in the chain that has one: what was set, or what a built-in model shows."""
    for model in chain:
        name = slot if isinstance(model, Stored) else shown_as
        if name in model.values:
            return model.values[name]
    return fallback


def _overlaid(chain: list[Model], override: str, shown_as: str) -> dict[str, Any]:
    """From the farthest base to the model itself: an entry replaces the one before, an entry of null removes it."""
    entries: dict[str, Any] = {}
    for model in reversed(chain):  # each entry is looked at once: bases may have many, and be many
        if isinstance(model, BuiltIn):
            entries = dict(model.values.get(shown_as) or {})
        elif override in model.values:
            for name, value in model.values[override].items():
                if value is None:
                    entries.pop(name, None)
                else:
                    entries[name] = value
    return entries


def to_rfc3339(moment: datetime) -> str:
    """A time in UTC as RFC 3339 writes it."""
    return moment.isoformat().removesuffix("+00:00") + "Z"
