"""The read side: a projection of the events, and the documents that responses return."""

from __future__ import annotations

import copy
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.servers.aiohttp_server.log import Stream
from tests.servers.aiohttp_server.model import BASE, COSTS, FLAGS, OVERRIDE, PROVIDER, TICKS, Model, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.servers.aiohttp_server.log import Event

FIXTURES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "fixtures.json").read_text("utf-8"))
INHERITED = (*COSTS, "max_context_window", *FLAGS)
DEFAULT_PARAMS = {"max_tokens": {"type": "integer"}, "stop": {"type": "array"}}
"""What every model supports that has no base model to say it."""
PROVIDER_SECRETS = {"api_key": "sk-live-5b1d0c7e9a", "webhook_secret": "whsec-44e1"}
HIDDEN = ("updated_at", *PROVIDER_SECRETS)
PREFIX = "/api/models/"
Document = dict[str, Any]


class Projection:
    """The present models, by stream. The log updates it before it acknowledges an append."""

    def __init__(self) -> None:
        """Start with no models."""
        self._models: dict[Any, Model] = {}

    def key(self, stream: Stream) -> Any:
        """Return the key of a stream."""
        return stream

    def project(self, stream: Stream, events: Sequence[Event]) -> None:
        """Take new events in."""
        key = self.key(stream)
        self._models[key] = self._models.get(key, Model()).fold(events)

    def find(self, stream: Stream) -> Model | None:
        """Return a present model, or None."""
        model = self._models.get(self.key(stream))
        return model if model and model.exists else None


class Catalogue:
    """What an organization may refer to: its providers, its models and the built-in ones."""

    def __init__(self, projection: Projection) -> None:
        """Store the fixtures and the projection."""
        self._projection = projection
        self.built_in = {name: built_in_document(name, values) for name, values in FIXTURES["built_in_models"].items()}
        self.providers = {
            organization: {key: {**values, **PROVIDER_SECRETS} for key, values in providers.items()}
            for organization, providers in FIXTURES["providers"].items()
        }

    def shown(self, stream: Stream) -> Document | None:
        """Return the document of a built-in model or one of the organization's, or None."""
        if stream.name in self.built_in:
            return copy.deepcopy(self.built_in[stream.name])
        model = self._projection.find(stream)
        return self.document(stream, model) if model else None

    def inheritable(self, stream: Stream) -> Document | None:
        """Return what a model hands down to derived models, or None if it does not exist."""
        shown = self.shown(stream)
        if shown is None:
            return None
        return {name: shown[name] for name in (*INHERITED, "supported_params", "provider") if name in shown}

    def base_of(self, stream: Stream) -> str | None:
        """Return the name of the base model of a custom model, or None."""
        model = self._projection.find(stream)
        return model.own.get(BASE) if model else None

    def provider(self, organization: str, key: str) -> Document | None:
        """Return a provider of an organization as responses return it, or None."""
        values = self.providers.get(organization, {}).get(key)
        if values is None:
            return None
        return {"id": key, "provider_id": key} | {name: value for name, value in values.items() if name not in HIDDEN}

    def document(self, stream: Stream, model: Model) -> Document:
        """Return the document of a custom model."""
        own = model.own
        document = {
            "id": stream.name,
            "model_name": stream.name,
            "affiliation_category": "custom",
            "is_called_by_custom_name": PROVIDER in own,
            "source": "db",
            "model_type": "chat",
            **{name: own[name] for name in (BASE, "display_name") if name in own},
            **{name: value for name in INHERITED if (value := inherit(model, name)) is not None},
            "supported_params": supported(model),
            "throughput": throughput(model),
            "created_at": spelled(model.created_at),
            "updated_at": spelled(model.updated_at),
            "revision": model.version,
            "links": {"self": path_of(stream.name)},
        }
        hosted = (
            self.provider(stream.organization, own[PROVIDER]) if PROVIDER in own else model.inherited.get("provider")
        )
        return document | ({"provider": hosted} if hosted else {})


def inherit(model: Model, name: str) -> Any:
    """Return the model's own value, or the base model's, or None."""
    return model.own[name] if name in model.own else model.inherited.get(name)


def supported(model: Model) -> Document:
    """Return the parameters of the base model, or the default ones, under the model's own override."""
    below = copy.deepcopy(model.inherited.get("supported_params", DEFAULT_PARAMS))
    return overlaid(below, model.own.get(OVERRIDE, {}))


def overlaid(below: Document, override: Mapping[str, Any]) -> Document:
    """Put the entries of an override into parameters; an entry of null removes one."""
    for name, value in override.items():
        if value is None:
            below.pop(name, None)
        else:
            below[name] = value
    return below


def throughput(model: Model) -> Document:
    """Return what was measured since the model was created: it grows by itself."""
    requests = int((time.time() - model.created_at / TICKS) * 5)
    return {"average_tps": 61.5, "average_ttft": 0.25, "average_latency": 2.0, "number_of_requests": max(requests, 0)}


def built_in_document(name: str, values: Mapping[str, Any]) -> Document:
    """Return the document of a built-in model."""
    costs = {cost: float(values[cost]) for cost in COSTS if cost in values}
    return {
        "id": name,
        "model_name": name,
        "affiliation_category": "respan",
        "is_called_by_custom_name": False,
        "source": "hardcoded",
        "model_type": "chat",
        **values,
        **costs,
        "throughput": None,
        "links": {"self": path_of(name)},
    }


def path_of(name: str) -> str:
    """Return the path of a model, with lower-case digits in its percent-encoding."""
    encoded = re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), quote(name, safe="/"))
    return f"{PREFIX}{encoded}/"
