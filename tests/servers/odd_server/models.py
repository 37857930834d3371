"""The models of one organization, and their representation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.odd_server.reading import Rejected

if TYPE_CHECKING:
    from tests.servers.odd_server.habits import Habits

FIXTURES = json.loads((Path(__file__).parents[1] / "fixtures.json").read_text(encoding="utf-8"))
BUILT_IN: dict[str, dict[str, Any]] = FIXTURES["built_in_models"]
FROM_BASES = (
    "input_cost",
    "output_cost",
    "cache_hit_input_cost",
    "cache_creation_input_cost",
    "max_context_window",
    "streaming_support",
    "function_call",
    "image_support",
)


@dataclass(slots=True)
class Record:
    """A custom model: its own fields, and its times."""

    own: dict[str, Any]
    created: datetime
    updated: datetime


class Models:
    """The models of one organization."""

    def __init__(self, organization: str, habits: Habits) -> None:
        self.records: dict[str, Record] = {}
        self.providers: dict[str, Any] = FIXTURES["providers"][organization]
        self.habits = habits
        self.measured = count(100)

    def upsert(self, fields: dict[str, Any]) -> bool:
        """Create or update a model; return whether it was created."""
        name = fields["model_name"]
        self.reject_impossible(name, fields)
        record = self.records.get(name)
        now = self.now()
        if record is None:
            self.records[name] = Record(fields, now, now)
            return True
        own = {**record.own, **fields}
        if self.habits.merges_overrides:
            both = (of.get("supported_params_override", {}) for of in (record.own, fields))
            own["supported_params_override"] = {name: entry for override in both for name, entry in override.items()}
        changed = own != record.own or self.habits.repeats_update
        self.records[name] = Record(own, record.created, now if changed else record.updated)
        return False

    def reject_impossible(self, name: str, fields: dict[str, Any]) -> None:
        """Reject built-in names, unknown references and, if this server does, cycles."""
        if name in BUILT_IN:
            raise Rejected(403, "built in")
        base = fields.get("base_model_name")
        if base is not None and self.own_fields(base) is None:
            raise Rejected(404, "no such base")
        if base is not None and "cycles of bases" in self.habits.rejects and name in self.names_from(base):
            raise Rejected(400, {"base_model_name": "has this model as its base"})
        if "custom_provider_id" in fields and fields["custom_provider_id"] not in self.providers:
            raise Rejected(404, "no such provider")

    def delete(self, name: str) -> None:
        """Delete a model."""
        if name in BUILT_IN:
            raise Rejected(403, "built in")
        if self.records.pop(name, None) is None:
            raise Rejected(404, "no such model")

    def now(self) -> datetime:
        """Return the time, as precise as the clock."""
        clock_resolution = self.habits.clock_resolution
        epoch = datetime(2020, 1, 1, tzinfo=UTC)
        return epoch + (datetime.now(UTC) - epoch) // clock_resolution * clock_resolution

    def own_fields(self, name: str) -> dict[str, Any] | None:
        """Return the fields of the model itself, without its base models."""
        if name in BUILT_IN:
            return {**BUILT_IN[name], "supported_params_override": BUILT_IN[name]["supported_params"]}
        return self.records[name].own if name in self.records else None

    def names_from(self, name: str) -> list[str]:
        """Yield the names of a model and its base models, until one repeats."""
        names: list[str] = []
        following: str | None = name
        while following is not None and following not in names:
            own = self.own_fields(following)
            if own is None:
                break
            names.append(following)
            following = own.get("base_model_name")
        return names

    def show(self, name: str) -> dict[str, Any]:
        """Return a model as in responses."""
        own = self.own_fields(name)
        if own is None:
            raise Rejected(404, "no such model")
        chain = [self.own_fields(link) or {} for link in self.names_from(name)]
        inherited = {*FROM_BASES, *self.habits.inherits_too}
        merged: dict[str, Any] = {}
        for fields in reversed(chain):
            merged.update({field: value for field, value in fields.items() if field in inherited})
        merged.update({field: own[field] for field in ("display_name", "base_model_name") if field in own})
        provider = own.get("custom_provider_id", merged.pop("custom_provider_id", None))
        model_response = {
            "id": name,
            "model_name": name,
            **merged,
            "supported_params": self.params(chain),
            **self.constants(name),
            "throughput": self.throughput(),
            **self.times(name),
            **({} if provider is None else {"provider": self.provider(provider)}),
        }
        return {field: value for field, value in model_response.items() if field not in self.habits.absent}

    def params(self, chain: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the supported parameters: from the farthest base model on; null removes an entry."""
        params = dict(self.habits.default_params)
        for fields in reversed(chain):
            for name, entry in fields.get("supported_params_override", {}).items():
                params[name] = entry
                if entry is None:
                    del params[name]
        return params

    def constants(self, name: str) -> dict[str, Any]:
        """Return the fields that do not depend on requests."""
        built_in = name in BUILT_IN
        return {
            "affiliation_category": "respan" if built_in else "custom",
            "is_called_by_custom_name": not built_in,
            "source": "hardcoded" if built_in else "db",
            "model_type": "chat",
        }

    def throughput(self) -> dict[str, Any] | None:
        """Return a throughput that changes by itself, or None."""
        measured = next(self.measured)
        return {"average_tps": measured / 7, "number_of_requests": measured} if measured % 3 else None

    def times(self, name: str) -> dict[str, Any]:
        """Return when a model was created and updated; null for built-in ones."""
        record = self.records.get(name)
        times = {"created_at": record and record.created, "updated_at": record and record.updated}
        return {field: None if field in self.habits.null_times else moment for field, moment in times.items()}

    def provider(self, identifier: str) -> dict[str, Any]:
        """Return a provider as in responses."""
        return {"id": identifier, "provider_id": identifier, **self.providers[identifier], "region_count": 1}
