"""How a model is shown: the response computed from what is stored, on each read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from contract import (
    Constant,
    FromKey,
    FromRequest,
    Inherited,
    LookedUp,
    Overlaid,
    ResponseField,
    Source,
    Timestamp,
    Upsert,
)
from mock_server.upsert import StoredModel


@dataclass(frozen=True, slots=True)
class BuiltInModel:
    """A model of the gateway's own."""

    values: Mapping[str, Any]
    """What it shows, by response field."""


Model: TypeAlias = StoredModel | BuiltInModel


class World(NamedTuple):
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
    """The rules for showing, compiled once: which fields are copied, which inherited, and what reads the others.

    >>> from contract import load
    >>> from datetime import datetime, timezone
    >>> born = datetime(2026, 2, 1, tzinfo=timezone.utc)
    >>> base = BuiltInModel({"input_cost": 2.5, "supported_params": {"top_p": {"max": 1}, "seed": {}}})
    >>> own = {"model_name": "m", "base_model_name": "b", "supported_params_override": {"seed": None}}
    >>> shown = Display(load().upsert).show("m", World({"m": StoredModel(own, born, born), "b": base}, {}))
    >>> shown["input_cost"], shown["supported_params"], shown["created_at"]
    (2.5, {'top_p': {'max': 1}}, '2026-02-01T00:00:00Z')
    """

    def __init__(self, rules: Upsert) -> None:
        self._rules = rules
        self._absent = {name: None for name, field in rules.response.items() if field.nullable}
        self._blank = {name: _blank(field) for name, field in rules.response.items()}
        self._optional = [name for name, value in self._blank.items() if value is _ABSENT]
        self._own: dict[str, list[str]] = {}  # the response fields that show the value of a slot
        self._inherited: dict[str, list[tuple[str, str]]] = {}  # those and their slots, by the slot that names the base
        self._read: list[tuple[str, _Reader]] = []
        for name, field in rules.response.items():
            self._compile(name, field.source)

    def _compile(self, field: str, source: Source) -> None:
        match source:
            case FromRequest(name):
                self._own.setdefault(self.slot(name), []).append(field)
            case Inherited(name, base):
                self._own.setdefault(self.slot(name), []).append(field)
                self._inherited.setdefault(self.slot(base), []).append((field, self.slot(name)))
            case FromKey():
                self._read.append((field, lambda view: view.name))
            case Timestamp(of):
                self._read.append((field, _read_created if of == "created" else _read_updated))
            case Overlaid(override, base):
                slot, below = self.slot(override), self.slot(base) if base is not None else None
                self._read.append((field, lambda view: _overlaid(view.chain(below), slot, field)))
            case LookedUp(collection, by):
                by = self.slot(by)
                self._read.append((field, lambda view: view.looked_up(collection, by)))

    def show(self, name: str, world: World) -> dict[str, Any]:
        """The response about the model `name`. A field without a value is null where it may be, else left out."""
        model = world.models[name]
        if isinstance(model, BuiltInModel):
            values = {**self._absent, **model.values}
            return {field: values[field] for field in self._rules.response if field in values}
        shown = self._shown(_View(name, model, world, self))
        for field in self._optional:
            if shown[field] is _ABSENT:
                del shown[field]
        return shown

    def _shown(self, view: _View) -> dict[str, Any]:
        """All response fields of a custom model, those too that it has no value for."""
        shown = self._blank.copy()
        for base, fields in self._inherited.items():
            for each in view.chain(base)[:0:-1]:  # without the model; the nearest comes last, and wins
                shown.update(_values(each, fields))
        for slot, value in view.model.values.items():
            for field in self._own.get(slot, ()):
                shown[field] = value
        for field, read in self._read:
            if (value := read(view)) is not _ABSENT:
                shown[field] = value
        return shown

    def givers(self, name: str, world: World) -> dict[str, str]:
        """Which model gives each response field its value: the model `name` itself, or one that it is based on.

        A field is left out whose value comes from no model. Of several that lie over one another the nearest counts.
        """
        model = world.models[name]
        if isinstance(model, BuiltInModel):
            return {}
        view = _View(name, model, world, self)
        found = {field: view.giver(field, its.source) for field, its in self._rules.response.items()}
        return {field: giver for field, giver in found.items() if giver is not None}

    def slot(self, field: str) -> str:
        """The slot of a request field. A response field that no request sets has its own name for one."""
        return self._rules.request[field].storage_name if field in self._rules.request else field


class _View:
    """One custom model on its way to a response."""

    def __init__(self, name: str, model: StoredModel, world: World, display: Display) -> None:
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
        while isinstance(model, StoredModel) and base in model.values:
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
                has = (name for name, it in followed if (slot if isinstance(it, StoredModel) else field) in it.values)
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


def _blank(field: ResponseField) -> Any:
    """What a field shows where nothing has a value for it."""
    match field.source:
        case Constant(value):
            return value
        case Inherited(default=default, has_default=True):
            return default
    return None if field.nullable else _ABSENT


def _values(model: Model, fields: list[tuple[str, str]]) -> dict[str, Any]:
    """The values that a model has for response fields: what was set, or what a built-in model shows."""
    values = model.values
    if isinstance(model, BuiltInModel):
        return {field: values[field] for field, _ in fields if field in values}
    return {field: values[slot] for field, slot in fields if slot in values}


def _read_created(view: _View) -> str:
    return to_rfc3339(view.model.created)


def _read_updated(view: _View) -> str:
    return to_rfc3339(view.model.updated)


def _overlaid(chain: list[Model], override: str, shown_as: str) -> dict[str, Any]:
    """From the farthest base to the model itself: an entry replaces the one before, an entry of null removes it."""
    entries: dict[str, Any] = {}
    for model in reversed(chain):  # each entry is looked at once: bases may have many, and be many
        if isinstance(model, BuiltInModel):
            entries = dict(model.values.get(shown_as) or {})
        elif override in model.values:
            for name, value in model.values[override].items():
                if value is None:
                    entries.pop(name, None)
                else:
                    entries[name] = value
    return entries


@lru_cache(maxsize=1024)  # a response often shows one time twice, and the next response one of them again
def to_rfc3339(moment: datetime) -> str:
    """A time in UTC as RFC 3339 writes it."""
    return moment.isoformat().removesuffix("+00:00") + "Z"
