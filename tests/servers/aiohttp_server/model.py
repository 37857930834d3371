"""Folds events into models, and decides which events a request makes."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tests.servers.aiohttp_server.log import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

COSTS = ("input_cost", "output_cost", "cache_hit_input_cost", "cache_creation_input_cost")
FLAGS = ("streaming_support", "function_call", "image_support")
BASE = "base_model_name"
PROVIDER = "custom_provider_id"
OVERRIDE = "supported_params_override"
REGISTERED, RETIRED, BASED = "Registered", "Retired", "Based"
FIELDS_OF_EVENTS = {
    BASED: (BASE,),
    "Described": ("display_name",),
    "Priced": COSTS,
    "Sized": ("max_context_window",),
    "Equipped": FLAGS,
    "Hosted": (PROVIDER,),
    "Tuned": (OVERRIDE,),
}
TICKS = 10_000
"""Ticks of a second: times have four decimals."""
ZONE = timezone(timedelta(hours=-3, minutes=-30))


class Clock:
    """Tells the time in ticks, never the same tick twice, so that a later event has a later time."""

    def __init__(self) -> None:
        """Start at the present."""
        self._last = 0

    def tick(self) -> int:
        """Return the present, or the tick after the last one if that is later."""
        self._last = max(self._last + 1, int(time.time() * TICKS))
        return self._last


def spelled(ticks: int) -> str:
    """Return a time as in RFC 3339."""
    seconds, fraction = divmod(ticks, TICKS)
    return f"{datetime.fromtimestamp(seconds, ZONE):%Y-%m-%dT%H:%M:%S}.{fraction:04}-03:30"


@dataclass(frozen=True, slots=True)
class Model:
    """The state of a stream after its events."""

    version: int = 0
    exists: bool = False
    created_at: int = 0
    updated_at: int = 0
    own: dict[str, Any] = field(default_factory=dict)
    """The values that the organization sent, by field."""
    inherited: dict[str, Any] = field(default_factory=dict)
    """What the base model showed when it was chosen."""

    def evolve(self, event: Event) -> Model:
        """Return the state after one more event."""
        version = self.version + 1
        if event.kind == REGISTERED:
            return Model(version, exists=True, created_at=event.at, updated_at=event.at)
        if event.kind == RETIRED:
            return Model(version)
        values = dict(event.data)
        inherited = values.pop("inherited", self.inherited)
        return replace(self, version=version, updated_at=event.at, own={**self.own, **values}, inherited=inherited)

    def fold(self, events: Iterable[Event]) -> Model:
        """Return the state after more events."""
        model = self
        for event in events:
            model = model.evolve(event)
        return model

    def state(self) -> dict[str, Any]:
        """Return what a snapshot holds."""
        return asdict(self)

    @staticmethod
    def restored(state: dict[str, Any] | None) -> Model:
        """Return the model of a snapshot, or a new one."""
        return Model(**state) if state else Model()


def decide(model: Model, sent: Mapping[str, Any], inherited: dict[str, Any] | None, at: int) -> Iterator[Event]:
    """Yield the events that make the model what the request says: none where it is so already."""
    if not model.exists:
        yield Event(REGISTERED, at, {})
    own = model.own if model.exists else {}
    for kind, fields in FIELDS_OF_EVENTS.items():
        changed = {name: sent[name] for name in fields if name in sent and differs(own, name, sent[name])}
        if kind == BASED and inherited is not None and (changed or not same(inherited, model.inherited)):
            changed = {BASE: sent[BASE], "inherited": inherited}
        if changed:
            yield Event(kind, at, changed)


def differs(own: Mapping[str, Any], name: str, value: Any) -> bool:
    """Return whether a value is another one than the model's own."""
    return name not in own or not same(own[name], value)


def same(left: Any, right: Any) -> bool:
    """Return whether two values are one JSON value. Python's `==` takes 1 for True."""
    return json.dumps(left) == json.dumps(right)
