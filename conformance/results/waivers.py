"""The terms of a run: whether it is strict, and its waivers, the failures that are accepted until a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from conformance.requirements.level import MUST, OPEN, Level
from conformance.requirements.registry import nearest
from conformance.requirements.requirement import REGISTRY
from conformance.settings import BadFile, Settings, TomlFile, read_toml, suggestion, type_word

TABLE = "waiver"


@dataclass(frozen=True, slots=True)
class Waiver:
    """An entry that accepts the failure of a requirement."""

    id: str
    reason: str
    owner: str
    """Who is responsible for it."""
    expires: dt.date
    """The last day on which it counts."""

    def expired(self, today: dt.date) -> bool:
        return today > self.expires

    def __str__(self) -> str:
        return f"waived until {self.expires} by {self.owner}: {self.reason}"

    def to_json(self) -> dict[str, str]:
        return {"reason": self.reason, "owner": self.owner, "expires": self.expires.isoformat()}


Waivers = Mapping[str, Waiver]
"""Waivers by the ID of the requirement."""


class Use(StrEnum):
    """What a run makes of a waiver."""

    NEEDED = "needed"
    """Its requirement is not met."""
    UNNEEDED = "unneeded"
    """Its requirement is met."""
    EXPIRED = "expired"
    """Its date has passed, whether its requirement is met or not."""
    IDLE = "idle"
    """Its requirement was not judged."""


def read_waivers(path: str, given_by: str = "") -> Waivers:
    """Return the waivers in a file. Raises BadFile, with the entry that is wrong."""
    file = read_toml(path, given_by)
    for key in file.members:
        if key != TABLE:
            raise BadFile(f"{file.place(key)}: unknown key {key}; write each waiver as a table [[{TABLE}]]")
    entries = file.members.get(TABLE, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadFile(f"{file.place(TABLE)}: write each waiver as a table [[{TABLE}]]")
    waivers: dict[str, Waiver] = {}
    for number, entry in enumerate(entries):
        waiver = _Entry(file, number, entry).waiver()
        if waiver.id in waivers:
            raise BadFile(f"{file.place('id', TABLE, number)}: {waiver.id} is waived twice; keep one of the two")
        waivers[waiver.id] = waiver
    return waivers


@dataclass(frozen=True, slots=True)
class _Entry:
    file: TomlFile
    number: int
    """From 0."""
    members: Mapping[str, Any]

    def waiver(self) -> Waiver:
        known = [field.name for field in fields(Waiver)]
        for key in self.members:
            if key not in known:
                raise self._bad(key, f"unknown field{suggestion(key, known)}")
        return Waiver(self._id(), self._words("reason"), self._words("owner"), self._expires())

    def _id(self) -> str:
        id = self._words("id").upper()
        if id not in REGISTRY:
            raise self._bad("id", f"there is no requirement {self.members['id']}{nearest(id, REGISTRY)}")
        return id

    def _words(self, key: str) -> str:
        words = self._member(key, str, "text in quotes")
        if not words.strip():
            raise self._bad(key, "is empty; write a few words")
        return str(words.strip())

    def _expires(self) -> dt.date:
        expires: dt.date = self._member("expires", dt.date, "a date without quotes, such as 2027-01-31")
        return expires

    def _member(self, key: str, of: type, expected: str) -> Any:
        value = self.members.get(key)
        if value is None:
            raise self._bad(key, f"is missing; give {expected}")
        if type(value) is not of:
            raise self._bad(key, f"give {expected}, not {type_word(value)}")
        return value

    def _bad(self, key: str, fault: str) -> BadFile:
        id = self.members.get("id")
        name = f" ({id})" if isinstance(id, str) else ""
        return BadFile(f"{self.file.place(key, TABLE, self.number)}: waiver {self.number + 1}{name}: {key}: {fault}")


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a run."""

    strict: bool = False
    """SHOULD counts like MUST."""
    require_all: bool = False
    """The run is inconclusive if a requirement that decides the verdict is not testable."""
    waivers: Mapping[str, Waiver] = field(default_factory=lambda: MappingProxyType({}))
    today: dt.date = field(default_factory=_today)
    """The local date of the run; it decides which waivers have expired."""

    @classmethod
    def of(cls, settings: Settings) -> Terms:
        """Return the terms that the settings ask for. Raises BadFile if the waivers cannot be read."""
        file = settings["waivers"]
        waivers = read_waivers(file, settings.place("waivers")) if file else {}
        return cls(settings["strict"] or False, settings["require-all"] or False, waivers)

    def binds(self, level: Level) -> bool:
        """Return whether requirements of that level decide the verdict."""
        return level is MUST or (self.strict and level is not OPEN)

    def waived(self) -> frozenset[str]:
        """Return the IDs of the requirements that may fail today."""
        return frozenset(id for id, waiver in self.waivers.items() if not waiver.expired(self.today))
