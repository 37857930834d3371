"""How a stored model becomes a response: a pure function of the model and the things it refers to.

The store holds only what requests have sent. Everything else is computed on each read: inherited values, defaults,
overrides of the base model, looked-up providers and timestamps. So a change of a base model shows in all derived models
at once. `Display` compiles the `x-source` of each response field once: rendering is about a fifth of the time of an
upsert.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import orjson

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
    """A model of the gateway, which no organization can change."""

    values: Mapping[str, Any]
    """The values of its response, by response field."""


Model: TypeAlias = StoredModel | BuiltInModel


@dataclass(slots=True)
class Related:
    """A model and the things that it refers to, directly or not. What is not in here does not exist."""

    models: Mapping[str, Model]
    providers: Mapping[str, Mapping[str, Any]]
    """The values of each provider, by its identifier."""
    depth: int = 0
    """How many models the rendered one is nested in."""


_ABSENT: Any = object()
_DEEPEST = 5
"""The maximum depth of models nested in one another, for a contract that looks models up: each may name several."""


class Display:
    """Renders models by the rules of the contract, compiled once.

    >>> from contract import load
    >>> from datetime import datetime, timezone
    >>> born = datetime(2026, 2, 1, tzinfo=timezone.utc)
    >>> base = BuiltInModel({"input_cost": 2.5, "supported_params": {"top_p": {"max": 1}, "seed": {}}})
    >>> own = {"model_name": "m", "base_model_name": "b", "supported_params_override": {"seed": None}}
    >>> body = Display(load().upsert).render("m", Related({"m": StoredModel(own, born, born), "b": base}, {}))
    >>> body["input_cost"], body["supported_params"], to_json(body["created_at"])
    (2.5, {'top_p': {'max': 1}}, b'"2026-02-01T00:00:00Z"')
    """

    def __init__(self, rules: Upsert) -> None:
        self._rules = rules
        self._absent = {name: None for name, field in rules.response.items() if field.nullable}
        self._blank = {name: _blank(field) for name, field in rules.response.items()}
        self._optional = [name for name, value in self._blank.items() if value is _ABSENT]
        self._own: list[tuple[str, str]] = []  # (field, storage name)
        self._inherited: dict[str, _Inherited] = {}  # by reference to the base
        self._overlaid: list[tuple[str, str, str | None]] = []  # (field, storage name, reference to the base)
        self._looked_up: list[tuple[str, str, str]] = []  # (field, collection, storage name)
        self._keys: list[str] = []
        self._times: list[tuple[str, bool]] = []  # (field, whether it is the time of the create)
        for name, field in rules.response.items():
            self._compile(name, field.source)

    def _compile(self, field: str, source: Source) -> None:
        match source:
            case FromRequest(name):
                self._own.append((field, self.storage_name(name)))
            case Inherited(name, base):
                self._own.append((field, self.storage_name(name)))
                inherited = self._inherited.setdefault(self.storage_name(base), _Inherited())
                inherited.fields.append((field, self.storage_name(name)))
            case FromKey():
                self._keys.append(field)
            case Timestamp(of):
                self._times.append((field, of == "created"))
            case Overlaid(override, base):
                below = None if base is None else self.storage_name(base)
                self._overlaid.append((field, self.storage_name(override), below))
            case LookedUp(collection, by):
                self._looked_up.append((field, collection, self.storage_name(by)))

    def render(self, name: str, related: Related) -> dict[str, Any]:
        """Return the body of a response about the model `name`, for `to_json`.

        A field without a value is null, or left out.
        """
        model = related.models[name]
        if isinstance(model, BuiltInModel):
            values = {**self._absent, **model.values}
            return {field: values[field] for field in self._rules.response if field in values}
        body = self._values(_View(name, model, related, self))
        for field in self._optional:
            if body[field] is _ABSENT:
                del body[field]
        return body

    def _values(self, view: _View) -> dict[str, Any]:
        """Return all response fields of a custom model, including those without a value."""
        body, model = self._own_or_inherited(view), view.model
        for field in self._keys:
            body[field] = view.name
        for field, is_created in self._times:
            body[field] = model.created if is_created else model.updated
        for field, override, below in self._overlaid:
            body[field] = _overlay(view.chain(below), override, field)
        for field, collection, by in self._looked_up:
            if by in model.values and (found := view.looked_up(collection, model.values[by])) is not _ABSENT:
                body[field] = found
        return body

    def _own_or_inherited(self, view: _View) -> dict[str, Any]:
        """Return all response fields, so far with the values of the model, of its bases, and defaults."""
        body, values = self._blank.copy(), view.model.values
        for base, inherited in self._inherited.items():
            for each in view.chain(base)[:0:-1]:  # without the model; the nearest comes last, and wins
                body.update(inherited.values_of(each))
        for field, stored_as in self._own:
            if stored_as in values:
                body[field] = values[stored_as]
        return body

    def field_origins(self, name: str, related: Related) -> dict[str, str]:
        """Return the name of the model that each response field takes its value from: `name`, or one of its bases.

        Fields whose value comes from no model are left out. If several models contribute, the nearest one counts.
        """
        model = related.models[name]
        if isinstance(model, BuiltInModel):
            return {}
        view = _View(name, model, related, self)
        found = {field: view.origin(field, its.source) for field, its in self._rules.response.items()}
        return {field: origin for field, origin in found.items() if origin is not None}

    def storage_name(self, field: str) -> str:
        """Return the storage name of a request field; of a field that no request sets, its own name."""
        return self._rules.request[field].storage_name if field in self._rules.request else field


class _View:
    """One custom model while it is rendered. Each chain of bases is followed once."""

    def __init__(self, name: str, model: StoredModel, related: Related, display: Display) -> None:
        self.name = name
        self.model = model
        self._related = related
        self._display = display
        self._chains: dict[str, list[Model]] = {}

    def chain(self, base: str | None) -> list[Model]:
        """Return the model, its base, the base of that, and so on. `base` is the storage name of the reference.

        A cycle ends the chain. Without a reference, the chain is the model alone.
        """
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
            model = None if name in found else self._related.models.get(name)
            if model:
                found[name] = model
        return found

    def origin(self, field: str, source: Source) -> str | None:
        """Return the name of the nearest model with a value for a response field, or None if none has one."""
        match source:
            case FromRequest(name):
                return self.name if self._display.storage_name(name) in self.model.values else None
            case Overlaid(own, None):
                return self.name if self._display.storage_name(own) in self.model.values else None
            case Inherited(own, str(base)) | Overlaid(own, str(base)):
                stored_as, chain = self._display.storage_name(own), self._follow(self._display.storage_name(base))
                for name, model in chain.items():
                    if (stored_as if isinstance(model, StoredModel) else field) in model.values:
                        return name
        return None

    def looked_up(self, collection: str, identifier: Any) -> Any:
        """Return the thing of that name, as a response has it."""
        if collection == "providers":
            return self._related.providers.get(identifier, _ABSENT)
        others = {name: model for name, model in self._related.models.items() if name != self.name}
        if identifier not in others or self._related.depth >= _DEEPEST:
            return _ABSENT
        return self._display.render(identifier, Related(others, self._related.providers, self._related.depth + 1))


def _blank(field: ResponseField) -> Any:
    """Return the value of a response field that no model has a value for."""
    match field.source:
        case Constant(value):
            return value
        case Inherited(default=default, has_default=True):
            return default
    return None if field.nullable else _ABSENT


class _Inherited:
    """The response fields that take their values from one kind of base."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, str]] = []  # (field, storage name)
        self._of_built_in: dict[int, tuple[BuiltInModel, dict[str, Any]]] = {}  # by id, which stays with the object

    def values_of(self, base: Model) -> dict[str, Any]:
        """Return the values of a base for these fields. Those of built-in models never change."""
        if isinstance(base, StoredModel):
            own = base.values
            return {field: own[stored_as] for field, stored_as in self.fields if stored_as in own}
        if id(base) not in self._of_built_in:
            values = {field: base.values[field] for field, _ in self.fields if field in base.values}
            self._of_built_in[id(base)] = base, values
        return self._of_built_in[id(base)][1]


def _overlay(chain: list[Model], override: str, field: str) -> dict[str, Any]:
    """Return the entries of a chain of models, one laid over another from the farthest base to the model itself.

    An entry replaces the earlier one of its name; an entry of null removes it.
    """
    entries: dict[str, Any] = {}
    for model in reversed(chain):  # visits each entry once: there may be many bases with many entries
        if isinstance(model, BuiltInModel):
            entries = dict(model.values.get(field) or {})
        elif override in model.values:
            for name, value in model.values[override].items():
                if value is None:
                    entries.pop(name, None)
                else:
                    entries[name] = value
    return entries


def to_json(value: Any) -> bytes:
    """Return a value as JSON. Times in UTC become strings in the format of RFC 3339."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def to_rfc3339(moment: datetime) -> str:
    """Return a time in UTC in the format of RFC 3339."""
    return to_json(moment)[1:-1].decode()  # in a third of the time of isoformat()
