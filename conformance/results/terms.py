"""The terms that a run is judged on: the same findings come to another verdict on others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from conformance.configuration.settings import Settings
from conformance.requirements.level import MUST, OPEN, Level
from conformance.results.waivers import Waiver, read_waivers


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a run."""

    strict: bool = False
    """SHOULD binds as MUST does."""
    require_all: bool = False
    """What binds has to be tested."""
    waivers: Mapping[str, Waiver] = field(default_factory=lambda: MappingProxyType({}))
    today: dt.date = field(default_factory=_today)
    """Where the run is made: the day that waivers expire by."""

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        """The terms that the settings ask for. Raises BadFile where the waivers cannot be read."""
        file = settings["waivers"]
        return cls(settings["strict"] or False, settings["require-all"] or False, read_waivers(file) if file else {})

    def binds(self, level: Level) -> bool:
        """Whether a requirement of that level decides the verdict."""
        return level is MUST or (self.strict and level is not OPEN)

    def waived(self) -> frozenset[str]:
        """IDs of the requirements that may fail today."""
        return frozenset(id for id, waiver in self.waivers.items() if not waiver.expired(self.today))
